"""Writes that were redirected."""

from __future__ import annotations

from collections.abc import Iterator

from campaign_fsm.audit.check import Detection, Stage, check
from campaign_fsm.audit.finding import Level
from campaign_fsm.audit.observation import CampaignWrite, WriteResult


@check("CF609", stage=Stage.ANSWER, of=(CampaignWrite,))
def redirected(seen: CampaignWrite) -> Iterator[Detection]:
    """The server sent the client elsewhere with it."""
    code = seen.answer.status_code
    if code is not None and 300 <= code < 400 and seen.result is not WriteResult.PLANNED:
        message = f"The server answered {seen.action} with {code}, and what was sent after that is not judged."
        yield Detection(code="CF609", level=Level.ERROR, message=message)

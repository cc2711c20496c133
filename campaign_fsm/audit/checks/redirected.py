"""Writes that were redirected."""

from __future__ import annotations

from collections.abc import Iterator

from campaign_fsm.audit.check import Detection, Stage, check
from campaign_fsm.audit.finding import Level
from campaign_fsm.audit.observation import Fate, Written


@check("CF609", stage=Stage.ANSWER, of=(Written,))
def redirected(seen: Written) -> Iterator[Detection]:
    """The server sent the client elsewhere with it."""
    code = seen.answer.status_code
    if code is not None and 300 <= code < 400 and seen.fate is not Fate.PLANNED:
        message = f"The server answered {seen.action} with {code}, and what was sent after that is judged by nobody."
        yield Detection(code="CF609", level=Level.ERROR, message=message)

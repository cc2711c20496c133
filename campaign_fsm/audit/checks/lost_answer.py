"""Writes after one whose answer was lost."""

from __future__ import annotations

from collections.abc import Iterator

from campaign_fsm.audit.check import Detection, Stage, check
from campaign_fsm.audit.finding import Level
from campaign_fsm.audit.observation import CampaignWrite


@check("CF602", stage=Stage.BEFORE, of=(CampaignWrite,))
def lost_answer(seen: CampaignWrite) -> Iterator[Detection]:
    """The answer to an earlier write was lost, and no read followed it."""
    if lost := seen.tracked.lost:
        place = f"{'entry' if seen.options.by_entry else 'line'} {lost}"
        message = f"The answer to the write at {place} was lost, and nothing was read since."
        yield Detection(code="CF602", level=Level.ERROR, message=message)

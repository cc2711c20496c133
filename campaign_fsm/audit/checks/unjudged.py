"""Writes of which it is unknown whether they were legal."""

from __future__ import annotations

from collections.abc import Iterator

from campaign_fsm.audit.check import Detection, Stage, check
from campaign_fsm.audit.finding import Level
from campaign_fsm.audit.observation import CampaignWrite, UnclearWrite


@check("CF605", stage=Stage.LIFE_CYCLE, of=(UnclearWrite, CampaignWrite))
def unjudged(seen: UnclearWrite | CampaignWrite) -> Iterator[Detection]:
    """Something that counts was not recorded; a finding only in a strict audit."""
    if seen.options.strict and (reason := seen.unjudged):
        message = f"Whether {seen.action or 'this write'} was legal is unknown: {reason}."
        yield Detection(code="CF605", level=Level.WARNING, message=message)

"""Writes of which nobody can say whether they were legal."""

from __future__ import annotations

from collections.abc import Iterator

from campaign_fsm.audit.check import Detection, Stage, check
from campaign_fsm.audit.finding import Level
from campaign_fsm.audit.observation import Unclear, Written


@check("CF605", stage=Stage.LIFE_CYCLE, of=(Unclear, Written))
def unjudged(seen: Unclear | Written) -> Iterator[Detection]:
    """Something that counts was not recorded; a finding only in a strict audit."""
    if seen.options.strict and (reason := seen.unjudged):
        message = f"Nobody can say whether {seen.action or 'this write'} was legal: {reason}."
        yield Detection(code="CF605", level=Level.WARNING, message=message)

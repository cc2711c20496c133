"""Answers that are about another campaign."""

from __future__ import annotations

from collections.abc import Iterator

from campaign_fsm.audit.check import Detection, Stage, check
from campaign_fsm.audit.finding import Level
from campaign_fsm.audit.observation import Misdirected


@check("CF503", stage=Stage.ANSWER, of=(Misdirected,))
def wrong_campaign(_: Misdirected) -> Iterator[Detection]:
    """A read of one campaign shows another one."""
    yield Detection(code="CF503", level=Level.WARNING, message="The answer is about another campaign.")

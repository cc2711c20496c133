"""Writes that cannot be read in exactly one way."""

from __future__ import annotations

from collections.abc import Iterator

from campaign_fsm.audit.check import Detection, Stage, check
from campaign_fsm.audit.finding import Level
from campaign_fsm.audit.observation import Unreadable


@check("CF4", stage=Stage.REQUEST, of=(Unreadable,))
def unreadable_request(seen: Unreadable) -> Iterator[Detection]:
    """Two servers could read it differently; a warning if it was not sent."""
    yield Detection(
        code=seen.refusal.code,
        level=Level.ERROR if seen.exchange.sent else Level.WARNING,
        message=f"Two servers could read this write differently, or none as it is meant: {seen.refusal.reason}",
        advice=seen.refusal.advice,
    )

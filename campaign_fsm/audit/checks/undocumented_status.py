"""Statuses that are on no list."""

from __future__ import annotations

from collections.abc import Iterator

from campaign_fsm.audit.check import Detection, Stage, check
from campaign_fsm.audit.finding import Level
from campaign_fsm.audit.observation import (
    CallbackObservation,
    CampaignWrite,
    CreatedCampaign,
    StatusObservation,
    StatusRead,
)
from campaign_fsm.private import word
from campaign_fsm.rules import Status


@check("CF604", stage=Stage.STATUS, of=(StatusRead, CallbackObservation, CampaignWrite, CreatedCampaign))
def undocumented_status(seen: StatusObservation | CampaignWrite | CreatedCampaign) -> Iterator[Detection]:
    """An answer or a callback shows a status that the vendor's pages do not have."""
    if seen.status is Status.UNKNOWN:
        raw = seen.answer.raw_status if isinstance(seen, CampaignWrite) else seen.raw_status
        message = f"It shows the status {word(raw or '')!r}, which is on no list."
        yield Detection(code="CF604", level=Level.WARNING, message=message)

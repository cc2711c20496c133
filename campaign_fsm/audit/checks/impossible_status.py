"""Statuses, and answers, that the model does not expect: the vendor's server and the model disagree."""

from __future__ import annotations

from collections.abc import Iterator

from campaign_fsm.audit.check import Detection, Stage, check, names
from campaign_fsm.audit.finding import Level
from campaign_fsm.audit.observation import CallbackObservation, CampaignWrite, CreatedCampaign, StatusRead, WriteResult
from campaign_fsm.lifecycle import by_platform
from campaign_fsm.rules import Status


def _disagreement(message: str) -> Detection:
    return Detection(code="CF601", level=Level.WARNING, message=message)


@check("CF601", stage=Stage.STATUS, of=(StatusRead, CallbackObservation))
def unreachable_status(seen: StatusRead | CallbackObservation) -> Iterator[Detection]:
    """Nothing leads to what a read shows, or a callback claims."""
    if seen.status is not Status.UNKNOWN and not seen.explained:
        who = "It shows" if isinstance(seen, StatusRead) else "A status callback claims"
        yield _disagreement(f"{who} {seen.status}, which nothing leads to from {names(seen.tracked.possible)}.")


@check("CF601", stage=Stage.STATUS, of=(CampaignWrite,))
def unexpected_after_write(seen: CampaignWrite) -> Iterator[Detection]:
    """The server took a write, and shows a status that it does not lead to."""
    status, assessment = seen.status, seen.assessment
    if status is None or status is Status.UNKNOWN or assessment is None or not assessment.after:
        return
    if status not in assessment.expected and not seen.unseen:
        yield _disagreement(f"After {seen.action} it shows {status}, and not {names(assessment.after)}.")


@check("CF601", stage=Stage.STATUS, of=(CampaignWrite,))
def unexpected_conflict(seen: CampaignWrite) -> Iterator[Detection]:
    """The server refuses as a conflict what is legal, and nothing that may have happened since explains it."""
    assessment = seen.assessment
    if seen.result is WriteResult.CONFLICT and assessment is not None and assessment.legal and not assessment.overtaken:
        yield _disagreement(
            f"The model allows {seen.action} while {names(seen.tracked.possible)}; the server answered 409."
        )


@check("CF601", stage=Stage.STATUS, of=(CreatedCampaign,))
def unexpected_after_create(seen: CreatedCampaign) -> Iterator[Detection]:
    """A campaign was created, and is in a status that no new one has."""
    if seen.status is not Status.UNKNOWN and not any(seen.status in by_platform(one) for one in seen.accepted):
        yield _disagreement(f"After create it shows {seen.status}, and not {names(seen.accepted)}.")

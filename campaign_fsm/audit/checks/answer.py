"""Answers, and the statuses that they and callbacks show, that are not what the model expects."""

from __future__ import annotations

from collections.abc import Iterator

from campaign_fsm.audit.assessment import Assessment
from campaign_fsm.audit.check import Detection, Stage, check, names
from campaign_fsm.audit.finding import Level
from campaign_fsm.audit.observation import (
    CallbackObservation,
    CampaignWrite,
    CreatedCampaign,
    MisdirectedAnswer,
    StatusObservation,
    StatusRead,
    WriteResult,
)
from campaign_fsm.lifecycle import by_platform
from campaign_fsm.private import word
from campaign_fsm.rules import PROBLEMS, Status
from campaign_fsm.words import sentence


@check("CF609", stage=Stage.ANSWER, of=(CampaignWrite,))
def redirected(seen: CampaignWrite) -> Iterator[Detection]:
    """The server sent the client elsewhere with it."""
    code = seen.answer.status_code
    if code is not None and 300 <= code < 400 and seen.result is not WriteResult.PLANNED:
        message = f"The server answered {seen.action} with {code}, and what was sent after that is not judged."
        yield Detection(code="CF609", level=Level.ERROR, message=message)


@check("CF503", stage=Stage.ANSWER, of=(MisdirectedAnswer,))
def wrong_campaign(_: MisdirectedAnswer) -> Iterator[Detection]:
    """A read of one campaign shows another one."""
    yield Detection(code="CF503", level=Level.WARNING, message=sentence(PROBLEMS["CF503"].title))


def _disagreement(message: str) -> Detection:
    return Detection(code="CF601", level=Level.WARNING, message=message)


@check("CF601", stage=Stage.STATUS, of=(StatusRead, CallbackObservation))
def unreachable_status(seen: StatusRead | CallbackObservation) -> Iterator[Detection]:
    """Nothing leads to what a read shows, or a callback claims."""
    if isinstance(seen, StatusRead) and seen.overlapped:
        return  # it may show what was before
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
    if seen.result is WriteResult.CONFLICT and _surprising(assessment):
        yield _disagreement(
            f"The model allows {seen.action} while {names(seen.tracked.possible)}; the server answered 409."
        )


def _surprising(assessment: Assessment | None) -> bool:
    """Whether a refusal is not what is to be expected in one of the statuses that it may have had."""
    return assessment is not None and assessment.legal and not assessment.partly and not assessment.overtaken


@check("CF601", stage=Stage.STATUS, of=(CreatedCampaign,))
def unexpected_after_create(seen: CreatedCampaign) -> Iterator[Detection]:
    """A campaign was created, and is in a status that no new one has."""
    if seen.status is not Status.UNKNOWN and not any(seen.status in by_platform(one) for one in seen.accepted):
        yield _disagreement(f"After create it shows {seen.status}, and not {names(seen.accepted)}.")


@check("CF604", stage=Stage.STATUS, of=(StatusRead, CallbackObservation, CampaignWrite, CreatedCampaign))
def undocumented_status(seen: StatusObservation | CampaignWrite | CreatedCampaign) -> Iterator[Detection]:
    """An answer or a callback shows a status that the vendor's pages do not have."""
    if seen.status is Status.UNKNOWN:
        raw = seen.answer.raw_status if isinstance(seen, CampaignWrite) else seen.raw_status
        message = f"It shows the status {word(raw or '')!r}, which is on no list."
        yield Detection(code="CF604", level=Level.WARNING, message=message)

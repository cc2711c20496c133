"""The errors that refuse a write: for what was decided, a section that is closed, a gate that failed."""

from __future__ import annotations

from typing import Any

from campaign_fsm.errors import (
    AlreadyThere,
    CampaignBusy,
    ForbiddenByPolicy,
    GateFailure,
    IllegalTransition,
    Refused,
    StatusUnavailable,
    UnknownStatus,
    UnreadableRequest,
)
from campaign_fsm.gate.events import FlowEvents
from campaign_fsm.gate.section import Closed
from campaign_fsm.rules import PROBLEMS, Action, Status
from campaign_fsm.verdict import Verdict
from campaign_fsm.wire.answer import NotReadable
from campaign_fsm.wire.intent import Intent
from campaign_fsm.wire.reading import Reading
from campaign_fsm.wire.target import Target
from campaign_fsm.words import sentence


def refusal(verdict: Verdict, intent: Intent, reading: Reading | None, origin: str = "") -> Refused:
    """The error to raise.

    Args:
        verdict: A verdict that the write may not go.
        intent: What it would have done.
        reading: What was known of the campaign; None for a create.
        origin: The file that the policy was read from.
    """
    reason = verdict.reason
    common: dict[str, Any] = {
        "code": verdict.code,
        "action": intent.action,
        "channel": intent.channel,
        "campaign_id": intent.target.id,
        "status": reading.status if reading else None,
        "raw_status": reading.raw_status if reading else None,
        "advice": verdict.advice,
    }
    if verdict.code.startswith("CF7"):
        violations = tuple(violation.code for violation in verdict.violations)
        return ForbiddenByPolicy(**common, reason=reason, violations=violations, origin=origin)
    if verdict.code.startswith("CF4"):
        return UnreadableRequest(**common, reason=reason, sources=verdict.sources)
    kind: type[Refused] = IllegalTransition
    if verdict.already:
        kind = AlreadyThere
    elif verdict.status is Status.UNKNOWN:
        kind = UnknownStatus
        reason = f"Its status {common['raw_status']!r} is on no list. {reason}"
    return kind(
        **common,
        reason=reason,
        sources=verdict.sources,
        legal_actions=verdict.legal_actions,
        route=verdict.route,
        decision=verdict,
    )


def _subject(action: Action, target: Target, code: str) -> dict[str, Any]:
    """What every refusal of a write says of it."""
    return {
        "code": code,
        "action": action,
        "channel": target.channel,
        "campaign_id": target.id,
        "advice": PROBLEMS[code].advice,
    }


def unavailable(
    action: Action,
    target: Target,
    why: str | NotReadable,
    *,
    status_code: int | None = None,
    request_id: str | None = None,
    retry_after: float | None = None,
    no_answer: bool = False,
) -> StatusUnavailable:
    """The refusal of a write whose campaign could not be read; `why` is a sentence, or the problem of the answer."""
    problem = why if isinstance(why, NotReadable) else None
    return StatusUnavailable(
        **_subject(action, target, problem.code if problem else "CF501"),
        reason=f"{problem}." if problem else f"The status could not be read: {why}",
        status_code=status_code,
        request_id=request_id,
        retry_after=retry_after,
        no_answer=no_answer,
    )


def busy(closed: Closed, intent: Intent, events: FlowEvents) -> CampaignBusy:
    """The refusal of a write whose section is closed to it."""
    refusal = CampaignBusy(
        **_subject(intent.action, intent.target, closed.code),
        reason=sentence(str(closed)),
        holder=closed.holder,
        seconds=closed.seconds,
    )
    events.was_refused(refusal.code)
    return refusal


def failed(error: Exception) -> GateFailure:
    """The refusal that stands for an error of the gate itself, named by its class: its text may hold anything."""
    return GateFailure(
        code="CF505", reason=f"The gate failed with {type(error).__name__}.", advice=PROBLEMS["CF505"].advice
    )

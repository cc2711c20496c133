"""The error that stands for a verdict against a write."""

from __future__ import annotations

from typing import Any

from campaign_fsm.errors import (
    AlreadyThere,
    ForbiddenByPolicy,
    IllegalTransition,
    Refused,
    UnknownStatus,
    UnreadableRequest,
)
from campaign_fsm.rules import Status
from campaign_fsm.verdict import Verdict
from campaign_fsm.wire.answer import Reading
from campaign_fsm.wire.intent import Intent


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
        return UnreadableRequest(**common, reason=reason)
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

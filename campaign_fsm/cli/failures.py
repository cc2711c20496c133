"""What the command line makes of the package's exceptions."""

from __future__ import annotations

from campaign_fsm.errors import (
    AlreadyThere,
    ApiError,
    CampaignFsmError,
    GateFailure,
    OutcomeUnknown,
    Refused,
    StateConflict,
    StatusUnavailable,
    UnknownStatus,
)


def exit_code(error: CampaignFsmError) -> int:
    """0 if there was nothing to do, 1 for a verdict against the caller, 2 where nobody could tell."""
    if isinstance(error, AlreadyThere):
        return 0
    if isinstance(error, UnknownStatus | StatusUnavailable | GateFailure):
        return 2
    return 1 if isinstance(error, Refused | StateConflict) else 2


def outcome(error: CampaignFsmError) -> str:
    """The one word for it in JSON."""
    if isinstance(error, AlreadyThere):
        return "already there"
    names = ((StateConflict, "overtaken"), (OutcomeUnknown, "unknown"), (Refused, "refused"), (ApiError, "rejected"))
    return next((name for kind, name in names if isinstance(error, kind)), "no answer")

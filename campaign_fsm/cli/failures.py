"""What the command line makes of the package's exceptions."""

from __future__ import annotations

from campaign_fsm.client.sent_write import is_there
from campaign_fsm.errors import (
    AlreadyThere,
    ApiError,
    CampaignBusy,
    CampaignFsmError,
    GateFailure,
    InvalidParameters,
    NotOne,
    NotReached,
    OutcomeUnknown,
    Refused,
    StateConflict,
    StatusUnavailable,
    UnknownStatus,
)

_WORDS = (
    (StateConflict, "overtaken"),
    (OutcomeUnknown, "unknown"),
    (Refused, "refused"),
    (ApiError, "rejected"),
    (NotReached, "not reached"),
    (NotOne, "not one"),
    (InvalidParameters, "invalid"),
)


# What Python callers write, and what stands for it on the command line.
_SPELLED = (
    ("use channel='voice'", "use --channel voice"),
    ("use channel='message'", "use --channel message"),
    ("a whole draft, or partial=True", "a FILE with all parameters, or --partial"),
    ("confirmed=True, or --yes on the command line", "--yes"),
)


def for_shell(message: str) -> str:
    """The message of an error, with advice for the command line."""
    for python, shell in _SPELLED:
        message = message.replace(python, shell)
    return message


def already(error: CampaignFsmError) -> str | None:
    """The message for a campaign that is where an action leads, before the write or in spite of it; else None.

    Only of an action alone: whoever also wants a schedule set has not got it.
    """
    if isinstance(error, AlreadyThere):
        return f"already {error.status or 'there'}; nothing was sent."
    if isinstance(error, StateConflict) and is_there(error):
        return f"already {error.now}; it got there while the {error.action} was on its way."
    return None


def exit_code(error: CampaignFsmError) -> int:
    """1 for a verdict against the caller, 2 where the outcome is unknown."""
    if isinstance(error, UnknownStatus | StatusUnavailable | CampaignBusy | GateFailure):
        return 2
    if isinstance(error, NotReached):
        return 2 if error.reachable else 1
    return 1 if isinstance(error, Refused | StateConflict | NotOne | InvalidParameters) else 2


def outcome(error: CampaignFsmError) -> str:
    """The one word for it in JSON."""
    return next((name for kind, name in _WORDS if isinstance(error, kind)), "no answer")

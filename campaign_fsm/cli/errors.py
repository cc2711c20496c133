"""What the command line makes of an error: its exit code, what is printed of it, and its JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from campaign_fsm.cli.output import is_taken, print_error, print_outcome, print_text
from campaign_fsm.errors import (
    AlreadyThere,
    ApiError,
    BudgetSpent,
    CampaignBusy,
    CampaignFsmError,
    ConfigurationError,
    GateFailure,
    InvalidParameters,
    NotOne,
    NotReached,
    OutcomeUnknown,
    PolicyError,
    Refused,
    StateConflict,
    StatusUnavailable,
    UnknownStatus,
)
from campaign_fsm.guides import pointer_to
from campaign_fsm.printable import printable

_WORDS = (
    (StateConflict, "overtaken"),
    (OutcomeUnknown, "unknown"),
    (Refused, "refused"),
    (ApiError, "rejected"),
    (BudgetSpent, "not sent"),
    (NotReached, "not reached"),
    (NotOne, "not one"),
    (InvalidParameters, "invalid"),
    (ConfigurationError, "not configured"),
    (PolicyError, "not configured"),
)


# What Python callers write, and what stands for it on the command line.
_SPELLED = (
    ("use channel='voice'", "use --channel voice"),
    ("use channel='message'", "use --channel message"),
    ("a whole draft, or partial=True", "a FILE with all parameters, or --partial"),
    ("`with campaign_fsm.confirmed():` in Python, --yes on the command line", "--yes"),
    ("use https, or name the host in plain_http_hosts", "use https"),
)


class NotConfirmed(click.UsageError):
    """Something needs a confirmation, and nobody can be asked for it."""


class ByHand(Exception):
    """The way through the gate is broken, and there is one around it; the error itself is the cause.

    Attributes:
        command: A shell command that does it unguarded.
    """

    def __init__(self, command: str) -> None:
        super().__init__(command)
        self.command = command


def for_shell(message: str) -> str:
    """The message of an error, with advice for the command line."""
    for python, shell in _SPELLED:
        message = message.replace(python, shell)
    return message


def exit_code(error: CampaignFsmError) -> int:
    """1 where it is illegal, refused, overtaken or invalid; 2 where the outcome is unknown."""
    if isinstance(error, UnknownStatus | StatusUnavailable | CampaignBusy | GateFailure):
        return 2
    if isinstance(error, NotReached):
        return 2 if error.reachable else 1
    return 1 if isinstance(error, Refused | StateConflict | NotOne | InvalidParameters) else 2


def outcome(error: CampaignFsmError) -> str:
    """The one word for it in JSON."""
    return next((name for kind, name in _WORDS if isinstance(error, kind)), "no answer")


def error_dict(error: CampaignFsmError) -> dict[str, Any]:
    """An error as plain data for JSON."""
    details: dict[str, Any] = {"type": type(error).__name__, "message": error.message, "guide": error.guide}
    if isinstance(error, Refused):
        details |= {
            "code": error.code,
            "status": error.status,
            "legal_actions": list(error.legal_actions),
            "route": None if error.route is None else list(error.route),
        }
    elif isinstance(error, InvalidParameters):
        details["problems"] = [
            {"field": problem.field, "rule": problem.rule, "given": problem.given} for problem in error.problems
        ]
    elif isinstance(error, NotOne):
        details["matches"] = list(error.matches)
    elif isinstance(error, NotReached):
        details |= {"status": error.now, "goal": list(error.goal), "reachable": error.reachable}
    elif isinstance(error, StateConflict):
        details |= {"seen": error.seen, "status": error.now, "perhaps_applied": error.perhaps_applied}
    elif isinstance(error, OutcomeUnknown):
        details |= {"seen": error.seen, "status": error.now, "candidates": list(error.candidates)}
    return details


def wants_json(given: Sequence[str]) -> bool:
    """Whether an error is to be JSON: `--json` is given, and no other document has begun.

    Behind a `--` and as the value of another option it is no `--json`.
    """
    from campaign_fsm.cli import cli

    if "--json" not in given or is_taken():
        return False
    command = cli.get_command(click.Context(cli), given[0])
    if command is None:
        return "--" not in given[: given.index("--json")]
    # Nothing is asked of the values, and what is wrong with the arguments stops nothing.
    context = click.Context(command, resilient_parsing=True, ignore_unknown_options=True)
    return "as_json" in command.make_parser(context).parse_args([*given[1:]])[0]


def print_expected(error: Exception, *, as_json: bool, campaign_id: str | None = None) -> int | None:
    """Print an error that a command raises on purpose, and return its exit code; None of any other.

    `campaign_id` is the campaign that it is about, where a command is about several.
    """
    if isinstance(error, click.ClickException):
        message = error.format_message()
        if isinstance(error, click.exceptions.NoArgsIsHelpError):
            print_text(message, err=True)
            return 2
        usage = isinstance(error, click.UsageError)
        if as_json:
            word = "not confirmed" if isinstance(error, NotConfirmed) else "usage error" if usage else "failed"
            print_outcome(word, error={"type": "UsageError" if usage else type(error).__name__, "message": message})
            return 2
        if isinstance(error, click.UsageError) and error.ctx and not isinstance(error, NotConfirmed):
            print_text(f"{error.ctx.get_usage()}\nTry '{error.ctx.command_path} --help' for help.\n", err=True)
        print_error(message)
        return 2
    by_hand = error.command if isinstance(error, ByHand) else None
    cause = error.__cause__ if by_hand else error
    if not isinstance(cause, CampaignFsmError):
        return None
    if as_json:
        about = {} if campaign_id is None else {"campaign_id": campaign_id}
        print_outcome(outcome(cause), **about, error=error_dict(cause), **({"by_hand": by_hand} if by_hand else {}))
    elif isinstance(cause, InvalidParameters):
        print_error(f"The {cause.what} cannot be sent:")
        for problem in cause.problems:
            print_text(f"  {printable(str(problem))}", err=True)
        print_text("Nothing was sent.", err=True)
    else:
        print_error(for_shell(cause.message))
    if not as_json:
        if campaign_id is None:
            print_text(pointer_to(cause.guide), err=True)
        if by_hand:
            print_text(f"To try it by hand, unguarded:\n  {by_hand}", err=True)
    return exit_code(cause)


def already(error: CampaignFsmError) -> str | None:
    """The message for a campaign that is where an action leads, before the write or in spite of it; else None.

    Only of an action alone: whoever also wants a schedule set has not got it.
    """
    from campaign_fsm.client.sent_write import is_there

    if isinstance(error, AlreadyThere):
        return f"already {error.status or 'there'}; nothing was sent."
    if isinstance(error, StateConflict) and is_there(error):
        return f"already {error.now}; it got there while the {error.action} was on its way."
    return None

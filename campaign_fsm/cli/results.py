"""How commands end that talk to a server: a verdict or an error is printed, and its exit code goes with it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, NoReturn

import click

from campaign_fsm.cli.decision import print_decision
from campaign_fsm.cli.failures import exit_code, for_shell, outcome
from campaign_fsm.cli.output import print_error, print_text, print_warning
from campaign_fsm.cli.show import error_dict, print_outcome
from campaign_fsm.client import CampaignClient, rehearse
from campaign_fsm.client.rehearsal import Rehearsal
from campaign_fsm.errors import CampaignFsmError
from campaign_fsm.policy import confirmed
from campaign_fsm.rules import Action, Standing, Status, effect_of
from campaign_fsm.verdict import Verdict
from campaign_fsm.wire.campaign import Campaign


def print_verdict(verdict: Verdict, *, as_json: bool, more: bool = False) -> NoReturn:
    """Print what the gate would decide of a call, and leave with it; `more` was asked for than the action."""
    unknown = verdict.status is Status.UNKNOWN
    if as_json:
        print_outcome("unknown" if unknown else "legal" if verdict else "illegal", decision=verdict.as_dict())
    elif verdict or not verdict.life_cycle:
        print_decision(verdict)
        for warning in verdict.warnings if verdict.standing is not Standing.CONTESTED else ():
            print_warning(warning)
    else:
        # The status allows it, and something else is against it.
        refused = click.style("REFUSED", fg="red", bold=True)
        print_text(f"{refused}  {verdict.action} while {verdict.status}  ({verdict.code}, {verdict.channel})")
        print_text(f"  {verdict.reason}\n  {for_shell(verdict.advice)}")
    if not as_json:
        print_text("Nothing was sent (dry run).")
    raise click.exceptions.Exit(2 if unknown else 0 if verdict or (verdict.already and not more) else 1)


def leave(error: CampaignFsmError, *, as_json: bool, there: str | None = None, by_hand: str | None = None) -> NoReturn:
    """Print what came instead of a result, and leave with its exit code.

    Args:
        error: What came.
        as_json: Whether it is printed as JSON.
        there: A sentence where the campaign is as wanted anyway.
        by_hand: A shell command that does it unguarded, for where the way through the gate is broken.
    """
    if as_json:
        more = {"by_hand": by_hand} if by_hand else {}
        print_outcome("already there" if there else outcome(error), error=error_dict(error), **more)
    elif there:
        print_text(there)
    else:
        print_error(for_shell(error.message))
        if by_hand:
            print_text(f"To try it by hand, unguarded:\n  {by_hand}", err=True)
    raise click.exceptions.Exit(0 if there else exit_code(error)) from None


def confirm_action(
    client: CampaignClient,
    action: Action,
    call: Callable[[Rehearsal], Any],
    about: Callable[[Campaign], list[tuple[str, str]]],
    *,
    as_json: bool,
) -> None:
    """Ask before an action that cannot be undone, unless the gate is against it and will say so.

    Args:
        client: The client that it is to be done with.
        action: The action.
        call: The call, as `rehearse` takes it.
        about: What there is to say of the campaign, as labels and values.
        as_json: Whether a refusal to ask is printed as JSON.
    """
    with confirmed():
        rehearsed = rehearse(client, call)
    if rehearsed.verdict and rehearsed.campaign is not None:
        why = f"{action} cannot be undone. {effect_of(action)}"
        confirm(client, f"{action.capitalize()} it?", about(rehearsed.campaign), why, as_json=as_json)


def confirm(client: CampaignClient, question: str, about: list[tuple[str, str]], why: str, *, as_json: bool) -> None:
    """Ask before what cannot be taken back; elsewhere than on a terminal, `--yes` has to be given."""
    message = f"{why} Pass --yes to do it without being asked."
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        if as_json:
            print_outcome("not confirmed", error={"type": "UsageError", "message": message})
            raise click.exceptions.Exit(2)
        raise click.UsageError(message)
    for label, value in [("account", client.account_sid), ("host", client.base_url), *about]:
        print_text(f"{label:<9}{value}", err=True)
    print_text(why, err=True)
    click.confirm(question, abort=True, err=True)
    click.get_current_context().with_resource(confirmed())

"""Before a write: what a dry run prints, and what is asked about what cannot be taken back."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from typing import Any

import click

from campaign_fsm.cli.campaign import print_rows
from campaign_fsm.cli.decision import print_decision
from campaign_fsm.cli.errors import NotConfirmed, for_shell
from campaign_fsm.cli.output import print_outcome, print_text, print_warning
from campaign_fsm.client import CampaignClient, rehearse
from campaign_fsm.client.rehearsal import Rehearsal
from campaign_fsm.errors import FieldProblem
from campaign_fsm.policy import confirmed
from campaign_fsm.rules import Standing, Status
from campaign_fsm.verdict import Verdict


def rehearsed(client: CampaignClient, call: Callable[[Rehearsal], Any], *, as_json: bool, more: bool = False) -> int:
    """Print what the gate would decide of a call, as `rehearse` takes it, and return the exit code.

    `more` was asked for than the action: that the campaign is there already is no success then.
    """
    return print_verdict(rehearse(client, call).verdict, as_json=as_json, more=more)


def print_verdict(verdict: Verdict, *, as_json: bool, more: bool = False) -> int:
    """Print what the gate would decide, and return the exit code."""
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
    return 2 if unknown else 0 if verdict or (verdict.already and not more) else 1


def confirm(
    client: CampaignClient,
    call: Callable[[Rehearsal], Any],
    question: str,
    why: str,
    about: Callable[[Any], list[tuple[str, str]]],
) -> None:
    """Ask before what cannot be taken back, unless the gate is against it and will say so.

    Args:
        client: The client that it is to be done with.
        call: The call, as `rehearse` takes it.
        question: What is asked.
        why: Why it is.
        about: What there is to say of the campaign as it was read (None before a create), as labels and values.

    Raises:
        NotConfirmed: There is no terminal to ask on, and so `--yes` has to be given.
        CampaignFsmError: What the call itself raises before its write.
    """
    logger = logging.getLogger("campaign_fsm")
    logger.addFilter(_warns_of_no_parameter)
    try:
        with confirmed():
            judged = rehearse(client, call)
    finally:
        logger.removeFilter(_warns_of_no_parameter)
    if not judged.verdict:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise NotConfirmed(f"{why} Pass --yes to do it without being asked.")
    rows = [("account", client.account_sid), ("host", client.base_url), *about(judged.campaign)]
    print_rows(rows, err=True)
    print_text(why, err=True)
    click.confirm(question, abort=True, err=True)
    click.get_current_context().with_resource(confirmed())


def _warns_of_no_parameter(record: logging.LogRecord) -> bool:
    """The call that is rehearsed warns of its parameters itself when it is made."""
    return not any(isinstance(value, FieldProblem) for value in record.args or ())

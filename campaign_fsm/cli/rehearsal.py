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
from campaign_fsm.client import CampaignClient
from campaign_fsm.client.rehearsal import Rehearsed
from campaign_fsm.policy import confirmed
from campaign_fsm.rules import Standing, Status
from campaign_fsm.verdict import Verdict
from campaign_fsm.words import sentence


def print_verdict(
    verdict: Verdict, *, as_json: bool, more: bool = False, why: str | None = None, yes: bool = False, **fields: Any
) -> int:
    """Print what the gate would decide, and return the exit code.

    Args:
        verdict: What it would decide.
        as_json: Whether to print JSON.
        more: Whether more was asked for than the action: that the campaign is there already is no success then.
        why: Why the call would ask for a confirmation; None if it would not.
        yes: Whether it is confirmed.
        **fields: What else is in the JSON.
    """
    unknown, there = verdict.status is Status.UNKNOWN, verdict.already and not more
    if as_json:
        word = "unknown" if unknown else "legal" if verdict else "already there" if there else "illegal"
        print_outcome(word, decision=verdict.as_dict(), **fields)
    elif there:
        print_text(f"It is {verdict.status} already.")
    elif verdict or not verdict.life_cycle:
        print_decision(verdict)
        for warning in verdict.warnings if verdict.standing is not Standing.CONTESTED else ():
            print_warning(warning)
        if verdict and why:
            print_warning(why if yes else f"{why} The command asks first; in a script, pass --yes.")
    else:
        # The status allows it, and something else is against it.
        refused = click.style("REFUSED", fg="red", bold=True)
        print_text(f"{refused}  {verdict.action} while {verdict.status}  ({verdict.code}, {verdict.channel})")
        print_text(f"  {verdict.reason}\n  {for_shell(verdict.advice)}")
    if not as_json:
        print_text("Nothing was sent (dry run).")
    return 2 if unknown else 0 if verdict or there else 1


def confirm(
    client: CampaignClient,
    judged: Callable[[], Rehearsed],
    question: str,
    why: str,
    about: Callable[[Any], list[tuple[str, str]]],
) -> None:
    """Ask before what cannot be taken back, unless the gate is against it and will say so.

    Args:
        client: The client that it is to be done with.
        judged: Tells what would be decided of it.
        question: What is asked.
        why: Why it is.
        about: What there is to say of the campaign as it was read (None before a create), as labels and values.

    Raises:
        NotConfirmed: There is no terminal to ask on, and so `--yes` has to be given.
        CampaignFsmError: What the call itself raises before its write.
    """
    found = judge(judged)
    if not found.verdict:
        return
    why = " ".join([why, *map(sentence, found.verdict.warnings)])
    require_terminal(why)
    ask([("account", client.account_sid), ("host", client.base_url), *about(found.campaign)], why, question)


def judge(judged: Callable[[], Rehearsed]) -> Rehearsed:
    """What would be decided if it is confirmed, without the warnings in the log that the call itself will have."""
    logger = logging.getLogger("campaign_fsm")
    logger.addFilter(_is_not_about_the_write)
    try:
        with confirmed():
            return judged()
    finally:
        logger.removeFilter(_is_not_about_the_write)


def require_terminal(why: str, instead: str = "--yes") -> None:
    """Raise `NotConfirmed` if there is no terminal to ask on, and say what to add `instead`."""
    if sys.stdin is None or not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise NotConfirmed(f"{why} Add {instead} to go on.")


def ask(rows: list[tuple[str, str]], why: str, question: str) -> None:
    """Ask on the terminal; a yes counts for the policy, too. Ends the command at a no."""
    print_rows(rows, err=True)
    print_text(why, err=True)
    click.confirm(question, abort=True, err=True)
    click.get_current_context().with_resource(confirmed())


def _is_not_about_the_write(record: logging.LogRecord) -> bool:
    """The call that is rehearsed warns of its write itself when it is made."""
    return record.levelno != logging.WARNING or not hasattr(record, "campaign_fsm_action")

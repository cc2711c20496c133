"""`campaign-fsm check` and `route`: the rules alone, without a network."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click

from campaign_fsm.cli.decision import hint_of, print_decision, steps
from campaign_fsm.cli.options import CHANNEL, STRICT, json_option, not_one_of
from campaign_fsm.cli.output import print_json
from campaign_fsm.lifecycle import decide, undoable
from campaign_fsm.lifecycle import route as find_route
from campaign_fsm.rules import STATUSES, Action, Status


def _status(_: click.Context, __: click.Parameter, value: str) -> Status:
    status = Status.parse(value)
    if status is Status.UNKNOWN:
        raise unknown_status(value)
    return status


def unknown_status(value: str) -> click.BadParameter:
    """The error about a status that is on no list."""
    return not_one_of(value, "is on no list of the vendor's", STATUSES)


def _action(_: click.Context, __: click.Parameter, value: str) -> Action:
    try:
        return Action(value)
    except ValueError:
        raise not_one_of(value, "is no action", Action) from None


def _complete(known: Iterable[str]) -> Any:
    """What a shell offers for an argument."""
    return lambda _, __, incomplete: [name for name in known if name.startswith(incomplete)]


COMPLETE_STATUS = _complete(STATUSES)


@click.command()
@click.argument("raw_status", metavar="STATUS", shell_complete=COMPLETE_STATUS)
@click.argument("action", callback=_action, shell_complete=_complete(Action))
@CHANNEL
@click.option("--started/--not-started", default=None, help="Whether it has started; unset: unknown.")
@STRICT
@json_option()
def check(raw_status: str, action: Action, *, channel: str, started: bool | None, strict: bool, as_json: bool) -> int:
    """Say whether ACTION is legal while a campaign is STATUS, and why.

    STATUS may be spelled as the API spells it (InProgress, scheduled).

    \b
    Examples:
      campaign-fsm check in-progress complete
      campaign-fsm check created edit --not-started
      campaign-fsm check paused reschedule --channel voice --started --strict --json

    Exit code: 0 legal, 1 illegal, 2 unknown.

    JSON: version (1), verdict (legal, illegal or unknown), status_given, and the decision: allowed,
    status, action, channel, started, strict, destination, accepted, code, reason, standing, effect,
    undoable, already, legal_actions, route, irreversible_steps, sources.
    """
    status = Status.parse(raw_status)
    unknown = status is Status.UNKNOWN
    if unknown and not as_json:
        raise unknown_status(raw_status)
    decision = decide(status, action, channel=channel, started=started, strict=strict)
    if as_json:
        verdict = "unknown" if unknown else "legal" if decision else "illegal"
        print_json({"verdict": verdict, "status_given": raw_status, **decision.as_dict()})
    else:
        print_decision(decision, raw_status)
    return 2 if unknown else 0 if decision else 1


@click.command()
@click.argument("start", metavar="FROM", callback=_status, shell_complete=COMPLETE_STATUS)
@click.argument("goal", metavar="TO", callback=_status, shell_complete=COMPLETE_STATUS)
@CHANNEL
@click.option("--strict", is_flag=True, help="Avoid what the vendor's pages contradict each other about.")
@json_option()
def route(start: Status, goal: Status, channel: str, strict: bool, as_json: bool) -> int:
    """The shortest legal way FROM one status TO another, by your own actions.

    \b
    Examples:
      campaign-fsm route in-progress archived
      campaign-fsm route created deleted --channel voice

    Exit code: 0 there is a way, 1 there is none, 2 unknown.
    """
    way = find_route(start, goal, channel=channel, strict=strict)
    if as_json:
        irreversible = [step for step in way or () if not undoable(step)]
        asked = {"from": start, "to": goal, "channel": channel, "strict": strict}
        print_json({**asked, "route": None if way is None else list(way), "irreversible_steps": irreversible})
    elif way:
        click.echo(steps(way))
    elif way == ():
        click.echo(f"It is {goal} already.")
    elif goal is Status.IN_PROGRESS and (hint := hint_of(decide(start, Action.RESUME, channel=channel))):
        click.echo(f"No action starts a campaign early: {hint}.")
    else:
        click.echo(f"No legal way leads from {start} to {goal}.")
    return 1 if way is None else 0

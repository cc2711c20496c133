"""`campaign-fsm check`, `route`, `rules` and `explain`: the life cycle alone, without a network."""

from __future__ import annotations

import re
from collections.abc import Iterable

import click

from campaign_fsm.cli.decision import hint_of, print_decision, steps
from campaign_fsm.cli.options import CHANNEL, CHANNELS, STRICT, command, completing, json_option, not_one_of
from campaign_fsm.cli.output import columns, lay_out, print_json
from campaign_fsm.lifecycle import decide, undoable
from campaign_fsm.lifecycle import route as find_route
from campaign_fsm.rules import ENTRIES, STATUSES, Action, Refusal, Rule, Status


def _status(_: click.Context, __: click.Parameter, value: str) -> Status:
    status = Status.parse(value)
    if status is Status.UNKNOWN:
        raise _unknown_status(value)
    return status


def _unknown_status(value: str) -> click.BadParameter:
    """The error about a status that is on no list."""
    return not_one_of(value, "is on no list of the vendor's", STATUSES)


def _action(_: click.Context, __: click.Parameter, value: str) -> Action:
    try:
        return Action(value)
    except ValueError:
        raise not_one_of(value, "is not an action", Action) from None


@command()
@click.argument("raw_status", metavar="STATUS", shell_complete=completing(STATUSES))
@click.argument("action", callback=_action, shell_complete=completing(Action))
@CHANNEL
@click.option("--started/--not-started", default=None, help="Whether the campaign has started. Default: unknown.")
@STRICT
@json_option()
def check(raw_status: str, action: Action, *, channel: str, started: bool | None, strict: bool, as_json: bool) -> int:
    """Say whether ACTION is legal while a campaign is STATUS, and why.

    STATUS may be spelled as the API spells it (InProgress, scheduled).

    \b
    Examples:
      campaign-fsm check in-progress complete
      campaign-fsm check created edit --not-started
      campaign-fsm check paused reschedule --channel voice --started --json

    Exit code: 0 legal, 1 illegal, 2 unknown.

    JSON: version (1), verdict (legal, illegal or unknown), status_given, and the decision: allowed,
    status, action, channel, started, strict, destination, accepted, code, reason, standing, effect,
    undoable, already, legal_actions, route, irreversible_steps, sources.
    """
    status = Status.parse(raw_status)
    unknown = status is Status.UNKNOWN
    if unknown and not as_json:
        problem = _unknown_status(raw_status)
        problem.param_hint = "'STATUS'"
        raise problem
    decision = decide(status, action, channel=channel, started=started, strict=strict)
    if as_json:
        verdict = "unknown" if unknown else "legal" if decision else "illegal"
        print_json({"verdict": verdict, "status_given": raw_status, **decision.as_dict()})
    else:
        print_decision(decision, raw_status)
    return 2 if unknown else 0 if decision else 1


@command()
@click.argument("start", metavar="FROM", callback=_status, shell_complete=completing(STATUSES))
@click.argument("goal", metavar="TO", callback=_status, shell_complete=completing(STATUSES))
@CHANNEL
@STRICT
@json_option()
def route(start: Status, goal: Status, channel: str, strict: bool, as_json: bool) -> int:
    """Find the shortest legal way FROM one status TO another, by your own actions.

    \b
    Examples:
      campaign-fsm route in-progress archived
      campaign-fsm route created deleted --channel voice

    Exit code: 0 if there is a way, 1 if there is none, 2 unknown.
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


@command()
@click.option("--channel", type=CHANNELS, help="Only the rules of one kind of campaign.")
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["text", "md"]),
    default="text",
    help="md: the whole reference, in Markdown.",
)
@json_option()
def rules(channel: str | None, format_name: str, as_json: bool) -> None:
    """Print the whole table: rules, refusals and their codes.

    ▲ marks what cannot be undone, † what the vendor's pages contradict each other about.

    \b
    Examples:
      campaign-fsm rules
      campaign-fsm rules --channel voice --json
      campaign-fsm rules --format md > codes.md

    Exit code: 0; 2 if the command line is refused.
    """
    if as_json and format_name != "text":
        raise click.UsageError("--format md and --json are two forms; give one of them.")
    from campaign_fsm.cli.explanation import print_table, reference
    from campaign_fsm.reference import as_dict

    chosen = [
        entry
        for entry in ENTRIES.values()
        if channel is None or not isinstance(entry, Rule | Refusal) or not entry.channels or channel in entry.channels
    ]
    if as_json:
        print_json({"rules": [as_dict(entry) for entry in chosen]})
    elif format_name == "md":
        click.echo("\n".join(reference(chosen)))
    else:
        print_table(chosen)


def _complete_explained(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    from campaign_fsm.cli.explanation import ERRORS
    from campaign_fsm.rules.status_codes import STATUS_CODES

    return completing([*ENTRIES, *ERRORS, *map(str, STATUS_CODES)])(ctx, param, incomplete)


def _where_to_look(code: str, errors: Iterable[str]) -> str:
    from campaign_fsm.words import nearest

    if Status.parse(code) is not Status.UNKNOWN or code in {*Action}:
        return "campaign-fsm check says whether an action is legal in a status, campaign-fsm route which way leads on."
    begun = [one for one in ENTRIES if code[2:] and one.startswith(code.upper())]
    near = begun or nearest(code, [*ENTRIES, *errors], most=3)
    return (
        f"Near it {'are' if near[1:] else 'is'} {', '.join(near)}." if near else "campaign-fsm rules lists the codes."
    )


@command()
@click.argument("code", shell_complete=_complete_explained)
@json_option()
def explain(code: str, as_json: bool) -> None:
    """Explain a CODE: what it means, and which of the vendor's pages it rests on.

    CODE may also be the name of an error of the Python package, such as CampaignBusy, or an HTTP
    status code of the API's, such as 409.

    \b
    Examples:
      campaign-fsm explain CF224
      campaign-fsm explain cf410 --json
      campaign-fsm explain StateConflict
      campaign-fsm explain 409

    Exit code: 0 if it was explained, 2 if it is unknown.

    JSON of a status code: version (1), status_code, kind (status code), title, documented (whether it
    is on a page of the vendor's), error (what a client raises), hint, client (what else it does),
    read_again and write_again (always: until the deadline; unapplied: once a read has shown that it
    was not applied, if it can be undone; never), seen, unknown, sources, guide (a topic of
    campaign-fsm help).
    """
    from campaign_fsm.cli.explanation import (
        ERRORS,
        error_as_dict,
        explanation,
        explanation_of_error,
        explanation_of_status_code,
    )
    from campaign_fsm.guides import command_for, guide_of
    from campaign_fsm.reference import as_dict
    from campaign_fsm.rules.status_codes import meaning_of

    entry = ENTRIES.get(code.upper())
    error = next((kind for name, kind in ERRORS.items() if name.lower() == code.lower()), None)
    if entry is not None:
        topic, lines, data = guide_of(entry.code), explanation(entry, columns()), as_dict(entry)
    elif error is not None:
        topic, lines, data = error.guide, explanation_of_error(error, columns()), error_as_dict(error)
    elif re.fullmatch("[1-5][0-9]{2}", code):
        number = int(code)
        lines, data = explanation_of_status_code(number, columns()), meaning_of(number).as_dict(number)
        topic = "outcomes"
    elif re.fullmatch("[0-9]+|[1-5]xx", code, re.IGNORECASE):
        raise click.UsageError(f"{code} is not an HTTP status code. Give one from 100 to 599, such as 409.")
    else:
        raise click.UsageError(f"There is no code {code!r}. {_where_to_look(code, ERRORS)}")
    if as_json:
        print_json({**data, "guide": topic})
    else:
        for line in (*lines, *lay_out([("guide", command_for(topic))], columns())):
            click.echo(line)

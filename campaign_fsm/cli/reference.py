"""`campaign-fsm rules` and `explain`: the table, for reading."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

import click

from campaign_fsm.rules import CONTESTED, PROBLEMS, REFUSALS, RULES, Channel, Event, Problem, Refusal, Rule, Source

_Entry = Rule | Refusal | Problem


def entries() -> dict[str, _Entry]:
    """Everything that has a code, by code."""
    found: list[_Entry] = [*RULES, *REFUSALS, CONTESTED, *PROBLEMS.values()]
    return {entry.code: entry for entry in sorted(found, key=lambda entry: entry.code)}


def edge(rule: Rule) -> str:
    """A rule in one phrase."""
    condition = {None: "", True: ", after the start", False: ", before the start"}[rule.started]
    channel = "" if len(rule.channels) == len(Channel) else f", {' and '.join(sorted(rule.channels))} only"
    source = rule.source or "(no campaign)"
    dest = "stays as it is" if rule.dest is None else f"→ {rule.dest}"
    return f"{rule.trigger}: {source} {dest}{condition}{channel}"


def _sources(sources: tuple[Source, ...]) -> list[dict[str, str]]:
    return [{"title": source.page.title, "url": source.page.url, "says": source.says} for source in sources]


def as_dict(entry: _Entry) -> dict[str, Any]:
    """An entry as plain data for JSON."""
    match entry:
        case Rule():
            return {
                "code": entry.code,
                "kind": "event" if isinstance(entry.trigger, Event) else "action",
                "trigger": entry.trigger,
                "from": entry.source,
                "to": entry.leads_to,
                "channels": sorted(entry.channels),
                "started": entry.started,
                "actor": entry.actor,
                "undoable": entry.undoable,
                "standing": entry.standing,
                "effect": entry.effect,
                "sources": _sources(entry.sources),
            }
        case Refusal():
            return {
                "code": entry.code,
                "kind": "refusal",
                "title": entry.title,
                "reason": entry.reason,
                "sources": _sources(entry.sources),
            }
        case Problem():
            return {"code": entry.code, "kind": "problem", "title": entry.title, "advice": entry.advice}


def explanation(entry: _Entry) -> Iterator[str]:
    """An entry as lines of text."""
    match entry:
        case Rule():
            yield f"{entry.code}  {edge(entry)}"
            yield f"  who       the {entry.actor}"
            yield f"  effect    {entry.effect}"
            yield f"  undo      {'possible' if entry.undoable else 'no way back is documented'}"
            yield f"  standing  {entry.standing}"
        case Refusal():
            yield f"{entry.code}  refused: {entry.title}"
            yield f"  why       {entry.reason.format(status='<status>', action='<action>', channel='<channel>')}"
        case Problem():
            yield f"{entry.code}  refused: {entry.title}"
            yield f"  instead   {entry.advice}"
    for source in getattr(entry, "sources", ()):
        yield f"  rule      {source.page.title}: {source.says}"
        yield f"            {source.page.url}"


_GROUPS = {
    "CF1": "What the account holder can do",
    "CF2": "What the life cycle refuses",
    "CF3": "What the platform does by itself",
    "CF4": "Requests that cannot be read in exactly one way",
    "CF5": "Statuses that could not be read",
}


@click.command()
@click.option(
    "--channel", type=click.Choice([channel.value for channel in Channel]), help="Only the rules of one channel."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for machines.")
def rules(channel: str | None, as_json: bool) -> None:
    """Print the whole table: rules, refusals and their codes.

    † marks what the vendor's pages contradict each other about, ▲ what cannot be undone.

    \b
    Examples:
      campaign-fsm rules
      campaign-fsm rules --channel voice --json
    """
    chosen = [
        entry
        for entry in entries().values()
        if channel is None or not isinstance(entry, Rule | Refusal) or not entry.channels or channel in entry.channels
    ]
    if as_json:
        click.echo(json.dumps({"version": 1, "rules": [as_dict(entry) for entry in chosen]}, ensure_ascii=False))
        return
    for start, title in _GROUPS.items():
        click.echo(click.style(f"\n{title}", bold=True))
        for entry in chosen:
            if entry.code.startswith(start):
                marks = ""
                if isinstance(entry, Rule):
                    marks = ("" if entry.undoable else " ▲") + (" †" if entry.standing == "contested" else "")
                text = (edge(entry) if isinstance(entry, Rule) else entry.title) + marks
                click.echo(textwrap.fill(text, 78, initial_indent=f"  {entry.code}  ", subsequent_indent=" " * 9))


@click.command()
@click.argument("code")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for machines.")
def explain(code: str, as_json: bool) -> None:
    """Say what a CODE means and which page of the vendor's it rests on.

    \b
    Examples:
      campaign-fsm explain CF224
      campaign-fsm explain cf410 --json
    """
    known = entries()
    entry = known.get(code.upper())
    if entry is None:
        near = get_close_matches(code.upper(), known, n=3)
        hint = f"Near it are {', '.join(near)}." if near else "campaign-fsm rules lists them."
        raise click.UsageError(f"There is no code {code!r}. {hint}")
    if as_json:
        click.echo(json.dumps({"version": 1, **as_dict(entry)}, ensure_ascii=False))
    else:
        for line in explanation(entry):
            click.echo(line)

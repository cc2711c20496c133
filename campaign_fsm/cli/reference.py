"""`campaign-fsm rules` and `explain`: the table, for reading."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

import click

from campaign_fsm.cli.offline import steps, way_back
from campaign_fsm.cli.options import CHANNELS, json_option
from campaign_fsm.cli.output import columns, lay_out, print_json
from campaign_fsm.lifecycle import decide
from campaign_fsm.printable import without_markup
from campaign_fsm.rules import (
    PROBLEMS,
    REFUSALS,
    RULES,
    STRICT_REFUSAL,
    Action,
    Channel,
    Event,
    Problem,
    Refusal,
    Rule,
    Source,
    Standing,
    Status,
)
from campaign_fsm.words import listed, nearest

_Entry = Rule | Refusal | Problem


def entries() -> dict[str, _Entry]:
    """Everything that has a code, by code."""
    found: list[_Entry] = [*RULES, *REFUSALS, STRICT_REFUSAL, *PROBLEMS.values()]
    return {entry.code: entry for entry in sorted(found, key=lambda entry: entry.code)}


def edge(rule: Rule) -> str:
    """A rule in one phrase."""
    condition = {None: "", True: ", after the start", False: ", before the start"}[rule.started]
    channel = "" if len(rule.channels) == len(Channel) else f", {listed(sorted(rule.channels))} only"
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


def ways(refusal: Refusal) -> list[str]:
    """The legal way to what was refused, from each status where there is one."""
    found: dict[str, None] = {}
    for action in [action for action in Action if not refusal.actions or action in refusal.actions]:
        for status in [status for status in Status if not refusal.statuses or status in refusal.statuses]:
            for channel in [channel for channel in Channel if not refusal.channels or channel in refusal.channels]:
                decision = decide(status, action, channel=channel)
                if decision.code == refusal.code and decision.route:
                    found[f"from {status}: {steps(decision.route)}"] = None
    return list(found)


def _rows(entry: _Entry) -> Iterator[tuple[str, str]]:
    match entry:
        case Rule():
            yield "who", f"the {entry.actor}"
            yield "effect", entry.effect
            if not entry.undoable:
                yield "undo", "it cannot be undone: no way back is documented"
            elif back := way_back(entry.source, entry.leads_to, channel=min(entry.channels)):
                yield "way back", back
            contested = ": the vendor's pages contradict each other; --strict refuses it"
            yield "standing", f"{entry.standing}{contested if entry.standing is Standing.CONTESTED else ''}"
        case Refusal():
            yield "why", entry.reason.format(status="<status>", action="<action>", channel="<channel>")
            if entry is STRICT_REFUSAL:
                for rule in RULES:
                    if rule.standing is Standing.CONTESTED:
                        yield "about", f"{rule.code}  {edge(rule)}"
            for way in ways(entry):
                yield "the way", way
            if entry.code == "CF222":
                yield "the way", "wait for its start time"
        case Problem():
            yield "instead", entry.advice
    for source in getattr(entry, "sources", ()):
        yield "rule", f"{source.page.title}: {source.says}"
        yield "", source.page.url


def explanation(entry: _Entry, width: int | None = None) -> Iterator[str]:
    """An entry as lines of text, none longer than `width`."""
    kind = {"CF6": "found", "CF7": "against a policy"}.get(entry.code[:3], "refused")
    yield f"{entry.code}  {edge(entry) if isinstance(entry, Rule) else f'{kind}: {entry.title}'}"
    yield from lay_out(_rows(entry), width)


_GROUPS = {
    "CF1": "What the account holder can do",
    "CF2": "What the life cycle refuses",
    "CF3": "What the platform does by itself",
    "CF4": "Requests that cannot be read in exactly one way",
    "CF5": "Statuses that could not be read",
    "CF6": "What an audit finds",
    "CF7": "What a policy is against",
    "CF8": "Campaigns that the process is at work on already",
}


def reference(chosen: list[_Entry]) -> Iterator[str]:
    """Every code on one page, as Markdown."""
    yield "# Codes"
    yield ""
    yield "A code that was released keeps its meaning."
    for start, title in _GROUPS.items():
        yield ""
        yield f"## {title}"
        for entry in chosen:
            if entry.code.startswith(start):
                yield ""
                yield f"### {entry.code} {without_markup(edge(entry) if isinstance(entry, Rule) else entry.title)}"
                yield ""
                for label, text in _rows(entry):
                    if label:
                        yield f"- {label}: {without_markup(text)}"
                    else:
                        yield f"  <{text}>"


@click.command()
@click.option("--channel", type=CHANNELS, help="Only the rules of one channel.")
@click.option(
    "--format", "format_name", type=click.Choice(["text", "md"]), default="text", help="md: the whole reference."
)
@json_option()
def rules(channel: str | None, format_name: str, as_json: bool) -> None:
    """Print the whole table: rules, refusals and their codes.

    † marks what the vendor's pages contradict each other about, ▲ what cannot be undone.

    \b
    Examples:
      campaign-fsm rules
      campaign-fsm rules --channel voice --json
      campaign-fsm rules --format md > codes.md
    """
    chosen = [
        entry
        for entry in entries().values()
        if channel is None or not isinstance(entry, Rule | Refusal) or not entry.channels or channel in entry.channels
    ]
    if as_json:
        print_json({"rules": [as_dict(entry) for entry in chosen]})
        return
    if format_name == "md":
        for line in reference(chosen):
            click.echo(line)
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
    click.echo("\n▲ cannot be undone   † contested: the vendor's pages contradict each other")
    click.echo("campaign-fsm explain CODE says what a code rests on.")


@click.command()
@click.argument(
    "code", shell_complete=lambda _, __, incomplete: [code for code in entries() if code.startswith(incomplete.upper())]
)
@json_option()
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
        near = nearest(code, known, most=3)
        hint = f"Near it are {', '.join(near)}." if near else "campaign-fsm rules lists them."
        raise click.UsageError(f"There is no code {code!r}. {hint}")
    if as_json:
        print_json(as_dict(entry))
    else:
        for line in explanation(entry, columns()):
            click.echo(line)

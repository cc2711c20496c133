"""`campaign-fsm rules` and `explain`: the table, for reading."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

import click

from campaign_fsm.cli.decision import cited, steps, way_back
from campaign_fsm.cli.options import CHANNELS, json_option
from campaign_fsm.cli.output import columns, lay_out, print_json
from campaign_fsm.printable import without_markup
from campaign_fsm.reference import as_dict, phrase, ways
from campaign_fsm.rules import ENTRIES, GROUPS, RULES, STRICT_REFUSAL, Entry, Problem, Refusal, Rule, Standing
from campaign_fsm.words import nearest


def _rows(entry: Entry) -> Iterator[tuple[str, str]]:
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
                        yield "about", f"{rule.code}  {phrase(rule)}"
            for status, route in ways(entry):
                yield "the way", f"from {status}: {steps(route)}"
            if entry.hint:
                yield "the way", entry.hint
        case Problem():
            yield "instead", entry.advice
    yield from cited(getattr(entry, "sources", ()))


def explanation(entry: Entry, width: int | None = None) -> Iterator[str]:
    """An entry as lines of text, none longer than `width`."""
    kind = {"CF6": "finding", "CF7": "against a policy"}.get(entry.code[:3], "refused")
    yield f"{entry.code}  {'' if isinstance(entry, Rule) else f'{kind}: '}{phrase(entry)}"
    yield from lay_out(_rows(entry), width)


def reference(chosen: list[Entry]) -> Iterator[str]:
    """Every code on one page, as Markdown."""
    yield "# Codes"
    yield ""
    yield "A code that was released keeps its meaning."
    for start, group in GROUPS.items():
        yield ""
        yield f"## {group}"
        for entry in chosen:
            if entry.code.startswith(start):
                yield ""
                yield f"### {entry.code} {without_markup(phrase(entry))}"
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
        for entry in ENTRIES.values()
        if channel is None or not isinstance(entry, Rule | Refusal) or not entry.channels or channel in entry.channels
    ]
    if as_json:
        print_json({"rules": [as_dict(entry) for entry in chosen]})
        return
    if format_name == "md":
        for line in reference(chosen):
            click.echo(line)
        return
    for start, group in GROUPS.items():
        click.echo(click.style(f"\n{group}", bold=True))
        for entry in chosen:
            if entry.code.startswith(start):
                marks = ""
                if isinstance(entry, Rule):
                    marks = ("" if entry.undoable else " ▲") + (" †" if entry.standing == "contested" else "")
                text = phrase(entry) + marks
                click.echo(textwrap.fill(text, 78, initial_indent=f"  {entry.code}  ", subsequent_indent=" " * 9))
    click.echo("\n▲ cannot be undone   † contested: the vendor's pages contradict each other")
    click.echo("campaign-fsm explain CODE says what a code rests on.")


@click.command()
@click.argument(
    "code", shell_complete=lambda _, __, incomplete: [code for code in ENTRIES if code.startswith(incomplete.upper())]
)
@json_option()
def explain(code: str, as_json: bool) -> None:
    """Say what a CODE means and which page of the vendor's it rests on.

    \b
    Examples:
      campaign-fsm explain CF224
      campaign-fsm explain cf410 --json
    """
    entry = ENTRIES.get(code.upper())
    if entry is None:
        near = nearest(code, ENTRIES, most=3)
        hint = f"Near it are {', '.join(near)}." if near else "campaign-fsm rules lists them."
        raise click.UsageError(f"There is no code {code!r}. {hint}")
    if as_json:
        print_json(as_dict(entry))
    else:
        for line in explanation(entry, columns()):
            click.echo(line)

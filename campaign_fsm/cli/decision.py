"""A decision and a route for people: what is legal, why, and which way leads on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import click

from campaign_fsm.cli.output import columns, lay_out
from campaign_fsm.lifecycle import Decision, route, undoable
from campaign_fsm.rules import ENTRIES, Action, Refusal, Source, Standing, Status


def steps(way: tuple[Action, ...]) -> str:
    """A route in words, with what cannot be undone marked."""
    return " → ".join(step if undoable(step) else f"{step} (cannot be undone)" for step in way)


def cited(sources: Iterable[Source]) -> Iterator[tuple[str, str]]:
    """What the vendor's pages say, each with its address below, as labels and sentences."""
    for source in sources:
        yield "rule", source.statement
        yield "", source.page.url


def way_back(source: Status | None, dest: Status | None, *, channel: str, strict: bool = False) -> str | None:
    """How to get back to where a step began, in words; None where the status does not change.

    Not the same as being undoable, which is a column of the table set by hand: what was sent stays sent.
    """
    if source is None or dest is None or source is dest:
        return None
    way = route(dest, source, channel=channel, strict=strict)
    return steps(way) if way else "none is documented"


def rows(decision: Decision, given: str | None = None) -> list[tuple[str, str]]:
    """What is known of a decision, as labels and sentences.

    `given` is the status as it was spelled by the caller, named where it is not the canonical one.
    """
    labelled: list[tuple[str, str]] = []
    if given is not None and given != decision.status:
        labelled.append(("read as", f"{decision.status}, from {given!r}"))
    if decision:
        labelled.append(("effect", decision.effect))
        labelled.append(("then", f"{decision.destination}{'' if decision.undoable else ' (cannot be undone)'}"))
        back = way_back(decision.status, decision.destination, channel=decision.channel, strict=decision.strict)
        if back and decision.undoable:
            labelled.append(("way back", back))
        if decision.standing is Standing.CONTESTED:
            labelled.append(("standing", "contested: the vendor's pages contradict each other; --strict refuses it"))
    labelled += cited(decision.sources)
    labelled.append(("legal now", ", ".join(decision.legal_actions) or "nothing"))
    if not decision:
        labelled.append(("the way", _way(decision)))
    return labelled


def _way(decision: Decision) -> str:
    if decision.already:
        return "it is there already"
    if decision.route:
        return steps(decision.route)
    return hint_of(decision) or "there is none"


def hint_of(decision: Decision) -> str:
    """The way where no action is one; empty if there is none."""
    entry = ENTRIES.get(decision.code)
    return entry.hint if isinstance(entry, Refusal) else ""


def print_decision(decision: Decision, given: str | None = None) -> None:
    """Show a decision to a person."""
    verdict = click.style("LEGAL", fg="green", bold=True) if decision else click.style("ILLEGAL", fg="red", bold=True)
    click.echo(f"{verdict}  {decision.action} while {decision.status}  ({decision.code}, {decision.channel})")
    if not decision:
        click.echo(f"  {decision.reason}")
    for line in lay_out(rows(decision, given), columns()):
        click.echo(line)

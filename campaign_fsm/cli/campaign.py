"""A campaign as the commands print it: rows for people, a line of a table, an object for machines."""

from __future__ import annotations

from typing import Any

from campaign_fsm.cli.output import print_outcome, print_text
from campaign_fsm.diagnosis import Diagnosis, diagnose
from campaign_fsm.printable import printable
from campaign_fsm.private import word
from campaign_fsm.rules import Status
from campaign_fsm.wire.campaign import Campaign


def describe(campaign: Campaign) -> list[tuple[str, str]]:
    """What `get` prints, as labels and values."""
    spelled = "" if campaign.raw_status == campaign.status else f" ({word(campaign.raw_status)!r} on the wire)"
    rows = [
        ("id", campaign.id),
        ("channel", campaign.channel),
        ("name", campaign.name or "-"),
        ("status", f"{campaign.status}{spelled}{_started(campaign)}"),
    ]
    if campaign.schedule:
        start, end = campaign.schedule.start, campaign.schedule.end
        rows += [("starts", start.isoformat() if start else "-"), ("ends", end.isoformat() if end else "-")]
    if campaign.created:
        rows.append(("created", campaign.created.isoformat()))
    if campaign.updated:
        rows.append(("updated", campaign.updated.isoformat()))
    if campaign.stats:
        rows.append(("stats", ", ".join(f"{key} {count}" for key, count in sorted(campaign.stats.items()))))
    return [(label, printable(value)) for label, value in rows]


def _started(campaign: Campaign) -> str:
    """Whether it has started, where the status does not say so."""
    if campaign.status not in (Status.CREATED, Status.PAUSED):
        return ""
    return ", started" if campaign.started else ", not started"


def as_dict(campaign: Campaign) -> dict[str, Any]:
    """A campaign for JSON, with its status on the wire only as far as that is a word."""
    return {**campaign.as_dict(), "raw_status": word(campaign.raw_status)}


def print_campaign(outcome: str, campaign: Campaign, *, as_json: bool, explained: bool = False) -> None:
    """Print a campaign, with what explains where it stands if it is to be `explained`."""
    found = diagnose(campaign) if explained else ()
    if as_json:
        more = {"notes": [_as_note(note) for note in found]} if explained else {}
        print_outcome(outcome, campaign=as_dict(campaign), **more)
        return
    rows = describe(campaign)
    for note in found:
        rows += [("note", printable(f"{note.title}: {note.explanation}")), ("", printable(note.advice))]
    print_rows(rows)


def _as_note(note: Diagnosis) -> dict[str, Any]:
    return {
        "title": note.title,
        "explanation": note.explanation,
        "advice": note.advice,
        "sources": [source.as_dict() for source in note.sources],
    }


COLUMNS = ("id", "status", "starts", "pending", "name", "note")
_WIDTHS = (32, 11, 16, 7, 20)


def table_line(cells: tuple[str, ...], *, wide: bool) -> str:
    """A line of a table: aligned for people (the last column is as long as it is), else with tabs."""
    if not wide:
        return "\t".join(cells)
    padded = [cell.ljust(width) for cell, width in zip(cells, _WIDTHS, strict=False)]
    return "  ".join([*padded, *cells[len(_WIDTHS) :]]).rstrip()


def row(campaign: Campaign) -> tuple[str, ...]:
    """A campaign as the cells of a table."""
    start = campaign.schedule.start if campaign.schedule else None
    pending = "-" if campaign.pending is None else str(campaign.pending)
    note = next((found.title for found in diagnose(campaign)), "-")
    when = start.strftime("%Y-%m-%d %H:%M") if start else "-"
    cells = (campaign.id, campaign.status, when, pending, campaign.name or "-", note)
    return tuple(printable(cell) for cell in cells)


def print_rows(rows: list[tuple[str, str]], *, err: bool = False) -> None:
    """Print labels and values, the values below each other."""
    for label, value in rows:
        print_text(f"{label:<9}{value}", err=err)

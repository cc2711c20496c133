"""How the commands print campaigns and errors: rows for people, one object for machines."""

from __future__ import annotations

from typing import Any

from attrs import evolve

from campaign_fsm.cli.output import print_json, print_text
from campaign_fsm.diagnosis import diagnose
from campaign_fsm.errors import (
    CampaignFsmError,
    InvalidParameters,
    NotOne,
    NotReached,
    OutcomeUnknown,
    Refused,
    StateConflict,
)
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


def notes(campaign: Campaign) -> list[tuple[str, str]]:
    """What explains where the campaign stands (see `diagnose`), as labels and values."""
    rows = []
    for diagnosis in diagnose(evolve(campaign, raw_status=word(campaign.raw_status))):
        rows += [("note", f"{diagnosis.title}: {diagnosis.explanation}"), ("", diagnosis.advice)]
    return [(label, printable(value)) for label, value in rows]


def error_dict(error: CampaignFsmError) -> dict[str, Any]:
    details: dict[str, Any] = {"type": type(error).__name__, "message": error.message}
    if isinstance(error, Refused):
        details |= {
            "code": error.code,
            "status": error.status,
            "legal_actions": list(error.legal_actions),
            "route": None if error.route is None else list(error.route),
        }
    elif isinstance(error, InvalidParameters):
        details["problems"] = [
            {"field": problem.field, "rule": problem.rule, "given": problem.given} for problem in error.problems
        ]
    elif isinstance(error, NotOne):
        details["matches"] = list(error.matches)
    elif isinstance(error, NotReached):
        details |= {"status": error.now, "goal": list(error.goal), "reachable": error.reachable}
    elif isinstance(error, StateConflict):
        details |= {"seen": error.seen, "status": error.now}
    elif isinstance(error, OutcomeUnknown):
        details |= {"seen": error.seen, "status": error.now, "candidates": list(error.candidates)}
    return details


def print_outcome(outcome: str, **fields: Any) -> None:
    print_json({"outcome": outcome, **fields})


COLUMNS = ("id", "status", "starts", "pending", "name")
_WIDTHS = (32, 11, 16, 7)


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
    cells = (campaign.id, campaign.status, start.strftime("%Y-%m-%d %H:%M") if start else "-", pending)
    return tuple(printable(cell) for cell in (*cells, campaign.name or "-"))


def print_rows(rows: list[tuple[str, str]]) -> None:
    for label, value in rows:
        print_text(f"{label:<9}{value}")

"""`/_simulator/…`: drive the clock, the faults and the journal over HTTP, from any language."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import attrs

from campaign_fsm.simulator.faults import Fault
from campaign_fsm.simulator.simulator import Simulator
from campaign_fsm.wire.answer import parse_time

HELP = {
    "GET /_simulator/": "this page",
    "GET /_simulator/campaigns": "every campaign with its channel and status",
    "POST /_simulator/campaigns": {"channel": "message", "status": "paused", "name": "diwali", "id": "camp_abc123"},
    "GET /_simulator/journal": "every request that arrived, whether it was legal, and what happened by itself",
    "GET /_simulator/clock": "the virtual time",
    "POST /_simulator/clock": [{"advance": 3600}, {"now": "2026-01-05T12:00:00+05:30"}],
    "POST /_simulator/move": {"id": "…", "status": "in-progress"},
    "POST /_simulator/faults": {"kind": "lost-after", "method": "PUT", "id": "…", "times": 1},
    "GET /_simulator/faults": "the faults that have not struck yet",
    "DELETE /_simulator/faults": "forget the faults that have not struck yet",
    "POST /_simulator/reset": "the campaigns and the time before the first request",
    "faults": {
        "kinds": [*Fault],
        "also": {
            "times": "how many requests it strikes",
            "after": "how many it lets pass first",
            "seconds": "stall",
            "retry_after": "rate-limited; null leaves the header out",
            "status_code": "server-error, rejected",
            "to_status": "moved",
        },
    },
}


class BadControl(ValueError):
    """A control request that makes no sense; the message says why."""


def control(simulator: Simulator, method: str, path: str, body: bytes) -> tuple[int, Any]:
    """Answer one control request: a status code and plain data. Never raises for what was sent."""
    handler = _HANDLERS.get((method, path.rstrip("/")))
    if handler is None:
        known = any(path.rstrip("/") == place for _, place in _HANDLERS)
        return (405 if known else 404), {"error": f"no {method} {path[:100]} here", "help": HELP}
    try:
        document = _read(body)
        if method != "GET":
            # A reset goes back to before the first request, or the first command, whichever came first.
            simulator.begin()
        return 200, handler(simulator, document)
    except (ValueError, TypeError, KeyError, OverflowError) as problem:
        return 400, {"error": str(problem.args[0]) if problem.args else type(problem).__name__}


def _read(body: bytes) -> dict[str, Any]:
    if not body:
        return {}
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise BadControl("the body is not JSON") from None
    if not isinstance(document, dict):
        raise BadControl("the body is not a JSON object")
    return document


def _take(document: dict[str, Any], **kinds: type | tuple[type, ...]) -> dict[str, Any]:
    """The members of the document, each of its kind; anything else is an error."""
    unknown = sorted(set(document) - set(kinds))
    if unknown:
        raise BadControl(f"unknown: {', '.join(unknown)}; known: {', '.join(sorted(kinds))}")
    for name, value in document.items():
        if value is not None and (not isinstance(value, kinds[name]) or isinstance(value, bool)):
            raise BadControl(f"{name} is of the wrong type")
    return {name: value for name, value in document.items() if value is not None or name == "retry_after"}


def _moment(value: str, name: str) -> datetime:
    parsed = parse_time(value)
    if parsed is None:
        raise BadControl(f"{name} is not a time with a time zone, such as 2026-01-05T12:00:00+05:30")
    return parsed


def _campaigns(simulator: Simulator, document: dict[str, Any]) -> Any:
    _take(document)
    return [
        {"channel": campaign.channel, "id": campaign.id, "status": campaign.status, "name": campaign.name}
        for campaign in simulator.listed()
    ]


def _add(simulator: Simulator, document: dict[str, Any]) -> Any:
    given = _take(
        document, channel=str, status=str, id=str, name=str, start=str, end=str, contacts=int, work=(int, float)
    )
    for name in ("start", "end"):
        if name in given:
            given[name] = _moment(given[name], name)
    campaign_id = simulator.add(**given)
    campaign = simulator.campaigns[campaign_id]
    return {"channel": campaign.channel, "id": campaign_id, "status": campaign.status}


def _journal(simulator: Simulator, document: dict[str, Any]) -> Any:
    _take(document)
    return [attrs.asdict(entry, value_serializer=_plain) for entry in simulator.journal]


def _plain(_: Any, __: Any, value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _clock(simulator: Simulator, document: dict[str, Any]) -> Any:
    given = _take(document, advance=(int, float), now=str)
    if len(given) > 1:
        raise BadControl("give advance or now, not both")
    if "advance" in given:
        simulator.advance(given["advance"])
    if "now" in given:
        simulator.set_time(_moment(given["now"], "now"))
    return {"now": simulator.now.isoformat()}


def _move(simulator: Simulator, document: dict[str, Any]) -> Any:
    given = _take(document, id=str, status=str)
    if set(given) != {"id", "status"}:
        raise BadControl("give id and status")
    simulator.move(**given)
    return {"id": given["id"], "status": simulator.status(given["id"])}


def _fault(simulator: Simulator, document: dict[str, Any]) -> Any:
    given = _take(
        document,
        kind=str,
        method=str,
        id=str,
        times=int,
        after=int,
        seconds=(int, float),
        retry_after=int,
        status_code=int,
        to_status=str,
    )
    if "kind" not in given:
        raise BadControl(f"give a kind: {', '.join(Fault)}")
    simulator.fault(given.pop("kind"), **given)
    return {"planned": True}


def _planned(simulator: Simulator, document: dict[str, Any]) -> Any:
    _take(document)
    return [attrs.asdict(planned) for planned in simulator.faults]


def _clear(simulator: Simulator, document: dict[str, Any]) -> Any:
    _take(document)
    simulator.clear_faults()
    return {"planned": False}


def _reset(simulator: Simulator, document: dict[str, Any]) -> Any:
    _take(document)
    simulator.reset()
    return {"now": simulator.now.isoformat()}


_HANDLERS: dict[tuple[str, str], Callable[[Simulator, dict[str, Any]], Any]] = {
    ("GET", "/_simulator"): lambda _, __: HELP,
    ("GET", "/_simulator/campaigns"): _campaigns,
    ("POST", "/_simulator/campaigns"): _add,
    ("GET", "/_simulator/journal"): _journal,
    ("GET", "/_simulator/clock"): _clock,
    ("POST", "/_simulator/clock"): _clock,
    ("POST", "/_simulator/move"): _move,
    ("POST", "/_simulator/faults"): _fault,
    ("GET", "/_simulator/faults"): _planned,
    ("DELETE", "/_simulator/faults"): _clear,
    ("POST", "/_simulator/reset"): _reset,
}

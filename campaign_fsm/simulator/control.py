"""`/_simulator/…`: drive the clock, the faults and the journal over HTTP, from any language."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qsl

import attrs

from campaign_fsm.simulator.faults import Fault
from campaign_fsm.simulator.simulator import Simulator
from campaign_fsm.wire.schedule import parse_time

ROOT: Final = "/_simulator"
DROPPED: Final = "X-Simulator-Journal-Dropped"

HELP: Final = {
    "GET /_simulator/": "this page",
    "GET /_simulator/campaigns": "every campaign with its channel and status",
    "POST /_simulator/campaigns": {"channel": "message", "status": "paused", "name": "diwali", "id": "camp_abc123"},
    "GET /_simulator/journal": "every request that arrived, whether it was legal, and what happened by itself; "
    f"the header {DROPPED} is how many of the oldest entries a limited journal has dropped",
    "GET /_simulator/journal?after=41": "only the entries after this number",
    "GET /_simulator/clock": "the virtual time",
    "POST /_simulator/clock": [{"advance": 3600}, {"now": "2026-01-05T12:00:00+05:30"}],
    "POST /_simulator/move": {"id": "…", "status": "in-progress"},
    "POST /_simulator/faults": {"kind": "lost-after", "method": "PUT", "id": "…", "times": 1},
    "GET /_simulator/faults": "the faults that have not struck yet",
    "DELETE /_simulator/faults": "forget the faults that have not struck yet",
    "POST /_simulator/reset": "the campaigns and the time before the first request; an empty journal, no faults",
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


@attrs.frozen
class ControlAnswer:
    """The answer to a control request: plain data, to be sent as JSON."""

    status_code: int
    document: Any
    headers: tuple[tuple[str, str], ...] = ()


def control(simulator: Simulator, method: str, target: str, body: bytes) -> ControlAnswer:
    """Answer one control request. Never raises for what was sent; a GET or HEAD changes nothing.

    Args:
        simulator: The one to drive.
        method: The HTTP method.
        target: Path and query.
        body: JSON, or nothing.
    """
    path, _, query = target.partition("?")
    methods = _HANDLERS.get(path.rstrip("/"))
    if methods is None:
        return ControlAnswer(404, {"error": f"there is no {path[:100]} here", "help": HELP})
    handler = methods.get("GET" if method == "HEAD" else method)
    if handler is None:
        allow = ", ".join(sorted({*methods, "HEAD"} if "GET" in methods else methods))
        error = f"{path[:100]} takes {allow}, not {method[:100]}"
        return ControlAnswer(405, {"error": error, "help": HELP}, (("Allow", allow),))
    try:
        given = _read(body)
        if method not in ("GET", "HEAD"):
            # A reset goes back to before the first request, or the first command, whichever came first.
            simulator.begin()
        elif given:
            raise BadControl(f"{method} changes nothing, so it takes no {', '.join(sorted(given))}")
        else:
            given = dict(parse_qsl(query))
        answer = handler(simulator, given)
    except (ValueError, TypeError, KeyError, OverflowError) as problem:
        return ControlAnswer(400, {"error": str(problem.args[0]) if problem.args else type(problem).__name__})
    return answer if isinstance(answer, ControlAnswer) else ControlAnswer(200, answer)


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


def _time(value: str, name: str) -> datetime:
    parsed = parse_time(value)
    if parsed is None:
        raise BadControl(f"{name} is not a time with a time zone, such as 2026-01-05T12:00:00+05:30")
    return parsed


def _help(_: Simulator, __: dict[str, Any]) -> Any:
    return HELP


def _campaigns(simulator: Simulator, _: dict[str, Any]) -> Any:
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
            given[name] = _time(given[name], name)
    campaign_id = simulator.add(**given)
    campaign = simulator.campaigns[campaign_id]
    return {"channel": campaign.channel, "id": campaign_id, "status": campaign.status}


def _journal(simulator: Simulator, query: dict[str, Any]) -> Any:
    after = query.get("after", "0")
    if not (after.isascii() and after.isdigit()):
        raise BadControl("after must be the number of an entry")
    entries = simulator.journal
    dropped, last = (entries[0].number - 1, entries[-1].number) if entries else (0, 0)
    after = after.lstrip("0") or "0"
    if len(after) > len(str(last)) or int(after) > last:
        raise BadControl(f"after must be the number of an entry, and the last one is {last}; a reset begins at 1 again")
    # Numbers have no gaps, so the place of an entry follows from its number.
    listed = [attrs.asdict(entry, value_serializer=_plain) for entry in entries[max(0, int(after) - dropped) :]]
    return ControlAnswer(200, listed, ((DROPPED, str(dropped)),))


def _plain(_: Any, __: Any, value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _clock(simulator: Simulator, _: dict[str, Any]) -> Any:
    return {"now": simulator.now.isoformat()}


def _set_clock(simulator: Simulator, document: dict[str, Any]) -> Any:
    given = _take(document, advance=(int, float), now=str)
    if len(given) > 1:
        raise BadControl("give advance or now, not both")
    if "advance" in given:
        simulator.advance(given["advance"])
    if "now" in given:
        simulator.set_time(_time(given["now"], "now"))
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


def _planned(simulator: Simulator, _: dict[str, Any]) -> Any:
    return [attrs.asdict(planned) for planned in simulator.faults]


def _clear(simulator: Simulator, document: dict[str, Any]) -> Any:
    _take(document)
    simulator.clear_faults()
    return {"planned": False}


def _reset(simulator: Simulator, document: dict[str, Any]) -> Any:
    _take(document)
    simulator.reset()
    return {"now": simulator.now.isoformat()}


_HANDLERS: Final[dict[str, dict[str, Callable[[Simulator, dict[str, Any]], Any]]]] = {
    ROOT: {"GET": _help},
    f"{ROOT}/campaigns": {"GET": _campaigns, "POST": _add},
    f"{ROOT}/journal": {"GET": _journal},
    f"{ROOT}/clock": {"GET": _clock, "POST": _set_clock},
    f"{ROOT}/move": {"POST": _move},
    f"{ROOT}/faults": {"GET": _planned, "POST": _fault, "DELETE": _clear},
    f"{ROOT}/reset": {"POST": _reset},
}

"""The documented API, as a lenient server speaks it: what a request asks for, and the answer.

Whether an action is legal comes from `decide`; no rule is stated here.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import parse_qsl

from attrs import evolve, frozen

from campaign_fsm.rules import EDITS, Action, Channel, Status
from campaign_fsm.simulator.campaigns import StoredCampaign
from campaign_fsm.verdict import judge
from campaign_fsm.wire.answer import Reading
from campaign_fsm.wire.intent import VERBS, Intent, edit_kind
from campaign_fsm.wire.listing import DETAILS, PAGE_SIZES
from campaign_fsm.wire.target import Target

_SORT_KEYS: dict[str, Callable[[StoredCampaign], Any]] = {
    "date_created": lambda record: record.created,
    "name": lambda record: record.name,
    "schedule.start_time": lambda record: record.start or record.created,
}


class Account(Protocol):
    """What the API needs of the account that it is the API of."""

    account_sid: str
    illegal_status_code: int
    records: dict[str, StoredCampaign]

    @property
    def now(self) -> datetime: ...

    def create(self, channel: Channel, fields: dict[str, Any]) -> StoredCampaign: ...

    def after_resume(self, record: StoredCampaign) -> Status | None: ...


@frozen
class Request:
    """One request, as far as the server has understood it."""

    method: str
    path: str
    target: Target | None
    query: str
    body: bytes
    record: StoredCampaign | None


@frozen
class Result:
    """What the server answers, and what it did."""

    request: Request
    status_code: int
    payload: dict[str, Any] | None
    """The body without its request id; None for an empty one."""
    action: str | None = None
    legal: bool | None = None
    applied: bool = False


@frozen
class Plan:
    """What a request asks for, before it is done."""

    request: Request
    action: str | None
    legal: bool | None
    run: Callable[[Account], Result]

    def carry_out(self, account: Account) -> Result:
        return evolve(self.run(account), action=self.action, legal=self.legal)

    def refused(self, status_code: int) -> Result:
        """The request is answered with an error, and nothing is done."""
        return evolve(error(self.request, status_code, "The request failed."), action=self.action, legal=self.legal)


def encode(result: Result, request_id: str) -> bytes:
    """The body of an answer."""
    if result.payload is None:
        return b""
    if "RestException" in result.payload:
        return json.dumps(result.payload).encode()
    return json.dumps({"request_id": request_id, **result.payload}).encode()


def rest_exception(status_code: int, message: str) -> dict[str, Any]:
    """The older error form (fact sheet section 6)."""
    return {"RestException": {"Status": status_code, "Message": message}}


def _envelope(request: Request, status_code: int, response: Any, **more: Any) -> dict[str, Any]:
    return {"method": request.method, "http_code": status_code, **more, "response": response}


def _item(data: dict[str, Any]) -> dict[str, Any]:
    return {"code": 200, "status": "success", "data": data}


def error(request: Request, status_code: int, description: str, code: int = 1000) -> Result:
    """A failed item in the envelope of its channel."""
    data = {"code": code, "description": description, "message": description}
    item = {"code": status_code, "error_data": data, "status": "failure", "data": None}
    voice = request.target is not None and request.target.channel is Channel.VOICE
    return Result(request, status_code, _envelope(request, status_code, [item] if voice else item))


def _ok(account: Account, request: Request, record: StoredCampaign, *, applied: bool) -> Result:
    item = _item(record.data(account.account_sid))
    response = [item] if record.channel is Channel.VOICE else item
    return Result(request, 200, _envelope(request, 200, response), applied=applied)


def _failing(request: Request, status_code: int, description: str, *, action: str | None = None, write: bool) -> Plan:
    legal = False if write else None
    return Plan(request, action, legal, lambda _: error(request, status_code, description))


def plan(account: Account, request: Request) -> Plan:
    """What a request asks for, and whether it is legal now."""
    target, method = request.target, request.method
    write = method not in ("GET", "HEAD", "OPTIONS")
    if target is None:
        legal = False if write else None
        return Plan(request, None, legal, lambda _: Result(request, 404, rest_exception(404, "Not Found")))
    if target.id is None:
        if method == "GET":
            return Plan(request, None, None, lambda account: _list(account, request, target))
        if method == "POST":
            return _plan_create(account, request, target)
        return _failing(request, 405, "Method not allowed.", write=write)
    if target.rest == (DETAILS[target.channel],) and method == "GET" and request.record is not None:
        found = request.record
        return Plan(request, None, None, lambda _: _details(request, found))
    if target.rest or request.record is None:
        return _failing(request, 404, "No such campaign.", write=write)
    record = request.record
    if method == "GET":
        return Plan(request, None, None, lambda account: _ok(account, request, record, applied=False))
    if method == "PUT":
        return _plan_put(account, request, record)
    if method == "DELETE":
        return _plan_step(account, request, record, Action.DELETE, {})
    return _failing(request, 405, "Method not allowed.", write=write)


def _read_body(request: Request) -> dict[str, Any] | None:
    """The campaign in a body, read as laxly as the vendor's server evidently does: no content type is
    needed, the last of two keys counts, and the wrapped and the flat form are the same (S1, S2, S3).
    """
    try:
        document = json.loads(request.body)
    except (ValueError, RecursionError):
        return None
    if isinstance(document, dict) and "campaigns" in document:
        items = document["campaigns"]
        document = items[0] if isinstance(items, list) and items else None
    return document if isinstance(document, dict) and document else None


def _plan_put(account: Account, request: Request, record: StoredCampaign) -> Plan:
    item = _read_body(request)
    if item is None:
        return _failing(request, 400, "The body is not a JSON object.", write=True)
    fields = {key: value for key, value in item.items() if key != "action"}
    if "action" in item:
        verb = VERBS.get(item["action"]) if isinstance(item["action"], str) else None
        if verb is None:
            return _failing(request, 400, "Unknown action.", write=True)
        return _plan_step(account, request, record, verb, fields)
    action = edit_kind(fields, record.channel)
    return _plan_step(account, request, record, action, fields)


def _plan_step(
    account: Account, request: Request, record: StoredCampaign, action: Action, fields: dict[str, Any]
) -> Plan:
    assert request.target is not None
    now = account.now
    shown = record.data(account.account_sid) if fields else {}  # only they are held against it
    seen = Reading(record.status, record.spelled, shown, record.start, record.end, now)
    verdict = judge(Intent(action, request.target, fields), seen, now)
    decision = verdict.life_cycle
    # The vendor's own samples have parameters beside an action (S2), and they do nothing; a schedule would.
    obeyed = verdict.allowed or (decision.allowed and "schedule" not in fields)

    def run(account: Account) -> Result:
        if not obeyed:
            return error(
                request, account.illegal_status_code, f"Cannot {action} a campaign that is {record.spelled}.", 1004
            )
        if action in EDITS:
            record.edit(fields)
        else:
            dest = decision.destination
            if action is Action.RESUME:
                record.reschedule(fields.get("schedule"))
                dest = account.after_resume(record) or dest
            assert dest is not None
            record.become(dest, account.now)
        record.updated = account.now
        return _ok(account, request, record, applied=True)

    return Plan(request, action.value, verdict.allowed, run)


def _plan_create(account: Account, request: Request, target: Target) -> Plan:
    item = _read_body(request)
    if item is None:
        return _failing(request, 400, "The body is not a JSON object.", action="create", write=True)
    legal = judge(Intent(Action.CREATE, target, item), None, account.now).allowed
    missing = _missing(item, target.channel)
    if missing:
        return Plan(request, "create", legal, lambda _: error(request, 400, f"Missing: {', '.join(missing)}.", 1001))

    def run(account: Account) -> Result:
        record = account.create(target.channel, item)
        data = record.data(account.account_sid)
        if target.channel is Channel.MESSAGE:
            data["status"] = "scheduled"  # how a create is answered (S6, S3)
        return Result(request, 200, _envelope(request, 200, [_item(data)]), applied=True)

    return Plan(request, "create", legal, run)


def _missing(item: dict[str, Any], channel: Channel) -> list[str]:
    """What a create lacks (fact sheet section 7; names of the existing client are taken too)."""
    if channel is Channel.MESSAGE:
        needed: list[tuple[str, ...]] = [("lists",), ("template", "template_id"), ("sender_id", "from")]
    else:
        needed = [("from", "lists"), ("caller_id",)]
    return [names[0] for names in needed if not any(item.get(name) for name in names)]


def _slice(request: Request, channel: Channel, query: dict[str, str]) -> tuple[int, int] | Result:
    """Offset and limit of a page, or the error about them."""
    default, greatest = PAGE_SIZES[channel]
    # The older alias says it in its name, and the existing client sends no channel there.
    collection = request.target.collection if request.target else None
    if collection == "message-campaigns" and query.get("channel", "").upper() != "SMS":
        return error(request, 400, "Missing: channel.", 1001)
    try:
        offset, limit = int(query.get("offset", 0)), int(query.get("limit", default))
    except ValueError:
        return error(request, 400, "offset and limit are numbers.", 1002)
    if offset < 0 or not 1 <= limit <= greatest:
        return error(request, 400, f"limit is 1 to {greatest}, offset is not negative.", 1002)
    return offset, limit


def _page(request: Request, items: list[dict[str, Any]], total: int, offset: int, limit: int) -> Result:
    metadata = {"count": len(items), "offset": offset, "total": total, "limit": limit}
    return Result(request, 200, _envelope(request, 200, [_item(item) for item in items], metadata=metadata))


def _list(account: Account, request: Request, target: Target) -> Result:
    query = dict(parse_qsl(request.query))
    bounds = _slice(request, target.channel, query)
    if isinstance(bounds, Result):
        return bounds
    offset, limit = bounds
    wanted = {Status.parse(text) for text in query.get("status", "").split(",") if text}
    found = [
        record
        for record in account.records.values()
        if record.channel is target.channel
        and (not wanted or record.status in wanted)
        and query.get("name", "").casefold() in record.name.casefold()
        and record.status is not Status.DELETED
    ]
    key, _, order = query.get("sort_by", "date_created:desc").partition(":")
    if key not in _SORT_KEYS or order not in ("asc", "desc"):
        return error(request, 400, "Unknown sort_by.", 1002)
    found.sort(key=_SORT_KEYS[key], reverse=order == "desc")
    page = [record.data(account.account_sid) for record in found[offset : offset + limit]]
    return _page(request, page, len(found), offset, limit)


def _details(request: Request, record: StoredCampaign) -> Result:
    """What became of each number. The sheet has no names of fields, so these two are made up."""
    query = dict(parse_qsl(request.query))
    bounds = _slice(request, record.channel, query)
    if isinstance(bounds, Result):
        return bounds
    offset, limit = bounds
    statuses = [name for name, count in record.stats().items() for _ in range(count)]
    page = [
        {"number": f"+9199000{place:05d}", "status": status}
        for place, status in enumerate(statuses[offset : offset + limit], offset)
    ]
    return _page(request, page, len(statuses), offset, limit)

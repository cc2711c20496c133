"""A request as the simulated server has understood it, and the forms of its answers."""

from __future__ import annotations

import json
from typing import Any, Final

from attrs import frozen

from campaign_fsm.rules import Channel
from campaign_fsm.simulator.campaigns import StoredCampaign
from campaign_fsm.simulator.payloads import payload
from campaign_fsm.wire.target import Target


@frozen
class Request:
    """One request, as far as the server has understood it."""

    method: str
    path: str
    target: Target | None
    query: str
    body: bytes
    campaign: StoredCampaign | None


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
    made: str | None = None
    """The id of the campaign that a create has made."""


def encode(result: Result, request_id: str) -> bytes:
    """The body of an answer."""
    if result.payload is None:
        return b""
    if "RestException" in result.payload:
        return json.dumps(result.payload).encode()
    return json.dumps({"request_id": request_id, **result.payload}).encode()


OWN: Final = "(simulator's own code and words)"
"""What each error says of itself: no page lists the codes and the words of the vendor's errors about campaigns."""


def rest_exception(status_code: int, message: str) -> dict[str, Any]:
    """The older error form."""
    return {"RestException": {"Status": status_code, "Message": f"{message} {OWN}"}}


def not_found(request: Request) -> Result:
    """What is under no path of the API."""
    return Result(request, 404, rest_exception(404, "Not Found"))


def error(request: Request, status_code: int, description: str, code: int = 1000) -> Result:
    """A failed item in the envelope of its channel.

    Codes: 1000 whatever has no other, 1001 something is missing, 1002 an odd query, 1004 an illegal action.
    """
    told = f"{description} {OWN}"
    data = {"code": code, "description": told, "message": told}
    item = {"code": status_code, "error_data": data, "status": "failure", "data": None}
    voice = request.target is not None and request.target.channel is Channel.VOICE
    return Result(request, status_code, _envelope(request, status_code, [item] if voice else item))


def details(request: Request, campaign: StoredCampaign, account_sid: str, *, applied: bool) -> Result:
    """The campaign; `applied` if that is the answer to a write that took effect."""
    item = _item(payload(campaign, account_sid))
    response = [item] if campaign.channel is Channel.VOICE else item
    return Result(request, 200, _envelope(request, 200, response), applied=applied)


def created(request: Request, campaign: StoredCampaign, account_sid: str) -> Result:
    """The answer to a create."""
    data = payload(campaign, account_sid)
    if campaign.channel is Channel.MESSAGE:
        data["status"] = "scheduled"  # https://developer.exotel.com/api/create-sms-campaign
    return Result(request, 200, _envelope(request, 200, [_item(data)]), applied=True, made=campaign.id)


def page(request: Request, items: list[dict[str, Any]], *, total: int, offset: int, limit: int) -> Result:
    """One page of a list."""
    metadata = {"count": len(items), "offset": offset, "total": total, "limit": limit}
    return Result(request, 200, _envelope(request, 200, [_item(item) for item in items], metadata=metadata))


def _envelope(request: Request, status_code: int, response: Any, **more: Any) -> dict[str, Any]:
    return {"method": request.method, "http_code": status_code, **more, "response": response}


def _item(data: dict[str, Any]) -> dict[str, Any]:
    return {"code": 200, "status": "success", "data": data}

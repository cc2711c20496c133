"""The lists of the simulated API, page by page: campaigns, and the numbers of one.

What a query may hold: https://developer.exotel.com/api/bulk-sms-campaign-details-2,
https://developer.exotel.com/api/bulk-campaign-details,
https://developer.exotel.com/api/sms-details-of-a-single-sms-campaign-2 and
https://developer.exotel.com/api/call-details-of-a-single-campaign. How anything else is answered is on no page: here
with 400 where it is a key to sort by, a filter that only the other channel has, or a status that message campaigns are
not filtered by. An odd status finds no calls and no call campaigns, and parameters of no list are left alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import parse_qsl

from campaign_fsm.rules import Channel, Status
from campaign_fsm.simulator.account import Account
from campaign_fsm.simulator.answers import Request, Result, error, page
from campaign_fsm.simulator.campaigns import StoredCampaign
from campaign_fsm.simulator.payloads import kind_of, payload
from campaign_fsm.simulator.recipients import SORT_KEYS, Recipients
from campaign_fsm.wire.listing import PAGE_SIZES

_SORT_KEYS: Final[dict[Channel, dict[str, Callable[[StoredCampaign], Any]]]] = {
    Channel.MESSAGE: {
        "schedule.start_time": lambda campaign: campaign.start or campaign.created,
        "name": lambda campaign: campaign.name,
    },
    Channel.VOICE: {
        "date_created": lambda campaign: campaign.created,
        "name": lambda campaign: campaign.name,
    },
}
# The filters that the other channel has.
_FOREIGN_FILTERS: Final = {Channel.MESSAGE: frozenset({"type"}), Channel.VOICE: frozenset[str]()}
_FOREIGN_FILTERS_OF_RECIPIENTS: Final = {Channel.MESSAGE: frozenset({"status"}), Channel.VOICE: frozenset({"number"})}
# What the list of message campaigns can be filtered by.
_FILTER_STATUSES: Final = frozenset(
    {Status.IN_PROGRESS, Status.CREATED, Status.COMPLETED, Status.PAUSED, Status.ARCHIVED}
)
_SHORTEST_NAME: Final = 3
# https://developer.exotel.com/api-console/get-bulk-sms-campaign-details-api-console-2 has it the other way round.
_DEFAULT_ORDER: Final = {Channel.MESSAGE: "schedule.start_time:desc", Channel.VOICE: "date_created:asc"}


def campaigns(account: Account, request: Request, channel: Channel) -> Result:
    """The campaigns of a channel, filtered and sorted as the query asks for.

    Unless it does, in the order of the pages: message campaigns by their start, the latest first, call campaigns by
    their creation, the oldest first.
    """
    query = dict(parse_qsl(request.query))
    bounds = _bounds(request, channel, query)
    if isinstance(bounds, Result):
        return bounds
    if problem := _foreign(query, _FOREIGN_FILTERS[channel]) or (
        _odd_filter(query) if channel is Channel.MESSAGE else None
    ):
        return error(request, 400, problem, 1002)
    offset, limit = bounds
    found = _matching(account, channel, query)
    key, descending = _order(query.get("sort_by", _DEFAULT_ORDER[channel]))
    if key not in _SORT_KEYS[channel] or descending is None:
        return error(request, 400, "Unknown sort_by.", 1002)
    found.sort(key=_SORT_KEYS[channel][key], reverse=descending)
    items = [payload(campaign, account.account_sid) for campaign in found[offset : offset + limit]]
    return page(request, items, total=len(found), offset=offset, limit=limit)


def recipients(account: Account, request: Request, campaign: StoredCampaign) -> Result:
    """What became of each number."""
    query = dict(parse_qsl(request.query))
    bounds = _bounds(request, campaign.channel, query)
    if isinstance(bounds, Result):
        return bounds
    if campaign.channel is Channel.VOICE and not campaign.ran:
        # As a public client has seen it; no page says so.
        return error(request, 404, "No calls yet.")
    if problem := _foreign(query, _FOREIGN_FILTERS_OF_RECIPIENTS[campaign.channel]):
        return error(request, 400, problem, 1002)
    offset, limit = bounds
    keys = SORT_KEYS[campaign.channel]
    key, descending = _order(query.get("sort_by", f"{keys[0]}:asc"))
    if key not in keys or descending is None:
        return error(request, 400, "Unknown sort_by.", 1002)
    found = Recipients(
        campaign,
        account.account_sid,
        statuses=frozenset(query.get("status", "").lower().split(",")) - {""},
        number=query.get("number"),
        descending=descending,
    )
    return page(request, found.page(offset, limit), total=found.total, offset=offset, limit=limit)


def _order(sort_by: str) -> tuple[str, bool | None]:
    """The key of a `sort_by`, and whether the last comes first; None where it does not say."""
    key, _, order = sort_by.partition(":")
    return key, {"asc": False, "desc": True}.get(order)


def _foreign(query: dict[str, str], filters: frozenset[str]) -> str | None:
    """What is wrong with a query that has a filter of the other channel's."""
    found = sorted(filters & query.keys())
    return f"This list has no filter {', '.join(found)}." if found else None


def _odd_filter(query: dict[str, str]) -> str | None:
    """What is wrong with the filter of a list of message campaigns."""
    if "name" in query and len(query["name"]) < _SHORTEST_NAME:
        return f"name must have {_SHORTEST_NAME} characters or more."
    for word in filter(None, query.get("status", "").split(",")):
        # It knows "scheduled" and no "created": the same state.
        if word.casefold() == Status.CREATED or Status.parse(word) not in _FILTER_STATUSES:
            return "status must be of in-progress, scheduled, completed, paused and archived."
    return None


def _bounds(request: Request, channel: Channel, query: dict[str, str]) -> tuple[int, int] | Result:
    """Offset and limit of a page, or the error about them."""
    default, greatest = PAGE_SIZES[channel]
    # The older alias says it in its name, and the existing client sends no channel there.
    collection = request.target.collection if request.target else None
    if collection == "message-campaigns" and query.get("channel", "").upper() != "SMS":
        return error(request, 400, "Missing: channel.", 1001)
    try:
        offset, limit = int(query.get("offset", 0)), int(query.get("limit", default))
    except ValueError:
        return error(request, 400, "offset and limit must be numbers.", 1002)
    if offset < 0 or not 1 <= limit <= greatest:
        return error(request, 400, f"limit must be 1 to {greatest}, offset must not be negative.", 1002)
    return offset, limit


def _matching(account: Account, channel: Channel, query: dict[str, str]) -> list[StoredCampaign]:
    statuses = {Status.parse(text) for text in query.get("status", "").split(",") if text}
    name = query.get("name", "").casefold()
    kind = query.get("type", "").casefold()
    return [
        campaign
        for campaign in account.campaigns.values()
        if campaign.channel is channel
        and (not statuses or campaign.status in statuses)
        and name in campaign.name.casefold()
        and kind in ("", kind_of(campaign).casefold())
        and campaign.status is not Status.DELETED
    ]

"""The lists of the simulated API, page by page: campaigns, and the numbers of one."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from itertools import accumulate
from typing import Any, Final
from urllib.parse import parse_qsl

from campaign_fsm.rules import Channel, Status
from campaign_fsm.simulator.account import Account
from campaign_fsm.simulator.answers import Request, Result, error, page
from campaign_fsm.simulator.campaigns import StoredCampaign
from campaign_fsm.simulator.payloads import payload, stats
from campaign_fsm.wire.listing import PAGE_SIZES

_SORT_KEYS: Final[dict[str, Callable[[StoredCampaign], Any]]] = {
    "date_created": lambda campaign: campaign.created,
    "name": lambda campaign: campaign.name,
    "schedule.start_time": lambda campaign: campaign.start or campaign.created,
}


def campaigns(account: Account, request: Request, channel: Channel) -> Result:
    """The campaigns of a channel, filtered and sorted as the query asks for."""
    query = dict(parse_qsl(request.query))
    bounds = _bounds(request, channel, query)
    if isinstance(bounds, Result):
        return bounds
    offset, limit = bounds
    key, _, order = query.get("sort_by", "date_created:desc").partition(":")
    if key not in _SORT_KEYS or order not in ("asc", "desc"):
        return error(request, 400, "Unknown sort_by.", 1002)
    found = _matching(account, channel, query)
    found.sort(key=_SORT_KEYS[key], reverse=order == "desc")
    items = [payload(campaign, account.account_sid) for campaign in found[offset : offset + limit]]
    return page(request, items, total=len(found), offset=offset, limit=limit)


def recipients(request: Request, campaign: StoredCampaign) -> Result:
    """What became of each number: two of the documented fields."""
    bounds = _bounds(request, campaign.channel, dict(parse_qsl(request.query)))
    if isinstance(bounds, Result):
        return bounds
    offset, limit = bounds
    counts = stats(campaign)
    # Not one by one: a campaign may have more numbers than there is memory.
    statuses, ends = list(counts), list(accumulate(counts.values()))
    total = ends[-1]
    items = [
        {"number": f"+9199000{place:05d}", "status": statuses[bisect_right(ends, place)]}
        for place in range(offset, min(offset + limit, total))
    ]
    return page(request, items, total=total, offset=offset, limit=limit)


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
    return [
        campaign
        for campaign in account.campaigns.values()
        if campaign.channel is channel
        and (not statuses or campaign.status in statuses)
        and name in campaign.name.casefold()
        and campaign.status is not Status.DELETED
    ]

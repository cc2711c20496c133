"""The numbers of one simulated campaign, and what became of them. They, and all that is said of them, are made up."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from itertools import accumulate
from typing import Any, Final

from attrs import frozen

from campaign_fsm.rules import Channel
from campaign_fsm.simulator.campaigns import StoredCampaign
from campaign_fsm.simulator.clock import later_or_last
from campaign_fsm.simulator.payloads import payload, stats

_PREFIX: Final = "+9199000"
_SECONDS: Final = 30
"""How long each call took."""
SORT_KEYS: Final = {
    Channel.MESSAGE: ("schedule_time", "date_created"),
    Channel.VOICE: ("date_created", "Date_created"),
}
"""What a list may be sorted by, in the spellings of its page; the times are the same for all, so that any order is
theirs.

Sources: https://developer.exotel.com/api/sms-details-of-a-single-sms-campaign-2, whose examples have the second one,
and https://developer.exotel.com/api/call-details-of-a-single-campaign.
"""


@frozen
class _Group:
    """Numbers that follow each other and have the same status."""

    status: str
    first: int
    count: int


class Recipients:
    """The recipients of a campaign, in an order: never all of them at once, for there may be more than fit into memory.

    Args:
        campaign: The campaign.
        account_sid: Its account.
        statuses: Only those with one of these statuses; none for all.
        number: Only the one with this phone number; None for all.
        descending: Whether the last comes first.
    """

    def __init__(
        self,
        campaign: StoredCampaign,
        account_sid: str,
        *,
        statuses: frozenset[str] = frozenset(),
        number: str | None = None,
        descending: bool = False,
    ) -> None:
        self._campaign = campaign
        self._shown = payload(campaign, account_sid)
        self._descending = descending
        groups = _groups(stats(campaign))
        if statuses:
            groups = [group for group in groups if group.status in statuses]
        if number is not None:
            place = _place(number)
            groups = [_Group(group.status, place, 1) for group in groups if 0 <= place - group.first < group.count]
        self._groups = groups
        self._ends = list(accumulate(group.count for group in groups))

    @property
    def total(self) -> int:
        return self._ends[-1] if self._ends else 0

    def page(self, offset: int, limit: int) -> list[dict[str, Any]]:
        """Some of them, with the documented fields.

        Sources: https://developer.exotel.com/api/call-details-of-a-single-campaign and
        https://developer.exotel.com/api/sms-details-of-a-single-sms-campaign-2.
        """
        last = self.total - 1
        places = range(offset, min(offset + limit, self.total))
        return [self._item(last - place if self._descending else place) for place in places]

    def _item(self, index: int) -> dict[str, Any]:
        which = bisect_right(self._ends, index)
        group = self._groups[which]
        place = group.first + index - (self._ends[which] - group.count)
        describe = _call if self._campaign.channel is Channel.VOICE else _message
        return describe(self._campaign, self._shown, place, group.status)


def _groups(counts: dict[str, int]) -> list[_Group]:
    firsts = accumulate(counts.values(), initial=0)
    return [_Group(status, first, count) for (status, count), first in zip(counts.items(), firsts, strict=False)]


def _number(place: int) -> str:
    return f"{_PREFIX}{place:05d}"


def _place(number: str) -> int:
    """The place of a number, -1 for none of ours; the ``+`` of a query that is not escaped arrives as a space."""
    asked = f"+{number.strip().removeprefix('+')}"
    digits = asked.removeprefix(_PREFIX)
    # Python makes no int of a text without end.
    place = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 100 else -1
    return place if _number(place) == asked else -1


def _call(campaign: StoredCampaign, shown: dict[str, Any], place: int, status: str) -> dict[str, Any]:
    begun = campaign.begun or campaign.created
    done = status == "completed"
    return {
        "call_sid": _sid(campaign, place) if done else None,
        "number": _number(place),
        "name": None,
        "caller_id": shown["caller_id"],
        "direction": "outbound",
        "status": status,
        "duration": _SECONDS if done else None,
        "digit": None,
        "recording_url": None,
        "date_created": campaign.created.isoformat(),
        "start_time": begun.isoformat() if done else None,
        "end_time": later_or_last(begun, _SECONDS).isoformat() if done else None,
    }


def _message(campaign: StoredCampaign, shown: dict[str, Any], place: int, status: str) -> dict[str, Any]:
    return {
        "sid": _sid(campaign, place) if status == "sent" else None,
        "number": _number(place),
        "name": None,
        "message": shown["template"],
        "sender_id": shown["sender_id"],
        "direction": "outbound",
        "status": status,
        "detailed_status": None,
        "schedule_time": campaign.start.isoformat() if campaign.start else None,
    }


def _sid(campaign: StoredCampaign, place: int) -> str:
    return hashlib.sha256(f"{campaign.id} {place}".encode()).hexdigest()[:32]

"""A reading: the status of one campaign, as an answer shows it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from attrs import field, frozen

from campaign_fsm.lifecycle import has_started
from campaign_fsm.rules import PROBLEMS, Channel, Status
from campaign_fsm.wire.answer import Answer, NotReadable
from campaign_fsm.wire.envelope import Item, read_item
from campaign_fsm.wire.schedule import parse_time, read_schedule
from campaign_fsm.wire.target import Target

ID_KEYS: Final = {Channel.MESSAGE: "sid", Channel.VOICE: "id"}


@frozen
class Reading:
    """The status of one campaign, as read from the server."""

    status: Status
    raw_status: str
    """Its spelling on the wire; see `private.word` for what may be shown of one that is on no list."""
    data: Mapping[str, Any] = field(repr=False)
    start: datetime | None
    end: datetime | None
    date: datetime | None
    """The server's clock at the reading; None if it did not say, and the local one has to do."""
    start_unreadable: bool = False
    """There is a start, and its time is unknown: whoever asks has to assume that it has passed."""
    beside: Mapping[str, Any] = field(factory=dict, repr=False)
    """What the item has beside its ``data``; nothing is judged by it."""

    def started(self, now: datetime) -> bool:
        """Whether the campaign counts as started at `now` (see `lifecycle.has_started`)."""
        return self.start_unreadable or has_started(self.status, self.start, now)

    @property
    def name(self) -> str | None:
        """The campaign's name; None if it shows none."""
        name = self.data.get("name")
        return name if isinstance(name, str) else None

    @property
    def changed(self) -> datetime | None:
        """When the campaign was last changed, an aware datetime; None if it does not say."""
        return parse_time(self.data.get("date_updated"))

    def shows(self, parameter: str, value: object) -> bool:
        """Whether it shows this very value of a parameter; unlike ``==``, true is not 1."""
        actual = self.data.get(parameter)
        if type(actual) is str is type(value):
            return actual == value
        return json.dumps(actual, sort_keys=True) == json.dumps(value, sort_keys=True)


def read_status(answer: Answer, target: Target, method: str | None = None) -> Reading:
    """The reading that a successful answer about `target` holds.

    Args:
        answer: The answer.
        target: The campaign.
        method: The method that it answers; None if the envelope may name any.

    Raises:
        NotReadable: It holds none, an ambiguous one, one of another campaign, or one from a cache.
    """
    if answer.from_cache:
        raise NotReadable("the answer came from a cache", "CF504")
    item = read_item(answer, method)
    if item.failed:
        raise NotReadable(f"the item in the answer failed{f' with {item.code}' if 100 <= item.code < 600 else ''}")
    campaign_id, reading = read_campaign(item, target.channel, answer.date)
    if campaign_id != target.id:
        raise NotReadable(PROBLEMS["CF503"].title, "CF503")
    if item.data.get("account_sid") not in (None, target.account):
        raise NotReadable("the answer is about a campaign of another account", "CF503")
    return reading


def read_campaign(item: Item, channel: Channel, date: datetime | None) -> tuple[str, Reading]:
    """The id and the reading that a successful item about some campaign holds.

    The id stands under ``sid`` or ``id``, whatever the channel: answers about message campaigns have ``id`` in
    https://developer.exotel.com/docs/campaign-guides/creating-sms-campaign.

    Raises:
        NotReadable: It names no campaign, or not one alone, or holds no status.
    """
    data = item.data
    ids = [data[key] for key in ("id", "sid") if data.get(key) is not None]
    if not ids:
        raise NotReadable("the answer names no campaign")
    campaign_id = ids[0]
    if not isinstance(campaign_id, str) or ids[-1] != campaign_id:
        raise NotReadable(PROBLEMS["CF503"].title, "CF503")
    raw = data.get("status")
    if not isinstance(raw, str):
        raise NotReadable("the answer holds no status")
    start, end, unreadable = read_schedule(data, channel)
    reading = Reading(
        status=Status.parse(raw),
        raw_status=raw[:100],
        data=data,
        start=start,
        end=end,
        date=date,
        start_unreadable=unreadable,
        beside=item.beside,
    )
    return campaign_id, reading

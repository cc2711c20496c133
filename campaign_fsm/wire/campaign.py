"""A campaign as the server describes it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from attrs import field, frozen

from campaign_fsm.rules import Channel, Status
from campaign_fsm.wire.reading import Reading
from campaign_fsm.wire.schedule import SCHEDULE_KEYS, Schedule, parse_time

_CALLBACKS: Final = ("call_schedule_callback", "call_status_callback", "sms_status_callback", "status_callback")

# The sample answer of https://developer.exotel.com/api/update-sms-campaign-3 spells it so; requests spell it right.
SPELLED_AS: Final = {"dlt_entity_id": "dlt_entitiy_id"}
"""Parameters that answers spell otherwise than requests."""


@frozen(repr=False)
class Campaign:
    """One campaign, as read. Unknown or oddly typed fields are kept in `raw`, never dropped.

    Sources: https://developer.exotel.com/api/update-sms-campaign-3,
    https://developer.exotel.com/api/create-campaign and https://developer.exotel.com/api/get-campaign-details.
    """

    id: str
    status: Status
    raw_status: str
    """The status in the server's own spelling."""
    channel: Channel
    name: str | None = None
    schedule: Schedule | None = None
    created: datetime | None = None
    updated: datetime | None = None
    started: bool = True
    """Whether it counted as started at the reading (see `has_started`)."""
    stats: Mapping[str, int] = field(factory=dict, hash=False)
    """Counts by the vendor's own keys, which vary."""
    lists: tuple[str, ...] = ()
    template: str | None = None
    callbacks: Mapping[str, str] = field(factory=dict, hash=False)
    report_url: str | None = None
    estimated_cost: float | None = None
    raw: Mapping[str, Any] = field(factory=dict, hash=False)
    """What was not understood, as it came."""
    read_at: datetime | None = field(default=None, eq=False)
    """The server's clock at the reading; None if it did not say."""

    def __repr__(self) -> str:
        return f"Campaign(id={self.id!r}, status={self.status.value!r}, name={self.name!r})"

    def _repr_html_(self) -> str:
        """The campaign in a notebook, drawn where it stands in its life."""
        from campaign_fsm.diagram.notebook import card

        return card(self.id, self.name, self.status, self.channel, started=self.started)

    @property
    def pending(self) -> int | None:
        """How many numbers are still waiting, by the stats; None where they do not say.

        Voice campaigns count ``pending``, message campaigns ``scheduled``, as their sample answers do.
        """
        return self.stats.get("pending" if self.channel is Channel.VOICE else "scheduled")


def campaign_from(reading: Reading, campaign_id: str, channel: Channel, now: datetime) -> Campaign:
    """The campaign that a reading describes. Never raises: what it cannot use goes to `raw`."""
    rest = dict(reading.data)
    for key in ("id", "sid", "status"):
        rest.pop(key, None)
    lists = rest.get("lists")
    if lists is None or (isinstance(lists, list) and set(map(type, lists)) <= {str}):
        rest.pop("lists", None)
    else:
        lists = None
    return Campaign(
        id=campaign_id,
        status=reading.status,
        raw_status=reading.raw_status,
        channel=channel,
        name=_take(rest, "name", str),
        schedule=_take_schedule(reading, rest, channel),
        created=_take_time(rest, "date_created"),
        updated=_take_time(rest, "date_updated"),
        started=reading.started(reading.date or now),
        stats=_take_stats(rest),
        lists=tuple(lists or ()),
        template=_take(rest, "template", str),
        callbacks={key: value for key in _CALLBACKS if key in rest and (value := _take(rest, key, str)) is not None},
        report_url=_take(rest, "report_url", str),
        estimated_cost=_take_float(rest, "estimated_cost"),
        raw=rest,
        read_at=reading.date,
    )


def _take(rest: dict[str, Any], key: str, kind: type[Any]) -> Any:
    """The value of a key, out of the rest, if it is of that kind; what is null is understood too."""
    if key not in rest:
        return None
    value = rest[key]
    if value is None or isinstance(value, kind):
        del rest[key]
        return value
    return None


def _take_float(rest: dict[str, Any], key: str) -> float | None:
    """The number of a key, out of the rest, if a float can hold it: the numbers of JSON have no end."""
    value = rest.get(key)
    if value is None:
        rest.pop(key, None)
    elif type(value) in (int, float) and abs(value) <= sys.float_info.max:
        del rest[key]
        return float(value)
    return None


def _take_time(rest: dict[str, Any], key: str) -> datetime | None:
    value = rest.get(key)
    parsed = parse_time(value)
    if parsed is not None or value is None:
        rest.pop(key, None)
    return parsed


def _take_stats(rest: dict[str, Any]) -> dict[str, int]:
    stats = rest.get("stats")
    if not isinstance(stats, dict):
        if not stats:
            rest.pop("stats", None)
        return {}
    # Types, because true is an instance of int and no count.
    if set(map(type, stats.values())) <= {int}:
        del rest["stats"]
        return stats
    counts = {key: value for key, value in stats.items() if type(value) is int}
    rest["stats"] = {key: value for key, value in stats.items() if key not in counts}
    return counts


def _take_schedule(reading: Reading, rest: dict[str, Any], channel: Channel) -> Schedule | None:
    value = rest.get("schedule")
    if value is None:
        rest.pop("schedule", None)
        return None
    if not isinstance(value, dict):
        return None
    understood = {
        key
        for key, parsed in zip(SCHEDULE_KEYS[channel], (reading.start, reading.end), strict=True)
        if parsed is not None
    }
    left = {key: entry for key, entry in value.items() if key not in understood and entry is not None}
    if left:
        rest["schedule"] = left
    else:
        del rest["schedule"]
    return Schedule(reading.start, reading.end)

"""A campaign as the server describes it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from math import isfinite
from typing import Any, Final

from attrs import field, frozen

from campaign_fsm._lazy import shown
from campaign_fsm.printable import quoted
from campaign_fsm.rules import Channel, Status
from campaign_fsm.wire.reading import Reading
from campaign_fsm.wire.schedule import Schedule, parse_time, shown_keys

_CALLBACKS: Final = ("call_schedule_callback", "call_status_callback", "sms_status_callback", "status_callback")

# The sample answer of https://developer.exotel.com/api/update-sms-campaign-3 spells it so; requests spell it right.
SPELLED_AS: Final = {"dlt_entity_id": "dlt_entitiy_id"}
"""Parameters that answers spell otherwise than requests."""
# What counts the numbers that wait. No page says how the two of message campaigns go together.
_WAITING: Final = {Channel.MESSAGE: frozenset({"scheduled", "pending"}), Channel.VOICE: frozenset({"pending"})}
# Python makes no text of an int of more than 4,300 digits.
_MOST_BITS: Final = 14_000


def counter(key: str) -> str:
    """A key of the stats as this package compares it: pages write ``failed-dnd``, ``failed_dnd`` and ``no_answer``."""
    return key.replace("_", "-").casefold()


@frozen(repr=False)
class Campaign:
    """One campaign, as read. Unknown or oddly typed fields are kept in `raw`, never dropped.

    Sources: https://developer.exotel.com/api/update-sms-campaign-3,
    https://developer.exotel.com/api/create-campaign and https://developer.exotel.com/api/get-campaign-details. No page
    has `summary` and `started_at`: both were seen in public client code.
    """

    id: str
    """The id, by which everything is asked for."""
    status: Status
    """Where it is in its life; `Status.UNKNOWN` if the server's word is on no list."""
    raw_status: str
    """The status in the server's own spelling."""
    channel: Channel
    """The kind of campaign."""
    name: str | None = None
    """The name; several campaigns may have the same."""
    schedule: Schedule | None = None
    """When it starts and ends; None if the server shows no schedule."""
    created: datetime | None = None
    """When it was created, an aware datetime."""
    updated: datetime | None = None
    """When it was last updated, an aware datetime. No page says whether each contact counts as an update."""
    started: bool = True
    """Whether it counted as started at the reading (see `campaign_fsm.has_started`)."""
    stats: Mapping[str, int] = field(factory=dict, hash=False)
    """Counts by the vendor's own keys, which vary: pages write them with hyphens and with underscores."""
    lists: tuple[str, ...] = ()
    """Ids of its contact lists."""
    template: str | None = None
    """The text of a message campaign."""
    callbacks: Mapping[str, str] = field(factory=dict, hash=False)
    """The URLs that are notified, by the names of the parameters, such as ``status_callback``."""
    report_url: str | None = None
    """A link to the report; anybody who has it can read the report."""
    estimated_cost: float | None = None
    """The server's estimate of what it costs, in the server's own currency."""
    raw: Mapping[str, Any] = field(factory=dict, hash=False)
    """What was not understood, as it came."""
    read_at: datetime | None = field(default=None, eq=False)
    """The server's clock at the reading; None if it did not say."""
    summary: Mapping[str, int] = field(factory=dict, hash=False)
    """Counts of calls by the vendor's own keys, such as ``call_completed``; never part of `stats`."""
    started_at: datetime | None = None
    """The ``date_started`` of the server, an aware datetime. `started` does not go by it."""

    def __repr__(self) -> str:
        return f"Campaign(id={self.id!r}, status={str(self.status)!r}, name={self.name!r})"

    def _repr_html_(self) -> str | None:
        """The campaign in a notebook, drawn where it stands in its life."""
        return shown("Campaign", self)

    @property
    def pending(self) -> int | None:
        """How many numbers are still waiting, by the stats; None where they do not say.

        Call campaigns count ``pending`` (https://developer.exotel.com/docs/campaign-guides/campaign-reporting), message
        campaigns ``scheduled`` (https://developer.exotel.com/api/update-sms-campaign-3) or ``pending``. Of both it is
        the greater one: at least so many wait, whether the one contains the other or not.
        """
        waiting = _WAITING[self.channel]
        return max((count for key, count in self.stats.items() if counter(key) in waiting), default=None)

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON: ``json.dumps(campaign.as_dict())`` works.

        ``--json`` of the commands has the same, but of a `raw_status` that is no short word only the length.

        ``id``, ``channel`` (``message``, ``voice``), ``name``; ``status`` in the spelling of `Status`, ``raw_status``
        in the server's; ``started``, whether it counted as started; ``schedule``, null or its ``start`` and ``end``;
        ``created``, ``updated``, ``started_at``; ``stats`` and ``summary``, counts by the vendor's keys; ``lists``,
        ids; ``template``; ``callbacks``, URLs by their parameters; ``report_url``; ``estimated_cost``; ``raw``, what
        was not understood, as it came. Times are RFC 3339 texts with their offsets; what is not known is null. A value
        in `raw` that JSON has no form for, such as an infinite number, is a text. When it was read (`read_at`) is not
        in it.
        """
        schedule = self.schedule and {"start": self.schedule.start, "end": self.schedule.end}
        plain: dict[str, Any] = _plain(
            {
                "id": self.id,
                "channel": self.channel,
                "name": self.name,
                "status": self.status,
                "raw_status": self.raw_status,
                "started": self.started,
                "schedule": schedule,
                "created": self.created,
                "updated": self.updated,
                "started_at": self.started_at,
                "stats": self.stats,
                "summary": self.summary,
                "lists": self.lists,
                "template": self.template,
                "callbacks": self.callbacks,
                "report_url": self.report_url,
                "estimated_cost": self.estimated_cost,
                "raw": self.raw,
            }
        )
        return plain


def _plain(value: Any) -> Any:
    """A value as JSON has it; what it has no form for as a text."""
    match value:
        case Enum():
            return _plain(value.value)
        case datetime():
            return value.isoformat()
        case Mapping():
            return {str(key): _plain(part) for key, part in value.items()}
        case list() | tuple():
            return [_plain(part) for part in value]
        case str():
            return str(value)
        case None | bool():
            return value
        case int() if value.bit_length() <= _MOST_BITS:
            return value
        case float() if isfinite(value):
            return value
    return quoted(value)


def campaign_from(reading: Reading, campaign_id: str, channel: Channel, now: datetime) -> Campaign:
    """The campaign that a reading describes. Never raises: what it cannot use goes to `raw`.

    What the item has beside its data is taken like data; where both have a key, it is that of the data.
    """
    rest = {**reading.beside, **reading.data} if reading.beside else dict(reading.data)
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
        stats=_take_counts(rest, "stats"),
        lists=tuple(lists or ()),
        template=_take(rest, "template", str),
        callbacks={key: value for key in _CALLBACKS if key in rest and (value := _take(rest, key, str)) is not None},
        report_url=_take(rest, "report_url", str),
        estimated_cost=_take_float(rest, "estimated_cost"),
        summary=_take_counts(rest, "summary"),
        started_at=_take_time(rest, "date_started"),
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


def _take_counts(rest: dict[str, Any], name: str) -> dict[str, int]:
    """The counts in the object of this name, out of the rest; what is no count stays there."""
    if name not in rest:
        return {}
    counts, left = counts_in(rest.pop(name))
    if left:
        rest[name] = left
    return counts


def counts_in(value: object) -> tuple[dict[str, int], object]:
    """The counts in an object, and what is left of it; all of it where it is none."""
    if not isinstance(value, dict):
        return {}, value
    # Types, because true is an instance of int and no count.
    if set(map(type, value.values())) <= {int}:
        return value, None
    counts = {key: count for key, count in value.items() if type(count) is int}
    return counts, {key: count for key, count in value.items() if key not in counts}


def _take_schedule(reading: Reading, rest: dict[str, Any], channel: Channel) -> Schedule | None:
    value = rest.get("schedule")
    if value is None:
        rest.pop("schedule", None)
        return None
    if not isinstance(value, dict):
        return None
    left = {key: entry for key, entry in value.items() if entry is not None}
    first, last = shown_keys(value, channel)
    if reading.start is not None:
        left.pop(first, None)
    if reading.end is not None:
        left.pop(last, None)
    if left:
        rest["schedule"] = left
    else:
        del rest["schedule"]
    return Schedule(reading.start, reading.end)

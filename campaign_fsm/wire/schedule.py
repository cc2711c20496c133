"""Times and schedules as they stand on the wire."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from attrs import frozen

from campaign_fsm.rules import Channel
from campaign_fsm.strict.json import joined, look_alikes

SCHEDULE_KEYS: Final = {Channel.MESSAGE: ("start_time", "end_time"), Channel.VOICE: ("send_at", "end_at")}
_PLACES: Final = {joined(key): place for keys in SCHEDULE_KEYS.values() for place, key in enumerate(keys)}


def parse_time(value: object) -> datetime | None:
    """An RFC 3339 text with an offset as an aware datetime; None for anything else."""
    if not isinstance(value, str):
        return None
    if value.endswith("z"):
        value = f"{value[:-1]}Z"  # the same in RFC 3339
    try:
        parsed = datetime.fromisoformat(value)
        if not parsed.tzinfo:
            return None
        if not 1 < parsed.year < 9999:
            parsed.astimezone(UTC)  # the very ends of the calendar have no time in UTC
    except (ValueError, OverflowError):
        return None
    return parsed


def shown_keys(schedule: Mapping[str, Any], channel: Channel) -> tuple[str, str]:
    """The keys under which an answer gives start and end.

    Answers about message campaigns have those of call campaigns in
    https://developer.exotel.com/docs/campaign-guides/creating-sms-campaign; no page shows it the other way round.
    """
    own = SCHEDULE_KEYS[channel]
    if channel is Channel.VOICE or tuple(schedule) == own:
        return own
    first, last = (
        other if schedule.get(key) is None and schedule.get(other) is not None else key
        for key, other in zip(own, SCHEDULE_KEYS[Channel.VOICE], strict=True)
    )
    return first, last


def odd_schedule_keys(schedule: Mapping[str, Any], own: tuple[str, str]) -> list[str]:
    """Keys that could be taken for one of a schedule, and are not its `own` as they are spelled.

    Not among them is what says the very same as the own key beside it, and what is no such key in any
    spelling: it is not documented, and no start is read from it.
    """
    if tuple(schedule) == own:
        return []
    return [
        key
        for key, value in schedule.items()
        if key not in own
        and (place := _PLACES.get(joined(key))) is not None
        and (value is None or schedule.get(own[place]) != value)
    ]


def read_schedule(data: Mapping[str, Any], channel: Channel) -> tuple[datetime | None, datetime | None, bool]:
    """Start, end, and whether there is a start that cannot be read; what is null is not there in any spelling."""
    value = data.get("schedule")
    odd = _is_given(data, look_alikes(tuple(data), "schedule"))
    if value is None:
        return None, None, odd
    if not isinstance(value, dict):
        return None, None, True
    own = first, last = shown_keys(value, channel)
    start = parse_time(value.get(first))
    odd = odd or _is_given(value, odd_schedule_keys(value, own))
    return start, parse_time(value.get(last)), odd or (start is None and value.get(first) is not None)


def _is_given(data: Mapping[str, Any], keys: Collection[str]) -> bool:
    """Whether one of the keys has a value; nearly always there are no such keys."""
    return bool(keys) and any(data[key] is not None for key in keys)


@frozen
class Schedule:
    """When a campaign starts and ends.

    Attributes:
        start: An aware datetime; None: at once, or the server gives none.
        end: An aware datetime; None without one.
    """

    start: datetime | None = None
    end: datetime | None = None

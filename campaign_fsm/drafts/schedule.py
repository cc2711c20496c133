"""A schedule: its limits, how it is sent and how it comes back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from campaign_fsm.drafts.preview import preview
from campaign_fsm.errors import FieldProblem
from campaign_fsm.rules import PAGES, Channel
from campaign_fsm.wire.campaign import Campaign
from campaign_fsm.wire.schedule import SCHEDULE_KEYS, Schedule
from campaign_fsm.words import length

# How many seconds a start has to lie ahead, and what the page that says so says.
_AHEAD: Final = {
    Channel.MESSAGE: (600.0, f"{PAGES['create-sms-campaign'].title!r} asks for a start at least 10 minutes ahead"),
    Channel.VOICE: (0.0, f"{PAGES['campaign-scheduling'].title!r} asks for a start in the future"),
}
_SHORTEST: Final = timedelta(hours=2)
# The last year in which a country, Liberia, had an offset with seconds.
_LOCAL_MEAN_TIME: Final = 1972


def _unusable(value: Any) -> str:
    """What a value would have to be to be the same moment for everybody, and RFC 3339; empty if it is."""
    try:
        offset = value.utcoffset() if isinstance(value, datetime) else None
        if offset is None:
            return "a datetime with a time zone"
        value.astimezone(UTC)
    except OverflowError:
        return "a time that there is in UTC, too; this one is at an end of the calendar"
    except Exception:  # noqa: BLE001 (other classes of datetimes and zones)
        return "a datetime with a time zone"
    if offset % timedelta(minutes=1):
        rule = "an offset of whole minutes, as +05:30; "
        if value.year <= _LOCAL_MEAN_TIME:
            return f"{rule}in {value.year} the zone had none yet: check the year"
        return (
            f"{rule}tzinfo=pytz.timezone(…) sets the local mean time of old: "
            "use zoneinfo.ZoneInfo, or the zone's localize()"
        )
    return ""


def check_schedule(value: Any, channel: Channel) -> Iterator[FieldProblem]:
    """What is wrong with a schedule: only message campaigns have a documented shortest length, of 2 hours."""
    first, last = (f"schedule.{key}" for key in SCHEDULE_KEYS[channel])
    if not isinstance(value, Schedule):
        yield FieldProblem("schedule", "a Schedule", preview("schedule", value))
        return
    sound = True
    for name, part in ((first, value.start), (last, value.end)):
        if part is not None and (rule := _unusable(part)):
            sound = False
            yield FieldProblem(name, rule, preview(name, part))
    if value.start is None and value.end is None:
        yield FieldProblem("schedule", "a start or an end, or no schedule at all", "neither")
    elif sound and value.start is not None and value.end is not None:
        # In UTC: within one zone Python subtracts what clocks show, and those are set twice a year.
        lasts = value.end.astimezone(UTC) - value.start.astimezone(UTC)
        given = f"{length(-lasts)} before it" if lasts < timedelta(0) else f"{lasts} after it"
        if channel is Channel.MESSAGE and lasts < _SHORTEST:
            yield FieldProblem(last, "at least 2 hours after the start", given)
        elif lasts <= timedelta(0):
            yield FieldProblem(last, "after the start", given)


def schedule_to_wire(schedule: Schedule, channel: Channel) -> dict[str, str]:
    """A schedule as RFC 3339 texts with their offsets, under the keys of the channel."""
    parts = zip(SCHEDULE_KEYS[channel], (schedule.start, schedule.end), strict=True)
    return {key: part.isoformat() for key, part in parts if part is not None}


def schedule_warnings(schedule: Schedule | None, channel: Channel, now: datetime) -> Iterator[FieldProblem]:
    """What speaks against a schedule that keeps to the limits: an end that is past, a start that is past or too near.

    How near is documented for messages alone.
    """
    if schedule and schedule.end and schedule.end.astimezone(UTC) <= now.astimezone(UTC):
        name = f"schedule.{SCHEDULE_KEYS[channel][1]}"
        yield FieldProblem(name, "an end that lies ahead", schedule.end.isoformat())
    if not schedule or not schedule.start:
        return
    ahead = (schedule.start.astimezone(UTC) - now.astimezone(UTC)).total_seconds()
    least, rule = _AHEAD[channel]
    if ahead < least or ahead <= 0:
        name = f"schedule.{SCHEDULE_KEYS[channel][0]}"
        yield FieldProblem(
            name,
            rule,
            f"{ahead:.0f} s ahead" if ahead >= 0 else f"{length(timedelta(seconds=-ahead))} ago",
        )


def schedule_of(campaign: Campaign) -> object:
    """The schedule that a campaign shows, with the parts of it that could not be read as they came."""
    read, unread = campaign.schedule, campaign.raw.get("schedule")
    if read is None:
        return unread
    keys = SCHEDULE_KEYS[campaign.channel]
    times = dict(zip(keys, (read.start, read.end), strict=True))
    if isinstance(unread, Mapping):
        times = {key: unread.get(key) if time is None else time for key, time in times.items()}
    return {key: time for key, time in times.items() if time is not None} or None

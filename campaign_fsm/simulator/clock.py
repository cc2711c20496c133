"""The virtual clock of the simulated account, and arithmetic that knows where the calendar ends."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from attrs import define


def aware(moment: datetime) -> datetime:
    """The same moment with its offset alone: within one zone Python adds and compares what clocks show.

    Raises:
        ValueError: It has no time zone, or no time in UTC, as at the very ends of the calendar.
    """
    offset = moment.utcoffset()
    if offset is None:
        raise ValueError(f"{moment.isoformat()} has no time zone")
    try:
        moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{moment.isoformat()} is beyond the calendar in UTC") from None
    return moment.replace(tzinfo=timezone(offset), fold=0)


def later(moment: datetime, seconds: float) -> datetime | None:
    """The moment so many seconds after an aware one; None where the calendar has ended by then."""
    try:
        return aware(moment + timedelta(seconds=seconds))
    except (OverflowError, ValueError):
        return None


def later_or_last(moment: datetime, seconds: float) -> datetime:
    """The moment so many seconds after an aware one, at most the last that the calendar has."""
    found = later(moment, seconds)
    return _last(moment.tzinfo) if found is None else found


def _last(zone: tzinfo | None) -> datetime:
    """The last moment that the calendar has both in this zone and in UTC."""
    try:
        return datetime.max.replace(tzinfo=UTC).astimezone(zone)
    except OverflowError:
        return datetime.max.replace(tzinfo=zone)


@define
class Clock:
    """A clock that stands still until it is moved, or runs with the real one. It stops where the calendar ends."""

    _at: datetime
    """The time when it was last moved, if it runs without what has passed since it was set."""
    _running_since: float | None
    """When it was set, on the monotonic clock of this machine, in seconds; None if it stands still."""

    @classmethod
    def starting(cls, now: datetime, *, live: bool) -> Clock:
        return cls(aware(now), time.monotonic() if live else None)

    @property
    def live(self) -> bool:
        return self._running_since is not None

    @property
    def now(self) -> datetime:
        """The virtual time, an aware datetime."""
        if self._running_since is None:
            return self._at
        return later_or_last(self._at, time.monotonic() - self._running_since)

    def advance(self, seconds: float) -> None:
        """Move it forward.

        Raises:
            ValueError: That is not forward, or more than the calendar has.
        """
        if not seconds >= 0:
            raise ValueError(f"time moves forward, not by {seconds!r} seconds")
        found = later(self._at, seconds)
        if found is None:
            raise ValueError(f"{seconds!r} seconds are more than the calendar has")
        self._at = found

    def set(self, now: datetime) -> None:
        """Set it to an aware datetime, forward or back."""
        self._at = aware(now)
        if self._running_since is not None:
            self._running_since = time.monotonic()

"""Readings that may be used again, where the caller set `max_age`."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from attrs import define

from campaign_fsm.gate.locks import Key
from campaign_fsm.rules import Status
from campaign_fsm.wire.answer import Reading

_MOST: Final = 1024


@define
class _Stored:
    reading: Reading
    sent_at: float


class Readings:
    """The newest reading of each campaign, for at most `max_age` seconds; keeps none if that is 0.

    Ages count from when the read was sent: its answer may be that old when it arrives.
    """

    def __init__(self, max_age: float, clock: Callable[[], float]) -> None:
        self._max_age = max_age
        self._clock = clock
        self._stored: dict[Key, _Stored] = {}
        self._guard = threading.Lock()
        self._begun = 0
        self._in_flight: set[object] = set()

    def get(self, key: Key) -> tuple[Reading, float] | None:
        """A reading that is still fresh enough and when it was sent, or None."""
        stored = self._stored.get(key)
        if stored is None or self._clock() - stored.sent_at > self._max_age:
            return None
        return stored.reading, stored.sent_at

    def put(self, key: Key, reading: Reading, sent_at: float) -> None:
        """Keep the reading of somebody who holds the campaign's lock."""
        if not self._max_age or reading.status is Status.UNKNOWN:
            return
        with self._guard:
            if len(self._stored) >= _MOST:
                now = self._clock()
                self._stored = {key: kept for key, kept in self._stored.items() if now - kept.sent_at <= self._max_age}
                if len(self._stored) >= _MOST:
                    self._stored.clear()
            self._stored[key] = _Stored(reading, sent_at)

    def write_begins(self, key: Key, write: object) -> None:
        """From here on nobody knows the status, until the answer is in."""
        with self._guard:
            self._stored.pop(key, None)
            self._begun += 1
            self._in_flight.add(write)

    def write_ends(self, write: object) -> None:
        """The answer is in, or lost; may be called twice."""
        with self._guard:
            self._in_flight.discard(write)

    def quiet_since(self) -> int | None:
        """A mark for `undisturbed`: None while any write is under way."""
        return None if self._in_flight else self._begun

    def undisturbed(self, mark: int | None) -> bool:
        """Whether no write overlapped the time since the mark; a read that did may show the state before it."""
        return mark is not None and not self._in_flight and mark == self._begun

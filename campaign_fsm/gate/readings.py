"""Readings that may be used again, where the caller set `max_age`."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from attrs import define

from campaign_fsm.gate.section import Moves
from campaign_fsm.rules import Status
from campaign_fsm.wire.reading import Reading


@define
class _Stored:
    reading: Reading | None
    sent_at: float
    campaign: str
    mark: int


class Readings:
    """The newest reading of each campaign, for at most `max_age` seconds; keeps none if that is 0.

    Ages count from when the read was sent: its answer may be that old when it arrives. Keys are exact
    (`reading_key`); what ends a reading early is a write of its campaign by any gate of the process, in any
    spelling, and a later question of this gate that was answered with no reading.

    Args:
        max_age: Seconds.
        clock: Seconds, monotonic.
        most: How many are kept.
    """

    def __init__(self, max_age: float, clock: Callable[[], float], most: int = 1024) -> None:
        self._max_age = max_age
        self._clock = clock
        self._most = most
        self._stored: dict[str, _Stored] = {}

    def get(self, key: str, moves: Moves) -> tuple[Reading, float] | None:
        """A reading that is still good enough and when it was sent, or None."""
        stored = self._stored.get(key)
        if stored is None or stored.reading is None or self.is_too_old(stored.sent_at):
            return None
        return (stored.reading, stored.sent_at) if moves.unmoved_since(stored.campaign, stored.mark) else None

    def is_too_old(self, sent_at: float) -> bool:
        """Whether what was sent then may no longer be used."""
        return self._clock() - sent_at > self._max_age

    def put(self, key: str, campaign: str, reading: Reading | None, sent_at: float, mark: int) -> None:
        """Keep a reading, unless a later question has been answered already.

        Args:
            key: The campaign, exactly as it was asked for.
            campaign: The campaign, as `Moves` know it.
            reading: What the server answered; None if that was no reading.
            sent_at: When it was asked, on the gate's clock.
            mark: The same in marks of `Moves`: a write since then ends the reading.
        """
        if not self._max_age:
            return
        if reading is not None and reading.status is Status.UNKNOWN:
            reading = None
        before = self._stored.pop(key, None)  # the newest stand last
        if before is not None and before.sent_at > sent_at:
            reading, sent_at, mark = before.reading, before.sent_at, before.mark
        self._stored[key] = _Stored(reading, sent_at, campaign, mark)
        while len(self._stored) > self._most:
            with suppress(StopIteration, RuntimeError, KeyError):  # others may put something at the same time
                del self._stored[next(iter(self._stored))]

"""The journal of the simulated account: what arrived, and what happened by itself."""

from __future__ import annotations

from collections import deque
from datetime import datetime
from typing import Any

from attrs import define, field, frozen

from campaign_fsm.rules import Channel, Status
from campaign_fsm.simulator.faults import Fault


@frozen
class JournalEntry:
    """One line of the journal.

    Attributes:
        number: Counts from 1, also those that a limited journal has dropped.
        at: The virtual time, an aware datetime.
        kind: ``"request"``, ``"move"`` (`Simulator.move` did it) or ``"event"`` (the platform did it by itself).
        method: The HTTP method of a request.
        path: Its path and query.
        channel: The kind of campaign.
        id: The campaign; of a create the one that it made, None where it made none.
        action: What the write asked for, as a lenient server reads it; for an event its name, which is ``resume`` where
            a resume from before the start takes effect (CF104).
        status_before: The status on arrival.
        status_after: The status afterwards.
        legal: Whether what a write asks for was legal on arrival; None for everything else. How it is spelled (a query,
            keys that stand twice) is not looked at.
        applied: Whether it took effect.
        status_code: The status code of the answer; None if none was given.
        fault: The fault that struck.
        user_agent: The header of this name, which tells clients apart.
    """

    number: int
    at: datetime
    kind: str
    method: str | None = None
    path: str | None = None
    channel: Channel | None = None
    id: str | None = None
    action: str | None = None
    status_before: Status | None = None
    status_after: Status | None = None
    legal: bool | None = None
    applied: bool = False
    status_code: int | None = None
    fault: Fault | None = None
    user_agent: str | None = None


Entry = JournalEntry  # its name before others had it too


@define
class Journal:
    """The entries, in order; with a limit only the newest so many."""

    limit: int | None = None
    written: int = 0
    """How many entries there have been."""
    _entries: deque[JournalEntry] = field(init=False)

    @_entries.default
    def _none_yet(self) -> deque[JournalEntry]:
        return deque(maxlen=self.limit)

    @property
    def entries(self) -> tuple[JournalEntry, ...]:
        return tuple(self._entries)

    @property
    def dropped(self) -> int:
        """How many of the oldest entries are no longer kept."""
        return self.written - len(self._entries)

    def write(self, kind: str, at: datetime, **fields: Any) -> None:
        self.written += 1
        self._entries.append(JournalEntry(number=self.written, at=at, kind=kind, **fields))

    def clear(self) -> None:
        """Begin again, with number 1."""
        self.written = 0
        self._entries.clear()

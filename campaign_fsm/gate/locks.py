"""One lock for each campaign, held from the read to the answer of a write."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Protocol

from attrs import define

Key = tuple[Any, ...]


class Lock(Protocol):
    """What the gate needs of a lock: a release that only its owner can call (else RuntimeError)."""

    def release(self) -> None: ...


@define
class _Slot:
    lock: Lock
    users: int = 0


class LockTable:
    """One lock for each campaign that somebody is working on; gone when nobody is."""

    def __init__(self, make: Callable[[], Lock]) -> None:
        self._make = make
        self._slots: dict[Key, _Slot] = {}
        self._guard = threading.Lock()

    def __len__(self) -> int:
        return len(self._slots)

    def lease(self, key: Key) -> Lease:
        """A claim on the campaign's lock. The driver acquires `Lease.lock`; the flow releases the lease."""
        with self._guard:
            slot = self._slots.setdefault(key, _Slot(self._make()))
            slot.users += 1
        return Lease(self, key, slot.lock)

    def give_back(self, key: Key) -> None:
        """End one claim."""
        with self._guard:
            slot = self._slots[key]
            slot.users -= 1
            if not slot.users:
                del self._slots[key]


class Lease:
    """One flow's claim on one campaign's lock."""

    def __init__(self, table: LockTable, key: Key, lock: Any) -> None:
        self.lock = lock
        self._table = table
        self._key = key
        self._ended = False

    def release(self) -> None:
        """Let go, whether or not the lock was ever acquired. Never waits; may be called twice."""
        if self._ended:
            return
        self._ended = True
        try:
            # Asking the lock itself who owns it leaves no moment in which an interrupt between
            # acquiring and noting so could leak it.
            self.lock.release()
        except RuntimeError:
            pass
        finally:
            self._table.give_back(self._key)

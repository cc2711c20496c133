"""One lock for each campaign, held from the read to the answer of a write."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol
from weakref import WeakValueDictionary

Key = tuple[Any, ...]


class Lock(Protocol):
    """What the gate needs of a lock: a release that only its owner can call (else RuntimeError)."""

    def release(self) -> None: ...


class _Slot:
    """A lock that is gone when no lease refers to it."""

    def __init__(self, lock: Lock) -> None:
        self.lock = lock


class LockTable:
    """One lock for each campaign that somebody is working on; gone when nobody is.

    Only the leases hold the locks. So an interrupt at any moment, also between two statements, leaves
    none behind: a flow that has ended takes its lease with it.
    """

    def __init__(self, make: Callable[[], Lock]) -> None:
        self._make = make
        self._slots: WeakValueDictionary[Key, _Slot] = WeakValueDictionary()
        self._guard = threading.Lock()

    def __len__(self) -> int:
        return len(self._slots)

    def lease(self, key: Key) -> Lease:
        """A claim on the campaign's lock. The driver acquires `Lease.lock`; the flow releases the lease."""
        return Lease(self, key)

    def slot(self, key: Key) -> _Slot:
        """The lock of a campaign, found or made."""
        with self._guard:
            return self._slots.setdefault(key, _Slot(self._make()))


class Lease:
    """One flow's claim on one campaign's lock."""

    def __init__(self, table: LockTable, key: Key) -> None:
        self._table = table
        self._key = key
        self._slot: _Slot | None = None

    @property
    def lock(self) -> Any:
        """The lock, to be acquired by the driver."""
        if self._slot is None:
            self._slot = self._table.slot(self._key)
        return self._slot.lock

    def release(self) -> None:
        """Let go, whether or not the lock was ever acquired. Never waits; may be called twice."""
        if self._slot is not None:
            # Asking the lock itself who owns it leaves no moment in which an interrupt between
            # acquiring and noting so could leak it.
            with suppress(RuntimeError):
                self._slot.lock.release()
            self._slot = None

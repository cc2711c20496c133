"""A value that several threads change, without a lock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

_V = TypeVar("_V")
_R = TypeVar("_R")


class _Version(Generic[_V]):
    def __init__(self, value: _V) -> None:
        self.value = value
        self.next: dict[str, _Version[_V]] = {}


class Cell(Generic[_V]):
    """A value that changes in atomic steps.

    A step is a pure function from the old value to the new one. If another thread, or a signal handler or
    finalizer in the middle of this one, changed the value meanwhile, the step is done again from there: so
    nobody ever waits, and nothing is held when an interrupt or a fork comes.
    """

    def __init__(self, value: _V) -> None:
        self._version = _Version(value)

    def get(self) -> _V:
        """The value as it is now."""
        return self._newest().value

    def _newest(self) -> _Version[_V]:
        version = self._version
        while version.next:
            version = version.next[""]
        return version

    def update(self, step: Callable[[_V], tuple[_V, _R]]) -> _R:
        """Change the value and return what else the step returns; it may be called several times."""
        while True:
            version = self._newest()
            value, result = step(version.value)
            fresh = _Version(value)
            if version.next.setdefault("", fresh) is fresh:
                self._version = fresh
                return result

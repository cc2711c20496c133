"""What a fork does to things that belong to threads: locks, and servers that listen in one.

The child has none of the other threads. A lock that one of them held would stay locked for ever, and a
server would be waited for that nobody runs.
"""

from __future__ import annotations

import itertools
import os
import threading
import weakref
from types import TracebackType
from typing import Final


class Forked:
    """Is notified of forks, as long as it lives; see `watch`."""

    def before_fork(self) -> None:
        """The thread that calls is about to fork the process."""

    def after_fork(self, *, in_child: bool) -> None:
        """The same thread, in one of the two processes.

        Args:
            in_child: Whether it is the child.
        """


_NUMBERS: Final = itertools.count(1)
_WATCHED: Final[dict[int, weakref.ref[Forked]]] = {}


class _Notified(threading.local):
    def __init__(self) -> None:
        self.those: tuple[Forked, ...] = ()


_NOTIFIED: Final = _Notified()


def watch(thing: Forked) -> None:
    """Notify a thing of forks from now on. Those that came first are notified first."""
    number = next(_NUMBERS)
    _WATCHED[number] = weakref.ref(thing, lambda _: _WATCHED.pop(number, None))


def _before() -> None:
    # Always in the same order: two threads that fork at the same time do not wait for each other.
    living = [reference() for _, reference in sorted(_WATCHED.copy().items())]
    _NOTIFIED.those = tuple(thing for thing in living if thing is not None)
    for thing in _NOTIFIED.those:
        thing.before_fork()


def _after(*, in_child: bool) -> None:
    those, _NOTIFIED.those = _NOTIFIED.those, ()
    for thing in reversed(those):
        thing.after_fork(in_child=in_child)


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(
        before=_before, after_in_parent=lambda: _after(in_child=False), after_in_child=lambda: _after(in_child=True)
    )


class Lock(Forked):
    """A lock like `threading.RLock`. A fork waits for it, so that its child finds it free and what it guards whole."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        watch(self)

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self._lock.release()

    def before_fork(self) -> None:
        self._lock.acquire()

    def after_fork(self, *, in_child: bool) -> None:
        # The thread that forked has it, in both processes.
        self._lock.release()

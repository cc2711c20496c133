"""Who asks: the process, thread and event loop of a caller, and whether it can still go on."""

from __future__ import annotations

import itertools
import os
import threading
from typing import Any, Final, Self

from attrs import define

_forks: Final = itertools.count(1)
_generation = 0


def _in_child() -> None:
    global _generation  # noqa: PLW0603 (a fork happens to the whole module)
    _generation = next(_forks)


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_in_child)


Process = tuple[int, int]


def process() -> Process:
    """The running process; unlike its pid alone, never the same as that of an ancestor."""
    return os.getpid(), _generation


def _running_loop() -> Any:
    """The event loop of asyncio that runs in this thread; None under trio and without one."""
    import asyncio

    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


@define(eq=False)
class Party:
    """A caller, seen from others that wait for it."""

    process: Process
    thread: threading.Thread
    """By the object: the number of a thread that has ended is given to another one."""
    blocking: bool
    """Whether its thread does nothing else while it waits."""
    loop: Any

    @classmethod
    def here(cls, *, blocking: bool, began: Process | None = None) -> Self:
        """Whoever runs now; `began` is the process in which its work began, where that may be another one."""
        return cls(began or process(), threading.current_thread(), blocking, None if blocking else _running_loop())

    def is_gone(self) -> bool:
        """Whether it will never go on: its process was forked away from, or its event loop was closed."""
        return self.process != process() or (self.loop is not None and self.loop.is_closed())

    def is_dead(self) -> bool:
        """Whether nothing runs it any more, as far as can be seen: its thread has ended, and no other has its loop."""
        # At the end of the interpreter the main thread counts as ended, and still runs.
        ended = self.thread is not threading.main_thread() and not self.thread.is_alive()
        return ended and (self.loop is None or not self.loop.is_running())

    def is_stuck_behind(self, other: Party) -> bool:
        """Whether it cannot go on before `other` has ended, because both need one thread.

        Then one of them blocks it, or they are in two event loops, of which a thread runs one at a time.
        """
        return self.thread is other.thread and (self.blocking or other.blocking or self.loop is not other.loop)

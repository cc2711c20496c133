"""How long is waited between tries, by the client after a failed call and by the gate after a failed read.

Until when something is tried is the `deadline` of a client or transport. The pace until then stands here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from attrs import define, frozen

DEADLINE: Final = 30.0
"""For how many seconds a call is tried again, unless its client or transport is given another time."""


@frozen
class Pace:
    """How fast something is tried again, in seconds.

    Attributes:
        first_delay: Between the first try and the second.
        longest_delay: Between any two; until then each delay is twice the one before.
        looks: Before each of the reads that look for what became of a write whose answer was lost.
        section: For how long a campaign's section is waited for where the deadline is 0.
    """

    first_delay: float = 0.5
    longest_delay: float = 8.0
    looks: tuple[float, ...] = (0.0, 0.25, 0.5, 1.0, 2.0)
    section: float = 5.0

    def backoff(self) -> Iterator[float]:
        """The delays between the tries, without an end."""
        delay = self.first_delay
        while True:
            yield delay
            delay = min(delay * 2, self.longest_delay)


PACE: Pace = Pace()
"""The pace of every client and gate that is given none."""


@define
class Tries:
    """The tries of one call.

    Attributes:
        clock: Seconds, monotonic.
        give_up: Until when there is a next one, on that clock.
    """

    clock: Callable[[], float]
    give_up: float
    _delays: Iterator[float]

    @classmethod
    def within(cls, deadline: float, clock: Callable[[], float], pace: Pace) -> Tries:
        """Tries during so many seconds from now."""
        return cls(clock, clock() + deadline, pace.backoff())

    def wait(self, asked: float | None = None) -> float | None:
        """Seconds until the next try, None if there is none: it would come too late.

        Args:
            asked: Seconds that the server asked for (``Retry-After``); 0 and None: nothing.
        """
        delay = next(self._delays)
        seconds = asked or delay
        return None if self.clock() + seconds >= self.give_up else seconds

    def left(self) -> float:
        """Seconds until there is no next try any more."""
        return max(self.give_up - self.clock(), 0.0)

"""The rate limit of the simulated account: so many requests in a minute of its clock (S8)."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from attrs import define

_MINUTE: Final = 60


@define
class MinuteCount:
    """How many requests came in the minute that is under way."""

    minute: int = 0
    """Minutes since 1970."""
    taken: int = 0

    def take(self, now: datetime) -> int:
        """Count one more request; how many it makes in this minute."""
        self._turn(now)
        self.taken += 1
        return self.taken

    def headers(self, limit: int, now: datetime, *, limited: bool) -> list[tuple[str, str]]:
        """What an answer says of the limit; `limited` if it is a 429."""
        self._turn(now)
        resets = (self.minute + 1) * _MINUTE
        left = max(0, limit - self.taken)
        found = [("X-RateLimit-Limit", limit), ("X-RateLimit-Remaining", left), ("X-RateLimit-Reset", resets)]
        if limited and not left:
            found.append(("Retry-After", resets - int(now.timestamp())))
        return [(name, str(value)) for name, value in found]

    def clear(self) -> None:
        self.minute, self.taken = 0, 0

    def _turn(self, now: datetime) -> None:
        minute = int(now.timestamp()) // _MINUTE
        if minute != self.minute:
            self.minute, self.taken = minute, 0

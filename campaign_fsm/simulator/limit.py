"""The rate limit of the simulated account: so many requests in a minute of its clock."""

from __future__ import annotations

from datetime import datetime

from attrs import define


def _minute(moment: datetime) -> int:
    """Minutes since 1970."""
    return int(moment.timestamp()) // 60


@define
class MinuteCount:
    """How many requests were counted in the minute of the last one."""

    minute: int = 0
    taken: int = 0

    def take(self, now: datetime) -> int:
        """Count one more request; how many it makes in this minute."""
        self.taken = self._taken_in(_minute(now)) + 1
        self.minute = _minute(now)
        return self.taken

    def headers(self, limit: int, now: datetime, *, limited: bool) -> list[tuple[str, str]]:
        """What an answer says of the limit; `limited` if it is a 429."""
        minute = _minute(now)
        resets = (minute + 1) * 60
        left = max(0, limit - self._taken_in(minute))
        headers = [("X-RateLimit-Limit", limit), ("X-RateLimit-Remaining", left), ("X-RateLimit-Reset", resets)]
        if limited and not left:
            headers.append(("Retry-After", resets - int(now.timestamp())))
        return [(name, str(value)) for name, value in headers]

    def clear(self) -> None:
        self.minute, self.taken = 0, 0

    def _taken_in(self, minute: int) -> int:
        return self.taken if minute == self.minute else 0

"""An answer as it came: status code, headers, body, and the clock of whoever sent it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Final

from attrs import field, frozen

from campaign_fsm.wire.caches import is_from_cache

_SECONDS: Final = re.compile(r"[0-9]+(\.[0-9]*)?")
_LONGEST_WAIT: Final = 86_400.0
# The server's own clock is used in sums, so a date at the very ends of the calendar is none.
_YEARS: Final = range(2, 9999)


@lru_cache(maxsize=64)
def _http_date(value: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(value)
        date = date.astimezone(UTC) if date.tzinfo else date.replace(tzinfo=UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return date if date.year in _YEARS else None


@frozen
class Answer:
    """An answer as it came: status code, headers, decoded body.

    Attributes:
        cached: Whether a client-side cache says that it made the answer.
        unreadable: Why there is no body: it came in an encoding that is not decoded.
    """

    status_code: int
    headers: tuple[tuple[bytes, bytes], ...] = field(repr=False)
    body: bytes = field(repr=False)
    cached: bool = False
    unreadable: str | None = None

    def header(self, name: bytes) -> str | None:
        """The first value of a header, or None."""
        length = len(name)
        for key, value in self.headers:
            if len(key) == length and key.lower() == name:
                return value.decode("latin-1").strip()
        return None

    @property
    def retry_after(self) -> float | None:
        """Seconds that the server asks to wait, at most a day; None if it does not say, or not in a form of HTTP.

        A date is held against the answer's own clock, and against the local one if it has none.
        """
        value = self.header(b"retry-after")
        if not value:
            return None
        if _SECONDS.fullmatch(value):
            return min(float(value), _LONGEST_WAIT)
        until = _http_date(value)
        if until is None:
            return None
        return min(max((until - (self.date or datetime.now(UTC))).total_seconds(), 0.0), _LONGEST_WAIT)

    @property
    def date(self) -> datetime | None:
        """The server's clock, an aware datetime in UTC; None if it says none, or more than one."""
        found = None
        for key, value in self.headers:
            if len(key) == 4 and key.lower() == b"date":
                if found is not None:
                    return None
                found = value
        return None if found is None else _http_date(found.decode("latin-1").strip())

    @property
    def from_cache(self) -> bool:
        """Whether some cache, ours or one on the way, says that it made the answer."""
        return self.cached or is_from_cache(self.headers)


class NotReadable(ValueError):
    """The answer cannot be used as a reading; `code` is one of ``CF502``, ``CF503``, ``CF504``."""

    def __init__(self, detail: str, code: str = "CF502") -> None:
        super().__init__(detail)
        self.code = code

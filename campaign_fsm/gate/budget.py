"""How many requests an account may make: one budget for all clients in the process.

The vendor documents 30 campaign requests a minute (S8; fact sheet 5.5 has the other figures), and does
not say whether reads count. So reads and writes count together, until the server's own
``X-RateLimit-*`` headers say otherwise. A sliding window of `pyrate-limiter` counts; who goes first is
decided here: `pause` is the emergency brake.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from attrs import define, field, frozen

from campaign_fsm.wire.answer import Answer

if TYPE_CHECKING:
    from pyrate_limiter import InMemoryBucket

PER_MINUTE: Final = 30
_MINUTE_MS: Final = 60_000
# The documented limits are those of a minute: a reset further away is a mistake or another clock, and
# whoever is told to stay away for longer is better told by an error than by silence.
_LONGEST: Final = 90.0
_POLL: Final = 0.05


@frozen
class Wait:
    """A request waits for its account's budget.

    Attributes:
        account: The account.
        host: The host that it is for.
        method: What waits.
        campaign_id: The campaign that it is about, None for a list.
        seconds: For how long, at first; others may go first and make it longer.
    """

    account: str
    host: str
    method: str
    campaign_id: str | None
    seconds: float


@define
class _Window:
    """What the server says is left until it starts to count anew."""

    resets_at: float
    remaining: int


@frozen(order=True)
class Ticket:
    """A place in the queue: the urgent first, then by arrival."""

    rank: int
    number: int
    weight: int = field(order=False)


class Budget:
    """The budget of one account. Nothing here waits: whoever asks is told how long to."""

    def __init__(self, per_minute: int, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._per_minute = per_minute
        self._bucket: InMemoryBucket = _bucket(per_minute)
        self._window: _Window | None = None
        self._closed_until = 0.0
        self._first_asks_at = 0.0
        self._queue: set[Ticket] = set()
        self._numbers = itertools.count()
        self._guard = threading.Lock()

    @property
    def per_minute(self) -> int:
        return self._per_minute

    def limit(self, per_minute: int) -> None:
        """Allow so many a minute from now on; what was spent stays spent."""
        with self._guard:
            self._set(per_minute)

    def _set(self, per_minute: int) -> None:
        if per_minute != self._per_minute:
            bucket = _bucket(per_minute)
            bucket.items = self._bucket.items[-per_minute:]
            self._per_minute, self._bucket = per_minute, bucket

    def queue(self, weight: int, *, urgent: bool) -> Ticket:
        """A place in the queue for `weight` requests at once, taken when first asked for; `leave` it in any case."""
        return Ticket(0 if urgent else 1, next(self._numbers), weight)

    def leave(self, ticket: Ticket) -> None:
        """Give the place up; may be called twice."""
        with self._guard:
            self._queue.discard(ticket)

    def ask(self, ticket: Ticket) -> float:
        """0 if the requests may be made now, and then they are counted; else seconds after which to ask again."""
        with self._guard:
            self._queue.add(ticket)
            now = self._clock()
            if self._closed_until > now:
                return self._closed_until - now
            if ticket is not min(self._queue, default=ticket):
                # Ask again just after whoever is first.
                return max(self._first_asks_at - now, 0.0) + _POLL
            wait = self._room(ticket.weight, now)
            self._first_asks_at = now + wait
            if not wait:
                self._queue.discard(ticket)
            return wait

    def _room(self, weight: int, now: float) -> float:
        """Take the weight out of what is left, or say when there will be room for it."""
        from pyrate_limiter import RateItem

        if self._window and self._window.resets_at <= now:
            self._window = None
        if self._window:
            if self._window.remaining < weight:
                return self._window.resets_at - now
            self._window.remaining -= weight
            return 0.0
        item = RateItem("", int(now * 1000), weight)
        if self._bucket.put(item):
            self._bucket.leak(int(now * 1000))
            return 0.0
        wait = self._bucket.waiting(item)
        assert isinstance(wait, int)
        return max(wait / 1000, 0.001)

    def learn(self, answer: Answer) -> None:
        """Take over what an answer says of the server's own count (S8)."""
        limit, remaining, resets = (_number(answer, name) for name in (b"limit", b"remaining", b"reset"))
        with self._guard:
            now = self._clock()
            if answer.status_code == 429 and answer.retry_after is not None:
                self._closed_until = max(self._closed_until, now + min(answer.retry_after, _LONGEST))
            if limit is not None and limit >= 2:
                self._set(limit)
            if remaining is None or resets is None or answer.date is None:
                return
            ahead = resets - answer.date.timestamp()
            if not 0 < ahead <= _LONGEST:
                return
            window = self._window
            if window and abs(window.resets_at - (now + ahead)) < 2.0:
                # Answers overtake each other: the least that was said is what is left.
                window.remaining = min(window.remaining, remaining)
            else:
                self._window = _Window(now + ahead, remaining)


def _bucket(per_minute: int) -> InMemoryBucket:
    # Imported only where a budget is kept: loopback has none.
    from pyrate_limiter import InMemoryBucket, Rate

    return InMemoryBucket([Rate(per_minute, _MINUTE_MS)])


def _number(answer: Answer, name: bytes) -> int | None:
    value = answer.header(b"x-ratelimit-" + name)
    return int(value) if value and value.isascii() and value.isdigit() and len(value) <= 12 else None


def is_vendor(host: str) -> bool:
    """Whether a host is one of the vendor's own, which the documented limits are about."""
    return host == "exotel.com" or host.endswith(".exotel.com")


_BUDGETS: Final[dict[tuple[str, str], Budget]] = {}
_BUDGETS_GUARD: Final = threading.Lock()


def budget_of(host: str, account: str, per_minute: int | None, clock: Callable[[], float]) -> Budget | None:
    """The budget that all clients in the process share for an account on a host.

    Args:
        host: The host, with its port where there is one.
        account: The account.
        per_minute: What this client was told: None is the default, which is none but on the vendor's
            hosts; 0 is none at all. Of two clients that were told differently, the smaller counts.
        clock: Seconds, monotonic.
    """
    if per_minute == 0 or (per_minute is None and not is_vendor(host.partition(":")[0])):
        return None
    with _BUDGETS_GUARD:
        budget = _BUDGETS.get((host, account))
        if budget is None:
            budget = _BUDGETS[host, account] = Budget(per_minute or PER_MINUTE, clock)
        elif per_minute and per_minute < budget.per_minute:
            budget.limit(per_minute)
        return budget

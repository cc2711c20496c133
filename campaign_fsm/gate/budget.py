"""How many requests an account may make: one budget for all clients in the process.

The vendor documents 30 campaign requests a minute and 300 general reads, and does not say which of the two a read of a
campaign is (https://developer.exotel.com/docs/advanced-config/rate-limiting). So reads and writes count together, until
the server's own ``X-RateLimit-*`` headers say otherwise. In no minute are there more than so many, wherever it begins,
and `pause` goes first: it is the emergency brake.

The state is one immutable value that changes in atomic steps (`Cell`): a signal handler, a finalizer or a fork
finds nothing half done and no lock held.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Final

from attrs import evolve, frozen

from campaign_fsm.gate.cell import Cell
from campaign_fsm.gate.party import Party
from campaign_fsm.wire.answer import Answer

PER_MINUTE: Final = 30
_MINUTE: Final = 60.0
_SHORTEST: Final = 0.001
# The documented limits are those of a minute: a reset further away is a mistake or another clock, and
# whoever has to stay away for longer is better served by an error than by silence.
_LONGEST: Final = 90.0
_POLL: Final = 0.05
# Whoever was to ask again and has not done so for as long is passed over.
_SILENT: Final = 120.0


@frozen
class Wait:
    """A request waits for its account's budget.

    Attributes:
        account: The account.
        host: The host that it is for.
        method: The HTTP method of the request that waits.
        campaign_id: The campaign that it is about, None for a list or a create.
        seconds: For how many seconds, at first; other requests may go before it and make it longer.
    """

    account: str
    host: str
    method: str
    campaign_id: str | None
    seconds: float


@frozen
class _Window:
    """What the server says is left until it starts to count anew."""

    resets_at: float
    remaining: int


@frozen(eq=False)
class Turn:
    """A place in the queue: the urgent first, then by arrival."""

    rank: tuple[bool, int]
    weight: int
    party: Party


@frozen
class _Place:
    turn: Turn
    asks_at: float

    def is_left(self, now: float) -> bool:
        party = self.turn.party
        return now - self.asks_at >= _SILENT or party.is_gone() or party.is_dead()


@frozen
class _State:
    per_minute: int
    minute: float
    spent: tuple[float, ...] = ()
    """When each request of the last minute was let through, oldest first."""
    window: _Window | None = None
    closed_until: float = 0.0
    queue: tuple[_Place, ...] = ()

    def without(self, turn: Turn, now: float | None = None) -> _State:
        """Also without those that will not ask again."""
        return evolve(
            self,
            queue=tuple(
                place for place in self.queue if place.turn is not turn and (now is None or not place.is_left(now))
            ),
        )


class Budget:
    """The budget of one account. Nothing here waits: whoever asks gets the time to wait."""

    def __init__(self, per_minute: int, clock: Callable[[], float], minute: float = _MINUTE) -> None:
        self._clock = clock
        self._state = Cell(_State(per_minute, minute))
        self._numbers = itertools.count()

    @property
    def per_minute(self) -> int:
        return self._state.get().per_minute

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._state.get().queue)

    def limit(self, per_minute: int) -> None:
        """Allow so many a minute from now on; what was spent stays spent."""
        self._state.update(lambda state: (evolve(state, per_minute=per_minute), None))

    def queue(self, weight: int, *, urgent: bool, blocking: bool = False) -> Turn:
        """A place in the queue for `weight` requests at once, taken when first asked for; `leave` it in any case.

        `blocking` says whether whoever waits blocks its thread: then nothing below it on the stack is ahead of it.
        """
        return Turn((not urgent, next(self._numbers)), weight, Party.here(blocking=blocking))

    def leave(self, turn: Turn) -> None:
        """Give the place up; may be called twice."""
        self._state.update(lambda state: (state.without(turn), None))

    def ask(self, turn: Turn) -> float:
        """0 if the requests may be made now, and then they are counted; else seconds after which to ask again."""
        now = self._clock()

        def step(state: _State) -> tuple[_State, float]:
            state = state.without(turn, now)
            if state.closed_until > now:
                wait = state.closed_until - now
            elif first := _first(state.queue, turn):
                # Ask again just after whoever is first.
                wait = max(first.asks_at - now, 0.0) + _POLL
            else:
                state, wait = _taken(state, turn.weight, now)
            if wait:
                state = evolve(state, queue=(*state.queue, _Place(turn, now + wait)))
            return state, wait

        return self._state.update(step)

    def learn(self, answer: Answer) -> None:
        """Take over what an answer says of the server's own count."""
        limit, remaining, resets = (_number(answer, name) for name in (b"limit", b"remaining", b"reset"))
        now = self._clock()

        def step(state: _State) -> tuple[_State, None]:
            if answer.status_code == 429 and answer.retry_after is not None:
                state = evolve(state, closed_until=max(state.closed_until, now + min(answer.retry_after, _LONGEST)))
            if limit is not None and limit >= 2:
                state = evolve(state, per_minute=limit)
            if remaining is None or resets is None or answer.date is None:
                return state, None
            ahead = resets - answer.date.timestamp()
            if not 0 < ahead <= _LONGEST:
                return state, None
            window, left = state.window, remaining
            if window and abs(window.resets_at - (now + ahead)) < 2.0:
                # Answers overtake each other: the least that was reported is what is left.
                return evolve(state, window=evolve(window, remaining=min(window.remaining, left))), None
            return evolve(state, window=_Window(now + ahead, left)), None

        self._state.update(step)


def _first(queue: tuple[_Place, ...], turn: Turn) -> _Place | None:
    """Who is to be served before the turn, and can be."""
    before = [
        place for place in queue if place.turn.rank < turn.rank and not place.turn.party.is_stuck_behind(turn.party)
    ]
    return min(before, key=lambda place: place.turn.rank, default=None)


def _taken(state: _State, weight: int, now: float) -> tuple[_State, float]:
    """The weight taken out of what is left, or when there will be room for it."""
    window = state.window
    if window and window.resets_at > now:
        if window.remaining < weight:
            return state, window.resets_at - now
        return evolve(state, window=evolve(window, remaining=window.remaining - weight)), 0.0
    spent = tuple(at for at in state.spent if now - at < state.minute)
    over = len(spent) + weight - state.per_minute
    if over > 0:
        # There is room when as many as are too many are a minute old.
        return state, max(spent[over - 1] + state.minute - now, _SHORTEST)
    return evolve(state, window=None, spent=(*spent, *[now] * weight)), 0.0


def _number(answer: Answer, name: bytes) -> int | None:
    value = answer.header(b"x-ratelimit-" + name)
    return int(value) if value and value.isascii() and value.isdigit() and len(value) <= 12 else None


def is_vendor(host: str) -> bool:
    """Whether a host is one of the vendor's own, which the documented limits are about."""
    return host == "exotel.com" or host.endswith(".exotel.com")


class Budgets:
    """All budgets of a process, by host and account. Tests may have others: see `renew`.

    Args:
        is_limited: Whether the documented limit is that of a host, where nobody has set another one.
        minute: Seconds for which a request counts.
    """

    def __init__(self, *, is_limited: Callable[[str], bool] = is_vendor, minute: float = _MINUTE) -> None:
        self._is_limited = is_limited
        self._minute = minute
        self._budgets: dict[tuple[str, str], Budget] = {}

    def __len__(self) -> int:
        return len(self._budgets)

    @property
    def waiting(self) -> int:
        """How many requests wait for any of them."""
        return sum(budget.waiting for budget in self._budgets.values())

    def of(self, host: str, account: str, per_minute: int | None, clock: Callable[[], float]) -> Budget | None:
        """See `budget_of`."""
        if per_minute == 0 or (per_minute is None and not self._is_limited(host.partition(":")[0])):
            return None
        budget = self._budgets.get((host, account))
        if budget is None:
            new = Budget(per_minute or PER_MINUTE, clock, self._minute)
            budget = self._budgets.setdefault((host, account), new)
        if per_minute and per_minute < budget.per_minute:
            budget.limit(per_minute)
        return budget


_budgets = Budgets()


def budgets() -> Budgets:
    """The budgets of this process."""
    return _budgets


def renew(fresh: Budgets | None = None) -> Budgets:
    """Give the process other budgets, of which nothing is spent. For tests."""
    global _budgets  # noqa: PLW0603
    _budgets = Budgets() if fresh is None else fresh
    return _budgets


def budget_of(host: str, account: str, per_minute: int | None, clock: Callable[[], float]) -> Budget | None:
    """The budget that all clients in the process share for an account on a host.

    Args:
        host: The host, with its port where there is one.
        account: The account.
        per_minute: What this client was given: None is the default, which is none but on the vendor's
            hosts; 0 is none at all. Of two clients that were given different ones, the smaller counts.
        clock: Seconds, monotonic.
    """
    return _budgets.of(host, account, per_minute, clock)

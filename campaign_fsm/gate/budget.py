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
from weakref import ReferenceType

from attrs import evolve, frozen

from campaign_fsm.gate.cell import Cell
from campaign_fsm.gate.party import Party
from campaign_fsm.wire.answer import Answer

PER_MINUTE: Final = 30
_MINUTE: Final = 60.0
_SHORTEST: Final = 0.001
# As many as the least that somebody needs at once can be: a read and its write.
_AT_ONCE: Final = 2
# The documented limits are those of a minute: a reset further away is a mistake or another clock, and
# whoever has to stay away for longer is better served by an error than by silence.
_LONGEST: Final = 90.0
_POLL: Final = 0.05
_POLL_HELD: Final = 0.25
# Whoever would like more than there is room for waits so much longer for it.
_GATHER: Final = 5.0
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
    """A place in the queue for `least` to `most` requests at once: the urgent first, then by arrival."""

    rank: tuple[bool, int]
    least: int
    most: int
    party: Party


@frozen(eq=False)
class Share:
    """Requests that are set aside for somebody, and count from when each of them is made.

    Attributes:
        party: Who has asked for them.
        owner: What they are for: when it is no more, they are nobody's. None: nothing but the party.
    """

    party: Party
    owner: ReferenceType[object] | None = None

    def is_left(self) -> bool:
        is_lost = self.owner is not None and self.owner() is None
        return is_lost or self.party.is_gone() or self.party.is_dead()


@frozen
class _Place:
    turn: Turn
    asks_at: float
    gathers_until: float | None

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
    shares: tuple[tuple[Share, int], ...] = ()

    @property
    def held(self) -> int:
        """How many requests are set aside, and not made."""
        return sum(count for _, count in self.shares)

    def of(self, share: Share) -> int:
        """How many are set aside for one."""
        return dict(self.shares).get(share, 0)

    def holding(self, share: Share, count: int) -> _State:
        """With so many set aside for one."""
        others = tuple(entry for entry in self.shares if entry[0] is not share)
        return evolve(self, shares=(*others, (share, count)) if count > 0 else others)

    def limited(self, per_minute: int) -> _State:
        """With another limit. What is set aside beyond it is set aside no more, and leaves room for a read and a write.

        Else whoever waits for room would wait for those who may never use theirs.
        """
        over, shares = self.held - (per_minute - _AT_ONCE), self.shares
        if per_minute < self.per_minute and over > 0:
            shares = ()
            for share, count in self.shares:
                less = min(count, over)
                over -= less
                shares += ((share, count - less),) if count > less else ()
        return evolve(self, per_minute=per_minute, shares=shares)

    def without(self, turn: Turn, now: float | None = None) -> _State:
        """Also without those that will not ask again."""
        queue = tuple(
            place for place in self.queue if place.turn is not turn and (now is None or not place.is_left(now))
        )
        shares = self.shares
        if now is not None and any(share.is_left() for share, _ in shares):
            shares = tuple(entry for entry in shares if not entry[0].is_left())
        return evolve(self, queue=queue, shares=shares)


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

    @property
    def used(self) -> int:
        """How many requests count now: of the last minute, or of the server's own count."""
        state, now = self._state.get(), self._clock()
        if state.window and state.window.resets_at > now:
            return state.per_minute - state.window.remaining - state.held
        return len(_spent(state, now))

    @property
    def held(self) -> int:
        """How many are set aside: they may be given back at any time."""
        return self._state.get().held

    def limit(self, per_minute: int) -> None:
        """Allow so many a minute from now on; what was spent stays spent."""
        self._state.update(lambda state: (state.limited(per_minute), None))

    def queue(self, weight: int, *, most: int | None = None, urgent: bool, blocking: bool = False) -> Turn:
        """A place in the queue for `weight` requests at once, taken when first asked for; `leave` it in any case.

        Args:
            weight: How many.
            most: Up to how many there may be, for whoever is better served by many: it waits some seconds longer for
                them. None: no more.
            urgent: Whether it goes before others.
            blocking: Whether whoever waits blocks its thread: then nothing below it on the stack is ahead of it.
        """
        party = Party.here(blocking=blocking)
        return Turn((not urgent, next(self._numbers)), weight, max(weight, most or 0), party)

    def leave(self, turn: Turn) -> None:
        """Give the place up; may be called twice."""
        self._state.update(lambda state: (state.without(turn), None))

    def ask(self, turn: Turn, share: Share | None = None) -> float:
        """0 if the requests may be made now, and then they are counted; else seconds after which to ask again.

        With a share they are set aside for it instead, as many as there is room for (`left`), and count as they are
        used.
        """
        now = self._clock()

        def step(state: _State) -> tuple[_State, float]:
            gathers_until = next((place.gathers_until for place in state.queue if place.turn is turn), None)
            state = state.without(turn, now)
            if state.closed_until > now:
                wait = state.closed_until - now
            elif first := _first(state.queue, turn):
                # Ask again just after whoever is first.
                wait = max(first.asks_at - now, 0.0) + _POLL
            else:
                state, wait, gathers_until = _taken(state, turn, share, now, gathers_until)
            if wait:
                state = evolve(state, queue=(*state.queue, _Place(turn, now + wait, gathers_until)))
            return state, wait

        return self._state.update(step)

    def left(self, share: Share) -> int:
        """How many requests are still set aside for it."""
        return self._state.get().of(share)

    def use(self, share: Share, count: int = 1, *, into: Share | None = None) -> float | None:
        """0 if so many of its requests may be made now, and then they are counted; or set aside for another share.

        Else seconds to wait; None if fewer are left.
        """
        now = self._clock()

        def step(state: _State) -> tuple[_State, float | None]:
            left, window = state.of(share), state.window
            if left < count:
                return state, None
            if state.closed_until > now:
                return state, state.closed_until - now
            if window and window.resets_at > now:  # the server counts, and they were taken out
                if window.remaining + state.held < count:
                    return state, window.resets_at - now  # others, outside of this process, have had them
                state = state.holding(share, left - count)
                return (state if into is None else state.holding(into, state.of(into) + count)), 0.0
            spent = _spent(state, now)
            if (over := len(spent) + count - state.per_minute) > 0:  # the limit is lower than when they were set aside
                return state, max(spent[over - 1] + state.minute - now, _SHORTEST)
            state = evolve(state.holding(share, left - count), window=None)
            if into is not None:
                return state.holding(into, state.of(into) + count), 0.0
            return evolve(state, spent=(*spent, *[now] * count)), 0.0

        return self._state.update(step)

    def make(self, share: Share) -> float:
        """One of its requests is made now, and counts, whatever else is known by now; when that is."""
        now = self._clock()

        def step(state: _State) -> tuple[_State, float]:
            state = state.holding(share, state.of(share) - 1)
            if not (state.window and state.window.resets_at > now):
                state = evolve(state, spent=(*_spent(state, now), now))
            return state, now

        return self._state.update(step)

    def unmake(self, share: Share, made_at: float) -> None:
        """What was to be made then has not left: it is set aside again."""

        def step(state: _State) -> tuple[_State, None]:
            spent = list(state.spent)
            if made_at in spent:
                spent.remove(made_at)
            return evolve(state.holding(share, state.of(share) + 1), spent=tuple(spent)), None

        self._state.update(step)

    def give_back(self, share: Share, *, keep: int = 0) -> None:
        """Give back what is set aside and was not used, beyond so many; may be called twice."""

        def step(state: _State) -> tuple[_State, None]:
            count, window = max(state.of(share) - keep, 0), state.window
            if count:
                state = state.holding(share, keep)
            if count and window:
                state = evolve(state, window=evolve(window, remaining=window.remaining + count))
            return state, None

        self._state.update(step)

    def learn(self, answer: Answer) -> None:
        """Take over what an answer says of the server's own count."""
        limit, remaining, resets = (_number(answer, name) for name in (b"limit", b"remaining", b"reset"))
        now = self._clock()

        def step(state: _State) -> tuple[_State, None]:
            if answer.status_code == 429 and answer.retry_after is not None:
                state = evolve(state, closed_until=max(state.closed_until, now + min(answer.retry_after, _LONGEST)))
            if limit is not None and limit >= 2:
                state = state.limited(limit)
            if remaining is None or resets is None or answer.date is None:
                return state, None
            ahead = resets - answer.date.timestamp()
            if not 0 < ahead <= _LONGEST:
                return state, None
            window, left = state.window, remaining - state.held  # the server knows nothing of what is set aside
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


def _spent(state: _State, now: float) -> tuple[float, ...]:
    return tuple(at for at in state.spent if now - at < state.minute)


def _taken(
    state: _State, turn: Turn, share: Share | None, now: float, gathers_until: float | None
) -> tuple[_State, float, float | None]:
    """The requests of a turn taken out of what is left, or when there will be room for them.

    Also until when it waits for more than the least that it needs.
    """
    window = state.window
    if window and window.resets_at > now:
        count = min(turn.most, window.remaining)
        if count < turn.least:
            return state, window.resets_at - now, None
        state = evolve(state, window=evolve(window, remaining=window.remaining - count))
        return (state if share is None else state.holding(share, state.of(share) + count)), 0.0, None
    spent, room = _spent(state, now), state.per_minute - state.held
    if room < turn.least:
        # Whoever is below on the stack cannot use them before this one has ended. It finds them spent then, and waits.
        room += sum(count for one, count in state.shares if one.party.is_stuck_behind(turn.party))
    if room < turn.least:
        return state, _POLL_HELD, None  # what is set aside is used or given back at any time

    def room_at(count: int) -> float:
        # There is room when as many as are too many are a minute old.
        over = len(spent) + count - room
        return max(spent[over - 1] + state.minute, now) if over > 0 else now

    latest = room_at(turn.least) + _GATHER
    gathers_until = latest if gathers_until is None else min(gathers_until, latest)  # what is given back is room, too
    count = min(turn.most, room)
    while count > turn.least and room_at(count) > gathers_until:
        count -= 1
    if (at := room_at(count)) > now:
        return state, max(at - now, _SHORTEST), gathers_until
    state = evolve(state, window=None, spent=spent if share else (*spent, *[now] * count))
    return (state if share is None else state.holding(share, state.of(share) + count)), 0.0, None


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

"""The critical section of a campaign: held from the read of its status to the answer of a write.

There is one for each campaign and process, whatever gate, client, thread or event loop comes: sync and
async ones wait for each other. It is entered by one atomic step of a dict and waited for by asking again,
so it needs no lock and nothing of an event loop. A lock knows threads; a section is held by a flow, and
whoever runs inside of it on the same thread (callbacks, log and signal handlers, finalizers, greenlets)
must be turned away instead of let in.

Three rules for whoever changes this module:

1. Keys are plain strings, and tickets hash by identity: hashing or comparing anything else may run
   Python code, and then the step is not atomic.
2. An entry is deleted only by the one who has claimed it (`Ticket._remove`), so that between looking and
   deleting nobody else can take its place.
3. Clocks and sleeps here are real ones, also where a test fakes those of its gate: others really wait.
"""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from math import inf
from typing import Final
from weakref import ref

from campaign_fsm.gate.party import Party, Process
from campaign_fsm.rules import PROBLEMS
from campaign_fsm.wire.intent import Intent, WireRequest
from campaign_fsm.wire.target import Target

_SHORTEST: Final = 0.001
_LONGEST: Final = 0.01
_LONGEST_FAR_BACK: Final = 0.25
_NEAR: Final = 4
# A waiter that has not asked for so many seconds is passed over, and forgotten after a while.
_SILENT: Final = 1.0
_FORGOTTEN: Final = 60.0
_SHARDS: Final = 64

_NUMBERS: Final = itertools.count(1)
# One for all registries, so that a mark of one can be held against another's.
_MARKS: Final = itertools.count(1)


class Closed(Exception):
    """The section cannot be entered, or not kept.

    Attributes:
        code: ``CF801`` to ``CF803``.
        reason: One sentence.
        holder: What is inside, empty if nothing is.
        seconds: For how long it has been.
    """

    def __init__(self, code: str, reason: str, holder: str = "", seconds: float = 0.0) -> None:
        super().__init__(reason)
        self.code, self.reason, self.holder, self.seconds = code, reason, holder, seconds


def forked() -> Closed:
    """The call is of the process that this one was forked from, and goes on there."""
    return Closed("CF803", PROBLEMS["CF803"].title)


class _Book:
    """Some thousand campaigns and when they were last written to; whoever is not in it, at its floor at the latest."""

    def __init__(self, floor: float, before: Mapping[str, int]) -> None:
        self.floor = floor
        self.before = before
        self.last: dict[str, int] = {}
        self.next: dict[str, _Book] = {}


class Moves:
    """When a campaign was last written to by this process, or last read, in marks that only grow.

    Args:
        most: How many campaigns it remembers at least; any other counts as written to.
    """

    def __init__(self, most: int = 4096) -> None:
        self._most = most
        self._book = _Book(self.mark(), {})

    def take_over(self, other: Moves) -> None:
        """Know what another one knows. That is at or below the floor, so of when it was nothing is said."""
        book = other._newest()
        self._book = _Book(self.mark(), {**book.before, **book.last})

    @staticmethod
    def mark() -> int:
        """Now, as a mark: greater than all before it."""
        return next(_MARKS)

    def note(self, campaign: str) -> None:
        """A write of the campaign begins or ends here."""
        mark = next(_MARKS)
        book = self._newest()
        book.last[campaign] = mark
        if len(book.last) > self._most:
            # The floor of the new one is set afterwards, so that it is above whatever is still noted in the old one.
            book.next.setdefault("", _Book(inf, book.last))

    def _newest(self) -> _Book:
        book = self._book
        while book.next:
            book = book.next[""]
            if book.floor == inf:
                book.floor = self.mark()
            self._book = book
        return book

    def unmoved_since(self, campaign: str, mark: int) -> bool:
        """Whether no write of the campaign began or ended after the mark."""
        book = self._newest()
        return mark >= book.floor and mark >= book.last.get(campaign, 0)

    def knows(self, campaign: str) -> bool:
        """Whether the campaign was ever written to, as far as that is remembered."""
        book = self._newest()
        return campaign in book.last or campaign in book.before


class Sections:
    """All sections of a process. Tests may have one of their own: see `renew`.

    `moves` says when each campaign was written to, `heard` when a read of it alone was answered.

    Args:
        clock: Seconds, monotonic. A real one, and held here where those that freeze time for tests do not look for it.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.moves = Moves()
        self.heard = Moves()
        self._holders: dict[str, Ticket] = {}
        self._queues: tuple[dict[Ticket, float], ...] = tuple({} for _ in range(_SHARDS))

    def __len__(self) -> int:
        """How many tickets are inside or wait."""
        return len(self._holders) + sum(len(queue) for queue in self._queues)

    def ticket(
        self,
        campaign: str,
        what: Callable[[], str],
        *,
        blocking: bool,
        patience: float,
        urgent: bool = False,
        above: Ticket | None = None,
        began: Process | None = None,
        owner: object = None,
    ) -> Ticket:
        """A claim on the section of a campaign, to be released in any case.

        Args:
            campaign: The campaign's key; see `campaign_key`.
            what: What is to be done inside, for the errors of others.
            blocking: Whether whoever waits blocks its thread.
            patience: Seconds to wait.
            urgent: Whether it goes before those that wait already.
            above: The ticket of the gate above that handed this request on. It is inside already: the new
                ticket joins it, after others that it has handed on.
            began: The process in which the work began, if that may not be this one: a fork enters nothing.
            owner: Something that lives as long as the work does: whatever else goes wrong, the section is free when it
                is no more. None: nothing does.
        """
        party = Party.here(blocking=blocking, began=began)
        return Ticket(self, campaign, what, party, patience=patience, urgent=urgent, above=above, owner=owner)


class Ticket:
    """One flow's claim on one campaign's section."""

    __slots__ = (
        "_above",
        "_claim",
        "_is_left",
        "_owner",
        "_party",
        "_patience",
        "_queue",
        "_rank",
        "_sections",
        "_since",
        "_step",
        "_takes_over",
        "_until",
        "_what",
        "alive",
        "campaign",
        "key",
        "number",
    )

    def __init__(
        self,
        sections: Sections,
        campaign: str,
        what: Callable[[], str],
        party: Party,
        *,
        patience: float,
        urgent: bool,
        above: Ticket | None,
        owner: object,
    ) -> None:
        self._sections = sections
        key: str = campaign if above is None else f"{above.key} {above.number}"
        self.key: str = key
        self.campaign, self._what, self._above = campaign, what, above
        self._owner = None if owner is None else ref(owner)
        self.number: int = next(_NUMBERS)
        self._rank = (not urgent, self.number)
        self._party = party
        self._patience = patience
        self._until = sections.clock() + patience
        self._queue = sections._queues[hash(key) % _SHARDS]  # noqa: SLF001 (tickets and registry are one thing)
        self._step = _SHORTEST
        self._since: float | None = None
        self._claim: dict[str, Ticket] = {}
        self._takes_over: Ticket | None = None
        self.alive = True
        self._is_left = False

    def ask(self) -> float:
        """0.0: this ticket is inside now. Else: seconds after which to ask again.

        Raises:
            Closed: Waiting is no use: the call comes from inside, or the patience is at its end.
        """
        if self._party.is_gone():
            raise forked()
        now = self._sections.clock()
        holders, ahead = self._sections._holders, self._ahead(now)  # noqa: SLF001
        holder = None if ahead else holders.setdefault(self.key, self)
        if holder is self:
            self._since = now
            self._queue.pop(self, None)
            inside = _INSIDE.get()
            _INSIDE.set((*(ticket for ticket in inside if ticket.alive), self) if inside else (self,))
            return 0.0
        holder = holder or holders.get(self.key)
        if holder is not None:
            if holder._has_ended():  # noqa: SLF001
                self._takes_over = holder
                holder._remove(self)  # noqa: SLF001
            elif holder in _INSIDE.get() or holder._party.is_stuck_behind(self._party):  # noqa: SLF001
                name, seconds = holder.seen(now)
                raise Closed("CF801", f"the call comes from inside another one, {name}", name, seconds)
        if now >= self._until:
            if holder is None:
                raise Closed("CF802", "other calls of this process went first for too long")
            name, seconds = holder.seen(now)
            waited = now - self._until + self._patience
            raise Closed(
                "CF802", f"waited {waited:.1f} s: {name} has been at work on it for {seconds:.1f} s", name, seconds
            )
        self._queue[self] = now
        self._step = min(self._step * 2, _LONGEST)
        # Far back in the queue there is time; many that ask often would keep everybody from working.
        wait = self._step if ahead <= _NEAR else min(_LONGEST * ahead / _NEAR, _LONGEST_FAR_BACK)
        return min(wait, max(self._until - now, _SHORTEST))

    def _ahead(self, now: float) -> int:
        """How many wait before this one."""
        if not self._queue:
            return 0
        count = 0
        for other, asked in self._queue.copy().items():
            if now - asked > _FORGOTTEN:
                self._queue.pop(other, None)
            elif other.key == self.key and other._rank < self._rank and now - asked < _SILENT:  # noqa: SLF001
                # A waiter below on the stack of this very thread waits for this one, not the other way round.
                party = other._party  # noqa: SLF001
                count += not (party.is_stuck_behind(self._party) or party.is_gone())
        return count

    def seen(self, now: float) -> tuple[str, float]:
        """What this ticket is for, and for how many seconds it has been inside."""
        return f"{self._what()} in thread {self._party.thread.name!r}", now - (self._since or now)

    def check(self) -> float:
        """0.0: the section is still this ticket's. Asked before anything is sent inside of it.

        Raises:
            Closed: It is not. The process was forked meanwhile, and the other half is inside; or the call has ended,
                and something below the gate, a thread for example, goes on with it.
        """
        if self.is_inside():
            return 0.0
        if self._party.is_gone():
            raise forked()
        raise Closed("CF802", "the call has ended, and others may be at work by now")

    def is_inside(self) -> bool:
        """Whether it holds the section, in this process, and so does whatever it has joined."""
        return (
            self.alive
            and self._sections._holders.get(self.key) is self  # noqa: SLF001
            and not self._party.is_gone()
            and (self._above is None or self._above.is_inside())
        )

    def _has_ended(self) -> bool:
        """Whether it will never let go by itself."""
        return (self._owner is not None and self._owner() is None) or self._party.is_gone() or self._party.is_dead()

    def release(self) -> None:
        """Let go, whether or not it was ever inside. Never waits; may be called twice."""
        if self._is_left:
            return
        self.alive = False
        self._queue.pop(self, None)
        self._remove(self)
        if self._takes_over is not None:
            self._takes_over._remove(self)  # noqa: SLF001 (an interrupt may have come in the middle of it)
        if self in (inside := _INSIDE.get()):
            _INSIDE.set(tuple(ticket for ticket in inside if ticket is not self))
        self._is_left = True

    def _remove(self, by: Ticket) -> None:
        """Delete the entry of this ticket. Whoever comes first is the only one who ever may."""
        holders = self._sections._holders  # noqa: SLF001
        if self._claim.setdefault("", by) is by and holders.get(self.key) is self:
            del holders[self.key]


_INSIDE: Final[ContextVar[tuple[Ticket, ...]]] = ContextVar("the sections that the caller is inside of", default=())

_sections = Sections()


def sections() -> Sections:
    """The sections of this process."""
    return _sections


def _in_child() -> None:
    """The child has none of the threads that were inside or waiting, and what was read before is none of its own."""
    known = _sections.moves
    renew().moves.take_over(known)


def renew() -> Sections:
    """Give the process new sections, all of them free. Whoever is inside of an old one is no longer waited for.

    For tests: a thread that one of them has left behind inside of a section does not hold up the next one.
    """
    global _sections  # noqa: PLW0603
    _sections = Sections()
    return _sections


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_in_child)


def campaign_key(request: WireRequest, target: Target) -> str:
    """The same text for all spellings that a server takes for one campaign.

    Rather too coarse than too fine: two that share a section only wait for one another. So neither scheme
    nor default port, case, trailing dot or mount point (``Target.prefix``) is part of it.
    """
    host = request.host.lower().rstrip(".")
    port = "" if request.port in (None, 80, 443) else f":{request.port}"
    return f"{host}{port} {target.account} {target.channel._value_} {target.id}".lower()


def about(intent: Intent) -> str:
    """What a ticket is for, in the errors of others."""
    return f"{intent.action} of {intent.channel} campaign {intent.target.id}"

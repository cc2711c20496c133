"""On what terms a request goes where they are not those of any other: a client that does many things at once sets them.

A `Batch` is a list of campaigns and the pauses that rest on it. The budget is asked once for all of them, so that
nothing is listed when no pause can follow at once; and what the list showed of a campaign is a reading for its pause,
for `max_age` seconds from when the list was asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from attrs import define, field

from campaign_fsm.gate.budget import Budget, Share
from campaign_fsm.gate.section import Sections
from campaign_fsm.wire.intent import WireRequest
from campaign_fsm.wire.reading import Reading


@define(eq=False)
class Batch:
    """A list and what rests on it: what the budget has set aside, and what the list showed. Filled by the gate.

    Attributes:
        want: For how many requests beside the list there should be room; at least one is waited for.
        max_age: Seconds for which what the list shows may be used, counted from when it was sent.
        room: For how many requests beside the list there was room.
        sent_at: When the list was sent, on the gate's clock.
        mark: The same as a mark of `Moves`.
    """

    want: int
    max_age: float
    room: int = 0
    sent_at: float = 0.0
    mark: int = 0
    _budget: Budget | None = None
    _share: Share | None = None
    _gate: object = None
    _entries: Mapping[str, Reading] = field(factory=dict)

    def set_aside(self, budget: Budget | None, share: Share | None, room: int) -> None:
        """There is room for so many requests; without a budget for any number."""
        self._budget, self._share, self.room = budget, share, room

    def is_of(self, budget: Budget) -> bool:
        """Whether what is set aside is set aside in that budget."""
        return self._budget is budget

    @property
    def left(self) -> int:
        """How many requests are still set aside."""
        return 0 if self._budget is None or self._share is None else self._budget.left(self._share)

    def use(self, count: int = 1, *, into: Share | None = None) -> float | None:
        """As `Budget.use`."""
        return None if self._budget is None or self._share is None else self._budget.use(self._share, count, into=into)

    def give_back(self, *, keep: int = 0) -> None:
        """Give back what is set aside and was not used, beyond so many; may be called twice."""
        if self._budget is not None and self._share is not None:
            self._budget.give_back(self._share, keep=keep)

    def show(self, gate: object, entries: Mapping[str, Reading], sent_at: float, mark: int) -> None:
        """The list was answered.

        Args:
            gate: The context of the gate that read it; to others it says nothing.
            entries: What it shows, by `reading_key`.
            sent_at: When it was sent, on the gate's clock.
            mark: The same as a mark of `Moves`.
        """
        self._gate, self._entries, self.sent_at, self.mark = gate, entries, sent_at, mark

    def entry(self, gate: object, key: str, campaign: str, sections: Sections) -> Reading | None:
        """What the list showed of a campaign; None if it is of another gate, or something later is known.

        A list may lag behind single reads (no page says by how much). So it says nothing of a campaign that this
        process has written to, as long as it remembers, or has read by itself since the list was sent.
        """
        moves, heard, mark = sections.moves, sections.heard, self.mark
        if gate is not self._gate or moves.knows(campaign):
            return None
        if not (moves.unmoved_since(campaign, mark) and heard.unmoved_since(campaign, mark)):
            return None
        return self._entries.get(key)


@define(eq=False)
class Terms:
    """The terms of the requests that one piece of work makes, one after the other.

    Attributes:
        until: Until when to wait for the request budget, on the gate's clock; None: for as long as it takes.
        urgent: Whether they go before others that wait for the budget, as every `pause` does.
        batch: What they rest on; None: nothing but themselves.
        is_canceled: Says whether to wait for the budget no longer; None: never.
        sent: How many requests were handed on so far.
        waited: For how many seconds they have waited for the request budget so far.
    """

    until: float | None = None
    urgent: bool = False
    batch: Batch | None = None
    is_canceled: Callable[[], bool] | None = None
    sent: int = 0
    waited: float = 0.0


_USUAL: Final = Terms()


def terms_of(request: WireRequest) -> Terms:
    """The terms of a request."""
    return request.terms if isinstance(request.terms, Terms) else _USUAL


def note_waited(request: WireRequest, seconds: float) -> None:
    """The request has waited for the budget, for whoever has set its terms."""
    if isinstance(request.terms, Terms):
        request.terms.waited += seconds


def note_sent(request: WireRequest, count: int = 1) -> None:
    """So many more requests leave for whoever has set its terms."""
    if isinstance(request.terms, Terms):
        request.terms.sent += count

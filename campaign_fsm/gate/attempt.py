"""One write on its way through the gate."""

from __future__ import annotations

from collections.abc import Callable

from attrs import define

from campaign_fsm.gate.budget import Budget, Share
from campaign_fsm.gate.events import FlowEvents
from campaign_fsm.gate.model import Permit
from campaign_fsm.gate.party import Process, process
from campaign_fsm.gate.refusals import busy
from campaign_fsm.gate.section import Closed, Ticket, forked
from campaign_fsm.rules import Action
from campaign_fsm.waiting import Tries
from campaign_fsm.wire.intent import Intent, WireRequest


@define(eq=False)
class Attempt:
    """One write, and what its tries share.

    Attributes:
        request: The request, body included.
        intent: What it would do.
        events: Its log and trace.
        transient: Whether an error of the inner transport means that no connection or answer came.
        key: Its campaign, as `Readings` know it; empty if none are kept.
        campaign: Its campaign, as `Sections` know it.
        began: The process in which it began. A fork has a copy of it, which is never sent.
        paid: Requests that the budget has let through and that are not made yet.
        budget: The budget that they are set aside in; None: there is none, or nothing was paid yet.
        share: What is set aside there.
        tries: Until when to try, on the gate's clock; None before the budget has let it through.
        reread: Whether an earlier reading is out of the question: it refused the write, or became too old.
        listed_at: When the list was sent that it was judged by, as a mark of `Moves`; None: by no list.
    """

    request: WireRequest
    intent: Intent
    events: FlowEvents
    transient: Callable[[BaseException], bool]
    key: str
    campaign: str
    began: Process
    paid: int
    budget: Budget | None = None
    share: Share | None = None
    tries: Tries | None = None
    reread: bool = False
    listed_at: int | None = None

    @property
    def urgent(self) -> bool:
        return self.intent.action is Action.PAUSE

    @property
    def above(self) -> Ticket | None:
        """What a gate above holds of this campaign while it hands the write on."""
        permit = self.request.above
        if not isinstance(permit, Permit) or not permit.out or permit.record is None or permit.section is None:
            return None
        held = permit.section
        same = held.campaign == self.campaign and permit.record.intent == self.intent
        return held if same and held.is_inside() else None

    def asked(self, ask: Callable[[], float]) -> float:
        """What the section's ticket answers; its "no" is the refusal of the write.

        Raises:
            CampaignBusy: The section cannot be entered, or not kept.
        """
        try:
            return ask()
        except Closed as closed:
            refusal = busy(closed, self.intent, self.events)
        raise refusal  # outside of the handler: the frames of a context would be kept with it

    def made(self) -> float | None:
        """One of the requests that were paid for is made now: it counts from now on, not from when it was paid for.

        Whoever has waited in between would have it made in a minute in which it does not count.
        """
        return None if self.budget is None or self.share is None else self.budget.make(self.share)

    def unmade(self, made_at: float | None) -> None:
        """What was made then has not left."""
        if made_at is not None and self.budget is not None and self.share is not None:
            self.budget.unmake(self.share, made_at)

    def give_back(self) -> None:
        """Give back what was paid for and is not made; may be called twice."""
        if self.budget is not None and self.share is not None:
            self.budget.give_back(self.share)


def process_of(request: WireRequest) -> Process:
    """The process that a request is of: the one in which the gate above got it, if there is one."""
    return request.above.process if isinstance(request.above, Permit) and request.above.out else process()


def check_process(began: Process) -> None:
    """Raise `Closed` in any other process than that one."""
    if began != process():
        raise forked()


def is_below_a_gate(request: WireRequest) -> bool:
    """Whether another gate hands the request on, and has paid for it."""
    return isinstance(request.above, Permit) and request.above.out

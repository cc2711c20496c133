"""THE GATE: one flow that every request passes, without I/O and without an HTTP library.

`Gate.flow` is a generator. It yields what it needs (a wait, a read, the write itself), gets
the result sent in, and returns a `WriteRecord` or raises. The transports are two thin drivers of it.

The claim (README, "What it guarantees"): no write on a campaign leaves unless it is legal in a status
read from the server inside the same critical section of that campaign (`campaign_fsm.gate.section`, one for
the whole process), or, where `max_age` allows it, at most that long before. The server can still move in
between; that is detected and reported.

A write goes through these, each in a module of its own: `spending`, the section, `reads`, `judging`, `sending`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import partial
from typing import Any

from campaign_fsm import waiting
from campaign_fsm.drive import Sleep
from campaign_fsm.errors import CampaignFsmError, Refused, StatusUnavailable
from campaign_fsm.gate.attempt import Attempt, check_process, is_below_a_gate, process_of
from campaign_fsm.gate.budget import Budget
from campaign_fsm.gate.context import GateContext
from campaign_fsm.gate.events import FlowEvents
from campaign_fsm.gate.judging import judged, judged_create
from campaign_fsm.gate.model import Forward, GateStep, Poll, WriteRecord
from campaign_fsm.gate.readings import Readings
from campaign_fsm.gate.reads import kept, pass_read, reading_key
from campaign_fsm.gate.refusals import busy, failed
from campaign_fsm.gate.section import Closed, Sections, Ticket, about, campaign_key
from campaign_fsm.gate.sending import forward, report, send
from campaign_fsm.gate.settings import GateSettings
from campaign_fsm.gate.spending import budget_for, spend, spend_on_write
from campaign_fsm.gate.terms import terms_of
from campaign_fsm.rules import Action
from campaign_fsm.waiting import Pace, Tries
from campaign_fsm.wire.intent import Intent, WireRequest, concerns, read_intent
from campaign_fsm.wire.target import Target


def _never(_: BaseException) -> bool:
    return False


class Gate:
    """Judges requests.

    Args:
        settings: What its user has set.
        blocking: Whether its driver blocks the thread while it waits.
        pace: How fast it tries again; None: as all others of the process.
        own_sections: Sections of its own, for tests. None: those of the process.
    """

    def __init__(
        self,
        settings: GateSettings,
        *,
        blocking: bool = True,
        pace: Pace | None = None,
        own_sections: Sections | None = None,
    ) -> None:
        readings = Readings(settings.max_age, settings.clock)
        self.context = GateContext(settings, blocking, pace or waiting.PACE, readings, own_sections)

    def concerns(self, request: WireRequest) -> bool:
        """Whether the request has to go through `flow`; needs no body. All others pass untouched."""
        return request.host.lower() not in self.context.settings.ignore_hosts and concerns(request)

    def budget(self, request: WireRequest, account: str) -> Budget | None:
        """The budget of the `account` where `request` goes; None for no limit."""
        return budget_for(self.context, request, account)

    def flow(
        self, request: WireRequest, transient: Callable[[BaseException], bool] = _never
    ) -> Generator[GateStep, Any, WriteRecord | None]:
        """Judge one request and see it through.

        Args:
            request: The request, body included.
            transient: Whether an error of the inner transport means that no connection or answer
                came, so that a read is worth another try.

        Returns:
            The record of a write; None for what passes unjudged.

        Raises:
            Refused: The write was not sent; nothing but reads left.
            UnexpectedRedirect: The server answered the write with a 3xx.
        """
        context = self.context
        try:
            intent = read_intent(request)
        except CampaignFsmError as error:
            if isinstance(error, Refused):
                context.events(request, None, error.action).was_refused(error.code)
            raise
        except Exception as error:
            raise failed(error) from error
        if intent is None:
            yield Forward(buffered=False)
            return None
        if isinstance(intent, Target):
            yield from pass_read(context, request, intent)
            return None
        events = context.events(request, intent.target, intent.action)
        if intent.action is Action.CREATE:
            return (yield from _create(context, request, intent, events))
        attempt = Attempt(
            request,
            intent,
            events,
            transient,
            reading_key(request, intent.target) if context.settings.max_age or terms_of(request).batch else "",
            campaign_key(request, intent.target),
            process_of(request),
            paid=int(is_below_a_gate(request)),  # which has paid for the write
        )
        try:
            try:
                record = yield from _write(context, attempt)
            finally:
                attempt.give_back()
        finally:
            attempt.give_back()  # as with the section
        if record.drift:
            report(context, record.intent.target, record.drift)
        return record


def _create(
    context: GateContext, request: WireRequest, intent: Intent, events: FlowEvents
) -> Generator[GateStep, Any, WriteRecord]:
    """A create is about no campaign yet: there is nothing to hold and to read."""
    began = process_of(request)
    yield from spend(context, request, intent.target, int(not is_below_a_gate(request)), urgent=False)
    record = judged_create(context, request, intent, events)
    check = partial(check_process, began)
    try:
        check()  # it is not reported as sent where it is known already that it is not
        events.is_sent(intent.fields)
        try:
            check()
            return (yield from forward(context, request, Forward(record, check=check), record, events))
        except Closed:
            events.was_held()
            raise
    except Closed as error:
        refusal = busy(error, intent, events)
    raise refusal


def _write(context: GateContext, attempt: Attempt) -> Generator[GateStep, Any, WriteRecord]:
    """Enter the campaign's section, read, decide and send; again until it is sent, refused or given up.

    Whatever has to be waited for is waited for outside of the section, so that nobody waits between the
    read and the write, and an urgent write is not stuck behind one that waits: the request budget before it
    is entered, the time between two tries of a read after it was left.
    """
    while True:
        tries = yield from _pay(context, attempt)
        ticket = context.sections.ticket(
            attempt.campaign,
            partial(about, attempt.intent),
            blocking=context.blocking,
            patience=tries.left() if context.settings.deadline else context.pace.section,
            urgent=attempt.urgent,
            above=attempt.above,
            began=attempt.began,
            owner=attempt,
        )
        try:
            try:
                while seconds := attempt.asked(ticket.ask):
                    yield Poll(seconds)
                outcome = yield from _hold(context, ticket, attempt)
            finally:
                ticket.release()
        finally:
            ticket.release()  # an interrupt may have come just before the first did anything
        if isinstance(outcome, WriteRecord):
            return outcome
        if outcome:
            yield Sleep(outcome)


def _pay(context: GateContext, attempt: Attempt) -> Generator[GateStep, Any, Tries]:
    """Pay for the requests that the next try may make. The deadline counts from the first time that they are paid."""
    clock = context.settings.clock
    needed = 1 if kept(context, attempt) else 2
    if needed > attempt.paid:
        begun = clock()
        yield from spend_on_write(context, attempt, needed)
        attempt.paid = needed
        if attempt.tries is not None:
            attempt.tries.give_up += clock() - begun  # this waiting comes on top
    if attempt.tries is None:
        attempt.tries = Tries.within(context.settings.deadline, clock, context.pace)
    return attempt.tries


def _hold(context: GateContext, ticket: Ticket, attempt: Attempt) -> Generator[GateStep, Any, WriteRecord | float]:
    """What is done inside: the record of the write that was sent, or after how long to come again."""
    try:
        record = yield from judged(context, ticket, attempt)
    except StatusUnavailable as refusal:
        attempt.events.was_refused(refusal.code)
        raise
    except CampaignFsmError:
        raise
    except Exception as error:
        raise failed(error) from error
    if not isinstance(record, WriteRecord):
        return record
    return (yield from send(context, ticket, attempt, record))

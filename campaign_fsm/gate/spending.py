"""How the flow waits for its account's request budget, and what it learns of it from answers."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Final
from weakref import ref

from campaign_fsm import log
from campaign_fsm.drive import Sleep
from campaign_fsm.errors import BudgetSpent
from campaign_fsm.gate.attempt import Attempt, is_below_a_gate
from campaign_fsm.gate.budget import Budget, Share, Turn, Wait, budget_of
from campaign_fsm.gate.context import GateContext
from campaign_fsm.gate.model import GateStep
from campaign_fsm.gate.party import Party
from campaign_fsm.gate.terms import Batch, note_waited, terms_of
from campaign_fsm.wire.answer import Answer
from campaign_fsm.wire.intent import WireRequest
from campaign_fsm.wire.target import Target

# Whoever may be called off looks so often, in seconds, whether it was; others, whether something was given back.
_SLICE: Final = 0.25


def spend(
    context: GateContext, request: WireRequest, target: Target, weight: int, *, urgent: bool
) -> Generator[GateStep, Any, None]:
    """Wait until the account's budget has room for so many requests, and take them out of it.

    Raises:
        BudgetSpent: There is no room before the request's own end, or it was called off.
    """
    budget = budget_for(context, request, target.account) if weight > 0 else None
    if budget is None:
        return
    turn = budget.queue(weight, urgent=urgent or terms_of(request).urgent, blocking=context.blocking)
    yield from _wait(context, request, target, (budget, turn, None))


def spend_on_write(context: GateContext, attempt: Attempt, needed: int) -> Generator[GateStep, Any, None]:
    """As `spend`; they count when they are made (`Attempt.made`).

    A write that rests on a list takes what was set aside with it, and waits for nothing else.

    Raises:
        BudgetSpent: There is no room before the request's own end, it was called off, or the list has none left.
    """
    request, target, terms = attempt.request, attempt.intent.target, terms_of(attempt.request)
    budget, batch = budget_for(context, request, target.account), terms.batch
    if budget is None:
        return
    if attempt.share is None:
        attempt.budget, attempt.share = budget, Share(Party.here(blocking=context.blocking), ref(attempt))
    if batch is not None and batch.is_of(budget):
        if not (yield from _use(context, request, target, batch, needed - attempt.paid, into=attempt.share)):
            raise BudgetSpent(account=target.account, host=request.host, seconds=0.0)
        return
    # Of all those that wait for one more, none would get it while each keeps the one that it has.
    attempt.give_back()
    missing = needed - int(is_below_a_gate(request))  # which has paid for the write
    turn = budget.queue(missing, urgent=attempt.urgent or terms.urgent, blocking=context.blocking)
    yield from _wait(context, request, target, (budget, turn, attempt.share))


def reserve(context: GateContext, request: WireRequest, target: Target, batch: Batch) -> Generator[GateStep, Any, None]:
    """Wait until there is room for a list and for what rests on it, and set both aside.

    Raises:
        BudgetSpent: There is no room before the request's own end, or it was called off.
    """
    budget = budget_for(context, request, target.account)
    batch.give_back()  # of a list that is asked for again
    if budget is None:
        batch.set_aside(None, None, batch.want)
        return
    is_listed = False
    while not is_listed:  # in between somebody may have lowered the limit, and so what is set aside
        turn = budget.queue(2, most=1 + batch.want, urgent=terms_of(request).urgent, blocking=context.blocking)
        share = Share(turn.party, ref(batch))
        batch.set_aside(budget, share, 0)  # whatever comes in between, it can be given back
        yield from _wait(context, request, target, (budget, turn, share))
        is_listed = yield from _use(context, request, target, batch, 1)
    batch.room = batch.left


def _use(
    context: GateContext, request: WireRequest, target: Target, batch: Batch, count: int, *, into: Share | None = None
) -> Generator[GateStep, Any, bool]:
    """Wait until so many of what is set aside may be made, and take them out of it; False if fewer are left.

    Raises:
        BudgetSpent: It was called off, or would have to wait for longer than its list is good.
    """
    is_canceled, seconds = terms_of(request).is_canceled, None
    while is_canceled is None or not is_canceled():
        seconds = batch.use(count, into=into)
        if not seconds:
            return seconds is not None
        if into is not None and context.settings.clock() + seconds > batch.sent_at + batch.max_age:
            break  # what the list shows would be too old by then
        slept = min(seconds, _SLICE)
        yield Sleep(slept)
        note_waited(request, slept)
    raise BudgetSpent(account=target.account, host=request.host, seconds=seconds or 0.0)


def _wait(
    context: GateContext, request: WireRequest, target: Target, place: tuple[Budget, Turn, Share | None]
) -> Generator[GateStep, Any, None]:
    budget, turn, share = place
    terms = terms_of(request)
    is_reported = False
    begun = context.settings.clock()
    try:
        try:
            while seconds := budget.ask(turn, share):
                late = terms.until is not None and context.settings.clock() + seconds > terms.until
                if late or (terms.is_canceled is not None and terms.is_canceled()):
                    raise BudgetSpent(account=target.account, host=request.host, seconds=seconds)
                if not is_reported:
                    is_reported = True
                    _report(context, target, Wait(target.account, request.host, request.method, target.id, seconds))
                yield Sleep(min(seconds, _SLICE) if terms.is_canceled is not None or budget.held else seconds)
        finally:
            budget.leave(turn)
    finally:
        note_waited(request, context.settings.clock() - begun)
        budget.leave(turn)  # an interrupt may have come just before the first did anything


def learn(context: GateContext, request: WireRequest, target: Target, answer: Answer) -> None:
    """Take over what an answer says of the server's own count."""
    if budget := budget_for(context, request, target.account):
        budget.learn(answer)


def budget_for(context: GateContext, request: WireRequest, account: str) -> Budget | None:
    """The budget of an account where a request goes; None for no limit."""
    settings = context.settings
    if settings.budget == 0:
        return None
    name = request.host.rstrip(".")
    host = name if request.port is None else f"{name}:{request.port}"
    return budget_of(host, account, settings.budget, settings.clock)


def _report(context: GateContext, target: Target, wait: Wait) -> None:
    log.info(
        "%s %s waits %.1f s for the request budget",
        wait.method,
        target.id or "-",
        wait.seconds,
        about=target,
        method=wait.method,
        wait=wait.seconds,
    )
    if context.settings.on_wait:
        try:
            context.settings.on_wait(wait)
        except Exception:  # noqa: BLE001
            log.exception("the on_wait callback failed", about=target, method=wait.method)

"""How the flow waits for its account's request budget, and what it learns of it from answers."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from campaign_fsm import log
from campaign_fsm.drive import Sleep
from campaign_fsm.errors import BudgetSpent
from campaign_fsm.gate.budget import Budget, Wait, budget_of
from campaign_fsm.gate.context import GateContext
from campaign_fsm.gate.model import GateStep
from campaign_fsm.wire.answer import Answer
from campaign_fsm.wire.intent import WireRequest
from campaign_fsm.wire.target import Target


def spend(
    context: GateContext, request: WireRequest, target: Target, weight: int, *, urgent: bool
) -> Generator[GateStep, Any, None]:
    """Wait until the account's budget has room for so many requests, and take them out of it.

    Raises:
        BudgetSpent: There is no room before the request's own end.
    """
    budget = _budget(context, request, target) if weight > 0 else None
    if budget is None:
        return
    turn = budget.queue(weight, urgent=urgent, blocking=context.blocking)
    is_reported = False
    try:
        try:
            while seconds := budget.ask(turn):
                if request.until is not None and context.settings.clock() + seconds > request.until:
                    raise BudgetSpent(account=target.account, host=request.host, seconds=seconds)
                if not is_reported:
                    is_reported = True
                    _report(context, target, Wait(target.account, request.host, request.method, target.id, seconds))
                yield Sleep(seconds)
        finally:
            budget.leave(turn)
    finally:
        budget.leave(turn)  # an interrupt may have come just before the first did anything


def learn(context: GateContext, request: WireRequest, target: Target, answer: Answer) -> None:
    """Take over what an answer says of the server's own count."""
    if budget := _budget(context, request, target):
        budget.learn(answer)


def _budget(context: GateContext, request: WireRequest, target: Target) -> Budget | None:
    settings = context.settings
    if settings.budget == 0:
        return None
    name = request.host.rstrip(".")
    host = name if request.port is None else f"{name}:{request.port}"
    return budget_of(host, target.account, settings.budget, settings.clock)


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

"""Writes on one campaign: sent through the gate, and again only where that cannot do harm."""

from __future__ import annotations

from typing import Final

from campaign_fsm import log
from campaign_fsm.client.calls import Call, Operation, Outcome, WriteCommand, changed
from campaign_fsm.client.operations.aftermath import became
from campaign_fsm.client.operations.commands import act
from campaign_fsm.client.operations.context import ClientContext
from campaign_fsm.client.operations.reads import hint_elsewhere, read, read_before, waiting_apart
from campaign_fsm.client.sent_write import NotApplied, SentWrite, is_there
from campaign_fsm.drive import Sleep
from campaign_fsm.errors import (
    AlreadyThere,
    ApiError,
    BudgetSpent,
    ConnectionFailed,
    OutcomeUnknown,
    Refused,
    StateConflict,
    StatusUnavailable,
)
from campaign_fsm.lifecycle import undoable
from campaign_fsm.rules import Action
from campaign_fsm.wire.campaign import Campaign

# How often a write that can be undone, and that a read has shown not to be applied, is sent again.
_RESENDS: Final = 2
# How often an action is tried on a campaign that moves away whenever it is found to be there already.
_ROUNDS: Final = 3


def write(context: ClientContext, command: WriteCommand) -> Operation[Campaign]:
    """Send a write through the gate and find out what became of it; again only where that cannot do harm.

    Where nothing can have been applied (429, a connection that never opened) any write is sent again;
    where a read has shown that nothing was, only one that can be undone. Every try passes the gate.
    """
    tries = context.tries()
    sent: tuple[SentWrite, NotApplied] | None = None
    resends = 0
    call = Call(command.method, command.target, json=command.json)
    while True:
        try:
            outcome: Outcome = yield from waiting_apart(call, tries)
        except Refused as refusal:
            if sent is not None:
                return (yield from _refused_later(context, refusal, *sent))
            if isinstance(refusal, StatusUnavailable) and refusal.status_code == 404:
                raise changed(refusal, advice=(yield from hint_elsewhere(context, command.target))) from None
            raise
        except ConnectionFailed as error:
            # It was not sent: otherwise this would be an outcome.
            if not error.transient:
                raise
            tried = NotApplied(error, certain=True)
        else:
            one = SentWrite.of(command, outcome, again=resends > 0)
            result = yield from became(context, one, outcome)
            if isinstance(result, Campaign):
                return result
            tried = result
            sent = one, tried
            resends += not tried.certain
        allowed = tried.certain or (undoable(command.action) and resends <= _RESENDS)
        wait = tries.wait(tried.wait) if allowed else None
        if wait is None:
            raise tried.error
        failed = type(tried.error).__name__
        log.warning(
            "%s %s: nothing was applied (%s); next try in %.1f s",
            command.action,
            command.target.id,
            failed,
            wait,
            about=command.target,
            action=command.action,
            error=failed,
            wait=wait,
        )
        yield Sleep(wait)


def _refused_later(context: ClientContext, refusal: Refused, sent: SentWrite, tried: NotApplied) -> Operation[Campaign]:
    """The gate refuses what it let through before: between the two tries something has happened."""
    if isinstance(refusal, AlreadyThere):
        if tried.certain and not sent.again:
            raise refusal  # somebody else did it
        # Perhaps an earlier try arrived late.
        try:
            reading = yield from read(context, sent.target, context.give_up())
        except (ApiError, ConnectionFailed, BudgetSpent) as error:
            raise OutcomeUnknown(
                action=sent.action, campaign_id=sent.id, seen=sent.seen, now=refusal.status, why=error.message
            ) from error
        if sent.is_applied_in(reading):
            return context.campaign(reading, sent.target)
    if refusal.status is not None and refusal.status is not sent.seen:
        raise sent.conflict(refusal.status, None, perhaps_applied=sent.again or not tried.certain) from refusal
    raise tried.error from refusal


def ensure(context: ClientContext, campaign_id: str, action: Action) -> Operation[Campaign]:
    """An action that takes "already there" as success, whoever brought the campaign there and when."""
    command = act(context, campaign_id, action)
    there: AlreadyThere | StateConflict
    for _ in range(_ROUNDS):
        try:
            return (yield from write(context, command))
        except AlreadyThere as refusal:
            there, goal = refusal, refusal.status
        except StateConflict as conflict:
            if not is_there(conflict):
                raise
            there, goal = conflict, conflict.now
        try:
            reading = yield from read_before(context, command.target, action)
        except StatusUnavailable:
            if isinstance(there, StateConflict):
                raise there from None  # a write was sent
            raise
        if reading.status is goal:
            return context.campaign(reading, command.target)
        # It has moved between the two reads, so the action is due after all.
    raise there

"""What became of a write that went out: known, or called unknown."""

from __future__ import annotations

from typing import Final

from campaign_fsm import log
from campaign_fsm.client.calls import Call, Operation, Outcome, changed
from campaign_fsm.client.operations.context import ClientContext
from campaign_fsm.client.operations.reads import ask, read, reading_of
from campaign_fsm.client.sent_write import NotApplied, SentWrite, is_gone
from campaign_fsm.drive import Sleep
from campaign_fsm.errors import (
    ApiError,
    BudgetSpent,
    ConnectionFailed,
    OutcomeUnknown,
    RateLimited,
    ServerError,
    TimedOut,
    UnexpectedAnswer,
    UnexpectedRedirect,
)
from campaign_fsm.rules import Action
from campaign_fsm.verdict import judge
from campaign_fsm.wire.answer import Answer, NotReadable
from campaign_fsm.wire.campaign import Campaign
from campaign_fsm.wire.failure import api_error
from campaign_fsm.wire.reading import Reading

# 408: somebody has waited too long for a request (RFC 9110). 425: somebody did not want to pass it on yet (RFC 8470).
_TIMED_OUT: Final = (408, 504)
_OPEN: Final = (408, 425)


def may_be_applied(error: ApiError) -> bool:
    """Whether an error can come from somebody on the way who had passed the write on, as none that rejects it does."""
    return isinstance(error, ServerError | UnexpectedRedirect) or error.status_code in _OPEN


def became(context: ClientContext, write: SentWrite, outcome: Outcome) -> Operation[Campaign | NotApplied]:
    """The campaign if the write was applied, `NotApplied` if it certainly was not.

    Raises:
        ApiError: The server rejected it.
        StateConflict: Somebody moved the campaign in between.
        OutcomeUnknown: Neither the answer nor the reads after it say.
    """
    answer = outcome.answer
    if answer is None:
        return (yield from _settle(context, write, outcome.failure))
    if answer.status_code >= 400:
        error = api_error(answer, write.command.method, write.target, context.secrets)
        return (yield from _failed(context, write, error))
    answered = write.record.answered
    if answered is None:
        return (yield from _unreadable(context, write, answer))
    applied = write.is_applied_in(answered, claimed=True)
    if write.record.drift or applied is False or (applied is None and write.moves):
        return (yield from _settle(context, write, None))
    return context.campaign(answered, write.target)


def _look(context: ClientContext, write: SentWrite, *, claimed: bool) -> Operation[Reading | None]:
    """Read until it shows what became of a write or the patience ends; the last reading, None if there is none.

    Whoever stands before the server has a 404 of his own, while the server is away: only one in a form of the
    API's says that a campaign is gone, unless the server has `claimed` to have deleted it.
    """
    last: Reading | None = None
    for pause in context.pace.looks:
        if pause:
            yield Sleep(pause)
        try:
            answer = yield from ask(context, Call("GET", write.target))
            if write.action is Action.DELETE and (is_gone(answer) or (claimed and answer.status_code == 404)):
                return write.gone()
            last = reading_of(context, answer, write.target)
        except (ApiError, ConnectionFailed, BudgetSpent) as error:
            failed = type(error).__name__
            log.info(
                "%s %s: read after a write failed: %s",
                write.action,
                write.id,
                failed,
                about=write.target,
                action=write.action,
                error=failed,
            )
            continue
        if write.is_applied_in(last, claimed=claimed) or write.is_elsewhere(last):
            break
    return last


def _settle(
    context: ClientContext, write: SentWrite, failure: ApiError | ConnectionFailed | None
) -> Operation[Campaign | NotApplied]:
    """Find out whether a write took effect: its answer was lost, unreadable, or showed something else."""
    last = yield from _look(context, write, claimed=failure is None)
    why = failure.message if failure else "The server accepted it, but does not show it."
    if last is None:
        raise OutcomeUnknown(action=write.action, campaign_id=write.id, seen=write.seen, why=why) from failure
    verdict = write.is_applied_in(last, claimed=failure is None)
    if verdict:
        log.info(
            "%s %s: applied, as a read after the write shows",
            write.action,
            write.id,
            about=write.target,
            action=write.action,
            status=last.status,
        )
        return context.campaign(last, write.target)
    if write.is_elsewhere(last):
        rejection = failure if isinstance(failure, ApiError) else None
        raise write.conflict(last.status, rejection, perhaps_applied=True) from failure
    if verdict is False and failure is not None:
        not_applied = _not_applied(write, failure)
        if not_applied is not None:
            return not_applied
    # After a time-out, a 408, a 504 or a claimed success, the write may still be on its way.
    if failure is None and write.past_end:
        why = "The server accepted it; its end time has passed, so the platform may have paused it again (CF306)."
    raise OutcomeUnknown(
        action=write.action, campaign_id=write.id, seen=write.seen, now=last.status, why=why
    ) from failure


def _not_applied(write: SentWrite, failure: ApiError | ConnectionFailed) -> NotApplied | None:
    """A write that failed, and that a read shows not to be applied; None if it may still be on its way."""
    outcome = f"Read again, the campaign is still {write.seen}: the {write.action} was not applied."
    if isinstance(failure, UnexpectedRedirect):
        raise changed(failure, hint=f"{failure.hint} {outcome}")  # the next one would be answered alike
    if isinstance(failure, ApiError):
        if may_be_applied(failure) and failure.status_code not in _TIMED_OUT:
            return NotApplied(changed(failure, hint=outcome), failure.retry_after)
        return None
    return None if isinstance(failure, TimedOut) else NotApplied(changed(failure, outcome=outcome))


def _unreadable(context: ClientContext, write: SentWrite, answer: Answer) -> Operation[Campaign | NotApplied]:
    """A success whose body holds no usable status: a failed item is what its code says, the rest a lost answer."""
    if write.action is Action.DELETE and not answer.body.strip():
        return (yield from _settle(context, write, None))  # no page says what a DELETE is answered with
    problem = NotReadable(write.record.problem or "it holds no status")
    failure = context.unexpected(answer, write.target, write.command.method, problem)
    if isinstance(failure, UnexpectedAnswer):
        return (yield from _settle(context, write, failure))
    return (yield from _failed(context, write, failure))


def _failed(context: ClientContext, write: SentWrite, failure: ApiError) -> Operation[Campaign | NotApplied]:
    """What became of a write that was answered with an error, on the outside or in its item."""
    if isinstance(failure, RateLimited):
        return NotApplied(failure, failure.retry_after, certain=True)
    if may_be_applied(failure):
        return (yield from _settle(context, write, failure))
    return (yield from _rejected(context, write, failure))


def _rejected(context: ClientContext, write: SentWrite, failure: ApiError) -> Operation[Campaign]:
    """Tell a campaign that somebody moved from a rejection for another reason.

    The rejection is the server's word that it did not apply this try; an earlier one may have arrived late.
    """
    try:
        reading = yield from read(context, write.target, elsewhere=False)
    except (ApiError, ConnectionFailed, BudgetSpent):
        if write.again:
            raise OutcomeUnknown(
                action=write.action, campaign_id=write.id, seen=write.seen, why=failure.message
            ) from failure
        raise failure from None
    if write.again and write.is_applied_in(reading):
        return context.campaign(reading, write.target)
    now = reading.date or context.now()
    if not judge(write.record.intent, reading, now, strict=context.strict):
        raise write.conflict(reading.status, failure, perhaps_applied=write.again) from failure
    raise failure

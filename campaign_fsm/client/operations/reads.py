"""Reads of one campaign."""

from __future__ import annotations

from collections.abc import Callable

from attrs import evolve

from campaign_fsm import log
from campaign_fsm.client.calls import Call, Operation, Outcome, Statuses, changed
from campaign_fsm.client.operations.context import ClientContext
from campaign_fsm.drive import Sleep
from campaign_fsm.errors import (
    ApiError,
    BudgetSpent,
    ConnectionFailed,
    NotFound,
    NotReached,
    RateLimited,
    ServerError,
)
from campaign_fsm.gate import Terms
from campaign_fsm.gate.refusals import unavailable
from campaign_fsm.lifecycle import reachable
from campaign_fsm.rules import Action, Channel, Status
from campaign_fsm.waiting import Tries
from campaign_fsm.wire.answer import Answer, NotReadable
from campaign_fsm.wire.campaign import Campaign
from campaign_fsm.wire.failure import api_error
from campaign_fsm.wire.listing import Filter
from campaign_fsm.wire.reading import Reading, read_status
from campaign_fsm.wire.target import COLLECTION_OF, Target


def get(context: ClientContext, campaign_id: str) -> Operation[Campaign]:
    """Read one campaign."""
    target = context.target(campaign_id)
    reading = yield from read(context, target, context.give_up())
    return context.campaign(reading, target)


def wait_until(
    context: ClientContext,
    campaign_id: str,
    status: Statuses,
    *,
    timeout: float,
    poll: float,
    on_read: Callable[[Campaign], object] | None,
) -> Operation[Campaign]:
    """Read again and again until the campaign is where it is wanted, or cannot get there any more."""
    target = context.target(campaign_id)
    goal = Filter.of(context.channel, status).statuses
    if not goal:
        raise ValueError("wait_until needs a status to wait for")
    began = context.clock()
    give_up = began + timeout
    now: Status | None = None

    def not_reached(*, reachable: bool, waited: float) -> NotReached:
        return NotReached(
            campaign_id=campaign_id, goal=tuple(sorted(goal)), now=now, reachable=reachable, waited=waited
        )

    while True:
        try:
            reading = yield from read(context, target, give_up, until=give_up)
        except BudgetSpent:
            give_up = context.clock()  # there is no room before the time is up
        except (ApiError, ConnectionFailed) as error:
            if not _passes(error):
                raise
        else:
            now = reading.status
            campaign = context.campaign(reading, target)
            if on_read is not None:
                on_read(campaign)
            if now in goal:
                return campaign
            if not goal & reachable(now, context.channel):
                raise not_reached(reachable=False, waited=context.clock() - began)
        left = give_up - context.clock()
        if left <= 0:
            raise not_reached(reachable=True, waited=timeout)
        yield Sleep(min(poll, left))


def _passes(error: ApiError | ConnectionFailed) -> bool:
    """Whether an error of a read passes by itself."""
    if isinstance(error, ConnectionFailed):
        return error.transient
    return isinstance(error, ServerError | RateLimited)


def ask(context: ClientContext, call: Call, give_up: float = 0.0) -> Operation[Answer]:
    """Make a read, again after 429, 5xx and broken connections; the answer, whatever it says.

    Args:
        context: The client's.
        call: The read.
        give_up: Until when to try again, on the context's clock; 0: never.
    """
    tries = Tries(context.clock, give_up, context.pace.backoff())
    while True:
        try:
            outcome: Outcome = yield from waiting_apart(call, tries)
        except ConnectionFailed as error:
            wait = tries.wait() if error.transient else None
            if wait is None:
                raise
            why: str | int = type(error).__name__
        else:
            answer = outcome.answer
            assert answer is not None  # a read without an answer raises
            passing = answer.status_code == 429 or answer.status_code >= 500
            wait = tries.wait(answer.retry_after) if passing else None
            if wait is None:
                return answer
            why = answer.status_code
        log.warning(
            "%s %s: %s; next try in %.1f s",
            call.method,
            call.target.id or "list",
            why,
            wait,
            about=call.target,
            method=call.method,
            wait=wait,
            **({"error": why} if isinstance(why, str) else {"status_code": why}),
        )
        yield Sleep(wait)


def waiting_apart(call: Call, tries: Tries) -> Operation[Outcome]:
    """Make a call; what it waits for the request budget comes on top of the time for its tries.

    Not where it has an end of its own: then that counts everything.
    """
    terms = call.terms or Terms()
    before = terms.waited
    try:
        outcome: Outcome = yield evolve(call, terms=terms)
        return outcome
    finally:
        if terms.until is None:
            tries.give_up += terms.waited - before


def read(
    context: ClientContext, target: Target, give_up: float = 0.0, *, elsewhere: bool = True, until: float | None = None
) -> Operation[Reading]:
    """Read the status of a campaign.

    Args:
        context: The client's.
        target: The campaign.
        give_up: Until when to try again; 0: never.
        elsewhere: Whether a campaign that is not there is looked for on the other channel, for the error's hint.
        until: Until when to wait for the request budget; None: for as long as it takes.
    """
    answer = yield from ask(context, Call("GET", target, terms=Terms(until=until)), give_up)
    if answer.status_code == 404 and elsewhere:
        error = api_error(answer, "GET", target, context.secrets)
        raise changed(error, hint=(yield from hint_elsewhere(context, target)))
    return reading_of(context, answer, target)


def reading_of(context: ClientContext, answer: Answer, target: Target) -> Reading:
    """The reading in an answer; raises the error that it is instead."""
    if answer.status_code != 200:
        raise api_error(answer, "GET", target, context.secrets)
    try:
        return read_status(answer, target, "GET")
    except NotReadable as problem:
        raise context.unexpected(answer, target, "GET", problem) from problem  # which is redacted there


def read_before(context: ClientContext, target: Target, action: Action) -> Operation[Reading]:
    """A read that a write needs. Where it fails, the write was not sent, and the error is that of the gate."""
    try:
        return (yield from read(context, target, context.give_up()))
    except (ApiError, ConnectionFailed) as error:
        # What the gate says of an answer that it cannot use.
        problem = error.__cause__ if isinstance(error.__cause__, NotReadable) else None
        raise unavailable(
            action,
            target,
            problem or error.message,
            status_code=getattr(error, "status_code", None),
            request_id=getattr(error, "request_id", None),
            retry_after=getattr(error, "retry_after", None),
            no_answer=isinstance(error, ConnectionFailed),
        ) from error


def hint_elsewhere(context: ClientContext, target: Target) -> Operation[str]:
    """The hint for a 404: whether the id exists on the other channel."""
    other = next(channel for channel in Channel if channel is not target.channel)
    there = evolve(target, collection=COLLECTION_OF[other], rest=())
    try:
        yield from read(context, there, elsewhere=False)
    except NotFound:
        return f"There is no {other} campaign with this id either; check the id, the account and the region."
    except (ApiError, ConnectionFailed):
        return f"Whether a {other} campaign has this id could not be read."
    return f"But there is a {other} campaign with this id: use channel={other.value!r}."

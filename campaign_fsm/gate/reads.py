"""Reads of a campaign: those that pass through the gate, and its own before a write."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import suppress
from typing import Any

from attrs import evolve, frozen

from campaign_fsm import log
from campaign_fsm.errors import CampaignFsmError, StatusUnavailable
from campaign_fsm.gate.attempt import Attempt, is_below_a_gate
from campaign_fsm.gate.context import GateContext
from campaign_fsm.gate.model import Forward, GateStep, Read
from campaign_fsm.gate.refusals import unavailable
from campaign_fsm.gate.section import Ticket, campaign_key
from campaign_fsm.gate.spending import learn, reserve, spend
from campaign_fsm.gate.terms import note_sent, terms_of
from campaign_fsm.private import redact_error
from campaign_fsm.rules import Action
from campaign_fsm.wire.answer import Answer, NotReadable
from campaign_fsm.wire.failure import api_error
from campaign_fsm.wire.intent import Intent, WireRequest, is_plain, preflight
from campaign_fsm.wire.listing import read_entries
from campaign_fsm.wire.reading import Reading, read_status
from campaign_fsm.wire.target import Target


def reading_key(request: WireRequest, target: Target) -> str:
    """A campaign exactly as it is asked for: what was read under one name is not used under another."""
    scheme, host, port = request.origin
    return f"{scheme} {host} {port} {target.prefix} {target.account} {target.collection} {target.id}"


@frozen
class Kept:
    """An earlier reading that will do for a write.

    Attributes:
        reading: What was read.
        sent_at: When it was asked for, on the gate's clock.
        good_until: Until when it may be used.
        listed_at: When the list was sent that showed it, as a mark of `Moves`; None: no list has.
    """

    reading: Reading
    sent_at: float
    good_until: float
    listed_at: int | None = None


def kept(context: GateContext, attempt: Attempt) -> Kept | None:
    """An earlier reading that will do for a write; None if there is none."""
    if attempt.reread:
        return None
    single = context.readings.get(attempt.key, context.sections.moves)
    entry = _entry(context, attempt)
    if single and entry and single[0].status is not entry.reading.status:
        return None  # one of them is out of date, and which one is unknown
    return Kept(*single, single[1] + context.settings.max_age) if single else entry


def _entry(context: GateContext, attempt: Attempt) -> Kept | None:
    """What a list showed that a pause is to rest on. No other action goes by a list: it can be undone (CF104)."""
    batch = terms_of(attempt.request).batch
    if batch is None or attempt.intent.action is not Action.PAUSE or attempt.intent.fields:
        return None
    good_until = batch.sent_at + batch.max_age
    reading = batch.entry(context, attempt.key, attempt.campaign, context.sections)
    if reading is None or context.settings.clock() > good_until:
        return None
    return Kept(reading, batch.sent_at, good_until, batch.mark)


def pass_read(context: GateContext, request: WireRequest, target: Target) -> Generator[GateStep, Any, None]:
    """A read of a campaign goes through as it is; with `max_age` its answer is a reading too."""
    settings, batch = context.settings, terms_of(request).batch
    one = target.id is not None and not target.rest and request.method == "GET"
    lists = batch is not None and target.id is None and request.method == "GET"
    if batch is not None and lists:
        yield from reserve(context, request, target, batch)
    else:
        yield from spend(context, request, target, int(not is_below_a_gate(request)), urgent=False)
    note_sent(request)
    if not settings.watch_reads and not (settings.max_age and one) and not lists:
        try:
            yield Forward(buffered=False)
        except Exception as error:
            redact_error(error, context.secrets(request))
            raise
        if one:
            context.sections.heard.note(campaign_key(request, target))
        return
    events = context.events(request, target, None)
    mark, sent_at = context.sections.moves.mark(), settings.clock()
    events.begin()
    try:
        answer: Answer = yield Forward()
    except Exception as error:
        events.has_failed(request.method, error)
        redact_error(error, context.secrets(request))
        raise
    learn(context, request, target, answer)
    reading: Reading | None = None
    if one and answer.status_code == 200 and (settings.max_age or settings.trace):
        with suppress(NotReadable):
            reading = context.redacted(read_status(answer, target, "GET"), request)
    events.was_read(answer, reading)
    if batch is not None and lists and answer.status_code == 200 and is_plain(request, target, with_query=True):
        with suppress(NotReadable):
            entries = read_entries(answer, target)
            keys = {reading_key(request, evolve(target, id=one)): entry for one, entry in entries.items()}
            batch.show(context, keys, sent_at, mark)
    if one:
        context.sections.heard.note(campaign_key(request, target))
    if one and is_plain(request, target):
        context.readings.put(reading_key(request, target), campaign_key(request, target), reading, sent_at, mark)


def read(
    context: GateContext, ticket: Ticket, attempt: Attempt
) -> Generator[GateStep, Any, tuple[Reading, float] | float]:
    """Read the status before a write: the reading and when it was asked for, or after how long to try again.

    Raises:
        StatusUnavailable: It cannot be had in time, or the answer cannot be used.
    """
    request, intent, events, clock = attempt.request, attempt.intent, attempt.events, context.settings.clock
    attempt.asked(ticket.check)
    attempt.paid -= 1
    attempt.made()
    mark, sent_at = context.sections.moves.mark(), clock()
    note_sent(request)
    events.begin()
    cause: Exception | None = None
    answer: Answer | None = None
    try:
        answer = yield Read(preflight(request))
    except Exception as error:
        events.has_failed("GET", error)
        if isinstance(error, CampaignFsmError):
            raise
        cause = error
    else:
        learn(context, request, intent.target, answer)
    attempt.asked(ticket.check)  # whatever it says, a fork has no use for it
    if attempt.above is None:  # else the gate above has noted a write
        context.sections.heard.note(attempt.campaign)
    if answer is not None and answer.status_code != 429 and answer.status_code < 500:
        try:
            reading = _usable(context, answer, intent, request)
        except StatusUnavailable:
            events.was_read(answer, None)
            context.readings.put(attempt.key, attempt.campaign, None, sent_at, mark)
            raise
        events.was_read(answer, reading, reading.date or context.settings.now())
        context.readings.put(attempt.key, attempt.campaign, reading, sent_at, mark)
        return reading, sent_at
    if answer is not None:
        events.was_read(answer, None)
        context.readings.put(attempt.key, attempt.campaign, None, sent_at, mark)
    return _wait_after(context, attempt, answer, cause)


def _wait_after(context: GateContext, attempt: Attempt, answer: Answer | None, cause: Exception | None) -> float:
    """Seconds until a read that failed is tried again; raises if it is not."""
    intent = attempt.intent
    assert attempt.tries is not None
    wait = None
    if cause is None or attempt.transient(cause):
        wait = attempt.tries.wait(answer.retry_after if answer else None)
    if wait is None:
        raise _unavailable(context, intent, answer, cause, attempt.request) from cause
    error, status_code = cause and type(cause).__name__, answer and answer.status_code
    log.warning(
        "%s %s: the status could not be read (%s); next try in %.1f s",
        intent.action,
        intent.target.id,
        error or status_code,
        wait,
        about=intent.target,
        action=intent.action,
        error=error,
        status_code=status_code,
        wait=wait,
    )
    return wait


def _usable(context: GateContext, answer: Answer, intent: Intent, request: WireRequest) -> Reading:
    if answer.status_code != 200:
        raise _unavailable(context, intent, answer, None, request)
    try:
        return context.redacted(read_status(answer, intent.target, "GET"), request)
    except NotReadable as problem:
        redact_error(problem, context.secrets(request))
        raise unavailable(intent.action, intent.target, problem, status_code=answer.status_code) from None


def _unavailable(
    context: GateContext, intent: Intent, answer: Answer | None, cause: BaseException | None, request: WireRequest
) -> StatusUnavailable:
    secrets = context.secrets(request)
    if answer is None:
        assert cause is not None
        redact_error(cause, secrets)  # it is shown with the refusal
        text = str(cause)
        why = f"GET to {request.origin[1]} got no answer: {type(cause).__name__}{': ' + text if text else ''}."
        return unavailable(intent.action, intent.target, why, no_answer=True)
    error = api_error(answer, "GET", intent.target, secrets)
    return unavailable(
        intent.action,
        intent.target,
        error.message,
        status_code=error.status_code,
        request_id=error.request_id,
        retry_after=error.retry_after,
    )

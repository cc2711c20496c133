"""How a write that was allowed leaves, and what its answer shows."""

from __future__ import annotations

from collections.abc import Generator
from functools import partial
from typing import Any

from campaign_fsm import log
from campaign_fsm.errors import CampaignBusy
from campaign_fsm.gate.attempt import Attempt, is_below_a_gate
from campaign_fsm.gate.context import GateContext
from campaign_fsm.gate.events import FlowEvents
from campaign_fsm.gate.model import Drift, Forward, GateStep, TooOld, WriteRecord
from campaign_fsm.gate.refusals import busy
from campaign_fsm.gate.section import Closed, Ticket
from campaign_fsm.gate.spending import learn
from campaign_fsm.gate.terms import note_sent
from campaign_fsm.lifecycle import Decision, platform_moves
from campaign_fsm.private import redact, redact_error
from campaign_fsm.wire.answer import Answer, NotReadable
from campaign_fsm.wire.failure import api_error
from campaign_fsm.wire.intent import Intent, WireRequest
from campaign_fsm.wire.reading import Reading, read_status
from campaign_fsm.wire.target import Target


def send(
    context: GateContext, ticket: Ticket, attempt: Attempt, record: WriteRecord
) -> Generator[GateStep, Any, WriteRecord | float]:
    """The record with what the answer shows; 0.0 if the reading became too old before the bytes left."""
    attempt.asked(ticket.check)
    moves, events = context.sections.moves, attempt.events
    sent_at = context.settings.clock()
    check = partial(_last_check, context, ticket, record, attempt)
    events.is_sent(attempt.intent.fields)
    moves.note(attempt.campaign)
    refusal: CampaignBusy | None = None
    noted, made_at = False, None
    try:
        try:
            check()  # whoever was notified may have taken its time, or have forked
            step = Forward(record, section=ticket, check=check)
            made_at = None if is_below_a_gate(attempt.request) else attempt.made()
            record = yield from forward(context, attempt.request, step, record, events)
        finally:
            moves.note(attempt.campaign)
            noted = True
    except TooOld as held:
        attempt.unmade(made_at)
        events.was_held()
        if held.record is not record:
            raise  # the gate above has to read anew
        attempt.reread = True
        return 0.0
    except Closed as error:
        events.was_held()
        refusal = busy(error, attempt.intent, events)
    finally:
        if not noted:
            moves.note(attempt.campaign)  # as with the section
    if refusal:
        raise refusal
    if record.answered and not record.drift:
        context.readings.put(attempt.key, attempt.campaign, record.answered, sent_at, moves.mark())
    return record


def _last_check(context: GateContext, ticket: Ticket, record: WriteRecord, attempt: Attempt) -> None:
    """Stop a write that was forked, or judged by an earlier reading and has waited since, for a connection say.

    Also one that was judged by what a list shows, if the campaign alone was read since.
    """
    ticket.check()
    mark = attempt.listed_at
    if mark is not None and not context.sections.heard.unmoved_since(attempt.campaign, mark):
        raise TooOld(record)
    if record.good_until is not None and context.settings.clock() > record.good_until:
        raise TooOld(record)


def forward(
    context: GateContext, request: WireRequest, step: Forward, record: WriteRecord, events: FlowEvents
) -> Generator[GateStep, Any, WriteRecord]:
    """Hand a write on; the record with what the answer shows.

    Raises:
        UnexpectedRedirect: The server answered with a 3xx.
    """
    note_sent(request)
    try:
        answer: Answer = yield step
    except (TooOld, Closed):
        note_sent(request, -1)
        raise
    except GeneratorExit:
        # Not reported: this may be the middle of a collection, in a thread that holds what they need.
        raise
    except BaseException as error:
        events.has_failed(request.method, error)
        if isinstance(error, Exception):
            redact_error(error, context.secrets(request))  # what the HTTP library says is shown to somebody
        raise
    learn(context, request, record.intent.target, answer)
    if 300 <= answer.status_code < 400:
        events.was_answered(record, answer)
        raise api_error(answer, request.method, record.intent.target, context.secrets(request))
    record = _compared(context, record, answer, request)
    events.was_answered(record, answer)
    return record


def _compared(context: GateContext, record: WriteRecord, answer: Answer, request: WireRequest) -> WriteRecord:
    """The record with what the answer shows, held against what was decided."""
    intent, reading, decision = record.intent, record.reading, record.decision
    answered, problem, drift = None, None, None
    if answer.status_code < 300 and reading and decision and intent.target.id:
        try:
            answered = context.redacted(read_status(answer, intent.target), request)
            drift = drift_of(context, intent, reading, decision, answered)
        except NotReadable as unreadable:
            problem = redact(str(unreadable), context.secrets(request))
        except Exception as error:  # noqa: BLE001
            # The write is done: whatever the answer does to us, the caller gets it.
            log.exception("the answer to a write could not be judged", about=intent.target, action=intent.action)
            problem = type(error).__name__
    return WriteRecord(
        intent=intent,
        reading=reading,
        reused=record.reused,
        decision=decision,
        warnings=record.warnings,
        status_code=answer.status_code,
        answered=answered,
        problem=problem,
        drift=drift,
        at=record.at,
        asked_at=record.asked_at,
        good_until=record.good_until,
    )


def drift_of(
    context: GateContext, intent: Intent, reading: Reading, decision: Decision, answered: Reading
) -> Drift | None:
    """What is unexpected about the status that an answer shows; None if nothing is."""
    expected = decision.accepted
    if decision.destination and reading.end and reading.end <= (reading.date or context.settings.now()):
        # Past its end the platform may pause a resumed campaign again at once (CF306): never drift.
        expected |= platform_moves(decision.destination)
    if answered.status in expected:
        return None
    assert intent.target.id is not None
    return Drift(
        channel=intent.channel,
        campaign_id=intent.target.id,
        action=intent.action,
        seen=reading.status,
        answered=answered.status,
        raw_status=answered.raw_status,
        expected=expected,
        unseen=answered.status is reading.status,
    )


def report(context: GateContext, target: Target, drift: Drift) -> None:
    """Log a drift, and hand it to whoever wants to know."""
    log.warning(
        "%s %s: drift, the answer shows %r and not one of %s",
        drift.action,
        drift.campaign_id,
        drift.raw_status,
        ", ".join(sorted(drift.expected)),
        about=target,
        action=drift.action,
        status=drift.answered,
    )
    if context.settings.on_drift:
        try:
            context.settings.on_drift(drift)
        except Exception:  # noqa: BLE001
            # The write is done; a failing observer must not hide its answer.
            log.exception("the on_drift callback failed", about=target, action=drift.action)

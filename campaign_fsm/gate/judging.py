"""What the gate decides of a write, and on which reading."""

from __future__ import annotations

from collections.abc import Generator
from datetime import datetime, timedelta
from typing import Any

from campaign_fsm import log
from campaign_fsm.errors import CampaignFsmError, Refused
from campaign_fsm.gate.attempt import Attempt
from campaign_fsm.gate.context import GateContext
from campaign_fsm.gate.events import FlowEvents
from campaign_fsm.gate.model import GateStep, WriteRecord
from campaign_fsm.gate.reads import kept, read
from campaign_fsm.gate.refusals import refusal
from campaign_fsm.gate.section import Ticket
from campaign_fsm.policy import is_confirmed
from campaign_fsm.verdict import Verdict, judge
from campaign_fsm.wire.intent import Intent, WireRequest
from campaign_fsm.wire.reading import Reading


def judged(context: GateContext, ticket: Ticket, attempt: Attempt) -> Generator[GateStep, Any, WriteRecord | float]:
    """A record that allows the write, or after how long to come again.

    Raises:
        Refused: The write may not go.
    """
    request, intent, events = attempt.request, attempt.intent, attempt.events
    earlier = kept(context, attempt)
    if earlier:
        try:
            record = _decided(context, request, intent, earlier.reading, earlier.sent_at, good_until=earlier.good_until)
        except CampaignFsmError:
            attempt.reread = True  # the campaign may have moved since: nobody is refused on an old reading
        else:
            assert record.at is not None
            age = context.settings.clock() - earlier.sent_at
            events.was_reused(earlier.reading, record.at, age, listed=earlier.listed_at is not None)
            attempt.listed_at = earlier.listed_at
            _note(events, record)
            return record
    attempt.listed_at = None
    if attempt.paid < 2:
        return 0.0  # the read has to be paid for, outside
    found = yield from read(context, ticket, attempt)
    if isinstance(found, float):
        return found
    try:
        record = _decided(context, request, intent, *found)
    except Refused as refused:
        if refused.decision is not None:
            events.was_decided(refused.decision, intent.fields)
        else:
            events.was_refused(refused.code)
        log.info(
            "%s %s: not sent [%s], it is %s",
            intent.action,
            intent.target.id,
            refused.code,
            found[0].status,
            about=intent.target,
            action=intent.action,
            code=refused.code,
            status=found[0].status,
        )
        raise
    _note(events, record)
    return record


def judged_create(context: GateContext, request: WireRequest, intent: Intent, events: FlowEvents) -> WriteRecord:
    """A record that allows a create, which is about no campaign yet.

    Raises:
        Refused: It may not go.
    """
    now = context.settings.now()
    verdict = _verdict(context, intent, request, None, now)
    if not verdict:
        events.was_refused(verdict.code)
        raise _refusal(context, verdict, intent, None)
    events.was_decided(verdict, intent.fields)
    return WriteRecord(intent, decision=verdict, at=now)


def _note(events: FlowEvents, record: WriteRecord) -> None:
    assert record.decision is not None
    events.was_decided(record.decision, record.intent.fields)


def _decided(
    context: GateContext,
    request: WireRequest,
    intent: Intent,
    reading: Reading,
    sent_at: float,
    *,
    good_until: float | None = None,
) -> WriteRecord:
    # The server's clock stood at its Date when it answered, and has gone on since.
    age = timedelta(seconds=context.settings.clock() - sent_at)
    now = reading.date + age if reading.date else context.settings.now()
    verdict = _verdict(context, intent, request, reading, now)
    if not verdict:
        raise _refusal(context, verdict, intent, reading)
    for warning in verdict.warnings:
        log.warning("%s %s: %s", intent.action, intent.target.id, warning, about=intent.target, action=intent.action)
    reused = good_until is not None
    return WriteRecord(
        intent, reading, reused, verdict, verdict.warnings, at=now, asked_at=sent_at, good_until=good_until
    )


def _verdict(
    context: GateContext, intent: Intent, request: WireRequest, reading: Reading | None, now: datetime
) -> Verdict:
    policy = context.settings.policy
    return judge(
        intent,
        reading,
        now,
        strict=context.settings.strict,
        policy=policy,
        confirmed=bool(policy) and is_confirmed(),
        host=request.host,
        account=intent.target.account,
    )


def _refusal(context: GateContext, verdict: Verdict, intent: Intent, reading: Reading | None) -> Refused:
    policy = context.settings.policy
    return refusal(verdict, intent, reading, policy.origin if policy else "")

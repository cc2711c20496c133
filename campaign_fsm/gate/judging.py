"""What the gate decides of a write, and on which reading."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import suppress
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
        # The campaign may have moved since: nobody is refused on an old reading.
        with suppress(CampaignFsmError):
            record = _decided(context, request, intent, *earlier, reused=True)
            assert record.at is not None
            events.was_reused(earlier[0], record.at)
            _note(events, record)
            return record
        attempt.reread = True
    if attempt.paid < 2:
        return 0.0  # the read has to be paid for, outside
    found = yield from read(context, ticket, attempt)
    if isinstance(found, float):
        return found
    try:
        record = _decided(context, request, intent, *found, reused=False)
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
    context: GateContext, request: WireRequest, intent: Intent, reading: Reading, sent_at: float, *, reused: bool
) -> WriteRecord:
    # The server's clock stood at its Date when it answered, and has gone on since.
    age = timedelta(seconds=context.settings.clock() - sent_at)
    now = reading.date + age if reading.date else context.settings.now()
    verdict = _verdict(context, intent, request, reading, now)
    if not verdict:
        raise _refusal(context, verdict, intent, reading)
    for warning in verdict.warnings:
        log.warning("%s %s: %s", intent.action, intent.target.id, warning, about=intent.target, action=intent.action)
    return WriteRecord(intent, reading, reused, verdict, verdict.warnings, at=now, asked_at=sent_at)


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

"""THE GATE: one flow that every request passes, without I/O and without an HTTP library.

`Gate.flow` is a generator. It yields what it needs (a wait, a read, the write itself), gets
the result sent in, and returns a `WriteRecord` or raises. The transports are two thin drivers of it.

The claim (README, "What it guarantees"): no write on a campaign leaves unless it is legal in a status
read from the server inside the same critical section of that campaign (`campaign_fsm.gate.section`, one for
the whole process), or, where `max_age` allows it, at most that long before. The server can still move in
between; that is detected and reported.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Generator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from attrs import define, evolve

from campaign_fsm import log
from campaign_fsm.drive import Sleep
from campaign_fsm.errors import (
    BudgetSpent,
    CampaignBusy,
    CampaignFsmError,
    GateFailure,
    Refused,
    StatusUnavailable,
)
from campaign_fsm.gate.budget import Budget, Wait, budget_of
from campaign_fsm.gate.events import FlowEvents, Trace
from campaign_fsm.gate.model import Drift, Forward, GateStep, Permit, Poll, Read, TooOld, WriteRecord
from campaign_fsm.gate.party import Process, process
from campaign_fsm.gate.readings import Readings
from campaign_fsm.gate.refusals import refusal
from campaign_fsm.gate.section import Closed, Sections, Ticket, about, campaign_key, forked, sections
from campaign_fsm.lifecycle import Decision, platform_moves
from campaign_fsm.policy import Policy, is_confirmed
from campaign_fsm.private import redact, redact_error, secrets_of, word
from campaign_fsm.rules import PROBLEMS, Action, Status
from campaign_fsm.verdict import Verdict, judge
from campaign_fsm.wire.answer import (
    Answer,
    NotReadable,
    Reading,
    api_error,
    read_status,
)
from campaign_fsm.wire.intent import (
    Intent,
    WireRequest,
    concerns,
    is_plain,
    preflight,
    read_intent,
)
from campaign_fsm.wire.target import Target

# Seconds between the tries of a read, doubled each time.
_FIRST_DELAY: Final = 0.5
_LONGEST_DELAY: Final = 8.0
# Seconds for which a section is waited for where nothing is tried twice.
_PATIENCE: Final = 5.0


def _never(_: BaseException) -> bool:
    return False


@define(eq=False)
class _Write:
    """One write on its way, and what its tries share.

    Attributes:
        began: The process in which it began. A fork has a copy of it, which is never sent.
        paid: Requests that the budget has let through and that are not made yet.
        give_up: Until when to try, on the gate's clock; None before the budget has let it through.
        delay: Seconds until the next try.
        reread: Whether an earlier reading is out of the question: it refused the write, or became too old.
    """

    request: WireRequest
    intent: Intent
    events: FlowEvents
    transient: Callable[[BaseException], bool]
    key: str
    campaign: str
    began: Process
    paid: int
    give_up: float | None = None
    delay: float = _FIRST_DELAY
    reread: bool = False

    @property
    def urgent(self) -> bool:
        return self.intent.action is Action.PAUSE

    @property
    def above(self) -> Ticket | None:
        """What a gate above holds of this campaign while it hands the write on."""
        permit = self.request.above
        if not isinstance(permit, Permit) or not permit.out or permit.record is None or permit.section is None:
            return None
        held = permit.section
        same = held.campaign == self.campaign and permit.record.intent == self.intent
        return held if same and held.is_inside() else None


class Gate:
    """Judges requests; see `GuardSettings` for the settings.

    Args:
        blocking: Whether its driver blocks the thread while it waits.
        own_sections: Sections of its own, for tests. None: those of the process.
    """

    def __init__(
        self,
        *,
        blocking: bool = True,
        own_sections: Sections | None = None,
        max_age: float = 0.0,
        strict: bool = False,
        deadline: float = 30.0,
        ignore_hosts: Collection[str] = (),
        on_drift: Callable[[Drift], object] | None = None,
        budget: int | None = None,
        on_wait: Callable[[Wait], object] | None = None,
        trace: Trace | None = None,
        policy: Policy | None = None,
        watch_reads: bool = False,
        secrets: Collection[str] = (),
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        if not max_age >= 0:
            raise ValueError(f"max_age is a number of seconds, 0 or more, not {max_age!r}")
        if not deadline >= 0:
            raise ValueError(f"deadline is a number of seconds, 0 or more, not {deadline!r}")
        if budget is not None and (
            isinstance(budget, bool) or not isinstance(budget, int) or budget < 0 or budget == 1
        ):
            raise ValueError(f"budget is a number of requests a minute, 2 or more, or 0 for none, not {budget!r}")
        if isinstance(ignore_hosts, str):
            raise TypeError("ignore_hosts is a collection of host names, not one string")
        if isinstance(secrets, str):
            raise TypeError("secrets is a collection of texts, not one string")
        if not isinstance(strict, bool):
            raise TypeError(f"strict is True or False, not {strict!r}")
        self._blocking = blocking
        self._own_sections = own_sections
        self._max_age = max_age
        self._strict = strict
        self._deadline = deadline
        self._ignored = frozenset(host.lower() for host in ignore_hosts)
        self._on_drift = on_drift
        self._per_minute = budget
        self._on_wait = on_wait
        self._trace = trace
        self._policy = policy
        self._watch_reads = watch_reads
        self._more_secrets = tuple(secrets)
        self._clock = clock
        self._now = now
        self._readings = Readings(max_age, clock)

    def _secrets(self, request: WireRequest) -> tuple[str, ...]:
        """What must not be shown, whoever says it."""
        return *self._more_secrets, *secrets_of(request.headers)

    def _shown(self, reading: Reading, request: WireRequest) -> Reading:
        """The reading, in case that a server says something else than a status for one: this goes into logs."""
        if reading.status is not Status.UNKNOWN:
            return reading
        raw = reading.raw_status
        said = redact(raw, self._secrets(request))
        return evolve(reading, raw_status=word(raw) if said == raw else "[redacted]")

    def concerns(self, request: WireRequest) -> bool:
        """Whether the request has to go through `flow`; needs no body. All others pass untouched."""
        return request.host.lower() not in self._ignored and concerns(request)

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
        try:
            intent = read_intent(request)
        except CampaignFsmError as error:
            if isinstance(error, Refused):
                FlowEvents(request, None, error.action, self._trace, self._clock, secrets=self._secrets).was_refused(
                    error.code
                )
            raise
        except Exception as error:
            raise _failed(error) from error
        if intent is None:
            yield Forward(buffered=False)
            return None
        if isinstance(intent, Target):
            yield from self._pass_read(request, intent)
            return None
        events = FlowEvents(request, intent.target, intent.action, self._trace, self._clock, secrets=self._secrets)
        if intent.action is Action.CREATE:
            return (yield from self._create(request, intent, events))
        record = yield from self._write(
            _Write(
                request,
                intent,
                events,
                transient,
                reading_key(request, intent.target) if self._max_age else "",
                campaign_key(request, intent.target),
                _began(request),
                paid=int(_is_below_a_gate(request)),  # which has paid for the write
            )
        )
        if record.drift:
            self._report(record.drift)
        return record

    def _create(
        self, request: WireRequest, intent: Intent, events: FlowEvents
    ) -> Generator[GateStep, Any, WriteRecord]:
        """A create is about no campaign yet: there is nothing to hold and to read."""
        began = _began(request)
        yield from self._spend(request, intent.target, int(not _is_below_a_gate(request)), urgent=False)
        now = self._now()
        verdict = self._verdict(intent, request, None, now)
        if not verdict:
            events.was_refused(verdict.code)
            raise self._refusal(verdict, intent, None)
        events.was_decided(verdict, intent.fields)
        record = WriteRecord(intent, decision=verdict, at=now)
        check = partial(_check_process, began)
        try:
            check()  # nobody is told that it is sent where it is known already that it is not
            events.is_sent(intent.fields)
            try:
                check()
                return (yield from self._forward(request, Forward(record, check=check), record, events))
            except Closed:
                events.was_held()
                raise
        except Closed as error:
            busy = self._busy(error, intent, events)
        raise busy

    # The critical section

    @property
    def sections(self) -> Sections:
        """Where this gate and all others of the process hold campaigns."""
        return sections() if self._own_sections is None else self._own_sections

    def _write(self, write: _Write) -> Generator[GateStep, Any, WriteRecord]:
        """Enter the campaign's section, read, decide and send; again until it is sent, refused or given up.

        Whatever has to be waited for is waited for outside of the section, so that nobody waits between the
        read and the write, and an urgent write is not stuck behind one that waits: the request budget before it
        is entered, the time between two tries of a read after it was left.
        """
        while True:
            needed = 1 if self._kept(write) else 2
            if needed > write.paid:
                begun = self._clock()
                yield from self._spend(write.request, write.intent.target, needed - write.paid, urgent=write.urgent)
                write.paid = needed
                if write.give_up is not None:
                    write.give_up += self._clock() - begun  # this waiting comes on top
            if write.give_up is None:
                write.give_up = self._clock() + self._deadline
            ticket = self.sections.ticket(
                write.campaign,
                partial(about, write.intent),
                blocking=self._blocking,
                patience=max(write.give_up - self._clock(), 0.0) if self._deadline else _PATIENCE,
                urgent=write.urgent,
                above=write.above,
                began=write.began,
                owner=write,
            )
            try:
                try:
                    while seconds := self._asked(ticket.ask, write):
                        yield Poll(seconds)
                    outcome = yield from self._hold(ticket, write)
                finally:
                    ticket.release()
            finally:
                ticket.release()  # an interrupt may have come just before the first did anything
            if isinstance(outcome, WriteRecord):
                return outcome
            if outcome:
                yield Sleep(outcome)

    def _asked(self, ask: Callable[[], float], write: _Write) -> float:
        """What the ticket answers; its "no" is the refusal of the write."""
        try:
            return ask()
        except Closed as closed:
            refusal = self._busy(closed, write.intent, write.events)
        raise refusal  # outside of the handler: the frames of a context would be kept with it

    @staticmethod
    def _busy(closed: Closed, intent: Intent, events: FlowEvents) -> CampaignBusy:
        refusal = CampaignBusy(
            **_subject(intent, closed.code),
            reason=f"{str(closed)[0].upper()}{str(closed)[1:]}.",
            holder=closed.holder,
            seconds=closed.seconds,
        )
        events.was_refused(refusal.code)
        return refusal

    def _hold(self, ticket: Ticket, write: _Write) -> Generator[GateStep, Any, WriteRecord | float]:
        """What is done inside: the record of the write that was sent, or after how long to come again."""
        try:
            record = yield from self._judge(ticket, write)
        except StatusUnavailable as refusal:
            write.events.was_refused(refusal.code)
            raise
        except CampaignFsmError:
            raise
        except Exception as error:
            raise _failed(error) from error
        if not isinstance(record, WriteRecord):
            return record
        return (yield from self._send(ticket, write, record))

    # The budget

    def _budget(self, request: WireRequest, target: Target) -> Budget | None:
        name = request.host.rstrip(".")
        host = name if request.port is None else f"{name}:{request.port}"
        return budget_of(host, target.account, self._per_minute, self._clock)

    def _spend(
        self, request: WireRequest, target: Target, weight: int, *, urgent: bool
    ) -> Generator[GateStep, Any, None]:
        """Wait until the account's budget has room for so many requests, and take them out of it."""
        budget = self._budget(request, target) if weight > 0 else None
        if budget is None:
            return
        ticket = budget.queue(weight, urgent=urgent, blocking=self._blocking)
        told = False
        try:
            try:
                while seconds := budget.ask(ticket):
                    if request.until is not None and self._clock() + seconds > request.until:
                        raise BudgetSpent(account=target.account, host=request.host, seconds=seconds)
                    if not told:
                        told = True
                        self._tell_wait(Wait(target.account, request.host, request.method, target.id, seconds))
                    yield Sleep(seconds)
            finally:
                budget.leave(ticket)
        finally:
            budget.leave(ticket)  # as with the section

    def _tell_wait(self, wait: Wait) -> None:
        log.info("%s %s waits %.1f s for the request budget", wait.method, wait.campaign_id or "-", wait.seconds)
        if self._on_wait:
            try:
                self._on_wait(wait)
            except Exception:  # noqa: BLE001
                log.exception("the on_wait callback failed")

    def _learn(self, request: WireRequest, target: Target, answer: Answer) -> None:
        if budget := self._budget(request, target):
            budget.learn(answer)

    # Reads

    def _kept(self, write: _Write) -> tuple[Reading, float] | None:
        """An earlier reading that will do."""
        return None if write.reread else self._readings.get(write.key, self.sections.moves)

    def _pass_read(self, request: WireRequest, target: Target) -> Generator[GateStep, Any, None]:
        """A read of a campaign goes through as it is; with `max_age` its answer is a reading too."""
        yield from self._spend(request, target, int(not _is_below_a_gate(request)), urgent=False)
        one = target.id is not None and not target.rest and request.method == "GET"
        if not self._watch_reads and not (self._max_age and one):
            try:
                yield Forward(buffered=False)
            except Exception as error:
                redact_error(error, self._secrets(request))
                raise
            return
        events = FlowEvents(request, target, None, self._trace, self._clock, secrets=self._secrets)
        mark, sent_at = self.sections.moves.mark(), self._clock()
        events.begin()
        try:
            answer: Answer = yield Forward()
        except Exception as error:
            events.has_failed(request.method, error)
            redact_error(error, self._secrets(request))
            raise
        self._learn(request, target, answer)
        reading: Reading | None = None
        if one and answer.status_code == 200 and (self._max_age or self._trace):
            with suppress(NotReadable):
                reading = self._shown(read_status(answer, target, "GET"), request)
        events.was_read(answer, reading)
        if one and is_plain(request, target):
            self._readings.put(reading_key(request, target), campaign_key(request, target), reading, sent_at, mark)

    def _read(self, ticket: Ticket, write: _Write) -> Generator[GateStep, Any, tuple[Reading, float] | float]:
        """Read the status: the reading and when it was asked for, or after how long to try again."""
        request, intent, events = write.request, write.intent, write.events
        self._asked(ticket.check, write)
        write.paid -= 1
        mark, sent_at = self.sections.moves.mark(), self._clock()
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
            self._learn(request, intent.target, answer)
        self._asked(ticket.check, write)  # whatever it says, a fork has no use for it
        if answer is not None and answer.status_code != 429 and answer.status_code < 500:
            try:
                reading = self._usable(answer, intent, request)
            except StatusUnavailable:
                events.was_read(answer, None)
                self._readings.put(write.key, write.campaign, None, sent_at, mark)
                raise
            events.was_read(answer, reading, reading.date or self._now())
            self._readings.put(write.key, write.campaign, reading, sent_at, mark)
            return reading, sent_at
        if answer is not None:
            events.was_read(answer, None)
            self._readings.put(write.key, write.campaign, None, sent_at, mark)
        wait = (answer.retry_after if answer else None) or write.delay
        assert write.give_up is not None
        if (cause is not None and not write.transient(cause)) or self._clock() + wait >= write.give_up:
            raise self._unavailable(intent, answer, cause, request) from cause
        log.warning(
            "%s %s: the status could not be read (%s); next try in %.1f s",
            intent.action,
            intent.target.id,
            type(cause).__name__ if cause else answer and answer.status_code,
            wait,
        )
        write.delay = min(write.delay * 2, _LONGEST_DELAY)
        return wait

    def _usable(self, answer: Answer, intent: Intent, request: WireRequest) -> Reading:
        if answer.status_code != 200:
            raise self._unavailable(intent, answer, None, request)
        try:
            return self._shown(read_status(answer, intent.target, "GET"), request)
        except NotReadable as problem:
            redact_error(problem, self._secrets(request))
            raise StatusUnavailable(
                **_subject(intent, problem.code),
                reason=f"{problem}.",
                status_code=answer.status_code,
            ) from None

    def _unavailable(
        self, intent: Intent, answer: Answer | None, cause: BaseException | None, request: WireRequest
    ) -> StatusUnavailable:
        secrets = self._secrets(request)
        if answer is None:
            assert cause is not None
            redact_error(cause, secrets)  # it is shown with the refusal
            said = str(cause)
            return StatusUnavailable(
                **_subject(intent, "CF501"),
                reason=f"The status could not be read: {type(cause).__name__}{': ' + said if said else ''}.",
                no_answer=True,
            )
        error = api_error(answer, "GET", intent.target, secrets)
        return StatusUnavailable(
            **_subject(intent, "CF501"),
            reason=f"The status could not be read: {error.message}",
            status_code=error.status_code,
            request_id=error.request_id,
            retry_after=error.retry_after,
        )

    # Decisions

    def _judge(self, ticket: Ticket, write: _Write) -> Generator[GateStep, Any, WriteRecord | float]:
        """A record that allows the write, or after how long to come again; raises the refusal otherwise."""
        request, intent, events = write.request, write.intent, write.events
        kept = self._kept(write)
        if kept:
            # The campaign may have moved since: nobody is refused on an old reading.
            with suppress(CampaignFsmError):
                record = self._decided(request, intent, *kept, reused=True)
                assert record.at is not None
                events.was_reused(kept[0], record.at)
                self._note_decision(events, record)
                return record
            write.reread = True
        if write.paid < 2:
            return 0.0  # the read has to be paid for, outside
        found = yield from self._read(ticket, write)
        if isinstance(found, float):
            return found
        try:
            record = self._decided(request, intent, *found, reused=False)
        except Refused as refusal:
            if refusal.decision is not None:
                events.was_decided(refusal.decision, intent.fields)
            else:
                events.was_refused(refusal.code)
            log.info("%s %s: not sent [%s], it is %s", intent.action, intent.target.id, refusal.code, found[0].status)
            raise
        self._note_decision(events, record)
        return record

    @staticmethod
    def _note_decision(events: FlowEvents, record: WriteRecord) -> None:
        assert record.decision is not None
        events.was_decided(record.decision, record.intent.fields)

    def _decided(
        self, request: WireRequest, intent: Intent, reading: Reading, sent_at: float, *, reused: bool
    ) -> WriteRecord:
        # The server's clock stood at its Date when it answered, and has gone on since.
        age = timedelta(seconds=self._clock() - sent_at)
        now = reading.date + age if reading.date else self._now()
        verdict = self._verdict(intent, request, reading, now)
        if not verdict:
            raise self._refusal(verdict, intent, reading)
        for warning in verdict.warnings:
            log.warning("%s %s: %s", intent.action, intent.target.id, warning)
        return WriteRecord(intent, reading, reused, verdict, verdict.warnings, at=now, asked_at=sent_at)

    def _verdict(self, intent: Intent, request: WireRequest, reading: Reading | None, now: datetime) -> Verdict:
        return judge(
            intent,
            reading,
            now,
            strict=self._strict,
            policy=self._policy,
            confirmed=bool(self._policy) and is_confirmed(),
            host=request.host,
            account=intent.target.account,
        )

    def _refusal(self, verdict: Verdict, intent: Intent, reading: Reading | None) -> Refused:
        return refusal(verdict, intent, reading, self._policy.origin if self._policy else "")

    # The write

    def _send(
        self, ticket: Ticket, write: _Write, record: WriteRecord
    ) -> Generator[GateStep, Any, WriteRecord | float]:
        """The record with what the answer shows; 0.0 if the reading became too old before the bytes left."""
        self._asked(ticket.check, write)
        moves, events = self.sections.moves, write.events
        sent_at = self._clock()
        check = partial(self._last_check, ticket, record)
        events.is_sent(write.intent.fields)
        moves.note(write.campaign)
        busy: CampaignBusy | None = None
        noted = False
        try:
            try:
                check()  # whoever was told may have taken its time, or have forked
                record = yield from self._forward(
                    write.request, Forward(record, section=ticket, check=check), record, events
                )
            finally:
                moves.note(write.campaign)
                noted = True
        except TooOld as held:
            events.was_held()
            if held.record is not record:
                raise  # the gate above has to read anew
            write.reread = True
            return 0.0
        except Closed as error:
            events.was_held()
            busy = self._busy(error, write.intent, events)
        finally:
            if not noted:
                moves.note(write.campaign)  # as with the section
        if busy:
            raise busy
        if record.answered and not record.drift:
            self._readings.put(write.key, write.campaign, record.answered, sent_at, moves.mark())
        return record

    def _last_check(self, ticket: Ticket, record: WriteRecord) -> None:
        """Stop a write that was forked, or judged by an earlier reading and has waited since, for a connection say."""
        ticket.check()
        if record.reused and self._readings.is_too_old(record.asked_at):
            raise TooOld(record)

    def _forward(
        self, request: WireRequest, step: Forward, record: WriteRecord, events: FlowEvents
    ) -> Generator[GateStep, Any, WriteRecord]:
        try:
            answer: Answer = yield step
        except (TooOld, Closed):
            raise
        except GeneratorExit:
            # Nobody is told: this may be the middle of a collection, in a thread that holds what they need.
            raise
        except BaseException as error:
            events.has_failed(request.method, error)
            if isinstance(error, Exception):
                redact_error(error, self._secrets(request))  # what the HTTP library says is shown to somebody
            raise
        self._learn(request, record.intent.target, answer)
        if 300 <= answer.status_code < 400:
            events.was_answered(record, answer)
            raise api_error(answer, request.method, record.intent.target, self._secrets(request))
        record = self._compared(record, answer, request)
        events.was_answered(record, answer)
        return record

    def _compared(self, record: WriteRecord, answer: Answer, request: WireRequest) -> WriteRecord:
        """The record with what the answer shows, held against what was decided."""
        intent, reading, decision = record.intent, record.reading, record.decision
        answered, problem, drift = None, None, None
        if answer.status_code < 300 and reading and decision and intent.target.id:
            try:
                answered = self._shown(read_status(answer, intent.target), request)
                drift = self._drift(intent, reading, decision, answered)
            except NotReadable as unreadable:
                problem = redact(str(unreadable), self._secrets(request))
            except Exception as error:  # noqa: BLE001
                # The write is done: whatever the answer does to us, the caller gets it.
                log.exception("the answer to a write could not be judged")
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
        )

    def _drift(self, intent: Intent, reading: Reading, decision: Decision, answered: Reading) -> Drift | None:
        expected = decision.accepted
        if decision.destination and reading.end and reading.end <= (reading.date or self._now()):
            # Past its end the platform may pause a resumed campaign again at once (5.2): never drift.
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

    def _report(self, drift: Drift) -> None:
        log.warning(
            "%s %s: drift, the answer shows %r and not one of %s",
            drift.action,
            drift.campaign_id,
            drift.raw_status,
            ", ".join(sorted(drift.expected)),
        )
        if self._on_drift:
            try:
                self._on_drift(drift)
            except Exception:  # noqa: BLE001
                # The write is done; a failing observer must not hide its answer.
                log.exception("the on_drift callback failed")


def reading_key(request: WireRequest, target: Target) -> str:
    """A campaign exactly as it is asked for: what was read under one name is not used under another."""
    scheme, host, port = request.origin
    return f"{scheme} {host} {port} {target.prefix} {target.account} {target.collection} {target.id}"


def _began(request: WireRequest) -> Process:
    """The process that a request is of: the one in which the gate above got it, if there is one."""
    return request.above.process if isinstance(request.above, Permit) and request.above.out else process()


def _check_process(began: Process) -> None:
    """Raise `Closed` in any other process than that one."""
    if began != process():
        raise forked()


def _is_below_a_gate(request: WireRequest) -> bool:
    """Whether another gate hands the request on, and has paid for it."""
    return isinstance(request.above, Permit) and request.above.out


def _subject(intent: Intent, code: str) -> dict[str, Any]:
    return {
        "code": code,
        "action": intent.action,
        "channel": intent.channel,
        "campaign_id": intent.target.id,
        "advice": PROBLEMS[code].advice,
    }


def _failed(error: Exception) -> GateFailure:
    return GateFailure(
        code="CF505", reason=f"The gate failed with {type(error).__name__}.", advice=PROBLEMS["CF505"].advice
    )

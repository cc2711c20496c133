"""What a client does, once for sync and async: generators that yield calls and get answers.

An operation yields a `Call` and is sent the `Outcome` of it, or a `ConnectionFailed` is thrown in;
it yields a `Sleep` and is sent None. It returns a result or raises from `campaign_fsm.errors`. A
listing also yields the things listed, each as an `Emit`.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Collection, Generator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

from attrs import evolve, field, frozen

from campaign_fsm import log
from campaign_fsm.client.settings import Settings
from campaign_fsm.client.steps import Call, Operation, Outcome, changed
from campaign_fsm.client.writes import NotApplied, SentWrite, WriteCommand, is_there, same, says_gone, shown
from campaign_fsm.drafts import Draft, changes_to_wire, check_schedule, schedule_to_wire, schedule_warnings
from campaign_fsm.drive import Emit, Sleep
from campaign_fsm.errors import (
    AlreadyThere,
    ApiError,
    BudgetSpent,
    ConnectionFailed,
    FieldProblem,
    InvalidParameters,
    NotFound,
    NotOne,
    NotReached,
    OutcomeUnknown,
    RateLimited,
    Refused,
    ServerError,
    StateConflict,
    StatusUnavailable,
    TimedOut,
    UnexpectedAnswer,
    UnexpectedRedirect,
)
from campaign_fsm.lifecycle import reachable, undoable
from campaign_fsm.printable import quoted
from campaign_fsm.private import redact, redact_error
from campaign_fsm.rules import PROBLEMS, Action, Channel, Status
from campaign_fsm.verdict import judge
from campaign_fsm.wire.answer import (
    SCHEDULE_KEYS,
    Answer,
    Item,
    NotReadable,
    Reading,
    api_error,
    parse_time,
    read_campaign,
    read_item,
    read_status,
)
from campaign_fsm.wire.campaign import Campaign, Schedule, campaign_from
from campaign_fsm.wire.intent import edit_kind
from campaign_fsm.wire.listing import DETAILS, PAGE_SIZES, Filter, Page, Recipient, details_query, is_name, read_page
from campaign_fsm.wire.target import COLLECTION_OF, ID_RULE, Target, is_id

# Seconds between the reads that look for what became of a write.
_LOOKS: Final = (0.0, 0.25, 0.5, 1.0, 2.0)
# How often a write that can be undone, and that a read has shown not to be applied, is sent again.
_RESENDS: Final = 2
# How often an action is tried on a campaign that moves away whenever it is found to be there already.
_ROUNDS: Final = 3
_FIRST_DELAY: Final = 0.5
_LONGEST_DELAY: Final = 8.0
# The clocks of a server's machines differ a little.
_CLOCK_SLACK: Final = timedelta(seconds=5)
_MOST_MATCHES: Final = 10
# 408: somebody has waited too long for a request (RFC 9110). 425: somebody did not want to pass it on yet (RFC 8470).
_TIMED_OUT: Final = (408, 504)
_OPEN: Final = (408, 425)
# A page of campaigns with all their numbers in them has to stay within what a read may be.
_PAGE_SIZE: Final = 100

_T = TypeVar("_T")
Listing = Generator["Call | Sleep | Emit[_T]", Any, None]


@frozen
class Operations:
    """Everything that a client of one account and channel can do."""

    settings: Settings
    strict: bool
    secrets: tuple[str, ...] = field(repr=False)
    deadline: float = 30.0
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    clock: Callable[[], float] = time.monotonic

    @property
    def channel(self) -> Channel:
        return self.settings.channel

    # One campaign

    def get(self, campaign_id: str) -> Operation[Campaign]:
        """Read one campaign."""
        target = self._target(campaign_id)
        reading = yield from self._read(target, self.clock() + self.deadline)
        return self._campaign(reading, target)

    def act(self, campaign_id: str, action: Action) -> Operation[Campaign]:
        """Have the gate judge and send one action, and find out what became of it."""
        target = self._target(campaign_id)
        return (yield from self._write(WriteCommand(action, target, "PUT", self._item({"action": action.value}))))

    def ensure(self, campaign_id: str, action: Action) -> Operation[Campaign]:
        """An action that takes "already there" as success, whoever brought the campaign there and when."""
        target = self._target(campaign_id)
        there: AlreadyThere | StateConflict
        for _ in range(_ROUNDS):
            try:
                return (yield from self.act(campaign_id, action))
            except AlreadyThere as refusal:
                there, goal = refusal, refusal.status
            except StateConflict as conflict:
                if not is_there(conflict):
                    raise
                there, goal = conflict, conflict.now
            try:
                reading = yield from self._before(target, action)
            except StatusUnavailable:
                if isinstance(there, StateConflict):
                    raise there from None  # a write was sent
                raise
            if reading.status is goal:
                return self._campaign(reading, target)
            # It has moved between the two reads, so the action is due after all.
        raise there

    def edit(
        self, campaign_id: str, draft: Draft | None, *, partial: bool, changes: Mapping[str, Any]
    ) -> Operation[Campaign]:
        """Set parameters: a whole draft, callback URLs alone, or some of them on the caller's own word."""
        target = self._target(campaign_id)
        if draft is not None:
            if changes or partial:
                raise TypeError("an edit takes a whole draft, or some parameters with partial=True, not both")
            fields = self._checked(draft)
        else:
            fields, warnings = changes_to_wire(self.channel, changes)
            self._warn("edit", warnings)
            if self.channel is not Channel.VOICE or edit_kind(fields, self.channel) is not Action.EDIT_CALLBACKS:
                if not partial:
                    rule = "a whole draft, or partial=True: no page says what becomes of parameters that are left out"
                    problem = FieldProblem("edit", rule, ", ".join(sorted(fields)))
                    raise InvalidParameters(what=f"edit of a {self.channel} campaign", problems=(problem,))
                log.warning(
                    "edit %s: partial; no page says whether parameters that are left out are kept",
                    campaign_id,
                )
            if "schedule" in fields:
                parts = (parse_time(fields["schedule"].get(key)) for key in SCHEDULE_KEYS[self.channel])
                yield from self._fit(target, edit_kind(fields, self.channel), Schedule(*parts))
        kind = edit_kind(fields, self.channel)
        return (yield from self._write(WriteCommand(kind, target, "PUT", self._item(fields), fields)))

    def reschedule(self, campaign_id: str, schedule: Schedule, *, resume: bool) -> Operation[Campaign]:
        """Set the schedule alone, or together with a resume (fact sheet 5.3)."""
        target = self._target(campaign_id)
        problems = tuple(check_schedule(schedule, self.channel))
        if problems:
            raise InvalidParameters(what="new schedule", problems=problems)
        self._warn("reschedule", tuple(schedule_warnings(schedule, self.channel, self.now())))
        # What is resumed has started: its new end only has to lie ahead, and the gate sees to that.
        if not resume:
            yield from self._fit(target, Action.RESCHEDULE, schedule)
        fields = {"schedule": schedule_to_wire(schedule, self.channel)}
        body = {**fields, "action": Action.RESUME.value} if resume else fields
        action = Action.RESUME if resume else Action.RESCHEDULE
        return (yield from self._write(WriteCommand(action, target, "PUT", self._item(body), fields)))

    def _fit(self, target: Target, action: Action, schedule: Schedule) -> Operation[None]:
        """Hold one end of a schedule against the other one that the campaign keeps; asks only where there is one."""
        if schedule.start is not None and schedule.end is not None:
            return
        reading = yield from self._before(target, action)
        whole = Schedule(schedule.start or reading.start, schedule.end or reading.end)
        problems = tuple(check_schedule(whole, self.channel))
        if problems:
            raise InvalidParameters(
                what="new schedule, with what the campaign keeps of the old one,", problems=problems
            )

    def delete(self, campaign_id: str) -> Operation[Campaign]:
        """Delete a campaign that has not started (voice); the campaign as it was, with the status deleted."""
        return (yield from self._write(WriteCommand(Action.DELETE, self._target(campaign_id), "DELETE")))

    def wait_until(
        self,
        campaign_id: str,
        status: Status | str | Collection[Status | str],
        *,
        timeout: float,
        poll: float,
        on_read: Callable[[Campaign], object] | None,
    ) -> Operation[Campaign]:
        """Read again and again until the campaign is where it is wanted, or cannot get there any more."""
        target = self._target(campaign_id)
        goal = Filter.of(self.channel, status, None, "name").statuses
        if not goal:
            raise ValueError("wait_until needs a status to wait for")
        began = self.clock()
        give_up = began + timeout
        now: Status | None = None
        while True:
            try:
                reading = yield from self._read(target, give_up, until=give_up)
            except BudgetSpent:
                give_up = self.clock()  # there is no room before the time is up
            except (ApiError, ConnectionFailed) as error:
                if not _passes(error):
                    raise
            else:
                now = reading.status
                campaign = self._campaign(reading, target)
                if on_read is not None:
                    on_read(campaign)
                if now in goal:
                    return campaign
                if not goal & reachable(now, self.channel):
                    raise NotReached(
                        campaign_id=campaign_id,
                        goal=tuple(sorted(goal)),
                        now=now,
                        reachable=False,
                        waited=self.clock() - began,
                    )
            left = give_up - self.clock()
            if left <= 0:
                raise NotReached(
                    campaign_id=campaign_id, goal=tuple(sorted(goal)), now=now, reachable=True, waited=timeout
                )
            yield Sleep(min(poll, left))

    # Many campaigns

    def list(self, wanted: Filter, page_size: int | None) -> Listing[Campaign]:
        """Every campaign that a filter lets through, page by page; a page is read when it is needed."""
        size = self._page_size(page_size)
        target = self._collection()
        offset = 0
        previous: set[str] = set()
        while True:
            call = Call("GET", target, wanted.query(self.channel, offset, size))
            answer, page = yield from self._page(call)
            ids: set[str] = set()
            for item in page.items:
                campaign = self._listed(item, answer)
                ids.add(campaign.id)
                # A campaign that was created meanwhile shifts the rest by one, onto the next page.
                if campaign.id not in previous and (not wanted.statuses or campaign.status in wanted.statuses):
                    yield Emit(campaign)
            offset += len(page.items)
            if not page.items or (offset >= page.total if page.total is not None else len(page.items) < size):
                return
            if ids <= previous:
                raise self._unlike(answer, "the next page of the list holds nothing new")
            previous = ids

    def recipients(self, campaign_id: str) -> Listing[Recipient]:
        """What the server says of each number of a campaign, page by page."""
        target = evolve(self._target(campaign_id), rest=(DETAILS[self.channel],))
        offset = 0
        previous: tuple[Item, ...] = ()
        while True:
            answer, page = yield from self._page(Call("GET", target, details_query(self.channel, offset)))
            if offset and page.items == previous:
                raise self._unlike(answer, "the next page of the recipients is the same page")
            for item in page.items:
                self._raise_if_failed(item, answer, target)
                yield Emit(Recipient.of(item))
            previous = page.items
            offset += len(page.items)
            if not page.items or page.total is None or offset >= page.total:
                return

    def find(self, name: str) -> Operation[Campaign]:
        """The one campaign with exactly this name."""
        if not is_name(name):
            raise ValueError("a name to look for is a text that is not blank")
        found: dict[str, Campaign] = {}

        def take(campaign: Campaign) -> bool:
            if campaign.name == name:
                found[campaign.id] = campaign
            return len(found) < _MOST_MATCHES

        yield from _through(self.list(Filter(name=name), None), take)
        if len(found) != 1:
            raise NotOne(name=name, matches=tuple(found))
        return next(iter(found.values()))

    def create(self, draft: Draft) -> Operation[Campaign]:
        """Create a campaign. Sent again only where it cannot have been taken."""
        fields = self._checked(draft)
        target = self._collection()
        call = Call("POST", target, json=self._item(fields))
        give_up = self.clock() + self.deadline
        delay = _FIRST_DELAY
        while True:
            began = self.clock()
            try:
                outcome: Outcome = yield call
                failed = self._create_failed(outcome, target)
            except ConnectionFailed as error:
                if not error.transient:
                    raise
                failed = NotApplied(error, certain=True)  # it was not sent, or this would be an outcome
            if failed is None:
                answer = outcome.answer
                assert answer is not None
                campaign = self._created(answer)
                if campaign is not None:
                    return campaign
                why = "The server accepted it, but its answer cannot be used."
                return (yield from self._made(fields, began, why, None))
            if not failed.certain:
                return (yield from self._made(fields, began, failed.error.message, failed.error))
            wait = failed.wait or delay
            if self.clock() + wait >= give_up:
                raise failed.error
            log.warning("create: %s; next try in %.1f s", type(failed.error).__name__, wait)
            yield Sleep(wait)
            delay = min(delay * 2, _LONGEST_DELAY)

    # Reading

    def _target(self, campaign_id: str) -> Target:
        if not isinstance(campaign_id, str) or not is_id(campaign_id):
            given = redact(quoted(campaign_id), self.secrets) or ""
            raise InvalidParameters(what="request", problems=(FieldProblem("campaign_id", ID_RULE, given),))
        return evolve(self._collection(), id=campaign_id)

    def _collection(self) -> Target:
        return Target("", self.settings.account_sid, COLLECTION_OF[self.channel], None, ())

    def _item(self, item: Mapping[str, Any]) -> dict[str, Any]:
        """A body for one campaign: flat, or on voice wrapped (S1, S2)."""
        return {"campaigns": [dict(item)]} if self.channel is Channel.VOICE else dict(item)

    def _ask(self, call: Call, give_up: float) -> Operation[Answer]:
        """Make a read, again after 429, 5xx and broken connections until `give_up`; the answer, whatever it says."""
        delay = _FIRST_DELAY
        while True:
            answer: Answer | None = None
            why: str
            try:
                outcome: Outcome = yield call
            except ConnectionFailed as error:
                if not error.transient or self.clock() + delay >= give_up:
                    raise
                why, wait = type(error).__name__, delay
            else:
                answer = outcome.answer
                assert answer is not None  # a read without an answer raises
                wait = answer.retry_after or delay
                why = str(answer.status_code)
                passing = answer.status_code == 429 or answer.status_code >= 500
                if not passing or self.clock() + wait >= give_up:
                    return answer
            log.warning("%s %s: %s; next try in %.1f s", call.method, call.target.id or "list", why, wait)
            yield Sleep(wait)
            delay = min(delay * 2, _LONGEST_DELAY)

    def _read(
        self, target: Target, give_up: float = 0.0, *, elsewhere: bool = True, until: float | None = None
    ) -> Operation[Reading]:
        answer = yield from self._ask(Call("GET", target, until=until), give_up)
        if answer.status_code == 404 and elsewhere:
            error = api_error(answer, "GET", target, self.secrets)
            raise changed(error, hint=(yield from self._elsewhere(target)))
        return self._reading(answer, target)

    def _reading(self, answer: Answer, target: Target) -> Reading:
        if answer.status_code != 200:
            raise api_error(answer, "GET", target, self.secrets)
        try:
            return read_status(answer, target, "GET")
        except NotReadable as problem:
            raise self._unexpected(answer, target, "GET", problem) from problem  # which is redacted there

    def _before(self, target: Target, action: Action) -> Operation[Reading]:
        """A read that a write needs. Where it fails, the write was not sent, and the error is that of the gate."""
        try:
            return (yield from self._read(target, self.clock() + self.deadline))
        except (ApiError, ConnectionFailed) as error:
            # What the gate says of an answer that it cannot use.
            problem = error.__cause__ if isinstance(error.__cause__, NotReadable) else None
            code = problem.code if problem else "CF501"
            raise StatusUnavailable(
                code=code,
                reason=f"{problem}." if problem else f"The status could not be read: {error.message}",
                action=action,
                channel=target.channel,
                campaign_id=target.id,
                advice=PROBLEMS[code].advice,
                status_code=getattr(error, "status_code", None),
                request_id=getattr(error, "request_id", None),
                retry_after=getattr(error, "retry_after", None),
                no_answer=isinstance(error, ConnectionFailed),
            ) from error

    def _unexpected(self, answer: Answer, target: Target, method: str, problem: NotReadable) -> ApiError:
        redact_error(problem, self.secrets)
        error = api_error(answer, method, target, self.secrets)
        if not isinstance(error, UnexpectedAnswer):
            return error  # a success on the outside, a failed item inside
        return changed(
            error, description=error.description or str(problem), hint="Check the host, and any proxy before it."
        )

    def _elsewhere(self, target: Target) -> Operation[str]:
        """What to say of a 404: whether the id exists on the other channel."""
        other = next(channel for channel in Channel if channel is not target.channel)
        there = evolve(target, collection=COLLECTION_OF[other], rest=())
        try:
            yield from self._read(there, elsewhere=False)
        except NotFound:
            return f"There is no {other} campaign with this id either; check the id, the account and the region."
        except (ApiError, ConnectionFailed):
            return f"Whether a {other} campaign has this id could not be read."
        return f"But there is a {other} campaign with this id: use channel={other.value!r}."

    def _campaign(self, reading: Reading, target: Target) -> Campaign:
        assert target.id is not None
        return campaign_from(reading, target.id, target.channel, self.now())

    # Pages

    def _page_size(self, asked: int | None) -> int:
        _, greatest = PAGE_SIZES[self.channel]
        if asked is None:
            return min(greatest, _PAGE_SIZE)
        if isinstance(asked, bool) or not isinstance(asked, int) or not 1 <= asked <= greatest:
            raise ValueError(f"page_size is 1 to {greatest} on {self.channel} campaigns, not {asked!r}")
        return asked

    def _page(self, call: Call) -> Operation[tuple[Answer, Page]]:
        answer = yield from self._ask(call, self.clock() + self.deadline)
        target = call.target
        if not 200 <= answer.status_code < 300:
            error = api_error(answer, "GET", target, self.secrets)
            if isinstance(error, NotFound) and target.id is not None:
                error = changed(error, hint=(yield from self._elsewhere(target)))
            raise error
        try:
            return answer, read_page(answer)
        except NotReadable as problem:
            raise self._unexpected(answer, target, "GET", problem) from None

    def _unlike(self, answer: Answer, what: str) -> ApiError:
        return self._unexpected(evolve(answer, body=b""), self._collection(), "GET", NotReadable(what))

    def _raise_if_failed(self, item: Item, answer: Answer, target: Target) -> None:
        if item.failed:
            code = item.code if 400 <= item.code < 600 else answer.status_code  # another number may be anything
            raise api_error(evolve(answer, status_code=code, body=b""), "GET", target, self.secrets)

    def _listed(self, item: Item, answer: Answer) -> Campaign:
        self._raise_if_failed(item, answer, self._collection())
        try:
            found, reading = read_campaign(item, self.channel, answer.date)
        except NotReadable as problem:
            raise self._unlike(answer, str(problem)) from None
        if not is_id(found):
            raise self._unlike(answer, "the list holds a campaign whose id has another form")
        return campaign_from(reading, found, self.channel, self.now())

    # Writing

    def _checked(self, draft: Draft) -> dict[str, Any]:
        if draft.channel is not self.channel:
            raise ValueError(f"this client is for {self.channel} campaigns, and the draft is for {draft.channel} ones")
        self._warn("draft", draft.warnings(self.now()))
        return draft.to_wire()

    @staticmethod
    def _warn(what: str, warnings: Collection[FieldProblem]) -> None:
        for warning in warnings:
            log.warning("%s: %s", what, warning)

    def _write(self, command: WriteCommand) -> Operation[Campaign]:
        """Send a write through the gate and find out what became of it; again only where that cannot do harm.

        Where nothing can have been applied (429, a connection that never opened) any write is sent again;
        where a read has shown that nothing was, only one that can be undone. Every try passes the gate.
        """
        give_up = self.clock() + self.deadline
        delay = _FIRST_DELAY
        sent: tuple[SentWrite, NotApplied] | None = None
        resends = 0
        while True:
            try:
                outcome: Outcome = yield Call(command.method, command.target, json=command.json)
            except Refused as refusal:
                if sent is not None:
                    return (yield from self._refused_later(refusal, *sent))
                if isinstance(refusal, StatusUnavailable) and refusal.status_code == 404:
                    raise changed(refusal, advice=(yield from self._elsewhere(command.target))) from None
                raise
            except ConnectionFailed as error:
                # It was not sent: otherwise this would be an outcome.
                if not error.transient:
                    raise
                tried = NotApplied(error, certain=True)
            else:
                write = SentWrite.of(command, outcome, again=resends > 0)
                became = yield from self._became(write, outcome)
                if isinstance(became, Campaign):
                    return became
                tried = became
                sent = write, tried
                resends += not tried.certain
            wait = tried.wait or delay
            allowed = tried.certain or (undoable(command.action) and resends <= _RESENDS)
            if not allowed or self.clock() + wait >= give_up:
                raise tried.error
            log.warning(
                "%s %s: nothing was applied (%s); next try in %.1f s",
                command.action,
                command.target.id,
                type(tried.error).__name__,
                wait,
            )
            yield Sleep(wait)
            delay = min(delay * 2, _LONGEST_DELAY)

    def _refused_later(self, refusal: Refused, write: SentWrite, tried: NotApplied) -> Operation[Campaign]:
        """The gate refuses what it let through before: between the two tries something has happened."""
        if isinstance(refusal, AlreadyThere):
            if tried.certain and not write.again:
                raise refusal  # somebody else did it
            # Perhaps an earlier try arrived late.
            try:
                reading = yield from self._read(write.target, self.clock() + self.deadline)
            except (ApiError, ConnectionFailed) as error:
                raise OutcomeUnknown(
                    action=write.action, campaign_id=write.id, seen=write.seen, now=refusal.status, why=error.message
                ) from error
            if write.shown_by(reading):
                return self._campaign(reading, write.target)
        if refusal.status is not None and refusal.status is not write.seen:
            raise write.conflict(refusal.status, None) from refusal
        raise tried.error from refusal

    def _became(self, write: SentWrite, outcome: Outcome) -> Operation[Campaign | NotApplied]:
        """The campaign if the write was applied, `NotApplied` if it certainly was not; raises otherwise."""
        answer = outcome.answer
        if answer is None:
            return (yield from self._settle(write, outcome.failure))
        if answer.status_code >= 400:
            error = api_error(answer, write.command.method, write.target, self.secrets)
            return (yield from self._failed(write, error))
        answered = write.record.answered
        if answered is None:
            return (yield from self._unreadable(write, answer))
        if write.record.drift or write.shown_by(answered) is False:
            return (yield from self._settle(write, None))
        return self._campaign(answered, write.target)

    def _look(self, write: SentWrite, *, claimed: bool) -> Operation[Reading | None]:
        """Read until it shows what became of a write or the patience ends; the last reading, None if there is none.

        Whoever stands before the server has a 404 of his own, while the server is away: only one in a form of the
        API's says that a campaign is gone, unless the server has `claimed` to have deleted it.
        """
        last: Reading | None = None
        for pause in _LOOKS:
            if pause:
                yield Sleep(pause)
            try:
                answer = yield from self._ask(Call("GET", write.target), 0.0)
                if write.action is Action.DELETE and (says_gone(answer) or (claimed and answer.status_code == 404)):
                    return write.gone()
                last = self._reading(answer, write.target)
            except (ApiError, ConnectionFailed) as error:
                log.info("%s %s: read after a write failed: %s", write.action, write.id, type(error).__name__)
                continue
            if write.shown_by(last) or write.is_elsewhere(last):
                break
        return last

    def _settle(
        self, write: SentWrite, failure: ApiError | ConnectionFailed | None
    ) -> Operation[Campaign | NotApplied]:
        """Find out whether a write took effect: its answer was lost, unreadable, or showed something else."""
        last = yield from self._look(write, claimed=failure is None)
        why = failure.message if failure else "The server accepted it, but does not show it."
        if last is None:
            raise OutcomeUnknown(action=write.action, campaign_id=write.id, seen=write.seen, why=why) from failure
        verdict = write.shown_by(last)
        if verdict:
            log.info("%s %s: applied, as a read after the write shows", write.action, write.id)
            return self._campaign(last, write.target)
        if write.is_elsewhere(last):
            raise write.conflict(last.status, failure if isinstance(failure, ApiError) else None) from failure
        if verdict is False:
            outcome = f"Read again, the campaign is still {write.seen}: the {write.action} was not applied."
            if isinstance(failure, UnexpectedRedirect):
                raise changed(failure, hint=f"{failure.hint} {outcome}")  # the next one would be answered alike
            if isinstance(failure, ApiError) and _may_be_applied(failure) and failure.status_code not in _TIMED_OUT:
                return NotApplied(changed(failure, hint=outcome), failure.retry_after)
            if isinstance(failure, ConnectionFailed) and not isinstance(failure, TimedOut):
                return NotApplied(changed(failure, outcome=outcome))
        # After a time-out, a 408, a 504 or a claimed success, the write may still be on its way.
        if failure is None and write.past_end:
            why = "The server accepted it; its end time has passed, so the platform may have paused it again (S5)."
        raise OutcomeUnknown(
            action=write.action, campaign_id=write.id, seen=write.seen, now=last.status, why=why
        ) from failure

    def _unreadable(self, write: SentWrite, answer: Answer) -> Operation[Campaign | NotApplied]:
        """A success whose body holds no usable status: a failed item is what its code says, the rest a lost answer."""
        if write.action is Action.DELETE and not answer.body.strip():
            return (yield from self._settle(write, None))  # no page says what a DELETE is answered with
        problem = NotReadable(write.record.problem or "it holds no status")
        failure = self._unexpected(answer, write.target, write.command.method, problem)
        if isinstance(failure, UnexpectedAnswer):
            return (yield from self._settle(write, failure))
        return (yield from self._failed(write, failure))

    def _failed(self, write: SentWrite, failure: ApiError) -> Operation[Campaign | NotApplied]:
        """What became of a write that was answered with an error, on the outside or in its item."""
        if isinstance(failure, RateLimited):
            return NotApplied(failure, failure.retry_after, certain=True)
        if _may_be_applied(failure):
            return (yield from self._settle(write, failure))
        return (yield from self._rejected(write, failure))

    def _rejected(self, write: SentWrite, failure: ApiError) -> Operation[Campaign]:
        """Tell a campaign that somebody moved from a rejection for another reason.

        The rejection is the server's word that it did not apply this try; an earlier one may have arrived late.
        """
        try:
            reading = yield from self._read(write.target, elsewhere=False)
        except (ApiError, ConnectionFailed):
            if write.again:
                raise OutcomeUnknown(
                    action=write.action, campaign_id=write.id, seen=write.seen, why=failure.message
                ) from failure
            raise failure from None
        if write.again and write.shown_by(reading):
            return self._campaign(reading, write.target)
        now = reading.date or self.now()
        if not judge(write.record.intent, reading, now, strict=self.strict):
            raise write.conflict(reading.status, failure) from failure
        raise failure

    # What became of a create

    def _create_failed(self, outcome: Outcome, target: Target) -> NotApplied | None:
        """None if the server says that it made the campaign; raises its rejection."""
        if outcome.failure is not None:
            return NotApplied(outcome.failure)
        answer = outcome.answer
        assert answer is not None
        error: ApiError | None = None
        if answer.status_code >= 400:
            error = api_error(answer, "POST", target, self.secrets)
        else:
            try:
                if read_item(answer).failed:
                    error = api_error(answer, "POST", target, self.secrets)
            except NotReadable:
                return None
        if error is None:
            return None
        if isinstance(error, RateLimited):
            return NotApplied(error, error.retry_after, certain=True)
        if isinstance(error, UnexpectedAnswer) or _may_be_applied(error):
            return NotApplied(error)
        raise error

    def _created(self, answer: Answer) -> Campaign | None:
        """The campaign that a successful create shows, None if it cannot be read."""
        try:
            found, reading = read_campaign(read_item(answer), self.channel, answer.date)
        except NotReadable:
            return None
        return campaign_from(reading, found, self.channel, self.now()) if is_id(found) else None

    def _made(
        self, fields: Mapping[str, Any], began: float, why: str, failure: ApiError | ConnectionFailed | None
    ) -> Operation[Campaign]:
        """Look for the campaign that a create may have made: by name, time and parameters, in the list."""
        name = fields.get("name")
        candidates: dict[str, Campaign] = {}
        if name is None:
            why = f"{why} It has no name to look for it by."
        for pause in _LOOKS if name is not None else ():
            if pause:
                yield Sleep(pause)
            query = Filter(name=name).query(self.channel, 0, PAGE_SIZES[self.channel][0])
            try:
                answer, page = yield from self._page(Call("GET", self._collection(), query))
                found = [(self._listed(item, answer), item.data) for item in page.items if not item.failed]
            except (ApiError, ConnectionFailed) as error:
                log.info("list after a create failed: %s", type(error).__name__)
                continue
            since = (answer.date or self.now()) - timedelta(seconds=self.clock() - began) - _CLOCK_SLACK
            candidates = {
                campaign.id: campaign
                for campaign, data in found
                if campaign.name == name
                and (campaign.created is None or campaign.created >= since)
                and _fits(fields, data)
            }
            if candidates:
                break
        sure = [campaign for campaign in candidates.values() if campaign.created is not None]
        if len(candidates) == 1 and sure:
            log.info("create: applied, as the list shows: %s", sure[0].id)
            return sure[0]
        # Whether lists lag behind is not documented, so an empty one proves nothing.
        raise OutcomeUnknown(
            action=Action.CREATE, campaign_id=None, seen=None, why=why, candidates=tuple(candidates)
        ) from failure


def _through(listing: Listing[_T], take: Callable[[_T], bool]) -> Operation[None]:
    """Run a listing inside an operation, until `take` says of a thing that it was enough."""
    result: Any = None
    error: BaseException | None = None
    with contextlib.closing(listing), contextlib.suppress(StopIteration):
        step = next(listing)
        while True:
            if isinstance(step, Emit):
                if not take(step.value):
                    return
                step = next(listing)
                continue
            try:
                result, error = (yield step), None
            except Exception as thrown:  # noqa: BLE001 (the listing decides)
                error = thrown
            step = listing.throw(error) if error else listing.send(result)


def _fits(fields: Mapping[str, Any], data: Mapping[str, Any]) -> bool:
    """Whether a campaign in a list shows nothing else than what a create asked for."""
    for name, sent in fields.items():
        there, value = shown(data, name)
        if there and not same(sent, value):
            return False
    return True


def _may_be_applied(error: ApiError) -> bool:
    """Whether an error can come from somebody on the way who had passed the write on, as none that rejects it does."""
    return isinstance(error, ServerError | UnexpectedRedirect) or error.status_code in _OPEN


def _passes(error: ApiError | ConnectionFailed) -> bool:
    """Whether an error of a read passes by itself."""
    if isinstance(error, ConnectionFailed):
        return error.transient
    return isinstance(error, ServerError | RateLimited)

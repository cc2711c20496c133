"""What a client does, once for sync and async: generators that yield calls and get answers.

An operation yields a `Call` and is sent the `Outcome` of it, or a `ConnectionFailed` is thrown in;
it yields a `Wait` and is sent None. It returns a result or raises from `campaign_fsm.errors`.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Generator
from datetime import UTC, datetime
from typing import Any, Final, NoReturn, TypeVar

from attrs import evolve, field, frozen

from campaign_fsm.client.settings import Settings
from campaign_fsm.errors import (
    ApiError,
    CampaignFsmError,
    ConnectionFailed,
    NotFound,
    OutcomeUnknown,
    ServerError,
    StateConflict,
    StatusUnavailable,
    TimedOut,
    UnexpectedAnswer,
)
from campaign_fsm.gate import Judgement
from campaign_fsm.lifecycle import Decision, decide
from campaign_fsm.rules import RULES, Action, Channel, Event, Status
from campaign_fsm.wire.answer import Answer, NotReadable, Reading, api_error, read_status, redact
from campaign_fsm.wire.campaign import Campaign, campaign_from
from campaign_fsm.wire.target import COLLECTION_OF, Target, is_id

_log: Final = logging.getLogger("campaign_fsm")

# Seconds between the reads that look for what became of a write.
_LOOKS: Final = (0.0, 0.25, 0.5, 1.0, 2.0)


def changed(error: _E, **fields: Any) -> _E:
    """The same error with other fields."""
    other = copy.copy(error)
    other.__dict__.update(fields)
    return other


@frozen
class Call:
    """One request to make."""

    method: str
    path: str
    target: Target
    json: Any = None


@frozen
class Wait:
    """Seconds to wait."""

    seconds: float


@frozen
class Outcome:
    """What came of a `Call`: an answer, or for a write that went out, the failure that stands for it."""

    answer: Answer | None
    judgement: Judgement | None = None
    """What the gate read and decided, if the call was a write."""
    failure: ApiError | ConnectionFailed | None = None


_R = TypeVar("_R")
_E = TypeVar("_E", bound=CampaignFsmError)
Operation = Generator[Call | Wait, Any, _R]


@frozen
class Operations:
    """Everything that a client of one account and channel can do."""

    settings: Settings
    strict: bool
    secrets: tuple[str, ...] = field(repr=False)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def get(self, campaign_id: str) -> Operation[Campaign]:
        """Read one campaign."""
        target = self._target(campaign_id)
        reading = yield from self._read(target)
        return self._campaign(reading, target)

    def check(self, campaign_id: str, action: Action | str) -> Operation[Decision]:
        """Read one campaign and decide about an action; writes nothing."""
        wanted = Action(action)
        target = self._target(campaign_id)
        reading = yield from self._read(target)
        return self._decide(reading, wanted, target)

    def act(self, campaign_id: str, action: Action) -> Operation[Campaign]:
        """Have the gate judge and send one action, and find out what became of it."""
        target = self._target(campaign_id)
        body: Any = {"action": action.value}
        if target.channel is Channel.VOICE:
            body = {"campaigns": [body]}
        try:
            outcome: Outcome = yield self._call("PUT", target, body)
        except StatusUnavailable as refusal:
            if refusal.status_code == 404:
                raise changed(refusal, advice=(yield from self._elsewhere(target))) from None
            raise
        write = _Write.of(target, action, outcome)
        answer = outcome.answer
        if isinstance(outcome.failure, ApiError):
            return (yield from self._rejected(write, outcome.failure))
        if answer is None:
            return (yield from self._settle(write, outcome.failure))
        if answer.status_code >= 500:
            # Somebody on the way failed; the write may have got through before that.
            return (yield from self._settle(write, self._error(answer, write)))
        if answer.status_code >= 400:
            return (yield from self._rejected(write, self._error(answer, write)))
        answered = write.judgement.answered
        if answered is None:
            return (yield from self._unreadable(write, answer))
        if write.judgement.drift or answered.status is write.seen:
            return (yield from self._settle(write, None))
        return self._campaign(answered, target)

    # Reading

    def _target(self, campaign_id: str) -> Target:
        if not isinstance(campaign_id, str) or not is_id(campaign_id):
            raise ValueError("a campaign id is 1 to 64 of A-Z a-z 0-9 _ and -")
        return Target("", self.settings.account_sid, COLLECTION_OF[self.settings.channel], campaign_id, ())

    def _call(self, method: str, target: Target, json: Any = None) -> Call:
        path = f"/v2/accounts/{target.account}/{target.collection}/{target.id}"
        return Call(method, path, target, json)

    def _read(self, target: Target, *, elsewhere: bool = True) -> Operation[Reading]:
        outcome: Outcome = yield self._call("GET", target)
        answer = outcome.answer
        assert answer is not None  # a read without an answer raises
        if answer.status_code != 200:
            error = api_error(answer, "GET", target, self.secrets)
            if isinstance(error, NotFound) and elsewhere:
                error = changed(error, hint=(yield from self._elsewhere(target)))
            raise error
        try:
            return read_status(answer, target)
        except NotReadable as problem:
            raise self._unexpected(answer, target, "GET", problem) from None

    def _unexpected(self, answer: Answer, target: Target, method: str, problem: NotReadable) -> ApiError:
        error = api_error(answer, method, target, self.secrets)
        if not isinstance(error, UnexpectedAnswer):
            return error  # a success on the outside, a failed item inside
        said = redact(str(problem), self.secrets)
        return changed(error, description=error.description or said, hint="Check the host, and any proxy before it.")

    def _elsewhere(self, target: Target) -> Operation[str]:
        """What to say of a 404: whether the id exists on the other channel."""
        other = next(channel for channel in Channel if channel is not target.channel)
        there = evolve(target, collection=COLLECTION_OF[other])
        try:
            yield from self._read(there, elsewhere=False)
        except NotFound:
            return f"No such campaign, neither {target.channel} nor {other}; check the id, the account and the region."
        except (ApiError, ConnectionFailed):
            return f"No such {target.channel} campaign; whether a {other} campaign has this id could not be read."
        return f"There is a {other} campaign with this id; use channel={other.value!r}."

    def _campaign(self, reading: Reading, target: Target) -> Campaign:
        assert target.id is not None
        return campaign_from(reading, target.id, target.channel, self.now())

    def _decide(self, reading: Reading, action: Action, target: Target) -> Decision:
        started = reading.started(reading.date or self.now())
        return decide(reading.status, action, channel=target.channel, started=started, strict=self.strict)

    # What became of a write

    def _look(self, target: Target, until: Callable[[Status], bool]) -> Operation[Reading | None]:
        """Read until the status satisfies `until` or the patience ends; the last reading, None if there is none."""
        last: Reading | None = None
        for pause in _LOOKS:
            if pause:
                yield Wait(pause)
            try:
                last = yield from self._read(target, elsewhere=False)
            except (ApiError, ConnectionFailed) as error:
                _log.info("re-read of %s after a write failed: %s", target.id, type(error).__name__)
                continue
            if until(last.status):
                break
        return last

    def _settle(self, write: _Write, failure: ApiError | ConnectionFailed | None) -> Operation[Campaign]:
        """Find out whether a write took effect: its answer was lost, unreadable, or showed another status."""
        last = yield from self._look(write.target, lambda status: status is not write.seen)
        why = failure.message if failure else "The server accepted it, but does not show it."
        if last is None:
            raise OutcomeUnknown(action=write.action, campaign_id=write.id, seen=write.seen, why=why) from failure
        if last.status is not write.seen:
            if last.status in write.accepted:
                _log.info("%s %s: applied, as a read after the write shows", write.action, write.id)
                return self._campaign(last, write.target)
            raise write.conflict(last.status, failure if isinstance(failure, ApiError) else None) from failure
        outcome = f"Read again, the campaign is still {write.seen}: the {write.action} was not applied."
        if isinstance(failure, ServerError) and failure.status_code != 504:
            raise changed(failure, hint=outcome) from None
        if isinstance(failure, ConnectionFailed) and not isinstance(failure, TimedOut):
            raise changed(failure, outcome=outcome) from None
        # After a time-out, a 504 or a claimed success, the write may still be on its way.
        if failure is None and write.past_end:
            why = "The server accepted it; its end time has passed, so the platform may have paused it again (S5)."
        raise OutcomeUnknown(
            action=write.action, campaign_id=write.id, seen=write.seen, now=last.status, why=why
        ) from failure

    def _unreadable(self, write: _Write, answer: Answer) -> Operation[Campaign]:
        """A success whose body holds no usable status: a failed item is a rejection, the rest a lost answer."""
        problem = NotReadable(write.judgement.problem or "it holds no status")
        failure = self._unexpected(answer, write.target, "PUT", problem)
        if isinstance(failure, UnexpectedAnswer):
            return (yield from self._settle(write, failure))
        return (yield from self._rejected(write, failure))

    def _rejected(self, write: _Write, failure: ApiError) -> Operation[NoReturn]:
        """Tell a campaign that somebody moved from a rejection for another reason."""
        try:
            reading = yield from self._read(write.target, elsewhere=False)
        except (ApiError, ConnectionFailed):
            raise failure from None
        if not self._decide(reading, write.action, write.target):
            raise write.conflict(reading.status, failure) from failure
        raise failure

    def _error(self, answer: Answer, write: _Write) -> ApiError:
        return api_error(answer, "PUT", write.target, self.secrets)


@frozen
class _Write:
    """A write that went out."""

    target: Target
    id: str
    action: Action
    judgement: Judgement
    seen: Status
    accepted: frozenset[Status]
    past_end: bool

    @classmethod
    def of(cls, target: Target, action: Action, outcome: Outcome) -> _Write:
        judgement = outcome.judgement
        # Every write of ours passes the gate, and the gate lets none out that it did not judge.
        assert target.id is not None
        assert judgement is not None
        assert judgement.reading is not None
        assert judgement.decision is not None
        reading = judgement.reading
        past_end = reading.end is not None and reading.end <= (reading.date or datetime.now(UTC))
        return cls(target, target.id, action, judgement, reading.status, judgement.decision.accepted, past_end)

    def conflict(self, now: Status, rejection: ApiError | None) -> StateConflict:
        return StateConflict(
            action=self.action,
            campaign_id=self.id,
            seen=self.seen,
            now=now,
            who=movers(self.seen, now, self.target.channel),
            rejection=rejection,
        )


def movers(seen: Status, now: Status, channel: Channel) -> str:
    """Who can have moved a campaign from one status to the other, by the table."""
    names = [
        f"the platform ({rule.trigger})" if isinstance(rule.trigger, Event) else f"another user's {rule.trigger}"
        for rule in RULES
        if rule.source is seen and rule.leads_to is now and channel in rule.channels and now is not seen
    ]
    return " or ".join(names) if names else "several steps of the platform or of other users"

"""A write that went out, and what a later reading shows of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from attrs import evolve, frozen

from campaign_fsm.client.calls import Outcome, WriteCommand
from campaign_fsm.drafts.limits import numbers
from campaign_fsm.drafts.names import SHORT_TYPES
from campaign_fsm.errors import ApiError, ConnectionFailed, StateConflict
from campaign_fsm.gate import WriteRecord
from campaign_fsm.rules import RULES, Action, Channel, Event, Status
from campaign_fsm.strict.json import Ambiguous, read_object
from campaign_fsm.wire.answer import Answer, NotReadable
from campaign_fsm.wire.campaign import SPELLED_AS
from campaign_fsm.wire.envelope import read_item
from campaign_fsm.wire.reading import Reading
from campaign_fsm.wire.schedule import SCHEDULE_KEYS, parse_time, read_schedule, shown_keys
from campaign_fsm.wire.target import Target
from campaign_fsm.words import listed


def same(sent: object, actual: object) -> bool:
    """Whether the server shows what was sent; times count as instants, words in any case."""
    if isinstance(sent, dict):
        return isinstance(actual, dict) and all(same(value, actual.get(key)) for key, value in sent.items())
    if isinstance(sent, bool) or isinstance(actual, bool):
        return sent is actual
    if isinstance(sent, str) and isinstance(actual, str):
        first, second = parse_time(sent), parse_time(actual)
        return first == second if first and second else sent.casefold() == actual.casefold()
    return sent == actual


def _as_sent(name: str, value: object, channel: Channel) -> object:
    """A parameter of an answer in the form in which it is sent; the pages show several."""
    match name, value:
        case "from", str():
            return list(numbers(value))
        case "sms_type", str():
            return SHORT_TYPES.get(value.casefold(), value)
        case "schedule", dict():
            keys = zip(SCHEDULE_KEYS[channel], shown_keys(value, channel), strict=True)
            return {**value, **{own: value[shown] for own, shown in keys if shown in value}}
    return value


def value_in(data: Mapping[str, Any], name: str, channel: Channel) -> tuple[bool, object]:
    """Whether a resource shows a parameter at all, and its value in the form in which it is sent."""
    for key in (name, SPELLED_AS.get(name, name)):
        if key in data:
            return True, _as_sent(name, data[key], channel)
    return False, None


class Shown(Enum):
    """What a reading after a write shows of the parameters that were sent."""

    TAKEN = "each that is shown is as it was sent, and one was not before"
    THERE = "all are shown as they were sent, as they were before"
    KEPT = "what differed is as it was before"
    HALF = "one was taken, and another one is as it was before"
    UNCLEAR = "some are not shown, or are neither as before nor as sent"


def shown_of(fields: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any], channel: Channel) -> Shown:
    """What a resource shows of the parameters that were sent."""
    taken = kept = silent = False
    for name, sent in fields.items():
        there, value = value_in(after, name, channel)
        _, earlier = value_in(before, name, channel)
        if not there:
            silent = True
        elif same(sent, value):
            taken = taken or not same(sent, earlier)
        elif same(value, earlier):
            kept = True
        else:
            silent = True  # the server made something of its own out of it
    if taken or kept:
        return Shown.HALF if taken and kept else Shown.TAKEN if taken else Shown.KEPT
    return Shown.UNCLEAR if silent else Shown.THERE


@frozen
class SentWrite:
    """A write that went out."""

    command: WriteCommand
    record: WriteRecord
    before: Reading
    accepted: frozenset[Status]
    moves: bool
    """Whether it changes the status."""
    starts: datetime | None
    """The start that was sent; None without one."""
    past_end: bool
    again: bool
    """Whether an earlier try of it may arrive late."""

    @classmethod
    def of(cls, command: WriteCommand, outcome: Outcome, *, again: bool) -> SentWrite:
        record = outcome.record
        # Every write of ours passes the gate, and the gate lets none out that it did not judge.
        assert record is not None
        assert record.reading is not None
        assert record.decision is not None
        reading = record.reading
        decision = record.decision
        past_end = reading.end is not None and reading.end <= (reading.date or datetime.now(UTC))
        moves = decision.destination is not reading.status
        start, _, _ = read_schedule(command.fields, command.target.channel)
        return cls(command, record, reading, decision.accepted, moves, start, past_end, again)

    @property
    def action(self) -> Action:
        return self.command.action

    @property
    def target(self) -> Target:
        return self.command.target

    @property
    def id(self) -> str:
        assert self.target.id is not None
        return self.target.id

    @property
    def seen(self) -> Status:
        """The status that made it legal."""
        return self.before.status

    def is_applied_in(self, reading: Reading, *, claimed: bool = False) -> bool | None:
        """Whether a reading shows that the write was applied; None if it does not say.

        Args:
            reading: The reading.
            claimed: Whether the server has answered that it was.
        """
        shown = shown_of(self.command.fields, self.before.data, reading.data, self.target.channel)
        stays = reading.status is self.seen
        if self.moves and stays:
            if not self._may_stay(reading) or shown is Shown.KEPT:
                return False
            if claimed:
                return True if shown in (Shown.TAKEN, Shown.THERE) else None
            # The new parameters say nothing of the action, and old ones that the write was lost.
            return False if shown is Shown.THERE else None
        if self.moves and reading.status not in self.accepted:
            return False
        if self.moves:
            # Without what stood beside the action it may have been somebody else's.
            return None if shown in (Shown.KEPT, Shown.HALF) else True
        if shown is Shown.HALF:
            return False if claimed else None  # half an edit is none, and not nothing
        return {Shown.KEPT: False, Shown.UNCLEAR: None}.get(shown, True)

    def _may_stay(self, reading: Reading) -> bool:
        """Whether the action may have been taken though the status is as before: until the start that was sent."""
        now = reading.date or datetime.now(UTC)
        return self.seen in self.accepted and self.starts is not None and now < self.starts

    def is_elsewhere(self, reading: Reading) -> bool:
        """Whether a reading shows a status that neither was there nor is where the write leads."""
        return reading.status is not self.seen and reading.status not in self.accepted

    def gone(self) -> Reading:
        """What is left of a campaign that a delete has removed."""
        return evolve(self.before, status=Status.DELETED, raw_status=Status.DELETED.value)

    def conflict(self, now: Status, rejection: ApiError | None, *, perhaps_applied: bool) -> StateConflict:
        return StateConflict(
            action=self.action,
            campaign_id=self.id,
            seen=self.seen,
            now=now,
            who=movers(self.seen, now, self.target.channel),
            rejection=rejection,
            perhaps_applied=perhaps_applied,
        )


def is_gone(answer: Answer) -> bool:
    """Whether an answer to a read says in a form of the API's own that there is no such campaign."""
    if answer.status_code not in (200, 207, 404) or answer.unreadable or answer.from_cache:
        return False
    try:
        document = read_object(answer.body)
        old = document.get("RestException")
        if isinstance(old, dict):
            return answer.status_code == 404 and old.get("Status") in (None, 404, "404")
        if not document.get("response"):
            return answer.status_code == 404 and document.get("http_code") == 404
        return read_item(answer, "GET").code == 404
    except (Ambiguous, NotReadable):
        return False


@frozen
class NotApplied:
    """A try that changed nothing: the error to raise, unless another try is allowed."""

    error: ApiError | ConnectionFailed
    wait: float | None = None
    """Seconds that the server asked to wait."""
    certain: bool = False
    """The server answered that it did nothing (429), or never got it; otherwise a later read showed no change."""


def movers(seen: Status, now: Status, channel: Channel) -> str:
    """Who can have moved a campaign from one status to the other, by the table."""
    if seen is now:
        return "the clock (its start time has passed) or an edit of its schedule"
    names = [
        f"the platform ({rule.trigger})" if isinstance(rule.trigger, Event) else f"another user's {rule.trigger}"
        for rule in RULES
        if rule.applies(seen, channel) and rule.leads_to is now
    ]
    return listed(names, "or") or "several steps of the platform or of other users"


def is_there(conflict: StateConflict) -> bool:
    """Whether a campaign that was overtaken is now exactly where the action would have led it, by the table."""
    return any(
        rule.trigger is conflict.action and rule.applies(conflict.seen) and rule.leads_to is conflict.now
        for rule in RULES
        if rule.leads_to is not rule.source
    )

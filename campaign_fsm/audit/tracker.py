"""What is known of one campaign while a recording is followed, and what is to be said of a write.

A write is held against the status that was seen last, and against those that a lost or not yet seen write may have
led to. That the platform may have moved the campaign since excuses it only where the recording shows why.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from datetime import datetime
from functools import cache, lru_cache
from typing import Final

from attrs import define, evolve, field, frozen

from campaign_fsm.lifecycle import by_platform, has_started, moved
from campaign_fsm.rules import EDITS, Action, Channel, Event, Status
from campaign_fsm.verdict import Verdict, judge
from campaign_fsm.wire.answer import SCHEDULE_KEYS, Reading, parse_time
from campaign_fsm.wire.intent import NOT_RECORDED, Intent
from campaign_fsm.wire.target import COLLECTION_OF, Target

Statuses = frozenset[Status]
UNKNOWN: Final[Statuses] = frozenset()
Events = frozenset[Event]

# What the platform does at a time that a campaign shows. It finishes one as soon as its contacts are processed, and
# fails one as soon as none could be attempted: no time that is shown says when.
_AT: Final = {Event.START: "start", Event.EXPIRE: "end", Event.SUSPEND: "end"}
_AT_ANY_TIME: Final = frozenset(Event) - frozenset(_AT)


def _digest(value: object) -> int:
    """What tells two values of a parameter apart without keeping them; within this process."""
    if isinstance(value, str):
        return hash(value)
    return hash((json.dumps(value, sort_keys=True), "as JSON"))


_NOTHING: Final = _digest(None)


@define
class TrackedCampaign:
    """What is known of one campaign.

    Attributes:
        channel: The kind of campaign; None until it was seen.
        possible: The statuses that it may have; empty if nothing is known.
        last: The status that was seen last.
        seen: When that was, as the recording says it, or earlier where it shows no times; None if it does not say.
        lost: The place of a write without an answer, if nothing was read since; 0 if there is none.
        start: Its start, if one was seen.
        end: Its end, if one was seen.
        start_unreadable: It has a start that cannot be read.
        start_open: Nobody knows its start any more.
        timed: A start or an end may count.
        name: Its name, if it was seen.
        nameless: It was shown whole, and without a name.
        completed: When it was completed, at the earliest; None if nobody knows.
    """

    channel: Channel | None = None
    possible: Statuses = UNKNOWN
    last: Status | None = None
    seen: str | None = None
    lost: int = 0
    start: datetime | None = None
    end: datetime | None = None
    start_unreadable: bool = False
    start_open: bool = False
    timed: bool = False
    name: str | None = None
    nameless: bool = False
    completed: datetime | None = None
    _digests: dict[str, int] = field(factory=dict, init=False)
    _whole: bool = field(default=False, init=False)
    _unsettled: set[str] = field(factory=set, init=False)

    def shown(self, reading: Reading, *, whole: bool) -> None:
        """The campaign was shown; `whole` as its details show it, and not as lists and answers to writes may."""
        if whole or reading.start_unreadable or "schedule" in reading.data:
            self._scheduled(reading.start, reading.end, unreadable=reading.start_unreadable)
        if whole or reading.name is not None:
            self.name, self.nameless = reading.name, reading.name is None
        if self.last is Status.COMPLETED and (changed := reading.changed) is not None:
            self.completed = changed
        if whole:
            self._digests.clear()
            self._unsettled.clear()
            self._whole = True
        for key, value in reading.data.items():
            self._digests[key] = _digest(value)
        if self._unsettled:
            self._unsettled.difference_update(reading.data)

    def _scheduled(self, start: datetime | None, end: datetime | None, *, unreadable: bool = False) -> None:
        self.start, self.end, self.start_unreadable, self.start_open = start, end, unreadable, False
        self.timed = start is not None or end is not None or unreadable

    def told(self, start: str | None, end: str | None, name: str | None) -> None:
        """A line of a recording says some of it."""
        self.timed = self.timed or start is not None or end is not None
        if end is not None:
            self.end = parse_time(end)
        if start is not None:
            self.start, self.start_open = parse_time(start), False
            self.start_unreadable = self.start is None
        if name is not None:
            self.name, self.nameless = name, False

    def edited(self, intent: Intent) -> None:
        """A write was taken: it has its parameters now."""
        alone = intent.action in EDITS
        self.unsettled({key for key in intent.fields if alone or key != "schedule"})
        if alone and isinstance(name := intent.fields.get("name"), str):
            self.name, self.nameless = name, False
        schedule = intent.fields.get("schedule")
        if isinstance(schedule, dict):
            first, last = SCHEDULE_KEYS[intent.channel]
            start = parse_time(schedule[first]) if first in schedule else self.start
            end = parse_time(schedule[last]) if last in schedule else self.end
            self._scheduled(start, end, unreadable=start is None and schedule.get(first) is not None)

    def unsettled(self, parameters: Collection[str] | None = None) -> None:
        """These parameters, or all of them, may have other values now."""
        if parameters is None:
            self._whole = False
            self._digests.clear()
        else:
            self._unsettled.update(parameters)
        if parameters is None or "name" in parameters:
            self.name, self.nameless = None, False
        if parameters is None or "schedule" in parameters:
            self._scheduled(None, None)
            self.start_open = self.timed = True

    def shows(self, parameter: str, value: object) -> bool | None:
        """Whether it has this value of a parameter; None if nobody knows."""
        if value is NOT_RECORDED or parameter in self._unsettled:
            return None
        if parameter not in self._digests and not self._whole:
            return None
        return self._digests.get(parameter, _NOTHING) == _digest(value)

    def passed(self, at: datetime | None) -> Events:
        """What the platform may have done since the campaign was seen last, as far as the recording shows why."""
        if at is None or (self.start is None and self.end is None) or (seen := parse_time(self.seen)) is None:
            return _AT_ANY_TIME
        times = {"start": self.start, "end": self.end}
        return _AT_ANY_TIME | {
            event for event, name in _AT.items() if (time := times[name]) is not None and seen <= time <= at
        }


@frozen
class Known:
    """A campaign in one of the statuses that it may have, for `judge`."""

    status: Status
    life: TrackedCampaign
    name: str | None = None
    assumed: bool | None = None
    """Whether it has started, where nobody knows and both are looked at."""

    @property
    def start(self) -> datetime | None:
        return self.life.start

    @property
    def end(self) -> datetime | None:
        return self.life.end

    @property
    def changed(self) -> datetime | None:
        return self.life.completed

    def started(self, now: datetime | None) -> bool | None:
        """Whether it counts as started; None if the recording does not say."""
        if self.assumed is not None:
            return self.assumed
        if self.life.start_unreadable:
            return True
        if self.life.start is None or now is None:
            return None
        return has_started(self.status, self.life.start, now)

    def shows(self, parameter: str, value: object) -> bool | None:
        return self.life.shows(parameter, value)


@frozen
class Weighed:
    """What is to be said of a write in a set of statuses.

    Attributes:
        verdict: The verdict in a status in which it may go, or in the one seen last.
        legal: Whether it may go in a status that the campaign may have.
        unknown: Why nobody can say, since something that counts was not recorded; empty if it can be said.
        excuse: The verdict in a status that the platform may have moved it to, if it may go in one.
        overtaken: Whether the platform may have moved it to one in which it may not go.
        after: The statuses that it leads to.
        expected: The statuses that an honest answer may show.
    """

    verdict: Verdict
    legal: bool
    unknown: str
    excuse: Verdict | None
    overtaken: bool
    after: Statuses
    expected: Statuses


def weigh(life: TrackedCampaign, intent: Intent, at: datetime | None, *, strict: bool) -> Weighed:
    """What is to be said of a write on a campaign of which something is known."""
    if not intent.fields and not life.timed:
        # Of most campaigns no more is known than a status.
        return _alike(life.possible, life.last, intent.action, intent.channel, (None, None), strict, _AT_ANY_TIME)
    clear = life.start is None or life.start_unreadable or at is not None
    if clear and not life.start_open:
        return _weighed(life, intent, at, None, strict)
    before, after = (_weighed(life, intent, at, assumed, strict) for assumed in (False, True))
    if (before.legal, before.unknown) == (after.legal, after.unknown):
        return after
    return evolve(
        after,
        legal=False,
        unknown="nobody can say whether the campaign has started",
        excuse=None,
        overtaken=True,
        after=before.after | after.after,
        expected=before.expected | after.expected,
    )


def _weighed(life: TrackedCampaign, intent: Intent, at: datetime | None, assumed: bool | None, strict: bool) -> Weighed:
    if intent.fields:
        return _weigh(
            lambda status: judge(intent, Known(status, life, assumed=assumed), at, strict=strict),
            life.possible,
            life.last,
            life.passed(at),
        )
    known = tuple(Known(status, life, assumed=assumed).started(at) for status in (Status.CREATED, Status.PAUSED))
    return _alike(life.possible, life.last, intent.action, intent.channel, known, strict, life.passed(at))


@frozen
class _Plain:
    """A campaign of which nothing but the status counts."""

    status: Status
    when: tuple[bool | None, ...]
    start: datetime | None = None
    end: datetime | None = None
    name: str | None = None
    changed: datetime | None = None

    def started(self, _: object) -> bool | None:
        return self.when[self.status is not Status.CREATED]

    def shows(self, _: str, __: object) -> bool | None:
        return None


@lru_cache(maxsize=4096)
def _alike(  # noqa: PLR0917 (a cache by keyword is slower)
    possible: Statuses,
    last: Status | None,
    action: Action,
    channel: Channel,
    started: tuple[bool | None, ...],
    strict: bool,
    passed: Events,
) -> Weighed:
    intent = Intent(action, Target("", "", COLLECTION_OF[channel], None, ()), {})
    return _weigh(lambda status: judge(intent, _Plain(status, started), None, strict=strict), possible, last, passed)


def _weigh(ask: Callable[[Status], Verdict], possible: Statuses, last: Status | None, passed: Events) -> Weighed:
    verdicts = {status: ask(status) for status in sorted(possible)}
    found = [verdict for verdict in verdicts.values() if verdict]
    open_ = [verdict.reason for verdict in verdicts.values() if verdict.code == "CF605"]
    unknown = open_[0].rstrip(".") if open_ and not found else ""
    since = [ask(status) for status in sorted(moved(possible, passed))]
    later = [] if found or unknown else [verdict for verdict in since if verdict]
    told = found[0] if found else verdicts[last if last in possible else min(possible)]
    # A server may well obey what the gate refuses for what stands beside the action.
    obeyed = [verdict.life_cycle for verdict in verdicts.values() if verdict.life_cycle] or later
    after = frozenset(status for decision in obeyed for status in decision.accepted)
    return Weighed(
        verdict=told,
        legal=bool(found),
        unknown=unknown,
        excuse=later[0] if later else None,
        overtaken=not all(since),
        after=after,
        expected=frozenset(status for one in after for status in by_platform(one)),
    )


@lru_cache(maxsize=4096)
def possible_after(possible: Statuses, after: Statuses) -> Statuses:
    """The union of two sets, the same object each time."""
    return possible | after


@cache
def alone(status: Status) -> Statuses:
    """The set of one status, the same object each time; of the unknown one nothing is known."""
    return UNKNOWN if status is Status.UNKNOWN else frozenset({status})

"""What is known of one campaign while a recording is followed, and what is to be said of a write.

A write is held against the status that was seen last, and against those that a lost or not yet seen write may have
led to. That the platform may have moved the campaign since excuses it only where the recording shows why.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from functools import cache, lru_cache
from typing import Final

from attrs import define, field, frozen

from campaign_fsm.lifecycle import has_started, platform_moves
from campaign_fsm.rules import RULES, Action, Channel, Event, Status
from campaign_fsm.verdict import Verdict, judge
from campaign_fsm.wire.answer import Reading, moment
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
    if value is None or isinstance(value, str | int | float):
        return hash((type(value), value))
    return hash(json.dumps(value, sort_keys=True))


_NOTHING: Final = _digest(None)


@define
class Life:
    """What is known of one campaign.

    Attributes:
        channel: The kind of campaign; None until it was seen.
        possible: The statuses that it may have; empty if nothing is known.
        last: The status that was seen last.
        seen: When that was, as the recording says it; None if it does not.
        lost: The place of a write without an answer, if nothing was read since; 0 if there is none.
        start: Its start, if one was seen.
        end: Its end, if one was seen.
        start_unreadable: It has a start that cannot be read.
        name: Its name, if it was seen.
        completed: When it was first seen as completed.
    """

    channel: Channel | None = None
    possible: Statuses = UNKNOWN
    last: Status | None = None
    seen: str | None = None
    lost: int = 0
    start: datetime | None = None
    end: datetime | None = None
    start_unreadable: bool = False
    name: str | None = None
    completed: datetime | None = None
    _digests: dict[str, int] = field(factory=dict, init=False)
    _whole: bool = field(default=False, init=False)

    def shown(self, reading: Reading, *, whole: bool) -> None:
        """The campaign was shown; `whole` as its details show it, and not as lists and answers to writes may."""
        if whole or reading.start_unreadable or "schedule" in reading.data:
            self.start, self.end, self.start_unreadable = reading.start, reading.end, reading.start_unreadable
        self.name = reading.name or self.name
        if self.last is Status.COMPLETED and (changed := reading.changed) is not None:
            # Each is a moment at which it was completed already: the earlier one says more.
            self.completed = min(changed, self.completed or changed)
        if whole:
            self._digests.clear()
            self._whole = True
        self._digests.update((key, _digest(value)) for key, value in reading.data.items())

    def edited(self) -> None:
        """Its parameters may be others now."""
        self._digests.clear()
        self._whole = False

    def shows(self, parameter: str, value: object) -> bool | None:
        """Whether it has this value of a parameter; None if nobody knows."""
        if value is NOT_RECORDED or (parameter not in self._digests and not self._whole):
            return None
        return self._digests.get(parameter, _NOTHING) == _digest(value)

    def passed(self, at: datetime | None) -> Events:
        """What the platform may have done since the campaign was seen last, as far as the recording shows why."""
        if at is None or (self.start is None and self.end is None) or (seen := moment(self.seen)) is None:
            return _AT_ANY_TIME
        times = {"start": self.start, "end": self.end}
        return _AT_ANY_TIME | {
            event for event, name in _AT.items() if (time := times[name]) is not None and seen <= time <= at
        }


@frozen
class Known:
    """A campaign in one of the statuses that it may have, for `judge`."""

    status: Status
    life: Life
    name: str | None = None

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
        if self.life.start_unreadable:
            return True
        if self.life.start is None or now is None:
            return None
        return has_started(self.status, self.life.start, now)

    def shows(self, parameter: str, value: object) -> bool | None:
        return self.life.shows(parameter, value)


@cache
def by_platform(status: Status) -> Statuses:
    """The statuses that the platform can move a campaign to by itself, in any number of steps, and its own."""
    found = {status}
    while fresh := {dest for source in found for dest in platform_moves(source)} - found:
        found |= fresh
    return frozenset(found)


@lru_cache(maxsize=256)
def moved(possible: Statuses, events: Events) -> Statuses:
    """The statuses that these events may have moved a campaign to, without those that it had."""
    found = set(possible)
    while fresh := {rule.leads_to for rule in RULES if rule.trigger in events and rule.source in found} - found:
        found |= fresh
    return frozenset(found) - possible


@frozen
class Weighed:
    """What is to be said of a write in a set of statuses.

    Attributes:
        verdict: The verdict in a status in which it may go, or in the one seen last.
        legal: Whether it may go in a status that the campaign may have.
        unknown: Whether nobody can say, since something that counts was not recorded.
        excuse: The verdict in a status that the platform may have moved it to, if it may go in one.
        overtaken: Whether the platform may have moved it to one in which it may not go.
        after: The statuses that it leads to.
        expected: The statuses that an honest answer may show.
    """

    verdict: Verdict
    legal: bool
    unknown: bool
    excuse: Verdict | None
    overtaken: bool
    after: Statuses
    expected: Statuses


def weigh(life: Life, intent: Intent, at: datetime | None, *, strict: bool) -> Weighed:
    """What is to be said of a write on a campaign of which something is known."""
    if intent.fields:
        return _weigh(
            lambda status: judge(intent, Known(status, life), at, strict=strict),
            life.possible,
            life.last,
            life.passed(at),
        )
    known = Known(Status.CREATED, life).started(at), Known(Status.PAUSED, life).started(at)
    return _alike(life.possible, life.last, intent.action, intent.channel, known, strict, life.passed(at))


@frozen
class _Plain:
    """A campaign of which nothing but the status counts."""

    status: Status
    when: tuple[bool | None, bool | None]
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
    started: tuple[bool | None, bool | None],
    strict: bool,
    passed: Events,
) -> Weighed:
    intent = Intent(action, Target("", "", COLLECTION_OF[channel], None, ()), {})
    return _weigh(lambda status: judge(intent, _Plain(status, started), None, strict=strict), possible, last, passed)


def _weigh(ask: Callable[[Status], Verdict], possible: Statuses, last: Status | None, passed: Events) -> Weighed:
    verdicts = {status: ask(status) for status in sorted(possible)}
    found = [verdict for verdict in verdicts.values() if verdict]
    unknown = not found and any(verdict.code == "CF605" for verdict in verdicts.values())
    since = [ask(status) for status in sorted(moved(possible, passed))]
    later = [] if found or unknown else [verdict for verdict in since if verdict]
    told = found[0] if found else verdicts[last if last in possible else min(possible)]
    after = frozenset(status for verdict in found or later for status in verdict.accepted)
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

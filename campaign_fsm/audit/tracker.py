"""What is known of each campaign while a recording is followed. What is wrong with an exchange is not its concern."""

from __future__ import annotations

import json
from collections.abc import Collection, Hashable, Sequence
from copy import copy
from datetime import datetime
from functools import cache, lru_cache
from typing import Final, NamedTuple

from attrs import define, field

from campaign_fsm.audit.finding import Place
from campaign_fsm.rules import EDITS, Action, Channel, Event, Status
from campaign_fsm.wire.intent import NOT_RECORDED, Intent
from campaign_fsm.wire.reading import Reading
from campaign_fsm.wire.schedule import SCHEDULE_KEYS, parse_time

Statuses = frozenset[Status]
UNKNOWN: Final[Statuses] = frozenset()
Events = frozenset[Event]

# What the platform does at a time that a campaign shows. It finishes one as soon as its contacts are processed, and
# fails one as soon as none could be attempted: no time that is shown says when.
TIME_OF: Final = {Event.START: "start", Event.EXPIRE: "end", Event.SUSPEND: "end"}
ANY_TIME: Final = frozenset({Event.FINISH, Event.FAIL})
"""What the platform may do at any time."""

_MOST_URLS: Final = 100_000


class CampaignKey(NamedTuple):
    """What distinguishes a campaign from every other one: the same id in two accounts is two campaigns."""

    server: str
    """Host, port and what stands before ``/v2``, as far as they were recorded."""
    account: str
    channel: Channel
    campaign: str


def _digest(value: object) -> int:
    """What distinguishes two values of a parameter without keeping them; within this process."""
    if isinstance(value, str):
        return hash(value)
    return hash((json.dumps(value, sort_keys=True), "as JSON"))


_NOTHING: Final = _digest(None)


@define
class TrackedCampaign:
    """What is known of one campaign.

    Attributes:
        key: Which campaign it is; None for none, of which nothing is known.
        possible: The statuses that it may have; empty if nothing is known.
        last: The status that was seen last.
        seen: When that was, as the recording says it, or earlier where it shows no times; None if it does not say.
        lost: The place of a write without an answer, if nothing was read since; None if there is none.
        doubt: Why it may have one of several statuses; empty if it has one, or they are no matter of doubt.
        start: Its start, if one was seen.
        end: Its end, if one was seen.
        start_unreadable: It has a start that cannot be read.
        start_open: Its start is not known any more.
        timed: A start or an end may count.
        name: Its name, if it was seen.
        nameless: It was shown whole, and without a name.
        completed: When it was completed, at the earliest; None if that is not known.
        busy: Until when a request about it was under way, as seconds; 0 if no recording says how long they take.
    """

    key: CampaignKey | None = None
    possible: Statuses = UNKNOWN
    last: Status | None = None
    seen: str | None = None
    lost: Place | None = None
    doubt: str = ""
    start: datetime | None = None
    end: datetime | None = None
    start_unreadable: bool = False
    start_open: bool = False
    timed: bool = False
    name: str | None = None
    nameless: bool = False
    completed: datetime | None = None
    busy: float = 0.0
    _digests: dict[str, int] = field(factory=dict, init=False)
    _whole: bool = field(default=False, init=False)
    _unsettled: set[str] = field(factory=set, init=False)

    @property
    def outline(self) -> Hashable:
        """What distinguishes it from another one that more is not asked of."""
        return self.possible, self.last, self.lost, self.start, self.end, self.completed

    def copy(self) -> TrackedCampaign:
        """The same, which does not change when this one does."""
        other = copy(self)
        other._digests, other._unsettled = dict(self._digests), set(self._unsettled)  # noqa: SLF001
        return other

    def become(self, other: TrackedCampaign) -> None:
        """Know what the other one does; of the other nothing is to be asked any more."""
        for name in self.__slots__:
            if not name.startswith("__"):
                setattr(self, name, getattr(other, name))

    # Its status

    def observed(self, status: Status, at: str | None, action: Action | None = None) -> None:
        """An answer shows its status; `action` is what the write asked for that was answered."""
        if status is not Status.COMPLETED:
            self.completed = None
        elif self.last is not Status.COMPLETED:
            self.completed = parse_time(at if action is Action.COMPLETE else self.seen)
        self.possible, self.last, self.lost, self.seen = alone(status), status, None, at
        self.doubt = ""

    def moved(self, status: Status) -> None:
        """It is in this status, as far as the recording shows; no answer shows it."""
        self.last, self.possible, self.doubt = status, alone(status), ""

    def widened(self, statuses: Statuses) -> None:
        """It may have one of these statuses as well."""
        self.possible = possible_after(self.possible, statuses)

    def forgotten(self) -> None:
        """Its status is not known any more."""
        self.possible, self.doubt = UNKNOWN, ""

    # Its parameters

    def read(self, reading: Reading, *, whole: bool) -> None:
        """An answer shows its parameters; `whole` as its details do, and not as lists and answers to writes may."""
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

    def recorded(self, start: str | None, end: str | None, name: str | None) -> None:
        """A line of a recording gives some of its parameters, without the answer's body."""
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
        edit = intent.action in EDITS
        self.unsettled({key for key in intent.fields if edit or key != "schedule"})
        if edit and isinstance(name := intent.fields.get("name"), str):
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

    # Questions

    def shows(self, parameter: str, value: object) -> bool | None:
        """Whether it has this value of a parameter; None if that is not known."""
        if value is NOT_RECORDED or parameter in self._unsettled:
            return None
        if parameter not in self._digests and not self._whole:
            return None
        return self._digests.get(parameter, _NOTHING) == _digest(value)

    def passed(self, at: datetime | None) -> Events:
        """What the platform may have done since the campaign was seen last, as far as the recording shows why."""
        if at is None or (self.start is None and self.end is None) or (seen := parse_time(self.seen)) is None:
            return ANY_TIME
        times = {"start": self.start, "end": self.end}
        return ANY_TIME | {
            event for event, name in TIME_OF.items() if (time := times[name]) is not None and seen <= time <= at
        }


NO_CAMPAIGN: Final = TrackedCampaign()
"""What is known where there is no campaign: nothing, and nothing ever will be."""


@define
class Tracker:
    """The campaigns of one recording.

    Attributes:
        by_url: The campaign that a URL alone names, for those seen lately.
    """

    by_url: dict[str, TrackedCampaign] = field(factory=dict, init=False)
    _campaigns: dict[CampaignKey, TrackedCampaign] = field(factory=dict, init=False)
    _by_id: dict[str, list[TrackedCampaign]] = field(factory=dict, init=False)

    def __len__(self) -> int:
        return len(self._campaigns)

    def get(self, key: CampaignKey) -> TrackedCampaign | None:
        """What is known of a campaign; None if it was never seen."""
        return self._campaigns.get(key)

    def track(self, key: CampaignKey) -> TrackedCampaign:
        """What is known of a campaign, which is tracked from now on."""
        tracked = self._campaigns.get(key)
        if tracked is None:
            tracked = self._campaigns[key] = TrackedCampaign(key)
            self._by_id.setdefault(key.campaign, []).append(tracked)
        return tracked

    def with_id(self, campaign: str) -> Sequence[TrackedCampaign]:
        """The campaigns of every account and channel that have this id."""
        return self._by_id.get(campaign, ())

    def names(self, url: str, tracked: TrackedCampaign) -> None:
        """Note that this URL names this campaign, whatever else an exchange says."""
        if len(self.by_url) >= _MOST_URLS:
            self.by_url.clear()
        self.by_url[url] = tracked


@lru_cache(maxsize=4096)
def possible_after(possible: Statuses, after: Statuses) -> Statuses:
    """The union of two sets, the same object each time."""
    return possible | after


@cache
def alone(status: Status) -> Statuses:
    """The set of one status, the same object each time; of the unknown one nothing is known."""
    return UNKNOWN if status is Status.UNKNOWN else frozenset({status})

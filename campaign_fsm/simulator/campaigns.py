"""The campaigns of the simulated account, and what the platform does to them and when."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final, Self

from attrs import Factory, define, field

from campaign_fsm.lifecycle import has_started
from campaign_fsm.rules import OVER, RULES, STATUSES, Action, Channel, Event, Rule, Status
from campaign_fsm.simulator.clock import later
from campaign_fsm.wire.schedule import SCHEDULE_KEYS, parse_time

_MICROSECOND: Final = 1e-6
_UNTOUCHED: Final = frozenset({Status.CREATED, Status.DELETED})
_OVER: Final = OVER - {Status.DELETED}
_TRIGGERS: Final = frozenset({*Event, Action.RESUME})
# What happens by itself in each status: what the platform does, and a resume that waits for the start. Where nobody can
# be contacted it fails, whatever else is due at the same time.
_BY_ITSELF: Final = {
    status: sorted(
        (rule for rule in RULES if rule.trigger in _TRIGGERS and rule.applies(status)),
        key=lambda rule: rule.trigger is not Event.FAIL,
    )
    for status in Status
}


def settable(status: Status | str) -> Status:
    """The status in any spelling of the wire.

    Raises:
        ValueError: No campaign has it.
    """
    parsed = Status.parse(status)
    if parsed is Status.UNKNOWN:
        raise ValueError(f"no campaign has the status {str(status)!r}; use one of {', '.join(STATUSES)}")
    return parsed


@define
class StoredCampaign:
    """One campaign on the server."""

    id: str
    channel: Channel
    status: Status
    name: str
    start: datetime | None
    end: datetime | None
    created: datetime
    updated: datetime
    contacts: int = 10
    work: float | None = None
    """Seconds in progress until all contacts are processed; None: only the end time ends it."""
    parameters: dict[str, Any] = field(factory=dict)
    suspended: bool = False
    """Paused by its end time: it waits for a new one instead of expiring at once (CF116)."""
    resumes: bool = False
    """Resumed before its start, and still paused until then."""
    ran: bool = field(default=Factory(lambda self: self.would_have_run(), takes_self=True))
    """Whether it was ever in progress: before that nobody is contacted."""
    since: datetime = field(default=Factory(lambda self: self.created, takes_self=True))
    """When the status last changed."""
    begun: datetime | None = field(default=Factory(lambda self: self.created if self.ran else None, takes_self=True))
    """When it was first in progress, as far as the account knows: not before it was added."""

    def become(self, status: Status, at: datetime, *, suspended: bool = False, resumes: bool = False) -> None:
        """Change the status; the work that was done while in progress stays done."""
        if self.status is Status.IN_PROGRESS and self.work is not None:
            self.work = max(0.0, self.work - (at - self.since).total_seconds())
        if status is not self.status:
            self.since = at
        if status is Status.IN_PROGRESS and not self.ran:
            self.ran, self.begun = True, at
        self.status, self.updated, self.suspended, self.resumes = status, at, suspended, resumes

    def would_have_run(self) -> bool:
        """Whether a campaign that is added in this status was in progress before."""
        ahead = self.start is not None and self.start > self.created
        return self.status not in _UNTOUCHED and not (self.status is Status.PAUSED and ahead)

    def started(self, now: datetime) -> bool:
        return has_started(self.status, self.start, now)

    # What happens by itself

    def due(self, now: datetime, ends: Mapping[Status, Status]) -> tuple[datetime, Rule] | None:
        """What happens to it by `now`, and when (CF301 to CF306, and CF104); the earliest thing if several.

        Args:
            now: The time, an aware datetime.
            ends: What the end time leads to: while in progress completed (CF302) or paused (CF306), while paused
                canceled (CF305) or, for nothing happens, paused.
        """
        earliest: tuple[datetime, Rule] | None = None
        for rule in _BY_ITSELF[self.status]:
            for at in self._times(rule, ends):
                if at is not None and at <= now and (earliest is None or at < earliest[0]):
                    earliest = at, rule
        return earliest

    def _times(self, rule: Rule, ends: Mapping[Status, Status]) -> Iterator[datetime | None]:
        """When this edge would be taken; nothing, or None, for never."""
        match rule.trigger:
            case Event.START if self.contacts:
                yield self._start()
            case Event.FAIL if not self.contacts:
                yield self._start() if self.status is Status.CREATED else self.since
            case Action.RESUME if self.resumes:
                yield self._start()
            case Event.FINISH | Event.SUSPEND | Event.EXPIRE:
                if rule.trigger is Event.FINISH and self.work is not None:
                    yield later(self.since, self.work)
                if rule.dest is ends[self.status] and not self.suspended:
                    yield self._end()

    def _start(self) -> datetime | None:
        # Without a schedule it starts at once: as soon as the clock moves.
        return max(self.start, self.since) if self.start else later(self.since, _MICROSECOND)

    def _end(self) -> datetime | None:
        return max(self.end, self.since) if self.end else None

    # What the account holder does

    def reschedule(self, schedule: object) -> None:
        """Take over a schedule; a part that is left out stays."""
        if not isinstance(schedule, dict):
            return
        first, last = SCHEDULE_KEYS[self.channel]
        self.start = parse_time(schedule.get(first)) or self.start
        self.end = parse_time(schedule.get(last)) or self.end
        self.suspended = False

    def edit(self, fields: Mapping[str, Any]) -> None:
        """Take over parameters; those that are left out stay."""
        others = dict(fields)
        self.reschedule(others.pop("schedule", None))
        name = others.pop("name", None)
        self.name = self.name if name is None else str(name)
        self.parameters.update(others)

    # What can be seen of it

    def progress(self) -> tuple[int, int, int]:
        """How many numbers were contacted, have failed, and are waiting."""
        half = self.contacts if self.work == 0 else self.contacts // 2  # no work left: all were contacted
        done = half if self.ran and self.status is not Status.FAILED else 0
        waiting = 0 if self.status in _OVER else self.contacts - done
        return done, self.contacts - done - waiting, waiting

    def copy(self) -> Self:
        """One that shares nothing with it that can change."""
        copied = copy.copy(self)
        copied.parameters = copy.deepcopy(self.parameters)
        return copied

"""The campaigns of the simulated account, and how they look on the wire."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from attrs import Factory, define, field

from campaign_fsm.lifecycle import destination, has_started
from campaign_fsm.rules import Channel, Event, Status
from campaign_fsm.wire.answer import ID_KEYS, SCHEDULE_KEYS, parse_time

# Message campaigns spell statuses as the seed does (S1), voice campaigns as S3 does.
_VOICE_SPELLING: Final = {Status.IN_PROGRESS: "InProgress"}
_UNTOUCHED: Final = frozenset({Status.CREATED, Status.DELETED})
_OVER: Final = frozenset({Status.COMPLETED, Status.ARCHIVED, Status.FAILED, Status.CANCELED})


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
    """Paused by its end time: it waits for a new one instead of expiring at once (S5)."""
    ran: bool = field(default=Factory(lambda self: self.would_have_run(), takes_self=True))
    """Whether it was ever in progress: before that nobody is contacted."""
    since: datetime = field(default=Factory(lambda self: self.created, takes_self=True))
    """When the status last changed."""

    def become(self, status: Status, at: datetime, *, suspended: bool = False) -> None:
        """Change the status; the work that was done while in progress stays done."""
        if self.status is Status.IN_PROGRESS and self.work is not None:
            self.work = max(0.0, self.work - (at - self.since).total_seconds())
        if status is not self.status:
            self.since = at
        self.ran = self.ran or status is Status.IN_PROGRESS
        self.status, self.updated, self.suspended = status, at, suspended

    def would_have_run(self) -> bool:
        """Whether a campaign that is added in this status was in progress before."""
        ahead = self.start is not None and self.start > self.created
        return self.status not in _UNTOUCHED and not (self.status is Status.PAUSED and ahead)

    def due(self, now: datetime, at_end: Status) -> tuple[datetime, Event, Status] | None:
        """What the platform does to it by `now`, and when (fact sheet section 4); the earliest thing if several."""
        found = [event for event in self._ahead(at_end) if event[0] <= now]
        if not found:
            return None
        at, event = min(found, key=lambda event: event[0])
        return at, event, destination(event, self.status)

    def _ahead(self, at_end: Status) -> Iterator[tuple[datetime, Event]]:
        if self.status is Status.CREATED:
            # Without a schedule it starts at once: as soon as the clock moves.
            start = max(self.start, self.since) if self.start else self.since + timedelta(microseconds=1)
            yield start, Event.START if self.contacts else Event.FAIL
        elif self.status is Status.IN_PROGRESS:
            if not self.contacts:
                yield self.since, Event.FAIL
            if self.work is not None:
                yield self.since + timedelta(seconds=self.work), Event.FINISH
            if self.end:
                yield max(self.end, self.since), Event.FINISH if at_end is Status.COMPLETED else Event.SUSPEND
        elif self.status is Status.PAUSED and self.end and not self.suspended:
            yield max(self.end, self.since), Event.EXPIRE

    def started(self, now: datetime) -> bool:
        return has_started(self.status, self.start, now)

    @property
    def spelled(self) -> str:
        if self.channel is Channel.VOICE:
            return _VOICE_SPELLING.get(self.status, self.status.capitalize())
        return self.status.value

    def reschedule(self, schedule: object) -> None:
        """Take over a schedule; a part that is left out stays."""
        if not isinstance(schedule, dict):
            return
        first, last = SCHEDULE_KEYS[self.channel]
        self.start = parse_time(schedule.get(first)) or self.start
        self.end = parse_time(schedule.get(last)) or self.end
        self.suspended = False

    def edit(self, fields: dict[str, Any]) -> None:
        """Take over parameters; those that are left out stay."""
        fields = dict(fields)
        self.reschedule(fields.pop("schedule", None))
        self.name = str(fields.pop("name", self.name))
        self.parameters.update(fields)

    def stats(self) -> dict[str, int]:
        """Counts that fit the status: all pending before, none after, the rest failed when it was ended early."""
        half = self.contacts if self.work == 0 else self.contacts // 2  # no work left: all were contacted
        done = half if self.ran and self.status is not Status.FAILED else 0
        waiting = 0 if self.status in _OVER else self.contacts - done
        failed = self.contacts - done - waiting
        if self.channel is Channel.VOICE:
            return {"created": 0, "completed": done, "failed": failed, "pending": waiting}
        return {
            "scheduled": waiting,
            "submitted": 0,
            "sent": done,
            "failed": failed,
            "failed-dnd": 0,
            "invalid": 0,
            "failed-no-attempt": 0,
            "failed-expired": 0,
            "failed-no-balance": 0,
        }

    def data(self, account_sid: str) -> dict[str, Any]:
        """The campaign as details show it (S1, S3)."""
        first, last = SCHEDULE_KEYS[self.channel]
        schedule = None
        if self.start or self.end:
            schedule = {
                first: self.start.isoformat() if self.start else None,
                last: self.end.isoformat() if self.end else None,
            }
        common = {
            ID_KEYS[self.channel]: self.id,
            "account_sid": account_sid,
            "name": self.name,
            "schedule": schedule,
            "status": self.spelled,
            "report_url": None,
            "date_created": self.created.isoformat(),
            "date_updated": self.updated.isoformat(),
            "stats": self.stats(),
        }
        shown = {_SIC.get(key, key): value for key, value in self.parameters.items()}
        return {**DEFAULTS[self.channel], **shown, **common}


# The seed's answer spells it so (S1); requests spell it right (fact sheet section 6).
_SIC: Final = {"dlt_entity_id": "dlt_entitiy_id"}

DEFAULTS: Final[dict[Channel, dict[str, Any]]] = {
    Channel.MESSAGE: {
        "content_type": "static",
        "lists": ["f2284e77ea5a4224911251b08f861af2"],
        "status_callback": None,
        "sms_status_callback": None,
        "sender_id": "EXOTEL",
        "channel": "SMS",
        "sms_type": "transactional",
        "template": "Hello.",
        "dlt_template_id": "1107160016142600511",
        "dlt_entitiy_id": "1101428740000012125",
        "estimated_cost": 0.17,
    },
    Channel.VOICE: {
        "type": "trans",
        "caller_id": "0XXXXXX2400",
        "campaign_type": "static",
        "url": "http://my.exotel.com/acme1/exoml/start_voice/1",
        "retries": {"number_of_retries": 0},
        "call_duplicate_numbers": False,
        "status_callback": None,
        "call_status_callback": None,
        "call_schedule_callback": None,
    },
}

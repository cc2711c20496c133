"""The campaigns of the simulated account, and how they look on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from attrs import define, field

from campaign_fsm.lifecycle import has_started
from campaign_fsm.rules import Channel, Status
from campaign_fsm.wire.answer import ID_KEYS, SCHEDULE_KEYS, moment

# Message campaigns spell statuses as the seed does (S1), voice campaigns as S3 does.
_VOICE_SPELLING: Final = {Status.IN_PROGRESS: "InProgress"}
_OVER: Final = frozenset({Status.COMPLETED, Status.ARCHIVED, Status.FAILED, Status.CANCELED})


@define
class Record:
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
    parameters: dict[str, Any] = field(factory=dict)
    suspended: bool = False
    """Paused by its end time: it waits for a new one instead of expiring at once (S5)."""

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
        self.start = moment(schedule.get(first)) or self.start
        self.end = moment(schedule.get(last)) or self.end
        self.suspended = False

    def edit(self, fields: dict[str, Any]) -> None:
        """Take over parameters; those that are left out stay."""
        fields = dict(fields)
        self.reschedule(fields.pop("schedule", None))
        self.name = str(fields.pop("name", self.name))
        self.parameters.update(fields)

    def stats(self) -> dict[str, int]:
        """Counts that fit the status: all pending before, none after, the rest failed when it was ended early."""
        waiting = self.contacts if self.status is Status.CREATED else 0 if self.status in _OVER else self.contacts // 2
        done = 0 if self.status in (Status.CREATED, Status.FAILED) else self.contacts // 2
        failed = self.contacts - done - waiting if self.status in _OVER else 0
        if self.channel is Channel.VOICE:
            return {"created": 0, "completed": done, "failed": failed, "pending": waiting}
        return {
            "scheduled": waiting,
            "submitted": 0,
            "sent": done,
            "failed": failed,
            "failed-dnd": 0,
            "failed-no-attempt": 0,
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
        return {**DEFAULTS[self.channel], **self.parameters, **common}


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

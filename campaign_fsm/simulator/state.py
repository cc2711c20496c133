"""The simulated account: campaigns, a virtual clock, faults, and a journal of everything that arrived."""

from __future__ import annotations

import base64
import copy
import hashlib
import math
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any, Final
from urllib.parse import unquote

from attrs import evolve, frozen

from campaign_fsm.rules import Channel, Event, Status
from campaign_fsm.simulator import api
from campaign_fsm.simulator.campaigns import StoredCampaign
from campaign_fsm.simulator.faults import NOT_APPLIED, STATUS_CODES, UNANSWERED, Fault, Planned
from campaign_fsm.simulator.forks import Lock
from campaign_fsm.wire.target import read_target

DEFAULT_NOW: Final = datetime(2026, 1, 5, 10, 0, tzinfo=timezone(timedelta(hours=5, minutes=30)))
_PADDING: Final = 8 * 2**20
_LONGEST_STALL: Final = 86_400.0


@frozen
class JournalEntry:
    """One line of the journal.

    Attributes:
        number: Counts from 1.
        at: The virtual time, an aware datetime.
        kind: ``"request"``, ``"move"`` (somebody else moved a campaign) or ``"event"`` (the platform did).
        method: The HTTP method of a request.
        path: Its path and query.
        channel: The kind of campaign.
        id: The campaign.
        action: What the write asked for, as a lenient server reads it; for an event its name.
        status_before: The status on arrival.
        status_after: The status afterwards.
        legal: Whether what a write asks for was legal on arrival; None for everything else. How it is spelled (a query,
            keys that stand twice) is not looked at.
        applied: Whether it took effect.
        status_code: The status code of the answer; None if none was given.
        fault: The fault that struck.
        user_agent: Tells clients apart.
    """

    number: int
    at: datetime
    kind: str
    method: str | None = None
    path: str | None = None
    channel: Channel | None = None
    id: str | None = None
    action: str | None = None
    status_before: Status | None = None
    status_after: Status | None = None
    legal: bool | None = None
    applied: bool = False
    status_code: int | None = None
    fault: Fault | None = None
    user_agent: str | None = None


@frozen
class Reply:
    """What the server would send; `fault` says how it fails to."""

    status_code: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    fault: Planned | None = None


# The campaign of the vendor's own examples (S1) and one of ours, so that they run as they are printed.
_SEED_IDS: Final = {
    (Channel.MESSAGE, Status.IN_PROGRESS): "90dad70b939f469fbf8b801660148272",
    (Channel.VOICE, Status.CREATED): "5d8a7fe3c1f24a0e9b1c6a0f5e2d7b44",
}


class Simulator:
    """The documented campaign API of one account, in memory. May be shared by threads; a fork has a copy.

    Args:
        account_sid: The account.
        api_key: The key that requests have to show.
        api_token: The token that goes with it.
        now: Where the virtual clock starts, an aware datetime; it stands still until it is moved.
        live: Let the clock run with the real one.
        illegal_status_code: The status code of an illegal action, which no page documents.
        at_end: What the end time does to a campaign in progress, which the pages contradict each
            other about: ``"completed"`` (S4) or ``"paused"`` (S5).
        resume_before_start: The status after a resume before the start: ``"in-progress"`` or ``"created"``.
        rate_limit: How many requests it takes in a minute of its clock before it answers 429; its answers
            then carry ``X-RateLimit-*``. None for no limit.
    """

    def __init__(
        self,
        *,
        account_sid: str = "acme1",
        api_key: str = "key",
        api_token: str = "token",  # noqa: S107 (of a simulated account)
        now: datetime | None = None,
        live: bool = False,
        illegal_status_code: int = 409,
        at_end: str = "completed",
        resume_before_start: str = "in-progress",
        rate_limit: int | None = None,
    ) -> None:
        if at_end not in ("completed", "paused"):
            raise ValueError(f"at_end is 'completed' or 'paused', not {at_end!r}")
        if resume_before_start not in ("in-progress", "created"):
            raise ValueError(f"resume_before_start is 'in-progress' or 'created', not {resume_before_start!r}")
        if not 400 <= illegal_status_code < 500:
            raise ValueError(f"illegal_status_code is 400 to 499, not {illegal_status_code!r}")
        if rate_limit is not None and rate_limit < 1:
            raise ValueError(f"rate_limit is 1 or more, not {rate_limit!r}")
        self.rate_limit = rate_limit
        self._minute, self._taken = 0, 0
        self.account_sid, self.api_key, self.api_token = account_sid, api_key, api_token
        self.illegal_status_code = illegal_status_code
        self.at_end = Status(at_end)
        self.resume_before_start = Status(resume_before_start)
        self.records: dict[str, StoredCampaign] = {}
        self._lock = Lock()
        self._now = _aware(now or DEFAULT_NOW)
        self._live_since = time.monotonic() if live else None
        self._faults: list[Planned] = []
        self._journal: list[JournalEntry] = []
        self._made = 0
        self._initial: tuple[dict[str, StoredCampaign], datetime, int] | None = None

    # Campaigns

    def add(
        self,
        status: Status | str = Status.CREATED,
        *,
        channel: Channel | str = Channel.MESSAGE,
        id: str | None = None,  # noqa: A002 (the API's own name)
        name: str | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
        contacts: int = 10,
        work: float | None = None,
        **parameters: Any,
    ) -> str:
        """Put a campaign into the account and return its id. No request is made for it.

        Args:
            status: Where it is in its life.
            channel: The kind of campaign.
            id: Its id; made up unless given.
            name: Its name; made up unless given.
            start: When it starts, an aware datetime; None: at once, as soon as the clock moves.
            end: When it ends, an aware datetime.
            contacts: How many numbers it has. With none it fails when it starts.
            work: Seconds in progress until all are contacted and it finishes; None: only its end ends it.
            **parameters: Parameters of a create, kept as they are.
        """
        if contacts < 0 or not (work is None or 0 <= work < math.inf):
            raise ValueError("contacts and work are 0 or more")
        with self._lock:
            self._made += 1
            campaign_id = id or hashlib.sha256(f"campaign {self._made}".encode()).hexdigest()[:32]
            if campaign_id in self.records:
                raise ValueError(f"there is a campaign {campaign_id!r} already")
            self.records[campaign_id] = StoredCampaign(
                id=campaign_id,
                channel=Channel(channel),
                status=_settable(status),
                name=name or f"campaign {self._made}",
                start=start and _aware(start),
                end=end and _aware(end),
                created=self.now,
                updated=self.now,
                contacts=contacts,
                work=work,
                parameters=parameters,
            )
            return campaign_id

    def seed(self) -> list[tuple[Channel, str, Status]]:
        """Add a campaign in every status on both channels; their channels, ids and statuses."""
        found: list[tuple[Channel, str, Status]] = []
        for channel in Channel:
            for status in Status:
                if status is not Status.UNKNOWN:
                    ahead = timedelta(hours=1) if status is Status.CREATED else timedelta(hours=-1)
                    campaign_id = self.add(
                        status,
                        channel=channel,
                        id=_SEED_IDS.get((channel, status)),
                        name=f"{channel} {status}",
                        start=self.now + ahead,
                        end=self.now + timedelta(days=1),
                    )
                    found.append((channel, campaign_id, status))
        return found

    def status(self, id: str) -> Status:  # noqa: A002 (the API's own name)
        """The status of a campaign now."""
        with self._lock:
            self._catch_up()
            return self._record(id).status

    def move(self, id: str, status: Status | str) -> None:  # noqa: A002 (the API's own name)
        """Somebody else moves a campaign: the dashboard, another client, the platform. Any move goes."""
        with self._lock:
            record = self._record(id)
            before = record.status
            record.become(_settable(status), self.now)
            self._write(
                "move", channel=record.channel, id=id, status_before=before, status_after=record.status, applied=True
            )

    def _record(self, campaign_id: str) -> StoredCampaign:
        if campaign_id not in self.records:
            raise KeyError(f"there is no campaign {campaign_id!r}")
        return self.records[campaign_id]

    # The clock

    @property
    def now(self) -> datetime:
        """The virtual time, an aware datetime."""
        if self._live_since is not None:
            return self._now + timedelta(seconds=time.monotonic() - self._live_since)
        return self._now

    def advance(self, seconds: float) -> None:
        """Move the clock forward; what is due happens, in the order of its time."""
        if not seconds >= 0:
            raise ValueError(f"time moves forward, not by {seconds!r} seconds")
        with self._lock:
            try:
                self._now = _aware(self._now + timedelta(seconds=seconds))
            except OverflowError:
                raise ValueError(f"{seconds!r} seconds are more than the calendar has") from None
            self._happen()

    def set_time(self, now: datetime) -> None:
        """Set the clock, forward or back; what is due by then happens."""
        with self._lock:
            self._now = _aware(now)
            if self._live_since is not None:
                self._live_since = time.monotonic()
            for record in self.records.values():
                # Where time goes back, nothing can have happened later than now.
                record.since = min(record.since, self._now)
            self._happen()

    def _catch_up(self) -> None:
        if self._live_since is not None:
            self._happen()

    def _happen(self) -> None:
        while due := sorted(self._due()):
            at, campaign_id, event, dest = due[0]
            record = self.records[campaign_id]
            before = record.status
            record.become(dest, at, suspended=event is Event.SUSPEND)
            self._write(
                "event",
                at=at,
                channel=record.channel,
                id=campaign_id,
                action=event.value,
                status_before=before,
                status_after=dest,
                applied=True,
            )

    def _due(self) -> Iterator[tuple[datetime, str, Event, Status]]:
        for record in self.records.values():
            if found := record.due(self.now, self.at_end):
                yield found[0], record.id, found[1], found[2]

    # Faults, journal, reset

    def fault(
        self,
        kind: Fault | str,
        *,
        method: str | None = None,
        id: str | None = None,  # noqa: A002 (the API's own name)
        times: int = 1,
        after: int = 0,
        seconds: float = 0.0,
        retry_after: int | None = 1,
        status_code: int | None = None,
        to_status: Status | str | None = None,
    ) -> None:
        """Plan a fault for the next requests with this method and campaign.

        Args:
            kind: See `Fault`.
            method: Only for this HTTP method.
            id: Only for this campaign.
            times: How many requests it strikes.
            after: How many matching requests it lets pass first.
            seconds: How long a stall lasts, at most a day.
            retry_after: The header of a 429, in seconds; None leaves it out.
            status_code: The status code of a server error (None is 503) or a rejection (None is 403).
            to_status: Where somebody else moves the campaign right after the request.
        """
        try:
            kind = Fault(kind)
        except ValueError:
            raise ValueError(f"{kind!r} is no fault; it is one of {', '.join(Fault)}") from None
        default, allowed = STATUS_CODES.get(kind, STATUS_CODES[Fault.SERVER_ERROR])
        status_code = default if status_code is None else status_code
        if kind is Fault.MOVED and to_status is None:
            raise ValueError("the fault 'moved' needs to_status")
        if times < 1 or after < 0 or not 0 <= seconds <= _LONGEST_STALL:
            raise ValueError(f"times is 1 or more, after is 0 or more, seconds is 0 to {_LONGEST_STALL:g}")
        if status_code not in allowed or (retry_after is not None and retry_after < 0):
            raise ValueError(f"status_code is {allowed[0]} to {allowed[-1]}, retry_after is 0 or more")
        dest = None if to_status is None else _settable(to_status)
        with self._lock:
            self._faults.append(
                Planned(kind, method and method.upper(), id, times, after, seconds, retry_after, status_code, dest)
            )

    @property
    def faults(self) -> tuple[Planned, ...]:
        """The faults that have not struck yet, as they stand."""
        with self._lock:
            return tuple(copy.copy(planned) for planned in self._faults)

    def clear_faults(self) -> None:
        """Forget the faults that have not struck yet."""
        with self._lock:
            self._faults.clear()

    @property
    def journal(self) -> tuple[JournalEntry, ...]:
        """Everything that arrived or happened, in order."""
        with self._lock:
            self._catch_up()
            return tuple(self._journal)

    def begin(self) -> None:
        """Keep what is in the account now as what `reset` goes back to. The first request does it by itself."""
        with self._lock:
            if self._initial is None:
                self._initial = copy.deepcopy(self.records), self.now, self._made

    def reset(self) -> None:
        """Go back to the campaigns and the time before the first request; empty the journal, forget faults.

        What is added from then on gets the same ids as the first time.
        """
        with self._lock:
            self.begin()
            assert self._initial is not None
            records, self._now, self._made = self._initial
            self.records = copy.deepcopy(records)
            if self._live_since is not None:
                self._live_since = time.monotonic()
            self._journal.clear()
            self._faults.clear()

    def _write(self, kind: str, *, at: datetime | None = None, **fields: Any) -> JournalEntry:
        entry = JournalEntry(number=len(self._journal) + 1, at=at or self.now, kind=kind, **fields)
        self._journal.append(entry)
        return entry

    # Requests

    def handle(self, method: str, target: str, headers: Iterable[tuple[str, str]], body: bytes) -> Reply:
        """Answer one request as the documented API would, with the next fault that is planned for it."""
        given = {name.lower(): value for name, value in headers}
        with self._lock:
            self.begin()
            self._catch_up()
            path, _, query = target.partition("?")
            # A server decodes what it is sent; so a write under an oddly spelled path arrives here too.
            place = read_target(path) or read_target(unquote(path))
            if place is not None and place.account != self.account_sid:
                place = None
            campaign_id = place.id if place else None
            fault = next((planned for planned in self._faults if planned.strikes(method, campaign_id)), None)
            self._faults = [planned for planned in self._faults if planned.times]
            record = self.records.get(campaign_id or "")
            if record and place and record.channel is not place.channel:
                record = None
            before = record.status if record else None
            request = api.Request(method, path, place, query, body, record)
            result = self._answer(request, given.get("authorization"), fault)
            unanswered = fault is not None and fault.kind in UNANSWERED
            self._write(
                "request",
                method=method,
                path=target,
                channel=place.channel if place else None,
                id=campaign_id,
                action=result.action,
                status_before=before,
                status_after=record.status if record else None,
                legal=result.legal,
                applied=result.applied,
                status_code=None if unanswered else result.status_code,
                fault=fault.kind if fault else None,
                user_agent=given.get("user-agent"),
            )
            if record and fault and fault.to_status:
                self.move(record.id, fault.to_status)
            return self._reply(result, fault)

    def _count(self) -> int:
        """One more request in this minute of the clock."""
        minute = int(self.now.timestamp()) // 60
        self._taken = self._taken + 1 if minute == self._minute else 1
        self._minute = minute
        return self._taken

    def _limits(self, status_code: int) -> list[tuple[str, str]]:
        """What an answer says of the limit (S8)."""
        if self.rate_limit is None:
            return []
        resets = (self._minute + 1) * 60
        left = max(0, self.rate_limit - self._taken)
        headers = [("Limit", self.rate_limit), ("Remaining", left), ("Reset", resets)]
        after = [("Retry-After", str(resets - int(self.now.timestamp())))] if status_code == 429 and not left else []
        return [*((f"X-RateLimit-{name}", str(value)) for name, value in headers), *after]

    def _authorized(self, authorization: str | None) -> bool:
        expected = base64.b64encode(f"{self.api_key}:{self.api_token}".encode()).decode()
        scheme, _, given = (authorization or "").partition(" ")
        return scheme.lower() == "basic" and given.strip() == expected

    def _answer(self, request: api.Request, authorization: str | None, fault: Planned | None) -> api.Result:
        # What a write would do is read first, so that the journal knows it even if it is not done.
        plan = api.plan(self, request)
        if not self._authorized(authorization):
            return evolve(plan.refused(401), payload=api.rest_exception(401, "Authenticate"))
        if self.rate_limit is not None and self._count() > self.rate_limit:
            return evolve(plan.refused(429), payload=api.rest_exception(429, "Too Many Requests"))
        if fault is None or fault.kind not in NOT_APPLIED:
            result = plan.carry_out(self)
            if fault and fault.kind in (Fault.MALFORMED, Fault.WRONG_SHAPE):
                return evolve(result, status_code=200)
            return result
        match fault.kind:
            case Fault.RATE_LIMITED:
                return evolve(plan.refused(429), payload=api.rest_exception(429, "Too Many Requests"))
            case Fault.FAILED_ITEM:
                return evolve(plan.refused(400), status_code=200)
            case Fault.MULTI_STATUS:
                return evolve(plan.refused(400), status_code=207)
            case Fault.REDIRECT:
                return evolve(plan.refused(307), payload=None)
            case _:
                return plan.refused(fault.status_code)

    def _reply(self, result: api.Result, fault: Planned | None) -> Reply:
        kind = fault.kind if fault else None
        body = api.encode(result, self._request_id())
        headers = [("Content-Type", "application/json"), *self._limits(result.status_code)]
        if kind is Fault.MALFORMED:
            body, headers = b"<html><body>Bad gateway of somebody's</body></html>", [("Content-Type", "text/html")]
        elif kind is Fault.WRONG_SHAPE:
            body = b'{"response": "ok", "status": ["archived"]}'
        elif kind is Fault.WRONG_CAMPAIGN and result.request.record:
            body = body.replace(result.request.record.id.encode(), b"0" * 32)
        elif kind is Fault.OVERSIZED:
            body += b" " * _PADDING
        elif kind is Fault.REDIRECT:
            headers.append(("Location", f"https://elsewhere.invalid{result.request.path}"))
        elif kind is Fault.RATE_LIMITED and fault and fault.retry_after is not None:
            headers.append(("Retry-After", str(fault.retry_after)))
        if kind is not Fault.NO_DATE:
            headers.append(("Date", format_datetime(self.now.astimezone(UTC), usegmt=True)))
        return Reply(result.status_code, tuple(headers), body, fault)

    def _request_id(self) -> str:
        return hashlib.sha256(f"request {len(self._journal)}".encode()).hexdigest()[:32]

    def create(self, channel: Channel, fields: dict[str, Any]) -> StoredCampaign:
        """Take a campaign in, as a POST asks for it."""
        record = self.records[self.add(channel=channel)]
        record.edit(fields)
        numbers = fields.get("from")
        if isinstance(numbers, list):
            record.contacts = len(numbers)
        return record

    def after_resume(self, record: StoredCampaign) -> Status | None:
        """The status that the switch gives to a campaign resumed before its start (fact sheet 5.4).

        None where the start is over: there the table says where a resume leads.
        """
        return None if record.started(self.now) else self.resume_before_start


def _settable(status: Status | str) -> Status:
    found = Status.parse(status)
    if found is Status.UNKNOWN:
        known = ", ".join(known for known in Status if known is not Status.UNKNOWN)
        raise ValueError(f"no campaign has the status {str(status)!r}; it is one of {known}")
    return found


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone")
    # Raises OverflowError at the very ends of the calendar, where the time in UTC would be beyond it.
    moment.astimezone(UTC)
    return moment

"""The simulated account: its campaigns, its clock, and the journal of what happens to them."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any, Final

from attrs import frozen

from campaign_fsm.rules import STATUSES, Channel, Status
from campaign_fsm.simulator import agenda
from campaign_fsm.simulator.campaigns import StoredCampaign, settable
from campaign_fsm.simulator.clock import Clock, aware, later_or_last
from campaign_fsm.simulator.forks import Lock
from campaign_fsm.simulator.journal import Journal, JournalEntry
from campaign_fsm.words import listed

DEFAULT_NOW: Final = datetime(2026, 1, 5, 10, 0, tzinfo=timezone(timedelta(hours=5, minutes=30)))
CHOICES: Final = {
    "at_end": (Status.COMPLETED, Status.PAUSED),
    "paused_at_end": (Status.CANCELED, Status.PAUSED),
    "resume_before_start": (Status.IN_PROGRESS, Status.CREATED, Status.PAUSED),
}
"""The statuses that a switch may name, the default first."""
_HOUR: Final = 3600
_DAY: Final = 24 * _HOUR

# The campaign of the vendor's own example (update-sms-campaign) and one of ours, so that they run as they are printed.
_SEED_IDS: Final = {
    (Channel.MESSAGE, Status.IN_PROGRESS): "90dad70b939f469fbf8b801660148272",
    (Channel.VOICE, Status.CREATED): "5d8a7fe3c1f24a0e9b1c6a0f5e2d7b44",
}


@frozen
class _Beginning:
    """What `reset` goes back to."""

    campaigns: dict[str, StoredCampaign]
    now: datetime
    made: int


def is_count(value: object) -> bool:
    """Whether a limit is a whole number from 1 on that something can be counted up to."""
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= sys.maxsize


class Account:
    """One account in memory, as the dashboard and the platform change it. `Simulator` says what the arguments are.

    Whatever takes its lock may be called by several threads.
    """

    def __init__(
        self,
        *,
        account_sid: str,
        now: datetime | None,
        live: bool,
        illegal_status_code: int,
        at_end: str,
        paused_at_end: str,
        resume_before_start: str,
        campaigns_mandatory: bool,
        journal_limit: int | None,
    ) -> None:
        for switch, given in (
            ("at_end", at_end),
            ("paused_at_end", paused_at_end),
            ("resume_before_start", resume_before_start),
        ):
            if given not in CHOICES[switch]:
                raise ValueError(
                    f"{switch} must be {listed(map(repr, map(str, CHOICES[switch])), 'or')}, not {given!r}"
                )
        for switch, flag in (("live", live), ("campaigns_mandatory", campaigns_mandatory)):
            if not isinstance(flag, bool):
                raise TypeError(f"{switch} must be True or False, not {flag!r}")
        if not 400 <= illegal_status_code < 500:
            raise ValueError(f"illegal_status_code must be 400 to 499, not {illegal_status_code!r}")
        if journal_limit is not None and not is_count(journal_limit):
            raise ValueError(f"journal_limit must be 1 or more, not {journal_limit!r}")
        self.account_sid = account_sid
        self.illegal_status_code = illegal_status_code
        self.campaigns_mandatory = campaigns_mandatory
        self.at_end = Status(at_end)
        self.paused_at_end = Status(paused_at_end)
        self.resume_before_start = Status(resume_before_start)
        self.campaigns: dict[str, StoredCampaign] = {}
        self._made = 0
        self._lock = Lock()
        self._clock = Clock.starting(now or DEFAULT_NOW, live=live)
        self._journal = Journal(journal_limit)
        self._beginning: _Beginning | None = None

    @property
    def records(self) -> dict[str, StoredCampaign]:
        """The same as `campaigns`, by its former name."""
        return self.campaigns

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
            status: Where it is in its life: a `Status`, or any spelling of one.
            channel: The kind of campaign.
            id: Its id; made up unless given.
            name: Its name; made up unless given.
            start: When it starts, an aware datetime; None: at once, as soon as the clock moves.
            end: When it ends, an aware datetime; None: never.
            contacts: How many numbers it has. With none it fails when it starts.
            work: Seconds in progress until all are contacted and it finishes; None: only its end ends it.
            **parameters: Parameters of a create, by their names on the wire, kept as they are.

        Raises:
            ValueError: The id is taken, the status or the channel is on no list, a time is naive, or a number is
                negative.
        """
        if contacts < 0 or not (work is None or 0 <= work <= sys.float_info.max):
            raise ValueError("contacts and work must be 0 or more")
        with self._lock:
            self._made += 1
            campaign_id = id or hashlib.sha256(f"campaign {self._made}".encode()).hexdigest()[:32]
            if campaign_id in self.campaigns:
                raise ValueError(f"there is a campaign {campaign_id!r} already")
            now = self.now
            self.campaigns[campaign_id] = StoredCampaign(
                id=campaign_id,
                channel=Channel(channel),
                status=settable(status),
                name=name or f"campaign {self._made}",
                start=start and aware(start),
                end=end and aware(end),
                created=now,
                updated=now,
                contacts=contacts,
                work=work,
                parameters=parameters,
            )
            return campaign_id

    def create(self, channel: Channel, fields: Mapping[str, Any]) -> StoredCampaign:
        """Take a campaign in, as a POST asks for it.

        Args:
            channel: The kind of campaign.
            fields: The parameters, by their names on the wire.
        """
        campaign = self.campaigns[self.add(channel=channel)]
        campaign.edit(fields)
        numbers = fields.get("from")
        if isinstance(numbers, str) and channel is Channel.VOICE:
            # https://developer.exotel.com/docs/campaigns/api-reference/create-campaign has it as one text.
            numbers = [number for number in numbers.split(",") if number.strip()]
        if isinstance(numbers, list):
            campaign.contacts = len(numbers)
        return campaign

    def seed(self) -> list[tuple[Channel, str, Status]]:
        """Add a campaign in every status on both channels, and return their channels, ids and statuses."""
        added: list[tuple[Channel, str, Status]] = []
        now = self.now
        for channel in Channel:
            for status in STATUSES:
                campaign_id = self.add(
                    status,
                    channel=channel,
                    id=_SEED_IDS.get((channel, status)),
                    name=f"{channel} {status}",
                    start=later_or_last(now, _HOUR if status is Status.CREATED else -_HOUR),
                    end=later_or_last(now, _DAY),
                )
                added.append((channel, campaign_id, status))
        return added

    def listed(self) -> list[StoredCampaign]:
        """Copies of all campaigns as they are now."""
        with self._lock:
            self._catch_up()
            return [campaign.copy() for campaign in self.campaigns.values()]

    def status(self, id: str) -> Status:  # noqa: A002 (the API's own name)
        """The status of a campaign now.

        Args:
            id: Its id.

        Raises:
            KeyError: There is no such campaign.
        """
        with self._lock:
            self._catch_up()
            return self._campaign(id).status

    def move(self, id: str, status: Status | str) -> None:  # noqa: A002 (the API's own name)
        """Move a campaign as another client, the dashboard or the platform would. Any move goes, also an illegal one.

        Args:
            id: Its id.
            status: The status after it: a `Status`, or any spelling of one.

        Raises:
            KeyError: There is no such campaign.
            ValueError: The status is on no list.
        """
        with self._lock:
            campaign = self._campaign(id)
            before, now = campaign.status, self.now
            campaign.become(settable(status), now)
            self._journal.write(
                "move",
                now,
                channel=campaign.channel,
                id=id,
                status_before=before,
                status_after=campaign.status,
                applied=True,
            )

    def after_resume(self, campaign: StoredCampaign, *, with_start: bool) -> Status | None:
        """The status that the switch gives to a campaign resumed before its start, about which the pages differ.

        None where the table says where a resume leads: the start is over, or it would stay paused although the resume
        carried no start ahead, which no page shows.

        Args:
            campaign: The campaign.
            with_start: Whether the resume carried a start ahead.
        """
        if campaign.started(self.now) or (self.resume_before_start is Status.PAUSED and not with_start):
            return None
        return self.resume_before_start

    def _campaign(self, campaign_id: str) -> StoredCampaign:
        if campaign_id not in self.campaigns:
            raise KeyError(f"there is no campaign {campaign_id!r}")
        return self.campaigns[campaign_id]

    # The clock

    @property
    def now(self) -> datetime:
        """The virtual time, an aware datetime."""
        return self._clock.now

    def advance(self, seconds: float) -> None:
        """Move the clock forward; what is due happens, in the order of its time.

        Args:
            seconds: By how many seconds.

        Raises:
            ValueError: That is not forward, or more than the calendar has.
        """
        with self._lock:
            self._clock.advance(seconds)
            self._happen()

    def set_time(self, now: datetime) -> None:
        """Set the clock, forward or back; what is due by then happens.

        Args:
            now: The time, an aware datetime.

        Raises:
            ValueError: It is naive.
        """
        with self._lock:
            self._clock.set(now)
            for campaign in self.campaigns.values():
                # Where time goes back, nothing can have happened later than now.
                campaign.since = min(campaign.since, now)
                if campaign.begun is not None:
                    campaign.begun = max(campaign.created, min(campaign.begun, now))
            self._happen()

    def _catch_up(self) -> None:
        if self._clock.live:
            self._happen()

    def _happen(self) -> None:
        ends = {Status.IN_PROGRESS: self.at_end, Status.PAUSED: self.paused_at_end}
        for at, campaign, rule in agenda.take_due(self.campaigns.values(), self.now, ends):
            self._journal.write(
                "event",
                at,
                channel=campaign.channel,
                id=campaign.id,
                action=rule.trigger.value,
                status_before=rule.source,
                status_after=campaign.status,
                applied=True,
            )

    # The journal

    @property
    def journal(self) -> tuple[JournalEntry, ...]:
        """Everything that arrived or happened, in order; with a `journal_limit` only the newest so many."""
        with self._lock:
            self._catch_up()
            return self._journal.entries

    @property
    def journal_dropped(self) -> int:
        """How many of the oldest entries the journal has dropped; their numbers are missing."""
        with self._lock:
            return self._journal.dropped

    # The beginning

    def begin(self) -> None:
        """Keep what is in the account now as what `reset` goes back to. The first request does it by itself."""
        with self._lock:
            if self._beginning is None:
                self._beginning = _Beginning(_copies(self.campaigns), self.now, self._made)

    def reset(self) -> None:
        """Go back to the campaigns and the time before the first request; empty the journal.

        What is added from then on gets the same ids as the first time.
        """
        with self._lock:
            self.begin()
            assert self._beginning is not None
            self.campaigns = _copies(self._beginning.campaigns)
            self._made = self._beginning.made
            self._clock.set(self._beginning.now)
            self._journal.clear()


def _copies(campaigns: dict[str, StoredCampaign]) -> dict[str, StoredCampaign]:
    return {campaign_id: campaign.copy() for campaign_id, campaign in campaigns.items()}

"""What is known of one campaign while many are paused, and what an answer or an error says of it."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Final

from attrs import define

from campaign_fsm.client.many.results import PauseOutcome, PauseResult
from campaign_fsm.client.many.selection import RUNNING
from campaign_fsm.errors import (
    AlreadyThere,
    AuthenticationError,
    CampaignBusy,
    CampaignFsmError,
    Conflict,
    ConnectionFailed,
    IllegalTransition,
    OutcomeUnknown,
    RateLimited,
    Refused,
    ServerError,
    StateConflict,
    StatusUnavailable,
)
from campaign_fsm.rules import OVER, Action, Channel, Status, goal_of
from campaign_fsm.wire.campaign import Campaign

PAUSED: Final = goal_of(Action.PAUSE)
"""Where a pause leads."""
TRIES: Final = 5
"""How often a campaign is tried that something passing has stopped."""
PAUSES: Final = 2
"""How often a campaign is paused before it is let go: then somebody else wants it to run."""


@define(eq=False)
class Known:
    """What is known of a campaign.

    Attributes:
        channel: Its kind.
        id: Its id.
        name: Its name.
        before: The status that was read first.
        status: The status that was read last, and `at` when.
        outcome: How it has ended, or would if nothing more were done.
        error: Why it is not paused.
        requests: How many requests were made for it alone.
        pauses: How often it was paused.
        tries: How often something that passes has stopped it.
        tried_in: The last round in which it was tried.
        delays: How often what a list showed was no longer good when its turn came.
        failures: How often anything has stopped it.
        begun_at: When the first one began, on the client's clock.
        heard_at: When its last job began, on that clock.
        through: How many others had got through when it failed for the first time.
        is_first: Whether one of them had just before that.
        listed_as: The status that a list showed last, `listed_at` when and `listed_in` in which round.
        heard_in: The last round in which an answer of its own said where it is.
        is_settled: Whether nothing more is to be done, unless it runs again.
    """

    channel: Channel
    id: str
    name: str | None = None
    before: Status | None = None
    status: Status | None = None
    at: datetime | None = None
    outcome: PauseOutcome = PauseOutcome.NOT_TRIED
    error: CampaignFsmError | None = None
    requests: int = 0
    pauses: int = 0
    tries: int = 0
    tried_in: int = 0
    delays: int = 0
    listed_as: Status | None = None
    listed_at: datetime | None = None
    listed_in: int = 0
    heard_in: int = 0
    failures: int = 0
    begun_at: float = 0.0
    heard_at: float = 0.0
    through: int = 0
    is_first: bool = False
    is_settled: bool = False

    def saw(self, campaign: Campaign, now: datetime) -> None:
        # Not the campaign itself: one of a call campaign may hold 5,000 numbers, and there may be thousands.
        self.name, self.status, self.at = campaign.name, campaign.status, campaign.read_at or now
        self.before = self.before or campaign.status

    def result(self) -> PauseResult:
        return PauseResult(
            outcome=self.outcome,
            before=self.before,
            campaign_id=self.id,
            channel=self.channel,
            name=self.name,
            status=self.status,
            at=self.at,
            error=self.error,
            requests=self.requests,
            is_final=self.is_settled,
        )

    @property
    def was_paused_often(self) -> bool:
        """Whether it was paused as often as it ever is, so that it is only looked at."""
        return self.pauses >= PAUSES

    def is_in(self, campaign: Campaign, now: datetime, *, looks: bool) -> None:
        """The answer to a pause, or a look, shows where it is."""
        self.saw(campaign, now)
        self.heard_in = self.tried_in
        self._ended_in(campaign.status, looks=looks)

    def is_gone(self, now: datetime) -> None:
        """No list shows it, and there is no such campaign: it was deleted."""
        self.status, self.at = Status.DELETED, now
        self._ended_in(Status.DELETED, looks=True)

    def _ended_in(self, status: Status, *, looks: bool) -> None:
        if looks and status in RUNNING:
            if self.was_paused_often:
                self.error, self.outcome, self.is_settled = None, PauseOutcome.MOVED_AWAY, True
            else:
                self.is_settled = False
            return
        if status in OVER:
            self.outcome = PauseOutcome.OVER
        elif not looks:
            self.outcome = PauseOutcome.PAUSED
            self.pauses += 1
        elif self.outcome is not PauseOutcome.PAUSED:
            # A try of ours may have arrived late.
            self.outcome = PauseOutcome.PAUSED if self.outcome is PauseOutcome.UNKNOWN else PauseOutcome.WAS_PAUSED
        self.error, self.is_settled = None, True
        self.failures = self.tries = 0  # what fails from now on is another matter

    def failed(self, error: CampaignFsmError, now: datetime, tries: int) -> None:
        """A pause has ended with an error: what that says of it, and whether it is tried again.

        Args:
            error: The error.
            now: When, by the server's clock where that is known.
            tries: As how many tries it counts.
        """
        status = error.now if isinstance(error, StateConflict | OutcomeUnknown) else getattr(error, "status", None)
        if isinstance(status, Status) and status is not Status.UNKNOWN:
            self.status, self.at, self.heard_in = status, now, self.tried_in
            told = isinstance(error, AlreadyThere | StateConflict | IllegalTransition)
            if told and (status is PAUSED or status in OVER):
                self._ended_in(status, looks=True)
                if isinstance(error, StateConflict) and status is PAUSED:
                    self.outcome = PauseOutcome.WAS_PAUSED  # by somebody who was faster, whoever paused it before
                return
        self.error = error
        if isinstance(error, OutcomeUnknown):
            self.outcome = PauseOutcome.UNKNOWN
        else:
            is_missing = isinstance(error, StatusUnavailable) and error.status_code == HTTPStatus.NOT_FOUND
            refused = isinstance(error, Refused) and not is_missing
            self.outcome = PauseOutcome.REFUSED if refused else PauseOutcome.FAILED
        self.tried(error, tries)

    def tried(self, error: CampaignFsmError, tries: int) -> None:
        """It is tried again, unless it has been often enough or the error will not pass."""
        self.failures += 1
        self.tries += tries
        self.is_settled = self.tries >= TRIES or not passes(error)


def is_unauthorized(error: CampaignFsmError) -> bool:
    """Whether the credentials are wrong, so that every other campaign would be answered alike."""
    by_gate = isinstance(error, StatusUnavailable) and error.status_code == HTTPStatus.UNAUTHORIZED
    return by_gate or isinstance(error, AuthenticationError)


def is_limited(error: CampaignFsmError) -> bool:
    """Whether the server has said that the account makes too many requests."""
    by_gate = isinstance(error, StatusUnavailable) and error.status_code == HTTPStatus.TOO_MANY_REQUESTS
    return by_gate or isinstance(error, RateLimited)


def is_outage(error: CampaignFsmError) -> bool:
    """Whether the server, or the way to it, is at fault and not the campaign."""
    if isinstance(error, StatusUnavailable):
        return error.status_code is None or error.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR
    return isinstance(error, ConnectionFailed | ServerError)


def let_go(error: BaseException | None) -> None:
    """Keep an error without the frames that it has passed: there may be thousands."""
    while error is not None:
        error.__traceback__ = None
        error = error.__cause__ or error.__context__


def passes(error: CampaignFsmError) -> bool:
    """Whether what has stopped a pause may pass by itself."""
    if isinstance(error, StatusUnavailable):
        code = error.status_code
        return code is None or code == 429 or code >= 500 or code < 300  # a success that cannot be used
    if isinstance(error, ConnectionFailed):
        return error.transient
    return isinstance(error, RateLimited | ServerError | OutcomeUnknown | StateConflict | CampaignBusy | Conflict)

"""What comes of pausing many campaigns, as values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from attrs import frozen

from campaign_fsm.errors import CampaignFsmError
from campaign_fsm.rules import Channel, Status


class PauseOutcome(StrEnum):
    """How it ended for one campaign."""

    PAUSED = "paused"
    """It was paused."""
    WAS_PAUSED = "was paused"
    """It was paused already, or somebody else paused it meanwhile."""
    OVER = "over"
    """It is over: completed, archived, failed, canceled or deleted."""
    MOVED_AWAY = "moved away"
    """It was paused twice, and runs again each time: somebody else wants it to."""
    REFUSED = "refused"
    """The gate refused to send the pause; `PauseResult.error` has the code."""
    UNKNOWN = "unknown"
    """The pause was sent, and whether it took effect is unknown."""
    FAILED = "failed"
    """The server rejected the pause, or it could not be sent."""
    NOT_TRIED = "not tried"
    """It ended before its turn came."""


@frozen(kw_only=True)
class PauseResult:
    """What came of it for one campaign, as far as is known."""

    outcome: PauseOutcome
    """How it ended."""
    campaign_id: str
    """The campaign."""
    channel: Channel
    """Its kind."""
    name: str | None
    """Its name; None if it has none, or was never read."""
    before: Status | None
    """The status that was read first, by a list where there was one; None if it never was."""
    status: Status | None
    """Its status as last read, by an answer, a list or an error; None if it never was."""
    at: datetime | None
    """When that was read, an aware datetime: the server's time where it gives one."""
    error: CampaignFsmError | None
    """Why it did not become paused; None if it did."""
    requests: int
    """How many requests were made for it alone, lists not counted."""
    is_final: bool
    """Whether nothing more is done about it, unless it runs again."""

    @property
    def code(self) -> str | None:
        """The code of a refusal (``CF…``); None of anything else."""
        code = getattr(self.error, "code", None)
        return code if isinstance(code, str) else None


@frozen(kw_only=True)
class Listed:
    """A page of a list was read."""

    channel: Channel
    """The kind of campaigns."""
    statuses: frozenset[Status]
    """What the list was asked for."""
    total: int | None
    """How many there are by the server's count, on all pages and whatever their names; None if it does not say."""
    found: int
    """How many of this page are to be paused."""
    at: datetime
    """When it was read, an aware datetime."""
    closing: bool
    """Whether it is one of those that look whether something is left."""


@frozen(kw_only=True)
class PauseReport:
    """How it ended for all of them."""

    results: Mapping[tuple[Channel, str], PauseResult]
    """The last result of each campaign, by channel and id."""
    running: tuple[PauseResult, ...]
    """What still runs, or may start, by the last reading of each."""
    closed: Mapping[Channel, datetime]
    """When the closing list of each channel was read; a channel without one is not here."""
    problems: tuple[str, ...]
    """Why it cannot be said for certain what still runs, one sentence each."""
    requests: int
    """How many requests were made in all."""

    @property
    def counts(self) -> dict[PauseOutcome, int]:
        """How many campaigns ended in each way."""
        counted = Counter(result.outcome for result in self.results.values())
        return {outcome: counted[outcome] for outcome in PauseOutcome if counted[outcome]}

    @property
    def certain(self) -> bool:
        """Whether it is known of every campaign that was meant whether it still runs."""
        return not self.problems

    def __bool__(self) -> bool:
        """Whether nothing runs any more, for certain."""
        return self.certain and not self.running

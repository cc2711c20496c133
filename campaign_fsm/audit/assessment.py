"""What is known of a write on a campaign of which something is known.

A write is assessed in the status that was seen last, and in those that a lost or not yet seen write may have led to.
That the platform may have moved the campaign since excuses it only where the recording shows why.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache

from attrs import evolve, frozen

from campaign_fsm.audit.tracker import ANY_TIME, Events, Statuses, TrackedCampaign
from campaign_fsm.lifecycle import by_platform, has_started, moved
from campaign_fsm.rules import Action, Channel, Status
from campaign_fsm.verdict import Verdict, judge
from campaign_fsm.wire.intent import Intent
from campaign_fsm.wire.target import COLLECTION_OF, Target


@frozen
class Known:
    """A campaign in one of the statuses that it may have, for `judge`."""

    status: Status
    tracked: TrackedCampaign
    name: str | None = None
    assumed: bool | None = None
    """Whether it has started, where that is unknown and both are looked at."""

    @property
    def start(self) -> datetime | None:
        return self.tracked.start

    @property
    def end(self) -> datetime | None:
        return self.tracked.end

    @property
    def changed(self) -> datetime | None:
        return self.tracked.completed

    def started(self, now: datetime | None) -> bool | None:
        """Whether it counts as started; None if the recording does not say."""
        if self.assumed is not None:
            return self.assumed
        if self.tracked.start_unreadable:
            return True
        if self.tracked.start is None or now is None:
            return None
        return has_started(self.status, self.tracked.start, now)

    def shows(self, parameter: str, value: object) -> bool | None:
        return self.tracked.shows(parameter, value)


@frozen
class Assessment:
    """What is known of a write in a set of statuses.

    Attributes:
        verdict: The verdict in a status in which it may go, or in the one seen last.
        legal: Whether it may go in a status that the campaign may have.
        refused: Those of these statuses in which it may not go.
        unknown: Why that is unknown: what was not recorded and counts; empty if it is known.
        excuse: The verdict in a status that the platform may have moved it to, if it may go in one.
        overtaken: Whether the platform may have moved it to one in which it may not go.
        after: The statuses that an honest answer may show at once.
        goals: The statuses that it leads to.
        expected: The statuses that an honest answer may show.
    """

    verdict: Verdict
    legal: bool
    refused: Statuses
    unknown: str
    excuse: Verdict | None
    overtaken: bool
    after: Statuses
    goals: Statuses
    expected: Statuses

    @property
    def partly(self) -> bool:
        """Whether it may go in one of the statuses that the campaign may have, and not in another."""
        return self.legal and bool(self.refused)


def assess(tracked: TrackedCampaign, intent: Intent, at: datetime | None, *, strict: bool) -> Assessment:
    """What is known of a write on a campaign, by what is known of the campaign."""
    if not intent.fields and not tracked.timed:
        # Of most campaigns no more is known than a status.
        return _by_status(tracked.possible, tracked.last, intent.action, intent.channel, (None, None), strict, ANY_TIME)
    clear = tracked.start is None or tracked.start_unreadable or at is not None
    if clear and not tracked.start_open:
        return _assessed(tracked, intent, at, None, strict)
    before, after = (_assessed(tracked, intent, at, assumed, strict) for assumed in (False, True))
    if (before.legal, before.unknown) == (after.legal, after.unknown):
        return after
    return evolve(
        after,
        legal=False,
        unknown="whether the campaign has started is unknown",
        excuse=None,
        overtaken=True,
        after=before.after | after.after,
        goals=before.goals | after.goals,
        expected=before.expected | after.expected,
    )


def _assessed(
    tracked: TrackedCampaign, intent: Intent, at: datetime | None, assumed: bool | None, strict: bool
) -> Assessment:
    if intent.fields:
        return _over(
            lambda status: judge(intent, Known(status, tracked, assumed=assumed), at, strict=strict),
            tracked.possible,
            tracked.last,
            tracked.passed(at),
        )
    known = tuple(Known(status, tracked, assumed=assumed).started(at) for status in (Status.CREATED, Status.PAUSED))
    return _by_status(tracked.possible, tracked.last, intent.action, intent.channel, known, strict, tracked.passed(at))


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
def _by_status(  # noqa: PLR0917 (a cache by keyword is slower)
    possible: Statuses,
    last: Status | None,
    action: Action,
    channel: Channel,
    started: tuple[bool | None, ...],
    strict: bool,
    passed: Events,
) -> Assessment:
    intent = Intent(action, Target("", "", COLLECTION_OF[channel], None, ()), {})
    return _over(lambda status: judge(intent, _Plain(status, started), None, strict=strict), possible, last, passed)


def _over(ask: Callable[[Status], Verdict], possible: Statuses, last: Status | None, passed: Events) -> Assessment:
    verdicts = {status: ask(status) for status in sorted(possible)}
    allowed = [verdict for verdict in verdicts.values() if verdict]
    open_ = [verdict.reason for verdict in verdicts.values() if verdict.code == "CF605"]
    unknown = open_[0].rstrip(".") if open_ and not allowed else ""
    since = [ask(status) for status in sorted(moved(possible, passed))]
    later = [] if allowed or unknown else [verdict for verdict in since if verdict]
    # Of several refusals one that is about harm.
    refused = [verdict for verdict in verdicts.values() if not verdict.already] or [*verdicts.values()]
    chosen = allowed[0] if allowed else verdicts[last] if last is not None and last in verdicts else refused[0]
    # A server may well obey what the gate refuses for what stands beside the action.
    obeyed = [verdict or verdict.life_cycle for verdict in verdicts.values() if verdict.life_cycle] or later
    after = frozenset(status for decision in obeyed for status in decision.accepted)
    return Assessment(
        verdict=chosen,
        legal=bool(allowed),
        refused=frozenset(status for status, verdict in verdicts.items() if not verdict),
        unknown=unknown,
        excuse=later[0] if later else None,
        overtaken=not all(since),
        after=after,
        goals=frozenset(decision.destination for decision in obeyed if decision.destination is not None),
        expected=frozenset(status for one in after for status in by_platform(one)),
    )

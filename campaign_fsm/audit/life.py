"""What is known of one campaign while a recording is followed, and what the life cycle makes of a write.

A recording shows a campaign only now and then, and the platform moves it in between. So what is known
is the set of statuses that it may have, and a write is illegal for certain only if it is illegal in
all of them, and in all that the platform may have moved it to since.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache, lru_cache
from typing import Final

from attrs import define, frozen

from campaign_fsm.lifecycle import Decision, decide, platform_moves
from campaign_fsm.rules import Action, Channel, Status

Statuses = frozenset[Status]
UNKNOWN: Final[Statuses] = frozenset()


@define
class Life:
    """What is known of one campaign.

    Attributes:
        channel: The kind of campaign; None until it was seen.
        possible: The statuses that it may have; empty if nothing is known.
        last: The status that was seen last.
        lost: The place of a write without an answer, if nothing was read since; 0 if there is none.
        start: Its start, if one was seen.
        start_unreadable: It has a start that cannot be read.
        name: Its name, if it was seen.
        completed: When it was first seen as completed.
    """

    channel: Channel | None = None
    possible: Statuses = UNKNOWN
    last: Status | None = None
    lost: int = 0
    start: datetime | None = None
    start_unreadable: bool = False
    name: str | None = None
    completed: datetime | None = None


@cache
def by_platform(status: Status) -> Statuses:
    """The statuses that the platform can move a campaign to by itself, in any number of steps, and its own."""
    found = {status}
    while fresh := {dest for source in found for dest in platform_moves(source)} - found:
        found |= fresh
    return frozenset(found)


@frozen
class Verdict:
    """What the life cycle says of a write in a set of statuses.

    Attributes:
        decision: The decision that is told: of the statuses in which it is legal, or of the one seen last.
        legal: Whether it is legal in a status that the campaign may have.
        perhaps: Whether it is legal only in one that the platform may have moved it to.
        after: The statuses that it leads to.
        expected: The statuses that an honest answer may show.
    """

    decision: Decision
    legal: bool
    perhaps: bool
    after: Statuses
    expected: Statuses


@lru_cache(maxsize=4096)
def judge(  # noqa: PLR0917 (a cache by keyword is slower)
    possible: Statuses, last: Status | None, action: Action, channel: Channel, started: bool | None, strict: bool
) -> Verdict:
    """What the life cycle says of a write on a campaign that has one of these statuses."""

    def allowed(statuses: Statuses) -> list[Decision]:
        asked = [decide(status, action, channel=channel, started=started, strict=strict) for status in sorted(statuses)]
        return [decision for decision in asked if decision]

    now = allowed(possible)
    # Before its start the platform moves no campaign.
    moved = frozenset() if started is False else frozenset(status for one in possible for status in by_platform(one))
    later = [] if now else allowed(moved)
    found = now or later
    after = frozenset(status for decision in found for status in decision.accepted)
    told = last if last in possible else min(possible)
    return Verdict(
        decision=found[0] if found else decide(told, action, channel=channel, started=started, strict=strict),
        legal=bool(now),
        perhaps=bool(later),
        after=after,
        expected=frozenset(status for one in after for status in by_platform(one)),
    )


@lru_cache(maxsize=4096)
def possible_after(possible: Statuses, verdict_after: Statuses) -> Statuses:
    """The union of two sets, the same object each time."""
    return possible | verdict_after


@cache
def alone(status: Status) -> Statuses:
    """The set of one status, the same object each time; of the unknown one nothing is known."""
    return UNKNOWN if status is Status.UNKNOWN else frozenset({status})

"""The predicates: facts in, what the policy has against it out. Pure, and without a way to say yes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from fnmatch import translate
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from attrs import frozen

from campaign_fsm.policy.input import PolicyInput
from campaign_fsm.rules import PROBLEMS, Action
from campaign_fsm.words import length

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@frozen
class Violation:
    """What a policy has against a write.

    Attributes:
        code: The code (``CF7xx``).
        reason: Why, in a sentence.
        unknown: Whether all that is against it is that what the policy asks about is unknown.
    """

    code: str
    reason: str
    unknown: bool = False

    @property
    def advice(self) -> str:
        """What to do instead."""
        return PROBLEMS[self.code].advice


@frozen
class Hours:
    """Local hours of the week in which campaigns may start.

    The vendor documents none.

    Attributes:
        begin: The first moment of a day that is allowed.
        end: The first that is no longer; before `begin` if the hours go over midnight.
        zone: The time zone.
        days: The days on which the hours begin, 0 for Monday.
    """

    begin: time
    end: time
    zone: ZoneInfo
    days: frozenset[int] = frozenset(range(7))

    def allow(self, moment: datetime) -> bool:
        """Whether an aware datetime lies within the hours."""
        try:
            local = moment.astimezone(self.zone)
        except OverflowError:
            return False  # at an end of the calendar
        clock, day = local.time(), local.weekday()
        if self.begin < self.end:
            return day in self.days and self.begin <= clock < self.end
        return (day in self.days and clock >= self.begin) or ((day - 1) % 7 in self.days and clock < self.end)

    def local(self, moment: datetime) -> str:
        """When a moment is in the zone, in words."""
        try:
            return f"at {moment.astimezone(self.zone):%a %H:%M}"
        except OverflowError:
            return f"in the year {moment.year}"

    def __str__(self) -> str:
        days = "" if len(self.days) == 7 else f" on {', '.join(DAYS[day] for day in sorted(self.days))}"
        return f"{self.begin:%H:%M} to {self.end:%H:%M}{days} in {self.zone}"


@lru_cache(maxsize=256)
def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(translate(pattern))


@frozen
class Scope:
    """What is forbidden, or has to be confirmed, for some campaigns.

    Attributes:
        campaigns: Shell patterns of names or ids; empty for all campaigns.
        forbid: Actions that are not to be sent.
        confirm: Actions that have to be confirmed (see `campaign_fsm.confirmed`).
        reason: Why; a refusal shows it.
    """

    campaigns: tuple[str, ...] = ()
    forbid: frozenset[Action] = frozenset()
    confirm: frozenset[Action] = frozenset()
    reason: str = ""

    def covers(self, facts: PolicyInput) -> bool:
        """Whether it is about this write. A campaign whose name is not known may have any."""
        if not self.campaigns or facts.name is None:
            return True
        return self._matches(facts.name) or self._matches(facts.campaign)

    def loses(self, facts: PolicyInput) -> bool:
        """Whether it would no longer be about the campaign, because the write gives it another name."""
        if not self.campaigns or facts.renamed is None or self._matches(facts.campaign):
            return False
        return self.covers(facts) and not self._matches(facts.renamed)

    def _matches(self, text: str | None) -> bool:
        return text is not None and any(_pattern(pattern).match(text) for pattern in self.campaigns)


# What lets a campaign contact people: at once, or at the start that it sets.
_STARTS: Final = frozenset({Action.CREATE, Action.RESUME, Action.RESCHEDULE, Action.EDIT})


@frozen
class Policy:
    """What a team forbids on top of the life cycle. False in a boolean context if it forbids nothing.

    Most are read from a file: a client takes its path. What is forbidden raises `ForbiddenByPolicy`.

    Attributes:
        scopes: What is forbidden or has to be confirmed.
        hours: When campaigns may start, be resumed and be scheduled to start; None for always.
        require_end: Whether a new or changed schedule needs an end.
        archive_after: How long a campaign has to have been completed before it is archived; 0 for at once.
        accounts: The accounts that may be written to; empty for all.
        hosts: The hosts that may be written to, in lower case; empty for all.
        origin: The file that it was read from, for messages.
    """

    scopes: tuple[Scope, ...] = ()
    hours: Hours | None = None
    require_end: bool = False
    archive_after: timedelta = timedelta(0)
    accounts: frozenset[str] = frozenset()
    hosts: frozenset[str] = frozenset()
    origin: str = ""

    def __bool__(self) -> bool:
        """Whether it forbids anything at all."""
        return bool(self.scopes or self.hours or self.require_end or self.archive_after or self.accounts or self.hosts)

    def violations(self, facts: PolicyInput) -> tuple[Violation, ...]:
        """What it has against a write; empty if nothing. What is unknown counts against it.

        Args:
            facts: What is known of the write.
        """
        return tuple(self._violations(facts))

    def _violations(self, facts: PolicyInput) -> Iterator[Violation]:
        action = facts.action
        for scope in self.scopes:
            if scope.covers(facts):
                why = f": {scope.reason}" if scope.reason else ""
                for one in (action, *sorted(facts.also)):
                    if one in scope.forbid:
                        yield Violation("CF701", f"The policy forbids {one} of this campaign{why}.")
                    if one in scope.confirm and not facts.confirmed:
                        yield Violation("CF702", f"The policy asks for a confirmation of {one}{why}.")
            if scope.loses(facts):
                yield Violation(
                    "CF701", "The policy has a rule for campaigns of this name; the new one would evade it."
                )
        if self.hours and (action in _STARTS or Action.RESCHEDULE in facts.also):
            yield from self._outside(self.hours, facts)
        if self.require_end and (facts.schedules or action is Action.CREATE):
            begins = facts.start or facts.at
            if facts.end is None:
                yield Violation("CF704", "The policy asks for an end time, and the schedule has none.")
            elif begins is not None and facts.end <= begins:
                yield Violation("CF704", "The policy asks for an end time, and the schedule's lies before its start.")
        if self.archive_after and action is Action.ARCHIVE:
            yield from self._too_young(facts)
        if self.accounts and facts.account is not None and facts.account not in self.accounts:
            yield Violation("CF706", f"The policy allows no writes to the account {facts.account!r}.")
        if self.hosts and facts.host is not None and facts.host.lower().removesuffix(".") not in self.hosts:
            yield Violation("CF707", f"The policy allows no writes to the host {facts.host!r}.")

    def _outside(self, hours: Hours, facts: PolicyInput) -> Iterator[Violation]:
        moments: list[tuple[datetime | None, str]] = []
        sets = facts.unreadable or (facts.schedules and facts.start is not None)
        if facts.action is Action.RESUME or (facts.action is Action.CREATE and not sets):
            # A resumed campaign may go on at once whatever its start is, and a created one without a start does.
            moments.append((facts.at, f"{facts.action}"))
        elif facts.cleared:
            moments.append((facts.at, "start"))
        if facts.unreadable:
            moments.append((None, "start"))
        elif facts.start is not None and (sets or facts.action is Action.RESUME):
            if facts.at is None or facts.start > facts.at:
                moments.append((facts.start, "start"))
            elif facts.action is not Action.RESUME:
                moments.append((facts.at, "start"))  # a start that has passed is one at once
        for moment, what in moments:
            if moment is None:
                yield Violation(
                    "CF703", f"The policy allows {hours}, and the time of the {what} is unknown.", unknown=True
                )
                return
            if not hours.allow(moment):
                yield Violation("CF703", f"The policy allows {hours}, and the {what} is {hours.local(moment)}.")
                return

    def _too_young(self, facts: PolicyInput) -> Iterator[Violation]:
        if facts.completed is None or facts.at is None:
            reason = "The policy asks for an age before archiving, and the campaign's is unknown."
            yield Violation("CF705", reason, unknown=True)
        elif facts.at - facts.completed < self.archive_after:
            age = facts.at - facts.completed
            yield Violation(
                "CF705",
                f"The policy asks for {length(self.archive_after)} between completing and archiving; "
                f"it has been {length(max(age, timedelta(0)))}.",
            )

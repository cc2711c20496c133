"""What is known of a campaign after an observation, from what was known before it."""

from __future__ import annotations

from campaign_fsm.audit.observation import (
    Claimed,
    Created,
    Fate,
    Garbled,
    Observation,
    Shown,
    Unclear,
    Unreadable,
    Written,
)
from campaign_fsm.audit.tracker import alone
from campaign_fsm.rules import RULES, Action, Status
from campaign_fsm.wire.answer import parse_time


def update(seen: Observation) -> None:
    """Bring what is known of its campaign up to date."""
    match seen:
        case Written():
            _written(seen)
        case Shown() | Created():
            _observed(seen)
        case Claimed():
            # A claim widens what is possible, and settles nothing.
            if seen.tracked.possible and seen.status is not Status.UNKNOWN and seen.explained:
                seen.tracked.widened(alone(seen.status))
        case Garbled():
            seen.tracked.forgotten()
        case Unclear():
            _may_be_anything(seen)
        case Unreadable() if seen.exchange.sent:
            _may_be_anything(seen)


def _may_be_anything(seen: Unclear | Unreadable) -> None:
    seen.tracked.forgotten()
    seen.tracked.unsettled()


def _observed(seen: Shown | Created | Written) -> None:
    """An answer shows a status, and perhaps more."""
    tracked, exchange = seen.tracked, seen.exchange
    reading = seen.answer.reading if isinstance(seen, Written) else seen.reading
    assert seen.status is not None
    tracked.observed(seen.status, exchange.at, seen.action)
    if reading is None:
        tracked.recorded(exchange.start, exchange.end, exchange.name)
    else:
        tracked.read(reading, whole=isinstance(seen, Shown) and seen.whole)


def _written(seen: Written) -> None:
    match seen.fate:
        case Fate.PLANNED:
            _planned(seen)
        case Fate.LOST:
            seen.tracked.lost = seen.exchange.place or 1
            _open(seen)
        case Fate.OPEN:
            _open(seen)
        case Fate.TAKEN:
            _taken(seen)
        case Fate.CONFLICT if seen.assessment is not None and seen.assessment.legal:
            seen.tracked.forgotten()


def _open(seen: Written) -> None:
    """It is not known whether it was applied."""
    if seen.intent.fields:
        seen.tracked.unsettled(seen.intent.fields)
    if seen.assessment is not None:
        seen.tracked.widened(seen.after)


def _planned(seen: Written) -> None:
    """A step that is not taken yet: after a legal one the campaign is where it leads."""
    tracked, assessment = seen.tracked, seen.assessment
    if assessment is None or assessment.unknown:
        if seen.intent.fields:
            tracked.edited(seen.intent)
        _led_to(seen)
    elif assessment.legal:
        if seen.intent.fields:
            tracked.edited(seen.intent)
        if assessment.verdict.destination is not None:
            tracked.moved(assessment.verdict.destination)
            _completed(seen)


def _led_to(seen: Written) -> None:
    """Whatever it was before: if the write is taken, the campaign is where it leads."""
    goal = next((rule.dest for rule in RULES if rule.trigger is seen.action and rule.source is not None), None)
    if goal is not None:
        seen.tracked.moved(goal)


def _completed(seen: Written) -> None:
    if seen.action is Action.COMPLETE:
        seen.tracked.completed = parse_time(seen.exchange.at)


def _taken(seen: Written) -> None:
    """The server took it."""
    if seen.intent.fields:
        seen.tracked.edited(seen.intent)
    if seen.status is None:
        _taken_unshown(seen)
        return
    unseen, after = seen.unseen, seen.after
    _observed(seen)
    if unseen and seen.status is not Status.UNKNOWN:
        # Accepted, and not yet seen.
        seen.tracked.widened(after)


def _taken_unshown(seen: Written) -> None:
    """The answer shows no status: the campaign is where the write leads."""
    tracked = seen.tracked
    tracked.possible = seen.after
    tracked.lost, tracked.seen = 0, seen.exchange.at
    if seen.assessment is None:
        _led_to(seen)
    if len(tracked.possible) == 1:
        (tracked.last,) = tracked.possible
    _completed(seen)

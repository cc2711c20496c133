"""What is known of a campaign after an observation, from what was known before it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from campaign_fsm.audit.observation import (
    CallbackObservation,
    CampaignWrite,
    CreatedCampaign,
    Observation,
    StatusRead,
    UnclearWrite,
    UnreadableAnswer,
    UnreadableWrite,
    UnreadEntry,
    WriteResult,
)
from campaign_fsm.audit.tracker import alone
from campaign_fsm.rules import Action, Status, goal_of
from campaign_fsm.wire.intent import SAFE_METHODS
from campaign_fsm.wire.schedule import parse_time


def update(seen: Observation) -> None:
    """Bring what is known of its campaign up to date."""
    bring = _UPDATES.get(type(seen))
    if bring is not None and seen.key is not None:
        bring(seen)


def _claimed(seen: CallbackObservation) -> None:
    """A claim widens what is possible, and settles nothing."""
    if seen.tracked.possible and seen.status is not Status.UNKNOWN and seen.explained:
        seen.tracked.widened(alone(seen.status))


def _garbled(seen: UnreadableAnswer) -> None:
    seen.tracked.forgotten()


def _may_be_anything(seen: UnclearWrite | UnreadableWrite) -> None:
    if seen.exchange.sent or isinstance(seen, UnclearWrite):
        seen.tracked.forgotten()
        seen.tracked.unsettled()


def _unread(seen: UnreadEntry) -> None:
    """A read changes nothing; anything else may have led anywhere."""
    if seen.exchange.method.upper() not in SAFE_METHODS:
        seen.tracked.forgotten()
        seen.tracked.unsettled()


def _observed(seen: StatusRead | CreatedCampaign | CampaignWrite) -> None:
    """An answer shows a status, and perhaps more."""
    tracked, exchange = seen.tracked, seen.exchange
    reading = seen.answer.reading if isinstance(seen, CampaignWrite) else seen.reading
    assert seen.status is not None
    if isinstance(seen, CreatedCampaign) and seen.overlapped and tracked.possible:
        return  # what came meanwhile is newer
    before = tracked.possible
    tracked.observed(seen.status, exchange.at, seen.action)
    if isinstance(seen, StatusRead) and seen.overlapped:
        # What the list shows may have been so before the requests that were under way meanwhile, or after them.
        tracked.widened(before)
    if reading is None:
        tracked.recorded(exchange.start, exchange.end, exchange.name)
    else:
        tracked.read(reading, whole=isinstance(seen, StatusRead) and seen.whole)


def _written(seen: CampaignWrite) -> None:
    match seen.result:
        case WriteResult.PLANNED:
            _planned(seen)
        case WriteResult.LOST:
            seen.tracked.lost = seen.place
            _uncertain(seen)
        case WriteResult.UNCERTAIN:
            _uncertain(seen)
        case WriteResult.TAKEN:
            _taken(seen)
        case WriteResult.CONFLICT if seen.assessment is not None and seen.assessment.legal:
            # Of the statuses that it may have had, it had one in which the server is right; or else nobody knows.
            seen.tracked.forgotten()
            seen.tracked.possible = seen.assessment.refused


def _uncertain(seen: CampaignWrite) -> None:
    """It is not known whether it was applied."""
    seen.tracked.doubt = f"the answer to the {seen.action} before it does not say whether that was applied"
    if seen.intent.fields:
        seen.tracked.unsettled(seen.intent.fields)
    if seen.assessment is not None:
        seen.tracked.widened(seen.after)


def _planned(seen: CampaignWrite) -> None:
    """A step that is not taken yet: after a legal one the campaign is where it leads."""
    assessment = None if seen.unjudged else seen.assessment
    if assessment is not None and not assessment.legal:
        return
    if seen.intent.fields:
        seen.tracked.edited(seen.intent)
    if assessment is None:
        _led_to(seen)
    elif assessment.verdict.destination is not None:
        seen.tracked.moved(assessment.verdict.destination)
        _completed(seen)


def _led_to(seen: CampaignWrite) -> None:
    """Whatever it was before: if the write is taken, the campaign is where it leads."""
    goal = goal_of(seen.action)
    if goal is not None:
        seen.tracked.moved(goal)


def _completed(seen: CampaignWrite) -> None:
    if seen.action is Action.COMPLETE:
        seen.tracked.completed = parse_time(seen.exchange.at)


def _taken(seen: CampaignWrite) -> None:
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


def _taken_unshown(seen: CampaignWrite) -> None:
    """The answer shows no status: the campaign is where the write leads."""
    tracked = seen.tracked
    tracked.possible = seen.after if seen.assessment is None else seen.assessment.goals
    tracked.lost, tracked.doubt, tracked.seen = None, "", seen.exchange.at
    if seen.assessment is None:
        _led_to(seen)
    if len(tracked.possible) == 1:
        (tracked.last,) = tracked.possible
    _completed(seen)


# What changes nothing is not here.
_UPDATES: Final[dict[type[Observation], Callable[[Any], None]]] = {
    StatusRead: _observed,
    CreatedCampaign: _observed,
    CampaignWrite: _written,
    CallbackObservation: _claimed,
    UnreadableAnswer: _garbled,
    UnclearWrite: _may_be_anything,
    UnreadableWrite: _may_be_anything,
    UnreadEntry: _unread,
}

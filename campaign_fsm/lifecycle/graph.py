"""Walks over the table: where a campaign can get to, by whose moves, and the shortest way. Nothing else walks it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import cache, lru_cache
from typing import Final, TypeVar

from campaign_fsm.rules import RULES, Action, Channel, Event, Rule, Standing, Status
from campaign_fsm.rules.vocabulary import one_of

_Position = TypeVar("_Position")
_Step = TypeVar("_Step")

_BY_PLATFORM: Final = tuple(rule for rule in RULES if isinstance(rule.trigger, Event))


def _on(channel: Channel) -> list[Rule]:
    return [rule for rule in RULES if channel in rule.channels]


def walks(
    start: _Position, steps: Callable[[_Position], Iterable[tuple[_Step, _Position]]]
) -> Iterator[tuple[tuple[_Step, ...], _Position]]:
    """Each step that can ever be taken, at the end of a shortest walk to it, and where it leads; short walks first.

    Args:
        start: Where all walks begin.
        steps: The steps out of a position, each with the position that it leads to.
    """
    seen = {start}
    ahead: deque[tuple[tuple[_Step, ...], _Position]] = deque([((), start)])
    while ahead:
        way, position = ahead.popleft()
        for step, then in steps(position):
            yield (*way, step), then
            if then not in seen:
                seen.add(then)
                ahead.append(((*way, step), then))


def _walks(start: Status | None, edges: Iterable[Rule]) -> Iterator[tuple[tuple[Rule, ...], Status | None]]:
    leaving: dict[Status | None, list[tuple[Rule, Status | None]]] = {}
    for rule in edges:
        leaving.setdefault(rule.source, []).append((rule, rule.leads_to))
    return walks(start, lambda status: leaving.get(status, []))


def reached(start: Status | None, edges: Iterable[Rule]) -> frozenset[Status]:
    """The statuses that any number of these edges leads to, none included."""
    ends = (start, *(status for _, status in _walks(start, edges)))
    return frozenset(status for status in ends if status is not None)


def shortest(start: Status | None, goal: Status, edges: Iterable[Rule]) -> tuple[Rule, ...] | None:
    """The fewest of these edges that lead from one status to another; None if there is no way."""
    if start is goal:
        return ()
    return next((way for way, status in _walks(start, edges) if status is goal), None)


@cache
def platform_moves(status: Status) -> frozenset[Status]:
    """The statuses that the platform can move a campaign to by itself, in one step."""
    return frozenset(rule.leads_to for rule in _BY_PLATFORM if rule.applies(status))


@cache
def by_platform(status: Status) -> frozenset[Status]:
    """The statuses that the platform can move a campaign to by itself, in any number of steps, and its own."""
    return reached(status, _BY_PLATFORM)


@lru_cache(maxsize=256)
def moved(possible: frozenset[Status], events: frozenset[Event]) -> frozenset[Status]:
    """The statuses that these events may have moved a campaign to, without those that it had."""
    edges = [rule for rule in _BY_PLATFORM if rule.trigger in events]
    return frozenset[Status]().union(*(reached(status, edges) for status in possible)) - possible


@cache
def reachable(status: Status, channel: Channel) -> frozenset[Status]:
    """The statuses that a campaign can still get to, whoever moves it; all of them from an unknown one."""
    if status == Status.UNKNOWN:
        return frozenset(Status)
    return reached(Status(status), _on(channel))


@cache
def between(source: Status | None, dest: Status, channel: Channel) -> tuple[Rule, ...] | None:
    """The edges that explain how a campaign came from one status to another, None if none do.

    The platform alone, if it can have been it; or else the fewest steps of anybody's.
    """
    alone = shortest(source, dest, [rule for rule in _BY_PLATFORM if channel in rule.channels])
    return shortest(source, dest, _on(channel)) if alone is None else alone


def route(
    start: Status | str | None,
    goal: Status | str,
    *,
    channel: Channel | str = Channel.MESSAGE,
    strict: bool = False,
) -> tuple[Action, ...] | None:
    """The shortest legal way from one status to another by the account holder's own actions.

    Empty if `start` is `goal`; None if there is no way, or none but waiting: no route starts a
    campaign early, so created to in-progress is "wait for its start", never pause and resume.

    Args:
        start: The status to begin at, a `Status` or its canonical string; None for "no campaign yet".
        goal: The status to get to.
        channel: The kind of campaign.
        strict: Without what the vendor's pages contradict each other about.

    Raises:
        ValueError: A status or the channel is not on the list.

    >>> route("created", "archived")
    (<Action.PAUSE: 'pause'>, <Action.COMPLETE: 'complete'>, <Action.ARCHIVE: 'archive'>)
    """
    channel = one_of(Channel, channel)
    start = None if start is None else one_of(Status, start)
    return _route(start, one_of(Status, goal), channel, strict)


@cache
def _route(start: Status | None, goal: Status, channel: Channel, strict: bool) -> tuple[Action, ...] | None:
    if Status.UNKNOWN in (start, goal):
        return None
    # Whatever begins before the start must not resume: that would send messages ahead of time.
    early = start in (None, Status.CREATED)
    way = shortest(
        start,
        goal,
        [
            rule
            for rule in _on(channel)
            if isinstance(rule.trigger, Action)
            and not (early and rule.trigger is Action.RESUME)
            and not (strict and rule.standing is Standing.CONTESTED)
        ],
    )
    return None if way is None else tuple(rule.trigger for rule in way if isinstance(rule.trigger, Action))

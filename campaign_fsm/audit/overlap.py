"""Requests about one campaign that were under way at the same time.

Which of them the server took first is not recorded. What it answered says something: of all the orders in which they
can have been taken, those count in which the answers make most sense. Only what is wrong in these is a finding, and
afterwards the campaign may have any status that one of them leads to.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from heapq import heappop, heappush
from itertools import count
from typing import Final, NamedTuple

from attrs import define, field, frozen

from campaign_fsm.audit.interpret import campaign_of
from campaign_fsm.audit.observe import Observer
from campaign_fsm.audit.tracker import UNKNOWN, CampaignKey, Statuses, TrackedCampaign
from campaign_fsm.traffic import Exchange
from campaign_fsm.wire.schedule import parse_time

Score = tuple[int, int, int]
"""How badly an order explains the answers: those that contradict the model, then errors, then other findings."""

_MOST_STEPS: Final = 1000
_MOST_TOGETHER: Final = 256
# Recorders cut times to milliseconds.
_RESOLUTION: Final = 0.001
_TOO_MANY: Final = "more requests about its campaign were under way at the same time than can be put in order"


class _Request(NamedTuple):
    exchange: Exchange
    start: float
    end: float


@define
class _Cluster:
    """Requests each of which overlaps one before it; or one alone that is about no single campaign, as lists are."""

    requests: list[_Request]
    end: float


@define
class Overlaps:
    """Holds requests back until it is known what overlaps them.

    Attributes:
        observer: Reads requests, and knows the campaigns.
        held: What is held back: by its campaign, and lists by a number.
        try_out: Has what is known of a request's campaign brought up to date by it, and says how well that goes.
    """

    observer: Observer
    try_out: Callable[[Exchange], Score]
    held: dict[CampaignKey | int, _Cluster] = field(factory=dict, init=False)
    _ends: list[tuple[float, int, CampaignKey | int]] = field(factory=list, init=False)
    _numbers: Iterator[int] = field(factory=count, init=False)

    def take(self, exchange: Exchange) -> Iterator[Exchange]:
        """One more request, in the order of their start; gives those that can be judged now, in the order for that.

        Each is to be judged before the next one is asked for.
        """
        at, key = parse_time(exchange.at), campaign_of(exchange)
        if at is None:
            # Whether it overlaps what is held of its own campaign is not known: it stays behind that.
            if key is not None and key in self.held:
                yield from self._settled(key)
            yield exchange
            return
        start = at.timestamp()
        yield from self._ended(start)
        cluster = self.held.get(key) if key is not None else None
        if cluster is None and not exchange.seconds:
            yield exchange
            return
        name = next(self._numbers) if key is None else key
        if cluster is None:
            cluster = self.held[name] = _Cluster([], start)
        # Of one that does not say how long it took, it is not known that it was over before the others.
        end = cluster.end if exchange.seconds is None else start + max(0.0, exchange.seconds - _RESOLUTION)
        cluster.requests.append(_Request(exchange, start, end))
        cluster.end = max(cluster.end, end)
        heappush(self._ends, (cluster.end, next(self._numbers), name))
        if key is not None and (tracked := self.observer.tracker.get(key)) is not None:
            tracked.busy = cluster.end
        if len(cluster.requests) >= _MOST_TOGETHER:
            yield from self._settled(name)

    def rest(self) -> Iterator[Exchange]:
        """All that is held back: nothing more can overlap it."""
        yield from self._ended(float("inf"))

    def _ended(self, now: float) -> Iterator[Exchange]:
        """What has ended by now."""
        while self._ends and self._ends[0][0] <= now:
            end, _, name = heappop(self._ends)
            if name in self.held and self.held[name].end == end:
                yield from self._settled(name)

    def _settled(self, name: CampaignKey | int) -> Iterator[Exchange]:
        requests = self.held.pop(name).requests
        if len(requests) == 1 or not isinstance(name, CampaignKey):
            yield from (request.exchange for request in requests)
            return
        tracked = self.observer.tracker.track(name)
        with self.observer.remembering():
            found = self._likeliest(tracked, requests)
        if found is None:
            # What is in doubt is no finding: each is looked at as if nothing were known before it.
            for request in requests:
                tracked.forgotten()
                tracked.doubt = _TOO_MANY
                yield request.exchange
            tracked.forgotten()
            tracked.doubt = _TOO_MANY
            return
        order, possible = found
        yield from (request.exchange for request in order)
        tracked.possible = possible
        if len(possible) > 1:
            tracked.doubt = "requests before it were under way at the same time"

    def _likeliest(self, tracked: TrackedCampaign, requests: list[_Request]) -> tuple[list[_Request], Statuses] | None:
        """The order that explains the answers best, and what those that are as good may lead to; None for too many.

        Step by step: what was taken so far is a set of requests, and of the ways that lead to the same with the same
        requests one of the best is kept.
        """
        before = tracked.copy()
        kinds = [self.observer.kind_of(request.exchange) for request in requests]
        ways = {(frozenset[int](), before.outline): _Way((0, 0, 0), before, [])}
        steps = 0
        for _ in requests:
            following: dict[tuple[frozenset[int], Hashable], _Way] = {}
            for (taken, _outline), way in ways.items():
                for number in _next(requests, kinds, taken):
                    steps += 1
                    if steps > _MOST_STEPS:
                        tracked.become(before)
                        return None
                    tracked.become(way.tracked.copy())
                    score = self.try_out(requests[number].exchange)
                    step = _Way(_sum(way.score, score), tracked.copy(), [*way.order, number])
                    key = taken | {number}, step.tracked.outline
                    following[key] = min(following.get(key, step), step, key=_score)
            ways = following
        tracked.become(before)
        least = min(map(_score, ways.values()))
        best = [way for way in ways.values() if way.score == least]
        # That an answer was lost, and nothing read since, is to be so in all of them.
        chosen = next((way for way in best if way.tracked.lost is None), best[0])
        known = [way.tracked.possible for way in best]
        return [requests[number] for number in chosen.order], frozenset().union(*known) if all(known) else UNKNOWN


@frozen
class _Way:
    """One order of some requests.

    Attributes:
        score: How badly it explains the answers.
        tracked: What is known of the campaign then.
        order: The numbers of the requests.
    """

    score: Score
    tracked: TrackedCampaign
    order: list[int]


def _score(way: _Way) -> Score:
    return way.score


def _next(requests: list[_Request], kinds: list[Hashable], taken: frozenset[int]) -> Iterator[int]:
    """Which requests can have been taken next: those that did not begin after another one had ended.

    Of several that do and show the same, only the one that ended first.
    """
    open_ = [number for number in range(len(requests)) if number not in taken]
    first_end = min(requests[number].end for number in open_)
    first: dict[Hashable, int] = {}
    for number in open_:
        one = requests[number]
        if one.start < first_end or one.end == first_end:
            known = first.setdefault(kinds[number], number)
            if one.end < requests[known].end:
                first[kinds[number]] = number
    return iter(first.values())


def _sum(one: Score, other: Score) -> Score:
    return one[0] + other[0], one[1] + other[1], one[2] + other[2]

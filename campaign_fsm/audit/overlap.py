"""Requests about one campaign that were under way at the same time.

Which of them the server took first is not recorded. What it answered says something: of all the orders in which they
can have been taken, those count in which the answers make most sense. Only what is wrong in these is a finding, and
afterwards the campaign may have any status that one of them leads to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from heapq import heappop, heappush
from itertools import count
from typing import Final

from attrs import define, field, frozen

from campaign_fsm.audit.interpret import campaign_of
from campaign_fsm.audit.tracker import UNKNOWN, CampaignKey, Statuses, TrackedCampaign, Tracker
from campaign_fsm.traffic import Exchange
from campaign_fsm.wire.schedule import parse_time

Score = tuple[int, int, int]
"""How badly an order explains the answers: those that contradict the model, then errors, then other findings."""

# Ten that all overlap have a thousand.
_MOST_STEPS: Final = 2048
_MOST_TOGETHER: Final = 64


@frozen
class _Request:
    exchange: Exchange
    start: float
    end: float


@define
class _Cluster:
    """Requests each of which overlaps one before it; or a list by itself, which is about many campaigns."""

    requests: list[_Request]
    end: float


@define
class Overlaps:
    """Holds requests back until it is known what overlaps them.

    Attributes:
        held: What is held back: by its campaign, and lists by a number.
        try_out: Has what is known of a request's campaign brought up to date by it, and says how well that goes.
    """

    tracker: Tracker
    try_out: Callable[[Exchange], Score]
    held: dict[CampaignKey | int, _Cluster] = field(factory=dict, init=False)
    _ends: list[tuple[float, int, CampaignKey | int]] = field(factory=list, init=False)
    _numbers: Iterator[int] = field(factory=count, init=False)

    def take(self, exchange: Exchange) -> Iterator[Exchange]:
        """One more request, in the order of their start; gives those that can be judged now, in the order for that.

        Each is to be judged before the next one is asked for.
        """
        at = parse_time(exchange.at)
        if at is None:
            yield from self.rest()
            yield exchange
            return
        start = at.timestamp()
        yield from self._ended(start)
        key = campaign_of(exchange)
        cluster = self.held.get(key) if key is not None else None
        if cluster is None and not exchange.seconds:
            yield exchange
            return
        end = start + (exchange.seconds or 0.0)
        name = next(self._numbers) if key is None else key
        if cluster is None:
            cluster = self.held[name] = _Cluster([], end)
        cluster.requests.append(_Request(exchange, start, end))
        cluster.end = max(cluster.end, end)
        heappush(self._ends, (cluster.end, next(self._numbers), name))
        if key is not None:
            self.tracker.track(key).busy = cluster.end

    def rest(self) -> Iterator[Exchange]:
        """All that is held back: nothing more can overlap it."""
        yield from self._ended(float("inf"))

    def _ended(self, now: float) -> Iterator[Exchange]:
        """What has ended by now."""
        while self._ends and self._ends[0][0] <= now:
            end, _, key = heappop(self._ends)
            cluster = self.held.get(key)
            if cluster is not None and cluster.end == end:
                del self.held[key]
                yield from self._settled(key, cluster.requests)

    def _settled(self, key: CampaignKey | int, requests: list[_Request]) -> Iterator[Exchange]:
        if len(requests) == 1 or not isinstance(key, CampaignKey):
            yield from (request.exchange for request in requests)
            return
        tracked = self.tracker.track(key)
        order, possible = self._likeliest(tracked, requests)
        yield from (request.exchange for request in order)
        tracked.possible = possible
        if len(possible) > 1:
            tracked.doubt = "requests before it were under way at the same time"

    def _likeliest(self, tracked: TrackedCampaign, requests: list[_Request]) -> tuple[list[_Request], Statuses]:
        """The order that explains the answers best, and which statuses all those may lead to that do it as well.

        Step by step: what was taken so far is a set of requests, and of the ways to each set the best are kept as one.
        """
        before = tracked.copy()
        ways: dict[frozenset[int], _Way] = {frozenset(): _Way((0, 0, 0), before, [])}
        steps = 0
        for _ in requests:
            following: dict[frozenset[int], _Way] = {}
            for taken, way in ways.items():
                for number in _next(requests, taken):
                    steps += 1
                    tracked.become(way.tracked.copy())
                    score = self.try_out(requests[number].exchange)
                    step = _Way(_sum(way.score, score), tracked.copy(), [*way.order, number])
                    known = following.get(taken | {number})
                    following[taken | {number}] = step if known is None else known.or_better(step)
            ways = following
            if steps > _MOST_STEPS or len(requests) > _MOST_TOGETHER:
                tracked.become(before)
                return requests, UNKNOWN
        (best,) = ways.values()
        tracked.become(before)
        return [requests[number] for number in best.order], best.tracked.possible


@frozen
class _Way:
    """The best order of some requests.

    Attributes:
        score: How badly it explains the answers.
        tracked: What is known of the campaign then.
        order: The numbers of the requests.
    """

    score: Score
    tracked: TrackedCampaign
    order: list[int]

    def or_better(self, other: _Way) -> _Way:
        """The better one; where both are as good, the first, with every status that one of them leads to."""
        if self.score != other.score:
            return min(self, other, key=lambda way: way.score)
        known = self.tracked.possible and other.tracked.possible
        self.tracked.possible = self.tracked.possible | other.tracked.possible if known else UNKNOWN
        return self


def _next(requests: list[_Request], taken: frozenset[int]) -> Iterator[int]:
    """Which requests can have been taken next: those that did not begin after another one had ended."""
    open_ = [number for number in range(len(requests)) if number not in taken]
    first_end = min(requests[number].end for number in open_)
    return (number for number in open_ if requests[number].start < first_end or requests[number].end == first_end)


def _sum(one: Score, other: Score) -> Score:
    return one[0] + other[0], one[1] + other[1], one[2] + other[2]

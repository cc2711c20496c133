"""A world on virtual time: an account, somebody who stops it, others who are at work on it, and what was seen.

It runs under trio's `MockClock`: an hour of waits takes as long as the requests that are made in it. The account's
clock is set to it whenever something happens, and so are the gate and the operations of the client.
"""

import json
import random
from contextlib import suppress
from datetime import timedelta
from functools import partial
from math import inf
from urllib.parse import parse_qsl

import httpx
import trio
import trio._core._run as scheduler
import trio.testing
from attrs import define, evolve, field

from campaign_fsm import (
    AsyncCampaignClient,
    AsyncGuardTransport,
    CampaignFsmError,
    PauseResult,
    Simulator,
    SimulatorTransport,
    Status,
)
from campaign_fsm.client.operations import Operations
from campaign_fsm.gate import budget, section
from campaign_fsm.gate.budget import Budgets

BUDGET = 30
_MARK = "x-world"


@define
class Arrived:
    """A request of ours, as the way to the server knows it.

    Attributes:
        method: The HTTP method.
        id: The campaign; None for a list.
        offset: That of a list.
        sent_at: When it left the gate, in seconds.
        number: Its number in the journal.
        answered_at: When its answer was there; None if there was none.
        shown: The status of each campaign in the answer to a read; None if it is none that holds any.
    """

    method: str
    id: str | None
    offset: int
    sent_at: float
    number: int = 0
    answered_at: float | None = None
    shown: dict | None = None


@define
class Birth:
    """How a campaign came to be: after which entry of the journal, and what it was then."""

    after: int
    status: Status


class Account(Simulator):
    """Tells which entry of its journal a request became."""

    def __init__(self, **settings):
        super().__init__(**settings)
        self.arrived = []

    @property
    def written(self):
        """The number of the newest entry of the journal."""
        return self._journal.written

    def handle(self, method, target, headers, body):
        headers = list(headers)
        mark = next((value for name, value in headers if name.lower() == _MARK), None)
        with self._lock:
            if mark is not None:
                self.arrived[int(mark)].number = self.written + 1
            return super().handle(method, target, headers, body)


class World:
    """An account, and what happens to it.

    Args:
        delay: Says how many seconds a request is on the way, and an answer back.
        **account: What the account is made with.

    Attributes:
        account: The account, a simulator.
        births: How each campaign came to be, by id.
        most: How many requests were on the way at once, at most.
        clock: The virtual clock.
    """

    def __init__(self, delay=lambda: 0.05, **account):
        self.account = Account(**account)
        self.delay = delay
        self.births = {}
        self.in_flight = self.most = 0
        self.clock = trio.testing.MockClock(autojump_threshold=0)

    @classmethod
    def drawn(cls, seed, shortest, longest, **account):
        """One in which each request takes another time."""
        return cls(partial(random.Random(seed).uniform, shortest / 2, longest / 2), **account)

    @property
    def now(self):
        return self.account.now

    def tick(self):
        """The account's clock shows the virtual time, and what is due by then has happened."""
        self.account.set_time(self._start + timedelta(seconds=trio.current_time()))

    def add(self, status, *, channel="message", **fields):
        """A campaign; its id."""
        campaign_id = self.account.add(status, channel=channel, **fields)
        self.births[campaign_id] = Birth(self.account.written, Status(status))
        return campaign_id

    def fill(self, count, status="in-progress", **fields):
        """Several alike; their ids."""
        return [self.add(status, **fields) for _ in range(count)]

    def move(self, campaign_id, status):
        """Somebody else moves a campaign now."""
        self.tick()
        self.account.move(campaign_id, status)

    def client(self, inner=None, **settings):
        """A client of the account: in process, or over another transport, while whose requests the clock stands."""
        way = Way(self, inner or SimulatorTransport(self.account), is_frozen=inner is not None)
        return Client(self, way, **settings)

    def run(self, scenario):
        """Run a coroutine function on virtual time; with a budget and a memory of writes that are its own."""
        before, chance = budget.budgets(), scheduler._r
        # Which of several tasks goes first is chance: the same in every run.
        scheduler._ALLOW_DETERMINISTIC_SCHEDULING, scheduler._r = True, random.Random(0)
        budget.renew(Budgets(is_limited=lambda _: False))
        section.renew()
        self._start = self.account.now
        try:
            return trio.run(scenario, clock=self.clock)
        finally:
            scheduler._ALLOW_DETERMINISTIC_SCHEDULING, scheduler._r = False, chance
            budget.renew(before)

    def stopped(self, selection, **settings):
        """As `stop`, in a run of its own."""
        return self.run(lambda: self.stop(selection, **settings))

    async def stop(self, selection, *, others=None, client=None, begun=None, **settings):
        """Pause what is selected, and give back all that was seen of it.

        Args:
            selection: The selection.
            others: A coroutine function that is at work meanwhile.
            client: Settings of the client.
            begun: Called with the results before the first one is asked for.
            **settings: Those of `pause_many`.
        """
        seen = Seen(self, selection, settings)
        async with self.client(**(client or {})) as ours, trio.open_nursery() as nursery:
            if others is not None:
                nursery.start_soon(others)
            try:
                async with ours.pause_many(selection, on_event=seen.told.append, **settings) as results:
                    if begun is not None:
                        begun(results)
                    async for result in results:
                        seen.take(result)
                seen.report = results.report
            except CampaignFsmError as error:
                seen.error = error
            seen.seconds = trio.current_time() - seen.began_at
            nursery.cancel_scope.cancel()
        return seen


class Way(httpx.AsyncBaseTransport):
    """The way to the server: it takes its time, and what arrives is noted."""

    in_process = False  # the budget counts

    def __init__(self, world, inner, *, is_frozen):
        self.world, self.inner, self.is_frozen = world, inner, is_frozen
        self._on_wire = 0

    async def handle_async_request(self, request):
        world = self.world
        arrived = _arrived(request, trio.current_time())
        world.in_flight += 1
        world.most = max(world.most, world.in_flight)
        try:
            await trio.sleep(world.delay())
            request.headers[_MARK] = str(len(world.account.arrived))
            world.account.arrived.append(arrived)
            world.tick()
            response = await self._frozen(request) if self.is_frozen else await self.inner.handle_async_request(request)
            await trio.sleep(world.delay())
            arrived.answered_at = trio.current_time()
            if response.status_code == 200 and request.method == "GET":
                arrived.shown = _shown(response.content)
            return response
        finally:
            world.in_flight -= 1

    async def _frozen(self, request):
        """Send it while the clock stands still."""
        self._on_wire += 1
        self.world.clock.autojump_threshold = inf
        try:
            response = await self.inner.handle_async_request(request)
            await response.aread()
            return response
        finally:
            self._on_wire -= 1
            if not self._on_wire:
                self.world.clock.autojump_threshold = 0

    async def aclose(self):
        await self.inner.aclose()


class Client(AsyncCampaignClient):
    """A client on trio's clock, with a budget."""

    _guard = staticmethod(partial(AsyncGuardTransport, clock=trio.current_time))

    def __init__(self, world, transport, **settings):
        account = world.account
        keys = {"account_sid": account.account_sid, "api_key": account.api_key, "api_token": account.api_token}
        common = {"base_url": "http://127.0.0.1:1", "budget": BUDGET}
        super().__init__(transport=transport, **{**keys, **common, **settings})
        self._context = evolve(self._context, clock=trio.current_time, now=lambda: world.now)
        self._operations = Operations(self._context)


@define
class Seen:
    """All that was seen of one run.

    Attributes:
        told: Events and results, in order.
        results: What was iterated over.
        report: The report; None if it raised.
        error: What it raised.
        seconds: How long it took.
        first: After how many seconds there was the first result.
    """

    world: World
    selection: object
    settings: dict
    told: list = field(factory=list)
    results: list = field(factory=list)
    report: object = None
    error: Exception | None = None
    seconds: float = 0.0
    first: float | None = None
    began_at: float = field(factory=trio.current_time)

    def take(self, result):
        if self.first is None:
            self.first = trio.current_time() - self.began_at
        self.results.append(result)
        self.told.append(result)

    @property
    def requests(self):
        """Those that arrived, in order."""
        return sorted((one for one in self.world.account.arrived if one.number), key=lambda one: one.number)

    def of(self, campaign_id):
        """All results of a campaign, in order, also those that were not its last."""
        return [one for one in self.told if isinstance(one, PauseResult) and one.campaign_id == campaign_id]

    def outcome(self, campaign_id):
        """The last outcome of a campaign."""
        (found,) = [one for (_, one_id), one in self.report.results.items() if one_id == campaign_id]
        return found.outcome

    def count(self, method):
        """How many requests with a method arrived."""
        return sum(one.method == method for one in self.requests)


def _arrived(request, sent_at):
    last = request.url.path.rpartition("/")[2]
    query = dict(parse_qsl(request.url.query.decode()))
    campaign_id = None if last.endswith("campaigns") else last
    return Arrived(request.method, campaign_id, int(query.get("offset", 0)), sent_at)


def _shown(body):
    """The status of each campaign in the answer to a read; None if it holds none."""
    with suppress(ValueError, KeyError, TypeError, AttributeError):
        response = json.loads(body)["response"]
        items = response if isinstance(response, list) else [response]
        return {item["data"].get("id") or item["data"]["sid"]: Status.parse(item["data"]["status"]) for item in items}
    return None

"""Interrupts a client at any moment of any operation: with Ctrl-C, a cancel scope, or asyncio's own cancellation."""

import asyncio
from functools import partial

import anyio
import anyio.lowlevel
import httpx
import operations
import pytest
from attrs import evolve
from operations import COMPLETED, PAUSED, Operation, campaign_for

from campaign_fsm import AsyncCampaignClient, Campaign, CampaignClient, SimulatorTransport, errors
from campaign_fsm.client.operations import Operations
from campaign_fsm.gate import Gate, budget

# The shared operations, and those that only an interrupt cares about.
OPERATIONS = {
    **operations.OPERATIONS,
    "get elsewhere": Operation("elsewhere", "voice", {"channel": "message"}, lambda c, i, s: c.get(i)),
    "wait_until": Operation("wait", "message", PAUSED, lambda c, i, s: c.wait_until(i, "in-progress")),
    "ensure, already": Operation("already", "message", COMPLETED, lambda c, i, s: c.ensure_completed(i)),
}
IRREVERSIBLE = ("complete", "archive", "delete")
READS = ("read", "elsewhere", "pages", "details", "wait")

# What each kind of operation performs, in order; at each of these it is interrupted twice, before and after.
SEQUENCES = {
    "calm": {
        "read": "GET",
        "elsewhere": "GET GET",
        "pages": "GET GET GET",
        "details": "GET GET GET",
        "wait": "GET sleep GET",
        "already": "GET GET",
        "undoable": "GET write",
        "final": "GET write",
        "create": "write",
    },
    "busy read": {
        "read": "GET sleep GET",
        "elsewhere": "GET sleep GET GET",
        "pages": "GET sleep GET GET GET",
        "details": "GET sleep GET GET GET",
        "wait": "GET sleep GET sleep GET",
        "already": "GET sleep GET GET",
        "undoable": "GET sleep GET write",
        "final": "GET sleep GET write",
    },
    "busy write": {
        "undoable": "GET write sleep GET write",
        "final": "GET write sleep GET write",
        "create": "write sleep write",
    },
    "lost answer": {
        "undoable": "GET write GET sleep GET",
        "final": "GET write GET sleep GET",
        "create": "write GET sleep GET",
    },
    "lost write": {
        "undoable": "GET write GET sleep GET sleep GET write",
        "final": "GET write GET sleep GET",
        "create": "write GET sleep GET",
    },
}
CASES = [
    (name, weather)
    for weather, sequences in SEQUENCES.items()
    for name, (kind, *_) in OPERATIONS.items()
    # What ensures is the action itself, unless it is already there.
    if kind in sequences and (weather == "calm" or not name.startswith("ensure_"))
]


def sequence(name, weather):
    return [
        f"{when} {step}" for step in SEQUENCES[weather][OPERATIONS[name][0]].split() for when in ("before", "after")
    ]


def prepare(simulator, name, weather="calm"):
    """The account as it is before the operation, with what will go wrong; the campaign's id."""
    simulator.reset()
    operation = OPERATIONS[name]
    if name == "list":
        simulator.add("paused")
        simulator.add("paused")
    campaign = campaign_for(simulator, operation)
    method = "POST" if name == "create" else "DELETE" if name == "delete" else "PUT"
    after = 0 if name == "create" else 1
    match weather:
        case "busy read":
            simulator.fault("rate-limited", method="GET")
        case "busy write":
            simulator.fault("rate-limited", method=method)
        case "lost answer":
            simulator.fault("lost-after", method=method)
            simulator.fault("server-error", method="GET", after=after)
        case "lost write":
            simulator.fault("lost-before", method=method)
    if operation.kind == "wait":
        simulator.fault("moved", method="GET", id=campaign, to_status="in-progress")
    return campaign


# What strikes


class Strike:
    """Counts what a client performs and interrupts it at one of these moments; only sleeps move its clock."""

    def __init__(self, simulator):
        self.simulator = simulator
        self.now = 0.0
        self.arm(0)

    def arm(self, at):
        """Strike at the moment of this number, counted from 1; 0: never."""
        self.at, self.moments, self.hit, self.arrived, self.cancel = at, [], None, None, None

    def due(self, moment):
        self.moments.append(moment)
        if len(self.moments) != self.at:
            return False
        self.hit, self.arrived = moment, len(self.simulator.journal)
        return True

    def pass_by(self, moment):
        if self.due(moment):
            self.error = KeyboardInterrupt(moment)
            raise self.error

    async def await_by(self, moment):
        if self.due(moment):
            self.cancel()
            await anyio.lowlevel.checkpoint()

    def sleep(self, seconds):
        self.pass_by("before sleep")
        self.now += seconds
        self.pass_by("after sleep")

    async def async_sleep(self, seconds):
        await self.await_by("before sleep")
        self.now += seconds
        await anyio.lowlevel.checkpoint()
        await self.await_by("after sleep")


class Body(httpx.ByteStream):
    """The body of an answer, which has to be closed; it arrives and is closed at its leisure."""

    def __init__(self, content, still_open):
        super().__init__(content)
        self._content, self._still_open = content, still_open
        still_open.add(self)

    async def __aiter__(self):
        await anyio.lowlevel.checkpoint()
        yield self._content

    def close(self):
        self._still_open.discard(self)

    async def aclose(self):
        try:
            await anyio.lowlevel.checkpoint()
        finally:
            self._still_open.discard(self)


class Inner(SimulatorTransport):
    """The simulator, with a moment before each request arrives and one before its answer is handed back."""

    def __init__(self, strike):
        super().__init__(strike.simulator)
        self._strike = strike
        self.still_open = set()

    def _streamed(self, response):
        body = Body(response.content, self.still_open)
        return httpx.Response(response.status_code, headers=response.headers, stream=body)

    @staticmethod
    def _name(request):
        return "GET" if request.method == "GET" else "write"

    def handle_request(self, request):
        self._strike.pass_by(f"before {self._name(request)}")
        try:
            response = super().handle_request(request)
        finally:
            self._strike.pass_by(f"after {self._name(request)}")
        return self._streamed(response)

    async def handle_async_request(self, request):
        await self._strike.await_by(f"before {self._name(request)}")
        try:
            response = await super().handle_async_request(request)
        finally:
            await self._strike.await_by(f"after {self._name(request)}")
        return self._streamed(response)


# The two faces, and how each is run and interrupted


def made(kind, strike, **settings):
    """A client whose every step is a moment."""
    is_async = kind is AsyncCampaignClient
    simulator = strike.simulator
    given = {
        "account_sid": simulator.account_sid,
        "api_key": simulator.api_key,
        "api_token": simulator.api_token,
        "transport": Inner(strike),
        "budget": 1000,
        "trust_env": False,
        **settings,
    }
    client = kind(**given)
    client._operations = Operations(evolve(client._operations.context, clock=lambda: strike.now))
    guard = client._http._transport
    client._sleep = guard._sleep = strike.async_sleep if is_async else strike.sleep
    settings = evolve(guard._gate.context.settings, clock=lambda: strike.now)
    guard._gate = Gate(settings, blocking=not is_async)
    return client


def held(client):
    """What a client still holds that it may hold only while it works."""
    gate = client._http._transport._gate
    return {
        "sections": len(gate.context.sections),
        "queues": budget.budgets().waiting,
        "answers": len(getattr(client._http._transport._inner, "still_open", ())),
    }


NOTHING = {"sections": 0, "queues": 0, "answers": 0}
INTERRUPTED = object()


class Sync:
    """Runs coroutines that never wait, and interrupts with KeyboardInterrupt."""

    client = CampaignClient

    def run(self, function, *args):
        coroutine = function(*args)
        with pytest.raises(StopIteration) as caught:
            coroutine.send(None)
        return caught.value.value

    async def attempt(self, client, strike, call, *args):
        try:
            found = call(client, *args)
            return list(found) if hasattr(found, "__next__") else found
        except errors.CampaignFsmError as error:
            return error
        except KeyboardInterrupt as error:
            assert error is strike.error
            assert held(client) == NOTHING
            return INTERRUPTED


async def finished(found):
    """The result of an operation of an async client."""
    if hasattr(found, "__anext__"):
        return [each async for each in found]
    return await found


class Scope:
    """Interrupts with a cancel scope."""

    client = AsyncCampaignClient

    def __init__(self, backend):
        self._backend = backend

    def run(self, function, *args):
        return anyio.run(function, *args, backend=self._backend)

    async def attempt(self, client, strike, call, *args):
        with anyio.CancelScope() as scope:
            strike.cancel = scope.cancel
            try:
                return await finished(call(client, *args))
            except errors.CampaignFsmError as error:
                return error
            except anyio.get_cancelled_exc_class():
                assert held(client) == NOTHING
                raise
        assert scope.cancelled_caught
        return INTERRUPTED


class Task(Scope):
    """Interrupts with the cancellation of asyncio's own, which comes once and not at every await."""

    def __init__(self):
        super().__init__("asyncio")

    async def attempt(self, client, strike, call, *args):
        task = asyncio.create_task(finished(call(client, *args)))
        strike.cancel = task.cancel
        try:
            return await task
        except errors.CampaignFsmError as error:
            return error
        except asyncio.CancelledError:
            assert task.cancelled()
            return INTERRUPTED


FACES = {"sync": Sync(), "asyncio": Scope("asyncio"), "trio": Scope("trio"), "task": Task()}


def requests(simulator):
    return [entry for entry in simulator.journal if entry.kind == "request"]


def shown(simulator):
    return [(entry.method, entry.path, entry.action) for entry in requests(simulator)]


def final_arrivals(simulator):
    """Irreversible writes that arrived and were not turned away unread."""
    return [entry for entry in requests(simulator) if entry.action in IRREVERSIBLE and entry.status_code != 429]


async def the_next_works(face, client, strike, name, campaign):
    """The same client does the same again, and reads, at once: nothing waits, nothing irreversible happens twice."""
    simulator = strike.simulator
    kind, *_, call = OPERATIONS[name]
    simulator.clear_faults()
    if kind == "wait":
        simulator.move(campaign, "in-progress")
    strike.arm(0)
    before = strike.now
    again = await face.attempt(client, strike, call, campaign, simulator)
    if kind == "elsewhere":
        assert isinstance(again, errors.NotFound)
    elif kind in READS:
        assert not isinstance(again, Exception)
    else:
        # What has been done already is refused, all else is done now.
        assert isinstance(again, Campaign | errors.Refused)
    assert strike.now == before
    assert held(client) == NOTHING
    finals = [entry for entry in requests(simulator) if entry.action in IRREVERSIBLE]
    assert sum(entry.applied for entry in finals) <= 1
    assert all(entry.legal for entry in finals)


async def interrupt_everywhere(face, strike, name, weather):
    """Interrupt at every moment in turn, with one client; the moments that were struck."""
    simulator = strike.simulator
    _, channel, _, call = OPERATIONS[name]
    client = made(face.client, strike, channel=channel)

    async def attempt(at):
        campaign = prepare(simulator, name, weather)
        strike.now += 61.0  # the budget is fresh
        strike.arm(at)
        return campaign, await face.attempt(client, strike, call, campaign, simulator)

    _, found = await attempt(0)
    assert found is not INTERRUPTED
    moments, whole = list(strike.moments), shown(simulator)
    assert held(client) == NOTHING
    assert len(budget.budgets()) == 1
    struck = []
    for at in range(1, len(moments) + 1):
        campaign, found = await attempt(at)
        assert found is INTERRUPTED, strike.hit
        struck.append(strike.hit)
        assert strike.moments == moments[:at]
        assert held(client) == NOTHING
        assert len(simulator.journal) == strike.arrived
        assert shown(simulator) == whole[: len(requests(simulator))]
        assert len(final_arrivals(simulator)) <= 1
        assert all(entry.legal is not False for entry in requests(simulator))
        if weather.startswith("busy"):
            strike.now += 1.0  # as long as the server asked to be left alone
        await the_next_works(face, client, strike, name, campaign)
    return struck


# Every await, whoever awaits


class EveryAwait:
    """A coroutine that is cancelled where it is suspended for the given time, wherever that is."""

    def __init__(self, coroutine, strike):
        self._coroutine, self._strike = coroutine, strike

    def __await__(self):
        step = partial(self._coroutine.send, None)
        while True:
            try:
                waits_for = step()
            except StopIteration as stop:
                return stop.value
            if self._strike.due("await"):
                self._strike.cancel()
            try:
                step = partial(self._coroutine.send, (yield waits_for))
            except BaseException as error:  # noqa: BLE001 (the coroutine decides)
                step = partial(self._coroutine.throw, error)


def watched(awaits, call):
    """The operation, with each of its awaits a moment."""
    return lambda *args: EveryAwait(finished(call(*args)), awaits)

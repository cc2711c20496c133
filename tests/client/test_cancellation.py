"""Every operation, interrupted at every step: the interrupt comes out, nothing is held, nothing is sent twice."""

import asyncio
import contextlib
import gc
import itertools
import signal
import sys
import threading
import time as real_time
from collections import Counter
from datetime import timedelta
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path

import anyio
import anyio.lowlevel
import httpx
import pytest
from attrs import evolve

import campaign_fsm
from campaign_fsm import (
    AsyncCampaignClient,
    Campaign,
    CampaignClient,
    MessageCampaignDraft,
    Schedule,
    Simulator,
    SimulatorServer,
    SimulatorTransport,
    Status,
    errors,
)
from campaign_fsm.client.operations import Operations
from campaign_fsm.gate import Drift, Gate, Wait, budget

IRREVERSIBLE = ("complete", "archive", "delete")


@pytest.fixture(autouse=True)
def interruptible():
    """Ctrl-C means what it does on a terminal, also where the run was started in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(autouse=True)
def two_looks(pace):
    """What became of a write is looked for twice, so that the sequences stay short."""
    pace(looks=(0.0, 0.25))


def draft(simulator):
    start = simulator.now + timedelta(hours=1)
    return MessageCampaignDraft(
        content_type="static",
        lists=["l1"],
        sender_id="EXOTEL",
        sms_type="transactional",
        template="Hello again.",
        name="interrupted",
        schedule=Schedule(start, start + timedelta(hours=5)),
    )


def schedule(simulator):
    return Schedule(simulator.now + timedelta(hours=2), simulator.now + timedelta(hours=9))


AHEAD = {"start": 3600}
STARTED = {"status": "paused", "start": -7200, "end": 3600}

# Operation: its kind, its channel, the campaign that it acts on, and how it is called.
OPERATIONS = {
    "get": ("read", "message", {"status": "paused"}, lambda c, i, s: c.get(i)),
    "get elsewhere": ("elsewhere", "voice", {"channel": "message"}, lambda c, i, s: c.get(i)),
    "check": ("read", "voice", {"status": "paused"}, lambda c, i, s: c.check(i, "resume")),
    "list": ("pages", "message", {}, lambda c, i, s: c.list(page_size=1)),
    "recipients": ("pages", "message", {"contacts": 41}, lambda c, i, s: c.recipients(i)),
    "find": ("read", "message", {"name": "unique"}, lambda c, i, s: c.find("unique")),
    "wait_until": ("wait", "message", {"status": "paused"}, lambda c, i, s: c.wait_until(i, "in-progress")),
    "pause": ("undoable", "message", {"status": "in-progress"}, lambda c, i, s: c.pause(i)),
    "resume": ("undoable", "voice", {"status": "paused"}, lambda c, i, s: c.resume(i)),
    "complete": ("final", "message", {"status": "paused"}, lambda c, i, s: c.complete(i)),
    "archive": ("final", "voice", {"status": "completed"}, lambda c, i, s: c.archive(i)),
    "ensure_paused": ("undoable", "voice", {"status": "in-progress"}, lambda c, i, s: c.ensure_paused(i)),
    "ensure_resumed": ("undoable", "message", {"status": "paused"}, lambda c, i, s: c.ensure_resumed(i)),
    "ensure_completed": ("final", "voice", {"status": "paused"}, lambda c, i, s: c.ensure_completed(i)),
    "ensure_archived": ("final", "message", {"status": "completed"}, lambda c, i, s: c.ensure_archived(i)),
    "ensure, already": ("already", "message", {"status": "completed"}, lambda c, i, s: c.ensure_completed(i)),
    "edit": ("undoable", "message", AHEAD, lambda c, i, s: c.edit(i, draft(s))),
    "edit partial": ("undoable", "message", AHEAD, lambda c, i, s: c.edit(i, partial=True, name="renamed")),
    "edit callbacks": (
        "undoable",
        "voice",
        {"status": "in-progress"},
        lambda c, i, s: c.edit(i, status_callback="https://example.com/done"),
    ),
    "reschedule": ("undoable", "message", AHEAD, lambda c, i, s: c.reschedule(i, schedule(s))),
    "reschedule and resume": (
        "undoable",
        "voice",
        STARTED,
        lambda c, i, s: c.reschedule(i, Schedule(end=s.now + timedelta(hours=9)), resume=True),
    ),
    "delete": ("final", "voice", AHEAD, lambda c, i, s: c.delete(i)),
    "create": ("create", "message", {}, lambda c, i, s: c.create(draft(s))),
}
READS = ("read", "elsewhere", "pages", "wait")

# What each kind of operation performs, in order; at each of these it is interrupted twice, before and after.
SEQUENCES = {
    "calm": {
        "read": "GET",
        "elsewhere": "GET GET",
        "pages": "GET GET GET",
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
    kind, channel, given, _ = OPERATIONS[name]
    given = {"channel": channel, **given}
    for end in ("start", "end"):
        if end in given:
            given[end] = simulator.now + timedelta(seconds=given[end])
    if name == "list":
        simulator.add("paused")
        simulator.add("paused")
    campaign = simulator.add(given.pop("status", "created"), **given)
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
    if kind == "wait":
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


@pytest.fixture
def strike():
    """A strike on whose clock all clients of the test sleep."""
    return Strike(Simulator())


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


# In calm weather every face, otherwise each in turn; asyncio's own cancellation always in turn.
SWEEPS = [
    (name, weather, face)
    for index, (name, weather) in enumerate(CASES)
    for place, face in enumerate(FACES)
    if (weather == "calm" and face != "task") or place == index % 4
]


@pytest.mark.parametrize(("name", "weather", "face"), SWEEPS)
def test_an_interrupt_at_any_moment_comes_out_and_leaves_nothing_behind(strike, name, weather, face):
    """Before and after each request and sleep: the same interrupt, nothing held, no second write."""
    chosen = FACES[face]
    assert chosen.run(interrupt_everywhere, chosen, strike, name, weather) == sequence(name, weather)


def test_the_sweep_is_as_large_as_it_says():
    """No operation, no weather and no moment falls out unseen."""
    moments = [len(sequence(name, weather)) for name, weather, _ in SWEEPS]
    assert (len(OPERATIONS), len(CASES), len(SWEEPS), sum(moments)) == (23, 74, 125, 800)


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


async def interrupt_every_await(face, strike, name, weather):
    """Cancel at every suspension in turn, with one client; how many of them, and how many requests it makes."""
    simulator = strike.simulator
    _, channel, _, call = OPERATIONS[name]
    client = made(face.client, strike, channel=channel)
    awaits = Strike(simulator)

    async def attempt(at):
        campaign = prepare(simulator, name, weather)
        strike.now += 61.0
        awaits.arm(at)
        return campaign, await face.attempt(client, awaits, watched(awaits, call), campaign, simulator)

    _, found = await attempt(0)
    assert found is not INTERRUPTED
    total, whole = len(awaits.moments), shown(simulator)
    struck = 0
    for at in range(1, total + 1):
        campaign, found = await attempt(at)
        assert awaits.hit
        struck += found is INTERRUPTED
        assert found is INTERRUPTED or at == total
        assert held(client) == NOTHING
        # Where the cancellation is shielded from, it strikes one await later.
        assert len(simulator.journal) <= awaits.arrived + 1
        assert shown(simulator) == whole[: len(requests(simulator))]
        assert len(final_arrivals(simulator)) <= 1
        await the_next_works(face, client, strike, name, campaign)
    return struck, total, len(whole)


@pytest.mark.parametrize(
    ("name", "face"),
    [*itertools.product(OPERATIONS, ["asyncio", "trio"]), *itertools.product(["complete", "create", "list"], ["task"])],
)
def test_a_cancellation_at_any_await_comes_out_and_leaves_nothing_behind(strike, name, face):
    """Wherever the client is suspended, the cancellation ends it there, or right after an answer is closed."""
    chosen = FACES[face]
    struck, total, sent = chosen.run(interrupt_every_await, chosen, strike, name, "calm")
    # The closing of the last answer is shielded from a cancel scope, and nothing is awaited after it.
    assert struck == total - (face != "task")
    # Each request is suspended before it arrives, after it, for the delay, for the body and for the closing.
    assert total >= 5 * sent


# The budget


async def interrupt_the_wait(face, strike, name):
    """Interrupt everywhere while the budget is spent, and then let another client of the account work."""
    simulator = strike.simulator
    _, channel, _, call = OPERATIONS[name]
    client = made(face.client, strike, channel=channel, budget=2)
    other = made(face.client, strike, channel=channel, budget=2)
    *_, get = OPERATIONS["get"]
    struck = []
    for at in itertools.count():
        campaign = prepare(simulator, name)
        strike.now += 61.0
        strike.arm(0)
        for _ in range(2):
            await face.attempt(client, strike, get, campaign, simulator)
        spent = len(simulator.journal)
        strike.arm(at)
        found = await face.attempt(client, strike, call, campaign, simulator)
        if strike.hit is None:
            assert found is not INTERRUPTED
            if at:
                break
            continue
        assert found is INTERRUPTED
        struck.append(strike.hit)
        assert len(simulator.journal) == strike.arrived >= spent
        assert held(client) == held(other) == NOTHING
        strike.arm(0)
        strike.now += 61.0
        before = strike.now
        found = await face.attempt(other, strike, get, campaign, simulator)
        assert isinstance(found, Campaign)
        assert strike.now == before
    return struck


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize(
    ("name", "steps"),
    [
        ("get", "sleep GET"),
        ("pause", "sleep GET write"),
        ("complete", "sleep GET write"),
        ("create", "sleep write"),
    ],
)
def test_an_interrupt_while_waiting_for_the_budget_leaves_the_queue(strike, name, steps, face):
    """Whoever is interrupted in the queue gives the place up: another client of the account does not wait for it."""
    chosen = FACES[face]
    expected = [f"{when} {step}" for step in steps.split() for when in ("before", "after")]
    assert chosen.run(interrupt_the_wait, chosen, strike, name) == expected


# What the caller is told meanwhile


@pytest.mark.parametrize(
    ("name", "event"),
    [
        ("get", "read"),
        ("pause", "read"),
        ("pause", "decided"),
        ("pause", "sent"),
        ("pause", "answered"),
        ("create", "decided"),
        ("create", "sent"),
        ("create", "answered"),
    ],
)
def test_an_interrupt_in_the_trace_comes_out_and_leaves_nothing_behind(strike, name, event):
    """The callable that writes the trace takes time, so it is where an interrupt may well strike."""
    error = KeyboardInterrupt(event)

    def trace(told):
        if told["event"] == event:
            raise error

    _, channel, _, call = OPERATIONS[name]
    client = made(CampaignClient, strike, channel=channel, trace=trace)
    campaign = prepare(strike.simulator, name)
    with pytest.raises(KeyboardInterrupt) as caught:
        call(client, campaign, strike.simulator)
    assert caught.value is error
    assert held(client) == NOTHING


def test_an_interrupt_in_any_other_callback_comes_out_and_leaves_nothing_behind(strike):
    """`on_wait`, `on_drift` and `on_read` may be interrupted too."""
    simulator = strike.simulator
    struck = []

    def interrupted(what):
        struck.append(what)
        raise KeyboardInterrupt

    client = made(CampaignClient, strike, budget=2, on_wait=interrupted, on_drift=interrupted)
    campaign = simulator.add("paused")
    simulator.after_resume = lambda record: Status.CANCELED
    for call in (
        lambda: client.resume(campaign),
        lambda: client.get(campaign),
        lambda: client.wait_until(campaign, "archived", on_read=interrupted),
    ):
        if struck and isinstance(struck[-1], Wait):
            strike.now += 61.0
        with pytest.raises(KeyboardInterrupt):
            call()
        assert held(client) == NOTHING
    assert [type(what) for what in struck] == [Drift, Wait, Campaign]


# Iterators that are left alone


def flow_of(iterator):
    """The generator of the operation behind an iterator of a client."""
    frame = getattr(iterator, "gi_frame", None) or iterator.ag_frame
    return frame.f_locals["flow"]


ITERATORS = {"list": lambda c, i: c.list(page_size=1), "recipients": lambda c, i: c.recipients(i)}


@pytest.mark.parametrize("name", ITERATORS)
@pytest.mark.parametrize("way", ["break", "close", "throw", "forget"])
def test_an_iterator_that_is_left_has_read_no_further(strike, name, way):
    """However it is left, one page was read, the operation behind it is over and the client goes on."""
    client = made(CampaignClient, strike)
    campaign = prepare(strike.simulator, name)
    iterator = ITERATORS[name](client, campaign)
    for _ in iterator:
        break
    flow = flow_of(iterator)
    assert flow.gi_frame is not None
    match way:
        case "close":
            iterator.close()
            assert list(iterator) == []
        case "throw":
            with pytest.raises(KeyboardInterrupt):
                iterator.throw(KeyboardInterrupt())
    del iterator
    if way == "forget":
        gc.collect()
    assert flow.gi_frame is None
    assert len(strike.simulator.journal) == 1
    assert held(client) == NOTHING
    assert isinstance(client.get(campaign), Campaign)


@pytest.mark.anyio
@pytest.mark.parametrize("name", ITERATORS)
@pytest.mark.parametrize("way", ["aclose", "athrow", "cancel", "forget"])
async def test_an_async_iterator_that_is_left_has_read_no_further(strike, name, way, anyio_backend_name):
    """The same for async; who forgets it is told so by trio, and asyncio closes it."""
    client = made(AsyncCampaignClient, strike)
    campaign = prepare(strike.simulator, name)
    iterator = ITERATORS[name](client, campaign)
    flow = None
    with anyio.CancelScope() as scope:
        async for _ in iterator:
            flow = flow_of(iterator)
            if way != "cancel":
                break
            scope.cancel()
            await anyio.lowlevel.checkpoint()
    assert scope.cancelled_caught == (way == "cancel")
    assert flow.gi_frame is not None
    match way:
        case "aclose" | "cancel":
            await iterator.aclose()
            assert [each async for each in iterator] == []
        case "athrow":
            with pytest.raises(KeyboardInterrupt):
                await iterator.athrow(KeyboardInterrupt())
    told = pytest.warns(ResourceWarning)
    with told if (way, anyio_backend_name) == ("forget", "trio") else contextlib.nullcontext():
        del iterator
        if way == "forget":
            gc.collect()
        for _ in range(1000):
            if flow.gi_frame is None:
                break
            await anyio.sleep(0.001)
    assert flow.gi_frame is None
    assert len(strike.simulator.journal) == 1
    assert held(client) == NOTHING
    assert isinstance(await client.get(campaign), Campaign)


@pytest.mark.parametrize("kind", [CampaignClient, AsyncCampaignClient])
def test_an_iterator_that_nobody_begins_does_nothing(strike, kind):
    """It is lazy from its very first page on."""
    client = made(kind, strike)
    client.list()
    client.recipients("abc")
    gc.collect()
    assert strike.simulator.journal == ()
    assert held(client) == NOTHING


# Others who wait for the same campaign


def until(condition):
    for _ in range(5000):
        if condition():
            return
        real_time.sleep(0.001)
    raise AssertionError("it never happened")


@pytest.mark.parametrize("moment", ["before GET", "after GET", "before write", "after write"])
def test_an_interrupt_hands_the_campaign_to_the_thread_that_waits_for_it(strike, moment):
    """Whoever waits for the section of an interrupted thread gets it, and finds out what was done."""
    simulator = strike.simulator
    client = made(CampaignClient, strike)
    campaign = simulator.add("in-progress")
    outcomes, error = [], KeyboardInterrupt()
    main = threading.get_ident()

    def wait_for_it():
        try:
            outcomes.append(client.pause(campaign).status)
        except errors.AlreadyThere:
            outcomes.append("already")

    thread = threading.Thread(target=wait_for_it, daemon=True)

    def pass_by(now):
        strike.moments.append(now)
        if now == moment and threading.get_ident() == main:
            thread.start()
            until(lambda: held(client)["sections"] == 2)
            real_time.sleep(0.005)
            raise error

    strike.pass_by = pass_by
    with pytest.raises(KeyboardInterrupt) as caught:
        client.pause(campaign)
    assert caught.value is error
    thread.join(5)
    assert outcomes == ["already" if moment == "after write" else "paused"]
    assert held(client) == NOTHING
    assert sum(entry.applied for entry in requests(simulator)) == 1


@pytest.mark.anyio
@pytest.mark.parametrize("at", range(3, 7))
async def test_a_cancellation_hands_the_campaign_to_the_task_that_waits_for_it(strike, at):
    """The same for tasks: of the moments from the first read on, each."""
    simulator = strike.simulator
    client = made(AsyncCampaignClient, strike)
    campaign = simulator.add("in-progress")
    outcomes = []

    now = anyio.Event()

    async def wait_for_it():
        await now.wait()
        try:
            outcomes.append((await client.pause(campaign)).status)
        except errors.AlreadyThere:
            outcomes.append("already")

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(wait_for_it)  # not by the one that is inside: what that one starts comes from inside
        held_by = Strike(simulator)
        client._http._transport._inner._strike = held_by

        async def cancel():
            held_by.arm(0)
            now.set()
            while held(client)["sections"] < 2:  # noqa: ASYNC110 (a place in a queue has no event)
                await anyio.sleep(0.001)
            scope.cancel()
            await anyio.lowlevel.checkpoint()

        async def await_by(moment):
            held_by.moments.append(moment)
            if len(held_by.moments) == at - 2 and not scope.cancel_called:
                await cancel()

        held_by.await_by = await_by
        with anyio.CancelScope() as scope:
            await client.pause(campaign)
        assert scope.cancelled_caught
    assert outcomes == ["already" if at == 6 else "paused"]
    assert held(client) == NOTHING
    assert sum(entry.applied for entry in requests(simulator)) == 1


# Real interrupts


SIGNALS = pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="this system has no signals for threads")


@SIGNALS
def test_ctrl_c_while_waiting_for_the_section(strike):
    """The thread that holds the campaign is not disturbed, the one that waits lets go of its claim."""
    simulator = strike.simulator
    client = made(CampaignClient, strike)
    campaign = simulator.add("in-progress")
    main, gate_open, outcomes = threading.main_thread().ident, threading.Event(), []

    def pass_by(moment):
        strike.moments.append(moment)
        if moment == "before GET":
            gate_open.wait(5)

    def hold():
        outcomes.append(client.pause(campaign).status)

    def interrupt():
        until(lambda: held(client)["sections"] == 2)
        real_time.sleep(0.02)
        signal.pthread_kill(main, signal.SIGINT)

    strike.pass_by = pass_by
    threads = [threading.Thread(target=each, daemon=True) for each in (hold, interrupt)]
    threads[0].start()
    until(lambda: "before GET" in strike.moments)
    threads[1].start()
    with pytest.raises(KeyboardInterrupt):
        client.pause(campaign)
    assert held(client)["sections"] == 1
    gate_open.set()
    for thread in threads:
        thread.join(5)
    assert outcomes == ["paused"]
    assert held(client) == NOTHING
    assert len(requests(simulator)) == 2


@SIGNALS
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize("name", ["complete", "create", "list"])
def test_ctrl_c_in_the_event_loop(strike, name, backend):
    """The first one ends the operation at any moment, and comes out of the loop as itself."""
    simulator = strike.simulator
    _, channel, _, call = OPERATIONS[name]
    expected = sequence(name, "calm")
    struck = []

    async def work(campaign):
        strike.cancel = partial(signal.raise_signal, signal.SIGINT)
        await finished(call(client, campaign, simulator))

    for at in range(1, len(expected) + 1):
        campaign = prepare(simulator, name)
        client = made(AsyncCampaignClient, strike, channel=channel)
        strike.arm(at)
        with pytest.raises(KeyboardInterrupt):
            anyio.run(work, campaign, backend=backend)
        struck.append(strike.hit)
        assert held(client) == NOTHING
        assert len(simulator.journal) == strike.arrived
        strike.arm(0)
        anyio.run(finished, client.get(simulator.add("paused", channel=channel)), backend=backend)
    assert struck == expected


# Over real sockets


class Backend:
    """A network with a moment before a connection opens, and before and after whatever is sent and first received."""

    def __init__(self, strike, inner):
        self._strike, self._inner = strike, inner

    def connect_tcp(self, *args, **settings):
        self._strike.pass_by("before connect")
        return Stream(self._strike, self._inner.connect_tcp(*args, **settings))


class Stream:
    def __init__(self, strike, inner):
        self._strike, self._inner = strike, inner
        self._heard = False
        self.close, self.get_extra_info = inner.close, inner.get_extra_info

    def write(self, *args, **settings):
        self._heard = False
        self._strike.pass_by("before send")
        self._inner.write(*args, **settings)
        self._strike.pass_by("after send")

    def read(self, *args, **settings):
        # In how many pieces an answer arrives is chance.
        if self._heard:
            return self._inner.read(*args, **settings)
        self._heard = True
        self._strike.pass_by("before receive")
        data = self._inner.read(*args, **settings)
        self._strike.pass_by("after receive")
        return data


def connected(kind, server, channel):
    simulator = server.simulator
    return kind(
        base_url=server.base_url,
        account_sid=simulator.account_sid,
        api_key=simulator.api_key,
        api_token=simulator.api_token,
        channel=channel,
        budget=1_000_000,
        trust_env=False,
        verify=False,
    )


def unused(client):
    """No request is in the pool, and each of its connections can be used or is closed."""
    pool = client._http._transport._inner.here._pool
    assert not pool._requests
    assert all(connection.is_idle() or connection.is_closed() for connection in pool.connections)
    assert held(client) == NOTHING


def arrived_once(simulator, campaign):
    """Late or not, a write arrived at most once and was legal."""
    writes = [entry for entry in requests(simulator) if entry.id == campaign and entry.method != "GET"]
    assert len(writes) <= 1
    assert all(entry.legal for entry in writes)


def calm_requests(name):
    return SEQUENCES["calm"][OPERATIONS[name][0]].split()


SOCKET_OPERATIONS = ["get", "complete", "create", "delete", "find"]


@pytest.fixture(scope="module")
def server():
    with SimulatorServer(Simulator()) as server:
        yield server


def campaign_for(simulator, name):
    """A campaign of its own for each try: what was sent before an interrupt may arrive a little later."""
    _, channel, given, _ = OPERATIONS[name]
    given = {"channel": channel, **given}
    for end in ("start", "end"):
        if end in given:
            given[end] = simulator.now + timedelta(seconds=given[end])
    return simulator.add(given.pop("status", "created"), **given)


@pytest.mark.parametrize("name", SOCKET_OPERATIONS)
def test_an_interrupt_on_the_wire_leaves_no_connection_in_use(server, name):
    """Before and after each send and receive: the pool is free, and the next request works."""
    simulator = server.simulator
    _, channel, _, call = OPERATIONS[name]
    simulator.reset()
    strike = Strike(simulator)
    struck = Counter()
    for at in itertools.count(1):
        campaign = campaign_for(simulator, name)
        with connected(CampaignClient, server, channel) as client:
            pool = client._http._transport._inner.here._pool
            pool._network_backend = Backend(strike, pool._network_backend)
            strike.arm(at)
            try:
                call(client, campaign, simulator)
            except KeyboardInterrupt as error:
                assert error is strike.error
                unused(client)
            except errors.NotOne:
                assert name == "find"
            if strike.hit is None:
                break
            struck[strike.hit] += 1
            strike.arm(0)
            assert client.get(simulator.add("paused", channel=channel)).status == "paused"
            unused(client)
            arrived_once(simulator, campaign)
    assert struck["before connect"] == 1
    assert struck["before receive"] == struck["after receive"] == len(calm_requests(name))
    assert struck["before send"] == struck["after send"] >= len(calm_requests(name))
    gc.collect()


# httpx's own, of a body that was cancelled half way; asyncio says nothing of it.
@pytest.mark.filterwarnings("ignore:Async generator 'httpx:ResourceWarning")
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize("name", SOCKET_OPERATIONS)
def test_a_cancellation_on_the_wire_leaves_no_connection_in_use(server, name, backend):
    """At every await of a real connection: the pool is free, and the next request works."""
    anyio_version = tuple(int(part) for part in version("anyio").split(".")[:2])
    if backend == "asyncio" and anyio_version < (4, 16):
        pytest.skip("an anyio before 4.16 leaves a cancelled connection of asyncio in use")
    simulator = server.simulator
    _, channel, _, call = OPERATIONS[name]
    simulator.reset()
    face, strike = FACES[backend], Strike(simulator)

    async def sweep():
        outcomes = Counter()
        for at in itertools.count(1):
            campaign = campaign_for(simulator, name)
            async with connected(AsyncCampaignClient, server, channel) as client:
                strike.arm(at)
                found = await face.attempt(client, strike, watched(strike, call), campaign, simulator)
                unused(client)
                if strike.hit is None:
                    break
                outcomes[found is INTERRUPTED] += 1
                strike.arm(0)
                assert (await client.get(simulator.add("paused", channel=channel))).status == "paused"
                unused(client)
                arrived_once(simulator, campaign)
        assert isinstance(found, errors.NotOne if name == "find" else Campaign)
        return outcomes

    outcomes = face.run(sweep)
    # To connect, and for each request to send it and to wait for its answer.
    assert outcomes[True] >= 1 + 2 * len(calm_requests(name))
    # Once the last byte is there, nothing is awaited any more but what is shielded, such as the closing.
    assert outcomes[False] <= 4
    gc.collect()


# Wherever the interpreter can deliver an interrupt

PACKAGE = Path(campaign_fsm.__file__).parent
PLACES = tuple(str((PACKAGE / place).resolve(strict=True)) for place in ("drive.py", "transports", "gate", "client"))
POINTS = ("complete", "create", "find")


def interrupted_at_the_point(at, work):
    """Interrupt where a function of the package begins, or one that is not written in Python returns to it.

    The interpreter delivers a signal at these points and hardly anywhere else. 0: nowhere; they are counted.
    """
    count, before = 0, sys.getprofile()

    def profile(frame, event, _):
        nonlocal count
        if event in ("call", "c_return") and frame.f_code.co_filename.startswith(PLACES):
            count += 1
            if count == at:
                sys.setprofile(None)
                raise KeyboardInterrupt(f"{Path(frame.f_code.co_filename).name}, {frame.f_code.co_name}")

    sys.setprofile(profile)
    try:
        return work() if at else (work(), count)[1]
    finally:
        sys.setprofile(before)


@contextlib.contextmanager
def own_budgets():
    """Budgets that no test around has spent of."""
    before = budget.budgets()
    budget.renew()
    try:
        yield
    finally:
        budget.renew(before)


@cache
def points(name):
    """What came out of an operation at each of its points, and what was held then and afterwards."""
    _, channel, _, call = OPERATIONS[name]
    found = []
    with own_budgets():
        strike = Strike(Simulator())
        simulator = strike.simulator
        client = made(CampaignClient, strike, channel=channel)
        campaign = prepare(simulator, name)
        total = interrupted_at_the_point(0, lambda: call(client, campaign, simulator))
        whole = shown(simulator)
        for at in range(1, total + 1):
            budget.renew()
            client = made(CampaignClient, strike, channel=channel)
            campaign = prepare(simulator, name)
            strike.arm(0)
            came_out = None
            try:
                interrupted_at_the_point(at, lambda: call(client, campaign, simulator))  # noqa: B023
            except KeyboardInterrupt as error:
                came_out = str(error)
                then = held(client)
            assert shown(simulator) == whole[: len(requests(simulator))]
            found.append((came_out, then, held(client)))
    return found


@pytest.mark.parametrize("name", POINTS)
def test_an_interrupt_at_any_point_comes_out(name):
    """None is swallowed or turned into something else, and nothing is sent afterwards."""
    assert len(points(name)) >= 80
    assert all(came_out for came_out, *_ in points(name))


@pytest.mark.parametrize("name", POINTS)
@pytest.mark.parametrize("what", NOTHING)
def test_an_interrupt_at_any_point_leaves_nothing_behind(name, what):
    """Neither while the interrupt is on its way to the caller nor afterwards is anything held."""
    leaks = {
        f"{came_out}: {then[what]} {after[what]}" for came_out, then, after in points(name) if then[what] or after[what]
    }
    assert leaks == set()

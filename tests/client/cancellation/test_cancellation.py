"""Every operation, interrupted at every step: the interrupt comes out, nothing is held, nothing is sent twice."""

import contextlib
import gc
import itertools
import signal
import threading
import time as real_time
from functools import partial

import anyio
import anyio.lowlevel
import pytest
from interrupts import (
    CASES,
    FACES,
    INTERRUPTED,
    NOTHING,
    OPERATIONS,
    Strike,
    final_arrivals,
    finished,
    held,
    interrupt_everywhere,
    made,
    prepare,
    requests,
    sequence,
    shown,
    the_next_works,
    watched,
)

from campaign_fsm import AsyncCampaignClient, Campaign, CampaignClient, Status, errors
from campaign_fsm.gate import Drift, Wait

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
    assert (len(OPERATIONS), len(CASES), len(SWEEPS), sum(moments)) == (23, 74, 125, 798)


# Every await, whoever awaits


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
    simulator.after_resume = lambda record, **_: Status.CANCELED
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

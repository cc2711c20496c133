"""One critical section a campaign for the whole process: real threads, event loops, signals, collections, greenlets."""

import asyncio
import contextlib
import contextvars
import gc
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
import weakref
from functools import partial
from pathlib import Path

import anyio
import httpx
import pytest
from gates import Clock, envelope, make, put
from wires import ID, MESSAGE

from campaign_fsm import (
    AsyncGuardTransport,
    CampaignClient,
    GuardTransport,
    Simulator,
    SimulatorServer,
    SimulatorTransport,
    errors,
)
from campaign_fsm.drive import Sleep
from campaign_fsm.gate import Poll, Read, Sections, party, section
from campaign_fsm.gate.section import Closed, Moves
from campaign_fsm.wire.answer import Answer

URL = f"https://api.exotel.com{MESSAGE}"
DEST = {"pause": "paused", "resume": "in-progress", "complete": "completed", "archive": "archived"}
SOURCE = {
    "pause": ("created", "in-progress"),
    "resume": ("paused",),
    "complete": ("paused",),
    "archive": ("completed",),
}
OUTCOMES = (errors.IllegalTransition, errors.AlreadyThere)


class Server:
    """One campaign that counts who works on it: `at_once` is how many were between their read and their answer."""

    def __init__(self, status="in-progress"):
        self.status, self.guard = status, threading.RLock()  # signal handlers come here, too
        self.inside, self.at_once, self.arrived, self.illegal = set(), 0, [], []
        self.on_read = self.on_write = lambda: None

    def answer(self, request):
        with self.guard:
            who = request.headers["X-Who"]
            if request.method == "GET":
                self.inside.add(who)
                self.at_once = max(self.at_once, len(self.inside))
            else:
                action = json.loads(request.content)["action"]
                self.arrived.append((who, action))
                if self.status not in SOURCE[action]:
                    self.illegal.append((who, action, self.status))
                else:
                    self.status = DEST[action]
                self.inside.discard(who)
            data = {"sid": ID, "status": self.status}
        return httpx.Response(
            200, json={"http_code": 200, "response": {"code": 200, "status": "success", "data": data}}
        )

    def ended(self, who):
        with self.guard:
            self.inside.discard(who)


class Inner(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """The way to a `Server`, sync and async; each request takes a little."""

    def __init__(self, server, pause=0.001):
        self.server, self.pause = server, pause

    def handle_request(self, request):
        request.read()
        (self.server.on_write if request.method == "PUT" else self.server.on_read)()
        time.sleep(self.pause)
        return self.server.answer(request)

    async def handle_async_request(self, request):
        await request.aread()
        (self.server.on_write if request.method == "PUT" else self.server.on_read)()
        await anyio.sleep(self.pause)
        return self.server.answer(request)


def act(inner, action, who="one", **settings):
    """One guarded write by a client of its own."""
    with httpx.Client(transport=GuardTransport(inner, **settings), headers={"X-Who": who}) as http:
        try:
            return http.put(URL, json={"action": action})
        finally:
            inner.server.ended(who)


async def aact(inner, action, who="one", **settings):
    async with httpx.AsyncClient(transport=AsyncGuardTransport(inner, **settings), headers={"X-Who": who}) as http:
        try:
            return await http.put(URL, json={"action": action})
        finally:
            inner.server.ended(who)


# Whoever can wait, waits


def in_thread(inner, name, rounds):
    for index in range(rounds):
        with contextlib.suppress(*OUTCOMES):
            act(inner, ("pause", "resume")[index % 2], f"{name} {index}")


async def in_tasks(inner, name, rounds):
    async def one(index):
        with contextlib.suppress(*OUTCOMES):
            await aact(inner, ("pause", "resume")[index % 2], f"{name} {index}")

    async with anyio.create_task_group() as tasks:
        for index in range(rounds):
            tasks.start_soon(one, index)


DRIVERS = {
    "sync": in_thread,
    "asyncio": lambda *args: anyio.run(in_tasks, *args, backend="asyncio"),
    "trio": lambda *args: anyio.run(in_tasks, *args, backend="trio"),
}


@pytest.mark.parametrize(
    "chosen",
    [
        ["sync", "asyncio"],
        ["sync", "trio"],
        ["asyncio", "trio"],
        ["sync"] * 2,
        ["asyncio"] * 2,
        ["trio"] * 2,
        ["sync", "asyncio", "trio"] * 2,
    ],
)
def test_clients_loops_and_threads_wait_for_one_another(chosen):
    """Each in a thread of its own, with clients of its own: one at a time is between its read and its answer."""
    server, begin = Server(), threading.Barrier(len(chosen))
    inner = Inner(server)

    def run(name, index):
        begin.wait(10)
        DRIVERS[name](inner, f"{name} {index}", 6)

    threads = [threading.Thread(target=run, args=(name, index), daemon=True) for index, name in enumerate(chosen)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    assert server.at_once == 1
    assert server.illegal == []
    assert len(server.arrived) >= 2
    assert len(section.sections()) == 0


def until(condition):
    for _ in range(20_000):
        if condition():
            return
        time.sleep(0.001)
    raise AssertionError("it never happened")


@pytest.mark.parametrize("first", ["sync", "asyncio", "trio"])
@pytest.mark.parametrize("second", ["sync", "asyncio", "trio"])
def test_while_one_is_inside_the_other_is_seen_to_wait(first, second):
    """The one that is inside leaves only when the other one was seen waiting: nothing here is left to chance."""
    server = Server()
    inner, outcomes = Inner(server, 0.0), {}

    def run(name, backend):
        try:
            if backend == "sync":
                outcomes[name] = act(inner, "pause", name).status_code
            else:
                outcomes[name] = anyio.run(aact, inner, "pause", name, backend=backend).status_code
        except errors.Refused as refusal:
            outcomes[name] = refusal

    entered = threading.Event()

    def on_read():
        server.on_read = lambda: None
        entered.set()
        until(lambda: len(section.sections()) == 2 or server.inside)

    server.on_read = on_read
    threads = [
        threading.Thread(target=run, args=(name, kind), daemon=True) for name, kind in (("A", first), ("B", second))
    ]
    threads[0].start()
    assert entered.wait(10)
    threads[1].start()
    for thread in threads:
        thread.join(30)
    assert outcomes["A"] == 200
    assert isinstance(outcomes["B"], errors.AlreadyThere)
    assert (server.at_once, server.illegal, server.arrived) == (1, [], [("A", "pause")])


def test_one_client_in_two_runs_of_an_event_loop():
    """`asyncio.run` twice: what belongs to the first loop holds nothing up in the second."""
    server = Server()
    transport = AsyncGuardTransport(Inner(server, 0.0))

    async def twice(action):
        http = httpx.AsyncClient(transport=transport, headers={"X-Who": "one"})
        found = await asyncio.gather(
            *(http.put(URL, json={"action": action}) for _ in range(3)), return_exceptions=True
        )
        return sorted(type(each).__name__ for each in found)

    for action in ("pause", "resume", "pause"):
        assert asyncio.run(twice(action)) == ["AlreadyThere", "AlreadyThere", "Response"]
    assert server.illegal == []


def test_a_task_abandoned_in_a_closed_loop_holds_nothing():
    """Its loop will never run it again; whoever comes next does not wait for it."""
    server = Server()
    inner, loop = Inner(server, 0.0), asyncio.new_event_loop()
    stay = asyncio.Event()

    class Stays(Inner):
        async def handle_async_request(self, request):
            await stay.wait()

    task = loop.create_task(aact(Stays(server), "pause", "abandoned"))
    loop.run_until_complete(asyncio.sleep(0))
    loop.run_until_complete(asyncio.sleep(0.01))
    assert len(section.sections()) == 1
    loop.close()
    assert act(inner, "pause", deadline=0).status_code == 200
    assert len(section.sections()) == 0
    # When it is collected at last it lets go of what it no longer holds, while somebody else is inside.
    entered = section.sections().ticket("key", str, blocking=True, patience=1.0)
    assert entered.ask() == 0.0
    task._log_destroy_pending = False
    del task
    gc.collect()
    assert entered.is_inside()
    entered.release()


def test_a_collected_flow_holds_nothing():
    """A driver that forgets its generator half way."""
    waiting = make().flow(put("pause"))
    contextvars.Context().run(next, waiting)
    assert len(section.sections()) == 1
    del waiting
    gc.collect()
    assert len(section.sections()) == 0


def test_a_thread_that_has_ended_holds_nothing():
    """A loop that was stopped half way and whose thread is no more, also if its number was given to another one."""
    server, loops = Server(), []

    class Stays(Inner):
        async def handle_async_request(self, request):
            await asyncio.Event().wait()

    def run():
        loop = asyncio.new_event_loop()
        loops.append((loop, loop.create_task(aact(Stays(server), "pause", "abandoned"))))
        loop.run_until_complete(asyncio.sleep(0.01))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(10)
    assert len(section.sections()) == 1
    found = []
    thread = threading.Thread(target=lambda: found.append(act(Inner(server, 0.0), "pause", deadline=0)))
    thread.start()
    thread.join(10)
    assert [each.status_code for each in found] == [200]
    loop, task = loops.pop()
    task._log_destroy_pending = False
    del task
    loop.close()


def test_whatever_goes_wrong_a_flow_that_is_no_more_holds_nothing(monkeypatch):
    """Even if it was never let go of: the section is as free as what held it is gone."""
    server = Server()
    with monkeypatch.context() as broken:
        broken.setattr(section.Ticket, "release", lambda self: None)
        assert act(Inner(server, 0.0), "pause").status_code == 200
    gc.collect()
    assert len(section.sections()) == 1
    assert act(Inner(server, 0.0), "resume", deadline=0).status_code == 200
    assert len(section.sections()) == 0


PACKAGE = str(Path(section.__file__).parent)


def test_an_interrupt_at_any_line_leaves_nothing_inside():
    """Also where no signal can strike, but a debugger can: at each line of the section and of the flow."""
    count = 0

    def run(at):
        nonlocal count
        count = 0

        def lines(frame, event, _):
            nonlocal count
            if event == "line":
                count += 1
                if count == at:
                    raise KeyboardInterrupt
            return lines

        def calls(frame, event, _):
            return lines if frame.f_code.co_filename.startswith(PACKAGE) else None

        before = sys.gettrace()
        sys.settrace(calls)
        try:
            act(Inner(Server(), 0.0), "pause")
        except KeyboardInterrupt:
            return True
        finally:
            sys.settrace(before)
        return False

    assert not run(0)
    total = count
    assert total > 200
    for at in range(1, total + 1):
        run(at)
        assert len(section.sections()) == 0, at


# Whoever comes from inside is refused at once


def comes_back(server, how):
    """Make a write come back from inside of itself by `how`; what that one got, and when the outer one was done."""
    found, fired = [], []

    def again(action="complete", run=act):
        fired.append(True)
        try:
            found.append(run(Inner(server, 0.0), action, "inner", deadline=20))
        except errors.CampaignFsmError as error:
            found.append(error)

    how(again, fired)
    return found


def assert_refused(found, server):
    assert len(found) == 1
    assert isinstance(found[0], errors.CampaignBusy), found
    assert found[0].code == "CF801"
    assert "pause of message campaign" in str(found[0])
    assert [action for _, action in server.arrived] == ["pause"]
    assert server.illegal == []
    assert len(section.sections()) == 0


def by_trace(event):
    def how(again, fired, inner):
        act(inner, "pause", trace=lambda told: again() if told["event"] == event and not fired else None)

    return how


def by_log(again, fired, inner):
    class Handler(logging.Handler):
        def emit(self, record):
            if not fired:
                again()

    logger = logging.getLogger("campaign_fsm")
    handler, level = Handler(), logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        act(inner, "pause")
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


def by_read(again, fired, inner):
    inner.server.on_read = lambda: None if fired else again()
    act(inner, "pause")


def by_write(again, fired, inner):
    inner.server.on_write = lambda: None if fired else again()
    act(inner, "pause")


def by_read_async(again, fired, inner):
    """A sync client in the middle of an async one: the thread cannot run both."""
    inner.server.on_read = lambda: None if fired else again()
    asyncio.run(aact(inner, "pause"))


def by_another_task(again, fired, inner):
    """A sync client in another task of the loop whose thread it would block."""

    async def main():
        inside, done = asyncio.Event(), asyncio.Event()

        async def holder():
            class Slow(Inner):
                async def handle_async_request(self, request):
                    inside.set()
                    await done.wait()
                    return await super().handle_async_request(request)

            await aact(Slow(inner.server, 0.0), "pause")

        task = asyncio.create_task(holder())
        await inside.wait()
        again()
        done.set()
        await task

    asyncio.run(main())


def by_another_loop(again, fired, inner):
    """A second event loop, while the one of the thread that is inside stands still."""

    class Slow(Inner):
        async def handle_async_request(self, request):
            if not fired:
                await asyncio.sleep(0.01)
            return await super().handle_async_request(request)

    loop = asyncio.new_event_loop()
    task = loop.create_task(aact(Slow(inner.server, 0.0), "pause"))
    loop.run_until_complete(asyncio.sleep(0.001))
    again(run=lambda *args, deadline: asyncio.run(aact(*args, deadline=deadline)))
    loop.run_until_complete(task)
    loop.close()


def by_to_thread(again, fired, inner):
    """`asyncio.to_thread` takes the context of its caller along, and is waited for."""

    class Hop(Inner):
        async def handle_async_request(self, request):
            if not fired:
                await asyncio.to_thread(again)
            return await super().handle_async_request(request)

    asyncio.run(aact(Hop(inner.server, 0.0), "pause"))


def by_awaiting(again, fired, inner):
    """An async write that awaits another one of its own campaign."""

    class Hop(Inner):
        async def handle_async_request(self, request):
            if not fired:
                fired.append(True)
                try:
                    await aact(Inner(inner.server, 0.0), "complete", "inner")
                except errors.CampaignBusy as error:
                    again(run=lambda *args, refusal=error, **kwargs: refusal)
            return await super().handle_async_request(request)

    asyncio.run(aact(Hop(inner.server, 0.0), "pause"))


class Cycle:
    pass


def by_finalizer(again, fired, inner):
    """`weakref.finalize` during a collection in the middle of the read."""

    def on_read():
        if not fired:
            thing = Cycle()
            thing.itself = thing
            weakref.finalize(thing, again)
            del thing
            gc.collect()

    inner.server.on_read = on_read
    act(inner, "pause")


def by_del(again, fired, inner):
    """`__del__` during a collection."""

    class Dying:
        def __del__(self):
            again()

    def on_read():
        if not fired:
            thing = Dying()
            thing.itself = thing
            del thing
            gc.collect()

    inner.server.on_read = on_read
    act(inner, "pause")


def by_signal(again, fired, inner):
    before = signal.signal(signal.SIGUSR1, lambda *_: again())
    inner.server.on_read = lambda: None if fired else signal.raise_signal(signal.SIGUSR1)
    try:
        act(inner, "pause")
    finally:
        signal.signal(signal.SIGUSR1, before)


def by_signal_in_a_loop(again, fired, inner):
    before = signal.signal(signal.SIGUSR1, lambda *_: again())
    inner.server.on_read = lambda: None if fired else signal.raise_signal(signal.SIGUSR1)
    try:
        asyncio.run(aact(inner, "pause"))
    finally:
        signal.signal(signal.SIGUSR1, before)


def by_greenlet(again, fired, inner):
    """A plain greenlet on the same thread, whose parent waits for it."""
    greenlet = pytest.importorskip("greenlet", reason="greenlet is not installed")
    inner.server.on_read = lambda: None if fired else greenlet.greenlet(again).switch()
    act(inner, "pause")


WAYS = {
    "a trace of the read": by_trace("read"),
    "a trace of the decision": by_trace("decided"),
    "a trace of the sending": by_trace("sent"),
    "a trace of the answer": by_trace("answered"),
    "a log handler": by_log,
    "the transport, at the read": by_read,
    "the transport, at the write": by_write,
    "a sync client inside of an async one": by_read_async,
    "a sync client in another task": by_another_task,
    "another event loop": by_another_loop,
    "asyncio.to_thread": by_to_thread,
    "an async client inside of itself": by_awaiting,
    "weakref.finalize": by_finalizer,
    "__del__": by_del,
    "a signal handler": by_signal,
    "a signal handler in an event loop": by_signal_in_a_loop,
    "a greenlet": by_greenlet,
}


@pytest.mark.parametrize("way", WAYS)
def test_whoever_comes_from_inside_is_refused_at_once(way):
    """By whatever way a call comes back while its campaign is at work, it is not sent and does not wait."""
    if "signal" in way and not hasattr(signal, "SIGUSR1"):
        pytest.skip("this system has no SIGUSR1")
    server = Server()
    began = time.monotonic()
    found = comes_back(server, partial(WAYS[way], inner=Inner(server, 0.0)))
    assert_refused(found, server)
    assert time.monotonic() - began < 20, "it waited for its own deadline"


def test_on_drift_is_called_outside():
    """The observer of a drift may use the campaign: the section is left by then."""
    server = Server("paused")
    calls = []

    class Drifts(Inner):
        def handle_request(self, request):
            response = super().handle_request(request)
            if request.method == "PUT" and not calls:
                server.status = "canceled"
                data = {"sid": ID, "status": "canceled"}
                return httpx.Response(200, json={"response": {"code": 200, "status": "success", "data": data}})
            return response

    def on_drift(drift):
        calls.append(drift)
        with pytest.raises(errors.IllegalTransition):
            act(Inner(server, 0.0), "pause", "two")

    act(Drifts(server, 0.0), "resume", on_drift=on_drift)
    assert len(calls) == 1


def test_a_log_handler_that_raises_stops_nothing(capsys):
    """Neither before the write nor after it; what it raises is shown as logging shows it."""

    class Handler(logging.Handler):
        def emit(self, record):
            raise RuntimeError("the handler is broken")

    logger, handler = logging.getLogger("campaign_fsm"), Handler()
    logger.addHandler(handler)
    before = logger.level
    logger.setLevel(logging.INFO)
    simulator = Simulator()
    campaign = simulator.add("in-progress")
    simulator.fault("lost-after", method="PUT")  # the client has something to say after the write, too
    given = {"account_sid": "acme1", "api_key": "key", "api_token": "token", "transport": SimulatorTransport(simulator)}
    try:
        assert act(Inner(Server(), 0.0), "pause").status_code == 200
        with CampaignClient(**given) as client:
            assert client.pause(campaign).status == "paused"
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)
    assert "the handler is broken" in capsys.readouterr().err


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no interval timers")
@pytest.mark.parametrize("limit", [0, 1_000_000])
def test_signals_at_any_moment_hang_nothing_and_let_nobody_in(limit):
    """A handler that pauses and resumes the same campaign, with a budget and without, many times."""
    server, outcomes = Server(), {"sent": 0, "CF801": 0, "other": 0}
    inner = Inner(server, 0.0)
    with httpx.Client(transport=GuardTransport(inner, budget=limit), headers={"X-Who": "outer"}) as http:
        with httpx.Client(transport=GuardTransport(inner, budget=limit), headers={"X-Who": "handler"}) as other:

            def handler(*_):
                try:
                    other.put(URL, json={"action": "pause" if server.status == "in-progress" else "resume"})
                    outcomes["sent"] += 1
                except errors.CampaignBusy as error:
                    outcomes[error.code] += 1
                except errors.Refused:
                    outcomes["other"] += 1
                finally:
                    server.ended("handler")
                    signal.setitimer(signal.ITIMER_VIRTUAL, 0.0004)

            before = signal.signal(signal.SIGVTALRM, handler)
            try:
                signal.setitimer(signal.ITIMER_VIRTUAL, 0.0004)
                for _ in range(100_000):
                    with contextlib.suppress(*OUTCOMES):
                        http.put(URL, json={"action": "pause" if server.status == "in-progress" else "resume"})
                    if outcomes["CF801"] >= 50 and outcomes["sent"] >= 5:
                        break
            finally:
                signal.setitimer(signal.ITIMER_VIRTUAL, 0.0)
                signal.signal(signal.SIGVTALRM, before)
    assert outcomes["CF801"] >= 50
    assert outcomes["sent"] >= 5
    assert server.illegal == []
    assert len(section.sections()) == 0


# How long one waits, who goes first, and what is said


def held(campaign="key", what="complete of campaign x", **given):
    ticket = section.sections().ticket(campaign, lambda: what, blocking=False, patience=5.0, **given)
    assert ticket.ask() == 0.0
    return ticket


def elsewhere_held():
    """The campaign of these tests, held by a thread that lives until the event is set."""
    leave, entered = threading.Event(), threading.Event()

    def hold():
        ticket = held(campaign=f"api.exotel.com acme1 message {ID}")
        entered.set()
        leave.wait(30)
        ticket.release()

    threading.Thread(target=hold, daemon=True).start()
    assert entered.wait(10)
    return leave


@pytest.mark.parametrize(("deadline", "least"), [(0.2, 0.2), (0, 0.3)])
def test_a_section_is_waited_for_until_the_deadline(pace, deadline, least):
    """And for five seconds with a deadline of 0; the error names what is inside and since when."""
    assert pace().section == 5.0
    pace(section=0.3)
    server = Server()
    entered, leave = threading.Event(), threading.Event()

    def on_read():
        entered.set()
        leave.wait(30)

    server.on_read = on_read
    thread = threading.Thread(target=act, args=(Inner(server, 0.0), "pause", "one"), daemon=True)
    thread.start()
    assert entered.wait(10)
    began = time.monotonic()
    with pytest.raises(errors.CampaignBusy) as caught:
        act(Inner(server, 0.0), "complete", "two", deadline=deadline)
    waited = time.monotonic() - began
    leave.set()
    thread.join(30)
    assert least <= waited
    assert caught.value.code == "CF802"
    assert caught.value.holder.startswith(f"pause of message campaign {ID} in thread 'Thread-")
    assert least <= caught.value.seconds < 60.0
    assert "has been at work on it for" in str(caught.value)
    assert [action for _, action in server.arrived] == ["pause"]


@pytest.mark.parametrize(("deadline", "seconds"), [(0, 5.0), (0.5, 0.5), (3.0, 3.0), (60.0, 60.0)])
def test_nobody_waits_for_a_section_longer_than_its_deadline(deadline, seconds):
    """By the clock of the section, which is a real one where no test has its hand on it."""
    moment = Clock()
    one = Sections(moment)
    gates = make(own_sections=one), make(own_sections=one, deadline=deadline)
    inside, waiting = (gate.flow(put("pause")) for gate in gates)
    alone(next, inside)
    assert isinstance(alone(next, waiting), Poll)
    moment.now += seconds - 0.01
    assert isinstance(alone(waiting.send, None), Poll)
    moment.now += 0.02
    with pytest.raises(errors.CampaignBusy):
        alone(waiting.send, None)
    inside.close()


def test_pause_goes_first():
    """Of those that wait, the pause is served next, though it came last."""
    server, order = Server("paused"), []
    entered, leave = threading.Event(), threading.Event()

    def on_read():
        server.on_read = lambda: None
        entered.set()
        assert leave.wait(30)

    server.on_read = on_read

    def run(name, action):
        try:
            act(Inner(server), action, name)
            order.append((name, action))
        except errors.Refused as refusal:
            order.append((name, type(refusal).__name__))

    threads = [threading.Thread(target=run, args=("holder", "resume"), daemon=True)]
    threads[0].start()
    assert entered.wait(10)
    for index, action in enumerate(["complete", "complete", "pause"]):
        threads.append(threading.Thread(target=run, args=(str(index), action), daemon=True))
        threads[-1].start()
        until(lambda index=index: len(section.sections()) == 2 + index)
    leave.set()
    for thread in threads:
        thread.join(30)
    assert order[:2] == [("holder", "resume"), ("2", "pause")]
    assert [action for _, action in server.arrived] == ["resume", "pause", "complete"]


def test_who_waits_in_a_queue_keeps_the_order_and_is_passed_over_when_silent():
    """First come, first served; who has not asked for a second holds nobody up, and may come back."""
    sections = Sections()
    holder, first, second = (sections.ticket("key", str, blocking=False, patience=60.0) for _ in range(3))
    run = [contextvars.Context().run for _ in range(3)]
    assert run[0](holder.ask) == 0.0
    assert run[1](first.ask) > 0
    assert run[2](second.ask) > 0
    run[0](holder.release)
    assert run[2](second.ask) > 0
    sections.clock = lambda: time.monotonic() + 1.5
    assert run[2](second.ask) == 0.0
    assert run[1](first.ask) > 0
    run[2](second.release)
    assert run[1](first.ask) == 0.0
    run[1](first.release)
    assert len(sections) == 0


def test_a_long_queue_is_asked_less_often():
    """A thousand that wait do not keep the process busy with asking."""
    sections = Sections()
    holder = sections.ticket("key", str, blocking=False, patience=60.0)
    contextvars.Context().run(holder.ask)
    waits = []
    for _ in range(200):
        ticket = sections.ticket("key", str, blocking=False, patience=60.0)
        for _ in range(6):
            wait = contextvars.Context().run(ticket.ask)
        waits.append(wait)
    assert max(waits[:4]) <= 0.01
    assert 0.1 <= waits[-1] < 1.0


def test_nobody_waits_longer_than_asked_for():
    """The last wait ends at the deadline, and then it is said that somebody is at work."""
    clock = Clock()
    sections = Sections(clock)
    leave, entered = threading.Event(), threading.Event()

    def hold():
        holder = ticket_of(sections, what="complete of campaign x")
        assert holder.ask() == 0.0
        entered.set()
        leave.wait(30)
        holder.release()

    thread = threading.Thread(target=hold)
    thread.start()
    assert entered.wait(10)
    ticket = ticket_of(sections, blocking=True, patience=0.01)
    assert 0 < ticket.ask() <= 0.01
    clock.now += 0.01
    with pytest.raises(Closed, match="complete of campaign x in thread"):
        ticket.ask()
    ticket.release()
    leave.set()
    thread.join()


def test_waiting_ends_also_where_time_is_frozen(monkeypatch):
    """What freezes time for tests replaces `time.monotonic`; others really wait."""
    holder = elsewhere_held()
    monkeypatch.setattr(time, "monotonic", lambda: 0.0)
    with pytest.raises(errors.CampaignBusy):
        act(Inner(Server(), 0.0), "pause", deadline=0.05)
    holder.set()


def ticket_of(sections, campaign="key", *, blocking=False, patience=60.0, what="pause of campaign x", **given):
    return sections.ticket(campaign, lambda: what, blocking=blocking, patience=patience, **given)


def alone(function, *args):
    """Run it as another task of this thread would, which knows nothing of what this one is inside of."""
    return contextvars.Context().run(function, *args)


def test_whoever_waits_asks_less_and_less_often_and_a_last_time_at_its_deadline():
    """From some milliseconds to a hundredth of a second; the last wait is as long as is left, but never nothing."""
    moment = Clock()
    sections = Sections(moment)
    holder, waiting = (ticket_of(sections, patience=1.0) for _ in range(2))
    alone(holder.ask)
    assert [alone(waiting.ask) for _ in range(5)] == pytest.approx([0.002, 0.004, 0.008, 0.01, 0.01])
    moment.now += 0.994
    assert alone(waiting.ask) == pytest.approx(0.006)
    moment.now += 0.0059
    assert alone(waiting.ask) == pytest.approx(0.001)
    moment.now += 0.0001
    with pytest.raises(Closed, match=r"pause of campaign x in thread .* has been at work on it for 1\.0 s") as caught:
        alone(waiting.ask)
    assert (caught.value.code, caught.value.seconds) == ("CF802", pytest.approx(1.0))


@pytest.mark.parametrize(("ahead", "wait"), [(0, 0.01), (4, 0.01), (5, 0.0125), (40, 0.1), (100, 0.25), (200, 0.25)])
def test_the_further_back_in_the_queue_the_longer_the_wait(ahead, wait):
    """In proportion to how many are ahead, and a quarter of a second at most."""
    sections = Sections()
    queue = [ticket_of(sections) for _ in range(ahead + 2)]
    for ticket in queue:
        alone(ticket.ask)
    for _ in range(4):
        last = alone(queue[-1].ask)
    assert last == pytest.approx(wait)


def test_whoever_is_never_let_through_learns_that_others_went_first():
    """Nobody is inside when it asks for the last time, and somebody was there before it."""
    sections = Sections()
    holder, first, last = ticket_of(sections), ticket_of(sections), ticket_of(sections, patience=0.0)
    alone(holder.ask)
    assert alone(first.ask) > 0
    holder.release()
    with pytest.raises(Closed, match="other calls of this process went first for too long") as caught:
        alone(last.ask)
    assert (caught.value.code, caught.value.holder, caught.value.seconds) == ("CF802", "", 0.0)
    last.release()
    assert alone(first.ask) == 0.0


def test_whoever_was_let_in_waits_no_longer():
    """It is counted once, and holds nobody up any more when it has left."""
    sections = Sections()
    holder, second = ticket_of(sections), ticket_of(sections)
    alone(holder.ask)
    alone(second.ask)
    assert len(sections) == 2
    holder.release()
    assert alone(second.ask) == 0.0
    assert len(sections) == 1


def test_whoever_has_not_asked_for_a_minute_is_forgotten():
    """A waiter that was dropped without a word takes up no memory for ever."""
    moment = Clock()
    sections = Sections(moment)
    holder, silent, waiting = (ticket_of(sections, patience=1000.0) for _ in range(3))
    for ticket in (holder, silent, waiting):
        alone(ticket.ask)
    moment.now += 59.0
    alone(waiting.ask)
    assert len(sections) == 3
    moment.now += 2.0
    alone(waiting.ask)
    assert len(sections) == 2


def test_campaigns_that_share_a_queue_do_not_wait_for_one_another():
    """There are fewer queues than campaigns."""
    sections = Sections()
    one = ticket_of(sections)
    other = next(
        ticket
        for ticket in (ticket_of(sections, f"another {number}") for number in range(100_000))
        if ticket._queue is one._queue
    )
    holder = ticket_of(sections)
    alone(holder.ask)
    assert alone(one.ask) > 0
    assert alone(other.ask) == 0.0


def test_whoever_comes_from_inside_is_refused_though_others_wait():
    """Waiting in the queue is no use: what it waits for is itself."""
    sections = Sections()
    holder, waiting, again = (ticket_of(sections) for _ in range(3))
    run = contextvars.Context().run
    assert run(holder.ask) == 0.0
    assert alone(waiting.ask) > 0
    with pytest.raises(Closed) as caught:
        run(again.ask)
    assert caught.value.code == "CF801"
    assert caught.value.holder.startswith("pause of campaign x in thread ")
    assert 0.0 <= caught.value.seconds < 60.0


def test_whoever_is_inside_of_several_campaigns_is_refused_for_each():
    """Also after it has been inside of another one and has left that."""
    sections = Sections()
    outer, inner, third = (ticket_of(sections, key) for key in ("a", "b", "c"))
    run = contextvars.Context().run
    for ticket in (outer, inner, third):
        assert run(ticket.ask) == 0.0
    run(third.release)
    for key in ("a", "b"):
        with pytest.raises(Closed) as caught:
            run(ticket_of(sections, key).ask)
        assert caught.value.code == "CF801"
    run(inner.release)
    assert run(ticket_of(sections, "b").ask) == 0.0


@pytest.mark.parametrize(("holds", "comes"), [(True, False), (False, True), (True, True)])
def test_on_one_thread_nobody_waits_where_one_of_the_two_blocks_it(holds, comes):
    """Whoever is below on the stack would never go on; two tasks of a loop take turns."""
    sections = Sections()
    alone(ticket_of(sections, blocking=holds).ask)
    with pytest.raises(Closed) as caught:
        alone(ticket_of(sections, blocking=comes).ask)
    assert caught.value.code == "CF801"


@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_context_keeps_nothing_of_what_was_released(elsewhere):
    """At once, or where that was done in another context, as soon as it enters something again."""

    class What:
        def __call__(self):
            return "pause of campaign x"

    sections, what, run = Sections(), What(), contextvars.Context().run
    gone = weakref.ref(what)
    ticket = sections.ticket("key", what, blocking=False, patience=1.0)
    del what
    run(ticket.ask)
    (alone if elsewhere else run)(ticket.release)
    del ticket
    if elsewhere:
        run(ticket_of(sections).ask)
    gc.collect()
    assert gone() is None


def test_a_ticket_is_good_only_while_it_is_inside():
    """Neither before nor after: then its check says that others may be at work."""
    sections = Sections()
    ticket, waiting = ticket_of(sections), ticket_of(sections)
    with pytest.raises(Closed, match="has ended"):
        ticket.check()
    alone(ticket.ask)
    alone(waiting.ask)
    ticket.check()
    with pytest.raises(Closed, match="has ended") as caught:
        waiting.check()
    assert (caught.value.code, caught.value.holder, caught.value.seconds) == ("CF802", "", 0.0)
    ticket.release()
    with pytest.raises(Closed, match="has ended"):
        ticket.check()


def test_whoever_waits_when_the_process_is_forked_waits_no_longer(monkeypatch):
    """In the fork it is told at once, and does not enter what its parent has left to it."""
    sections = Sections()
    holder, waiting = ticket_of(sections), ticket_of(sections)
    alone(holder.ask)
    assert alone(waiting.ask) > 0
    monkeypatch.setattr(party, "_generation", 1_000_000)
    for _ in range(2):
        with pytest.raises(Closed, match="forked") as caught:
            alone(waiting.ask)
        assert caught.value.code == "CF803"


def test_whoever_has_just_entered_has_been_inside_for_no_time():
    """A signal handler may look before it was noted when that was."""
    assert ticket_of(Sections()).seen(time.monotonic())[1] == 0.0


# Whoever was inside and will never go on


def abandoned(sections):
    """A ticket that is inside, of an event loop that is closed."""

    async def enter():
        ticket = ticket_of(sections)
        assert ticket.ask() == 0.0
        return ticket

    return asyncio.run(enter())


class Interrupted(dict):
    """Something is done in the middle of a step, once."""

    def __init__(self, given, *, on_get=None, on_delete=None):
        super().__init__(given)
        self.on_get, self.on_delete = on_get, on_delete

    def get(self, *args):
        found = super().get(*args)
        call, self.on_get = self.on_get, None
        if call:
            call()
        return found

    def __delitem__(self, key):
        call, self.on_delete = self.on_delete, None
        if call:
            call()
        super().__delitem__(key)


def test_of_two_that_find_an_abandoned_section_one_gets_in():
    """The second comes while the first is about to clear it: what it has cleared is not cleared again."""
    sections = Sections()
    abandoned(sections)
    first, second = ticket_of(sections), ticket_of(sections)
    found = []
    sections._holders = Interrupted(sections._holders, on_get=lambda: found.extend(alone(second.ask) for _ in range(2)))
    found.append(alone(first.ask))
    found += [alone(each.ask) for each in (first, second) if not each.is_inside()]
    assert len(found) >= 4
    assert found.count(0.0) == 1
    assert first.is_inside() != second.is_inside()


def test_an_interrupt_in_the_middle_of_clearing_an_abandoned_section_leaves_it_free():
    """Whoever had begun with it ends it when it lets go."""

    def interrupt():
        raise KeyboardInterrupt

    sections = Sections()
    abandoned(sections)
    sections._holders = Interrupted(sections._holders, on_delete=interrupt)
    struck, later = ticket_of(sections), ticket_of(sections)
    with pytest.raises(KeyboardInterrupt):
        alone(struck.ask)
    struck.release()
    assert alone(later.ask) == 0.0


def test_an_interrupt_in_the_middle_of_a_release_is_made_good_by_the_next():
    """As the gate does, which releases twice."""

    def interrupt():
        raise KeyboardInterrupt

    sections = Sections()
    ticket, later = ticket_of(sections), ticket_of(sections)
    alone(ticket.ask)
    sections._holders = Interrupted(sections._holders, on_delete=interrupt)
    with pytest.raises(KeyboardInterrupt):
        ticket.release()
    ticket.release()
    assert alone(later.ask) == 0.0


def test_a_wait_can_be_cancelled():
    """Whoever is cancelled while waiting leaves the queue."""
    server = Server()
    entered, leave = threading.Event(), threading.Event()

    def on_read():
        entered.set()
        leave.wait(30)

    server.on_read = on_read
    thread = threading.Thread(target=act, args=(Inner(server, 0.0), "pause", "one"), daemon=True)
    thread.start()
    assert entered.wait(10)

    async def wait():
        with anyio.CancelScope() as scope:
            async with anyio.create_task_group() as tasks:

                async def cancel():
                    while len(section.sections()) < 2:  # noqa: ASYNC110 (a thread's doing has no event)
                        await anyio.sleep(0.001)
                    scope.cancel()

                tasks.start_soon(cancel)
                await aact(Inner(server, 0.0), "pause", "two")
        assert scope.cancelled_caught
        assert len(section.sections()) == 1

    for backend in ("asyncio", "trio"):
        anyio.run(wait, backend=backend)
    leave.set()
    thread.join(30)
    assert len(section.sections()) == 0


def test_a_holder_that_waits_for_its_next_try_leaves_meanwhile():
    """A server that is busy for one caller does not keep the pause of another one waiting."""
    server = Server()
    naps = []

    class Busy(Inner):
        def handle_request(self, request):
            if request.method == "GET" and not naps:
                return httpx.Response(503)
            return super().handle_request(request)

    def sleep(seconds):
        naps.append(len(section.sections()))
        assert act(Inner(server, 0.0), "pause", "two").status_code == 200

    with httpx.Client(transport=GuardTransport(Busy(server, 0.0), sleep=sleep), headers={"X-Who": "one"}) as http:
        with pytest.raises(errors.AlreadyThere):
            http.put(URL, json={"action": "pause"})
    assert naps == [0]
    assert server.illegal == []


def test_the_section_and_the_reads_share_one_deadline():
    """What was spent on waiting for the section is not there for tries of the read."""
    clock = Clock()
    gate = make(deadline=10.0, clock=clock)
    other = make()
    holder = other.flow(put("pause"))
    contextvars.Context().run(next, holder)
    waiting = gate.flow(put("pause"), lambda error: True)
    run = contextvars.Context().run
    run(next, waiting)
    clock.now += 9.9
    holder.close()
    run(waiting.send, None)
    with pytest.raises(errors.StatusUnavailable):
        run(waiting.throw, OSError())


# A gate below a gate


@pytest.mark.parametrize("backend", ["sync", "asyncio", "trio"])
@pytest.mark.parametrize("layers", [2, 3])
def test_a_gate_below_a_gate_joins_the_section_and_judges_for_itself(backend, layers):
    """What the upper one hands on is judged again, in the same section; one write arrives."""
    server = Server()
    transport = inner = Inner(server, 0.0)
    seen = []
    for layer in range(layers):
        kind = GuardTransport if backend == "sync" else AsyncGuardTransport
        transport = kind(transport, trace=lambda event, layer=layer: seen.append((layer, event["event"])))
    del inner
    if backend == "sync":
        with httpx.Client(transport=transport, headers={"X-Who": "one"}) as http:
            response = http.put(URL, json={"action": "pause"})
    else:

        async def go():
            async with httpx.AsyncClient(transport=transport, headers={"X-Who": "one"}) as http:
                return await http.put(URL, json={"action": "pause"})

        response = anyio.run(go, backend=backend)
    assert response.status_code == 200
    assert server.arrived == [("one", "pause")]
    assert {layer for layer, event in seen if event == "decided"} == set(range(layers))
    assert len(section.sections()) == 0


def test_a_lower_gate_refuses_what_has_moved_in_between():
    """Its refusal comes out as it is: nothing was sent."""
    server = Server()

    class Moves(httpx.BaseTransport):
        def __init__(self, inner):
            self.inner = inner

        def handle_request(self, request):
            if request.method == "PUT":
                server.status = "completed"
            return self.inner.handle_request(request)

    transport = GuardTransport(Moves(GuardTransport(Inner(server, 0.0))))
    with httpx.Client(transport=transport, headers={"X-Who": "one"}) as http:
        with pytest.raises(errors.IllegalTransition) as caught:
            http.put(URL, json={"action": "pause"})
    assert caught.value.status == "completed"
    assert server.arrived == []


def test_what_is_handed_on_opens_no_other_campaign():
    """A transport that uses the extensions of the handed-on request for a write of another one: that one is entered."""
    server, seen = Server(), []
    other = URL.replace(ID, "1" * 32)

    class Elsewhere(httpx.BaseTransport):
        def handle_request(self, request):
            if request.method == "PUT":

                def on_read():
                    server.on_read = lambda: None
                    seen.extend(section.sections()._holders)

                server.on_read = on_read
                again = httpx.Request(
                    "PUT", other, headers=request.headers, content=request.content, extensions=request.extensions
                )
                with pytest.raises(errors.StatusUnavailable):  # the server says that it is another campaign
                    GuardTransport(Inner(server, 0.0)).handle_request(again)
            return Inner(server, 0.0).handle_request(request)

    with httpx.Client(transport=GuardTransport(Elsewhere()), headers={"X-Who": "one"}) as http:
        assert http.put(URL, json={"action": "pause"}).status_code == 200
    assert [key.rpartition(" ")[2] for key in seen] == [ID, "1" * 32]


@pytest.mark.parametrize("action", ["complete", "resume"])
def test_what_is_handed_on_is_joined_by_itself_alone(action):
    """A transport that uses the extensions of the handed-on request for another write of the campaign is inside."""
    server, found = Server(), []

    class Another(httpx.BaseTransport):
        def handle_request(self, request):
            if request.method == "PUT":
                again = httpx.Request(
                    "PUT",
                    URL,
                    headers={"Content-Type": "application/json", "X-Who": "other"},
                    content=json.dumps({"action": action}),
                    extensions=request.extensions,
                )
                with pytest.raises(errors.CampaignBusy) as caught:
                    GuardTransport(Inner(server, 0.0)).handle_request(again)
                found.append(caught.value.code)
            return Inner(server, 0.0).handle_request(request)

    with httpx.Client(transport=GuardTransport(Another()), headers={"X-Who": "one"}) as http:
        assert http.put(URL, json={"action": "pause"}).status_code == 200
    assert found == ["CF801"]
    assert server.arrived == [("one", "pause")]


@pytest.mark.parametrize("layers", [1, 2])
def test_what_goes_on_after_its_call_has_ended_is_not_sent(layers):
    """A transport that leaves the write to a thread and gives up: by then others may be at work on the campaign."""
    simulator = Simulator()
    campaign = simulator.add("in-progress")
    late = []

    class GivesUp(httpx.BaseTransport):
        def __init__(self, inner):
            self.inner = inner

        def handle_request(self, request):
            if request.method == "GET":
                return self.inner.handle_request(request)
            late.append(request)
            raise httpx.ReadTimeout("it takes too long")

    with SimulatorServer(simulator) as server, httpx.HTTPTransport() as sends:
        below = GuardTransport(sends) if layers == 2 else sends
        url = f"{server.base_url}/v2/accounts/{simulator.account_sid}/message-campaigns/{campaign}"
        with httpx.Client(transport=GuardTransport(GivesUp(below)), auth=("key", "token")) as http:
            with pytest.raises(httpx.ReadTimeout):
                http.put(url, json={"action": "pause"})
            simulator.move(campaign, "paused")
            with pytest.raises((Closed, errors.AlreadyThere)):
                below.handle_request(late[0])
    assert [entry.method for entry in simulator.journal if entry.kind == "request"] == ["GET"] * layers


def test_a_joined_section_is_left_with_the_one_it_joined():
    """Whoever joined is no longer inside when the upper one is out."""
    sections = Sections()
    upper = sections.ticket("key", str, blocking=False, patience=1.0)
    assert upper.ask() == 0.0
    joined = sections.ticket("key", str, blocking=False, patience=1.0, above=upper)
    assert joined.ask() == 0.0
    assert joined.is_inside()
    upper.release()
    assert not joined.is_inside()
    with pytest.raises(Closed, match="the call has ended"):
        joined.check()
    joined.release()
    assert len(sections) == 0


def test_a_flow_that_is_collected_tells_nobody():
    """It may be collected in a thread that holds what a trace or a log handler needs."""
    told = []
    waiting = make(trace=told.append).flow(put("pause"))
    run = contextvars.Context().run
    run(next, waiting)
    run(waiting.send, envelope("in-progress"))
    before = len(told)
    waiting.close()
    assert len(told) == before


def test_waiting_for_the_budget_again_comes_on_top_of_the_deadline():
    """A try that has to wait for the budget does not find its time used up by that."""
    clock = Clock()
    gate = make(deadline=10.0, clock=clock, budget=2)
    waiting = gate.flow(put("pause"))
    run = contextvars.Context().run
    assert isinstance(run(next, waiting), Read)
    step = run(waiting.send, Answer(503, (), b""))
    assert isinstance(step, Sleep)
    clock.now += step.seconds
    step = run(waiting.send, None)
    assert isinstance(step, Sleep)
    assert step.seconds > 50
    clock.now += step.seconds
    assert isinstance(run(waiting.send, None), Read)
    assert isinstance(run(waiting.send, Answer(503, (), b"")), Sleep)
    waiting.close()


def test_two_that_one_gate_hands_on_at_once_go_one_after_the_other():
    """An inner transport that sends one write two ways at once: the second is judged after the first."""
    server = Server()

    class Both(httpx.BaseTransport):
        def __init__(self):
            self.below = [GuardTransport(Inner(server)) for _ in range(2)]
            self.found = []

        def handle_request(self, request):
            if request.method == "GET":
                return self.below[0].handle_request(request)

            def send(transport):
                try:
                    self.found.append(transport.handle_request(request))
                except errors.Refused as refusal:
                    self.found.append(refusal)

            threads = [threading.Thread(target=send, args=(each,)) for each in self.below]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(30)
            return next(each for each in self.found if isinstance(each, httpx.Response))

    both = Both()
    with httpx.Client(transport=GuardTransport(both), headers={"X-Who": "one"}) as http:
        assert http.put(URL, json={"action": "pause"}).status_code == 200
    assert sorted(type(each).__name__ for each in both.found) == ["AlreadyThere", "Response"]
    assert len(server.arrived) == 1


# Marks of writes


def test_what_moved_is_known_by_campaign():
    """A note counts for its campaign alone, from before and after it."""
    moves = Moves()
    before = moves.mark()
    moves.note("a")
    after = moves.mark()
    assert not moves.unmoved_since("a", before)
    assert moves.unmoved_since("a", after)
    assert moves.unmoved_since("b", before)


def test_notes_are_bounded_and_what_is_forgotten_counts_as_moved():
    """However many campaigns a process writes to; no campaign that was written to is taken for unmoved."""
    moves = Moves(most=10)
    early = moves.mark()
    for index in range(35):
        moves.note(f"campaign {index}")
        assert not moves.unmoved_since(f"campaign {index}", early)
        assert len(moves._newest().last) <= 11
    assert not any(moves.unmoved_since(f"campaign {index}", early) for index in range(35))
    assert moves.unmoved_since("campaign 34", moves.mark())


def test_what_is_forgotten_is_let_go():
    """Notes of campaigns that were written to long ago take up no memory for ever."""
    moves = Moves(most=10)
    first = weakref.ref(moves._book)
    for index in range(25):
        moves.note(f"campaign {index}")
    gc.collect()
    assert first() is None


def test_a_new_registry_trusts_no_reading_of_an_old_one():
    """What was read before it counts as moved."""
    before = Moves().mark()
    assert not Moves().unmoved_since("a", before)


def test_tests_can_have_sections_of_their_own():
    """A thread that an earlier test has left inside holds nobody up."""
    ticket = held()
    fresh = section.renew()
    assert section.sections() is fresh
    assert len(fresh) == 0
    ticket.release()


# gevent and nest_asyncio patch the whole process, so each gets one of its own.


def in_a_process(code, *arguments):
    """What the code prints last, as JSON."""
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, *arguments],
        capture_output=True,
        text=True,
        timeout=100,
        env={**os.environ, "GEVENT_NOWAITPID": "1"},
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout.splitlines()[-1])


NESTED = """
import asyncio, json, nest_asyncio
import httpx
from campaign_fsm import AsyncGuardTransport, Simulator, SimulatorTransport, errors

simulator = Simulator()
campaign = simulator.add("in-progress")
url = f"https://api.exotel.com/v2/accounts/acme1/message-campaigns/{campaign}"
found = []

async def act(action, transport):
    async with httpx.AsyncClient(transport=AsyncGuardTransport(transport), auth=("key", "token")) as http:
        return (await http.put(url, json={"action": action})).status_code

class Again(SimulatorTransport):
    async def handle_async_request(self, request):
        if not found:
            found.append(None)
            try:
                found.append(loop.run_until_complete(act("complete", SimulatorTransport(simulator))))
            except errors.CampaignBusy as refusal:
                found.append(refusal.code)
        return await super().handle_async_request(request)

loop = asyncio.new_event_loop()
nest_asyncio.apply(loop)
print(json.dumps([loop.run_until_complete(act("pause", Again(simulator))), *found[1:]]))
"""


def test_a_loop_that_is_run_again_inside_of_itself():
    """`nest_asyncio`: what it runs there comes from inside."""
    pytest.importorskip("nest_asyncio", reason="nest_asyncio is not installed")
    assert in_a_process(NESTED) == [200, "CF801"]


GEVENT = """
import sys
from gevent import monkey
patched = sys.argv[1] == "patched"
if patched:
    monkey.patch_all()
import gevent, json, time, httpx
from campaign_fsm import GuardTransport, Simulator, SimulatorTransport, errors

simulator = Simulator()
campaign = simulator.add("in-progress")
url = f"https://api.exotel.com/v2/accounts/acme1/message-campaigns/{campaign}"

class Slow(httpx.BaseTransport):
    def __init__(self):
        self.inner = SimulatorTransport(simulator)
    def handle_request(self, request):
        gevent.sleep(0.05)
        return self.inner.handle_request(request)

def pause():
    with httpx.Client(transport=GuardTransport(Slow()), auth=("key", "token")) as http:
        try:
            return http.put(url, json={"action": "pause"}).status_code
        except errors.Refused as refusal:
            return refusal.code

jobs = [gevent.spawn(pause) for _ in range(3)]
gevent.joinall(jobs, timeout=20)
print(json.dumps([sorted(str(job.value) for job in jobs), [e.legal for e in simulator.journal if e.method == "PUT"]]))
"""


@pytest.mark.parametrize("patched", [True, False])
def test_gevent(patched):
    """Patched, its greenlets wait like threads; unpatched, waiting would stop them all, so they are refused at once."""
    pytest.importorskip("gevent", reason="gevent is not installed")
    outcomes, legal = in_a_process(GEVENT, "patched" if patched else "plain")
    assert legal == [True]
    assert outcomes == (["200", "CF211", "CF211"] if patched else ["200", "CF801", "CF801"])


def test_a_client_of_ours_and_one_of_httpx_s_share_the_section():
    """The guarded client, a hand-written one and the trace of the first: the second call comes from inside."""
    simulator = Simulator()
    campaign = simulator.add("in-progress")
    found = []

    def trace(event):
        if event["event"] == "decided":
            url = f"https://api.exotel.com/v2/accounts/acme1/message-campaigns/{campaign}"
            with httpx.Client(transport=GuardTransport(SimulatorTransport(simulator)), auth=("key", "token")) as http:
                with pytest.raises(errors.CampaignBusy) as caught:
                    http.put(url, json={"action": "pause"})
                found.append(caught.value.code)

    given = {"account_sid": "acme1", "api_key": "key", "api_token": "token", "transport": SimulatorTransport(simulator)}
    with CampaignClient(trace=trace, **given) as client:
        assert client.pause(campaign).status == "paused"
    assert found == ["CF801"]

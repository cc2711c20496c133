"""The request budget: how many requests an account makes, who goes first, and that waiting is seen."""

import asyncio
import contextvars
import gc
import heapq
import itertools
import logging
import math
import sys
import threading
import weakref
from functools import partial

import anyio
import attrs
import httpx
import pytest
from gates import NOW, Clock, envelope
from hypothesis import given
from hypothesis import strategies as st
from wires import ID, MESSAGE, VOICE, wire

from campaign_fsm import CampaignClient, Simulator, SimulatorTransport, Wait, errors
from campaign_fsm.drive import Sleep
from campaign_fsm.gate import Batch, Forward, Gate, GateSettings, Poll, Read, Terms, budget, section
from campaign_fsm.gate.budget import Budget, Budgets, Share, budget_of, is_vendor
from campaign_fsm.gate.cell import Cell
from campaign_fsm.transports import AsyncGuardTransport, GuardTransport
from campaign_fsm.wire.answer import Answer


@pytest.fixture
def clock():
    return Clock()


def answer(status_code=200, body=b"{}", **headers):
    named = {name.replace("_", "-").encode(): str(value).encode() for name, value in headers.items()}
    return Answer(status_code, ((b"date", b"Mon, 05 Jan 2026 04:30:00 GMT"), *named.items()), body)


SERVER_NOW = 1767587400  # the Date above, as epoch seconds


def take(spent, weight=1, *, urgent=False):
    ticket = spent.queue(weight, urgent=urgent)
    return ticket, spent.ask(ticket)


def test_so_many_and_then_a_wait_until_the_first_is_a_minute_old(clock):
    """Thirty at once, the next one when there is room again."""
    spent = Budget(30, clock)
    assert [take(spent)[1] for _ in range(30)] == [0.0] * 30
    clock.now += 20
    ticket, wait = take(spent)
    assert wait == pytest.approx(40, abs=0.1)
    clock.now += wait
    assert spent.ask(ticket) == 0.0


@given(st.lists(st.tuples(st.floats(0, 30), st.sampled_from([1, 2])), max_size=80), st.integers(2, 10))
def test_no_minute_ever_holds_more_than_the_budget(steps, limit):
    """Whatever is asked for and when."""
    clock = Clock()
    spent = Budget(limit, clock)
    made = []
    for pause, weight in steps:
        clock.now += pause
        ticket = spent.queue(weight, urgent=False)
        while wait := spent.ask(ticket):
            clock.now += wait
        made += [clock.now] * weight
    for begin in made:
        # The window counts in whole milliseconds.
        assert sum(begin <= at < begin + 59.99 for at in made) <= limit


def test_pause_goes_first(clock):
    """It came last and is served before those that wait; they keep their order."""
    spent = Budget(2, clock)
    take(spent, 2)
    first, _ = take(spent, 2)
    second, _ = take(spent, 2)
    brake, wait = take(spent, 2, urgent=True)
    clock.now += wait
    assert spent.ask(first) > 0
    assert spent.ask(brake) == 0.0
    clock.now += 61
    assert spent.ask(second) > 0
    assert spent.ask(first) == 0.0
    clock.now += 61
    assert spent.ask(second) == 0.0


def test_who_gives_up_holds_nobody_up(clock):
    """A place in the queue that was left is gone."""
    spent = Budget(2, clock)
    take(spent, 2)
    gone, _ = take(spent, 2)
    waiting, _ = take(spent, 2)
    spent.leave(gone)
    spent.leave(gone)
    clock.now += 61
    assert spent.ask(waiting) == 0.0


def test_a_large_request_is_not_overtaken_by_small_ones(clock):
    """Or it would wait for ever."""
    spent = Budget(2, clock)
    take(spent, 1)
    large, wait = take(spent, 2)
    assert wait > 0
    assert take(spent, 1)[1] > 0
    clock.now += 61
    assert spent.ask(large) == 0.0


def test_the_server_s_own_count_counts(clock):
    """What is left until its reset; afterwards the limit that it named."""
    spent = Budget(30, clock)
    spent.learn(answer(X_RateLimit_Limit=5, X_RateLimit_Remaining=1, X_RateLimit_Reset=SERVER_NOW + 20))
    assert spent.per_minute == 5
    assert take(spent)[1] == 0.0
    ticket, wait = take(spent)
    assert wait == pytest.approx(20)
    clock.now += 20
    assert spent.ask(ticket) == 0.0
    assert [take(spent)[1] > 0 for _ in range(6)] == [False, False, False, False, True, True]


def test_more_than_the_documented_budget_if_the_server_says_so(clock):
    """Until the headers say otherwise: 200 a minute are 200."""
    spent = Budget(30, clock)
    spent.learn(answer(X_RateLimit_Limit=200, X_RateLimit_Remaining=199, X_RateLimit_Reset=SERVER_NOW + 30))
    assert [take(spent)[1] for _ in range(199)] == [0.0] * 199


@pytest.mark.parametrize("order", [(1, 9), (9, 1)])
def test_answers_that_overtake_each_other_give_nothing_back(clock, order):
    """The least that was said for one window is what is left."""
    spent = Budget(30, clock)
    for left in order:
        spent.learn(answer(X_RateLimit_Remaining=left, X_RateLimit_Reset=SERVER_NOW + 20))
    assert take(spent)[1] == 0.0
    assert take(spent)[1] > 0


@pytest.mark.parametrize(
    "headers",
    [
        {"X_RateLimit_Remaining": 0, "X_RateLimit_Reset": SERVER_NOW + 100},
        {"X_RateLimit_Remaining": 0, "X_RateLimit_Reset": SERVER_NOW - 1},
        {"X_RateLimit_Remaining": 0},
        {"X_RateLimit_Remaining": "none", "X_RateLimit_Reset": SERVER_NOW + 10},
        {"X_RateLimit_Remaining": "-3", "X_RateLimit_Reset": SERVER_NOW + 10},
        {"X_RateLimit_Limit": 0},
        {"X_RateLimit_Limit": "9" * 13},
        {"X_RateLimit_Limit": "²"},
    ],
)
def test_headers_that_cannot_be_meant_are_left_alone(clock, headers):
    """A reset in the past or far away, half a statement, no number."""
    spent = Budget(30, clock)
    encoded = [(name.replace("_", "-").encode(), str(value).encode("latin-1")) for name, value in headers.items()]
    spent.learn(Answer(200, ((b"date", b"Mon, 05 Jan 2026 04:30:00 GMT"), *encoded), b""))
    assert spent.per_minute == 30
    assert take(spent, 2)[1] == 0.0


def test_a_429_closes_the_budget_for_everybody(clock):
    """For as long as the server asks to wait."""
    spent = Budget(30, clock)
    spent.learn(answer(429, Retry_After=7))
    ticket, wait = take(spent, urgent=True)
    assert wait == pytest.approx(7)
    clock.now += 7
    assert spent.ask(ticket) == 0.0
    spent.learn(answer(200, Retry_After=7))
    assert take(spent)[1] == 0.0
    spent.learn(answer(429, Retry_After=86400))
    assert take(spent)[1] == pytest.approx(90)


@pytest.mark.parametrize(("weight", "wait"), [(1, 40.0), (2, 50.0), (3, 60.0)])
def test_there_is_room_when_as_many_as_are_needed_are_a_minute_old(clock, weight, wait):
    """Not only when all of them are."""
    spent = Budget(3, clock)
    for _ in range(3):
        assert take(spent)[1] == 0.0
        clock.now += 10
    clock.now -= 10
    assert take(spent, weight)[1] == pytest.approx(wait)


def test_when_a_429_is_over_what_is_let_through_counts(clock):
    """From that very moment on."""
    spent = Budget(2, clock)
    spent.learn(answer(429, Retry_After=7))
    clock.now += 7
    assert take(spent, 2)[1] == 0.0
    assert take(spent)[1] > 0


def test_all_that_wait_ask_again_just_after_the_first(clock):
    """It may be one that makes room for all of them."""
    spent = Budget(2, clock)
    take(spent, 2)
    assert [take(spent)[1] for _ in range(3)] == pytest.approx([60.0, 60.05, 60.05])


def test_whoever_did_not_come_back_is_passed_over(clock):
    """Two minutes after it was to ask again; a little earlier it is still waited for."""
    spent = Budget(2, clock)
    take(spent, 2)
    silent, wait = take(spent, 2)
    clock.now += wait + 119
    waiting, wait = take(spent, 2)
    assert wait > 0
    clock.now += 2
    assert spent.ask(waiting) == 0.0
    assert spent.ask(silent) > 0


def test_a_budget_may_be_larger_than_the_documented_one(clock):
    """Whoever asks for it has been told so by the vendor."""
    assert budget_of("api.exotel.com", "acme1", 60, clock).per_minute == 60


def test_whoever_is_of_a_closed_event_loop_is_not_waited_for(clock):
    """It will never ask again."""
    spent = Budget(2, clock)
    take(spent, 2)

    async def abandoned():
        return take(spent, 2)[1]

    assert asyncio.run(abandoned()) > 0
    clock.now += 61
    assert take(spent, 2)[1] == 0.0


def test_whoever_is_below_on_the_stack_is_not_waited_for(clock):
    """It would wait for a thread that waits for it; what is above goes first."""
    spent = Budget(2, clock)
    take(spent, 2)
    below = spent.queue(2, urgent=False, blocking=True)
    assert spent.ask(below) > 0
    clock.now += 61
    assert take(spent, 2)[1] == 0.0


@pytest.mark.parametrize(
    "told",
    [
        answer(429),
        answer(200, Retry_After=7, X_RateLimit_Limit=30),
        answer(200, X_RateLimit_Reset=SERVER_NOW + 20),
        Answer(200, ((b"x-ratelimit-remaining", b"0"), (b"x-ratelimit-reset", str(SERVER_NOW + 20).encode())), b""),
    ],
    ids=["a 429 without a time", "a time without a 429", "a reset of nothing", "a reset without a Date"],
)
def test_half_of_what_is_said_closes_nothing(clock, told):
    """Neither for a while nor with an error."""
    spent = Budget(30, clock)
    spent.learn(told)
    assert take(spent, 2)[1] == 0.0


def test_the_documented_budget_is_kept_on_the_vendor_s_hosts_alone(clock):
    """Thirty a minute there, none elsewhere, what was asked for where it was."""
    budget.renew()
    for host in ("api.exotel.com", "api.in.exotel.com", "api.exotel.com:443"):
        assert budget_of(host, "acme1", None, clock).per_minute == 30
    for host in ("127.0.0.1:8080", "localhost", "exotel.com.evil.example", "notexotel.com"):
        assert budget_of(host, "acme1", None, clock) is None
    assert budget_of("127.0.0.1:8080", "acme1", 10, clock).per_minute == 10
    assert budget_of("api.exotel.com", "acme1", 0, clock) is None


def test_one_account_has_one_budget(clock):
    """All clients in the process share it; the smaller wish counts; another account has its own."""
    one = budget_of("api.exotel.com", "acme1", 20, clock)
    assert budget_of("api.exotel.com", "acme1", 10, clock) is one
    assert one.per_minute == 10
    assert budget_of("api.exotel.com", "acme1", 25, clock).per_minute == 10
    assert budget_of("api.exotel.com", "acme2", 20, clock) is not one


def test_a_smaller_limit_does_not_forget_what_was_spent(clock):
    """Ten were made, five are allowed: the next waits."""
    spent = Budget(30, clock)
    for _ in range(10):
        take(spent)
    spent.limit(5)
    assert take(spent)[1] > 0


# in the gate


PAUSED = f'{{"response": {{"code": 200, "status": "success", "data": {{"sid": "{ID}", "status": "paused"}}}}}}'.encode()


def drained(limit, clock, **settings):
    """A gate whose account has spent everything."""
    gate = Gate(GateSettings(budget=limit, clock=clock, **settings), blocking=False)
    take(budget_of("api.exotel.com", "acme1", limit, clock), limit)
    return gate


def test_a_write_pays_for_both_its_requests_before_it_enters_the_section(clock):
    """So nobody waits between read and write, and no waiting write holds the section against a pause."""
    told = []
    gate = drained(2, clock, on_wait=told.append)
    flow = gate.flow(wire(body={"action": "resume"}))
    step = next(flow)
    assert isinstance(step, Sleep)
    assert len(gate.context.sections) == 0
    clock.now += step.seconds
    assert isinstance(flow.send(None), Read)
    assert isinstance(flow.send(answer(body=PAUSED)), Forward)
    assert told == [Wait("acme1", "api.exotel.com", "PUT", ID, told[0].seconds)]
    assert told[0].seconds == pytest.approx(60, abs=0.1)


def test_a_pause_overtakes_a_resume_that_waits(clock):
    """Through the gate, on the same campaign."""
    gate = drained(2, clock)
    resume, brake = gate.flow(wire(body={"action": "resume"})), gate.flow(wire(body={"action": "pause"}))
    wait = next(resume).seconds
    next(brake)
    clock.now += wait
    assert isinstance(resume.send(None), Sleep)
    assert isinstance(brake.send(None), Read)


def test_a_read_a_list_and_a_create_pay_for_one(clock):
    """And what is not about campaigns pays nothing."""
    gate = Gate(GateSettings(budget=3, clock=clock), blocking=False)
    collection = MESSAGE.rpartition("/")[0]
    for request in (
        wire("GET", body=b""),
        wire("GET", target=f"{collection}?limit=5", body=b""),
        wire("POST", target=collection, body={"name": "x"}),
    ):
        assert isinstance(next(gate.flow(request)), Forward)
    assert isinstance(next(gate.flow(wire("GET", body=b""))), Sleep)
    assert isinstance(next(gate.flow(wire(target="/v1/Accounts/acme1/Sms/send.json"))), Forward)


def test_a_reading_that_is_reused_is_not_paid_for(clock):
    """With max_age the write is one request."""
    gate = Gate(GateSettings(budget=4, clock=clock, max_age=60), blocking=False)
    flow = gate.flow(wire("GET", body=b""))
    next(flow)
    with pytest.raises(StopIteration):
        flow.send(answer(body=PAUSED))
    for _ in range(2):
        assert isinstance(next(gate.flow(wire("GET", body=b""))), Forward)
    flow = gate.flow(wire(body={"action": "resume"}))
    assert isinstance(next(flow), Forward)


@pytest.mark.parametrize("case", ["refuses", "grows old"])
def test_a_read_that_a_kept_reading_makes_needful_is_paid_for(clock, case):
    """Where the kept one would refuse the write, and where it grows too old while the write waits for the section."""
    gate = Gate(GateSettings(budget=3, clock=clock, max_age=50), blocking=False)
    flow = gate.flow(wire("GET", body=b""))
    next(flow)
    with pytest.raises(StopIteration):
        flow.send(answer(body=PAUSED))
    holder, run = Gate(GateSettings(), blocking=False).flow(wire()), contextvars.Context().run
    if case == "grows old":
        contextvars.Context().run(next, holder)
    flow = gate.flow(wire(body={"action": "pause" if case == "refuses" else "resume"}))
    step = run(next, flow)
    if case == "grows old":
        assert isinstance(step, Poll)
        clock.now += 51
        holder.close()
        step = run(flow.send, None)
    assert isinstance(step, Read)
    # One for the first read, one for the write, one for the read before it: nothing is left.
    assert take(budget_of("api.exotel.com", "acme1", 3, clock))[1] > 0


def test_every_further_try_of_a_read_is_paid_for(clock):
    """The first two requests are covered; a retried read is one more."""
    gate = Gate(GateSettings(budget=2, clock=clock), blocking=False)
    flow = gate.flow(wire())
    next(flow)
    retry = flow.send(answer(503))
    assert isinstance(retry, Sleep)
    assert retry.seconds == 0.5
    for_budget = flow.send(None)
    assert isinstance(for_budget, Sleep)
    assert for_budget.seconds == pytest.approx(60, abs=0.1)
    flow.close()


def test_a_flow_that_is_dropped_while_it_waits_leaves_the_queue(clock):
    """Cancellation while waiting."""
    gate = drained(2, clock)
    flow = gate.flow(wire(body={"action": "resume"}))
    next(flow)
    flow.close()
    assert not budget_of("api.exotel.com", "acme1", 2, clock).waiting


def test_the_gate_learns_from_every_answer_it_sees(clock):
    """Of its own reads, of writes, and of the reads that it watches."""
    gate = Gate(GateSettings(budget=30, clock=clock, watch_reads=True), blocking=False)
    spent = budget_of("api.exotel.com", "acme1", 30, clock)
    flow = gate.flow(wire("GET", body=b""))
    next(flow)
    with pytest.raises(StopIteration):
        flow.send(answer(X_RateLimit_Limit=11))
    assert spent.per_minute == 11
    flow = gate.flow(wire(body={"action": "resume"}))
    next(flow)
    flow.send(answer(body=PAUSED, X_RateLimit_Limit=12))
    assert spent.per_minute == 12
    with pytest.raises(StopIteration):
        flow.send(answer(body=PAUSED, X_RateLimit_Limit=13))
    assert spent.per_minute == 13


def test_waiting_is_logged_and_a_failing_observer_changes_nothing(clock, caplog):
    """One line at INFO; an on_wait that raises is logged too."""

    def observer(_):
        raise RuntimeError("observer")

    gate = drained(2, clock, on_wait=observer)
    with caplog.at_level(logging.INFO, "campaign_fsm"):
        assert isinstance(next(gate.flow(wire())), Sleep)
    assert f"PUT {ID} waits 60.0 s for the request budget" in caplog.text
    assert "the on_wait callback failed" in caplog.text


@pytest.mark.parametrize("bad", [1, -1, 2.5, "30", True])
def test_a_budget_that_is_none_is_said_at_once(bad):
    """A write needs two requests, so the least is two."""
    with pytest.raises(ValueError, match="budget must be a number of requests a minute, 2 or more"):
        Gate(GateSettings(budget=bad), blocking=False)


def test_in_process_nobody_is_limited_unless_asked():
    """The simulator and mock transports are not the vendor's hosts, whatever the URL says."""
    budget.renew()
    simulator = Simulator()
    campaign = simulator.add("paused")
    settings = {"account_sid": "acme1", "api_key": "key", "api_token": "token"}
    with CampaignClient(transport=SimulatorTransport(simulator), **settings) as client:
        for _ in range(5):
            client.get(campaign)
    mock = httpx.MockTransport(lambda request: httpx.Response(404))
    for transport in (GuardTransport(mock), GuardTransport(GuardTransport(mock))):
        with httpx.Client(transport=transport) as client:
            for _ in range(5):
                client.get(f"https://api.exotel.com{VOICE}")
    assert len(budget.budgets()) == 0


# with real time


@pytest.fixture
def short_minute(monkeypatch):
    """A minute of 200 milliseconds, and when requests were let through in it, by the budget's own clock."""
    budget.renew(Budgets(is_limited=lambda _: False, minute=0.2))
    taken, let_through = budget._taken, []

    def noted(state, turn, share, now, gathers_until):
        found = taken(state, turn, share, now, gathers_until)
        if not found[1]:
            let_through.extend([now] * turn.least)
        return found

    monkeypatch.setattr(budget, "_taken", noted)
    return let_through


class Noting(SimulatorTransport):
    """Notes what arrives."""

    def __init__(self, simulator):
        super().__init__(simulator)
        self.at = []

    def _arrive(self, request):
        self.at.append(request.url)
        return super()._arrive(request)


def most_in_a_window(at, seconds):
    return max(sum(begin <= other < begin + seconds for other in at) for begin in at)


def test_threads_and_clients_share_the_budget(short_minute):
    """Two clients, four threads, and no window that holds more."""
    simulator = Simulator()
    campaign = simulator.add("paused")
    transport = Noting(simulator)
    settings = {"account_sid": "acme1", "api_key": "key", "api_token": "token", "transport": transport, "budget": 4}
    with CampaignClient(**settings) as one, CampaignClient(**settings) as two:
        threads = [
            threading.Thread(target=lambda client=client: [client.get(campaign) for _ in range(3)])
            for client in (one, two, one, two)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(transport.at) == len(short_minute) == 12
    assert most_in_a_window(short_minute, 0.19) <= 4


def test_tasks_wait_without_blocking_the_loop(short_minute, anyio_backend, clock, monkeypatch):
    """Under asyncio and trio, each wait is reported, and nobody waits in a way that stops the others."""
    simulator = Simulator()
    campaign = simulator.add("paused")
    inner, waits = Noting(simulator), []
    # The clock stands while they ask: nobody comes so late that it finds room.
    guard = AsyncGuardTransport(inner, budget=2, on_wait=waits.append, clock=clock)
    url = f"https://api.exotel.com/v2/accounts/acme1/message-campaigns/{campaign}"
    monkeypatch.setattr("time.sleep", lambda seconds: pytest.fail("the loop is blocked"))

    async def main():
        async with (
            httpx.AsyncClient(transport=guard, auth=("key", "token")) as client,
            anyio.create_task_group() as tasks,
        ):
            for _ in range(6):
                tasks.start_soon(client.get, url)
            while len(inner.at) < 6:
                await anyio.sleep(0.01)
                clock.now += 0.05 if len(waits) == 4 else 0.0

    anyio.run(main, backend=anyio_backend)
    assert len(inner.at) == len(short_minute) == 6
    assert most_in_a_window(short_minute, 0.19) <= 2
    assert len(waits) == 4


def test_the_simulator_can_keep_a_limit_of_its_own():
    """It says what is left, answers 429 with Retry-After beyond it, and takes requests again a minute later."""
    simulator = Simulator(rate_limit=2)
    campaign = simulator.add("paused")
    settings = {"account_sid": "acme1", "api_key": "key", "api_token": "token", "deadline": 0}
    with httpx.Client(transport=SimulatorTransport(simulator), auth=("key", "token")) as plain:
        url = f"https://api.exotel.com/v2/accounts/acme1/message-campaigns/{campaign}"
        said = [plain.get(url) for _ in range(3)]
    assert [response.status_code for response in said] == [200, 200, 429]
    assert [response.headers["X-RateLimit-Remaining"] for response in said] == ["1", "0", "0"]
    assert said[2].headers["Retry-After"] == "60"
    with CampaignClient(transport=SimulatorTransport(simulator), **settings) as client:
        with pytest.raises(errors.RateLimited) as caught:
            client.get(campaign)
        assert caught.value.retry_after == 60
        simulator.advance(60)
        assert client.get(campaign).status == "paused"
    with pytest.raises(ValueError, match="rate_limit"):
        Simulator(rate_limit=0)


def test_what_was_spent_stays_spent_when_the_limit_changes(clock):
    """Up or down, by the server or by a second client."""
    spent = Budget(10, clock)
    for _ in range(5):
        take(spent)
    spent.limit(7)
    assert [take(spent)[1] > 0 for _ in range(3)] == [False, False, True]
    other = Budget(3, clock)
    for _ in range(3):
        take(other)
    other.limit(5)
    assert [take(other)[1] > 0 for _ in range(3)] == [False, False, True]


def test_whoever_is_second_asks_again_just_after_the_first(clock):
    """Not earlier, and not much later, also when the first is late."""
    spent = Budget(1, clock)
    take(spent)
    _, wait = take(spent)
    second, later = take(spent)
    assert wait < later <= wait + 0.1
    clock.now += wait + 30
    assert 0 < spent.ask(second) <= 0.1


@pytest.mark.parametrize(("limit", "taken"), [(1, 30), (2, 2), (3, 3)])
def test_a_limit_that_leaves_no_room_for_a_read_and_its_write_is_no_limit(clock, limit, taken):
    """Two are needed at once."""
    spent = Budget(30, clock)
    spent.learn(answer(x_ratelimit_limit=limit))
    assert spent.per_minute == taken


@pytest.mark.parametrize(
    ("ahead", "known"), [(0, False), (1, True), (89, True), (90, True), (91, False), (-5, False), (10**11, False)]
)
def test_a_reset_that_is_not_within_the_next_minute_and_a_half_is_not_believed(clock, ahead, known):
    """It is a mistake, or that of another clock."""
    spent = Budget(30, clock)
    spent.learn(answer(x_ratelimit_remaining=0, x_ratelimit_reset=SERVER_NOW + ahead))
    assert (take(spent)[1] > 0) is known


def test_two_resets_that_are_nearly_the_same_are_of_one_window(clock):
    """Of what was said of it the least counts; two seconds on it is the next window."""
    for later, left in ((1, 0), (2, 5)):
        spent = Budget(30, clock)
        spent.learn(answer(x_ratelimit_remaining=0, x_ratelimit_reset=SERVER_NOW + 30))
        spent.learn(answer(x_ratelimit_remaining=5, x_ratelimit_reset=SERVER_NOW + 30 + later))
        assert (take(spent)[1] == 0.0) is bool(left)


@pytest.mark.parametrize(
    ("host", "vendor"),
    [
        ("exotel.com", True),
        ("api.exotel.com", True),
        ("api.in.exotel.com", True),
        ("notexotel.com", False),
        ("exotel.com.example", False),
        ("localhost", False),
    ],
)
def test_the_vendors_hosts_are_those_below_its_domain(host, vendor):
    """And the domain itself."""
    assert is_vendor(host) is vendor


def test_a_further_try_is_one_request_and_goes_as_the_write_goes(clock):
    """It pays for itself alone, and that of a pause does not wait behind others."""
    gate = Gate(GateSettings(budget=4, clock=clock), blocking=False)
    flow = gate.flow(wire())
    next(flow)
    flow.send(answer(503))
    assert isinstance(flow.send(None), Read)
    assert isinstance(next(gate.flow(wire("GET", body=b""))), Forward)
    flow.close()
    for action, first in (("pause", True), ("resume", False)):
        gate = Gate(GateSettings(budget=2, clock=clock), blocking=False)
        clock.now += 61
        flow = gate.flow(wire(body={"action": action}))
        next(flow)
        flow.send(answer(503))
        waiting = gate.flow(wire("GET", body=b""))
        next(waiting)
        flow.send(None)
        clock.now += 60.1
        assert isinstance(waiting.send(None), Sleep if first else Forward)
        assert isinstance(flow.send(None), Read) is first or not first
        waiting.close()
        flow.close()


@pytest.mark.parametrize(
    "later", [wire("GET", body=b""), wire("POST", target=MESSAGE.rpartition("/")[0], body={"name": "x"})]
)
def test_a_read_and_a_create_wait_their_turn(clock, later):
    """Only a pause goes first."""
    gate = drained(2, clock)
    one, other = gate.flow(wire(body={"action": "resume"})), gate.flow(later)
    wait = next(one).seconds
    next(other)
    clock.now += wait
    assert isinstance(other.send(None), Sleep)
    assert isinstance(one.send(None), Read)


def test_who_waits_finds_soon_what_is_given_back(clock):
    """And not when its own minute is over; what it was told at first stays what it was."""
    told = []
    gate = Gate(GateSettings(budget=4, clock=clock, on_wait=told.append), blocking=False)
    spent = budget_of("api.exotel.com", "acme1", 4, clock)
    _, share, _ = set_aside(spent, 3)
    take(spent)
    flow = gate.flow(wire("GET", body=b""))
    for _ in range(3):
        assert next(flow).seconds <= 0.25
        clock.now += 0.25
    spent.give_back(share)
    assert isinstance(next(flow), Forward)
    assert [wait.seconds for wait in told] == [pytest.approx(60)]


@pytest.mark.parametrize("urgent", [True, False])
@pytest.mark.parametrize("what", ["a read", "a write", "a list"])
def test_what_is_urgent_by_its_terms_goes_first(clock, what, urgent):
    """As every pause does: the reads of a stop, too."""
    gate = drained(2, clock)
    one = gate.flow(wire(body={"action": "resume"}))
    wait = next(one).seconds
    terms = Terms(urgent=urgent, batch=Batch(1, 10.0) if what == "a list" else None)
    request = {
        "a read": wire("GET", body=b"", terms=terms),
        "a write": wire(target=VOICE, body={"action": "resume"}, terms=terms),
        "a list": wire("GET", f"{MESSAGE.rpartition('/')[0]}?limit=1", b"", terms=terms),
    }[what]
    other = gate.flow(request)
    next(other)
    clock.now += wait
    assert isinstance(one.send(None), Sleep) is urgent
    assert isinstance(other.send(None), Sleep) is not urgent
    for flow in (one, other):
        flow.close()
    if terms.batch:
        terms.batch.give_back()


def test_two_ports_are_two_servers(clock):
    """Each has its own budget."""
    gate = Gate(GateSettings(budget=2, clock=clock), blocking=False)

    def read(port):
        return next(gate.flow(attrs.evolve(wire("GET", body=b""), port=port)))

    assert [type(read(port)) for port in (8001, 8001, 8001, 8002)] == [Forward, Forward, Sleep, Forward]


def test_a_wait_without_a_campaign_is_logged_as_such(clock, caplog):
    """And a callback that fails stops nothing."""

    def broken(_):
        raise ValueError

    gate = drained(2, clock, on_wait=broken)
    with caplog.at_level(logging.INFO, "campaign_fsm"):
        assert isinstance(next(gate.flow(wire("GET", target=MESSAGE.rpartition("/")[0], body=b""))), Sleep)
    assert caplog.messages == ["GET - waits 60.0 s for the request budget", "the on_wait callback failed"]
    assert [record.campaign_fsm_method for record in caplog.records] == ["GET", "GET"]


@pytest.mark.parametrize("timeout", [0.2, 0])
def test_a_wait_for_a_status_ends_when_its_time_is_up_whatever_the_budget(timeout):
    """It is told that the budget has no room, and does not wait for it."""
    simulator = Simulator()
    campaign = simulator.add("in-progress")
    waits = []
    given = {"account_sid": "acme1", "api_key": "key", "api_token": "token", "budget": 2, "on_wait": waits.append}
    with CampaignClient(transport=SimulatorTransport(simulator), **given) as client:
        client.get(campaign)
        client.get(campaign)
        with pytest.raises(errors.NotReached) as caught:
            client.wait_until(campaign, "paused", timeout=timeout, poll=0.05)
        assert caught.value.reachable
    assert waits == []
    assert len(simulator.journal) == 2


def test_a_request_that_would_wait_too_long_for_the_budget_is_an_error(clock):
    """After how long there would be room; and it leaves the queue."""
    gate = drained(2, clock)
    request = attrs.evolve(wire("GET", body=b""), terms=Terms(until=clock.now + 30))
    with pytest.raises(errors.BudgetSpent) as caught:
        next(gate.flow(request))
    assert caught.value.seconds == pytest.approx(60, abs=0.1)
    assert "60 s" in str(caught.value)
    assert not budget_of("api.exotel.com", "acme1", 2, clock).waiting
    assert isinstance(next(gate.flow(attrs.evolve(request, terms=Terms(until=clock.now + 61)))), Sleep)


# What is set aside


def set_aside(spent, most, *, least=2, urgent=False):
    """A share of up to so many requests, and after how many seconds to ask again for it."""
    turn = spent.queue(least, most=most, urgent=urgent)
    share = Share(turn.party)
    return turn, share, spent.ask(turn, share)


def asks(spent, weight=1, *, urgent=False):
    """After how many seconds to ask again, if anybody would."""
    turn = spent.queue(weight, urgent=urgent)
    try:
        return spent.ask(turn)
    finally:
        spent.leave(turn)


def test_of_what_is_set_aside_some_is_set_aside_for_another(clock):
    """It counts for neither until it is used, and comes on top of what that one has."""
    spent = Budget(10, clock)
    _, one, _ = set_aside(spent, 6)
    _, two, _ = set_aside(spent, 2)
    assert spent.use(one, 3, into=two) == 0.0
    assert (spent.left(one), spent.left(two), spent.held) == (3, 5, 8)
    assert spent.use(one, 4, into=two) is None
    window(spent, 9, 30)
    assert spent.use(one, 3, into=two) == 0.0
    assert (spent.left(one), spent.left(two)) == (0, 8)


def test_what_is_made_counts_and_what_did_not_leave_does_not(clock):
    """It is set aside again, in the server's window too; what is made counts also where none was set aside any more."""
    for told in (False, True):
        spent = Budget(10, clock)
        if told:
            window(spent, 10, 30)
        _, share, _ = set_aside(spent, 3)
        at = [spent.make(share), spent.make(share)]
        assert (at, spent.left(share)) == ([clock.now] * 2, 1)
        spent.unmake(share, at[0])
        assert spent.left(share) == 2
        assert asks(spent, 7) == 0.0
        assert asks(spent) > 0
        clock.now += 61
    spent = Budget(2, clock)
    _, share, _ = set_aside(spent, 2)
    spent.give_back(share)
    spent.make(share)
    assert (spent.left(share), asks(spent, 2) > 0) == (0, True)


@pytest.mark.parametrize("told", [True, False])
def test_what_is_set_aside_later_comes_on_top(clock, told):
    """Of what the same one has already."""
    spent = Budget(10, clock)
    if told:
        window(spent, 10, 30)
    _, share, _ = set_aside(spent, 3)
    assert spent.ask(spent.queue(2, urgent=False), share) == 0.0
    assert spent.left(share) == 5


def test_what_is_made_in_the_server_s_window_is_over_when_that_is(clock):
    """The server counts it, and then it begins anew."""
    spent = Budget(10, clock)
    window(spent, 10, 30)
    _, share, _ = set_aside(spent, 3)
    for _ in range(3):
        spent.make(share)
    clock.now += 30
    assert asks(spent, 10) == 0.0


def test_what_is_set_aside_counts_when_it_is_used(clock):
    """Until then nobody else has it, and its minute begins when it is used."""
    spent = Budget(30, clock)
    _, share, wait = set_aside(spent, 30)
    assert (wait, spent.left(share)) == (0.0, 30)
    assert asks(spent) > 0
    clock.now += 50
    assert [spent.use(share) for _ in range(10)] == [0.0] * 10
    assert spent.left(share) == 20
    clock.now += 20
    assert spent.use(share, 20) == 0.0
    assert (spent.left(share), spent.use(share)) == (0, None)
    assert asks(spent) == pytest.approx(40, abs=0.1)


def test_what_is_not_used_is_given_back_once(clock):
    """At once for everybody; what was used stays spent."""
    spent = Budget(10, clock)
    _, share, _ = set_aside(spent, 10)
    spent.use(share, 4)
    for _ in range(2):
        spent.give_back(share)
        assert (spent.left(share), spent.held, spent.use(share)) == (0, 0, None)
    assert [asks(spent) > 0 for _ in range(7)] == [False] * 6 + [True]


@pytest.mark.parametrize(("keep", "left"), [(0, 0), (3, 3), (6, 6), (9, 6)])
def test_a_part_of_what_is_not_used_may_be_kept(clock, keep, left):
    """What is beyond it is everybody's, in the server's window too."""
    for told in (False, True):
        spent = Budget(10, clock)
        if told:
            window(spent, 10, 30)
        _, share, _ = set_aside(spent, 10)
        spent.use(share, 4)
        for _ in range(2):
            spent.give_back(share, keep=keep)
            assert spent.left(share) == spent.held == left
        assert asks(spent, 7 - left) > 0
        assert left == 6 or asks(spent, 6 - left) == 0.0
        clock.now += 100


def test_more_than_is_left_is_not_used(clock):
    """None of it is taken then."""
    spent = Budget(10, clock)
    _, share, _ = set_aside(spent, 3)
    assert spent.use(share, 4) is None
    assert spent.left(share) == 3
    assert spent.use(share, 3) == 0.0
    assert spent.use(Share(share.party)) is None


@pytest.mark.parametrize(("most", "got"), [(None, 2), (1, 2), (2, 2), (7, 7), (30, 10), (100, 10)])
def test_there_are_as_many_as_there_is_room_for(clock, most, got):
    """Not less than what is needed, nor more than what is wanted."""
    spent = Budget(10, clock)
    assert set_aside(spent, most)[2] == 0.0
    assert spent.held == got


def test_whoever_is_better_served_by_many_waits_five_seconds_longer_for_them(clock):
    """Five seconds from when there was room for the least, and not for those that come later."""
    spent = Budget(10, clock)
    for seconds in (0, 0, 3, 1.9, 0.2, *[1] * 5):
        clock.now += seconds
        assert take(spent)[1] == 0.0
    turn, share, wait = set_aside(spent, 10)
    assert wait == pytest.approx(1000 + 60 + 4.9 - clock.now, abs=0.01)
    clock.now += wait
    assert spent.ask(turn, share) == 0.0
    assert (clock.now, spent.left(share)) == (pytest.approx(1064.9), 4)


@pytest.mark.parametrize(("last", "got"), [(5.0, 3), (5.25, 2)])
def test_what_there_is_room_for_after_exactly_five_seconds_is_waited_for(clock, last, got):
    """And what comes later is not."""
    spent = Budget(3, clock)
    for seconds in (0, 0, last):
        clock.now += seconds
        take(spent)
    turn, share, wait = set_aside(spent, 3)
    clock.now += wait
    assert spent.ask(turn, share) == 0.0
    assert (clock.now, spent.left(share)) == (1060 + (last if got == 3 else 0), got)


@pytest.mark.parametrize(("brakes", "left", "at"), [([2], 4, 1064), ([2, 1, 1, 1], 1 + 1, 1120)])
def test_it_gathers_no_longer_than_that_whoever_comes_before_it(clock, brakes, left, at):
    """The five seconds begin once: what pauses take of its room meanwhile is not waited for, unless it is the least."""
    spent = Budget(6, clock)
    for seconds in (0, 0, 1, 1, 1, 1):
        clock.now += seconds
        take(spent)
    turn, share, wait = set_aside(spent, 6)
    assert wait == pytest.approx(60)
    clock.now += 56
    for weight in brakes:
        assert asks(spent, weight, urgent=True) == 0.0
        clock.now += 1
        spent.ask(turn, share) if clock.now < 1064 else None
    clock.now = max(clock.now, 1064)
    while wait := spent.ask(turn, share):
        clock.now += wait
    assert (clock.now, spent.left(share)) == (pytest.approx(at), left)


def test_those_behind_it_wait_no_longer_than_it_gathers(clock):
    """A read behind a reservation goes when that has been served and there is room again."""
    spent = Budget(4, clock)
    take(spent, 4)
    turn, share, wait = set_aside(spent, 2)
    behind, later = take(spent)
    assert later == pytest.approx(wait + 0.05)
    clock.now += wait
    assert spent.ask(turn, share) == 0.0
    clock.now += 0.05
    assert spent.ask(behind) == 0.0


def test_an_urgent_request_goes_before_what_gathers(clock):
    """And takes of the room that there is."""
    spent = Budget(4, clock)
    take(spent, 2)
    clock.now += 4
    take(spent, 2)
    clock.now += 56
    turn, share, wait = set_aside(spent, 4)
    assert wait == pytest.approx(4)
    assert take(spent, 2, urgent=True)[1] == 0.0
    clock.now += wait
    assert spent.ask(turn, share) == 0.0
    assert spent.left(share) == 2


def test_what_is_held_below_on_the_stack_is_not_waited_for(clock):
    """A callback of whoever holds it asks, on the same thread: it would wait for ever. No minute holds more for it."""
    spent = Budget(10, clock)
    turn = spent.queue(2, most=10, urgent=True, blocking=True)
    share = Share(turn.party)
    assert spent.ask(turn, share) == 0.0
    assert spent.use(share) == 0.0
    for blocking, wait in ((False, 0.0), (True, 0.0)):
        inside = spent.queue(2, urgent=False, blocking=blocking)
        assert spent.ask(inside) == wait
    found = []
    thread = threading.Thread(target=lambda: found.append(asks(spent)))  # which is in nobody's way
    thread.start()
    thread.join()
    assert found == [pytest.approx(60)]
    assert spent.left(share) == 9
    assert spent.use(share, 5) == 0.0
    assert spent.use(share, 1) == pytest.approx(60)


def test_two_reservations_are_served_one_after_the_other(clock):
    """The second has what is left, and waits for what the first gives back."""
    spent = Budget(10, clock)
    _, one, _ = set_aside(spent, 6)
    _, two, wait = set_aside(spent, 10)
    assert (wait, spent.left(one), spent.left(two)) == (0.0, 6, 4)
    turn, three, wait = set_aside(spent, 10)
    assert wait == pytest.approx(0.25)
    spent.use(one, 5)
    spent.give_back(one)
    clock.now += wait
    assert spent.ask(turn, three) == pytest.approx(59.75)  # one is too few
    spent.give_back(two)
    assert spent.ask(turn, three) == 0.0  # and not when five more are a minute old
    assert spent.left(three) == 5
    assert asks(spent, urgent=True) > 0


def test_a_429_closes_what_is_set_aside_too(clock):
    """For as long as the server asks; then it may be used."""
    spent = Budget(10, clock)
    _, share, _ = set_aside(spent, 10)
    spent.learn(answer(429, Retry_After=7))
    assert spent.use(share) == pytest.approx(7)
    assert spent.left(share) == 10
    clock.now += 7
    assert spent.use(share) == 0.0


def window(spent, left, ahead, **more):
    spent.learn(answer(X_RateLimit_Remaining=left, X_RateLimit_Reset=SERVER_NOW + ahead, **more))


def test_in_the_server_s_window_what_is_set_aside_is_taken_out(clock):
    """Whether that was before its first answer or after it, and what is not used is put back."""
    spent = Budget(30, clock)
    _, share, _ = set_aside(spent, 10)
    window(spent, 12, 30)
    assert [asks(spent) > 0 for _ in range(3)] == [False, False, True]
    spent.use(share, 4)
    spent.give_back(share)
    _, other, wait = set_aside(spent, 30)
    assert (wait, spent.left(other)) == (0.0, 6)
    assert asks(spent) == pytest.approx(30)


def test_what_others_have_had_of_the_window_is_used_by_nobody(clock):
    """Other processes count there too: of ten that were set aside three are left, and the rest waits for the reset."""
    spent = Budget(30, clock)
    window(spent, 20, 30)
    _, share, _ = set_aside(spent, 10)
    window(spent, 3, 29)
    assert asks(spent) == pytest.approx(30)
    assert spent.use(share, 2) == 0.0
    assert spent.use(share, 2) == pytest.approx(30)
    assert spent.use(share) == 0.0
    assert (spent.use(share), spent.left(share)) == (pytest.approx(30), 7)
    clock.now += 30
    assert spent.use(share) == 0.0


def test_what_is_set_aside_over_a_reset_counts_in_the_next_window(clock):
    """In a minute of ours until the server says what it counts."""
    spent = Budget(10, clock)
    window(spent, 10, 20)
    _, share, _ = set_aside(spent, 8)
    clock.now += 20
    assert spent.use(share, 3) == 0.0
    assert [asks(spent) > 0 for _ in range(3)] == [False, False, True]
    window(spent, 5, 50)
    assert asks(spent) == pytest.approx(50)
    assert spent.use(share, 5) == 0.0
    assert (spent.left(share), spent.held) == (0, 0)


@pytest.mark.parametrize("how", ["another client", "the server"])
def test_a_lower_limit_leaves_room_for_others_than_those_that_hold(clock, how):
    """Else they would wait for who may never use it; and no minute holds more than the new limit."""
    spent = Budget(30, clock)
    _, share, _ = set_aside(spent, 30)
    spent.use(share, 3)
    if how == "another client":
        spent.limit(5)
    else:
        spent.learn(answer(X_RateLimit_Limit=5))
    assert spent.left(share) == 3
    turn, wait = take(spent, 2)
    clock.now += wait
    assert wait <= 60
    assert spent.ask(turn) == 0.0
    assert spent.use(share, 3) == 0.0
    assert asks(spent) > 0


def test_a_lower_limit_takes_of_several_that_hold(clock):
    """Until what they hold leaves room for a read and a write; a higher one, and one with room, take nothing."""
    spent = Budget(30, clock)
    shares = [set_aside(spent, 10)[1] for _ in range(3)]
    spent.limit(30)
    assert spent.held == 30
    spent.limit(40)
    assert spent.held == 30
    spent.limit(32)
    assert spent.held == 30
    spent.limit(22)
    assert [spent.left(share) for share in shares] == [0, 10, 10]
    spent.limit(17)
    assert [spent.left(share) for share in shares] == [0, 5, 10]
    spent.limit(2)
    assert spent.held == 0


def test_of_what_was_set_aside_under_a_higher_limit_no_more_is_used_than_the_lower_one_allows(clock):
    """What is too much waits until there is room."""
    spent = Budget(10, clock)
    _, share, _ = set_aside(spent, 10)
    assert spent.use(share, 4) == 0.0
    clock.now += 10
    spent.limit(6)
    assert spent.left(share) == 4
    assert spent.use(share, 2) == 0.0
    assert spent.use(share, 2) == pytest.approx(50)
    clock.now += 50
    assert spent.use(share, 2) == 0.0


def dead_thread(spent):
    found = []
    thread = threading.Thread(target=lambda: found.append(set_aside(spent, 10)))
    thread.start()
    thread.join()
    return found[0][1]


def closed_loop(spent):
    async def abandoned():
        return set_aside(spent, 10)[1]

    return asyncio.run(abandoned())


def dropped(spent):
    batch = Batch(9, 10.0)
    turn = spent.queue(2, most=10, urgent=False)
    share = Share(turn.party, weakref.ref(batch))
    assert spent.ask(turn, share) == 0.0
    assert asks(spent) > 0
    return share


@pytest.mark.parametrize("who", [dead_thread, closed_loop, dropped])
def test_what_is_set_aside_for_nobody_any_more_is_given_back(clock, who):
    """When the next one asks: its thread has ended, its loop was closed, or what it was for is no more."""
    spent = Budget(10, clock)
    share = who(spent)
    assert spent.left(share) == 10
    assert take(spent, 10)[1] == 0.0
    assert spent.use(share) is None
    assert spent.held == 0


MIXED = st.one_of(
    st.tuples(st.just("wait"), st.floats(0, 30)),
    st.tuples(st.just("one"), st.integers(1, 2), st.booleans()),
    st.tuples(st.just("set aside"), st.integers(0, 12), st.booleans()),
    st.tuples(st.just("use"), st.integers(0, 3), st.integers(1, 2)),
    st.tuples(st.just("give back"), st.integers(0, 3)),
    st.tuples(st.just("limit"), st.integers(2, 10)),
    st.tuples(st.just("429"), st.integers(1, 40)),
)


def asked(spent, clock, turn, share=None):
    """Whether the requests were let through, asking some times."""
    for _ in range(30):
        if not (wait := spent.ask(turn, share)):
            return True
        assert wait <= 120
        clock.now += wait
    spent.leave(turn)
    return False


@given(st.lists(MIXED, max_size=60), st.integers(2, 10))
def test_no_minute_ever_holds_more_than_the_budget_whatever_is_set_aside(steps, limit):
    """What is set aside counts when it is used; and however it ends, nothing of the budget is lost."""
    clock = Clock()
    spent = Budget(limit, clock)
    made, shares = [], []

    def let_through(count):
        made.extend([clock.now] * count)
        # The window counts in whole milliseconds.
        assert sum(at > clock.now - 59.99 for at in made) <= spent.per_minute

    for what, *with_these in steps:
        match what, *with_these:
            case "wait", seconds:
                clock.now += seconds
            case "one", weight, urgent:
                if asked(spent, clock, spent.queue(weight, urgent=urgent)):
                    let_through(weight)
            case "set aside", most, urgent:
                turn = spent.queue(2, most=most, urgent=urgent)
                shares.append(Share(turn.party))
                if not asked(spent, clock, turn, shares[-1]):
                    assert spent.left(shares.pop()) == 0
            case "use", index, count if shares:
                share = shares[index % len(shares)]
                left = spent.left(share)
                if (wait := spent.use(share, count)) == 0.0:
                    let_through(count)
                else:
                    assert (wait is None) is (left < count)
                    assert wait is None or wait <= 90
                assert spent.left(share) == left - count * (wait == 0.0)
            case "give back", index if shares:
                spent.give_back(shares[index % len(shares)])
            case "limit", per_minute:
                spent.limit(per_minute)
            case "429", seconds:
                spent.learn(answer(429, Retry_After=seconds))
    for share in shares:
        spent.give_back(share)
    clock.now += 61
    assert take(spent, spent.per_minute)[1] == 0.0


COUNTED = st.one_of(
    st.tuples(st.just("wait"), st.integers(0, 30)),
    st.tuples(st.just("one"), st.integers(1, 2)),
    st.tuples(st.just("set aside"), st.integers(0, 12)),
    st.tuples(st.just("use"), st.integers(0, 3), st.integers(1, 2)),
    st.tuples(st.just("give back"), st.integers(0, 3)),
    st.tuples(st.just("others"), st.integers(1, 6)),
    st.tuples(st.just("answer"), st.just(0)),
)


@given(st.lists(COUNTED, max_size=60), st.integers(2, 12))
def test_no_window_of_the_server_holds_more_than_it_has_said(steps, limit):
    """Whatever is set aside, and whoever else makes requests: after an answer no more leave than it says are left."""
    clock = Clock()
    spent = Budget(limit, clock)
    shares, count, resets_at, said = [], 0, clock.now + 60, None

    def of_the_window():
        nonlocal count, resets_at, said
        if clock.now >= resets_at:
            count, resets_at, said = 0, clock.now + 60, None

    def answered():
        nonlocal said
        of_the_window()
        said = max(limit - count, 0)
        window(spent, said, math.ceil(resets_at - clock.now))

    def let_through(requests):
        nonlocal count
        of_the_window()
        assert said is None or said >= requests
        count += requests
        answered()

    for what, *with_these in steps:
        match what, *with_these:
            case "wait", seconds:
                clock.now += seconds
            case "one", weight:
                if asked(spent, clock, spent.queue(weight, urgent=False)):
                    let_through(weight)
            case "set aside", most:
                turn = spent.queue(2, most=most, urgent=False)
                shares.append(Share(turn.party))
                asked(spent, clock, turn, shares[-1])
            case "use", index, weight if shares:
                if spent.use(shares[index % len(shares)], weight) == 0.0:
                    let_through(weight)
            case "give back", index if shares:
                spent.give_back(shares[index % len(shares)])
            case "others", others:
                of_the_window()
                count += others
            case "answer", _:
                answered()
    for share in shares:
        spent.give_back(share)
    clock.now += 121
    assert take(spent, spent.per_minute)[1] == 0.0


class Interrupting:
    """Raises KeyboardInterrupt at one line of the gate, counted from 1."""

    def __init__(self, at):
        self.at, self.lines = at, 0

    def __call__(self, frame, event, _):
        if "campaign_fsm/gate/" not in frame.f_code.co_filename.replace("\\", "/"):
            return None
        if event == "line":
            self.lines += 1
            if self.lines == self.at:
                raise KeyboardInterrupt
        return self

    def __enter__(self):
        self.before = sys.gettrace()
        sys.settrace(self)

    def __exit__(self, *_):
        sys.settrace(self.before)


def list_and_pause(gate):
    """A list with what rests on it, given back as whoever asks for it does."""
    batch = Batch(3, 10.0)
    terms = Terms(batch=batch)
    try:
        collection = MESSAGE.rpartition("/")[0]
        flow = gate.flow(wire("GET", f"{collection}?limit=3", b"", terms=terms))
        next(flow)
        body = envelope("in-progress", wrapped=True, key="sid").body
        with pytest.raises(StopIteration):
            flow.send(Answer(200, (), body))
        flow = gate.flow(wire(terms=terms))
        assert isinstance(next(flow), Forward)
        with pytest.raises(StopIteration):
            flow.send(envelope("paused"))
    finally:
        batch.give_back()


def test_an_interrupt_at_any_line_loses_nothing_of_the_budget():
    """However far it came: a minute later all of it is there, and nobody is waited for."""
    hit, at = True, 0
    while hit:
        at += 1
        clock = Clock()
        section.renew()  # it was written to
        gate = Gate(GateSettings(budget=4, clock=clock, now=lambda: NOW), blocking=True)
        spent = budget.renew(Budgets(is_limited=lambda _: False)).of("api.exotel.com", "acme1", 4, clock)
        interrupting = Interrupting(at)
        try:
            with interrupting:
                list_and_pause(gate)
            hit = False
        except KeyboardInterrupt:
            pass
        clock.now += 61
        assert take(spent, 4)[1] == 0.0, at
        assert (spent.waiting, spent.held, len(gate.context.sections)) == (0, 0, 0), at
    assert at > 100


# Several that write at once


def arrivals(flows, clock, answers, *, seconds=0.01):
    """When each request of some flows arrives, each waiting for as long as it is told to."""
    numbers, at = itertools.count(), []
    sends = [partial(contextvars.Context().run, flow.send) for flow in flows]  # none is inside of another one
    due = [(clock.now, next(numbers), send, None) for send in sends]
    heapq.heapify(due)
    while due:
        clock.now, _, send, result = heapq.heappop(due)
        try:
            step = send(result)
        except (StopIteration, errors.BudgetSpent, errors.Refused):
            continue
        if isinstance(step, Sleep | Poll):
            wait, result = max(step.seconds, 0.001), None
        else:
            at.append(clock.now)
            wait, result = seconds, answers(step)
        heapq.heappush(due, (clock.now + wait, next(numbers), send, result))
    return at


def named(index):
    return MESSAGE.replace(ID, f"{index:032x}")


def as_asked(step):
    path = (step.request if isinstance(step, Read) else step.record.intent).target
    return envelope("paused", id=path.decode().rpartition("/")[2] if isinstance(path, bytes) else path.id)


@pytest.mark.parametrize("max_age", [0, 30, 59, 61, 300])
@pytest.mark.parametrize("writers", [8, 30])
def test_a_read_is_paid_for_before_it_is_sent(clock, writers, max_age):
    """Also where the kept reading of a write became too old while it waited: no window holds more than the budget."""
    gate = Gate(GateSettings(budget=30, clock=clock, max_age=max_age), blocking=False)
    at = []
    for index in range(30):  # nothing is left, and each has a reading
        flow = gate.flow(wire("GET", named(index), b""))
        next(flow)
        at.append(clock.now)
        with pytest.raises(StopIteration):
            flow.send(envelope("paused", id=f"{index:032x}"))
        clock.now += 0.1
    flows = [gate.flow(wire(target=named(index), body={"action": "resume"})) for index in range(writers)]
    flows += [gate.flow(wire("GET", named(index), b"")) for index in range(100, 130)]

    def answers(step):
        return envelope("paused") if isinstance(step, Forward) and step.record is None else as_asked(step)

    at += arrivals(flows, clock, answers)
    assert len(at) - 60 in range(writers * (2 if max_age < 59 else 1), writers * (1 if max_age == 300 else 2) + 1)
    assert most_in_a_window(at, 59.99) <= 30


def test_what_waits_for_the_section_counts_when_it_is_made(clock):
    """Many that write to one campaign have been let through long before their turn comes, and a minute is over then."""
    sections = section.Sections(clock)
    gates = [
        Gate(GateSettings(budget=30, clock=clock, deadline=200), blocking=False, own_sections=sections)
        for _ in range(12)
    ]
    flows = [gate.flow(wire(body={"action": "resume"})) for gate in gates]
    flows += [gates[0].flow(wire(target=named(index), body={"action": "resume"})) for index in range(30)]
    at = arrivals(flows, clock, as_asked, seconds=3.0)
    assert len(at) == 84
    assert most_in_a_window(at, 59.99) <= 30


def test_what_a_list_showed_may_become_too_old_while_others_write(clock):
    """The pauses read anew, out of what is set aside, or give up: no window holds more than the budget."""
    gate = Gate(GateSettings(budget=30, clock=clock), blocking=False)
    batch = Batch(20, 5.0)
    flow = gate.flow(wire("GET", f"{MESSAGE.rpartition('/')[0]}?limit=20", b"", terms=Terms(batch=batch)))
    assert isinstance(next(flow), Forward)
    at = [clock.now]
    shown = [f'{{"data": {{"sid": "{index:032x}", "status": "in-progress"}}}}' for index in range(20)]
    with pytest.raises(StopIteration):
        flow.send(Answer(200, (), f'{{"response": [{", ".join(shown)}]}}'.encode()))
    assert batch.room == 20

    def answers(step):
        clock.now += 0.5
        found = as_asked(step)
        is_ours = isinstance(step, Read) and step.request.terms is not None
        return attrs.evolve(found, body=found.body.replace(b"paused", b"in-progress")) if is_ours else found

    flows = [gate.flow(wire(target=named(index), terms=Terms(batch=batch))) for index in range(20)]
    flows += [gate.flow(wire(target=named(index), body={"action": "resume"})) for index in range(50, 60)]
    at += arrivals(flows, clock, answers)
    batch.give_back()
    assert most_in_a_window(at, 59.99) <= 30
    assert len(at) >= 30


# The value that the budget is


def test_a_step_that_another_one_came_into_is_done_again_from_there():
    """A signal handler in the middle of a step changes the value: neither change is lost."""
    cell, fired = Cell(()), []

    def step(value):
        if not fired:
            fired.append(True)
            cell.update(lambda value: ((*value, "handler"), None))
        return (*value, "outer"), len(value)

    assert cell.update(step) == 1
    assert cell.get() == ("handler", "outer")


def test_a_step_that_was_interrupted_when_it_was_done_is_done():
    """An interrupt right after the value was changed, before that was noted elsewhere."""

    class Interrupted(dict):
        def setdefault(self, *args):
            super().setdefault(*args)
            raise KeyboardInterrupt

    cell = Cell(0)
    cell._version.next = Interrupted()
    with pytest.raises(KeyboardInterrupt):
        cell.update(lambda value: (value + 1, None))
    assert cell.get() == 1
    cell.update(lambda value: (value + 1, None))
    assert cell.get() == 2


def test_a_value_that_was_changed_is_let_go():
    """However often it changes, only the newest one takes up memory."""

    class Value:
        pass

    cell = Cell(Value())
    old = weakref.ref(cell.get())
    cell.update(lambda _: (None, None))
    cell.update(lambda _: (None, None))
    gc.collect()
    assert old() is None

"""The request budget: how many requests an account makes, who goes first, and that waiting is seen."""

import asyncio
import contextvars
import gc
import logging
import threading
import weakref

import anyio
import attrs
import httpx
import pytest
from gates import Clock
from hypothesis import given
from hypothesis import strategies as st
from wires import ID, MESSAGE, VOICE, wire

from campaign_fsm import CampaignClient, Simulator, SimulatorTransport, Wait, errors
from campaign_fsm.drive import Sleep
from campaign_fsm.gate import Forward, Gate, GateSettings, Poll, Read, budget
from campaign_fsm.gate.budget import Budget, Budgets, budget_of, is_vendor
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

    def noted(state, weight, now):
        state, wait = taken(state, weight, now)
        if not wait:
            let_through.extend([now] * weight)
        return state, wait

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
        wait = next(waiting).seconds
        flow.send(None)
        clock.now += wait
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
    request = attrs.evolve(wire("GET", body=b""), until=clock.now + 30)
    with pytest.raises(errors.BudgetSpent) as caught:
        next(gate.flow(request))
    assert caught.value.seconds == pytest.approx(60, abs=0.1)
    assert "60 s" in str(caught.value)
    assert not budget_of("api.exotel.com", "acme1", 2, clock).waiting
    assert isinstance(next(gate.flow(attrs.evolve(request, until=clock.now + 61))), Sleep)


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

"""Many campaigns are paused: how many requests it takes, what is tried again, when it ends, what is said of each."""

import threading
from datetime import timedelta
from math import ceil

import anyio
import httpx
import pytest
import trio
from faces import FACES, Face
from truth import broken
from worlds import BUDGET, World

from campaign_fsm import (
    Action,
    AsyncCampaignClient,
    CampaignClient,
    Listed,
    PauseOutcome,
    Policy,
    Selection,
    Simulator,
    SimulatorServer,
    SimulatorTransport,
    confirmed,
    errors,
)
from campaign_fsm.policy.model import Scope
from campaign_fsm.simulator import Fault

BOTH = Selection(channels=("message", "voice"))


@pytest.fixture
def world():
    return World()


def sound(seen):
    """What was seen, after it was held against the journal."""
    assert list(broken(seen)) == []
    return seen


def least(campaigns, channels):
    """The least that it takes to stop so many: each pause, the lists that they rest on, the closing lists."""
    return campaigns + ceil(campaigns / (BUDGET - 1)) + channels


# What it costs


def test_180_campaigns_take_hardly_more_than_the_least(world):
    """And no minute holds more than the budget."""
    world.fill(150)
    world.fill(30, channel="voice")
    seen = sound(world.stopped(BOTH))
    assert seen.report
    assert seen.report.counts == {PauseOutcome.PAUSED: 180}
    assert len(seen.requests) == seen.report.requests
    # Each channel and each status has a list of its own, and the last page of one is hardly ever full.
    assert len(seen.requests) <= 1.02 * least(180, 2)
    assert seen.count("PUT") == 180


def test_the_budget_is_used(world):
    """Of each minute but the last nearly all that it has."""
    world.fill(280)
    seen = sound(world.stopped(Selection()))
    assert len(seen.requests) / (BUDGET * ceil(seen.seconds / 60)) >= 0.95


def test_the_first_pause_takes_one_list(world):
    """Nothing is read before it but the list that shows it."""
    world.fill(40)
    seen = sound(world.stopped(Selection()))
    assert [one.method for one in seen.requests[:2]] == ["GET", "PUT"]
    assert seen.first < 1


@pytest.mark.parametrize("concurrency", [1, 3, 8])
def test_so_many_are_under_way_at_once(concurrency):
    """And not one more."""
    world = World(lambda: 0.5)
    world.fill(28)
    sound(world.stopped(Selection(), concurrency=concurrency))
    assert world.most == concurrency


def test_eight_are_under_way_unless_another_number_is_given():
    world = World(lambda: 0.5)
    world.fill(28)
    sound(world.stopped(Selection()))
    assert world.most == 8


def test_what_the_list_showed_is_good_for_so_long_only():
    """Where the pauses of a list take longer than that, the rest is read by itself."""
    world = World(lambda: 1.5)
    world.fill(20)
    seen = sound(world.stopped(Selection(), concurrency=1, max_age=10))
    assert seen.report.counts == {PauseOutcome.PAUSED: 20}
    assert any(one.method == "GET" and one.id for one in seen.requests)


# What fails


def test_one_that_is_always_refused_fails_and_all_others_are_paused(world):
    """For good, at the first answer; and it is told which one runs."""
    ids = world.fill(60)
    world.account.fault(Fault.REJECTED, method="PUT", id=ids[7], times=1000)
    seen = sound(world.stopped(Selection()))
    assert seen.report.counts == {PauseOutcome.PAUSED: 59, PauseOutcome.FAILED: 1}
    assert not seen.report
    assert seen.report.certain
    (left,) = seen.report.running
    assert left.campaign_id == ids[7]
    assert left.error.status_code == 403
    assert sum(one.method == "PUT" and one.id == ids[7] for one in seen.requests) == 1


def test_one_that_is_never_answered_is_tried_five_times(world):
    """And then it has failed."""
    ids = world.fill(5)
    world.account.fault(Fault.SERVER_ERROR, method="PUT", id=ids[2], times=1000)
    seen = sound(world.stopped(Selection()))
    assert seen.outcome(ids[2]) is PauseOutcome.FAILED
    assert sum(one.method == "PUT" and one.id == ids[2] for one in seen.requests) == 5
    assert [one.campaign_id for one in seen.report.running] == [ids[2]]


def test_also_once_tries_again(world):
    """Once is about what is created meanwhile."""
    ids = world.fill(5)
    world.account.fault(Fault.SERVER_ERROR, method="PUT", id=ids[2], times=2)
    seen = sound(world.stopped(Selection(), once=True))
    assert seen.report.counts == {PauseOutcome.PAUSED: 5}


def test_a_storm_of_429_is_waited_for(world):
    """As long as the server asks for, and then it goes on."""
    world.fill(40)
    world.account.fault(Fault.RATE_LIMITED, times=6, after=5, retry_after=20)
    seen = sound(world.stopped(Selection()))
    assert seen.report.counts == {PauseOutcome.PAUSED: 40}
    codes = {entry.number: entry.status_code for entry in world.account.journal}
    refused = [one for one in seen.requests if codes[one.number] == 429]
    assert len(refused) == 6
    for one in refused:
        assert not [two for two in seen.requests if one.answered_at < two.sent_at < one.answered_at + 20]


@pytest.mark.parametrize("kind", [Fault.RATE_LIMITED, Fault.SERVER_ERROR, Fault.RESET])
def test_a_list_that_fails_for_minutes_ends_nothing(world, kind):
    """It is waited for much longer than a single call would, where an earlier one could be read."""
    world.fill(40)
    world.account.fault(kind, method="GET", times=9, after=1, retry_after=20)
    seen = sound(world.stopped(Selection()))
    assert seen.report.counts == {PauseOutcome.PAUSED: 40}
    assert seen.report


@pytest.mark.parametrize("kind", [Fault.LOST_AFTER, Fault.LOST_BEFORE, Fault.RESET, Fault.RESET_AFTER])
def test_lost_answers_are_looked_into(world, kind):
    """Whether it was applied or not, each is paused in the end."""
    world.fill(20)
    world.account.fault(kind, method="PUT", times=5, after=3)
    seen = sound(world.stopped(Selection()))
    assert seen.report.counts == {PauseOutcome.PAUSED: 20}


def test_wrong_credentials_raise(world):
    """Nothing was paused, and there is nothing to report."""
    world.fill(3)
    seen = world.stopped(Selection(), client={"api_token": "wrong"})
    assert isinstance(seen.error, errors.AuthenticationError)
    assert seen.report is None
    assert len(seen.requests) == 1


def test_a_channel_that_cannot_be_listed_leaves_it_uncertain(world):
    """The other one is paused all the same."""
    world.fill(5)
    world.fill(5, channel="voice")
    inner = refuses("/campaigns")
    seen = world.stopped(BOTH, client={"inner": inner(world)})
    assert seen.report.counts == {PauseOutcome.PAUSED: 5}
    assert not seen.report.certain
    assert set(seen.report.closed) == {"message"}
    assert any("voice" in problem for problem in seen.report.problems)


def refuses(end):
    """A transport that answers 403 where a path ends so."""

    def made(world):
        class Refusing(SimulatorTransport):
            async def handle_async_request(self, request):
                if request.url.path.endswith(end):
                    return httpx.Response(403, json={})
                return await super().handle_async_request(request)

        return Refusing(world.account)

    return made


def test_an_id_that_is_none_has_failed_and_the_others_are_paused(world):
    """It is unknown whether it runs: perhaps another one was meant."""
    ids = world.fill(2)
    seen = sound(world.stopped(Selection(ids=[ids[0], ids[1][:-1] + "x", ids[1]])))
    assert seen.report.counts == {PauseOutcome.PAUSED: 2, PauseOutcome.FAILED: 1}
    assert not seen.report.certain


def test_a_page_that_is_too_large_is_asked_for_in_halves(world):
    """Nothing is given up for it."""
    world.fill(10, channel="voice", lists=["x" * 600_000])
    seen = sound(world.stopped(Selection(channels="voice")))
    assert seen.report.counts == {PauseOutcome.PAUSED: 10}
    assert seen.report


# What others do


def test_somebody_who_resumes_once_is_paused_again(world):
    ids = world.fill(3)
    world.account.fault(Fault.MOVED, method="PUT", id=ids[1], to_status="in-progress")
    seen = sound(world.stopped(Selection()))
    assert seen.report
    assert [one.outcome for one in seen.of(ids[1])] == [PauseOutcome.PAUSED] * 2


def test_somebody_who_always_resumes_gets_it_after_two_pauses(world):
    """It moved away; it is not fought about."""
    ids = world.fill(3)
    world.account.fault(Fault.MOVED, method="PUT", id=ids[1], times=1000, to_status="in-progress")
    seen = sound(world.stopped(Selection()))
    assert seen.outcome(ids[1]) is PauseOutcome.MOVED_AWAY
    assert sum(one.method == "PUT" and one.id == ids[1] for one in seen.requests) == 2
    assert [one.campaign_id for one in seen.report.running] == [ids[1]]
    assert seen.report.certain


def creates(world, count):
    async def others():
        for _ in range(count):
            await trio.sleep(20)
            world.tick()
            world.add("in-progress")

    return others


def test_what_is_created_meanwhile_is_paused_too(world):
    world.fill(60)
    seen = sound(world.stopped(Selection(), others=creates(world, 3)))
    assert seen.report.counts == {PauseOutcome.PAUSED: 63}
    assert seen.report


def test_once_leaves_what_is_created_meanwhile_and_tells_of_it(world):
    ids = world.fill(60)
    seen = sound(world.stopped(Selection(), others=creates(world, 3), once=True))
    assert seen.report.counts == {PauseOutcome.PAUSED: 60, PauseOutcome.NOT_TRIED: 3}
    assert {one.campaign_id for one in seen.report.running} == world.births.keys() - set(ids)
    assert seen.report.certain


def test_once_pauses_what_started_between_two_lists(world):
    """It was in neither: not in progress yet, and no longer created."""
    world.fill(40)
    starts = world.add("created", start=world.now + timedelta(seconds=30))
    seen = sound(world.stopped(Selection(), once=True))
    assert seen.outcome(starts) is PauseOutcome.PAUSED


def test_what_does_not_fit_does_not_end_the_list(world):
    """Whole pages of other names stand before the one that is meant."""
    meant = world.add("in-progress", name="otp-1", start=world.now - timedelta(hours=1))
    world.fill(70, name="sale")
    seen = sound(world.stopped(Selection(names="otp-*")))
    assert seen.outcome(meant) is PauseOutcome.PAUSED
    assert seen.report


def test_a_list_that_moves_up_while_it_is_read_hides_nothing(world):
    """Others end before it, so that it slips from one page to the one that was read already."""
    others = [world.add("in-progress", name="sale", start=world.now - timedelta(minutes=n)) for n in range(60)]
    meant = world.add("in-progress", name="otp-1", start=world.now - timedelta(minutes=28, seconds=30))

    async def ends():
        await trio.sleep(0.11)  # between the first page and the second
        for one in others[:5]:
            world.move(one, "completed")

    seen = sound(world.stopped(Selection(names="otp-*"), others=ends))
    assert seen.outcome(meant) is PauseOutcome.PAUSED


def test_the_order_is_that_of_the_harm(world):
    """Who contacts people now comes first, then by the earliest start."""
    later = [world.add("created", start=world.now + timedelta(hours=hours)) for hours in (3, 1, 2)]
    running = world.fill(2)
    seen = sound(world.stopped(Selection(), concurrency=1))
    sent = [one.id for one in seen.requests if one.method == "PUT"]
    assert set(sent[:2]) == set(running)
    assert sent[2:] == [later[1], later[2], later[0]]


# How it ends


def test_its_time_is_up(world):
    """Nothing new is begun after that; what still runs is looked up once more."""
    world.fill(100)
    seen = sound(world.stopped(Selection(), timeout=70))
    assert seen.count("PUT") == 58
    assert max(one.sent_at for one in seen.requests) <= 75
    assert not seen.report.certain
    assert "its time was up before it was done." in seen.report.problems


def test_it_is_called_off(world):
    """What is under way ends, nothing new is begun, and there is one more look if there is room."""
    world.fill(20)

    def begun(results):
        world.results = results

    async def others():
        await trio.sleep(0.25)  # the list is there and eight are out
        world.results.call_off()

    seen = sound(world.stopped(Selection(), others=others, begun=begun, concurrency=4))
    assert [one.method for one in seen.requests] == ["GET", *["PUT"] * 8, "GET"]
    assert seen.report.counts == {PauseOutcome.PAUSED: 8, PauseOutcome.NOT_TRIED: 12}
    assert len(seen.report.running) == 12
    assert not seen.report.certain


def test_called_off_without_room_it_ends_with_the_last_readings(world):
    """Nobody waits a minute for a last look."""
    world.fill(60)

    def begun(results):
        world.results = results

    async def others():
        await trio.sleep(20)
        world.results.call_off()

    seen = sound(world.stopped(Selection(), others=others, begun=begun))
    assert len(seen.requests) == 30
    assert seen.seconds < 27
    assert not seen.report.closed
    assert not seen.report.certain


def test_who_leaves_leaves_nothing_running(world):
    """After the first result: what is out comes back, and nothing more arrives."""
    world.fill(25)

    async def scenario():
        async with world.client() as client:
            async with client.pause_many(Selection(), concurrency=4) as results:
                async for _ in results:
                    break
            arrived = len(world.account.arrived)
            assert world.in_flight == 0
            await trio.sleep(300)
            assert len(world.account.arrived) == arrived <= 1 + 8
            # What was set aside has been given back: there is room for the rest.
            async with client.pause_many(Selection()) as results:
                return [result async for result in results], arrived

    results, arrived = world.run(scenario)
    assert len(results) == 25 - (arrived - 1)


def test_a_confirmation_reaches_those_at_work(world):
    """The policy asks for one before a pause; without it each is refused."""
    world.fill(3)
    asks = Policy(scopes=(Scope(confirm=frozenset({Action.PAUSE})),))
    seen = world.stopped(Selection(), client={"policy": asks})
    assert seen.report.counts == {PauseOutcome.REFUSED: 3}
    assert not seen.count("PUT")
    with confirmed():
        again = World()
        again.fill(3)
        assert again.stopped(Selection(), client={"policy": asks}).report.counts == {PauseOutcome.PAUSED: 3}


@pytest.mark.anyio
async def test_an_error_of_the_block_itself_comes_out_of_it(anyio_backend):
    """What is under way is seen to its end before."""
    account = Simulator()
    account.add("in-progress")
    keys = {"account_sid": "acme1", "api_key": "key", "api_token": "token", "base_url": "http://127.0.0.1:1"}
    async with AsyncCampaignClient(**keys, transport=SimulatorTransport(account)) as client:
        with pytest.raises(KeyError):  # noqa: PT012
            async with client.pause_many(Selection()) as results:
                await anext(aiter(results))
                raise KeyError


def test_a_confirmation_reaches_the_threads_too():
    """Each of them sees what whoever begins has confirmed."""
    account = Simulator()
    account.add("in-progress")
    keys = {"account_sid": "acme1", "api_key": "key", "api_token": "token", "base_url": "http://127.0.0.1:1"}
    asks = Policy(scopes=(Scope(confirm=frozenset({Action.PAUSE})),))
    with CampaignClient(**keys, transport=SimulatorTransport(account), policy=asks) as client, confirmed():
        with client.pause_many(Selection()) as results:
            assert [one.outcome for one in results] == [PauseOutcome.PAUSED]


@pytest.mark.parametrize("kind", [Fault.LOST_AFTER, Fault.REJECTED])
def test_a_pause_that_was_sent_is_never_not_tried(world, kind):
    """Called off while the look after it waits for the budget, it is unknown or has failed."""
    ids = world.fill(29)
    world.account.fault(kind, method="PUT", id=ids[0])

    def begun(results):
        world.results = results

    async def others():
        await trio.sleep(10)
        world.results.call_off()

    seen = sound(world.stopped(Selection(), others=others, begun=begun))
    expected = PauseOutcome.UNKNOWN if kind is Fault.LOST_AFTER else PauseOutcome.FAILED
    assert seen.outcome(ids[0]) is expected


@pytest.mark.parametrize("readable", [True, False])
def test_what_failed_and_has_ended_since_is_read_again(readable):
    """The closing list does not show it, and the last reading says that it runs."""
    world = World(lambda: 0.5)
    ids = world.fill(40)
    world.account.fault(Fault.REJECTED, method="PUT", id=ids[0])

    async def others():
        await trio.sleep(62.5)  # it was read in the second minute, and the closing list is still to come
        world.move(ids[0], "completed")
        if not readable:
            world.account.fault(Fault.REJECTED, method="GET", id=ids[0], times=9)

    seen = sound(world.stopped(Selection(), others=others))
    assert seen.outcome(ids[0]) is (PauseOutcome.OVER if readable else PauseOutcome.FAILED)
    assert bool(seen.report) is seen.report.certain is readable


# On real sockets


@pytest.mark.parametrize("name", FACES)
def test_all_faces_say_the_same(name, impatient, pace):
    """Over real sockets, with faults of the socket."""
    pace(first_delay=0.01)
    account = Simulator()
    ids = [account.add("in-progress") for _ in range(12)] + [account.add("paused"), account.add("completed")]
    account.fault(Fault.LOST_AFTER, method="PUT", id=ids[3])
    account.fault(Fault.RESET, method="PUT", id=ids[4])
    account.fault(Fault.REJECTED, method="PUT", id=ids[5], times=9)
    seen = []
    face = Face(name)
    with SimulatorServer(account) as server:

        async def scenario():
            async with face.campaigns(server.base_url, None) as client:
                results = client.real.pause_many(Selection(), on_event=seen.append)
                if face.is_async:
                    async with results:
                        seen.extend([one async for one in results])
                else:
                    with results:
                        seen.extend(results)
                return results.report

        report = face.run(scenario)
    assert report.counts == {PauseOutcome.PAUSED: 11, PauseOutcome.FAILED: 1}
    assert [one.campaign_id for one in report.running] == [ids[5]]
    assert report.requests == sum(entry.kind == "request" for entry in account.journal)
    assert [one.closing for one in seen if isinstance(one, Listed)][-1]


def test_a_thread_s_leaver_leaves_no_thread():
    """After the first result the block is left: nothing more arrives."""
    account = Simulator()
    for _ in range(30):
        account.add("in-progress")
    with SimulatorServer(account) as server:
        settings = {"account_sid": "acme1", "api_key": "key", "api_token": "token", "base_url": server.base_url}
        with CampaignClient(**settings) as client:
            before = {thread.name for thread in threading.enumerate()}
            with client.pause_many(Selection(), concurrency=3) as results:
                next(iter(results))
            left = [one for one in threading.enumerate() if one.name not in before and "_serve" in one.name]
            assert not left
            arrived = len(account.journal)
            anyio.run(anyio.sleep, 0.1)
            assert len(account.journal) == arrived < 31

"""Servers and people that do what nobody expects: what is reported stays true, and it ends."""

import json
import threading
from datetime import timedelta

import anyio
import attrs
import httpx
import pytest

from campaign_fsm import (
    AsyncCampaignClient,
    CampaignClient,
    CampaignFsmError,
    PauseOutcome,
    Selection,
    Simulator,
    SimulatorTransport,
    UnexpectedAnswer,
)
from campaign_fsm.gate import budget
from campaign_fsm.gate.budget import Budgets

KEYS = {"account_sid": "acme1", "api_key": "key", "api_token": "token"}
BOTH = Selection(channels=("message", "voice"))


class Odd(Simulator):
    """Each request may be answered by something else.

    Attributes:
        odd: Given method, target and body, says what is done instead: a status code, bytes for the body, or None.
        seen: Methods and targets of all requests.
    """

    def __init__(self, **settings):
        super().__init__(**settings)
        self.odd, self.seen = lambda *_: None, []

    def handle(self, method, target, headers, body):
        self.seen.append((method, target))
        found = self.odd(method, target, body)
        reply = super().handle(method, target, headers, body) if not isinstance(found, int) else None
        if isinstance(found, int):
            blank = super().handle("GET", "/nowhere", headers, b"")
            return attrs.evolve(blank, status_code=found, body=b'{"http_code": %d}' % found)
        return reply if found is None else attrs.evolve(reply, body=found)


@pytest.fixture
def account(pace):
    pace(first_delay=0.001, longest_delay=0.002, looks=(0.0, 0.0))
    return Odd()


def stopped(account, selection=BOTH, deadline=0.02, **settings):
    """What is reported, and the results that came."""
    with CampaignClient(transport=SimulatorTransport(account), deadline=deadline, **KEYS) as client:
        results = client.pause_many(selection, **settings)
        with results:
            came = list(results)
    return results.report, came


def is_list(method, target, channel=None):
    collection = {None: "campaigns?", "message": "message-campaigns?", "voice": "/campaigns?"}[channel]
    return method == "GET" and collection in target


def status_in(target):
    return target.partition("status=")[2].split("&")[0]


# lists


def test_what_starts_between_two_lists_is_found(account):
    """It is not in progress yet in the first, and no longer created in the second: only one list of both closes."""
    campaign = account.add("created", start=account.now + timedelta(seconds=5))
    late = iter([None])

    def odd(method, target, _):
        if status_in(target) == "scheduled" and next(late, 1) is None:
            account.advance(6)

    account.odd = odd
    report, _ = stopped(account, Selection())
    assert report
    assert account.status(campaign) == "paused"


def test_a_first_page_on_which_nothing_fits_is_not_the_last(account):
    """Nor is one of campaigns of another status, where the server ignores the filter."""
    for number in range(120):
        account.add("in-progress", name=f"news-{number}")
    late = account.now - timedelta(days=9)  # the lists have the latest start first
    wanted = [account.add("in-progress", name=f"otp-{number}", start=late) for number in range(3)]
    report, _ = stopped(account, Selection(names="otp-*"))
    assert report
    assert [account.status(one) for one in wanted] == ["paused"] * 3


def test_a_list_without_a_total_is_read_to_its_end(account):
    """Also where its pages are shorter than what was asked for."""
    for _ in range(70):
        account.add("in-progress")

    def odd(method, target, body):
        if not is_list(method, target):
            return None
        reply = json.loads(Simulator.handle(account, method, target, [("Authorization", BASIC)], body).body)
        del reply["metadata"]["total"]
        reply["response"] = reply["response"][:20]
        return json.dumps(reply).encode()

    account.odd = odd
    report, _ = stopped(account, Selection())
    assert report
    assert report.counts == {PauseOutcome.PAUSED: 70}


BASIC = "Basic a2V5OnRva2Vu"


def test_a_full_page_is_not_taken_for_the_last(account):
    """A server may count what it shows and not what there is."""
    for _ in range(90):
        account.add("in-progress")

    def odd(method, target, body):
        if not is_list(method, target, "message"):
            return None
        reply = json.loads(Simulator.handle(account, method, target, [("Authorization", BASIC)], body).body)
        reply["metadata"]["total"] = len(reply["response"])
        return json.dumps(reply).encode()

    account.odd = odd
    account.fault("rejected", method="PUT", times=50)  # a whole page that stays where it is
    report, _ = stopped(account, Selection())
    assert report.counts == {PauseOutcome.PAUSED: 40, PauseOutcome.FAILED: 50}


def test_what_stays_in_a_list_without_a_total_does_not_hide_its_end(account):
    """Its last entry is all that the next page shows, and then there is nothing: that is no list that moves."""
    account.add("in-progress", name="otp-1")
    account.add("in-progress", name="other")

    def odd(method, target, body):
        if not is_list(method, target):
            return None
        reply = json.loads(Simulator.handle(account, method, target, [("Authorization", BASIC)], body).body)
        del reply["metadata"]["total"]
        return json.dumps(reply).encode()

    account.odd = odd
    report, _ = stopped(account, Selection(names="otp-*"))
    assert report
    assert len(account.seen) < 20


@pytest.mark.parametrize("once", [False, True])
def test_a_list_that_never_ends_is_not_read_for_ever(account, once):
    """The same page, whatever is asked for, and no total: it says so."""
    campaign = account.add("in-progress")
    account.fault("rejected", method="PUT", times=10**6)

    def odd(method, target, body):
        if not is_list(method, target):
            return None
        first = target.replace(f"offset={target.partition('offset=')[2].split('&')[0]}", "offset=0")
        reply = json.loads(Simulator.handle(account, method, first, [("Authorization", BASIC)], body).body)
        del reply["metadata"]["total"]
        return json.dumps(reply).encode()

    account.odd = odd
    report, _ = stopped(account, Selection(), once=once)
    assert not report.certain
    assert "does not go on" in " ".join(report.problems)
    assert [one.campaign_id for one in report.running] == [campaign]
    assert len(account.seen) < 30


@pytest.mark.parametrize("code", [503, 401, 403])
def test_a_list_that_cannot_be_had_holds_up_no_other(account, code):
    """The other kind of campaigns is stopped, those that are created too; and it is said which list was not read."""
    mine = [account.add(status, start=account.now + timedelta(hours=3)) for status in ("created", "in-progress")]
    account.add("in-progress", channel="voice")
    account.odd = lambda method, target, _: code if is_list(method, target, "voice") else None
    report, _ = stopped(account)
    assert [account.status(one) for one in mine] == ["paused", "paused"]
    assert not report.certain
    assert "the list of voice campaigns could not be read" in " ".join(report.problems)
    assert list(report.closed) == ["message"]


@pytest.mark.parametrize("kind", ["malformed", "server-error", "wrong-shape", "truncated", "rate-limited", "rejected"])
def test_a_list_that_fails_once_is_read_again(account, kind):
    """And what was wrong with it is no problem any more."""
    campaign = account.add("in-progress")
    account.fault(kind, method="GET", times=1, retry_after=0)
    report, _ = stopped(account)
    assert report
    assert report.problems == ()
    assert account.status(campaign) == "paused"


def test_an_entry_that_cannot_be_read_hides_no_other(account):
    """The pages are halved until it stands alone, and it is passed by."""
    odd_one = 7
    ids = [account.add("in-progress", name=f"n{number}") for number in range(20)]

    def odd(method, target, body):
        if not is_list(method, target, "message"):
            return None
        reply = Simulator.handle(account, method, target, [("Authorization", BASIC)], body)
        return reply.body.replace(f'"n{odd_one}"'.encode(), b'"\\ud83d"')

    account.odd = odd
    report, _ = stopped(account, Selection())
    assert sorted(one for one in ids if account.status(one) == "in-progress") == [ids[odd_one]]
    assert not report.certain
    assert "an entry of the list of message campaigns could not be read." in report.problems
    assert len(account.seen) < 100


def test_what_is_no_list_is_waited_for_and_not_searched(account):
    """A page of a proxy hides nothing: it is asked for in halves once, and then like any list that fails."""
    campaign = account.add("in-progress")
    account.odd = lambda method, target, _: b"<html>back soon</html>" if is_list(method, target) else None
    with pytest.raises(UnexpectedAnswer):
        stopped(account, Selection(), deadline=0.0)
    assert len(account.seen) < 40
    answered = []

    def odd(method, target, _):
        if is_list(method, target) and len(answered) < 20:
            answered.append(target)
            return b"<html>back soon</html>"
        return None

    account.odd = odd
    report, _ = stopped(account, Selection(), deadline=30)
    assert report
    assert report.problems == ()
    assert account.status(campaign) == "paused"


def test_an_entry_that_is_larger_than_a_read_hides_no_other(account):
    """It is passed by, in few requests, and told."""
    ids = [account.add("in-progress", channel="voice", lists=["x" * 10]) for _ in range(9)]
    account.campaigns[ids[4]].parameters["lists"] = ["x" * 5_000_000]
    report, _ = stopped(account, Selection(channels="voice"))
    assert [one for one in ids if account.status(one) == "in-progress"] == [ids[4]]
    assert "an entry of the list of voice campaigns could not be read." in report.problems
    assert len(account.seen) < 120


def test_wrong_credentials_are_raised_for_ids_too(account):
    """Nothing was paused; the others are not tried."""
    ids = [account.add("in-progress") for _ in range(20)]
    account.odd = lambda *_: 401
    with pytest.raises(CampaignFsmError, match="401"):
        stopped(account, Selection(ids=ids), concurrency=2)
    assert len(account.seen) < 10


class Failing(SimulatorTransport):
    """A pause arrives, and then something of the client's own fails."""

    def handle_request(self, request):
        response = super().handle_request(request)
        if request.method == "PUT":
            raise KeyboardInterrupt
        return response


def test_what_is_broken_off_by_an_error_of_its_own_is_unknown(account):
    """The pause was sent; it is not told as never tried."""
    campaign = account.add("in-progress")
    with CampaignClient(transport=Failing(account), **KEYS) as client:
        results = client.pause_many(Selection())
        with pytest.raises(KeyboardInterrupt), results:
            list(results)
    assert results.report.results["message", campaign].outcome is PauseOutcome.UNKNOWN
    assert results.is_closed


def test_what_was_abandoned_before_it_began_has_a_report(account):
    """A second Ctrl-C may come at any time."""
    with CampaignClient(transport=SimulatorTransport(account), **KEYS) as client:
        results = client.pause_many(Selection())
        results.abandon()
        assert not results.report
        assert not results.is_closed


def test_a_status_on_no_list_is_told(account):
    """Whether it runs is unknown."""
    campaign = account.add("in-progress")

    def odd(method, target, body):
        if is_list(method, target, "message"):
            reply = Simulator.handle(account, method, target, [("Authorization", BASIC)], body)
            return reply.body.replace(b'"in-progress"', b'"running"')
        return None

    account.odd = odd
    report, _ = stopped(account, Selection())
    assert not report.certain
    assert f"message campaign {campaign} has a status that is on no list." in report.problems


# campaigns


def test_what_a_list_shows_running_is_not_told_as_stopped(account):
    """It was paused, somebody resumes it, and it alone cannot be read any more."""
    campaign = account.add("in-progress")
    paused = []

    def odd(method, target, _):
        if method == "PUT":
            paused.append(1)
        elif paused and is_list(method, target) and account.status(campaign) == "paused":
            account.move(campaign, "in-progress")
        return 403 if paused and method == "GET" and target.endswith(campaign) else None

    account.odd = odd
    report, _ = stopped(account, Selection())
    assert not report
    assert [one.campaign_id for one in report.running] == [campaign]


@pytest.mark.parametrize("status", ["completed", "deleted"])
def test_what_failed_and_is_over_since_runs_no_more(account, status):
    """The closing list does not show it, so it is read; one that is not there any more was deleted."""
    campaign, other = account.add("in-progress"), account.add("in-progress")
    account.fault("rejected", method="PUT", id=campaign, times=9)
    moved = []

    def odd(method, target, _):
        if status_in(target) == "in-progress,scheduled" and not moved:
            moved.append(account.move(campaign, status))

    account.odd = odd
    report, _ = stopped(account, Selection())
    assert report
    assert report.counts == {PauseOutcome.PAUSED: 1, PauseOutcome.OVER: 1}
    assert account.status(other) == "paused"


def test_what_is_not_there_any_more_was_deleted(account):
    """No list shows it, and to ask for it is a 404."""
    campaign = account.add("in-progress", channel="voice")
    account.fault("rejected", method="PUT", id=campaign, times=9)

    def odd(method, target, _):
        if status_in(target) == "created,in-progress":
            account.move(campaign, "deleted")
        return 404 if method == "GET" and target.endswith(campaign) and account.status(campaign) == "deleted" else None

    account.odd = odd
    report, _ = stopped(account, Selection(channels="voice"))
    assert report
    assert report.results["voice", campaign].status == "deleted"


def test_whoever_was_faster_is_told(account):
    """Also where it was paused by us before, and somebody has resumed it in between."""
    campaign = account.add("in-progress")
    account.add("created", start=account.now + timedelta(hours=3))  # so that there is another round
    puts = []

    def odd(method, target, _):
        if method == "PUT" and target.endswith(campaign):
            puts.append(1)
            if len(puts) == 2:
                account.move(campaign, "paused")
        elif is_list(method, target, "message") and "scheduled" in target and len(puts) == 1:
            account.move(campaign, "in-progress")

    account.odd = odd
    report, came = stopped(account, Selection())
    assert report
    assert [one.outcome for one in came if one.campaign_id == campaign] == [
        PauseOutcome.PAUSED,
        PauseOutcome.WAS_PAUSED,
    ]


def test_what_no_list_shows_any_more_and_still_runs_is_paused(account):
    """It has failed once, and is no longer of the status that was asked for; or its list cannot be had any more."""
    campaign = account.add("created", start=account.now + timedelta(hours=3))
    account.fault("server-error", method="PUT", id=campaign)

    def odd(method, target, _):
        if method == "PUT" and account.status(campaign) == "created":
            account.advance(4 * 3600)

    account.odd = odd
    report, _ = stopped(account, Selection(statuses="created"))
    assert account.status(campaign) == "paused"
    assert len(account.seen) < 20
    other = account.add("in-progress", channel="voice")
    account.fault("server-error", method="PUT", id=other)
    tried = []

    def closed(method, target, _):
        tried.extend([1] if method == "PUT" else [])
        return 403 if tried and is_list(method, target, "voice") else None

    account.odd = closed
    report, _ = stopped(account)
    assert account.status(other) == "paused"
    assert not report.certain
    assert len(account.seen) < 50


def test_what_runs_again_when_its_list_is_read_once_more_is_told(account):
    """Somebody was faster, and has resumed it since, in the same round."""
    for number in range(99):
        account.add("in-progress", name=f"n{number}")
    campaign = account.add("in-progress", name="otp")
    lists = []

    def odd(method, target, _):
        if method == "PUT":
            account.move(campaign, "paused")
        elif is_list(method, target):
            lists.append(1)
            if account.status(campaign) == "paused":
                account.move(campaign, "in-progress")

    account.odd = odd
    report, _ = stopped(account, Selection(statuses="in-progress", names="otp"))
    assert bool(report) is (account.status(campaign) == "paused")


def test_an_outage_fails_nobody(account):
    """While nothing else gets through, that a pause does not is not the campaign's fault."""
    ids = [account.add("in-progress") for _ in range(12)]
    account.fault("server-error", method="PUT", times=120)
    report, _ = stopped(account, Selection(), deadline=30)
    assert report
    assert [account.status(one) for one in ids] == ["paused"] * 12


def test_429_fails_nobody(account):
    """It is the account that makes too many requests, perhaps by another program; one that lasts too long does."""
    ids = [account.add("in-progress") for _ in range(5)]
    account.fault("rate-limited", method="PUT", times=60, retry_after=0)
    report, _ = stopped(account, Selection(), deadline=30)
    assert report
    assert [account.status(one) for one in ids] == ["paused"] * 5
    late = account.add("in-progress")
    account.fault("rate-limited", method="PUT", times=10**6, retry_after=0)
    report, _ = stopped(account, Selection(), deadline=0.05)
    assert report.results["message", late].outcome is PauseOutcome.FAILED


def test_ids_are_looked_at_again_if_that_is_long_ago(account):
    """The first is resumed while the last is paused: it is paused once more."""
    first, last = account.add("in-progress"), account.add("in-progress")

    def odd(method, target, _):
        if method == "PUT" and target.endswith(last) and account.status(first) == "paused":
            account.move(first, "in-progress")

    account.odd = odd
    report, _ = stopped(account, Selection(ids=[first, last]), concurrency=1, max_age=0.0)
    assert report
    assert account.status(first) == "paused"


def test_a_lost_answer_does_not_wait_for_what_its_own_list_has_set_aside():
    """The look after it finds room: what no pause needs was given back."""
    budget.renew(Budgets(is_limited=lambda _: False, minute=30.0))
    account = Odd()
    for _ in range(5):
        account.add("in-progress")
    account.fault("lost-after", method="PUT")
    waits = []
    transport = SimulatorTransport(account)
    with (
        CampaignClient(transport=transport, budget=30, on_wait=waits.append, **KEYS) as client,
        client.pause_many(Selection()) as results,
    ):
        assert len([*results]) == 5
    assert waits == []


# how it ends


@pytest.mark.parametrize("how", ["called off", "time"])
def test_whoever_ends_it_while_lists_fail_is_heard(account, how):
    """It is not asked again and again without a pause in between."""
    account.add("in-progress")
    account.fault("server-error", method="GET", times=10**6)
    with CampaignClient(transport=SimulatorTransport(account), deadline=60, **KEYS) as client:
        results = client.pause_many(Selection(), timeout=0.2 if how == "time" else None)
        with results:
            if how == "called off":
                threading.Timer(0.2, results.call_off).start()
            with pytest.raises(Exception, match="503"):
                list(results)
    assert not results.report.certain
    assert len(account.seen) < 300


def test_whoever_breaks_off_gets_a_report_of_what_has_ended(account):
    """Every pause that arrived is told, and what was not begun is not tried."""
    ids = [account.add("in-progress") for _ in range(30)]
    with CampaignClient(transport=SimulatorTransport(account), **KEYS) as client:
        with client.pause_many(Selection()) as results:
            for _ in results:
                break
        never = client.pause_many(Selection())
        with never:
            pass
    arrived = {entry.id for entry in account.journal if entry.method == "PUT"}
    told = {one for (_, one), result in results.report.results.items() if result.outcome is PauseOutcome.PAUSED}
    assert told == arrived
    assert {result.campaign_id for result in results.report.running} == {*ids} - arrived
    assert results.report.requests + never.report.requests == len(account.journal)
    assert never.report.results == {}
    assert not never.report


def test_whoever_leaves_at_once_is_told_what_has_ended(account):
    """Though nobody has taken it yet."""
    for _ in range(6):
        account.add("in-progress")
    with (
        CampaignClient(transport=SimulatorTransport(account), **KEYS) as client,
        client.pause_many(Selection()) as results,
    ):
        next(iter(results))
        threading.Event().wait(0.3)
        results.abandon()
    assert results.report.counts == {PauseOutcome.PAUSED: 6}
    assert results.report.requests == len(account.journal)
    assert "unknown whether" not in " ".join(results.report.problems)


class Broken(SimulatorTransport):
    """A mock that ends the test, as those of pytest do."""

    def handle_request(self, request):
        if request.method == "PUT":
            raise SystemExit(3)
        return super().handle_request(request)


def test_what_ends_a_worker_comes_out(account):
    """And nobody waits for ever."""
    account.add("in-progress")
    with CampaignClient(transport=Broken(account), **KEYS) as client, client.pause_many(Selection()) as results:
        with pytest.raises(SystemExit):
            list(results)


def test_whoever_forgets_it_leaves_no_thread_behind(account):
    """Its threads end with it."""
    before = {*threading.enumerate()}
    for _ in range(9):
        account.add("in-progress")
    with CampaignClient(transport=SimulatorTransport(account), **KEYS) as client:
        results = client.pause_many(Selection()).__enter__()
        next(iter(results))
        its = {*threading.enumerate()} - before
        assert its
        del results
        for thread in its:
            thread.join(5)
    assert not any(thread.is_alive() for thread in its)


class Slow(SimulatorTransport):
    """A pause takes its time."""

    async def handle_async_request(self, request):
        response = await super().handle_async_request(request)
        if request.method == "PUT":
            await anyio.sleep(9)
        return response


def test_a_canceled_pause_is_unknown(account, anyio_backend):
    """It was sent, and nobody has waited for what became of it."""
    ids = {account.add("in-progress") for _ in range(3)}

    async def main():
        async with AsyncCampaignClient(transport=Slow(account), http=httpx, **KEYS) as client:
            results = client.pause_many(Selection())
            with anyio.move_on_after(0.2):
                async with results:
                    async for _ in results:
                        pass
            return results.report

    report = anyio.run(main, backend=anyio_backend)
    assert {one.campaign_id for one in report.results.values() if one.outcome is PauseOutcome.UNKNOWN} == ids
    assert all(one.error is not None for one in report.results.values())
    assert not report.certain

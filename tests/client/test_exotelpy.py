"""exotelpy, the client that there was before, against the simulator: it speaks what real clients expect.

It knows create, get, list and recipients on both channels, and delete on voice; no life cycle.
"""

from datetime import UTC, datetime, timedelta

import pytest

from campaign_fsm import Simulator, SimulatorServer

exotelpy = pytest.importorskip("exotelpy", reason="exotelpy is not installed")

from exotelpy.exceptions import (  # noqa: E402 (after the skip)
    AuthenticationFailed,
    NotFound,
    PaymentRequired,
    PermissionDenied,
    Throttled,
    ValidationError,
)
from exotelpy.exotel import Exotel, Retry, Schedule  # noqa: E402

NUMBER = "+919876543210"


@pytest.fixture
def simulator():
    return Simulator()


@pytest.fixture
def peer(simulator):
    with SimulatorServer(simulator) as server:
        yield Exotel(simulator.account_sid, simulator.api_key, simulator.api_token, server.base_url)


def schedule(simulator):
    return Schedule(simulator.now + timedelta(hours=1), simulator.now + timedelta(hours=5))


def create_voice(peer, simulator, **changes):
    return peer.create_campaign(
        "08047112400",
        "1",
        **{"from_": [NUMBER], "name": "diwali", "schedule": schedule(simulator), **changes},
        retry=Retry(1, 5, ["busy", "no-answer"]),
        status_callback="https://example.com/done",
    )


def create_message(peer, simulator):
    return peer.create_message_campaign(
        "static", ["a"], 1101, 1107, "EXOTEL", "transactional", "Hello.", "camp1", "SMS", schedule(simulator)
    )


def the_item(answer):
    (item,) = answer["response"] if isinstance(answer["response"], list) else [answer["response"]]
    return item["code"], item["status"], item["data"]


def applied(simulator):
    return [(entry.action, entry.legal) for entry in simulator.journal if entry.applied]


def test_it_creates_reads_lists_and_deletes_voice_campaigns(peer, simulator):
    """The whole life that it knows; what it sent is what the server shows."""
    code, status, made = the_item(create_voice(peer, simulator))
    assert (code, status, made["status"]) == (200, "success", "Created")
    assert made["retries"]["on_status"] == ["busy", "no-answer"]
    code, _, shown = the_item(peer.get_campaign_details(made["id"]))
    assert (code, shown["name"], shown["from"]) == (200, "diwali", [NUMBER])
    assert datetime.fromisoformat(shown["schedule"]["send_at"]) == simulator.now + timedelta(hours=1)
    simulator.add(channel="voice", name="holi")
    listed = peer.get_bulk_campaign_details(offset=0, limit=500, name="diwali", sort_by="date_created:desc")
    assert [item["data"]["id"] for item in listed["response"]] == [made["id"]]
    assert listed["metadata"] == {"count": 1, "offset": 0, "total": 1, "limit": 500}
    with pytest.raises(NotFound):
        peer.get_campaign_call_details(made["id"], limit=10)  # there are no calls yet
    assert the_item(peer.delete_campaign(made["id"]))[0] == 200
    assert simulator.status(made["id"]) == "deleted"
    assert applied(simulator) == [("create", True), ("delete", True)]


def test_it_creates_reads_and_lists_message_campaigns(peer, simulator):
    """By its own names for parameters, and under the older path, to which it sends no channel."""
    code, status, made = the_item(create_message(peer, simulator))
    assert (code, status) == (200, "success")
    code, _, shown = the_item(peer.get_sms_campaign_details(made["sid"]))
    assert (code, shown["name"], shown["sid"]) == (200, "camp1", made["sid"])
    listed = peer.get_bulk_sms_campaign_details(limit=50)
    assert [item["data"]["sid"] for item in listed["response"]] == [made["sid"]]
    assert listed["metadata"]["total"] == 1
    assert applied(simulator) == [("create", True)]


def test_it_reads_what_became_of_each_number(peer, simulator):
    """Messages under the older alias, where it looks for them."""
    calls, messages = (simulator.add("in-progress", channel=channel) for channel in ("voice", "message"))
    found = peer.get_campaign_call_details(calls, offset=0, limit=10, status="completed", sort_by="date_created:asc")
    assert [item["data"]["status"] for item in found["response"]] == ["completed"] * 5
    found = peer.get_sms_campaign_sms_details(messages, offset=2, limit=5, sort_by="date_created:desc")
    assert (len(found["response"]), found["metadata"]["total"]) == (5, 10)


def test_it_creates_message_campaigns_under_the_older_alias(peer, simulator):
    """Its older method, with the names of the reference."""
    made = peer.create_sms_campaign(
        "static", ["a"], 1101, 1107, "EXOTEL", "promotional", "Hello.", "camp1", schedule(simulator)
    )
    code, _, shown = the_item(made)
    assert (code, shown["sms_type"], shown["dlt_entitiy_id"]) == (200, "promotional", 1101)


def test_it_pages_through_a_list(peer, simulator):
    """Offsets and limits of the page bulk-campaign-details."""
    ids = {simulator.add(channel="voice") for _ in range(25)}
    pages = [peer.get_bulk_campaign_details(offset=offset, limit=10) for offset in (0, 10, 20)]
    assert [page["metadata"]["count"] for page in pages] == [10, 10, 5]
    assert {item["data"]["id"] for page in pages for item in page["response"]} == ids
    (paused, *_) = ids
    simulator.move(paused, "in-progress")
    simulator.move(paused, "paused")
    found = peer.get_bulk_campaign_details(status="paused")
    assert [item["data"]["id"] for item in found["response"]] == [paused]


@pytest.mark.parametrize(
    ("status_code", "error"),
    [
        (400, ValidationError),
        (401, AuthenticationFailed),
        (402, PaymentRequired),
        (403, PermissionDenied),
        (404, NotFound),
    ],
)
def test_it_understands_the_errors_of_the_simulator(peer, simulator, status_code, error):
    """Each documented code, with a description where it looks for one."""
    campaign = simulator.add(channel="voice")
    simulator.fault("rejected", status_code=status_code)
    with pytest.raises(error):
        peer.get_campaign_details(campaign)


def test_it_understands_that_its_token_is_wrong(simulator):
    """The real 401, not a planned one: in the envelope, for it looks nowhere else."""
    with SimulatorServer(simulator) as server:
        stranger = Exotel(simulator.account_sid, simulator.api_key, "wrong", server.base_url)
        for step in (stranger.get_bulk_campaign_details, stranger.get_bulk_sms_campaign_details):
            with pytest.raises(AuthenticationFailed):
                step()


def test_it_understands_a_rate_limit(peer, simulator):
    """429."""
    campaign = simulator.add(channel="voice")
    simulator.fault("rate-limited")
    with pytest.raises(Throttled):
        peer.get_campaign_details(campaign)


@pytest.mark.parametrize("status_code", [409, 500])
def test_it_takes_a_failure_for_success(peer, simulator, status_code):
    """Why this package exists: a conflict and a broken server come back like any answer."""
    campaign = simulator.add("completed", channel="voice")
    if status_code == 500:
        simulator.fault("server-error", status_code=500)
    assert peer.delete_campaign(campaign)["http_code"] == status_code
    assert simulator.status(campaign) == "completed"
    assert applied(simulator) == []


def test_it_sends_what_is_illegal(peer, simulator):
    """Nothing stops it: the journal shows the request that our gate would not have let out."""
    campaign = simulator.add("completed", channel="voice", start=datetime.now(UTC))
    peer.delete_campaign(campaign)
    (entry,) = [entry for entry in simulator.journal if entry.action == "delete"]
    assert (entry.legal, entry.applied) == (False, False)

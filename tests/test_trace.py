"""The log and the decision trace: what they say of each request, and what they never say."""

import json
import logging
import re
import stat
import threading
from datetime import timedelta

import anyio
import pytest

from campaign_fsm import (
    AsyncCampaignClient,
    CampaignClient,
    Simulator,
    SimulatorTransport,
    Status,
    VoiceCampaignDraft,
    errors,
)
from campaign_fsm.trace import TraceFile

SECRETS = ["key-canary", "token-canary", "+919876543210", "the-secret-text", "9876543210", "reports.example"]


@pytest.fixture
def simulator():
    return Simulator(api_key="key-canary", api_token="token-canary")


def client_of(simulator, **settings):
    given = {"account_sid": "acme1", "api_key": "key-canary", "api_token": "token-canary", "deadline": 0}
    return CampaignClient(transport=SimulatorTransport(simulator), **{**given, **settings})


def told(events):
    return [(event["event"], event.get("action"), event.get("status"), event.get("code")) for event in events]


def test_a_write_is_told_step_by_step(simulator):
    """Read, decided, sent, answered, all of one flow, each with its version."""
    campaign = simulator.add("in-progress")
    events = []
    with client_of(simulator, trace=events.append) as client:
        client.pause(campaign)
    assert told(events) == [
        ("read", "pause", "in-progress", None),
        ("decided", "pause", None, "CF103"),
        ("sent", "pause", None, None),
        ("answered", "pause", "paused", None),
    ]
    assert len({event["flow"] for event in events}) == 1
    for event in events:
        assert (event["version"], event["account"], event["campaign"]) == (1, "acme1", campaign)
        assert event["channel"] == "message"
    read, _, sent, answered = events
    assert (read["status_code"], read["started"], sent["method"]) == (200, True, "PUT")
    assert answered["request_id"] != read["request_id"]
    assert answered["ms"] >= 0


def test_what_is_refused_is_told_too(simulator):
    """With its code, and nothing after it."""
    events = []
    with client_of(simulator, trace=events.append) as client:
        with pytest.raises(errors.IllegalTransition):
            client.complete(simulator.add("in-progress"))
        with pytest.raises(errors.StatusUnavailable):
            client.complete("0" * 32)
        with pytest.raises(errors.UnreadableRequest):
            client._http.put(f"{client.base_url}/v2/accounts/acme1/campaigns/a1", content=b"{}")
    assert told(events)[:2] == [("read", "complete", "in-progress", None), ("refused", "complete", None, "CF224")]
    assert ("refused", "complete", None, "CF501") in told(events)
    assert told(events)[-1] == ("refused", None, None, "CF407")
    assert not any(event["event"] == "sent" for event in events)


def test_what_fails_and_what_drifts_is_told(simulator):
    """The class of the failure; the statuses that were expected."""
    events = []
    lost, odd = simulator.add("in-progress"), simulator.add("paused")
    with client_of(simulator, trace=events.append) as client:
        simulator.fault("lost-after", method="PUT")
        client.pause(lost)
        assert [event["error"] for event in events if event["event"] == "failed"] == ["RemoteProtocolError"]
        events.clear()
        simulator.after_resume = lambda record: Status.CANCELED
        with pytest.raises(errors.StateConflict):
            client.resume(odd)
    answered = next(event for event in events if event["event"] == "answered")
    assert answered["status"] == "canceled"
    assert "in-progress" in answered["expected"]


def test_reads_and_lists_and_edits_are_told(simulator):
    """An edit by the names of its parameters alone; a list without a campaign; a reused reading as such."""
    events = []
    with client_of(simulator, channel="voice", trace=events.append, max_age=60) as client:
        start = simulator.now + timedelta(hours=1)
        made = client.create(VoiceCampaignDraft(caller_id="9876543210", from_=["+919876543210"], name="calls"))
        other = simulator.add("created", channel="voice", start=start)
        client.get(other)
        client.edit(other, partial=True, name="the-secret-text")
        list(client.list(name="the-secret-text"))
    assert ("sent", "create", None, None) in told(events)
    sent = [event for event in events if event["event"] == "sent"]
    assert [event["fields"] for event in sent] == [["caller_id", "from", "name"], ["name"]]
    assert any(event.get("reused") for event in events)
    listed = events[-1]
    assert (listed["event"], "campaign" in listed, listed["status_code"]) == ("read", False, 200)
    assert made.id not in json.dumps(listed)


def test_a_trace_file_is_json_lines_that_only_grow(simulator, tmp_path):
    """Appended to, readable by its owner alone, closed with the client, from threads too."""
    path = tmp_path / "trace.jsonl"
    path.write_text('{"earlier": true}\n')
    path.chmod(0o600)
    campaigns = [simulator.add("in-progress") for _ in range(8)]
    with client_of(simulator, trace=path) as client:
        threads = [threading.Thread(target=client.pause, args=(campaign,)) for campaign in campaigns]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert lines[0] == {"earlier": True}
    assert sum(line.get("event") == "answered" for line in lines) == 8
    fresh = tmp_path / "fresh.jsonl"
    with client_of(simulator, trace=str(fresh)):
        assert stat.S_IMODE(fresh.stat().st_mode) == 0o600
    with pytest.raises(OSError, match="trace"):
        client_of(simulator, trace=tmp_path / "missing" / "trace.jsonl")


def test_a_closed_trace_takes_no_more(tmp_path):
    """And closing twice does no harm."""
    trace = TraceFile(tmp_path / "trace.jsonl")
    trace({"a": 1})
    trace.close()
    trace.close()
    trace({"b": 2})
    assert (tmp_path / "trace.jsonl").read_text() == '{"a": 1}\n'


def test_an_async_client_traces_as_well(simulator, tmp_path, anyio_backend):
    """Into the same kind of file."""
    campaign = simulator.add("in-progress")

    async def main():
        given = {"account_sid": "acme1", "api_key": "key-canary", "api_token": "token-canary"}
        async with AsyncCampaignClient(
            transport=SimulatorTransport(simulator), trace=tmp_path / "t.jsonl", **given
        ) as client:
            await client.pause(campaign)

    anyio.run(main, backend=anyio_backend)
    assert len((tmp_path / "t.jsonl").read_text().splitlines()) == 4


def test_a_trace_that_fails_stands_between_nobody_and_an_answer(simulator, caplog):
    """It is logged, and the write goes on."""

    def full(_):
        raise OSError(28, "No space left on device")

    with client_of(simulator, trace=full) as client:
        assert client.pause(simulator.add("in-progress")).status == "paused"
    assert "could not be written" in caplog.text


def test_each_request_is_one_line_in_the_log(simulator, caplog):
    """Method, campaign, outcome, request id, milliseconds."""
    campaign = simulator.add("in-progress")
    with caplog.at_level(logging.INFO, "campaign_fsm"), client_of(simulator) as client:
        client.pause(campaign)
        client.get(campaign)
        list(client.list())
        simulator.fault("reset", method="GET")
        with pytest.raises(errors.ConnectionFailed):
            client.get(campaign)
    lines = [record.getMessage() for record in caplog.records]
    pattern = r"request ([0-9a-f]{32}|-), \d+ ms$"
    assert len(lines) == 5
    assert all(re.search(pattern, line) for line in lines)
    assert lines[0].startswith(f"GET {campaign}: 200 in-progress")
    assert lines[1].startswith(f"PUT pause {campaign}: 200 paused")
    assert lines[2].startswith(f"GET {campaign}: 200")
    assert lines[3].startswith("GET message-campaigns: 200")
    assert lines[4].startswith(f"GET {campaign}: ReadError")


def test_no_secret_is_in_the_log_or_the_trace(simulator, caplog, tmp_path):
    """Credentials, numbers, texts and report links, whatever goes wrong."""
    path = tmp_path / "trace.jsonl"
    draft = VoiceCampaignDraft(caller_id="9876543210", from_=["+919876543210"], read_via_text="the-secret-text")
    with (
        caplog.at_level(logging.DEBUG, "campaign_fsm"),
        client_of(simulator, channel="voice", trace=path) as client,
    ):
        client.create(draft)
        campaign = simulator.add("in-progress", channel="voice", report_url="https://reports.example/x")
        for fault in (None, "lost-after", "failed-item", "malformed", "rate-limited", "wrong-campaign"):
            for method in ("GET", "PUT"):
                if fault:
                    simulator.fault(fault, method=method)
                try:
                    client.edit(campaign, partial=True, from_=["+919876543210"], read_via_text="the-secret-text")
                except errors.CampaignFsmError as error:
                    assert not any(secret in str(error) for secret in SECRETS)
                for action in (client.pause, client.resume):
                    try:
                        action(campaign)
                    except errors.CampaignFsmError as error:
                        assert not any(secret in str(error) for secret in SECRETS)
        list(client.recipients(campaign))
        list(client.list())
    assert len(path.read_text().splitlines()) > 20
    for secret in SECRETS:
        assert secret not in caplog.text
        assert secret not in path.read_text()

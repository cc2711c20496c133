"""The log and the decision trace: what they say of each request, and what they never say."""

import json
import logging
import os
import re
import signal
import stat
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from errno import ENOSPC

import anyio
import pytest
from wires import wire

from campaign_fsm import (
    AsyncCampaignClient,
    CampaignClient,
    Simulator,
    SimulatorTransport,
    Status,
    VoiceCampaignDraft,
    errors,
)
from campaign_fsm.gate.events import FlowEvents, request_id
from campaign_fsm.trace import TraceFile
from campaign_fsm.wire.answer import Answer

SECRETS = ["key-canary", "token-canary", "+919876543210", "the-secret-text", "9876543210", "reports.example"]


@pytest.fixture
def simulator():
    return Simulator(api_key="key-canary", api_token="token-canary")


def client_of(simulator, **settings):
    given = {"account_sid": "acme1", "api_key": "key-canary", "api_token": "token-canary", "deadline": 0}
    return CampaignClient(transport=SimulatorTransport(simulator), **{**given, **settings})


def told(events):
    return [(event["event"], event.get("action"), event.get("status"), event.get("code")) for event in events]


def test_a_write_is_traced_step_by_step(simulator):
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


@pytest.mark.parametrize("max_age", [0, 60])
def test_the_servers_clock_is_traced_where_the_server_gives_it(simulator, max_age):
    """What is judged by it can be judged again; whether the campaign has started goes by it, too."""
    campaign = simulator.add("created", start=simulator.now + timedelta(hours=5))
    events = []
    with client_of(simulator, trace=events.append, max_age=max_age) as client:
        client.get(campaign)
        client.edit(campaign, partial=True, name="later")
        simulator.fault("no-date", method="GET")
        client.pause(campaign) if not max_age else None
    first, *rest = events
    server, ours = (datetime.fromisoformat(first[key]) for key in ("server_at", "at"))
    assert server == simulator.now
    assert abs(ours - datetime.now(UTC)) < timedelta(minutes=5)
    write = [event for event in rest if event["action"] == "edit"]
    assert [event["event"] for event in write] == ["read", "decided", "sent", "answered"]
    assert write[0]["started"] is False
    for event in write:
        assert timedelta(0) <= datetime.fromisoformat(event["server_at"]) - server < timedelta(seconds=5)
    assert all("server_at" not in event for event in rest if event["action"] == "pause")


NOBODY = "0" * 32
VOICE_EDIT = {"partial": True, "status_callback": "https://example.com"}


def exactly(events):
    """Events with what differs from run to run looked at and left out."""
    plain = []
    for event in events:
        rest = dict(event)
        assert datetime.fromisoformat(rest.pop("at")).utcoffset() == timedelta(0)
        assert datetime.fromisoformat(rest.pop("server_at", "2026-01-05T10:00:00Z")).utcoffset() == timedelta(0)
        assert re.fullmatch(r"[0-9a-f]{8}-\d+-\d+", rest.pop("flow"))
        assert 0 <= rest.pop("ms", 0) < 60_000
        # The age of a reading is told where it is an earlier one, and only there.
        assert ("age" in rest) is rest.get("reused", False)
        assert 0 <= rest.pop("age", 0) < 60
        assert re.fullmatch(r"[0-9a-f]{32}", rest.pop("request_id", "0" * 32))
        assert rest.pop("version") == 1
        assert (rest.pop("host"), rest.pop("account")) == ("api.exotel.com", "acme1")
        # Where a campaign is not found, the other channel is asked.
        assert rest.pop("channel") == ("message" if event is events[-1] else "voice")
        assert all(type(value) in (str, int, bool, list) for value in rest.values())
        plain.append(rest)
    return plain


@pytest.mark.usefixtures("impatient")
def test_an_event_has_all_that_an_audit_needs(simulator):
    """Every key and value of every kind of event: others read these files."""
    events = []
    start, end = simulator.now - timedelta(hours=1), simulator.now + timedelta(hours=3)
    one = simulator.add("in-progress", channel="voice", start=start, end=end)
    two = simulator.add("paused", channel="voice")
    times = {"start": start.isoformat(), "end": end.isoformat()}

    def read(campaign, status, raw_status, **more):
        found = {"event": "read", "campaign": campaign, "method": "GET", "status": status, "raw_status": raw_status}
        return found | ({} if more.get("reused") else {"status_code": 200}) | more

    def decided(campaign, action, code, *fields):
        found = {"event": "decided", "campaign": campaign, "action": action, "code": code}
        return found | {"standing": "documented", "strict": False, "fields": list(fields)}

    def sent(campaign, action, *fields):
        return {"event": "sent", "campaign": campaign, "action": action, "method": "PUT", "fields": list(fields)}

    def answered(campaign, action, status_code=200, **more):
        found = {"event": "answered", "campaign": campaign, "action": action, "method": "PUT"}
        return found | {"status_code": status_code} | more

    with client_of(simulator, trace=events.append, channel="voice", max_age=60) as client:
        client.pause(one)
        client.resume(one)
        with pytest.raises(errors.IllegalTransition):
            client.complete(one)
        simulator.fault("server-error", method="PUT")
        with pytest.raises(errors.ServerError):
            client.edit(one, **VOICE_EDIT)
        simulator.after_resume = lambda record, **_: Status.CANCELED
        with pytest.raises(errors.StateConflict):
            client.resume(two)
        simulator.fault("lost-after", method="PUT")
        client.pause(one)
        with pytest.raises(errors.StatusUnavailable):
            client.pause(NOBODY)
    running = {"started": True, **times}
    assert exactly(events) == [
        read(one, "in-progress", "InProgress", action="pause", **running),
        decided(one, "pause", "CF103"),
        sent(one, "pause"),
        answered(one, "pause", status="paused", raw_status="Paused", **times),
        read(one, "paused", "Paused", action="resume", reused=True, **running),
        decided(one, "resume", "CF104"),
        sent(one, "resume"),
        answered(one, "resume", status="in-progress", raw_status="InProgress", **times),
        # Illegal by the reading of a while ago, so it is read again before it is refused.
        read(one, "in-progress", "InProgress", action="complete", **running),
        {"event": "refused", "campaign": one, "action": "complete", "code": "CF224", "strict": False, "fields": []},
        read(one, "in-progress", "InProgress", action="edit-callbacks", reused=True, **running),
        decided(one, "edit-callbacks", "CF112", "status_callback"),
        sent(one, "edit-callbacks", "status_callback"),
        answered(one, "edit-callbacks", 503),
        # Looked at until the patience ends.
        *[read(one, "in-progress", "InProgress", **times)] * 5,
        read(two, "paused", "Paused", action="resume", started=True),
        decided(two, "resume", "CF104"),
        sent(two, "resume"),
        answered(
            two,
            "resume",
            status="canceled",
            raw_status="Canceled",
            expected=["completed", "failed", "in-progress"],
        ),
        read(two, "canceled", "Canceled"),
        read(one, "in-progress", "InProgress", action="pause", reused=True, **running),
        decided(one, "pause", "CF103"),
        sent(one, "pause"),
        {"event": "failed", "campaign": one, "action": "pause", "method": "PUT", "error": "RemoteProtocolError"},
        read(one, "paused", "Paused", **times),
        {"event": "read", "campaign": NOBODY, "action": "pause", "method": "GET", "status_code": 404},
        {"event": "refused", "campaign": NOBODY, "action": "pause", "method": "PUT", "code": "CF501"},
        {"event": "read", "campaign": NOBODY, "method": "GET", "status_code": 404},
    ]


def test_milliseconds_count_from_the_request_to_its_answer(caplog):
    """To a tenth in the trace, whole in the log."""
    now, events = [100.0], []
    record = FlowEvents(wire(), None, None, events.append, lambda: now[0])
    record.begin()
    now[0] += 1.23456
    with caplog.at_level(logging.INFO, "campaign_fsm"):
        record.has_failed("PUT", OSError())
    assert [event["ms"] for event in events] == [1234.6]
    assert caplog.messages == ["PUT -: OSError, request -, 1235 ms"]


def test_the_request_id_is_looked_for_at_the_beginning_of_an_answer():
    """Megabytes are not searched."""
    said = b'"request_id": "0123"'
    assert request_id(Answer(200, (), said)) == "0123"
    assert request_id(Answer(200, (), b" " * (4096 - len(said)) + said)) == "0123"
    assert request_id(Answer(200, (), b" " * (4097 - len(said)) + said)) is None


def test_the_log_says_what_was_decided(simulator, caplog):
    """Line by line: refusals and requests for information, what is odd as a warning."""
    start, end = simulator.now - timedelta(hours=3), simulator.now - timedelta(hours=1)
    running = simulator.add("in-progress", channel="voice")
    ended = simulator.add("paused", channel="voice", start=start, end=end)

    def broken(_):
        raise ValueError

    with (
        caplog.at_level(logging.INFO, "campaign_fsm"),
        client_of(simulator, channel="voice", on_drift=broken, deadline=30) as client,
    ):
        with pytest.raises(errors.IllegalTransition):
            client.complete(running)
        simulator.fault("server-error", method="GET")
        simulator.after_resume = lambda record, **_: Status.ARCHIVED
        with pytest.raises(errors.StateConflict):
            client.resume(ended)
        simulator.fault("lost-after", method="PUT")
        client.pause(running)
    lines = [
        (record.levelname, re.sub(r"(?<=request )[0-9a-f]{32}, \d+ ms|\d+(?= ms)", "#", record.getMessage()))
        for record in caplog.records
    ]
    late = "its end time has passed, so the platform may complete or pause it again at once"
    assert lines == [
        ("INFO", f"GET {running}: 200 in-progress, request #"),
        ("INFO", f"complete {running}: not sent [CF224], it is in-progress"),
        ("INFO", f"GET {ended}: 503, request #"),
        ("WARNING", f"resume {ended}: the status could not be read (503); next try in 0.5 s"),
        ("INFO", f"GET {ended}: 200 paused, request #"),
        ("WARNING", f"resume {ended}: {late} (CF302, CF306)"),
        ("INFO", f"PUT resume {ended}: 200 archived, request #"),
        (
            "WARNING",
            f"resume {ended}: drift, the answer shows 'Archived' and not one of completed, failed, in-progress, paused",
        ),
        ("ERROR", "the on_drift callback failed"),
        ("INFO", f"GET {ended}: 200, request #"),
        ("INFO", f"GET {running}: 200 in-progress, request #"),
        ("INFO", f"PUT pause {running}: RemoteProtocolError, request -, # ms"),
        ("INFO", f"GET {running}: 200, request #"),
        ("INFO", f"pause {running}: applied, as a read after the write shows"),
    ]


def test_what_is_refused_is_traced_too(simulator):
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


def test_what_fails_and_what_drifts_is_traced(simulator):
    """The class of the failure; the statuses that were expected."""
    events = []
    lost, odd = simulator.add("in-progress"), simulator.add("paused")
    with client_of(simulator, trace=events.append) as client:
        simulator.fault("lost-after", method="PUT")
        client.pause(lost)
        assert [event["error"] for event in events if event["event"] == "failed"] == ["RemoteProtocolError"]
        events.clear()
        simulator.after_resume = lambda record, **_: Status.CANCELED
        with pytest.raises(errors.StateConflict):
            client.resume(odd)
    answered = next(event for event in events if event["event"] == "answered")
    assert answered["status"] == "canceled"
    assert "in-progress" in answered["expected"]


def test_reads_and_lists_and_edits_are_traced(simulator):
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


def test_a_full_disk_loses_one_line_of_a_trace(tmp_path, monkeypatch):
    """What comes after a line that was cut short begins a new one, until one of them was written whole."""
    path = tmp_path / "trace.jsonl"
    room = [8, 0, 1_000]
    write = os.write

    def filling(number, data):
        left = room.pop(0) if room else len(data)
        if not left:
            raise OSError(ENOSPC, "No space left on device")
        return write(number, data[:left])

    trace = TraceFile(path)
    trace({"event": "first"})
    monkeypatch.setattr(os, "write", filling)
    trace({"event": "cut"})
    with pytest.raises(OSError, match="No space"):
        trace({"event": "lost"})
    for name in ("second", "third"):
        trace({"event": name})
    assert path.read_text() == '{"event": "first"}\n{"event"\n{"event": "second"}\n{"event": "third"}\n'


@pytest.mark.skipif(not hasattr(signal, "SIGXFSZ"), reason="the system has no limit for the size of files")
def test_a_trace_that_reached_a_limit_goes_on_in_a_line_of_its_own(tmp_path):
    """Also in the next process, and in a child that was forked before."""
    script = """if True:
        import os, resource, sys
        from campaign_fsm.trace import TraceFile
        trace = TraceFile(sys.argv[1])
        trace({"n": 0})
        resource.setrlimit(resource.RLIMIT_FSIZE, (14, resource.RLIM_INFINITY))
        trace({"n": 1})
        if os.fork() == 0:
            resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
            trace({"n": 2})
            os._exit(0)
        os.wait()
        resource.setrlimit(resource.RLIMIT_FSIZE, (40, resource.RLIM_INFINITY))
        trace({"n": 3})
        trace({"n": 4})
        trace({"n": 5})
    """
    path = tmp_path / "trace.jsonl"
    done = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, check=False)
    assert b"File too large" in done.stderr
    assert path.stat().st_size == 40
    TraceFile(path)({"n": 6})
    whole = [line for line in path.read_text().split("\n") if line.endswith("}")]
    assert whole == ['{"n": 0}', '{"n": 2}', '{"n": 3}', '{"n": 6}']

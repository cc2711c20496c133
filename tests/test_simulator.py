"""The simulator: its clock, its faults, its journal, and its server under real sockets."""

import base64
import json
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import datetime, timedelta

import httpx
import oracle
import pytest

from campaign_fsm import Simulator, SimulatorServer, SimulatorTransport, Status
from campaign_fsm.cli import run
from campaign_fsm.cli.simulate import greeting, lines
from campaign_fsm.simulator import Fault
from campaign_fsm.simulator.control import control
from campaign_fsm.simulator.payloads import stats

BASIC = {"Authorization": "Basic " + base64.b64encode(b"key:token").decode()}


def request(simulator, method, path, body=None, headers=BASIC):
    content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    return simulator.handle(method, path, list(headers.items()), content)


def url(campaign, channel="message", account="acme1"):
    collection = {"message": "message-campaigns", "voice": "campaigns", "alias": "sms-campaigns"}[channel]
    return f"/v2/accounts/{account}/{collection}" + (f"/{campaign}" if campaign else "")


def data(reply):
    response = json.loads(reply.body)["response"]
    return (response[0] if isinstance(response, list) else response)["data"]


@pytest.mark.parametrize("code", [400, 409])
def test_every_action_is_judged_on_arrival_as_the_oracle_says(code):
    """All statuses, actions and channels: applied exactly if legal, answered with the switch's code if not."""
    for channel in oracle.CHANNELS:
        for status in oracle.STATUSES:
            if status == "unknown":
                continue
            for action in ("pause", "resume", "complete", "archive"):
                simulator = Simulator(illegal_status_code=code)
                campaign = simulator.add(status, channel=channel)
                body = {"campaigns": [{"action": action}]} if channel == "voice" else {"action": action}
                reply = request(simulator, "PUT", url(campaign, channel), body)
                dest = oracle.legal(status, action, channel, None)
                (entry,) = simulator.journal
                assert (entry.legal, entry.applied) == (dest is not None, dest is not None)
                assert reply.status_code == (200 if dest else code)
                assert simulator.status(campaign) == (dest or status)
                assert (entry.action, entry.status_before, entry.status_after) == (action, status, dest or status)


def test_payloads_look_as_documented():
    """Message: an object with `sid`; voice: a list with `id` and capitalised statuses; create says scheduled."""
    simulator = Simulator()
    message, voice = simulator.add("in-progress"), simulator.add("in-progress", channel="voice")
    assert data(request(simulator, "GET", url(message)))["sid"] == message
    assert data(request(simulator, "GET", url(message, "alias")))["sid"] == message
    found = data(request(simulator, "GET", url(voice, "voice")))
    assert (found["id"], found["status"]) == (voice, "InProgress")
    body = {"lists": ["x"], "template": "Hello", "sender_id": "EXOTEL", "name": "new"}
    created = data(request(simulator, "POST", url(None), body))
    assert (created["status"], created["name"]) == ("scheduled", "new")
    assert simulator.status(created["sid"]) is Status.CREATED
    body = {"campaigns": [{"from": ["+919999999999"], "caller_id": "1"}]}
    assert data(request(simulator, "POST", url(None, "voice"), body))["status"] == "Created"
    assert request(simulator, "POST", url(None), {"name": "x"}).status_code == 400


def test_edits_and_deletes_follow_the_table():
    """Before the start everything; after it callbacks on voice; delete on voice before the start."""
    simulator = Simulator()
    created, running = (simulator.add(status, channel="voice") for status in ("created", "in-progress"))
    assert request(simulator, "PUT", url(created, "voice"), {"name": "other"}).status_code == 200
    assert simulator.campaigns[created].name == "other"
    assert request(simulator, "PUT", url(running, "voice"), {"name": "other"}).status_code == 409
    assert request(simulator, "PUT", url(running, "voice"), {"status_callback": "https://x"}).status_code == 200
    assert request(simulator, "DELETE", url(running, "voice")).status_code == 409
    assert request(simulator, "DELETE", url(created, "voice")).status_code == 200
    assert simulator.status(created) is Status.DELETED


def test_schedule_and_resume_in_one_body_on_voice():
    """S5's multi-day way: a new end, and it goes on."""
    simulator = Simulator(at_end="paused")
    end = simulator.now + timedelta(hours=1)
    campaign = simulator.add("in-progress", channel="voice", start=simulator.now - timedelta(hours=1), end=end)
    simulator.advance(3600)
    assert simulator.status(campaign) is Status.PAUSED
    new_end = (end + timedelta(days=1)).isoformat()
    body = {"campaigns": [{"schedule": {"end_at": new_end}, "action": "resume"}]}
    assert request(simulator, "PUT", url(campaign, "voice"), body).status_code == 200
    assert simulator.status(campaign) is Status.IN_PROGRESS
    simulator.advance(3600)
    assert simulator.status(campaign) is Status.IN_PROGRESS


def test_the_clock_moves_campaigns_in_the_order_of_time():
    """Start, then end; paused ones expire; nothing happens while it stands still."""
    simulator = Simulator()
    now = simulator.now
    starts = simulator.add("created", start=now + timedelta(hours=1), end=now + timedelta(hours=3))
    at_once = simulator.add("created")
    expires = simulator.add("paused", end=now + timedelta(hours=2))
    request(simulator, "GET", url(at_once))
    assert simulator.status(at_once) is Status.CREATED
    simulator.advance(4 * 3600)
    assert [simulator.status(one) for one in (starts, at_once, expires)] == ["completed", "in-progress", "canceled"]
    events = [(entry.id, entry.action) for entry in simulator.journal if entry.kind == "event"]
    assert events == [(at_once, "start"), (starts, "start"), (expires, "expire"), (starts, "finish")]
    with pytest.raises(ValueError, match="moves forward"):
        simulator.advance(-1)


@pytest.mark.parametrize(
    ("headers", "path", "code"),
    [
        ({}, None, 401),
        ({"Authorization": "Basic eDp5"}, None, 401),
        ({"Authorization": BASIC["Authorization"].replace("Basic", "Bearer")}, None, 401),
        ({"Authorization": BASIC["Authorization"].replace("Basic", "basic")}, None, 200),
        (BASIC, url("0" * 32), 404),
        (BASIC, url("x", account="other"), 404),
        (BASIC, "/v1/whatever", 404),
        (BASIC, url(None), 400),
        (BASIC, url(None).replace("message-", "sms-"), 200),
        (BASIC, url(None) + "?channel=SMS&limit=51", 400),
        (BASIC, url(None) + "?channel=SMS&limit=x", 400),
    ],
)
def test_what_cannot_be_answered_gets_the_documented_code(headers, path, code):
    """401 without the right credentials, 404 for what is not there, 400 for odd questions."""
    simulator = Simulator()
    campaign = simulator.add()
    assert request(simulator, "GET", path or url(campaign), headers=headers).status_code == code


@pytest.mark.parametrize("body", [b"", b"nonsense", b"[]", {"action": "halt"}, {"action": 1}, {"campaigns": []}, {}])
def test_a_body_that_makes_no_sense_is_a_400_and_illegal(body):
    """The journal counts it as an illegal write."""
    simulator = Simulator()
    campaign = simulator.add("in-progress", channel="voice")
    assert request(simulator, "PUT", url(campaign, "voice"), body).status_code == 400
    assert simulator.journal[-1].legal is False


def test_lists_are_filtered_sorted_and_paged():
    """By status in any spelling, by name, by key and order, with metadata."""
    simulator = Simulator()
    for number in range(5):
        simulator.add("paused" if number % 2 else "in-progress", name=f"camp {number}")
    path = url(None) + "?channel=SMS&status=InProgress&sort_by=name:desc&limit=2&offset=1"
    document = json.loads(request(simulator, "GET", path).body)
    assert [item["data"]["name"] for item in document["response"]] == ["camp 2", "camp 0"]
    assert document["metadata"] == {"count": 2, "offset": 1, "total": 3, "limit": 2}
    document = json.loads(request(simulator, "GET", url(None) + "?channel=SMS&name=CAMP%203").body)
    assert [item["data"]["name"] for item in document["response"]] == ["camp 3"]


def test_reset_goes_back_to_the_beginning():
    """Campaigns, clock, journal and faults are as before the first request."""
    simulator = Simulator()
    campaign = simulator.add("in-progress")
    request(simulator, "PUT", url(campaign), {"action": "pause"})
    simulator.advance(60)
    simulator.fault("reset")
    simulator.reset()
    assert simulator.status(campaign) is Status.IN_PROGRESS
    assert simulator.journal == ()
    assert simulator.now == Simulator().now
    assert request(simulator, "GET", url(campaign)).fault is None


def test_reset_undoes_what_the_clock_and_the_requests_did_and_ids_come_again():
    """Time goes back to where the first request found it, and the next campaign gets the id it had."""
    simulator = Simulator()
    simulator.advance(60)
    campaign = simulator.add("created", start=simulator.now + timedelta(hours=1))
    begun = simulator.now
    request(simulator, "GET", url(campaign))
    simulator.advance(7200)
    made = simulator.add()
    assert simulator.status(campaign) is Status.IN_PROGRESS
    simulator.reset()
    assert (simulator.status(campaign), simulator.now) == (Status.CREATED, begun)
    assert simulator.add() == made


def test_schedule_and_resume_in_one_body_is_illegal_on_message_campaigns():
    """No page shows it there (fact sheet 5.3), before the start or after it; nothing changes."""
    for hours in (-1, 1):
        simulator = Simulator()
        campaign = simulator.add("paused", start=simulator.now + timedelta(hours=hours))
        body = {"action": "resume", "schedule": {"end_time": "2027-01-01T00:00:00Z"}}
        assert request(simulator, "PUT", url(campaign), body).status_code == 409
        assert simulator.journal[-1].legal is False
        assert simulator.status(campaign) is Status.PAUSED
        assert simulator.campaigns[campaign].end is None


def test_a_resume_before_the_start_leads_where_the_switch_says():
    """Created or in progress while the start is ahead (fact sheet 5.4); in progress once it is over."""
    for switch, hours, leads_to in (
        ("created", 1, "created"),
        ("in-progress", 1, "in-progress"),
        ("created", -1, "in-progress"),
    ):
        simulator = Simulator(resume_before_start=switch)
        campaign = simulator.add("paused", start=simulator.now + timedelta(hours=hours))
        assert request(simulator, "PUT", url(campaign), {"action": "resume"}).status_code == 200
        assert simulator.status(campaign) == leads_to


def test_a_write_under_an_oddly_spelled_path_arrives_and_is_judged():
    """A server decodes percent signs, so a write that hides behind them is in the journal as what it is."""
    simulator = Simulator()
    campaign = simulator.add("completed")
    path = url(campaign).replace("-", "%2d").replace("v2", "%762")
    assert request(simulator, "PUT", path, {"action": "pause"}).status_code == 409
    assert (simulator.journal[-1].id, simulator.journal[-1].legal) == (campaign, False)
    assert request(simulator, "PUT", "/v1/whatever", {"action": "pause"}).status_code == 404
    assert simulator.journal[-1].legal is False


def test_a_message_item_has_the_keys_of_the_documented_sample():
    """Every key of the seed's update response is there (S1), its misspelled one too."""
    simulator = Simulator()
    campaign = simulator.add("completed", start=simulator.now, end=simulator.now + timedelta(days=1))
    document = json.loads(request(simulator, "PUT", url(campaign), {"action": "archive"}).body)
    assert list(document) == ["request_id", "method", "http_code", "response"]
    assert set(document["response"]) == {"code", "status", "data"}
    top = """name content_type sid account_sid lists schedule status_callback sms_status_callback status report_url
        dlt_template_id dlt_entitiy_id sender_id channel sms_type template estimated_cost date_created date_updated
        stats"""
    assert set(document["response"]["data"]) == set(top.split())
    stats = """scheduled submitted failed failed-dnd invalid failed-no-attempt sent failed-expired
        failed-no-balance"""
    assert set(document["response"]["data"]["stats"]) == set(stats.split())
    body = {"lists": ["x"], "template": "Hello", "sender_id": "EXOTEL", "dlt_entity_id": "42"}
    created = data(request(simulator, "POST", url(None), body))
    assert created["dlt_entitiy_id"] == "42"
    assert "dlt_entity_id" not in created


def test_completing_marks_the_remaining_numbers_as_failed():
    """Pending before, failed after (S1); a campaign that reached everybody has no failures."""
    simulator = Simulator()
    ended, finished = simulator.add("paused"), simulator.add("in-progress", work=60.0)
    before = data(request(simulator, "GET", url(ended)))["stats"]
    after = data(request(simulator, "PUT", url(ended), {"action": "complete"}))["stats"]
    assert before["scheduled"] == after["failed"] > 0
    assert (before["failed"], after["scheduled"]) == (0, 0)
    simulator.advance(60)
    assert data(request(simulator, "GET", url(finished)))["stats"]["failed"] == 0


def test_an_end_that_is_long_past_gives_no_work_back():
    """A campaign resumed past its end is suspended again when the clock moves, not before it was resumed."""
    simulator = Simulator(at_end="paused")
    campaign = simulator.add("in-progress", end=simulator.now - timedelta(hours=5), work=100.0)
    simulator.advance(1)
    assert simulator.status(campaign) is Status.PAUSED
    assert simulator.campaigns[campaign].work == 100.0
    assert simulator.journal[-1].at == Simulator().now


def test_a_clock_set_back_still_starts_and_ends_campaigns():
    """What happened is never later than now, so the next event comes when it is due."""
    simulator = Simulator()
    campaign = simulator.add("created")
    simulator.set_time(simulator.now - timedelta(days=30))
    assert simulator.status(campaign) is Status.CREATED
    simulator.advance(1)
    assert simulator.status(campaign) is Status.IN_PROGRESS


def test_a_live_clock_moves_campaigns_by_itself():
    """Without a schedule a campaign starts at once, and who looks sees it without a request."""
    simulator = Simulator(live=True)
    campaign = simulator.add("created")
    while simulator.status(campaign) is not Status.IN_PROGRESS:
        time.sleep(0.001)
    assert [entry.action for entry in simulator.journal] == ["start"]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda s: s.add("unknown"),
        lambda s: s.add("gone"),
        lambda s: s.add(id="a") and s.add(id="a"),
        lambda s: s.fault("moved"),
        lambda s: s.fault("nothing"),
        lambda s: s.fault("reset", times=0),
        lambda s: s.fault("server-error", status_code=200),
        lambda s: s.fault("stall", seconds=float("inf")),
        lambda s: s.fault("rate-limited", retry_after=-1),
        lambda s: s.add(contacts=-1),
        lambda s: s.advance(float("inf")),
        lambda s: s.advance(float("nan")),
        lambda s: s.set_time(s.now.replace(tzinfo=None)),
        lambda s: Simulator(at_end="gone"),
        lambda s: Simulator(illegal_status_code=200),
        lambda s: Simulator(resume_before_start="paused"),
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong):
    """A test that plans nonsense is told so."""
    with pytest.raises(ValueError):
        wrong(Simulator())


def test_a_429_says_how_long_to_wait_unless_told_not_to():
    """`Retry-After` is documented; a server that leaves it out can be played too."""
    simulator = Simulator()
    simulator.fault("rate-limited")
    simulator.fault("rate-limited", retry_after=7)
    simulator.fault("rate-limited", retry_after=None)
    replies = [request(simulator, "GET", "/") for _ in range(3)]
    assert [reply.status_code for reply in replies] == [429] * 3
    assert [dict(reply.headers).get("Retry-After") for reply in replies] == ["1", "7", None]


def test_a_malformed_answer_looks_like_a_success():
    """200 and HTML, also where the action was illegal: the body alone gives nothing away."""
    simulator = Simulator()
    simulator.fault("malformed")
    reply = request(simulator, "PUT", url(simulator.add("completed")), {"action": "pause"})
    assert (reply.status_code, reply.body[:6]) == (200, b"<html>")
    assert (simulator.journal[-1].legal, simulator.journal[-1].applied) == (False, False)


def test_a_fault_strikes_whom_it_is_planned_for():
    """By method, by campaign, after some, and so many times."""
    simulator = Simulator()
    one, other = simulator.add(), simulator.add()
    simulator.fault("server-error", method="get", id=one, after=1, times=2, status_code=500)
    codes = [request(simulator, "GET", url(campaign)).status_code for campaign in (one, other, one, one, one)]
    assert codes == [200, 200, 500, 500, 200]


# Real sockets


@pytest.fixture
def served():
    simulator = Simulator()
    with SimulatorServer(simulator) as server:
        yield simulator, server


@pytest.mark.parametrize("kind", [kind for kind in Fault if kind not in ("moved", "stall")])
def test_every_fault_arrives_over_a_socket_and_in_process_alike(served, kind):
    """The same fault is the same kind of answer or error on both ways, and the journal has it."""
    simulator, server = served
    campaign = simulator.add("in-progress")

    def outcome(client):
        simulator.fault(kind, retry_after=3 if kind == "rate-limited" else None)
        try:
            response = client.get(url(campaign), auth=("key", "token"))
        except httpx.TransportError as error:
            return type(error).__name__
        return (
            response.status_code,
            response.headers.get("Retry-After"),
            "Date" in response.headers,
            len(response.content),
        )

    with httpx.Client(base_url=server.base_url) as socket_client:
        over_a_socket = outcome(socket_client)
    with httpx.Client(base_url="http://simulator", transport=SimulatorTransport(simulator)) as client:
        in_process = outcome(client)
    assert over_a_socket == in_process
    assert [entry.fault for entry in simulator.journal] == [kind, kind]


def test_a_stall_is_a_timeout_and_ends_with_the_server():
    """A client that waits less sees a time-out; closing the server lets go of who waits."""
    simulator = Simulator()
    campaign = simulator.add("in-progress")
    others = set(threading.enumerate())
    with SimulatorServer(simulator) as server:
        simulator.fault("stall", seconds=3600)
        patience = httpx.Timeout(None, read=0.2)
        with httpx.Client(base_url=server.base_url, timeout=patience) as client, pytest.raises(httpx.ReadTimeout):
            client.get(url(campaign), auth=("key", "token"))
        stalled = set(threading.enumerate()) - others
        assert stalled
    for thread in stalled:
        thread.join()


def raw(server, payload):
    host, port = server.base_url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(payload)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_the_vendors_way_of_sending_works(served):
    """A form content type around JSON, none at all, chunked, and credentials that curl took from the URL."""
    simulator, server = served
    for extra in (
        b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 18\r\n\r\n" + b'{"action":"pause"}',
        b"Content-Length: 18\r\n\r\n" + b'{"action":"pause"}',
        b"Transfer-Encoding: chunked\r\n\r\n12\r\n" + b'{"action":"pause"}' + b"\r\n0\r\n\r\n",
    ):
        campaign = simulator.add("in-progress")
        head = f"PUT {url(campaign)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        head += f"Authorization: {BASIC['Authorization']}\r\n"
        answer = raw(server, head.encode() + extra)
        assert answer.startswith(b"HTTP/1.1 200 OK")
        assert simulator.status(campaign) is Status.PAUSED


def test_odd_framing_does_not_hang_or_crash_the_server(served):
    """Nonsense is a 400 or a closed connection, and the next client is served."""
    _, server = served
    for payload in (
        b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n",
        b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n",
        b"PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc",
        b"nonsense\r\n\r\n",
        b"\x00\x01\x02",
    ):
        raw(server, payload)
    assert httpx.get(f"{server.base_url}/_simulator/clock").status_code == 200


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_vendors_own_curl_lines_work(served):
    """Credentials in the URL; with the JSON content type (S1), with none given and so form encoding (S2)."""
    simulator, server = served
    base = server.base_url.replace("://", "://key:token@")
    message, voice = simulator.add("completed"), simulator.add("in-progress", channel="voice")
    header, action = ["--header", "content-type: application/json"], '{     "action":"archive" }'
    for line, campaign, status in (
        (["--location", "--request", "PUT", base + url(message), *header, "--data-raw", action], message, "archived"),
        (["-X", "PUT", base + url(voice, "voice"), "-d", '{"campaigns":[{"action":"pause"}]}'], voice, "paused"),
    ):
        curl = ["curl", "--silent", "--show-error", "--fail", "--noproxy", "*", *line]
        done = subprocess.run(curl, capture_output=True, text=True, timeout=30, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        assert json.loads(done.stdout)["http_code"] == 200
        assert simulator.status(campaign) == status


def test_a_write_whose_sender_died_half_way_is_not_applied(served):
    """The bytes that did come would be a pause, but they are not all that was announced."""
    simulator, server = served
    campaign = simulator.add("in-progress")
    head = f"PUT {url(campaign)} HTTP/1.1\r\nHost: x\r\nAuthorization: {BASIC['Authorization']}\r\n"
    raw(server, head.encode() + b"Content-Length: 100\r\n\r\n" + b'{"action":"pause"}')
    raw(server, head.encode() + b"Transfer-Encoding: chunked\r\n\r\n64\r\n" + b'{"action":"pause"}')
    assert simulator.status(campaign) is Status.IN_PROGRESS
    assert simulator.journal == ()


def test_a_connection_that_was_kept_alive_ends_with_the_server():
    """Whoever closes the server gets no answers from it any more."""
    simulator = Simulator()
    campaign = simulator.add("in-progress")
    server = SimulatorServer(simulator)
    with httpx.Client(base_url=server.base_url, auth=("key", "token")) as client:
        with server:
            assert client.get(url(campaign)).status_code == 200
        with pytest.raises(httpx.TransportError):
            client.get(url(campaign))
    assert len(simulator.journal) == 1


def test_a_suite_in_another_language_gets_the_same_beginning_each_time(served):
    """A reset undoes the clock, the moves and the campaigns that came over HTTP, also before any request."""
    simulator, server = served
    base = f"{server.base_url}/_simulator"
    campaign = simulator.add("created", start=simulator.now + timedelta(hours=1))
    for _ in range(2):
        assert httpx.post(f"{base}/clock", json={"advance": 7200}).status_code == 200
        assert simulator.status(campaign) is Status.IN_PROGRESS
        assert httpx.post(f"{base}/campaigns", json={"id": "mine", "status": "paused"}).status_code == 200
        assert httpx.post(f"{base}/reset").status_code == 200
        assert [entry["id"] for entry in httpx.get(f"{base}/campaigns").json()] == [campaign]
        assert simulator.status(campaign) is Status.CREATED


def test_methods_that_nobody_knows_arrive_all_the_same(served):
    """The journal has them, so a test can see that they were not sent."""
    simulator, server = served
    campaign = simulator.add("in-progress")
    assert httpx.request("PAUSE", server.base_url + url(campaign), auth=("key", "token")).status_code == 405
    assert simulator.journal[-1].method == "PAUSE"
    assert simulator.journal[-1].legal is False


def test_the_control_api_drives_everything(served):
    """Campaigns, clock, faults, moves, journal and reset over HTTP; none of it is in the journal."""
    _, server = served
    base = f"{server.base_url}/_simulator"
    campaign = httpx.post(f"{base}/campaigns", json={"channel": "voice", "status": "paused"}).json()["id"]
    api = server.base_url + url(campaign, "voice")
    assert httpx.get(api, auth=("key", "token")).status_code == 200
    assert httpx.post(f"{base}/move", json={"id": campaign, "status": "in-progress"}).json()["status"] == "in-progress"
    before = datetime.fromisoformat(httpx.get(f"{base}/clock").json()["now"])
    after = datetime.fromisoformat(httpx.post(f"{base}/clock", json={"advance": 60}).json()["now"])
    assert after - before == timedelta(seconds=60)
    assert httpx.post(f"{base}/faults", json={"kind": "server-error", "status_code": 500}).status_code == 200
    assert httpx.get(api, auth=("key", "token")).status_code == 500
    assert httpx.post(f"{base}/faults", json={"kind": "reset"}).status_code == 200
    assert httpx.delete(f"{base}/faults").status_code == 200
    assert httpx.get(api, auth=("key", "token")).status_code == 200
    journal = httpx.get(f"{base}/journal").json()
    assert [entry["kind"] for entry in journal] == ["request", "move", "request", "request"]
    assert campaign in [entry["id"] for entry in httpx.get(f"{base}/campaigns").json()]
    assert "journal" in httpx.get(f"{base}/").text
    assert httpx.post(f"{base}/reset").status_code == 200
    assert httpx.get(f"{base}/journal").json() == []


@pytest.mark.parametrize(
    ("method", "path", "body", "code", "names"),
    [
        ("POST", "clock", {"advance": "soon"}, 400, "advance"),
        ("POST", "clock", {"advance": -1}, 400, "forward"),
        ("POST", "clock", {"now": "2026-01-01"}, 400, "time zone"),
        ("POST", "clock", {"now": "2026-01-01T00:00:00Z", "advance": 1}, 400, "not both"),
        ("POST", "clock", {"tick": 1}, 400, "unknown: tick"),
        ("POST", "faults", {}, 400, "lost-after"),
        ("POST", "faults", {"kind": "gone"}, 400, "lost-after"),
        ("POST", "faults", {"kind": "stall", "seconds": 1e300}, 400, "seconds"),
        ("POST", "clock", {"advance": 1e300}, 400, "calendar"),
        ("POST", "faults", {"kind": "reset", "times": True}, 400, "times"),
        ("POST", "move", {"id": "nope", "status": "paused"}, 400, "nope"),
        ("POST", "move", {"id": "nope"}, 400, "status"),
        ("POST", "campaigns", {"status": "gone"}, 400, "gone"),
        ("POST", "campaigns", {"start": "soon"}, 400, "start"),
        ("POST", "reset", [1], 400, "JSON object"),
        ("POST", "journal", {}, 405, "POST"),
        ("GET", "nothing", None, 404, "nothing"),
    ],
)
def test_bad_control_requests_name_what_was_wrong(served, method, path, body, code, names):
    """A test suite in another language gets a sentence, not a traceback."""
    _, server = served
    content = b"" if body is None else json.dumps(body).encode()
    answer = httpx.request(method, f"{server.base_url}/_simulator/{path}", content=content)
    assert (answer.status_code, names in answer.json()["error"]) == (code, True)


def test_a_page_in_a_browser_may_not_drive_it(served):
    """Whoever has an Origin is a page of somebody's."""
    _, server = served
    answer = httpx.post(f"{server.base_url}/_simulator/reset", headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403


# The command


def start(*options):
    command = [sys.executable, "-m", "campaign_fsm", "simulate", "--port", "0", *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_simulate_tells_where_it_listens_and_ends_cleanly(number):
    """One line of JSON once it listens, a campaign in every status on both channels, and no traceback."""
    process = start("--json")
    try:
        told = json.loads(process.stdout.readline())
        assert set(told) == {"base_url", "account_sid", "api_key", "api_token", "campaigns"}
        assert told["base_url"].startswith("http://127.0.0.1:")
        found = {(campaign["channel"], campaign["status"]) for campaign in told["campaigns"]}
        assert found == {
            (channel, status) for channel in oracle.CHANNELS for status in oracle.STATUSES if status != "unknown"
        }
        first = told["campaigns"][0]
        answer = httpx.get(told["base_url"] + url(first["id"]), auth=(told["api_key"], told["api_token"]))
        assert answer.json()["response"]["data"]["status"] == first["status"]
        process.send_signal(number)
        out, err = process.communicate()
        assert (process.returncode, out, err) == (0, "", "")
    finally:
        process.kill()
        process.communicate()


def test_simulate_ends_at_whatever_moment_it_is_told_to(monkeypatch, capsys):
    """Also in the middle of beginning to wait, and more than once: at each of the calls that the waiting is made of."""
    struck = set()

    def strike(frame, event, argument):
        at = (event, frame.f_code.co_qualname, getattr(argument, "__name__", None))
        if at not in struck:
            struck.add(at)
            signal.raise_signal(signal.SIGTERM)

    def warned(_):
        sys.setprofile(strike)
        return True

    monkeypatch.setattr("campaign_fsm.cli.simulate.is_private", warned)
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    profile = sys.getprofile()
    try:
        assert run(["simulate", "--port", "0"]) == 0
    finally:
        sys.setprofile(profile)
        for number, handler in before.items():
            signal.signal(number, handler)
    assert struck
    assert "The simulator has ended." in capsys.readouterr().out


def test_simulate_warns_where_others_can_reach_it():
    """Only loopback is silent: whoever can reach it can drive it."""
    for host, warned in (("127.0.0.1", False), ("127.0.0.2", False), ("0.0.0.0", True)):
        if host == "127.0.0.2" and sys.platform != "linux":
            continue
        process = start("--host", host)
        try:
            assert "listens on" in process.stdout.readline()
            process.terminate()
            _, err = process.communicate()
            assert process.returncode == 0
            assert ("everybody who can reach" in err) is warned
        finally:
            process.kill()
            process.communicate()


def test_simulate_says_when_the_host_is_none():
    """A sentence and exit code 2."""
    command = [sys.executable, "-m", "campaign_fsm", "simulate", "--port", "0", "--host", "é..b"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, "no host name" in done.stderr, "Traceback" in done.stderr) == (2, True, False)


def test_what_simulate_prints_can_be_pasted():
    """Credentials with characters of the shell's or of URLs are quoted."""
    simulator = Simulator(api_key="a b", api_token="t@'x")
    with SimulatorServer(simulator) as server:
        told = greeting(server, simulator.seed())
    text = "\n".join(lines(told))
    assert "a%20b:t%40%27x@127.0.0.1" in text
    exports = text.partition("export ")[2].partition("\n\n")[0].replace("\\\n", " ")
    assert shlex.split(exports) == [
        f"EXOTEL_{name.upper()}={told[name]}" for name in ("base_url", "account_sid", "api_key", "api_token")
    ]


def test_simulate_says_when_the_port_is_taken(served):
    """A sentence and exit code 2."""
    _, server = served
    port = server.base_url.rpartition(":")[2]
    done = subprocess.run(
        [sys.executable, "-m", "campaign_fsm", "simulate", "--port", port],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 2
    assert "cannot listen" in done.stderr
    assert "Traceback" not in done.stderr


def test_planned_faults_can_be_looked_at():
    """Over HTTP as well; one that has struck is gone."""
    simulator = Simulator()
    simulator.fault("rejected", method="put", status_code=409, times=2)
    answer = control(simulator, "GET", "/_simulator/faults", b"")
    assert answer.status_code == 200
    assert [(fault["kind"], fault["method"], fault["times"], fault["status_code"]) for fault in answer.document] == [
        ("rejected", "PUT", 2, 409)
    ]
    for _ in range(2):
        simulator.handle("PUT", "/v2/accounts/acme1/campaigns/x", [], b"{}")
    assert simulator.faults == ()


@pytest.mark.parametrize(("kind", "code"), [("rejected", 500), ("server-error", 404), ("rejected", 399)])
def test_a_fault_answers_with_a_code_of_its_kind(kind, code):
    """A rejection is 4xx, a server error 5xx."""
    with pytest.raises(ValueError, match="status_code is"):
        Simulator().fault(kind, status_code=code)


@pytest.mark.parametrize("channel", ["message", "voice"])
def test_nobody_is_contacted_before_the_start(channel):
    """A campaign that is paused before it starts has all its numbers; once it ran, some were contacted."""
    simulator = Simulator()
    key, done = {"message": ("scheduled", "sent"), "voice": ("pending", "completed")}[channel]
    campaign = simulator.add(channel=channel, start=simulator.now + timedelta(hours=1), contacts=10)
    stored = simulator.campaigns[campaign]
    simulator.move(campaign, "paused")
    assert (stats(stored)[key], stats(stored)[done]) == (10, 0)
    simulator.move(campaign, "in-progress")
    simulator.move(campaign, "paused")
    assert (stats(stored)[key], stats(stored)[done]) == (5, 5)


def test_a_status_may_be_given_in_any_spelling_of_the_wire():
    """And what is none is told with those that there are."""
    simulator = Simulator()
    assert simulator.status(simulator.add("scheduled")) == "created"
    with pytest.raises(ValueError, match="'gone'; it is one of created"):
        simulator.add("gone")

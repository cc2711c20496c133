"""The simulator under real sockets: its server, the control API, and the command that serves it."""

import inspect
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
from simulated import BASIC, url

from campaign_fsm import Simulator, SimulatorServer, SimulatorTransport, Status
from campaign_fsm.cli import run
from campaign_fsm.cli.simulate import greeting, lines, simulate
from campaign_fsm.simulator import Fault
from campaign_fsm.simulator.access import Access
from campaign_fsm.simulator.answers import OWN


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


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the thread that listens finds it out in its own time")
def test_a_server_stops_at_once(monkeypatch):
    """It does not wait until the thread that listens looks by itself; and nobody can connect any more."""
    monkeypatch.setattr("campaign_fsm.simulator.server._LOOK", 60)
    server = SimulatorServer(Simulator()).start()
    closing = threading.Thread(target=server.close, daemon=True)
    closing.start()
    closing.join(10)
    assert not closing.is_alive()
    with pytest.raises(httpx.ConnectError):
        httpx.get(server.base_url)


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
    """Credentials in the URL; with the JSON content type, and with form encoding, curl's own, as on update-campaign."""
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


@pytest.mark.parametrize("sent", [b"nonsense\r\n\r\n", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n"])
def test_what_the_server_itself_refuses_it_says_in_words_of_its_own(served, sent):
    """What is no HTTP, and bodies that it does not take; nobody takes that for an answer of the vendor's."""
    answer = raw(served[1], sent)
    assert b" 400 " in answer or answer.startswith(b"Bad request")
    assert OWN.encode() in answer


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


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("POST", "", "GET, HEAD"),
        ("PUT", "campaigns", "GET, HEAD, POST"),
        ("OPTIONS", "clock", "GET, HEAD, POST"),
        ("BREW", "journal", "GET, HEAD"),
        ("GET", "reset", "POST"),
        ("HEAD", "move", "POST"),
        ("PATCH", "faults", "DELETE, GET, HEAD, POST"),
    ],
)
def test_a_method_that_a_place_does_not_take_is_a_405_that_says_what_it_takes(served, method, path, allow):
    """Also methods that nobody knows, and the question of a browser whether a page may."""
    _, server = served
    answer = httpx.request(method, f"{server.base_url}/_simulator/{path}")
    assert (answer.status_code, answer.headers["Allow"]) == (405, allow)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("", None),
        ("clock", {"advance": 3600}),
        ("clock", {"now": "2030-01-01T00:00:00Z"}),
        ("clock?advance=3600", None),
        ("faults", {"kind": "reset"}),
        ("campaigns", {"status": "paused"}),
        ("journal", {"limit": 1}),
        ("journal?after=1", None),
        ("move", {"id": "c1", "status": "paused"}),
        ("reset", {}),
    ],
)
def test_a_read_changes_nothing_whatever_comes_with_it(served, method, path, body):
    """A page can have its browser send reads, for they need no Origin."""
    simulator, server = served
    simulator.add("created", id="c1", start=simulator.now + timedelta(minutes=1))
    simulator.fault("stall", method="PUT", seconds=1)
    simulator.advance(60)
    before = simulator.now, simulator.journal, simulator.faults, simulator.listed(), simulator._beginning
    content = b"" if body is None else json.dumps(body).encode()
    answer = httpx.request(method, f"{server.base_url}/_simulator/{path}", content=content)
    assert (simulator.now, simulator.journal, simulator.faults, simulator.listed(), simulator._beginning) == before
    expected = 405 if path in ("move", "reset") else 400 if body else 200
    assert answer.status_code == expected
    if method == "HEAD":
        assert (answer.content, int(answer.headers["Content-Length"]) > 0) == (b"", True)
    elif expected == 400:
        assert f"takes no {next(iter(body))}" in answer.json()["error"]


def test_the_journal_over_http_says_what_it_has_dropped():
    """The numbers go on, a header counts what is gone, and who reads on asks for what came after a number."""
    simulator = Simulator(journal_limit=4)
    with SimulatorServer(simulator) as server:
        journal = f"{server.base_url}/_simulator/journal"
        answer = httpx.get(journal)
        assert (answer.json(), answer.headers["X-Simulator-Journal-Dropped"]) == ([], "0")
        for _ in range(6):
            httpx.get(f"{server.base_url}/")
        answer = httpx.get(journal)
        assert [entry["number"] for entry in answer.json()] == [3, 4, 5, 6]
        assert answer.headers["X-Simulator-Journal-Dropped"] == "2"
        for after, numbers in ((0, [3, 4, 5, 6]), (2, [3, 4, 5, 6]), ("0005", [6]), (6, [])):
            found = httpx.get(f"{journal}?after={after}")
            assert [entry["number"] for entry in found.json()] == numbers
        for after in ("-1", "x", "²"):
            assert httpx.get(f"{journal}?after={after}").status_code == 400
        # After a reset the numbers begin anew: who reads on from the old ones would wait for long.
        for after in ("7", "99", "9" * 5000):
            assert "the last one is 6" in httpx.get(f"{journal}?after={after}").json()["error"]


def test_the_campaigns_that_are_listed_are_those_of_now():
    """Where the clock runs by itself, too."""
    simulator = Simulator(live=True)
    with SimulatorServer(simulator) as server:
        simulator.add("created")
        time.sleep(0.001)
        assert httpx.get(f"{server.base_url}/_simulator/campaigns").json()[0]["status"] == "in-progress"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "", "http://127.0.0.1"])
def test_a_page_in_a_browser_may_not_drive_it(served, origin):
    """Whoever has an Origin is a page of somebody's."""
    _, server = served
    answer = httpx.post(f"{server.base_url}/_simulator/reset", headers={"Origin": origin})
    assert answer.status_code == 403


def drive(server, *hosts, path="/_simulator/clock"):
    """The status code and body of a POST with these Host headers, which may be none."""
    lines = [f"POST {path} HTTP/1.1", *(f"Host: {host}" for host in hosts), "Connection: close", "Content-Length: 0"]
    head, _, body = raw(server, "\r\n".join([*lines, "", ""]).encode()).partition(b"\r\n\r\n")
    return int(head.split()[1]), body.decode()


EVERYWHERE = "0.0.0.0"


@pytest.mark.parametrize(
    ("bound", "host", "may"),
    [
        *(
            ("127.0.0.1", host, True)
            for host in (
                "127.0.0.1",
                "127.0.0.1:8080",
                "127.8.8.8",
                "localhost",
                "LocalHost.:80",
                "sim.localhost:8080",
                "[::1]:8080",
                "[::ffff:127.0.0.1]",
                "sim.example.test",
                "SIM.example.test.:99",
                "192.0.2.7",
                "",
            )
        ),
        *(
            ("127.0.0.1", host, False)
            for host in (
                "evil.example",
                "evil.example:8080",
                "localhost.evil.example",
                "evil-localhost",
                "127.0.0.1.evil.example",
                "x.sim.example.test",
                "simulator",
                "host.docker.internal",
                "192.0.2.8",
                "[2001:db8::1]",
                "user@localhost",
                "localhost,evil.example",
                "localhost evil.example",
                ".",
                "[::1",
            )
        ),
        *(
            (EVERYWHERE, host, True)
            for host in (
                "simulator",
                "simulator:8080",
                "host.docker.internal:80",
                "s.ns.svc.cluster.local",
                "s.ns.svc",
                "web-1.project_default:80",
                "sim.lan",
                "sim.home.arpa",
                "sim.test",
                "sim.stack_",
                "",
                "192.0.2.8",
                "[2001:db8::1]:80",
                "localhost",
            )
        ),
        *(
            (EVERYWHERE, host, False)
            for host in (
                "evil.example",
                "simulator.evil.example",
                "internal.evil.example",
                "evil-local.example",
                "evil_local.example",
                "s.ns",
                ".local",
                "a..local",
                "sim?x",
                "localhost\0",
                ".",
                "user@simulator",
            )
        ),
    ],
)
def test_only_a_host_of_its_own_drives_it(bound, host, may):
    """A page whose name leads here after DNS rebinding names itself: it is refused, and shown how to allow it."""
    simulator = Simulator()
    simulator.advance(60)
    with SimulatorServer(simulator, bound, allow_hosts=["Sim.example.test", "192.0.2.7:80"]) as server:
        status_code, body = drive(server, host)
        assert status_code == (200 if may else 403)
        assert ("--allow-host" in json.loads(body).get("error", "")) is not may
        # The second one is read, too, and the API itself asks for credentials instead.
        assert drive(server, "localhost", host)[0] == status_code
        assert drive(server, host, path="/_simulator?x=1")[0] == (405 if may else 403)
        assert drive(server, host, path=url(None))[0] == 401
        # Browsers always name a host, so what names none is none.
        assert drive(server)[0] == 200


def test_it_is_driven_by_the_name_and_the_address_that_it_listens_on():
    """A name is resolved once, to listen; requests may go on to use it, and the address as well."""
    with SimulatorServer(Simulator(), "127.1") as server:
        assert [drive(server, host)[0] for host in ("127.1", "127.0.0.1", "127.2")] == [200, 200, 403]
    for address, other in (("192.0.2.5", "192.0.2.6"), ("2001:db8:0:0::1", "[2001:db8::2]")):
        access = Access(address, frozenset())
        own = f"[{address}]" if ":" in address else address
        assert access.problem([own], None) is None
        assert "--allow-host" in access.problem([other], None)


@pytest.mark.parametrize(
    ("hosts", "error"),
    [
        ("sim.example.test", TypeError),
        *(
            ([host], ValueError)
            for host in ("http://sim", "", "*", "*.example.com", ".example.com", "sim,other", "a..b")
        ),
    ],
)
def test_hosts_that_are_none_are_refused(hosts, error):
    """One text would be its letters."""
    with pytest.raises(error, match="host"):
        SimulatorServer(Simulator(), allow_hosts=hosts)


# The command


def test_every_switch_of_the_simulator_is_an_option_with_the_same_default():
    """The time cannot be given, and the journal is limited; what else a test can set, the command can."""
    switches = {name: one.default for name, one in inspect.signature(Simulator).parameters.items()}
    options = {option.name: option for option in simulate.params}
    assert switches.keys() - options.keys() == {"now"}
    context = simulate.make_context("simulate", [])
    for name in switches.keys() & options.keys() - {"journal_limit"}:
        assert context.params[name] == switches[name]
        for choice in getattr(options[name].type, "choices", ()):
            assert getattr(Simulator(**{name: choice}), name) == choice


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


def test_simulate_bounds_its_journal_and_allows_the_hosts_that_it_is_given():
    """It may run for weeks: 10 000 entries unless said otherwise, 0 for all."""
    for limit, kept in (("0", [1, 2, 3, 4]), ("2", [3, 4])):
        hosts = ("--allow-host", "a.example.test", "--allow-host", "b.example.test")
        process = start("--json", "--journal-limit", limit, *hosts)
        try:
            told = json.loads(process.stdout.readline())
            for _ in range(4):
                httpx.get(told["base_url"])
            journal = f"{told['base_url']}/_simulator/journal"
            for host in ("a.example.test", "b.example.test:80"):
                assert [entry["number"] for entry in httpx.get(journal, headers={"Host": host}).json()] == kept
            assert httpx.get(journal, headers={"Host": "c.example.test"}).status_code == 403
        finally:
            process.kill()
            process.communicate()
    (option,) = (option for option in simulate.params if option.name == "journal_limit")
    assert option.default == 10_000


def test_simulate_says_which_host_to_allow_is_none():
    """A sentence and exit code 2."""
    command = [sys.executable, "-m", "campaign_fsm", "simulate", "--port", "0", "--allow-host", "http://sim"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, "--allow-host" in done.stderr, "Traceback" in done.stderr) == (2, True, False)


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

"""Real processes: what was made before a fork is of no harm after it, in the child or in the parent."""

import asyncio
import contextlib
import copy
import gc
import json
import logging
import multiprocessing
import os
import pickle
import select
import signal
import ssl
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import httpx
import pytest
from gates import envelope, make, put, run
from operations import message
from programs import PATIENCE, running, said
from wires import ID, MESSAGE, wire

from campaign_fsm import (
    AsyncCampaignClient,
    CampaignClient,
    GuardTransport,
    Simulator,
    SimulatorServer,
    SimulatorTransport,
    errors,
)
from campaign_fsm.client.pools import AsyncPoolPerProcess, PoolPerProcess
from campaign_fsm.gate import Batch, Terms
from campaign_fsm.gate.budget import budget_of
from campaign_fsm.gate.section import campaign_key
from campaign_fsm.trace import TraceFile
from campaign_fsm.wire.target import read_target

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork processes"),
    # Python 3.12 and later warn of what is tested here.
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning"),
]


class Signal:
    """An event that processes share."""

    def __init__(self):
        self._out, self._in = os.pipe()

    def set(self):
        os.write(self._in, b"!")

    def wait(self):
        ready, _, _ = select.select([self._out], [], [], PATIENCE)
        assert ready, "nobody gave the signal"

    def close(self):
        os.close(self._out)
        os.close(self._in)


class Fork:
    """Forks this process once, where it is called. The child goes on there; whatever it does it has to `tell`."""

    def __init__(self):
        self.pid = None

    def __call__(self, *_):
        if self.pid is not None:
            return
        self._out, told = os.pipe()
        self.pid = os.fork()
        if self.pid:
            os.close(told)
            return
        self._told = told
        # A child that hangs is killed, and the parent sees that it told nothing.
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(PATIENCE)

    @property
    def in_child(self):
        return self.pid == 0

    def say(self, what):
        os.write(self._told, json.dumps(what).encode())

    def tell(self, what):
        """The end of the child."""
        self.say(what)
        os._exit(0)

    def told(self):
        """What the child has told, once it has ended; its exit code has to be 0."""
        said = b""
        while part := os.read(self._out, 65536):
            said += part
        os.close(self._out)
        _, status = os.waitpid(self.pid, 0)
        assert os.waitstatus_to_exitcode(status) == 0, said
        return json.loads(said)


def child(work):
    """A fork that tells what some work returns or raises."""
    fork = Fork()
    fork()
    if fork.in_child:
        fork.tell(outcome(work))
    return fork


def outcome(work):
    """What came of some work, as JSON can hold it."""
    try:
        return ["returned", work()]
    except errors.Refused as error:
        return ["refused", type(error).__name__, error.code]
    except BaseException as error:  # noqa: BLE001 (no child runs on into the test of its parent)
        return ["raised", repr(error)]


def forked(fork, work):
    """Some work inside of which `fork` is called: what came of it in the parent and in the child."""
    result = outcome(work)
    if fork.in_child:
        fork.tell(result)
    assert fork.pid, "nobody forked"
    return result, fork.told()


BUSY = ["refused", "CampaignBusy", "CF803"]


@pytest.fixture
def server():
    with SimulatorServer(Simulator()) as server:
        yield server


def settings(server, **more):
    simulator = server.simulator
    if "transport" not in more:
        more = {"verify": False, **more}  # each child would read all certificates
    return {
        "base_url": server.base_url,
        "account_sid": simulator.account_sid,
        "api_key": simulator.api_key,
        "api_token": simulator.api_token,
        "trust_env": False,
        **more,
    }


class SyncFace:
    """A client, driven from outside like the other one."""

    kind, base = CampaignClient, httpx.BaseTransport
    bare, pools = httpx.HTTPTransport, PoolPerProcess

    def __init__(self, server, **more):
        self.client = self.kind(**settings(server, **more))

    def get(self, campaign):
        return self.client.get(campaign).id

    def recipients(self, campaign):
        return len(list(self.client.recipients(campaign)))

    def act(self, name, *args):
        return str(getattr(self.client, name)(*args).status)

    def watch(self, hook):
        """Call `hook` with what `httpcore` does, from now on."""
        self.client._http.event_hooks = {"request": [lambda request: request.extensions.update(trace=hook)]}

    def leave(self):
        self.client.__exit__(None, None, None)

    def close(self):
        self.client.close()

    def child_face(self):
        """What a child has to do before it calls."""

    def end(self):
        self.client.close()


class AsyncFace:
    kind, base = AsyncCampaignClient, httpx.AsyncBaseTransport
    bare, pools = httpx.AsyncHTTPTransport, AsyncPoolPerProcess

    def __init__(self, server, **more):
        self.client = self.kind(**settings(server, **more))
        self.runner = asyncio.Runner()

    def get(self, campaign):
        return self.runner.run(self.client.get(campaign)).id

    def recipients(self, campaign):
        async def all_of_them():
            return len([recipient async for recipient in self.client.recipients(campaign)])

        return self.runner.run(all_of_them())

    def act(self, name, *args):
        return str(self.runner.run(getattr(self.client, name)(*args)).status)

    def watch(self, hook):
        async def trace(name, info):
            hook(name, info)

        async def watched(request):
            request.extensions["trace"] = trace

        self.client._http.event_hooks = {"request": [watched]}

    def leave(self):
        self.runner.run(self.client.__aexit__(None, None, None))

    def close(self):
        self.runner.run(self.client.aclose())

    def child_face(self):
        # The loop of the parent stays as it is: its selector is shared.
        self.parents, self.runner = self.runner, asyncio.Runner()

    def end(self):
        with self.runner:
            self.close()


FACES = {"sync": SyncFace, "async": AsyncFace}


@pytest.fixture(params=FACES)
def face(request, server):
    """Makes clients, and closes them in the end."""
    made = []

    def make(**more):
        made.append(FACES[request.param](server, **more))
        return made[-1]

    make.kind = FACES[request.param]
    yield make
    for each in made:
        each.end()


# 1. Each process has connections of its own


class Connects:
    """The file descriptors of the connections that are opened."""

    def __init__(self):
        self.opened = []

    def __call__(self, name, info):
        if name == "connection.connect_tcp.complete":
            self.opened.append(info["return_value"].get_extra_info("socket").fileno())


def opened(here, campaign):
    """The connections that a client opens for a read, which has to get the right answer."""
    connects = Connects()
    here.watch(connects)
    assert here.get(campaign) == campaign
    return connects.opened


def crossing(face, calls):
    """Two children make a call each at the same time: what each of them got.

    The requests are out before the first answer is read, and the second child reads first: on a connection that
    they share, it gets the answer of the first.
    """
    signals = first_is_ready, second_is_ready, first_has_sent, second_has_read = [Signal() for _ in range(4)]

    def first(name, _):
        if name.endswith("send_request_headers.started") and not seen:
            seen.append(name)
            first_is_ready.set()
            second_is_ready.wait()
        elif name.endswith("receive_response_headers.started") and len(seen) == 1:
            seen.append(name)
            first_has_sent.set()
            second_has_read.wait()

    def second(name, _):
        if name.endswith("send_request_headers.started") and not seen:
            seen.append(name)
            first_is_ready.wait()
            second_is_ready.set()
            first_has_sent.wait()

    def work(hook, call, done=lambda: None):
        face.child_face()
        face.watch(hook)
        try:
            return call()
        finally:
            done()

    seen = []
    children = [
        child(lambda: work(first, calls[0])),
        child(lambda: work(second, calls[1], second_has_read.set)),
    ]
    found = [each.told() for each in children]
    for each in signals:
        each.close()
    return found


ROUNDS = 8


def test_two_children_get_their_own_answers(server, face):
    """In many rounds, none gets those of the other; and the connection of the parent goes on."""
    here = face()
    campaigns = [server.simulator.add("paused", contacts=contacts) for contacts in (3, 5)]
    numbers = [here.recipients(campaign) for campaign in campaigns]
    assert numbers == [3, 5]
    for turn in range(ROUNDS):
        name, own = ("recipients", numbers) if turn % 2 else ("get", campaigns)
        calls = [lambda name=name, campaign=campaign: getattr(here, name)(campaign) for campaign in campaigns]
        assert crossing(here, calls) == [["returned", each] for each in own]
        assert [opened(here, campaign) for campaign in campaigns] == [[], []]


def test_bare_connections_cross(server, face):
    """The test above can fail: on httpx's own transport, a child gets the other's answer, or under asyncio none."""
    here = face(transport=face.kind.bare(), timeout=1.0, deadline=0.0)
    campaigns = [server.simulator.add("paused", contacts=contacts) for contacts in (3, 5)]
    numbers = [here.recipients(campaign) for campaign in campaigns]
    found = crossing(here, [lambda each=each: here.recipients(each) for each in campaigns])
    if face.kind is SyncFace:
        assert found[1] == ["returned", numbers[0]]
    else:
        # Its connection belongs to the event loop of the parent.
        assert [how for how, _ in found] == ["raised", "raised"]


def is_open(descriptor):
    try:
        return stat.S_ISSOCK(os.fstat(descriptor).st_mode)
    except OSError:
        return False


def after_the_end(here, how, campaign, inherited):
    """Whether a connection is still open where a child has ended its client in one way or another."""
    here.child_face()
    if how != "close at once":
        assert opened(here, campaign) != [inherited]
    if how == "leave":
        here.leave()
    else:
        here.close()
    return is_open(inherited)


WAYS = ["close", "close at once", "leave"]


@pytest.mark.parametrize("how", WAYS)
def test_whatever_a_child_closes_is_its_own(server, face, how):
    """The connection of the parent stays open in the child and goes on in the parent."""
    here, campaign = face(), server.simulator.add("paused")
    (inherited,) = opened(here, campaign)
    assert child(lambda: after_the_end(here, how, campaign, inherited)).told() == ["returned", True]
    assert opened(here, campaign) == []


def test_a_child_closes_bare_connections(server, face):
    """The test above can fail: what httpx's own transport has, it closes, whoever opened it."""
    here, campaign = face(transport=face.kind.bare()), server.simulator.add("paused")
    (inherited,) = opened(here, campaign)

    def end():
        here.close()  # under asyncio on the loop of the parent, which is what it belongs to
        return is_open(inherited)

    assert child(end).told() == ["returned", False]


def forgotten(here):
    here.child_face()
    here.client = None
    gc.collect()


def test_a_child_may_forget_its_client(server, face):
    """What is collected in the child goes on in the parent."""
    here, campaign = face(), server.simulator.add("paused")
    assert opened(here, campaign)
    assert child(lambda: forgotten(here)).told() == ["returned", None]
    assert opened(here, campaign) == []


# A module with a client, as a server imports it before it forks; the child runs to the end of the script.
EXIT = """
import asyncio, os, sys
from campaign_fsm import AsyncCampaignClient, CampaignClient

kind, campaign = sys.argv[1:]
count = 0

def hook(name, _):
    global count
    count += name == "connection.connect_tcp.started"

async def async_hook(name, info):
    hook(name, info)

def watch(request):
    request.extensions["trace"] = hook

async def async_watch(request):
    request.extensions["trace"] = async_hook

if kind == "sync":
    client = CampaignClient()
    client._http.event_hooks = {"request": [watch]}
    get = client.get
else:
    runner, client = asyncio.Runner(), AsyncCampaignClient()
    client._http.event_hooks = {"request": [async_watch]}
    get = lambda campaign: runner.run(client.get(campaign))

get(campaign)
pid = os.fork()
if pid:
    assert os.waitpid(pid, 0)[1] == 0
    get(campaign)
    print("connections:", count)
    if kind == "async":
        runner.run(client.aclose())
        runner.close()
elif kind == "sync":
    get(campaign)
else:
    # Its own loop; the one of the parent is left as it is.
    with asyncio.Runner() as runner:
        get(campaign)
"""


@pytest.mark.parametrize("kind", FACES)
def test_a_child_that_ends_closes_nothing_of_its_parent(account, kind):
    """It takes the interpreter down, with all that it inherited, and the connection of the parent goes on."""
    campaign = account.add("paused")
    run = subprocess.run(
        [sys.executable, "-c", EXIT, kind, campaign], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert (run.returncode, run.stdout) == (0, "connections: 1\n"), run.stderr


@pytest.fixture
def tls(server):
    """The server behind TLS, and the context of a client that trusts it."""
    trustme = pytest.importorskip("trustme", reason="trustme makes the certificates of a server with TLS")
    authority, theirs = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(theirs)
    ours = ssl.create_default_context()
    authority.configure_trust(ours)
    served = SimulatorServer(server.simulator)
    served._server.socket = theirs.wrap_socket(served._server.socket, server_side=True)
    with served:
        yield {"base_url": f"https://localhost:{served._server.server_port}", "verify": ours}


def test_over_tls_each_process_has_its_own_session(server, face, tls):
    """Two children get their own answers, close and forget, and the session of the parent goes on."""
    here = face(**tls)
    campaigns = [server.simulator.add("paused", contacts=contacts) for contacts in (3, 5)]
    (inherited,) = opened(here, campaigns[0])
    calls = [lambda each=each: here.recipients(each) for each in campaigns]
    assert crossing(here, calls) == [["returned", 3], ["returned", 5]]
    for how in WAYS:
        assert child(lambda: after_the_end(here, how, campaigns[0], inherited)).told() == ["returned", True]  # noqa: B023
    assert child(lambda: forgotten(here)).told() == ["returned", None]
    assert opened(here, campaigns[1]) == []


# 2. Critical sections


def around(face, before=lambda _: None, after=lambda _: None):
    """Connections, each process its own, with something that is called before and after each request."""
    pools = face.pools(partial(face.bare, verify=False))

    class Around(face.base):
        def handle_request(self, request):
            before(request)
            response = pools.handle_request(request)
            response.read()
            after(request)
            return response

        async def handle_async_request(self, request):
            before(request)
            response = await pools.handle_async_request(request)
            await response.aread()
            after(request)
            return response

        def close(self):
            pools.close()

        async def aclose(self):
            await pools.aclose()

    return Around()


def of(method, call):
    """Call only for requests of a method."""
    return lambda request: call() if request.method == method else None


def writes(simulator):
    """The methods of the writes that arrived."""
    return [entry.method for entry in simulator.journal if entry.kind == "request" and entry.method != "GET"]


class Standing:
    """A thread that stands inside of something until it is let go."""

    def __init__(self):
        self.inside, self.go_on = threading.Event(), threading.Event()

    def __call__(self, *_):
        self.inside.set()
        assert self.go_on.wait(PATIENCE)

    @contextlib.contextmanager
    def within(self, work):
        thread = threading.Thread(target=work)
        thread.start()
        try:
            assert self.inside.wait(PATIENCE)
            yield
        finally:
            self.go_on.set()
            thread.join(PATIENCE)


def test_the_section_of_a_child_is_free_at_once(server, face):
    """Another thread is inside when the process forks: the child's pause does not wait for it, the parent's does."""
    standing = Standing()
    campaign = server.simulator.add("in-progress")
    with CampaignClient(**settings(server, transport=around(SyncFace, before=of("GET", standing)))) as other:
        with standing.within(lambda: other.ensure_paused(campaign)):
            here = face(deadline=0.001)

            def work():
                here.child_face()
                return here.act("pause", campaign)

            assert outcome(lambda: here.act("pause", campaign)) == ["refused", "CampaignBusy", "CF802"]
            assert child(work).told() == ["returned", "paused"]
            assert writes(server.simulator) == ["PUT"]
    # What stood there reads then, and does not pause what is paused.
    assert writes(server.simulator) == ["PUT"]


class Handler(logging.Handler):
    def __init__(self, fork):
        super().__init__()
        self.fork = fork

    def emit(self, record):
        self.fork()


@contextlib.contextmanager
def logged(fork):
    """Forks when the package logs its first line, which is about the read."""
    logger, handler = logging.getLogger("campaign_fsm"), Handler(fork)
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)


@contextlib.contextmanager
def at(fork, place, face):
    """The settings of a client that forks at a place of its writes."""
    kind, _, name = place.partition(" ")
    if kind == "trace":
        yield {"trace": lambda event: fork() if event["event"] == name else None}
    elif kind == "log":
        with logged(fork):
            yield {}
    else:
        yield {"transport": around(face, **{kind: of(name, fork)})}


PLACES = ["trace read", "trace decided", "trace sent", "log", "before GET", "after GET", "before PUT"]


@pytest.mark.parametrize("place", PLACES)
def test_a_fork_inside_of_a_section_makes_no_second_writer(server, face, place):
    """The child gets CF803, the parent goes on, and one write arrives."""
    fork, campaign = Fork(), server.simulator.add("in-progress")
    with at(fork, place, face.kind) as given:
        here = face(**given)
        in_parent, in_child = forked(fork, lambda: here.act("pause", campaign))
    assert in_parent == ["returned", "paused"]
    if (face.kind, place) == (AsyncFace, "before PUT"):
        # Below the gate there is only the event loop, which is none in a fork.
        assert in_child[0] == "raised"
    else:
        assert in_child == BUSY
    assert writes(server.simulator) == ["PUT"]
    assert here.get(campaign) == campaign


@pytest.mark.parametrize("place", ["trace decided", "trace sent"])
@pytest.mark.parametrize("action", ["pause", "create"])
def test_a_transport_without_connections_gets_nothing_in_a_fork(place, action):
    """Where nobody sees the last moment, the gate asks before it hands the write on."""
    fork, simulator = Fork(), Simulator()
    campaign = simulator.add("in-progress")
    settings = {"account_sid": simulator.account_sid, "api_key": simulator.api_key, "api_token": simulator.api_token}
    with at(fork, place, SyncFace) as given:
        client = CampaignClient(transport=SimulatorTransport(simulator), trust_env=False, **settings, **given)
        argument = campaign if action == "pause" else message(simulator)
        found = outcome(lambda: str(getattr(client, action)(argument).status))
        if fork.in_child:
            fork.tell([found, writes(simulator)])
    assert fork.told() == [BUSY, []]
    assert found == ["returned", "paused" if action == "pause" else "created"]
    client.close()


def test_a_fork_in_the_last_moment_sends_nothing(server):
    """A hook of the caller's own, called right before the bytes of the write leave, forks: one write arrives."""
    fork, campaign = Fork(), server.simulator.add("in-progress")
    here = SyncFace(server)
    here.watch(lambda name, info: fork() if name.endswith("send_request_headers.started") and puts(info) else None)
    assert forked(fork, lambda: here.act("pause", campaign)) == (["returned", "paused"], BUSY)
    assert writes(server.simulator) == ["PUT"]
    here.end()


def puts(info):
    return info["request"].method == b"PUT"


@pytest.mark.parametrize("place", ["trace decided", "trace sent", "before POST"])
def test_a_fork_does_not_create_a_second_campaign(server, place):
    """There is no section to hold, and all the same the child gets CF803 and one campaign is made."""
    fork = Fork()
    with at(fork, place, SyncFace) as given:
        here = SyncFace(server, **given)
        assert forked(fork, lambda: here.act("create", message(server.simulator))) == (["returned", "created"], BUSY)
    assert writes(server.simulator) == ["POST"]
    here.end()


def test_a_fork_between_two_gates_makes_no_second_writer(server):
    """What the gate below gets in the child is of the parent, so it does not begin anew with it."""
    fork, campaign = Fork(), server.simulator.add("in-progress")

    class Between(httpx.BaseTransport):
        def handle_request(self, request):
            of("PUT", fork)(request)
            return below.handle_request(request)

        def close(self):
            below.close()

    with GuardTransport(PoolPerProcess(partial(httpx.HTTPTransport, verify=False))) as below:
        here = SyncFace(server, transport=Between())
        in_parent, in_child = forked(fork, lambda: here.act("pause", campaign))
    assert (in_parent, in_child) == (["returned", "paused"], BUSY)
    assert writes(server.simulator) == ["PUT"]


def test_the_events_of_a_fork_are_not_those_of_its_parent(server, tmp_path):
    """What the trace says of the refused half has a flow of its own, so nobody takes the sent write for refused."""
    path, fork, campaign = tmp_path / "trace.jsonl", Fork(), server.simulator.add("in-progress")
    file = TraceFile(path)

    def trace(event):
        file(event)
        if event["event"] == "sent":
            fork()

    here = SyncFace(server, trace=trace)
    assert forked(fork, lambda: here.act("pause", campaign)) == (["returned", "paused"], BUSY)
    events = [json.loads(line) for line in path.read_text().splitlines()]
    flows = {}
    for event in events:
        flows.setdefault(event["flow"], []).append(event["event"])
    assert sorted(flows.values()) == [["held", "refused"], ["read", "decided", "sent", "answered"]]
    here.end()


def test_a_reading_of_the_parent_is_none_of_the_child(server):
    """With `max_age`, the child reads anew before it writes: it does not see what the parent writes meanwhile."""
    campaign = server.simulator.add("in-progress")
    here = SyncFace(server, max_age=3600.0)
    here.get(campaign)
    server.simulator.move(campaign, "paused")
    assert child(lambda: here.act("pause", campaign)).told() == ["refused", "AlreadyThere", "CF211"]
    assert writes(server.simulator) == []
    here.end()


# 3. The request budget


class Waits(BaseException):
    """Raised instead of waiting for the budget."""


def no_time(_):
    raise Waits


def test_what_was_spent_stays_spent(server):
    """The parent has made all the requests of a minute: its child has none left."""
    campaign = server.simulator.add("paused")
    here = SyncFace(server, budget=4, on_wait=no_time)
    for left in (3, 2, 1, 0):
        here.get(campaign)
        assert child(lambda: here.get(campaign)).told() == (["returned", campaign] if left else ["raised", "Waits()"])
    here.end()


def test_nobody_waits_for_those_that_only_the_parent_has(server, face):
    """A thread of the parent is first in the queue, and holds up the others there, but none in the child."""
    campaign = server.simulator.add("in-progress")
    standing = Standing()

    def stand(wait):
        standing()
        raise Waits

    def wait():
        with contextlib.suppress(Waits):
            first.pause(campaign)

    here = face(budget=3, on_wait=no_time)
    with CampaignClient(**settings(server, budget=3, on_wait=stand)) as first:
        for _ in range(2):
            here.get(campaign)
        # One is left. It waits for two, and is urgent.
        with standing.within(wait):

            def work():
                here.child_face()
                return here.get(campaign)

            assert outcome(lambda: here.get(campaign)) == ["raised", "Waits()"]
            assert child(work).told() == ["returned", campaign]
    assert here.get(campaign) == campaign


def test_a_fork_in_the_queue_makes_no_second_writer(server):
    """Whoever is told of a wait forks: the write that waited is the parent's."""
    fork, campaign, clock = Fork(), server.simulator.add("in-progress"), [0.0]
    guard = GuardTransport(
        PoolPerProcess(partial(httpx.HTTPTransport, verify=False)),
        budget=2,
        on_wait=fork,
        clock=lambda: clock[0],
        sleep=lambda seconds: clock.append(clock.pop() + seconds),
    )
    simulator = server.simulator
    url = f"{server.base_url}/v2/accounts/{simulator.account_sid}/message-campaigns/{campaign}"
    with httpx.Client(transport=guard, auth=(simulator.api_key, simulator.api_token)) as http:
        assert http.get(url).status_code == 200
        found = forked(fork, lambda: http.put(url, json={"action": "pause"}).status_code)
    assert found == (["returned", 200], BUSY)
    assert writes(simulator) == ["PUT"]


# 4. What a fork finds locked, open or half written


class BeforeFork:
    """Calls something when this process is about to fork."""

    def __init__(self):
        self.call = lambda: None
        os.register_at_fork(before=self._before)

    def _before(self):
        self.call()


@pytest.fixture(scope="module")
def before_fork():
    return BeforeFork()


def test_a_fork_finds_no_simulator_locked(server, before_fork):
    """A thread is half way through a change when the process forks: the child has the whole of it, and no lock."""
    simulator = Simulator()
    campaign = simulator.add("in-progress")
    standing = Standing()

    def half_way():
        with simulator._lock:
            simulator.move(campaign, "paused")
            standing()
            simulator.move(campaign, "completed")

    def work():
        with CampaignClient(**settings(server, transport=SimulatorTransport(simulator))) as client:
            return str(client.archive(campaign).status)

    with standing.within(half_way):
        before_fork.call = standing.go_on.set
        try:
            assert child(work).told() == ["returned", "archived"]
        finally:
            before_fork.call = lambda: None
    assert simulator.status(campaign) == "completed"


def test_forks_of_two_threads_do_not_wait_for_each_other():
    """Each takes the locks of all simulators before it forks, in the same order."""
    simulators = [Simulator() for _ in range(3)]
    ready = threading.Barrier(2)
    found = []

    def add_to_each():
        return len([simulator.add() for simulator in simulators])

    def fork_often():
        ready.wait(PATIENCE)
        for _ in range(10):
            found.append(child(add_to_each).told())  # noqa: PERF401

    threads = [threading.Thread(target=fork_often) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert found == [["returned", 3]] * 20


def test_a_child_can_leave_the_server_of_its_parent(server):
    """It closes what it has of it, without waiting for a thread that it does not have; the parent serves on."""
    campaign = server.simulator.add("paused")
    here = SyncFace(server)
    here.get(campaign)
    assert child(server.close).told() == ["returned", None]
    assert opened(here, campaign) == []
    here.end()


def test_a_child_does_not_hold_the_connections_of_a_server(server):
    """While a child lives, a reset of its parent's server arrives as one, and its port is free once it is closed."""
    campaign = server.simulator.add("paused")
    done = Signal()
    here = SyncFace(server, deadline=0.0)
    here.get(campaign)
    lives = child(done.wait)
    server.simulator.fault("reset", id=campaign)
    found = outcome(lambda: here.get(campaign))
    here.end()
    server.close()
    with SimulatorServer(Simulator(), port=server._server.server_port):
        done.set()
        assert lives.told() == ["returned", None]
    assert found[0] == "raised"
    assert "ReadError" in found[1]
    done.close()


IMPORTS = """
import sys
from campaign_fsm import CampaignClient

client = CampaignClient(**{how})
before = set(sys.modules)
client.get(sys.argv[1])
client.pause(sys.argv[1])
print(*sorted(name for name in set(sys.modules) - before if name.startswith(("campaign_fsm", "pyrate_limiter"))))
"""


@pytest.mark.parametrize("how", [{}, {"budget": 60}])
def test_what_requests_need_is_imported_before_them(account, how):
    """A fork while another thread makes the first request leaves no import half done, which a child would wait for."""
    script = IMPORTS.format(how=how)
    run = subprocess.run(
        [sys.executable, "-c", script, account.add()], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert (run.returncode, run.stdout) == (0, "\n"), run.stderr


LINES = 300


def test_lines_of_a_trace_stay_whole(tmp_path):
    """The parent and two children write to one open file at the same time: every line arrives, as it was."""
    path, start = tmp_path / "trace.jsonl", [Signal() for _ in range(2)]
    file = TraceFile(path)

    def write(who):
        for number in range(LINES):
            file({"who": who, "number": number, "long": who * 2000})

    def in_child(who, signal):
        signal.wait()
        write(who)
        file.close()

    children = [child(lambda who=who, each=each: in_child(who, each)) for who, each in zip("ab", start, strict=True)]
    for each in start:
        each.set()
    write("c")
    assert [each.told() for each in children] == [["returned", None]] * 2
    file({"who": "c", "number": LINES, "long": ""})
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    for who in "abc":
        assert [line["number"] for line in lines if line["who"] == who] == list(range(LINES + (who == "c")))
    assert all(line["long"] == line["who"] * 2000 for line in lines if line["number"] < LINES)
    file.close()
    for each in start:
        each.close()


# 5. Processes that others start


def ask(told, given, campaigns):
    """Tell what a client of this process reads, and where it runs."""
    with CampaignClient(**given) as client:
        told.send([os.getpid(), *[[client.get(each).id, len(list(client.recipients(each)))] for each in campaigns]])


def go_on(told, client, campaigns):
    told.send([os.getpid(), *[[client.get(each).id, len(list(client.recipients(each)))] for each in campaigns]])


def started(method, work, *args):
    """What a process of `multiprocessing` tells, after its own id."""
    context = multiprocessing.get_context(method)
    told, tells = context.Pipe(duplex=False)
    process = context.Process(target=work, args=(tells, *args))
    process.start()
    tells.close()
    try:
        assert told.poll(PATIENCE)
        pid, *found = told.recv()
        process.join(PATIENCE)
        assert (pid, process.exitcode) == (process.pid, 0)
        return found
    finally:
        process.kill()
        process.join()
        told.close()


def test_a_spawned_process_makes_its_own_client(server):
    """It imports the package anew, and gets the right answers."""
    campaigns = [server.simulator.add("paused", contacts=contacts) for contacts in (3, 5)]
    found = started("spawn", ask, settings(server), campaigns)
    assert found == [[campaigns[0], 3], [campaigns[1], 5]]


def test_multiprocessing_may_fork_a_client(server):
    """It is handed to the child as it is, which has connections of its own; those of the parent go on."""
    campaigns = [server.simulator.add("paused", contacts=contacts) for contacts in (3, 5)]
    here = SyncFace(server)
    assert opened(here, campaigns[0])
    found = started("fork", go_on, here.client, campaigns)
    assert found == [[campaigns[0], 3], [campaigns[1], 5]]
    assert opened(here, campaigns[1]) == []
    here.end()


def test_no_client_is_sent_to_another_process(face):
    """Nor copied: the error says what to do instead, and shows no secret."""
    client = face().client
    for share in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match=f"^{type(client).__name__} cannot be pickled .* one in each") as raised:
            share(client)
        assert "token" not in str(raised.value)


PRELOADED = """
import os
from campaign_fsm import CampaignClient

client = CampaignClient()
assert client.get(os.environ["WARM"]).id == os.environ["WARM"]


def app(environ, start_response):
    campaign = environ["PATH_INFO"].strip("/")
    found = f"{client.get(campaign).id} {len(list(client.recipients(campaign)))} {os.getpid()}"
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [found.encode()]
"""


@pytest.mark.long
def test_gunicorn_may_preload_a_client(account, tmp_path, monkeypatch):
    """Two workers have the client that their parent made and used: every request gets its own campaign's answer."""
    pytest.importorskip("gunicorn", reason="gunicorn preloads a module with a client")
    campaigns = {account.add("paused", contacts=contacts): contacts for contacts in range(1, 9)}
    monkeypatch.setenv("WARM", next(iter(campaigns)))
    for home in ("HOME", "XDG_RUNTIME_DIR"):  # where newer versions put a socket
        monkeypatch.setenv(home, str(tmp_path))
    (tmp_path / "preloaded.py").write_text(PRELOADED)
    log, workers = tmp_path / "log", set()
    command = (
        "gunicorn",
        "--preload",
        "--workers",
        "2",
        "--bind",
        "127.0.0.1:0",
        "preloaded:app",
    )
    with running(tmp_path, log, *command) as program:
        url = said(program, log, r"Listening at: (http://\S+)")[1]

        def request(campaign):
            return campaign, httpx.get(f"{url}/{campaign}", timeout=PATIENCE, trust_env=False).text.split()

        with ThreadPoolExecutor(8) as pool:
            for turn in range(20):
                for campaign, (found, contacts, worker) in pool.map(request, campaigns):
                    assert (found, int(contacts)) == (campaign, campaigns[campaign])
                    workers.add(worker)
                if turn >= 4 and len(workers) == 2:
                    break
    assert len(workers) == 2


TASKS = """
import os
from celery import Celery
from campaign_fsm import CampaignClient

client = CampaignClient()
assert client.get(os.environ["WARM"]).id == os.environ["WARM"]
app = Celery("tasks", broker="filesystem://", backend="file://" + os.path.abspath("results"))
app.conf.broker_transport_options = {
    "data_folder_in": "queue", "data_folder_out": "queue", "control_folder": "control"
}


@app.task
def ask(campaign):
    return [client.get(campaign).id, len(list(client.recipients(campaign))), os.getpid()]
"""
SEND = """
import json, sys
from tasks import ask

found = []
while len({worker for *_, worker in found}) < 2 and len(found) < 500:
    sent = [ask.delay(campaign) for campaign in sys.argv[1:]]
    found += [each.get(timeout=30, interval=0.05) for each in sent]
print(json.dumps(found))
"""


@pytest.mark.long
def test_celery_may_fork_a_client(account, tmp_path, monkeypatch):
    """Two workers have the client that their parent made and used: every task gets its own campaign's answer."""
    pytest.importorskip("celery", reason="Celery forks workers that have a client already")
    campaigns = {account.add("paused", contacts=contacts): contacts for contacts in range(1, 9)}
    monkeypatch.setenv("WARM", next(iter(campaigns)))
    (tmp_path / "tasks.py").write_text(TASKS)
    for folder in ("results", "queue", "control"):
        (tmp_path / folder).mkdir()
    command = ("celery", "-A", "tasks", "worker", "--pool", "prefork", "--concurrency", "2", "--loglevel", "INFO")
    alone = ("--without-gossip", "--without-mingle", "--without-heartbeat")
    with running(tmp_path, tmp_path / "log", *command, *alone) as program:
        said(program, tmp_path / "log", " ready")
        sent = subprocess.run(
            [sys.executable, "-c", SEND, *campaigns], cwd=tmp_path, capture_output=True, text=True,
            timeout=2 * PATIENCE, check=False,
        )  # fmt: skip
        assert sent.returncode == 0, sent.stderr + (tmp_path / "log").read_text()
    found = json.loads(sent.stdout)
    assert {tuple(each[:2]) for each in found} == set(campaigns.items())
    assert len(found) % len(campaigns) == 0
    assert len({worker for *_, worker in found}) == 2


# A list, what rests on it, and what is set aside for it


class OnAList:
    """A gate with a list that shows one campaign in progress, and what it does to pause it."""

    def __init__(self):
        self.gate, self.batch = make(budget=30), Batch(29, 10.0)
        self.read()

    def read(self):
        terms = Terms(batch=self.batch)
        request = wire("GET", f"{MESSAGE.rpartition('/')[0]}?limit=20", b"", terms=terms)
        run(self.gate, request, envelope("in-progress", wrapped=True, key="sid"))

    def pause(self):
        """The first step of a pause that may rest on it; if it was to leave, it has not."""
        flow = self.gate.flow(wire(terms=Terms(batch=self.batch)))
        moves = self.gate.context.sections.moves
        note, moves.note = moves.note, lambda _: None
        try:
            return type(next(flow)).__name__
        finally:
            flow.close()
            moves.note = note


def test_what_a_list_showed_is_not_used_in_a_fork():
    """What the parent has done meanwhile is unknown there; a list of its own is."""
    here = OnAList()
    assert here.pause() == "Forward"
    fork = Fork()
    fork()
    if fork.in_child:
        found = [outcome(here.pause)]
        here.read()
        fork.tell([*found, outcome(here.pause)])
    assert here.pause() == "Forward"
    assert fork.told() == [["returned", "Read"], ["returned", "Forward"]]


def test_a_fork_knows_what_was_written_to_before():
    """A list may lag behind a write of the parent, too; campaigns that nobody has written to are good."""
    here = OnAList()
    here.batch.give_back()
    run(here.gate, put("resume"), envelope("paused"), envelope("in-progress"))
    another = "c" * 32

    def work():
        moves = here.gate.context.sections.moves
        return [moves.knows(campaign_key(wire(), read_target(MESSAGE.replace(ID, one)))) for one in (ID, another)]

    assert child(work).told() == ["returned", [True, False]]
    assert child(lambda: child(work).told()).told() == ["returned", ["returned", [True, False]]]


def test_what_is_set_aside_is_not_taken_along_by_a_fork():
    """The child has all that was not spent, and the parent what it had."""
    here = OnAList()
    budget = budget_of("api.exotel.com", "acme1", 30, here.gate.context.settings.clock)

    def work():
        return [budget.ask(budget.queue(29, urgent=False)), here.batch.left, here.batch.use()]

    assert child(work).told() == ["returned", [0.0, 0, None]]
    assert here.batch.left == 29
    assert here.pause() == "Forward"

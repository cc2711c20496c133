"""What is sent is what was judged, once, and as late as was promised: held against sockets that keep every byte."""

import gzip
import json
import logging
import ssl
import threading
import time
import types

import httpx
import httpx2
import pytest
from attrs import evolve
from faces import FACES, Between, Face
from servers import OTHER, Http2Server, Proxy, Server
from wires import ID, MESSAGE

from campaign_fsm import Simulator, errors
from campaign_fsm.gate.readings import Readings
from campaign_fsm.simulator.transport import SimulatorTransport
from campaign_fsm.transports import EXTENSION, AsyncGuardTransport, GuardTransport

COLLECTION = MESSAGE.rpartition("/")[0]
FAMILIES = (httpx,) if httpx is httpx2 else (httpx, httpx2)
JSON = {"Content-Type": "application/json"}
PAUSE = b'{"action": "pause"}'


@pytest.fixture(params=FACES)
def face(request):
    return Face(request.param)


@pytest.fixture(
    params=[(name, family) for family in FAMILIES for name in FACES], ids=lambda it: f"{it[0]}-{it[1].__name__}"
)
def any_face(request):
    return Face(*request.param)


@pytest.fixture
def server():
    with Server() as running:
        yield running


@pytest.fixture
def clock():
    return [100.0]


def url(server, campaign=ID):
    return f"{server.url}{COLLECTION}/{campaign}"


def pause(face, server, **more):
    return face.family.Request("PUT", url(server), **{"json": {"action": "pause"}, **more})


def everything(server):
    return b"".join(server.received)


# 1. A request that changes under way


def spoiler(server, request, family):
    """Makes another request of it: a DELETE of another campaign, with another body, under other headers."""

    def spoil(*_):
        request.method = "DELETE"
        request.url = family.URL(url(server, OTHER))
        request.headers["X-HTTP-Method-Override"] = "PATCH"
        request.headers["X-Mine"] = "spoilt"
        request.stream = family.ByteStream(b'{"action": "complete"}')
        request.extensions["target"] = f"{COLLECTION}/{OTHER}".encode()
        request.extensions["timeout"] = {"read": 0.0}

    return spoil


MOMENTS = ("inner read", "inner write", "thread", "thread write", "trace", "trace write", "budget", "body")


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_request_that_changes_under_way_is_sent_as_it_was(any_face, server, clock, moment):
    """Whoever changes it, and whenever: the bytes that leave are those of the request that was given."""
    face, family = any_face, any_face.family
    spoil, asleep = [lambda *_: None], []

    def when(wanted, method):
        if moment == f"inner {'read' if method == 'GET' else 'write'}" and wanted:
            spoil[0]()

    def on_arrival(arrived):
        if moment == ("thread" if arrived.method == "GET" else "thread write"):
            spoil[0]()

    def on_trace(name, info):
        last = name.endswith("send_request_headers.started") and info["request"].method == b"PUT"
        if moment == "trace" or (moment == "trace write" and last):
            spoil[0]()

    def on_sleep(seconds):
        asleep.append(seconds)
        clock[0] += seconds
        if moment == "budget":
            spoil[0]()

    def parts():
        yield PAUSE[:5]
        if moment == "body":
            spoil[0]()
        yield PAUSE[5:]

    async def scenario():
        server.before_answer = on_arrival
        inner = Between(face.http(), lambda request: when(request.headers.get("X-Mine"), request.method))
        guard = face.guard(inner, budget=2, clock=lambda: clock[0], sleep=face.sleep(on_sleep))
        async with face.client(guard) as client:
            await client.get(url(server))  # so that the write has to wait for the budget
            request = pause(
                face,
                server,
                json=None,
                content=face.body(parts()),
                headers={**JSON, "X-Mine": "kept"},
                extensions={"trace": face.trace(on_trace)},
            )
            spoil[0] = spoiler(server, request, family)
            response = await client.send(request)
            assert asleep
            assert request.method == "DELETE"  # it did change
            assert request.extensions[EXTENSION] is response.extensions[EXTENSION]
            assert request.extensions[EXTENSION].answered.status == "paused"
            spoil[0] = lambda *_: None
            with pytest.raises(errors.UnreadableRequest):
                await client.send(request)  # as it is now

    face.run(scenario)
    assert server.briefs == [f"GET {ID}", f"GET {ID}", f"PUT {ID}"]
    read, write = server.requests[1:]
    assert (write.body, write.headers["x-mine"], read.headers["x-mine"]) == (PAUSE, "kept", "kept")
    received = everything(server).lower()
    assert not any(word in received for word in (b"complete", b"override", b"delete", OTHER.encode()))


def test_a_read_that_becomes_a_write_while_it_waits_is_sent_as_a_read(any_face, server, clock):
    """A GET waits for the budget and has become a PUT when it may go: it goes as the GET that it was."""
    face, family = any_face, any_face.family

    async def scenario():
        def on_sleep(seconds):
            clock[0] += seconds
            request.method, request.stream = "PUT", family.ByteStream(b'{"action": "complete"}')
            request.headers.update({**JSON, "Content-Length": "22"})

        guard = face.guard(face.http(), budget=2, clock=lambda: clock[0], sleep=face.sleep(on_sleep))
        async with face.client(guard) as client:
            await client.get(url(server))
            await client.get(url(server))
            request = family.Request("GET", url(server))
            await client.send(request)
            assert request.method == "PUT"

    face.run(scenario)
    assert server.briefs == [f"GET {ID}"] * 3
    assert b"complete" not in everything(server)


def test_what_is_about_no_campaign_cannot_become_a_write_below_the_gate(any_face, server):
    """What passed unjudged is changed into a write before it is sent: it is sent as it passed."""
    face, family = any_face, any_face.family

    async def scenario():
        request = family.Request("PUT", f"{server.url}/harmless", content=b'{"action": "complete"}', headers=JSON)
        inner = Between(face.http(), lambda _: spoiler(server, request, family)())
        async with face.client(face.guard(inner)) as client:
            await client.send(request)
            assert request.url == url(server, OTHER)

    face.run(scenario)
    assert server.briefs == ["PUT harmless"]


def test_what_passes_unjudged_seems_to_be_the_callers_own(any_face, server):
    """It keeps its class, and what is noted on it or read of its body below the gate can be seen above."""
    face, family = any_face, any_face.family
    seen = []

    class Own(family.Request):
        mark = None

    async def scenario():
        def on(request):
            seen.append((type(request), request.mark))
            request.extensions["note"] = "seen"

        mock = family.MockTransport(lambda request: family.Response(200, content=request.content))
        async with face.client(face.guard(Between(mock, on))) as client:
            request = Own("POST", f"{server.url}/x", content=face.body(part for part in (b"one ", b"two")))
            request.mark = "mine"
            response = await client.send(request)
            assert response.request is request
            assert (request.content, response.content) == (b"one two", b"one two")
            assert request.extensions["note"] == "seen"
            # Sent again, as a client does that retries.
            assert (await client.send(request)).content == b"one two"

    face.run(scenario)
    assert seen == [(Own, "mine")] * 2


def racing(family, name, other, switch, *args, **kwargs):
    """A request whose attribute is another one from its read number `switch` on, as if a thread had come between."""
    reads = []

    class Racing(family.Request):
        armed = False

        def __getattribute__(self, wanted):
            if wanted == name and object.__getattribute__(self, "armed"):
                reads.append(wanted)
                if len(reads) > switch:
                    return other
            return super().__getattribute__(wanted)

    request = Racing(*args, **kwargs)
    request.armed = True
    return request, reads


@pytest.mark.parametrize("name", ["method", "url", "headers", "extensions", "stream"])
def test_a_thread_that_changes_it_at_any_moment_changes_nothing(any_face, server, name):
    """Every look of the gate at the request may be the first that sees another one; never is a write sent unjudged."""
    face, family = any_face, any_face.family
    moments, switch = [], 0
    others = {
        "method": "PUT",
        "url": family.URL(url(server, OTHER)),
        "headers": family.Headers({**JSON, "X-HTTP-Method-Override": "DELETE", "Host": "elsewhere.example"}),
        "extensions": {"target": f"{COLLECTION}/{OTHER}".encode()},
        "stream": family.ByteStream(b'{"action": "complete"}'),
    }

    async def scenario():
        nonlocal switch
        async with face.client(face.guard(face.http())) as client:
            send = (
                client.real._transport.handle_async_request if face.is_async else client.real._transport.handle_request
            )
            while True:
                server.statuses[ID] = "paused" if name == "method" else "in-progress"
                request, reads = racing(
                    family,
                    name,
                    others[name],
                    switch,
                    "GET" if name == "method" else "PUT",
                    url(server),
                    content=face.body(part for part in [PAUSE]),
                    headers=JSON,
                )
                del server.requests[:], server.received[:]
                try:
                    response = await face.done(send(request))
                    await face.done(response.aread() if face.is_async else response.read())
                    moments.append(server.briefs)
                except errors.Refused as refusal:
                    moments.append([refusal.code])
                for write in server.writes:
                    assert (write.brief, write.body, write.headers["host"]) == (
                        f"PUT {ID}",
                        PAUSE,
                        server.url.partition("//")[2],
                    )
                    assert name != "method"  # the campaign is paused already
                    assert "x-http-method-override" not in write.headers
                    assert server.briefs == [f"GET {ID}", f"PUT {ID}"]
                if len(reads) <= switch:
                    return
                switch += 1

    face.run(scenario)
    assert len(moments) >= 2
    assert moments[-1] == ([f"GET {ID}"] if name == "method" else [f"GET {ID}", f"PUT {ID}"])


def test_an_object_that_is_sent_again_is_judged_again(any_face, server):
    """The record of the first time is good for nothing the second time."""
    face = any_face

    async def scenario():
        async with face.client(face.guard(face.http())) as client:
            request = pause(face, server)
            await client.send(request)
            first = request.extensions[EXTENSION]
            with pytest.raises(errors.AlreadyThere):
                await client.send(request)
            server.statuses[ID] = "in-progress"
            response = await client.send(request)
            assert response.extensions[EXTENSION] is request.extensions[EXTENSION] is not first

    face.run(scenario)
    assert server.briefs == [f"{method} {ID}" for method in ("GET", "PUT", "GET", "GET", "PUT")]


def test_timeouts_and_extensions_travel(any_face, server):
    """The read and the write have those of the caller; a time-out too short stops both."""
    face = any_face
    seen = []

    async def scenario():
        inner = Between(face.http(), lambda request: seen.append((request.method, request.extensions)))
        async with face.client(face.guard(inner, deadline=0)) as client:
            request = client.build_request(
                "PUT", url(server), json={"action": "pause"}, timeout=7.5, extensions={"mine": [1]}
            )
            await client.send(request)
            server.before_answer = lambda _: server.release.wait(20)
            with pytest.raises(errors.StatusUnavailable):
                await client.put(url(server), json={"action": "resume"}, timeout=0.05)
            server.release.set()

    face.run(scenario)
    assert [method for method, _ in seen] == ["GET", "PUT", "GET"]
    assert all(extensions["mine"] == [1] for _, extensions in seen[:2])
    assert [extensions["timeout"]["read"] for _, extensions in seen] == [7.5, 7.5, 0.05]
    assert [request.method for request in server.writes] == ["PUT"]


# 2. Classes of the user's own


def own_classes(family):
    """Requests and responses as a module of the user's own may derive them: other constructors, other streams."""

    class Stream(family.SyncByteStream, family.AsyncByteStream):
        def __init__(self, parts, closed):
            self.parts, self.closed = parts, closed

        def __iter__(self):
            yield from self.parts

        async def __aiter__(self):
            for part in self.parts:
                yield part

        def close(self):
            self.closed.append(self)

        async def aclose(self):
            self.closed.append(self)

    class Signed(family.Request):
        def __init__(self, where, *, secret, action):
            body = json.dumps({"action": action}).encode()
            super().__init__(
                "put",
                where,
                headers={**JSON, "X-Signature": secret, "Content-Length": str(len(body))},
                stream=Stream([body[:4], body[4:]], []),
            )
            self.secret = secret

    class Timed(family.Response):
        def __init__(self, took, code, *, parts, closed, headers=()):
            super().__init__(code, headers=headers, stream=Stream(parts, closed))
            self.took = took

    module = types.ModuleType("our_company.http")
    for kind in (Stream, Signed, Timed):
        kind.__module__ = module.__name__
        setattr(module, kind.__name__, kind)
    return module


@pytest.mark.parametrize("encoded", [False, True])
def test_requests_and_responses_may_be_of_derived_classes(any_face, encoded):
    """With other constructors and with streams, for the read before and for the answer after."""
    face = any_face
    own = own_classes(face.family)
    sent, closed, status = [], [], ["in-progress"]

    def answer(request):
        sent.append((request.method, request.headers["X-Signature"]))
        if request.method == "PUT":
            status[0] = "paused"
        data = {"sid": ID, "status": status[0]}
        body = json.dumps({"response": {"code": 200, "status": "success", "data": data}}).encode()
        body = gzip.compress(body) if encoded else body
        headers = {"Content-Encoding": "gzip"} if encoded else {}
        return own.Timed(0.25, 200, parts=[body[:9], body[9:]], closed=closed, headers=headers)

    class Inner(face.family.BaseTransport, face.family.AsyncBaseTransport):
        def handle_request(self, request):
            request.read()
            return answer(request)

        async def handle_async_request(self, request):
            await request.aread()
            return answer(request)

    async def scenario():
        async with face.client(face.guard(Inner())) as client:
            response = await client.send(own.Signed(f"https://api.exotel.com{MESSAGE}", secret="s", action="pause"))
            assert type(response) is own.Timed
            assert response.took == 0.25
            assert response.json()["response"]["data"]["status"] == "paused"
            assert response.extensions[EXTENSION].answered.status == "paused"
            assert type(response.request) is own.Signed
            with pytest.raises(errors.AlreadyThere):
                await client.send(response.request)

    face.run(scenario)
    assert sent == [("GET", "s"), ("PUT", "s"), ("GET", "s")]
    assert len(closed) == 3


# 3. What checks types


TRANSPORTS = (
    lambda: GuardTransport(httpx.HTTPTransport()),
    lambda: AsyncGuardTransport(httpx.AsyncHTTPTransport()),
    lambda: SimulatorTransport(Simulator()),
)


@pytest.mark.parametrize("make", TRANSPORTS)
def test_who_checks_types_takes_the_transports(make):
    """They are transports of `httpx`, to `isinstance` too."""
    transport = make()
    kinds = [kind for kind in (httpx.BaseTransport, httpx.AsyncBaseTransport) if isinstance(transport, kind)]
    assert len(kinds) == (2 if isinstance(transport, SimulatorTransport) else 1)
    for kind in kinds:
        assert set(dir(kind)) <= set(dir(transport))


@pytest.mark.parametrize("make", TRANSPORTS)
def test_pydantic_takes_the_transports(make):
    """As fields of a model of settings."""
    pydantic = pytest.importorskip("pydantic", reason="pydantic is not installed")
    transport = make()
    wanted = httpx.AsyncBaseTransport if isinstance(transport, AsyncGuardTransport) else httpx.BaseTransport
    model = pydantic.create_model("Settings", transport=(pydantic.InstanceOf[wanted], ...))
    assert model(transport=transport).transport is transport
    with pytest.raises(pydantic.ValidationError):
        model(transport=object())


@pytest.mark.parametrize("make", TRANSPORTS)
def test_beartype_takes_the_transports(make):
    """As arguments of a checked function."""
    beartype = pytest.importorskip("beartype", reason="beartype is not installed")
    transport = make()
    wanted = httpx.AsyncBaseTransport if isinstance(transport, AsyncGuardTransport) else httpx.BaseTransport

    @beartype.beartype
    def use(given: wanted) -> wanted:
        return given

    assert use(transport) is transport
    with pytest.raises(beartype.roar.BeartypeCallHintParamViolation):
        use(object())


@pytest.mark.parametrize("name", ["sync", "asyncio"])  # httpx-retries sleeps with asyncio
def test_httpx_retries_above_the_gate_is_judged_each_time(name, server):
    """It asks what its transport is an instance of; each of its tries is a request of its own to the gate."""
    retries = pytest.importorskip("httpx_retries", reason="httpx-retries is not installed")
    face = Face(name)
    server.failures = [503]

    async def scenario():
        retrying = retries.RetryTransport(transport=face.guard(face.http()), retry=retries.Retry(backoff_factor=0))
        async with face.client(retrying) as client:
            assert (await client.put(url(server), json={"action": "pause"})).status_code == 200
            with pytest.raises(errors.AlreadyThere):
                await client.put(url(server), json={"action": "pause"})

    face.run(scenario)
    assert server.briefs == [f"{method} {ID}" for method in ("GET", "PUT", "GET", "PUT", "GET")]


def test_a_class_of_ones_own_is_a_transport_of_httpx2(server):
    """As the module's docstring says."""

    class Guard(GuardTransport, httpx2.BaseTransport): ...

    class AsyncGuard(AsyncGuardTransport, httpx2.AsyncBaseTransport): ...

    assert isinstance(AsyncGuard(httpx2.AsyncHTTPTransport()), httpx2.AsyncBaseTransport)
    guard = Guard(httpx2.HTTPTransport())
    assert isinstance(guard, httpx2.BaseTransport)
    with httpx2.Client(transport=guard) as client:
        response = client.put(url(server), json={"action": "pause"})
        assert isinstance(response, httpx2.Response)
        with pytest.raises(errors.AlreadyThere):
            client.put(url(server), json={"action": "pause"})
    assert server.briefs == [f"GET {ID}", f"PUT {ID}", f"GET {ID}"]


# 4. How old a reading may be


@pytest.mark.parametrize("now_is", ["in-progress", "paused"])
@pytest.mark.parametrize("gates", [1, 2])
def test_a_reading_that_becomes_too_old_in_the_queue_of_the_pool_is_read_anew(any_face, server, clock, now_is, gates):
    """No byte of the write leaves before; then it goes, or the new reading refuses it. Also where a gate lies below."""
    face, family = any_face, any_face.family
    names = []

    async def scenario():
        queued = face.event()
        pool = face.http(limits=family.Limits(max_connections=1))

        def on(request):
            # The write, or what a gate below asks for it.
            if server.briefs[-1:] == ["GET held"] and not queued.is_set():
                clock[0] += 0.6
                queued.set()

        guard = Between(pool, on)
        for _ in range(gates):
            guard = face.guard(guard, max_age=0.5, clock=lambda: clock[0])

        async with face.client(guard) as client:
            await client.get(url(server))
            held = await client.send(client.build_request("GET", f"{server.url}/held"), stream=True)

            async def write():
                trace = face.trace(
                    lambda name, info: names.append(
                        (name.partition(".")[2], getattr(info.get("request"), "method", b""))
                    )
                )
                request = pause(face, server, extensions={"trace": trace, "timeout": {"pool": 20.0, "read": 20.0}})
                return await client.send(request)

            async def free():
                await face.wait(queued)  # it is handed on, and waits
                server.statuses[ID] = now_is
                assert server.briefs == [f"GET {ID}", "GET held"]
                server.release.set()
                await face.done(held.aread() if face.is_async else held.read())
                await face.done(held.aclose() if face.is_async else held.close())

            response, freed = await face.beside(write, free)
            assert freed is None
            if now_is == "paused":
                assert isinstance(response, errors.AlreadyThere)
            else:
                record = response.extensions[EXTENSION]
                assert not record.reused
                assert record.asked_at == 100.6
            # The pool is none the worse for it.
            assert (await client.get(url(server))).status_code == 200

    face.run(scenario)
    # A lower gate reads for each try, and the upper one anew in between.
    anew = [brief for brief in server.briefs if brief != "GET held"][1:-1]
    reads = {1: 1, 2: 3}[gates] if now_is == "in-progress" else 1
    assert anew == [f"GET {ID}"] * reads + [f"PUT {ID}"] * (now_is == "in-progress")
    assert everything(server).count(b"PUT ") == len(server.writes)
    assert names.count(("send_request_headers.started", b"PUT")) == len(server.writes)
    assert ("response_closed.started", b"") in names


def test_a_gate_below_does_not_read_forever_for_the_one_above(any_face, server, clock):
    """Where only the reading of the upper one is too old, the upper one reads anew, once."""
    face = any_face

    async def scenario():
        def on(request):
            if request.method == "PUT" and not server.requests[1:]:
                clock[0] += 0.6

        # The lower one keeps nothing and reads for itself, so only the upper one's reading grows old.
        lower = face.guard(Between(face.http(), on))
        guard = face.guard(lower, max_age=0.5, clock=lambda: clock[0])
        async with face.client(guard) as client:
            await client.get(url(server))

            def later(arrived):
                if len(server.requests) == 2:
                    clock[0] += 0.6
                assert len(server.requests) < 10

            server.before_answer = later
            response = await client.put(url(server), json={"action": "pause"})
            assert not response.extensions[EXTENSION].reused

    face.run(scenario)
    assert server.briefs == [f"GET {ID}"] * 4 + [f"PUT {ID}"]


def test_a_slow_hook_of_the_caller_does_not_make_a_reading_older(any_face, server, clock):
    """Its own `trace` runs at the last moment, too, and the reading is looked at again after that."""
    face = any_face
    slow = []

    def hook(name, info):
        if name.endswith("send_request_headers.started") and info["request"].method == b"PUT" and not slow:
            slow.append(name)
            clock[0] += 0.6

    async def scenario():
        guard = face.guard(face.http(), max_age=0.5, clock=lambda: clock[0])
        async with face.client(guard) as client:
            await client.get(url(server))
            response = await client.send(pause(face, server, extensions={"trace": face.trace(hook)}))
            assert not response.extensions[EXTENSION].reused

    face.run(scenario)
    assert slow
    assert server.briefs == [f"GET {ID}", f"GET {ID}", f"PUT {ID}"]


@pytest.mark.parametrize("kind", ["read", "read before a write", "write"])
@pytest.mark.parametrize("fresh", [True, False])
def test_the_age_counts_from_when_it_was_asked(any_face, server, clock, kind, fresh):
    """Whatever showed the status, its answer may be as old as the question when it arrives."""
    face = any_face
    slow = {"read": "GET", "read before a write": "GET", "write": "PUT"}[kind]

    async def scenario():
        def on(arrived):
            if arrived.method == slow:
                clock[0] += 0.4  # so long takes the answer

        guard = face.guard(face.http(), max_age=0.5, clock=lambda: clock[0])
        async with face.client(guard) as client:
            server.before_answer = on
            if kind == "read":
                await client.get(url(server))
            elif kind == "read before a write":
                server.statuses[ID] = "paused"
                with pytest.raises(errors.AlreadyThere):
                    await client.put(url(server), json={"action": "pause"})
            else:
                await client.put(url(server), json={"action": "pause"})
            server.before_answer = lambda _: None
            clock[0] += 0.05 if fresh else 0.2
            del server.requests[:]
            action = "pause" if kind == "read" else "resume"
            response = await client.put(url(server), json={"action": action})
            record = response.extensions[EXTENSION]
            assert record.reused is fresh
            assert record.asked_at == (100.0 if fresh else pytest.approx(100.6))

    face.run(scenario)
    assert server.briefs == [*([] if fresh else [f"GET {ID}"]), f"PUT {ID}"]


def test_a_judgement_says_when_its_reading_was_asked_for(face, server, clock):
    """Not when the answer came, however long that took."""

    def on(arrived):
        clock[0] += 3.0

    async def scenario():
        server.before_answer = on
        async with face.client(face.guard(face.http(), clock=lambda: clock[0])) as client:
            response = await client.send(pause(face, server))
            record = response.extensions[EXTENSION]
            assert (record.asked_at, record.reused) == (100.0, False)

    face.run(scenario)
    assert clock == [106.0]


def test_not_every_campaign_that_was_ever_read_is_remembered(server):
    """The oldest reading goes first; its campaign is only read once more."""
    face = Face("sync")
    campaigns = [str(number) * 32 for number in range(4)]
    server.statuses.update(dict.fromkeys(campaigns, "in-progress"))
    guard = GuardTransport(httpx.HTTPTransport(), max_age=3600)
    guard._gate.context = evolve(guard._gate.context, readings=Readings(3600, time.monotonic, most=3))
    with httpx.Client(transport=guard) as client:
        for campaign in campaigns:
            client.get(url(server, campaign))
        assert len(guard._gate.context.readings._stored) == 3
        del server.requests[:]
        for campaign in (campaigns[1], campaigns[0]):
            client.send(face.family.Request("PUT", url(server, campaign), json={"action": "pause"}))
    assert server.briefs == [f"PUT {campaigns[1]}", f"GET {campaigns[0]}", f"PUT {campaigns[0]}"]


# 5. One record, one send


HTTP2 = {"http1": False, "http2": True}


@pytest.fixture
def http2():
    with Http2Server() as running:
        yield running


def test_without_a_gate_http2_sends_twice(any_face, http2):
    """What the next tests are about does happen: the library repeats a PUT, and nobody sees it."""
    face = any_face
    http2.goaways = 1

    async def scenario():
        async with face.client(face.http(**HTTP2)) as client:
            await client.get(url(http2))
            assert (await client.send(pause(face, http2))).status_code == 200

    face.run(scenario)
    assert http2.briefs == [f"GET {ID}", f"PUT {ID}", f"PUT {ID}"]


@pytest.mark.parametrize("gates", [1, 2])
def test_under_a_gate_http2_sends_once(any_face, http2, gates):
    """The second one is stopped; the caller is told that the first may have been applied."""
    face = any_face
    http2.goaways = 1

    async def scenario():
        guard = face.http(**HTTP2)
        for _ in range(gates):
            guard = face.guard(guard)
        async with face.client(guard) as client:
            request = pause(face, http2)
            with pytest.raises(face.family.RemoteProtocolError, match="a second time") as caught:
                await client.send(request)
            assert caught.value.request is request
            assert request.extensions[EXTENSION].reading.status == "in-progress"
            # The pool goes on, and the section is free.
            assert (await client.send(request)).extensions[EXTENSION].answered.status == "paused"

    face.run(scenario)
    reads = [f"GET {ID}"] * gates
    assert http2.briefs == [*reads, f"PUT {ID}", *reads, f"PUT {ID}"]


@pytest.mark.parametrize(("action", "goaways"), [("pause", 1), ("complete", 1), ("pause", 9)])
def test_the_client_finds_out_what_became_of_it(any_face, http2, pace, action, goaways):
    """It reads again. What can be undone is judged and sent anew a few times, the rest is told as not applied."""
    face = any_face
    http2.goaways = goaways
    http2.statuses[ID] = "in-progress" if action == "pause" else "paused"

    async def scenario():
        async with face.campaigns(http2.url, face.http(**HTTP2)) as client:
            if action == "pause" and goaways == 1:
                assert (await client.pause(ID)).status == "paused"
                return
            with pytest.raises(errors.ConnectionFailed, match="was not applied") as caught:
                await getattr(client, action)(ID)
            assert caught.value.sent

    pace(looks=(0.0, 0.0), first_delay=0.0)
    face.run(scenario)
    for number, request in enumerate(http2.requests):
        if request.method == "PUT":
            assert http2.requests[number - 1].method == "GET"
    assert len(http2.writes) == {("pause", 1): 2, ("complete", 1): 1, ("pause", 9): 3}[action, goaways]


class Retrying(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Tries again after 503, as it should not below a gate."""

    def __init__(self, inner):
        self.inner = inner

    def handle_request(self, request):
        while (response := self.inner.handle_request(request)).status_code == 503:
            response.read()
            response.close()
        return response

    async def handle_async_request(self, request):
        while (response := await self.inner.handle_async_request(request)).status_code == 503:
            await response.aread()
            await response.aclose()
        return response

    def close(self):
        self.inner.close()

    async def aclose(self):
        await self.inner.aclose()


def httpx_retries(inner):
    retries = pytest.importorskip("httpx_retries", reason="httpx-retries is not installed")
    return retries.RetryTransport(transport=inner, retry=retries.Retry(backoff_factor=0))


@pytest.mark.parametrize(
    ("retrying", "name"),
    [*((Retrying, name) for name in FACES), (httpx_retries, "sync"), (httpx_retries, "asyncio")],
)
def test_a_transport_below_that_tries_again_sends_once(name, server, retrying):
    """Without the gate it sends twice, and with it the second try is stopped."""
    face = Face(name)

    async def scenario():
        server.failures = [503]
        async with face.client(retrying(face.http())) as client:
            await client.send(pause(face, server))
        assert server.briefs == [f"PUT {ID}"] * 2
        del server.requests[:]
        server.statuses[ID], server.failures = "in-progress", [503]
        async with face.client(face.guard(retrying(face.http()))) as client:
            with pytest.raises(face.family.RemoteProtocolError, match="a second time"):
                await client.send(pause(face, server))
        assert server.briefs == [f"GET {ID}", f"PUT {ID}"]

    face.run(scenario)


@pytest.mark.parametrize("seen", [True, False])
def test_a_second_try_that_a_gate_below_refuses_is_no_refusal(any_face, server, seen):
    """The first try has left: what the lower gate says of the second one does not mean "not sent"."""
    face = any_face

    def sabotage(arrived):
        if arrived.method == "PUT":
            server.statuses[ID] = "paused"  # by the very write that is answered with 503

    def without_a_hook(request):
        if not seen:  # as below a transport that calls no hook
            request.extensions.pop("trace", None)

    async def scenario():
        server.failures, server.before_answer = [503], sabotage
        inner = face.guard(Between(face.http(), without_a_hook))
        async with face.client(face.guard(Retrying(inner))) as client:
            with pytest.raises(face.family.ReadError, match="AlreadyThere"):
                await client.send(pause(face, server))

    face.run(scenario)
    assert [request.brief for request in server.writes] == [f"PUT {ID}"]


def test_a_gate_below_a_gate_judges_anew_and_sends_once(any_face, server):
    """Both read, in one section; a refusal of the lower one is that of the upper one."""
    face = any_face

    async def scenario():
        lower = face.guard(face.http())
        async with face.client(face.guard(lower)) as client:
            await client.send(pause(face, server))
            with pytest.raises(errors.AlreadyThere):
                await client.send(pause(face, server))
            del server.requests[:]

            def moves(arrived):
                if len(server.requests) == 2:
                    server.statuses[ID] = "completed"  # between the two readings

            server.before_answer = moves
            with pytest.raises(errors.IllegalTransition) as caught:
                await client.put(url(server), json={"action": "resume"})
            assert caught.value.status == "completed"

    face.run(scenario)
    assert server.briefs == [f"GET {ID}"] * 2


def test_a_forward_proxy_is_no_second_send(any_face, server):
    """A plain proxy is asked for the read and for the write, once each."""
    face = any_face
    with Proxy(server.port) as proxy:

        async def scenario():
            inner = face.http(proxy=f"http://127.0.0.1:{proxy.port}")
            async with face.client(face.guard(inner)) as client:
                response = await client.send(pause(face, server))
                assert response.extensions[EXTENSION].answered.status == "paused"

        face.run(scenario)
    assert server.briefs == [f"GET {ID}", f"PUT {ID}"]
    assert [line.split("/")[0] for line in proxy.lines] == ["GET http:"]


def test_a_tunnel_is_no_send_of_the_write(any_face):
    """The CONNECT that opens it is not taken for the write, also where only the write needs it."""
    trustme = pytest.importorskip("trustme", reason="trustme is not installed")
    face = any_face
    authority = trustme.CA()
    ours, theirs = ssl.create_default_context(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.configure_trust(ours)
    authority.issue_cert("localhost").configure_cert(theirs)
    with Server(theirs) as server, Proxy(server.port) as proxy:

        async def scenario():
            # Nothing is kept alive: the write has a tunnel of its own.
            limits = face.family.Limits(max_keepalive_connections=0)
            inner = face.http(proxy=f"http://127.0.0.1:{proxy.port}", verify=ours, limits=limits)
            async with face.client(face.guard(inner, deadline=0)) as client:
                response = await client.send(pause(face, server))
                assert response.extensions[EXTENSION].answered.status == "paused"

        face.run(scenario)
        assert server.briefs == [f"GET {ID}", f"PUT {ID}"]
        assert [line.split()[0] for line in proxy.lines] == ["CONNECT"] * 2


# 6. Whose refusal it is


class Handler(logging.Handler):
    """A log handler that raises what its function raises."""

    def __init__(self, work):
        super().__init__(logging.DEBUG)
        self.work = work

    def emit(self, record):
        self.work(record.getMessage())


@pytest.fixture
def handle():
    """Hangs a handler onto the loggers of the HTTP libraries."""
    undo = []

    def add(work):
        for library in ("httpcore", "httpcore2"):
            logger, handler = logging.getLogger(f"{library}.http11"), Handler(work)
            undo.append((logger, handler, logger.level))
            logger.addHandler(handler)
            logger.setLevel(logging.DEBUG)

    yield add
    for logger, handler, level in undo:
        logger.removeHandler(handler)
        logger.setLevel(level)


class Nosy:
    """Uses a client of its own for the same campaign, once, when the bytes of the write have left."""

    def __init__(self, server):
        self.refused, self._server = [], server
        self._on_wire, self._is_write = threading.Event(), False
        server.before_answer = lambda arrived: arrived.method == "PUT" and self._on_wire.set()

    def look(self, event):
        if "send_request_headers.started" in event:
            self._is_write = "PUT" in event
        if "send_request_body.complete" not in event or not self._is_write or self.refused:
            return
        assert self._on_wire.wait(10)
        with httpx.Client(transport=GuardTransport(httpx.HTTPTransport())) as client:
            try:
                client.put(url(self._server), json={"action": "pause"})
            except errors.Refused as refusal:
                self.refused.append(refusal.code)
                raise


def test_a_log_handler_that_is_refused_does_not_refuse_the_write(any_face, server, handle):
    """The write is out; that somebody below was refused a call of its own does not mean that it is not."""
    face = any_face
    nosy = Nosy(server)
    handle(nosy.look)

    async def scenario():
        async with face.client(face.guard(face.http())) as client:
            with pytest.raises(face.family.ReadError, match="CampaignBusy") as caught:
                await client.send(pause(face, server))
            assert isinstance(caught.value.__cause__, errors.CampaignBusy)
            assert (await client.get(url(server))).status_code == 200

    face.run(scenario)
    assert nosy.refused == ["CF801"]
    assert [request.brief for request in server.writes] == [f"PUT {ID}"]


def test_a_trace_hook_that_is_refused_does_not_refuse_the_write(any_face, server):
    """The same for the caller's own `trace`, before and after the bytes have left."""
    face = any_face
    nosy = Nosy(server)

    def early(name, info):
        if name.endswith("send_request_headers.started") and info["request"].method == b"PUT":
            raise errors.CampaignBusy(code="CF801", reason="", holder="", seconds=0.0)

    async def scenario():
        async with face.client(face.guard(face.http())) as client:
            for hook in (lambda name, info: nosy.look(f"{name} {info}"), early):
                server.statuses[ID] = "in-progress"
                with pytest.raises(face.family.ReadError, match="CampaignBusy"):
                    await client.send(pause(face, server, extensions={"trace": face.trace(hook)}))

    face.run(scenario)
    assert nosy.refused == ["CF801"]
    assert [request.brief for request in server.writes] == [f"PUT {ID}"]


def test_the_client_finds_out_what_became_of_a_write_that_seemed_refused(any_face, server, pace, handle):
    """It reads, and sees that it was applied."""
    face = any_face
    nosy = Nosy(server)
    handle(nosy.look)

    async def scenario():
        async with face.campaigns(server.url, face.http()) as client:
            assert (await client.pause(ID)).status == "paused"

    pace(looks=(0.0, 0.05, 0.1, 0.2, 0.4, 0.8))
    face.run(scenario)
    assert nosy.refused == ["CF801"]
    assert [request.brief for request in server.writes] == [f"PUT {ID}"]

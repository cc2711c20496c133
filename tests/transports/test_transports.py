"""The two drivers of the gate, under real clients: threads, asyncio, trio, streams and odd inner transports."""

import gzip
import json
import threading
import time
from types import MappingProxyType

import anyio
import httpx
import httpx2
import pytest
from wires import ID, MESSAGE, UNREADABLE

from campaign_fsm import AsyncGuardTransport, GuardTransport, Simulator, SimulatorServer, errors
from campaign_fsm.gate import Terms
from campaign_fsm.transports import EXTENSION, PERMIT, TERMS

URL = f"https://api.exotel.com{MESSAGE}"
DEST = {"pause": "paused", "resume": "in-progress", "complete": "completed", "archive": "archived"}
FAMILIES = [httpx, httpx2]


class Inner:
    """An inner transport that is a tiny server; `hold` lets the test stop it in the middle."""

    def __init__(self, status="in-progress", *, family=httpx, streamed=False, encoded=False):
        self.status, self.family, self.streamed, self.encoded = status, family, streamed, encoded
        self.requests, self.closed, self.opened = [], 0, 0
        self.on_read = self.on_write = lambda request: None
        self.async_on_read = None

    def writes(self):
        return [json.loads(request.content)["action"] for request in self.requests if request.method == "PUT"]

    def _respond(self, request):
        if request.method == "PUT":
            self.status = DEST[json.loads(request.content)["action"]]
        data = {"sid": ID, "status": self.status, "name": "é" * 50}
        body = json.dumps({"http_code": 200, "response": {"code": 200, "status": "success", "data": data}}).encode()
        headers = {"Content-Type": "application/json", "X-Request": str(len(self.requests))}
        if self.encoded:
            body = gzip.compress(body)
            headers["Content-Encoding"] = "gzip"
        if not self.streamed:
            return self.family.Response(200, content=body, headers=headers)
        return self.family.Response(200, headers=headers, stream=Chunks(self, body))

    def handle_request(self, request):
        request.read()
        self.requests.append(request)
        answer = (self.on_write if request.method == "PUT" else self.on_read)(request)
        return answer if answer is not None else self._respond(request)

    async def handle_async_request(self, request):
        await request.aread()
        self.requests.append(request)
        await anyio.lowlevel.checkpoint()
        if self.async_on_read and request.method == "GET":
            await self.async_on_read(request)
        answer = (self.on_write if request.method == "PUT" else self.on_read)(request)
        response = answer if answer is not None else self._respond(request)
        await anyio.lowlevel.checkpoint()
        return response

    def close(self):
        self.closed += 1

    async def aclose(self):
        self.closed += 1

    def __enter__(self):
        self.opened += 1
        return self

    def __exit__(self, *args):
        self.close()

    async def __aenter__(self):
        self.opened += 1
        return self

    async def __aexit__(self, *args):
        self.closed += 1


def Chunks(inner, body):  # noqa: N802 (made for the family of the inner transport)
    family = inner.family

    class Stream(family.SyncByteStream, family.AsyncByteStream):
        def __iter__(self):
            for start in range(0, len(body), 7):
                yield body[start : start + 7]

        async def __aiter__(self):
            for start in range(0, len(body), 7):
                yield body[start : start + 7]

        def close(self):
            inner.closed += 1

        async def aclose(self):
            inner.closed += 1

    return Stream()


def client(inner, **settings):
    return inner.family.Client(transport=GuardTransport(inner, **settings))


def async_client(inner, **settings):
    return inner.family.AsyncClient(transport=AsyncGuardTransport(inner, **settings))


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("encoded", [False, True])
def test_the_answer_is_handed_on_as_if_nobody_had_read_it(family, streamed, encoded):
    """Body, headers, elapsed and raw bytes are all still there, and the record beside them."""
    inner = Inner(family=family, streamed=streamed, encoded=encoded)
    with client(inner) as http:
        with http.stream("PUT", URL, json={"action": "pause"}) as response:
            raw = b"".join(response.iter_raw()) if streamed else b""
        if streamed:
            assert json.loads(gzip.decompress(raw) if encoded else raw)["response"]["data"]["status"] == "paused"
            assert response.elapsed.total_seconds() >= 0
        response = http.put(URL, json={"action": "resume"})
    assert response.json()["response"]["data"]["status"] == "in-progress"
    assert response.headers["X-Request"] == "4"
    assert response.extensions[EXTENSION] is response.request.extensions[EXTENSION]
    assert response.extensions[EXTENSION].answered.status == "in-progress"
    assert inner.writes() == ["pause", "resume"]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.anyio
async def test_the_async_answer_is_handed_on_too(family, streamed):
    """The same for an async client, under asyncio and trio."""
    inner = Inner(family=family, streamed=streamed)
    async with async_client(inner) as http:
        response = await http.put(URL, json={"action": "pause"})
        assert response.json()["response"]["data"]["status"] == "paused"
        with pytest.raises(errors.AlreadyThere):
            await http.put(URL, json={"action": "pause"})
    assert inner.writes() == ["pause"]
    assert [request.method for request in inner.requests] == ["GET", "PUT", "GET"]


def test_every_stream_is_closed():
    """A response that is not handed on is closed, or the pool would starve."""
    inner = Inner(streamed=True)
    with client(inner) as http:
        http.put(URL, json={"action": "pause"})
        with pytest.raises(errors.AlreadyThere):
            http.put(URL, json={"action": "pause"})
    # The pre-flights' and the write's streams, and the transport itself.
    assert inner.closed >= 3 + 1


def test_the_inner_transport_is_entered_and_closed():
    """Enter, exit and close go through to what lies below."""
    inner = Inner()
    with client(inner):
        pass
    assert (inner.opened, inner.closed) == (1, 1)
    GuardTransport(inner).close()
    assert inner.closed == 2


@pytest.mark.anyio
async def test_the_async_inner_transport_is_entered_and_closed():
    """The same for async."""
    inner = Inner()
    async with async_client(inner):
        pass
    await AsyncGuardTransport(inner).aclose()
    assert (inner.opened, inner.closed) == (1, 2)


def test_the_read_has_the_timeouts_of_the_write():
    """Time-outs live in the request's extensions, and the read before gets them too."""
    inner = Inner()
    with client(inner) as http:
        http.put(URL, json={"action": "pause"}, timeout=1.5)
    read, write = inner.requests
    assert read.extensions["timeout"] == write.extensions["timeout"]
    assert read.extensions["timeout"]["read"] == 1.5
    assert EXTENSION not in read.extensions


def test_credentials_of_the_client_go_with_the_read():
    """The gate lies below the authentication, so it reads as who writes."""
    inner = Inner()
    with httpx.Client(transport=GuardTransport(inner), auth=("key", "token")) as http:
        http.put(URL, json={"action": "pause"})
    assert len({request.headers["Authorization"] for request in inner.requests}) == 1


@pytest.mark.parametrize("name", [name for name, (_, parts) in UNREADABLE.items() if set(parts) == {"body"}])
def test_hand_written_bodies_are_judged_as_bytes(name):
    """What the reader refuses never reaches the inner transport, whoever made it."""
    inner = Inner()
    body = UNREADABLE[name][1]["body"]
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    with client(inner) as http, pytest.raises(errors.UnreadableRequest):
        http.put(URL, content=body, headers={"Content-Type": "application/json"})
    assert inner.requests == []


def test_a_body_that_is_streamed_is_read_and_judged():
    """A generator's bytes are what goes out, so they are what is judged, and they still go out."""
    inner = Inner()
    headers = {"Content-Type": "application/json"}
    with client(inner) as http:
        http.put(URL, content=iter([b'{"act', b'ion": "pause"}']), headers=headers)
        with pytest.raises(errors.UnreadableRequest):
            http.put(URL, content=iter([b'{"action": "pause",', b'"action": "archive"}']), headers=headers)
    assert inner.writes() == ["pause"]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("read_before", [False, True])
def test_a_stream_that_changes_its_mind_is_sent_as_it_was_judged(family, read_before):
    """What goes out is the very bytes that were judged, also where the stream would say something else next."""

    class Fickle(family.ByteStream):
        times = 0

        def __iter__(self):
            self.times += 1
            yield b'{"action": "pause"}' if self.times == 1 else b'{"action": "archive"}'

    sent = []
    inner = Inner(family=family)
    inner.on_write = lambda request: sent.append(b"".join(request.stream))
    headers = {"Content-Type": "application/json", "Transfer-Encoding": "chunked"}
    request = family.Request("PUT", URL, headers=headers, stream=Fickle(b""))
    if read_before:
        request.read()
    with client(inner) as http:
        http.send(request)
    assert sent == [b'{"action": "pause"}']


def test_an_extension_cannot_smuggle_a_target():
    """`extensions={"target": …}` replaces what the request line says, so it is judged."""
    inner = Inner()
    with client(inner) as http:
        for url, target in [("https://api.exotel.com/harmless", MESSAGE.encode()), (URL, b"/harmless")]:
            with pytest.raises(errors.UnreadableRequest) as caught:
                http.put(url, json={"action": "complete"}, extensions={"target": target})
            assert caught.value.code == "CF405"
    assert inner.requests == []


@pytest.mark.parametrize("target", [b"/also harmless?x=1", "/also harmless?x=1"])
def test_a_target_of_something_else_is_handed_on_as_it_was_given(target):
    """Text as bytes, which is what a connection takes."""
    inner = Inner()
    with client(inner) as http:
        http.get("https://api.exotel.com/harmless", extensions={"target": target})
    assert [request.extensions["target"] for request in inner.requests] == [b"/also harmless?x=1"]


@pytest.mark.parametrize("target", [MESSAGE, MESSAGE.encode()])
def test_a_target_that_says_the_same_as_the_url_is_judged_like_it(target):
    """And the read before the write is asked for at the URL."""
    inner = Inner("completed")
    with client(inner) as http, pytest.raises(errors.IllegalTransition):
        http.put(URL, json={"action": "pause"}, extensions={"target": target})
    assert [(request.method, request.extensions.get("target")) for request in inner.requests] == [("GET", None)]


def test_a_body_that_is_streamed_to_somewhere_else_need_not_be_read_at_once():
    """The transport takes it in parts, and nobody asks for it afterwards."""
    parts = []

    class Streaming(httpx.BaseTransport):
        def handle_request(self, request):
            parts.extend(request.stream)
            return httpx.Response(200)

    with httpx.Client(transport=GuardTransport(Streaming())) as http:
        assert http.post("https://api.exotel.com/harmless", content=iter([b"one", b"two"])).status_code == 200
    assert parts == [b"one", b"two"]


def test_a_write_that_is_of_no_http_library_is_a_type_error():
    """Nobody knows what to send it as, or what to raise for it."""

    class Foreign:
        def __init__(self):
            self.theirs = httpx.Request("PUT", URL, json={"action": "pause"})

        def __getattr__(self, name):
            return getattr(self.theirs, name)

    inner = Inner()
    with pytest.raises(TypeError, match="Foreign is no request of httpx or of a library like it"):
        GuardTransport(inner).handle_request(Foreign())
    assert inner.requests == []


def test_what_goes_with_a_read_is_of_no_use_for_the_write_after_it():
    """A gate below does not take another request for one that was handed on to it."""
    inner, permits = Inner(), []

    def on(request):
        permits.append((request.extensions[PERMIT], [permit.out for permit, _ in permits]))

    inner.on_read = inner.on_write = on
    with client(inner) as http:
        http.put(URL, json={"action": "pause"})
    assert [before for _, before in permits] == [[], [False]]
    assert not any(permit.out for permit, _ in permits)


def test_what_is_noted_on_a_request_of_the_callers_is_not_handed_on():
    """A request that is sent again has a record already, which nobody below may take for its own."""
    inner = Inner()
    with client(inner) as http:
        http.put(
            URL,
            json={"action": "pause"},
            extensions={EXTENSION: "an old one", TERMS: Terms(until=time.monotonic() + 60)},
        )
    assert [{EXTENSION, TERMS} & request.extensions.keys() for request in inner.requests] == [set(), set()]


@pytest.mark.parametrize(
    ("encoded", "read", "size"), [(False, False, 4 * 2**20), (False, True, 4 * 2**20), (True, False, 256 * 2**10)]
)
def test_an_answer_is_read_up_to_its_limit(encoded, read, size):
    """Four mebibytes, also where it was read already; an encoded one grows, so it has less."""

    def on_read(request):
        headers = {"Content-Encoding": "zstd"} if encoded else {}
        whole = {"content": bytes(size + more)} if read else {"stream": httpx.ByteStream(bytes(size + more))}
        return httpx.Response(200, headers=headers, **whole)

    inner = Inner()
    inner.on_read = on_read
    for more in (0, 1):
        with client(inner, deadline=0) as http, pytest.raises(errors.StatusUnavailable) as caught:
            http.put(URL, json={"action": "pause"})
        assert (f"the answer is larger than {size} bytes" in str(caught.value)) == bool(more)


def test_an_answer_that_cannot_be_decoded_is_handed_on():
    """The write is done: what its answer says is for the caller to find out."""
    inner = Inner()
    inner.on_write = lambda request: httpx.Response(
        200, headers={"Content-Encoding": "gzip"}, stream=httpx.ByteStream(b"not gzip")
    )
    with client(inner) as http, http.stream("PUT", URL, json={"action": "pause"}) as response:
        assert response.status_code == 200
        assert response.extensions[EXTENSION].problem
        assert b"".join(response.iter_raw()) == b"not gzip"


def test_a_read_may_be_sent_again_by_whatever_is_below():
    """Nobody watches its bytes: nothing is judged, and there is no record to be found afterwards."""
    inner = Inner()
    with client(inner) as http:
        response = http.get(URL)
    assert EXTENSION not in response.extensions
    assert EXTENSION not in response.request.extensions
    assert "trace" not in inner.requests[0].extensions


def test_a_connection_that_does_not_say_what_it_sends_sends_the_write_once():
    """What leaves is taken for the write, and what leaves after it for a second try of it."""
    inner = Inner()

    def on_write(request):
        for _ in range(2):
            request.extensions["trace"]("http11.send_request_headers.started", {})

    inner.on_write = on_write
    with client(inner) as http, pytest.raises(httpx.RemoteProtocolError, match="a second time"):
        http.put(URL, json={"action": "pause"})
    assert inner.status == "in-progress"


def test_a_refusal_of_another_call_in_the_middle_of_the_read_is_not_ours():
    """What was refused is the call of whatever is below; this write has a status that could not be read."""
    inner = Inner()
    with httpx.Client(transport=GuardTransport(inner, deadline=0)) as http:
        inner.on_read = lambda request: http.put(URL, json={"action": "complete"})
        with pytest.raises(errors.StatusUnavailable) as caught:
            http.put(URL, json={"action": "pause"})
    assert isinstance(caught.value.__cause__, httpx.ReadError)
    assert isinstance(caught.value.__cause__.__cause__, errors.CampaignBusy)
    assert inner.writes() == []


def test_userinfo_in_the_url_is_refused():
    """httpx logs URLs, so credentials may not be in them, not even for a read."""
    inner = Inner()
    with client(inner) as http, pytest.raises(errors.UnreadableRequest) as caught:
        http.get(URL.replace("https://", "https://key123:token456@"))
    assert caught.value.code == "CF404"
    assert "token456" not in str(caught.value)
    assert inner.requests == []


def test_a_redirect_is_not_followed_even_by_a_client_that_follows():
    """307 would send the PUT again, to another host too."""
    inner = Inner()
    inner.on_write = lambda request: httpx.Response(307, headers={"Location": "https://elsewhere.example/x"})
    with httpx.Client(transport=GuardTransport(inner), follow_redirects=True) as http:
        with pytest.raises(errors.UnexpectedRedirect):
            http.put(URL, json={"action": "pause"})
    assert [request.url.host for request in inner.requests] == ["api.exotel.com"] * 2


@pytest.mark.parametrize("family", FAMILIES)
def test_passing_trouble_before_the_write_is_waited_out(family):
    """Broken connections and 503 are retried with pauses; then the write goes."""
    inner, pauses = Inner(family=family), []
    troubles = [family.ConnectError("refused"), family.Response(503), family.ReadTimeout("slow")]

    def on_read(request):
        if troubles:
            trouble = troubles.pop(0)
            if isinstance(trouble, Exception):
                raise trouble
            return trouble
        return None

    inner.on_read = on_read
    with client(inner, sleep=pauses.append) as http:
        http.put(URL, json={"action": "pause"})
    assert pauses == [0.5, 1.0, 2.0]
    assert inner.writes() == ["pause"]


def test_trouble_that_will_not_pass_is_not_waited_out():
    """An unsupported scheme stays unsupported."""
    inner, pauses = Inner(), []

    def on_read(request):
        raise httpx.UnsupportedProtocol("no such scheme")

    inner.on_read = on_read
    with client(inner, sleep=pauses.append) as http, pytest.raises(errors.StatusUnavailable):
        http.put(URL, json={"action": "pause"})
    assert (pauses, inner.writes()) == ([], [])


@pytest.mark.parametrize("encoded", [False, True])
def test_an_answer_without_end_is_no_reading(encoded):
    """The read stops at its limit and the write is not sent."""
    inner = Inner(streamed=True)
    size = 10 * 2**20
    inner.on_read = lambda request: httpx.Response(
        200, headers={"Content-Encoding": "gzip"} if encoded else {}, stream=Chunks(inner, b" " * size)
    )
    with client(inner) as http, pytest.raises(errors.StatusUnavailable, match="larger than"):
        http.put(URL, json={"action": "pause"})
    assert inner.writes() == []
    assert inner.closed >= 1


def test_a_lost_answer_leaves_the_judgement_with_the_request():
    """Whoever catches the transport's error can still see what was decided, and the lock is free."""
    inner = Inner()

    def on_write(request):
        raise httpx.ReadError("reset")

    inner.on_write = on_write
    transport = GuardTransport(inner)
    with httpx.Client(transport=transport) as http:
        with pytest.raises(httpx.ReadError) as caught:
            http.put(URL, json={"action": "pause"})
        assert caught.value.request.extensions[EXTENSION].reading.status == "in-progress"
        assert len(transport._gate.context.sections) == 0


def test_a_cached_reading_is_none():
    """A reading that says it came from a cache refuses the write."""
    inner = Inner()
    transport = GuardTransport(inner)
    body = json.dumps({"response": {"code": 200, "data": {"sid": ID, "status": "in-progress"}}})
    for response in (
        httpx.Response(200, content=body, extensions={"hishel_from_cache": True}),
        httpx.Response(200, content=body, extensions={"caching": {"from_cache": True, "revalidated": False}}),
        httpx.Response(200, content=body, headers={"Age": "30"}),
    ):
        inner.on_read = lambda request, response=response: response
        with pytest.raises(errors.StatusUnavailable) as caught:
            httpx.Client(transport=transport).put(URL, json={"action": "pause"})
        assert caught.value.code == "CF504"
    assert inner.writes() == []


def test_requests_about_something_else_pass_untouched():
    """No read before, no body buffered, the very response of the inner transport."""
    inner = Inner()
    special = httpx.Response(201)
    inner.on_write = lambda request: special
    transport = GuardTransport(inner)
    request = httpx.Request("PUT", "https://api.exotel.com/v1/other", content=b"x")
    assert transport.handle_request(request) is special
    assert EXTENSION not in request.extensions


@pytest.mark.parametrize(
    "given",
    [
        {"headers": {"Host": "staging.example"}},
        {"headers": {"X-Original-URL": "/elsewhere"}},
        {"headers": {"X-Rewrite-URL": "/elsewhere"}},
        {"params": {"env": "staging"}},
        {"extensions": {"target": MESSAGE.encode() + b"?env=staging"}},
    ],
)
def test_a_read_that_may_be_about_something_else_is_no_reading(given):
    """Another Host, a rewriting header, a query: what is answered there is not used for a write without them."""
    inner = Inner("created")
    with client(inner, max_age=3600) as http:
        http.get(URL, **given)
        inner.status = "completed"
        with pytest.raises(errors.IllegalTransition):
            http.put(URL, json={"action": "pause"})
        http.get(URL)
        inner.status = "created"
        with pytest.raises(errors.IllegalTransition):
            http.put(URL, json={"action": "resume"})
    assert [request.method for request in inner.requests] == ["GET"] * 4


def test_what_answers_something_else_each_time_is_asked_once():
    """A method and a URL with methods of their own: what goes out is what was judged."""

    class Method(str):
        __slots__ = ()

        def encode(self, *_):
            return b"DELETE"

        def __eq__(self, other):
            return True

        __hash__ = str.__hash__

    class Url(httpx.URL):
        @property
        def raw_path(self):
            return b"/harmless"

    inner = Inner("completed")
    for change in ({"method": Method("PUT")}, {"url": Url(URL)}):
        request = httpx.Request("PUT", URL, json={"action": "pause"})
        for name, value in change.items():
            setattr(request, name, value)
        with pytest.raises(errors.IllegalTransition):
            GuardTransport(inner).handle_request(request)
    assert [request.method for request in inner.requests] == ["GET", "GET"]
    assert type(inner.requests[0].method) is str
    assert {request.url.raw_path for request in inner.requests} == {MESSAGE.encode()}


def test_a_method_as_bytes_is_no_reason_to_stop_what_is_about_no_campaign():
    """Some versions of httpx send it; on a campaign it is a method that no page documents."""
    inner = Inner()
    for url in ("https://api.exotel.com/v1/other", URL):
        request = httpx.Request("PUT", url, json={"action": "pause"})
        request.method = b"PUT"
        if url == URL:
            with pytest.raises(errors.UnreadableRequest) as caught:
                GuardTransport(inner).handle_request(request)
            assert caught.value.code == "CF402"
        else:
            GuardTransport(inner).handle_request(request)
    assert [request.url.path for request in inner.requests] == ["/v1/other"]


@pytest.mark.parametrize("extensions", [MappingProxyType({"http_version": b"HTTP/1.1"}), None])
def test_extensions_that_cannot_be_changed_do_not_hide_the_answer(extensions):
    """The write is out: whoever made the response, the caller gets it, with the record."""
    inner = Inner()

    def on_write(request):
        response = inner._respond(request)
        response.extensions = extensions
        return response

    inner.on_write = on_write
    response = GuardTransport(inner).handle_request(httpx.Request("PUT", URL, json={"action": "pause"}))
    assert response.status_code == 200
    assert response.extensions[EXTENSION].answered.status == "paused"


def test_a_request_of_its_own_below_the_gate_is_not_taken_for_the_write():
    """A transport that fetches a token with the method and the extensions of the write: only the write is the write."""
    simulator = Simulator()
    collection = MESSAGE.rpartition("/")[0]

    class Refreshes(httpx.BaseTransport):
        def __init__(self):
            self.inner = httpx.HTTPTransport()

        def handle_request(self, request):
            if request.method == "POST":
                token = httpx.Request("POST", request.url.join("/token"), extensions=request.extensions)
                self.inner.handle_request(token).read()
            return self.inner.handle_request(request)

        def close(self):
            self.inner.close()

    with SimulatorServer(simulator) as server:
        with httpx.Client(transport=GuardTransport(Refreshes()), auth=("key", "token")) as http:
            http.post(f"{server.base_url}{collection}", json={"name": "made"})
    assert [entry.path for entry in simulator.journal if entry.kind == "request"] == ["/token", collection]


@pytest.mark.parametrize("is_async", [False, True])
def test_a_refusal_that_strikes_after_the_write_says_nothing_of_it(monkeypatch, is_async):
    """A signal handler may raise anywhere, also what it was refused itself: the write is out, and that is said."""

    def struck(*_):
        raise errors.CampaignBusy(code="CF801", reason="A call of the handler's own.")

    monkeypatch.setattr("campaign_fsm.gate.events.FlowEvents.was_answered", struck)
    inner = Inner()

    async def go():
        async with async_client(inner) as http:
            await http.put(URL, json={"action": "pause"})

    run = (lambda: anyio.run(go)) if is_async else (lambda: client(inner).put(URL, json={"action": "pause"}))
    with pytest.raises(httpx.ReadError) as caught:
        run()
    assert isinstance(caught.value.__cause__, errors.CampaignBusy)
    assert inner.writes() == ["pause"]


@pytest.mark.anyio
async def test_a_synchronous_transport_in_a_thread_below_an_asynchronous_gate():
    """An adapter runs it where nothing is awaited: the last check before the bytes leave is not awaited either."""
    simulator = Simulator()
    campaign = simulator.add("in-progress")

    class InThread(httpx.AsyncBaseTransport):
        def __init__(self):
            self.inner = httpx.HTTPTransport()

        async def handle_async_request(self, request):
            def send():
                response = self.inner.handle_request(request)
                return httpx.Response(response.status_code, headers=response.headers, content=response.read())

            return await anyio.to_thread.run_sync(send)

        async def aclose(self):
            self.inner.close()

    with SimulatorServer(simulator) as server:
        url = f"{server.base_url}/v2/accounts/{simulator.account_sid}/message-campaigns/{campaign}"
        async with httpx.AsyncClient(transport=AsyncGuardTransport(InThread()), auth=("key", "token")) as http:
            response = await http.put(url, json={"action": "pause"})
    assert response.status_code == 200
    assert [entry.method for entry in simulator.journal if entry.kind == "request"] == ["GET", "PUT"]


# Real concurrency


def test_of_many_threads_one_pause_is_sent():
    """Sixteen threads wait at one barrier and pause one campaign: one write, fifteen `AlreadyThere`."""
    inner = Inner()
    inner.on_read = lambda request: time.sleep(0.002)
    transport = GuardTransport(inner)
    barrier, outcomes = threading.Barrier(16), []

    def pause():
        with httpx.Client(transport=KeepOpen(transport)) as http:
            barrier.wait()
            try:
                http.put(URL, json={"action": "pause"})
                outcomes.append("sent")
            except errors.AlreadyThere:
                outcomes.append("already")

    threads = [threading.Thread(target=pause) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["already"] * 15 + ["sent"]
    assert inner.writes() == ["pause"]
    assert len(transport._gate.context.sections) == 0


class KeepOpen:
    """Share one transport among clients that each close theirs."""

    def __init__(self, inner):
        self.handle_request = inner.handle_request

    def close(self):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *args):
        pass


@pytest.mark.anyio
async def test_of_many_tasks_one_pause_is_sent():
    """The same for sixteen tasks under asyncio and trio."""
    inner, outcomes = Inner(), []
    transport = AsyncGuardTransport(inner)
    http = httpx.AsyncClient(transport=transport)

    async def pause():
        try:
            await http.put(URL, json={"action": "pause"})
            outcomes.append("sent")
        except errors.AlreadyThere:
            outcomes.append("already")

    async with anyio.create_task_group() as tasks:
        for _ in range(16):
            tasks.start_soon(pause)
    await http.aclose()
    assert sorted(outcomes) == ["already"] * 15 + ["sent"]
    assert inner.writes() == ["pause"]
    assert len(transport._gate.context.sections) == 0


@pytest.mark.anyio
async def test_campaigns_do_not_wait_for_each_other():
    """The lock is one campaign's, not the transport's."""
    inner = Inner()
    gate_open, blocked = anyio.Event(), anyio.Event()
    other = "1" * 32

    async def on_read(request):
        if other not in str(request.url):
            blocked.set()
            await gate_open.wait()

    inner.async_on_read = on_read
    async with async_client(inner) as http, anyio.create_task_group() as tasks:
        tasks.start_soon(lambda: http.put(URL, json={"action": "pause"}))
        await blocked.wait()
        with anyio.fail_after(5), pytest.raises(errors.StatusUnavailable):
            # The tiny server answers about the one campaign that it has: another campaign, so refused.
            await http.put(URL.replace(ID, other), json={"action": "pause"})
        gate_open.set()
    assert inner.writes() == ["pause"]


@pytest.mark.anyio
@pytest.mark.parametrize("stop_in", ["read", "write", "queue"])
async def test_cancellation_anywhere_leaves_the_lock_free(stop_in):
    """A task cancelled in the read, in the write or while waiting lets go of the campaign."""
    inner = Inner()
    transport = AsyncGuardTransport(inner)
    http = httpx.AsyncClient(transport=transport)
    reached = anyio.Event()
    stop_method = {"read": "GET", "write": "PUT", "queue": "GET"}[stop_in]
    original = inner.handle_async_request

    async def stuck(request):
        if request.method == stop_method:
            reached.set()
            await anyio.sleep_forever()
        return await original(request)

    inner.handle_async_request = stuck
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(lambda: http.put(URL, json={"action": "pause"}))
        await reached.wait()
        if stop_in == "queue":
            tasks.start_soon(lambda: http.put(URL, json={"action": "pause"}))
            await anyio.wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()
    assert len(transport._gate.context.sections) == 0
    inner.handle_async_request = original
    with anyio.fail_after(5):
        await http.put(URL, json={"action": "pause"})
    await http.aclose()


def test_an_interrupt_in_the_write_leaves_the_lock_free():
    """Ctrl-C while the answer is out frees the campaign and is not swallowed."""
    inner = Inner()

    def on_write(request):
        raise KeyboardInterrupt

    inner.on_write = on_write
    transport = GuardTransport(inner)
    with pytest.raises(KeyboardInterrupt):
        httpx.Client(transport=transport).put(URL, json={"action": "pause"})
    assert len(transport._gate.context.sections) == 0
    inner.on_write = lambda request: None
    httpx.Client(transport=transport).put(URL, json={"action": "pause"})


def test_the_observer_may_use_the_same_campaign():
    """`on_drift` runs after the lock is gone, so it can read or pause the campaign itself."""
    inner, calls = Inner(), []
    inner.on_write = lambda request: (
        None
        if calls
        else httpx.Response(200, json={"response": {"code": 200, "data": {"sid": ID, "status": "completed"}}})
    )
    http = httpx.Client(
        transport=KeepOpen(GuardTransport(inner, on_drift=lambda drift: (calls.append(drift), again())))
    )

    def again():
        thread = threading.Thread(target=lambda: http.put(URL, json={"action": "pause"}), daemon=True)
        thread.start()
        thread.join(timeout=10)
        assert not thread.is_alive()

    http.put(URL, json={"action": "pause"})
    assert len(calls) == 1
    assert inner.writes() == ["pause", "pause"]


def test_a_guard_whose_strictness_is_a_number_is_not_made():
    """It would refuse every write, and say that the gate has failed."""
    with pytest.raises(TypeError, match="strict must be True or False"):
        GuardTransport(httpx.HTTPTransport(), strict=1)

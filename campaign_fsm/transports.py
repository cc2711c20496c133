"""The gate as a transport: give one to any `httpx` client, and every request of it is judged.

>>> import httpx
>>> from campaign_fsm import GuardTransport
>>> client = httpx.Client(transport=GuardTransport(httpx.HTTPTransport()))

Neither `httpx` nor its successor `httpx2` is imported here: a client never checks the type of its
transport, and requests and responses are copied with their own classes, so both work.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING, Any, Final, Self, TypedDict, Unpack

import anyio
from attrs import define, field

from campaign_fsm.drive import drive, drive_async
from campaign_fsm.gate import Acquire, Drift, Forward, Gate, Judgement, Pause, Read, Step, Wait
from campaign_fsm.policy import Policy
from campaign_fsm.wire.answer import Answer
from campaign_fsm.wire.intent import SAFE_METHODS, WireRequest

if TYPE_CHECKING:
    from httpx import AsyncBaseTransport, BaseTransport, Request, Response
else:
    BaseTransport = AsyncBaseTransport = object

EXTENSION: Final = "campaign_fsm"
IN_FLIGHT: Final = "campaign_fsm_in_flight"
"""The key under which requests and responses carry their `Judgement` in ``.extensions``."""

UNTIL: Final = "campaign_fsm_until"
"""The key under which a request carries until when it would wait for the request budget."""

_MOST: Final = 4 * 2**20
_MOST_ENCODED: Final = 256 * 2**10  # an encoded body can grow a thousandfold


class GuardSettings(TypedDict, total=False):
    """The settings of a guard, all optional.

    Attributes:
        max_age: Seconds for which a reading may be used again, counted from when it was sent.
            Default 0: every write is preceded by a read.
        strict: Refuse what the vendor's pages contradict each other about. Default False.
        deadline: Seconds during which a read before a write is retried after 429, 5xx and broken
            connections. Default 30.
        ignore_hosts: Hosts whose requests pass unjudged, whatever their path. Default none.
        on_drift: Called with a `Drift` when an answer shows a status that the model does not expect.
        budget: Requests a minute that an account may make, shared by everything in the process that goes
            to it; at least 2, or 0 for no limit. Default None: 30 on the vendor's hosts (S8), until its
            ``X-RateLimit-*`` headers say otherwise, and no limit elsewhere or in process. `pause` goes
            first.
        on_wait: Called with a `Wait` when a request has to wait for the budget.
        trace: Called with each event of the decision trace (see `campaign_fsm.trace`).
        policy: What the team forbids on top of the life cycle (see `campaign_fsm.policy`).
        watch_reads: Read the answers of campaign reads whole, so that they are logged and traced, and
            held to 4 MiB. Default False: they pass untouched.
        clock: Seconds, monotonic.
        now: The local time, an aware datetime; used where the server does not send its own.
    """

    max_age: float
    strict: bool
    deadline: float
    ignore_hosts: Collection[str]
    on_drift: Callable[[Drift], object] | None
    budget: int | None
    on_wait: Callable[[Wait], object] | None
    trace: Callable[[Mapping[str, Any]], object] | None
    policy: Policy | None
    watch_reads: bool
    clock: Callable[[], float]
    now: Callable[[], datetime]


def _family(thing: object) -> ModuleType:
    """The HTTP library that an object belongs to: `httpx`, or one with the same API."""
    return sys.modules[type(thing).__module__.partition(".")[0]]


def _wire(request: Request) -> WireRequest:
    url = request.url
    target = request.extensions.get("target")
    return WireRequest(
        method=request.method,
        scheme=url.scheme,
        host=url.raw_host.decode("latin-1").lower(),
        port=url.port,
        target=url.raw_path if target is None else target if isinstance(target, bytes) else str(target).encode(),
        url_target=None if target is None else url.raw_path,
        headers=tuple(request.headers.raw),
        userinfo=bool(url.userinfo),
        until=request.extensions.get(UNTIL),
    )


@define
class _Passage:
    """One request on its way through the gate: what the two drivers share."""

    request: Request
    response: Response | None = None
    unread: list[Any] = field(factory=list)
    """Responses whose streams are still to be closed; an interrupt may come before they are read."""

    def transient(self, error: BaseException) -> bool:
        """Whether no connection or no answer came, so that a read is worth another try."""
        family = _family(self.request)
        kinds = (family.NetworkError, family.TimeoutException, family.RemoteProtocolError, family.ProxyError)
        return isinstance(error, (*kinds, OSError))

    def question(self, wire: WireRequest) -> Request:
        """The read before the write, as a request of the same library with the same time-outs."""
        extensions = {
            key: value
            for key, value in self.request.extensions.items()
            if key not in (EXTENSION, IN_FLIGHT, UNTIL, "target")
        }
        return type(self.request)(wire.method, self.request.url, headers=list(wire.headers), extensions=extensions)

    def note(self, judgement: Judgement | None) -> None:
        if judgement is not None:
            self.request.extensions[EXTENSION] = judgement
            if self.response is not None:
                self.response.extensions[EXTENSION] = judgement

    def limit(self, response: Response) -> int:
        return _MOST_ENCODED if "content-encoding" in response.headers else _MOST

    def too_large(self, response: Response) -> Exception:
        limit = self.limit(response)
        error: Exception = _family(self.request).ProtocolError(f"the answer is larger than {limit} bytes")
        return error

    def answer(self, response: Response, raw: bytes | None) -> Answer:
        """The answer for the gate. The response can be read again, as if nobody had read it yet.

        `raw` is what its stream held, None if whoever made it had read it already.
        """
        if raw is None:
            body = response.content
            if len(body) > _MOST:
                raise self.too_large(response)
        else:
            # A stream of bytes is good for sync and async clients.
            response.stream = _family(response).ByteStream(raw)
            body = raw
            if "content-encoding" in response.headers:
                try:
                    body = type(response)(response.status_code, headers=response.headers, content=raw).content
                except _family(response).DecodingError:
                    body = b""
        cached = any(response.extensions.get(key) for key in ("from_cache", "hishel_from_cache"))
        return Answer(response.status_code, tuple(response.headers.raw), body, cached=cached)


# Nobody limits requests that never leave the process.
_IN_PROCESS: Final = frozenset({"MockTransport", "WSGITransport", "ASGITransport"})


class _Guard:
    def __init__(self, inner: Any, make_lock: Callable[[], Any], settings: GuardSettings) -> None:
        self._inner = inner
        self.in_process: bool = getattr(inner, "in_process", type(inner).__name__ in _IN_PROCESS)
        if self.in_process:
            settings = {**settings, "budget": settings.get("budget") or 0}
        self._gate = Gate(make_lock, **settings)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({type(self._inner).__name__})"


class GuardTransport(_Guard, BaseTransport):
    """A transport for `httpx.Client` that lets no illegal campaign write through.

    It judges by path on every host. Requests that are not about campaigns pass untouched. What lies
    below it (`inner`) must neither retry nor cache nor follow redirects.

    Args:
        inner: The transport that sends, such as `httpx.HTTPTransport()`.
        sleep: Waits between two tries of a read.
        **settings: See `GuardSettings`.

    Raises (from requests):
        Refused: The write was not sent.
        UnexpectedRedirect: The server answered the write with a 3xx.

    Whatever the inner transport raises while the write is out is raised as it is.
    """

    def __init__(
        self, inner: BaseTransport, *, sleep: Callable[[float], object] = time.sleep, **settings: Unpack[GuardSettings]
    ) -> None:
        # An RLock, because only that one knows its owner; no flow enters another one.
        super().__init__(inner, threading.RLock, settings)
        self._sleep = sleep

    def handle_request(self, request: Request) -> Response:
        wire = _wire(request)
        if not self._gate.concerns(wire):
            response: Response = self._inner.handle_request(request)
            return response
        if request.method not in SAFE_METHODS:
            wire.body = request.read()
            # What is judged is what goes out, also where a stream would say something else the next time.
            request.stream = _family(request).ByteStream(wire.body)
        passage = _Passage(request)
        flow = self._gate.flow(wire, passage.transient)
        try:
            passage.note(drive(flow, lambda step: self._perform(step, passage)))
        finally:
            # A request that is sent again later is another one. (No call: an interrupt must find nothing half done.)
            request.extensions[IN_FLIGHT] = False
            while passage.unread:
                passage.unread[-1].stream.close()
                passage.unread.pop()
        assert passage.response is not None
        return passage.response

    def _perform(self, step: Step, passage: _Passage) -> Answer | None:
        match step:
            case Acquire(lease):
                lease.lock.acquire()
            case Pause(seconds):
                self._sleep(seconds)
            case Read(wire):
                passage.unread.append(self._inner.handle_request(passage.question(wire)))
                return self._answer(passage.unread[-1], passage)
            case Forward(judgement, buffered):
                passage.note(judgement)
                passage.request.extensions[IN_FLIGHT] = True
                passage.response = self._inner.handle_request(passage.request)
                if buffered:
                    passage.unread.append(passage.response)
                    return self._answer(passage.response, passage)
        return None

    def _answer(self, response: Response, passage: _Passage) -> Answer:
        if response.is_closed:
            passage.unread.clear()
            return passage.answer(response, None)
        raw, limit = bytearray(), passage.limit(response)
        try:
            for chunk in response.stream:  # type: ignore[union-attr]
                raw += chunk
                if len(raw) > limit:
                    raise passage.too_large(response)
        finally:
            # The stream and not the response, which is still to be read.
            response.stream.close()  # type: ignore[union-attr]
            passage.unread.clear()
        return passage.answer(response, bytes(raw))

    def close(self) -> None:
        self._inner.close()

    def __enter__(self) -> Self:
        self._inner.__enter__()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self._inner.__exit__(exc_type, exc_value, traceback)


class AsyncGuardTransport(_Guard, AsyncBaseTransport):
    """A transport for `httpx.AsyncClient` (asyncio and trio); otherwise like `GuardTransport`."""

    def __init__(
        self,
        inner: AsyncBaseTransport,
        *,
        sleep: Callable[[float], Any] = anyio.sleep,
        **settings: Unpack[GuardSettings],
    ) -> None:
        super().__init__(inner, anyio.Lock, settings)
        self._sleep = sleep

    async def handle_async_request(self, request: Request) -> Response:
        wire = _wire(request)
        if not self._gate.concerns(wire):
            response: Response = await self._inner.handle_async_request(request)
            return response
        if request.method not in SAFE_METHODS:
            wire.body = await request.aread()
            request.stream = _family(request).ByteStream(wire.body)
        passage = _Passage(request)
        flow = self._gate.flow(wire, passage.transient)
        try:
            passage.note(await drive_async(flow, lambda step: self._perform(step, passage)))
        finally:
            request.extensions[IN_FLIGHT] = False
        assert passage.response is not None
        return passage.response

    async def _perform(self, step: Step, passage: _Passage) -> Answer | None:
        match step:
            case Acquire(lease):
                await lease.lock.acquire()
            case Pause(seconds):
                await self._sleep(seconds)
            case Read(wire):
                question = passage.question(wire)
                return await self._answer(await self._inner.handle_async_request(question), passage)
            case Forward(judgement, buffered):
                passage.note(judgement)
                passage.request.extensions[IN_FLIGHT] = True
                passage.response = await self._inner.handle_async_request(passage.request)
                if buffered:
                    return await self._answer(passage.response, passage)
        return None

    async def _answer(self, response: Response, passage: _Passage) -> Answer:
        if response.is_closed:
            return passage.answer(response, None)
        raw, limit = bytearray(), passage.limit(response)
        try:
            async for chunk in response.stream:  # type: ignore[union-attr]
                raw += chunk
                if len(raw) > limit:
                    raise passage.too_large(response)
        finally:
            with anyio.CancelScope(shield=True):
                await response.stream.aclose()  # type: ignore[union-attr]
        return passage.answer(response, bytes(raw))

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def __aenter__(self) -> Self:
        await self._inner.__aenter__()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        await self._inner.__aexit__(exc_type, exc_value, traceback)

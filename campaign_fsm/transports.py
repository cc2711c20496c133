"""The gate as a transport: give one to any `httpx` client, and every request of it is judged.

>>> import httpx
>>> from campaign_fsm import GuardTransport
>>> client = httpx.Client(transport=GuardTransport(httpx.HTTPTransport()))

Requests and responses are made with the classes of the library that they come from, so clients of `httpx2`, the
successor of `httpx`, can have one as well. Who also checks types derives a class of its own:

>>> import httpx2
>>> class Guard(GuardTransport, httpx2.BaseTransport): ...
"""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from copy import copy
from types import ModuleType, TracebackType
from typing import Any, Final, Self, Unpack

import anyio
from attrs import define, field
from httpx import AsyncBaseTransport, BaseTransport, Request, Response

from campaign_fsm.drive import Sleep, drive, drive_async
from campaign_fsm.errors import Refused
from campaign_fsm.gate import (
    Closed,
    Forward,
    Gate,
    GateSettings,
    GateStep,
    GuardSettings,
    Permit,
    Poll,
    Read,
    TooOld,
    WriteRecord,
)
from campaign_fsm.wire.answer import Answer
from campaign_fsm.wire.encoding import TooLarge, Undecodable, decode, encoding_of
from campaign_fsm.wire.family import family_of
from campaign_fsm.wire.intent import SAFE_METHODS, WireRequest, read_intent

EXTENSION: Final = "campaign_fsm"
"""The key under which requests and responses carry their `WriteRecord` in ``.extensions``."""

ANSWER: Final = "campaign_fsm_answer"
"""The key under which responses that the gate has read carry its `Answer`, whose body was decoded within bounds."""

PERMIT: Final = "campaign_fsm_permit"
"""The key under which what a gate hands on carries its `Permit`, for the gate or the pytest plugin below it."""

UNTIL: Final = "campaign_fsm_until"
"""The key under which a request carries until when it would wait for the request budget."""

LEFT: Final = "campaign_fsm_left"
"""The key under which a request says that its bytes were seen to leave, whatever is raised after that."""

_MOST: Final = 4 * 2**20
_MOST_ENCODED: Final = 256 * 2**10  # an encoded body grows a thousandfold for whoever decodes it afterwards


def read_as(request: Request) -> tuple[tuple[Any, ...], object]:
    """Where a request goes and what it would do, for whoever holds it against a verdict.

    Raises:
        UnreadableRequest: It cannot be read in exactly one way.
        Exception: Its body was not read yet.
    """
    wire = _Seen.of(request).wire
    wire.body = request.content
    return wire.origin, read_intent(wire)


@define
class _Seen:
    """A request as it was in one moment. It belongs to its caller, who may change it at any time, from anywhere.

    Attributes:
        wire: What is judged.
        url: Its URL, which nobody can change.
        headers: A copy of its headers.
        extensions: A copy of its extensions.
        stream: What its body comes from.
        family: The HTTP library that it belongs to; None for something else than a request.
    """

    wire: WireRequest
    url: Any
    headers: Any
    extensions: dict[str, Any]
    stream: Any
    family: ModuleType | None

    @classmethod
    def of(cls, request: Request) -> _Seen:
        # Each of them is read once: what is read again may be another one. And what has methods of its own may
        # say something else each time.
        method, url, headers, extensions = request.method, request.url, request.headers.copy(), dict(request.extensions)
        if isinstance(method, str):
            method = str.__str__(method)
        family = family_of(request)
        if family is not None and type(url) is not family.URL:
            url = family.URL(str(url))
        target = extensions.get("target")
        if target is not None:
            extensions["target"] = target = target if isinstance(target, bytes) else str(target).encode()
        wire = WireRequest(
            method=method,
            scheme=url.scheme,
            host=url.raw_host.decode("latin-1").lower(),
            port=url.port,
            target=url.raw_path if target is None else target,
            url_target=None if target is None else url.raw_path,
            headers=tuple(headers.raw),
            userinfo=bool(url.userinfo),
        )
        return cls(wire, url, headers, extensions, request.stream, family)

    def unjudged(self, request: Request) -> Request:
        """A copy of the request, also of its class, that stays as it was seen to be about no campaign."""
        same = copy(request)
        same.method, same.url, same.headers = self.wire.method, self.url, self.headers
        same.extensions, same.stream = dict(self.extensions), self.stream
        return same

    def came_back(self, request: Request, same: Request) -> None:
        """What was done to the copy (a mock reads the body, a transport leaves a note) was done to the request."""
        left = same.extensions or {}
        for key in left.keys() - self.extensions.keys():
            request.extensions.setdefault(key, left[key])
        if "_content" in vars(same) and request.stream is self.stream:
            vars(request)["_content"], request.stream = same.content, same.stream


def _mark(thing: Request | Response, key: str, value: WriteRecord | Answer) -> None:
    """Leave something of ours with a request or response; the write may be out, so nothing may come of it."""
    try:
        thing.extensions[key] = value
    except Exception:  # noqa: BLE001 (some make extensions that cannot be changed)
        with suppress(Exception):
            thing.extensions = {**(thing.extensions or {}), key: value}


_NOTHING_JUDGED: Final = Forward()
_NO_PERMIT: Final = Permit()


@define
class _InFlight:
    """One request on its way through the gate: what the two drivers share.

    Attributes:
        callers: The request as its caller has it, who may change it at any time.
        wire: The same as it was in one moment, with its body. That is judged, and what is sent is made from it.
        url: Its URL, which nobody can change.
        headers: Its headers.
        extensions: Its extensions but ours.
        stream: What is sent as its body.
        is_read: Whether the stream is what was read of the caller's, so that it was judged.
        permit: What goes with everything that is handed on for it.
        response: The answer that is handed back.
        unread: Responses whose streams are still to be closed; an interrupt may come before they are read.
        _is_out: Whether the write was handed on.
        _has_left: Whether its bytes were seen to leave.
    """

    callers: Request
    wire: WireRequest
    url: Any
    headers: Any
    extensions: dict[str, Any]
    stream: Any
    family: ModuleType
    is_read: bool
    permit: Permit = _NO_PERMIT
    response: Response | None = None
    unread: list[Response] = field(factory=list)
    _is_out: bool = False
    _has_left: bool = False

    @classmethod
    def of(cls, callers: Request, seen: _Seen, body: bytes | None) -> _InFlight:
        family = seen.family
        if family is None:
            raise TypeError(f"{type(callers).__qualname__} is no request of httpx or of a library like it")
        wire, extensions = seen.wire, seen.extensions
        wire.body = body or b""
        wire.until, wire.above, _ = (extensions.pop(key, None) for key in (UNTIL, PERMIT, EXTENSION))
        stream = seen.stream if body is None else family.ByteStream(body)
        return cls(callers, wire, seen.url, seen.headers, extensions, stream, family, is_read=body is not None)

    def transient(self, error: BaseException) -> bool:
        """Whether no connection or no answer came, so that a read is worth another try."""
        family = self.family
        kinds = (family.NetworkError, family.TimeoutException, family.RemoteProtocolError, family.ProxyError)
        return isinstance(error, (*kinds, OSError))

    def question(self, wire: WireRequest) -> Request:
        """The read before the write, as a request of the same library with the same time-outs."""
        extensions = {key: value for key, value in self.extensions.items() if key != "target"}
        extensions[PERMIT] = self._new_permit()
        question: Request = self.family.Request(
            wire.method, self.url, headers=list(wire.headers), extensions=extensions
        )
        return question

    def _new_permit(self, step: Forward = _NOTHING_JUDGED) -> Permit:
        self.permit.out = False
        self.permit = Permit(step.record, step.section, self.wire.origin, out=True)
        return self.permit

    def write(self, step: Forward, watch: Callable[[Callable[[], None] | None, Any], Any]) -> Request:
        """The request that is handed on. `watch` makes what `httpcore` calls before the bytes of a judged one leave."""
        extensions = {**self.extensions, PERMIT: self._new_permit(step)}
        if step.record is not None:
            self.note(step.record)
            self._is_out = True
            if isinstance(self.wire.above, Permit):
                self.wire.above.sent = True
            extensions["trace"] = watch(step.check, extensions.get("trace"))
        request: Request = self.family.Request(
            self.wire.method, self.url, headers=self.headers, stream=self.stream, extensions=extensions
        )
        request.method = self.wire.method  # as it was spelled
        if self.is_read:
            request.read()
        return request

    def _is_it(self, name: str, info: Mapping[str, Any]) -> bool:
        """Whether an event of `httpcore` is the last one before the bytes of the write leave."""
        if not name.endswith(".send_request_headers.started"):
            return False
        request = info.get("request")
        # Else a proxy is asked for a tunnel, or something below makes a request of its own.
        return request is None or (
            request.method == self.wire.method.encode() and request.url.target.endswith(self.wire.target)
        )

    def _may_leave(self, check: Callable[[], None] | None) -> None:
        """The last moment at which a judged write can be stopped.

        Raises:
            TooOld: Its reading has become too old while it waited for a connection.
            Closed: The process was forked meanwhile.
            RemoteProtocolError: It is about to be sent a second time: HTTP/2 repeats requests on a connection
                that is closed, and so do transports that try again. One record is for one send.
        """
        if self._has_left:
            raise self.family.RemoteProtocolError(
                "the write was about to be sent a second time, and was stopped; the first may have been applied"
            )
        if check is not None:
            check()

    def _leaves(self) -> None:
        self._has_left = True
        with suppress(Exception):
            self.callers.extensions[LEFT] = True

    def watch(self, check: Callable[[], None] | None, callers: Any) -> Callable[[str, Mapping[str, Any]], Any]:
        """What `httpcore` calls with its events: the checks, and in between the hook of the caller, if there is one."""

        def trace(name: str, info: Mapping[str, Any]) -> Any:
            is_it = self._is_it(name, info)
            if is_it:
                self._may_leave(check)
            result = None if callers is None else callers(name, info)
            if is_it:
                self._may_leave(check)  # the caller's hook may have taken its time
                self._leaves()
            return result

        return trace

    def watch_async(self, check: Callable[[], None] | None, callers: Any) -> Callable[[str, Mapping[str, Any]], Any]:
        """The same for an asynchronous transport."""

        async def awaited(name: str, info: Mapping[str, Any]) -> None:
            is_it = self._is_it(name, info)
            if is_it:
                self._may_leave(check)
            if callers is not None:
                await callers(name, info)
            if is_it:
                self._may_leave(check)
                self._leaves()

        here, plain = threading.current_thread(), self.watch(check, callers)

        def trace(name: str, info: Mapping[str, Any]) -> Any:
            # A synchronous transport that an adapter runs in another thread awaits nothing.
            return (awaited if threading.current_thread() is here else plain)(name, info)

        return trace

    def held(self) -> None:
        """It was handed on and came back unsent."""
        self._is_out = False

    def refused(self, error: Refused, *, inside: bool = False) -> Exception:
        """What a refusal that comes out of the gate, or (`inside`) from below it, stands for.

        "Refused" means "not sent". What runs below, a log handler for example, may have been refused a call of its
        own; that says nothing of this request. Nor does a gate below that refuses only the second try of a transport
        in between.
        """
        permit = self.permit
        if (inside or self._is_out) and (error is not permit.refusal or permit.sent):
            other: Exception = self.family.ReadError(f"{type(error).__name__} was raised below the gate")
            other.__cause__ = error
            return other
        if not inside and isinstance(self.wire.above, Permit):
            self.wire.above.refusal = error
        return error

    def note(self, record: WriteRecord | None) -> None:
        if record is not None:
            _mark(self.callers, EXTENSION, record)
            if self.response is not None:
                _mark(self.response, EXTENSION, record)

    def limit(self, response: Response) -> int:
        return _MOST_ENCODED if "content-encoding" in response.headers else _MOST

    def too_large(self, limit: int) -> Exception:
        error: Exception = self.family.ProtocolError(f"the answer is larger than {limit} bytes")
        return error

    def answer(self, response: Response, raw: bytes | None) -> Answer:
        """The answer for the gate. The response can be read again, as if nobody had read it yet.

        `raw` is what its stream held, None if whoever made it had read it already.
        """
        headers, body, unreadable = tuple(response.headers.raw), b"", None
        if raw is not None:
            family = family_of(response) or self.family
            # A stream of bytes is good for sync and async clients. It is as it came: the caller's client decodes it.
            response.stream = family.ByteStream(raw)
        try:
            encoding = encoding_of(headers)
            body = response.content if raw is None else decode(raw, encoding, _MOST)
        except Undecodable as problem:
            unreadable = str(problem)
        except TooLarge:
            raise self.too_large(_MOST) from None
        if len(body) > _MOST:
            raise self.too_large(_MOST)
        answer = Answer(response.status_code, headers, body, cached=_is_cached(response), unreadable=unreadable)
        _mark(response, ANSWER, answer)
        return answer


def _plain(response: Response) -> None:
    """Take the server's own words for its status code out of a response: the HTTP library would log them."""
    with suppress(Exception):  # some make extensions that hold nothing
        phrase = response.extensions.get("reason_phrase")
        if phrase is not None and phrase.decode("latin-1") != http.client.responses.get(response.status_code):
            del response.extensions["reason_phrase"]


def _is_cached(response: Response) -> bool:
    """Whether a cache below says that it made the answer: every library has a mark of its own."""
    marks = response.extensions
    if not marks:
        return False
    if marks.get("from_cache") or marks.get("hishel_from_cache"):
        return True
    caching = marks.get("caching")  # hishel 2: a mapping, in other versions an object
    said = caching.get("from_cache") if isinstance(caching, Mapping) else getattr(caching, "from_cache", False)
    return bool(said)


# Nobody limits requests that never leave the process.
_IN_PROCESS: Final = frozenset({"MockTransport", "WSGITransport", "ASGITransport"})


class _Guard:
    def __init__(self, inner: Any, settings: GuardSettings, *, blocking: bool) -> None:
        self._inner = inner
        self.in_process: bool = getattr(inner, "in_process", type(inner).__name__ in _IN_PROCESS)
        if self.in_process:
            settings = {**settings, "budget": settings.get("budget") or 0}
        self._gate = Gate(GateSettings(**settings), blocking=blocking)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({type(self._inner).__name__})"


class GuardTransport(_Guard, BaseTransport):
    """A transport for `httpx.Client` that lets no illegal campaign write through.

    It judges by path on every host. Requests that are not about campaigns pass untouched. What lies
    below it (`inner`) must neither retry nor cache nor follow redirects.

    Args:
        inner: The transport that sends, such as `httpx.HTTPTransport()`.
        sleep: Waits between two tries of a read.
        **settings: See `GateSettings`.

    Raises (from requests):
        Refused: The write was not sent.
        UnexpectedRedirect: The server answered the write with a 3xx.

    Whatever the inner transport raises while the write is out is raised as it is, with one exception: an error of
    this package that something else was given there (a log handler that used the client, say) would say that
    nothing was sent, so it comes as a `ReadError` of the HTTP library, with that error as its cause.
    """

    def __init__(
        self, inner: BaseTransport, *, sleep: Callable[[float], object] = time.sleep, **settings: Unpack[GuardSettings]
    ) -> None:
        super().__init__(inner, settings, blocking=True)
        self._sleep = sleep

    def handle_request(self, request: Request) -> Response:
        seen = _Seen.of(request)
        if not self._gate.concerns(seen.wire):
            same = seen.unjudged(request)
            try:
                response: Response = self._inner.handle_request(same)
            finally:
                seen.came_back(request, same)
            return response
        body = bytes(request.read()) if seen.wire.method not in SAFE_METHODS else None
        flight = _InFlight.of(request, seen, body)
        flow = self._gate.flow(flight.wire, flight.transient)
        try:
            flight.note(drive(flow, lambda step: self._perform(step, flight)))
        except Refused as error:
            raised = flight.refused(error)
            raise raised from raised.__cause__
        finally:
            # A request that is sent again later is another one. (No call: an interrupt must find nothing half done.)
            flight.permit.out = False
            while flight.unread:
                flight.unread[-1].stream.close()  # type: ignore[union-attr]
                flight.unread.pop()
        assert flight.response is not None
        return flight.response

    def _perform(self, step: GateStep, flight: _InFlight) -> Answer | None:
        try:
            match step:
                case Forward(buffered=buffered):
                    flight.response = self._inner.handle_request(flight.write(step, flight.watch))
                    flight.unread.append(flight.response)
                    _plain(flight.response)
                    if buffered:
                        return self._answer(flight.response, flight)
                    flight.unread.clear()  # its caller reads it
                case Read(wire):
                    flight.unread.append(self._inner.handle_request(flight.question(wire)))
                    return self._answer(flight.unread[-1], flight)
                case Sleep(seconds):
                    self._sleep(seconds)
                case Poll(seconds):
                    time.sleep(seconds)
        except (TooOld, Closed):
            flight.held()
            raise
        except Refused as error:
            raised = flight.refused(error, inside=True)
            raise raised from raised.__cause__
        return None

    def _answer(self, response: Response, flight: _InFlight) -> Answer:
        if response.is_closed:
            flight.unread.clear()
            return flight.answer(response, None)
        raw, limit = bytearray(), flight.limit(response)
        try:
            for chunk in response.stream:  # type: ignore[union-attr]
                raw += chunk
                if len(raw) > limit:
                    raise flight.too_large(limit)
        finally:
            # The stream and not the response, which is still to be read.
            response.stream.close()  # type: ignore[union-attr]
            flight.unread.clear()
        return flight.answer(response, bytes(raw))

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
        super().__init__(inner, settings, blocking=False)
        self._sleep = sleep

    async def handle_async_request(self, request: Request) -> Response:
        seen = _Seen.of(request)
        if not self._gate.concerns(seen.wire):
            same = seen.unjudged(request)
            try:
                response: Response = await self._inner.handle_async_request(same)
            finally:
                seen.came_back(request, same)
            return response
        body = bytes(await request.aread()) if seen.wire.method not in SAFE_METHODS else None
        flight = _InFlight.of(request, seen, body)
        flow = self._gate.flow(flight.wire, flight.transient)
        try:
            flight.note(await drive_async(flow, lambda step: self._perform(step, flight)))
        except Refused as error:
            raised = flight.refused(error)
            raise raised from raised.__cause__
        finally:
            flight.permit.out = False
        assert flight.response is not None
        return flight.response

    async def _perform(self, step: GateStep, flight: _InFlight) -> Answer | None:
        try:
            match step:
                case Poll(seconds):
                    await anyio.sleep(seconds)
                case Sleep(seconds):
                    await self._sleep(seconds)
                case Read(wire):
                    question = flight.question(wire)
                    return await self._answer(await self._inner.handle_async_request(question), flight)
                case Forward(buffered=buffered):
                    request = flight.write(step, flight.watch_async)
                    flight.response = await self._inner.handle_async_request(request)
                    _plain(flight.response)
                    if buffered:
                        return await self._answer(flight.response, flight)
        except (TooOld, Closed):
            flight.held()
            raise
        except Refused as error:
            raised = flight.refused(error, inside=True)
            raise raised from raised.__cause__
        return None

    async def _answer(self, response: Response, flight: _InFlight) -> Answer:
        if response.is_closed:
            return flight.answer(response, None)
        raw, limit = bytearray(), flight.limit(response)
        try:
            async for chunk in response.stream:  # type: ignore[union-attr]
                raw += chunk
                if len(raw) > limit:
                    raise flight.too_large(limit)
        finally:
            with anyio.CancelScope(shield=True):
                await response.stream.aclose()  # type: ignore[union-attr]
        return flight.answer(response, bytes(raw))

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

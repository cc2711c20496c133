"""One request on its way through the gate: what the two transports share."""

from __future__ import annotations

from types import ModuleType
from typing import Any, Final

from attrs import define, field
from httpx import Request, Response

from campaign_fsm.errors import Refused
from campaign_fsm.gate import Forward, Permit, WriteRecord
from campaign_fsm.transports.departure import Departure
from campaign_fsm.transports.extensions import EXTENSION, PERMIT, TERMS, mark
from campaign_fsm.transports.seen import SeenRequest
from campaign_fsm.wire.intent import WireRequest

_NOTHING_JUDGED: Final = Forward()
_NO_PERMIT: Final = Permit()


@define
class InFlight:
    """One request on its way through the gate.

    Attributes:
        callers: The request as its caller has it, who may change it at any time.
        wire: The same as it was in one moment, with its body. That is judged, and what is sent is made from it.
        url: Its URL, which nobody can change.
        headers: Its headers.
        extensions: Its extensions but ours.
        stream: What is sent as its body.
        family: The HTTP library that it belongs to.
        is_read: Whether the stream is what was read of the caller's, so that it was judged.
        departure: Sees whether its bytes leave.
        permit: What goes with everything that is handed on for it.
        response: The answer that is handed back.
        unread: Responses whose streams are still to be closed; an interrupt may come before they are read.
        _is_out: Whether the write was handed on.
    """

    callers: Request
    wire: WireRequest
    url: Any
    headers: Any
    extensions: dict[str, Any]
    stream: Any
    family: ModuleType
    is_read: bool
    departure: Departure
    permit: Permit = _NO_PERMIT
    response: Response | None = None
    unread: list[Response] = field(factory=list)
    _is_out: bool = False

    @classmethod
    def of(cls, callers: Request, seen: SeenRequest, body: bytes | None) -> InFlight:
        """The request of a caller as it was seen; `body` is what was read of it, None if nothing was.

        Raises:
            TypeError: It is a request of no library that is known.
        """
        family = seen.family
        if family is None:
            raise TypeError(f"{type(callers).__qualname__} is no request of httpx or of a library like it")
        wire, extensions = seen.wire, seen.extensions
        wire.body = body or b""
        wire.terms, wire.above = extensions.pop(TERMS, None), extensions.pop(PERMIT, None)
        extensions.pop(EXTENSION, None)
        stream = seen.stream if body is None else family.ByteStream(body)
        return cls(
            callers=callers,
            wire=wire,
            url=seen.url,
            headers=seen.headers,
            extensions=extensions,
            stream=stream,
            family=family,
            is_read=body is not None,
            departure=Departure(callers, wire, family),
        )

    def transient(self, error: BaseException) -> bool:
        """Whether no connection or no answer came, so that a read is worth another try."""
        family = self.family
        kinds = (family.NetworkError, family.TimeoutException, family.RemoteProtocolError, family.ProxyError)
        return isinstance(error, (*kinds, OSError))

    def question(self, wire: WireRequest) -> Request:
        """The read before the write, as a request of the same library with the same time-outs."""
        extensions = {key: value for key, value in self.extensions.items() if key != "target"}
        extensions[PERMIT] = self._new_permit()
        # With a stream nothing is worked out for a body that there is not.
        question: Request = self.family.Request(
            wire.method,
            self.url,
            headers=list(wire.headers),
            stream=self.family.ByteStream(b""),
            extensions=extensions,
        )
        question.read()
        return question

    def _new_permit(self, step: Forward = _NOTHING_JUDGED) -> Permit:
        self.permit.out = False
        self.permit = Permit(step.record, step.section, self.wire.origin, out=True)
        return self.permit

    def write(self, step: Forward, *, is_async: bool) -> Request:
        """The request that is handed on; a judged one is watched until its bytes leave."""
        extensions = {**self.extensions, PERMIT: self._new_permit(step)}
        if step.record is not None:
            self.note(step.record)
            self._is_out = True
            if isinstance(self.wire.above, Permit):
                self.wire.above.sent = True
            hook = self.departure.hook_async if is_async else self.departure.hook
            extensions["trace"] = hook(step.check, extensions.get("trace"))
        request: Request = self.family.Request(
            self.wire.method, self.url, headers=self.headers, stream=self.stream, extensions=extensions
        )
        request.method = self.wire.method  # as it was spelled
        if self.is_read:
            request.read()
        return request

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
        """Leave the record with the request and, where there is one, its response."""
        if record is not None:
            mark(self.callers, EXTENSION, record)
            if self.response is not None:
                mark(self.response, EXTENSION, record)

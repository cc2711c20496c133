"""The gate as a transport of synchronous clients."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self, Unpack

from httpx import BaseTransport, Request, Response

from campaign_fsm.drive import Sleep, drive
from campaign_fsm.errors import Refused
from campaign_fsm.gate import Closed, Forward, GateStep, GuardSettings, Poll, Read, TooOld
from campaign_fsm.transports.answers import answer_of, limit_of, plain, too_large
from campaign_fsm.transports.base import Guard
from campaign_fsm.transports.in_flight import InFlight
from campaign_fsm.transports.seen import SeenRequest
from campaign_fsm.wire.answer import Answer
from campaign_fsm.wire.intent import SAFE_METHODS


class GuardTransport(Guard, BaseTransport):
    """A transport for `httpx.Client` that lets no illegal campaign write through.

    It judges by path on every host. Requests that are not about campaigns pass untouched. What lies
    below it (`inner`) must neither retry nor cache nor follow redirects.

    Whatever the inner transport raises while the write is out is raised as it is, with one exception: an error of
    this package that something else raised there (a log handler that used the client, say) would say that
    nothing was sent, so it is raised as a `httpx.ReadError`, with that error as its cause.

    Args:
        inner: The transport that sends, such as `httpx.HTTPTransport()`.
        sleep: Called with seconds, between two tries of a read.
        **settings: The settings of the gate by their names; `campaign_fsm.gate.settings.GateSettings` says what each
            means, and what is raised for a wrong one.
    """

    def __init__(
        self, inner: BaseTransport, *, sleep: Callable[[float], object] = time.sleep, **settings: Unpack[GuardSettings]
    ) -> None:
        super().__init__(inner, settings, blocking=True)
        self._sleep = sleep

    def handle_request(self, request: Request) -> Response:
        """Send a request, if it is no campaign write that is refused; `httpx.Client` calls it.

        Raises:
            Refused: The write was not sent.
            UnexpectedRedirect: The server answered the write with a 3xx.
        """
        seen = SeenRequest.of(request)
        if not self._gate.concerns(seen.wire):
            same = seen.unjudged(request)
            try:
                response: Response = self._inner.handle_request(same)
            finally:
                seen.came_back(request, same)
            return response
        body = bytes(request.read()) if seen.wire.method not in SAFE_METHODS else None
        flight = InFlight.of(request, seen, body)
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

    def _perform(self, step: GateStep, flight: InFlight) -> Answer | None:
        try:
            match step:
                case Forward(buffered=buffered):
                    flight.response = self._inner.handle_request(flight.write(step, is_async=False))
                    flight.unread.append(flight.response)
                    plain(flight.response)
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

    def _answer(self, response: Response, flight: InFlight) -> Answer:
        if response.is_closed:
            flight.unread.clear()
            return answer_of(response, None, flight.family)
        raw, limit = bytearray(), limit_of(response)
        try:
            for chunk in response.stream:  # type: ignore[union-attr]
                raw += chunk
                if len(raw) > limit:
                    raise too_large(limit, flight.family)
        finally:
            # The stream and not the response, which is still to be read.
            response.stream.close()  # type: ignore[union-attr]
            flight.unread.clear()
        return answer_of(response, bytes(raw), flight.family)

    def close(self) -> None:
        """Close the transport below."""
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

"""The simulator as the inner transport of a client, sync or async, in the same process."""

from __future__ import annotations

import time
from typing import Self

import anyio
import anyio.lowlevel
import httpx
from httpx import AsyncBaseTransport, BaseTransport, Request, Response

from campaign_fsm.simulator.faults import Fault, Planned
from campaign_fsm.simulator.replies import Reply
from campaign_fsm.simulator.simulator import Simulator
from campaign_fsm.wire.family import family_of


class SimulatorTransport(BaseTransport, AsyncBaseTransport):
    """Answers requests from a `Simulator`; for `httpx.Client` and `httpx.AsyncClient` alike.

    Faults of the socket become the errors that the client's library would raise: `httpx.ReadTimeout` for a stall that
    is longer than the read time-out (at once, without the wait; a shorter one is slept), `httpx.ReadError` or
    `httpx.RemoteProtocolError` for the others.

    Args:
        simulator: The account that answers.
    """

    in_process = True
    """True, which shows a guard above it that no host limits these requests."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    def _arrive(self, request: Request) -> Reply:
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw]
        target = request.url.raw_path.decode("latin-1")
        return self._simulator.handle(request.method, target, headers, request.content)

    def _leave(self, request: Request, reply: Reply) -> Response:
        family = family_of(request) or httpx
        match reply.fault:
            case Planned(kind=Fault.RESET | Fault.RESET_AFTER):
                raise family.ReadError("connection reset by peer")
            case Planned(kind=Fault.LOST_AFTER | Fault.LOST_BEFORE):
                raise family.RemoteProtocolError("server disconnected without sending a response")
            case Planned(kind=Fault.TRUNCATED):
                raise family.RemoteProtocolError("peer closed connection without sending complete message body")
        response: Response = family.Response(reply.status_code, headers=list(reply.headers), content=reply.body)
        return response

    def _delay(self, request: Request, reply: Reply) -> float:
        """How many seconds the answer takes."""
        if reply.fault is None or reply.fault.kind is not Fault.STALL:
            return 0.0
        patience = request.extensions.get("timeout", {}).get("read")
        if patience is not None and reply.fault.seconds > patience:
            raise (family_of(request) or httpx).ReadTimeout("the read timed out")
        return reply.fault.seconds

    def handle_request(self, request: Request) -> Response:
        """Answer a request; `httpx.Client` calls it."""
        request.read()
        reply = self._arrive(request)
        if delay := self._delay(request, reply):
            time.sleep(delay)  # even a sleep of nothing costs as much as half a request
        return self._leave(request, reply)

    async def handle_async_request(self, request: Request) -> Response:
        """Answer a request; `httpx.AsyncClient` calls it."""
        await request.aread()
        # Two points at which other tasks may run, so that races are real.
        await anyio.lowlevel.checkpoint()
        reply = self._arrive(request)
        await anyio.lowlevel.checkpoint()
        await anyio.sleep(self._delay(request, reply))
        return self._leave(request, reply)

    def close(self) -> None:
        """Nothing to close."""

    async def aclose(self) -> None:
        """Nothing to close."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

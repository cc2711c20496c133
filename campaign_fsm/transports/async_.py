"""The gate as a transport of asynchronous clients."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any, Self, Unpack

import anyio
from httpx import AsyncBaseTransport, Request, Response

from campaign_fsm.drive import Sleep, drive_async
from campaign_fsm.errors import Refused
from campaign_fsm.gate import Closed, Forward, GateStep, GuardSettings, Poll, Read, TooOld
from campaign_fsm.transports.answers import answer_of, limit_of, plain, too_large
from campaign_fsm.transports.base import Guard
from campaign_fsm.transports.in_flight import InFlight
from campaign_fsm.transports.seen import SeenRequest
from campaign_fsm.wire.answer import Answer
from campaign_fsm.wire.intent import SAFE_METHODS


class AsyncGuardTransport(Guard, AsyncBaseTransport):
    """A transport for `httpx.AsyncClient` (asyncio and trio) that lets no illegal campaign write through.

    In everything else it is like `GuardTransport`.

    Args:
        inner: The transport that sends, such as `httpx.AsyncHTTPTransport()`.
        sleep: Awaited with seconds, between two tries of a read.
        **settings: The settings of the gate by their names, as for `GuardTransport`.
    """

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
        """Send a request, if it is no campaign write that is refused; `httpx.AsyncClient` calls it.

        Raises:
            Refused: The write was not sent.
            UnexpectedRedirect: The server answered the write with a 3xx.
        """
        seen = SeenRequest.of(request)
        if not self._gate.concerns(seen.wire):
            same = seen.unjudged(request)
            try:
                response: Response = await self._inner.handle_async_request(same)
            finally:
                seen.came_back(request, same)
            return response
        body = bytes(await request.aread()) if seen.wire.method not in SAFE_METHODS else None
        flight = InFlight.of(request, seen, body)
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

    async def _perform(self, step: GateStep, flight: InFlight) -> Answer | None:
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
                    request = flight.write(step, is_async=True)
                    flight.response = await self._inner.handle_async_request(request)
                    plain(flight.response)
                    if buffered:
                        return await self._answer(flight.response, flight)
        except (TooOld, Closed):
            flight.held()
            raise
        except Refused as error:
            raised = flight.refused(error, inside=True)
            raise raised from raised.__cause__
        return None

    async def _answer(self, response: Response, flight: InFlight) -> Answer:
        if response.is_closed:
            return answer_of(response, None, flight.family)
        raw, limit = bytearray(), limit_of(response)
        try:
            async for chunk in response.stream:  # type: ignore[union-attr]
                raw += chunk
                if len(raw) > limit:
                    raise too_large(limit, flight.family)
        finally:
            with anyio.CancelScope(shield=True):
                await response.stream.aclose()  # type: ignore[union-attr]
        return answer_of(response, bytes(raw), flight.family)

    async def aclose(self) -> None:
        """Close the transport below."""
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

"""Connections that no two processes share.

A pool that was used before a fork (gunicorn's ``--preload``, a module of a Celery worker) has connections that the
parent and each child read from: they get each other's answers. So each process opens a pool of its own, and closes
nothing that it inherited.
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from httpx import AsyncBaseTransport, BaseTransport, Request, Response

from campaign_fsm.client.proxies import Proxy, ProxyTrip
from campaign_fsm.gate.party import process


class _Pools:
    def __init__(self, make: Callable[[], Any], proxy: Proxy | None = None) -> None:
        self._make, self._proxy = make, proxy
        # Those of parents are kept: what is collected would be closed.
        self._by_process = {process(): make()}

    @property
    def opened(self) -> Any:
        """The pool of this process, None if it has not opened one."""
        return self._by_process.get(process())

    @property
    def here(self) -> Any:
        """The pool of this process."""
        return self.opened or self._by_process.setdefault(process(), self._make())


class PoolPerProcess(_Pools, BaseTransport):
    """A transport of the HTTP library, made anew in each process that uses it."""

    def handle_request(self, request: Request) -> Response:
        response: Response
        if self._proxy is None:
            response = self.here.handle_request(request)
        else:
            trip, same = ProxyTrip.of(self._proxy, request, is_async=False)
            try:
                response = self.here.handle_request(same)
            except self._proxy.family.TransportError as error:
                raise trip.failed(error) from error.__cause__
        return response

    def close(self) -> None:
        if pool := self.opened:
            pool.close()

    def __enter__(self) -> Self:
        self.here.__enter__()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        if pool := self.opened:
            pool.__exit__(exc_type, exc_value, traceback)


class AsyncPoolPerProcess(_Pools, AsyncBaseTransport):
    """The same for asynchronous clients."""

    async def handle_async_request(self, request: Request) -> Response:
        response: Response
        if self._proxy is None:
            response = await self.here.handle_async_request(request)
        else:
            trip, same = ProxyTrip.of(self._proxy, request, is_async=True)
            try:
                response = await self.here.handle_async_request(same)
            except self._proxy.family.TransportError as error:
                raise trip.failed(error) from error.__cause__
        return response

    async def aclose(self) -> None:
        if pool := self.opened:
            await pool.aclose()

    async def __aenter__(self) -> Self:
        await self.here.__aenter__()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        if pool := self.opened:
            await pool.__aexit__(exc_type, exc_value, traceback)

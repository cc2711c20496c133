"""What a caller iterates over while many campaigns are paused: sync, and the same for asyncio and trio."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Generator, Iterator
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

import anyio
from anyio.abc import TaskGroup

from campaign_fsm.client.many.crew import AsyncCrew, Crew
from campaign_fsm.client.many.pausing import Pausing
from campaign_fsm.client.many.results import PauseReport, PauseResult
from campaign_fsm.client.many.steps import Done
from campaign_fsm.drive import iterate, iterate_async

_Perform = TypeVar("_Perform")


class _Results(Generic[_Perform]):
    _crew: Crew | AsyncCrew | None = None

    def __init__(self, pausing: Pausing, concurrency: int, perform: _Perform) -> None:
        if isinstance(concurrency, bool) or not isinstance(concurrency, int) or concurrency < 1:
            raise ValueError(f"concurrency must be 1 or more, not {concurrency!r}")
        self._pausing, self._concurrency, self._perform = pausing, concurrency, perform

    def call_off(self) -> None:
        """Begin nothing new. What is under way ends, and the iteration with it, after a last look if there is room.

        May be called from any thread, and from a signal handler.
        """
        self._pausing.call_off()

    @property
    def report(self) -> PauseReport:
        """How it ended for all of them.

        Raises:
            RuntimeError: It has not ended yet.
        """
        if self._pausing.report is None:
            raise RuntimeError("there is no report before the iteration has ended")
        return self._pausing.report


class SyncPausing(_Results[Callable[[Any], Any]]):
    """The campaigns as each is paused, or not; see `CampaignClient.pause_many`. A context manager and an iterator."""

    _crew: Crew | None
    _flow: Generator[PauseResult, None, None] | None = None
    is_abandoned: bool = False
    """Whether nothing is waited for any more."""
    is_closed: bool = False
    """Whether the ``with`` block was left, and nothing is under way."""

    def __enter__(self) -> Self:
        if self._flow is not None:
            raise RuntimeError("this has been begun already; call pause_many once more")
        self._crew = Crew(self._concurrency, self._perform)
        self._flow = iterate(self._pausing.flow(), self._crew.perform)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._crew is not None
        assert self._flow is not None
        self._pausing.call_off()
        left: list[Done] = []
        try:
            if not self.is_abandoned:
                left = self._crew.end()
        finally:
            self._flow.close()
            under_way = [*self._crew.under_way]
            left += self._crew.left()
            ended = {done.job for done in left}
            self._pausing.end(left, [job for job in under_way if job not in ended])
            self.is_closed = True

    def abandon(self) -> None:
        """Wait for nothing any more: what is under way goes on, and nobody is told what becomes of it."""
        self._pausing.call_off()
        self.is_abandoned = True
        if self._flow is None:
            self._pausing.end((), ())

    def __iter__(self) -> Iterator[PauseResult]:
        if self._flow is None:
            raise RuntimeError("it begins with a `with`: with client.pause_many(…) as results")
        return self._flow


class AsyncPausing(_Results[Callable[[Any], Awaitable[Any]]]):
    """The campaigns as each is paused, or not; see `AsyncCampaignClient.pause_many`."""

    _group: TaskGroup | None = None
    _crew: AsyncCrew | None
    _flow: AsyncGenerator[PauseResult, None] | None = None

    async def __aenter__(self) -> Self:
        if self._flow is not None:
            raise RuntimeError("this has been begun already; call pause_many once more")
        self._group = anyio.create_task_group()
        await self._group.__aenter__()
        self._crew = AsyncCrew(self._concurrency, self._perform, self._group)
        self._flow = iterate_async(self._pausing.flow(), self._crew.perform)
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool | None:
        assert self._group is not None
        assert self._crew is not None
        assert self._flow is not None
        self._pausing.call_off()
        self._crew.end()
        try:
            # What is under way is seen to its end, also where the caller's own code has failed.
            if isinstance(exc_value, Exception):
                await self._group.__aexit__(None, None, None)
                return False  # that of trio says that it has dealt with it
            return await self._group.__aexit__(exc_type, exc_value, traceback)
        finally:
            await self._flow.aclose()
            self._pausing.end(self._crew.close(), [*self._crew.under_way])

    def __aiter__(self) -> AsyncIterator[PauseResult]:
        if self._flow is None:
            raise RuntimeError("it begins with an `async with`: async with client.pause_many(…) as results")
        return self._flow

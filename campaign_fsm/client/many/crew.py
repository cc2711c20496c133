"""Threads and tasks that do jobs beside each other."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from math import inf
from queue import Empty, SimpleQueue
from typing import Any

import anyio
from anyio.abc import TaskGroup

from campaign_fsm.client.many.steps import Done, Job, Next, Start
from campaign_fsm.drive import drive, drive_async


class Crew:
    """Some threads, each begun when there is work for it. They see the context variables of whoever makes the crew.

    Args:
        size: How many there are at most.
        perform: Performs the steps of a job.

    Attributes:
        under_way: The jobs that somebody is at work on.
    """

    def __init__(self, size: int, perform: Callable[[Any], Any]) -> None:
        self._size, self._work = size, perform
        self._context = contextvars.copy_context()
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._done: SimpleQueue[Done] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self.under_way: set[Job] = set()

    def perform(self, step: Any) -> Any:
        """Perform a step of the flow that hands the jobs out."""
        if isinstance(step, Start):
            self._jobs.put(step.job)
            if len(self._threads) < self._size:
                # A copy each: no two threads can be in one context. A daemon: a program that ends does not wait for it.
                # It knows nothing of the crew, so that it ends with it.
                tools = (self._jobs, self._done, self.under_way, self._work)
                thread = threading.Thread(target=self._context.copy().run, args=(_serve, *tools), daemon=True)
                self._threads.append(thread)
                thread.start()
            return None
        return self._done.get() if isinstance(step, Next) else self._work(step)

    def end(self) -> list[Done]:
        """Wait until each has ended what it is at, and give what nobody has taken; what none has begun is dropped."""
        self._dismiss()
        for thread in self._threads:
            thread.join()
        return self.left()

    def left(self) -> list[Done]:
        """What has ended and nobody has taken."""
        left: list[Done] = []
        with suppress(Empty):
            while True:
                left.append(self._done.get_nowait())
        return left

    def _dismiss(self) -> None:
        with suppress(Empty):
            while True:
                self._jobs.get_nowait()
        for _ in self._threads:
            self._jobs.put(None)

    def __del__(self) -> None:
        self._dismiss()


def _serve(
    jobs: SimpleQueue[Job | None], ended: SimpleQueue[Done], under_way: set[Job], perform: Callable[[Any], Any]
) -> None:
    while (job := jobs.get()) is not None:
        under_way.add(job)
        try:
            done = Done(job, drive(job.operation, perform))
        except BaseException as error:  # noqa: BLE001 (whoever takes the end of the job decides)
            done = Done(job, error=error)
        ended.put(done)
        under_way.discard(job)


class AsyncCrew:
    """The same with tasks of a group."""

    def __init__(self, size: int, perform: Callable[[Any], Awaitable[Any]], group: TaskGroup) -> None:
        self._size, self._work, self._group = size, perform, group
        self._put_job, self._jobs = anyio.create_memory_object_stream[Job](inf)
        self._put_done, self._done = anyio.create_memory_object_stream[Done](inf)
        self._tasks = 0
        self.under_way: set[Job] = set()

    async def perform(self, step: Any) -> Any:
        """Perform a step of the flow that hands the jobs out."""
        if isinstance(step, Start):
            self._put_job.send_nowait(step.job)
            if self._tasks < self._size:
                self._tasks += 1
                self._group.start_soon(self._serve)
            return None
        return await self._done.receive() if isinstance(step, Next) else await self._work(step)

    async def _serve(self) -> None:
        async for job in self._jobs:
            self.under_way.add(job)
            try:
                done = Done(job, await drive_async(job.operation, self._work))
            except Exception as error:  # noqa: BLE001 (whoever takes the end of the job decides)
                done = Done(job, error=error)
            self.under_way.discard(job)
            self._put_done.send_nowait(done)

    def end(self) -> None:
        """Let each end what it is at; what none has begun is dropped."""
        self._put_job.close()
        while self._jobs.statistics().current_buffer_used:
            self._jobs.receive_nowait()

    def close(self) -> list[Done]:
        """Nobody is at work any more: what nobody has taken."""
        left: list[Done] = []
        while self._done.statistics().current_buffer_used:
            left.append(self._done.receive_nowait())
        for stream in (self._jobs, self._put_done, self._done):
            stream.close()
        return left

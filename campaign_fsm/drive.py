"""Drive a flow: the one loop between generators that decide and the code that does I/O.

A flow yields steps. Each is performed and its result sent back in; whatever performing it raises is
thrown in, cancellation and interrupts included, so that the flow itself can let go of what it holds.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from typing import Any, TypeVar

_Step = TypeVar("_Step")
_Result = TypeVar("_Result")


def drive(flow: Generator[_Step, Any, _Result], perform: Callable[[_Step], Any]) -> _Result:
    """Run a flow to its end and return its result."""
    try:
        step = next(flow)
        while True:
            try:
                result = perform(step)
            except BaseException as error:  # noqa: BLE001 (the flow decides)
                step = flow.throw(error)
            else:
                step = flow.send(result)
    except StopIteration as stop:
        value: _Result = stop.value
        return value


async def drive_async(flow: Generator[_Step, Any, _Result], perform: Callable[[_Step], Awaitable[Any]]) -> _Result:
    """Run a flow to its end, awaiting each step, and return its result."""
    try:
        step = next(flow)
        while True:
            try:
                result = await perform(step)
            except BaseException as error:  # noqa: BLE001 (the flow decides)
                step = flow.throw(error)
            else:
                step = flow.send(result)
    except StopIteration as stop:
        value: _Result = stop.value
        return value

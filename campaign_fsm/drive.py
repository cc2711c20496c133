"""Drive a flow: the one loop between generators that decide and the code that does I/O.

A flow yields steps. Each is performed and its result sent back in; whatever performing it raises is
thrown in, cancellation and interrupts included, so that the flow itself can let go of what it holds.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from typing import Any, Generic, TypeVar

from attrs import frozen

_Step = TypeVar("_Step")
_Result = TypeVar("_Result")
_Value = TypeVar("_Value")


@frozen
class Sleep:
    """Step: wait this many seconds."""

    seconds: float


@frozen
class Emit(Generic[_Value]):
    """Step of a flow that is iterated over: hand this value to whoever iterates."""

    value: _Value


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
    finally:
        flow.close()  # an interrupt may come between two steps


def within(
    flow: Generator[_Step, Any, _Result], how: Callable[[_Step], Generator[Any, Any, Any]]
) -> Generator[Any, Any, _Result]:
    """Run a flow inside another one: each of its steps is done as `how`, a flow itself, does it."""
    try:
        step = next(flow)
        while True:
            try:
                result = yield from how(step)
            except GeneratorExit:
                raise  # nobody goes on with the flow
            except BaseException as error:  # noqa: BLE001 (the flow decides)
                step = flow.throw(error)
            else:
                step = flow.send(result)
    except StopIteration as stop:
        value: _Result = stop.value
        return value
    finally:
        flow.close()


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
    finally:
        flow.close()  # an interrupt may come between two steps


def iterate(
    flow: Generator[Any | Emit[_Value], Any, None], perform: Callable[[Any], Any]
) -> Generator[_Value, None, None]:
    """Run a flow as far as its next value is asked for."""
    try:
        step = next(flow)
        while True:
            if isinstance(step, Emit):
                yield step.value
                step = next(flow)
                continue
            try:
                result = perform(step)
            except BaseException as error:  # noqa: BLE001 (the flow decides)
                step = flow.throw(error)
            else:
                step = flow.send(result)
    except StopIteration:
        return
    finally:
        flow.close()


async def iterate_async(
    flow: Generator[Any | Emit[_Value], Any, None], perform: Callable[[Any], Awaitable[Any]]
) -> AsyncGenerator[_Value, None]:
    """Run a flow as far as its next value is asked for, awaiting each step."""
    try:
        step = next(flow)
        while True:
            if isinstance(step, Emit):
                yield step.value
                step = next(flow)
                continue
            try:
                result = await perform(step)
            except BaseException as error:  # noqa: BLE001 (the flow decides)
                step = flow.throw(error)
            else:
                step = flow.send(result)
    except StopIteration:
        return
    finally:
        flow.close()

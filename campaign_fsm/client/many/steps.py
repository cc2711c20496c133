"""What the flow over many campaigns asks of whoever drives it, beside the calls that every operation makes."""

from __future__ import annotations

from typing import Any, Final, TypeVar

from attrs import define, evolve, frozen

from campaign_fsm.client.calls import Call, Operation
from campaign_fsm.drive import Sleep, within
from campaign_fsm.gate import Terms

_R = TypeVar("_R")
# Who may be called off looks so often, in seconds, whether it was.
_SLICE: Final = 0.25


@define(eq=False)
class Job:
    """One piece of work, done beside others.

    Attributes:
        about: What it is about, for whoever gets its end.
        operation: What is done.
        terms: The terms of its requests.
        looks: Whether it only reads.
    """

    about: Any
    operation: Operation[Any]
    terms: Terms
    looks: bool = False


@frozen
class Start:
    """Step: have a job done by whoever is free, and go on at once."""

    job: Job


@frozen
class Next:
    """Step: wait until a job that was started has ended, and give its `Done` back."""


@frozen
class Done:
    """A job that has ended, with its result or its error."""

    job: Job
    value: Any = None
    error: BaseException | None = None


class CalledOff(Exception):
    """It was called off, and what was waited for is not waited for any more."""


def on_terms(operation: Operation[_R], terms: Terms, *, cut: bool = False) -> Operation[_R]:
    """The same operation; its requests go on these terms.

    Args:
        operation: The operation.
        terms: The terms.
        cut: Whether it may be cut short where it sleeps.

    Raises:
        CalledOff: It was.
    """

    def how(step: Any) -> Operation[Any]:
        return _sleep(step.seconds, terms) if cut and isinstance(step, Sleep) else _performed(step, terms)

    return within(operation, how)


def _performed(step: Any, terms: Terms) -> Operation[Any]:
    if not isinstance(step, Call):
        return (yield step)
    before = terms.waited
    try:
        return (yield evolve(step, terms=terms))
    finally:
        if step.terms is not None:
            step.terms.waited += terms.waited - before


def _sleep(seconds: float, terms: Terms) -> Operation[Any]:
    while seconds > 0:
        if terms.is_canceled is not None and terms.is_canceled():
            raise CalledOff
        yield Sleep(min(seconds, _SLICE))
        seconds -= _SLICE

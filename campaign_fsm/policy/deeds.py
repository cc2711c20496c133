"""From a request that was read to the deed that a policy judges."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Final

from campaign_fsm.policy.model import Deed
from campaign_fsm.rules import Action
from campaign_fsm.wire.answer import SCHEDULE_KEYS, moment
from campaign_fsm.wire.intent import Intent

_CONFIRMED: Final[ContextVar[bool]] = ContextVar("campaign_fsm_confirmed", default=False)


@contextmanager
def confirmed() -> Iterator[None]:
    """Whatever is sent inside of it was confirmed by somebody, where a policy asks for that.

    It holds for the thread or task that enters it, and for tasks that are started inside.

    >>> with confirmed():
    ...     pass  # client.complete(campaign_id)
    """
    before = _CONFIRMED.set(True)
    try:
        yield
    finally:
        _CONFIRMED.reset(before)


def is_confirmed() -> bool:
    """Whether this runs inside of `confirmed`."""
    return _CONFIRMED.get()


def deed_of(
    intent: Intent,
    *,
    host: str,
    at: datetime | None,
    name: object = None,
    start: datetime | None = None,
    completed: datetime | None = None,
    confirmed: bool = False,
) -> Deed:
    """The deed that an intent is.

    Args:
        intent: What the request would do.
        host: The host that it is for.
        at: When it is sent.
        name: The campaign's name, if it is known.
        start: The campaign's start.
        completed: When it was completed, at the latest.
        confirmed: Whether somebody confirmed it.
    """
    schedule = intent.fields.get("schedule")
    if intent.action is Action.CREATE:
        name = intent.fields.get("name")
    begin = end = None
    unreadable = False
    if schedule is not None:
        first, last = SCHEDULE_KEYS[intent.channel]
        given = schedule if isinstance(schedule, dict) else {first: schedule}
        begin, end = moment(given.get(first)), moment(given.get(last))
        unreadable = begin is None and given.get(first) is not None
    return Deed(
        action=intent.action,
        channel=intent.channel,
        host=host,
        account=intent.target.account,
        campaign=intent.target.id,
        name=name if isinstance(name, str) else "" if intent.action is Action.CREATE else None,
        at=at,
        start=begin if schedule is not None else start,
        end=end,
        schedules=schedule is not None,
        unreadable=unreadable,
        completed=completed,
        confirmed=confirmed,
    )

"""From a request that was read to the deed that a policy judges."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Final

from attrs import define

from campaign_fsm.policy.model import Deed
from campaign_fsm.rules import Action
from campaign_fsm.wire.answer import SCHEDULE_KEYS, moment
from campaign_fsm.wire.intent import CALLBACKS, Intent


@define
class _Consent:
    """Somebody's word, which ends with the block that it was given for, wherever it was carried."""

    alive: bool = True
    before: _Consent | None = None


_CONFIRMED: Final[ContextVar[_Consent | None]] = ContextVar("campaign_fsm_confirmed", default=None)


@contextmanager
def confirmed() -> Iterator[None]:
    """Whatever is sent inside of it was confirmed by somebody, where a policy asks for that.

    It holds for the thread or task that enters it, and for tasks that are started inside, until the block ends.

    >>> with confirmed():
    ...     pass  # client.complete(campaign_id)
    """
    consent = _Consent(before=_CONFIRMED.get())
    _CONFIRMED.set(consent)
    try:
        yield
    finally:
        # Not reset by its token: a generator may be closed in another context than it was begun in.
        consent.alive = False
        if _CONFIRMED.get() is consent:
            _CONFIRMED.set(consent.before)


def is_confirmed() -> bool:
    """Whether this runs inside of `confirmed`."""
    consent = _CONFIRMED.get()
    while consent is not None and not consent.alive:
        consent = consent.before
    return consent is not None


def deed_of(
    intent: Intent,
    *,
    host: str | None,
    at: datetime | None,
    account: str | None = None,
    name: object = None,
    start: datetime | None = None,
    completed: datetime | None = None,
    confirmed: bool = False,
) -> Deed:
    """The deed that an intent is.

    Args:
        intent: What the request would do.
        host: The host that it is for.
        account: The account that it is for.
        at: When it is sent.
        name: The campaign's name, if it is known.
        start: The campaign's start.
        completed: When it was completed, at the latest.
        confirmed: Whether somebody confirmed it.
    """
    fields = intent.fields
    schedule, schedules = fields.get("schedule"), "schedule" in fields
    create, edit = intent.action is Action.CREATE, intent.action is Action.EDIT
    if create:
        name = fields.get("name", "")
    begin = end = None
    unreadable = cleared = False
    if schedules:
        first, last = SCHEDULE_KEYS[intent.channel]
        given = schedule if isinstance(schedule, dict) else {} if schedule is None else {first: schedule}
        begin, end = moment(given.get(first)), moment(given.get(last))
        unreadable = begin is None and given.get(first) is not None
        # No page says what becomes of a campaign whose start is taken away: it may begin at once.
        cleared = begin is None and not unreadable and (first in given or last not in given)
    also = set()
    if schedules and not create:
        also.add(Action.RESCHEDULE)
    if not create and CALLBACKS[intent.channel] & fields.keys():
        also.add(Action.EDIT_CALLBACKS)
    return Deed(
        action=intent.action,
        channel=intent.channel,
        host=host,
        account=account,
        campaign=intent.target.id,
        name=name if isinstance(name, str) else None,
        renamed=(new if isinstance(new := fields["name"], str) else "") if edit and "name" in fields else None,
        also=frozenset(also - {intent.action}),
        at=at,
        start=begin if schedules else start,
        end=end,
        schedules=schedules,
        cleared=cleared,
        unreadable=unreadable,
        completed=completed,
        confirmed=confirmed,
    )

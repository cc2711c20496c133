"""What a policy judges a write by: from a request that was read to the facts."""

from __future__ import annotations

from datetime import datetime

from attrs import frozen

from campaign_fsm.rules import Action, Channel
from campaign_fsm.wire.intent import CALLBACKS, Intent
from campaign_fsm.wire.schedule import SCHEDULE_KEYS, parse_time


@frozen
class PolicyInput:
    """One write, as far as a policy goes by it.

    Attributes:
        action: What it does.
        channel: The kind of campaign.
        host: The host that it is for, without a port; None where a recording does not say.
        account: The account; None where a recording does not say.
        campaign: The campaign's id; None for a create.
        name: The campaign's name; None if it is not known.
        at: When it is sent, an aware datetime; None if that is not known.
        start: The start that it sets, or that the campaign has, an aware datetime.
        end: The end that it sets.
        schedules: Whether it sets a schedule.
        unreadable: Whether it sets a start that cannot be read.
        cleared: Whether it takes the start away.
        renamed: The name that an edit gives; None if it gives none.
        also: What else it does: a schedule or callbacks that come with something else.
        completed: When the campaign was completed, at the latest; None if that is not known.
        confirmed: Whether it was confirmed (see `campaign_fsm.confirmed`).
    """

    action: Action
    channel: Channel
    host: str | None
    account: str | None
    campaign: str | None = None
    name: str | None = None
    at: datetime | None = None
    start: datetime | None = None
    end: datetime | None = None
    schedules: bool = False
    unreadable: bool = False
    cleared: bool = False
    renamed: str | None = None
    also: frozenset[Action] = frozenset()
    completed: datetime | None = None
    confirmed: bool = False


def policy_input(
    intent: Intent,
    *,
    host: str | None,
    at: datetime | None,
    account: str | None = None,
    name: object = None,
    start: datetime | None = None,
    completed: datetime | None = None,
    confirmed: bool = False,
) -> PolicyInput:
    """What a policy judges an intent by.

    Args:
        intent: What the request would do.
        host: The host that it is for.
        account: The account that it is for.
        at: When it is sent.
        name: The campaign's name, if it is known.
        start: The campaign's start.
        completed: When it was completed, at the latest.
        confirmed: Whether it was confirmed.
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
        begin, end = parse_time(given.get(first)), parse_time(given.get(last))
        unreadable = begin is None and given.get(first) is not None
        # No page says what becomes of a campaign whose start is taken away: it may begin at once.
        cleared = begin is None and not unreadable and (first in given or last not in given)
    also = set()
    if schedules and not create:
        also.add(Action.RESCHEDULE)
    if not create and CALLBACKS[intent.channel] & fields.keys():
        also.add(Action.EDIT_CALLBACKS)
    return PolicyInput(
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

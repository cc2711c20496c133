"""A create, and what became of it: it has no id yet to ask for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from attrs import field, frozen

from campaign_fsm import log
from campaign_fsm.client.calls import Call, Operation, Outcome, WriteCommand
from campaign_fsm.client.operations.aftermath import may_be_applied
from campaign_fsm.client.operations.context import ClientContext
from campaign_fsm.client.operations.pages import entries, through
from campaign_fsm.client.operations.reads import waiting_apart
from campaign_fsm.client.sent_write import NotApplied, same, value_in
from campaign_fsm.drive import Sleep
from campaign_fsm.errors import ApiError, ConnectionFailed, OutcomeUnknown, RateLimited, UnexpectedAnswer
from campaign_fsm.rules import Action, Channel
from campaign_fsm.wire.answer import Answer, NotReadable
from campaign_fsm.wire.campaign import Campaign, campaign_from
from campaign_fsm.wire.envelope import Item, read_item
from campaign_fsm.wire.failure import api_error
from campaign_fsm.wire.listing import Filter, fits
from campaign_fsm.wire.reading import read_campaign
from campaign_fsm.wire.schedule import read_schedule
from campaign_fsm.wire.target import Target, is_id

# The clocks of a server's machines differ a little.
_CLOCK_SLACK: Final = timedelta(seconds=5)
# Pages that one look reads: a list may be of any length, and the others want to use the request budget, too.
_MOST_PAGES: Final = 3


@frozen
class _Found:
    """What a look into the list has found."""

    campaigns: dict[str, Campaign] = field(factory=dict)
    """By their ids, those that the create may have made."""
    is_all: bool = True
    """Whether there can be no others in the list."""


def create(context: ClientContext, command: WriteCommand) -> Operation[Campaign]:
    """Create a campaign. Sent again only where it cannot have been taken."""
    call = Call(command.method, command.target, json=command.json)
    tries = context.tries()
    while True:
        began = context.clock()
        try:
            outcome: Outcome = yield from waiting_apart(call, tries)
            failed = _failed(context, outcome, command.target)
        except ConnectionFailed as error:
            if not error.transient:
                raise
            failed = NotApplied(error, certain=True)  # it was not sent, or this would be an outcome
        if failed is None:
            answer = outcome.answer
            assert answer is not None
            campaign = _created(context, answer)
            if campaign is not None:
                return campaign
            why = "The server accepted it, but its answer cannot be used."
            return (yield from _made(context, command, began, why, None))
        if not failed.certain:
            return (yield from _made(context, command, began, failed.error.message, failed.error))
        wait = tries.wait(failed.wait)
        if wait is None:
            raise failed.error
        why = type(failed.error).__name__
        log.warning(
            "create: %s; next try in %.1f s",
            why,
            wait,
            about=command.target,
            action=Action.CREATE,
            error=why,
            wait=wait,
        )
        yield Sleep(wait)


def _failed(context: ClientContext, outcome: Outcome, target: Target) -> NotApplied | None:
    """None if the server says that it made the campaign; raises its rejection."""
    if outcome.failure is not None:
        return NotApplied(outcome.failure)
    answer = outcome.answer
    assert answer is not None
    error: ApiError | None = None
    if answer.status_code >= 400:
        error = api_error(answer, "POST", target, context.secrets)
    else:
        try:
            if read_item(answer).failed:
                error = api_error(answer, "POST", target, context.secrets)
        except NotReadable:
            return None
    if error is None:
        return None
    if isinstance(error, RateLimited):
        return NotApplied(error, error.retry_after, certain=True)
    if isinstance(error, UnexpectedAnswer) or may_be_applied(error):
        return NotApplied(error)
    raise error


def _created(context: ClientContext, answer: Answer) -> Campaign | None:
    """The campaign that a successful create shows, None if it cannot be read."""
    try:
        campaign_id, reading = read_campaign(read_item(answer), context.channel, answer.date)
    except NotReadable:
        return None
    return campaign_from(reading, campaign_id, context.channel, context.now()) if is_id(campaign_id) else None


def _made(
    context: ClientContext,
    command: WriteCommand,
    began: float,
    why: str,
    failure: ApiError | ConnectionFailed | None,
) -> Operation[Campaign]:
    """Look for the campaign that a create may have made: by name, time and parameters, in the list.

    Each look reads a few pages, and more than one only while the time of the looks lasts. What it has not looked
    through may hold another campaign that fits, so then the outcome is unknown, with the one found as a candidate.
    """
    name = command.fields.get("name")
    found = _Found()
    until = context.clock() + sum(context.pace.looks)
    searchable = fits(name)
    if not searchable:
        what = "no name to look for it by" if name is None else "a name that cannot be looked for in a URL"
        why = f"{why} It has {what}."
    for pause in context.pace.looks if searchable else ():
        if pause:
            yield Sleep(pause)
        try:
            found = yield from _look(context, command.fields, began, until)
        except (ApiError, ConnectionFailed) as error:
            failed = type(error).__name__
            log.info("list after a create failed: %s", failed, about=command.target, action=Action.CREATE, error=failed)
            continue
        if found.campaigns:
            break
    candidates = found.campaigns
    sure = [campaign for campaign in candidates.values() if campaign.created is not None]
    if not found.is_all:
        why = f"{why} The list has more pages of that name than were looked through."
    elif len(candidates) == 1 and sure:
        made = sure[0]
        log.info(
            "create: applied, as the list shows: %s",
            made.id,
            about=command.target,
            action=Action.CREATE,
            campaign=made.id,
            status=made.status,
        )
        return made
    # Whether lists lag behind is not documented, so an empty one proves nothing.
    raise OutcomeUnknown(
        action=Action.CREATE, campaign_id=None, seen=None, why=why, candidates=tuple(candidates)
    ) from failure


def _look(context: ClientContext, fields: Mapping[str, Any], began: float, until: float) -> Operation[_Found]:
    """The campaigns in the list that a create since `began` may have made."""
    name = fields["name"]
    start, _, _ = read_schedule(fields, context.channel)
    # Message campaigns cannot be had newest first, but by their start: the latest first.
    by_start = "schedule.start_time:desc" if start is not None else None
    sort = "date_created:desc" if context.channel is Channel.VOICE else by_start
    found: dict[str, Campaign] = {}
    is_all = True

    def take(entry: tuple[Campaign, Item]) -> bool:
        campaign, item = entry
        since = (campaign.read_at or context.now()) - timedelta(seconds=context.clock() - began) - _CLOCK_SLACK
        is_older = campaign.created is not None and campaign.created < since
        if campaign.name == name and not is_older and _fits(fields, item.data, context.channel):
            found[campaign.id] = campaign
        if context.channel is Channel.VOICE:
            return not is_older
        starts = campaign.schedule.start if campaign.schedule else None
        return start is None or starts is None or starts >= start - _CLOCK_SLACK

    def more(pages: int) -> bool:
        nonlocal is_all
        is_all = pages < _MOST_PAGES and context.clock() < until
        return is_all

    pages = entries(
        context,
        Filter(name=name, sort=sort),
        None,
        lambda campaign, item: (campaign, item),
        failed_too=False,
        patient=False,
        more=more,
    )
    yield from through(pages, take)
    return _Found(found, is_all)


def _fits(fields: Mapping[str, Any], data: Mapping[str, Any], channel: Channel) -> bool:
    """Whether a campaign in a list shows nothing else than what a create asked for."""
    for name, sent in fields.items():
        there, value = value_in(data, name, channel)
        if there and not same(sent, value):
            return False
    return True

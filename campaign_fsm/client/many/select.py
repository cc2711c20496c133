"""Lists of what is selected, and how many requests it takes to pause it."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from typing import Any

from campaign_fsm import log
from campaign_fsm.client.many.selection import RUNNING, Selection
from campaign_fsm.client.operations import pages, reads
from campaign_fsm.client.operations.context import ClientContext
from campaign_fsm.client.operations.pages import Listing
from campaign_fsm.drive import Emit, within
from campaign_fsm.rules import Action, Channel, Status
from campaign_fsm.wire.campaign import Campaign
from campaign_fsm.wire.listing import Filter


def selected(contexts: Mapping[Channel, ClientContext], selection: Selection, action: Action) -> Listing[Campaign]:
    """Every campaign of the selection to which an action can be done, those in progress first."""
    if selection.ids:
        (context,) = contexts.values()
        for one in selection.ids:
            campaign = yield from reads.get(context, one)
            if campaign.status in selection.statuses_for(action, campaign.channel):
                yield Emit(campaign)
        return
    for channel, context in contexts.items():
        legal = selection.statuses_for(action, channel)
        parts = [legal & {status} for status in RUNNING] if legal <= set(RUNNING) else [legal]
        for statuses in filter(None, parts):
            yield from _kept(context, pages.campaigns(context, Filter(statuses), None), selection)


def _kept(context: ClientContext, listing: Listing[Campaign], selection: Selection) -> Listing[Campaign]:
    """What a selection takes of a listing."""

    def how(step: Any) -> Generator[Any, Any, Any]:
        if not isinstance(step, Emit) or _takes(context, selection, step.value):
            return (yield step)
        return None

    return within(listing, how)


def _takes(context: ClientContext, selection: Selection, campaign: Campaign) -> bool:
    takes = selection.takes(campaign)
    if takes is None:
        target = context.target(campaign.id)
        log.warning("%s is left out: it does not say when it was created", campaign.id, about=target)
    return bool(takes)


def estimated(
    counts: Mapping[tuple[Channel, Status], int],
    selection: Selection,
    channels: Iterable[Channel],
    per_minute: int | None,
) -> int:
    """How many requests pausing so many campaigns of each kind and status takes, where nothing fails."""
    size = 50 if per_minute is None else max(per_minute - 1, 1)
    requests = 0
    for channel in channels:
        for status in selection.statuses_for(Action.PAUSE, channel):
            count = counts.get((channel, status), 0)
            requests += count + max(-(-count // size), 1)
        requests += 1
    return requests

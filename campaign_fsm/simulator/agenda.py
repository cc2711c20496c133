"""What the platform does by itself to the campaigns of the simulated account, in the order of its time."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from campaign_fsm.rules import Event, Rule, Status
from campaign_fsm.simulator.campaigns import StoredCampaign


def take_due(
    campaigns: Iterable[StoredCampaign], now: datetime, ends: Mapping[Status, Status]
) -> Iterator[tuple[datetime, StoredCampaign, Rule]]:
    """Take every edge that is due: the earliest first, by id among equals, and what follows from it in its turn.

    Args:
        campaigns: The campaigns of one account; they are changed.
        now: The time, an aware datetime.
        ends: What the end time leads to; see `StoredCampaign.due`.

    Yields:
        When, the campaign as it is after that, and the edge.
    """
    # No two entries have an id in common, so that nothing behind it is compared.
    agenda = [
        (due[0], campaign.id, campaign, due[1])
        for campaign in campaigns
        if (due := campaign.due(now, ends)) is not None
    ]
    heapq.heapify(agenda)
    while agenda:
        at, _, campaign, rule = agenda[0]
        campaign.become(rule.leads_to, at, suspended=rule.trigger is Event.SUSPEND)
        yield at, campaign, rule
        following = campaign.due(now, ends)
        if following is None:
            heapq.heappop(agenda)
        else:
            heapq.heapreplace(agenda, (following[0], campaign.id, campaign, following[1]))

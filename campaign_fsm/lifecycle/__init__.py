"""The life cycle: what follows from the table.

- `graph`: the walks over the table, `route` among them
- `machine`: a `transitions` machine of it; `mixins` are what it does beyond one, `illegal` its error, `models` what
  a type checker knows of its models
- `decision`: `decide`, compiled from the machine: whether an action is legal, and why

Nothing here does I/O.
"""

from __future__ import annotations

from campaign_fsm.lifecycle.decision import START_MARGIN, Decision, decide, has_started, undoable
from campaign_fsm.lifecycle.graph import (
    between,
    by_platform,
    moved,
    platform_moves,
    reachable,
    route,
    walks,
)
from campaign_fsm.lifecycle.machine import build_machine
from campaign_fsm.lifecycle.mixins import NEW, CampaignMachine
from campaign_fsm.lifecycle.models import AsyncCampaignModel, CampaignModel

__all__ = [
    "NEW",
    "START_MARGIN",
    "AsyncCampaignModel",
    "CampaignMachine",
    "CampaignModel",
    "Decision",
    "between",
    "build_machine",
    "by_platform",
    "decide",
    "has_started",
    "moved",
    "platform_moves",
    "reachable",
    "route",
    "undoable",
    "walks",
]

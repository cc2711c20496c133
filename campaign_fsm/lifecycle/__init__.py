"""The life cycle: what follows from the table.

- `graph`: the walks over the table, `route` among them
- `machine`: a `transitions` machine of it
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
from campaign_fsm.lifecycle.machine import NEW, build_machine

__all__ = [
    "NEW",
    "START_MARGIN",
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

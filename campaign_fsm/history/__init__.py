"""What happened to campaigns, from what was recorded: for diagrams that show it.

`history_of_recording` reads what an audit reads, what ``GET /_simulator/journal`` answers, and the coverage that the
pytest plugin writes. `history_of_journal` takes the journal of a `campaign_fsm.Simulator`. Both make a
`campaign_fsm.diagram.History`, which `campaign_fsm.diagram.render` draws.

A recording shows what was asked for and what readings showed. What lies between two readings that differ is
inferred: the shortest way that the platform alone can have taken, or else the shortest one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from campaign_fsm.history.builder import KEPT as KEPT
    from campaign_fsm.history.journal import history_of_journal as history_of_journal
    from campaign_fsm.history.model import UnreadableHistory as UnreadableHistory
    from campaign_fsm.history.recording import history_of_recording as history_of_recording
else:
    from campaign_fsm._lazy import lazy

    # Diagrams need the model alone.
    _HOMES = {
        "builder": "KEPT",
        "journal": "history_of_journal",
        "model": "UnreadableHistory",
        "recording": "history_of_recording",
    }
    __getattr__, __dir__, __all__ = lazy(__name__, _HOMES)

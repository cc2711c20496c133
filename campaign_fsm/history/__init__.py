"""What happened to campaigns, from what was recorded: for diagrams that show it.

Read are the recordings that an audit reads (`recording`), the journal of the simulator (`journal`; what
``GET /_simulator/journal`` answers, and `Simulator.journal`), and the coverage that the pytest plugin writes
(`coverage`). What they show is put together in `builder`, into what `model` describes.

A recording shows what was asked for and what readings showed. What lies between two readings that differ is
inferred: the shortest way that the platform alone can have taken, or else the shortest one.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from campaign_fsm.history.model import History, HistoryStep, Outcome, UnreadableHistory

if TYPE_CHECKING:
    from campaign_fsm.history.builder import KEPT
    from campaign_fsm.history.journal import history_of_journal
    from campaign_fsm.history.recording import history_of_recording

__all__ = [
    "KEPT",
    "History",
    "HistoryStep",
    "Outcome",
    "UnreadableHistory",
    "history_of_journal",
    "history_of_recording",
]

# Diagrams need the data alone.
_HOME_OF: Final = {
    "KEPT": "builder",
    "history_of_journal": "journal",
    "history_of_recording": "recording",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)

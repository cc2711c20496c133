"""Diagrams of the life cycle, from the table: a drawing model (`model`), views of it (`views`), and writers.

Mermaid, DOT, SVG, SCXML, Markdown, JSON and the HTML explorer are written here and need nothing; PNG needs resvg_py
(``pip install 'campaign_fsm[diagrams]'``), which is imported when one is asked for.
"""

from __future__ import annotations

from campaign_fsm.diagram.model import Drawing, draw
from campaign_fsm.diagram.stamp import DiagramFormat, Recipe
from campaign_fsm.diagram.theme import Theme
from campaign_fsm.diagram.views import Look, NoRoute, View, draw_view
from campaign_fsm.diagram.writers import make, render
from campaign_fsm.history.model import History, HistoryStep, Outcome

# Their names before others had these too.
Format = DiagramFormat
Step = HistoryStep

__all__ = [
    "DiagramFormat",
    "Drawing",
    "Format",
    "History",
    "HistoryStep",
    "Look",
    "NoRoute",
    "Outcome",
    "Recipe",
    "Step",
    "Theme",
    "View",
    "draw",
    "draw_view",
    "make",
    "render",
]

"""Diagrams of the life cycle, from the table: a drawing model (`model`), and writers that turn it into text.

Mermaid and DOT are written here and need nothing; SVG and PNG need pygraphviz
(``pip install 'campaign_fsm[diagrams]'``), which is imported when a picture is asked for.
"""

from __future__ import annotations

from campaign_fsm.diagram.committed import FILES, Drift, drift, write
from campaign_fsm.diagram.model import Drawing, draw
from campaign_fsm.diagram.writers import Format, render

__all__ = ["FILES", "Drawing", "Drift", "Format", "draw", "drift", "render", "write"]

"""Diagrams of the life cycle, from the table.

`render` writes one, in a `DiagramFormat`. `draw` and `draw_view` make a `Drawing`, which draws itself in a notebook; a
`View` is what it is about. All formats but PNG need nothing; PNG needs resvg_py (the extra ``diagrams``), which is
imported when one is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from campaign_fsm.diagram.formats import DiagramFormat as DiagramFormat
    from campaign_fsm.diagram.formats import Format as Format
    from campaign_fsm.diagram.model import Drawing as Drawing
    from campaign_fsm.diagram.model import draw as draw
    from campaign_fsm.diagram.png import CannotRasterize as CannotRasterize
    from campaign_fsm.diagram.stamp import Recipe as Recipe
    from campaign_fsm.diagram.theme import Theme as Theme
    from campaign_fsm.diagram.views import Look as Look
    from campaign_fsm.diagram.views import NoRoute as NoRoute
    from campaign_fsm.diagram.views import View as View
    from campaign_fsm.diagram.views import draw_view as draw_view
    from campaign_fsm.diagram.writers import make as make
    from campaign_fsm.diagram.writers import render as render
    from campaign_fsm.history.model import History as History
    from campaign_fsm.history.model import HistoryStep as HistoryStep
    from campaign_fsm.history.model import Outcome as Outcome
    from campaign_fsm.history.model import Step as Step
else:
    from campaign_fsm._lazy import lazy

    # The command line asks for the formats alone.
    _HOMES = {
        "formats": "DiagramFormat Format",
        "model": "Drawing draw",
        "png": "CannotRasterize",
        "stamp": "Recipe",
        "theme": "Theme",
        "views": "Look NoRoute View draw_view",
        "writers": "make render",
        ".history.model": "History HistoryStep Outcome Step",
    }
    __getattr__, __dir__, __all__ = lazy(__name__, _HOMES)

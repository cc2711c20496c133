"""From the table to one format: the view, and the writer that it asks for."""

from __future__ import annotations

from typing import Literal, overload

from campaign_fsm.diagram.dot import dot
from campaign_fsm.diagram.mermaid import mermaid
from campaign_fsm.diagram.plainjson import plain_json
from campaign_fsm.diagram.scxml import scxml
from campaign_fsm.diagram.stamp import DiagramFormat, Recipe, stamp_png
from campaign_fsm.diagram.svg import FONTS, svg
from campaign_fsm.diagram.table import markdown
from campaign_fsm.diagram.theme import Theme
from campaign_fsm.diagram.views import Look, View, draw_view
from campaign_fsm.history.model import History
from campaign_fsm.rules import Channel


@overload
def render(
    format: Literal["png", DiagramFormat.PNG],
    view: Look | str = "life",
    *,
    channel: Channel | str | None = None,
    theme: Theme | str | None = None,
    history: History | None = None,
) -> bytes: ...
@overload
def render(
    format: Literal[
        "mermaid",
        "dot",
        "svg",
        "scxml",
        "markdown",
        "json",
        "html",
        DiagramFormat.MERMAID,
        DiagramFormat.DOT,
        DiagramFormat.SVG,
        DiagramFormat.SCXML,
        DiagramFormat.MARKDOWN,
        DiagramFormat.JSON,
        DiagramFormat.HTML,
    ],
    view: Look | str = "life",
    *,
    channel: Channel | str | None = None,
    theme: Theme | str | None = None,
    history: History | None = None,
) -> str: ...
@overload
def render(
    format: DiagramFormat | str,
    view: Look | str = "life",
    *,
    channel: Channel | str | None = None,
    theme: Theme | str | None = None,
    history: History | None = None,
) -> str | bytes: ...
def render(
    format: DiagramFormat | str,  # noqa: A002
    view: Look | str = "life",
    *,
    channel: Channel | str | None = None,
    theme: Theme | str | None = None,
    history: History | None = None,
) -> str | bytes:
    """The life cycle as a diagram: bytes for PNG, text for everything else.

    Args:
        format: A `DiagramFormat` or its string.
        view: What to draw: ``life``, ``account-holder``, ``from:STATUS``, ``route:FROM:TO``, ``history``, ``coverage``.
        channel: Only what the life cycle of one channel knows; both in one diagram if None.
        theme: The colours, for SVG, PNG, DOT and HTML.
        history: What the views ``history`` and ``coverage`` draw, see `campaign_fsm.history`.

    Raises:
        CannotRasterize: PNG was asked for, and resvg_py or every font is missing.
        NoRoute: There is no legal route between the two statuses.
        ValueError: There is no such format, view, channel or theme, or they do not go together.
    """
    recipe = Recipe.make(format, view, theme=theme, channel=channel, history="" if history is not None else None)
    return make(recipe, history, stamped=False)


def source_svg(recipe: Recipe, history: History | None) -> str:
    """The SVG that a PNG is drawn from."""
    return svg(draw_view(recipe.look, recipe.channel, history), recipe.theme or Theme.LIGHT)


def make(recipe: Recipe, history: History | None = None, *, stamped: bool = True) -> str | bytes:
    """What a recipe makes. Raises like `render`."""
    stamp = recipe.stamp if stamped else ""
    if recipe.format is DiagramFormat.HTML:
        from campaign_fsm.diagram.explorer import explorer

        return explorer(recipe, history, stamp=stamp)
    if recipe.format is DiagramFormat.PNG:
        from campaign_fsm.diagram.png import png

        source = source_svg(recipe, history)
        picture = png(source, FONTS)
        return stamp_png(picture, stamp, source) if stamped else picture
    drawing = draw_view(recipe.look, recipe.channel, history)
    match recipe.format:
        case DiagramFormat.MERMAID:
            return mermaid(drawing, stamp=stamp)
        case DiagramFormat.DOT:
            return dot(drawing, recipe.theme or Theme.LIGHT, stamp=stamp)
        case DiagramFormat.SCXML:
            return scxml(drawing, stamp=stamp)
        case DiagramFormat.MARKDOWN:
            return markdown(drawing, recipe.channel, stamp=stamp, whole=recipe.look.view is View.LIFE)
        case DiagramFormat.JSON:
            return plain_json(drawing, stamp=stamp)
        case _:
            return svg(drawing, recipe.theme or Theme.AUTO, stamp=stamp)

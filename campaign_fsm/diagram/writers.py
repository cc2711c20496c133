"""From the table to one format: the view, and the writer that it asks for."""

from __future__ import annotations

import hashlib
from typing import Literal, overload

from attrs import evolve

from campaign_fsm.diagram.formats import DiagramFormat, TextFormat
from campaign_fsm.diagram.stamp import Recipe
from campaign_fsm.diagram.theme import Theme
from campaign_fsm.diagram.views import Look, draw_view
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
    format: TextFormat,
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
        history: What the views ``history`` and ``coverage`` draw; `campaign_fsm.history` reads one.

    Raises:
        CannotRasterize: PNG was asked for, and resvg_py (the extra ``diagrams``) or every font is missing.
        NoRoute: There is no legal route between the two statuses.
        ValueError: There is no such format, view, channel or theme, or they do not go together.
    """
    recipe = Recipe.make(format, view, theme=theme, channel=channel, history="" if history is not None else None)
    return make(recipe, history, stamped=False)


def make(recipe: Recipe, history: History | None = None, *, stamped: bool = True) -> str | bytes:
    """What a recipe makes: bytes for PNG, text for everything else.

    Args:
        recipe: How it is made; where its history is read from is left to the caller.
        history: What the views ``history`` and ``coverage`` draw.
        stamped: Whether the diagram says in a comment how it was made, for ``campaign-fsm diagram --check``.

    Raises:
        CannotRasterize: PNG is asked for, and resvg_py (the extra ``diagrams``) or every font is missing.
        NoRoute: There is no legal route between the two statuses.
        ValueError: The channel never gets to a status, or the history is missing.
    """
    traits, write = recipe.format.traits, recipe.format.write
    text = stamp(recipe, history) if stamped else ""
    if traits.whole:
        return write(recipe, history, stamp=text)
    if traits.drawn_from:
        return write(_source(recipe, history), stamp=text)
    drawing = draw_view(recipe.look, recipe.channel, history)
    return write(drawing, stamp=text) if traits.theme is None else write(drawing, theme=recipe.theme, stamp=text)


def stamp(recipe: Recipe, history: History | None) -> str:
    """The stamp of what a recipe makes; that of a picture with the digest of what it is drawn from."""
    if not recipe.format.traits.drawn_from:
        return recipe.stamp
    digest = hashlib.sha256(_source(recipe, history).encode()).hexdigest()
    return f"{recipe.stamp} {recipe.format.traits.drawn_from}-sha256={digest}"


def _source(recipe: Recipe, history: History | None) -> str:
    """The text that a picture is drawn from."""
    source = make(
        evolve(recipe, format=DiagramFormat(recipe.format.traits.drawn_from or recipe.format)), history, stamped=False
    )
    assert isinstance(source, str)
    return source

"""From the table to one format: the drawing model, and the writer that it asks for."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, overload

from campaign_fsm.diagram.dot import dot
from campaign_fsm.diagram.mermaid import mermaid
from campaign_fsm.diagram.model import draw
from campaign_fsm.rules import Channel


class Format(StrEnum):
    """What a diagram can be written as."""

    MERMAID = "mermaid"
    DOT = "dot"
    SVG = "svg"
    PNG = "png"


@overload
def render(
    format: Literal["mermaid", "dot", Format.MERMAID, Format.DOT], *, channel: Channel | str | None = None
) -> str: ...
@overload
def render(format: Literal["svg", "png", Format.SVG, Format.PNG], *, channel: Channel | str | None = None) -> bytes: ...
@overload
def render(format: Format | str, *, channel: Channel | str | None = None) -> str | bytes: ...
def render(format: Format | str, *, channel: Channel | str | None = None) -> str | bytes:  # noqa: A002
    """The life cycle as a diagram: text for Mermaid and DOT, bytes for SVG and PNG.

    Args:
        format: A `Format` or its string.
        channel: Only what the life cycle of one channel knows; both in one diagram if None.

    Raises:
        ValueError: There is no such format or channel.
        GraphvizMissing: SVG or PNG was asked for, and pygraphviz cannot be imported.
    """
    kind = Format(format)
    drawing = draw(channel)
    if kind is Format.MERMAID:
        return mermaid(drawing)
    source = dot(drawing)
    if kind is Format.DOT:
        return source
    from campaign_fsm.diagram import graphviz

    return graphviz.svg(drawing, source) if kind is Format.SVG else graphviz.png(source)

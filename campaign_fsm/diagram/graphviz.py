"""DOT text as pictures, drawn by the Graphviz that pygraphviz brings. Nothing else in the package needs it."""

from __future__ import annotations

import re
from html import escape
from typing import Final

from campaign_fsm.diagram.model import Drawing
from campaign_fsm.diagram.stamp import stamp_png, stamp_svg

# Two dots for each unit of the drawing: sharp at 800 pixels on screens with a high density.
_DPI: Final = "144"
_ROOT: Final = re.compile(r'<svg width="[\d.]+pt" height="[\d.]+pt"\s+viewBox="([\d.]+) ([\d.]+) ([\d.]+) ([\d.]+)"')


class GraphvizMissing(ImportError):
    """SVG and PNG need pygraphviz, and it cannot be imported."""

    def __init__(self, cause: ImportError) -> None:
        reason = "is not installed" if isinstance(cause, ModuleNotFoundError) else f"cannot be loaded ({cause})"
        super().__init__(
            f"SVG and PNG are drawn by pygraphviz, which {reason}. "
            "Mermaid and DOT need nothing. To draw pictures: pip install 'campaign_fsm[diagrams]'",
            name="pygraphviz",
        )


def svg(drawing: Drawing, dot: str) -> bytes:
    """The DOT text as an SVG with a title and a description for screen readers, and a stamp.

    Raises:
        GraphvizMissing: pygraphviz cannot be imported.
        ValueError: Graphviz does not understand the DOT text.
    """
    text = _layout(dot, "svg").decode("utf-8").replace("\r\n", "\n")
    found = _ROOT.search(text)
    if found is None:
        raise ValueError("Graphviz wrote an SVG without a size; use another version of it")
    left, top, width, height = found.groups()
    # Graphviz measures in points and browsers draw these a third larger; one pixel a unit fits a README.
    root = (
        f'<svg role="img" aria-labelledby="life-title life-description" width="{float(width):g}"'
        f' height="{float(height):g}" viewBox="{left} {top} {width} {height}"'
    )
    text = text[: found.start()] + root + text[found.end() :]
    words = (
        f'<title id="life-title">{escape(drawing.title)}</title>\n'
        f'<desc id="life-description">{escape(drawing.description)}</desc>\n'
    )
    # A title has to be the first child of what it names.
    inside = text.index(">", text.index("<svg ")) + 1
    text = text[:inside] + "\n" + words + text[inside:].lstrip("\n")
    return stamp_svg(text.encode("utf-8"), dot)


def png(dot: str) -> bytes:
    """The DOT text as a PNG with a stamp. Raises like `svg`."""
    return stamp_png(_layout(dot, "png", dpi=_DPI), dot)


def _layout(dot: str, kind: str, **attributes: str) -> bytes:
    try:
        import pygraphviz
    except ImportError as error:
        raise GraphvizMissing(error) from error
    graph = pygraphviz.AGraph(string=dot)
    try:
        graph.graph_attr.update(attributes)
        picture: bytes = graph.draw(format=kind, prog="dot")
    finally:
        graph.close()
    return picture

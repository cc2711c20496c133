"""SVG as PNG, drawn by resvg. Nothing else in the package needs it."""

from __future__ import annotations

from typing import Final

# Two dots for each unit: sharp at 800 pixels on screens with a high density.
_ZOOM: Final = 2
_PROBE: Final = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20">{}</svg>'


class CannotRasterize(Exception):
    """A PNG was asked for, and cannot be drawn here."""


def png(svg: str, fonts: str) -> bytes:
    """The picture of an SVG text, twice as large as the SVG.

    Args:
        svg: The text; its style may not depend on what a viewer prefers.
        fonts: The families that its texts name.

    Raises:
        CannotRasterize: resvg cannot be imported, or there is no font on this machine.
    """
    try:
        import resvg_py
    except ImportError as error:
        reason = "is not installed" if isinstance(error, ModuleNotFoundError) else f"cannot be loaded ({error})"
        raise CannotRasterize(
            f"PNG is drawn by resvg_py, which {reason}. All other formats need nothing. "
            "To draw PNG: pip install 'campaign_fsm[diagrams]'"
        ) from error
    # A renderer without fonts leaves all texts out and says nothing.
    text = f'<text x="2" y="16" font-size="16" font-family="{fonts}">M</text>'
    if resvg_py.svg_to_bytes(svg_string=_PROBE.format(text)) == resvg_py.svg_to_bytes(svg_string=_PROBE.format("")):
        raise CannotRasterize(
            "There is no sans-serif font on this machine, so a PNG would have no texts. Install one (Debian: "
            "apt-get install fonts-dejavu-core), or write an SVG."
        )
    picture: bytes = resvg_py.svg_to_bytes(svg_string=svg, zoom=_ZOOM)
    return picture

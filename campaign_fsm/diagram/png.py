"""SVG as PNG, drawn by resvg. Nothing else in the package needs it."""

from __future__ import annotations

import struct
import zlib
from typing import Final

from campaign_fsm.diagram.svg import FONTS

# Two dots for each unit: sharp at 800 pixels on screens with a high density.
_ZOOM: Final = 2
_PROBE: Final = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20">{}</svg>'
_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
# With the chunk which has to be the first.
_HEAD: Final = len(_SIGNATURE) + 25


class CannotRasterize(Exception):
    """A PNG was asked for, and cannot be drawn here: the extra ``diagrams`` is missing, or every font is."""


def write(text: str, *, stamp: str) -> bytes:
    """The picture of an SVG text, with its stamp in a comment. Raises like `png`."""
    picture = png(text, FONTS)
    if not stamp:
        return picture
    content = b"tEXtcampaign_fsm\0" + stamp.encode()
    chunk = struct.pack(">I", len(content) - 4) + content + struct.pack(">I", zlib.crc32(content))
    return picture[:_HEAD] + chunk + picture[_HEAD:]


def intact(data: bytes) -> bool:
    """Whether every chunk of a PNG is there up to the last one, and is what its checksum says."""
    place = len(_SIGNATURE) if data.startswith(_SIGNATURE) else len(data)
    while head := data[place : place + 8]:
        end = place + 12 + int.from_bytes(head[:4])
        if data[end - 4 : end] != zlib.crc32(data[place + 4 : end - 4]).to_bytes(4):
            return False
        if head[4:] == b"IEND":
            return True
        place = end
    return False


def png(text: str, fonts: str) -> bytes:
    """The picture of an SVG text, twice as large as the SVG.

    Args:
        text: The SVG; its style may not depend on what a viewer prefers.
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
    letter = f'<text x="2" y="16" font-size="16" font-family="{fonts}">M</text>'
    if resvg_py.svg_to_bytes(svg_string=_PROBE.format(letter)) == resvg_py.svg_to_bytes(svg_string=_PROBE.format("")):
        raise CannotRasterize(
            "There is no sans-serif font on this machine, so a PNG would have no texts. Install one (Debian: "
            "apt-get install fonts-dejavu-core), or write an SVG."
        )
    picture: bytes = resvg_py.svg_to_bytes(svg_string=text, zoom=_ZOOM)
    return picture

"""Stamps in pictures: which DOT text a picture was drawn from, and what it looked like when it was drawn.

Graphviz and the fonts of a machine decide about every coordinate, so a picture cannot be compared with one
drawn elsewhere. Its stamp can: no Graphviz is needed to read it.
"""

from __future__ import annotations

import hashlib
import re
import struct
import zlib
from collections.abc import Iterator
from typing import Final

from attrs import frozen

_SVG: Final = re.compile(rb"<!-- campaign_fsm dot-sha256=([0-9a-f]{64}) picture-sha256=([0-9a-f]{64}) -->\n")
_SVG_START: Final = b"<svg "
_PNG_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_PNG_KEYWORD: Final = b"campaign_fsm"
_PNG_TEXT: Final = re.compile(rb"dot-sha256=([0-9a-f]{64}) picture-sha256=([0-9a-f]{64})")


@frozen
class Stamp:
    """What the stamp of a picture says, and whether the picture is still the one that was stamped."""

    dot: str
    """The SHA-256 of the DOT text, in hexadecimal."""
    intact: bool


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def stamp_svg(picture: bytes, dot: str) -> bytes:
    """The SVG with its stamp, a comment before the root element."""
    line = f"<!-- campaign_fsm dot-sha256={digest(dot.encode())} picture-sha256={digest(picture)} -->\n"
    return picture.replace(_SVG_START, line.encode() + _SVG_START, 1)


def read_svg(data: bytes) -> Stamp | None:
    """The stamp of an SVG; None if it has none."""
    found = _SVG.search(data)
    if found is None:
        return None
    picture = data[: found.start()] + data[found.end() :]
    return Stamp(dot=found[1].decode(), intact=found[2].decode() == digest(picture))


def stamp_png(picture: bytes, dot: str) -> bytes:
    """The PNG with its stamp, a tEXt chunk before the last chunk."""
    text = f"dot-sha256={digest(dot.encode())} picture-sha256={digest(picture)}".encode()
    content = b"tEXt" + _PNG_KEYWORD + b"\0" + text
    chunk = struct.pack(">I", len(content) - 4) + content + struct.pack(">I", zlib.crc32(content))
    end = picture.rindex(b"IEND") - 4
    return picture[:end] + chunk + picture[end:]


def read_png(data: bytes) -> Stamp | None:
    """The stamp of a PNG; None if it has none, or is no PNG."""
    for start, end, kind, content in _chunks(data):
        if kind == b"tEXt" and content.startswith(_PNG_KEYWORD + b"\0"):
            found = _PNG_TEXT.fullmatch(content, len(_PNG_KEYWORD) + 1)
            if found is None:
                return None
            return Stamp(dot=found[1].decode(), intact=found[2].decode() == digest(data[:start] + data[end:]))
    return None


def _chunks(data: bytes) -> Iterator[tuple[int, int, bytes, bytes]]:
    """Start, end, type and content of every whole chunk."""
    if not data.startswith(_PNG_SIGNATURE):
        return
    start = len(_PNG_SIGNATURE)
    while start + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, start)
        end = start + 12 + length
        if end > len(data):
            return
        yield start, end, data[start + 4 : start + 8], data[start + 8 : end - 4]
        start = end

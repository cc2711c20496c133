"""Stamps: what each diagram says about how it was made, so that it can be made anew and compared.

A stamp is one line in a comment of the file. A PNG depends on the fonts of the machine that drew it, so its
stamp also holds the SHA-256 of the SVG that it was drawn from and of the picture as it was drawn.
"""

from __future__ import annotations

import hashlib
import re
import struct
import zlib
from collections.abc import Iterator
from enum import StrEnum
from typing import Final
from urllib.parse import quote, unquote

from attrs import fields, frozen

from campaign_fsm.diagram.theme import Theme
from campaign_fsm.diagram.views import Look
from campaign_fsm.rules import Channel

_MADE: Final = "Made by campaign-fsm diagram: "
_END: Final = "; do not edit."
_STAMP: Final = re.compile(rf"{_MADE}([a-z]+=[^\s;]+(?: [a-z]+=[^\s;]+)*){_END}".encode())
NEAR: Final = 4096
"""A stamp stands in the first bytes of a file."""


class DiagramFormat(StrEnum):
    """What a diagram can be written as."""

    MERMAID = "mermaid"
    DOT = "dot"
    SVG = "svg"
    PNG = "png"
    SCXML = "scxml"
    MARKDOWN = "markdown"
    JSON = "json"
    HTML = "html"


# What a format's colours are unless something else is asked for; the others have no colours to choose.
_THEMES: Final = {
    DiagramFormat.SVG: Theme.AUTO,
    DiagramFormat.HTML: Theme.AUTO,
    DiagramFormat.PNG: Theme.LIGHT,
    DiagramFormat.DOT: Theme.LIGHT,
}
_PICTURES: Final = frozenset({DiagramFormat.PNG, DiagramFormat.DOT})


@frozen(kw_only=True)
class Recipe:
    """How a diagram is made.

    Attributes:
        format: What it is written as.
        look: The view.
        theme: Its colours, None where the format has none to choose.
        channel: One channel's life, None for both.
        history: The recording that it shows, as a path relative to the diagram's folder.
        campaign: The only campaign of the recording that it shows.
    """

    format: DiagramFormat
    look: Look = Look()  # noqa: RUF009 (frozen)
    theme: Theme | None = None
    channel: Channel | None = None
    history: str | None = None
    campaign: str | None = None

    @classmethod
    def make(
        cls,
        kind: DiagramFormat | str,
        view: Look | str = "life",
        *,
        theme: Theme | str | None = None,
        channel: Channel | str | None = None,
        history: str | None = None,
        campaign: str | None = None,
    ) -> Recipe:
        """The recipe of what is asked for.

        Raises:
            ValueError: Something is not on its list, or does not go together; the message says what.
        """
        kind, look = DiagramFormat(kind), Look.parse(view) if isinstance(view, str) else view
        usual = _THEMES.get(kind)
        if theme is not None and usual is None:
            raise ValueError(f"{kind} has no colours to choose; leave the theme out")
        if kind in _PICTURES and theme == Theme.AUTO:
            raise ValueError(f"{kind} cannot follow what a viewer prefers; choose the theme light or dark")
        if look.needs_history and history is None:
            raise ValueError(f"the view {look} draws something that was recorded; name the recording (--history FILE)")
        if history is not None and not look.needs_history and kind is not DiagramFormat.HTML:
            raise ValueError(f"the view {look} draws no recording; take the view history or coverage")
        if campaign is not None and history is None:
            raise ValueError("a campaign is chosen from a recording; name the recording (--history FILE)")
        if kind is DiagramFormat.HTML and look.view not in ("life", "from", "history"):
            raise ValueError("the explorer shows every route by itself; take the view life, from:STATUS or history")
        return cls(
            format=kind,
            look=look,
            theme=usual if theme is None else Theme(theme),
            channel=None if channel is None else Channel(channel),
            history=history,
            campaign=campaign,
        )

    @property
    def stamp(self) -> str:
        """The line that stands in the file."""
        pairs = {
            "format": self.format,
            "view": str(self.look),
            "theme": self.theme,
            "channel": self.channel,
            "history": self.history,
            "campaign": self.campaign,
        }
        assert set(pairs) == {"view", *(field.name for field in fields(Recipe))} - {"look"}
        text = " ".join(f"{key}={_quoted(value)}" for key, value in pairs.items() if value is not None)
        return f"{_MADE}{text}{_END}"

    @classmethod
    def read(cls, data: bytes) -> Recipe | None:
        """The recipe in a file's stamp; None if there is no stamp, or not one of this version."""
        found = _STAMP.search(_png_comment(data) or data[:NEAR])
        if found is None:
            return None
        pairs = dict(pair.split("=", 1) for pair in found[1].decode("ascii", "replace").split(" "))
        values = {key: unquote(value) for key, value in pairs.items()}
        try:
            return cls.make(values.pop("format", ""), values.pop("view", ""), **values)
        except (TypeError, ValueError):
            return None


def _quoted(value: str) -> str:
    # Two hyphens would end a comment of XML.
    return quote(value, safe="/:.,").replace("--", "%2D%2D")


# PNG

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_KEYWORD: Final = b"campaign_fsm\0"
_DIGESTS: Final = re.compile(rb"svg-sha256=([0-9a-f]{64}) picture-sha256=([0-9a-f]{64})\Z")


@frozen
class Digests:
    """What the stamp of a PNG says of its content."""

    svg: str
    """The SHA-256 of the SVG text, in hexadecimal."""
    intact: bool
    """Whether the picture is still the one that was stamped."""


def stamp_png(picture: bytes, stamp: str, svg: str) -> bytes:
    """The PNG with its stamp, a tEXt chunk before the last chunk."""
    text = f"{stamp} svg-sha256={digest(svg)} picture-sha256={digest(picture)}".encode()
    content = b"tEXt" + _KEYWORD + text
    chunk = struct.pack(">I", len(content) - 4) + content + struct.pack(">I", zlib.crc32(content))
    end = picture.rindex(b"IEND") - 4
    return picture[:end] + chunk + picture[end:]


def digest(content: str | bytes) -> str:
    """The SHA-256 of a text or of bytes, in hexadecimal."""
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()


def digests(data: bytes) -> Digests | None:
    """What the stamp of a PNG says; None if it has none, or is no PNG."""
    for start, end, content in _comments(data):
        found = _DIGESTS.search(content)
        if found:
            return Digests(svg=found[1].decode(), intact=found[2].decode() == digest(data[:start] + data[end:]))
    return None


def _png_comment(data: bytes) -> bytes | None:
    return next((content for _, _, content in _comments(data)), None)


def _comments(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Start, end and content of our chunk."""
    if not data.startswith(SIGNATURE):
        return
    start = len(SIGNATURE)
    while start + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, start)
        end = start + 12 + length
        if end > len(data):
            return
        content = data[start + 8 : end - 4]
        if data[start + 4 : start + 8] == b"tEXt" and content.startswith(_KEYWORD):
            yield start, end, content
        start = end

"""The registry of formats: what the package asks about one is in its entry in `DiagramFormat`.

A new format is a function that writes it, in a module of its own, and an entry here; if it is text, also its name at
the end, for type checkers. Everything else asks the entry: `Recipe`, `render`, ``--check`` and the command line.
Nothing heavy is imported, because ``--help`` asks too.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

from attrs import frozen

from campaign_fsm.diagram.theme import Theme


@frozen(kw_only=True)
class Traits:
    """What is to be known of a format.

    Attributes:
        writer: The module and the function that write it: from a drawing, or the text that it is a picture of, and by
            keyword a stamp, and a theme if it has one to choose.
        whole: That function takes the recipe and the history in place of their drawing, and no theme.
        endings: How its files end, in small letters; new ones as the first says.
        begins: What stands at the beginning of a text that bears a stamp, so that a quoted stamp is none.
        theme: Its colours unless others are asked for: `Theme.AUTO` where it can follow what the viewer prefers, None
            where it has none to choose.
        views: The kinds of views that it draws; None for all of them.
        replays: It shows a recording in a view that needs none, too.
        common: Most files that end so are no diagrams.
        drawn_from: The text format that it is a picture of. It is bytes, which depend on the machine that draws it; so
            its stamp holds the digest of what it was drawn from, and that is what ``--check`` compares.
        intact: The module and the function that tell whether the bytes of such a picture are whole.
        extra: The extra of the package that it needs.
    """

    writer: str
    whole: bool = False
    endings: tuple[str, ...]
    begins: bytes
    theme: Theme | None = None
    views: tuple[str, ...] | None = None
    replays: bool = False
    common: bool = False
    drawn_from: str | None = None
    intact: str | None = None
    extra: str | None = None


class DiagramFormat(StrEnum):
    """What a diagram can be written as."""

    traits: Traits
    """What is to be known of the format."""

    def __new__(cls, name: str, *traits: Traits) -> DiagramFormat:  # noqa: PYI034 (an enumeration has no subclasses)
        member = str.__new__(cls, name)
        member._value_ = name
        (member.traits,) = traits
        return member

    MERMAID = "mermaid", Traits(writer="mermaid.mermaid", endings=(".mmd", ".mermaid"), begins=b"---\ntitle: ")
    """A state diagram of Mermaid's, as text."""
    DOT = "dot", Traits(writer="dot.dot", endings=(".dot", ".gv"), begins=b"// ", theme=Theme.LIGHT)
    """A graph of Graphviz's, as text."""
    SVG = "svg", Traits(writer="svg.svg", endings=(".svg",), begins=b"<!-- Made by ", theme=Theme.AUTO)
    """A picture, as text."""
    PNG = (
        "png",
        Traits(
            writer="png.write",
            endings=(".png",),
            begins=b"\x89PNG\r\n\x1a\n",
            theme=Theme.LIGHT,
            drawn_from="svg",
            intact="png.intact",
            extra="diagrams",
        ),
    )
    """A picture, as bytes; with the extra ``diagrams``."""
    SCXML = "scxml", Traits(writer="scxml.scxml", endings=(".scxml",), begins=b"<?xml ")
    """A state chart for other programs, as XML."""
    MARKDOWN = (
        "markdown",
        Traits(writer="table.write", endings=(".md",), begins=b"<!-- Made by ", whole=True, common=True),
    )
    """A table."""
    JSON = "json", Traits(writer="plainjson.plain_json", endings=(".json",), begins=b'{\n"made": ', common=True)
    """Plain data for other programs."""
    HTML = (
        "html",
        Traits(
            writer="explorer.explorer",
            whole=True,
            endings=(".html", ".htm"),
            begins=b"<!DOCTYPE html>",
            theme=Theme.AUTO,
            views=("life", "from", "history"),
            replays=True,
            common=True,
        ),
    )
    """The explorer: a page to click through the life cycle with, which needs nothing else."""

    @classmethod
    def of(cls, path: Path) -> DiagramFormat | None:
        """The format by the end of a file's name; None if it is no diagram's.

        Args:
            path: The file, which need not be there.
        """
        return next((one for one in cls if path.suffix.lower() in one.traits.endings), None)

    @property
    def write(self) -> Callable[..., str | bytes]:
        """The function that writes it, which is imported when it is asked for."""
        found: Callable[..., str | bytes] = _found(self.traits.writer)
        return found

    def is_intact(self, data: bytes) -> bool:
        """Whether the bytes of a picture are whole; True for a text, of which that is not known.

        Args:
            data: The bytes of the file.
        """
        return self.traits.intact is None or bool(_found(self.traits.intact)(data))


def _found(place: str) -> Any:
    module, _, name = place.partition(".")
    return getattr(importlib.import_module(f"campaign_fsm.diagram.{module}"), name)


# Its name before others had one too.
Format = DiagramFormat

# For type checkers alone, which cannot ask the entries: which formats are text.
_TextName = Literal["mermaid", "dot", "svg", "scxml", "markdown", "json", "html"]
_Text = Literal[Format.MERMAID, Format.DOT, Format.SVG, Format.SCXML, Format.MARKDOWN, Format.JSON, Format.HTML]
TextFormat = _TextName | _Text

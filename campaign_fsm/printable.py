"""Texts that are not ours, made fit to be printed: nothing in them drives a terminal or commands a build server.

What may be printed of them at all is another matter: see `private`.
"""

from __future__ import annotations

import re
from typing import Final

SURROGATE: Final = re.compile("[\ud800-\udfff]")
"""Half of a surrogate pair, which is no character."""

# "##[command]" and "##vso[command]" are taken for commands anywhere in a line, "::command::" where it begins.
_ANYWHERE: Final = re.compile(r"##(?=\w*\[)")
_AT_THE_BEGINNING: Final = re.compile(r"(?:^|(?<=[\r\n]))([^\S\r\n]*):(?=:)")
# Controls but tabs and line breaks, marks and overrides of the writing direction, line separators, half pairs.
_DRIVES: Final = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_COLOUR: Final = re.compile("(\x1b\\[(?:[012]|3[1-7])m)")
_MARKUP: Final = re.compile(r"([\\`*_\[\]<>#|~])")


def printable(text: str, stand_in: str = "�") -> str:
    """The text with a stand-in for each character that is not printable, line breaks included."""
    return text if text.isprintable() else "".join(char if char.isprintable() else stand_in for char in text)


def lines_in_colour(text: str) -> str:
    """Lines that drive no terminal but by what `click.style` makes bold, dim or coloured.

    Spaces of every kind and what joins letters stay: a file's name can be copied.
    """
    parts = _COLOUR.split(text)
    parts[::2] = [_DRIVES.sub("\ufffd", part) for part in parts[::2]]
    return "".join(parts)


def text_of(value: object, limit: int) -> str | None:
    """A value of the server's as one printable line of at most `limit` characters; None if it is no single value."""
    if value is None or isinstance(value, dict | list):
        return None
    text = printable(str(value)[: limit + 1], " ")
    return text if len(text) <= limit else text[:limit] + "…"


def quoted(value: object, limit: int = 80) -> str:
    """Whatever a caller or a file has given, a text in quotes, as one printable line of some `limit` characters."""
    try:
        if isinstance(value, str):
            text = repr(str(value[: limit + 1]))
            return text if len(value) <= limit and len(text) <= limit + 2 else f"{text[: limit + 1]}…{text[0]}"
        text = repr(value)
    except Exception:  # noqa: BLE001 (numbers of too many digits, and what has methods of its own)
        text = f"<{type(value).__name__}>"
    return text_of(text, limit) or ""


def without_markup(text: str) -> str:
    """The text in which Markdown finds nothing to format."""
    return _MARKUP.sub(r"\\\1", text)


def without_commands(text: str) -> str:
    """The text, with what would be a command anywhere in a line spaced out."""
    return _ANYWHERE.sub("# #", text)


def harmless(text: str) -> str:
    """Lines in which no build server sees a command; everything else stays as it is."""
    return _AT_THE_BEGINNING.sub(r"\1: ", without_commands(text))


def harmless_json(text: str) -> str:
    """The same JSON, in which no build server sees a command, and no terminal or log a character that drives it.

    What is not printable (controls, invisible and bidirectional marks, line separators, halves of surrogate pairs)
    is escaped; letters of every script stay as they are.
    """
    lines = text.split("\n")  # between the values: inside a string it is escaped already
    if not all(map(str.isprintable, lines)):
        text = "\n".join("".join(char if char.isprintable() else _escape(char) for char in line) for line in lines)
    return _ANYWHERE.sub(r"#\\u0023", text)


def _escape(char: str) -> str:
    units = char.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))

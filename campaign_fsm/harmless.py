"""Texts that are not ours, made harmless for what reads a log: build servers take commands from its lines."""

from __future__ import annotations

import re
from typing import Final

# "##[command]" and "##vso[command]" are taken for commands anywhere in a line, "::command::" where it begins.
_ANYWHERE: Final = re.compile(r"##(?=\w*\[)")
_AT_THE_BEGINNING: Final = re.compile(r"(?:^|(?<=[\r\n]))([^\S\r\n]*):(?=:)")


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
    lines = text.split("\n")  # between the values: inside of a string it is escaped already
    if not all(map(str.isprintable, lines)):
        text = "\n".join("".join(char if char.isprintable() else _escape(char) for char in line) for line in lines)
    return _ANYWHERE.sub(r"#\\u0023", text)


def _escape(char: str) -> str:
    units = char.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))

"""Texts that are not ours, made harmless for what reads a log: build servers take commands from its lines."""

from __future__ import annotations

import re
from typing import Final

# "##[command]" and "##vso[command]" are taken for commands anywhere in a line, "::command::" where it begins.
_ANYWHERE: Final = re.compile(r"##(?=\w*\[)")
_AT_THE_BEGINNING: Final = re.compile(r"(?:^|(?<=[\r\n]))(\s*):(?=:)")


def without_commands(text: str) -> str:
    """The text, with what would be a command anywhere in a line spaced out."""
    return _ANYWHERE.sub("# #", text)


def harmless(text: str) -> str:
    """Lines in which no build server sees a command; everything else stays as it is."""
    return _AT_THE_BEGINNING.sub(r"\1: ", without_commands(text))


def harmless_json(text: str) -> str:
    """The same JSON, in which no build server sees a command."""
    return _ANYWHERE.sub(r"#\\u0023", text)

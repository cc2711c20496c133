"""Texts of a recording's, made harmless for what reads a report: terminals, logs, parsers."""

from __future__ import annotations

import json
from typing import Any, Final, TextIO

from campaign_fsm.audit.finding import Place
from campaign_fsm.printable import SURROGATE, harmless_json, text_of, without_commands

_LONGEST: Final = 4096


def line(text: str) -> str:
    """A text as one printable line, in which no build server sees a command."""
    return without_commands(text_of(text, _LONGEST) or "")


def path(name: str) -> str:
    """A path as `line` shows a text; it also begins no command where it begins a line, and a colon follows it."""
    text = line(name)
    return f"./{text}" if text.lstrip().startswith(":") else text


def place(where: Place) -> str:
    """A place as `path` shows a path."""
    return str(Place(path(where.path), where.line, where.entry))


def write(stream: TextIO, text: str) -> None:
    """Write a text; characters that the stream's encoding lacks are written as escapes."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    stream.write(text.encode(encoding, "backslashreplace").decode(encoding))


def dumps(value: Any) -> str:
    """A value as ASCII JSON on one line, without halves of surrogate pairs, which not every parser reads."""
    return harmless_json(json.dumps(_whole(value), allow_nan=False))


def _whole(value: Any) -> Any:
    match value:
        case str():
            return SURROGATE.sub("\ufffd", value)
        case dict():
            return {key: _whole(part) for key, part in value.items()}
        case list() | tuple():
            return [_whole(part) for part in value]
    return value

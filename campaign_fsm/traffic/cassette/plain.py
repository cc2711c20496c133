"""The plain form as a JSON array: what its items say is what they say as lines (`campaign_fsm.traffic.lines`)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, cast

from campaign_fsm.strict.unreadable import UnreadableRecording
from campaign_fsm.traffic.exchange import Exchange


def is_one(given: Any) -> bool:
    """Whether it looks like one."""
    return isinstance(given, dict) and bool({"url", "campaign", "callback"} & given.keys())


class _AsLines:
    """Items as the lines that they would be, one with each read."""

    def __init__(self, items: Iterable[Any]) -> None:
        self._items = iter(items)

    def read(self, _size: int = -1, /) -> bytes:
        for item in self._items:
            return json.dumps(item).encode() + b"\n"
        return b""


def exchanges(path: str, items: Iterable[Any]) -> Iterator[Exchange]:
    """The exchanges of the items.

    Raises:
        UnreadableRecording: As lines that say the same cannot be read.
    """
    from campaign_fsm.traffic.lines import read_lines

    try:
        yield from read_lines(path, cast("BinaryIO", _AsLines(items)))
    except UnreadableRecording as error:
        error.unit = "entry"
        raise

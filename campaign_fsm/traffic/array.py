"""The plain form as a JSON array: its items say what they would say as lines (`campaign_fsm.traffic.lines`)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import BinaryIO, cast

from campaign_fsm.strict.jsonstream import JsonStream
from campaign_fsm.strict.unreadable import UnreadableRecording
from campaign_fsm.traffic.exchange import Exchange
from campaign_fsm.traffic.lines import read_lines
from campaign_fsm.traffic.opening import Opened


def read_array(path: str, stream: BinaryIO, mapping: Mapping[str, str] | None = None) -> Iterator[Exchange]:
    """The exchanges of a JSON array, one after the other; `place` is the number of the item.

    Args:
        path: The file's name, for errors.
        stream: Its bytes.
        mapping: See `read_lines`.

    Raises:
        NotARecording: No item has any of the keys that name what it is about.
        UnreadableRecording: It is not JSON to its end, or no array. The exchanges before have been given out.
    """
    source = JsonStream(path, Opened(stream))
    if source.next()[0] != "start_array":
        source.fail("it is no JSON array")
    try:
        yield from read_lines(path, cast("BinaryIO", _AsLines(source)), mapping)
    except UnreadableRecording as error:
        error.unit = "entry"
        raise


class _AsLines:
    """The items as lines, one with each read."""

    def __init__(self, source: JsonStream) -> None:
        self._source = source
        self._items = source.items()

    def read(self, _size: int = -1, /) -> bytes:
        self._source.place += 1
        for item in self._items:
            return json.dumps(item).encode() + b"\n"
        self._source.place = 0
        self._source.end()
        return b""

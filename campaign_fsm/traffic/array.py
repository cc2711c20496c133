"""The plain form as a JSON array: its items say what they would say as lines (`campaign_fsm.traffic.lines`)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from io import BytesIO
from itertools import islice
from typing import Any, BinaryIO, cast

from campaign_fsm.private import printable_key
from campaign_fsm.strict.jsonstream import JsonStream, is_cut
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
    items = _AsLines(_opened(path, stream))
    try:
        for exchange in read_lines(path, cast("BinaryIO", items), mapping):
            if items.doubt and exchange.place == items.place:
                exchange.unread = items.doubt
                if items.twice & {"url", "method"}:
                    exchange.method = ""  # either of them
                if "url" in items.twice:
                    exchange.url = ""
            yield exchange
    except UnreadableRecording as error:
        error.unit = "entry"
        raise


def first_items(path: str, head: bytes, number: int) -> Iterator[bytes]:
    """The first items of an array that may break off, as lines."""
    try:
        yield from islice(iter(_AsLines(_opened(path, BytesIO(head))).read, b""), number)
    except UnreadableRecording:
        return


def _opened(path: str, stream: BinaryIO) -> JsonStream:
    source = JsonStream(path, Opened(stream))
    if source.next()[0] != "start_array":
        source.fail("it is no JSON array")
    return source


class _AsLines:
    """The items as lines, one with each read.

    Attributes:
        place: The number of the item that was read last.
        twice: The keys that it has twice.
        doubt: Why it is not what stands in the file; empty if it is.
    """

    def __init__(self, source: JsonStream) -> None:
        self.place = 0
        self.twice: set[str] = set()
        self.doubt = ""
        self._source = source
        self._items = source.items()

    def read(self, _size: int = -1, /) -> bytes:
        self._source.place += 1
        for item in self._items:
            self.place = self._source.place
            self._look(item)
            return json.dumps(item).encode() + b"\n"
        self._source.place = 0
        self._source.end()
        return b""

    def _look(self, item: Any) -> None:
        source = self._source
        self.twice, self.doubt = source.repeated, ""
        if self.twice:
            self.doubt = f"the key {printable_key(min(self.twice))} is there twice in one object"
            source.repeated = set()
        elif source.partial and is_cut(item):
            self.doubt = "it holds a text that is too long, half of a character, or too many levels"

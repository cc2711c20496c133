"""The first bytes of a recording, looked at without losing them."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Final, Protocol

from campaign_fsm.files import without_mark
from campaign_fsm.strict.unreadable import UnreadableRecording

_WIDE: Final = (
    (re.compile(rb"\xff\xfe\0\0|[\t\n\r -~]\0\0\0"), "utf-32-le"),
    (re.compile(rb"\0\0\xfe\xff|\0\0\0[\t\n\r -~]"), "utf-32-be"),
    (re.compile(rb"\xff\xfe|[\t\n\r -~]\0[\t\n\r -~]\0"), "utf-16-le"),
    (re.compile(rb"\xfe\xff|\0[\t\n\r -~]\0[\t\n\r -~]"), "utf-16-be"),
)


class Readable(Protocol):
    """What has bytes to read."""

    def read(self, size: int = -1, /) -> bytes: ...


def wide_encoding(head: bytes) -> str | None:
    """The encoding of two or four bytes a character that a text begins in, with a mark or without; None for others."""
    return next((codec for begins, codec in _WIDE if begins.match(head)), None)


class Opened:
    """A stream without the byte order mark of UTF-8 it may begin with.

    Attributes:
        head: Its first bytes, at most as many as were asked for.
    """

    def __init__(self, stream: Readable, size: int = 4096) -> None:
        self.head = without_mark(_exactly(stream, size))
        self._pending = BytesIO(self.head)
        self._stream = stream

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes; like `read` of any binary stream."""
        data = self._pending.read(size)
        if size < 0:
            return data + self._stream.read()
        return data or self._stream.read(size)


def _exactly(stream: Readable, size: int) -> bytes:
    # A raw stream may give fewer bytes than there are.
    data = b""
    try:
        while len(data) < size and (more := stream.read(size - len(data))):
            data += more
    except UnreadableRecording:
        # Behind what has been read, it comes again.
        if not data:
            raise
    return data

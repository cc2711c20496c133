"""The first bytes of a recording, looked at without losing them."""

from __future__ import annotations

from typing import BinaryIO

from campaign_fsm.files import without_mark


class Opened:
    """A stream without the byte order mark of UTF-8 it may begin with.

    Attributes:
        head: Its first bytes, at most as many as were asked for.
    """

    def __init__(self, stream: BinaryIO, size: int = 4096) -> None:
        head = _exactly(stream, size)
        self.head = self._pending = without_mark(head)
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        """The next bytes; like `read` of any binary stream."""
        if not self._pending:
            return self._stream.read(size)
        if size < 0:
            data, self._pending = self._pending + self._stream.read(), b""
            return data
        data, self._pending = self._pending[:size], self._pending[size:]
        return data


def _exactly(stream: BinaryIO, size: int) -> bytes:
    # A raw stream may give fewer bytes than there are.
    data = b""
    while len(data) < size and (more := stream.read(size - len(data))):
        data += more
    return data

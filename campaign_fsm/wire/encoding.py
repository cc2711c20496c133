"""Bodies of answers that come encoded, decoded within bounds.

HTTP libraries decode whatever they are sent: two kilobytes of zeros that were compressed twice are gigabytes.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import Final

from campaign_fsm.printable import quoted

# What `zlib` has to know of the frame around the data. Some send `deflate` without one.
_FRAMES: Final = {"gzip": (31,), "deflate": (15, -15)}


class TooLarge(ValueError):
    """A body decodes to more than the limit."""


class Undecodable(ValueError):
    """A body is not in one layer of an encoding that is decoded here; the message says why."""


def encoding_of(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """The one encoding of a body: ``gzip``, ``deflate``, or None if it is plain.

    Raises:
        Undecodable: It has more than one, or another one.
    """
    values = [each for name, each in headers if len(name) == 16 and name.lower() == b"content-encoding"]
    if not values:
        return None
    value = b", ".join(values).decode("latin-1").strip().lower()
    if value in ("", "identity"):
        return None
    if value not in _FRAMES:
        raise Undecodable(f"its Content-Encoding is {quoted(value, 40)}")
    return value


def decode(raw: bytes, encoding: str | None, limit: int) -> bytes:
    """The body in plain.

    Args:
        raw: The body as it came.
        encoding: What `encoding_of` says of it.
        limit: The greatest number of bytes that it may be.

    Raises:
        TooLarge: It is more than that; no more than that was decoded.
        Undecodable: It is cut short, goes on after its end, or is not in its encoding.
    """
    if encoding is None:
        return raw
    for frame in _FRAMES[encoding]:
        decoder = zlib.decompressobj(frame)
        try:
            body = decoder.decompress(raw, limit + 1)
        except zlib.error:
            continue
        if len(body) > limit:
            raise TooLarge
        if decoder.eof and not decoder.unused_data:
            return body
    raise Undecodable(f"it is not exactly one body in {encoding}")

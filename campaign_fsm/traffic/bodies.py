"""Bodies that were recorded as they went over the wire: compressed."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from typing import Final, Never

MOST_BODY: Final = 64 * 2**20
"""Bytes; a larger body is not read."""

GZIP: Final = re.compile(rb"\x1f\x8b\x08")

Fail = Callable[[str], Never]


def is_zlib(body: bytes) -> bool:
    """Whether a body begins as zlib's format does."""
    return len(body) > 1 and body[0] & 15 == 8 and int.from_bytes(body[:2]) % 31 == 0


def decompressed(body: bytes | None, headers: list[tuple[str, str]] | None, fail: Fail) -> bytes | None:
    """The body as it was meant; None if it is compressed in a way that cannot be undone here.

    Args:
        body: What was recorded.
        headers: Those that came with it.
        fail: Called with a sentence if it is damaged, or too large.
    """
    named = ",".join(value for name, value in headers or () if name.lower() == "content-encoding")
    for coding in reversed([part.strip().lower() for part in named.split(",")]):
        if not body or coding in {"", "identity"}:
            continue
        if coding in {"gzip", "x-gzip"}:
            # Some recorders keep the header and hold the body without its compression.
            body = _inflated(body, zlib.MAX_WBITS | 16, fail) if GZIP.match(body) else body
        elif coding == "deflate":
            body = _deflated(body, fail)
        else:
            return None
    return body


def _deflated(body: bytes, fail: Fail) -> bytes:
    # With zlib's header, as the standard has it, or without, as some servers do it.
    if is_zlib(body):
        return _inflated(body, zlib.MAX_WBITS, fail)
    try:
        return _unpacked(body, -zlib.MAX_WBITS, fail)
    except zlib.error:
        return body


def _inflated(body: bytes, window: int, fail: Fail) -> bytes:
    try:
        return _unpacked(body, window, fail)
    except zlib.error:
        fail("a compressed body is damaged or cut off")


def _unpacked(body: bytes, window: int, fail: Fail) -> bytes:
    plain = bytearray()
    while body:
        inflater = zlib.decompressobj(window)
        plain += inflater.decompress(body, MOST_BODY + 1 - len(plain))
        if len(plain) > MOST_BODY:
            fail(f"a body is larger than {MOST_BODY} bytes when it is decompressed")
        if not inflater.eof:
            raise zlib.error
        # What follows is another part of it for gzip, and padding otherwise.
        body = inflater.unused_data if GZIP.match(inflater.unused_data) else b""
    return bytes(plain)

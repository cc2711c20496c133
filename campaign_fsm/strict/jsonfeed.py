"""What is given to a JSON parser, piece by piece, so that a long text costs no more than its length.

A parser looks at a text from its beginning again with each piece of it, and keeps what it has of it. So the end of a
text that fills whole pieces is looked for here, and what has been found is given in one piece, or left out.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Generator, Iterator
from contextlib import suppress
from typing import Any, Final, Protocol

import ijson  # type: ignore[import-untyped]


class Readable(Protocol):
    """What has bytes to read."""

    def read(self, size: int = -1, /) -> bytes: ...


class Cut(str):
    """The beginning of a text that is too long to be kept."""

    __slots__ = ()


UNPAIRED: Final = "\ufdd0"
"""What stands where an unpaired surrogate stood: a code point that is kept free for use inside programs."""

# Small enough that the tokens of a piece stay in the processor's cache.
_CHUNK: Final = 2**14
_KEPT: Final = 64

_CONTINUATION: Final = bytes(range(0x80, 0xC0))
# What stands between texts, but for the beginning of one of the three literals.
_BETWEEN: Final = b" \t\r\n,:0123456789+-.eE"
_LITERAL: Final = 4
_IN_TEXT: Final = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)
# Behind so many of these, or one that is no hexadecimal digit, no escape and no character is under way.
_PLAIN: Final = re.compile(rb'[^"\\\x80-\xff](?:[^"\\\x80-\xff0-9a-fA-F]|[^"\\\x80-\xff]{7})')
_ESCAPES: Final = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}(\\u[dD][c-fC-F][0-9a-fA-F]{2})?|(u[dD][c-fC-F][0-9a-fA-F]{2})|.)", re.DOTALL
)
# What Python writes where JSON has no number. A quote that ends a key stands before it, which in a text is escaped.
_NO_NUMBER: Final = re.compile(rb'(?<!\\)("\s*:\s*)(?:NaN|-?Infinity)\b')
# Likewise numbers, and lists of them, of so many digits that one may need more than 64 bits.
_NUMBERS: Final = re.compile(rb'(?<!\\)"\s*[:,][-\s\[\],0-9.eE+]{19,}')
_LONG_NUMBER: Final = re.compile(rb"(?<![-0-9.eE+])-?[0-9]{19,}(?![0-9.eE])")
_DIGITS: Final = bytes(ord("0") if byte in b"0123456789" else byte for byte in range(256))
_MANY: Final = b"0" * 19
_LARGEST: Final = 2**63
_MOST_DIGITS: Final = 300
_BEGUN: Final = re.compile(rb'"\s*(?:[:,](?:\s*-?[INa-z]*|[-\s\[\],0-9.eE+]*))?\Z')
_WINDOW: Final = 2**13
_ESCAPE: Final = ord("\\")
_HIGH: Final = re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}")
_PAIR: Final = 12  # bytes of two escapes


class Feed:
    """The tokens of a JSON file, in lists as they come.

    `UNPAIRED` takes the place of an escape that stands for no character, null that of NaN and a float that of a number
    beyond 64 bits, where they are the values of keys.

    Args:
        stream: The file.
        longest: A text of more bytes is given as a `Cut`, if it holds anything but escapes.

    Attributes:
        ended: Whether the file has been read to its end.
        cut: Whether a text was cut.
        mended: Whether `UNPAIRED` took a place.
    """

    def __init__(self, stream: Readable, longest: int) -> None:
        self.ended = self.cut = self.mended = False
        self._stream = stream
        self._longest = longest
        self._held = self._next = self._last = b""
        self._first = True
        self._tokens: list[tuple[str, Any]] = ijson.sendable_list()
        self._parser: Any = None

    def lists(self) -> Generator[list[tuple[str, Any]], None, None]:
        """The tokens. Whoever ends early closes it: the parser in Python complains when it is found lying about."""
        # Else a number of thousands of digits ends the process, where the parser is in C.
        self._parser = ijson.basic_parse_coro(self._tokens, use_float=True)
        try:
            yield from self._lists()
        finally:
            with suppress(Exception):
                self._parser.close()

    def _lists(self) -> Iterator[list[tuple[str, Any]]]:
        tokens = self._tokens
        piece, more = self._read(), True
        while more:
            try:
                more = self._give(piece)
                if piece and not tokens and _within_text(piece):
                    self._text(piece)
            except Exception:
                yield tokens  # what came before it
                raise
            yield tokens
            tokens.clear()
            piece = self._read()

    def _give(self, piece: bytes) -> bool:
        """Give a piece to the parser; whether it takes more."""
        self._first = not self._last
        self._last = piece or self._last
        try:
            self._parser.send(piece)
        except StopIteration:
            return False
        return True

    def _text(self, begun: bytes) -> None:
        """Give the rest of a text that is under way."""
        escaped = (len(begun) - len(begun.rstrip(b"\\"))) % 2
        pieces: list[bytes] = []
        given, kept, size, cut, closed = len(begun), 0, 0, False, False
        while not closed and (piece := self._read()):
            inside = _IN_TEXT.match(piece, escaped)
            end = inside.end() if inside else len(piece)
            escaped = 0
            if piece[end : end + 1] == b'"':
                closed = True
                piece, self._next = piece[:end], piece[end + 1 :]
            elif end < len(piece):
                escaped = 1
            size += len(piece)
            if not cut:
                pieces.append(piece)
                kept += len(piece)
                cut = size > self._longest and self._leave(pieces)
            if not cut and kept > max(given, self._longest):
                # As much again as the parser looks at again.
                self._give(b"".join(pieces))
                given, kept = given + kept, 0
                pieces.clear()
        self._give(b"".join(pieces) + b'"' * closed)
        if cut and self._tokens:
            kind, text = self._tokens[0]
            self._tokens[0] = kind, Cut(text[:_KEPT])
            self.cut = True

    def _leave(self, pieces: list[bytes]) -> bool:
        """Leave out the text from where it can be left in the first of the pieces; whether it can."""
        plain = _PLAIN.search(pieces[0])
        if plain is None:
            return False
        pieces[:] = [pieces[0][: plain.end()]]
        return True

    def _read(self) -> bytes:
        if self._next:
            piece, self._next = self._next, b""
            return piece
        piece = self._stream.read(_CHUNK)
        while True:
            self.ended = not piece
            whole = self._held + piece if self._held else piece
            at = len(whole) if self.ended else _unfinished(whole)
            piece, self._held = whole[:at], whole[at:]
            if piece or self.ended:
                break
            piece = self._stream.read(_CHUNK)
        if b"\\u" in piece and (b"\\ud" in piece or b"\\uD" in piece):
            piece = _ESCAPES.sub(self._mended, piece)
        if b": NaN" in piece or b"Infinity" in piece:
            piece = _NO_NUMBER.sub(rb"\1null", piece)
        # Every other byte shows mostly whether there are so many digits in a row.
        if b"000000000" in piece[::2].translate(_DIGITS) and _MANY in piece.translate(_DIGITS):
            piece = _NUMBERS.sub(_with_floats, piece)
        return piece

    def _mended(self, escape: re.Match[bytes]) -> bytes:
        found = escape[0]
        if escape[1] or not (escape[2] or len(found) == _PAIR // 2):
            return found
        self.mended = True
        return b"\\u%04x" % ord(UNPAIRED)

    def is_text(self) -> bool:
        """Whether the piece given last is UTF-8, apart from a character that it may break off at either end."""
        whole = self._last if self._first else self._last.lstrip(_CONTINUATION)
        try:
            codecs.getincrementaldecoder("utf-8")().decode(whole)
        except UnicodeDecodeError:
            return False
        return True


def _with_floats(numbers: re.Match[bytes]) -> bytes:
    return _LONG_NUMBER.sub(_as_float, numbers[0])


def _as_float(number: re.Match[bytes]) -> bytes:
    digits = number[0]
    if len(digits) > _MOST_DIGITS:
        return b"null"
    return digits if -_LARGEST <= int(digits) < _LARGEST else digits + b".0"


def _within_text(piece: bytes) -> bool:
    """Whether a piece without a token ends within a text, and at a place in it that is known."""
    return len(piece.translate(None, _BETWEEN)) > _LITERAL and bool(piece.rstrip(b"\\"))


def _unfinished(piece: bytes) -> int:
    """Where the escapes begin that a piece may break off, or the end of a key before its number."""
    at = piece.find(b"\\", max(len(piece) - _PAIR, 0))
    if at < 0:
        end = piece.rfind(b'"', max(len(piece) - _WINDOW, 0))
        escaped = end > 0 and piece[end - 1] == _ESCAPE
        return end if end >= 0 and not escaped and _BEGUN.match(piece, end) else len(piece)
    if _HIGH.match(piece, max(at - _PAIR // 2, 0), at):
        at -= _PAIR // 2
    return len(piece[:at].rstrip(b"\\"))

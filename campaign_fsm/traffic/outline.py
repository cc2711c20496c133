"""The outline of JSON that may break off or be broken: which keys it has, down to a few levels."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from attrs import define, field

_TOKEN: Final = re.compile(
    rb'"[^"\\]*(?:\\.[^"\\]*)*(?P<end>"|\\?\Z)|[{}\[\]:,]|[^\s"{}\[\]:,]+',
    flags=re.DOTALL,
)
_MOST_DEPTH: Final = 4
# A long list says what it is by its first items.
_MOST_ITEMS: Final = 20
# However much is looked at: a long text is one of these.
_MOST_TOKENS: Final = 40_000


@define
class Outline:
    """A value as far as it was seen.

    Attributes:
        kind: The byte that it begins with, ``"`` for a text; a letter or digit for numbers and the like; empty if there
            is none.
        text: A text, or a number and the like, as it stands.
        members: The members of an object, of those that are not too deep in it.
        items: The first items of an array, likewise.
        closed: It was seen to its end.
    """

    kind: str = ""
    text: str = ""
    members: dict[str, Outline] = field(factory=dict)
    items: list[Outline] = field(factory=list)
    closed: bool = False

    def __getitem__(self, key: str) -> Outline:
        """The member of this key; one of no kind if there is none."""
        return self.members.get(key) or Outline()

    @property
    def keys(self) -> frozenset[str]:
        """The keys of an object."""
        return frozenset(self.members)

    @property
    def objects(self) -> list[Outline]:
        """The first objects in an array."""
        return [item for item in self.items if item.kind == "{"]

    @property
    def first(self) -> Outline:
        """The first object in an array; one of no kind if there is none."""
        return next(iter(self.objects), Outline())


def outline(data: bytes) -> tuple[Outline, bytes]:
    """The outline of the first value, and what follows it."""
    scanner = _Scanner(data)
    found = scanner.value(next(scanner.tokens, b""), 1)
    return found, data[scanner.at :]


class _Scanner:
    def __init__(self, data: bytes) -> None:
        self.at = 0
        self.tokens = self._scan(data)

    def _scan(self, data: bytes) -> Iterator[bytes]:
        for found in islice(_TOKEN.finditer(data), _MOST_TOKENS):
            self.at = found.end()
            if found["end"] not in {None, b'"'}:
                # A text without an end.
                return
            yield found[0]

    def value(self, token: bytes, depth: int) -> Outline:
        if token == b"{":
            return self._object(depth)
        if token == b"[":
            return self._array(depth)
        text = _text(token)
        return Outline(token[:1].decode("latin-1"), text, closed=True)

    def _object(self, depth: int) -> Outline:
        found = Outline("{")
        if depth > _MOST_DEPTH:
            found.closed = self._past()
            return found
        for token in self.tokens:
            if token == b"}":
                found.closed = True
                break
            if token[:1] != b'"':
                continue
            member = next(self.tokens, b"")
            if member == b":":
                member = next(self.tokens, b"")
            if member == b"}":
                found.closed = True
                break
            found.members.setdefault(_text(token), self.value(member, depth + 1))
        return found

    def _array(self, depth: int) -> Outline:
        found = Outline("[")
        if depth > _MOST_DEPTH:
            found.closed = self._past()
            return found
        for token in self.tokens:
            if token == b"]":
                found.closed = True
                break
            if token == b",":
                continue
            if len(found.items) < _MOST_ITEMS:
                found.items.append(self.value(token, depth + 1))
            elif token in {b"{", b"["}:
                self._past()
        return found

    def _past(self) -> bool:
        """Go past the end of what has begun; whether there is one."""
        depth = 1
        for token in self.tokens:
            depth += (token in {b"{", b"["}) - (token in {b"}", b"]"})
            if not depth:
                return True
        return False


def _text(token: bytes) -> str:
    try:
        return str(json.loads(token)) if token[:1] == b'"' else token.decode()
    except ValueError:
        return token.decode("latin-1")

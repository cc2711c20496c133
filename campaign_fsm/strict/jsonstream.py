"""A JSON file read as it comes, in memory that does not grow with it, and with a place for every error."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any, Final, Never

import ijson  # type: ignore[import-untyped]

from campaign_fsm.printable import quoted
from campaign_fsm.private import printable_key
from campaign_fsm.strict.jsonfeed import Feed, Readable
from campaign_fsm.strict.unreadable import UnreadableRecording

Shape = Mapping[str, Any]
"""The keys of an object that are wanted, each with the shape of its value; what has no other key is left out."""

WHOLE: Final[Shape] = {}
"""The shape of a value of which everything is wanted."""

_MOST_DEPTH: Final = 200

_STARTS: Final = frozenset({"start_map", "start_array"})
_ENDS: Final = frozenset({"end_map", "end_array"})
_BREAKS_OFF: Final = "it ends in the middle"
_LONGEST: Final = 16 * 2**20

# What the parsers raise, also for numbers and surrogates that they do not foresee.
_BROKEN: Final = (ijson.JSONError, ValueError, ArithmeticError, StopIteration)


class JsonStream:
    """The tokens of one JSON file, and the values they make up.

    Duplicate keys of objects that are built, unpaired surrogates, and nesting deeper than 200 levels are errors.

    Args:
        path: The file's name, for errors.
        stream: Its bytes.
        tolerant: Of an item that can be read in part, give that part: of duplicate keys the first, the beginning of a
            text of more than 16 MiB (`jsonfeed.Cut`), and `jsonfeed.UNPAIRED` for an unpaired surrogate.

    Attributes:
        place: The number of the entry that is being read, for errors; 0 outside of entries.
        repeated: The keys of items that were there twice, as long as nobody clears it.
    """

    def __init__(self, path: str, stream: Readable, *, tolerant: bool = False) -> None:
        self.place = 0
        self.repeated: set[str] = set()
        self._path = path
        self._tolerant = tolerant
        self._feed = Feed(stream, _LONGEST if tolerant else None, mend=tolerant)
        self._lists = self._feed.lists()
        self._tokens: Iterator[tuple[str, Any]] = chain.from_iterable(self._lists)

    @property
    def partial(self) -> bool:
        """Whether a text was cut, or a surrogate was unpaired, up to here or a little after it."""
        return self._feed.cut or self._feed.mended

    def fail(self, reason: str, error: type[UnreadableRecording] = UnreadableRecording) -> Never:
        """End the reading for this reason."""
        self._lists.close()
        raise error(self._path, self.place, "entry", reason)

    def _reason(self, error: Exception, *, whole: bool = False) -> str:
        # By what was read, and not by the words of the parser: there are several, and each has its own.
        if not self._feed.is_text():
            return "it is not UTF-8"
        if isinstance(error, UnicodeError):
            return "it holds an unpaired surrogate, which stands for no character"
        if self._feed.ended and not whole and isinstance(error, ijson.IncompleteJSONError | StopIteration):
            return _BREAKS_OFF
        # What follows the first line shows a piece of the file, which may say anything.
        reason = str(error).replace("\\n", "\n").partition("\n")[0]
        if isinstance(error, ArithmeticError) or ("overflow" in reason and not reason.startswith("Unexpected symbol")):
            return "a number in it is too large"
        return f"it is not JSON ({quoted(reason)})"

    def next(self) -> tuple[str, Any]:
        """The next token: its kind and its value."""
        try:
            return next(self._tokens)
        except _BROKEN as error:
            self.fail(self._reason(error))

    def end(self) -> None:
        """See that nothing follows."""
        try:
            for _ in self._tokens:
                self.fail("something follows the end of the JSON value")
        except _BROKEN as error:
            self.fail(self._reason(error, whole=True))

    def keys(self) -> Iterator[str]:
        """The keys of the object that has just begun; whoever asks for the next has read the value."""
        seen = set()
        while (token := self.next())[0] == "map_key":
            key: str = token[1]
            if key in seen:
                self._twice(key)
            seen.add(key)
            yield key

    def items(self, shape: Shape = WHOLE) -> Iterator[Any]:
        """The items of the array that has just begun, each as far as it is wanted."""
        while (token := self.next())[0] != "end_array":
            yield self._whole(*token, shape)

    def value(self) -> Any:
        """The next value."""
        return self._whole(*self.next(), WHOLE)

    def skip(self) -> None:
        """Leave out the next value."""
        kind, _ = self.next()
        try:
            self._skip(kind)
        except _BROKEN as error:
            self.fail(self._reason(error))

    def _whole(self, kind: str, value: Any, shape: Shape) -> Any:
        try:
            return self._value(kind, value, shape, 1)
        except _BROKEN as error:
            self.fail(self._reason(error))

    # From here on the parser's exceptions pass: a `try` for each token costs more than the token.

    def _value(self, kind: str, value: Any, shape: Shape, depth: int) -> Any:
        if kind == "start_map":
            return self._object(shape, depth)
        if kind != "start_array":
            return value
        self._deep(depth)
        items: list[Any] = []
        for inner, item in self._tokens:
            if inner == "end_array":
                return items
            items.append(self._value(inner, item, shape, depth + 1))
        raise StopIteration

    def _object(self, shape: Shape, depth: int) -> dict[str, Any]:
        self._deep(depth)
        members: dict[str, Any] = {}
        tokens = self._tokens
        for kind, key in tokens:
            if kind == "end_map":
                return members
            inner, value = next(tokens)
            if shape and key not in shape:
                if inner in _STARTS:
                    self._skip(inner)
            elif key in members:
                if not self._tolerant:
                    self._twice(key)
                self.repeated.add(key)
                self._skip(inner)
            elif inner in _STARTS:
                members[key] = self._value(inner, value, shape[key] if shape else shape, depth + 1)
            else:
                members[key] = value
        raise StopIteration

    def _skip(self, kind: str) -> None:
        if kind not in _STARTS:
            return
        depth = 1
        for inner, _ in self._tokens:
            if inner in _STARTS:
                depth += 1
                self._deep(depth)
            elif inner in _ENDS:
                depth -= 1
                if not depth:
                    return
        raise StopIteration

    def _deep(self, depth: int) -> None:
        if depth > _MOST_DEPTH:
            self.fail("it is nested too deeply")

    def _twice(self, key: str) -> Never:
        self.fail(f"the key {printable_key(key)} is there twice in one object")

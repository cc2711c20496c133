"""A JSON file read as it comes, in memory that does not grow with it, and with a place for every error."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain, islice
from typing import Any, Final, Never

import ijson  # type: ignore[import-untyped]

from campaign_fsm.printable import quoted
from campaign_fsm.private import printable_key
from campaign_fsm.strict.jsonfeed import UNPAIRED, Cut, Feed, Readable
from campaign_fsm.strict.unreadable import UnreadableRecording

Shape = Mapping[str, Any]
"""The keys of an object that are wanted, each with the shape of its value; what has no other key is left out."""

WHOLE: Final[Shape] = {}
"""The shape of a value of which everything is wanted."""

MOST_ITEMS: Final = 10_000
"""The items that are kept of a list in an item with a shape."""

_MOST_DEPTH: Final = 200
# Nothing is kept of what is left out but its depth.
_MOST_DEPTH_LEFT_OUT: Final = 10_000
_TOO_DEEP: Final = Cut("nested")

_STARTS: Final = frozenset({"start_map", "start_array"})
_FLAT: Final = frozenset({"map_key", "string", "number", "boolean", "null"})
_BREAKS_OFF: Final = "it ends in the middle"
_LONGEST: Final = 16 * 2**20

# What the parsers raise, also for numbers and surrogates that they do not foresee.
_BROKEN: Final = (ijson.JSONError, ValueError, ArithmeticError, StopIteration)


class JsonStream:
    """The tokens of one JSON file, and the values they make up.

    Of an item that can be read in part, that part is given: of duplicate keys the first, the beginning of a text of
    more than 16 MiB (`jsonfeed.Cut`), which also stands for what is nested too deeply, and `jsonfeed.UNPAIRED` for an
    unpaired surrogate.

    Args:
        path: The file's name, for errors.
        stream: Its bytes.

    Attributes:
        place: The number of the entry that is being read, for errors; 0 outside entries.
        repeated: The keys of items that were there twice, as long as nobody clears it.
    """

    def __init__(self, path: str, stream: Readable) -> None:
        self.place = 0
        self.repeated: set[str] = set()
        self._path = path
        self._feed = Feed(stream, _LONGEST)
        self._lists = self._feed.lists()
        self._tokens: Iterator[tuple[str, Any]] = chain.from_iterable(self._lists)

    @property
    def partial(self) -> bool:
        """Whether something was cut, or a surrogate was unpaired, up to here or a little after it."""
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
        if depth > _MOST_DEPTH:
            return self._too_deep(kind)
        items: list[Any] = []
        # What is inside an item is taken from the same tokens, so these are the items alone.
        for inner, item in islice(self._tokens, MOST_ITEMS if shape else None):
            if inner == "end_array":
                return items
            is_object = inner == "start_map"
            items.append(self._object(shape, depth + 1) if is_object else self._value(inner, item, shape, depth + 1))
        self._skip(kind)
        self._feed.cut = True
        return items

    def _object(self, shape: Shape, depth: int) -> Any:
        if depth > _MOST_DEPTH:
            return self._too_deep("start_map")
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
                self.repeated.add(key)
                self._skip(inner)
            elif inner == "string":
                members[key] = value
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
            if inner in _FLAT:
                continue
            if inner in _STARTS:
                depth += 1
                if depth > _MOST_DEPTH_LEFT_OUT:
                    self.fail("it is nested too deeply")
            else:
                depth -= 1
                if not depth:
                    return
        raise StopIteration

    def _too_deep(self, kind: str) -> Cut:
        self._skip(kind)
        self._feed.cut = True
        return _TOO_DEEP

    def _twice(self, key: str) -> Never:
        self.fail(f"the key {printable_key(key)} is there twice in one object")


def is_cut(value: Any) -> bool:
    """Whether something in a value is not what stands in the file (`JsonStream.partial`)."""
    if isinstance(value, dict):
        return any(is_cut(key) or is_cut(entry) for key, entry in value.items())
    if isinstance(value, list):
        return any(map(is_cut, value))
    return isinstance(value, str) and (isinstance(value, Cut) or UNPAIRED in value)

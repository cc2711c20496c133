"""YAML without its surprises: mappings, lists and texts, each with the line it stands on.

Nothing is guessed from the look of a text: ``2026-01-05``, ``no`` and ``012`` stay what they are. What
makes YAML dangerous or ambiguous is an error with its line: tags that name types of a program, merge
keys, duplicate keys, aliases that multiply, and nesting without end. `YamlStream`, where one odd value must
not stop the rest, says it of the value instead, except for the limits, and has `UNPAIRED` for each byte that is no
text and each character that YAML does not allow. No tag ever makes an object.

The parser's events are read, and not PyYAML's nodes, which take 25 times the memory of the file.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import re
from collections.abc import Iterator
from typing import Any, BinaryIO, Final, NamedTuple, Never

import yaml
from attrs import frozen

from campaign_fsm.printable import quoted
from campaign_fsm.private import printable_key
from campaign_fsm.strict.jsonfeed import UNPAIRED, Readable
from campaign_fsm.strict.unreadable import UnreadableRecording

_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_STANDARD: Final = "tag:yaml.org,2002:"
_BINARY: Final = f"{_STANDARD}binary"
_NULL: Final = f"{_STANDARD}null"
_MAP: Final = f"{_STANDARD}map"
_LIST: Final = f"{_STANDARD}seq"
_TEXTS: Final = frozenset(f"{_STANDARD}{name}" for name in ("str", "int", "float", "bool", "timestamp"))
_SECOND: Final = "a second document begins, and only one can be read"
_NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})
_KNOWN: Final = re.compile(r"!![a-z]+|!{1,2}(?:python|ruby)/[A-Za-z_.:/]+")
_NOT_ALLOWED: Final = re.compile("[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# What is held of the values that have an anchor, in characters of the file and values of some hundred bytes each.
_HELD: Final = 16 * 2**20
_VALUE: Final = 128


class YamlText(str):
    """A scalar.

    Attributes:
        plain: It stands without quotes, and not as a block, so that it may be meant as a number or a date.
        line: The line it begins on.
    """

    __slots__ = ("line", "plain")
    line: int
    plain: bool


class YamlMapping(dict[str, Any]):
    """A mapping.

    Attributes:
        line: The line it begins on.
        lines: The line of each key.
        odd: Why it cannot be read in one way, None if it can; only from a `YamlStream`.
    """

    __slots__ = ("line", "lines", "odd")

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line
        self.lines: dict[str, int] = {}
        self.odd: str | None = None


@frozen
class YamlOdd:
    """A value that is not what its tag says it is, or whose tag says nothing here.

    Attributes:
        reason: Why it cannot be taken as it stands.
        tag: Its tag, the standard ones as ``!!name``.
        value: What it would be without the tag.
    """

    reason: str
    tag: str
    value: Any

    @property
    def text(self) -> str | None:
        """The one text that it is made of, if it is: the arguments of an object of one text are that text."""
        value = self.value.get("args") if isinstance(self.value, YamlMapping) else self.value
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        return str(value) if isinstance(value, YamlText) else None


class Tags(NamedTuple):
    """Tags that mean one of the plain kinds, beside those of YAML itself."""

    texts: frozenset[str] = frozenset()
    lists: frozenset[str] = frozenset()
    binaries: frozenset[str] = frozenset()


def load(
    stream: BinaryIO | Readable,
    path: str,
    *,
    most_depth: int = 64,
    most_nodes: int = 2_000_000,
    most_alias_nodes: int = 100_000,
) -> Any:
    """The one document of a YAML file, of `YamlMapping`, `list`, `YamlText`, `bytes` (for ``!!binary``) and None.

    None stands for an empty, a ``~`` and a ``null`` that are not in quotes, and for a file without a
    document.

    Args:
        stream: The file's bytes.
        path: Its name, for errors.
        most_depth: How deeply collections may be nested.
        most_nodes: How many scalars and collections there may be.
        most_alias_nodes: How many there may be more if each alias stood for its own copy.

    Raises:
        UnreadableRecording: It is not YAML, or not of this plain kind; `place` is the line.
    """
    return _Builder(stream, path, _Limits(most_depth, most_nodes, most_alias_nodes)).document()


class YamlStream:
    """A YAML file read as it comes, in memory that does not grow with it; like `JsonStream`.

    What is odd of a value is said by `YamlOdd` and `YamlMapping.odd`. The limit of `load` for the number of values
    holds for each value that is given out, the one for aliases grows with the file.

    Attributes:
        place: The line of the item that was given out last, for errors; 0 outside items.
        last: It is the last of its list. A file that was cut ends in it, and is often still YAML.
    """

    def __init__(self, path: str, stream: Readable, tags: Tags) -> None:
        self.place = 0
        self.last = False
        self._path = path
        self._text = _Mended(stream)
        self._builder = _Lenient(self._text, path, _Limits(), tags)

    @property
    def partial(self) -> bool:
        """Whether `UNPAIRED` took a place, up to here or a little after it."""
        return self._text.mended

    def fail(self, reason: str) -> Never:
        """End the reading for this reason."""
        raise UnreadableRecording(self._path, self.place or self._builder.line, "line", reason)

    def next(self) -> str:
        """Begin with the next value; its kind, in the words of `JsonStream`. Only collections can be gone into."""
        return self._builder.begin()

    def keys(self) -> Iterator[str]:
        """The keys of the mapping that has just begun; whoever asks for the next has read the value."""
        return self._builder.keys()

    def items(self) -> Iterator[Any]:
        """The items of the list that has just begun."""
        for line, item, last in self._builder.items():
            self.place, self.last = line, last
            yield item
        self.place = 0

    def value(self) -> Any:
        """The next value."""
        return self._builder.value()

    def skip(self) -> None:
        """Leave out the next value."""
        self._builder.value()

    def end(self) -> None:
        """See that nothing follows."""
        self._builder.end()


class _Mended:
    """A stream with `UNPAIRED` for what is no text. A parser takes nothing of the block that it finds it in."""

    def __init__(self, stream: Readable) -> None:
        self.mended = False
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")

    def read(self, size: int = -1, /) -> bytes:
        text, piece = "", b"x"
        while piece and not text:
            piece = self._stream.read(size)
            text = self._decoder.decode(piece, final=not piece)
        text, found = _NOT_ALLOWED.subn(UNPAIRED, text)
        self.mended = self.mended or found > 0
        return text.encode()


class _Limits(NamedTuple):
    depth: int = 64
    nodes: int = 2_000_000
    alias_nodes: int = 100_000


class _Anchored(NamedTuple):
    """What an anchor stands for, of how many nodes that is, and how deeply it is nested in itself."""

    value: Any
    nodes: int
    height: int


class _Builder:
    _since = ""

    def __init__(self, stream: Any, path: str, limits: _Limits, tags: Tags = Tags()) -> None:  # noqa: B008 (a tuple)
        self.line = 0
        self._event: Any = None
        self._path, self._limits = path, limits
        self._texts, self._binaries = _TEXTS | tags.texts, {_BINARY} | tags.binaries
        self._lists = {_LIST} | tags.lists
        self._nodes = self._alias_nodes = self._deepest = 0
        # None while what the anchor stands for is being read.
        self._anchors: dict[str, _Anchored | None] = {}
        self._events: Iterator[Any] = yaml.parse(stream, Loader=_LOADER)

    def document(self) -> Any:
        found = None
        documents = 0
        while not isinstance(event := self._next(), yaml.StreamEndEvent):
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._fail(_SECOND)
                found = self._node(self._next(), 1)
        return found

    def _fail(self, reason: str, line: int | None = None) -> Never:
        raise UnreadableRecording(self._path, self.line if line is None else line, "line", reason)

    def _odd(self, reason: str, tag: str, value: Any) -> Any:
        """What stands for a value that cannot be taken as it is."""
        self._fail(reason)

    def _odd_tag(self, tag: str) -> None:
        """A collection with an odd tag begins."""
        self._fail(_cannot_be_used(tag))

    def _odd_key(self, mapping: YamlMapping, reason: str, line: int) -> None:
        self._fail(reason, line)

    def _key(self, key: Any) -> Any:
        return key

    def _next(self) -> Any:
        try:
            event = next(self._events)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            self._fail(f"it is not YAML: {error.problem or error.context}", mark.line + 1 if mark else None)
        except yaml.reader.ReaderError as error:
            self._fail(f"it is not text that YAML allows: {error.reason}")
        except (yaml.YAMLError, ValueError, OverflowError, StopIteration) as error:
            self._fail(f"it is not YAML: {error}")
        self.line, self._event = event.start_mark.line + 1, event
        return event

    def _node(self, event: Any, depth: int) -> Any:
        if isinstance(event, yaml.AliasEvent):
            return self._alias(str(event.anchor), depth)
        self._nodes += 1
        if self._nodes > self._limits.nodes:
            self._fail(f"it has more than {self._limits.nodes} values")
        return self._value(event, depth) if event.anchor is None else self._anchored(event, depth)

    def _anchored(self, event: Any, depth: int) -> Any:
        before, deepest = self._nodes + self._alias_nodes, self._deepest
        self._anchors[event.anchor], self._deepest = None, depth - 1
        value = self._value(event, depth)
        nodes = self._nodes + self._alias_nodes - before + 1
        self._anchors[event.anchor] = _Anchored(value, nodes, self._deepest - depth + 1)
        self._deepest = max(deepest, self._deepest)
        return value

    def _alias(self, anchor: str, depth: int) -> Any:
        if anchor not in self._anchors:
            return self._odd(f"the alias {printable_key(anchor)} refers to nothing before it{self._since}", "", None)
        known = self._anchors[anchor]
        if known is None:
            self._fail(f"the alias {printable_key(anchor)} refers to what it is a part of")
        self._alias_nodes += known.nodes
        if self._alias_nodes > self._limits.alias_nodes:
            self._fail(f"its aliases stand for more than {self._limits.alias_nodes} values")
        self._deep(depth - 1 + known.height)
        return known.value

    def _deep(self, depth: int) -> None:
        if depth > self._limits.depth:
            self._fail(f"it is nested more than {self._limits.depth} levels deep")
        self._deepest = max(self._deepest, depth)

    def _value(self, event: Any, depth: int) -> Any:
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event)
        self._deep(depth)
        mapping, tag = isinstance(event, yaml.MappingStartEvent), event.tag
        if tag is None or (tag == _MAP if mapping else tag in self._lists):
            return self._mapping(depth) if mapping else self._sequence(depth)
        self._odd_tag(tag)
        return self._odd(_cannot_be_used(tag), tag, self._mapping(depth) if mapping else self._sequence(depth))

    def _sequence(self, depth: int) -> list[Any]:
        items = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            items.append(self._node(event, depth + 1))
        return items

    def _mapping(self, depth: int) -> YamlMapping:
        found = YamlMapping(self.line)
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            line = self.line
            key = self._key(self._node(event, depth + 1))
            reason = None
            if not isinstance(key, YamlText):
                reason = "a key is not a text"
            elif key == "<<" and key.plain:
                reason = "the merge key `<<` cannot be used"
            elif key in found:
                reason = f"the key {printable_key(key)} is there twice, first on line {found.lines[key]}"
            if reason is not None:
                self._odd_key(found, reason, line)
                self._node(self._next(), depth + 1)
                continue
            found.lines[key] = line
            found[key] = self._node(self._next(), depth + 1)
        return found

    def _scalar(self, event: Any) -> Any:
        tag, value = event.tag, event.value
        plain = not event.style
        if tag is None:
            if plain and value in _NULLS:
                return None
        elif tag in self._binaries:
            try:
                return base64.b64decode("".join(value.split()), validate=True)
            except (binascii.Error, ValueError):
                return self._odd("what is tagged !!binary is not base64", tag, value)
        elif tag == _NULL and value in _NULLS:
            return None
        text = YamlText(value)
        text.plain, text.line = plain, self.line
        return text if tag is None or tag in self._texts else self._odd(_cannot_be_used(tag), tag, text)


class _Lenient(_Builder):
    def __init__(self, stream: Readable, path: str, limits: _Limits, tags: Tags) -> None:
        super().__init__(stream, path, limits, tags)
        # The sizes of what is held, that of the anchor that was used last at the end.
        self._held: dict[str, int] = {}
        self._size = 0

    def _anchored(self, event: Any, depth: int) -> Any:
        anchor, begin, before = event.anchor, event.start_mark.index, self._nodes
        self._drop(anchor)
        value = super()._anchored(event, depth)
        self._drop(anchor)
        self._held[anchor] = self._event.end_mark.index - begin + (self._nodes - before + 1) * _VALUE
        self._size += self._held[anchor]
        while self._size > _HELD:
            oldest = next(iter(self._held))
            self._drop(oldest)
            del self._anchors[oldest]
            self._since = ", or to what is too far before it"
        return value

    def _drop(self, anchor: str) -> None:
        self._size -= self._held.pop(anchor, 0)

    def _alias(self, anchor: str, depth: int) -> Any:
        if anchor in self._held:
            self._held[anchor] = self._held.pop(anchor)
        return super()._alias(anchor, depth)

    def begin(self) -> str:
        event = self._next()
        while isinstance(event, yaml.StreamStartEvent | yaml.DocumentStartEvent):
            event = self._next()
        tag: Any = getattr(event, "tag", None)
        if isinstance(event, yaml.MappingStartEvent):
            known, kind = tag in {None, _MAP}, "start_map"
        elif isinstance(event, yaml.SequenceStartEvent):
            known, kind = tag is None or tag in self._lists, "start_array"
        else:
            return "scalar"
        if not known:
            self._fail(_cannot_be_used(tag))
        return kind

    def keys(self) -> Iterator[str]:
        lines: dict[str, int] = {}
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            line = self.line
            key = self._node(event, 2)
            if not isinstance(key, YamlText):
                self._fail("a key is not a text", line)
            if key in lines:
                self._fail(f"the key {printable_key(key)} is there twice, first on line {lines[key]}", line)
            lines[key] = line
            yield key

    def items(self) -> Iterator[tuple[int, Any, bool]]:
        event = self._next()
        while not isinstance(event, yaml.SequenceEndEvent):
            line = self.line
            item = self._whole(event, 3)
            event = self._next()
            yield line, item, isinstance(event, yaml.SequenceEndEvent)

    def value(self) -> Any:
        return self._whole(self._next(), 2)

    def end(self) -> None:
        while not isinstance(self._event, yaml.StreamEndEvent):
            if isinstance(self._next(), yaml.DocumentStartEvent):
                self._fail(_SECOND)

    def _whole(self, event: Any, depth: int) -> Any:
        self._limits = self._limits._replace(
            nodes=self._nodes + _Limits().nodes,
            # Recorders share what is the same: some aliases a value, but not the whole file in each.
            alias_nodes=_Limits().alias_nodes + 4 * self._nodes,
        )
        return self._node(event, depth)

    def _odd(self, reason: str, tag: str, value: Any) -> YamlOdd:
        return YamlOdd(reason, _short(tag), value)

    def _odd_tag(self, tag: str) -> None:
        pass

    def _odd_key(self, mapping: YamlMapping, reason: str, line: int) -> None:
        mapping.odd = mapping.odd or reason

    def _key(self, key: Any) -> Any:
        text = key.text if isinstance(key, YamlOdd) else None
        if text is None:
            return key
        found = YamlText(text)
        found.plain, found.line = False, self.line
        return found


def _short(tag: str) -> str:
    return f"!!{tag.removeprefix(_STANDARD)}" if tag.startswith(_STANDARD) else tag


def _cannot_be_used(tag: str) -> str:
    short = _short(tag)
    # Another may be what somebody forgot to put in quotes: a password, a number.
    shown = quoted(short) if _KNOWN.fullmatch(short) else f"of {len(short)} characters"
    return f"the tag {shown} cannot be used here"

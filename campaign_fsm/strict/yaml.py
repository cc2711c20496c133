"""YAML without its surprises: mappings, lists and texts, each with the line it stands on.

Nothing is guessed from the look of a text: ``2026-01-05``, ``no`` and ``012`` stay what they are. What
makes YAML dangerous or ambiguous is an error with its line: tags that name types of a program, merge
keys, duplicate keys, aliases that multiply, and nesting without end.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Any, BinaryIO, Final, NamedTuple, Never

import yaml

from campaign_fsm.printable import quoted
from campaign_fsm.strict.jsonfeed import Readable
from campaign_fsm.strict.unreadable import UnreadableRecording

_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_STANDARD: Final = "tag:yaml.org,2002:"
_BINARY: Final = f"{_STANDARD}binary"
_NULL: Final = f"{_STANDARD}null"
_TEXTS: Final = frozenset(f"{_STANDARD}{name}" for name in ("str", "int", "float", "bool", "timestamp"))
_NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})


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
    """

    __slots__ = ("line", "lines")

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line
        self.lines: dict[str, int] = {}


def load(
    stream: BinaryIO | Readable,
    path: str,
    *,
    most_depth: int = 64,
    most_nodes: int = 2_000_000,
    most_alias_nodes: int = 100_000,
    text_tags: frozenset[str] = frozenset(),
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
        text_tags: Tags that mean a text, beside those of YAML itself.

    Raises:
        UnreadableRecording: It is not YAML, or not of this plain kind; `place` is the line.
    """
    limits = _Limits(most_depth, most_nodes, most_alias_nodes)
    return _Builder(stream, path, limits, _TEXTS | text_tags).document()


class _Limits(NamedTuple):
    depth: int
    nodes: int
    alias_nodes: int


class _Anchored(NamedTuple):
    """What an anchor stands for, of how many nodes that is, and how deeply it is nested in itself."""

    value: Any
    nodes: int
    height: int


class _Builder:
    def __init__(self, stream: Any, path: str, limits: _Limits, text_tags: frozenset[str]) -> None:
        self._path, self._limits, self._text_tags = path, limits, text_tags
        self._nodes = self._alias_nodes = self._deepest = self._line = 0
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
                    self._fail("a second document begins, and only one can be read")
                found = self._node(self._next(), 1)
        return found

    def _fail(self, reason: str, line: int | None = None) -> Never:
        raise UnreadableRecording(self._path, self._line if line is None else line, "line", reason)

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
        self._line = event.start_mark.line + 1
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
            self._fail(f"the alias {quoted(anchor)} refers to nothing before it")
        known = self._anchors[anchor]
        if known is None:
            self._fail(f"the alias {quoted(anchor)} refers to what it is a part of")
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
        if isinstance(event, yaml.MappingStartEvent):
            self._tag_fits(event.tag, "map")
            return self._mapping(depth)
        self._tag_fits(event.tag, "seq")
        return self._sequence(depth)

    def _tag_fits(self, tag: str | None, name: str) -> None:
        if tag is not None and tag != f"{_STANDARD}{name}":
            self._bad_tag(tag)

    def _bad_tag(self, tag: str) -> Never:
        name = f"!!{tag.removeprefix(_STANDARD)}" if tag.startswith(_STANDARD) else tag
        self._fail(f"the tag {quoted(name)} cannot be used here")

    def _sequence(self, depth: int) -> list[Any]:
        items = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            items.append(self._node(event, depth + 1))
        return items

    def _mapping(self, depth: int) -> YamlMapping:
        found = YamlMapping(self._line)
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            line = self._line
            key = self._node(event, depth + 1)
            if not isinstance(key, YamlText):
                self._fail("a key is not a text", line)
            if key == "<<" and key.plain:
                self._fail("the merge key `<<` cannot be used", line)
            if key in found:
                self._fail(f"the key {quoted(key)} is there twice, first on line {found.lines[key]}", line)
            found.lines[key] = line
            found[key] = self._node(self._next(), depth + 1)
        return found

    def _scalar(self, event: Any) -> YamlText | bytes | None:
        tag, value = event.tag, event.value
        plain = not event.style
        if tag is None:
            if plain and value in _NULLS:
                return None
        elif tag == _BINARY:
            return self._binary(value)
        elif tag == _NULL and value in _NULLS:
            return None
        elif tag not in self._text_tags:
            self._bad_tag(tag)
        text = YamlText(value)
        text.plain, text.line = plain, self._line
        return text

    def _binary(self, value: str) -> bytes:
        try:
            return base64.b64decode("".join(value.split()), validate=True)
        except (binascii.Error, ValueError):
            self._fail("what is tagged !!binary is not base64")

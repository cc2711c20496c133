"""A cassette's file: which layout it has, and its exchanges as they come."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, BinaryIO, Final

from campaign_fsm.private import printable_key
from campaign_fsm.strict.jsonfeed import UNPAIRED, Cut
from campaign_fsm.strict.jsonstream import JsonStream
from campaign_fsm.strict.unreadable import NotARecording
from campaign_fsm.strict.yaml import Tags, YamlOdd, YamlStream
from campaign_fsm.traffic.cassette import interaction, nock
from campaign_fsm.traffic.exchange import Exchange
from campaign_fsm.traffic.opening import Opened

_STANDARD: Final = "tag:yaml.org,2002:"
# What VCR.py and VCR for Ruby wrote for what is a text, a list and bytes.
_TAGS: Final = Tags(
    texts=frozenset({"!", "!ruby/sym", "!ruby/symbol", "!str"})
    | {f"{_STANDARD}python/{name}" for name in ("unicode", "str", "int", "long", "float", "bool")},
    lists=frozenset({f"{_STANDARD}python/{name}" for name in ("tuple", "list")}),
    binaries=frozenset({"!binary", f"{_STANDARD}python/bytes"}),
)
_VERSIONS: Final = frozenset({"1", "2"})
# A contract between services: what should be answered, and not what was.
_PACT: Final = frozenset({"consumer", "provider"})

_Item = tuple[int, Any, str | None]


def read_cassette(path: str, stream: BinaryIO) -> Iterator[Exchange]:
    """The exchanges of a cassette, one after the other, without holding the file in memory.

    `place` is the line of the interaction in YAML, and its number in JSON. `at` is when it was recorded, where the
    layout keeps that, and otherwise the server's own Date; both are after the request.

    Args:
        path: The file's name, for errors.
        stream: Its bytes.

    Raises:
        NotARecording: It is no cassette.
        UnreadableRecording: It is not YAML or JSON to its end, or of a version that is not known. The exchanges before
            have been given out. An odd interaction is no reason: it is given out as `unread`.
    """
    opened = Opened(stream)
    if opened.head.lstrip()[:1] in {b"{", b"["}:
        source = JsonStream(path, opened)
        yield from _read(path, source, source.next()[0], lambda: source.next()[0])
    else:
        lines = YamlStream(path, opened, _TAGS)
        yield from _read(path, lines, lines.next(), lines.next)


def _items(source: JsonStream | YamlStream) -> Iterator[_Item]:
    # `map` holds no item while it is judged, as a loop would.
    if isinstance(source, YamlStream):
        yield from map(partial(_item, source), source.items())
        return
    source.place = 1
    yield from map(partial(_item, source), source.items())
    source.place -= 1


def _item(source: JsonStream | YamlStream, item: Any) -> _Item:
    found = source.place, item, _doubt(source, item)
    if isinstance(source, JsonStream):
        source.place += 1
    return found


def _doubt(source: JsonStream | YamlStream, item: Any) -> str | None:
    """Why an item is not what stands in the file; None if it is. Of an answer that is not, the body is left out."""
    if isinstance(source, JsonStream) and source.repeated:
        key = min(source.repeated)
        source.repeated.clear()
        return f"the key {printable_key(key)} is there twice in one object"
    if not source.partial or not isinstance(item, dict):
        return None
    answer = item.get("response")
    if _is_cut(answer):
        _without_body(item, answer)
    cut = any(_is_cut(key) or (key != "response" and _is_cut(value)) for key, value in item.items())
    return "it holds a text that is too long, or what is no character" if cut else None


def _without_body(item: dict[str, Any], answer: Any) -> None:
    if nock.is_one(item):
        del item["response"]
    elif isinstance(answer, dict):
        answer.update({key: None for key in ("body", "content", "parsed_body") if _is_cut(answer.get(key))})
    else:
        item["response"] = {}


def _is_cut(value: Any) -> bool:
    if isinstance(value, YamlOdd):
        value = value.value
    if isinstance(value, dict):
        return any(_is_cut(key) or _is_cut(entry) for key, entry in value.items())
    if isinstance(value, list):
        return any(map(_is_cut, value))
    return isinstance(value, str) and (isinstance(value, Cut) or UNPAIRED in value)


def _read(
    path: str,
    source: JsonStream | YamlStream,
    kind: str,
    begin: Callable[[], str],
) -> Iterator[Exchange]:
    if kind == "start_array":
        yield from _list(path, _items(source))
        source.end()
        return
    if kind != "start_map":
        source.end()  # the marks of a merge before a cassette are a text, behind which it is no YAML
        raise NotARecording(path, 0, "line", "it is no cassette, which is a mapping or a list")
    found, version = False, None
    waiting: list[Exchange] = []
    keys: set[str] = set()
    for key in source.keys():  # noqa: SIM118 (not a dict: each key is read from the file)
        keys.add(str(key))
        if key == "version":
            version = source.value()
            _check_version(version, source)
        elif key in {"interactions", "http_interactions"}:
            if begin() != "start_array":
                source.fail(f"its `{key}` are not a list")
            found = found or key == "http_interactions" or version is not None
            for item in _items(source):
                found = found or interaction.is_one(item[1])
                waiting.append(_told(interaction.exchange, item))
                del item  # which is not held while it is judged
                if found and not (isinstance(source, YamlStream) and source.last):
                    yield from waiting
                    waiting.clear()
        else:
            source.skip()
        if keys >= _PACT and not version:
            raise NotARecording(
                path, 0, "line", "it is a contract of Pact, which says what should be, and was not recorded"
            )
    source.end()
    if not keys & {"interactions", "http_interactions"} or not (found or version is not None):
        raise NotARecording(path, 0, "line", "it is no cassette: it has no interactions of a request and a response")
    if "http_interactions" not in keys and version is None:
        # VCR.py writes it last, so this may be a part of one.
        source.fail("it has no `version`, as cassettes of VCR.py and go-vcr have")
    yield from waiting


def _told(exchange: Callable[[Any, int], Exchange], item: _Item) -> Exchange:
    place, value, doubt = item
    found = exchange(value, place)
    found.unread = found.unread or doubt
    return found


def _check_version(version: Any, source: JsonStream | YamlStream) -> None:
    if isinstance(version, bool) or str(version) not in _VERSIONS:
        other = f"of {version}" if re.fullmatch(r"[0-9.]{1,6}", str(version)) else "of another"
        source.fail(f"cassettes of version 1 and 2 are read, and this is {other}")


_LAYOUTS: Final = ((nock.is_one, nock.exchange), (interaction.is_one, interaction.exchange))


def _list(path: str, items: Iterator[_Item]) -> Iterator[Exchange]:
    """The items of a list, each as the first that shows its layout has it."""
    waiting: list[_Item] = []
    for item in items:
        waiting.append(item)
        for is_one, exchange in _LAYOUTS:
            if is_one(item[1]):
                del item
                waiting.reverse()
                while waiting:
                    yield _told(exchange, waiting.pop())
                yield from map(partial(_told, exchange), items)
                return
    raise NotARecording(path, 0, "line", "it is a list, and not of what was recorded")

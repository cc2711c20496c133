"""A cassette's file: which layout it has, and its exchanges as they come."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any, BinaryIO, Final

from campaign_fsm.printable import quoted
from campaign_fsm.strict.jsonfeed import UNPAIRED, Cut
from campaign_fsm.strict.jsonstream import JsonStream
from campaign_fsm.strict.unreadable import NotARecording
from campaign_fsm.strict.yaml import Tags, YamlStream
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
        source = JsonStream(path, opened, tolerant=True)
        yield from _read(path, source, source.next()[0], lambda: source.next()[0], lambda: _numbered(source))
    else:
        lines = YamlStream(path, opened, _TAGS)
        yield from _read(
            path, lines, lines.next(), lines.next, lambda: ((lines.place, item, None) for item in lines.items())
        )


def _numbered(source: JsonStream) -> Iterator[_Item]:
    source.place = 1
    for item in source.items():
        yield source.place, item, _doubt(source, item)
        source.place += 1
    source.place -= 1


def _doubt(source: JsonStream, item: Any) -> str | None:
    """Why an item is not what stands in the file; None if it is. Of an answer that is not, the body is left out."""
    if source.repeated:
        key = min(source.repeated)
        source.repeated.clear()
        return f"the key {quoted(key, 40)} is there twice in one object"
    if not source.partial or not isinstance(item, dict):
        return None
    answer = item.get("response")
    if _is_cut(answer):
        item["response"] = {**answer, "body": None, "content": None} if isinstance(answer, dict) else None
    return "it holds a text that is too long, or half of a character" if _is_cut(item) else None


def _is_cut(value: Any) -> bool:
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
    items: Callable[[], Iterator[_Item]],
) -> Iterator[Exchange]:
    if kind == "start_array":
        yield from _list(path, items())
        source.end()
        return
    if kind != "start_map":
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
            for item in items():
                found = found or interaction.is_one(item[1])
                waiting.append(_told(interaction.exchange, item))
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
        source.fail(f"cassettes of version 1 and 2 are read, and this is {quoted(str(version), 40)}")


_LAYOUTS: Final = ((nock.is_one, nock.exchange), (interaction.is_one, interaction.exchange))


def _list(path: str, items: Iterator[_Item]) -> Iterator[Exchange]:
    """The items of a list, each as the first that shows its layout has it."""
    waiting: list[_Item] = []
    for item in items:
        waiting.append(item)
        for is_one, exchange in _LAYOUTS:
            if is_one(item[1]):
                yield from (_told(exchange, held) for held in chain(waiting, items))
                return
    raise NotARecording(path, 0, "line", "it is a list, and not of what was recorded")

"""JSON that can be read in exactly one way.

Parsers differ over duplicate keys, over keys that differ only in case (Go's standard parser takes
``Action`` for ``action``), over invisible characters, NaN and unpaired surrogates. A text on which
two of them could disagree is no basis for a verdict, so it is not accepted here.
"""

from __future__ import annotations

import json
import unicodedata
from functools import lru_cache
from typing import Any, Final

from campaign_fsm.private import printable_key


class Ambiguous(ValueError):
    """The text is not exactly one UTF-8 JSON object that every parser reads alike.

    `code` is ``CF410`` for keys that could be mistaken for each other, else ``CF409``.
    """

    def __init__(self, detail: str, code: str = "CF409") -> None:
        super().__init__(detail)
        self.code = code


# Longer keys are looked at without being kept.
_LONG: Final = 100
# Marks on one letter that are looked at: as many as Unicode's stream-safe text format has (UAX 15). What
# normalizes longer runs takes a time that grows with their square, and stops all threads for as long.
_MOST_MARKS: Final = 30
# The only characters that become marks and are none (half-width voiced sound marks).
_MARKS_TO_BE: Final = "\uff9e\uff9f"


def fold(text: str) -> str:
    """The form under which a lax parser might take two keys or path segments for the same."""
    return _folded(text) if len(text) <= _LONG else _fold(text)


def casefolded(text: str) -> str:
    """The text compatibility-normalized and in no case, without the marks that are too many on one letter."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", _with_few_marks(text)).casefold())


def _with_few_marks(text: str) -> str:
    if len(text) <= _MOST_MARKS or text.isascii():
        return text
    kept, marks = [], 0
    for char in text:
        marks = marks + 1 if unicodedata.category(char)[0] == "M" or char in _MARKS_TO_BE else 0
        if marks <= _MOST_MARKS:
            kept.append(char)
    return "".join(kept)


def _fold(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text.lower().strip()
    return "".join(char for char in casefolded(text) if unicodedata.category(char)[0] not in "CZ")


_folded: Final = lru_cache(maxsize=1024)(_fold)


def joined(text: str) -> str:
    """`fold` without what joins words: for readers to whom ``Start_Time``, ``start-time`` and ``startTime`` are one."""
    return _joined(text) if len(text) <= _LONG else _join(text)


def _join(text: str) -> str:
    return "".join(char for char in _fold(text) if unicodedata.category(char) not in ("Pc", "Pd", "Zs"))


_joined: Final = lru_cache(maxsize=1024)(_join)


class _Long(Exception):
    """A key that is not to be kept."""


def _check(keys: tuple[str, ...]) -> None:
    seen: dict[str, str] = {}
    for key in keys:
        if _with_few_marks(key) != key:
            raise Ambiguous(f"the key {printable_key(key)} has more marks on a letter than parsers agree on", "CF410")
        folded = fold(key)
        if folded in seen:
            if seen[folded] == key:
                raise Ambiguous(f"it says {printable_key(key)} twice", "CF410")
            raise Ambiguous(
                f"the keys {printable_key(seen[folded])} and {printable_key(key)} could be taken for each other",
                "CF410",
            )
        seen[key if folded == key else folded] = key  # of many keys no second copy


@lru_cache(maxsize=256)
def _known(keys: tuple[str, ...]) -> None:
    """Check the keys of one object; those of the server's objects are the same again and again."""
    if len(keys) > _LONG or max(map(len, keys), default=0) > _LONG:
        raise _Long
    _check(keys)


def look_alikes(keys: tuple[str, ...], word: str) -> tuple[str, ...]:
    """Those of the keys of one object that could be taken for a word and are not it."""
    try:
        return _known_look_alikes(keys, word)
    except _Long:
        return _look_alikes(keys, word)


def _look_alikes(keys: tuple[str, ...], word: str) -> tuple[str, ...]:
    return tuple(key for key in keys if key != word and joined(key) == word)


@lru_cache(maxsize=256)
def _known_look_alikes(keys: tuple[str, ...], word: str) -> tuple[str, ...]:
    if len(keys) > _LONG or any(len(key) > _LONG for key in keys):
        raise _Long
    return _look_alikes(keys, word)


def object_of(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object with these keys and values.

    Raises:
        Ambiguous: A key is there twice, or could be taken for another one.
    """
    found = dict(pairs)
    keys = tuple(found) if len(found) == len(pairs) else tuple(key for key, _ in pairs)
    try:
        _known(keys)
    except _Long:
        _check(keys)
    return found


def _constant(text: str) -> Any:
    raise Ambiguous(f"{text} is not JSON")


_DECODER: Final = json.JSONDecoder(object_pairs_hook=object_of, parse_constant=_constant)


def _surrogate_free(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise Ambiguous("an unpaired surrogate stands for no character") from None


# Levels of a body; no documented one has more than six.
_DEEPEST: Final = 64


def _shallow(value: dict[str, Any]) -> None:
    """Whoever walks through a body calls himself at each level, and can do that only so often."""
    level: list[Any] = [value]
    for _ in range(_DEEPEST):
        below = (each.values() if isinstance(each, dict) else each for each in level)
        level = [each for part in below for each in part if isinstance(each, dict | list)]
        if not level:
            return
    raise Ambiguous("it is nested too deeply")


def read_object(body: bytes) -> dict[str, Any]:
    """The one JSON object that `body` is.

    Raises:
        Ambiguous: It is not, or not for every parser. Nothing else is raised, whatever the bytes.
    """
    if not body.strip():
        raise Ambiguous("it is empty")
    try:
        value = _DECODER.decode(body.decode())
        if b"\\" in body and b"\\u" in body:  # one byte is looked for much faster than two
            _surrogate_free(value)
    except Ambiguous:
        raise
    except UnicodeDecodeError:
        raise Ambiguous("it is not UTF-8") from None
    except RecursionError:
        raise Ambiguous("it is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise Ambiguous(f"it is not JSON ({error})") from None
    except ValueError:  # Python reads no number of more than 4 300 digits
        raise Ambiguous("a number in it is too large") from None
    if not isinstance(value, dict):
        raise Ambiguous("it is not a JSON object")
    if body.count(b"{") + body.count(b"[") > _DEEPEST:  # what has few of them, also in its texts, is not deep
        _shallow(value)
    return value

"""Whether some reader may take a path for a campaign path that is none byte for byte."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator
from functools import lru_cache
from typing import Final

from campaign_fsm.strict.json import casefolded
from campaign_fsm.wire.target import COLLECTIONS

_V2: Final = re.compile(r"v2(\.[a-z].*|:.*)?", re.DOTALL)
# Versions whose rules are not known. Calls have one (v3); the vendor may give campaigns another one any day.
_VERSION: Final = re.compile(r"v[0-9][a-z0-9._-]*")
# Longer paths are looked at without being kept.
_LONG: Final = 8192
_DEEPEST: Final = 16
_MOST_SPELLINGS: Final = 64
_LONGEST_NAME: Final = max(map(len, COLLECTIONS))
# Nothing that is decoded, and nothing that cannot be seen.
_AS_IT_IS: Final = re.compile(r"[!-$&-\[\]-~]*")
_REST: Final = re.compile(r"[\x00-\x20\x7f-\xa0][^/\\]*")
_WORD: Final = re.compile(r"[a-z0-9_-]+")
# What is left of a name on servers that take a suffix for another form of it, or for a stream of a file.
_SUFFIX: Final = re.compile(r"[.:]")
# What servers that turn a path into the few letters of their own code page make of what looks like these.
_LOOKS_LIKE: Final = str.maketrans(
    dict.fromkeys("\u0337\u0338\u2044\u2215\u2571\u27cb\u29f8", "/")
    | dict.fromkeys("\u20e5\u2216\u2572\u27cd\u29f5\u29f9", "\\")
    | dict.fromkeys("\u02d7\u2043\u2212\u2500\u2796", "-")
)
# An escape that was escaped more often than anybody decodes: up to there it stays one, and so it does with fewer.
_ESCAPED_AGAIN: Final = re.compile(rf"%(?:25){{{_DEEPEST + 1},}}")
_ESCAPE: Final = re.compile(rb"%([0-9A-Fa-f]{2})")
_IIS_ESCAPE: Final = re.compile(rb"%(?:[uU]([0-9A-Fa-f]{4})|([0-9A-Fa-f]{2}))")
_ESCAPED_SLASH: Final = re.compile(rb"%(?:u00)?(?:2f|5c)|%c0%af|%c1%9c|%e0%80%af|%e0%81%9c", re.IGNORECASE)
# Bytes that claim to be one character, in the forms of up to six bytes that UTF-8 once had, or none at all.
_UTF8: Final = re.compile(
    rb"[\xc0-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf7][\x80-\xbf]{3}"
    rb"|[\xf8-\xfb][\x80-\xbf]{4}|[\xfc\xfd][\x80-\xbf]{5}|[\x80-\xff]"
)


def could_become_target(path: str) -> bool:
    """Whether some reader may take the path for a campaign path, of this or another version of the API.

    Readers differ in how often and by which rules they decode, whether they fold case, dots, repeated slashes and
    backslashes, and where a segment ends for them (``;…``, ``.json``, a NUL). Every combination is looked at.
    """
    return _suspect(path)[0]


def is_other_version(path: str) -> bool:
    """Whether a path can become a target, but only of a version of the API whose rules are not known."""
    return _suspect(path)[1]


def _suspect(path: str) -> tuple[bool, bool]:
    return _kept(path) if len(path) <= _LONG else _look_at(path)


def _look_at(path: str) -> tuple[bool, bool]:
    lower = path.lower()
    if _AS_IT_IS.fullmatch(path) and ("campaigns" not in lower or "accounts" not in lower):
        return False, False  # it can be read in no other way
    path = _ESCAPED_AGAIN.sub("%" + "25" * (_DEEPEST + 1), path)
    try:
        raw = path.encode("latin-1")
    except UnicodeEncodeError:
        raw = path.encode("utf-8", "surrogatepass")
    other = False
    try:
        for spelling in _spellings(raw):
            for text in _texts(spelling):
                for segments in _readings(text):
                    found = _version(segments)
                    if found == "v2":
                        return True, False
                    other = other or found is not None
    except _TooManyWays:
        return True, False
    return other, other


_kept: Final = lru_cache(maxsize=1024)(_look_at)


def _version(segments: list[tuple[str, ...]]) -> str | None:
    """The version under which the segments name campaigns: ``v2`` if they can name it, else another one or None."""
    other = None
    for version, accounts, _, collection in zip(segments, segments[1:], segments[2:], segments[3:], strict=False):
        if _can_be(accounts, ("accounts",)) and _can_be(collection, COLLECTIONS):
            if any(_V2.fullmatch(form) for form in version):
                return "v2"
            other = other or next((form for form in version if _VERSION.fullmatch(form)), None)
    return other


def _can_be(forms: tuple[str, ...], names: Collection[str]) -> bool:
    """Whether a segment is one of the names, as it is or with a suffix such as ``.json`` or ``::$DATA``."""
    return any(form in names or _SUFFIX.split(form, maxsplit=1)[0] in names for form in forms)


class _TooManyWays(Exception):
    """There are more ways to read a path than anybody can look at."""


def _spellings(path: bytes) -> Iterator[bytes]:
    """What a path is for readers that decode it not at all, once, or more often, each time by rules of their own."""
    seen, level = {path}, [path]
    for _ in range(_DEEPEST):
        yield from level
        level = list(dict.fromkeys(new for old in level for rule in _RULES if (new := rule(old)) not in seen))
        seen.update(level)
        if not level:
            return
        if len(seen) > _MOST_SPELLINGS:
            raise _TooManyWays
    # No reader decodes that often: then only what comes out at last is looked at.
    if len(level) > 1 or len(path) > _LONG:
        raise _TooManyWays
    last, further = b"", level[0]
    while further != last:
        last, further = further, _without_overlong(_unquoted_as_by_iis(further))
    yield last


def _unquoted(path: bytes) -> bytes:
    return _ESCAPE.sub(lambda found: bytes((int(found[1], 16),)), path) if b"%" in path else path


def _unquoted_as_by_iis(path: bytes) -> bytes:
    """``%uXXXX`` is a character to some."""

    def one(found: re.Match[bytes]) -> bytes:
        return chr(int(found[1], 16)).encode("utf-8", "surrogatepass") if found[1] else bytes((int(found[2], 16),))

    return _IIS_ESCAPE.sub(one, path) if b"%" in path else path


def _without_overlong(path: bytes) -> bytes:
    """UTF-8 as readers take it that look at no length: more bytes than a character needs are that character."""

    def one(found: re.Match[bytes]) -> bytes:
        first, *rest = found[0]
        code = first & (0x3F >> len(rest))
        for byte in rest:
            code = code << 6 | byte & 0x3F
        return chr(code).encode("utf-8", "surrogatepass") if rest and code < 0x110000 else b""

    return path if path.isascii() else _UTF8.sub(one, path)


def _in_one_segment(path: bytes) -> bytes:
    """Readers that split a path before they decode it take an escaped slash for a part of a name."""
    return _ESCAPED_SLASH.sub(b"-", path) if b"%" in path else path


_RULES: Final[tuple[Callable[[bytes], bytes], ...]] = (
    _unquoted,
    _unquoted_as_by_iis,
    _without_overlong,
    _in_one_segment,
)


def _texts(path: bytes) -> Iterator[str]:
    """The bytes as text; where they are no UTF-8, as each of those who read them all the same.

    Each also with segments that end where something cannot be seen: what is left may be empty, or a dot.
    """
    try:
        texts = [path.decode()]
    except UnicodeDecodeError:
        texts = [path.decode("utf-8", "replace"), path.decode("utf-8", "ignore"), path.decode("latin-1")]
    for text in texts:
        yield text
        if "\xad" in text:  # to some a hyphen, and nothing to others
            yield text.replace("\xad", "-")
        if (cut := _REST.sub("", text)) != text:
            yield cut


def _readings(path: str) -> Iterator[list[tuple[str, ...]]]:
    folded = casefolded(path)
    if not folded.isascii():
        folded = "".join("-" if unicodedata.category(char) == "Pd" else char for char in folded.translate(_LOOKS_LIKE))
    for separators in (r"/", r"[/\\]") if "\\" in folded else (r"/",):
        raw = re.split(separators, folded)
        segments = [_forms(segment) for segment in raw]
        without_empty = [forms for forms in segments if forms[0] not in ("", ".")]
        yield segments
        yield [forms for segment, forms in zip(raw, segments, strict=True) if segment not in ("", ".")]
        yield without_empty
        yield _resolved(without_empty)


def _forms(segment: str) -> tuple[str, ...]:
    """What a segment may be: first without what cannot be seen, then cut at each such character."""
    if _WORD.fullmatch(segment):
        return (segment,)
    segment = re.split(r"[;?#]", segment, maxsplit=1)[0]
    seen, cut = "", []
    for char in segment:
        if unicodedata.category(char)[0] not in "CZ":
            seen += char
        elif 0 < len(seen) <= _LONGEST_NAME:
            cut.append(seen)
    # Some file-system backed servers ignore dots at the end of a name.
    return tuple(form if form in (".", "..") else form.rstrip(".") for form in (seen, *cut))


def _resolved(segments: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    out: list[tuple[str, ...]] = []
    for forms in segments:
        if forms[0] == "..":
            del out[-1:]
        else:
            out.append(forms)
    return out

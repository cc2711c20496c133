"""What the caches on the way say that they did: an answer that one of them made is no reading."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Final

# An open one is found too: what fails at the end is tried again from each quote, in a time that grows squared.
_QUOTED: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*("?)', re.DOTALL)
# Longer names are looked at without being kept.
_LONG: Final = 64
_WORD: Final = re.compile(r"[a-z0-9]+")
# Made by a cache, of what it had, if also asked for or confirmed behind its back (nginx, Cloudflare, Vercel).
_OLD: Final = frozenset({"stale", "updating", "revalidated"})
# The others that nginx, Cloudflare, Akamai and Kong have, and common ones of those who write such headers by hand.
_PASSED: Final = frozenset(
    {"bypass", "dynamic", "error", "expired", "ignored", "no", "nocache", "none", "notcacheable", "pass", "refresh"}
    | {"disabled", "off", "private", "skip", "uncacheable", "unknown"}
)
# RFC 7234: stale, not revalidated, disconnected, fresh by a guess.
_WARNING: Final = re.compile(r"\s*11[0-3]\b")


def is_from_cache(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether the headers of an answer say that some cache made it, or something that cannot be understood."""
    for key, value in headers:
        read = _known(key) if len(key) <= _LONG else _reader(key)
        if read is not None and read(value.decode("latin-1").lower()):
            return True
    return False


def _is_aged(value: str) -> bool:
    return any(age.strip() != "0" for age in value.split(","))


def _without_quoted(value: str) -> str:
    """The value without what stands in quotes; a quote in it was never closed."""
    return _QUOTED.sub(lambda found: "" if found[1] else '"', value)


def _is_hit(value: str) -> bool:
    """``Cache-Status`` (RFC 9211)."""
    value = _without_quoted(value)
    return '"' in value or any(map(_has_hit, value.split(",")))


def _has_hit(member: str) -> bool:
    """Whether one cache of the list answered: ``ExampleCache; hit; ttl=3``; also one that says ``hit`` and no more."""
    cache, *parameters = (part.strip() for part in member.split(";"))
    keys = {parameter.partition("=")[0].strip() for parameter in parameters if parameter != "hit=?0"}
    return "hit" in keys or "fwd-status=304" in parameters or ("fwd" not in keys and _answered(cache))


def _answered(text: str) -> bool:
    return any(word.endswith("hit") or word in _OLD for word in _WORD.findall(text))


def _some_answered(value: str) -> bool:
    """Free text of many kinds: ``TCP_HIT from host``, ``RefreshHit from cloudfront``, ``MISS, HIT``."""
    return any(_answered(member.partition(" from ")[0]) for member in value.split(","))


def _not_all_passed(value: str) -> bool:
    """One word a cache, of a list that grows with each cache: an unknown one may mean an old answer."""
    return _some_answered(value) or not all(map(_passed, value.split(",")))


def _passed(member: str) -> bool:
    words = _WORD.findall(member.partition(" from ")[0])
    return not words or any(word.endswith("miss") or word in _PASSED for word in words)


def _was_hit(value: str) -> bool:
    """How often each cache had it: ``0, 0`` if none."""
    return any(map(value.__contains__, "123456789"))


def _is_yes(value: str) -> bool:
    return value.strip() not in ("", "0", "false", "no")


def _is_old(value: str) -> bool:
    return any(map(_WARNING.match, _without_quoted(value).split(",")))


def _names_two(value: str) -> bool:
    """The id of the request, and behind it that of the one for which the answer was stored."""
    return any(len(member.split()) > 1 for member in value.split(","))


def _timed_hit(value: str) -> bool:
    """CloudFront's ``cdn-cache-hit``, Akamai's ``cdn-cache; desc=HIT``."""
    return any(member.lstrip().startswith("cdn-cache") and _answered(member) for member in value.split(","))


# Only the first three have a standard (RFC 9111, RFC 9211, RFC 7234).
_READERS: Final[dict[bytes, Callable[[str], bool]]] = {
    b"age": _is_aged,
    b"cache-status": _is_hit,
    b"warning": _is_old,
    b"x-cache": _some_answered,
    b"x-varnish": _names_two,
    b"server-timing": _timed_hit,
}
_BY_END: Final[tuple[tuple[tuple[bytes, ...], Callable[[str], bool] | None], ...]] = (
    # What a cache may do, under which name it would keep it, and (Squid) whether it had it, used or not.
    ((b"-control", b"-key", b"-tag", b"-tags", b"-lookup"), None),
    ((b"-hits",), _was_hit),
    ((b"-status",), _not_all_passed),
    ((b"from-cache",), _is_yes),
)


def _reader(key: bytes) -> Callable[[str], bool] | None:
    """What reads the values of a header, if caches say there what they did."""
    name = key.lower()
    if name in _READERS or b"cache" not in name:
        return _READERS.get(name)
    return next((read for ends, read in _BY_END if name.endswith(ends)), _some_answered)


_known: Final = lru_cache(maxsize=256)(_reader)

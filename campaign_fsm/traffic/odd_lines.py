"""Lines that are no exchange, or not a clear one: what is wrong with them, and what can still be taken of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, Final

import msgspec

from campaign_fsm.errors import UnreadableCallback
from campaign_fsm.printable import quoted
from campaign_fsm.private import printable_key
from campaign_fsm.rules import Channel
from campaign_fsm.strict.json import Ambiguous, joined, read_object
from campaign_fsm.traffic.exchange import NOTHING, Exchange
from campaign_fsm.wire.callback import parse_status_callback
from campaign_fsm.wire.target import is_id

LONGEST: Final = 16 * 2**20
"""The bytes that a line may have."""

BROKEN: Final = (msgspec.MsgspecError, RecursionError, UnicodeDecodeError)
"""What decoding a line raises."""

_NAMING: Final = ("url", "campaign", "callback")
_TAKEN: Final = ("at", "method", "url", "campaign", "channel", "account", "host", "action")
# What is looked at of a line that is no JSON.
_MOST: Final = 64 * 1024


def names_something(exchange: Exchange) -> bool:
    """Whether a line says what it is about."""
    return bool(exchange.url) or exchange.campaign is not None or exchange.callback is not None


def is_ours(exchange: Exchange) -> bool:
    """Whether a line can only be one of a recording: a URL, a campaign or a channel alone is in many files."""
    done = exchange.method or exchange.action or exchange.status_code is not None
    if exchange.url:
        return bool(done) or "campaigns" in exchange.url
    if exchange.campaign is not None:
        return bool(done or exchange.status) or exchange.channel is not None
    if exchange.channel in tuple(Channel):
        return bool(done)  # with a list, or a campaign to be
    # Of one with another type, the method is left.
    return exchange.callback is not None or (exchange.unread is not None and bool(done))


def is_object(line: bytes) -> bool:
    """Whether a line is an object, whatever is in it."""
    try:
        msgspec.json.decode(line.decode("utf-8", "replace"), type=dict)
    except BROKEN:
        return False
    return True


def broken(
    line: bytes, error: Exception, *, of: str = "exchange", keys: Mapping[str, str] | None = None
) -> Exchange | None:
    """What is left of a line that cannot be read.

    Args:
        line: The line.
        error: Why it cannot, one of `BROKEN`.
        of: What a line should be.
        keys: The names that fields have in it, where they are not those of `Exchange`.

    Returns:
        An exchange with `unread` and what could be taken, an empty one for an object that is somebody else's, None
        for a blank line.
    """
    if not line.strip():
        return None
    try:
        value = msgspec.json.decode(line.decode("utf-8", "replace"))
    except BROKEN:
        return Exchange(unread=_reason(error, line, of), **_taken_of_text(line, keys or {}))
    if not isinstance(value, dict):
        return Exchange(unread=_reason(error, line, of))
    if isinstance(value.get("url"), dict) or _text_at(value, *_NESTED_URLS):
        return _nested(value)
    if all(value.get(key) is None for key in _NAMING):
        return Exchange()
    taken = {key: value[key] for key in _TAKEN if isinstance(value.get(key), str)}
    return Exchange(unread=_reason(error, line, of), **taken)


def _reason(error: Exception, line: bytes, of: str) -> str:
    if len(line) > LONGEST:
        return f"it is longer than {LONGEST} bytes"
    try:
        line.decode()
    except UnicodeDecodeError:
        return "it is not UTF-8"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    hint = "; the HTTP status code is status_code, status is the campaign's" if "`$.status`" in str(error) else ""
    return f"it is not one {of} as JSON: {error}{hint}"


def _taken_of_text(line: bytes, spelled: Mapping[str, str]) -> dict[str, Any]:
    """What stands at the top of a line that breaks off, or in which another one begins.

    Nothing is taken of it if it is not clear that all of it is about one thing: a URL of another host would hide the
    rest.
    """
    if len(line) > _MOST:
        return {}
    text = line.decode("utf-8", "replace")
    names = {spelled.get(name, name): name for name in _TAKEN}
    found = list(_keys(frozenset({*names, *_NAMING})).finditer(text))
    naming = [match for match in found if match[1] in _NAMING or names.get(match[1]) == "url"]
    if len(naming) != 1 or text.count("{", 0, naming[0].start()) != 1:
        return {}
    taken: dict[str, Any] = {}
    often = Counter(match[1] for match in found)
    for match in found:
        if match[1] in names and match[2] and often[match[1]] == 1:
            with suppress(*BROKEN):
                taken[names[match[1]]] = msgspec.json.decode(match[2], type=str)
    return taken


@lru_cache(maxsize=16)
def _keys(names: frozenset[str]) -> re.Pattern[str]:
    """Keys of an object, with their value if that is a text."""
    return re.compile(rf'"({"|".join(map(re.escape, names))})"\s*:\s*("(?:[^"\\]|\\.)*")?')


def problem_of(exchange: Exchange, line: bytes) -> str | None:
    """Why it is unknown what a line is about, or what was done there; None if it is clear.

    May add to the exchange what a nested line has.
    """
    unclear = _unclear(exchange) if not exchange.url or exchange.callback is not None else None
    if unclear is not None:
        return unclear
    if not names_something(exchange) and bytes(exchange.request)[:1] == b"{":
        nested = _nested(msgspec.json.decode(line))
        if not nested.url:
            return None
        exchange.url, exchange.method = nested.url, nested.method
        exchange.request = exchange.response = NOTHING  # which is not their bodies
        return nested.unread
    if exchange.callback is None and ("campaigns" in exchange.url or exchange.campaign is not None):
        return _near_miss(exchange, line)
    return None


def _unclear(exchange: Exchange) -> str | None:
    if isinstance(exchange.callback, str):
        try:
            parse_status_callback(exchange.callback)
        except UnreadableCallback as problem:
            # Other files have a URL or the name of a function there.
            exchange.callback = None
            return f"its callback is no object and no text of a status callback: {problem.reason}"
    if exchange.callback is not None:
        both = exchange.url or exchange.method or exchange.action or exchange.request_body is not None
        return "it is a request and a status callback at once; make two lines of it" if both else None
    if exchange.campaign is None and (exchange.channel or "").lower() not in tuple(Channel):
        return None
    if exchange.channel not in tuple(Channel):
        said = None if exchange.channel is None else printable_key(exchange.channel)
        return f"its channel is {said}; without a url it has to be message or voice"
    if exchange.campaign is not None and not is_id(exchange.campaign):
        return f"its campaign is no id: {printable_key(exchange.campaign)}"
    return None


def read_in_two_ways(exchange: Exchange, line: bytes) -> None:
    """Note it if a line has a key twice: another parser would read another line."""
    try:
        read_object(line)
    except Ambiguous as problem:
        exchange.method = ""  # either of them
        exchange.unread = f"it can be read in two ways: {problem}"


# Lines of another form

_NESTED_URLS: Final = ("request.url", "request.uri")


def _text_at(value: Any, *paths: str) -> str:
    """The first text at one of the dotted paths."""
    for path in paths:
        found = value
        for key in path.split("."):
            found = found.get(key) if isinstance(found, dict) else None
        if isinstance(found, str):
            return found
    return ""


def _nested(value: Any) -> Exchange:
    return Exchange(
        url=_text_at(value, *_NESTED_URLS, "url.full", "url.original", "url.path"),
        method=_text_at(value, "request.method", "http.request.method", "method"),
        unread="it is nested, and the plain form has method, url and status_code at the top of a line; "
        "a table [access-log] in the configuration says where they are",
    )


# Keys that are spelled nearly like ours

_KEYS: Final = frozenset(Exchange.__struct_encode_fields__)
_SYNONYMS: Final = {"verb": "method", "httpmethod": "method", "httpstatus": "status_code"}
_SYNONYMS.update({"httpstatuscode": "status_code", "requestmethod": "method", "responsecode": "status_code"})
_SPELLED: Final = ("method", "action", "request", "request_base64", "fields", "status_code")
# "actoin" is near enough to "action", and "request_id" is not to "request".
_NEAR: Final = 0.83
_FAR: Final = 2


def _near_miss(exchange: Exchange, line: bytes) -> str | None:
    """The question whether another key was meant, if the line has such a one, and the key that is meant is missing."""
    wanted = set()
    if not exchange.method:
        wanted.add("method")
    described = exchange.action or exchange.fields or exchange.request_body is not None
    if not described and exchange.method not in ("GET", "HEAD", "DELETE"):
        wanted |= {"action", "request", "request_base64", "fields"}
    if exchange.status_code is None and not exchange.lost and exchange.sent and not exchange.planned:
        wanted.add("status_code")
    if not wanted:
        return None
    for key in msgspec.json.decode(line):
        if key not in _KEYS and (meant := _meant(key)) in wanted:
            return f"it has no {meant}, but {quoted(key, 40)}: did you mean {meant}?"
    return None


@lru_cache(maxsize=1024)
def _meant(key: str) -> str | None:
    """The key of an exchange that another one is a near miss of."""
    known = {joined(name): name for name in _SPELLED} | _SYNONYMS
    spelled = joined(key[:40])
    near = get_close_matches(spelled, [name for name in known if abs(len(name) - len(spelled)) < _FAR], 1, _NEAR)
    return known[near[0]] if near else None

"""Lines of an access log, by a table in the configuration that says where they have what.

::

    [access-log]
    method = "request_method"
    url = "request_uri"
    status_code = "status"

On the left is a key of `Exchange`, on the right the path to its value: ``http.request.method`` is the key ``method`` in
the object ``request`` in the object ``http``, or a key that has the dots in its name.

``at`` is when a request came. nginx writes when it was answered: that is ``ended``, and with ``seconds`` it says when
the request came.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import Any, Final

import msgspec

from campaign_fsm.files import without_mark
from campaign_fsm.printable import quoted
from campaign_fsm.traffic.exchange import Exchange
from campaign_fsm.traffic.odd_lines import BROKEN, broken, names_something
from campaign_fsm.wire.schedule import parse_time

_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_CLF: Final = re.compile(r"\[?(\d\d)/([A-Z][a-z]{2})/(\d{4}):(\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)\]?")
_STATUS: Final = re.compile(r"(-?\d{1,9})(?:\.0+)?(?: +[A-Za-z][^\d]*)?")
# nginx writes one for each server that it asked.
_SEVERAL: Final = re.compile(r"[,:]")
_SECONDS: Final = re.compile(r"-?\d{1,16}(?:\.\d+)?(?:[eE]-\d\d)?s?")
_KINDS: Final = {dict: "an object", list: "a list", str: "a text", bool: "true or false"}
_NOTHING: Final = object()
_NUMBER: Final = re.compile(r"\d{1,16}(\.\d{1,9})?")
# Seconds of later years than 5138 are milliseconds.
_MILLISECONDS: Final = 10**11
# A log that was cut may begin within a line, and a server may write its own first.
_FIRST: Final = 20
# nginx: the client has gone before there was an answer.
_GONE: Final = 499


class _Odd(Exception):
    """A value is not what its key stands for."""


class _Doubled(Exception):
    """A key stands twice in one object."""


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Doubled
    return found


def _found(value: Any, path: str, none: Any = None) -> Any:
    """What stands at a path, `none` if nothing does."""
    if not isinstance(value, dict):
        return none
    if path in value:
        return value[path]
    at = path.find(".")
    while at >= 0:
        if path[:at] in value and (found := _found(value[path[:at]], path[at + 1 :], none)) is not none:
            return found
        at = path.find(".", at + 1)
    return none


def begins(head: bytes, mapping: Mapping[str, str]) -> bool:
    """Whether one of the first lines of a file is one of the access log, whatever else they look like."""
    for line in without_mark(head).split(b"\n", _FIRST)[:_FIRST]:
        with suppress(*BROKEN):
            if _found(msgspec.json.decode(line), mapping["url"]) is not None:
                return True
    return False


class AccessLog:
    """Reads lines by a mapping of keys of `Exchange` to paths.

    Args:
        mapping: The paths, at least those of ``method`` and ``url``.
        plain: Reads a line of the plain form.
    """

    def __init__(self, mapping: Mapping[str, str], plain: Callable[[bytes], Exchange | None]) -> None:
        self._mapping = dict(mapping)
        self._plain = plain
        self._ended = "ended" in mapping
        # Every line of a log has these, if they are where the mapping says.
        self._missing = {key for key in ("at", "ended", "status_code") if key in mapping}
        self._lines = 0

    def read(self, line: bytes) -> Exchange | None:
        """The exchange of a line, an empty one if it is somebody else's, None if it is blank.

        Where there is something at the path of ``url``, it is a line of the access log. Else it is one of the plain
        form if it has one of the keys of that which name what it is about.
        """
        try:
            value = msgspec.json.decode(line)
        except BROKEN as error:
            odd = broken(line, error, of="object", keys=self._mapping)
            return self._with_hint(odd, line)
        url = _found(value, self._mapping["url"])
        if url is None:
            own = self._plain(line)
            if own is None or own.unread is not None or names_something(own):
                return own
            if _found(value, self._mapping["method"]) in (None, "", "-"):
                return own
            return Exchange(unread=f"it has nothing at {quoted(self._mapping['url'], 60)}, where its url should be")
        exchange = Exchange()
        self._lines += 1
        odd_values = list(self._fill(exchange, value))
        if not exchange.url and not exchange.method and not odd_values:
            return Exchange()  # what came was no request
        if not exchange.url:
            odd_values.append("its url is empty")
        elif not exchange.method:
            odd_values.append(f"it has nothing at {quoted(self._mapping['method'], 60)}, where its method should be")
        if not odd_values and "campaigns" in exchange.url and _has_doubles(line):
            odd_values.append("it has a key twice in one object, so it can be read in two ways")
        exchange.unread = odd_values[0] if odd_values else None
        return exchange

    def end(self) -> Iterator[Exchange]:
        """What the mapping names, and no line has."""
        for key in sorted(self._missing if self._lines else ()):
            path = quoted(self._mapping[key], 60)
            yield Exchange(unread=f"no line of the log has anything at {path}, where its {key} should be")

    @staticmethod
    def _with_hint(odd: Exchange | None, line: bytes) -> Exchange | None:
        if odd is not None and odd.unread and b"\\x" in line:
            odd.unread += r"; nginx writes \x22 unless its log_format has escape=json"
        return odd

    def _fill(self, exchange: Exchange, value: Any) -> Iterator[str]:
        """Set the fields of an exchange; gives what is wrong with values."""
        for key, path in self._mapping.items():
            given = _found(value, path)
            if self._missing and (given is not None or _found(value, path, _NOTHING) is not _NOTHING):
                self._missing.discard(key)
            if given is None or given in ("", "-"):
                continue  # how logs say that there was none, or that it was not kept
            try:
                TAKERS[key](exchange, given)
            except _Odd as odd:
                yield f"its {key}, {_KINDS.get(type(given), 'a number')}, {odd}"
        if self._ended and exchange.at and exchange.seconds:
            exchange.at = _before(exchange.at, exchange.seconds)


def _has_doubles(line: bytes) -> bool:
    try:
        json.loads(line, object_pairs_hook=_distinct)
    except _Doubled:
        return True
    except (ValueError, RecursionError):
        return False  # it has been read
    return False


# What each key takes


def _text(key: str) -> Callable[[Exchange, Any], None]:
    def take(exchange: Exchange, given: Any) -> None:
        if not isinstance(given, str):
            raise _Odd("is no text")
        setattr(exchange, key, given)

    return take


def _take_at(exchange: Exchange, given: Any) -> None:
    exchange.at = _time(given)


def _time(given: Any) -> str:
    if isinstance(given, str):
        if parse_time(given):
            return given
        if found := _CLF.fullmatch(given):
            day, month, year, *clock, sign, hours, minutes = found.groups()
            offset = timedelta(hours=int(hours), minutes=int(minutes)) * (-1 if sign == "-" else 1)
            try:
                at = (int(year), _MONTHS.index(month) + 1, int(day), *map(int, clock))
                return datetime(*at, tzinfo=timezone(offset)).isoformat()  # type: ignore[misc,arg-type]
            except ValueError:
                raise _Odd("is no time") from None
    text = given if isinstance(given, str) else repr(given)
    if not isinstance(given, bool) and _NUMBER.fullmatch(text):
        seconds = float(text) / (1000 if float(text) >= _MILLISECONDS else 1)
        try:
            return datetime.fromtimestamp(seconds, UTC).isoformat()
        except (ValueError, OverflowError, OSError):
            pass
    raise _Odd("is no time: RFC 3339 with an offset, 05/Jan/2026:10:00:00 +0530, or seconds or milliseconds since 1970")


def _before(at: str, seconds: float) -> str:
    parsed = parse_time(at)
    try:
        return (parsed - timedelta(seconds=seconds)).isoformat() if parsed else at
    except OverflowError:
        return at


def _each(given: Any) -> list[str]:
    """The texts of a value that may be several."""
    return [text.strip() for text in _SEVERAL.split(given)] if isinstance(given, str) else [repr(given)]


def _take_status_code(exchange: Exchange, given: Any) -> None:
    status = None if isinstance(given, dict | list) else _status(given)
    if status is None:
        raise _Odd("is no status code")
    exchange.status_code, exchange.lost = status


@lru_cache(maxsize=256, typed=True)  # a log has few
def _status(given: Any) -> tuple[int | None, bool] | None:
    """The code that was passed on, and whether the value says that none was; None if it says neither."""
    text = _each(given)[-1]
    if text in ("", "-"):
        return None, False
    found = _STATUS.fullmatch(text)
    if found is None:
        return None
    code = int(found[1])
    if code <= 0 or code == _GONE:
        return None, True
    return (code, False) if 100 <= code <= 999 else None


def _take_seconds(exchange: Exchange, given: Any) -> None:
    text = given if isinstance(given, str) else repr(given)
    texts = [text] if _SECONDS.fullmatch(text) else [each for each in _each(given) if each not in ("", "-")]
    if not all(map(_SECONDS.fullmatch, texts)):
        raise _Odd("is no number of seconds")
    taken = [float(each.removesuffix("s")) for each in texts]
    if taken and min(taken) >= 0:  # below is a time that nobody took
        exchange.seconds = sum(taken)


def _body(given: Any) -> bytes:
    if isinstance(given, str):
        return _unescaped(given)
    return json.dumps(given).encode()


def _unescaped(text: str) -> bytes:
    r"""A body as it was sent; a log may have it with ``\"`` or ``\x22`` for each of its quotes."""
    data = text.encode("utf-8", "surrogatepass")
    if re.match(rb"\s*[{\[]\s*\\x22", data):
        return re.sub(rb"\\x([0-9A-Fa-f]{2})", lambda found: bytes.fromhex(found.group(1).decode()), data)
    if re.match(rb'\s*[{\[]\s*\\"', data):
        try:
            inner = json.loads(f'"{text}"')
        except ValueError:
            return data
        return str(inner).encode("utf-8", "surrogatepass")
    return data


def _take_request(exchange: Exchange, given: Any) -> None:
    exchange.request_base64 = _body(given)


def _take_response(exchange: Exchange, given: Any) -> None:
    exchange.response_base64 = _body(given)


TAKERS: Final[Mapping[str, Callable[[Exchange, Any], None]]] = {
    "method": _text("method"),
    "url": _text("url"),
    "status_code": _take_status_code,
    "at": _take_at,
    "ended": _take_at,
    "seconds": _take_seconds,
    "request": _take_request,
    "response": _take_response,
    "host": _text("host"),
    "account": _text("account"),
    "action": _text("action"),
}
"""What each key of a mapping does with the value that is found for it."""

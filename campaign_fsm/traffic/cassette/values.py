"""The values of a cassette, from whatever recorders and filters make of them: texts, headers, status codes, times.

Only what a request is judged by has to be as it should; the rest is taken as far as it goes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from campaign_fsm.strict.yaml import YamlOdd, YamlText

# Objects of Python that are a text: what `http.HTTPMethod.PUT` is kept as.
_TEXT_CLASSES: Final = re.compile(r"!!python/object/(apply|new):(http\.HTTPMethod|multidict\.(\w+\.)*istr)")
_UNITS: Final = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ns": 1e-9}
_PART: Final = re.compile(r"(\d+(?:\.\d*)?)(h|ms|m|s|us|µs|μs|ns)")

Pairs = list[tuple[str, str]]


class Unread(Exception):
    """What a request is judged by cannot be read; the message is one short sentence."""


def text(value: Any) -> str | None:
    """A value that is a text; None if it is anything else."""
    if isinstance(value, YamlOdd) and _TEXT_CLASSES.fullmatch(value.tag):
        return value.text
    return str(value) if isinstance(value, str) else None


def headers(given: Any) -> Pairs | None:
    """The headers, in pairs of name and value, whatever the values are; None if there are none, or no telling what.

    Mappings of a text or a list each, lists of pairs (VCR.py for Tornado), lists of objects with `name` and `value`.
    """
    if isinstance(given, YamlOdd):
        given = given.value
    if isinstance(given, list) and len(given) == 1 and isinstance(given[0], list):
        # The arguments of a CIMultiDict: one list of pairs.
        given = given[0] if given[0] and isinstance(given[0][0], list) else given
    pairs: Pairs = []
    for name, values in _named(given):
        pairs += [(name, _as_text(value)) for value in _flat(values)]
    return pairs or None


def _named(given: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(given, dict):
        for name, values in given.items():
            yield str(name), values
    elif isinstance(given, list):
        for item in given:
            if isinstance(item, dict) and "name" in item:
                yield _as_text(item["name"]), item.get("value")
            elif isinstance(item, list) and len(item) == 2:
                yield _as_text(item[0]), item[1]


def _flat(values: Any) -> Iterator[Any]:
    if isinstance(values, list):
        for value in values:
            yield from _flat(value)
    else:
        yield values


def _as_text(value: Any) -> str:
    if isinstance(value, YamlOdd):
        return value.text if value.text is not None else _as_text(value.value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def status(given: Any) -> tuple[int | None, bool]:
    """The status code of an answer, None if it says none; and whether it says that no answer came."""
    if isinstance(given, bool) or not isinstance(given, str | int | float):
        return None, False
    found = re.fullmatch(r"(-?[0-9]{1,9})(\.0*)?", str(given))
    code = int(found[1]) if found else None
    if code is not None and code <= 0:
        return None, True
    return code if code is not None and 100 <= code <= 999 else None, False


def time(given: Any) -> str | None:
    """A time, RFC 3339 in UTC; None if it is none. Recorders that name no zone mean UTC."""
    written = text(given)
    if written is None:
        return None
    found: datetime | None = None
    for read in (_iso, parsedate_to_datetime):
        with suppress(ValueError, TypeError, IndexError, OverflowError):
            found = found or read(written)
    if found is None:
        return None
    with suppress(ValueError, OverflowError):
        return found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC).isoformat()
    return None


def _iso(written: str) -> datetime:
    # VCR for R names the zone in letters.
    return datetime.fromisoformat(written.removesuffix(" GMT").removesuffix(" UTC"))


def answered_at(given: Pairs | None) -> str | None:
    """When the server answered, by its own Date; None if it gave none, or several."""
    found = [value for name, value in given or () if name.lower() == "date"]
    return time(found[0]) if len(found) == 1 else None


def seconds(answer: dict[str, Any]) -> float | None:
    """How long it took: `duration` of go-vcr (``1.5ms``, or nanoseconds), `elapsed` of Schemathesis (seconds)."""
    for key, unit in (("duration", 1e-9), ("elapsed", 1.0)):
        given = answer.get(key)
        if isinstance(given, bool) or not isinstance(given, str | int | float):
            continue
        written = str(given)
        if re.fullmatch(r"\d{1,18}(\.\d+)?", written):
            return float(written) * unit
        parts = _PART.findall(written)
        if parts and "".join(map("".join, parts)) == written:
            return sum(float(number) * _UNITS[name] for number, name in parts)
    return None


def is_plain(value: Any) -> bool:
    """Whether a value of YAML has no quotes, so that it may be meant as a number or a truth value."""
    return isinstance(value, YamlText) and value.plain

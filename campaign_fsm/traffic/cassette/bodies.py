"""The bodies of a cassette: as texts, as bytes, in base64, as the JSON value itself, and compressed."""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import Any, Final, Never

from campaign_fsm.strict.yaml import YamlMapping, YamlOdd, YamlText
from campaign_fsm.traffic.bodies import GZIP, decompressed, is_zlib
from campaign_fsm.traffic.cassette.values import Pairs, Unread, is_plain

_INTEGER: Final = re.compile(r"-?(0|[1-9][0-9]{0,4000})")
# As PyYAML writes them; without the point it takes them for texts.
_FLOAT: Final = re.compile(r"-?[0-9]+\.[0-9]+([eE][-+][0-9]+)?")
_LENGTH: Final = re.compile(r"\s*0*[1-9][0-9]{0,17}\s*")
# A mapping of nothing else says how a body is kept, and is not itself the body.
_KEPT: Final = frozenset({"encoding", "string", "base64_string", "raw_gzip", "file", "on_disk", "fields"})
_BYTES_IO: Final = "!!python/object/new:_io.BytesIO"
_ITERATOR: Final = "!!python/object/apply:builtins.iter"


def sent(request: dict[str, Any], headers: Pairs | None) -> bytes | None:
    """The body of a request; None if it was not recorded. ``body: null`` is an empty one.

    Raises:
        Unread: It is there, and cannot be read.
    """
    if "body" not in request and "parsed_body" not in request:
        return None
    kept = request.get("body")
    body, parsed = _bytes(kept), request.get("parsed_body")
    if not body and parsed is not None:
        return as_json(parsed)
    # Recorders that keep a body in a mapping write no null there; a filter does.
    dropped = was_dropped(body, headers, request.get("content_length")) or (body is None and kept is not None)
    return None if dropped or "body" not in request else body or b""


def received(answer: dict[str, Any], headers: Pairs | None) -> bytes | None:
    """The body of an answer, without its compression; None if it was not recorded, or cannot be read."""
    if "truncated_from" in answer or answer.get("binary"):
        # Schemathesis keeps the beginning of a long one, and ExVCR terms of Erlang in base64.
        return None
    body = answer.get("body", answer.get("content"))
    try:
        # VCR.py's stub for aiohttp writes an empty mapping where nothing was read.
        found = _bytes(body) if body != {} else None
        parsed = answer.get("parsed_body")
        if parsed is None and was_dropped(found, headers, answer.get("content_length")):
            return None
        return decompressed(found, headers, unread) if found or parsed is None else as_json(parsed)
    except Unread:
        return None


def was_dropped(body: bytes | None, headers: Pairs | None, length: Any = None) -> bool:
    """Whether an empty body was none: its headers, or what a recorder counted, say that it had a length."""
    if body:
        return False
    said = [value for name, value in headers or () if name.lower() == "content-length"]
    return any(_LENGTH.fullmatch(str(each)) for each in (*said, length))


def is_value(body: Any) -> bool:
    """Whether a body is kept as the JSON value that it was made of, and not as its bytes in one way or another."""
    if isinstance(body, dict):
        return not body or not body.keys() <= _KEPT
    if isinstance(body, list):
        return not body or not all(isinstance(part, bytes) for part in body)
    return isinstance(body, bool | int | float)


def _bytes(body: Any) -> bytes | None:
    if body is None or isinstance(body, bytes):
        return body
    if isinstance(body, str):
        return body.encode("utf-8", "surrogatepass")
    if isinstance(body, YamlOdd):
        return _object(body)
    if is_value(body):
        return as_json(body)
    return _kept(body) if isinstance(body, dict) else b"".join(body)


def _kept(body: dict[str, Any]) -> bytes | None:
    _in_one_way(body)
    if "base64_string" in body:
        return _base64(body["base64_string"])
    # The next three are from VCR for R.
    if "raw_gzip" in body:
        packed = _base64(body["raw_gzip"])
        if not GZIP.match(packed) and not is_zlib(packed):
            unread("a `raw_gzip` is not compressed")
        return decompressed(packed, [("Content-Encoding", "gzip" if GZIP.match(packed) else "deflate")], unread)
    if "on_disk" in body or "fields" in body or body.get("file") in (True, "yes", "true"):
        raise Unread("its body is kept in another file, or as the fields of a form")
    kept = body.get("string")
    if not isinstance(kept, str):
        return kept if kept is None or isinstance(kept, bytes) else _not_a_text()
    encoding = body.get("encoding")
    if isinstance(encoding, str):
        # The text was made with this encoding, so it gives the bytes back; ASCII and the like are UTF-8 as well.
        try:
            return kept.encode(str(encoding))
        except (LookupError, ValueError):
            pass
    return kept.encode("utf-8", "surrogatepass")


def _not_a_text() -> Never:
    raise Unread("a body is kept as something else than a text")


def unread(reason: str) -> Never:
    """What is done where a body cannot be decompressed."""
    raise Unread(reason)


def _object(body: YamlOdd) -> bytes:
    """The bytes in an object of Python that VCR.py kept: a file in memory, or an iterator over pieces."""
    found = body.value
    if body.tag == _BYTES_IO and isinstance(found, YamlMapping):
        found = found.get("state")
        parts = found[:1] if isinstance(found, list) else None
    elif body.tag == _ITERATOR and isinstance(found, YamlMapping):
        found = found.get("args")
        parts = found[0] if isinstance(found, list) and len(found) == 1 else None
    else:
        raise Unread(f"its body: {body.reason}")
    if not isinstance(parts, list) or not all(isinstance(part, bytes | str) for part in parts):
        raise Unread("its body is an object of Python without bytes")
    return b"".join(part if isinstance(part, bytes) else part.encode("utf-8", "surrogatepass") for part in parts)


def _base64(value: Any) -> bytes:
    if not isinstance(value, str):
        _not_a_text()
    try:
        return base64.b64decode("".join(value.split()), validate=True)
    except (binascii.Error, ValueError):
        raise Unread("a `base64_string` is not base64") from None


def as_json(value: Any) -> bytes:
    """A value as the JSON that it was.

    Raises:
        Unread: There is something in it that JSON does not have.
    """
    return json.dumps(_typed(value) if _of_yaml(value) else value).encode()


def _of_yaml(value: Any) -> bool:
    """Whether a value may be of YAML, where texts may be numbers; another copy of one of JSON is not needed."""
    if isinstance(value, list):
        return any(map(_of_yaml, value))
    return isinstance(value, YamlMapping | YamlText | YamlOdd | bytes)


def _typed(value: Any) -> Any:
    if isinstance(value, dict):
        _in_one_way(value)
        return {str(key): _typed(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_typed(entry) for entry in value]
    if is_plain(value):
        if value in {"true", "false"}:
            return value == "true"
        if _INTEGER.fullmatch(value):
            return int(value)
        return float(value) if _FLOAT.fullmatch(value) else str(value)
    if isinstance(value, YamlOdd):
        raise Unread(f"its body: {value.reason}")
    if isinstance(value, bytes):
        raise Unread("its body is kept as a value of JSON, and has bytes in it")
    return value


def _in_one_way(value: dict[str, Any]) -> None:
    if isinstance(value, YamlMapping) and value.odd:
        raise Unread(f"its body: {value.odd}")

"""Cassettes of VCR.py (version 1), as YAML and as JSON, in the layouts that its releases have written.

A cassette keeps no times: `Exchange.at` is the server's own Date, where it stands in the answer. It keeps answers only:
a request that was not answered left nothing behind in it.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, BinaryIO, Final, Never

from campaign_fsm.printable import quoted
from campaign_fsm.strict.jsonstream import JsonStream
from campaign_fsm.strict.unreadable import UnreadableRecording
from campaign_fsm.strict.yaml import YamlMapping, load
from campaign_fsm.traffic.bodies import Fail, decompressed
from campaign_fsm.traffic.exchange import Exchange
from campaign_fsm.traffic.opening import Opened

# Python 2 wrote these for ordinary texts.
_TEXT_TAGS: Final = frozenset({"tag:yaml.org,2002:python/unicode", "tag:yaml.org,2002:python/str"})


def read_cassette(path: str, stream: BinaryIO) -> Iterator[Exchange]:
    """The exchanges of a cassette, one after the other.

    A JSON cassette is read as it comes; a YAML cassette is held in memory, as its recorder held it.
    `place` is the line of the interaction in YAML, and its number in JSON.

    Args:
        path: The file's name, for errors.
        stream: Its bytes.

    Raises:
        UnreadableRecording: It is no cassette, or an interaction is not as cassettes have it. The exchanges
            before that interaction have been given out, except for a file that is not YAML to its end.
    """
    opened = Opened(stream)
    if opened.head.lstrip()[:1] == b"{":
        yield from _from_json(JsonStream(path, opened))
    else:
        yield from _from_yaml(path, opened)


def _from_json(source: JsonStream) -> Iterator[Exchange]:
    source.next()
    keys: set[str] = set()
    for key in source.keys():  # noqa: SIM118 (not a dict: each key is read from the file)
        keys.add(key)
        if key == "version":
            _check_version(source.value(), source.fail)
        elif key == "interactions":
            if source.next()[0] != "start_array":
                source.fail("its `interactions` are not a list")
            source.place = 1
            for interaction in source.items():
                yield _exchange(interaction, source.place, source.fail)
                source.place += 1
            source.place -= 1
        else:
            source.skip()
    source.end()
    for key in ("version", "interactions"):
        if key not in keys:
            source.fail(f"it is no cassette of VCR.py: it has no `{key}`")


def _from_yaml(path: str, opened: Opened) -> Iterator[Exchange]:
    line = 1

    def fail(reason: str) -> Never:
        raise UnreadableRecording(path, line, "line", reason)

    tree = load(opened, path, text_tags=_TEXT_TAGS)
    if not isinstance(tree, YamlMapping):
        fail("it is no cassette of VCR.py, or one from before version 1")
    for key in ("version", "interactions"):
        if key not in tree:
            fail(f"it is no cassette of VCR.py: it has no `{key}`")
    line = tree.lines["version"]
    _check_version(tree["version"], fail)
    line = tree.lines["interactions"]
    interactions = tree["interactions"]
    if not isinstance(interactions, list):
        fail("its `interactions` are not a list")
    for interaction in interactions:
        if not isinstance(interaction, YamlMapping):
            fail("an interaction is not a mapping")
        line = interaction.line
        yield _exchange(interaction, line, fail)


def _check_version(version: Any, fail: Fail) -> None:
    if str(version) != "1":
        fail(f"it is not a cassette of version 1, but {quoted(str(version))}")


def _exchange(interaction: Any, place: int, fail: Fail) -> Exchange:
    if not isinstance(interaction, dict):
        fail("an interaction is not a mapping")
    request, response = interaction.get("request"), interaction.get("response")
    if not isinstance(request, dict):
        fail("an interaction has no request")
    if not isinstance(response, dict):
        fail("an interaction has no response")
    method, url = request.get("method"), request.get("uri")
    if not isinstance(method, str) or not isinstance(url, str):
        fail("a request has no method, or no URI")
    status_code, answer = _answer(response, fail)
    return Exchange(
        at=_answered_at(response.get("headers"), fail),
        method=str(method),
        url=str(url),
        headers=_headers(request.get("headers"), fail),
        request_base64=_body(request.get("body"), fail),
        status_code=status_code,
        response_base64=answer,
        place=place,
    )


def _answered_at(headers: Any, fail: Fail) -> str | None:
    """When the server answered, by its own Date: cassettes have no other times."""
    found = [value for name, value in _headers(headers, fail) or () if name.lower() == "date"]
    with suppress(ValueError, TypeError, IndexError, OverflowError):
        return parsedate_to_datetime(found[0]).astimezone(UTC).isoformat() if len(found) == 1 else None
    return None


def _answer(response: dict[str, Any], fail: Fail) -> tuple[int, bytes | None]:
    if "status_code" in response:
        # The layout of the first releases for httpx; its content was decompressed, or was not.
        code, body = response["status_code"], response.get("content")
    else:
        status = response.get("status")
        code, body = status.get("code") if isinstance(status, dict) else None, response.get("body")
    text = str(code)
    if isinstance(code, (bool, bytes)) or not re.fullmatch("[1-9][0-9]{2}", text):
        fail("a response has no status code")
    return int(text), decompressed(_body(body, fail), _headers(response.get("headers"), fail), fail)


def _body(body: Any, fail: Fail) -> bytes | None:
    if isinstance(body, dict):
        if "base64_string" in body:
            return _base64(body["base64_string"], fail)
        if body and "string" not in body:
            fail("a body is a mapping without `string`")
        body = body.get("string")
    if body is None or isinstance(body, bytes):
        return body
    if not isinstance(body, str):
        fail("a body is not a text")
    return body.encode("utf-8", "surrogatepass")


def _base64(text: Any, fail: Fail) -> bytes:
    try:
        return base64.b64decode("".join(_text(text, fail).split()), validate=True)
    except (binascii.Error, ValueError):
        fail("a `base64_string` is not base64")


def _headers(headers: Any, fail: Fail) -> list[tuple[str, str]] | None:
    if headers is None:
        return None
    if not isinstance(headers, dict):
        fail("headers are not a mapping")
    return [
        (str(name), _text(value, fail))
        for name, values in headers.items()
        for value in (values if isinstance(values, list) else [values])
    ]


def _text(value: Any, fail: Fail) -> str:
    if value is None:
        return ""
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if not isinstance(value, str):
        fail("where a text belongs is something else")
    return str(value)

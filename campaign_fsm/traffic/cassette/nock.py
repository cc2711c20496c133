"""One request as nock for Node.js keeps it: `scope`, `method`, `path`, `body`, `status`, `response`."""

from __future__ import annotations

import re
from typing import Any

from campaign_fsm.traffic.bodies import decompressed
from campaign_fsm.traffic.cassette import bodies, values
from campaign_fsm.traffic.cassette.values import Pairs, Unread
from campaign_fsm.traffic.exchange import Exchange


def is_one(given: Any) -> bool:
    """Whether it looks like one."""
    return isinstance(given, dict) and "scope" in given and "path" in given


def exchange(given: Any, place: int) -> Exchange:
    """What was recorded in it, as far as it can be read."""
    if not isinstance(given, dict):
        return Exchange(place=place, unread="it is not an object")
    method, scope, path = (values.text(given.get(key)) for key in ("method", "scope", "path"))
    headers = _headers(given.get("rawHeaders"))
    status_code, lost = values.status(given.get("reply", given.get("status")))
    found = Exchange(
        at=values.answered_at(headers),
        method=(method or "").upper(),
        # Without the port that it always names, where it is the one that the scheme means.
        url=re.sub(r"^(https://[^/]*):443$|^(http://[^/]*):80$", r"\1\2", scope) + path if scope and path else "",
        headers=values.headers(given.get("reqheaders")),
        status_code=status_code,
        response_base64=_received(given, headers),
        lost=lost,
        place=place,
    )
    if not found.method or not found.url:
        found.unread = "it has no method, no scope or no path"
    if "body" in given:
        try:
            body = _text_or_json(given["body"])
            found.request_base64 = None if bodies.was_dropped(body, found.headers) else body
        except Unread as problem:
            found.unread = found.unread or str(problem)
    return found


def _text_or_json(value: Any) -> bytes:
    # What is JSON was taken apart; what is not is kept as it is.
    return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else bodies.as_json(value)


def _headers(given: Any) -> Pairs | None:
    """The headers of the answer: names and values in turns, as Node.js has them, or an object."""
    if isinstance(given, list) and all(isinstance(item, str) for item in given):
        return list(zip(given[::2], given[1::2], strict=False))
    return values.headers(given)


def _received(given: dict[str, Any], headers: Pairs | None) -> bytes | None:
    if "response" not in given:
        return None
    answer = given["response"]
    packed = any(name.lower() == "content-encoding" for name, _ in headers or ())
    try:
        if packed and isinstance(answer, list) and all(isinstance(piece, str) for piece in answer):
            return decompressed(bytes.fromhex("".join(answer)), headers, bodies.unread)
        if given.get("responseIsBinary") and isinstance(answer, str):
            return bytes.fromhex(answer)
        body = _text_or_json(answer)
        return None if bodies.was_dropped(body, headers) else body
    except (Unread, ValueError):
        return None

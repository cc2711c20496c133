"""One interaction, of `request` and `response`, as VCR in its many languages has it."""

from __future__ import annotations

from typing import Any

from campaign_fsm.strict.yaml import YamlMapping, YamlOdd
from campaign_fsm.traffic.cassette import bodies, values
from campaign_fsm.traffic.cassette.values import Unread
from campaign_fsm.traffic.exchange import Exchange


def is_one(given: Any) -> bool:
    """Whether it looks like one."""
    request = given.get("request") if isinstance(given, dict) else None
    return isinstance(request, dict) and ("uri" in request or "url" in request)


def exchange(given: Any, place: int) -> Exchange:
    """What was recorded in it, as far as it can be read."""
    given, unread = _plain(given)
    if not isinstance(given, dict):
        return Exchange(place=place, unread=unread or "the interaction is not a mapping")
    request, of_request = _plain(given.get("request"))
    unread = unread or of_request
    if not isinstance(request, dict):
        return Exchange(place=place, unread=unread or "its request is not a mapping")
    found = Exchange(
        method=_method(request),
        url=_url(request) or "",
        headers=values.headers(request.get("headers")),
        place=place,
        unread=unread,
    )
    if not found.method or not found.url:
        found.unread = unread or "its request has no method, or no URL"
    elif "response" not in given:
        # Every recorder writes it, so the file was cut here.
        found.unread = unread or "it has no response"
    try:
        found.request_base64 = bodies.sent(request, found.headers)
    except Unread as problem:
        found.unread = found.unread or str(problem)
    if bodies.is_value(request.get("body")) and found.headers and not _has_type(found.headers):
        # VCR.py's stub for aiohttp keeps what the caller gave, before aiohttp adds this for it.
        found.headers.append(("Content-Type", "application/json"))
    _answer(found, given)
    return found


def _has_type(headers: values.Pairs) -> bool:
    return any(name.lower() == "content-type" for name, _ in headers)


def _method(request: dict[str, Any]) -> str:
    # Ruby's symbols begin with a colon, and are in small letters.
    return (values.text(request.get("method")) or "").removeprefix(":").upper()


def _url(request: dict[str, Any]) -> str | None:
    return values.text(request.get("uri", request.get("url")))


def _answer(found: Exchange, given: dict[str, Any]) -> None:
    answer = given.get("response")
    # What Schemathesis writes for a request that failed on its way.
    found.lost = "response" in given and answer is None
    found.at = values.time(given.get("recorded_at"))
    answer, odd = _plain(answer)
    if not isinstance(answer, dict) or odd:
        return
    headers = values.headers(answer.get("headers"))
    found.at = found.at or values.answered_at(headers)
    found.status_code, found.lost = values.status(_code(answer))
    # ExVCR says so of a request that failed.
    found.lost = found.lost or values.text(answer.get("type")) == "error"
    found.response_base64 = bodies.received(answer, headers)
    found.seconds = values.seconds(answer)


def _code(answer: dict[str, Any]) -> Any:
    # `status_code`: VCR.py's first layout for httpx; `code`: go-vcr, which has a text as `status`.
    for key in ("status_code", "code", "status"):
        if key in answer:
            code = answer[key]
            # VCR for R has it in `status` by the longer name.
            return code.get("code", code.get("status_code")) if isinstance(code, dict) else code
    return None


def _plain(value: Any) -> tuple[Any, str | None]:
    """A value without its tag, and why it cannot be read in one way; None if it can."""
    reason = None
    if isinstance(value, YamlOdd):
        reason, value = value.reason, value.value
    return value, reason or (value.odd if isinstance(value, YamlMapping) else None)

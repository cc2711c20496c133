"""A response as the gate reads it: within bounds, and so that its caller can read it again."""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from types import ModuleType
from typing import Final

from httpx import Response

from campaign_fsm.transports.extensions import ANSWER, mark
from campaign_fsm.wire.answer import Answer
from campaign_fsm.wire.encoding import TooLarge, Undecodable, decode, encoding_of
from campaign_fsm.wire.family import family_of

_MOST: Final = 4 * 2**20
_MOST_ENCODED: Final = 256 * 2**10  # an encoded body grows a thousandfold for whoever decodes it afterwards


def limit_of(response: Response) -> int:
    """How many bytes of a response are read."""
    return _MOST_ENCODED if "content-encoding" in response.headers else _MOST


def too_large(limit: int, family: ModuleType) -> Exception:
    """The error of a response that has more bytes than that; `is_too_large` knows it."""
    error: Exception = family.ProtocolError(f"the answer is larger than {limit} bytes")
    error.campaign_fsm_limit = limit  # type: ignore[attr-defined]
    return error


def is_too_large(error: BaseException) -> bool:
    """Whether an error is that of a response with too many bytes."""
    return hasattr(error, "campaign_fsm_limit")


def answer_of(response: Response, raw: bytes | None, family: ModuleType) -> Answer:
    """The answer for the gate. The response can be read again, as if nobody had read it yet.

    Args:
        response: The response.
        raw: What its stream held; None if whoever made it had read it already.
        family: The HTTP library of its request.
    """
    headers, body, unreadable = tuple(response.headers.raw), b"", None
    if raw is not None:
        # A stream of bytes is good for sync and async clients. It is as it came: the caller's client decodes it.
        response.stream = (family_of(response) or family).ByteStream(raw)
    try:
        encoding = encoding_of(headers)
        body = response.content if raw is None else decode(raw, encoding, _MOST)
    except Undecodable as problem:
        unreadable = str(problem)
    except TooLarge:
        raise too_large(_MOST, family) from None
    if len(body) > _MOST:
        raise too_large(_MOST, family)
    answer = Answer(response.status_code, headers, body, cached=_is_cached(response), unreadable=unreadable)
    mark(response, ANSWER, answer)
    return answer


def plain(response: Response) -> None:
    """Take the server's own words for its status code out of a response: the HTTP library would log them."""
    try:
        phrase = response.extensions.get("reason_phrase")
        if phrase is not None and phrase.decode("latin-1") != http.client.responses.get(response.status_code):
            del response.extensions["reason_phrase"]
    except Exception:  # noqa: BLE001 (some make extensions that hold nothing)
        return


def _is_cached(response: Response) -> bool:
    """Whether a cache below says that it made the answer: every library has a mark of its own."""
    marks = response.extensions
    if not marks:
        return False
    if marks.get("from_cache") or marks.get("hishel_from_cache"):
        return True
    caching = marks.get("caching")  # hishel 2: a mapping, in other versions an object
    return bool(caching.get("from_cache") if isinstance(caching, Mapping) else getattr(caching, "from_cache", False))

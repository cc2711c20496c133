"""A request as it was in one moment, and what it would do."""

from __future__ import annotations

from copy import copy
from types import ModuleType
from typing import Any

from attrs import define
from httpx import Request

from campaign_fsm.wire.family import family_of
from campaign_fsm.wire.intent import WireRequest, read_intent


def read_as(request: Request) -> tuple[tuple[Any, ...], object]:
    """Where a request goes and what it would do, for whoever holds it against a verdict.

    Raises:
        UnreadableRequest: It cannot be read in exactly one way.
        Exception: Its body was not read yet.
    """
    wire = SeenRequest.of(request).wire
    wire.body = request.content
    return wire.origin, read_intent(wire)


@define
class SeenRequest:
    """A request as it was in one moment. It belongs to its caller, who may change it at any time, from anywhere.

    Attributes:
        wire: What is judged.
        url: Its URL, which nobody can change.
        headers: A copy of its headers.
        extensions: A copy of its extensions.
        stream: What its body comes from.
        family: The HTTP library that it belongs to; None for something else than a request.
    """

    wire: WireRequest
    url: Any
    headers: Any
    extensions: dict[str, Any]
    stream: Any
    family: ModuleType | None

    @classmethod
    def of(cls, request: Request) -> SeenRequest:
        # Each of them is read once: what is read again may be another one. And what has methods of its own may
        # say something else each time.
        method, url, headers, extensions = request.method, request.url, request.headers.copy(), dict(request.extensions)
        if isinstance(method, str):
            method = str.__str__(method)
        family = family_of(request)
        if family is not None and type(url) is not family.URL:
            url = family.URL(str(url))
        target = extensions.get("target")
        if target is not None:
            extensions["target"] = target = target if isinstance(target, bytes) else str(target).encode()
        wire = WireRequest(
            method=method,
            scheme=url.scheme,
            host=url.raw_host.decode("latin-1").lower(),
            port=url.port,
            target=url.raw_path if target is None else target,
            url_target=None if target is None else url.raw_path,
            headers=tuple(headers.raw),
            userinfo=bool(url.userinfo),
        )
        return cls(wire, url, headers, extensions, request.stream, family)

    def unjudged(self, request: Request) -> Request:
        """A copy of the request, also of its class, that stays as it was seen to be about no campaign."""
        same = copy(request)
        same.method, same.url, same.headers = self.wire.method, self.url, self.headers
        same.extensions, same.stream = dict(self.extensions), self.stream
        return same

    def came_back(self, request: Request, same: Request) -> None:
        """What was done to the copy (a mock reads the body, a transport leaves a note) was done to the request."""
        left = same.extensions or {}
        for key in left.keys() - self.extensions.keys():
            request.extensions.setdefault(key, left[key])
        if "_content" in vars(same) and request.stream is self.stream:
            vars(request)["_content"], request.stream = same.content, same.stream

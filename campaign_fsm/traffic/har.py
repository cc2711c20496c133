"""HTTP archives (HAR 1.2), as Chromium, Firefox and Playwright write them.

An entry that never reached the server is left out, because its answer says nothing about the server's
state at that time: one that came from a cache (Chromium's ``_fromCache``) or from a service worker
(``_fetchedViaServiceWorker``; what the worker itself fetched is an entry of its own), a read that was
answered without a byte from the network (``_transferSize`` 0, all that Playwright says of these two),
and one that a test answered or aborted in place of the server (Playwright's ``_wasFulfilled`` and
``_wasAborted``). Firefox does not mark what came from its cache, so that is not distinguished from the rest.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

import msgspec

from campaign_fsm.printable import quoted
from campaign_fsm.strict.jsonstream import WHOLE, JsonStream, Shape
from campaign_fsm.traffic.exchange import Exchange
from campaign_fsm.traffic.opening import Opened


class _Header(msgspec.Struct, gc=False):
    name: str
    value: str


class _PostData(msgspec.Struct, gc=False):
    text: str | None = None
    encoding: str | None = None


class _Content(msgspec.Struct, gc=False):
    text: str | None = None
    size: float | None = None
    encoding: str | None = None


class _Request(msgspec.Struct, gc=False, rename={"post_data": "postData", "body_size": "bodySize"}):
    method: str
    url: str
    headers: list[_Header] | None = None
    post_data: _PostData | None = None
    body_size: float | None = None


class _Response(
    msgspec.Struct,
    gc=False,
    rename={
        "error": "_error",
        "failure": "_failureText",
        "by_worker": "_fetchedViaServiceWorker",
        "transfer_size": "_transferSize",
    },
):
    status: float
    content: _Content | None = None
    error: str | None = None
    failure: str | None = None
    by_worker: bool | None = None
    transfer_size: float | None = None


class _Entry(
    msgspec.Struct,
    gc=False,
    rename={
        "at": "startedDateTime",
        "error": "_error",
        "from_cache": "_fromCache",
        "from_disk_cache": "_fromDiskCache",
        "fulfilled": "_wasFulfilled",
        "aborted": "_wasAborted",
    },
):
    request: _Request
    response: _Response
    at: str | None = None
    error: str | None = None
    from_cache: str | bool | None = None
    from_disk_cache: bool | None = None
    fulfilled: bool | None = None
    aborted: bool | None = None

    @property
    def lost(self) -> bool:
        response = self.response
        return bool(response.status in {0, -1} or self.error or response.error or response.failure)

    @property
    def reached_the_server(self) -> bool:
        if self.fulfilled or self.aborted or self.response.by_worker:
            return False
        if (self.from_cache or self.from_disk_cache) and self.request.method in {"GET", "HEAD"}:
            return False
        # A size is a weaker sign than a mark, and a write that is overlooked is worse than one reported twice.
        return self.lost or self.response.transfer_size != 0 or self.request.method not in {"GET", "HEAD"}


def _shape(struct: type[msgspec.Struct], **inner: Shape) -> Shape:
    return {key: inner.get(key, WHOLE) for key in struct.__struct_encode_fields__}


_ENTRY: Final = _shape(
    _Entry,
    request=_shape(_Request, headers=_shape(_Header), postData=_shape(_PostData)),
    response=_shape(_Response, content=_shape(_Content)),
)


def read_har(path: str, stream: BinaryIO) -> Iterator[Exchange]:
    """The exchanges of a HAR file, one after the other, without holding the file in memory.

    Args:
        path: The file's name, for errors.
        stream: Its bytes.

    Raises:
        UnreadableRecording: It is no HAR file, or breaks off, or an entry is not as HAR has it. The
            exchanges before that entry have been given out.
    """
    source = JsonStream(path, Opened(stream))
    if source.next()[0] != "start_map":
        source.fail("it is not a HAR file: it is not a JSON object")
    found = False
    for key in source.keys():  # noqa: SIM118 (not a dict: each key is read from the file)
        if key == "log":
            found = True
            yield from _log(source)
        else:
            source.skip()
    source.end()
    if not found:
        source.fail("it is not a HAR file: it has no `log`")


def _log(source: JsonStream) -> Iterator[Exchange]:
    if source.next()[0] != "start_map":
        source.fail("it is not a HAR file: its `log` is not an object")
    found = False
    for key in source.keys():  # noqa: SIM118
        if key == "entries":
            found = True
            yield from _entries(source)
        else:
            source.skip()
    if not found:
        source.fail("it is not a HAR file: its `log` has no `entries`")


def _entries(source: JsonStream) -> Iterator[Exchange]:
    if source.next()[0] != "start_array":
        source.fail("it is not a HAR file: its `entries` are not a list")
    source.place = 1
    for raw in source.items(_ENTRY):
        exchange = _exchange(source, raw)
        if exchange is not None:
            yield exchange
        source.place += 1
    source.place -= 1


def _exchange(source: JsonStream, raw: Any) -> Exchange | None:
    try:
        entry = msgspec.convert(raw, _Entry)
    except msgspec.ValidationError as error:
        source.fail(f"the entry is not as HAR has it: {error}")
    if not entry.reached_the_server:
        return None
    request, response = entry.request, entry.response
    lost = entry.lost
    if not lost and not (100 <= response.status <= 999 and response.status.is_integer()):
        source.fail(f"{response.status:g} is no status code")
    headers = request.headers
    return Exchange(
        at=entry.at,
        method=request.method,
        url=request.url,
        # Those that begin with a colon are HTTP/2's way to write the request line.
        headers=None if headers is None else [(h.name, h.value) for h in headers if h.name[:1] != ":"],
        request_base64=_sent(source, request),
        status_code=None if lost else int(response.status),
        response_base64=_received(source, response.content),
        lost=lost,
        place=source.place,
    )


def _sent(source: JsonStream, request: _Request) -> bytes | None:
    data = request.post_data
    # Playwright writes an empty text for a body that it did not look at.
    if data is None or data.text is None or (not data.text and request.body_size != 0):
        return None
    return _bytes(source, data.text, data.encoding, "request")


def _received(source: JsonStream, content: _Content | None) -> bytes | None:
    if content is None or content.text is None or (not content.text and (content.size or 0) > 0):
        return None
    return _bytes(source, content.text, content.encoding, "answer")


def _bytes(source: JsonStream, text: str, encoding: str | None, whose: str) -> bytes:
    if not encoding:
        return text.encode("utf-8", "surrogatepass")
    if encoding.lower() != "base64":
        source.fail(f"the body of the {whose} is encoded as {quoted(encoding)}, which is not known")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        source.fail(f"the body of the {whose} is marked as base64 and is none")

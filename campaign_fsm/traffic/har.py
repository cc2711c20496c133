"""HTTP archives (HAR 1.2), as Chromium, Firefox and Playwright write them.

An entry that never reached the server is left out, because its answer says nothing about the server's
state at that time: one that came from a cache (Chromium's ``_fromCache``) or from a service worker
(``_fetchedViaServiceWorker``; what the worker itself fetched is an entry of its own), a read that was
answered without a byte from the network (``_transferSize`` 0, all that Playwright says of these two),
and one that a test answered or aborted in place of the server (Playwright's ``_wasFulfilled`` and
``_wasAborted``). Firefox does not mark what came from its cache, so that is not distinguished from the rest.

An entry that is not as HAR has it is taken as far as it can be read, and says what of it was not (`Exchange.unread`).
A body that was not recorded is no empty body: without a text, it is empty only if its size is said to be 0. An answer
in base64 that is neither text nor gzip nor zlib was compressed in another way, and counts as not recorded.

A JSON array is the entries alone, as ``jq .log.entries`` gives them.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from functools import partial
from itertools import chain
from typing import Any, BinaryIO, Final, Never
from urllib.parse import urlsplit

import msgspec

from campaign_fsm.printable import quoted
from campaign_fsm.private import printable_key
from campaign_fsm.strict.jsonfeed import UNPAIRED, Cut
from campaign_fsm.strict.jsonstream import MOST_ITEMS, WHOLE, JsonStream, Shape
from campaign_fsm.strict.unreadable import NotARecording, UnreadableRecording
from campaign_fsm.traffic.attached import Attached, NotAttached, beside
from campaign_fsm.traffic.bodies import GZIP, decompressed, is_zlib
from campaign_fsm.traffic.exchange import Exchange
from campaign_fsm.traffic.opening import Opened
from campaign_fsm.wire.schedule import parse_time
from campaign_fsm.wire.suspect import could_become_target

Headers = list[tuple[str, str]]


class _Header(msgspec.Struct, gc=False):
    name: str
    value: str


class _PostData(msgspec.Struct, gc=False, rename={"mime_type": "mimeType", "file": "_file"}):
    text: str | None = None
    encoding: str | None = None
    mime_type: str | None = None
    params: list[Any] | None = None
    file: str | None = None


class _Content(msgspec.Struct, gc=False, rename={"file": "_file"}):
    text: str | None = None
    size: float | None = None
    encoding: str | None = None
    file: str | None = None


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
    status: float | None = None
    content: _Content | None = None
    error: Any = None
    failure: Any = None
    by_worker: bool | None = None
    transfer_size: float | None = None


_NO_RESPONSE: Final = _Response()


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
    response: _Response | None = None
    at: str | None = None
    time: float | None = None
    error: Any = None
    from_cache: str | bool | None = None
    from_disk_cache: bool | None = None
    fulfilled: bool | None = None
    aborted: bool | None = None

    @property
    def lost(self) -> bool:
        response = self.response or _NO_RESPONSE
        no_status = response.status is not None and response.status <= 0
        return bool(no_status or self.error or response.error or response.failure)

    @property
    def reached_the_server(self) -> bool:
        response = self.response or _NO_RESPONSE
        if self.fulfilled or self.aborted or response.by_worker:
            return False
        if (self.from_cache or self.from_disk_cache) and self.request.method in {"GET", "HEAD"}:
            return False
        # A size is a weaker sign than a mark, and a write that is overlooked is worse than one reported twice.
        return self.lost or response.transfer_size != 0 or self.request.method not in {"GET", "HEAD"}


def _shape(struct: type[msgspec.Struct], **inner: Shape) -> Shape:
    return {key: inner.get(key, WHOLE) for key in struct.__struct_encode_fields__}


_ENTRY: Final = _shape(
    _Entry,
    request=_shape(_Request, headers=_shape(_Header), postData=_shape(_PostData, params={"name": WHOLE})),
    response=_shape(_Response, content=_shape(_Content)),
)
_KEPT: Final = 64
_HUGE: Final = 2.0**63


class _Unread(Exception):
    """Why something of an entry cannot be read."""


def _unread(reason: str) -> Never:
    raise _Unread(reason)


def read_har(path: str, stream: BinaryIO, attached: Attached | None = None) -> Iterator[Exchange]:
    """The exchanges of a HAR file, one after the other, without holding the file in memory.

    Args:
        path: The file's name, for errors.
        stream: Its bytes.
        attached: Reads the bodies that are kept outside it; None for files in its folder.

    Raises:
        NotARecording: It is no HAR file.
        UnreadableRecording: It breaks off, or cannot be read on. The exchanges before that place
            have been given out.
    """
    source = JsonStream(path, Opened(stream))
    reader = _Entries(source, attached or beside(path))
    kind, _ = source.next()
    if kind == "start_array":
        yield from _bare(source, reader)
        return
    if kind != "start_map":
        source.fail("it is not a HAR file: it is not a JSON object", NotARecording)
    found = False
    for key in source.keys():  # noqa: SIM118 (not a dict: each key is read from the file)
        if key == "log":
            found = True
            yield from _log(source, reader)
        else:
            source.skip()
    source.end()
    if not found:
        source.fail("it is not a HAR file: it has no `log`", NotARecording)


def _log(source: JsonStream, reader: _Entries) -> Iterator[Exchange]:
    if source.next()[0] != "start_map":
        source.fail("it is not a HAR file: its `log` is not an object", NotARecording)
    keys = set()
    for key in source.keys():  # noqa: SIM118
        keys.add(key)
        if key == "entries":
            yield from _entries(source, reader)
        elif key == "creator":
            reader.creator = _text(_object(source.value()).get("name")) or ""
        else:
            source.skip()
    if "entries" not in keys:
        kind = UnreadableRecording if keys & {"version", "creator", "browser", "pages"} else NotARecording
        source.fail("it is not a HAR file: its `log` has no `entries`", kind)


def _bare(source: JsonStream, reader: _Entries) -> Iterator[Exchange]:
    """Entries that are the whole file."""
    source.place = 1
    items = source.items(_ENTRY)
    first = next(items, None)
    if not isinstance(_object(first).get("request"), dict):
        source.place = 0
        source.fail("it is not a HAR file: it is a list, and not of entries", NotARecording)
    yield from _exchanges(source, reader, chain((first,), items))
    source.place = 0
    source.end()


def _entries(source: JsonStream, reader: _Entries) -> Iterator[Exchange]:
    if source.next()[0] != "start_array":
        source.fail("it is not a HAR file: its `entries` are not a list")
    source.place = 1
    yield from _exchanges(source, reader, source.items(_ENTRY))


def _exchanges(source: JsonStream, reader: _Entries, items: Iterator[Any]) -> Iterator[Exchange]:
    for raw in items:
        exchange = reader.exchange(raw)
        if exchange is not None:
            yield exchange
        source.place += 1
    source.place -= 1


class _Entries:
    """Reads the entries of one file.

    Attributes:
        creator: The name of what wrote the file; empty until it is known.
    """

    creator = ""

    def __init__(self, source: JsonStream, attached: Attached) -> None:
        self._source = source
        self._attached = attached

    def exchange(self, raw: Any) -> Exchange | None:
        unread = None
        try:
            entry = msgspec.convert(raw, _Entry)
        except msgspec.ValidationError:
            entry, unread = _taken(raw)
        source = self._source
        repeated = source.repeated
        if not repeated and not entry.reached_the_server:
            return None
        if repeated or source.partial:
            unread = _doubt(entry, repeated) or unread
            repeated.clear()
        if self.creator == _HARFILE:
            _as_harfile_means(entry)
        request, response = entry.request, entry.response or _NO_RESPONSE
        # Those that begin with a colon are HTTP/2's way to write the request line.
        headers = [(h.name, h.value) for h in request.headers or () if h.name[:1] != ":"]
        body = None
        try:
            body = self._sent(request, headers)
        except _Unread as error:
            unread = unread or str(error)
        data = request.post_data
        if data is not None and data.mime_type and data.mime_type != _ANYTHING and _value(headers, _TYPE) is None:
            headers.append((_TYPE, data.mime_type))
        lost, status, time, url = entry.lost, response.status, entry.time, request.url
        answered = not lost and status is not None and 100 <= status <= 999 and status.is_integer()
        return Exchange(
            at=entry.at,
            method=request.method,
            # An image is about no campaign, and would be kept with the other URLs.
            url=url if url[:5] != "data:" else url[:_KEPT],
            headers=headers or None,
            request_base64=body,
            status_code=int(status) if answered and status else None,
            response_base64=self._received(request, response.content),
            lost=lost,
            seconds=time / 1000 if time is not None and time >= 0 else None,
            place=source.place,
            unread=unread,
        )

    def _sent(self, request: _Request, headers: Headers) -> bytes | None:
        data = request.post_data
        if data is not None:
            if data.text:
                body = _bytes(data.text, data.encoding)
                return decompressed(body, headers, _unread) if data.encoding else body
            if data.file:
                return decompressed(self._outside(request, data.file), headers, _unread)
            if data.params:
                return None
        # Playwright writes an empty text for a body that it did not look at.
        length = _value(headers, "content-length")
        if length is not None and length.strip("0 "):
            return None
        size = request.body_size
        return b"" if size == 0 or (length and (size is None or size < 0)) else None

    def _received(self, request: _Request, content: _Content | None) -> bytes | None:
        if content is None:
            return None
        try:
            if content.text:
                if self.creator == _POLLY and content.text[:2] == '["' and (pieces := _of_pieces(content.text)):
                    return _uncompressed(pieces)
                body = _bytes(content.text, content.encoding)
                return _uncompressed(body) if content.encoding else body
            if content.file:
                outside = self._outside(request, content.file)
                return None if outside is None else _uncompressed(outside)
        except _Unread:
            return None
        return None if content.text is None or (content.size or 0) > 0 else b""

    def _outside(self, request: _Request, name: str) -> bytes | None:
        if not _may_be_about_a_campaign(request.url):
            return None
        try:
            return self._attached(name)
        except NotAttached as error:
            raise _Unread(f"the body of the request is not in the file: {error}") from None


# What Schemathesis writes HAR files with.
_HARFILE: Final = "harfile"


_POLLY: Final = "Polly.JS"


def _of_pieces(text: str) -> bytes | None:
    """What Polly.JS kept of an answer that was compressed: a list of its pieces, in hex or base64; None for others."""
    try:
        pieces = msgspec.json.decode(text, type=list[str])
    except msgspec.MsgspecError:
        return None
    for decode in (bytes.fromhex, partial(base64.b64decode, validate=True)):
        with suppress(ValueError):
            return b"".join(map(decode, pieces))
    return None


def _as_harfile_means(entry: _Entry) -> None:
    """Set right what it writes in its own way: the time of the answer, and bytes of requests without a mark."""
    at, data, content = parse_time(entry.at), entry.request.post_data, (entry.response or _NO_RESPONSE).content
    if at is not None and entry.time is not None and 0 <= entry.time < _HUGE:
        with suppress(OverflowError):
            entry.at = (at - timedelta(milliseconds=entry.time)).isoformat()
    if data is not None and data.text and content is not None and content.encoding == "base64":
        with suppress(binascii.Error, ValueError):
            base64.b64decode(data.text, validate=True)
            data.encoding = content.encoding


_TYPE: Final = "content-type"
# Recorders write it where no type was sent.
_ANYTHING: Final = "application/octet-stream"


def _value(headers: Headers, wanted: str) -> str | None:
    for name, value in headers:
        if len(name) == len(wanted) and name.lower() == wanted:
            return value
    return None


def _may_be_about_a_campaign(url: str) -> bool:
    try:
        return could_become_target(urlsplit(url).path)
    except ValueError:
        return True


def _bytes(text: str, encoding: str | None) -> bytes:
    if isinstance(text, Cut):
        raise _Unread("the body of the request is too long to be kept")
    if not encoding or encoding.lower() in {"utf-8", "utf8"}:
        return text.encode("utf-8", "surrogatepass")
    if encoding.lower() != "base64":
        raise _Unread(f"the body of the request is encoded as {quoted(encoding)}, which is not known")
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise _Unread("the body of the request is marked as base64 and is none") from None


def _uncompressed(body: bytes) -> bytes | None:
    """The answer's body by what it begins with, as its headers need not be there; None if it cannot be read."""
    if GZIP.match(body):
        body = decompressed(body, [("content-encoding", "gzip")], _unread) or b""
    elif is_zlib(body):
        body = decompressed(body, [("content-encoding", "deflate")], _unread) or b""
    try:
        body.decode()
    except UnicodeDecodeError:
        return None
    return body


def _doubt(entry: _Entry, repeated: set[str]) -> str | None:
    """Why an entry cannot be read in one way, without what it is then unknown what it says."""
    request, content = entry.request, (entry.response or _NO_RESPONSE).content
    data = request.post_data
    if repeated & {"url", "request"}:
        request.url = ""
    if repeated & {"method", "request"}:
        request.method = ""
    if content is not None and content.text and UNPAIRED in content.text:
        content.text = None
    if repeated:
        return f"the key {printable_key(min(repeated))} is there twice in one object"
    if len(request.headers or ()) >= MOST_ITEMS:
        return f"it has more than {MOST_ITEMS:,} headers"
    texts = [request.method, request.url, *(text for h in request.headers or () for text in (h.name, h.value))]
    if any(isinstance(text, Cut) for text in texts if text[:5] != "data:"):
        return "a text in its request is too long to be kept"
    if data is not None and data.text:
        texts.append(data.text)
    if any(UNPAIRED in text for text in texts):
        if data is not None:
            data.text = None
        return "it holds an unpaired surrogate, which stands for no character"
    return None


def _taken(raw: Any) -> tuple[_Entry, str | None]:
    """What can be taken of an entry that is not as HAR has it, and why something that is needed cannot be."""
    entry = _object(raw)
    request, response = _object(entry.get("request")), _object(entry.get("response"))
    method, url = _text(request.get("method")), _text(request.get("url"))
    headers, unread_headers = _headers(request.get("headers"))
    data, unread_data = _data(request.get("postData"))
    content = _object(response.get("content"))
    unread = unread_headers or unread_data
    if not method or not url:
        unread = "its request has no method, or no URL"
    if not isinstance(entry.get("request"), dict):
        unread = "it has no request"
    if not isinstance(raw, dict):
        unread = "it is not an object"
    taken = _Entry(
        request=_Request(
            method=method or "",
            url=url or "",
            headers=headers,
            post_data=data,
            body_size=_number(request.get("bodySize")),
        ),
        response=_Response(
            status=_status(response.get("status")),
            content=_Content(
                text=_text(content.get("text")),
                size=_number(content.get("size")),
                encoding=_encoding(content.get("encoding")),
                file=_text(content.get("_file")),
            ),
            error=response.get("_error"),
            failure=response.get("_failureText"),
            by_worker=response.get("_fetchedViaServiceWorker") is True,
            transfer_size=_number(response.get("_transferSize")),
        ),
        at=_text(entry.get("startedDateTime")),
        time=_number(entry.get("time")),
        error=entry.get("_error"),
        from_cache=entry.get("_fromCache") is True or _text(entry.get("_fromCache")),
        from_disk_cache=entry.get("_fromDiskCache") is True,
        fulfilled=entry.get("_wasFulfilled") is True,
        aborted=entry.get("_wasAborted") is True,
    )
    return taken, unread


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: Any) -> float | None:
    number = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _HUGE
    return float(value) if number else None


def _status(value: Any) -> float | None:
    if isinstance(value, str) and value.strip().removeprefix("-").isdecimal() and len(value) < _KEPT:
        return float(value)
    return _number(value)


def _encoding(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value)[:_KEPT]


def _headers(value: Any) -> tuple[list[_Header] | None, str | None]:
    if value is None:
        return None, None
    if not isinstance(value, list):
        return None, "its headers are not a list"
    headers: list[_Header] = []
    for header in value:
        name = _object(header).get("name")
        if not isinstance(name, str):
            return headers, "one of its headers has no name"
        said = header.get("value")
        headers += [_Header(name, _as_text(part)) for part in (said if isinstance(said, list) else [said])]
    return headers, None


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value)


def _data(value: Any) -> tuple[_PostData | None, str | None]:
    if not value:
        return None, None
    if not isinstance(value, dict):
        return None, "its `postData` is not an object"
    text, params = value.get("text"), value.get("params")
    data = _PostData(
        text=_text(text),
        encoding=_encoding(value.get("encoding")),
        mime_type=_text(value.get("mimeType")),
        params=params if isinstance(params, list) else [params] if params else None,
        file=_text(value.get("_file")),
    )
    return data, "the text of its `postData` is none" if text is not None and not isinstance(text, str) else None

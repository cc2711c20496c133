"""JSON Lines: the plain form of a recording, and the client's own decision trace."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Final

import msgspec

from campaign_fsm.trace import VERSION
from campaign_fsm.traffic.exchange import Exchange, UnreadableRecording

_CHUNK: Final = 2**20
_LONGEST: Final = 16 * 2**20


def _lines(path: str, stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """The lines that are not blank, with their numbers; no more of the file is held than one of them."""
    number, rest = 0, b""
    while chunk := stream.read(_CHUNK):
        lines = (rest + chunk).split(b"\n")
        rest = lines.pop()
        if len(rest) > _LONGEST:
            raise UnreadableRecording(path, number + len(lines) + 1, "line", f"it is longer than {_LONGEST} bytes")
        for number, line in enumerate(lines, number + 1):  # noqa: B020 (it goes on where it was)
            if line and not line.isspace():
                yield number, line
    if rest and not rest.isspace():
        yield number + 1, rest


def _reason(error: Exception, line: bytes) -> str:
    try:
        line.decode()
    except UnicodeDecodeError:
        return "it is not UTF-8"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return f"it is not one exchange as JSON: {error}"


def read_lines(path: str, stream: BinaryIO) -> Iterator[Exchange]:
    """The exchanges of a file in the plain form.

    Raises:
        UnreadableRecording: A line cannot be read; those before it have been given.
    """
    decode = msgspec.json.Decoder(Exchange).decode
    for number, line in _lines(path, stream):
        try:
            exchange = decode(line)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
            raise UnreadableRecording(path, number, "line", _reason(error, line)) from None
        exchange.place = number
        yield exchange


class _Event(msgspec.Struct, gc=False):
    version: int
    event: str
    flow: str = ""
    at: str | None = None
    host: str | None = None
    account: str | None = None
    channel: str | None = None
    campaign: str | None = None
    method: str = ""
    action: str | None = None
    status: str | None = None
    raw_status: str | None = None
    start: str | None = None
    end: str | None = None
    reused: bool = False
    status_code: int | None = None
    code: str | None = None
    fields: list[str] | None = None
    confirmed: bool = False


def _exchange(event: _Event, place: int) -> Exchange:
    return Exchange(
        at=event.at,
        method=event.method,
        host=event.host,
        account=event.account,
        channel=event.channel,
        campaign=event.campaign,
        action=event.action,
        fields=event.fields,
        status_code=event.status_code,
        status=event.raw_status or event.status,
        start=event.start,
        end=event.end,
        code=event.code,
        confirmed=event.confirmed,
        place=place,
    )


def read_trace(path: str, stream: BinaryIO) -> Iterator[Exchange]:
    """The exchanges of a decision trace (`campaign_fsm.trace`): reads, writes with their answers, refusals.

    Raises:
        UnreadableRecording: A line cannot be read, or is of another version.
    """
    decode = msgspec.json.Decoder(_Event).decode
    under_way: dict[str, Exchange] = {}
    for number, line in _lines(path, stream):
        try:
            event = decode(line)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
            raise UnreadableRecording(path, number, "line", _reason(error, line)) from None
        if event.version != VERSION:
            reason = f"it is of version {event.version} of the trace; version {VERSION} can be read"
            raise UnreadableRecording(path, number, "line", reason)
        match event.event:
            case "read" if not event.reused:
                exchange = _exchange(event, number)
                exchange.action = None
                yield exchange
            case "refused":
                exchange = _exchange(event, number)
                exchange.sent = False
                yield exchange
            case "sent":
                under_way[event.flow] = _exchange(event, number)
            case "answered" | "failed":
                sent = under_way.pop(event.flow, None)
                if sent is not None:
                    sent.lost = event.event == "failed"
                    sent.status_code, sent.status = event.status_code, event.raw_status or event.status
                    sent.start, sent.end = event.start, event.end
                    yield sent
    for sent in under_way.values():
        sent.lost = True
        yield sent

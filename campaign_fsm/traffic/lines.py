"""JSON Lines: the plain form of a recording, and the client's own decision trace."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Final

import msgspec

from campaign_fsm.files import without_mark
from campaign_fsm.printable import quoted
from campaign_fsm.rules import Channel
from campaign_fsm.strict.json import Ambiguous, read_object
from campaign_fsm.strict.unreadable import NotARecording, UnreadableRecording
from campaign_fsm.trace import VERSION
from campaign_fsm.traffic.exchange import Exchange
from campaign_fsm.wire.target import is_id

_CHUNK: Final = 2**20
_LONGEST: Final = 16 * 2**20


def _lines(path: str, stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """The lines that are not blank, with their numbers; no more of the file is held than one of them."""
    number, rest = 0, b""
    first = True
    while chunk := stream.read(_CHUNK):
        if first:
            chunk, first = without_mark(chunk), False
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
    hint = "; the HTTP status code is status_code, status is the campaign's" if "`$.status`" in str(error) else ""
    return f"it is not one exchange as JSON: {error}{hint}"


def read_lines(path: str, stream: BinaryIO) -> Iterator[Exchange]:
    """The exchanges of a file in the plain form.

    Raises:
        UnreadableRecording: A line cannot be read; those before it have been given. Or no line has any of the
            keys that name what it is about.
    """
    decode = msgspec.json.Decoder(Exchange).decode
    number, about = 0, False
    for number, line in _lines(path, stream):
        try:
            exchange = decode(line)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
            kind = UnreadableRecording if about or not _is_foreign(line) else NotARecording
            raise kind(path, number, "line", _reason(error, line)) from None
        if line.count(b'"action"') > 1 or line.count(b'"status_code"') > 1 or line.count(b'"method"') > 1:
            _refuse_doubles(path, number, line)
        if not exchange.url or exchange.callback is not None:
            unclear = _unclear(exchange)
            if unclear:
                raise UnreadableRecording(path, number, "line", unclear)
            about = about or exchange.campaign is not None or exchange.callback is not None
        else:
            about = True
        exchange.place = number
        yield exchange
    if number and not about:
        reason = "no line of it has url, campaign or callback, so what it is about is unknown"
        raise NotARecording(path, 0, "line", reason)


def _is_foreign(line: bytes) -> bool:
    """Whether a line is a JSON object of somebody else's, which only looks like an exchange."""
    try:
        value = msgspec.json.decode(line)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return False
    return isinstance(value, dict) and not {"url", "campaign", "callback"} & value.keys()


def _refuse_doubles(path: str, number: int, line: bytes) -> None:
    try:
        read_object(line)
    except Ambiguous as problem:
        raise UnreadableRecording(path, number, "line", f"it can be read in two ways: {problem}") from None


def _unclear(exchange: Exchange) -> str | None:
    """Why it is unknown what a line without a URL, or with a callback, is about; None if it is clear."""
    if exchange.callback is not None:
        both = exchange.url or exchange.method or exchange.action or exchange.request_body is not None
        return "it is a request and a status callback at once; make two lines of it" if both else None
    if exchange.campaign is None and exchange.channel is None:
        return None
    if exchange.channel not in tuple(Channel):
        return f"its channel is {exchange.channel!r}; without a url it has to be message or voice"[:200]
    if exchange.campaign is not None and not is_id(exchange.campaign):
        return f"its campaign is no id: {quoted(exchange.campaign, 40)}"
    return None


class _Event(msgspec.Struct, gc=False):
    version: int
    event: str
    flow: str = ""
    at: str | None = None
    server_at: str | None = None
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
        # Starts and ends are the server's, so its clock counts, and ours may be another.
        at=event.server_at or event.at,
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
    pending = _Pending()
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
                pending.seen(exchange)
                yield exchange
            case "refused":
                exchange = _exchange(event, number)
                exchange.sent = False
                yield exchange
            case "sent" | "held" | "answered" | "failed" if not event.flow:
                raise UnreadableRecording(path, number, "line", "it has no flow, so its write is unknown")
            case "sent":
                exchange = _exchange(event, number)
                yield from pending.begin(event.flow, exchange)
            case "answered" | "failed":
                sent = pending.end(event.flow)
                if sent is None and event.action is not None and event.method not in ("GET", "HEAD"):
                    # The line that says that it was sent is in an older file.
                    sent = _exchange(event, number)
                if sent is not None:
                    sent.lost = event.event == "failed"
                    sent.status_code, sent.status = event.status_code, event.raw_status or event.status
                    sent.start, sent.end = event.start, event.end
                    yield sent
            case "held":
                pending.end(event.flow)
            case "read" | "decided":
                pass
            case _:
                raise UnreadableRecording(
                    path, number, "line", f"its event is {quoted(event.event, 40)}, which no trace has"
                )
    yield from pending.left()


class _Pending:
    """Writes that were sent, and of which the trace does not say yet what became of them.

    One that has no end was under way when its process ended, or its end could not be written.
    """

    def __init__(self) -> None:
        self._by_flow: dict[str, Exchange] = {}
        self._overtaken: set[str] = set()

    @staticmethod
    def _of_one_campaign(one: Exchange, other: Exchange) -> bool:
        return (one.host, one.account, one.channel, one.campaign) == (
            other.host,
            other.account,
            other.channel,
            other.campaign,
        )

    def begin(self, flow: str, exchange: Exchange) -> Iterator[Exchange]:
        """A write leaves. An earlier one of the same process on the same campaign has come to no end."""
        process = flow.rpartition("-")[0]
        for other, sent in list(self._by_flow.items()):
            if other.rpartition("-")[0] == process and self._of_one_campaign(sent, exchange):
                del self._by_flow[other]
                sent.lost = True
                yield sent
        self.seen(exchange)
        self._by_flow[flow] = exchange

    def seen(self, exchange: Exchange) -> None:
        """Something later is known of a campaign: a write that never ends says nothing new about it."""
        self._overtaken |= {flow for flow, sent in self._by_flow.items() if self._of_one_campaign(sent, exchange)}

    def end(self, flow: str) -> Exchange | None:
        """The write that was answered, or failed."""
        self._overtaken.discard(flow)
        return self._by_flow.pop(flow, None)

    def left(self) -> Iterator[Exchange]:
        """What never came to an end, as lost. In which status it left is not known if more was seen since."""
        for flow, sent in self._by_flow.items():
            sent.lost = True
            if flow in self._overtaken:
                sent.action = sent.fields = None
            yield sent

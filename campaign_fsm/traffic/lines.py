"""JSON Lines: the plain form of a recording, and the client's own decision trace."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import BinaryIO, Final

import msgspec
from attrs import define, field

from campaign_fsm.files import without_mark
from campaign_fsm.private import printable_key
from campaign_fsm.strict.unreadable import NotARecording, UnreadableRecording
from campaign_fsm.trace import VERSION
from campaign_fsm.traffic.exchange import Exchange
from campaign_fsm.traffic.odd_lines import (
    BROKEN,
    LONGEST,
    broken,
    is_object,
    is_ours,
    names_something,
    problem_of,
    read_in_two_ways,
)
from campaign_fsm.words import counted

_CHUNK: Final = 2**20
# Broken lines that are kept until it is known whether a file is a recording.
_MOST: Final = 1000


def _blocks(stream: BinaryIO) -> Iterator[tuple[int, list[bytes]]]:
    """Lines with the number of the first of them; no more of the file is held than a block and one line.

    Of a line that is longer than `LONGEST` the beginning is given, so spoiled that it is no JSON.
    """
    number, rest = 1, b""
    first, spoiled = True, False
    while chunk := stream.read(_CHUNK):
        if first:
            chunk, first = without_mark(chunk), False
        if spoiled:
            _, end, chunk = chunk.partition(b"\n")
            if not end:
                continue
            spoiled = False
        lines = (rest + chunk).split(b"\n")
        rest = lines.pop()
        if len(rest) > LONGEST:
            lines.append(rest[:LONGEST] + b"x")
            rest, spoiled = b"", True
        if lines:
            yield number, lines
            number += len(lines)
    if rest:
        yield number, [rest]


def read_lines(path: str, stream: BinaryIO, mapping: Mapping[str, str] | None = None) -> Iterator[Exchange]:
    """The exchanges of a file in the plain form. What cannot be read of a line is said in its exchange.

    Args:
        path: The file's name, for errors.
        stream: Its bytes.
        mapping: Where the lines of an access log have what, see `access_log`. The file may hold lines of both kinds.

    Raises:
        NotARecording: No line has any of the keys that name what it is about.
    """
    read = log = None
    if mapping:
        from campaign_fsm.traffic.access_log import AccessLog

        log = AccessLog(mapping, _plain)
        read = log.read
    opening = _Opening(path, plain=mapping is None)
    about = False
    for number, lines in _blocks(stream):
        for number, line in enumerate(lines, number):  # noqa: B020, PLW2901 (it goes on where it was)
            exchange: Exchange | None
            if read is not None:
                exchange = read(line)
            else:
                try:
                    exchange = _decode(line)
                except BROKEN as error:
                    exchange = broken(line, error)
                else:
                    # What most lines are need not be examined; no call for them.
                    if (
                        exchange.status_code is None
                        or (exchange.action is None and exchange.method != "GET")
                        or exchange.headers is not None
                        or exchange.callback is not None
                        or not exchange.url
                        or line.count(b'"action"') > 1
                        or line.count(b'"status_code"') > 1
                        or line.count(b'"method"') > 1
                    ):
                        _examine(exchange, line)
            if exchange is None:
                continue
            exchange.place = number
            if about and exchange.url:
                yield exchange
            elif opening.takes(exchange, line):
                about = opening.about
                if about:
                    yield from opening.kept()
                yield exchange
    yield from opening.end()
    if log is not None:
        yield from log.end()


_decode: Final = msgspec.json.Decoder(Exchange).decode


def _plain(line: bytes) -> Exchange | None:
    """The exchange of a line, an empty one if it is somebody else's, None if it is blank."""
    try:
        exchange = _decode(line)
    except BROKEN as error:
        return broken(line, error)
    _examine(exchange, line)
    return exchange


def _examine(exchange: Exchange, line: bytes) -> None:
    """Note what is unclear about a line."""
    exchange.unread = problem_of(exchange, line)
    if exchange.headers is not None and not exchange.headers:
        exchange.headers = None  # nobody sends a request without headers
    doubles = any(line.count(key) > 1 for key in (b'"action"', b'"status_code"', b'"method"'))
    if doubles and names_something(exchange) and exchange.unread is None:
        read_in_two_ways(exchange, line)


@define
class _Opening:
    """Keeps broken lines back until something says that a file is a recording: somebody else's log has such, too."""

    path: str
    plain: bool
    about: bool = field(default=False, init=False)
    _foreign: bool = field(default=False, init=False)
    _kept: list[Exchange] = field(factory=list, init=False)
    _more: int = field(default=0, init=False)

    def takes(self, exchange: Exchange, line: bytes) -> bool:
        """Whether an exchange is to be given out, and what was kept back before it."""
        if is_ours(exchange):
            self.about = True
            return True
        if exchange.unread is None:
            self._foreign = True
            return names_something(exchange)
        if not self.about:
            # An object that is none of ours may still be of an access log, by a table that names its URL wrongly.
            self._foreign = self._foreign or (self.plain and is_object(line))
            if len(self._kept) < _MOST:
                self._kept.append(exchange)
            else:
                self._more += 1
        return self.about

    def kept(self) -> Iterator[Exchange]:
        """What was kept back, once."""
        kept, self._kept = self._kept, []
        yield from kept
        if self._more:
            place, said = kept[-1].place, f"one of {counted(self._more, 'line')} behind this that cannot be read"
            yield from (Exchange(place=place, unread=said) for _ in range(self._more))
            self._more = 0

    def end(self) -> Iterator[Exchange]:
        """What was kept back of a file of which nothing could be read.

        Raises:
            NotARecording: Something could be read, and none of it is a recording.
        """
        if self._foreign and not self.about:
            reason = (
                "no line of it has url, campaign or callback as a recording has them, so what it is about is unknown "
                "(the HTTP status code is status_code; an access log is read by a table [access-log] in the "
                "configuration)"
            )
            raise NotARecording(self.path, 0, "line", reason)
        yield from self.kept()


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
    listed: bool = False
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

    What cannot be read of a line is said in an exchange. A write whose answer stood in it ends as lost.

    Raises:
        UnreadableRecording: It begins with a line of another version.
        NotARecording: Nothing in it is of a trace: other logs have events and versions, too.
    """
    decode = msgspec.json.Decoder(_Event).decode
    pending = _Pending()
    began, foreign = False, False
    kept: list[Exchange] = []
    for number, lines in _blocks(stream):
        for number, line in enumerate(lines, number):  # noqa: B020, PLW2901 (it goes on where it was)
            try:
                event = decode(line)
            except BROKEN as error:
                odd = broken(line, error, of="event")
                if odd is None:
                    continue
            else:
                odd = Exchange() if _is_foreign(event, began=began) else None
            if odd is not None:
                foreign = foreign or odd.unread is None
                odd.place, odd.unread = number, odd.unread or "it is no event of a trace"
                if began:
                    yield odd
                elif len(kept) < _MOST:
                    kept.append(odd)
                continue
            if not began:
                if event.version != VERSION:
                    raise UnreadableRecording(path, number, "line", _other_version(event))
                began = True
                yield from kept
            yield from _told(event, number, pending)
    if foreign and not began:
        raise NotARecording(path, 0, "line", "no line of it is an event of a decision trace")
    if not began:
        yield from kept
    yield from pending.left()


_EVENTS: Final = ("read", "decided", "refused", "sent", "held", "answered", "failed")


def _is_foreign(event: _Event, *, began: bool) -> bool:
    """Whether an event is somebody else's: it has nothing of ours but the keys, or the words before a trace."""
    if event.flow or event.account is not None or event.channel is not None or event.method:
        return False
    if event.event not in _EVENTS:
        return True
    return not began and event.campaign is None and event.version == VERSION


def _other_version(event: _Event) -> str:
    return f"it is of version {event.version} of the trace; version {VERSION} can be read"


def _unread(event: _Event, place: int, reason: str) -> Exchange:
    exchange = _exchange(event, place)
    exchange.unread = reason
    return exchange


def _told(event: _Event, place: int, pending: _Pending) -> Iterator[Exchange]:
    """What an event tells, together with those before it."""
    if event.version != VERSION:
        yield _unread(event, place, _other_version(event))
        return
    match event.event:
        case "read" if event.listed or not event.reused:  # an earlier one stands in a line of its own
            exchange = _exchange(event, place)
            exchange.action = None
            pending.seen(exchange)
            yield exchange
        case "refused":
            exchange = _exchange(event, place)
            exchange.sent = False
            yield exchange
        case "sent" | "held" | "answered" | "failed" if not event.flow:
            yield _unread(event, place, "it has no flow, so its write is unknown")
        case "sent":
            yield from pending.begin(event.flow, _exchange(event, place))
        case "answered" | "failed":
            sent = pending.end(event.flow)
            if sent is None and event.action is not None and event.method not in ("GET", "HEAD"):
                # The line that says that it was sent is in an older file, or is broken.
                sent = _exchange(event, place)
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
            yield _unread(event, place, f"its event is {printable_key(event.event)}, which no trace has")


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

"""The order in time: of the entries of one file, and of several files that are one story.

A HAR leaves sorting to its reader; proxies and access logs append when an answer is complete; logs are rotated. So what
is about campaigns is put into the order of its start while it is read, through a window: no more than that is held.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from heapq import heapify, heappop, heappush
from itertools import chain, islice, repeat
from operator import attrgetter, contains, itemgetter, le
from typing import Final

from attrs import define, frozen

from campaign_fsm.traffic.exchange import NOTHING, Exchange
from campaign_fsm.wire.schedule import parse_time

WINDOW: Final = 4096
"""So many entries are held; one that stands no further behind than that finds its place."""

# Bodies make entries large: of very large ones fewer are held.
_MOST_BODIES: Final = 16 * 2**20
# The times that servers give have no fractions, and the clocks of one house differ.
_TOLERANCE: Final = 1.0
# How much earlier than the first that were looked at another entry of a file may have begun.
_AHEAD: Final = 600.0
# Who completes a request stands so far behind at most, and a clock that is set back further.
_FAR: Final = 600.0
_HANDFUL: Final = 128
_NEVER: Final = float("-inf")


@define
class Order:
    """What was noticed of the order of some entries.

    Attributes:
        backwards: How often the times run backwards: of a campaign where the order in the file counts, by many minutes
            where it does not.
        first_backwards: The first entry of which that is so.
    """

    backwards: int = 0
    first_backwards: Exchange | None = None

    def _runs_backwards(self, exchange: Exchange) -> None:
        self.backwards += 1
        self.first_backwards = self.first_backwards or exchange

    def by_start(
        self, exchanges: Iterable[Exchange], about: Callable[[Exchange], bool], window: int = WINDOW
    ) -> Iterator[Exchange]:
        """What is about campaigns, in the order of its start; one without a time stays behind the one before it.

        Args:
            exchanges: As they stand in the file.
            about: Whether one is about campaigns though its URL does not have the word. Others are left out.
            window: How many are held.
        """
        # By handfuls and without loops of its own, as this is asked about every line, and most files are in order.
        held: deque[tuple[list[Exchange], int]] = deque()
        number = bodies = 0
        gone = last = ""
        rest = iter(exchanges)
        while batch := list(islice(rest, _HANDFUL)):
            if not all(map(contains, map(_url_of, batch), repeat("campaigns"))):
                batch = list(_relevant(batch, about))
            times = list(map(_at_of, batch))
            if None in times:
                times = [at for at in times if at is not None]
            if not _ascending(last, times):
                before = (one for one, _ in held)
                yield from self._sorted(chain(*before, batch, _relevant(rest, about)), gone, window)
                return
            last = times[-1] if times else last
            size = _size(batch)
            held.append((batch, size))
            number += len(batch)
            bodies += size
            while held and (number - len(held[0][0]) >= window or bodies > _MOST_BODIES):
                batch, size = held.popleft()
                number -= len(batch)
                bodies -= size
                gone = next((one.at for one in reversed(batch) if one.at is not None), gone)
                yield from batch
        for batch, _ in held:
            yield from batch

    def _sorted(self, exchanges: Iterable[Exchange], gone: str, window: int) -> Iterator[Exchange]:
        """The rest of a file that is not in order; `gone` is the time of what was given out before."""
        heap: list[tuple[float, int, Exchange]] = []
        before = reached = latest = seconds_of(gone) or _NEVER
        bodies = 0
        for number, exchange in enumerate(exchanges):
            start = seconds_of(exchange.at)
            before = before if start is None else start
            if before < reached:
                _is_too_late(exchange)
            elif start is not None and start < latest - _FAR:
                self._runs_backwards(exchange)
            latest = max(latest, before)
            heappush(heap, (before, number, exchange))
            bodies += _size((exchange,))
            while len(heap) > window or bodies > _MOST_BODIES:
                start, _, first = heappop(heap)
                reached = max(reached, start)
                bodies -= _size((first,))
                yield first
        while heap:
            yield heappop(heap)[2]

    def as_written(self, exchanges: Iterable[Exchange]) -> Iterator[Exchange]:
        """The same exchanges in their own order, which is that of what happened; times that run backwards are noted."""
        last: dict[object, float] = {}
        for exchange in exchanges:
            start = seconds_of(exchange.at)
            if start is not None:
                name = exchange.url or (exchange.host, exchange.account, exchange.channel, exchange.campaign)
                if start < last.get(name, start) - _TOLERANCE:
                    self._runs_backwards(exchange)
                last[name] = start
            yield exchange


@frozen
class Strand:
    """One file of a story.

    Attributes:
        first: When its first entry was sent, as seconds; None if it has no time, or that is not known.
        entries: Its entries. Nothing is opened before the first is asked for.
    """

    first: float | None
    entries: Iterator[Exchange]


def merged(strands: Sequence[Strand]) -> Iterator[Exchange]:
    """The entries of several files by their start; each file's own order stays.

    A file is opened when what it may hold comes next, and what has no time comes first, in the order of the files.
    """
    heap: list[tuple[float, int, Exchange | None, Iterator[Exchange]]] = [
        (_NEVER if one.first is None else one.first - _AHEAD, number, None, one.entries)
        for number, one in enumerate(strands)
    ]
    heapify(heap)
    reached = _NEVER
    while heap:
        key, number, exchange, entries = heappop(heap)
        if exchange is not None:
            if key < reached:
                _is_too_late(exchange)
            reached = max(reached, key)
            yield exchange
        following = next(entries, None)
        if following is not None:
            start = seconds_of(following.at)
            # What has no time, or an earlier one than the entry that it follows, stays behind that.
            begun = key if exchange is not None else _NEVER
            heappush(heap, (max(begun, _NEVER if start is None else start), number, following, entries))


def _is_too_late(exchange: Exchange) -> None:
    exchange.unread = exchange.unread or "it began before what was judged already; sort the file by time"


def _relevant(exchanges: Iterable[Exchange], about: Callable[[Exchange], bool]) -> Iterator[Exchange]:
    return (one for one in exchanges if not one.url or "campaigns" in one.url or about(one))


def seconds_of(at: str | None) -> float | None:
    """A time as seconds; None if it is none."""
    parsed = parse_time(at)
    return None if parsed is None else parsed.timestamp()


def _ascending(last: str, times: list[str]) -> bool:
    """Whether none of these times is before the one that it follows."""
    texts = [last or times[0], *times] if times else times
    # Texts of one length and with one offset are in the order of their times; only others are parsed.
    if all(map(le, texts, times)) and len({*map(len, texts)}) <= 1 and len({*map(_end_of, texts)}) <= 1:
        return True
    found = [parsed for text in texts if (parsed := parse_time(text)) is not None]
    return all(map(le, found, found[1:]))


def _size(exchanges: Iterable[Exchange]) -> int:
    """How large their bodies are, in bytes."""
    return sum(
        len(one.response_base64 or b"") + len(bytes(one.response)) + len(one.request_base64 or b"")
        for one in exchanges
        if one.response_base64 is not None or one.response is not NOTHING or one.request_base64 is not None
    )


_url_of: Final = attrgetter("url")
_at_of: Final = attrgetter("at")
_end_of: Final = itemgetter(slice(-6, None))

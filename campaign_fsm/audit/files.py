"""The files of an audit: which there are in a folder, and each of them while it is read."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from itertools import chain, islice
from pathlib import Path
from typing import Final

from attrs import define, evolve, field

from campaign_fsm.audit.auditor import Source
from campaign_fsm.audit.finding import Place
from campaign_fsm.audit.interpret import may_concern
from campaign_fsm.strict.unreadable import NotARecording, UnknownFormat
from campaign_fsm.traffic import Exchange, UnreadableRecording
from campaign_fsm.traffic.formats import RecordingFormat
from campaign_fsm.traffic.order import Order, seconds_of
from campaign_fsm.traffic.recordings import Recording, open_recording
from campaign_fsm.words import counted

# What rotating logs, compressing and copying put behind a name.
_BEHIND: Final = r"([.-][0-9][0-9T_.-]*|\.(gz|bz2|xz|zst|old|bak))*"
_MAY_BE: Final = re.compile(
    rf"(.*\.(har|zhar|jsonl|ndjson|json|ya?ml|toml|log|zip|flows?|mitm)|[^.]*){_BEHIND}", re.IGNORECASE | re.DOTALL
)
# A file that is called like this is a recording, or a broken one; JSON, YAML and logs may be anything.
_RECORDING: Final = re.compile(rf".*\.(har|zhar|jsonl|ndjson){_BEHIND}", re.IGNORECASE | re.DOTALL)
_EVERY: Final = 2000
_LOOKED_AT: Final = 512

# Whoever writes these leaves the order to whoever reads them.
_TO_SORT: Final = frozenset({RecordingFormat.HAR, RecordingFormat.JSONL, RecordingFormat.JSON})
APART: Final = frozenset({RecordingFormat.CASSETTE, RecordingFormat.RUNBOOK})
"""Each of these is a story of its own: of one test, or a plan."""


def files_of(folder: str) -> list[str]:
    """The files of a folder that may be recordings by their names, in their order.

    Raises:
        UnreadableRecording: The folder, or one in it, cannot be read.
    """

    def refuse(error: OSError) -> None:
        path = str(error.filename or folder)
        raise UnreadableRecording(path, 0, "line", f"it cannot be read: {error.strerror or error}") from None

    found: list[Path] = []
    for where, _, names in os.walk(folder, onerror=refuse):
        found += [file for name in names if _MAY_BE.fullmatch(name) and (file := Path(where, name)).is_file()]
    return list(map(str, sorted(found)))


@define(eq=False)
class AuditedFile:
    """One file of an audit, while it is read.

    Attributes:
        path: Where it is; ``-`` for the standard input.
        format: Its format, None to find out.
        named: Whether it is an error if it is no recording, or about no campaign.
        source: How it is audited, and what was counted.
        mapping: Where the lines of an access log have what (`campaign_fsm.traffic.access_log`).
        progress: Called now and then with the recording that is read; None for no call.
        order: What was noticed of its order.
        broken: Why it could not be read to its end; None if it could.
        foreign: Whether it may well be no recording at all.
    """

    path: str
    format: RecordingFormat | None = None
    named: bool = True
    source: Source = field(factory=Source)
    mapping: Mapping[str, str] | None = None
    progress: Callable[[Recording], object] | None = None
    order: Order = field(factory=Order, init=False)
    broken: UnreadableRecording | None = field(default=None, init=False)
    foreign: bool = field(default=False, init=False)

    @property
    def is_pipe(self) -> bool:
        """Whether it can be read once only."""
        return self.path == "-" or (Path(self.path).exists() and not Path(self.path).is_file())

    def look(self) -> tuple[RecordingFormat | None, float | None]:
        """Its format, and when the earliest of its first entries was sent; None for what it does not say."""
        known: RecordingFormat | None = None
        times: list[float] = []
        # Whoever audits it will say what cannot be read.
        with suppress(UnreadableRecording), open_recording(self.path, self.format, self.mapping) as recording:
            known = recording.format
            some = filter(may_concern, recording.exchanges) if known not in APART else ()
            for one in islice(some, _LOOKED_AT):
                start = seconds_of(one.at)
                times += () if start is None else (start,)
        return known, min(times, default=None)

    def entries(self) -> Iterator[Exchange]:
        """Its entries, in the order in which they are judged. What cannot be read is noted, and ends them."""
        entries = self._read()
        first = next(entries, None)
        if first is None:
            return
        if self.format in _TO_SORT:
            yield from self.order.by_start(chain((first,), entries), may_concern)
        elif self.format is RecordingFormat.RUNBOOK:
            yield from chain((first,), entries)
        else:
            yield from self.order.as_written(chain((first,), entries))

    def _read(self) -> Iterator[Exchange]:
        try:
            with open_recording(self.path, self.format, self.mapping) as recording:
                self.format = recording.format
                self.source.options = evolve(self.source.options, by_entry=recording.by_entry)
                # Any file of JSON objects looks like the plain form.
                self.foreign = self.format in {RecordingFormat.JSONL, RecordingFormat.JSON}
                yield from recording.exchanges if self.progress is None else self._watched(recording)
        except NotARecording as error:
            self.broken = error
            self.foreign = not (isinstance(error, UnknownFormat) and _RECORDING.fullmatch(self.path))
        except UnreadableRecording as error:
            self.broken = error
            self.foreign = self.foreign and not _RECORDING.fullmatch(self.path)

    def _watched(self, recording: Recording) -> Iterator[Exchange]:
        assert self.progress is not None
        for number, exchange in enumerate(recording.exchanges):
            if number % _EVERY == 0:
                self.progress(recording)
            yield exchange

    def marked(self) -> Iterator[Exchange]:
        """The same as `entries`, and each says which file it is of."""
        for exchange in self.entries():
            exchange.source = self.source
            yield exchange

    @property
    def events(self) -> int:
        """How many of its exchanges were about campaigns."""
        return self.source.events

    @property
    def passed_over(self) -> bool:
        """Whether it is none of ours, and nobody named it."""
        return self.foreign and not self.named and not self.events

    def place(self, exchange: Exchange) -> Place:
        """Where one of its entries stands."""
        return Place(self.path, **{"entry" if self.source.options.by_entry else "line": exchange.place})

    def problems(self) -> Iterator[str]:
        """Why it cannot be said what is wrong with it: a sentence each."""
        if self.broken is not None:
            yield str(self.broken)
        elif self.named and not self.events:
            yield f"{self.path}: nothing in it is about a campaign"

    def remarks(self) -> Iterator[str]:
        """What whoever reads the findings should know of it."""
        if self.order.first_backwards is not None:
            where, places = self.place(self.order.first_backwards).in_words, counted(self.order.backwards, "place")
            order = "of time" if self.format in _TO_SORT else "in which it stands there"
            yield f"{where}: time runs backwards ({places} in the file); it was judged in the order {order}"

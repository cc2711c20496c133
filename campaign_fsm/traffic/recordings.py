"""Opening a recording: which format it is, and its exchanges."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, Final

from attrs import frozen

from campaign_fsm.files import without_mark
from campaign_fsm.strict.unreadable import NotARecording, UnreadableRecording
from campaign_fsm.traffic.exchange import Exchange


class RecordingFormat(StrEnum):
    """The formats of recordings that are understood."""

    JSONL = "jsonl"
    TRACE = "trace"
    HAR = "har"
    CASSETTE = "cassette"
    RUNBOOK = "runbook"

    @property
    def by_entry(self) -> bool:
        """Whether places in it are entries, and not lines."""
        return self is RecordingFormat.HAR


@frozen
class Recording:
    """An open recording.

    Attributes:
        path: The file, as it was given; ``-`` for the standard input.
        format: Its format.
        exchanges: What was recorded, in its order. May raise `UnreadableRecording`.
        by_entry: Whether places are entries of the file, and not lines.
        size: Its size in bytes, None if that is not known.
        position: How many bytes have been read.
    """

    path: str
    format: RecordingFormat
    exchanges: Iterator[Exchange]
    by_entry: bool
    size: int | None
    position: Callable[[], int]


_PEEK: Final = 64 * 1024
# What a pipe gives at once may be less than was asked for.
_LONG_LINE: Final = 8 * 1024


@contextmanager
def open_recording(path: str, format: RecordingFormat | None = None) -> Iterator[Recording]:  # noqa: A002
    """Open a recording, and close it afterwards.

    Args:
        path: The file; ``-`` for the standard input.
        format: Its format; None to find out by its content.

    Raises:
        UnreadableRecording: It cannot be opened, or its format is unknown.
    """
    stream = _opened(path)
    try:
        head = stream.peek(_PEEK)[:_PEEK]
        found = format or detect(path, head)
        by_entry = found.by_entry or (found is RecordingFormat.RUNBOOK and path.endswith(".toml"))
        by_entry = by_entry or (found is RecordingFormat.CASSETTE and without_mark(head).lstrip()[:1] == b"{")
        size = Path(path).stat().st_size if path != "-" else None
        yield Recording(path, found, _reader(found)(path, stream), by_entry, size, stream.tell)
    except OSError as error:
        raise UnreadableRecording(path, 0, "line", f"it cannot be read: {error.strerror or error}") from None
    finally:
        if path != "-":
            stream.close()


def _opened(path: str) -> BufferedReader:
    if path == "-":
        if sys.stdin is None:
            raise UnreadableRecording(path, 0, "line", "there is no standard input")
        buffer = sys.stdin.buffer
        assert isinstance(buffer, BufferedReader)
        return buffer
    try:
        stream = Path(path).open("rb", buffering=_PEEK)  # noqa: SIM115 (`open_recording` closes it)
    except OSError as error:
        raise UnreadableRecording(path, 0, "line", f"it cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise UnreadableRecording(path, 0, "line", f"it cannot be read: {error}") from None
    assert isinstance(stream, BufferedReader)
    return stream


def detect(path: str, head: bytes) -> RecordingFormat:
    """The format of a recording, by how it begins.

    Raises:
        UnreadableRecording: It is unknown.
    """
    start = without_mark(head).lstrip()
    if not start:
        raise NotARecording(path, 0, "line", "it is empty")
    first = _first_line(start)
    if re.match(rb"""\{\s*"log"\s*:""", start) or _has_key(start, first, "log"):
        return RecordingFormat.HAR
    if re.match(rb"""\{\s*"(runbook)"\s*:""", start) or re.search(rb"""(?m)^["']?runbook["']?\s*[:=]""", start):
        return RecordingFormat.RUNBOOK
    begins = rb'\{\s*("version"\s*:[^{\[]*)?"interactions"\s*:'
    listed = re.search(rb"(?m)^interactions\s*:", start) or re.match(begins, start)
    traced = isinstance(first, dict) and "event" in first
    if (listed and not traced) or _has_key(start, first, "interactions"):
        return RecordingFormat.CASSETTE
    if isinstance(first, dict):
        return RecordingFormat.TRACE if "event" in first and "version" in first else RecordingFormat.JSONL
    if start.startswith(b"{") and b"\n" not in start and len(start) >= _LONG_LINE:
        # A line that is longer than what was looked at: a list with its answer.
        return RecordingFormat.JSONL
    raise NotARecording(
        path, 0, "line", f"its format is not known; --format is one of {', '.join(known for known in RecordingFormat)}"
    )


def _has_key(start: bytes, first: object, key: str) -> bool:
    """Whether a JSON document has a key at its top, first or not, on one line or on many."""
    if isinstance(first, dict):
        return key in first and not {"url", "event", "campaign"} & first.keys()
    return re.search(rb"""(?m)^(\t| {1,4})"%b"\s*:\s*[\[{]""" % key.encode(), start) is not None


def _first_line(start: bytes) -> object:
    try:
        return json.loads(start.partition(b"\n")[0])
    except (ValueError, RecursionError):
        return None


def _reader(format: RecordingFormat) -> Callable[[str, BinaryIO], Iterator[Exchange]]:  # noqa: A002
    # Each imported only where it is needed.
    match format:
        case RecordingFormat.JSONL:
            from campaign_fsm.traffic.lines import read_lines

            return read_lines
        case RecordingFormat.TRACE:
            from campaign_fsm.traffic.lines import read_trace

            return read_trace
        case RecordingFormat.HAR:
            from campaign_fsm.traffic.har import read_har

            return read_har
        case RecordingFormat.CASSETTE:
            from campaign_fsm.traffic.cassette import read_cassette

            return read_cassette
        case RecordingFormat.RUNBOOK:
            from campaign_fsm.traffic.runbook import read_runbook

            return read_runbook

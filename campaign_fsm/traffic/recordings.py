"""Opening a recording: its format, and its exchanges."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, Final

from attrs import frozen

from campaign_fsm.files import without_mark
from campaign_fsm.strict.unreadable import UnreadableRecording
from campaign_fsm.traffic.exchange import Exchange
from campaign_fsm.traffic.formats import RecordingFormat, detect


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


@contextmanager
def open_recording(
    path: str,
    format: RecordingFormat | None = None,  # noqa: A002
    mapping: Mapping[str, str] | None = None,
) -> Iterator[Recording]:
    """Open a recording, and close it afterwards.

    Args:
        path: The file; ``-`` for the standard input.
        format: Its format; None to find out by its content.
        mapping: Where JSON Lines that are an access log have what (`campaign_fsm.traffic.access_log`).

    Raises:
        UnreadableRecording: It cannot be opened, or its format is unknown.
    """
    stream = _opened(path)
    try:
        head = stream.peek(_PEEK)[:_PEEK]
        found = format or detect(path, head)
        by_entry = found.by_entry or (found is RecordingFormat.RUNBOOK and path.endswith(".toml"))
        by_entry = by_entry or (found is RecordingFormat.CASSETTE and without_mark(head).lstrip()[:1] in {b"{", b"["})
        size = Path(path).stat().st_size if path != "-" else None
        yield Recording(path, found, _reader(found, mapping)(path, stream), by_entry, size, stream.tell)
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


def _reader(
    format: RecordingFormat,  # noqa: A002
    mapping: Mapping[str, str] | None,
) -> Callable[[str, BinaryIO], Iterator[Exchange]]:
    # Each imported only where it is needed.
    match format:
        case RecordingFormat.JSONL:
            from campaign_fsm.traffic.lines import read_lines

            return partial(read_lines, mapping=mapping)
        case RecordingFormat.JSON:
            from campaign_fsm.traffic.array import read_array

            return partial(read_array, mapping=mapping)
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

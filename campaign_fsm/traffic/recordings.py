"""Opening a recording: its format, and its exchanges."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import BinaryIO, Final, cast

from attrs import frozen

from campaign_fsm.files import without_mark
from campaign_fsm.strict.unreadable import NotARecording, UnreadableRecording
from campaign_fsm.traffic.attached import Attached
from campaign_fsm.traffic.exchange import Exchange
from campaign_fsm.traffic.formats import RecordingFormat, detect
from campaign_fsm.traffic.opening import Opened, Readable, wide_encoding


@frozen
class Recording:
    """An open recording.

    Attributes:
        path: The file, as it was given; ``-`` for the standard input.
        format: Its format.
        exchanges: What was recorded, in its order. May raise `UnreadableRecording`.
        by_entry: Whether places are entries of the file, and not lines.
        size: Its size in bytes, None if that is not known.
        position: How many bytes have been read; of the compressed ones, where it is compressed.
    """

    path: str
    format: RecordingFormat
    exchanges: Iterator[Exchange]
    by_entry: bool
    size: int | None
    position: Callable[[], int]


_PEEK: Final = 64 * 1024
_LOOKED_AT: Final = 4 * 2**20
_FIRST_ITEMS: Final = 20
# gzip, zlib, zip.
_NOT_UNPACKED: Final = {b"\xfd7zXZ\0": "xz", b"BZh": "bzip2", b"\x28\xb5\x2f\xfd": "Zstandard"}
_PACKED: Final = (b"\x1f\x8b", b"x", b"PK")


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
        source, attached = _unpacked(path, stream, head)
        if source is not stream:
            source = Opened(source, _PEEK)
            head = source.head
        _refuse_wide(path, head, format)
        if format is None and mapping and (log := _access_log(path, head, mapping)):
            format = log  # noqa: A001
        elif format is None:
            format, source = _told(path, head, source)  # noqa: A001
        by_entry = format.by_entry or (format is RecordingFormat.RUNBOOK and path.endswith(".toml"))
        by_entry = by_entry or (format is RecordingFormat.CASSETTE and without_mark(head).lstrip()[:1] in {b"{", b"["})
        size = Path(path).stat().st_size if path != "-" else None
        exchanges = _reader(format, mapping, attached)(path, cast("BinaryIO", source))
        yield Recording(path, format, exchanges, by_entry, size, stream.tell)
    except OSError as error:
        raise UnreadableRecording(path, 0, "line", f"it cannot be read: {error.strerror or error}") from None
    finally:
        if path != "-":
            stream.close()


def _access_log(path: str, head: bytes, mapping: Mapping[str, str]) -> RecordingFormat | None:
    """As what an access log is read: its lines, or the items of an array; None for what is none."""
    from campaign_fsm.traffic.access_log import begins

    if without_mark(head).lstrip()[:1] == b"[":
        from campaign_fsm.traffic.array import first_items

        if begins(b"".join(first_items(path, head, _FIRST_ITEMS)), mapping):
            return RecordingFormat.JSON
    return RecordingFormat.JSONL if begins(head, mapping) else None


def _unpacked(path: str, stream: BufferedReader, head: bytes) -> tuple[Readable, Attached | None]:
    for mark, name in _NOT_UNPACKED.items():
        if head.startswith(mark):
            raise UnreadableRecording(path, 0, "line", f"it is compressed with {name}, which is not read; unpack it")
    if not head.startswith(_PACKED):
        return stream, None
    from campaign_fsm.traffic.containers import Inflated, is_compressed, is_zip, open_zip

    if is_zip(head):
        return open_zip(path, stream)
    return (Inflated(path, stream) if is_compressed(head) else stream), None


def _refuse_wide(path: str, head: bytes, format: RecordingFormat | None) -> None:  # noqa: A002
    codec = wide_encoding(head)
    if codec is None:
        return
    sentence = f"it is {codec[:6].upper()}; save it as UTF-8"
    if format is None:
        text = head.decode(codec, "ignore").encode()
        try:
            # Any object looks like a line.
            if detect(path, text) is RecordingFormat.JSONL:
                next(_reader(RecordingFormat.JSONL, None, None)(path, BytesIO(text)), None)
        except NotARecording:
            raise NotARecording(path, 0, "line", sentence) from None
    raise UnreadableRecording(path, 0, "line", sentence)


def _told(path: str, head: bytes, source: Readable) -> tuple[RecordingFormat, Readable]:
    """The format by the way a file begins, and what is to be read then."""
    try:
        found = detect(path, head)
    except NotARecording:
        if not _goes_on(head):
            raise
    else:
        if found is not RecordingFormat.JSONL or not _goes_on(head) or b"\n" in head:
            return found, source
    # A long text before what tells, a document in one line, or lines that are longer than what was looked at.
    opened = Opened(source, _LOOKED_AT)
    return detect(path, opened.head), opened


def _goes_on(head: bytes) -> bool:
    return len(head) >= _PEEK // 2 and without_mark(head).lstrip()[:1] in {b"{", b"["}


def _opened(path: str) -> BufferedReader:
    if path == "-":
        if sys.stdin is None:
            raise UnreadableRecording(path, 0, "line", "there is no standard input")
        buffer = sys.stdin.buffer
        assert isinstance(buffer, BufferedReader)
        return buffer
    try:
        stream = Path(path).open("rb", buffering=_PEEK)  # noqa: SIM115 (`open_recording` closes it)
    except FileNotFoundError:
        raise UnreadableRecording(path, 0, "line", "no such file") from None
    except OSError as error:
        raise UnreadableRecording(path, 0, "line", f"it cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise UnreadableRecording(path, 0, "line", f"it cannot be read: {error}") from None
    assert isinstance(stream, BufferedReader)
    return stream


def _reader(
    format: RecordingFormat,  # noqa: A002
    mapping: Mapping[str, str] | None,
    attached: Attached | None,
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

            return partial(read_har, attached=attached)
        case RecordingFormat.CASSETTE:
            from campaign_fsm.traffic.cassette import read_cassette

            return read_cassette
        case RecordingFormat.RUNBOOK:
            from campaign_fsm.traffic.runbook import read_runbook

            return read_runbook

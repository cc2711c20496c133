"""Recordings that are compressed (gzip, or zlib as mitmproxy's ``.zhar``), or in a zip file, as Playwright has them."""

from __future__ import annotations

import zipfile
import zlib
from contextlib import suppress
from typing import BinaryIO, Final, Never

from campaign_fsm.printable import quoted
from campaign_fsm.strict.unreadable import NotARecording, UnreadableRecording
from campaign_fsm.traffic.attached import Attached, NotAttached, plain_name, small
from campaign_fsm.traffic.bodies import GZIP, MOST_BODY, is_zlib
from campaign_fsm.traffic.formats import RecordingFormat, detect
from campaign_fsm.traffic.opening import Readable

_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")
_BROKEN: Final = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError)
_ENCRYPTED: Final = 1
_MAGIC: Final = 3
_ZLIB: Final = 64
_CHUNK: Final = 16 * 1024
_MOST: Final = 4 * 2**30
_FREE: Final = 64 * 2**20
_RATIO: Final = 1000
# Of a zip file without a HAR file: so many of its files, and so much of each.
_LOOKED_INTO: Final = 100
_HEAD: Final = 64 * 1024
_NAMES: Final = (".json", ".yaml", ".yml", ".jsonl", ".ndjson")
# What is told by more than a key that many files have.
_SURE: Final = frozenset({RecordingFormat.HAR, RecordingFormat.CASSETTE, RecordingFormat.TRACE})


def is_compressed(head: bytes) -> bool:
    """Whether a file is gzip's or zlib's, by its first bytes."""
    # A text may begin with the same two letters.
    return GZIP.match(head) is not None or (is_zlib(head) and not head[:_ZLIB].isascii())


def is_zip(head: bytes) -> bool:
    """Whether a file is a zip file, by its first bytes."""
    return head.startswith(_ZIP)


class _Bounded:
    """What is read of a file that is larger than it looks."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._taken = self._given = 0
        self._failed = ""

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes, decompressed; like `read` of any binary stream.

        Raises:
            UnreadableRecording: They cannot be read, or are too many; each time from then on.
        """
        if self._failed:
            self.fail(self._failed)
        return self._counted(self._read(size))

    def _read(self, size: int) -> bytes:
        raise NotImplementedError

    def fail(self, reason: str) -> Never:
        self._failed = reason
        raise UnreadableRecording(self._path, 0, "line", reason)

    def _counted(self, plain: bytes) -> bytes:
        self._given += len(plain)
        if self._given > _MOST:
            self.fail(f"it is larger than {_MOST} bytes when it is decompressed")
        if self._given > _FREE and self._given > _RATIO * self._taken:
            self.fail(f"it is more than {_RATIO} times as large when it is decompressed")
        return plain


class Inflated(_Bounded):
    """A file of gzip or zlib, decompressed as it is read.

    What stands before the place where it is damaged is given out. Then `read` raises `UnreadableRecording`.
    """

    def __init__(self, path: str, stream: BinaryIO) -> None:
        super().__init__(path)
        self._stream = stream
        self._inflater: zlib._Decompress | None = None
        self._rest = b""
        self._parts = 0
        self._damaged = False

    def _read(self, size: int) -> bytes:
        if size < 0:
            return b"".join(iter(lambda: self._read(_CHUNK), b""))
        plain = b""
        while size and not plain:
            if self._damaged:
                self.fail("its compressed data is damaged")
            data = self._rest or self._stream.read(_CHUNK)
            self._rest = b""
            if self._inflater is None:
                data = self._behind(data)
                if not data:
                    break
                self._inflater = zlib.decompressobj(zlib.MAX_WBITS | 32)
            plain = self._inflated(self._inflater, data, size)
            if not data and not plain and self._inflater is not None:
                self.fail("its compressed data is cut off")
        return plain

    def _behind(self, data: bytes) -> bytes:
        """The next part: gzip's files may be strung together, and padded."""
        if not self._parts:
            return data
        while len(data := data.lstrip(b"\0")) < _MAGIC and (more := self._stream.read(_CHUNK)):
            data += more
        if data and not GZIP.match(data):
            self.fail("something follows its compressed data")
        return data

    def _inflated(self, inflater: zlib._Decompress, data: bytes, size: int) -> bytes:
        before = inflater.copy()
        try:
            plain = inflater.decompress(data, size)
        except zlib.error:
            self._damaged = True
            return _before_the_damage(before, data)
        if inflater.eof:
            self._rest, self._inflater = inflater.unused_data, None
            self._parts += 1
        else:
            self._rest = inflater.unconsumed_tail
        self._taken += len(data) - len(self._rest)
        return plain


def _before_the_damage(inflater: zlib._Decompress, data: bytes) -> bytes:
    plain = bytearray()
    with suppress(zlib.error):
        for at in range(len(data)):
            plain += inflater.decompress(data[at : at + 1])
    return bytes(plain)


class _Member(_Bounded):
    """A file in a zip file."""

    def __init__(self, path: str, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
        super().__init__(path)
        self._stream = archive.open(info)
        self._taken = info.compress_size

    def _read(self, size: int) -> bytes:
        try:
            return self._stream.read(size)
        except _BROKEN:
            self.fail("a file in it is damaged or cut off")


def open_zip(path: str, stream: BinaryIO) -> tuple[Readable, Attached]:
    """The HAR file in a zip file, and what reads the bodies that lie beside it.

    Raises:
        NotARecording: There is none in it.
        UnreadableRecording: There are several, or it cannot be read.
    """

    def fail(reason: str) -> Never:
        raise UnreadableRecording(path, 0, "line", reason)

    if not stream.seekable():
        fail("it is a zip file, which cannot be read from a pipe; name the file")
    try:
        archive = zipfile.ZipFile(stream)
    except _BROKEN:
        fail("it is a zip file that is damaged or cut off")
    found = [info for info in archive.infolist() if _is_har(info)]
    if not found:
        if any(_is_recording(archive, info) for info in archive.infolist()[:_LOOKED_INTO]):
            fail("it is a zip file with recordings in it that are no .har files; unpack it, and audit the folder")
        raise NotARecording(path, 0, "line", "it is a zip file without a .har file in it")
    if len(found) > 1:
        fail(f"it is a zip file with {len(found)} .har files in it; unpack it, and audit the folder")
    (info,) = found
    if info.flag_bits & _ENCRYPTED:
        fail("it is an encrypted zip file; unpack it, and audit the folder")
    try:
        member = _Member(path, archive, info)
    except _BROKEN:
        fail("it is a zip file that is damaged, or compressed in a way that is not known")
    folder = info.filename.rpartition("/")[0]

    def read(name: str) -> bytes:
        plain_name(name)
        try:
            there = archive.getinfo(f"{folder}/{name}" if folder else name)
            small(name, there.file_size)
            with archive.open(there) as body:
                data = body.read(MOST_BODY + 1)
        except KeyError:
            raise NotAttached(f"{quoted(name)}, which should hold it, is not in the zip file") from None
        except _BROKEN as error:
            raise NotAttached(f"{quoted(name)}, which should hold it, cannot be read") from error
        small(name, len(data))
        return data

    return member, read


def _is_har(info: zipfile.ZipInfo) -> bool:
    # What macOS puts in beside each file is none.
    return info.filename.lower().endswith(".har") and not info.filename.startswith("__MACOSX/")


def _is_recording(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bool:
    if not info.filename.lower().endswith(_NAMES) or info.filename.startswith("__MACOSX/"):
        return False
    try:
        with archive.open(info) as stream:
            return detect(info.filename, stream.read(_HEAD)) in _SURE
    except (*_BROKEN, UnreadableRecording):
        return False

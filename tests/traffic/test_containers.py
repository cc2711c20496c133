"""Recordings in gzip, zlib and zip, in other encodings, and with long texts in front."""

import gzip
import io
import json
import os
import struct
import sys
import zipfile
import zlib
from pathlib import Path

import pytest
from hars import entry, har

from campaign_fsm.strict.unreadable import NotARecording
from campaign_fsm.traffic import UnreadableRecording, containers
from campaign_fsm.traffic.formats import RecordingFormat
from campaign_fsm.traffic.recordings import open_recording

LINE = (
    b'{"at": "2026-01-05T10:00:00Z", "method": "GET", "url": "/v2/accounts/acme1/campaigns/c1", "status_code": 200}\n'
)
CASSETTE = b"""interactions:
- request: {method: GET, uri: "https://api.exotel.com/v2/accounts/acme1/campaigns/c1", body: null, headers: {}}
  response: {status: {code: 200, message: OK}, headers: {}, body: {string: "{}"}}
version: 1
"""


@pytest.fixture
def written(tmp_path):
    def write(data, name="recording"):
        file = tmp_path / name
        file.write_bytes(data)
        return str(file)

    return write


def read(path, format=None):
    with open_recording(path, format) as recording:
        return recording.format, list(recording.exchanges)


def refused(path, kind=UnreadableRecording):
    """What was read before the refusal, and its reason."""
    found = []
    with pytest.raises(UnreadableRecording) as caught:
        with open_recording(path) as recording:
            found.extend(recording.exchanges)
    assert type(caught.value) is kind
    return len(found), caught.value.reason


def zipped(*files):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return data.getvalue()


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress, lambda data: zlib.compress(data, 9)])
@pytest.mark.parametrize(
    ("data", "format"),
    [
        (har(entry(), entry()), RecordingFormat.HAR),
        (LINE * 2, RecordingFormat.JSONL),
        (CASSETTE, RecordingFormat.CASSETTE),
    ],
)
def test_a_compressed_recording_is_read_as_it_is(written, pack, data, format):
    """Of any format, told by its first bytes."""
    path = written(pack(data))
    assert read(path) == read(written(data, "plain"))
    assert read(path)[0] is format
    assert read(path, format) == read(path)


def test_the_standard_input_may_be_compressed(monkeypatch, written):
    """It is a pipe mostly."""
    with Path(written(gzip.compress(har(entry())))).open("rb") as file:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(file.raw)))
        assert len(read("-")[1]) == 1
    end, start = os.pipe()
    with os.fdopen(end, "rb") as pipe:
        os.write(start, zipped(("a.har", har())))
        os.close(start)
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(pipe))
        assert "cannot be read from a pipe" in refused("-")[1]


def test_files_of_gzip_may_be_strung_together(written):
    """And padded; anything else behind them is an error."""
    data = gzip.compress(LINE) + b"\0" * 40_000 + gzip.compress(LINE * 2) + b"\0" * 7
    assert len(read(written(data))[1]) == 3
    assert refused(written(data + b"x")) == (3, "something follows its compressed data")


def test_what_stands_before_the_damage_is_read(written):
    """In a file that breaks off, or is damaged somewhere."""
    whole = har(*[entry({"url": f"https://x.example/{os.urandom(300).hex()}"}) for _ in range(500)])
    data = gzip.compress(whole)
    count, reason = refused(written(data[: len(data) // 2]))
    assert 200 < count < 300
    assert reason == "its compressed data is cut off"
    half = len(data) // 2
    count, reason = refused(written(data[:half] + b"\xff" * 50 + data[half + 50 :]))
    assert 200 < count <= 500
    assert reason
    # Its checksum is wrong: everything has been read.
    assert refused(written(data[:-8] + bytes(8))) == (500, "its compressed data is damaged")


def test_what_is_decompressed_is_bounded(written, monkeypatch):
    """By its size, and by how much larger it is than its file."""
    monkeypatch.setattr(containers, "_FREE", 100_000)
    path = written(gzip.compress(b'{"log": {"x": "' + b"x" * 1_000_000 + b'", "entries": []}}'))
    monkeypatch.setattr(containers, "_RATIO", 100)
    assert refused(path) == (0, "it is more than 100 times as large when it is decompressed")
    assert refused(written(zipped(("a.har", har(comment="x" * 1_000_000)))))[1].startswith("it is more than 100 times")
    monkeypatch.setattr(containers, "_MOST", 50_000)
    assert refused(path) == (0, "it is larger than 50000 bytes when it is decompressed")


def test_progress_counts_the_bytes_of_the_file(written):
    """So that it ends at the size of the file."""
    path = written(gzip.compress(har(*[entry()] * 100)))
    with open_recording(path) as recording:
        assert recording.size == Path(path).stat().st_size
        list(recording.exchanges)
        assert recording.position() == recording.size


def test_a_zip_of_playwright_is_read_with_its_bodies(written):
    """The one HAR file in it, and what it names beside it."""
    body = b'{"action": "pause"}'
    files = har(entry({"postData": {"text": "", "_file": "b.json"}}), entry({"postData": {"_file": "../b.json"}}))
    for folder in ("", "trace/"):
        path = written(
            zipped((folder + "har.har", files), (folder + "b.json", body), ("__MACOSX/._har.har", b"x")), "a.zip"
        )
        kind, (exchange, odd) = read(path)
        assert (kind, exchange.request_body, exchange.unread) == (RecordingFormat.HAR, body, None)
        assert "not the name of a file beside" in odd.unread
    (missing, _) = read(written(zipped(("har.har", files))))[1]
    assert "'b.json', which should hold it, is not in the zip" in missing.unread


def test_which_zip_files_are_recordings(written):
    """Those with exactly one HAR file that can be read."""
    good = zipped(("a.har", har(*[entry()] * 50)))
    assert refused(written(zipped(("a.txt", b"x"))), NotARecording) == (0, "it is a zip file without a .har file in it")
    assert refused(written(zipped()), NotARecording)[0] == 0
    assert "2 .har files" in refused(written(zipped(("a.har", har()), ("b/b.HAR", har()))))[1]
    assert "damaged" in refused(written(good[:-30]))[1]
    encrypted = bytearray(good)
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        struct.pack_into("<H", encrypted, good.index(mark) + at, 1)
    assert "encrypted" in refused(written(encrypted))[1]
    unknown = bytearray(good)
    for mark, at in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        struct.pack_into("<H", unknown, good.index(mark) + at, 99)
    assert "not known" in refused(written(unknown))[1]
    damaged = bytearray(good)
    damaged[200:220] = b"\xff" * 20
    assert "damaged" in refused(written(damaged))[1]


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
def test_other_encodings_are_named(written, codec):
    """With a mark or without: a recording in one is not read, and anything else is no recording."""
    for data in (har(entry()), LINE, CASSETTE):
        path = written(data.decode().encode(codec))
        assert refused(path) == (0, f"it is {codec[:6].upper()}; save it as UTF-8")
        with pytest.raises(UnreadableRecording, match="UTF-8"):
            read(path, RecordingFormat.HAR)
    assert refused(written("[mypy]".encode(codec)), NotARecording)[0] == 0


@pytest.mark.parametrize("indent", [None, 2])
def test_long_texts_may_stand_before_the_log(written, indent):
    """Its format is told by the keys at its top, however late they come."""
    for front in ({"comment": "x" * 70_000}, {"x" * 70_000: 1}, {"a": [["x" * 100] * 1000]}):
        document = {**front, "log": {"entries": [entry()]}}
        kind, found = read(written(json.dumps(document, indent=indent).encode()))
        assert (kind, len(found)) == (RecordingFormat.HAR, 1)
    line = {**json.loads(LINE), "note": "x" * 200_000, "log": {}}
    assert read(written(json.dumps(line).encode()))[0] is RecordingFormat.JSONL


def test_a_text_that_begins_like_a_compressed_one_is_a_text(written):
    """The mark of zlib's format may be two letters."""
    assert containers.is_compressed(zlib.compress(b"x" * 100, 1))
    assert not containers.is_compressed(b"x^ = 1\n")


@pytest.mark.parametrize("name", ["tape.yaml", "tapes/tape.yml"])
def test_a_zip_file_with_a_cassette_is_named(written, name):
    """It is not passed over; what is no recording is."""
    said = refused(written(zipped(("x.txt", "x"), (name, CASSETTE)), "a.zip"))[1]
    assert "unpack it" in said
    refused(written(zipped(("x.json", '{"url": "x"}'), ("y.yaml", "a: 1")), "a.zip"), NotARecording)

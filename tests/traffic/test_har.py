"""HAR files: what browsers and Playwright write, streamed, and whatever else claims to be a HAR."""

import base64
import gzip
import io
import json
import os
import tracemalloc
import zlib

import ijson
import msgspec
import pytest
from browser import chromium
from hars import URL, entry, har
from hypothesis import given
from hypothesis import strategies as st

from campaign_fsm import Simulator, SimulatorServer
from campaign_fsm.strict import jsonstream
from campaign_fsm.strict.unreadable import NotARecording
from campaign_fsm.traffic import UnreadableRecording
from campaign_fsm.traffic import attached as attached_module
from campaign_fsm.traffic.har import read_har
from campaign_fsm.traffic.opening import Opened


@pytest.fixture(params=["fastest", "pure"])
def parser(request, monkeypatch):
    """The JSON parser that is there, and the one that always is."""
    if request.param == "pure":
        monkeypatch.setattr(ijson, "basic_parse_coro", ijson.get_backend("python").basic_parse_coro)


class Pieces(io.BytesIO):
    """A stream that gives at most so many bytes at once."""

    def __init__(self, data, size):
        super().__init__(data)
        self.size = size

    def read(self, size=-1, /):
        return super().read(min(size, self.size) if size else size)


def read(data):
    return list(read_har("a.har", io.BytesIO(data)))


def refused(data):
    """The exchanges before the refusal, the entry and the reason."""
    found = []
    exchanges = read_har("a.har", io.BytesIO(data))
    with pytest.raises(UnreadableRecording) as caught:
        found.extend(exchanges)
    error = caught.value
    assert (error.path, error.unit) == ("a.har", "entry")
    assert error.reason
    assert len(str(error)) < 500
    return found, error.place, error.reason


def one(*args, **more):
    (exchange,) = read(har(entry(*args, **more)))
    return exchange


@pytest.mark.usefixtures("parser")
def test_an_entry_becomes_an_exchange():
    """Time, method, URL, headers, bodies and status code are taken over, in order."""
    first, second = read(har(entry(), entry({"method": "GET", "postData": None}, {"status": 404})))
    assert first.at == "2026-01-05T10:00:00.123Z"
    assert (first.method, first.url, first.status_code) == ("PUT", URL, 200)
    assert first.request_body == '{"campaigns":[{"action":"pausé"}]}'.encode()
    assert first.response_body == '{"ok": "señor"}'.encode()
    assert (first.lost, first.sent, first.place) == (False, True, 1)
    assert (second.method, second.status_code, second.request_body, second.place) == ("GET", 404, None, 2)


def test_pseudo_headers_are_left_out():
    """What HTTP/2 writes as headers with a colon is no header; the others stay as pairs, repeated ones too."""
    assert one().headers == [("content-type", "application/json"), ("X-Two", "1"), ("X-Two", "2")]
    # Nobody sends a request without headers.
    assert one({"headers": [], "postData": None}).headers is None
    assert one({"headers": None, "postData": None}).headers is None


@pytest.mark.parametrize(
    ("response", "more"),
    [
        ({"status": 0}, {}),
        ({"status": -1}, {}),
        ({"status": -2}, {}),
        ({"status": "0"}, {}),
        ({"status": 302, "_error": {"code": "MAXREDIRECTS"}}, {}),
        ({"status": 0, "_error": "net::ERR_CONNECTION_RESET", "_transferSize": 0}, {}),
        ({"status": 200, "_error": "net::ERR_CONTENT_LENGTH_MISMATCH"}, {}),
        ({"status": -1, "_failureText": "NS_ERROR_NET_RESET"}, {}),
        ({"status": 200, "_failureText": "aborted"}, {}),
        ({}, {"_error": "net::ERR_FAILED"}),
    ],
)
def test_a_request_without_an_answer_is_lost(response, more):
    """No status, or an error of the network: the request was sent and no answer is known."""
    exchange = one(response=response, **more)
    assert exchange.lost
    assert exchange.status_code is None
    assert exchange.request_body


@pytest.mark.parametrize("response", [{"_error": None}, {"_error": ""}, {"_failureText": None}, {"status": 200.0}])
def test_no_error_is_no_loss(response):
    """An error field that is empty says that there was none."""
    exchange = one(response=response)
    assert (exchange.lost, exchange.status_code) == (False, 200)


@pytest.mark.parametrize(
    ("response", "more"),
    [
        ({}, {"_fromCache": "disk"}),
        ({}, {"_fromCache": "memory"}),
        ({}, {"_fromDiskCache": True}),
        ({"_fetchedViaServiceWorker": True}, {}),
        ({}, {"_wasFulfilled": True}),
        ({"status": -1, "_failureText": "net::ERR_FAILED"}, {"_wasAborted": True}),
    ],
)
def test_what_did_not_reach_the_server_is_left_out(response, more):
    """A cache, a service worker or a test answered; the numbers of the other entries stay what they are."""
    left_out = entry({"method": "GET"}, response, **more)
    assert [found.place for found in read(har(entry(), left_out, entry()))] == [1, 3]
    # No cache answers a write: a mark that says so is not believed.
    marked = entry({"method": "PUT"}, response, **more)
    cached = any("Cache" in key for key in more)
    assert [found.place for found in read(har(marked))] == ([1] if cached else [])


def test_a_read_without_a_byte_from_the_network_is_left_out():
    """Playwright marks what a cache answered by its size alone; for a write that is not enough."""
    from_cache = {"_transferSize": 0, "bodySize": -172}
    for method, kept in (("GET", []), ("HEAD", []), ("PUT", [1]), ("POST", [1]), ("DELETE", [1])):
        assert [found.place for found in read(har(entry({"method": method}, from_cache)))] == kept
    (lost,) = read(har(entry({"method": "GET"}, {**from_cache, "status": 0})))
    assert lost.lost


def test_bodies_may_be_in_base64():
    """Content that says it is base64 is decoded."""
    content = {"text": "eyJh\r\nIjog MX0=\n", "encoding": "Base64", "size": 8}
    assert one(response={"content": content}).response_body == b'{"a": 1}'
    assert one(response={"content": {**content, "encoding": ""}}).response_body == b"eyJh\r\nIjog MX0=\n"
    assert one(response={"content": {"text": "é", "encoding": "UTF-8"}}).response_body == "é".encode()
    assert one({"postData": {"text": "AP8=", "encoding": "base64"}}).request_body == b"\x00\xff"


@pytest.mark.parametrize(
    "content", [None, {}, {"size": 5}, {"size": 0, "mimeType": "x"}, {"text": None}, {"text": "", "size": 5}]
)
def test_an_answer_that_was_not_recorded_has_no_body(content):
    """No text is not an empty text."""
    assert one(response={"content": content}).response_body is None
    assert one(response={"content": {"text": "", "size": 0}}).response_body == b""


@pytest.mark.parametrize("size", [2, -1, None])
def test_playwright_leaves_untyped_request_bodies_empty(size):
    """An empty request text counts only if the body is said to be empty."""
    assert one({"postData": {"text": ""}, "bodySize": size}).request_body is None
    assert one({"postData": {"text": ""}, "bodySize": 0}).request_body == b""
    assert one({"postData": {"params": []}}).request_body is None


def test_firefox_writes_its_own_extras():
    """Firefox's keys, its null `afterRequest` and its offset are no obstacle."""
    exchange = one(
        _securityState="secure",
        cache={"afterRequest": None},
        startedDateTime="2026-01-05T10:00:00.123+05:30",
        timings={},
        connection=None,
    )
    assert (exchange.at, exchange.status_code) == ("2026-01-05T10:00:00.123+05:30", 200)


@pytest.mark.usefixtures("parser")
def test_a_byte_order_mark_is_tolerated():
    """A mark at the start is skipped; anywhere else it is not JSON."""
    assert len(read(b"\xef\xbb\xbf" + har(entry()))) == 1
    assert refused(b"\xef\xbb\xbf\xef\xbb\xbf" + har())[1] == 0


def test_a_stream_may_give_its_bytes_one_by_one():
    """A raw stream that gives fewer bytes than asked for is read to its end."""
    assert len(list(read_har("a.har", Pieces(har(entry(), entry()), 1)))) == 2


def test_what_is_left_of_a_stream_can_be_read_at_once():
    """The bytes looked at first are given out again, and the mark is not."""
    opened = Opened(io.BytesIO(b"\xef\xbb\xbfabcdef"), 6)
    assert (opened.head, opened.read(1), opened.read(), opened.read()) == (b"abc", b"a", b"bcdef", b"")


@pytest.mark.usefixtures("parser")
def test_what_stands_after_the_entries_is_read_too():
    """`log` may come late and have more keys, and an empty HAR has no exchanges."""
    data = json.dumps({"a": {"log": [[{}]]}, "log": {"entries": [entry()], "comment": {"entries": 1}}, "z": [1.5e300]})
    assert len(read(data.encode())) == 1
    assert read(har()) == []


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "ends in the middle"),
        (b"   ", "ends in the middle"),
        (b"[]", "not a HAR"),
        (b"1", "not a HAR"),
        (b"{}", "no `log`"),
        (b'{"log": 1}', "not an object"),
        (b'{"log": {}}', "no `entries`"),
        (b'{"log.entries": [{}]}', "no `log`"),
        (b'{"log": {"entries": {}}}', "not a list"),
        (b'{"log": {"entries": []}, "log": {"entries": []}}', "'log' is there twice"),
        (b'{"log": {"entries": [], "entries": []}}', "'entries' is there twice"),
        (b"version: 1\ninteractions: []\n", "not JSON"),
        (b'{"log": {"entries": []}} x', "not JSON"),
        (b'{"log": {"entries": []}}{}', "not JSON"),
        (b'{"log": {"x": [NaN], "entries": []}}', "not JSON"),
        (b"\xff\xfe{\x00}\x00", ""),
        (b"EOF", "not JSON"),
        (b'{"log": overflow, "UTF8": "EOF"}', "not JSON"),
        (b'{"log": {"x": "\xff", "entries": []}}', "not UTF-8"),
    ],
)
def test_what_is_no_har_is_refused(data, reason):
    """Files of other kinds are refused before any entry, each with a sentence."""
    found, place, said = refused(data)
    assert (found, place) == ([], 0)
    assert reason in said


@pytest.mark.parametrize(
    "data", [b"[]", b"{}", b'{"log": {"level": "info"}}', b'{"log": "started"}', b'{"log": {"entries": {}}}']
)
def test_other_documents_are_no_recordings(data):
    """A configuration has a `log` as well; one with `entries` was meant to be a HAR file."""
    with pytest.raises(UnreadableRecording) as caught:
        read(data)
    assert (type(caught.value) is NotARecording) == (b"entries" not in data)


@pytest.mark.parametrize(
    ("odd", "reason"),
    [
        ([], "not an object"),
        (None, "not an object"),
        (7, "not an object"),
        ({}, "no request"),
        ({"request": None}, "no request"),
        (entry({"method": 1}), "no method"),
        (entry({"method": None}), "no method"),
        (entry({"url": {}}), "no URL"),
        (entry({"headers": {}}), "headers are not a list"),
        (entry({"headers": [1]}), "headers has no name"),
        (entry({"headers": [{"name": 1, "value": "x"}]}), "headers has no name"),
        (entry({"postData": "x"}), "not an object"),
        (entry({"postData": [1]}), "not an object"),
        (entry({"postData": {"text": 1}}), "is none"),
        (entry({"postData": {"text": "*", "encoding": "base64"}}), "is marked as base64 and is none"),
        (entry({"postData": {"text": "x", "encoding": "rot13"}}), "'rot13', which is not known"),
        (entry({"postData": {"text": "x", "encoding": 7}}), "'7', which is not known"),
    ],
)
def test_an_odd_request_stops_nothing(odd, reason):
    """Its entry says what cannot be read, and all others are read."""
    first, second, third, fourth = read(har(entry(), entry(), odd, entry()))
    assert [first.unread, second.unread, fourth.unread] == [None, None, None]
    assert (third.place, fourth.place) == (3, 4)
    assert reason in third.unread
    assert "postData" not in str(odd) or third.request_body in {None, first.request_body}
    assert fourth.request_body


@pytest.mark.parametrize(
    ("response", "code", "body"),
    [
        (None, None, None),
        ([], None, None),
        ("", None, None),
        ({"status": "404"}, 404, True),
        ({"status": None}, None, True),
        ({"status": ""}, None, True),
        ({"status": True}, None, True),
        ({"status": 200.5}, None, True),
        ({"status": 99}, None, True),
        ({"status": 2**62}, None, True),
        ({"content": []}, 200, None),
        ({"content": {"text": ["a"]}}, 200, None),
        ({"content": {"text": "AP8", "encoding": "base64"}}, 200, None),
        ({"content": {"text": "é", "encoding": "base64"}}, 200, None),
        ({"content": {"text": "REMOVED BY HAND", "encoding": "base64"}}, 200, None),
        ({"content": {"text": "x", "encoding": "rot13"}}, 200, None),
        ({"content": {"text": base64.b64encode(b"\x1b\xff\x00").decode(), "encoding": "base64"}}, 200, None),
        ({"_transferSize": "x", "_error": {}}, 200, True),
    ],
)
def test_of_an_odd_answer_is_taken_what_can_be_read(response, code, body):
    """What else there is was not recorded: that is no accident of the request."""
    odd = {**entry(), "response": response} if not isinstance(response, dict) else entry(response=response)
    without = {key: value for key, value in entry().items() if key != "response"}
    exchange, other, last = read(har(odd, without, entry()))
    assert (exchange.status_code, exchange.response_body is not None) == (code, bool(body))
    assert (exchange.lost, exchange.unread, exchange.request_body) == (False, None, last.request_body)
    assert (other.status_code, other.lost, other.unread, last.status_code) == (None, False, None, 200)


def test_odd_values_become_text():
    """A recorder that keeps numbers, lists and nothing as the values of headers has them read."""
    headers = [{"name": "a", "value": 1}, {"name": "b", "value": ["x", 2]}, {"name": "c", "value": None}, {"name": "d"}]
    exchange = one({"headers": [*headers, {"name": "content-type", "value": "x"}]}, startedDateTime=5, time="soon")
    assert exchange.headers == [("a", "1"), ("b", "x"), ("b", "2"), ("c", ""), ("d", ""), ("content-type", "x")]
    assert (exchange.unread, exchange.at, exchange.seconds) == (None, None, None)


def test_how_long_it_took_is_in_seconds():
    """HAR has milliseconds, and -1 for what is not known."""
    assert one().seconds == pytest.approx(0.01234)
    assert one(time=-1).seconds is None
    assert one(time=None).seconds is None


def length(value):
    return [{"name": "Content-Length", "value": value}]


@pytest.mark.parametrize(
    ("request_", "body"),
    [
        ({"bodySize": 0}, b""),
        ({"bodySize": 0, "headers": length("0")}, b""),
        ({"bodySize": 0, "headers": length("38")}, None),
        ({"bodySize": 5}, None),
        ({"bodySize": -1}, None),
        ({"bodySize": -1, "headers": length("0")}, b""),
        ({"bodySize": -1, "headers": length("38")}, None),
        ({"bodySize": None}, None),
        ({"bodySize": None, "headers": length("0")}, b""),
        ({"bodySize": "0", "headers": length("x")}, None),
        ({"bodySize": 5, "headers": length("0")}, None),
    ],
)
@pytest.mark.parametrize("data", [None, "", [], {}, {"text": ""}, {"mimeType": "application/json"}])
def test_not_recorded_is_not_empty(request_, body, data):
    """A request without a text is an empty one only if its size says so."""
    assert one({"postData": data, **request_}).request_body == body
    form = {"mimeType": "application/x-www-form-urlencoded", "params": [{"name": "action", "value": "pause"}]}
    assert one({**request_, "postData": form}).request_body is None


def test_the_type_of_a_body_is_known_by_its_recorder():
    """Where the headers have none, what stands beside the body counts, but for what stands there for want of a type."""
    data = {"mimeType": "application/json; charset=utf-8", "text": "{}"}
    typed = ("content-type", "application/json; charset=utf-8")
    assert one({"headers": [], "postData": data}).headers == [typed]
    assert one({"headers": None, "postData": data}).headers == [typed]
    assert one({"headers": [{"name": "a", "value": "b"}], "postData": data}).headers == [("a", "b"), typed]
    own = [{"name": "Content-Type", "value": "text/plain"}]
    assert one({"headers": own, "postData": data}).headers == [("Content-Type", "text/plain")]
    assert one({"headers": [], "postData": {**data, "mimeType": "application/octet-stream"}}).headers is None


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
def test_bodies_that_were_kept_compressed_are_decompressed(pack):
    """Answers by how they begin, requests by their headers; what is damaged is not taken for what was sent."""
    packed = pack(b'{"a": 1}')

    def kept(body):
        return {"text": base64.b64encode(body).decode(), "encoding": "base64"}

    coding = [{"name": "Content-Encoding", "value": "gzip" if pack is gzip.compress else "deflate"}]
    exchange = one({"headers": coding, "postData": kept(packed)}, {"content": kept(packed)})
    assert (exchange.request_body, exchange.response_body) == (b'{"a": 1}', b'{"a": 1}')
    exchange = one({"headers": coding, "postData": kept(packed[:-3])}, {"content": kept(packed[:-3])})
    assert (exchange.request_body, exchange.response_body) == (None, None)
    assert "damaged" in exchange.unread
    plain = one({"headers": coding, "postData": {"text": "{}"}})
    assert plain.request_body == b"{}"
    brotli = one({"headers": [{"name": "content-encoding", "value": "br"}], "postData": kept(b"\x0b\x02\x80{}\x03")})
    assert (brotli.request_body, brotli.unread) == (None, None)


def attached(folder, name, **more):
    file = folder / "a.har"
    file.write_bytes(har(entry({"postData": {"text": "", "_file": name}}, {"content": {"_file": name}}, **more)))
    with file.open("rb") as stream:
        (exchange,) = read_har(str(file), stream)
    return exchange


def test_bodies_beside_the_file_are_read(tmp_path):
    """Playwright can keep them so; those about another host are left alone."""
    (tmp_path / "body.json").write_bytes(b'{"action": "pause"}')
    exchange = attached(tmp_path, "body.json")
    assert exchange.request_body == exchange.response_body == b'{"action": "pause"}'
    assert exchange.unread is None
    file = tmp_path / "a.har"
    file.write_bytes(file.read_bytes().replace(URL.encode(), b"https://www.example.com/x"))
    with file.open("rb") as stream:
        (other,) = read_har(str(file), stream)
    assert (other.request_body, other.unread) == (None, None)
    with file.open("rb") as stream:
        (asked,) = read_har("-", io.BytesIO(har(entry({"postData": {"_file": "x"}}))))
    assert "standard input" in asked.unread


@pytest.mark.parametrize(
    "name", ["../body.json", "/etc/hostname", "..", ".", "a\\b", "C:x", "sub/x", "missing", "x" * 999]
)
def test_only_a_file_beside_the_recording_is_read(tmp_path, name):
    """Whatever else is named is not opened, and the request says why it has no body."""
    folder = tmp_path / "folder"
    (folder / "sub").mkdir(parents=True)
    for place in (tmp_path / "body.json", folder / "sub" / "x"):
        place.write_bytes(b"secret")
    exchange = attached(folder, name)
    assert (exchange.request_body, exchange.response_body) == (None, None)
    assert "not in the file" in exchange.unread


def test_no_link_leads_out_of_the_folder(tmp_path, monkeypatch):
    """Nor is a folder, a pipe or a file that is too large a body."""
    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "secret").write_bytes(b"secret")
    (folder / "link").symlink_to(tmp_path / "secret")
    (folder / "large").write_bytes(b"x" * 101)
    os.mkfifo(folder / "pipe")
    monkeypatch.setattr(attached_module, "MOST_BODY", 100)
    for name in ("link", "large", "pipe"):
        exchange = attached(folder, name)
        assert (exchange.request_body, exchange.response_body) == (None, None)
        assert name in exchange.unread


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize("number", ["NaN", "-Infinity", "9" * 30, "-9223372036854775809", "1" * 5000])
def test_numbers_that_are_too_large_or_none_stop_nothing(number):
    """Other writers have them; wherever a piece of the file ends, nothing else is read in another way."""
    text = f'{{"a": {number}, "b": [1, {number}]}}'
    data = har(entry(), entry({"postData": {"text": text}}), entry(x={"y": 1}))
    for where in (b'"time": 12.34', b'"status": 200', b'"y": 1'):
        at = data.rindex(where)
        key, end = where.partition(b":")[0], at + len(where)
        bad = data[:at] + key + b": " + number.encode() + data[end:]
        for size in (1, 7, 2**14) if len(number) < 100 else (2**14,):
            found = list(read_har("a.har", Pieces(bad, size)))
            assert [exchange.unread for exchange in found] == [None] * 3
            assert found[1].request_body == text.encode()
            assert found[2].status_code == (None if b"status" in where else 200)


def test_a_number_of_64_bits_is_not_rounded():
    """Nor are lists of numbers, but for what is larger."""
    stream = jsonstream.JsonStream("x", io.BytesIO(b'{"a": 9223372036854775807, "b": [1.5, 12, 9223372036854775808]}'))
    assert stream.value() == {"a": 2**63 - 1, "b": [1.5, 12, 2.0**63]}


def test_entries_alone_are_a_recording():
    """As `jq .log.entries` gives them; a list of something else is none."""
    entries = json.dumps([entry(), None, entry({"method": "GET"})])
    found = read(entries.encode())
    assert [(exchange.place, exchange.method, bool(exchange.unread)) for exchange in found] == [
        (1, "PUT", False),
        (2, "", True),
        (3, "GET", False),
    ]
    before, place, reason = refused(entries[:-9].encode())
    assert (len(before), place, reason) == (2, 3, "it ends in the middle")
    with pytest.raises(NotARecording):
        read(b'[{"a": 1}]')


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
@pytest.mark.parametrize("kept", [bytes.hex, lambda piece: base64.b64encode(piece).decode()])
def test_the_pieces_of_polly_are_put_together(pack, kept):
    """It keeps a compressed answer as a list of what came; from others, a list is a list."""
    packed = pack(b'{"a": 1}')
    text = json.dumps([kept(packed[:9]), kept(packed[9:])])
    response = {"content": {"text": text, "encoding": "base64"}}
    assert read(har(entry(response=response), creator={"name": "Polly.JS"}))[0].response_body == b'{"a": 1}'
    listed = har(entry(response={"content": {"text": '["no pieces"]'}}), creator={"name": "Polly.JS"})
    assert read(listed)[0].response_body == b'["no pieces"]'
    assert one(response={"content": {"text": text}}).response_body == text.encode()


def test_deep_nesting_costs_its_entry_at_most():
    """Where it is left out, nothing; else its entry is unread."""
    deep = json.loads("[" * 300 + "]" * 300)
    assert [found.unread for found in read(har(entry(cache=deep), entry()))] == [None, None]
    assert [bool(found.unread) for found in read(har(entry({"headers": deep}), entry()))] == [True, False]


def test_long_lists_are_not_kept():
    """Fields of a form are not looked at, and nobody sends so many headers."""
    many = [{"name": "a", "value": "b"}] * 40_000
    data = har(entry({"postData": {"params": many}}), entry({"headers": many}), entry())
    tracemalloc.start()
    try:
        form, headers, last = read(data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (form.request_body, form.unread, last.unread) == (None, None, None)
    assert "more than 10,000 headers" in headers.unread
    assert peak < len(data) + 8 * 2**20


@pytest.mark.parametrize("number", ["1e999999999999", "-1e400"])
def test_absurd_numbers_are_refused(number):
    """Numbers that no browser writes end the reading, wherever they stand."""
    for where in ('"time": 12.34', '"status": 200', '"dns": -1'):
        data = har(entry(), entry())
        at = data.rindex(where.encode())
        head, key = data[:at], where.split(":", maxsplit=1)[0]
        found, place, _ = refused(head + f"{key}: {number}".encode() + data[at + len(where) :])
        assert (len(found), place) == (1, 2)


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize("opening", ["[", '{"a":'])
@pytest.mark.parametrize("key", ["extra", "headers"])
def test_deep_nesting_is_refused(opening, key):
    """A million levels are refused at the first that are too many, wherever they stand."""
    deep = opening.encode() * 1_000_000
    data = har(entry(), entry())
    at = data.rindex(b'"method"')
    found, place, reason = refused(data[:at] + f'"{key}":'.encode() + deep)
    assert (len(found), place, reason) == (1, 2, "it is nested too deeply")


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize("key", ["request", "method", "url", "status", "startedDateTime", "value"])
def test_a_duplicate_key_makes_its_entry_unread(key):
    """A key that is read and stands twice could mean either value; nobody knows then what the request was about."""
    data = har(entry(), entry(), entry())
    at = data.index(f'"{key}"'.encode(), len(har(entry())))
    first, second, third = read(data[:at] + f'"{key}": [{{"x": "y"}}], '.encode() + data[at:])
    assert (first.unread, third.unread) == (None, None)
    assert second.unread
    data = data[:at] + f'"{key}": "x", '.encode() + data[at:]
    first, second, third = read(data)
    assert (first.unread, third.unread) == (None, None)
    if key in {"method", "url"}:
        assert second.unread == f"the key '{key}' is there twice in one object"
        assert getattr(second, key) == ""


def test_invalid_text_is_refused():
    """Bytes that are no UTF-8 and characters that JSON does not allow are errors of their entry."""
    data = har(entry(), entry())
    at = data.rindex(b"https")
    assert refused(data[:at] + b"\xe9" + data[at:])[1:] == (2, "it is not UTF-8")
    assert refused(data[:at] + b"\xed\xa0\x80" + data[at:])[1] == 2
    assert refused(data[:at] + b"\x00" + data[at:])[1] == 2


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize("where", [b"https", b"PUT", b"application/json", b'{\\"camp'])
def test_a_surrogate_that_stands_alone_makes_its_entry_unread(where):
    """An escape that stands for no character is an error of its request, wherever a piece of the file ends."""
    data = har(entry(), entry(), entry())
    at = data.index(where, len(har(entry())))
    for escape in (b"\\udc00", b"\\uD800", b"\\ud83d\\ud83d\\ude00"):
        bad = data[:at] + escape + data[at:]
        first, second, third = read(bad)
        assert (first.unread, third.unread) == (None, None)
        assert second.unread == "it holds an unpaired surrogate, which stands for no character"
        for size in (1, 5, 7, 64):
            assert [found.unread for found in read_har("a.har", Pieces(bad, size))] == [None, second.unread, None]
    # An escaped backslash is no escape.
    kept = data[:at] + b"\\\\ud800 \\ud83d\\ude00" + data[at:]
    assert [found.unread for found in read_har("a.har", Pieces(kept, 3))] == [None, None, None]


def test_a_surrogate_in_an_answer_is_none_of_the_request():
    """The answer was not recorded then."""
    data = har(entry()).replace(b'{\\"ok', b'{\\udc00\\"ok')
    (exchange,) = read(data)
    assert (exchange.unread, exchange.response_body, exchange.status_code) == (None, None, 200)


def test_a_pair_of_surrogates_is_one_character():
    """Escapes beyond the basic plane are put together."""
    assert one({"postData": {"text": "😀"}}).request_body == "😀".encode()


def test_a_file_cut_anywhere_gives_what_came_before():
    """At every fiftieth of the file, the whole entries are read and the broken one is named."""
    data = har(*[entry() for _ in range(20)], comment="x" * 200)
    whole = [(found.at, found.place) for found in read(data)]
    ends = [at for at in range(len(data)) if data.startswith(b"\n      }", at)]
    for part in range(50):
        cut = len(data) * part // 50
        found, place, reason = refused(data[:cut])
        assert [(one_of.at, one_of.place) for one_of in found] == whole[: len(found)]
        assert len(found) == sum(end + 8 <= cut for end in ends)
        assert place in {0 if not found else 20, len(found) + 1}
        assert reason == "it ends in the middle"


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize("where", ["url", "extra"])
@pytest.mark.parametrize("unit", ["x", '"', "é", "\\", "😀"])
def test_a_long_text_is_given_to_the_parser_in_few_pieces(where, unit, monkeypatch):
    """The parser looks at what it has of a text again with each piece; what is escaped in it may end no piece."""
    given = []
    make = ijson.basic_parse_coro

    class Counted:
        def __init__(self, *args, **options):
            self.parser = make(*args, **options)
            self.close = self.parser.close

        def send(self, piece):
            given.append(len(piece))
            self.parser.send(piece)

    monkeypatch.setattr(ijson, "basic_parse_coro", Counted)
    text = unit * (400_001 // len(unit))
    data = har(entry({where: text}), entry())
    exchange, last = read(data)
    assert exchange.url in {text, URL}
    assert (exchange.unread, last.url) == (None, URL)
    assert sum(given) == len(data)
    assert len(given) < 12


@pytest.mark.usefixtures("parser")
def test_a_text_that_is_too_long_is_not_kept(monkeypatch):
    """An image in a URL is about no campaign, a request with such a text is unread, an answer was not recorded."""
    monkeypatch.setattr(jsonstream, "_LONGEST", 200_000)
    long = "Xy\\" * 200_000
    tracemalloc.start()
    try:
        found = read(
            har(
                entry({"url": "data:" + long}, extra=long),
                entry({"postData": {"text": long}}),
                entry({"url": URL + "?" + long}),
                entry({"headers": [{"name": "a", "value": long}]}),
                entry(response={"content": {"text": long}}),
                entry(comment={long: long}),
            )
        )
    finally:
        tracemalloc.stop()
    said = "too long to be kept"
    assert [exchange.unread is not None and said in exchange.unread for exchange in found] == [
        False,
        True,
        True,
        True,
        False,
        False,
    ]
    assert found[0].url[:5] == "data:"
    assert max(len(exchange.url) for exchange in found) < 200
    assert [found[1].request_body, found[4].response_body] == [None, None]
    assert found[5].request_body
    # There is no place in it at which it could be left.
    assert one({"postData": {"text": '"' * 600_000}}).request_body == b'"' * 600_000
    cut = har(entry(), entry(extra=long))
    before, _, reason = refused(cut[: len(cut) - 100_000])
    assert (len(before), reason) == (1, "it ends in the middle")


@pytest.mark.long
def test_memory_does_not_grow_with_the_file():
    """Fifty thousand entries are read in less than twenty megabytes."""
    body = json.dumps(entry({"headers": []}, timings={}, extra="x" * 500)).encode()

    class Endless(io.RawIOBase):
        def __init__(self):
            self.parts = self.generate()
            self.rest = b""

        def generate(self):
            yield b'{"log": {"entries": ['
            for number in range(50_000):
                yield (b"," if number else b"") + body
            yield b"]}}"

        def read(self, size=-1, /):
            while len(self.rest) < size and (part := next(self.parts, b"")):
                self.rest += part
            found, self.rest = self.rest[:size], self.rest[size:]
            return found

    tracemalloc.start()
    try:
        count = sum(1 for _ in read_har("a.har", Endless()))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 50_000
    assert peak < 20 * 2**20


SCALARS = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=10)
KEYS = """log entries request response method url headers postData text status content name value encoding _error
_fromCache startedDateTime size bodySize _transferSize x"""
NAMES = st.sampled_from(KEYS.split())
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=5), max_leaves=25
)


@given(JSON)
def test_whatever_the_tree_only_the_one_error_is_raised(tree):
    """Trees of HAR's own keys with anything in them are read or refused."""
    for document in (tree, {"log": tree}, {"log": {"entries": tree}}, {"log": {"entries": [entry(), tree]}}):
        try:
            read(json.dumps(document).encode())
        except UnreadableRecording as error:
            assert error.place <= 4 + (len(tree) if isinstance(tree, list) else 0)


@given(st.sampled_from(["request", "response", "both"]), JSON, NAMES)
def test_whatever_a_field_holds_only_the_one_error_is_raised(where, value, name):
    """One field of a good entry with anything in it is read or refused as entry 2."""
    bad = entry(*({name: value} if where in {part, "both"} else {} for part in ("request", "response")))
    try:
        assert len(read(har(entry(), bad))) in {1, 2}
    except UnreadableRecording as error:
        assert error.place == 2


@given(st.data())
def test_whatever_bytes_are_changed_only_the_one_error_is_raised(data):
    """A HAR with some bytes replaced is read or refused."""
    good = har(entry(), entry())
    at = data.draw(st.integers(0, len(good)))
    junk = data.draw(st.binary(max_size=4))
    try:
        read(good[:at] + junk + good[at + data.draw(st.integers(0, 4)) :])
    except UnreadableRecording as error:
        assert 0 <= error.place <= 3


def paths(value, path=()):
    """Every place in a tree."""
    yield path
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from paths(inner, (*path, key))


def replaced(tree, path, value):
    if not path:
        return value
    copy = dict(tree) if isinstance(tree, dict) else list(tree)
    copy[path[0]] = replaced(tree[path[0]], path[1:], value)
    return copy


ELSEWHERE = entry({"method": "GET", "url": "https://www.example.com/logo.png"}, {"_error": None})
PLACES = [path for path in paths(ELSEWHERE) if path]
ODD = st.sampled_from([None, 0, -1, 7, 2.5, True, "", "x", "data:x", "\ud800", [], [None], ["x", 1], {}, {"name": 1}])


@given(st.lists(st.tuples(st.sampled_from(PLACES), ODD | JSON), min_size=1, max_size=3))
def test_whatever_another_entry_holds_nothing_else_is_read_otherwise(changes):
    """An entry of another host with anything in it raises nothing, and changes nothing of the others."""
    tree = ELSEWHERE
    for path, value in changes:
        try:
            tree = replaced(tree, path, value)
        except (KeyError, IndexError, TypeError):
            continue  # what was there has been replaced
    data = json.dumps({"log": {"entries": [entry(), tree, entry()]}}).encode()
    try:
        found = read(data)
    except UnreadableRecording as error:
        # What no parser takes for a number is no odd value, but no JSON.
        assert "JSON" in error.reason or "number" in error.reason
        return
    first, *between, last = found
    assert [first, last] == [
        place_of(one_of, place) for one_of, place in zip(read(har(entry())) * 2, (1, 3), strict=True)
    ]
    assert [one_of.place for one_of in between] in ([], [2])


def place_of(exchange, place):
    return msgspec.structs.replace(exchange, place=place)


PAGE = """async ([url, method, authorization, body]) => {
    const headers = {authorization, "content-type": "application/json"};
    try { return (await fetch(url, {method, headers, body})).text(); } catch (error) { return String(error); }
}"""
PAUSE, RESUME = '{"campaigns":[{"action":"pause"}]}', '{"campaigns":[{"action":"resume"}]}'


@pytest.mark.long
def test_what_chromium_records_is_what_the_server_saw(tmp_path):
    """A HAR that Playwright recorded of a real Chromium has each request that arrived, and its answer."""
    simulator = Simulator()
    campaign_id = simulator.add("in-progress")
    credentials = base64.b64encode(f"{simulator.api_key}:{simulator.api_token}".encode()).decode()
    path = f"/v2/accounts/{simulator.account_sid}/message-campaigns/{campaign_id}"
    sent = [("GET", path, None), ("PUT", path, PAUSE), ("GET", path, None)]
    file = tmp_path / "chromium.har"
    with SimulatorServer(simulator) as server, chromium() as browser:
        context = browser.new_context(record_har_path=file)
        page = context.new_page()
        page.route(f"{server.base_url}/", lambda route: route.fulfill(body="<p>x", content_type="text/html"))
        page.route("**/never", lambda route: route.abort())
        page.goto(f"{server.base_url}/")
        answers = [page.evaluate(PAGE, [url, method, f"Basic {credentials}", body]) for method, url, body in sent]
        page.evaluate(PAGE, ["/never", "GET", "", None])
        # Chromium repeats a request that was lost on a connection it had kept, and does not record that.
        simulator.fault("lost-after", times=2)
        page.evaluate(PAGE, [path, "PUT", f"Basic {credentials}", RESUME])
        context.close()
    with file.open("rb") as stream:
        *found, lost = read_har(str(file), stream)
    assert [(one_of.method, one_of.url) for one_of in found] == [(m, server.base_url + url) for m, url, _ in sent]
    assert [one_of.request_body for one_of in found] == [(body or "").encode() for *_, body in sent]
    assert [one_of.response_body for one_of in found] == [answer.encode() for answer in answers]
    assert [line.status_code for line in simulator.journal[:4]] == [one_of.status_code for one_of in [*found, lost]]
    assert [one_of.place for one_of in [*found, lost]] == [2, 3, 4, 6]
    assert all(one_of.at and one_of.at.endswith("Z") and not one_of.lost for one_of in found)
    assert all(("authorization", f"Basic {credentials}") in one_of.headers for one_of in found)
    assert b'"paused"' in found[2].response_body.lower()
    assert (lost.method, lost.request_body, lost.lost, lost.response_body) == ("PUT", RESUME.encode(), True, None)
    print(f"the server saw {len(simulator.journal)} requests, the recording has {len(found) + 1}")

"""Cassettes: what VCR.py writes and wrote, in YAML and JSON, and whatever else claims to be a cassette."""

import base64
import gzip
import importlib.util
import io
import json
import zlib

import httpx
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from work import within

from campaign_fsm import Simulator, SimulatorServer
from campaign_fsm.strict.unreadable import NotARecording
from campaign_fsm.traffic import UnreadableRecording, bodies
from campaign_fsm.traffic.cassette import read_cassette

URL = "https://api.exotel.com/v2/accounts/acme1/campaigns/c1"


def interaction(request=None, response=None):
    return {
        "request": {
            "method": "PUT",
            "uri": URL,
            "body": '{"campaigns":[{"action":"pausé"}]}',
            "headers": {"accept": ["*/*"], "X-Two": ["1", "2"]},
            **(request or {}),
        },
        "response": {
            "status": {"code": 200, "message": "OK"},
            "headers": {"content-type": ["application/json"]},
            "body": {"string": '{"ok": "señor"}'},
            **(response or {}),
        },
    }


def tape(*interactions, **more):
    return {"version": 1, "interactions": list(interactions), **more}


def as_yaml(tree):
    return yaml.dump(tree).encode()


def as_json(tree):
    return json.dumps(tree, indent=4).encode()


both = pytest.mark.parametrize("write", [as_yaml, as_json], ids=["yaml", "json"])


def read(data):
    return list(read_cassette("tape", io.BytesIO(data)))


def one(request=None, response=None, write=as_yaml):
    (found,) = read(write(tape(interaction(request, response))))
    return found


def refused(data):
    """The exchanges before the refusal, its place and unit, and the reason."""
    found = []
    exchanges = read_cassette("tape", io.BytesIO(data))
    with pytest.raises(UnreadableRecording) as caught:
        found.extend(exchanges)
    error = caught.value
    assert error.path == "tape"
    assert len(str(error)) < 500
    return found, error.place, error.unit, error.reason


@both
def test_an_interaction_becomes_an_exchange(write):
    """Method, URI, headers, bodies and status code are taken over; there is no time."""
    found = one(write=write)
    assert (found.at, found.method, found.url, found.status_code) == (None, "PUT", URL, 200)
    assert sorted(found.headers) == [("X-Two", "1"), ("X-Two", "2"), ("accept", "*/*")]
    assert found.request_body == '{"campaigns":[{"action":"pausé"}]}'.encode()
    assert found.response_body == '{"ok": "señor"}'.encode()
    assert (found.lost, found.sent) == (False, True)
    assert type(found.method) is type(found.url) is type(found.headers[0][1]) is str


def test_the_place_is_the_line_or_the_number():
    """YAML tells lines, JSON the number of the interaction."""
    tree = tape(interaction(), interaction(), interaction())
    written = as_yaml(tree)
    lines = [n for n, line in enumerate(written.decode().split("\n"), 1) if line.startswith("- ")]
    assert [found.place for found in read(written)] == lines
    assert [found.place for found in read(as_json(tree))] == [1, 2, 3]


@pytest.mark.parametrize(
    ("body", "sent", "received"),
    [
        (None, b"", None),
        ("", b"", b""),
        ("1", b"1", b"1"),
        ("null", b"null", b"null"),
        ("~", b"~", b"~"),
        ("ü\n", "ü\n".encode(), "ü\n".encode()),
        (b"\x00\xff", b"\x00\xff", b"\x00\xff"),
        (b"", b"", b""),
        ({"string": "x"}, b"x", b"x"),
        ({"string": b"\xff"}, b"\xff", b"\xff"),
        ({"string": None}, None, None),
        ({"string": ""}, b"", b""),
        ({"string": "ü", "encoding": "ISO-8859-1"}, b"\xfc", b"\xfc"),
        ({"string": "ü", "encoding": "US-ASCII"}, b"\xc3\xbc", b"\xc3\xbc"),
        ({"string": "ü", "encoding": "ASCII-8BIT"}, b"\xc3\xbc", b"\xc3\xbc"),
        ({"string": "x", "encoding": "rot13"}, b"x", b"x"),
        ({"string": "x", "encoding": None}, b"x", b"x"),
        ({"base64_string": "AP8=\n"}, b"\x00\xff", b"\x00\xff"),
        ({"base64_string": "AP8=", "encoding": "utf-8"}, b"\x00\xff", b"\x00\xff"),
        ({"raw_gzip": base64.b64encode(gzip.compress(b"x")).decode()}, b"x", b"x"),
        ({"raw_gzip": base64.b64encode(zlib.compress(b"x")).decode()}, b"x", b"x"),
        ({"string": "x", "encoding": "", "file": False}, b"x", b"x"),
        ({}, b"{}", None),
        (
            {"a": [1, -2.5, True, None, "1", "true", "ü"]},
            *[b'{"a": [1, -2.5, true, null, "1", "true", "\\u00fc"]}'] * 2,
        ),
        ({"a": [], "string": "x"}, *[b'{"a": [], "string": "x"}'] * 2),
        (["a", {"b": "c"}], *[b'["a", {"b": "c"}]'] * 2),
        ([b"a", b"b"], b"ab", b"ab"),
    ],
)
def test_every_layout_of_a_body_is_read(body, sent, received):
    """A text, bytes, either in a mapping, or the JSON value itself, for requests and answers, and in both formats."""
    found = one({"body": body}, {"body": body})
    assert (found.request_body, found.response_body) == (sent, received)
    assert found.unread is None
    if b"!!binary" not in as_yaml(tape(interaction({"body": body}))):
        found = one({"body": body}, {"body": body}, as_json)
        assert (found.request_body, found.response_body) == (sent, received)


@both
def test_a_body_that_is_missing_was_not_recorded(write):
    """That is another thing than an empty one; a `parsed_body` stands for it."""
    bad = interaction()
    del bad["request"]["body"], bad["response"]["body"]
    (found,) = read(write(tape(bad)))
    assert (found.request_body, found.response_body, found.unread) == (None, None, None)
    for body in ({}, {"body": None}, {"body": ""}):
        other = interaction()
        del other["request"]["body"], other["response"]["body"]
        other["request"] |= body | {"parsed_body": {"campaigns": [{"action": "pause"}]}}
        other["response"] |= body | {"parsed_body": [1]}
        (found,) = read(write(tape(other)))
        assert (found.request_body, found.response_body) == (b'{"campaigns": [{"action": "pause"}]}', b"[1]")
    found = one({"parsed_body": {"a": 1}}, {"parsed_body": {}}, write)
    assert found.request_body == interaction()["request"]["body"].encode()


def test_a_plain_number_in_yaml_is_the_text_that_it_is():
    """What another tool left without quotes is not read as anything else."""
    text = as_yaml(tape(interaction())).replace(b"string: ", b"string: 0012 #")
    assert read(text)[0].response_body == b"0012"


@pytest.mark.parametrize(
    ("headers", "pairs"),
    [
        (None, None),
        ({}, None),
        ([], None),
        ("x", None),
        ({"A": "1"}, [("A", "1")]),
        ({"A": ["1", "2"]}, [("A", "1"), ("A", "2")]),
        ({"A": []}, None),
        ({"A": [["1"], [["2"]]]}, [("A", "1"), ("A", "2")]),
        ({"A": 1, "B": [2.5, True]}, [("A", "1"), ("B", "2.5"), ("B", "true")]),
        ({"A": {"b": "c"}, "B": "1"}, [("A", "{'b': 'c'}"), ("B", "1")]),
        ([("A", ["1", "2"]), ["B", "3"]], [("A", "1"), ("A", "2"), ("B", "3")]),
        ([{"name": "A", "value": "1"}, 5, ["x"]], [("A", "1")]),
        ({"A": None}, [("A", "")]),
        ({"A": b"\xe9"}, [("A", "é")]),
        ({"A": [b"1"]}, [("A", "1")]),
    ],
)
def test_every_layout_of_headers_is_read(headers, pairs):
    """A text, bytes or a list of them, or pairs; odd values as texts; and no headers are none that were recorded."""
    assert one({"headers": headers}).headers == pairs


def test_the_first_layout_for_httpx_is_read():
    """It had `status_code` and `content`, decompressed or not."""
    for content in ('{"a": 1}', b'{"a": 1}', gzip.compress(b'{"a": 1}')):
        old = interaction()
        old["response"] = {
            "content": content,
            "headers": {"content-encoding": ["gzip"]},
            "http_version": "HTTP/1.1",
            "status_code": 409,
        }
        (found,) = read(as_yaml(tape(old)))
        assert (found.status_code, found.response_body) == (409, b'{"a": 1}')


def test_texts_of_python_2_are_texts():
    """The tags that Python 2 gave to ordinary texts change nothing."""
    written = as_yaml(tape(interaction())).replace(b"method: PUT", b"method: !!python/unicode 'PUT'")
    assert read(written)[0].method == "PUT"


@pytest.mark.parametrize(
    ("old", "new", "attribute", "value"),
    [
        ("method: PUT", "method: !!python/object/apply:http.HTTPMethod\n    - PUT", "method", "PUT"),
        ("method: PUT", "method: !ruby/sym put", "method", "PUT"),
        ("method: PUT", "method: :put", "method", "PUT"),
        ("method: PUT", "method: ! 'PUT'", "method", "PUT"),
        (
            "headers: H",
            "headers:\n    - !!python/tuple\n      - A\n      - [b, c]",
            "headers",
            [("A", "b"), ("A", "c")],
        ),
        (
            "headers: H",
            "headers:\n      ? !!python/object/apply:multidict._multidict.istr\n      - A\n      : [b]",
            "headers",
            [("A", "b")],
        ),
        (
            "headers: H",
            "headers:\n      ? !!python/object/new:multidict.istr\n        args: [A]\n        state: {}\n      : [b]",
            "headers",
            [("A", "b")],
        ),
        (
            "headers: H",
            "headers: !!python/object/apply:multidict.CIMultiDict\n    - - - !istr [A]\n        - b",
            "headers",
            [("A", "b")],
        ),
        ("headers: H", "headers: !ruby/hash:Net::Headers {A: [b], C: !x d}", "headers", [("A", "b"), ("C", "d")]),
        ("body: B", "body: !binary |\n      YQ==", "request_base64", b"a"),
        ("body: B", "body: !!python/bytes YQ==", "request_base64", b"a"),
        ("body: B", "body: !!python/tuple [1, '1']", "request_base64", b'[1, "1"]'),
        (
            "body: B",
            "body: !!python/object/new:_io.BytesIO\n      state: !!python/tuple [!!binary YQ==, 0, null]",
            "request_base64",
            b"a",
        ),
        (
            "body: B",
            "body: !!python/object/apply:builtins.iter\n      args: [[!!binary YQ==, b]]\n      state: 0",
            "request_base64",
            b"ab",
        ),
    ],
)
def test_what_recorders_tag_is_read_and_never_made(old, new, attribute, value):
    """Tuples, texts that are objects, and files in memory are read for what is in them."""
    (found,) = read(TAGGED.replace(old, new).replace(": H", ": {}").replace(": B", ": ''").encode())
    assert (getattr(found, attribute), found.unread) == (value, None)
    assert found.response_body == b"x"


TAGGED = f"""interactions:
- request:
    method: PUT
    uri: {URL}
    body: B
    headers: H
  response:
    status: {{code: 200}}
    body: {{string: x}}
version: 1
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("method: PUT", "method: !!python/object/apply:os.system [PUT]"),
        ("method: PUT", "method: !!python/name:os.system"),
        ("method: PUT", "method: !PUT x"),
        (f"uri: {URL}", f"uri: !!python/object/new:yarl.URL [{URL}]"),
        ("body: B", "body: !!python/object:aiohttp.FormData {a: b}"),
        ("body: B", "body: {a: !!python/object/apply:os.system [ls]}"),
        ("body: B", "body: !!python/object/new:_io.BytesIO {}"),
        ("body: B", "body: !!python/object/apply:builtins.iter {args: 5}"),
        ("body: B", "body: !!binary '*'"),
        ("body: B", "body: {a: !!binary YQ==}"),
        ("body: B", "body: {a: 1, a: 2}"),
        ("body: B", "body: {string: a, string: b}"),
        ("body: B", "body: {<<: {a: b}}"),
        ("body: B", "body: {~: b}"),
        ("body: B", "body: B\n    body: C"),
        ("- request:", "- request: {}\n  request:"),
        ("- request:", "- request: !x"),
        ("- request:", "- !x\n  request:"),
    ],
)
def test_what_a_tag_or_a_double_key_hides_is_said_of_its_interaction(old, new):
    """Nothing is made of it, nothing is guessed, and the interactions around it are read."""
    one_of = TAGGED.partition("- request")[2].partition("version")[0]
    odd = TAGGED.replace(old, new).partition("version")[0]
    found = read(f"{odd}- request{one_of}- request{one_of}version: 1\n".replace(": H", ": {}").encode())
    assert [bool(each.unread) for each in found] == [True, False, False]
    assert found[0].method == "PUT" or "method" in old or "{}" in new
    assert found[0].url == URL or "uri" in old or "{}" in new
    assert [each.url for each in found[1:]] == [URL] * 2


def test_what_recorders_tag_in_an_answer_is_no_reason():
    """An answer that cannot be read was not recorded, and its request is judged."""
    written = TAGGED.replace(": H", ": {}").replace("string: x", "string: !!python/object/apply:os.system [x]")
    (found,) = read(written.encode())
    assert (found.status_code, found.response_body, found.unread) == (200, None, None)
    (found,) = read(written.replace("response:", "response: !x").encode())
    assert (found.method, found.status_code, found.response_body, found.unread) == ("PUT", None, None, None)


def raw_deflate(data):
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


DOCUMENT = b'{"response": "' + b"x" * 5000 + b'"}'


@pytest.mark.parametrize(
    ("coding", "body", "read_as"),
    [
        ("gzip", gzip.compress(DOCUMENT, mtime=0), DOCUMENT),
        ("GZIP", gzip.compress(DOCUMENT, mtime=0), DOCUMENT),
        ("x-gzip", gzip.compress(DOCUMENT, mtime=0) + gzip.compress(b"!", mtime=0), DOCUMENT + b"!"),
        ("gzip", gzip.compress(DOCUMENT, mtime=0) + b"\x00\x00", DOCUMENT),
        ("deflate", zlib.compress(DOCUMENT), DOCUMENT),
        ("deflate", raw_deflate(DOCUMENT), DOCUMENT),
        ("deflate, gzip", gzip.compress(zlib.compress(DOCUMENT), mtime=0), DOCUMENT),
        ("identity", DOCUMENT, DOCUMENT),
        ("", DOCUMENT, DOCUMENT),
        ("gzip", DOCUMENT, DOCUMENT),
        ("deflate", DOCUMENT, DOCUMENT),
        ("gzip", b"", b""),
        ("br", b"\x0b\x02\x80", None),
        ("zstd", b"\x28\xb5\x2f\xfd", None),
    ],
)
def test_compressed_answers_are_decompressed(coding, body, read_as):
    """gzip and deflate are undone, what is no longer compressed stays, and other codings give no body."""
    found = one(response={"headers": {"Content-Encoding": [coding]}, "body": {"string": body}})
    assert found.response_body == read_as
    assert one({"headers": {"content-encoding": coding}, "body": body}).request_body == body


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_damaged_and_boundless_compression_was_not_recorded(coding, monkeypatch):
    """A body that breaks off, that was changed, or that never ends is none."""
    pack = {"gzip": gzip.compress, "deflate": zlib.compress}[coding]

    def body(data):
        found = one(response={"headers": {"Content-Encoding": [coding]}, "body": {"string": data}})
        assert (found.status_code, found.unread) == (200, None)
        return found.response_body

    good = pack(DOCUMENT)
    assert body(good) == DOCUMENT
    assert body(good[:-1]) is body(good[:-5] + b"xxxxx") is None
    assert body(pack(bytes(64 * 2**20 + 1))) is None
    monkeypatch.setattr(bodies, "MOST_BODY", len(DOCUMENT))
    assert body(good) == DOCUMENT
    assert body(pack(DOCUMENT + b"!")) is None
    if coding == "gzip":
        assert body(good * 2) is None


@both
@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (None, "not a mapping"),
        ([], "not a mapping"),
        ("x", "not a mapping"),
        ({}, "request is not a mapping"),
        ({"request": [], "response": {}}, "request is not a mapping"),
        ({"request": {}}, "no method"),
        ({"request": interaction()["request"]}, "no response"),
        (interaction({"method": None}), "no method"),
        (interaction({"uri": {}}), "no method, or no URL"),
        (interaction({"body": {"string": ["a"]}}), "something else than a text"),
        (interaction({"body": {"base64_string": "*"}}), "not base64"),
        (interaction({"body": {"base64_string": []}}), "something else than a text"),
        (interaction({"body": {"raw_gzip": "YQ=="}}), "not compressed"),
        (interaction({"body": {"on_disk": "a.json"}}), "another file"),
        (interaction({"body": {"file": True, "string": "a.json"}}), "another file"),
        (interaction({"body": {"fields": {"a": "b"}}}), "another file"),
    ],
)
def test_an_interaction_that_cannot_be_read_stops_nothing(write, bad, reason):
    """It is given out with a sentence, with whatever of it can be read, and those around it are as they were."""
    before, found, after = read(write(tape(interaction(), bad, interaction())))
    assert reason in found.unread
    assert before.place < found.place < after.place
    before.place = after.place = 0
    assert before == after
    assert before.unread is None
    request = (bad.get("request") or {}) if isinstance(bad, dict) else {}
    assert found.method == (request.get("method") or "")
    assert found.url == (request.get("uri") or "")


@both
@pytest.mark.parametrize(
    ("response", "status_code", "lost"),
    [
        ({"status": None}, None, False),
        ({"status": {}}, None, False),
        ({"status": 200}, 200, False),
        ({"status": {"code": "200"}}, 200, False),
        ({"status": {"code": 200.0}}, 200, False),
        ({"status": {"code": True}}, None, False),
        ({"status": {"code": 2000}}, None, False),
        ({"status": {"code": 0}}, None, True),
        ({"status": {"code": -1}}, None, True),
        ({"status": {"code": -2}}, None, True),
        ({"status": {"code": "٢٠٠"}}, None, False),
        ({"status": {"code": ["200"]}}, None, False),
        ({"status_code": None}, None, False),
        ({"status": {"status_code": "200", "message": "OK"}}, 200, False),
        ({"body": {"on_disk": "a.json"}}, 200, False),
        ({"body": {"base64_string": "*"}}, 200, False),
    ],
)
def test_an_odd_answer_was_not_recorded(write, response, status_code, lost):
    """A status that is none says nothing; one below 1 says that no answer came."""
    found = one(response=response, write=write)
    assert (found.status_code, found.lost, found.unread) == (status_code, lost, None)
    if "body" in response:
        assert found.response_body is None


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no cassette"),
        (b"x", "no cassette"),
        (b"- request: {}\n  response: {}\n", "a list"),
        (b"[]", "a list"),
        (b"[[5], 5, {}]", "a list"),
        (b"version: 1\n", "no interactions"),
        (b"interactions: []\n", "no interactions"),
        (b"interactions: [5, {request: 5}]\n", "no interactions"),
        (b"{}", "no interactions"),
        (b'{"version": 1}', "no interactions"),
        (b'{"interactions": []}', "no interactions"),
        (b'{"interactions": [{"user": 5}]}', "no interactions"),
        (b'{"log": {"entries": []}}', "no interactions"),
        (b'{"consumer": {}, "provider": {}, "interactions": [{"request": {"url": ""}, "response": {}}]}', "Pact"),
        (b'{"consumer": {}, "interactions": [{"request": {"path": ""}, "response": {}}], "provider": {}}', "Pact"),
    ],
)
def test_what_is_no_cassette_is_passed_over(data, reason):
    """Nothing is made of files of other kinds, and in a folder they stop nothing."""
    found = []
    with pytest.raises(NotARecording) as caught:
        found += read_cassette("tape", io.BytesIO(data))
    assert found == []
    assert reason in caught.value.reason


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"version: 3\ninteractions: []\n", "version 1 and 2"),
        (b"version: 1\ninteractions: {}\n", "not a list"),
        (b"http_interactions: 5\n", "not a list"),
        (b"version: 1\ninteractions: []\n---\n", "second document"),
        (b"version: 1\nversion: 1\n", "twice"),
        (b'{"version": 3, "interactions": []}', "version 1 and 2"),
        (b'{"version": true, "interactions": []}', "version 1 and 2"),
        (b'{"version": 1, "interactions": {}}', "not a list"),
        (b'{"version": 1, "interactions": []} 1', "not JSON"),
        (b'{"version": 1, "version": 1}', "twice"),
        (b"version: \xff", "version 1 and 2"),
        (b"<<<<<<< HEAD\ninteractions:\n- request: {}\nversion: 1\n", "not YAML"),
        (b"<<<<<<< HEAD\n---\ninteractions: []\nversion: 1\n", "second document"),
        (b"version: 1\ninteractions: !!python/object:x []", "the tag"),
        (b"!!python/object:x {version: 1, interactions: []}", "the tag"),
        (b"? [a]\n: 1\nversion: 1\n", "not a text"),
    ],
)
def test_a_broken_cassette_is_refused(data, reason):
    """What is wrong with the file as a whole ends the reading."""
    found, _, _, said = refused(data)
    assert found == []
    assert reason in said


@both
def test_what_stands_around_the_interactions_is_left_alone(write):
    """Other keys, such as `metadata`, and a byte order mark are no obstacle; an empty cassette is empty."""
    assert len(read(b"\xef\xbb\xbf" + write(tape(interaction(), metadata={"a": [1]})))) == 1
    assert read(write(tape())) == []


@both
def test_a_file_cut_anywhere_is_refused_or_is_whole(write):
    """At every fiftieth of the file nothing but the one error is raised, and no exchange is made up."""
    data = write(tape(*[interaction({"uri": f"{URL}{n}"}) for n in range(20)]))
    whole = [found.url for found in read(data)]
    for part in range(50):
        found, *_ = refused(data[: len(data) * part // 50])
        assert [one_of.url for one_of in found] == whole[: len(found)]


@pytest.mark.parametrize(
    "data",
    [
        b"[" * 1_000_000,
        b'{"a":' * 1_000_000,
        b'{"version": 1, "interactions": [' + b"[" * 1_000_000,
        b"version: 1\ninteractions:\n" + b"- " * 100_000,
        b"version: 1\na0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
        + b"".join(b"a%d: &a%d [%s]\n" % (n, n, b",".join([b"*a%d" % (n - 1)] * 10)) for n in range(1, 30)),
        b"version: 1\nbase: &b {x: y}\ninteractions: {<<: *b}",
    ],
)
def test_hostile_files_are_refused_with_little_work(data):
    """Nesting without end, multiplying aliases and merge keys end the reading at once."""
    with within(50_000):
        assert refused(data)[0] == []


LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
KEYS = """version interactions request response method uri body headers status code status_code content string
base64_string content-encoding x"""
TREES = st.recursive(
    LEAVES | st.binary(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS.split()), inner, max_size=5),
    max_leaves=25,
)
JSON_TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS.split()), inner, max_size=5),
    max_leaves=25,
)


def only_the_one_error(data):
    try:
        for found in read(data):
            assert found.request_body is None or isinstance(found.request_body, bytes)
            assert found.status_code is None or 100 <= found.status_code <= 999
    except UnreadableRecording as error:
        assert error.reason


@given(TREES, st.sampled_from(KEYS.split()), st.sampled_from(["request", "response"]))
def test_whatever_yaml_holds_only_the_one_error_is_raised(tree, key, where):
    """Trees of a cassette's own keys with anything in them are read or refused."""
    bad = interaction()
    bad[where][key] = tree
    for document in (tree, tape(tree), tape(interaction(), bad), {"version": 1, "interactions": tree}):
        only_the_one_error(as_yaml(document))


@given(JSON_TREES, st.sampled_from(KEYS.split()), st.sampled_from(["request", "response"]))
def test_whatever_json_holds_only_the_one_error_is_raised(tree, key, where):
    """The same for JSON."""
    bad = interaction()
    bad[where][key] = tree
    for document in (tree, tape(tree), tape(interaction(), bad), {"version": 1, "interactions": tree}):
        only_the_one_error(as_json(document))


@both
@given(data=st.data())
def test_whatever_bytes_are_changed_only_the_one_error_is_raised(write, data):
    """A cassette with some bytes replaced is read or refused."""
    good = write(tape(interaction(), interaction()))
    at = data.draw(st.integers(0, len(good)))
    junk = data.draw(st.binary(max_size=4))
    only_the_one_error(good[:at] + junk + good[at + data.draw(st.integers(0, 4)) :])


@pytest.mark.parametrize("serializer", ["yaml", "json"])
def test_what_vcrpy_records_is_what_the_server_saw(tmp_path, serializer):
    """A cassette of the real VCR.py has each request that arrived at the simulator, and its answer."""
    if importlib.util.find_spec("vcr") is None:
        print("skipped: vcrpy is not installed")
        pytest.skip("vcrpy is not installed")
    import vcr  # type: ignore[import-untyped, import-not-found, unused-ignore]

    simulator = Simulator()
    campaign_id = simulator.add("in-progress", name="Señor 😀")
    path = f"/v2/accounts/{simulator.account_sid}/message-campaigns/{campaign_id}"
    file = tmp_path / f"tape.{serializer}"
    with SimulatorServer(simulator) as server, vcr.use_cassette(str(file), serializer=serializer):
        with httpx.Client(base_url=server.base_url, auth=(simulator.api_key, simulator.api_token)) as client:
            answers = [
                client.get(path),
                client.put(path, json={"campaigns": [{"action": "pause", "note": "ü"}]}),
                client.get(path),
                client.put(path, content=b"\xff\x00") if serializer == "yaml" else client.put(path, content=b""),
            ]
    with file.open("rb") as stream:
        found = list(read_cassette(str(file), stream))
    assert [one_of.method for one_of in found] == ["GET", "PUT", "GET", "PUT"]
    assert [one_of.url for one_of in found] == [f"{server.base_url}{path}"] * 4
    assert [one_of.request_body for one_of in found] == [answer.request.content for answer in answers]
    assert [one_of.response_body for one_of in found] == [answer.content for answer in answers]
    assert [one_of.status_code for one_of in found] == [line.status_code for line in simulator.journal]
    for one_of, answer in zip(found, answers, strict=True):
        assert sorted(one_of.headers) == sorted(answer.request.headers.items())
    if serializer == "yaml":
        lines = file.read_text().split("\n")
        assert all(lines[one_of.place - 1].startswith("- request:") for one_of in found)
    else:
        assert [one_of.place for one_of in found] == [1, 2, 3, 4]


def test_base64_of_any_bytes_comes_back():
    """`base64_string` is undone exactly."""
    every = bytes(range(256))
    assert one(response={"body": {"base64_string": base64.encodebytes(every).decode()}}).response_body == every


@pytest.mark.parametrize("bad", [b"\x00", b"\x1b", b"\xff", b"\xed\xa0\x80"])
@pytest.mark.parametrize(
    ("at", "unread"),
    [(b"campaigns", True), (b"ok", False), (b"json", False), (b"*/*", True), (b"PUT", True), (b"200", False)],
)
def test_what_is_no_text_in_yaml_is_said_of_its_interaction(at, unread, bad):
    """A character that YAML does not allow, or bytes that are none, stop nothing before and behind them."""
    parts = as_yaml(tape(*[interaction() for _ in range(3)])).split(b"- request:")
    parts[2] = parts[2].replace(at, bad + at, 1)
    found = read(b"- request:".join(parts))
    assert [bool(each.unread) for each in found] == [False, unread, False]
    assert (found[1].response_body is None) == (at == b"ok")
    assert found[0].response_body == found[2].response_body == '{"ok": "se\u00f1or"}'.encode()


def test_no_key_that_may_be_a_number_is_shown():
    """Of a key of a body that is there twice only the length."""
    twice = as_json(tape(interaction())).replace(b'"string": "', b'"919876543210": 1, "919876543210": 2, "string": "')
    (found,) = read(twice)
    assert found.unread == "the key '[12 characters]' is there twice in one object"
    assert "919" not in refused(b'{"version": 1, "919876543210": 1, "919876543210": 2}')[-1]
    for version in ("919876543210", '{"string": "Basic a2V5"}'):
        said = refused(f'{{"version": {version}, "interactions": []}}'.encode())[-1]
        assert said == "cassettes of version 1 and 2 are read, and this is of another"


@pytest.mark.parametrize(
    ("old", "new", "unread"),
    [
        ('"method": "PUT"', '"method": "PUT", "method": "GET"', True),
        ('"body": "{', '"body": "\\ud800{', True),
        ('"string": "{', '"string": "\\ud800{', False),
        ('"body": "{', '"body": "' + "x" * (17 * 2**20) + "{", True),
    ],
)
def test_what_json_holds_of_an_odd_interaction_is_said_of_it(old, new, unread):
    """A double key, half of a character and a text without measure stop nothing behind them."""
    written = as_json(tape(interaction())).decode()
    one_of = written[written.index("{", 20) : written.rindex("]")]
    found = read(written.replace(one_of, f"{one_of.replace(old, new, 1)}, {one_of}").encode())
    assert [bool(each.unread) for each in found] == [unread, False]
    assert (found[0].method, found[0].url) == ("PUT", URL)
    assert (found[0].response_body is None) == (not unread)
    assert found[1].response_body == interaction()["response"]["body"]["string"].encode()

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
    ("body", "read_as"),
    [
        (None, None),
        ("", b""),
        ("1", b"1"),
        ("null", b"null"),
        ("~", b"~"),
        ("ü\n", "ü\n".encode()),
        (b"\x00\xff", b"\x00\xff"),
        (b"", b""),
        ({"string": "x"}, b"x"),
        ({"string": b"\xff"}, b"\xff"),
        ({"string": None}, None),
        ({"string": ""}, b""),
        ({"base64_string": "AP8=\n"}, b"\x00\xff"),
        ({}, None),
    ],
)
def test_every_layout_of_a_body_is_read(body, read_as):
    """A text, bytes, or either in a mapping, for requests and answers alike, and in both formats."""
    found = one({"body": body}, {"body": body})
    assert (found.request_body, found.response_body) == (read_as, read_as)
    if b"!!binary" not in as_yaml(tape(interaction({"body": body}))):
        found = one({"body": body}, {"body": body}, as_json)
        assert (found.request_body, found.response_body) == (read_as, read_as)


def test_a_plain_number_in_yaml_is_the_text_that_it_is():
    """What another tool left without quotes is not read as anything else."""
    text = as_yaml(tape(interaction())).replace(b"string: ", b"string: 0012 #")
    assert read(text)[0].response_body == b"0012"


@pytest.mark.parametrize(
    ("headers", "pairs"),
    [
        (None, None),
        ({}, []),
        ({"A": "1"}, [("A", "1")]),
        ({"A": ["1", "2"]}, [("A", "1"), ("A", "2")]),
        ({"A": []}, []),
        ({"A": None}, [("A", "")]),
        ({"A": b"\xe9"}, [("A", "é")]),
        ({"A": [b"1"]}, [("A", "1")]),
    ],
)
def test_every_layout_of_headers_is_read(headers, pairs):
    """A text, bytes or a list of them."""
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
    """The tags that Python 2 gave to ordinary texts change nothing; all others of Python are refused."""
    written = as_yaml(tape(interaction())).replace(b"method: PUT", b"method: !!python/unicode 'PUT'")
    assert read(written)[0].method == "PUT"
    bad = written.replace(b"!!python/unicode", b"!!python/object/apply:os.system")
    found, place, unit, reason = refused(bad)
    assert (found, unit) == ([], "line")
    assert b"os.system" in bad.split(b"\n")[place - 1]
    assert reason == "the tag '!!python/object/apply:os.system' cannot be used here"


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
def test_damaged_and_boundless_compression_is_refused(coding, monkeypatch):
    """A body that breaks off, that was changed, or that never ends is an error of its interaction."""
    pack = {"gzip": gzip.compress, "deflate": zlib.compress}[coding]

    def said(body):
        headers = {"Content-Encoding": [coding]}
        tree = tape(interaction(), interaction(response={"headers": headers, "body": {"string": body}}))
        found, place, unit, reason = refused(as_yaml(tree))
        assert (len(found), unit) == (1, "line")
        assert place > found[0].place
        return reason

    good = pack(DOCUMENT)
    assert said(good[:-1]) == said(good[:-5] + b"xxxxx") == "a compressed body is damaged, or breaks off"
    assert "larger than 67108864 bytes" in said(pack(bytes(64 * 2**20 + 1)))
    if coding == "gzip":
        assert "larger than 67108864 bytes" in said(pack(bytes(40 * 2**20)) * 2)
    monkeypatch.setattr(bodies, "MOST_BODY", len(DOCUMENT))
    headers = {"Content-Encoding": [coding]}
    assert one(response={"headers": headers, "body": {"string": good}}).response_body == DOCUMENT
    assert "larger than" in said(pack(DOCUMENT + b"!"))


@both
@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (None, "not a mapping"),
        ([], "not a mapping"),
        ("x", "not a mapping"),
        ({}, "no request"),
        ({"request": [], "response": {}}, "no request"),
        ({"request": {}}, "no response"),
        (interaction({"method": None}), "no method"),
        (interaction({"uri": {}}), "no method, or no URI"),
        (interaction({"headers": ["a"]}), "headers are not a mapping"),
        (interaction({"headers": {"a": {"b": "c"}}}), "a text belongs"),
        (interaction({"headers": {"a": [["b"]]}}), "a text belongs"),
        (interaction({"body": ["a"]}), "a body is not a text"),
        (interaction({"body": {"text": "a"}}), "without `string`"),
        (interaction({"body": {"string": ["a"]}}), "a body is not a text"),
        (interaction(response={"body": {"base64_string": "*"}}), "not base64"),
        (interaction(response={"body": {"base64_string": []}}), "a text belongs"),
        (interaction(response={"status": None}), "no status code"),
        (interaction(response={"status": {}}), "no status code"),
        (interaction(response={"status": 200}), "no status code"),
        (interaction(response={"status": {"code": True}}), "no status code"),
        (interaction(response={"status": {"code": 2000}}), "no status code"),
        (interaction(response={"status": {"code": -1}}), "no status code"),
        (interaction(response={"status": {"code": "٢٠٠"}}), "no status code"),
        (interaction(response={"status": {"code": ["200"]}}), "no status code"),
        (interaction(response={"status_code": None}), "no status code"),
    ],
)
def test_an_interaction_of_wrong_types_is_refused_with_its_place(write, bad, reason):
    """The interactions before it have been given out, and the sentence says what is wrong with it."""
    found, place, unit, said = refused(write(tape(interaction(), bad, interaction())))
    assert len(found) == 1
    assert reason in said
    assert (place == 2) if unit == "entry" else (place >= found[0].place)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no cassette"),
        (b"x", "no cassette"),
        (b"- request: {}\n  response: {}\n", "before version 1"),
        (b"version: 1\n", "no `interactions`"),
        (b"interactions: []\n", "no `version`"),
        (b"version: 2\ninteractions: []\n", "not a cassette of version 1"),
        (b"version: 1\ninteractions: {}\n", "not a list"),
        (b"http_interactions: []\nrecorded_with: VCR 6.0.0\n", "no `version`"),
        (b"version: 1\ninteractions: []\n---\n", "second document"),
        (b"version: 1\nversion: 1\n", "twice"),
        (b"{}", "no `version`"),
        (b'{"version": 1}', "no `interactions`"),
        (b'{"interactions": []}', "no `version`"),
        (b'{"version": 2, "interactions": []}', "not a cassette of version 1"),
        (b'{"version": true, "interactions": []}', "not a cassette of version 1"),
        (b'{"version": 1, "interactions": {}}', "not a list"),
        (b'{"version": 1, "interactions": []} 1', "not JSON"),
        (b'{"version": 1, "version": 1}', "twice"),
        (b'{"log": {"entries": []}}', "no `version`"),
        (b"version: \xff", "not text"),
        (b"version: 1\ninteractions: !!python/object:x {}", "the tag"),
    ],
)
def test_what_is_no_cassette_is_refused(data, reason):
    """Files of other kinds and versions are refused before any interaction."""
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
            assert 100 <= found.status_code <= 999
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

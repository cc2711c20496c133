"""Every layout of a cassette as its recorder writes it, and with anything in it."""

import copy
import gzip
import io
import json
import tracemalloc

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from campaign_fsm.strict.unreadable import NotARecording, UnreadableRecording
from campaign_fsm.traffic.array import read_array
from campaign_fsm.traffic.cassette import read_cassette

HOST = "https://api.exotel.com"
PATH = "/v2/accounts/acme1/campaigns/c1"
URL = HOST + PATH
SENT = '{"campaigns": [{"action": "pause"}]}'
ANSWER = '{"ok": "ü"}'
AT = "2026-01-05T10:00:00+00:00"
DATE = "Mon, 05 Jan 2026 10:00:00 GMT"

BETAMAX = {
    "http_interactions": [
        {
            "recorded_at": "2026-01-05T10:00:00",
            "request": {
                "body": {"encoding": "utf-8", "string": SENT},
                "headers": {"Content-Type": ["application/json"]},
                "method": "PUT",
                "uri": URL,
            },
            "response": {
                "body": {"base64_string": "eyJvayI6ICLDvCJ9", "encoding": None},
                "headers": {"Date": ["Tue, 06 Jan 2026 10:00:00 GMT"]},
                "status": {"code": 409, "message": "Conflict"},
                "url": URL,
            },
        }
    ],
    "recorded_with": "betamax/0.9.0",
}
GO_3 = {
    "version": 2,
    "interactions": [
        {
            "id": 0,
            "request": {
                "proto": "HTTP/1.1",
                "content_length": 36,
                "host": "api.exotel.com",
                "body": SENT,
                "form": {},
                "headers": {"Content-Type": ["application/json"]},
                "url": URL,
                "method": "PUT",
            },
            "response": {
                "body": ANSWER,
                "headers": {"Date": [DATE]},
                "status": "409 Conflict",
                "code": 409,
                "duration": "1.5ms",
            },
        }
    ],
}
PHP = [
    {
        "request": {
            "method": "PUT",
            "url": URL,
            "headers": {"Content-Type": "application/json"},
            "body": SENT,
        },
        "response": {
            "status": {"code": 409, "message": "Conflict"},
            "headers": {"Date": DATE},
            "body": ANSWER,
            "curl_info": {"total_time": 0.1},
        },
        "index": 0,
    }
]
EXVCR = [
    {
        "request": {
            "body": SENT,
            "headers": {"Content-Type": "application/json"},
            "method": "put",
            "options": {},
            "url": URL,
        },
        "response": {"binary": False, "body": ANSWER, "headers": {"Date": DATE}, "status_code": 409, "type": "ok"},
    }
]
NOCK = [
    {
        "scope": f"{HOST}:443",
        "method": "PUT",
        "path": PATH,
        "body": json.loads(SENT),
        "status": 409,
        "response": json.loads(ANSWER),
        "rawHeaders": {"date": DATE},
        "reqheaders": {"Content-Type": "application/json"},
        "responseIsBinary": False,
    }
]
PLAIN = [
    {
        "at": AT,
        "method": "PUT",
        "url": URL,
        "headers": [["Content-Type", "application/json"]],
        "request": json.loads(SENT),
        "status_code": 409,
        "response": json.loads(ANSWER),
    }
]
# In the order and style of its writer, with the headers' block empty as it leaves it.
SCHEMATHESIS = f"""command: 'st run openapi.yaml --report vcr'
recorded_with: 'Schemathesis 4.1.0'
seed: 42
http_interactions:
- id: 'a1'
  status: 'SUCCESS'
  generation:
    time: 0.1
    mode: positive
  components:
    body:
      mode: 'positive'
  phase:
    name: 'fuzzing'
    data: {{}}
  recorded_at: '{AT}'
  checks:
    - name: 'x'
      status: 'SUCCESS'
      message: ~
  request:
    uri: '{URL}'
    method: 'PUT'
    headers:
      "Content-Type":
      - "application/json"
    body:
      encoding: 'utf-8'
      base64_string: 'eyJjYW1wYWlnbnMiOiBbeyJhY3Rpb24iOiAicGF1c2UifV19'
  response:
    status:
      code: '409'
      message: "Conflict"
    elapsed: '0.25'
    headers:
      "date":
      - "{DATE}"

    body:
      encoding: 'utf8'
      string: "{{\\"ok\\": \\"\\xFC\\"}}"
    http_version: '1.1'
- id: 'a2'
  status: 'ERROR'
  metadata: null
  recorded_at: '{AT}'
  checks: []
  request:
    uri: '{URL}'
    method: 'GET'
    headers:
  response: null
"""
RUBY = f"""---
http_interactions:
- request:
    method: put
    uri: {URL}
    body:
      encoding: UTF-8
      string: ! '{SENT}'
    headers:
      Content-Type:
      - application/json
  response:
    status:
      code: 409
      message: Conflict
    headers: {{}}
    body:
      encoding: ASCII-8BIT
      string: !binary |-
        eyJvayI6ICLDvCJ9
    http_version: '1.1'
  recorded_at: {DATE}
recorded_with: VCR 6.0.0
"""
PACKED = [gzip.compress(b"{}", mtime=0).hex()[at : at + 20] for at in (0, 20, 40)]


def read(data):
    reader = read_array if data.startswith('[{"at"') else read_cassette
    return list(reader("tape", io.BytesIO(data.encode())))


@pytest.mark.parametrize(
    ("data", "seconds", "place"),
    [
        (json.dumps(BETAMAX), None, 1),
        (yaml.safe_dump(BETAMAX, sort_keys=False), None, 2),
        (yaml.safe_dump(GO_3, sort_keys=False), 0.0015, 3),
        (json.dumps(GO_3), 0.0015, 1),
        (yaml.safe_dump(PHP), None, 1),
        (json.dumps(PHP), None, 1),
        (json.dumps(EXVCR), None, 1),
        (json.dumps(NOCK), None, 1),
        (json.dumps(PLAIN), None, 1),
        (SCHEMATHESIS, 0.25, 5),
        (RUBY, None, 3),
    ],
)
def test_every_layout_says_the_same(data, seconds, place):
    """Method, URL, headers, bodies, status, time and place, whoever recorded it."""
    found = read(data)[0]
    assert (found.unread, found.method, found.url, found.place) == (None, "PUT", URL, place)
    assert found.headers == [("Content-Type", "application/json")]
    assert json.loads(found.request_body) == json.loads(SENT)
    assert (found.status_code, found.lost) == (409, False)
    assert json.loads(found.response_body) == json.loads(ANSWER)
    assert found.at == AT
    assert found.seconds == (None if seconds is None else pytest.approx(seconds))


def test_a_request_that_failed_on_its_way_was_lost():
    """Schemathesis writes no answer for it; what has no headers had none that were recorded."""
    _, found = read(SCHEMATHESIS)
    assert (found.method, found.status_code, found.lost, found.unread) == ("GET", None, True, None)
    assert (found.headers, found.request_body) == (None, None)


def test_what_exvcr_says_of_an_answer_is_heard():
    """That there is none, and that its body is a term of Erlang."""
    tree = copy.deepcopy(EXVCR)
    tree[0]["response"] |= {"binary": True}
    assert read(json.dumps(tree))[0].response_body is None
    tree[0]["response"] = {"body": "timeout", "headers": [], "status_code": None, "type": "error"}
    found = read(json.dumps(tree))[0]
    assert (found.status_code, found.lost, found.unread) == (None, True, None)


def test_the_beginning_of_a_long_answer_is_no_answer():
    """Schemathesis says of what length a body was of which it kept a part."""
    found = read(SCHEMATHESIS.replace("    http_version", "    truncated_from: 5000\n    http_version"))[0]
    assert (found.status_code, found.response_body) == (409, None)


@pytest.mark.parametrize(
    ("changed", "attribute", "value"),
    [
        ({"body": ""}, "request_base64", b""),
        ({"body": "a=b"}, "request_base64", b"a=b"),
        ({"body": ["1f8b"]}, "request_base64", b'["1f8b"]'),
        ({"response": ""}, "response_base64", b""),
        ({"response": "text"}, "response_base64", b"text"),
        ({"response": "ff00", "responseIsBinary": True}, "response_base64", b"\xff\x00"),
        ({"response": "xx", "responseIsBinary": True}, "response_base64", None),
        ({"response": PACKED, "rawHeaders": ["Content-Encoding", "gzip", "Date", DATE]}, "response_base64", b"{}"),
        ({"response": PACKED[:1], "rawHeaders": {"content-encoding": "gzip"}}, "response_base64", None),
        ({"response": ["x"], "rawHeaders": {"content-encoding": "gzip"}}, "response_base64", None),
        ({"response": [1], "rawHeaders": []}, "response_base64", b"[1]"),
        ({"status": "409", "reply": "202"}, "status_code", 202),
        ({"scope": "http://127.0.0.1:8080"}, "url", f"http://127.0.0.1:8080{PATH}"),
        ({"scope": "http://a:80"}, "url", f"http://a{PATH}"),
        ({"rawHeaders": ["Date", DATE]}, "at", AT),
        ({"reqheaders": {}}, "headers", None),
    ],
)  # fmt: skip
def test_what_nock_keeps_is_read(changed, attribute, value):
    """JSON taken apart, texts, pieces in hexadecimal as they came, and headers in turns."""
    (found,) = read(json.dumps([NOCK[0] | changed]))
    assert getattr(found, attribute) == value
    assert found.unread is None


@pytest.mark.parametrize("as_yaml", [False, True])
@pytest.mark.parametrize("length", ["36", "0", None])
@pytest.mark.parametrize("empty", ["", None, {"string": ""}, {"string": None}])
def test_a_body_that_a_filter_dropped_was_not_recorded(empty, length, as_yaml):
    """What says that there was a body is its length; an empty one of no length was empty."""
    said = {"Content-Length": length} if length else {}
    # ExVCR and nock write JSON alone.
    for layout in (VCRPY, BETAMAX, GO_3, PHP, *([] if as_yaml else [EXVCR])):
        tree = copy.deepcopy(layout)
        (item,) = tree if isinstance(tree, list) else next(each for each in tree.values() if isinstance(each, list))
        for part in (item["request"], item["response"]):
            part["headers"] |= said
            part |= {"body": empty, "content_length": 0}
        (found,) = read(written(tree, as_yaml))
        none = length == "36" or empty == {"string": None}
        assert (found.request_body, found.unread) == (None if none else b"", None)
        assert not found.response_body
        assert (found.response_body is None) == (none or empty is None)
    if empty == "" and not as_yaml:
        part = {"body": empty, "response": empty, "reqheaders": said, "rawHeaders": said}
        (found,) = read(written([NOCK[0] | part], as_yaml))
        assert found.request_body == found.response_body == (None if length == "36" else b"")


def test_the_length_that_go_counts_is_one():
    """go-vcr writes it beside the headers; -1 is none."""
    for length in (36, 0, -1):
        tree = copy.deepcopy(GO_3)
        tree["interactions"][0]["request"] |= {"body": "", "content_length": length}
        for as_yaml in (False, True):
            assert read(written(tree, as_yaml))[0].request_body == (None if length == 36 else b"")


def test_an_answer_is_held_once():
    """What it was made of is gone when it is judged, which takes as much again."""
    many = {f"key {n}": n for n in range(20_000)}
    data = json.dumps([NOCK[0] | {"response": many}, NOCK[0] | {"response": many}]).encode()
    tracemalloc.start()
    try:
        exchanges = read_cassette("tape", io.BytesIO(data))
        for found in (next(exchanges), next(exchanges)):
            assert json.loads(found.response_body) == many
            assert tracemalloc.get_traced_memory()[0] < 4 * len(data)
    finally:
        tracemalloc.stop()


def test_an_item_of_a_list_that_is_odd_stops_nothing():
    """It is said of that item, and those around it are read."""
    found = read(json.dumps([5, NOCK[0], {"path": {}}, NOCK[0]]))
    assert [bool(each.unread) for each in found] == [True, False, True, False]
    assert [each.place for each in found] == [1, 2, 3, 4]
    found = read(json.dumps([*PLAIN, 5, {"at": 5}, {"url": 5}, *PLAIN]))
    assert [each.place for each in found if not each.unread][:1] == [1]
    assert found[-1].place == 5
    assert [bool(each.unread) for each in found if each.url] == [False, False]


@pytest.mark.parametrize(
    ("data", "place", "kind"),
    [
        (json.dumps(PLAIN)[:-1], 2, UnreadableRecording),
        (json.dumps(PLAIN * 2)[:-9], 2, UnreadableRecording),
        (json.dumps(PLAIN) + "5", 0, UnreadableRecording),
        ("{}", 0, UnreadableRecording),
        ('[{"at": "x"}]', 0, NotARecording),
        ("[]", None, None),
    ],
)
def test_an_array_that_breaks_off_is_refused_with_its_place(data, place, kind):
    """What came before it was given out."""
    found = []
    exchanges = read_array("log.json", io.BytesIO(data.encode()))
    if kind is None:
        assert list(exchanges) == []
        return
    with pytest.raises(kind) as caught:
        found.extend(exchanges)
    assert (caught.value.place, caught.value.unit) == (place, "entry")
    assert [one.url for one in found] == [URL] * (data.startswith('[{"at": "2'))


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        (DATE, AT),
        ("Mon, 05 Jan 2026 10:00:00 -0000", AT),
        ("2026-01-05T15:30:00+05:30", AT),
        ("2026-01-05T10:00:00Z", AT),
        ("2026-01-05 10:00:00", AT),
        ("2026-01-05 10:00:00 GMT", AT),
        ("yesterday", None),
        ("", None),
        (5, None),
        (None, None),
        (["x"], None),
        ("9999-12-31T23:59:59-23:00", None),
    ],
)
def test_when_it_was_recorded_is_when_it_was_sent(written, read_as):
    """In whatever form, and in UTC where no zone is named; a time that is none is the answer's own, if it has one."""
    tree = copy.deepcopy(BETAMAX)
    tree["http_interactions"][0]["recorded_at"] = written
    tree["http_interactions"][0]["response"]["headers"] = {}
    assert read(json.dumps(tree))[0].at == read_as
    tree["http_interactions"][0]["response"]["headers"] = {"date": [DATE]}
    assert read(json.dumps(tree))[0].at == AT


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("0s", 0), ("100ms", 0.1), ("1m2.5s", 62.5), ("1h0m0.25s", 3600.25), ("250µs", 0.00025), ("7ns", 7e-9),
     (1_500_000, 0.0015), ("", None), ("-1s", None), ("1s?", None), (True, None), (None, None), ("1" * 400, None)],
)  # fmt: skip
def test_a_duration_of_go_is_read(written, seconds):
    """In its units, or in nanoseconds."""
    tree = copy.deepcopy(GO_3)
    tree["interactions"][0]["response"]["duration"] = written
    found = read(json.dumps(tree))[0].seconds
    assert found == (None if seconds is None else pytest.approx(seconds))


def bare(tree, elsewhere):
    """A cassette of three interactions, the one in the middle about another host, and the path to that."""
    tree = copy.deepcopy(tree)
    items = tree if isinstance(tree, list) else next(value for value in tree.values() if isinstance(value, list))
    middle = json.loads(json.dumps(items[0]).replace(HOST, elsewhere))
    items[:] = [items[0], middle, copy.deepcopy(items[0])]
    return tree, items


VCRPY = {
    "interactions": [
        {
            "request": {"body": SENT, "headers": {"Content-Type": ["application/json"]}, "method": "PUT", "uri": URL},
            "response": {
                "body": {"string": ANSWER},
                "headers": {"Date": [DATE]},
                "status": {"code": 409, "message": "Conflict"},
            },
        }
    ],
    "version": 1,
}
LAYOUTS = [VCRPY, BETAMAX, GO_3, PHP, EXVCR, NOCK]
VALUES = st.sampled_from(
    [None, 5, -1, 2.5, True, "", "x", "ü", [], ["a"], [[]], [5, None], {}, {"a": 1}, {"string": 5}]
)


def paths(tree, before=()):
    yield before
    members = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in members:
        yield from paths(value, (*before, key))


def put(tree, path, value):
    for key in path[:-1]:
        tree = tree[key]
    tree[path[-1]] = copy.deepcopy(value)


def written(tree, as_yaml):
    return yaml.dump(tree, sort_keys=False) if as_yaml else json.dumps(tree)


def said(exchanges):
    return [(each.method, each.url, each.headers, each.request_body, each.status_code, each.response_body, each.unread)
            for each in exchanges]  # fmt: skip


@given(data=st.data(), layout=st.sampled_from(LAYOUTS), as_yaml=st.booleans())
def test_a_change_elsewhere_changes_nothing_here(data, layout, as_yaml):
    """Whatever an interaction about another host holds, those around it are read as they were."""
    tree, items = bare(layout, "https://elsewhere.example.com")
    before = said(read(written(tree, as_yaml)))
    path = data.draw(st.sampled_from(list(paths(items[1]))))
    put(items, (1, *path), data.draw(VALUES))
    after = said(read(written(tree, as_yaml)))
    assert len(before) == len(after) == 3
    assert (before[0], before[2]) == (after[0], after[2])
    if after[1][1].startswith("https://elsewhere") or not after[1][1]:
        assert after[1][1] or after[1][6], "without a URL it has to be said"


@given(data=st.data(), layout=st.sampled_from([*LAYOUTS, PLAIN]), as_yaml=st.booleans())
def test_whatever_is_changed_only_the_one_error_is_raised(data, layout, as_yaml):
    """Any value at any path of a cassette is read, said of its interaction, or refused."""
    tree, _ = bare(layout, HOST)
    root = {"root": tree}
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(list(paths(root["root"]))))
        put(root, ("root", *path), data.draw(VALUES))
    try:
        for found in read(written(root["root"], as_yaml)):
            assert found.unread is None or (found.unread and "\n" not in found.unread)
            assert found.request_body is None or isinstance(found.request_body, bytes)
    except UnreadableRecording as error:
        assert error.reason

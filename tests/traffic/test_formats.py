"""What a file is by how it begins: recordings in every layout, broken ones too, and what only looks like one."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from work import within

from campaign_fsm.strict.unreadable import NotARecording, UnknownFormat, UnreadableRecording
from campaign_fsm.traffic.formats import RecordingFormat, detect
from campaign_fsm.traffic.outline import outline
from campaign_fsm.traffic.recordings import open_recording

URL = "https://api.exotel.com/v2/accounts/acme1/campaigns/c1"
ENTRIES = [{"request": {"method": "GET", "url": URL, "headers": []}, "response": {"status": 200}}]
VCRPY = [{"request": {"method": "GET", "uri": URL}, "response": {"status": {"code": 200}}}]
GO = [{"request": {"body": "", "method": "GET", "url": URL}, "response": {"code": 200}}]
NOCK = {"scope": "https://api.exotel.com:443", "method": "GET", "path": "/", "status": 200, "response": {}}
LONG = "x" * 60_000

DOCUMENTS = [
    (RecordingFormat.HAR, {"log": {"version": "1.2", "creator": {}, "entries": ENTRIES}}),
    (RecordingFormat.HAR, {"log": {"entries": ENTRIES}}),
    (RecordingFormat.HAR, {"comment": LONG, "log": {"pages": [{"title": '\\"}'}], "entries": ENTRIES}}),
    (RecordingFormat.HAR, {"a": [[[[[["]"]]]]]], "log": {"_recordingName": "x", "version": "1.2", "entries": []}}),
    (RecordingFormat.CASSETTE, {"version": 1, "interactions": VCRPY}),
    (RecordingFormat.CASSETTE, {"interactions": VCRPY, "version": 1}),
    (RecordingFormat.CASSETTE, {"interactions": VCRPY}),
    (RecordingFormat.CASSETTE, {"interactions": [5, *VCRPY]}),
    (RecordingFormat.CASSETTE, {"interactions": [{"request": {"body": LONG + LONG, "uri": URL}}], "version": 1}),
    (RecordingFormat.CASSETTE, {"metadata": {"x": [LONG]}, "interactions": GO, "version": 2}),
    (RecordingFormat.CASSETTE, {"version": 1, "interactions": [5]}),
    (RecordingFormat.CASSETTE, {"version": 1, "interactions": None}),
    (RecordingFormat.CASSETTE, {"recorded_with": "betamax", "http_interactions": VCRPY}),
    (RecordingFormat.CASSETTE, [NOCK]),
    (RecordingFormat.CASSETTE, [None, NOCK | {"body": LONG}]),
    (RecordingFormat.CASSETTE, GO),
    (RecordingFormat.CASSETTE, [{"request": {"body": LONG + LONG, "url": URL}, "response": {}}]),
    (RecordingFormat.JSON, [{"method": "PUT", "url": "/v2/accounts/acme1/campaigns/c1", "action": "pause"}]),
    (RecordingFormat.JSON, [{"level": "info"}, {"method": "PUT", "url": "/v2/accounts/acme1/campaigns/c1"}]),
    (RecordingFormat.HAR, [entry | {"startedDateTime": "2026-01-05T10:00:00Z"} for entry in ENTRIES]),
    (RecordingFormat.JSON, [{"status_code": 200, "campaign": "c1", "channel": "voice"}]),
    (RecordingFormat.JSON, [{"callback": "CampaignSid=c1&Status=Paused"}]),
    (RecordingFormat.RUNBOOK, {"runbook": 1, "campaigns": []}),
    (RecordingFormat.RUNBOOK, {"runbook": 7}),
    (RecordingFormat.RUNBOOK, {"campaigns": [], "runbook": "one"}),
]


@pytest.mark.parametrize("indent", [None, 0, 1, 4, "\t"])
@pytest.mark.parametrize(("format", "tree"), DOCUMENTS)
def test_json_is_told_by_what_is_in_it(format, tree, indent):
    """Whatever the order of its keys, on one line or on many, and also if it breaks off or is broken further on."""
    data = json.dumps(tree, indent=indent).encode()
    assert detect("x", data) is format
    assert detect("x", b"\xef\xbb\xbf\n " + data.replace(b"\n", b"\r\n") + b"\n") is format
    if len(data) > 70:
        assert detect("x", data[:-8]) is format
    if isinstance(tree, dict):
        assert detect("x", data[:-1] + b', "x": [}, "y" 5 {') is format


@pytest.mark.parametrize(
    ("format", "line"),
    [
        (RecordingFormat.JSONL, {"method": "GET", "url": URL, "status_code": 200}),
        (RecordingFormat.JSONL, {"url": URL, "log": {"entries": []}, "interactions": VCRPY, "runbook": 1}),
        (RecordingFormat.JSONL, {"callback": {}, "event": "sent"}),
        (RecordingFormat.JSONL, {"event": "read", "version": "1", "url": URL}),
        (RecordingFormat.TRACE, {"version": 1, "event": "read", "campaign": "c1"}),
        (RecordingFormat.TRACE, {"event": "sent", "at": "x", "version": 1}),
        (RecordingFormat.TRACE, {"version": 2, "event": "sent", "at": "x"}),
        (RecordingFormat.TRACE, {"version": 1, "event": "what-comes-later", "flow": "a"}),
    ],
)
def test_lines_are_told_by_the_first_that_is_whole(format, line):
    """The first may be half of a line that was rotated away, and may be longer than what is looked at."""
    data = json.dumps(line).encode() + b"\n"
    assert detect("x", data) is format
    assert detect("x", data * 3) is format
    assert detect("x", data + b'{"half') is format
    assert detect("x", b'alf": 5}\n' + data) is format
    assert detect("x", b'{"half\n' + data) is format
    assert detect("x", b"a server starts\n" * 5 + b'{"level": "info"}\n' + data) is format
    assert detect("x", data[:-2] + b', "response": "' + b"x" * 65_000) is format


@pytest.mark.parametrize(
    ("format", "text"),
    [
        (RecordingFormat.CASSETTE, f"interactions:\n- request:\n    uri: {URL}\n"),
        (RecordingFormat.CASSETTE, "---\nversion: 2\ninteractions:\n    - id: 0\n      request:\n        body: x\n"),
        (RecordingFormat.CASSETTE, "# x\nversion: 1 # x\n'interactions': &a\n- {request: {}, response: {}}\n"),
        (RecordingFormat.CASSETTE, "interactions: [5]\nversion: 1\n"),
        (RecordingFormat.CASSETTE, "interactions:\n- !!python/object:x {}\nversion: '1'\n"),
        (RecordingFormat.CASSETTE, "interactions: null\nversion: 1\n"),
        (RecordingFormat.CASSETTE, "command: 'st run'\nseed: 1\nhttp_interactions:\n- id: 'a'"),
        (RecordingFormat.CASSETTE, "---\nhttp_interactions:\n- request: [\n"),
        (RecordingFormat.CASSETTE, f"\n-\n    request:\n        method: GET\n        url: '{URL}'\n    response:\n"),
        (RecordingFormat.RUNBOOK, "runbook: 1\ncampaigns: []\n"),
        (RecordingFormat.RUNBOOK, "# x\ncampaigns: []\n'runbook': '2'\n"),
        (RecordingFormat.RUNBOOK, "runbook: one\ncampaigns: []\n"),
        (RecordingFormat.RUNBOOK, "runbook = 1\n[[campaigns]]\n"),
    ],
)  # fmt: skip
def test_yaml_and_toml_are_told_by_their_keys(format, text):
    """In any order and style, and whether they are whole or not."""
    assert detect("x", text.encode()) is format
    assert detect("x", b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()) is format


BYSTANDERS = {
    "alert.yaml": "name: x\nrunbook: https://wiki.example.com/run\n",
    "rules.yaml": "groups:\n- rules:\n  - alert: X\n    annotations:\n      runbook_url: https://w\nversion: 1\n",
    "workflow.yml": "name: ci\non: [push]\njobs:\n  test:\n    steps:\n    - run: x\n      request: y\n",
    "compose.yml": "version: '3'\nservices:\n  a:\n    image: x\n",
    "bot.yaml": "version: '3.1'\ninteractions: 5\n",
    "discord.yaml": "interactions:\n- name: hello\n  reply: hi\n",
    "openapi.yaml": "openapi: 3.1.0\ninfo: {version: '1'}\npaths:\n  /x:\n    put:\n      request: 5\n",
    "list.yaml": "- request: a\n- response: b\n",
    "tavern.yaml": "test_name: x\nstages:\n- request:\n    url: http://x\n  response:\n    status_code: 200\n",
    "text.yaml": "request response interactions version\n",
    "analytics.jsonl": {"interactions": 3, "page": "/"},
    "analytics.json": {"version": 1, "interactions": 3},
    "sessions.json": {"interactions": [{"user": 1, "request": "x"}]},
    "config.json": {"log": {"level": "info"}, "server": {"port": 80}},
    "config2.json": {"log": {}},
    "version.json": {"log": {"version": "2", "_x": 1}},
    "pages.json": {"log": {"browser": True, "pages": 3}},
    "entries.json": {"log": {"entries": 5}},
    "bot.json": {"version": 1, "interactions": [{"intent": "x"}]},
    "clicks.yaml": "version: 1\ninteractions: [click, hover]\n",
    "clicks2.yaml": "version: 1\ninteractions:\n- click\n- hover\n",
    "utm.jsonl": {"campaign": "diwali", "source": "google", "clicks": 1},
    "campaigns.jsonl": {"campaign": {"id": 1}},
    "campaigns2.jsonl": {"campaign": 5},
    "jobs.jsonl": {"callback": "https://example.com/done", "id": 1},
    "jobs2.jsonl": {"callback": True},
    "links.jsonl": {"url": ["a"]},
    "links2.jsonl": {"url": {"raw": "x"}},
    "links3.jsonl": {"url": 5},
    "chat.jsonl": {"channel": "message", "text": "x"},
    "chat2.jsonl": {"channel": "Message", "text": "x"},
    "events.jsonl": {"version": 1, "event": "sent", "at": "2026-01-05T10:00:00Z", "to": "x"},
    "events2.jsonl": {"version": 1, "event": "CampaignSent", "campaign": "x"},
    "config3.json": {"log": "debug", "version": 1},
    "log4j.json": {"configuration": {"log": {"entries": 5}}},
    "docker-log.jsonl": {"log": "started\n", "stream": "stdout", "time": "2026-01-05T10:00:00Z"},
    "structlog.jsonl": {"event": "started", "version": "1.2.0", "level": "info"},
    "structlog2.jsonl": {"event": "started", "version": 1, "level": "info"},
    "structlog3.jsonl": {"event": "failed", "version": 1, "level": "error"},
    "elk.jsonl": {"@timestamp": "x", "event": {"action": "a"}, "version": 1},
    "cloudtrail.json": {"Records": [{"eventVersion": "1.08", "eventName": "x", "requestParameters": {}}]},
    "grafana.json": {"panels": [{"id": 1}], "schemaVersion": 1, "version": 3, "links": [{"url": "x"}]},
    "package.json": {"name": "x", "version": "1.0.0", "scripts": {"log": "x"}},
    "lock.json": {"version": 1, "packages": {"a": {"request": {"url": "x"}}}},
    "tsconfig.json": {"compilerOptions": {"lib": ["x"]}},
    "openapi.json": {"openapi": "3.1.0", "info": {"version": "1"}, "paths": {"/x": {}}},
    "pact.json": {
        "consumer": {"name": "a"},
        "provider": {"name": "b"},
        "interactions": [{"request": {"method": "GET", "path": "/x"}, "response": {"status": 200}}],
        "metadata": {},
    },
    "pact4.json": {
        "consumer": {"name": "a"},
        "interactions": [{"request": {"path": "/"}, "response": {}, "type": "Synchronous/HTTP"}],
        "metadata": {"pactSpecification": {"version": "4.0"}},
        "provider": {"name": "b"},
    },
    "pact-long.json": {
        "interactions": [{"request": {"path": "/", "body": LONG}, "response": {}}],
        "consumer": {},
        "provider": {},
    },
    "pact-sorted.json": {"interactions": [{"request": {"path": "/"}, "response": {}}]},
    "postman.json": {"info": {"_postman_id": "x", "schema": "x"}, "item": [{"request": {"method": "GET", "url": {}}}]},
    "insomnia.json": {"_type": "export", "__export_format": 4, "resources": [{"url": "x", "method": "GET"}]},
    "runbook.json": {"runbook": "https://wiki.example.com"},
    "links.json": [{"url": "https://example.com", "title": "x"}],
    "routes.json": [{"callback": "onLoad", "name": 5}],
    "empty.json": [],
    "numbers.json": [1, [2], "x"],
}


def read(path, data):
    """What a folder with this file would make of it: its exchanges, or an exception."""
    path.write_bytes(data)
    with open_recording(str(path)) as recording:
        return list(recording.exchanges)


@pytest.mark.parametrize("name", BYSTANDERS)
def test_what_only_looks_like_a_recording_is_none(name, tmp_path):
    """It is passed over in a folder: neither an error nor a recording without findings."""
    written = BYSTANDERS[name]
    for indent in (None, 2) if not isinstance(written, str) else (None,):
        data = written.encode() if isinstance(written, str) else json.dumps(written, indent=indent).encode()
        for end in (b"", b"\n", b"\n" + data + b"\n"):
            if end and indent is None and isinstance(written, list):
                continue
            with pytest.raises(NotARecording):
                read(tmp_path / name, data + end)


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-be", "utf-32-le"])
def test_what_is_none_is_none_in_wide_characters(codec, tmp_path):
    """A recording in them is named."""
    with pytest.raises(NotARecording):
        read(tmp_path / "x.json", '{"a": 1}'.encode(codec))
    with pytest.raises(UnreadableRecording) as caught:
        read(tmp_path / "x.json", json.dumps({"method": "GET", "url": URL}).encode(codec))
    assert not isinstance(caught.value, NotARecording)


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (b"2345:4:type;4:http;7:version;2:20#", "mitmproxy"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n", "Git LFS"),
        (b'{"mappings": [{"request": {"url": "/"}, "response": {"status": 200}, "id": "x"}]}', "WireMock"),
        (b'{"id": "a", "request": {"url": "/", "method": "PUT"}, "response": {"status": 200}}', "WireMock"),
        (b'{\n"request": {"urlPattern": "/.*"},\n "response": {"status": 200}}', "WireMock"),
        (b'{"entries": [{"startedDateTime": "x", "request": {"url": "/"}}]}', "put it into"),
        (b'{"har": {"log": {"creator": {}, "entries": []}}}', "within something else"),
        (b'[{"log": {"creator": {}, "entries": []}}]', "whole HAR files"),
        (b'[{"status": "COMPLETE", "scheme": "https", "host": "a", "request": {}, "response": {}}]', "Charles"),
        (b'{"data": {"pairs": [{"request": {}}]}, "meta": {"schemaVersion": "v5"}}', "Hoverfly"),
        (b"---\n- !ruby/struct:VCR::HTTPInteraction\n  request: !ruby/struct:VCR::Request\n    method: :get\n", "VCR"),
        (b"- request: !!python/object:vcr.request.Request\n    method: GET\n  response:\n    status: {}\n", "VCR.py"),
        (b"- request:\n    host: a\n    protocol: https\n    path: /\n  response:\n    status: {}\n", "VCR.py"),
    ],
)  # fmt: skip
def test_what_is_known_and_not_read_is_named(data, named):
    """A folder with recorded traffic that was not looked at is not said to be fine."""
    with pytest.raises(UnreadableRecording) as caught:
        detect("x", data)
    assert not isinstance(caught.value, NotARecording)
    assert named in caught.value.reason


@pytest.mark.parametrize("name", ["a.har", "a.HAR.gz", "a.zhar"])
def test_an_empty_file_is_a_har_file_by_its_name_alone(name):
    """An empty log is of nothing; whoever records a HAR file writes something."""
    with pytest.raises(UnknownFormat):
        detect(name, b"")
    with pytest.raises(NotARecording) as caught:
        detect("a.jsonl", b"")
    assert not isinstance(caught.value, UnknownFormat)


@pytest.mark.parametrize(
    "data",
    [
        b'{"log": {"entries": [{"request": }]}}',
        b'{"log": {"entries": [{"request"',
        b'{"log": {"version": "1.2"',
        b'{"log": {"version": "1.2"}}',
        b'{"log": {',
        b'{"version": 3, "interactions": [{"request": {"uri": ""}}]}',
        b"interactions:\n- request: {uri: x}\n  response: {}\n bad\nversion: 1\n",
        b"interactions: !!python/object:x []\nversion: 1\n",
        b"interactions:\n- request:\n    uri: x\n",
        b'{"event": "sent", "version": 7, "flow": "a"}',
        b"runbook: 2\ncampaigns: []\n",
        b'{"runbook": 1}',
    ],
)
def test_a_broken_recording_is_not_passed_over(data, tmp_path):
    """What is one by how it begins and cannot be read is an error, or what is wrong with it stands in it."""
    try:
        found = read(tmp_path / "x.yaml", data)
    except UnreadableRecording as error:
        assert not isinstance(error, NotARecording)
    else:
        assert any(exchange.unread for exchange in found)


@pytest.mark.parametrize(
    "data", [b"{" * 65_000, b"[" * 65_000, b'{"a":' * 13_000, b'"' * 65_000, b"#" + b"\n" * 65_000, b"- " * 32_000,
             b'{"a": "' + b"\\" * 65_000, b" " * 65_000 + b"x", b"{," * 32_000,
             b'{"a": ' + b"[" * 400_000, b'{"a": "' + b'\\"' * 200_000, b"interactions:" + b" " * 65_000]
)  # fmt: skip
def test_a_hostile_beginning_takes_little_work(data):
    """Whatever is in what is looked at, it is looked at once."""
    with within(200_000), pytest.raises(UnreadableRecording):
        raise UnreadableRecording(detect("x", data), 0, "line", "told")


def test_the_outline_says_what_was_seen():
    """Keys with what they hold, the first items, and whether it was seen to its end."""
    found, rest = outline(b'{"a": {"b": [1, {"c": "\\u00fc"}]}, "a": 5, "d": -1.5, "e": tru')
    assert found["a"]["b"].first["c"].text == "ü"
    assert (found["a"].closed, found["d"].text, found["e"].text, found["x"].kind) == (True, "-1.5", "tru", "")
    assert (found.closed, found.keys, rest) == (False, {"a", "d", "e"}, b"")
    assert outline(b'{"a": 1} {"b": 2}')[1] == b' {"b": 2}'


@given(st.binary(max_size=80) | st.text(alphabet='{}[]",:\\ ntu1a\n-', max_size=80).map(str.encode))
def test_whatever_a_file_begins_with_only_the_one_error_is_raised(data):
    """It has a format, or none."""
    try:
        assert detect("x", data) in RecordingFormat
    except UnreadableRecording as error:
        assert error.reason

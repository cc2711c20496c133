"""Lines: the plain form, what cannot be read of it, the trace, and access logs by a mapping."""

import io
import json
import re
import time

import pytest

from campaign_fsm.audit.baseline import Accepted
from campaign_fsm.audit.run import Audit
from campaign_fsm.policy.configuration import ACCESS_LOG, Configuration, load_configuration
from campaign_fsm.strict.unreadable import NotARecording, UnreadableRecording
from campaign_fsm.traffic.access_log import TAKERS
from campaign_fsm.traffic.array import read_array
from campaign_fsm.traffic.exchange import Exchange
from campaign_fsm.traffic.lines import read_lines, read_trace
from campaign_fsm.traffic.odd_lines import LONGEST
from campaign_fsm.traffic.recordings import open_recording

ID = "camp_abc123"
URL = f"/v2/accounts/acme1/campaigns/{ID}"
AT = "2026-01-05T12:00:00+05:30"
READ = {"method": "GET", "url": URL, "status_code": 200, "status": "InProgress", "at": AT}
WRITE = {"method": "PUT", "url": URL, "status_code": 200, "action": "pause", "at": AT}
NAMED = {"campaign": ID, "channel": "voice", "action": "pause", "method": "PUT", "status_code": 200}


def data_of(*lines):
    return b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines)


def lines(*given, mapping=None):
    return list(read_lines("log.jsonl", io.BytesIO(data_of(*given)), mapping))


def trace(*given):
    return list(read_trace("trace.jsonl", io.BytesIO(data_of(*given))))


def only(*given, mapping=None):
    (exchange,) = lines(*given, mapping=mapping)
    return exchange


POSTED = "CampaignSid=camp_abc123&Status=Completed"


def test_a_callback_may_be_the_text_that_was_posted():
    """It alone makes a file a recording, as one that is an object."""
    for body in (POSTED, '{"campaign_sid": "camp_abc123", "status": "completed"}'):
        assert (only({"callback": body}).callback, only({"callback": body}).unread) == (body, None)


# Broken lines

HALF = json.dumps(WRITE).encode()[:60]
BROKEN = {
    "no JSON": (b"Traceback (most recent call last):", "not one exchange"),
    "half a line": (HALF, "not one exchange"),
    "two lines in one": (HALF + data_of(WRITE), "not one exchange"),
    "no object": (b"[1]", "not one exchange"),
    "a wrong type": ({**WRITE, "status_code": "200"}, "status_code"),
    "a status that is a number": ({**WRITE, "status": 200}, "the HTTP status code is status_code"),
    "no UTF-8": (data_of(WRITE).replace(b"pause", b"pau\xffe"), "not UTF-8"),
    "deep lists": (b'{"request": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "not one exchange|nested"),
    "deep objects": (b'{"callback": ' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}", "not one exchange|nested"),
    "a key twice": (data_of(WRITE)[:-1] + b', "action": "complete"}', "two ways"),
    "another channel": ({**NAMED, "channel": "Voice"}, "channel is 'Voice'"),
    "no channel": ({**NAMED, "channel": None}, "channel is None"),
    "no id": ({**NAMED, "campaign": "a/b"}, "no id"),
    "a request and a callback": ({**WRITE, "callback": {}}, "at once"),
    "an action and a callback": ({"callback": {}, "action": "pause"}, "at once"),
    "a request and a posted callback": ({**WRITE, "callback": POSTED}, "at once"),
    "a callback that is a URL": ({"callback": "https://example.com/done"}, "no text of a status callback"),
    "a request with such a one": ({**WRITE, "callback": "https://example.com/?x=1"}, "it names no campaign"),
    "a callback in two ways": ({"callback": POSTED + "&Status=Paused"}, "says .Status. twice"),
}


@pytest.mark.parametrize(("line", "reason"), BROKEN.values(), ids=BROKEN)
def test_a_line_that_cannot_be_read_stops_nothing(line, reason):
    """It is an exchange that says why; those before and behind it are given as they are."""
    before, odd, after = lines(READ, line, WRITE)
    assert (before.unread, after.unread) == (None, None)
    assert (before.action, after.action) == (None, "pause")
    assert (before.place, odd.place, after.place) == (1, 2, 3)
    assert re.search(reason, odd.unread)


def test_a_line_that_is_too_long_is_passed_over():
    """No more of it is held than what a line may have."""
    found = lines(READ, b'{"url": "' + b"x" * (LONGEST + 3 * 2**20), WRITE)
    assert [(exchange.place, exchange.unread is None) for exchange in found] == [(1, True), (2, False), (3, True)]
    assert "longer than" in found[1].unread
    # Also where what is kept of it would be JSON.
    assert only(data_of(WRITE) + b" " * (LONGEST + 2**20) + b"x").unread is not None


@pytest.mark.parametrize(
    ("line", "url", "method"),
    [
        ({"url": "https://example.com/", "method": "PUT", "status_code": "200"}, "https://example.com/", "PUT"),
        ({"url": "https://example.com/", "method": 5}, "https://example.com/", ""),
        (b'{"method": "GET", "url": "https://example.com/", "req', "https://example.com/", "GET"),
        (b'{"url": "https://example.com/", "action": "\xff"}', "https://example.com/", ""),
        # Here another line begins, or something in it: the URL may be of that alone.
        (b'{"at": "2026", "met{"method": "PUT", "url": "https://example.com/", "re', "", ""),
        (b'{"url": "https://example.com/", "m{"url": "/v2/x", "method": "P', "", ""),
        (b'{"url": "https://example.com/", "m{"campaign": "a", "method": "P', "", ""),
        (b'{"request": {"method": "PUT", "url": "https://example.com/", "re', "", ""),
        (b'{"url": "https://exam', "", ""),
    ],
)
def test_what_can_be_taken_of_a_broken_line_is_taken(line, url, method):
    """So whoever is asked about campaigns alone can leave other hosts out; what is not clear is not taken."""
    _, odd = lines(READ, line)
    assert odd.unread
    assert (odd.url, odd.method) == (url, method)


def test_a_file_that_is_somebody_elses_is_no_recording():
    """Its own types, broken lines and half lines are none of ours."""
    other = {"status": 200, "action": 5, "event": "started"}
    for given in ([other], [other, {"status": "x"}], [other, b"Traceback", other, b'{"status"'], [b"Traceback", other]):
        with pytest.raises(NotARecording, match="no line of it has url, campaign or callback"):
            lines(*given)


def test_lines_of_others_in_a_recording_are_left_alone():
    """Also where they have a key of ours with another type."""
    other = {"status": 200, "action": 5, "event": "started"}
    assert [exchange.place for exchange in lines(other, READ, other, b"", b"  ", WRITE, other)] == [2, 6]


def test_a_channel_alone_is_that_of_a_campaign_to_be():
    """Where it is one of ours; a log of others has channels, too."""
    create = {"channel": "voice", "action": "create", "method": "POST", "status_code": 201}
    assert [exchange.action for exchange in lines(create, READ, create, {"channel": "stable"})] == [
        "create",
        None,
        "create",
    ]
    assert "channel is 'Voice'" in lines(READ, {**create, "channel": "Voice"})[1].unread
    for foreign in ({"channel": "stable"}, {"a": {"action": 1}, "b": {"action": 2, "Action": 3}}):
        with pytest.raises(NotARecording):
            lines(foreign)
        assert len(lines(READ, foreign)) == 1


def test_broken_lines_before_the_first_one_of_ours_are_told():
    """In their place, the first thousand of them with what is wrong; each counts."""
    found = lines(b"Traceback", READ)
    assert [(exchange.place, bool(exchange.unread)) for exchange in found] == [(1, True), (2, False)]
    found = lines(*[b"x"] * 1500, READ)
    assert len(found) == 1501
    assert {exchange.unread for exchange in found[1000:-1]} == {"one of 500 lines behind this that cannot be read"}
    assert (found[-2].place, found[-1].place) == (1000, 1501)


@pytest.mark.parametrize("good", [READ, {**READ, "url": "https://example.com/"}, {"callback": {}}, {"url": URL}])
@pytest.mark.parametrize("odd", [{"campaign": 5}, {"url": 5}, {"callback": "x"}, {"channel": "Voice"}, b"Traceback"])
def test_an_odd_line_of_a_recording_is_told(odd, good):
    """Whatever it is, and wherever: it may be about a campaign."""
    assert [exchange.place for exchange in lines(odd, good) if exchange.unread] == [1]
    assert [exchange.place for exchange in lines(good, odd) if exchange.unread] == [2]


@pytest.mark.parametrize(
    "line",
    [
        {**WRITE, "status_code": "200"},
        {**WRITE, "url": 5},
        {"url": URL, "status_code": "200"},
        {"campaign": ID, "action": "pause"},
        {"campaign": ID, "channel": "Voice"},
        data_of(WRITE)[:-9],
    ],
)
def test_a_file_of_one_broken_line_of_ours_is_unread(line):
    """It says of itself that it is of a recording."""
    assert only(line).unread


def test_lines_with_a_url_alone_are_in_many_logs():
    """What else stands in such a log is none of ours either."""
    other = {"url": "https://example.com/", "level": "info"}
    with pytest.raises(NotARecording):
        lines(b"a server starts", other, b"Traceback")
    assert [one.place for one in lines(other, READ)] == [1, 2]


@pytest.mark.parametrize(
    ("key", "value"), [("campaign", "+919876543210"), ("channel", "voice "), ("channel", "+919876543210")]
)
def test_what_a_line_says_wrongly_is_not_quoted(key, value):
    """It may be a phone number."""
    assert "98765" not in (only({**NAMED, key: value}).unread or "")


# The plain form as an array


def array(data, mapping=None):
    return list(read_array("log.json", io.BytesIO(data), mapping))


@pytest.mark.parametrize(
    ("twice", "url", "method"),
    [
        (b'"method": "PUT"', URL, ""),
        (b'"url": "https://example.com/"', "", ""),
        (b'"response": {"919876543210": 1, "919876543210": 2}', URL, "PUT"),
    ],
)
def test_a_key_that_is_twice_in_an_item_stops_nothing(twice, url, method):
    """Nobody knows then what it was about; a phone number is not shown."""
    odd = b"{" + data_of(WRITE)[1:-1] + b", " + twice + b"}"
    before, found, after = array(b"[" + b", ".join([data_of(READ), odd, data_of(WRITE)]) + b"]")
    assert (before.unread, after.unread, after.place) == (None, None, 3)
    assert (found.url, found.method, found.place) == (url, method, 2)
    assert "is there twice" in found.unread
    assert "98765" not in found.unread


@pytest.mark.parametrize(
    ("value", "unread"),
    [
        ("9" * 30, False),
        ("NaN", False),
        ('"\\ud800"', True),
        ("[" * 250 + "]" * 250, True),
    ],
)
def test_an_odd_value_in_an_item_stops_nothing(value, unread):
    """Numbers are read; what is not what was recorded is said."""
    odd = b"{" + data_of(WRITE)[1:-1] + b', "x": ' + value.encode() + b"}"
    found = array(b"[" + b", ".join([data_of(READ), odd, data_of(WRITE)]) + b"]")
    assert [bool(exchange.unread) for exchange in found] == [False, unread, False]


@pytest.mark.parametrize("indent", [None, 2])
def test_an_array_of_an_access_log_is_read_by_the_mapping(indent, tmp_path):
    """As `gcloud --format=json` writes it; its first items may be none of it."""
    log = tmp_path / "log.json"
    log.write_text(json.dumps([{"level": "info"}, nginx(), nginx(status="409")], indent=indent))
    with open_recording(str(log), mapping=NGINX) as recording:
        assert recording.by_entry
        assert [(one.place, one.status_code) for one in recording.exchanges] == [(2, 200), (3, 409)]


def test_a_file_of_nothing_but_broken_lines_is_unread():
    """It is a broken recording rather than none."""
    assert [exchange.place for exchange in lines(b"{", b"", b"{")] == [1, 3]


def test_broken_lines_are_read_as_fast_as_others():
    """A file of a million of them is read in seconds."""
    count = 20_000
    broken = data_of(READ, *[b'{"url": "https://example.com/", "method": "P'] * count)
    began = time.process_time()
    assert sum(1 for _ in read_lines("log.jsonl", io.BytesIO(broken))) == count + 1
    assert time.process_time() - began < count * 100e-6


def test_no_headers_are_not_recorded_headers():
    """Nobody sends a request without any."""
    assert only({**WRITE, "headers": []}).headers is None
    assert only({**WRITE, "headers": [["a", "b"]]}).headers == [("a", "b")]


# Near misses


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ({"methd": "PUT", "url": URL, "request": {"action": "pause"}, "status_code": 200}, "method"),
        ({"Method": "PUT", "url": URL, "request": {"action": "pause"}, "status_code": 200}, "method"),
        ({"verb": "DELETE", "url": URL, "status_code": 200}, "method"),
        ({"method": "PUT", "url": URL, "acton": "pause", "status_code": 200}, "action"),
        ({"method": "PUT", "url": URL, "actoin": "pause", "status_code": 200}, "action"),
        ({"method": "PUT", "url": URL, "Request": {"action": "pause"}, "status_code": 200}, "request"),
        ({"url": URL, "acton": "pause", "status_code": 200}, "action"),
        *[
            ({**WRITE, "status_code": None, key: 409}, "status_code")
            for key in ("statuscode", "status-code", "statusCode")
        ],
        ({**NAMED, "action": None, "Action": "pause"}, "action"),
    ],
)
def test_a_key_that_is_spelled_nearly_like_a_missing_one_is_asked_about(line, meant):
    """It is not left out: the line would be judged as what it is not."""
    assert f"did you mean {meant}?" in only(line).unread


@pytest.mark.parametrize(
    "line",
    [
        {**WRITE, "acton": "x", "statuscode": 1},
        {"method": "PUT", "url": URL, "request_id": "x", "remote": "10.0.0.1", "agent": "x", "status_code": 200},
        {"method": "GET", "url": URL, "acton": "x", "status_code": 200},
        {"method": "PUT", "url": "https://example.com/", "acton": "x"},
        {"method": "PUT", "url": URL, "action": "pause", "request_time": 1},
    ],
)
def test_other_keys_are_left_alone(line):
    """Where nothing is missing, in other requests, and where they only look a little like one."""
    assert only(line).unread is None


@pytest.mark.parametrize(
    "line",
    [
        {"request": {"method": "PUT", "url": URL}, "response": {"status": 200}},
        {"request": {"method": "PUT", "url": URL}, "response": {"status": 200}, "status": 200},
        {"http": {"request": {"method": "PUT"}}, "url": {"path": URL}},
    ],
)
def test_a_nested_line_is_told_of_the_mapping(line):
    """With what it is about, so that other hosts can be left out."""
    exchange = only(line)
    assert (exchange.url, exchange.method) == (URL, "PUT")
    assert "[access-log]" in exchange.unread


# The trace

SENT = {"version": 1, "event": "sent", "flow": "a-1-1", "account": "acme1", "channel": "voice", "campaign": ID}
SENT = {**SENT, "action": "pause", "method": "PUT", "at": AT, "host": "h"}
ANSWERED = {**SENT, "event": "answered", "status_code": 200}


def test_a_trace_of_another_version_is_not_guessed_at():
    """It is said which one can be read; where only some of its lines are of it, the others count."""
    with pytest.raises(UnreadableRecording, match="version 2 of the trace; version 1 can be read"):
        trace(b"", {"version": 2, "event": "read"})
    found = trace(SENT, ANSWERED, {**SENT, "version": 2}, {**ANSWERED, "event": "read"})
    assert [(exchange.place, bool(exchange.unread)) for exchange in found] == [(1, False), (3, True), (4, False)]
    assert "version 2" in found[1].unread


@pytest.mark.parametrize(
    "other", [{"version": "1.2.0"}, {"version": 1}, {"version": 7}, {"version": 1, "event": "sent"}]
)
def test_a_log_of_others_with_events_and_versions_is_no_trace(other):
    """As that of structlog; where a trace begins behind them, they are told."""
    other = {"event": "started", "level": "info", **other}
    with pytest.raises(NotARecording, match="no line of it is an event"):
        trace(other, b"Traceback", other)
    assert [(one.place, bool(one.unread)) for one in trace(other, ANSWERED, other)] == [
        (1, True),
        (2, False),
        (3, True),
    ]
    assert [one.place for one in trace(b"Traceback")] == [1]


@pytest.mark.parametrize(
    "line",
    [
        b"Traceback",
        b"[1]",
        data_of(SENT)[:-1],
        {**SENT, "status_code": "200"},
        {**SENT, "fields": 5},
        {**SENT, "flow": ""},
        {**SENT, "event": "Sent"},
        {"version": 1, "event": "sent", "flow": 7},
    ],
)
def test_a_broken_line_of_a_trace_stops_nothing(line):
    """A write whose answer may have stood in it ends as lost; an answer without its beginning is the write."""
    other = {**ANSWERED, "flow": "b-1-1", "campaign": "camp_other"}
    odd, answered, lost = trace(SENT, line, other)
    assert (odd.place, odd.unread is not None) == (2, True)
    assert (answered.campaign, answered.action, answered.status_code) == ("camp_other", "pause", 200)
    assert (lost.campaign, lost.place, lost.lost) == (ID, 1, True)
    if b'"campaign"' in data_of(line):
        assert (odd.campaign, odd.method) == (ID, "PUT")


# Access logs

NGINX = {
    "method": "request_method",
    "url": "request_uri",
    "status_code": "status",
    "at": "time_iso8601",
    "request": "request_body",
    "seconds": "request_time",
}
BODY = json.dumps({"action": "pause"})


def nginx(**more):
    found = {"time_iso8601": AT, "request_method": "PUT", "request_uri": URL, "status": "200", "request_body": BODY}
    return {**found, "request_time": "0.012", **more}


def test_a_line_of_nginx_is_read_by_the_mapping():
    """Whatever nginx writes is a text."""
    found = only(nginx(), mapping=NGINX)
    expected = Exchange(at=AT, method="PUT", url=URL, status_code=200, seconds=0.012, request_base64=BODY.encode())
    expected.place = 1
    assert found == expected


@pytest.mark.parametrize(
    ("mapping", "line"),
    [
        (
            {
                "method": "http.request.method",
                "url": "url.path",
                "status_code": "http.response.status_code",
                "at": "@timestamp",
                "request": "http.request.body.content",
                "host": "url.domain",
            },
            {
                "@timestamp": AT,
                "http": {"request": {"method": "PUT", "body": {"content": BODY}}, "response.status_code": 200},
                "url": {"path": URL, "domain": "api.exotel.com"},
            },
        ),
        (
            {
                "method": "httpRequest.requestMethod",
                "url": "httpRequest.requestUrl",
                "status_code": "httpRequest.status",
                "at": "timestamp",
                "request": "jsonPayload.body",
            },
            {
                "timestamp": AT,
                "httpRequest": {"requestMethod": "PUT", "requestUrl": f"https://api.exotel.com{URL}", "status": 200},
                "jsonPayload": {"body": {"action": "pause"}},
            },
        ),
    ],
    ids=["ecs", "gcp"],
)
@pytest.mark.parametrize("flat", [False, True])
def test_a_path_is_of_nested_objects_or_of_one_key_with_dots(mapping, line, flat):
    """As log shippers write it either way."""
    if flat:
        whole = only(line, mapping=mapping)
        values = {"method": "PUT", "url": whole.url, "status_code": 200, "at": AT, "request": BODY, "host": whole.host}
        line = {path: values[key] for key, path in mapping.items()}
    found = only(line, mapping=mapping)
    assert (found.unread, found.at, found.method, found.status_code) == (None, AT, "PUT", 200)
    assert found.url.endswith(URL)
    assert json.loads(found.request_body) == {"action": "pause"}
    assert (found.host or found.url.split("/")[2]) == "api.exotel.com"


@pytest.mark.parametrize(
    ("given", "at"),
    [
        ("05/Jan/2026:10:00:00 +0530", "2026-01-05T10:00:00+05:30"),
        ("[05/Jan/2026:10:00:00 -0800]", "2026-01-05T10:00:00-08:00"),
        (1767587400, "2026-01-05T04:30:00+00:00"),
        ("1767587400.250", "2026-01-05T04:30:00.250000+00:00"),
        (1767587400250, "2026-01-05T04:30:00.250000+00:00"),
        (1767587400.25, "2026-01-05T04:30:00.250000+00:00"),
        ("2026-01-05 10:00:00+05:30", "2026-01-05 10:00:00+05:30"),
        ("-", None),
        (None, None),
    ],
)
def test_times_of_logs_are_understood(given, at):
    """RFC 3339, the Common Log Format, seconds and milliseconds."""
    found = lines(nginx(time_iso8601=given), nginx(), mapping=NGINX)[0]
    assert (found.at, found.unread) == (at, None)


def test_a_mapping_that_no_line_follows_is_named():
    """Without the times or the statuses of a whole log not much can be said of it."""
    wrong = {**NGINX, "at": "timeiso", "status_code": "st"}
    found = lines(nginx(), nginx(), mapping=wrong)
    assert [bool(one.url) for one in found] == [True, True, False, False]
    assert "'timeiso', where its at should be" in found[2].unread
    assert "'st', where its status_code should be" in found[3].unread


@pytest.mark.parametrize(
    ("given", "code", "lost"),
    [
        (200, 200, False),
        ("409", 409, False),
        ("000", None, True),
        (0, None, True),
        (-1, None, True),
        (499, None, True),
        ("-", None, False),
        ("", None, False),
        (200.0, 200, False),
        ("200.0", 200, False),
        ("200 OK", 200, False),
        ("502, 409", 409, False),
        ("502 : 504, 409", 409, False),
        ("502, -", None, False),
    ],
)
def test_status_codes_of_logs_are_understood(given, code, lost):
    """499 is nginx's word for a client that did not wait."""
    found = only(nginx(status=given), mapping=NGINX)
    assert (found.status_code, found.lost, found.unread) == (code, lost, None)


@pytest.mark.parametrize("given", ["OK", "abc", True, [200], {"code": 200}, 99999, 42, "20O", "200 409", 200.5])
def test_what_is_no_status_code_is_said(given):
    """A step whose answer is not known is not judged, and nobody would see it."""
    found = only(nginx(status=given), mapping=NGINX)
    assert (found.url, found.status_code, found.lost) == (URL, None, False)
    assert "is no status code" in found.unread


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        (0.1 + 0.2, 0.3),
        (1e-05, 0.00001),
        ("0.012s", 0.012),
        ("0.1, 0.2", 0.3),
        ("0.1, - : 0.2", 0.3),
        ("-", None),
        (-1, None),
        ("soon", False),
        (True, False),
        ("1ms", False),
        ([1], False),
    ],
)
def test_seconds_of_logs_are_understood(given, seconds):
    """Those of several servers, asked one after the other, are added up; below 0 is where nobody took the time."""
    found = only(nginx(request_time=given), mapping=NGINX)
    assert found.seconds == (pytest.approx(seconds) if seconds else None)
    assert found.unread == (None if seconds is not False else f"its seconds, {kind(given)}, is no number of seconds")


def kind(value):
    return {bool: "true or false", str: "a text", list: "a list"}[type(value)]


def test_nginx_says_when_a_request_was_over():
    """It came before that; where nothing says how long it took, that is the time that is known."""
    mapping = {key: path for key, path in NGINX.items() if key != "at"} | {"ended": "msec"}
    for given, took, at in [
        ("1767587400.250", "0.250", "2026-01-05T04:30:00+00:00"),
        (AT, 90, "2026-01-05T11:58:30+05:30"),
        (AT, "-", AT),
        (AT, "9" * 16, AT),
        (None, 1, None),
    ]:
        found = only(nginx(msec=given, request_time=took), mapping=mapping)
        assert (found.at, found.unread) == (at, None)
    (_, missing) = lines(nginx(), mapping=mapping)
    assert missing.unread == "no line of the log has anything at 'msec', where its ended should be"


def test_a_null_stands_at_its_path():
    """It is how a log says that there was none."""
    log = {**NGINX, "status_code": "a.b.status"}
    assert len(lines(nginx(a={"b": {"status": None}}), mapping=log)) == 1
    assert len(lines(nginx(**{"a.b": {"status": None}}), mapping=log)) == 1
    assert len(lines(nginx(a={"b": None}), mapping=log)) == 2


def test_no_value_of_a_log_is_shown():
    """Where a path is wrong, it may be anything: credentials, a message."""
    odd = {"headers": {"Authorization": "Basic a2V5OnRva2VuMTIz"}}
    for key in NGINX.values():
        for value in (odd, [odd], "919876543210 a2V5OnRva2VuMTIz"):
            said = " ".join(found.unread or "" for found in lines(nginx(**{key: value}), mapping=NGINX))
            assert "a2V5" not in said
            assert "9198" not in said


@pytest.mark.parametrize(
    ("given", "body"),
    [
        (BODY, BODY),
        ({"action": "pause"}, BODY),
        (BODY.replace('"', '\\"'), BODY),
        (BODY.replace('"', "\\x22"), BODY),
        ("{\\x22name\\x22: \\x22\\xE0\\xA4\\x95\\x22}", '{"name": "\u0915"}'),
        ("-", None),
        ("", None),
        (None, None),
        ('{"name": "a\\\\b"}', '{"name": "a\\\\b"}'),
    ],
)
def test_bodies_of_logs_are_what_was_sent(given, body):
    """Escaped again or not; an empty one is none that was kept."""
    found = only(nginx(request_body=given), mapping=NGINX)
    assert found.request_body == (None if body is None else body.encode())


def test_lines_of_the_plain_form_and_of_others_may_stand_between():
    """What has something at the path of the URL is of the log; what has none of all is passed over."""
    given = [{"level": "info"}, READ, nginx(), {"request_method": "-"}, b"", WRITE, {"status": 200}]
    found = lines(*given, mapping=NGINX)
    assert [(exchange.place, exchange.method, exchange.unread) for exchange in found] == [
        (2, "GET", None),
        (3, "PUT", None),
        (6, "PUT", None),
    ]
    # The mapping goes before: here each line is of the log.
    same = {"method": "verb", "url": "url", "status_code": "status"}
    assert only({"verb": "PUT", "url": URL, "status": 409}, mapping=same).status_code == 409
    with pytest.raises(NotARecording):
        lines({"level": "info"}, mapping=NGINX)
    # What was no request at all, as nginx tells of it.
    assert lines(nginx(), nginx(request_method="", request_uri=""), mapping=NGINX)[1:] == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (nginx(request_uri=5), "its url, a number, is no text"),
        (nginx(request_uri=""), "its url is empty"),
        (nginx(request_method=""), "'request_method', where its method should be"),
        ({"request_method": "PUT"}, "'request_uri', where its url should be"),
        (nginx(time_iso8601="yesterday"), "its at, a text, is no time"),
        (nginx(time_iso8601="2026-01-05T10:00:00"), "is no time"),
        (nginx(time_iso8601="45/Jan/2026:10:00:00 +0530"), "is no time"),
        (nginx(time_iso8601="1" * 16), "is no time"),
        (data_of(nginx())[:-1] + b', "status": 409}', "twice"),
        (data_of(nginx(request_body={"action": "pause"})).replace(b'"pause"', b'"pause", "action": "x"'), "twice"),
        (data_of(nginx())[:-1], "not one object as JSON"),
        (data_of(nginx()).replace(b'\\"', b"\\x22"), "escape=json"),
    ],
)
def test_a_line_of_a_log_that_cannot_be_read_says_why(line, said):
    """And what could be read of it is there."""
    _, odd, after = lines(nginx(), line, nginx(), mapping=NGINX)
    assert said in odd.unread
    assert after.unread is None
    if URL.encode() in data_of(line):
        assert odd.url == URL


def test_a_mapping_comes_from_the_configuration(tmp_path):
    """Each of its keys is read, and what is wrong is said with its line."""
    assert set(ACCESS_LOG) == set(TAKERS)
    file = tmp_path / "campaign-fsm.toml"
    file.write_text("[access-log]\n" + "".join(f'{key} = "{path}"\n' for key, path in NGINX.items()))
    mapping = load_configuration(file).access_log
    assert mapping == NGINX
    log = tmp_path / "access.jsonl"
    # Also where its first line looks like something else.
    log.write_bytes(data_of(nginx(log={"level": "info"})))
    with open_recording(str(log), mapping=mapping) as recording:
        assert [exchange.method for exchange in recording.exchanges] == ["PUT"]


def test_an_access_log_is_audited_as_it_is(tmp_path):
    """By the mapping in the configuration: here what nginx logs of a step that was illegal."""
    log = tmp_path / "access.log"
    steps = [nginx(), nginx(request_uri="/health"), nginx(status="409", time_iso8601="2026-01-05T12:00:09+05:30")]
    log.write_bytes(data_of(*steps))
    found = []
    run = Audit(found.append, Accepted(Configuration(access_log=NGINX)))
    run.paths([str(log)])
    assert [(finding.code, finding.place.line) for finding in found] == [("CF211", 3)]
    assert run.end().incomplete == ()

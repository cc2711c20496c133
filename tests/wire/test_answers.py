"""Answers that are no readings, unknown starts, and encoded bodies that would grow."""

import gzip
import json
import time
import tracemalloc
import zlib
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import httpx
import pytest
from faces import FACES, Face
from hypothesis import example, given
from hypothesis import strategies as st
from servers import Server
from wires import ID, MESSAGE, VOICE, wire

from campaign_fsm import GuardTransport, decide, errors
from campaign_fsm.gate import Forward, Gate, GateSettings, Read
from campaign_fsm.rules import Channel, Status
from campaign_fsm.transports import EXTENSION
from campaign_fsm.wire.answer import Answer, NotReadable
from campaign_fsm.wire.campaign import campaign_from
from campaign_fsm.wire.encoding import TooLarge, Undecodable, decode, encoding_of
from campaign_fsm.wire.envelope import read_item
from campaign_fsm.wire.listing import read_page
from campaign_fsm.wire.reading import read_status
from campaign_fsm.wire.schedule import parse_time
from campaign_fsm.wire.target import read_target

NOW = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)
SOON = (NOW + timedelta(hours=3)).isoformat()
MIB = 2**20


def every_face():
    return pytest.mark.parametrize("face", [Face(name) for name in FACES], ids=repr)


def body(status="paused", *, envelope=(), item=(), **data):
    """An answer about the campaign, with more or other parts."""
    found = {"code": 200, "status": "success", "data": {"sid": ID, "status": status, **data}, **dict(item)}
    return json.dumps({"http_code": 200, "response": found, **dict(envelope)}).encode()


def answer(content=None, headers=(), **more):
    return Answer(200, tuple(headers), body() if content is None else content, **more)


def code_of(content=None, headers=(), *, target=MESSAGE, method="GET", **more):
    """The code with which an answer is refused as a reading, None if it is one."""
    try:
        read_status(answer(content, headers, **more), read_target(target), method)
    except NotReadable as problem:
        return problem.code
    return None


# Caches

STATUSES = ("X-Cache-Status", "CF-Cache-Status", "X-Proxy-Cache-Status")
PASSED_STATUSES = ("MISS", "BYPASS", "EXPIRED", "DYNAMIC", "NONE", "UNKNOWN", "Ignored", "pass", "TCP_MISS", "-", "")
MARKS = ("X-Cache", "X-Proxy-Cache", "X-Vercel-Cache", "CDN-Cache", "X-Cache-Result")


@pytest.mark.parametrize(
    "headers",
    [
        [("Age", "1")],
        [("Age", "0"), ("Age", "30")],
        [("Age", "0, 30")],
        [("age", "00")],
        [("Age", "")],
        [("Age", "-0")],
        [("Age", "0;x")],
        [("Age", "0,")],
        [("Cache-Status", "ExampleCache; hit")],
        [("cache-status", "ExampleCache;hit;ttl=3")],
        [("Cache-Status", "Origin; fwd=miss, Edge; hit; ttl=-3")],
        [("Cache-Status", "Origin; fwd=miss"), ("Cache-Status", "Edge; HIT")],
        [("Cache-Status", '"A, B; C"; detail="x;y"; hit')],
        [("Cache-Status", "Edge; hit=?1")],
        [("Cache-Status", "Edge; hit=1")],
        [("Cache-Status", '"an open quote; fwd=miss')],
        [("Cache-Status", "HIT")],
        [("Cache-Status", "hit; ttl=3")],
        [("X-Cache", "Hit from cloudfront")],
        [("X-Cache", "MISS, TCP_HIT")],
        [("CF-Cache-Status", "HIT")],
        [("X-Cache-Status", "hit")],
        [("Cache-Status", "STALE")],
        [("Cache-Status", "Edge; fwd=stale; fwd-status=304")],
        *(
            [(name, value)]
            for name in STATUSES
            for value in ("STALE", "UPDATING", "REVALIDATED", "Refresh_Hit", "WARM")
        ),
        *(
            [(name, value)]
            for name in MARKS
            for value in ("HIT", "hit,private", "Stale", "MISS, TCP_MEM_HIT", "hit (3)")
        ),
        [("X-Cache", "RefreshHit from cloudfront")],
        [("X-Cache", "TCP_REFRESH_HIT from a.example (AkamaiGHost/1)")],
        [("Akamai-Cache-Status", "Hit from child, Miss from parent")],
        [("X-Cache-Hits", "7")],
        [("X-Cache-Hits", "0, 10")],
        [("X-Varnish", "32770 3")],
        [("X-Varnish", "32770, 5 3")],
        [("X-From-Cache", "1")],
        [("Server-Timing", "edge; dur=1, cdn-cache; desc=HIT")],
        [("Server-Timing", "cdn-upstream-layer;desc=EDGE,cdn-cache-hit")],
        *([("Warning", f"{code} nginx")] for code in (110, 111, 112, 113)),
        [("Warning", '299 - "old, but well", 110 - "Response is Stale"')],
    ],
)
def test_an_answer_of_a_cache_is_no_reading(headers):
    """Whatever is not plainly said to be fresh may be old."""
    assert code_of(headers=[(name.encode(), value.encode()) for name, value in headers]) == "CF504"


@pytest.mark.parametrize(
    "headers",
    [
        [("Age", "0")],
        [("Age", "0"), ("age", " 0 ")],
        [("Cache-Status", "ExampleCache; fwd=miss")],
        [("Cache-Status", "Edge; fwd=uri-miss; stored; detail=hit, Origin; fwd=bypass")],
        [("Cache-Status", '"hit; hit"; fwd=miss; detail="; hit, x; hit"')],
        [("Cache-Status", "hit; fwd=miss")],
        [("Cache-Status", "Edge; hit=?0; fwd=stale")],
        [("Cache-Status", "Edge; hits=3, White; fwd=miss")],
        [("X-Cache", "Miss from cloudfront")],
        [("CF-Cache-Status", "DYNAMIC")],
        *([(name, value)] for name in STATUSES for value in PASSED_STATUSES),
        *([(name, value)] for name in MARKS for value in ("MISS", "miss, no-store", "bypass", "UNCACHEABLE", "white")),
        [("X-Cache", "MISS from hit.example:3128"), ("X-Cache-Lookup", "HIT from hit.example:3128")],
        [("X-Cache", "Error from cloudfront")],
        [("X-Cache", "LambdaGeneratedResponse from cloudfront")],
        [("X-Cache", "TCP_MISS from a.example (AkamaiGHost/1)")],
        [("X-Cache", "CONFIG_NOCACHE")],
        [("Akamai-Cache-Status", "NotCacheable from child, RefreshMiss from parent")],
        [("X-Cache-Hits", "0, 0")],
        [("X-Varnish", "32770")],
        [("X-Varnish", "32770, 5")],
        [("X-From-Cache", "0")],
        [("X-Cache-Key", "/v2/accounts/hit"), ("X-Cache-Tags", "hit"), ("CDN-Cache-Control", "hit")],
        [("Server-Timing", "cdn-cache; desc=MISS, origin; desc=hit")],
        [("Warning", '199 - "110, 111", 299 - "113"')],
        [("Warning", "1100 odd")],
        [("Cache-Control", "max-age=30, hit"), ("X-Age", "30")],
    ],
)
def test_an_answer_that_a_cache_only_passed_on_is_a_reading(headers):
    """A cache may say that it did not answer; a name or a quoted word is no hit."""
    assert code_of(headers=[(name.encode(), value.encode()) for name, value in headers]) is None


@pytest.mark.parametrize("value", ['"' + '\\"' * 50_000, '"\\' * 50_000, '"' + "\\" * 99_999, '"a" ' * 50_000 + '"'])
def test_quotes_without_end_are_read_in_no_time(value):
    """The work grows with the length of the header and not faster; what is still open at its end may be a hit."""
    begun = time.process_time()
    assert code_of(headers=[(b"Cache-Status", value.encode())]) == "CF504"
    assert time.process_time() - begun < 2


@pytest.mark.parametrize(
    ("extensions", "cached"),
    [
        ({"from_cache": True}, True),
        ({"hishel_from_cache": True}, True),
        ({"caching": {"from_cache": True, "revalidated": False}}, True),
        ({"caching": SimpleNamespace(from_cache=True)}, True),
        ({"caching": {"from_cache": False}}, False),
        ({"caching": SimpleNamespace(from_cache=False)}, False),
        ({"caching": None, "from_cache": False}, False),
    ],
)
def test_the_mark_of_a_cache_below_the_gate_is_seen(extensions, cached):
    """Every library has one of its own, in a mapping or on an object."""
    sent = []

    def serve(request):
        sent.append(request.method)
        return httpx.Response(200, content=body("in-progress"), extensions=dict(extensions))

    http = httpx.Client(transport=GuardTransport(httpx.MockTransport(serve), deadline=0))
    if cached:
        with pytest.raises(errors.StatusUnavailable) as caught:
            http.put(f"https://api.exotel.com{MESSAGE}", json={"action": "pause"})
        assert (caught.value.code, sent) == ("CF504", ["GET"])
    else:
        http.put(f"https://api.exotel.com{MESSAGE}", json={"action": "pause"})
        assert sent == ["GET", "PUT"]


# Contradictions


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (body(account_sid="another"), "CF503"),
        (body(account_sid="ACME1"), "CF503"),
        (body(account_sid=7), "CF503"),
        (body(account_sid=""), "CF503"),
        (body(id="1" * 32), "CF503"),
        (body(id=None), None),
        (body(sid=None, id=ID), None),
        (body(sid=None), "CF502"),
        (body(sid=None, id="1" * 32), "CF503"),
        (body(envelope={"method": "PUT"}), "CF502"),
        (body(envelope={"method": ""}), "CF502"),
        (body(envelope={"method": ["GET"]}), "CF502"),
        (body(envelope={"method": "GET "}), "CF502"),
        (body(item={"error_data": {"code": 1000}}), "CF502"),
        (body(item={"error_data": {}}), "CF502"),
        (body(item={"error_data": "failed", "status": None}), "CF502"),
        (body(envelope={"error_data": {"code": 1000}}), "CF502"),
        (body(account_sid="acme1", id=ID), None),
        (body(account_sid=None), None),
        (body(envelope={"method": "get", "error_data": None}, item={"error_data": None}), None),
        (body(envelope={"method": None}), None),
    ],
)
def test_an_answer_that_contradicts_itself_or_the_question_is_no_reading(content, code):
    """Another account, two ids, another method, an error in a success; what is null says nothing."""
    assert code_of(content) == code
    item = json.loads(content)
    item["response"] = [item["response"]]
    assert code_of(json.dumps(item).encode(), target=VOICE) == code


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_an_answer_to_a_write_may_name_the_write(method):
    """Whose answer it is was not asked for; held against the write it has to be that one's."""
    content = body(envelope={"method": method})
    assert code_of(content, method=None) is None
    assert code_of(content, method=method) is None
    assert code_of(content, method="GET") == "CF502"


def drive(request, *contents):
    """What the gate sends for a request, and how it refuses."""
    gate = Gate(GateSettings(budget=0, deadline=0, now=lambda: NOW), blocking=False)
    flow, left, sent = gate.flow(request), list(contents), 0
    try:
        step = next(flow)
        while True:
            sent += isinstance(step, Forward)
            found = left.pop(0) if isinstance(step, Read | Forward) else None
            step = flow.send(found if found is None or isinstance(found, Answer) else answer(found))
    except StopIteration as stop:
        return sent, stop.value
    except errors.Refused as refusal:
        return sent, refusal


def test_the_answer_to_a_write_that_is_about_another_account_is_no_reading():
    """The write is done, and what became of it was not shown."""
    sent, record = drive(wire(body={"action": "complete"}), body("paused"), body("completed", account_sid="other"))
    assert (sent, record.answered) == (1, None)
    assert "another account" in record.problem
    sent, record = drive(wire(body={"action": "complete"}), body("paused"), body("completed", account_sid="acme1"))
    assert (sent, record.answered.status) == (1, "completed")


def test_a_list_with_an_error_in_a_success_is_no_list():
    """The same reader of items."""
    page = {"response": [{"code": 200, "status": "success", "data": {"sid": ID}, "error_data": {"code": 1}}]}
    with pytest.raises(NotReadable):
        read_page(answer(json.dumps(page).encode()))
    page["response"][0]["error_data"] = None
    assert len(read_page(answer(json.dumps(page).encode())).items) == 1


@pytest.mark.parametrize("raw", ["pau\u017fed", "\uff50\uff41\uff55\uff53\uff45\uff44", "pause\u0301d", "paused\u200b"])
def test_a_status_that_is_one_only_after_folding_unicode_is_unknown(raw):
    """Letters that look like others are others."""
    assert Status.parse(raw) is Status.UNKNOWN
    sent, refusal = drive(wire(body={"action": "complete"}), body(raw))
    assert (sent, type(refusal)) == (0, errors.UnknownStatus)


@pytest.mark.parametrize("raw", ["PAUSED", "Pau_sed", "pau-sed", "pau sed"])
def test_a_status_in_another_ascii_spelling_is_known(raw):
    """The vendor's own pages spell them in several ways."""
    assert Status.parse(raw) is Status.PAUSED


# Dates


@pytest.mark.parametrize(
    "value",
    [
        "Fri, 31 Dec 9999 23:59:59 -1200",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "Mon, 05 Jan 2026 10:00:00 +9999",
        "Mon, 05 Jan 99999999999 10:00:00 GMT",
        "soon",
        "",
    ],
)
@pytest.mark.parametrize("action", ["pause", "complete"])
def test_an_odd_date_is_none_and_no_failure(value, action):
    """The local clock has to do, before the write and after it."""
    found = answer(body("paused" if action == "complete" else "in-progress"), [(b"Date", value.encode())])
    assert found.date is None
    sent, record = drive(wire(body={"action": action}), found, found)
    assert (sent, record.reading.date) == (1, None)


def test_a_date_is_given_in_utc_and_by_one_header():
    """Two that differ are none, whichever comes first."""
    date = (b"Date", b"Mon, 05 Jan 2026 10:00:00 GMT")
    assert answer(headers=[date]).date == NOW
    assert answer(headers=[(b"date", b"Mon, 05 Jan 2026 15:30:00 +0530")]).date == NOW
    assert answer(headers=[date, (b"Date", b"Mon, 05 Jan 2026 10:00:01 GMT")]).date is None


_PARTS = st.tuples(
    st.sampled_from(["Fri, ", "", "x, "]),
    st.integers(-1, 40),
    st.sampled_from(["Dec", "Jan", "Feb", "13"]),
    st.sampled_from([0, 1, 2, 49, 99, 1969, 2026, 9998, 9999, 10000, 10**12]),
    st.integers(0, 25),
    st.sampled_from(["GMT", "-1200", "+1400", "-2359", "+9999", "-0000", "EST", "Z", "", "+99999999999"]),
)


@given(_PARTS)
@example(("Fri, ", 31, "Dec", 9999, 23, "-1200"))
def test_no_date_of_a_server_stops_the_gate(parts):
    """Whatever it is, sums with it come out, or it is none."""
    prefix, day, month, year, hour, zone = parts
    header = (b"Date", f"{prefix}{day:02d} {month} {year:04d} {hour:02d}:59:59 {zone}".encode())
    found = answer(body("created", schedule={"start_time": "9999-12-31T23:59:59Z"}), [header])
    sent, record = drive(wire(body={"name": "new"}), found, found)
    assert (sent, record.decision.allowed) == (1, True)
    if found.date is not None:
        assert found.date + timedelta(days=300) > found.date - timedelta(days=300)


@pytest.mark.parametrize(
    "value", ["2026-01-05t10:00:00z", "2026-01-05T10:00:00z", "2026-01-05t15:30:00+05:30", "2026-01-05 10:00:00Z"]
)
def test_a_time_in_small_letters_is_the_same(value):
    """RFC 3339 allows them, in a reading and in a schedule that is sent."""
    assert parse_time(value) == NOW
    assert parse_time(value.rstrip("zZ").removesuffix("+05:30")) is None


def test_a_new_end_in_small_letters_is_read():
    """The gate sends a new schedule with an end that lies ahead, in either spelling."""
    schedule = {"schedule": {"end_at": "2026-01-05t13:00:00z"}}
    paused = json.dumps({"response": [{"code": 200, "data": {"id": ID, "status": "Paused"}}]}).encode()
    assert drive(wire(target=VOICE, body=schedule), paused, paused)[0] == 1
    schedule["schedule"]["end_at"] = "2026-01-05t09:00:00z"
    sent, refusal = drive(wire(target=VOICE, body=schedule), paused, paused)
    assert (sent, refusal.code) == (0, "CF416")


# Unknown starts

_ODD_STARTS = [
    {"Start_Time": SOON},
    {"startTime": SOON},
    {"start-time": SOON},
    {"start time": SOON},
    {"\uff53tart_time": SOON},
    {"start\u2010time": SOON},
    {"start_time\u200b": SOON},
    {"Send_At": SOON},
    {"sendAt": SOON},
    {"endAt": SOON},
    {"END_TIME": SOON},
    [SOON],
    SOON,
    0,
]


def shown(channel, schedule, key="schedule", status="created"):
    """A reading of a campaign on the channel with a schedule."""
    content = body(status, **{key: schedule})
    target = read_target(VOICE if channel == "voice" else MESSAGE)
    return read_status(answer(content), target)


@pytest.mark.parametrize("schedule", _ODD_STARTS)
@pytest.mark.parametrize("channel", ["voice", "message"])
@pytest.mark.parametrize("status", ["created", "paused"])
def test_a_schedule_in_another_spelling_has_a_start_that_nobody_knows(channel, schedule, status):
    """So the campaign counts as started: nothing is deleted and nothing is edited as a whole."""
    reading = shown(channel, schedule, status=status)
    assert reading.start_unreadable
    assert reading.started(NOW)
    campaign = campaign_from(reading, ID, Channel(channel), NOW)
    assert (campaign.started, campaign.raw["schedule"]) == (True, schedule)


@pytest.mark.parametrize(
    ("channel", "schedule"),
    [
        ("voice", {"start_time": SOON}),
        ("voice", {"send_at": None, "start_time": SOON}),
        ("message", {"start_time": SOON, "send_at": NOW.isoformat()}),
        ("message", {"end_time": SOON, "end_at": NOW.isoformat()}),
        ("message", {"send_at": SOON, "startTime": SOON + "x"}),
        ("message", {"send_at": "soon"}),
        ("voice", {"send_at": SOON, "startTime": SOON + "x"}),
    ],
)
def test_the_key_of_the_other_channel_is_another_spelling(channel, schedule):
    """On call campaigns, and on message campaigns beside the own one, where they differ."""
    reading = shown(channel, schedule)
    assert reading.start_unreadable
    assert reading.started(NOW)
    kept = campaign_from(reading, ID, Channel(channel), NOW).raw["schedule"]
    assert all(kept[key] == value for key, value in schedule.items() if value not in (None, SOON))


@pytest.mark.parametrize("key", ["Schedule", "SCHEDULE", "schedule_", "sche-dule", "\uff53chedule"])
def test_a_schedule_under_another_name_has_a_start_that_nobody_knows(key):
    """The resource has a schedule, and whether it is the one is unknown."""
    assert shown("message", {"start_time": SOON}, key).start_unreadable
    assert not shown("message", None, key).start_unreadable


@pytest.mark.parametrize(
    ("channel", "schedule"),
    [
        ("message", {"start_time": SOON, "end_time": None}),
        ("message", {"send_at": SOON, "end_at": None}),
        ("message", {"start_time": None, "send_at": SOON}),
        ("message", {"send_at": SOON, "end_time": None}),
        ("voice", {"send_at": SOON}),
        ("voice", {"send_at": SOON, "start_time": SOON}),
        ("message", {"start_time": SOON, "sendAt": None, "Schedule": "x"}),
        ("message", {"start_time": SOON, "timezone": "Asia/Kolkata", "start": NOW.isoformat(), "restarts": 1}),
    ],
)
def test_a_schedule_in_its_own_spelling_has_a_known_start(channel, schedule):
    """What else stands in it is kept, and so is what says nothing or the same."""
    reading = shown(channel, schedule)
    assert (reading.start_unreadable, reading.start.isoformat()) == (False, SOON)
    campaign = campaign_from(reading, ID, Channel(channel), NOW)
    left = {key: value for key, value in schedule.items() if value is not None and key not in ("start_time", "send_at")}
    assert left.items() <= campaign.raw.get("schedule", {}).items()


@pytest.mark.parametrize("schedule", [{"Start_Time": SOON}, {"start_time": SOON}])
def test_nothing_is_deleted_whose_start_nobody_knows(schedule):
    """Delete and full edit leave on a known start alone."""
    for request in (wire("DELETE", VOICE, b"", headers=()), wire(target=VOICE, body={"name": "new"})):
        sent, refusal = drive(
            request, json.dumps({"response": [json.loads(body("Created", schedule=schedule))["response"]]}).encode()
        )
        assert (sent, refusal.code in ("CF243", "CF232")) == (0, True)


def test_a_known_start_ahead_lets_a_full_edit_through():
    """The neighbour: the documented spelling, on the same channel."""
    known = body("Created", schedule={"send_at": SOON})
    assert drive(wire(target=VOICE, body={"name": "new"}), known, known)[0] == 1
    assert decide("created", "edit", channel="voice", started=False)
    guide = body("Created", schedule={"send_at": SOON, "end_at": None})
    assert drive(wire(body={"name": "new"}), guide, guide)[0] == 1
    contradictory = body("Created", schedule={"send_at": SOON, "start_time": NOW.isoformat()})
    assert drive(wire(body={"name": "new"}), contradictory)[1].code == "CF232"


@every_face()
def test_what_is_harmless_is_sent_as_it_was_given(face):
    """An empty query, a content type said twice, a host with its last dot: judged as one thing, and not mended."""
    with Server() as server:
        given = [("Content-Type", "application/json;")] * 2 + [("Host", f"localhost.:{server.port}")]

        async def scenario():
            async with face.client(face.guard(face.http())) as http:
                url = f"http://localhost:{server.port}{MESSAGE}?"
                return await http.put(url, content=b'{"action": "pause"}', headers=given)

        assert face.run(scenario).extensions[EXTENSION].answered.status == "paused"
        lines = [line for line in server.received if line.startswith((b"PUT", b"Content-Type", b"Host"))]
    host = b"Host: localhost.:%d\r\n" % server.port
    put, *rest = lines[-4:]
    assert put == b"PUT %b? HTTP/1.1\r\n" % MESSAGE.encode()
    assert sorted(rest) == [*2 * [b"Content-Type: application/json;\r\n"], host]


# Encoded bodies


def deflated(data, frame=15):
    packer = zlib.compressobj(9, zlib.DEFLATED, frame)
    return packer.compress(data) + packer.flush()


ZEROS = bytes(64 * MIB)
BOMB = gzip.compress(ZEROS, mtime=0)
TWICE = gzip.compress(BOMB, mtime=0)
READABLE = {
    "gzip": ([b"gzip"], gzip.compress),
    "GZIP": ([b" GZIP "], gzip.compress),
    "deflate": ([b"deflate"], deflated),
    "raw deflate": ([b"deflate"], lambda data: deflated(data, -15)),
    "identity": ([b"identity"], bytes),
    "nothing": ([b""], bytes),
}
UNREADABLE = {
    "br": ([b"br"], bytes),
    "zstd": ([b"zstd"], bytes),
    "x-gzip": ([b"x-gzip"], gzip.compress),
    "an unknown one": ([b"rot13"], bytes),
    "two layers": ([b"gzip, gzip"], lambda data: gzip.compress(gzip.compress(data))),
    "two headers": ([b"gzip", b"gzip"], lambda data: gzip.compress(gzip.compress(data))),
    "two headers, one layer": ([b"gzip", b"identity"], gzip.compress),
    "cut short": ([b"gzip"], lambda data: gzip.compress(data)[:-1]),
    "cut short, deflate": ([b"deflate"], lambda data: deflated(data)[:-1]),
    "with something behind it": ([b"gzip"], lambda data: gzip.compress(data) + b"x"),
    "with another one behind it": ([b"gzip"], lambda data: gzip.compress(data[:20]) + gzip.compress(data[20:])),
    "a wrong checksum": ([b"gzip"], lambda data: gzip.compress(data)[:-8] + bytes(8)),
    "not encoded": ([b"gzip"], bytes),
    "deflate said to be gzip": ([b"gzip"], deflated),
    "gzip said to be deflate": ([b"deflate"], gzip.compress),
    "empty": ([b"gzip"], lambda data: b""),
}


class Encoded(Server):
    """Answers reads in one encoding and writes in another."""

    def __init__(self, read=None, write=None):
        super().__init__()
        self.how = {"GET": read, "PUT": write}

    def answer(self, arrived):
        code, content = super().answer(arrived)
        how = self.how[arrived.method]
        if how is None:
            return code, content
        values, encode = how
        return code, encode(content), *[(b"Content-Encoding", value) for value in values]


@every_face()
@pytest.mark.parametrize("name", READABLE)
def test_one_layer_that_zlib_knows_is_read(face, name):
    """In the read before the write and in its answer; the client of the caller decodes what came."""
    with Encoded(READABLE[name], READABLE[name]) as server:

        async def scenario():
            async with face.client(face.guard(face.http())) as http:
                return await http.put(f"{server.url}{MESSAGE}", json={"action": "pause"})

        response = face.run(scenario)
    assert server.requests[0].headers["accept-encoding"] == "identity"
    assert response.extensions[EXTENSION].answered.status == "paused"
    assert response.json()["response"]["data"]["status"] == "paused"


@every_face()
@pytest.mark.parametrize("name", UNREADABLE)
def test_any_other_encoding_is_no_reading(face, name):
    """The write is not sent; of an answer to a write it is said that nobody could read it."""
    with Encoded(UNREADABLE[name]) as server:

        async def refused():
            async with face.client(face.guard(face.http(), deadline=0)) as http:
                with pytest.raises(errors.StatusUnavailable) as caught:
                    await http.put(f"{server.url}{MESSAGE}", json={"action": "pause"})
            return caught.value.code

        assert face.run(refused) == "CF502"
        assert server.writes == []
    with Encoded(write=UNREADABLE[name]) as server:

        async def unread():
            async with face.client(face.guard(face.http())) as http:
                request = http.build_request("PUT", f"{server.url}{MESSAGE}", json={"action": "pause"})
                response = await http.send(request, stream=True)
                assert response.headers.get_list("content-encoding") == [
                    value.decode() for value in UNREADABLE[name][0]
                ]
                await face.done(response.aclose() if face.is_async else response.close())
                return response.extensions[EXTENSION]

        record = face.run(unread)
        assert (record.answered, bool(record.problem), len(server.writes)) == (None, True, 1)


@every_face()
@pytest.mark.parametrize("name", [*READABLE, *UNREADABLE])
def test_the_client_of_the_package_reads_with_the_same_decoder(face, name):
    """What it cannot read is an unexpected answer, and a write is looked after with another read."""
    how = (READABLE | UNREADABLE)[name]
    with Encoded(read=how) as server:

        async def read():
            async with face.campaigns(server.url, face.http(), deadline=0) as client:
                return await client.get(ID)

        if name in READABLE:
            assert face.run(read).status == "in-progress"
        else:
            with pytest.raises(errors.UnexpectedAnswer):
                face.run(read)
        assert {request.headers["accept-encoding"] for request in server.requests} == {"identity"}
    with Encoded(write=how) as server:

        async def write():
            async with face.campaigns(server.url, face.http(), deadline=0) as client:
                return await client.pause(ID)

        assert face.run(write).status == "paused"
        assert len(server.writes) == 1


@pytest.fixture
def traced():
    tracemalloc.start()
    yield tracemalloc
    tracemalloc.stop()


@every_face()
@pytest.mark.parametrize(
    ("values", "content"),
    [
        ([b"gzip"], BOMB),
        ([b"gzip", b"gzip"], TWICE),
        ([b"gzip, gzip"], TWICE),
        ([b"deflate"], deflated(ZEROS)),
    ],
    ids=["gzip", "two headers", "two layers", "deflate"],
)
@pytest.mark.parametrize("where", ["read", "write"])
def test_a_small_body_that_grows_without_end_costs_little(face, values, content, where, traced):
    """A few kilobytes that decode to 64 mebibytes take some mebibytes, in a transport and in the client."""
    assert len(content) < 256 * 1024
    with Encoded(**{where: (values, lambda data: content)}) as server:

        async def guarded():
            async with face.client(face.guard(face.http(), deadline=0)) as http:
                request = http.build_request("PUT", f"{server.url}{MESSAGE}", json={"action": "pause"})
                response = await http.send(request, stream=True)
                await face.done(response.aclose() if face.is_async else response.close())

        async def client():
            async with face.campaigns(server.url, face.http(), deadline=0) as client:
                await (client.get(ID) if where == "read" else client.pause(ID))

        for scenario in (guarded, client):
            server.statuses[ID] = "in-progress"
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            with suppress(errors.CampaignFsmError, httpx.ProtocolError):
                face.run(scenario)
            assert tracemalloc.get_traced_memory()[1] - before < 24 * MIB
        assert len(server.writes) == (2 if where == "write" else 0)


def test_a_decoded_body_has_the_limit_of_a_plain_one():
    """Four mebibytes are read and one byte more is not, nor of the answer to a write."""
    for more in (0, 1):
        content = body(padding="")
        content += b" " * (4 * MIB - len(content) + more)
        with (
            Encoded(read=([b"gzip"], lambda data, content=content: gzip.compress(content))) as server,
            guarded() as http,
        ):
            if more:
                with pytest.raises(errors.StatusUnavailable) as caught:
                    http.put(f"{server.url}{MESSAGE}", json={"action": "complete"})
                assert "larger than 4194304 bytes" in caught.value.reason
            else:
                http.put(f"{server.url}{MESSAGE}", json={"action": "complete"})
            assert len(server.writes) == 1 - more
    with Encoded(write=([b"gzip"], lambda data: BOMB)) as server, guarded() as http:
        with pytest.raises(httpx.ProtocolError, match="larger than 4194304 bytes"):
            http.put(f"{server.url}{MESSAGE}", json={"action": "pause"})


def guarded():
    return httpx.Client(transport=GuardTransport(httpx.HTTPTransport(), deadline=0))


@given(st.binary(max_size=300), st.sampled_from(["gzip", "deflate"]), st.integers(0, 300))
def test_what_is_decoded_is_what_was_encoded_or_nothing(data, encoding, limit):
    """Up to the limit, and nothing else is raised."""
    for encoded in {gzip.compress(data), deflated(data), deflated(data, -15), data}:
        try:
            found = decode(encoded, encoding, limit)
        except TooLarge:
            assert len(data) > limit or encoded == data
        except Undecodable:
            assert encoded == data or encoding == "gzip" or encoded[:1] == b"\x1f"
        else:
            assert len(found) <= limit
            assert data in (found, encoded)


def test_an_encoding_is_found_in_any_spelling_of_its_header():
    """And what is no encoding is none."""
    assert encoding_of([(b"CONTENT-ENCODING", b"GZip")]) == "gzip"
    assert encoding_of([(b"content-encoding", b"Identity"), (b"X", b"br")]) is None
    with pytest.raises(Undecodable):
        encoding_of([(b"content-encoding", b"identity"), (b"content-encoding", b"identity")])


def test_a_response_that_was_read_before_is_judged_by_its_headers():
    """Whoever made it has decoded it, in two layers too: that is still no reading."""
    content = gzip.compress(gzip.compress(body("in-progress")))
    inner = httpx.MockTransport(
        lambda request: httpx.Response(200, headers={"Content-Encoding": "gzip, gzip"}, content=content)
    )
    with httpx.Client(transport=GuardTransport(inner, deadline=0)) as http:
        assert http.get(f"https://api.exotel.com{MESSAGE}").json()["http_code"] == 200
        with pytest.raises(errors.StatusUnavailable) as caught:
            http.put(f"https://api.exotel.com{MESSAGE}", json={"action": "pause"})
    assert caught.value.code == "CF502"


def test_an_item_is_read_without_a_question():
    """Whoever reads recordings holds an envelope against nothing."""
    assert read_item(answer(body(envelope={"method": "POST"}))).data["status"] == "paused"

"""The reader of requests: what each would do, or that it cannot be read in exactly one way."""

import json
import re
import time
import tracemalloc

import attrs
import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from wires import ALIAS, ID, JSON, MESSAGE, UNREADABLE, UNTOUCHED, VOICE, wire, with_header

from campaign_fsm.errors import UnreadableRequest
from campaign_fsm.rules import PROBLEMS, Action
from campaign_fsm.strict.json import Ambiguous, fold, read_object
from campaign_fsm.wire.intent import _ALONE, Intent, WireRequest, is_plain, preflight, read_intent
from campaign_fsm.wire.suspect import could_become_target
from campaign_fsm.wire.target import Target, read_target


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read_in_one_way_is_refused_with_its_reason(name):
    """Each odd request is refused with the code of just that oddity and with what to do instead."""
    code, parts = UNREADABLE[name]
    with pytest.raises(UnreadableRequest) as caught:
        read_intent(wire(**parts))
    assert caught.value.code == code
    assert caught.value.advice == PROBLEMS[code].advice
    assert caught.value.advice in str(caught.value)
    assert caught.value.reason.endswith(".")
    assert caught.value.reason != "None."
    if code not in ("CF401", "CF415") and parts.get("target", MESSAGE).partition("?")[0] in (MESSAGE, VOICE):
        # Whatever was wrong with it, the campaign that it was about is named.
        assert caught.value.campaign_id == ID
        assert caught.value.channel == ("voice" if parts.get("target") == VOICE else "message")
    if code in ("CF401", "CF415"):
        # What is not of the documented form is not passed on as an id.
        assert (caught.value.campaign_id, caught.value.channel) == (None, None)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("duplicate keys", "it says 'action' twice"),
        ("a case variant alone", "'Action' could be taken for 'action'"),
        ("several items", "'campaigns' holds 2 items, not one"),
        ("campaigns that is no list", "'campaigns' holds no list of items"),
        ("both forms at once", "^keys stand beside 'campaigns'"),
        ("the voice form on a message campaign", "^a message campaign's body is flat, without 'campaigns'."),
        ("an empty object", "^the campaign in its body is not a JSON object with content."),
        ("a body on a DELETE", "^a DELETE with a body."),
        ("two framings", "^it has both a Content-Length and a Transfer-Encoding."),
        ("an odd transfer encoding", "^its Transfer-Encoding is not plain chunked."),
        ("an unknown action", "its action is 'stop'"),
        ("an action that is a list", "its action is a list"),
        ("a status in an edit", "'status' is no parameter"),
        ("not JSON", "it is not JSON"),
        ("no body", "it is empty"),
        ("no content type", "it has no Content-Type headers"),
        ("two content types", "it has 2 Content-Type headers"),
        ("a form", "'application/x-www-form-urlencoded'"),
        ("an encoding", "^it has a Content-Encoding."),
        ("a wrong length", "^its Content-Length is not the length of its body."),
        ("a method override", "x-http-method-override may turn PUT into another method"),
        ("another Host", "^its Host header names another host than its URL."),
        ("a PATCH", "no page documents PATCH on a campaign."),
        ("a PUT on the collection", "no page documents PUT on the collection"),
        ("a write below a campaign", "on a campaign/message-details"),
    ],
)
def test_the_reason_names_what_was_odd(name, told):
    """One sentence that a person can act on."""
    with pytest.raises(UnreadableRequest) as caught:
        read_intent(wire(**UNREADABLE[name][1]))
    assert told.removeprefix("^") in caught.value.reason
    if told.startswith("^"):
        assert caught.value.reason.startswith(told[1:])


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"method": "A" * 99}, f"no page documents {'A' * 20} on a campaign."),
        ({"target": f"{MESSAGE}/a/{'b' * 99}"}, f"no page documents PUT on a campaign/a/{'b' * 57}."),
        ({"body": {"ACTION" + " " * 99: "x"}}, f"the key 'ACTION{' ' * 34}' could be taken for 'action'."),
        ({"body": {"CAMPAIGNS" + " " * 99: []}}, f"the key 'CAMPAIGNS{' ' * 31}' could be taken for 'campaigns'."),
        ({"body": {"action": "x" * 99}}, f"its action is '{'x' * 39}."),
        ({"headers": [(b"Content-Type", b"\xff" * 99)]}, f"its Content-Type is '{'ÿ' * 60}'."),
    ],
)
def test_a_reason_quotes_no_more_than_a_little_of_a_request(parts, reason):
    """However long the odd thing is, the reason stays one line."""
    with pytest.raises(UnreadableRequest) as caught:
        read_intent(wire(**parts))
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("name", "action"),
    [("a body on a DELETE", "delete"), ("a status in an edit", "edit"), ("an action in a create", "create")],
)
def test_a_refusal_names_the_action_that_was_read(name, action):
    """Where the action is known, the exception carries it."""
    with pytest.raises(UnreadableRequest) as caught:
        read_intent(wire(**UNREADABLE[name][1]))
    assert caught.value.action == action


def test_an_id_of_an_undocumented_form_is_never_passed_on():
    """Also where something else is wrong with the request, and looked at first."""
    for parts in ({"userinfo": True}, {"url_target": b"/harmless"}, {"headers": with_header("X-HTTP-Method", "PUT")}):
        with pytest.raises(UnreadableRequest) as caught:
            read_intent(wire(target=f"{MESSAGE}.json", **parts))
        assert (caught.value.campaign_id, caught.value.channel) == (None, None)


@pytest.mark.parametrize("action", ["create", "edit", "edit-callbacks", "reschedule", "delete"])
def test_our_own_names_of_actions_are_no_verbs_of_the_vendor(action):
    """A body can ask for the four documented actions and for nothing else that has a name here."""
    with pytest.raises(UnreadableRequest) as caught:
        read_intent(wire(body={"action": action}))
    assert caught.value.code == "CF412"


@pytest.mark.parametrize(
    "key",
    [
        "action",
        "campaigns",
        "status",
        "_method",
        "id",
        "sid",
        "schedule",
        "status_callback",
        "call_status_callback",
        "call_schedule_callback",
        "sms_status_callback",
        "name",
    ],
)
@pytest.mark.parametrize("target", [MESSAGE, VOICE])
def test_no_key_that_the_judgement_hangs_on_may_come_in_another_case(key, target):
    """What a lax parser takes for such a key is refused, on either channel."""
    with pytest.raises(UnreadableRequest) as caught:
        read_intent(wire(target=target, body={key.upper(): "x", "url": "u"}))
    assert caught.value.code == "CF410"


@pytest.mark.parametrize("item", [{"id": "another"}, {"sid": "another"}, {"campaigns": [{"action": "complete"}]}])
def test_an_edit_smuggles_in_no_other_campaign(item):
    """Neither another id nor a second layer of campaigns is a parameter."""
    with pytest.raises(UnreadableRequest) as caught:
        read_intent(wire(target=VOICE, body={"campaigns": [item]}))
    assert (caught.value.code, caught.value.action) == ("CF414", "edit")


@pytest.mark.parametrize(
    "value", ["application/vnd.api+json", "application/json; charset=utf-8; x=y", "text/json", "application/json,"]
)
def test_a_content_type_that_is_not_just_json_is_refused(value):
    """A near miss may be read as something else."""
    with pytest.raises(UnreadableRequest) as caught:
        read_intent(wire(headers=[(b"Content-Type", value.encode())]))
    assert caught.value.code == "CF407"


def test_every_code_of_an_unreadable_request_is_reached():
    """No CF4xx code is without a request that meets it, here or in the tests of the gate."""
    gate_only = {"CF413", "CF416"}
    assert {code for code, _ in UNREADABLE.values()} == {
        code for code in PROBLEMS if code.startswith("CF4")
    } - gate_only


@pytest.mark.parametrize("name", UNTOUCHED)
def test_what_is_not_about_campaigns_is_left_alone(name):
    """Nothing is refused on suspicion."""
    assert not isinstance(read_intent(wire(**UNTOUCHED[name])), Intent)


@pytest.mark.parametrize("target", [MESSAGE, ALIAS, VOICE])
@pytest.mark.parametrize("action", ["pause", "resume", "complete", "archive"])
def test_an_action_is_read_in_every_documented_form(target, action):
    """The flat form on both channels and the wrapped form on voice say the same."""
    forms = [{"action": action}] + ([{"campaigns": [{"action": action}]}] if target == VOICE else [])
    for form in forms:
        intent = read_intent(wire(target=target, body=form))
        assert isinstance(intent, Intent)
        assert (intent.action, intent.target.id, dict(intent.fields)) == (action, ID, {})
        assert intent.channel == ("voice" if target == VOICE else "message")


@pytest.mark.parametrize("action", ["pause", "resume", "complete", "archive"])
def test_an_action_alone_is_known_by_its_bytes_as_what_is_read_of_it(action):
    """As clients write it, it is not read each time; no two intents share what is in them."""
    body = {"action": action}
    as_written = [httpx.Request("PUT", "https://x", json=body).content, json.dumps(body).encode()]
    for known in as_written:
        assert _ALONE[known] is Action(action)
        intents = [read_intent(wire(body=each)) for each in (known, known, b" " + known)]
        assert intents[0] == intents[1] == intents[2]
        assert intents[0].fields is not intents[1].fields
    assert len(_ALONE) == 8


@pytest.mark.parametrize(
    ("target", "body", "action"),
    [
        (MESSAGE, {"name": "new"}, "edit"),
        (MESSAGE, {"status_callback": "https://x", "name": "n"}, "edit"),
        (MESSAGE, {"status_callback": "https://x"}, "edit-callbacks"),
        (MESSAGE, {"sms_status_callback": "https://x"}, "edit-callbacks"),
        (MESSAGE, {"call_status_callback": "https://x"}, "edit"),
        (MESSAGE, {"schedule": {"start_time": "x"}}, "reschedule"),
        (MESSAGE, {"sid": ID, "name": "n"}, "edit"),
        (VOICE, {"campaigns": [{"call_status_callback": "https://x", "status_callback": "y"}]}, "edit-callbacks"),
        (VOICE, {"call_schedule_callback": "https://x"}, "edit-callbacks"),
        (
            VOICE,
            dict.fromkeys(["status_callback", "call_status_callback", "call_schedule_callback"], "x"),
            "edit-callbacks",
        ),
        (MESSAGE, {"status_callback": "https://x", "sms_status_callback": "https://x"}, "edit-callbacks"),
        (VOICE, {"sms_status_callback": "https://x"}, "edit"),
        (VOICE, {"campaigns": [{"schedule": {"end_at": "x"}}]}, "reschedule"),
        (VOICE, {"schedule": {"end_at": "x"}, "name": "n"}, "edit"),
        (VOICE, {"name": "n"}, "edit"),
        (VOICE, {"id": ID, "name": "n"}, "edit"),
    ],
)
def test_an_edit_is_distinguished_from_a_callback_edit_and_a_reschedule(target, body, action):
    """Which rule judges a PUT without an action hangs on its keys alone."""
    intent = read_intent(wire(target=target, body=body))
    assert intent.action == action


def test_a_delete_and_a_create_are_read():
    """DELETE needs no body and no content type; POST goes to the collection."""
    assert read_intent(wire("DELETE", VOICE, b"", headers=())).action is Action.DELETE
    create = read_intent(wire("POST", VOICE.rpartition("/")[0], {"campaigns": [{"caller_id": "1"}]}))
    assert (create.action, create.target.id, create.fields) == (Action.CREATE, None, {"caller_id": "1"})
    with pytest.raises(UnreadableRequest) as caught:
        read_intent(wire("POST", MESSAGE.rpartition("/")[0], {"sid": ID, "name": "mine"}))
    assert (caught.value.code, caught.value.action) == ("CF414", "create")


def test_a_host_header_of_an_ipv6_address_has_brackets():
    """As RFC 3986 spells it, with and without the port."""
    for spelled in ("[::1]", "[::1]:443"):
        assert isinstance(read_intent(wire(host="::1", headers=with_header("Host", spelled))), Intent)
    with pytest.raises(UnreadableRequest):
        read_intent(wire(host="::1", headers=with_header("Host", "::1")))


@pytest.mark.parametrize(
    ("scheme", "port", "fine", "refused"),
    [
        ("https", None, ["api.exotel.com", "api.exotel.com:443"], ["api.exotel.com:80"]),
        ("http", None, ["api.exotel.com", "api.exotel.com:80"], ["api.exotel.com:443"]),
        ("http", 8080, ["api.exotel.com:8080"], ["api.exotel.com", "api.exotel.com:80"]),
    ],
)
def test_the_host_header_goes_by_the_port_of_the_url(scheme, port, fine, refused):
    """The default port of the scheme may be left out, any other one may not."""

    def request(host):
        return attrs.evolve(wire(headers=with_header("Host", host)), scheme=scheme, port=port)

    assert all(isinstance(read_intent(request(host)), Intent) for host in fine)
    for host in refused:
        with pytest.raises(UnreadableRequest):
            read_intent(request(host))


@pytest.mark.parametrize(
    ("scheme", "port", "origin"),
    [("https", None, 443), ("https", 443, 443), ("http", None, 80), ("http", 80, 80), ("http", 8080, 8080)],
)
def test_one_origin_has_one_spelling(scheme, port, origin):
    """Two URLs of the same campaign are the same campaign, whether they name the default port or not."""
    assert attrs.evolve(wire(), scheme=scheme, port=port).origin == (scheme, "api.exotel.com", origin)


def test_a_request_shows_neither_its_headers_nor_its_body():
    """Credentials stand in the headers and phone numbers in the body: both stay out of logs and tracebacks."""
    shown = repr(wire(body=b"+4912345", headers=[(b"Authorization", b"Basic secret")])).lower()
    assert not [word for word in ("authorization", "secret", "4912345") if word in shown]


def test_a_request_that_says_no_more_has_neither_body_nor_credentials():
    """What a driver leaves out is empty."""
    bare = WireRequest(method="GET", scheme="https", host="x", port=None, target=MESSAGE.encode(), headers=())
    assert (bare.body, bare.userinfo, bare.url_target) == (b"", False, None)


def test_a_content_length_that_fits_is_fine():
    """The usual case, with its framing said once."""
    assert isinstance(read_intent(wire(headers=with_header("Content-Length", "19"))), Intent)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "TRACE"])
def test_a_read_of_a_campaign_passes(method):
    """Reads are harmless; the campaign that they are about is still known."""
    target = read_intent(wire(method, f"{MESSAGE}?x=1", b"", headers=()))
    assert isinstance(target, Target)
    assert target.id == ID


@pytest.mark.parametrize("value", ["api.exotel.com", "API.exotel.com", "api.exotel.com:443"])
def test_a_host_header_that_says_the_same_as_the_url_is_fine(value):
    """The default port may stand in the Host header or not."""
    assert isinstance(read_intent(wire(headers=with_header("Host", value))), Intent)


@pytest.mark.parametrize(
    "value",
    [
        "application/json",
        "Application/JSON; charset=utf-8",
        'application/json;charset="UTF-8"',
        " application/json ; charset=utf-8 ",
    ],
)
def test_plain_json_content_types_are_fine(value):
    """UTF-8 is what JSON is; saying so changes nothing."""
    assert isinstance(read_intent(wire(headers=[(b"content-type", value.encode())])), Intent)


@pytest.mark.parametrize(
    "value",
    [
        "application/json;",
        "application/json ; ",
        "application/json;;charset=utf-8",
        "application/json; charset=utf-8;",
        "application/json; charset=utf8",
        'application/json; charset="UTF8"',
    ],
)
def test_a_content_type_that_says_utf_8_or_nothing_more_is_fine(value):
    """An empty parameter says nothing, and UTF-8 is also called utf8."""
    assert isinstance(read_intent(wire(headers=[(b"Content-Type", value.encode())])), Intent)


@pytest.mark.parametrize("value", ["application/json; x", "application/json; charset=utf-8; charset=utf-16", "json;"])
def test_a_content_type_with_something_else_behind_it_is_refused(value):
    """Only what is empty is nothing."""
    with pytest.raises(UnreadableRequest) as caught:
        read_intent(wire(headers=[(b"Content-Type", value.encode())]))
    assert caught.value.code == "CF407"


def test_a_content_type_that_is_said_twice_is_fine():
    """Whichever of them a server takes, it is the same; a third one that differs is not."""
    assert isinstance(read_intent(wire(headers=[JSON, JSON])), Intent)
    with pytest.raises(UnreadableRequest) as caught:
        read_intent(wire(headers=[JSON, JSON, (b"content-type", b"text/plain")]))
    assert (caught.value.code, "3 Content-Type headers" in caught.value.reason) == ("CF407", True)


@pytest.mark.parametrize("target", [MESSAGE, VOICE])
def test_a_question_mark_with_nothing_behind_it_is_no_query(target):
    """The write is read as without it; what is sent stays as it was."""
    request = wire(target=f"{target}?")
    assert read_intent(request) == read_intent(wire(target=target))
    assert preflight(request).target == request.target == f"{target}?".encode()


@pytest.mark.parametrize("name", ["X-Original-URL", "X-Original-URI", "X-Forwarded-Uri", "x_rewrite_url"])
def test_a_header_that_names_the_path_of_the_request_itself_is_fine(name):
    """Proxies say in it what they were asked for; nobody can be sent elsewhere by it."""
    request = wire(headers=with_header(name, MESSAGE))
    assert isinstance(read_intent(request), Intent)
    assert is_plain(request, read_target(MESSAGE))
    assert not is_plain(wire(headers=with_header(name, MESSAGE + "0")), read_target(MESSAGE))


@pytest.mark.parametrize("host", ["api.exotel.com", "api.exotel.com."])
@pytest.mark.parametrize("value", ["api.exotel.com", "api.exotel.com.", "API.exotel.com.:443", "api.exotel.com:443"])
def test_the_last_dot_of_a_host_changes_nothing(host, value):
    """A name that ends at the root of the DNS is the same name, in the URL and in the header."""
    assert isinstance(read_intent(wire(host=host, headers=with_header("Host", value))), Intent)


@pytest.mark.parametrize("value", ["api.exotel.com..", "api.exotel.com.:80", ".", "api.exotel", "api.exotel.com.x"])
def test_another_dot_is_another_host(value):
    """One dot at the end, and nothing else."""
    with pytest.raises(UnreadableRequest) as caught:
        read_intent(wire(headers=with_header("Host", value)))
    assert caught.value.code == "CF405"
    with pytest.raises(UnreadableRequest):
        read_intent(wire(host="::1", headers=with_header("Host", "[::1].")))


@pytest.mark.parametrize("schedule", ["soon", ["2030-01-01T00:00:00Z"], [], 0, False, True])
@pytest.mark.parametrize("more", [{}, {"name": "new"}, {"action": "resume"}])
@pytest.mark.parametrize("target", [MESSAGE, VOICE])
def test_a_schedule_that_is_no_object_is_refused(target, more, schedule):
    """Which start and which end it has is unknown, in an edit, a reschedule, or beside an action."""
    with pytest.raises(UnreadableRequest) as caught:
        read_intent(wire(target=target, body={**more, "schedule": schedule}))
    assert caught.value.code == "CF416"


@pytest.mark.parametrize(
    ("target", "schedule"),
    [
        (MESSAGE, None),
        (MESSAGE, {}),
        (MESSAGE, {"start_time": "x", "end_time": None}),
        (MESSAGE, {"start_time": "x", "timezone": "Asia/Kolkata", "start": "y"}),
        (MESSAGE, {"start_time": "x", "send_at": "x", "end_time": "y", "end_at": "y"}),
        (VOICE, {"send_at": "x", "endpoint": 1}),
    ],
)
def test_a_schedule_in_its_documented_spelling_is_read(target, schedule):
    """With what is no key of a schedule in any spelling beside it, or with the same said twice."""
    assert read_intent(wire(target=target, body={"schedule": schedule})).fields == {"schedule": schedule}


@pytest.mark.parametrize("key", ["_id", "s_id", "method", "names", "call_status_callback_params", "statuses"])
def test_a_key_that_is_only_like_another_one_passes(key):
    """How words are joined counts for what is made of words."""
    assert read_intent(wire(target=VOICE, body={key: "x", "url": "u"})).fields == {key: "x", "url": "u"}


def test_a_prefix_before_the_version_is_part_of_the_target():
    """A gateway's mount point does not hide a campaign."""
    intent = read_intent(wire(target=f"/gateway/exotel{MESSAGE}"))
    assert intent.target.prefix == "/gateway/exotel"


def test_a_chunked_body_is_the_same_body():
    """A streamed request that was read whole may say chunked."""
    assert isinstance(read_intent(wire(headers=with_header("Transfer-Encoding", "chunked"))), Intent)


def test_the_preflight_keeps_the_credentials_and_drops_what_belongs_to_the_write():
    """Same host, same target, same credentials; no body, no condition, no range, no cache."""
    headers = with_header(
        "Authorization",
        "Basic x",
        (b"If-None-Match", b"x"),
        (b"Range", b"bytes=0-1"),
        (b"Expect", b"100-continue"),
        (b"Content-Length", b"19"),
        (b"Telemetry", b"kept"),
        (b"X-Trace", b"kept"),
    )
    read = preflight(wire(headers=headers))
    assert (read.method, read.body, read.target, read.host) == ("GET", b"", MESSAGE.encode(), "api.exotel.com")
    assert read.headers == (
        (b"Authorization", b"Basic x"),
        (b"Telemetry", b"kept"),
        (b"X-Trace", b"kept"),
        (b"Accept", b"application/json"),
        (b"Accept-Encoding", b"identity"),
        (b"Cache-Control", b"no-cache"),
    )
    assert (read.values(b"range"), read.values(b"accept")) == ([], [b"application/json"])


@pytest.mark.parametrize(
    "name",
    [
        "Accept",
        "Accept-Encoding",
        "Cache-Control",
        "Content-Encoding",
        "Content-Length",
        "Content-Type",
        "Expect",
        "If-Match",
        "If-Modified-Since",
        "If-None-Match",
        "If-Range",
        "Range",
        "TE",
        "Trailer",
        "Transfer-Encoding",
        "Upgrade",
    ],
)
@pytest.mark.parametrize("spell", [str, str.lower, str.upper])
def test_no_header_that_frames_or_conditions_the_write_is_in_the_preflight(name, spell):
    """The read is asked for whole and fresh, whatever the write asked for, in any spelling of the header."""
    read = preflight(wire(headers=[(spell(name).encode(), b"of the write")]))
    assert [value for _, value in read.headers] == [b"application/json", b"identity", b"no-cache"]


@given(st.binary(max_size=200))
@example(b'{"a": 1}')
def test_the_strict_reader_raises_nothing_else(body):
    """Whatever the bytes are, there is one object or `Ambiguous`."""
    try:
        value = read_object(body)
    except Ambiguous as problem:
        assert problem.code in PROBLEMS
    else:
        assert value == json.loads(body)


@pytest.mark.parametrize(("opening", "closing"), [('{"a":', "}"), ("[", "]"), ('["]", ', "]"), ('{"b":"[[","a":', "}")])
@pytest.mark.parametrize("levels", [65, 66, 450, 20_000])
def test_a_body_is_read_down_to_64_levels(opening, closing, levels):
    """Whoever walks through what was read is safe in that."""
    deep = [f'{{"top": {opening * more}1{closing * more}}}'.encode() for more in (63, levels - 1)]
    assert read_object(deep[0]) == json.loads(deep[0])
    with pytest.raises(Ambiguous, match="nested too deeply") as caught:
        read_object(deep[1])
    assert caught.value.code == "CF409"


@pytest.mark.parametrize(
    "body", [{"a": [[]] * 1000}, {"a": "[{" * 1000}, {"a": [{"b": {}}] * 100, "c": {"d": "[" * 100}}]
)
def test_a_wide_body_is_not_deep(body):
    """Nor is one with brackets in its texts."""
    assert read_object(json.dumps(body).encode()) == body


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
BODIES = st.dictionaries(
    st.sampled_from(["action", "campaigns", "schedule", "status", "Action", "name"]) | st.text(max_size=8),
    JSON_VALUES,
    max_size=4,
)


@given(
    st.one_of(st.binary(max_size=60), BODIES.map(lambda body: json.dumps(body).encode())),
    st.sampled_from(["PUT", "POST", "DELETE", "PATCH", "GET", "put"]),
    st.sampled_from([MESSAGE, VOICE, VOICE.rpartition("/")[0], "/"])
    | st.text(max_size=40).map(lambda text: f"/{text}"),
)
def test_every_request_is_read_or_refused(body, method, target):
    """The reader gives an intent, a target or None, or refuses; it never fails in another way."""
    try:
        found = read_intent(wire(method, target.encode("utf-8", "surrogatepass"), body))
    except UnreadableRequest as refusal:
        assert refusal.code in PROBLEMS
    else:
        assert found is None or isinstance(found, Intent | Target)
        if isinstance(found, Intent) and found.action in ("pause", "resume", "complete", "archive"):
            assert json.loads(body).get("action", found.action) == found.action


def instead(letter, spelling, text):
    """The letter spelled in another way, where it is no part of an escape."""
    return re.sub(
        rf"%u[0-9A-Fa-f]{{4}}|%[0-9A-Fa-f]{{2}}|{letter}",
        lambda found: found[0] if found[0] != letter else spelling,
        text,
    )


DISGUISES = [
    lambda text: text,
    lambda text: text.upper(),
    lambda text: "".join(f"%{ord(char):02x}" if char.isalpha() else char for char in text),
    lambda text: "".join(f"%25{ord(char):02X}" for char in text),
    lambda text: text.replace("/", "//"),
    lambda text: text.replace("/", "/./"),
    lambda text: text.replace("/", "\\"),
    lambda text: text.replace("/", "%2F"),
    lambda text: text.replace("/", ";x=1/"),
    lambda text: f"/a/..{text}",
    lambda text: f"{text}/",
    lambda text: re.sub(r"(?<=[a-z0-9])/", ".json/", text, flags=re.IGNORECASE),
    lambda text: text.replace("/", "%00x/").replace("%00x/", "/", 1),
    lambda text: instead("a", "%u0061", text),
    lambda text: instead("a", "%c1%a1", text),
    lambda text: instead("o", "%e0%81%af", text),
    lambda text: instead("c", "%ffc", text),
    lambda text: text.replace("/v2", "/v3"),
]


@given(st.lists(st.sampled_from(DISGUISES), max_size=3), st.sampled_from([MESSAGE, ALIAS, VOICE]))
def test_no_disguise_of_a_campaign_path_goes_unnoticed(disguises, path):
    """However often a path is decoded, folded and re-spelled, a write to it is read or refused, never passed."""
    for disguise in disguises:
        path = disguise(path)
    assert could_become_target(path)
    try:
        found = read_intent(wire(target=path))
    except UnreadableRequest:
        pass
    else:
        assert isinstance(found, Intent)


@given(st.text(max_size=60))
def test_a_path_that_is_a_target_could_become_one(text):
    """The two path readers cannot disagree: what is a target is always looked at."""
    path = f"/v2/accounts/acme1/{text}"
    if read_target(path) is not None:
        assert could_become_target(path)


@given(st.lists(st.sampled_from(DISGUISES), max_size=3))
def test_no_disguise_makes_something_else_a_campaign(disguises):
    """Calls and lists are left alone in every spelling and every version."""
    for path in ("/v3/accounts/acme1/calls/x1", "/v2/accounts/acme1/lists", "/v1/Accounts/acme1/Sms/send.json"):
        for disguise in disguises:
            path = disguise(path)  # noqa: PLW2901
        assert not could_become_target(path)
        assert read_intent(wire(target=path)) is None


@pytest.mark.parametrize(
    "path",
    [
        "/" + "a" * 60_000,
        "/" + "é%20%u0041" * 6000,
        "/accounts/campaigns/" + "a/" * 20_000,
        "/" + "%25u00" * 9000,
        "/x/" + "%c1%a1" * 9000,
    ],
)
def test_a_long_path_is_looked_at_in_no_time(path):
    """The work grows with the length of a path and not faster, and what is about no campaign passes."""
    begun = time.process_time()
    assert not could_become_target(path)
    assert time.process_time() - begun < 2
    assert could_become_target(f"{path}/..{MESSAGE.upper()}")


def test_long_paths_are_not_kept():
    """A thousand of them, each another one, leave the process as large as it was."""
    tracemalloc.start()
    try:
        for number in range(200):
            assert read_target(f"/{number:05}{'x' * 60_000}") is None
        assert tracemalloc.get_traced_memory()[0] < 2**20
    finally:
        tracemalloc.stop()


def test_a_path_with_too_many_ways_to_read_it_could_be_anything():
    """Readers that decode by two rules see two paths each time; nobody looks at all of them."""
    path = "%u0025u0061"
    for _ in range(9):
        path = path.replace("%", "%u0025") + path.replace("%", "%25")
    assert could_become_target(f"/{path}")


def test_keys_fold_as_lax_parsers_might():
    """Case, width and invisible characters fold away; letters stay."""
    assert {fold(text) for text in ("action", "ACTION", " action ", "\uff41ction", "act\u00adion")} == {"action"}
    assert fold("reaction") != "action"


@pytest.mark.parametrize("marks", ["\u0315\u0300", "\u0f73", "\uff9e\u0315", "\u0344\u0327", "\u0345\u0300"])
def test_marks_without_end_are_read_in_no_time(marks):
    """A key with more marks on a letter than parsers agree on is refused, and such a path is about no campaign."""
    begun = time.process_time()
    with pytest.raises(Ambiguous) as caught:
        read_object(json.dumps({"a" + marks * 50_000: {}}, ensure_ascii=False).encode())
    assert caught.value.code == "CF410"
    path = "/v2/accounts/a" + marks * 10_000
    assert not could_become_target(path)
    assert could_become_target(f"{path}/campaigns")
    assert time.process_time() - begun < 2


def test_letters_may_have_as_many_marks_as_writing_needs():
    """Thirty are one key, whatever their order; one more is refused."""
    for base in ("a", "\u0915", "\u0e01"):
        assert read_object(json.dumps({base + "\u0300" * 30 + base + "\u0315" * 30: 1}).encode())
        with pytest.raises(Ambiguous) as caught:
            read_object(json.dumps({base + "\u0300" * 31: 1}).encode())
        assert caught.value.code == "CF410"
    with pytest.raises(Ambiguous):
        read_object(json.dumps({"a" + "\u0315\u0300" * 15: 1, "a" + "\u0300" * 15 + "\u0315" * 15: 2}).encode())


def test_headers_may_repeat_where_that_is_harmless():
    """Only headers that change how a request is read are looked at."""
    assert isinstance(read_intent(wire(headers=[JSON, (b"X-A", b"1"), (b"X-A", b"2")])), Intent)

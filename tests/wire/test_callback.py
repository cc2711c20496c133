"""Status callbacks: both spellings, repeats, contradictions, and whatever else somebody posts."""

import json
import pickle
from urllib.parse import parse_qs, urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from campaign_fsm import Status, StatusCallback, parse_status_callback
from campaign_fsm.errors import CampaignFsmError, UnreadableCallback
from campaign_fsm.wire.schedule import parse_time

ID = "90dad70b939f469fbf8b801660148272"
REPORT = "https://exotelreports.example/canary-4711.csv"
SNAKE = {
    "campaign_sid": ID,
    "status": "completed",
    "date_created": "2022-08-10T21:47:52+05:30",
    "date_updated": "2022-08-19T12:21:34+05:30",
    "report_url": REPORT,
}
CAPITAL = {
    "CampaignSid": ID,
    "Status": "Completed",
    "DateCreated": "2022-08-10T21:47:52+05:30",
    "DateUpdated": "2022-08-19T12:21:34+05:30",
    "ReportUrl": REPORT,
}
MIXED = {
    "Campaign_Sid": ID,
    "status": "COMPLETED",
    "dateCreated": "2022-08-10T16:17:52Z",
    "Date_Updated": "2022-08-19T06:51:34Z",
    "report_url": REPORT,
}
LEAST = {"campaign_sid": ID, "status": "completed"}


def reason(body):
    """What makes a callback unreadable."""
    with pytest.raises(UnreadableCallback) as caught:
        parse_status_callback(body)
    return caught.value.reason


@pytest.mark.parametrize("document", [SNAKE, CAPITAL, MIXED], ids=["snake", "capital", "mixed"])
@pytest.mark.parametrize(
    "form", [lambda document: document, json.dumps, lambda document: json.dumps(document).encode()]
)
def test_every_spelling_in_every_form_is_understood(document, form):
    """The names of the pages webhooks and creating-sms-campaign, as an object, a text or bytes."""
    callback = parse_status_callback(form(document))
    assert callback.campaign_id == ID
    assert callback.claimed_status is Status.COMPLETED
    assert callback.raw_status.casefold() == "completed"
    assert callback.created == parse_time("2022-08-10T21:47:52+05:30")
    assert callback.updated == parse_time("2022-08-19T12:21:34+05:30")
    assert callback.report_url == REPORT
    assert callback.raw == {}


def test_campaign_and_status_are_enough():
    """Everything else may be missing or null."""
    for document in (LEAST, {**LEAST, "date_created": None, "date_updated": None, "report_url": None}):
        callback = parse_status_callback(document)
        assert (callback.campaign_id, callback.claimed_status) == (ID, "completed")
        assert (callback.created, callback.updated, callback.report_url) == (None, None, None)


def test_two_deliveries_are_equal_and_have_the_same_hash():
    """In any spelling, with another link to the report, and with something new beside it."""
    again = {**CAPITAL, "ReportUrl": "https://exotelreports.example/other.csv", "Attempt": 2}
    callbacks = {parse_status_callback(document) for document in (SNAKE, CAPITAL, MIXED, again, json.dumps(SNAKE))}
    assert len(callbacks) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"campaign_sid": "camp_abc123"},
        {"status": "failed"},
        {"status": "no such status"},
        {"date_updated": "2022-08-19T12:21:35+05:30"},
        {"date_created": "2022-08-10T21:47:53+05:30"},
        {"date_updated": None},
    ],
)
def test_another_callback_is_not_equal(change):
    """Whoever drops repeats drops nothing else."""
    assert parse_status_callback({**SNAKE, **change}) != parse_status_callback(SNAKE)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"status": "stalled"}, {"status": "settled"}),
        ({"date_updated": "2022-08-19T12:21:34"}, {"date_updated": "2022-08-19T12:21:35"}),
    ],
)
def test_callbacks_that_say_different_things_are_not_equal(one, other):
    """Not even where what they say is on no list."""
    assert parse_status_callback({**LEAST, **one}) != parse_status_callback({**LEAST, **other})


@pytest.mark.parametrize("status", ["created", "in-progress", "paused", "completed", "failed", "canceled", "deleted"])
def test_every_status_of_the_pages_is_known(status):
    """Capitalised or not."""
    assert parse_status_callback({**LEAST, "status": status}).claimed_status.value == status
    assert parse_status_callback({**LEAST, "status": status.capitalize()}).claimed_status.value == status


@pytest.mark.parametrize("status", ["stalled", "", "complete", "1"])
def test_an_unknown_status_is_kept(status):
    """It is no error: the campaign has to be read anyway."""
    callback = parse_status_callback({**LEAST, "status": status})
    assert callback.claimed_status is Status.UNKNOWN
    assert callback.raw_status == status


def test_a_status_cannot_drive_a_terminal():
    """It is one printable line of at most 100 characters and an ellipsis."""
    callback = parse_status_callback({**LEAST, "status": "\x1b[2J" + "x" * 1000})
    assert callback.raw_status.isprintable()
    assert len(callback.raw_status) == 101


def test_what_is_not_understood_is_kept():
    """Unknown names come through as they came."""
    assert parse_status_callback({**SNAKE, "Attempt": 2, "Price": {"sent": 1}}).raw == {
        "Attempt": 2,
        "Price": {"sent": 1},
    }


@pytest.mark.parametrize("name", ["Stats", "stats"])
@pytest.mark.parametrize("form", [lambda stats: stats, json.dumps])
def test_counts_are_read(name, form):
    """By the vendor's own keys; as an object, or, as they may stand in a form, as its JSON text."""
    callback = parse_status_callback({**LEAST, name: form({"in_progress": 2, "failed-dnd": 1, "note": "x"})})
    assert callback.stats == {"in_progress": 2, "failed-dnd": 1}
    assert callback.raw == {name: {"note": "x"}}
    assert parse_status_callback(LEAST).stats == parse_status_callback({**LEAST, name: None}).stats == {}


@pytest.mark.parametrize("odd", ["sent 1", "[1]", "{", "\ud83d", 5, [1], '{"a": 1, "a": 2}'])
def test_counts_that_cannot_be_read_are_kept_as_they_came(odd):
    """No page says how they stand in a form."""
    callback = parse_status_callback({**LEAST, "Stats": odd, "Stats[sent]": "1"})
    assert callback.stats == {}
    assert callback.raw == {"Stats": odd, "Stats[sent]": "1"}


def test_two_deliveries_with_other_counts_are_equal():
    """It is the same callback; the platform may have counted again before it tried again."""
    one, other = ({**SNAKE, "Stats": {"sent": sent}} for sent in (1, 2))
    assert len({parse_status_callback(one), parse_status_callback(other), parse_status_callback(SNAKE)}) == 1


FORM = urlencode({**CAPITAL, "Stats": '{"sent": 1}'})


@pytest.mark.parametrize("body", [FORM, FORM.encode(), f"{FORM}\r\n", FORM.replace("CampaignSid", "%43ampaignSid")])
@pytest.mark.parametrize(
    "content_type",
    [None, "", "text/plain", "application/x-www-form-urlencoded", "Application/X-WWW-Form-Urlencoded; charset=UTF-8"],
)
def test_a_form_is_read_like_json(body, content_type):
    """Whether the content type says so or the first byte shows it."""
    callback = parse_status_callback(body, content_type=content_type)
    assert callback == parse_status_callback(CAPITAL)
    assert (callback.report_url, callback.stats, callback.raw) == (REPORT, {"sent": 1}, {})


def test_the_content_type_comes_before_the_first_byte():
    """What it calls JSON is read as JSON and nothing else, and so is a form."""
    assert parse_status_callback(json.dumps(SNAKE), content_type="application/json").campaign_id == ID
    for content_type in ("application/json", "application/problem+json; charset=utf-8"):
        with pytest.raises(UnreadableCallback, match="it is not JSON"):
            parse_status_callback(FORM, content_type=content_type)
    with pytest.raises(UnreadableCallback, match="a part of the form has no ="):
        parse_status_callback(json.dumps(LEAST), content_type="application/x-www-form-urlencoded")


class Fields(dict):
    """The fields of a form as web frameworks have them: one value of each is shown."""

    def getlist(self, key):
        return dict.__getitem__(self, key)

    def __getitem__(self, key):
        return dict.__getitem__(self, key)[-1]

    def items(self):
        return [(key, self[key]) for key in self]


@pytest.mark.parametrize("kind", [dict, Fields])
def test_the_fields_of_a_form_are_read(kind):
    """A list of one value for each, or a mapping that shows one value."""
    assert parse_status_callback(kind(parse_qs(FORM))) == parse_status_callback(CAPITAL)
    with pytest.raises(UnreadableCallback, match="it says 'Status' twice"):
        parse_status_callback(kind(parse_qs(f"{FORM}&Status=Failed")))
    with pytest.raises(UnreadableCallback, match="it says status twice"):
        parse_status_callback(kind(parse_qs(f"{FORM}&status=Failed")))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (f"{FORM}&Status=Completed", "it says 'Status' twice"),
        (f"{FORM}&status=Failed", "the keys 'Status' and 'status' could be taken for each other"),
        (f"{FORM}&Campaign_Sid=a1", "it says campaign_sid twice"),
        (f"{FORM}&note=1&note=2", "it says 'note' twice"),
        (f"{FORM}&note", "a part of the form has no ="),
        (f"{FORM}&&note", "a part of the form has no ="),
        (f"{FORM}&note=%4", "a % in it stands before"),
        (f"{FORM}&note=%zz", "a % in it stands before"),
        (f"{FORM}&note=%ff", "it is not UTF-8"),
        ("Status=Completed", "it names no campaign"),
        (f"CampaignSid={ID}", "it names no status"),
        (f"{FORM}&note={'x' * 65536}", "it is larger than 65536 bytes"),
    ],
)
def test_a_form_that_cannot_be_read_in_one_way_says_why(body, expected):
    """What is there twice is refused as in JSON."""
    assert reason(body).startswith(expected)


@pytest.mark.parametrize("form", [f"{FORM}&", f"&{FORM}", FORM.replace("&", "&&"), f"&&{FORM}&&\r\n"])
def test_an_empty_part_of_a_form_says_nothing(form):
    """Every parser skips it."""
    callback = parse_status_callback(form)
    assert callback == parse_status_callback(CAPITAL)
    assert callback.raw == parse_status_callback(FORM).raw


def test_the_values_of_a_form_may_be_bytes():
    """Tornado has decoded the keys and not the values."""
    fields = {key: [value.encode() for value in values] for key, values in parse_qs(FORM).items()}
    assert parse_status_callback(fields) == parse_status_callback(CAPITAL)
    assert parse_status_callback(fields).stats == parse_status_callback(FORM).stats
    assert reason({**fields, "Status": [b"Completed", b"Failed"]}) == "it says 'Status' twice"
    assert reason({**fields, "Note": [b"\xff"]}) == "it is not UTF-8"
    assert reason({**fields, "CampaignSid": [b"a1", "a1"]}) == "it names no campaign"


@pytest.mark.parametrize("change", [{"date_updated": "2022-08-19T12:21:34"}, {"report_url": ["x"]}])
def test_what_is_oddly_typed_is_kept(change):
    """A time without a zone is no time, but it is what was said."""
    assert parse_status_callback({**LEAST, **change}).raw == change


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"CampaignSid": ID}, "it says campaign_sid twice"),
        ({"CampaignSid": "camp_abc123"}, "it says campaign_sid twice"),
        ({"Status": "completed"}, "it says status twice"),
        ({"STATUS": "failed"}, "it says status twice"),
        ({"DateCreated": None}, "it says date_created twice"),
        ({"dateUpdated": "2022-08-19T12:21:34+05:30"}, "it says date_updated twice"),
        ({"ReportUrl": REPORT}, "it says report_url twice"),
        ({"stats": {}, "Stats": None}, "it says stats twice"),
    ],
)
def test_what_is_said_twice_is_not_read_at_all(change, expected):
    """In two spellings, even if both say the same: another reader may take the other one."""
    assert reason({**SNAKE, **change}) == expected


@pytest.mark.parametrize(
    "body",
    [
        f'{{"campaign_sid": "{ID}", "status": "completed", "status": "failed"}}',
        f'{{"campaign_sid": "{ID}", "status": "completed", "Status": "completed"}}',
        f'{{"campaign_sid": "{ID}", "campaign_sid": "{ID}", "status": "completed"}}',
        f'{{"campaign_sid": "{ID}", "CampaignSid": "a1", "status": "completed"}}',
    ],
)
def test_a_body_with_doubled_keys_is_not_read_at_all(body):
    """What two parsers could read differently is no basis for anything."""
    assert reason(body)
    assert reason(body.encode())


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, "it names no campaign"),
        ({"status": "completed"}, "it names no campaign"),
        ({**LEAST, "campaign_sid": None}, "it names no campaign"),
        ({**LEAST, "campaign_sid": 5}, "it names no campaign"),
        ({**LEAST, "campaign_sid": ""}, "it names no campaign"),
        ({**LEAST, "campaign_sid": "../../accounts"}, "it names no campaign"),
        ({**LEAST, "campaign_sid": f"{ID}\n"}, "it names no campaign"),
        ({**LEAST, "campaign_sid": "a" * 65}, "it names no campaign"),
        ({"campaign_sid": ID}, "it names no status"),
        ({**LEAST, "status": None}, "it names no status"),
        ({**LEAST, "status": 5}, "it names no status"),
        ({**LEAST, "status": ["completed"]}, "it names no status"),
        (b"", "it is empty"),
        ("  ", "it is empty"),
        (b"\xff", "it is not UTF-8"),
        ("\ud800", "it is not UTF-8"),
        ("[]", "it is not a JSON object"),
        ("null", "it is not a JSON object"),
        ('"completed"', "it is not a JSON object"),
        ("5", "it is not a JSON object"),
        ('{"campaign_sid": NaN, "status": "completed"}', "NaN is not JSON"),
        (f"{json.dumps(LEAST)}x", "it is not JSON"),
        ("[" * 20_000, "it is nested too deeply"),
    ],
)
def test_what_cannot_be_read_in_one_way_says_why(body, expected):
    """No campaign, no status, no JSON object."""
    assert reason(body).startswith(expected)


def test_a_body_may_have_64_kib():
    """Counted in bytes, whether it comes as bytes or as a text."""
    most = json.dumps(LEAST).ljust(65536)
    assert parse_status_callback(most) == parse_status_callback(most.encode()) == parse_status_callback(LEAST)
    assert reason(f"{most} ") == "it is larger than 65536 bytes"
    assert reason(f"{most} ".encode()) == "it is larger than 65536 bytes"
    wide = json.dumps({**LEAST, "note": "ä" * 40_000}, ensure_ascii=False)
    assert len(wide) < 65536
    assert reason(wide) == "it is larger than 65536 bytes"


@pytest.mark.parametrize("shown", [repr, str, "{!r}".format])
def test_the_link_to_the_report_is_not_shown(shown):
    """Anybody who has it can read the report."""
    callback = parse_status_callback({**SNAKE, "note": "canary-4711"})
    assert shown(callback) == f"StatusCallback(campaign_id='{ID}', claimed_status='completed')"


def test_a_callback_cannot_be_changed_and_can_be_sent_to_another_process():
    """It is a value."""
    callback = parse_status_callback(SNAKE)
    with pytest.raises(AttributeError):
        callback.claimed_status = Status.PAUSED
    again = pickle.loads(pickle.dumps(callback))
    assert again == callback
    assert again.report_url == REPORT


def test_the_error_is_a_value_error_that_survives_pickling():
    """It says what to do instead."""
    with pytest.raises(ValueError) as caught:
        parse_status_callback({"campaign_sid": ID})
    assert str(caught.value).endswith("names no status. Read the campaign instead.")
    assert isinstance(caught.value, UnreadableCallback)
    assert isinstance(caught.value, CampaignFsmError)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (type(again), again.reason, str(again)) == (UnreadableCallback, "it names no status", str(caught.value))


@pytest.mark.parametrize(
    "document",
    [
        True,
        [],
        None,
        1.5,
        10**30,
        [LEAST],
        ["completed"],
    ],
)
def test_what_a_framework_makes_of_another_body_is_unreadable(document):
    """Anybody can post ``null``, a number or a list, and the framework hands it on."""
    assert reason(document)


def test_an_error_stays_short():
    """Nobody fills a log with 64 KiB a line."""
    assert len(reason(json.dumps({"a" * 30_000: 1, "A" * 30_000: 2}))) < 1000


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=5,
)
NAMES = st.sampled_from([*SNAKE, *CAPITAL, "STATUS"]) | st.text(max_size=6)
DOCUMENTS = st.dictionaries(NAMES, st.sampled_from([ID, "completed", *SNAKE.values()]) | VALUES, max_size=6)


def check(body):
    try:
        callback = parse_status_callback(body)
    except UnreadableCallback as error:
        assert str(error).isprintable()
        assert REPORT not in str(error)
        return
    assert isinstance(callback, StatusCallback)
    assert repr(callback).isprintable()
    assert REPORT not in repr(callback)
    assert all(type(count) is int for count in callback.stats.values())
    assert hash(callback) == hash(parse_status_callback(body))
    assert callback.created is None or callback.created.utcoffset() is not None


@given(
    st.binary(max_size=200)
    | st.text(st.characters(), max_size=200)
    | DOCUMENTS.map(json.dumps)
    | DOCUMENTS.map(lambda document: json.dumps(document).encode())
    | DOCUMENTS.map(lambda document: urlencode(document, errors="replace"))
    | st.tuples(DOCUMENTS, st.integers(0, 300), st.binary(max_size=3)).map(
        lambda parts: (text := json.dumps(parts[0]).encode())[: parts[1]] + parts[2] + text[parts[1] + 1 :]
    )
)
@example(json.dumps(SNAKE))
@example(FORM)
@example('{"a":' * 10_000)
@example(f'{{"campaign_sid": {"9" * 5000}}}')
@example(b'\xef\xbb\xbf{"campaign_sid": "a1", "status": "completed"}')
def test_no_body_raises_anything_else(body):
    """Whatever the bytes: a callback, or the one error."""
    check(body)


@given(DOCUMENTS | st.dictionaries(NAMES | st.integers() | st.none(), VALUES, max_size=4))
@example(SNAKE)
def test_no_object_raises_anything_else(document):
    """Whatever a framework has read: a callback, or the one error."""
    check(document)

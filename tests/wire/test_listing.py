"""Pages: what is asked for, and what an answer has to hold."""

import json

import attrs
import pytest

from campaign_fsm import (
    CallRecipient,
    CampaignClient,
    Channel,
    MessageRecipient,
    Recipient,
    Simulator,
    SimulatorTransport,
    Status,
)
from campaign_fsm.wire.answer import Answer, NotReadable
from campaign_fsm.wire.listing import PAGE_SIZES, Filter, details_query, is_name, read_page
from campaign_fsm.wire.schedule import parse_time

NUMBER = "+919876543210"
SUCCESS = {"code": 200, "status": "success", "error_data": None, "data": {"sid": "a1", "status": "paused"}}
FAILURE = {"code": 404, "status": "failure", "error_data": {"code": 1001, "description": "no such"}, "data": None}


def answer(document, status_code=200):
    return Answer(status_code, (), document if isinstance(document, bytes) else json.dumps(document).encode())


def page(response, **fields):
    return read_page(answer({"request_id": "r1", "method": "GET", "http_code": 200, "response": response, **fields}))


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (None, set()),
        ([], set()),
        ("paused", {"paused"}),
        (Status.IN_PROGRESS, {"in-progress"}),
        (["paused", Status.CREATED, "paused"], {"paused", "created"}),
        ({"completed", "archived"}, {"completed", "archived"}),
        (("failed", "canceled", "deleted"), {"failed", "canceled", "deleted"}),
    ],
)
@pytest.mark.parametrize("channel", Channel)
def test_a_filter_takes_one_status_or_several(channel, status, expected):
    """By its canonical name or as a `Status`; a text is one status, not a list of letters."""
    wanted = Filter.of(channel, status)
    assert {one.value for one in wanted.statuses} == expected
    assert all(isinstance(one, Status) for one in wanted.statuses)


@pytest.mark.parametrize("status", ["unknown", Status.UNKNOWN, "Paused", "scheduled", "", "p", [5], ["paused", "gone"]])
@pytest.mark.parametrize("channel", Channel)
def test_a_filter_refuses_what_is_no_status(channel, status):
    """And says what is one; the wire's other spellings are not for callers."""
    with pytest.raises(ValueError, match="is not a status; use one of created, in-progress, paused") as caught:
        Filter.of(channel, status)
    assert "unknown" not in str(caught.value).partition("use one of")[2]


@pytest.mark.parametrize(
    ("channel", "sort", "expected"),
    [
        ("message", None, None),
        ("voice", None, None),
        ("message", "name", "name:asc"),
        ("message", "name:desc", "name:desc"),
        ("message", "schedule.start_time", "schedule.start_time:asc"),
        ("message", "schedule.start_time:desc", "schedule.start_time:desc"),
        ("voice", "date_created:asc", "date_created:asc"),
        ("voice", "name", "name:asc"),
    ],
)
def test_a_list_is_sorted_by_what_its_channel_knows(channel, sort, expected):
    """The documented keys, ascending unless it says otherwise; in the server's own order where nobody asks."""
    assert Filter.of(Channel(channel), None, None, sort).sort == expected


@pytest.mark.parametrize(
    ("channel", "sort"),
    [
        ("voice", "schedule.start_time"),
        ("voice", "schedule.start_time:asc"),
        ("voice", "schedule.send_at"),
        ("message", "date_created"),
        ("message", "date_created:desc"),
        ("message", "schedule.end_time"),
        ("message", "status"),
        ("message", ""),
        ("message", "name:"),
        ("message", "name:up"),
        ("message", "name:DESC"),
        ("message", "name:asc:desc"),
        ("message", ":asc"),
        ("message", "name,date_created"),
    ],
)
def test_an_order_that_is_on_no_page_is_refused(channel, sort):
    """And the error says which there are on this channel."""
    keys = {"message": "schedule.start_time, name", "voice": "date_created, name"}[channel]
    with pytest.raises(ValueError, match=f"^sort must be one of {keys} on {channel} campaigns, with :asc or :desc"):
        Filter.of(Channel(channel), None, None, sort)


@pytest.mark.parametrize(
    ("channel", "status", "name", "sort", "expected"),
    [
        ("message", None, None, None, "channel=SMS&offset=40&limit=20"),
        ("message", None, None, "name:desc", "channel=SMS&offset=40&limit=20&sort_by=name:desc"),
        ("voice", None, None, None, "offset=40&limit=20"),
        ("voice", None, None, "date_created:desc", "offset=40&limit=20&sort_by=date_created:desc"),
        ("message", "created", None, "name", "channel=SMS&offset=40&limit=20&status=scheduled&sort_by=name:asc"),
        ("voice", "created", None, "name", "offset=40&limit=20&status=created&sort_by=name:asc"),
        (
            "message",
            ["paused", "created", "in-progress"],
            None,
            "schedule.start_time",
            "channel=SMS&offset=40&limit=20&status=in-progress,paused,scheduled&sort_by=schedule.start_time:asc",
        ),
        (
            "voice",
            ["paused", "created", "in-progress"],
            None,
            "name:desc",
            "offset=40&limit=20&status=created,in-progress,paused&sort_by=name:desc",
        ),
        (
            "message",
            "paused",
            "a&b=c #1 ü",
            "name",
            "channel=SMS&offset=40&limit=20&name=a%26b%3Dc+%231+%C3%BC&status=paused&sort_by=name:asc",
        ),
        (
            "voice",
            None,
            "x&status=archived",
            "name",
            "offset=40&limit=20&name=x%26status%3Darchived&sort_by=name:asc",
        ),
    ],
)
def test_a_page_is_asked_for_as_documented(channel, status, name, sort, expected):
    """Message lists carry their channel and say `scheduled` for created; a name stays one value."""
    assert Filter.of(Channel(channel), status, name, sort).query(Channel(channel), 40, 20) == expected


@pytest.mark.parametrize("status", ["failed", "canceled", "deleted", ["paused", "failed"]])
def test_the_list_of_message_campaigns_is_not_asked_for_what_it_cannot_filter_by(status):
    """It is read whole: a part of the statuses would hide the others."""
    assert Filter.of(Channel.MESSAGE, status).query(Channel.MESSAGE, 0, 50) == "channel=SMS&offset=0&limit=50"
    words = status if isinstance(status, str) else "failed,paused"
    assert Filter.of(Channel.VOICE, status).query(Channel.VOICE, 0, 50) == f"offset=0&limit=50&status={words}"


def test_the_list_of_message_campaigns_knows_five_statuses():
    """In its own words."""
    five = ["created", "in-progress", "paused", "completed", "archived"]
    query = Filter.of(Channel.MESSAGE, five).query(Channel.MESSAGE, 0, 50)
    assert query.endswith("&status=archived,completed,in-progress,paused,scheduled")


def test_the_list_of_message_campaigns_looks_for_three_characters_or_more():
    """Who asks for less is told so, and a shorter whole name is not sent."""
    with pytest.raises(ValueError, match="names of at least 3 characters; find looks for a whole name"):
        Filter.of(Channel.MESSAGE, None, "ab")
    assert Filter(name="ab").query(Channel.MESSAGE, 0, 50) == "channel=SMS&offset=0&limit=50"
    assert Filter.of(Channel.MESSAGE, None, "abc").query(Channel.MESSAGE, 0, 50).endswith("&name=abc")
    assert Filter.of(Channel.VOICE, None, "ab").query(Channel.VOICE, 0, 50).endswith("&name=ab")


@pytest.mark.parametrize(("channel", "default", "greatest"), [("message", 20, 50), ("voice", 20, 500)])
def test_pages_are_as_large_as_documented(channel, default, greatest):
    """The greatest documented page is asked for, a greater one is refused before anything is sent."""
    assert PAGE_SIZES[Channel(channel)] == (default, greatest)
    simulator = Simulator()
    simulator.add(channel=channel)
    settings = {"account_sid": "acme1", "api_key": "key", "api_token": "token", "channel": channel}
    with CampaignClient(**settings, transport=SimulatorTransport(simulator)) as client:
        for wrong in (greatest + 1, 0, -1, True, "20"):
            with pytest.raises(ValueError, match=f"page_size must be 1 to {greatest} on {channel} campaigns"):
                list(client.list(page_size=wrong))
        assert simulator.journal == ()
        for right in (greatest, 1):
            assert len(list(client.list(page_size=right))) == 1
            assert simulator.journal[-1].path.endswith(
                f"&limit={right}" if channel == "message" else f"?offset=0&limit={right}"
            )


@pytest.mark.parametrize(
    ("metadata", "total"),
    [
        ({"count": 1, "offset": 0, "total": 7, "limit": 20}, 7),
        ({"total": 0}, 0),
        ({}, None),
        (None, None),
        ([7], None),
        ("7", None),
        ({"total": None}, None),
        ({"total": "7"}, None),
        ({"total": 7.0}, None),
        ({"total": True}, None),
        ({"total": -1}, None),
        ({"total": [7]}, None),
    ],
)
def test_an_odd_total_is_no_total(metadata, total):
    """The list goes on until a page is short; nobody counts with what is no count."""
    assert page([SUCCESS], metadata=metadata).total == total


def test_a_page_without_metadata_has_no_total():
    """It still has its items."""
    found = page([SUCCESS, SUCCESS])
    assert found.total is None
    assert len(found.items) == 2


@pytest.mark.parametrize("response", [[], None])
def test_a_page_with_nothing_on_it_is_empty(response):
    """An empty list and null alike."""
    assert page(response, metadata={"total": 0}).items == ()


@pytest.mark.parametrize(
    "document",
    [
        {"http_code": 200},
        {"response": SUCCESS},
        {"response": {}},
        {"response": "ok"},
        {"response": 0},
        {"response": False},
        {"response": [SUCCESS, None]},
        {"response": [SUCCESS, "paused"]},
        {"response": [[SUCCESS]]},
        {"response": [5]},
        {"RestException": {"Status": 404, "Message": "no such"}},
        [],
        [SUCCESS],
        b"",
        b"<html>Bad gateway</html>",
        b'{"response": [], "response": null}',
        b'{"response": [], "Response": []}',
        b"\xff",
    ],
)
def test_what_holds_no_list_of_items_is_no_page(document):
    """One object is a detail, not a list; anything else is nothing at all."""
    with pytest.raises(NotReadable):
        read_page(answer(document))


@pytest.mark.parametrize(
    "item",
    [
        {**SUCCESS, "code": 404},
        {**SUCCESS, "code": 500},
        {**SUCCESS, "status": "failure"},
        {**FAILURE, "code": 200},
        {**FAILURE, "status": "success"},
        {**SUCCESS, "status": "maybe"},
        {**SUCCESS, "status": True},
        {**SUCCESS, "code": True},
        {**SUCCESS, "code": "200"},
        {**SUCCESS, "code": None},
        {**SUCCESS, "code": 200.0},
    ],
)
def test_an_item_that_contradicts_itself_spoils_the_page(item):
    """Whether it is there is unknown."""
    with pytest.raises(NotReadable):
        page([SUCCESS, item])


def test_a_failed_item_is_on_the_page_as_a_failed_one():
    """A 200 or 207 envelope can hold some; the item's own code counts."""
    document = {"request_id": "r1", "http_code": 207, "response": [SUCCESS, FAILURE]}
    good, bad = read_page(answer(document, 207)).items
    assert (good.failed, good.code, good.data) == (False, 200, {"sid": "a1", "status": "paused"})
    assert (bad.failed, bad.code, bad.data, bad.error) == (True, 404, {}, {"code": 1001, "description": "no such"})


def test_an_item_without_a_code_has_that_of_the_answer():
    """And one without data has none."""
    (item,) = page([{"data": {"sid": "a1"}}]).items
    assert (item.code, item.failed, item.data) == (200, False, {"sid": "a1"})
    (item,) = page([{"code": 200, "status": "success", "data": ["a1"]}]).items
    assert item.data == {}


@pytest.mark.parametrize(
    "document",
    [
        {"http_code": 500, "response": []},
        {"http_code": 404, "response": None},
        {"http_code": 503, "response": [SUCCESS]},
        {"http_code": True, "response": []},
        {"response": None, "RestException": {"Status": 404, "Message": "no such"}},
    ],
)
def test_an_envelope_that_contradicts_the_answer_is_no_page(document):
    """An account without campaigns and one that could not be read are not the same."""
    with pytest.raises(NotReadable):
        read_page(answer(document))


def test_the_repr_of_a_recipient_shows_no_number():
    """Only the status; everything that the server says is in `raw`."""
    (item,) = page([{"code": 200, "data": {"to": NUMBER, "status": "sent", "body": "canary", "price": 0.17}}]).items
    recipient = Recipient.of(item)
    assert recipient.raw == {"to": NUMBER, "status": "sent", "body": "canary", "price": 0.17}
    assert repr(recipient) == str(recipient) == f"{recipient!s}" == "Recipient(status='sent')"


# One of each, with every field that the pages call-details and sms-details name.
CALL = {
    "number": NUMBER,
    "name": "Asha",
    "duration": 31,
    "date_created": "2022-08-10T21:47:52+05:30",
    "status": "completed",
    "digit": "4",
    "recording_url": "https://recordings.example/canary.mp3",
    "start_time": "2022-08-10T21:48:00+05:30",
    "end_time": "2022-08-10T21:48:31+05:30",
    "caller_id": "08012345678",
    "direction": "outbound-api",
    "call_sid": "c1",
}
MESSAGE = {
    "number": NUMBER,
    "name": "Asha",
    "message": "canary: your code is 4711",
    "status": "sent",
    "detailed_status": "DELIVERED_TO_HANDSET",
    "schedule_time": "2022-08-10T21:47:52+05:30",
    "sender_id": "EXOTEL",
    "direction": "outbound-api",
    "sid": "s1",
}
BOTH = [(CallRecipient, CALL), (MessageRecipient, MESSAGE)]


@pytest.mark.parametrize(("kind", "fields"), BOTH)
def test_every_documented_field_of_a_recipient_is_read(kind, fields):
    """Under its own name, times as aware datetimes; raw stays whole."""
    (item,) = page([{"code": 200, "status": "success", "data": {**fields, "new": 1}, "beside": 2}]).items
    found = kind.of(item)
    assert isinstance(found, Recipient)
    for name, value in fields.items():
        assert getattr(found, name) == (parse_time(value) if "time" in name or "date" in name else value)
    assert found.raw == {**fields, "new": 1, "beside": 2}
    assert {*fields, "raw"} == {each.name for each in attrs.fields(kind)}
    assert hash(found) == hash(kind.of(item))


@pytest.mark.parametrize(("kind", "fields"), BOTH)
@pytest.mark.parametrize("odd", [None, 5.5, True, ["x"], "2022-08-10T21:47:52"])
def test_a_field_of_a_recipient_that_is_of_another_type_is_in_raw_alone(kind, fields, odd):
    """A time without an offset is no time, and a true is no duration."""
    (item,) = page([{"code": 200, "data": dict.fromkeys(fields, odd)}]).items
    found = kind.of(item)
    assert found.raw == dict.fromkeys(fields, odd)
    times = {"duration", "date_created", "start_time", "end_time", "schedule_time"}
    for name in fields:
        assert getattr(found, name) == (odd if isinstance(odd, str) and name not in times else None)


@pytest.mark.parametrize(("kind", "fields"), BOTH)
def test_the_repr_of_each_recipient_shows_its_status_alone(kind, fields):
    """No number, name, text or recording."""
    (item,) = page([{"code": 200, "data": fields}]).items
    assert repr(kind.of(item)) == str(kind.of(item)) == f"{kind.__name__}(status={fields['status']!r})"


@pytest.mark.parametrize("kind", [Recipient, CallRecipient, MessageRecipient])
@pytest.mark.parametrize(
    ("status", "shown"),
    [
        ("no-answer", "'no-answer'"),
        (f"failed {NUMBER} Asha", f"'[{len(NUMBER) + 12} characters]'"),
        ("failed 9812345678", "'failed ##########'"),
        ("sent " * 20, "'[100 characters]'"),
        (None, "None"),
    ],
)
def test_the_repr_of_a_recipient_shows_only_a_status_that_is_a_word(kind, status, shown):
    """A server may write there what it likes; the attribute has it as it came."""
    (item,) = page([{"code": 200, "data": {"status": status}}]).items
    assert kind.of(item).status == status
    assert repr(kind.of(item)) == f"{kind.__name__}(status={shown})"


@pytest.mark.parametrize("status", [None, 5, ["sent"], {"sent": 1}])
def test_the_status_of_a_recipient_is_a_text_or_none(status):
    """What is something else stays in `raw` alone."""
    (item,) = page([{"code": 200, "data": {"status": status}}]).items
    assert Recipient.of(item).status is None
    assert Recipient.of(item).raw == {"status": status}


def test_recipients_can_be_kept_in_a_set():
    """Equal ones once, others by themselves."""
    items = page([{"data": {"to": to, "status": "sent"}} for to in ("1", "2", "1")]).items
    assert len({Recipient.of(item) for item in items}) == 2


@pytest.mark.parametrize(
    ("channel", "offset", "expected"),
    [
        ("message", 0, "channel=sms"),
        ("message", 50, "channel=sms&offset=50"),
        ("voice", 0, ""),
        ("voice", 50, "offset=50"),
    ],
)
def test_recipients_are_asked_for_as_documented(channel, offset, expected):
    """The first page without an offset, which no page documents; `sms` in small letters."""
    assert details_query(Channel(channel), offset) == expected


def test_calls_are_asked_for_by_their_status():
    """On call campaigns; of message campaigns no page has such a filter."""
    assert details_query(Channel.VOICE, 50, "no-answer&x") == "offset=50&status=no-answer%26x"
    with pytest.raises(ValueError, match="no filter by status"):
        details_query(Channel.MESSAGE, 0, "sent")
    with pytest.raises(ValueError, match="whole characters"):
        details_query(Channel.VOICE, 0, "\ud83d")


@pytest.mark.parametrize(
    ("value", "expected"),
    [("diwali", True), (" a ", True), ("", False), (" ", False), ("a\nb", False), (None, False), (5, False)],
)
def test_a_name_to_look_for_is_one_line_that_is_not_blank(value, expected):
    """Nothing else could be asked for."""
    assert is_name(value) is expected

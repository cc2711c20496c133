"""Campaigns and answers as the vendor's pages show them."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign_fsm.private import redact, secrets_of
from campaign_fsm.rules import Channel, Status
from campaign_fsm.wire.answer import Answer, NotReadable
from campaign_fsm.wire.campaign import Campaign, campaign_from
from campaign_fsm.wire.envelope import read_item
from campaign_fsm.wire.failure import api_error
from campaign_fsm.wire.reading import read_status
from campaign_fsm.wire.schedule import parse_time
from campaign_fsm.wire.target import Target

NOW = datetime(2022, 8, 20, tzinfo=UTC)
INDIA = timezone(timedelta(hours=5, minutes=30))
SEED_ID = "90dad70b939f469fbf8b801660148272"

# The update response of https://developer.exotel.com/api/update-sms-campaign-3, whole.
SEED = {
    "request_id": "cb8733a7c65a4a8586d6d4e8a3357088",
    "method": "PUT",
    "http_code": 200,
    "response": {
        "code": 200,
        "status": "success",
        "data": {
            "name": "camp1",
            "content_type": "static",
            "sid": SEED_ID,
            "account_sid": "Exotel",
            "lists": ["f2284e77ea5a4224911251b08f861af2"],
            "schedule": {"start_time": "2022-08-10T21:57:00+05:30", "end_time": "2022-09-09T21:57:00+05:30"},
            "status_callback": None,
            "sms_status_callback": "https://www.test-campaign.com",
            "status": "archived",
            "report_url": "https://exotelreports.s3.ap-southeast-1.amazonaws.com/sms-campaign-report/account_sid=Exotel/"
            "_timestamp=1660170935/8220cbfd56b04f3db7d885316158fc1f.csv",
            "dlt_template_id": "1107160016142600511",
            "dlt_entitiy_id": "1101428740000012125",
            "sender_id": "EXOTEL",
            "channel": "SMS",
            "sms_type": "transactional",
            "template": "12345 is your One Time Password (OTP) for logging into Exotel dashboard.",
            "estimated_cost": 0.17,
            "date_created": "2022-08-10T21:47:52+05:30",
            "date_updated": "2022-08-19T12:21:34+05:30",
            "stats": {
                "scheduled": 0,
                "submitted": 0,
                "failed": 0,
                "failed-dnd": 0,
                "invalid": 0,
                "failed-no-attempt": 0,
                "sent": 1,
                "failed-expired": 0,
                "failed-no-balance": 0,
            },
        },
    },
}
# A voice item in a list envelope, after https://developer.exotel.com/api/create-campaign.
VOICE = {
    "request_id": "r2",
    "method": "GET",
    "http_code": 200,
    "response": [
        {
            "code": 200,
            "error_data": None,
            "status": "success",
            "data": {
                "id": "camp_abc123",
                "account_sid": "Exotel",
                "name": "diwali",
                "type": "trans",
                "caller_id": "0XXXXXX2400",
                "schedule": {"send_at": "2022-08-30T10:00:00+05:30", "end_at": None},
                "status": "Created",
                "date_created": "2022-08-10T21:47:52",
                "stats": {"created": 5, "completed": 0, "failed": 0, "pending": 5, "odd": "many"},
            },
        }
    ],
}


def target(id=SEED_ID, collection="message-campaigns"):
    return Target("", "Exotel", collection, id, ())


def parse(document, where):
    answer = Answer(200, (), json.dumps(document).encode())
    return campaign_from(read_status(answer, where), where.id, where.channel, NOW)


def test_the_sample_of_the_seed_parses():
    """Every field of the vendor's own sample is understood or kept."""
    campaign = parse(SEED, target())
    assert (campaign.id, campaign.status, campaign.raw_status, campaign.name) == (
        SEED_ID,
        "archived",
        "archived",
        "camp1",
    )
    assert campaign.schedule.start == datetime(2022, 8, 10, 21, 57, tzinfo=INDIA)
    assert campaign.schedule.end == datetime(2022, 9, 9, 21, 57, tzinfo=INDIA)
    assert campaign.created == datetime(2022, 8, 10, 21, 47, 52, tzinfo=INDIA)
    assert campaign.updated == datetime(2022, 8, 19, 12, 21, 34, tzinfo=INDIA)
    assert campaign.stats["sent"] == 1
    assert len(campaign.stats) == 9
    assert campaign.lists == ("f2284e77ea5a4224911251b08f861af2",)
    assert campaign.callbacks == {"sms_status_callback": "https://www.test-campaign.com"}
    assert campaign.estimated_cost == 0.17
    assert campaign.report_url.endswith(".csv")
    assert campaign.template.startswith("12345 is your")
    assert campaign.pending == 0
    assert campaign.started
    assert set(campaign.raw) == {
        "content_type",
        "account_sid",
        "dlt_template_id",
        "dlt_entitiy_id",
        "sender_id",
        "channel",
        "sms_type",
    }


def test_a_voice_item_parses_and_loses_nothing():
    """Capitalised status, `id`, a list of items; naive times and odd stats are kept raw."""
    campaign = parse(VOICE, target("camp_abc123", "campaigns"))
    assert (campaign.status, campaign.raw_status, campaign.channel) == (Status.CREATED, "Created", Channel.VOICE)
    assert campaign.pending == 5
    assert not campaign.started
    assert campaign.schedule.end is None
    assert campaign.created is None
    assert campaign.raw["date_created"] == "2022-08-10T21:47:52"
    assert campaign.raw["stats"] == {"odd": "many"}


COUNTS = {"call_scheduled": 5, "call_initialized": 0, "call_completed": 2, "call_failed": 1, "call_inprogress": 0}


@pytest.mark.parametrize("inside", [True, False])
def test_a_summary_of_calls_is_kept_and_is_no_part_of_the_stats(inside):
    """Inside the data of an item or beside it; what else stands beside it is kept, too."""
    (item,) = VOICE["response"]
    more = {"summary": {**COUNTS, "note": "x"}, "uri": "/v2/x", "name": "another"}
    data = {**item["data"], **(more if inside else {}), "name": "diwali"}
    document = {**VOICE, "response": [{**item, **({} if inside else more), "data": data}]}
    campaign = parse(document, target("camp_abc123", "campaigns"))
    assert (campaign.summary, campaign.stats, campaign.name) == (
        COUNTS,
        parse(VOICE, target("camp_abc123", "campaigns")).stats,
        "diwali",
    )
    assert (campaign.raw["summary"], campaign.raw["uri"]) == ({"note": "x"}, "/v2/x")
    assert campaign.as_dict()["summary"] == COUNTS
    assert hash(campaign) == hash(parse(document, target("camp_abc123", "campaigns")))


def test_fields_that_only_clients_have_seen_survive():
    """``date_started`` is a time, the others come as they are; none of them says that a campaign has started."""
    seen = {"uri": "/v2/x", "call_status_callback_params": {"a": "b"}, "date_started": "2022-08-10T21:57:00+05:30"}
    (item,) = VOICE["response"]
    document = {**VOICE, "response": [{**item, "data": {**item["data"], **seen}}]}
    campaign = parse(document, target("camp_abc123", "campaigns"))
    assert campaign.started_at == datetime(2022, 8, 10, 21, 57, tzinfo=INDIA)
    assert (campaign.raw["uri"], campaign.raw["call_status_callback_params"]) == ("/v2/x", {"a": "b"})
    assert "date_started" not in campaign.raw
    assert (campaign.started, campaign.as_dict()["started_at"]) == (False, "2022-08-10T21:57:00+05:30")


def test_stats_keep_the_keys_of_the_vendor():
    """With underscores, as other pages write them."""
    counts = {"in_progress": 1, "busy": 2, "no_answer": 3, "failed_dnd": 4, "total": 5, "delivered": 6, "rejected": 7}
    document = {"response": {"code": 200, "data": {"sid": SEED_ID, "status": "paused", "stats": counts}}}
    assert parse(document, target()).stats == counts


@pytest.mark.parametrize("as_list", [True, False])
@pytest.mark.parametrize("code", [True, False])
def test_an_update_of_a_message_campaign_is_answered_in_two_forms(as_list, code):
    """With an object, or with a list of one item; without a code the item has that of the answer."""
    item = {key: value for key, value in SEED["response"].items() if code or key != "code"}
    document = {**SEED, "response": [item] if as_list else item}
    assert parse(document, target()) == parse(SEED, target())


def test_the_answers_of_the_guide_to_message_campaigns_are_read():
    """``id`` and ``Created``, and the times under the keys of call campaigns."""
    times = {"send_at": "2022-08-30T10:00:00+05:30", "end_at": "2022-08-30T18:00:00+05:30"}
    data = {"id": SEED_ID, "name": "camp1", "status": "Created", "schedule": times}
    campaign = parse({"response": [{"code": 200, "status": "success", "data": data}]}, target())
    assert (campaign.id, campaign.status, campaign.started, campaign.raw) == (SEED_ID, "created", False, {})
    assert campaign.schedule.start == datetime(2022, 8, 30, 10, tzinfo=INDIA)
    assert campaign.schedule.end == datetime(2022, 8, 30, 18, tzinfo=INDIA)
    for odd in ({"sid": "other"}, {"id": "other"}, {"sid": ["x"]}):
        with pytest.raises(NotReadable) as caught:
            parse({"response": [{"code": 200, "data": {**data, **odd}}]}, target())
        assert caught.value.code == "CF503"


def test_a_campaign_as_json_is_whole_and_plain():
    """Times with their offsets, and everything that was not understood; nothing in it is of a class of ours."""
    told = parse(SEED, target()).as_dict()
    data = SEED["response"]["data"]
    assert told == {
        "id": SEED_ID,
        "channel": "message",
        "name": "camp1",
        "status": "archived",
        "raw_status": "archived",
        "started": True,
        "schedule": {"start": "2022-08-10T21:57:00+05:30", "end": "2022-09-09T21:57:00+05:30"},
        "created": "2022-08-10T21:47:52+05:30",
        "updated": "2022-08-19T12:21:34+05:30",
        "started_at": None,
        "stats": data["stats"],
        "summary": {},
        "lists": data["lists"],
        "template": data["template"],
        "callbacks": {"sms_status_callback": "https://www.test-campaign.com"},
        "report_url": data["report_url"],
        "estimated_cost": 0.17,
        "raw": parse(SEED, target()).raw,
    }
    assert {type(value) for value in told.values()} == {str, bool, dict, list, float, type(None)}
    assert json.loads(json.dumps(told)) == told
    assert parse(VOICE, target("camp_abc123", "campaigns")).as_dict()["schedule"] == {
        "start": "2022-08-30T10:00:00+05:30",
        "end": None,
    }


def test_every_campaign_is_json():
    """Whatever a caller or a server puts into one."""
    odd = {
        "far": float("inf"),
        "many": 10**5000,
        "at": NOW,
        "kind": Channel.VOICE,
        "pair": ("a", {1: b"b"}),
        "half": "\ud83d",
    }
    campaign = Campaign("a1", Status.UNKNOWN, "?", Channel.VOICE, created=NOW, estimated_cost=float("nan"), raw=odd)
    told = json.loads(json.dumps(campaign.as_dict(), allow_nan=False))
    assert told["raw"] == {
        "far": "inf",
        "many": "<int>",
        "at": NOW.isoformat(),
        "kind": "voice",
        "pair": ["a", {"1": "b'b'"}],
        "half": "\ud83d",
    }
    assert (told["schedule"], told["estimated_cost"], told["created"]) == (None, "nan", NOW.isoformat())


def test_the_repr_shows_id_status_and_name_alone():
    """Nothing of the content of a campaign gets into a log by its repr."""
    assert repr(parse(SEED, target())) == f"Campaign(id='{SEED_ID}', status='archived', name='camp1')"


def test_a_campaign_is_frozen_and_hashable():
    """A reading cannot be changed after the fact."""
    campaign = parse(SEED, target())
    with pytest.raises(AttributeError):
        campaign.status = "paused"
    assert hash(campaign) == hash(parse(SEED, target()))


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from([*SEED["response"]["data"], "send_at", "new"]), ODD))
def test_oddly_typed_fields_are_kept_and_never_raise(fields):
    """Whatever a server puts into the other fields, the campaign is read and nothing is dropped."""
    fields.pop("account_sid", None)  # whose it is has to be right
    data = {**fields, "sid": SEED_ID, "status": "paused"}
    data.pop("id", None)
    document = {"response": {"code": 200, "data": data}}
    try:
        campaign = parse(document, target())
    except NotReadable as problem:
        assert "surrogate" in str(problem) or "taken for each other" in str(problem)
        return
    understood = {"sid", "status", "name", "schedule", "date_created", "date_updated", "stats", "lists", "template"}
    understood |= {"summary", "date_started", "status_callback", "sms_status_callback", "report_url", "estimated_cost"}
    for key, value in fields.items():
        if key not in understood and key != "id":
            assert campaign.raw[key] == value


HUGE = ["1e999", "-1e999", "9" * 400, "-" + "9" * 4300]


def described(parameters):
    """The campaign that a body describes, which is written by hand."""
    data = f'{{"sid": "{SEED_ID}", "status": "paused", {parameters}}}'
    answer = Answer(200, (), f'{{"response": {{"code": 200, "data": {data}}}}}'.encode())
    return campaign_from(read_status(answer, target()), SEED_ID, Channel.MESSAGE, NOW)


@pytest.mark.parametrize("digits", HUGE)
def test_a_number_that_no_float_holds_is_kept_as_it_came(digits):
    """A number of JSON may be of any size, whatever it stands for."""
    number = json.loads(digits)
    campaign = described(f'"estimated_cost": {digits}, "date_created": {digits}, "schedule": {{"end_time": {digits}}}')
    kept = {"estimated_cost": number, "date_created": number, "schedule": {"end_time": number}}
    assert (campaign.estimated_cost, campaign.created, campaign.raw) == (None, None, kept)
    campaign = described(f'"stats": {{"scheduled": {digits}}}')
    assert number in (campaign.pending, campaign.raw.get("stats", {}).get("scheduled"))


@pytest.mark.parametrize(("given", "cost"), [(0, 0.0), (-3, -3.0), (12.5, 12.5), (10**300, 1e300)])
def test_a_cost_is_a_float(given, cost):
    """Whole or not; true is none."""
    document = {"response": {"code": 200, "data": {"sid": SEED_ID, "status": "paused", "estimated_cost": given}}}
    campaign = parse(document, target())
    assert (type(campaign.estimated_cost), campaign.estimated_cost, campaign.raw) == (float, cost, {})
    document["response"]["data"]["estimated_cost"] = True
    assert parse(document, target()).raw == {"estimated_cost": True}


@pytest.mark.parametrize("value", ["2022-08-10T21:57:00+05:30", "2022-08-10T16:27:00Z"])
def test_moments_are_aware(value):
    """RFC 3339 with an offset, in both spellings."""
    assert parse_time(value) == datetime(2022, 8, 10, 16, 27, tzinfo=UTC)


@pytest.mark.parametrize("value", ["2022-08-10T21:57:00", "", "soon", 5, None, "0001-01-01T00:00:00+23:59"])
def test_what_is_no_moment_is_none(value):
    """A time without a zone could be any time, so it is none."""
    assert parse_time(value) is None


@pytest.mark.parametrize(
    ("status_code", "kind"),
    [
        (400, "BadRequest"),
        (401, "AuthenticationError"),
        (402, "PaymentRequired"),
        (403, "Forbidden"),
        (404, "NotFound"),
        (409, "Conflict"),
        (418, "ApiError"),
        (429, "RateLimited"),
        (500, "ServerError"),
        (504, "ServerError"),
        (302, "UnexpectedRedirect"),
        (204, "UnexpectedAnswer"),
    ],
)
@pytest.mark.parametrize(
    "body",
    [
        b'{"request_id": "r9", "response": {"status": "failure", "error_data": {"code": 1010, "description": "bad"}}}',
        b'{"request_id": "r9", "response": [{"status": "failure", "error_data": {"code": "1010", "message": "bad"}}]}',
        b'{"request_id": "r9", "RestException": {"Status": 400, "Code": 1010, "Message": "bad"}}',
    ],
)
def test_errors_are_distinguished_by_status_code(status_code, kind, body):
    """All documented error forms give code, text and request id."""
    error = api_error(Answer(status_code, ((b"Retry-After", b"7"),), body), "PUT", target())
    assert type(error).__name__ == kind
    assert (error.error_code, error.description, error.request_id, error.retry_after) == ("1010", "bad", "r9", 7.0)
    assert str(status_code) in str(error)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"null",
        b'{"response": []}',
        b'{"response": [1]}',
        b'{"response": {"error_data": [1]}}',
        b'{"RestException": 1}',
        b"[" * 100_000,
    ],
)
def test_a_malformed_error_is_still_an_error(body):
    """HTML from a proxy, wrong shapes, nothing at all: the status code remains."""
    assert api_error(Answer(502, (), body), "GET", target()).status_code == 502


def test_an_item_that_failed_inside_a_success_counts_by_its_own_code():
    """A 200 or 207 envelope can hold a failed item."""
    body = b'{"http_code": 207, "response": [{"code": 409, "status": "failure", "error_data": {"code": 1}}]}'
    assert read_item(Answer(207, (), body)).failed
    assert type(api_error(Answer(207, (), body), "PUT", target())).__name__ == "Conflict"


def test_text_of_the_server_cannot_drive_a_terminal():
    """Control characters are blanked and long texts are cut."""
    body = json.dumps({"RestException": {"Message": "\x1b[2Jgone\r\n" + "x" * 1000}}).encode()
    error = api_error(Answer(400, (), body), "GET", target())
    assert "\x1b" not in str(error)
    assert "\n" not in str(error)
    assert len(error.description) <= 301


def test_secrets_are_cut_from_what_a_server_echoes():
    """Blob, pair, key and token all go, wherever they stand."""
    secrets = secrets_of(((b"authorization", b"Basic a2V5MTIzOnRva2VuNDU2"),))
    text = redact("Basic a2V5MTIzOnRva2VuNDU2, key123:token456, token456 and key123", secrets)
    assert text == "Basic [redacted], [redacted], [redacted] and [redacted]"

"""Drafts: every documented limit at its edge, every problem at once, and the names on the wire."""

import itertools
import json
import pickle
import string
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign_fsm import (
    Campaign,
    CampaignClient,
    Channel,
    MessageCampaignDraft,
    Retries,
    Schedule,
    Simulator,
    SimulatorTransport,
    Status,
    VoiceCampaignDraft,
)
from campaign_fsm.drafts import changes_to_wire, limits
from campaign_fsm.errors import CampaignFsmError, FieldProblem, InvalidParameters
from campaign_fsm.wire.answer import Answer
from campaign_fsm.wire.campaign import campaign_from
from campaign_fsm.wire.reading import read_status
from campaign_fsm.wire.target import Target

INDIA = timezone(timedelta(hours=5, minutes=30))
BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 1, 5, 10, 0, tzinfo=INDIA)
HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
NUMBER = "+919876543210"
TEXT = "Your canary code is 4711."


class Unprintable:
    def __repr__(self):
        raise RuntimeError

    __str__ = __repr__


LOCAL_MEAN_TIME = timezone(timedelta(hours=5, minutes=53, seconds=28))


class OfNoTime(datetime):
    """As `pandas.NaT` is one: a datetime by its class alone."""

    def utcoffset(self):
        raise ValueError


OF_NO_TIME = OfNoTime(2026, 1, 5, tzinfo=UTC)
TOO_LARGE = 10**5000  # Python makes no text of it

MESSAGE = {
    "content_type": "static",
    "lists": ["f2284e77ea5a4224911251b08f861af2"],
    "sender_id": "EXOTEL",
    "sms_type": "transactional",
    "template": "Hello.",
}
VOICE = {"caller_id": "08047112400", "from_": [NUMBER], "url": "http://my.exotel.com/acme1/exoml/start_voice/1"}
KIND = {"message": (MessageCampaignDraft, MESSAGE), "voice": (VoiceCampaignDraft, VOICE)}


def message(**changes):
    return MessageCampaignDraft(**{**MESSAGE, **changes})


def voice(**changes):
    return VoiceCampaignDraft(**{**VOICE, **changes})


def build(channel, changes):
    kind, base = KIND[channel]
    return kind(**{**base, **changes})


def refused(make, *args, **named):
    """What a call is refused for."""
    with pytest.raises(InvalidParameters) as caught:
        make(*args, **named)
    return caught.value


def fields(error):
    return [problem.field for problem in error.problems]


# Field, value, and a part of the problem (None: there is none).
# https://developer.exotel.com/api/create-sms-campaign
MESSAGE_LIMITS = [
    ("content_type", "static", None),
    ("content_type", "dynamic", None),
    ("content_type", "mixed", "static, dynamic"),
    ("content_type", "", "static, dynamic"),
    ("content_type", 1, "static, dynamic"),
    ("lists", ["a"], None),
    ("lists", ["a", "b", "c", "d", "e"], None),
    ("lists", ("a", "b"), None),
    ("lists", ["a", "b", "c", "d", "e", "f"], "1 to 5"),
    ("lists", [], "1 to 5"),
    ("lists", "a", "1 to 5"),
    ("lists", ["a", ""], "text"),
    ("lists", ["a", 5], "text"),
    ("sender_id", "E", None),
    ("sender_id", "", "1 or more"),
    ("sender_id", "  ", "1 or more"),
    ("sender_id", 5, "1 or more"),
    ("sms_type", "transactional", None),
    ("sms_type", "Transactional", None),
    ("sms_type", "TRANSACTIONAL", None),
    ("sms_type", "trans", "transactional, promotional"),
    ("sms_type", "", "transactional, promotional"),
    ("template", "x", None),
    ("template", "x" * 2000, None),
    ("template", "x" * 2001, "2000"),
    ("template", "", "2000"),
    ("template", ["x"], "2000"),
    ("dlt_entity_id", "1", None),
    ("dlt_entity_id", "1101428740000012125", None),
    ("dlt_entity_id", "11014287400000121250", None),
    ("dlt_entity_id", "", "string of digits"),
    ("dlt_entity_id", "110142874000001212x", "string of digits"),
    ("dlt_entity_id", "1101428740000012125\n", "string of digits"),
    ("dlt_entity_id", "١٢٣", "string of digits"),
    ("dlt_entity_id", 1101428740000012125, "string"),
    ("dlt_entity_id", 1.1e18, "string"),
    ("dlt_template_id", "1107160016142600511", None),
    ("dlt_template_id", "11071600161426005110", None),
    ("dlt_template_id", 1107160016142600511, "string"),
    ("dlt_template_id", 1107160016142600511.0, "string"),
    ("name", "abc", None),
    ("name", "ab", "3 or more"),
    ("name", "   ", "3 or more"),
    ("name", 123, "3 or more"),
    ("schedule", "2026-01-05T10:00:00+05:30", "Schedule"),
    ("schedule", Schedule(), "a start or an end"),
    ("status_callback", "https://example.com/done?x=1", None),
    ("status_callback", "http://example.com", None),
    ("status_callback", "example.com/done", "URL"),
    ("status_callback", "ftp://example.com/done", "URL"),
    ("status_callback", "https://", "URL"),
    ("status_callback", "https://exa mple.com", "URL"),
    ("status_callback", "https://[::1", "URL"),
    ("status_callback", "", "URL"),
    ("status_callback", 5, "URL"),
    ("status_callback", "https://example.com:99999/", "URL"),
    ("sms_status_callback", "https://example.com/sms", None),
    ("sms_status_callback", "sms", "URL"),
    ("template", "\ud83d Hello.", "characters"),
]
# https://developer.exotel.com/api/create-campaign
VOICE_LIMITS = [
    ("caller_id", "0XXXXXX2400", None),
    ("caller_id", "", "1 or more"),
    ("caller_id", 8047112400, "1 or more"),
    ("caller_id", "080-4711-2400", None),
    ("caller_id", "8047112400.0", "spreadsheet"),
    ("caller_id", "-8047112400", "minus"),
    ("caller_id", "12345.0", "spreadsheet"),
    ("caller_id", "1234.0", None),
    ("caller_id", "919876543210,0", "spreadsheet"),
    ("caller_id", "9,19877E+11", "spreadsheet"),
    ("caller_id", '="919876543210"', "'='"),
    ("caller_id", "080\u20114711\u20112400", "NON-BREAKING HYPHEN"),
    ("caller_id", "tel:08047112400", "tel:"),
    ("caller_id", "080****2400", None),
    ("caller_id", "0804567\u2022\u2022\u2022", None),
    ("caller_id", "0804567???", None),
    ("caller_id", "{{0804567}}", None),
    ("caller_id", "08045687890,08045687891", None),
    ("caller_id", "0804711\u00a02400", "NO-BREAK SPACE"),
    ("caller_id", "\ud83d8047112400", "characters"),
    ("from", [NUMBER], None),
    ("from", (NUMBER,), None),
    ("from", [NUMBER] * 5000, None),
    ("from", [NUMBER] * 5001, "5000"),
    ("from", [], "1 to 5000"),
    ("from", NUMBER, None),
    ("from", ",".join([NUMBER] * 5000), None),
    ("from", ",".join([NUMBER] * 5001), "5000"),
    ("from", "", "number 1 in the list is empty"),
    ("from", f"{NUMBER}, ,{NUMBER},", "number 2, 4 in the list is empty"),
    ("from", f"{NUMBER},nobody", "number 2 in the list is none"),
    ("from", "919876543210,0", "number 2 in the list is none"),
    ("from", 919876543210, "1 to 5000"),
    ("from", ["nobody"], "number 1 in the list"),
    ("from", [NUMBER, 919876543210], "number 2 in the list"),
    ("from", [NUMBER, ""], "number 2 in the list"),
    ("from", ["9876543210"], None),
    ("from", ["09876543210"], None),
    ("from", ["+91 98765 43210"], None),
    ("from", ["098765-43210"], None),
    ("campaign_type", "static", None),
    ("campaign_type", "dynamic", None),
    ("campaign_type", "other", "static, dynamic"),
    ("flow_type", "ivr", None),
    ("flow_type", "greeting", None),
    ("flow_type", "menu", "ivr, greeting"),
    ("url", "http://my.exotel.com/acme1/exoml/start_voice/1", None),
    ("url", "start_voice", "URL"),
    ("read_via_text", "Hello.", None),
    ("read_via_text", 5, "1 or more"),
    ("name", "abc", None),
    ("name", "ab", "3 or more"),
    ("type", "trans", None),
    ("type", "promo", "trans"),
    ("call_duplicate_numbers", True, None),
    ("call_duplicate_numbers", False, None),
    ("call_duplicate_numbers", "true", "True or False"),
    ("call_duplicate_numbers", 1, "True or False"),
    ("retries", Retries(number_of_retries=0), None),
    ("retries", Retries(number_of_retries=1, interval_mins=1), None),
    ("retries", {"number_of_retries": 1}, "Retries"),
    ("retries", 1, "Retries"),
    ("schedule", {"send_at": "2026-01-05T10:00:00+05:30"}, "Schedule"),
    ("schedule", Schedule(), "a start or an end"),
    ("call_status_callback", "https://example.com/call", None),
    ("call_status_callback", "call", "URL"),
    ("call_schedule_callback", "https://example.com/schedule", None),
    ("call_schedule_callback", "schedule", "URL"),
    ("status_callback", "https://example.com/status", None),
    ("status_callback", "status", "URL"),
    ("mode", "auto", None),
    ("mode", "custom", None),
    ("mode", "manual", "auto, custom"),
    ("throttle", 60, None),
    ("throttle", "60", "whole number"),
    ("throttle", 1.5, "whole number"),
    ("throttle", True, "whole number"),
    ("throttle", 2**53 - 1, None),
    ("throttle", 2**53, "2^53"),
    ("throttle", float("nan"), "whole number"),
    ("throttle", float("inf"), "whole number"),
    ("throttle", Decimal(5), "whole number"),
    ("custom_field", "order 5", None),
    ("custom_field", 5, "1 or more"),
    ("repeat_menu_attempts", 3, None),
    ("repeat_menu_attempts", "3", "whole number"),
    ("repeat_menu_attempts", -1, "whole number"),
]


def check(make, field, value, problem):
    if problem is None:
        assert make(**{"from_" if field == "from" else field: value}).to_wire()[field] is not None
        return
    error = refused(make, **{"from_" if field == "from" else field: value})
    assert fields(error) == [field]
    assert problem in error.problems[0].rule


@pytest.mark.parametrize(("field", "value", "problem"), MESSAGE_LIMITS)
def test_a_message_parameter_is_taken_up_to_its_limit_and_not_beyond(field, value, problem):
    """What is at the documented limit is sent, what is just beyond it is the one problem."""
    check(message, field, value, problem)


@pytest.mark.parametrize(("field", "value", "problem"), VOICE_LIMITS)
def test_a_voice_parameter_is_taken_up_to_its_limit_and_not_beyond(field, value, problem):
    """What is at the documented limit is sent, what is just beyond it is the one problem."""
    check(voice, field, value, problem)


@pytest.mark.parametrize(
    ("part", "value", "problem"),
    [
        ("number_of_retries", 0, None),
        ("number_of_retries", 3, None),
        ("number_of_retries", 4, "0 to 3"),
        ("number_of_retries", -1, "0 to 3"),
        ("number_of_retries", "1", "0 to 3"),
        ("number_of_retries", True, "0 to 3"),
        ("number_of_retries", None, "0 to 3"),
        ("interval_mins", 1, None),
        ("interval_mins", 1.5, "whole number"),
        ("interval_mins", "5", "whole number"),
        ("mechanism", "Linear", None),
        ("mechanism", "Exponential", None),
        ("mechanism", "linear", "Linear, Exponential"),
        ("mechanism", "Random", "Linear, Exponential"),
        ("on_status", ["busy", "no-answer", "failed"], None),
        ("on_status", ["failed"], None),
        ("on_status", ["busy", "completed"], "busy, no-answer, failed"),
        ("on_status", "busy", "busy, no-answer, failed"),
        ("on_status", [["busy"]], "busy, no-answer, failed"),
        ("on_status", [], None),
    ],
)
def test_every_part_of_retries_has_its_own_limit(part, value, problem):
    """A part of retries is named with a dot, as it stands on the wire."""
    retries = Retries(**{"number_of_retries": 1, "interval_mins": 5, part: value})
    if problem is None:
        assert part in voice(retries=retries).to_wire()["retries"]
        return
    error = refused(voice, retries=retries)
    assert fields(error) == [f"retries.{part}"]
    assert problem in error.problems[0].rule


@pytest.mark.parametrize(
    ("channel", "start", "end", "field", "problem"),
    [
        ("message", NOW, None, None, None),
        ("message", None, NOW, None, None),
        ("message", NOW, NOW + 2 * HOUR, None, None),
        ("message", NOW, NOW + 2 * HOUR - SECOND, "schedule.end_time", "2 hours"),
        ("message", NOW, NOW, "schedule.end_time", "2 hours"),
        ("message", NOW, NOW - HOUR, "schedule.end_time", "2 hours"),
        ("message", NOW, (NOW + 2 * HOUR).astimezone(UTC), None, None),
        ("message", NOW.replace(tzinfo=None), None, "schedule.start_time", "time zone"),
        ("message", NOW, NOW.replace(tzinfo=None), "schedule.end_time", "time zone"),
        ("message", date(2026, 1, 5), None, "schedule.start_time", "time zone"),
        ("message", "2026-01-05T10:00:00+05:30", None, "schedule.start_time", "time zone"),
        ("voice", NOW, NOW + SECOND, None, None),
        ("voice", NOW, NOW, "schedule.end_at", "after the start"),
        ("voice", NOW, NOW - SECOND, "schedule.end_at", "after the start"),
        ("voice", NOW, (NOW + SECOND).astimezone(UTC), None, None),
        ("voice", NOW.replace(tzinfo=None), None, "schedule.send_at", "time zone"),
        ("voice", None, NOW.replace(tzinfo=None), "schedule.end_at", "time zone"),
        ("voice", None, 1767587400, "schedule.end_at", "time zone"),
        ("message", OF_NO_TIME, None, "schedule.start_time", "time zone"),
        ("message", NOW.replace(tzinfo=LOCAL_MEAN_TIME), None, "schedule.start_time", "pytz"),
        ("voice", None, NOW.replace(tzinfo=LOCAL_MEAN_TIME), "schedule.end_at", "zoneinfo"),
        ("voice", datetime(1900, 1, 1, tzinfo=ZoneInfo("Asia/Kolkata")), None, "schedule.send_at", "whole minutes"),
        ("message", datetime.max.replace(tzinfo=timezone(-12 * HOUR)), None, "schedule.start_time", "calendar"),
        ("voice", None, datetime.min.replace(tzinfo=INDIA), "schedule.end_at", "calendar"),
        (
            "message",
            datetime(2026, 3, 29, 1, 30, tzinfo=BERLIN),
            datetime(2026, 3, 29, 3, 30, tzinfo=BERLIN),
            "schedule.end_time",
            "2 hours",
        ),
        (
            "message",
            datetime(2026, 10, 25, 1, 30, tzinfo=BERLIN),
            datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=1),
            None,
            None,
        ),
    ],
)
def test_a_schedule_is_of_aware_datetimes_and_long_enough(channel, start, end, field, problem):
    """2 hours for messages, any time at all for calls, and no time of which the zone is not known."""
    if field is None:
        assert build(channel, {"schedule": Schedule(start, end)}).to_wire()["schedule"]
        return
    error = refused(build, channel, {"schedule": Schedule(start, end)})
    assert fields(error) == [field]
    assert problem in error.problems[0].rule


def test_both_ends_of_a_schedule_without_zones_are_two_problems():
    """Neither time is lost behind the other one, and their distance is not asked for."""
    naive = NOW.replace(tzinfo=None)
    assert fields(refused(message, schedule=Schedule(naive, naive))) == ["schedule.start_time", "schedule.end_time"]
    assert fields(refused(voice, schedule=Schedule(naive, naive))) == ["schedule.send_at", "schedule.end_at"]


def test_an_end_of_the_calendar_that_has_no_time_in_utc_is_a_problem_of_the_draft():
    """No sum can be made with it; what has a time in UTC is fine."""
    far = datetime.max.replace(tzinfo=timezone(timedelta(hours=-12)))
    assert fields(refused(message, schedule=Schedule(NOW, far))) == ["schedule.end_time"]
    assert fields(refused(voice, schedule=Schedule(far, None))) == ["schedule.send_at"]
    assert message(schedule=Schedule(NOW, datetime.max.replace(tzinfo=UTC))).schedule.start == NOW


@pytest.mark.parametrize(
    ("channel", "missing"),
    [
        ("message", "content_type"),
        ("message", "lists"),
        ("message", "sender_id"),
        ("message", "sms_type"),
        ("message", "template"),
        ("voice", "caller_id"),
    ],
)
def test_each_required_parameter_is_missed_by_name(channel, missing):
    """Given as None or not given in a file, it is the one problem."""
    kind, base = KIND[channel]
    wire = kind(**base).to_wire()
    del wire[missing]
    for error in (refused(build, channel, {missing: None}), refused(kind.from_wire, wire)):
        assert error.problems == (FieldProblem(missing, "it is required"),)


def test_an_empty_draft_misses_everything_that_is_required():
    """All that the pages create-sms-campaign and create-campaign require, in one error, and nothing else."""
    assert fields(refused(MessageCampaignDraft.from_wire, {})) == [
        "content_type",
        "lists",
        "sender_id",
        "sms_type",
        "template",
    ]
    assert fields(refused(VoiceCampaignDraft.from_wire, {})) == ["caller_id", "from and lists"]


def test_only_what_is_required_is_enough():
    """A message campaign needs five parameters, voice a caller and somebody to call."""
    assert set(MessageCampaignDraft(**MESSAGE).to_wire()) == {
        "channel",
        "content_type",
        "lists",
        "sender_id",
        "sms_type",
        "template",
    }
    assert set(VoiceCampaignDraft(caller_id="1", from_=[NUMBER]).to_wire()) == {"caller_id", "from"}
    assert set(VoiceCampaignDraft(caller_id="1", lists=["a"]).to_wire()) == {"caller_id", "lists"}


def test_all_problems_of_a_message_draft_come_in_one_error():
    """In the order of the parameters, each once."""
    error = refused(
        MessageCampaignDraft,
        content_type="mixed",
        lists=[],
        sender_id="",
        sms_type="promo",
        template="x" * 2001,
        dlt_entity_id=1101428740000012125,
        dlt_template_id="1" * 20 + "x",
        name="ab",
        schedule=Schedule(NOW, NOW + HOUR),
        status_callback="done",
        sms_status_callback="sms",
    )
    assert fields(error) == [
        "content_type",
        "lists",
        "sender_id",
        "sms_type",
        "template",
        "dlt_entity_id",
        "dlt_template_id",
        "name",
        "schedule.end_time",
        "status_callback",
        "sms_status_callback",
    ]
    assert str(error).startswith("The message campaign cannot be sent: content_type: ")
    assert str(error).count("; ") == 10
    assert all(str(problem) in str(error) for problem in error.problems)


def test_all_problems_of_a_voice_draft_come_in_one_error():
    """In the order of the parameters, each once, what is about two of them last."""
    error = refused(
        VoiceCampaignDraft,
        caller_id="",
        from_=["nobody"],
        lists=[],
        campaign_type="mixed",
        flow_type="menu",
        url="flow",
        read_via_text="",
        name="ab",
        type="promo",
        call_duplicate_numbers="no",
        retries=Retries(number_of_retries=4, interval_mins="5", mechanism="linear", on_status=["done"]),
        schedule=Schedule(NOW, NOW),
        call_status_callback="call",
        call_schedule_callback="schedule",
        status_callback="status",
        mode="manual",
        throttle="60",
        custom_field="",
        repeat_menu_attempts="3",
    )
    assert fields(error) == [
        "caller_id",
        "from",
        "lists",
        "campaign_type",
        "flow_type",
        "url",
        "read_via_text",
        "name",
        "type",
        "call_duplicate_numbers",
        "retries.number_of_retries",
        "retries.interval_mins",
        "retries.mechanism",
        "retries.on_status",
        "schedule.end_at",
        "call_status_callback",
        "call_schedule_callback",
        "status_callback",
        "mode",
        "throttle",
        "custom_field",
        "repeat_menu_attempts",
        "from and lists",
    ]
    assert str(error).startswith("The voice campaign cannot be sent: caller_id: ")


@pytest.mark.parametrize(
    ("changes", "field", "problem"),
    [
        ({"content_type": "dynamic", "lists": ["a"], "template": "Hello @@name."}, None, None),
        ({"content_type": "dynamic", "lists": ["a", "b"]}, "lists", "exactly 1"),
        ({"content_type": "static", "lists": ["a", "b"]}, None, None),
        ({"sms_type": "transactional", "sender_id": "EXOTEL"}, None, None),
        ({"sms_type": "transactional", "sender_id": "exotel"}, None, None),
        ({"sms_type": "transactional", "sender_id": "123456"}, "sender_id", "letters"),
        ({"sms_type": "transactional", "sender_id": "EXOTE1"}, "sender_id", "letters"),
        ({"sms_type": "TRANSACTIONAL", "sender_id": "123456"}, "sender_id", "letters"),
        ({"sms_type": "transactional", "sender_id": "ЕХОТЕЛ"}, "sender_id", "letters"),
        ({"sms_type": "promotional", "sender_id": "123456"}, None, None),
        ({"sms_type": "promotional", "sender_id": "EXOTEL"}, "sender_id", "digits"),
        ({"sms_type": "Promotional", "sender_id": "12345a"}, "sender_id", "digits"),
        ({"sms_type": "promotional", "sender_id": "١٢٣٤٥٦"}, "sender_id", "digits"),
    ],
)
def test_message_parameters_fit_each_other(changes, field, problem):
    """One list for dynamic content; letters or digits in the sender id, by the type of message."""
    if field is None:
        assert message(**changes)
        return
    error = refused(message, **changes)
    assert fields(error) == [field]
    assert problem in error.problems[0].rule


@pytest.mark.parametrize(
    ("changes", "field", "given"),
    [
        ({"from_": None}, "from and lists", "neither"),
        ({"lists": ["a"]}, "from and lists", "both"),
        ({"from_": None, "lists": ["a"]}, None, None),
        ({"from_": None, "lists": ["a", "b", "c", "d", "e"], "campaign_type": "static"}, None, None),
        ({"from_": None, "lists": ["a", "b", "c", "d", "e", "f"]}, "lists", "6 entries"),
        ({"from_": None, "lists": ["a"], "campaign_type": "dynamic"}, None, None),
        ({"from_": None, "lists": ["a", "b"], "campaign_type": "dynamic"}, "lists", "2 entries"),
    ],
)
def test_a_voice_draft_calls_numbers_or_lists(changes, field, given):
    """Exactly one of the two, and one list where the campaign is dynamic."""
    if field is None:
        assert voice(**changes)
        return
    error = refused(voice, **changes)
    assert [(problem.field, problem.given) for problem in error.problems] == [(field, given)]


def warned(draft, now=NOW, **partial):
    return [warning.field for warning in draft.warnings(now, **partial)]


DLT = {"dlt_entity_id": "1101428740000012125", "dlt_template_id": "1107160016142600511"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (DLT, []),
        ({}, ["dlt_entity_id", "dlt_template_id"]),
        ({"dlt_template_id": "1"}, ["dlt_entity_id"]),
        ({"dlt_entity_id": "1"}, ["dlt_template_id"]),
        ({**DLT, "dlt_entity_id": "11014287400000121250"}, ["dlt_entity_id"]),
        ({**DLT, "dlt_template_id": "1" * 20}, ["dlt_template_id"]),
        ({**DLT, "name": "abc"}, ["name"]),
        ({**DLT, "name": "abcd"}, []),
        ({**DLT, "content_type": "dynamic"}, ["template"]),
        ({**DLT, "content_type": "dynamic", "template": "Hello @@name."}, []),
        ({**DLT, "template": "Dear {#var#}, {#numeric#} is due."}, ["template"]),
        ({**DLT, "template": "Hello {{ name }}."}, ["template"]),
        ({**DLT, "template": "Hello @@name."}, ["template"]),
        ({**DLT, "template": "Hello @@name, {{name}} and {#var#}."}, ["template"] * 3),
        ({**DLT, "content_type": "dynamic", "template": "Hello @@name, {#var#}."}, ["template"]),
        ({**DLT, "template": "Mail a@b.example or @@ me {now}, #1 {} @"}, []),
        ({**DLT, "schedule": Schedule(NOW + 10 * MINUTE)}, []),
        ({**DLT, "schedule": Schedule(NOW + 10 * MINUTE - SECOND)}, ["schedule.start_time"]),
        ({**DLT, "schedule": Schedule(NOW - HOUR, NOW + 2 * HOUR)}, ["schedule.start_time"]),
        ({**DLT, "schedule": Schedule(None, NOW + SECOND)}, []),
        ({**DLT, "schedule": Schedule(None, NOW)}, ["schedule.end_time"]),
    ],
)
def test_what_the_pages_state_loosely_about_messages_is_a_warning(changes, expected):
    """No DLT ids or long ones, a name of 3 characters, a dynamic text without a column, less than 10 minutes."""
    assert warned(message(**changes)) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"name": "abc"}, ["name"]),
        ({"name": "abcd"}, []),
        ({"from_": ["09876543210"]}, ["from"]),
        ({"from_": ["919876543210", NUMBER]}, ["from"]),
        ({"from_": None, "lists": ["a"]}, []),
        ({"schedule": Schedule(NOW + 5 * MINUTE)}, []),
        ({"schedule": Schedule(NOW + SECOND)}, []),
        ({"schedule": Schedule(NOW)}, ["schedule.send_at"]),
        ({"schedule": Schedule(NOW - SECOND)}, ["schedule.send_at"]),
        ({"schedule": Schedule(None, NOW + HOUR)}, []),
        ({"url": None, "read_via_text": "Dear {#var#}, {{name}}, @@name."}, ["read_via_text"] * 2),
        ({"url": None, "read_via_text": "Dear @@name.", "campaign_type": "static"}, ["read_via_text"]),
        ({"url": None, "read_via_text": "Dear @@name.", "campaign_type": "dynamic"}, []),
        ({"url": None}, ["url"]),
        ({"url": None, "flow_type": "ivr"}, ["url"]),
        ({"url": None, "flow_type": "greeting"}, ["url"]),
        ({"read_via_text": "Hello."}, ["read_via_text"]),
        ({"read_via_text": "Hello.", "flow_type": "greeting"}, ["read_via_text"]),
        ({"flow_type": "ivr"}, []),
        ({"flow_type": "greeting"}, ["read_via_text"]),
        ({"url": None, "read_via_text": "Hello.", "flow_type": "greeting"}, []),
        ({"url": None, "read_via_text": "Hello.", "flow_type": "ivr"}, ["url"]),
        ({"flow_type": "ivr", "repeat_menu_attempts": 2}, []),
        ({"repeat_menu_attempts": 2}, ["repeat_menu_attempts"]),
        (
            {"url": None, "read_via_text": "x", "flow_type": "greeting", "repeat_menu_attempts": 2},
            ["repeat_menu_attempts"],
        ),
        ({"repeat_menu_attempts": 0}, []),
        ({"mode": "custom", "throttle": 59}, []),
        ({"mode": "custom", "throttle": 60}, ["throttle"]),
        ({"mode": "custom"}, []),
        ({"mode": "auto", "throttle": 30}, ["throttle"]),
        ({"throttle": 30}, ["throttle"]),
        ({"throttle": 60}, ["throttle"] * 2),
    ],
)
def test_what_the_pages_state_loosely_about_calls_is_a_warning(changes, expected):
    """Numbers without a country code, placeholders, a start that is past, parameters that do not go together."""
    assert warned(voice(**changes)) == expected


@pytest.mark.parametrize(
    ("start", "warned_about"),
    [
        (datetime(2026, 2, 1, 8, 59, 59, tzinfo=INDIA), True),
        (datetime(2026, 2, 1, 9, 0, tzinfo=INDIA), False),
        (datetime(2026, 2, 1, 20, 59, 59, tzinfo=INDIA), False),
        (datetime(2026, 2, 1, 21, 0, tzinfo=INDIA), True),
        (datetime(2026, 2, 1, 3, 30, tzinfo=UTC), False),
        (datetime(2026, 2, 1, 9, 0, tzinfo=BERLIN), False),
        (datetime(2026, 2, 1, 18, 0, tzinfo=BERLIN), True),
        (datetime.max.replace(tzinfo=UTC), True),
        (None, False),
    ],
)
def test_promotional_messages_at_night_in_india_are_warned_about(start, warned_about):
    """By the start, on India's clock; transactional ones have no such hours."""
    changes = {**DLT, "schedule": start and Schedule(start)}
    promotional = message(**changes, sms_type="Promotional", sender_id="123456").warnings(NOW)
    assert [warning.field for warning in promotional] == ["schedule.start_time"] * warned_about
    assert all("the law of India" in warning.rule for warning in promotional)
    assert message(**changes).warnings(NOW) == ()


def test_an_end_that_passed_before_a_clock_was_set_back_is_warned_about():
    """In New York 1:45 came twice on that day, the second time 55 minutes after 1:50 had come first."""
    zone = ZoneInfo("America/New_York")
    draft = voice(schedule=Schedule(None, datetime(2026, 11, 1, 1, 50, tzinfo=zone)))
    assert warned(draft, datetime(2026, 11, 1, 1, 45, tzinfo=zone, fold=1)) == ["schedule.end_at"]
    assert warned(draft, datetime(2026, 11, 1, 1, 45, tzinfo=zone)) == []


def test_what_lies_before_is_not_said_to_lie_ahead():
    """Of a start, and of an end."""
    (warning,) = voice(schedule=Schedule(NOW - 3 * HOUR)).warnings(NOW)
    assert warning.given == "3 hours ago"
    (warning,) = voice(schedule=Schedule(NOW)).warnings(NOW)
    assert warning.given == "0 s ahead"
    (problem,) = refused(voice, schedule=Schedule(NOW, NOW - HOUR)).problems
    assert problem.given == "1 hour before it"


def test_only_what_is_large_is_told_about_large_numbers():
    """A limit that lies far below says enough."""
    (problem,) = refused(voice, retries=Retries(number_of_retries=2**53)).problems
    assert problem.rule == "a whole number, 0 to 3"


def test_an_old_year_is_named_and_not_a_library():
    """`zoneinfo` gives the local mean time of old as well, where it is right."""
    error = refused(voice, schedule=Schedule(datetime(1900, 1, 1, tzinfo=ZoneInfo("Asia/Kolkata")), None))
    assert "pytz" not in str(error)
    assert "in 1900 the zone had none yet: check the year" in error.problems[0].rule


def test_promotional_messages_that_start_at_once_are_held_against_the_clock():
    """A draft without a start is sent now; an edit of some parameters keeps its start."""
    night = NOW.replace(hour=22, minute=5)
    (warning,) = message(**DLT, sms_type="promotional", sender_id="123456").warnings(night)
    assert warning.given == "22:05 in India, because it starts at once"
    assert changes_to_wire(Channel.MESSAGE, {"sms_type": "promotional", "sender_id": "1"})[1] == ()
    partial = MessageCampaignDraft.build({"sms_type": "promotional", "sender_id": "1"}, partial=True)
    assert warned(partial, night, partial=True) == []


def test_the_vendors_own_sample_was_created_too_late_and_is_only_warned_about():
    """9 minutes and 8 seconds before its start: so was the campaign in the sample answer of update-sms-campaign."""
    created = datetime(2022, 8, 10, 21, 47, 52, tzinfo=INDIA)
    schedule = Schedule(datetime(2022, 8, 10, 21, 57, tzinfo=INDIA), datetime(2022, 9, 9, 21, 57, tzinfo=INDIA))
    (warning,) = message(**DLT, schedule=schedule).warnings(created)
    assert (warning.field, warning.given) == ("schedule.start_time", "548 s ahead")
    assert "10 minutes" in warning.rule


def test_warnings_are_counted_and_never_spelled_out():
    """A log that has the warnings in it has no phone number in it."""
    warnings = voice(from_=["09876543210", "919876543210", NUMBER]).warnings(NOW)
    assert [warning.given for warning in warnings] == ["2 others"]
    assert [warning.given for warning in voice(from_=["09876543210"]).warnings(NOW)] == ["1 other"]
    assert "98765" not in "".join(map(str, warnings))


def test_warnings_without_a_clock_use_the_local_one():
    """Now is now."""
    start = datetime.now(UTC) + 5 * MINUTE
    assert [w.field for w in message(**DLT, schedule=Schedule(start)).warnings()] == ["schedule.start_time"]
    assert message(**DLT, schedule=Schedule(start + HOUR)).warnings() == ()


FULL_MESSAGE = {
    "content_type": "dynamic",
    "lists": ["f2284e77ea5a4224911251b08f861af2"],
    "sender_id": "123456",
    "sms_type": "Promotional",
    "template": "Hello @@name.",
    "dlt_entity_id": "1101428740000012125",
    "dlt_template_id": "1107160016142600511",
    "name": "diwali",
    "schedule": Schedule(NOW, datetime(2026, 1, 6, 4, 30, tzinfo=UTC)),
    "status_callback": "https://example.com/status",
    "sms_status_callback": "https://example.com/sms",
}
FULL_MESSAGE_WIRE = {
    "channel": "SMS",
    "content_type": "dynamic",
    "lists": ["f2284e77ea5a4224911251b08f861af2"],
    "sender_id": "123456",
    "sms_type": "Promotional",
    "template": "Hello @@name.",
    "dlt_entity_id": "1101428740000012125",
    "dlt_template_id": "1107160016142600511",
    "name": "diwali",
    "schedule": {"start_time": "2026-01-05T10:00:00+05:30", "end_time": "2026-01-06T04:30:00+00:00"},
    "status_callback": "https://example.com/status",
    "sms_status_callback": "https://example.com/sms",
}
FULL_VOICE = {
    "caller_id": "0XXXXXX2400",
    "from_": ["+919876543210", "+919876543211"],
    "campaign_type": "static",
    "flow_type": "greeting",
    "url": "http://my.exotel.com/acme1/exoml/start_voice/1",
    "read_via_text": "Hello.",
    "name": "diwali",
    "type": "trans",
    "call_duplicate_numbers": False,
    "retries": Retries(number_of_retries=3, interval_mins=10, mechanism="Linear", on_status=["busy", "no-answer"]),
    "schedule": Schedule(NOW, NOW + HOUR),
    "call_status_callback": "https://example.com/call",
    "call_schedule_callback": "https://example.com/schedule",
    "status_callback": "https://example.com/status",
    "mode": "custom",
    "throttle": 60,
    "custom_field": "order 5",
    "repeat_menu_attempts": 0,
}
FULL_VOICE_WIRE = {
    "caller_id": "0XXXXXX2400",
    "from": ["+919876543210", "+919876543211"],
    "campaign_type": "static",
    "flow_type": "greeting",
    "url": "http://my.exotel.com/acme1/exoml/start_voice/1",
    "read_via_text": "Hello.",
    "name": "diwali",
    "type": "trans",
    "call_duplicate_numbers": False,
    "retries": {
        "number_of_retries": 3,
        "interval_mins": 10,
        "mechanism": "Linear",
        "on_status": ["busy", "no-answer"],
    },
    "schedule": {"send_at": "2026-01-05T10:00:00+05:30", "end_at": "2026-01-05T11:00:00+05:30"},
    "call_status_callback": "https://example.com/call",
    "call_schedule_callback": "https://example.com/schedule",
    "status_callback": "https://example.com/status",
    "mode": "custom",
    "throttle": 60,
    "custom_field": "order 5",
    "repeat_menu_attempts": 0,
}


def test_a_message_draft_is_spelled_as_documented():
    """Flat, with the channel in it, and the names and schedule keys of create-sms-campaign."""
    assert MessageCampaignDraft(**FULL_MESSAGE).to_wire() == FULL_MESSAGE_WIRE


def test_a_voice_draft_is_spelled_as_documented():
    """No channel, `from` without the underscore, and the schedule keys of create-campaign."""
    assert VoiceCampaignDraft(**FULL_VOICE).to_wire() == FULL_VOICE_WIRE


def test_a_draft_is_read_from_its_documented_spelling():
    """What a JSON file says is what the keywords say."""
    assert MessageCampaignDraft.from_wire(FULL_MESSAGE_WIRE) == MessageCampaignDraft(**FULL_MESSAGE)
    assert VoiceCampaignDraft.from_wire(FULL_VOICE_WIRE) == VoiceCampaignDraft(**FULL_VOICE)


@pytest.mark.parametrize("channel", ["message", "voice"])
def test_half_a_schedule_is_sent_as_half_a_schedule(channel):
    """A time that is not set is left out, not sent as null."""
    first, last = {"message": ("start_time", "end_time"), "voice": ("send_at", "end_at")}[channel]
    assert build(channel, {"schedule": Schedule(NOW)}).to_wire()["schedule"] == {first: "2026-01-05T10:00:00+05:30"}
    assert build(channel, {"schedule": Schedule(None, NOW)}).to_wire()["schedule"] == {
        last: "2026-01-05T10:00:00+05:30"
    }


LINES = st.text(min_size=3, max_size=20).filter(lambda text: len(text.strip()) >= 3)
IDS = st.text("0123456789abcdef", min_size=1, max_size=32)
LISTS = st.lists(IDS, min_size=1, max_size=5)
URLS = st.sampled_from(["https://example.com/a?b=c", "http://[::1]:8080/x", "https://bücher.example"])
DLT_IDS = st.text(string.digits, min_size=1, max_size=25)
MOMENTS = st.datetimes(
    NOW.replace(year=2000, tzinfo=None),
    NOW.replace(year=2100, tzinfo=None),
    timezones=st.sampled_from([UTC, INDIA, timezone(-9 * HOUR)]),
)
SCHEDULES = st.one_of(
    st.builds(Schedule, MOMENTS, st.none()),
    st.builds(Schedule, st.none(), MOMENTS),
    st.builds(lambda start, length: Schedule(start, start + length), MOMENTS, st.timedeltas(2 * HOUR, 900 * HOUR)),
)
RETRIES = st.builds(
    Retries,
    number_of_retries=st.integers(0, 3),
    interval_mins=st.integers(1, 600),
    mechanism=st.sampled_from([None, "Linear", "Exponential"]),
    on_status=st.none() | st.lists(st.sampled_from(["busy", "no-answer", "failed"]), min_size=1, max_size=3),
)


def optional(strategy):
    return st.none() | strategy


@st.composite
def message_drafts(draw):
    content_type, most = draw(st.sampled_from([("static", 5), ("dynamic", 1)]))
    sms_type, letters = draw(st.sampled_from([("transactional", string.ascii_letters), ("PROMOTIONAL", string.digits)]))
    return MessageCampaignDraft(
        content_type=content_type,
        lists=draw(st.lists(IDS, min_size=1, max_size=most)),
        sender_id=draw(st.text(letters, min_size=1, max_size=11)),
        sms_type=sms_type,
        template=draw(LINES),
        dlt_entity_id=draw(optional(DLT_IDS)),
        dlt_template_id=draw(optional(DLT_IDS)),
        name=draw(optional(LINES)),
        schedule=draw(optional(SCHEDULES)),
        status_callback=draw(optional(URLS)),
        sms_status_callback=draw(optional(URLS)),
    )


@st.composite
def voice_drafts(draw):
    numbers = st.lists(st.from_regex(r"\+91[6-9][0-9]{9}", fullmatch=True), min_size=1, max_size=5)
    from_, lists = draw(st.tuples(numbers, st.none()) | st.tuples(st.none(), LISTS))
    return VoiceCampaignDraft(
        caller_id=draw(LINES.filter(lambda text: not list(limits.caller_id(text)))),
        from_=from_,
        lists=lists,
        campaign_type=draw(optional(st.just("static"))),
        flow_type=draw(st.sampled_from([None, "ivr", "greeting"])),
        url=draw(optional(URLS)),
        read_via_text=draw(optional(LINES)),
        name=draw(optional(LINES)),
        type=draw(st.sampled_from([None, "trans"])),
        call_duplicate_numbers=draw(optional(st.booleans())),
        retries=draw(optional(RETRIES)),
        schedule=draw(optional(SCHEDULES)),
        call_status_callback=draw(optional(URLS)),
        call_schedule_callback=draw(optional(URLS)),
        status_callback=draw(optional(URLS)),
        mode=draw(st.sampled_from([None, "auto", "custom"])),
        throttle=draw(optional(st.integers(1, 500))),
        custom_field=draw(optional(LINES)),
        repeat_menu_attempts=draw(optional(st.integers(0, 9))),
    )


@given(message_drafts() | voice_drafts())
def test_a_draft_comes_back_from_json_as_it_was(draft):
    """Sent and read again it is equal, and nothing that is not set was sent."""
    wire = draft.to_wire()
    assert set(wire) <= {*FULL_MESSAGE_WIRE} | {*FULL_VOICE_WIRE, "lists"}
    assert None not in wire.values()
    assert type(draft).from_wire(json.loads(json.dumps(wire))) == draft


@pytest.mark.parametrize(
    "draft",
    [
        message(lists=("a", "b")),
        voice(from_=(NUMBER,)),
        voice(retries=Retries(number_of_retries=1, interval_mins=5, on_status=("busy",))),
    ],
)
def test_a_draft_made_with_tuples_comes_back_from_json_as_it_was(draft):
    """Whether a caller writes a list or a tuple makes no difference."""
    assert type(draft).from_wire(json.loads(json.dumps(draft.to_wire()))) == draft


def test_a_draft_stays_as_it_was_checked():
    """What the caller does with the list later, or with what was sent, does not get into the draft."""
    numbers = [NUMBER]
    draft = voice(from_=numbers)
    numbers.append("nobody")
    draft.to_wire()["from"].append("nobody")
    assert draft.to_wire()["from"] == [NUMBER]


def test_equal_drafts_have_the_same_hash():
    """A frozen thing can be kept in a set."""
    assert hash(message()) == hash(message())


@pytest.mark.parametrize(
    ("channel", "name", "near"),
    [
        ("message", "templat", "template"),
        ("message", "senderid", "sender_id"),
        ("message", "dlt_entitiy_id", "dlt_entity_id"),
        ("message", "sms_status_calback", "sms_status_callback"),
        ("message", "zzz", None),
        ("message", "from", None),
        ("voice", "from_", "from"),
        ("voice", "callerid", "caller_id"),
        ("voice", "retry", "retries"),
        ("voice", "channel", None),
        ("voice", "template", None),
    ],
)
def test_an_unknown_name_is_a_problem_with_the_nearest_name_that_there_is(channel, name, near):
    """Python's own names are unknown on the wire too."""
    kind, base = KIND[channel]
    error = refused(kind.from_wire, {**kind(**base).to_wire(), name: "SMS"})
    (problem,) = error.problems
    assert problem.field == name
    assert "no such parameter" in problem.rule
    assert ("did you mean" in problem.rule) == (near is not None)
    assert near is None or f"did you mean {near}?" in problem.rule


def test_the_channel_of_a_message_draft_may_be_said():
    """A file with the documented parameters has it in it; without it nothing changes."""
    wire = message().to_wire()
    assert wire["channel"] == "SMS"
    del wire["channel"]
    assert MessageCampaignDraft.from_wire(wire) == MessageCampaignDraft.from_wire({**wire, "channel": "SMS"})
    assert fields(refused(MessageCampaignDraft.from_wire, {**wire, "channel": "Whatsapp"})) == ["channel"]


def test_another_channel_is_refused_with_the_one_that_there_is():
    """The error says what to write instead."""
    (problem,) = refused(MessageCampaignDraft.from_wire, {**message().to_wire(), "channel": "sms"}).problems
    assert "SMS" in problem.rule


@pytest.mark.parametrize(
    ("channel", "changes", "expected"),
    [
        ("message", {"schedule": {"start_time": "2026-01-05T10:00:00"}}, ["schedule.start_time"]),
        ("message", {"schedule": {"start_time": "soon", "end_time": 5}}, ["schedule.start_time", "schedule.end_time"]),
        (
            "message",
            {"schedule": {"send_at": "2026-01-05T10:00:00+05:30"}},
            ["schedule.send_at"],
        ),
        ("message", {"schedule": {}}, ["schedule"]),
        ("message", {"schedule": "2026-01-05T10:00:00+05:30"}, ["schedule"]),
        (
            "message",
            {"schedule": {"start_time": "2026-01-05T10:00:00+05:30", "end_time": "2026-01-05T11:00:00+05:30"}},
            ["schedule.end_time"],
        ),
        ("voice", {"schedule": {"send_at": "2026-01-05T10:00:00Z", "end": "later"}}, ["schedule.end"]),
        ("voice", {"schedule": {"send_at": None, "end_at": None}}, ["schedule"]),
        ("voice", {"retries": {"number_of_retries": 1, "interval_mins": 5, "after": 5}}, ["retries.after"]),
        (
            "voice",
            {"retries": {"number_of_retries": 9, "mechanism": "x"}},
            ["retries.number_of_retries", "retries.mechanism"],
        ),
        ("voice", {"retries": {}}, ["retries.number_of_retries"]),
        ("voice", {"retries": 3}, ["retries"]),
        (
            "voice",
            {"nam": "x", "name": "ab", "retries": {"after": 5, "number_of_retries": 9}},
            ["nam", "retries.after", "name", "retries.number_of_retries"],
        ),
    ],
)
def test_problems_inside_of_a_parameter_are_named_with_a_dot(channel, changes, expected):
    """Unknown and unreadable parts first, then what breaks a limit; each problem once."""
    kind, base = KIND[channel]
    assert fields(refused(kind.from_wire, {**kind(**base).to_wire(), **changes})) == expected


def test_null_in_a_file_is_not_set():
    """The sample answer of update-sms-campaign has nulls in it."""
    wire = {**message().to_wire(), "status_callback": None, "schedule": None}
    assert MessageCampaignDraft.from_wire(wire) == message()
    assert "status_callback" not in MessageCampaignDraft.from_wire(wire).to_wire()


def test_a_file_may_have_times_that_are_read_already():
    """TOML has them: aware ones are taken, others are a problem."""
    wire = {**message().to_wire(), "schedule": {"start_time": NOW}}
    assert MessageCampaignDraft.from_wire(wire).schedule == Schedule(NOW)
    wire["schedule"] = {"start_time": NOW.replace(tzinfo=None)}
    assert fields(refused(MessageCampaignDraft.from_wire, wire)) == ["schedule.start_time"]


ODD = [TOO_LARGE, {1: [TOO_LARGE]}, Unprintable()]


@pytest.mark.parametrize("kind", [MessageCampaignDraft, VoiceCampaignDraft])
def test_a_value_that_cannot_be_shown_is_a_problem_like_others(kind):
    """Of each parameter, and as the name of one; its form is shown."""
    wire = kind(**KIND[kind.channel][1]).to_wire()
    for name, value in itertools.product(kind.specs(), ODD):
        problems = refused(kind.from_wire, {**wire, name: value}).problems
        assert name in {problem.field.partition(".")[0] for problem in problems}
    for part, value in itertools.product(attrs.fields_dict(Retries), ODD):
        retries = Retries(**{"number_of_retries": 1, "interval_mins": 5, part: value})
        assert fields(refused(voice, retries=retries)) == [f"retries.{part}"]
    (problem, *_) = refused(kind.from_wire, {TOO_LARGE: 1, "schedule": {TOO_LARGE: 1}}).problems
    assert "no such parameter" in problem.rule


def test_a_time_in_a_file_has_an_offset_of_whole_minutes_too():
    """RFC 3339 knows no seconds in it."""
    error = refused(
        MessageCampaignDraft.from_wire,
        {**message().to_wire(), "schedule": {"start_time": "2026-01-05T10:00:00+05:53:28"}},
    )
    assert fields(error) == ["schedule.start_time"]
    assert "pytz" in str(error)
    assert error.problems[0].given == "2026-01-05T10:00:00+05:53:28"


def test_an_unknown_name_with_a_dot_hides_nothing():
    """Every problem is in the one error."""
    wire = {**message().to_wire(), "name": "ab", "name.first": "x"}
    assert fields(refused(MessageCampaignDraft.from_wire, wire)) == ["name.first", "name"]


def test_an_unknown_name_cannot_drive_a_terminal():
    """The error is one printable line, whatever is in the file."""
    assert str(refused(MessageCampaignDraft.from_wire, {**message().to_wire(), "\x1b[2J\n": 1})).isprintable()


# The `data` of the update response of https://developer.exotel.com/api/update-sms-campaign-3, whole.
SEED_ID = "90dad70b939f469fbf8b801660148272"
SEED = {
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
}


def read(data, collection="message-campaigns"):
    """The campaign that an answer with this item shows."""
    where = Target("", data.get("account_sid", "acme1"), collection, data.get("sid", data.get("id")), ())
    body = json.dumps({"http_code": 200, "response": {"code": 200, "status": "success", "data": data}}).encode()
    return campaign_from(read_status(Answer(200, (), body), where), where.id, where.channel, NOW)


def test_the_seeds_sample_is_a_draft():
    """All of its parameters, rightly spelled, and nothing that only the server says."""
    assert MessageCampaignDraft.of(read(SEED)).to_wire() == {
        "channel": "SMS",
        "content_type": "static",
        "lists": ["f2284e77ea5a4224911251b08f861af2"],
        "sender_id": "EXOTEL",
        "sms_type": "transactional",
        "template": "12345 is your One Time Password (OTP) for logging into Exotel dashboard.",
        "dlt_entity_id": "1101428740000012125",
        "dlt_template_id": "1107160016142600511",
        "name": "camp1",
        "schedule": {"start_time": "2022-08-10T21:57:00+05:30", "end_time": "2022-09-09T21:57:00+05:30"},
        "sms_status_callback": "https://www.test-campaign.com",
    }


def without(data, *keys, **changes):
    return {**{key: value for key, value in data.items() if key not in keys}, **changes}


def test_the_dlt_entity_id_is_read_in_both_spellings():
    """The page update-sms-campaign spells it wrong in answers, and may stop doing so."""
    right = without(SEED, "dlt_entitiy_id", dlt_entity_id="1101428740000012125")
    assert MessageCampaignDraft.of(read(right)).dlt_entity_id == "1101428740000012125"
    assert MessageCampaignDraft.of(read(without(SEED, "dlt_entitiy_id"))).dlt_entity_id is None


def test_a_null_in_one_spelling_does_not_hide_the_other():
    """A whole edit would send the campaign without its entity id."""
    both = {**SEED, "dlt_entitiy_id": None, "dlt_entity_id": "1101428740000012125"}
    assert MessageCampaignDraft.of(read(both)).dlt_entity_id == "1101428740000012125"


@pytest.mark.parametrize(
    ("data", "missing"),
    [
        (
            {"sid": SEED_ID, "name": "camp1", "status": "scheduled", "date_created": "2022-08-10T21:47:52+05:30"},
            ["content_type", "lists", "sender_id", "sms_type", "template"],
        ),
        (without(SEED, "template"), ["template"]),
        (without(SEED, "lists", lists=[]), ["lists"]),
        (without(SEED, "dlt_template_id", dlt_template_id=1107160016142600511), ["dlt_template_id"]),
        (without(SEED, "status_callback", status_callback=5), ["status_callback"]),
    ],
)
def test_what_a_campaign_does_not_show_is_a_problem_of_its_draft(data, missing):
    """A message create item is too little for a whole edit, and nothing is made up."""
    assert fields(refused(MessageCampaignDraft.of, read(data))) == missing


def test_a_voice_item_that_names_nobody_to_call_is_no_draft():
    """The documented item shows neither lists nor numbers."""
    item = {
        "id": "camp_abc123",
        "account_sid": "acme1",
        "name": "diwali",
        "type": "trans",
        "caller_id": "0XXXXXX2400",
        "campaign_type": "static",
        "url": "http://my.exotel.com/acme1/exoml/start_voice/1",
        "retries": {"number_of_retries": 1, "interval_mins": 5, "mechanism": "Linear", "on_status": ["failed"]},
        "schedule": {"send_at": "2026-01-06T10:00:00+05:30", "end_at": None},
        "status": "Created",
        "call_duplicate_numbers": False,
        "stats": {"created": 5, "completed": 0, "failed": 0, "pending": 5},
    }
    assert fields(refused(VoiceCampaignDraft.of, read(item, "campaigns"))) == ["from and lists"]
    draft = VoiceCampaignDraft.of(attrs.evolve(read(item, "campaigns"), lists=("a",)))
    assert draft == VoiceCampaignDraft(
        caller_id="0XXXXXX2400",
        lists=("a",),
        campaign_type="static",
        url="http://my.exotel.com/acme1/exoml/start_voice/1",
        name="diwali",
        type="trans",
        call_duplicate_numbers=False,
        retries=Retries(number_of_retries=1, interval_mins=5, mechanism="Linear", on_status=["failed"]),
        schedule=Schedule(datetime(2026, 1, 6, 10, 0, tzinfo=INDIA)),
    )


@pytest.mark.parametrize(
    ("schedule", "lost"),
    [
        ({"start_time": "2026-02-01T10:00:00+05:30", "end_time": "2026-02-03T10:00:00"}, "schedule.end_time"),
        ({"start_time": "2026-02-01T10:00:00", "end_time": "2026-02-03T10:00:00+05:30"}, "schedule.start_time"),
        ("tomorrow", "schedule"),
    ],
)
def test_a_schedule_that_cannot_be_read_is_a_problem_of_the_draft(schedule, lost):
    """A whole edit without it would change when the campaign runs."""
    error = refused(MessageCampaignDraft.of, read({**SEED, "schedule": schedule}))
    assert lost.partition(".")[0] in {field.partition(".")[0] for field in fields(error)}


def test_a_name_that_cannot_be_read_is_a_problem_of_the_draft():
    """A whole edit would send the campaign without its name."""
    assert fields(refused(MessageCampaignDraft.of, read({**SEED, "name": 2026}))) == ["name"]


@pytest.mark.parametrize("schedule", [{}, {"start_time": None, "end_time": None}])
def test_an_empty_schedule_is_none(schedule):
    """A campaign that starts at once may be shown with a schedule that has no times in it."""
    assert MessageCampaignDraft.of(read({**SEED, "schedule": schedule})).schedule is None


@pytest.fixture
def simulator():
    return Simulator()


def get(simulator, campaign, channel):
    settings = {"account_sid": "acme1", "api_key": "key", "api_token": "token", "channel": channel}
    with CampaignClient(**settings, transport=SimulatorTransport(simulator)) as client:
        return client.get(campaign)


def test_a_message_campaign_of_the_simulator_is_a_draft(simulator):
    """With its schedule, its callbacks, and the entity id that the server spells wrong."""
    campaign = simulator.add(
        name="diwali",
        start=simulator.now + HOUR,
        end=simulator.now + 5 * HOUR,
        template="Hello there.",
        dlt_entity_id="42",
        status_callback="https://example.com/x",
    )
    shown = get(simulator, campaign, "message")
    assert shown.raw["dlt_entitiy_id"] == "42"
    assert MessageCampaignDraft.of(shown) == MessageCampaignDraft(
        content_type="static",
        lists=("f2284e77ea5a4224911251b08f861af2",),
        sender_id="EXOTEL",
        sms_type="transactional",
        template="Hello there.",
        dlt_entity_id="42",
        dlt_template_id="1107160016142600511",
        name="diwali",
        schedule=Schedule(simulator.now + HOUR, simulator.now + 5 * HOUR),
        status_callback="https://example.com/x",
    )


def test_a_voice_campaign_of_the_simulator_is_a_draft(simulator):
    """Once it shows whom it calls; the status and the counts are not in it."""
    retries = {"number_of_retries": 2, "interval_mins": 5, "mechanism": "Exponential"}
    parameters = {"from": [NUMBER], "retries": retries, "throttle": 30}
    campaign = simulator.add(channel="voice", name="diwali", **parameters)
    assert VoiceCampaignDraft.of(get(simulator, campaign, "voice")).to_wire() == {
        "caller_id": "0XXXXXX2400",
        "from": [NUMBER],
        "campaign_type": "static",
        "url": "http://my.exotel.com/acme1/exoml/start_voice/1",
        "name": "diwali",
        "type": "trans",
        "call_duplicate_numbers": False,
        "retries": retries,
        "throttle": 30,
    }


def test_a_draft_that_is_changed_is_checked_again(simulator):
    """`attrs.evolve` keeps the rest, and finds what the change breaks."""
    draft = MessageCampaignDraft.of(get(simulator, simulator.add(name="diwali"), "message"))
    changed = attrs.evolve(draft, template="Hello again.")
    assert (changed.template, changed.name) == ("Hello again.", "diwali")
    assert fields(refused(attrs.evolve, draft, template="x" * 2001, name="ab")) == ["template", "name"]


def test_a_campaign_of_the_other_channel_is_no_draft():
    """A message campaign has no caller."""
    campaign = Campaign("a1", Status.CREATED, "created", Channel.MESSAGE, lists=("a",), template="x")
    assert fields(refused(VoiceCampaignDraft.of, campaign)) == ["caller_id"]


@pytest.mark.parametrize(
    ("channel", "changes", "wire"),
    [
        ("message", {"name": "renamed"}, {"name": "renamed"}),
        ("message", {"sender_id": "123456"}, {"sender_id": "123456"}),
        ("message", {"lists": ("a", "b")}, {"lists": ["a", "b"]}),
        (
            "message",
            {"schedule": Schedule(None, datetime(2099, 1, 5, tzinfo=UTC))},
            {"schedule": {"end_time": "2099-01-05T00:00:00+00:00"}},
        ),
        (
            "message",
            {"schedule": {"start_time": "2099-01-05T10:00:00+05:30"}},
            {"schedule": {"start_time": "2099-01-05T10:00:00+05:30"}},
        ),
        ("voice", {"from_": [NUMBER]}, {"from": [NUMBER]}),
        ("voice", {"from": [NUMBER]}, {"from": [NUMBER]}),
        ("voice", {"call_duplicate_numbers": False, "throttle": 5}, {"call_duplicate_numbers": False, "throttle": 5}),
        ("voice", {"retries": Retries(number_of_retries=0)}, {"retries": {"number_of_retries": 0}}),
        ("voice", {"retries": {"number_of_retries": 0}}, {"retries": {"number_of_retries": 0}}),
        ("voice", {"status_callback": "https://example.com/x"}, {"status_callback": "https://example.com/x"}),
    ],
)
def test_some_parameters_are_sent_alone(channel, changes, wire):
    """By attribute name or wire name, without what is required of a whole draft and without the channel."""
    assert changes_to_wire(Channel(channel), changes) == (wire, ())


@pytest.mark.parametrize(
    ("channel", "changes", "expected"),
    [
        ("message", {}, ["edit"]),
        ("voice", {}, ["edit"]),
        ("message", {"name": None}, ["name"]),
        ("voice", {"from_": None}, ["from"]),
        ("voice", {"name": None, "schedule": None}, ["name", "schedule"]),
        ("message", {"name": "ab", "template": "x" * 2001}, ["template", "name"]),
        ("message", {"templat": "x", "name": "ab"}, ["templat", "name"]),
        ("message", {"from": [NUMBER]}, ["from"]),
        ("message", {"content_type": "dynamic", "lists": ["a", "b"]}, ["lists"]),
        ("message", {"sender_id": "EXOTEL", "sms_type": "promotional"}, ["sender_id"]),
        ("voice", {"from_": [NUMBER], "lists": ["a"]}, ["from and lists"]),
        ("voice", {"retries": {"number_of_retries": 4}}, ["retries.number_of_retries"]),
        ("voice", {"schedule": {"send_at": "soon"}}, ["schedule.send_at"]),
        ("voice", {"action": "pause"}, ["action"]),
        ("message", {"name": None, "lists": []}, ["lists", "name"]),
        ("voice", {"from_": [NUMBER], "from": ["+919876543211"]}, ["from"]),
    ],
)
def test_an_edit_that_cannot_be_sent_says_everything_that_is_wrong(channel, changes, expected):
    """Nothing at all, None, unknown names, limits and parameters that do not fit each other."""
    error = refused(changes_to_wire, Channel(channel), changes)
    assert fields(error) == expected
    assert str(error).startswith(f"The edit of a {channel} campaign cannot be sent: ")


def test_none_in_an_edit_is_refused_because_no_page_shows_how_to_unset():
    """Null is never sent."""
    (problem,) = refused(changes_to_wire, Channel.MESSAGE, {"status_callback": None}).problems
    assert "unset" in problem.rule


@pytest.mark.parametrize(
    ("channel", "key", "least"),
    [(Channel.MESSAGE, "start_time", 10 * MINUTE), (Channel.VOICE, "send_at", timedelta(0))],
)
def test_an_edit_to_a_start_that_is_near_gets_a_warning(channel, key, least):
    """Less than 10 minutes for messages, not in the future for calls, as in a create."""
    near, far = datetime.now(UTC) + least - MINUTE, datetime.now(UTC) + least + MINUTE
    assert [w.field for w in changes_to_wire(channel, {"schedule": Schedule(near)})[1]] == [f"schedule.{key}"]
    assert changes_to_wire(channel, {"schedule": Schedule(far)})[1] == ()


def test_a_past_start_of_calls_is_warned_about_by_their_own_page():
    """No page about messages is named, and no number of minutes."""
    (warning,) = voice(schedule=Schedule(NOW - HOUR)).warnings(NOW)
    assert (warning.rule, warning.given) == ("'Campaign scheduling' asks for a start in the future", "1 hour ago")


@pytest.mark.parametrize("tries", [1, 2, 3])
@pytest.mark.parametrize("interval", [None, 5])
def test_retries_need_an_interval(tries, interval):
    """Mandatory by the console's pages, of a create and of an edit."""
    retries = Retries(number_of_retries=tries, interval_mins=interval)
    if interval:
        assert voice(retries=retries)
        return
    for make in (lambda: voice(retries=retries), lambda: changes_to_wire(Channel.VOICE, {"retries": retries})):
        (problem,) = refused(make).problems
        assert problem.field == "retries.interval_mins"
        assert "'Campaigns (API console)'" in problem.rule


def test_without_retries_there_is_no_interval(simulator):
    """Campaigns are shown so that are not tried again: they are drafts, and can be sent."""
    draft = VoiceCampaignDraft.of(get(simulator, simulator.add(channel="voice", **{"from": [NUMBER]}), "voice"))
    assert draft.to_wire()["retries"] == {"number_of_retries": 0}


def test_numbers_may_be_one_text_with_commas(simulator):
    """As the voice reference has them: by keyword, in a file, in an edit, in an answer; a list is sent."""
    spelled, other = f"{NUMBER} , +919876543211", "+919876543211"
    assert voice(from_=spelled) == voice(from_=[NUMBER, other])
    assert voice(from_=spelled).to_wire()["from"] == [NUMBER, other]
    assert VoiceCampaignDraft.from_wire({**voice().to_wire(), "from": spelled}).from_ == (NUMBER, other)
    assert changes_to_wire(Channel.VOICE, {"from": spelled})[0] == {"from": [NUMBER, other]}
    shown = get(simulator, simulator.add(channel="voice", **{"from": spelled}), "voice")
    assert VoiceCampaignDraft.of(shown).from_ == (NUMBER, other)
    for lines in (f"{NUMBER},\n{other}\n", f"{NUMBER},\r\n{other}\r\n", f"\t{NUMBER}\t,\t{other}"):
        assert voice(from_=lines).from_ == (NUMBER, other)


@pytest.mark.parametrize(
    ("spelled", "given"),
    [("", "1 entry"), (f"{NUMBER};{NUMBER}", "1 entry"), ("a,b", "2 entries"), (7, "of type int")],
)
def test_an_error_counts_what_was_given_in_words(spelled, given):
    """One entry is no entries."""
    (problem,) = refused(voice, from_=spelled).problems
    assert problem.given == given


def test_one_invalid_number_fails_the_whole_create_and_is_said_to():
    """Where a number is refused, and where it is only not valid by its country's plan."""
    says = "one invalid number fails the whole create, by 'How does the Campaigns API work'"
    (problem,) = refused(voice, from_=[NUMBER, "nobody"]).problems
    assert says in problem.rule
    pytest.importorskip("phonenumbers")
    (warning,) = voice(from_=[NUMBER, "+910000000000"]).warnings(NOW)
    assert says in warning.rule


def test_the_docstring_says_where_a_custom_field_goes():
    """To the applet's URL, by the page that says so, and into no callback."""
    (said,) = (part for part in VoiceCampaignDraft.__doc__.split("\n        ") if part.startswith("custom_field:"))
    assert "applet" in said
    assert "no callback" in said


GUIDE = "only 'Creating an SMS campaign' has this one"
SCHEDULING = "'Campaign scheduling' has this one"
CLIENT = "a public client, and no page, has this one"
MESSAGES = "a message campaign has this one"


@pytest.mark.parametrize(
    ("channel", "name", "means", "said_by"),
    [
        ("message", "body", "template", GUIDE),
        ("message", "campaign_type", "content_type", GUIDE),
        ("message", "send_at", "schedule.start_time", GUIDE),
        ("message", "end_at", "schedule.end_time", GUIDE),
        ("message", "throttle", None, GUIDE),
        ("message", "from", "sender_id", CLIENT),
        ("message", "template_id", "dlt_template_id", CLIENT),
        ("message", "message_type", "sms_type", CLIENT),
        ("message", "message_status_callback", "sms_status_callback", CLIENT),
        ("voice", "content_type", "campaign_type", MESSAGES),
        ("voice", "start_time", "schedule.send_at", MESSAGES),
        ("voice", "end_time", "schedule.end_at", MESSAGES),
    ],
)
def test_a_name_from_elsewhere_is_a_problem_with_the_documented_one(channel, name, means, said_by):
    """On top of a draft, and in an edit; what is given by it alone is not missed as well."""
    kind, base = KIND[channel]
    wire = kind(**base).to_wire()
    wire[name] = wire.pop(means, "x")
    expected = (
        f"no such parameter; the documented name is {means}; {said_by}" if means else f"no such parameter; {said_by}"
    )
    for make in (lambda: kind.from_wire(wire), lambda: changes_to_wire(Channel(channel), {name: "x"})):
        (problem,) = refused(make).problems
        assert (problem.field, problem.rule) == (name, expected)


@pytest.mark.parametrize(
    ("channel", "keys", "means", "said_by"),
    [
        ("message", ("send_at", "end_at"), ("start_time", "end_time"), SCHEDULING),
        ("voice", ("start_time", "end_time"), ("send_at", "end_at"), MESSAGES),
    ],
)
def test_the_other_channels_schedule_is_a_problem_with_the_documented_keys(channel, keys, means, said_by):
    """Each key with its own."""
    kind, base = KIND[channel]
    schedule = dict.fromkeys(keys, "2999-01-05T10:00:00+05:30")
    problems = refused(kind.from_wire, {**kind(**base).to_wire(), "schedule": schedule}).problems
    assert [(problem.field, problem.rule) for problem in problems] == [
        (f"schedule.{key}", f"no such parameter; the documented name is schedule.{meant}; {said_by}")
        for key, meant in zip(keys, means, strict=True)
    ]


@pytest.mark.parametrize(
    ("channel", "name", "said"),
    [
        (
            "message",
            "schedule.start_time",
            """--set 'schedule={"start_time": "…"}', or in Python schedule=Schedule(…)""",
        ),
        ("message", "schedule.send_at", """--set 'schedule={"start_time": "…"}', or in Python schedule=Schedule(…)"""),
        ("message", "schedule.begin", "schedule has start_time, end_time"),
        ("message", "retries.interval_mins", None),
        ("voice", "schedule.end_at", """--set 'schedule={"end_at": "…"}', or in Python schedule=Schedule(…)"""),
        ("voice", "retries.interval_mins", """--set 'retries={"interval_mins": …}', or in Python retries=Retries(…)"""),
        ("voice", "retries.often", "retries has number_of_retries, interval_mins, mechanism, on_status"),
        ("voice", "name.first", None),
    ],
)
def test_a_part_that_is_named_with_a_dot_is_a_problem_with_the_form_that_works(channel, name, said):
    """The documented name of a part, as other problems say it, is no parameter by itself."""
    kind, base = KIND[channel]
    for make in (
        lambda: kind.from_wire({**kind(**base).to_wire(), name: "x"}),
        lambda: changes_to_wire(Channel(channel), {name: "x"}),
    ):
        (problem,) = refused(make).problems
        assert problem.field == name
        assert problem.rule.startswith("no such parameter")
        assert said is None or problem.rule.endswith(said)
        assert said is not None or "--set" not in problem.rule


@pytest.mark.parametrize("short", ["trans", "promo"])
def test_the_guides_short_types_are_a_problem_with_the_documented_ones(short):
    """And with the page that has them."""
    (problem,) = refused(message, sms_type=short).problems
    assert problem.rule == (
        "one of transactional, promotional (only 'Creating an SMS campaign' has trans and promo for them)"
    )


def test_a_name_from_elsewhere_hides_no_problem_of_the_documented_one():
    """Where both are given."""
    wire = {**message().to_wire(), "template": "x" * 2001, "body": "x"}
    assert fields(refused(MessageCampaignDraft.from_wire, wire)) == ["body", "template"]


@pytest.mark.parametrize(
    ("channel", "changes", "expected"),
    [
        (Channel.VOICE, {"from_": ["09876543210"]}, ["from"]),
        (Channel.VOICE, {"read_via_text": "Dear @@name, {{sum}}."}, ["read_via_text"]),
        (Channel.VOICE, {"name": "abc"}, ["name"]),
        (Channel.VOICE, {"mode": "auto", "throttle": 5}, ["throttle"]),
        (Channel.VOICE, {"throttle": 60}, ["throttle"]),
        (Channel.VOICE, {"repeat_menu_attempts": 2}, []),
        (Channel.VOICE, {"repeat_menu_attempts": 2, "flow_type": "greeting"}, ["repeat_menu_attempts"]),
        (Channel.VOICE, {"flow_type": "greeting"}, []),
        (Channel.VOICE, {"flow_type": "ivr", "read_via_text": "Hello."}, ["url"]),
        (Channel.VOICE, {"url": "https://example.com", "read_via_text": "Hello."}, ["read_via_text"]),
        (Channel.MESSAGE, {"dlt_entity_id": "1" * 20}, ["dlt_entity_id"]),
        (Channel.MESSAGE, {"name": "abc"}, ["name"]),
        (Channel.MESSAGE, {"template": "Dear @@name."}, []),
        (Channel.MESSAGE, {"template": "Dear {#var#}."}, ["template"]),
    ],
)
def test_an_edit_is_warned_about_as_a_create_is(channel, changes, expected):
    """What is given is looked at; what is left out is not missed."""
    assert [warning.field for warning in changes_to_wire(channel, changes)[1]] == expected


SECRETS = ("4711", "canary", "98765")


@pytest.mark.parametrize(
    ("channel", "changes"),
    [
        ("message", {"template": TEXT * 100}),
        ("message", {"template": [TEXT]}),
        ("voice", {"from_": f"{NUMBER},98765"}),
        ("voice", {"from_": [NUMBER, "98765", f"{NUMBER}x"]}),
        ("voice", {"from_": [NUMBER] * 5001}),
        ("voice", {"caller_id": [NUMBER]}),
        ("voice", {"read_via_text": [TEXT]}),
        ("voice", {"custom_field": [TEXT]}),
        ("voice", {"lists": [NUMBER]}),
        ("message", {"template": {TEXT: 1}}),
        ("message", {"template": TEXT.encode()}),
        ("voice", {"from_": {NUMBER}}),
        ("voice", {"from_": {"numbers": [NUMBER]}}),
        ("voice", {"from_": 919876543210}),
        ("voice", {"caller_id": 919876543210}),
        ("voice", {"custom_field": 919876543210}),
        ("voice", {"read_via_text": {"text": TEXT}}),
    ],
)
def test_phone_numbers_and_texts_are_in_no_error(channel, changes):
    """Whatever is wrong with them, only their form is shown."""
    error = refused(build, channel, changes)
    for shown in (str(error), repr(error), repr(error.problems)):
        assert not any(secret in shown for secret in SECRETS)


@pytest.mark.parametrize("draft", [message(template=TEXT), voice(caller_id=NUMBER, read_via_text=TEXT)])
def test_phone_numbers_and_texts_are_in_no_repr(draft):
    """A draft in a log line or a traceback gives away nothing, like a campaign."""
    assert not any(secret in repr(draft) for secret in SECRETS)


@pytest.mark.parametrize("kind", [MessageCampaignDraft, VoiceCampaignDraft])
def test_passwords_in_urls_are_in_no_repr(kind):
    """Of each parameter that is a URL; its host and path are shown."""
    urls = [name for name in kind.specs() if name == "url" or name.endswith("callback")]
    assert len(urls) == {"message": 2, "voice": 4}[kind.channel]
    for name in urls:
        shown = repr(build(kind.channel, {name: "https://asha:canary@example.com/4711"}))
        assert f"{name}='https://[redacted]@example.com/4711'" in shown


def test_bad_numbers_are_named_by_their_place():
    """The first five places, and how many more there are."""
    (problem,) = refused(voice, from_=["x", NUMBER, "x", "x", "x", "x", "x", "x"]).problems
    assert "number 1, 3, 4, 5, 6 and 2 more in the list" in problem.rule
    (problem,) = refused(voice, from_=["x"] * 5).problems
    assert "number 1, 2, 3, 4, 5 in the list" in problem.rule


def test_long_values_are_cut():
    """An error stays short enough to read."""
    assert len(str(refused(message, status_callback="x" * 10_000))) < 200


@pytest.mark.parametrize("channel", ["message", "voice"])
def test_the_error_is_a_value_error_that_survives_pickling(channel):
    """Fields, message and class arrive in another process."""
    error = refused(build, channel, {"name": "ab", "schedule": Schedule(NOW, NOW)})
    assert isinstance(error, ValueError)
    assert isinstance(error, CampaignFsmError)
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is InvalidParameters
    assert (again.what, again.problems, str(again)) == (f"{channel} campaign", error.problems, str(error))


SHAPES = [
    ("+123456789012345", True),
    ("+1234567890123456", False),
    ("123456789012345", True),
    ("1234567890123456", False),
    ("+", False),
    ("++919876543210", False),
    ("+91987654321x", False),
    ("+919876543210\n", False),
    ("٩٨٧٦٥٤٣٢١٠", False),
    ("- " * 100_000, False),
    ("98765" + " " * 100_000 + "43210", False),
]


@pytest.mark.parametrize("library", [True, False])
@pytest.mark.parametrize(
    ("number", "has"),
    [
        ("919876543210.0", "decimal point"),
        ("+919876543210.0", "decimal point"),
        ("919876543210.", "decimal point"),
        ("98765 43210.0", "decimal point"),
        ("919876543.210", "decimal point"),
        ("919876543210,0", "comma"),
        ("919876543,210", "comma"),
        ("9,19877E+11", "exponent"),
        ('="919876543210"', "'='"),
        ("+91\u00a098765\u00a043210", "NO-BREAK SPACE (U+00A0)"),
        ("+91\u202f98765\u202f43210", "NARROW NO-BREAK SPACE (U+202F)"),
        ("098765\u201143210", "NON-BREAKING HYPHEN (U+2011)"),
        ("+919876543210\u200e", "LEFT-TO-RIGHT MARK (U+200E)"),
        ("\ufeff+919876543210", "ZERO WIDTH NO-BREAK SPACE (U+FEFF)"),
        ("+919876543210\t", "without a name (U+0009)"),
        ("+49 711/123456", "'/'"),
        ("98765,43210,1", "','"),
        ("08045687890,08045687891", "','"),
        ("9.19876543210e+11", "exponent"),
        ("9.2E11", "exponent"),
        ("-919876543210", "minus"),
        ("919876543210-", "minus"),
        ("+-919876543210", "minus"),
        ("(-91)9876543210", "minus"),
        ("(080 4711 2400", "brackets"),
        ("080) 4711 2400", "brackets"),
        ("((080)) 4711 2400", "brackets"),
        ("()08047112400", "brackets"),
    ],
)
def test_what_a_spreadsheet_or_a_slip_makes_of_a_number_is_named(monkeypatch, library, number, has):
    """Its digits alone would be another number, or a longer one."""
    if not library:
        monkeypatch.setattr(limits, "_library", lambda: None)
    (problem,) = refused(voice, from_=[NUMBER, number]).problems
    assert "number 2 in the list has" in problem.rule
    assert problem.rule.isprintable()
    assert has in problem.rule
    assert "98765" not in str(problem)


@pytest.mark.parametrize("library", [True, False])
def test_what_people_put_between_digits_is_left_alone(monkeypatch, library):
    """Spaces, hyphens, dots between groups, and whole pairs of brackets."""
    if not library:
        monkeypatch.setattr(limits, "_library", lambda: None)
    numbers = [
        "+91 98765 43210", "+91-98765-43210", "+91.98765.43210", "+91.9876543210", "98765.43210", "080.4711.2400",
        "(080) 4711-2400", "(080)47112400", "+91 (0) 98765 43210", "(+91) 98765-43210", "+91 (98765) 43210",
        "98765 - 43210", " 9876543210 ", "+ 91 9876543210", "+43.1.5812345.0", "0228.1234.0", "0228.123456.",
    ]  # fmt: skip
    assert voice(from_=numbers).to_wire()["from"] == numbers


def test_a_link_is_named_as_one():
    """As browsers copy it."""
    (problem,) = refused(voice, from_=["tel:+919876543210"]).problems
    assert "number 1 in the list begins with tel:" in problem.rule


@pytest.mark.parametrize(
    "number", ["tel", "080****2400", "0XXXXXX2400", "+91 98765 4321O", "+91987654321_", "98765/4321O"]
)
def test_letters_and_masks_are_no_slip_in_a_number(number):
    """What they stand for is not known."""
    (problem,) = refused(voice, from_=[number]).problems
    assert "number 1 in the list is none" in problem.rule


def test_nothing_is_looked_for_in_a_text_that_is_longer_than_a_number():
    """The patterns would take their time."""
    (problem,) = refused(voice, from_=["919876543210".ljust(59) + ".", "919876543210".ljust(60) + "."]).problems
    assert "number 1 in the list has the decimal" in problem.rule
    assert "number 2 in the list is none" in problem.rule


def test_numbers_that_are_wrong_in_a_hundred_ways_are_a_short_problem():
    """The first five ways."""
    error = refused(voice, from_=[f"98765{chr(0x2190 + at)}43210" for at in range(100)])
    assert "number 5 in the list has the character" in error.problems[0].rule
    assert error.problems[0].rule.endswith("; 95 more kinds of errors")


def test_numbers_that_are_wrong_in_several_ways_are_one_problem():
    """Each way with its places."""
    (problem,) = refused(voice, from_=["919876543210.0", "nobody", 919876543210, "nobody", NUMBER]).problems
    for part in (
        "number 1 in the list has the decimal",
        "number 2, 4 in the list is none",
        "number 3 in the list is no",
    ):
        assert part in problem.rule


@pytest.mark.parametrize(("number", "accepted"), [*SHAPES, ("+910000000000", True), ("+919876", True)])
def test_without_the_library_a_number_is_checked_by_its_shape(monkeypatch, number, accepted):
    """Up to 15 digits, a plus or none before them; nothing is said of country plans."""
    monkeypatch.setattr(limits, "_library", lambda: None)
    if accepted:
        assert voice(from_=[number]).to_wire()["from"] == [number]
        assert warned(voice(from_=[number])) == ([] if number.startswith("+") else ["from"])
    else:
        assert fields(refused(voice, from_=[number])) == ["from"]


@pytest.mark.parametrize(
    ("number", "accepted", "warnings"),
    [
        (NUMBER, True, []),
        ("+6591234567", True, []),
        ("+910000000000", True, ["from"]),
        ("+919876", False, None),
        ("+9198765432109876", False, None),
        ("+999999999999", False, None),
        ("09876543210", True, ["from"]),
    ],
)
def test_with_the_library_a_number_is_checked_by_its_countrys_plan(number, accepted, warnings):
    """One that cannot be is refused, one that no operator has is warned about, local ones are left alone."""
    pytest.importorskip("phonenumbers")
    if accepted:
        assert warned(voice(from_=[number])) == warnings
    else:
        assert fields(refused(voice, from_=[number])) == ["from"]

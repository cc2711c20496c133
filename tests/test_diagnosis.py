"""Diagnoses: what is said about a campaign that stands still, and that nothing is said about a healthy one."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from campaign_fsm import Campaign, CampaignClient, Channel, Schedule, Simulator, SimulatorTransport, Status, diagnose
from campaign_fsm.rules import RULE

NOW = datetime(2026, 1, 5, 4, 30, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
INSTANT = timedelta(microseconds=1)
CHANNELS = ["message", "voice"]
# The sample answers count what waits as `scheduled` on message campaigns, as `pending` on voice campaigns.
WAITING = {"message": "scheduled", "voice": "pending"}

NOT_STARTED = "created, but past its start"
ENDED = "paused by its end time, with numbers pending"
EXPIRES = "paused, and may be canceled at its end"
FAILURES = "completed with failures"
PENDING = "completed with numbers pending"
PAST_END = "in progress, but past its end"
STILL = "not updated for days"
FAILED = "no number could be attempted"
EXPIRED = "canceled, as a paused campaign can be at its end time"
UNKNOWN = "the status is on no list"


def campaign(status, channel, *, start=None, end=None, pending=None, stats=(), **fields):
    counts = dict(stats) if pending is None else {WAITING[channel]: pending, **dict(stats)}
    schedule = Schedule(start, end) if start or end else None
    return Campaign(
        "a1", Status(status), fields.pop("raw_status", status), Channel(channel), schedule=schedule, stats=counts,
        **fields,
    )  # fmt: skip


def titles(found):
    return [one.title for one in diagnose(found, NOW)]


def the_one(found):
    (diagnosis,) = diagnose(found, NOW)
    return diagnosis


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"start": NOW - MINUTE}, [NOT_STARTED]),
        ({"start": NOW - MINUTE + INSTANT}, []),
        ({"start": NOW}, []),
        ({"start": NOW + DAY}, []),
        ({"start": NOW - DAY}, [NOT_STARTED]),
        ({"start": NOW - DAY, "end": NOW - HOUR}, [NOT_STARTED]),
        ({"created": NOW - MINUTE}, [NOT_STARTED]),
        ({"created": NOW - MINUTE + INSTANT}, []),
        ({"created": NOW - MINUTE, "end": NOW + DAY}, [NOT_STARTED]),
        ({"created": NOW - DAY, "start": NOW + HOUR}, []),
        ({"created": NOW - DAY, "start": NOW - MINUTE + INSTANT}, []),
        ({}, []),
        ({"end": NOW - DAY}, []),
    ],
)
def test_a_created_campaign_is_late_a_minute_after_its_start(channel, fields, expected):
    """The start time, or the creation where there is no schedule to wait for (CF301); nothing if neither is known."""
    assert titles(campaign("created", channel, **fields)) == expected


@pytest.mark.parametrize("channel", CHANNELS)
def test_how_late_a_created_campaign_is_is_said(channel):
    """In the largest whole unit, and after what."""
    found = the_one(campaign("created", channel, start=NOW - 3 * HOUR, created=NOW - 2 * DAY))
    assert "3 hours after its start time" in found.explanation
    found = the_one(campaign("created", channel, created=NOW - 2 * DAY))
    assert "2 days after it was created" in found.explanation
    assert "no start time" in found.explanation
    assert "1 minute after" in the_one(campaign("created", channel, start=NOW - MINUTE)).explanation
    assert "59 minutes after" in the_one(campaign("created", channel, start=NOW - HOUR + INSTANT)).explanation
    assert "1 hour after" in the_one(campaign("created", channel, start=NOW - DAY + HOUR * 22 + MINUTE)).explanation


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_start_that_cannot_be_read_is_not_called_none(channel):
    """A time without a zone is kept in `raw`; whether it has passed is unknown."""
    key = {"message": "start_time", "voice": "send_at"}[channel]
    for raw in (
        {"schedule": {key: "2026-01-08T10:00:00"}},
        {"schedule": {key.title(): "2026-01-08T10:00:00Z"}},
        {"Schedule": {key: "2026-01-08T10:00:00Z"}},
    ):
        for found in diagnose(campaign("created", channel, created=NOW - DAY, end=NOW + 9 * DAY, raw=raw), NOW):
            assert "no start time" not in found.explanation


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"end": NOW, "pending": 3}, [ENDED]),
        ({"end": NOW - INSTANT, "pending": 3}, [ENDED]),
        ({"end": NOW + INSTANT, "pending": 3}, [EXPIRES]),
        ({"end": NOW + DAY, "pending": 1}, [EXPIRES]),
        ({"end": NOW - DAY, "pending": 0}, []),
        ({"end": NOW + DAY, "pending": 0}, []),
        ({"pending": 3}, []),
        ({"start": NOW - DAY, "pending": 3}, []),
        ({}, []),
    ],
)
def test_a_paused_campaign_with_an_end_and_numbers_waiting_is_in_danger(channel, fields, expected):
    """Before the end and after it; not without an end, and not with nobody left to contact (CF305, CF306)."""
    assert titles(campaign("paused", channel, **fields)) == expected


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("end", [NOW - HOUR, NOW + HOUR])
def test_a_paused_campaign_that_does_not_count_is_in_danger_too(channel, end):
    """Without the count it is unknown whether somebody waits."""
    assert len(titles(campaign("paused", channel, end=end))) == 1
    other = {"message": "submitted", "voice": "scheduled"}[channel]
    assert len(titles(campaign("paused", channel, end=end, stats={other: 0}))) == 1


@pytest.mark.parametrize(
    ("stats", "expected"),
    [
        ({"pending": 3}, 3),
        ({"pending": 0}, 0),
        ({"scheduled": 0, "pending": 3}, 3),
        ({"scheduled": 7, "pending": 3}, 7),
        ({"Scheduled": 2}, 2),
        ({"submitted": 4, "total": 4}, None),
    ],
)
def test_message_campaigns_count_what_waits_in_one_of_two_ways(stats, expected):
    """The greater one of both, since no page says whether the one contains the other."""
    found = campaign("paused", "message", end=NOW + HOUR, stats=stats)
    assert found.pending == expected
    assert bool(diagnose(found, NOW)) == (expected != 0)


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("end", [NOW - HOUR, NOW + HOUR])
def test_what_is_not_counted_is_not_claimed(channel, end):
    """Only as far as the resource itself says it."""
    found = the_one(campaign("paused", channel, end=end))
    assert "with numbers pending" not in found.title
    assert "umbers are pending" not in found.explanation
    assert "numbers were pending" not in found.explanation


@pytest.mark.parametrize("channel", CHANNELS)
def test_how_many_wait_and_how_long_is_said(channel):
    """The count of the stats, and the time to the end or since it."""
    found = the_one(campaign("paused", channel, end=NOW + 2 * HOUR, pending=5))
    assert "5 numbers are pending" in found.explanation
    assert "in 2 hours" in found.explanation
    found = the_one(campaign("paused", channel, end=NOW - DAY, pending=5))
    assert "1 day ago" in found.explanation
    assert "5 numbers were pending" in found.explanation


@pytest.mark.parametrize("channel", CHANNELS)
def test_one_is_not_spelled_like_several(channel):
    """One number is pending, for one second."""
    found = the_one(campaign("paused", channel, end=NOW + timedelta(seconds=1), pending=1))
    assert "1 numbers" not in found.explanation
    assert "1 seconds" not in found.explanation


@pytest.mark.parametrize(
    ("channel", "started", "expected"),
    [
        ("voice", True, "Reschedule it with an end that lies ahead"),
        ("voice", False, "Reschedule it with an end that lies ahead"),
        ("message", False, "Reschedule it with an end that lies ahead"),
        ("message", True, "only call campaigns are shown getting a new end"),
    ],
)
def test_the_advice_after_the_end_is_what_the_pages_allow(channel, started, expected):
    """A new end on voice, contested once it has started (CF116); on message campaigns before the start."""
    found = the_one(campaign("paused", channel, end=NOW - HOUR, pending=3, started=started))
    assert expected in found.advice
    assert ("(CF234)" in found.advice) == (channel == "message" and started)
    assert ("contradict" in found.advice) == (channel == "voice" and started)
    assert ("bare resume is legal" in found.advice) == (channel == "message" and started)


@pytest.mark.parametrize("channel", CHANNELS)
def test_the_advice_before_the_end_is_to_resume(channel):
    """Resume is legal from paused (CF104)."""
    assert the_one(campaign("paused", channel, end=NOW + HOUR, pending=3)).advice.startswith("Resume it before that")


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("status", ["completed", "archived"])
@pytest.mark.parametrize(
    ("stats", "expected"),
    [
        ({"failed": 1}, "failed 1"),
        ({"invalid": 2}, "invalid 2"),
        ({"failed-dnd": 1}, "failed-dnd 1"),
        ({"failed-no-attempt": 1}, "failed-no-attempt 1"),
        ({"failed-expired": 1}, "failed-expired 1"),
        ({"failed-no-balance": 1}, "failed-no-balance 1"),
        ({"failed-of-a-new-kind": 1}, "failed-of-a-new-kind 1"),
        ({"failed_dnd": 1, "failed_spam_detected": 2}, "failed_spam_detected 2, failed_dnd 1"),
        ({"failed": 2, "invalid": 7, "failed-dnd": 7, "sent": 9}, "failed-dnd 7, invalid 7, failed 2"),
    ],
)
def test_failures_of_a_completed_campaign_are_counted(channel, status, stats, expected):
    """By the vendor's own keys, the greatest first; what was sent is no failure."""
    found = the_one(campaign(status, channel, stats=stats))
    assert found.title == FAILURES
    assert found.explanation == f"Numbers that were not reached: {expected}."


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize(
    ("fields", "title"),
    [
        ({"status": "failed"}, FAILED),
        ({"status": "failed", "start": NOW + DAY, "pending": 3}, FAILED),
        ({"status": "canceled"}, EXPIRED),
        ({"status": "canceled", "end": NOW + DAY, "pending": 3}, EXPIRED),
        ({"status": "unknown", "raw_status": "stalled"}, UNKNOWN),
    ],
)
def test_a_status_that_explains_itself_is_explained(channel, fields, title):
    """Failed and canceled (CF303, CF305), and what is on no list; times and counts change nothing."""
    assert titles(campaign(channel=channel, **fields)) == [title]


@pytest.mark.parametrize(
    ("raw_status", "shown"),
    [
        ("Stalled", "'Stalled'"),
        ("stal\x1bled", "'[8 characters]'"),
        ("+919876543210", "'[13 characters]'"),
        ("Dear Asha, your code is 4711. " * 99, "'[2970 characters]'"),
    ],
)
def test_an_unknown_status_is_named_as_far_as_it_is_a_word(raw_status, shown):
    """What is none may be a phone number or a message, or drive a terminal."""
    found = the_one(campaign("unknown", "message", raw_status=raw_status))
    assert f"calls the status {shown};" in found.explanation
    assert "Every write is refused" in found.advice


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize(
    "fields",
    [
        {"status": "created", "start": NOW + HOUR, "end": NOW + DAY, "pending": 10},
        {"status": "created", "created": NOW},
        {"status": "in-progress"},
        {
            "status": "in-progress",
            "start": NOW - DAY,
            "end": NOW - MINUTE + INSTANT,
            "pending": 3,
            "stats": {"failed": 3},
        },
        {"status": "in-progress", "pending": 3, "updated": NOW - 2 * DAY + INSTANT},
        {"status": "in-progress", "pending": 3, "updated": NOW + 9 * DAY},
        {"status": "paused", "pending": 3, "updated": NOW - DAY},
        {"status": "paused", "pending": 0, "updated": NOW - 9 * DAY},
        {"status": "created", "start": NOW + DAY, "updated": NOW - 9 * DAY},
        {"status": "completed", "pending": 0, "updated": NOW - 9 * DAY},
        {"status": "paused", "pending": 3},
        {"status": "paused", "end": NOW - DAY, "pending": 0},
        {"status": "completed"},
        {"status": "completed", "end": NOW - DAY, "pending": 0, "stats": {"sent": 9, "failed": 0, "failed-dnd": 0}},
        {"status": "completed", "stats": {"unfailed": 3, "failedish": 3, "submitted": 3}},
        {"status": "completed", "stats": {"busy": 3, "no-answer": 3, "no_answer": 3, "rejected": 3, "in_progress": 3}},
        {"status": "archived", "stats": {"completed": 9, "invalid": 0}},
        {"status": "deleted", "start": NOW - DAY, "end": NOW - HOUR, "pending": 3, "stats": {"failed": 3}},
    ],
)
def test_nothing_is_said_about_a_campaign_that_is_well(channel, fields):
    """No news is no news."""
    assert diagnose(campaign(channel=channel, **fields), NOW) == ()


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("updated", [None, NOW - 9 * DAY])
def test_a_campaign_in_progress_past_its_end_is_late(channel, updated):
    """From a minute after it; how late, and how many wait where that is counted."""
    found = the_one(campaign("in-progress", channel, end=NOW - MINUTE, updated=updated))
    assert found.title == PAST_END
    assert "1 minute after its end time." in found.explanation
    assert "pending" not in found.explanation
    found = the_one(campaign("in-progress", channel, end=NOW - 3 * HOUR, pending=1, updated=updated))
    assert "3 hours after its end time, and 1 number is pending." in found.explanation
    assert found.sources == RULE["CF302"].sources
    assert set(found.sources) == set(RULE["CF306"].sources)  # the same pages, which contradict each other


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("status", ["completed", "archived"])
def test_numbers_that_are_pending_after_the_end_are_a_contradiction(channel, status):
    """Nobody is contacted any more; it comes before the failures."""
    found = the_one(campaign(status, channel, pending=2))
    assert found.title == PENDING
    assert f"is {status}, and by its counts 2 numbers are pending" in found.explanation
    assert found.sources
    assert titles(campaign(status, channel, pending=1, stats={"failed": 3})) == [PENDING, FAILURES]


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize(
    ("fields", "advice"),
    [
        ({"status": "in-progress"}, "Read it again"),
        ({"status": "in-progress", "pending": 3}, "Read it again"),
        ({"status": "in-progress", "pending": 0, "end": NOW + DAY}, "Read it again"),
        ({"status": "paused"}, "While it is paused"),
        ({"status": "paused", "pending": 3, "start": NOW - 9 * DAY}, "While it is paused"),
    ],
)
def test_since_when_nothing_was_updated_is_said(channel, fields, advice):
    """From two days on, with the server's own time, and without a guess at the reason."""
    found = the_one(campaign(channel=channel, updated=NOW - 2 * DAY, **fields))
    assert found.title == STILL
    assert "no update since 2026-01-03T04:30:00+00:00, 2 days ago" in found.explanation
    assert ("3 numbers are pending" in found.explanation) == (fields.get("pending") == 3)
    assert found.advice.startswith(advice)
    assert found.sources


@pytest.mark.parametrize("channel", CHANNELS)
def test_what_an_end_does_is_said_before_what_was_not_updated(channel):
    """One diagnosis for one state."""
    assert titles(campaign("paused", channel, end=NOW + DAY, pending=3, updated=NOW - 9 * DAY)) == [EXPIRES]
    assert titles(campaign("paused", channel, end=NOW - DAY, pending=3, updated=NOW - 9 * DAY)) == [ENDED]


@pytest.mark.parametrize("status", ["created", "in-progress", "paused", "completed"])
@pytest.mark.parametrize(
    "moment", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=timezone(-12 * HOUR))]
)
def test_the_ends_of_the_calendar_are_times_like_others(status, moment):
    """A diagnosis never raises."""
    for fields in ({"start": moment}, {"end": moment}, {"created": moment}, {"updated": moment}):
        assert all(found.explanation for found in diagnose(campaign(status, "message", pending=3, **fields), NOW))


END = {"how-campaigns-work", "campaign-scheduling", "campaign-faqs"}
# The page that says who is marked as failed, of the channel's own.
COMPLETE = {"message": "update-sms-campaign", "voice": "manage-campaign"}
EACH = [
    (NOT_STARTED, {"status": "created", "start": NOW - DAY}, END),
    (EXPIRES, {"status": "paused", "end": NOW + DAY, "pending": 3}, {"how-campaigns-work", "campaign-faqs"}),
    (ENDED, {"status": "paused", "end": NOW - DAY, "pending": 3}, END),
    (FAILURES, {"status": "completed", "stats": {"failed": 3}}, END | {"COMPLETE"}),
    (FAILURES, {"status": "archived", "stats": {"failed": 3}}, END | {"COMPLETE"}),
    (FAILED, {"status": "failed"}, {"how-campaigns-work"}),
    (EXPIRED, {"status": "canceled"}, {"how-campaigns-work", "campaign-faqs"}),
    (UNKNOWN, {"status": "unknown", "raw_status": "stalled"}, {"how-campaigns-work"}),
]


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize(("title", "fields", "pages"), EACH)
def test_every_diagnosis_has_sources_and_advice(channel, title, fields, pages):
    """The vendor's pages that it rests on, and what to do, in whole sentences."""
    found = the_one(campaign(channel=channel, **fields))
    assert found.title == title
    assert {source.page.key for source in found.sources} == {
        COMPLETE[channel] if page == "COMPLETE" else page for page in pages
    }
    assert len(set(found.sources)) == len(found.sources)
    assert all(source.says for source in found.sources)
    assert found.explanation.endswith(".")
    assert found.advice.endswith(".")
    assert found.advice[0].isupper()


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize(
    ("status", "stats"), [("created", {}), ("in-progress", {}), ("paused", {}), ("completed", {"failed": 0})]
)
def test_a_count_below_nothing_is_no_count(channel, status, stats):
    """It is shown by no diagnosis, and taken for none."""
    for end in (None, NOW - DAY, NOW + DAY):
        fields = {"start": NOW - 9 * DAY, "end": end, "updated": NOW - 9 * DAY, "stats": stats}
        assert titles(campaign(status, channel, pending=-4, **fields)) == titles(campaign(status, channel, **fields))
        assert all(
            "-4" not in found.explanation for found in diagnose(campaign(status, channel, pending=-4, **fields), NOW)
        )


def test_a_clock_that_is_set_back_does_not_hide_that_an_end_has_passed():
    """In New York 1:45 came twice on that day, the second time 55 minutes after 1:50 had come first."""
    zone = ZoneInfo("America/New_York")
    end = datetime(2026, 11, 1, 1, 50, tzinfo=zone)
    now = datetime(2026, 11, 1, 1, 45, tzinfo=zone, fold=1)
    for status, said in (("in-progress", "55 minutes after its end"), ("paused", "passed 55 minutes ago")):
        (found,) = diagnose(campaign(status, "voice", end=end), now)
        assert said in found.explanation


@pytest.mark.parametrize("channel", CHANNELS)
def test_without_a_clock_the_local_one_is_used(channel):
    """Now is now."""
    now = datetime.now(UTC)
    assert [found.title for found in diagnose(campaign("created", channel, start=now - HOUR))] == [NOT_STARTED]
    assert diagnose(campaign("created", channel, start=now + HOUR)) == ()


def test_a_diagnosis_goes_by_the_clock_of_the_server():
    """Of the reading; a campaign whose reading said no time by the local one."""
    simulator = Simulator()
    waits = simulator.add(start=simulator.now + HOUR)
    with CampaignClient(
        account_sid="acme1", api_key="key", api_token="token", transport=SimulatorTransport(simulator)
    ) as client:
        found = client.get(waits)
    assert found.read_at == simulator.now
    assert diagnose(found) == ()
    assert [one.title for one in diagnose(found, found.read_at + DAY)] == [NOT_STARTED]


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize(
    "fields",
    [
        {"status": "paused", "end": NOW + DAY, "pending": 3},
        {"status": "paused", "end": NOW - DAY, "pending": 3},
        {"status": "canceled"},
    ],
)
def test_that_a_paused_campaign_is_canceled_is_no_fact(channel, fields):
    """One page says so and another contradicts it (CF305): both are told."""
    found = the_one(campaign(channel=channel, **fields))
    told = f"{found.explanation} {found.advice}"
    assert "contacts wait" in told
    assert "marked as failed" in told
    assert "will be canceled" not in f"{found.title} {told}"


@pytest.mark.parametrize("channel", CHANNELS)
def test_why_a_campaign_stays_created_is_said_in_the_words_of_its_channel(channel):
    """By the FAQ: the list, the credits; on calls the ExoPhone and the flow, too."""
    found = the_one(campaign("created", channel, start=NOW - DAY))
    for word in ("being processed", "credits"):
        assert word in found.advice
    (said,) = (source.says for source in found.sources if source.page.key == "campaign-faqs")
    for word in ("ExoPhone", "flow"):
        assert (word in found.advice) is (word in said) is (channel == "voice")


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("status", ["failed", "canceled"])
def test_a_status_that_only_a_page_about_calls_has_is_expected_on_messages(channel, status):
    """Not documented there, and told so."""
    found = the_one(campaign(status, channel))
    assert ("on message campaigns it is expected, not documented." in found.explanation) == (channel == "message")
    assert ("flow" in found.advice) == (channel == "voice" and status == "failed")
    assert "sender id" not in found.advice or channel == "message"


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("started", [True, False])
@pytest.mark.parametrize("end", [NOW - HOUR, NOW + HOUR])
def test_that_a_paused_message_campaign_is_canceled_is_expected(channel, started, end):
    """Before its end and after it: only a page about calls says that it may be."""
    found = the_one(campaign("paused", channel, end=end, started=started))
    assert "(CF305)" in found.advice
    told = "the status canceled; on message campaigns it is expected, not documented."
    assert found.advice.endswith(told) == (channel == "message")
    assert ("expected" in found.advice) == (channel == "message")


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("status", Status)
def test_a_campaign_of_plain_strings_is_one_like_others(channel, status):
    """Whoever builds one may give them: it is diagnosed, shown and counted in the same way."""
    start, end = NOW - DAY, NOW - HOUR
    raw = {"schedule": {"send_at": "soon", "start_time": "soon"}}
    for given in ({}, {"schedule": Schedule(start, end)}, {"schedule": Schedule(end=NOW + DAY)}, {"raw": raw}):
        fields = {**given, "created": NOW - DAY, "updated": NOW - 9 * DAY, "stats": {"pending": 3, "failed": 1}}
        plain = Campaign("a1", status.value, status.value, channel, **fields)
        real = Campaign("a1", status, status.value, Channel(channel), **fields)
        assert diagnose(plain, NOW) == diagnose(real, NOW)
        assert repr(plain) == repr(real)
        assert (plain.pending, plain.as_dict()) == (real.pending, real.as_dict())
        assert plain._repr_html_() == real._repr_html_()


def test_why_a_message_campaign_stays_created_stands_on_the_page():
    """The list and the credits, as of calls."""
    found = the_one(campaign("created", "message", start=NOW - DAY))
    (said,) = (source.says for source in found.sources if source.page.key == "campaign-faqs")
    assert "while its list is processed or without credits" in said
    assert "at the contact list (empty, or still being processed) and at the credits" in found.advice


@pytest.mark.parametrize("channel", CHANNELS)
def test_the_lists_of_a_paused_campaign_cannot_be_deleted(channel):
    """The FAQ says so of active and paused ones."""
    found = the_one(campaign("paused", channel, updated=NOW - 9 * DAY))
    assert "contact lists cannot be deleted" in found.advice
    assert any(source.page.key == "campaign-faqs" and "list" in source.says for source in found.sources)

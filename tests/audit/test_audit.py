"""The audit: what is found in recorded exchanges, what is not, and where."""

import base64
import io
import json
import random
from collections import Counter
from datetime import datetime, time, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import oracle
import pytest

from campaign_fsm import CampaignClient, Simulator, SimulatorTransport, confirmed, decide, errors
from campaign_fsm.audit.auditor import Auditor
from campaign_fsm.audit.observation import Options
from campaign_fsm.policy import Hours, Policy, Scope
from campaign_fsm.rules import PROBLEMS, Action, Channel, Status
from campaign_fsm.traffic import Exchange
from campaign_fsm.traffic.lines import read_lines, read_trace

ID, OTHER = "camp_abc123", "f2284e77ea5a4224911251b08f861af2"
VOICE, MESSAGE = f"/v2/accounts/acme1/campaigns/{ID}", f"/v2/accounts/acme1/message-campaigns/{ID}"
VOICES = VOICE.rpartition("/")[0]
AT = "2026-01-05T12:00:00+05:30"


def read(status, **more):
    return {"method": "GET", "url": VOICE, "status_code": 200, "status": status, "at": AT, **more}


def write(action, status=None, code=200, **more):
    found = {"method": "PUT", "url": VOICE, "status_code": code, "action": action, "at": AT, **more}
    return found if status is None else {**found, "status": status}


def lines_of(*exchanges):
    return read_lines("log.jsonl", io.BytesIO("\n".join(map(json.dumps, exchanges)).encode()))


def audit(*exchanges, **settings):
    auditor = Auditor(Options(path="log.jsonl", **settings))
    return [finding for exchange in lines_of(*exchanges) for finding in auditor.feed(exchange)]


def told(findings):
    return [(finding.code, finding.place.line) for finding in findings]


def test_a_legal_life_has_nothing_to_find():
    """From the first read to the archive."""
    assert (
        audit(
            read("Created"),
            write("pause", "Paused"),
            write("resume", "InProgress"),
            read("InProgress"),
            write("pause", "Paused"),
            write("complete", "Completed"),
            write("archive", "Archived"),
            read("Archived"),
        )
        == []
    )


@pytest.mark.parametrize("status", [None, "Completed", "InProgress"])
@pytest.mark.parametrize("code", [200, 202, 400, 409, None])
def test_what_was_illegal_in_the_last_known_status_is_found(code, status):
    """Whatever was answered; with the code of the rule, what the server answered, the source and the legal way."""
    far = {"end": "2099-01-01T00:00:00Z"}
    (finding,) = audit(read("in-progress", **far), write("complete", status, code))
    assert (finding.code, finding.place.line, finding.level) == ("CF224", 2, "error")
    assert (finding.campaign, finding.channel, finding.action) == (ID, "voice", "complete")
    assert (finding.status, finding.status_code, finding.sent) == ("in-progress", code, True)
    assert "complete while in-progress was sent" in finding.message
    assert (f"the server answered {code}" in finding.message) == (code is not None)
    assert "pause, then complete" in finding.advice
    assert finding.sources[0].page.key == "manage-campaign"


def test_the_status_that_an_answer_shows_is_believed():
    """Also that of an illegal write: what follows is held against it."""
    told_ = told(audit(read("in-progress"), write("complete", "Completed"), write("archive", "Archived")))
    assert told_ == [("CF224", 2)]
    assert told(audit(read("in-progress"), write("complete", "Completed"), write("pause", "Paused"))) == [
        ("CF224", 2),
        ("CF221", 3),
    ]


BEFORE, BETWEEN, AFTER = "2026-01-05T11:59:59+05:30", "2026-01-05T06:30:30Z", "2026-01-05T12:01:01+05:30"
LATER = "2026-01-05T12:01:00+05:30"


@pytest.mark.parametrize(
    ("status", "shown", "action", "expected"),
    [
        # suspended at its end
        ("in-progress", {"end": BETWEEN}, "complete", ("CF224", "warning")),
        ("in-progress", {"end": AT}, "complete", ("CF224", "warning")),
        ("in-progress", {"end": LATER}, "complete", ("CF224", "warning")),
        ("in-progress", {"end": AFTER}, "complete", ("CF224", "error")),
        ("in-progress", {"end": BEFORE}, "complete", ("CF224", "error")),
        ("in-progress", {}, "complete", ("CF224", "error")),
        ("in-progress", {"end": "soon"}, "complete", ("CF224", "error")),
        ("in-progress", {"start": BETWEEN}, "complete", ("CF224", "error")),
        # finished, for which no time is needed
        ("in-progress", {}, "archive", ("CF226", "warning")),
        ("in-progress", {"end": AFTER}, "archive", ("CF226", "warning")),
        # started, and then finished
        ("created", {"start": BETWEEN}, "archive", ("CF226", "warning")),
        ("created", {"start": AFTER}, "archive", ("CF226", "error")),
        ("created", {"end": BETWEEN}, "archive", ("CF226", "error")),
        ("created", {}, "archive", ("CF226", "error")),
        ("created", {"start": BETWEEN, "end": BETWEEN}, "complete", ("CF225", "warning")),
        ("created", {"start": BETWEEN}, "complete", ("CF225", "error")),
        # the platform makes none of these legal
        ("completed", {"end": BETWEEN}, "resume", ("CF223", "error")),
        ("paused", {"end": BETWEEN}, "archive", ("CF226", "error")),
        ("archived", {}, "pause", ("CF221", "error")),
        # nothing to do
        ("paused", {}, "pause", ("CF211", "warning")),
        ("in-progress", {}, "resume", ("CF212", "warning")),
        ("completed", {"end": BETWEEN}, "complete", ("CF213", "warning")),
    ],
)
@pytest.mark.parametrize("code", [200, 409])
def test_the_platform_excuses_what_the_recording_explains(status, shown, action, expected, code):
    """A start or end that passed between the reading and the write, or a finish; then it is a warning that says so."""
    (finding,) = audit(read(status, **shown), write(action, None, code, at=LATER))
    assert (finding.code, finding.level) == expected
    already = finding.code in {"CF211", "CF212", "CF213"}
    assert ("the platform may have made it" in finding.message) == (expected[1] == "warning" and not already)


@pytest.mark.parametrize("missing", [0, 1])
def test_a_time_that_nobody_knows_explains_nothing(missing):
    """Neither that of the reading nor that of the write."""
    lines = [read("in-progress", end=BETWEEN), write("complete", "Completed", at=LATER)]
    del lines[missing]["at"]
    (finding,) = audit(*lines)
    assert (finding.code, finding.level) == ("CF224", "error")


def test_what_a_lost_or_not_yet_seen_write_may_have_led_to_counts():
    """Legal in one of the statuses that it may have is no finding; illegal in all of them is one."""
    unseen = [read("paused"), write("complete", "Paused")]
    assert told(audit(*unseen, write("archive", "Archived"))) == []
    assert told(audit(*unseen, write("pause", "Paused"))) == [("CF211", 3)]
    lost = {**write("pause", None, None), "lost": True}
    assert told(audit(read("in-progress"), lost, write("complete", "Completed"))) == [("CF602", 3)]
    assert told(audit(read("in-progress"), lost, write("resume", "InProgress"))) == [("CF602", 3)]
    assert told(audit(read("created"), lost, write("archive", "Archived"))) == [("CF602", 3), ("CF226", 3)]


WHOLE = {
    "id": ID,
    "status": "InProgress",
    "name": "Diwali",
    "retries": {"a": 1, "b": 2},
    "call_duplicate_numbers": True,
}


def whole(**data):
    response = {"http_code": 200, "response": [{"code": 200, "status": "success", "data": {**WHOLE, **data}}]}
    return {"method": "GET", "url": VOICE, "status_code": 200, "at": AT, "response": response}


@pytest.mark.parametrize(
    ("beside", "codes"),
    [
        ({"name": "Holi"}, ["CF413"]),
        ({"name": "Diwali"}, []),
        ({"retries": {"b": 2, "a": 1}}, []),
        ({"retries": {"a": 1, "b": 3}}, ["CF413"]),
        ({"call_duplicate_numbers": True}, []),
        ({"call_duplicate_numbers": 1}, ["CF413"]),
        ({"custom_field": None}, []),
        ({"custom_field": "x"}, ["CF413"]),
        ({"id": ID}, []),
    ],
)
def test_what_stands_beside_an_action_is_held_against_the_last_whole_reading(beside, codes):
    """As the gate does, of a digest of each value; where no whole reading was recorded it is not judged."""
    mixed = {"method": "PUT", "url": VOICE, "status_code": 200, "at": AT, "request": {"action": "pause", **beside}}
    assert [code for code, _ in told(audit(whole(), mixed))] == codes
    assert told(audit(read("in-progress"), mixed)) == []
    assert told(audit(read("in-progress"), mixed, strict=True)) == [("CF605", 2)]
    # An edit ends what is known of what it sets, and of nothing else.
    edited = {"method": "PUT", "url": VOICE, "status_code": 200, "at": AT, "request": {"status_callback": None}}
    assert [code for code, _ in told(audit(whole(), edited, mixed))] == codes
    edited["request"] = beside
    found = told(audit(whole(), edited, mixed, strict=True))
    assert [finding for finding in found if finding[0] != "CF606"] == [("CF232", 2), ("CF605", 3)]


def test_a_list_and_an_answer_to_a_write_may_leave_parameters_out():
    """What they show counts, and of the rest what was shown before."""
    response = {"metadata": {"total": 1}, **whole()["response"]}
    listed = {**whole(), "url": VOICES, "response": response}
    answered = {**write("pause"), "response": whole(status="Paused", name="Holi")["response"]}
    for beside, codes in (({"name": "Holi"}, {"CF413"}), ({"name": "Diwali"}, set()), ({"url": "x"}, {"CF605"})):
        mixed = {**write(None, "Paused"), "request": {"action": "pause", **beside}}
        assert {code for code, _ in told(audit(listed, mixed, strict=True))} == codes
    for beside, codes in (({"name": "Holi"}, set()), ({"name": "Diwali"}, {"CF413"}), ({"url": "x"}, {"CF605"})):
        mixed = {**write(None, "InProgress"), "request": {"action": "resume", **beside}}
        assert {code for code, _ in told(audit(listed, answered, mixed, strict=True))} == codes
    mixed = {**write(None, "InProgress"), "request": {"action": "resume", "url": "x"}}
    assert {code for code, _ in told(audit(whole(), answered, mixed, strict=True))} == {"CF413"}
    # Nor is a schedule gone that an answer leaves out.
    scheduled = whole(status="Created", schedule={"send_at": BETWEEN})
    answer = {"response": [{"code": 200, "status": "success", "data": {"id": ID, "status": "Created"}}]}
    callbacks = {**write(None), "request": {"status_callback": "https://x.example"}, "response": answer}
    edit = {**write(None, "Created", at=LATER), "request": {"name": "Holi"}}
    assert told(audit(scheduled, callbacks, edit)) == [("CF232", 3)]


def put(**more):
    return {"method": "PUT", "url": VOICE, "status_code": 200, "at": AT, **more}


UNREADABLE = {"response": "<html>"}
MIXED = {"request": {"action": "pause", "name": "Holi"}}
TO_COMPLETE = write("complete", "Completed")


@pytest.mark.parametrize(
    ("lines", "codes"),
    [
        # What a write may have led to, however it was answered, is no finding afterwards.
        ([read("in-progress"), put(**MIXED, status="InProgress"), TO_COMPLETE], ["CF605"]),
        ([whole(), put(**MIXED, **UNREADABLE), TO_COMPLETE], ["CF413"]),
        ([read("in-progress"), put(action="pause", **UNREADABLE), TO_COMPLETE], []),
        ([read("paused"), write("resume", "Paused"), write("pause", "Paused")], []),
        ([write("pause", "InProgress"), TO_COMPLETE], ["CF605"]),
        ([write("pause", "Paused"), write("archive", "Archived")], ["CF605", "CF226"]),
        ([read("in-progress"), write("pause", None, 303), TO_COMPLETE], ["CF609"]),
        ([read("in-progress"), write("pause", None, 408), TO_COMPLETE], []),
        ([read("in-progress"), write("pause", None, 400), TO_COMPLETE], ["CF224"]),
        # A write of unknown effect ends what was known of the parameters.
        (
            [
                whole(),
                put(headers=[["Content-Type", "application/json"], ["Content-Length", "14"]]),
                read("in-progress"),
                put(**MIXED, status="Paused"),
            ],
            ["CF605", "CF605"],
        ),
        (
            [whole(), {**put(**MIXED), "url": VOICE + "?x=1"}, read("in-progress"), put(**MIXED)],
            ["CF403", "CF605"],
        ),
        # Numbers that hash alike are two.
        ([whole(n=-1), put(request={"action": "pause", "n": -2})], ["CF413"]),
        ([whole(n=0), put(request={"action": "pause", "n": 2**61 - 1})], ["CF413"]),
        ([whole(n=1), put(request={"action": "pause", "n": 1.0})], ["CF413"]),
        # The status beside an answer that failed is none of the campaign's.
        ([read("in-progress"), read("failed", status_code=404), write("pause", "Paused")], []),
        # Of a reschedule that was told by its name alone the end is not known.
        ([read("paused"), write("reschedule", "Paused")], []),
        ([read("in-progress"), write("reschedule", None, 409)], ["CF235"]),
    ],
)
def test_what_is_known_after_a_write(lines, codes):
    """Neither too much nor too little; what cannot be judged is said with --strict, but for what is contested."""
    strict = not any(line.get("action") == "reschedule" for line in lines)
    assert [code for code, _ in told(audit(*lines, strict=strict))] == codes


EARLY, NOON, LATE = "2026-01-05T11:00:00+05:30", "2026-01-05T12:30:00+05:30", "2026-01-05T20:00:00+05:30"
RENAMED = put(request={"name": "Holi"}, at=LATER)
LOST = {"lost": True, "status_code": None}


def moved(*, send_at, **more):
    return put(request={"schedule": {"send_at": send_at}}, **more)


@pytest.mark.parametrize(
    ("lines", "codes"),
    [
        # A start that an edit in the same recording sets is the start from then on.
        ([read("created", start=NOON), moved(send_at=LATE, status="Created"), RENAMED], []),
        ([read("created", start=EARLY), moved(send_at=LATE, status="Created"), RENAMED], ["CF235"]),
        ([read("created", start=LATE), moved(send_at=LATER, status="Created"), RENAMED], ["CF232"]),
        # Not so if it is unknown whether it was taken, or what it set.
        ([read("created", start=LATE), moved(send_at=LATER, **LOST), read("created"), RENAMED], ["CF605"]),
        ([read("created", start=LATE), put(fields=["schedule"], status="Created"), RENAMED], ["CF605"]),
        ([read("created", start=LATE), put(fields=["schedule"], status="Created"), put(action="pause")], []),
        ([read("created", start=LATE), moved(send_at=LATER, status_code=409), read("created"), RENAMED], []),
        # An end that was replaced explains nothing any more.
        (
            [
                read("paused", start=EARLY, end=LATER),
                put(request={"action": "resume", "schedule": {"end_at": LATE}}, status="InProgress"),
                write("complete", "Completed", at=AFTER),
            ],
            ["CF224"],
        ),
        # A start that is known, and a time that is not: both are looked at.
        ([whole(status="Paused", schedule={"send_at": LATE}), {**RENAMED, "at": None}], ["CF605"]),
        ([whole(status="Paused", schedule={"send_at": LATE}), put(action="resume", at=None, status="InProgress")], []),
        ([whole(status="Completed", schedule={"send_at": LATE}), {**RENAMED, "at": None}], ["CF231"]),
        ([read("paused"), {**RENAMED, "at": None}], ["CF232"]),
    ],
)
def test_a_start_that_was_moved_or_that_nobody_knows(lines, codes):
    """Edits hang on the start that counts at that moment."""
    found = told(audit(*lines, strict=codes == ["CF605"]))
    assert [code for code, _ in found if code != "CF606"] == codes


@pytest.mark.parametrize("shown", ["Paused", "Created"])
def test_a_resume_with_a_new_start_ahead_may_wait_for_it(shown):
    """Paused or created is no contradiction until that start, and in progress is none from then on (CF116)."""

    def resumed(send_at, **more):
        schedule = {"send_at": send_at, "end_at": "2026-01-06T18:00:00+05:30"}
        return put(request={"action": "resume", "schedule": schedule}, status=shown, **more)

    paused, after = read("paused", start=EARLY), "2026-01-05T20:30:00+05:30"
    assert told(audit(paused, resumed(LATE))) == []
    assert told(audit(paused, resumed(LATE, at=None))) == []
    assert told(audit(paused, put(fields=["schedule"], action="resume", status=shown))) == []
    for then in (read("InProgress", at=after), write("pause", "Paused", at=after)):
        assert told(audit(paused, resumed(LATE), then)) == []
    wrong = [("CF601", 2)] if shown == "Created" else []  # the platform may have paused it again (CF306)
    assert told(audit(paused, resumed(EARLY))) == wrong


def test_a_name_that_was_given_counts_for_the_policy():
    """A rename leads into a rule as well as out of it; a campaign that is shown without a name may have any."""
    policy = Policy(scopes=(Scope(("otp-*",), frozenset({Action.PAUSE})),))
    rename = put(request={"name": "otp-in"}, status="Created")
    assert told(audit(read("created", name="plain"), rename, write("pause", "Paused"), policy=policy)) == [("CF701", 3)]
    refused = {**rename, "status_code": 400}
    assert told(audit(read("created", name="plain"), refused, write("pause", "Paused"), policy=policy)) == []
    assert told(audit(whole(name=None), write("pause", "Paused"), policy=policy)) == [("CF701", 2)]
    assert told(audit(whole(name="otp-1"), whole(name=None), write("pause", "Paused"), policy=policy)) == [("CF701", 3)]
    assert told(audit(read("in-progress"), write("pause", "Paused"), policy=policy)) == []


@pytest.mark.parametrize(
    ("lines", "codes"),
    [
        ([read("completed"), write("archive")], []),
        ([read("completed", at=None), write("archive", at=None)], []),
        ([read("in-progress"), read("completed", at=NOON), write("archive", at=LATE)], []),
        ([read("in-progress"), read("completed", at=LATER), write("archive", at=NOON)], ["CF705"]),
        ([read("paused", at=EARLY), write("complete", "Completed"), write("archive", at=NOON)], ["CF705"]),
        ([whole(status="Completed", date_updated=AT), write("archive", at=NOON)], ["CF705"]),
        ([whole(status="Completed", date_updated=EARLY), write("archive", at=LATE)], []),
    ],
)
def test_an_age_that_a_recording_does_not_show_is_not_held_against_an_archive(lines, codes):
    """Only one that was certainly completed too short a time before."""
    policy = Policy(archive_after=timedelta(hours=1))
    assert [code for code, _ in told(audit(*lines, policy=policy))] == codes


def test_a_time_that_was_not_recorded_is_outside_of_no_hours():
    """One that was, is; and so is a start that the write sets."""
    policy = Policy(hours=Hours(time(20), time(21), ZoneInfo("UTC")))
    resume = write("resume", "InProgress")
    assert told(audit(read("paused"), resume, policy=policy)) == [("CF703", 2)]
    assert told(audit(read("paused"), {**resume, "at": None}, policy=policy)) == []
    late = moved(send_at=LATE, at=None, status="Created")
    assert told(audit(read("created", at=None), late, policy=policy)) == [("CF703", 2)]


def test_names_of_parameters_alone_are_not_held_against_an_action():
    """A trace has no values."""
    mixed = {"method": "PUT", "url": VOICE, "status_code": 200, "at": AT, "action": "pause", "fields": ["name"]}
    assert told(audit(whole(), mixed)) == []
    assert told(audit(whole(), mixed, strict=True)) == [("CF605", 2)]
    both = {**mixed, "action": "resume", "fields": ["schedule"], "status": "InProgress"}
    assert told(audit(whole(status="Paused"), both)) == []
    assert told(audit(whole(status="Paused"), both, strict=True)) == [("CF251", 2)]
    assert told(audit(whole(), both)) == [("CF212", 2)]


def test_an_attempt_that_our_client_refused_is_a_warning():
    """It was not sent, but somebody asked for it."""
    refused = {"sent": False}
    (finding,) = audit(read("in-progress"), {**write("complete", None, None), **refused, "code": "CF224"})
    assert (finding.code, finding.level, finding.sent) == ("CF224", "warning", False)
    assert "was not sent" in finding.message
    (finding,) = audit(read("paused"), {**write("complete", None, None), **refused, "code": "CF702"})
    assert finding.code == "CF702"
    assert audit(read("paused"), {**write("complete", None, None), **refused, "code": "CF501"}) == []


def test_what_cannot_be_judged_is_counted_and_with_strict_a_finding():
    """No status was seen before."""
    auditor = Auditor()
    assert [f for exchange in lines_of(write("pause", "Paused")) for f in auditor.feed(exchange)] == []
    assert (auditor.unjudged.number, auditor.events, auditor.campaigns) == (1, 1, 1)
    assert told(audit(write("pause", "Paused"), write("resume", "InProgress"), strict=True)) == [("CF605", 1)]


def test_a_write_after_a_lost_answer_without_a_read_is_found():
    """Whatever it is; a read in between settles it."""
    for lost in ({"lost": True, "status_code": None}, {"status_code": 503}):
        assert told(audit(read("paused"), {**write("complete"), **lost}, write("complete", "Completed"))) == [
            ("CF602", 3)
        ]
        assert (
            audit(read("paused"), {**write("complete"), **lost}, read("Completed"), write("archive", "Archived")) == []
        )
    assert "line 2" in audit(read("paused"), write("complete", code=500), write("complete"))[0].message


def test_a_status_that_nothing_leads_to_is_drift():
    """In a read, after a write, after a create; what the platform or others can do is none."""
    assert told(audit(read("completed"), read("in-progress"))) == [("CF601", 2)]
    assert told(audit(read("paused"), write("resume", "Archived"))) == [("CF601", 2)]
    assert told(audit(read("paused"), write("complete", "in-progress"))) == [("CF601", 2)]
    create = {"method": "POST", "url": VOICE.rpartition("/")[0], "status_code": 200, "campaign": ID}
    assert told(audit({**create, "status": "Archived"})) == [("CF601", 1)]
    assert audit({**create, "status": "InProgress"}, write("pause", "Paused")) == []
    assert audit(read("created"), read("completed"), read("archived")) == []


def test_an_answer_that_still_shows_the_old_status_is_no_drift():
    """Accepted, and not yet seen: both are possible from there."""
    assert audit(read("paused"), write("complete", "Paused"), write("archive", "Archived")) == []
    assert audit(read("paused"), write("complete", "Paused"), write("resume", "InProgress")) == []


def test_a_conflict_over_something_legal_is_drift():
    """Somebody else moved it, or the model is wrong; nothing is known after it. What the platform does is neither."""
    assert told(audit(read("in-progress"), write("pause", None, 409), write("complete", None, 409))) == []
    assert told(audit(read("paused", end=BETWEEN), write("resume", None, 409, at=LATER))) == []
    assert told(audit(read("paused", end=AFTER), write("resume", None, 409, at=LATER))) == [("CF601", 2)]
    assert told(audit(read("paused"), write("resume", None, 409), write("complete", None, 409))) == [("CF601", 2)]
    assert audit(read("paused"), write("resume", None, 429), write("resume", "InProgress")) == []


def test_an_undocumented_status_is_found():
    """And nothing is judged by it."""
    (finding,) = audit(read("stalled\x1b[2J"))
    assert finding.code == "CF604"
    assert finding.message.isprintable()
    assert told(audit(read("paused"), write("resume", "stalled"), write("archive", None, 409))) == [("CF604", 2)]


def test_an_edit_after_the_start_is_found():
    """By the clock of the recording; without a start that is known, a paused campaign counts as started."""
    start = "2026-01-05T15:00:00+05:30"
    edit = {"method": "PUT", "url": VOICE, "fields": ["name"], "status_code": 200, "status": "paused"}
    assert audit(read("paused", start=start), {**edit, "at": AT}) == []
    assert told(audit(read("paused", start=start), {**edit, "at": "2026-01-05T14:59:30+05:30"})) == [("CF232", 2)]
    assert told(audit(read("paused", start="soon"), {**edit, "at": AT})) == [("CF232", 2)]
    assert told(audit(read("paused"), edit)) == [("CF232", 2)]


@pytest.mark.parametrize(
    ("headers", "request_", "code"),
    [
        ([["Content-Type", "application/json"]], '{"action": "pause"}', None),
        ([["Content-Type", "text/plain"]], '{"action": "pause"}', "CF407"),
        ([], '{"action": "pause"}', None),
        (None, '{"action": "pause"}', None),
        (None, {"action": "pause"}, None),
        (None, '{"action": "pause", "Action": "complete"}', "CF410"),
        (None, {"action": "stop"}, "CF412"),
        ([["Content-Type", "application/json"], ["X-HTTP-Method-Override", "DELETE"]], {"action": "pause"}, "CF406"),
    ],
)
def test_a_write_that_two_servers_could_read_differently_is_found(headers, request_, code):
    """As the gate would have refused it, where its bytes were recorded."""
    exchange = {"method": "PUT", "url": VOICE, "headers": headers, "request": request_, "status_code": 200}
    assert [finding.code for finding in audit(read("in-progress"), exchange)] == ([code] if code else [])


def test_bodies_are_read_as_the_client_reads_them():
    """The failed item in a 200, a list, another campaign's body, base64."""

    def body(status, id=ID, code=200):
        item = {"code": code, "status": "success" if code < 300 else "failure", "data": {"id": id, "status": status}}
        return {"http_code": 200, "response": [item]}

    get = {"method": "GET", "url": VOICE, "status_code": 200}
    put = {"method": "PUT", "url": VOICE, "status_code": 200, "request": {"campaigns": [{"action": "complete"}]}}
    assert audit({**get, "response": body("Paused")}, {**put, "response": body("Completed")}) == []
    encoded = base64.b64encode(json.dumps(body("InProgress")).encode()).decode()
    (finding,) = audit({**get, "response_base64": encoded}, {**put, "response": body("x", code=400)})
    assert (finding.code, finding.status_code) == ("CF224", 400)
    assert told(audit({**get, "response": body("Paused", id="another")})) == [("CF503", 1)]
    listed = {
        **get,
        "url": f"{VOICE.rpartition('/')[0]}?limit=5",
        "response": {"response": body("Paused")["response"]},
    }
    assert audit(listed, {**put, "response": body("Completed")}, strict=True) == []


def test_status_callbacks_widen_what_is_possible_and_settle_nothing():
    """A claim that cannot be is told; one about an unknown campaign is passed over."""
    callback = {"callback": {"campaign_sid": ID, "status": "completed"}}
    assert audit(callback, read("in-progress"), callback, write("archive", None, 500)) == []
    assert told(audit(read("archived"), callback)) == [("CF601", 2)]
    assert told(audit(read("paused"), {"callback": {"CampaignSid": ID, "Status": "odd"}})) == [("CF604", 2)]
    assert audit(read("paused"), {"callback": {"x": 1}}) == []


@pytest.mark.parametrize("status", ["Completed", "odd"])
def test_a_status_callback_may_be_the_text_that_was_posted(status):
    """JSON or form encoding, as `parse_status_callback` reads it: the same as the object."""
    fields = {"CampaignSid": ID, "Status": status}
    posted = [fields, urlencode(fields), json.dumps(fields)]
    assert len({str(told(audit(read("archived"), {"callback": body}))) for body in posted}) == 1
    assert told(audit(read("archived"), {"callback": posted[1]})) != []


@pytest.mark.parametrize(
    ("url", "headers", "where"),
    [
        ("https://key:token@api.exotel.com" + VOICE, None, "the URL"),
        (VOICE, [["Authorization", "Basic " + base64.b64encode(b"key123:token456").decode()]], "Authorization"),
        (VOICE, [["authorization", "Bearer abcdef123"]], "Authorization"),
        (VOICE, [["Authorization", "Basic REDACTED"]], None),
        (VOICE, [["Authorization", "***"]], None),
        (VOICE, [["Authorization", "Basic " + base64.b64encode(b"xxxx:****").decode()]], None),
        (VOICE, [["Accept", "x"]], None),
        (VOICE, [["Authorization", "<AUTH>"]], None),
        (VOICE, [["Authorization", "<API KEY>"]], None),
        (VOICE, [["Authorization", "Basic <BASIC_AUTH>"]], None),
        (VOICE, [["Authorization", "Bearer $TOKEN"]], None),
        (VOICE, [["Authorization", "Bearer ${API_TOKEN}"]], None),
        (VOICE, [["Authorization", "Bearer {{token}}"]], None),
        (VOICE, [["Authorization", "Bearer YOUR_API_KEY"]], None),
        (VOICE, [["Authorization", "Basic REDACTED_TOKEN"]], None),
        (VOICE, [["Authorization", "Bearer test_openai_api_key"]], None),
        (VOICE, [["Authorization", "Bearer %3CTOKEN%3E"]], None),
        (VOICE, [["Authorization", "Basic " + base64.b64encode(b"YOUR_KEY:YOUR_TOKEN").decode()]], None),
        (VOICE, [["Authorization", "Basic " + base64.b64encode(b"YOUR_KEY:a8f3c2").decode()]], "Authorization"),
        (VOICE, [["Authorization", "Bearer test_9f8a7b6c5d4e"]], None),
        (VOICE, [["Authorization", "Basic REDACTED-9f8a"]], None),
        (VOICE, [["Authorization", "Bearer my-9f8a7b6c5d4e"]], "Authorization"),
        (VOICE, [["Authorization", "Bearer contest_9f8a7b6c5d4e"]], "Authorization"),
        (VOICE, [["Authorization", "Bearer $ecret1"]], "Authorization"),
        ("https://%3Ckey%3E:%3Ctoken%3E@api.exotel.com" + VOICE, None, None),
        ("https://YOUR_API_KEY:YOUR_API_TOKEN@api.exotel.com" + VOICE, None, None),
        ("https://elsewhere.example/v1/users", [["Authorization", "Bearer abcdef123"]], None),
    ],
)
def test_credentials_in_a_recording_are_found_once_a_file(url, headers, where):
    """In the URL or a header; what was taken out is none. They are not repeated."""
    exchange = {**read("paused"), "url": url, "headers": headers}
    found = audit(exchange, exchange)
    assert [finding.code for finding in found] == (["CF603"] if where else [])
    if where:
        assert where in found[0].message
        assert "token" not in found[0].message
        # In a URL the gate refuses them, so the advice is the gate's; a header is the place for them.
        assert (PROBLEMS["CF404"].advice in found[0].advice) == (where == "the URL")
        assert found[0].advice.startswith("Change the key")


def test_what_had_taken_effect_already_is_a_warning():
    """It did no harm, but nobody knew."""
    (finding,) = audit(read("paused"), write("pause", None, 409))
    assert (finding.code, finding.level) == ("CF211", "warning")


def test_a_policy_is_asked_about_every_write():
    """By name, hours and confirmation, on top of the life cycle."""
    policy = Policy(
        scopes=(Scope(("otp*",), frozenset({Action.PAUSE})), Scope(confirm=frozenset({Action.COMPLETE}))),
        hours=Hours(datetime(2026, 1, 1, 9).time(), datetime(2026, 1, 1, 21).time(), _zone()),  # noqa: DTZ001
        archive_after=timedelta(days=1),
    )
    night = "2026-01-05T23:00:00+05:30"
    found = audit(
        read("in-progress", name="otp-eu"),
        write("pause", "Paused"),
        write("resume", "InProgress", at=night),
        write("pause", "Paused", name="otp-eu", sent=True),
        write("complete", "Completed"),
        write("archive", "Archived"),
        policy=policy,
    )
    assert told(found) == [("CF701", 2), ("CF703", 3), ("CF701", 4), ("CF702", 5), ("CF705", 6)]
    assert (
        audit(
            read("paused", name="calls"),
            write("complete", "Completed", confirmed=True),
            write("archive", "Archived", at="2026-01-07T12:00:00+05:30"),
            policy=policy,
        )
        == []
    )


def _zone():
    from zoneinfo import ZoneInfo

    return ZoneInfo("Asia/Kolkata")


def test_a_policy_by_names_is_silent_where_no_name_was_recorded():
    """It still goes by ids; a recording without names is not all wrong."""
    exchanges = read("in-progress"), write("pause", "Paused")
    assert audit(*exchanges, policy=Policy(scopes=(Scope(("otp*",), frozenset({Action.PAUSE})),))) == []
    assert told(audit(*exchanges, policy=Policy(scopes=(Scope(("camp_*",), frozenset({Action.PAUSE})),)))) == [
        ("CF701", 2)
    ]


def test_parameters_that_break_a_limit_are_found():
    """Of a create and of an edit, where their bodies were recorded, without their contents."""
    create = {"method": "POST", "url": VOICE.rpartition("/")[0], "status_code": 200}
    item = {"caller_id": "080", "from": ["+919876543210", "nobody"], "name": "ab"}
    (finding,) = audit({**create, "request": {"campaigns": [item]}})
    assert finding.code == "CF606"
    assert "name" in finding.message
    assert "98765" not in finding.message
    assert audit({**create, "request": {"campaigns": [{"caller_id": "080", "lists": ["a"]}]}}) == []
    edit = {"method": "PUT", "url": VOICE, "request": {"campaigns": [{"name": "ab"}]}, "status_code": 200}
    assert told(audit(read("created"), edit)) == [("CF606", 2)]


def test_a_recorded_create_is_held_against_what_the_pages_say_plainly():
    """Retries without an interval and names that only the guide has are found; one text of numbers is documented."""
    voice = {"method": "POST", "url": VOICE.rpartition("/")[0], "status_code": 200}
    item = {"caller_id": "080", "from": "+919876543210, +919876543211", "retries": {"number_of_retries": 0}}
    assert audit({**voice, "request": {"campaigns": [item]}}) == []
    item["retries"] = {"number_of_retries": 2}
    (finding,) = audit({**voice, "request": {"campaigns": [item]}})
    assert finding.code == "CF606"
    assert "retries.interval_mins: it is required with retries, by 'Campaigns (API console)'" in finding.message
    guide = {"lists": ["a"], "sender_id": "EXOTL", "sms_type": "trans", "body": "x", "campaign_type": "static"}
    (finding,) = audit({**voice, "url": MESSAGE.rpartition("/")[0], "request": guide})
    assert finding.code == "CF606"
    for name, means in (("body", "template"), ("campaign_type", "content_type")):
        assert f"{name}: no such parameter; the documented name is {means}" in finding.message
    assert "trans and promo" in finding.message
    assert "is required" not in finding.message


def test_two_channels_accounts_and_hosts_are_not_mixed_up():
    """One id may stand for several campaigns."""
    other = [
        {**read("paused"), "url": MESSAGE},
        {**read("completed"), "url": VOICE.replace("acme1", "other")},
        {**read("created"), "url": f"https://api.in.exotel.com{VOICE}"},
    ]
    assert audit(read("in-progress"), *other, write("pause", "Paused")) == []


def test_a_fingerprint_stays_when_lines_and_folders_change():
    """And two findings of the same kind have different ones."""
    first = audit(read("in-progress"), write("complete", None, 409), write("complete", None, 409))
    auditor = Auditor(Options(path="/elsewhere/log.jsonl"))
    moved = [
        read("paused", url=MESSAGE),
        read("in-progress"),
        write("complete", None, 409),
        write("complete", None, 409),
    ]
    second = [finding for exchange in lines_of(*moved) for finding in auditor.feed(exchange)]
    assert [finding.fingerprint for finding in first] == [finding.fingerprint for finding in second]
    assert len({finding.fingerprint for finding in first}) == 2


def test_what_is_not_about_campaigns_is_left_alone():
    """Other paths, recipients, reads without an answer."""
    auditor = Auditor()
    for exchange in lines_of(
        {"method": "POST", "url": "/v1/Accounts/acme1/Sms/send.json", "status_code": 200},
        {"method": "GET", "url": "/health"},
        {},
    ):
        assert not auditor.feed(exchange)
    assert auditor.events == 0
    assert audit({"method": "GET", "url": f"{VOICE}/call-details", "status_code": 200, "status": "odd"}) == []
    assert audit({"method": "GET", "url": VOICE}) == []


# Real traces


def test_a_trace_of_our_own_client_is_judged_as_it_was():
    """Refusals, lost answers, edits and creates; nothing that was sent is a finding."""
    simulator = Simulator()
    events = []
    given = {"account_sid": "acme1", "api_key": "key", "api_token": "token", "channel": "voice", "deadline": 0}
    campaign = simulator.add("in-progress", channel="voice", start=simulator.now)
    with CampaignClient(transport=SimulatorTransport(simulator), trace=events.append, **given) as client:
        client.pause(campaign)
        with pytest.raises(errors.IllegalTransition):
            client.archive(campaign)
        simulator.fault("lost-after", method="PUT")
        client.resume(campaign)
        client.edit(campaign, partial=True, status_callback="https://example.com/x")
        client.pause(campaign)
        with confirmed():
            client.complete(campaign)
    stream = io.BytesIO("\n".join(map(json.dumps, events)).encode())
    policy = Policy(scopes=(Scope(confirm=frozenset({Action.COMPLETE})),))
    auditor = Auditor(Options(policy, path="trace.jsonl"))
    found = [finding for exchange in read_trace("trace.jsonl", stream) for finding in auditor.feed(exchange)]
    assert [(finding.code, finding.level) for finding in found] == [("CF226", "warning")]
    assert auditor.unjudged.number == 0


def test_a_write_whose_answer_never_came_into_the_trace_is_lost():
    """The process ended in between."""
    sent = {"version": 1, "event": "sent", "flow": "a-1-1", "account": "acme1", "channel": "voice", "campaign": ID}
    (exchange,) = read_trace("t", io.BytesIO(json.dumps({**sent, "action": "pause", "method": "PUT"}).encode()))
    assert (exchange.lost, exchange.place, exchange.action) == (True, 1, "pause")


# Random walks


class Walk:
    """Random traffic against a simulator, as plain lines or with bodies; it knows what the lines show."""

    def __init__(self, seed, *, bodies, **switches):
        self.random = random.Random(seed)
        self.bodies = bodies
        self.simulator = Simulator(**switches)
        self.lines = []
        self.campaigns = []
        self.known = {}  # what the lines show of a campaign: its status, and how far the journal was then

    def request(self, method, campaign, channel, action=None):
        collection = "campaigns" if channel == "voice" else "message-campaigns"
        url = f"/v2/accounts/acme1/{collection}/{campaign}"
        body = b"" if action is None else json.dumps({"action": action}).encode()
        headers = [("Authorization", "Basic a2V5OnRva2Vu"), ("Content-Type", "application/json")]
        reply = self.simulator.handle(method, url, headers, body)
        line = {"at": self.simulator.now.isoformat(), "method": method, "url": url, "status_code": reply.status_code}
        shown = json.loads(reply.body)["response"]
        shown = (shown[0] if isinstance(shown, list) else shown).get("data") or {}
        if self.bodies:
            line |= {"response": json.loads(reply.body)} | ({"request": {"action": action}} if action else {})
        else:
            line |= {"action": action} if action else {}
            line |= {"status": shown["status"]} if "status" in shown else {}
            for key, spelled in (("start", ("start_time", "send_at")), ("end", ("end_time", "end_at"))):
                times = [shown["schedule"][name] for name in spelled if name in (shown.get("schedule") or {})]
                line |= {key: times[0]} if times and times[0] else {}
        self.lines.append(line)
        if "status" in shown:
            self.known[campaign] = Status.parse(shown["status"]), self.simulator._journal.written, self.simulator.now
        return reply.status_code

    def add(self):
        channel = self.random.choice(["voice", "message"])
        start = self.simulator.now + timedelta(minutes=self.random.randrange(300))
        times = {} if self.random.random() < 0.5 else {"start": start, "end": start + timedelta(hours=30)}
        campaign = self.simulator.add(channel=channel, work=self.random.choice([None, 90000]), **times)
        self.campaigns.append((campaign, channel))
        self.request("GET", campaign, channel)

    def moved(self, campaign):
        """What the platform has done to a campaign since the lines last showed it, and whether they show why."""
        _, length, seen = self.known[campaign]
        since = self.simulator.journal[length:]
        events = [entry.action for entry in since if entry.kind == "event" and entry.id == campaign]
        record = self.simulator.records[campaign]
        times = {"start": record.start, "suspend": record.end}
        return events, all(
            event not in times or (times[event] and seen <= times[event] <= self.simulator.now) for event in events
        )

    def step(self):
        """One legal step: a read, an action that is legal now, or time. The line of a write that only the platform
        has made legal."""
        chance = self.random.random()
        if chance < 0.01 or not self.campaigns:
            self.add()
            if len(self.campaigns) > 200:
                # Each step of the clock looks at all that there are.
                del self.simulator.records[self.campaigns.pop(0)[0]]
            return None
        if chance < 0.03:
            self.simulator.advance(self.random.choice([60, 7200, 40_000]))
            return None
        campaign, channel = self.random.choice(self.campaigns)
        legal = self.actions(campaign, channel, allowed=True)
        if not (legal and chance < 0.7):
            self.request("GET", campaign, channel)
            return None
        known, (events, explained) = self.known[campaign][0], self.moved(campaign)
        action = self.random.choice(legal)
        assert self.request("PUT", campaign, channel, action) == 200
        if oracle.legal(known, action, channel, None):
            return None
        assert events
        return len(self.lines), "warning" if explained or (action, known) in oracle.ALREADY else "error"

    def actions(self, campaign, channel, *, allowed):
        status = self.simulator.status(campaign)
        verbs = ("pause", "resume", "complete", "archive")
        return [action for action in verbs if bool(oracle.legal(status, action, channel, None)) is allowed]

    def illegal(self):
        """One illegal step; the line on which it is."""
        campaign, channel = self.random.choice(self.campaigns)
        wrong = self.actions(campaign, channel, allowed=False)
        assert self.request("PUT", campaign, channel, self.random.choice(wrong)) == 409
        return len(self.lines)


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("at_end", ["completed", "paused"])
@pytest.mark.parametrize(("bodies", "events"), [(False, 100_000), (True, 10_000)])
def test_in_long_legal_walks_only_the_platform_is_found(bodies, events, at_end):
    """Of somebody who knows everything: a warning for each write that an unseen move of the platform made legal, an
    error where nothing that is shown explains that move."""
    walk = Walk(7, bodies=bodies, at_end=at_end)
    expected = []
    while len(walk.lines) < events:
        if step := walk.step():
            expected.append(step)
    auditor = Auditor()
    found = [finding for exchange in lines_of(*walk.lines) for finding in auditor.feed(exchange)]
    assert [(finding.place.line, finding.level) for finding in found] == expected
    assert auditor.events == events
    assert auditor.unjudged.number == 0
    levels = Counter(level for _, level in expected)
    assert levels["warning"] > events / 2000
    assert levels["error"] > 0 or (bodies and at_end == "completed")


@pytest.mark.parametrize("bodies", [False, True])
def test_in_long_walks_every_illegal_step_is_found_at_its_place(bodies):
    """And nothing else is, but for what only the platform has made legal."""
    walk = Walk(11, bodies=bodies)
    for _ in range(100):
        walk.step()
    expected, excused = [], []
    for number in range(20_000 if not bodies else 5_000):
        if step := walk.step():
            excused.append(step[0])
        if number % 50 == 0:
            expected.append(walk.illegal())
    found = audit(*walk.lines)
    places = [finding.place.line for finding in found]
    assert [place for place in places if place not in excused] == expected
    assert {finding.code for finding in found} >= {"CF223", "CF226"}


@pytest.mark.parametrize("bodies", [False, True])
def test_clients_that_read_before_they_write_are_found_only_where_something_came_between(bodies):
    """The platform, or a second process that does the same, each at least a hundred times."""
    walk = Walk(13, bodies=bodies, at_end="paused")
    met, between, illegal = Counter(), {}, {}
    while min(met["platform"], met["second"], met["nothing"]) < 100:
        walk.add()
        campaign, channel = walk.campaigns[-1]
        for _ in range(walk.random.randrange(1, 6)):
            walk.simulator.advance(walk.random.choice([1, 3600, 40_000]))
            walk.request("GET", campaign, channel)
            legal = walk.actions(campaign, channel, allowed=True)
            if not legal:
                break
            action, what = walk.random.choice(legal), walk.random.choice(["nothing", "platform", "second"])
            if what == "second":
                walk.request("GET", campaign, channel)
                walk.request("PUT", campaign, channel, walk.random.choice(legal))
            before = len(walk.simulator.journal)
            if what == "platform":
                walk.simulator.advance(walk.random.choice([7200, 100_000]))
                what = what if any(entry.kind == "event" for entry in walk.simulator.journal[before:]) else "nothing"
            known = walk.known[campaign][0]
            walk.request("PUT", campaign, channel, action)
            met[what] += 1
            between[len(walk.lines)] = what
            if not oracle.legal(known, action, channel, None):
                illegal[len(walk.lines)] = what
    found = {finding.place.line: finding for finding in audit(*walk.lines)}
    assert {between[line] for line in found} <= {"second", "platform"}
    assert {line for line, finding in found.items() if finding.code != "CF601"} == set(illegal)
    assert set(illegal.values()) == {"second"}


def test_every_cell_of_the_table_is_judged_as_decide_does():
    """A read, and then each action that a PUT can name: legal and illegal by the same table."""
    for channel, url in ((Channel.VOICE, VOICE), (Channel.MESSAGE, MESSAGE)):
        for status in set(Status) - {Status.UNKNOWN}:
            for action in ("pause", "resume", "complete", "archive"):
                decision = decide(status, action, channel=channel)
                found = audit(read(status, url=url), write(action, None, 400, url=url))
                assert [finding.code for finding in found] == ([] if decision else [decision.code])


def test_memory_goes_by_campaigns_and_not_by_events():
    """Fifty thousand events over fifty campaigns: not four bytes more for each."""
    import tracemalloc

    def endless(count):
        for number in range(count):
            url = f"/v2/accounts/acme1/campaigns/c{number % 50}"
            yield Exchange(method="GET", url=url, status_code=200, status="paused", place=number + 1)

    auditor = Auditor()
    tracemalloc.start()
    for exchange in endless(50_000):
        auditor.feed(exchange)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert auditor.campaigns == 50
    assert peak < 200_000


# --- what got past an earlier version


def named(method="PUT", campaign=ID, channel="voice", **more):
    return {"method": method, "campaign": campaign, "channel": channel, **more}


def test_a_campaign_that_is_named_by_fields_is_judged_like_one_that_is_named_by_a_url():
    """With its action, its body or the names of its parameters, whichever was recorded."""
    seen = named("GET", status_code=200, status="archived")
    assert told(audit(seen, named(action="pause", status_code=409))) == [("CF221", 2)]
    assert told(audit(seen, named(request={"action": "pause"}, status_code=409))) == [("CF221", 2)]
    assert told(audit(seen, named(fields=["name"], status_code=400))) == [("CF231", 2)]
    assert told(audit(named("", status="archived", status_code=200), named(action="pause", status_code=409))) == [
        ("CF221", 2)
    ]


@pytest.mark.parametrize("where", [{"url": VOICE}, {"campaign": ID, "channel": "voice"}])
def test_a_body_without_a_method_is_not_taken_for_a_read(where):
    """Nobody says that it was a write, and nobody may say that it was none."""
    lines = [read("archived"), {**where, "request": {"action": "pause"}, "status_code": 409}]
    assert told(audit(*lines)) == []
    assert told(audit(*lines, strict=True)) == [("CF605", 2)]


def test_a_host_that_stands_beside_the_url_is_another_server():
    """Also for a URL that was seen without one."""
    other = {"host": "api.in.exotel.com"}
    lines = [
        read("in-progress"),
        write("pause", "paused"),
        write("resume", "in-progress"),
        read("archived", **other),
        write("pause", "paused", **other),
    ]
    assert told(audit(*[{key: value for key, value in line.items() if key != "at"} for line in lines])) == [
        ("CF221", 5)
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://127.0.0.1:8001", "http://127.0.0.1:8002"),
        ("https://gw.example.com/r1", "https://gw.example.com/r2"),
    ],
)
def test_a_port_and_a_prefix_tell_servers_apart(one, other):
    """What one of them shows says nothing of the campaign on the other."""
    found = audit(
        read("paused", url=one + VOICE),
        read("in-progress", url=other + VOICE),
        write("pause", None, 400, url=one + VOICE),
    )
    assert told(found) == [("CF211", 3)]


@pytest.mark.parametrize("host", ["api.exotel.com.", "API.Exotel.com", "api.exotel.com:443"])
def test_one_server_in_other_spellings_is_one_server(host):
    """Case, the dot at the end and the usual port are no part of it."""
    found = audit(
        read("archived", url="https://api.exotel.com" + VOICE), write("pause", None, 409, url=f"https://{host}{VOICE}")
    )
    assert told(found) == [("CF221", 2)]


def test_an_unreadable_write_is_of_the_campaign_in_its_own_path():
    """A campaign of another account with the same id keeps what is known of it."""
    mine = VOICE.replace("acme1", "other9")
    found = audit(
        read("paused"),
        read("completed", url=mine),
        {**write(None, None, 400), "headers": [["Content-Type", "application/json"]], "request": {"action": "zz"}},
        write("pause", None, 409, url=mine),
    )
    assert told(found) == [("CF412", 3), ("CF221", 4)]


@pytest.mark.parametrize(
    ("method", "url"), [("PUT", VOICE.rpartition("/")[0]), ("DELETE", VOICE.rpartition("/")[0]), ("POST", VOICE)]
)
def test_a_write_that_no_page_documents_is_found_in_the_plain_form_too(method, url):
    """An action on a collection, or a create on a campaign."""
    assert told(audit({"method": method, "url": url, "action": "archive", "status_code": 200})) == [("CF402", 1)]


def test_a_plan_without_a_status_is_judged_from_its_second_step_on():
    """After its first step the campaign is where that leads."""
    auditor = Auditor()
    steps = [named(action=action, planned=True) for action in ("archive", "pause", "complete", "resume")]
    found = [finding.code for exchange in lines_of(*steps) for finding in auditor.feed(exchange)]
    assert auditor.unjudged.number == 1
    assert found == ["CF221", "CF225", "CF223"]


def test_a_failure_that_calls_itself_success_moves_nothing():
    """A 200 with an error in it says nothing certain; what is legal afterwards is no finding."""
    failed = {**write("pause"), "response": {"RestException": {"Status": 400, "Message": "no"}}}
    assert told(audit(read("in-progress"), failed, write("pause", "paused"))) == []


def test_an_answer_that_nobody_can_read_ends_what_was_known():
    """The status before it is not held against what comes after."""
    doubled = {**read(None), "response": json.dumps({"status": "completed", "Status": "paused", "id": ID})}
    doubled.pop("status")
    lines = [read("paused"), doubled, write("archive", "archived")]
    assert told(audit(*lines)) == []
    assert told(audit(*lines, strict=True)) == [("CF605", 3)]


def test_a_redirected_write_is_found():
    """Whoever follows it sends it again, and nobody judges that."""
    assert told(audit(read("in-progress"), write("pause", None, 307))) == [("CF609", 2)]


def test_a_form_is_no_json():
    """A write of another content type is found, also where its body was not recorded."""
    headers = [["Content-Type", "application/x-www-form-urlencoded"], ["Content-Length", "12"]]
    assert told(
        audit(read("in-progress"), {"method": "PUT", "url": VOICE, "status_code": 200, "headers": headers})
    ) == [("CF407", 2)]


def test_findings_about_parameters_do_not_repeat_what_was_given():
    """It may be a number, a text, or a URL with a key in it."""
    body = {"name": "x", "status_callback": "ftp://key:SECRETTOK@host/y", "dlt_entity_id": "919876543210"}
    line = {"method": "POST", "url": MESSAGE.rpartition("/")[0], "status_code": 400, "request": body}
    (finding,) = audit(line)
    assert finding.code == "CF606"
    assert "status_callback" in finding.message
    assert "SECRETTOK" not in finding.message
    assert "9876543210" not in finding.message


@pytest.mark.parametrize(
    ("accepted", "other"),
    [
        ({"sent": False, "code": "CF226"}, {}),
        ({}, {"url": "https://api.in.exotel.com" + VOICE}),
        ({}, {"url": VOICE.replace("acme1", "PROD")}),
        ({}, {"url": MESSAGE}),
    ],
)
def test_a_fingerprint_is_of_one_deed_on_one_server(accepted, other):
    """What was accepted of an attempt that was not sent, or elsewhere, covers nothing else."""

    def fingerprint(more):
        url = more.get("url", VOICE)
        (finding,) = audit(read("paused", url=url), {**write("archive", None, 409), **more})
        return finding.fingerprint

    assert fingerprint(accepted) != fingerprint(other)
    assert fingerprint(accepted) == fingerprint(accepted)


def trace(*events):
    common = {"version": 1, "host": "h", "account": "acme1", "channel": "voice", "campaign": ID}
    stream = io.BytesIO("\n".join(json.dumps({**common, **event}) for event in events).encode())
    auditor = Auditor(Options(path="trace.jsonl", strict=True))
    return [finding.code for exchange in read_trace("trace.jsonl", stream) for finding in auditor.feed(exchange)]


def test_a_write_in_a_trace_is_never_dropped():
    """Neither one that never ends, nor one whose beginning is in an older file."""
    seen = {"event": "read", "method": "GET", "status": "archived", "status_code": 200, "flow": "p-1"}
    sent = {"event": "sent", "method": "PUT", "action": "pause", "flow": "p-2"}
    assert trace(seen, sent) == ["CF221"]
    assert trace(seen, sent, {**seen, "flow": "q-1"}) == ["CF605"]
    answered = {"event": "answered", "method": "PUT", "action": "pause", "status_code": 409, "flow": "p-2"}
    assert trace(seen, answered) == ["CF221"]


def test_the_last_hours_of_the_calendar_are_no_accident():
    """A moment that no zone can tell is not within any hours."""
    hours = Hours(time(9), time(21), ZoneInfo("Asia/Kolkata"))
    policy = Policy(hours=hours)
    found = audit(read("paused"), write("resume", "in-progress", at="9999-12-31T23:00:00+00:00"), policy=policy)
    assert [finding.code for finding in found] == ["CF703"]


def test_a_path_that_was_encoded_thousands_of_times_is_read_at_once():
    """The work does not grow with how often somebody encoded it, and what hides in it is found all the same."""
    from campaign_fsm.wire.suspect import could_become_target

    assert not could_become_target("/x1/%" + "25" * 4000)
    hidden = VOICE.replace("campaigns", "%" + "25" * 3000 + "63ampaigns")
    assert could_become_target(hidden)


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        # An answer that shows no status says that the campaign is where the write leads.
        (
            [read("paused"), put(action="resume"), write("complete", "Completed")],
            ("CF224", "error", "while in-progress"),
        ),
        ([read("paused"), put(action="resume"), put(action="archive")], ("CF226", "warning", "while in-progress")),
        ([read("in-progress"), put(action="pause"), put(action="archive")], ("CF226", "error", "while paused")),
        ([read("in-progress"), put(action="pause"), put(action="pause")], ("CF211", "warning", "while paused")),
    ],
)
def test_an_answer_without_a_status_moves_the_campaign_where_the_write_leads(lines, found):
    """And not to everything that an answer might have shown."""
    (finding,) = audit(*lines)
    code, level, status = found
    assert (finding.code, finding.level) == (code, level)
    assert status in finding.message


@pytest.mark.parametrize("answer", [UNREADABLE, {"status_code": 303}, {"status_code": 408}])
def test_a_write_that_is_legal_only_if_an_unclear_one_was_applied_is_named(answer):
    """It is no finding, and not fine either; what the server then refuses contradicts nobody."""
    auditor = Auditor(Options(path="log.jsonl"))
    refused = write("complete", None, 409)
    found = []
    for number, line in enumerate([read("paused"), put(action="resume", **answer), refused], 1):
        stream = io.BytesIO(json.dumps(line).encode())
        found += [one for exchange in read_lines("log.jsonl", stream) for one in auditor.feed(exchange)]
        assert auditor.unjudged.number == (number == 3)
    assert [one.code for one in found if one.code != "CF609"] == []
    (sentence,) = auditor.unjudged.named
    assert "complete: the answer to the resume before it does not say whether that was applied" in sentence

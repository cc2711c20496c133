"""The flow of the gate, driven by hand: no socket, no thread, every step in the test's hands."""

import base64
import contextlib
import contextvars
import itertools
import json
from datetime import timedelta

import attrs
import oracle
import pytest
from gates import NOW, PAST, SOON, envelope, kinds, make, put, refuse, run
from wires import ID, JSON, MESSAGE, UNREADABLE, UNTOUCHED, VOICE, wire

from campaign_fsm import errors
from campaign_fsm.drive import Sleep
from campaign_fsm.gate import Forward, Permit, Read, TooOld, WriteRecord, party
from campaign_fsm.gate.section import forked
from campaign_fsm.policy import Policy, Scope
from campaign_fsm.rules import PROBLEMS, Action, Channel, Status
from campaign_fsm.wire.answer import Answer

WRITES = {
    "pause": {"action": "pause"},
    "resume": {"action": "resume"},
    "complete": {"action": "complete"},
    "archive": {"action": "archive"},
    "edit": {"name": "another name"},
    "edit-callbacks": {"status_callback": "https://example.com"},
    "reschedule": {"schedule": {"end_at": SOON, "end_time": SOON}},
}


def request_for(action, channel):
    target = VOICE if channel == "voice" else MESSAGE
    if action == "delete":
        return wire("DELETE", target, b"", headers=())
    return wire(target=target, body=WRITES[action])


def test_the_flow_agrees_with_the_oracle_in_every_cell():
    """For every status, action, channel, start and strictness, what is forwarded is what the typed table allows."""
    counted = forwarded = 0
    for channel, status, started, strict in itertools.product(
        oracle.CHANNELS, oracle.STATUSES, (False, True), (False, True)
    ):
        start = SOON if not started else PAST
        data = {"schedule": {"start_time": start, "send_at": start}}
        for action in [*WRITES, "delete"]:
            gate = make(strict=strict)
            request = request_for(action, channel)
            read = envelope(status, wrapped=channel == "voice", **data)
            dest = oracle.legal(status, action, channel, started, strict=strict)
            counted += 1
            if dest is None:
                refusal = refuse(gate, request, read)
                if status == "unknown":
                    assert isinstance(refusal, errors.UnknownStatus)
                elif (action, status) in oracle.ALREADY:
                    assert isinstance(refusal, errors.AlreadyThere)
                else:
                    assert isinstance(refusal, errors.IllegalTransition)
                assert (refusal.status, refusal.action, refusal.campaign_id) == (status, action, ID)
                assert (refusal.channel, refusal.raw_status, refusal.code) == (channel, status, refusal.decision.code)
                assert refusal.legal_actions == refusal.decision.legal_actions
                assert (refusal.route, refusal.sources) == (refusal.decision.route, refusal.decision.sources)
                assert refusal.advice == refusal.decision.advice
                assert refusal.decision.reason in refusal.reason
            else:
                record, steps = run(gate, request, read, envelope(dest, wrapped=channel == "voice"))
                assert kinds(steps) == ["Read", "Forward"]
                assert record.drift is None
                assert record.answered.status == dest
                forwarded += 1
    assert (counted, forwarded) == (2 * 9 * 2 * 2 * 8, 2 * 16 + 22 + 20)


@pytest.mark.parametrize("name", UNREADABLE)
def test_an_unreadable_request_takes_not_one_step(name):
    """It is refused before the lock, before the read, before anything."""
    code, parts = UNREADABLE[name]
    refusal = refuse(make(), wire(**parts), kind=errors.UnreadableRequest)
    assert (refusal.code, refusal.steps) == (code, [])


@pytest.mark.parametrize("name", UNTOUCHED)
def test_an_unrelated_request_passes_unjudged(name):
    """Its answer is not even read."""
    result, steps = run(make(), wire(**UNTOUCHED[name]))
    assert result is None
    assert steps == [Forward(buffered=False)]


def test_a_host_can_be_left_out_on_purpose():
    """`ignore_hosts` lets every path of that host pass, and only of that host."""
    gate = make(ignore_hosts=["Elsewhere.example"])
    assert not gate.concerns(wire(host="elsewhere.example"))
    assert gate.concerns(wire())


def test_the_read_goes_where_the_write_goes():
    """Same host, path and credentials, and it is a GET."""
    request = wire(headers=[JSON, (b"Authorization", b"Basic abcd")])
    _, steps = run(make(), request, envelope("in-progress"), envelope("paused"))
    read = steps[0].request
    assert (read.method, read.target, read.host) == ("GET", request.target, request.host)
    assert (b"Authorization", b"Basic abcd") in read.headers


HTML = Answer(200, (), b"<html>proxy</html>")
UNUSABLE = {
    "another campaign": (envelope("in-progress", id="0" * 32), "CF503"),
    "two ids": (
        Answer(
            200, (), b'{"response": {"code": 200, "data": {"sid": "%s", "id": "x", "status": "paused"}}}' % ID.encode()
        ),
        "CF503",
    ),
    "HTML": (HTML, "CF502"),
    "an empty body": (Answer(200, (), b""), "CF502"),
    "no status": (envelope(None), "CF502"),
    "a status that is a list": (envelope(["paused"]), "CF502"),
    "no id": (envelope("in-progress", key="name"), "CF502"),
    "a failed item": (envelope(code=400), "CF502"),
    "two items": (Answer(200, (), b'{"response": [{"code": 200}, {"code": 200}]}'), "CF502"),
    "a list": (Answer(200, (), b"[]"), "CF502"),
    "a doubled status": (
        Answer(
            200,
            (),
            b'{"response": {"code": 200, "data": {"sid": "%s", "status": "paused", "Status": "completed"}}}'
            % ID.encode(),
        ),
        "CF502",
    ),
    "contradicting codes": (
        Answer(
            200,
            (),
            b'{"http_code": 500, "response": {"code": 200, "data": {"sid": "%s", "status": "in-progress"}}}'
            % ID.encode(),
        ),
        "CF502",
    ),
    "success that failed": (
        Answer(
            200,
            (),
            b'{"response": {"code": 200, "status": "failure", "data": {"sid": "%s", "status": "in-progress"}}}'
            % ID.encode(),
        ),
        "CF502",
    ),
    "a cached answer": (envelope("in-progress", headers=[(b"Age", b"12")]), "CF504"),
    "a client-side cache": (Answer(200, (), envelope("in-progress").body, cached=True), "CF504"),
    "not found": (Answer(404, (), b"{}"), "CF501"),
    "wrong credentials": (Answer(401, (), b"{}"), "CF501"),
    "a redirect": (Answer(302, ((b"Location", b"https://elsewhere.example"),), b""), "CF501"),
    "no content": (Answer(204, (), b""), "CF501"),
    "partial content": (Answer(206, (), envelope("in-progress").body), "CF501"),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_a_reading_that_cannot_be_trusted_refuses_the_write(name):
    """An answer that is an error, ambiguous, malformed or about something else is no status."""
    answer, code = UNUSABLE[name]
    refusal = refuse(make(), put("pause"), answer, kind=errors.StatusUnavailable)
    assert (refusal.code, refusal.status_code) == (code, answer.status_code)
    assert (refusal.action, refusal.channel, refusal.campaign_id) == ("pause", "message", ID)
    assert refusal.advice == PROBLEMS[code].advice
    assert refusal.reason.endswith(".")
    assert not refusal.no_answer


def test_every_code_of_an_unusable_reading_is_reached():
    """No CF5xx code is without an answer that meets it."""
    reached = {code for _, code in UNUSABLE.values()} | {"CF505"}
    assert reached == {code for code in PROBLEMS if code.startswith("CF5")}


def test_a_failure_of_the_gate_itself_lets_nothing_out(monkeypatch):
    """A bug inside the gate is a refusal, before and after the read."""
    from campaign_fsm.gate import flow, judging

    def broken(*args, **kwargs):
        raise KeyError("bug")

    monkeypatch.setattr(judging, "judge", broken)
    assert refuse(make(), put("pause"), envelope("in-progress"), kind=errors.GateFailure).code == "CF505"
    monkeypatch.setattr(flow, "read_intent", broken)
    assert refuse(make(), put("pause"), kind=errors.GateFailure).code == "CF505"


@pytest.mark.parametrize(
    "trouble", [Answer(429, ((b"Retry-After", b"3"),), b""), Answer(503, (), b""), OSError("reset")]
)
def test_a_read_that_fails_in_passing_is_tried_again(trouble):
    """The 2 a.m. pause gets through: 429, 5xx and broken connections are retried until the deadline."""
    record, steps = run(make(), put("pause"), trouble, trouble, envelope("in-progress"), envelope("paused"))
    assert record.answered.status == "paused"
    assert kinds(steps) == ["Read", "Sleep", "Read", "Sleep", "Read", "Forward"]
    if isinstance(trouble, Answer) and trouble.status_code == 429:
        assert [step.seconds for step in steps if isinstance(step, Sleep)] == [3.0, 3.0]


def test_the_retries_end_at_the_deadline():
    """A server that stays away refuses the write in the end, with what it said last."""
    gate = make(deadline=5.0)
    refusal = refuse(gate, put("pause"), *[Answer(503, (), b"")] * 10, kind=errors.StatusUnavailable)
    assert (refusal.code, refusal.status_code) == ("CF501", 503)
    assert 2 < gate.context.settings.clock.now - 1000.0 <= 5.0
    refusal = refuse(
        make(deadline=5.0), put("pause"), Answer(429, ((b"Retry-After", b"60"),), b""), kind=errors.StatusUnavailable
    )
    assert refusal.retry_after == 60.0
    assert kinds(refusal.steps) == ["Read"]


def test_a_read_that_cannot_succeed_is_not_tried_again():
    """What is no passing trouble refuses at once, with its cause."""
    refusal = refuse(make(), put("pause"), ValueError("no such scheme"), kind=errors.StatusUnavailable)
    assert isinstance(refusal.__cause__, ValueError)
    assert refusal.no_answer


# Action and fields in one body (CF413)


def test_fields_equal_to_the_reading_are_no_edit():
    """The sample of the page update-campaign sends `caller_id` and `url` beside the action."""
    request = put(
        "pause", VOICE, caller_id="0123", url="https://x", retries={"c": {"y": 1, "x": 2}, "b": 1, "a": [True]}
    )
    reading = envelope(
        "InProgress",
        wrapped=True,
        caller_id="0123",
        url="https://x",
        retries={"b": 1, "c": {"x": 2, "y": 1}, "a": [True]},
    )
    record, _ = run(make(), request, reading, envelope("Paused", wrapped=True))
    assert record.decision.allowed


@pytest.mark.parametrize(
    ("action", "target", "fields"),
    [
        ("pause", VOICE, {"caller_id": "9"}),
        ("pause", VOICE, {"schedule": {"end_at": SOON}}),
        ("resume", VOICE, {"schedule": {"end_at": SOON}, "caller_id": "9"}),
        ("resume", MESSAGE, {"schedule": {"end_time": SOON}}),
        ("resume", VOICE, {"status": "completed"}),
        ("pause", VOICE, {"flag": 1}),
    ],
)
def test_an_action_with_fields_that_change_something_is_refused(action, target, fields):
    """It is not documented what such a mix does, so the action has to go alone."""
    status = "paused" if action == "resume" else "in-progress"
    wrapped = target == VOICE
    refusal = refuse(make(), put(action, target, **fields), envelope(status, wrapped=wrapped, flag=True, caller_id="0"))
    assert (type(refusal), refusal.code) == (errors.UnreadableRequest, "CF413")
    assert "alone" in str(refusal)


def test_schedule_and_resume_together_is_the_contested_way_on_voice(caplog):
    """CF116: allowed with standing contested, said in the log; strict refuses it."""
    request = put("resume", VOICE, schedule={"send_at": PAST, "end_at": SOON})
    with caplog.at_level("WARNING"):
        record, _ = run(make(), request, envelope("Paused", wrapped=True), envelope("InProgress", wrapped=True))
    assert (record.decision.standing, record.decision.destination) == ("contested", "in-progress")
    assert record.decision.code == "CF116"
    pages = {source.page.key for source in record.decision.sources}
    assert pages == {"manage-campaign", "update-campaign-details", "campaign-scheduling"}
    assert record.warnings
    assert "contested" in caplog.text
    refusal = refuse(make(strict=True), request, envelope("Paused", wrapped=True))
    assert refusal.code == "CF251"
    refusal = refuse(make(), request, envelope("InProgress", wrapped=True))
    assert isinstance(refusal, errors.AlreadyThere)


def test_schedule_and_resume_together_is_contested_before_the_start_too():
    """No page shows the two in one body for a campaign that has not started."""
    request = put("resume", VOICE, schedule={"send_at": SOON, "end_at": SOON})
    early = envelope("Paused", wrapped=True, schedule={"send_at": SOON})
    record, _ = run(make(), request, early, envelope("InProgress", wrapped=True))
    assert record.decision.standing == "contested"
    assert refuse(make(strict=True), request, early).code == "CF251"


def test_an_unknown_status_is_reported_as_it_was_spelled():
    """The person who reads the refusal sees what the server said."""
    refusal = refuse(make(), put("pause"), envelope("On Hold"), kind=errors.UnknownStatus)
    assert refusal.raw_status == "On Hold"
    assert "'On Hold' is on no list" in refusal.reason
    refusal = refuse(make(), put("complete"), envelope("in-progress"))
    assert "no list" not in refusal.reason


def test_the_pauses_between_reads_double_up_to_eight_seconds():
    """0.5, 1, 2, 4, 8, 8 seconds: patient with the server, and not for ever."""
    gate = make(deadline=60)
    refusal = refuse(gate, put("pause"), *[Answer(500, (), b"")] * 20, kind=errors.StatusUnavailable)
    pauses = [step.seconds for step in refusal.steps if isinstance(step, Sleep)]
    assert pauses[:7] == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0]
    assert sum(pauses) <= 60
    assert refusal.reason.startswith("The status could not be read: GET campaign")
    broken = refuse(make(deadline=0), put("pause"), OSError("reset by peer"), kind=errors.StatusUnavailable)
    assert broken.reason == "The status could not be read: GET to api.exotel.com got no answer: OSError: reset by peer."


@pytest.mark.parametrize(
    "schedule",
    [
        {},
        {"end_at": PAST},
        {"end_at": "soon"},
        {"end_at": "2026-01-05T23:00:00"},
        {"end_at": None},
        "soon",
    ],
)
@pytest.mark.parametrize("action", [{}, {"action": "resume"}])
def test_a_new_end_has_to_lie_ahead(schedule, action):
    """After the start a new schedule needs an end with a time zone that is still to come."""
    request = wire(target=VOICE, body={**action, "schedule": schedule})
    refusal = refuse(make(), request, envelope("Paused", wrapped=True, schedule={"end_at": SOON + "x"}))
    assert (type(refusal), refusal.code) == (errors.UnreadableRequest, "CF416")


def test_a_bare_resume_past_the_end_is_legal_and_gets_a_warning():
    """CF104: it is legal; CF302, CF306: whatever the platform makes of it at once is no drift."""
    late = {"schedule": {"start_time": PAST, "end_time": PAST}}
    for answered in ("in-progress", "completed", "paused", "failed"):
        record, _ = run(make(), put("resume"), envelope("paused", **late), envelope(answered, **late))
        assert "end time has passed" in record.warnings[0]
        assert record.drift is None


# Started


@pytest.mark.parametrize(
    ("status", "start", "date", "allowed"),
    [
        ("created", None, None, True),
        ("created", SOON, None, True),
        ("created", PAST, None, False),
        ("created", "tomorrow", None, False),
        ("created", "2026-01-06T10:00:00", None, False),
        ("created", SOON, b"Mon, 05 Jan 2026 23:00:00 GMT", False),
        ("created", PAST, b"Mon, 05 Jan 2026 01:00:00 GMT", True),
        ("paused", None, None, False),
        ("paused", SOON, None, True),
        ("paused", "tomorrow", None, False),
        ("created", SOON, b"nonsense", True),
    ],
)
def test_an_edit_is_judged_by_the_clock_of_the_server(status, start, date, allowed):
    """Started goes by the Date of the reading, else by the local clock; an unreadable start has passed."""
    headers = [(b"Date", date)] if date else []
    reading = envelope(status, headers=headers, schedule={"start_time": start, "end_time": SOON})
    request = wire(body={"name": "new"})
    if allowed:
        run(make(), request, reading, envelope(status))
    else:
        assert refuse(make(), request, reading).code == "CF232"


def test_a_schedule_that_is_no_object_counts_as_started():
    """Whoever cannot say when it starts has to assume that it did."""
    assert refuse(make(), wire(body={"name": "new"}), envelope("created", schedule="soon")).code == "CF232"


# The answer


@pytest.mark.parametrize(
    ("action", "before", "answered", "unseen"),
    [
        ("pause", "in-progress", "completed", False),
        ("pause", "in-progress", "in-progress", True),
        ("pause", "created", "in-progress", False),
        ("resume", "paused", "canceled", False),
        ("resume", "paused", "paused", True),
        ("complete", "paused", "in-progress", False),
        ("archive", "completed", "completed", True),
        ("archive", "completed", "shredded", False),
    ],
)
def test_an_answer_outside_the_accepted_statuses_is_drift(action, before, answered, unseen, caplog):
    """Drift is a field of the record, a call and a log line."""
    seen = []
    gate = make(on_drift=seen.append)
    with caplog.at_level("WARNING"):
        record, _ = run(gate, put(action), envelope(before), envelope(answered))
    assert [record.drift] == seen
    drift = record.drift
    assert (drift.seen, drift.raw_status, drift.action, drift.campaign_id) == (before, answered, action, ID)
    assert drift.answered == Status.parse(answered)
    assert drift.unseen is unseen
    assert "drift" in caplog.text


def test_resume_before_the_start_may_be_answered_with_created():
    """CF104: that is no drift; after the start it is."""
    early = {"schedule": {"start_time": SOON}}
    record, _ = run(make(), put("resume"), envelope("paused", **early), envelope("created", **early))
    assert record.drift is None
    record, _ = run(make(), put("resume"), envelope("paused"), envelope("created"))
    assert record.drift.answered == "created"


def test_a_failing_observer_does_not_hide_the_answer(caplog):
    """The write is done; the callback's failure is logged."""
    record, _ = run(make(on_drift=lambda drift: 1 / 0), put("pause"), envelope("in-progress"), envelope("completed"))
    assert record.drift
    assert "on_drift" in caplog.text


@pytest.mark.parametrize("code", [300, 301, 302, 303, 307, 308])
def test_a_redirect_of_a_write_is_an_error(code):
    """It is never handed on, so nobody above can follow it with the same write."""
    events = []
    gate = make(trace=lambda event: events.append(event["event"]))
    with pytest.raises(errors.UnexpectedRedirect) as caught:
        run(gate, put("pause"), envelope("in-progress"), Answer(code, ((b"Location", b"https://x"),), b""))
    assert events == ["read", "decided", "sent", "answered"]
    assert (caught.value.status_code, caught.value.method, caught.value.campaign_id) == (code, "PUT", ID)


@pytest.mark.parametrize("answer", [HTML, envelope("paused", id="0" * 32), envelope(code=409), Answer(200, (), b"")])
def test_an_unusable_answer_to_a_write_is_named(answer):
    """The write is done: the record says that the answer shows no status, and hands it on."""
    record, _ = run(make(), put("pause"), envelope("in-progress"), answer)
    assert record.answered is None
    assert record.problem


def test_whatever_the_transport_raises_during_the_write_comes_through():
    """A lost answer is for the caller to settle; the record said so before."""
    with pytest.raises(OSError, match="lost") as caught:
        run(make(), put("pause"), envelope("in-progress"), OSError("lost"))
    forward = caught.value.steps[-1]
    assert isinstance(forward.record, WriteRecord)
    assert forward.record.reading.status == "in-progress"


def test_a_create_goes_without_a_reading():
    """There is no campaign yet whose status could be read."""
    record, steps = run(make(), wire("POST", MESSAGE.rpartition("/")[0], {"name": "n"}), envelope("created"))
    assert kinds(steps) == ["Forward"]
    assert record.decision.code == "CF101"


# Reuse


def test_without_max_age_every_write_is_preceded_by_a_read():
    """The default never trusts an earlier answer."""
    gate = make()
    for action, before, after in [("pause", "in-progress", "paused"), ("resume", "paused", "in-progress")]:
        _, steps = run(gate, put(action), envelope(before), envelope(after))
        assert kinds(steps) == ["Read", "Forward"]


def test_with_max_age_an_answer_is_a_reading():
    """Within the age, the answer to one write is the reading of the next."""
    gate = make(max_age=10)
    run(gate, put("pause"), envelope("in-progress"), envelope("paused"))
    record, steps = run(gate, put("resume"), envelope("in-progress"))
    assert kinds(steps) == ["Forward"]
    assert record.reused
    gate.context.settings.clock.now += 10.5
    _, steps = run(gate, put("pause"), envelope("in-progress"), envelope("paused"))
    assert kinds(steps) == ["Read", "Forward"]


def test_with_max_age_a_read_of_the_callers_is_a_reading_too():
    """A GET of the campaign that went through is what the next write is judged by."""
    gate = make(max_age=10)
    _, steps = run(gate, wire("GET", body=b""), envelope("in-progress"))
    assert steps == [Forward(buffered=True)]
    record, steps = run(gate, put("pause"), envelope("paused"))
    assert kinds(steps) == ["Forward"]
    assert record.reused


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("HEAD", MESSAGE),
        ("GET", f"{MESSAGE}/message-details"),
        ("GET", MESSAGE.rpartition("/")[0]),
        ("OPTIONS", MESSAGE),
    ],
)
def test_other_reads_pass_without_being_looked_at(method, target):
    """Only a GET of one campaign is a reading; the rest is streamed through as it is."""
    _, steps = run(make(max_age=10), wire(method, target, b""))
    assert steps == [Forward(buffered=False)]
    _, steps = run(make(), wire("GET", body=b""))
    assert steps == [Forward(buffered=False)]


@pytest.mark.parametrize("answer", [Answer(404, (), b"{}"), Answer(201, (), envelope("in-progress").body), HTML])
def test_a_read_that_is_no_reading_is_not_kept(answer):
    """Errors, odd codes and unreadable bodies of the caller's reads pass, and are forgotten."""
    gate = make(max_age=10)
    run(gate, wire("GET", body=b""), answer)
    _, steps = run(gate, put("pause"), envelope("in-progress"), envelope("paused"))
    assert kinds(steps) == ["Read", "Forward"]


NO_READINGS = [
    Answer(404, (), b"{}"),
    Answer(503, (), b"{}"),
    Answer(201, (), envelope("in-progress").body),
    HTML,
    envelope("under-review"),
    attrs.evolve(envelope("in-progress"), headers=((b"Age", b"30"),)),
]


@pytest.mark.parametrize("answer", NO_READINGS)
@pytest.mark.parametrize("by", ["the caller", "a write"])
def test_a_newer_answer_that_is_no_reading_ends_the_older_reading(answer, by):
    """Nobody writes by what was read before the server said something else, in a read or before a write."""
    gate = make(max_age=10, deadline=0)
    run(gate, wire("GET", body=b""), envelope("in-progress"))
    if by == "the caller":
        run(gate, wire("GET", body=b""), answer)
    else:
        refuse(gate, put("resume"), answer)  # not legal by the older one, so it is read anew
    _, steps = run(gate, put("pause"), envelope("in-progress"), envelope("paused"))
    assert kinds(steps) == ["Read", "Forward"]


def test_the_judgement_tells_everything(monkeypatch):
    """Intent, reading, decision, status code and answer of the write; and what went wrong with reading it."""
    from campaign_fsm.gate import sending

    record, steps = run(make(), put("pause"), envelope("in-progress"), envelope("paused"))
    assert (record.intent.action, record.reading.status, record.decision.code) == (
        "pause",
        "in-progress",
        "CF103",
    )
    assert (record.status_code, record.answered.status, record.problem) == (200, "paused", None)
    assert steps[-1].record.reading is record.reading
    monkeypatch.setattr(sending, "read_status", lambda *_: {}["bug"])
    record, _ = run(make(), put("pause"), envelope("in-progress"), envelope("paused"))
    assert (record.problem, record.answered, record.status_code) == ("KeyError", None, 200)


@pytest.mark.parametrize("code", [400, 409, 500])
def test_an_error_answer_is_handed_on_unread(code):
    """Only a success says what the status is now."""
    record, _ = run(make(), put("pause"), envelope("in-progress"), Answer(code, (), envelope("paused").body))
    assert (record.status_code, record.answered, record.problem, record.drift) == (code, None, None, None)


def test_past_the_end_goes_by_the_clock_of_the_server():
    """A resumed campaign that is paused again is drift before its end, by the Date of the reading."""
    date = [(b"Date", b"Mon, 05 Jan 2026 01:00:00 GMT")]
    end = {"schedule": {"start_time": PAST, "end_time": (NOW - timedelta(hours=1)).isoformat()}}
    record, _ = run(make(), put("resume"), envelope("paused", headers=date, **end), envelope("paused", **end))
    assert record.drift.unseen
    assert record.drift.channel == "message"
    assert record.warnings == ()


def test_an_age_counts_from_when_the_read_was_sent():
    """A slow answer is as old as its question."""
    gate = make(max_age=10)
    flow = gate.flow(wire("GET", body=b""))
    next(flow)
    gate.context.settings.clock.now += 9
    with pytest.raises(StopIteration):
        flow.send(envelope("in-progress"))
    gate.context.settings.clock.now += 2
    _, steps = run(gate, put("pause"), envelope("in-progress"), envelope("paused"))
    assert kinds(steps) == ["Read", "Forward"]


def test_a_slow_read_before_a_write_is_as_old_as_its_question():
    """The reading that a refused write leaves behind, too."""
    gate = make(max_age=10)
    flow = gate.flow(put("complete"))
    next(flow)
    gate.context.settings.clock.now += 9
    with pytest.raises(errors.IllegalTransition):
        flow.send(envelope("in-progress"))
    gate.context.settings.clock.now += 2
    _, steps = run(gate, put("pause"), envelope("in-progress"), envelope("paused"))
    assert kinds(steps) == ["Read", "Forward"]


def test_the_answer_to_a_slow_write_is_as_old_as_the_write():
    """It shows the campaign as it was when the server took the write, at the earliest when that was sent."""
    gate = make(max_age=10)
    flow = gate.flow(put("pause"))
    next(flow)
    flow.send(envelope("in-progress"))
    gate.context.settings.clock.now += 9
    with pytest.raises(StopIteration):
        flow.send(envelope("paused"))
    gate.context.settings.clock.now += 2
    _, steps = run(gate, put("resume"), envelope("paused"), envelope("in-progress"))
    assert kinds(steps) == ["Read", "Forward"]


def test_a_reused_reading_ages_with_the_clock_of_the_server():
    """The start may pass while a reading is kept: its Date goes on with the time."""
    gate = make(max_age=600)
    date = [(b"Date", b"Mon, 05 Jan 2026 10:00:00 GMT")]
    start = {"schedule": {"start_time": (NOW + timedelta(minutes=5)).isoformat()}}
    edit = wire(body={"name": "new"})
    reading = envelope("created", headers=date, **start)
    run(gate, edit, reading, reading)
    record, _ = run(gate, edit, reading)
    assert record.reused
    gate.context.settings.clock.now += 299
    refusal = refuse(gate, edit, envelope("created", headers=[(b"Date", b"Mon, 05 Jan 2026 10:04:59 GMT")], **start))
    assert refusal.code == "CF232"
    assert kinds(refusal.steps) == ["Read"]


def test_a_status_that_echoes_credentials_is_redacted():
    """A server that lies in the status field gets nothing into a message."""
    request = wire(headers=[JSON, (b"Authorization", b"Basic a2V5MTIzOnRva2VuNDU2")])
    refusal = refuse(make(), request, envelope("token456 key123"), kind=errors.UnknownStatus)
    assert "token456" not in str(refusal) + refusal.raw_status
    record, _ = run(make(), request, envelope("in-progress"), envelope("token456"))
    assert "token456" not in record.drift.raw_status


def test_the_read_of_a_refused_write_is_a_reading_too():
    """Within the age, what was read for a refusal serves the next write."""
    gate = make(max_age=10)
    assert refuse(gate, put("complete"), envelope("in-progress")).code == "CF224"
    record, steps = run(gate, put("pause"), envelope("paused"))
    assert kinds(steps) == ["Forward"]
    assert record.reused
    record, _ = run(make(), put("pause"), envelope("in-progress"), envelope("paused"))
    assert record.reused is False


def test_nobody_is_refused_on_an_old_reading():
    """Where a reused reading would refuse, the status is read again first."""
    gate = make(max_age=10)
    run(gate, put("pause"), envelope("in-progress"), envelope("paused"))
    _, steps = run(gate, put("pause"), envelope("in-progress"), envelope("paused"))
    assert kinds(steps) == ["Read", "Forward"]


@pytest.mark.parametrize("trouble", [OSError("lost"), Answer(409, (), b""), HTML, envelope("completed")])
def test_after_trouble_there_is_no_reading_to_reuse(trouble):
    """A lost, rejected, unreadable or drifting write leaves no reading behind."""
    gate = make(max_age=100)
    with contextlib.suppress(OSError):
        run(gate, put("pause"), envelope("in-progress"), trouble)
    _, steps = run(gate, put("pause"), envelope("in-progress"), envelope("paused"))
    assert kinds(steps) == ["Read", "Forward"]


@pytest.mark.parametrize("order", ["read first", "write first"])
def test_a_read_that_overlaps_a_write_is_no_reading(order):
    """Its answer may show the state before the write, whichever was sent first."""
    gate = make(max_age=100)
    write, read = gate.flow(put("pause")), gate.flow(wire("GET", body=b""))
    if order == "read first":
        next(read)
    next(write)
    write.send(envelope("in-progress"))
    if order == "write first":
        next(read)
    with pytest.raises(StopIteration):
        write.send(HTML)  # done, and nobody knows the status
    with pytest.raises(StopIteration):
        read.send(envelope("in-progress"))
    _, steps = run(gate, put("pause"), envelope("in-progress"), envelope("paused"))
    assert kinds(steps) == ["Read", "Forward"]


def test_readings_of_other_accounts_hosts_and_channels_are_kept_apart():
    """The same id elsewhere is another campaign."""
    gate = make(max_age=100)
    run(gate, put("pause"), envelope("in-progress"), envelope("paused"))
    for other in (
        put("resume", MESSAGE.replace("acme1", "acme2")),
        put("resume", VOICE),
        wire(body={"action": "resume"}, host="api.in.exotel.com"),
        put("resume", f"/gateway{MESSAGE}"),
    ):
        wrapped = b"/campaigns/" in other.target
        _, steps = run(gate, other, envelope("paused", wrapped=wrapped), envelope("in-progress", wrapped=wrapped))
        assert kinds(steps) == ["Read", "Forward"]


def test_a_deadline_of_nothing_means_one_try():
    """No pause, no second read."""
    refusal = refuse(make(deadline=0), put("pause"), Answer(503, (), b""), kind=errors.StatusUnavailable)
    assert kinds(refusal.steps) == ["Read"]


def test_campaigns_have_sections_of_their_own():
    """A second flow on the campaign waits, one on another campaign does not; in a context of its own, as a task is."""
    gate = make()
    flows = [gate.flow(put("pause", target)) for target in (MESSAGE, MESSAGE.replace(ID, "1" * 32), MESSAGE)]
    steps = [contextvars.Context().run(next, flow) for flow in flows]
    assert kinds(steps) == ["Read", "Read", "Poll"]
    for flow in flows:
        flow.close()
    assert len(gate.context.sections) == 0


def test_settings_are_checked():
    """A negative age or deadline, or one string for many hosts, is a mistake."""
    for settings, kind in [
        ({"max_age": -1}, ValueError),
        ({"max_age": float("nan")}, ValueError),
        ({"deadline": -1}, ValueError),
        ({"ignore_hosts": "x"}, TypeError),
    ]:
        with pytest.raises(kind):
            make(**settings)


def test_channels_of_the_oracle_are_those_of_the_package():
    """A channel that is added has to be typed into the oracle."""
    assert [channel.value for channel in Channel] == oracle.CHANNELS


SECRET = "token-canary"
AUTHORIZED = (JSON, (b"Authorization", b"Basic " + base64.b64encode(f"key:{SECRET}".encode())))


@pytest.mark.parametrize(
    "answers",
    [
        (Answer(400, (), json.dumps({"RestException": {"Message": f"not {SECRET}"}}).encode()),),
        (OSError(f"could not use {SECRET}"),),
        (envelope(SECRET),),
        (envelope(), Answer(307, (), json.dumps({"RestException": {"Message": f"not {SECRET}"}}).encode())),
    ],
)
def test_whoever_echoes_credentials_gets_them_into_no_error(answers):
    """A server in its error, in a status, in a redirect; a library in its message."""
    with pytest.raises(errors.CampaignFsmError) as caught:
        run(make(), wire(body={"action": "resume"}, headers=AUTHORIZED), *answers, transient=lambda _: False)
    assert SECRET not in str(caught.value)
    assert SECRET not in repr(caught.value)


def test_a_watched_read_gives_no_credentials_to_the_trace():
    """Where a server echoes them as a status."""
    events = []
    gate = make(watch_reads=True, trace=events.append)
    run(gate, wire("GET", body=b"", headers=AUTHORIZED), envelope(SECRET))
    run(gate, wire("GET", body=b"", headers=AUTHORIZED), envelope(SECRET, id="another"))
    assert [event.get("raw_status") for event in events] == ["[redacted]", None]
    assert SECRET not in json.dumps(events)


def test_a_refusal_over_an_answer_names_its_request():
    """The vendor's support asks for the id; without an answer there is none, and nothing more to say."""
    answer = Answer(404, (), json.dumps({"request_id": "r42", "response": {"code": 404}}).encode())
    with pytest.raises(errors.StatusUnavailable) as caught:
        run(make(), put("resume"), answer)
    assert (caught.value.request_id, caught.value.status_code) == ("r42", 404)
    with pytest.raises(errors.StatusUnavailable) as caught:
        run(make(), put("resume"), OSError(), transient=lambda _: False)
    assert caught.value.reason == "The status could not be read: GET to api.exotel.com got no answer: OSError."
    with pytest.raises(errors.StatusUnavailable) as caught:
        run(make(), put("resume"), envelope(id="another"))
    assert caught.value.reason == "the answer is about another campaign."


def test_a_failure_of_the_gate_is_named_by_its_class(monkeypatch):
    """Not by its message, which may hold anything; and it says what to do."""
    monkeypatch.setattr("campaign_fsm.gate.flow.read_intent", lambda _: {}[SECRET])
    with pytest.raises(errors.GateFailure) as caught:
        run(make(), put("resume"))
    assert (caught.value.code, caught.value.reason) == ("CF505", "The gate failed with KeyError.")
    assert caught.value.advice == PROBLEMS["CF505"].advice


def test_an_answer_that_cannot_be_judged_is_handed_on_with_the_reason(monkeypatch, caplog):
    """The write is done."""
    gate = make()
    record, _ = run(gate, put("resume"), envelope(), Answer(200, (), b"<html>"))
    assert record.problem.startswith("the answer cannot be used: it is not JSON")
    monkeypatch.setattr("campaign_fsm.gate.sending.drift_of", lambda *_: {}["x"])
    record, _ = run(gate, put("resume"), envelope(), envelope("in-progress"))
    assert record.problem == "KeyError"
    assert "the answer to a write could not be judged" in caplog.messages


# What happens between the steps


@pytest.mark.parametrize("channel", ["message-campaigns", "campaigns"])
def test_a_create_is_decided_for_its_channel(channel):
    """Also where the policy and the life cycle have nothing against it."""
    request = wire("POST", target=f"/v2/accounts/acme1/{channel}", body={"name": "x"})
    record, _ = run(make(), request, Answer(500, (), b""))
    assert record.decision.channel is record.intent.channel


def test_a_create_that_the_policy_forbids_is_reported_as_refused():
    """And nothing else is told of it."""
    events = []
    policy = Policy(scopes=(Scope(forbid=frozenset({Action.CREATE})),))
    request = wire("POST", target=MESSAGE.rpartition("/")[0], body={"name": "x"})
    with pytest.raises(errors.ForbiddenByPolicy):
        run(make(policy=policy, trace=lambda event: events.append((event["event"], event.get("code")))), request)
    assert events == [("refused", "CF701")]


@pytest.mark.parametrize("out", [False, True])
def test_what_a_gate_handed_on_before_a_fork_is_not_sent_after_it(out):
    """What is sent again later, when no gate above has it in hand, begins anew."""
    request = put("pause")
    request.above = Permit(out=out, process=(0, 0))
    flow = make().flow(request)
    if out:
        with pytest.raises(errors.CampaignBusy) as caught:
            next(flow)
        assert caught.value.code == "CF803"
    else:
        assert isinstance(next(flow), Read)
        flow.close()


def test_each_try_of_a_read_that_fails_is_reported_and_timed_for_itself():
    """From when it was asked, not from when the first one was."""
    events = []
    with pytest.raises(errors.StatusUnavailable):
        run(make(deadline=0.6, trace=events.append), put("pause"), OSError(), OSError())
    failed = [(event["method"], event["error"], event["ms"]) for event in events if event["event"] == "failed"]
    assert failed == [("GET", "OSError", 0)] * 2


def test_an_error_of_ours_in_the_middle_of_a_read_is_raised_as_it_is():
    """A gate below may have no budget left for the read: that is no status that could not be read."""
    with pytest.raises(errors.BudgetSpent):
        run(make(), put("pause"), errors.BudgetSpent(account="acme1", host="h", seconds=9.0))


@pytest.mark.parametrize(("deadline", "reads"), [(0.4, 1), (0.5, 1), (0.6, 2)])
def test_no_read_is_tried_again_at_the_deadline_or_later(deadline, reads):
    """The first pause between two tries is half a second."""
    with pytest.raises(errors.StatusUnavailable) as caught:
        run(make(deadline=deadline), put("pause"), *[Answer(503, (), b"")] * 2)
    assert kinds(caught.value.steps).count("Read") == reads


def test_a_write_whose_reading_became_too_old_reads_for_itself():
    """Not even a newer reading of somebody else will do: that could go on for ever."""
    events = []
    gate = make(max_age=10.0, trace=lambda event: events.append(event["event"]))
    run(gate, wire("GET", body=b""), envelope("in-progress"))
    events.clear()
    flow = gate.flow(put("pause"))
    step = next(flow)
    assert isinstance(step, Forward)
    gate.context.settings.clock.now += 11.0
    somebody = gate.flow(wire("GET", body=b""))
    next(somebody)
    with pytest.raises(StopIteration):
        somebody.send(envelope("in-progress"))
    with pytest.raises(TooOld) as caught:
        step.check()
    assert isinstance(flow.throw(caught.value), Read)
    flow.close()
    assert [event for event in events if event != "read"] == ["decided", "sent", "held"]


def test_an_answer_that_nobody_expected_is_no_reading():
    """With `max_age` the next write asks what became of the campaign."""
    gate = make(max_age=10.0)
    record, _ = run(gate, put("complete"), envelope("paused"), envelope("in-progress"))
    assert record.drift
    flow = gate.flow(put("pause"))
    assert isinstance(next(flow), Read)
    flow.close()


PLACES = {
    "pause": ["in its read", "read", "decided", "sent", "in its write"],
    "create": ["decided", "sent", "in its write"],
}


@pytest.mark.parametrize(("action", "place"), [(action, place) for action in PLACES for place in PLACES[action]])
def test_in_a_fork_nothing_is_handed_on_or_reported_as_sent(monkeypatch, action, place):
    """Whatever is known already when something is told; who was told before is told that it was held."""
    events = []

    def fork():
        monkeypatch.setattr(party, "_generation", 1_000_000)

    def trace(event):
        events.append(event["event"])
        if event["event"] == place:
            fork()

    gate = make(trace=trace)
    create = wire("POST", target=MESSAGE.rpartition("/")[0], body={"name": "x"})
    flow, handed_on = gate.flow(put("pause") if action == "pause" else create), []

    def drive():
        step = next(flow)
        while True:
            handed_on.append(type(step).__name__)
            if place == f"in its {'read' if isinstance(step, Read) else 'write'}":
                fork()
            step = flow.throw(forked()) if isinstance(step, Forward) else flow.send(envelope("in-progress"))

    with pytest.raises(errors.CampaignBusy) as caught:
        drive()
    assert caught.value.code == "CF803"
    expected = ["read", "decided", "sent", "held"] if action == "pause" else ["decided", "sent", "held"]
    told = {"in its read": 0, "read": 2, "decided": expected.index("decided") + 1}.get(place, len(expected))
    assert events == [*expected[:told], "refused"]
    assert ("Forward" in handed_on) == (place == "in its write")

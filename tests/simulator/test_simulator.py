"""The simulator in process: its answers, its faults, its journal."""

import copy
import json
from datetime import timedelta

import oracle
import pytest
from simulated import BASIC, data, request, url

from campaign_fsm import Channel, Simulator, Status
from campaign_fsm.simulator.control import control
from campaign_fsm.simulator.payloads import stats


@pytest.mark.parametrize("code", [400, 409])
def test_every_action_is_judged_on_arrival_as_the_oracle_says(code):
    """All statuses, actions and channels: applied exactly if legal, answered with the switch's code if not."""
    for channel in oracle.CHANNELS:
        for status in oracle.STATUSES:
            if status == "unknown":
                continue
            for action in ("pause", "resume", "complete", "archive"):
                simulator = Simulator(illegal_status_code=code)
                campaign = simulator.add(status, channel=channel)
                body = {"campaigns": [{"action": action}]} if channel == "voice" else {"action": action}
                reply = request(simulator, "PUT", url(campaign, channel), body)
                dest = oracle.legal(status, action, channel, None)
                (entry,) = simulator.journal
                assert (entry.legal, entry.applied) == (dest is not None, dest is not None)
                assert reply.status_code == (200 if dest else code)
                assert simulator.status(campaign) == (dest or status)
                assert (entry.action, entry.status_before, entry.status_after) == (action, status, dest or status)


def test_payloads_look_as_documented():
    """Message: an object with `sid`; voice: a list with `id` and capitalised statuses; create says scheduled."""
    simulator = Simulator()
    message, voice = simulator.add("in-progress"), simulator.add("in-progress", channel="voice")
    assert data(request(simulator, "GET", url(message)))["sid"] == message
    assert data(request(simulator, "GET", url(message, "alias")))["sid"] == message
    found = data(request(simulator, "GET", url(voice, "voice")))
    assert (found["id"], found["status"]) == (voice, "InProgress")
    body = {"lists": ["x"], "template": "Hello", "sender_id": "EXOTEL", "name": "new"}
    created = data(request(simulator, "POST", url(None), body))
    assert (created["status"], created["name"]) == ("scheduled", "new")
    assert simulator.journal[-1].id == created["sid"]
    assert simulator.status(created["sid"]) is Status.CREATED
    body = {"campaigns": [{"from": ["+919999999999"], "caller_id": "1"}]}
    assert data(request(simulator, "POST", url(None, "voice"), body))["status"] == "Created"
    assert request(simulator, "POST", url(None), {"name": "x"}).status_code == 400


def test_edits_and_deletes_follow_the_table():
    """Before the start everything; after it callbacks on voice; delete on voice before the start."""
    simulator = Simulator()
    created, running = (simulator.add(status, channel="voice") for status in ("created", "in-progress"))
    assert request(simulator, "PUT", url(created, "voice"), {"name": "other"}).status_code == 200
    assert simulator.campaigns[created].name == "other"
    assert request(simulator, "PUT", url(running, "voice"), {"name": "other"}).status_code == 409
    assert request(simulator, "PUT", url(running, "voice"), {"status_callback": "https://x"}).status_code == 200
    assert request(simulator, "DELETE", url(running, "voice")).status_code == 409
    assert request(simulator, "DELETE", url(created, "voice")).status_code == 200
    assert simulator.status(created) is Status.DELETED


def test_schedule_and_resume_in_one_body_on_voice():
    """The multi-day way (CF116): a new end, and it goes on."""
    simulator = Simulator(at_end="paused")
    end = simulator.now + timedelta(hours=1)
    campaign = simulator.add("in-progress", channel="voice", start=simulator.now - timedelta(hours=1), end=end)
    simulator.advance(3600)
    assert simulator.status(campaign) is Status.PAUSED
    new_end = (end + timedelta(days=1)).isoformat()
    body = {"campaigns": [{"schedule": {"end_at": new_end}, "action": "resume"}]}
    assert request(simulator, "PUT", url(campaign, "voice"), body).status_code == 200
    assert simulator.status(campaign) is Status.IN_PROGRESS
    simulator.advance(3600)
    assert simulator.status(campaign) is Status.IN_PROGRESS


@pytest.mark.parametrize(
    ("headers", "path", "code"),
    [
        ({}, None, 401),
        ({"Authorization": "Basic eDp5"}, None, 401),
        ({"Authorization": BASIC["Authorization"].replace("Basic", "Bearer")}, None, 401),
        ({"Authorization": BASIC["Authorization"].replace("Basic", "basic")}, None, 200),
        (BASIC, url("0" * 32), 404),
        (BASIC, url("x", account="other"), 404),
        (BASIC, "/v1/whatever", 404),
        (BASIC, url(None), 400),
        (BASIC, url(None).replace("message-", "sms-"), 200),
        (BASIC, url(None) + "?channel=SMS&limit=51", 400),
        (BASIC, url(None) + "?channel=SMS&limit=x", 400),
    ],
)
def test_what_cannot_be_answered_gets_the_documented_code(headers, path, code):
    """401 without the right credentials, 404 for what is not there, 400 for odd questions."""
    simulator = Simulator()
    campaign = simulator.add()
    assert request(simulator, "GET", path or url(campaign), headers=headers).status_code == code


@pytest.mark.parametrize("body", [b"", b"nonsense", b"[]", {"action": "halt"}, {"action": 1}, {"campaigns": []}, {}])
def test_a_body_that_makes_no_sense_is_a_400_and_illegal(body):
    """The journal counts it as an illegal write."""
    simulator = Simulator()
    campaign = simulator.add("in-progress", channel="voice")
    assert request(simulator, "PUT", url(campaign, "voice"), body).status_code == 400
    assert simulator.journal[-1].legal is False


def test_lists_are_filtered_sorted_and_paged():
    """By status in any spelling, by name, by key and order, with metadata."""
    simulator = Simulator()
    for number in range(5):
        simulator.add("paused" if number % 2 else "in-progress", name=f"camp {number}")
    path = url(None) + "?channel=SMS&status=InProgress&sort_by=name:desc&limit=2&offset=1"
    document = json.loads(request(simulator, "GET", path).body)
    assert [item["data"]["name"] for item in document["response"]] == ["camp 2", "camp 0"]
    assert document["metadata"] == {"count": 2, "offset": 1, "total": 3, "limit": 2}
    document = json.loads(request(simulator, "GET", url(None) + "?channel=SMS&name=CAMP%203").body)
    assert [item["data"]["name"] for item in document["response"]] == ["camp 3"]


def test_reset_goes_back_to_the_beginning():
    """Campaigns, clock, journal and faults are as before the first request."""
    simulator = Simulator()
    campaign = simulator.add("in-progress")
    request(simulator, "PUT", url(campaign), {"action": "pause"})
    simulator.advance(60)
    simulator.fault("reset")
    simulator.reset()
    assert simulator.status(campaign) is Status.IN_PROGRESS
    assert simulator.journal == ()
    assert simulator.now == Simulator().now
    assert request(simulator, "GET", url(campaign)).fault is None


def test_reset_undoes_what_the_clock_and_the_requests_did_and_ids_come_again():
    """Time goes back to where the first request found it, and the next campaign gets the id it had."""
    simulator = Simulator()
    simulator.advance(60)
    campaign = simulator.add("created", start=simulator.now + timedelta(hours=1))
    begun = simulator.now
    request(simulator, "GET", url(campaign))
    simulator.advance(7200)
    made = simulator.add()
    assert simulator.status(campaign) is Status.IN_PROGRESS
    simulator.reset()
    assert (simulator.status(campaign), simulator.now) == (Status.CREATED, begun)
    assert simulator.add() == made


def state(simulator):
    """Everything that it holds, but its lock and what a reset goes back to."""
    return copy.deepcopy(
        {name: value for name, value in vars(simulator).items() if name not in ("_lock", "_beginning")}
    )


def test_reset_forgets_nothing_of_what_it_was():
    """Whatever a simulator holds is as it was before the first request: also what the rate limit has counted."""
    simulator = Simulator(rate_limit=6)
    campaigns = [simulator.add("in-progress", channel=channel, work=60.0, lists=["x"]) for channel in Channel]
    simulator.move(campaigns[0], "paused")
    simulator.begin()
    begun = state(simulator)
    begun["_journal"].clear()
    for _ in range(2):
        simulator.fault("reset", times=100, method="DELETE")
        for channel, campaign in zip(Channel, campaigns, strict=True):
            request(simulator, "DELETE", url(campaign, channel))
            request(simulator, "PUT", url(campaign, channel), {"action": "resume"})
        request(simulator, "POST", url(None), {"lists": ["x"], "template": "Hello", "sender_id": "EXOTEL"})
        assert request(simulator, "GET", url(campaigns[0])).status_code == 200
        assert request(simulator, "GET", url(campaigns[0])).status_code == 429
        simulator.campaigns[campaigns[1]].parameters["lists"].append("y")
        simulator.add("paused")
        simulator.advance(20)
        assert {name for name, value in state(simulator).items() if value != begun[name]} == {
            "campaigns", "_made", "_clock", "_journal", "_faults", "_count",
        }  # fmt: skip
        simulator.reset()
        assert state(simulator) == begun


def test_an_answer_tells_the_limit_of_the_minute_that_is_under_way():
    """Also one that is not counted, for it has the wrong credentials."""
    simulator = Simulator(rate_limit=2)
    request(simulator, "GET", "/")
    simulator.advance(90)
    headers = dict(request(simulator, "GET", "/", headers={}).headers)
    assert headers["X-RateLimit-Remaining"] == "2"
    assert 0 < int(headers["X-RateLimit-Reset"]) - simulator.now.timestamp() <= 60


def test_a_journal_is_whole_unless_it_is_limited():
    """A limited one keeps the newest entries with their numbers, says how many it has dropped, and repeats no id."""
    whole, limited = Simulator(), Simulator(journal_limit=3)
    ids = []
    for simulator in (whole, limited):
        assert simulator.journal_dropped == 0
        campaign = simulator.add("in-progress")
        ids += [json.loads(request(simulator, "GET", url(campaign)).body)["request_id"] for _ in range(9)]
        simulator.move(campaign, "paused")
    assert [entry.number for entry in whole.journal] == list(range(1, 11))
    assert limited.journal == whole.journal[-3:]
    assert (whole.journal_dropped, limited.journal_dropped) == (0, 7)
    assert len(set(ids[:9])) == 9
    assert ids[9:] == ids[:9]
    limited.reset()
    request(limited, "GET", "/")
    assert [entry.number for entry in limited.journal] == [1]
    assert limited.journal_dropped == 0


def test_a_page_of_recipients_takes_no_longer_where_there_are_more():
    """A million million numbers are not counted one by one."""
    simulator = Simulator()
    campaign = simulator.add("in-progress", channel="voice", contacts=10**12)
    page = f"{url(campaign, 'voice')}/call-details?limit=2&offset={5 * 10**11 - 1}"
    document = json.loads(request(simulator, "GET", page).body)
    assert [item["data"]["status"] for item in document["response"]] == ["completed", "pending"]
    assert document["metadata"]["total"] == 10**12
    few = simulator.add("in-progress", channel="voice", contacts=3)
    document = json.loads(request(simulator, "GET", f"{url(few, 'voice')}/call-details").body)
    assert [item["data"]["status"] for item in document["response"]] == ["completed", "pending", "pending"]
    assert json.loads(request(simulator, "GET", f"{url(few, 'voice')}/call-details?offset=9").body)["response"] == []


def test_schedule_and_resume_in_one_body_is_illegal_on_message_campaigns():
    """No page shows it there (CF116, CF234), before the start or after it; nothing changes."""
    for hours in (-1, 1):
        simulator = Simulator()
        campaign = simulator.add("paused", start=simulator.now + timedelta(hours=hours))
        body = {"action": "resume", "schedule": {"end_time": "2027-01-01T00:00:00Z"}}
        assert request(simulator, "PUT", url(campaign), body).status_code == 409
        assert simulator.journal[-1].legal is False
        assert simulator.status(campaign) is Status.PAUSED
        assert simulator.campaigns[campaign].end is None


def test_a_resume_before_the_start_leads_where_the_switch_says():
    """Created or in progress while the start is ahead (CF104), never paused; in progress once it is over."""
    for switch, hours, leads_to in (
        ("created", 1, "created"),
        ("in-progress", 1, "in-progress"),
        ("paused", 1, "in-progress"),
        ("created", -1, "in-progress"),
        ("paused", -1, "in-progress"),
    ):
        simulator = Simulator(resume_before_start=switch)
        campaign = simulator.add("paused", start=simulator.now + timedelta(hours=hours))
        assert request(simulator, "PUT", url(campaign), {"action": "resume"}).status_code == 200
        assert simulator.status(campaign) == leads_to


def test_a_schedule_beside_a_resume_keeps_it_paused_only_if_it_has_a_start_ahead():
    """With a new end alone it goes on: the client would take paused for drift."""
    simulator = Simulator(resume_before_start="paused")
    now = simulator.now
    start, end = now + timedelta(hours=1), now + timedelta(days=1)
    old = {"send_at": start.isoformat(), "end_at": end.isoformat()}
    new = {"send_at": (start + timedelta(hours=1)).isoformat(), "end_at": end.isoformat()}
    last = {"end_at": (end + timedelta(days=1)).isoformat()}
    for schedule, leads_to in ((old, "paused"), (last, "in-progress"), (new, "paused")):
        campaign = simulator.add("paused", channel="voice", start=start, end=end)
        body = {"campaigns": [{"action": "resume", "schedule": schedule}]}
        assert request(simulator, "PUT", url(campaign, "voice"), body).status_code == 200
        assert simulator.status(campaign) == leads_to


def test_what_could_not_be_taken_over_as_it_is_meant_is_a_400():
    """A name that is no text, and a schedule that is no object or has no times; null is as if left out."""
    simulator = Simulator()
    draft = {"lists": ["x"], "template": "Hello", "sender_id": "EXOTEL"}
    campaign = simulator.add(name="before", start=simulator.now + timedelta(hours=1))
    start = simulator.campaigns[campaign].start
    for odd in (
        {"name": {"x": 1}},
        {"name": 5},
        {"schedule": "tomorrow"},
        {"schedule": []},
        {"schedule": {"start_time": "tomorrow"}},
        {"schedule": {"end_time": 5}},
        {"send_at": "tomorrow"},
        {"schedule": "tomorrow", "send_at": start.isoformat()},
    ):
        assert request(simulator, "PUT", url(campaign), odd).status_code == 400, odd
        assert request(simulator, "POST", url(None), {**draft, **odd}).status_code == 400, odd
    assert len(simulator.campaigns) == 1
    nothing = {"name": None, "schedule": None}
    assert data(request(simulator, "POST", url(None), {**draft, **nothing}))["name"] == "campaign 2"
    assert request(simulator, "PUT", url(campaign), {"template": "Bye", **nothing}).status_code == 200
    assert (simulator.campaigns[campaign].name, simulator.campaigns[campaign].start) == ("before", start)


def test_errors_say_what_is_wrong():
    """A campaign that is there is not called missing, and an empty object no body without one."""
    simulator = Simulator()
    campaign = simulator.add()

    def said(method, path, body=None):
        answer = request(simulator, method, path, body)
        return answer.status_code, json.loads(answer.body)["response"]["error_data"]["description"].partition(" (")[0]

    nothing_there = (404, "A campaign has nothing under this path.")
    assert said("GET", f"{url(campaign)}/foo") == said("GET", f"{url(campaign)}/sms-details") == nothing_there
    assert said("GET", url("0" * 32)) == (404, "No such campaign.")
    no_object = "The body is not a JSON object with"
    assert said("PUT", url(campaign), {}) == (400, f"{no_object} an action or parameters.")
    assert said("POST", url(None), {}) == (400, f"{no_object} parameters.")


def test_whether_a_write_was_legal_is_about_the_status_alone():
    """Not about credentials; what is on no campaign of its channel is illegal, and no action."""
    simulator = Simulator()
    campaign = simulator.add("in-progress")
    assert request(simulator, "PUT", url(campaign), {"action": "pause"}, headers={}).status_code == 401
    assert (simulator.journal[-1].action, simulator.journal[-1].legal) == ("pause", True)
    for path in (url("0" * 32), url(campaign, "voice")):
        assert request(simulator, "PUT", path, {"action": "pause"}).status_code == 404
        assert (simulator.journal[-1].action, simulator.journal[-1].legal) == (None, False)


def test_a_write_under_an_oddly_spelled_path_arrives_and_is_judged():
    """A server decodes percent signs, so a write that hides behind them is in the journal as what it is."""
    simulator = Simulator()
    campaign = simulator.add("completed")
    path = url(campaign).replace("-", "%2d").replace("v2", "%762")
    assert request(simulator, "PUT", path, {"action": "pause"}).status_code == 409
    assert (simulator.journal[-1].id, simulator.journal[-1].legal) == (campaign, False)
    assert request(simulator, "PUT", "/v1/whatever", {"action": "pause"}).status_code == 404
    assert simulator.journal[-1].legal is False


def test_a_message_item_has_the_keys_of_the_documented_sample():
    """Every key of the update response of update-sms-campaign is there, its misspelled one too."""
    simulator = Simulator()
    campaign = simulator.add("completed", start=simulator.now, end=simulator.now + timedelta(days=1))
    document = json.loads(request(simulator, "PUT", url(campaign), {"action": "archive"}).body)
    assert list(document) == ["request_id", "method", "http_code", "response"]
    assert set(document["response"]) == {"code", "status", "data"}
    top = """name content_type sid account_sid lists schedule status_callback sms_status_callback status report_url
        dlt_template_id dlt_entitiy_id sender_id channel sms_type template estimated_cost date_created date_updated
        stats"""
    assert set(document["response"]["data"]) == set(top.split())
    stats = """scheduled submitted failed failed-dnd invalid failed-no-attempt sent failed-expired
        failed-no-balance"""
    assert set(document["response"]["data"]["stats"]) == set(stats.split())
    body = {"lists": ["x"], "template": "Hello", "sender_id": "EXOTEL", "dlt_entity_id": "42"}
    created = data(request(simulator, "POST", url(None), body))
    assert created["dlt_entitiy_id"] == "42"
    assert "dlt_entity_id" not in created


def test_completing_marks_the_remaining_numbers_as_failed():
    """Pending before, failed after (CF105); a campaign that reached everybody has no failures."""
    simulator = Simulator()
    ended, finished = simulator.add("paused"), simulator.add("in-progress", work=60.0)
    before = data(request(simulator, "GET", url(ended)))["stats"]
    after = data(request(simulator, "PUT", url(ended), {"action": "complete"}))["stats"]
    assert before["scheduled"] == after["failed"] > 0
    assert (before["failed"], after["scheduled"]) == (0, 0)
    simulator.advance(60)
    assert data(request(simulator, "GET", url(finished)))["stats"]["failed"] == 0


@pytest.mark.parametrize(
    "wrong",
    [
        lambda s: s.add("unknown"),
        lambda s: s.add("gone"),
        lambda s: s.add(id="a") and s.add(id="a"),
        lambda s: s.fault("moved"),
        lambda s: s.fault("nothing"),
        lambda s: s.fault("reset", times=0),
        lambda s: s.fault("server-error", status_code=200),
        lambda s: s.fault("stall", seconds=float("inf")),
        lambda s: s.fault("rate-limited", retry_after=-1),
        lambda s: s.add(contacts=-1),
        lambda s: s.add(work=10**309),
        lambda s: s.advance(float("inf")),
        lambda s: s.advance(float("nan")),
        lambda s: s.set_time(s.now.replace(tzinfo=None)),
        lambda s: Simulator(at_end="gone"),
        lambda s: Simulator(illegal_status_code=200),
        lambda s: Simulator(resume_before_start="completed"),
        lambda s: Simulator(paused_at_end="completed"),
        lambda s: Simulator(unauthorized_as="html"),
        *(
            lambda s, name=name, value=value: Simulator(**{name: value})
            for name in ("journal_limit", "rate_limit")
            for value in (0, -1, True, 1.5, "3", 10**20)
        ),
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong):
    """A test that plans nonsense is told so."""
    with pytest.raises(ValueError):
        wrong(Simulator())


@pytest.mark.parametrize("switch", ["campaigns_mandatory", "live"])
@pytest.mark.parametrize("value", ["no", 0, None])
def test_a_switch_is_true_or_false(switch, value):
    """A text such as no would be taken for True."""
    with pytest.raises(TypeError, match=f"{switch} must be True or False, not {value!r}"):
        Simulator(**{switch: value})


def test_a_429_says_how_long_to_wait_unless_told_not_to():
    """`Retry-After` is documented; a server that leaves it out can be played too."""
    simulator = Simulator()
    simulator.fault("rate-limited")
    simulator.fault("rate-limited", retry_after=7)
    simulator.fault("rate-limited", retry_after=None)
    replies = [request(simulator, "GET", "/") for _ in range(3)]
    assert [reply.status_code for reply in replies] == [429] * 3
    assert [dict(reply.headers).get("Retry-After") for reply in replies] == ["1", "7", None]


def test_a_malformed_answer_looks_like_a_success():
    """200 and HTML, also where the action was illegal: the body alone gives nothing away."""
    simulator = Simulator()
    simulator.fault("malformed")
    reply = request(simulator, "PUT", url(simulator.add("completed")), {"action": "pause"})
    assert (reply.status_code, reply.body[:6]) == (200, b"<html>")
    assert (simulator.journal[-1].legal, simulator.journal[-1].applied) == (False, False)


def test_a_fault_strikes_whom_it_is_planned_for():
    """By method, by campaign, after some, and so many times."""
    simulator = Simulator()
    one, other = simulator.add(), simulator.add()
    simulator.fault("server-error", method="get", id=one, after=1, times=2, status_code=500)
    codes = [request(simulator, "GET", url(campaign)).status_code for campaign in (one, other, one, one, one)]
    assert codes == [200, 200, 500, 500, 200]


def test_planned_faults_can_be_looked_at():
    """Over HTTP as well; one that has struck is gone."""
    simulator = Simulator()
    simulator.fault("rejected", method="put", status_code=409, times=2)
    answer = control(simulator, "GET", "/_simulator/faults", b"")
    assert answer.status_code == 200
    assert [(fault["kind"], fault["method"], fault["times"], fault["status_code"]) for fault in answer.document] == [
        ("rejected", "PUT", 2, 409)
    ]
    for _ in range(2):
        simulator.handle("PUT", "/v2/accounts/acme1/campaigns/x", [], b"{}")
    assert simulator.faults == ()


@pytest.mark.parametrize(("kind", "code"), [("rejected", 500), ("server-error", 404), ("rejected", 399)])
def test_a_fault_answers_with_a_code_of_its_kind(kind, code):
    """A rejection is 4xx, a server error 5xx."""
    with pytest.raises(ValueError, match="status_code must be"):
        Simulator().fault(kind, status_code=code)


@pytest.mark.parametrize("channel", ["message", "voice"])
def test_nobody_is_contacted_before_the_start(channel):
    """A campaign that is paused before it starts has all its numbers; once it ran, some were contacted."""
    simulator = Simulator()
    key, done = {"message": ("scheduled", "sent"), "voice": ("pending", "completed")}[channel]
    campaign = simulator.add(channel=channel, start=simulator.now + timedelta(hours=1), contacts=10)
    stored = simulator.campaigns[campaign]
    simulator.move(campaign, "paused")
    assert (stats(stored)[key], stats(stored)[done]) == (10, 0)
    simulator.move(campaign, "in-progress")
    simulator.move(campaign, "paused")
    assert (stats(stored)[key], stats(stored)[done]) == (5, 5)


def test_a_status_may_be_given_in_any_spelling_of_the_wire():
    """And what is none is told with those that there are."""
    simulator = Simulator()
    assert simulator.status(simulator.add("scheduled")) == "created"
    with pytest.raises(ValueError, match="'gone'; use one of created"):
        simulator.add("gone")

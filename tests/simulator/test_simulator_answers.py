"""What the simulator's answers look like where the pages say little or differ: errors, lists, recipients, bodies."""

import json
from datetime import timedelta

import pytest
from simulated import BASIC, data, request, url

from campaign_fsm import Simulator
from campaign_fsm.simulator.answers import OWN

SMS = "?channel=SMS"
# https://developer.exotel.com/api/call-details-of-a-single-campaign and
# https://developer.exotel.com/api/sms-details-of-a-single-sms-campaign-2
FIELDS = {
    "voice": """number name duration date_created status digit recording_url start_time end_time caller_id direction
        call_sid""",
    "message": "number name message status detailed_status schedule_time sender_id direction sid",
}


def answer(simulator, path, method="GET", body=None, headers=BASIC):
    reply = request(simulator, method, path, body, headers)
    return reply.status_code, json.loads(reply.body)


def names(simulator, query, channel="message"):
    code, document = answer(simulator, url(None, channel) + query)
    assert code == 200, document
    return [item["data"]["name"] for item in document["response"]]


def numbers(simulator, path):
    code, document = answer(simulator, path)
    assert code == 200, document
    assert len(document["response"]) == document["metadata"]["count"]
    return [(int(item["data"]["number"][-5:]), item["data"]["status"]) for item in document["response"]]


# Errors


@pytest.mark.parametrize("path", [url("x"), url("x", "voice"), url(None), "/v1/whatever"])
def test_wrong_credentials_are_answered_in_the_form_that_the_switch_says(path):
    """The envelope by default, which the client exotelpy reads; the older form is still to be had."""
    for wrong in ({}, {"Authorization": "Basic eDp5"}):
        code, document = answer(Simulator(), path, headers=wrong)
        assert (code, document["http_code"]) == (401, 401)
        items = document["response"] if isinstance(document["response"], list) else [document["response"]]
        assert [(item["code"], item["status"]) for item in items] == [(401, "failure")]
        assert items[0]["error_data"]["description"]
        code, document = answer(Simulator(unauthorized_as="rest-exception"), path, headers=wrong)
        assert (code, document["RestException"]["Status"]) == (401, 401)


@pytest.mark.parametrize(
    ("method", "query", "body", "status_code", "code"),
    [
        ("PUT", "", {"action": "pause"}, 409, 1004),
        ("GET", "?limit=0", None, 400, 1002),
        ("POST", "", {"name": "x"}, 400, 1001),
        ("PATCH", "", {}, 405, 1000),
    ],
)
@pytest.mark.parametrize("channel", ["message", "voice"])
def test_every_error_says_that_its_code_is_the_simulators_own(channel, method, query, body, status_code, code):
    """No page lists the vendor's: whoever sees one does not take it for hers."""
    simulator = Simulator()
    campaign = simulator.add("archived", channel=channel) if method == "PUT" else None
    query = query and query + "&channel=SMS"
    found, document = answer(simulator, url(campaign, channel) + query, method, body)
    (item,) = document["response"] if channel == "voice" else [document["response"]]
    assert (found, item["error_data"]["code"]) == (status_code, code)
    for key in ("message", "description"):
        assert item["error_data"][key].endswith(OWN)
    assert "simulator" in OWN


def test_errors_in_the_older_form_say_so_as_well():
    """Those of unknown paths, of rate limits, and of wrong credentials where a switch asks for it."""
    simulator = Simulator(rate_limit=3, unauthorized_as="rest-exception")
    simulator.fault("rate-limited", after=1)
    nowhere, somewhere = "/v1/whatever", url(None) + SMS
    answers = [answer(simulator, path) for path in (nowhere, somewhere, somewhere, somewhere)]
    answers.append(answer(simulator, somewhere, headers={}))
    assert [code for code, _ in answers] == [404, 429, 200, 429, 401]
    for code, document in answers[:2] + answers[3:]:
        assert document["RestException"]["Status"] == code
        assert document["RestException"]["Message"].endswith(OWN)


# Lists


def test_a_list_of_message_campaigns_is_sorted_by_what_its_page_has():
    """By the start and by the name, not by the date of creation; by default the latest start comes first."""
    simulator = Simulator()
    for name, hours in (("bbb", 2), ("ccc", 3), ("aaa", 1)):
        simulator.add(name=name, start=simulator.now.replace(hour=10 + hours))
        simulator.advance(1)
    assert names(simulator, SMS) == ["ccc", "bbb", "aaa"]
    assert names(simulator, f"{SMS}&sort_by=name:asc") == ["aaa", "bbb", "ccc"]
    assert names(simulator, f"{SMS}&sort_by=schedule.start_time:asc") == ["aaa", "bbb", "ccc"]
    for odd in ("date_created:desc", "name", "name:up", "status:asc"):
        code, document = answer(simulator, f"{url(None)}{SMS}&sort_by={odd}")
        assert (code, document["response"]["error_data"]["code"]) == (400, 1002)
        assert document["response"]["error_data"]["message"].endswith(OWN)


def test_a_list_of_call_campaigns_has_its_own_keys_and_a_type():
    """The date of creation is one of them and the default, the oldest first; the start is none. Names may be short."""
    simulator = Simulator()
    simulator.add(channel="voice", name="bb")
    simulator.advance(1)
    simulator.add(channel="voice", name="aa", type="promo")
    assert names(simulator, "", "voice") == ["bb", "aa"]
    assert names(simulator, "?sort_by=date_created:desc", "voice") == ["aa", "bb"]
    assert answer(simulator, url(None, "voice") + "?sort_by=schedule.start_time:asc")[0] == 400
    assert names(simulator, "?name=b", "voice") == ["bb"]
    assert names(simulator, "?type=trans", "voice") == ["bb"]
    assert names(simulator, "?type=Promo", "voice") == ["aa"]
    assert answer(simulator, f"{url(None)}{SMS}&type=trans")[0] == 400


def test_a_name_to_filter_message_campaigns_by_has_three_characters():
    """On the older path, too."""
    simulator = Simulator()
    simulator.add(name="diwali")
    for path in (f"{url(None)}{SMS}", url(None, "alias") + "?offset=0"):
        assert answer(simulator, f"{path}&name=di")[0] == 400
        assert answer(simulator, f"{path}&name=diw")[1]["metadata"]["total"] == 1


def test_message_campaigns_are_filtered_by_five_words():
    """Scheduled is one of them, and created, failed, canceled and deleted are not; call campaigns have them all."""
    simulator = Simulator()
    simulator.seed()
    for word in ("in-progress", "scheduled", "completed", "paused", "archived"):
        assert len(names(simulator, f"{SMS}&status={word}")) == 1
    for word in ("created", "Created", "failed", "canceled", "deleted", "gone", "paused,failed"):
        assert answer(simulator, f"{url(None)}{SMS}&status={word}")[0] == 400
    assert names(simulator, "?status=created,failed", "voice") == ["voice created", "voice failed"]


# Recipients


@pytest.mark.parametrize("channel", FIELDS)
def test_recipients_have_their_documented_fields(channel):
    """Those that were reached and those that wait; the numbers are made up."""
    simulator = Simulator()
    campaign = simulator.add("in-progress", channel=channel, template="Hi.", sender_id="ME", caller_id="0123")
    where = {"voice": "call-details?", "message": "message-details?channel=sms"}[channel]
    items = [item["data"] for item in answer(simulator, f"{url(campaign, channel)}/{where}")[1]["response"]]
    assert len(items) == 10
    for item in items:
        assert set(item) == set(FIELDS[channel].split())
        assert item["number"].startswith("+9199000")
    reached = next(item for item in items if item["status"] in ("completed", "sent"))
    if channel == "voice":
        assert (reached["caller_id"], reached["duration"] > 0) == ("0123", True)
        assert reached["start_time"] < reached["end_time"]
        assert items[-1]["call_sid"] is None
    else:
        assert (reached["message"], reached["sender_id"]) == ("Hi.", "ME")
    sids = {item["call_sid" if channel == "voice" else "sid"] for item in items} - {None}
    assert len(sids) == sum(item["status"] in ("completed", "sent") for item in items) == 5


def test_no_call_began_before_its_campaign_was_there_or_after_now():
    """Calls begin when their campaign was first in progress, wherever its start is."""
    simulator = Simulator()
    hour = timedelta(hours=1)
    added = simulator.now
    campaigns = [
        simulator.add(status, channel="voice", start=added + hours * hour)
        for status, hours in (("in-progress", -1), ("in-progress", 1), ("created", 1), ("paused", 3))
    ]
    simulator.advance(7200)
    resumed = {"campaigns": [{"action": "resume"}]}
    assert request(simulator, "PUT", url(campaigns[-1], "voice"), resumed).status_code == 200
    begun = [_first_call(simulator, campaign)["start_time"] for campaign in campaigns]
    assert begun == [(added + hours * hour).isoformat() for hours in (0, 0, 1, 2)]
    simulator.set_time(added + 1.5 * hour)
    begun = [_first_call(simulator, campaign)["start_time"] for campaign in campaigns]
    assert begun == [(added + hours * hour).isoformat() for hours in (0, 0, 1, 1.5)]


def _first_call(simulator, campaign):
    return answer(simulator, f"{url(campaign, 'voice')}/call-details?status=completed")[1]["response"][0]["data"]


def test_calls_are_filtered_by_status():
    """One, or several; the order can be asked for."""
    simulator = Simulator()
    campaign = simulator.add("in-progress", channel="voice", contacts=3)
    path = f"{url(campaign, 'voice')}/call-details"
    assert numbers(simulator, f"{path}?status=pending") == [(1, "pending"), (2, "pending")]
    assert numbers(simulator, f"{path}?status=Completed") == [(0, "completed")]
    assert numbers(simulator, f"{path}?status=completed,pending&limit=2&offset=1") == [(1, "pending"), (2, "pending")]
    assert numbers(simulator, f"{path}?status=busy") == []
    for key in ("date_created", "Date_created"):
        assert numbers(simulator, f"{path}?sort_by={key}:desc&limit=2") == [(2, "pending"), (1, "pending")]


def test_messages_are_filtered_by_number_and_sorted():
    """Also where the plus sign of a number was not escaped; by the time that their page and its examples name."""
    simulator = Simulator()
    campaign = simulator.add("in-progress", contacts=3)
    path = f"{url(campaign)}/message-details?channel=sms"
    for number in ("%2B919900000002", "+919900000002", "919900000002"):
        assert numbers(simulator, f"{path}&number={number}") == [(2, "sent")]
    for number in ("%2B919900000003", "%2B91990002", "x", "%2B9199000" + "9" * 5000, "%2B9199000%C2%B2"):
        assert numbers(simulator, f"{path}&number={number}") == []
    assert numbers(simulator, path) == [(0, "scheduled"), (1, "scheduled"), (2, "sent")]
    for key in ("schedule_time", "date_created"):
        assert numbers(simulator, f"{path}&sort_by={key}:desc") == [(2, "sent"), (1, "scheduled"), (0, "scheduled")]
    ended = f"{url(simulator.add('completed', contacts=2))}/message-details?channel=sms"
    assert numbers(simulator, ended) == [(0, "sent"), (1, "failed")]


@pytest.mark.parametrize(
    ("channel", "query"),
    [
        *(("message", f"sort_by={key}") for key in ("schedule_time", "schedule_time:up", "Date_created:asc")),
        *((channel, f"sort_by={key}:asc") for channel in FIELDS for key in ("number", "status", "length")),
        ("voice", "sort_by=schedule_time:asc"),
        ("voice", "number=%2B919900000001"),
        ("message", "status=sent"),
    ],
)
def test_recipients_are_not_sorted_or_filtered_by_what_their_page_does_not_have(channel, query):
    """Also not by what that of the other channel has; no page says how that is answered."""
    simulator = Simulator()
    campaign = simulator.add("in-progress", channel=channel)
    where = {"voice": "call-details?", "message": "message-details?channel=sms&"}[channel]
    code, document = answer(simulator, f"{url(campaign, channel)}/{where}{query}")
    (item,) = document["response"] if channel == "voice" else [document["response"]]
    assert (code, item["error_data"]["code"]) == (400, 1002)
    assert item["error_data"]["message"].endswith(OWN)


def test_the_older_alias_has_messages_under_its_own_name():
    """As its page has it; the newer path has the newer name alone."""
    simulator = Simulator()
    campaign = simulator.add("in-progress")
    older = answer(simulator, f"{url(campaign, 'alias')}/sms-details?sort_by=schedule_time:asc")
    newer = answer(simulator, f"{url(campaign)}/message-details{SMS}")
    assert older[0] == newer[0] == 200
    assert older[1]["response"] == newer[1]["response"]
    assert answer(simulator, f"{url(campaign)}/sms-details{SMS}")[0] == 404
    voice = simulator.add("in-progress", channel="voice")
    assert answer(simulator, f"{url(voice, 'voice')}/sms-details")[0] == 404


def test_a_call_campaign_without_calls_yet_has_no_call_details():
    """404 as a public client has seen it, until it runs; message campaigns have their numbers from the first."""
    simulator = Simulator()
    voice, message = simulator.add(channel="voice"), simulator.add()
    path = f"{url(voice, 'voice')}/call-details"
    assert answer(simulator, path)[0] == 404
    simulator.move(voice, "in-progress")
    assert len(numbers(simulator, path)) == 10
    assert len(numbers(simulator, f"{url(message)}/message-details{SMS}")) == 10


# Bodies


def test_a_call_campaigns_body_may_have_to_be_wrapped():
    """By default both forms are taken; message campaigns have flat bodies with the switch, too."""
    create = {"from": ["+919999999999"], "caller_id": "1"}
    for mandatory in (False, True):
        simulator = Simulator(campaigns_mandatory=mandatory)
        flat, wrapped = (simulator.add("in-progress", channel="voice") for _ in range(2))
        message = simulator.add("in-progress")
        code, document = answer(simulator, url(flat, "voice"), "PUT", {"action": "pause"})
        assert (code, simulator.status(flat)) == ((400, "in-progress") if mandatory else (200, "paused"))
        assert (simulator.journal[-1].legal, simulator.journal[-1].applied) == (True, not mandatory)
        if mandatory:
            assert document["response"][0]["error_data"]["message"].startswith("Campaigns is mandatory")
        body = {"campaigns": [{"action": "pause"}]}
        assert answer(simulator, url(wrapped, "voice"), "PUT", body)[0] == 200
        assert answer(simulator, url(message), "PUT", {"action": "pause"})[0] == 200
        assert answer(simulator, url(None, "voice"), "POST", create)[0] == (400 if mandatory else 200)
        assert answer(simulator, url(None, "voice"), "POST", {"campaigns": [create]})[0] == 200


@pytest.mark.parametrize("given", [["+919999999991", "+919999999992"], "+919999999991, +919999999992,"])
def test_the_numbers_of_a_call_campaign_may_be_one_text(given):
    """Counted as in an array."""
    simulator = Simulator()
    body = {"campaigns": [{"from": given, "caller_id": "1"}]}
    assert data(request(simulator, "POST", url(None, "voice"), body))["stats"]["pending"] == 2


def test_a_message_campaign_may_be_created_in_the_names_of_the_guide():
    """It is shown in those of the reference; what is given in both is what it is there."""
    simulator = Simulator()
    guide = {
        "name": "diwali",
        "lists": ["a"],
        "sender_id": "EXOTEL",
        "campaign_type": "dynamic",
        "sms_type": "Promo",
        "body": "Hello @@name.",
        "schedule": {"send_at": "2026-01-06T10:00:00+05:30", "end_at": "2026-01-06T18:00:00+05:30"},
    }
    for path in (url(None), url(None, "alias")):
        made = data(request(simulator, "POST", path, guide))
        shown = {key: made[key] for key in ("template", "content_type", "sms_type", "schedule")}
        assert shown == {
            "template": "Hello @@name.",
            "content_type": "dynamic",
            "sms_type": "promotional",
            "schedule": {"start_time": "2026-01-06T10:00:00+05:30", "end_time": "2026-01-06T18:00:00+05:30"},
        }
        assert not {"body", "campaign_type"} & set(made)
    both = {**guide, "template": "Hi.", "sms_type": "transactional", "schedule": None}
    made = data(request(simulator, "POST", url(None), both))
    assert (made["template"], made["sms_type"], made["schedule"]) == ("Hi.", "transactional", None)


STARTS, ENDS = "2026-01-06T10:00:00+05:30", "2026-01-06T18:00:00+05:30"


@pytest.mark.parametrize(
    ("given", "schedule"),
    [
        ({"send_at": STARTS, "end_at": ENDS}, [STARTS, ENDS]),
        ({"schedule": {"send_at": STARTS}, "end_at": ENDS}, [STARTS, ENDS]),
        ({"schedule": {"start_time": STARTS, "send_at": ENDS}, "send_at": ENDS}, [STARTS, None]),
        ({"schedule": None, "send_at": STARTS}, [STARTS, None]),
        ({"schedule": None}, None),
    ],
)
def test_the_guides_times_are_taken_in_a_schedule_and_beside_it(given, schedule):
    """In a create as in an edit: such a campaign does not start at once."""
    simulator = Simulator()
    made = data(
        request(simulator, "POST", url(None, "alias"), {"lists": ["a"], "sender_id": "A", "body": "x", **given})
    )
    edited = data(request(simulator, "PUT", url(simulator.add()), {"body": "x", **given}))
    for shown in (made, edited):
        assert shown["schedule"] == (schedule and dict(zip(("start_time", "end_time"), schedule, strict=True)))
        assert not {"send_at", "end_at"} & set(shown)
    simulator.advance(60)
    assert simulator.status(made["sid"]) == ("created" if schedule else "in-progress")


def test_a_message_campaign_may_be_edited_in_the_names_of_the_guide():
    """A text that is answered with 200 is the new one; call campaigns have names of their own for all this."""
    simulator = Simulator()
    guide = {"body": "New.", "campaign_type": "dynamic", "sms_type": "promo"}
    edited = data(request(simulator, "PUT", url(simulator.add()), guide))
    assert [edited[key] for key in ("template", "content_type", "sms_type")] == ["New.", "dynamic", "promotional"]
    assert not {"body", "campaign_type"} & set(edited)
    calls = data(request(simulator, "PUT", url(simulator.add(channel="voice"), "voice"), {"campaign_type": "dynamic"}))
    assert (calls["campaign_type"], "content_type" in calls) == ("dynamic", False)


def test_a_time_beside_an_action_is_no_parameter_that_does_nothing():
    """As a schedule beside one it is answered with an error; the guide's text beside one does nothing."""
    simulator = Simulator()
    campaign = simulator.add("in-progress")
    assert answer(simulator, url(campaign), "PUT", {"action": "pause", "send_at": STARTS})[0] == 409
    assert answer(simulator, url(campaign), "PUT", {"action": "pause", "body": "New."})[0] == 200
    shown = data(request(simulator, "GET", url(campaign)))
    assert (shown["template"], shown["schedule"]) == ("Hello.", None)

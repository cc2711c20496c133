"""Create, edit, reschedule, delete, lists, waiting: what each does, and what each says when the server lies."""

import contextlib
import gc
import itertools
import json
import logging
import re
from datetime import UTC, datetime, timedelta, timezone

import attrs
import httpx
import pytest
from operations import message, voice, writes_of
from servers import Server

from campaign_fsm import (
    Action,
    CallRecipient,
    CampaignClient,
    MessageCampaignDraft,
    MessageRecipient,
    Recipient,
    Schedule,
    SimulatorTransport,
    Status,
    errors,
    waiting,
)
from campaign_fsm.cli.errors import _SPELLED, for_shell
from campaign_fsm.client import sent_write
from campaign_fsm.client.endpoint import resolve
from campaign_fsm.client.operations import Operations
from campaign_fsm.client.sent_write import Shown, shown_of
from campaign_fsm.lifecycle import reachable
from campaign_fsm.rules import PROBLEMS, Channel
from campaign_fsm.simulator.campaigns import StoredCampaign

pytestmark = pytest.mark.usefixtures("no_waiting")


def answering(*answers, channel="message"):
    """A client whose server gives these answers, one after the other; the requests end up in the list."""
    requests = []
    left = iter(answers)

    def answer(request):
        requests.append(request)
        given = next(left)
        return given if isinstance(given, httpx.Response) else httpx.Response(200, json=given)

    client = CampaignClient(
        account_sid="acme1", api_key="key", api_token="token", channel=channel, deadline=0,
        transport=httpx.MockTransport(answer),
    )  # fmt: skip
    return client, requests


def envelope(*items, **more):
    return {"request_id": "r1", "method": "GET", "http_code": 200, **more, "response": list(items)}


def item(campaign_id="a1", code=200, **data):
    data = {"sid": campaign_id, "status": "paused", "name": f"n-{campaign_id}", **data}
    return {"code": code, "status": "success" if code < 300 else "failure", "data": data}


# create


def test_create_makes_the_campaign_that_the_draft_describes(simulator, connect):
    """On both channels, in the documented form, and the server's answer comes back as a campaign."""
    made = connect().create(message(simulator))
    assert (made.name, made.status, made.raw_status) == ("diwali", "created", "scheduled")
    assert connect().get(made.id).template == "Hello."
    called = connect(channel="voice").create(voice())
    assert (called.name, called.status, called.channel) == ("calls", "created", "voice")
    assert [entry.action for entry in writes_of(simulator)] == ["create", "create"]


def test_a_create_that_is_answered_as_in_the_guide_is_read(simulator):
    """A message campaign under ``id``, ``Created``, with the times of call campaigns."""
    times = {"send_at": "2022-08-30T10:00:00+05:30", "end_at": "2022-08-30T18:00:00+05:30"}
    shown = {"id": "a1", "status": "Created", "schedule": times}
    client, _ = answering(envelope({"code": 200, "status": "success", "data": shown}, method="POST"))
    made = client.create(message(simulator))
    assert (made.id, made.status, made.raw) == ("a1", "created", {})
    assert made.schedule.end - made.schedule.start == timedelta(hours=8)


def test_a_draft_of_the_other_channel_is_not_sent(simulator, connect):
    """It would be read as something else there."""
    with pytest.raises(ValueError, match="the draft is for voice ones"):
        connect().create(voice())
    assert simulator.journal == ()


def test_a_create_whose_answer_is_lost_is_found_in_the_list(simulator, connect):
    """By its name, the time and its parameters; it is sent once."""
    simulator.add("created", name="diwali-older")
    simulator.fault("lost-after", method="POST")
    made = connect().create(message(simulator))
    assert made.name == "diwali"
    assert len(writes_of(simulator)) == 1


def test_a_lost_create_is_looked_for_on_several_pages(simulator, pace):
    """Message campaigns do not come newest first, so it may be on the last page; an item that failed is passed over."""
    pace(looks=(0.0, 9.0))
    others = [item(f"b{number}", name="diwali-older") for number in range(49)]
    ours = item("a1", name="diwali", date_created=datetime.now(UTC).isoformat())
    total = {"metadata": {"total": 51}}
    pages = [envelope(*others, item("b49", code=404), **total), envelope(ours, **total)]
    client, requests = answering(httpx.Response(503), *pages)
    assert client.create(message(simulator)).id == "a1"
    assert [request.url.params.get("offset") for request in requests] == [None, "0", "50"]
    assert all(request.url.params["sort_by"] == "schedule.start_time:desc" for request in requests[1:])


def crowded(number, starts):
    """A client whose server loses creates and has so many older campaigns of one name, and the reads of its list."""
    reads = []
    old = datetime.now(UTC) - timedelta(days=9)
    items = [
        item(f"b{at}", name="diwali", date_created=old.isoformat(), schedule={"start_time": starts.isoformat()})
        for at in range(number)
    ]

    def serve(request):
        if request.method == "POST":
            return httpx.Response(503)
        reads.append(request.url.params)
        offset = int(request.url.params["offset"])
        return httpx.Response(200, json=envelope(*items[offset : offset + 50], metadata={"total": number}))

    client = CampaignClient(
        account_sid="acme1", api_key="key", api_token="token", deadline=0, transport=httpx.MockTransport(serve)
    )
    return client, items, reads


MORE = "The list has more pages of that name than were looked through"


def test_each_look_for_a_lost_create_reads_a_few_pages_only(simulator, pace):
    """However long the list is; that it was not looked through is said."""
    pace(looks=(0.0, 0.0, 0.5))
    client, _, reads = crowded(600, simulator.now + timedelta(days=30))
    with pytest.raises(errors.OutcomeUnknown, match=MORE):
        client.create(message(simulator))
    assert len(reads) <= 9


def test_a_look_for_a_lost_create_reads_on_only_while_the_looks_last(simulator):
    """Their time is over at once here: each reads one page."""
    client, _, reads = crowded(600, simulator.now + timedelta(days=30))
    with pytest.raises(errors.OutcomeUnknown, match=MORE):
        client.create(message(simulator))
    assert [params["offset"] for params in reads] == ["0", "0", "0"]


def test_a_lost_create_with_a_start_is_looked_for_from_there(simulator, pace):
    """Behind what starts earlier it cannot be: the rest of the list is not read, and not missed."""
    pace(looks=(0.0, 9.0))
    client, items, reads = crowded(600, simulator.now)
    items[0] = item("a1", name="diwali", date_created=datetime.now(UTC).isoformat())
    assert client.create(message(simulator)).id == "a1"
    assert [params["offset"] for params in reads] == ["0"]


def test_one_that_fits_is_not_the_one_while_there_are_pages_that_nobody_has_read(simulator, pace):
    """Another one may be there: it is a candidate."""
    pace(looks=(0.0, 9.0))
    client, items, reads = crowded(600, simulator.now + timedelta(days=30))
    items[0] = item("a1", name="diwali", date_created=datetime.now(UTC).isoformat())
    with pytest.raises(errors.OutcomeUnknown, match=MORE) as caught:
        client.create(message(simulator))
    assert caught.value.candidates == ("a1",)
    assert [params["offset"] for params in reads] == ["0", "50", "100"]


def test_a_lost_create_without_a_start_is_looked_for_in_the_servers_order(simulator):
    """No page says where a list by start has what has none."""
    ours = item("a1", name="diwali", date_created=datetime.now(UTC).isoformat())
    client, requests = answering(httpx.Response(503), envelope(ours, metadata={"total": 1}))
    assert client.create(message(simulator, schedule=None)).id == "a1"
    assert "sort_by" not in requests[1].url.params


def test_a_look_for_a_lost_create_is_one_try(simulator, pace):
    """The next look is the next try: they do not last as long as the deadline, five times over."""
    pace(looks=(0.0, 0.0, 0.0), first_delay=0.01)
    reads = []

    def serve(request):
        reads.append(request.method)
        return httpx.Response(503)

    client = CampaignClient(
        account_sid="acme1", api_key="key", api_token="token", deadline=2, transport=httpx.MockTransport(serve)
    )
    with pytest.raises(errors.OutcomeUnknown):
        client.create(message(simulator))
    assert reads == ["POST", "GET", "GET", "GET"]


def test_a_lost_create_of_calls_is_looked_for_among_the_newest(simulator, connect):
    """The first that is older ends it: call campaigns can be had newest first."""
    for _ in range(101):
        simulator.add(channel="voice", name="calls")
    simulator.advance(60)
    simulator.fault("lost-after", method="POST")
    assert connect(channel="voice").create(voice()).name == "calls"
    (listing,) = [entry.path for entry in simulator.journal if entry.method == "GET"]
    assert listing.endswith("&sort_by=date_created:desc")


@pytest.mark.parametrize(
    ("others", "candidates"),
    [
        ([], 0),
        ([{"name": "diwali", "template": "Another text."}], 0),
        ([{"name": "DIWALI"}], 0),
        ([{"name": "diwali", "template": "Hello."}, {"name": "diwali", "template": "Hello."}], 2),
    ],
)
def test_a_create_that_cannot_be_found_is_unknown_and_not_repeated(simulator, connect, others, candidates):
    """An empty list proves nothing, another text is another campaign, and two that fit are one too many."""
    for other in others:
        shown = {
            "lists": ["l1"],
            "start": simulator.now + timedelta(hours=1),
            "end": simulator.now + timedelta(hours=6),
        }
        simulator.add("created", **shown, **other)
    simulator.fault("lost-before", method="POST")
    with pytest.raises(errors.OutcomeUnknown, match="list the campaigns before repeating it") as caught:
        connect().create(message(simulator))
    assert len(caught.value.candidates) == candidates
    assert caught.value.campaign_id is None
    assert len(writes_of(simulator)) == 1


def test_an_older_campaign_of_the_same_name_is_not_taken_for_the_new_one(simulator, connect):
    """Made an hour ago, it cannot be what was asked for just now."""
    start = simulator.now + timedelta(hours=2)
    simulator.add(
        "created", name="diwali", template="Hello.", lists=["l1"], start=start, end=start + timedelta(hours=5)
    )
    simulator.advance(3600)
    simulator.fault("lost-before", method="POST")
    with pytest.raises(errors.OutcomeUnknown) as caught:
        connect().create(message(simulator))
    assert caught.value.candidates == ()


def test_a_create_without_a_name_cannot_be_looked_for(simulator, connect):
    """So a lost answer leaves it unknown, and the message says why."""
    simulator.fault("lost-after", method="POST")
    with pytest.raises(errors.OutcomeUnknown, match="no name to look for it by"):
        connect().create(message(simulator, name=None))
    assert [entry.method for entry in simulator.journal] == ["POST"]


def test_a_create_of_a_name_that_no_url_holds_cannot_be_looked_for(simulator, connect):
    """It is unknown as well; what the HTTP library says of such a URL is no answer."""
    simulator.fault("lost-after", method="POST")
    with pytest.raises(errors.OutcomeUnknown, match="It has a name that cannot be looked for in a URL"):
        connect().create(message(simulator, name="x" * 70_000))


def test_a_create_is_sent_again_only_after_a_429(simulator, connect):
    """Then nothing was taken; a rejection is raised at once."""
    simulator.fault("rate-limited", method="POST", retry_after=0, times=2)
    assert connect().create(message(simulator)).name == "diwali"
    assert [entry.status_code for entry in writes_of(simulator)] == [429, 429, 200]
    simulator.fault("failed-item", method="POST")
    with pytest.raises(errors.BadRequest):
        connect().create(message(simulator))
    assert len(writes_of(simulator)) == 4


def test_warnings_of_a_draft_are_logged_and_it_is_sent(simulator, connect, caplog):
    """What the pages state loosely stops nobody."""
    with caplog.at_level(logging.WARNING, "campaign_fsm"):
        connect().create(message(simulator, dlt_entity_id=None, name="abc"))
    assert "requires it for India" in caplog.text
    assert "for more" in caplog.text
    assert len(writes_of(simulator)) == 1


# edit


def test_a_whole_edit_starts_from_what_the_campaign_shows(simulator, connect):
    """Read, change one thing, send everything; the status and the action are not in it."""
    campaign = connect().create(message(simulator))
    draft = MessageCampaignDraft.of(connect().get(campaign.id))
    edited = connect().edit(campaign.id, attrs.evolve(draft, template="Hello again."))
    assert (edited.template, edited.name, edited.status) == ("Hello again.", "diwali", "created")
    assert writes_of(simulator)[-1].action == "edit"


def test_what_the_command_line_spells_otherwise_is_in_messages(simulator, connect):
    """Every phrase for callers in Python that `for_shell` replaces is in a message that they get."""
    messages = [PROBLEMS["CF702"].advice]
    for channel, other in (("message", "voice"), ("voice", "message")):
        with pytest.raises(errors.NotFound) as missing:
            connect(channel=channel).get(simulator.add("paused", channel=other))
        messages.append(missing.value.message)
    with pytest.raises(errors.InvalidParameters) as unfinished:
        connect().edit(simulator.add("created"), name="renamed")
    messages.append(unfinished.value.message)
    with pytest.raises(errors.ConfigurationError) as plain:
        resolve(base_url="http://gateway.invalid", account_sid="acme1", api_key="key", api_token="token")
    messages.append(plain.value.message)
    for python, shell in _SPELLED:
        found = [message for message in messages if python in message]
        assert found, python
        assert all(shell in for_shell(message) for message in found)


def test_a_partial_edit_says_what_is_not_known(simulator, connect, caplog):
    """Only with partial=True, and with a warning in the log."""
    campaign = simulator.add("created", start=simulator.now + timedelta(hours=1))
    with pytest.raises(errors.InvalidParameters, match="partial=True"):
        connect().edit(campaign, name="renamed")
    with pytest.raises(errors.InvalidParameters, match="at least one parameter"):
        connect().edit(campaign, partial=True)
    with pytest.raises(errors.InvalidParameters, match="did you mean template"):
        connect().edit(campaign, partial=True, templat="x")
    with pytest.raises(TypeError, match="not both"):
        connect().edit(campaign, message(simulator), name="renamed")
    assert simulator.journal == ()
    with caplog.at_level(logging.WARNING, "campaign_fsm"):
        assert connect().edit(campaign, partial=True, name="renamed").name == "renamed"
    assert "no page says whether parameters that are left out are kept" in caplog.text


def test_edits_after_the_start_are_refused_but_for_callbacks_on_voice(simulator, connect):
    """By the gate, on the bytes; callback URLs need no partial=True there."""
    running = simulator.add("in-progress", channel="voice")
    edited = connect(channel="voice").edit(running, call_status_callback="https://example.com/x")
    assert edited.callbacks == {"call_status_callback": "https://example.com/x"}
    with pytest.raises(errors.IllegalTransition) as caught:
        connect(channel="voice").edit(running, partial=True, name="renamed")
    assert caught.value.code == "CF232"
    message_running = simulator.add("in-progress")
    with pytest.raises(errors.IllegalTransition) as caught:
        connect().edit(message_running, partial=True, status_callback="https://example.com/x")
    assert caught.value.code == "CF233"
    assert [entry.action for entry in writes_of(simulator)] == ["edit-callbacks"]


def test_an_edit_whose_answer_is_lost_is_known_by_its_fields(simulator, connect):
    """Applied if a read shows the new value; sent again if it still shows the old one."""
    campaign = simulator.add("created", start=simulator.now + timedelta(hours=1))
    simulator.fault("lost-after", method="PUT")
    assert connect().edit(campaign, partial=True, name="first").name == "first"
    assert len(writes_of(simulator)) == 1
    simulator.fault("reset", method="PUT")
    assert connect().edit(campaign, partial=True, name="second").name == "second"
    assert len(writes_of(simulator)) == 3


def test_an_edit_that_is_accepted_and_never_shown_is_unknown(simulator, connect, monkeypatch):
    """The server says success and shows the old name."""
    campaign = simulator.add("created", start=simulator.now + timedelta(hours=1), name="before")
    monkeypatch.setattr(StoredCampaign, "edit", lambda record, fields: None)
    with pytest.raises(errors.OutcomeUnknown, match="does not show it") as caught:
        connect().edit(campaign, partial=True, name="after")
    assert (caught.value.seen, caught.value.now) == ("created", "created")


def test_an_edit_that_no_resource_shows_is_believed_if_it_is_answered(simulator, connect, monkeypatch):
    """Numbers are not echoed by everybody: a success counts, a lost answer is unknown."""
    campaign = simulator.add("created", channel="voice", start=simulator.now + timedelta(hours=1))
    monkeypatch.setattr(StoredCampaign, "edit", lambda record, fields: None)
    assert connect(channel="voice").edit(campaign, partial=True, from_=["+919900000002"]).id == campaign
    simulator.fault("lost-after", method="PUT")
    with pytest.raises(errors.OutcomeUnknown):
        connect(channel="voice").edit(campaign, partial=True, from_=["+919900000003"])


def test_an_edit_that_the_start_has_overtaken_is_a_conflict(simulator, connect):
    """Rejected, and read again it has started: the campaign moved, and the message says by whom."""
    campaign = simulator.add("created", start=simulator.now + timedelta(hours=1))
    simulator.fault("moved", method="GET", id=campaign, to_status="in-progress")
    with pytest.raises(errors.StateConflict, match=r"the platform \(start\)"):
        connect().edit(campaign, partial=True, name="late")


@pytest.mark.parametrize(
    ("sent", "shown", "equal"),
    [
        ("2026-11-23T10:00:00+05:30", "2026-11-23T04:30:00Z", True),
        ("2026-11-23T10:00:00+05:30", "2026-11-23T10:00:00Z", False),
        ("Transactional", "transactional", True),
        (["a", "b"], ["b", "a"], False),
        ({"send_at": "x"}, {"send_at": "x", "end_at": None}, True),
        ({"send_at": "x"}, None, False),
        (1, True, False),
        (True, True, True),
        (3, 3, True),
        ("3", 3, False),
    ],
)
def test_what_was_sent_is_compared_with_what_is_shown(sent, shown, equal):
    """Times as instants, words in any case, parts of an object one by one."""
    assert sent_write.same(sent, shown) is equal


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ({"name": "old"}, {"name": "new"}, Shown.TAKEN),
        ({"name": "old"}, {"name": "old"}, Shown.KEPT),
        ({"name": "new"}, {"name": "new"}, Shown.THERE),
        ({"name": "old"}, {}, Shown.UNCLEAR),
        ({"name": "old"}, {"name": "something else"}, Shown.UNCLEAR),
        ({"name": "old", "template": "same"}, {"name": "new", "template": "same"}, Shown.TAKEN),
    ],
)
def test_a_resource_shows_an_edit_or_not_or_says_nothing(before, after, shown):
    """What was the same before proves nothing."""
    assert shown_of({"name": "new"}, before, after, Channel.MESSAGE) is shown


@pytest.mark.parametrize(
    ("channel", "sent", "before", "after"),
    [
        ("voice", {"from": ["+911", "+912"]}, {"from": "+911"}, {"from": "+911, +912"}),
        ("message", {"sms_type": "Promotional"}, {"sms_type": "trans"}, {"sms_type": "promo"}),
        (
            "message",
            {"schedule": {"start_time": "2040-01-01T10:00:00Z"}},
            {"schedule": {"send_at": "2039-01-01T10:00:00Z"}},
            {"schedule": {"send_at": "2040-01-01T15:30:00+05:30", "end_at": None}},
        ),
    ],
    ids=["numbers in one text", "short types", "times under the guide's keys"],
)
def test_a_parameter_is_compared_in_every_form_that_a_page_shows(channel, sent, before, after):
    """An edit beside it is no edit that was half taken, nor one that is sent again."""
    kept = {**sent, "name": "new"}
    assert shown_of(kept, {**after, "name": "old"}, {**after, "name": "new"}, Channel(channel)) is Shown.TAKEN
    assert shown_of(sent, before, after, Channel(channel)) is Shown.TAKEN
    assert shown_of(sent, before, before, Channel(channel)) is Shown.KEPT


def test_half_an_edit_is_not_an_edit():
    """One parameter shows the new value and one the old."""
    fields = {"name": "new", "template": "new"}
    shown = shown_of(fields, {"name": "old", "template": "old"}, {"name": "new", "template": "old"}, Channel.MESSAGE)
    assert shown is Shown.HALF


def test_the_misspelt_field_of_the_seed_is_compared_too():
    """It is sent as documented and shown with the spelling of the sample answer."""
    shown = shown_of({"dlt_entity_id": "1"}, {"dlt_entitiy_id": "0"}, {"dlt_entitiy_id": "1"}, Channel.MESSAGE)
    assert shown is Shown.TAKEN


# reschedule


def test_rescheduling_before_the_start_is_an_edit(simulator, connect):
    """On both channels, and the rest of the campaign stays."""
    for channel in ("message", "voice"):
        campaign = simulator.add("created", channel=channel, start=simulator.now + timedelta(hours=1))
        start = simulator.now + timedelta(hours=3)
        moved = connect(channel=channel).reschedule(campaign, Schedule(start, start + timedelta(hours=4)))
        assert (moved.schedule.start, moved.status) == (start, "created")


def test_the_multi_day_flow_gives_a_new_end_and_resumes(simulator, connect, caplog):
    """Voice, paused, started: contested (CF116), said in the log, refused by strict; on message campaigns refused."""
    given = {"start": simulator.now - timedelta(hours=5), "end": simulator.now + timedelta(minutes=1)}
    campaign = simulator.add("paused", channel="voice", **given)
    schedule = Schedule(end=simulator.now + timedelta(days=1))
    with pytest.raises(errors.IllegalTransition) as caught:
        connect(channel="voice", strict=True).reschedule(campaign, schedule, resume=True)
    assert caught.value.code == "CF251"
    with caplog.at_level(logging.WARNING, "campaign_fsm"):
        resumed = connect(channel="voice").reschedule(campaign, schedule, resume=True)
    assert (resumed.status, resumed.schedule.end) == ("in-progress", schedule.end)
    assert "contested" in caplog.text
    other = simulator.add("paused", **given)
    with pytest.raises(errors.Refused):
        connect().reschedule(other, schedule, resume=True)
    with pytest.raises(errors.IllegalTransition) as caught:
        connect().reschedule(other, schedule)
    assert caught.value.code == "CF234"
    assert len(writes_of(simulator)) == 1


OLD = {"send_at": "2020-01-01T00:00:00Z", "end_at": "2097-01-01T00:00:00Z"}
AHEAD = Schedule(datetime(2098, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC))
NEW = {"send_at": "2098-01-01T05:30:00+05:30", "end_at": "2099-01-01T00:00:00Z"}


class Scripted(Server):
    """Gives these answers, one after the other and the last one for ever: a status and a schedule; None is none."""

    def __init__(self, *script):
        self.script = list(script)
        super().__init__()

    def answer(self, arrived):
        now = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if now is None:
            return 200, b"<html>"  # of somebody on the way
        if isinstance(now, int):
            return now, b""
        status, schedule = now
        data = {"id": "camp_abc123", "status": status, **({} if schedule is None else {"schedule": schedule})}
        return 200, json.dumps({"response": [{"code": 200, "status": "success", "data": data}]}).encode()

    def resume(self, schedule=AHEAD):
        settings = {"account_sid": "acme1", "api_key": "key", "api_token": "token", "channel": "voice", "deadline": 0}
        with CampaignClient(base_url=self.url, **settings) as client:
            return client.reschedule("camp_abc123", schedule, resume=True)


@pytest.mark.parametrize(
    ("after", "reads"),
    [
        ([("Paused", NEW)], 1),
        ([("Created", NEW)], 1),
        ([("Created", None)], 1),
        ([("InProgress", NEW)], 1),
        # Not seen yet, or not said: the schedule that a read shows tells.
        ([("Paused", OLD), ("Paused", OLD), ("Paused", NEW)], 3),
        ([("Paused", None), ("Paused", NEW)], 2),
        ([None, ("Created", NEW)], 2),
        ([None, ("Paused", None), ("InProgress", None)], 3),
    ],
)
def test_a_resume_with_a_new_start_ahead_may_wait_for_it(after, reads, caplog):
    """Paused with the new schedule, or created: it took effect, as the scheduling guide has it (CF116). No drift."""
    with Scripted(("Paused", OLD), *after) as server:
        campaign = server.resume()
    assert campaign.status == Status.parse(after[-1][0])
    assert [one.method for one in server.requests] == ["GET", "PUT", *["GET"] * (reads - 1)]
    assert "drift" not in caplog.text


@pytest.mark.parametrize(
    ("schedule", "after"),
    [
        (AHEAD, [("Paused", OLD)]),
        (AHEAD, [("Paused", None)]),
        (AHEAD, [None, ("Paused", None)]),
        (AHEAD, [None, ("Paused", NEW)]),  # the schedule alone is no resume
        (Schedule(end=AHEAD.end), [("Paused", {**OLD, "end_at": NEW["end_at"]})]),
        (Schedule(AHEAD.start.replace(year=2021), AHEAD.end), [("Paused", {**NEW, "send_at": "2021-01-01T00:00:00Z"})]),
    ],
)
def test_a_resume_that_is_not_seen_is_not_taken_for_applied(schedule, after):
    """Without the new schedule, or with no start ahead, paused is what it was before."""
    with Scripted(("Paused", OLD), *after) as server, pytest.raises(errors.OutcomeUnknown):
        server.resume(schedule)
    assert len(server.writes) == 1


INDIA = timezone(timedelta(hours=5, minutes=30))
IN_INDIA = Schedule(AHEAD.start.astimezone(INDIA), AHEAD.end.astimezone(INDIA))


@pytest.mark.parametrize(
    ("before", "schedule", "after", "error"),
    [
        # Nothing has changed: the schedule that was sent was there in another offset.
        (NEW, IN_INDIA, [500, ("Paused", NEW)], errors.ServerError),
        (OLD, AHEAD, [500, ("Paused", OLD)], errors.ServerError),
        # The schedule was taken, and nobody says that the resume was.
        (OLD, AHEAD, [500, ("Paused", NEW)], errors.OutcomeUnknown),
        # It is in progress, with the schedule of before.
        (OLD, AHEAD, [500, ("InProgress", OLD)], errors.OutcomeUnknown),
        (OLD, AHEAD, [302, ("InProgress", OLD)], errors.OutcomeUnknown),
    ],
)
def test_what_a_failed_resume_with_a_schedule_left_behind_is_not_called_applied(before, schedule, after, error):
    """Paused is what it was before: only the server's own success says that it waits for its start."""
    with Scripted(("Paused", before), *after) as server, pytest.raises(error) as caught:
        server.resume(schedule)
    assert len(server.writes) == 1
    assert "still paused" not in str(caught.value) or after[-1][0] == "Paused"
    if error is errors.OutcomeUnknown:
        assert caught.value.now == Status.parse(after[-1][0])


def test_a_success_that_waits_for_a_start_is_one():
    """The same moments in another offset, and the server says that it took them."""
    with Scripted(("Paused", NEW), ("Paused", NEW)) as server:
        assert server.resume(IN_INDIA).status == "paused"
    assert len(server.requests) == 2


def test_a_bare_resume_before_the_start_is_answered_as_ever():
    """Created is accepted, paused is not seen yet."""
    early = {"send_at": NEW["send_at"]}
    for shown, ends in (("Created", contextlib.nullcontext()), ("Paused", pytest.raises(errors.OutcomeUnknown))):
        script = ("Paused", early), (shown, early)
        settings = {"account_sid": "acme1", "api_key": "key", "api_token": "token", "channel": "voice", "deadline": 0}
        with Scripted(*script) as server, CampaignClient(base_url=server.url, **settings) as client, ends:
            assert client.resume("camp_abc123").status == "created"


def test_a_bad_schedule_is_not_sent(simulator, connect):
    """Naive times, an end before the start, nothing at all, an end that is over."""
    campaign = simulator.add("paused", channel="voice", start=simulator.now - timedelta(hours=5))
    client = connect(channel="voice")
    now = simulator.now
    for schedule in (Schedule(now.replace(tzinfo=None)), Schedule(now, now), Schedule(), "tomorrow"):
        with pytest.raises(errors.InvalidParameters):
            client.reschedule(campaign, schedule)
    assert simulator.journal == ()
    with pytest.raises(errors.UnreadableRequest) as caught:
        client.reschedule(campaign, Schedule(end=now - timedelta(hours=1)))
    assert caught.value.code == "CF416"
    assert writes_of(simulator) == []


# delete


def test_delete_returns_what_was_deleted(simulator, connect):
    """Voice and before the start; everything else is refused."""
    campaign = simulator.add("created", channel="voice", name="wrong", start=simulator.now + timedelta(hours=1))
    gone = connect(channel="voice").delete(campaign)
    assert (gone.status, gone.name) == ("deleted", "wrong")
    with pytest.raises(errors.AlreadyThere):
        connect(channel="voice").delete(campaign)
    for channel, status in (("message", "created"), ("voice", "in-progress"), ("voice", "paused")):
        other = simulator.add(status, channel=channel)
        with pytest.raises(errors.IllegalTransition):
            connect(channel=channel).delete(other)
    assert [entry.method for entry in writes_of(simulator)] == ["DELETE"]


@pytest.mark.parametrize("empty", [httpx.Response(204), httpx.Response(200), httpx.Response(202, content=b" ")])
def test_a_delete_that_is_answered_with_nothing_is_looked_for(empty):
    """No page says what a DELETE is answered with: gone on a read is gone."""
    shown = {"id": "a1", "status": "Created", "name": "wrong", "schedule": {"send_at": "2999-01-01T00:00:00Z"}}
    before = envelope({"code": 200, "status": "success", "data": shown})
    client, requests = answering(before, empty, httpx.Response(404))
    client._settings = attrs.evolve(client._settings, channel="voice")
    client._operations = Operations(attrs.evolve(client._operations.context, settings=client._settings))
    gone = client.delete("a1")
    assert (gone.status, gone.name) == ("deleted", "wrong")
    assert [request.method for request in requests] == ["GET", "DELETE", "GET"]


# ids


TAKES_ID = {
    **dict.fromkeys(["get", "delete", "recipients"], ()),
    **{action.value: () for action in (Action.PAUSE, Action.RESUME, Action.COMPLETE, Action.ARCHIVE)},
    **dict.fromkeys(["ensure_paused", "ensure_resumed", "ensure_completed", "ensure_archived"], ()),
    "check": ("pause",),
    "edit": (None,),
    "reschedule": (Schedule(end=datetime(2999, 1, 1, tzinfo=UTC)),),
    "wait_until": ("paused",),
}


@pytest.mark.parametrize("method", TAKES_ID)
def test_every_method_that_takes_an_id_says_so(simulator, connect, method):
    """Before anything is sent."""
    with pytest.raises(errors.InvalidParameters, match="'a b'"):
        list(getattr(connect(), method)("a b", *TAKES_ID[method]) or ())
    assert [entry for entry in simulator.journal if entry.kind == "request"] == []


# ensure


@pytest.mark.parametrize(
    ("method", "legal", "there"),
    [
        ("ensure_paused", "in-progress", "paused"),
        ("ensure_resumed", "paused", "in-progress"),
        ("ensure_completed", "paused", "completed"),
        ("ensure_archived", "completed", "archived"),
    ],
)
def test_ensuring_takes_already_there_as_success(simulator, connect, method, legal, there):
    """The action where it is due, no write where it is not, and a refusal where it is illegal."""
    campaign = simulator.add(legal)
    assert getattr(connect(), method)(campaign).status == there
    assert getattr(connect(), method)(campaign).status == there
    assert len(writes_of(simulator)) == 1
    with pytest.raises(errors.IllegalTransition):
        getattr(connect(), method)(simulator.add("failed"))


def test_ensuring_acts_if_the_campaign_moves_between_its_two_reads(simulator, connect):
    """Paused when it was judged, resumed by somebody right after: it is paused again."""
    campaign = simulator.add("paused")
    simulator.fault("moved", method="GET", id=campaign, to_status="in-progress")
    assert connect().ensure_paused(campaign).status == "paused"
    assert [entry.action for entry in writes_of(simulator)] == ["pause"]


def test_ensuring_ends_on_a_campaign_that_never_stays_there():
    """Paused whenever it is judged and running whenever it is read: the last refusal comes out."""
    answers = [envelope(item("a1", status=status)) for status in ["paused", "in-progress"] * 3]
    client, requests = answering(*answers)
    with pytest.raises(errors.AlreadyThere):
        client.ensure_paused("a1")
    assert [request.method for request in requests] == ["GET"] * 6


# resending


@pytest.mark.parametrize("fault", ["reset", "server-error"])
def test_what_cannot_be_undone_is_never_sent_twice_on_a_guess(simulator, connect, fault):
    """Lost and shown not to be applied: a pause is sent again, a complete is not."""
    for action, status, arrivals in (("pause", "in-progress", 2), ("complete", "paused", 1)):
        campaign = simulator.add(status)
        simulator.fault(fault, method="PUT", id=campaign)
        with contextlib.suppress(errors.ConnectionFailed, errors.ServerError):
            getattr(connect(), action)(campaign)
        assert sum(entry.id == campaign for entry in writes_of(simulator)) == arrivals


def test_a_write_that_goes_on_being_lost_is_given_up(simulator, connect):
    """Two more tries, each judged anew, then the failure with what is known."""
    campaign = simulator.add("in-progress")
    simulator.fault("reset", method="PUT", times=9)
    with pytest.raises(errors.ConnectionFailed, match="was not applied"):
        connect().pause(campaign)
    assert len(writes_of(simulator)) == 3
    assert simulator.status(campaign) == "in-progress"


def test_a_write_is_not_sent_again_past_the_deadline(simulator, connect):
    """A deadline of 0 means once, for a 429 too."""
    for fault, error in (("reset", errors.ConnectionFailed), ("rate-limited", errors.RateLimited)):
        campaign = simulator.add("in-progress")
        simulator.fault(fault, method="PUT", id=campaign)
        with pytest.raises(error):
            connect(deadline=0.0).pause(campaign)
    assert len(writes_of(simulator)) == 2


def test_a_lost_write_that_then_became_illegal_is_a_conflict(simulator, connect):
    """The second try is refused by the gate, and the first was sent: that is no plain refusal."""
    campaign = simulator.add("in-progress")
    simulator.fault("reset", method="PUT")
    looks = len(waiting.PACE.looks)
    simulator.fault("moved", method="GET", id=campaign, after=looks, to_status="completed")
    with pytest.raises(errors.StateConflict) as caught:
        connect().pause(campaign)
    assert (caught.value.seen, caught.value.now) == ("in-progress", "completed")
    assert len(writes_of(simulator)) == 1


def test_a_lost_write_that_arrived_late_is_applied(simulator, connect):
    """The second try finds it already there."""
    campaign = simulator.add("in-progress")
    simulator.fault("reset", method="PUT")
    looks = len(waiting.PACE.looks)
    simulator.fault("moved", method="GET", id=campaign, after=looks, to_status="paused")
    assert connect().pause(campaign).status == "paused"
    assert len(writes_of(simulator)) == 1


def test_a_late_arrival_that_cannot_be_read_any_more_is_unknown(simulator, connect):
    """The gate saw it there on the second try, and the read after that fails."""
    campaign = simulator.add("in-progress")
    simulator.fault("reset", method="PUT")
    looks = len(waiting.PACE.looks)
    simulator.fault("moved", method="GET", id=campaign, after=looks, to_status="paused")
    simulator.fault("rejected", method="GET", id=campaign, after=looks + 1, times=9)
    with pytest.raises(errors.OutcomeUnknown) as caught:
        connect().pause(campaign)
    assert (caught.value.seen, caught.value.now) == ("in-progress", "paused")
    assert len(writes_of(simulator)) == 1


def test_reads_wait_as_long_as_the_server_asks(simulator, pace):
    """Retry-After where there is one, else doubled waits, until the deadline would be passed."""
    pace(first_delay=0.5)
    campaign = simulator.add("paused")
    slept = []
    now = itertools.count()
    settings = {"account_sid": "acme1", "api_key": "key", "api_token": "token", "deadline": 20.0}
    with CampaignClient(transport=SimulatorTransport(simulator), **settings) as client:
        context = attrs.evolve(client._operations.context, clock=lambda: next(now) * 0.0 + sum(slept))
        client._operations, client._sleep = Operations(context), slept.append
        simulator.fault("rate-limited", method="GET", retry_after=3)
        simulator.fault("server-error", method="GET", times=2)
        assert client.get(campaign).status == "paused"
        assert slept == [3.0, 1.0, 2.0]
        slept.clear()
        simulator.fault("server-error", method="GET", times=99)
        with pytest.raises(errors.ServerError):
            client.get(campaign)
        assert slept == [0.5, 1.0, 2.0, 4.0, 8.0]
        simulator.clear_faults()
        simulator.fault("rate-limited", method="GET", retry_after=60)
        slept.clear()
        with pytest.raises(errors.RateLimited):
            client.get(campaign)
        assert slept == []


# lists


def test_a_list_comes_page_by_page_and_only_as_far_as_it_is_asked(simulator, connect):
    """Every campaign once, in order; on the sync client the second page waits until it is needed."""
    made = [simulator.add("paused", name=f"n{number:03}") for number in range(7)]
    found = connect().list(page_size=3, sort="name:asc")
    assert [campaign.id for campaign in found] == made
    assert len(simulator.journal) == 3


def test_the_first_campaign_needs_one_page(simulator):
    """Nothing is read before the first is asked for, and one page then."""
    for _ in range(7):
        simulator.add("paused")
    settings = {"account_sid": "acme1", "api_key": "key", "api_token": "token"}
    with CampaignClient(transport=SimulatorTransport(simulator), **settings) as client:
        found = client.list(page_size=3)
        assert simulator.journal == ()
        next(found)
        assert len(simulator.journal) == 1
        found.close()
        del found
        gc.collect()
        assert len(simulator.journal) == 1


def test_a_page_that_is_too_large_is_asked_for_again_at_half_its_size(simulator, connect):
    """60 call campaigns with 5000 numbers each are more than the 4 MiB of a read; every one comes, once."""
    numbers = [f"+9198765{number:05d}" for number in range(5000)]
    added = [simulator.add("created", channel="voice", name=f"c{one:02d}", **{"from": numbers}) for one in range(60)]
    found = [campaign.id for campaign in connect(channel="voice").list(sort="name:asc")]
    assert found == added
    asked = [int(re.search(r"limit=(\d+)", entry.path)[1]) for entry in simulator.journal]
    assert asked == [100, 50, 25, 25, 25]


def test_pages_grow_again_behind_what_was_too_large(simulator, connect):
    """Two large campaigns among small ones cost some requests, and not one for each campaign."""
    numbers = [f"+91987{number:07d}" for number in range(120_000)]
    for one in range(200):
        more = {"from": numbers} if one in (60, 61) else {}
        simulator.add("created", channel="voice", name=f"c{one:03d}", **more)
    found = [campaign.name for campaign in connect(channel="voice").list(sort="name:asc")]
    assert found == [f"c{one:03d}" for one in range(200)]
    assert len(simulator.journal) < 30


def test_what_slides_comes_once_and_is_no_error_where_pages_have_become_small(simulator):
    """Three campaigns are created in front while a few large ones make the pages as small as that."""
    numbers = [f"+91987{number:07d}" for number in range(120_000)]
    for one in range(140):
        more = {"from": numbers} if one in (100, 101, 102) else {}
        simulator.add("created", channel="voice", name=f"c{one:03d}", **more)
    settings = {"account_sid": "acme1", "api_key": "key", "api_token": "token"}
    with CampaignClient(channel="voice", transport=SimulatorTransport(simulator), **settings) as client:
        found = client.list(sort="name:asc")
        seen = [next(found).name for _ in range(100)]
        for one in range(3):
            simulator.add("created", channel="voice", name=f"a{one}")
        seen += [campaign.name for campaign in found]
    assert seen == [f"c{one:03d}" for one in range(140)]


@pytest.mark.parametrize(("page_size", "count"), [(None, 150), (20, 30), (1, 3)])
def test_a_server_that_ignores_what_is_asked_for_is_not_asked_for_ever(page_size, count):
    """One that sends all campaigns on each page, more than were asked for, and no total."""
    asked = []

    def everything(request):
        asked.append(request)
        items = [{"code": 200, "status": "success", "data": {"id": f"c{n}", "status": "paused"}} for n in range(count)]
        return httpx.Response(200, json={"http_code": 200, "response": items})

    settings = {"account_sid": "acme1", "api_key": "key", "api_token": "token", "deadline": 0}
    seen = []
    with (
        CampaignClient(channel="voice", transport=httpx.MockTransport(everything), **settings) as client,
        pytest.raises(errors.UnexpectedAnswer, match="holds nothing new"),
    ):
        seen += (campaign.id for campaign in client.list(page_size=page_size))
    assert len(asked) == (3 if page_size == 1 else 2)
    assert len(seen) <= count


@pytest.mark.parametrize(("cap", "inserts"), [(10, 11), (10, 25), (20, 30)])
def test_a_server_with_a_smaller_limit_of_its_own_is_read_to_the_end(cap, inserts):
    """Although campaigns are created in front meanwhile, as many as repeat more than a page."""
    campaigns = [f"c{number:03d}" for number in range(200)]
    asked = []

    def capped(request):
        asked.append(request)
        if len(asked) == 5:
            campaigns[:0] = [f"a{number:03d}" for number in range(inserts)]
        offset = int(request.url.params["offset"])
        items = [
            {"code": 200, "status": "success", "data": {"id": name, "status": "paused"}}
            for name in campaigns[offset : offset + cap]
        ]
        return httpx.Response(200, json={"http_code": 200, "response": items, "metadata": {"total": len(campaigns)}})

    settings = {"account_sid": "acme1", "api_key": "key", "api_token": "token", "deadline": 0}
    with CampaignClient(channel="voice", transport=httpx.MockTransport(capped), **settings) as client:
        seen = [campaign.id for campaign in client.list(page_size=50)]
    assert sorted(set(seen)) == [f"c{number:03d}" for number in range(200)]


def test_a_campaign_that_slides_is_no_error_on_pages_of_one(simulator):
    """Each that is created meanwhile shows the last one again."""
    made = [simulator.add("created", name=f"n{number}") for number in range(4)]
    settings = {"account_sid": "acme1", "api_key": "key", "api_token": "token"}
    with CampaignClient(transport=SimulatorTransport(simulator), **settings) as client:
        found = client.list(page_size=1, sort="name:asc")
        seen = [next(found).id for _ in range(2)]
        simulator.add("created", name="m")
        assert [*seen, *(campaign.id for campaign in found)] == made


def test_one_campaign_that_is_too_large_is_the_error_that_it_is(simulator, connect):
    """There is no half of one, and what was halved down to it is not asked for for ever."""
    simulator.add("created", channel="voice")
    simulator.fault("oversized", method="GET", times=50)
    with pytest.raises(errors.ConnectionFailed, match="larger than 4194304 bytes") as caught:
        list(connect(channel="voice").list(page_size=7))
    assert caught.value.too_large
    assert len(simulator.journal) == 3  # 7, 3, 1


def test_a_list_can_be_filtered_by_status_and_name(simulator, connect):
    """On both channels; the message list says scheduled where the status is created."""
    for channel in ("message", "voice"):
        created = simulator.add("created", channel=channel, name="diwali-1")
        simulator.add("paused", channel=channel, name="diwali-2")
        simulator.add("failed", channel=channel, name="holi")
        client = connect(channel=channel)
        assert [campaign.id for campaign in client.list(status="created")] == [created]
        assert {campaign.name for campaign in client.list(status=["paused", Status.FAILED])} == {"diwali-2", "holi"}
        assert {campaign.name for campaign in client.list(name="diwali")} == {"diwali-1", "diwali-2"}
    with pytest.raises(ValueError, match="'halted' is not a status"):
        list(connect().list(status="halted"))
    with pytest.raises(ValueError, match="sort must be one of"):
        list(connect().list(sort="size"))
    for size in (51, 10**5000):
        with pytest.raises(ValueError, match="page_size must be 1 to 50"):
            list(connect().list(page_size=size))


def test_a_list_is_in_the_order_of_the_server_unless_asked_otherwise(simulator, connect):
    """No request says sort_by by itself; on message campaigns no page documents date_created."""
    for channel in ("message", "voice"):
        simulator.add("paused", channel=channel, name="diwali")
        client = connect(channel=channel)
        list(client.list(status="paused", name="diwali"))
        client.find("diwali")
        assert [entry.path for entry in simulator.journal if "sort_by" in entry.path] == []
    list(connect().list(sort="schedule.start_time"))
    assert simulator.journal[-1].path.endswith("&sort_by=schedule.start_time:asc")
    with pytest.raises(ValueError, match=r"one of schedule\.start_time, name on message campaigns"):
        connect().list(sort="date_created:desc")


def test_statuses_that_the_list_does_not_filter_by_are_filtered_here(simulator, connect):
    """Failed and canceled message campaigns, also beside others."""
    made = {status: simulator.add(status) for status in ("failed", "canceled", "paused", "completed")}
    assert [campaign.id for campaign in connect().list(status="failed")] == [made["failed"]]
    found = connect().list(status=["canceled", "paused"])
    assert {campaign.id for campaign in found} == {made["canceled"], made["paused"]}
    assert all("status=" not in entry.path for entry in simulator.journal)


def test_a_short_name_is_found_without_asking_for_it(simulator, connect):
    """The list of message campaigns looks for 3 characters or more."""
    one = simulator.add("paused", name="ab")
    simulator.add("paused", name="abc")
    assert connect().find("ab").id == one
    assert "name=" not in simulator.journal[-1].path
    with pytest.raises(ValueError, match="at least 3 characters"):
        connect().list(name="ab")


def test_a_server_that_ignores_the_filter_is_filtered():
    """Who asked for paused campaigns gets no others."""
    client, _ = answering(envelope(item("a1"), item("a2", status="completed"), metadata={"total": 2}))
    assert [campaign.id for campaign in client.list(status="paused")] == ["a1"]


def test_a_campaign_that_slides_onto_the_next_page_comes_once():
    """One was created meanwhile, so the last of the first page is the first of the second."""
    pages = [
        envelope(item("a3"), item("a2"), metadata={"total": 4}),
        envelope(item("a2"), item("a1"), metadata={"total": 4}),
    ]
    client, _ = answering(*pages)
    assert [campaign.id for campaign in client.list(page_size=2)] == ["a3", "a2", "a1"]


def test_a_server_that_does_not_turn_pages_is_not_asked_for_ever():
    """The same page again is an error, after what it held was handed out."""
    page = envelope(item("a1"), item("a2"), metadata={"total": 100})
    client, requests = answering(page, page, page)
    found = client.list(page_size=2)
    assert [next(found).id, next(found).id] == ["a1", "a2"]
    with pytest.raises(errors.UnexpectedAnswer, match="nothing new"):
        next(found)
    assert len(requests) == 2


def test_a_list_without_a_total_ends_with_a_short_page():
    """And one with an empty page ends too, whatever the total claims."""
    client, requests = answering(envelope(item("a1"), item("a2")), envelope(item("a3")))
    assert len(list(client.list(page_size=2))) == 3
    assert len(requests) == 2
    client, requests = answering(envelope(item("a1"), metadata={"total": 9}), envelope(metadata={"total": 9}))
    assert len(list(client.list(page_size=1))) == 1


@pytest.mark.parametrize(
    ("odd", "error"),
    [
        (item("a2", code=404), errors.NotFound),
        ({"code": 200, "status": "success", "data": {"status": "paused"}}, errors.UnexpectedAnswer),
        ({"code": 200, "status": "success", "data": {"sid": "../x", "status": "paused"}}, errors.UnexpectedAnswer),
        ({"code": 200, "status": "success", "data": {"sid": "a2"}}, errors.UnexpectedAnswer),
        ({"code": 200, "status": "failure", "data": {}}, errors.UnexpectedAnswer),
        ("paused", errors.UnexpectedAnswer),
    ],
)
def test_an_item_that_cannot_be_used_is_an_error_at_its_place(odd, error):
    """A failed item inside a 200 is a failure, not a campaign."""
    client, _ = answering(envelope(item("a1"), odd, metadata={"total": 2}))
    with pytest.raises(error):
        list(client.list())


def test_recipients_come_page_by_page(simulator, connect):
    """As many as the campaign has numbers; none of them shows itself in a log."""
    campaign = simulator.add("in-progress", contacts=45)
    found = list(connect().recipients(campaign))
    assert len(found) == 45
    assert all(isinstance(one, Recipient) and one.raw["number"] not in repr(one) for one in found)
    assert len({one.raw["number"] for one in found}) == 45
    with pytest.raises(errors.NotFound, match="no voice campaign with this id either"):
        list(connect().recipients("0" * 32))


GONE = {"request_id": "r1", "method": "GET", "http_code": 404, "response": None}


def gone():
    return httpx.Response(404, json=GONE)


def test_a_call_campaign_without_calls_has_no_recipients_yet():
    """A 404 of call-details where the campaign itself can be read; public client code has seen it."""
    client, requests = answering(gone(), envelope(item("a1")), channel="voice")
    assert list(client.recipients("a1")) == []
    assert [request.url.path.rpartition("/")[2] for request in requests] == ["call-details", "a1"]


def test_recipients_of_a_campaign_that_is_not_there_are_not_none_yet():
    """Nor are those of a message campaign, of a later page, or behind a 404 that is not the API's."""
    client, requests = answering(gone(), gone(), gone(), channel="voice")
    with pytest.raises(errors.NotFound, match="no message campaign with this id either"):
        list(client.recipients("a1"))
    assert len(requests) == 3
    there = envelope(item("a1"))
    client, _ = answering(gone(), there)
    with pytest.raises(errors.NotFound):
        list(client.recipients("a1"))
    first = envelope({"code": 200, "data": {"number": "1"}}, metadata={"total": 5})
    client, _ = answering(first, gone(), there, channel="voice")
    with pytest.raises(errors.NotFound):
        list(client.recipients("a1"))
    client, _ = answering(httpx.Response(404, text="<html>"), there, channel="voice")
    with pytest.raises(errors.NotFound):
        list(client.recipients("a1"))
    client, _ = answering(gone(), httpx.Response(503), channel="voice")
    with pytest.raises(errors.ServerError):
        list(client.recipients("a1"))


FIRST = envelope({"code": 200, "data": {"number": "1"}}, metadata={"total": 5})


@pytest.mark.parametrize(
    ("channel", "answers"),
    [
        ("message", [gone()]),
        ("message", [httpx.Response(404, text="<html>")]),
        ("message", [FIRST, gone()]),
        ("voice", [httpx.Response(404, text="<html>")]),
        ("voice", [FIRST, gone()]),
    ],
)
def test_recipients_that_are_not_found_of_a_campaign_that_is_there_say_so(channel, answers):
    """It is not said to be on neither channel, and not looked for on the other one."""
    client, requests = answering(*answers, envelope(item("a1")), channel=channel)
    with pytest.raises(
        errors.NotFound, match=f"The {channel} campaign itself is there; its .*-details are what"
    ) as caught:
        list(client.recipients("a1"))
    assert "either" not in caught.value.message
    assert len(requests) == len(answers) + 1


def test_recipients_that_are_not_found_of_a_campaign_that_cannot_be_read_say_so():
    """Nobody knows then whether it is there."""
    client, _ = answering(gone(), httpx.Response(503))
    with pytest.raises(errors.NotFound, match="Whether the campaign itself is there could not be read"):
        list(client.recipients("a1"))
    client, _ = answering(gone(), gone(), envelope(item("a1")))
    with pytest.raises(errors.NotFound, match="But there is a voice campaign with this id"):
        list(client.recipients("a1"))


@pytest.mark.parametrize(
    "shown",
    [
        {"status": "Completed"},
        {"status": "canceled"},
        {"stats": {"Completed": 0, "failed": 2}},
        {"stats": {"completed": 1}},
    ],
)
def test_recipients_of_a_campaign_that_has_made_calls_are_not_none_yet(shown):
    """What was read of it contradicts the 404, which then stays what it is."""
    client, _ = answering(gone(), envelope(item("a1", **{"status": "InProgress", **shown})), channel="voice")
    with pytest.raises(errors.NotFound, match="The voice campaign itself is there; its call-details are what"):
        list(client.recipients("a1"))


def test_recipients_are_of_the_class_of_their_channel():
    """With the documented fields; calls can be asked for by their status."""
    shown = envelope({"code": 200, "data": {"number": "1", "status": "failed"}}, metadata={"total": 1})
    for channel, kind in (("message", MessageRecipient), ("voice", CallRecipient)):
        client, _ = answering(shown, channel=channel)
        (found,) = client.recipients("a1")
        assert (type(found), found.number) == (kind, "1")
    client, requests = answering(shown, channel="voice")
    assert len(list(client.recipients("a1", status="failed"))) == 1
    assert requests[0].url.query == b"status=failed"
    with pytest.raises(ValueError, match="no filter by status"):
        answering()[0].recipients("a1", status="sent")
    with pytest.raises(ValueError, match="one text"):
        answering(channel="voice")[0].recipients("a1", status=["failed"])


def test_recipients_of_a_server_that_does_not_turn_pages():
    """The same page again is an error and not a second copy of everybody."""
    page = envelope({"code": 200, "status": "success", "data": {"number": "1"}}, metadata={"total": 5})
    client, _ = answering(page, page)
    found = client.recipients("a1")
    next(found)
    with pytest.raises(errors.UnexpectedAnswer, match="same page"):
        next(found)


def test_find_takes_exactly_one(simulator, connect):
    """None and several are errors that name what was found; a part of a name is not the name."""
    one = simulator.add("paused", name="diwali")
    simulator.add("paused", name="diwali-2")
    assert connect().find("diwali").id == one
    for name in ("diw", "Diwali"):
        with pytest.raises(errors.NotOne, match="No campaign has exactly the name") as caught:
            connect().find(name)
        assert caught.value.matches == ()
    two = simulator.add("paused", name="diwali")
    with pytest.raises(LookupError) as several:
        connect().find("diwali")
    assert set(several.value.matches) == {one, two}
    for _ in range(20):
        simulator.add("paused", name="diwali")
    with pytest.raises(errors.NotOne, match="10 campaigns or more"):
        connect().find("diwali")
    for bad in ("", "  ", None, 7, "x" * 70_000, "\ud83d"):
        with pytest.raises(ValueError, match="not blank"):
            connect().find(bad)
    for bad in (10**5000, "x" * 70_000, "\ud83d"):
        with pytest.raises(ValueError, match="a name to look for is a text of at most"):
            list(connect().list(name=bad))
    assert list(connect().list(name="✓" * 5000)) == []


def test_finding_rides_out_what_passes(simulator, connect):
    """The list that it reads is retried like any other read."""
    one = simulator.add("paused", name="diwali")
    simulator.fault("server-error", method="GET")
    assert connect().find("diwali").id == one


# waiting


def test_waiting_ends_when_the_campaign_is_there(simulator, connect):
    """Every read is shown on the way."""
    campaign = simulator.add("in-progress")
    seen = []

    def look(found):
        seen.append(found.status)
        if len(seen) == 2:
            simulator.move(campaign, "completed")

    found = connect().wait_until(campaign, ["paused", "completed"], poll=0.0, timeout=10, on_read=look)
    assert found.status == "completed"
    assert seen == ["in-progress", "in-progress", "completed"]


def test_waiting_ends_early_where_nothing_leads_to_the_goal(simulator, connect):
    """A canceled campaign never completes; a completed one can still be archived by somebody."""
    with pytest.raises(errors.NotReached, match="no documented way leads from there to completed") as caught:
        connect().wait_until(simulator.add("canceled"), "completed", poll=0.0, timeout=60)
    assert (caught.value.reachable, caught.value.now) == (False, "canceled")
    with pytest.raises(errors.NotReached, match=r"was not archived within 0\.05 s; it is completed") as caught:
        connect().wait_until(simulator.add("completed"), "archived", poll=0.01, timeout=0.05)
    assert caught.value.reachable
    assert writes_of(simulator) == []


def test_waiting_does_not_outlast_what_is_not_going_to_pass(simulator, connect):
    """A wrong token or a wrong id is an error at once."""
    with pytest.raises(errors.NotFound):
        connect().wait_until("0" * 32, "paused", timeout=60)
    with pytest.raises(ValueError, match="is not a status"):
        connect().wait_until("0" * 32, "halted", timeout=60)
    with pytest.raises(ValueError, match="a status to wait for"):
        connect().wait_until("0" * 32, [], timeout=60)


# Typed by hand: from where each goal can still come about, whoever moves the campaign.
REACHABLE = {
    "created": "created in-progress paused completed archived failed canceled",
    "in-progress": "in-progress paused completed archived failed canceled",
    "paused": "in-progress paused completed archived failed canceled",
    "completed": "completed archived",
    "archived": "archived",
    "failed": "failed",
    "canceled": "canceled",
    "deleted": "deleted",
}


@pytest.mark.parametrize("status", REACHABLE)
@pytest.mark.parametrize("channel", ["message", "voice"])
def test_what_can_still_be_reached(status, channel):
    """By the account holder or the platform; only voice campaigns can be deleted, and only before their start."""
    expected = set(REACHABLE[status].split())
    if channel == "voice" and status == "created":
        expected.add("deleted")
    assert reachable(Status(status), channel) == expected


def test_from_an_unknown_status_it_is_unknown_what_is_out_of_reach():
    """So waiting goes on."""
    assert reachable(Status.UNKNOWN, "message") == set(Status)


# what an operation says of itself


def test_an_answer_that_does_not_end_is_cut_off(simulator, connect):
    """A read is held to 4 MiB, and is not tried again: it would be as large the next time."""
    campaign = simulator.add("paused")
    simulator.fault("oversized", method="GET", times=5)
    with pytest.raises(errors.ConnectionFailed, match="larger than 4194304 bytes"):
        connect().get(campaign)
    assert len(simulator.journal) == 1


@pytest.mark.parametrize("timeout", [0, -1, float("nan")])
def test_a_timeout_that_is_none_is_said_at_once(timeout):
    """Before anything is opened."""
    with pytest.raises(errors.ConfigurationError, match="timeout"):
        CampaignClient(account_sid="a", api_key="k", api_token="t", timeout=timeout)

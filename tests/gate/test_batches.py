"""A list and the pauses that rest on it: when what it showed is used, and when the campaign is read by itself."""

import copy
import json
import pickle
import threading
from functools import partial

import httpx
import pytest
from attrs import evolve
from commands import call
from gates import PAST, SOON, Clock, envelope, kinds, make, put, run
from wires import ALIAS, HOST, ID, MESSAGE, VOICE, wire, with_header

from campaign_fsm import CampaignClient, GuardTransport, Selection, Simulator, SimulatorTransport, Status, errors
from campaign_fsm.drive import Sleep
from campaign_fsm.gate import Batch, Forward, Poll, Read, Terms, TooOld, section
from campaign_fsm.gate.budget import budget_of
from campaign_fsm.gate.reads import reading_key
from campaign_fsm.gate.section import Moves, campaign_key
from campaign_fsm.wire.answer import Answer
from campaign_fsm.wire.listing import read_entries
from campaign_fsm.wire.target import read_target

OTHER = "b" * 32


def item(status="in-progress", id=ID, **data):
    return {"code": 200, "status": "success", "data": {"sid": id, "status": status, **data}}


def listing(*items, status_code=200, headers=(), **more):
    body = {"request_id": "r1", "method": "GET", "http_code": 200, "response": list(items), **more}
    return Answer(status_code, tuple(headers), json.dumps(body).encode())


def question(batch, target=MESSAGE, **more):
    collection = target.rpartition("/")[0]
    return wire("GET", f"{collection}?offset=0&limit=20", b"", terms=Terms(batch=batch), **more)


def listed(gate, *items, answer=None, max_age=10.0, **more):
    """A batch whose list was answered."""
    batch = Batch(29, max_age)
    run(gate, question(batch, **more), answer or listing(*(items or (item(),))))
    return batch


def on(batch, target=MESSAGE, body=b'{"action": "pause"}', **more):
    return wire(target=target, body=body, terms=Terms(batch=batch), **more)


def limited(gate):
    """The budget of the account."""
    settings = gate.context.settings
    return budget_of(HOST, "acme1", settings.budget, settings.clock)


def went(gate, request, status="in-progress", then="paused", **data):
    """The steps of a write, each answered; the read with this status, the write with that."""
    flow, steps = gate.flow(request), []
    step = next(flow)
    try:
        while True:
            steps.append(step)
            assert not isinstance(step, Poll), "somebody else is inside"
            if isinstance(step, Sleep):
                gate.context.settings.clock.now += step.seconds
                step = flow.send(None)
            else:
                now = status if isinstance(step, Read) else then
                step = flow.send(envelope(now, wrapped=VOICE in request.path, **data))
    except StopIteration:
        return kinds(steps)


BY_LIST, ALONE = ["Forward"], ["Read", "Forward"]


# When it is used


@pytest.mark.parametrize(
    ("target", "body"),
    [
        (MESSAGE, {"action": "pause"}),
        (VOICE, {"action": "pause"}),
        (VOICE, {"campaigns": [{"action": "pause"}]}),
        (ALIAS, {"action": "pause"}),
    ],
)
def test_a_pause_rests_on_what_the_list_showed(target, body):
    """One request, and the record says of when the reading is and until when it is good."""
    gate = make()
    batch = listed(gate, target=target)
    gate.context.settings.clock.now += 4
    record, steps = run(gate, on(batch, target, body), envelope("paused", wrapped=target is VOICE))
    assert kinds(steps) == BY_LIST
    assert record.reading.status is Status.IN_PROGRESS
    assert record.reused
    assert (record.asked_at, record.good_until) == (1000.0, 1010.0)


def test_the_trace_tells_that_a_list_showed_it():
    """A read that is reused and listed, with its age and status, right before what was decided."""
    events = []
    gate = make(trace=events.append)
    batch = listed(gate, item(schedule={"start_time": PAST}))
    gate.context.settings.clock.now += 2.5
    run(gate, on(batch), envelope("paused"))
    (of_list, read, *others) = events
    assert (of_list["event"], "campaign" in of_list, "status" in of_list) == ("read", False, False)
    assert read["flow"] == others[0]["flow"] != of_list["flow"]
    told = {
        key: read.get(key) for key in ("event", "reused", "listed", "age", "status", "started", "campaign", "action")
    }
    assert told == {
        "event": "read",
        "reused": True,
        "listed": True,
        "age": 2.5,
        "status": "in-progress",
        "started": True,
        "campaign": ID,
        "action": "pause",
    }
    assert [event["event"] for event in others] == ["decided", "sent", "answered"]


def test_a_reading_that_no_list_showed_is_not_traced_as_listed():
    """It was read by itself, and is reused with `max_age`."""
    events = []
    gate = make(trace=events.append, max_age=10)
    run(gate, wire("GET", body=b""), envelope("in-progress"))
    run(gate, put("pause"), envelope("paused"))
    assert events[1]["reused"]
    assert "listed" not in events[1]


def test_the_audit_of_such_a_trace_finds_nothing(tmp_path, capsys):
    """Each pause rests on a reading before it; nothing was paused twice, nothing is not judged."""
    simulator = Simulator()
    for index in range(12):
        simulator.add("in-progress", channel=("message", "voice")[index % 2])
    simulator.add("created", channel="voice", start=simulator.now.replace(year=2999))
    trace = tmp_path / "trace.jsonl"
    given = {"account_sid": "acme1", "api_key": "key", "api_token": "token", "trace": trace}
    with CampaignClient(transport=SimulatorTransport(simulator), **given) as client:
        with client.pause_many(Selection(channels=("message", "voice"))) as results:
            assert {result.outcome for result in results} == {"paused"}
    assert {entry.status for entry in simulator.listed()} == {"paused"}
    told = [json.loads(line) for line in trace.read_text().splitlines()]
    assert sum(event.get("listed", False) for event in told) == 13
    code, out, err = call(capsys, "audit", str(trace), "--strict", "--json")
    found = json.loads(out)
    assert (code, err, found["findings"]) == (0, "", [])
    summary = {key: found["summary"][key] for key in ("campaigns", "unjudged", "unread", "unjudged_writes", "remarks")}
    assert summary == {"campaigns": 13, "unjudged": 0, "unread": 0, "unjudged_writes": [], "remarks": []}


# How old it may be


@pytest.mark.parametrize(("age", "steps"), [(0, BY_LIST), (10, BY_LIST), (10.001, ALONE)])
def test_it_is_used_until_it_is_too_old(age, steps):
    """Exactly as old as allowed is fine; what is too old is not begun with."""
    events = []
    gate = make(trace=events.append)
    batch = listed(gate)
    gate.context.settings.clock.now += age
    assert went(gate, on(batch)) == steps
    assert [event["event"] for event in events] == ["read", "read", "decided", "sent", "answered"]


@pytest.mark.parametrize(("more", "steps"), [(0.0, BY_LIST), (0.5, ALONE)])
def test_its_age_counts_from_when_the_list_was_sent(more, steps):
    """What the list took to be answered is a part of it, and what it waited for the budget is none."""
    clock = Clock()
    gate = make(budget=30, clock=clock)
    spent = limited(gate)
    spent.ask(spent.queue(30, urgent=False))
    batch = Batch(29, 10.0)
    flow = gate.flow(question(batch))
    while isinstance(step := next(flow), Sleep):
        clock.now += step.seconds
    assert isinstance(step, Forward)
    assert clock.now >= 1060.0
    clock.now += 9
    with pytest.raises(StopIteration):
        flow.send(listing(item()))
    clock.now += 1 + more
    assert went(gate, on(batch)) == steps


def test_a_list_that_took_too_long_shows_nothing():
    """It was too old when it arrived."""
    gate = make()
    batch = Batch(29, 10.0)
    flow = gate.flow(question(batch))
    next(flow)
    gate.context.settings.clock.now += 10.1
    with pytest.raises(StopIteration):
        flow.send(listing(item()))
    assert went(gate, on(batch)) == ALONE


def departs(gate, request, meanwhile):
    """The steps of a write before whose bytes leave something comes in between, the first time."""
    flow, steps = gate.flow(request), []
    step = next(flow)
    try:
        while True:
            steps.append(step)
            if isinstance(step, Sleep):
                step = flow.send(None)
            elif isinstance(step, Read):
                step = flow.send(envelope("in-progress"))
            else:
                if len(steps) == 1:
                    meanwhile()
                try:
                    step.check()
                except TooOld as held:
                    step = flow.throw(held)
                else:
                    step = flow.send(envelope("paused"))
    except StopIteration as stop:
        return kinds(steps), stop.value


@pytest.mark.parametrize(("seconds", "steps"), [(10, ["Forward"]), (10.001, ["Forward", "Read", "Forward"])])
def test_a_write_that_waits_until_it_is_too_old_reads_anew(seconds, steps):
    """For a connection, say; it is judged by what was read then, and counted as sent once."""
    events = []
    gate = make(trace=events.append)
    batch = listed(gate)
    request = on(batch)

    def wait():
        gate.context.settings.clock.now += seconds

    found, record = departs(gate, request, wait)
    assert found == steps
    assert record.reused is (len(steps) == 1)
    assert request.terms.sent == 1 + steps.count("Read")
    assert [event["event"] for event in events].count("held") == steps.count("Read")


@pytest.mark.parametrize("room", [1, 2])
def test_a_write_that_waits_until_it_is_too_old_pays_for_its_read(room):
    """Of what was set aside with the list; where nothing is left it gives up, unsent."""
    gate = make(budget=30)
    batch = Batch(room, 10.0)
    run(gate, question(batch), listing(item()))
    assert batch.room == batch.left == room
    request = on(batch)

    def wait():
        gate.context.settings.clock.now += 11

    if room == 2:
        assert departs(gate, request, wait)[0] == ["Forward", "Read", "Forward"]
    else:
        with pytest.raises(errors.BudgetSpent):
            departs(gate, request, wait)
    assert (batch.left, request.terms.sent) == (0, 2 * (room - 1))
    state = limited(gate)._state.get()
    assert (len(state.spent), state.held) == (1 + request.terms.sent, 0)


# What ends it


def through_the_alias(gate):
    return gate, put("resume", ALIAS)


def in_other_letters(gate):
    return gate, put("resume", MESSAGE.replace(ID, ID.upper()))


def below_a_mount_point(gate):
    return gate, put("resume", f"/gateway{MESSAGE}")


def on_the_default_port(gate):
    return gate, evolve(put("resume"), host=f"{HOST}.", port=443)


WRITES = {
    "the same gate": lambda gate: (gate, put("resume")),
    "another gate": lambda _: (make(), put("resume")),
    "one that ends it": lambda gate: (gate, put("complete")),
    "the alias": through_the_alias,
    "other letters": in_other_letters,
    "a mount point": below_a_mount_point,
    "the default port": on_the_default_port,
}


def write(gate, request, answer=True):
    """A write that the server takes, or whose answer is lost."""
    flow = gate.flow(request)
    assert isinstance(next(flow), Read)
    named = read_target(request.path).id
    assert isinstance(flow.send(envelope("paused", id=named)), Forward)
    if not answer:
        with pytest.raises(OSError, match="lost"):
            flow.throw(OSError("lost"))
        return
    with pytest.raises(StopIteration):
        flow.send(envelope("in-progress", id=named))


@pytest.mark.parametrize("answer", [True, False], ids=["answered", "lost"])
@pytest.mark.parametrize("who", WRITES)
@pytest.mark.parametrize("when", ["before", "while it is out", "after"])
def test_what_this_process_has_written_to_is_read_by_itself(when, who, answer):
    """Before the list, while it is out and after it; lists may lag behind, nobody knows for how long."""
    gate = make()
    do = partial(write, *WRITES[who](gate), answer)
    batch = Batch(29, 10.0)
    if when == "before":
        do()
    flow = gate.flow(question(batch))
    next(flow)
    if when == "while it is out":
        do()
    with pytest.raises(StopIteration):
        flow.send(listing(item(), item(id=OTHER)))
    if when == "after":
        do()
    assert went(gate, on(batch)) == ALONE
    # Its neighbour on the list is as good as before.
    assert run(gate, on(batch, MESSAGE.replace(ID, OTHER)), envelope("paused", id=OTHER))[0].reused


def test_a_write_that_is_still_out_holds_the_section():
    """And when it is answered, the campaign is read by itself."""
    gate, another = make(), make()
    batch = listed(gate)
    flow = another.flow(put("resume"))
    next(flow)
    flow.send(envelope("paused"))

    def pause():
        brake = gate.flow(on(batch))
        assert isinstance(next(brake), Poll)
        with pytest.raises(StopIteration):
            flow.send(envelope("in-progress"))
        assert isinstance(brake.send(None), Read)
        brake.close()

    thread = threading.Thread(target=pause)
    thread.start()
    thread.join()


@pytest.mark.parametrize("status", ["paused", "completed", "in-progress"])
@pytest.mark.parametrize(
    "who", ["the same gate", "another gate", "untouched", "no answer that is one", "its write", "its read"]
)
def test_what_was_read_by_itself_since_is_not_taken_from_the_list(who, status):
    """By any gate, also where the answer passes untouched, and where it was read for a write that was refused."""
    gate = make(watch_reads=True)
    batch = listed(gate)
    other = gate if who == "the same gate" else make(watch_reads=who != "untouched")
    if who == "its write":
        with pytest.raises(errors.Refused):
            run(other, put("resume"), envelope("completed"))
    elif who == "its read":
        with pytest.raises(errors.StatusUnavailable):
            run(other, put("resume"), Answer(404, (), b""))
    else:
        answer = Answer(200, (), b"no") if who.startswith("no") else envelope(status)
        run(other, wire("GET", body=b""), answer)
    assert went(gate, on(batch)) == ALONE


@pytest.mark.parametrize("when", ["sent before", "sent after"])
def test_a_read_that_overlaps_the_list_is_the_later_one(when):
    """Of two that are out at the same time nobody knows which was answered by which state."""
    gate = make(watch_reads=True)
    batch = Batch(29, 10.0)
    read, of_list = gate.flow(wire("GET", body=b"")), gate.flow(question(batch))
    for flow in (read, of_list) if when == "sent before" else (of_list, read):
        next(flow)
    for flow, answer in ((read, envelope("completed")), (of_list, listing(item()))):
        with pytest.raises(StopIteration):
            flow.send(answer)
    assert went(gate, on(batch)) == ALONE


def test_what_was_read_before_the_list_or_of_another_campaign_does_not_end_it():
    """The list is the later answer."""
    gate = make(watch_reads=True)
    run(gate, wire("GET", body=b""), envelope("paused"))
    batch = listed(gate)
    run(gate, wire("GET", MESSAGE.replace(ID, OTHER), b""), envelope("paused", id=OTHER))
    run(gate, wire("GET", f"{MESSAGE}/message-details", b""), listing())
    run(gate, wire("GET", MESSAGE.rpartition("/")[0], b""), listing(item("paused")))
    assert went(gate, on(batch)) == BY_LIST


def test_what_was_read_while_the_write_waits_stops_it():
    """Its bytes have not left: it reads anew, whatever the other answer was."""
    gate, another = make(), make(watch_reads=True)
    batch = listed(gate)
    found, record = departs(gate, on(batch), lambda: run_beside(another, wire("GET", body=b""), envelope("completed")))
    assert found == ["Forward", "Read", "Forward"]
    assert not record.reused


def run_beside(gate, request, *answers):
    """A read, while something else is inside of the section."""
    flow = gate.flow(request)
    next(flow)
    with pytest.raises(StopIteration):
        flow.send(*answers)


def test_what_was_read_meanwhile_stops_no_write_that_has_read_by_itself():
    """That has nothing to do with the list."""
    gate, another = make(), make(watch_reads=True)
    batch = listed(gate, item("completed"))
    request, flow = on(batch), None
    flow = gate.flow(request)
    assert isinstance(next(flow), Read)
    step = flow.send(envelope("in-progress"))
    run_beside(another, wire("GET", body=b""), envelope("in-progress"))
    step.check()
    with pytest.raises(StopIteration):
        flow.send(envelope("paused"))


@pytest.mark.parametrize("max_age", [60, 3])
def test_a_fresh_reading_that_contradicts_the_list_is_read_anew(max_age):
    """Which of the two is out of date is unknown; one that is too old contradicts nothing."""
    gate = make(max_age=max_age)
    run(gate, wire("GET", body=b""), envelope("created", schedule={"start_time": SOON}))
    gate.context.settings.clock.now += 4
    batch = listed(gate)
    assert went(gate, on(batch)) == (ALONE if max_age == 60 else BY_LIST)


def test_a_fresh_reading_that_agrees_with_the_list_is_the_reading():
    """Of a campaign that was read by itself it says more."""
    gate = make(max_age=60)
    run(gate, wire("GET", body=b""), envelope("in-progress"))
    gate.context.settings.clock.now += 4
    record, steps = run(gate, on(listed(gate)), envelope("paused"))
    assert kinds(steps) == BY_LIST
    assert (record.asked_at, record.good_until) == (1000.0, 1060.0)


def test_nobody_is_refused_by_a_list():
    """It is read by itself, and that decides."""
    gate = make()
    assert went(gate, on(listed(gate, item("completed")))) == ALONE
    gate = make(own_sections=section.Sections())
    batch = listed(gate, item("paused"))
    with pytest.raises(errors.AlreadyThere) as caught:
        run(gate, on(batch), envelope("paused"))
    assert kinds(caught.value.steps) == ["Read"]


# What is not taken from a list


VOICED = {"code": 200, "status": "success", "data": {"id": ID, "status": "in-progress"}}
NOTHING = {
    "shown twice": listing(item(), item()),
    "shown twice, and differently": listing(item(), item("paused")),
    "shown twice, once without a status": listing(item(), item(None)),
    "shown twice, once before without a status": listing(item(None), item()),
    "shown twice, once as a failure": listing(item(), {**item(), "code": 404, "status": "failure"}),
    "shown twice, once of another account": listing(item(), item(account_sid="acme2")),
    "shown twice, once under the other key": listing(item(), VOICED),
    "shown twice, in other letters": listing(item(), item(id=ID.upper())),
    "shown twice, once beside another id": listing(
        item(), {"code": 200, "status": "success", "data": {"id": OTHER, "sid": ID, "status": "in-progress"}}
    ),
    "a failure": listing({**item(), "code": 404, "status": "failure"}),
    "a failure without data": listing({"code": 404, "status": "failure", "data": None}),
    "no status": listing({"code": 200, "status": "success", "data": {"sid": ID}}),
    "a status that is no text": listing(item(7)),
    "a status on no list": listing(item("stopping")),
    "no id": listing({"code": 200, "status": "success", "data": {"status": "in-progress"}}),
    "two ids": listing({"code": 200, "status": "success", "data": {"id": OTHER, "sid": ID, "status": "in-progress"}}),
    "an id that is no text": listing(item(id=7)),
    "another campaign": listing(item(id=OTHER)),
    "another account": listing(item(account_sid="acme2")),
    "a code and a status that contradict each other": listing({**item(), "status": "failure"}),
    "a neighbour that contradicts itself": listing(item(), {**item(id=OTHER), "status": "failure"}),
    "an item with the data of an error": listing({**item(), "error_data": {"code": 1}}),
    "another method": listing(item(), method="PUT"),
    "a method that is no text": listing(item(), method=7),
    "the data of an error": listing(item(), error_data={"code": 1}),
    "another http_code": listing(item(), http_code=201),
    "an http_code of a failure": listing(item(), http_code=404),
    "an http_code that is true": listing(item(), http_code=True),
    "an http_code that is text": listing(item(), http_code="200"),
    "a RestException": listing(item(), RestException={}),
    "from a cache": listing(item(), headers=((b"age", b"3"),)),
    "made by a cache of ours": evolve(listing(item()), cached=True),
    "an encoding that is not decoded": evolve(listing(item()), unreadable="br"),
    "another 2xx": evolve(listing(item(), http_code=206), status_code=206),
    "not modified": evolve(listing(item()), status_code=304),
    "an error": evolve(listing(item(), http_code=503), status_code=503),
    "no JSON": Answer(200, (), b"[]"),
    "the same key twice": Answer(200, (), listing(item()).body.replace(b'"status":', b'"status": "paused", "status":')),
    "no list": listing(response=item()),
    "nothing": listing(),
    "null": listing(response=None),
}


@pytest.mark.parametrize("what", NOTHING)
def test_what_is_not_clear_is_read_by_itself(what):
    """As strictly as an answer about one campaign is read."""
    gate = make()
    assert went(gate, on(listed(gate, answer=NOTHING[what]))) == ALONE


def test_a_status_on_no_list_is_not_taken_for_one():
    """Whoever reads the list for something else is not told of it either."""
    assert read_entries(NOTHING["a status on no list"], read_target(MESSAGE.rpartition("/")[0])) == {}


CLEAR = {
    "nothing but what is needed": listing(item(), http_code=200, method="get"),
    "its own account": listing(item(account_sid="acme1")),
    "both keys": listing({"code": 200, "status": "success", "data": {"id": ID, "sid": ID, "status": "in-progress"}}),
    "no envelope around it": Answer(200, (), json.dumps({"response": [{"data": item()["data"]}]}).encode()),
    "neighbours that failed": listing({"code": 404, "status": "failure", "data": None}, item(), item(id=OTHER)),
    "a neighbour without an id": listing({"code": 200, "status": "success", "data": {"status": "paused"}}, item()),
}


@pytest.mark.parametrize("what", CLEAR)
def test_what_is_clear_is_used(what):
    """Whatever stands beside it."""
    gate = make()
    assert went(gate, on(listed(gate, answer=CLEAR[what]))) == BY_LIST


@pytest.mark.parametrize(
    "more",
    [
        {"headers": with_header("X-Forwarded-Uri", "/v2/accounts/acme2/message-campaigns")},
        {"headers": with_header("Host", "elsewhere.example")},
        {"url_target": b"/elsewhere"},
        {"url_target": MESSAGE.rpartition("/")[0].encode()},
    ],
    ids=["a rewritten URL", "another Host", "another target", "another query"],
)
def test_a_list_that_may_be_that_of_somebody_else_shows_nothing(more):
    """Its answer may be about another account."""
    gate = make()
    batch = listed(gate, **more)
    assert went(gate, on(batch)) == ALONE


# For whom and for what


AHEAD = {"schedule": {"start_time": SOON, "send_at": SOON}}


@pytest.mark.parametrize(
    ("body", "status", "then", "data"),
    [
        ({"action": "resume"}, "paused", "in-progress", {}),
        ({"action": "complete"}, "paused", "completed", {}),
        ({"action": "archive"}, "completed", "archived", {}),
        ({"name": "new"}, "created", "created", AHEAD),
        ({"status_callback": "https://reports.example"}, "created", "created", AHEAD),
        ({"schedule": {"start_time": SOON}}, "created", "created", AHEAD),
    ],
)
def test_nothing_but_a_pause_rests_on_a_list(body, status, then, data):
    """What cannot be taken back, or changes more, is judged by a reading of its own."""
    gate = make()
    batch = listed(gate, item(status, **data))
    assert went(gate, on(batch, body=body), status, then, **data) == ALONE


def test_a_delete_does_not_rest_on_a_list():
    """It cannot be taken back."""
    gate = make()
    batch = listed(gate, VOICED | {"data": {"id": ID, "status": "created", **AHEAD}}, target=VOICE)
    flow = gate.flow(on(batch, VOICE, b"", method="DELETE", headers=()))
    assert isinstance(next(flow), Read)
    assert isinstance(flow.send(envelope("created", wrapped=True, **AHEAD)), Forward)
    flow.close()


def test_a_pause_with_something_beside_it_does_not_rest_on_a_list():
    """That it is refused says a reading of its own, too."""
    gate = make()
    with pytest.raises(errors.UnreadableRequest) as caught:
        run(gate, on(listed(gate), body={"action": "pause", "note": "x"}), envelope("in-progress"))
    assert kinds(caught.value.steps) == ["Read"]


@pytest.mark.parametrize(
    "which", ["gate", "host", "port", "scheme", "account", "collection", "alias", "mount point", "id"]
)
def test_it_is_good_for_the_very_campaigns_of_the_list(which):
    """Asked of the same gate, host, account and collection, and under the very id."""
    gate = make()
    batch = listed(gate)
    request = on(batch)
    other = {
        "gate": request,
        "host": evolve(request, host="api.in.exotel.com"),
        "port": evolve(request, port=8443),
        "scheme": evolve(request, scheme="http"),
        "account": on(batch, MESSAGE.replace("acme1", "acme2")),
        "collection": on(batch, VOICE),
        "alias": on(batch, ALIAS),
        "mount point": on(batch, f"/gateway{MESSAGE}"),
        "id": on(batch, MESSAGE.replace(ID, ID.upper())),
    }[which]
    for one, step in ((other, Read), (evolve(request, port=443), Forward)):
        flow = (make() if which == "gate" and step is Read else gate).flow(one)
        assert isinstance(next(flow), step)
        flow.close()


def test_without_a_batch_a_list_is_none():
    """Neither what a usual list shows, nor what the list of another batch does."""
    gate = make(watch_reads=True)
    listed(gate)
    run(gate, wire("GET", MESSAGE.rpartition("/")[0], b""), listing(item()))
    assert went(gate, on(Batch(29, 10.0))) == ALONE
    assert went(make(own_sections=section.Sections()), put("pause")) == ALONE


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
def test_only_a_get_is_a_list(method):
    """Whatever the answer to another method holds."""
    gate = make(watch_reads=True)
    batch = Batch(29, 10.0)
    run(gate, evolve(question(batch), method=method), listing(item()))
    assert went(gate, on(batch)) == ALONE


def test_a_read_of_one_campaign_on_the_terms_of_a_batch_is_no_list():
    """It fills nothing, and is none of what was set aside."""
    gate = make(budget=30)
    batch = listed(gate)
    left = batch.left
    run(gate, wire("GET", MESSAGE, b"", terms=Terms(batch=batch)), envelope("paused"))
    assert batch.left == left
    assert batch.entry(gate.context, key(OTHER), campaign(OTHER), gate.context.sections) is None


# A list that is asked for again


def test_a_list_that_is_asked_for_again_is_one_reservation():
    """At half its size, or after an error: what was set aside for the first one is given back."""
    gate = make(budget=30)
    batch = Batch(29, 10.0)
    for failure in (OSError("too large"), Answer(503, (), b"")):
        if isinstance(failure, OSError):
            with pytest.raises(OSError, match="too large"):
                run(gate, question(batch), failure)
        else:
            run(gate, question(batch), failure)
    assert went_first(gate, batch) == BY_LIST
    budget = limited(gate)
    state = budget._state.get()
    assert (len(state.spent), state.held, batch.room) == (4, 26, 27)


def went_first(gate, batch):
    run(gate, question(batch), listing(item()))
    return went(gate, on(batch))


def test_the_later_list_counts():
    """Its age, and what it shows: what stands only in the earlier one is read by itself."""
    gate = make()
    batch = listed(gate, item(), item(id=OTHER))
    gate.context.settings.clock.now += 8
    run(gate, question(batch), listing(item()))
    gate.context.settings.clock.now += 8
    assert went(gate, on(batch)) == BY_LIST
    flow = gate.flow(on(batch, MESSAGE.replace(ID, OTHER)))
    assert isinstance(next(flow), Read)
    flow.close()


# What is remembered


def key(id=ID):
    return reading_key(wire(), read_target(MESSAGE.replace(ID, id)))


def campaign(id=ID):
    return campaign_key(wire(), read_target(MESSAGE.replace(ID, id)))


def test_writes_are_remembered_for_some_thousand_campaigns():
    """At least for 4096 others, and forgotten after twice as many."""
    moves = Moves()
    moves.note(campaign())
    for index in range(4096):
        moves.note(str(index))
        assert moves.knows(campaign())
    for index in range(4096, 8192 + 2):
        moves.note(str(index))
    assert not moves.knows(campaign())
    assert not moves.unmoved_since(campaign(), 0)


@pytest.mark.parametrize("others", [0, 4096, 9000])
@pytest.mark.parametrize("what", ["written to", "read"])
def test_what_happened_since_the_list_is_never_forgotten(others, what):
    """Once too much has happened to remember it, nothing on the list is good any more."""
    gate = make()
    batch = listed(gate)
    sections = gate.context.sections
    book = sections.moves if what == "written to" else sections.heard
    book.note(campaign())
    for index in range(others):
        book.note(str(index))
    assert batch.entry(gate.context, key(), campaign(), sections) is None
    later = listed(gate)
    known = batch_shows(gate, later)
    assert known is (what == "read" or others == 9000)


def batch_shows(gate, batch, id=ID):
    return batch.entry(gate.context, key(id), campaign(id), gate.context.sections) is not None


def test_what_other_campaigns_do_does_not_end_it():
    """Some thousand may be written to and read meanwhile."""
    gate = make()
    batch = listed(gate)
    for index in range(4000):
        gate.context.sections.moves.note(str(index))
        gate.context.sections.heard.note(str(index))
    assert batch_shows(gate, batch)


# Copies, forks and gates below


def test_a_copy_of_a_batch_in_another_process_shows_nothing():
    """It cannot be sent there, and a deep copy is of no gate."""
    gate = make(budget=30)
    batch = listed(gate)
    assert batch_shows(gate, batch)
    with pytest.raises((TypeError, AttributeError, pickle.PicklingError)):
        pickle.dumps(batch)
    assert not batch_shows(gate, copy.deepcopy(Batch(1, 10.0)))


class Inner(httpx.BaseTransport):
    """Answers as a server does, and notes what arrives."""

    def __init__(self, status="in-progress"):
        self.status, self.arrived = status, []

    def handle_request(self, request):
        if request.method == "PUT":
            request.extensions["trace"]("http11.send_request_headers.started", {})
        self.arrived.append(request.method)
        if request.method == "PUT":
            self.status = "paused"
        one = item(self.status)
        if request.url.path.endswith(ID):
            return httpx.Response(200, json={"response": one, "http_code": 200})
        return httpx.Response(200, json={"response": [one], "http_code": 200})


@pytest.mark.parametrize(("status", "arrived"), [("in-progress", "GET GET PUT"), ("completed", "GET GET GET")])
def test_a_gate_below_reads_by_itself(status, arrived):
    """It knows nothing of the list; what it reads is good enough for the gate above, unless it refuses."""
    inner = Inner()
    upper = GuardTransport(GuardTransport(inner))
    batch = Batch(29, 10.0)
    with httpx.Client(transport=upper) as client:
        url = f"https://{HOST}{MESSAGE}"
        client.get(url.rpartition("/")[0], extensions={"campaign_fsm_terms": Terms(batch=batch)})
        inner.status = status
        terms = {"campaign_fsm_terms": Terms(batch=batch)}
        if status == "in-progress":
            assert client.put(url, json={"action": "pause"}, extensions=terms).status_code == 200
        else:
            with pytest.raises(errors.Refused):
                client.put(url, json={"action": "pause"}, extensions=terms)
            with pytest.raises(errors.Refused):
                client.put(url, json={"action": "pause"}, extensions=terms)
            assert "PUT" not in inner.arrived
            assert not batch_shows(upper._gate, batch)  # what the other one was refused by is known
            return
    assert " ".join(inner.arrived) == arrived


@pytest.mark.parametrize(("by_list", "budget"), [(True, 30), (False, 30), (False, 4)])
def test_of_two_gates_each_request_is_paid_for_once(by_list, budget, budgets):
    """Whoever makes it: the list, the read of either, and the write that both see."""
    inner = Inner()
    settings = {"budget": budget, "sleep": lambda _: pytest.fail("there is room for all of them")}
    upper = GuardTransport(GuardTransport(inner, **settings), **settings)
    batch = Batch(9, 10.0)
    with httpx.Client(transport=upper) as client:
        url = f"https://{HOST}{MESSAGE}"
        terms = {"campaign_fsm_terms": Terms(batch=batch)} if by_list else {}
        client.get(url.rpartition("/")[0], extensions=terms)
        assert client.put(url, json={"action": "pause"}, extensions=terms).status_code == 200
    state = budgets.of(HOST, "acme1", budget, Clock())._state.get()
    assert inner.arrived == ["GET"] * (2 if by_list else 3) + ["PUT"]
    assert len(state.spent) == len(inner.arrived)
    assert state.held == batch.left == (8 if by_list else 0)


# What was set aside


@pytest.mark.parametrize(("want", "room"), [(5, 5), (29, 29), (100, 29)])
def test_room_is_what_was_set_aside_beside_the_list(want, room):
    """As many as are wanted, or as many as there are."""
    gate = make(budget=30)
    batch = Batch(want, 10.0)
    run(gate, question(batch), listing(item()))
    assert (batch.room, batch.left, batch.is_of(limited(gate))) == (room, room, True)
    assert (limited(gate)._state.get().held, len(limited(gate)._state.get().spent)) == (room, 1)
    for _ in range(2):
        batch.give_back()
        assert batch.left == limited(gate)._state.get().held == 0


def test_without_a_budget_there_is_room_for_as_many_as_are_wanted():
    """And nothing is set aside."""
    batch = listed(make())
    assert (batch.room, batch.left, batch.use()) == (29, 0, None)
    batch.give_back()


def test_a_list_waits_for_room_for_one_pause_at_least():
    """Nothing is listed when no pause can follow at once."""
    clock = Clock()
    gate = make(budget=2, clock=clock)
    spent = limited(gate)
    spent.ask(spent.queue(1, urgent=False))
    batch = Batch(29, 10.0)
    _, steps = run(gate, question(batch), listing(item()))
    assert kinds(steps)[0] == "Sleep"
    assert clock.now == pytest.approx(1060, abs=0.1)
    assert batch.room == 1


def test_a_pause_takes_what_was_set_aside_and_waits_for_nothing_else():
    """Also where others have had all the rest; when none is left it is an error, at once, and nothing was sent."""
    gate = make(budget=3)
    batch = listed(gate, item(), item(id=OTHER))
    assert batch.room == 2
    spent = limited(gate)
    assert spent.ask(spent.queue(1, urgent=True)) > 0
    assert went(gate, on(batch)) == BY_LIST
    request = on(batch)
    with pytest.raises(errors.BudgetSpent) as caught:
        run(gate, request)  # it was written to: it needs two, and one is left
    assert caught.value.steps == []
    assert batch.left == 1
    assert request.terms.sent == 0


def test_what_is_set_aside_is_of_one_account():
    """A pause of another one, or elsewhere, pays for itself."""
    gate = make(budget=30)
    batch = listed(gate)
    other = budget_of(HOST, "acme2", 30, gate.context.settings.clock)
    assert went(gate, on(batch, MESSAGE.replace("acme1", "acme2"))) == ALONE
    assert (len(other._state.get().spent), other.held, batch.left) == (2, 0, 29)


def test_of_two_requests_that_a_pause_needs_none_is_taken_alone():
    """Another one may ask between looking and taking: what is too few for this one is left for others."""
    gate = make(budget=4)
    batch = listed(gate)
    gate.context.sections.moves.note(campaign())
    clock, asked = gate.context.settings.clock, []

    def meanwhile():
        if not asked:
            asked.append(True)
            assert batch.use(2) == 0.0
        return clock()

    limited(gate)._clock = meanwhile
    with pytest.raises(errors.BudgetSpent):
        run(gate, on(batch))
    assert asked
    assert batch.left == 1


def test_a_429_holds_back_what_was_set_aside():
    """For as long as the server asks, in slices: whoever calls off is heard."""
    gate = make(budget=30)
    batch = listed(gate, max_age=100.0)
    budget = limited(gate)
    budget.learn(Answer(429, ((b"retry-after", b"7"),), b""))
    _, steps = run(gate, on(batch), envelope("paused"))
    assert sum(step.seconds for step in steps if isinstance(step, Sleep)) == pytest.approx(7)
    assert max(step.seconds for step in steps if isinstance(step, Sleep)) <= 0.25
    budget.learn(Answer(429, ((b"retry-after", b"7"),), b""))
    off = []
    request = on(batch)
    request.terms.is_canceled = lambda: bool(off)
    flow = gate.flow(request)
    assert isinstance(next(flow), Sleep)
    off.append(True)
    with pytest.raises(errors.BudgetSpent):
        flow.send(None)
    assert request.terms.sent == 0


def test_no_cache_on_the_way_is_to_answer_a_list_that_is_a_reading():
    """A usual list may come from one."""
    simulator = Simulator()
    simulator.add("in-progress")

    asked = []

    class Seen(SimulatorTransport):
        def handle_request(self, request):
            asked.append((request.method, request.headers.get("Cache-Control")))
            return super().handle_request(request)

    given = {"account_sid": "acme1", "api_key": "key", "api_token": "token"}
    with CampaignClient(transport=Seen(simulator), **given) as client:
        with client.pause_many(Selection(), once=True) as results:
            assert [result.outcome for result in results] == ["paused"]
        assert asked[:2] == [("GET", "no-cache"), ("PUT", None)]
        asked.clear()
        list(client.list())
    assert asked == [("GET", None)]


def test_whoever_takes_the_results_may_make_requests():
    """What no pause of a list needs is given back at once: a read in between does not wait for the next minute."""
    simulator = Simulator()
    campaigns = [simulator.add("in-progress") for _ in range(3)]
    waits = []
    given = {"account_sid": "acme1", "api_key": "key", "api_token": "token", "budget": 30, "on_wait": waits.append}
    with CampaignClient(transport=SimulatorTransport(simulator), **given) as client:
        with client.pause_many(Selection(), once=True, concurrency=1) as results:
            assert {client.get(result.campaign_id).status for result in results} == {"paused"}
        assert client.get(campaigns[0]).status == "paused"
    assert waits == []


def test_what_was_called_off_takes_nothing():
    """Neither a list nor a pause, also where there is room."""
    gate = make(budget=30)
    batch = listed(gate)
    left = batch.left
    request = on(batch)
    request.terms.is_canceled = lambda: True
    with pytest.raises(errors.BudgetSpent):
        run(gate, request)
    assert batch.left == left
    other = Batch(5, 10.0)
    request = question(other)
    request.terms.is_canceled = lambda: True
    with pytest.raises(errors.BudgetSpent):
        run(gate, request)
    other.give_back()
    assert limited(gate)._state.get().held == left


def test_a_list_whose_limit_is_lowered_before_it_leaves_asks_again():
    """What was set aside for it is none of its own any more."""
    gate = make(budget=30)
    budget = limited(gate)
    clock, asked = budget._clock, []

    def lowering():
        asked.append(True)
        if len(asked) == 2:
            budget.limit(2)
        return clock()

    budget._clock = lowering
    batch = Batch(29, 10.0)
    run(gate, question(batch), listing(item()))
    assert batch.room == batch.left == 1


@pytest.mark.parametrize("waits", [True, False])
@pytest.mark.parametrize("how", ["closed", "failed", "interrupted"])
def test_a_list_that_does_not_come_about_leaves_what_can_be_given_back(how, waits):
    """While it waits, and while it is out."""
    gate = make(budget=4)
    budget = limited(gate)
    if waits:
        budget.ask(budget.queue(4, urgent=False))
    batch = Batch(3, 10.0)
    flow = gate.flow(question(batch))
    assert isinstance(next(flow), Sleep if waits else Forward)
    if how == "closed":
        flow.close()
    else:
        error = OSError("lost") if how == "failed" else KeyboardInterrupt()
        with pytest.raises(type(error)):
            flow.throw(error)
    batch.give_back()
    assert (budget.waiting, budget._state.get().held) == (0, 0)


def test_what_is_nobody_s_any_more_is_given_back():
    """A batch that was dropped without giving back: the next that asks has its requests."""
    gate = make(budget=30)
    batch = listed(gate)
    budget = limited(gate)
    assert budget._state.get().held == 29
    del batch
    assert budget.ask(budget.queue(29, urgent=False)) == 0.0


def test_requests_are_counted_as_they_leave():
    """The list is one, the pause one, a pause that reads two."""
    gate = make()
    batch = Batch(29, 10.0)
    request = question(batch)
    run(gate, request, listing(item(), item("completed", id=OTHER)))
    assert request.terms.sent == 1
    request = on(batch)
    went(gate, request)
    assert request.terms.sent == 1
    went(gate, request)
    assert request.terms.sent == 3

"""What happened to campaigns, as recordings, the simulator's journal and the pytest plugin tell it."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import urllib.request
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from itertools import pairwise

import pytest
from click.testing import CliRunner
from example_recording import CAMPAIGN, record
from sessions import record_har

from campaign_fsm import CampaignClient, CampaignFsmError, Refused, Schedule
from campaign_fsm.cli import run
from campaign_fsm.cli.diagram import diagram
from campaign_fsm.diagram import History, Outcome, draw_view, render
from campaign_fsm.history import KEPT, UnreadableHistory, history_of_journal, history_of_recording
from campaign_fsm.lifecycle import between, decide
from campaign_fsm.rules import RULE, Action, Channel, Event, Status
from campaign_fsm.simulator import Simulator, SimulatorServer, SimulatorTransport
from campaign_fsm.trace import TraceFile
from campaign_fsm.traffic import UnreadableRecording

KNOWN = [status for status in Status if status is not Status.UNKNOWN]


def write(path, *lines):
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def put(action, status=None, code=200, campaign="camp_abc123", **more):
    line = {"method": "PUT", "url": f"/v2/accounts/acme1/campaigns/{campaign}", "action": action, "status_code": code}
    return {**line, **({"status": status} if status else {}), **more}


def get(status, campaign="camp_abc123"):
    return {"method": "GET", "url": f"/v2/accounts/acme1/campaigns/{campaign}", "status_code": 200, "status": status}


def told(history):
    return [(step.trigger, step.source, step.dest, step.code, step.outcome, step.inferred) for step in history.steps]


# --- recordings


def test_the_trace_of_a_client_is_read_as_it_happened(tmp_path):
    """A trace written by the client shows each step, each refusal with the client's own code, and the end."""
    record(tmp_path / "trace.jsonl")
    history = history_of_recording(tmp_path / "trace.jsonl")
    assert history.taken == {"CF301": 1, "CF103": 2, "CF104": 2, "CF306": 1, "CF105": 1, "CF106": 1}
    assert history.tried == {
        (Status.CREATED, Action.COMPLETE, "CF225", False): 1,
        (Status.IN_PROGRESS, Action.COMPLETE, "CF224", False): 3,
        (Status.IN_PROGRESS, Action.ARCHIVE, "CF226", False): 1,
        (Status.COMPLETED, Action.RESUME, "CF223", False): 1,
    }
    assert history.now == {Status.ARCHIVED: 1}
    assert (history.title, history.campaigns, history.total) == (f"What happened to {CAMPAIGN}", 1, 14)
    assert [step.trigger for step in history.steps if step.inferred] == [Event.START, Event.SUSPEND]


def test_a_lost_answer_is_no_step_until_a_reading_shows_one(tmp_path):
    """After a lost answer nothing is claimed; the next reading shows what came of it."""
    path = write(
        tmp_path / "a.jsonl",
        get("in-progress"),
        put("pause", code=None, lost=True),
        get("paused"),
        put("resume", "resumed"),
    )
    history = history_of_recording(path)
    assert history.lost == 1
    outcomes = [(step.trigger, step.outcome, step.inferred) for step in history.steps]
    assert outcomes[0] == (Action.PAUSE, Outcome.LOST, False)
    assert outcomes[1][2]
    assert outcomes[2] == (Action.RESUME, Outcome.TAKEN, False)
    assert history.now == {Status.IN_PROGRESS: 1}


def test_an_answer_is_lost_before_any_was_seen(tmp_path):
    """The status is the one that the write before it leads to, although no answer has shown it."""
    path = write(tmp_path / "a.jsonl", put("pause"), put("resume", code=500), get("in-progress"))
    history = history_of_recording(path)
    assert [step[1:5] for step in told(history)] == [
        (Status.PAUSED, Status.PAUSED, "CF104", Outcome.LOST),
        (Status.PAUSED, Status.IN_PROGRESS, "CF104", Outcome.TAKEN),
    ]
    assert history.now == {Status.IN_PROGRESS: 1}


def test_something_illegal_that_was_sent_is_shown_as_sent(tmp_path):
    """An illegal write that a server refused is a refusal that was sent, and moves nothing."""
    history = history_of_recording(write(tmp_path / "a.jsonl", get("in-progress"), put("complete", code=409)))
    assert history.tried == {(Status.IN_PROGRESS, Action.COMPLETE, "CF224", True): 1}
    assert history.now == {Status.IN_PROGRESS: 1}


def test_an_answer_that_still_shows_the_old_status_moves_nothing_twice(tmp_path):
    """A pause that is accepted and not yet seen is one pause, however often the old status is read after it."""
    path = write(
        tmp_path / "a.jsonl",
        get("in-progress"),
        put("pause", "in-progress"),
        get("in-progress"),
        get("paused"),
    )
    history = history_of_recording(path)
    assert history.taken == {"CF103": 1}
    assert history.now == {Status.PAUSED: 1}


def test_a_status_that_nothing_explains_is_a_leap(tmp_path):
    """A reading that no edge explains is counted, and drawn as no edge."""
    history = history_of_recording(write(tmp_path / "a.jsonl", get("archived"), get("created")))
    assert (history.leaps, history.taken) == (1, {})
    assert "A reading showed once a status that nothing explains." in draw_view("history", None, history).notes[0]


def test_a_write_before_any_reading_is_not_guessed(tmp_path):
    """What was asked for while nobody knew the status is no step; the status that its answer shows is."""
    history = history_of_recording(write(tmp_path / "a.jsonl", put("pause", "paused"), put("resume", "in-progress")))
    assert told(history) == [
        (Action.RESUME, Status.PAUSED, Status.IN_PROGRESS, "CF104", Outcome.TAKEN, False),
    ]


def test_only_the_campaign_that_is_asked_for(tmp_path):
    """With an id only that campaign is shown; with one that is not there nothing is, and the error names it."""
    path = write(
        tmp_path / "a.jsonl",
        get("paused"),
        get("created", "other1"),
        put("resume", "resumed"),
        put("pause", "paused", campaign="other1"),
    )
    assert history_of_recording(path).campaigns == 2
    one = history_of_recording(path, "other1")
    assert (one.campaigns, one.taken) == (1, {"CF102": 1})
    with pytest.raises(UnreadableHistory, match="nothing of the campaign missing1"):
        history_of_recording(path, "missing1")


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ("", UnreadableRecording),
        ("{", UnreadableRecording),
        ("[1, 2]", UnreadableRecording),
        ("[]", UnreadableHistory),
        (
            '[{"number": 1, "kind": "event", "status_before": "no", "status_after": 1, "channel": "voice", "id": "c"}]',
            UnreadableHistory,
        ),
        ('{"campaign_fsm_coverage": 1, "edges": []}', UnreadableHistory),
        ('{"campaign_fsm_coverage": 1, "edges": {"CF103": "many"}}', UnreadableHistory),
        ('{"a": 1}\n', UnreadableRecording),
        (
            '{"url": "/v2/accounts/acme1/campaigns/c1", "status": "Paused", "status_code": 200}\n{\n',
            UnreadableHistory,
        ),
    ],
)
def test_what_shows_nothing_is_an_error(tmp_path, capsys, content, error):
    """A file that cannot be read, or shows nothing, is an error of its kind and no empty picture."""
    path = tmp_path / "a.jsonl"
    path.write_text(content)
    with pytest.raises(error):
        history_of_recording(path)
    assert run(["diagram", "--history", str(path)]) == 2
    told = "".join(capsys.readouterr())
    assert "Traceback" not in told
    assert "a.jsonl" in told


@pytest.mark.parametrize("channel", Channel)
def test_what_is_inferred_is_a_way_along_the_table(channel):
    """Between any two statuses, what is inferred is a chain of edges, the platform's own wherever it can be."""
    for source in (None, *KNOWN):
        for dest in KNOWN:
            way = between(source, dest, channel)
            if way is None:
                continue
            assert [rule.source for rule in way[:1]] == ([source] if way else [])
            assert all(before.leads_to is after.source for before, after in pairwise(way))
            assert (way[-1].leads_to if way else source) is dest
            assert all(channel in rule.channels for rule in way)
    assert [rule.trigger for rule in between(Status.CREATED, Status.COMPLETED, channel)] == ["start", "finish"]
    assert between(Status.ARCHIVED, Status.CREATED, channel) is None


def test_a_recording_comes_through_a_pipe(tmp_path):
    """A history of the standard input is drawn, without a stamp, because nobody can read it again."""
    path = write(tmp_path / "a.jsonl", get("in-progress"), put("pause", "paused"))
    command = [sys.executable, "-m", "campaign_fsm", "diagram", "--history", "-", "--format", "mermaid"]
    done = subprocess.run(command, input=path.read_text(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "pause 1×" in done.stdout
    assert "Made by" not in done.stdout


def test_a_har_file_that_chromium_recorded_is_drawn(tmp_path):
    """What a real Chromium did, as Playwright recorded it, is what the simulator says that it did."""
    record_har(tmp_path / "chromium.har")
    history = history_of_recording(tmp_path / "chromium.har")
    assert history.campaigns == 1
    assert history.taken["CF103"] == 2
    assert history.taken["CF105"] == history.taken["CF106"] == 1
    assert history.now == {Status.ARCHIVED: 1}
    assert not history.tried


# --- the simulator's journal


def busy(simulator, moves, seed):
    """A client at work on the simulator, with whatever comes."""
    chance = random.Random(seed)
    taken = Counter()
    with CampaignClient(
        account_sid=simulator.account_sid,
        api_key=simulator.api_key,
        api_token=simulator.api_token,
        transport=SimulatorTransport(simulator),
    ) as client:
        for _ in range(moves):
            campaign = chance.choice(list(simulator.campaigns))
            status = simulator.status(campaign)
            if chance.random() < 0.2 and status is Status.IN_PROGRESS:
                simulator.move(campaign, Status.PAUSED)
                taken["CF306"] += 1
                continue
            action = chance.choice([Action.PAUSE, Action.RESUME, Action.COMPLETE, Action.ARCHIVE])
            with suppress(Refused):
                getattr(client, action)(campaign)
                taken[decide(status, action).code] += 1
    return taken


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("seed", range(2))
def test_the_trace_tells_what_the_journal_knows(tmp_path, seed):
    """With answers lost and others at work, the client's trace yields what the simulator knows to have happened."""
    chance = random.Random(seed)
    simulator = Simulator()
    for number in range(3):
        start = simulator.now + timedelta(days=1)
        simulator.add("in-progress" if number else "created", id=f"c{number}", channel="voice", start=start)
    trace = TraceFile(tmp_path / "trace.jsonl")
    with CampaignClient(
        account_sid=simulator.account_sid,
        api_key=simulator.api_key,
        api_token=simulator.api_token,
        channel="voice",
        transport=SimulatorTransport(simulator),
        trace=trace,
        deadline=0,
    ) as client:
        for number in range(3):
            client.get(f"c{number}")
        for _ in range(15):
            campaign, kind = f"c{chance.randrange(3)}", chance.random()
            if kind < 0.1 and simulator.status(campaign) is Status.IN_PROGRESS:
                simulator.move(campaign, Status.PAUSED)
                continue
            if kind < 0.25:
                simulator.fault(chance.choice(["lost-after", "lost-before"]), method="PUT")
            with suppress(CampaignFsmError):
                getattr(client, chance.choice(["pause", "resume", "complete", "archive"]))(campaign)
        simulator.clear_faults()
        for number in range(3):
            client.get(f"c{number}")
    trace.close()
    known = history_of_journal(simulator.journal)
    told = history_of_recording(tmp_path / "trace.jsonl")
    assert (told.taken, told.now) == (known.taken, known.now)
    assert not told.leaps


@pytest.mark.parametrize("seed", range(5))
def test_the_journal_tells_what_was_done(seed):
    """Of the simulator's own journal, exactly what was done is counted, and where every campaign is now."""
    simulator = Simulator()
    for number in range(6):
        simulator.add(
            "in-progress" if number % 2 else "created", id=f"camp_{number}", start=simulator.now + timedelta(days=1)
        )
    taken = busy(simulator, 300, seed)
    history = history_of_journal(simulator.journal)
    assert history.taken == dict(taken)
    statuses = Counter(simulator.status(campaign) for campaign in simulator.campaigns)
    assert history.now == statuses
    assert not history.leaps


def test_the_journal_over_http_is_the_same(tmp_path):
    """What GET /_simulator/journal answers, saved to a file, is drawn like the journal itself."""
    simulator = Simulator()
    simulator.add("in-progress", id="camp_1")
    with SimulatorServer(simulator) as server:
        given = {"account_sid": simulator.account_sid, "api_key": "key", "api_token": "token"}
        with CampaignClient(base_url=server.base_url, **given) as client:
            client.pause("camp_1")
            client.complete("camp_1")
        with urllib.request.urlopen(f"{server.base_url}/_simulator/journal") as answer:
            (tmp_path / "journal.json").write_bytes(answer.read())
    history = history_of_recording(tmp_path / "journal.json")
    assert history == history_of_journal(simulator.journal)
    assert history.taken == {"CF103": 1, "CF105": 1}
    done = CliRunner().invoke(diagram, ["--history", str(tmp_path / "journal.json"), "--format", "mermaid"])
    assert "complete 1×" in done.output


def test_a_resume_that_waits_for_its_start_is_told_as_two_things():
    """The request sets a schedule and the campaign stays paused; at the start it goes on, and nobody asks then."""
    simulator = Simulator(resume_before_start="paused")
    now = simulator.now
    simulator.add("paused", id="camp_1", channel="voice", start=now - timedelta(hours=1))
    given = {"account_sid": simulator.account_sid, "api_key": "key", "api_token": "token", "channel": "voice"}
    with CampaignClient(**given, transport=SimulatorTransport(simulator)) as client:
        schedule = Schedule(start=now + timedelta(hours=1), end=now + timedelta(hours=9))
        assert client.reschedule("camp_1", schedule, resume=True).status is Status.PAUSED
    waiting = history_of_journal(simulator.journal)
    simulator.advance(3600)
    history = history_of_journal(simulator.journal)
    assert told(waiting) == told(history)[:1]
    assert [(*step, one.by_itself) for step, one in zip(told(history), history.steps, strict=True)] == [
        (Action.RESCHEDULE, Status.PAUSED, Status.PAUSED, "CF116", Outcome.TAKEN, False, False),
        (Action.RESUME, Status.PAUSED, Status.IN_PROGRESS, "CF104", Outcome.TAKEN, False, True),
    ]
    assert (history.taken, history.went_on, history.now) == ({"CF116": 1}, 1, {Status.IN_PROGRESS: 1})
    drawing = draw_view("history", None, history)
    assert "By itself, at the start that a resume had waited for, it went on once." in drawing.notes[0]
    rows = render("markdown", "history", history=history).splitlines()
    assert [row for row in rows if "CF1" in row] == [
        "| paused | **reschedule** † | stays | account holder | after start, voice only | yes | CF116 | 1× |"
    ]
    steps = render("html", "history", history=history)
    assert r"resume, by itself at the start: paused \u2192 in-progress (CF104)" in steps


def test_a_resume_that_is_answered_with_created_is_not_under_way_yet():
    """The campaign is created until its start, and that start is counted."""
    simulator = Simulator(resume_before_start="created")
    simulator.add("paused", id="camp_1", start=simulator.now + timedelta(hours=1))
    given = {"account_sid": simulator.account_sid, "api_key": "key", "api_token": "token"}
    with CampaignClient(**given, transport=SimulatorTransport(simulator)) as client:
        client.resume("camp_1")
    assert history_of_journal(simulator.journal).now == {Status.CREATED: 1}
    simulator.advance(3600)
    history = history_of_journal(simulator.journal)
    assert (history.taken, history.now) == ({"CF104": 1, "CF301": 1}, {Status.IN_PROGRESS: 1})


# --- long ones


def test_a_long_history_is_counted_whole_and_kept_in_part(tmp_path):
    """Of 10 000 steps over 100 campaigns all are counted, the first are kept, and the picture stays as large."""
    lines = []
    for number in range(5000):
        campaign = f"camp_{number % 100}"
        lines += [put("pause", "paused", campaign=campaign), put("resume", "in-progress", campaign=campaign)]
    first = [get("in-progress", f"camp_{number}") for number in range(100)]
    history = history_of_recording(write(tmp_path / "a.jsonl", *first, *lines))
    assert history.taken == {"CF103": 5000, "CF104": 5000}
    assert (history.total, len(history.steps), history.campaigns) == (10_000, KEPT, 100)
    drawing = draw_view("history", None, history)
    assert {label.note for edge in drawing.edges for label in edge.labels if label.note} == {"5,000×"}
    assert "10,000 steps of 100 campaigns." in drawing.notes[0]


# --- coverage


def test_the_plugin_writes_what_the_coverage_draws(tmp_path):
    """A test run with --campaign-coverage writes the edges it reached, and the diagram shows them."""
    (tmp_path / "test_it.py").write_text(
        "def test_it(campaign_simulator, campaign_client):\n"
        "    campaign_simulator.add('in-progress', id='camp_1')\n"
        "    campaign_client.pause('camp_1')\n"
        "    campaign_client.resume('camp_1')\n"
        "import httpx\n"
        "from campaign_fsm.simulator import Simulator, SimulatorServer\n"
        "def test_over_a_socket():\n"
        "    simulator = Simulator()\n"
        "    simulator.add('in-progress', id='camp_1')\n"
        "    with SimulatorServer(simulator) as server, httpx.Client(auth=('key', 'token')) as client:\n"
        "        url = f'{server.base_url}/v2/accounts/{simulator.account_sid}/message-campaigns/camp_1'\n"
        "        client.put(url, json={'action': 'pause'})\n"
    )
    arguments = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--campaign-coverage", "cover.json"]
    refused = subprocess.run(arguments, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert refused.returncode == 4
    assert "--campaign-policy" in refused.stderr
    done = subprocess.run([*arguments, "--campaign-policy"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (tmp_path / "cover.json").exists(), done.stdout + done.stderr
    history = history_of_recording(tmp_path / "cover.json")
    assert set(history.taken) <= RULE.keys()
    assert history.taken, done.stdout
    drawing = draw_view("coverage", None, history)
    assert f"{len(history.taken)} of 17 edges of the account holder" in drawing.notes[0]


def test_a_history_that_is_empty_draws():
    """A history without steps draws the life, faint."""
    drawing = draw_view("history", None, History())
    assert all(edge.weight == 0 for edge in drawing.edges)


def test_the_same_id_in_two_accounts_is_two_campaigns(tmp_path):
    """What one of them shows moves not the other."""
    other = {"method": "GET", "url": "/v2/accounts/test/campaigns/camp_abc123", "status_code": 200, "status": "paused"}
    history = history_of_recording(write(tmp_path / "a.jsonl", get("in-progress"), other, put("complete", code=409)))
    assert (history.campaigns, history.taken) == (2, {})
    assert history.tried == {(Status.IN_PROGRESS, Action.COMPLETE, "CF224", True): 1}


def test_what_a_server_rejected_moves_nothing(tmp_path):
    """A 409 says nothing of where the campaign is, and a create that was refused made none."""
    lines = [get("in-progress"), put("pause", code=None, lost=True), put("complete", code=409), get("in-progress")]
    assert history_of_recording(write(tmp_path / "a.jsonl", *lines)).taken == {}
    made = {"method": "POST", "campaign": "c1", "channel": "voice", "action": "create", "status": "created"}
    with pytest.raises(UnreadableHistory):
        history_of_recording(write(tmp_path / "b.jsonl", {**made, "status_code": 409}))


def test_a_status_that_is_read_again_and_again_is_believed(tmp_path):
    """After an accepted pause one reading may be late; five are the truth."""
    lines = [get("in-progress"), put("pause", "in-progress"), *[get("in-progress")] * 5]
    assert history_of_recording(write(tmp_path / "a.jsonl", *lines)).now == {Status.IN_PROGRESS: 1}


def test_a_status_on_no_list_is_not_the_one_before_it(tmp_path):
    """What is refused in it is not told of the known one, and what follows is inferred from that."""
    common = {"version": 1, "host": "h", "account": "a", "channel": "voice", "campaign": "camp_abc123", "flow": "p-1"}

    def read(status):
        return {**common, "event": "read", "method": "GET", "status_code": 200, "status": status}

    refused = {**common, "event": "refused", "method": "PUT", "action": "pause", "code": "CF201"}
    lines = [read("created"), read("halted"), refused, read("unlisted")]
    history = history_of_recording(write(tmp_path / "a.jsonl", *lines))
    assert (history.now, history.leaps) == ({Status.UNKNOWN: 1}, 0)
    assert history.tried == {(Status.UNKNOWN, Action.PAUSE, "CF201", False): 1}
    history = history_of_recording(write(tmp_path / "a.jsonl", *lines, read("in-progress")))
    assert (history.now, history.leaps) == ({Status.IN_PROGRESS: 1}, 0)
    assert history.taken == {"CF301": 1}
    history = history_of_recording(write(tmp_path / "a.jsonl", *lines[1:], read("archived")))
    assert (history.now, history.leaps, history.taken) == ({Status.ARCHIVED: 1}, 0, {})


def test_a_code_that_is_none_is_not_drawn(tmp_path):
    """What a trace says of a code is shown only if there is such a code."""
    common = {
        "version": 1,
        "host": "h",
        "account": "acme1",
        "channel": "voice",
        "campaign": "camp_abc123",
        "flow": "p-1",
    }
    hostile = "CF224\n    in_progress --> archived : resume"
    path = write(
        tmp_path / "t.jsonl",
        {**common, "event": "read", "method": "GET", "status": "in-progress", "status_code": 200},
        {**common, "event": "refused", "method": "PUT", "action": "complete", "code": hostile},
    )
    assert history_of_recording(path).tried == {(Status.IN_PROGRESS, Action.COMPLETE, "CF224", False): 1}


def test_what_stood_beside_an_action_is_no_rule_of_the_life_cycle(tmp_path):
    """The simulator obeys a pause with a new name, and calls it illegal: both are drawn, and no edge is blamed."""
    simulator = Simulator()
    campaign = simulator.add("in-progress")
    path, basic = (
        f"/v2/accounts/{simulator.account_sid}/message-campaigns/{campaign}",
        ("Authorization", "Basic a2V5OnRva2Vu"),
    )
    simulator.handle("PUT", path, [basic], b'{"action": "pause", "name": "new"}')
    history = history_of_journal(simulator.journal)
    assert dict(history.tried) == {("in-progress", "pause", "", True): 1}
    assert dict(history.now) == {"paused": 1}

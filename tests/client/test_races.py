"""Two who want the same: what those get that came second, in processes that really race and in every order of steps."""

import json
import os
import subprocess
import sys
import threading
from datetime import timedelta

import pytest
from commands import call
from operations import writes_of
from servers import DEST, Server
from wires import ID

from campaign_fsm import errors
from campaign_fsm.cli.errors import already
from campaign_fsm.client.sent_write import is_there
from campaign_fsm.rules import RULES, Action, Channel, Status

pytestmark = pytest.mark.usefixtures("no_waiting")

FROM = {"pause": "in-progress", "resume": "paused", "complete": "paused", "archive": "completed"}
ENSURE = {
    "pause": "ensure_paused",
    "resume": "ensure_resumed",
    "complete": "ensure_completed",
    "archive": "ensure_archived",
}
AWAY = {"pause": "completed", "resume": "canceled", "complete": "in-progress", "archive": "failed"}


class Crossroads(Server):
    """Answers the first reads of two clients when both are there, and takes an action once."""

    def __init__(self, status):
        self._both, self._reads = threading.Barrier(2), 0
        super().__init__()
        self.statuses[ID] = status

    def answer(self, arrived):
        with self._guard:
            if arrived.method == "PUT" and self.statuses[ID] == DEST[json.loads(arrived.body)["action"]]:
                return 409, b"{}"
            found = super().answer(arrived)
            self._reads += arrived.method == "GET"
            first = arrived.method == "GET" and self._reads <= 2
        if first:
            self._both.wait(30)
        return found


def race(server, *command):
    """What two processes print that run the same command at the same time, and their exit codes."""
    told = {"ACCOUNT_SID": "acme1", "API_KEY": "key", "API_TOKEN": "token", "BASE_URL": server.url}
    env = {**os.environ, **{f"EXOTEL_{name}": value for name, value in told.items()}}
    runs = [
        subprocess.Popen([sys.executable, *command], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    return sorted((*run.communicate(timeout=60), run.returncode) for run in runs)


CALL = """
import sys
from campaign_fsm import CampaignClient, StateConflict

with CampaignClient() as client:
    try:
        print(getattr(client, sys.argv[1])(sys.argv[2]).status)
    except StateConflict as conflict:
        print("conflict", conflict.seen, conflict.now, conflict.rejection.status_code)
"""


def first(name):
    """All actions; but for one only in long runs, since processes take their time to start."""
    return [name, *(pytest.param(other, marks=pytest.mark.long) for other in FROM if other != name)]


@pytest.mark.parametrize("action", first("complete"))
def test_of_two_processes_that_ensure_the_same_both_succeed(action):
    """Both read that it is due and both write, and whose write is rejected has what it wanted nonetheless."""
    with Crossroads(FROM[action]) as server:
        assert race(server, "-c", CALL, ENSURE[action], ID) == [(f"{DEST[action]}\n", "", 0)] * 2
        assert len(server.writes) == 2


@pytest.mark.parametrize("action", first("pause"))
def test_of_two_processes_that_act_one_learns_of_the_other(action):
    """The plain action is no success of the second one: it did not do it."""
    with Crossroads(FROM[action]) as server:
        first, second = race(server, "-c", CALL, action, ID)
        conflict, moved = sorted((first, second), key=lambda each: "conflict" not in each[0])
        assert conflict == (f"conflict {FROM[action]} {DEST[action]} 409\n", "", 0)
        assert moved == (f"{DEST[action]}\n", "", 0)


@pytest.mark.parametrize("action", first("pause"))
def test_of_two_commands_at_once_both_leave_with_0(action):
    """One has applied it, and the other says that it is there already, with nothing about who did it."""
    with Crossroads(FROM[action]) as server:
        found = race(server, "-m", "campaign_fsm", action, ID, "--yes", "--json")
        assert [code for *_, code in found] == [0, 0]
        second, first = (json.loads(out) for out, *_ in found)
        assert (second["outcome"], first["outcome"]) == ("already there", "applied")
        assert (second["error"]["seen"], second["error"]["status"]) == (FROM[action], DEST[action])
        assert first["campaign"]["status"] == DEST[action]
        assert len(server.writes) == 2


@pytest.mark.parametrize("action", FROM)
@pytest.mark.parametrize("code", [409, 400])
def test_ensuring_takes_it_that_somebody_else_was_faster(simulator, connect, action, code):
    """On every face and whatever it is rejected with; a status that is not quite the wanted one is a conflict."""
    simulator.illegal_status_code = code
    campaign = simulator.add(FROM[action])
    simulator.fault("moved", method="GET", id=campaign, to_status=DEST[action])
    assert getattr(connect(), ENSURE[action])(campaign).status == DEST[action]
    assert [entry.legal for entry in writes_of(simulator)] == [False]
    other = simulator.add(FROM[action])
    simulator.fault("moved", method="GET", id=other, to_status=AWAY[action])
    with pytest.raises(errors.StateConflict) as caught:
        getattr(connect(), ENSURE[action])(other)
    assert caught.value.now == AWAY[action]
    assert len(writes_of(simulator)) == 2


def test_ensuring_acts_again_where_it_was_there_and_is_gone(simulator, connect):
    """Paused by somebody between the read and the write, and resumed before it is read again: it is due after all."""
    campaign = simulator.add("in-progress")
    simulator.fault("moved", method="GET", id=campaign, to_status="paused")
    simulator.fault("moved", method="GET", id=campaign, to_status="in-progress")
    assert connect().ensure_paused(campaign).status == "paused"
    assert [entry.legal for entry in writes_of(simulator)] == [False, True]


def test_ensuring_says_what_is_known_if_it_cannot_be_read_again(simulator, connect):
    """A write was sent: its conflict comes out, and not the error of a read."""
    campaign = simulator.add("in-progress")
    simulator.fault("moved", method="GET", id=campaign, to_status="paused")
    simulator.fault("rejected", method="GET", id=campaign, after=1, times=9)
    with pytest.raises(errors.StateConflict) as caught:
        connect().ensure_paused(campaign)
    assert (caught.value.seen, caught.value.now) == ("in-progress", "paused")


def test_ensuring_what_is_there_and_cannot_be_read_again_sends_nothing(simulator, connect):
    """The gate saw it there, and the read for its caller fails: a refusal, as of every write that was not sent."""
    campaign = simulator.add("paused")
    simulator.fault("rejected", method="GET", id=campaign, after=1, times=9)
    with pytest.raises(errors.StatusUnavailable) as caught:
        connect().ensure_paused(campaign)
    assert (caught.value.status_code, caught.value.action, caught.value.campaign_id) == (403, "pause", campaign)
    assert writes_of(simulator) == []


@pytest.mark.parametrize("action", FROM)
def test_a_command_that_comes_second_says_so_plainly(capsys, account, action):
    """Exit 0 and one line; where the campaign is elsewhere it stays a verdict."""
    campaign = account.add(FROM[action])
    account.fault("moved", method="GET", id=campaign, to_status=DEST[action])
    assert call(capsys, action, campaign, "--yes") == (
        0,
        f"{campaign} is already {DEST[action]}; it got there while the {action} was on its way.\n",
        "",
    )
    other = account.add(FROM[action])
    account.fault("moved", method="GET", id=other, to_status=AWAY[action])
    code, out, err = call(capsys, action, other, "--yes")
    assert (code, out, "was overtaken" in err) == (1, "", True)
    account.fault("moved", method="GET", id=(third := account.add(FROM[action])), to_status=AWAY[action])
    code, out, _ = call(capsys, action, third, "--yes", "--json")
    assert (code, json.loads(out)["outcome"], json.loads(out)["error"]["status"]) == (1, "overtaken", AWAY[action])


@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_a_schedule_that_was_not_set_is_no_success(capsys, account, when):
    """Who resumes with a new end has not got it where somebody else has resumed."""
    campaign = account.add("in-progress" if when == "before" else "paused", channel="voice")
    if when == "meanwhile":
        account.fault("moved", method="GET", id=campaign, to_status="in-progress")
    argv = ["reschedule", campaign, "--channel", "voice", "--end", "2999-01-01T10:00:00+05:30", "--resume"]
    code, out, err = call(capsys, *argv)
    assert (code, out, "error: " in err) == (1, "", True)


def test_a_delete_that_finds_nothing_to_delete_says_so(capsys, account):
    """Exit 0, as of everything that is there already, in text and in JSON."""
    campaign = account.add("created", channel="voice", start=account.now + timedelta(hours=1))
    argv = ["delete", campaign, "--channel", "voice", "--yes"]
    assert call(capsys, *argv)[0] == 0
    assert call(capsys, *argv)[:2] == (0, f"{campaign} is already deleted; nothing was sent.\n")
    code, out, _ = call(capsys, *argv, "--json")
    assert (code, json.loads(out)["outcome"]) == (0, "already there")


def test_only_where_the_action_leads_is_there():
    """Over every action and every two statuses, by the table: one that moves nothing is never there."""
    found = set()
    for action in Action:
        for seen in Status:
            for now in Status:
                conflict = errors.StateConflict(action=action, campaign_id="a", seen=seen, now=now, who="somebody")
                said = already(conflict)
                assert is_there(conflict) == (said is not None)
                if said:
                    assert said.startswith(f"already {now};")
                    found.add((str(action), str(seen), str(now)))
    assert found == {
        ("pause", "created", "paused"),
        ("pause", "in-progress", "paused"),
        ("resume", "paused", "in-progress"),
        ("complete", "paused", "completed"),
        ("archive", "completed", "archived"),
        ("delete", "created", "deleted"),
    }
    assert {rule.trigger for rule in RULES if Channel.VOICE in rule.channels} >= {action for action, *_ in found}

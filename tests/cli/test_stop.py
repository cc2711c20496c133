"""`campaign-fsm stop`: what it pauses, what it tells, how it ends, and that nothing it prints to can stop it."""

import io
import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from commands import call, shell

from campaign_fsm.cli.stopping import Progress
from campaign_fsm.gate.budget import Budget

pytestmark = pytest.mark.usefixtures("impatient")

SOON = timedelta(hours=3)


def paused(account):
    """What was paused, in order."""
    return [entry.id for entry in account.journal if entry.action == "pause" and entry.applied]


def writes(account):
    """Every write that arrived."""
    return [entry for entry in account.journal if entry.method not in ("GET", None)]


@pytest.fixture
def everywhere(account):
    """Campaigns of both channels: running, about to start, and others."""
    return {
        (channel, status): account.add(status, channel=channel, name=f"{channel}-{status}", start=account.now + SOON)
        if status == "created"
        else account.add(status, channel=channel, name=f"{channel}-{status}")
        for channel in ("message", "voice")
        for status in ("created", "in-progress", "paused", "completed")
    }


# what it stops


def test_it_stops_both_channels_those_in_progress_first(account, everywhere, capsys):
    """One line each, the counts, and by which lists nothing runs; exit code 0."""
    code, out, err = call(capsys, "stop", "--all")
    assert code == 0
    *lines, counts, closing = out.splitlines()
    order = [(channel, status) for status in ("in-progress", "created") for channel in ("message", "voice")]
    assert paused(account) == [everywhere[key] for key in order]
    assert lines == [f"paused      {key[0]:<7} {everywhere[key]}  {key[0]}-{key[1]}" for key in order]
    # Each pause goes by a list: four of them, one at the end of each channel.
    assert counts.startswith("acme1: 4 campaigns: 4 paused. 10 requests in ")
    assert len(account.journal) == 10
    assert closing.startswith("All that was meant is stopped, by the lists: message read 2026-01-05 ")
    first, *_ = err.splitlines()
    assert first == (
        f"Stopping account acme1 on {os.environ['EXOTEL_BASE_URL']}: message and voice campaigns that are in-progress"
        " or created."
    )


@pytest.mark.parametrize(
    ("given", "stopped"),
    [
        (("--all", "--channel", "voice"), ["voice-in-progress", "voice-created"]),
        (("--status", "created"), ["message-created", "voice-created"]),
        (("--name", "message-*"), ["message-in-progress", "message-created"]),
        (("--name", "Message-*"), []),
        (
            ("--name", "voice-created", "--name", "*-in-p*"),
            ["message-in-progress", "voice-in-progress", "voice-created"],
        ),
        (("--name", "e-in"), []),
    ],
)
def test_what_is_selected_is_stopped_and_nothing_else(account, everywhere, capsys, given, stopped):
    """By channel, status and name."""
    assert call(capsys, "stop", *given)[0] == (0 if stopped else 2)
    names = {everywhere[key]: "-".join(key) for key in everywhere}
    assert [names[one] for one in paused(account)] == stopped


def test_what_is_selected_by_age_is_what_was_created_then(account, capsys):
    """Ages count by this machine's clock, as the command says when it was created."""
    account.set_time(account.now.now(account.now.tzinfo) - timedelta(hours=5))
    old = account.add("in-progress")
    account.advance(4 * 3600)
    young = account.add("in-progress")
    assert call(capsys, "stop", "--newer-than", "2h")[0] == 0
    assert paused(account) == [young]
    assert call(capsys, "stop", "--older-than", "4h", "--newer-than", "6h")[0] == 0
    assert paused(account) == [young, old]


def test_ids_are_stopped_too_and_each_is_accounted_for(account, capsys, monkeypatch):
    """Those of the command line and of the standard input, of one channel."""
    one, two, over = account.add("in-progress"), account.add("paused"), account.add("archived")
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{two}\n{over}\n"))
    code, out, _ = call(capsys, "stop", one, "-")
    assert code == 0
    assert sorted(out.splitlines()[:3]) == [
        f"over        message {over}  -",
        f"paused      message {one}  campaign 1",
        f"was paused  message {two}  -",
    ]
    assert out.splitlines()[-1] == "All that was meant is stopped, by the answers."
    code, out, _ = call(capsys, "stop", "nosuch")
    assert code == 2
    assert "not certain: it is unknown whether message campaign nosuch still runs.\n" in out


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ((), "say which campaigns: ids, - for ids"),
        (("--all", "--name", "x"), "--all is every campaign"),
        (("abc", "--all"), "give ids, or options"),
        (("--status", "paused"), "--status paused: pause is legal only of created or in-progress campaigns."),
        (("--older-than", "2"), "'2' is no age; write a number and s, m, h or d, such as 90m."),
        (("not/an/id",), "not/an/id"),
        (("all",), "'all' would be the id of a campaign; the option is --all."),
        (("--name", ""), "--name is empty; --name '*' fits any name."),
        (("--newer-than", "999999d"), "999999d is not between a second and a hundred years."),
        (("--all", "--max-age", "nan"), "nan"),
    ],
)
def test_what_cannot_be_meant_is_said_before_anything_is_read(account, capsys, given, problem):
    """A usage error each, and exit code 2."""
    code, _, err = call(capsys, "stop", *given)
    assert code == 2
    assert problem in err
    assert len(account.journal) == 0


# how it ends


def test_one_that_fails_for_good_is_told_and_holds_up_no_other(account, capsys):
    """Which one, why and as read when; exit code 1."""
    campaigns = [account.add("in-progress", name=f"otp-{number}") for number in range(20)]
    account.fault("rejected", method="PUT", id=campaigns[7], times=100)
    code, out, err = call(capsys, "stop", "--all")
    assert code == 1
    assert sorted(paused(account)) == sorted({*campaigns} - {campaigns[7]})
    assert "20 campaigns: 19 paused, 1 failed. " in out
    assert f"failed      message {campaigns[7]}  otp-7: PUT campaign {campaigns[7]} was answered with 403" in out
    (told,) = [line for line in out.splitlines() if line.startswith("not stopped")]
    assert told.startswith(f"not stopped message {campaigns[7]}  otp-7: failed, in-progress, read 2026-01-05 04:30:")
    assert err.endswith("campaign-fsm help stop says more.\n")


def test_what_a_policy_forbids_is_told_with_its_code(account, capsys, tmp_path):
    """It still runs: exit code 1."""
    policy = tmp_path / "campaign-fsm.toml"
    policy.write_text('[[rule]]\ncampaigns = ["*"]\nforbid = ["pause"]\nreason = "nobody stops us"\n')
    campaign = account.add("in-progress")
    code, out, _ = call(capsys, "stop", "--all", "--channel", "message", "--policy", str(policy), "--json")
    done = [json.loads(line) for line in out.splitlines()]
    assert code == 1
    assert writes(account) == []
    (ended,) = [one for one in done if one["event"] == "ended"]
    assert (ended["campaign_id"], ended["outcome"], ended["error"]["type"]) == (
        campaign,
        "refused",
        "ForbiddenByPolicy",
    )
    assert ended["error"]["code"].startswith("CF7")
    assert done[-1]["outcome"] == "still running"


def test_what_a_policy_wants_confirmed_is(account, capsys, tmp_path):
    """Whoever types `stop` has decided: it asks for no second word."""
    policy = tmp_path / "campaign-fsm.toml"
    policy.write_text('[[rule]]\ncampaigns = ["*"]\nconfirm = ["pause"]\nreason = "think first"\n')
    campaign = account.add("in-progress")
    assert call(capsys, "pause", campaign, "--policy", str(policy))[0] == 1
    assert call(capsys, "stop", "--all", "--policy", str(policy))[0] == 0
    assert paused(account) == [campaign]


def test_a_list_that_cannot_be_read_leaves_it_uncertain(account, everywhere, capsys):
    """The other channel is stopped all the same; exit code 2."""
    real = account.handle

    def handle(method, target, headers, body):
        if method == "GET" and "/campaigns?" in target:
            target = target.replace("/campaigns?", "/campaigns?sort_by=nothing&")
        return real(method, target, headers, body)

    account.handle = handle
    code, out, _ = call(capsys, "stop", "--all")
    assert code == 2
    assert paused(account) == [everywhere["message", "in-progress"], everywhere["message", "created"]]
    assert "not certain: the list of voice campaigns could not be read: " in out
    assert "not certain: no list of voice campaigns says what still runs.\n" in out


def test_a_selection_that_fits_nothing_while_others_run_is_no_success(account, everywhere, capsys):
    """It may be a typo, or a pattern that the shell has expanded; with nothing there at all it is fine."""
    code, out, err = call(capsys, "stop", "--name", "otp-notes.txt")
    assert code == 2
    assert "not certain: there are campaigns that could be paused, and none is as was asked for: name or age." in out
    assert "Running it again is safe." in err
    call(capsys, "stop", "--all")
    assert call(capsys, "stop", "--name", "otp-notes.txt")[0] == 0
    assert call(capsys, "stop", "--all")[0] == 0


def test_where_nothing_can_be_read_it_says_that_nothing_was_paused(capsys, monkeypatch, pace):
    """With the account and the host, before the error."""
    pace(first_delay=0.001, longest_delay=0.01)
    settings = {"BASE_URL": "http://127.0.0.1:9", "ACCOUNT_SID": "acme1", "API_KEY": "k", "API_TOKEN": "t"}
    for name, value in settings.items():
        monkeypatch.setenv(f"EXOTEL_{name}", value)
    code, _, err = call(capsys, "stop", "--all", "--deadline", "0")
    assert code == 2
    assert "Nothing was paused in account acme1 on http://127.0.0.1:9.\nerror: GET to 127.0.0.1:9 got no answer" in err
    code, out, _ = call(capsys, "stop", "c1", "--deadline", "0")
    assert code == 2
    assert "1 failed" in out or "1 refused" in out


def test_wrong_credentials_are_an_error_as_ever(account, capsys, monkeypatch):
    """Nothing is tried."""
    monkeypatch.setenv("EXOTEL_API_TOKEN", "another")
    account.add("in-progress")
    code, _, err = call(capsys, "stop", "--all")
    assert code == 2
    assert "401" in err
    assert writes(account) == []


def test_what_is_created_meanwhile_is_stopped_unless_once(account, capsys):
    """With `--once` it is told as still running."""
    account.add("in-progress")
    real, late = account.handle, []

    def handle(method, target, headers, body):
        reply = real(method, target, headers, body)
        if method == "PUT" and len(late) < 2:
            account.advance(2)
            late.append(account.add("in-progress", name=f"late-{len(late)}"))
        return reply

    account.handle = handle
    assert call(capsys, "stop", "--all", "--channel", "message", "--once")[0] == 1
    assert account.status(late[0]) == "in-progress"
    code, out, _ = call(capsys, "stop", "--all", "--channel", "message")
    assert code == 0
    assert [account.status(one) for one in late] == ["paused", "paused"]
    assert "2 campaigns: 2 paused." in out


def test_its_time_is_bounded(account, capsys):
    """With `--for` nothing new is begun then, and it cannot say what runs."""
    account.add("in-progress")
    code, out, _ = call(capsys, "stop", "--all", "--for", "0")
    assert code == 2
    assert writes(account) == []
    assert "not certain: its time was up before it was done.\n" in out


def test_a_dry_run_tells_what_and_how_long_and_changes_nothing(account, everywhere, capsys):
    """Those in progress first; with the budget's pace."""
    for number in range(60):
        account.add("in-progress", name=f"more-{number}")
    code, out, err = call(capsys, "stop", "--all", "--dry-run", "--budget", "30")
    assert (code, err) == (0, "")
    assert writes(account) == []
    *lines, last, note = out.splitlines()
    assert len(lines) == 64
    assert [line.split()[0] for line in lines].index("created") == 61
    assert last == "64 campaigns would be paused, with about 72 requests: about 2 min 0 s at 30 a minute."
    assert note.startswith("Nothing was sent (dry run).")
    code, out, _ = call(capsys, "stop", "--name", "voice*", "--dry-run", "--json")
    events = [json.loads(line) for line in out.splitlines()]
    assert [event["event"] for event in events] == ["selected", "selected", "done"]
    assert (events[-1]["count"], events[-1]["seconds"]) == (2, None)


def test_as_json_every_event_is_one_object(account, everywhere, capsys):
    """Began, listed, ended, done: in this order, and with the ids."""
    account.fault("server-error", method="PUT", times=1)
    code, out, err = call(capsys, "stop", "--name", "message-*", "--json")
    events = [json.loads(line) for line in out.splitlines()]
    assert (code, err) == (0, "")
    assert {event["version"] for event in events} == {1}
    assert (events[0]["event"], events[0]["account"]) == ("began", "acme1")
    assert events[1]["event"] == "listed"
    assert (events[1]["total"], events[1]["found"], events[1]["closing"]) == (1, 1, False)
    kinds = [event["event"] for event in events]
    assert kinds.count("retried") == 1
    ended = [event for event in events if event["event"] == "ended"]
    assert {(event["campaign_id"], event["outcome"], event["name"]) for event in ended} == {
        (everywhere["message", status], "paused", f"message-{status}") for status in ("in-progress", "created")
    }
    assert events[-1] == events[-1] | {
        "event": "done",
        "outcome": "stopped",
        "counts": {"paused": 2},
        "running": [],
        "problems": [],
        "requests": len(account.journal),
    }
    assert "token-canary" not in out


# what stands in its way


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("how", [(), ("--json",)])
def test_a_full_disk_stops_nobody_from_stopping(account, how):
    """Everything is paused; that it could not be told is exit code 2."""
    campaigns = [account.add("in-progress") for _ in range(5)]
    with Path("/dev/full").open("w") as full:
        code = subprocess.run(
            [sys.executable, "-m", "campaign_fsm", "stop", "--all", *how], stdout=full, stderr=full, check=False
        ).returncode
    assert code == 2
    assert sorted(paused(account)) == sorted(campaigns)


def test_a_reader_that_has_gone_away_stops_nobody_from_stopping(account):
    """As with `| head -1`."""
    campaigns = [account.add("in-progress") for _ in range(40)]
    process = subprocess.Popen(
        [sys.executable, "-m", "campaign_fsm", "stop", "--all"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    process.stdout.readline()
    process.stdout.close()
    assert process.wait() == 0
    assert sorted(paused(account)) == sorted(campaigns)


def test_it_never_asks(account):
    """Neither without a terminal nor on one: it is the emergency brake."""
    account.add("in-progress")
    done = shell("stop", "--all", env={name: os.environ[name] for name in os.environ if name.startswith("EXOTEL_")})
    assert done.returncode == 0
    assert len(paused(account)) == 1


# Ctrl-C


def begun(*argv, until, on=None):
    """The command in a process of its own, once it has printed this."""
    process = subprocess.Popen(
        [sys.executable, "-m", "campaign_fsm", "stop", *argv], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    line = ""
    while until not in line:
        line = process.stderr.readline()
        assert line, process.communicate()
    return process


def test_ctrl_c_ends_it_after_what_is_in_flight(account):
    """Nothing new is begun; without room in the budget the last list is told with its time; exit code 2."""
    for _ in range(30):
        account.add("in-progress")
    process = begun("--all", "--budget", "10", until="waiting ")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 2
    assert len(paused(account)) == 9
    assert "Nothing new is begun." in err
    assert "9 campaigns: 9 paused. 10 requests in " in out
    assert "not certain: it was called off before it was done.\n" in out
    assert re.search(
        r"not certain: no list of message campaigns says what still runs; the last one, read \S+ \S+, counted 30 that"
        r" are in-progress, of which 9 were paused since\.\n",
        out,
    )


def test_ctrl_c_looks_once_more_where_there_is_room(account):
    """What is in flight is told, and the list says what still runs."""
    campaigns = [account.add("in-progress") for _ in range(12)]
    account.fault("stall", method="PUT", seconds=1.5, times=12)
    process = begun("--all", "--concurrency", "2", until="listed, now")
    time.sleep(0.7)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=20)
    assert process.returncode == 2
    assert len(paused(account)) == 2
    assert "12 campaigns: 2 paused, 10 not tried." in out
    running = {line.split()[3] for line in out.splitlines() if line.startswith("not stopped")}
    assert running == {*campaigns} - {*paused(account)}


@pytest.mark.parametrize("how", [(), ("--json",)])
def test_a_second_ctrl_c_leaves_at_once_and_says_what_is_unknown(account, how):
    """The pauses that were on the way, by their ids."""
    campaigns = {account.add("in-progress") for _ in range(3)}
    account.fault("stall", method="PUT", seconds=30, times=9)
    process = subprocess.Popen(
        [sys.executable, "-m", "campaign_fsm", "stop", "--all", "--request-timeout", "60", *how],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while len(paused(account)) < 3:
        time.sleep(0.05)
    since = time.monotonic()
    process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert time.monotonic() - since < 15
    assert process.returncode == 2
    if how:
        last = json.loads(out.splitlines()[-1])
        assert (last["event"], {one["campaign_id"] for one in last["unknown"]}) == ("left", campaigns)
    else:
        assert "whether they took effect is unknown:\n" in err
        assert {line.split()[1] for line in err.splitlines() if line.startswith("  message ")} == campaigns


# on a terminal


def on_terminal(*argv, seconds=20.0):
    """What the command shows on a terminal, and its exit code."""
    main, side = pty.openpty()
    process = subprocess.Popen([sys.executable, *argv], stdin=side, stdout=side, stderr=side, close_fds=True)
    os.close(side)
    shown = b""
    while True:
        try:
            chunk = os.read(main, 65536)
        except OSError:
            break
        if not chunk:
            break
        shown += chunk
    os.close(main)
    return shown.decode(), process.wait(seconds)


def test_on_a_terminal_it_draws_how_far_it_is(account, monkeypatch):
    """Account and host, a bar, counts and pace; at the end only the report is left, with what is no success."""
    pytest.importorskip("rich", reason="rich draws the view of stop")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    campaigns = [account.add("in-progress", name=f"otp-{number}") for number in range(9)]
    for one in campaigns[:4]:
        account.fault("stall", method="PUT", id=one, seconds=0.6)
    account.fault("rejected", method="PUT", id=campaigns[5], times=9)
    shown, code = on_terminal("-m", "campaign_fsm", "stop", "--all", "--budget", "100")
    assert code == 1
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)
    assert f"Stopping acme1 on {os.environ['EXOTEL_BASE_URL']}" in plain
    assert re.search(r"\d of at least 9, at least 0 s left", plain)
    assert re.search(r"\d+ s; \d+ of 100 requests used in the last minute", plain)
    assert "Ctrl-C ends it after what is in flight." in plain
    assert re.search(r"failed +message \S+ +otp-5: PUT campaign", plain)
    assert "9 campaigns: 8 paused, 1 failed." in plain
    assert "otp-3" not in plain  # what went well is a count


def test_on_a_dumb_terminal_there_are_lines(account, monkeypatch):
    """Nothing could be drawn there."""
    monkeypatch.setenv("TERM", "dumb")
    account.add("in-progress", name="otp-1")
    shown, code = on_terminal("-m", "campaign_fsm", "stop", "--all")
    assert code == 0
    assert "otp-1" in shown


def test_without_rich_a_terminal_gets_lines(account, monkeypatch):
    """The same as everywhere else."""
    monkeypatch.setenv("TERM", "xterm")
    account.add("in-progress", name="otp-1")
    program = "import sys; sys.modules['rich'] = None; from campaign_fsm.cli import main; main(['stop', '--all'])"
    shown, code = on_terminal("-c", program)
    assert code == 0
    assert "otp-1" in shown
    assert "Stopping account acme1" in shown


def test_the_time_that_is_left_counts_whole_minutes_of_the_budget():
    """What has room now takes no time; the rest comes a minute later each, after what is waited for now."""
    now = [100.0]
    progress = Progress("acme1", "http://x", "all", Budget(30, lambda: now[0]))
    key = ("message", "in-progress")
    progress.expected[key] = 28
    assert progress.seconds_left() == 0
    progress.expected[key] = 180
    assert progress.seconds_left() == 6 * 60
    progress.waits_until = time.monotonic() + 30
    assert progress.seconds_left() == pytest.approx(30 + 6 * 60, abs=1)
    assert Progress("acme1", "http://x", "all", None).seconds_left() is None

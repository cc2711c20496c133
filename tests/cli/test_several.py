"""An action on several campaigns: each by itself; what fails stops no other, and the worst is the exit code."""

import io
import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from commands import call, on_a_terminal

from campaign_fsm import CampaignClient
from campaign_fsm.cli import cli
from campaign_fsm.gate import budget

pytestmark = pytest.mark.usefixtures("impatient")


@pytest.fixture
def typed(monkeypatch):
    """Puts a text on the standard input."""
    return lambda text: monkeypatch.setattr("sys.stdin", io.StringIO(text))


def raises(error):
    """A function that raises this."""

    def function(*_, **__):
        raise error

    return function


def done(account):
    """What was applied, in order."""
    return [(entry.action, entry.id) for entry in account.journal if entry.method == "PUT" and entry.applied]


def test_each_is_done_by_itself_whatever_becomes_of_the_others(account, capsys):
    """One line each, in order; the counts at the end; 2 is worse than 1, and 1 than 0."""
    running = [account.add("in-progress") for _ in range(2)]
    paused, over = account.add("paused"), account.add("completed")
    code, out, err = call(capsys, "pause", running[0], over, "nosuch", paused, running[1])
    assert code == 2
    assert out.splitlines() == [
        f"pause of {running[0]} applied: it is paused.",
        f"{paused} is already paused; nothing was sent.",
        f"pause of {running[1]} applied: it is paused.",
    ]
    assert [line.partition(" was not sent ")[0] for line in err.splitlines()[:2]] == [
        f"error: pause of message campaign {over}",
        "error: pause of message campaign nosuch",
    ]
    assert err.splitlines()[2:] == [
        "5 campaigns: 3 as wanted, 1 refused or overtaken, 1 rejected, not read or unknown.",
        "campaign-fsm help outcomes says more.",
    ]
    assert done(account) == [("pause", one) for one in running]
    assert call(capsys, "pause", over, running[0])[0] == 1
    code, out, err = call(capsys, "resume", *running)
    assert (code, err) == (0, "2 campaigns: 2 as wanted.\n")
    assert out.count("What is sent from now on stays sent.") == 2


def test_ids_come_from_the_standard_input_too(account, capsys, typed):
    """One a line, each once; among those of the command line, and as other systems write lines."""
    one, two, three = (account.add("in-progress") for _ in range(3))
    typed(f"\ufeff{two}\r\n\n  {three} \n{one}\n{two}\n")
    code, _, err = call(capsys, "pause", one, "-")
    assert (code, err) == (0, "3 campaigns: 3 as wanted.\n")
    assert done(account) == [("pause", campaign) for campaign in (one, two, three)]
    typed(" \n")
    code, _, err = call(capsys, "pause", "-")
    assert code == 2
    assert "there is no id on the standard input." in err
    before = len(account.journal)
    for odd in ("not/an/id", f"{two}\tname of another", f"{two}\x0b{three}", f"{two}\u2028{three}", "--yes", "-"):
        typed(f"{one}\n{odd}\n")
        code, _, err = call(capsys, "resume", "-")
        assert (code, len(account.journal)) == (2, before), odd
        assert odd.split()[0] in err


def test_as_json_each_is_one_object_that_names_its_campaign(account, capsys, typed):
    """In order, successes and errors alike; of one that stands alone it is as it was."""
    running, over = account.add("in-progress"), account.add("archived")
    code, out, err = call(capsys, "pause", running, over, running, "nosuch", "--json")
    told = [json.loads(line) for line in out.splitlines()]
    assert (code, err) == (2, "")
    assert [(one["campaign_id"], one["outcome"]) for one in told] == [
        (running, "applied"),
        (over, "refused"),
        ("nosuch", "refused"),
    ]
    typed(over)
    code, out, _ = call(capsys, "pause", "-", "--dry-run", "--json")
    assert (code, json.loads(out)["campaign_id"]) == (1, over)
    assert "campaign_id" not in json.loads(call(capsys, "resume", running, "--json")[1])
    told = [json.loads(line) for line in call(capsys, "resume", running, over, "--json")[1].splitlines()]
    assert [(one["campaign_id"], one["outcome"]) for one in told] == [(running, "already there"), (over, "refused")]


def test_a_dry_run_judges_each(account, capsys):
    """Below its id; nothing is sent."""
    campaigns = [account.add(status) for status in ("in-progress", "paused", "archived")]
    code, out, err = call(capsys, "complete", *campaigns, "--dry-run")
    assert code == 1
    assert err.endswith("3 campaigns: 1 legal, or there already, 2 illegal.\ncampaign-fsm help outcomes says more.\n")
    assert [line for line in out.splitlines() if line in campaigns] == campaigns
    assert [line.split()[0] for line in out.splitlines() if line.split()[1:3] == ["complete", "while"]] == [
        "ILLEGAL",
        "LEGAL",
        "ILLEGAL",
    ]
    assert done(account) == []


def test_what_cannot_be_undone_is_asked_about_once(account):
    """With the count and the first names; a no sends nothing."""
    campaigns = [account.add("paused", name=f"offers-{number}") for number in range(5)]
    shown, code = on_a_terminal("complete", *campaigns, until=b"[y/N]", answer=b"n\n")
    assert code == 2
    for part in (
        b"offers-0",
        b"offers-2",
        b"and 2 more",
        b"Complete 5 campaigns?",
        b"the remaining numbers are marked as failed",
    ):
        assert part in shown
    assert b"offers-3" not in shown
    assert done(account) == []
    assert on_a_terminal("complete", *campaigns, until=b"[y/N]", answer=b"y\n")[1] == 0
    assert done(account) == [("complete", campaign) for campaign in campaigns]


def test_where_nobody_can_be_asked_several_need_yes(account, capsys):
    """And nothing is read before that is said."""
    campaigns = [account.add("paused") for _ in range(2)]
    code, _, err = call(capsys, "complete", *campaigns)
    assert (code, len(account.journal)) == (2, 0)
    assert err == (
        "error: complete cannot be undone: the remaining numbers are marked as failed. Add --yes to go on.\n"
    )
    assert call(capsys, "complete", *campaigns, "--yes")[0] == 0


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_wrong_credentials_end_it(account, capsys, method):
    """The others would be answered alike, and the vendor counts the requests; each is named as not tried."""
    campaigns = [account.add("in-progress") for _ in range(3)]
    account.fault("rejected", method=method, status_code=401, times=9)
    code, _, err = call(capsys, "pause", *campaigns)
    assert code == 2
    assert err.splitlines()[1:4] == [
        f"{campaigns[1]}: it was not tried.",
        f"{campaigns[2]}: it was not tried.",
        "3 campaigns: 1 rejected, not read or unknown, 2 not done.",
    ]
    assert {entry.id for entry in account.journal} == {campaigns[0]}
    told = [json.loads(line) for line in call(capsys, "pause", *campaigns, "--json")[1].splitlines()]
    assert [one["campaign_id"] for one in told] == campaigns
    assert [one["outcome"] for one in told][1:] == ["not tried", "not tried"]


@pytest.fixture
def broken(account, monkeypatch):
    """Four campaigns; the pause of the second takes effect and then raises."""
    campaigns = [account.add("in-progress") for _ in range(4)]
    pause = CampaignClient.pause

    def breaks(error):
        def broken(self, campaign_id):
            paused = pause(self, campaign_id)
            if campaign_id == campaigns[1]:
                raise error
            return paused

        monkeypatch.setattr(CampaignClient, "pause", broken)
        return campaigns

    return breaks


def test_a_bug_stops_none_of_the_others(account, capsys, broken):
    """Of its campaign nothing is known any more, in words and in JSON."""
    campaigns = broken(RuntimeError("boom"))
    code, _, err = call(capsys, "pause", *campaigns)
    assert (code, len(done(account))) == (2, 4)
    assert f"{campaigns[1]}: what came of it is unknown: RuntimeError: boom.\n" in err
    assert "4 campaigns: 3 as wanted, 1 rejected, not read or unknown.\n" in err


def test_a_bug_is_an_object_that_names_its_campaign(account, capsys, broken):
    """As every other outcome."""
    campaigns = broken(RuntimeError("boom"))
    code, out, err = call(capsys, "pause", *campaigns, "--json")
    told = [json.loads(line) for line in out.splitlines()]
    assert (code, err, [one["campaign_id"] for one in told]) == (2, "", campaigns)
    assert [one["outcome"] for one in told] == ["applied", "unexpected", "applied", "applied"]


@pytest.mark.parametrize("as_json", [[], ["--json"]])
def test_an_interrupt_ends_it_and_each_is_accounted_for(account, capsys, broken, as_json):
    """The one that was at work is unknown, those after it were not tried."""
    campaigns = broken(KeyboardInterrupt())
    code, out, err = call(capsys, "pause", *campaigns, *as_json)
    assert (code, done(account)) == (2, [("pause", one) for one in campaigns[:2]])
    if as_json:
        told = [json.loads(line) for line in out.splitlines()]
        assert [one["campaign_id"] for one in told] == campaigns
        assert [one["outcome"] for one in told] == ["applied", "interrupted", "not tried", "not tried"]
    else:
        assert f"{campaigns[1]}: if the pause was on its way, it is unknown whether it took effect.\n" in err
        assert "4 campaigns: 1 as wanted, 1 rejected, not read or unknown, 2 not done.\n" in err


def test_an_interrupted_dry_run_has_sent_nothing(account, capsys, monkeypatch):
    """Whichever campaign it was at."""
    campaigns = [account.add("in-progress") for _ in range(2)]
    monkeypatch.setattr("campaign_fsm.cli.actions.rehearse", raises(KeyboardInterrupt()))
    code, _, err = call(capsys, "pause", *campaigns, "--dry-run")
    assert code == 2
    assert f"{campaigns[0]}: nothing was sent (dry run).\n" in err
    assert "on its way" not in err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("as_json", [[], ["--json"]])
def test_a_full_disk_does_not_stop_the_brake(account, as_json):
    """All that can be are paused, and standard error says that it could not be said."""
    campaigns = [account.add(status) for status in ("in-progress", "completed", "in-progress", "in-progress")]
    with Path("/dev/full").open("w") as full:
        run = subprocess.run(
            [sys.executable, "-m", "campaign_fsm", "pause", *campaigns, *as_json],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=60,
        )
    assert (run.returncode, len(done(account))) == (2, 3)
    assert "could not be written" in run.stderr


def test_a_shell_that_completes_reads_no_ids(monkeypatch):
    """It would wait for the terminal."""

    class Terminal:
        def read(self):
            raise AssertionError("the standard input is read")

    monkeypatch.setattr("sys.stdin", Terminal())
    context = cli.make_context("campaign-fsm", ["pause", "-"], resilient_parsing=True)
    command = cli.get_command(context, "pause")
    assert (
        command.make_context("pause", ["-", "--js"], parent=context, resilient_parsing=True).params["as_json"] is False
    )


def test_they_share_one_budget(account, capsys):
    """Four pauses, each read before it, need a second minute at four requests a minute, and none is lost."""
    budget.renew(budget.Budgets(is_limited=lambda _: False, minute=0.5))
    campaigns = [account.add("in-progress") for _ in range(4)]
    code, _, err = call(capsys, "pause", *campaigns, "--budget", "4")
    assert (code, done(account)) == (0, [("pause", campaign) for campaign in campaigns])
    assert "request budget" in err


def test_a_yes_counts_for_the_policy_too(account, tmp_path, monkeypatch):
    """One question, not one for each."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "campaign-fsm.toml").write_text('confirm = ["complete"]')
    campaigns = [account.add("paused", name="a\x1b[31mb") for _ in range(2)]
    shown, code = on_a_terminal("complete", *campaigns, until=b"[y/N]", answer=b"y\n")
    assert (code, len(done(account))) == (0, 2)
    assert b"\x1b[31m" not in shown


def test_a_question_says_what_is_contested_and_what_cannot_be_read(account):
    """As that about one campaign does; one that is not there stops none of the others."""
    calls = account.add("created", channel="voice", start=account.now + timedelta(hours=3))
    shown, code = on_a_terminal("delete", "nosuch", calls, "--channel", "voice", until=b"[y/N]", answer=b"y\n")
    assert code == 2
    assert b"CF117" in shown
    assert b"nosuch (its status could not be read)" in shown
    assert account.status(calls) == "deleted"


def test_a_pause_that_cannot_be_sent_is_told_by_hand_for_each(account, capsys):
    """The emergency brake has a line for every campaign that it could not reach."""
    campaigns = [account.add("in-progress") for _ in range(2)]
    account.fault("server-error", method="GET", times=9)
    code, _, err = call(capsys, "pause", *campaigns, "--deadline", "0")
    assert code == 2
    assert [line.split()[3].rpartition("/")[2] for line in err.splitlines() if "curl" in line] == campaigns


# selections


@pytest.fixture
def offers(account):
    """Paused campaigns: three of a name, and another."""
    return [account.add("paused", name=f"otp-{number}") for number in range(3)] + [account.add("paused", name="other")]


def test_a_selection_is_the_campaigns_of_which_the_action_is_legal(account, offers, capsys):
    """Each is read by itself and done; the others are left alone."""
    account.add("completed", name="otp-over")
    code, out, err = call(capsys, "resume", "--name", "otp-*")
    assert (code, err) == (0, "3 campaigns: 3 as wanted.\n")
    assert sorted(done(account)) == sorted(("resume", one) for one in offers[:3])
    code, out, _ = call(capsys, "pause", "--all", "--json")
    assert code == 0
    assert {json.loads(line)["campaign_id"] for line in out.splitlines()} == {*offers[:3]}
    code, out, err = call(capsys, "archive", "--name", "nothing*", "--yes", "--expect", "0")
    assert (code, out) == (0, "")
    assert err == "There is no such message campaign of which archive is legal; nothing was sent.\n"
    assert json.loads(call(capsys, "resume", "--name", "none", "--json")[1])["outcome"] == "nothing selected"


@pytest.mark.parametrize("action", ["complete", "archive", "delete"])
def test_yes_alone_never_covers_a_selection(account, offers, capsys, action):
    """Nothing is even read; with the count it needs no terminal, and a count that differs sends nothing."""
    channel = ("--channel", "voice") if action == "delete" else ()
    code, _, err = call(capsys, action, "--name", "otp-*", "--yes", *channel)
    assert code == 2
    assert "Of a selection --yes needs --expect COUNT, which --dry-run tells." in err
    assert len(account.journal) == 0
    code, _, err = call(capsys, action, "--name", "otp-*", "--yes", "--expect", "7", *channel)
    assert code == 2
    assert "would be meant, and --expect says 7; nothing was sent." in err
    assert done(account) == []


def test_with_the_count_a_selection_is_done(account, offers, capsys):
    """In a script; without `--yes` it says what to add."""
    code, _, err = call(capsys, "complete", "--name", "otp-*")
    assert code == 2
    assert "Add --yes --expect 3 to go on." in err
    assert call(capsys, "complete", "--name", "otp-*", "--yes", "--expect", "3")[0] == 0
    assert sorted(done(account)) == sorted(("complete", one) for one in offers[:3])


def test_a_selection_is_asked_about_once_with_its_first_names(account, offers):
    """And a no sends nothing."""
    shown, code = on_a_terminal("complete", "--all", until=b"[y/N]", answer=b"n\n")
    assert code == 2
    assert b"Complete 4 campaigns?" in shown
    assert b"and 1 more" in shown
    assert done(account) == []


def test_ids_can_be_counted_too(account, offers, capsys):
    """What came down a pipe may be more than was thought."""
    assert call(capsys, "complete", *offers, "--yes", "--expect", "3")[0] == 2
    assert call(capsys, "complete", offers[0], "--yes", "--expect", "2")[0] == 2
    assert done(account) == []
    assert call(capsys, "complete", offers[0], "--yes", "--expect", "1")[0] == 0


def test_what_is_selected_may_have_moved_when_its_turn_comes(account, offers, capsys):
    """Each is read right before: what is no longer paused is refused, by its own reading."""
    account.fault("moved", method="GET", after=1, to_status="in-progress", id=offers[1])
    account.fault("moved", method="GET", to_status="in-progress", id=offers[0])
    real = account.handle

    def handle(method, target, headers, body):
        reply = real(method, target, headers, body)
        if method == "GET" and "?" in target:
            account.move(offers[2], "in-progress")
        return reply

    account.handle = handle
    code, _, _ = call(capsys, "complete", "--name", "otp-*", "--yes", "--expect", "3")
    assert code == 1
    assert ("complete", offers[2]) not in done(account)
    assert not [entry for entry in account.journal if entry.id == offers[2] and entry.method == "PUT"]


@pytest.mark.parametrize("command", ["pause", "resume", "complete", "archive", "delete"])
def test_which_campaigns_has_to_be_said(account, capsys, command):
    """There is no default."""
    code, _, err = call(capsys, command, "--yes")
    assert code == 2
    assert "say which campaigns: ids, - for ids on the standard input, --name" in err
    assert len(account.journal) == 0

"""The command line: verdicts, exit codes, what is asked and what is printed, as a user's shell sees it."""

import io
import json
import os
import re
import shutil
import subprocess
import sys

import oracle
import pytest
from click.testing import CliRunner
from commands import call, on_a_terminal, shell

from campaign_fsm import __version__
from campaign_fsm.cli import COMMANDS, cli, run
from campaign_fsm.rules import ENTRIES


def test_check_gives_the_verdict_of_the_oracle_in_every_cell(capsys):
    """Exit 0 where the typed table says legal, 1 where not; in JSON with the destination."""
    counted = 0
    flags = {None: [], True: ["--started"], False: ["--not-started"]}
    for status, action, channel, started, strict in oracle.cells():
        if status in (None, "unknown"):
            continue
        argv = ["check", status, action, "--channel", channel, *flags[started], *["--strict"] * strict, "--json"]
        code, out, _ = call(capsys, *argv)
        found = json.loads(out)
        dest = oracle.legal(status, action, channel, started, strict=strict)
        assert code == (0 if dest else 1), argv
        assert (found["verdict"], found["destination"], found["version"]) == ("legal" if dest else "illegal", dest, 1)
        counted += 1
    assert counted == 864


def test_check_explains_an_illegal_action(capsys):
    """The verdict, the rule with its page, what is legal, and the way with what cannot be undone."""
    code, out, _ = call(capsys, "check", "in-progress", "complete")
    assert code == 1
    assert out.startswith("ILLEGAL  complete while in-progress  (CF224, message)")
    assert "https://developer.exotel.com/api/update-sms-campaign-3" in out
    assert re.search(r"legal now +pause\n", out)
    assert re.search(r"the way +pause → complete \(cannot be undone\)\n", out)


def test_check_says_what_is_contested_and_what_cannot_be_undone(capsys):
    """Both are said of a legal action."""
    code, out, _ = call(capsys, "check", "created", "delete", "--channel", "voice")
    assert code == 0
    assert "cannot be undone" in out
    assert "contested" in out


def test_check_reads_the_spellings_of_the_wire(capsys):
    """InProgress and scheduled are what a person copies from an answer."""
    assert call(capsys, "check", "InProgress", "pause")[0] == 0
    assert call(capsys, "check", "scheduled", "resume")[1].count("wait for its start time") == 1


@pytest.mark.parametrize(
    ("argv", "names"),
    [
        (["check", "running", "pause"], "'running' is on no list"),
        (["check", "pausd", "pause"], "did you mean paused"),
        (["check", "paused", "resum"], "did you mean resume"),
        (["check", "paused"], "ACTION"),
        (["check", "paused", "resume", "--channel", "fax"], "fax"),
        (["route", "paused", "gone"], "'gone' is on no list"),
        (["explain", "CF999"], "no code 'CF999'"),
        (["explain", "nonsense"], "campaign-fsm rules"),
        (["explain", "nope"], "Near it is NotOne."),
        (["explain", "cf30"], "Near it are CF301, CF302, "),
        (["explain", "paused"], "campaign-fsm check"),
        (["explain", "pause"], "campaign-fsm check"),
        (["check", "bogus", "pause"], "Invalid value for 'STATUS'"),
        (["check", "paused", "resum"], "did you mean resume? Use one of "),
        (["chek"], "Did you mean check?"),
        (["xyzzy"], "See campaign-fsm --help."),
        (["--nonsense"], "--nonsense"),
        (["get"], "ID"),
        (["get", "../x"], "1 to 64 of A-Z a-z 0-9 _ and -, not '../x'."),
        (["pause", "a\x1b[2J"], r"not 'a\x1b[2J'."),
        (["get", "abc"], "EXOTEL_API_KEY"),
        (["pause", "abc"], "EXOTEL_API_KEY"),
        (["diagram", "--check", "nowhere-at-all"], "nowhere-at-all"),
        (["completion", "csh"], "csh"),
    ],
)
def test_what_is_no_verdict_is_exit_2_with_what_to_do(capsys, argv, names):
    """Bad input, missing settings and unknown names: a sentence that names what was wrong, and 2."""
    code, out, err = call(capsys, *argv)
    assert code == 2
    assert names in err
    assert out == ""


def test_an_unknown_status_in_json_is_the_verdict_unknown(capsys):
    """Machines get an object too, and exit 2."""
    code, out, _ = call(capsys, "check", "running", "pause", "--json")
    assert (code, json.loads(out)["verdict"]) == (2, "unknown")


def test_route_agrees_with_the_oracle(capsys):
    """Exit 0 with the steps, 1 where there is none."""
    for start, goal, way in oracle.routes():
        code, out, _ = call(capsys, "route", start, goal, "--json")
        assert code == (1 if way is None else 0)
        assert json.loads(out)["route"] == (None if way is None else list(way))
    assert call(capsys, "route", "in-progress", "archived")[1] == (
        "pause → complete (cannot be undone) → archive (cannot be undone)\n"
    )
    assert "wait for its start time" in call(capsys, "route", "created", "in-progress")[1]
    assert "already" in call(capsys, "route", "paused", "paused")[1]
    assert "No legal way" in call(capsys, "route", "failed", "paused")[1]


def test_every_code_is_listed_and_explained(capsys):
    """`rules` has each code once, `explain` knows each, in text and JSON."""
    _, out, _ = call(capsys, "rules")
    listed = re.findall(r"^  (CF\d{3})  ", out, flags=re.MULTILINE)
    assert sorted(listed) == sorted(ENTRIES)
    assert max(len(line) for line in out.splitlines()) <= 80
    told = json.loads(call(capsys, "rules", "--json")[1])["rules"]
    assert [entry["code"] for entry in told] == sorted(ENTRIES)
    for code in ENTRIES:
        assert call(capsys, "explain", code.lower())[1].startswith(code)
        assert json.loads(call(capsys, "explain", code, "--json")[1])["code"] == code
    assert "CF117" not in call(capsys, "rules", "--channel", "message")[1]


def test_a_form_is_not_dropped(capsys):
    """Of two that exclude each other."""
    code, out, _ = call(capsys, "rules", "--format", "md", "--json")
    assert (code, json.loads(out)["outcome"]) == (2, "usage error")


def test_every_command_has_help_with_examples():
    """`--help` of each command shows how it is called."""
    runner = CliRunner()
    for name in COMMANDS:
        done = runner.invoke(cli, [name, "--help"])
        assert done.exit_code == 0, name
        assert "Examples:" in done.output, name
        assert "Exit code" in done.output, name
    assert all(name in runner.invoke(cli, ["--help"]).output for name in COMMANDS)


def test_the_version(capsys):
    """The one of the package."""
    assert call(capsys, "--version")[:2] == (0, f"campaign-fsm {__version__}\n")


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_completion_scripts(capsys, name):
    """Each shell gets a script, with how to keep it."""
    code, out, _ = call(capsys, "completion", name)
    assert code == 0
    assert "_CAMPAIGN_FSM_COMPLETE" in out
    assert out.startswith("# To keep it:")


def test_completion_completes():
    """The script's own question is answered with commands."""
    env = {"_CAMPAIGN_FSM_COMPLETE": "bash_complete", "COMP_WORDS": "campaign-fsm arch", "COMP_CWORD": "1"}
    assert shell(env=env).stdout == "plain,archive\n"


# On a real host


def test_get_prints_the_campaign(capsys, account):
    """Labels and values for people, one object for machines."""
    campaign = account.add("in-progress", name="diwali \x1b[2J", channel="voice")
    code, out, _ = call(capsys, "get", campaign, "--channel", "voice")
    assert code == 0
    assert "'InProgress' on the wire" in out
    assert "pending 5" in out
    assert "\x1b" not in out
    code, out, _ = call(capsys, "get", campaign, "--channel", "voice", "--json")
    assert json.loads(out)["campaign"]["stats"]["pending"] == 5


def test_the_actions_and_their_exit_codes(capsys, account):
    """Applied and already there are 0, refused is 1; in JSON with the outcome's name."""
    campaign = account.add("in-progress")
    assert call(capsys, "complete", campaign)[0] == 1
    assert call(capsys, "complete", campaign, "--yes", "--json")[1].count('"outcome": "refused"') == 1
    assert call(capsys, "pause", campaign)[:2] == (0, f"pause of {campaign} applied: it is paused.\n")
    assert call(capsys, "pause", campaign)[:2] == (0, f"{campaign} is already paused; nothing was sent.\n")
    code, out, _ = call(capsys, "pause", campaign, "--json")
    assert (code, json.loads(out)["outcome"]) == (0, "already there")
    assert "stays sent" in call(capsys, "resume", campaign)[1]
    call(capsys, "pause", campaign)
    code, out, _ = call(capsys, "complete", campaign, "--yes", "--json")
    assert (code, json.loads(out)["campaign"]["status"]) == (0, "completed")
    assert call(capsys, "archive", campaign, "--yes")[0] == 0


def test_a_dry_run_sends_nothing(capsys, account):
    """It reads, says what would happen, and exits with the verdict."""
    campaign = account.add("in-progress")
    code, out, _ = call(capsys, "pause", campaign, "--dry-run")
    assert (code, "Nothing was sent" in out) == (0, True)
    assert call(capsys, "complete", campaign, "--dry-run")[0] == 1
    code, out, _ = call(capsys, "complete", campaign, "--dry-run", "--json")
    assert (code, json.loads(out)["outcome"]) == (1, "illegal")
    assert {entry.method for entry in account.journal} == {"GET"}


def test_plain_http_is_refused_with_what_a_command_can_do(capsys, account):
    """A command has no option that names hosts for it."""
    code, _, err = call(capsys, "get", account.add("paused"), "--base-url", "http://gateway.invalid")
    assert (code, "gateway.invalid; use https.\n" in err) == (2, True)
    assert account.journal == ()


def test_what_cannot_be_undone_needs_yes_where_nobody_can_be_asked(capsys, account, monkeypatch):
    """Without a terminal there is no question, so there is no write."""
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    campaign = account.add("paused")
    code, _, err = call(capsys, "complete", campaign)
    said = "complete cannot be undone: the remaining numbers are marked as failed. Add --yes to go on."
    assert (code, err) == (2, f"error: {said}\n")  # the command line is as it should be, so there is no word of usage
    code, out, _ = call(capsys, "complete", campaign, "--json")
    assert (code, json.loads(out)["outcome"]) == (2, "not confirmed")
    assert {entry.method for entry in account.journal} == {"GET"}


@pytest.mark.parametrize(("answer", "code", "status"), [("n", 2, "paused"), ("y", 0, "completed"), ("", 2, "paused")])
def test_on_a_terminal_it_asks_and_shows_what_is_at_stake(account, answer, code, status):
    """Account, host, name, status and pending numbers, then yes or no."""
    campaign = account.add("paused", name="diwali")
    shown, left = on_a_terminal("complete", campaign, until=b"[y/N]", answer=f"{answer}\n".encode())
    assert left == code
    for told in (
        b"acme1",
        os.environ["EXOTEL_BASE_URL"].encode(),
        b"diwali",
        b"paused",
        b"pending  5",
        b"cannot be undone",
    ):
        assert told in shown
    assert b"token-canary" not in shown
    assert account.status(campaign) == status


def test_a_pause_that_cannot_be_sent_ends_with_the_vendors_line(capsys, monkeypatch):
    """The emergency brake by hand: the curl line, with the credentials left to the environment."""
    for name, value in {
        "BASE_URL": "http://127.0.0.1:9",
        "ACCOUNT_SID": "acme1",
        "API_KEY": "key-canary",
        "API_TOKEN": "token-canary",
    }.items():
        monkeypatch.setenv(f"EXOTEL_{name}", value)
    code, out, err = call(capsys, "pause", "abc", "--deadline", "0", "--channel", "voice")
    assert code == 2
    last = err.strip().splitlines()[-1].strip()
    assert last.startswith("curl --request PUT http://127.0.0.1:9/v2/accounts/acme1/campaigns/abc")
    assert '{"campaigns": [{"action": "pause"}]}' in last
    assert "canary" not in out + err
    _, _, err = call(capsys, "resume", "abc", "--deadline", "0")
    assert "curl" not in err
    code, out, _ = call(capsys, "pause", "abc", "--deadline", "0", "--json")
    assert json.loads(out)["by_hand"].startswith("curl")


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_line_to_try_by_hand_works(capsys, account, monkeypatch):
    """What is printed is what the server takes."""
    campaign = account.add("in-progress")
    account.fault("server-error", method="GET")
    _, _, err = call(capsys, "pause", campaign, "--deadline", "0")
    line = err.strip().splitlines()[-1].strip()
    done = subprocess.run(line, shell=True, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    assert account.status(campaign) == "paused"


def test_a_race_is_exit_1_and_an_unknown_outcome_exit_2(capsys, account):
    """Overtaken is a verdict; not knowing is not."""
    campaign = account.add("paused")
    account.fault("moved", method="GET", id=campaign, after=1, to_status="in-progress")
    code, _, err = call(capsys, "complete", campaign, "--yes")
    assert code == 0 or "overtaken" in err
    account.move(campaign, "paused")
    account.clear_faults()
    account.fault("moved", method="GET", id=campaign, to_status="in-progress")
    code, _, err = call(capsys, "complete", campaign, "--yes")
    assert (code, "was overtaken" in err) == (1, True)
    account.fault("server-error", method="GET", times=20)
    assert call(capsys, "pause", campaign, "--deadline", "0")[0] == 2


# The shell's view


def test_nothing_is_coloured_when_it_is_no_terminal():
    """Pipes get plain text."""
    assert "\x1b" not in shell("check", "in-progress", "complete").stdout


def test_a_reader_that_has_had_enough_gets_no_traceback():
    """`campaign-fsm rules | head -1` is quiet."""
    process = subprocess.Popen(
        f"{sys.executable} -m campaign_fsm rules --json | head -c 10",
        shell=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    out, err = process.communicate(timeout=30)
    assert (len(out), err) == (10, b"")


def test_an_unexpected_exception_is_exit_2_with_one_line(monkeypatch, capsys):
    """No traceback unless asked for."""
    from campaign_fsm.cli import rules

    monkeypatch.setattr(rules, "decide", lambda *_, **__: 1 / 0)
    code, _, err = call(capsys, "check", "paused", "pause")
    assert code == 2
    assert "ZeroDivisionError" in err
    assert "CAMPAIGN_FSM_DEBUG" in err
    monkeypatch.setenv("CAMPAIGN_FSM_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        run(["check", "paused", "pause"])


def test_an_interrupt_is_exit_2(monkeypatch, capsys):
    """Ctrl-C is no verdict."""
    from campaign_fsm.cli import rules

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(rules, "decide", interrupted)
    assert call(capsys, "check", "paused", "pause")[0] == 2


def test_check_loads_neither_an_http_library_nor_another_command():
    """The start stays fast because nothing is loaded that is not used."""
    script = (
        "import sys; from campaign_fsm.cli import run; run(['check', 'paused', 'complete']);"
        "print([m for m in ('httpx', 'httpcore', 'rich', 'anyio', 'campaign_fsm.client', 'campaign_fsm.simulator',"
        " 'campaign_fsm.cli.reads', 'campaign_fsm.errors') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_demo_tells_a_true_story(capsys):
    """What it prints of the journal is what the journal holds, and it ends by itself."""
    code, out, _ = call(capsys, "demo")
    assert code == 0
    for told in (
        "CF224",
        "legal way pause, then complete",
        "CF410",
        "overtaken",
        "illegal on arrival",
        "5 writes arrived",
    ):
        assert told in out
    code, out, _ = call(capsys, "demo", "--json")
    assert (code, json.loads(out)["illegal_on_arrival"]) == (0, 1)


def test_without_a_command_the_help_is_shown(capsys):
    """It is what everybody sees first, and no error."""
    code, out, err = call(capsys)
    assert (code, out) == (2, "")
    assert err.startswith("Usage: campaign-fsm [OPTIONS] COMMAND")
    assert "error" not in err.partition("Options:")[0]

"""`campaign-fsm list`, `find`, `watch`, `create`, `edit`, `reschedule`, `delete` against the simulator server."""

import io
import json
import logging
import os
import re
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
from commands import DRAFT, call, on_a_terminal, shell
from operations import writes_of

from campaign_fsm.cli import reads
from campaign_fsm.gate import budget
from campaign_fsm.gate.budget import Budgets
from campaign_fsm.rules import Status

TOML = """
caller_id = "08012345678"
from = ["+919900000001"]
name = "calls"
retries = { number_of_retries = 2, interval_mins = 15, mechanism = "Linear", on_status = ["busy"] }

[schedule]
send_at = 2999-01-01T10:00:00+05:30
"""


@pytest.fixture
def draft(tmp_path):
    path = tmp_path / "draft.json"
    path.write_text(json.dumps(DRAFT))
    return str(path)


# list, find, watch


def test_a_command_that_logs_leaves_the_logger_as_it_was(account, capsys):
    """Who runs commands in a process of his own keeps his handlers and their level."""
    logger = logging.getLogger("campaign_fsm")
    before = [*logger.handlers], logger.level
    assert "GET" in call(capsys, "list", "--verbose")[2]
    assert ([*logger.handlers], logger.level) == before


def test_a_list_is_lines_with_tabs_where_nobody_watches(account, capsys):
    """Id, status, start, pending numbers, name, what explains it; nothing else on standard output."""
    start = account.now + timedelta(hours=1)
    one = account.add("paused", name="diwali\x1b[31m", start=start)
    two = account.add("failed", name="holi")
    code, out, err = call(capsys, "list", "--sort", "name:asc")
    assert (code, err) == (0, "")
    assert [line.split("\t") for line in out.splitlines()] == [
        [one, "paused", "2026-01-05 11:00", "10", "diwali�[31m", "-"],
        [two, "failed", "-", "0", "holi", "no number could be attempted"],
    ]


def test_a_list_on_a_terminal_is_a_table(account):
    """With a heading, columns that line up, and a count at the end."""
    account.add("paused", name="diwali")
    account.add("in-progress", name="holi")
    shown, code = on_a_terminal("list", until=b"2 campaigns.", answer=b"")
    assert code == 0
    lines = [line for line in re.sub(r"\x1b\[\d*m|\r", "", shown.decode()).splitlines() if line]
    assert lines[0].split() == ["ID", "STATUS", "STARTS", "PENDING", "NAME", "NOTE"]
    assert {line.find("in-progress") for line in lines[1:3]} | {line.find("paused") for line in lines[1:3]} == {-1, 34}
    assert lines[0].find("STATUS") == 34


def test_a_list_as_json_is_one_object_a_line(account, capsys):
    """Filtered and cut off."""
    for number in range(5):
        account.add("paused", name=f"n{number}")
    account.add("failed")
    code, out, _ = call(capsys, "list", "--json", "--status", "paused", "--limit", "3")
    found = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert len(found) == 3
    assert {(line["version"], line["outcome"], line["campaign"]["status"]) for line in found} == {(1, "read", "paused")}


@pytest.mark.parametrize("argv", [["--sort", "size"], ["--sort", "name:up"], ["--status", "halted"], ["--limit", "0"]])
def test_a_list_that_cannot_be_asked_for_says_why(account, capsys, argv):
    """Before anything is sent."""
    code, out, err = call(capsys, "list", *argv)
    assert (code, out) == (2, "")
    assert argv[0].strip("-") in err
    assert account.journal == ()


def test_a_list_that_breaks_off_keeps_what_it_had(account, capsys):
    """The first page was printed before the second failed."""
    for number in range(60):
        account.add("paused", name=f"n{number}")
    account.fault("rejected", method="GET", after=1, status_code=403)
    code, out, err = call(capsys, "list")
    assert code == 2
    assert len(out.splitlines()) == 50
    assert "no access" in err


def test_find_prints_one_campaign_or_says_how_many(account, capsys):
    """Exit 1 for none and for several; --id is for the next command."""
    one = account.add("failed", name="diwali")
    code, out, _ = call(capsys, "find", "diwali")
    assert code == 0
    assert "no number could be attempted" in out
    assert call(capsys, "find", "diwali", "--id")[1] == f"{one}\n"
    assert json.loads(call(capsys, "find", "diwali", "--json")[1])["campaign"]["id"] == one
    code, _, err = call(capsys, "find", "diw")
    assert code == 1
    assert "No campaign has exactly the name 'diw'" in err
    two = account.add("paused", name="diwali")
    code, out, _ = call(capsys, "find", "diwali", "--json")
    assert code == 1
    assert set(json.loads(out)["error"]["matches"]) == {one, two}
    assert call(capsys, "find", " ")[0] == 2


def test_watch_prints_changes_until_the_goal(account, capsys):
    """A line for each change and not for each read."""
    campaign = account.add("in-progress")

    def pause_later():
        while len(account.journal) < 3:
            time.sleep(0.01)
        account.move(campaign, Status.PAUSED)

    other = threading.Thread(target=pause_later)
    other.start()
    code, out, _ = call(capsys, "watch", campaign, "--until", "paused", "--interval", "0.1")
    other.join()
    assert code == 0
    assert [line.split()[1].strip(",") for line in out.splitlines()] == ["in-progress", "paused"]
    assert sum(entry.method == "GET" for entry in account.journal) >= 4


def test_watch_ends_when_the_goal_is_out_of_reach_or_the_time_is_up(account, capsys):
    """1 for the first, 2 for the second; without --until it waits until the campaign is over."""
    assert call(capsys, "watch", account.add("canceled"), "--until", "completed")[0] == 1
    code, out, _ = call(capsys, "watch", account.add("paused"), "--for", "0.2", "--interval", "0.1", "--json")
    assert code == 2
    seen, ended = (json.loads(line) for line in out.splitlines())
    assert (seen["outcome"], ended["outcome"], ended["error"]["reachable"]) == ("seen", "not reached", True)
    assert call(capsys, "watch", account.add("completed"))[0] == 0


# create


def test_create_takes_json_toml_and_standard_input(account, capsys, draft, tmp_path):
    """In the vendor's own names, on both channels."""
    code, out, _ = call(capsys, "create", draft)
    assert code == 0
    assert "diwali" in out
    toml = tmp_path / "calls.toml"
    toml.write_text(TOML)
    code, out, _ = call(capsys, "create", str(toml), "--channel", "voice", "--json")
    assert code == 0
    assert json.loads(out)["campaign"]["raw"]["retries"]["number_of_retries"] == 2
    with Path(draft).open() as stdin:
        found = shell("create", "-", stdin=stdin, env=dict(os.environ))
    assert found.returncode == 0
    assert [entry.action for entry in writes_of(account)] == ["create"] * 3


def test_a_dry_run_of_create_sends_nothing(account, capsys, draft):
    """It prints what would be sent, and the warnings; it needs no account."""
    code, out, err = call(capsys, "create", draft, "--dry-run")
    assert code == 0
    assert json.loads(out) == {"channel": "SMS", **DRAFT}
    assert "Nothing was sent" in err
    code, out, _ = call(capsys, "create", draft, "--dry-run", "--json")
    assert json.loads(out)["outcome"] == "valid"
    assert account.journal == ()


def test_every_problem_of_a_draft_is_printed_on_its_line(account, capsys, tmp_path):
    """Exit 1, nothing sent, and in JSON as data."""
    path = tmp_path / "bad.json"
    path.write_text('{"content_type": "x", "nam": "ab", "lists": [], "schedule": {"start_time": "tomorrow"}}')
    code, out, err = call(capsys, "create", str(path))
    assert (code, out) == (1, "")
    for named in (
        "content_type: one of",
        "nam: no such parameter; did you mean name?",
        "lists: ",
        "schedule.start_time:",
    ):
        assert f"  {named}" in err
    code, out, _ = call(capsys, "create", str(path), "--json")
    assert code == 1
    problems = json.loads(out)["error"]["problems"]
    assert {"field": "sender_id", "rule": "it is required", "given": ""} in problems
    assert account.journal == ()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("missing.json", None, "cannot be read"),
        ("not.json", "{", "is not a campaign"),
        ("twice.json", '{"name": "a", "name": "b"}', "it says 'name' twice"),
        ("list.json", "[]", "not a JSON object"),
        ("bad.toml", "a = ", "is not a campaign: it is not TOML"),
    ],
)
def test_a_file_that_is_no_campaign_is_named(account, capsys, tmp_path, name, content, said):
    """Exit 2: there is nothing to give a verdict about."""
    path = tmp_path / name
    if content is not None:
        path.write_text(content)
    code, _, err = call(capsys, "create", str(path))
    assert code == 2
    assert said in err
    assert name in err
    assert account.journal == ()


@pytest.mark.parametrize("name", ["marked.json", "marked.toml"])
def test_a_file_may_begin_with_the_mark_of_an_editor(account, capsys, tmp_path, name):
    """As every other file that is read."""
    path = tmp_path / name
    values = {key: value for key, value in DRAFT.items() if key != "schedule"}
    text = (
        json.dumps(DRAFT) if name == "marked.json" else "\n".join(f"{k} = {json.dumps(v)}" for k, v in values.items())
    )
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert call(capsys, "create", str(path), "--dry-run")[0] == 0


def test_a_create_that_starts_at_once_is_asked_about(account, capsys, tmp_path):
    """Elsewhere than on a terminal it needs --yes."""
    path = tmp_path / "now.json"
    path.write_text(json.dumps({**DRAFT, "schedule": None}))
    code, _, err = call(capsys, "create", str(path))
    assert code == 2
    assert "starts at once" in err
    assert json.loads(call(capsys, "create", str(path), "--json")[1])["outcome"] == "not confirmed"
    shown, code = on_a_terminal("create", str(path), until=b"[y/N]", answer=b"n\n")
    assert code == 2
    assert b"diwali" in shown
    assert account.journal == ()
    assert call(capsys, "create", str(path), "--yes")[0] == 0
    assert len(writes_of(account)) == 1


# edit, reschedule, delete


def test_edit_takes_a_file_or_single_parameters(account, capsys, draft):
    """Single ones need --partial; digits stay texts where the parameter is one."""
    campaign = account.add("created", start=account.now + timedelta(hours=1))
    assert call(capsys, "edit", campaign, draft)[0] == 0
    assert account.records[campaign].name == "diwali"
    code, _, err = call(capsys, "edit", campaign, "--set", "name=holi")
    assert code == 1
    assert "partial" in err
    argv = ["--partial", "--set", "sms_type=promotional", "--set", "sender_id=123456", "--set", 'lists=["a", "b"]']
    assert call(capsys, "edit", campaign, *argv)[0] == 0
    parameters = account.records[campaign].parameters
    assert (parameters["sender_id"], parameters["lists"]) == ("123456", ["a", "b"])
    code, out, _ = call(capsys, "edit", account.add("in-progress"), draft, "--json")
    assert (code, json.loads(out)["error"]["code"]) == (1, "CF232")


def test_edit_of_callbacks_and_numbers_on_voice(account, capsys):
    """Callback URLs alone need no --partial; a number becomes a number."""
    campaign = account.add("created", channel="voice", start=account.now + timedelta(hours=1))
    url = "status_callback=https://example.com/done"
    assert call(capsys, "edit", campaign, "--channel", "voice", "--set", url)[0] == 0
    argv = [
        "--partial",
        "--set",
        "throttle=30",
        "--set",
        "call_duplicate_numbers=true",
        "--set",
        'from=["+919900000001"]',
    ]
    assert call(capsys, "edit", campaign, "--channel", "voice", *argv)[0] == 0
    parameters = account.records[campaign].parameters
    assert (parameters["throttle"], parameters["call_duplicate_numbers"]) == (30, True)
    assert parameters["from"] == ["+919900000001"]


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["draft.json", "--set", "name=x"],
        ["draft.json", "--partial"],
        ["--set", "name"],
        ["--set", "name=a", "--set", "name=b"],
    ],
)
def test_an_edit_that_says_nothing_or_too_much(account, capsys, argv):
    """Exit 2, and nothing is sent."""
    assert call(capsys, "edit", "a1", *argv)[0] == 2
    assert account.journal == ()


def test_reschedule_moves_the_start_and_resumes(account, capsys):
    """Times carry their offset; the multi-day flow on voice."""
    campaign = account.add("created", start=account.now + timedelta(hours=1))
    start = account.now + timedelta(hours=2)
    assert call(capsys, "reschedule", campaign, "--start", start.isoformat())[0] == 2
    assert account.records[campaign].start != start
    assert call(capsys, "reschedule", campaign, "--start", start.isoformat(), "--dry-run")[0] == 0
    assert call(capsys, "reschedule", campaign, "--start", start.isoformat(), "--yes")[0] == 0
    assert account.records[campaign].start == start
    paused = account.add("paused", channel="voice", start=account.now - timedelta(hours=1), end=start)
    argv = ["reschedule", paused, "--channel", "voice", "--end", (start + timedelta(days=1)).isoformat(), "--resume"]
    assert call(capsys, *argv, "--strict")[0] == 1
    code, out, _ = call(capsys, *argv)
    assert code == 0
    assert "in-progress" in out
    for bad in ([], ["--start", "tomorrow"], ["--start", "2026-01-01T10:00:00"]):
        assert call(capsys, "reschedule", campaign, *bad)[0] == 2
    assert (
        call(capsys, "reschedule", campaign, "--start", start.isoformat(), "--end", start.isoformat(), "--yes")[0] == 1
    )


def test_delete_asks_and_says_what_is_gone(account, capsys):
    """--dry-run sends nothing; elsewhere than on a terminal it needs --yes."""
    campaign = account.add("created", channel="voice", name="wrong", start=account.now + timedelta(hours=1))
    assert call(capsys, "delete", campaign, "--channel", "voice", "--dry-run")[0] == 0
    assert call(capsys, "delete", campaign, "--channel", "voice")[0] == 2
    shown, code = on_a_terminal("delete", campaign, "--channel", "voice", until=b"[y/N]", answer=b"n\n")
    assert code == 2
    assert b"wrong" in shown
    assert writes_of(account) == []
    code, out, _ = call(capsys, "delete", campaign, "--channel", "voice", "--yes", "--json")
    assert (code, json.loads(out)["outcome"]) == (0, "deleted")
    assert call(capsys, "delete", campaign, "--channel", "voice", "--yes")[0] == 0
    assert call(capsys, "delete", account.add("created"), "--yes")[0] == 1


def test_every_command_can_leave_a_trace_and_has_a_budget(account, capsys, tmp_path):
    """--trace appends; --budget makes the third request wait, and says so."""
    trace = tmp_path / "trace.jsonl"
    campaign = account.add("in-progress")
    assert call(capsys, "pause", campaign, "--trace", str(trace))[0] == 0
    assert call(capsys, "get", campaign, "--trace", str(trace))[0] == 0
    events = [json.loads(line)["event"] for line in trace.read_text().splitlines()]
    assert events == ["read", "decided", "sent", "answered", "read"]
    code, _, err = call(capsys, "get", campaign, "--trace", str(tmp_path))
    assert code == 2
    assert "--trace" in err
    assert call(capsys, "get", campaign, "--budget", "1")[0] == 2
    budget.renew(Budgets(minute=0.3))
    for _ in range(60):
        account.add("paused")
    code, _, err = call(capsys, "resume", campaign, "--budget", "2")
    assert code == 0
    code, out, err = call(capsys, "list", "--budget", "2")
    assert (code, len(out.splitlines())) == (0, 61)
    assert "for the account's request budget" in err


@pytest.mark.usefixtures("impatient")
def test_a_server_that_fails_leaves_the_line_to_pause_by_hand(account, capsys):
    """The emergency brake is not out of reach because a proxy answers 503."""
    campaign = account.add("in-progress")
    account.fault("server-error", method="PUT", times=9)
    code, _, err = call(capsys, "pause", campaign, "--deadline", "0")
    assert code == 2
    assert "curl --request PUT" in err


def test_recipients_are_listed_as_the_server_describes_them(account, capsys):
    """Field by field; a limit stops early."""
    campaign = account.add("completed", contacts=3)
    code, out, err = call(capsys, "recipients", campaign)
    assert (code, err) == (0, "")
    assert len(out.splitlines()) == 3
    assert all("status=" in line and "\t" in line for line in out.splitlines())
    code, out, _ = call(capsys, "recipients", campaign, "--limit", "2", "--json")
    assert [json.loads(line)["recipient"]["status"] for line in out.splitlines()]
    assert len(out.splitlines()) == 2
    assert call(capsys, "recipients", "0" * 32)[0] == 2


def test_a_campaign_without_recipients_says_so(account, capsys):
    """On standard error, so that nothing is taken for a recipient; --json prints none at all."""
    campaign = account.add("created", channel="voice", contacts=0)
    assert call(capsys, "recipients", campaign, "--channel", "voice") == (0, "", "none yet\n")
    assert call(capsys, "recipients", campaign, "--channel", "voice", "--status", "failed") == (0, "", "none\n")
    assert call(capsys, "recipients", campaign, "--channel", "voice", "--json") == (0, "", "")
    code, out, err = call(capsys, "recipients", campaign, "--status", "failed")
    assert (code, out) == (2, "")
    assert "no filter by status" in err
    code, out, err = call(
        capsys, "recipients", campaign, *("--channel", "voice", "--status", "failed", "--status", "busy")
    )
    assert (code, out) == (2, "")
    assert "--status is given twice" in err


def test_a_list_is_asked_for_in_no_order_by_itself(account, capsys):
    """And what cannot be asked for is a mistake of the command line."""
    call(capsys, "list", "--json")
    assert "sort_by" not in account.journal[-1].path
    for argv, said in (
        (["--sort", "date_created:desc"], "schedule.start_time, name"),
        (["--name", "ab"], "3 characters"),
    ):
        code, out, err = call(capsys, "list", *argv)
        assert (code, out) == (2, "")
        assert said in err


def test_a_start_that_has_passed_is_asked_about_like_none(account, capsys, tmp_path):
    """A create and a reschedule that would start at once need --yes, and a dry run says so."""
    past = "2020-01-01T10:00:00+05:30"
    (tmp_path / "draft.json").write_text(json.dumps({**DRAFT, "schedule": {"start_time": past}}))
    code, _, err = call(capsys, "create", str(tmp_path / "draft.json"))
    assert code == 2
    assert "has passed, so it starts at once" in err
    code, _, err = call(capsys, "create", str(tmp_path / "draft.json"), "--dry-run")
    assert code == 0
    assert "starts at once" in err
    assert not [entry for entry in account.journal if entry.method == "POST"]
    campaign = account.add(start=account.now + timedelta(hours=1))
    code, _, err = call(capsys, "reschedule", campaign, "--start", past)
    assert code == 2
    assert "--yes" in err


def test_one_end_of_a_schedule_is_held_against_the_other(account, capsys):
    """What the campaign keeps counts too: nothing is sent that would end before it starts."""
    campaign = account.add(start=account.now + timedelta(hours=1), end=account.now + timedelta(hours=9))
    argv = ["reschedule", campaign, "--start", "2030-01-01T10:00:00+05:30"]
    code, _, err = call(capsys, *argv)
    assert code == 1
    assert "with what the campaign keeps of the old one" in err
    schedule = 'schedule={"start_time": "2030-01-01T10:00:00+05:30"}'
    assert call(capsys, "edit", campaign, "--partial", "--set", schedule)[0] == 1
    assert call(capsys, *argv, "--end", "2030-01-02T10:00:00+05:30")[0] == 0
    assert not [e for e in account.journal if e.action == "reschedule" and e.number < account.journal[-1].number - 1][
        1:
    ]


def test_a_dry_run_of_an_edit_asks_and_sends_nothing(account, capsys):
    """The verdict of the gate, as with the actions."""
    campaign, started = account.add(start=account.now + timedelta(hours=1)), account.add("in-progress")
    for argv in (["edit", campaign, "--partial", "--set", "name=diwali-2"], ["reschedule", campaign, "--end", FAR]):
        assert call(capsys, *argv, "--dry-run")[0] == 0
    assert call(capsys, "edit", started, "--partial", "--set", "name=diwali-2", "--dry-run")[0] == 1
    assert not [entry for entry in account.journal if entry.action]


FAR = "2030-01-01T10:00:00+05:30"


def test_the_nearest_policy_counts_on_the_command_line_too(account, capsys, tmp_path, monkeypatch):
    """What it forbids is refused, what it wants confirmed needs --yes; --policy names another file, or none."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "campaign-fsm.toml").write_text("forbid = ['resume']\nconfirm = ['pause']\n")
    campaign = account.add("in-progress")
    code, _, err = call(capsys, "pause", campaign)
    assert code == 1
    assert "[CF702]" in err
    assert "--yes" in err
    assert call(capsys, "pause", campaign, "--yes")[0] == 0
    code, out, _ = call(capsys, "resume", campaign, "--yes", "--json")
    assert (code, json.loads(out)["error"]["code"]) == (1, "CF701")
    assert call(capsys, "pause", campaign)[0] == 0
    (tmp_path / "other.toml").write_text("")
    assert call(capsys, "resume", campaign, "--policy", "other.toml")[0] == 0
    assert call(capsys, "pause", campaign, "--policy", "none")[0] == 0
    (tmp_path / "campaign-fsm.toml").write_text("forbidd = []\n")
    code, _, err = call(capsys, "get", campaign)
    assert code == 2
    assert "did you mean forbid" in err


def test_what_explains_a_campaign_is_in_its_json_too(account, capsys):
    """As `get`, `find` and `list` print it, with the sources; empty where nothing is odd."""
    failed, paused = account.add("failed", name="diwali"), account.add("paused", name="holi")
    for argv in (["get", failed], ["find", "diwali"], ["list", "--status", "failed"]):
        (note,) = json.loads(call(capsys, *argv, "--json")[1])["notes"]
        assert note["title"] == "no number could be attempted"
        assert note["explanation"]
        assert note["advice"]
        assert note["sources"][0]["url"].startswith("https://")
    assert json.loads(call(capsys, "get", paused, "--json")[1])["notes"] == []


def test_a_campaign_that_is_there_already_is_shown_as_it_is(account, capsys):
    """In JSON; if it cannot be read once more, it is there all the same."""
    campaign = account.add("paused", name="diwali")
    code, out, _ = call(capsys, "pause", campaign, "--json")
    told = json.loads(out)
    assert (code, told["outcome"], told["campaign"]["name"]) == (0, "already there", "diwali")
    assert told["error"]["type"] == "AlreadyThere"
    account.fault("rejected", method="GET", after=1, status_code=403)
    code, out, _ = call(capsys, "pause", campaign, "--json")
    assert (code, json.loads(out)["outcome"], json.loads(out)["campaign"]) == (0, "already there", None)
    assert writes_of(account) == []


def test_a_dry_run_of_create_says_where_it_would_go(account, capsys, draft, monkeypatch):
    """Method, host and account; unknown ones are said to be, and are no error."""
    told = json.loads(call(capsys, "create", draft, "--dry-run", "--json")[1])
    assert (told["method"], told["host"], told["account"]) == ("POST", "127.0.0.1", "acme1")
    assert "POST to 127.0.0.1, account acme1" in call(capsys, "create", draft, "--dry-run")[2]
    monkeypatch.delenv("EXOTEL_API_KEY")
    code, out, err = call(capsys, "create", draft, "--dry-run")
    assert (code, json.loads(out)["name"], "not configured" in err) == (0, "diwali", True)
    told = json.loads(call(capsys, "create", draft, "--dry-run", "--json")[1])
    assert (told["host"], told["account"]) == (None, None)


@pytest.mark.parametrize("yes", [[], ["--yes"]])
@pytest.mark.parametrize(
    ("status", "end", "said"),
    [("in-progress", [], "CF234"), ("created", ["--end", "2019-01-01T10:00:00Z"], "after the start")],
)
def test_a_reschedule_is_refused_for_what_decides(account, capsys, status, end, said, yes):
    """Nobody is asked to confirm what will not be sent; and nothing is said twice."""
    campaign = account.add(status, start=account.now + timedelta(hours=1))
    code, _, err = call(capsys, "reschedule", campaign, "--start", "2020-01-01T10:00:00Z", *end, *yes)
    assert (code, said in err, "--yes" in err) == (1, True, False)
    assert err.count("at least 10 minutes ahead") == (0 if end else 1)
    assert writes_of(account) == []


def test_a_create_is_refused_for_what_decides(account, capsys, tmp_path, monkeypatch):
    """The policy forbids it, so nobody is asked whether it may start at once."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "campaign-fsm.toml").write_text("forbid = ['create']\n")
    (tmp_path / "now.json").write_text(json.dumps({**DRAFT, "schedule": None}))
    code, _, err = call(capsys, "create", "now.json")
    assert (code, "[CF701]" in err, "--yes" in err) == (1, True, False)


def test_a_draft_on_the_standard_input_may_begin_with_a_mark(account, capsys, monkeypatch):
    """As a file may."""
    data = b"\xef\xbb\xbf" + json.dumps(DRAFT).encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert call(capsys, "create", "-", "--dry-run")[0] == 0


def test_no_error_shows_what_is_secret(account, capsys, monkeypatch):
    """Not even one that nobody has thought of; and what one command hides is nothing to the next."""

    def broken(*_, **__):
        raise RuntimeError("with token-canary")

    monkeypatch.setattr(reads, "print_campaign", broken)
    code, _, err = call(capsys, "get", account.add("paused"))
    assert (code, "RuntimeError: with [redacted]" in err) == (2, True)
    assert "'token-canary'" in call(capsys, "explain", "token-canary")[2]


def test_a_list_for_nobody_stops(account, capsys, monkeypatch):
    """Where `head` has had enough, no further page is read, and that is no failure."""
    for number in range(60):
        account.add("completed", name=f"n{number}", contacts=60)
    campaign = account.add("completed", contacts=60)
    monkeypatch.setattr(reads, "is_unread", lambda: True)
    for argv in (
        ["list"],
        ["list", "--json"],
        ["recipients", campaign],
    ):
        before = len(account.journal)
        code, out, err = call(capsys, *argv)
        assert (code, len(out.splitlines()), err, len(account.journal) - before) == (0, 1, "", 1)


def test_the_limit_of_one_request_is_not_how_long_to_watch(account, capsys):
    """The option is called what it is; its older name still works, and is explained where it is easy to confuse."""
    campaign = account.add("completed")
    assert call(capsys, "watch", campaign, "--request-timeout", "5")[::2] == (0, "")
    assert call(capsys, "get", campaign, "--timeout", "5")[::2] == (0, "")
    code, _, err = call(capsys, "watch", campaign, "--timeout", "5")
    assert (code, "--for is how long to watch" in err) == (0, True)
    for option in ("--timeout", "--request-timeout"):
        account.fault("stall", method="GET", seconds=0.5)
        code, _, err = call(capsys, "get", campaign, option, "0.1", "--deadline", "0")
        assert (code, "got no answer" in err) == (2, True)


def test_a_watch_for_nobody_could_not_tell(account, capsys, monkeypatch):
    """Its reader has gone before the campaign got there: no success; where it had got there, that counts."""
    campaign = account.add("in-progress")
    unread = iter([False, True])
    monkeypatch.setattr(reads, "is_unread", lambda: next(unread))
    argv = ["watch", campaign, "--for", "20", "--interval", "0.1"]
    code, out, _ = call(capsys, *argv, "--until", "completed")
    assert (code, len(out.splitlines())) == (2, 1)
    unread = iter([False])
    assert call(capsys, *argv, "--until", "in-progress")[0] == 0


@pytest.mark.parametrize(("moved", "code"), [("paused", 0), ("archived", 1)])
def test_what_settles_a_watch_for_nobody_counts(account, capsys, monkeypatch, moved, code):
    """There or out of reach: that is known, although nobody reads it."""
    campaign = account.add("in-progress")
    account.fault("moved", method="GET", id=campaign, to_status=moved)
    unread = iter([False, True])
    monkeypatch.setattr(reads, "is_unread", lambda: next(unread))
    argv = ["watch", campaign, "--for", "20", "--interval", "0.1", "--until", "paused"]
    assert call(capsys, *argv)[0] == code


def test_a_watch_on_a_terminal_says_that_it_waits_on_one_line(account, capsys, monkeypatch):
    """The line is written over, and taken away at the end."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    code, _, err = call(capsys, "watch", account.add("paused"), "--for", "0", "--until", "completed")
    assert code == 2
    assert err.startswith("\r\x1b[K\rwaiting, 0 s\r\x1b[K")
    assert "\ufffd" not in err


@pytest.mark.parametrize("option", ["--for", "--interval", "--deadline", "--request-timeout", "--timeout"])
@pytest.mark.parametrize("value", ["nan", "inf", "1e300"])
def test_what_nobody_can_wait_for_is_no_time(account, capsys, option, value):
    """Every number of seconds is one."""
    code, out, _ = call(capsys, "watch", account.add("completed"), option, value, "--json")
    assert (code, json.loads(out)["outcome"]) == (2, "usage error")
    assert account.journal == ()


def test_the_longest_time_can_be_waited_for(account, capsys):
    """What is taken for a time is one to the operating system, too."""
    argv = [part for name in ("for", "interval", "deadline", "request-timeout") for part in (f"--{name}", "999999999")]
    assert call(capsys, "watch", account.add("completed"), *argv)[0] == 0


def test_two_names_of_one_option_are_not_both_given(account, capsys):
    """Neither wins without a word."""
    code, _, err = call(capsys, "get", account.add("paused"), "--timeout", "3", "--request-timeout", "4")
    assert (code, "older name of --request-timeout" in err, account.journal) == (2, True, ())


@pytest.mark.parametrize("name", ["a\nb", "x" * 6000, "\ud800", " "])
def test_what_is_no_name_is_not_looked_for(account, capsys, name):
    """It is the command line that is wrong."""
    code, out, _ = call(capsys, "find", name, "--json")
    assert (code, json.loads(out)["outcome"], account.journal) == (2, "usage error", ())


# What starts at once

PAST = "2020-01-01T10:00:00Z"
AT_ONCE = {
    "file": {**DRAFT, "schedule": {"start_time": PAST}},
    "file without a start": {key: value for key, value in DRAFT.items() if key != "schedule"},
    "parameter": None,
}


@pytest.mark.parametrize("how", AT_ONCE)
def test_an_edit_that_starts_a_campaign_at_once_is_asked_about(account, capsys, tmp_path, how):
    """As a create is: with --yes, or a y on a terminal."""
    campaign = account.add("created", start=account.now + timedelta(hours=1))
    (tmp_path / "draft.json").write_text(json.dumps(AT_ONCE[how]))
    start = json.dumps({"start_time": PAST})
    argv = ["edit", campaign, str(tmp_path / "draft.json")]
    argv = argv if AT_ONCE[how] else [*argv[:2], "--partial", "--set", f"schedule={start}"]
    code, out, err = call(capsys, *argv, "--json")
    assert (code, json.loads(out)["outcome"]) == (2, "not confirmed")
    assert err == ""
    code, out, err = call(capsys, *argv, "--dry-run")
    assert (code, "at once" in err, "--yes" in err) == (0, True, True)
    assert json.loads(call(capsys, *argv, "--dry-run", "--json")[1])["starts_at_once"] is True
    assert writes_of(account) == []
    code, _, err = call(capsys, *argv, "--yes")
    assert (code, len(writes_of(account))) == (0, 1)
    assert err.count("no page says whether") == (0 if AT_ONCE[how] else 1)


def test_an_edit_that_starts_nothing_asks_nothing(account, capsys, draft):
    """A start that lies ahead, or an end alone: the start stays."""
    campaign = account.add("created", start=account.now + timedelta(hours=1))
    assert call(capsys, "edit", campaign, draft)[0] == 0
    end = 'schedule={"end_time": "3000-01-01T10:00:00Z"}'
    assert call(capsys, "edit", campaign, "--partial", "--set", end)[0] == 0
    assert call(capsys, "edit", account.add("in-progress"), "--partial", "--set", f"name={PAST}")[0] == 1


def test_an_edit_on_a_terminal_asks_once(account, tmp_path):
    """And says everything once, before the question."""
    campaign = account.add("created", start=account.now + timedelta(hours=1))
    argv = ["edit", campaign, "--partial", "--set", f'schedule={{"start_time": "{PAST}"}}']
    shown, code = on_a_terminal(*argv, until=b"[y/N]", answer=b"n\n")
    assert (code, b"starts at once" in shown, writes_of(account)) == (2, True, [])


def test_a_dry_run_says_what_the_call_would_do(account, capsys):
    """That it starts at once, that it asks, that there is nothing to do."""
    campaign, paused = account.add("created", start=account.now + timedelta(hours=1)), account.add("paused")
    code, _, err = call(capsys, "reschedule", campaign, "--start", PAST, "--dry-run")
    assert (code, "starts at once" in err, "pass --yes" in err) == (0, True, True)
    assert "pass --yes" not in call(capsys, "reschedule", campaign, "--start", PAST, "--dry-run", "--yes")[2]
    assert "asks first; in a script, pass --yes" in call(capsys, "complete", paused, "--dry-run")[2]
    code, out, _ = call(capsys, "pause", paused, "--dry-run")
    assert (code, out) == (0, "It is paused already.\nNothing was sent (dry run).\n")
    assert json.loads(call(capsys, "pause", paused, "--dry-run", "--json")[1])["outcome"] == "already there"


def test_what_is_contested_is_said_before_the_question(account, capsys):
    """A no is still possible then."""
    campaign = account.add("created", channel="voice", start=account.now + timedelta(hours=1))
    shown, code = on_a_terminal("delete", campaign, "--channel", "voice", until=b"[y/N]", answer=b"n\n")
    assert (code, b"ontested by the vendor's own pages [CF117]" in shown) == (2, True)
    assert "[CF117]" in call(capsys, "delete", campaign, "--channel", "voice")[2]


def test_without_a_standard_input_nobody_is_asked(account, capsys, monkeypatch):
    """And no draft is read."""
    monkeypatch.setattr(sys, "stdin", None)
    code, out, _ = call(capsys, "complete", account.add("paused"), "--json")
    assert (code, json.loads(out)["outcome"]) == (2, "not confirmed")
    code, _, err = call(capsys, "create", "-")
    assert (code, "there is no standard input" in err) == (2, True)
    assert writes_of(account) == []


def test_nobody_is_sent_for_a_confirmation_that_changes_nothing(account, capsys, tmp_path):
    """Where the policy forbids it as well, that decides."""
    team = tmp_path / "team.toml"
    team.write_text("confirm = ['complete']\n[[rule]]\nforbid = ['complete']\ncampaigns = ['diwali*']\n")
    campaign = account.add("paused", name="diwali")
    for yes in ([], ["--yes"]):
        code, out, _ = call(capsys, "complete", campaign, "--policy", str(team), "--json", *yes)
        assert (code, json.loads(out)["error"]["code"]) == (1, "CF701")

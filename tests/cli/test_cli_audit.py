"""`campaign-fsm audit` as a command: what it prints, where, and with which exit code."""

import json
import os
import re
import shlex
import subprocess
import sys
import xml.etree.ElementTree as ET
from datetime import timedelta
from pathlib import Path

import pages
import pytest
from commands import call, on_a_terminal
from places import GUIDES, HOOKS
from work import within

from campaign_fsm import CampaignClient, Simulator, SimulatorTransport, errors
from campaign_fsm.audit.baseline import Accepted, Entry, update_baseline

ID = "camp_abc123"
URL = f"/v2/accounts/acme1/campaigns/{ID}"
READ = {"method": "GET", "url": URL, "status_code": 200, "status": "in-progress"}
ILLEGAL = {"method": "PUT", "url": URL, "status_code": 409, "action": "complete"}
LEGAL = {"method": "PUT", "url": URL, "status_code": 200, "action": "pause", "status": "Paused"}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # Nothing above counts as this project's configuration.
    (tmp_path / "campaign-fsm.toml").write_text("")

    def write(name, *exchanges):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("".join(json.dumps(exchange) + "\n" for exchange in exchanges))
        return name

    return write


def test_nothing_found_is_0_and_findings_are_1(folder, capsys):
    """A line for each, with file and line; the summary counts."""
    code, out, _ = call(capsys, "audit", folder("good.jsonl", READ, LEGAL))
    assert (code, out) == (0, "no findings in 1 file (2 requests of 1 campaign)\n")
    code, out, _ = call(capsys, "audit", folder("bad.jsonl", READ, ILLEGAL, LEGAL))
    assert code == 1
    assert out.startswith("bad.jsonl:2: CF224 error: complete while in-progress was sent, and the server answered 409.")
    assert "pause, then complete" in out
    assert out.endswith("1 error in 1 file (3 requests of 1 campaign)\n")


def test_an_error_is_1_whatever_else_and_what_cannot_be_read_is_2_whatever_is_less(folder, capsys, tmp_path):
    """An error that was found stays one; a warning says nothing about what was not read."""
    cut = "".join(json.dumps(one) + "\n" for one in (READ, LEGAL)) + '{"meth'
    (tmp_path / "cut.jsonl").write_text(cut)
    (tmp_path / "campaign-fsm.toml").write_text(f'[[suppress]]\nfingerprint = "{"0" * 16}"\nreason = "x"\n')
    warned = folder("warned.jsonl", READ, {**LEGAL, "status": None}, READ)
    for argv, codes in (
        (["--policy", "none", warned], 0),
        ([warned], 1),
        (["--policy", "none", "--strict", warned, "cut.jsonl"], 2),
        (["cut.jsonl"], 2),
        (["cut.jsonl", folder("bad.jsonl", READ, ILLEGAL)], 1),
    ):
        code, out, _ = call(capsys, "audit", *argv)
        assert code == codes, out
        assert ("cut.jsonl, line 3" in out) == ("cut.jsonl" in argv)
        assert not (code == 1 and "bad.jsonl" in argv and "1 error" not in out)


def test_what_cannot_be_read_to_its_end_is_named_and_what_was_found_stays(folder, capsys, tmp_path):
    """With the file and the line; other files are still judged."""
    (tmp_path / "cut.jsonl").write_text("".join(json.dumps(one) + "\n" for one in (READ, ILLEGAL)) + '{"meth')
    code, out, _ = call(capsys, "audit", "cut.jsonl", folder("bad.jsonl", READ, ILLEGAL))
    assert code == 1
    assert "cut.jsonl:2: CF224" in out
    assert "bad.jsonl:2: CF224" in out
    assert "incomplete: cut.jsonl, line 3: it is not one exchange as JSON" in out
    code, out, _ = call(capsys, "audit", "missing.har")
    assert (code, out) == (2, "incomplete: missing.har: no such file\nnothing was judged\n")
    (tmp_path / "empty.jsonl").write_text("")
    (tmp_path / "odd.bin").write_bytes(b"\x00\xff\x00")
    for name in ("empty.jsonl", "odd.bin"):
        code, out, _ = call(capsys, "audit", name)
        assert code == 2
        assert name in out


def test_a_folder_is_searched_for_recordings(folder, capsys, tmp_path):
    """What is none is passed over; what is one is judged."""
    folder("sub/deep/bad.jsonl", READ, ILLEGAL)
    (tmp_path / "sub" / "package.json").write_text('{\n "name": "x"\n}')
    (tmp_path / "sub" / "notes.txt").write_text("x")
    (tmp_path / "sub" / "map.json").write_text('{"version": 3, "sources": ["a"], "mappings": ""}')
    (tmp_path / "sub" / "other.jsonl").write_text('{"status": 200, "path": "/health"}\n')
    code, out, _ = call(capsys, "audit", "sub")
    assert code == 1
    assert "bad.jsonl:2: CF224" in out
    assert out.endswith("1 error in 1 file (2 requests of 1 campaign; 3 files passed over)\n")
    code, out, _ = call(capsys, "audit", "sub/other.jsonl")
    assert code == 2
    assert "the HTTP status code is status_code" in out


def test_several_reports_at_once(folder, capsys, tmp_path):
    """One to the standard output, the others into files, all with the same findings."""
    name = folder("bad.jsonl", READ, ILLEGAL)
    argv = ["audit", name, "--output", "github", "--output", "sarif=r.sarif", "--output", "junit=r.xml"]
    code, out, _ = call(capsys, *argv, "--output", "json=r.json")
    assert code == 1
    assert out.startswith("::error file=bad.jsonl,line=2,title=CF224::complete while in-progress")
    sarif = json.loads((tmp_path / "r.sarif").read_text())
    (result,) = sarif["runs"][0]["results"]
    assert (result["ruleId"], result["level"]) == ("CF224", "error")
    (finding,) = json.loads((tmp_path / "r.json").read_text())["findings"]
    assert result["partialFingerprints"] == {"campaignFsm/v1": finding["fingerprint"]}
    assert ET.parse(tmp_path / "r.xml").find(".//failure") is not None


@pytest.mark.parametrize(
    "argv",
    [
        ["--output", "srif"],
        ["--output", "sarif="],
        ["--output", "json", "--output", "text"],
        ["--format", "xml"],
        ["--output", "junit=missing/folder/r.xml"],
        ["--policy", "missing.toml"],
        ["--skip-others", "--baseline", "missing.json"],
        [],
    ],
)
def test_wrong_options_are_2_and_say_what_there_is(folder, capsys, argv):
    """Before anything is read."""
    name = [folder("bad.jsonl", READ, ILLEGAL)] if argv else []
    code, out, err = call(capsys, "audit", *name, *argv)
    assert (code, out) == (2, "")
    assert err


def test_the_format_can_be_said(folder, capsys, tmp_path):
    """Where its content does not tell, or tells something else."""
    (tmp_path / "x.log").write_text("\n" * 70_000 + json.dumps(READ) + "\n" + json.dumps(ILLEGAL))
    assert call(capsys, "audit", "x.log")[0] == 2
    assert call(capsys, "audit", "x.log", "--format", "jsonl")[0] == 1


def test_the_nearest_configuration_counts(folder, capsys, tmp_path):
    """Its policy and its suppressions; --policy names another, or none. It had other names, which still work."""
    name = folder("good.jsonl", READ, LEGAL)
    (tmp_path / "campaign-fsm.toml").write_text("forbid = ['pause']\n")
    code, out, _ = call(capsys, "audit", name)
    assert code == 1
    assert "CF701" in out
    (tmp_path / "other.toml").write_text("require-end = true\n")
    for argv in (["--policy", "none"], ["--no-config"], ["--policy", "other.toml"], ["--config", "other.toml"]):
        assert call(capsys, "audit", name, *argv)[0] == 0
    assert call(capsys, "audit", name, "--policy", "other.toml", "--no-config")[0] == 2
    assert "--config" not in call(capsys, "audit", "--help")[1]
    (tmp_path / "campaign-fsm.toml").write_text("forbidd = ['pause']\n")
    code, out, err = call(capsys, "audit", name)
    assert (code, out) == (2, "")
    assert "campaign-fsm.toml:1: forbidd: there is no such key; did you mean forbid" in err


def test_a_suppression_needs_its_finding_and_ends(folder, capsys, tmp_path):
    """One that is used leaves the finding out; one that is not, or has expired, is one itself."""
    name = folder("bad.jsonl", READ, ILLEGAL)
    fingerprint = json.loads(call(capsys, "audit", name, "--json")[1])["findings"][0]["fingerprint"]

    def suppress(print_, expires=""):
        text = f'[[suppress]]\nfingerprint = "{print_}"\nreason = "known since March"\n{expires}\n'
        (tmp_path / "campaign-fsm.toml").write_text(text)
        code, out, _ = call(capsys, "audit", name, "--json")
        found = json.loads(out)
        return code, [finding["code"] for finding in found["findings"]], found["summary"]["suppressed"]

    assert suppress(fingerprint) == (0, [], 1)
    assert suppress(fingerprint, "expires = 2999-01-01") == (0, [], 1)
    assert suppress(fingerprint, "expires = 2020-01-01") == (1, ["CF224", "CF608"], 0)
    assert suppress("0" * 16) == (1, ["CF224", "CF607"], 0)


def test_a_baseline_accepts_what_there_is_today_and_only_shrinks(folder, capsys, tmp_path):
    """Made once, never added to; what is gone is taken out."""
    folder("bad.jsonl", READ, ILLEGAL, {**ILLEGAL, "action": "archive"})
    code, out, err = call(capsys, "audit", "bad.jsonl", "--baseline", "b.json")
    assert code == 0
    assert "accepts 2 findings from now on" in err
    assert call(capsys, "audit", "bad.jsonl", "--baseline", "b.json")[0] == 0
    folder("bad.jsonl", READ, ILLEGAL, {**ILLEGAL, "action": "archive"}, {**ILLEGAL, "action": "resume"})
    code, out, _ = call(capsys, "audit", "bad.jsonl", "--baseline", "b.json")
    assert code == 1
    assert "CF212" in out
    assert "CF224" not in out
    assert len(json.loads((tmp_path / "b.json").read_text())["fingerprints"]) == 2
    folder("bad.jsonl", READ, ILLEGAL)
    assert call(capsys, "audit", "bad.jsonl", "--baseline", "b.json")[0] == 0
    assert len(json.loads((tmp_path / "b.json").read_text())["fingerprints"]) == 1
    (tmp_path / "b.json").write_text("[]")
    assert call(capsys, "audit", "bad.jsonl", "--baseline", "b.json")[0] == 2


def test_no_baseline_is_made_in_ci(folder, capsys, tmp_path, monkeypatch):
    """There it would accept everything in every run; one that was committed is read as anywhere else."""
    folder("rec/x.jsonl", READ, ILLEGAL)
    monkeypatch.setenv("CI", "true")
    code, _, err = call(capsys, "audit", "rec", "--baseline", "accepted.json")
    assert (code, (tmp_path / "accepted.json").exists()) == (2, False)
    assert "make it on your machine and commit it" in err
    monkeypatch.setenv("CI", "false")
    assert call(capsys, "audit", "rec", "--baseline", "accepted.json")[0] == 0
    monkeypatch.setenv("CI", "1")
    assert call(capsys, "audit", "rec", "--baseline", "accepted.json")[0] == 0


def test_an_unreadable_file_leaves_the_baseline_alone(folder, capsys, tmp_path):
    """What was not read is not gone."""
    folder("bad.jsonl", READ, ILLEGAL)
    call(capsys, "audit", "bad.jsonl", "--baseline", "b.json")
    before = (tmp_path / "b.json").read_text()
    (tmp_path / "bad.jsonl").write_text("{")
    assert call(capsys, "audit", "bad.jsonl", "--baseline", "b.json")[0] == 2
    assert (tmp_path / "b.json").read_text() == before


def found_in(folder, name, action="complete"):
    return folder(name, READ, {**ILLEGAL, "action": action})


def entries(path):
    return sorted((entry["file"], entry["code"]) for entry in json.loads(path.read_text())["fingerprints"].values())


def test_a_baseline_keeps_what_a_run_says_nothing_about(folder, capsys, tmp_path):
    """Only what was for a file that was read is taken out, wherever the command is run."""
    for name in ("in/one.jsonl", "in/two.jsonl", "three.jsonl"):
        found_in(folder, name)
    assert call(capsys, "audit", "in", "three.jsonl", "--baseline", "in/b.json")[0] == 0
    everything = [("../three.jsonl", "CF224"), ("one.jsonl", "CF224"), ("two.jsonl", "CF224")]
    assert entries(tmp_path / "in" / "b.json") == everything
    folder("in/one.jsonl", READ)
    (tmp_path / "in" / "two.jsonl").unlink()
    assert call(capsys, "audit", "three.jsonl", "--baseline", "in/b.json")[0] == 0
    assert entries(tmp_path / "in" / "b.json") == everything
    os.chdir(tmp_path / "in")
    code, _, err = call(capsys, "audit", "one.jsonl", "--baseline", "b.json")
    assert (code, err) == (0, "b.json: took out 1 finding no longer there.\n")
    # Of a file that is gone nobody knows where it went, until one of its name is read.
    assert entries(tmp_path / "in" / "b.json") == [everything[0], everything[2]]
    found_in(folder, "else/two.jsonl")
    assert call(capsys, "audit", "../else", "--baseline", "b.json")[0] == 0
    assert entries(tmp_path / "in" / "b.json") == [("../else/two.jsonl", "CF224"), everything[0]]
    folder("else/two.jsonl", READ)
    assert call(capsys, "audit", "../else", "--baseline", "b.json")[0] == 0
    assert entries(tmp_path / "in" / "b.json") == everything[:1]


def test_of_files_of_one_name_none_speaks_for_the_other(folder, capsys, tmp_path):
    """Findings that are alike are numbered in the order in which they are read: alone, each is the first."""
    for name in ("a/t.jsonl", "b/t.jsonl"):
        found_in(folder, name)
    assert call(capsys, "audit", "a", "b", "--baseline", "b.json")[0] == 0
    for name in ("a", "b"):
        assert call(capsys, "audit", name, "--baseline", "b.json")[0] == 0
        assert entries(tmp_path / "b.json") == [("a/t.jsonl", "CF224"), ("b/t.jsonl", "CF224")]
    folder("b/t.jsonl", READ)
    assert call(capsys, "audit", "a", "b", "--baseline", "b.json")[0] == 0
    assert entries(tmp_path / "b.json") == [("a/t.jsonl", "CF224")]


def test_a_baseline_of_version_1_accepts_and_drops_nothing(folder, capsys, tmp_path):
    """It does not say which files its findings were in; those that are found again are known from then on."""
    name = found_in(folder, "bad.jsonl")
    (fingerprint,) = (one["fingerprint"] for one in json.loads(call(capsys, "audit", name, "--json")[1])["findings"])
    (tmp_path / "b.json").write_text(json.dumps({"version": 1, "fingerprints": ["0" * 16, fingerprint]}))
    assert call(capsys, "audit", name, "--baseline", "b.json")[0] == 0
    assert json.loads((tmp_path / "b.json").read_text()) == {
        "version": 2,
        "fingerprints": {
            "0" * 16: {"code": "", "file": "", "how": ""},
            fingerprint: {"code": "CF224", "file": "bad.jsonl", "how": "by itself"},
        },
    }
    folder("bad.jsonl", READ)
    call(capsys, "audit", name, "--baseline", "b.json")
    assert entries(tmp_path / "b.json") == [("", "")]


@pytest.mark.parametrize(
    "document",
    [
        {"version": 3, "fingerprints": {}},
        {"version": True, "fingerprints": []},
        {"version": 1, "fingerprints": {}},
        {"version": 1, "fingerprints": [1]},
        {"version": 2, "fingerprints": []},
        {"version": 2, "fingerprints": {"0": "CF224"}},
        {"version": 2, "fingerprints": {"0": {"code": "CF224"}}},
    ],
)
def test_what_is_no_baseline_is_2_and_left_alone(folder, capsys, tmp_path, document):
    """Of a later version, or of none."""
    (tmp_path / "b.json").write_text(json.dumps(document))
    assert call(capsys, "audit", found_in(folder, "bad.jsonl"), "--baseline", "b.json")[0] == 2
    assert json.loads((tmp_path / "b.json").read_text()) == document


EARLIER, LATER = {**READ, "at": "2026-01-05T10:00:00Z"}, {**ILLEGAL, "at": "2026-01-05T11:00:00Z"}


def test_a_baseline_drops_nothing_that_was_judged_otherwise(folder, capsys, tmp_path):
    """In a story, in part of it, by itself and strictly, other things are found and judged."""
    first, second = folder("1.jsonl", EARLIER), folder("2.jsonl", LATER)
    assert call(capsys, "audit", first, second, "--baseline", "b.json")[0] == 0
    made = entries(tmp_path / "b.json")
    assert made == [("2.jsonl", "CF224")]
    for other in ((second,), (first, second, "--each"), (first, second, "--strict"), (second, "--skip-others")):
        call(capsys, "audit", *other, "--baseline", "b.json")
        assert entries(tmp_path / "b.json") == made, other
    assert call(capsys, "audit", second, first, "--baseline", "b.json")[0] == 0
    folder("2.jsonl", {**EARLIER, "at": LATER["at"]})
    assert call(capsys, "audit", first, second, "--baseline", "b.json")[0] == 0
    assert entries(tmp_path / "b.json") == []


def test_a_suppression_of_what_was_not_judged_is_not_left_over(folder, capsys, tmp_path):
    """Without the file that shows the status before it, nobody knows whether there is something to suppress."""
    first, second = folder("1.jsonl", EARLIER), folder("2.jsonl", LATER)
    (found,) = json.loads(call(capsys, "audit", first, second, "--json")[1])["findings"]
    (tmp_path / "campaign-fsm.toml").write_text(
        f'[[suppress]]\nfingerprint = "{found["fingerprint"]}"\nfile = "2.jsonl"\nreason = "known"\n'
    )
    assert call(capsys, "audit", first, second)[0] == 0
    assert call(capsys, "audit", "--skip-others", second)[0] == 0


def test_part_of_the_files_is_no_story(folder, capsys):
    """What is between two of them may be missing: a hook judges each by itself."""
    first, second = folder("1.jsonl", EARLIER), folder("2.jsonl", LATER)
    assert call(capsys, "audit", first, second)[0] == 1
    assert call(capsys, "audit", "--skip-others", first, second)[0] == 0
    assert call(capsys, "audit", "--skip-others", "--together", first, second)[0] == 1


def test_a_baseline_is_made_of_all_or_not_at_all(folder, capsys, tmp_path):
    """Where not everything could be read it is said that there is none, and that is no verdict."""
    (tmp_path / "cut.jsonl").write_text(json.dumps(READ) + "\n{")
    code, _, err = call(capsys, "audit", found_in(folder, "bad.jsonl"), "cut.jsonl", "--baseline", "b.json")
    assert (code, err) == (2, "b.json: not made, because not everything could be read.\n")
    assert not (tmp_path / "b.json").exists()


def test_processes_that_update_one_baseline_lose_nothing_of_each_others(folder, capsys, tmp_path):
    """Each reads it again before it writes, alone."""
    names = [found_in(folder, f"x{number}.jsonl") for number in range(4)]
    assert call(capsys, "audit", *names, "--baseline", "b.json")[0] == 0
    for name in names[1:]:
        folder(name, READ)
    running = [
        subprocess.Popen([sys.executable, "-m", "campaign_fsm", "audit", name, "--baseline", "b.json"])
        for name in names
    ]
    assert [process.wait(timeout=60) for process in running] == [0] * 4
    assert entries(tmp_path / "b.json") == [("x0.jsonl", "CF224")]


def test_two_that_make_one_baseline_accept_what_both_have_found(folder, tmp_path):
    """Each saw that it was not there."""
    runs = [Accepted() for _ in range(2)]
    for number, one in enumerate(runs):
        one.found[str(number)] = Entry("CF224", f"x{number}.jsonl")
    for one in runs:
        assert update_baseline("b.json", one, ()) == "accepts 1 finding from now on."
    assert entries(tmp_path / "b.json") == [("x0.jsonl", "CF224"), ("x1.jsonl", "CF224")]


def test_a_baseline_is_one_by_whichever_link(folder, capsys, tmp_path):
    """Its own folder is where its files are seen from, and what is locked."""
    name = found_in(folder, "bad.jsonl")
    (tmp_path / "real").mkdir()
    (tmp_path / "link.json").symlink_to("real/b.json")
    assert call(capsys, "audit", name, "--baseline", "link.json")[0] == 0
    assert entries(tmp_path / "real" / "b.json") == [("../bad.jsonl", "CF224")]


def test_a_baseline_bears_files_that_nobody_can_look_at(folder, capsys, tmp_path, monkeypatch):
    """Behind a closed folder one may still be there; one whose name no system takes is not."""
    name = found_in(folder, "bad.jsonl")
    known = {"0" * 16: "shut/bad.jsonl", "1" * 16: "x" * 5000, "2" * 16: "a\0b"}
    text = {"version": 2, "fingerprints": {one: {"code": "CF224", "file": file} for one, file in known.items()}}
    (tmp_path / "b.json").write_text(json.dumps(text))
    stat = Path.stat

    def shut(self, **how):
        if self.parent.name == "shut":
            raise PermissionError(13, "Permission denied")
        return stat(self, **how)

    monkeypatch.setattr(Path, "stat", shut)
    assert call(capsys, "audit", name, "--baseline", "b.json")[0] == 1
    assert json.loads((tmp_path / "b.json").read_text()) == text


def test_what_becomes_the_baseline_is_counted_as_in_it(folder, capsys):
    """Nothing of it is listed, so it is no error in the report."""
    out = call(capsys, "audit", found_in(folder, "bad.jsonl"), "--baseline", "b.json")[1]
    assert out == "no findings in 1 file (2 requests of 1 campaign; 1 in the baseline)\n"


def test_a_suppression_is_for_its_file_and_one_is_enough(folder, capsys, tmp_path):
    """Any other of the same finding is left over, expired or not."""
    name = found_in(folder, "bad.jsonl")
    (fingerprint,) = (one["fingerprint"] for one in json.loads(call(capsys, "audit", name, "--json")[1])["findings"])

    def found(*more):
        head = f'[[suppress]]\nfingerprint = "{fingerprint}"\nreason = "x"\n'
        (tmp_path / "campaign-fsm.toml").write_text("".join(f"{head}{line}\n" for line in more))
        report = json.loads(call(capsys, "audit", name, "--json")[1])
        return report["summary"]["suppressed"], [one["code"] for one in report["findings"]]

    past = "expires = 2020-01-01"
    assert found('file = "bad.jsonl"') == (1, [])
    assert found('file = "other.jsonl"') == (0, ["CF224"])
    assert found("", "") == (1, ["CF607"])
    assert found(past, "") == found("", past) == (1, ["CF607"])
    assert found(past, 'file = "other.jsonl"') == (0, ["CF224", "CF608"])


def test_a_hook_reads_a_baseline_and_never_writes_it(folder, capsys, tmp_path):
    """Several of its processes run at once, each with some of the files."""
    name = found_in(folder, "bad.jsonl")
    assert call(capsys, "audit", name, "--baseline", "b.json")[0] == 0
    before = (tmp_path / "b.json").read_text()
    folder("bad.jsonl", READ)
    assert call(capsys, "audit", name, "--baseline", "b.json", "--skip-others")[0] == 0
    found_in(folder, "bad.jsonl", "archive")
    assert call(capsys, "audit", name, "--baseline", "b.json", "--skip-others")[0] == 1
    assert (tmp_path / "b.json").read_text() == before


def test_a_suppression_is_left_over_only_where_its_file_was_read(folder, capsys, tmp_path):
    """One without a file only in a whole run, and none where something could not be read."""
    names = [folder("one.jsonl", READ), folder("sub/two.jsonl", READ)]
    (tmp_path / "cut.jsonl").write_text(json.dumps(READ) + "\n{")

    def left_over(file, *argv):
        text = f'[[suppress]]\nfingerprint = "{"0" * 16}"\nreason = "x"\n{file}\n'
        (tmp_path / "campaign-fsm.toml").write_text(text)
        code, out, _ = call(capsys, "audit", *argv)
        assert code == (2 if "cut.jsonl" in argv else "CF607" in out), out
        return "CF607" in out

    assert left_over('file = "two.jsonl"', *names)
    assert left_over('file = "two.jsonl"', names[1], "--skip-others")
    assert not left_over('file = "two.jsonl"', names[0])
    assert left_over("", names[0])
    assert not left_over("", *names, "--skip-others")
    assert not left_over("", *names, "cut.jsonl")
    assert not left_over('file = "two.jsonl"', *names, "cut.jsonl")


def test_strict_refuses_the_contested_and_tells_what_cannot_be_judged(folder, capsys):
    """Exit 0 without it, 1 with it."""
    name = folder("x.jsonl", {**LEGAL, "status": None})
    assert call(capsys, "audit", name)[0] == 0
    code, out, _ = call(capsys, "audit", name, "--strict")
    assert code == 1
    assert "CF605" in out


def test_the_standard_input_is_a_recording_too(tmp_path):
    """`-`, from a pipe."""
    (tmp_path / "campaign-fsm.toml").write_text("")
    data = "".join(json.dumps(one) + "\n" for one in (READ, ILLEGAL))
    done = subprocess.run(
        [sys.executable, "-m", "campaign_fsm", "audit", "-"],
        input=data,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert done.returncode == 1
    assert done.stdout.startswith("-:2: CF224")


def test_a_trace_of_the_client_is_recognised(folder, capsys, tmp_path):
    """The file that `trace=` writes, as it is."""
    simulator = Simulator()
    given = {"account_sid": "acme1", "api_key": "key", "api_token": "token", "deadline": 0}
    campaign = simulator.add("in-progress", start=simulator.now - timedelta(hours=1))
    with CampaignClient(transport=SimulatorTransport(simulator), trace=tmp_path / "t.jsonl", **given) as client:
        client.pause(campaign)
        with pytest.raises(errors.IllegalTransition):
            client.archive(campaign)
    code, out, _ = call(capsys, "audit", "t.jsonl")
    assert code == 1
    assert "CF226 warning: archive while paused was not sent" in out


def test_without_the_extra_the_command_says_what_to_install(folder, capsys, monkeypatch):
    """And exits with 2."""
    monkeypatch.setitem(sys.modules, "msgspec", None)
    for name in [name for name in sys.modules if name.startswith(("campaign_fsm.traffic", "campaign_fsm.audit"))]:
        monkeypatch.delitem(sys.modules, name)
    code, _, err = call(capsys, "audit", "x.jsonl")
    assert code == 2
    assert "pip install 'campaign_fsm[audit]'" in err


def test_the_reference_page_has_every_code(capsys):
    """As Markdown, with what each rests on."""
    code, out, _ = call(capsys, "rules", "--format", "md")
    assert code == 0
    for known in ("CF101", "CF224", "CF306", "CF410", "CF504", "CF602", "CF707"):
        assert f"### {known} " in out
    assert "<https://developer.exotel.com/api/update-sms-campaign-3>" in out


HOSTILE = {
    "deep.har": b'{"log": {"entries": [' + b'{"a":' * 100_000,
    "cut.har": b'{"log": {"version": "1.2", "entries": [{"request": {"method": "GET"',
    "latin.har": b'{"log": {"entries": [{"comment": "\xe9"}]}}',
    "bomb.yaml": b"interactions:\n- &a [x, x, x, x, x, x, x, x, x, x]\n"
    + b"".join(b"- &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n" % (c + 1, *[c] * 9) for c in range(97, 115)),
    "merge.yaml": b"interactions:\n- &a {x: y}\n- {<<: *a}\nversion: 1\n",
    "tag.yaml": b"interactions:\n- !!python/object/apply:os.system [true]\nversion: 1\n",
    "deep.yaml": b"interactions: " + b"[" * 100_000,
    "twice.yaml": b"interactions: []\nversion: 1\nversion: 1\n",
    "deep.jsonl": b'{"request": ' + b"[" * 1_000_000 + b"\n",
    "null.jsonl": b"{\x00}\n",
    "runbook.yaml": b"runbook: 1\ncampaigns: &a [*a]\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_2_with_its_place(folder, capsys, tmp_path, name):
    """No traceback, no hang, no code run: one sentence that names the file."""
    (tmp_path / name).write_bytes(HOSTILE[name])
    with within(500_000):
        code, out, err = call(capsys, "audit", name)
    assert code == 2, out
    assert f"incomplete: {name}" in out
    assert "Traceback" not in err


def test_a_long_file_shows_how_far_it_is_on_a_terminal(folder, tmp_path):
    """On the terminal's last line, and nowhere else."""
    line = json.dumps(READ) + "\n"
    (tmp_path / "long.jsonl").write_text(line * (6_000_000 // len(line)))
    shown, code = on_a_terminal("audit", "long.jsonl", until=b"campaign)", answer=b"")
    assert code == 0
    assert re.search(rb"long\.jsonl: \d+ %", shown)
    assert b"no findings in 1 file" in shown


@pytest.mark.skipif(not HOOKS.exists(), reason="the hooks are in the checkout")
def test_the_hook_of_pre_commit_does_what_it_says(folder, capsys, tmp_path):
    """Its entry runs on the files that it asks for, and on no others."""
    import yaml

    hook, _ = yaml.safe_load(HOOKS.read_text())
    pattern = re.compile(hook["files"])
    for name in (
        *("tests/cassettes/pause.yaml", "a.har", "log.jsonl", "ops/runbooks/x.toml", "cassettes/x.json"),
        *("cassettes/deep/x.yml", "a.har.gz", "log.jsonl.gz", "log.ndjson", "a.zhar", "a.har.zip", "cassettes/x.zip"),
    ):
        assert pattern.search(name), name
    for name in ("pyproject.toml", "config.yaml", "package.json", "runbook.yaml.txt", "release.zip", "data.json.gz"):
        assert not pattern.search(name), name
    command, *argv = hook["entry"].split()
    assert command == "campaign-fsm"
    folder("bad.jsonl", READ, ILLEGAL)
    folder("good.jsonl", READ, LEGAL)
    assert call(capsys, *argv, "good.jsonl")[0] == 0
    assert call(capsys, *argv, "good.jsonl", "bad.jsonl")[0] == 1
    # A data set of somebody's is no reason to stop a commit.
    folder("data.jsonl", {"text": "x", "label": 1})
    assert call(capsys, *argv, "good.jsonl", "data.jsonl")[0] == 0


@pytest.mark.skipif(not HOOKS.exists(), reason="the hooks are in the checkout")
def test_the_hook_for_diagrams_does_what_it_says(folder, capsys, tmp_path):
    """Its entry passes diagrams as they were written, in diagrams/ or where its arguments say, and fails on drift."""
    import yaml

    _, hook = yaml.safe_load(HOOKS.read_text())
    assert hook["pass_filenames"] is False
    for name in ("diagrams/lifecycle.svg", "docs/life.mmd", "diagrams/trace.jsonl"):
        assert re.search(hook["files"], name), name
    command, *argv = hook["entry"].split()
    assert command == "campaign-fsm"
    for place in ("diagrams", "docs"):
        (tmp_path / place).mkdir()
        assert call(capsys, "diagram", "-o", f"{place}/life.svg")[0] == 0
    assert call(capsys, *argv)[0] == 0
    (tmp_path / "docs" / "life.svg").write_text((tmp_path / "docs" / "life.svg").read_text().replace("pause", "stop"))
    assert call(capsys, *argv)[0] == 0
    assert call(capsys, *argv, "docs")[0] == 1


def test_the_workflow_of_the_guide_runs(folder, capsys, tmp_path):
    """It is YAML, and its audit is a command that works, also with the report for code scanning that the page adds."""
    import yaml

    page = GUIDES / "ci.md"
    workflow = yaml.safe_load(pages.file(page, ".github/workflows/campaigns.yml"))
    lines = [step["run"] for step in workflow["jobs"]["campaigns"]["steps"] if "run" in step]
    assert lines[0] == 'pip install "$(echo vendor/campaign_fsm-*.whl)[audit]"'
    (added,) = re.findall(r"`(--output sarif=\S+)`", text := page.read_text(encoding="utf-8"))
    (uploaded,) = re.findall(r"sarif_file: (\S+)}", text)
    folder("tests/cassettes/x.jsonl", READ, ILLEGAL)
    code, out, _ = call(capsys, *shlex.split(lines[1])[1:], *added.split())
    assert code == 1
    assert out.startswith("::error file=tests/cassettes/x.jsonl,line=2,")
    assert json.loads((tmp_path / uploaded).read_text())["version"] == "2.1.0"


def test_the_access_log_of_the_guide_is_read(capsys, tmp_path, monkeypatch):
    """With the configuration that it prints, a line of nginx is judged by its method, its body and when it came."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "campaign-fsm.toml").write_text(pages.file(GUIDES / "audit.md", "campaign-fsm.toml"))
    line = {"msec": "1767587400.120", "request_uri": URL, "status": "200", "request_time": "0.080"}
    read = {**line, "request_method": "GET", "request_body": ""}
    write = {**line, "request_method": "PUT", "request_body": '{"action": "complete"}', "msec": "1767587401.150"}
    (tmp_path / "access.log").write_text(f"{json.dumps(read)}\n{json.dumps(write)}\n")
    code, out, _ = call(capsys, "audit", "access.log", "--strict")
    assert code == 1
    assert "access.log:2: CF605 warning: Whether complete was legal is unknown" in out
    assert "2026-01-05T04:30:01.070000+00:00" in out


def test_a_broken_recording_in_a_folder_is_not_passed_over(folder, capsys, tmp_path):
    """What is one by its beginning, and cannot be read, is an error wherever it lies."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "x.har").write_text('{"log": {"entries": [{"request"')
    code, out, _ = call(capsys, "audit", "sub")
    assert code == 2
    assert "incomplete: sub/x.har, entry 1" in out
    (tmp_path / "sub" / "x.har").write_text('{"version": 1, "interactions": [5]}')
    assert call(capsys, "audit", "sub")[0] == 2
    (tmp_path / "sub" / "x.har").write_text("interactions: [5]\nversion: 1\n")
    assert call(capsys, "audit", "sub")[0] == 2


# --- what got past an earlier version


def har(method, status, body=None):
    request = {
        "method": method,
        "url": f"https://api.exotel.com{URL}",
        "headers": [{"name": "Content-Type", "value": "application/json"}],
    }
    if body:
        request |= {"postData": {"mimeType": "application/json", "text": body}}
    content = {
        "size": 9,
        "text": json.dumps({"response": [{"code": 200, "status": "success", "data": {"id": ID, "status": status}}]}),
    }
    return {
        "startedDateTime": "2026-01-05T10:00:00+05:30",
        "request": request,
        "response": {"status": 200, "headers": [], "content": content},
    }


def test_a_format_is_known_wherever_its_key_stands(folder, capsys, tmp_path):
    """A HAR file or a cassette with another key before the one that tells is still one."""
    entries = [har("GET", "archived"), har("PUT", "archived", '{"campaigns": [{"action": "pause"}]}')]
    for indent in (None, 1, 2):
        (tmp_path / "x.json").write_text(json.dumps({"comment": "x", "log": {"entries": entries}}, indent=indent))
        code, out, err = call(capsys, "audit", "x.json")
        assert (code, "CF221" in out) == (1, True), (indent, out, err)
    (tmp_path / "x.json").write_text(json.dumps({"recorded_at": "x", "version": 1, "interactions": []}))
    assert call(capsys, "audit", "x.json", "--strict")[0] == 2


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ({"request": {"method": "PUT", "url": URL, "body": "x"}, "status_code": 200}, "a table [access-log]"),
        ({"Method": "PUT", "URL": URL}, "so what it is about is unknown"),
        ({"method": "PUT", "uri": URL, "action": "pause"}, "so what it is about is unknown"),
    ],
)
def test_a_named_file_that_is_not_understood_is_no_success(folder, capsys, tmp_path, line, said):
    """Nothing was judged, so nothing is said to be fine."""
    code, out, _ = call(capsys, "audit", folder("x.jsonl", line))
    assert code == 2
    assert "x.jsonl" in out
    assert said in out


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("rotated.jsonl", b'od": "GET"}\n' + json.dumps(READ).encode()),
        ("trunc.jsonl", b'{"method": "GET", "url": "/health"}\n{"metho\n' + json.dumps(READ).encode()),
        ("binary.ndjson", b"\x00\x01\x02"),
        ("no.har", b"not json"),
    ],
)
def test_a_broken_recording_in_a_folder_is_no_success(folder, capsys, tmp_path, name, data):
    """A file whose name says that it is a recording is not passed over."""
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / name).write_bytes(data)
    folder("logs/good.jsonl", READ, LEGAL)
    code, out, _ = call(capsys, "audit", "logs")
    assert code == 2
    assert name in out


def test_a_byte_order_mark_and_a_long_first_line_are_read(folder, capsys, tmp_path):
    """As other programs write them."""
    long = {"method": "GET", "url": "/x", "response": "y" * 100_000}
    lines = "\n".join(map(json.dumps, (long, READ, ILLEGAL)))
    (tmp_path / "x.jsonl").write_bytes(b"\xef\xbb\xbf" + lines.encode())
    code, out, err = call(capsys, "audit", "x.jsonl")
    assert (code, "x.jsonl:3: CF224" in out) == (1, True), out + err


def test_a_folder_without_a_recording_is_no_success(folder, capsys, tmp_path):
    """A mistyped folder must not make CI green."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "app.log").write_text("x")
    for argv in (["empty"], [folder("good.jsonl", READ, LEGAL), "empty"]):
        code, out, _ = call(capsys, "audit", *argv)
        assert code == 2
        assert "there is no recording in this folder" in out


def test_the_same_name_in_two_folders_is_not_one_baseline(folder, capsys):
    """An accepted finding covers one, and not another one in a file of the same name."""
    folder("bl/a/t.jsonl", READ, ILLEGAL)
    assert call(capsys, "audit", "bl", "--baseline", "b.json")[0] == 0
    assert call(capsys, "audit", "bl", "--baseline", "b.json")[0] == 0
    folder("bl/b/t.jsonl", READ, ILLEGAL)
    assert call(capsys, "audit", "bl", "--baseline", "b.json")[0] == 1


def test_a_suppression_does_not_live_on_in_a_baseline(folder, capsys, tmp_path):
    """What is suppressed when a baseline is made comes back when the suppression ends."""
    name = folder("bad.jsonl", READ, ILLEGAL)
    _, out, _ = call(capsys, "audit", name, "--json")
    (fingerprint,) = [found["fingerprint"] for found in json.loads(out)["findings"]]
    (tmp_path / "campaign-fsm.toml").write_text(f'[[suppress]]\nfingerprint = "{fingerprint}"\nreason = "x"\n')
    assert call(capsys, "audit", name, "--baseline", "b.json")[0] == 0
    (tmp_path / "campaign-fsm.toml").write_text("")
    assert call(capsys, "audit", name, "--baseline", "b.json")[0] == 1


def test_what_is_read_is_never_written_over(folder, capsys, tmp_path):
    """Nor are two reports written into one file."""
    name = folder("bad.jsonl", READ, ILLEGAL)
    before = (tmp_path / name).read_text()
    for argv in (
        ["--output", f"json={name}"],
        ["--output", f"json=./{name}"],
        ["--baseline", name],
        ["--output", "json=a", "--output", "sarif=a"],
    ):
        assert call(capsys, "audit", name, *argv)[0] == 2
    assert (tmp_path / name).read_text() == before


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such names")
@pytest.mark.parametrize("output", ["github", "json", "sarif", "junit"])
def test_a_file_name_commands_nobody_on_the_error_stream_either(folder, capsys, tmp_path, output):
    """Neither a build server nor a terminal."""
    (tmp_path / "inj").mkdir()
    (tmp_path / "inj" / "a\n::error::PWNED \x1b[31mred.jsonl").write_text(json.dumps(READ) + "\n{\n")
    code, _, err = call(capsys, "audit", "inj", "--output", output)
    assert code == 2
    assert "\x1b[31m" not in err.replace("\x1b[31merror:", "")
    assert not any(line.startswith("::") for line in err.splitlines())

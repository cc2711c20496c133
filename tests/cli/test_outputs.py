"""No output destroys an input, and none is there by half: what the commands write, whatever comes in between."""

import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from datetime import timedelta

import pytest
from commands import DRAFT, call

from campaign_fsm.cli import main
from campaign_fsm.cli.files import terminable
from campaign_fsm.cli.streams import _Raw

URL = "/v2/accounts/acme1/campaigns/camp_abc123"
READ = {"method": "GET", "url": URL, "status_code": 200, "status": "in-progress"}
ILLEGAL = {"method": "PUT", "url": URL, "status_code": 409, "action": "complete"}
MODULE = [sys.executable, "-m", "campaign_fsm"]
NO_FULL = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")  # noqa: PTH110


def lines(*exchanges):
    return "".join(json.dumps(exchange) + "\n" for exchange in exchanges)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with a configuration, a draft, and recordings in a folder of their own."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "campaign-fsm.toml").write_text("require-end = false\n")
    (tmp_path / "draft.json").write_text(json.dumps(DRAFT))
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "bad.json").write_text(lines(READ, ILLEGAL))
    (tmp_path / "in" / "good.jsonl").write_text(lines(READ))
    (tmp_path / "hard.json").hardlink_to(tmp_path / "in" / "bad.json")
    (tmp_path / "soft.json").symlink_to("in/bad.json")
    return tmp_path


def parts(folder):
    return list(folder.glob(".campaign-fsm-*.part"))


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    "argv",
    [
        ["audit", "in", "--output", "json=in/bad.json"],
        ["audit", "in", "--output", "json=hard.json"],
        ["audit", "in", "--output", "sarif=soft.json"],
        ["audit", "in/bad.json", "--output", "junit=hard.json"],
        ["audit", "in", "--output", "text=in/../in/good.jsonl"],
        ["audit", "in", "--output", "text=campaign-fsm.toml"],
        ["audit", "in", "--policy", "draft.json", "--output", "text=draft.json"],
        ["audit", "in/bad.json", "--baseline", "soft.json"],
        ["audit", "in", "--baseline", "in/bad.json"],
        ["audit", "in", "--baseline", "campaign-fsm.toml"],
        ["audit", "in", "--baseline", "b.json", "--output", "json=b.json"],
        ["diagram", "--history", "in/bad.json", "-o", "in/bad.json"],
        ["diagram", "--history", "in/bad.json", "-o", "hard.json"],
        ["create", "draft.json", "--trace", "draft.json"],
        ["create", "draft.json", "--trace", "campaign-fsm.toml"],
        ["edit", "camp_1", "draft.json", "--trace", "./draft.json"],
        ["pause", "camp_1", "--policy", "campaign-fsm.toml", "--trace", "campaign-fsm.toml"],
    ],
)
def test_what_is_read_is_never_written_over(here, capsys, account, argv):
    """By whichever name; the contents of folders, the configuration and drafts included. It is no verdict."""
    before = contents(here)
    code, out, err = call(capsys, *argv)
    assert (code, out) == (2, "")
    assert err
    assert contents(here) == before


def test_what_is_read_is_not_what_the_standard_output_goes_to(here):
    """Where a shell appends to it, there is still something to save."""
    before = contents(here)
    for argv in (["in"], ["-"]):
        with (here / "in" / "bad.json").open() as stdin, (here / "in" / "bad.json").open("a") as stdout:
            done = subprocess.run([*MODULE, "audit", *argv], stdin=stdin, stdout=stdout, stderr=-1, check=False)
        assert (done.returncode, b"to be read and to be written" in done.stderr) == (2, True)
        assert contents(here) == before


@pytest.mark.parametrize(
    ("argv", "file", "said"),
    [
        (["audit", "in", "--baseline", "b.json"], "b.json", "b.json is to be written twice"),
        (["audit", "in", "--output", "json=out.json"], "out.json", "is to be written twice"),
        (["audit", "in", "--output", "text=a.txt", "--output", "json=/dev/fd/9"], "out.json", "/dev/fd/9 is not open"),
        (["audit", "in"], "campaign-fsm.toml", "to be read and to be written"),
        (["diagram", "--history", "in/good.jsonl"], "in/good.jsonl", "to be read and to be written"),
        (["create", "draft.json", "--dry-run"], "draft.json", "to be read and to be written"),
        (["diagram", "--check", "docs"], "docs/life.mmd", "to be read and to be written"),
    ],
)
def test_the_standard_output_is_a_file_like_any_other(here, capsys, argv, file, said):
    """What a shell appends to is neither read nor written otherwise; nothing is printed into it."""
    call(capsys, "audit", "in", "--baseline", "b.json")
    (here / "docs").mkdir()
    call(capsys, "diagram", "-o", "docs/life.mmd")
    (here / "out.json").touch()
    before = contents(here)
    with (here / file).open("a") as stdout:
        done = subprocess.run([*MODULE, *argv], stdout=stdout, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr
    assert contents(here) == before


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1"])
def test_a_format_for_the_standard_output_by_name_stands_there_alone(here, capsys, name):
    """No text is printed in front of it, and no other format goes there."""
    code, out, _ = call(capsys, "audit", "in", "--output", f"json={name}")
    assert (code, json.loads(out)["summary"]["errors"]) == (1, 1)
    code, out, err = call(capsys, "audit", "in", "--output", f"json={name}", "--output", "text")
    assert (code, out, "only one format can go to the standard output" in err) == (2, "", True)


def test_a_diagram_for_a_closed_standard_output_goes_nowhere(here):
    """As what the other commands print."""
    done = subprocess.run(
        ["bash", "-c", f"{' '.join(MODULE)} diagram >&-"], stderr=subprocess.PIPE, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_an_earlier_report_or_an_empty_file_in_an_audited_folder_is_replaced(here, capsys):
    """It is no recording; and a baseline may lie there, too."""
    (here / "in" / "report.json").touch()
    argv = ["audit", "in", "--output", "json=in/report.json", "--output", "sarif=in/s.json", "--baseline", "in/b.json"]
    assert call(capsys, *argv)[0] == 0
    assert call(capsys, *argv)[0] == 0
    assert json.loads((here / "in" / "report.json").read_text())["summary"]["baselined"] == 1
    assert json.loads((here / "in" / "s.json").read_text())["version"] == "2.1.0"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_an_audit_that_is_ended_leaves_the_old_report(here, number):
    """And no part of a new one beside it."""
    (here / "old.json").write_text("old")
    argv = [*MODULE, "audit", "-", "in", "--output", "json=old.json", "--output", "sarif=new.sarif"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        # More than fits into the pipe: it is being read, so the parts are there.
        process.stdin.write(lines(*[READ, ILLEGAL] * 600).encode())
        process.stdin.flush()
        assert len(parts(here)) == 2
        process.send_signal(number)
        process.communicate(timeout=60)
    assert process.returncode == (2 if number == signal.SIGINT else -number)
    assert (here / "old.json").read_text() == "old"
    assert not (here / "new.sarif").exists()
    assert not parts(here)


@NO_FULL
@pytest.mark.parametrize("where", ["report", "stdout", "limit", "diagram"])
def test_a_full_disk_leaves_the_old_report(here, where):
    """It is said of the file that it is about, and it is no verdict: 2."""
    (here / "old.json").write_text("old")
    (here / "many.jsonl").write_text(lines(READ, *[ILLEGAL] * 3000))
    argv = ["audit", "many.jsonl", "--output", "json=old.json"]
    if where == "report":
        argv += ["--output", "sarif=/dev/full"]
    if where == "diagram":
        argv = ["diagram", "-o", "old.json"]
    limit = 5_000 if where in ("limit", "diagram") else 2**30
    script = (
        "import resource, runpy, sys; sys.argv[0] = 'campaign-fsm'\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, resource.RLIM_INFINITY))\n"
        "runpy.run_module('campaign_fsm', run_name='__main__')"
    )
    with open("/dev/full" if where == "stdout" else os.devnull, "w") as stdout:  # noqa: PTH123
        done = subprocess.run(
            [sys.executable, "-c", script, *argv], stdout=stdout, stderr=subprocess.PIPE, text=True, check=False
        )
    named = {"report": "/dev/full cannot", "stdout": "what was printed could not"}.get(where, "old.json cannot")
    assert (done.returncode, f"{named} be written: " in done.stderr) == (2, True), done.stderr
    assert done.stderr.count("\n") == 1
    assert (here / "old.json").read_text() == "old"
    assert not parts(here)


def test_a_reader_that_has_had_enough_does_not_cut_off_the_files(here):
    """As `head` does; the audit goes on to its end for them."""
    (here / "old.json").write_text("old")
    (here / "many.jsonl").write_text(lines(READ, *[ILLEGAL] * 3000))
    with subprocess.Popen(
        [*MODULE, "audit", "many.jsonl", "--output", "json=old.json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1
    assert json.loads((here / "old.json").read_text())["summary"]["errors"] == 3000
    assert not parts(here)


def test_an_audit_for_a_reader_alone_ends_with_him(here):
    """What it reads may have no end."""
    argv = [*MODULE, "audit", "-", "--policy", "none"]
    with subprocess.Popen(argv, bufsize=0, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdout.close()
        with suppress(BrokenPipeError):
            while True:
                process.stdin.write(lines(READ, ILLEGAL).encode() * 1000)
    assert process.returncode == 1


def test_the_json_of_an_audit_is_followed_by_none_of_an_error(here, capsys):
    """Before it begins an error is JSON."""
    code, out, err = call(capsys, "audit", "in", "--json", "--output", "sarif=missing/x.sarif")
    assert (code, json.loads(out)["outcome"], err) == (2, "failed", "")
    (here / "base").mkdir()
    code, out, err = call(capsys, "audit", "in", "--json", "--baseline", "base/none/b.json")
    assert (code, "summary" in json.loads(out), err.startswith("error: base/none/b.json: ")) == (2, True, True)


@NO_FULL
@pytest.mark.parametrize("argv", [["rules"], ["rules", "--json"], ["diagram"], ["--help"]])
def test_a_full_disk_is_no_bug(argv):
    """Whatever is printed: one line says so."""
    with open("/dev/full", "w") as stdout:  # noqa: PTH123
        done = subprocess.run([*MODULE, *argv], stdout=stdout, stderr=subprocess.PIPE, text=True, check=False)
    told = "error: what was printed could not be written: No space left on device\n"
    assert (done.returncode, done.stderr) == (2, told)


def test_a_standard_output_that_does_not_block_is_waited_for():
    """Without work for the processor."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    read = []
    with os.fdopen(reading, "rb") as stream:
        reader = threading.Timer(0.5, lambda: read.append(stream.read()))
        reader.start()
        before = time.process_time()
        with io.BufferedWriter(_Raw(writing, BrokenPipeError)) as out:
            out.write(b"x" * 1_000_000)
        os.close(writing)
        reader.join()
    assert (len(read[0]), time.process_time() - before < 0.3) == (1_000_000, True)


def test_a_report_keeps_the_permissions_of_the_old_one_and_its_links(here, capsys):
    """It is written beside it, and moved into its place."""
    (here / "real").mkdir()
    (here / "real" / "old.json").write_text("old")
    (here / "real" / "old.json").chmod(0o620)
    (here / "link.json").symlink_to("real/old.json")
    assert call(capsys, "audit", "in", "--output", "json=link.json")[0] == 1
    assert (here / "link.json").is_symlink()
    assert (here / "real" / "old.json").stat().st_mode & 0o777 == 0o620
    assert json.loads((here / "real" / "old.json").read_text())["version"] == 1


def test_a_report_goes_through_a_pipe_as_it_is_found(here):
    """A process substitution of the shell's is one."""
    reading, writing = os.pipe()
    argv = [*MODULE, "audit", "in", "--output", f"json=/dev/fd/{writing}", "--output", "github"]
    with os.fdopen(reading) as stream:
        done = subprocess.run(argv, pass_fds=[writing], capture_output=True, check=False)
        os.close(writing)
        assert json.loads(stream.read())["summary"]["errors"] == 1
    assert done.returncode == 1


def test_a_process_is_ended_by_its_signal_once_all_is_taken_back():
    """Also if somebody swallows what the signal raises; signals of others are left to them."""
    script = """if True:
        import os, signal, sys
        from campaign_fsm.cli.files import Terminated, terminable
        with terminable():
            try:
                os.kill(os.getpid(), signal.SIGTERM)
            except Terminated:
                print("taken back", flush=True)
        print("not reached", flush=True)
    """
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (-signal.SIGTERM, b"taken back\n")
    ours = lambda *_: None  # noqa: E731
    before = signal.signal(signal.SIGTERM, ours)
    try:
        with terminable():
            assert signal.getsignal(signal.SIGTERM) is ours
            os.kill(os.getpid(), signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_does_not_come_in_between(number):
    """What was begun is taken back all the same; only where that hangs another one ends it."""
    script = f"""if True:
        import os, signal
        from campaign_fsm.cli import files
        for files._PATIENCE in (60, 0):
            try:
                with files.terminable():
                    try:
                        os.kill(os.getpid(), signal.SIGINT)
                    finally:
                        os.kill(os.getpid(), {number:d})
                        print("taken back", flush=True)
            except (KeyboardInterrupt, files.Terminated) as error:
                print(type(error).__name__, flush=True)
    """
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    if number == signal.SIGINT:
        assert done.stdout.split("\n") == ["taken back", "KeyboardInterrupt", "KeyboardInterrupt", ""]
    else:
        assert (done.returncode, done.stdout) == (-number, "taken back\n")


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (["audit", "missing.har"], 2),
        (["audit", "in", "--output", "json"], 1),
        (["check", "nonsense", "pause"], 2),
        (["check", "in-progress", "complete"], 1),
        (["diagram", "--view", "nonsense"], 2),
        (["get", "camp_1"], 2),
        (["nonsense"], 2),
    ],
)
@pytest.mark.parametrize(
    "stderr",
    [
        pytest.param("2>/dev/full", marks=NO_FULL),
        pytest.param("2>&-", marks=pytest.mark.long),
        pytest.param("2>&1 >/dev/null | true", marks=pytest.mark.long),
    ],
)
def test_an_exit_code_stays_what_it_is_where_nothing_can_be_told(here, argv, code, stderr):
    """The standard error may be full, closed, or read by nobody."""
    command = " ".join([*MODULE, *argv])
    script = f"set -o pipefail; {command} {stderr}" if "|" in stderr else f"{command} {stderr}"
    done = subprocess.run(["bash", "-c", script], stdout=subprocess.DEVNULL, check=False)
    assert done.returncode == code


def test_a_standard_error_that_is_a_stand_in_is_left_alone(capsys):
    """The command may be called in a process of somebody else's."""
    before = sys.stderr
    with pytest.raises(SystemExit) as left:
        main(["check", "nonsense", "pause"])
    assert (left.value.code, sys.stderr is before) == (2, True)
    assert "on no list" in capsys.readouterr().err


def test_nothing_that_is_opened_gets_what_is_told_to_a_closed_standard_error(here, account):
    """Its number is the next one to be given."""
    campaign = account.add("in-progress", start=account.now - timedelta(hours=1))
    script = f"{' '.join(MODULE)} complete {campaign} --yes -v --trace t.jsonl 2>&-"
    done = subprocess.run(["bash", "-c", script], stdout=subprocess.DEVNULL, check=False)
    assert done.returncode == 1
    assert [json.loads(line)["event"] for line in (here / "t.jsonl").read_text().splitlines()] == ["read", "refused"]


def test_a_trace_that_cannot_be_opened_and_a_search_that_fails_are_told_apart(here, capsys, account, tmp_path):
    """Each by its own name."""
    code, _, err = call(capsys, "get", "camp_1", "--trace", "missing/t.jsonl")
    assert (code, "--trace missing/t.jsonl: No such file" in err) == (2, True)
    gone = tmp_path / "gone"
    gone.mkdir()
    os.chdir(gone)
    gone.rmdir()
    for argv in (["get", "camp_1"], ["audit", str(here / "in")]):
        code, out, err = call(capsys, *argv)
        assert (code, out) == (2, "")
        assert "the current folder is gone, so no configuration can be looked for" in err
        assert "trace" not in err
    audit = ["audit", str(here / "in"), "--policy", "none"]
    assert call(capsys, *audit)[0] == 1
    for option in ("--output=json=x.json", "--baseline=x.json"):
        code, _, err = call(capsys, *audit, option)
        assert (code, err.count("x.json"), "No such file" in err) == (2, 1, True), err
    assert call(capsys, "diagram", "--history", str(here / "in" / "good.jsonl"))[0] == 0


def test_a_configuration_behind_a_closed_door_is_told_by_its_name(everybodys, somebody, capsys, account, monkeypatch):
    """Nobody can say whether it forbids something."""
    inner = everybodys / "closed" / "inner"
    inner.mkdir(parents=True)
    monkeypatch.chdir(inner)
    (everybodys / "closed").chmod(0o600)
    try:
        with somebody():
            found = [call(capsys, *argv) for argv in (["get", "camp_1"], ["audit", "missing.har"])]
    finally:
        (everybodys / "closed").chmod(0o700)
    for code, out, err in found:
        assert (code, out) == (2, "")
        assert f"{inner}/campaign-fsm.toml: " in err
        assert "it is unknown whether it is there and forbids something: Permission denied" in err

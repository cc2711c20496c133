"""The commands without a network, and the frame around all commands: what is printed, loaded and returned."""

import json
import os
import pty
import shlex
import shutil
import signal
import subprocess
import sys
import time

import click
import oracle
import pytest
from click.shell_completion import get_completion_class
from click.testing import CliRunner
from commands import call

from campaign_fsm import Simulator, SimulatorServer, decide, errors, guides
from campaign_fsm.cli import _GROUPS, COMMANDS, cli, run
from campaign_fsm.cli.audit import _colour as colour
from campaign_fsm.cli.output import lay_out
from campaign_fsm.reference import ways
from campaign_fsm.rules import (
    ENTRIES,
    PROBLEMS,
    REFUSALS,
    RULES,
    STRICT_REFUSAL,
    Action,
    Channel,
    Problem,
    Standing,
    Status,
)

KNOWN = [status for status in Status if status is not Status.UNKNOWN]
MODULE = [sys.executable, "-m", "campaign_fsm"]


def environment(**extra):
    """This process's environment without what steers colours and encodings."""
    dropped = ("NO_COLOR", "TERM", "PYTHONIOENCODING", "PYTHONUTF8", "CAMPAIGN_FSM_DEBUG")
    return {name: value for name, value in os.environ.items() if name not in dropped} | extra


def shell(*argv, code=None, encoding="utf-8", **extra):
    """One command, or some lines of Python, in a process of its own."""
    command = [sys.executable, "-c", code] if code else [*MODULE, *argv]
    return subprocess.run(
        command, capture_output=True, encoding=encoding, timeout=60, env=environment(**extra), check=False
    )


def invoke(*argv):
    """One command under click's runner: the value that becomes the exit code, and the output."""
    done = CliRunner().invoke(cli, [str(arg) for arg in argv], standalone_mode=False, catch_exceptions=False)
    return done.return_value, done.output


def on_a_terminal(*argv, columns=80, **extra):
    """What one command writes to a terminal of a given width."""
    main, side = pty.openpty()
    process = subprocess.Popen(
        [*MODULE, *argv], stdin=side, stdout=side, stderr=side, env=environment(COLUMNS=str(columns), **extra)
    )
    os.close(side)
    shown = b""
    try:
        while chunk := os.read(main, 4096):
            shown += chunk
    except OSError:  # Linux reports the end of a terminal as an error
        pass
    os.close(main)
    process.wait()
    return shown.decode().replace("\r\n", "\n")


# check


def test_the_text_of_every_cell_agrees_with_decide():
    """The first line, the sources, the legal actions and the exit code of each cell are those of `decide`."""
    flags = {None: [], True: ["--started"], False: ["--not-started"]}
    counted = 0
    for status in KNOWN:
        for action in Action:
            for channel in Channel:
                for started, flag in flags.items():
                    decision = decide(status, action, channel=channel, started=started)
                    code, out = invoke("check", status, action, "--channel", channel, *flag)
                    verdict = "LEGAL" if decision else "ILLEGAL"
                    assert code == (0 if decision else 1)
                    assert out.startswith(f"{verdict}  {action} while {status}  ({decision.code}, {channel})\n")
                    assert f"  legal now  {', '.join(decision.legal_actions) or 'nothing'}\n" in out
                    assert all(source.says in out and source.page.url in out for source in decision.sources)
                    assert (decision.effect if decision else decision.reason) in out
                    assert ("contested:" in out) == (decision.standing is Standing.CONTESTED)
                    counted += 1
    assert counted == 8 * 9 * 2 * 3


def test_a_legal_step_says_how_one_gets_back():
    """The way back is said where there is one, its absence where not, and never for what cannot be undone."""
    assert "  way back   resume\n" in invoke("check", "in-progress", "pause")[1]
    assert "  way back   none is documented\n" in invoke("check", "created", "pause")[1]
    assert "  way back" not in invoke("check", "paused", "complete")[1]
    assert "  then       completed (cannot be undone)\n" in invoke("check", "paused", "complete")[1]
    assert "  way back" not in invoke("check", "created", "edit")[1]


@pytest.mark.parametrize(
    ("given", "status"), [("InProgress", "in-progress"), ("in progress", "in-progress"), ("scheduled", "created")]
)
def test_another_spelling_is_read_and_said(given, status):
    """A wire spelling is taken, and the answer names the status it was read as; a canonical one needs no word."""
    assert f"  read as    {status}, from {given!r}\n" in invoke("check", given, "pause")[1]
    told = json.loads(invoke("check", given, "pause", "--json")[1])
    assert (told["status"], told["status_given"]) == (status, given)
    assert "read as" not in invoke("check", status, "pause")[1]


def test_an_unknown_status_keeps_its_spelling_in_json():
    """A machine that is told `unknown` is told what was unknown."""
    code, out = invoke("check", "running", "pause", "--json")
    told = json.loads(out)
    assert (code, told["verdict"], told["status"], told["status_given"]) == (2, "unknown", "unknown", "running")


def test_the_help_of_check_names_every_field_of_its_json():
    """What machines read is documented where they are written."""
    told = json.loads(invoke("check", "paused", "resume", "--json")[1])
    text = CliRunner().invoke(cli, ["check", "--help"]).output.partition("JSON: ")[2].partition("Options:")[0]
    named = {word.strip(",.:()") for word in text.split()}
    assert set(told) <= named


def test_what_has_happened_already_is_still_illegal():
    """A second pause is no error to worry about, and no legal action either."""
    already = [(action, status) for action in Action for status in KNOWN if decide(status, action).already]
    assert {(action.value, status.value) for action, status in already} == oracle.ALREADY
    for action, status in already:
        code, out = invoke("check", status, action)
        assert code == 1
        assert "it is there already" in out


# route, rules, explain


def test_a_route_on_either_channel_marks_what_cannot_be_undone():
    """Each step of each route is printed, the irreversible ones and no others with the mark."""
    counted = 0
    for start in KNOWN:
        for goal in KNOWN:
            for channel in Channel:
                way = json.loads(invoke("route", start, goal, "--channel", channel, "--json")[1])
                code, out = invoke("route", start, goal, "--channel", channel)
                assert code == (1 if way["route"] is None else 0)
                if way["route"]:
                    marked = [
                        step.removesuffix(" (cannot be undone)") if step.endswith(" (cannot be undone)") else None
                        for step in out.strip().split(" → ")
                    ]
                    assert marked == [step if step in oracle.IRREVERSIBLE else None for step in way["route"]]
                    counted += 1
    assert counted == 21


def test_strict_takes_the_contested_way_away():
    """Only a contested rule leads from created to deleted."""
    assert invoke("route", "created", "deleted", "--channel", "voice")[0] == 0
    assert invoke("route", "created", "deleted", "--channel", "voice", "--strict")[0] == 1


def test_the_marks_of_the_table_are_explained_under_it():
    """▲ and † stand at the rules they are about, and the last lines say what they mean."""
    code, out = invoke("rules")
    lines = {line.split()[0]: line for line in out.splitlines() if line.startswith("  CF")}
    assert code is None
    assert {name for name, line in lines.items() if "▲" in line} == {r.code for r in RULES if not r.undoable}
    assert {name for name, line in lines.items() if "†" in line} == {"CF116", "CF117", "CF305", "CF306"}
    assert out.splitlines()[-2].startswith("▲ cannot be undone   † contested")


def test_every_code_is_explained_with_all_that_the_table_knows():
    """Each rule with its effect, each refusal with its title, each problem with its advice, all with every source."""
    for code, entry in ENTRIES.items():
        out = invoke("explain", code)[1]
        for source in getattr(entry, "sources", ()):
            assert f"{source.page.title}: {source.says}" in out
            assert source.page.url in out
        told = entry.advice if isinstance(entry, Problem) else getattr(entry, "effect", None) or entry.title
        assert told in out, code
    assert len(ENTRIES) == len(RULES) + len(REFUSALS) + 1 + len(PROBLEMS)


def test_no_rule_without_a_way_back_is_called_undoable():
    """A pause before the start asks for no confirmation, but nobody is told that it can be undone."""
    for code, back in {"CF102": "none is documented", "CF103": "resume", "CF104": "pause"}.items():
        assert f"  way back   {back}\n" in invoke("explain", code)[1]
    for code in ("CF105", "CF106", "CF117"):
        assert "it cannot be undone" in invoke("explain", code)[1]
    assert not any("undo       possible" in invoke("explain", code)[1] for code in ENTRIES)


def test_a_refusal_is_explained_with_the_legal_way():
    """The way from each status that the refusal is about, as `decide` gives it."""
    assert "the way    from in-progress: pause → complete (cannot be undone)\n" in invoke("explain", "CF224")[1]
    assert "the way    wait for its start time\n" in invoke("explain", "CF222")[1]
    with_a_way = {refusal.code for refusal in REFUSALS if ways(refusal)}
    assert with_a_way == {
        decision.code
        for status in KNOWN
        for action in Action
        for channel in Channel
        if not (decision := decide(status, action, channel=channel)) and decision.route
    }
    assert with_a_way


def test_the_strict_refusal_names_the_contested_rules():
    """CF251 has no source of its own; it says which rules it is about."""
    out = invoke("explain", STRICT_REFUSAL.code)[1]
    assert all((rule.code in out) == (rule.code in {"CF116", "CF117"}) for rule in RULES)


def test_a_contested_event_is_explained_as_one_that_strict_does_not_touch():
    """It may happen all the same; only actions can be refused."""
    assert "--strict refuses it" in invoke("explain", "CF116")[1]
    for code in ("CF305", "CF306"):
        out = invoke("explain", code)[1]
        assert "contested" in out
        assert "it may happen all the same" in out
        assert "--strict" not in out
    assert "contested" not in invoke("explain", "CF302")[1]


def test_every_error_is_explained_by_its_name():
    """What the package raises and what `--json` calls it: what it means, what it is a kind of, which fields it has."""
    public = {name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, Exception)}
    assert "CampaignBusy" in public
    for name in public:
        code, out = invoke("explain", name.lower())
        told = json.loads(invoke("explain", name, "--json")[1])
        assert (code, told["error"], told["text"] != [""]) == (None, name, True)
        assert out.startswith(f"{name}  error: {told['text'][0]}\n")
        assert all(f"is a       {base}: " in out for base in told["is_a"])
    told = invoke("explain", "CampaignBusy")[1]
    assert all(f"CF80{number}: " in told for number in (1, 2, 3))
    assert "Near it are CampaignBusy" in shell("explain", "CampaignBussy").stderr


def test_an_unknown_code_is_answered_with_near_ones():
    """A slip of one digit is 2, and what was meant is among the codes named."""
    done = shell("explain", "CF22")
    assert (done.returncode, done.stdout) == (2, "")
    assert "CF22" in done.stderr.partition("Near it are")[2]


# Layout and colour


def test_a_terminal_gets_lines_that_fit():
    """On 80 columns no line of `check` and `explain` is longer, continuation lines are aligned, words stay whole."""
    for argv in (["check", "in-progress", "complete"], ["explain", "CF224"]):
        shown = on_a_terminal(*argv, NO_COLOR="1").splitlines()
        plain = shell(*argv).stdout
        assert max(map(len, plain.splitlines())) > 80
        rows = [line for line in shown if line.startswith("  ") and len(line) > 13]
        assert max(map(len, [line for line in rows if line[13] != " " and "https://" not in line][1:])) <= 80
        assert sum(line.startswith(" " * 13) for line in shown) > plain.count("https://")
        assert " ".join(" ".join(shown).split()) == " ".join(plain.split())


def test_a_long_word_is_never_cut():
    """A URL longer than the line stays one piece, to be clicked."""
    url = "https://example.com/" + "x" * 100
    assert list(lay_out([("", url)], 80))[-1].strip() == url
    assert list(lay_out([("rule", "a " * 60)], None)) == [f"  {'rule':<11}{'a ' * 60}"]


def test_colour_is_for_terminals_that_want_it():
    """A terminal is coloured, one with NO_COLOR or without abilities is not, and a pipe never is."""
    argv = ("check", "in-progress", "complete")
    assert "\x1b[31m" in on_a_terminal(*argv, TERM="xterm")
    assert "\x1b" not in on_a_terminal(*argv, TERM="xterm", NO_COLOR="1")
    assert "\x1b" not in on_a_terminal(*argv, TERM="dumb")
    assert "\x1b[31m" in on_a_terminal(*argv, TERM="xterm", NO_COLOR="")
    assert "\x1b" not in shell(*argv).stdout


def test_the_environment_forces_or_forbids_colour(monkeypatch, capsys):
    """FORCE_COLOR colours what no terminal reads, and NO_COLOR goes before it; an audit's report is no exception."""
    for values, coloured in (
        ({"FORCE_COLOR": "0"}, True),
        ({"FORCE_COLOR": ""}, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ):
        for name in ("FORCE_COLOR", "NO_COLOR"):
            monkeypatch.setenv(name, values.get(name, ""))
        _, out, _ = call(capsys, "check", "in-progress", "complete")
        _, _, err = call(capsys, "pause", "a1")
        assert ("\x1b[31m" in out, "\x1b[31m" in err, colour(None)) == (coloured,) * 3


# Help


def test_help_lists_the_commands_in_groups():
    """Each under one heading, in one column, and within 80 characters."""
    out = help_of()
    for heading, group in _GROUPS.items():
        under = out.partition(f"\n{heading}:\n")[2].partition("\n\n")[0]
        assert [line.split()[0] for line in under.splitlines()] == list(group)
        assert {line.index(line.split(maxsplit=1)[1]) for line in under.splitlines()} == {14}


def help_of(*command):
    """The help of a command, 80 characters wide."""
    return CliRunner().invoke(cli, [*command, "--help"], terminal_width=80).output


def test_the_help_of_a_command_has_its_own_options_first():
    """The common ones have a section of their own, the same for every command that talks to a server."""
    common = set()
    for name in ("list", "watch", "create", "edit", "reschedule", "pause", "delete"):
        own, _, shared = help_of(name).partition("\nOptions:\n")[2].partition("\nCommon options:\n")
        common.add(shared.partition("\n  Guide: ")[0])
        assert "--json" not in own
        assert ("--limit" in own, "--until" in own, "--partial" in own) == (
            name == "list",
            name == "watch",
            name == "edit",
        )
    assert len(common) == 1
    assert "Common options" not in help_of("demo") + help_of("get")
    assert "--channel" in help_of("check").partition("Common options")[0]


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_ends_with_its_guide(name):
    """Which is there, and mentions the command."""
    last = help_of(name).splitlines()[-1]
    assert last.startswith("  Guide: campaign-fsm help ")
    topic = last.split()[-1]
    assert topic in guides.TOPICS
    assert f"campaign-fsm {name}" in guides.text_of(topic) or topic == "outcomes"


@pytest.mark.parametrize("name", COMMANDS)
def test_no_line_of_a_help_page_is_longer_than_a_terminal(name):
    """Of 80 columns."""
    assert max(map(len, help_of(name).splitlines())) <= 80


# The frame


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["xyzzy", "--json"], "There is no command 'xyzzy'"),
        (["--json", "get"], "--json"),
        (["get", "--json"], "ID"),
        (["get", "../x", "--json"], "'../x'"),
        (["get", "a1", "--json", "--nonsense"], "--nonsense"),
        (["explain", "CF999", "--json"], "CF999"),
        (["diagram", "--json"], "--json goes with --check"),
        (["create", "missing.json", "--json"], "missing.json"),
        (["audit", "x", "--json", "--output", "github"], "--output"),
    ],
)
def test_a_command_line_that_is_refused_is_an_object_under_json(capsys, argv, said):
    """As every other outcome: on standard output, and nothing beside it."""
    code, out, err = call(capsys, *argv)
    told = json.loads(out)
    assert (code, err, told["version"], told["outcome"]) == (2, "", 1, "usage error")
    assert told["error"]["type"] == "UsageError"
    assert said in told["error"]["message"]


def test_an_argument_that_looks_like_the_option_asks_for_no_json(capsys):
    """What stands after -- is a name."""
    code, out, err = call(capsys, "find", "--", "--json")
    assert (code, out, "EXOTEL_ACCOUNT_SID" in err) == (2, "", True)


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (["check", "paused", "complete"], 0),
        (["check", "in-progress", "complete"], 1),
        (["check", "running", "complete"], 2),
        (["check", "paused", "compleet"], 2),
        (["check"], 2),
        (["route", "paused", "archived"], 0),
        (["route", "created", "in-progress"], 1),
        (["route", "paused", "nowhere"], 2),
        (["explain", "cf224"], 0),
        (["explain", "CF999"], 2),
        (["rules", "--no-such-option"], 2),
        ([], 2),
        (["--help"], 0),
        (["--version"], 0),
    ],
)
def test_the_exit_code_of_a_process(argv, code):
    """0 fine, 1 a verdict, 2 unknown, as a shell sees it; what is not 2 says nothing on stderr."""
    done = shell(*argv)
    assert done.returncode == code, done.stderr
    assert bool(done.stderr) == (code == 2)


@pytest.mark.parametrize("argv", [["check", "in-progress", "complete"], ["route", "in-progress", "archived"]])
@pytest.mark.parametrize("encoding", ["iso-8859-1", "cp1252", "utf-8"])
def test_the_encoding_of_the_output_does_not_change_the_verdict(argv, encoding):
    """An arrow that the output cannot encode is escaped, and the exit code stays that of the verdict."""
    done = shell(*argv, PYTHONIOENCODING=encoding)
    assert (done.returncode, done.stderr) == (invoke(*argv)[0], "")
    assert ("→" if encoding == "utf-8" else "\\u2192") in done.stdout


def test_json_stays_json_in_any_encoding():
    """What a narrow encoding cannot hold comes back whole, also beyond the basic plane."""
    given = "läuft → \U0001f680"
    done = shell("check", given, "pause", "--json", encoding="cp1252", PYTHONIOENCODING="cp1252")
    assert "läuft" in done.stdout
    assert json.loads(done.stdout)["status_given"] == given


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (["check", "paused", "complete"], 0),
        (["check", "in-progress", "complete"], 1),
        (["check", "paused", "compleet", "--json"], 2),
    ],
)
def test_a_reader_that_is_gone_changes_no_verdict(argv, code):
    """A closed pipe is no failure of the command, which says nothing of it."""
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([*MODULE, *argv], stdout=writing, stderr=subprocess.PIPE, timeout=60, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (code, b"")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")  # noqa: PTH110
def test_output_that_cannot_be_written_is_no_verdict():
    """A full disk is 2."""
    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = subprocess.run(
            [*MODULE, "check", "in-progress", "complete"], stdout=full, stderr=subprocess.PIPE, timeout=60, check=False
        )
    assert done.returncode == 2


BROKEN = (
    "from campaign_fsm.cli import main, rules\n"
    "def decide(*_, **__): raise RuntimeError('first\\nsecond \\x1b[2J third')\n"
    "rules.decide = decide\n"
    "main(['check', 'paused', 'pause'])"
)


def test_a_bug_is_one_line_and_never_a_verdict():
    """The exception is named on one printable line, with the way to its traceback, which exits with 2 as well."""
    done = shell(code=BROKEN)
    assert done.returncode == 2
    first, second = done.stderr.splitlines()
    assert first == "error: RuntimeError: first second [2J third"
    assert "CAMPAIGN_FSM_DEBUG=1" in second
    done = shell(code=BROKEN, CAMPAIGN_FSM_DEBUG="1")
    assert done.returncode == 2
    assert done.stderr.startswith("Traceback")


# Whoever runs the tests in the background of a script hands down a SIGINT that is ignored.
HEARING_CTRL_C = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\nfrom campaign_fsm.cli import main; main()"
)


def test_ctrl_c_in_a_write_does_not_claim_that_nothing_was_sent():
    """The write has taken effect when the interrupt comes: the command says that it cannot know, and exits with 2."""
    simulator = Simulator()
    with SimulatorServer(simulator) as server:
        campaign = simulator.add("paused")
        simulator.fault("stall", method="PUT", id=campaign, seconds=3600)
        process = subprocess.Popen(
            [sys.executable, "-c", HEARING_CTRL_C, "complete", campaign, "--yes"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(
                EXOTEL_BASE_URL=server.base_url,
                EXOTEL_ACCOUNT_SID=simulator.account_sid,
                EXOTEL_API_KEY=simulator.api_key,
                EXOTEL_API_TOKEN=simulator.api_token,
            ),
        )
        while simulator.status(campaign) != "completed":
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
        assert simulator.status(campaign) == "completed"
    assert (process.returncode, out) == (2, "")
    assert "Nothing was sent" not in err
    assert "it is unknown whether it took effect; read the campaign with campaign-fsm get" in err


def test_ctrl_c_without_a_write_is_only_an_interrupt(monkeypatch, capsys):
    """A command that sends nothing speaks of no write."""
    from campaign_fsm.cli import rules

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(rules, "decide", interrupted)
    assert run(["check", "paused", "pause"]) == 2
    assert capsys.readouterr().err.strip() == "Interrupted."


def test_ctrl_c_in_a_create_says_how_to_find_what_has_no_id_yet(monkeypatch, capsys):
    """And a dry run sends nothing that could be under way."""
    monkeypatch.setattr(cli, "main", raiser(KeyboardInterrupt()))
    assert run(["create", "a.json", "--yes"]) == 2
    assert "look for the campaign with campaign-fsm find" in capsys.readouterr().err
    assert run(["create", "a.json", "--dry-run"]) == 2
    assert capsys.readouterr().err.strip() == "Interrupted."


def raiser(error):
    def raises(*_, **__):
        raise error

    return raises


@pytest.mark.parametrize(
    ("argv", "outcome"),
    [
        (["diagram", "--check", "/nowhere", "--json"], "failed"),
        (["check", "paused", "pause", "--nonsense", "--json"], "usage error"),
        (["check", "paused", "--channel", "--json"], None),
        (["check", "paused", "--", "--json"], None),
        (["nonsense", "--json"], "usage error"),
        (["--json", "check"], "usage error"),
    ],
)
def test_an_error_is_json_where_that_is_asked_for(capsys, argv, outcome):
    """By an option, and not by the value of another one."""
    code, out, err = call(capsys, *argv)
    if outcome is None:
        assert (code, out) == (2, "")
        assert err.splitlines()[-1].startswith("error: ")
    else:
        assert (code, json.loads(out)["outcome"], err) == (2, outcome, "")


@pytest.mark.parametrize(
    ("error", "outcome", "kind"),
    [
        (KeyboardInterrupt(), "interrupted", "KeyboardInterrupt"),
        (click.Abort(), "not confirmed", "Abort"),
        (RuntimeError("a\x1b[2J"), "unexpected", "RuntimeError"),
        (errors.BudgetSpent(account="a", host="h", seconds=1.0), "not sent", "BudgetSpent"),
    ],
)
def test_whatever_ends_a_command_is_json(monkeypatch, capsys, error, outcome, kind):
    """Also what nobody expected."""
    monkeypatch.setattr(cli, "main", raiser(error))
    code, out, _ = call(capsys, "check", "paused", "pause", "--json")
    found = json.loads(out)
    assert (code, found["outcome"], found["error"]["type"]) == (2, outcome, kind)


def test_names_drive_no_terminal(monkeypatch, capsys, tmp_path):
    """What stands in a folder, or is given on the command line, is printed without what is not printable."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    call(capsys, "diagram", "--view", "from:paused", "-o", str(tmp_path / "a\x1b[2J.svg"))
    (tmp_path / "b\x1b[2J.svg").write_text("hi")
    for argv in (["--check", tmp_path], ["--write", tmp_path], ["-o", f"{tmp_path}/no\x1b[2J/a.svg"]):
        _, out, err = call(capsys, "diagram", *map(str, argv))
        assert "\x1b[2J" not in out + err
        assert "�[2J" in out + err


def test_help_loads_no_command():
    """The list of commands is made without the commands, and it is the list of what can be loaded."""
    done = shell(
        code="import sys; from campaign_fsm.cli import run; run(['--help']);"
        "print('loaded:', *sorted(m for m in sys.modules if m.startswith('campaign_fsm')))"
    )
    assert (
        done.stdout.splitlines()[-1]
        == "loaded: campaign_fsm campaign_fsm._lazy campaign_fsm.cli campaign_fsm.cli.streams"
    )
    assert [cli.get_command(None, name).name for name in COMMANDS] == list(COMMANDS)


def test_check_loads_what_it_prints_with_and_no_more():
    """No other command's module, and no JSON in text: the start is measured against `import click`."""
    code = (
        "import sys; from campaign_fsm.cli import run; run(['check', 'paused', 'complete']);"
        "print('loaded:', *sorted(m for m in sys.modules if m.startswith('campaign_fsm.') or m in "
        "('json', 'httpx', 'httpx2', 'anyio', 'rich', 'difflib')))"
    )
    assert shell(code=code).stdout.splitlines()[-1].split()[1:] == [
        "campaign_fsm._lazy",
        "campaign_fsm.cli",
        *(f"campaign_fsm.cli.{name}" for name in ("decision", "options", "output", "rules", "streams")),
        "campaign_fsm.lifecycle",
        *(f"campaign_fsm.lifecycle.{name}" for name in ("decision", "graph", "machine", "mixins", "models")),
        "campaign_fsm.rules",
        *(
            f"campaign_fsm.rules.{name}"
            for name in ("codes", "edges", "pages", "problems", "refusals", "texts", "vocabulary")
        ),
    ]


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("campaign-fsm check pau", {"paused"}),
        ("campaign-fsm check paused re", {"resume", "reschedule"}),
        ("campaign-fsm route paused arch", {"archived"}),
        ("campaign-fsm explain cf22", {"CF221", "CF222", "CF223", "CF224", "CF225", "CF226"}),
        ("campaign-fsm explain campaignb", {"CampaignBusy"}),
        ("campaign-fsm explain 50", {"500", "502", "503", "504"}),
        ("campaign-fsm diagram --format m", {"mermaid", "markdown"}),
        ("campaign-fsm diagram --view h", {"history"}),
        ("campaign-fsm diagram --view from:pa", {"from:paused"}),
        ("campaign-fsm diagram --view route:paused:arch", {"route:paused:archived"}),
    ],
)
def test_a_shell_completes_commands_options_and_their_values(monkeypatch, capsys, words, offered):
    """The arguments complete, not only the commands."""
    assert {line.partition(",")[2] for line in completed(monkeypatch, capsys, "bash", words)} == offered


def completed(monkeypatch, capsys, shell, words, place=None):
    """What a shell's script is answered about the last word, or about one that has not begun."""
    monkeypatch.setenv("_CAMPAIGN_FSM_COMPLETE", f"{shell}_complete")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(len(words.split()) - 1) if place is None else place)
    return call(capsys)[1].splitlines()


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_bash_completes_what_has_colons():
    """It puts the answer in the place of its second argument, which is less than a word, or all of one in quotes."""
    lines = [
        ("--view route:paused:arch", "arch", "archived"),
        ("--view=from:pa", "pa", "paused"),
        ("--view=from:pa", "from:pa", "from:paused"),
        ("--view=from:pa", "--view=from:pa", "--view=from:paused"),
        ("--view from:pa", "from:pa", "from:paused"),
        ('--view "from:pa', "from:pa", "from:paused"),
        (r"--view from\:pa", r"from\:pa", "from:paused"),
        ("--vi", "--vi", "--view"),
    ]
    asked = [
        f"COMP_LINE={shlex.quote(line)}; COMP_POINT=${{#COMP_LINE}}; "
        f"_campaign_fsm_completion campaign-fsm {shlex.quote(replaced)}; printf '%s\\n' \"${{COMPREPLY[@]}}\"\n"
        for line, replaced in ((f"campaign-fsm diagram {line}", replaced) for line, replaced, _ in lines)
    ]
    script = f"""
        campaign-fsm() {{ {shlex.join(MODULE)} "$@"; }}
        source <(campaign-fsm completion bash)
        {"".join(asked)}
    """
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, env=environment(), check=False)
    assert (done.stdout.splitlines(), done.stderr) == ([answer for *_, answer in lines], "")


def test_powershell_completes_where_click_knows_it(monkeypatch, capsys):
    """Its script and what it is answered; an older click is named."""
    code, out, err = call(capsys, "completion", "powershell")
    if get_completion_class("powershell") is None:
        assert (code, out, "click 8.5" in err) == (2, "", True)
        return
    assert (code, "Register-ArgumentCompleter" in out, "$PROFILE" in out) == (0, True, True)
    for words, place in (("campaign-fsm diagram --view from:pau", "3"), ("campaign-fsm check paused arc", "3")):
        kind, value, _ = completed(monkeypatch, capsys, "powershell", words, place)
        assert (kind, value) == ("plain", "from:paused" if "from" in words else "archive")

"""Names and texts that are not ours command no build server and no terminal, whatever prints them."""

import json
import re
import time

import pytest
from canaries import KEY, TOKEN, Echo, item
from commands import DRAFT, call
from hypothesis import example, given
from hypothesis import strategies as st
from wires import ID

from campaign_fsm.printable import harmless, harmless_json, lines_in_colour, printable, quoted, text_of

COMMANDS = ["::error::x", "##[error]x", "##vso[task.complete]x"]
PARTS = st.lists(st.sampled_from([":", "#", "[", "]", "a", " ", "\t", "\n", "\r"]), max_size=12).map("".join)


def commands(text):
    """What a build server would take for a command of its own."""
    return [line for line in re.split(r"[\r\n]", text) if line.strip().startswith("::") or re.search(r"##\w*\[", line)]


@given(PARTS)
@example("###[x]")
@example(" :::x")
@example("a\n\n  ::x")
def test_no_line_is_a_command(text):
    """Nothing is left that a build server would act on, and nothing but spaces is added."""
    said = harmless(text)
    assert commands(said) == []
    assert re.sub(r"\s", "", said) == re.sub(r"\s", "", text)
    if not commands(text):
        assert said == text


@given(PARTS)
def test_json_says_the_same_without_a_command(text):
    """It is escaped there, not changed."""
    said = harmless_json(json.dumps({text: [text]}))
    assert commands(said) == []
    assert json.loads(said) == {text: [text]}


@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_prints_a_name_as_a_command(account, capsys, tmp_path, monkeypatch, command):
    """Of campaigns, parameters, files and folders, on either stream."""
    monkeypatch.chdir(tmp_path)
    campaign = account.add("paused", name=command)
    folder = tmp_path / command.replace("/", "_")
    folder.mkdir()
    assert call(capsys, "diagram", "--view", "life", "-o", str(folder / "a.svg"))[0] == 0
    file = folder / "a.svg"
    file.write_text(file.read_text().replace("paused", "stopped"))
    (tmp_path / "draft.json").write_text(json.dumps({**DRAFT, command: 1}))
    lines = f"nowhere\n{command}"
    for expected, argv in [
        (0, ["get", campaign]),
        (0, ["get", campaign, "--json"]),
        (0, ["list"]),
        (0, ["list", "--json"]),
        (0, ["find", command, "--json"]),
        (1, ["find", f"{command} and more"]),
        (1, ["create", "draft.json"]),
        (1, ["create", "draft.json", "--json"]),
        (1, ["diagram", "--check", folder.name]),
        (1, ["diagram", "--check", folder.name, "--json"]),
        (2, ["audit", lines]),
        (2, ["audit", lines, "--json"]),
        (2, ["audit", "draft.json", "--output", f"json={lines}/x"]),
        (2, ["create", lines]),
        (2, ["list", lines]),
        (2, [lines]),
    ]:
        code, out, err = call(capsys, *argv)
        assert (argv, code) == (argv, expected), out + err
        assert commands(out + "\n" + err) == [], argv


ODD = "\x9b31m \u202eevil\u2066 \u2028\u2029\ufeff\u00ad \U000e0041 \ud800"


@pytest.mark.parametrize("argv", [["get", ID, "--json"], ["list", "--json"], ["find", "x" + ODD[:-1], "--json"]])
def test_json_drives_no_terminal_and_stays_readable(capsys, monkeypatch, argv):
    """Controls, bidirectional marks and separators are escaped, letters of every script are not; nothing is lost."""
    name = f"दिवाली é {ODD[:-1]}"
    with Echo() as server:
        data = {"sid": ID, "status": "paused", "name": name}
        server.said = (
            item(data=data) if argv[0] == "get" else json.dumps({"response": [{"code": 200, "data": data}]}).encode()
        )
        for setting, value in (("ACCOUNT_SID", "a1"), ("API_KEY", KEY), ("API_TOKEN", TOKEN), ("BASE_URL", server.url)):
            monkeypatch.setenv(f"EXOTEL_{setting}", value)
        _, out, _ = call(capsys, *argv)
    assert out.removesuffix("\n").isprintable()
    told = json.loads(out)
    if argv[0] == "find":
        assert repr(argv[1])[1:-1] in told["error"]["message"]
    else:
        assert told["campaign"]["name"] == name
        assert "दिवाली é" in out


def test_offline_json_is_as_harmless(capsys):
    """`check --json` shows the status that it was given."""
    _, out, _ = call(capsys, "check", f"{ODD} ##[error]x", "pause", "--json")
    assert out.removesuffix("\n").isprintable()
    assert "##[" not in out
    assert json.loads(out)["status_given"] == f"{ODD} ##[error]x"


@pytest.mark.parametrize("indent", [None, 1])
def test_escaped_json_is_the_same_json(indent):
    """Laid out in lines or not, with every character of the first planes that is not printable."""
    value = {chr(code): [chr(code)] for code in (*range(0x3000), *range(0xD7F0, 0xE010), *range(0xFE00, 0x10010))}
    text = harmless_json(json.dumps(value, ensure_ascii=False, indent=indent))
    assert all(map(str.isprintable, text.split("\n")))
    assert json.loads(text) == value


def test_empty_lines_without_end_take_no_time():
    """The work grows with the length of a text and not faster; the command behind them is spaced out all the same."""
    begun = time.process_time()
    assert harmless("\n" * 50_000 + " ::error::") == "\n" * 50_000 + " : :error::"
    assert time.process_time() - begun < 2


class Sulky:
    """What cannot be printed at all."""

    def __repr__(self):
        raise RuntimeError("no")


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("a\x1b[2J", "'a\\x1b[2J'"),
        ("x" * 81, f"'{'x' * 80}…'"),
        ("x" * 80, f"'{'x' * 80}'"),
        (None, "None"),
        ([0] * 40, str([0] * 40)[:80] + "…"),
        (Sulky(), "<Sulky>"),
    ],
)
def test_what_is_quoted_is_one_short_line(value, line):
    """Whatever it is; a text keeps both of its quotes."""
    assert quoted(value) == line
    assert line.isprintable()


def test_what_is_not_printable_has_a_stand_in():
    """One for each character; and a value of the server's is one line, not longer than it may be."""
    assert printable("a\n\u202eb") == "a��b"
    assert text_of("a\nb", 10) == "a b"
    assert text_of("abcd", 3) == "abc…"
    assert text_of({}, 3) is text_of(None, 3) is None


@pytest.mark.parametrize("text", ["x" * 81, "\u202e" * 30, "\x1b" * 80, "'" * 200, "x" * 79 + "\x1b"])
def test_a_quoted_text_is_cut_to_its_length_with_its_quotes(text):
    """However much is escaped; both quotes stay."""
    cut = quoted(text)
    assert len(cut) <= 83
    assert cut[0] == cut[-1]
    assert cut.endswith(f"…{cut[0]}")
    assert quoted("short") == "'short'"


@pytest.mark.parametrize(
    "name", ["nb\u00a0sp", "\u3000neu", "\u0915\u094d\u200d\u0937", "a\tb\nc", "\x1b[31mred\x1b[0m"]
)
def test_what_drives_no_terminal_stays_in_lines(name):
    """Spaces and joiners too: whoever copies a file's name has that name."""
    assert lines_in_colour(name) == name


@pytest.mark.parametrize(
    "char", ["\r", "\x1b", "\x07", "\x9b", "\u202e", "\u2066", "\u200e", "\u2028", "\ud83d", "\x7f"]
)
def test_what_drives_a_terminal_does_not(char):
    """Nor what turns the direction of writing, or ends a line for some."""
    assert lines_in_colour(f"a{char}b") == "a\ufffdb"

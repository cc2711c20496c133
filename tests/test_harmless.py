"""Names that are not ours are no commands for a build server, whatever prints them."""

import json
import re

import pytest
from commands import DRAFT, call
from hypothesis import example, given
from hypothesis import strategies as st

from campaign_fsm.harmless import harmless, harmless_json

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

"""`campaign-fsm help`: the guides, listed and shown, in a pager where a person reads."""

import json
import re
import shlex
import stat
from collections import Counter

import click
import pages
import pytest
from commands import call, on_a_terminal
from places import GUIDES

from campaign_fsm import guides
from campaign_fsm.cli.help import for_terminal


def test_the_guides_are_listed_with_what_they_are_for(capsys):
    """Every topic, in the order in which people need them, and how one is shown."""
    code, out, _ = call(capsys, "help")
    assert code == 0
    begun = [line.split()[0] for line in out.splitlines() if line.startswith("  ") and not line.startswith("   ")]
    assert begun == list(guides.TOPICS)
    assert all(" ".join(guides.summary_of(topic).split()[:4]) in out for topic in guides.TOPICS)
    assert out.endswith("campaign-fsm help TOPIC shows one of them.\n")


@pytest.mark.parametrize("topic", guides.TOPICS)
def test_a_guide_is_printed_as_it_is(capsys, topic):
    """In a pipe it is the file, so that it can be kept and rendered."""
    assert call(capsys, "help", topic) == (0, guides.text_of(topic), "")


def test_a_guide_opens_in_the_pager_of_a_terminal(tmp_path, monkeypatch):
    """Headings and blocks in colour, links as commands; and what a pager does is up to the user."""
    pager = tmp_path / "less"  # by its name, click knows that it takes colours
    pager.write_text('#!/bin/sh\ncat > "$SEEN"\necho "shown with $LESS"\n')
    pager.chmod(pager.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PAGER", shlex.quote(str(pager)))
    monkeypatch.setenv("SEEN", str(tmp_path / "seen"))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("LESS", raising=False)
    shown, code = on_a_terminal("help", "limits", until=b"shown with -FRX", answer=b"")
    assert code == 0
    assert b"lost answer" not in shown
    seen = (tmp_path / "seen").read_text(encoding="utf-8")
    assert "\x1b[1mLimits\x1b[0m\n======\n" in seen
    assert "The gate (campaign-fsm help gate)" in seen
    assert "```" not in seen


def test_what_is_no_topic_is_an_error_that_names_the_near_ones(capsys):
    """Of guides and commands; a code has a command of its own."""
    code, _, err = call(capsys, "help", "polcy")
    assert code == 2
    assert "there is no guide 'polcy'; did you mean policy?\n" in err
    code, _, err = call(capsys, "help", "CF224")
    assert code == 2
    assert "campaign-fsm explain CF224" in err
    assert "campaign-fsm explain NotFound" in call(capsys, "help", "NotFound")[2]
    code, out, _ = call(capsys, "help", "xyzzy", "--json")
    assert code == 2
    assert json.loads(out)["error"]["message"].endswith("there is no guide 'xyzzy'; campaign-fsm help lists them.")
    assert call(capsys, "help", "Gate.md")[1] == guides.text_of("gate")
    assert "there is no guide 'celery'; see campaign-fsm help frameworks.\n" in call(capsys, "help", "celery")[2]
    assert "see campaign-fsm help limits.\n" in call(capsys, "help", "lost", "answer")[2]
    assert "campaign-fsm explain outcomeunknown" in call(capsys, "help", "outcomeunknown")[2]
    for nothing in ("CF999", "-", "", "qqqqq"):
        assert "campaign-fsm help lists them.\n" in call(capsys, "help", "--", nothing)[2]


def test_the_name_of_a_command_shows_its_help(capsys):
    """As `help` of other programs does."""
    code, out, _ = call(capsys, "help", "pause")
    assert (code, out) == (0, call(capsys, "pause", "--help")[1])
    assert out.endswith("Guide: campaign-fsm help outcomes\n")
    assert json.loads(call(capsys, "help", "pause", "--json")[1])["help"] + "\n" == out


def test_guides_are_data_for_machines(capsys):
    """The list as one object, and a guide as one."""
    code, out, _ = call(capsys, "help", "--json")
    listed = json.loads(out)
    assert (code, listed["version"]) == (0, 1)
    assert [guide["topic"] for guide in listed["guides"]] == list(guides.TOPICS)
    one = json.loads(call(capsys, "help", "gate", "--json")[1])
    assert one["markdown"] == guides.text_of("gate")
    assert one["summary"] == guides.summary_of("gate")


def test_an_error_names_the_guide_that_helps(capsys, account):
    """At the end of its text, and in its JSON."""
    campaign = account.add("in-progress")
    code, _, err = call(capsys, "archive", campaign, "--yes")
    assert (code, err.splitlines()[-1]) == (1, "campaign-fsm help outcomes says more.")
    assert json.loads(call(capsys, "archive", campaign, "--yes", "--json")[1])["error"]["guide"] == "outcomes"
    for asked, topic in (("CF410", "gate"), ("OutcomeUnknown", "outcomes"), ("409", "outcomes"), ("CF701", "policy")):
        assert f"campaign-fsm help {topic}" in call(capsys, "explain", asked)[1]
        assert json.loads(call(capsys, "explain", asked, "--json")[1])["guide"] == topic


def test_a_guide_fits_the_terminal_and_tells_commands_from_what_they_print():
    """Paragraphs and items are filled, wide tables are lists of terms, commands have a prompt, output a bar."""
    page = """# T

One [gate](gate.md) and a sentence that goes on.

- an item
  of two lines

| error | why |
|---|---|
| `A` | **is** short |

| error | why | what to do |
|---|---|---|
| `A` | a reason that is far too long for the line | go on |

```sh
campaign-fsm check paused \\
  complete
```

```text
LEGAL
```

    pip install .

[The page]: https://example.com/a/very/long/address/that/is/not/broken
"""
    shown = [click.unstyle(line) for line in for_terminal(page, 40)]
    assert shown == [
        "T",
        "=",
        "",
        "One gate (campaign-fsm help gate) and a",
        "sentence that goes on.",
        "",
        "- an item of two lines",
        "",
        "error  why",
        "`A`    is short",
        "",
        "(error)",
        "`A`",
        "    why: a reason that is far too long",
        "    for the line",
        "    what to do: go on",
        "",
        "campaign-fsm check paused \\",
        "  complete",
        "",
        "│ LEGAL",
        "",
        "    pip install .",
        "",
        "[The page]: https://example.com/a/very/long/address/that/is/not/broken",
        "",
    ]


@pytest.mark.parametrize("width", [60, 100])
@pytest.mark.parametrize("topic", guides.TOPICS)
def test_nothing_of_a_guide_is_lost_on_a_terminal(topic, width):
    """Every word is there, and no line is wider than the terminal but for blocks and addresses."""
    page = GUIDES / f"{topic}.md"
    shown = [click.unstyle(line) for line in for_terminal(guides.text_of(topic), width)]
    for block in pages.blocks(page):
        assert set(block.text.splitlines()) <= {*shown, *(line.removeprefix("    ") for line in shown)}
        assert {f"│ {line}".rstrip() for line in (block.printed or "").splitlines()} <= set(shown)
    code = {line for block in pages.blocks(page) for line in block.text.splitlines()}
    prose = [
        line for line in shown if not line.startswith(("│", "[")) and line not in code | {f"    {one}" for one in code}
    ]
    assert [line for line in prose if len(line) > width and " " in line.strip()] == []
    assert [line for line in prose if "](" in line or "**" in line] == []
    inline = [child.content for token in pages.parse(page) for child in token.children or ()]
    words = [Counter(re.findall(r"\w+", " ".join(texts))) for texts in (inline, prose)]
    assert words[0] - words[1] == Counter()


def test_a_pager_that_cannot_be_understood_is_done_without(monkeypatch):
    """An open quotation is no reason to show nothing."""
    monkeypatch.setenv("PAGER", 'less "')
    shown, code = on_a_terminal("help", "costs", until=b"What the guard costs", answer=b"")
    assert code == 0
    assert b"not expected" not in shown


def test_the_list_fits_a_tiny_terminal(monkeypatch):
    """A word a line, if it has to be."""
    monkeypatch.setenv("COLUMNS", "10")
    assert on_a_terminal("help", until=b"shows one of them", answer=b"")[1] == 0

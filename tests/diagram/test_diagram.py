"""The diagrams: what the drawing model shows, what the writers make of it, and how drift is noticed."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import zlib
from pathlib import Path
from types import SimpleNamespace
from typing import get_args
from xml.etree import ElementTree as ET

import oracle
import pytest
from attrs import evolve
from click.testing import CliRunner
from places import DIAGRAMS, HOOKS

from campaign_fsm.cli import cli
from campaign_fsm.cli import run as campaign_fsm
from campaign_fsm.cli.diagram import _load as load
from campaign_fsm.diagram import DiagramFormat, Recipe, draw, make, render
from campaign_fsm.diagram.committed import GALLERY, as_bytes, check, stamped, write
from campaign_fsm.diagram.dot import dot
from campaign_fsm.diagram.formats import TextFormat
from campaign_fsm.diagram.mermaid import mermaid
from campaign_fsm.diagram.model import Kind, Sample, rules_of
from campaign_fsm.diagram.png import CannotRasterize
from campaign_fsm.diagram.stamp import NEAR
from campaign_fsm.history.model import History
from campaign_fsm.rules import DEAD_ENDS, PAGES, RULES, Channel, Event, Standing, Status

FILES = sorted(stamped(DIAGRAMS)[0])
CHANNELS = [None, *Channel]
TEXTS = ["mermaid", "dot"]
ALL_TEXTS = [str(kind) for kind in DiagramFormat if kind.traits.drawn_from is None]


def drift(directory):
    return list(check(directory, load).drift)


def shown(channel):
    return [rule for rule in RULES if channel is None or channel in rule.channels]


def name(status):
    return "new" if status is None else status.value.replace("-", "_")


def moves(text, kind):
    """Source, target and rest of each arrow line, with the codes that belong to it."""
    found = []
    lines = text.splitlines()
    for before, line in zip(["", *lines], lines, strict=False):
        if kind == "mermaid" and (arrow := re.fullmatch(r"\s+(\S+) --> (\S+) : (.*)", line)):
            source, dest, rest = arrow.groups()
            found.append(("new" if source == "[*]" else source, dest, rest, re.findall(r"CF\d+", before)))
        if kind == "dot" and (arrow := re.match(r"\s+(\w+) -> (\w+) (\[.*\])", line)):
            found.append((*arrow.groups(), re.findall(r"CF\d+", line)))
    return found


def inside(text, kind):
    """Status and line of each trigger that a box lists, without its condition."""
    if kind == "mermaid":
        return [
            (status, line.removeprefix("· "))
            for status, line in re.findall(r"^    (\w+) : (.*)$", text, re.MULTILINE)
            if not re.match(r"(before|after|voice)\b", line)
        ]
    return [
        (status, line.strip())
        for status, box in re.findall(r"^  (\w+) \[class=.*?label=<(.*?)>, fillcolor", text, re.MULTILINE)
        for line in re.findall(r"(?:<font[^>]*>|<br[^>]*/>)([^<]+)(?=<br)", box)
    ]


def chunks(data):
    """Name and content of each chunk of a PNG."""
    place, found = 8, []
    while place < len(data):
        length = int.from_bytes(data[place : place + 4])
        found.append((data[place + 4 : place + 8], data[place + 8 : place + 8 + length]))
        place += 12 + length
    return found


def chunk(name, content):
    return len(content).to_bytes(4) + name + content + zlib.crc32(name + content).to_bytes(4)


def flipped(data, place):
    place %= len(data)
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


@pytest.fixture
def pictures():
    """PNG needs resvg and a font."""
    pytest.importorskip("resvg_py", reason="PNG is drawn by resvg_py, an optional extra")
    try:
        render("png")
    except CannotRasterize as error:
        pytest.skip(str(error))


@pytest.fixture
def copies(tmp_path):
    for file in (*FILES, "example-trace.jsonl"):
        (tmp_path / file).write_bytes((DIAGRAMS / file).read_bytes())
    return tmp_path


# --- the drawing model


@pytest.mark.parametrize("channel", CHANNELS)
def test_the_model_holds_each_rule_of_the_channel_once(channel):
    """Every rule of a channel is on its drawing exactly once, as an edge or inside a node."""
    drawing = draw(channel)
    codes = [rule.code for piece in (*drawing.nodes, *drawing.edges) for rule in piece.rules]
    assert sorted(codes) == sorted(rule.code for rule in shown(channel))


def test_a_rule_is_drawn_where_it_belongs():
    """A rule that keeps the status is inside its status, and one that moves connects its two."""
    drawing = draw()
    for node in drawing.nodes:
        for rule in node.rules:
            assert (name(rule.source), rule.leads_to) == (node.id, rule.source), rule.code
    for edge in drawing.edges:
        for rule in edge.rules:
            assert (name(rule.source), name(rule.dest)) == (edge.source, edge.dest), rule.code


def test_final_statuses_are_the_dead_ends():
    """Exactly the statuses that nothing leads out of are drawn as final."""
    final = {node.label for node in draw().nodes if node.kind is Kind.FINAL}
    assert final == {status.value for status in DEAD_ENDS}


def test_the_message_drawing_knows_no_voice():
    """The drawing of message campaigns has no deleted status, no contested action and no word of voice."""
    drawing = draw("message")
    assert "deleted" not in {node.id for node in drawing.nodes}
    contested = {rule.trigger for rule in rules_of(drawing.nodes, drawing.edges) if rule.standing == "contested"}
    assert contested == {"expire", "suspend"}
    assert "voice" not in mermaid(drawing) + dot(drawing)


def test_a_footnote_names_the_pages_that_contradict_each_other():
    """Every contested rule has a footnote that says which page says yes and which says no."""
    drawing = draw()
    assert Sample.CONTESTED in {entry.sample for entry in drawing.legend}
    contested = [rule for rule in RULES if rule.standing is Standing.CONTESTED]
    assert {rule.code for rule in contested} == {"CF116", "CF117", "CF305", "CF306"}
    for rule in contested:
        (note,) = [note for note in drawing.notes if note.startswith(f"† {rule.trigger} ")]
        when = {None: "", True: " and after start", False: " and before start"}[rule.started]
        assert f"while {rule.source}{when}:" in note
        named = [" and ".join(f"“{PAGES[key].title}”" for key in side.split()) for side in oracle.SIDES[rule.code]]
        assert note.endswith(": yes in {}, no in {}.".format(*named))


def test_the_description_tells_what_the_picture_shows():
    """The words for screen readers name each trigger and say what is irreversible, contested and the platform's."""
    description = draw().description
    for rule in RULES:
        assert rule.trigger.value in description
    assert "delete (before start, voice only, cannot be undone, contested) leads to deleted" in description
    assert "expire (by the platform, cannot be undone, contested) leads to canceled" in description


def test_an_unknown_channel_is_refused():
    """A channel that does not exist is an error, not an empty picture."""
    with pytest.raises(ValueError, match="fax"):
        render("dot", channel="fax")


# --- Mermaid and DOT


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("kind", TEXTS)
def test_every_edge_of_the_table_is_written(kind, channel):
    """Every rule that moves a campaign is an arrow between its two statuses, with its trigger and its code."""
    arrows = moves(render(kind, channel=channel), kind)
    wanted = [rule for rule in shown(channel) if rule.dest is not None]
    for rule in wanted:
        assert any(
            (source, dest) == (name(rule.source), name(rule.dest))
            and re.search(rf"\b{rule.trigger}\b", rest)
            and rule.code in codes
            for source, dest, rest, codes in arrows
        ), rule.code
    assert sum(len(codes) for *_, codes in arrows) == len(wanted)


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("kind", TEXTS)
def test_every_rule_that_keeps_the_status_is_written(kind, channel):
    """Every rule that keeps the status is a line in its status's box, marked if and only if it is contested."""
    wanted = [
        (name(rule.source), f"{rule.trigger} †" if rule.standing is Standing.CONTESTED else f"{rule.trigger}")
        for rule in shown(channel)
        if rule.dest is None
    ]
    assert sorted(inside(render(kind, channel=channel), kind)) == sorted(wanted)


@pytest.mark.parametrize("kind", TEXTS)
def test_marks_stand_exactly_where_they_belong(kind):
    """▲ stands on exactly the irreversible arrows and † on exactly the contested ones."""
    by_code = {rule.code: rule for rule in RULES}
    arrows = moves(render(kind), kind)
    assert arrows
    for *_, rest, codes in arrows:
        rules = [by_code[code] for code in codes]
        assert rules
        assert {not rule.undoable for rule in rules} == {"▲" in rest}, codes
        assert {rule.standing is Standing.CONTESTED for rule in rules} == {"†" in rest}, codes


def test_dot_lines_look_like_what_they_are():
    """In DOT, platform arrows are dashed, irreversible ones thick, and no others."""
    by_code = {rule.code: rule for rule in RULES}
    for *_, rest, codes in moves(render("dot"), "dot"):
        for rule in (by_code[code] for code in codes):
            assert ("style=dashed" in rest) == isinstance(rule.trigger, Event), rule.code
            assert ("penwidth=3" in rest) == (not rule.undoable), rule.code


def test_the_legend_of_dot_says_each_thing_once():
    """What it looks like, and what it means; the meaning may have a colon of its own."""
    text = render("dot")
    assert '<br align="left"/>dashed line = the platform does it by itself<br' in text
    assert '<br align="left"/>double border = final: nothing leads out of it<br' in text


def test_mermaid_marks_the_platform_with_a_gear():
    """In Mermaid, exactly the arrows of the platform carry a gear."""
    by_code = {rule.code: rule for rule in RULES}
    for *_, rest, codes in moves(render("mermaid"), "mermaid"):
        assert {isinstance(by_code[code].trigger, Event) for code in codes} == {rest.startswith("⚙ ")}, codes


@pytest.mark.parametrize("kind", TEXTS)
def test_conditions_are_visible(kind):
    """The arrow of delete says that it is for voice campaigns before their start, and so do the boxes."""
    text = render(kind)
    (delete,) = [rest for _, dest, rest, _ in moves(text, kind) if dest == "deleted"]
    assert "before start" in delete
    assert "voice only" in delete
    assert len(re.findall(r"(?<!\()after start,", text)) == 2  # created and paused
    assert "after start" in render(kind, channel="voice")
    assert "voice only" not in render(kind, channel="voice")


@pytest.mark.parametrize("kind", TEXTS)
def test_dot_and_mermaid_set_final_statuses_apart(kind):
    """Exactly the final statuses have the border of final ones."""
    pattern = r"class (\w+) final$" if kind == "mermaid" else r"^  (\w+) \[.*peripheries=2\]$"
    assert set(re.findall(pattern, render(kind), re.MULTILINE)) == {name(status) for status in DEAD_ENDS}


@pytest.mark.parametrize("channel", CHANNELS)
def test_mermaid_uses_only_identifiers_and_statements_that_parse(channel):
    """Every Mermaid line is a statement that state diagrams have, and every state id is a plain identifier."""
    text = render("mermaid", channel=channel)
    front, title, *_, body = text.split("---\n", 2)
    assert front == ""
    assert title.startswith('title: "')
    state = r"(?:\[\*\]|[a-z_]+)"
    statement = re.compile(
        rf"%% [^{{}}]*|stateDiagram-v2|direction LR|accTitle: [^;#]+|accDescr: [^;#]+|classDef \w+ [\w:#,-]+"
        rf'|state "[^";]+" as [a-z_]+|class [a-z_]+ \w+|{state} --> {state} : [^:;#]+|[a-z_]+ : [^:;#]+'
    )
    statements, note = body.split("    note right of canceled\n")
    for line in statements.splitlines():
        assert statement.fullmatch(line.strip()), line
    assert note.endswith("\n    end note\n")
    assert ";" not in note
    declared = set(re.findall(r'state "[^"]+" as ([a-z_]+)$', text, re.MULTILINE))
    used = {end for source, dest, *_ in moves(text, "mermaid") for end in (source, dest)} - {"new"}
    assert used <= declared


def test_mermaid_text_cannot_end_a_statement():
    """A title with a semicolon or a number sign does not leak Mermaid syntax."""
    text = mermaid(evolve(draw(), description="one; two #3"))
    assert "accDescr: one, two no. 3\n" in text


def test_text_is_the_same_whatever_the_hash_seed():
    """Every text is the same in processes that order their sets differently."""
    code = (
        "import sys; from campaign_fsm.diagram import render\n"
        f"for kind in {ALL_TEXTS}: sys.stdout.buffer.write(render(kind).encode())"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, check=True, capture_output=True
        ).stdout
        for seed in ("0", "1", "4711")
    }
    assert outputs == {"".join(map(render, ALL_TEXTS)).encode()}


def test_writing_text_needs_nothing_else():
    """All but PNG is written and checked without resvg, Graphviz, an HTTP library or rich being imported."""
    code = (
        "import sys\n"
        "for name in ('resvg_py', 'pygraphviz', 'httpx', 'rich', 'hypothesis'): sys.modules[name] = None\n"
        "from campaign_fsm.cli.diagram import diagram, _load\n"
        "from campaign_fsm.diagram import render\n"
        "from campaign_fsm.diagram.committed import check\n"
        f"for kind in {ALL_TEXTS}: render(kind)\n"
        f"assert not check({str(DIAGRAMS)!r}, _load).drift\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_png_bears_the_digest_of_its_svg(pictures, tmp_path):
    """The stamp of a fresh PNG holds the digest of its SVG, and without it the file is the picture alone."""
    run("-o", tmp_path / "a.png")
    data, picture = (tmp_path / "a.png").read_bytes(), render("png")
    svg = hashlib.sha256(render("svg", theme="light").encode()).hexdigest()
    assert f"; do not edit. svg-sha256={svg}".encode() in data[:NEAR]
    assert data.startswith(picture[:33])
    assert data.endswith(picture[33:])


def test_a_png_without_resvg_says_what_to_install(monkeypatch):
    """Without resvg a PNG is refused with the command that installs it."""
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(CannotRasterize, match=r"pip install 'campaign_fsm\[diagrams\]'"):
        render(DiagramFormat.PNG)


def test_a_png_without_a_font_is_refused(monkeypatch):
    """Where there is no font, a PNG is refused instead of written without texts."""
    resvg = pytest.importorskip("resvg_py", reason="PNG is drawn by resvg_py, an optional extra")
    real = resvg.svg_to_bytes

    class Fontless:
        @staticmethod
        def svg_to_bytes(**options):
            return real(**options, skip_system_fonts=True)

    monkeypatch.setitem(sys.modules, "resvg_py", Fontless)
    with pytest.raises(CannotRasterize, match="no sans-serif font"):
        render(DiagramFormat.PNG)


# --- the registry


@pytest.mark.parametrize("kind", DiagramFormat)
def test_a_format_is_what_its_entry_says(kind, pictures):
    """Its bytes or text begin as its entry says, bear their stamp near the beginning, and its endings are its own."""
    made = make(Recipe.make(kind))
    assert isinstance(made, bytes) == bool(kind.traits.drawn_from)
    data = as_bytes(made)
    assert data.startswith(kind.traits.begins)
    assert Recipe.read(data[:NEAR]) == Recipe.make(kind)
    assert {DiagramFormat.of(Path(f"a{ending.upper()}")) for ending in kind.traits.endings} == {kind}


@pytest.mark.skipif(not HOOKS.exists(), reason="the hooks are in the checkout")
def test_the_hook_knows_every_ending():
    """A changed file of any format makes pre-commit run the check."""
    (hook,) = re.findall(r"files: (.*\|dot\|.*)", HOOKS.read_text())
    assert all(re.search(hook, f"a{ending}") for kind in DiagramFormat for ending in kind.traits.endings)


def test_type_checkers_know_which_formats_are_text():
    """What stands there for them is what the entries say."""
    texts = [kind for kind in DiagramFormat if kind.traits.drawn_from is None]
    names, members = map(get_args, get_args(TextFormat))
    assert list(names) == list(members) == texts
    assert {type(kind) for kind in members} == {DiagramFormat}


def test_the_command_line_offers_what_is_registered():
    """`--format` and what it says of a name that tells no format come from the registry."""
    (option,) = [option for option in cli.get_command(None, "diagram").params if option.name == "kind"]
    assert list(option.type.choices) == list(DiagramFormat)
    told = run("-o", "a.txt").output
    assert all(kind.traits.endings[0] in told for kind in DiagramFormat)


def test_help_loads_no_writer():
    """The formats are listed without the drawing, the rules' pages or an HTTP library being imported."""
    code = (
        "import sys, campaign_fsm.cli.diagram\n"
        "assert 'campaign_fsm.diagram.formats' in sys.modules\n"
        "assert not {'campaign_fsm.diagram.model', 'campaign_fsm.lifecycle', 'httpx'} & sys.modules.keys()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


# --- stamps


@pytest.mark.parametrize(
    "recipe",
    [
        *GALLERY.values(),
        Recipe.make("svg", "history", history="../re cordings/a--b=c;d#é.jsonl", campaign="x --> y", theme="dark"),
        Recipe.make("png", "coverage", history="-->.har", channel="voice"),
        Recipe.make("svg", "history", history="not-utf-8-\udcff.jsonl"),
    ],
    ids=str,
)
def test_a_stamp_tells_its_recipe(recipe):
    """A stamp is read back as the recipe that it was written for, and ends no comment."""
    assert Recipe.read(f"<!-- {recipe.stamp} -->".encode()) == recipe
    assert "--" not in recipe.stamp
    assert recipe.stamp.isascii()


def test_what_is_no_stamp_is_none():
    """A stamp of another version, with an unknown key or value, or far down in a file, is none."""
    stamp = Recipe.make("svg").stamp
    assert Recipe.read(stamp.encode()) is not None
    for text in ("", stamp.replace("svg", "gif"), stamp.replace("theme", "colour"), stamp[:-1], " " * 5000 + stamp):
        assert Recipe.read(text.encode()) is None


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("mermaid",), {"theme": "dark"}),
        (("png",), {"theme": "auto"}),
        (("svg", "history"), {}),
        (("svg", "life"), {"history": "a.har"}),
        (("svg",), {"campaign": "camp_abc123"}),
        (("html", "route:paused:archived"), {}),
        (("gif",), {}),
        (("svg", "sideways"), {}),
        (("svg", "from"), {}),
        (("svg", "from:unknown"), {}),
        (("svg", "route:created"), {}),
        (("svg", "life:created"), {}),
    ],
)
def test_what_does_not_go_together_is_refused(arguments, told):
    """A recipe that cannot be followed is an error with a sentence, not a surprise in the picture."""
    with pytest.raises(ValueError, match=r"\w{3} "):
        Recipe.make(*arguments, **told)


# --- drift


def test_the_committed_diagrams_show_the_table():
    """The committed diagrams have not drifted from the table."""
    assert drift(DIAGRAMS) == []


def test_fresh_diagrams_show_no_drift(pictures, tmp_path):
    """What is written is what the check expects, and nothing else is written."""
    written = write(tmp_path / "new" / "folder", load)
    assert drift(tmp_path / "new" / "folder") == []
    assert {path.name for path in written} == {path.name for path in (tmp_path / "new" / "folder").iterdir()}


@pytest.mark.parametrize("file", FILES)
def test_a_changed_file_is_drift(copies, file):
    """A diagram of any kind in which one visible thing was changed is drift, and only that one is reported."""
    path = copies / file
    data = path.read_bytes()
    # A PNG says which SVG it shows.
    changed = (
        re.sub(rb"(?<=svg-sha256=)\w{8}", b"01234567", data)
        if path.suffix == ".png"
        else data.replace(b">paused<", b">halted<")
        .replace(b'"paused"', b'"halted"')
        .replace(b"| paused |", b"| halted |")
    )
    assert changed != data
    path.write_bytes(changed)
    (found,) = drift(copies)
    assert found.name == file
    assert bool(found.difference) == (path.suffix != ".png")


def test_a_png_that_another_machine_drew_is_no_drift(copies):
    """Other fonts give other bytes of the same drawing."""
    path = copies / "lifecycle.png"
    data = path.read_bytes()
    path.write_bytes(b"".join((data[:8], *(chunk(*one) for one in chunks(data) if one[0] != b"IDAT" or one[1]))))
    assert drift(copies) == []
    other = [(name, content[::-1] if name == b"IDAT" else content) for name, content in chunks(data)]
    path.write_bytes(b"".join((data[:8], *(chunk(*one) for one in other))))
    assert path.read_bytes() != data
    assert drift(copies) == []


@pytest.mark.parametrize("spoil", [lambda data: data[:600], lambda data: data[:-12], lambda data: flipped(data, -20)])
def test_a_broken_png_is_drift(copies, spoil):
    """A PNG that is cut off, even before its last chunk, or has a wrong byte shows nothing, whatever its stamp says."""
    path = copies / "lifecycle.png"
    path.write_bytes(spoil(path.read_bytes()))
    (found,) = drift(copies)
    assert (found.name, found.problem) == ("lifecycle.png", "is cut off or broken")


def test_a_png_of_an_older_version_is_drift(copies):
    """It had its stamp at its end, and is not lost from the check because of that."""
    path = copies / "lifecycle.png"
    head, *rest, end = chunks(path.read_bytes())
    stamp = f"{Recipe.make('png').stamp} svg-sha256=0".encode()
    pieces = [head, *(one for one in rest if one[0] != b"tEXt"), (b"tEXt", b"campaign_fsm\0" + stamp), end]
    path.write_bytes(path.read_bytes()[:8] + b"".join(chunk(*one) for one in pieces))
    assert stamp not in path.read_bytes()[:NEAR]
    (found,) = drift(copies)
    assert "by another version" in found.problem


@pytest.mark.parametrize("file", FILES)
def test_a_file_without_its_stamp_is_passed_over_and_reported(copies, file):
    """A diagram that says nothing of how it was made is not compared, and is named if it must be a diagram."""
    (copies / file).write_bytes(b"")
    result = check(copies, load)
    assert result.unstamped == (() if file.endswith((".md", ".json", ".html")) else (file,))
    assert not result.drift
    assert len(result.checked) == len(FILES) - 1


def test_a_diagram_is_known_by_its_stamp_and_not_by_its_name(copies):
    """A diagram under another name is compared with what it says it is."""
    (copies / "our-lifecycle.svg").write_bytes((DIAGRAMS / "lifecycle-voice.svg").read_bytes())
    assert drift(copies) == []
    (copies / "our-lifecycle.svg").write_bytes((DIAGRAMS / "lifecycle-voice.svg").read_bytes() + b" ")
    assert [found.name for found in drift(copies)] == ["our-lifecycle.svg"]


@pytest.mark.parametrize(
    ("file", "change"),
    [
        ("lifecycle.json", lambda text: json.dumps(json.loads(text), indent=2)),
        ("explorer.html", lambda text: text.replace("<!DOCTYPE html>", "<!doctype html>")),
        ("lifecycle.md", lambda text: f"\n{text}"),
        ("lifecycle.svg", lambda text: f"\ufeff{text}"),
    ],
)
def test_what_an_editor_or_a_formatter_touched_is_drift(copies, file, change):
    """A diagram stays one if its first bytes were written in another way."""
    (copies / file).write_text(change((DIAGRAMS / file).read_text(encoding="utf-8")), encoding="utf-8")
    (found,) = drift(copies)
    assert found.name == file
    assert ("byte order mark" in found.problem) == (file == "lifecycle.svg")


@pytest.mark.parametrize("kind", DiagramFormat)
def test_what_bears_a_stamp_that_is_not_read_is_named(tmp_path, kind):
    """A stamp of another version or below something else makes no diagram, and is not passed over in silence."""
    recipe, name = Recipe.make(kind), f"a{kind.traits.endings[0]}"
    for text in (recipe.stamp.replace("view=", "look="), recipe.stamp.replace("; do not edit", ""), recipe.stamp):
        (tmp_path / name).write_text(f"above\n{text}\n" if text == recipe.stamp else text)
        if text != recipe.stamp or kind is not DiagramFormat.PNG:
            assert (stamped(tmp_path)) == ({}, [name])


def test_a_png_of_another_table_is_drift(copies, pictures):
    """A PNG that was drawn from another SVG is drift, whatever its recipe says."""
    run("--format", "png", "--channel", "voice", "-o", copies / "lifecycle.png")
    data = (copies / "lifecycle.png").read_bytes()
    (copies / "lifecycle.png").write_bytes(data.replace(b" channel=voice", b""))
    (found,) = drift(copies)
    assert found.problem.startswith("was drawn from another table")


def test_a_route_that_is_no_more_legal_is_drift(copies):
    """A committed picture of a route that nobody can take is drift, and says so."""
    recipe = Recipe.make("svg", "route:created:in-progress")
    (copies / "route.svg").write_text(f"<!-- {recipe.stamp} --><svg/>")
    (found,) = drift(copies)
    assert "No legal action leads" in found.problem
    assert not found.problem.endswith(".")
    (copies / "lifecycle.png").unlink()
    assert "delete route.svg, which cannot be made any more, and then campaign-fsm" in run("--check", copies).output
    done = run("--write", copies)
    assert (done.exit_code, f"{copies / 'route.svg'} cannot be made: No legal action" in done.output) == (2, True)


def test_writing_anew_mends_every_drift_and_keeps_everything_else(copies, pictures):
    """--write makes what bears a stamp anew and touches nothing else."""
    (copies / "notes.md").write_text("mine")
    for file in FILES:
        path = copies / file
        if path.suffix != ".png":
            path.write_bytes(path.read_bytes().replace(b"paused", b"halted"))
    (copies / "route.svg").write_bytes((DIAGRAMS / "route.svg").read_bytes() + b"\n")
    write(copies, load)
    assert drift(copies) == []
    assert (copies / "notes.md").read_text() == "mine"


def test_line_ends_are_drift_with_their_own_words(copies):
    """Text with other line ends is drift, and is told so instead of an empty difference."""
    path = copies / "lifecycle.mmd"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    (found,) = drift(copies)
    assert "line ends" in found.problem
    assert found.difference == ""


def test_a_missing_directory_is_no_verdict(tmp_path):
    """Where there is no directory, nothing can be said about drift."""
    with pytest.raises(OSError, match="nowhere"):
        drift(tmp_path / "nowhere")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such pipes")
def test_a_stamp_that_names_a_pipe_hangs_nothing(copies):
    """A recording that is a pipe, or a link to itself, is not opened by the check, which exits with 2."""
    os.mkfifo(copies / "pipe.jsonl")
    (copies / "loop.jsonl").symlink_to("loop.jsonl")
    for name in ("pipe.jsonl", "loop.jsonl"):
        (copies / "history.svg").write_text(f"<!-- {Recipe.make('svg', 'history', history=name).stamp} -->")
        done = run("--check", copies)
        assert done.exit_code == 2
        assert "it is no file" in done.output


@pytest.mark.parametrize("option", ["--check", "--write"])
@pytest.mark.parametrize(("name", "told"), [("gone.jsonl", "no file"), (".", "no file"), ("\0", "no name of a file")])
def test_a_stamp_whose_recording_is_not_read_is_named(tmp_path, option, name, told):
    """The error names the diagram and the recording, and advises nothing that does not help."""
    (tmp_path / "a.svg").write_text(f"<!-- {Recipe.make('svg', 'history', history=name).stamp} -->")
    done = run(option, tmp_path)
    assert done.exit_code == 2
    said = f"error: {tmp_path / 'a.svg'} shows the recording {name!r} by its stamp, and that cannot be read: "
    assert done.output.startswith(f"{said}it is {told}. ")
    assert "--" not in done.output.removeprefix(said)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such links")
@pytest.mark.parametrize(
    "name", ["../trace.jsonl", "{outside}/trace.jsonl", "/dev/zero", "link.jsonl", "in/../../trace.jsonl"]
)
@pytest.mark.parametrize("option", ["--check", "--write"])
def test_a_stamp_leads_out_of_no_folder(copies, tmp_path_factory, name, option):
    """Nothing outside of the folder is read because a stamp names it, or because a link stands where it points."""
    outside = copies.parent
    (outside / "trace.jsonl").write_bytes((copies / "example-trace.jsonl").read_bytes())
    (copies / "link.jsonl").symlink_to(outside / "trace.jsonl")
    (copies / "in").mkdir()
    stamp = Recipe.make("svg", "history", history=name.format(outside=outside)).stamp
    (copies / "history.svg").write_text(f"<!-- {stamp} -->")
    done = run(option, copies)
    assert done.exit_code == 2
    assert "lies outside of the folder of the diagram" in done.output
    assert (copies / "history.svg").read_text() == f"<!-- {stamp} -->"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such links")
def test_a_recording_in_the_folder_may_be_reached_by_any_link(copies, tmp_path_factory):
    """A link to what lies in the folder leads out of nothing, and the folder itself may be one."""
    (copies / "link.jsonl").symlink_to("example-trace.jsonl")
    run("--history", copies / "link.jsonl", "-o", copies / "history.svg")
    folder = tmp_path_factory.mktemp("links") / "docs"
    folder.symlink_to(copies)
    assert run("--check", folder).exit_code == 0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such links")
def test_a_stamp_leads_from_where_the_file_is_written(tmp_path):
    """Where -o is a link, what counts is the folder of the file behind it."""
    real, link = tmp_path / "real", tmp_path / "link"
    for folder in (real, link):
        folder.mkdir()
        (folder / "t.jsonl").write_bytes((DIAGRAMS / "example-trace.jsonl").read_bytes())
    (link / "h.svg").symlink_to("../real/h.svg")
    assert run("--history", real / "t.jsonl", "-o", link / "h.svg").output == ""
    assert Recipe.read((real / "h.svg").read_bytes()).history == "t.jsonl"
    assert run("--check", real).exit_code == 0
    assert "lies outside of its folder" in run("--history", link / "t.jsonl", "-o", link / "h.svg").output


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names of files are UTF-8 there")
def test_a_recording_whose_name_is_not_utf_8_is_drawn(tmp_path):
    """And checked."""
    recording = tmp_path / "\udcff.jsonl"
    recording.write_bytes((DIAGRAMS / "example-trace.jsonl").read_bytes())
    assert run("--history", recording, "-o", tmp_path / "h.svg").exit_code == 0
    assert run("--check", tmp_path).exit_code == 0


def test_what_shows_a_recording_from_elsewhere_has_no_stamp(tmp_path, monkeypatch):
    """It is drawn, and says why --check passes it over."""
    recording = DIAGRAMS / "example-trace.jsonl"
    done = run("--history", recording, "-o", tmp_path / "life.svg")
    assert done.exit_code == 0
    assert f"has no stamp for --check, because {recording} lies outside of its folder" in done.stderr
    assert "Made by" not in (tmp_path / "life.svg").read_text()
    monkeypatch.chdir(tmp_path)
    assert "Made by" not in run("--history", recording).stdout
    monkeypatch.chdir(DIAGRAMS)
    assert "Made by" in run("--history", recording).stdout


def test_a_recording_that_is_gone_is_no_verdict(copies):
    """Where the recording of a history is gone, nothing can be said, and the command exits with 2."""
    (copies / "example-trace.jsonl").unlink()
    done = run("--check", copies)
    assert done.exit_code == 2
    assert "example-trace.jsonl" in done.output


# --- the command


def run(*arguments):
    command = SimpleNamespace(name="diagram", main=lambda args, **_: sys.exit(campaign_fsm(["diagram", *args])))
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


def unstamped(text):
    (stamp,) = [line for line in text.splitlines(keepends=True) if "Made by campaign-fsm diagram: " in line]
    return text.replace(stamp, "")


def test_the_command_writes_mermaid_by_default():
    """Without options the command writes the Mermaid text of both channels."""
    done = run()
    assert done.exit_code == 0
    assert unstamped(done.output) == render("mermaid")


def test_the_command_takes_format_and_channel():
    """The command writes the format and the channel that it is asked for."""
    done = run("--format", "dot", "--channel", "voice")
    assert unstamped(done.output) == render("dot", channel="voice")


def test_the_name_of_the_file_tells_the_format(tmp_path):
    """Without a format, the ending of the output's name decides, byte for byte."""
    done = run("-o", tmp_path / "a.dot")
    assert (done.exit_code, done.output) == (0, "")
    assert unstamped((tmp_path / "a.dot").read_bytes().decode()) == render("dot")


def test_an_ending_that_tells_no_format_is_refused(tmp_path):
    """An output name that tells no format is refused with exit code 2, and no file is made."""
    done = run("-o", tmp_path / "a.txt")
    assert done.exit_code == 2
    assert "--format" in done.output
    assert list(tmp_path.iterdir()) == []


def test_an_output_that_cannot_be_written_is_an_error(tmp_path):
    """An output in a directory that does not exist gives exit code 2 and names the file."""
    done = run("-o", tmp_path / "nowhere" / "a.dot")
    assert done.exit_code == 2
    assert "a.dot cannot be written" in done.output


def test_the_command_writes_a_png(pictures, tmp_path):
    """The command writes a PNG into a file and to a pipe."""
    assert run("-o", tmp_path / "a.png").exit_code == 0
    assert (tmp_path / "a.png").read_bytes() == run("--format", "png").stdout_bytes


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
def test_a_png_is_not_written_to_a_terminal():
    """A PNG to a terminal is refused with exit code 2 and a sentence that names -o."""
    import pty

    ours, theirs = pty.openpty()
    try:
        done = subprocess.run(
            [sys.executable, "-c", "from campaign_fsm.cli.diagram import diagram; diagram()", "--format", "png"],
            stdout=theirs,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    finally:
        os.close(theirs)
        os.close(ours)
    assert done.returncode == 2
    assert "name a file with -o" in done.stderr


def test_the_command_without_resvg_exits_2(monkeypatch, tmp_path):
    """Without resvg a PNG is refused, a new gallery goes without, and a folder with a PNG is left alone."""
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    done = run("--format", "png")
    assert done.exit_code == 2
    assert "campaign_fsm[diagrams]" in done.output
    done = run("--write", tmp_path / "new")
    assert done.exit_code == 0
    assert "left out lifecycle.png: PNG needs pip install 'campaign_fsm[diagrams]'" in done.output
    assert {path.name for path in (tmp_path / "new").iterdir()} == GALLERY.keys() - {"lifecycle.png"}
    (tmp_path / "new" / "lifecycle.png").write_bytes((DIAGRAMS / "lifecycle.png").read_bytes())
    done = run("--write", tmp_path / "new")
    assert done.exit_code == 2
    assert (tmp_path / "new" / "lifecycle.png").read_bytes() == (DIAGRAMS / "lifecycle.png").read_bytes()


def test_check_exits_0_without_drift():
    """The check of the committed diagrams exits with 0 and says how many it looked at."""
    done = run("--check", DIAGRAMS)
    assert done.exit_code == 0
    assert f"all {len(FILES)} diagrams" in done.output


def test_check_reports_to_machines_too(copies):
    """With --json the check prints one object with what was compared and what has drifted."""
    path = copies / "lifecycle.mmd"
    path.write_bytes(path.read_bytes().replace(b": resume", b": restart"))
    done = run("--check", copies, "--json")
    told = json.loads(done.output)
    assert done.exit_code == 1
    assert told["version"] == 1
    assert told["checked"] == FILES
    assert [item["name"] for item in told["drift"]] == ["lifecycle.mmd"]


def test_check_exits_1_and_shows_the_difference(copies):
    """The check exits with 1 on drift, shows the difference of text and names what to run."""
    path = copies / "lifecycle.mmd"
    path.write_bytes(path.read_bytes().replace(b": resume", b": restart"))
    done = run("--check", copies)
    assert done.exit_code == 1
    assert "-    paused --> in_progress : restart" in done.output
    assert "+    paused --> in_progress : resume" in done.output
    assert f"campaign-fsm diagram --write {copies}" in done.output


def test_check_exits_2_where_it_cannot_tell(tmp_path):
    """The check exits with 2 where there is no directory, or a file in its place."""
    assert run("--check", tmp_path / "nowhere").exit_code == 2
    (tmp_path / "file").touch()
    assert run("--check", tmp_path / "file").exit_code == 2
    (tmp_path / "empty").mkdir()
    done = run("--check", tmp_path / "empty")
    assert done.exit_code == 2
    assert "holds no diagram with a stamp" in done.output


def test_check_takes_the_directory_diagrams_by_default(monkeypatch, tmp_path):
    """Without a directory the check looks into ./diagrams."""
    monkeypatch.chdir(DIAGRAMS.parent)
    assert run("--check").exit_code == 0
    monkeypatch.chdir(tmp_path)
    assert run("--check").exit_code == 2


def test_check_and_write_go_with_nothing_else(tmp_path):
    """Options that would be ignored are refused instead, with exit code 2."""
    for arguments in (
        ["--check", DIAGRAMS, "--channel", "voice"],
        ["--check", DIAGRAMS, "--write", tmp_path / "new"],
        ["--write", tmp_path / "new", "--format", "svg"],
        ["--check", DIAGRAMS, "--open"],
        ["--json"],
        ["--format", "mermaid", "--theme", "dark"],
        ["--view", "history"],
        ["--campaign", "camp_abc123"],
    ):
        assert run(*arguments).exit_code == 2
    assert not (tmp_path / "new").exists()


def test_write_writes_what_check_accepts(pictures, tmp_path):
    """What --write writes passes --check, and each file is named."""
    done = run("--write", tmp_path)
    assert done.exit_code == 0
    for file in GALLERY:
        assert f"wrote {tmp_path / file}" in done.output
    assert run("--check", tmp_path).exit_code == 0


def test_the_readme_shows_every_committed_diagram():
    """The page in the directory of the diagrams links to each of them."""
    page = (DIAGRAMS / "README.md").read_text(encoding="utf-8")
    for file in FILES:
        assert f"({file})" in page


@pytest.mark.skipif(sys.platform == "win32", reason="a browser of Windows is not named by a variable")
@pytest.mark.parametrize("works", [True, False])
def test_open_shows_the_explorer_in_the_browser(tmp_path, works):
    """--open writes the explorer, hands it to the browser, and exits with 2 where there is none."""
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\ncp "${{1#file://}}" {tmp_path}/shown.html\nexit {0 if works else 1}\n')
    browser.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-m", "campaign_fsm", "diagram", "--open", "--view", "from:paused"],
        env={**os.environ, "BROWSER": str(browser), "TMPDIR": str(tmp_path), "PATH": os.defpath},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == (0 if works else 2), done.stderr
    assert str(tmp_path) in done.stderr
    assert "view=from:paused" in (tmp_path / "shown.html").read_text()


@pytest.mark.parametrize("above", ["# My docs\n```\n", "<!-- markdownlint-disable -->\n"])
@pytest.mark.parametrize("kind", ["mermaid", "markdown"])
def test_a_page_that_quotes_a_diagram_is_not_that_diagram(tmp_path, above, kind):
    """A README with a pasted diagram is neither drift nor written over, and named if it could be a diagram."""
    page = above + run("--format", kind).output + "```\nand more\n"
    (tmp_path / "README.md").write_text(page)
    run("-o", tmp_path / "life.svg")
    other = (tmp_path / "life.svg").read_text().replace("format=svg", "format=dot").replace("theme=auto", "theme=dark")
    (tmp_path / "other.svg").write_text(other)
    cut = f"<!-- {Recipe.make('svg').stamp[:-1]} {Recipe.make('dot').stamp} -->"
    (tmp_path / "two.svg").write_text(cut)
    done = run("--check", tmp_path)
    named = ["README.md"] * (kind == "markdown") + ["other.svg", "two.svg"]
    assert done.exit_code == 0
    assert f"Passed over, because they begin with no stamp of this version: {', '.join(named)}\n" in done.output
    done = run("--write", tmp_path)
    assert done.exit_code == 0
    assert f"Passed over, because they begin with no stamp of this version: {', '.join(named)}\n" in done.stderr
    assert (tmp_path / "README.md").read_text() == page
    assert (tmp_path / "other.svg").read_text() == other
    assert (tmp_path / "two.svg").read_text() == cut


def test_a_gallery_replaces_nothing_of_somebody_elses(tmp_path):
    """A file that has a name of the gallery and is none of ours stops it, before anything is written."""
    (tmp_path / "lifecycle.md").write_text("# my notes")
    done = run("--write", tmp_path)
    assert done.exit_code == 2
    assert "lifecycle.md" in done.output
    assert [path.name for path in tmp_path.iterdir()] == ["lifecycle.md"]
    assert (tmp_path / "lifecycle.md").read_text() == "# my notes"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such links")
def test_a_link_is_not_written_through(tmp_path):
    """What lies behind a link, in the folder or outside of it, stays as it is."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "victim.txt").write_text("victim")
    (tmp_path / "docs" / "route.svg").symlink_to("../victim.txt")
    assert run("--write", tmp_path / "docs").exit_code == 2
    run("-o", tmp_path / "life.svg")
    before = (tmp_path / "life.svg").read_text()
    (tmp_path / "docs" / "life.svg").symlink_to("../life.svg")
    assert run("--write", tmp_path / "docs").exit_code == 2
    assert (tmp_path / "victim.txt").read_text() == "victim"
    assert (tmp_path / "life.svg").read_text() == before


def test_a_stamp_that_cannot_be_followed_is_drift(copies):
    """One that asks for what a channel never has does not keep the others from being checked."""
    recipe = Recipe.make("svg", "from:deleted", channel="message")
    (copies / "odd.svg").write_text(f"<!-- {recipe.stamp} --><svg/>")
    (found,) = drift(copies)
    assert "a message campaign is never deleted" in found.problem


@pytest.mark.parametrize("kind", [kind for kind in DiagramFormat if kind.traits.drawn_from is None])
@pytest.mark.parametrize("now", [{}, {Status.UNKNOWN: 1}, {Status.DELETED: 1}])
def test_a_history_of_nothing_that_can_be_drawn_is_drawn(kind, now):
    """Every format has something for it, and nothing is made up."""
    text = render(kind, "history", channel="message", history=History(now=now))
    assert "here now" not in text
    if kind is DiagramFormat.SCXML:
        (state,) = ET.fromstring(text)
        assert state.get("id") == ET.fromstring(text).get("initial")

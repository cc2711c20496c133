"""What the real renderers make of what is written: mermaid and Chromium, Graphviz, python-statemachine, resvg."""

from __future__ import annotations

import json
import os
import re
import struct
import warnings
import xml.etree.ElementTree as ET
from itertools import combinations
from pathlib import Path

import pytest
from browser import chromium
from test_pictures import PICTURES, texts

from campaign_fsm.diagram import History, draw, draw_view, render
from campaign_fsm.diagram.dot import dot
from campaign_fsm.diagram.layout import lay_out
from campaign_fsm.diagram.mermaid import mermaid
from campaign_fsm.diagram.model import Weight
from campaign_fsm.diagram.scxml import scxml
from campaign_fsm.diagram.svg import FONTS, svg
from campaign_fsm.lifecycle import decide
from campaign_fsm.rules import RULES, Action, Channel, Status
from campaign_fsm.wire.campaign import Campaign

# A view of each kind; the geometry of all of them is computed in test_pictures.
NAMES = [
    "life-None",
    "life-voice",
    "life-message",
    "account-holder-None",
    "history-full-None",
    "history-small-message",
    "coverage-full-voice",
    "from-paused-voice",
    "from-archived-message",
    "route-in-progress-archived-message",
]
VIEWS = {name: PICTURES[name] for name in NAMES}


def shown(drawing):
    return {edge for edge in drawing.edges if edge.weight > Weight.FAINT}


# --- Chromium: the SVGs


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


ROOMS = """() => [...document.querySelectorAll('svg text')].map((text) => {
  const room = text.getBoundingClientRect();
  const box = text.closest('.node')?.querySelector('rect.box')?.getBoundingClientRect();
  return {text: text.textContent, room: [room.left, room.top, room.right, room.bottom],
          box: box ? [box.left, box.top, box.right, box.bottom] : null};
})"""


@pytest.mark.parametrize("family", [FONTS, "'DejaVu Sans'", "'Liberation Sans'"])
def test_no_text_overlaps_in_a_browser(browser, family):
    """As Chromium measures it, no text meets another one or the edge, and each text in a box stays in it."""
    page = browser.new_page(viewport={"width": 2400, "height": 2400})
    for name, drawing in VIEWS.items():
        page.set_content(f"<body style='margin:0'>{svg(drawing, 'light').replace(FONTS, family)}")
        layout = lay_out(drawing)
        rooms = page.evaluate(ROOMS)
        assert len(rooms) >= len(texts(layout))
        for piece in rooms:
            left, top, right, bottom = piece["room"]
            assert left >= 0, (name, piece)
            assert top >= 0, (name, piece)
            assert right <= layout.width, (name, piece)
            assert bottom <= layout.height, (name, piece)
            if piece["box"]:
                assert piece["box"][0] <= left, (name, piece)
                assert right <= piece["box"][2], (name, piece)
        for one, other in combinations(rooms, 2):
            a, b = one["room"], other["room"]
            # Rooms of letters with an air above and below: lines of one label come close.
            apart = a[2] <= b[0] or b[2] <= a[0] or a[3] - 4 <= b[1] or b[3] - 4 <= a[1]
            assert apart, (name, one, other)
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_svg_follows_what_the_viewer_prefers(browser, scheme):
    """The SVG of the theme auto has a dark page exactly for a viewer who prefers that."""
    from campaign_fsm.diagram.theme import DARK, LIGHT

    context = browser.new_context(color_scheme=scheme)
    page = context.new_page()
    page.set_content(svg(draw()))
    seen = page.evaluate("() => getComputedStyle(document.querySelector('rect.page')).fill")
    red, green, blue = (int(part) for part in re.findall(r"\d+", seen)[:3])
    assert f"#{red:02X}{green:02X}{blue:02X}" == (DARK if scheme == "dark" else LIGHT).page
    context.close()


@pytest.mark.parametrize("wide", [400, 1400])
def test_an_svg_keeps_its_aspect_on_a_narrow_screen(browser, tmp_path, wide):
    """It is as wide as the screen and as high as its shape says, in a page and by itself, and no larger than it is."""
    text, layout = svg(draw()), lay_out(draw())
    (tmp_path / "life.svg").write_text(text)
    page = browser.new_page(viewport={"width": wide, "height": 900})
    shown = min(wide, layout.width)
    for show in (
        lambda: page.set_content(f"<body style='margin:0'>{text}"),
        lambda: page.goto((tmp_path / "life.svg").as_uri()),
    ):
        show()
        room = page.evaluate("() => document.querySelector('svg').getBoundingClientRect()")
        assert room["width"] == shown
        assert room["height"] == pytest.approx(shown * layout.height / layout.width, abs=0.1)
    page.close()


def test_the_heading_of_a_card_stays_in_it(browser):
    """A long name without a space goes on in the next line of a notebook's card."""
    campaign = Campaign("camp_1", Status.PAUSED, "paused", Channel.VOICE, name="x" * 300)
    page = browser.new_page(viewport={"width": 500, "height": 900})
    page.set_content(campaign._repr_html_())
    assert page.evaluate("() => document.documentElement.scrollWidth") == 500
    page.close()


def test_a_screen_reader_finds_title_and_description(browser):
    """In the accessibility tree the SVG is one image with its title and its description, and nothing in it is read."""
    page = browser.new_page()
    page.set_content(svg(draw()))
    image = page.get_by_role("img", name=re.compile("The life of an Exotel campaign"))
    assert image.count() == 1
    told = page.evaluate("() => document.querySelector('svg').getAttribute('aria-labelledby')")
    assert all(page.locator(f"#{name}").count() == 1 for name in told.split())
    page.close()


# --- Chromium: mermaid


def mermaids():
    """The folders of unpacked mermaid packages: CI fetches them, see .ci/run."""
    return [folder for folder in os.environ.get("MERMAID", "").split(os.pathsep) if folder]


@pytest.fixture(scope="module", params=mermaids() or [None], ids=lambda folder: Path(folder).name if folder else "none")
def mermaid_page(request, browser):
    if request.param is None:
        pytest.skip("MERMAID names no unpacked mermaid package (npm pack mermaid@12; tar xzf mermaid-*.tgz)")
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    page.set_content("<body></body>")
    page.add_script_tag(path=f"{request.param}/dist/mermaid.min.js")
    yield page
    page.close()


DRAW = """async ([text, theme]) => {
  mermaid.initialize({startOnLoad: false, theme, securityLevel: 'strict'});
  await mermaid.parse(text);
  const {svg} = await mermaid.render('drawn' + Math.floor(Math.random() * 1e9), text);
  document.body.innerHTML = svg;
  const drawn = document.querySelector('svg');
  return {type: (await mermaid.parse(text)).diagramType, text: drawn.textContent,
          nodes: drawn.querySelectorAll('.node').length, edges: drawn.querySelectorAll('path.transition').length,
          title: drawn.querySelector('title')?.textContent, width: drawn.getBoundingClientRect().width};
}"""


@pytest.mark.parametrize("theme", ["default", "dark"])
@pytest.mark.parametrize("name", NAMES)
def test_mermaid_draws_every_view(mermaid_page, name, theme):
    """Mermaid parses each view as a state diagram, and draws its statuses, arrows, texts and title."""
    drawing = VIEWS[name]
    drawn = mermaid_page.evaluate(DRAW, [mermaid(drawing), theme])
    assert drawn["type"] == "stateDiagram"
    assert drawn["edges"] >= len(shown(drawing))
    for node in drawing.nodes:
        if node.weight > Weight.FAINT:
            assert node.label in drawn["text"]
            for attempt in node.refused:
                assert attempt.text in drawn["text"]
    for edge in shown(drawing):
        for label in edge.labels:
            assert label.whole in drawn["text"]
    assert drawn["title"] == drawing.title


# --- Graphviz


@pytest.fixture
def graphviz():
    return pytest.importorskip("pygraphviz", reason="pygraphviz, which brings Graphviz, is not installed")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", NAMES)
def test_graphviz_reads_and_draws_every_view(graphviz, name, theme):
    """Graphviz reads the DOT text, sees the statuses and arrows of the drawing, and draws every text of it."""
    drawing = VIEWS[name]
    graph = graphviz.AGraph(string=dot(drawing, theme))
    try:
        assert set(graph.nodes()) == {node.id for node in drawing.nodes}
        assert {tuple(edge) for edge in graph.edges()} == {(edge.source, edge.dest) for edge in drawing.edges}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # what fontconfig says of this machine
            picture = graph.draw(format="svg", prog="dot").decode()
    finally:
        graph.close()
    words = " ".join("".join(element.itertext()) for element in ET.fromstring(picture).iter())
    for edge in drawing.edges:
        for label in edge.labels:
            assert label.text.replace(" ", "") in words.replace(" ", "").replace("\xa0", "")


# --- SCXML


@pytest.fixture
def machine():
    """Reads SCXML as python-statemachine does."""
    io = pytest.importorskip("statemachine.io", reason="python-statemachine is not installed")

    def read(text, **data):
        for key, value in data.items():
            text = re.sub(rf'(<data id="{key}" expr=")\d(")', rf"\g<1>{value}\g<2>", text)
        return io.load(text, format="scxml")()

    return read


@pytest.mark.parametrize("started", [False, True])
@pytest.mark.parametrize("channel", Channel)
def test_scxml_is_read_back_as_the_table(machine, channel, started):
    """python-statemachine, fed with the SCXML of both channels, takes exactly the actions that `decide` allows."""
    text = scxml(draw())
    cells = 0
    for status in (status for status in Status if status is not Status.UNKNOWN):
        here = status.value.replace("-", "_")
        begun = re.sub(r' initial="\w+"', f' initial="{here}"', text)
        for action in (action for action in Action if action is not Action.CREATE):
            told = decide(status, action, channel=channel, started=started)
            # What counts as started does not depend on what is claimed, in most statuses.
            counts = started if status in (Status.CREATED, Status.PAUSED) else True
            live = machine(begun, started=int(counts), voice=int(channel is Channel.VOICE))
            enabled = [] if live.is_terminated else [str(event) for event in live.enabled_events()]
            assert (action in enabled) == bool(told), (status, action, channel, started)
            if told:
                live.send(action.value)
                assert set(live.configuration_values) == {told.destination.value.replace("-", "_")}, (status, action)
            cells += 1
    assert cells == 8 * 8


def test_scxml_names_every_rule_of_the_table():
    """Every rule of the table is one transition of the SCXML, with its event and its target."""
    root = ET.fromstring(render("scxml"))
    space, own = "{http://www.w3.org/2005/07/scxml}", "{urn:campaign_fsm}"
    found = {
        move.get(f"{own}rule"): (state.get("id"), move.get("event"), move.get("target"))
        for state in root
        for move in state.iter(f"{space}transition")
    }

    def name(status):
        return "new" if status is None else status.value.replace("-", "_")

    assert found == {
        rule.code: (name(rule.source), rule.trigger.value, None if rule.dest is None else name(rule.dest))
        for rule in RULES
    }
    finals = {state.get("id") for state in root.iter(f"{space}final")}
    assert finals == {"archived", "failed", "canceled", "deleted"}


# --- resvg


@pytest.mark.parametrize("name", NAMES)
def test_a_png_is_twice_as_large_as_its_svg(name):
    """resvg draws each view, twice as large as the SVG, and not blank."""
    pytest.importorskip("resvg_py", reason="PNG is drawn by resvg_py, an optional extra")
    from campaign_fsm.diagram.png import CannotRasterize, png

    drawing = VIEWS[name]
    try:
        picture = png(svg(drawing, "light"), FONTS)
    except CannotRasterize as error:
        pytest.skip(str(error))
    width, height = struct.unpack(">II", picture[16:24])
    layout = lay_out(drawing)
    assert abs(width - 2 * layout.width) <= 2
    assert abs(height - 2 * layout.height) <= 2
    assert len(picture) > 20_000


# --- hostile titles: a campaign's id comes from a recording

HOSTILES = [
    "a--b --> c",
    "*/ // -- %% ; # \\ ` ' \" { } [ ] ( ) | : <br/> &amp; </svg> ]]>",
    "line\nbreak\r\n--- \ttab \x00 \x1b[31m \u202e rtl \u2028",
    "}}; click A href javascript:alert(1)",
    "graph TD; A-->B",
    "é ü 日本語 😀",
    "x" * 100_000,
]


def titled(title):
    return draw_view("history", None, History(title=title, now={Status.PAUSED: 1}, taken={"CF103": 3}, campaigns=1))


@pytest.mark.parametrize("title", HOSTILES, ids=range(len(HOSTILES)))
def test_a_hostile_title_breaks_no_text(title):
    """XML stays well-formed, JSON is JSON, and the picture stays as wide as it is."""

    from campaign_fsm.diagram.plainjson import plain_json
    from campaign_fsm.diagram.table import markdown

    drawing = titled(title)
    ET.fromstring(svg(drawing))
    ET.fromstring(scxml(drawing))
    assert json.loads(plain_json(drawing))["title"] == drawing.title
    (heading,) = [line for line in markdown(drawing, whole=False).splitlines() if line.startswith("# ")]
    assert "<" not in heading
    assert lay_out(drawing).width < 2000
    # Without what the title has, the lines are those of any other title.
    for text, other in ((mermaid(drawing), mermaid(titled("x"))), (dot(drawing), dot(titled("x")))):
        assert len(text.splitlines()) == len(other.splitlines())


@pytest.mark.parametrize("title", HOSTILES, ids=range(len(HOSTILES)))
def test_a_hostile_title_is_a_title_to_mermaid(mermaid_page, title):
    """Mermaid draws the same statuses and arrows, whatever the title is."""
    drawn = mermaid_page.evaluate(DRAW, [mermaid(titled(title)), "default"])
    other = mermaid_page.evaluate(DRAW, [mermaid(titled("x")), "default"])
    assert (drawn["type"], drawn["nodes"], drawn["edges"]) == (other["type"], other["nodes"], other["edges"])
    assert mermaid_page.evaluate("document.querySelectorAll('script[src], a, img').length") == 0


@pytest.mark.parametrize("title", HOSTILES, ids=range(len(HOSTILES)))
def test_a_hostile_title_is_a_label_to_graphviz(graphviz, title):
    """Graphviz reads the same statuses and arrows, whatever the title is."""
    graph = graphviz.AGraph(string=dot(titled(title)))
    other = graphviz.AGraph(string=dot(titled("x")))
    assert sorted(graph.nodes()) == sorted(other.nodes())
    assert sorted(graph.edges()) == sorted(other.edges())
    graph.close()
    other.close()

"""The pictures: that nothing overlaps, is cut off or unreadable, in every view and theme."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from functools import cache
from itertools import combinations, pairwise, permutations

import attrs
import pytest

from campaign_fsm.diagram import Theme, draw, draw_view
from campaign_fsm.diagram.dot import dot
from campaign_fsm.diagram.layout import lay_out
from campaign_fsm.diagram.mermaid import mermaid
from campaign_fsm.diagram.model import Kind, Weight, describe
from campaign_fsm.diagram.svg import svg
from campaign_fsm.diagram.text import width, wrap
from campaign_fsm.diagram.theme import DARK, LIGHT, PALETTES
from campaign_fsm.diagram.views import History, Look, NoRoute
from campaign_fsm.lifecycle import decide
from campaign_fsm.rules import REFUSALS, RULE, RULES, Action, Channel, Standing, Status

SVG = "{http://www.w3.org/2000/svg}"
STATUSES = [status for status in Status if status is not Status.UNKNOWN]

# The most that a history can put on a picture: every edge taken a million times, every refusal in every box.
FULL = History(
    title="What happened to 1,000,000 campaigns in a very long year",
    taken={rule.code: 1_234_567 for rule in RULES},
    tried={
        (status, action, decide(status, action, started=True).code, sent): 1_000_000
        for status in STATUSES
        for action in Action
        for sent in (False, True)
        if not decide(status, action, started=True)
    },
    now=dict.fromkeys(STATUSES, 1_000_000),
    total=10**8,
    campaigns=10**6,
    leaps=3,
    lost=12,
)
SMALL = History(
    title="camp_abc123",
    taken={"CF103": 1, "CF104": 12},
    tried={(Status.IN_PROGRESS, Action.COMPLETE, "CF224", False): 2},
    now={Status.IN_PROGRESS: 1},
    total=15,
    campaigns=1,
)


def pictures():
    for channel in (None, *Channel):
        yield f"life-{channel}", draw(channel)
        yield f"account-holder-{channel}", draw_view("account-holder", channel)
        for name, history in (("full", FULL), ("small", SMALL)):
            yield f"history-{name}-{channel}", draw_view("history", channel, history)
            yield f"coverage-{name}-{channel}", draw_view("coverage", channel, history)
        for status in STATUSES:
            if status is Status.DELETED and channel is Channel.MESSAGE:
                continue
            yield f"from-{status}-{channel}", draw_view(Look.parse(f"from:{status}"), channel)
            for goal in STATUSES:
                try:
                    yield f"route-{status}-{goal}-{channel}", draw_view(f"route:{status}:{goal}", channel)
                except (NoRoute, ValueError):
                    continue


PICTURES = dict(pictures())


@cache
def laid_out(name):
    return lay_out(PICTURES[name])


def texts(layout):
    """Every text of a picture."""
    pieces = (*layout.boxes, *layout.lines)
    return [
        layout.title,
        *(text for piece in pieces for text in piece.texts),
        *(key.text for key in layout.keys),
        *layout.notes,
    ]


def overlap(one, other, slack=0.0):
    return (
        one[0] < other[2] - slack
        and other[0] < one[2] - slack
        and one[1] < other[3] - slack
        and other[1] < one[3] - slack
    )


def segments(line):
    """The straight parts of a line as rooms, as thick as they are drawn."""
    half = (1.6 + 6 * line.edge.thickness) / 2 if line.edge.thickness else 1.6
    for (x, y), (ex, ey) in pairwise(line.points):
        across, along = (half, 0.0) if x == ex else (0.0, half)
        yield min(x, ex) - across, min(y, ey) - along, max(x, ex) + across, max(y, ey) + along


def test_there_are_pictures_of_every_kind():
    """The pictures under test are of every view, and hold the full ones."""
    assert len(PICTURES) > 90
    assert {name.split("-")[0] for name in PICTURES} == {"life", "account", "history", "coverage", "from", "route"}


@pytest.mark.parametrize("name", PICTURES)
def test_nothing_overlaps_and_nothing_is_cut_off(name):
    """With the widest font, no text meets another text, a line, a foreign box or the edge of the picture."""
    layout = laid_out(name)
    page = (0.0, 0.0, layout.width, layout.height)
    boxes = {box.node.id: (box.x, box.y, box.x + box.width, box.y + box.height) for box in layout.boxes}
    for text in texts(layout):
        left, top, right, bottom = text.room
        assert left >= page[0] + 4, text
        assert top >= page[1] + 4, text
        assert right <= page[2] - 4, text
        assert bottom <= page[3] - 4, text
    for one, other in combinations(texts(layout), 2):
        assert not overlap(one.room, other.room, slack=0.5), (one, other)
    for one, other in combinations(boxes.values(), 2):
        assert not overlap(one, other), (one, other)
    for box in layout.boxes:
        room = boxes[box.node.id]
        for text in box.texts:
            left, top, right, bottom = text.room
            assert room[0] <= left, text
            assert right <= room[2], text
            assert room[1] <= top, text
            assert bottom <= room[3], text
    for line in layout.lines:
        for text in line.texts:
            for box in boxes.values():
                assert not overlap(text.room, box), (text, line.edge.source, line.edge.dest)
        for part in segments(line):
            for text in texts(layout):
                assert not overlap(part, text.room), (line.edge.source, line.edge.dest, text)
            for node, box in boxes.items():
                # A line touches the boxes at its ends, and goes into no box.
                inner = (box[0] + 2, box[1] + 2, box[2] - 2, box[3] - 2)
                assert not overlap(part, inner), (line.edge.source, line.edge.dest, node)
    for one, other in combinations(layout.lines, 2):
        for part in segments(one):
            for another in segments(other):
                assert not overlap(part, another), (one.edge, other.edge)


@pytest.mark.parametrize("name", PICTURES)
def test_every_line_begins_and_ends_at_its_boxes(name):
    """A line begins on the border of the status it leaves, and its arrow ends on the border of the one it leads to."""
    from_border_to_border(laid_out(name))


JOINED = {(rule.source, rule.leads_to) for rule in RULES}


@pytest.mark.parametrize(("source", "dest"), [pair for pair in permutations(STATUSES, 2) if pair not in JOINED])
def test_an_edge_without_a_way_of_its_own_goes_across(source, dest):
    """An edge between statuses that no line joins is on the picture before anybody has tuned its line."""
    rule = attrs.evolve(RULE["CF102"], code="CF199", source=source, dest=dest)
    layout = lay_out(draw(rules=(*RULES, rule)))
    from_border_to_border(layout)
    assert rule in [rule for line in layout.lines for rule in line.edge.rules]


def test_a_status_without_a_place_is_drawn_all_the_same():
    """Statuses and edges that nobody has placed are on the picture, from border to border, each line apart."""
    drawing = draw()
    held, lost = (attrs.evolve(drawing.nodes[1], id=name, label=name) for name in ("held", "lost"))
    (pause,) = [edge for edge in drawing.edges if edge.rules[0].code == "CF103"]
    ways = [
        ("in_progress", "held"),
        ("held", "in_progress"),
        ("in_progress", "held"),
        ("held", "lost"),
        ("new", "lost"),
    ]
    strange = [attrs.evolve(pause, source=source, dest=dest) for source, dest in ways]
    stranger = attrs.evolve(drawing, nodes=(*drawing.nodes, held, lost), edges=(*drawing.edges, *strange))
    layout = lay_out(stranger)
    from_border_to_border(layout)
    lines = [line for line in layout.lines if line.edge in strange]
    assert [(line.edge.source, line.edge.dest) for line in lines] == ways
    assert len({line.points for line in lines} | {line.points[::-1] for line in lines}) == 2 * len(ways)
    for one, other in combinations(layout.boxes, 2):
        rooms = [(box.x, box.y, box.x + box.width, box.y + box.height) for box in (one, other)]
        assert not overlap(*rooms), (one.node.id, other.node.id)
    # All rows above them stay where they were.
    assert [box.middle[1] for box in layout.boxes][:-3] == [box.middle[1] for box in lay_out(drawing).boxes][:-1]
    assert all("held" in write(stranger) for write in (mermaid, dot, svg))


def test_the_labels_of_a_status_without_a_place_meet_no_text():
    """Wherever its lines come from and lead to, there is room for their labels along them."""
    drawing = draw()
    held = attrs.evolve(drawing.nodes[1], id="held", label="held")
    (finish,) = [edge for edge in drawing.edges if edge.labels[0].trigger == "finish"]
    for source in drawing.nodes:
        for dest in drawing.nodes[1:]:
            ways = [(source.id, "held"), ("held", dest.id)]
            edges = [attrs.evolve(finish, source=one, dest=other) for one, other in ways]
            layout = lay_out(attrs.evolve(drawing, nodes=(*drawing.nodes, held), edges=(*drawing.edges, *edges)))
            for one, other in combinations(texts(layout), 2):
                assert not overlap(one.room, other.room, slack=0.5), (one, other)


def from_border_to_border(layout):
    boxes = {box.node.id: box for box in layout.boxes}
    for line in layout.lines:
        for (x, y), node in ((line.points[0], line.edge.source), (line.points[-1], line.edge.dest)):
            box = boxes[node]
            assert box.x - 0.1 <= x <= box.x + box.width + 0.1, (line.edge.source, line.edge.dest)
            assert box.y - 0.1 <= y <= box.y + box.height + 0.1, (line.edge.source, line.edge.dest)


def test_the_life_reads_from_left_to_right():
    """Along the life of a campaign that nobody touches, each status stands to the right of the one before."""
    boxes = {box.node.id: box for box in lay_out(draw()).boxes}
    life = ["new", "created", "in_progress", "completed", "archived"]
    for before, after in pairwise(life):
        assert boxes[before].x + boxes[before].width < boxes[after].x
        assert boxes[before].middle[1] == pytest.approx(boxes[after].middle[1], abs=0.11)


@pytest.mark.parametrize("channel", [None, *Channel])
def test_the_life_is_readable_at_800_pixels(channel):
    """At 800 pixels the smallest letters of the life are at least 10.5 pixels high."""
    assert 14 * 800 / lay_out(draw(channel)).width >= 10.5


def test_the_measured_widths_hold_for_real_fonts():
    """No text of any picture is wider in a common font than the room that is kept for it."""
    fonts = pytest.importorskip("PIL.ImageFont", reason="Pillow is not installed; the browser measures it too")
    found = 0
    for file in ("DejaVuSans.ttf", "LiberationSans-Regular.ttf"):
        try:
            font = fonts.truetype(file, 100)
        except OSError:
            continue
        found += 1
        for text in {text.text for name in PICTURES for text in texts(laid_out(name))}:
            assert font.getlength(text) <= width(text, 100) * 1.03, text
    if not found:
        pytest.skip("neither DejaVu Sans nor Liberation Sans is installed")


def test_a_long_text_is_wrapped_and_loses_nothing():
    """Lines fit into their room, a word that does not stands alone, and all words are there."""
    text = "one two three " + "m" * 40 + " four"
    lines = wrap(text, 14, 120)
    assert " ".join(lines) == text
    assert all(width(line, 14) <= 120 or " " not in line for line in lines)


# --- colours


def luminance(colour):
    def linear(part):
        value = int(part, 16) / 255
        return value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(colour[place : place + 2]) for place in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", PALETTES)
def test_every_text_has_enough_contrast(theme):
    """Every colour of a text has a contrast of at least 4.5 to 1 on everything that it can stand on."""
    palette = PALETTES[theme]
    for ink in (palette.ink, palette.warning, palette.soft, palette.faint):
        for paper in (palette.page, palette.live, palette.over):
            assert contrast(ink, paper) >= 4.5, (ink, paper)
    for ink in (palette.ink, palette.warning, palette.soft):
        assert contrast(ink, palette.strong) >= 4.5, ink
    assert contrast(palette.platform, palette.page) >= 4.5


def cone(colour, matrix):
    """How somebody without one kind of cones sees a colour, after Machado, Oliveira and Fernandes (2009)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    return [sum(weight * part for weight, part in zip(row, parts, strict=True)) for row in matrix]


@pytest.mark.parametrize("theme", PALETTES)
@pytest.mark.parametrize(
    "matrix",
    [
        ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
        ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
        ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
    ],
    ids=["protanopia", "deuteranopia", "tritanopia"],
)
def test_the_lines_are_told_apart_by_the_colour_blind(theme, matrix):
    """Ink, the platform's colour and the warning stay far apart for every kind of colour blindness."""
    palette = PALETTES[theme]
    seen = [cone(colour, matrix) for colour in (palette.ink, palette.platform, palette.warning)]
    for one, other in combinations(seen, 2):
        assert sum((a - b) ** 2 for a, b in zip(one, other, strict=True)) ** 0.5 > 0.2


def test_no_meaning_hangs_on_colour_alone():
    """Without colours, what cannot be undone still has a mark and a thick line, and the platform's lines dashes."""
    text = svg(draw())
    root = ET.fromstring(text)
    for group in root.iter(f"{SVG}g"):
        if "edge" not in group.get("class", "").split():
            continue
        label = "".join(group.itertext())
        assert ("irreversible" in group.get("class")) == ("▲" in label)
    assert re.search(r"\.platform path\.line\{stroke-dasharray:", text)
    assert re.search(r"\.irreversible path\.line\{stroke-width:3", text)


# --- the SVG


@pytest.mark.parametrize("theme", Theme)
@pytest.mark.parametrize("name", ["life-None", "history-full-None", "from-paused-voice", "coverage-small-message"])
def test_an_svg_is_whole(name, theme):
    """An SVG is well-formed, names every status and edge it draws, and asks for nothing outside of itself."""
    drawing = PICTURES[name]
    text = svg(drawing, theme)
    root = ET.fromstring(text)
    assert {group.get("data-node") for group in root.iter(f"{SVG}g")} - {None} == {node.id for node in drawing.nodes}
    edges = [group for group in root.iter(f"{SVG}g") if group.get("data-from")]
    assert len(edges) == len(drawing.edges)
    assert {(group.get("data-from"), group.get("data-to"), group.get("data-rules")) for group in edges} == {
        (edge.source, edge.dest, " ".join(rule.code for rule in edge.rules)) for edge in drawing.edges
    }
    for forbidden in ("http://", "https://", "url(", "@import", "<script", "<image", "<foreignObject", "href"):
        assert forbidden not in text.replace("http://www.w3.org/2000/svg", "")
    assert ("prefers-color-scheme:dark" in text) == (theme is Theme.AUTO)
    assert (DARK.page in text) == (theme is not Theme.LIGHT)
    assert (LIGHT.page in text) == (theme is not Theme.DARK)


def test_an_svg_has_words_for_screen_readers():
    """An SVG is an image with a title first and a description, and the legend is not read out."""
    root = ET.fromstring(svg(draw()))
    assert root.get("role") == "img"
    title, description = root[0], root[1]
    assert (title.tag, description.tag) == (f"{SVG}title", f"{SVG}desc")
    assert root.get("aria-labelledby").split() == [title.get("id"), description.get("id")]
    assert title.text == "The life of an Exotel campaign"
    assert description.text == draw().description
    words = " ".join(element.text for element in root.iter(f"{SVG}text"))
    for word in (*STATUSES, *(rule.trigger for rule in RULES)):
        assert word in words


def test_two_drawings_on_one_page_do_not_meet():
    """With prefixes of their own, two SVGs share neither an id nor a style."""
    one, other = svg(draw("voice"), "light", prefix="one"), svg(draw("message"), "dark", prefix="other")
    ids = [set(re.findall(r' id="([^"]+)"', text)) for text in (one, other)]
    assert ids[0]
    assert not ids[0] & ids[1]
    for text, prefix in ((one, "one"), (other, "other")):
        style = re.search(r"<style>\n(.*)</style>", text, re.DOTALL)[1]
        for rule in style.splitlines():
            for selector in rule.partition("{")[0].split(","):
                assert selector.split(" ")[0] == f".{prefix}", rule


HOSTILE = "</title></svg><script>alert(1)</script> & \" ' ]]> --> \x00\x1b"


def test_a_title_cannot_leave_its_place():
    """A hostile title of a history is text in the SVG, whatever is in it."""
    drawing = draw_view("history", None, History(title=HOSTILE, now={Status.PAUSED: 1}, campaigns=1))
    root = ET.fromstring(svg(drawing))
    assert not list(root.iter(f"{SVG}script"))
    assert "<script>alert(1)</script>" in root[0].text


# --- what views say


@pytest.mark.parametrize("name", PICTURES)
def test_the_words_and_the_picture_agree(name):
    """The description speaks of what is drawn in full, the legend explains all of it and nothing else."""
    drawing = PICTURES[name]
    full = [edge for edge in drawing.edges if edge.weight > Weight.FAINT]
    nodes = tuple(node for node in drawing.nodes if node.weight > Weight.FAINT)
    assert drawing.description.endswith(describe(nodes, tuple(full)))
    faint = (len(full) < len(drawing.edges)) or (len(nodes) < len(drawing.nodes))
    for bold, some_nodes, some_edges in ((True, nodes, full), (False, drawing.nodes, drawing.edges)):
        samples = {entry.sample for entry in drawing.legend if not bold or entry.weight > Weight.FAINT}
        rules = [rule for piece in (*some_nodes, *some_edges) for rule in piece.rules]
        assert ("final" in samples) == any(node.kind is Kind.FINAL for node in some_nodes)
        assert ("inside" in samples) == any(node.inside for node in some_nodes)
        assert ("platform" in samples) == any(edge.actor == "platform" for edge in some_edges)
        assert ("account holder" in samples) == any(edge.actor == "account holder" for edge in some_edges)
        assert ("irreversible" in samples) == any(not rule.undoable for rule in rules)
        assert ("contested" in samples) == any(rule.standing is Standing.CONTESTED for rule in rules)
        assert ("often" in samples) == any(edge.thickness for edge in some_edges)
        assert ("refused" in samples) == any(node.refused for node in some_nodes)
        assert ("faint" in samples) == (faint and not bold)
    # "See below" is said where below something is said of each.
    (footnote,) = {"see below" in entry.text for entry in drawing.legend if entry.sample == "contested"} or {False}
    drawn = [rule for piece in (*drawing.nodes, *drawing.edges) for rule in piece.rules]
    contested = {f"† {rule.trigger} while {rule.source}" for rule in drawn if rule.standing is Standing.CONTESTED}
    told = {one for one in contested if any(note.startswith(one) for note in drawing.notes)}
    assert footnote == bool(contested and told == contested)
    assert ("strong" in {entry.sample for entry in drawing.legend}) == any(
        piece.weight is Weight.STRONG for piece in (*drawing.nodes, *drawing.edges)
    )


def test_the_legend_is_a_table():
    """Its entries stand in columns, a row of them as long as the next."""
    for name in PICTURES:
        keys = laid_out(name).keys
        rows = [[key.x for key in keys if key.y == y] for y in dict.fromkeys(key.y for key in keys)]
        assert all(row == rows[0][: len(row)] for row in rows), name
        assert len({len(row) for row in rows[:-1]}) <= 1, name


def test_a_picture_is_a_whole_number_of_pixels():
    """Half a pixel at its edge would be half transparent in a PNG."""
    for name in PICTURES:
        layout = laid_out(name)
        assert (layout.width, layout.height) == (int(layout.width), int(layout.height)), name


@pytest.mark.parametrize(
    ("status", "channel"),
    [
        (status, channel)
        for status in STATUSES
        for channel in Channel
        if (status, channel) != (Status.DELETED, Channel.MESSAGE)  # a message campaign is never deleted
    ],
)
def test_from_a_status_every_action_is_legal_or_refused_with_its_code(status, channel):
    """What can happen from a status is exactly what the table says: legal ones drawn, all others with their code."""
    drawing = draw_view(Look.parse(f"from:{status}"), channel)
    (node,) = [node for node in drawing.nodes if node.weight is Weight.STRONG]
    legal = {label.trigger for edge in drawing.edges if edge.weight > 0 for label in edge.labels}
    legal |= {label.trigger for group in node.inside for label in group.labels}
    refused = {attempt.action: attempt.code for attempt in node.refused}
    codes = {refusal.code for refusal in REFUSALS}
    for action in Action:
        if action is Action.CREATE:
            continue
        answers = [decide(status, action, channel=channel, started=started) for started in (False, True)]
        assert (action in legal) == any(answers), action
        assert (action in refused) == (not any(answers)), action
        if action in refused:
            assert set(refused[action].split("/")) == {answer.code for answer in answers} <= codes


def test_a_route_is_numbered_in_its_order():
    """The steps of a route are numbered on its edges, and lead from its beginning to its end."""
    drawing = draw_view("route:in-progress:archived", "message")
    steps = {
        label.note: (edge.source, label.trigger, edge.dest)
        for edge in drawing.edges
        for label in edge.labels
        if label.note
    }
    assert steps == {
        "step 1": ("in_progress", "pause", "paused"),
        "step 2": ("paused", "complete", "completed"),
        "step 3": ("completed", "archive", "archived"),
    }
    assert {node.label: node.note for node in drawing.nodes if node.note} == {"in-progress": "begin", "archived": "end"}


def test_where_there_is_no_route_there_is_no_picture():
    """Waiting is no route, and no picture pretends that it is."""
    with pytest.raises(NoRoute, match="created to in-progress"):
        draw_view("route:created:in-progress")


def test_a_status_that_a_channel_never_has_is_refused():
    """The view from deleted on message campaigns is an error that says so."""
    with pytest.raises(ValueError, match="a message campaign is never deleted"):
        draw_view("from:deleted", "message")


def test_a_history_shows_counts_refusals_and_where_it_ended():
    """Each edge tells how often it was taken, each box what was refused in it, and the end is marked."""
    drawing = draw_view("history", None, SMALL)
    counts = {label.rules[0].code: label.note for edge in drawing.edges for label in edge.labels if label.note}
    assert counts == {"CF103": "1×", "CF104": "12×"}
    (here,) = [node for node in drawing.nodes if node.weight is Weight.STRONG]
    assert (here.label, here.note) == ("in-progress", "here now")
    assert [attempt.text for attempt in here.refused] == ["× complete CF224 2 times"]
    assert "15 steps of 1 campaign." in drawing.notes[0]


def test_what_happened_where_nothing_is_drawn_is_said():
    """A status on no list, or one that the channel never has, is on no box and in no legend, and told below."""
    tried = {(Status.UNKNOWN, Action.PAUSE, "CF201", sent): 2 for sent in (False, True)}
    drawing = draw_view("history", "message", History(now={Status.UNKNOWN: 1, Status.DELETED: 2}, tried=tried))
    assert "strong" not in {entry.sample for entry in drawing.legend}
    assert drawing.notes[0] == (
        "0 steps. Not on the picture: 4 refusals in a status that is on no list, 2 campaigns in the status deleted at "
        "the end and 1 campaign in a status that is on no list at the end."
    )


def test_coverage_counts_what_was_reached_and_names_the_rest():
    """Every edge says how often it was reached or that it never was, and the sums are those of the table."""
    drawing = draw_view("coverage", None, SMALL)
    labels = [label for edge in drawing.edges for label in edge.labels]
    labels += [label for node in drawing.nodes for group in node.inside for label in group.labels]
    assert sum(len(label.rules) for label in labels) == len(RULES)
    assert {rule.code for label in labels if label.note != "never reached" for rule in label.rules} == {
        "CF103",
        "CF104",
    }
    assert "2 of 17 edges of the account holder and 0 of 6 edges of the platform" in drawing.notes[0]


def test_a_history_without_a_recording_is_refused():
    """The views that draw a recording say that they need one."""
    for view in ("history", "coverage"):
        with pytest.raises(ValueError, match="recording"):
            draw_view(view)

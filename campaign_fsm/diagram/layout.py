"""Where everything goes: a drawing as boxes, lines and texts with coordinates, in pixels.

A campaign's life reads from left to right, and a status stands in the same place in every view, so that
two pictures can be compared. The places of the statuses and the sides where edges leave and arrive are
chosen by hand, as on the map of an underground; columns and rows are as wide and as high as what
stands in them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from enum import StrEnum
from itertools import accumulate, count, pairwise
from math import ceil, dist
from typing import Final

from attrs import evolve, field, frozen

from campaign_fsm.diagram.model import Drawing, Edge, Kind, LegendEntry, Node, Weight, identifier
from campaign_fsm.diagram.text import width, wrap
from campaign_fsm.rules import Status

TITLE: Final = 19.0
NAME: Final = 16.0
SMALL: Final = 14.0

_MARGIN: Final = 22.0
_LEADING: Final = 1.32
_PAD: Final = 11.0
_DOT: Final = 18.0
_ARROW: Final = 17.0  # a line needs that much beyond its label
_LANE: Final = 68.0  # between two lines side by side, at least
_FORK: Final = 60.0  # between the two lines that leave paused to the right
_GAP: Final = 34.0
_SAMPLE: Final = 46.0


class Side(StrEnum):
    NORTH = "north"
    EAST = "east"
    SOUTH = "south"
    WEST = "west"


class Style(StrEnum):
    """How a text is written."""

    TITLE = "title"
    NAME = "name"
    HEADING = "heading"
    PLAIN = "plain"
    BOLD = "bold"
    NOTE = "note"
    REFUSED = "refused"


_SIZES: Final = {Style.TITLE: TITLE, Style.NAME: NAME}
_HEAVY: Final = frozenset({Style.TITLE, Style.NAME, Style.BOLD, Style.REFUSED})


@frozen
class Text:
    """A line of text. `x` is where its `anchor` (start, middle, end) is, `y` its baseline."""

    text: str
    x: float
    y: float
    style: Style
    anchor: str = "start"
    faint: bool = False

    @property
    def room(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of the room that it takes at most."""
        size, wide = _SIZES.get(self.style, SMALL), _wide(self.text, self.style)
        left = self.x - {"start": 0.0, "middle": wide / 2, "end": wide}[self.anchor]
        return left, self.y - 0.8 * size, left + wide, self.y + 0.25 * size


@frozen(kw_only=True)
class Box:
    """A status with its place; the start is a dot without texts."""

    node: Node
    x: float
    y: float
    width: float
    height: float
    rule: float | None
    """The height of the line under the name; None without one."""
    texts: tuple[Text, ...]

    @property
    def middle(self) -> tuple[float, float]:
        return self.x + self.width / 2, self.y + self.height / 2


@frozen(kw_only=True)
class Line:
    """An edge with its place: corners of a line whose last point is the arrow's tip, and the label."""

    edge: Edge
    points: tuple[tuple[float, float], ...]
    texts: tuple[Text, ...]


@frozen(kw_only=True)
class LegendRow:
    """An entry of the legend with its place: the sample is `_SAMPLE` wide, left of the text."""

    entry: LegendEntry
    x: float
    y: float
    text: Text


@frozen(kw_only=True)
class Layout:
    """A drawing with the place of everything on it."""

    width: float
    height: float
    title: Text
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    keys: tuple[LegendRow, ...]
    notes: tuple[Text, ...]


# Column and row of each status. The second row is the life of a campaign that nobody touches.
_CELLS: Final = {
    None: (0, 1),
    Status.CREATED: (1, 1),
    Status.IN_PROGRESS: (2, 1),
    Status.PAUSED: (2, 0),
    Status.COMPLETED: (3, 1),
    Status.ARCHIVED: (4, 1),
    Status.CANCELED: (4, 0),
    Status.FAILED: (2, 2),
    Status.DELETED: (1, 3),
}
_PLACES: Final = {identifier(status): place for status, place in _CELLS.items()}


@frozen
class _Way:
    """Which sides an edge leaves and enters, how far from the middle it leaves, and on which side its label is.

    `lane` is for lines side by side between two boxes, counted from the one in the middle.
    """

    leaves: Side
    enters: Side
    out: float = 0.0
    lane: int = 0
    label: str = "above"  # or left, right: of an upright part


# By the code of the edge's first rule: where the line cannot just go across, or must keep clear of another one.
_WAYS: Final = {
    "CF103": _Way(Side.NORTH, Side.SOUTH, lane=-1, label="left"),
    "CF104": _Way(Side.SOUTH, Side.NORTH, label="left"),
    "CF105": _Way(Side.EAST, Side.NORTH, out=_FORK / 2),
    "CF117": _Way(Side.SOUTH, Side.NORTH, out=-_LANE / 2, label="left"),
    "CF303": _Way(Side.SOUTH, Side.WEST, out=_LANE / 2),
    "CF305": _Way(Side.EAST, Side.WEST, out=-_FORK / 2),
    "CF306": _Way(Side.NORTH, Side.SOUTH, lane=1, label="right"),
}


def _places(drawing: Drawing) -> dict[str, tuple[int, int]]:
    """The cell of each node. A status that has none yet gets the next one that is free, below the others.

    The columns to the right come first: in the others, boxes stand in the way of the lines from above.
    """
    free = ((column, row) for row in count(3) for column in (3, 4, 2, 1) if (column, row) not in _PLACES.values())
    return {node.id: _PLACES[node.id] if node.id in _PLACES else next(free) for node in drawing.nodes}


def _has_way(edge: Edge) -> bool:
    return edge.source in _PLACES and edge.dest in _PLACES


def _way(edge: Edge) -> _Way:
    code = edge.rules[0].code
    return _WAYS[code] if code in _WAYS else _across(_PLACES[edge.source], _PLACES[edge.dest])


def _across(source: tuple[int, int], dest: tuple[int, int]) -> _Way:
    """The way between two cells with at most one corner: up or down first."""
    (column, row), (to_column, to_row) = source, dest
    upright = (Side.SOUTH, Side.NORTH) if to_row > row else (Side.NORTH, Side.SOUTH)
    level = (Side.EAST, Side.WEST) if to_column > column else (Side.WEST, Side.EAST)
    if row == to_row:
        return _Way(*level)
    if column == to_column:
        return _Way(*upright, label="right")
    return _Way(upright[0], level[1])


@frozen
class _Size:
    width: float
    height: float
    lines: tuple[tuple[str, Style, float, bool], ...] = field(default=())  # text, style, indent, faint


def _lane(drawing: Drawing) -> float:
    """The distance of the lines side by side: the label of the middle one stands between two of them."""
    between = [
        _label_width(edge)
        for edge in drawing.edges
        if (edge.source, edge.dest) == (identifier(Status.PAUSED), identifier(Status.IN_PROGRESS))
    ]
    return max([_LANE, *(wide + 24 for wide in between)])


def _measure(node: Node, drawing: Drawing) -> _Size:
    if node.kind is Kind.START:
        return _Size(_DOT, _DOT)
    lines: list[tuple[str, Style, float, bool]] = []
    if node.note:
        lines.append((node.note, Style.NOTE, 0.0, False))
    for group in node.inside:
        indent = 10.0 if group.condition else 0.0
        if group.condition:
            faint = all(label.weight is Weight.FAINT for label in group.labels)
            lines.append((group.condition, Style.HEADING, 0.0, faint))
        lines += [(label.whole, Style.PLAIN, indent, label.weight is Weight.FAINT) for label in group.labels]
    lines += [(attempt.text, Style.REFUSED, 0.0, False) for attempt in node.refused]
    widest = max((_wide(text, style) + indent for text, style, indent, _ in lines), default=0)
    wide = max(width(node.label, NAME, bold=True), widest) + 2 * _PAD
    high = 2 * _PAD + NAME
    if lines:
        high += 10 + len(lines) * SMALL * _LEADING
    least = 104.0
    if node.id in (identifier(Status.PAUSED), identifier(Status.IN_PROGRESS)):
        least = 2 * _lane(drawing) + 30
    if node.id == identifier(Status.PAUSED):
        high = max(high, _FORK + 2 * _PAD)
    return _Size(max(wide, least), high, tuple(lines))


def _label(edge: Edge) -> list[tuple[str, Style]]:
    lines: list[tuple[str, Style]] = []
    for label in edge.labels:
        lines.append((label.text, Style.PLAIN if edge.undoable else Style.BOLD))
        if label.note:
            lines.append((label.note, Style.NOTE))
    return lines + [(part, Style.HEADING) for part in edge.condition.split(", ") if part]


def _label_width(edge: Edge) -> float:
    return max(_wide(text, style) for text, style in _label(edge))


def _wide(text: str, style: Style) -> float:
    return width(text, _SIZES.get(style, SMALL), bold=style in _HEAVY)


def lay_out(drawing: Drawing) -> Layout:
    """The place of everything on a drawing."""
    places = _places(drawing)
    # Room is kept for the lines that have a way; the others go straight across whatever is there.
    planned = evolve(drawing, edges=tuple(edge for edge in drawing.edges if _has_way(edge)))
    sizes = {node.id: _measure(node, drawing) for node in drawing.nodes}
    lane = _lane(drawing)
    columns, rows = _columns(planned, places, sizes, lane), _rows(planned, places, sizes)
    boxes: dict[str, Box] = {}
    for node in drawing.nodes:
        column, row = places[node.id]
        size = sizes[node.id]
        middle = rows[row]
        if node.id == identifier(Status.CANCELED):
            middle += _WAYS["CF305"].out
        boxes[node.id] = _box(node, size, columns[column] - size.width / 2, middle - size.height / 2)
    lines = _lines(drawing, boxes, lane)
    left, top, right, bottom = _extent(boxes.values(), lines)
    down = _MARGIN + TITLE + 22 - top
    across = _MARGIN - left
    boxes = {
        name: _box(box.node, sizes[name], round(box.x + across, 1), round(box.y + down, 1))
        for name, box in boxes.items()
    }
    lines = _lines(drawing, boxes, lane)
    title = Text(drawing.title, _MARGIN, _MARGIN + TITLE * 0.8, Style.TITLE)
    wide = max(right - left + 2 * _MARGIN, title.room[2] + _MARGIN, 560.0)
    keys, below = _legend(drawing, wide, bottom + down + 34) if drawing.legend else ([], bottom + down)
    notes = []
    for note in drawing.notes:
        for line in wrap(note, SMALL, wide - 2 * _MARGIN):
            notes.append(Text(line, _MARGIN, below + SMALL * 0.8, Style.NOTE))
            below += SMALL * _LEADING
        below += 3
    return Layout(
        # Whole pixels: half a row would be half transparent in a PNG.
        width=ceil(wide),
        height=ceil(below + _MARGIN - 4),
        title=title,
        boxes=tuple(boxes.values()),
        lines=lines,
        keys=tuple(keys),
        notes=tuple(notes),
    )


def _columns(
    drawing: Drawing, places: dict[str, tuple[int, int]], sizes: dict[str, _Size], lane: float
) -> dict[int, float]:
    """The middle of each column that something stands in."""
    used = sorted({places[node.id][0] for node in drawing.nodes})
    wide = {
        column: max(sizes[node.id].width for node in drawing.nodes if places[node.id][0] == column) for column in used
    }
    middles: dict[int, float] = {}
    edge = 0.0
    for before, column in zip([None, *used], used, strict=False):
        gap = 0.0 if before is None else _GAP
        for line in drawing.edges:
            source, dest = places[line.source], places[line.dest]
            way = _way(line)
            if before is None or not (source[0] <= before and dest[0] >= column):
                continue
            need = _label_width(line) + 2 * _ARROW
            if way.leaves is Side.EAST and way.enters is Side.WEST and (source[0], dest[0]) == (before, column):
                gap = max(gap, need)
            elif way.enters is Side.WEST and dest[0] == column:
                gap = max(gap, need - wide[before] / 2 + way.out)
            elif way.enters is Side.NORTH and dest[0] == column:
                gap = max(gap, need - wide[column] / 2)
            elif way.label == "left" and column == dest[0]:
                gap = max(gap, _label_width(line) - wide[column] / 2 + _LANE + _GAP)
        # Labels beside upright lines hang over the box under them.
        gap = max(
            gap,
            _hang(drawing, column, wide[column], "left", lane)
            + _hang(drawing, before, wide.get(before or 0, 0), "right", lane),
        )
        middles[column] = edge + gap + wide[column] / 2
        edge = middles[column] + wide[column] / 2
    return middles


def _hang(drawing: Drawing, column: int | None, wide: float, side: str, lane: float) -> float:
    most = 0.0
    for line in drawing.edges:
        way = _way(line)
        if column == _PLACES[line.source][0] == _PLACES[line.dest][0] and way.label == side:
            most = max(most, abs(way.out + way.lane * lane) + 10 + _label_width(line) - wide / 2)
    return most


def _rows(drawing: Drawing, places: dict[str, tuple[int, int]], sizes: dict[str, _Size]) -> dict[int, float]:
    """The middle of each row that something stands in."""
    used = sorted({places[node.id][1] for node in drawing.nodes})
    middles: dict[int, float] = {}
    # For each column, where its lowest box ends so far.
    ends: dict[int, float] = {}
    for row in used:
        here = [node for node in drawing.nodes if places[node.id][1] == row]
        middle = max((middles[above] for above in middles), default=0.0)
        for node in here:
            column, half = places[node.id][0], sizes[node.id].height / 2
            need = 0.0
            for line in drawing.edges:
                ends_here = {line.source, line.dest}
                if node.id in ends_here and all(places[end][0] == column for end in ends_here):
                    need = max(need, len(_label(line)) * SMALL * _LEADING + 40)
            if column in ends:
                middle = max(middle, ends[column] + max(need, 30) + half)
            elif middles:
                middle = max(middle, max(middles.values()) + half)
        if row == 1 and 0 in middles:
            # What turns a corner needs room above the box that it enters or leaves.
            tall = max(sizes[node.id].height for node in here)
            middle = max(middle, middles[0] + 70 + tall / 2)
        if row >= 2 and 1 in middles:
            labels = [
                len(_label(line)) * SMALL * _LEADING
                for line in drawing.edges
                if places[line.dest][1] == row and places[line.source][0] != places[line.dest][0]
            ]
            if labels:
                lowest = max(end for column, end in ends.items() if column <= 1) if any(c <= 1 for c in ends) else 0.0
                middle = max(middle, lowest + max(labels) + 24)
        if row == 3 and 2 in middles:
            # Clear of the line that turns towards the row above.
            middle = max(middle, middles[2] + 26 + max(sizes[node.id].height for node in here) / 2)
        middles[row] = middle
        for node in here:
            column = places[node.id][0]
            ends[column] = max(ends.get(column, 0.0), middle + sizes[node.id].height / 2)
    return middles


def _box(node: Node, size: _Size, x: float, y: float) -> Box:
    texts: list[Text] = []
    rule = None
    if node.kind is not Kind.START:
        middle = x + size.width / 2
        # A box may be higher than what is in it.
        used = 2 * _PAD + NAME + (10 + len(size.lines) * SMALL * _LEADING if size.lines else 0)
        top = y + (size.height - used) / 2
        baseline = top + _PAD + NAME * 0.82
        texts.append(Text(node.label, middle, baseline, Style.NAME, "middle", faint=node.weight is Weight.FAINT))
        if size.lines:
            rule = top + _PAD + NAME + 6
            baseline = rule + 4
            # What is inside stands to the left in a column that is in the middle of the box.
            block = max(_wide(text, style) + indent for text, style, indent, _ in size.lines)
            start = middle - block / 2
            for text, style, indent, faint in size.lines:
                baseline += SMALL * _LEADING
                texts.append(
                    Text(text, start + indent, baseline - 3, style, faint=faint or node.weight is Weight.FAINT)
                )
    return Box(node=node, x=x, y=y, width=size.width, height=size.height, rule=rule, texts=tuple(texts))


def _port(box: Box, side: Side, offset: float) -> tuple[float, float]:
    x, y = box.middle
    if side in (Side.NORTH, Side.SOUTH):
        return x + offset, box.y if side is Side.NORTH else box.y + box.height
    return box.x if side is Side.WEST else box.x + box.width, y + offset


# How far along a straight line its label may stand, the best first: that of the way back stands elsewhere.
_PARTS: Final = (1 / 3, 1 / 2, 1 / 4, 2 / 3, 3 / 4)


def _lines(drawing: Drawing, boxes: dict[str, Box], lane: float) -> tuple[Line, ...]:
    lines = [_line(edge, boxes[edge.source], boxes[edge.dest], lane) for edge in drawing.edges if _has_way(edge)]
    pieces: list[Box | Line] = [*boxes.values(), *lines]
    taken = [text.room for piece in pieces for text in piece.texts]
    drawn: Counter[tuple[str, str]] = Counter()
    for edge in drawing.edges:
        if _has_way(edge):
            continue
        points = _straight(boxes[edge.source], boxes[edge.dest], 6 + 9 * drawn[edge.source, edge.dest])
        labels = [_along(edge, *points, part) for part in _PARTS]
        free = (texts for texts in labels if not any(_meet(text.room, room) for text in texts for room in taken))
        lines.append(Line(edge=edge, points=points, texts=next(free, labels[0])))
        taken += [text.room for text in lines[-1].texts]
        drawn[edge.source, edge.dest] += 1
    return tuple(lines)


def _along(edge: Edge, start: tuple[float, float], end: tuple[float, float], part: float) -> tuple[Text, ...]:
    """The label of a straight line, so far along it."""
    (x, y), (ex, ey) = start, end
    first = start, (x + (ex - x) * 2 * part, y + (ey - y) * 2 * part)
    return _beside(edge, "above" if y == ey else "right", first)


def _meet(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _straight(box: Box, other: Box, aside: float) -> tuple[tuple[float, float], tuple[float, float]]:
    """From border to border, a little to the right of the line between the middles: the way back is beside it."""
    (x, y), (ex, ey) = box.middle, other.middle
    aside = min(aside, *(side / 2 - 3 for end in (box, other) for side in (end.width, end.height)))
    share = aside / dist((x, y), (ex, ey))
    over, down = (y - ey) * share, (ex - x) * share
    start, end = (x + over, y + down), (ex + over, ey + down)
    return _border(box, start, end), _border(other, end, start)


def _border(box: Box, inside: tuple[float, float], outside: tuple[float, float]) -> tuple[float, float]:
    """Where the line from a point in a box to one outside of it crosses its border."""
    (x, y), (ox, oy) = inside, outside
    shares = [
        ((far if out > at else near) - at) / (out - at)
        for at, out, near, far in ((x, ox, box.x, box.x + box.width), (y, oy, box.y, box.y + box.height))
        if out != at
    ]
    return x + (ox - x) * min(shares), y + (oy - y) * min(shares)


def _line(edge: Edge, source: Box, dest: Box, lane: float) -> Line:
    way = _way(edge)
    start = _port(source, way.leaves, way.out + way.lane * lane)
    end = _port(dest, way.enters, 0.0)
    upright = way.leaves in (Side.NORTH, Side.SOUTH)
    if upright == (way.enters in (Side.NORTH, Side.SOUTH)):
        # A straight line: the boxes are in one column or one row.
        end = (start[0], end[1]) if upright else (end[0], start[1])
        points: tuple[tuple[float, float], ...] = (start, end)
    else:
        points = (start, (start[0], end[1]) if upright else (end[0], start[1]), end)
    return Line(edge=edge, points=points, texts=_beside(edge, way.label, points))


def _beside(edge: Edge, label: str, points: tuple[tuple[float, float], ...]) -> tuple[Text, ...]:
    lines = _label(edge)
    faint = edge.weight is Weight.FAINT
    high = len(lines) * SMALL * _LEADING
    if label == "above":
        # Above the level part of the line, clear of the arrow's head.
        level = next((first, second) for first, second in pairwise(points) if first[1] == second[1])
        (left, y), (right, _) = sorted(level)
        head = _ARROW / 2 if level[1] == points[-1] else 0
        middle = (left + right - head) / 2
        first = y - 8 - 3 * edge.thickness - high + SMALL * _LEADING
        return tuple(
            Text(text, middle, first + number * SMALL * _LEADING, style, "middle", faint=faint)
            for number, (text, style) in enumerate(lines)
        )
    x, y = ((one + other) / 2 for one, other in zip(*points, strict=True))
    first = y - high / 2 + SMALL
    aside = 9.0 + 3 * edge.thickness
    anchor, shift = ("end", -aside) if label == "left" else ("start", aside)
    return tuple(
        Text(text, x + shift, first + number * SMALL * _LEADING, style, anchor, faint=faint)
        for number, (text, style) in enumerate(lines)
    )


def _extent(boxes: Iterable[Box], lines: Iterable[Line]) -> tuple[float, float, float, float]:
    rooms = [text.room for line in lines for text in line.texts]
    rooms += [(box.x, box.y, box.x + box.width, box.y + box.height) for box in boxes]
    return (
        min(room[0] for room in rooms),
        min(room[1] for room in rooms),
        max(room[2] for room in rooms),
        max(room[3] for room in rooms),
    )


def _legend(drawing: Drawing, wide: float, top: float) -> tuple[list[LegendRow], float]:
    """Entries in as many columns as there is room for; and where the next thing can begin."""
    needs = [_SAMPLE + 8 + width(entry.text, SMALL) + 26 for entry in drawing.legend]
    step = SMALL * 1.75

    def columns(many: int) -> list[float]:
        """Where each of so many columns begins, and where the last one ends."""
        return list(accumulate((max(needs[column::many]) for column in range(many)), initial=_MARGIN))

    fits = (many for many in range(len(needs), 1, -1) if columns(many)[-1] - 26 <= wide - _MARGIN)
    many = next(fits, 1)
    keys = []
    y = top
    for number, entry in enumerate(drawing.legend):
        x, y = columns(many)[number % many], top + number // many * step
        text = Text(entry.text, x + _SAMPLE + 8, y + SMALL * 0.36, Style.PLAIN)
        keys.append(LegendRow(entry=entry, x=x, y=y, text=text))
    return keys, y + step * 0.8

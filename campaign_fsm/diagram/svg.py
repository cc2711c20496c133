"""The drawing model as SVG: nothing outside of the file, no script, and the same bytes on every machine."""

from __future__ import annotations

from html import escape
from math import dist
from typing import Final

from campaign_fsm.diagram.layout import NAME, SMALL, TITLE, Box, Layout, LegendRow, Line, Style, Text, lay_out
from campaign_fsm.diagram.model import (
    CONTESTED_MARK,
    IRREVERSIBLE_MARK,
    REFUSED_MARK,
    Drawing,
    Edge,
    Kind,
    Sample,
    Weight,
)
from campaign_fsm.diagram.theme import DARK, LIGHT, PALETTES, Palette, Theme
from campaign_fsm.rules import Actor

FONTS: Final = "'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
_ROUND: Final = 9
_CORNER: Final = 16.0
_HEAD: Final = 11.0
_THIN: Final = 1.6
_THICK: Final = 3.2


def svg(drawing: Drawing, theme: Theme | str = Theme.AUTO, *, stamp: str = "", prefix: str = "life") -> str:
    """SVG text of a drawing.

    Args:
        drawing: What to draw.
        theme: Its colours; `Theme.AUTO` follows what the viewer prefers.
        stamp: A comment for the head of the file, see `campaign_fsm.diagram.stamp`.
        prefix: What ids begin with; two drawings in one page need two.
    """
    return _document(lay_out(drawing), drawing, _style(Theme(theme), prefix), stamp, prefix)


def svg_of_page(drawing: Drawing, prefix: str) -> tuple[str, str]:
    """SVG text without a style of its own, and the style for the page that it stands in.

    The page's root says its theme in ``data-theme``; without that it is what the viewer prefers.
    """
    root = f".{prefix}"
    dark = "\n".join(_colours(DARK, f"html:not([data-theme=light]) {root}"))
    style = [
        *_shapes(root),
        *_colours(LIGHT, root),
        f"@media (prefers-color-scheme:dark){{\n{dark}\n}}",
        *_colours(DARK, f"html[data-theme=dark] {root}"),
    ]
    return _document(lay_out(drawing), drawing, "", "", prefix), "\n".join(style) + "\n"


def _document(layout: Layout, drawing: Drawing, style: str, stamp: str, prefix: str) -> str:
    high, wide = _number(layout.height), _number(layout.width)
    parts = [
        *([f"<!-- {escape(stamp)} -->"] if stamp else []),
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" class="{prefix}" width="{wide}" height="{high}"'
            f' viewBox="0 0 {wide} {high}" aria-labelledby="{prefix}-title {prefix}-description">'
        ),
        f'<title id="{prefix}-title">{escape(drawing.title)}</title>',
        f'<desc id="{prefix}-description">{escape(drawing.description)}</desc>',
        *([f"<style>\n{style}</style>"] if style else []),
        f'<rect class="page" width="{wide}" height="{high}"/>',
        _text(layout.title),
        *(_line(line) for line in sorted(layout.lines, key=lambda line: line.edge.weight)),
        *(_box(box) for box in layout.boxes),
        '<g class="legend" aria-hidden="true">',
        *(_key(key) for key in layout.keys),
        "</g>",
        *(_text(note) for note in layout.notes),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


# Colours


def _style(theme: Theme, prefix: str) -> str:
    root = f".{prefix}"
    lines = _shapes(root)
    if theme is Theme.AUTO:
        lines += _colours(LIGHT, root)
        dark = "\n".join(_colours(DARK, root))
        lines.append(f"@media (prefers-color-scheme:dark){{\n{dark}\n}}")
    else:
        lines += _colours(PALETTES[theme], root)
    return "\n".join(lines) + "\n"


def _shapes(root: str) -> list[str]:
    return [
        # On a narrow screen it is as wide as that, and as high as its shape says.
        f"{root}{{max-width:100%;height:auto}}",
        f"{root} text{{font-family:{FONTS};font-size:{SMALL:g}px}}",
        f"{root} text.title{{font-size:{TITLE:g}px;font-weight:bold}}",
        f"{root} text.name{{font-size:{NAME:g}px;font-weight:bold}}",
        f"{root} text.heading{{font-style:italic}}",
        f"{root} text.bold,{root} text.refused{{font-weight:bold}}",
        f"{root} .platform text{{font-style:italic}}",
        f"{root} path.line{{fill:none;stroke-width:{_THIN}}}",
        f"{root} .irreversible path.line{{stroke-width:{_THICK}}}",
        f"{root} .platform path.line{{stroke-dasharray:7 5}}",
        f"{root} rect.box{{stroke-width:{_THIN}}}",
        f"{root} rect.ring{{fill:none;stroke-width:1}}",
        f"{root} .strong rect.box{{stroke-width:{_THICK}}}",
        f"{root} .often path.line{{stroke-width:{_THIN + 4}}}",
    ]


def _colours(palette: Palette, root: str) -> list[str]:
    def both(selector: str, colour: str) -> list[str]:
        """Lines and heads and texts of one colour."""
        return [
            f"{root} {selector} text{{fill:{colour}}}",
            f"{root} {selector} path.line{{stroke:{colour}}}",
            f"{root} {selector} path.head{{fill:{colour}}}",
        ]

    return [
        f"{root} .page{{fill:{palette.page}}}",
        f"{root} text{{fill:{palette.ink}}}",
        f"{root} .live rect.box{{fill:{palette.live};stroke:{palette.ink}}}",
        f"{root} .over rect.box,{root} .final rect.box{{fill:{palette.over};stroke:{palette.ink}}}",
        f"{root} rect.ring,{root} path.rule{{stroke:{palette.ink}}}",
        f"{root} circle{{fill:{palette.ink}}}",
        *both(".holder", palette.ink),
        *both(".platform", palette.platform),
        *both(".irreversible", palette.warning),
        f"{root} text.warning,{root} text.refused{{fill:{palette.warning}}}",
        f"{root} .strong rect.box{{fill:{palette.strong}}}",
        f"{root} text.heading,{root} text.note{{fill:{palette.soft}}}",
        *both(".faint", palette.trace),
        f"{root} .faint text,{root} text.faint.faint{{fill:{palette.faint}}}",
        f"{root} .faint rect.box{{fill:{palette.page};stroke:{palette.trace}}}",
        f"{root} .faint rect.ring,{root} .faint path.rule{{stroke:{palette.trace}}}",
        f"{root} .faint circle{{fill:{palette.trace}}}",
    ]


# Pieces


def _number(value: float) -> str:
    return f"{round(value, 1):g}"


def _classes(*names: str) -> str:
    return " ".join(name for name in names if name)


def _weight(weight: Weight) -> str:
    return {Weight.FAINT: "faint", Weight.NORMAL: "", Weight.STRONG: "strong"}[weight]


def _text(text: Text) -> str:
    warning = "warning" if text.style is Style.PLAIN and text.text.startswith(IRREVERSIBLE_MARK) else ""
    classes = _classes(text.style, "faint" if text.faint else warning)
    anchor = f' text-anchor="{text.anchor}"' if text.anchor != "start" else ""
    place = f'x="{_number(text.x)}" y="{_number(text.y)}"'
    return f'<text class="{classes}" {place}{anchor}>{escape(text.text, quote=False)}</text>'


def _box(box: Box) -> str:
    node = box.node
    codes = " ".join(rule.code for rule in node.rules)
    data = f' data-rules="{codes}"' if codes else ""
    head = f'<g class="{_classes("node", node.kind, _weight(node.weight))}" data-node="{node.id}"{data}>'
    if node.kind is Kind.START:
        x, y = box.middle
        return f'{head}<circle cx="{_number(x)}" cy="{_number(y)}" r="{_number(box.width / 2)}"/></g>'
    parts = [head, _rect("box", _ROUND, box.x, box.y, box.width, box.height)]
    if node.kind is Kind.FINAL:
        parts.append(_rect("ring", _ROUND - 3, box.x + 4, box.y + 4, box.width - 8, box.height - 8))
    if box.rule is not None:
        left, right = _number(box.x + 9), _number(box.x + box.width - 9)
        parts.append(f'<path class="rule" d="M{left} {_number(box.rule)}H{right}"/>')
    return "\n".join((*parts, *(_text(text) for text in box.texts), "</g>"))


def _rect(name: str, corner: float, x: float, y: float, *size: float) -> str:
    wide, high = size
    measures = f'width="{_number(wide)}" height="{_number(high)}"'
    return f'<rect class="{name}" x="{_number(x)}" y="{_number(y)}" {measures} rx="{corner:g}"/>'


def _look(edge: Edge) -> str:
    actor = "platform" if edge.actor is Actor.PLATFORM else "holder"
    return _classes(actor, "" if edge.undoable else "irreversible", _weight(edge.weight))


def _line(line: Line) -> str:
    edge = line.edge
    codes = " ".join(rule.code for rule in edge.rules)
    head = (
        f'<g class="{_classes("edge", _look(edge))}" data-from="{edge.source}" data-to="{edge.dest}"'
        f' data-rules="{codes}">'
    )
    heavy = f' style="stroke-width:{_number(_THIN + 6 * edge.thickness)}"' if edge.thickness else ""
    path = f'<path class="line" d="{_path(line.points)}"{heavy}/>'
    grow = 1.25 if not edge.undoable else 1.0
    grow += 0.6 * edge.thickness
    tip = f'<path class="head" d="{_head(line.points, grow)}"/>'
    return "\n".join((head, path, tip, *(_text(text) for text in line.texts), "</g>"))


def _path(points: tuple[tuple[float, float], ...]) -> str:
    """A line with round corners that ends under the arrow's head."""
    *others, last = points
    last = _towards(last, others[-1], _HEAD * 0.8)
    parts = [f"M{_point(points[0])}"]
    for corner in others[1:]:
        before, after = (_towards(corner, end, _CORNER) for end in (points[0], last))
        parts.append(f"L{_point(before)}Q{_point(corner)} {_point(after)}")
    return f"{''.join(parts)}L{_point(last)}"


def _point(point: tuple[float, float]) -> str:
    return f"{_number(point[0])} {_number(point[1])}"


def _towards(start: tuple[float, float], end: tuple[float, float], distance: float) -> tuple[float, float]:
    """The point so far from the start, at most in the middle."""
    part = min(distance / (dist(start, end) or 1), 0.5)
    return start[0] + (end[0] - start[0]) * part, start[1] + (end[1] - start[1]) * part


def _head(points: tuple[tuple[float, float], ...], grow: float) -> str:
    before, tip = points[-2:]
    long, half = _HEAD * grow, _HEAD * 0.45 * grow
    along, down = ((one - other) / (dist(before, tip) or 1) for one, other in zip(tip, before, strict=True))
    x, y = tip[0] - along * long, tip[1] - down * long
    corners = (tip, (x + down * half, y - along * half), (x - down * half, y + along * half))
    return f"M{'L'.join(map(_point, corners))}Z"


# Legend


_LOOKS: Final = {
    Sample.ACCOUNT_HOLDER: "holder",
    Sample.PLATFORM: "platform",
    Sample.IRREVERSIBLE: "holder irreversible",
    Sample.OFTEN: "holder often",
    Sample.FINAL: "final",
    Sample.INSIDE: "live",
    Sample.STRONG: "live strong",
    Sample.FAINT: "live faint",
}


def _key(key: LegendRow) -> str:
    return f"{_sample(key.entry.sample, key.x, key.y)}{_text(key.text)}"


def sample_of_page(sample: Sample) -> str:
    """A sample of the legend as a small picture, for a page that has the style of `svg_of_page`."""
    return f'<svg width="46" height="20" viewBox="0 0 46 20" aria-hidden="true">{_sample(sample, 0, 10)}</svg>'


def _sample(sample: Sample, x: float, y: float) -> str:
    look = _LOOKS.get(sample)
    if look is None:
        mark, name = (CONTESTED_MARK, "name") if sample is Sample.CONTESTED else (REFUSED_MARK, "name refused")
        return f'<text class="{name}" x="{_number(x + 22)}" y="{_number(y + 5)}" text-anchor="middle">{mark}</text>'
    if look.startswith(("holder", "platform")):
        start = x + 16 if sample is Sample.IRREVERSIBLE else x
        points = ((start, y), (x + 44, y))
        mark = f'<text x="{_number(x)}" y="{_number(y + 5)}">{IRREVERSIBLE_MARK}</text>' if start != x else ""
        drawn = f'{mark}<path class="line" d="{_path(points)}"/><path class="head" d="{_head(points, 1)}"/>'
    else:
        ring = _rect("ring", 4, x + 5, y - 6, 34, 12) if sample is Sample.FINAL else ""
        drawn = f"{_rect('box', 6, x + 2, y - 9, 40, 18)}{ring}"
    return f'<g class="{look}">{drawn}</g>'

"""The drawing model as DOT text, the language of Graphviz.

The legend is the graph's own label, in words: as nodes and edges it would take part in the layout and push the life
cycle around.
"""

from __future__ import annotations

import textwrap
from html import escape
from itertools import pairwise
from typing import Final

from attrs import frozen

from campaign_fsm.diagram.model import (
    CONTESTED_MARK,
    IRREVERSIBLE_MARK,
    REFUSED_MARK,
    Drawing,
    Edge,
    Group,
    Kind,
    Node,
    Sample,
    Weight,
    identifier,
)
from campaign_fsm.diagram.theme import PALETTES, Palette, Theme
from campaign_fsm.rules import Actor, Status

FONT: Final = "Helvetica,Arial,sans-serif"

# The life of a campaign that nobody touches, and its end: kept on one straight line.
_SPINE: Final = frozenset(
    pairwise(
        identifier(status) for status in (None, Status.CREATED, Status.IN_PROGRESS, Status.COMPLETED, Status.ARCHIVED)
    )
)

_THIN: Final = 1.5
_THICK: Final = 3
_SMALL: Final = 12
# How the legend names what it explains.
_LOOKS: Final = {
    Sample.ACCOUNT_HOLDER: "solid line",
    Sample.PLATFORM: "dashed line",
    Sample.IRREVERSIBLE: f"{IRREVERSIBLE_MARK} and thick line",
    Sample.OFTEN: "thickness",
    Sample.CONTESTED: CONTESTED_MARK,
    Sample.INSIDE: "",
    Sample.FINAL: "double border",
    Sample.STRONG: "thick border",
    Sample.FAINT: "grey",
    Sample.REFUSED: REFUSED_MARK,
}


def dot(drawing: Drawing, theme: Theme | str = Theme.LIGHT, *, stamp: str = "") -> str:
    """DOT text of a drawing, the same for the same drawing on every machine.

    Args:
        drawing: What to draw.
        theme: Its colours. Graphviz knows no page that is light or dark: `Theme.AUTO` is light.
        stamp: A comment for the head of the file, see `campaign_fsm.diagram.stamp`.
    """
    return _Writer(PALETTES.get(Theme(theme), PALETTES[Theme.LIGHT])).write(drawing, stamp)


def _codes(piece: Node | Edge) -> str:
    return " ".join(rule.code for rule in piece.rules)


@frozen
class _Writer:
    palette: Palette

    def write(self, drawing: Drawing, stamp: str) -> str:
        ink = self.palette.ink
        lines = [
            f"// {drawing.title}",
            *([f"// {stamp}"] if stamp else []),
            "// Each class names the rules that a node or an edge stands for.",
            "digraph lifecycle {",
            f'  graph [rankdir=LR, bgcolor="{self.palette.page}", pad=0.15, nodesep=0.35, ranksep=0.2,',
            f'    fontname="{FONT}", fontsize={_SMALL}, fontcolor="{ink}", labelloc=b, label=<{_legend(drawing)}>]',
            f'  node [shape=box, style="rounded,filled", color="{ink}", penwidth={_THIN}, margin="0.1,0.06",',
            f'    fontname="{FONT}", fontsize=14, fontcolor="{ink}"]',
            f'  edge [color="{ink}", penwidth={_THIN}, arrowsize=0.8,',
            f'    fontname="{FONT}", fontsize=13, fontcolor="{ink}"]',
            *(f"  {self.node(node)}" for node in drawing.nodes),
            *(f"  {self.edge(edge)}" for edge in drawing.edges),
            "}",
        ]
        return "\n".join(lines) + "\n"

    def node(self, node: Node) -> str:
        palette, faint = self.palette, node.weight is Weight.FAINT
        fills = {Kind.START: palette.ink, Kind.LIVE: palette.live, Kind.OVER: palette.over, Kind.FINAL: palette.over}
        colour = fills[node.kind]
        if node.weight is Weight.STRONG:
            colour = palette.strong
        elif faint:
            colour = palette.trace if node.kind is Kind.START else palette.page
        fill = f'fillcolor="{colour}"'
        if faint:
            fill += f', color="{palette.trace}", fontcolor="{palette.faint}"'
        if node.kind is Kind.START:
            return f'{node.id} [class="{node.kind}", shape=circle, label="", width=0.2, fixedsize=true, {fill}]'
        classes = " ".join(part for part in (node.kind, _codes(node)) if part)
        double = ", peripheries=2" if node.kind is Kind.FINAL else ""
        thick = f", penwidth={_THICK}" if node.weight is Weight.STRONG else ""
        return f'{node.id} [class="{classes}", label=<{self.box(node)}>, {fill}{double}{thick}]'

    def box(self, node: Node) -> str:
        name = f"<b>{escape(node.label)}</b>"
        rows = [f'<font point-size="{_SMALL}">{escape(node.note)}</font>'] if node.note else []
        rows += [_group(group) for group in node.inside]
        rows += [
            f'<font point-size="{_SMALL}" color="{self.palette.warning}"><b>{escape(attempt.text)}</b></font>'
            for attempt in node.refused
        ]
        if not rows:
            return name
        inside = "".join(f'<tr><td align="left">{row}</td></tr>' for row in rows)
        return f'<table border="0" cellspacing="0" cellpadding="2"><tr><td>{name}</td></tr><hr/>{inside}</table>'

    def edge(self, edge: Edge) -> str:
        names = "<br/>".join(escape(label.whole) for label in edge.labels)
        if edge.actor is Actor.PLATFORM:
            names = f"<i>{names}</i>"
        if not edge.undoable:
            names = f"<b>{names}</b>"
        details = "".join(
            f'<br/><font point-size="{_SMALL}">{escape(part)}</font>' for part in edge.condition.split(", ") if part
        )
        # The table is there for its padding: Graphviz lets a bare label touch its own line.
        label = f'<table border="0" cellborder="0" cellpadding="3"><tr><td>{names}{details}</td></tr></table>'
        attributes = [f'class="{_codes(edge)}"', f"label=<{label}>"]
        line, text = self.colours(edge)
        if line != self.palette.ink:
            attributes.append(f'color="{line}", fontcolor="{text}"')
        if edge.actor is Actor.PLATFORM:
            attributes.append("style=dashed")
        if not edge.undoable or edge.thickness:
            attributes.append(f"penwidth={max(0 if edge.undoable else _THICK, _THIN + 4 * edge.thickness):.3g}")
        if (edge.source, edge.dest) in _SPINE:
            attributes.append("weight=5")
        return f"{edge.source} -> {edge.dest} [{', '.join(attributes)}]"

    def colours(self, edge: Edge) -> tuple[str, str]:
        """Of the line and of the text."""
        palette = self.palette
        if edge.weight is Weight.FAINT:
            return palette.trace, palette.faint
        if not edge.undoable:
            return palette.warning, palette.warning
        return (palette.platform,) * 2 if edge.actor is Actor.PLATFORM else (palette.ink,) * 2


def _legend(drawing: Drawing) -> str:
    looks = [(_LOOKS[entry.sample], entry.text) for entry in drawing.legend]
    lines = [f"<b>{escape(drawing.title)}</b>", *(escape(" = ".join(filter(None, pair))) for pair in looks)]
    # Graphviz wraps nothing.
    lines += [escape(line) for note in drawing.notes for line in textwrap.wrap(note, 100)]
    return "".join(f'{line}<br align="left"/>' for line in ("", *lines))


def _group(group: Group) -> str:
    # One line a trigger keeps the box narrow; the picture has to fit into a README's column.
    indent = "  " if group.condition else ""
    lines = [f"<i>{escape(part)}</i>" for part in group.condition.replace(", ", ",\n").split("\n") if part]
    lines += [f"{indent}{escape(label.whole)}" for label in group.labels]
    text = "".join(f'{line}<br align="left"/>' for line in lines)
    return f'<font point-size="{_SMALL}">{text}</font>'

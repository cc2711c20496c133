"""The drawing model as DOT text, the language of Graphviz.

The legend is the graph's own label, an HTML-like table: as nodes and edges it would take part in the layout
and push the life cycle around.
"""

from __future__ import annotations

from html import escape
from itertools import pairwise
from typing import Final

from campaign_fsm.diagram.model import (
    CONTESTED,
    IRREVERSIBLE,
    Drawing,
    Edge,
    Entry,
    Group,
    Kind,
    Node,
    Sample,
    identifier,
)
from campaign_fsm.rules import Actor, Status

FONT: Final = "Helvetica,Arial,sans-serif"

# Okabe and Ito's blue and vermilion, which colour-blind people tell apart, darkened until text in them has
# a contrast of at least 4.5 to 1 on white.
_INK: Final = "#1A1A1A"
_BLUE: Final = "#0064A0"
_WARNING: Final = "#B84A00"
_FILLS: Final = {Kind.START: _INK, Kind.LIVE: "#E6F1FA", Kind.OVER: "#EDEDED", Kind.FINAL: "#EDEDED"}
_FRAME: Final = "#BBBBBB"

# The life of a campaign that nobody touches, and its end: kept on one straight line.
_SPINE: Final = frozenset(
    pairwise(
        identifier(status) for status in (None, Status.CREATED, Status.IN_PROGRESS, Status.COMPLETED, Status.ARCHIVED)
    )
)

_THIN: Final = 1.5
_THICK: Final = 3
_SMALL: Final = 12

_COLUMNS: Final = 3
_LONG: Final = 40  # a longer text gets a row of the legend to itself


def dot(drawing: Drawing) -> str:
    """DOT text of a drawing, the same for the same drawing on every machine."""
    lines = [
        f"// {drawing.title}",
        "// Generated from the table in campaign_fsm/rules.py by `campaign-fsm diagram`; do not edit.",
        "// Each class names the rules that a node or an edge stands for.",
        "digraph lifecycle {",
        f'  graph [rankdir=LR, bgcolor=white, pad=0.15, nodesep=0.35, ranksep=0.2, fontname="{FONT}",',
        f"    fontsize={_SMALL}, labelloc=b, label=<{_legend(drawing)}>]",
        f'  node [shape=box, style="rounded,filled", color="{_INK}", penwidth={_THIN}, margin="0.1,0.06",',
        f'    fontname="{FONT}", fontsize=14, fontcolor="{_INK}"]',
        f'  edge [color="{_INK}", penwidth={_THIN}, arrowsize=0.8,',
        f'    fontname="{FONT}", fontsize=13, fontcolor="{_INK}"]',
        *(f"  {_node(node)}" for node in drawing.nodes),
        *(f"  {_edge(edge)}" for edge in drawing.edges),
        "}",
    ]
    return "\n".join(lines) + "\n"


def _codes(piece: Node | Edge) -> str:
    return " ".join(rule.code for rule in piece.rules)


def _node(node: Node) -> str:
    fill = f'fillcolor="{_FILLS[node.kind]}"'
    if node.kind is Kind.START:
        return f'{node.id} [class="{node.kind}", shape=circle, label="", width=0.2, fixedsize=true, {fill}]'
    classes = " ".join(part for part in (node.kind, _codes(node)) if part)
    double = ", peripheries=2" if node.kind is Kind.FINAL else ""
    return f'{node.id} [class="{classes}", label=<{_box(node)}>, {fill}{double}]'


def _box(node: Node) -> str:
    name = f"<b>{escape(node.label)}</b>"
    if not node.inside:
        return name
    rows = "".join(f'<tr><td align="left">{_group(group)}</td></tr>' for group in node.inside)
    return f'<table border="0" cellspacing="0" cellpadding="2"><tr><td>{name}</td></tr><hr/>{rows}</table>'


def _group(group: Group) -> str:
    # One line a trigger keeps the box narrow; the picture has to fit into a README's column.
    indent = "  " if group.condition else ""
    lines = [f"<i>{escape(part)}</i>" for part in group.condition.replace(", ", ",\n").split("\n") if part]
    lines += [f"{indent}{escape(label.text)}" for label in group.labels]
    text = "".join(f'{line}<br align="left"/>' for line in lines)
    return f'<font point-size="{_SMALL}">{text}</font>'


def _edge(edge: Edge) -> str:
    names = "<br/>".join(escape(label.text) for label in edge.labels)
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
    colour = _colour(actor=edge.actor, undoable=edge.undoable)
    if colour != _INK:
        attributes.append(f'color="{colour}", fontcolor="{colour}"')
    if edge.contested or edge.actor is Actor.PLATFORM:
        attributes.append(f"style={_style(actor=edge.actor, contested=edge.contested)}")
    if not edge.undoable:
        attributes.append(f"penwidth={_THICK}")
    if (edge.source, edge.dest) in _SPINE:
        attributes.append("weight=5")
    return f"{edge.source} -> {edge.dest} [{', '.join(attributes)}]"


def _colour(*, actor: Actor, undoable: bool) -> str:
    if not undoable:
        return _WARNING
    return _BLUE if actor is Actor.PLATFORM else _INK


def _style(*, actor: Actor, contested: bool) -> str:
    if contested:
        return "dotted"
    return "dashed" if actor is Actor.PLATFORM else "solid"


def _legend(drawing: Drawing) -> str:
    rows: list[str] = []
    short = [entry for entry in drawing.legend if len(entry.text) <= _LONG]
    for first in range(0, len(short), _COLUMNS):
        cells = "".join(
            f'{_sample(entry)}<td align="left">{escape(entry.text)}  </td>' for entry in short[first : first + _COLUMNS]
        )
        rows.append(f"<tr>{cells}</tr>")
    rest = 2 * _COLUMNS - 1
    rows += [
        f'<tr>{_sample(entry)}<td colspan="{rest}" align="left">{escape(entry.text)}   </td></tr>'
        for entry in drawing.legend
        if entry not in short
    ]
    rows += [f'<tr><td></td><td colspan="{rest}" align="left">{escape(note)}</td></tr>' for note in drawing.notes]
    title = f'<tr><td colspan="{2 * _COLUMNS}" align="left"><b>{escape(drawing.title)}</b></td></tr>'
    box = (
        f'<table border="1" color="{_FRAME}" style="rounded" cellborder="0" cellspacing="2" cellpadding="2">'
        f"{title}{''.join(rows)}</table>"
    )
    # The empty row keeps the legend away from the lowest node.
    return (
        '<table border="0" cellborder="0" cellspacing="0" cellpadding="0">'
        f'<tr><td height="10"></td></tr><tr><td>{box}</td></tr></table>'
    )


def _sample(entry: Entry) -> str:
    match entry.sample:
        case Sample.INSIDE:
            return f"<td>{_swatch(Kind.LIVE)}</td>"
        case Sample.FINAL:
            inner = f'<table border="1" cellborder="0" cellspacing="1" cellpadding="0" color="{_INK}" style="rounded">'
            return f"<td>{inner}<tr><td>{_swatch(Kind.FINAL)}</td></tr></table></td>"
        case Sample.PLATFORM:
            return _line(_BLUE, "dashed", 2, "")
        case Sample.IRREVERSIBLE:
            return _line(_WARNING, "solid", _THICK, IRREVERSIBLE)
        case Sample.CONTESTED:
            return _line(_INK, "dotted", 2, CONTESTED)
        case Sample.ACCOUNT_HOLDER:
            return _line(_INK, "solid", 2, "")


def _swatch(kind: Kind) -> str:
    return (
        f'<table border="1" cellborder="0" cellspacing="0" cellpadding="0" color="{_INK}" style="rounded"'
        f' bgcolor="{_FILLS[kind]}"><tr><td width="26" height="10"></td></tr></table>'
    )


def _line(colour: str, style: str, width: int, mark: str) -> str:
    # The lower side of an empty cell is the only line that a table of Graphviz's can dash or dot.
    stroke = (
        '<table border="0" cellborder="0" cellspacing="0" cellpadding="0">'
        f'<tr><td width="30" height="8" border="{width}" sides="B" color="{colour}" style="{style}"></td></tr>'
        '<tr><td height="8"></td></tr></table>'
    )
    head = f'<font color="{colour}">►{f" <b>{mark}</b>" if mark else ""}</font>'
    return (
        '<td align="left"><table border="0" cellborder="0" cellspacing="0" cellpadding="0">'
        f'<tr><td>{stroke}</td><td align="left">{head}</td></tr></table></td>'
    )

"""The drawing model as Mermaid text: a stateDiagram-v2 that GitHub renders.

Mermaid can style no single transition of a state diagram, so what lines show elsewhere is marked in the text here:
a gear before what the platform does by itself. What a view leaves faint elsewhere is left out here.
"""

from __future__ import annotations

import json
from typing import Final

from campaign_fsm.diagram.model import (
    CONTESTED_MARK,
    IRREVERSIBLE_MARK,
    REFUSED_MARK,
    Drawing,
    Edge,
    Group,
    Kind,
    LegendEntry,
    Node,
    Sample,
    Weight,
    identifier,
)
from campaign_fsm.rules import Actor, Status

PLATFORM: Final = "⚙"
"""The mark of what the platform does by itself."""

# The grey of the borders shows on the white and on the dark pages of GitHub.
_CLASSES: Final = {
    Kind.LIVE: "fill:#E6F1FA,stroke:#767676,color:#1A1A1A",
    Kind.OVER: "fill:#EDEDED,stroke:#767676,color:#1A1A1A",
    Kind.FINAL: "fill:#EDEDED,stroke:#767676,color:#1A1A1A,stroke-width:4px",
}
_MARKS: Final = {
    Sample.ACCOUNT_HOLDER: "no mark",
    Sample.PLATFORM: PLATFORM,
    Sample.IRREVERSIBLE: IRREVERSIBLE_MARK,
    Sample.CONTESTED: CONTESTED_MARK,
    Sample.INSIDE: "",
    Sample.FINAL: "thick border",
    Sample.STRONG: "yellow",
    Sample.REFUSED: REFUSED_MARK,
}
_STRONG: Final = "fill:#FFE9A8,stroke:#A84300,color:#1A1A1A,stroke-width:3px"
# The legend is a note, and a note needs a state to hang on: beside this one there is room.
_LEGEND_AT: Final = identifier(Status.CANCELED)


def mermaid(drawing: Drawing, *, stamp: str = "") -> str:
    """Mermaid text of a drawing, the same for the same drawing on every machine.

    Args:
        drawing: What to draw.
        stamp: A comment for the head of the file, see `campaign_fsm.diagram.stamp`.
    """
    nodes = [node for node in drawing.nodes if node.weight > Weight.FAINT]
    edges = [edge for edge in drawing.edges if edge.weight > Weight.FAINT]
    ids = {node.id: "[*]" if node.kind is Kind.START else node.id for node in drawing.nodes}
    lines = [
        "---",
        f"title: {json.dumps(drawing.title)}",
        "config:",
        "  state:",
        "    nodeSpacing: 30",
        "    rankSpacing: 25",
        "---",
        *([f"%% {stamp}"] if stamp else []),
        "stateDiagram-v2",
        "    direction LR",
        f"    accTitle: {_text(drawing.title)}",
        f"    accDescr: {_text(drawing.description)}",
    ]
    for kind, style in _CLASSES.items():
        lines.append(f"    classDef {kind} {style}")
    if any(node.weight is Weight.STRONG for node in nodes):
        lines.append(f"    classDef strong {_STRONG}")
    for node in nodes:
        lines += [f"    {line}" for line in _node(node)]
    for edge in edges:
        lines += [f"    {line}" for line in _edge(edge, ids)]
    lines += [f"    {line}" for line in _legend(drawing, [node.id for node in nodes if node.kind is not Kind.START])]
    return "\n".join(lines) + "\n"


def _text(text: str) -> str:
    """Text that ends no statement: Mermaid reads a semicolon as the end of a line and # as an entity."""
    return text.replace("#", "no. ").replace(";", ",")


def _node(node: Node) -> list[str]:
    if node.kind is Kind.START:
        return []
    lines = [f'state "{_text(node.label)}" as {node.id}']
    for group in node.inside:
        codes = " ".join(rule.code for label in group.labels for rule in label.rules)
        lines += [f"%% {codes}", *(f"{node.id} : {line}" for line in _group(group))]
    lines += [f"{node.id} : {_text(text)}" for text in (node.note, *(attempt.text for attempt in node.refused)) if text]
    lines.append(f"class {node.id} {'strong' if node.weight is Weight.STRONG else node.kind}")
    return lines


def _group(group: Group) -> list[str]:
    # One line a trigger keeps the box narrow; the picture has to fit into a README's column.
    indent = "· " if group.condition else ""
    header = [_text(part) for part in group.condition.replace(", ", ",\n").split("\n") if part]
    return [*header, *(f"{indent}{_text(label.whole)}" for label in group.labels)]


def _edge(edge: Edge, ids: dict[str, str]) -> list[str]:
    gear = f"{PLATFORM} " if edge.actor is Actor.PLATFORM else ""
    names = [f"{gear}{_text(label.whole)}" for label in edge.labels]
    text = "<br/>".join((*names, *(_text(part) for part in edge.condition.split(", ") if part)))
    codes = " ".join(rule.code for rule in edge.rules)
    return [f"%% {codes}", f"{ids[edge.source]} --> {ids[edge.dest]} : {text}"]


def _legend(drawing: Drawing, ids: list[str]) -> list[str]:
    if not ids:
        return []
    return [
        f"note right of {_LEGEND_AT if _LEGEND_AT in ids else ids[-1]}",
        "    Legend",
        *(f"    {_entry(entry)}" for entry in drawing.legend if entry.weight > Weight.FAINT and entry.sample in _MARKS),
        # Mermaid draws a note as a narrow column: what the pages say at length would be taller than the life.
        *(f"    {_text(note)}" for note in drawing.notes if not note.startswith(CONTESTED_MARK)),
        "end note",
    ]


def _entry(entry: LegendEntry) -> str:
    mark = _MARKS[entry.sample]
    if entry.sample is Sample.CONTESTED:
        return f"{mark} = contested, the vendor's pages differ"
    return f"{mark} = {_text(entry.text)}" if mark else _text(entry.text)

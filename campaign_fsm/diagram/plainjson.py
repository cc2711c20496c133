"""The drawing model as JSON, for other tools."""

from __future__ import annotations

import json
from typing import Any, Final

from campaign_fsm import reference
from campaign_fsm.diagram.model import Drawing, Label
from campaign_fsm.rules import Rule

VERSION: Final = 1
"""Keys may be added within a version; a key that is there keeps its meaning."""


def plain_json(drawing: Drawing, *, stamp: str = "") -> str:
    """JSON text of a drawing: one line for each node, edge, entry and note, so that differences are readable."""
    return "{\n" + ",\n".join(_pair(key, value) for key, value in as_dict(drawing, stamp=stamp).items()) + "\n}\n"


def _pair(key: str, value: Any) -> str:
    if not isinstance(value, list) or not value:
        return f"{json.dumps(key)}: {json.dumps(value)}"
    items = ",\n".join(f"  {json.dumps(item)}" for item in value)
    return f"{json.dumps(key)}: [\n{items}\n]"


def as_dict(drawing: Drawing, *, stamp: str = "") -> dict[str, Any]:
    """A drawing as plain data, in a stable order."""
    return {
        **({"made": stamp} if stamp else {}),
        "version": VERSION,
        "title": drawing.title,
        "description": drawing.description,
        "nodes": [
            {
                "id": node.id,
                "status": node.label or None,
                "kind": node.kind,
                "weight": node.weight.name.lower(),
                "note": node.note,
                "inside": [
                    {"condition": group.condition, "labels": [_label(label) for label in group.labels]}
                    for group in node.inside
                ],
                "refused": [
                    {"action": attempt.action, "code": attempt.code, "note": attempt.note} for attempt in node.refused
                ],
            }
            for node in drawing.nodes
        ],
        "edges": [
            {
                "from": edge.source,
                "to": edge.dest,
                "actor": edge.actor,
                "undoable": edge.undoable,
                "contested": edge.contested,
                "condition": edge.condition,
                "weight": edge.weight.name.lower(),
                "labels": [_label(label) for label in edge.labels],
            }
            for edge in drawing.edges
        ],
        "legend": [
            {"sample": entry.sample, "text": entry.text, "weight": entry.weight.name.lower()}
            for entry in drawing.legend
        ],
        "notes": list(drawing.notes),
    }


def _label(label: Label) -> dict[str, Any]:
    return {
        "trigger": label.trigger,
        "text": label.text,
        "note": label.note,
        "weight": label.weight.name.lower(),
        "rules": [_rule(rule) for rule in label.rules],
    }


def _rule(rule: Rule) -> dict[str, Any]:
    # `page` is the title here since version 1; elsewhere it is the key.
    sources = [{**source.as_dict(), "page": source.page.title} for source in rule.sources]
    return {**reference.as_dict(rule), "sources": sources}

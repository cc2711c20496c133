"""The drawing model as SCXML, the W3C's language for state machines (https://www.w3.org/TR/scxml/)."""

from __future__ import annotations

import re
from typing import Final
from xml.sax.saxutils import quoteattr

from campaign_fsm.diagram.model import Drawing, Edge, Kind, Node, Weight, rules_of
from campaign_fsm.lifecycle import NEW
from campaign_fsm.rules import Channel, Rule

_NAMESPACE: Final = "urn:campaign_fsm"


def scxml(drawing: Drawing, *, stamp: str = "") -> str:
    """SCXML text of a drawing: a machine that takes the names of actions and events.

    Two data items are its guards, both 0 or 1: ``started``, whether the campaign counts as started, and
    ``voice``, whether it is a voice campaign. Conditions multiply them, which is the same in ECMAScript and
    in Python. A transition without a target leaves the status as it is. Faint pieces of a view are left out.
    """
    # Where nothing is known to have happened, no campaign is all that there is.
    nodes = [node for node in drawing.nodes if node.weight > Weight.FAINT] or [*drawing.nodes[:1]]
    edges = [edge for edge in drawing.edges if edge.weight > Weight.FAINT]
    rules = rules_of(nodes, edges)
    strong = [node.id for node in nodes if node.weight is Weight.STRONG]
    first = NEW if any(node.id == NEW for node in nodes) else (strong or [node.id for node in nodes])[0]
    guards = [
        *(["started"] if any(rule.started is not None for rule in rules) else []),
        *(["voice"] if any(len(rule.channels) == 1 for rule in rules) else []),
    ]
    voice = 1 if rules and all(rule.channels == {Channel.VOICE} for rule in rules) else 0
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f"<!-- {_comment(drawing.title)} -->",
        *([f"<!-- {_comment(stamp)} -->"] if stamp else []),
        (
            f'<scxml xmlns="http://www.w3.org/2005/07/scxml" xmlns:cf="{_NAMESPACE}" version="1.0"'
            f' name="campaign" datamodel="ecmascript" initial="{first}">'
        ),
    ]
    if guards:
        values = {"started": 0, "voice": voice}
        lines.append("  <datamodel>")
        lines += [f'    <data id="{name}" expr="{values[name]}"/>' for name in guards]
        lines.append("  </datamodel>")
    for node in nodes:
        leaving = [line for edge in edges if edge.source == node.id for line in _moves(edge, guards)]
        lines += _state(node, [*leaving, *_stays(node, guards)])
    return "\n".join((*lines, "</scxml>")) + "\n"


def _comment(text: str) -> str:
    """Text in a comment of XML, which two hyphens would end."""
    return re.sub(r"-(?=-|$)", "- ", text)


def _state(node: Node, transitions: list[str]) -> list[str]:
    # A campaign can be over for the platform and still be archived: only what nothing leads out of is final.
    tag = "final" if node.kind is Kind.FINAL and not transitions else "state"
    if not transitions:
        return [f'  <{tag} id="{node.id}"/>']
    return [f'  <{tag} id="{node.id}">', *(f"    {line}" for line in transitions), f"  </{tag}>"]


def _moves(edge: Edge, guards: list[str]) -> list[str]:
    return [_transition(rule, guards, f' target="{edge.dest}"') for rule in edge.rules]


def _stays(node: Node, guards: list[str]) -> list[str]:
    return [_transition(rule, guards, "") for rule in node.rules]


def _transition(rule: Rule, guards: list[str], target: str) -> str:
    factors = []
    if rule.started is not None:
        factors.append("started" if rule.started else "(1 - started)")
    if "voice" in guards and len(rule.channels) == 1:
        factors.append("voice" if Channel.VOICE in rule.channels else "(1 - voice)")
    condition = f" cond={quoteattr(' * '.join(factors) + ' == 1')}" if factors else ""
    undo = "" if rule.undoable else ' cf:undoable="false"'
    return (
        f'<transition event="{rule.trigger}"{target}{condition} cf:rule="{rule.code}" cf:actor="{rule.actor}"'
        f' cf:standing="{rule.standing}"{undo}/>'
    )

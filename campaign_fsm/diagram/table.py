"""The drawing model as Markdown tables: what leads where, and each status with each action and its code."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from campaign_fsm.diagram.model import CONTESTED_MARK, IRREVERSIBLE_MARK, Drawing, Edge, Label, Weight
from campaign_fsm.diagram.stamp import Recipe
from campaign_fsm.diagram.views import View, draw_view
from campaign_fsm.history.model import History
from campaign_fsm.lifecycle import decide
from campaign_fsm.rules import STATUSES, Action, Channel, Status


def write(recipe: Recipe, history: History | None, *, stamp: str) -> str:
    whole = recipe.look.view is View.LIFE
    drawing = draw_view(recipe.look, recipe.channel, history)
    return markdown(drawing, recipe.channel, stamp=stamp, whole=whole)


def markdown(drawing: Drawing, channel: Channel | None = None, *, stamp: str = "", whole: bool = True) -> str:
    """Markdown text of a drawing, as GitHub reads it.

    Args:
        drawing: What to draw.
        channel: The channel whose decisions are asked; both if None.
        stamp: A comment for the head of the file, see `campaign_fsm.diagram.stamp`.
        whole: Add the table of each status and each action.
    """
    parts = [
        *([f"<!-- {stamp} -->"] if stamp else []),
        f"# {_cell(drawing.title)}",
        _moves(drawing),
        *([_refused(drawing)] if any(node.refused for node in drawing.nodes) else []),
        *([_matrix(channel)] if whole else []),
        "\n".join(f"- {_cell(note)}" for note in drawing.notes),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _cell(text: str) -> str:
    """Text that ends no cell and begins no markup."""
    return " ".join("".join(f"&#{ord(one)};" if one in "\\`*_[]<>|&" else one for one in text).split())


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _moves(drawing: Drawing) -> str:
    names = {node.id: node.label or "no campaign yet" for node in drawing.nodes}
    edges = [edge for edge in drawing.edges if edge.weight > Weight.FAINT]
    rows = [_row(names[edge.source], names[edge.dest], edge.condition, label) for edge, label in _labels(edges)]
    rows += [
        _row(names[node.id], "stays", group.condition, label)
        for node in drawing.nodes
        for group in node.inside
        for label in group.labels
        if label.weight > Weight.FAINT
    ]
    noted = any(row[-1] for row in rows)
    head = ["while", "what", "leads to", "who", "when", "can be undone", "rules", *(["seen"] if noted else [])]
    return _table(head, rows if noted else [row[:-1] for row in rows])


def _labels(edges: Iterable[Edge]) -> list[tuple[Edge, Label]]:
    return [(edge, label) for edge in edges for label in edge.labels]


def _row(source: str, dest: str, condition: str, label: Label) -> list[str]:
    contested = f" {CONTESTED_MARK}" if CONTESTED_MARK in label.marks else ""
    return [
        source,
        f"**{label.trigger}**{contested}",
        dest,
        label.rules[0].actor,
        condition or "always",
        f"{IRREVERSIBLE_MARK} no" if IRREVERSIBLE_MARK in label.marks else "yes",
        " ".join(rule.code for rule in label.rules),
        label.note,
    ]


def _refused(drawing: Drawing) -> str:
    rows = [
        [node.label, attempt.action, _cell(attempt.code), _cell(attempt.note)]
        for node in drawing.nodes
        for attempt in node.refused
    ]
    return _table(["while", "refused", "code", ""], rows)


def _matrix(channel: Channel | None) -> str:
    actions = [action for action in Action if action is not Action.CREATE]
    rows = [[f"**{status}**", *(_decision(status, action, channel) for action in actions)] for status in STATUSES]
    text = "Legal in bold, with where it leads; a code alone is why it is refused."
    return f"{text} `campaign-fsm explain CODE` says more.\n\n{_table(['', *actions], rows)}"


def _decision(status: Status, action: Action, channel: Channel | None) -> str:
    """What holds always, or else each answer with its condition."""
    asked = {
        (one, started): decide(status, action, channel=one, started=started)
        for one in ([channel] if channel else list(Channel))
        for started in (False, True)
    }
    answers: dict[str, list[tuple[Channel, bool]]] = {}
    for case, decision in asked.items():
        leads = f" → {decision.destination}" if decision.destination not in (None, status) else ""
        answers.setdefault(f"**{decision.code}**{leads}" if decision else decision.code, []).append(case)
    if len(answers) == 1:
        return next(iter(answers))
    return "<br>".join(f"{answer} {_when(cases, set(asked))}".rstrip() for answer, cases in answers.items())


def _when(cases: list[tuple[Channel, bool]], asked: set[tuple[Channel, bool]]) -> str:
    """In few words, which of the cases: a channel, a start, or both."""
    channels = {channel for channel, _ in cases}
    starts = {started for _, started in cases}
    if len(channels) * len(starts) != len(cases):
        return ", ".join(_when([case], asked) for case in cases)
    words = [
        *(channels if len(channels) < len({channel for channel, _ in asked}) else ()),
        *(("after start" if started else "before start") for started in starts if len(starts) == 1),
    ]
    return f"({' '.join(words)})" if words else ""

"""The drawing model: what a picture of the life cycle shows, before any writer decides how it looks.

It is built from the table and knows no syntax. Actions that leave the status as it is are listed inside
their node, in groups: as arrows they would be nine loops that hide the life itself. `draw` draws the whole
life; `campaign_fsm.diagram.views` makes the other views of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import IntEnum, StrEnum
from functools import cache
from typing import Final

from attrs import field, frozen

from campaign_fsm._lazy import shown
from campaign_fsm.lifecycle import NEW, START_MARGIN
from campaign_fsm.rules import DEAD_ENDS, OVER, RULES, Action, Actor, Channel, Event, Rule, Standing, Status
from campaign_fsm.words import listed

IRREVERSIBLE_MARK: Final = "▲"
"""The mark of what cannot be undone."""

CONTESTED_MARK: Final = "†"
"""The mark of what the vendor's pages contradict each other about."""

REFUSED_MARK: Final = "×"
"""The mark of what was tried and is not legal."""

# The marks are in every common sans-serif font, print in black and white, and are never drawn as emoji.

_TRIGGERS: Final = {trigger: place for place, trigger in enumerate((*Action, *Event))}
_PLACES: Final = {status: place for place, status in enumerate((None, *Status))}
_STARTED: Final = {False: "before start", None: "", True: "after start"}


class Kind(StrEnum):
    """What a node stands for."""

    START = "start"
    """No campaign yet."""
    LIVE = "live"
    """The campaign can still contact somebody."""
    OVER = "over"
    """It no longer does, but something can still be done with it."""
    FINAL = "final"
    """Nothing leads out of it."""


class Weight(IntEnum):
    """How much a view makes of a piece. Writers that cannot draw faint leave faint pieces out."""

    FAINT = 0
    NORMAL = 1
    STRONG = 2


class Sample(StrEnum):
    """What an entry of the legend explains, and so what its sample looks like."""

    ACCOUNT_HOLDER = "account holder"
    PLATFORM = "platform"
    IRREVERSIBLE = "irreversible"
    OFTEN = "often"
    CONTESTED = "contested"
    INSIDE = "inside"
    FINAL = "final"
    STRONG = "strong"
    FAINT = "faint"
    REFUSED = "refused"


@frozen
class Label:
    """One trigger where it is drawn, and the rules that it stands for. `note` is what a view says of it."""

    trigger: Action | Event
    rules: tuple[Rule, ...]
    note: str = ""
    weight: Weight = Weight.NORMAL

    @property
    def marks(self) -> tuple[str, ...]:
        """The marks that the trigger carries here, each with a meaning in the legend."""
        return (
            *((IRREVERSIBLE_MARK,) if any(not rule.undoable for rule in self.rules) else ()),
            *((CONTESTED_MARK,) if any(rule.standing is Standing.CONTESTED for rule in self.rules) else ()),
        )

    @property
    def text(self) -> str:
        before = f"{IRREVERSIBLE_MARK} " if IRREVERSIBLE_MARK in self.marks else ""
        after = f" {CONTESTED_MARK}" if CONTESTED_MARK in self.marks else ""
        return f"{before}{self.trigger}{after}"

    @property
    def whole(self) -> str:
        """The text and the note on one line."""
        return f"{self.text} {self.note}" if self.note else self.text


@frozen(kw_only=True)
class Group:
    """Triggers under one condition that leave the status as it is. An empty condition means always."""

    condition: str
    labels: tuple[Label, ...]


@frozen
class Attempt:
    """Something that is refused in a status: a code, and what a view says of it."""

    action: Action
    code: str
    note: str = ""

    @property
    def text(self) -> str:
        return " ".join(part for part in (REFUSED_MARK, self.action, self.code, self.note) if part)


@frozen(kw_only=True)
class Node:
    """A status, or the start. `id` is an identifier in every language that is written.

    `note` stands under its name; `refused` is what a view shows as refused there.
    """

    id: str
    label: str
    kind: Kind
    inside: tuple[Group, ...] = ()
    refused: tuple[Attempt, ...] = ()
    note: str = ""
    weight: Weight = Weight.NORMAL

    @property
    def rules(self) -> tuple[Rule, ...]:
        return tuple(rule for group in self.inside for label in group.labels for rule in label.rules)


@frozen(kw_only=True)
class Edge:
    """All the triggers that lead from one node to another and look the same."""

    source: str
    dest: str
    actor: Actor
    undoable: bool
    contested: bool
    condition: str
    labels: tuple[Label, ...]
    weight: Weight = Weight.NORMAL
    thickness: float = 0.0
    """From 0 to 1: how often it was taken, where a view counts that."""

    @property
    def rules(self) -> tuple[Rule, ...]:
        return tuple(rule for label in self.labels for rule in label.rules)


@frozen
class LegendEntry:
    """One entry of the legend; a faint one explains faint pieces alone."""

    sample: Sample
    text: str
    weight: Weight = Weight.NORMAL


@frozen(kw_only=True)
class Drawing:
    """A picture: what is on it, and the words for those who cannot see it. In a notebook it draws itself.

    Attributes:
        title: The title.
        description: The picture in sentences, for screen readers.
        nodes: The statuses, and the start, in the order of a campaign's life.
        edges: What leads from one to another, in the same order.
        legend: What its marks, lines and colours mean.
        notes: What stands below it, a sentence each.
    """

    title: str
    description: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    legend: tuple[LegendEntry, ...]
    notes: tuple[str, ...] = field(default=())

    def _repr_svg_(self) -> str | None:
        """The drawing in a notebook."""
        return shown("Drawing", self)


def identifier(status: Status | None) -> str:
    """The node's id: a plain identifier, because Mermaid does not parse a state called in-progress."""
    return NEW if status is None else status.value.replace("-", "_")


def draw(channel: Channel | str | None = None, rules: tuple[Rule, ...] = RULES) -> Drawing:
    """The life cycle of one channel, or of both in one picture.

    Nodes and edges come in the order of a campaign's life, which is also the order that layouts start from.

    Args:
        channel: The kind of campaign; None for both.
        rules: The table.

    Raises:
        ValueError: There is no such channel.
    """
    return _draw(None if channel is None else Channel(channel), rules)


@cache
def _draw(channel: Channel | None, rules: tuple[Rule, ...]) -> Drawing:
    shown = [rule for rule in rules if channel is None or channel in rule.channels]
    loops = [rule for rule in shown if rule.leads_to is rule.source]
    moves = [rule for rule in shown if rule.leads_to is not rule.source]
    seen = {rule.source for rule in shown} | {rule.leads_to for rule in shown}
    nodes = tuple(_node(status, loops, channel) for status in _PLACES if status in seen)
    edges = _edges(moves, channel)
    kind = "campaign" if channel is None else f"{channel} campaign"
    return Drawing(
        title=f"The life of an Exotel {kind}",
        description=describe(nodes, edges),
        nodes=nodes,
        edges=edges,
        legend=legend(nodes, edges),
        notes=footnotes(nodes, edges),
    )


def _condition(rule: Rule, channel: Channel | None) -> str:
    only = f"{min(rule.channels)} only" if channel is None and len(rule.channels) == 1 else ""
    return ", ".join(part for part in (_STARTED[rule.started], only) if part)


def _labels(rules: list[Rule]) -> tuple[Label, ...]:
    triggers = sorted({rule.trigger for rule in rules}, key=_TRIGGERS.__getitem__)
    return tuple(
        Label(trigger, tuple(sorted((rule for rule in rules if rule.trigger is trigger), key=lambda rule: rule.code)))
        for trigger in triggers
    )


def _node(status: Status | None, loops: list[Rule], channel: Channel | None) -> Node:
    kind = (
        Kind.START
        if status is None
        else Kind.FINAL
        if status in DEAD_ENDS
        else Kind.OVER
        if status in OVER
        else Kind.LIVE
    )
    grouped: dict[str, list[Rule]] = {}
    order = list(_STARTED)
    for rule in sorted(loops, key=lambda rule: (order.index(rule.started), len(rule.channels) == 1, rule.code)):
        if rule.source is status:
            grouped.setdefault(_condition(rule, channel), []).append(rule)
    return Node(
        id=identifier(status),
        label="" if status is None else status.value,
        kind=kind,
        inside=tuple(Group(condition=condition, labels=_labels(rules)) for condition, rules in grouped.items()),
    )


def _edges(moves: list[Rule], channel: Channel | None) -> tuple[Edge, ...]:
    grouped: dict[tuple[Status | None, Status, Actor, bool, bool, str], list[Rule]] = {}
    for rule in sorted(moves, key=lambda rule: (_PLACES[rule.source], _PLACES[rule.leads_to], rule.code)):
        contested = rule.standing is Standing.CONTESTED
        look = (rule.source, rule.leads_to, rule.actor, rule.undoable, contested, _condition(rule, channel))
        grouped.setdefault(look, []).append(rule)
    return tuple(
        Edge(
            source=identifier(source),
            dest=identifier(dest),
            actor=actor,
            undoable=undoable,
            contested=contested,
            condition=condition,
            labels=_labels(rules),
        )
        for (source, dest, actor, undoable, contested, condition), rules in grouped.items()
    )


def rules_of(nodes: Iterable[Node], edges: Iterable[Edge]) -> list[Rule]:
    """Every rule that is on a picture."""
    pieces: list[Node | Edge] = [*nodes, *edges]
    return [rule for piece in pieces for rule in piece.rules]


_EXPLAINED: Final = {
    Sample.ACCOUNT_HOLDER: "the account holder asks for it",
    Sample.PLATFORM: "the platform does it by itself",
    Sample.IRREVERSIBLE: "cannot be undone",
    Sample.OFTEN: "the thicker, the more often",
    Sample.FINAL: "final: nothing leads out of it",
    Sample.INSIDE: "in a box: the status stays the same",
    Sample.CONTESTED: "contested: the vendor's pages differ",
    Sample.REFUSED: "refused, with its code",
}


def legend(nodes: Iterable[Node], edges: Iterable[Edge]) -> tuple[LegendEntry, ...]:
    """Entries for what is on the picture, and for nothing else; faint ones for what only faint pieces show."""
    weights: dict[Sample, Weight] = {}
    pieces: list[Node | Edge] = [*nodes, *edges]
    for piece in pieces:
        for sample in _samples(piece):
            weights[sample] = max(weights.get(sample, Weight.FAINT), min(piece.weight, Weight.NORMAL))
    # Faint pieces have no footnotes.
    unsaid = any(piece.weight is Weight.FAINT and Sample.CONTESTED in _samples(piece) for piece in pieces)
    below = {} if unsaid else {Sample.CONTESTED: ", see below"}
    return tuple(
        LegendEntry(sample, text + below.get(sample, ""), weights[sample])
        for sample, text in _EXPLAINED.items()
        if sample in weights
    )


def _samples(piece: Node | Edge) -> Iterator[Sample]:
    if any(not rule.undoable for rule in piece.rules):
        yield Sample.IRREVERSIBLE
    if any(rule.standing is Standing.CONTESTED for rule in piece.rules):
        yield Sample.CONTESTED
    if isinstance(piece, Edge):
        yield Sample.PLATFORM if piece.actor is Actor.PLATFORM else Sample.ACCOUNT_HOLDER
        if piece.thickness:
            yield Sample.OFTEN
    else:
        shown = {Sample.FINAL: piece.kind is Kind.FINAL, Sample.INSIDE: piece.inside, Sample.REFUSED: piece.refused}
        yield from (sample for sample, there in shown.items() if there)


def footnotes(nodes: Iterable[Node], edges: Iterable[Edge]) -> tuple[str, ...]:
    """Which pages contradict each other about what is on the picture, and when a campaign counts as started."""
    drawn = rules_of(nodes, edges)
    notes = []
    for rule in sorted(drawn, key=lambda rule: rule.code):
        if rule.standing is Standing.CONTESTED:
            # Two words of the same page are one voice.
            yes, no = (listed(dict.fromkeys(f"“{source.page.title}”" for source in side)) for side in rule.sides)
            where = " and ".join(part for part in (rule.source, _STARTED[rule.started]) if part)
            notes.append(f"{CONTESTED_MARK} {rule.trigger} while {where}: yes in {yes}, no in {no}.")
    if any(rule.started is not None for rule in drawn):
        seconds = int(START_MARGIN.total_seconds())
        notes.append(f"From {seconds} seconds before its start time on, a campaign counts as started.")
    return tuple(notes)


def describe(nodes: tuple[Node, ...], edges: tuple[Edge, ...]) -> str:
    """The picture in sentences, for screen readers."""
    names = {node.id: node.label for node in nodes}
    sentences = []
    for node in nodes:
        clauses = [
            f"{_spoken(label, edge.condition, edge.actor)} leads to {names[edge.dest]}"
            for edge in edges
            if edge.source == node.id
            for label in edge.labels
        ]
        clauses += [
            f"{_spoken(label, group.condition, label.rules[0].actor)} changes no status"
            for group in node.inside
            for label in group.labels
        ]
        place = f"While {node.label}" if node.label else "At first"
        if clauses:
            sentences.append(f"{place}: {', '.join(clauses)}.")
        elif node.kind is Kind.FINAL:
            sentences.append(f"Nothing leads out of {node.label}.")
    return " ".join(sentences)


def _spoken(label: Label, condition: str, actor: Actor) -> str:
    details = [
        *(("by the platform",) if actor is Actor.PLATFORM else ()),
        *((condition,) if condition else ()),
        *(("cannot be undone",) if IRREVERSIBLE_MARK in label.marks else ()),
        *(("contested",) if CONTESTED_MARK in label.marks else ()),
    ]
    return f"{label.trigger} ({', '.join(details)})" if details else f"{label.trigger}"

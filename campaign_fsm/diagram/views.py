"""The views of the life cycle: what a picture is about."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from enum import StrEnum
from math import log
from typing import Final

from attrs import evolve, frozen

from campaign_fsm.diagram.model import (
    Attempt,
    Drawing,
    Edge,
    Group,
    Label,
    LegendEntry,
    Node,
    Sample,
    Weight,
    describe,
    draw,
    footnotes,
    identifier,
    legend,
    rules_of,
)
from campaign_fsm.history.model import History
from campaign_fsm.lifecycle import decide, route
from campaign_fsm.printable import printable
from campaign_fsm.rules import RULES, STATUSES, Action, Actor, Channel, Rule, Status
from campaign_fsm.words import counted, listed, none_of


class NoRoute(Exception):
    """There is no legal route to draw: no action leads there."""


class View(StrEnum):
    """The kinds of views."""

    LIFE = "life"
    """The whole life."""
    ACCOUNT_HOLDER = "account-holder"
    """What the account holder can ask for."""
    FROM = "from"
    """What can happen from one status on: ``from:STATUS``."""
    ROUTE = "route"
    """The legal route from one status to another: ``route:FROM:TO``."""
    HISTORY = "history"
    """What happened, drawn over the life."""
    COVERAGE = "coverage"
    """Which edges were reached."""


@frozen
class Look:
    """A view, and the statuses that it is about.

    Attributes:
        view: The kind of view.
        statuses: One for `View.FROM`, two for `View.ROUTE`, else none.
    """

    view: View = View.LIFE
    statuses: tuple[Status, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Look:
        """The view that a text names.

        Args:
            text: ``life``, ``account-holder``, ``from:STATUS``, ``route:FROM:TO``, ``history`` or ``coverage``.

        Raises:
            ValueError: There is no such view or status; the message says what there is.

        >>> str(Look.parse("route:created:archived"))
        'route:created:archived'
        """
        name, *rest = text.split(":")
        try:
            view = View(name)
        except ValueError:
            raise ValueError(none_of(name, "view", FORMS)) from None
        if len(rest) != _STATUSES.get(view, 0):
            raise ValueError(f"{text!r} is not complete, or too long: write {form(view)}")
        statuses = []
        for one in rest:
            status = Status.parse(one)
            if status is Status.UNKNOWN:
                raise ValueError(none_of(one, "status", STATUSES))
            statuses.append(status)
        return cls(view, tuple(statuses))

    @property
    def needs_history(self) -> bool:
        """Whether it draws something that was recorded."""
        return self.view in (View.HISTORY, View.COVERAGE)

    def __str__(self) -> str:
        return ":".join((self.view, *self.statuses))


_LONGEST: Final = 100
_STATUSES: Final = {View.FROM: 1, View.ROUTE: 2}


def form(view: View | str) -> str:
    """How a kind of view is written."""
    return {View.FROM: "from:STATUS", View.ROUTE: "route:FROM:TO"}.get(View(view), str(view))


FORMS: Final = tuple(form(view) for view in View)
"""How each view is written."""


def draw_view(
    look: Look | str = "life", channel: Channel | str | None = None, history: History | None = None
) -> Drawing:
    """One view of the life cycle.

    Args:
        look: What to draw, see `Look.parse`.
        channel: Only what the life cycle of one channel knows; both in one picture if None.
        history: What the views `View.HISTORY` and `View.COVERAGE` draw; `campaign_fsm.history` reads one.

    Raises:
        NoRoute: There is no legal route between the two statuses.
        ValueError: There is no such view, status or channel, or the channel never gets to the status, or the history is
            missing.
    """
    look = Look.parse(look) if isinstance(look, str) else look
    life = draw(channel)
    channel = None if channel is None else Channel(channel)
    for status in look.statuses:
        if identifier(status) not in {node.id for node in life.nodes}:
            raise ValueError(f"a {channel} campaign is never {status}")
    if look.view is View.LIFE:
        return life
    if look.view is View.ACCOUNT_HOLDER:
        return _account_holder(life)
    if look.view is View.FROM:
        return _from(life, look.statuses[0], channel)
    if look.view is View.ROUTE:
        return _route(life, *look.statuses, channel=channel)
    if history is None:
        raise ValueError(f"the view {look.view} draws something that was recorded; name the recording")
    return _history(life, history) if look.view is View.HISTORY else _coverage(life, history)


def _finish(
    drawing: Drawing,
    *,
    title: str,
    notes: tuple[str, ...] = (),
    extra: tuple[LegendEntry, ...] = (),
    rest: str = "the rest of the life cycle",
) -> Drawing:
    """A view with the title, legend and notes of what is left on it. Faint pieces have no notes."""
    nodes, edges = drawing.nodes, drawing.edges
    shown = [node for node in nodes if node.weight > Weight.FAINT]
    bold = [edge for edge in edges if edge.weight > Weight.FAINT]
    faint = len(shown) < len(nodes) or len(bold) < len(edges)
    entries = (*extra, *legend(nodes, edges), *((LegendEntry(Sample.FAINT, rest, Weight.FAINT),) if faint else ()))
    spoken = describe(tuple(shown), tuple(bold))
    return evolve(
        drawing,
        title=_plain(title),
        legend=entries,
        notes=(*notes, *footnotes(shown, bold)),
        description=" ".join((*(f"{note}" for note in notes), spoken)),
    )


def _plain(title: str) -> str:
    """A title that fits: a campaign's id may be anything, and XML allows no control characters at all."""
    text = printable(title[: _LONGEST + 1])
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _account_holder(life: Drawing) -> Drawing:
    edges = tuple(edge for edge in life.edges if edge.actor is Actor.ACCOUNT_HOLDER)
    ends = {end for edge in edges for end in (edge.source, edge.dest)}
    nodes = tuple(node for node in life.nodes if node.id in ends)
    return _finish(evolve(life, nodes=nodes, edges=edges), title=f"{life.title}: what the account holder can ask for")


def _from(life: Drawing, status: Status, channel: Channel | None) -> Drawing:
    here = identifier(status)
    edges = tuple(_weigh(edge, edge.source == here) for edge in life.edges)
    dests = {edge.dest for edge in edges if edge.source == here}
    nodes = []
    for node in life.nodes:
        if node.id == here:
            refused = tuple(_refusals(status, channel))
            nodes.append(evolve(node, weight=Weight.STRONG, refused=refused))
        else:
            nodes.append(_bare(node) if node.id in dests else evolve(_bare(node), weight=Weight.FAINT))
    title = f"{life.title}: what can happen while {status}"
    return _finish(
        evolve(life, nodes=tuple(nodes), edges=edges),
        title=title,
        extra=(LegendEntry(Sample.STRONG, f"the campaign is {status}"),),
    )


def _refusals(status: Status, channel: Channel | None) -> list[Attempt]:
    """What is refused in a status for every campaign: what is legal for some stands among the legal ones."""
    attempts = []
    for action in Action:
        if action is Action.CREATE:
            continue
        asked = [
            decide(status, action, channel=one, started=started)
            for one in ([channel] if channel else list(Channel))
            for started in (False, True)
        ]
        if not any(asked):
            codes = "/".join(sorted({decision.code for decision in asked}))
            attempts.append(Attempt(action, codes))
    return attempts


def _weigh(edge: Edge, shown: bool) -> Edge:
    return evolve(edge, weight=Weight.NORMAL if shown else Weight.FAINT)


def _bare(node: Node) -> Node:
    return evolve(node, inside=())


def _route(life: Drawing, start: Status, goal: Status, *, channel: Channel | None) -> Drawing:
    ways = {route(start, goal, channel=one) for one in ([channel] if channel else list(Channel))}
    found = [way for way in ways if way is not None]
    if not found:
        raise NoRoute(f"No legal action leads from {start} to {goal}; only waiting may.")
    way = min(found, key=len)
    status, steps = start, {}
    for number, action in enumerate(way, 1):
        rule = next(rule for rule in RULES if rule.trigger is action and rule.applies(status))
        steps[rule.code] = number
        status = rule.leads_to
    edges = tuple(
        evolve(
            edge,
            labels=tuple(_numbered(label, steps) for label in edge.labels),
            weight=Weight.STRONG if any(rule.code in steps for rule in edge.rules) else Weight.FAINT,
        )
        for edge in life.edges
    )
    on_it = {identifier(start)} | {edge.dest for edge in edges if edge.weight is Weight.STRONG}
    nodes = tuple(
        evolve(
            _bare(node),
            weight=Weight.STRONG if node.id in on_it else Weight.FAINT,
            note="begin" if node.label == start else "end" if node.label == goal and way else "",
        )
        for node in life.nodes
    )
    text = ", then ".join(way) if way else "nothing to do"
    return _finish(
        evolve(life, nodes=nodes, edges=edges),
        title=f"From {start} to {goal}: {text}",
        extra=(LegendEntry(Sample.STRONG, "on the route"),),
    )


def _numbered(label: Label, steps: Mapping[str, int]) -> Label:
    number = next((steps[rule.code] for rule in label.rules if rule.code in steps), None)
    return label if number is None else evolve(label, note=f"step {number}")


def _count(number: int) -> str:
    return f"{number:,}×"


def _often(number: int) -> str:
    return "once" if number == 1 else f"{number:,} times"


def _history(life: Drawing, history: History) -> Drawing:
    # One line in a hundred is no motorway.
    most = max(100, *history.taken.values()) if history.taken else 100
    edges = tuple(
        evolve(
            edge,
            labels=tuple(_counted(label, history.taken) for label in edge.labels),
            weight=Weight.NORMAL if (times := _times(edge.rules, history.taken)) else Weight.FAINT,
            thickness=log(times) / log(most) if times else 0.0,
        )
        for edge in life.edges
    )
    touched = {end for edge in edges if edge.weight > Weight.FAINT for end in (edge.source, edge.dest)}
    touched |= {identifier(status) for status in history.now}
    touched |= {identifier(status) for status, *_ in history.tried}
    nodes = []
    for node in life.nodes:
        inside = _kept(node, lambda label: label.note != "", lambda label: _counted(label, history.taken))
        ends = next((number for status, number in history.now.items() if identifier(status) == node.id), 0)
        refused = tuple(
            Attempt(action, code, f"{'sent ' if sent else ''}{_often(number)}")
            for (status, action, code, sent), number in sorted(history.tried.items())
            if identifier(status) == node.id
        )
        nodes.append(
            evolve(
                node,
                inside=inside,
                refused=refused,
                note=("here now" if history.campaigns == 1 else f"{counted(ends, 'campaign')} now") if ends else "",
                weight=Weight.STRONG if ends else Weight.NORMAL if node.id in touched else Weight.FAINT,
            )
        )
    # Coverage tells of no campaigns.
    whose = f" of {counted(history.campaigns, 'campaign')}" if history.campaigns else ""
    notes = [f"{counted(history.total, 'step')}{whose}."]
    if history.lost:
        notes.append(f"{counted(history.lost, 'answer')} got lost.")
    if history.leaps:
        notes.append(f"A reading showed {_often(history.leaps)} a status that nothing explains.")
    if history.went_on:
        notes.append(f"By itself, at the start that a resume had waited for, it went on {_often(history.went_on)}.")
    if hidden := _hidden(life, history):
        notes.append(f"Not on the picture: {listed(hidden)}.")
    here = LegendEntry(Sample.STRONG, "here at the end")
    return _finish(
        evolve(life, nodes=tuple(nodes), edges=edges),
        title=history.title or "What happened",
        notes=(" ".join(notes),),
        extra=(here,) if any(node.weight is Weight.STRONG for node in nodes) else (),
    )


def _hidden(life: Drawing, history: History) -> list[str]:
    """What happened in statuses that are not drawn: those on no list, and those that the channel never has."""
    drawn = {node.id for node in life.nodes}
    refused: Counter[Status] = Counter()
    for (status, *_), number in history.tried.items():
        refused[status] += number
    return [
        f"{counted(number, noun)} {_place(status)}{when}"
        for numbers, noun, when in ((refused, "refusal", ""), (history.now, "campaign", " at the end"))
        for status, number in sorted(numbers.items())
        if number and identifier(status) not in drawn
    ]


def _place(status: Status) -> str:
    return "in a status that is on no list" if status is Status.UNKNOWN else f"in the status {status}"


def _times(rules: tuple[Rule, ...], taken: Mapping[str, int]) -> int:
    return sum(taken.get(rule.code, 0) for rule in rules)


def _counted(label: Label, taken: Mapping[str, int]) -> Label:
    times = _times(label.rules, taken)
    return evolve(label, note=_count(times)) if times else label


def _kept(node: Node, keep: Callable[[Label], bool], change: Callable[[Label], Label]) -> tuple[Group, ...]:
    groups = []
    for group in node.inside:
        labels = tuple(label for label in map(change, group.labels) if keep(label))
        if labels:
            groups.append(evolve(group, labels=labels))
    return tuple(groups)


def _coverage(life: Drawing, history: History) -> Drawing:
    taken = history.taken

    def reached(label: Label) -> Label:
        times = _times(label.rules, taken)
        return evolve(
            label, note=_count(times) if times else "never reached", weight=Weight.NORMAL if times else Weight.FAINT
        )

    edges = tuple(
        evolve(
            edge,
            labels=tuple(reached(label) for label in edge.labels),
            weight=Weight.NORMAL if _times(edge.rules, taken) else Weight.FAINT,
        )
        for edge in life.edges
    )
    touched = {end for edge in edges if edge.weight > Weight.FAINT for end in (edge.source, edge.dest)}
    nodes = tuple(
        evolve(
            node,
            inside=_kept(node, lambda _: True, reached),
            weight=Weight.NORMAL if node.id in touched else Weight.FAINT,
        )
        for node in life.nodes
    )
    totals: defaultdict[Actor, Counter[bool]] = defaultdict(Counter)
    for rule in rules_of(nodes, edges):
        totals[rule.actor][rule.code in taken] += 1
    counts = [f"{count[True]} of {count.total()} edges of the {actor}" for actor, count in sorted(totals.items())]
    return _finish(
        evolve(life, nodes=nodes, edges=edges),
        title="Edges that were reached",
        notes=(f"Reached: {listed(counts)}.",),
        rest="never reached",
    )

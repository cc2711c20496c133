"""Whether one action is legal in one status, and why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final

from attrs import field, frozen

from campaign_fsm.lifecycle.graph import platform_moves, route
from campaign_fsm.lifecycle.machine import edge
from campaign_fsm.lifecycle.mixins import counts_as_started
from campaign_fsm.rules import (
    REFUSALS,
    RULES,
    STRICT_REFUSAL,
    Action,
    Channel,
    Refusal,
    Rule,
    Source,
    Standing,
    Status,
    goal_of,
    pages,
)
from campaign_fsm.rules.vocabulary import one_of

START_MARGIN: Final = timedelta(seconds=60)
"""This close to its start a campaign counts as started: a margin of ours, which no page has."""


def has_started(status: Status, start: datetime | None, now: datetime) -> bool:
    """Whether a campaign counts as started: full edits and deletes depend on it.

    A created campaign has started if a known start has passed, since the vendor's rule goes by the clock (CF111). A
    paused one has, unless a known start is still ahead. Every other one has. A start that is at most 60 seconds ahead
    counts as passed: a margin of ours, which no page has.

    Args:
        status: The status that was read.
        start: The scheduled start, an aware datetime; None if none is known.
        now: The time of the reading, an aware datetime.
    """
    if status is not Status.CREATED and status is not Status.PAUSED:
        return True
    ahead = start is not None and start.astimezone(UTC) - now.astimezone(UTC) > START_MARGIN
    if status is Status.CREATED:
        return start is not None and not ahead
    return not ahead


@frozen
class Decision:
    """What the life cycle says about one action in one status.

    True in a boolean context exactly if the action is allowed.
    """

    allowed: bool
    """Whether the action is legal."""
    status: Status | None
    """The status that it was asked for; None for "no campaign yet"."""
    action: Action
    """The action that was asked for."""
    channel: Channel
    """The kind of campaign."""
    started: bool | None
    """Whether the campaign was taken to have started; None if that was unknown."""
    strict: bool
    """Whether contested actions were refused."""
    destination: Status | None
    """Where the action leads; None if it is refused."""
    accepted: frozenset[Status]
    """The statuses that an honest answer may show: the destination, what the platform can make of it
    at once (CF301 to CF306), and created after a resume before the start. Not the status before
    the action, if the action leaves it: an answer that shows that one is "not yet seen". Only a resume
    with a new start ahead may stay paused until then (CF116). Empty if refused."""
    code: str
    """The code of the edge, or of the refusal (``CF…``); see ``campaign-fsm explain CODE``."""
    reason: str
    """Why, in a sentence."""
    sources: tuple[Source, ...]
    """What the vendor's pages say about it: those about campaigns of its channel, where there are any."""
    standing: Standing | None
    """How well the rule is supported; None for a refusal, which rests on no edge."""
    legal_actions: tuple[Action, ...]
    """Every action that is legal in the status."""
    route: tuple[Action, ...] | None
    """The shortest legal way to what the action is for; None where there is none."""
    undoable: bool
    """Whether a way back is documented, set by hand for each action."""
    effect: str
    """What the action does; empty if it is refused."""
    already: bool = field(default=False)
    """Whether it is refused only because the action has already taken effect."""

    def __bool__(self) -> bool:
        return self.allowed

    @property
    def way(self) -> str:
        """The route in words, steps that cannot be undone marked; empty where there is none."""
        return ", then ".join(step if undoable(step) else f"{step} (cannot be undone)" for step in self.route or ())

    @property
    def advice(self) -> str:
        """What to do instead of what was refused; empty if it is allowed."""
        if self.allowed:
            return ""
        legal = f"Legal now: {', '.join(self.legal_actions) or 'nothing'}."
        return f"{legal} The way there: {self.way}." if self.route else legal

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON, in a stable order."""
        return {
            "allowed": self.allowed,
            "status": self.status,
            "action": self.action,
            "channel": self.channel,
            "started": self.started,
            "strict": self.strict,
            "destination": self.destination,
            "accepted": sorted(self.accepted),
            "code": self.code,
            "reason": self.reason,
            "standing": self.standing,
            "effect": self.effect,
            "undoable": self.undoable,
            "already": self.already,
            "legal_actions": list(self.legal_actions),
            "route": None if self.route is None else list(self.route),
            "irreversible_steps": [step for step in self.route or () if not undoable(step)],
            "sources": [source.as_dict() for source in self.sources],
        }


@cache
def undoable(action: Action) -> bool:
    """Whether a way back from the action is documented, by the hand-set column of the table."""
    return all(rule.undoable for rule in RULES if rule.trigger is action)


# The hot path: one dict look-up. A cell is compiled from the machine the first time it is asked for;
# the tests compare every cell with the machine and with a table typed by hand.
_CELLS: dict[tuple[object, ...], Decision] = {}


def decide(
    status: Status | str | None,
    action: Action | str,
    *,
    channel: Channel | str = Channel.MESSAGE,
    started: bool | None = None,
    strict: bool = False,
) -> Decision:
    """Whether an action is legal in a status, and why.

    Args:
        status: A `Status` or its canonical string; None for "no campaign yet". Anything else is
            refused as unknown: parse spellings from the wire with `Status.parse`.
        action: An `Action` or its canonical string.
        channel: The kind of campaign.
        started: Whether the campaign has started (see `has_started`). None is unknown, and counts as started
            unless the status is created.
        strict: Refuse what the vendor's pages contradict each other about.

    Raises:
        ValueError: The action or the channel is not on the list.
        TypeError: `started` or `strict` is no boolean.

    >>> decide("in-progress", "complete").route
    (<Action.PAUSE: 'pause'>, <Action.COMPLETE: 'complete'>)
    """
    try:
        decision = _CELLS[status, action, channel, started, strict]
    except (KeyError, TypeError):
        return _compile(status, action, channel, started, strict)
    # 1 and 1.0 find the cell of True.
    if decision.strict is strict and decision.started is started:
        return decision
    return _compile(status, action, channel, started, strict)


def _compile(status: object, action: object, channel: object, started: object, strict: object) -> Decision:
    action = one_of(Action, action)
    channel = one_of(Channel, channel)
    if not (started is None or isinstance(started, bool)) or not isinstance(strict, bool):
        raise TypeError("started must be True, False or None, and strict must be True or False")
    known = status is None or (isinstance(status, str) and status in set(Status))
    parsed = Status(status) if known and isinstance(status, str) else None if known else Status.UNKNOWN
    decision = _cell(parsed, action, channel, started, strict)
    if known:
        _CELLS[parsed, action, channel, started, strict] = decision
    return decision


def _cell(status: Status | None, action: Action, channel: Channel, started: bool | None, strict: bool) -> Decision:
    counted = counts_as_started(status, started)
    edges = {candidate: edge(status, candidate, channel, counted) for candidate in Action}
    legal = {
        candidate: rule
        for candidate, rule in edges.items()
        if rule is not None and not (strict and rule.standing is Standing.CONTESTED)
    }
    common: dict[str, Any] = {
        "status": status,
        "action": action,
        "channel": channel,
        "started": started,
        "strict": strict,
        "legal_actions": tuple(legal),
        "undoable": undoable(action),
    }
    if action in legal:
        return _allowed(legal[action], counted, common)
    return _refused(edges[action], common)


def _allowed(rule: Rule, started: bool, common: dict[str, Any]) -> Decision:
    action, status = common["action"], common["status"]
    late = frozenset() if started else rule.also_accepted
    return Decision(
        allowed=True,
        destination=rule.leads_to,
        accepted=frozenset({rule.leads_to}) | (platform_moves(rule.leads_to) - {rule.source}) | late,
        code=rule.code,
        reason=f"{action} is legal while {status}." if status else "create makes a new campaign.",
        sources=pages.on(common["channel"], rule.sources),
        standing=rule.standing,
        route=(action,),
        effect=rule.effect,
        **common,
    )


def _refused(contested: Rule | None, common: dict[str, Any]) -> Decision:
    """The refusal of a cell; `contested` is the edge that only ``strict`` refuses."""
    status, action, channel = common["status"], common["action"], common["channel"]
    refusal = STRICT_REFUSAL if contested else _refusal(status, action, channel)
    goal = goal_of(action)
    way = None if goal is None else route(status, goal, channel=channel, strict=common["strict"])
    if way and way[0] is action:
        way = None  # the route does not know whether the campaign has started, and this one has
    return Decision(
        allowed=False,
        destination=None,
        accepted=frozenset(),
        code=refusal.code,
        reason=refusal.reason.format(status=status, action=action, channel=channel),
        sources=pages.on(channel, contested.sources if contested else refusal.sources),
        standing=None,
        route=way,
        effect="",
        already=refusal.already,
        **common,
    )


def _refusal(status: Status | None, action: Action, channel: Channel) -> Refusal:
    for refusal in REFUSALS:
        if refusal.matches(status, action, channel):
            return refusal
    raise AssertionError(f"the table gives no reason against {action} while {status} on {channel}")

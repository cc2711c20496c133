"""The life cycle: a `transitions` machine built from the table, and what it says about one action.

`decide` answers whether an action is legal, and why; `route` how to get from one status to another.
Both are compiled from the machine of the channel and never do I/O.
"""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final, TypeVar

from attrs import field, frozen
from transitions import Machine

from campaign_fsm.rules import (
    DEAD_ENDS,
    REFUSALS,
    RULES,
    STRICT_REFUSAL,
    Action,
    Channel,
    Event,
    Refusal,
    Rule,
    Source,
    Standing,
    Status,
)

_T = TypeVar("_T", Action, Channel)

NEW: Final = "new"
"""The machine's name for "no campaign yet", from which only `Action.CREATE` leads."""

START_MARGIN: Final = timedelta(seconds=60)
"""This close to its start a campaign counts as started (fact sheet section 3)."""


def has_started(status: Status, start: datetime | None, now: datetime) -> bool:
    """Whether a campaign counts as started: the predicate that full edits and deletes hang on.

    Args:
        status: The status that was read.
        start: The scheduled start, an aware datetime; None if none is known.
        now: The time of the reading, an aware datetime.

    A created campaign has started once a known start has passed (S2 goes by the clock); a paused one
    has not, only while a known start is still ahead; every other one has. Within 60 seconds of the
    start counts as started.
    """
    ahead = start is not None and start.astimezone(UTC) - now.astimezone(UTC) > START_MARGIN
    if status is Status.CREATED:
        return start is not None and not ahead
    if status is Status.PAUSED:
        return not ahead
    return True


class _Scratch:
    """A model for the shared machine: one throw-away object a question, never a real campaign."""

    state: str

    def __init__(self, started: bool) -> None:
        self.started = started
        self.not_started = not started


def _state(status: Status | None) -> str:
    return NEW if status is None else status.value


def _check(rules: tuple[Rule, ...]) -> None:
    """Refuse a table that `transitions` would silently accept."""
    taken: dict[tuple[object, ...], str] = {}
    for rule in rules:
        if rule.source is Status.UNKNOWN or rule.dest is Status.UNKNOWN:
            raise ValueError(f"{rule.code}: no edge can leave or enter the unknown status")
        for status in (rule.source, rule.dest):
            if status is not None and not isinstance(status, Status):
                raise ValueError(f"{rule.code}: {status!r} is no status")
        if rule.source is None and (rule.trigger is not Action.CREATE or rule.dest is None):
            raise ValueError(f"{rule.code}: only create acts on no campaign, and it leads somewhere")
        for channel in rule.channels:
            for started in (False, True) if rule.started is None else (rule.started,):
                edge = (rule.trigger, rule.source, channel, started)
                if edge in taken:
                    raise ValueError(
                        f"{rule.code} and {taken[edge]} are the same edge: {rule.trigger} from {rule.source}"
                    )
                taken[edge] = rule.code
    codes = [rule.code for rule in rules] + [refusal.code for refusal in REFUSALS] + [STRICT_REFUSAL.code]
    doubled = {code for code in codes if codes.count(code) > 1}
    if doubled:
        raise ValueError(f"codes used twice: {', '.join(sorted(doubled))}")
    moves = [(rule.source, rule.leads_to) for rule in rules if rule.source is not rule.leads_to]
    reached: set[Status | None] = {None}
    while fresh := {dest for source, dest in moves if source in reached} - reached:
        reached |= fresh
    for known in [status for status in Status if status is not Status.UNKNOWN]:
        if known not in reached:
            raise ValueError(f"no way leads to {known}")
        ends = all(source is not known for source, _ in moves)
        if ends != (known in DEAD_ENDS):
            raise ValueError(f"{known} is {'an undeclared' if ends else 'no'} dead end")


def build_machine(channel: Channel | str = Channel.MESSAGE, rules: tuple[Rule, ...] = RULES) -> Machine:
    """A fresh `transitions` machine of one channel's life cycle, without a model.

    Triggers are the canonical strings of `Action` and `Event`, states those of `Status` plus `NEW`.
    The started rule is a ``conditions`` entry: a model needs the attributes ``started`` and
    ``not_started`` (plain booleans or callables).

    Raises:
        ValueError: The table is not sound: a duplicate edge or code, an unknown state, a state that
            nothing reaches, or a dead end that is not declared as one.
    """
    channel = Channel(channel)
    _check(rules)
    machine = Machine(
        model=None,
        states=[NEW, *(status.value for status in Status if status is not Status.UNKNOWN)],
        initial=None,
        auto_transitions=False,
        name=f"{channel} campaign",
    )
    conditions = {None: None, False: "not_started", True: "started"}
    for rule in rules:
        if channel in rule.channels:
            machine.add_transition(
                rule.trigger.value, _state(rule.source), _state(rule.leads_to), conditions=conditions[rule.started]
            )
    return machine


@cache
def _machine(channel: Channel) -> Machine:
    return build_machine(channel)


@cache
def _edge(status: Status | None, action: Action, channel: Channel, started: bool) -> Rule | None:
    """The rule under the edge that the machine would take, or None where it would take none."""
    machine = _machine(channel)
    model: Any = _Scratch(started)
    machine.add_model(model, initial=_state(status))
    try:
        # Asked, not triggered: a trigger would log a transition that no campaign made.
        if not model.may_trigger(action.value):
            return None
    finally:
        machine.remove_model(model)
    for rule in RULES:
        if (
            rule.trigger is action
            and rule.source is status
            and channel in rule.channels
            and rule.started in (None, started)
        ):
            return rule
    raise AssertionError(f"the machine takes an edge that is not in the table: {action} from {status}")


@cache
def platform_moves(status: Status) -> frozenset[Status]:
    """The statuses that the platform can move a campaign to by itself, in one step."""
    return frozenset(rule.leads_to for rule in RULES if isinstance(rule.trigger, Event) and rule.source is status)


@cache
def reachable(status: Status, channel: Channel) -> frozenset[Status]:
    """The statuses that a campaign can still get to, whoever moves it; from an unknown one nobody can say, so all."""
    if status == Status.UNKNOWN:
        return frozenset(Status)
    found: set[Status] = {status}
    while fresh := {rule.leads_to for rule in RULES if rule.source in found and channel in rule.channels} - found:
        found |= fresh
    return frozenset(found)


@frozen
class Decision:
    """What the life cycle says about one action in one status.

    True in a boolean context exactly if the action is allowed.
    """

    allowed: bool
    status: Status | None
    action: Action
    channel: Channel
    started: bool | None
    strict: bool
    destination: Status | None
    """Where the action leads; None if it is refused."""
    accepted: frozenset[Status]
    """The statuses that an honest answer may show: the destination, what the platform can make of it
    at once (fact sheet 5.2), and created after a resume before the start (5.4). Never the status before
    the action, if the action leaves it: an answer that shows that one is "not yet seen". Empty if refused."""
    code: str
    reason: str
    sources: tuple[Source, ...]
    standing: Standing | None
    """How well the rule is supported; None for a refusal, which rests on no edge."""
    legal_actions: tuple[Action, ...]
    route: tuple[Action, ...] | None
    """The shortest legal way to what the action is for; None where there is none."""
    undoable: bool
    """Whether a way back is documented, set by hand for each action."""
    effect: str
    """What the action does; empty if it is refused."""
    already: bool = field(default=False)
    """Refused only because the action has already taken effect."""

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
            "sources": [
                {"page": source.page.key, "title": source.page.title, "url": source.page.url, "says": source.says}
                for source in self.sources
            ],
        }


@cache
def undoable(action: Action) -> bool:
    """Whether a way back from the action is documented, by the hand-set column of the table."""
    return all(rule.undoable for rule in RULES if rule.trigger is action)


def _goal(action: Action) -> Status | None:
    """The status that an action is to take a campaign to; None where it leaves the status as it is."""
    if action is Action.CREATE:
        return None  # it makes a campaign and takes none anywhere
    return next((rule.dest for rule in RULES if rule.trigger is action), None)


def _counts_as_started(status: Status | None, started: bool | None) -> bool:
    if status is None:
        return False
    if status is Status.CREATED:
        return started is True
    if status is Status.PAUSED:
        return started is not False
    return True


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
        started: Whether the campaign has started (see `has_started`). None means that nobody knows,
            and counts as started except from created.
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


def _one_of(kind: type[_T], value: object, name: str) -> _T:
    try:
        return kind(value)  # type: ignore[arg-type]
    except ValueError:
        raise ValueError(f"{value!r} is no {name}; it is one of {', '.join(kind)}") from None


def _compile(status: object, action: object, channel: object, started: object, strict: object) -> Decision:
    action = _one_of(Action, action, "action")
    channel = _one_of(Channel, channel, "channel")
    if not (started is None or isinstance(started, bool)) or not isinstance(strict, bool):
        raise TypeError("started is True, False or None, and strict is True or False")
    known = status is None or (isinstance(status, str) and status in set(Status))
    parsed = Status(status) if known and isinstance(status, str) else None if known else Status.UNKNOWN
    decision = _cell(parsed, action, channel, started, strict)
    if known:
        _CELLS[parsed, action, channel, started, strict] = decision
    return decision


def _cell(status: Status | None, action: Action, channel: Channel, started: bool | None, strict: bool) -> Decision:
    effective = _counts_as_started(status, started)

    def legal(candidate: Action) -> Rule | None:
        rule = None if status is Status.UNKNOWN else _edge(status, candidate, channel, effective)
        return None if rule and strict and rule.standing is Standing.CONTESTED else rule

    rule = legal(action)
    contested = (
        _edge(status, action, channel, effective) if strict and not rule and status is not Status.UNKNOWN else None
    )
    common: dict[str, Any] = {
        "status": status,
        "action": action,
        "channel": channel,
        "started": started,
        "strict": strict,
        "legal_actions": tuple(candidate for candidate in Action if legal(candidate)),
        "undoable": undoable(action),
    }
    if rule:
        late = rule.also_accepted if not effective else frozenset()
        return Decision(
            allowed=True,
            destination=rule.leads_to,
            accepted=frozenset({rule.leads_to}) | (platform_moves(rule.leads_to) - {rule.source}) | late,
            code=rule.code,
            reason=f"{action} is legal while {status}." if status else "create makes a new campaign.",
            sources=rule.sources,
            standing=rule.standing,
            route=(action,),
            effect=rule.effect,
            **common,
        )
    refusal = STRICT_REFUSAL if contested else _refusal(status, action, channel)
    goal = _goal(action)
    way = None if goal is None else route(status, goal, channel=channel, strict=strict)
    if way and way[0] is action:
        way = None  # the route does not know whether the campaign has started, and this one has
    return Decision(
        allowed=False,
        destination=None,
        accepted=frozenset(),
        code=refusal.code,
        reason=refusal.reason.format(status=status, action=action, channel=channel),
        sources=contested.sources if contested else refusal.sources,
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


def route(
    start: Status | str | None,
    goal: Status | str,
    *,
    channel: Channel | str = Channel.MESSAGE,
    strict: bool = False,
) -> tuple[Action, ...] | None:
    """The shortest legal way from one status to another by the account holder's own actions.

    Empty if `start` is `goal`; None if there is no way, or none but waiting: no route starts a
    campaign early, so created to in-progress is "wait for its start", never pause and resume.

    Raises:
        ValueError: A status or the channel is not on the list.

    >>> route("created", "archived")
    (<Action.PAUSE: 'pause'>, <Action.COMPLETE: 'complete'>, <Action.ARCHIVE: 'archive'>)
    """
    channel = _one_of(Channel, channel, "channel")
    start = _known(start) if start is not None else None
    goal = _known(goal)
    return _route(start, goal, channel, strict)


def _known(status: Status | str) -> Status:
    try:
        return Status(status)
    except ValueError:
        raise ValueError(f"{status!r} is no status; it is one of {', '.join(Status)}") from None


@cache
def _route(start: Status | None, goal: Status, channel: Channel, strict: bool) -> tuple[Action, ...] | None:
    if Status.UNKNOWN in (start, goal):
        return None
    # Whatever begins before the start must not resume: that would send messages ahead of time.
    early = start in (None, Status.CREATED)
    steps = [
        rule
        for rule in RULES
        if isinstance(rule.trigger, Action)
        and channel in rule.channels
        and rule.leads_to is not rule.source
        and not (early and rule.trigger is Action.RESUME)
        and not (strict and rule.standing is Standing.CONTESTED)
    ]
    ways: deque[tuple[Status | None, tuple[Action, ...]]] = deque([(start, ())])
    seen = {start}
    while ways:
        status, way = ways.popleft()
        if status is goal:
            return way
        for rule in steps:
            if rule.source is status and rule.leads_to not in seen:
                assert isinstance(rule.trigger, Action)
                seen.add(rule.leads_to)
                ways.append((rule.leads_to, (*way, rule.trigger)))
    return None

"""The life cycle as a `transitions` machine, built from the table."""

from __future__ import annotations

from functools import cache
from typing import Any, Final, TypeVar, overload

from transitions import Machine
from transitions.core import EventData

from campaign_fsm.lifecycle.graph import reached
from campaign_fsm.lifecycle.mixins import NEW, CampaignMachine, Models, machine_class, started_condition
from campaign_fsm.rules import (
    DEAD_ENDS,
    REFUSALS,
    RULES,
    STATUSES,
    STRICT_REFUSAL,
    Action,
    Channel,
    Rule,
    Standing,
    Status,
)

_M = TypeVar("_M", bound=Machine)


def _state(status: Status | None) -> str:
    return NEW if status is None else status.value


def _check(rules: tuple[Rule, ...]) -> None:
    """Refuse a table that `transitions` would silently accept."""
    for rule in rules:
        _check_ends(rule)
    _check_distinct(rules)
    _check_reached(rules)


def _check_ends(rule: Rule) -> None:
    if rule.source is Status.UNKNOWN or rule.dest is Status.UNKNOWN:
        raise ValueError(f"{rule.code}: no edge can leave or enter the unknown status")
    for status in (rule.source, rule.dest):
        if status is not None and not isinstance(status, Status):
            raise ValueError(f"{rule.code}: {status!r} is not a status")
    if rule.source is None and (rule.trigger is not Action.CREATE or rule.dest is None):
        raise ValueError(f"{rule.code}: only create acts on no campaign, and it leads somewhere")


def _check_distinct(rules: tuple[Rule, ...]) -> None:
    taken: dict[tuple[object, ...], str] = {}
    for rule in rules:
        for channel in rule.channels:
            for started in (False, True) if rule.started is None else (rule.started,):
                edge = (rule.trigger, rule.source, channel, started)
                if edge in taken:
                    raise ValueError(
                        f"{rule.code} and {taken[edge]} are the same edge: {rule.trigger} from {rule.source}"
                    )
                taken[edge] = rule.code
    codes = [*(rule.code for rule in rules), *(refusal.code for refusal in REFUSALS), STRICT_REFUSAL.code]
    doubled = {code for code in codes if codes.count(code) > 1}
    if doubled:
        raise ValueError(f"codes used twice: {', '.join(sorted(doubled))}")


def _check_reached(rules: tuple[Rule, ...]) -> None:
    known = reached(None, rules)
    for status in STATUSES:
        if status not in known:
            raise ValueError(f"no way leads to {status}")
        ends = all(rule.leads_to is status for rule in rules if rule.source is status)
        if ends != (status in DEAD_ENDS):
            raise ValueError(f"{status} is {'an undeclared' if ends else 'no'} dead end")


def _is_contested(rule: Rule) -> bool:
    """Whether ``strict`` refuses it: what the platform does is no matter of strictness."""
    return rule.standing is Standing.CONTESTED and isinstance(rule.trigger, Action)


@overload
def build_machine(
    channel: Channel | str = ...,
    rules: tuple[Rule, ...] = ...,
    *,
    machine: type[_M],
    model: Any = ...,
    initial: Status | str | None = ...,
    strict: bool = ...,
    **options: Any,
) -> _M: ...
@overload
def build_machine(
    channel: Channel | str = ...,
    rules: tuple[Rule, ...] = ...,
    *,
    model: Any = ...,
    initial: Status | str | None = ...,
    strict: bool = ...,
    **options: Any,
) -> CampaignMachine: ...
def build_machine(
    channel: Channel | str = Channel.MESSAGE,
    rules: tuple[Rule, ...] = RULES,
    *,
    machine: type[Machine] = Machine,
    model: Any = None,
    initial: Status | str | None = None,
    strict: bool = False,
    **options: Any,
) -> Machine:
    """A fresh `transitions` machine of one channel's life cycle, with models of yours or without.

    Triggers are the canonical strings of `Action` and `Event`, states those of `Status` plus `NEW`; where Python
    cannot spell one, a model has it with ``_`` too: ``edit_callbacks``, ``is_in_progress``. What may be done only
    before the start, or only after it, asks the model's attribute ``started``: True, False or None, or a method
    without arguments that returns one. None, or a model without it, is unknown, which is what `decide` makes of it.

    Args:
        channel: The kind of campaign.
        rules: The table.
        machine: A class of `transitions`: ``Machine``, ``LockedMachine``, ``AsyncMachine``, ``GraphMachine`` and their
            combinations, or one of yours; none for nested states. What they cannot do, they cannot do here: an
            ``AsyncMachine`` that is queued for each model does not pickle.
        model: What to attach, or several in a list; ``"self"`` is the machine itself.
        initial: The state of the models, of those too that are attached later; None: the one that they have.
        strict: Leave out what the account holder may do only by some of the vendor's pages.
        **options: What the class takes besides: ``queued``, ``send_event``, ``after_state_change`` and so on.

    Warns:
        UserWarning: A model has something of its own by the name of a trigger, such as an attribute ``start`` or
            a method ``delete``: that one stays, and asks no machine.

    Raises:
        ValueError: The table is not sound: a duplicate edge or code, an unknown state, a state that
            nothing reaches, or a dead end that is not declared as one. Or the channel is on no list, or the state of
            a model is unknown.
        TypeError: The class or an option would not keep to the table, or a model takes no new attributes.

    >>> class Reminder: ...
    >>> reminder = Reminder()
    >>> machine = build_machine("message", model=reminder, initial="paused")
    >>> reminder.resume(), reminder.state
    (True, 'in-progress')
    """
    channel = Channel(channel)
    _check(rules)
    ours = sorted(_OURS & options.keys())
    if ours:
        raise TypeError(f"{ours[0]} comes from the table")
    make: Any = machine_class
    built: Any = make(machine)(
        model=None,
        states=[NEW, *(status.value for status in STATUSES)],
        initial=None,
        auto_transitions=False,
        **{"name": f"{channel} campaign", **options},
    )
    built.channel, built.strict, built.models = channel, strict, Models(built.models)
    for rule in rules:
        if channel in rule.channels and not (strict and _is_contested(rule)):
            # Without a destination the model stays where it is: it leaves and enters nothing.
            built.add_transition(rule.trigger.value, _state(rule.source), rule.dest and rule.dest.value)
            if rule.started is not None:
                added = built.get_transitions(rule.trigger.value, _state(rule.source))[-1]
                added.conditions.append(started_condition(built, target=rule.started))
    for action in Action:
        # Without an edge on this channel it is refused like any other, with the reason.
        if action.value not in built.events:
            built.events[action.value] = built.event_cls(action.value, built)
    if initial is not None:
        built.initial = built.beginning(None, initial)
    if model is not None:
        built.add_model(model)
    return built  # type: ignore[no-any-return]


_OURS: Final = frozenset({"states", "transitions", "auto_transitions", "ordered_transitions"})


@cache
def _machine(channel: Channel) -> Machine:
    return build_machine(channel)


class _Scratch:
    """A throw-away model of one question."""

    def __init__(self, started: bool) -> None:
        self.started = started


@cache
def edge(status: Status | None, action: Action, channel: Channel, started: bool) -> Rule | None:
    """The rule under the edge that the machine would take, or None where it would take none."""
    if status is Status.UNKNOWN:
        return None
    machine = _machine(channel)
    # Asked, not triggered: a trigger would log a transition that no campaign made. Nothing is attached, because several
    # threads may ask at once.
    asked = EventData(machine.get_state(_state(status)), None, machine, _Scratch(started), (), {})
    edges = machine.get_transitions(action.value, _state(status))
    if not any(all(condition.check(asked) for condition in one.conditions) for one in edges):
        return None
    for rule in RULES:
        if rule.trigger is action and rule.applies(status, channel, started):
            return rule
    raise AssertionError(f"the machine takes an edge that is not in the table: {action} from {status}")

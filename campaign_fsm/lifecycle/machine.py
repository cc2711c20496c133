"""The life cycle as a `transitions` machine, built from the table."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from transitions import Machine

from campaign_fsm.lifecycle.graph import reached
from campaign_fsm.rules import DEAD_ENDS, REFUSALS, RULES, STATUSES, STRICT_REFUSAL, Action, Channel, Rule, Status

NEW: Final = "new"
"""The machine's name for "no campaign yet", from which only `Action.CREATE` leads."""


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
            raise ValueError(f"{rule.code}: {status!r} is no status")
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
        states=[NEW, *(status.value for status in STATUSES)],
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


class Scratch:
    """A model for the shared machine: one throw-away object a question, never a real campaign."""

    state: str

    def __init__(self, started: bool) -> None:
        self.started = started
        self.not_started = not started


@cache
def edge(status: Status | None, action: Action, channel: Channel, started: bool) -> Rule | None:
    """The rule under the edge that the machine would take, or None where it would take none."""
    if status is Status.UNKNOWN:
        return None
    machine = _machine(channel)
    model: Any = Scratch(started)
    machine.add_model(model, initial=_state(status))
    try:
        # Asked, not triggered: a trigger would log a transition that no campaign made.
        if not model.may_trigger(action.value):
            return None
    finally:
        machine.remove_model(model)
    for rule in RULES:
        if rule.trigger is action and rule.applies(status, channel, started):
            return rule
    raise AssertionError(f"the machine takes an edge that is not in the table: {action} from {status}")

"""What a machine of the life cycle does beyond one of `transitions`: Python names, and errors that say why.

It is mixed into whichever class of `transitions` is asked for. None of it is on the way of a request, which asks
`decide`.
"""

from __future__ import annotations

import contextlib
import inspect
import sys
import warnings
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Final

from transitions import Machine
from transitions.core import Condition, EventData, State, listify
from transitions.core import Event as Trigger

from campaign_fsm.rules import RULES, STATUSES, Action, Actor, Channel, Event, Status

if TYPE_CHECKING:
    from transitions import Machine as _Machine
    from transitions.core import Condition as _Condition
    from transitions.core import Event as _Trigger
else:
    _Trigger = _Machine = _Condition = object

NEW: Final = "new"
"""The machine's name for "no campaign yet", from which only `Action.CREATE` leads."""

STARTED: Final = "started"
"""The attribute of a model that says whether its campaign has started."""


def counts_as_started(status: Status | str | None, started: bool | None) -> bool:
    """What `started` means in a status; None is unknown, and counts as started except from created."""
    if status is None:
        return False
    if status == Status.CREATED:
        return started is True
    if status == Status.PAUSED:
        return started is not False
    return True


def said_of_start(model: object) -> Any:
    """What a model says of its start, by an attribute, a property or a method; None if it says nothing.

    An error of its own property comes out: who is taken to say nothing counts as not started while created.
    """
    try:
        said = getattr(model, STARTED)
    except AttributeError:
        if inspect.getattr_static(model, STARTED, None) is not None:
            raise
        return None
    return said() if callable(said) else said


def flag(said: object) -> bool | None:
    if said is None or isinstance(said, bool):
        return said
    raise TypeError(f"a model's {STARTED!r} must be True, False or None, not {said!r}")


class _StartedMixin(_Condition):
    """Whether the edge is for a campaign that has started, or for one that has not (`target`)."""

    def _holds(self, event_data: EventData, said: object) -> bool:
        return counts_as_started(event_data.state.name, flag(said)) is self.target


class _Started(_StartedMixin, Condition):
    def check(self, event_data: EventData) -> bool:
        return self._holds(event_data, said_of_start(event_data.model))


class _AsyncStarted(_StartedMixin, Condition):
    async def check(self, event_data: EventData) -> bool:  # type: ignore[override]
        said = said_of_start(event_data.model)
        return self._holds(event_data, await said if inspect.isawaitable(said) else said)


def started_condition(machine: Machine, *, target: bool) -> Condition:
    """The condition of an edge that depends on the start, for the transitions of a machine."""
    waits = inspect.iscoroutinefunction(machine.transition_cls.condition_cls.check)
    return (_AsyncStarted if waits else _Started)(STARTED, target)


def _own_names() -> dict[str, str]:
    """The triggers and states that Python cannot spell, by the names that it can."""
    names = {str(name) for name in (*Action, *Event, *Status)}
    return {name.replace("-", "_"): name for name in sorted(names) if not name.isidentifier()}


OWN_NAMES: Final = _own_names()
"""``edit_callbacks`` and ``in_progress``, and what they stand for."""
_SPELLED: Final = {name: spelling for spelling, name in OWN_NAMES.items()}


class _Remade:
    """Pickles objects of classes that were made as they were asked for."""

    base: Any
    remake: Any

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return _blank, (type(self).remake, type(self).base), self.__getstate__()


def _blank(remake: Any, base: Any) -> Any:
    cls = remake(base)
    return cls.__new__(cls)


class _TriggerMixin(_Trigger):
    """A trigger that says why it is illegal, where `transitions` names the state or returns False."""

    def _ignored(self, state: State) -> bool:
        ignored = state.ignore_invalid_triggers
        return bool(self.machine.ignore_invalid_triggers if ignored is None else ignored)

    def _is_valid_source(self, state: State) -> bool:
        # What is illegal is refused in `_process`, where the model is known.
        if self.name not in _TRIGGERS or self._ignored(state):
            return super()._is_valid_source(state)
        return True

    def _refused(self, event_data: EventData, said: object) -> None:
        if not event_data.result and self.name in _TRIGGERS and not self._ignored(event_data.state):
            _refuse(self, event_data.state, flag(said))
            super()._is_valid_source(event_data.state)  # no edge in a table of somebody's own


class _SyncTrigger(_TriggerMixin):
    def _process(self, event_data: EventData) -> None:  # type: ignore[override]
        # Without this look, one into a dict that makes what it lacks would make a source of the state.
        if event_data.state.name in self.transitions:
            super()._process(event_data)
        self._refused(event_data, None if event_data.result else said_of_start(event_data.model))


class _AsyncTrigger(_TriggerMixin):
    async def _process(self, event_data: EventData) -> None:  # type: ignore[override]
        if event_data.state.name in self.transitions:
            await super()._process(event_data)  # type: ignore[misc]
        said = None if event_data.result else said_of_start(event_data.model)
        self._refused(event_data, await said if inspect.isawaitable(said) else said)


_TRIGGERS: Final = frozenset[str]({*Action, *Event})
_STATES: Final = frozenset[str]({NEW, *STATUSES})


def _refuse(trigger: Any, state: State, started: bool | None) -> None:
    """Raise what says why a trigger is illegal; not if only a condition of somebody's own was false."""
    # `decide` is compiled from a machine, and `campaign-fsm check` needs no errors.
    from campaign_fsm.lifecycle.decision import decide
    from campaign_fsm.lifecycle.illegal import IllegalTrigger

    machine = trigger.machine
    if state.name not in _STATES:
        return  # one of somebody's own
    status = None if state.name == NEW else Status(state.name)
    if trigger.name in set(Event):
        rules = [rule for rule in RULES if rule.trigger == trigger.name]
        if any(rule.applies(status) for rule in rules):
            return
        sources = " or ".join(dict.fromkeys(str(rule.source) for rule in rules))
        raise IllegalTrigger(
            code=rules[0].code,
            reason=f"{trigger.name} happens only while {sources}; the state is {state.name}.",
            channel=machine.channel,
            status=status,
            sources=rules[0].sources,
        )
    decision = decide(status, trigger.name, channel=machine.channel, started=started, strict=machine.strict)
    if not decision:
        raise IllegalTrigger(
            code=decision.code,
            reason=decision.reason,
            action=decision.action,
            channel=machine.channel,
            status=status,
            sources=decision.sources,
            legal_actions=decision.legal_actions,
            route=decision.route,
            decision=decision,
            advice=decision.advice,
        )


class Models(list[Any]):
    """Models told apart by what they are: `transitions` drops one that is equal to another, without a word."""

    def __contains__(self, model: object) -> bool:
        return any(each is model for each in self)

    def remove(self, model: object) -> None:
        while True:
            at = next((place for place, each in enumerate(self) if each is model), None)
            if at is None:
                raise ValueError("the model is not attached to this machine")
            with contextlib.suppress(IndexError):
                taken = self.pop(at)
                if taken is model:
                    return
                self.append(taken)  # another thread has moved them


class LifeCycle(_Machine):
    """What `CampaignMachine` and its like do beyond a machine of `transitions`."""

    channel: Channel = Channel.MESSAGE
    """The kind of campaign."""
    strict: bool = False
    """Whether the edges that the vendor's pages contradict each other about are left out."""

    def add_model(self, model: Any, initial: Any = None, **options: Any) -> None:
        """Attach a model: it gets the triggers as methods, and ``may_…`` and ``is_…``.

        Args:
            model: Any object that takes new attributes, or several in a list.
            initial: Its state, a `Status` or its canonical string, or ``"new"``; None: the one that it has.
            **options: What the class of the machine takes besides.

        Warns:
            UserWarning: The model has something of its own by the name of a trigger, which stays.

        Raises:
            ValueError: The state is not given, and the model has none.
            TypeError: The model takes no new attributes.
        """
        for one in listify(model):
            it = self if one is self.self_literal else one
            if it in self.models:
                continue  # as `transitions` does
            beginning = self.beginning(it, self.initial if initial is None else initial)
            try:
                vars(it)
                setattr(it, self.model_attribute, beginning)
            except (TypeError, AttributeError, ValueError) as error:
                raise TypeError(
                    f"a {type(it).__name__} takes no new attributes: a model must be neither frozen nor made of slots, "
                    "as with attrs.define(slots=False)"
                ) from error
            super().add_model(one, beginning, **options)
            self._warn_of_own(it)

    def remove_model(self, model: Any) -> None:
        """Let go of a model, or of several in a list: they keep their methods, and their state."""
        super().remove_model(Models(listify(model)))

    def _warn_of_own(self, model: object) -> None:
        for trigger, event in self.events.items():
            name = _SPELLED.get(trigger, trigger)
            bound = getattr(model, name, None)
            if not (isinstance(bound, partial) and bound.func == event.trigger) and not self.model_override:
                warnings.warn(
                    f"{name} of this {type(model).__name__} is its own and does not ask the machine; "
                    f"model.trigger({trigger!r}) does, and model_override=True puts the machine's in its place",
                    stacklevel=_above(),
                )

    def beginning(self, model: object, initial: object) -> str:
        """The name of the state in which a model begins.

        Args:
            model: The model.
            initial: The state, a `Status` or a name; None: the one that the model has.

        Raises:
            ValueError: There is no such state, or the model has none.
        """
        state = getattr(model, self.model_attribute, None) if initial is None else initial
        name = _plain(state)
        if not isinstance(name, str) or name not in self.states:
            known = ", ".join(self.states)
            where = "is no state" if initial is not None else f"is the {self.model_attribute!r} of the model"
            raise ValueError(f"{state!r} {where}; give initial=, one of {known}")
        return name

    def get_state(self, state: Any) -> State:
        """The state of a name; of a `Status`, too."""
        return super().get_state(_plain(state))

    def get_triggers(self, *args: Any, actor: Actor | str | None = None) -> list[str]:
        """The triggers that have an edge from these states, whether or not a condition lets them through.

        Args:
            *args: States, as `Status` or as names.
            actor: Only those of the ``"account holder"``, or of the ``"platform"``; None for both.
        """
        names = super().get_triggers(*map(_plain, args))
        if actor is None:
            return names
        theirs = set[str](Action if Actor(actor) is Actor.ACCOUNT_HOLDER else Event)
        return [name for name in names if name in theirs]

    def get_transitions(self, trigger: str = "", source: Any = "*", dest: Any = "*") -> list[Any]:
        """The transitions, each a `transitions.Transition`, that have all of these.

        Args:
            trigger: The trigger; empty for any.
            source: The state that they leave, a `Status` or a name; ``"*"`` for any.
            dest: The state that they lead to, likewise.
        """
        return super().get_transitions(_own(trigger), _plain(source), _plain(dest))

    def remove_transition(self, trigger: str, source: Any = "*", dest: Any = "*") -> None:
        """Take transitions away. The models lose the methods of a trigger that has none left.

        Args:
            trigger: The trigger.
            source: The state that they leave, a `Status` or a name; ``"*"`` for any.
            dest: The state that they lead to, likewise.
        """
        name = _own(trigger)
        super().remove_transition(name, _plain(source), _plain(dest))
        if name not in self.events and name in _SPELLED:
            for model in self.models:
                delattr(model, _SPELLED[name])

    # The names that Python can spell, beside the others

    def _add_trigger_to_model(self, trigger: str, model: object) -> None:
        super()._add_trigger_to_model(trigger, model)
        if trigger in _SPELLED:
            self._checked_assignment(model, _SPELLED[trigger], partial(self.events[trigger].trigger, model))
            may: Any = partial(self._can_trigger, model, trigger)
            self._checked_assignment(model, f"may_{_SPELLED[trigger]}", may)

    def _add_model_to_state(self, state: State, model: object) -> None:
        super()._add_model_to_state(state, model)
        spelled = _SPELLED.get(state.name)
        if spelled is None:
            return
        attribute = "" if self.model_attribute == "state" else f"{self.model_attribute}_"
        self._checked_assignment(model, f"is_{attribute}{spelled}", partial(self.is_state, state.value, model))
        for callback in self.state_cls.dynamic_methods:
            name = f"{callback}_{spelled}"
            if inspect.ismethod(getattr(model, name, None)) and name not in getattr(state, callback):
                state.add_callback(callback.removeprefix("on_"), name)

    def _get_trigger(self, model: object, trigger_name: str, *args: Any, **kwargs: Any) -> bool:
        return super()._get_trigger(model, _own(trigger_name), *args, **kwargs)

    def _can_trigger(self, model: object, trigger: str, *args: Any, **kwargs: Any) -> Any:
        return super()._can_trigger(model, _own(trigger), *args, **kwargs)  # type: ignore[misc]

    def _identify_callback(self, name: str) -> tuple[str | None, str | None]:
        kind, target = super()._identify_callback(name)
        return kind, None if target is None else _own(target)


def _own(name: str) -> str:
    return OWN_NAMES.get(name, str(name))


def _plain(state: Any) -> Any:
    """A state as `transitions` looks it up: of an enum it would take the name, ``PAUSED``."""
    return _own(str(state.value) if isinstance(state, Status) else state) if isinstance(state, str) else state


def _above() -> int:
    """How many frames up the code is that attaches a model, as `warnings` counts."""
    frame, level = inspect.currentframe(), 0
    while frame is not None and frame.f_globals.get("__name__", "").startswith(("campaign_fsm.", "transitions")):
        frame, level = frame.f_back, level + 1
    return level


class CampaignTrigger(_SyncTrigger, Trigger):
    """A trigger of `CampaignMachine`."""


class CampaignMachine(LifeCycle, Machine):
    """A `transitions.Machine` of the life cycle; `build_machine` makes it.

    It differs in this: an illegal trigger raises `IllegalTrigger`, also where a condition is false for which
    `transitions` returns False; names that Python cannot spell have another one beside them (``edit_callbacks``,
    ``is_in_progress``, ``on_enter_in_progress``); it takes a `Status` for a state; models are told apart by what they
    are, not by ``==``. No request is judged by it: the gate asks `decide`.
    """

    event_cls = CampaignTrigger


@cache
def _trigger_class(base: Any) -> Any:
    if base is Trigger:
        return CampaignTrigger
    waits = inspect.iscoroutinefunction(base.trigger)
    mixin: Any = _AsyncTrigger if waits else _SyncTrigger
    return type(f"Campaign{base.__name__}", (_Remade, mixin, base), {"base": base, "remake": _trigger_class})


@cache
def machine_class(base: Any) -> Any:
    """A class of `transitions` with what `CampaignMachine` does.

    Raises:
        TypeError: It is none, or it is one for nested states.
    """
    if base is Machine:
        return CampaignMachine
    if not (isinstance(base, type) and issubclass(base, Machine)):
        raise TypeError(f"machine must be a class of transitions, such as Machine or AsyncMachine, not {base!r}")
    if issubclass(base, LifeCycle):
        kinds = [vars(kind)["event_cls"] for kind in base.__mro__ if "event_cls" in vars(kind)]
        if not all(issubclass(base.event_cls, kind) for kind in kinds):
            raise TypeError(f"{base.__name__} mixes machines; give the class of transitions alone, as LockedMachine")
        return base
    nesting = sys.modules.get("transitions.extensions.nesting")
    if nesting is not None and issubclass(base, nesting.HierarchicalMachine):
        raise TypeError(f"{base.__name__} is for nested states, and the life cycle has none; take the one without")
    make: Any = _trigger_class
    own = {"base": base, "remake": machine_class, "event_cls": make(base.event_cls)}
    return type(f"Campaign{base.__name__}", (_Remade, LifeCycle, base), own)

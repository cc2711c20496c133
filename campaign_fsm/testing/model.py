"""A model of one's own held against the life cycle: along a walk, or by a hypothesis machine to subclass."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Sequence
from typing import Any, ClassVar, Final

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from transitions import MachineError

from campaign_fsm.errors import CampaignFsmError
from campaign_fsm.lifecycle import NEW, decide
from campaign_fsm.lifecycle.mixins import flag, said_of_start
from campaign_fsm.rules import RULES, Action, Channel, Event, Status
from campaign_fsm.testing.strategies import Step

REFUSALS: Final = (CampaignFsmError, MachineError)
"""What a model may raise to refuse a trigger."""


def follow(
    model: Any, walk: Sequence[Step], *, attribute: str = "state", refusals: tuple[type[Exception], ...] = REFUSALS
) -> None:
    """Take a model along a walk, and hold its state against that of each step.

    Each step calls the model's method of that name (``edit_callbacks`` for `edit-callbacks`). Before it, and after the
    last one, everything that is illegal there is asked for, and has to be refused: by one of `refusals`, by returning
    False, or by having no such method. A model that is created already skips the creation.

    Args:
        model: A model of `build_machine`, or anything with such methods; ``started`` is set on it before each step.
        walk: Steps of `legal_walks` or `illegal_walks`.
        attribute: Where the model has its state, in the spelling of `Status`, or ``"new"``.
        refusals: What the model may raise to refuse.

    Raises:
        AssertionError: The state is another one; it says after which steps.
        ValueError: The model is not where the walk begins.
        TypeError: The model is asynchronous, or knows by itself whether it has started.

    >>> from campaign_fsm import build_machine
    >>> from hypothesis import given
    >>> from campaign_fsm.testing import follow, legal_walks
    >>> class Reminder: ...
    >>> @given(legal_walks("voice"))
    ... def test_reminders_live_as_documented(walk):
    ...     reminder = Reminder()
    ...     build_machine("voice", model=reminder, initial="new")
    ...     follow(reminder, walk)
    >>> test_reminders_live_as_documented()
    """
    __tracebackhide__ = True
    done: list[str] = []
    for step in walk:
        state = str(getattr(model, attribute))
        if step.trigger is Action.CREATE and state == Status.CREATED and not done:
            continue
        if state != (step.source or NEW):
            raise ValueError(
                f"the model is {state}, and the walk is at {step.source or NEW}; begin it as new or created"
            )
        if not _tell_started(model, step.started):
            raise TypeError(
                f"a {type(model).__name__} knows by itself whether it has started, and a walk says so; "
                "ModelLife asks the model instead"
            )
        after = f" after {', '.join(done)}" if done else ""
        _hold_all(model, step.source, step.channel, step.started, after, attribute, refusals)
        _hold(model, step.trigger, step.channel, step.legal, step.status, step.code, after, attribute, refusals)
        done.append(str(step.trigger))
    if done:
        after = f" after {', '.join(done)}"
        _hold_all(model, walk[-1].status, walk[-1].channel, walk[-1].started, after, attribute, refusals)


_TRIGGERS: Final = (*Action, *Event)


def _judged(
    status: Status | None, trigger: Action | Event, channel: Channel, started: bool | None, *, strict: bool = False
) -> tuple[bool, Status | None, str]:
    """Whether a trigger is legal, the status after it, and the code that says so."""
    if isinstance(trigger, Action):
        decision = decide(status, trigger, channel=channel, started=started, strict=strict)
        return decision.allowed, decision.destination if decision else status, decision.code
    edges = [edge for edge in RULES if edge.trigger is trigger]
    edge = next((edge for edge in edges if edge.applies(status, channel, started)), None)
    return edge is not None, edge.leads_to if edge else status, (edge or edges[0]).code


def _hold_all(  # noqa: PLR0917 (where a walk is)
    model: Any,
    status: Status | None,
    channel: Channel,
    started: bool,
    after: str,
    attribute: str,
    refusals: tuple[type[Exception], ...],
) -> None:
    """Ask for everything that is illegal in a status."""
    __tracebackhide__ = True
    for trigger in _TRIGGERS:
        legal, dest, code = _judged(status, trigger, channel, started)
        if not legal:
            _hold(model, trigger, channel, legal, dest, code, after, attribute, refusals)


def _tell_started(model: Any, started: bool) -> bool:
    """Tell a model whether its campaign has started; False if it knows that by itself."""
    if callable(inspect.getattr_static(model, "started", None)):
        return False
    try:
        model.started = started
    except AttributeError:
        return False
    return True


def _hold(  # noqa: PLR0917 (what a step is)
    model: Any,
    trigger: Action | Event,
    channel: Channel | str,
    legal: bool,
    expected: Status | None,
    code: str,
    after: str,
    attribute: str,
    refusals: tuple[type[Exception], ...],
) -> None:
    """Call a trigger, and hold what becomes of the model against what the life cycle says."""
    __tracebackhide__ = True
    before = str(getattr(model, attribute))
    ask = getattr(model, trigger.value.replace("-", "_"), None)
    if ask is not None and not callable(ask):
        ask = functools.partial(model.trigger, trigger.value)  # a time, say, under the name of `start`
    refused: object = "it has no such method" if ask is None else None
    if ask is not None:
        try:
            answer = ask()
        except refusals as error:
            refused = f"it raised {type(error).__name__}"
        else:
            if inspect.isawaitable(answer):
                if inspect.iscoroutine(answer):
                    answer.close()
                raise TypeError("the model is asynchronous, so nothing was done; give one with a plain Machine")
            refused = "it returned False" if answer is False else None
    now, dest = str(getattr(model, attribute)), expected or NEW
    what = f"{trigger} of a {channel} campaign while {before} is {'legal' if legal else 'illegal'} [{code}]{after}"
    if legal and refused is not None:
        raise AssertionError(f"{what}, and the model refused it: {refused}")
    if now != dest:
        raise AssertionError(f"{what}, and the model is {now}, not {dest}")
    if not legal and refused is None:
        raise AssertionError(f"{what}, and the model did not refuse it")


class ModelLife(RuleBasedStateMachine):
    """Everything is asked of a model, in any order: what is illegal has to be refused, and the rest to happen.

    Subclass it, override `make_model`, and let pytest run the test case of your class, as in the example. A model that
    knows by itself whether it has started is asked; whether its answer is right is not checked.

    Attributes:
        channel: The kind of campaign.
        strict: Whether the model refuses what the vendor's pages contradict each other about.
        attribute: Where the model has its state, in the spelling of `Status`, or ``"new"``.
        refusals: What the model may raise to refuse; everything else fails the run.
        model: What `make_model` gave.

    >>> from campaign_fsm import build_machine
    >>> class Reminder: ...
    >>> class ReminderLife(ModelLife):
    ...     def make_model(self):
    ...         reminder = Reminder()
    ...         build_machine("message", model=reminder, initial="created")
    ...         return reminder
    >>> TestReminder = ReminderLife.TestCase
    """

    channel: ClassVar[Channel | str] = Channel.MESSAGE
    strict: ClassVar[bool] = False
    attribute: ClassVar[str] = "state"
    refusals: ClassVar[tuple[type[Exception], ...]] = REFUSALS

    model: Any

    def make_model(self) -> Any:
        """A fresh model to begin with, in any state. Override it.

        Raises:
            NotImplementedError: It is not overridden.
        """
        raise NotImplementedError("override make_model: return a model of yours")

    @initialize()
    def begin(self) -> None:
        """A new model begins."""
        self.model = self.make_model()

    @rule(started=st.booleans())
    def the_start_passes(self, started: bool) -> None:
        """The campaign starts, or goes back before its start; a model that knows that by itself stays as it is."""
        _tell_started(self.model, started)

    @rule(trigger=st.sampled_from(_TRIGGERS))
    def ask(self, trigger: Action | Event) -> None:
        """The account holder asks for something, or the platform does something by itself."""
        self._settle(trigger)

    @rule(choice=st.integers(0, len(_TRIGGERS) - 1))
    def go_on(self, choice: int) -> None:
        """Something that is legal happens; where nothing is, a new model begins."""
        legal = [trigger for trigger in _TRIGGERS if self._judged(trigger)[0]]
        if legal:
            self._settle(legal[choice % len(legal)])
        else:
            self.begin()

    def _judged(self, trigger: Action | Event) -> tuple[bool, Status | None, str]:
        state = str(getattr(self.model, self.attribute))
        status = None if state == NEW else Status(state)
        started = flag(said_of_start(self.model))
        return _judged(status, trigger, Channel(self.channel), started, strict=self.strict)

    def _settle(self, trigger: Action | Event) -> None:
        legal, dest, code = self._judged(trigger)
        _hold(self.model, trigger, self.channel, legal, dest, code, "", self.attribute, self.refusals)

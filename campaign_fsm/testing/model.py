"""A model of one's own held against the life cycle: along a walk, or by a hypothesis machine to subclass."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any, ClassVar, Final

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from transitions import MachineError

from campaign_fsm.errors import CampaignFsmError
from campaign_fsm.lifecycle import NEW, decide
from campaign_fsm.rules import RULES, Action, Channel, Event, Status
from campaign_fsm.testing.strategies import Step

REFUSALS: Final = (CampaignFsmError, MachineError)
"""What a model may raise to refuse a trigger."""


def follow(
    model: Any, walk: Sequence[Step], *, attribute: str = "state", refusals: tuple[type[Exception], ...] = REFUSALS
) -> None:
    """Take a model along a walk, and hold its state against that of each step.

    Each step calls the model's method of that name (``edit_callbacks`` for `edit-callbacks`). What is illegal has to be
    refused: by one of `refusals`, by returning False, or by having no such method. A model that is there already skips
    the creation.

    Args:
        model: A model of `build_machine`, or anything with such methods; `started` is set on it before each step.
        walk: Steps of `legal_walks` or `illegal_walks`.
        attribute: Where the model has its state, in the spelling of `Status`, or ``"new"``.
        refusals: What the model may raise to refuse.

    Raises:
        AssertionError: The state is another one; it says after which steps.
        TypeError: The model is asynchronous, or `started` cannot be set on it.

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
        if step.trigger is Action.CREATE and getattr(model, attribute) != NEW:
            continue
        _tell_started(model, step.started)
        after = f" after {', '.join(done)}" if done else ""
        _hold(model, step.trigger, step.legal, step.status, step.code, after, attribute, refusals)
        done.append(str(step.trigger))


def _tell_started(model: Any, started: bool) -> None:
    try:
        model.started = started
    except AttributeError:
        raise TypeError(
            f"'started' cannot be set on a {type(model).__name__}, and a walk says whether the start has passed; "
            "ModelLife asks the model instead"
        ) from None


def _hold(  # noqa: PLR0917 (what a step is)
    model: Any,
    trigger: Action | Event,
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
    what = f"{trigger} while {before} is {'legal' if legal else 'illegal'} [{code}]{after}"
    if legal and refused is not None:
        raise AssertionError(f"{what}, and the model refused it: {refused}")
    if now != dest:
        raise AssertionError(f"{what}, and the model is {now}, not {dest}")
    if not legal and refused is None:
        raise AssertionError(f"{what}, and the model did not refuse it")


class ModelLife(RuleBasedStateMachine):
    """Everybody asks everything of a model, in any order: what is illegal has to be refused, and the rest to happen.

    Subclass it, override `make_model`, and let pytest run the ``TestCase`` of your class.

    Attributes:
        channel: The kind of campaign.
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
    attribute: ClassVar[str] = "state"
    refusals: ClassVar[tuple[type[Exception], ...]] = REFUSALS

    model: Any

    def make_model(self) -> Any:
        """A fresh model to begin with, in any state."""
        raise NotImplementedError("override make_model: return a model of yours")

    @initialize()
    def begin(self) -> None:
        self.model = self.make_model()

    @rule(started=st.booleans())
    def the_start_passes(self, started: bool) -> None:
        """Whether the campaign has started; a model that knows that by itself is not told."""
        try:
            self.model.started = started
        except AttributeError:
            return

    @rule(action=st.sampled_from(Action))
    def ask(self, action: Action) -> None:
        """The account holder asks for something."""
        status = self._status()
        decision = decide(status, action, channel=self.channel, started=self._started())
        self._settle(action, decision.allowed, decision.destination if decision else status, decision.code)

    @rule(event=st.sampled_from(Event))
    def happen(self, event: Event) -> None:
        """The platform does something by itself."""
        status = self._status()
        edges = [edge for edge in RULES if edge.trigger is event]
        edge = next((edge for edge in edges if edge.applies(status, Channel(self.channel), self._started())), None)
        self._settle(event, edge is not None, edge.leads_to if edge else status, (edge or edges[0]).code)

    def _status(self) -> Status | None:
        state = str(getattr(self.model, self.attribute))
        return None if state == NEW else Status(state)

    def _started(self) -> bool | None:
        started = getattr(self.model, "started", None)
        told: bool | None = started() if callable(started) else started
        return told

    def _settle(self, trigger: Action | Event, legal: bool, dest: Status | None, code: str) -> None:
        _hold(self.model, trigger, legal, dest, code, "", self.attribute, self.refusals)

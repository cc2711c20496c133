"""A model of one's own under hypothesis: sound ones pass, and each planted fault is found."""

import re

import pages
import pytest
from hypothesis import Phase, given, settings
from hypothesis.stateful import run_state_machine_as_test
from places import GUIDES
from transitions import Machine
from transitions.extensions.asyncio import AsyncMachine

from campaign_fsm import build_machine
from campaign_fsm.rules import RULES, Action, Channel, Status
from campaign_fsm.testing import ModelLife, Step, follow, illegal_walks, legal_walks
from campaign_fsm.testing.model import REFUSALS
from campaign_fsm.testing.strategies import _ways

pytestmark = pytest.mark.filterwarnings("ignore:.*is its own and does not ask the machine")

WALKS = legal_walks("voice") | illegal_walks("voice")
QUICK = settings(max_examples=25, stateful_step_count=30, database=None, deadline=None)
# Found once is enough: smaller examples, and other faults, take most of the time.
FINDING = settings(QUICK, max_examples=500, phases=(Phase.generate,), report_multiple_bugs=False)


class Plain:
    """Knows nothing; is told whether it has started."""


class Knows:
    """Knows by itself that it has not started."""

    @property
    def started(self):
        return False


def attached(model, initial="new", channel="voice", **options):
    build_machine(channel, model=model, initial=initial, **options)
    return model


def life(make, **attributes):
    return type("Life", (ModelLife,), {"channel": "voice", "make_model": lambda self: make(), **attributes})


@settings(QUICK)
@given(WALKS)
def test_a_model_of_the_machine_follows_every_walk(walk):
    """Legal at each step, and where the last one is illegal it is refused."""
    follow(attached(Plain()), walk)
    follow(attached(Plain(), "created"), walk)
    follow(attached(Plain(), model_attribute="status"), walk, attribute="status")


@pytest.mark.parametrize("kind", [Plain, Knows])
@pytest.mark.parametrize("initial", ["new", "paused"])
def test_a_model_of_the_machine_survives_everybody(kind, initial):
    """Whether it is told or knows by itself, and from wherever it begins."""
    run_state_machine_as_test(life(lambda: attached(kind(), initial)), settings=QUICK)


def edgeless(code):
    """A machine that lacks an edge, as one has it who wrote the table by hand."""
    model = Plain()
    rules = tuple(rule for rule in RULES if rule.code != code)
    build_machine("voice", rules, model=model, initial="new")
    return model


def shortcut():
    """A machine with an edge too many: complete while in progress, as the page's opening sentence has it."""
    model = Plain()
    machine = build_machine("voice", model=model, initial="new")
    machine.add_transition("complete", "in-progress", "completed")
    return model


def by_hand():
    """A machine of `transitions` alone, whose author has forgotten what depends on the start."""
    model = Plain()
    states = ["new", "created", "in-progress", "paused", "completed", "archived", "failed", "canceled", "deleted"]
    machine = Machine(model, states=states, initial="new", auto_transitions=False)
    for rule in RULES:
        machine.add_transition(rule.trigger.value, rule.source.value if rule.source else "new", rule.leads_to.value)
    machine.add_transition("edit_callbacks", ["created", "in-progress", "paused"], "=")
    return model


class Silent(Plain):
    """Takes what is illegal without a word, and does nothing."""

    def archive(self):
        return None if self.state != "completed" else self.trigger("archive")


@pytest.mark.parametrize(
    ("make", "fault"),
    [
        (lambda: edgeless("CF103"), r"pause .* while in-progress is legal \[CF103\].* the model refused it"),
        (shortcut, r"complete .* while in-progress is illegal \[CF224\].* the model is completed, not in-progress"),
        (by_hand, r"(edit|delete|reschedule) .* while (created|paused) is illegal .* the model "),
        (lambda: attached(Silent()), r"archive .* while .* is illegal .* the model did not refuse it"),
    ],
    ids=["an edge is missing", "an edge too many", "no start", "silent"],
)
def test_a_planted_fault_is_found_by_both(make, fault):
    """What is wrong with the model stands in the message, with the code that says why."""
    with pytest.raises(AssertionError, match=fault):
        run_state_machine_as_test(life(make), settings=FINDING)

    @settings(FINDING)
    @given(WALKS)
    def walks(walk):
        follow(make(), walk)

    with pytest.raises(AssertionError, match=fault):
        walks()


def test_a_failed_walk_says_after_which_steps():
    """The steps before the one that failed stand in the message."""
    with pytest.raises(AssertionError, match=r"is legal \[CF103\] after create, start, and the model refused it"):
        follow(edgeless("CF103"), next_walk("CF103"))


def next_walk(code):
    """The shortest walk to an edge."""
    return _ways(None, Channel.VOICE, False)[code]


def test_an_error_that_is_no_refusal_is_not_taken_for_one():
    """A model that breaks has not refused; what a team raises itself can be named."""

    class Broken(Plain):
        def archive(self):
            if self.state == "in-progress":
                raise LookupError("a bug")
            return self.trigger("archive")

    archive = next_walk("CF103")[:-1]
    illegal = Step(Action.ARCHIVE, Status.IN_PROGRESS, Status.IN_PROGRESS, Channel.VOICE, True, "CF226")
    with pytest.raises(LookupError):
        follow(attached(Broken()), [*archive, illegal])
    follow(attached(Broken()), [*archive, illegal], refusals=(LookupError, *REFUSALS))


def test_what_cannot_be_followed_is_a_clear_error():
    """An asynchronous model does nothing when it is called, and one that knows its start cannot be told."""
    model = attached(Plain(), machine=AsyncMachine)
    with pytest.raises(TypeError, match="asynchronous"):
        follow(model, next_walk("CF101"))

    class Method:
        def started(self):
            return False

    for model in (Knows(), Method()):
        with pytest.raises(TypeError, match="ModelLife asks the model"):
            follow(attached(model), next_walk("CF101"))
    with pytest.raises(ValueError, match="the model is paused, and the walk is at new"):
        follow(attached(Plain(), "paused"), next_walk("CF103"))
    with pytest.raises(NotImplementedError, match="make_model"):
        ModelLife().begin()


def test_events_are_asked_for_as_well():
    """A model to which the platform's moves do not happen is found."""

    class Deaf(Plain):
        def finish(self):
            return False

    with pytest.raises(AssertionError, match=r"finish .* while in-progress is legal \[CF302\]"):
        run_state_machine_as_test(life(lambda: attached(Deaf(), "in-progress")), settings=FINDING)


def test_the_fault_of_the_guide_is_found():
    """The example as it is printed fails, both ways, for the reason that the guide gives."""
    page = GUIDES / "state-machine.md"
    names = {}
    exec(compile(pages.file(page, "test_hasty.py"), str(page), "exec"), names)
    fault = "complete of a message campaign while in-progress is illegal [CF224]"
    with pytest.raises(AssertionError, match=re.escape(fault)):
        run_state_machine_as_test(names["HastyLife"], settings=FINDING)
    with pytest.raises(AssertionError, match=r"complete .* while .* is illegal"):
        settings(FINDING)(names["test_hasty"])()


class Method:
    """Knows by a method that it has started."""

    def started(self):
        return True


@pytest.mark.parametrize(
    ("make", "attributes"),
    [
        (lambda: attached(Method()), {}),
        (lambda: attached(Plain(), channel="message"), {"channel": "message"}),
        (lambda: attached(Plain(), strict=True), {"strict": True}),
        (lambda: attached(Plain(), model_attribute="status"), {"attribute": "status"}),
    ],
    ids=["method", "message", "strict", "attribute"],
)
def test_a_sound_model_of_any_kind_survives(make, attributes):
    """Each attribute of the machine says what it is held against."""
    run_state_machine_as_test(life(make, **attributes), settings=QUICK)


@pytest.mark.parametrize(
    ("make", "attributes", "fault"),
    [
        (lambda: attached(Plain(), channel="message"), {}, "of a voice campaign"),
        (
            lambda: attached(Plain()),
            {"channel": "message"},
            "of a message campaign .* did not refuse|of a message campaign .*the model is",
        ),
        (lambda: attached(Plain(), strict=True), {}, "(delete|reschedule) of a voice campaign"),
        (lambda: attached(Plain()), {"strict": True}, "(delete|reschedule) of a voice campaign"),
    ],
    ids=["message as voice", "voice as message", "strict as lenient", "lenient as strict"],
)
def test_a_model_of_another_kind_is_found(make, attributes, fault):
    """What it was held against stands in the message."""
    with pytest.raises(AssertionError, match=fault):
        run_state_machine_as_test(life(make, **attributes), settings=FINDING)


def test_a_life_takes_the_refusals_that_a_team_names():
    """A model that refuses in its own way is sound where that way is named."""

    class Ours(Plain):
        def archive(self):
            if self.state != "completed":
                raise PermissionError("not yet")
            return self.trigger("archive")

    run_state_machine_as_test(life(lambda: attached(Ours()), refusals=(PermissionError, *REFUSALS)), settings=QUICK)
    with pytest.raises(PermissionError):
        run_state_machine_as_test(life(lambda: attached(Ours())), settings=FINDING)


def test_a_time_by_the_name_of_start_is_no_trigger():
    """The trigger is asked for by its name then."""

    class Timed(Plain):
        start = "2026-01-05"

    run_state_machine_as_test(life(lambda: attached(Timed())), settings=QUICK)

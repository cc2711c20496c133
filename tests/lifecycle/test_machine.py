"""The `transitions` machine that users attach to models of their own."""

import asyncio
import copy
import logging
import pickle
import sys
import threading
from datetime import datetime, timedelta

import attrs
import oracle
import pytest
from transitions import Machine, MachineError
from transitions.extensions import GraphMachine, HierarchicalMachine, LockedMachine
from transitions.extensions.asyncio import AsyncMachine
from transitions.extensions.factory import AsyncGraphMachine, LockedGraphMachine

from campaign_fsm import (
    AsyncCampaignModel,
    CampaignMachine,
    CampaignModel,
    IllegalTransition,
    IllegalTrigger,
    build_machine,
    decide,
)
from campaign_fsm.lifecycle import NEW
from campaign_fsm.lifecycle.decision import _CELLS
from campaign_fsm.lifecycle.machine import _machine, edge
from campaign_fsm.rules import RULES, STATUSES, Action, Channel, Event, Status

# What `transitions` needs to draw with nothing else installed.
DRAWN = {"graph_engine": "mermaid"}
SYNC = [(Machine, {}), (LockedMachine, {}), (GraphMachine, DRAWN), (LockedGraphMachine, DRAWN)]
ASYNC = [(AsyncMachine, {}), (AsyncMachine, {"queued": True}), (AsyncMachine, {"queued": "model"})]


class Reminder:
    """What somebody has who knows nothing of this package: a class without a word about starts."""


class Told:
    """A model that says whether its campaign has started."""

    def __init__(self, started=None):
        self.started = started


def attached(channel="message", initial="paused", model=None, **options):
    model = Reminder() if model is None else model
    return model, build_machine(channel, model=model, initial=initial, **options)


def named(cls, options):
    return "-".join([cls.__name__, *(f"{value}" for key, value in options.items() if key == "queued")])


def params(classes):
    return pytest.mark.parametrize(("cls", "options"), classes, ids=[named(*each) for each in classes])


# Equal to `decide`


def cells(strict):
    for status, action, channel, started, strictly in oracle.cells():
        if strictly is strict and status != "unknown":
            yield status, action, channel, started


def check(model, machine, cell, asked):
    """Hold one cell of a machine against `decide`; `asked` are what ``may_…`` said and what the trigger did."""
    status, action, channel, started = cell
    decision = decide(status, action, channel=channel, started=started, strict=machine.strict)
    may, done = asked
    assert may is decision.allowed, cell
    if decision:
        assert done is True, cell
        assert model.state == decision.destination, cell
        return
    assert isinstance(done, IllegalTrigger), cell
    assert model.state == (status or NEW), cell
    told = (done.code, done.reason, done.route, done.legal_actions, done.sources, done.decision)
    assert told == (
        *(decision.code, decision.reason, decision.route, decision.legal_actions, decision.sources),
        decision,
    ), cell


def tried(call):
    try:
        return call()
    except MachineError as error:
        return error


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("channel", Channel)
def test_what_the_platform_does_is_no_matter_of_strictness(channel, strict):
    """A strict machine still has `expire` and `suspend`, though the pages contradict each other about them."""
    machine = build_machine(channel, strict=strict)
    events = {(each.source, event): each.dest for event in Event for each in machine.get_transitions(event)}
    assert events == {(status, event): dest for (event, status), dest in oracle.EVENTS.items()}
    assert {"expire", "suspend"} <= {event for _, event in events}
    assert bool(machine.get_transitions("delete")) == (channel == "voice" and not strict)


@pytest.mark.parametrize("strict", [False, True])
@params(SYNC)
def test_every_cell_of_the_machine_is_what_decide_says(cls, options, strict):
    """Each cell, on each channel, by each class of `transitions`: the same answer, and the same reason."""
    made = {}
    for channel in Channel:
        model = Told()
        made[channel] = (
            model,
            build_machine(channel, machine=cls, model=model, initial="created", strict=strict, **options),
        )
    counted = 0
    for cell in cells(strict):
        status, action, channel, started = cell
        model, machine = made[Channel(channel)]
        machine.set_state(NEW if status is None else status, model)
        model.started = started
        asked = model.may_trigger(action), tried(lambda model=model, action=action: model.trigger(action))
        check(model, machine, cell, asked)
        counted += 1
    assert counted == 486


@params(ASYNC)
def test_every_cell_of_an_async_machine_is_what_decide_says(cls, options):
    """The same, awaited; and `started` may have to be awaited as well."""

    class Waiting:
        said = None

        async def started(self):
            return self.said

    async def run():
        made = {}
        for channel in Channel:
            model = Waiting()
            made[channel] = model, build_machine(channel, machine=cls, model=model, initial="created", **options)
        for cell in cells(False):
            status, action, channel, started = cell
            model, machine = made[Channel(channel)]
            machine.set_state(NEW if status is None else status, model)
            model.said = started
            may = await model.may_trigger(action)
            try:
                done = await model.trigger(action)
            except MachineError as error:
                done = error
            check(model, machine, cell, (may, done))

    asyncio.run(run())


@params([*SYNC, *ASYNC])
def test_the_platform_moves_a_model_where_the_table_says(cls, options):
    """Each event from each state: where the typed table has it, and else an error that names where it happens."""

    async def run(call):
        answer = call()
        return await answer if asyncio.iscoroutine(answer) else answer

    async def every():
        model, machine = attached(machine=cls, **options)
        for status in STATUSES:
            for event in Event:
                machine.set_state(status, model)
                dest = oracle.EVENTS.get((event.value, status.value))
                if dest:
                    assert await run(getattr(model, event.value)) is True
                    assert model.state == dest
                    continue
                with pytest.raises(IllegalTrigger, match=f"{event} happens only while .*the state is {status}") as told:
                    await run(getattr(model, event.value))
                codes = {code for (name, _), code in oracle.EVENT_CODES.items() if name == event}
                assert told.value.code in codes
                assert (told.value.action, told.value.status) == (None, status)
                assert told.value.sources
                assert model.state == status

    asyncio.run(every())


# Names


def test_triggers_and_states_have_names_that_python_can_spell():
    """`edit-callbacks` and `in-progress` are no names of Python: what hangs on them is there with ``_`` as well."""
    calls = []

    class Listener:
        def on_enter_in_progress(self):
            calls.append("entered")

        def on_exit_in_progress(self):
            calls.append("left")

    model, machine = attached("voice", "paused", Listener())
    assert model.resume()
    assert model.is_in_progress()
    assert getattr(model, "is_in-progress")()
    assert model.may_edit_callbacks()
    assert model.may_trigger("edit_callbacks")
    assert model.may_trigger("edit-callbacks")
    machine.before_edit_callbacks(lambda: calls.append("edit"))
    machine.on_exit_in_progress(lambda: calls.append("left, too"))
    assert model.edit_callbacks()
    assert model.trigger("edit_callbacks")
    assert model.trigger("edit-callbacks")
    assert model.pause()
    assert calls == ["entered", "edit", "edit", "edit", "left", "left, too"]
    assert machine.get_transitions("edit_callbacks") == machine.get_transitions("edit-callbacks")
    assert machine.get_transitions("edit_callbacks")


def test_names_follow_the_attribute_of_the_model():
    """With another attribute for the state, `transitions` puts its name into ``is_…``."""
    model, _ = attached(model_attribute="status")
    model.resume()
    assert model.status == "in-progress"
    assert model.is_status_in_progress()
    assert not model.is_status_paused()


def test_a_status_and_an_action_are_taken_where_their_strings_are():
    """`transitions` would take the name of an enum's member, `PAUSED`, which is no state."""
    model, machine = attached(initial=Status.PAUSED)
    assert type(model.state) is str
    assert model.trigger(Action.RESUME)
    machine.set_state(Status.COMPLETED, model)
    assert model.is_completed()
    assert machine.is_state(Status.COMPLETED, model)
    assert machine.get_triggers(Status.COMPLETED) == machine.get_triggers("completed") == ["archive"]
    (archive,) = machine.get_transitions(source=Status.COMPLETED, dest=Status.ARCHIVED)
    assert (archive.source, archive.dest) == ("completed", "archived")


def test_triggers_can_be_had_for_one_actor():
    """From paused the account holder can do four things on messages, and the platform one."""
    machine = build_machine("message")
    assert machine.get_triggers("paused", actor="account holder") == [
        *("resume", "complete", "edit", "edit-callbacks", "reschedule")
    ]
    assert machine.get_triggers("paused", actor="platform") == ["expire"]
    assert machine.get_triggers("paused", "completed", actor="account holder")[-3:] == [
        *("edit", "edit-callbacks", "reschedule")
    ]
    assert len(machine.get_triggers("paused")) == 6
    with pytest.raises(ValueError, match="somebody"):
        machine.get_triggers("paused", actor="somebody")


def test_an_edit_leaves_and_enters_nothing():
    """A status that stays as it is calls nobody who waits for it to be entered."""
    entered = []
    model, machine = attached("voice", "in-progress")
    machine.on_enter_in_progress(lambda: entered.append("in-progress"))
    assert model.edit_callbacks()
    assert (entered, model.state) == ([], "in-progress")


# Starts


@pytest.mark.parametrize("way", ["attribute", "property", "method"])
@pytest.mark.parametrize("started", [None, False, True])
def test_a_model_says_in_any_way_whether_it_has_started(way, started):
    """An attribute, a property and a method are asked alike."""
    kinds = {
        "attribute": type("A", (), {"started": started}),
        "property": type("P", (), {"started": property(lambda self: started)}),
        "method": type("M", (), {"started": lambda self: started}),
    }
    for status in ("created", "paused"):
        model, _ = attached(initial=status, model=kinds[way]())
        assert model.may_edit() is decide(status, "edit", started=started).allowed


def test_a_model_that_says_nothing_counts_as_one_that_does_not_know():
    """No `not_started`, no `started`: from created it may be edited, and from paused it may not."""
    assert attached(initial="created")[0].edit()
    with pytest.raises(IllegalTrigger, match="may have"):
        attached(initial="paused")[0].edit()


@pytest.mark.parametrize("started", [1, 0, "no", datetime(2026, 1, 1)])  # noqa: DTZ001 (any value will do)
def test_what_is_no_answer_about_the_start_is_an_error(started):
    """A truthy value is not taken for True: it may be the time of the start."""
    model, _ = attached(initial="created", model=Told(started))
    with pytest.raises(TypeError, match="'started' must be True, False or None"):
        model.edit()
    assert model.pause()  # which does not ask


# Errors


def test_the_error_of_an_illegal_trigger_says_why_and_which_way():
    """It is of both families: who catches `MachineError` or `IllegalTransition` gets code, reason, rule and route."""
    model, _ = attached("voice", "in-progress")
    with pytest.raises(MachineError) as caught:
        model.archive()
    error = caught.value
    assert isinstance(error, IllegalTransition)
    assert (error.code, error.status, error.action, error.channel) == ("CF226", "in-progress", "archive", "voice")
    assert error.route == ("pause", "complete", "archive")
    assert error.value == str(error) == error.message
    for part in ("CF226", error.reason, str(error.sources[0]), "complete (cannot be undone)", "Legal now: pause"):
        assert part in str(error)
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.code, again.route) == (str(error), error.code, error.route)


def test_an_edge_that_the_start_forbids_is_an_error_and_no_false():
    """`transitions` returns False where a condition is false, which nobody looks at."""
    model, _ = attached(initial="created", model=Told(True))
    with pytest.raises(IllegalTrigger) as caught:
        model.edit()
    assert caught.value.code == "CF232"
    assert caught.value.decision.started is True


def test_a_condition_of_ones_own_returns_false_as_in_transitions():
    """What the life cycle allows and somebody's own condition does not is no illegal trigger."""
    model, machine = attached()
    (resume,) = machine.get_transitions("resume")
    resume.conditions.append(resume.condition_cls(lambda: False))
    assert model.resume() is False
    assert model.state == "paused"


def test_ignored_triggers_stay_ignored():
    """Who asks `transitions` not to raise gets False, and may look for himself."""
    model, _ = attached(initial="completed", model=Told(True), ignore_invalid_triggers=True)
    assert model.pause() is False
    assert model.edit() is False
    assert model.state == "completed"
    assert model.archive() is True


def test_a_trigger_of_ones_own_is_left_to_transitions():
    """A machine may be given more: what is not in the table is judged by `transitions` alone."""
    model, machine = attached()
    machine.add_transition("forget", "archived", "new")
    with pytest.raises(MachineError) as caught:
        model.forget()
    assert not isinstance(caught.value, IllegalTrigger)
    machine.set_state("archived", model)
    assert model.forget()
    assert model.state == "new"


def test_a_queued_machine_refuses_when_a_trigger_is_worked_off():
    """A trigger from a callback is queued, and judged in the state that there is by then."""
    calls = []

    class Eager:
        def on_enter_paused(self):
            calls.append(self.complete())
            calls.append(self.archive())

    model, _ = attached("message", "in-progress", Eager(), queued=True)
    assert model.pause()
    assert (calls, model.state) == ([True, True], "archived")


def test_a_queued_trigger_that_is_illegal_by_its_turn_is_an_error():
    """The error comes out of the trigger that was under way, and says which one was illegal."""

    class Hasty:
        def before_leaving(self):
            self.archive()

    model, machine = attached("message", "in-progress", Hasty(), queued=True)
    machine.before_pause("before_leaving")
    with pytest.raises(IllegalTrigger) as caught:
        model.pause()
    assert (caught.value.action, caught.value.status, model.state) == ("archive", "paused", "paused")


def test_refusing_makes_no_source_of_a_state():
    """Asked for what it lacks, `transitions` would list the state among the sources from then on."""
    model, machine = attached()
    before = {name: set(event.transitions) for name, event in machine.events.items()}
    machine.set_state("archived", model)
    for action in Action:
        with pytest.raises(IllegalTrigger):
            model.trigger(action)
    assert {name: set(event.transitions) for name, event in machine.events.items()} == before


# Models


def test_several_models_live_their_own_lives():
    """One machine, many models; equal ones too, which `transitions` drops without a word."""

    @attrs.define(slots=False)
    class Row:
        name: str = "same"

    first, second = Row(), Row()
    assert first == second
    machine = build_machine("message", model=[first, second], initial="paused")
    assert machine.models == [first, second]
    assert second.resume()
    assert (first.state, second.state) == ("paused", "in-progress")
    third = Row()
    machine.add_model(third, "created")
    machine.remove_model(first)
    assert [id(model) for model in machine.models] == [id(second), id(third)]
    assert machine.dispatch("pause")
    assert (second.state, third.state) == ("paused", "paused")
    with pytest.raises(ValueError, match="not attached"):
        machine.remove_model(first)


def test_a_model_that_takes_no_attributes_is_a_clear_error():
    """Frozen and slotted classes cannot be given methods; the error says what can."""

    @attrs.frozen(slots=False)
    class Frozen:
        pass

    @attrs.define
    class Slotted:
        state: str = "paused"

    for model in (Frozen(), Slotted(), object()):
        with pytest.raises(TypeError, match=rf"a {type(model).__name__} takes no new attributes.*slots=False"):
            build_machine(model=model, initial="paused")


def test_a_model_begins_in_the_state_that_it_has():
    """A row out of a database knows its state; a model that has none, or a wrong one, is an error that lists them."""
    model = Reminder()
    model.state = "completed"
    build_machine(model=model)
    assert model.state == "completed"
    assert model.archive()
    model = Reminder()
    model.state = Status.PAUSED
    build_machine(model=model)
    assert type(model.state) is str
    assert model.resume()
    with pytest.raises(ValueError, match="None is the 'state' of the model; give initial=, one of new, created"):
        build_machine(model=Reminder())
    for wrong in ("Paused", "unknown", 7):
        with pytest.raises(ValueError, match="is no state; give initial="):
            build_machine(model=Reminder(), initial=wrong)


def test_a_machine_can_be_its_own_model():
    """As in `transitions`, with ``model="self"``."""
    machine = build_machine(model="self", initial=NEW)
    assert machine.create()
    assert machine.pause()
    assert machine.state == "paused"
    assert machine.may_complete()
    assert not machine.may_archive()


def test_what_a_type_checker_is_told_is_what_a_model_has(caplog):
    """The two base classes have a line for each method that the machine gives, and nothing that is in its way."""
    named = set()
    for cls in CampaignModel.__mro__:
        named |= set(vars(cls).get("__annotations__", ()))
    model = CampaignModel()
    with caplog.at_level(logging.WARNING):
        build_machine("voice", model=model, initial="created")
    assert not caplog.records  # "Skip binding": the name would be taken
    given = {name for name in vars(model) if name.isidentifier()}
    assert given == named
    assert {cls for cls in AsyncCampaignModel.__mro__ if "__annotations__" in vars(cls)} == {
        cls for cls in CampaignModel.__mro__ if "__annotations__" in vars(cls)
    }


# Classes of `transitions`


class Kept:
    """A model at the top of a module, so that it can be pickled."""

    started = False


def pickles(value):
    try:
        return pickle.loads(pickle.dumps(value))
    except Exception:  # noqa: BLE001 (whatever stands against it)
        return None


@params([*SYNC, *ASYNC, (AsyncGraphMachine, DRAWN), (Machine, {"queued": True})])
def test_what_transitions_pickles_is_pickled_here(cls, options):
    """A model with its machine, and a machine alone: as far as the class of `transitions` itself can be."""
    plain = Kept()
    theirs = pickles((plain, cls(model=plain, states=["paused"], initial="paused", **options)))
    model, machine = attached("voice", "created", Kept(), machine=cls, **options)
    ours = pickles((model, machine))
    assert (ours is None) is (theirs is None)
    if ours is None:
        return
    copied, made = ours
    assert type(made) is type(machine)
    assert made.models == [copied]
    assert (copied.state, model.state) == ("created", "created")
    if not issubclass(cls, AsyncMachine):
        assert copied.edit()
        assert copied.pause()
        assert copied.state == "paused"
        assert model.state == "created"
        with pytest.raises(IllegalTrigger):
            copied.archive()
        other, _ = copy.deepcopy((model, machine))
        assert other.pause()
        assert model.state == "created"


def test_a_pickled_machine_is_of_the_class_that_it_was_built_with():
    """The classes that are made as they are asked for are made once."""
    assert type(build_machine()) is CampaignMachine
    built = build_machine(machine=LockedMachine)
    assert isinstance(built, LockedMachine)
    assert type(built) is type(build_machine(machine=LockedMachine))
    assert type(build_machine(machine=CampaignMachine)) is CampaignMachine

    class Mine(Machine):
        pass

    assert isinstance(build_machine(machine=Mine), Mine)


@pytest.mark.parametrize("machine", [HierarchicalMachine, object, "Machine", Machine(states=["a"], initial="a")])
def test_a_class_that_cannot_be_a_machine_of_the_life_cycle_is_an_error(machine):
    """Nested states would split names at ``_``, and the life cycle has none."""
    with pytest.raises(TypeError, match=r"nested states|a class of transitions"):
        build_machine(machine=machine)


@pytest.mark.parametrize("option", ["states", "transitions", "auto_transitions", "ordered_transitions"])
def test_an_option_that_would_go_around_the_table_is_an_error(option):
    """`to_archived()` would be a way around everything."""
    with pytest.raises(TypeError, match=f"{option} comes from the table"):
        build_machine(**{option: True})


def test_options_of_transitions_are_taken():
    """Callbacks, events as arguments, names: what `transitions` can do, a machine of the life cycle can."""
    seen = []

    class Model:
        late = False

        def started(self):
            return self.late

    model, machine = attached(
        "message", "created", Model(), send_event=True, after_state_change=seen.append, name="ours"
    )
    assert model.edit("why", by="us")
    model.late = True
    with pytest.raises(IllegalTrigger):
        model.edit("why", by="us")
    assert [event.event.name for event in seen] == ["edit"]
    assert machine.name == "ours: "


def test_a_drawn_machine_draws():
    """`GraphMachine` draws it by itself; the pictures of this package are drawn from the table."""
    model, _ = attached("voice", "paused", machine=GraphMachine, show_conditions=True, **DRAWN)
    source = model.get_graph().source
    assert "complete" in source
    assert "started" in source


def test_a_locked_machine_lets_one_thread_in():
    """Its triggers hold the lock of the machine, ours with another name too."""
    held = []

    class Context:
        def __enter__(self):
            held.append("in")

        def __exit__(self, *_):
            held.append("out")

    model, _ = attached("voice", "in-progress", machine=LockedMachine, machine_context=[Context()])
    held.clear()
    assert model.edit_callbacks()
    assert held == ["in", "out"]


def test_schedules_and_clocks_can_answer_for_the_start():
    """What the README shows: a model that knows its start asks `has_started`."""
    from campaign_fsm import has_started

    class Scheduled:
        def __init__(self, start, now):
            self.start_time, self.now = start, now

        @property
        def started(self):
            return has_started(Status(self.state), self.start_time, self.now)

    now = datetime.fromisoformat("2026-01-05T10:00:00+05:30")
    early, _ = attached("message", "paused", Scheduled(now + timedelta(hours=1), now))
    late, _ = attached("message", "paused", Scheduled(now - timedelta(hours=1), now))
    assert early.edit()
    assert not late.may_edit()


def test_a_table_of_ones_own_is_refused_by_transitions_where_decide_would_allow():
    """The table may be another one, as in tests of tables: then its machine says no, without a reason of ours."""
    rules = tuple(rule for rule in RULES if rule.code not in ("CF109", "CF110", "CF111", "CF112", "CF113"))
    model, _ = attached("voice", "created", rules=rules)
    with pytest.raises(MachineError) as caught:
        model.edit_callbacks()
    assert not isinstance(caught.value, IllegalTrigger)
    rules = tuple(rule for rule in RULES if rule.code != "CF103")
    model, _ = attached("voice", "in-progress", rules=rules)
    with pytest.raises(MachineError) as caught:
        model.pause()
    assert not isinstance(caught.value, IllegalTrigger)


# What attackers found


def test_threads_may_decide_at_the_same_time():
    """The cells are compiled from one machine as they are asked for: no thread sees the question of another."""
    failed = []
    every = [(status, action, channel) for status in [None, *STATUSES] for action in Action for channel in Channel]
    rights = {cell: decide(cell[0], cell[1], channel=cell[2]) for cell in every}

    def ask():
        try:
            for cell in every:
                assert edge(cell[0], cell[1], cell[2], False) is edge(cell[0], cell[1], cell[2], False)
                assert decide(cell[0], cell[1], channel=cell[2]) == rights[cell]
        except BaseException as error:  # noqa: BLE001 (a thread cannot fail a test)
            failed.append(error)

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(10):
            edge.cache_clear()
            _CELLS.clear()
            threads = [threading.Thread(target=ask) for _ in range(6)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
    finally:
        sys.setswitchinterval(before)
    assert failed == []
    assert [_machine(channel).models for channel in Channel] == [[], []]


@pytest.mark.parametrize("machine", [Machine, AsyncMachine])
def test_a_fault_in_a_models_own_started_comes_out(machine):
    """A property with a typo in it raises AttributeError; that is not taken for a model that says nothing."""

    class Typo:
        @property
        def started(self):
            return self.clok() >= self.start_time

    async def run():
        model, _ = attached("voice", "created", Typo(), machine=machine)

        async def asked(call):
            answer = call()
            return await answer if asyncio.iscoroutine(answer) else answer

        for call in (model.may_delete, model.delete, model.edit):
            with pytest.raises(AttributeError, match="clok"):
                await asked(call)
        assert model.state == "created"

    asyncio.run(run())


def test_a_trigger_may_have_arguments_whatever_started_takes():
    """They are for callbacks; a method `started` is asked without them."""

    class Clock:
        def started(self):
            return True

    model, _ = attached("message", "in-progress", Clock())
    with pytest.raises(IllegalTrigger):
        model.archive("now", reason="x")
    with pytest.raises(IllegalTrigger):
        model.edit("now", reason="x")


@pytest.mark.parametrize("value", ["datetime", "method"])
def test_a_model_with_something_of_its_own_by_the_name_of_a_trigger_is_warned_about(value):
    """A `start` that is a time, and a `delete` that Django has, stay and do not ask the machine."""

    class Own:
        start = datetime(2026, 1, 5) if value == "datetime" else None  # noqa: DTZ001

        def delete(self):
            return "gone"

    with pytest.warns(UserWarning, match=r"(delete|start) of this Own is its own") as told:
        model, _ = attached("voice", "created", Own())
    names = {str(one.message).split()[0] for one in told}
    assert names == ({"start", "delete"} if value == "datetime" else {"delete"})
    assert {one.filename for one in told} == {__file__}
    assert model.delete() == "gone"
    assert model.trigger("start")
    model, _ = attached("voice", "created", type("Declared", (Own,), {})(), model_override=True)
    assert model.delete()
    assert model.state == "deleted"


def test_a_trigger_that_is_taken_away_is_gone_by_both_names():
    """What a table of one's own does not have, no other name has either."""
    model, machine = attached("voice", "in-progress")
    machine.remove_transition("edit_callbacks")
    assert not hasattr(model, "edit_callbacks")
    assert "edit-callbacks" not in machine.events
    machine.remove_transition("pause", Status.IN_PROGRESS)
    with pytest.raises(MachineError):
        model.pause()


def test_a_channel_refuses_what_it_does_not_have_like_anything_else():
    """No page documents deleting a message campaign: the trigger is there, and says so."""
    model, machine = attached("message", "created")
    for ask in (model.delete, lambda: model.trigger("delete")):
        with pytest.raises(IllegalTrigger) as caught:
            ask()
        assert caught.value.code == "CF241"
    assert not model.may_delete()
    assert "delete" not in machine.get_triggers(*machine.states)


def test_a_state_of_ones_own_is_left_to_transitions():
    """A machine may be given more states: what is illegal there is a MachineError without a rule."""
    model, machine = attached()
    machine.add_states("dunning")
    machine.add_transition("complete", "dunning", "completed", conditions=lambda: False)
    machine.set_state("dunning", model)
    for ask in (model.pause, model.finish):
        with pytest.raises(MachineError) as caught:
            ask()
        assert not isinstance(caught.value, IllegalTrigger)
    assert model.complete() is False


def test_attaching_a_model_again_changes_nothing():
    """As in `transitions`: nobody moves a campaign out of its end by attaching it."""
    model, machine = attached(initial="archived")
    machine.add_model(model, "created")
    assert model.state == "archived"
    assert machine.models == [model]


def test_the_initial_state_is_that_of_models_to_come():
    """As in `transitions`; and a wrong one is an error at once."""
    machine = build_machine(initial=Status.PAUSED)
    model = Reminder()
    machine.add_model(model)
    assert model.is_paused()
    with pytest.raises(ValueError, match="'bogus' is no state"):
        build_machine(initial="bogus")
    assert attached(initial="in_progress")[0].state == "in-progress"
    assert machine.get_triggers("in_progress") == machine.get_triggers("in-progress") != []


def test_a_queue_keeps_what_is_for_an_equal_model():
    """A model that goes takes only its own triggers out of the queue."""

    @attrs.define(slots=False)
    class Row:
        name: str = "same"

    first, second = Row(), Row()
    machine = build_machine(model=[first, second], initial="in-progress", queued=True)

    def leave():
        if first in machine.models:
            second.pause()
            machine.remove_model(first)

    machine.on_enter_paused(leave)
    first.pause()
    assert (first.state, second.state) == ("paused", "paused")


def test_a_mixture_of_machines_is_an_error():
    """Its triggers would be those of one of them, and take no lock."""

    class Mixed(CampaignMachine, LockedMachine):
        pass

    with pytest.raises(TypeError, match="Mixed mixes machines"):
        build_machine(machine=Mixed)

    class Ours(CampaignMachine):
        pass

    assert type(build_machine(machine=Ours)) is Ours


def test_a_strict_machine_leaves_the_platform_alone():
    """What is contested of the account holder's is gone; what the platform may do it may do all the same."""
    machine = build_machine("voice", strict=True)
    assert machine.get_triggers("paused", actor="platform") == ["expire"]
    assert "suspend" in machine.get_triggers("in-progress", actor="platform")
    assert not machine.get_transitions("delete")


def test_two_models_of_one_class_are_called_once_each():
    """The callback of a class is bound to the state once, by whatever name."""
    calls = []

    class Listener:
        def on_enter_in_progress(self):
            calls.append(self)

    first, second = Listener(), Listener()
    build_machine(model=[first, second], initial="paused")
    first.resume()
    assert calls == [first]


def test_what_a_state_or_a_condition_of_ones_own_says_is_heard():
    """A state that ignores triggers, and a condition on an event or on a trigger of one's own."""
    model, machine = attached(initial="archived")
    machine.get_state("archived").ignore_invalid_triggers = True
    assert model.pause() is False
    model, machine = attached()
    (expire,) = machine.get_transitions("expire")
    expire.conditions.append(expire.condition_cls(lambda: False))
    assert model.expire() is False
    machine.add_transition("forget", "paused", "new", conditions=lambda: False)
    assert model.forget() is False


def test_an_async_machine_asks_a_plain_started_too():
    """An attribute is not awaited."""

    async def run():
        model, _ = attached("voice", "created", Told(False), machine=AsyncMachine)
        assert await model.edit()
        model.started = None
        assert await model.may_edit()

    asyncio.run(run())

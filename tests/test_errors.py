"""Every exception: its place in the tree, its message, and its way through pickle and copy."""

import ast
import concurrent.futures
import copy
import importlib
import inspect
import json
import multiprocessing
import pickle
import threading

import attrs
import httpx
import pytest

import campaign_fsm
from campaign_fsm import IllegalTrigger, errors, testing
from campaign_fsm.cli.errors import exit_code
from campaign_fsm.client.calls import changed
from campaign_fsm.lifecycle import decide

DECISION = decide("in-progress", "complete")
VALUES = {
    "code": "CF224",
    "reason": "A reason.",
    "action": "complete",
    "channel": "message",
    "campaign_id": "abc",
    "status": "in-progress",
    "decision": DECISION,
    "sources": DECISION.sources,
    "advice": "Do this.",
    "status_code": 409,
    "method": "PUT",
    "description": "said",
    "request_id": "r1",
    "error_code": "1010",
    "retry_after": 3.0,
    "hint": "A hint.",
    "seen": "paused",
    "now": "in-progress",
    "who": "the platform",
    "why": "reasons",
    "host": "api.exotel.com",
    "outcome": "Not applied.",
    "setting": "region",
    "problem": "it is wrong.",
    "goal": ("paused", "completed"),
    "reachable": False,
    "waited": 3.0,
    "name": "diwali",
    "matches": ("a1", "b2"),
    "what": "draft",
    "problems": (errors.FieldProblem("lists", "1 to 5 list ids", "0 entries"),),
    "candidates": ("a1",),
    "transient": False,
    "account": "acme1",
    "seconds": 59.0,
    "path": "campaign-fsm.toml",
    "line": 3,
    "key": "hours",
}


def tree(kind):
    """A class and all below it, wherever they are defined."""
    return [kind, *(each for below in kind.__subclasses__() for each in tree(below))]


assert IllegalTrigger  # it has a module of its own, which nothing else loads
KINDS = [kind for kind in tree(errors.CampaignFsmError) if kind.__module__.startswith("campaign_fsm.")]
CONCRETE = [kind for kind in KINDS if kind is not errors.CampaignFsmError]


def build(kind):
    return kind(**{field.name: VALUES[field.name] for field in attrs.fields(kind) if field.name in VALUES})


TRAVELS = [lambda error: pickle.loads(pickle.dumps(error)), copy.copy, copy.deepcopy]


def throw(error):
    raise error


@pytest.fixture(scope="module")
def pool():
    with concurrent.futures.ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        yield pool


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("travel", TRAVELS)
def test_every_exception_survives_pickling_and_copying(kind, travel):
    """Fields, arguments and message arrive on the other side."""
    error = build(kind)
    again = travel(error)
    assert type(again) is kind
    assert str(again) == str(error)
    assert again.args == error.args
    assert again.__dict__ == error.__dict__


@pytest.mark.parametrize("kind", KINDS)
def test_whoever_knows_nothing_but_its_args_rebuilds_every_exception(kind):
    """The class and the message are the same, every field is there, and it can be passed on again in any way."""
    error = build(kind)
    assert error.args == (str(error),)
    again = type(error)(*json.loads(json.dumps(error.args)))
    assert type(again) is kind
    assert (str(again), again.message, again.args) == (str(error), str(error), error.args)
    assert set(vars(again)) - set(vars(error)) == {"_text"}
    for travel in (*TRAVELS, lambda each: type(each)(*each.args)):
        assert (str(travel(again)), travel(again).args) == (str(error), error.args)
        assert type(travel(again)) is kind


@pytest.mark.parametrize("kind", KINDS)
def test_the_text_of_an_exception_is_its_message(kind):
    """One thing of any class, or several, or with a field that is known: never a `TypeError` for want of the others."""
    assert str(kind("Told.")) == "Told."
    assert str(kind(7)) == "7"
    assert str(kind("")) == ""
    assert str(kind("CF224", "a reason", None)) == "('CF224', 'a reason', None)"
    for field in attrs.fields(kind):
        assert getattr(kind("Told.", **{field.name: VALUES.get(field.name)}), field.name) == VALUES.get(field.name)
    with pytest.raises(TypeError):
        kind("Told.", unheard_of=1)


def test_what_is_not_known_of_an_exception_claims_nothing():
    """A field that must be given has an empty value of its own type, and nothing says that a write did not leave."""
    refusal = errors.IllegalTransition("Told.")
    assert (refusal.code, refusal.reason, refusal.status, refusal.legal_actions) == ("", "", None, ())
    assert errors.Conflict("Told.").status_code == 0
    assert errors.ConnectionFailed("Told.").sent
    assert errors.NotReached("Told.").reachable
    assert errors.NotReached("Told.").goal == ()
    conflict = errors.StateConflict("Told.")
    assert (conflict.action, conflict.seen, conflict.now) == (None, None, None)
    for kind in KINDS:
        assert exit_code(kind("Told.")) == exit_code(build(kind)) or kind is errors.NotReached


@pytest.mark.parametrize(
    "kind", [kind for kind in CONCRETE if any(f.default is attrs.NOTHING for f in attrs.fields(kind))]
)
def test_an_exception_of_ours_is_made_with_its_fields(kind):
    """Without a message, what is missing is missed."""
    with pytest.raises(TypeError):
        kind()


def test_the_args_of_an_exception_follow_its_fields():
    """Also of a copy that was changed on its way, which is what most clients get to see."""
    error = errors.NotFound(status_code=404, method="GET")
    other = changed(error, hint="Look elsewhere.")
    assert other.args == (str(other),) == ("GET was answered with 404. Look elsewhere.",)


def test_a_class_of_the_users_own_is_rebuilt_too():
    """With or without fields, and with a message of its own."""

    class Ours(errors.ForbiddenByPolicy):
        pass

    class Other(errors.CampaignFsmError):
        message = "Other."

    assert str(Ours(*Ours(code="CF601", reason="No.").args)) == "the write was not sent [CF601]: No."
    assert str(Other(*Other().args)) == str(copy.copy(Other())) == "Other."


@pytest.mark.parametrize("kind", KINDS)
def test_results_of_celery_in_json_have_the_exception(kind):
    """What a worker raised is raised where its result is asked for, as the same class."""
    celery = pytest.importorskip("celery", reason="Celery rebuilds exceptions from JSON")
    from celery.backends.base import Backend

    with celery.Celery("tasks", set_as_current=False, fixups=[]) as app:
        backend = Backend(app, serializer="json")
        error = build(kind)
        told = backend.decode(backend.encode(backend.prepare_exception(error)))
        again = backend.exception_to_python(told)
    assert type(again) is kind
    assert str(again) == str(error)


@pytest.mark.parametrize("kind", KINDS)
def test_another_process_hands_the_exception_back(kind, pool):
    """A process pool pickles it, and every field arrives; it adds a note with the traceback of the other process."""
    error = build(kind)
    with pytest.raises(kind) as caught:
        pool.submit(throw, error).result(60)
    assert caught.value.args == error.args
    assert vars(caught.value) | {"__notes__": error.__notes__} == vars(error)
    assert caught.value.__notes__[:1] == error.__notes__


@pytest.mark.parametrize("kind", CONCRETE)
def test_every_message_is_whole_sentences(kind):
    """Made from the fields, with the next step at the end, and shown by str and repr alike."""
    error = build(kind)
    assert str(error).endswith(".")
    assert "None" not in str(error)
    assert type(error).__name__ in repr(error)
    bare = kind(**{field.name: VALUES[field.name] for field in attrs.fields(kind) if field.default is attrs.NOTHING})
    assert "None" not in str(bare).replace("campaign None", "")


@pytest.mark.parametrize("kind", KINDS)
def test_no_exception_is_an_error_of_httpx(kind):
    """What retries those must not retry a refusal."""
    assert not issubclass(kind, httpx.HTTPError)
    assert not issubclass(kind, OSError)


def test_the_tree_in_the_docstring_is_the_tree():
    """Every exception is drawn, and every public one is exported."""
    for kind in CONCRETE:
        assert kind.__name__ in errors.__doc__
        assert kind.__name__ in campaign_fsm.__all__


def test_refused_means_not_sent():
    """Exactly the exceptions that are raised before the write are `Refused`."""
    refused = {kind.__name__ for kind in KINDS if issubclass(kind, errors.Refused)}
    assert refused == {
        "Refused",
        "IllegalTransition",
        "IllegalTrigger",
        "AlreadyThere",
        "UnknownStatus",
        "UnreadableRequest",
        "StatusUnavailable",
        "GateFailure",
        "ForbiddenByPolicy",
        "CampaignBusy",
    }


def test_public_names_are_sorted_and_all_there():
    """`__all__` is sorted as the linter sorts it, and every name in it can be imported."""
    names = campaign_fsm.__all__
    assert names == [
        *sorted(name for name in names if name.isupper()),
        *sorted(n for n in names if n[0].isupper() and not n.isupper()),
        *sorted(n for n in names if not n[0].isupper()),
    ]
    for name in names:
        assert getattr(campaign_fsm, name) is not None
    assert set(campaign_fsm.__dir__()) == set(names)
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        campaign_fsm.nothing  # noqa: B018


FORMER = {
    "diagram": "Format HistoryStep Look Outcome Step View",
    "gate": "Batch Budget Closed Drift Forward Gate Judgement Pause Permit Poll Read Sections Step Terms TooOld Wait",
    "policy": "Deed deed_of PolicyInput policy_input",
    "simulator": "Entry Fault Reply Simulator SimulatorServer SimulatorTransport",
    "transports": "ANSWER EXTENSION GuardSettings GuardTransport PERMIT TERMS",
}


@pytest.mark.parametrize("package", FORMER)
def test_names_that_packages_handed_on_are_still_there(package):
    """Those of older versions, also where what they stand for has another name now."""
    module = importlib.import_module(f"campaign_fsm.{package}")
    assert set(FORMER[package].split()) <= set(module.__all__)
    assert all(getattr(module, name) is not None for name in module.__all__)


@pytest.mark.parametrize("package", [campaign_fsm, testing])
def test_type_checkers_see_the_public_names(package):
    """Every one, in the module in which it is looked up when the program runs, and exported from the package."""
    imports = [node for node in ast.walk(ast.parse(inspect.getsource(package))) if isinstance(node, ast.ImportFrom)]
    seen = {
        (node.module.removeprefix(f"{package.__name__}."), alias.name)
        for node in imports
        for alias in node.names
        if alias.asname == alias.name
    }
    assert seen == {(module, name) for module, names in package._HOMES.items() for name in names.split()}
    assert {name for _, name in seen} == set(package.__all__) - {"__version__"}


def test_an_exception_with_a_lock_in_it_is_never_built():
    """Fields are data; this is what pickling relies on."""
    for kind in CONCRETE:
        assert not any(isinstance(value, type(threading.Lock())) for value in build(kind).__dict__.values())

"""Every exception: its place in the tree, its message, and its way through pickle and copy."""

import copy
import inspect
import pickle
import threading

import attrs
import httpx
import pytest

import campaign_fsm
from campaign_fsm import errors
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
KINDS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.CampaignFsmError)]
CONCRETE = [kind for kind in KINDS if kind is not errors.CampaignFsmError]


def build(kind):
    return kind(**{field.name: VALUES[field.name] for field in attrs.fields(kind) if field.name in VALUES})


@pytest.mark.parametrize("kind", CONCRETE)
@pytest.mark.parametrize("travel", [lambda error: pickle.loads(pickle.dumps(error)), copy.copy, copy.deepcopy])
def test_every_exception_survives_pickling_and_copying(kind, travel):
    """Fields and message arrive on the other side."""
    error = build(kind)
    again = travel(error)
    assert type(again) is kind
    assert str(again) == str(error)
    assert again.__dict__ == error.__dict__


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


def test_public_things_have_docstrings():
    """Everything public says what it is."""
    for name in campaign_fsm.__all__:
        thing = getattr(campaign_fsm, name)
        if inspect.isclass(thing) or inspect.isfunction(thing):
            assert thing.__doc__, name
            for member, value in vars(thing).items() if inspect.isclass(thing) else ():
                if inspect.isfunction(value) and not member.startswith("_") and name.endswith("Client"):
                    assert value.__doc__, f"{name}.{member}"


def test_an_exception_with_a_lock_in_it_is_never_built():
    """Fields are data; this is what pickling relies on."""
    for kind in CONCRETE:
        assert not any(isinstance(value, type(threading.Lock())) for value in build(kind).__dict__.values())

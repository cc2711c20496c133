"""The walks over the table."""

import itertools

import oracle
import pytest

from campaign_fsm.lifecycle import between, by_platform, moved, platform_moves, walks
from campaign_fsm.lifecycle.graph import reached, shortest
from campaign_fsm.rules import RULE, RULES, Event, Status

STATUSES = [Status(status) for status in oracle.STATUSES[:-1]]


def test_walks_go_along_each_step_once_the_short_ones_first():
    """On a small graph with a loop, a circle and two ways to one place, typed whole."""
    steps = {"a": [("ab", "b"), ("aa", "a")], "b": [("bc", "c"), ("ba", "a")], "c": [("cb", "b")]}
    assert list(walks("a", lambda place: steps.get(place, []))) == [
        (("ab",), "b"),
        (("aa",), "a"),
        (("ab", "bc"), "c"),
        (("ab", "ba"), "a"),
        (("ab", "bc", "cb"), "b"),
    ]


def test_every_status_is_reached_from_nothing_and_only_along_the_edges():
    """By the whole table all statuses, by no edge the one where it begins, by one edge its end."""
    assert reached(None, RULES) == set(STATUSES)
    assert reached(None, ()) == set()
    assert reached(Status.PAUSED, ()) == {"paused"}
    assert reached(Status.PAUSED, [RULE["CF105"]]) == {"paused", "completed"}


def test_the_shortest_way_is_shortest():
    """One edge where there is one, several where there is none, none to where it is, None where there is no way."""
    assert shortest(Status.IN_PROGRESS, Status.PAUSED, RULES) == (RULE["CF103"],)
    assert shortest(Status.PAUSED, Status.PAUSED, RULES) == ()
    assert shortest(Status.ARCHIVED, Status.PAUSED, RULES) is None
    assert shortest(None, Status.COMPLETED, [RULE["CF101"], RULE["CF301"], RULE["CF302"]]) == (
        RULE["CF101"],
        RULE["CF301"],
        RULE["CF302"],
    )


BY_PLATFORM = {
    "created": {"created", "in-progress", "completed", "failed", "paused", "canceled"},
    "in-progress": {"in-progress", "completed", "failed", "paused", "canceled"},
    "paused": {"paused", "canceled"},
}


@pytest.mark.parametrize("status", STATUSES)
def test_the_platform_moves_as_far_as_was_typed(status):
    """In any number of steps, and in one by the typed events."""
    assert by_platform(status) == BY_PLATFORM.get(status, {status})
    assert platform_moves(status) == {dest for (_, source), dest in oracle.EVENTS.items() if source == status}


def test_events_move_from_every_possible_status_and_only_they():
    """Without events nothing; with all of them where the platform moves to; one alone as far as it goes."""
    for pair in itertools.combinations(STATUSES, 2):
        possible = frozenset(pair)
        assert moved(possible, frozenset()) == frozenset()
        assert moved(possible, frozenset(Event)) == (by_platform(pair[0]) | by_platform(pair[1])) - possible
    assert moved(frozenset({Status.CREATED}), frozenset({Event.START, Event.SUSPEND})) == {"in-progress", "paused"}
    assert moved(frozenset({Status.CREATED}), frozenset({Event.SUSPEND})) == frozenset()
    assert moved(frozenset(), frozenset(Event)) == frozenset()


@pytest.mark.parametrize("channel", ["message", "voice"])
def test_between_two_readings_lies_what_the_platform_does_alone_or_else_anybody(channel):
    """A pause may have been the platform's; a resume never is; of a way that nobody has, there is none."""
    ways = {
        (Status.IN_PROGRESS, Status.PAUSED): ["suspend"],
        (Status.CREATED, Status.CANCELED): ["start", "suspend", "expire"],
        (Status.PAUSED, Status.IN_PROGRESS): ["resume"],
        (Status.PAUSED, Status.ARCHIVED): ["complete", "archive"],
        (None, Status.CREATED): ["create"],
    }
    for (source, dest), triggers in ways.items():
        assert [rule.trigger for rule in between(source, dest, channel)] == triggers
    assert between(Status.ARCHIVED, Status.PAUSED, channel) is None

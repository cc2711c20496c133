"""Readings that are used again: how old, how many, and which writes end them."""

import threading
from datetime import UTC, datetime

import pytest

from campaign_fsm import Status
from campaign_fsm.gate.readings import Readings
from campaign_fsm.gate.section import Moves
from campaign_fsm.wire.reading import Reading


@pytest.fixture
def clock():
    return [100.0]


@pytest.fixture
def moves():
    return Moves()


def kept(clock, max_age=10.0, **bounds):
    return Readings(max_age, lambda: clock[0], **bounds)


def reading(status=Status.PAUSED):
    return Reading(status, status.value, {}, None, None, datetime.now(UTC))


def put(found, moves, key, at, *, campaign=None, what=None):
    found.put(key, campaign or key, what or reading(), at, moves.mark())


def test_a_reading_is_used_until_it_is_too_old(clock, moves):
    """By when it was sent; exactly as old as allowed is fine."""
    found, one = kept(clock), reading()
    put(found, moves, "a", 95.0, what=one)
    assert found.get("a", moves) == (one, 95.0)
    assert found.get("b", moves) is None
    clock[0] = 105.0
    assert found.get("a", moves) == (one, 95.0)
    clock[0] = 105.1
    assert found.get("a", moves) is None


def test_an_unknown_status_and_an_age_of_none_keep_nothing(clock, moves):
    """Neither is good for anything."""
    found, none = kept(clock), kept(clock, 0.0)
    put(found, moves, "a", 100.0, what=reading(Status.UNKNOWN))
    put(none, moves, "a", 100.0)
    assert found.get("a", moves) is None
    assert none.get("a", moves) is None


@pytest.mark.parametrize("newer", [None, reading(Status.UNKNOWN)], ids=["none", "unknown"])
def test_a_later_answer_that_is_no_reading_ends_an_earlier_one(clock, moves, newer):
    """In whichever order the two arrive; a reading that was asked for after it is good again."""
    for order in ((90.5, 91.0), (91.0, 90.5)):
        found = kept(clock)
        for at in order:
            found.put("a", "a", newer if at == 91.0 else reading(), at, moves.mark())
        assert found.get("a", moves) is None
        put(found, moves, "a", 92.0)
        assert found.get("a", moves)


def test_the_reading_that_was_asked_for_last_stays(clock, moves):
    """An answer that was long on its way does not take the place of a newer one."""
    found, one = kept(clock), reading(Status.COMPLETED)
    put(found, moves, "a", 95.0, what=one)
    for what in (reading(), None):
        found.put("a", "a", what, 94.0, moves.mark())
        assert found.get("a", moves) == (one, 95.0)


def test_not_more_than_so_many_are_kept(clock, moves):
    """The one that was put first goes first; what is put anew is the newest."""
    found = kept(clock, most=3)
    for key in ("first", "second", "third", "first", "fourth"):
        put(found, moves, key, 99.0)
    assert list(found._stored) == ["third", "first", "fourth"]
    assert found.get("second", moves) is None
    assert found.get("fourth", moves)
    for index in range(100):
        put(found, moves, str(index), 99.0)
    assert len(found._stored) == 3


@pytest.mark.parametrize("error", [StopIteration, RuntimeError, KeyError])
def test_what_another_thread_has_dropped_already_is_no_problem(clock, moves, error):
    """Between looking for the oldest and dropping it; then it is looked for again."""

    class Shared(dict):
        def __delitem__(self, key):
            super().__delitem__(key)
            raise error

    found = kept(clock, most=1)
    found._stored = Shared()
    for key in ("a", "b"):
        put(found, moves, key, 99.0)
    assert list(found._stored) == ["b"]


def test_a_write_ends_the_readings_of_its_campaign(clock, moves):
    """In every spelling that it was read in, and of no other campaign; what was read since is good again."""
    found = kept(clock)
    for key, campaign in (("a", "campaign"), ("A", "campaign"), ("b", "another")):
        put(found, moves, key, 100.0, campaign=campaign)
    moves.note("campaign")
    assert found.get("a", moves) is None
    assert found.get("A", moves) is None
    assert found.get("b", moves)
    put(found, moves, "a", 100.0, campaign="campaign")
    assert found.get("a", moves)


def test_a_reading_that_overlaps_a_write_is_none(clock, moves):
    """Sent before the write began or before it ended: its answer may show the state before it."""
    found = kept(clock)
    for sent_during in (False, True):
        mark = moves.mark()
        moves.note("a")
        if sent_during:
            mark = moves.mark()
        moves.note("a")
        found.put("a", "a", reading(), 100.0, mark)
        assert found.get("a", moves) is None


def test_readings_are_kept_by_many_threads_at_once(clock, moves):
    """Nothing is raised and the bound is held, whoever comes between."""
    found, problems = kept(clock, most=5), []

    def work(name):
        try:
            for index in range(2000):
                put(found, moves, f"{name} {index % 7}", 100.0)
                found.get(f"{name} {index % 3}", moves)
        except Exception as error:  # noqa: BLE001
            problems.append(error)

    threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert len(found._stored) <= 5

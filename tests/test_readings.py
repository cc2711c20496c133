"""Readings that are used again: how old, how many, and which writes end them."""

from datetime import UTC, datetime

import pytest

from campaign_fsm import Status
from campaign_fsm.gate import readings
from campaign_fsm.gate.readings import Readings
from campaign_fsm.wire.answer import Reading


@pytest.fixture
def clock():
    return [100.0]


def kept(clock, max_age=10.0):
    return Readings(max_age, lambda: clock[0])


def reading(status=Status.PAUSED):
    return Reading(status, status.value, {}, None, None, datetime.now(UTC))


def test_a_reading_is_used_until_it_is_too_old(clock):
    """By when it was sent; exactly as old as allowed is fine."""
    found, one = kept(clock), reading()
    found.put("a", one, 95.0)
    assert found.get("a") == (one, 95.0)
    assert found.get("b") is None
    clock[0] = 105.0
    assert found.get("a") == (one, 95.0)
    clock[0] = 105.1
    assert found.get("a") is None


def test_an_unknown_status_and_an_age_of_none_keep_nothing(clock):
    """Neither is good for anything."""
    found, none = kept(clock), kept(clock, 0.0)
    found.put("a", reading(Status.UNKNOWN), 100.0)
    none.put("a", reading(), 100.0)
    assert found.get("a") is None
    assert none.get("a") is None


def test_not_more_than_so_many_are_kept(clock, monkeypatch):
    """The old ones go first, and if all are fresh, all go: they are only saved reads."""
    monkeypatch.setattr(readings, "_MOST", 3)
    found = kept(clock)
    for key, at in (("old", 89.0), ("just", 90.0), ("new", 99.0)):
        found.put(key, reading(), at)
    assert found.get("new")
    found.put("more", reading(), 100.0)
    assert sorted(found._stored) == ["just", "more", "new"]
    found.put("last", reading(), 100.0)
    assert sorted(found._stored) == ["last"]


def test_a_write_ends_the_reading_of_its_campaign(clock):
    """From its beginning on."""
    found = kept(clock)
    found.put("a", reading(), 100.0)
    found.put("b", reading(), 100.0)
    found.write_begins("a", object())
    assert found.get("a") is None
    assert found.get("b")


def test_a_time_is_undisturbed_only_if_no_write_touched_it(clock):
    """Neither one that was under way, nor one that began and ended meanwhile, nor the third of them."""
    found = kept(clock)
    for _ in range(3):
        mark = found.quiet_since()
        assert found.undisturbed(mark)
        write, other = object(), object()
        found.write_begins("a", write)
        assert not found.undisturbed(mark)
        assert not found.undisturbed(found.quiet_since())
        found.write_begins("b", other)
        found.write_ends(write)
        assert not found.undisturbed(found.quiet_since())
        found.write_ends(other)
        found.write_ends(other)
        assert not found.undisturbed(mark)
        assert found.undisturbed(found.quiet_since())

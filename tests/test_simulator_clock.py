"""The simulator's clock: what happens when it moves, in which order, and where the calendar ends."""

import time
from datetime import timedelta

import pytest
from simulated import request, url

from campaign_fsm import Simulator, Status


def test_the_clock_moves_campaigns_in_the_order_of_time():
    """Start, then end; paused ones expire; nothing happens while it stands still."""
    simulator = Simulator()
    now = simulator.now
    starts = simulator.add("created", start=now + timedelta(hours=1), end=now + timedelta(hours=3))
    at_once = simulator.add("created")
    expires = simulator.add("paused", end=now + timedelta(hours=2))
    request(simulator, "GET", url(at_once))
    assert simulator.status(at_once) is Status.CREATED
    simulator.advance(4 * 3600)
    assert [simulator.status(one) for one in (starts, at_once, expires)] == ["completed", "in-progress", "canceled"]
    events = [(entry.id, entry.action) for entry in simulator.journal if entry.kind == "event"]
    assert events == [(at_once, "start"), (starts, "start"), (expires, "expire"), (starts, "finish")]
    with pytest.raises(ValueError, match="moves forward"):
        simulator.advance(-1)


def test_an_end_that_is_long_past_gives_no_work_back():
    """A campaign resumed past its end is suspended again when the clock moves, not before it was resumed."""
    simulator = Simulator(at_end="paused")
    campaign = simulator.add("in-progress", end=simulator.now - timedelta(hours=5), work=100.0)
    simulator.advance(1)
    assert simulator.status(campaign) is Status.PAUSED
    assert simulator.campaigns[campaign].work == 100.0
    assert simulator.journal[-1].at == Simulator().now


def test_a_clock_set_back_still_starts_and_ends_campaigns():
    """What happened is never later than now, so the next event comes when it is due."""
    simulator = Simulator()
    campaign = simulator.add("created")
    simulator.set_time(simulator.now - timedelta(days=30))
    assert simulator.status(campaign) is Status.CREATED
    simulator.advance(1)
    assert simulator.status(campaign) is Status.IN_PROGRESS


def test_a_live_clock_moves_campaigns_by_itself():
    """Without a schedule a campaign starts at once, and who looks sees it without a request."""
    simulator = Simulator(live=True)
    campaign = simulator.add("created")
    while simulator.status(campaign) is not Status.IN_PROGRESS:
        time.sleep(0.001)
    assert [entry.action for entry in simulator.journal] == ["start"]

"""Operations, interrupted wherever the interpreter can deliver an interrupt."""

import contextlib
import sys
from functools import cache
from pathlib import Path

import pytest
from interrupts import NOTHING, OPERATIONS, Strike, held, made, prepare, requests, shown

import campaign_fsm
from campaign_fsm import CampaignClient, Simulator
from campaign_fsm.gate import budget

PACKAGE = Path(campaign_fsm.__file__).parent
PLACES = tuple(str((PACKAGE / place).resolve(strict=True)) for place in ("drive.py", "transports", "gate", "client"))
POINTS = ("complete", "create", "find")


def interrupted_at_the_point(at, work):
    """Interrupt where a function of the package begins, or one that is not written in Python returns to it.

    The interpreter delivers a signal at these points and hardly anywhere else. 0: nowhere; they are counted.
    """
    count, before = 0, sys.getprofile()

    def profile(frame, event, _):
        nonlocal count
        if event in ("call", "c_return") and frame.f_code.co_filename.startswith(PLACES):
            count += 1
            if count == at:
                sys.setprofile(None)
                raise KeyboardInterrupt(f"{Path(frame.f_code.co_filename).name}, {frame.f_code.co_name}")

    sys.setprofile(profile)
    try:
        return work() if at else (work(), count)[1]
    finally:
        sys.setprofile(before)


@contextlib.contextmanager
def own_budgets():
    """Budgets that no test around has spent of."""
    before = budget.budgets()
    budget.renew()
    try:
        yield
    finally:
        budget.renew(before)


@cache
def points(name):
    """What came out of an operation at each of its points, and what was held then and afterwards."""
    _, channel, _, call = OPERATIONS[name]
    found = []
    with own_budgets():
        strike = Strike(Simulator())
        simulator = strike.simulator
        client = made(CampaignClient, strike, channel=channel)
        campaign = prepare(simulator, name)
        total = interrupted_at_the_point(0, lambda: call(client, campaign, simulator))
        whole = shown(simulator)
        for at in range(1, total + 1):
            budget.renew()
            client = made(CampaignClient, strike, channel=channel)
            campaign = prepare(simulator, name)
            strike.arm(0)
            came_out = None
            try:
                interrupted_at_the_point(at, lambda: call(client, campaign, simulator))  # noqa: B023
            except KeyboardInterrupt as error:
                came_out = str(error)
                then = held(client)
            assert shown(simulator) == whole[: len(requests(simulator))]
            found.append((came_out, then, held(client)))
    return found


@pytest.mark.parametrize("name", POINTS)
def test_an_interrupt_at_any_point_comes_out(name):
    """None is swallowed or turned into something else, and nothing is sent afterwards."""
    assert len(points(name)) >= 80
    assert all(came_out for came_out, *_ in points(name))


@pytest.mark.parametrize("name", POINTS)
@pytest.mark.parametrize("what", NOTHING)
def test_an_interrupt_at_any_point_leaves_nothing_behind(name, what):
    """Neither while the interrupt is on its way to the caller nor afterwards is anything held."""
    leaks = {
        f"{came_out}: {then[what]} {after[what]}" for came_out, then, after in points(name) if then[what] or after[what]
    }
    assert leaks == set()

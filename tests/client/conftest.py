"""Clients of every face for the simulator."""

import contextlib

import httpx2
import pytest
from faces import InALoop

from campaign_fsm import CampaignClient, Simulator, SimulatorServer, SimulatorTransport


@pytest.fixture
def simulator():
    return Simulator()


@pytest.fixture
def no_waiting(pace):
    """What is waited for between looks and tries; the tests of the waits themselves count them."""
    pace(looks=(0.0, 0.0, 0.0), first_delay=0.001)


@pytest.fixture
def deadline():
    """Seconds for which clients try again."""
    return 5.0


@pytest.fixture(params=["sync", "asyncio", "trio", "socket", "httpx2"])
def connect(request, simulator, deadline):
    """Makes clients of every face: in process sync, asyncio and trio, over a real socket, and with httpx2."""
    with contextlib.ExitStack() as stack:
        base = {
            "account_sid": simulator.account_sid,
            "api_key": simulator.api_key,
            "api_token": simulator.api_token,
            "deadline": deadline,
        }
        if request.param == "socket":
            base["base_url"] = stack.enter_context(SimulatorServer(simulator)).base_url
        else:
            base["transport"] = SimulatorTransport(simulator)

        def make(**settings):
            settings = {**base, **settings}
            if request.param in ("asyncio", "trio"):
                return InALoop(request.param, settings)
            if request.param == "httpx2":
                settings["http"] = httpx2
            return stack.enter_context(CampaignClient(**settings))

        yield make

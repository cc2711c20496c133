"""A clean environment for every test: no proxies, no `EXOTEL_*`, no colour."""

import importlib
import os
import sys

import pytest
from hypothesis import settings

from campaign_fsm import Simulator, SimulatorServer
from campaign_fsm.gate import budget, section

# `pytest --hypothesis-profile=long` searches for hours where the default does for seconds.
settings.register_profile("default", max_examples=200, stateful_step_count=40, deadline=None, print_blob=True)
settings.register_profile("long", max_examples=5000, stateful_step_count=80, deadline=None, print_blob=True)
settings.load_profile("default")


def pytest_addoption(parser):
    parser.addoption(
        "--http", default="httpx", choices=["httpx", "httpx2"], help="The HTTP library that everything is built with."
    )


def pytest_configure(config):
    if config.getoption("--http") == "httpx2":
        # Whoever imports httpx from here on, the package included, gets its successor.
        assert "httpx" not in sys.modules
        sys.modules["httpx"] = importlib.import_module("httpx2")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch):
    for name in list(os.environ):
        if name.startswith(("EXOTEL_", "CAMPAIGN_FSM_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request):
    return request.param


@pytest.fixture(autouse=True)
def budgets(monkeypatch):
    """No test spends another one's budget; only those of the budget itself have one by default."""
    monkeypatch.setattr(budget, "_BUDGETS", {})
    monkeypatch.setattr(budget, "is_vendor", lambda _: False)


@pytest.fixture(autouse=True)
def sections():
    """No test waits for what another one has left inside of a campaign's critical section."""
    return section.renew()


@pytest.fixture
def account(monkeypatch):
    """An account on a real server, and an environment that names it."""
    simulator = Simulator(api_token="token-canary")
    with SimulatorServer(simulator) as server:
        monkeypatch.setenv("EXOTEL_BASE_URL", server.base_url)
        monkeypatch.setenv("EXOTEL_ACCOUNT_SID", simulator.account_sid)
        monkeypatch.setenv("EXOTEL_API_KEY", simulator.api_key)
        monkeypatch.setenv("EXOTEL_API_TOKEN", simulator.api_token)
        yield simulator


if "MUTANT_UNDER_TEST" in os.environ:

    @pytest.fixture(autouse=True)
    def cold_caches():
        """What was computed before mutmut switched a mutant on would hide it."""
        from campaign_fsm import lifecycle
        from campaign_fsm.wire import intent, strictjson, target

        lifecycle._CELLS.clear()
        for module in (lifecycle, intent, strictjson, target):
            for value in vars(module).values():
                if hasattr(value, "cache_clear"):
                    value.cache_clear()

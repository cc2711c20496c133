"""A clean environment for every test: no proxies, no `EXOTEL_*`, no colour; what a run is made of."""

import contextlib
import gc
import importlib
import os
import random
import signal
import sys
import tempfile
from pathlib import Path

import attrs
import certificates
import pytest
from hypothesis import find, settings
from hypothesis.strategies import booleans

from campaign_fsm import Simulator, SimulatorServer, waiting
from campaign_fsm.gate import budget, section
from campaign_fsm.gate.budget import Budgets

# What the asserts of these saw is shown as that of the tests is.
pytest.register_assert_rewrite("faces", "gates", "interrupts", "operations", "sessions")


def pytest_addoption(parser):
    parser.addoption(
        "--http", default="httpx", choices=["httpx", "httpx2"], help="The HTTP library that everything is built with."
    )
    parser.addoption("--long", action="store_true", help="Everything, with many examples from a seed that is printed.")
    parser.addoption("--no-skips", action="store_true", help="A test that would be skipped fails, unless it may be.")


certificates.share()
# Ctrl-C means what it does on a terminal, also in a run that a script began in the background, and in its processes.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)  # before hypothesis looks for its seed, and xdist for what to tell its workers
def pytest_configure(config):
    if config.getoption("--http") == "httpx2":
        # Whoever imports httpx from here on, the package included, gets its successor.
        assert "httpx" not in sys.modules
        sys.modules["httpx"] = importlib.import_module("httpx2")
    chance = config.option.long or config.option.hypothesis_profile is not None
    if chance and config.option.hypothesis_seed is None:
        config.option.hypothesis_seed = str(random.SystemRandom().randrange(2**32))
    common = {"deadline": None, "print_blob": True}
    # The same examples in every run, unless somebody asks for those of a seed.
    same = {"derandomize": True, "database": None} if config.option.hypothesis_seed is None else {}
    settings.register_profile("default", max_examples=25, stateful_step_count=25, **same, **common)
    settings.register_profile("long", max_examples=200, stateful_step_count=40, **common)
    settings.register_profile("hours", max_examples=5000, stateful_step_count=80, **common)
    settings.load_profile("long" if config.option.long else "default")


def pytest_terminal_summary(terminalreporter, config):
    """How to have the same run again."""
    if config.option.hypothesis_seed is not None:
        terminalreporter.write_line(f"examples from --hypothesis-seed={config.option.hypothesis_seed}")


def pytest_collection_modifyitems(config, items):
    if config.option.long:
        return
    left = [item for item in items if item.get_closest_marker("long")]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if not item.get_closest_marker("long")]


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """What is collected stays; to look for garbage among it, again and again, takes a third of the time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


def pytest_collection_finish():
    """The tests themselves are no garbage of one: to look through all of them takes a quarter of a second each time."""
    # Once, hypothesis asks the collector who holds its source of chance; what is frozen is not among the answers.
    find(booleans(), lambda _: True)
    gc.collect()
    gc.freeze()


def _unskipped(config, report):
    """With `--no-skips`, what would be skipped has failed, for the reason that it would have been skipped for."""
    if config.option.no_skips and report.skipped and not hasattr(report, "wasxfail"):
        *_, reason = report.longrepr
        report.outcome, report.longrepr = "failed", f"--no-skips: {reason}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    report = yield
    return report if item.get_closest_marker("may_skip") else _unskipped(item.config, report)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    return _unskipped(collector.config, (yield))


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch):
    for name in list(os.environ):
        if (
            name.startswith(("EXOTEL_", "CAMPAIGN_FSM_", "FORCE_COLOR"))
            or name.lower().endswith("_proxy")
            or name == "CI"
        ):
            monkeypatch.delenv(name)


@pytest.fixture
def everybodys():
    """A folder in which everybody may write; those above `tmp_path` are their owner's alone."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        folder.chmod(0o777)
        yield folder


@pytest.fixture
def somebody():
    """Whoever runs the tests, but not the superuser, who may do anything."""

    @contextlib.contextmanager
    def somebody():
        if os.geteuid():
            yield
            return
        os.seteuid(65534)
        try:
            yield
        finally:
            os.seteuid(0)

    return somebody


@pytest.fixture
def pace(monkeypatch):
    """Sets how fast all clients and gates try again that are made from now on; says how fast they do."""

    def pace(**fields):
        monkeypatch.setattr(waiting, "PACE", attrs.evolve(waiting.PACE, **fields))
        return waiting.PACE

    return pace


@pytest.fixture
def impatient(pace):
    """After a lost answer nobody waits between looks: the servers here show at once what they will show."""
    pace(looks=tuple(0.0 for _ in pace().looks))


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request):
    return request.param


@pytest.fixture(autouse=True)
def budgets():
    """No test spends another one's budget; only those of the budget itself have one by default."""
    return budget.renew(Budgets(is_limited=lambda _: False))


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
        from campaign_fsm.lifecycle import decision, graph, machine
        from campaign_fsm.strict import json
        from campaign_fsm.wire import intent, target

        decision._CELLS.clear()
        for module in (decision, graph, machine, intent, json, target):
            for value in vars(module).values():
                if hasattr(value, "cache_clear"):
                    value.cache_clear()

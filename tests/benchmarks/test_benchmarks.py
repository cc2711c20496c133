"""What the gate costs, as ratios within one run: `python tests/benchmarks/table.py` prints the table."""

import itertools
import os
import shutil
import subprocess
import sys

import httpx
import pytest

from campaign_fsm import GuardTransport, Simulator, SimulatorTransport, build_machine, decide
from campaign_fsm.lifecycle.decision import _CELLS
from campaign_fsm.lifecycle.machine import Scratch

KEY = ("paused", "resume", "message", None, False)


def look_up(status, action, *, channel="message", started=None, strict=False):
    """The least that a function of the signature of `decide` can do."""
    return TABLE[status, action, channel, started, strict]


decide("paused", "resume")
TABLE = dict(_CELLS)
MACHINE = build_machine("message")


def thousand(function, *args):
    """A function that calls another a thousand times, so that the harness costs nothing beside it."""
    calls = range(1000)

    def run():
        for _ in calls:
            function(*args)

    return run


@pytest.mark.benchmark(group="decide")
def test_dict_look_up(benchmark):
    benchmark(thousand(look_up, "paused", "resume"))


@pytest.mark.benchmark(group="decide")
def test_decide(benchmark):
    benchmark(thousand(decide, "paused", "resume"))


@pytest.mark.benchmark(group="decide")
def test_machine_trigger(benchmark):
    model = Scratch(started=True)
    MACHINE.add_model(model, initial="paused")
    calls = range(500)

    def run():
        for _ in calls:
            model.resume()
            model.pause()

    benchmark(run)


@pytest.mark.benchmark(group="decide")
def test_machine_may(benchmark):
    model = Scratch(started=True)
    MACHINE.add_model(model, initial="paused")
    benchmark(thousand(model.may_resume))


def put(transport_of):
    """One PUT that alternates between pause and resume, on an in-process simulator."""
    simulator = Simulator()
    campaign = simulator.add("in-progress")
    client = httpx.Client(transport=transport_of(SimulatorTransport(simulator)), auth=("key", "token"))
    url = f"https://api.exotel.com/v2/accounts/{simulator.account_sid}/message-campaigns/{campaign}"
    turn = itertools.cycle(("pause", "resume"))

    def send():
        response = client.put(url, json={"action": next(turn)})
        assert response.status_code == 200

    send()
    return send


@pytest.mark.benchmark(group="put")
def test_put_bare(benchmark):
    benchmark.pedantic(put(lambda inner: inner), rounds=400, iterations=5, warmup_rounds=20)


@pytest.mark.benchmark(group="put")
def test_put_guarded_with_a_fresh_reading(benchmark):
    send = put(lambda inner: GuardTransport(inner, max_age=3600))
    benchmark.pedantic(send, rounds=400, iterations=5, warmup_rounds=20)


@pytest.mark.benchmark(group="put")
def test_put_guarded_with_its_read(benchmark):
    benchmark.pedantic(put(GuardTransport), rounds=400, iterations=5, warmup_rounds=20)


# Installed packages are compiled; a checkout is only if Python may write that down.
COMPILED = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def start(*command):
    return lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=COMPILED)


@pytest.mark.benchmark(group="start")
def test_start_python_import_click(benchmark):
    benchmark.pedantic(start(sys.executable, "-c", "import click"), rounds=20, warmup_rounds=2)


@pytest.mark.benchmark(group="start")
def test_start_campaign_fsm_check(benchmark):
    benchmark.pedantic(start(shutil.which("campaign-fsm"), "check", "paused", "complete"), rounds=20, warmup_rounds=2)

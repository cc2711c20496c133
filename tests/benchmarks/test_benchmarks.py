"""What `decide` and the start of the command cost: `python tests/benchmarks/table.py` prints the ratios."""

import os
import shutil
import subprocess
import sys
import types

import pytest

from campaign_fsm import build_machine, decide
from campaign_fsm.lifecycle.decision import _CELLS

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
    model = types.SimpleNamespace(started=True)
    MACHINE.add_model(model, initial="paused")
    calls = range(500)

    def run():
        for _ in calls:
            model.resume()
            model.pause()

    benchmark(run)


@pytest.mark.benchmark(group="decide")
def test_machine_may(benchmark):
    model = types.SimpleNamespace(started=True)
    MACHINE.add_model(model, initial="paused")
    benchmark(thousand(model.may_resume))


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

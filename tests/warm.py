"""Runs of pytest in processes of their own that begin after the imports: forks of a process that has only imported."""

import contextlib
import gc
import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import _pytest.config
import httpx
import pytest
from certificates import share

# What a run of the plugin imports, one way or another; never a plugin, which pytest has to load itself.
MODULES = (
    "respx",
    "vcr",
    "hypothesis",
    "campaign_fsm.client",
    "campaign_fsm.policy.configuration",
    "campaign_fsm.simulator.transport",
    "campaign_fsm.testing.run_gate",
    "campaign_fsm.testing.tally",
    *(f"_pytest.{name}" for name in getattr(_pytest.config, "default_plugins", ())),
)


class Warm:
    """Starts pytest like `Pytester.popen`, which it stands in for."""

    stdin = None

    def __init__(self, path):
        self._server = subprocess.Popen(
            [sys.executable, __file__],
            env={**os.environ, "PYTHONPATH": path},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def popen(self, command, *, stdout, stderr, **_):
        assert command[:2] == (sys.executable, "-mpytest")
        job = {"args": command[2:], "folder": str(Path.cwd()), "environment": dict(os.environ)}
        self._server.stdin.write(json.dumps({**job, "out": stdout.name, "err": stderr.name}) + "\n")
        self._server.stdin.flush()
        return self

    def wait(self, timeout=None):
        return int(self._server.stdout.readline())

    def close(self):
        self._server.stdin.close()
        self._server.wait()
        self._server.stdout.close()


def serve():
    """Runs each job in a fork, and says how it ended."""
    share()
    httpx.Client().close()  # reads the certificates
    sys.path.pop(0)  # this file's folder
    for name in MODULES:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    gc.freeze()  # what is here is no garbage of a run
    for line in sys.stdin:
        job = json.loads(line)
        if pid := os.fork():
            print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
            continue
        os.chdir(job["folder"])
        os.environ.clear()
        os.environ.update(job["environment"])
        for number, path in enumerate((os.devnull, job["out"], job["err"])):
            os.dup2(os.open(path, os.O_RDWR), number)
        sys.path.insert(0, job["folder"])
        sys.exit(pytest.main(job["args"]))


if __name__ == "__main__":
    serve()

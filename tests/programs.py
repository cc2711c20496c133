"""Programs that run beside a test: servers and workers of others."""

import contextlib
import re
import subprocess
import sys
import time

# Seconds after which a test fails instead of hanging; nothing waits for time alone.
PATIENCE = 30


@contextlib.contextmanager
def running(folder, log, *command):
    """A program, its errors in a file, until it is terminated."""
    with log.open("w") as errors_:
        program = subprocess.Popen([sys.executable, "-m", *command], cwd=folder, stdout=errors_, stderr=errors_)
        try:
            yield program
        finally:
            program.terminate()
            try:
                program.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                program.kill()
                program.wait()


def said(program, log, pattern):
    """What a program says once it is ready."""
    end = time.monotonic() + PATIENCE
    while not (found := re.search(pattern, log.read_text())):
        assert program.poll() is None, log.read_text()
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.05)
    return found

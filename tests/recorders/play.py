"""Stories played in front of a recorder: the servers, a driver in the recorder's environment, and what it leaves."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import attrs

from campaign_fsm.simulator import SimulatorServer
from campaign_fsm.simulator.journal import JournalEntry

from .stories import STORIES, Story, Walk
from .tools import NotThere, Tool, Variant, chromium, last_line
from .world import StoryAccount, elsewhere

_DRIVERS = Path(__file__).parent / "drivers"
_PLAYING = 120
_STARTING = 60


@attrs.frozen
class Played:
    """What a recorder left.

    Attributes:
        folder: The folder of its recordings.
        recordings: The recording of each story.
        journal: What arrived at the account, in order.
    """

    folder: Path
    recordings: dict[Story | Walk, Path]
    journal: tuple[JournalEntry, ...]


def play(tool: Tool, variant: Variant, cache: Path, folder: Path) -> Played:
    """Play the stories.

    Args:
        tool: The recorder; it is installed.
        variant: How it is used.
        cache: Where it is installed.
        folder: Where its recordings go; emptied. The journal goes beside it.

    Raises:
        NotThere: It does not run here, or left no recording.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    account = StoryAccount()
    with SimulatorServer(account) as server, elsewhere() as other, TemporaryDirectory() as scratch:
        stage = _Stage(tool, variant, cache, folder, Path(scratch), account, server.base_url, other)
        recordings = stage.walk() if tool.name == "schemathesis" else stage.stories()
    for story, path in recordings.items():
        if not path.is_file():
            raise NotThere(f"it left no recording of {story.name}")
    journal = [attrs.asdict(entry) for entry in account.journal]
    folder.with_name(f"{folder.name}.journal.json").write_text(json.dumps(journal, indent=1, default=str))
    return Played(folder, recordings, tuple(entry for entry in account.journal if entry.kind == "request"))


@attrs.frozen
class _Stage:
    tool: Tool
    variant: Variant
    cache: Path
    folder: Path
    scratch: Path
    account: StoryAccount
    account_url: str
    elsewhere_url: str

    def stories(self) -> dict[Story | Walk, Path]:
        stories = [story for story in STORIES if story.name not in self.variant.omits]
        for story in stories:
            story.begin(self.account)
        plans = {story.name: story.plan(self.account_url, self.elsewhere_url) for story in stories}
        with ExitStack() as proxies:
            if self.tool.name == "mitmproxy":
                processes = {name: proxies.enter_context(self._proxy(name)) for name in plans}
                for name, process in processes.items():
                    plans[name]["proxy"] = self._listening(process)
            self._drive(list(plans.values()))
        return {story: self._recording(story) for story in stories}

    def _recording(self, story: Story) -> Path:
        if self.tool.npm:
            # Its persister adds a number to the name.
            return next(iter(self.folder.glob(f"{story.name}_*/recording.har")), self.folder / story.name)
        return self.folder / (story.name + self.variant.settings["suffix"])

    def _drive(self, plans: list[dict[str, Any]]) -> None:
        plan = {"variant": dict(self.variant.settings), "out": str(self.folder), "base_url": self.account_url}
        if self.tool.browser:
            plan["chromium"] = chromium()
        path = self.scratch / "plan.json"
        path.write_text(json.dumps({**plan, "stories": plans}))
        if self.tool.npm:
            command = ["node", str(_DRIVERS / "with_polly.mjs"), str(path)]
        elif self.tool.browser:
            command = [str(self.tool.python(self.cache)), str(_DRIVERS / "with_playwright.py"), str(path)]
        else:
            # A proxy records whatever client; the others record what runs beside them.
            python = sys.executable if self.tool.name == "mitmproxy" else str(self.tool.python(self.cache))
            command = [python, str(_DRIVERS / "with_http.py"), str(path)]
        self._run(command, cwd=self.tool.home(self.cache))

    def _run(self, command: list[str], cwd: Path) -> None:
        try:
            done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=_PLAYING, check=False)
        except FileNotFoundError:
            raise NotThere(f"there is no {command[0]} here") from None
        except subprocess.TimeoutExpired:
            raise NotThere(f"its driver took more than {_PLAYING} seconds") from None
        if done.returncode:
            raise NotThere(f"its driver failed: {last_line(done.stderr or done.stdout)}")

    @contextmanager
    def _proxy(self, name: str) -> Iterator[subprocess.Popen[str]]:
        """A proxy on a port of its choice, which writes its recording when it ends."""
        recording = self.folder / (name + self.variant.settings["suffix"])
        options = {
            "hardump": recording,
            "confdir": self.scratch / name,  # where each makes its certificate; together they would spoil one
            "connection_strategy": "lazy",
            "flow_detail": 0,
        }
        settings = [part for key, value in options.items() for part in ("--set", f"{key}={value}")]
        mitmdump = str(self.tool.script(self.cache, "mitmdump"))
        command = [mitmdump, "--listen-host", "127.0.0.1", "-p", "0", *settings]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
            try:
                yield process
            finally:
                process.send_signal(signal.SIGINT)
                try:
                    process.communicate(timeout=_STARTING)
                except subprocess.TimeoutExpired:
                    process.kill()

    @staticmethod
    def _listening(process: subprocess.Popen[str]) -> str:
        """The URL of a proxy, which it prints once it listens."""
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            if found := re.search(r" at (127\.0\.0\.1:[0-9]+)", line):
                return f"http://{found[1]}"
            said.append(line)
        raise NotThere(f"the proxy does not listen: {last_line(''.join(said))}")

    def walk(self) -> dict[Story | Walk, Path]:
        """The requests are the recorder's own, made from a description of the API."""
        walk = Walk()
        walk.begin(self.account)
        description = self.scratch / "openapi.json"
        description.write_text(json.dumps(walk.description()))
        settings = self.variant.settings
        recording = self.folder / (walk.name + settings["suffix"])
        # Every run makes the same requests.
        command = (
            f"run {description} -u {self.account_url} -a {walk.credentials} -w 1 -m positive --phases fuzzing"
            f" --max-examples {walk.examples} --seed 7 --generation-database none -c not_a_server_error"
            f" --report {settings['report']} --report-{settings['report']}-path {recording}"
        ).split()
        st = str(self.tool.script(self.cache, "st"))
        self._run([st, *command, *settings["flags"]], cwd=self.scratch)
        return {walk: recording}

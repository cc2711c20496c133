"""The recorders: what each needs, how it is installed, and what its recordings keep."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attrs import field, frozen

from .compare import Keeps

_INSTALLING = 600
_CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


class NotThere(Exception):
    """A tool cannot be installed or run here; says why."""


@frozen
class Variant:
    """One way to use a recorder.

    Attributes:
        name: Its name, also that of the folder of its recordings.
        keeps: What its recordings keep.
        settings: What its driver is told.
        omits: The stories that it cannot record, and why.
    """

    name: str
    keeps: Keeps = field(factory=Keeps)
    settings: Mapping[str, Any] = field(factory=dict)
    omits: Mapping[str, str] = field(factory=dict)


@frozen
class Tool:
    """A recorder.

    Attributes:
        name: Its name on the command line.
        needs: What is installed for it into an environment of its own, from the lowest versions that were tried.
        variants: How it is used.
        npm: Whether it is a package of npm, and not of PyPI.
        browser: Whether it needs a Chromium.
    """

    name: str
    needs: tuple[str, ...]
    variants: tuple[Variant, ...]
    npm: bool = False
    browser: bool = False

    def home(self, cache: Path) -> Path:
        return cache / self.name

    def installed(self, cache: Path) -> bool:
        """Whether its environment is there, and was made from this table."""
        mark = self.home(cache) / "needs.json"
        return mark.is_file() and json.loads(mark.read_text()) == list(self.needs)

    def install(self, cache: Path) -> None:
        """Make its environment.

        Raises:
            NotThere: That does not work here.
        """
        home = self.home(cache)
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        if self.npm:
            (home / "package.json").write_text("{}")
            _run(["npm", "install", "--no-audit", "--no-fund", "--loglevel=error", *self.needs], cwd=home)
        else:
            _run([sys.executable, "-m", "venv", str(home)])
            _run([str(self.python(cache)), "-m", "pip", "install", "-q", "--disable-pip-version-check", *self.needs])
        (home / "needs.json").write_text(json.dumps(self.needs))

    def python(self, cache: Path) -> Path:
        return self.script(cache, "python")

    def script(self, cache: Path, name: str) -> Path:
        return self.home(cache) / ("Scripts" if os.name == "nt" else "bin") / name


def _run(command: list[str], **more: Any) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_INSTALLING, check=False, **more)
    except FileNotFoundError:
        raise NotThere(f"there is no {command[0]} here") from None
    except subprocess.TimeoutExpired:
        raise NotThere(f"{Path(command[0]).name} took more than {_INSTALLING} seconds") from None
    if done.returncode:
        raise NotThere(last_line(done.stderr or done.stdout))


def last_line(text: str) -> str:
    """The last line that says anything."""
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "it said nothing")


def chromium() -> str:
    """The path of a Chromium.

    Raises:
        NotThere: There is none.
    """
    found = os.environ.get("CHROMIUM") or next((path for name in _CHROMIUM if (path := shutil.which(name))), None)
    if found is None:
        raise NotThere("there is no Chromium here (Debian: apt-get install chromium; or CHROMIUM=path)")
    return found


_ANSWERS_ONLY = Keeps(lost=False, order=False)
_LATER = ("overlap", "race", "zipped", "elsewhere", "lost")
_NO_BYTES = "its JSON holds no bytes that are no text"


def _har(mode: str, content: str, suffix: str = ".har") -> Variant:
    name = f"{mode}-{content}{suffix.replace('.har', '').replace('.', '-')}"
    return Variant(name, Keeps(bodies=content != "omit"), {"mode": mode, "content": content, "suffix": suffix})


def _vcr(client: str, suffix: str, **omits: str) -> Variant:
    options = {"serializer": "json"} if suffix == ".json" else {}
    settings = {"recorder": "vcrpy", "client": client, "suffix": suffix, "options": options}
    return Variant(f"{client}-{suffix[1:]}", _ANSWERS_ONLY, settings, omits)


def _betamax(name: str, **options: Any) -> Variant:
    settings = {"recorder": "betamax", "client": "requests", "suffix": ".json", "options": options}
    return Variant(name, _ANSWERS_ONLY, settings)


def _generated(report: str, suffix: str, *flags: str) -> Variant:
    name = report + ("-bytes" if flags else "")
    return Variant(name, Keeps(credentials=False), {"report": report, "suffix": suffix, "flags": flags})


TOOLS = (
    Tool(
        "mitmproxy",
        ("mitmproxy>=11",),
        (
            Variant("har", settings={"suffix": ".har"}),
            Variant(
                "zhar", settings={"suffix": ".zhar"}, omits=dict.fromkeys(_LATER, "the same as in har, compressed")
            ),
        ),
    ),
    Tool(
        "playwright",
        ("playwright>=1.45",),
        tuple(
            _har(mode, content, suffix)
            for mode in ("full", "minimal")
            for content, suffix in (("embed", ".har"), ("attach", ".har"), ("attach", ".zip"), ("omit", ".har"))
        ),
        browser=True,
    ),
    Tool(
        "vcrpy",
        ("vcrpy>=8", "requests>=2.31", "httpx>=0.27", "aiohttp>=3.10"),
        (
            *(_vcr(client, ".yaml") for client in ("requests", "httpx", "aiohttp")),
            _vcr("requests", ".json", elsewhere=_NO_BYTES),
            _vcr("httpx", ".json", elsewhere=_NO_BYTES, zipped=_NO_BYTES),
            _vcr("aiohttp", ".json", elsewhere=_NO_BYTES),
        ),
    ),
    Tool(
        "betamax",
        ("betamax>=0.9", "requests>=2.31"),
        (
            _betamax("text"),
            _betamax("bytes", preserve_exact_body_bytes=True),
        ),
    ),
    Tool(
        "schemathesis",
        ("schemathesis>=4.32",),
        tuple(
            _generated(report, suffix, *flags)
            for report, suffix in (("vcr", ".yaml"), ("har", ".har"))
            for flags in ((), ("--report-preserve-bytes",))
        ),
    ),
    Tool(
        "polly",
        ("@pollyjs/core@^6", "@pollyjs/adapter-node-http@^6", "@pollyjs/persister-fs@^6"),
        (Variant("fs", Keeps(lost=False)),),
        npm=True,
    ),
)

"""The README and the guides as they are read: their blocks, and a reader who does what they say, line by line."""

import contextlib
import io
import logging
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from functools import cache
from pathlib import Path
from unittest import mock

import attrs
import pytest
from markdown_it import MarkdownIt

from campaign_fsm.cli import run

# What a block is where it is no file: commands, a script, or what the block above it prints.
RUN = {"sh", "python"}
# What is saved is of one of these languages, by its ending.
SAVED = {"ipy": "python", "json": "json", "jsonl": "jsonl", "mjs": "js", "py": "python", "toml": "toml", "yaml": "yaml"}
SAVED["yml"] = "yaml"
_FILE = re.compile(rf"`([\w./-]+\.({'|'.join(SAVED)}))`:$")
# Which network an installation needs, `.ci/run` has; here it is done, and what comes after it is run.
_INSTALLED = re.compile(r"pip install (\.|'\.\[[a-z,]+\]')( && |$)")
# Tools that a fresh machine may lack.
_TOOLS = re.compile(r"\b(curl|node)\b")
_EXIT_CODE = re.compile(r"\s+# exit code (\d)$")
# What only a shell understands.
_SHELL = re.compile(r"[$|&;<>*`~]")


@attrs.frozen
class Block:
    """A block of code: its language (None if it is only shown), its text, its line, and the file to save it as."""

    language: str | None
    text: str
    line: int
    name: str | None = None
    printed: str | None = None


def parse(path):
    """The tokens of a page."""
    return MarkdownIt("commonmark").enable("table").parse(path.read_text(encoding="utf-8"))


def links(path):
    """Where the links and pictures of a page lead."""
    inline = [child for token in parse(path) for child in token.children or ()]
    targets = [child.attrGet("href") or child.attrGet("src") for child in inline]
    html = [token.content for token in (*parse(path), *inline) if token.type.startswith("html")]
    return [target for target in targets if target] + re.findall(r'(?:src|srcset|href)="([^"]+)"', "".join(html))


def blocks(path):
    """The blocks of a page in their order; what one prints stands with it."""
    found = []
    before = ""
    for token in parse(path):
        if token.type == "inline":
            before = token.content
        elif token.type in {"fence", "code_block"}:
            named = _FILE.search(before)
            language = token.info if token.type == "fence" else None
            block = Block(language, token.content, token.map[0] + 1, named and language and named[1])
            if token.info == "text" and found and found[-1].printed is None and not found[-1].name:
                found[-1] = attrs.evolve(found[-1], printed=token.content)
            else:
                found.append(block)
            before = ""
    return found


def file(path, name):
    """What a page says is in a file."""
    (text,) = [block.text for block in blocks(path) if block.name == name]
    return text


def is_printed(expected, printed):
    """Whether this was printed; `…` stands for anything."""
    pattern = ".*".join(map(re.escape, expected.strip().split("…")))
    return re.fullmatch(pattern, printed.strip(), flags=re.DOTALL) is not None


def lines_of(script):
    """The commands of a script: continued lines and open quotes belong together."""
    whole = ""
    for line in script.splitlines():
        whole += line
        if whole.endswith("\\"):
            whole = whole[:-1]
            continue
        try:
            shlex.split(whole, comments=True)
        except ValueError:  # a quotation goes on in the next line
            whole += "\n"
            continue
        if whole.strip():
            yield whole
        whole = ""
    assert not whole, f"an open quotation: {whole}"


@cache
def is_missing(tool):
    """Whether a tool is not there; of Node before 18, which cannot fetch."""
    if shutil.which(tool) is None:
        return True
    if tool != "node":
        return False
    return (
        int(subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout[1:].split(".")[0])
        < 18
    )


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class _Stderr:
    """The standard error of the moment."""

    def write(self, text):
        sys.stderr.write(text)

    def flush(self):
        sys.stderr.flush()


@attrs.define
class Reader:
    """Does what a page says, in a folder and an environment of their own.

    `port` is the simulator's, which is 8080 on the page. With `real`, each script and command is a process; else those
    that need no shell run in this one, which is much faster.
    """

    folder: Path
    env: dict
    port: int
    real: bool = False
    _started: list = attrs.Factory(list)
    _state: Path = attrs.Factory(lambda self: self.folder.with_name("state"), takes_self=True)

    def read(self, page):
        """All blocks in order."""
        for block in blocks(page):
            place = f"{page.name}, line {block.line}"
            if block.name:
                fits = {SAVED[block.name.rpartition(".")[2]], "json" if block.name.endswith(".jsonl") else ""}
                assert block.language in fits, f"{place}: {block.language} is not what {block.name} is written in"
                target = self.folder / block.name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(self._here(block.text), encoding="utf-8")
                continue
            if block.language is None:
                continue
            assert block.language != "text", f"{place}: no block above it prints that"
            assert block.language in RUN, f"{place}: neither run nor saved"
            printed = self._do(block, place)
            if block.printed is not None:
                expected = self._here(block.printed)
                assert expected.strip() != "…", f"{place}: a block that prints anything needs no output"
                assert is_printed(expected, printed), f"{place} prints\n{printed}\nand not\n{expected}"

    def _here(self, text):
        return text.replace("8080", str(self.port))

    def _do(self, block, place):
        text = self._here(block.text)
        if block.language == "python":
            return self._script(text, place)
        return "".join(self._command(line, place) for line in lines_of(text))

    def _script(self, text, place):
        if self.real:
            return self._bash(f"{shlex.quote(sys.executable)} -c {shlex.quote(text)}", 0, place)
        # Python prints warnings of the log where nothing else takes them; here pytest does.
        logger, handler = logging.getLogger("campaign_fsm"), logging.StreamHandler(_Stderr())
        handler.setLevel(logging.WARNING)
        logger.addHandler(handler)
        try:
            return self._here_in(lambda: exec(compile(text, place, "exec"), {"__name__": "__main__"}))[1]
        finally:
            logger.removeHandler(handler)

    def _command(self, line, place):
        expected = _EXIT_CODE.search(line)
        code = int(expected[1]) if expected else 0
        line = _INSTALLED.sub("", line)
        words = shlex.split(line, comments=True)
        if not words:
            return ""
        assert words[0] != "pip", f"{place}: {line} installs what the guides do not install"
        if words[:2] == ["campaign-fsm", "simulate"]:
            return self._serve(words)
        if words[0] != "campaign-fsm" or self.real or _SHELL.search(line):
            for tool in ["bash", *_TOOLS.findall(line)]:
                if is_missing(tool):
                    pytest.skip(f"{place}: there is no {tool}, or an old one")
            return self._bash(line, code, place)
        returned, printed = self._here_in(lambda: run(words[1:]))
        assert returned == code, f"{place}: {line} exits with {returned}\n{printed}"
        return printed

    def _here_in(self, function):
        # As a terminal's: text, above a buffer of bytes.
        out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="", write_through=True)
        with (
            contextlib.chdir(self.folder),
            mock.patch.dict(os.environ, self.env, clear=True),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(out),
        ):
            returned = function()
        return returned, out.buffer.getvalue().decode()

    def _bash(self, line, code, place):
        state = shlex.quote(str(self._state))
        script = f"{line}\ncode=$?; pwd > {state}.pwd; env -0 > {state}.env; exit $code"
        done = subprocess.run(
            ["bash", "-a", "-o", "pipefail", "-c", script],
            cwd=self.folder,
            env={**self.env, "PYTHONUNBUFFERED": "1"},  # in the order of a terminal
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == code, f"{place}: {line} exits with {done.returncode}\n{done.stdout}"
        pairs = Path(f"{self._state}.env").read_text(encoding="utf-8").split("\0")
        self.env = dict(pair.split("=", 1) for pair in pairs if pair)
        self.folder = Path(Path(f"{self._state}.pwd").read_text(encoding="utf-8").rstrip("\n"))
        return done.stdout

    def _serve(self, words):
        log = self._state.with_name(f"server-{len(self._started)}")
        argv = [sys.executable, "-m", "campaign_fsm", *words[1:]]
        if "--port" not in words:
            argv += ["--port", str(self.port)]
        with log.open("wb") as out:
            self._started.append(subprocess.Popen(argv, cwd=self.folder, env=self.env, stdout=out, stderr=out))
        deadline = time.monotonic() + 30
        while b"_simulator/" not in log.read_bytes() and time.monotonic() < deadline:
            assert self._started[-1].poll() is None, log.read_text()
            time.sleep(0.02)
        return log.read_text(encoding="utf-8")

    def close(self):
        """End what was started."""
        for process in self._started:
            process.send_signal(signal.SIGTERM)
            process.wait(30)

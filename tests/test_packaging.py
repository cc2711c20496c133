"""What is around the code: what an installation has, what freezing it takes, what developing it takes."""

import json
import pkgutil
import re
import runpy
import shlex
import subprocess
import sys
import tomllib
from importlib.metadata import EntryPoint, metadata
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from places import CI, README, ROOT

import campaign_fsm
from campaign_fsm import guides

PACKAGE = Path(campaign_fsm.__file__).parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PAGE = ["explorer.css", "explorer.html", "explorer.js"]
READ = [*(f"guides/{topic}.md" for topic in guides.TOPICS), "py.typed", *(f"diagram/page/{name}" for name in PAGE)]


def test_no_group_asks_for_the_package():
    """A group that did would install it from an index, and not this checkout."""
    needs = [need for group in PYPROJECT["dependency-groups"].values() for need in group if isinstance(need, str)]
    assert needs
    assert not [need for need in needs if need.startswith("campaign_fsm")]


def test_the_hook_of_pyinstaller_has_what_is_found_by_name():
    """The modules of commands and checks, and all files that are read; not `testing`, which brings pytest."""
    ((name, value),) = PYPROJECT["project"]["entry-points"]["pyinstaller40"].items()
    (folder,) = EntryPoint(name, value, "pyinstaller40").load()()
    hook = runpy.run_path(str(Path(folder, "hook-campaign_fsm.py")))
    modules = {
        module.name
        for name in ("campaign_fsm.cli", "campaign_fsm.audit.checks")
        for module in pkgutil.iter_modules([str(PACKAGE.parent.joinpath(*name.split(".")))], f"{name}.")
    }
    assert {"campaign_fsm.cli.demo", "campaign_fsm.audit.checks.answer"} <= modules
    assert {"campaign_fsm", "campaign_fsm.cli", *modules} <= set(hook["hiddenimports"])
    assert not [name for name in hook["hiddenimports"] if "testing" in name or "__pyinstaller" in name]
    assert {(str(PACKAGE / path), str(Path("campaign_fsm", path).parent)) for path in READ} <= set(hook["datas"])


@pytest.mark.parametrize("topic", ["adding", "gate", "state-machine"])
def test_a_guide_names_files_that_there_are(topic):
    """It is installed with the package, and its paths are those of the repository."""
    named = re.findall(r"`((?:campaign_fsm|tests|diagrams)/[^`]*|pyproject\.toml)`", guides.text_of(topic))
    assert named or topic == "state-machine"
    # An installed package is elsewhere than the tests.
    places = {"campaign_fsm": PACKAGE.parent}
    assert [path for path in named if not (places.get(path.partition("/")[0], ROOT) / path).exists()] == []


@pytest.mark.skipif(not CI.exists(), reason="what runs everything is in the checkout")
def test_everything_includes_the_two_commands_of_the_readme():
    """As they stand there."""
    commands = re.findall(r"^ *(pip install .+ && .+)$", README.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert len(commands) == 2
    assert [command for command in commands if f"\n    {command}\n" not in CI.read_text(encoding="utf-8")] == []


@pytest.mark.skipif(not README.exists(), reason="the README is beside the checkout's tests, not beside these")
def test_the_page_on_an_index_needs_nothing_beside_it():
    """Its picture is one in letters, a guide its command, every other link leads somewhere, and blocks stay."""
    page = readme = README.read_text(encoding="utf-8")
    for one in PYPROJECT["tool"]["hatch"]["metadata"]["hooks"]["fancy-pypi-readme"]["substitutions"]:
        page = re.sub(one["pattern"], one["replacement"], page)
    assert "--complete--> completed" in page
    assert "(`campaign-fsm help gate`)" in page
    html = MarkdownIt("commonmark").enable("table").render(page)
    assert "<img" not in html
    assert "<picture" not in html
    assert [link for link in re.findall(r'(?:href|src)="([^"]+)"', html) if not link.startswith("https://")] == []
    assert re.findall(r"(?ms)^```.*?^```$", page) == re.findall(r"(?ms)^```.*?^```$", readme)
    assert "(`campaign-fsm help gate`)" in metadata("campaign_fsm")["Description"]


TRAFFIC = [
    {"method": "GET", "url": "/v2/accounts/acme1/campaigns/c1", "status_code": 200, "status": "in-progress"},
    {"method": "PUT", "url": "/v2/accounts/acme1/campaigns/c1", "status_code": 409, "action": "complete"},
]


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_frozen_program_has_every_command(tmp_path):
    """The real PyInstaller finds the hook by itself. What is not used here is left out: it is slow to look through."""
    pytest.importorskip("PyInstaller", reason="PyInstaller is not installed")
    (tmp_path / "frozen.py").write_text("from campaign_fsm.cli import main\nmain()\n")
    (tmp_path / "traffic.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in TRAFFIC))
    unused = ("IPython", "PIL", "cryptography", "gevent", "pygments", "resvg_py", "rich", "setuptools", "trio")
    options = ["--log-level=ERROR", *(f"--exclude-module={name}" for name in unused)]
    freeze = [sys.executable, "-m", "PyInstaller", *options, "frozen.py"]
    subprocess.run(freeze, cwd=tmp_path, check=True)
    for command, code, said in (
        ("check in-progress complete", 1, "CF224"),
        ("demo", 0, "StateConflict"),
        ("help gate", 0, "# The gate"),
        ("diagram --format html", 0, "</html>"),
        ("audit traffic.jsonl", 1, "CF224"),
        ("simulate --help", 0, "--port"),
    ):
        argv = [tmp_path / "dist" / "frozen" / "frozen", *shlex.split(command)]
        done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
        assert (done.returncode, said in done.stdout) == (code, True), done.stdout[-2000:] + done.stderr

"""The published hook for recordings under the real pre-commit, which hands each of its processes some of the files."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from places import ROOT

HOOKS = ROOT / ".pre-commit-hooks.yaml"
# As it was before the tests cleaned theirs: what pip needs to reach an index may be in it.
ENVIRONMENT = dict(os.environ)
URL = "/v2/accounts/acme1/campaigns/camp_abc123"
READ = {"method": "GET", "url": URL, "status_code": 200, "status": "in-progress"}
ILLEGAL = {"method": "PUT", "url": URL, "status_code": 409, "action": "complete"}

pytest.importorskip("pre_commit", reason="pre-commit is not installed")
pytestmark = [
    pytest.mark.skipif(not HOOKS.exists(), reason="the hooks are in the checkout"),
    pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed"),
]


class Project:
    """A repository of somebody who uses the hook; `run` is one command in it."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        self.environment = {
            **{name: value for name, value in ENVIRONMENT.items() if not name.startswith(("GIT_", "PRE_COMMIT", "CI"))},
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{ENVIRONMENT['PATH']}",
            "PRE_COMMIT_HOME": str(folder.parent / "cache"),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
            **{f"GIT_{who}_{what}": "x@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
            # By this name pre-commit knows a machine on which it takes two processes, however many there are.
            "TRAVIS": "true",
        }
        self.run("git", "init", "-q")

    def run(self, *argv, code=0):
        done = subprocess.run(
            argv, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=600, check=False
        )
        said = done.stdout + done.stderr
        assert done.returncode == code, said
        return said

    def write(self, name, *exchanges):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(json.dumps(exchange) + "\n" for exchange in exchanges))

    def fill(self, repository, **more):
        """Twelve recordings, of which three have a finding that is accepted, each in another way."""
        import yaml

        for number in range(12):
            self.write(f"recordings/{number:02}.jsonl", READ, *([ILLEGAL] if number in (1, 6, 11) else []))
        self.write("recordings/data.jsonl", {"text": "no recording"})
        found = json.loads(self.run("campaign-fsm", "audit", "recordings", "--json", code=1))["findings"]
        first, second, _ = (finding["fingerprint"] for finding in found)
        (self.folder / "campaign-fsm.toml").write_text(
            f'[[suppress]]\nfingerprint = "{first}"\nfile = "01.jsonl"\nreason = "x"\n'
            f'[[suppress]]\nfingerprint = "{second}"\nreason = "x"\n'
        )
        self.run("campaign-fsm", "audit", "recordings", "--baseline", "accepted.json")
        hook = {"id": "campaign-fsm-audit", "args": ["--baseline", "accepted.json"], "verbose": True, **more}
        (self.folder / ".pre-commit-config.yaml").write_text(
            yaml.safe_dump({"repos": [{**repository, "hooks": [hook]}]})
        )
        self.run("pre-commit", "install")
        self.run("git", "add", ".")


def check(project):
    """What is accepted stays accepted, in whole commits and in parts of one; what is not is refused for what it is."""
    before = (project.folder / "accepted.json").read_text()
    said = project.run("git", "commit", "-m", "all")
    # Two processes, each with some of the files.
    assert said.count("requests of ") == 2, said
    assert said.count("1 file passed over") == 1, said
    project.write("recordings/04.jsonl", READ, READ)
    project.run("git", "commit", "-am", "one without any of the findings")
    project.write("recordings/05.jsonl", READ, ILLEGAL)
    said = project.run("git", "commit", "-am", "bad", code=1)
    assert said.count("recordings/05.jsonl:2: CF224 error") == said.count("error:") == 1, said
    assert "CF607" not in said
    assert "all" not in project.run("git", "log", "-1", "--format=%s")
    project.run("git", "restore", "--staged", "--worktree", "recordings/05.jsonl")
    # A suppression whose file was read, and which suppresses nothing there, is left over.
    project.write("recordings/01.jsonl", READ)
    said = project.run("git", "commit", "-am", "mended", code=1)
    assert said.count("CF607 warning") == 1, said
    assert (project.folder / "accepted.json").read_text() == before
    # A whole run, which is no hook, takes out what is gone.
    project.write("recordings/11.jsonl", READ)
    project.run("campaign-fsm", "audit", "recordings", "--baseline", "accepted.json", code=1)
    assert json.loads((project.folder / "accepted.json").read_text())["fingerprints"] == {}


def test_the_hook_judges_each_commit_by_what_is_in_it(tmp_path):
    """As it is published, with the command of this environment in place of one that pre-commit installs."""
    import yaml

    project = Project(tmp_path / "project")
    published = next(hook for hook in yaml.safe_load(HOOKS.read_text()) if hook["id"] == "campaign-fsm-audit")
    published.pop("additional_dependencies")
    project.fill({"repo": "local"}, **{**published, "language": "system"})
    check(project)


@pytest.mark.long
@pytest.mark.timeout(600)
def test_the_hook_installs_itself(tmp_path):
    """From a repository with nothing but what is in this one: pre-commit builds its environment and runs it there."""
    source = Project(tmp_path / "source")
    for name in ("campaign_fsm", "pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, source.folder / name)
    source.run("git", "add", ".")
    source.run("git", "commit", "-qm", "published")
    project = Project(tmp_path / "project")
    project.fill({"repo": str(source.folder), "rev": source.run("git", "rev-parse", "HEAD").strip()})
    check(project)

"""The README and the guides: every block of theirs is run as it is printed, and what they name is there."""

import contextlib
import os
import re
import sys
import traceback
from importlib.metadata import metadata
from pathlib import Path

import attrs
import httpx
import pages
import pytest
from places import GUIDES, README

from campaign_fsm import Simulator, SimulatorServer, errors, guides
from campaign_fsm.cli import COMMANDS
from campaign_fsm.rules import ENTRIES

IN_ORDER = [*([README] if README.exists() else []), *(GUIDES / f"{topic}.md" for topic in guides.TOPICS)]
# Each has tests of its own, which start what it is about.
OWN = {"frameworks"}
# What is done on the way; the README's other writes go to a simulator of its own.
DONE = {
    "client": {"create", "edit", "edit-callbacks", "reschedule", "pause", "resume", "delete"},
    "command-line": {"create", "edit", "reschedule", "pause", "resume", "delete"},
    "getting-started": {"pause", "resume"},
}
IRREVERSIBLE = {"complete", "archive", "delete"}


def is_served(page):
    """Whether a page starts a simulator by itself."""
    return any(
        line.startswith("campaign-fsm simulate") for block in pages.blocks(page) for line in block.text.splitlines()
    )


def untouched(writes):
    """No write of a page has ended a campaign that was there before it."""
    return not [
        write for write in writes if write["applied"] and write["action"] in IRREVERSIBLE and write["id"] in THEIRS
    ]


def seeded():
    simulator = Simulator()
    simulator.seed()
    return simulator


THEIRS = set(seeded().campaigns)


@pytest.mark.parametrize("real", [False, pytest.param(True, marks=pytest.mark.long)], ids=["here", "processes"])
@pytest.mark.parametrize("page", [page for page in IN_ORDER if page.stem not in OWN], ids=lambda page: page.stem)
def test_every_block_of_a_page_runs_as_it_is_printed(page, real, tmp_path, request):
    """In order, in one empty folder, on a fresh simulator: it prints what the page says and ends nobody's campaign."""
    if not real:
        request.getfixturevalue("impatient")
    (tmp_path / "empty").mkdir()
    env = {name: os.environ[name] for name in ("PYTHONPATH", "NODE_PATH") if name in os.environ} | {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "HOME": str(tmp_path),
        "LANG": "C.UTF-8",
    }
    if is_served(page):
        with contextlib.closing(pages.Reader(tmp_path / "empty", env, pages.free_port(), real)) as reader:
            reader.read(page)
            journal = httpx.get(f"http://127.0.0.1:{reader.port}/_simulator/journal").json()
        assert untouched(journal)
        assert DONE.get(page.stem, set()) <= {entry["action"] for entry in journal if entry["applied"]}
        return
    simulator = seeded()
    with SimulatorServer(simulator) as server:
        env |= {
            "EXOTEL_BASE_URL": server.base_url,
            "EXOTEL_ACCOUNT_SID": simulator.account_sid,
            "EXOTEL_API_KEY": simulator.api_key,
            "EXOTEL_API_TOKEN": simulator.api_token,
        }
        port = int(server.base_url.rpartition(":")[2])
        with contextlib.closing(pages.Reader(tmp_path / "empty", env, port, real)) as reader:
            reader.read(page)
    arrived = [attrs.asdict(entry) for entry in simulator.journal]
    assert untouched(arrived)
    assert DONE.get(page.stem, set()) <= {entry["action"] for entry in arrived if entry["applied"]}


@pytest.mark.skipif(not README.exists(), reason="the README is beside the checkout's tests, not beside these")
def test_the_readme_leads_to_every_guide():
    """By its file, as whoever reads the repository opens it."""
    named = {
        Path(link.partition("#")[0]).name for link in pages.links(README) if link.startswith("campaign_fsm/guides/")
    }
    assert named == {f"{topic}.md" for topic in guides.TOPICS}


def test_every_guide_is_a_topic():
    """No file beside them is forgotten."""
    assert {path.stem for path in GUIDES.glob("*.md")} == set(guides.TOPICS)


@pytest.mark.parametrize("page", IN_ORDER, ids=lambda page: page.stem)
def test_what_a_page_names_is_there(page):
    """Links, codes, commands with their options, topics and extras."""
    text = page.read_text(encoding="utf-8")
    for link in pages.links(page):
        if not link.startswith(("https://", "http://")):
            path, _, anchor = link.partition("#")
            target = (page.parent / path) if path else page
            assert target.exists() or (path.startswith("../../") and not README.exists()), link
            assert not anchor or anchor in anchors(target), link
    assert set(re.findall(r"\bCF\d{3}\b", text)) <= set(ENTRIES)
    assert set(re.findall(r"campaign-fsm help ([a-z-]+)", text)) <= {*guides.TOPICS, *COMMANDS}
    assert set(re.findall(r"campaign-fsm ([a-z-]+)", re.sub(r"campaign-fsm-[a-z]+|campaign-fsm\.", "", text))) <= {
        *COMMANDS
    }
    extras = [
        name.strip()
        for names in re.findall(r"(?:campaign_fsm|'\.|CHECKOUT)\[([a-z, ]+)\]", text)
        for name in names.split(",")
    ]
    assert set(extras) <= set(metadata("campaign_fsm").get_all("Provides-Extra"))


def anchors(page):
    """The names of a page's headings, as hosts of repositories make them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("topic", guides.TOPICS)
def test_a_guide_says_what_it_is_for_and_what_is_next(topic):
    """Its title, one sentence that the list shows, lines that a terminal takes, and the next step last."""
    text = guides.text_of(topic)
    assert text.startswith("# ")
    summary = guides.summary_of(topic)
    assert re.fullmatch(r"[A-Z][^.]+\.", summary), summary
    assert len(summary) <= 100
    assert [
        line for line in text.splitlines() if len(line) > 100 and not line.startswith("|") and "://" not in line
    ] == []
    last = re.findall(r"^## (.+)$", text, flags=re.MULTILINE)[-1]
    assert last == "Next"
    assert re.search(r"\]\([a-z-]+\.md", text.rpartition("## Next")[2])


def test_every_command_has_a_guide():
    """That mentions it in a line which can be copied."""
    text = "\n".join(block.text for topic in guides.TOPICS for block in pages.blocks(GUIDES / f"{topic}.md"))
    missing = [name for name in COMMANDS if not re.search(rf"campaign-fsm {name}\b", text)]
    assert missing == []


@pytest.mark.parametrize("code", ENTRIES)
def test_every_code_has_a_guide(code):
    """`explain` names it."""
    assert guides.guide_of(code) in guides.TOPICS


def test_every_error_has_a_guide():
    """The traceback, the command line and `explain` name it."""
    kinds = [
        kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.CampaignFsmError)
    ]
    assert len(kinds) > 25
    for kind in kinds:
        assert kind.guide in guides.TOPICS, kind
    error = errors.ConfigurationError(setting="region", problem="it is wrong.")
    assert "campaign-fsm help getting-started says more." in "".join(traceback.format_exception(error))

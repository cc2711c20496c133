"""The README and the guides: every block of theirs is run as it is printed, and what they name is there."""

import contextlib
import itertools
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

import campaign_fsm.testing.plugin
from campaign_fsm import Simulator, SimulatorServer, errors, guides
from campaign_fsm.cli import COMMANDS, cli
from campaign_fsm.cli.explanation import ERRORS
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
    (tmp_path / "campaign-fsm.toml").touch()  # nobody's policy from above the temporary folders
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


EACH = pytest.mark.parametrize("page", IN_ORDER, ids=lambda page: page.stem)
SIMULATOR = "The examples run on a fresh simulator: `campaign-fsm simulate` in one terminal; in another, paste the"
NEEDS = re.compile(
    r"CampaignClient\((?!\n    account_sid)|^campaign-fsm (get|list|pause|resume|edit|create|complete)\b", re.MULTILINE
)
# Options of other programs that the pages use.
THEIRS_TOO = {
    *("--find-links", "--group", "--no-deps", "--workers", "--list", "--seconds"),
    *("--http", "--hypothesis-profile", "--hypothesis-seed", "--long", "--no-skips", "--timeout"),
}
SETTINGS = {"EXOTEL_ACCOUNT_SID", "EXOTEL_API_KEY", "EXOTEL_API_TOKEN", "EXOTEL_BASE_URL", "EXOTEL_REGION"}


def anchors(page):
    """The names of a page's headings, as hosts of repositories make them."""
    tokens = pages.parse(page)
    headings = [after.content for token, after in itertools.pairwise(tokens) if token.type == "heading_open"]
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@EACH
def test_every_link_leads_somewhere(page):
    """To a file of the repository, and to a heading that is there."""
    for link in pages.links(page):
        if link.startswith("https://"):
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        if page == README and path.startswith("campaign_fsm/"):  # an installed package is elsewhere
            target = GUIDES.parents[1] / path
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link
    assert not re.search(r"\]\[[^\]]*\]|\]\([^)]*\s", re.sub(r"`[^`]*`", "", unblocked(page))), "a link that is none"


def unblocked(page):
    """The running text of a page."""
    return re.sub(r"(?ms)^```.*?^```$|^    .*?$", "", page.read_text(encoding="utf-8"))


@EACH
def test_what_a_page_names_is_there(page):
    """Codes, commands, options, topics, errors, variables and extras."""
    # In running text a command may go on in the next line.
    lines = [line for block in pages.blocks(page) for line in block.text.splitlines()]
    text = "\n".join([" ".join(unblocked(page).split()), *lines])
    assert set(re.findall(r"\bCF\d{3}\b", text)) <= set(ENTRIES)
    assert set(re.findall(r"campaign-fsm help ([\w-]+)", text)) <= {*guides.TOPICS, *COMMANDS, "TOPIC"}
    assert set(re.findall(r"campaign-fsm ([A-Za-z][A-Za-z-]*)", text)) <= {*COMMANDS, "COMMAND"}
    explained = {*re.findall(r"campaign-fsm explain (\w+)", text)} - {"CODE"}
    assert {name for name in explained if not re.fullmatch(r"CF\d{3}|[1-5]\d\d", name)} <= {*ERRORS}
    assert set(re.findall(r"\bEXOTEL_[A-Z_]+\b", text)) <= SETTINGS
    extras = re.findall(r"(?:campaign_fsm|campaign-fsm|\.whl\)?|['\"]\.|CHECKOUT)\[([^\]]+)\]", text)
    known = {*metadata("campaign_fsm").get_all("Provides-Extra")}
    assert {name.strip() for names in extras for name in names.split(",")} <= known
    options = {*re.findall(r"(?<![\w-])--[a-z][a-z-]+", re.sub(r"--[a-z]+-->", "", text))}
    plugin = {*re.findall(r'"(--campaign-[a-z-]+)"', Path(campaign_fsm.testing.plugin.__file__).read_text())}
    commands = [cli.get_command(None, name) for name in COMMANDS]
    known = {
        option for command in commands for param in command.params for option in (*param.opts, *param.secondary_opts)
    }
    assert options <= known | plugin | THEIRS_TOO | {"--help", "--version", *CURL}


# What a user of the simulator gives to curl.
CURL = {"--request", "--header", "--data-raw", "--user"}


@EACH
def test_no_example_ends_a_campaign_that_could_be_somebodys(page):
    """On the command line only as a dry run, and not at all by curl, wherever on the page it stands."""
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    ids = "|".join(THEIRS)
    lines = [line for line in text.splitlines() if re.search(rf"\b(complete|archive|delete) ({ids})", line)]
    assert [line for line in lines if "--dry-run" not in line] == []
    assert re.findall(rf"\.(?:ensure_)?(?:completed?|deleted?)\(\s*[\"']({ids})", text) == []
    commands = [block.text for block in pages.blocks(page) if block.language in {"sh", None}]
    assert [one for one in commands if re.search(r"action\W+(complete|delete)", one)] == []


@EACH
def test_what_is_saved_is_used(page):
    """A script that is saved is named or imported by a later block, so it is run."""
    found = pages.blocks(page)
    for place, block in enumerate(found):
        if block.name and block.language in {"python", "js"} and page.stem not in OWN:
            assert any(Path(block.name).stem in later.text for later in found[place + 1 :]), block.name


@EACH
def test_a_page_that_needs_the_simulator_says_how_to_start_it(page):
    """Before its first block that reads or changes a campaign."""
    begun = [block.text for block in pages.blocks(page) if block.language in pages.RUN and not block.name]
    needed = [text for text in begun if NEEDS.search(text)]
    if needed:
        text = page.read_text(encoding="utf-8")
        before = text.partition(needed[0])[0]
        assert SIMULATOR in " ".join(before.split()) or "```sh\ncampaign-fsm simulate" in before


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


@pytest.mark.parametrize("name", ERRORS)
def test_the_guide_of_an_error_names_it(name):
    """Or a class above it, so that the reader finds what to do."""
    kind = ERRORS[name]
    names = [base.__name__ for base in kind.__mro__ if base.__name__ in ERRORS]
    assert any(re.search(rf"\b{base}\b", guides.text_of(kind.guide)) for base in names[:2])

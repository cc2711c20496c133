"""What the package, its tests and guides cite: pages of the vendor's by exact addresses, or codes of rules."""

import re
from pathlib import Path

import pytest
from places import DIAGRAMS, README, ROOT

import campaign_fsm
from campaign_fsm.rules import ENTRIES, PAGES

PACKAGE = Path(campaign_fsm.__file__).parent  # installed, it is not beside the tests
TEXTS = {
    path.relative_to(PACKAGE.parent if path.is_relative_to(PACKAGE) else ROOT).as_posix(): path.read_text("utf-8")
    for path in (README, DIAGRAMS / "README.md", *PACKAGE.rglob("*"), *(ROOT / "tests").rglob("*"))
    if path.suffix in {".py", ".md", ".html", ".css", ".js"} and path != Path(__file__)
}
ADDRESS = re.compile(r"https?://(?:developer|support|docs)\.exotel\.com[\w./-]*[\w/-]")
# The pages had numbers once, in notes that are not in the repository.
FOREIGN = re.compile(
    r"(?i:\bfact[ -]sheets?\b|\bthe seed(?:'s|\s+page)\b)|(?<![\w.])S[1-9]d?\b(?![ -]buckets?)(?!\.\w)"
)


# Both have every page, and nothing rests on that.
LISTS = {"campaign_fsm/rules/pages.py", "campaign_fsm/guides/api.md"}


def cited():
    """What the package cites: the keys of pages, by rules, diagnoses and drafts, and addresses in docstrings."""
    for name, text in TEXTS.items():
        if name.startswith("campaign_fsm/"):
            yield from re.findall(r"""(?:source\(\s*|PAGES\[)["']([\w-]+)["']""", text)
            if name not in LISTS:
                yield from ADDRESS.findall(text)


def test_every_page_has_an_exact_address():
    """HTTPS, a host of the vendor's, and the page's own path; no two pages have one address or one title."""
    for page in PAGES.values():
        assert re.fullmatch(r"https://(developer|support)\.exotel\.com(/[\w-]+){2,}", page.url), page.key
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", page.key)
    assert len({page.url for page in PAGES.values()}) == len({page.title for page in PAGES.values()}) == len(PAGES)


def test_every_page_is_cited():
    """By a rule, a refusal, a problem, a draft's warning or a docstring."""
    used = set(cited())
    assert [page.key for page in PAGES.values() if not used & {page.key, page.url}] == []


def test_texts_cite_only_pages_and_codes_that_there_are():
    """Each address of the vendor's documentation is a page's, each code is one, and no note of ours is cited."""
    known, found = {*ENTRIES, *(page.url for page in PAGES.values())}, []
    for name, text in TEXTS.items():
        found += [(name, line) for line in text.splitlines() if FOREIGN.search(line)]
        named = re.findall(r"\bCF\d{3}\b", text) if name.startswith("campaign_fsm/") else []
        found += [(name, word) for word in named + ADDRESS.findall(text) if word not in known]
    assert found == []


@pytest.mark.parametrize("planted", ["(S1, S2d)", "Fact sheet 5.3", "the seed's sample", "by S4,", "# S7, S3.", "(S8)"])
def test_a_citation_that_nobody_can_follow_is_found(planted):
    """In parentheses, in a sentence, at the beginning of one."""
    assert FOREIGN.search(f"Legal while paused {planted}")


@pytest.mark.parametrize(
    "harmless",
    ["SHA1", "an S3 bucket", "exports.s3.ap-south-1", "--seed 7", "the seed of the case", "S3.Client", "PS5"],
)
def test_what_only_looks_like_one_is_not(harmless):
    """Buckets, digests, and seeds of random examples."""
    assert not FOREIGN.search(harmless)

"""What a code means: the index of codes, the data of an entry, the texts of reports."""

import re

import pytest

from campaign_fsm.lifecycle import decide
from campaign_fsm.reference import as_dict, cells, phrase, rule_text, ways
from campaign_fsm.rules import ENTRIES, GROUPS, PROBLEMS, REFUSALS, RULE, RULES, STRICT_REFUSAL


def test_the_entries_are_everything_that_has_a_code():
    """Each edge, refusal and problem stands under its own code, in the order of the codes, and in a group."""
    assert list(RULE.values()) == list(RULES)
    assert set(ENTRIES.values()) == {*RULES, *REFUSALS, STRICT_REFUSAL, *PROBLEMS.values()}
    assert list(ENTRIES) == sorted(entry.code for entry in ENTRIES.values())
    assert all(ENTRIES[code].code == code for code in ENTRIES)
    assert {code[:3] for code in ENTRIES} == set(GROUPS)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("CF101", "create: (no campaign) → created"),
        ("CF107", "edit: created stays as it is, before the start"),
        ("CF116", "reschedule: paused stays as it is, after the start, voice only"),
        ("CF224", "pause before complete"),
        ("CF404", "credentials in the URL"),
    ],
)
def test_an_entry_in_a_phrase(code, expected):
    """An edge by its ends and conditions, everything else by its title."""
    assert phrase(ENTRIES[code]) == expected


def test_a_source_has_the_same_data_everywhere():
    """The page's key, title and address, and what it says: in an entry as in a decision."""
    decision = decide("paused", "complete").as_dict()
    assert as_dict(RULE["CF105"])["sources"][:1] == decision["sources"]
    assert set(decision["sources"][0]) == {"page", "title", "url", "says"}
    refusal = decide("in-progress", "complete").as_dict()
    told = [*refusal["sources"], *decide("in-progress", "complete", channel="voice").as_dict()["sources"]]
    assert sorted(as_dict(ENTRIES["CF224"])["sources"], key=str) == sorted(told, key=str)


@pytest.mark.parametrize("refusal", [*REFUSALS, STRICT_REFUSAL], ids=lambda refusal: refusal.code)
def test_the_cells_of_a_refusal_are_what_it_answers(refusal):
    """Each is refused with its code, and a way to what was refused begins in one of them."""
    assert cells(refusal)
    assert {decision.code for decision in cells(refusal)} == {refusal.code}
    assert {way for _, way in ways(refusal)} <= {decision.route for decision in cells(refusal)}


@pytest.mark.parametrize("code", ENTRIES)
def test_every_code_has_a_text(code):
    """It is whole: no placeholder is left, and the sources are those of the table."""
    entry = ENTRIES[code]
    title, description, markdown, source = rule_text(code)
    assert title
    assert description.endswith(".")
    assert not re.search(r"[{}<>]|None\b(?! of)|\bunknown\b", title + description)
    assert "  " not in description
    sources = getattr(entry, "sources", ())
    assert source == (sources[0] if sources else None)
    assert [url for one in sources for url in [one.page.url] if f"]({url})" not in markdown] == []
    if code.startswith("CF2"):
        assert title == entry.title


def test_a_code_that_is_on_no_list_has_a_text():
    """It says so, and rests on nothing."""
    title, description, markdown, source = rule_text("CF999")
    assert (title, description, source) == ("CF999", "CF999 is on no list of this version's.", None)
    assert markdown == description


def test_markdown_shows_its_text():
    """Characters that Markdown takes for markup are escaped."""
    assert r"A-Z a-z 0-9 \_ -." in rule_text("CF415").markdown
    assert "\\<b\\>\\*x\\*" in rule_text("<b>*x*").markdown


@pytest.mark.parametrize(
    ("code", "part"),
    [
        ("CF221", "this one is completed, archived, failed, canceled or deleted."),
        ("CF231", "that is completed, archived, failed, canceled or deleted cannot"),
        ("CF233", "a started message campaign."),
        ("CF242", "No page shows a paused campaign being deleted"),
        ("CF251", "about delete or reschedule while created or paused;"),
        ("CF412", "Send one of pause, resume, complete, archive"),
    ],
)
def test_a_reason_names_everything_that_it_is_the_reason_for(code, part):
    """A rule's text is not about one finding, so it names all statuses, actions and channels of its cells."""
    assert part in rule_text(code).description

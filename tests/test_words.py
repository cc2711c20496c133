"""Pieces of sentences that many messages share."""

from datetime import timedelta

import pytest

from campaign_fsm.words import counted, did_you_mean, hint, length, listed, nearest, none_of, sentence


@pytest.mark.parametrize(
    ("name", "meant"), [("puase", "did you mean pause?"), ("PAUSE", "did you mean pause?"), ("xyz", ""), ("", "")]
)
def test_a_name_spelled_nearly_like_a_known_one_is_asked_about(name, meant):
    """In any case; and nothing is asked where nothing is near."""
    assert did_you_mean(name, ["pause", "resume"]) == meant
    assert hint(name, iter(["pause", "resume"])) == (meant or "use one of pause, resume")


def test_the_nearest_names_keep_their_own_spelling():
    """The nearest comes first, and there are as many as are wanted."""
    assert nearest("asia/kolkatta", {"Asia/Kolkata", "Europe/Rome"}) == ["Asia/Kolkata"]
    assert nearest("cf224", ["CF224", "CF225", "CF101"], most=2) == ["CF224", "CF225"]


def test_a_text_becomes_a_sentence():
    """With a capital letter, whatever follows, and a full stop."""
    assert sentence("the SMS was sent") == "The SMS was sent."


def test_what_is_none_of_the_known_ones_is_named_with_them():
    """In quotes, and with all of them in their order."""
    assert none_of("p", "view", iter(["life", "history"])) == "'p' is not a view; use one of life, history"
    assert none_of("p", "action", ["pause"]) == "'p' is not an action; use one of pause"


def test_names_are_listed_in_the_order_in_which_they_come():
    """With one word before the last, and none where there is one alone."""
    assert listed(["a"]) == "a"
    assert listed(iter(["a", "b"])) == "a and b"
    assert listed(("c", "a", "b"), "or") == "c, a or b"
    assert not listed([])


@pytest.mark.parametrize(("count", "text"), [(0, "0 files"), (1, "1 file"), (2000, "2,000 files")])
def test_one_is_no_plural(count, text):
    """Everything else is, none included."""
    assert counted(count, "file") == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 seconds"), (1.9, "1 second"), (119, "1 minute"), (7200, "2 hours"), (86400 * 1.5, "1 day")],
)
def test_a_length_of_time_is_in_its_largest_whole_unit(seconds, text):
    """Rounded down."""
    assert length(timedelta(seconds=seconds)) == text

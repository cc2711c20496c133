"""How long is waited between tries, to the digit."""

from itertools import islice

import pytest

from campaign_fsm import waiting
from campaign_fsm.waiting import Pace, Tries


def test_the_delays_double_up_to_eight_seconds():
    """And stay there."""
    assert list(islice(waiting.PACE.backoff(), 7)) == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0]


def test_the_documented_pace():
    """README: some 4 seconds after a lost answer, 5 seconds for a section with a deadline of 0."""
    assert waiting.PACE.looks == (0.0, 0.25, 0.5, 1.0, 2.0)
    assert waiting.PACE.section == 5.0


def test_the_server_s_wish_takes_the_place_of_a_delay():
    """The delay after it is the one that would have come without it; a wish of 0 is none."""
    tries = Tries.within(100.0, lambda: 7.0, Pace())
    assert [tries.wait(asked) for asked in (None, 30.0, None, 0.0)] == [0.5, 30.0, 2.0, 4.0]


@pytest.mark.parametrize(("now", "wait"), [(9.0, 0.5), (9.49, 0.5), (9.5, None), (11.0, None)])
def test_no_try_begins_at_the_deadline_or_after_it(now, wait):
    """By when it would begin, not by when the last one ended."""
    clock = [0.0]
    tries = Tries.within(10.0, lambda: clock[0], Pace())
    clock[0] = now
    assert tries.wait() == wait
    assert tries.left() == max(10.0 - now, 0.0)


def test_a_deadline_of_nothing_is_one_try():
    """Whatever the server asks for."""
    tries = Tries.within(0.0, lambda: 7.0, Pace(first_delay=0.0))
    assert [tries.wait(), tries.wait(0.001)] == [None, None]

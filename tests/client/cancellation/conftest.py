"""What every test of an interrupt needs."""

import pytest
from interrupts import Strike

from campaign_fsm import Simulator


@pytest.fixture(autouse=True)
def two_looks(pace):
    """What became of a write is looked for twice, so that the sequences stay short."""
    pace(looks=(0.0, 0.25))


@pytest.fixture
def strike():
    """A strike on whose clock all clients of the test sleep."""
    return Strike(Simulator())

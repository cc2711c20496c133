"""What the coverage of the pytest plugin shows: which edges were reached, and how often."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from campaign_fsm.history.model import History, UnreadableHistory
from campaign_fsm.rules import RULE


def history_of_coverage(document: Mapping[str, Any], name: str) -> History:
    """The edges that tests reached.

    Args:
        document: What the plugin wrote.
        name: What errors call it.

    Raises:
        UnreadableHistory: It has no edges with their numbers.
    """
    edges = document.get("edges")
    if not isinstance(edges, dict) or not all(isinstance(number, int) and number >= 0 for number in edges.values()):
        raise UnreadableHistory(f"{name} is no coverage: it has no edges with their numbers.")
    taken = {code: number for code, number in edges.items() if code in RULE and number}
    return History(title="Edges that tests reached", taken=taken, total=sum(taken.values()))

"""Everything that has a code."""

from __future__ import annotations

from typing import Final

from campaign_fsm.rules.edges import RULES, Rule
from campaign_fsm.rules.problems import PROBLEMS, Problem
from campaign_fsm.rules.refusals import REFUSALS, STRICT_REFUSAL, Refusal

Entry = Rule | Refusal | Problem

_LISTED: Final[list[Entry]] = [*RULES, *REFUSALS, STRICT_REFUSAL, *PROBLEMS.values()]

ENTRIES: Final = {entry.code: entry for entry in sorted(_LISTED, key=lambda entry: entry.code)}
"""The edges, refusals and problems by code, in the order of the codes."""

if len(ENTRIES) != len(_LISTED):
    raise ValueError("a code is used twice")

GROUPS: Final = {
    "CF1": "What the account holder can do",
    "CF2": "What the life cycle refuses",
    "CF3": "What the platform does by itself",
    "CF4": "Requests that cannot be read in exactly one way",
    "CF5": "Statuses that could not be read",
    "CF6": "What an audit finds",
    "CF7": "What a policy forbids",
    "CF8": "Campaigns that another call of the process is at work on",
}
"""What kind of thing a code is, by its first digit."""

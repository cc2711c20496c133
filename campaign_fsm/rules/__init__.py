"""The rules of a campaign's life, each with the pages of the vendor's that it rests on.

Everything else in the package reads this one: the machine, `decide`, the gate, the simulator, the diagrams and
`campaign-fsm explain`.

- `vocabulary`: channels, statuses and their spellings, actions, events
- `edges`: THE TABLE, and the rules for who changes it
- `texts`: the effect and the sources of each edge
- `pages`: the vendor's pages and what they say
- `refusals`: why what is no edge is not legal
- `problems`: the codes outside the life cycle
- `codes`: everything that has a code, by code
- `status_codes`: the HTTP status codes of the API, and what a client does about each
"""

from __future__ import annotations

from campaign_fsm.rules.codes import ENTRIES, GROUPS, Entry
from campaign_fsm.rules.edges import (
    APART,
    DEAD_ENDS,
    EDITS,
    OVER,
    RULE,
    RULES,
    TOGETHER,
    Apart,
    Rule,
    Together,
    effect_of,
    goal_of,
    sources_of,
)
from campaign_fsm.rules.pages import PAGES, Source
from campaign_fsm.rules.problems import PROBLEMS, Problem
from campaign_fsm.rules.refusals import REFUSALS, STRICT_REFUSAL, Refusal
from campaign_fsm.rules.vocabulary import STATUSES, Action, Actor, Channel, Event, Standing, Status

__all__ = [
    "APART",
    "DEAD_ENDS",
    "EDITS",
    "ENTRIES",
    "GROUPS",
    "OVER",
    "PAGES",
    "PROBLEMS",
    "REFUSALS",
    "RULE",
    "RULES",
    "STATUSES",
    "STRICT_REFUSAL",
    "TOGETHER",
    "Action",
    "Actor",
    "Apart",
    "Channel",
    "Entry",
    "Event",
    "Problem",
    "Refusal",
    "Rule",
    "Source",
    "Standing",
    "Status",
    "Together",
    "effect_of",
    "goal_of",
    "sources_of",
]

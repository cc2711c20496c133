"""What a test run has judged, in numbers that workers can send and a controller can add, and the summary of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from attrs import define, field

from campaign_fsm.rules import RULE, Action, Rule
from campaign_fsm.words import counted

EDGES: dict[str, Rule] = {code: rule for code, rule in RULE.items() if isinstance(rule.trigger, Action)}
"""The edges that an action can take, by code."""


@define
class Tally:
    """The numbers of a run, or of one worker of it.

    Attributes:
        edges: How often each edge was taken.
        refused: How many writes were refused by the policy's gate.
        refused_above: How many were refused by a gate of the code under test.
        unjudged: How many could not be judged.
        incidents: What was refused or could not be judged: a line of text, and whether it was sent all the same.
        strays: How many of those belong to no test.
        forked: How many child processes were forked.
        unseen: How many campaign writes went through transports that are not judged, by their name.
    """

    edges: Counter[str] = field(factory=Counter)
    refused: int = 0
    refused_above: int = 0
    unjudged: int = 0
    incidents: list[tuple[str, bool]] = field(factory=list)
    strays: int = 0
    forked: int = 0
    unseen: Counter[str] = field(factory=Counter)

    @property
    def judged(self) -> int:
        """How many campaign writes were judged."""
        return self.edges.total() + self.refused + self.refused_above

    def packed(self) -> dict[str, Any]:
        """The numbers, for another process."""
        return {
            **{name: getattr(self, name) for name in _NUMBERS},
            **{name: dict(getattr(self, name)) for name in _BY_NAME},
            "incidents": [list(incident) for incident in self.incidents],
        }

    def add(self, packed: dict[str, Any]) -> None:
        """Add what another process has `packed`."""
        for name in _NUMBERS:
            setattr(self, name, getattr(self, name) + packed[name])
        for name in _BY_NAME:
            getattr(self, name).update(packed[name])
        self.incidents += [(text, passed_on) for text, passed_on in packed["incidents"]]

    def lines(self, *, allow_unjudged: bool, verbose: bool) -> Iterator[tuple[str, dict[str, bool]]]:
        """The lines of the summary, with their markup."""
        legal, refused = self.edges.total(), self.refused + self.refused_above
        yield f"campaign writes judged: {self.judged} ({legal} legal, {refused} refused)", {}
        if not self.judged:
            yield "nothing was judged; recorded traffic is judged by: campaign-fsm audit FILES", {"yellow": True}
        if self.refused_above:
            yield f"refused by a gate of the code under test: {self.refused_above}", {}
        if self.unjudged:
            end = "passed on" if allow_unjudged else "stopped"
            yield f"could not be judged: {self.unjudged}, and {end}", {"yellow": True}
        for name, count in sorted(self.unseen.items()):
            yield f"{counted(count, 'campaign write')} went through {name}, where nothing is judged", {"yellow": True}
        if self.forked:
            whose = "its" if self.forked == 1 else "their"
            were = "was" if self.forked == 1 else "were"
            processes = f"{self.forked:,} child {'process' if self.forked == 1 else 'processes'}"
            yield f"{processes} {were} forked; {whose} requests are not in these numbers", {"yellow": True}
        for text, passed_on in self.incidents:
            yield text, {"red": not passed_on}
        reached = [code for code in EDGES if self.edges[code]]
        yield f"edges reached: {len(reached)} of {len(EDGES)}", {}
        if verbose:
            for code, rule in EDGES.items():
                if code not in reached:
                    kinds = "" if len(rule.channels) > 1 else f", {', '.join(rule.channels)} only"
                    started = {None: "", True: ", after the start", False: ", before the start"}[rule.started]
                    yield f"  not reached: {code} {rule.trigger} while {rule.source or 'new'}{kinds}{started}", {}


_NUMBERS = ("refused", "refused_above", "unjudged", "strays", "forked")
_BY_NAME = ("edges", "unseen")

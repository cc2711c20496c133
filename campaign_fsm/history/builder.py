"""The path of each campaign, put together from moves, readings and attempts."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from attrs import define, field

from campaign_fsm.audit.tracker import CampaignKey
from campaign_fsm.history.model import History, HistoryStep, Outcome, UnreadableHistory
from campaign_fsm.lifecycle import between
from campaign_fsm.rules import Action, Channel, Event, Rule, Status

KEPT: Final = 2000
"""So many steps are kept one by one; all are counted."""


@define
class HistoryBuilder:
    """Counts what happens to each campaign, and infers what lies between two readings that differ.

    The last two arguments of a step, when it was and its place in the file, are handed on to `HistoryStep`.

    Attributes:
        only: The id of the campaign that is asked for; None for all.
        now: Where the path of each campaign ends, `Status.UNKNOWN` where a reading shows a status on no list.
    """

    only: str | None = None
    now: dict[CampaignKey, Status] = field(factory=dict, init=False)
    _taken: Counter[str] = field(factory=Counter, init=False)
    _tried: Counter[tuple[Status, Action, str, bool]] = field(factory=Counter, init=False)
    _steps: list[HistoryStep] = field(factory=list, init=False)
    _total: int = field(default=0, init=False)
    _leaps: int = field(default=0, init=False)
    _lost: int = field(default=0, init=False)
    _went_on: int = field(default=0, init=False)
    # Where a campaign was before a status on no list: what is inferred leads on from there.
    _before: dict[CampaignKey, Status] = field(factory=dict, init=False)
    # The edge that a write would have taken whose answer was lost.
    _open: dict[CampaignKey, Rule] = field(factory=dict, init=False)

    def _step(self, key: CampaignKey, **details: Any) -> None:
        self._total += 1
        if len(self._steps) < KEPT:
            self._steps.append(HistoryStep(channel=key.channel, campaign=key.campaign, **details))

    def move(self, key: CampaignKey, rule: Rule, *, inferred: bool = False, **details: Any) -> None:
        """An edge was taken."""
        self._taken[rule.code] += 1
        ends: dict[str, Any] = {"source": rule.source, "dest": rule.leads_to}
        self._step(key, trigger=rule.trigger, code=rule.code, inferred=inferred, **ends, **details)
        self.now[key] = rule.leads_to

    def go_on(self, key: CampaignKey, rule: Rule, **details: Any) -> None:
        """A resume took effect at the start that it had waited for: then, nobody asked for it."""
        self._went_on += 1
        ends: dict[str, Any] = {"source": rule.source, "dest": rule.leads_to}
        self._step(key, trigger=rule.trigger, code=rule.code, by_itself=True, **ends, **details)
        self.now[key] = rule.leads_to

    def reach(self, key: CampaignKey, status: Status, **details: Any) -> None:
        """The campaign was seen in a status."""
        current = self.now.get(key)
        if status is Status.UNKNOWN:
            if current is not None and current is not Status.UNKNOWN:
                self._before[key] = current
            self.now[key] = status
            return
        if current is Status.UNKNOWN:
            current = self._before.get(key)
        lost = self._open.pop(key, None)
        if current is None or status is current:
            self.now[key] = status
            return
        way = _way(current, status, key.channel, lost)
        if way is None:
            self._leaps += 1
            self._step(key, trigger=None, source=current, dest=status, inferred=True, **details)
            self.now[key] = status
            return
        for rule in way:
            self.move(key, rule, inferred=True, **details)

    def refuse(self, key: CampaignKey, action: Action, code: str, *, sent: bool, **details: Any) -> None:
        """Something illegal was tried."""
        status = self.now.get(key)
        if status is None:
            return
        self._tried[status, action, code, sent] += 1
        outcome = Outcome.SENT if sent else Outcome.REFUSED
        self._step(key, trigger=action, source=status, dest=status, code=code, outcome=outcome, **details)

    def lose(self, key: CampaignKey, action: Action, rule: Rule, **details: Any) -> None:
        """The answer to a legal write was lost: a later reading shows what came of it."""
        self._lost += 1
        status = self.now[key]
        self._open[key] = rule
        self._step(key, trigger=action, source=status, dest=status, code=rule.code, outcome=Outcome.LOST, **details)

    def answered(self, key: CampaignKey) -> None:
        """No answer of this campaign is waited for any more."""
        self._open.pop(key, None)

    def history(self, name: str) -> History:
        """What happened.

        Args:
            name: What errors call the file.

        Raises:
            UnreadableHistory: It shows nothing of a campaign, or nothing of the one that is asked for.
        """
        if not self.now:
            about = f"the campaign {self.only}" if self.only else "any campaign"
            raise UnreadableHistory(f"{name} shows nothing of {about}.")
        single = next(iter(self.now)).campaign if len(self.now) == 1 else None
        return History(
            title=f"What happened to {single}" if single else f"What happened to {len(self.now):,} campaigns",
            taken=dict(self._taken),
            tried=dict(self._tried),
            now=dict(Counter(self.now.values())),
            leaps=self._leaps,
            lost=self._lost,
            went_on=self._went_on,
            steps=tuple(self._steps),
            total=self._total,
            campaigns=len(self.now),
            channels=frozenset(key.channel for key in self.now),
        )


def _way(current: Status, status: Status, channel: Channel, lost: Rule | None) -> tuple[Rule, ...] | None:
    """The edges between two readings; None if none explain it."""
    if lost is not None and lost.source is current:
        # What was asked for is likelier than anything else, if it leads there.
        after = between(lost.leads_to, status, channel)
        if after is not None and all(isinstance(rule.trigger, Event) for rule in after):
            return lost, *after
    return between(current, status, channel)

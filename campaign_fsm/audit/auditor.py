"""The audit itself: interprets each exchange, asks the checks, and brings what is known of its campaign up to date."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from attrs import Factory, define, field

from campaign_fsm.audit.checks import CHECKS_OF
from campaign_fsm.audit.finding import Finding
from campaign_fsm.audit.observation import Observation, Options
from campaign_fsm.audit.observe import Observer
from campaign_fsm.audit.report import Reporter
from campaign_fsm.audit.shortcut import Steps, step_of
from campaign_fsm.audit.tracker import Tracker
from campaign_fsm.audit.update import update
from campaign_fsm.traffic import Exchange


@define
class Auditor:
    """Takes exchanges in the order in which they were made, and gives findings.

    Attributes:
        options: How the file is audited that the exchanges come from.
        unjudged: How many writes could not be judged.
        watch: Called with each observation, before its campaign is brought up to date; None for no call.
        counts: How often each finding was reported already; auditors of several files share it.
    """

    options: Options = field(factory=Options)
    unjudged: int = 0
    watch: Callable[[Observation], object] | None = None
    counts: Counter[str] = field(factory=Counter)
    _tracker: Tracker = field(factory=Tracker, init=False)
    _observer: Observer = field(default=Factory(lambda self: Observer(self._tracker), takes_self=True), init=False)
    _steps: Steps = field(factory=Steps, init=False)
    _reporter: Reporter = field(default=Factory(lambda self: Reporter(self.counts), takes_self=True), init=False)

    @property
    def events(self) -> int:
        """How many exchanges were about campaigns."""
        return self._observer.events

    @property
    def campaigns(self) -> int:
        """How many campaigns were seen."""
        return len(self._tracker)

    def feed(self, exchange: Exchange) -> Sequence[Finding]:
        """What is wrong with the next exchange; mostly nothing."""
        tracked = self._tracker.by_url.get(exchange.url)
        step = None if tracked is None else step_of(exchange, tracked)
        if tracked is None or step is None or self.watch is not None or self.options.policy is not None:
            return self._look_at(exchange)
        after = self._steps.known.get(step)
        if after is not None:
            self._observer.events += 1
            tracked.possible, tracked.last = after
            return ()
        findings = self._look_at(exchange)
        if not findings:
            self._steps.learn(step, exchange, tracked)
        return findings

    def _look_at(self, exchange: Exchange) -> list[Finding]:
        findings = []
        for seen in self._observer.observations(exchange, self.options):
            for ask in CHECKS_OF.get(type(seen), ()):
                for detection in ask(seen):
                    finding = self._reporter.report(seen, detection)
                    if finding is not None:
                        findings.append(finding)
            if seen.unjudged:
                self.unjudged += 1
            if self.watch is not None:
                self.watch(seen)
            update(seen)
        return findings

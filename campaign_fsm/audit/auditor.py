"""The audit itself: interprets each exchange, asks the checks, and brings what is known of its campaign up to date."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from attrs import Factory, define, field

from campaign_fsm.audit.check import Ask, Detection
from campaign_fsm.audit.checks import CHECKS_OF, CHECKS_OF_STATE
from campaign_fsm.audit.finding import Finding, Level
from campaign_fsm.audit.gaps import Gaps
from campaign_fsm.audit.observation import Observation, Options, UnreadEntry
from campaign_fsm.audit.observe import Observer
from campaign_fsm.audit.overlap import Overlaps, Score
from campaign_fsm.audit.report import Reporter
from campaign_fsm.audit.shortcut import Steps, step_of
from campaign_fsm.audit.tracker import Tracker
from campaign_fsm.audit.update import update
from campaign_fsm.traffic import Exchange


@define
class Source:
    """A file; the `source` of its exchanges where it is one of several.

    Attributes:
        options: How it is audited.
        events: How many of its exchanges were about campaigns.
        gaps: How many of these could not be judged, or not be read.
    """

    options: Options = field(factory=Options)
    events: int = 0
    gaps: int = 0


@define
class Auditor:
    """Takes exchanges in the order in which they were made, and gives findings.

    Attributes:
        options: How exchanges are audited that are of no source.
        watch: Called with each observation, before its campaign is brought up to date; None for no call.
        counts: How often each finding was reported already; auditors of several files share it.
        unjudged: The writes that could not be judged.
        unread: The entries that are about a campaign, or may be, and could not be read.
        source: Of which all exchanges are that name none.
    """

    options: Options = field(factory=Options)
    watch: Callable[[Observation], object] | None = None
    counts: Counter[str] = field(factory=Counter)
    unjudged: Gaps = field(factory=Gaps)
    unread: Gaps = field(factory=Gaps)
    source: Source = field(default=Factory(lambda self: Source(self.options), takes_self=True))
    _tracker: Tracker = field(factory=Tracker, init=False)
    _observer: Observer = field(default=Factory(lambda self: Observer(self._tracker), takes_self=True), init=False)
    _steps: Steps = field(factory=Steps, init=False)
    _reporter: Reporter = field(default=Factory(lambda self: Reporter(self.counts), takes_self=True), init=False)
    _overlaps: Overlaps = field(
        default=Factory(lambda self: Overlaps(self._observer, self._try), takes_self=True),
        init=False,
    )

    @property
    def events(self) -> int:
        """How many exchanges were about campaigns."""
        return self._observer.events

    @property
    def campaigns(self) -> int:
        """How many campaigns were seen."""
        return len(self._tracker)

    def feed(self, exchange: Exchange) -> Sequence[Finding]:
        """What is wrong with the next exchange, and with nothing that comes at the same time; mostly nothing."""
        return list(self.findings((exchange,)))

    def findings(self, exchanges: Iterable[Exchange]) -> Iterator[Finding]:
        """What is wrong with these exchanges, as they come."""
        quick = self.watch is None and self.options.policy is None
        tracked_by, after_step, observer = self._tracker.by_url.get, self._steps.known.get, self._observer
        held = self._overlaps.held
        for exchange in exchanges:
            tracked = tracked_by(exchange.url)
            step = None if tracked is None or held or not quick else step_of(exchange, tracked)
            if step is not None and tracked is not None:
                after = after_step(step)
                if after is not None:
                    observer.events += 1
                    if exchange.source is not None:
                        exchange.source.events += 1
                    tracked.possible, tracked.last = after
                    continue
                found = self._look_at(exchange)
                if not found:
                    self._steps.learn(step, exchange, tracked)
                yield from found
            elif exchange.seconds or held:
                for settled in self._overlaps.take(exchange):
                    yield from self._look_at(settled)
            else:
                yield from self._look_at(exchange)
        for settled in self._overlaps.rest():
            yield from self._look_at(settled)

    def _look_at(self, exchange: Exchange) -> list[Finding]:
        findings = []
        source: Source = exchange.source or self.source
        before, gaps = self._observer.events, self.unread.number + self.unjudged.number
        for seen in self._observations(exchange):
            for detection in _detections(seen, CHECKS_OF):
                finding = self._reporter.report(seen, detection)
                if finding is not None:
                    findings.append(finding)
            if isinstance(seen, UnreadEntry):
                self.unread.add(f"{seen.place.in_words}: {exchange.unread}")
            elif reason := seen.unjudged or seen.doubtful:
                # In a strict audit there is a finding of it.
                told = seen.unjudged and seen.options.strict
                self.unjudged.add("" if told else f"{seen.place.in_words}: {seen.action or 'a write'}: {reason}")
            if self.watch is not None:
                self.watch(seen)
            update(seen)
        source.events += self._observer.events - before
        source.gaps += self.unread.number + self.unjudged.number - gaps
        return findings

    def _observations(self, exchange: Exchange) -> Iterator[Observation]:
        source: Source = exchange.source or self.source
        return self._observer.observations(exchange, source.options)

    def _try(self, exchange: Exchange) -> Score:
        """What the campaign is after an exchange, and what would be found by that; nothing is reported."""
        events = self._observer.events
        found: list[Detection] = []
        for seen in self._observations(exchange):
            found += _detections(seen, CHECKS_OF_STATE)
            update(seen)
        self._observer.events = events
        contradictions = sum(detection.code == "CF601" for detection in found)
        errors = sum(detection.level is Level.ERROR for detection in found)
        return contradictions, errors, len(found)


def _detections(seen: Observation, checks: Mapping[type[Observation], Sequence[Ask]]) -> Iterator[Detection]:
    for ask in checks.get(type(seen), ()):
        yield from ask(seen)

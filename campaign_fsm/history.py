"""What happened to campaigns, from what was recorded: for diagrams that show it.

Read are the recordings that an audit reads, the journal of the simulator (what ``GET /_simulator/journal`` answers, and
`Simulator.journal`), and the coverage that the pytest plugin writes.

A recording shows what was asked for and what readings showed. What lies between two readings that differ is
inferred: the shortest way that the platform alone can have taken, or else the shortest one.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from attrs import define, field

from campaign_fsm.diagram.views import History, HistoryStep, Outcome
from campaign_fsm.lifecycle import between, decide
from campaign_fsm.rules import ENTRIES, RULE, Action, Channel, Event, Rule, Status

KEPT: Final = 2000
"""So many steps are kept one by one; all are counted."""

if TYPE_CHECKING:
    from campaign_fsm.audit.auditor import Sight
    from campaign_fsm.traffic.recordings import Recording

_JOURNAL: Final = frozenset({"number", "kind", "status_before", "status_after"})
_EVERY: Final = 2000
_LONGEST_ID: Final = 200
_LARGEST: Final = 64 * 2**20


class UnreadableHistory(Exception):
    """A file shows nothing that happened to a campaign, or not to the one that was asked for."""


Key = tuple[Channel, str, str]


@define
class _Follower:
    """Counts what happens to each campaign."""

    only: str | None = None
    taken: Counter[str] = field(factory=Counter)
    tried: Counter[tuple[Status, Action, str, bool]] = field(factory=Counter)
    now: dict[Key, Status] = field(factory=dict)
    steps: list[HistoryStep] = field(factory=list)
    total: int = 0
    leaps: int = 0
    lost: int = 0
    # A campaign whose last write was accepted, while its answer still showed the status before it.
    unseen: dict[Key, Status] = field(factory=dict)
    # The edge that a write would have taken whose answer was lost.
    open: dict[Key, Rule] = field(factory=dict)

    def step(self, step: HistoryStep) -> None:
        self.total += 1
        if len(self.steps) < KEPT:
            self.steps.append(step)

    def move(self, key: Key, rule: Rule, **details: Any) -> None:
        """An edge was taken."""
        self.taken[rule.code] += 1
        self.step(
            HistoryStep(
                trigger=rule.trigger,
                source=rule.source,
                dest=rule.leads_to,
                code=rule.code,
                channel=key[0],
                campaign=key[1],
                **details,
            )
        )
        self.now[key] = rule.leads_to

    def reach(self, key: Key, status: Status, **details: Any) -> None:
        """The campaign was seen in a status."""
        current, lost = self.now.get(key), self.open.pop(key, None)
        if current is None or status is current:
            self.now[key] = status
            return
        way = between(current, status, key[0])
        if lost is not None and lost.source is current:
            # What was asked for is likelier than anything else, if it leads there.
            after = between(lost.leads_to, status, key[0])
            if after is not None and all(isinstance(rule.trigger, Event) for rule in after):
                way = (lost, *after)
        if way is None:
            self.leaps += 1
            self.step(
                HistoryStep(
                    trigger=None, source=current, dest=status, inferred=True, channel=key[0], campaign=key[1], **details
                )
            )
            self.now[key] = status
            return
        for rule in way:
            self.move(key, rule, inferred=True, **details)

    def refuse(self, key: Key, action: Action, code: str, *, sent: bool, **details: Any) -> None:
        """Something illegal was tried."""
        status = self.now.get(key)
        if status is None:
            return
        self.tried[status, action, code, sent] += 1
        outcome = Outcome.SENT if sent else Outcome.REFUSED
        self.step(
            HistoryStep(
                trigger=action,
                source=status,
                dest=status,
                code=code,
                outcome=outcome,
                channel=key[0],
                campaign=key[1],
                **details,
            )
        )

    def lose(self, key: Key, action: Action, code: str, **details: Any) -> None:
        """The answer to a legal write was lost: a later reading shows what came of it."""
        self.lost += 1
        status = self.now[key]
        self.open[key] = RULE[code]
        self.step(
            HistoryStep(
                trigger=action,
                source=status,
                dest=status,
                code=code,
                outcome=Outcome.LOST,
                channel=key[0],
                campaign=key[1],
                **details,
            )
        )

    def history(self, name: str) -> History:
        if not self.now:
            about = f"the campaign {self.only}" if self.only else "any campaign"
            raise UnreadableHistory(f"{name} shows nothing of {about}.")
        single = next(iter(self.now))[1] if len(self.now) == 1 else None
        return History(
            title=f"What happened to {single}" if single else f"What happened to {len(self.now):,} campaigns",
            taken=dict(self.taken),
            tried=dict(self.tried),
            now=dict(Counter(self.now.values())),
            leaps=self.leaps,
            lost=self.lost,
            steps=tuple(self.steps),
            total=self.total,
            campaigns=len(self.now),
            channels=frozenset(channel for channel, *_ in self.now),
        )

    # An audit's sights

    def see(self, sight: Sight) -> None:
        """What one exchange shows."""
        if self.only is not None and sight.campaign != self.only:
            return
        # The same id in two accounts is two campaigns.
        key = sight.channel, sight.campaign, sight.where
        details = {"at": sight.exchange.at or "", "place": sight.exchange.place}
        if sight.action is None:
            self._read(key, sight.shown, details)
        elif sight.action is Action.CREATE:
            code = sight.exchange.status_code
            if sight.shown is not None and (code is None or 200 <= code < 300):
                self.move(key, RULE["CF101"], **details)
                self.reach(key, sight.shown, **details)
        else:
            self._write(key, sight, details)

    def _illegal(self, key: Key, action: Action) -> str:
        """The code against an action in the status that was seen last."""
        decision = decide(self.now.get(key), action, channel=key[0])
        return "" if decision else decision.code

    def _read(self, key: Key, shown: Status | None, details: Mapping[str, Any]) -> None:
        if shown is None or shown is Status.UNKNOWN:
            return
        # Once more the old status is a platform that is slow; again and again it is the truth.
        if shown is self.unseen.pop(key, None):
            return
        self.reach(key, shown, **details)

    def _write(self, key: Key, sight: Sight, details: Mapping[str, Any]) -> None:
        exchange, weighed, action = sight.exchange, sight.weighed, sight.action
        assert action is not None
        code = exchange.status_code
        if not exchange.sent:
            # A client says itself why it sent nothing.
            known = exchange.code if exchange.code in ENTRIES else ""
            why = known or (self._illegal(key, action) if weighed and not weighed.legal else "")
            self.refuse(key, action, why, sent=False, **details)
            return
        accepted = code is not None and 200 <= code < 300
        if exchange.planned:
            accepted = bool(weighed and weighed.legal)
        if weighed is None or weighed.unknown:
            self._read(key, sight.shown, details)
            return
        verdict = weighed.excuse if weighed.excuse and accepted else weighed.verdict
        if not verdict:
            self.refuse(key, action, self._illegal(key, action) or verdict.code, sent=True, **details)
            if accepted:
                self._read(key, sight.shown, details)
            return
        lost = exchange.lost or (code is not None and code >= 500)
        if verdict.status is not None and (accepted or code is None):
            self.reach(key, verdict.status, **details)
        if lost:
            self.lose(key, action, verdict.life_cycle.code, **details)
        elif accepted or (code is None and sight.shown is not None):
            self.open.pop(key, None)
            before = self.now.get(key)
            self.move(key, RULE[verdict.life_cycle.code], **details)
            if before is not None and sight.shown is before and before is not self.now[key]:
                self.unseen[key] = before
            else:
                self._read(key, sight.shown, details)


def history_of_recording(
    path: Path | str,
    campaign: str | None = None,
    *,
    progress: Callable[[Recording], object] | None = None,
) -> History:
    """What a recording shows (`campaign_fsm.traffic`), or the simulator's journal, or the plugin's coverage.

    Args:
        path: The file.
        campaign: Only this campaign.
        progress: Called now and then with the recording that is read.

    Raises:
        UnreadableHistory: It shows nothing of a campaign, or nothing of this one.
        UnreadableRecording: It cannot be read.
    """
    # These need the extra "audit"; the rest of the module does not.
    from campaign_fsm.audit.auditor import Auditor
    from campaign_fsm.traffic.recordings import open_recording

    name = Path(path).name
    document = _document(Path(path))
    if isinstance(document, list):
        return history_of_journal(document, campaign, name=name)
    if isinstance(document, dict):
        return _coverage(document, name)
    follower = _Follower(campaign)
    auditor = Auditor(path=str(path), watch=follower.see)
    with open_recording(str(path)) as recording:
        for number, exchange in enumerate(recording.exchanges):
            auditor.feed(exchange)
            if progress is not None and number % _EVERY == 0:
                progress(recording)
    return follower.history(name)


def _document(path: Path) -> list[Any] | dict[str, Any] | None:
    """The file as a journal or as coverage, None if it is neither."""
    if not path.is_file():
        return None  # what is read from a pipe can be read once
    try:
        with path.open("rb") as file:
            start = file.read(256).lstrip()
            if not (start.startswith(b"[") or b'"campaign_fsm_coverage"' in start):
                return None
            document = json.loads(start + file.read(_LARGEST))
    except (OSError, ValueError, RecursionError):
        return None  # whoever reads recordings has the words for that
    if isinstance(document, list) and all(isinstance(entry, dict) and entry.keys() >= _JOURNAL for entry in document):
        return document
    return document if isinstance(document, dict) else None


def history_of_journal(
    entries: Iterable[Mapping[str, Any] | Any], campaign: str | None = None, *, name: str = "the journal"
) -> History:
    """What the journal of the simulator shows: nothing of it is inferred, the simulator knows.

    Args:
        entries: `Simulator.journal`, or the same as it comes over HTTP.
        campaign: Only this campaign.
        name: What errors call it.

    Raises:
        UnreadableHistory: It shows nothing of a campaign, or nothing of this one.
    """
    follower = _Follower(campaign)
    for entry in entries:
        get = entry.get if isinstance(entry, Mapping) else lambda key, entry=entry: getattr(entry, key, None)
        try:
            _journalled(follower, get)
        except (TypeError, ValueError) as error:
            raise UnreadableHistory(f"{name} has an entry that is not of a journal: {error}.") from None
    return follower.history(name)


def _journalled(follower: _Follower, get: Any) -> None:
    if get("channel") is None or not get("id") or (follower.only is not None and get("id") != follower.only):
        return
    key = Channel(get("channel")), str(get("id"))[:_LONGEST_ID], ""
    before, after = (_status(get(name)) for name in ("status_before", "status_after"))
    at = get("at")
    when = at.isoformat() if isinstance(at, datetime) else str(at or "")
    details: dict[str, Any] = {"at": when, "place": get("number")}
    if get("kind") != "request":
        if before is not None and after is not None:
            follower.now.setdefault(key, before)
            follower.reach(key, after, **details)
        return
    if before is None:
        return
    follower.now[key] = before
    try:
        action = Action(get("action"))
    except ValueError:
        return
    if get("applied") and get("legal"):
        code = _code_of(before, action, key[0], after)
        if code is not None:
            follower.move(key, RULE[code], **details)
    elif get("legal") is False:
        decision = decide(before, action, channel=key[0])
        refused = decision if not decision else decide(before, action, channel=key[0], started=True)
        # Legal by its status, it was what stood beside the action.
        follower.refuse(key, action, "" if refused else refused.code, sent=True, **details)
        if get("applied") and after is not None:
            follower.reach(key, after, **details)


def _status(value: Any) -> Status | None:
    return None if value is None else Status(value)


def _code_of(before: Status, action: Action, channel: Channel, after: Status | None) -> str | None:
    for started in (False, True):
        decision = decide(before, action, channel=channel, started=started)
        if decision and after in (decision.destination, None, *decision.accepted):
            return decision.code
    return None


def _coverage(document: Mapping[str, Any], name: str) -> History:
    edges = document.get("edges")
    if not isinstance(edges, dict) or not all(isinstance(number, int) and number >= 0 for number in edges.values()):
        raise UnreadableHistory(f"{name} is no coverage: it has no edges with their numbers.")
    taken = {code: number for code, number in edges.items() if code in RULE and number}
    return History(title="Edges that tests reached", taken=taken, total=sum(taken.values()))

"""What the observations of an audit show of the path of each campaign."""

from __future__ import annotations

from typing import Any

from attrs import define, field

from campaign_fsm.audit.assessment import Assessment
from campaign_fsm.audit.observation import Observation, StatusRead, WriteObservation
from campaign_fsm.audit.tracker import CampaignKey
from campaign_fsm.history.builder import HistoryBuilder
from campaign_fsm.lifecycle import decide
from campaign_fsm.rules import ENTRIES, RULE, Action, Rule, Status
from campaign_fsm.verdict import Verdict


@define
class RecordedPaths:
    """Watches an audit, and hands on what its observations show.

    What the audit knows of a campaign is what it may be held to; a picture needs the one path that is likeliest. So
    whether a write was legal, and in which status, is the audit's word, and only where the path ends is kept here.
    """

    builder: HistoryBuilder
    # A campaign whose last write was accepted, while its answer still showed the status before it.
    _unseen: dict[CampaignKey, Status] = field(factory=dict, init=False)

    def see(self, seen: Observation) -> None:
        """What one observation shows."""
        key, only = seen.key, self.builder.only
        if key is None or (only is not None and key.campaign != only):
            return
        details = {"at": seen.exchange.at or "", "place": seen.exchange.place}
        if isinstance(seen, StatusRead):
            self._read(key, seen.status, details)
        elif isinstance(seen, WriteObservation):
            if seen.action is Action.CREATE:
                self._create(key, seen, details)
            elif not seen.exchange.sent:
                self._withheld(key, seen, details)
            else:
                self._write(key, seen, details)

    def _read(self, key: CampaignKey, status: Status | None, details: dict[str, Any]) -> None:
        if status is None:
            return
        # Once more the old status is a platform that is slow; again and again it is the truth.
        if status is not self._unseen.pop(key, None):
            self.builder.reach(key, status, **details)

    def _create(self, key: CampaignKey, seen: WriteObservation, details: dict[str, Any]) -> None:
        code = seen.exchange.status_code
        if seen.status is not None and (code is None or 200 <= code < 300):
            self.builder.move(key, RULE["CF101"], **details)
            self.builder.reach(key, seen.status, **details)

    def _withheld(self, key: CampaignKey, seen: WriteObservation, details: dict[str, Any]) -> None:
        # A client says itself why it sent nothing.
        code = seen.exchange.code if seen.exchange.code in ENTRIES else ""
        if not code and seen.assessment is not None and not seen.assessment.legal:
            code = self._illegal(key, seen)
        self.builder.refuse(key, seen.intent.action, code or "", sent=False, **details)

    def _illegal(self, key: CampaignKey, seen: WriteObservation) -> str:
        """The code against an action in the status where the path ends; empty if there is none."""
        decision = decide(self.builder.now.get(key), seen.intent.action, channel=key.channel)
        return "" if decision else decision.code

    def _write(self, key: CampaignKey, seen: WriteObservation, details: dict[str, Any]) -> None:
        assessment = seen.assessment
        if assessment is None or assessment.unknown:
            self._read(key, seen.status, details)
            return
        accepted = _accepted(seen, assessment)
        verdict = assessment.excuse if assessment.excuse and accepted else assessment.verdict
        if verdict:
            self._legal(key, seen, verdict, details, accepted=accepted)
            return
        code = self._illegal(key, seen) or verdict.code
        self.builder.refuse(key, seen.intent.action, code, sent=True, **details)
        if accepted:
            self._read(key, seen.status, details)

    def _legal(
        self, key: CampaignKey, seen: WriteObservation, verdict: Verdict, details: dict[str, Any], *, accepted: bool
    ) -> None:
        exchange, rule = seen.exchange, RULE[verdict.life_cycle.code]
        code = exchange.status_code
        if verdict.status is not None and (accepted or code is None):
            self.builder.reach(key, verdict.status, **details)
        if exchange.lost or (code is not None and code >= 500):
            if verdict.status is not None:  # no answer may have shown one yet
                self.builder.now.setdefault(key, verdict.status)
            self.builder.lose(key, seen.intent.action, rule, **details)
        elif accepted or (code is None and seen.status is not None):
            self._taken(key, rule, seen.status, details)

    def _taken(self, key: CampaignKey, rule: Rule, answered: Status | None, details: dict[str, Any]) -> None:
        before = self.builder.now.get(key)
        self.builder.answered(key)
        self.builder.move(key, rule, **details)
        if before is not None and answered is before and rule.leads_to is not before:
            self._unseen[key] = before
        else:
            self._read(key, answered, details)


def _accepted(seen: WriteObservation, assessment: Assessment) -> bool:
    """Whether the server took a write; what is planned counts as taken if it is legal."""
    code = seen.exchange.status_code
    return assessment.legal if seen.exchange.planned else code is not None and 200 <= code < 300

"""From what a check found to a finding: its place, what it is about, and a fingerprint that stays."""

from __future__ import annotations

import hashlib
from collections import Counter

from attrs import define, field

from campaign_fsm.audit.check import AS_RECORDED, Detection
from campaign_fsm.audit.finding import Finding
from campaign_fsm.audit.interpret import split_url
from campaign_fsm.audit.observation import Observation
from campaign_fsm.rules import PROBLEMS
from campaign_fsm.wire.schedule import parse_time


@define
class Reporter:
    """Makes findings of detections.

    Attributes:
        counts: How often each finding was reported; auditors of several files share it.
    """

    counts: Counter[str] = field(factory=Counter)
    _once: set[tuple[str, str, str]] = field(factory=set, init=False)

    def report(self, seen: Observation, detection: Detection) -> Finding | None:
        """The finding; None if it is one of those that are reported once a file, and was."""
        path, code = seen.options.path, detection.code
        if detection.once:
            if (path, code, detection.once) in self._once:
                return None
            self._once.add((path, code, detection.once))
        exchange, target = seen.exchange, seen.target
        advice, status_code = detection.advice, detection.status_code
        if advice is None:
            advice = PROBLEMS[code].advice if code in PROBLEMS else ""
        return Finding(
            code,
            detection.level,
            detection.message,
            seen.place,
            advice=advice,
            sources=detection.sources,
            channel=target.channel if target else None,
            campaign=_campaign(seen),
            action=seen.action,
            status=seen.tracked.last,
            at=exchange.at if parse_time(exchange.at) else None,
            sent=exchange.sent,
            status_code=exchange.status_code if status_code == AS_RECORDED else status_code,
            fingerprint=self._fingerprint(_identity(seen, detection)),
        )

    def _fingerprint(self, identity: str) -> str:
        self.counts[identity] += 1
        text = f"{identity}|{self.counts[identity]}"
        return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def _campaign(seen: Observation) -> str | None:
    return (seen.target.id if seen.target else None) or seen.exchange.campaign


def _identity(seen: Observation, detection: Detection) -> str:
    """What a finding is known by. A promise: suppressions and baselines of older versions name findings by it."""
    exchange, target = seen.exchange, seen.target
    path = split_url(exchange.url)[3] if exchange.url and detection.code.startswith("CF4") else ""
    parts = (
        seen.options.path.replace("\\", "/").rpartition("/")[2],
        detection.code,
        split_url(exchange.url)[1] if exchange.url else exchange.host,
        target.account if target else exchange.account,
        target.channel if target else exchange.channel,
        _campaign(seen),
        seen.action,
        seen.tracked.last,
        "" if exchange.sent else "not sent",
        exchange.method if path else "",
        path,
        detection.about,
    )
    return "|".join(str(part or "") for part in parts)

"""What the team's policy forbids."""

from __future__ import annotations

from collections.abc import Iterator

from campaign_fsm.audit.assessment import Known
from campaign_fsm.audit.check import Detection, Stage, check
from campaign_fsm.audit.finding import Level
from campaign_fsm.audit.interpret import origin
from campaign_fsm.audit.observation import CampaignWrite, CreateRequest
from campaign_fsm.rules import Status
from campaign_fsm.verdict import judge
from campaign_fsm.wire.schedule import parse_time


@check("CF7", stage=Stage.POLICY, of=(CampaignWrite, CreateRequest))
def policy(seen: CampaignWrite | CreateRequest) -> Iterator[Detection]:
    """Everything that the policy has against a write that was sent, legal or not."""
    if seen.options.policy is None:
        return
    exchange, tracked, intent = seen.exchange, seen.tracked, seen.intent
    # A name that was not recorded matches no pattern: the gate, which has it, is the one to fail closed.
    name = None if tracked.nameless else tracked.name or exchange.name or ""
    verdict = judge(
        intent,
        Known(tracked.last or Status.UNKNOWN, tracked, name),
        parse_time(exchange.at),
        policy=seen.options.policy,
        confirmed=exchange.confirmed,
        host=origin(exchange).partition(":")[0] or None,
        account=intent.target.account if exchange.url or exchange.account else None,
    )
    for violation in verdict.violations:
        if not violation.unknown:  # what rests on something that was not recorded is no finding
            yield Detection(code=violation.code, level=Level.ERROR, message=violation.reason, advice=violation.advice)

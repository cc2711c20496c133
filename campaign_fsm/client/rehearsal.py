"""What would be decided of a call: the same operations, whose write is judged instead of sent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from attrs import frozen

from campaign_fsm.client.calls import Call, Operation, WriteCommand
from campaign_fsm.client.operations import WriteOperations
from campaign_fsm.client.operations.reads import read, read_before
from campaign_fsm.policy import Policy, is_confirmed
from campaign_fsm.rules import Action
from campaign_fsm.rules.vocabulary import one_of
from campaign_fsm.verdict import Verdict, judge
from campaign_fsm.wire.campaign import Campaign
from campaign_fsm.wire.intent import JSON_HEADERS, NOT_RECORDED, VERBS, Intent, WireRequest, read_intent
from campaign_fsm.wire.reading import Reading


@frozen
class Rehearsed:
    """What would be decided of a call.

    Attributes:
        verdict: What the gate would say.
        campaign: The campaign as it was read; None for a create.
    """

    verdict: Verdict
    campaign: Campaign | None


@frozen
class Rehearsal(WriteOperations[Rehearsed]):
    """The operations of a client up to the write, which is read from its bytes and judged as the gate would.

    They return a `Rehearsed`, and raise what the call would raise before its write.

    Attributes:
        policy: What the team forbids on top of the life cycle.
    """

    policy: Policy | None

    def check(self, campaign_id: str, action: Action | str, fields: Mapping[str, Any]) -> Operation[Rehearsed]:
        """An action with these parameters; without any, an edit of any kind is judged by its kind alone."""
        wanted = one_of(Action, action)
        context = self.context
        target = context.target(campaign_id)
        verb = wanted in VERBS.values()
        if not fields and not verb:
            missing = {"schedule": NOT_RECORDED} if wanted is Action.RESCHEDULE else {}
            intent = Intent(wanted, target, missing)
        else:
            item = {"action": wanted.value, **fields} if verb else dict(fields)
            intent = self._read_back(WriteCommand(wanted, target, "PUT", context.item(item)))
            if intent.action is not wanted:
                raise ValueError(f"with these parameters it is {intent.action}, not {wanted}")
        reading = yield from read(context, intent.target, context.give_up())
        return self._judged(intent, reading)

    def perform(self, command: WriteCommand) -> Operation[Rehearsed]:
        """Judge a write instead of sending it."""
        intent = self._read_back(command)
        if intent.target.id is None:
            return self._judged(intent, None)
        # A call fails as the gate does where the campaign cannot be read.
        return self._judged(intent, (yield from read_before(self.context, intent.target, intent.action)))

    def _judged(self, intent: Intent, reading: Reading | None) -> Rehearsed:
        settings = self.context.settings
        verdict = judge(
            intent,
            reading,
            (reading.date if reading else None) or self.context.now(),
            strict=self.context.strict,
            policy=self.policy,
            confirmed=is_confirmed(),
            host=urlsplit(settings.base_url).hostname,
            account=settings.account_sid,
        )
        return Rehearsed(verdict, None if reading is None else self.context.campaign(reading, intent.target))

    def _read_back(self, command: WriteCommand) -> Intent:
        """What the bytes of a write would do, as the gate reads them.

        Raises:
            UnreadableRequest: They cannot be read in exactly one way.
        """
        where = urlsplit(self.context.settings.base_url)
        intent = read_intent(
            WireRequest(
                method=command.method,
                scheme=where.scheme,
                host=where.hostname or "",
                port=where.port,
                target=(where.path + Call(command.method, command.target).path).encode(),
                headers=() if command.json is None else JSON_HEADERS,
                body=b"" if command.json is None else json.dumps(command.json).encode(),
            )
        )
        assert isinstance(intent, Intent)  # it is a write on a campaign
        return intent

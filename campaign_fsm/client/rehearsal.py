"""What would be decided of a call: the same operations, whose write is judged instead of sent."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit

from attrs import field, frozen

from campaign_fsm.client.operations import Operations
from campaign_fsm.client.steps import Call, Operation
from campaign_fsm.client.writes import WriteCommand
from campaign_fsm.drafts import Draft
from campaign_fsm.policy import Policy, is_confirmed
from campaign_fsm.rules import Action
from campaign_fsm.verdict import Verdict, judge
from campaign_fsm.wire.answer import Reading
from campaign_fsm.wire.campaign import Campaign
from campaign_fsm.wire.intent import NOT_RECORDED, VERBS, Intent, WireRequest, read_intent
from campaign_fsm.wire.target import Target

_JSON: Final = ((b"Content-Type", b"application/json"),)


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
class Rehearsal(Operations):
    """The operations of a client up to the write, which is read from its bytes and judged as the gate would.

    They return a `Rehearsed`, and raise what the call would raise before its write.

    Attributes:
        policy: What the team forbids on top of the life cycle.
    """

    policy: Policy | None = field(default=None, kw_only=True)

    def check(self, campaign_id: str, action: Action | str, fields: Mapping[str, Any]) -> Operation[Rehearsed]:
        """An action with these parameters; without any, an edit of any kind is judged by its kind alone."""
        try:
            wanted = Action(action)
        except ValueError:
            raise ValueError(f"{action!r} is no action; it is one of {', '.join(Action)}") from None
        target = self._target(campaign_id)
        verb = wanted in VERBS.values()
        if not fields and not verb:
            unsaid = {"schedule": NOT_RECORDED} if wanted is Action.RESCHEDULE else {}
            return (yield from self._judged(Intent(wanted, target, unsaid), self._read))
        item = {"action": wanted.value, **fields} if verb else dict(fields)
        intent = self._read_back(WriteCommand(wanted, target, "PUT", self._item(item)))
        if intent.action is not wanted:
            raise ValueError(f"with these parameters it is {intent.action}, not {wanted}")
        return (yield from self._judged(intent, self._read))

    def create(self, draft: Draft) -> Operation[Rehearsed]:  # type: ignore[override]
        command = WriteCommand(Action.CREATE, self._collection(), "POST", self._item(self._checked(draft)))
        return (yield from self._judged(self._read_back(command)))

    def _write(self, command: WriteCommand) -> Operation[Rehearsed]:  # type: ignore[override]
        return (yield from self._judged(self._read_back(command)))

    def _judged(
        self, intent: Intent, read: Callable[[Target, float], Operation[Reading]] | None = None
    ) -> Operation[Rehearsed]:
        reading, campaign = None, None
        if intent.target.id is not None:
            # A call fails as the gate does where the campaign cannot be read.
            before = partial(self._before, action=intent.action)
            reading = yield from (read(intent.target, self.clock() + self.deadline) if read else before(intent.target))
            campaign = self._campaign(reading, intent.target)
        verdict = judge(
            intent,
            reading,
            (reading.date if reading else None) or self.now(),
            strict=self.strict,
            policy=self.policy,
            confirmed=is_confirmed(),
            host=urlsplit(self.settings.base_url).hostname,
            account=self.settings.account_sid,
        )
        return Rehearsed(verdict, campaign)

    def _read_back(self, command: WriteCommand) -> Intent:
        """What the bytes of a write would do, as the gate reads them.

        Raises:
            UnreadableRequest: They cannot be read in exactly one way.
        """
        where = urlsplit(self.settings.base_url)
        intent = read_intent(
            WireRequest(
                method=command.method,
                scheme=where.scheme,
                host=where.hostname or "",
                port=where.port,
                target=(where.path + Call(command.method, command.target).path).encode(),
                headers=() if command.json is None else _JSON,
                body=b"" if command.json is None else json.dumps(command.json).encode(),
            )
        )
        assert isinstance(intent, Intent)  # it is a write on a campaign
        return intent

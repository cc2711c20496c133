"""What all operations of a client go by."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from attrs import evolve, field, frozen

from campaign_fsm import waiting
from campaign_fsm.client.calls import changed
from campaign_fsm.client.endpoint import Settings
from campaign_fsm.errors import ApiError, FieldProblem, InvalidParameters, UnexpectedAnswer
from campaign_fsm.printable import quoted
from campaign_fsm.private import redact, redact_error
from campaign_fsm.rules import Channel
from campaign_fsm.waiting import Pace, Tries
from campaign_fsm.wire.answer import Answer, NotReadable
from campaign_fsm.wire.campaign import Campaign, campaign_from
from campaign_fsm.wire.failure import api_error
from campaign_fsm.wire.reading import Reading
from campaign_fsm.wire.target import COLLECTION_OF, ID_RULE, Target, is_id


@frozen
class ClientContext:
    """One account and channel, and how patient its client is.

    Attributes:
        settings: The account, channel and host.
        strict: Whether what the vendor's pages contradict each other about is refused.
        secrets: Texts that nothing may show.
        deadline: Seconds during which a call is tried again.
        pace: How fast.
        now: The local time, an aware datetime.
        clock: Seconds, monotonic.
    """

    settings: Settings
    strict: bool
    secrets: tuple[str, ...] = field(repr=False)
    deadline: float
    pace: Pace = field(factory=lambda: waiting.PACE)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    clock: Callable[[], float] = time.monotonic

    @property
    def channel(self) -> Channel:
        return self.settings.channel

    def tries(self) -> Tries:
        """The tries of a call that begins now."""
        return Tries.within(self.deadline, self.clock, self.pace)

    def give_up(self) -> float:
        """Until when a read that begins now is tried again, on the clock."""
        return self.clock() + self.deadline

    def target(self, campaign_id: str) -> Target:
        """One campaign.

        Raises:
            InvalidParameters: That is no id.
        """
        if not isinstance(campaign_id, str) or not is_id(campaign_id):
            # Redacted before it is cut: half a secret is one, too.
            known = redact(campaign_id, self.secrets) if isinstance(campaign_id, str) else campaign_id
            given = redact(quoted(known), self.secrets) or ""
            raise InvalidParameters(what="request", problems=(FieldProblem("campaign_id", ID_RULE, given),))
        return evolve(self.collection(), id=campaign_id)

    def collection(self) -> Target:
        """All campaigns."""
        return Target("", self.settings.account_sid, COLLECTION_OF[self.channel], None, ())

    def item(self, item: Mapping[str, Any]) -> dict[str, Any]:
        """A body for one campaign: flat, or on voice wrapped (CF411)."""
        return {"campaigns": [dict(item)]} if self.channel is Channel.VOICE else dict(item)

    def campaign(self, reading: Reading, target: Target) -> Campaign:
        """A campaign as it was read."""
        assert target.id is not None
        return campaign_from(reading, target.id, target.channel, self.now())

    def unexpected(self, answer: Answer, target: Target, method: str, problem: NotReadable) -> ApiError:
        """The error of an answer that is a success on the outside and cannot be used."""
        redact_error(problem, self.secrets)
        error = api_error(answer, method, target, self.secrets)
        if not isinstance(error, UnexpectedAnswer):
            return error  # a success on the outside, a failed item inside
        return changed(
            error, description=error.description or str(problem), hint="Check the host, and any proxy before it."
        )

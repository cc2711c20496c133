"""What an operation asks of whoever drives it, and what it gets back."""

from __future__ import annotations

import copy
from collections.abc import Collection, Generator, Mapping
from typing import Any, TypeVar

from attrs import field, frozen

from campaign_fsm.drive import Sleep
from campaign_fsm.errors import ApiError, CampaignFsmError, ConnectionFailed
from campaign_fsm.gate import Terms, WriteRecord
from campaign_fsm.rules import Action, Status
from campaign_fsm.wire.answer import Answer
from campaign_fsm.wire.target import Target

_R = TypeVar("_R")
_E = TypeVar("_E", bound=CampaignFsmError)


@frozen
class Call:
    """Step: make one request and give its `Outcome` back."""

    method: str
    target: Target
    query: str = ""
    json: Any = None
    terms: Terms | None = None
    """What the gate is to know of it beside the request, such as until when to wait for the request budget."""

    @property
    def path(self) -> str:
        """Path and query, from ``/v2`` on."""
        target = self.target
        parts = [part for part in (target.id, *target.rest) if part is not None]
        path = "/".join(["/v2/accounts", target.account, target.collection, *parts])
        return f"{path}?{self.query}" if self.query else path


@frozen
class WriteCommand:
    """What a write is to achieve."""

    action: Action
    target: Target
    method: str
    json: Any = None
    fields: Mapping[str, Any] = field(factory=dict)
    """The parameters that it sets."""


@frozen
class Outcome:
    """What came of a `Call`: an answer, or for a write that went out, the failure that stands for it."""

    answer: Answer | None
    record: WriteRecord | None = None
    """What the gate read and decided, if the call was a write."""
    failure: ApiError | ConnectionFailed | None = None


Operation = Generator[Call | Sleep, Any, _R]
Statuses = Status | str | Collection[Status | str]


def changed(error: _E, **fields: Any) -> _E:
    """The same error with other fields."""
    other = copy.copy(error)
    other.__dict__.update(fields)
    other.args = (other.message,)
    return other

"""What a client does, once for sync and async: generators that yield calls and get answers.

An operation yields a `Call` and is sent the `Outcome` of it, or a `ConnectionFailed` is thrown in;
it yields a `Sleep` and is sent None. It returns a result or raises from `campaign_fsm.errors`. A
listing also yields the things listed, each as an `Emit`.

`reads` and `pages` read. `commands` says what a write is to achieve, `writes` and `create` send it, `aftermath` finds
out what became of it. What each operation does is said there; the classes here gather them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from attrs import frozen

from campaign_fsm.client.calls import Operation, Statuses, WriteCommand
from campaign_fsm.client.operations import commands, create, pages, reads, writes
from campaign_fsm.client.operations.context import ClientContext
from campaign_fsm.client.operations.pages import Listing
from campaign_fsm.drafts import Draft
from campaign_fsm.rules import Action
from campaign_fsm.wire.campaign import Campaign
from campaign_fsm.wire.listing import Filter
from campaign_fsm.wire.recipient import Recipient
from campaign_fsm.wire.schedule import Schedule

__all__ = ["ClientContext", "Operations", "WriteOperations"]

_R = TypeVar("_R")


@frozen
class WriteOperations(ABC, Generic[_R]):
    """Everything that writes, up to the write itself: it is `perform` that sends it, or does something else with it."""

    context: ClientContext

    @abstractmethod
    def perform(self, command: WriteCommand) -> Operation[_R]:
        """What is done with a write."""

    def act(self, campaign_id: str, action: Action) -> Operation[_R]:
        return (yield from self.perform(commands.act(self.context, campaign_id, action)))

    def create(self, draft: Draft) -> Operation[_R]:
        return (yield from self.perform(commands.create(self.context, draft)))

    def edit(
        self, campaign_id: str, draft: Draft | None, *, partial: bool, changes: Mapping[str, Any]
    ) -> Operation[_R]:
        command = yield from commands.edit(self.context, campaign_id, draft, partial=partial, changes=changes)
        return (yield from self.perform(command))

    def reschedule(self, campaign_id: str, schedule: Schedule, *, resume: bool) -> Operation[_R]:
        return (
            yield from self.perform(
                (yield from commands.reschedule(self.context, campaign_id, schedule, resume=resume))
            )
        )

    def delete(self, campaign_id: str) -> Operation[_R]:
        """Delete a campaign that has not started (voice); the campaign as it was, with the status deleted."""
        return (yield from self.perform(commands.delete(self.context, campaign_id)))


@frozen
class Operations(WriteOperations[Campaign]):
    """Everything that a client of one account and channel can do."""

    def perform(self, command: WriteCommand) -> Operation[Campaign]:
        """Have the gate judge and send a write, and find out what became of it."""
        send = create.create if command.action is Action.CREATE else writes.write
        return send(self.context, command)

    def ensure(self, campaign_id: str, action: Action) -> Operation[Campaign]:
        return writes.ensure(self.context, campaign_id, action)

    def get(self, campaign_id: str) -> Operation[Campaign]:
        return reads.get(self.context, campaign_id)

    def wait_until(
        self,
        campaign_id: str,
        status: Statuses,
        *,
        timeout: float,
        poll: float,
        on_read: Callable[[Campaign], object] | None,
    ) -> Operation[Campaign]:
        return reads.wait_until(self.context, campaign_id, status, timeout=timeout, poll=poll, on_read=on_read)

    def list(self, wanted: Filter, page_size: int | None) -> Listing[Campaign]:
        return pages.campaigns(self.context, wanted, page_size)

    def recipients(self, campaign_id: str, status: str | None) -> Listing[Recipient]:
        return pages.recipients(self.context, campaign_id, status)

    def find(self, name: str) -> Operation[Campaign]:
        return pages.find(self.context, name)

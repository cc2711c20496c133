"""The asynchronous client, for asyncio and trio."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from types import TracebackType
from typing import Any, Self

import anyio

from campaign_fsm.client.base import BaseClient
from campaign_fsm.client.calls import Call, Outcome, Statuses
from campaign_fsm.client.many import AsyncPausing, Selection, selected
from campaign_fsm.client.many.pausing import Event
from campaign_fsm.client.pools import AsyncPoolPerProcess
from campaign_fsm.drafts import Draft
from campaign_fsm.drive import Sleep, drive_async, iterate_async
from campaign_fsm.errors import Refused
from campaign_fsm.rules import Action
from campaign_fsm.rules.vocabulary import one_of
from campaign_fsm.transports import AsyncGuardTransport
from campaign_fsm.verdict import Verdict
from campaign_fsm.wire.campaign import Campaign
from campaign_fsm.wire.listing import Filter
from campaign_fsm.wire.recipient import Recipient
from campaign_fsm.wire.schedule import Schedule


class AsyncCampaignClient(BaseClient):
    """`CampaignClient` for asyncio and trio: the same settings, operations and errors. Operations are awaited."""

    _http_client = "AsyncClient"
    _http_transport = "AsyncHTTPTransport"
    _guard = AsyncGuardTransport
    _pools = AsyncPoolPerProcess
    _sleep = staticmethod(anyio.sleep)

    async def get(self, campaign_id: str) -> Campaign:
        """Read one campaign; see `CampaignClient.get`."""
        return await drive_async(self._operations.get(campaign_id), self._perform)

    async def check(self, campaign_id: str, action: Action | str, fields: Mapping[str, Any] | None = None) -> Verdict:
        """Decide about an action without writing; see `CampaignClient.check`."""
        flow = self._rehearsal.check(campaign_id, action, fields or {})
        return (await drive_async(flow, self._perform)).verdict

    async def pause(self, campaign_id: str) -> Campaign:
        """Stop contacting more numbers; see `CampaignClient.pause`."""
        return await drive_async(self._operations.act(campaign_id, Action.PAUSE), self._perform)

    async def resume(self, campaign_id: str) -> Campaign:
        """Go on with the numbers not yet contacted; see `CampaignClient.resume`."""
        return await drive_async(self._operations.act(campaign_id, Action.RESUME), self._perform)

    async def complete(self, campaign_id: str) -> Campaign:
        """Mark the remaining numbers as failed, irreversibly; see `CampaignClient.complete`."""
        return await drive_async(self._operations.act(campaign_id, Action.COMPLETE), self._perform)

    async def archive(self, campaign_id: str) -> Campaign:
        """Put a completed campaign away, irreversibly; see `CampaignClient.archive`."""
        return await drive_async(self._operations.act(campaign_id, Action.ARCHIVE), self._perform)

    async def ensure_paused(self, campaign_id: str) -> Campaign:
        """`pause`, with "already paused" as success; see `CampaignClient.ensure_paused`."""
        return await drive_async(self._operations.ensure(campaign_id, Action.PAUSE), self._perform)

    async def ensure_resumed(self, campaign_id: str) -> Campaign:
        """`resume`, with "already in progress" as success; see `CampaignClient.ensure_resumed`."""
        return await drive_async(self._operations.ensure(campaign_id, Action.RESUME), self._perform)

    async def ensure_completed(self, campaign_id: str) -> Campaign:
        """`complete`, with "already completed" as success, irreversibly; see `CampaignClient.ensure_completed`."""
        return await drive_async(self._operations.ensure(campaign_id, Action.COMPLETE), self._perform)

    async def ensure_archived(self, campaign_id: str) -> Campaign:
        """`archive`, with "already archived" as success, irreversibly; see `CampaignClient.ensure_archived`."""
        return await drive_async(self._operations.ensure(campaign_id, Action.ARCHIVE), self._perform)

    async def create(self, draft: Draft) -> Campaign:
        """Create a campaign; see `CampaignClient.create`."""
        return await drive_async(self._operations.create(draft), self._perform)

    async def edit(
        self, campaign_id: str, draft: Draft | None = None, /, *, partial: bool = False, **changes: Any
    ) -> Campaign:
        """Set parameters; see `CampaignClient.edit`."""
        return await drive_async(
            self._operations.edit(campaign_id, draft, partial=partial, changes=changes), self._perform
        )

    async def reschedule(self, campaign_id: str, schedule: Schedule, *, resume: bool = False) -> Campaign:
        """Set the schedule, alone or with a resume; see `CampaignClient.reschedule`."""
        return await drive_async(self._operations.reschedule(campaign_id, schedule, resume=resume), self._perform)

    async def delete(self, campaign_id: str) -> Campaign:
        """Delete a voice campaign that has not started, irreversibly; see `CampaignClient.delete`."""
        return await drive_async(self._operations.delete(campaign_id), self._perform)

    def list(
        self,
        *,
        status: Statuses | None = None,
        name: str | None = None,
        sort: str | None = None,
        page_size: int | None = None,
    ) -> AsyncIterator[Campaign]:
        """Iterate over every campaign of the account and channel; see `CampaignClient.list`."""
        wanted = Filter.of(self.channel, status, name, sort)
        return iterate_async(self._operations.list(wanted, page_size), self._perform)

    def recipients(self, campaign_id: str, *, status: str | None = None) -> AsyncIterator[Recipient]:
        """Iterate over what the server says of each number of a campaign; see `CampaignClient.recipients`."""
        return iterate_async(self._operations.recipients(campaign_id, status), self._perform)

    async def find(self, name: str) -> Campaign:
        """The one campaign that has exactly this name; see `CampaignClient.find`."""
        return await drive_async(self._operations.find(name), self._perform)

    def select(self, selection: Selection, action: Action | str = Action.PAUSE) -> AsyncIterator[Campaign]:
        """Iterate over every campaign of a selection to which an action can be done; see `CampaignClient.select`."""
        listing = selected(self._contexts(selection), selection, one_of(Action, action))
        return iterate_async(listing, self._perform)

    def pause_many(
        self,
        selection: Selection | Iterable[str],
        *,
        max_age: float = 10.0,
        once: bool = False,
        timeout: float | None = None,
        concurrency: int = 8,
        on_event: Callable[[Event], object] | None = None,
    ) -> AsyncPausing:
        """Pause many campaigns: ``async with … as results`` and ``async for``; see `CampaignClient.pause_many`."""
        pausing = self._pausing(selection, max_age, once, timeout, on_event)
        return AsyncPausing(pausing, concurrency, self._perform)

    async def wait_until(
        self,
        campaign_id: str,
        status: Statuses,
        *,
        timeout: float = 600.0,  # noqa: ASYNC109 (its end is `NotReached`, which says where the campaign is)
        poll: float = 5.0,
        on_read: Callable[[Campaign], object] | None = None,
    ) -> Campaign:
        """Wait until a campaign has a status; see `CampaignClient.wait_until`."""
        return await drive_async(
            self._operations.wait_until(campaign_id, status, timeout=timeout, poll=poll, on_read=on_read), self._perform
        )

    async def aclose(self) -> None:
        """Close the connections, and the trace if it is a file."""
        await self._http.aclose()
        self._end_trace()

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        await self._http.__aexit__(exc_type, exc_value, traceback)
        self._end_trace()

    async def _perform(self, step: Call | Sleep) -> Outcome | None:
        if isinstance(step, Sleep):
            await self._sleep(step.seconds)
            return None
        request = self._request(step)
        try:
            response = await self._http.send(request, stream=True)  # the gate has decoded it, within bounds
            await response.aclose()
        except Refused:
            raise
        except Exception as error:  # noqa: BLE001 (see `outcome_of_failure`)
            return self._failure(request, error)
        return self._outcome(request, response)

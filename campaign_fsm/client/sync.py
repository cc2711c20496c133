"""The synchronous client."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any, Self

from campaign_fsm.client.base import BaseClient
from campaign_fsm.client.calls import Call, Operation, Outcome, Statuses
from campaign_fsm.client.many import Selection, SyncPausing, selected
from campaign_fsm.client.many.pausing import Event
from campaign_fsm.client.pools import PoolPerProcess
from campaign_fsm.client.rehearsal import Rehearsal, Rehearsed
from campaign_fsm.drafts import Draft
from campaign_fsm.drive import Sleep, drive, iterate
from campaign_fsm.errors import Refused
from campaign_fsm.rules import Action
from campaign_fsm.rules.vocabulary import one_of
from campaign_fsm.transports import GuardTransport
from campaign_fsm.verdict import Verdict
from campaign_fsm.wire.campaign import Campaign
from campaign_fsm.wire.listing import Filter
from campaign_fsm.wire.recipient import Recipient
from campaign_fsm.wire.schedule import Schedule


class CampaignClient(BaseClient):
    """A client that sends no illegal campaign action.

    >>> with CampaignClient(account_sid="acme1", api_key="key", api_token="token") as client:
    ...     campaign = client.pause("90dad70b939f469fbf8b801660148272")  # doctest: +SKIP

    May be shared by threads. `AsyncCampaignClient` is the same for asyncio and trio. ``campaign-fsm explain CODE`` says
    what an action does, and which pages of the vendor's a code in parentheses rests on.

    Every method that makes requests raises what is here; where it raises more, its own text says so.

    Raises:
        Refused: The write was not sent.
        ApiError: The server answered, and not with success.
        ConnectionFailed: No answer came.
        InvalidParameters: The id cannot be one of a campaign; nothing was sent.
        StateConflict: The campaign was moved by something else between the read and the write.
        OutcomeUnknown: The write was sent, and whether it took effect is unknown.
    """

    _http_client = "Client"
    _http_transport = "HTTPTransport"
    _guard = GuardTransport
    _pools = PoolPerProcess
    _sleep = staticmethod(time.sleep)

    def get(self, campaign_id: str) -> Campaign:
        """Read one campaign.

        Sources: https://developer.exotel.com/api/get-sms-campaign-details-2 and
        https://developer.exotel.com/api/get-campaign-details.
        """
        return drive(self._operations.get(campaign_id), self._perform)

    def check(self, campaign_id: str, action: Action | str, fields: Mapping[str, Any] | None = None) -> Verdict:
        """Read one campaign and say whether an action would be let through now. Writes nothing.

        Args:
            campaign_id: The campaign.
            action: What would be asked for.
            fields: The parameters that an edit would set, or that would stand beside the action, by their names on
                the wire. Without them an edit is judged by its kind alone.

        Raises:
            ValueError: The action is on no list, or the parameters are those of another one.
        """
        return rehearse(self, lambda on: on.check(campaign_id, action, fields or {})).verdict

    def pause(self, campaign_id: str) -> Campaign:
        """Stop contacting more numbers; legal while created or in-progress (CF102, CF103)."""
        return drive(self._operations.act(campaign_id, Action.PAUSE), self._perform)

    def resume(self, campaign_id: str) -> Campaign:
        """Go on with the numbers not yet contacted; legal while paused (CF104)."""
        return drive(self._operations.act(campaign_id, Action.RESUME), self._perform)

    def complete(self, campaign_id: str) -> Campaign:
        """Mark the remaining numbers as failed; legal while paused. Cannot be undone (CF105)."""
        return drive(self._operations.act(campaign_id, Action.COMPLETE), self._perform)

    def archive(self, campaign_id: str) -> Campaign:
        """Put a completed campaign away. Cannot be undone (CF106)."""
        return drive(self._operations.act(campaign_id, Action.ARCHIVE), self._perform)

    def ensure_paused(self, campaign_id: str) -> Campaign:
        """`pause`, with "already paused" as success, also if it got there between the read and the write."""
        return drive(self._operations.ensure(campaign_id, Action.PAUSE), self._perform)

    def ensure_resumed(self, campaign_id: str) -> Campaign:
        """`resume`, with "already in progress" as success, also if it got there between the read and the write.

        A campaign that was resumed before its start may read created until then, and is refused (CF222): it starts by
        itself.
        """
        return drive(self._operations.ensure(campaign_id, Action.RESUME), self._perform)

    def ensure_completed(self, campaign_id: str) -> Campaign:
        """`complete`, with "already completed" as success, as `ensure_paused` does. Cannot be undone."""
        return drive(self._operations.ensure(campaign_id, Action.COMPLETE), self._perform)

    def ensure_archived(self, campaign_id: str) -> Campaign:
        """`archive`, with "already archived" as success, as `ensure_paused` does. Cannot be undone."""
        return drive(self._operations.ensure(campaign_id, Action.ARCHIVE), self._perform)

    def create(self, draft: Draft) -> Campaign:
        """Create a campaign (CF101). Without a start in its schedule it starts at once (CF301).

        If the answer is lost, the list is searched for a campaign of the draft's name that was made since
        and shows nothing else than the draft; it is never sent a second time on a guess. Each look reads three pages
        at most, calls newest first, messages with a start by their start; what is not looked through is unknown.

        Raises:
            ValueError: The draft is for the other channel.
            OutcomeUnknown: It may have been created; `OutcomeUnknown.candidates` are the ids that it may have got.
        """
        return drive(self._operations.create(draft), self._perform)

    def edit(
        self, campaign_id: str, draft: Draft | None = None, /, *, partial: bool = False, **changes: Any
    ) -> Campaign:
        """Set parameters: all of them before the start, callback URLs on voice also after it (CF107 to CF113).

        Args:
            campaign_id: The campaign.
            draft: The whole draft, as `MessageCampaignDraft.of` makes one from a campaign.
            partial: Send only `changes`. No page says whether a server keeps what is left out, so
                this is logged as a warning.
            **changes: Parameters by the names of the draft's attributes. Callback URLs alone need no
                `partial` on voice campaigns.

        Raises:
            InvalidParameters: A parameter breaks a documented limit, or `partial` is missing.
            TypeError: Both a draft and changes were given.
        """
        return drive(self._operations.edit(campaign_id, draft, partial=partial, changes=changes), self._perform)

    def reschedule(self, campaign_id: str, schedule: Schedule, *, resume: bool = False) -> Campaign:
        """Set the schedule alone, or with a resume in the same request.

        Before the start it is an edit (CF114, CF115). After it, only on a paused voice campaign and with an end that
        lies ahead: the vendor's pages contradict each other about that (CF116), so it is contested, and `strict`
        refuses it. With a new start ahead, a campaign that is resumed so may still be paused or created when this
        returns: it goes on at its start (https://developer.exotel.com/docs/campaign-guides/campaign-scheduling).

        Args:
            campaign_id: The campaign.
            schedule: The new schedule.
            resume: Resume it in the same request. On message campaigns that is refused (CF413), before the start,
                too: that page's only sample of both is of a call campaign.

        Raises:
            InvalidParameters: The schedule breaks a documented limit.
            UnreadableRequest: `resume` on a message campaign, or the new end is not ahead (CF416).
        """
        return drive(self._operations.reschedule(campaign_id, schedule, resume=resume), self._perform)

    def delete(self, campaign_id: str) -> Campaign:
        """Delete a voice campaign that has not started. Cannot be undone; contested (CF117).

        Returns:
            The campaign as it was last read, with the status deleted.
        """
        return drive(self._operations.delete(campaign_id), self._perform)

    def list(
        self,
        *,
        status: Statuses | None = None,
        name: str | None = None,
        sort: str | None = None,
        page_size: int | None = None,
    ) -> Iterator[Campaign]:
        """Iterate over every campaign of the account and channel; a page is read when it is needed.

        The server counts pages by position, so a campaign that is created or deleted meanwhile can make
        another one come twice (from the page before it is left out) or not at all.

        Args:
            status: Only these statuses. The list of message campaigns cannot filter by failed, canceled and deleted:
                where one of them is wanted, all campaigns are read and filtered here.
            name: Only what the server finds for this name; on message campaigns at least 3 characters.
            sort: ``name``, on message campaigns ``schedule.start_time``, on call campaigns ``date_created``; with
                ``:asc`` or ``:desc``. Without one it is the server's own order: call campaigns by their creation, the
                oldest first; message campaigns by their start, the latest first, where the API console has the
                earliest first.
            page_size: Campaigns a page: on message campaigns at most 50, which is the default; on call campaigns at
                most 500, and 100 by default.

        Raises:
            ValueError: A status, the order or the page size is on no list, or the name is too short.

        Sources: https://developer.exotel.com/api/bulk-sms-campaign-details-2,
        https://developer.exotel.com/api-console/get-bulk-sms-campaign-details-api-console-2,
        https://developer.exotel.com/docs/sms-campaigns/api-reference/bulk-campaign-details and
        https://developer.exotel.com/api/bulk-campaign-details. Not offered is the ``type`` of call campaigns: the only
        one that the page allows is the default.
        """
        wanted = Filter.of(self.channel, status, name, sort)
        return iterate(self._operations.list(wanted, page_size), self._perform)

    def recipients(self, campaign_id: str, *, status: str | None = None) -> Iterator[Recipient]:
        """Iterate over what the server says of each number of a campaign (``message-details``, ``call-details``).

        A page is read when it is needed. Details that are not found are taken for none yet on a call campaign that is
        not over and shows no finished calls in its stats, as public client code has seen. No page and no client says so
        of message campaigns: there it is `NotFound`, which says whether the campaign itself is there. There is no
        filter by ``number``: a phone number in a URL ends up in logs. Nor is there an order: calls can be ordered by
        their creation alone, and the pages differ about the name of that order on messages.

        Args:
            campaign_id: The campaign.
            status: On call campaigns, only what the server finds for this status of a call, such as ``failed``.

        Raises:
            ValueError: A status is given on message campaigns, whose details have no such filter.

        Sources: https://developer.exotel.com/api/sms-details-of-a-single-sms-campaign-2,
        https://developer.exotel.com/docs/sms-campaigns/api-reference/sms-details and
        https://developer.exotel.com/api/call-details-of-a-single-campaign.
        """
        return iterate(self._operations.recipients(campaign_id, status), self._perform)

    def find(self, name: str) -> Campaign:
        """The one campaign that has exactly this name.

        For a name of less than 3 characters all message campaigns are read: their list does not look for it.

        Raises:
            NotOne: No campaign has it, or several do; `NotOne.matches` are their ids.
        """
        return drive(self._operations.find(name), self._perform)

    def select(self, selection: Selection, action: Action | str = Action.PAUSE) -> Iterator[Campaign]:
        """Iterate over every campaign of a selection to which an action can be done, page by page.

        Other than `list` it also goes over several kinds of campaigns. Those in progress come before those that are
        created. One that does not say when it was created is left out where that matters, with a warning in the log.

        Args:
            selection: Which campaigns.
            action: The action; those in whose status it is illegal are left out.
        """
        listing = selected(self._contexts(selection), selection, one_of(Action, action))
        return iterate(listing, self._perform)

    def pause_many(
        self,
        selection: Selection | Iterable[str],
        *,
        max_age: float = 10.0,
        once: bool = False,
        timeout: float | None = None,
        concurrency: int = 8,
        on_event: Callable[[Event], object] | None = None,
    ) -> SyncPausing:
        """Pause many campaigns, and give a `PauseResult` for each as it is done.

        >>> with CampaignClient() as client:  # doctest: +SKIP
        ...     with client.pause_many(Selection(names="otp-*", channels=("message", "voice"))) as results:
        ...         for result in results:
        ...             print(result.campaign_id, result.outcome)
        ...     print("stopped" if results.report else results.report.running or results.report.problems)

        It goes at the pace of whoever iterates. What stops one campaign is in its result and is not raised. What passes
        (429, 5xx, broken connections) is tried again: five times while other campaigns get through; once none does, for
        ten times the client's deadline, and for the deadline if none ever has. One that was moved and paused again is
        given once more: its last result counts. Leaving the ``with`` block begins nothing new, and waits for what is
        under way. The campaigns of a list are paused on what the list shows, at most `max_age` seconds after it was
        asked for; what was given by its id is read by itself. Campaigns that are created meanwhile are paused too: it
        ends when lists show nothing new.

        Args:
            selection: Which campaigns, as a `Selection`, or as ids.
            max_age: Seconds for which what a list shows is good enough for a pause; 0: each is read by itself.
            once: Leave alone what was created after the first list was read, by the server's clock; the report tells it
                as still running.
            timeout: After how many seconds to begin nothing new. None: never.
            concurrency: How many are paused at a time; the request budget holds for all of them.
            on_event: Called with a `Listed` for each page of a list that was read, and with a `PauseResult` for each
                campaign that is going to be tried again.

        Raises:
            ValueError: An argument is out of its range, or nothing of the selection can be paused.
            CampaignFsmError: No list can be had; nothing was paused.
        """
        pausing = self._pausing(selection, max_age, once, timeout, on_event)
        return SyncPausing(pausing, concurrency, self._perform)

    def wait_until(
        self,
        campaign_id: str,
        status: Statuses,
        *,
        timeout: float = 600.0,
        poll: float = 5.0,
        on_read: Callable[[Campaign], object] | None = None,
    ) -> Campaign:
        """Wait until a campaign has a status, or one of several.

        Args:
            campaign_id: The campaign.
            status: What to wait for: a `Status`, its canonical string, or several in a list.
            timeout: For how many seconds, waiting for the request budget included.
            poll: Seconds between two reads; each one counts against the request budget.
            on_read: Called with the campaign after each read.

        Raises:
            NotReached: The time is up, or (at once, and `NotReached.reachable` is False) the campaign is where no
                documented way leads to any of the statuses.
            ValueError: A status is on no list, or none is given.
        """
        return drive(
            self._operations.wait_until(campaign_id, status, timeout=timeout, poll=poll, on_read=on_read), self._perform
        )

    def close(self) -> None:
        """Close the connections, and the trace if it is a file."""
        self._http.close()
        self._end_trace()

    def __enter__(self) -> Self:
        self._http.__enter__()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self._http.__exit__(exc_type, exc_value, traceback)
        self._end_trace()

    def _perform(self, step: Call | Sleep) -> Outcome | None:
        if isinstance(step, Sleep):
            self._sleep(step.seconds)
            return None
        request = self._request(step)
        try:
            response = self._http.send(request, stream=True)  # the gate has decoded it, within bounds
            response.close()
        except Refused:
            raise
        except Exception as error:  # noqa: BLE001 (see `outcome_of_failure`)
            return self._failure(request, error)
        return self._outcome(request, response)


def rehearse(client: CampaignClient, call: Callable[[Rehearsal], Operation[Any]]) -> Rehearsed:
    """What would be decided of a call, which is made on a `Rehearsal`: its write is judged instead of sent."""
    rehearsed: Rehearsed = drive(call(client._rehearsal), client._perform)  # noqa: SLF001 (of the same module)
    return rehearsed

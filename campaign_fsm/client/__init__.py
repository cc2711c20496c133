"""The guarded client, with a sync and an async face over the same operations."""

from __future__ import annotations

import base64
import os
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping
from functools import partial
from types import ModuleType, TracebackType
from typing import Any, Final, NoReturn, Self

import anyio
import httpx

from campaign_fsm import gate
from campaign_fsm.client.operations import Operations
from campaign_fsm.client.pools import AsyncPoolPerProcess, PoolPerProcess
from campaign_fsm.client.proxies import Proxy
from campaign_fsm.client.rehearsal import Rehearsal, Rehearsed
from campaign_fsm.client.settings import Settings, environment_proxy, resolve
from campaign_fsm.client.steps import Call, Operation, Outcome
from campaign_fsm.drafts import Draft
from campaign_fsm.drive import Sleep, drive, drive_async, iterate, iterate_async
from campaign_fsm.errors import (
    CampaignFsmError,
    ConfigurationError,
    ConnectionFailed,
    Refused,
    TimedOut,
    UnexpectedRedirect,
)
from campaign_fsm.gate import Drift, WriteRecord
from campaign_fsm.policy import Policy, load_configuration
from campaign_fsm.printable import text_of
from campaign_fsm.private import redact, redact_error, secrets_of
from campaign_fsm.rules import Action, Channel, Status
from campaign_fsm.trace import TraceFile
from campaign_fsm.transports import ANSWER, EXTENSION, LEFT, UNTIL, AsyncGuardTransport, GuardSettings, GuardTransport
from campaign_fsm.verdict import Verdict
from campaign_fsm.wire.answer import Answer
from campaign_fsm.wire.campaign import Campaign, Schedule
from campaign_fsm.wire.listing import Filter, Recipient

__all__ = ["AsyncCampaignClient", "CampaignClient"]

_UNSET: Final[Any] = object()
# What anyio says of a connection that broke, where no HTTP library has given it a name of its own.
_BROKEN: Final = (anyio.BrokenResourceError, anyio.ClosedResourceError, anyio.EndOfStream)

Statuses = Status | str | Collection[Status | str]
Trace = str | os.PathLike[str] | Callable[[Mapping[str, Any]], object]


class _Client:
    """What both faces share: the settings, the gate, and the way from a `Call` to an `Outcome`.

    Args:
        account_sid: The account; unset: ``EXOTEL_ACCOUNT_SID``.
        api_key: The API key; unset: ``EXOTEL_API_KEY``.
        api_token: The API token; unset: ``EXOTEL_API_TOKEN``.
        channel: ``"message"`` or ``"voice"``.
        region: ``"singapore"`` (the default) or ``"mumbai"``; unset: ``EXOTEL_REGION``.
        base_url: Another host, such as the simulator, up to and without ``/v2``; unset:
            ``EXOTEL_BASE_URL``. Credentials in it are moved into the Authorization header.
        timeout: Seconds, or a timeout object of the HTTP library.
        proxy: The proxy to use; unset: the environment's, if `trust_env`.
        verify: As in `httpx`: True, False or an `ssl.SSLContext`.
        trust_env: Whether proxies are taken from the environment.
        transport: The transport below the gate, instead of one made from `proxy` and `verify`. It
            must neither retry nor cache.
        max_age: Seconds for which a reading may be used again, counted from when it was sent until the bytes of the
            write leave; the answer to a write is a reading, too. Default 0: every write is preceded by a read inside
            the same critical section.
        strict: Refuse what the vendor's pages contradict each other about.
        deadline: Seconds during which an operation tries again: reads after 429, 5xx and broken
            connections, writes only where nothing can have been applied (429, a connection that never
            opened), and those that can be undone also where a read has shown that nothing was. 0: never.
            As long, another call of the process that is at work on the campaign is waited for (0: 5 seconds).
            What became of a write whose answer was lost is looked for during some 4 seconds, whatever the deadline.
            Waiting for the request budget comes on top; only `wait_until` counts that too.
        on_drift: Called with a `Drift` when an answer shows a status that the model does not expect.
        budget: Requests a minute, reads and writes together, shared by all clients of the account in the
            process; 0 for no limit. Unset: 30 on the vendor's hosts (S8), until their ``X-RateLimit-*``
            headers say otherwise, and no limit elsewhere.
        on_wait: Called with a `Wait` when a request has to wait for the budget.
        trace: Where the decision trace goes: a path, to which JSON Lines are appended, or a callable that
            gets each event (see `campaign_fsm.trace`).
        policy: What the team forbids on top of the life cycle: a `Policy`, or the path of a file that has
            one (``campaign-fsm.toml``, ``pyproject.toml``). Unset: nothing.
        plain_http_hosts: Hosts other than loopback to which plain HTTP is allowed.
        http: The module that builds clients: `httpx`, or one with the same API.

    Raises:
        ConfigurationError: A setting is missing, malformed or given twice; it names which.
        PolicyError: The policy's file cannot be read or understood.
    """

    _face: str
    _transport_face: str

    def __init__(
        self,
        *,
        account_sid: str | None = None,
        api_key: str | None = None,
        api_token: str | None = None,
        channel: Channel | str = Channel.MESSAGE,
        region: str | None = None,
        base_url: str | None = None,
        timeout: Any = 10.0,
        proxy: Any = None,
        verify: Any = _UNSET,
        trust_env: bool = True,
        transport: Any = None,
        max_age: float = 0.0,
        strict: bool = False,
        deadline: float = 30.0,
        on_drift: Callable[[Drift], object] | None = None,
        budget: int | None = None,
        on_wait: Callable[[gate.Wait], object] | None = None,
        trace: Trace | None = None,
        policy: Policy | str | os.PathLike[str] | None = None,
        plain_http_hosts: Collection[str] = (),
        http: ModuleType = httpx,
    ) -> None:
        self._settings = resolve(
            account_sid=account_sid,
            api_key=api_key,
            api_token=api_token,
            channel=channel,
            region=region,
            base_url=base_url,
            plain_http_hosts=plain_http_hosts,
            http=http,
        )
        self._family = http
        if policy is not None and not isinstance(policy, Policy):
            policy = load_configuration(os.fspath(policy)).policy
        if isinstance(timeout, int | float) and not timeout > 0:
            raise ConfigurationError(setting="timeout", problem=f"it is a number of seconds above 0, not {timeout!r}.")
        if transport is not None and (proxy is not None or verify is not _UNSET):
            raise ConfigurationError(
                setting="transport",
                problem="proxy and verify are settings of the transport itself; give one or the other.",
            )
        if transport is None and proxy is None and trust_env:
            proxy = environment_proxy(self._settings.base_url)
        way = None if proxy is None else Proxy.of(proxy, http)
        basic = base64.b64encode(f"{self._settings.api_key}:{self._settings.api_token}".encode()).decode()
        authorization = (b"Authorization", f"Basic {basic}".encode())
        self._secrets = (*secrets_of((authorization,)), *(way.secrets if way else ()))
        if transport is None:
            verify = True if verify is _UNSET else verify
            settings = {"proxy": way and way.settings, "verify": verify, "trust_env": trust_env}
            try:
                transport = self._pools(partial(getattr(http, self._transport_face), **settings), way)
            except (ImportError, ValueError, OSError) as error:
                # A proxy scheme that needs another package, a missing certificate file.
                problem = f"{type(error).__name__}: {redact(str(error), self._secrets)}."
                raise ConfigurationError(setting="proxy, verify or trust_env", problem=problem) from None
        self._trace_file = TraceFile(trace) if isinstance(trace, str | os.PathLike) else None
        guard = self._guard(
            transport,
            {
                "max_age": max_age,
                "strict": strict,
                "deadline": deadline,
                "on_drift": on_drift,
                "budget": budget,
                "on_wait": on_wait,
                "trace": self._trace_file or trace,  # type: ignore[typeddict-item]
                "policy": policy,
                "watch_reads": True,
                "secrets": way.secrets if way else (),
            },
        )
        origin = http.URL(self._settings.base_url)

        def authorize(request: Any) -> Any:
            # Only to the configured host: a header that follows a URL elsewhere is a leak.
            if (request.url.scheme, request.url.netloc) == (origin.scheme, origin.netloc):
                request.headers["Authorization"] = f"Basic {basic}"
            return request

        self._http = getattr(http, self._face)(
            transport=guard,
            auth=authorize,
            timeout=timeout,
            follow_redirects=False,
            trust_env=False,
            # An encoded answer can grow a thousandfold while it is read.
            headers={"Accept": "application/json", "Accept-Encoding": "identity"},
        )
        self._operations = Operations(self._settings, strict, self._secrets, deadline)
        self._rehearsal = Rehearsal(self._settings, strict, self._secrets, deadline, policy=policy)

    def _guard(self, inner: Any, settings: GuardSettings) -> Any:
        raise NotImplementedError

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            f"{type(self).__name__} has connections and credentials, which no two processes share: "
            "make one in each, or before they are forked"
        )

    def _pools(self, make: Callable[[], Any], proxy: Proxy | None) -> Any:
        raise NotImplementedError

    def __repr__(self) -> str:
        settings: Settings = self._settings
        return (
            f"{type(self).__name__}(base_url={settings.base_url!r}, account_sid={settings.account_sid!r}, "
            f"channel={settings.channel.value!r})"
        )

    @property
    def channel(self) -> Channel:
        """The kind of campaign that this client is for."""
        return self._settings.channel

    @property
    def account_sid(self) -> str:
        """The account that this client works on."""
        return self._settings.account_sid

    @property
    def base_url(self) -> str:
        """The host that this client talks to, without credentials."""
        return self._settings.base_url

    def _request(self, call: Call) -> Any:
        extensions = None if call.until is None else {UNTIL: call.until}
        url = self._settings.base_url + call.path
        return self._http.build_request(call.method, url, json=call.json, extensions=extensions)

    def _outcome(self, request: Any, response: Any) -> Outcome:
        answer: Answer = response.extensions[ANSWER]
        return Outcome(answer, request.extensions.get(EXTENSION))

    def _failure(self, request: Any, error: Exception) -> Outcome:
        """The outcome of a write that may have left and got no answer; raises where nothing can have been applied.

        Whatever the HTTP client raises is taken for a failure of the connection: asyncio over TLS, transports below
        the gate and callbacks in them raise more than its own classes. Nothing is known of it but whether the gate
        had handed the write on, and whether its bytes were seen to leave.
        """
        record: WriteRecord | None = request.extensions.get(EXTENSION)
        # What something below the gate was given for a call of its own says nothing of a write that is out.
        if record is None and isinstance(error, CampaignFsmError):
            raise error
        if isinstance(error, UnexpectedRedirect) and error.method == request.method:
            return Outcome(None, record, error)
        family = self._family
        never_opened = (
            family.ConnectError,
            family.ConnectTimeout,
            family.PoolTimeout,
            family.ProxyError,
            family.UnsupportedProtocol,
        )
        is_read = request.method == "GET"
        # Something else may not have got its own connection, while the write was out.
        opened = not isinstance(error, never_opened) or LEFT in request.extensions
        sent = opened and (is_read or record is not None)
        outcome = ""
        if not is_read and not sent:
            outcome = "It was not sent." if record is None else "The connection never opened: nothing was applied."
        redact_error(error, self._secrets)
        text = text_of(str(error), 300)
        # Each library has a class of its own for it.
        timed_out = any("Timeout" in kind.__name__ or kind.__name__ == "TooSlowError" for kind in type(error).__mro__)
        failure = (TimedOut if timed_out else ConnectionFailed)(
            method=request.method,
            host=self._settings.host,
            why=f"{type(error).__name__}{': ' + text if text else ''}",
            sent=sent,
            outcome=outcome,
            # An answer that is too large, or no HTTP, is so the next time too.
            transient=isinstance(error, (family.RequestError, OSError, *_BROKEN))
            and not isinstance(error, family.UnsupportedProtocol | family.DecodingError)
            and type(error) is not family.ProtocolError,
        )
        if record is None or not sent:
            raise failure from None
        return Outcome(None, record, failure)

    def _end_trace(self) -> None:
        if self._trace_file is not None:
            self._trace_file.close()


class CampaignClient(_Client):
    """A client that sends no illegal campaign action.

    >>> with CampaignClient(account_sid="acme1", api_key="key", api_token="token") as client:
    ...     campaign = client.pause("90dad70b939f469fbf8b801660148272")  # doctest: +SKIP

    May be shared by threads. The arguments are those of the class above; every method raises
    `Refused` (nothing was sent), `ApiError`, `ConnectionFailed`, `InvalidParameters` for an id that
    cannot be one, and those that write also `StateConflict` and `OutcomeUnknown`.
    """

    _face = "Client"
    _transport_face = "HTTPTransport"

    def _guard(self, inner: Any, settings: GuardSettings) -> GuardTransport:
        return GuardTransport(inner, **settings)

    def _pools(self, make: Callable[[], Any], proxy: Proxy | None) -> PoolPerProcess:
        return PoolPerProcess(make, proxy)

    def get(self, campaign_id: str) -> Campaign:
        """Read one campaign (S1, S7: ``GET <collection>/<id>``)."""
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
        """Stop contacting more numbers; legal while created or in-progress (S1, S3)."""
        return drive(self._operations.act(campaign_id, Action.PAUSE), self._perform)

    def resume(self, campaign_id: str) -> Campaign:
        """Go on with the numbers not yet contacted; legal while paused (S1)."""
        return drive(self._operations.act(campaign_id, Action.RESUME), self._perform)

    def complete(self, campaign_id: str) -> Campaign:
        """Mark the remaining numbers as failed; legal while paused. Cannot be undone (S1, S3)."""
        return drive(self._operations.act(campaign_id, Action.COMPLETE), self._perform)

    def archive(self, campaign_id: str) -> Campaign:
        """Put a completed campaign away. Cannot be undone (S1)."""
        return drive(self._operations.act(campaign_id, Action.ARCHIVE), self._perform)

    def ensure_paused(self, campaign_id: str) -> Campaign:
        """`pause`, taking "already paused" as success, also if it got there between the read and the write."""
        return drive(self._operations.ensure(campaign_id, Action.PAUSE), self._perform)

    def ensure_resumed(self, campaign_id: str) -> Campaign:
        """`resume`, taking "already in progress" as success, also if it got there between the read and the write."""
        return drive(self._operations.ensure(campaign_id, Action.RESUME), self._perform)

    def ensure_completed(self, campaign_id: str) -> Campaign:
        """`complete`, taking "already completed" as success, as `ensure_paused` does. Cannot be undone."""
        return drive(self._operations.ensure(campaign_id, Action.COMPLETE), self._perform)

    def ensure_archived(self, campaign_id: str) -> Campaign:
        """`archive`, taking "already archived" as success, as `ensure_paused` does. Cannot be undone."""
        return drive(self._operations.ensure(campaign_id, Action.ARCHIVE), self._perform)

    def create(self, draft: Draft) -> Campaign:
        """Create a campaign (S6, S7). Without a start in its schedule it starts at once (S5).

        If the answer is lost, the list is searched for a campaign of the draft's name that was made since
        and shows nothing else than the draft; it is never sent a second time on a guess.

        Raises:
            ValueError: The draft is for the other channel.
            OutcomeUnknown: It may have been created; `candidates` are the ids that it may have got.
        """
        return drive(self._operations.create(draft), self._perform)

    def edit(
        self, campaign_id: str, draft: Draft | None = None, /, *, partial: bool = False, **changes: Any
    ) -> Campaign:
        """Set parameters: all of them before the start, callback URLs on voice also after it (S1, S2).

        Args:
            campaign_id: The campaign.
            draft: The whole draft, as `MessageCampaignDraft.of` makes one from a campaign.
            partial: Send only `changes`. No page says whether a server keeps what is left out (fact sheet
                5.10), so this is logged as a warning.
            **changes: Parameters by the names of the draft's attributes. Callback URLs alone need no
                `partial` on voice campaigns.

        Raises:
            InvalidParameters: A parameter breaks a documented limit, or `partial` is missing.
            TypeError: Both a draft and changes were given.
        """
        return drive(self._operations.edit(campaign_id, draft, partial=partial, changes=changes), self._perform)

    def reschedule(self, campaign_id: str, schedule: Schedule, *, resume: bool = False) -> Campaign:
        """Set the schedule alone, or with a resume in the same request.

        Before the start it is an edit. After it, only on a paused voice campaign and with an end that lies
        ahead: the vendor's pages contradict each other about that (S5 against S2; fact sheet 5.3), so it
        is contested, and `strict` refuses it.

        Raises:
            InvalidParameters: The schedule breaks a documented limit.
        """
        return drive(self._operations.reschedule(campaign_id, schedule, resume=resume), self._perform)

    def delete(self, campaign_id: str) -> Campaign:
        """Delete a voice campaign that has not started. Cannot be undone; contested (S3, S4 against S5).

        Returns:
            The campaign as it was last read, with the status deleted.
        """
        return drive(self._operations.delete(campaign_id), self._perform)

    def list(
        self,
        *,
        status: Statuses | None = None,
        name: str | None = None,
        sort: str = "date_created:desc",
        page_size: int | None = None,
    ) -> Iterator[Campaign]:
        """Every campaign of the account and channel, lazily: a page is read when it is needed (S6, S7).

        The server counts pages by position, so a campaign that is created or deleted meanwhile can make
        another one come twice (it is left out the second time) or not at all.

        Args:
            status: Only these statuses.
            name: Only what the server finds for this name; no page says how it compares.
            sort: ``date_created``, ``name``, on message campaigns ``schedule.start_time``; ``:asc`` or ``:desc``.
            page_size: At most 50 (the default) on message, 500 (100) on voice campaigns.

        Raises:
            ValueError: A status, the order or the page size is on no list.
        """
        wanted = Filter.of(self.channel, status, name, sort)
        return iterate(self._operations.list(wanted, page_size), self._perform)

    def recipients(self, campaign_id: str) -> Iterator[Recipient]:
        """What the server says of each number of a campaign, lazily (``message-details``, ``call-details``)."""
        return iterate(self._operations.recipients(campaign_id), self._perform)

    def find(self, name: str) -> Campaign:
        """The one campaign that has exactly this name.

        Raises:
            NotOne: No campaign has it, or several do; `matches` are their ids.
        """
        return drive(self._operations.find(name), self._perform)

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
            status: What to wait for.
            timeout: Seconds.
            poll: Seconds between two reads; each one counts against the request budget.
            on_read: Called with the campaign after each read.

        Raises:
            NotReached: The time is up, or (`reachable` is False, at once) the campaign is where no
                documented way leads to any of the statuses.
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
            time.sleep(step.seconds)
            return None
        request = self._request(step)
        try:
            response = self._http.send(request, stream=True)  # the gate has decoded it, within bounds
            response.close()
        except Refused:
            raise
        except Exception as error:  # noqa: BLE001 (see `_failure`)
            return self._failure(request, error)
        return self._outcome(request, response)


def rehearse(client: CampaignClient, call: Callable[[Rehearsal], Operation[Any]]) -> Rehearsed:
    """What would be decided of a call, which is made on a `Rehearsal`: its write is judged instead of sent."""
    rehearsed: Rehearsed = drive(call(client._rehearsal), client._perform)  # noqa: SLF001 (of the same module)
    return rehearsed


class AsyncCampaignClient(_Client):
    """`CampaignClient` for asyncio and trio: the same operations, awaited."""

    _face = "AsyncClient"
    _transport_face = "AsyncHTTPTransport"

    def _guard(self, inner: Any, settings: GuardSettings) -> AsyncGuardTransport:
        return AsyncGuardTransport(inner, **settings)

    def _pools(self, make: Callable[[], Any], proxy: Proxy | None) -> AsyncPoolPerProcess:
        return AsyncPoolPerProcess(make, proxy)

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
        """`pause`, taking "already paused" as success; see `CampaignClient.ensure_paused`."""
        return await drive_async(self._operations.ensure(campaign_id, Action.PAUSE), self._perform)

    async def ensure_resumed(self, campaign_id: str) -> Campaign:
        """`resume`, taking "already in progress" as success; see `CampaignClient.ensure_resumed`."""
        return await drive_async(self._operations.ensure(campaign_id, Action.RESUME), self._perform)

    async def ensure_completed(self, campaign_id: str) -> Campaign:
        """`complete`, taking "already completed" as success, irreversibly; see `CampaignClient.ensure_completed`."""
        return await drive_async(self._operations.ensure(campaign_id, Action.COMPLETE), self._perform)

    async def ensure_archived(self, campaign_id: str) -> Campaign:
        """`archive`, taking "already archived" as success, irreversibly; see `CampaignClient.ensure_archived`."""
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
        sort: str = "date_created:desc",
        page_size: int | None = None,
    ) -> AsyncIterator[Campaign]:
        """Every campaign of the account and channel, lazily; see `CampaignClient.list`."""
        wanted = Filter.of(self.channel, status, name, sort)
        return iterate_async(self._operations.list(wanted, page_size), self._perform)

    def recipients(self, campaign_id: str) -> AsyncIterator[Recipient]:
        """What the server says of each number of a campaign, lazily; see `CampaignClient.recipients`."""
        return iterate_async(self._operations.recipients(campaign_id), self._perform)

    async def find(self, name: str) -> Campaign:
        """The one campaign that has exactly this name; see `CampaignClient.find`."""
        return await drive_async(self._operations.find(name), self._perform)

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
            await anyio.sleep(step.seconds)
            return None
        request = self._request(step)
        try:
            response = await self._http.send(request, stream=True)  # the gate has decoded it, within bounds
            await response.aclose()
        except Refused:
            raise
        except Exception as error:  # noqa: BLE001 (see `_failure`)
            return self._failure(request, error)
        return self._outcome(request, response)

"""What both clients share: the settings, the gate, and the way from a call to its outcome."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping
from types import ModuleType
from typing import Any, NoReturn

import httpx
from attrs import evolve

from campaign_fsm.client.calls import Call, Outcome
from campaign_fsm.client.connection import UNSET, Connection, authorizer, check_connection, user_agent
from campaign_fsm.client.endpoint import Settings, resolve
from campaign_fsm.client.failures import outcome_of_failure
from campaign_fsm.client.many.pausing import Event, Pausing
from campaign_fsm.client.many.selection import RUNNING, Selection
from campaign_fsm.client.operations import ClientContext, Operations
from campaign_fsm.client.proxies import Proxy
from campaign_fsm.client.rehearsal import Rehearsal
from campaign_fsm.gate import Budget, Drift, GuardSettings, Wait
from campaign_fsm.policy import Policy, load_configuration
from campaign_fsm.rules import Action, Channel
from campaign_fsm.trace import TraceFile
from campaign_fsm.transports import ANSWER, EXTENSION, TERMS
from campaign_fsm.waiting import DEADLINE
from campaign_fsm.wire.answer import Answer

Trace = str | os.PathLike[str] | Callable[[Mapping[str, Any]], object]
"""Where a trace goes: a path, or a callable that gets each event."""


class BaseClient:
    """What `CampaignClient` and `AsyncCampaignClient` share: above all their settings."""

    # What a face is made of: classes of the HTTP library by name, and ours.
    _http_client: str
    _http_transport: str
    _guard: Callable[..., Any]
    _pools: Callable[[Callable[[], Any], Proxy | None], Any]

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
        verify: Any = UNSET,
        trust_env: bool = True,
        transport: Any = None,
        max_age: float = 0.0,
        strict: bool = False,
        deadline: float = DEADLINE,
        on_drift: Callable[[Drift], object] | None = None,
        budget: int | None = None,
        on_wait: Callable[[Wait], object] | None = None,
        trace: Trace | None = None,
        policy: Policy | str | os.PathLike[str] | None = None,
        plain_http_hosts: Collection[str] = (),
        http: ModuleType = httpx,
    ) -> None:
        """A client with these settings.

        Args:
            account_sid: The account; unset: ``EXOTEL_ACCOUNT_SID``.
            api_key: The API key; unset: ``EXOTEL_API_KEY``.
            api_token: The API token; unset: ``EXOTEL_API_TOKEN``.
            channel: ``"message"`` or ``"voice"``.
            region: ``"singapore"`` (the default) or ``"mumbai"``; unset: ``EXOTEL_REGION``.
            base_url: Another host, such as the simulator, up to and without ``/v2``; unset:
                ``EXOTEL_BASE_URL``. Credentials in it are moved into the Authorization header.
            timeout: How long a request waits to connect, to send and to be answered: seconds for each, or a timeout
                object of the HTTP library.
            proxy: The proxy to use; unset: the environment's, if `trust_env`.
            verify: As in `httpx`: True, False or an `ssl.SSLContext`.
            trust_env: Whether proxies are taken from the environment.
            transport: The transport below the gate, instead of one made from `proxy` and `verify`. It
                must neither retry nor cache.
            max_age: Seconds for which a reading may be used again, counted from when it was sent until the bytes of the
                write leave; the answer to a write is a reading, too. Default 0: every write is preceded by a read
                inside the same critical section.
            strict: Refuse what the vendor's pages contradict each other about.
            deadline: Seconds during which an operation tries again: reads after 429, 5xx and broken
                connections, writes only where nothing can have been applied (429, a connection that never
                opened), and those that can be undone also where a read has shown that nothing was. 0: never.
                For as long (0: 5 seconds) it waits for another call of the process that is at work on the campaign.
                What became of a write whose answer was lost is looked for during some 4 seconds, whatever the deadline.
                It does not count what is waited for the request budget; only `CampaignClient.wait_until` does.
            on_drift: Called with a `Drift` when an answer shows a status that the model does not expect.
            budget: Requests a minute, reads and writes together, shared by all clients of the account in the
                process; at least 2, or 0 for no limit. Unset: 30 on the vendor's hosts, until their ``X-RateLimit-*``
                headers say otherwise (https://developer.exotel.com/docs/advanced-config/rate-limiting), and no limit
                elsewhere.
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
            ValueError: A number is out of its range.
            TypeError: A value is of another kind.
            OSError: The file of the trace cannot be opened.
        """
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
        team = policy if policy is None or isinstance(policy, Policy) else load_configuration(os.fspath(policy)).policy
        check_connection(timeout=timeout, proxy=proxy, verify=verify, transport=transport)
        connection = Connection.of(
            self._settings,
            pools=self._pools,
            make=getattr(http, self._http_transport),
            http=http,
            proxy=proxy,
            verify=verify,
            trust_env=trust_env,
            transport=transport,
        )
        self._secrets = connection.secrets
        self._trace_file = TraceFile(trace) if isinstance(trace, str | os.PathLike) else None
        gate: GuardSettings = {
            "max_age": max_age,
            "strict": strict,
            "deadline": deadline,
            "on_drift": on_drift,
            "budget": budget,
            "on_wait": on_wait,
            "trace": self._trace_file or trace,  # type: ignore[typeddict-item]
            "policy": team,
            "watch_reads": True,
            "secrets": connection.proxy_secrets,
        }
        self._guarded = self._guard(connection.transport, **gate)
        self._http = self._connected(self._guarded, timeout)
        context = ClientContext(self._settings, strict, self._secrets, deadline)
        self._context = context
        self._operations = Operations(context)
        self._rehearsal = Rehearsal(context, team)

    def _connected(self, guard: Any, timeout: Any) -> Any:
        """The HTTP client above the gate."""
        return getattr(self._family, self._http_client)(
            transport=guard,
            auth=authorizer(self._settings, self._family),
            timeout=timeout,
            follow_redirects=False,
            trust_env=False,
            headers={
                "Accept": "application/json",
                # An encoded answer can grow a thousandfold while it is read.
                "Accept-Encoding": "identity",
                "User-Agent": user_agent(self._family),
            },
        )

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            f"{type(self).__name__} cannot be pickled or copied: it holds connections and credentials. "
            "Make one in each process, or before the fork."
        )

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
        extensions = None if call.terms is None else {TERMS: call.terms}
        url = self._settings.base_url + call.path
        # What a list shows is a reading then: no cache on the way is to answer it.
        headers = {"Cache-Control": "no-cache"} if call.method == "GET" and call.terms and call.terms.batch else None
        return self._http.build_request(call.method, url, json=call.json, headers=headers, extensions=extensions)

    def _outcome(self, request: Any, response: Any) -> Outcome:
        answer: Answer = response.extensions[ANSWER]
        return Outcome(answer, request.extensions.get(EXTENSION))

    def _failure(self, request: Any, error: Exception) -> Outcome:
        """The outcome of a write that may have left and got no answer; see `outcome_of_failure`."""
        return outcome_of_failure(request, error, family=self._family, host=self._settings.host, secrets=self._secrets)

    def _pausing(
        self,
        selection: Selection | Iterable[str],
        max_age: float,
        once: bool,
        timeout: float | None,
        on_event: Callable[[Event], object] | None,
    ) -> Pausing:
        """What `pause_many` runs; raises `ValueError` for what it cannot take."""
        chosen = selection if isinstance(selection, Selection) else Selection(ids=_ids(selection))
        for name, value in (("max_age", max_age), ("timeout", timeout)):
            if value is not None and not value >= 0:
                raise ValueError(f"{name} must be a number of seconds, 0 or more, not {value!r}")
        contexts = self._contexts(chosen)
        if not any(chosen.statuses_for(Action.PAUSE, channel) for channel in contexts):
            raise ValueError(f"statuses must be some of {', '.join(RUNNING)}: no other campaign can be paused")
        clock = self._context.clock
        return Pausing(
            contexts,
            chosen,
            max_age,
            once,
            None if timeout is None else clock() + timeout,
            self._per_minute,
            on_event or (lambda _: None),
        )

    def _contexts(self, selection: Selection) -> dict[Channel, ClientContext]:
        """What the operations of each channel of a selection go by."""
        context = self._context
        return {
            channel: evolve(context, settings=evolve(context.settings, channel=channel))
            for channel in selection.on(context.channel)
        }

    def _budget(self) -> Budget | None:
        """The request budget of the account; None for no limit."""
        request = self._http.build_request("GET", self._settings.base_url)
        budget: Budget | None = self._guarded.budget(request, self.account_sid)
        return budget

    def _per_minute(self) -> int | None:
        budget = self._budget()
        return None if budget is None else budget.per_minute

    def _end_trace(self) -> None:
        if self._trace_file is not None:
            self._trace_file.close()


def _ids(given: Iterable[str]) -> tuple[str, ...]:
    """Ids that are given instead of a selection."""
    ids = (given,) if isinstance(given, str) else tuple(given)
    if not ids:
        raise ValueError("there is no id; Selection() is all campaigns that can be paused")
    return ids

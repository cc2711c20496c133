"""The guarded client, with a sync and an async face over the same operations."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Collection
from types import ModuleType, TracebackType
from typing import Any, Final, Self

import anyio
import httpx

from campaign_fsm.client.operations import Call, Operations, Outcome, Wait
from campaign_fsm.client.settings import Settings, environment_proxy, resolve
from campaign_fsm.drive import drive, drive_async
from campaign_fsm.errors import ConfigurationError, ConnectionFailed, TimedOut, UnexpectedRedirect
from campaign_fsm.gate import Drift, Judgement
from campaign_fsm.lifecycle import Decision
from campaign_fsm.rules import Action, Channel
from campaign_fsm.transports import EXTENSION, AsyncGuardTransport, GuardSettings, GuardTransport
from campaign_fsm.wire.answer import Answer, redact, secrets_of
from campaign_fsm.wire.campaign import Campaign

__all__ = ["AsyncCampaignClient", "CampaignClient"]

_UNSET: Final[Any] = object()


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
        max_age: Seconds for which a reading may be used again. Default 0: every write is preceded by
            a read inside the same critical section.
        strict: Refuse what the vendor's pages contradict each other about.
        deadline: Seconds during which a read before a write is retried after 429, 5xx and broken
            connections.
        on_drift: Called with a `Drift` when an answer shows a status that the model does not expect.
        plain_http_hosts: Hosts other than loopback to which plain HTTP is allowed.
        http: The module that builds clients: `httpx`, or one with the same API.

    Raises:
        ConfigurationError: A setting is missing, malformed or given twice; it names which.
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
        )
        self._family = http
        if transport is not None and (proxy is not None or verify is not _UNSET):
            raise ConfigurationError(
                setting="transport",
                problem="proxy and verify are settings of the transport itself; give one or the other.",
            )
        if proxy is None and trust_env:
            proxy = environment_proxy(self._settings.base_url)
        basic = base64.b64encode(f"{self._settings.api_key}:{self._settings.api_token}".encode()).decode()
        authorization = (b"Authorization", f"Basic {basic}".encode())
        self._secrets = (*secrets_of((authorization,)), *_password(proxy))
        if transport is None:
            verify = True if verify is _UNSET else verify
            try:
                transport = getattr(http, self._transport_face)(proxy=proxy, verify=verify, trust_env=trust_env)
            except (ImportError, ValueError, OSError, http.InvalidURL) as error:
                # A proxy scheme that is not supported or needs another package, a missing certificate file.
                problem = f"{type(error).__name__}: {redact(str(error), self._secrets)}."
                raise ConfigurationError(setting="proxy, verify or trust_env", problem=problem) from None
        guard = self._guard(
            transport, {"max_age": max_age, "strict": strict, "deadline": deadline, "on_drift": on_drift}
        )
        origin = http.URL(self._settings.base_url)

        def authorize(request: Any) -> Any:
            # Only to the configured host: a header that follows a URL elsewhere is a leak.
            if (request.url.scheme, request.url.netloc) == (origin.scheme, origin.netloc):
                request.headers["Authorization"] = f"Basic {basic}"
            return request

        self._http = getattr(http, self._face)(
            transport=guard, auth=authorize, timeout=timeout, follow_redirects=False, trust_env=False
        )
        self._operations = Operations(self._settings, strict, self._secrets)

    def _guard(self, inner: Any, settings: GuardSettings) -> Any:
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
        return self._http.build_request(call.method, self._settings.base_url + call.path, json=call.json)

    def _outcome(self, request: Any, response: Any) -> Outcome:
        answer = Answer(response.status_code, tuple(response.headers.raw), response.content)
        return Outcome(answer, request.extensions.get(EXTENSION))

    def _failure(self, request: Any, error: Exception) -> Outcome:
        """The outcome of a write whose answer never came; raises where nothing can have been applied."""
        judgement: Judgement | None = request.extensions.get(EXTENSION)
        if isinstance(error, UnexpectedRedirect):
            return Outcome(None, judgement, error)
        family = self._family
        never_opened = (
            family.ConnectError,
            family.ConnectTimeout,
            family.PoolTimeout,
            family.ProxyError,
            family.UnsupportedProtocol,
        )
        sent = not isinstance(error, never_opened)
        text = redact(str(error), self._secrets)
        kind = TimedOut if isinstance(error, family.TimeoutException) else ConnectionFailed
        failure = kind(
            method=request.method,
            host=self._settings.host,
            why=f"{type(error).__name__}{': ' + text if text else ''}",
            sent=sent,
            outcome="" if judgement is None else "" if sent else "The connection never opened: nothing was applied.",
        )
        if judgement is None or not sent:
            raise failure from None
        return Outcome(None, judgement, failure)


def _password(proxy: Any) -> tuple[str, ...]:
    try:
        password = httpx.URL(proxy).password if isinstance(proxy, str) else ""
    except (httpx.InvalidURL, TypeError):
        return ()
    return (password,) if password else ()


class CampaignClient(_Client):
    """A client that sends no illegal campaign action.

    >>> with CampaignClient(account_sid="acme1", api_key="key", api_token="token") as client:
    ...     campaign = client.pause("90dad70b939f469fbf8b801660148272")  # doctest: +SKIP

    May be shared by threads. The arguments are those of the class above; every method raises
    `Refused` (nothing was sent), `ApiError`, `ConnectionFailed`, and the four actions also
    `StateConflict` and `OutcomeUnknown`.
    """

    _face = "Client"
    _transport_face = "HTTPTransport"

    def _guard(self, inner: Any, settings: GuardSettings) -> GuardTransport:
        return GuardTransport(inner, **settings)

    def get(self, campaign_id: str) -> Campaign:
        """Read one campaign (S1, S7: ``GET <collection>/<id>``)."""
        return drive(self._operations.get(campaign_id), self._perform)

    def check(self, campaign_id: str, action: Action | str) -> Decision:
        """Read one campaign and say whether an action would be legal now. Writes nothing."""
        return drive(self._operations.check(campaign_id, action), self._perform)

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

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

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

    def _perform(self, step: Call | Wait) -> Outcome | None:
        if isinstance(step, Wait):
            time.sleep(step.seconds)
            return None
        request = self._request(step)
        try:
            return self._outcome(request, self._http.send(request))
        except (self._family.RequestError, UnexpectedRedirect) as error:
            return self._failure(request, error)


class AsyncCampaignClient(_Client):
    """`CampaignClient` for asyncio and trio: the same operations, awaited."""

    _face = "AsyncClient"
    _transport_face = "AsyncHTTPTransport"

    def _guard(self, inner: Any, settings: GuardSettings) -> AsyncGuardTransport:
        return AsyncGuardTransport(inner, **settings)

    async def get(self, campaign_id: str) -> Campaign:
        """Read one campaign; see `CampaignClient.get`."""
        return await drive_async(self._operations.get(campaign_id), self._perform)

    async def check(self, campaign_id: str, action: Action | str) -> Decision:
        """Decide about an action without writing; see `CampaignClient.check`."""
        return await drive_async(self._operations.check(campaign_id, action), self._perform)

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

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

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

    async def _perform(self, step: Call | Wait) -> Outcome | None:
        if isinstance(step, Wait):
            await anyio.sleep(step.seconds)
            return None
        request = self._request(step)
        try:
            return self._outcome(request, await self._http.send(request))
        except (self._family.RequestError, UnexpectedRedirect) as error:
            return self._failure(request, error)

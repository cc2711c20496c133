"""How a client is connected: through which proxy, by which transport, as whom."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import Any, Final

from attrs import field, frozen

from campaign_fsm import __version__
from campaign_fsm.client.endpoint import Settings
from campaign_fsm.client.proxies import Proxy, environment_proxy
from campaign_fsm.errors import ConfigurationError
from campaign_fsm.private import redact, secrets_of


class _Unset:
    def __repr__(self) -> str:
        return "unset"  # in the signature of a client


UNSET: Final[Any] = _Unset()


def check_connection(*, timeout: Any, proxy: Any, verify: Any, transport: Any) -> None:
    """Raise `ConfigurationError` for a time-out that is none, and for what is given twice."""
    if isinstance(timeout, int | float) and not timeout > 0:
        raise ConfigurationError(setting="timeout", problem=f"it must be a number of seconds above 0, not {timeout!r}.")
    if transport is not None and (proxy is not None or verify is not UNSET):
        raise ConfigurationError(
            setting="transport",
            problem="proxy and verify are settings of the transport itself; give one or the other.",
        )


@frozen
class Connection:
    """What a client has below its gate.

    Attributes:
        transport: The transport that sends.
        proxy_secrets: What is secret about the proxy on the way.
        secrets: Texts that no message of the client may show: these, and its credentials.
    """

    transport: Any
    proxy_secrets: tuple[str, ...] = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)

    @classmethod
    def of(
        cls,
        settings: Settings,
        *,
        pools: Callable[[Callable[[], Any], Proxy | None], Any],
        make: Callable[..., Any],
        http: ModuleType,
        proxy: Any,
        verify: Any,
        trust_env: bool,
        transport: Any,
    ) -> Connection:
        """The transport that was given, or one that is made.

        Args:
            settings: Whom the client talks to, and as whom.
            pools: What makes one in each process.
            make: The HTTP library's class of transports.
            http: The HTTP library.
            proxy: The proxy that was given, if any.
            verify: As in `httpx`, or `UNSET`.
            trust_env: Whether the environment names a proxy where none was given.
            transport: The transport that was given, if any.

        Raises:
            ConfigurationError: None can be made: the proxy is none, its scheme needs another package, a certificate
                file is missing.
        """
        if proxy is None and transport is None and trust_env:
            proxy = environment_proxy(settings.base_url)
        way = None if proxy is None else Proxy.of(proxy, http)
        proxy_secrets = () if way is None else way.secrets
        header = (b"Authorization", authorization_of(settings).encode())
        secrets = (*secrets_of((header,)), *proxy_secrets)
        if transport is None:
            if verify is UNSET:
                # Without TLS no certificates are loaded, which takes longer than the requests: nobody is trusted.
                plain = way is None and http.URL(settings.base_url).scheme == "http"
                verify = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if plain else True
            new = partial(make, proxy=way and way.settings, verify=verify, trust_env=trust_env)
            try:
                transport = pools(new, way)
            except (ImportError, ValueError, OSError) as error:
                problem = f"{type(error).__name__}: {redact(str(error), secrets)}."
                raise ConfigurationError(setting="proxy, verify or trust_env", problem=problem) from None
        return cls(transport, proxy_secrets, secrets)


def authorization_of(settings: Settings) -> str:
    """The value of the header that says who asks."""
    return f"Basic {base64.b64encode(f'{settings.api_key}:{settings.api_token}'.encode()).decode()}"


def user_agent(http: ModuleType) -> str:
    """Who asks, by what: this package and the HTTP library, each with its version."""
    library = f"{http.__name__}/{getattr(http, '__version__', '')}".removesuffix("/")
    return f"campaign_fsm/{__version__} {library}"


def authorizer(settings: Settings, http: ModuleType) -> Callable[[Any], Any]:
    """What puts the header into requests, but only into those to the configured host: elsewhere it is a leak."""
    origin, authorization = http.URL(settings.base_url), authorization_of(settings)

    def authorize(request: Any) -> Any:
        if (request.url.scheme, request.url.netloc) == (origin.scheme, origin.netloc):
            request.headers["Authorization"] = authorization
        return request

    return authorize

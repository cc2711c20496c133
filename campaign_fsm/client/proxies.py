"""A proxy on the way: which one the environment names, what is secret about it, and what its failures are called."""

from __future__ import annotations

import base64
import ipaddress
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import suppress
from copy import copy
from types import ModuleType
from typing import Any, Final, Self

from attrs import define, field, frozen
from httpx import URL, InvalidURL

from campaign_fsm.errors import ConfigurationError
from campaign_fsm.private import forms_of, redact, redact_error, secrets_of

# With these the connection to the host itself begins, inside a tunnel.
_THROUGH: Final = ("proxy.start_tls.started", "socks.start_tls.started")


@frozen
class Proxy:
    """A proxy between a client and its host.

    Attributes:
        settings: As the HTTP library takes it.
        secrets: Its password, in every form in which a server or an error could show it.
    """

    settings: Any = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)
    family: ModuleType = field(repr=False)

    @classmethod
    def of(cls, given: Any, family: ModuleType) -> Self:
        """A proxy from what a caller or the environment gives: a URL, or the HTTP library's own.

        Raises:
            ConfigurationError: It is no URL of a proxy. What it is is not named: parts of a password may be anywhere.
        """
        written = str(given) if isinstance(given, str | family.URL) else ""
        settings: Any = None
        with suppress(family.InvalidURL, ValueError):
            made = family.Proxy(given) if isinstance(given, str | family.URL) else given
            if isinstance(made, family.Proxy) and made.url.host is not None:  # punycode that means nothing raises here
                settings = made
        if settings is None:
            raise ConfigurationError(
                setting="proxy or trust_env", problem="the proxy is no URL with http, https, socks5 or socks5h."
            )
        user, password = settings.raw_auth or (b"", b"")
        headers = tuple(settings.headers.raw)
        secrets = list(secrets_of(headers))
        if password:
            pair = user + b":" + password
            secrets += [pair.decode(), password.decode(), base64.b64encode(pair).decode()]
            if "@" in written:
                userinfo = written.partition("://")[2].rpartition("@")[0]
                secrets += [userinfo, userinfo.partition(":")[2]]
        return cls(settings, forms_of(*secrets), family)

    @property
    def name(self) -> str:
        """Its host and port, as it is shown."""
        url = self.settings.url
        host = f"[{url.host}]" if ":" in url.host else url.host
        return host if url.port is None else f"{host}:{url.port}"


@define
class ProxyTrip:
    """One request on its way to and through a proxy, by the events of `httpcore`.

    Attributes:
        proxy: The proxy.
        callers: The trace hook that the request has without us.
        is_through: Whether the host itself is spoken to, or whatever stands for it.
    """

    proxy: Proxy
    callers: Callable[[str, Mapping[str, Any]], Any] | None
    is_through: bool = False

    @classmethod
    def of(cls, proxy: Proxy, request: Any, *, is_async: bool) -> tuple[Self, Any]:
        """The trip of a request, and the same request with a hook that notes how far it has come."""
        trip, same = cls(proxy, request.extensions.get("trace")), copy(request)
        hook = trip._trace_async if is_async else trip._trace
        same.stream, same.extensions = request.stream, {**request.extensions, "trace": hook}
        return trip, same

    def _note(self, name: str, info: Mapping[str, Any]) -> None:
        if name in _THROUGH:
            self.is_through = True
        elif name.endswith(".send_request_headers.started"):
            request = info.get("request")
            self.is_through = request is None or request.method != b"CONNECT"

    def _trace(self, name: str, info: Mapping[str, Any]) -> Any:
        self._note(name, info)
        return None if self.callers is None else self.callers(name, info)

    async def _trace_async(self, name: str, info: Mapping[str, Any]) -> None:
        self._note(name, info)
        if self.callers is not None:
            await self.callers(name, info)

    def failed(self, error: Exception) -> Exception:
        """What is raised instead of an error of the HTTP library's."""
        family = self.proxy.family
        redact_error(error, self.proxy.secrets)
        if self.is_through or isinstance(error, family.PoolTimeout | family.UnsupportedProtocol):
            return error
        text = redact(str(error), self.proxy.secrets)
        what = f"the proxy {self.proxy.name} failed{f', {text}' if text else ''}"
        # Nothing has reached the host yet, whatever went wrong: that is what these two stand for.
        kind = family.ConnectTimeout if isinstance(error, family.TimeoutException) else family.ProxyError
        named: Exception = kind(what)
        return named


def environment_proxy(base_url: str) -> str | None:
    """The proxy that the environment names for the host, as `httpx` would take it; None for none.

    `httpx` leaves environment proxies alone once a client has its own transport, and ours always has. So this reads
    ``HTTP_PROXY``, ``HTTPS_PROXY``, ``ALL_PROXY`` and ``NO_PROXY`` by its rules: of all patterns that fit the one
    with a port goes first, then the longer host, then the longer scheme.

    Raises:
        ConfigurationError: An entry of ``NO_PROXY`` is no host; `httpx` takes none of its environment then, either.
    """
    found = urllib.request.getproxies()
    ways: dict[str, str | None] = {
        f"{scheme}://": value if "://" in value else f"http://{value}"
        for scheme in ("http", "https", "all")
        if (value := found.get(scheme))
    }
    direct = [name.strip() for name in found.get("no", "").split(",")]
    if not ways or "*" in direct:
        return None
    ways |= {_pattern(name): None for name in direct if name}
    url = URL(base_url)
    fitting: list[tuple[tuple[bool, int, int], str | None]] = []
    for pattern, way in ways.items():
        try:
            rank = _rank(URL(pattern), url)
        except (InvalidURL, ValueError):  # the latter of punycode that means nothing
            raise ConfigurationError(setting="NO_PROXY", problem="an entry of it is no host, address or URL.") from None
        if rank is not None:
            fitting.append((rank, way))
    return min(fitting, key=lambda one: one[0])[1] if fitting else None


def _pattern(name: str) -> str:
    """An entry of ``NO_PROXY`` as a URL pattern: a name stands for what is below it, an address for itself."""
    if "://" in name:
        return name
    for kind, host in ((ipaddress.IPv4Address, name), (ipaddress.IPv6Address, f"[{name}]")):
        try:
            kind(name.partition("/")[0])
        except ValueError:
            continue
        return f"all://{host}"
    return f"all://{name}" if name.lower() == "localhost" else f"all://*{name}"


def _rank(pattern: URL, url: URL) -> tuple[bool, int, int] | None:
    """How early a pattern that fits the URL is taken (lower first); None if it does not fit."""
    scheme = "" if pattern.scheme == "all" else pattern.scheme
    host = "" if pattern.host == "*" else pattern.host
    if scheme not in ("", url.scheme) or pattern.port not in (None, url.port):
        return None
    if host.startswith("*."):
        fits = url.host.endswith(host[1:])
    elif host.startswith("*"):
        fits = url.host == host[1:] or url.host.endswith(f".{host[1:]}")
    else:
        fits = host in ("", url.host)
    return (pattern.port is None, -len(host), -len(scheme)) if fits else None

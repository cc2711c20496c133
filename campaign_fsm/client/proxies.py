"""A proxy on the way: which one it is, what is secret about it, and what its failures are called."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from contextlib import suppress
from copy import copy
from types import ModuleType
from typing import Any, Final, Self

from attrs import define, field, frozen

from campaign_fsm.errors import ConfigurationError
from campaign_fsm.private import forms_of, redact, redact_error, secrets_of

# With these the connection to the host itself begins, inside of a tunnel.
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
            ConfigurationError: It is no URL of a proxy. What it is is not said: parts of a password may be anywhere.
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
        found = list(secrets_of(headers))
        if password:
            pair = user + b":" + password
            found += [pair.decode(), password.decode(), base64.b64encode(pair).decode()]
            if "@" in written:
                userinfo = written.partition("://")[2].rpartition("@")[0]
                found += [userinfo, userinfo.partition(":")[2]]
        return cls(settings, forms_of(*found), family)

    @property
    def name(self) -> str:
        """Its host and port, as it is shown."""
        url = self.settings.url
        host = f"[{url.host}]" if ":" in url.host else url.host
        return host if url.port is None else f"{host}:{url.port}"


@define
class Passage:
    """One request on its way to and through a proxy, as `httpcore` tells of it.

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
        """The passage of a request, and the same request with a hook that notes how far it has come."""
        passage, same = cls(proxy, request.extensions.get("trace")), copy(request)
        hook = passage._trace_async if is_async else passage._trace
        same.stream, same.extensions = request.stream, {**request.extensions, "trace": hook}
        return passage, same

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
        said = redact(str(error), self.proxy.secrets)
        what = f"the proxy {self.proxy.name} failed{f', {said}' if said else ''}"
        # Nothing has reached the host yet, whatever went wrong: that is what these two stand for.
        kind = family.ConnectTimeout if isinstance(error, family.TimeoutException) else family.ProxyError
        named: Exception = kind(what)
        return named

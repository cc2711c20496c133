"""Where a client talks to, and as whom: arguments, then the environment, then defaults."""

from __future__ import annotations

import ipaddress
import os
import re
import urllib.request
from collections.abc import Collection, Mapping
from typing import Final
from urllib.parse import unquote, urlsplit

from attrs import field, frozen

from campaign_fsm.errors import ConfigurationError
from campaign_fsm.rules import Channel
from campaign_fsm.wire.target import is_id

# S8 and fact sheet section 1.
REGIONS: Final = {"singapore": "https://api.exotel.com", "mumbai": "https://api.in.exotel.com"}


@frozen
class Settings:
    """What a client needs to know. The key and the token appear in no repr."""

    account_sid: str
    api_key: str = field(repr=False)
    api_token: str = field(repr=False)
    base_url: str
    channel: Channel

    @property
    def host(self) -> str:
        return urlsplit(self.base_url).netloc


def is_loopback(host: str) -> bool:
    """Whether a host name or address can only be this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def resolve(
    *,
    account_sid: str | None = None,
    api_key: str | None = None,
    api_token: str | None = None,
    channel: Channel | str = Channel.MESSAGE,
    region: str | None = None,
    base_url: str | None = None,
    plain_http_hosts: Collection[str] = (),
    environment: Mapping[str, str] = os.environ,
) -> Settings:
    """The settings of a client: each argument before its environment variable.

    Raises:
        ConfigurationError: Something is missing, malformed or said twice; it names what.
    """
    try:
        channel = Channel(channel)
    except ValueError:
        raise ConfigurationError(
            setting="channel", problem=f"{channel!r} is not one of {', '.join(Channel)}."
        ) from None
    missing = [
        variable
        for argument, variable in (
            (account_sid, "EXOTEL_ACCOUNT_SID"),
            (api_key, "EXOTEL_API_KEY"),
            (api_token, "EXOTEL_API_TOKEN"),
        )
        if not argument and not environment.get(variable)
    ]
    if len(missing) == 3 and "@" not in (base_url or environment.get("EXOTEL_BASE_URL", "")):
        raise ConfigurationError(
            setting="account_sid, api_key and api_token",
            problem=f"they are missing; pass them or set {', '.join(missing)}.",
        )
    url, url_name = _base_url(region, base_url, environment)
    url, url_key, url_token = _without_userinfo(url, url_name)
    # Userinfo of a base URL ranks with the level at which the URL was given.
    from_argument = url_name == "base_url"
    key = _credential("api_key", "EXOTEL_API_KEY", api_key, url_key, environment, url_first=from_argument)
    token = _credential("api_token", "EXOTEL_API_TOKEN", api_token, url_token, environment, url_first=from_argument)
    sid = _required("account_sid", "EXOTEL_ACCOUNT_SID", account_sid, environment)
    if not is_id(sid):
        raise ConfigurationError(
            setting="account_sid or EXOTEL_ACCOUNT_SID", problem="it must be 1 to 64 of A-Z a-z 0-9 _ and -."
        )
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme == "http" and not is_loopback(host) and host not in {name.lower() for name in plain_http_hosts}:
        raise ConfigurationError(
            setting=url_name,
            problem=f"plain HTTP would show the credentials to everybody on the way to {host}; use https, "
            "or name the host in plain_http_hosts.",
        )
    return Settings(sid, key, token, url, channel)


def _base_url(region: str | None, base_url: str | None, environment: Mapping[str, str]) -> tuple[str, str]:
    levels = (
        ("region", region, "base_url", base_url),
        ("EXOTEL_REGION", environment.get("EXOTEL_REGION"), "EXOTEL_BASE_URL", environment.get("EXOTEL_BASE_URL")),
    )
    for region_name, region_value, url_name, url_value in levels:
        if region_value and url_value:
            raise ConfigurationError(
                setting=f"{region_name} and {url_name}", problem="both are set; a region is a base URL, so give one."
            )
        if region_value:
            if region_value.lower() not in REGIONS:
                raise ConfigurationError(
                    setting=region_name, problem=f"{region_value!r} is not one of {', '.join(REGIONS)}."
                )
            return REGIONS[region_value.lower()], region_name
        if url_value:
            return url_value, url_name
    return REGIONS["singapore"], "region"


def _without_userinfo(url: str, name: str) -> tuple[str, str | None, str | None]:
    """The URL without credentials, and the credentials: URLs end up in logs. Errors never show it."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ConfigurationError(setting=name, problem="it is no URL.") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigurationError(setting=name, problem="it must be an http or https URL with a host.")
    if parts.query or parts.fragment or "?" in url or "#" in url:
        raise ConfigurationError(setting=name, problem="it must have no query and no fragment.")
    path = parts.path.rstrip("/")
    if re.search(r"[^A-Za-z0-9._~/-]|//|/\.\.?(/|$)", path):
        raise ConfigurationError(
            setting=name, problem="its path must be plain, without encoding, dots or doubled slashes."
        )
    if re.search(r"(^|/)v2(/|$)", path):
        raise ConfigurationError(setting=name, problem="it ends before /v2: the client adds the rest.")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    key = unquote(parts.username) if parts.username else None
    token = unquote(parts.password) if parts.password else None
    return f"{parts.scheme}://{host}{f':{port}' if port is not None else ''}{path}", key, token


def _credential(
    argument: str,
    variable: str,
    given: str | None,
    in_url: str | None,
    environment: Mapping[str, str],
    *,
    url_first: bool,
) -> str:
    _check_blank(argument, given)
    same_level = given if url_first else environment.get(variable)
    if in_url and same_level and in_url != same_level:
        name = argument if url_first else variable
        raise ConfigurationError(setting=name, problem="it differs from the one in the base URL; give it once.")
    value = given or (in_url if url_first else None) or environment.get(variable) or in_url
    if not value or not value.strip():
        raise ConfigurationError(setting=argument, problem=f"it is missing; pass it or set {variable}.")
    if not value.isascii() or not value.isprintable() or (argument == "api_key" and ":" in value):
        # The value itself must not be shown.
        raise ConfigurationError(
            setting=f"{argument} or {variable}", problem="it holds characters that HTTP Basic cannot carry."
        )
    return value


def _check_blank(argument: str, given: str | None) -> None:
    """An argument that is there and empty is a mistake: nobody means the environment by it."""
    if given is not None and not given.strip():
        raise ConfigurationError(setting=argument, problem="it is empty; leave it out to take it from the environment.")


def _required(argument: str, variable: str, given: str | None, environment: Mapping[str, str]) -> str:
    _check_blank(argument, given)
    value = given or environment.get(variable)
    if not value or not value.strip():
        raise ConfigurationError(setting=argument, problem=f"it is missing; pass it or set {variable}.")
    return value


def environment_proxy(base_url: str) -> str | None:
    """The proxy that the environment names for the host, as `httpx` would take it; None for none.

    `httpx` leaves environment proxies alone once a client has its own transport, and ours always has.
    """
    parts = urlsplit(base_url)
    proxies = urllib.request.getproxies()
    host = parts.netloc
    if urllib.request.proxy_bypass(host) or urllib.request.proxy_bypass(parts.hostname or ""):
        return None
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if proxy and "://" not in proxy:
        proxy = f"http://{proxy}"
    return proxy

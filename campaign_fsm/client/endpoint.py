"""Where a client talks to, and as whom: arguments, then the environment, then defaults."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Collection, Mapping
from types import ModuleType
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

import httpx
from attrs import field, frozen

from campaign_fsm.errors import ConfigurationError
from campaign_fsm.private import word
from campaign_fsm.rules import Channel
from campaign_fsm.wire.hosts import DEFAULT, HOST_OF, is_loopback
from campaign_fsm.wire.target import ID_FORM, is_id
from campaign_fsm.words import listed

_LABEL: Final = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST: Final = re.compile(rf"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|{_LABEL}(?:\.{_LABEL})*\.?)(?::(?P<port>[0-9]{{1,5}}))?")


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


def _is_ipv6(host: str) -> bool:
    try:
        ipaddress.IPv6Address(host)
    except ValueError:
        return False
    return True


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
    http: ModuleType = httpx,
) -> Settings:
    """The settings of a client: each argument before its environment variable. `http` is what will send to the URL.

    Raises:
        ConfigurationError: Something is missing, malformed or given twice; it names what.
    """
    try:
        channel = Channel(channel)
    except ValueError:
        raise ConfigurationError(
            setting="channel", problem=f"{channel!r} is not one of {', '.join(Channel)}."
        ) from None
    url, url_name = _base_url(region, base_url, environment)
    url, url_key, url_token = _without_userinfo(url, url_name)
    _check_host(url, url_name, http)
    _check_all_there(
        {
            ("account_sid", "EXOTEL_ACCOUNT_SID"): (account_sid, None),
            ("api_key", "EXOTEL_API_KEY"): (api_key, url_key),
            ("api_token", "EXOTEL_API_TOKEN"): (api_token, url_token),
        },
        environment,
    )
    # Userinfo of a base URL ranks with the level at which the URL was given.
    from_argument = url_name == "base_url"
    key = _credential("api_key", "EXOTEL_API_KEY", api_key, url_key, environment, url_first=from_argument)
    token = _credential("api_token", "EXOTEL_API_TOKEN", api_token, url_token, environment, url_first=from_argument)
    sid = account_sid or environment["EXOTEL_ACCOUNT_SID"]
    if not is_id(sid):
        raise ConfigurationError(setting="account_sid or EXOTEL_ACCOUNT_SID", problem=f"it must be {ID_FORM}.")
    _check_secrecy(url, url_name, plain_http_hosts)
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
            if region_value.lower() not in HOST_OF:
                raise ConfigurationError(
                    setting=region_name, problem=f"{word(region_value)!r} is not one of {', '.join(HOST_OF)}."
                )
            return f"https://{HOST_OF[region_value.lower()]}", region_name
        if url_value:
            return url_value, url_name
    return f"https://{HOST_OF[DEFAULT]}", "region"


def _without_userinfo(url: str, name: str) -> tuple[str, str | None, str | None]:
    """The URL without credentials, and the credentials: URLs end up in logs. Errors never show it."""
    parts, port = _parts(url, name)
    if parts.query or parts.fragment or "?" in url or "#" in url:
        raise ConfigurationError(setting=name, problem="it must have no query and no fragment.")
    path = parts.path.rstrip("/")
    if re.search(r"[^A-Za-z0-9._~/-]|//|/\.\.?(/|$)", path):
        raise ConfigurationError(
            setting=name, problem="its path must be plain, without encoding, dots or doubled slashes."
        )
    if re.search(r"(^|/)v2(/|$)", path):
        raise ConfigurationError(setting=name, problem="it ends before /v2: the client adds the rest.")
    hostname = parts.hostname or ""
    host = f"[{hostname}]" if ":" in hostname else hostname
    shown_port = "" if port is None else f":{port}"
    key = unquote(parts.username) if parts.username else None
    token = unquote(parts.password) if parts.password else None
    return f"{parts.scheme}://{host}{shown_port}{path}", key, token


def _parts(url: str, name: str) -> tuple[SplitResult, int | None]:
    """The parts of a URL that can be read in one way, and its port."""
    # `urlsplit` drops line breaks, tabs and what stands at the ends, and so makes another host out of them.
    if not url.isascii():
        raise ConfigurationError(
            setting=name,
            problem="it holds letters that are not ASCII; write a host that needs them in its punycode form (xn--…).",
        )
    if not url.isprintable() or " " in url or "\\" in url:
        raise ConfigurationError(
            setting=name, problem="it holds a space, a backslash, a line break or another control character."
        )
    try:
        parts = urlsplit(url)
        found = _HOST.fullmatch(parts.netloc.rpartition("@")[2])
    except ValueError:
        raise ConfigurationError(setting=name, problem="it is no URL.") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigurationError(setting=name, problem="it must be an http or https URL with a host.")
    if found is None or (found["six"] and not _is_ipv6(found["six"])):
        raise ConfigurationError(
            setting=name, problem="its host must be a plain name or address, with or without a colon and a port."
        )
    port = found["port"]
    if port and not 1 <= int(port) <= 65535:
        raise ConfigurationError(setting=name, problem="its port must be 1 to 65535.")
    return parts, int(port) if port else None


def _check_host(url: str, name: str, http: ModuleType) -> None:
    """Have the host read by whoever will read it later: an address of four numbers, a name in punycode."""
    for family in {httpx, http}:  # httpx reads the environment's proxies
        try:
            host = family.URL(url).host
        except (family.InvalidURL, ValueError):
            host = ""
        if not host:
            raise ConfigurationError(
                setting=name,
                problem="its host is neither a valid address nor a valid name: check its numbers or its punycode.",
            )


def _check_secrecy(url: str, name: str, plain_http_hosts: Collection[str]) -> None:
    """Let plain HTTP go nowhere but to this machine, and to hosts that the caller names for it."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme == "http" and not is_loopback(host) and host not in {name.lower() for name in plain_http_hosts}:
        raise ConfigurationError(
            setting=name,
            problem=f"plain HTTP would show the credentials to every machine between here and {host}; use https, "
            "or name the host in plain_http_hosts.",
        )


def _credential(
    argument: str,
    variable: str,
    given: str | None,
    in_url: str | None,
    environment: Mapping[str, str],
    *,
    url_first: bool,
) -> str:
    same_level = given if url_first else environment.get(variable)
    if in_url and same_level and in_url != same_level:
        name = argument if url_first else variable
        raise ConfigurationError(setting=name, problem="it differs from the one in the base URL; give it once.")
    value = given or (in_url if url_first else None) or environment.get(variable) or in_url
    assert value is not None  # what is missing has been named
    if not value.isascii() or not value.isprintable() or (argument == "api_key" and ":" in value):
        # The value itself must not be shown.
        raise ConfigurationError(
            setting=f"{argument} or {variable}", problem="it holds characters that HTTP Basic cannot carry."
        )
    return value


def _check_all_there(
    settings: Mapping[tuple[str, str], tuple[str | None, str | None]], environment: Mapping[str, str]
) -> None:
    """Name everything that is missing at once.

    Args:
        settings: By argument and variable: what was given, and what the base URL says.
        environment: Where the variables are.
    """
    missing: list[tuple[str, str]] = []
    for (argument, variable), (given, in_url) in settings.items():
        if given is not None and not given.strip():
            # An argument that is there and empty is a mistake: it does not mean the environment.
            raise ConfigurationError(
                setting=argument, problem="it is empty; leave it out to take it from the environment."
            )
        if not given and not (in_url or "").strip() and not environment.get(variable, "").strip():
            missing.append((argument, variable))
    if missing:
        them = ("it is", "it") if len(missing) == 1 else ("they are", "them")
        raise ConfigurationError(
            setting=listed(argument for argument, _ in missing),
            problem=f"{them[0]} missing; pass {them[1]} or set {listed(variable for _, variable in missing)}. "
            "campaign-fsm simulate prints what to set for the simulator.",
        )

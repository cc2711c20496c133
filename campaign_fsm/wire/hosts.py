"""Hosts: the vendor's two, and those that can only be this machine."""

from __future__ import annotations

import ipaddress
from typing import Final

HOST_OF: Final = {"singapore": "api.exotel.com", "mumbai": "api.in.exotel.com"}
"""The vendor's hosts by region (https://developer.exotel.com/docs/references/authentication)."""
DEFAULT: Final = "singapore"


def address_of(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address that a host is; None for a name. An IPv4 address in IPv6 is the IPv4 address."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])  # a zone is the affair of the machine that names it
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def is_loopback(host: str) -> bool:
    """Whether a host name or address can only be this machine."""
    address = address_of(host)
    if address is not None:
        return address.is_loopback
    return host == "localhost" or host.endswith(".localhost")

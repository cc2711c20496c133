"""Who may drive the simulator over HTTP: programs that reach it by a name of its own, and no page in a browser.

A page can send requests to whatever its browser reaches. After DNS rebinding it reads the answers, too: its own name
then leads to this machine, and stands in the ``Host`` header.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from typing import Final

from attrs import field, frozen

_HOST: Final = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([^\[\]:@/\s]+))(?::[0-9]*)?")


def _folded(host: str) -> str:
    """The name or address of a ``Host`` header, without its port, as it is compared."""
    found = _HOST.fullmatch(host)
    name = (found[1] or found[2]).lower().removesuffix(".") if found else host
    address = _address(name)
    if address is None and (found is None or not name):
        raise ValueError(f"{host!r} is no name or address of a host")
    return str(address or name)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(host.partition("%")[0])  # a zone is the affair of the machine that names it
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def is_loopback(host: str) -> bool:
    """Whether a host name or address can only be this machine."""
    address = _address(host)
    if address is not None:
        return address.is_loopback
    return host == "localhost" or host.endswith(".localhost")


def host_names(hosts: Iterable[str]) -> frozenset[str]:
    """Names and addresses of hosts, with a port or without, as `Access` compares them.

    Raises:
        TypeError: They are one text.
        ValueError: One of them is no host.
    """
    if isinstance(hosts, str):
        raise TypeError(f"hosts are several texts, not the one text {hosts!r}")
    return frozenset(_folded(host) for host in hosts)


@frozen
class Access:
    """By which names a simulator may be driven.

    Attributes:
        address: The address that it listens on.
        names: Other hosts that it is called by; see `host_names`.
    """

    address: str = field(converter=_folded)
    names: frozenset[str]

    def problem(self, hosts: Iterable[str], origin: str | None) -> str | None:
        """Why a request may not drive the simulator; None if it may.

        Args:
            hosts: Its ``Host`` headers. Without one it comes from no browser.
            origin: Its ``Origin`` header, which only browsers send.
        """
        if origin is not None:
            return "pages in a browser may not drive the simulator"
        for host in hosts:
            if not self._is_own(host):
                return (
                    f"{host[:100]!r} is not a known name of this simulator, so a page in a browser may be behind it. "
                    "Use 127.0.0.1 or localhost, or allow the name: campaign-fsm simulate --allow-host NAME, or "
                    "SimulatorServer(…, allow_hosts=[NAME])"
                )
        return None

    def _is_own(self, host: str) -> bool:
        try:
            name = _folded(host)
        except ValueError:
            return False
        if name in self.names or name == self.address or is_loopback(name):
            return True
        # What listens on every address is called by any address, also by those in front of its container, and between
        # containers by a name without a dot. A page of the public web has neither for its name.
        everywhere = _address(self.address)
        return everywhere is not None and everywhere.is_unspecified and (_address(name) is not None or "." not in name)

"""Who may drive the simulator over HTTP: programs that reach it by a name of its own, and no page in a browser.

A page can send requests to whatever its browser reaches. After DNS rebinding it reads the answers, too: its own name
then leads to this machine, and stands in the ``Host`` header.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from attrs import field, frozen

from campaign_fsm.wire.hosts import address_of, is_loopback

# Of Docker and Podman (host.docker.internal), of Kubernetes (sim.default.svc.cluster.local, and short for it
# sim.default.svc), of tests and of networks at home. No public domain ends so.
_LOCAL: Final = (".internal", ".local", ".svc", ".test", ".lan", ".home.arpa")
_HOST: Final = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|(\w[\w-]*(?:\.\w[\w-]*)*\.?))(?::[0-9]*)?")


def _folded(host: str) -> str:
    """The name or address of a ``Host`` header, without its port, as it is compared."""
    found = _HOST.fullmatch(host)
    name = (found[1] or found[2]).lower().removesuffix(".") if found else host
    address = address_of(name)
    if address is None and (found is None or not name):
        raise ValueError(f"{host!r} is no name or address of a host")
    return str(address or name)


def _is_local(name: str) -> bool:
    """Whether the public DNS cannot have the name. No top-level domain has a ``_`` in it, and Docker's networks do."""
    return "_" in name.rpartition(".")[2] or "." not in name or name.endswith(_LOCAL)


def host_names(hosts: Iterable[str]) -> frozenset[str]:
    """Names and addresses of hosts, with a port or without, as `Access` compares them.

    Raises:
        TypeError: They are one text.
        ValueError: One of them is no host.
    """
    if isinstance(hosts, str):
        raise TypeError(f"allow_hosts must be a collection of host names, not the one text {hosts!r}")
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
            hosts: Its ``Host`` headers. Without one, or with an empty one, it comes from no browser.
            origin: Its ``Origin`` header, which browsers send for pages.
        """
        if origin is not None:
            return "pages in a browser may not drive the simulator; a program sends no Origin header"
        for host in hosts:
            if host and not self._is_own(host):
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
        listens_on = address_of(self.address)
        if listens_on is None or not listens_on.is_unspecified:
            return False
        # What listens on every address may have others in front of its container, and names that containers give each
        # other. No page of the public web has such a name.
        return address_of(name) is not None or _is_local(name)

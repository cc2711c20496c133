"""The gate as a transport: give one to any `httpx` client, and every request of it is judged.

>>> import httpx
>>> from campaign_fsm import GuardTransport
>>> client = httpx.Client(transport=GuardTransport(httpx.HTTPTransport()))

Requests and responses are made with the classes of the library that they come from, so clients of `httpx2`, the
successor of `httpx`, can have one as well. Who also checks types derives a class of its own:

>>> import httpx2
>>> class Guard(GuardTransport, httpx2.BaseTransport): ...
"""

from __future__ import annotations

from campaign_fsm.gate.settings import GuardSettings
from campaign_fsm.transports.async_ import AsyncGuardTransport
from campaign_fsm.transports.extensions import ANSWER, EXTENSION, LEFT, PERMIT, TERMS
from campaign_fsm.transports.seen import read_as
from campaign_fsm.transports.sync import GuardTransport

__all__ = [
    "ANSWER",
    "EXTENSION",
    "LEFT",
    "PERMIT",
    "TERMS",
    "AsyncGuardTransport",
    "GuardSettings",
    "GuardTransport",
    "read_as",
]

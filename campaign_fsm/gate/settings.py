"""The settings of the gate: what they are called, what they mean, and what they may be.

`GateSettings` is what the gate works with; `GuardSettings` types the same names as keyword arguments of the
transports. Who adds a setting adds it to both, and to `CampaignClient` if its users are to have it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Any, TypedDict

from attrs import Attribute, field, frozen

from campaign_fsm.gate.budget import Wait
from campaign_fsm.gate.model import Drift
from campaign_fsm.policy import Policy
from campaign_fsm.waiting import DEADLINE

Trace = Callable[[Mapping[str, Any]], object]


def _check_seconds(_: Any, attribute: Attribute[float], value: float) -> None:
    if not value >= 0:
        raise ValueError(f"{attribute.name} must be a number of seconds, 0 or more, not {value!r}")


def _check_bool(_: Any, attribute: Attribute[bool], value: object) -> None:
    if not isinstance(value, bool):
        raise TypeError(f"{attribute.name} must be True or False, not {value!r}")


def _check_budget(_: Any, attribute: Attribute[int | None], value: object) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int) or value < 0 or value == 1:
        raise ValueError(
            f"{attribute.name} must be a number of requests a minute, 2 or more, or 0 for none, not {value!r}"
        )


def _hosts(names: Collection[str]) -> frozenset[str]:
    if isinstance(names, str):
        raise TypeError("ignore_hosts must be a collection of host names, not one string")
    return frozenset(name.lower() for name in names)


def _texts(secrets: Collection[str]) -> tuple[str, ...]:
    if isinstance(secrets, str):
        raise TypeError("secrets must be a collection of texts, not one string")
    return tuple(secrets)


@frozen(kw_only=True)
class GateSettings:
    """The settings of a gate, all optional.

    Attributes:
        max_age: Seconds for which a reading may be used again, counted from when it was sent until the bytes of
            the write leave (below other transports than httpx's own: until it is handed on to them). Default 0:
            every write is preceded by a read.
        strict: Refuse what the vendor's pages contradict each other about. Default False.
        deadline: Seconds, counted from when the request budget lets a write through, during which it waits for another
            call of the process that is at work on the campaign, and tries the read before the write again after 429,
            5xx and broken connections. Default 30. 0: nothing is tried again, and it waits 5 seconds for another call.
        ignore_hosts: Hosts whose requests pass unjudged, whatever their path. Default none.
        on_drift: Called with a `Drift` when an answer shows a status that the model does not expect.
        budget: Requests a minute that an account may make, reads and writes together, shared by everything in the
            process that goes to it; at least 2, or 0 for no limit. Default None: 30 on the vendor's hosts
            (https://developer.exotel.com/docs/advanced-config/rate-limiting), until its ``X-RateLimit-*`` headers say
            otherwise, and no limit elsewhere or in process. ``pause`` goes first.
        on_wait: Called with a `Wait` when a request has to wait for the budget.
        trace: Called with each event of the decision trace (see `campaign_fsm.trace`).
        policy: What the team forbids on top of the life cycle (see `campaign_fsm.policy`).
        watch_reads: Read the answers of campaign reads whole, so that they are logged and traced, and
            held to 4 MiB. Default False: they pass untouched.
        secrets: Texts that no message, log line or trace may show, such as the password of a proxy below. The
            credentials in the headers of a request are kept out without it.
        clock: Called for the time in seconds, monotonic.
        now: Called for the local time, an aware datetime; used where the server does not send its own.

    Raises:
        ValueError: A number is out of its range.
        TypeError: A value is of another kind.
    """

    max_age: float = field(default=0.0, validator=_check_seconds)
    strict: bool = field(default=False, validator=_check_bool)
    deadline: float = field(default=DEADLINE, validator=_check_seconds)
    ignore_hosts: frozenset[str] = field(default=(), converter=_hosts)
    on_drift: Callable[[Drift], object] | None = None
    budget: int | None = field(default=None, validator=_check_budget)
    on_wait: Callable[[Wait], object] | None = None
    trace: Trace | None = None
    policy: Policy | None = None
    watch_reads: bool = False
    secrets: tuple[str, ...] = field(default=(), converter=_texts, repr=False)
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = lambda: datetime.now(UTC)


class GuardSettings(TypedDict, total=False):
    """The types of `GateSettings` as keyword arguments."""

    max_age: float
    strict: bool
    deadline: float
    ignore_hosts: Collection[str]
    on_drift: Callable[[Drift], object] | None
    budget: int | None
    on_wait: Callable[[Wait], object] | None
    trace: Trace | None
    policy: Policy | None
    watch_reads: bool
    secrets: Collection[str]
    clock: Callable[[], float]
    now: Callable[[], datetime]

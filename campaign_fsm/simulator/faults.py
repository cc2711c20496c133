"""What can go wrong between a client and the server, on purpose."""

from __future__ import annotations

import copy
from enum import StrEnum
from typing import Final

from attrs import define, field

from campaign_fsm.rules import Status
from campaign_fsm.simulator.campaigns import settable
from campaign_fsm.words import none_of


class Fault(StrEnum):
    """A fault of the server or of the way to it.

    `LOST_AFTER`, `LOST_BEFORE`, `RESET` and `RESET_AFTER` leave without an answer; `MOVED` and `NO_DATE` change
    something around an honest one; all others give an odd one.
    """

    LOST_AFTER = "lost-after"
    """Applied, then the connection is closed without an answer."""
    LOST_BEFORE = "lost-before"
    """Not applied; the connection is closed without an answer."""
    RESET = "reset"
    """Not applied; the connection is reset."""
    RESET_AFTER = "reset-after"
    """Applied, then the connection is reset."""
    STALL = "stall"
    """Applied; the answer comes after `seconds`."""
    TRUNCATED = "truncated"
    """Applied; the body ends before its announced length."""
    OVERSIZED = "oversized"
    """Applied; the body is padded to many megabytes."""
    RATE_LIMITED = "rate-limited"
    """429, not applied; with `retry_after` in the header if given."""
    SERVER_ERROR = "server-error"
    """`status_code` (503 unless given), not applied."""
    REJECTED = "rejected"
    """`status_code` (403 unless given) of the 4xx kind, not applied."""
    MALFORMED = "malformed"
    """Applied; 200 with HTML instead of JSON."""
    WRONG_CAMPAIGN = "wrong-campaign"
    """Applied; the answer names another campaign."""
    FAILED_ITEM = "failed-item"
    """200 on the outside, a failed item (400) inside; not applied."""
    MULTI_STATUS = "multi-status"
    """207 on the outside, a failed item (400) inside; not applied."""
    WRONG_SHAPE = "wrong-shape"
    """Applied; 200 with JSON of another shape: no item in it."""
    REDIRECT = "redirect"
    """307 to another host; not applied."""
    MOVED = "moved"
    """An honest answer, and right after it another client moves the campaign to `to_status`."""
    NO_DATE = "no-date"
    """An honest answer without a Date header."""


NOT_APPLIED: Final = frozenset(
    {
        Fault.LOST_BEFORE,
        Fault.RESET,
        Fault.RATE_LIMITED,
        Fault.SERVER_ERROR,
        Fault.REJECTED,
        Fault.FAILED_ITEM,
        Fault.MULTI_STATUS,
        Fault.REDIRECT,
    }
)
UNANSWERED: Final = frozenset({Fault.LOST_AFTER, Fault.LOST_BEFORE, Fault.RESET, Fault.RESET_AFTER})
_STATUS_CODES: Final = {Fault.SERVER_ERROR: (503, range(500, 600)), Fault.REJECTED: (403, range(400, 500))}
"""The status code that a fault answers with by default, and those that it may be given."""
_LONGEST_STALL: Final = 86_400.0


@define
class Planned:
    """A fault that waits for the requests that it is meant for; `Simulator.fault` says what the fields mean."""

    kind: Fault
    method: str | None
    id: str | None
    times: int
    after: int
    seconds: float
    retry_after: int | None
    status_code: int
    to_status: Status | None

    def strikes(self, method: str, campaign_id: str | None) -> bool:
        """Whether this request is the one; counts those that it lets pass first."""
        if (self.method and self.method != method) or (self.id and self.id != campaign_id):
            return False
        if self.after:
            self.after -= 1
            return False
        self.times -= 1
        return True


@define
class Faults:
    """The faults that have not struck yet, in the order in which they were planned."""

    _waiting: list[Planned] = field(factory=list)

    def plan(
        self,
        kind: Fault | str,
        *,
        method: str | None,
        id: str | None,  # noqa: A002 (the API's own name)
        times: int,
        after: int,
        seconds: float,
        retry_after: int | None,
        status_code: int | None,
        to_status: Status | str | None,
    ) -> None:
        """Add a fault.

        Raises:
            ValueError: There is no such fault, or it cannot be had so.
        """
        try:
            kind = Fault(kind)
        except ValueError:
            raise ValueError(none_of(kind, "fault", Fault)) from None
        default, allowed = _STATUS_CODES.get(kind, _STATUS_CODES[Fault.SERVER_ERROR])
        status_code = default if status_code is None else status_code
        if kind is Fault.MOVED and to_status is None:
            raise ValueError("the fault 'moved' needs to_status")
        if times < 1 or after < 0 or not 0 <= seconds <= _LONGEST_STALL:
            raise ValueError(
                f"times must be 1 or more, after must be 0 or more, seconds must be 0 to {_LONGEST_STALL:g}"
            )
        if status_code not in allowed or (retry_after is not None and retry_after < 0):
            raise ValueError(f"status_code must be {allowed[0]} to {allowed[-1]}, retry_after must be 0 or more")
        dest = None if to_status is None else settable(to_status)
        self._waiting.append(
            Planned(kind, method and method.upper(), id, times, after, seconds, retry_after, status_code, dest)
        )

    def strike(self, method: str, campaign_id: str | None) -> Planned | None:
        """The fault that this request meets, None if none; it is gone once it has struck all its times."""
        found = next((planned for planned in self._waiting if planned.strikes(method, campaign_id)), None)
        if found is not None and not found.times:
            # By identity: two that are planned alike are equal.
            self._waiting = [planned for planned in self._waiting if planned is not found]
        return found

    def waiting(self) -> tuple[Planned, ...]:
        """Copies of them, as they stand."""
        return tuple(copy.copy(planned) for planned in self._waiting)

    def clear(self) -> None:
        self._waiting.clear()

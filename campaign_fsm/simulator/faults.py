"""What can go wrong between a client and the server, on purpose."""

from __future__ import annotations

from enum import StrEnum

from attrs import define

from campaign_fsm.rules import Status


class Fault(StrEnum):
    """A fault of the server or of the way to it.

    Those up to `RESET_AFTER` leave without an answer; the next ones give an odd answer; the last two
    change something around an honest one.
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
    """An honest answer, and right after it somebody else moves the campaign to `to_status`."""
    NO_DATE = "no-date"
    """An honest answer without a Date header."""


NOT_APPLIED = frozenset(
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
UNANSWERED = frozenset({Fault.LOST_AFTER, Fault.LOST_BEFORE, Fault.RESET, Fault.RESET_AFTER})
STATUS_CODES = {Fault.SERVER_ERROR: (503, range(500, 600)), Fault.REJECTED: (403, range(400, 500))}
"""The status code that a fault answers with by default, and those that it may be told to."""


@define
class Planned:
    """A fault that waits for the requests that it is meant for."""

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

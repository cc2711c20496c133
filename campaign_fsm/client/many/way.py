"""The way through a list that moves while it is read."""

from __future__ import annotations

from typing import Final

from attrs import define, field, frozen

from campaign_fsm.rules import Channel, Status
from campaign_fsm.wire.campaign import Campaign

SLIPS: Final = 50
"""How often a list may slip while it is read."""
BY: Final = 3
"""How many entries in a row may be unreadable: more are none, and what was answered is no list."""


@frozen
class Page:
    """A page of a list, as far as it is of use."""

    campaigns: tuple[Campaign, ...]
    """Those that are to be paused."""
    ids: tuple[str, ...]
    """All that it shows."""
    size: int
    """How many were asked for."""
    is_last: bool
    count: int


@define(eq=False)
class Way:
    """The way through one list, to its end.

    Each page begins with an entry of the one before, or between the two one was missed: entries leave the list while it
    is read, and what comes after them moves up.

    Attributes:
        channel: The kind of campaigns.
        statuses: What the list is asked for.
        size: How many are asked for at once.
        offset: How many come before the next page.
        slips: How often something was missed.
        passed: The pages so far that held nothing to do: their offsets and ids.
        failures: How often in a row no page could be had, `failing_since` when, on the client's clock.
        error: What was wrong then.
        is_odd: Whether the last page could not be read, though it was had.
        began_odd: Where the next page began when that was so for the first time.
        passed_by: How many entries in a row could not be read, each alone.
        has_gaps: Whether there was one.
        is_none: Whether what was answered last is no list, in whatever size it is asked for.
        was_empty: Whether the last page was, though something came before it.
    """

    channel: Channel
    statuses: frozenset[Status]
    size: int
    offset: int = 0
    slips: int = 0
    passed: list[tuple[int, tuple[str, ...]]] = field(factory=list)
    failures: int = 0
    failing_since: float = 0.0
    error: str = ""
    is_odd: bool = False
    began_odd: int = 0
    passed_by: int = 0
    has_gaps: bool = False
    is_none: bool = False
    was_empty: bool = False

    def was_read(self, page: Page, most: int) -> None:
        """A page was had; after one that had to be small the next may be larger."""
        self.has_gaps = self.has_gaps or self.passed_by > 0
        self.failures, self.error, self.is_odd, self.passed_by, self.is_none = 0, "", False, 0, False
        self.size = min(2 * page.size, most)

    def failed(self, error: str, now: float) -> None:
        """No page could be had."""
        self.error = error
        self.failing_since = self.failing_since if self.failures else now
        self.failures += 1

    def passes_by(self, *, too_large: bool) -> bool:
        """Ask for half as many, so that one entry that cannot be read hides no other, and at last pass it by.

        Whether that is any use; else what was answered is no list, and is asked for as it was.
        """
        if self.is_none and not too_large:
            return False
        if too_large:
            self.is_odd, self.size = True, 1  # it was halved already
        if not self.is_odd:
            self.is_odd = True  # perhaps it can be read now
        elif self.size > 1:
            self.size //= 2
        else:
            self.began_odd = self.began_odd if self.passed_by else self.offset
            self.offset += 1
            self.passed.clear()
            self.passed_by += 1
        if self.passed_by > BY:
            self.offset, self.passed_by, self.is_odd, self.is_none = self.began_odd, 0, False, True
            return False
        return True

    def has_slipped(self, page: Page) -> bool:
        """Whether something may stand between the last page and this one; then the last one is read again."""
        if not self.passed or self.slips >= SLIPS or page.size == 1:
            return False
        offset, before = self.passed[-1]
        if any(one in before for one in page.ids[:2]):  # the first may be one that cannot be read
            self.was_empty = False
            return False
        if not page.count and self.was_empty:
            return False  # read again, there is nothing behind the last page
        self.was_empty = not page.count
        self.offset = offset
        self.passed.pop()
        self.slips += 1
        return True

    def goes_on(self, page: Page) -> bool:
        """Go on to the next page; False if this one is the last one once more."""
        if self.passed and page.ids == self.passed[-1][1]:
            return False
        self.passed.append((self.offset, page.ids))
        self.offset += max(page.count - (page.size > 1), 1)
        return True

"""What `campaign-fsm stop` shows while it works, as lines or as JSON; `live` is the same on a terminal."""

from __future__ import annotations

import time
from collections import Counter
from datetime import datetime
from math import ceil
from typing import Any, Final, Protocol, Self

import click
from attrs import define, field

from campaign_fsm.cli.errors import error_dict, for_shell
from campaign_fsm.cli.output import print_json, print_text
from campaign_fsm.client import CampaignClient
from campaign_fsm.client.many import RUNNING, Listed, PauseOutcome, PauseResult, Selection
from campaign_fsm.errors import CampaignFsmError
from campaign_fsm.gate import Budget, Wait
from campaign_fsm.printable import printable
from campaign_fsm.rules import Action, Channel, Status
from campaign_fsm.wire.campaign import Campaign
from campaign_fsm.words import counted, listed

STYLES: Final = {PauseOutcome.PAUSED: "green", PauseOutcome.WAS_PAUSED: "green", PauseOutcome.OVER: "cyan"}
"""The colours of outcomes; any other is red."""


@define
class Progress:
    """How far it is, for whoever shows it.

    Attributes:
        account: The account.
        host: The host.
        what: Which campaigns, in words.
        budget: The request budget; None for no limit.
        begun: When it began, on the monotonic clock.
        counts: How many campaigns ended in each way.
        expected: How many there are at most, by the list of each channel and status; None before it was read.
        troubles: The last errors, each with the local time.
        waits_until: Until when it waits for the budget, on the monotonic clock.
        closing: Whether it looks whether something is left.
        called_off: Whether it was called off.
    """

    account: str
    host: str
    what: str
    budget: Budget | None
    begun: float = field(factory=time.monotonic)
    counts: Counter[PauseOutcome] = field(factory=Counter)
    expected: dict[tuple[Channel, Status], int | None] = field(factory=dict)
    troubles: list[str] = field(factory=list)
    waits_until: float = 0.0
    closing: bool = False
    called_off: bool = False
    _last: dict[tuple[Channel, str], PauseOutcome] = field(factory=dict)

    @classmethod
    def of(cls, client: CampaignClient, selection: Selection) -> Self:
        """The beginning."""
        budget = client._budget()  # noqa: SLF001 (nobody else has any use for it)
        channels = selection.on(client.channel)
        lists = {
            (channel, status): None
            for channel in (() if selection.ids else channels)
            for status in selection.statuses_for(Action.PAUSE, channel)
        }
        what = described(selection, channels)
        return cls(client.account_sid, client.base_url, what, budget, expected={**lists})

    @property
    def done(self) -> int:
        """How many campaigns have ended."""
        return self.counts.total()

    @property
    def total(self) -> int:
        """How many there are at most, as far as lists were read."""
        return max(sum(filter(None, self.expected.values())), self.done)

    @property
    def is_counted(self) -> bool:
        """Whether every list has said how many there are."""
        return None not in self.expected.values()

    def listed(self, page: Listed) -> None:
        """A page was read; the first of each list says how many there are."""
        self.closing = page.closing
        for status in page.statuses if len(page.statuses) == 1 else ():
            if self.expected.get((page.channel, status)) is None:
                self.expected[page.channel, status] = page.found if page.total is None else page.total

    def ended(self, result: PauseResult) -> None:
        """A campaign has ended, perhaps for the second time."""
        key = (result.channel, result.campaign_id)
        if key in self._last:
            self.counts[self._last[key]] -= 1
        self._last[key] = result.outcome
        self.counts[result.outcome] += 1
        self.trouble(result)

    def trouble(self, result: PauseResult) -> None:
        """Remember an error, if there is one."""
        if result.error is not None:
            what = result.outcome if result.is_final else "to be tried again"
            self.troubles.append(f"{time.strftime('%H:%M:%S')} {what} after {brief(result.error)}: {about(result)}")
            del self.troubles[:-5]

    def seconds_left(self) -> float | None:
        """How long it takes for the rest at the budget's pace; None without a budget."""
        if self.budget is None:
            return None
        left, per_minute = self.total - self.done, self.budget.per_minute
        requests = left + ceil(left / max(per_minute - 1, 1)) + 1
        wait = self.waits_until - time.monotonic()
        if wait > 0:
            return wait + (requests - 1) // per_minute * 60
        return ceil(max(requests + self.budget.used - per_minute, 0) / per_minute) * 60.0


class View(Protocol):
    """What shows how far it is.

    Attributes:
        wants_words: Whether a word about Ctrl-C is written beside what it shows.
    """

    wants_words: bool

    def began(self, progress: Progress) -> None: ...
    def listed(self, page: Listed) -> None: ...
    def waiting(self, wait: Wait) -> None: ...
    def retried(self, result: PauseResult) -> None: ...
    def ended(self, result: PauseResult) -> None: ...
    def close(self) -> None: ...


class Lines:
    """One line for each campaign on the standard output; what it waits for and tries again on the standard error."""

    wants_words = True

    def began(self, progress: Progress) -> None:
        print_text(f"Stopping account {progress.account} on {progress.host}: {progress.what}.", err=True)

    def listed(self, page: Listed) -> None:
        if not page.closing:
            total = "an unknown number" if page.total is None else page.total
            kinds = f"{page.channel} campaigns that are {listed(sorted(page.statuses), 'or')}"
            print_text(f"{kinds}: {total} listed, now {page.found} of them", err=True)

    def waiting(self, wait: Wait) -> None:
        if wait.seconds >= 1:
            print_text(f"waiting {wait.seconds:.0f} s for the account's request budget", err=True)

    def retried(self, result: PauseResult) -> None:
        print_text(f"to be tried again: {about(result)}: {reason(result)}", err=True)

    def ended(self, result: PauseResult) -> None:
        print_text(line(result))

    def close(self) -> None:
        """Nothing to close."""


class Json:
    """One object for each event on the standard output."""

    wants_words = False

    def began(self, progress: Progress) -> None:
        print_json({"event": "began", "account": progress.account, "host": progress.host, "what": progress.what})

    def listed(self, page: Listed) -> None:
        print_json(
            {
                "event": "listed",
                "channel": page.channel,
                "statuses": sorted(page.statuses),
                "total": page.total,
                "found": page.found,
                "at": page.at.isoformat(),
                "closing": page.closing,
            }
        )

    def waiting(self, wait: Wait) -> None:
        print_json({"event": "waiting", "seconds": round(wait.seconds, 3)})

    def retried(self, result: PauseResult) -> None:
        print_json({"event": "retried", **result_dict(result)})

    def ended(self, result: PauseResult) -> None:
        print_json({"event": "ended", **result_dict(result)})

    def close(self) -> None:
        """Nothing to close."""


def described(selection: Selection, channels: tuple[Channel, ...]) -> str:
    """What is selected, in words."""
    kinds = listed(channels)
    if selection.ids:
        return counted(len(selection.ids), f"{kinds} campaign")
    wanted = {status for channel in channels for status in selection.statuses_for(Action.PAUSE, channel)}
    text = f"{kinds} campaigns that are {listed((status for status in RUNNING if status in wanted), 'or')}"
    if selection.names:
        text += f" and named {listed(map(printable, selection.names), 'or')}"
    if selection.created_after:
        text += f", created from {selection.created_after.isoformat(sep=' ', timespec='seconds')} on"
    if selection.created_before:
        text += f", created before {selection.created_before.isoformat(sep=' ', timespec='seconds')}"
    return text


def about(one: PauseResult | Campaign) -> str:
    """A campaign on one line: kind, id, name."""
    campaign_id = one.id if isinstance(one, Campaign) else one.campaign_id
    return f"{one.channel:<7} {campaign_id}  {printable(one.name or '-')}"


def brief(error: CampaignFsmError) -> str:
    """An error in a word or two."""
    code = getattr(error, "status_code", None) or getattr(error, "code", None)
    return f"{type(error).__name__} {code}" if code else type(error).__name__


def when(moment: datetime | None) -> str:
    """When something was read."""
    return "never read" if moment is None else f"read {moment.isoformat(sep=' ', timespec='seconds')}"


def reason(result: PauseResult) -> str:
    """Why a campaign did not become paused, and where it is."""
    seen = f"{result.status or 'unknown'}, {when(result.at)}"
    if result.error is not None:
        return f"{for_shell(result.error.message)} ({seen})"
    if result.outcome is PauseOutcome.MOVED_AWAY:
        return f"it was paused twice, and somebody has resumed it each time ({seen})"
    return f"{result.outcome} ({seen})"


def line(result: PauseResult) -> str:
    """What is said of a campaign that has ended."""
    head = click.style(f"{result.outcome:<11}", fg=STYLES.get(result.outcome, "red"))
    return f"{head} {about(result)}" if result.outcome in STYLES else f"{head} {about(result)}: {reason(result)}"


def result_dict(result: PauseResult) -> dict[str, Any]:
    """A result for JSON."""
    return {
        "outcome": result.outcome,
        "before": result.before,
        "channel": result.channel,
        "campaign_id": result.campaign_id,
        "status": result.status,
        "at": result.at and result.at.isoformat(),
        "requests": result.requests,
        "error": error_dict(result.error) if result.error else None,
        "name": result.name,
    }

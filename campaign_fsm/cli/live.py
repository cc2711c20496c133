"""What `campaign-fsm stop` shows on a terminal: one view that is drawn again and again. Needs `rich`."""

from __future__ import annotations

import logging
import time

from rich.console import Console, Group, RenderableType
from rich.live import Live as RichLive
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from campaign_fsm.cli.output import shown_text
from campaign_fsm.cli.stopping import STYLES, Progress, about, reason
from campaign_fsm.cli.streams import colour
from campaign_fsm.client.many import Listed, PauseOutcome, PauseResult
from campaign_fsm.gate import Wait
from campaign_fsm.words import duration

_TROUBLES = 3


class _Above(logging.Handler):
    """Warnings of the log, above what is drawn."""

    def __init__(self, console: Console) -> None:
        super().__init__(logging.WARNING)
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        self._console.print(Text(shown_text(record.getMessage()), style="yellow"))


class Live:
    """Counts by outcome, the pace against the budget, the time left and the last errors."""

    wants_words = False

    def __init__(self) -> None:
        no_colour = colour() is False
        self._console = Console(stderr=True, highlight=False, markup=False, no_color=no_colour)
        self._live = RichLive(self, console=self._console, refresh_per_second=4, transient=True)
        self._progress: Progress | None = None
        self._handlers: list[logging.Handler] | None = None

    def began(self, progress: Progress) -> None:
        self._progress = progress
        logger = logging.getLogger("campaign_fsm")
        self._handlers, logger.handlers = logger.handlers, [_Above(self._console)]
        self._live.start()

    def listed(self, page: Listed) -> None:
        """It is in the progress."""

    def waiting(self, wait: Wait) -> None:
        """It is in the progress."""

    def retried(self, result: PauseResult) -> None:
        """It is in the progress."""

    def ended(self, result: PauseResult) -> None:
        if result.outcome not in STYLES:
            head = Text(f"{result.outcome:<11} ", style="red")
            self._console.print(head + Text(shown_text(f"{about(result)}: {reason(result)}")))

    def close(self) -> None:
        if self._live.is_started:
            self._live.stop()
        if self._handlers is not None:
            logging.getLogger("campaign_fsm").handlers = self._handlers

    def __rich__(self) -> RenderableType:
        progress = self._progress
        if progress is None:
            return Text("")
        head = Text(shown_text(f"Stopping {progress.account} on {progress.host}"), style="bold")
        parts: list[RenderableType] = [head, Text(shown_text(progress.what), style="dim"), _bar(progress)]
        parts += [_counts(progress), Text(_pace(progress))]
        parts += [
            Text(shown_text(text), style="yellow", no_wrap=True, overflow="ellipsis") for text in self._troubles()
        ]
        parts.append(Text(_ctrl_c(progress), style="dim"))
        return Group(*parts)

    def _troubles(self) -> list[str]:
        assert self._progress is not None
        return self._progress.troubles[-_TROUBLES:]


def _bar(progress: Progress) -> Table:
    left = progress.seconds_left()
    row = Table.grid(padding=(0, 1), expand=True)
    row.add_column(ratio=1)
    row.add_column(no_wrap=True)
    least = "" if progress.is_counted else "at least "
    said = f"{progress.done} of {least}{progress.total}"
    if progress.called_off:
        said += ", ending"
    elif progress.closing:
        said += ", looking for what is left"
    elif left is not None and progress.total:
        said += f", {least or 'about '}{duration(left)} left"
    row.add_row(ProgressBar(total=max(progress.total, 1), completed=progress.done), Text(said))
    return row


def _counts(progress: Progress) -> Text:
    text = Text()
    for outcome in PauseOutcome:
        if count := progress.counts[outcome]:
            text.append(f"{outcome} {count}   ", style=STYLES.get(outcome, "red"))
    return text or Text("nothing is paused yet")


def _pace(progress: Progress) -> str:
    since = duration(time.monotonic() - progress.begun)
    if progress.budget is None:
        return f"{since}; no request budget"
    text = f"{since}; {progress.budget.used} of {progress.budget.per_minute} requests used in the last minute"
    wait = progress.waits_until - time.monotonic()
    return f"{text}; next in {duration(wait)}" if wait > 0 else text


def _ctrl_c(progress: Progress) -> str:
    if progress.called_off:
        return "Nothing new is begun; what is in flight ends first. Ctrl-C again leaves at once."
    return "Ctrl-C ends it after what is in flight."

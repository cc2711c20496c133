"""`campaign-fsm stop`: pause whatever runs. The emergency brake."""

from __future__ import annotations

import functools
import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

import click

from campaign_fsm.cli.connection import ENVIRONMENT, Host, host_options
from campaign_fsm.cli.options import CAMPAIGN_IDS, CHANNELS, STRICT, Chosen, CommonOption, Seconds, command
from campaign_fsm.cli.output import print_json, print_text
from campaign_fsm.cli.selectors import Choose, selectors
from campaign_fsm.cli.stopping import Json, Lines, Progress, View, about, result_dict, when
from campaign_fsm.client import CampaignClient
from campaign_fsm.client.many import Listed, PauseOutcome, PauseReport, PauseResult, Selection, SyncPausing, estimated
from campaign_fsm.errors import CampaignFsmError
from campaign_fsm.gate import Wait
from campaign_fsm.guides import pointer_to
from campaign_fsm.policy import confirmed
from campaign_fsm.rules import Action, Channel, Status
from campaign_fsm.words import counted, duration, listed

_INTERRUPTED: Final = (
    b"\nNothing new is begun. What is in flight ends first, then it is looked once more; Ctrl-C again leaves at once.\n"
)


_AGAIN: Final = "Running it again is safe. What the server rejects has to be stopped in the vendor's dashboard."


class _Quiet:
    """A view that cannot stop what it shows: a full disk, or a reader that went away, is no reason to pause nothing."""

    def __init__(self, view: View) -> None:
        self._view = view

        self.wants_words = view.wants_words

    def __getattr__(self, name: str) -> Any:
        shown = getattr(self._view, name)

        def quiet(*given: Any) -> None:
            with suppress(OSError):
                shown(*given)

        return quiet


class _Watch:
    """Takes what happens into the progress, and has it shown."""

    def __init__(self, view: View) -> None:
        self.view: Any = _Quiet(view)
        self.progress: Progress | None = None

    def on_wait(self, wait: Wait) -> None:
        if self.progress is not None:
            self.progress.waits_until = time.monotonic() + wait.seconds
        self.view.waiting(wait)

    def on_event(self, event: Listed | PauseResult) -> None:
        assert self.progress is not None
        if isinstance(event, Listed):
            self.progress.listed(event)
            self.view.listed(event)
        else:
            self.progress.trouble(event)
            self.view.retried(event)

    def ended(self, result: PauseResult) -> None:
        assert self.progress is not None
        self.progress.ended(result)
        self.view.ended(result)


def _view(*, as_json: bool) -> View:
    if as_json:
        return Json()
    dumb = os.environ.get("TERM", "dumb") in ("dumb", "unknown")  # on these nothing could be drawn
    if not dumb and all(stream is not None and stream.isatty() for stream in (sys.stdout, sys.stderr)):
        with suppress(ImportError):
            from campaign_fsm.cli.live import Live

            return Live()
    return Lines()


@contextmanager
def _ctrl_c(results: SyncPausing, progress: Progress, *, says: bool) -> Iterator[None]:
    """The first Ctrl-C calls it off, the second one leaves at once."""
    if threading.current_thread() is not threading.main_thread():
        yield  # who calls the command line in another thread has the signals himself
        return
    numbers = (signal.SIGINT, signal.SIGTERM)

    def first(_: int, __: Any) -> None:
        for number in numbers:
            signal.signal(number, second)
        progress.called_off = True
        results.call_off()
        if says:
            with suppress(OSError):
                os.write(2, _INTERRUPTED)  # nothing that another write in this thread could be in the middle of

    def second(_: int, __: Any) -> None:
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)  # what there is to say is said
        if not results.is_closed:
            results.abandon()
            raise KeyboardInterrupt

    before = [signal.signal(number, first) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _stop(client: CampaignClient, selection: Selection, watch: _Watch, how: dict[str, Any], *, as_json: bool) -> int:
    """Stop them, and tell how it ended; the exit code."""
    progress = watch.progress = Progress.of(client, selection)
    results = client.pause_many(selection, on_event=watch.on_event, **how)
    with _ctrl_c(results, progress, says=watch.view.wants_words):
        try:
            watch.view.began(progress)
            with results:
                for result in results:
                    watch.ended(result)
        except KeyboardInterrupt:
            if not results.is_abandoned:
                raise
        except CampaignFsmError:
            if not as_json:
                print_text(f"Nothing was paused in account {progress.account} on {progress.host}.", err=True)
            raise
        finally:
            watch.view.close()
        if results.is_abandoned:
            _print_left(results.report, progress, as_json=as_json)
            return 2
        _print_report(results.report, progress, as_json=as_json)
    return 2 if not results.report.certain else 1 if results.report.running else 0


def _print_left(report: PauseReport, progress: Progress, *, as_json: bool) -> None:
    """What is known after Ctrl-C was pressed twice."""
    unknown = [result for result in report.results.values() if result.outcome is PauseOutcome.UNKNOWN]
    if as_json:
        told = [{"channel": result.channel, "campaign_id": result.campaign_id} for result in unknown]
        print_json({"event": "left", "outcome": "interrupted", "counts": report.counts, "unknown": told})
        return
    if unknown:
        print_text("Their pauses were on the way, and whether they took effect is unknown:", err=True)
        for result in unknown:
            print_text(f"  {about(result)}", err=True)
    print_text(f"{progress.account}: left at once, {_counted(report)}. What still runs was not read.", err=True)
    print_text(_AGAIN, err=True)


def _counted(report: PauseReport) -> str:
    return ", ".join(f"{count} {outcome}" for outcome, count in report.counts.items()) or "none is there"


def _print_report(report: PauseReport, progress: Progress, *, as_json: bool) -> None:
    seconds = time.monotonic() - progress.begun
    if as_json:
        word = "stopped" if report else "still running" if report.certain else "unknown"
        print_json(
            {
                "event": "done",
                "outcome": word,
                "counts": report.counts,
                "running": [result_dict(result) for result in report.running],
                "closed": {channel: at.isoformat() for channel, at in report.closed.items()},
                "problems": list(report.problems),
                "requests": report.requests,
                "seconds": round(seconds, 3),
            }
        )
        return
    for result in report.running:
        code = f" {result.code}" if result.code else ""
        why = f"{result.outcome}{code}, {result.status}, {when(result.at)}"
        print_text(f"{click.style('not stopped', fg='red')} {about(result)}: {why}")
    for problem in report.problems:
        print_text(f"{click.style('not certain:', fg='yellow')} {problem}")
    requests, campaigns = counted(report.requests, "request"), counted(len(report.results), "campaign")
    print_text(f"{progress.account}: {campaigns}: {_counted(report)}. {requests} in {duration(seconds)}.")
    if report:
        shown = listed(f"{channel} {when(at)}" for channel, at in report.closed.items())
        print_text(f"All that was meant is stopped, by {f'the lists: {shown}' if shown else 'the answers'}.")
    else:
        print_text(_AGAIN, err=True)
        print_text(pointer_to("stop"), err=True)


def _rehearse(client: CampaignClient, selection: Selection, *, as_json: bool) -> int:
    """Say what would be paused, and how long that takes; sends nothing but reads."""
    lists: Counter[tuple[Channel, Status]] = Counter()
    for campaign in client.select(selection):
        lists[campaign.channel, campaign.status] += 1
        if as_json:
            from campaign_fsm.cli.campaign import as_dict

            print_json({"event": "selected", "campaign": as_dict(campaign)})
        else:
            print_text(f"{campaign.status:<11} {about(campaign)}")
    budget = client._budget()  # noqa: SLF001 (nobody else has any use for it)
    per_minute = None if budget is None else budget.per_minute
    count = lists.total()
    requests = 2 * count if selection.ids else estimated(lists, selection, selection.on(client.channel), per_minute)
    seconds = None if per_minute is None else (requests - 1) // per_minute * 60
    if as_json:
        print_json({"event": "done", "outcome": "rehearsed", "count": count, "requests": requests, "seconds": seconds})
        return 0
    pace = "as fast as the server answers" if seconds is None else f"about {duration(seconds)} at {per_minute} a minute"
    print_text(f"{counted(count, 'campaign')} would be paused, with about {counted(requests, 'request')}: {pace}.")
    print_text("Nothing was sent (dry run). A policy that forbids it is asked only before each pause.")
    return 0


_CHANNEL: Final = click.option(
    "--channel", type=CHANNELS, cls=CommonOption, help="The kind of campaign. Default: both; of ids, message."
)


@command(epilog=ENVIRONMENT)
@CAMPAIGN_IDS
@selectors(Action.PAUSE)
@click.option("--once", is_flag=True, help="Leave alone what is created meanwhile; it is told as still running.")
@click.option("--for", "patience", type=Seconds(min=0), metavar="SECONDS", help="Begin nothing new after so long.")
@click.option(
    "--max-age",
    type=Seconds(min=0),
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="How old what a list shows may be when a pause rests on it; 0 reads each campaign by itself.",
)
@click.option(
    "--concurrency",
    type=click.IntRange(1, 64),
    default=8,
    show_default=True,
    metavar="COUNT",
    help="So many at a time.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be paused, and how long it takes; change nothing.")
@STRICT
@functools.partial(host_options, channel=_CHANNEL)
def stop(
    campaign_ids: Chosen,
    selection: Choose | None,
    host: Host,
    as_json: bool,
    *,
    dry_run: bool,
    strict: bool,
    once: bool,
    patience: float | None,
    max_age: float,
    concurrency: int,
) -> int:
    """Pause whatever runs, at once and without asking. Those in progress go first.

    Without --channel both kinds of campaigns are stopped; ids are of message campaigns without it. What fails
    for a while is tried again, what is created meanwhile is stopped too, and at the end it lists once more what is
    left. One Ctrl-C (or SIGTERM) ends it after what is in flight, a second one at once.

    \b
    Examples:
      campaign-fsm stop --all --dry-run
      campaign-fsm stop --all
      campaign-fsm stop --name 'diwali-*' --channel message
      campaign-fsm stop --newer-than 2h --json
      campaign-fsm stop - < ids.txt

    Exit code: 0 only if nothing of it runs any more; 1 if something still does; 2 if that cannot be said, or
    nothing fits what was asked for while other campaigns run.
    """
    channels = (host.channel,) if host.names_channel or selection is None else tuple(Channel)
    chosen = Selection(ids=campaign_ids.ids, channels=channels) if selection is None else selection(channels)
    watch = _Watch(_view(as_json=as_json))
    with confirmed(), host.client(strict=strict, on_wait=watch.on_wait) as client:
        if dry_run:
            return _rehearse(client, chosen, as_json=as_json)
        how = {"once": once, "timeout": patience, "max_age": max_age, "concurrency": concurrency}
        return _stop(client, chosen, watch, how, as_json=as_json)

"""`campaign-fsm get`, `list`, `find`, `recipients` and `watch`: what is read and never written."""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Collection
from typing import Any

import click

from campaign_fsm.cli.campaign import COLUMNS, print_campaign, row, table_line
from campaign_fsm.cli.connection import ENVIRONMENT, Host, host_options
from campaign_fsm.cli.options import ANY_STATUS, CAMPAIGN_ID, LIMIT, STATUS, STATUS_NAMES, Seconds, command
from campaign_fsm.cli.output import print_outcome, print_text
from campaign_fsm.cli.streams import is_unread
from campaign_fsm.lifecycle import reachable
from campaign_fsm.printable import printable, quoted
from campaign_fsm.rules import OVER, Channel, Status
from campaign_fsm.wire.campaign import Campaign
from campaign_fsm.wire.listing import NAME_RULE, is_name
from campaign_fsm.words import counted

# Where a campaign stays unless its account holder moves it.
_OVER = tuple(sorted(OVER))


@command(epilog=ENVIRONMENT)
@CAMPAIGN_ID
@host_options
def get(campaign_id: str, host: Host, as_json: bool) -> None:
    """Show one campaign, and why it is in its status.

    \b
    Examples:
      campaign-fsm get 90dad70b939f469fbf8b801660148272
      campaign-fsm get 90dad70b939f469fbf8b801660148272 --channel voice --json

    Exit code: 0 if it was read, 2 if not.
    """
    with host.client() as client:
        campaign = client.get(campaign_id)
    print_campaign("read", campaign, as_json=as_json, explained=True)


@command("list", epilog=ENVIRONMENT)
@ANY_STATUS
@click.option("--name", help="Only what the server finds for this name; for message campaigns at least 3 characters.")
@click.option(
    "--sort",
    metavar="KEY[:asc|:desc]",
    help="KEY is name, for message campaigns schedule.start_time, for voice (call) campaigns date_created. Default:"
    " the server's own order.",
)
@LIMIT
@host_options
def list_campaigns(
    statuses: tuple[str, ...], name: str | None, sort: str | None, limit: int | None, *, host: Host, as_json: bool
) -> None:
    """List campaigns, page by page: the first lines come before the last page is read.

    On a terminal this is a table; elsewhere each campaign is a line, with tabs between the columns: id, status, start,
    pending numbers, name, and why it is in its status. --json prints one object a line.

    \b
    Examples:
      campaign-fsm list
      campaign-fsm list --status paused --status in-progress --json
      campaign-fsm list --channel voice --name diwali --limit 10

    Exit code: 0 if the list was read, 2 if not.
    """
    wide = sys.stdout is not None and sys.stdout.isatty()
    count = 0
    with host.client() as client:
        try:
            campaigns = client.list(status=statuses or None, name=name, sort=sort)
        except ValueError as error:
            raise click.UsageError(f"{error}.") from None
        for count, campaign in enumerate(itertools.islice(campaigns, limit), 1):
            if as_json:
                print_campaign("read", campaign, as_json=True, explained=True)
            else:
                if wide and count == 1:
                    print_text(click.style(table_line(tuple(name.upper() for name in COLUMNS), wide=True), bold=True))
                print_text(table_line(row(campaign), wide=wide))
            if is_unread():
                break
    if wide and not as_json:
        print_text(f"{counted(count, 'campaign')}.", err=True)


def _name(_: click.Context, __: click.Parameter, value: str) -> str:
    if not is_name(value):
        raise click.BadParameter(f"{NAME_RULE}, not {quoted(value, 60)}.")
    return value


@command(epilog=ENVIRONMENT)
@click.argument("name", callback=_name)
@click.option("--id", "only_id", is_flag=True, help="Print nothing but the id.")
@host_options
def find(name: str, host: Host, as_json: bool, *, only_id: bool) -> None:
    """Find a campaign by its exact NAME.

    \b
    Examples:
      campaign-fsm find diwali-offers
      campaign-fsm pause "$(campaign-fsm find diwali-offers --id)"

    Exit code: 0 if there is one, 1 if there is none or more than one, 2 if the list could not be read.
    """
    with host.client() as client:
        campaign = client.find(name)
    if only_id:
        print_text(campaign.id)
    else:
        print_campaign("read", campaign, as_json=as_json, explained=True)


def _once(_: click.Context, param: click.Parameter, given: tuple[str, ...]) -> str | None:
    """The one value of an option; the last of several would hide the others."""
    if len(given) > 1:
        raise click.UsageError(f"{param.opts[0]} is given twice; no page says how to ask for several.")
    return given[0] if given else None


@command(epilog=ENVIRONMENT)
@CAMPAIGN_ID
@click.option(
    "--status",
    metavar="TEXT",
    multiple=True,
    callback=_once,
    help="For voice (call) campaigns: only calls of this status, such as failed.",
)
@LIMIT
@host_options
def recipients(campaign_id: str, status: str | None, limit: int | None, *, host: Host, as_json: bool) -> None:
    """List what became of each number of a campaign, page by page. This prints phone numbers.

    The fields are printed as they come: NAME=VALUE with tabs between them. --json prints one object a line.

    \b
    Examples:
      campaign-fsm recipients 90dad70b939f469fbf8b801660148272
      campaign-fsm recipients 90dad70b939f469fbf8b801660148272 --limit 10 --json
      campaign-fsm recipients camp_abc123 --channel voice --status failed

    Exit code: 0 if they were read, 2 if not.
    """
    none = True
    with host.client() as client:
        try:
            found = client.recipients(campaign_id, status=status)
        except ValueError as error:
            raise click.UsageError(f"{error}.") from None
        for recipient in itertools.islice(found, limit):
            none = False
            if as_json:
                print_outcome("read", recipient=dict(recipient.raw))
            else:
                cells = (f"{key}={value}" for key, value in sorted(recipient.raw.items()))
                print_text("\t".join(printable(cell) for cell in cells))
            if is_unread():
                break
    if none and not as_json:
        print_text("none yet" if status is None else "none", err=True)


class _Progress:
    """Says what has changed since the last read; on a terminal also that it is still waiting."""

    def __init__(self, goal: Collection[Status], channel: Channel, *, as_json: bool) -> None:
        self._goal, self._channel = frozenset(goal), channel
        self._as_json = as_json
        self._last: tuple[Any, ...] | None = None
        self._since = time.monotonic()
        self._live = sys.stderr.isatty()

    def __call__(self, campaign: Campaign) -> None:
        # Where this read settles it, that it does counts, whoever has gone.
        if is_unread() and campaign.status not in self._goal and self._goal & reachable(campaign.status, self._channel):
            raise click.exceptions.Exit(2)
        now = (campaign.status, campaign.pending)
        if now != self._last:
            self._last = now
            self.clear()
            if self._as_json:
                print_campaign("seen", campaign, as_json=True)
            else:
                pending = "" if campaign.pending is None else f", {campaign.pending} pending"
                print_text(f"{time.strftime('%H:%M:%S')}  {campaign.status}{pending}")
        if self._live:
            click.echo(f"\rwaiting, {time.monotonic() - self._since:.0f} s", err=True, nl=False)

    def clear(self) -> None:
        if self._live:
            click.echo("\r\033[K", err=True, nl=False)


@command(epilog=ENVIRONMENT)
@CAMPAIGN_ID
@click.option(
    "--until",
    "goal",
    type=STATUS,
    multiple=True,
    metavar="STATUS",
    help=f"The status to wait for: {STATUS_NAMES}. May be repeated. Default: until the campaign is over.",
)
@click.option(
    "--for",
    "patience",
    type=Seconds(min=0),
    default=3600.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to watch at most.",
)
@click.option(
    "--interval",
    type=Seconds(min=0.1),
    default=5.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait between two reads.",
)
@host_options
def watch(
    campaign_id: str, goal: tuple[str, ...], patience: float, interval: float, *, host: Host, as_json: bool
) -> None:
    """Watch one campaign: print a line whenever its status or its pending numbers change.

    --for is how long to watch. --request-timeout is for each single read.

    \b
    Examples:
      campaign-fsm watch 90dad70b939f469fbf8b801660148272
      campaign-fsm watch 90dad70b939f469fbf8b801660148272 --until paused --for 60

    Exit code: 0 when the campaign gets there, 1 as soon as it cannot get there any more,
    2 if the time is up, it cannot be read, or the output was closed.
    """
    wanted = tuple(map(Status, goal)) or _OVER
    progress = _Progress(wanted, host.channel, as_json=as_json)
    try:
        with host.client() as client:
            client.wait_until(campaign_id, wanted, timeout=patience, poll=interval, on_read=progress)
    finally:
        progress.clear()

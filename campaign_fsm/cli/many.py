"""`campaign-fsm list`, `find` and `watch`: reading more than one campaign, or one more than once."""

from __future__ import annotations

import itertools
import sys
import time
from typing import Any

import click

from campaign_fsm.cli.host import ENVIRONMENT, Host, host_options
from campaign_fsm.cli.options import CAMPAIGN_ID, STATUS
from campaign_fsm.cli.output import print_text
from campaign_fsm.cli.results import leave
from campaign_fsm.cli.show import (
    COLUMNS,
    as_dict,
    describe,
    notes,
    print_outcome,
    print_rows,
    row,
    table_line,
)
from campaign_fsm.errors import CampaignFsmError
from campaign_fsm.printable import printable
from campaign_fsm.rules import OVER
from campaign_fsm.wire.campaign import Campaign
from campaign_fsm.words import counted

# Where a campaign stays unless its account holder moves it.
_OVER = tuple(sorted(OVER))


@click.command("list", epilog=ENVIRONMENT)
@click.option("--status", "statuses", type=STATUS, multiple=True, help="Only these; may be repeated.")
@click.option("--name", help="Only what the server finds for this name; no page says how it compares.")
@click.option(
    "--sort",
    default="date_created:desc",
    show_default=True,
    metavar="KEY[:asc|:desc]",
    help="date_created, name, or on message campaigns schedule.start_time.",
)
@click.option("--limit", type=click.IntRange(min=1), help="At most this many.")
@host_options
def list_campaigns(
    statuses: tuple[str, ...], name: str | None, sort: str, limit: int | None, *, host: Host, as_json: bool
) -> None:
    """List campaigns, page by page: the first lines come before the last page is read.

    On a terminal a table; elsewhere one line each with tabs between the columns (id, status, start,
    pending numbers, name). --json prints one object for each campaign, on a line of its own.

    \b
    Examples:
      campaign-fsm list
      campaign-fsm list --status paused --status in-progress --json
      campaign-fsm list --channel voice --name diwali --limit 10

    Exit code: 0 if the list was read, 2 if not.
    """
    wide = sys.stdout is not None and sys.stdout.isatty()
    count = 0
    try:
        with host.client(as_json=as_json) as client:
            try:
                campaigns = client.list(status=statuses or None, name=name, sort=sort)
            except ValueError as error:
                raise click.UsageError(f"{error}.") from None
            for campaign in campaigns:
                if wide and not count and not as_json:
                    print_text(click.style(table_line(tuple(name.upper() for name in COLUMNS), wide=True), bold=True))
                count += 1
                if as_json:
                    print_outcome("read", campaign=as_dict(campaign))
                else:
                    print_text(table_line(row(campaign), wide=wide))
                if count == limit:
                    break
    except CampaignFsmError as error:
        leave(error, as_json=as_json)
    if wide and not as_json:
        print_text(f"{counted(count, 'campaign')}.", err=True)


@click.command(epilog=ENVIRONMENT)
@click.argument("name")
@click.option("--id", "only_id", is_flag=True, help="Print nothing but the id.")
@host_options
def find(name: str, host: Host, as_json: bool, *, only_id: bool) -> None:
    """Find the one campaign that has exactly this NAME.

    \b
    Examples:
      campaign-fsm find diwali-offers
      campaign-fsm pause "$(campaign-fsm find diwali-offers --id)"

    Exit code: 0 if there is one, 1 if there is none or more than one, 2 if the list could not be read.
    """
    if not name.strip():
        raise click.UsageError("a name to look for is not blank.")
    try:
        with host.client(as_json=as_json) as client:
            campaign = client.find(name)
    except CampaignFsmError as error:
        leave(error, as_json=as_json)
    if only_id:
        print_text(campaign.id)
    elif as_json:
        print_outcome("read", campaign=as_dict(campaign))
    else:
        print_rows(describe(campaign) + notes(campaign))


@click.command(epilog=ENVIRONMENT)
@CAMPAIGN_ID
@click.option("--limit", type=click.IntRange(min=1), help="At most this many.")
@host_options
def recipients(campaign_id: str, limit: int | None, *, host: Host, as_json: bool) -> None:
    """List what the server says of each number of a campaign, page by page. It prints phone numbers.

    No page documents the fields, so they come as they are: NAME=VALUE with tabs between them, or with
    --json an object for each number, on a line of its own.

    \b
    Examples:
      campaign-fsm recipients 90dad70b939f469fbf8b801660148272
      campaign-fsm recipients 90dad70b939f469fbf8b801660148272 --limit 10 --json

    Exit code: 0 if they were read, 2 if not.
    """
    try:
        with host.client(as_json=as_json) as client:
            for recipient in itertools.islice(client.recipients(campaign_id), limit):
                if as_json:
                    print_outcome("read", recipient=dict(recipient.raw))
                else:
                    cells = (f"{key}={value}" for key, value in sorted(recipient.raw.items()))
                    print_text("\t".join(printable(cell) for cell in cells))
    except CampaignFsmError as error:
        leave(error, as_json=as_json)


class _Progress:
    """Says what has changed since the last read; on a terminal also that it is still waiting."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._last: tuple[Any, ...] | None = None
        self._since = time.monotonic()
        self._live = sys.stderr.isatty()

    def __call__(self, campaign: Campaign) -> None:
        now = (campaign.status, campaign.pending)
        if now != self._last:
            self._last = now
            self.clear()
            if self._as_json:
                print_outcome("seen", campaign=as_dict(campaign))
            else:
                pending = "" if campaign.pending is None else f", {campaign.pending} pending"
                print_text(f"{time.strftime('%H:%M:%S')}  {campaign.status}{pending}")
            if sys.stdout is not None:
                sys.stdout.flush()
        if self._live:
            print_text(f"\rwaiting, {time.monotonic() - self._since:.0f} s", err=True, nl=False)

    def clear(self) -> None:
        if self._live:
            print_text("\r\033[K", err=True, nl=False)


@click.command(epilog=ENVIRONMENT)
@CAMPAIGN_ID
@click.option(
    "--until",
    "goal",
    type=STATUS,
    multiple=True,
    help="The status to wait for; may be repeated. Without it: until the campaign is over.",
)
@click.option(
    "--for",
    "patience",
    type=click.FloatRange(min=0),
    default=3600.0,
    show_default=True,
    help="Seconds to wait at most.",
)
@click.option(
    "--interval", type=click.FloatRange(min=0.1), default=5.0, show_default=True, help="Seconds between two reads."
)
@host_options
def watch(
    campaign_id: str, goal: tuple[str, ...], patience: float, interval: float, *, host: Host, as_json: bool
) -> None:
    """Watch one campaign: a line whenever its status or its pending numbers change.

    \b
    Examples:
      campaign-fsm watch 90dad70b939f469fbf8b801660148272
      campaign-fsm watch 90dad70b939f469fbf8b801660148272 --until paused --for 60

    Exit code: 0 when it gets there, 1 as soon as it cannot get there any more, 2 if the time is up.
    """
    progress = _Progress(as_json=as_json)
    try:
        with host.client(as_json=as_json) as client:
            client.wait_until(campaign_id, goal or _OVER, timeout=patience, poll=interval, on_read=progress)
    except CampaignFsmError as error:
        progress.clear()
        leave(error, as_json=as_json)
    progress.clear()

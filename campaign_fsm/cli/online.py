"""`campaign-fsm get`, `pause`, `resume`, `complete` and `archive`: one campaign on a real host."""

from __future__ import annotations

import json
import shlex
from typing import Any, NoReturn

import click

from campaign_fsm.cli.failures import already
from campaign_fsm.cli.host import ENVIRONMENT, Host, host_options
from campaign_fsm.cli.options import CAMPAIGN_ID, STRICT, YES
from campaign_fsm.cli.output import print_text
from campaign_fsm.cli.results import confirm_action, leave, print_verdict
from campaign_fsm.cli.show import as_dict, describe, notes, print_outcome, print_rows
from campaign_fsm.client import CampaignClient, rehearse
from campaign_fsm.errors import CampaignFsmError, ConnectionFailed, ServerError, StatusUnavailable
from campaign_fsm.lifecycle import undoable
from campaign_fsm.printable import printable
from campaign_fsm.rules import Action, Channel
from campaign_fsm.wire.campaign import Campaign
from campaign_fsm.wire.target import COLLECTION_OF


def by_hand(client: CampaignClient, campaign_id: str) -> str:
    """The vendor's curl line for a pause, with the credentials left to the shell's environment."""
    body: Any = {"action": "pause"}
    if client.channel is Channel.VOICE:
        body = {"campaigns": [body]}
    url = f"{client.base_url}/v2/accounts/{client.account_sid}/{COLLECTION_OF[client.channel]}/{campaign_id}"
    return (
        f"curl --request PUT {shlex.quote(url)} "
        '--user "$EXOTEL_API_KEY:$EXOTEL_API_TOKEN" '
        f"--header 'content-type: application/json' --data-raw {shlex.quote(json.dumps(body))}"
    )


@click.command(epilog=ENVIRONMENT)
@CAMPAIGN_ID
@host_options
def get(campaign_id: str, host: Host, as_json: bool) -> None:
    """Read one campaign and print it.

    \b
    Examples:
      campaign-fsm get 90dad70b939f469fbf8b801660148272
      campaign-fsm get 90dad70b939f469fbf8b801660148272 --channel voice --json

    Exit code: 0 if it was read, 2 if not.
    """
    try:
        with host.client(as_json=as_json) as client:
            campaign = client.get(campaign_id)
    except CampaignFsmError as error:
        leave(error, as_json=as_json)
    if as_json:
        print_outcome("read", campaign=as_dict(campaign))
    else:
        print_rows(describe(campaign) + notes(campaign))


def _about(campaign: Campaign) -> list[tuple[str, str]]:
    return [
        ("campaign", f"{campaign.id} ({campaign.channel})"),
        ("name", printable(campaign.name or "-")),
        ("status", campaign.status),
        ("pending", "unknown" if campaign.pending is None else str(campaign.pending)),
    ]


def _action_command(action: Action, summary: str) -> click.Command:
    @click.command(action.value, epilog=ENVIRONMENT)
    @CAMPAIGN_ID
    @click.option("--dry-run", is_flag=True, help="Read the campaign and say what would happen; send nothing.")
    @YES
    @STRICT
    @host_options
    def command(campaign_id: str, host: Host, as_json: bool, *, dry_run: bool, yes: bool, strict: bool) -> None:
        with host.client(as_json=as_json, strict=strict) as client:
            try:
                if dry_run:
                    print_verdict(rehearse(client, lambda on: on.act(campaign_id, action)).verdict, as_json=as_json)
                if not undoable(action) and not yes:
                    confirm_action(client, action, lambda on: on.act(campaign_id, action), _about, as_json=as_json)
                campaign = getattr(client, action.value)(campaign_id)
            except CampaignFsmError as error:
                _finish(error, client, campaign_id, action, as_json=as_json)
            else:
                if as_json:
                    print_outcome("applied", campaign=as_dict(campaign))
                else:
                    print_text(f"{action} of {campaign_id} applied: it is {campaign.status}.")
                    if action is Action.RESUME:
                        print_text("What is sent from now on stays sent.")

    command.help = f"""{summary}

    \b
    Examples:
      campaign-fsm {action} 90dad70b939f469fbf8b801660148272 --dry-run
      campaign-fsm {action} 90dad70b939f469fbf8b801660148272 --channel voice{"" if undoable(action) else " --yes"}

    Exit code: 0 if it took effect (now, before or meanwhile), 1 if it was refused or overtaken,
    2 if the server rejected it or the outcome is unknown.
    """
    return command


def _finish(
    error: CampaignFsmError, client: CampaignClient, campaign_id: str, action: Action, *, as_json: bool
) -> NoReturn:
    """Print an outcome other than "applied" and leave with its exit code."""
    there = already(error)
    unreachable = isinstance(error, ConnectionFailed | StatusUnavailable | ServerError) and not (
        isinstance(error, StatusUnavailable) and error.status_code is not None and 200 <= error.status_code < 500
    )
    curl = by_hand(client, campaign_id) if action is Action.PAUSE and unreachable else None
    leave(error, as_json=as_json, there=there and f"{campaign_id} is {there}", by_hand=curl)


pause = _action_command(Action.PAUSE, "Stop contacting more numbers (legal while created or in-progress).")
resume = _action_command(Action.RESUME, "Go on with the numbers not yet contacted (legal while paused).")
complete = _action_command(
    Action.COMPLETE, "Mark the remaining numbers as failed (legal while paused; cannot be undone)."
)
archive = _action_command(Action.ARCHIVE, "Put a completed campaign away (cannot be undone).")

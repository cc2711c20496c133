"""`campaign-fsm pause`, `resume`, `complete`, `archive` and `delete`: one action on one campaign."""

from __future__ import annotations

import functools
import json
import shlex
from typing import Any

import click

from campaign_fsm.cli.campaign import as_dict, print_campaign
from campaign_fsm.cli.connection import ENVIRONMENT, Host, host_options
from campaign_fsm.cli.errors import ByHand, already, error_dict
from campaign_fsm.cli.options import CAMPAIGN_ID, DRY_RUN, STRICT, YES, command
from campaign_fsm.cli.output import print_outcome, print_text
from campaign_fsm.cli.rehearsal import confirm, print_verdict
from campaign_fsm.client import CampaignClient, rehearse
from campaign_fsm.errors import (
    AlreadyThere,
    CampaignFsmError,
    ConnectionFailed,
    ServerError,
    StateConflict,
    StatusUnavailable,
)
from campaign_fsm.lifecycle import undoable
from campaign_fsm.printable import printable
from campaign_fsm.rules import Action, Channel, goal_of
from campaign_fsm.wire.campaign import Campaign
from campaign_fsm.wire.target import COLLECTION_OF

# What is asked about: what each action does that cannot be undone.
_IRREVERSIBLE = {
    Action.COMPLETE: "it marks the remaining numbers as failed",
    Action.ARCHIVE: "it puts the campaign away",
    Action.DELETE: "the campaign is gone",
}


def _act(
    action: Action, campaign_id: str, host: Host, *, as_json: bool, dry: bool, yes: bool, strict: bool
) -> int | None:
    def call(on: Any) -> Any:
        return on.delete(campaign_id) if action is Action.DELETE else on.act(campaign_id, action)

    why = None if undoable(action) else f"{action} cannot be undone: {_IRREVERSIBLE[action]}."
    with host.client(strict=strict) as client:
        judged = functools.partial(rehearse, client, call)
        try:
            if dry:
                return print_verdict(judged().verdict, as_json=as_json, why=why, yes=yes)
            if why and not yes:
                confirm(client, judged, f"{action.capitalize()} it?", why, _about)
            campaign = getattr(client, action.value)(campaign_id)
        except (AlreadyThere, StateConflict) as error:
            there = already(error)
            if there is None:
                raise
            if as_json:
                print_outcome("already there", error=error_dict(error), campaign=_as_it_is(client, campaign_id))
            else:
                print_text(f"{campaign_id} is {there}")
        except (ConnectionFailed, StatusUnavailable, ServerError) as error:
            if action is Action.PAUSE and _is_unreachable(error):
                raise ByHand(by_hand(client, campaign_id)) from error
            raise
        else:
            _print_applied(action, campaign, as_json=as_json)
    return None


def _about(campaign: Campaign) -> list[tuple[str, str]]:
    return [
        ("campaign", f"{campaign.id} ({campaign.channel})"),
        ("name", printable(campaign.name or "-")),
        ("status", campaign.status),
        ("pending", "unknown" if campaign.pending is None else str(campaign.pending)),
    ]


def _as_it_is(client: CampaignClient, campaign_id: str) -> dict[str, Any] | None:
    """The campaign, which is as wanted; None if it cannot be read, which takes nothing away from that."""
    try:
        return as_dict(client.get(campaign_id))
    except CampaignFsmError:
        return None


def _is_unreachable(error: ConnectionFailed | StatusUnavailable | ServerError) -> bool:
    answered = error.status_code if isinstance(error, StatusUnavailable) else None
    return answered is None or not 200 <= answered < 500


def by_hand(client: CampaignClient, campaign_id: str) -> str:
    """The vendor's curl line for a pause, with the credentials left to the shell's environment.

    As on <https://developer.exotel.com/api/update-sms-campaign-3> and <https://developer.exotel.com/api/update-campaign>.
    """
    body: Any = {"action": "pause"}
    if client.channel is Channel.VOICE:
        body = {"campaigns": [body]}
    url = f"{client.base_url}/v2/accounts/{client.account_sid}/{COLLECTION_OF[client.channel]}/{campaign_id}"
    return (
        f"curl --request PUT {shlex.quote(url)} "
        '--user "$EXOTEL_API_KEY:$EXOTEL_API_TOKEN" '
        f"--header 'content-type: application/json' --data-raw {shlex.quote(json.dumps(body))}"
    )


def _print_applied(action: Action, campaign: Campaign, *, as_json: bool) -> None:
    if action is Action.DELETE:
        print_campaign("deleted", campaign, as_json=as_json)
    elif as_json:
        print_campaign("applied", campaign, as_json=True)
    else:
        print_text(f"{action} of {campaign.id} applied: it is {campaign.status}.")
        if action is Action.RESUME:
            print_text("What is sent from now on stays sent.")


def _command(action: Action, summary: str) -> click.Command:
    @command(action.value, epilog=ENVIRONMENT)
    @CAMPAIGN_ID
    @DRY_RUN
    @YES
    @STRICT
    @host_options
    def act(campaign_id: str, host: Host, as_json: bool, *, dry_run: bool, yes: bool, strict: bool) -> int | None:
        return _act(action, campaign_id, host, as_json=as_json, dry=dry_run, yes=yes, strict=strict)

    voice = " --channel voice"
    act.help = f"""{summary}

    \b
    Examples:
      campaign-fsm {action} 90dad70b939f469fbf8b801660148272{voice if action is Action.DELETE else " --dry-run"}
      campaign-fsm {action} 90dad70b939f469fbf8b801660148272{voice}{"" if undoable(action) else " --yes"}

    Exit code: 0 if it took effect, or the campaign was {goal_of(action)} already; 1 if it was refused or
    overtaken; 2 if the server rejected it, its status could not be read or the outcome is unknown.
    """
    return act


pause = _command(Action.PAUSE, "Pause a campaign: contact no more numbers. Legal while it is created or in-progress.")
resume = _command(
    Action.RESUME, "Resume a campaign: go on with the numbers not yet contacted. Legal while it is paused."
)
complete = _command(
    Action.COMPLETE,
    "Complete a campaign: mark the remaining numbers as failed. Legal while it is paused. Cannot be undone.",
)
archive = _command(Action.ARCHIVE, "Archive a campaign: put it away. Legal while it is completed. Cannot be undone.")
delete = _command(
    Action.DELETE,
    "Delete a voice campaign that has not started; the vendor's pages contradict each other about that. "
    "Cannot be undone.",
)

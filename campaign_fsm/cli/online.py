"""`campaign-fsm get`, `pause`, `resume`, `complete` and `archive`: one campaign on a real host."""

from __future__ import annotations

import functools
import json
import logging
import shlex
import sys
from collections.abc import Callable
from typing import Any

import click
from attrs import frozen

from campaign_fsm.cli.failures import exit_code, outcome
from campaign_fsm.cli.offline import print_decision
from campaign_fsm.client import CampaignClient
from campaign_fsm.errors import CampaignFsmError, ConfigurationError, ConnectionFailed, Refused, StatusUnavailable
from campaign_fsm.lifecycle import decide, undoable
from campaign_fsm.rules import RULES, Action, Channel
from campaign_fsm.wire.campaign import Campaign
from campaign_fsm.wire.target import COLLECTION_OF, is_id

_ENVIRONMENT = """
\b
Credentials come from the environment, never from the command line:
  EXOTEL_ACCOUNT_SID, EXOTEL_API_KEY, EXOTEL_API_TOKEN
  EXOTEL_REGION (singapore or mumbai) or EXOTEL_BASE_URL
"""


@frozen
class Host:
    """Where a command goes."""

    channel: Channel
    region: str | None
    base_url: str | None
    timeout: float

    def client(self, *, as_json: bool, **settings: Any) -> CampaignClient:
        try:
            return CampaignClient(
                channel=self.channel, region=self.region, base_url=self.base_url, timeout=self.timeout, **settings
            )
        except ConfigurationError as error:
            if not as_json:
                raise
            _print_json("not configured", error=_error_dict(error))
            raise click.exceptions.Exit(2) from None


def _campaign_id(_: click.Context, __: click.Parameter, value: str) -> str:
    if not is_id(value):
        raise click.BadParameter("a campaign id is 1 to 64 of A-Z a-z 0-9 _ and -.")
    return value


def _host_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options that say where a command goes; the command gets them as one `Host`, and `as_json`."""

    @functools.wraps(command)
    def with_host(**given: Any) -> None:
        _log_to_stderr(given.pop("verbose"))
        channel = Channel(given.pop("channel"))
        host = Host(channel, **{name: given.pop(name) for name in ("region", "base_url", "timeout")})
        command(host=host, **given)

    options = (
        click.option(
            "--channel", type=click.Choice([channel.value for channel in Channel]), default="message", show_default=True
        ),
        click.option("--region", type=click.Choice(["singapore", "mumbai"]), help="Instead of EXOTEL_REGION."),
        click.option("--base-url", metavar="URL", help="Instead of EXOTEL_BASE_URL, such as a simulator's."),
        click.option(
            "--timeout", type=click.FloatRange(min=0.1), default=10.0, show_default=True, help="Seconds a request."
        ),
        click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for machines."),
        click.option("-v", "--verbose", is_flag=True, help="Log every request to standard error."),
    )
    for option in reversed(options):
        with_host = option(with_host)
    return with_host


def _log_to_stderr(verbose: bool) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger = logging.getLogger("campaign_fsm")
    logger.handlers = [handler]
    logger.setLevel(logging.INFO if verbose else logging.WARNING)


def describe(campaign: Campaign) -> list[tuple[str, str]]:
    """What `get` prints, as labels and values."""
    spelled = "" if campaign.raw_status == campaign.status else f" ({campaign.raw_status!r} on the wire)"
    rows = [
        ("id", campaign.id),
        ("channel", campaign.channel),
        ("name", campaign.name or "-"),
        ("status", f"{campaign.status}{spelled}, {'started' if campaign.started else 'not started'}"),
    ]
    if campaign.schedule:
        start, end = campaign.schedule.start, campaign.schedule.end
        rows += [("starts", start.isoformat() if start else "-"), ("ends", end.isoformat() if end else "-")]
    if campaign.created:
        rows.append(("created", campaign.created.isoformat()))
    if campaign.updated:
        rows.append(("updated", campaign.updated.isoformat()))
    if campaign.stats:
        rows.append(("stats", ", ".join(f"{key} {count}" for key, count in sorted(campaign.stats.items()))))
    return [(label, _printable(value)) for label, value in rows]


def _printable(text: str) -> str:
    """Text of the server's without anything that could drive a terminal."""
    return "".join(char if char.isprintable() else "�" for char in text)


def as_dict(campaign: Campaign) -> dict[str, Any]:
    """A campaign as plain data for JSON; `raw` holds what was not understood."""
    schedule = campaign.schedule
    return {
        "id": campaign.id,
        "channel": campaign.channel,
        "name": campaign.name,
        "status": campaign.status,
        "raw_status": campaign.raw_status,
        "started": campaign.started,
        "schedule": schedule
        and {
            "start": schedule.start and schedule.start.isoformat(),
            "end": schedule.end and schedule.end.isoformat(),
        },
        "created": campaign.created and campaign.created.isoformat(),
        "updated": campaign.updated and campaign.updated.isoformat(),
        "stats": dict(campaign.stats),
        "lists": list(campaign.lists),
        "template": campaign.template,
        "callbacks": dict(campaign.callbacks),
        "report_url": campaign.report_url,
        "estimated_cost": campaign.estimated_cost,
        "raw": dict(campaign.raw),
    }


def _error_dict(error: CampaignFsmError) -> dict[str, Any]:
    details: dict[str, Any] = {"type": type(error).__name__, "message": error.message}
    if isinstance(error, Refused):
        details |= {
            "code": error.code,
            "status": error.status,
            "legal_actions": list(error.legal_actions),
            "route": None if error.route is None else list(error.route),
        }
    return details


def _print_json(outcome: str, **fields: Any) -> None:
    click.echo(json.dumps({"version": 1, "outcome": outcome, **fields}, ensure_ascii=False))


def _print_rows(rows: list[tuple[str, str]]) -> None:
    for label, value in rows:
        click.echo(f"{label:<9}{value}")


def by_hand(client: CampaignClient, campaign_id: str) -> str:
    """The vendor's curl line for a pause (S1, S2), with the credentials left to the shell's environment."""
    body: Any = {"action": "pause"}
    if client.channel is Channel.VOICE:
        body = {"campaigns": [body]}
    url = f"{client.base_url}/v2/accounts/{client.account_sid}/{COLLECTION_OF[client.channel]}/{campaign_id}"
    return (
        f"curl --request PUT {shlex.quote(url)} "
        '--user "$EXOTEL_API_KEY:$EXOTEL_API_TOKEN" '
        f"--header 'content-type: application/json' --data-raw {shlex.quote(json.dumps(body))}"
    )


@click.command(epilog=_ENVIRONMENT)
@click.argument("campaign_id", metavar="ID", callback=_campaign_id)
@_host_options
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
        if not as_json:
            raise
        _print_json(outcome(error), error=_error_dict(error))
        raise click.exceptions.Exit(2) from None
    if as_json:
        _print_json("read", campaign=as_dict(campaign))
    else:
        _print_rows(describe(campaign))


def _confirm(client: CampaignClient, campaign_id: str, action: Action, *, strict: bool, as_json: bool) -> None:
    """Ask before what cannot be undone; elsewhere than on a terminal, `--yes` has to be given."""
    campaign = client.get(campaign_id)
    if not decide(campaign.status, action, channel=campaign.channel, started=campaign.started, strict=strict):
        return  # the gate will say so
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        if as_json:
            message = f"{action} cannot be undone; pass --yes to do it without being asked."
            _print_json("not confirmed", error={"type": "UsageError", "message": message})
            raise click.exceptions.Exit(2)
        raise click.UsageError(f"{action} cannot be undone; pass --yes to do it without being asked.")
    pending = "not said by the server" if campaign.pending is None else str(campaign.pending)
    effect = next(rule.effect for rule in RULES if rule.trigger is action)
    rows = [
        ("account", client.account_sid),
        ("host", client.base_url),
        ("campaign", f"{campaign.id} ({campaign.channel})"),
        ("name", _printable(campaign.name or "-")),
        ("status", campaign.status),
        ("pending", pending),
    ]
    for label, value in rows:
        click.echo(f"{label:<9}{value}", err=True)
    click.echo(f"{action} cannot be undone. {effect}", err=True)
    click.confirm(f"{action.capitalize()} it?", abort=True, err=True)


def _action_command(action: Action, summary: str) -> click.Command:
    @click.command(action.value, epilog=_ENVIRONMENT)
    @click.argument("campaign_id", metavar="ID", callback=_campaign_id)
    @click.option("--dry-run", is_flag=True, help="Read the campaign and say what would happen; send nothing.")
    @click.option("--yes", is_flag=True, help="Do not ask before what cannot be undone.")
    @click.option("--strict", is_flag=True, help="Refuse what the vendor's pages contradict each other about.")
    @click.option(
        "--deadline",
        type=click.FloatRange(min=0),
        default=30.0,
        show_default=True,
        help="Seconds to go on trying to read the status.",
    )
    @_host_options
    def command(
        campaign_id: str, host: Host, as_json: bool, *, dry_run: bool, yes: bool, strict: bool, deadline: float
    ) -> None:
        with host.client(as_json=as_json, strict=strict, deadline=deadline) as client:
            try:
                if dry_run:
                    decision = client.check(campaign_id, action)
                    if as_json:
                        _print_json("legal" if decision else "illegal", decision=decision.as_dict())
                    else:
                        print_decision(decision)
                        click.echo("Nothing was sent (dry run).")
                    raise click.exceptions.Exit(0 if decision or decision.already else 1)
                if not undoable(action) and not yes:
                    _confirm(client, campaign_id, action, strict=strict, as_json=as_json)
                campaign = getattr(client, action.value)(campaign_id)
            except CampaignFsmError as error:
                _finish(error, client, campaign_id, action, as_json)
            else:
                if as_json:
                    _print_json("applied", campaign=as_dict(campaign))
                else:
                    click.echo(f"{action} of {campaign_id} applied: it is {campaign.status}.")
                    if action is Action.RESUME:
                        click.echo("What is sent from now on stays sent.")

    command.help = f"""{summary}

    \b
    Examples:
      campaign-fsm {action} 90dad70b939f469fbf8b801660148272 --dry-run
      campaign-fsm {action} 90dad70b939f469fbf8b801660148272 --channel voice{"" if undoable(action) else " --yes"}

    Exit code: 0 if it took effect (now or before), 1 if it was refused or overtaken, 2 if nobody can tell.
    """
    return command


def _finish(error: CampaignFsmError, client: CampaignClient, campaign_id: str, action: Action, as_json: bool) -> None:
    """Print an outcome other than "applied" and leave with its exit code."""
    code = exit_code(error)
    unreachable = isinstance(error, ConnectionFailed | StatusUnavailable) and not (
        isinstance(error, StatusUnavailable) and error.status_code is not None and 200 <= error.status_code < 500
    )
    curl = by_hand(client, campaign_id) if action is Action.PAUSE and unreachable else None
    if as_json:
        _print_json(outcome(error), error=_error_dict(error), **({"by_hand": curl} if curl else {}))
    elif code == 0:
        click.echo(f"{campaign_id} is already {getattr(error, 'status', 'there')}; nothing was sent.")
    else:
        click.echo(click.style("error: ", fg="red") + error.message, err=True)
        if curl:
            click.echo(f"To try it by hand, unguarded:\n  {curl}", err=True)
    raise click.exceptions.Exit(code)


pause = _action_command(Action.PAUSE, "Stop contacting more numbers (legal while created or in-progress).")
resume = _action_command(Action.RESUME, "Go on with the numbers not yet contacted (legal while paused).")
complete = _action_command(
    Action.COMPLETE, "Mark the remaining numbers as failed (legal while paused; cannot be undone)."
)
archive = _action_command(Action.ARCHIVE, "Put a completed campaign away (cannot be undone).")

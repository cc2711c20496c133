"""`campaign-fsm create`, `edit`, `reschedule` and `delete`: campaigns are made and changed from files."""

from __future__ import annotations

import contextlib
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from campaign_fsm.cli.failures import already
from campaign_fsm.cli.host import ENVIRONMENT, Host, host_options
from campaign_fsm.cli.options import CAMPAIGN_ID, STRICT, YES
from campaign_fsm.cli.output import print_error, print_text, print_value, print_warning
from campaign_fsm.cli.results import confirm, confirm_action, leave, print_verdict
from campaign_fsm.cli.show import as_dict, describe, print_outcome, print_rows
from campaign_fsm.client import rehearse
from campaign_fsm.drafts import DRAFT_OF, Draft
from campaign_fsm.errors import CampaignFsmError, InvalidParameters
from campaign_fsm.files import without_mark
from campaign_fsm.printable import printable, quoted
from campaign_fsm.rules import Action, Channel
from campaign_fsm.strict.json import Ambiguous, read_object
from campaign_fsm.strict.toml import NotToml, read_toml
from campaign_fsm.wire.campaign import Campaign
from campaign_fsm.wire.schedule import Schedule, parse_time

_MOST = 4 * 2**20
_FILE = click.argument("file", type=click.Path(allow_dash=True))


def _parameters(file: str) -> dict[str, Any]:
    """The parameters in a JSON or TOML file, or as JSON on standard input."""
    try:
        data = sys.stdin.buffer.read(_MOST + 1) if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise click.UsageError(f"{file} cannot be read: {error.strerror}.") from None
    if len(data) > _MOST:
        raise click.UsageError(f"{file} is larger than {_MOST} bytes; that is no campaign.")
    try:
        return read_toml(data) if file.endswith(".toml") else read_object(without_mark(data))
    except (NotToml, Ambiguous) as problem:
        raise click.UsageError(f"{file} is no campaign: {problem}.") from None


def _draft(host: Host, file: str, *, as_json: bool) -> Draft:
    try:
        draft: Draft = DRAFT_OF[host.channel].from_wire(_parameters(file))
    except InvalidParameters as error:
        _show_problems(error, as_json=as_json)
    return draft


def _show_problems(error: InvalidParameters, *, as_json: bool) -> NoReturn:
    """Print every problem on a line of its own, and leave."""
    if as_json:
        leave(error, as_json=True)
    print_error(f"The {error.what} cannot be sent:")
    for problem in error.problems:
        print_text(f"  {printable(str(problem))}", err=True)
    print_text("Nothing was sent.", err=True)
    raise click.exceptions.Exit(1) from None


def _warnings(draft: Draft) -> list[str]:
    return [printable(str(warning)) for warning in draft.warnings()]


def _print(campaign: Campaign, outcome: str, *, as_json: bool) -> None:
    if as_json:
        print_outcome(outcome, campaign=as_dict(campaign))
    else:
        print_rows(describe(campaign))


_DRY_RUN = click.option("--dry-run", is_flag=True, help="Check, and say what would be sent; send nothing.")


@click.command(epilog=ENVIRONMENT)
@_FILE
@_DRY_RUN
@YES
@host_options
def create(file: str, host: Host, as_json: bool, *, dry_run: bool, yes: bool) -> None:
    """Create a campaign from a FILE of parameters in the vendor's names: JSON, TOML, or - for standard input.

    Without a start in its schedule a campaign starts at once; that is asked about, or needs --yes.

    \b
    Examples:
      campaign-fsm create diwali.json --dry-run
      campaign-fsm create diwali.toml --yes
      campaign-fsm create - --channel voice --json < calls.json

    Exit code: 0 if it was created, 1 if the parameters break a documented limit or the
    policy refuses it, 2 if the server rejected it or the outcome is unknown.
    """
    draft = _draft(host, file, as_json=as_json)
    at_once = _at_once(draft.schedule)
    if dry_run:
        verdict = host.judge_create(draft)
        if not verdict:
            print_verdict(verdict, as_json=as_json)
        if as_json:
            print_outcome("valid", parameters=draft.to_wire(), warnings=_warnings(draft), starts_at_once=bool(at_once))
        else:
            print_value(draft.to_wire(), indent=1)
            for warning in _warnings(draft):
                print_warning(warning)
            if at_once:
                print_warning(at_once)
            print_text("Nothing was sent (dry run).", err=True)
        return
    try:
        with host.client(as_json=as_json) as client:
            if not yes and at_once:
                name = printable(draft.name or "-")
                confirm(client, "Create it?", [("name", name)], at_once, as_json=as_json)
            campaign = client.create(draft)
    except CampaignFsmError as error:
        leave(error, as_json=as_json)
    _print(campaign, "created", as_json=as_json)


def _at_once(schedule: Schedule | None) -> str | None:
    """Why a campaign with this schedule starts as soon as the server has it; None if it does not."""
    start = schedule.start if schedule else None
    if start is None:
        return "It has no start, so it starts at once."
    if start <= datetime.now(UTC):
        return f"Its start, {start.isoformat()}, has passed, so it starts at once."
    return None


def _setting(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    settings: dict[str, str] = {}
    for text in values:
        name, equals, value = text.partition("=")
        if not equals or not name or name in settings:
            raise click.BadParameter(f"{quoted(text, 60)} is not NAME=VALUE, or its name was given before.")
        settings[name] = value
    return settings


@click.command(epilog=ENVIRONMENT)
@CAMPAIGN_ID
@click.argument("file", type=click.Path(allow_dash=True), required=False)
@click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="NAME=VALUE",
    callback=_setting,
    help="One parameter, in the vendor's name; the value as JSON or plain text. May be repeated.",
)
@click.option("--partial", is_flag=True, help="Send only what --set names; no page says that the rest is kept.")
@_DRY_RUN
@YES
@STRICT
@host_options
def edit(
    campaign_id: str,
    file: str | None,
    changes: dict[str, Any],
    host: Host,
    as_json: bool,
    *,
    partial: bool,
    dry_run: bool,
    yes: bool,  # noqa: ARG001 (what every command with it has: it confirms, see `host_options`)
    strict: bool,
) -> None:
    """Set the parameters of a campaign: all of them from a FILE, or some with --set.

    All parameters can be set before the start, callback URLs on voice campaigns also after it.

    \b
    Examples:
      campaign-fsm edit 90dad70b939f469fbf8b801660148272 diwali.json
      campaign-fsm edit 90dad70b939f469fbf8b801660148272 --partial --set name=diwali-2
      campaign-fsm edit 90dad70b939f469fbf8b801660148272 --channel voice \\
        --set status_callback=https://example.com/done

    Exit code: 0 if it was applied, 1 if it was refused or overtaken,
    2 if the server rejected it or the outcome is unknown.
    """
    if (file is None) == (not changes):
        raise click.UsageError("give either a FILE with all parameters, or --set NAME=VALUE.")
    if file is not None and partial:
        raise click.UsageError("--partial goes with --set: a FILE holds all parameters.")
    draft = _draft(host, file, as_json=as_json) if file is not None else None
    try:
        with host.client(as_json=as_json, strict=strict) as client:
            given = _attributes(host.channel, changes)
            if dry_run:
                rehearsed = rehearse(client, lambda on: on.edit(campaign_id, draft, partial=partial, changes=given))
                print_verdict(rehearsed.verdict, as_json=as_json)
            campaign = client.edit(campaign_id, draft, partial=partial, **given)
    except InvalidParameters as error:
        _show_problems(error, as_json=as_json)
    except CampaignFsmError as error:
        leave(error, as_json=as_json)
    _print(campaign, "applied", as_json=as_json)


def _attributes(channel: Channel, changes: dict[str, str]) -> dict[str, Any]:
    """The changes under names that can be passed as arguments, with the values that they stand for.

    Digits stay a text unless the parameter is a number: DLT and sender ids are texts of digits.
    """
    specs = DRAFT_OF[channel].specs()
    given: dict[str, Any] = {}
    for name, text in changes.items():
        spec = specs.get(name)
        value: Any = text
        if text[:1] in ("{", "[", '"') or text in ("true", "false") or (spec and "int" in str(spec.type)):
            with contextlib.suppress(ValueError, RecursionError):
                value = json.loads(text)
        given[spec.name if spec else name] = value
    return given


if TYPE_CHECKING:
    _OfMoments = click.ParamType[datetime]
else:
    # Not every click that is allowed can subscript it when the program runs.
    _OfMoments = click.ParamType


class _Moment(_OfMoments):
    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        parsed = value if isinstance(value, datetime) else parse_time(value)
        if parsed is None:
            self.fail(f"{value!r} is no time with an offset, as in 2026-11-23T10:00:00+05:30.", param, ctx)
        return parsed


@click.command(epilog=ENVIRONMENT)
@CAMPAIGN_ID
@click.option("--start", type=_Moment(), help="The new start, with its offset.")
@click.option("--end", type=_Moment(), help="The new end, with its offset.")
@click.option("--resume", is_flag=True, help="Resume the campaign in the same request.")
@_DRY_RUN
@click.option("--yes", is_flag=True, help="Do not ask before a start that has passed.")
@STRICT
@host_options
def reschedule(
    campaign_id: str,
    start: datetime | None,
    end: datetime | None,
    *,
    host: Host,
    as_json: bool,
    resume: bool,
    dry_run: bool,
    yes: bool,
    strict: bool,
) -> None:
    """Give a campaign another schedule; after its start only a paused voice campaign, which is contested.

    \b
    Examples:
      campaign-fsm reschedule 90dad70b939f469fbf8b801660148272 --start 2026-11-23T10:00:00+05:30
      campaign-fsm reschedule 90dad70b939f469fbf8b801660148272 --channel voice \\
        --end 2026-11-24T18:00:00+05:30 --resume

    Exit code: 0 if it was applied, 1 if it was refused or overtaken,
    2 if the server rejected it or the outcome is unknown.
    """
    if start is None and end is None:
        raise click.UsageError("give a --start, an --end or both.")
    schedule = Schedule(start, end)
    try:
        with host.client(as_json=as_json, strict=strict) as client:
            if dry_run:
                rehearsed = rehearse(client, lambda on: on.reschedule(campaign_id, schedule, resume=resume))
                print_verdict(rehearsed.verdict, as_json=as_json, more=True)
            at_once = _at_once(schedule) if start else None
            if at_once and not yes:
                confirm(client, "Reschedule it?", [("campaign", campaign_id)], at_once, as_json=as_json)
            campaign = client.reschedule(campaign_id, schedule, resume=resume)
    except InvalidParameters as error:
        _show_problems(error, as_json=as_json)
    except CampaignFsmError as error:
        leave(error, as_json=as_json)
    _print(campaign, "applied", as_json=as_json)


@click.command(epilog=ENVIRONMENT)
@CAMPAIGN_ID
@_DRY_RUN
@YES
@STRICT
@host_options
def delete(campaign_id: str, host: Host, as_json: bool, *, dry_run: bool, yes: bool, strict: bool) -> None:
    """Delete a voice campaign that has not started. Cannot be undone, and is contested.

    \b
    Examples:
      campaign-fsm delete 90dad70b939f469fbf8b801660148272 --channel voice --dry-run
      campaign-fsm delete 90dad70b939f469fbf8b801660148272 --channel voice --yes

    Exit code: 0 if it is gone, 1 if it was refused or overtaken,
    2 if the server rejected it or the outcome is unknown.
    """
    try:
        with host.client(as_json=as_json, strict=strict) as client:
            if dry_run:
                print_verdict(rehearse(client, lambda on: on.delete(campaign_id)).verdict, as_json=as_json)
            if not yes:
                confirm_action(client, Action.DELETE, lambda on: on.delete(campaign_id), describe, as_json=as_json)
            campaign = client.delete(campaign_id)
    except CampaignFsmError as error:
        there = already(error)
        leave(error, as_json=as_json, there=there and f"{campaign_id} is {there}")
    _print(campaign, "deleted", as_json=as_json)

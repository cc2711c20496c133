"""`campaign-fsm create`, `edit` and `reschedule`: the parameters of a campaign, from a file or from options."""

from __future__ import annotations

import contextlib
import functools
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from campaign_fsm.cli.campaign import print_campaign
from campaign_fsm.cli.connection import ENVIRONMENT, Host, host_options
from campaign_fsm.cli.options import CAMPAIGN_ID, DRY_RUN, STRICT, YES, command
from campaign_fsm.cli.output import print_outcome, print_text, print_value, print_warning
from campaign_fsm.cli.rehearsal import confirm, print_verdict
from campaign_fsm.client import rehearse
from campaign_fsm.client.rehearsal import Rehearsed
from campaign_fsm.drafts import DRAFT_OF, Draft, changes_to_wire
from campaign_fsm.files import without_mark
from campaign_fsm.printable import printable, quoted
from campaign_fsm.rules import Channel
from campaign_fsm.strict.json import Ambiguous, read_object
from campaign_fsm.strict.toml import NotToml, read_toml
from campaign_fsm.verdict import Verdict
from campaign_fsm.wire.campaign import Campaign
from campaign_fsm.wire.schedule import Schedule, parse_time, read_schedule

_MOST = 4 * 2**20
_FILE = click.argument("file", type=click.Path(allow_dash=True))


def _parameters(file: str) -> dict[str, Any]:
    """The parameters in a JSON or TOML file, or as JSON on standard input."""
    if file == "-" and sys.stdin is None:
        raise click.UsageError("there is no standard input.")
    try:
        data = sys.stdin.buffer.read(_MOST + 1) if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise click.UsageError(f"{file} cannot be read: {error.strerror}.") from None
    if len(data) > _MOST:
        raise click.UsageError(f"{file} is larger than {_MOST} bytes; that is not a campaign.")
    try:
        return read_toml(data) if file.endswith(".toml") else read_object(without_mark(data))
    except (NotToml, Ambiguous) as problem:
        raise click.UsageError(f"{file} is not a campaign: {problem}.") from None


def _draft(host: Host, file: str) -> Draft:
    draft: Draft = DRAFT_OF[host.channel].from_wire(_parameters(file))
    return draft


@command(epilog=ENVIRONMENT)
@_FILE
@click.option("--dry-run", is_flag=True, help="Check the parameters and say what would be sent; send nothing.")
@YES
@host_options
def create(file: str, host: Host, as_json: bool, *, dry_run: bool, yes: bool) -> int | None:
    """Create a campaign from a FILE of parameters in the vendor's names: JSON, TOML, or - for standard input.

    A campaign without a start, or with one that has passed, starts at once. You are asked first; in a script, pass
    --yes.

    \b
    Examples:
      campaign-fsm create diwali.json --dry-run
      campaign-fsm create diwali.toml --yes
      campaign-fsm create - --channel voice --json < calls.json

    Exit code: 0 if it was created, 1 if the parameters break a documented limit or the
    policy refuses it, 2 if the server rejected it or the outcome is unknown.
    """
    draft = _draft(host, file)
    at_once = _at_once(draft.schedule)
    if dry_run:
        verdict = host.judge_create(draft)
        if not verdict:
            return print_verdict(verdict, as_json=as_json)
        _print_draft(draft, host, at_once, as_json=as_json)
        return None
    with host.client() as client:
        if at_once and not yes:
            name = printable(draft.name or "-")
            confirm(
                client,
                lambda: Rehearsed(host.judge_create(draft), None),
                "Create it?",
                at_once,
                lambda _: [("name", name)],
            )
        campaign = client.create(draft)
    print_campaign("created", campaign, as_json=as_json)
    return None


def _print_draft(draft: Draft, host: Host, at_once: str | None, *, as_json: bool) -> None:
    """What would be sent, and where; the parameters alone on the standard output, to be used as a file."""
    where, account = host.where()
    warnings = [printable(str(warning)) for warning in draft.warnings()]
    if as_json:
        print_outcome(
            "valid",
            method="POST",
            host=where,
            account=account,
            parameters=draft.to_wire(),
            warnings=warnings,
            starts_at_once=bool(at_once),
        )
        return
    print_value(draft.to_wire(), indent=1)
    for warning in (*warnings, *([at_once] if at_once else [])):
        print_warning(warning)
    to = f"{where}, account {account}" if where else "a host and an account that are not configured"
    print_text(f"Nothing was sent (dry run). It would be a POST to {to}.", err=True)


def _at_once(schedule: Schedule | None, without: str | None = "It has no start, so it starts at once.") -> str | None:
    """Why a campaign with this schedule starts as soon as the server has it; None if it does not.

    `without` is what there is to say of a schedule without a start.
    """
    start = schedule.start if schedule else None
    if start is None:
        return without
    if start <= datetime.now(UTC):
        return f"Its start, {start.isoformat()}, has passed, so it starts at once."
    return None


_UNKNOWN = "It has no start, and no page says that the campaign keeps its own: it may start at once."


def _setting(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    settings: dict[str, str] = {}
    for text in values:
        name, equals, value = text.partition("=")
        if not equals or not name or name in settings:
            raise click.BadParameter(f"{quoted(text, 60)} is not NAME=VALUE, or its name was given before.")
        settings[name] = value
    return settings


@command(epilog=ENVIRONMENT)
@CAMPAIGN_ID
@click.argument("file", type=click.Path(allow_dash=True), required=False)
@click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="NAME=VALUE",
    callback=_setting,
    help="One parameter by the vendor's name; the value is JSON or plain text. May be repeated.",
)
@click.option("--partial", is_flag=True, help="Send only what --set names. No page says that the rest is kept.")
@DRY_RUN
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
    yes: bool,
    strict: bool,
) -> int | None:
    """Set the parameters of a campaign: all of them from a FILE, or some with --set.

    All parameters can be set before the start, callback URLs of voice campaigns after it, too. A start that has passed,
    or a FILE without one, may start the campaign at once. You are asked first; in a script, pass --yes.

    \b
    Examples:
      campaign-fsm edit 90dad70b939f469fbf8b801660148272 diwali.json
      campaign-fsm edit 90dad70b939f469fbf8b801660148272 --partial \\
        --set name=diwali-2
      campaign-fsm edit 90dad70b939f469fbf8b801660148272 --channel voice \\
        --set status_callback=https://example.com/done

    Exit code: 0 if it was applied, 1 if it was refused or overtaken,
    2 if the server rejected it or the outcome is unknown.
    """
    if (file is None) == (not changes):
        raise click.UsageError("give either a FILE with all parameters, or --set NAME=VALUE.")
    if file is not None and partial:
        raise click.UsageError("--partial goes with --set: a FILE holds all parameters.")
    draft = _draft(host, file) if file is not None else None
    given = _attributes(host.channel, changes)
    if draft is not None:
        at_once = _at_once(draft.schedule, _UNKNOWN)
    else:
        start, end, _ = read_schedule(changes_to_wire(host.channel, given)[0], host.channel)
        at_once = _at_once(Schedule(start, end), None)
    with host.client(strict=strict) as client:
        judged = functools.partial(
            rehearse, client, lambda on: on.edit(campaign_id, draft, partial=partial, changes=given)
        )
        if dry_run:
            return _print_dry(judged().verdict, at_once, as_json=as_json, yes=yes)
        if at_once and not yes:
            confirm(client, judged, "Edit it?", at_once, _about)
        campaign = client.edit(campaign_id, draft, partial=partial, **given)
    print_campaign("applied", campaign, as_json=as_json)
    return None


def _about(campaign: Campaign) -> list[tuple[str, str]]:
    return [("campaign", f"{campaign.id} ({campaign.channel})")]


def _print_dry(verdict: Verdict, at_once: str | None, *, as_json: bool, yes: bool) -> int:
    return print_verdict(verdict, as_json=as_json, more=True, why=at_once, yes=yes, starts_at_once=bool(at_once))


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
            self.fail(f"{value!r} is not a time with an offset, such as 2026-11-23T10:00:00+05:30.", param, ctx)
        return parsed


@command(epilog=ENVIRONMENT)
@CAMPAIGN_ID
@click.option("--start", type=_Moment(), help="The new start, as 2026-11-23T10:00:00+05:30.")
@click.option("--end", type=_Moment(), help="The new end, in the same form.")
@click.option("--resume", is_flag=True, help="Resume the campaign in the same request (voice only).")
@DRY_RUN
@YES
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
) -> int | None:
    """Give a campaign another schedule.

    After its start only a paused voice campaign can get one, and the vendor's pages contradict each other about that.
    A --start that has passed starts it at once. You are asked first; in a script, pass --yes.

    \b
    Examples:
      campaign-fsm reschedule 90dad70b939f469fbf8b801660148272 \\
        --start 2026-11-23T10:00:00+05:30
      campaign-fsm reschedule 90dad70b939f469fbf8b801660148272 --channel voice \\
        --end 2026-11-24T18:00:00+05:30 --resume

    Exit code: 0 if it was applied, 1 if it was refused or overtaken,
    2 if the server rejected it or the outcome is unknown.
    """
    if start is None and end is None:
        raise click.UsageError("give a --start, an --end or both.")
    schedule = Schedule(start, end)
    at_once = _at_once(schedule, None)
    with host.client(strict=strict) as client:
        judged = functools.partial(rehearse, client, lambda on: on.reschedule(campaign_id, schedule, resume=resume))
        if dry_run:
            return _print_dry(judged().verdict, at_once, as_json=as_json, yes=yes)
        if at_once and not yes:
            confirm(client, judged, "Reschedule it?", at_once, _about)
        campaign = client.reschedule(campaign_id, schedule, resume=resume)
    print_campaign("applied", campaign, as_json=as_json)
    return None

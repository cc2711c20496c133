"""Where a command that talks to a server goes: its options, and the client that it gets."""

from __future__ import annotations

import contextlib
import functools
import logging
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import click
from attrs import frozen

from campaign_fsm.cli.failures import exit_code, outcome, told
from campaign_fsm.cli.offline import print_decision
from campaign_fsm.cli.say import hide, say
from campaign_fsm.cli.show import error_dict, print_outcome
from campaign_fsm.client import CampaignClient
from campaign_fsm.client.settings import resolve
from campaign_fsm.errors import CampaignFsmError, ConfigurationError
from campaign_fsm.gate import Wait
from campaign_fsm.policy import Policy, confirmed, find_configuration, is_confirmed, load_configuration
from campaign_fsm.printable import quoted
from campaign_fsm.rules import Action, Channel, Standing, Status
from campaign_fsm.verdict import Verdict, judge
from campaign_fsm.wire.drafts import Draft
from campaign_fsm.wire.intent import Intent
from campaign_fsm.wire.regions import HOST_OF
from campaign_fsm.wire.target import COLLECTION_OF, ID_RULE, Target, is_id
from campaign_fsm.words import listed

ENVIRONMENT = f"""
\b
Credentials come from the environment, never from the command line:
  EXOTEL_ACCOUNT_SID, EXOTEL_API_KEY, EXOTEL_API_TOKEN
  EXOTEL_REGION ({listed(HOST_OF, "or")}) or EXOTEL_BASE_URL
"""


_SETTINGS = ("region", "base_url", "timeout", "deadline", "budget", "trace", "policy")


@frozen
class Host:
    """Where a command goes."""

    channel: Channel
    region: str | None
    base_url: str | None
    timeout: float
    deadline: float
    budget: int | None
    trace: str | None
    policy: str | None

    def client(self, *, as_json: bool, **settings: Any) -> CampaignClient:
        try:
            client = CampaignClient(
                channel=self.channel,
                region=self.region,
                base_url=self.base_url,
                timeout=self.timeout,
                deadline=self.deadline,
                budget=self.budget,
                on_wait=_say_wait,
                trace=self.trace,
                policy=self.team(),
                **settings,
            )
        except OSError as error:
            raise click.UsageError(f"--trace {self.trace}: {error.strerror}.") from None
        except ConfigurationError as error:
            if not as_json:
                raise
            print_outcome("not configured", error=error_dict(error))
            raise click.exceptions.Exit(2) from None
        hide(client._secrets)  # noqa: SLF001 (nobody else has any use for them)
        return client

    def judge_create(self, draft: Draft) -> Verdict:
        """What would be decided of a create; needs no credentials, and then the policy is asked without a host."""
        where, account = None, None
        with contextlib.suppress(ConfigurationError):
            settings = resolve(channel=self.channel, region=self.region, base_url=self.base_url)
            where, account = urlsplit(settings.base_url).hostname, settings.account_sid
        intent = Intent(
            Action.CREATE, Target("", account or "", COLLECTION_OF[self.channel], None, ()), draft.to_wire()
        )
        now = datetime.now(UTC)
        return judge(intent, None, now, policy=self.team(), confirmed=is_confirmed(), host=where, account=account)

    def team(self) -> Policy | None:
        """What the team forbids, by the file that was named or the nearest one."""
        if self.policy == "none":
            return None
        found = self.policy or find_configuration(Path.cwd())
        return load_configuration(found).policy if found else None


def _say_wait(wait: Wait) -> None:
    say(f"waiting {wait.seconds:.0f} s for the account's request budget", err=True)


def _budget(_: click.Context, __: click.Parameter, value: int | None) -> int | None:
    if value == 1:
        raise click.BadParameter("a write takes two requests; give 2 or more, or 0 for no limit.")
    return value


def campaign_id_of(_: click.Context, __: click.Parameter, value: str) -> str:
    if not is_id(value):
        raise click.BadParameter(f"{ID_RULE}, not {quoted(value)}.")
    return value


def host_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options that say where a command goes; the command gets them as one `Host`, and `as_json`."""

    @functools.wraps(command)
    def with_host(**given: Any) -> None:
        _log_to_stderr(given.pop("verbose"))
        channel = Channel(given.pop("channel"))
        if given.get("yes"):
            click.get_current_context().with_resource(confirmed())
        host = Host(channel, **{name: given.pop(name) for name in _SETTINGS})
        command(host=host, **given)

    options = (
        click.option(
            "--channel", type=click.Choice([channel.value for channel in Channel]), default="message", show_default=True
        ),
        click.option("--region", type=click.Choice([*HOST_OF]), help="Instead of EXOTEL_REGION."),
        click.option("--base-url", metavar="URL", help="Instead of EXOTEL_BASE_URL, such as a simulator's."),
        click.option(
            "--timeout", type=click.FloatRange(min=0.1), default=10.0, show_default=True, help="Seconds a request."
        ),
        click.option(
            "--deadline",
            type=click.FloatRange(min=0),
            default=30.0,
            show_default=True,
            help="Seconds to go on trying what can be tried again.",
        ),
        click.option(
            "--budget",
            type=click.IntRange(min=0),
            callback=_budget,
            help="Requests a minute, 0 for no limit; default 30 on the vendor's hosts.",
        ),
        click.option(
            "--policy", metavar="FILE", help="The team's policy; unset: the nearest campaign-fsm.toml, none: no policy."
        ),
        click.option("--trace", metavar="FILE", help="Append what is read, decided, sent and answered, as JSON Lines."),
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


def show_verdict(verdict: Verdict, *, as_json: bool, more: bool = False) -> NoReturn:
    """Print what the gate would decide of a call, and leave with it; `more` was asked for than the action."""
    unknown = verdict.status is Status.UNKNOWN
    if as_json:
        print_outcome("unknown" if unknown else "legal" if verdict else "illegal", decision=verdict.as_dict())
    elif verdict or not verdict.life_cycle:
        print_decision(verdict)
        for warning in verdict.warnings if verdict.standing is not Standing.CONTESTED else ():
            say(f"{click.style('warning:', fg='yellow')} {warning}", err=True)
    else:
        # The status allows it, and something else is against it.
        said = click.style("REFUSED", fg="red", bold=True)
        say(f"{said}  {verdict.action} while {verdict.status}  ({verdict.code}, {verdict.channel})")
        say(f"  {verdict.reason}\n  {told(verdict.advice)}")
    if not as_json:
        say("Nothing was sent (dry run).")
    raise click.exceptions.Exit(2 if unknown else 0 if verdict or (verdict.already and not more) else 1)


def leave(error: CampaignFsmError, *, as_json: bool, there: str | None = None) -> NoReturn:
    """Print what came instead of a result, and leave with its exit code; `there` says that it is as wanted anyway."""
    if as_json:
        print_outcome("already there" if there else outcome(error), error=error_dict(error))
    elif there:
        say(there)
    else:
        say(click.style("error: ", fg="red") + told(error.message), err=True)
    raise click.exceptions.Exit(0 if there else exit_code(error)) from None


def confirm(question: str, rows: list[tuple[str, str]], why: str, *, as_json: bool) -> None:
    """Ask before what cannot be taken back; elsewhere than on a terminal, `--yes` has to be given."""
    message = f"{why} Pass --yes to do it without being asked."
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        if as_json:
            print_outcome("not confirmed", error={"type": "UsageError", "message": message})
            raise click.exceptions.Exit(2)
        raise click.UsageError(message)
    for label, value in rows:
        say(f"{label:<9}{value}", err=True)
    say(why, err=True)
    click.confirm(question, abort=True, err=True)
    click.get_current_context().with_resource(confirmed())

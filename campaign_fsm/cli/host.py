"""Where a command that talks to a server goes: its options, and the client that it gets."""

from __future__ import annotations

import contextlib
import functools
import logging
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import click
from attrs import frozen

from campaign_fsm.cli.options import CHANNEL, json_option
from campaign_fsm.cli.output import hide, print_text
from campaign_fsm.cli.outputs import STDOUT, keep_apart
from campaign_fsm.cli.show import error_dict, print_outcome
from campaign_fsm.client import CampaignClient
from campaign_fsm.client.endpoint import resolve
from campaign_fsm.drafts import Draft
from campaign_fsm.errors import ConfigurationError
from campaign_fsm.files import identity
from campaign_fsm.gate import Wait
from campaign_fsm.policy import Configuration, Policy, confirmed, is_confirmed, load_configuration, load_nearest
from campaign_fsm.rules import Action, Channel
from campaign_fsm.trace import TraceFile
from campaign_fsm.verdict import Verdict, judge
from campaign_fsm.waiting import DEADLINE
from campaign_fsm.wire.hosts import HOST_OF
from campaign_fsm.wire.intent import Intent
from campaign_fsm.wire.target import COLLECTION_OF, Target
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
        configuration = self._configuration()
        trace = self._trace(configuration)
        try:
            client = CampaignClient(
                channel=self.channel,
                region=self.region,
                base_url=self.base_url,
                timeout=self.timeout,
                deadline=self.deadline,
                budget=self.budget,
                on_wait=_report_wait,
                trace=trace,
                policy=configuration.policy if configuration else None,
                **settings,
            )
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
        configuration = self._configuration()
        return configuration.policy if configuration else None

    def _configuration(self) -> Configuration | None:
        if self.policy == "none":
            return None
        return load_configuration(self.policy) if self.policy else load_nearest()

    def _trace(self, configuration: Configuration | None) -> TraceFile | None:
        if self.trace is None:
            return None
        if configuration:
            keep_apart([self.trace], {identity(configuration.path)})
        try:
            return TraceFile(self.trace)
        except OSError as error:
            raise click.UsageError(f"--trace {self.trace}: {error.strerror}.") from None


def _report_wait(wait: Wait) -> None:
    print_text(f"waiting {wait.seconds:.0f} s for the account's request budget", err=True)


def _budget(_: click.Context, __: click.Parameter, value: int | None) -> int | None:
    if value == 1:
        raise click.BadParameter("a write takes two requests; give 2 or more, or 0 for no limit.")
    return value


def host_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options that say where a command goes; the command gets them as one `Host`, and `as_json`."""

    @functools.wraps(command)
    def with_host(**given: Any) -> None:
        context = click.get_current_context()
        context.with_resource(_logging_to_stderr(given.pop("verbose")))
        channel = Channel(given.pop("channel"))
        if given.get("yes"):
            context.with_resource(confirmed())
        host = Host(channel, **{name: given.pop(name) for name in _SETTINGS})
        written = [STDOUT] if host.trace is None else [STDOUT, host.trace]
        keep_apart(written, {identity(0 if file == "-" else file)} if (file := given.get("file")) else set())
        command(host=host, **given)

    options = (
        CHANNEL,
        click.option("--region", type=click.Choice([*HOST_OF]), help="Instead of EXOTEL_REGION."),
        click.option("--base-url", metavar="URL", help="Instead of EXOTEL_BASE_URL, such as a simulator's."),
        click.option(
            "--timeout", type=click.FloatRange(min=0.1), default=10.0, show_default=True, help="Seconds a request."
        ),
        click.option(
            "--deadline",
            type=click.FloatRange(min=0),
            default=DEADLINE,
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
        json_option(),
        click.option("-v", "--verbose", is_flag=True, help="Log every request to standard error."),
    )
    for option in reversed(options):
        with_host = option(with_host)
    return with_host


@contextlib.contextmanager
def _logging_to_stderr(verbose: bool) -> Iterator[None]:
    """Log to standard error, and leave the logger as it was: whoever calls the command line in process has his own."""
    logger = logging.getLogger("campaign_fsm")
    handlers, level = logger.handlers, logger.level
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger.handlers = [handler]
    logger.setLevel(logging.INFO if verbose else logging.WARNING)
    try:
        yield
    finally:
        logger.handlers = handlers
        logger.setLevel(level)

"""How a command reaches the server: the options that say so, and the client that it gets."""

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
from click.core import ParameterSource

from campaign_fsm.cli.files import STDOUT, keep_apart
from campaign_fsm.cli.options import CommonOption, Seconds, channel_option, json_option
from campaign_fsm.cli.output import hide, print_text, print_warning
from campaign_fsm.client import CampaignClient
from campaign_fsm.client.endpoint import resolve
from campaign_fsm.drafts import Draft
from campaign_fsm.errors import ConfigurationError
from campaign_fsm.files import identity
from campaign_fsm.gate import Wait
from campaign_fsm.policy import Configuration, confirmed, is_confirmed, load_configuration, load_nearest
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
    names_channel: bool = True
    """Whether the command line names the channel; else it is the default."""

    def client(self, **settings: Any) -> CampaignClient:
        """A client with these settings and those of the command line.

        Raises:
            ConfigurationError: Something is missing or wrong.
            PolicyError: The policy's file cannot be used.
            UsageError: The trace cannot be written.
        """
        configuration = self._configuration()
        client = CampaignClient(
            channel=self.channel,
            region=self.region,
            base_url=self.base_url,
            timeout=self.timeout,
            deadline=self.deadline,
            budget=self.budget,
            on_wait=settings.pop("on_wait", report_wait),
            trace=self._trace(configuration),
            policy=configuration.policy if configuration else None,
            **settings,
        )
        hide(client._secrets)  # noqa: SLF001 (nobody else has any use for them)
        return client

    def where(self) -> tuple[str | None, str | None]:
        """The host and the account, each None as long as it is not configured; needs no credentials."""
        try:
            settings = resolve(channel=self.channel, region=self.region, base_url=self.base_url)
        except ConfigurationError:
            return None, None
        return urlsplit(settings.base_url).hostname, settings.account_sid

    def judge_create(self, draft: Draft) -> Verdict:
        """What would be decided of a create; without credentials the policy is asked without a host."""
        host, account = self.where()
        intent = Intent(
            Action.CREATE, Target("", account or "", COLLECTION_OF[self.channel], None, ()), draft.to_wire()
        )
        configuration = self._configuration()
        return judge(
            intent,
            None,
            datetime.now(UTC),
            policy=configuration.policy if configuration else None,
            confirmed=is_confirmed(),
            host=host,
            account=account,
        )

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


def report_wait(wait: Wait) -> None:
    print_text(f"waiting {wait.seconds:.0f} s for the account's request budget", err=True)


def _budget(_: click.Context, __: click.Parameter, value: int | None) -> int | None:
    if value == 1:
        raise click.BadParameter("a write takes two requests; give 2 or more, or 0 for no limit.")
    return value


_option = functools.partial(click.option, cls=CommonOption)
_SECONDS = Seconds(min=0.1)
_OPTIONS = (
    channel_option(cls=CommonOption),
    _option("--region", type=click.Choice([*HOST_OF]), help="The vendor's region, instead of EXOTEL_REGION."),
    _option("--base-url", metavar="URL", help="The server, such as a simulator, instead of EXOTEL_BASE_URL."),
    _option(
        "--request-timeout",
        "timeout",
        type=_SECONDS,
        default=10.0,
        show_default=True,
        metavar="SECONDS",
        help="How long one request may take.",
    ),
    _option("--timeout", "older_timeout", type=_SECONDS, hidden=True),
    _option(
        "--deadline",
        type=Seconds(min=0),
        default=DEADLINE,
        show_default=True,
        metavar="SECONDS",
        help="How long to retry what is safe to retry.",
    ),
    _option(
        "--budget",
        type=click.IntRange(min=0),
        callback=_budget,
        metavar="COUNT",
        help="Requests a minute; 0 is no limit. Default: 30 on the vendor's hosts.",
    ),
    _option(
        "--policy",
        metavar="FILE",
        help="A policy file, or the word none. Default: the nearest campaign-fsm.toml or pyproject.toml.",
    ),
    _option("--trace", metavar="FILE", help="Append what is read, decided, sent and answered, as JSON Lines."),
    json_option("Print JSON, for machines: one object, or one a line."),
    _option("-v", "--verbose", is_flag=True, help="Log every request to standard error."),
)


def host_options(
    function: Callable[..., int | None], *, channel: Callable[..., Any] | None = None
) -> Callable[..., int | None]:
    """The options that say where a command goes; the command gets them as one `Host`, and `as_json`.

    `channel` is an option of its own instead of the common one, without a default.
    """

    @functools.wraps(function)
    def with_host(**given: Any) -> int | None:
        context = click.get_current_context()
        context.with_resource(_logging_to_stderr(given.pop("verbose")))
        older_timeout = given.pop("older_timeout")
        if older_timeout is not None:
            if context.get_parameter_source("timeout") is not ParameterSource.DEFAULT:
                raise click.UsageError("--timeout is the older name of --request-timeout; give one of them.")
            given["timeout"] = older_timeout
            if context.command.name == "watch":
                print_warning("--timeout is for each request (now --request-timeout); --for is how long to watch.")
        named = given.pop("channel")
        kind = Channel.MESSAGE if named is None else Channel(named)
        if given.get("yes"):
            context.with_resource(confirmed())
        host = Host(kind, **{name: given.pop(name) for name in _SETTINGS}, names_channel=named is not None)
        written = [STDOUT] if host.trace is None else [STDOUT, host.trace]
        keep_apart(written, {identity(0 if file == "-" else file)} if (file := given.get("file")) else set())
        return function(host=host, **given)

    for option in reversed(_OPTIONS if channel is None else (channel, *_OPTIONS[1:])):
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

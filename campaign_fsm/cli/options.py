"""Options and arguments that more than one command has, and how `--help` shows them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, NamedTuple

import click

from campaign_fsm.rules import STATUSES, Channel


class CommonOption(click.Option):
    """An option that many commands have: `--help` shows it after a command's own."""


class _Command(click.Command):
    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, and exit with the code that it returns."""
        code = super().invoke(ctx)
        if code:
            ctx.exit(code)
        return code

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """A command's own options, and in a section below them those that it shares with others."""
        own: list[tuple[str, str]] = []
        common: list[tuple[str, str]] = []
        for param in self.get_params(ctx):
            if isinstance(param, click.Option) and (record := param.get_help_record(ctx)):
                shared = isinstance(param, CommonOption) or param is self.get_help_option(ctx)
                (common if shared else own).append(record)
        for heading, records in (("Options", own), ("Common options", common)) if own else (("Options", common),):
            with formatter.section(heading):
                formatter.write_dl(records)


def command(name: str | None = None, **settings: Any) -> Callable[[Callable[..., Any]], click.Command]:
    """`click.command`, for a function that returns its exit code (None is 0)."""
    return click.command(name, cls=_Command, **settings)


class Seconds(click.FloatRange):
    """A length of time that can be waited for; a range alone lets `nan` pass, and `inf`."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        seconds = super().convert(value, param, ctx)
        if not seconds < _LONGEST:
            self.fail(f"{value} is not a number of seconds that can be waited for.", param, ctx)
        return seconds


_LONGEST = 1e9
STATUS = click.Choice([status.value for status in STATUSES])
ANY_STATUS = click.option(
    "--status",
    "statuses",
    type=STATUS,
    multiple=True,
    metavar="STATUS",
    help=f"Only campaigns of this status: {', '.join(STATUS.choices)}. May be repeated.",
)
STATUS_NAMES = ", ".join(STATUS.choices)
CHANNELS = click.Choice([channel.value for channel in Channel])
channel_option = partial(
    click.option, "--channel", type=CHANNELS, default="message", show_default=True, help="The kind of campaign."
)
CHANNEL = channel_option()
STRICT = click.option("--strict", is_flag=True, help="Refuse what the vendor's pages contradict each other about.")
YES = click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
DRY_RUN = click.option("--dry-run", is_flag=True, help="Read the campaign and say what would happen; change nothing.")
LIMIT = click.option("--limit", type=click.IntRange(min=1), metavar="COUNT", help="At most this many.")


def json_option(text: str = "Print one JSON object, for machines.") -> Callable[..., Any]:
    """``--json``, with what it does."""
    return click.option("--json", "as_json", is_flag=True, help=text, cls=CommonOption)


def _campaign_id(_: click.Context, __: click.Parameter, value: str) -> str:
    from campaign_fsm.wire.target import ID_RULE, is_id

    if not is_id(value):
        from campaign_fsm.printable import quoted

        raise click.BadParameter(f"{ID_RULE}, not {quoted(value)}.")
    return value


class Chosen(NamedTuple):
    """The campaigns that a command is about, each once; `several` if there may be more than one."""

    ids: tuple[str, ...]
    several: bool


def _campaign_ids(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> Chosen:
    """The ids, each once and in their order; ``-`` stands for those on the standard input."""
    if ctx.resilient_parsing:  # a shell completes the command: nothing is read for that
        return Chosen(values, several=False)
    given = [one for value in values for one in (_ids_on_stdin() if value == "-" else [value])]
    ids = tuple(dict.fromkeys(_campaign_id(ctx, param, one) for one in given))
    return Chosen(ids, several="-" in values or len(values) > 1)


def _ids_on_stdin() -> list[str]:
    """One id a line. A second word on a line may be of a name, which is no id that anybody has chosen."""
    try:
        lines = sys.stdin.read().removeprefix("\ufeff").split("\n") if sys.stdin is not None else []
    except UnicodeDecodeError:
        raise click.BadParameter("the standard input is not text.") from None
    ids = [line.strip() for line in lines if line.strip()]
    if not ids:
        raise click.BadParameter("there is no id on the standard input.")
    if odd := next((one for one in ids if one.startswith("-") or len(one.split()) > 1), None):
        from campaign_fsm.printable import quoted

        raise click.BadParameter(f"the standard input is to have one id on each line, not {quoted(odd)}.")
    return ids


CAMPAIGN_ID = click.argument("campaign_id", metavar="ID", callback=_campaign_id)
CAMPAIGN_IDS = click.argument("campaign_ids", metavar="[ID]...", nargs=-1, callback=_campaign_ids)


def completing(known: Iterable[str]) -> Callable[[click.Context, click.Parameter, str], list[str]]:
    """What a shell offers for a value that is one of the known ones, whatever the case."""
    return lambda _, __, incomplete: [name for name in known if name.lower().startswith(incomplete.lower())]


def not_one_of(value: str, problem: str, known: Iterable[str]) -> click.BadParameter:
    """The error about a value that is none of the known ones, with the one that may be meant."""
    from campaign_fsm.words import did_you_mean

    known = list(known)
    meant = did_you_mean(value, known)
    use = f"{meant} Use" if meant else "use"
    return click.BadParameter(f"{value!r} {problem}; {use} one of {', '.join(known)}.")

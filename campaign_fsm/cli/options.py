"""Options and arguments that more than one command has."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import click

from campaign_fsm.rules import STATUSES, Channel

STATUS = click.Choice([status.value for status in STATUSES])
CHANNELS = click.Choice([channel.value for channel in Channel])
CHANNEL = click.option("--channel", type=CHANNELS, default="message", show_default=True)
STRICT = click.option("--strict", is_flag=True, help="Refuse what the vendor's pages contradict each other about.")
YES = click.option("--yes", is_flag=True, help="Do not ask before what cannot be undone.")


def json_option(text: str = "Print one JSON object, for machines.") -> Callable[..., Any]:
    """``--json``, with what it does."""
    return click.option("--json", "as_json", is_flag=True, help=text)


def _campaign_id(_: click.Context, __: click.Parameter, value: str) -> str:
    from campaign_fsm.wire.target import ID_RULE, is_id

    if not is_id(value):
        from campaign_fsm.printable import quoted

        raise click.BadParameter(f"{ID_RULE}, not {quoted(value)}.")
    return value


CAMPAIGN_ID = click.argument("campaign_id", metavar="ID", callback=_campaign_id)


def not_one_of(value: str, problem: str, known: Iterable[str]) -> click.BadParameter:
    """The error about a value that is none of the known ones, with the one that may be meant."""
    from campaign_fsm.words import did_you_mean

    known = list(known)
    meant = did_you_mean(value, known)
    return click.BadParameter(f"{value!r} {problem}; {meant and f'{meant} '}there are {', '.join(known)}.")

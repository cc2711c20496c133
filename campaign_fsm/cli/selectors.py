"""The options that say which campaigns a command is about, where nobody writes down their ids."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import click

from campaign_fsm.cli.options import ANY_STATUS, Chosen
from campaign_fsm.client.many import Selection
from campaign_fsm.printable import quoted
from campaign_fsm.rules import Action, Channel
from campaign_fsm.words import listed

Choose = Callable[[tuple[Channel, ...]], Selection]
"""Gives what is selected of some channels."""
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_LONGEST: Final = timedelta(days=36525)
# What somebody in a hurry may write.
_WORDS: Final = {"all": "--all", "everything": "--all"}
_NAMES: Final = ("select_all", "names", "statuses", "older", "newer")


class _Age(click.ParamType):  # type: ignore[type-arg]  # click 8.2 has no type arguments
    """A length of time, such as ``90m``."""

    name = "age"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        found = re.fullmatch(r"([0-9]{1,6})([smhd])", str(value))
        if found is None:
            self.fail(f"{quoted(value)} is no age; write a number and s, m, h or d, such as 90m.", param, ctx)
        age = timedelta(**{_UNITS[found[2]]: int(found[1])})
        if not timedelta() < age <= _LONGEST:
            self.fail(f"{value} is not between a second and a hundred years.", param, ctx)
        return age


_AGE: Final = _Age()
_OPTIONS: Final = (
    click.option("--all", "select_all", is_flag=True, help="Every campaign of which it is legal."),
    click.option(
        "--name",
        "names",
        multiple=True,
        metavar="PATTERN",
        help="Only campaigns whose whole name fits, such as 'otp-*', in quotes; case counts. May be repeated.",
    ),
    ANY_STATUS,
    click.option("--older-than", "older", type=_AGE, metavar="AGE", help="Only what was created longer ago: 90m, 2h."),
    click.option("--newer-than", "newer", type=_AGE, metavar="AGE", help="Only what was created less long ago."),
)


def selectors(action: Action) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The options; the command gets what is selected as `selection`, a function of the channels.

    It also gets `campaign_ids`, the ids that are given instead.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def with_selection(*, campaign_ids: Chosen, **given: Any) -> Any:
            chosen = {name: given.pop(name) for name in _NAMES}
            if any(chosen.values()) and campaign_ids.ids:
                raise click.UsageError("give ids, or options that say which campaigns, not both.")
            if not any(chosen.values()) and not campaign_ids.ids:
                raise click.UsageError(
                    "say which campaigns: ids, - for ids on the standard input, --name, --status, --older-than, "
                    "--newer-than, or --all."
                )
            if chosen["select_all"] and any(value for name, value in chosen.items() if name != "select_all"):
                raise click.UsageError("--all is every campaign; leave it out to have only some.")
            if odd := next((one for one in campaign_ids.ids if one in _WORDS), None):
                raise click.UsageError(f"{odd!r} would be the id of a campaign; the option is {_WORDS[odd]}.")
            if "" in chosen["names"]:
                raise click.UsageError("--name is empty; --name '*' fits any name.")
            selection = None if campaign_ids.ids else functools.partial(_selection, action, chosen)
            return function(campaign_ids=campaign_ids, selection=selection, **given)

        for option in reversed(_OPTIONS):
            with_selection = option(with_selection)
        return with_selection

    return decorate


def _selection(action: Action, chosen: dict[str, Any], channels: tuple[Channel, ...]) -> Selection:
    """What the options select.

    Raises:
        UsageError: The action is legal in none of the statuses.
    """
    now = datetime.now(UTC)
    selection = Selection(
        statuses=chosen["statuses"],
        names=chosen["names"],
        created_after=chosen["newer"] and now - chosen["newer"],
        created_before=chosen["older"] and now - chosen["older"],
        channels=channels,
    )
    legal = {status for channel in channels for status in Selection().statuses_for(action, channel)}
    if not legal:
        raise click.UsageError(f"{action} is legal for no {listed(channels, 'or')} campaign.")
    if odd := [status for status in chosen["statuses"] if status not in legal]:
        raise click.UsageError(f"--status {odd[0]}: {action} is legal only of {listed(sorted(legal), 'or')} campaigns.")
    return selection

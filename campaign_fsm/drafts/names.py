"""What other places call the documented parameters, and the lengths of a name that the pages disagree about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from attrs import frozen

from campaign_fsm.errors import FieldProblem
from campaign_fsm.rules import PAGES, Channel

_GUIDE: Final = f"only {PAGES['creating-sms-campaign'].title!r}"


@frozen
class OtherName:
    """A name that is not the documented one.

    Attributes:
        means: The documented name, parts of nested ones with a dot; empty if there is none.
        said_by: Who has this name.
    """

    means: str
    said_by: str

    def __str__(self) -> str:
        has = f"{self.said_by} has this one"
        return f"the documented name is {self.means}; {has}" if self.means else has


def _names(said_by: str, **means: str) -> dict[str, OtherName]:
    return {name.replace("__", "."): OtherName(documented, said_by) for name, documented in means.items()}


# On top of a draft, and with a dot in its schedule. Only what surely means the same has a documented name.
OTHER_NAMES: Final[dict[Channel, dict[str, OtherName]]] = {
    Channel.MESSAGE: {
        **_names(
            _GUIDE,
            body="template",
            campaign_type="content_type",
            send_at="schedule.start_time",
            end_at="schedule.end_time",
            throttle="",
        ),
        **_names(
            repr(PAGES["campaign-scheduling"].title),
            schedule__send_at="schedule.start_time",
            schedule__end_at="schedule.end_time",
        ),
        # The names of exotelpy, which creates campaigns with them.
        **_names(
            "a public client, and no page,",
            **{"from": "sender_id"},
            template_id="dlt_template_id",
            message_type="sms_type",
            message_status_callback="sms_status_callback",
        ),
    },
    Channel.VOICE: _names(
        "a message campaign",
        content_type="campaign_type",
        start_time="schedule.send_at",
        end_time="schedule.end_at",
        schedule__start_time="schedule.send_at",
        schedule__end_time="schedule.end_at",
    ),
}
SHORT_TYPES: Final = f"{_GUIDE} has trans and promo for them"


def short_name(name: str | None, takes: str, asks_for_more: str) -> Iterator[FieldProblem]:
    """A name of the 3 characters that one page takes, by its key, and for which another asks for more."""
    if name is not None and len(name) == 3:
        rule = f"{PAGES[takes].title!r} asks for at least 3 characters, {PAGES[asks_for_more].title!r} for more"
        yield FieldProblem("name", rule, repr(name))

"""What other places call the documented parameters, and the lengths of a name that the pages disagree about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from attrs import frozen

from campaign_fsm.errors import FieldProblem
from campaign_fsm.rules import PAGES, Channel
from campaign_fsm.wire.schedule import SCHEDULE_KEYS

# Of https://developer.exotel.com/docs/campaign-guides/creating-sms-campaign.
GUIDE_NAMES: Final = {"body": "template", "campaign_type": "content_type"}
"""The names of the guide on message campaigns, and what the reference calls them."""
GUIDE_TIMES: Final = dict(zip(SCHEDULE_KEYS[Channel.VOICE], SCHEDULE_KEYS[Channel.MESSAGE], strict=True))
"""The times of a schedule in the guide, and what the reference calls them."""
SHORT_TYPES: Final = {"trans": "transactional", "promo": "promotional"}
"""The values of ``sms_type`` in the guide, and what the reference calls them."""

_GUIDE: Final = f"only {PAGES['creating-sms-campaign'].title!r}"
SHORT_TYPES_SAID: Final = f"{_GUIDE} has {' and '.join(SHORT_TYPES)} for them"


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
            **GUIDE_NAMES,
            **{key: f"schedule.{own}" for key, own in GUIDE_TIMES.items()},
            throttle="",
        ),
        **_names(
            repr(PAGES["campaign-scheduling"].title),
            **{f"schedule__{key}": f"schedule.{own}" for key, own in GUIDE_TIMES.items()},
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


def short_name(name: str | None, takes: str, asks_for_more: str) -> Iterator[FieldProblem]:
    """A name of the 3 characters that one page takes, by its key, and for which another asks for more."""
    if name is not None and len(name) == 3:
        rule = f"{PAGES[takes].title!r} asks for at least 3 characters, {PAGES[asks_for_more].title!r} for more"
        yield FieldProblem("name", rule, repr(name))

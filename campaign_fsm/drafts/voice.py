"""The parameters of a voice campaign."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, ClassVar

from attrs import field, frozen

from campaign_fsm.drafts import limits
from campaign_fsm.drafts.base import BaseDraft, limit
from campaign_fsm.drafts.preview import form, preview, shown_url
from campaign_fsm.drafts.retries import Retries
from campaign_fsm.drafts.schedule import schedule_warnings
from campaign_fsm.drafts.unfilled import unfilled
from campaign_fsm.errors import FieldProblem
from campaign_fsm.rules import PAGES, Channel
from campaign_fsm.wire.schedule import Schedule
from campaign_fsm.words import counted


@frozen(kw_only=True)
class VoiceCampaignDraft(BaseDraft):
    """The parameters of a call campaign, for a create or a whole edit.

    Source: https://developer.exotel.com/api/create-campaign.

    Refused, because the pages say so plainly: neither or both of `from_` and `lists`, more than 5000
    numbers or something that is no number, more than 5 lists (1 if dynamic), a value that is not on its
    list, retries outside 0 to 3, a name of less than 3 characters, an end before the start, a time
    without a zone, a URL that is none. Warned about only: numbers that are not in E.164 (which the page
    only prefers) or not valid by their country's plan, a text to read out with a ``{#var#}``, a ``{{name}}`` or, in a
    static campaign, a ``@@column``, a start less than 10 minutes ahead.

    With the extra ``phone`` numbers are checked by `phonenumbers`, without it by their shape.

    Attributes:
        caller_id: The virtual number that calls.
        from_: Numbers to call, 1 to 5000; ``from`` on the wire. Or `lists`.
        lists: Ids of contact lists: 1 to 5, exactly 1 if dynamic. Or `from_`.
        campaign_type: ``"static"`` or ``"dynamic"``.
        flow_type: ``"ivr"`` or ``"greeting"``.
        url: The flow that answers.
        read_via_text: The text that is read out.
        name: At least 3 characters.
        type: ``"trans"``.
        call_duplicate_numbers: Whether a number that occurs twice is called twice.
        retries: How often, and when, a number is tried again.
        schedule: When it starts and ends; without a start it starts at once.
        call_status_callback: A URL that is notified of each call.
        call_schedule_callback: A URL that is notified of the schedule.
        status_callback: A URL that is notified when the campaign ends.
        mode: ``"auto"`` or ``"custom"``.
        throttle: Calls a minute, for mode ``"custom"``.
        custom_field: A text for the URL of the call flow's applet.
        repeat_menu_attempts: How often a menu is repeated.

    Raises:
        InvalidParameters: With every field's problem.
    """

    channel: ClassVar[Channel] = Channel.VOICE

    caller_id: str = field(repr=form, metadata=limit(limits.caller_id, required=True))
    from_: Sequence[str] | None = field(
        default=None, converter=limits.kept, repr=form, metadata=limit(limits.phone_numbers, wire="from")
    )
    lists: Sequence[str] | None = field(default=None, converter=limits.kept, metadata=limit(limits.list_ids))
    campaign_type: str | None = field(default=None, metadata=limit(limits.one_of("static", "dynamic")))
    flow_type: str | None = field(default=None, metadata=limit(limits.one_of("ivr", "greeting")))
    url: str | None = field(default=None, repr=shown_url, metadata=limit(limits.url))
    read_via_text: str | None = field(default=None, repr=form, metadata=limit(limits.text()))
    name: str | None = field(default=None, metadata=limit(limits.text(3)))
    type: str | None = field(default=None, metadata=limit(limits.one_of("trans")))
    call_duplicate_numbers: bool | None = field(default=None, metadata=limit(limits.boolean))
    retries: Retries | None = field(default=None, metadata=limit(None))
    schedule: Schedule | None = field(default=None, metadata=limit(None))
    call_status_callback: str | None = field(default=None, repr=shown_url, metadata=limit(limits.url))
    call_schedule_callback: str | None = field(default=None, repr=shown_url, metadata=limit(limits.url))
    status_callback: str | None = field(default=None, repr=shown_url, metadata=limit(limits.url))
    mode: str | None = field(default=None, metadata=limit(limits.one_of("auto", "custom")))
    throttle: int | None = field(default=None, metadata=limit(limits.whole(1)))
    custom_field: str | None = field(default=None, repr=form, metadata=limit(limits.text()))
    repeat_menu_attempts: int | None = field(default=None, metadata=limit(limits.whole(0)))

    def _across(self, given: dict[str, Any], *, partial: bool) -> Iterator[FieldProblem]:
        both = [name for name in ("from", "lists") if name in given]
        if len(both) == 2 or (not both and not partial):
            yield FieldProblem("from and lists", "exactly one of the two", "both" if both else "neither")
        lists = given.get("lists")
        if given.get("campaign_type") == "dynamic" and isinstance(lists, list | tuple) and len(lists) > 1:
            yield FieldProblem("lists", "exactly 1 list id, because the campaign is dynamic", preview("lists", lists))

    def _warnings(self, now: datetime) -> Iterator[FieldProblem]:
        numbers = self.from_ or ()
        local = sum(not re.fullmatch(r"\+[0-9]+", number) for number in numbers)
        if local:
            yield FieldProblem(
                "from",
                f"{PAGES['create-campaign'].title!r} prefers E.164: +, the country code, digits alone",
                counted(local, "other"),
            )
        invalid = limits.invalid_by_plan(numbers)
        if invalid:
            yield FieldProblem("from", "numbers that are valid in their country's plan", f"{invalid} that are not")
        yield from unfilled("read_via_text", self.read_via_text, "campaign_type", self.campaign_type)
        yield from schedule_warnings(self.schedule, self.channel, now)

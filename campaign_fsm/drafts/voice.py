"""The parameters of a voice campaign."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, ClassVar, Final

from attrs import field, frozen

from campaign_fsm.drafts import limits
from campaign_fsm.drafts.base import BaseDraft, limit
from campaign_fsm.drafts.names import short_name
from campaign_fsm.drafts.preview import form, preview, shown_url
from campaign_fsm.drafts.retries import Retries
from campaign_fsm.drafts.schedule import schedule_warnings
from campaign_fsm.drafts.unfilled import unfilled
from campaign_fsm.errors import FieldProblem
from campaign_fsm.rules import PAGES, Channel
from campaign_fsm.wire.schedule import Schedule
from campaign_fsm.words import counted

# The limit of an account for which nothing else was agreed, by the guide.
_CALLS_A_MINUTE: Final = 60
# What the guide requires for each type of flow.
_ANSWERED_BY: Final = {"ivr": "url", "greeting": "read_via_text"}


@frozen(kw_only=True)
class VoiceCampaignDraft(BaseDraft):
    """The parameters of a call campaign, for a create or a whole edit.

    Source: https://developer.exotel.com/api/create-campaign. Below, the reference is
    https://developer.exotel.com/docs/campaigns/api-reference/create-campaign and the guide
    https://developer.exotel.com/docs/campaign-guides/creating-voice-campaign.

    Refused, because the pages say so plainly: neither or both of `from_` and `lists`, more than 5000
    numbers or something that is no number, more than 5 lists (1 if dynamic), a value that is not on its
    list, retries outside 0 to 3 or without an interval (see `Retries`), a name of less than 3 characters,
    an end before the start, a time without a zone, a URL that is none.

    Warned about only:

    - numbers that are not in E.164 (which the page only prefers) or not valid by their country's plan: one invalid
      number fails the whole create
      (https://support.exotel.com/support/solutions/articles/3000085835-how-does-the-campaigns-api-work)
    - a text to read out with a ``{#var#}``, a ``{{name}}`` or, in a static campaign, a ``@@column``
    - a start that is not in the future (https://developer.exotel.com/docs/campaign-guides/campaign-scheduling)
    - a name of 3 characters: the reference takes them, that page asks for more
    - both or neither of `url` and `read_via_text`, or not the one that the guide requires for the `flow_type`: that
      page has a text for both types, and a `url` where a call flow is selected
    - a `throttle` without mode ``"custom"``, or above 59: the reference takes it up to the account's limit less 1, and
      by the guide that is 60 by default
    - `repeat_menu_attempts` without flow type ``"ivr"``

    With the extra ``phone`` numbers are checked by `phonenumbers`, without it by their shape.

    Attributes:
        caller_id: The virtual number that calls.
        from_: Numbers to call, 1 to 5000, also as one text with commas, as the reference has them; ``from`` on the
            wire, sent as a list. Or `lists`.
        lists: Ids of contact lists: 1 to 5, exactly 1 if dynamic. Or `from_`.
        campaign_type: ``"static"`` or ``"dynamic"``.
        flow_type: ``"ivr"`` or ``"greeting"``.
        url: The flow that answers. Or `read_via_text`.
        read_via_text: The text that is read out. Or `url`.
        name: At least 3 characters.
        type: ``"trans"``.
        call_duplicate_numbers: Whether a number that occurs twice is called twice.
        retries: How often, and when, a number is tried again.
        schedule: When it starts and ends; without a start it starts at once.
        call_status_callback: A URL that is notified of each call, those that are tried again too.
        call_schedule_callback: A URL that is notified when a number is not tried any more
            (https://developer.exotel.com/docs/campaigns/api-reference/webhooks).
        status_callback: A URL that is notified when the campaign ends.
        mode: ``"auto"`` or ``"custom"``.
        throttle: Calls a minute, for mode ``"custom"``.
        custom_field: A text that the URL of the call flow's applet gets, no callback does
            (https://developer.exotel.com/api-console/campaigns).
        repeat_menu_attempts: How often a menu is repeated, for flow type ``"ivr"``.

    Raises:
        InvalidParameters: With every field's problem.
    """

    channel: ClassVar[Channel] = Channel.VOICE

    caller_id: str = field(repr=form, metadata=limit(limits.caller_id, required=True))
    from_: Sequence[str] | None = field(
        default=None, converter=limits.numbers, repr=form, metadata=limit(limits.phone_numbers, wire="from")
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

    def _warnings(self, now: datetime, *, partial: bool) -> Iterator[FieldProblem]:
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
            rule = f"numbers that are valid in their country's plan: {limits.ONE_FAILS_ALL}"
            yield FieldProblem("from", rule, f"{invalid} that are not")
        yield from short_name(self.name, "voice-reference-create", "create-campaign")
        yield from self._answered(partial=partial)
        yield from self._throttled(partial=partial)
        yield from unfilled("read_via_text", self.read_via_text, "campaign_type", self.campaign_type)
        yield from schedule_warnings(self.schedule, self.channel, now)

    def _answered(self, *, partial: bool) -> Iterator[FieldProblem]:
        """What answers: a flow or a text. The pages do not agree which goes with which type, so none is refused."""
        guide = PAGES["creating-voice-campaign"].title
        given = self.url or self.read_via_text
        needed = _ANSWERED_BY.get(self.flow_type or "", "")
        if self.url and self.read_via_text:
            rule = f"{PAGES['create-campaign'].title!r} has a url where a flow answers, and asks for no text then"
            yield FieldProblem("read_via_text", rule, "both")
        elif not given and not partial:
            rule = f"a url or a read_via_text; {guide!r} requires url for ivr, read_via_text for greeting"
            yield FieldProblem("url", rule, "neither")
        elif given and needed and getattr(self, needed) is None:
            yield FieldProblem(needed, f"{guide!r} requires it for flow_type {self.flow_type}", "nothing")
        # 0 is what a campaign has that does not say.
        if self.repeat_menu_attempts and self.flow_type != "ivr" and (self.flow_type or not partial):
            rule = f"{PAGES['create-campaign'].title!r} has it for flow_type ivr alone"
            yield FieldProblem("repeat_menu_attempts", rule, f"flow_type {self.flow_type or 'not given'}")

    def _throttled(self, *, partial: bool) -> Iterator[FieldProblem]:
        if self.throttle is None:
            return
        reference = PAGES["voice-reference-create"].title
        if self.mode != "custom" and (self.mode or not partial):
            yield FieldProblem(
                "throttle", f"{reference!r} has it for mode custom alone", f"mode {self.mode or 'not given'}"
            )
        if self.throttle >= _CALLS_A_MINUTE:
            rule = (
                f"{reference!r} takes 1 to the account's limit less 1; "
                f"the limit is {_CALLS_A_MINUTE} calls a minute by default"
            )
            yield FieldProblem("throttle", rule, str(self.throttle))

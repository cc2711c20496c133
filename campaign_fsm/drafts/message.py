"""The parameters of a message campaign."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

from attrs import field, frozen

from campaign_fsm.drafts import limits
from campaign_fsm.drafts.base import BaseDraft, limit
from campaign_fsm.drafts.names import SHORT_TYPES_SAID, short_name
from campaign_fsm.drafts.preview import form, preview, shown_url
from campaign_fsm.drafts.schedule import schedule_warnings
from campaign_fsm.drafts.unfilled import unfilled
from campaign_fsm.errors import FieldProblem
from campaign_fsm.rules import PAGES, Channel
from campaign_fsm.wire.schedule import Schedule
from campaign_fsm.words import counted

_DLT_DIGITS = 19
# Minutes of an Indian day, and how far its clocks are ahead of UTC.
_DAY, _INDIA, _MORNING, _EVENING = 1440, 330, 9 * 60, 21 * 60


@frozen(kw_only=True)
class MessageCampaignDraft(BaseDraft):
    """The parameters of a message campaign, for a create or a whole edit.

    Source: https://developer.exotel.com/api/create-sms-campaign.

    Refused, because the pages say so plainly: a required field that is missing, a value that is not on
    its list, more than 5 lists (1 if dynamic), a template of more than 2000 characters, DLT ids that are
    no strings of digits, a sender id that does not fit the type, a name of less than 3
    characters, an end less than 2 hours after the start, a time without a zone, a URL that is none, and the names
    for parameters that https://developer.exotel.com/docs/campaign-guides/creating-sms-campaign alone has.

    Warned about only:

    - no DLT ids (required for India), or DLT ids of more than 19 digits, which is what the sample of
      https://developer.exotel.com/api/update-sms-campaign-3 has
    - a start less than 10 minutes ahead
    - a name of 3 characters: https://developer.exotel.com/docs/sms-campaigns/api-reference/create-campaign takes them,
      the page above asks for more
    - a dynamic template without a ``@@column``, a static one with one, a ``{#var#}`` or ``{{name}}`` in either
    - a start of promotional messages at night in India

    Attributes:
        content_type: ``"static"`` or ``"dynamic"``.
        lists: Ids of contact lists: 1 to 5, exactly 1 if dynamic.
        sender_id: Letters for transactional, digits for promotional messages.
        sms_type: ``"transactional"`` or ``"promotional"``, in any case.
        template: The text, at most 2000 characters; dynamic ones use ``@@column``.
        dlt_entity_id: Digits, as a string.
        dlt_template_id: Digits, as a string.
        name: At least 3 characters.
        schedule: When it starts and ends; without a start it starts at once.
        status_callback: A URL that is notified when the campaign ends.
        sms_status_callback: A URL that is notified of each message.

    Raises:
        InvalidParameters: With every field's problem.
    """

    channel: ClassVar[Channel] = Channel.MESSAGE

    content_type: str = field(metadata=limit(limits.one_of("static", "dynamic"), required=True))
    lists: Sequence[str] = field(converter=limits.kept, metadata=limit(limits.list_ids, required=True))
    sender_id: str = field(metadata=limit(limits.text(), required=True))
    sms_type: str = field(
        metadata=limit(
            limits.one_of("transactional", "promotional", any_case=True, but=SHORT_TYPES_SAID), required=True
        )
    )
    template: str = field(repr=form, metadata=limit(limits.text(1, 2000), required=True))
    dlt_entity_id: str | None = field(default=None, metadata=limit(limits.digits))
    dlt_template_id: str | None = field(default=None, metadata=limit(limits.digits))
    name: str | None = field(default=None, metadata=limit(limits.text(3)))
    schedule: Schedule | None = field(default=None, metadata=limit(None))
    status_callback: str | None = field(default=None, repr=shown_url, metadata=limit(limits.url))
    sms_status_callback: str | None = field(default=None, repr=shown_url, metadata=limit(limits.url))

    def _across(self, given: dict[str, Any], *, partial: bool) -> Iterator[FieldProblem]:
        lists = given.get("lists")
        if given.get("content_type") == "dynamic" and isinstance(lists, list | tuple) and len(lists) > 1:
            yield FieldProblem("lists", "exactly 1 list id, because the content is dynamic", preview("lists", lists))
        sender, kind = given.get("sender_id"), given.get("sms_type")
        if isinstance(sender, str) and isinstance(kind, str) and sender.strip():
            if kind.lower() == "transactional" and not re.fullmatch(r"[A-Za-z]+", sender):
                yield FieldProblem(
                    "sender_id", "letters, because the type is transactional", preview("sender_id", sender)
                )
            if kind.lower() == "promotional" and not re.fullmatch(r"[0-9]+", sender):
                yield FieldProblem("sender_id", "digits, because the type is promotional", preview("sender_id", sender))

    def _warnings(self, now: datetime, *, partial: bool) -> Iterator[FieldProblem]:
        for name in ("dlt_entity_id", "dlt_template_id"):
            digits = getattr(self, name)
            if digits is None and not partial:
                yield FieldProblem(name, f"{PAGES['create-sms-campaign'].title!r} requires it for India", "nothing")
            if digits is not None and len(digits) > _DLT_DIGITS:
                rule = (
                    f"the sample of {PAGES['update-sms-campaign'].title!r} has {_DLT_DIGITS} digits, no page says more"
                )
                yield FieldProblem(name, rule, counted(len(digits), "digit"))
        yield from short_name(self.name, "sms-reference-create", "create-sms-campaign")
        if self.content_type == "dynamic" and self.template and "@@" not in self.template:
            yield FieldProblem("template", "a dynamic template names columns as @@column", "none")
        yield from unfilled("template", self.template, "content_type", self.content_type)
        yield from schedule_warnings(self.schedule, self.channel, now)
        yield from self._at_night(now, partial=partial)

    def _at_night(self, now: datetime, *, partial: bool) -> Iterator[FieldProblem]:
        """A start of promotional messages outside of the hours that India has for them."""
        start = self.schedule.start if self.schedule else None
        # An edit of some parameters keeps the start that there is.
        at = now if start is None and not partial else start
        if at is None or not self.sms_type or self.sms_type.lower() != "promotional":
            return
        utc = at.astimezone(UTC)
        minutes = (utc.hour * 60 + utc.minute + _INDIA) % _DAY  # by hand, for the last hours of the calendar
        if not _MORNING <= minutes < _EVENING:
            yield FieldProblem(
                "schedule.start_time",
                "the law of India sets hours for promotional messages, 9:00 to 21:00 at the widest",
                f"{minutes // 60:02}:{minutes % 60:02} in India{'' if start else ', because it starts at once'}",
            )

    def to_wire(self) -> dict[str, Any]:
        """The parameters by their names on the wire, as they are sent, with ``channel`` and without what is not set."""
        return {"channel": "SMS", **super().to_wire()}

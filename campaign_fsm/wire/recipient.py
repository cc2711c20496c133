"""The recipients of a campaign: what became of each of its numbers.

Sources: https://developer.exotel.com/api/call-details-of-a-single-campaign,
https://developer.exotel.com/api/sms-details-of-a-single-sms-campaign-2 and
https://developer.exotel.com/docs/sms-campaigns/api-reference/sms-details.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, Self

from attrs import field, fields_dict, frozen

from campaign_fsm.private import word
from campaign_fsm.rules import Channel
from campaign_fsm.wire.envelope import Item
from campaign_fsm.wire.schedule import parse_time


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _whole(value: object) -> int | None:
    return value if type(value) is int else None  # true is an instance of int and no number


_READ: Final[Mapping[str, Callable[[object], Any]]] = {
    "date_created": parse_time,
    "start_time": parse_time,
    "end_time": parse_time,
    "schedule_time": parse_time,
    "duration": _whole,
}


@frozen(repr=False)
class Recipient:
    """What the server says of one number of a campaign: a `CallRecipient` or a `MessageRecipient`.

    The attributes have the names of the documented fields. What is missing or of another type is None; everything is
    in `raw` as it came, whether it was understood or not. The repr shows the status alone, and of one that
    is no short word only its length.

    Attributes:
        status: The status of the call or message, in the server's own word.
        raw: Everything that the server says of the number, as it came.
        number: The phone number.
        name: The name of the contact.
        direction: The direction of the call or message, in the server's own word.
    """

    status: str | None
    raw: Mapping[str, Any] = field(hash=False)
    number: str | None = None
    name: str | None = None
    direction: str | None = None

    def __repr__(self) -> str:
        status = None if self.status is None else word(self.status)
        return f"{type(self).__name__}(status={status!r})"

    @classmethod
    def of(cls, item: Item) -> Self:
        """What an item says of a number."""
        raw = {**item.beside, **item.data} if item.beside else item.data
        names = fields_dict(cls).keys() - {"raw"}
        return cls(raw=raw, **{name: _READ.get(name, _text)(raw.get(name)) for name in names})


@frozen(repr=False)
class CallRecipient(Recipient):
    """What the server says of one number of a call campaign.

    Source: https://developer.exotel.com/api/call-details-of-a-single-campaign.

    Attributes:
        duration: How long the call was, in the server's own unit.
        date_created: When the call was created, an aware datetime; None for a time without an offset, which is in
            `raw`.
        digit: The digit of the call, as the server gives it.
        recording_url: A link to the recording; anybody who has it can listen to the call.
        start_time: When the call began, likewise.
        end_time: When it ended, likewise.
        caller_id: The virtual number that called.
        call_sid: The id of the call.
    """

    duration: int | None = None
    date_created: datetime | None = None
    digit: str | None = None
    recording_url: str | None = None
    start_time: datetime | None = None
    end_time: datetime | None = None
    caller_id: str | None = None
    call_sid: str | None = None


@frozen(repr=False)
class MessageRecipient(Recipient):
    """What the server says of one number of a message campaign.

    Sources: https://developer.exotel.com/api/sms-details-of-a-single-sms-campaign-2 and
    https://developer.exotel.com/docs/sms-campaigns/api-reference/sms-details.

    Attributes:
        message: The text that was sent.
        detailed_status: The server's word for what became of the message, finer than `status`.
        schedule_time: When it was to be sent, an aware datetime; None for a time without an offset, which is in `raw`.
        sender_id: The sender that the recipient sees.
        sid: The id of the message.
    """

    message: str | None = None
    detailed_status: str | None = None
    schedule_time: datetime | None = None
    sender_id: str | None = None
    sid: str | None = None


RECIPIENTS: Final[Mapping[Channel, type[Recipient]]] = {
    Channel.MESSAGE: MessageRecipient,
    Channel.VOICE: CallRecipient,
}

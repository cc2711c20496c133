"""Status callbacks: what the platform posts when a campaign ends, or starts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from attrs import field, frozen

from campaign_fsm.errors import UnreadableCallback
from campaign_fsm.printable import text_of
from campaign_fsm.rules import Status
from campaign_fsm.strict.json import Ambiguous, read_object
from campaign_fsm.wire.schedule import parse_time
from campaign_fsm.wire.target import is_id

_MOST: Final = 64 * 1024
_KEYS: Final = ("campaign_sid", "status", "date_created", "date_updated", "report_url")


def _plain(key: str) -> str:
    return key.replace("_", "").casefold()


_NAMES: Final = {_plain(key): key for key in _KEYS}


def _spelling(raw_status: str) -> str:
    """The spelling of a status distinguishes two callbacks only where it is on no list."""
    known = Status.parse(raw_status)
    return raw_status if known is Status.UNKNOWN else known.value


def _unread(raw: Mapping[str, Any]) -> frozenset[tuple[str, str]]:
    """The times that could not be read: in everything else deliveries of one callback may differ."""
    times = {"date_created", "date_updated"}
    return frozenset((name, repr(value)) for key, value in raw.items() if (name := _NAMES.get(_plain(key))) in times)


@frozen(repr=False)
class StatusCallback:
    """What somebody who posted to the callback URL claims about a campaign.

    Anybody can post there: act on what `CampaignClient.get` says of `campaign_id`, not on this. The same
    callback may be delivered several times; two deliveries of it are equal and have the same hash.

    Attributes:
        campaign_id: The campaign that it is about.
        claimed_status: Its status, by the callback.
        raw_status: The spelling in the callback.
        created: When the campaign was created, an aware datetime.
        updated: When it was last changed.
        report_url: A link to the report; anybody who has it can read the report.
        raw: Everything else, and what could not be used, as it came.
    """

    campaign_id: str
    claimed_status: Status
    raw_status: str = field(eq=_spelling)
    created: datetime | None = None
    updated: datetime | None = None
    report_url: str | None = field(default=None, eq=False)
    raw: Mapping[str, Any] = field(factory=dict, eq=_unread)

    def __repr__(self) -> str:
        return f"StatusCallback(campaign_id={self.campaign_id!r}, claimed_status={self.claimed_status.value!r})"


def parse_status_callback(body: bytes | str | Mapping[str, Any]) -> StatusCallback:
    """Read the body of a status callback, in either spelling: ``campaign_sid`` or ``CampaignSid``.

    Sources: https://developer.exotel.com/docs/references/webhooks, and for the second spelling
    https://developer.exotel.com/docs/campaign-guides/creating-sms-campaign.

    Args:
        body: The body as it came, or the object that a web framework has made of it.

    Raises:
        UnreadableCallback: It is no JSON object of at most 64 KiB, names no campaign or no status, or
            says something twice.
    """
    document = body if isinstance(body, Mapping) else _document(body)
    named: dict[str, Any] = {}
    raw: dict[str, Any] = {}
    for key, value in document.items():
        name = _NAMES.get(_plain(key)) if isinstance(key, str) else None
        if name is None:
            raw[str(key)] = value
        elif name in named:
            raise UnreadableCallback(reason=f"it says {name} twice")
        else:
            named[name] = value
            if value is not None and not _usable(name, value):
                raw[key] = value
    campaign_id, status = named.get("campaign_sid"), named.get("status")
    if not isinstance(campaign_id, str) or not is_id(campaign_id):
        raise UnreadableCallback(reason="it names no campaign")
    if not isinstance(status, str):
        raise UnreadableCallback(reason="it names no status")
    report_url = named.get("report_url")
    return StatusCallback(
        campaign_id=campaign_id,
        claimed_status=Status.parse(status),
        raw_status=text_of(status, 100) or "",
        created=parse_time(named.get("date_created")),
        updated=parse_time(named.get("date_updated")),
        report_url=report_url if isinstance(report_url, str) else None,
        raw=raw,
    )


def _usable(name: str, value: object) -> bool:
    return parse_time(value) is not None if name.startswith("date_") else isinstance(value, str)


def _document(body: object) -> Mapping[str, Any]:
    if not isinstance(body, str | bytes | bytearray | memoryview):
        raise UnreadableCallback(reason="it is no JSON object")
    try:
        data = body.encode() if isinstance(body, str) else bytes(body)
    except UnicodeEncodeError:
        raise UnreadableCallback(reason="it is not UTF-8") from None
    if len(data) > _MOST:
        raise UnreadableCallback(reason=f"it is larger than {_MOST} bytes")
    try:
        return read_object(data)
    except Ambiguous as problem:
        raise UnreadableCallback(reason=text_of(str(problem), 200) or "it cannot be read") from None

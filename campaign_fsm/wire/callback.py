"""Status callbacks: what the platform posts about a campaign: at its end, its start, or on each new status.

The pages differ about when, and about the form: https://developer.exotel.com/docs/references/webhooks,
https://developer.exotel.com/docs/campaign-guides/creating-sms-campaign,
https://developer.exotel.com/docs/campaign-guides/campaign-reporting and
https://developer.exotel.com/docs/advanced-config/webhooks-setup.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from attrs import field, frozen

from campaign_fsm.errors import UnreadableCallback
from campaign_fsm.printable import text_of
from campaign_fsm.private import printable_key
from campaign_fsm.rules import Status
from campaign_fsm.strict.form import read_form
from campaign_fsm.strict.json import Ambiguous, read_object
from campaign_fsm.wire.campaign import counts_in
from campaign_fsm.wire.schedule import parse_time
from campaign_fsm.wire.target import is_id

_MOST: Final = 64 * 1024
_KEYS: Final = ("campaign_sid", "status", "date_created", "date_updated", "report_url", "stats")
# A form begins with the name of a field, perhaps after an empty part, and no JSON text begins so and has a = after it.
_FORM: Final = re.compile(rb"\s*&*[\w%][^=&{\"]*=")


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
    """What a post to the callback URL claims about a campaign.

    Anybody can post there: act on what `CampaignClient.get` says of `campaign_id`, not on this. The same
    callback may be delivered several times (again after 5 and 15 minutes, until it is answered with 200); two
    deliveries of it are equal and have the same hash, also if the counts have changed in between. Without `updated` it
    cannot be told from another callback of the same status: drop none of those as a repeat.

    Attributes:
        campaign_id: The campaign that it is about.
        claimed_status: Its status, by the callback.
        raw_status: The spelling in the callback.
        created: When the campaign was created, an aware datetime.
        updated: When it was last changed, an aware datetime.
        report_url: A link to the report; anybody who has it can read the report.
        stats: Counts by the vendor's own keys, where the callback has them.
        raw: Everything else, and what could not be used, as it came.
    """

    campaign_id: str
    claimed_status: Status
    raw_status: str = field(eq=_spelling)
    created: datetime | None = None
    updated: datetime | None = None
    report_url: str | None = field(default=None, eq=False)
    raw: Mapping[str, Any] = field(factory=dict, eq=_unread)
    stats: Mapping[str, int] = field(factory=dict, eq=False)

    def __repr__(self) -> str:
        return f"StatusCallback(campaign_id={self.campaign_id!r}, claimed_status={self.claimed_status.value!r})"


def parse_status_callback(body: bytes | str | Mapping[str, Any], *, content_type: str | None = None) -> StatusCallback:
    """Read the body of a status callback, as JSON or form encoding, with ``campaign_sid`` or ``CampaignSid``.

    Sources: https://developer.exotel.com/docs/references/webhooks; for the second spelling
    https://developer.exotel.com/docs/campaign-guides/creating-sms-campaign, for the counts
    https://developer.exotel.com/docs/campaign-guides/campaign-reporting, for form encoding
    https://developer.exotel.com/docs/advanced-config/webhooks-setup. How counts stand in a form is on no page: as a
    JSON text they are read, and else they are in `StatusCallback.raw`.

    Args:
        body: The body as it came, or what a web framework has made of it: an object, or the fields of a form, also
            with a list of one value for each, a text or its bytes.
        content_type: The header of this name. None, or another type than those of JSON and of forms: the body shows
            what it is.

    Raises:
        UnreadableCallback: It is no JSON object and no form of at most 64 KiB, names no campaign or no status, or
            says something twice.
    """
    document = _single(body) if isinstance(body, Mapping) else _document(body, content_type)
    named: dict[str, Any] = {}
    raw: dict[str, Any] = {}
    stats: dict[str, int] = {}
    for key, value in document.items():
        name = _NAMES.get(_plain(key)) if isinstance(key, str) else None
        if name is None:
            raw[str(key)] = value
        elif name in named:
            raise UnreadableCallback(reason=f"it says {name} twice")
        else:
            named[name] = value
            if name == "stats":
                stats, left = counts_in(_object(value))
                if left is not None:
                    raw[key] = left
            elif value is not None and not _usable(name, value):
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
        stats=stats,
    )


def _single(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """The fields of a form with one value for each; anything else as it is."""
    # The mappings of web frameworks show one value of a field, whatever else was posted; of these two methods
    # each has the one that knows.
    every = getattr(fields, "getlist", None) or getattr(fields, "getall", None)
    lists = {key: every(key) for key in fields} if every else dict(fields)
    if not every and not all(isinstance(value, list) and _are_texts(value) for value in lists.values()):
        return fields
    for key, values in lists.items():
        if len(values) != 1:
            raise UnreadableCallback(reason=f"it says {printable_key(str(key))} twice")
    return {key: _decoded(values[0]) for key, values in lists.items()}


def _are_texts(values: list[Any]) -> bool:
    return set(map(type, values)) in ({str}, {bytes})


def _decoded(value: Any) -> Any:
    """A value as it is, or the text that bytes are: Tornado's `body_arguments` hold those."""
    try:
        return value.decode() if isinstance(value, bytes) else value
    except UnicodeDecodeError:
        raise UnreadableCallback(reason="it is not UTF-8") from None


def _object(value: object) -> object:
    """A value, or the object that it is the JSON text of."""
    if isinstance(value, str):
        try:
            return read_object(value.encode())
        except (Ambiguous, UnicodeEncodeError):
            pass
    return value


def _usable(name: str, value: object) -> bool:
    return parse_time(value) is not None if name.startswith("date_") else isinstance(value, str)


def _is_form(data: bytes, content_type: str | None) -> bool:
    media_type = (content_type or "").partition(";")[0].strip().lower()
    if media_type == "application/x-www-form-urlencoded":
        return True
    if media_type == "application/json" or media_type.endswith("+json"):
        return False
    return _FORM.match(data) is not None


def _document(body: object, content_type: str | None) -> Mapping[str, Any]:
    if not isinstance(body, str | bytes | bytearray | memoryview):
        raise UnreadableCallback(reason="it is no JSON object and no form")
    try:
        data = body.encode() if isinstance(body, str) else bytes(body)
    except UnicodeEncodeError:
        raise UnreadableCallback(reason="it is not UTF-8") from None
    if len(data) > _MOST:
        raise UnreadableCallback(reason=f"it is larger than {_MOST} bytes")
    try:
        return read_form(data) if _is_form(data, content_type) else read_object(data)
    except Ambiguous as problem:
        raise UnreadableCallback(reason=text_of(str(problem), 200) or "it cannot be read") from None

"""Pages: lists of campaigns, and the recipients of one campaign.

Sources: https://developer.exotel.com/api/bulk-sms-campaign-details-2,
https://developer.exotel.com/docs/sms-campaigns/api-reference/bulk-campaign-details,
https://developer.exotel.com/api/bulk-campaign-details,
https://developer.exotel.com/api/sms-details-of-a-single-sms-campaign-2,
https://developer.exotel.com/docs/sms-campaigns/api-reference/sms-details and
https://developer.exotel.com/api/call-details-of-a-single-campaign.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Any, Final
from urllib.parse import urlencode

from attrs import frozen

from campaign_fsm.printable import SURROGATE
from campaign_fsm.rules import STATUSES, Channel, Status
from campaign_fsm.wire.answer import Answer, NotReadable
from campaign_fsm.wire.envelope import Item, check_method, read_entry, read_envelope
from campaign_fsm.wire.reading import Reading, read_campaign
from campaign_fsm.wire.target import Target
from campaign_fsm.words import none_of

# Default and greatest page size.
PAGE_SIZES: Final = {Channel.MESSAGE: (20, 50), Channel.VOICE: (20, 500)}
_SORT_KEYS: Final = {
    Channel.MESSAGE: ("schedule.start_time", "name"),
    Channel.VOICE: ("date_created", "name"),
}
DETAILS: Final = {Channel.MESSAGE: "message-details", Channel.VOICE: "call-details"}
# What the lists filter by. That of message campaigns knows "scheduled" and no "created": the same state.
_FILTER_WORDS: Final = {
    Channel.MESSAGE: {
        Status.CREATED: "scheduled",
        **{status: status.value for status in (Status.IN_PROGRESS, Status.PAUSED, Status.COMPLETED, Status.ARCHIVED)},
    },
    Channel.VOICE: {status: status.value for status in STATUSES},
}
_SHORTEST_NAME: Final = {Channel.MESSAGE: 3, Channel.VOICE: 0}
# A character is up to 12 in a URL, and HTTP libraries send URLs of at most 65,536.
_LONGEST_NAME: Final = 5000
NAME_RULE: Final = (
    f"a name to look for is one line of text that is not blank, of at most {_LONGEST_NAME} whole characters"
)


@frozen
class Filter:
    """Which campaigns a list is to show, and in which order; None: the server's own."""

    statuses: frozenset[Status] = frozenset()
    name: str | None = None
    sort: str | None = None

    @classmethod
    def of(
        cls,
        channel: Channel,
        status: Status | str | Collection[Status | str] | None,
        name: str | None = None,
        sort: str | None = None,
    ) -> Filter:
        """A filter from what a caller gives.

        Raises:
            ValueError: A status, or the order, is on no list; it says what is. Or no URL can hold the name, or the
                list does not look for one that short.
        """
        if name is not None and not fits(name):
            raise ValueError(f"a name to look for is a text of at most {_LONGEST_NAME} whole characters")
        if name is not None and len(name) < _SHORTEST_NAME[channel]:
            raise ValueError(
                f"the list of {channel} campaigns looks for names of at least {_SHORTEST_NAME[channel]} characters; "
                "find looks for a whole name of any length"
            )
        wanted = () if status is None else (status,) if isinstance(status, str) else tuple(status)
        statuses = set()
        for one in wanted:
            if one not in STATUSES:
                raise ValueError(none_of(one, "status", STATUSES))
            statuses.add(Status(one))
        if sort is None:
            return cls(frozenset(statuses), name)
        key, colon, order = sort.partition(":")
        if key not in _SORT_KEYS[channel] or (colon and order not in ("asc", "desc")):
            keys = ", ".join(_SORT_KEYS[channel])
            raise ValueError(f"sort must be one of {keys} on {channel} campaigns, with :asc or :desc, not {sort!r}")
        return cls(frozenset(statuses), name, sort if colon else f"{sort}:asc")

    def query(self, channel: Channel, offset: int, limit: int) -> str:
        """The query string of one page: what the channel's list can filter by; the rest is left to the reader."""
        pairs: list[tuple[str, str]] = [("channel", "SMS")] if channel is Channel.MESSAGE else []
        pairs += [("offset", str(offset)), ("limit", str(limit))]
        if self.name is not None and len(self.name) >= _SHORTEST_NAME[channel]:
            pairs.append(("name", self.name))
        words = _FILTER_WORDS[channel]
        if self.statuses and self.statuses <= words.keys():
            pairs.append(("status", ",".join(sorted(words[status] for status in self.statuses))))
        if self.sort is not None:
            pairs.append(("sort_by", self.sort))
        return urlencode(pairs, safe=":,")


@frozen
class Page:
    """One page of a list."""

    items: tuple[Item, ...]
    total: int | None
    """How many entries there are on all pages, None if the server does not say."""


def _count(metadata: Mapping[str, Any], key: str) -> int | None:
    value = metadata.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def read_page(answer: Answer) -> Page:
    """The page that a successful answer holds.

    Raises:
        NotReadable: It is no list of items.
    """
    envelope = read_envelope(answer)
    outer = envelope.get("http_code", answer.status_code)
    if isinstance(outer, bool) or not isinstance(outer, int) or not 200 <= outer < 300:
        raise NotReadable("the envelope's http_code contradicts the answer's status code")
    response = envelope.get("response")
    if response is None and "response" in envelope:
        response = []
    if not isinstance(response, list):
        raise NotReadable("the answer holds no list")
    metadata = envelope.get("metadata")
    total = _count(metadata, "total") if isinstance(metadata, dict) else None
    return Page(tuple(read_entry(entry, answer) for entry in response), total)


def read_entries(answer: Answer, target: Target) -> dict[str, Reading]:
    """What a list shows of each campaign, by its id: as strictly as an answer about one alone is read.

    A campaign that it shows twice, in whatever way, or with a status that is on no list, is not among them.

    Raises:
        NotReadable: It is no answer to a GET, no list, or it came from a cache.
    """
    if answer.from_cache:
        raise NotReadable("the answer came from a cache", "CF504")
    envelope = read_envelope(answer)
    check_method(envelope, "GET")
    if envelope.get("error_data") is not None:
        raise NotReadable("the envelope of the list holds the data of an error")
    items = read_page(answer).items
    # In any case of its letters, as the section of a campaign has it.
    shown = Counter(name for item in items for name in {str(item.data.get(key)).lower() for key in ("id", "sid")})
    found: dict[str, Reading] = {}
    for item in items:
        if item.failed or envelope.get("http_code", answer.status_code) not in (answer.status_code, item.code):
            continue
        if item.data.get("account_sid") not in (None, target.account):
            continue
        with suppress(NotReadable):
            campaign_id, reading = read_campaign(item, target.channel, answer.date)
            if shown[campaign_id.lower()] == 1 and reading.status is not Status.UNKNOWN:
                found[campaign_id] = reading
    return found


def details_query(channel: Channel, offset: int, status: str | None = None) -> str:
    """The query string of per-recipient details; from the second page on with an offset.

    Raises:
        ValueError: Details of message campaigns have no filter by status on any page, or no URL can hold the status.
    """
    if status is not None and channel is Channel.MESSAGE:
        raise ValueError("the recipients of message campaigns have no filter by status; look at each one's status")
    if status is not None and not fits(status):
        raise ValueError(f"a status to look for is one text, of at most {_LONGEST_NAME} whole characters")
    pairs = [("channel", "sms")] if channel is Channel.MESSAGE else []
    pairs += [("offset", str(offset))] if offset else []
    pairs += [("status", status)] if status is not None else []
    return urlencode(pairs)


def fits(name: object) -> bool:
    """Whether a name can stand in a query string."""
    return isinstance(name, str) and len(name) <= _LONGEST_NAME and not SURROGATE.search(name)


def is_name(value: object) -> bool:
    """Whether a value can be looked for as a campaign's name."""
    return isinstance(value, str) and fits(value) and re.fullmatch(r".*\S.*", value) is not None

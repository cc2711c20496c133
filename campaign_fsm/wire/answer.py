"""What the server said: envelopes, failures, and the status of one campaign.

Bodies are read strictly (`strictjson`), because a reading decides whether a write leaves.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any, Final

from attrs import field, frozen

from campaign_fsm import errors
from campaign_fsm.lifecycle import has_started
from campaign_fsm.printable import text_of
from campaign_fsm.private import redact, shown_id
from campaign_fsm.rules import Channel, Status
from campaign_fsm.strict.json import Ambiguous, joined, look_alikes, read_object
from campaign_fsm.wire.caches import is_from_cache
from campaign_fsm.wire.target import Target

ID_KEYS: Final = {Channel.MESSAGE: "sid", Channel.VOICE: "id"}
_SECONDS: Final = re.compile(r"[0-9]+(\.[0-9]*)?")
_LONGEST_WAIT: Final = 86_400.0
SCHEDULE_KEYS: Final = {Channel.MESSAGE: ("start_time", "end_time"), Channel.VOICE: ("send_at", "end_at")}
_PLACES: Final = {joined(key): place for keys in SCHEDULE_KEYS.values() for place, key in enumerate(keys)}
# The server's own clock is used in sums, so a date at the very ends of the calendar is none.
_YEARS: Final = range(2, 9999)


@lru_cache(maxsize=64)
def _http_date(value: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(value)
        date = date.astimezone(UTC) if date.tzinfo else date.replace(tzinfo=UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return date if date.year in _YEARS else None


@frozen
class Answer:
    """An answer as it came: status code, headers, decoded body.

    Attributes:
        cached: Whether a client-side cache says that it made the answer.
        unreadable: Why there is no body: it came in an encoding that is not decoded.
    """

    status_code: int
    headers: tuple[tuple[bytes, bytes], ...] = field(repr=False)
    body: bytes = field(repr=False)
    cached: bool = False
    unreadable: str | None = None

    def header(self, name: bytes) -> str | None:
        """The first value of a header, or None."""
        length = len(name)
        for key, value in self.headers:
            if len(key) == length and key.lower() == name:
                return value.decode("latin-1").strip()
        return None

    @property
    def retry_after(self) -> float | None:
        """Seconds that the server asks to wait (S8), at most a day; None if it does not say, or not in a form of HTTP.

        A date is held against the answer's own clock, and against the local one if it has none.
        """
        value = self.header(b"retry-after")
        if not value:
            return None
        if _SECONDS.fullmatch(value):
            return min(float(value), _LONGEST_WAIT)
        until = _http_date(value)
        if until is None:
            return None
        return min(max((until - (self.date or datetime.now(UTC))).total_seconds(), 0.0), _LONGEST_WAIT)

    @property
    def date(self) -> datetime | None:
        """The server's clock, an aware datetime in UTC; None if it says none, or more than one."""
        found = None
        for key, value in self.headers:
            if len(key) == 4 and key.lower() == b"date":
                if found is not None:
                    return None
                found = value
        return None if found is None else _http_date(found.decode("latin-1").strip())

    @property
    def from_cache(self) -> bool:
        """Whether some cache, ours or one on the way, says that it made the answer."""
        return self.cached or is_from_cache(self.headers)


class NotReadable(ValueError):
    """The answer cannot be used as a reading; `code` is one of ``CF502``, ``CF503``, ``CF504``."""

    def __init__(self, detail: str, code: str = "CF502") -> None:
        super().__init__(detail)
        self.code = code


@frozen
class Item:
    """One item of an envelope (S1, S6, S7)."""

    code: int
    data: Mapping[str, Any]
    request_id: str | None
    error: object = None
    """The ``error_data`` of a failed one, as it came."""

    @property
    def failed(self) -> bool:
        return not 200 <= self.code < 300


def read_envelope(answer: Answer) -> dict[str, Any]:
    """The JSON object that an answer is.

    Raises:
        NotReadable: It is none, or not for every parser, or it is that of a failure (S8).
    """
    if answer.unreadable:
        raise NotReadable(f"the answer cannot be used: {answer.unreadable}")
    try:
        envelope = read_object(answer.body)
    except Ambiguous as problem:
        raise NotReadable(f"the answer cannot be used: {problem}") from None
    if "RestException" in envelope:
        raise NotReadable("the answer says that it failed")
    return envelope


def read_entry(entry: object, answer: Answer, envelope: Mapping[str, Any]) -> Item:
    """One item of an envelope, failed or not.

    Raises:
        NotReadable: It is no item, or its parts contradict each other.
    """
    if not isinstance(entry, dict):
        raise NotReadable("the answer holds no item")
    code = entry.get("code", answer.status_code)
    if isinstance(code, bool) or not isinstance(code, int):
        raise NotReadable("the item's code is no number")
    status = entry.get("status")
    if status not in ("success", "failure", None) or (
        status is not None and (status == "success") != (200 <= code < 300)
    ):
        raise NotReadable("the item's code and status contradict each other")
    if 200 <= code < 300 and entry.get("error_data") is not None:
        raise NotReadable("the item says that it succeeded, and holds the data of an error")
    data = entry.get("data")
    return Item(
        code=code,
        data=data if isinstance(data, dict) else {},
        request_id=text_of(envelope.get("request_id"), 100),
        error=entry.get("error_data"),
    )


def read_item(answer: Answer, method: str | None = None) -> Item:
    """The one item of an answer about one campaign, failed or not.

    Args:
        answer: The answer.
        method: The method that it answers; None if the envelope may name any.

    Raises:
        NotReadable: There is not exactly one item, or the parts of the envelope contradict each other or the request.
    """
    envelope = read_envelope(answer)
    _check_method(envelope, method)
    response = envelope.get("response")
    if isinstance(response, list):
        if len(response) != 1:
            raise NotReadable(f"the answer holds {len(response)} items, not one")
        response = response[0]
    item = read_entry(response, answer, envelope)
    if not item.failed and envelope.get("error_data") is not None:
        raise NotReadable("the item says that it succeeded, and its envelope holds the data of an error")
    outer = envelope.get("http_code", answer.status_code)
    if outer not in (answer.status_code, item.code) or isinstance(outer, bool):
        raise NotReadable("the envelope's http_code contradicts the answer's status code")
    return item


def _check_method(envelope: Mapping[str, Any], method: str | None) -> None:
    said = envelope.get("method")
    # In any case: it is what the server calls it, and no request.
    if said is None or method is None or (isinstance(said, str) and said.isascii() and said.upper() == method.upper()):
        return
    raise NotReadable(f"the answer is not one to a {method}, as its envelope says")


@frozen
class Reading:
    """The status of one campaign, as read from the server."""

    status: Status
    raw_status: str
    """Its spelling on the wire; see `private.word` for what may be shown of one that is on no list."""
    data: Mapping[str, Any] = field(repr=False)
    start: datetime | None
    end: datetime | None
    date: datetime | None
    """The server's clock at the reading; None if it did not say, and the local one has to do."""
    start_unreadable: bool = False
    """There is a start, but nobody can say when: whoever asks has to assume that it has passed."""

    def started(self, now: datetime) -> bool:
        """Whether the campaign counts as started at `now` (see `lifecycle.has_started`)."""
        return self.start_unreadable or has_started(self.status, self.start, now)

    @property
    def name(self) -> str | None:
        """The campaign's name; None if it shows none."""
        name = self.data.get("name")
        return name if isinstance(name, str) else None

    @property
    def changed(self) -> datetime | None:
        """When the campaign was last changed, an aware datetime; None if it does not say."""
        return parse_time(self.data.get("date_updated"))

    def shows(self, parameter: str, value: object) -> bool:
        """Whether it shows this very value of a parameter; unlike ``==``, true is not 1."""
        shown = self.data.get(parameter)
        if type(shown) is str is type(value):
            return shown == value
        return json.dumps(shown, sort_keys=True) == json.dumps(value, sort_keys=True)


def parse_time(value: object) -> datetime | None:
    """An RFC 3339 text with an offset as an aware datetime; None for anything else."""
    if not isinstance(value, str):
        return None
    if value.endswith("z"):
        value = f"{value[:-1]}Z"  # the same in RFC 3339
    try:
        parsed = datetime.fromisoformat(value)
        if not parsed.tzinfo:
            return None
        if not 1 < parsed.year < 9999:
            parsed.astimezone(UTC)  # the very ends of the calendar have no time in UTC
    except (ValueError, OverflowError):
        return None
    return parsed


def read_status(answer: Answer, target: Target, method: str | None = None) -> Reading:
    """The reading that a successful answer about `target` holds.

    Args:
        answer: The answer.
        target: The campaign.
        method: The method that it answers; None if the envelope may name any.

    Raises:
        NotReadable: It holds none, an ambiguous one, one of another campaign, or one from a cache.
    """
    if answer.from_cache:
        raise NotReadable("the answer came from a cache", "CF504")
    item = read_item(answer, method)
    if item.failed:
        raise NotReadable(f"the item in the answer failed{f' with {item.code}' if 100 <= item.code < 600 else ''}")
    found, reading = read_campaign(item, target.channel, answer.date)
    if found != target.id:
        raise NotReadable("the answer is about another campaign", "CF503")
    if item.data.get("account_sid") not in (None, target.account):
        raise NotReadable("the answer is about a campaign of another account", "CF503")
    return reading


def read_campaign(item: Item, channel: Channel, date: datetime | None) -> tuple[str, Reading]:
    """The id and the reading that a successful item about some campaign holds.

    Raises:
        NotReadable: It names no campaign, or not one alone, or holds no status.
    """
    data = item.data
    ids = [data[key] for key in ("id", "sid") if key in data]
    if not ids:
        raise NotReadable("the answer names no campaign")
    found = ids[0]
    if not isinstance(found, str) or ids[-1] != found:
        raise NotReadable("the answer is about another campaign", "CF503")
    raw = data.get("status")
    if not isinstance(raw, str):
        raise NotReadable("the answer holds no status")
    start, end, unreadable = read_schedule(data, channel)
    reading = Reading(
        status=Status.parse(raw),
        raw_status=raw[:100],
        data=data,
        start=start,
        end=end,
        date=date,
        start_unreadable=unreadable,
    )
    return found, reading


def odd_schedule_keys(schedule: Mapping[str, Any], channel: Channel) -> list[str]:
    """Keys that could be taken for one of a schedule, and are none of the channel as it is spelled.

    Not among them is what says the very same as the channel's own key beside it, and what is no such key in any
    spelling: nobody documents it, and nobody reads a start from it.
    """
    own = SCHEDULE_KEYS[channel]
    return [
        key
        for key, value in schedule.items()
        if key not in own
        and (place := _PLACES.get(joined(key))) is not None
        and (value is None or schedule.get(own[place]) != value)
    ]


def read_schedule(data: Mapping[str, Any], channel: Channel) -> tuple[datetime | None, datetime | None, bool]:
    """Start, end, and whether there is a start that cannot be read; what is null is not there in any spelling."""
    value = data.get("schedule")
    misspelt = any(data[key] is not None for key in look_alikes(tuple(data), "schedule"))
    if value is None:
        return None, None, misspelt
    if not isinstance(value, dict):
        return None, None, True
    first, last = SCHEDULE_KEYS[channel]
    start = parse_time(value.get(first))
    odd = misspelt or any(value[key] is not None for key in odd_schedule_keys(value, channel))
    return start, parse_time(value.get(last)), odd or (start is None and value.get(first) is not None)


# Characters of a text that is to be shown in part; more is not even looked at.
_LONGEST: Final = 65536

_KINDS: Final[dict[int, type[errors.ApiError]]] = {
    400: errors.BadRequest,
    401: errors.AuthenticationError,
    402: errors.PaymentRequired,
    403: errors.Forbidden,
    404: errors.NotFound,
    409: errors.Conflict,
    429: errors.RateLimited,
}
_HINTS: Final = {
    401: "Wrong key or token, or the account lives in the other region.",
    402: "Look at the plan and the balance of the account.",
    403: "The account has no access to this.",
    404: "No such campaign in this account and channel.",
    407: "It comes from a proxy on the way; look at the user and password in the proxy's URL.",
}


def api_error(answer: Answer, method: str, target: Target | None, secrets: tuple[str, ...] = ()) -> errors.ApiError:
    """The error that an unsuccessful answer stands for. Never raises on a malformed body."""
    code, description, request_id, status_code = _failure(answer, secrets)
    kind = _KINDS.get(status_code)
    if kind is None:
        kind = (
            errors.ServerError
            if status_code >= 500
            else errors.UnexpectedRedirect
            if 300 <= status_code < 400
            else errors.ApiError
            if status_code >= 400
            else errors.UnexpectedAnswer
        )
    return kind(
        status_code=status_code,
        method=method,
        campaign_id=target.id if target else None,
        request_id=shown_id(request_id) if request_id else None,
        error_code=code,
        description=description,
        retry_after=answer.retry_after,
        hint="The API documents no redirect; it was not followed."
        if kind is errors.UnexpectedRedirect
        else _HINTS.get(status_code, ""),
    )


def _failure(answer: Answer, secrets: tuple[str, ...]) -> tuple[str | None, str | None, str | None, int]:
    """Code, description, request id and effective status code of a failed answer, as far as readable."""
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError):
        return None, None, None, answer.status_code
    if not isinstance(document, dict):
        return None, None, None, answer.status_code

    def text(value: object, limit: int) -> str | None:
        # Redacted before it is cut: half a secret is one, too.
        return text_of(redact(value[:_LONGEST], secrets) if isinstance(value, str) else value, limit)

    request_id = text(document.get("request_id"), 100)
    old = document.get("RestException")
    if isinstance(old, dict):
        return text(old.get("Code"), 40), text(old.get("Message"), 300), request_id, answer.status_code
    item = document.get("response")
    if isinstance(item, list) and item:
        item = item[0]
    if not isinstance(item, dict):
        return None, None, request_id, answer.status_code
    status_code = item.get("code")
    if (
        isinstance(status_code, bool)
        or not isinstance(status_code, int)
        or not 400 <= status_code < 600
        or answer.status_code >= 300
    ):
        status_code = answer.status_code
    error = item.get("error_data")
    if not isinstance(error, dict):
        return None, None, request_id, status_code
    description = text(error.get("description"), 300)
    return text(error.get("code"), 40), text(error.get("message"), 300) or description, request_id, status_code

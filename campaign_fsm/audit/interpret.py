"""What an exchange asks for and shows, read as the gate would read it."""

from __future__ import annotations

from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from attrs import frozen

from campaign_fsm.audit.tracker import CampaignKey
from campaign_fsm.errors import UnreadableRequest
from campaign_fsm.private import printable_key
from campaign_fsm.rules import PROBLEMS, Action, Channel
from campaign_fsm.strict.json import Ambiguous, read_object
from campaign_fsm.traffic import Exchange
from campaign_fsm.wire.answer import Answer, NotReadable
from campaign_fsm.wire.envelope import Item, read_item
from campaign_fsm.wire.intent import (
    JSON_HEADERS,
    NOT_RECORDED,
    SAFE_METHODS,
    Intent,
    WireRequest,
    concerns,
    edit_kind,
    read_intent,
)
from campaign_fsm.wire.listing import read_page
from campaign_fsm.wire.reading import Reading, read_campaign
from campaign_fsm.wire.target import COLLECTION_OF, Target, is_id, read_target


def split_url(url: str) -> tuple[str, str, int | None, str, bool]:
    """Scheme, host, port, path with query, and whether there are credentials in it."""
    return _split(url) if len(url) <= _LONG else _split.__wrapped__(url)


@lru_cache(maxsize=8192)
def _split(url: str) -> tuple[str, str, int | None, str, bool]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "https", "", None, url, False
    path = parts.path + (f"?{parts.query}" if "?" in url else "")
    return parts.scheme or "https", parts.hostname or "", port, path or "/", "@" in parts.netloc


# A longer URL is taken apart each time, and not kept.
_LONG: Final = 2048


@lru_cache(maxsize=8192)
def _host(host: str) -> str:
    """A host as DNS takes it: in lower case, without the dot at its end."""
    return host.lower().removesuffix(".")


def origin(exchange: Exchange) -> str:
    """Which server an exchange was with, as far as the recording says: the host, with a port that is not the usual."""
    if exchange.url:
        scheme, host, port, *_ = split_url(exchange.url)
        if host:
            usual = {"https": 443, "http": 80}.get(scheme)
            return _host(host) + (f":{port}" if port not in (None, usual) else "")
    return _host(exchange.host or "")


def key_of(exchange: Exchange, target: Target, campaign: str) -> CampaignKey:
    """The campaign with this id, where an exchange with this target takes place."""
    return CampaignKey(origin(exchange) + target.prefix, target.account, target.channel, campaign)


@lru_cache(maxsize=8192)
def _target(path: str) -> Target | None:
    target = read_target(path.partition("?")[0])
    return target if target and target.well_formed else None


def named_target(exchange: Exchange) -> Target | None:
    """The campaign that an exchange names by its fields, where it has no URL."""
    campaign, account = exchange.campaign, exchange.account or "-"
    if campaign is not None and not is_id(campaign):
        return None
    try:
        channel = Channel(exchange.channel or "")
    except ValueError:
        return None
    return Target("", account, COLLECTION_OF[channel], campaign, ())


def campaign_of(exchange: Exchange) -> CampaignKey | None:
    """The one campaign that an exchange names; None if it names none, or what is below one."""
    path = split_url(exchange.url)[3] if exchange.url else ""
    target = _target(path) if path else named_target(exchange)
    return key_of(exchange, target, target.id) if target and target.id and not target.rest else None


def read_request(exchange: Exchange) -> Intent | Target | None:
    """What a request is: a write, a read, or nothing that is about campaigns.

    Raises:
        UnreadableRequest: It is a write that cannot be read in exactly one way.
        Unjudged: It is a write, and the recording does not say what it does.
    """
    body = exchange.request_body
    if not exchange.url:
        return _named(exchange, body)
    scheme, host, port, path, _ = split_url(exchange.url)
    if exchange.headers is None and body is None:
        target = _target(path)
        safe = exchange.method in SAFE_METHODS or exchange.method.upper() in SAFE_METHODS
        if target is not None and "?" not in path:
            return target if safe else _described(exchange, target)
        if target is not None and safe:
            return target
    if not exchange.method and body and (target := _target(path)) is not None:
        raise Unjudged("its method was not recorded", target)
    wire = WireRequest(
        method=exchange.method or "GET",
        scheme=scheme,
        host=host,
        port=port,
        target=path.encode("utf-8", "surrogateescape"),
        headers=_headers(exchange, body),
        body=body or b"",
    )
    if not concerns(wire):
        return None
    if body is None and exchange.method in ("PUT", "POST", "PATCH"):
        target = _target(path)
        if target is not None and (exchange.action or exchange.fields):
            return _described(exchange, target)
        if target is not None and not _is_form(exchange):
            raise Unjudged("its body was not recorded", target)
    return read_intent(wire)


def _named(exchange: Exchange, body: bytes | None) -> Intent | Target | None:
    """What a request is that names its campaign by fields, and not by a URL."""
    target = named_target(exchange)
    if target is None:
        return None
    if exchange.method.upper() in SAFE_METHODS:
        return target
    if body is None or exchange.action:
        # Something that only says which status a campaign has is a reading.
        reading = not exchange.method and not exchange.action and not exchange.fields and body is None
        return target if reading else _described(exchange, target)
    if not exchange.method:
        raise Unjudged("its method was not recorded", target)
    path = f"/v2/accounts/{target.account}/{target.collection}{f'/{target.id}' if target.id else ''}"
    return read_intent(
        WireRequest(
            method=exchange.method,
            scheme="https",
            host="",
            port=None,
            target=path.encode(),
            headers=_headers(exchange, body),
            body=body,
        )
    )


def may_concern(exchange: Exchange) -> bool:
    """Whether an exchange may be about campaigns, by its URL and headers; True where it has no URL."""
    if not exchange.url:
        return True
    if exchange.url[:5].lower() == "data:":
        return False
    scheme, host, port, path, _ = split_url(exchange.url)
    target = path.encode("utf-8", "surrogateescape")
    return concerns(WireRequest(exchange.method or "GET", scheme, host, port, target, _headers(exchange, None)))


class Unjudged(Exception):
    """A write of which the recording does not say what it does."""

    def __init__(self, reason: str, target: Target) -> None:
        super().__init__(reason)
        self.target = target


def _is_form(exchange: Exchange) -> bool:
    """Whether its body was something else than JSON, whatever stood in it."""
    types = [value for name, value in exchange.headers or () if name.lower() == "content-type"]
    return bool(types) and not any("json" in value.lower() for value in types)


def _headers(exchange: Exchange, body: bytes | None) -> tuple[tuple[bytes, bytes], ...]:
    if exchange.headers is None:
        return () if body is None else JSON_HEADERS
    return tuple(
        (name.encode("utf-8", "surrogateescape"), value.encode("utf-8", "surrogateescape"))
        for name, value in exchange.headers
        # The length on the wire is that of an encoding which a recording may have taken off.
        if name.lower() not in ("content-length", "transfer-encoding")
    )


_ACTIONS: Final[dict[str, Action]] = {action.value: action for action in Action}


def _described(exchange: Exchange, target: Target) -> Intent:
    """A write whose body was not recorded, by the action and the fields that were."""
    method = exchange.method.upper()
    if (target.id is None) != (method == "POST" or exchange.action == Action.CREATE) and method:
        raise UnreadableRequest(
            code="CF402",
            reason=f"{method[:20]} on {'a collection' if target.id is None else 'a campaign'}.",
            channel=target.channel,
            campaign_id=target.id,
            advice=PROBLEMS["CF402"].advice,
        )
    action = _ACTIONS.get(exchange.action or "")
    if action is None:
        if exchange.method == "DELETE":
            action = Action.DELETE
        elif exchange.method == "POST" and target.id is None and not exchange.action:
            action = Action.CREATE
        elif exchange.fields and not exchange.action:
            action = edit_kind(exchange.fields, target.channel)
        elif exchange.action:
            raise UnreadableRequest(
                code="CF412",
                reason=f"its action is {printable_key(exchange.action)}.",
                channel=target.channel,
                campaign_id=target.id,
                advice=PROBLEMS["CF412"].advice,
            )
        else:
            raise Unjudged("neither its body nor its action was recorded", target)
    body = exchange.request_body
    if body:
        try:
            return Intent(action, target, read_object(body))
        except Ambiguous as problem:
            raise Unjudged(f"its parameters cannot be read: {problem}", target) from None
    if not exchange.fields:
        # Nothing is known of the schedule that these set, or may set.
        unrecorded = action in (Action.RESCHEDULE, Action.CREATE)
        return Intent(action, target, {"schedule": NOT_RECORDED}) if unrecorded else _plain(action, target)
    return Intent(action, target, dict.fromkeys(exchange.fields, NOT_RECORDED))


@lru_cache(maxsize=8192)
def _plain(action: Action, target: Target) -> Intent:
    return Intent(action, target, {})


@frozen
class Answered:
    """What the answer to a request about one campaign shows.

    Attributes:
        status_code: The effective status code: that of the item inside, if it failed.
        raw_status: The campaign's status as it is spelled; None if none is shown.
        reading: The campaign, if the answer's body shows it.
        campaign_id: The id of that campaign.
        readable: False if there is an answer, and it cannot be read in exactly one way.
    """

    status_code: int | None
    raw_status: str | None = None
    reading: Reading | None = None
    campaign_id: str | None = None
    readable: bool = True

    @property
    def taken(self) -> bool:
        """Whether it says that something was done; True where its code was not recorded."""
        return self.status_code is None or 200 <= self.status_code < 300

    @property
    def silent(self) -> bool:
        """Whether nothing of it was recorded."""
        return self.status_code is None and self.raw_status is None


def read_answer(exchange: Exchange, target: Target) -> Answered:
    """What the answer about one campaign shows, as far as it was recorded."""
    code = exchange.status_code
    if exchange.status is not None:
        return Answered(code, exchange.status)
    body = exchange.response_body
    if body is None or code is None:
        return Answered(code)
    answer = Answer(code, (), body)
    try:
        item = read_item(answer)
        if item.failed:
            return Answered(item.code if 200 <= code < 300 else code)
        if not 200 <= code < 300:
            return Answered(code)
        campaign_id, reading = read_campaign(item, target.channel, None)
    except NotReadable:
        return Answered(code, readable=False)
    return Answered(code, reading.raw_status, reading, campaign_id)


def read_list(exchange: Exchange, channel: Channel) -> list[tuple[str, Reading]]:
    """The campaigns that a list shows, as far as it was recorded."""
    body = exchange.response_body
    if body is None or exchange.status_code is None or not 200 <= exchange.status_code < 300:
        return []
    campaigns = []
    try:
        items: tuple[Item, ...] = read_page(Answer(exchange.status_code, (), body)).items
    except NotReadable:
        return []
    for item in items:
        try:
            if not item.failed:
                campaigns.append(read_campaign(item, channel, None))
        except NotReadable:
            continue
    return campaigns

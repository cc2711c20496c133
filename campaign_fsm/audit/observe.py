"""From an exchange to observations: reads it, finds its campaign, and assesses what a write asks for."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

from attrs import define, evolve, field

from campaign_fsm.audit.assessment import assess
from campaign_fsm.audit.interpret import (
    Answered,
    Unjudged,
    key_of,
    may_concern,
    named_target,
    read_answer,
    read_list,
    read_request,
    split_url,
)
from campaign_fsm.audit.observation import (
    CallbackObservation,
    CampaignRequest,
    CampaignWrite,
    CreatedCampaign,
    CreateRequest,
    MisdirectedAnswer,
    Observation,
    Options,
    StatusRead,
    UnclearWrite,
    UnreadableAnswer,
    UnreadableWrite,
    UnreadEntry,
    UnsentWrite,
    WriteObservation,
    WriteResult,
)
from campaign_fsm.audit.tracker import NO_CAMPAIGN, TrackedCampaign, Tracker
from campaign_fsm.errors import UnreadableCallback, UnreadableRequest
from campaign_fsm.rules import Status
from campaign_fsm.traffic import Exchange
from campaign_fsm.verdict import judge
from campaign_fsm.wire.callback import parse_status_callback
from campaign_fsm.wire.intent import Intent
from campaign_fsm.wire.schedule import parse_time
from campaign_fsm.wire.target import COLLECTION_OF, Target, read_target

# Answers after which it is not known whether a write was applied: what follows them is on its way to another place, or
# somebody in between has given up.
_UNCERTAIN: Final = frozenset({*range(300, 400), 408, 425})


Asked = Intent | Target | UnreadableRequest | Unjudged | None
_Read = TypeVar("_Read")


def _asked(exchange: Exchange) -> Asked:
    try:
        return read_request(exchange)
    except (UnreadableRequest, Unjudged) as error:
        return error


@define
class Observer:
    """Makes observations, and keeps which campaigns there are.

    Attributes:
        tracker: The campaigns. What is known of them is brought up to date by whoever takes the observations.
        events: How many exchanges were about campaigns.
    """

    tracker: Tracker = field(factory=Tracker)
    events: int = 0
    _memory: dict[tuple[str, int], Any] | None = field(default=None, init=False)

    def observations(self, exchange: Exchange, options: Options) -> Iterator[Observation]:
        """What an exchange asks for and shows. The next one may be asked for after `update` of the one before it."""
        if exchange.unread is not None:
            if (entry := self._unread(exchange, options)) is not None:
                yield entry
            return
        if exchange.callback is not None:
            self.events += 1
            yield from self._callback(exchange, exchange.callback, options)
            return
        asked = self.asked(exchange)
        if asked is None:
            return
        self.events += 1
        if exchange.headers is not None or "@" in exchange.url:
            yield CampaignRequest(exchange=exchange, options=options)
        if isinstance(asked, Intent):
            if asked.target.id is None:
                yield from self._create(exchange, asked, options)
            else:
                yield self._write(exchange, asked, options)
        elif isinstance(asked, UnreadableRequest):
            yield self._unreadable(exchange, asked, options)
        elif isinstance(asked, Unjudged):
            yield self._unclear(exchange, asked, options)
        elif asked.id is None:
            yield from self._list(exchange, asked, options)
        elif not asked.rest and (observed := self._read(exchange, asked, options)) is not None:
            yield observed

    def asked(self, exchange: Exchange) -> Asked:
        """What an exchange asks for, or why that is not known; None if it is not about campaigns."""
        return self._remembered(exchange, "asked", _asked)

    def answered(self, exchange: Exchange, target: Target) -> Answered:
        """What the answer about a campaign shows."""
        return self._remembered(exchange, "answered", lambda one: read_answer(one, target))

    @contextmanager
    def remembering(self) -> Iterator[None]:
        """Read no exchange twice that is there all the time: every order of some is tried."""
        self._memory = {}
        try:
            yield
        finally:
            self._memory = None

    def _remembered(self, exchange: Exchange, what: str, read: Callable[[Exchange], _Read]) -> _Read:
        if self._memory is None:
            return read(exchange)
        key = what, id(exchange)
        if key not in self._memory:
            self._memory[key] = read(exchange)
        found: _Read = self._memory[key]
        return found

    def kind_of(self, exchange: Exchange) -> Hashable:
        """What an exchange about one campaign does and shows, without what makes no difference to the campaign."""
        asked = self.asked(exchange)
        if not isinstance(asked, Intent | Target) or exchange.unread is not None:
            return id(exchange)
        target = asked.target if isinstance(asked, Intent) else asked
        answer = self.answered(exchange, target)
        given = (asked.action, dict(asked.fields)) if isinstance(asked, Intent) else None
        shown = (answer.status_code, answer.raw_status, answer.readable, answer.reading and dict(answer.reading.data))
        about = (exchange.sent, exchange.lost, exchange.planned, exchange.start, exchange.end, exchange.name)
        return json.dumps((given, shown, about), sort_keys=True, default=str)

    def _callback(self, exchange: Exchange, body: dict[str, Any] | str, options: Options) -> Iterator[Observation]:
        try:
            callback = parse_status_callback(body)
        except UnreadableCallback:
            return
        # A callback names no account: a campaign of each account with this id may be meant.
        for tracked in self.tracker.with_id(callback.campaign_id):
            key = tracked.key
            assert key is not None
            yield CallbackObservation(
                exchange=exchange,
                options=options,
                target=Target("", key.account, COLLECTION_OF[key.channel], key.campaign, ()),
                tracked=tracked,
                raw_status=callback.raw_status,
                status=callback.claimed_status,
            )

    def _unread(self, exchange: Exchange, options: Options) -> UnreadEntry | None:
        """An entry of which the reader could not read something; None if it is not about campaigns."""
        if not may_concern(exchange):
            return None
        path = split_url(exchange.url)[3].partition("?")[0] if exchange.url else ""
        target = read_target(path) if path else named_target(exchange)
        if target is None or target.id is None or not target.well_formed:
            return UnreadEntry(exchange=exchange, options=options)
        self.events += 1
        return UnreadEntry(exchange=exchange, options=options, target=target, tracked=self._track(exchange, target))

    def _list(self, exchange: Exchange, collection: Target, options: Options) -> Iterator[StatusRead]:
        for campaign, reading in read_list(exchange, collection.channel):
            target = evolve(collection, id=campaign)
            tracked = self._track(exchange, target)
            yield StatusRead(
                exchange=exchange,
                options=options,
                target=target,
                tracked=tracked,
                raw_status=reading.raw_status,
                status=reading.status,
                reading=reading,
            )

    def _read(self, exchange: Exchange, target: Target, options: Options) -> Observation | None:
        """What the details of a campaign show; None if that is nothing, or not recorded."""
        answer = self.answered(exchange, target)
        if not answer.taken or (answer.readable and answer.raw_status is None):
            return None
        if answer.reading is not None and answer.campaign_id != target.id:
            return MisdirectedAnswer(exchange=exchange, options=options, target=target)
        tracked = self._named(exchange, target)
        if answer.raw_status is None:
            return UnreadableAnswer(exchange=exchange, options=options, target=target, tracked=tracked)
        return StatusRead(
            exchange=exchange,
            options=options,
            target=target,
            tracked=tracked,
            raw_status=answer.raw_status,
            status=Status.parse(answer.raw_status),
            reading=answer.reading,
            whole=True,
        )

    def _unreadable(self, exchange: Exchange, refusal: UnreadableRequest, options: Options) -> UnreadableWrite:
        unread = UnreadableWrite(exchange=exchange, options=options, refusal=refusal)
        if not (refusal.campaign_id and refusal.channel):
            return unread
        path = split_url(exchange.url)[3].partition("?")[0] if exchange.url else ""
        named = Target("", exchange.account or "-", COLLECTION_OF[refusal.channel], refusal.campaign_id, ())
        target = read_target(path) or named
        key = key_of(exchange, target, refusal.campaign_id)
        # It is no reason to count a campaign that was never seen.
        return evolve(unread, target=target, tracked=self.tracker.get(key) or NO_CAMPAIGN)

    def _unclear(self, exchange: Exchange, unjudged: Unjudged, options: Options) -> UnclearWrite:
        unclear = UnclearWrite(exchange=exchange, options=options, target=unjudged.target, reason=str(unjudged))
        if unjudged.target.id is None:
            return unclear
        tracked = self._track(exchange, unjudged.target)
        return evolve(unclear, tracked=tracked)

    def _write(self, exchange: Exchange, intent: Intent, options: Options) -> UnsentWrite | CampaignWrite:
        target = intent.target
        tracked = self._named(exchange, target)
        assessment = None
        if tracked.possible:
            counts = intent.fields or tracked.start is not None or tracked.end is not None
            at = parse_time(exchange.at) if counts else None
            assessment = assess(tracked, intent, at, strict=options.strict)
        if not exchange.sent:
            return UnsentWrite(
                exchange=exchange,
                options=options,
                target=target,
                tracked=tracked,
                intent=intent,
                assessment=assessment,
            )
        answer = self.answered(exchange, target)
        if answer.reading is not None and answer.campaign_id != target.id:
            answer = evolve(answer, raw_status=None, reading=None)
        result = result_of(exchange, answer)
        raw_status = answer.raw_status if result is WriteResult.TAKEN else None
        return CampaignWrite(
            exchange=exchange,
            options=options,
            target=target,
            tracked=tracked,
            intent=intent,
            assessment=assessment,
            answer=answer,
            result=result,
            status=None if raw_status is None else Status.parse(raw_status),
        )

    def _create(self, exchange: Exchange, intent: Intent, options: Options) -> Iterator[WriteObservation]:
        about: dict[str, Any] = {"exchange": exchange, "options": options, "intent": intent}
        if not exchange.sent:
            yield UnsentWrite(**about, target=intent.target)
            return
        yield CreateRequest(**about, target=intent.target)
        answer = self.answered(exchange, intent.target)
        campaign = exchange.campaign if answer.reading is None else answer.campaign_id
        if campaign is None or answer.raw_status is None or not answer.taken:
            return
        target = evolve(intent.target, id=campaign)
        tracked = self._track(exchange, target)
        yield CreatedCampaign(
            **about,
            target=target,
            tracked=tracked,
            raw_status=answer.raw_status,
            status=Status.parse(answer.raw_status),
            accepted=judge(intent, None, None).accepted,
            reading=answer.reading,
        )

    def _track(self, exchange: Exchange, target: Target) -> TrackedCampaign:
        """What is known of the campaign that a target is, which is tracked from now on."""
        assert target.id is not None
        return self.tracker.track(key_of(exchange, target, target.id))

    def _named(self, exchange: Exchange, target: Target) -> TrackedCampaign:
        """The same, where the exchange's own URL, or its fields, name this campaign."""
        if not exchange.url or exchange.host:
            return self._track(exchange, target)
        tracked = self.tracker.by_url.get(exchange.url)
        if tracked is None:
            tracked = self._track(exchange, target)
            if not target.rest and "?" not in exchange.url:
                self.tracker.names(exchange.url, tracked)
        return tracked


def result_of(exchange: Exchange, answer: Answered) -> WriteResult:
    """What became of a write that was sent."""
    code = answer.status_code
    if exchange.planned:
        return WriteResult.PLANNED
    if exchange.lost or (code is not None and code >= 500):
        return WriteResult.LOST
    if answer.silent or code in _UNCERTAIN or (answer.taken and not answer.readable):
        return WriteResult.UNCERTAIN
    if answer.taken:
        return WriteResult.TAKEN
    return WriteResult.CONFLICT if code == 409 else WriteResult.REJECTED

"""Strategies for property tests: walks through the life cycle, campaigns, answers of the API and drafts.

What is legal comes from `decide` and from the table of the platform's moves; no rule is stated here.
A walk is made from a list of edges, each of which it takes on the shortest way. So it shrinks as a list
does: edges fall away without a change to those after them, and those that stay become ones that are
nearer to the creation.
"""

from __future__ import annotations

import base64
import json
import string
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final

from attrs import frozen
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument
from hypothesis.strategies import DrawFn, SearchStrategy

from campaign_fsm.drafts import Draft, MessageCampaignDraft, Retries, VoiceCampaignDraft
from campaign_fsm.lifecycle import decide, walks
from campaign_fsm.rules import RULES, STATUSES, Action, Channel, Event, Status
from campaign_fsm.simulator import Simulator
from campaign_fsm.simulator.payloads import spelled
from campaign_fsm.wire.answer import Answer
from campaign_fsm.wire.campaign import Campaign, campaign_from
from campaign_fsm.wire.intent import JSON_HEADERS
from campaign_fsm.wire.reading import read_status
from campaign_fsm.wire.schedule import SCHEDULE_KEYS, Schedule
from campaign_fsm.wire.target import COLLECTION_OF, read_target

_HOURS: Final = 24 * 30


def statuses(*, unknown: bool = False) -> SearchStrategy[Status]:
    """Every status.

    Args:
        unknown: Also `Status.UNKNOWN`, which stands for a spelling on no list.
    """
    return st.sampled_from(tuple(Status) if unknown else STATUSES)


def actions() -> SearchStrategy[Action]:
    """Everything that an account holder can ask for."""
    return st.sampled_from(Action)


def channels() -> SearchStrategy[Channel]:
    """Both kinds of campaign."""
    return st.sampled_from(Channel)


def _on(channel: Channel | str | None) -> SearchStrategy[Channel]:
    return channels() if channel is None else st.just(Channel(channel))


# Walks


@frozen
class Step:
    """One step of a campaign's life.

    Attributes:
        trigger: The action that was asked for, or what the platform did by itself.
        source: The status before; None before the creation.
        status: The status after it; the one before where the action is illegal.
        channel: The kind of campaign.
        started: Whether the start had passed when it was asked for, as `decide` takes it.
        code: The code of the edge, or of the refusal.
    """

    trigger: Action | Event
    source: Status | None
    status: Status | None
    channel: Channel
    started: bool
    code: str

    @property
    def legal(self) -> bool:
        """Whether it is an edge of the life cycle."""
        return isinstance(self.trigger, Event) or bool(
            decide(self.source, self.trigger, channel=self.channel, started=self.started)
        )

    def __str__(self) -> str:
        return f"{self.trigger} [{self.code}] -> {self.status}"


@cache
def _possible(status: Status | None, channel: Channel, started: bool) -> tuple[Step, ...]:
    """The steps that can come next: actions, then the platform's; last what is possible once the start has passed."""
    steps: list[Step] = []
    for action in Action:
        decision = decide(status, action, channel=channel, started=started)
        if decision:
            steps.append(Step(action, status, decision.destination, channel, started, decision.code))
    steps += [
        # Whatever the platform does, it does from the start on.
        Step(rule.trigger, status, rule.leads_to, channel, True, rule.code)
        for rule in RULES
        if isinstance(rule.trigger, Event) and rule.applies(status, channel, started)
    ]
    if status is not None and not started:
        codes = {step.code for step in steps}
        steps += [step for step in _possible(status, channel, True) if step.code not in codes]
    return tuple(steps)


@cache
def _can_go(status: Status | None, channel: Channel, started: bool, steps: int) -> bool:
    """Whether a walk can go on for so many steps."""
    return steps <= 0 or any(
        _can_go(step.status, channel, step.started, steps - 1) for step in _possible(status, channel, started)
    )


# A walk with more steps than there are positions has been somewhere twice, and so can go on for ever.
_FOR_EVER: Final = 2 * len(Status) + 1


@cache
def _ways(status: Status | None, channel: Channel, started: bool) -> dict[str, tuple[Step, ...]]:
    """For each edge that can still be taken, by code, the shortest walk that ends with it; short ones first."""
    ways: dict[str, tuple[Step, ...]] = {}
    for way, _ in walks((status, started), lambda position: _onward(position, channel)):
        ways.setdefault(way[-1].code, way)
    return ways


def _onward(
    position: tuple[Status | None, bool], channel: Channel
) -> Iterator[tuple[Step, tuple[Status | None, bool]]]:
    status, started = position
    for step in _possible(status, channel, started):
        yield step, (step.status, step.started)


def _walk(codes: list[str], channel: Channel, least: int, most: int) -> list[Step]:
    """The walk that takes these edges one after the other, each on the shortest way; what cannot be is left out."""
    walk: list[Step] = []
    status: Status | None = None
    started = False
    for code in codes:
        way = _ways(status, channel, started).get(code, ())
        missing = min(least - len(walk) - len(way), _FOR_EVER)
        if way and len(walk) + len(way) <= most and _can_go(way[-1].status, channel, way[-1].started, missing):
            walk += way
            status, started = way[-1].status, way[-1].started
    while len(walk) < least:
        missing = min(least - len(walk) - 1, _FOR_EVER)
        step = next(
            step for step in _possible(status, channel, started) if _can_go(step.status, channel, step.started, missing)
        )
        walk.append(step)
        status, started = step.status, step.started
    return walk


def legal_walks(
    channel: Channel | str | None = None, min_size: int = 1, max_size: int = 12
) -> SearchStrategy[list[Step]]:
    """Lives of a campaign from its creation on, legal at each step, the platform's moves among them.

    Args:
        channel: The kind of campaign; None for both.
        min_size: The least number of steps, the creation included.
        max_size: The greatest number of steps.
    """
    return _legal_walks(channel, min_size, max_size)


@st.composite
def _legal_walks(draw: DrawFn, channel: Channel | str | None, min_size: int, max_size: int) -> list[Step]:
    if not 0 <= min_size <= max_size:
        raise InvalidArgument(f"min_size must be 0 to max_size, not {min_size} to {max_size}")
    kind = draw(_on(channel))
    edges = tuple(_ways(None, kind, False))
    return _walk(draw(st.lists(st.sampled_from(edges), max_size=max_size)), kind, min_size, max_size)


def illegal_walks(
    channel: Channel | str | None = None, min_size: int = 1, max_size: int = 12
) -> SearchStrategy[list[Step]]:
    """A legal walk, and after it one action that is illegal in the status reached.

    Args:
        channel: The kind of campaign; None for both.
        min_size: The least number of legal steps, at least 1: the creation.
        max_size: The greatest number of legal steps.
    """
    return _illegal_walks(channel, min_size, max_size)


@st.composite
def _illegal_walks(draw: DrawFn, channel: Channel | str | None, min_size: int, max_size: int) -> list[Step]:
    least = max(min_size, 1)
    walk = draw(legal_walks(channel, least, max(max_size, least)))
    last = walk[-1]
    # A create acts on the collection: no request asks for it on a campaign.
    decisions = [
        decision
        for action in Action
        if action is not Action.CREATE
        and not (decision := decide(last.status, action, channel=last.channel, started=last.started))
    ]
    decision = draw(st.sampled_from(decisions))
    refused = Step(decision.action, last.status, last.status, last.channel, last.started, decision.code)
    return [*walk, refused]


# Campaigns and answers


@cache
def _spellings(status: Status) -> tuple[str, ...]:
    """How answers about message and about voice campaigns spell a status."""
    return tuple(dict.fromkeys(spelled(status, each) for each in Channel))


_ids: Final = st.integers(0, 16**32 - 1).map(lambda number: f"{number:032x}")
_names: Final = st.text(string.ascii_letters + string.digits + " -_", min_size=3, max_size=30).filter(
    lambda name: len(name.strip()) >= 3
)
_hours: Final = st.none() | st.integers(-_HOURS, _HOURS)


@st.composite
def _answers(draw: DrawFn, channel: Channel, status: Status | str | None) -> tuple[dict[str, Any], str, datetime]:
    """The body of an answer about one campaign, the path that was asked, and when."""
    known = draw(statuses()) if status is None else Status(status)
    unknown = known is Status.UNKNOWN
    simulator = Simulator()
    start, end = draw(_hours), draw(_hours)
    if start is not None and end is not None and end <= start:
        end = start + 2
    campaign_id = simulator.add(
        Status.CREATED if unknown else known,
        channel=channel,
        id=draw(_ids),
        name=draw(_names),
        start=None if start is None else simulator.now + timedelta(hours=start),
        end=None if end is None else simulator.now + timedelta(hours=end),
        contacts=draw(st.integers(0, 5000)),
    )
    path = f"/v2/accounts/{simulator.account_sid}/{COLLECTION_OF[channel]}/{campaign_id}"
    login = base64.b64encode(f"{simulator.api_key}:{simulator.api_token}".encode()).decode()
    reply = simulator.handle("GET", path, [("Authorization", f"Basic {login}")], b"")
    body: dict[str, Any] = json.loads(reply.body)
    response = body["response"]
    item = response[0] if isinstance(response, list) else response
    item["data"]["status"] = draw(st.sampled_from(("on-no-list",) if unknown else _spellings(known)))
    if channel is Channel.MESSAGE:
        _as_another_page(draw, body)
    elif draw(st.booleans()):
        item["summary"] = {"call_completed": item["data"]["stats"]["completed"]}
    return body, path, simulator.now


def _as_another_page(draw: DrawFn, body: dict[str, Any]) -> None:
    """Have an answer about a message campaign in one of the forms that the vendor's pages differ about."""
    item = body["response"]
    data = item["data"]
    if draw(st.booleans()):
        data["stats"] = {key.replace("-", "_"): count for key, count in data["stats"].items()}
    if draw(st.booleans()):
        data["id"] = data.pop("sid")
    if data["schedule"] is not None and draw(st.booleans()):
        of_calls = dict(zip(SCHEDULE_KEYS[Channel.MESSAGE], SCHEDULE_KEYS[Channel.VOICE], strict=True))
        data["schedule"] = {of_calls[key]: time for key, time in data["schedule"].items()}
    if draw(st.booleans()):
        item.pop("code")
        body["response"] = [item]


def payloads(channel: Channel | str, status: Status | str | None = None) -> SearchStrategy[dict[str, Any]]:
    """Bodies of answers about one campaign, in each form that the vendor's pages show for the channel.

    Statuses are spelled as on either channel; ``response`` is an object or a list of one item.

    Args:
        channel: The kind of campaign.
        status: Its status; None for every one on the list.
    """
    return _answers(Channel(channel), status).map(lambda answer: answer[0])


def campaigns(channel: Channel | str | None = None, status: Status | str | None = None) -> SearchStrategy[Campaign]:
    """Campaigns, as they are read from the answers that `payloads` gives.

    Args:
        channel: The kind of campaign; None for both.
        status: Its status; None for every one on the list.
    """
    return _campaigns(channel, status)


@st.composite
def _campaigns(draw: DrawFn, channel: Channel | str | None, status: Status | str | None) -> Campaign:
    kind = draw(_on(channel))
    body, path, now = draw(_answers(kind, status))
    target = read_target(path)
    assert target is not None
    assert target.id is not None
    return campaign_from(
        read_status(Answer(200, JSON_HEADERS, json.dumps(body).encode()), target), target.id, kind, now
    )


# Drafts

_urls: Final = st.sampled_from(("https://example.com/done", "http://127.0.0.1:8080/a?b=c"))
_lists: Final = st.lists(_ids, min_size=1, max_size=5, unique=True)
_digits: Final = st.text(string.digits, min_size=1, max_size=19)
_letters: Final = st.text(string.ascii_uppercase, min_size=1, max_size=11)
_texts: Final = st.text(st.characters(codec="utf-8"), min_size=1, max_size=160).filter(str.strip)
_numbers: Final = st.lists(
    st.integers(10**8, 10**9 - 1).map(lambda rest: f"+919{rest}"), min_size=1, max_size=5, unique=True
)


@st.composite
def _schedules(draw: DrawFn) -> Schedule:
    start = draw(st.datetimes(datetime(2030, 1, 1), datetime(2039, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 (gets its zone)
    start = start.replace(microsecond=0)
    return Schedule(start, start + timedelta(minutes=draw(st.integers(120, 60 * _HOURS))))


_schedule: Final = st.none() | _schedules()
_url: Final = st.none() | _urls


@st.composite
def _message_drafts(draw: DrawFn) -> MessageCampaignDraft:
    content = draw(st.sampled_from(("static", "dynamic")))
    kind = draw(st.sampled_from(("transactional", "promotional")))
    return MessageCampaignDraft(
        content_type=content,
        lists=draw(_lists if content == "static" else st.lists(_ids, min_size=1, max_size=1)),
        sender_id=draw(_letters if kind == "transactional" else _digits),
        sms_type=kind,
        template=draw(_texts),
        dlt_entity_id=draw(st.none() | _digits),
        dlt_template_id=draw(st.none() | _digits),
        name=draw(st.none() | _names),
        schedule=draw(_schedule),
        status_callback=draw(_url),
        sms_status_callback=draw(_url),
    )


@st.composite
def _retries(draw: DrawFn) -> Retries:
    tries = draw(st.integers(0, 3))
    interval = st.integers(1, 60)
    return Retries(
        number_of_retries=tries,
        # Only where nothing is tried again it may be left out.
        interval_mins=draw(interval if tries else st.none() | interval),
        mechanism=draw(st.sampled_from((None, "Linear", "Exponential"))),
        on_status=draw(st.none() | st.lists(st.sampled_from(("busy", "no-answer", "failed")), min_size=1, unique=True)),
    )


@st.composite
def _voice_drafts(draw: DrawFn) -> VoiceCampaignDraft:
    called = draw(st.booleans())
    return VoiceCampaignDraft(
        caller_id=draw(st.text(string.digits, min_size=8, max_size=12)),
        from_=None if called else draw(_numbers),
        lists=draw(st.lists(_ids, min_size=1, max_size=1)) if called else None,
        campaign_type=draw(st.sampled_from((None, "static", "dynamic"))),
        flow_type=draw(st.sampled_from((None, "ivr", "greeting"))),
        url=draw(_url),
        read_via_text=draw(st.none() | _texts),
        name=draw(st.none() | _names),
        call_duplicate_numbers=draw(st.none() | st.booleans()),
        retries=draw(st.none() | _retries()),
        schedule=draw(_schedule),
        status_callback=draw(_url),
        call_status_callback=draw(_url),
        call_schedule_callback=draw(_url),
    )


def drafts(channel: Channel | str | None = None) -> SearchStrategy[Draft]:
    """Valid drafts, with and without what is optional.

    Args:
        channel: The kind of campaign: `MessageCampaignDraft` or `VoiceCampaignDraft`; None for both.
    """
    kinds: dict[Channel, SearchStrategy[Draft]] = {
        Channel.MESSAGE: _message_drafts(),
        Channel.VOICE: _voice_drafts(),
    }
    return st.one_of(*kinds.values()) if channel is None else kinds[Channel(channel)]

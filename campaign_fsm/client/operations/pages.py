"""Lists: of campaigns and of the numbers of one, page by page; a page is read when it is needed."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Generator
from typing import Any, Final, TypeVar

from attrs import evolve

from campaign_fsm import log
from campaign_fsm.client.calls import Call, Operation, changed
from campaign_fsm.client.operations.context import ClientContext
from campaign_fsm.client.operations.reads import ask, hint_elsewhere, read
from campaign_fsm.client.sent_write import is_gone
from campaign_fsm.drive import Emit, Sleep, within
from campaign_fsm.errors import ApiError, ConnectionFailed, NotFound, NotOne
from campaign_fsm.printable import quoted
from campaign_fsm.rules import OVER, Channel
from campaign_fsm.wire.answer import Answer, NotReadable
from campaign_fsm.wire.campaign import Campaign, campaign_from, counter
from campaign_fsm.wire.envelope import Item
from campaign_fsm.wire.failure import api_error
from campaign_fsm.wire.listing import (
    DETAILS,
    NAME_RULE,
    PAGE_SIZES,
    Filter,
    Page,
    details_query,
    is_name,
    read_page,
)
from campaign_fsm.wire.reading import read_campaign
from campaign_fsm.wire.recipient import RECIPIENTS, Recipient
from campaign_fsm.wire.target import Target, is_id

_MOST_MATCHES: Final = 10
# A page of campaigns with all their numbers in them has to stay within what a read may be.
_PAGE_SIZE: Final = 100
# Bytes: after a page of fewer, one of twice as many campaigns is well within that.
_SMALL: Final = 2**20
_SHIFTS: Final = 3

_T = TypeVar("_T")


class _Enough(Exception):
    """Nothing more is wanted of a listing."""


Listing = Generator[Call | Sleep | Emit[_T], Any, None]


def campaigns(context: ClientContext, wanted: Filter, page_size: int | None) -> Listing[Campaign]:
    """Every campaign that a filter lets through."""
    return entries(context, wanted, page_size, lambda campaign, _: campaign)


def entries(
    context: ClientContext,
    wanted: Filter,
    page_size: int | None,
    take: Callable[[Campaign, Item], _T],
    *,
    failed_too: bool = True,
    patient: bool = True,
    more: Callable[[int], bool] | None = None,
) -> Listing[_T]:
    """What is taken from each campaign that a filter lets through, and from the item that shows it.

    Args:
        context: The client's.
        wanted: The filter.
        page_size: How many to ask for at once; None: what is sensible on the channel.
        take: Makes of each what is to come.
        failed_too: Whether an item that failed is an error; else it is passed over.
        patient: Whether a page that cannot be had is asked for again, up to the deadline; a too large one by halves.
        more: Asked before each page but the first, with how many were read: whether to go on. None: to the end.
    """
    size = most = _page_size(context, page_size)
    offset = 0
    previous: dict[str, None] = {}
    recent: dict[str, None] = {}
    repeated = 0
    for pages_read in itertools.count():
        if pages_read and more is not None and not more(pages_read):
            return
        answer, page, size = yield from page_at(context, wanted, offset, size, patient=patient)
        asked = size
        if len(answer.body) < _SMALL:
            size = min(2 * size, most)  # what was too large has been passed
        ids: dict[str, None] = {}
        for item in page.items:
            if item.failed and not failed_too:
                continue
            campaign = listed(context, item, answer)
            ids[campaign.id] = None
            # A campaign that was created meanwhile shifts the rest by one, onto the next page.
            if campaign.id not in recent and (not wanted.statuses or campaign.status in wanted.statuses):
                yield Emit(take(campaign, item))
        offset += len(page.items)
        if not page.items or (offset >= page.total if page.total is not None else len(page.items) < asked):
            return
        repeated = repeated + len(ids) if ids.keys() <= previous.keys() else 0
        # What was created meanwhile repeats as many; on pages that have become small that can be whole ones.
        if repeated > (most if asked < most else _SHIFTS if asked == 1 else 0):
            raise _unlike(context, answer, "the next page of the list holds nothing new")
        previous = ids
        recent = {**{seen: None for seen in recent if seen not in ids}, **ids}
        while len(recent) > max(most, len(ids)):
            del recent[next(iter(recent))]


def page_at(
    context: ClientContext, wanted: Filter, offset: int, size: int, *, patient: bool
) -> Operation[tuple[Answer, Page, int]]:
    """One page, at half its size as often as it is larger than what a read may be; with the size that it came in."""
    while True:
        call = Call("GET", context.collection(), wanted.query(context.channel, offset, size))
        try:
            answer, page = yield from page_of(context, call, patient=patient)
        except ConnectionFailed as error:
            if not error.too_large or size == 1 or not patient:
                raise
            log.info("a page of %d campaigns is too large; next try with %d", size, size // 2, about=call.target)
            size //= 2
        else:
            return answer, page, size


def recipients(context: ClientContext, campaign_id: str, status: str | None = None) -> Listing[Recipient]:
    """What the server says of each number of a campaign; nothing of a call campaign that has no calls yet."""
    details_query(context.channel, 0, status)  # what cannot be asked for is said at once
    return _recipients(context, campaign_id, status)


def _recipients(context: ClientContext, campaign_id: str, status: str | None) -> Listing[Recipient]:
    campaign = context.target(campaign_id)
    target = evolve(campaign, rest=(DETAILS[context.channel],))
    recipient = RECIPIENTS[context.channel]
    offset = 0
    previous: tuple[Item, ...] = ()
    is_there = False
    while True:
        call = Call("GET", target, details_query(context.channel, offset, status))
        answer = yield from ask(context, call, context.give_up())
        if not offset and context.channel is Channel.VOICE and answer.status_code == 404 and is_gone(answer):
            # Seen in a public client: without calls yet it is a 404. A campaign that is not there raises here.
            reading = yield from read(context, campaign, context.give_up())
            if _may_have_no_calls(context.campaign(reading, campaign)):
                return
            is_there = True
        page = yield from page_in(context, answer, target, is_there=is_there)
        if offset and page.items == previous:
            raise _unlike(context, answer, "the next page of the recipients is the same page")
        for item in page.items:
            _raise_if_failed(context, item, answer, target)
            yield Emit(recipient.of(item))
        previous = page.items
        offset += len(page.items)
        if not page.items or page.total is None or offset >= page.total:
            return


def _may_have_no_calls(campaign: Campaign) -> bool:
    """Whether nothing that was read of a campaign speaks of calls that were made."""
    made = sum(count for key, count in campaign.stats.items() if counter(key) in ("completed", "failed") and count > 0)
    return campaign.status not in OVER and not made


def find(context: ClientContext, name: str) -> Operation[Campaign]:
    """The one campaign with exactly this name."""
    if not is_name(name):
        raise ValueError(NAME_RULE)
    matches: dict[str, Campaign] = {}

    def take(campaign: Campaign) -> bool:
        if campaign.name == name:
            matches[campaign.id] = campaign
        return len(matches) < _MOST_MATCHES

    yield from through(campaigns(context, Filter(name=name), None), take)
    if len(matches) != 1:
        raise NotOne(name=name, matches=tuple(matches))
    return next(iter(matches.values()))


def through(listing: Listing[_T], take: Callable[[_T], bool]) -> Operation[None]:
    """Run a listing inside an operation, until `take` says of a thing that it was enough."""

    def how(step: Any) -> Operation[Any]:
        if not isinstance(step, Emit):
            return (yield step)
        if not take(step.value):
            raise _Enough
        return None

    with contextlib.suppress(_Enough):
        yield from within(listing, how)


def page_of(context: ClientContext, call: Call, *, patient: bool = True) -> Operation[tuple[Answer, Page]]:
    """Read one page, again up to the deadline where that is `patient`; the answer, and what it holds."""
    answer = yield from ask(context, call, context.give_up() if patient else 0.0)
    return answer, (yield from page_in(context, answer, call.target))


def page_in(context: ClientContext, answer: Answer, target: Target, *, is_there: bool = False) -> Operation[Page]:
    """The page in an answer; raises the error that it is instead.

    Args:
        context: The client's.
        answer: The answer.
        target: What was asked for: a list, or the details of one campaign.
        is_there: Whether that campaign has been read since, so that a 404 is not about it.
    """
    if not 200 <= answer.status_code < 300:
        error = api_error(answer, "GET", target, context.secrets)
        if isinstance(error, NotFound) and target.id is not None:
            error = changed(error, hint=(yield from _hint_details(context, target, is_there=is_there)))
        raise error
    try:
        return read_page(answer)
    except NotReadable as problem:
        raise context.unexpected(answer, target, "GET", problem) from None


def _hint_details(context: ClientContext, target: Target, *, is_there: bool) -> Operation[str]:
    """The hint for a 404 on the details of a campaign: the campaign itself may be there all the same."""
    if not is_there:
        try:
            yield from read(context, evolve(target, rest=()), elsewhere=False)
        except NotFound:
            return (yield from hint_elsewhere(context, target))
        except (ApiError, ConnectionFailed):
            return "Whether the campaign itself is there could not be read."
    return f"The {target.channel} campaign itself is there; its {'/'.join(target.rest)} are what was not found."


def listed(context: ClientContext, item: Item, answer: Answer) -> Campaign:
    """The campaign in an item of a list; raises the error that it is instead."""
    _raise_if_failed(context, item, answer, context.collection())
    try:
        campaign_id, reading = read_campaign(item, context.channel, answer.date)
    except NotReadable as problem:
        raise _unlike(context, answer, str(problem)) from None
    if not is_id(campaign_id):
        raise _unlike(context, answer, "the list holds a campaign whose id has another form")
    return campaign_from(reading, campaign_id, context.channel, context.now())


def _page_size(context: ClientContext, asked: int | None) -> int:
    _, greatest = PAGE_SIZES[context.channel]
    if asked is None:
        return min(greatest, _PAGE_SIZE)
    if isinstance(asked, bool) or not isinstance(asked, int) or not 1 <= asked <= greatest:
        raise ValueError(f"page_size must be 1 to {greatest} on {context.channel} campaigns, not {quoted(asked)}")
    return asked


def _unlike(context: ClientContext, answer: Answer, what: str) -> ApiError:
    """The error of a list that is none."""
    return context.unexpected(evolve(answer, body=b""), context.collection(), "GET", NotReadable(what))


def _raise_if_failed(context: ClientContext, item: Item, answer: Answer, target: Target) -> None:
    if item.failed:
        code = item.code if 400 <= item.code < 600 else answer.status_code  # another number may be anything
        raise api_error(evolve(answer, status_code=code, body=b""), "GET", target, context.secrets)

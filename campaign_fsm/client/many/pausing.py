"""The flow that pauses many campaigns: which are listed when, what is tried again, and when it is over.

It goes in rounds. In the first one each status is a list of its own, those in progress before those that have not
started; from the second on there is one list for each channel. A round ends when its lists show nothing that was not
tried in it, and the last one is a round of whole lists in which nothing new was found: they are the closing ones.

A list and the pauses that rest on it are a `Batch`: one reservation of the budget, and the list is the reading of each
(`campaign_fsm.gate.terms`). Whatever this process has sent a write to is read by itself instead.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from attrs import define, evolve, field

from campaign_fsm import log
from campaign_fsm.client.calls import Call, Operation
from campaign_fsm.client.many.known import PAUSED, TRIES, Known, is_limited, is_outage, is_unauthorized, let_go, passes
from campaign_fsm.client.many.results import Listed, PauseOutcome, PauseReport, PauseResult
from campaign_fsm.client.many.selection import RUNNING, Selection
from campaign_fsm.client.many.steps import CalledOff, Done, Job, Next, Start, on_terms
from campaign_fsm.client.many.way import SLIPS, Page, Way
from campaign_fsm.client.operations import commands, pages, reads, writes
from campaign_fsm.client.operations.context import ClientContext
from campaign_fsm.drive import Emit, Sleep
from campaign_fsm.errors import (
    ApiError,
    BudgetSpent,
    CampaignFsmError,
    ConnectionFailed,
    NotFound,
    OutcomeUnknown,
    UnexpectedAnswer,
)
from campaign_fsm.gate import Batch, Terms
from campaign_fsm.rules import OVER, Action, Channel, Status
from campaign_fsm.wire.answer import Answer
from campaign_fsm.wire.campaign import Campaign
from campaign_fsm.wire.listing import PAGE_SIZES, Filter
from campaign_fsm.wire.listing import Page as Entries
from campaign_fsm.words import listed

Event = Listed | PauseResult
Flow = Generator[Call | Sleep | Emit[PauseResult] | Start | Next, Any, None]

# Whatever passes is waited for for so many times the client's deadline, once anything has got through.
_PATIENCE: Final = 10
# Where something has got through so few seconds before, one that fails is the first to, or it alone does.
_SHORTLY: Final = 10.0
# How often a list is asked for at least before it is given up.
_CALLS: Final = 5
# How often what a list shows may have become too old before its turn came; then it is read by itself.
_DELAYS: Final = 2
# Without a budget: a page of so many campaigns, and all of them at once.
_PAGE: Final = 100
# How many requests a round that only looks asks the budget for, beside its list: what was created meanwhile is few.
_FEW: Final = 8
# The server's clock shows whole ones.
_SECOND: Final = timedelta(seconds=1)
# Seconds that are waited for the budget before the last look, once it was called off.
_LAST: Final = 5.0


class _Ended(Exception):
    """Nothing more is to be sent."""


class _Odd(Exception):
    """A page that cannot be read."""


@define(eq=False)
class Pausing:
    """Pauses what is selected.

    Attributes:
        contexts: What the operations of each channel go by, in the order in which the channels are listed.
        selection: What is selected.
        max_age: Seconds for which what a list shows is good enough for a pause.
        once: Whether what is created meanwhile is left alone.
        give_up: Until when, on the clock; None: for as long as it takes.
        per_minute: Tells how many requests a minute the budget has; None for no limit.
        notify: Called with each page that was read, and with each campaign that is going to be tried again.
        report: How it has ended; None before.
    """

    contexts: Mapping[Channel, ClientContext]
    selection: Selection
    max_age: float
    once: bool
    give_up: float | None
    per_minute: Callable[[], int | None]
    notify: Callable[[Event], object]
    report: PauseReport | None = None
    _known: dict[tuple[Channel, str], Known] = field(factory=dict)
    _round: int = 0
    _found_new: bool = False
    _through: int = 0
    _last_through: float = 0.0
    _began: datetime | None = None
    _skew: timedelta = timedelta()
    _others: int = 0
    _closed: dict[Channel, datetime] = field(factory=dict)
    _counted: dict[Channel, Listed] = field(factory=dict)
    _problems: dict[tuple[Channel | None, str], None] = field(factory=dict)
    _broken: CampaignFsmError | None = None
    _requests: int = 0
    _is_called_off: bool = False
    _is_cut_short: bool = True
    _why: str = ""

    def call_off(self) -> None:
        """Begin nothing new: what is under way is seen to its end, and then it is looked once more. From any thread."""
        self._is_called_off = True

    def is_over(self) -> bool:
        """Whether nothing new is to be begun: it was called off, or its time is up."""
        return self._is_called_off or (self.give_up is not None and self._context.clock() >= self.give_up)

    def end(self, left: Iterable[Done], under_way: Iterable[Job]) -> None:
        """Nobody goes on with the flow: take in what has ended since, and what was broken off, and report on that."""
        for done in left:
            with contextlib.suppress(BaseException):  # whoever has left has an error of his own
                self._took(done)
        for job in under_way:
            self._requests += job.terms.sent
            job.about.requests += job.terms.sent
            self._broke_off(job)
        if self.report is None or self._is_cut_short:
            self.report = self._as_it_stands()

    @property
    def _context(self) -> ClientContext:
        return next(iter(self.contexts.values()))

    def _now(self) -> datetime:
        """The time by the server's clock, as far as it has been seen."""
        return self._context.now() + self._skew

    def _patience(self) -> float:
        """For how many seconds what passes is waited for."""
        return self._context.deadline * (_PATIENCE if self._through else 1)

    def flow(self) -> Flow:
        """Pause them.

        Raises:
            CampaignFsmError: No list could be read, or the credentials are wrong; nothing was paused.
        """
        self._last_through = self._context.clock()
        try:
            with contextlib.suppress(_Ended):
                yield from self._by_ids() if self.selection.ids else self._by_lists()
                self._is_cut_short = False
            yield from self._look_again()
        finally:
            self.report = self._as_it_stands()
        if self._broken is not None and self._began is None and not self._through:
            raise self._broken

    # Which campaigns

    def _by_ids(self) -> Flow:
        (channel,) = self.contexts
        known = [self._know(channel, one) for one in self.selection.ids]
        is_looked_at = False
        while True:
            self._round += 1
            if left := [one for one in known if not one.is_settled]:
                yield from self._run([self._job(one, None) for one in left])
            elif not is_looked_at and (old := [one for one in known if self._is_old(one)]):
                is_looked_at = True  # once: what is paused long ago may run again
                yield from self._run([self._job(one, None, looks=True) for one in old])
            else:
                return
            if any(not one.is_settled for one in known):
                self._check()
                yield from self._rest()

    def _is_old(self, one: Known) -> bool:
        """Whether a campaign that is paused was read longer ago than what a list shows would be good for."""
        is_paused = one.outcome in (PauseOutcome.PAUSED, PauseOutcome.WAS_PAUSED)
        return is_paused and self._context.clock() - one.heard_at > self.max_age

    def _by_lists(self) -> Flow:
        while True:
            self._round += 1
            self._found_new = False
            ways = [self._way(*one) for one in self._lists()]
            self._new_lists()
            yield from self._through_lists(ways)
            yield from self._settle([one for one in self._known.values() if one.tried_in != self._round])
            is_whole = all(way.statuses == self._wanted(way.channel) for way in ways)
            if is_whole and not self._found_new and all(one.is_settled for one in self._known.values()):
                return
            yield from self._rest()

    def _wanted(self, channel: Channel) -> frozenset[Status]:
        return self.selection.statuses_for(Action.PAUSE, channel)

    def _lists(self) -> Iterable[tuple[Channel, frozenset[Status]]]:
        """The lists of a round."""
        for status in RUNNING if self._round == 1 else (None,):
            for channel in self.contexts:
                wanted = self._wanted(channel)
                if statuses := wanted if status is None else wanted & {status}:
                    yield channel, statuses

    def _way(self, channel: Channel, statuses: frozenset[Status]) -> Way:
        return Way(channel, statuses, self._page_size(channel))

    def _through_lists(self, ways: list[Way]) -> Flow:
        """Go through the lists of a round; one that cannot be had now holds up no other."""
        left = list(ways)
        while left:
            way = left.pop(0)
            is_done = yield from self._list(way)
            self._check()
            if is_done:
                continue
            # The second time at once, then after the others.
            left.insert(0 if way.failures == 1 else len(left), way)
            others = [one.failures for one in left if one is not way]
            if way.failures == 1 or (all(others) and way.failures > max(others, default=0)):
                yield from self._sleep(way.failures, way)

    def _list(self, way: Way) -> Generator[Call | Sleep | Emit[PauseResult] | Start | Next, Any, bool]:
        """Pause what a list shows, page by page; whether that was to its end, or it is given up."""
        while True:
            batch = Batch(self._want(way.size), self.max_age)
            try:
                page = yield from self._page(way, self._terms(batch))
                self._check()
                if page is None:
                    return self._is_given_up(way)
                todo = self._sorted_out(way.channel, page.campaigns)
                jobs, needed = self._jobs(todo, batch)
                batch.give_back(keep=needed)  # whoever takes the results may make requests, too
                yield from self._run(jobs)
            except _Odd:
                continue
            finally:
                batch.give_back()
            self._check()
            if any(one.tried_in != self._round for one in todo):
                continue  # there was no room for all of them
            if self._has_slipped(way, page):
                continue
            if page.is_last:
                return True
            if jobs:
                continue  # those that are paused have left the list, and others have taken their places
            if not way.goes_on(page):
                self._problem(f"the list of {way.channel} campaigns does not go on: its next page is the same one", way)
                return True

    def _is_given_up(self, way: Way) -> bool:
        """Whether a list that cannot be had is tried no more."""
        is_long_ago = self._context.clock() - way.failing_since >= self._patience()
        if way.failures and not (way.failures >= _CALLS and is_long_ago):
            return False
        hint = f" To leave {way.channel} campaigns out, name the other channel." if len(self.contexts) > 1 else ""
        self._problem(f"the list of {way.channel} campaigns could not be read: {way.error}{hint}", way)
        return True

    def _has_slipped(self, way: Way, page: Page) -> bool:
        if not way.has_slipped(page):
            return False
        self._closed.pop(way.channel, None)
        if way.slips == SLIPS:
            self._problem(f"the list of {way.channel} campaigns moves while it is read: one may be missing", way)
        return True

    def _new_lists(self) -> None:
        """What earlier lists have shown, and what was wrong with them, no longer says what runs."""
        self._closed.clear()
        self._problems = {key: None for key in self._problems if key[0] is None}

    def _want(self, size: int) -> int:
        """For how many requests beside a list there should be room."""
        if self._round == 1:
            return size
        return min(size, max(2 * sum(not one.is_settled for one in self._known.values()), _FEW))

    def _page_size(self, channel: Channel) -> int:
        per_minute, (_, most) = self.per_minute(), PAGE_SIZES[channel]
        # Two at least: pages have one entry in common.
        return min(most, _PAGE) if per_minute is None else max(min(most, per_minute - 1), 2)

    def _page(
        self, way: Way, terms: Terms, *, most: int | None = None, closing: bool | None = None
    ) -> Operation[Page | None]:
        """The next page of a list, tried once; None if it cannot be had, now (then it counts as a failure) or at all.

        Raises:
            _Odd: It was had, and cannot be read as a whole: the way goes on with a smaller one.
        """
        context = evolve(self.contexts[way.channel], deadline=0.0)
        sort = "schedule.start_time:asc" if self._is_created_alone(way) else None  # whoever starts next goes first
        asking = pages.page_at(context, Filter(way.statuses, sort=sort), way.offset, way.size, patient=True)
        try:
            answer, entries, asked = yield from on_terms(asking, terms, cut=True)
        except (BudgetSpent, CalledOff):
            return None  # it was called off, or there is no room in time
        except (ApiError, ConnectionFailed) as error:
            let_go(error)
            self._broken = self._broken or error
            if self._began is None and is_unauthorized(error):
                self._why = f"{error.message.rstrip('.')}, so it was ended"
                raise _Ended from None  # the next one would be answered alike
            way.failed(error.message, self._context.clock())
            too_large = isinstance(error, ConnectionFailed) and error.too_large
            if isinstance(error, UnexpectedAnswer) or too_large:
                if way.passes_by(too_large=too_large):
                    raise _Odd from None
            elif not passes(error):
                way.failures = 0  # it cannot be had at all
            return None
        finally:
            self._requests += terms.sent
        return self._read(way, answer, entries, asked, most=most, closing=closing)

    def _is_created_alone(self, way: Way) -> bool:
        return way.channel is Channel.MESSAGE and way.statuses == {Status.CREATED}

    def _read(
        self, way: Way, answer: Answer, entries: Entries, asked: int, *, most: int | None, closing: bool | None
    ) -> Page:
        """What a page shows."""
        channel, context = way.channel, self.contexts[way.channel]
        now = answer.date or context.now()
        self._skew = now - context.now()
        self._began = self._began or now
        campaigns: dict[str, Campaign] = {}
        ids: list[str] = []
        for item in entries.items:
            try:
                campaign = pages.listed(context, item, answer)
            except ApiError as error:
                self._problem(f"an entry of the list of {channel} campaigns could not be read: {error.message}", way)
                continue
            ids.append(campaign.id)
            self._others += campaign.status in way.statuses
            if self._is_meant(way, campaign):
                campaigns[campaign.id] = campaign
                one = self._know(channel, campaign.id)
                one.listed_as, one.listed_at, one.listed_in = campaign.status, now, self._round
                one.heard_in = 0  # whatever was heard of it, this list is later
        count, total = len(entries.items), entries.total
        # A full page may be followed by another one, whatever the server counts.
        is_last = not count or (count < asked and total is not None and way.offset + count >= total)
        if is_last and not (way.has_gaps or way.passed_by) and way.statuses == self._wanted(channel):
            self._closed[channel] = now
        page = Page(tuple(campaigns.values()), tuple(ids), asked, is_last, count)
        if way.passed_by:
            self._problem(f"an entry of the list of {channel} campaigns could not be read", way)
        way.was_read(page, most or self._page_size(channel))
        closing = self._round > 1 if closing is None else closing
        seen = Listed(
            channel=channel, statuses=way.statuses, total=total, found=len(campaigns), at=now, closing=closing
        )
        self._counted[channel] = seen
        self.notify(seen)
        return page

    def _is_meant(self, way: Way, campaign: Campaign) -> bool:
        """Whether a campaign of a list is to be paused."""
        takes = self.selection.takes(campaign)
        if takes is not False and campaign.status is Status.UNKNOWN:
            self._problem(f"{way.channel} campaign {campaign.id} has a status that is on no list", way)
        if campaign.status not in way.statuses:
            return False
        if takes is None:
            self._problem(f"{way.channel} campaign {campaign.id} does not say when it was created", way)
        return bool(takes)

    # What is done about each

    def _sorted_out(self, channel: Channel, campaigns: Iterable[Campaign]) -> list[Known]:
        """Those of a page that are to be tried in this round, who contacts people now first."""
        todo: list[tuple[int, int, Known]] = []
        for campaign in campaigns:
            one = self._know(channel, campaign.id)
            if one.tried_in == self._round:
                continue
            if self.once and (self._is_new(campaign) or (self._round > 1 and one.is_settled)):
                one.is_settled = True
                one.saw(campaign, self._now())
                continue
            if one.is_settled and one.outcome not in (PauseOutcome.PAUSED, PauseOutcome.WAS_PAUSED):
                one.saw(campaign, self._now())
                continue
            if one.status is not PAUSED:
                one.saw(campaign, self._now())
            todo.append((RUNNING.index(campaign.status), len(todo), one))
        return [one for _, _, one in sorted(todo)]

    def _is_new(self, campaign: Campaign) -> bool:
        """Whether a campaign was created after the first list was read, as far as that is known."""
        assert self._began is not None
        if campaign.created is None:
            return self._round > 1 and not self._know(campaign.channel, campaign.id).requests
        return campaign.created >= self._began + _SECOND

    def _jobs(self, todo: list[Known], batch: Batch) -> tuple[list[Job], int]:
        """Jobs for as many as there is room for, and how many requests they need.

        One for each that rests on the list, two for any other.
        """
        fresh: list[Known] = []
        others: list[Known] = []
        for one in todo:
            is_listed = not one.requests and one.delays < _DELAYS and self.max_age
            (fresh if is_listed else others).append(one)
        fresh = fresh[: batch.room]
        others_now = others[: (batch.room - len(fresh)) // 2]
        jobs = [self._job(one, batch) for one in (*fresh, *others_now)]
        if not jobs and others:
            return [self._job(others[0], None)], 0  # it waits for its own two
        return jobs, len(fresh) + 2 * len(others_now)

    def _job(self, one: Known, batch: Batch | None, *, looks: bool = False) -> Job:
        one.tried_in = self._round
        if not one.failures:
            one.begun_at = self._context.clock()
        one.heard_at = self._context.clock()  # at the latest then was it asked what comes of this
        looks = looks or one.was_paused_often
        terms = self._terms(batch)
        context = evolve(self.contexts[one.channel], deadline=0.0)  # whatever passes, this flow tries again
        return Job(one, on_terms(self._at_work(context, one, looks=looks), terms), terms, looks)

    def _at_work(self, context: ClientContext, one: Known, *, looks: bool) -> Operation[Campaign | None]:
        if self.is_over():
            return None
        if looks:
            return (yield from reads.get(context, one.id))
        return (yield from writes.write(context, commands.act(context, one.id, Action.PAUSE)))

    def _terms(self, batch: Batch | None) -> Terms:
        return Terms(urgent=True, batch=batch, is_canceled=self.is_over)

    def _run(self, jobs: list[Job]) -> Flow:
        """Have jobs done, and take what comes of each as it comes."""
        for job in jobs:
            yield Start(job)
        for _ in jobs:
            done: Done = yield Next()
            one: Known = done.job.about
            if self._took(done):
                if one.is_settled:
                    yield Emit(one.result())
                else:
                    self.notify(one.result())

    def _took(self, done: Done) -> bool:
        """Take in what came of a job; whether anything did."""
        one: Known = done.job.about
        one.requests += done.job.terms.sent
        self._requests += done.job.terms.sent
        error, looks = done.error, done.job.looks
        if isinstance(error, BudgetSpent):
            # Its batch has no room for it any more, or not before its list is too old, or it was called off.
            one.tried_in, one.delays = 0, one.delays + (not error.seconds)
            return False
        if error is None and done.value is None:
            one.tried_in = 0  # it was called off before it began
            return False
        if error is None:
            one.is_in(done.value, self._now(), looks=looks)
            self._found_new = self._found_new or not looks
            self._got_through()
            return True
        if not isinstance(error, CampaignFsmError):
            self._broke_off(done.job)
            raise error
        let_go(error)
        if is_unauthorized(error):
            self._broken = self._broken or error
            self._why = f"{error.message.rstrip('.')}, so it was ended"
            self._is_called_off = True  # the others would be answered alike
        tries = self._tries(one, error)
        if looks:
            one.tried(error, tries)
        else:
            one.failed(error, self._now(), tries)
        if not (is_outage(error) or is_limited(error) or is_unauthorized(error)):
            self._got_through()
        return True

    def _got_through(self) -> None:
        self._through += 1
        self._last_through = self._context.clock()

    def _tries(self, one: Known, error: CampaignFsmError) -> int:
        """As how many tries of a campaign it counts that something has stopped it.

        As none while the account makes too many requests, or nothing else gets through either; if that lasts for too
        long, as the last one.
        """
        now = self._context.clock()
        if not one.failures:
            one.through = self._through
            one.is_first = self._through > 0 and now - self._last_through < _SHORTLY
        has_gone_on = self._through > one.through or (one.is_first and not self._others_fail(one))
        if is_limited(error) or (is_outage(error) and not has_gone_on):
            return TRIES if now - max(one.begun_at, self._last_through) >= self._patience() else 0
        return 1

    def _others_fail(self, one: Known) -> bool:
        return any(other is not one and other.failures and not other.is_settled for other in self._known.values())

    def _broke_off(self, job: Job) -> None:
        """A job has ended in the middle: whether its pause was on the way is unknown."""
        one: Known = job.about
        if job.terms.sent and not job.looks:
            one.outcome = PauseOutcome.UNKNOWN
            one.error = OutcomeUnknown(
                action=Action.PAUSE, campaign_id=one.id, seen=one.status or Status.UNKNOWN, why="It was broken off."
            )

    # Between and after the rounds

    def _settle(self, left: Iterable[Known]) -> Flow:
        """Go on with those that no list shows any more: what runs by the last reading is paused, the rest is read."""
        jobs = [self._job(one, None, looks=one.status not in RUNNING) for one in left if not one.is_settled]
        yield from self._run(jobs)

    def _rest(self) -> Operation[None]:
        """Wait before those that failed are tried again: longer each time."""
        if failures := [one.failures for one in self._known.values() if not one.is_settled and one.failures]:
            yield from self._sleep(max(failures))
        self._check()

    def _sleep(self, failures: int, way: Way | None = None) -> Operation[None]:
        pace = self._context.pace
        seconds = min(pace.first_delay * 2 ** min(failures - 1, 10), pace.longest_delay)
        if way is not None:
            log.warning(
                "the list of %s campaigns could not be read; next try in %.1f s: %s",
                way.channel,
                seconds,
                way.error,
                about=self.contexts[way.channel].collection(),
                wait=seconds,
            )
        with contextlib.suppress(CalledOff):
            yield from on_terms(_slept(seconds), self._terms(None), cut=True)

    def _look_again(self) -> Flow:
        """Look what still runs: what the closing list is in doubt about; if cut short, what there is room for."""
        if self.selection.ids:
            return
        if not self._is_cut_short:
            yield from self._resolve()
            return
        if self._began is None:
            return
        self._new_lists()
        self._round += 1
        with contextlib.suppress(_Ended):
            for channel in self.contexts:
                yield from self._close(channel)

    def _close(self, channel: Channel) -> Operation[None]:
        """List what still runs, as far as there is room for it soon."""
        most = min(PAGE_SIZES[channel][1], _PAGE)
        way = Way(channel, self._wanted(channel), most)
        while True:
            terms = Terms(urgent=True, until=self._context.clock() + _LAST, is_canceled=None)
            try:
                page = yield from self._page(way, terms, most=most, closing=True)
            except _Odd:
                continue
            if page is None:
                if way.error:
                    self._problem(f"the list of {channel} campaigns could not be read: {way.error}", way)
                return
            for campaign in page.campaigns:
                self._know(channel, campaign.id).saw(campaign, self._now())
            if self._has_slipped(way, page):
                continue
            if page.is_last:
                return
            if not way.goes_on(page):
                self._problem(f"the list of {channel} campaigns does not go on: its next page is the same one", way)
                return

    def _resolve(self) -> Flow:
        """Read by itself what the closing list and the last reading do not agree about: the list may lag behind."""
        for one in list(self._known.values()):
            is_listed = one.listed_in == self._round
            if one.channel not in self._closed or is_listed is (one.status in RUNNING):
                continue
            if is_listed and one.heard_in == self._round:
                continue  # it was read later than the list
            context, terms = evolve(self.contexts[one.channel], deadline=0.0), self._terms(None)
            before = one.outcome
            try:
                one.tried_in = self._round
                campaign = yield from on_terms(reads.get(context, one.id), terms, cut=True)
                settled = one.is_settled
                if campaign.status in RUNNING:
                    one.saw(campaign, self._now())
                else:
                    one.is_in(campaign, self._now(), looks=True)
                one.is_settled = settled
            except NotFound:
                if is_listed:
                    one.status, one.at = one.listed_as, one.listed_at
                else:
                    one.is_gone(self._now())
            except (ApiError, ConnectionFailed, BudgetSpent, CalledOff):
                if is_listed:
                    one.status, one.at = one.listed_as, one.listed_at
                else:
                    self._problem(f"it is unknown whether {one.channel} campaign {one.id} still runs")
            finally:
                self._requests += terms.sent
                one.requests += terms.sent
            if one.outcome is not before:
                yield Emit(one.result())

    def _check(self) -> None:
        if self.is_over():
            self._why = self._why or ("it was called off" if self._is_called_off else "its time was up")
            raise _Ended

    def _know(self, channel: Channel, campaign_id: str) -> Known:
        return self._known.setdefault((channel, campaign_id), Known(channel, campaign_id))

    def _problem(self, text: str, way: Way | None = None) -> None:
        """Something that makes it uncertain what runs; what is about a list goes with the next one."""
        channel = None if way is None else way.channel
        self._problems[channel, f"{text.rstrip('.')}."] = None

    def _last_count(self, channel: Channel) -> str:
        """What the last list of a channel counted, for whoever has no later one."""
        if (last := self._counted.get(channel)) is None:
            return ""
        total = "some" if last.total is None else last.total
        at = last.at.isoformat(sep=" ", timespec="seconds")
        since = sum(
            one.channel is channel and one.outcome is PauseOutcome.PAUSED and one.at is not None and one.at >= last.at
            for one in self._known.values()
        )
        kinds = listed(sorted(last.statuses), "or")
        return f"; the last one, read {at}, counted {total} that are {kinds}, of which {since} were paused since"

    def _as_it_stands(self) -> PauseReport:
        problems = [text for _, text in self._problems]
        if self._is_cut_short:
            problems.append(f"{self._why or 'it was broken off'} before it was done.")
        if not self._known and self._others and not self._is_cut_short:
            problems.append("there are campaigns that could be paused, and none is as was asked for: name or age.")
        problems += [
            f"no list of {channel} campaigns says what still runs{self._last_count(channel)}."
            for channel in self.contexts
            if channel not in self._closed and not self.selection.ids
        ]
        results = {key: one.result() for key, one in self._known.items()}
        unclear = (PauseOutcome.UNKNOWN, PauseOutcome.NOT_TRIED, PauseOutcome.FAILED, PauseOutcome.REFUSED)
        for key, result in results.items():
            is_over = result.status in OVER
            if result.status is None or (result.outcome in unclear and not is_over and result.status not in RUNNING):
                problems.append(f"it is unknown whether {key[0]} campaign {key[1]} still runs.")
        return PauseReport(
            results=results,
            running=tuple(result for result in results.values() if result.status in RUNNING),
            closed=dict(self._closed),
            problems=tuple(dict.fromkeys(problems)),
            requests=self._requests,
        )


def _slept(seconds: float) -> Operation[None]:
    yield Sleep(seconds)

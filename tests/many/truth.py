"""What a run over many campaigns has claimed, held against the journal of the account.

Nothing here asks the package what happened: statuses are those of the journal, what was read is what the answers held.
`broken` yields a sentence for each claim that does not hold.
"""

import bisect
from datetime import timedelta
from fnmatch import fnmatchcase
from functools import cached_property

from attrs import define
from worlds import BUDGET

from campaign_fsm import PauseOutcome, Status
from campaign_fsm.simulator import Fault

RUNNING = (Status.IN_PROGRESS, Status.CREATED)
OVER = (Status.COMPLETED, Status.ARCHIVED, Status.FAILED, Status.CANCELED, Status.DELETED)
# With these an answer to a read shows what is so; that of another campaign names another one.
HONEST = (None, Fault.MOVED, Fault.NO_DATE, Fault.STALL, Fault.WRONG_CAMPAIGN)

_EPSILON = 1e-6


@define
class Step:
    """A campaign is in another status from this entry of the journal on."""

    number: int
    status: Status
    ours: bool


@define(slots=False)
class Truth:
    """The journal, as the claims need it."""

    seen: object

    @cached_property
    def journal(self):
        return {entry.number: entry for entry in self.seen.world.account.journal}

    @cached_property
    def ours(self):
        """Our requests in order, each with its entry."""
        return [(one, self.journal[one.number]) for one in self.seen.requests]

    @cached_property
    def steps(self):
        """What each campaign went through, by id."""
        # After that entry, and before the next one.
        found = {one: [Step(birth.after + 0.5, birth.status, False)] for one, birth in self.seen.world.births.items()}
        for entry in self.journal.values():
            if entry.applied and entry.method != "GET":
                found[entry.id].append(Step(entry.number, entry.status_after, entry.kind == "request"))
        return found

    def status(self, campaign_id, number):
        """What a campaign was right after this entry; None before it was there."""
        steps = self.steps[campaign_id]
        place = bisect.bisect_right(steps, number, key=lambda step: step.number)
        return steps[place - 1].status if place else None

    @cached_property
    def puts(self):
        """Our pauses that arrived, by campaign."""
        return self._by_campaign("PUT")

    @cached_property
    def reads(self):
        """Our reads whose answer was there and honest, by each campaign that they showed."""
        found = {}
        for one, entry in self.ours:
            if one.shown is not None and entry.fault in HONEST:
                for campaign_id in one.shown:
                    found.setdefault(campaign_id, []).append((one, entry))
        return found

    def _by_campaign(self, method):
        found = {}
        for one, entry in self.ours:
            if one.method == method:
                found.setdefault(one.id, []).append((one, entry))
        return found

    def applied(self, campaign_id):
        """Our pauses that took effect."""
        return [entry for _, entry in self.puts.get(campaign_id, ()) if entry.applied]

    def closing(self, channel):
        """The last list of a channel that was read from its first page on: each page and its entry."""
        lists = [
            (one, entry)
            for one, entry in self.ours
            if one.id is None and entry.channel == channel and one.shown is not None and entry.fault in HONEST
        ]
        first = max((place for place, (one, _) in enumerate(lists) if not one.offset), default=None)
        return [] if first is None else lists[first:]

    # The selection

    def wanted(self, channel):
        """The statuses that are meant."""
        return [
            status for status in RUNNING if not self.seen.selection.statuses or status in self.seen.selection.statuses
        ]

    def is_meant(self, campaign_id):
        """Whether a campaign is one of those that the selection names, whatever its status."""
        selection, campaign = self.seen.selection, self.seen.world.account.campaigns[campaign_id]
        if selection.ids:
            return campaign_id in selection.ids
        if campaign.channel not in (selection.channels or ("message",)):
            return False
        return (
            (not selection.names or any(fnmatchcase(campaign.name, name) for name in selection.names))
            and (selection.created_after is None or campaign.created >= selection.created_after)
            and (selection.created_before is None or campaign.created < selection.created_before)
        )

    @cached_property
    def meant(self):
        return [one for one in self.seen.world.births if self.is_meant(one)]

    def channel(self, campaign_id):
        return self.seen.world.account.campaigns[campaign_id].channel


def broken(seen, *, sliding=True):
    """What does not hold.

    Args:
        seen: What was seen of a run that has a report.
        sliding: Whether the budget is that of any minute; else the server's own.
    """
    truth = Truth(seen)
    assert seen.report is not None, seen.error
    for check in (_accounted, _outcomes, _told, _rests, _closed, _counted):
        yield from check(truth, seen)
    if sliding:
        yield from _in_a_minute(truth, seen)


def _accounted(truth, seen):
    """Each campaign that was meant has ended in one outcome, and no other has."""
    results, report = seen.report.results, seen.report
    listed = {one for channel, one in results}
    for channel, one in results:
        if one in truth.steps and not truth.is_meant(one):
            yield f"{one} was not meant, and has a result"
        if one in truth.steps and not seen.selection.ids:
            shown = [
                status
                for status in (r.shown[one] for r, _ in truth.reads.get(one, ()))
                if status in truth.wanted(channel)
            ]
            if not shown:
                yield f"{one} has a result, and nothing of it was ever shown that is to be paused"
    for one in truth.puts:
        if one not in listed:
            yield f"{one} was sent a pause, and has no result"
    for one in seen.selection.ids:
        if one not in listed:
            yield f"{one} was given by its id, and has no result"
    last = {(result.channel, result.campaign_id): result for result in seen.results}
    for key, result in last.items():
        # One that was cut short in the middle of another try is not given once more.
        if results[key].is_final and results[key].outcome is not result.outcome:
            yield f"{key[1]}: {result.outcome} was given last, and {results[key].outcome} reported"
    if report.certain:
        for key in results.keys() - last.keys():
            if seen.settings.get("once") and results[key].outcome is PauseOutcome.NOT_TRIED:
                continue
            yield f"{key[1]}: {results[key].outcome} is reported and was never given"


def _outcomes(truth, seen):
    """What an outcome says is so by the journal."""
    for (_, one), result in seen.report.results.items():
        steps, applied, outcome = truth.steps.get(one, ()), truth.applied(one), result.outcome
        match outcome:
            case PauseOutcome.PAUSED if not (applied or _looks_paused(truth, one)):
                yield f"{one} is paused, and no pause of ours was applied"
            case PauseOutcome.WAS_PAUSED if not any(s.status is Status.PAUSED and not s.ours for s in steps):
                yield f"{one} was paused, and nobody else has paused it"
            case PauseOutcome.OVER if not any(step.status in OVER for step in steps):
                yield f"{one} is over, and never was"
            case PauseOutcome.NOT_TRIED if truth.puts.get(one):
                yield f"{one} was not tried, and a pause arrived"
            case PauseOutcome.MOVED_AWAY:
                moved = [step for step in steps if step.status in RUNNING]
                seemed = sorted({*(step.number for step in applied), *_seemed_ours(truth, one)})
                if len(seemed) < 2 or moved[-1].number < seemed[1]:
                    yield f"{one} moved away, and was not resumed after two pauses"
        ends_well = outcome in (
            PauseOutcome.PAUSED,
            PauseOutcome.WAS_PAUSED,
            PauseOutcome.OVER,
            PauseOutcome.MOVED_AWAY,
        )
        if outcome is not PauseOutcome.NOT_TRIED and ends_well is not (result.error is None):
            yield f"{one} is {outcome}, and its error is {result.error!r}"
        unclear = sum(entry.applied and entry.fault is not None for _, entry in truth.puts.get(one, ()))
        if len(applied) > 2 + unclear:
            yield f"{one} was paused {len(applied)} times"


def _seemed_ours(truth, campaign_id):
    """When somebody paused a campaign right after a pause of ours whose answer left open what it did."""
    puts = [entry for _, entry in truth.puts.get(campaign_id, ())]
    for entry, later in zip(puts, [*puts[1:], None], strict=True):
        for step in truth.steps[campaign_id] if entry.fault is not None else ():
            before = later is None or step.number < later.number
            if step.status is Status.PAUSED and not step.ours and entry.number < step.number and before:
                yield step.number
                break


def _looks_paused(truth, campaign_id):
    """Whether a pause of somebody's seemed to be ours."""
    return any(_seemed_ours(truth, campaign_id))


def _told(truth, seen):
    """What arrived and was not legal has been told of."""
    for one, puts in truth.puts.items():
        if _looks_paused(truth, one):
            continue  # nobody could tell
        illegal = [entry for _, entry in puts if entry.legal is False]
        told = [
            result
            for result in seen.of(one)
            if result.error is not None or result.outcome in (PauseOutcome.WAS_PAUSED, PauseOutcome.OVER)
        ]
        if illegal and not (
            told or (one, True) in [(r.campaign_id, r.error is not None) for r in seen.report.results.values()]
        ):
            yield f"{one} was sent {len(illegal)} pauses that were not legal, and nothing tells of it"


def _rests(truth, seen):
    """Each pause rests on what the last read before it showed, which was fresh enough."""
    max_age = seen.settings.get("max_age", 10.0)
    for one, puts in truth.puts.items():
        for put, entry in puts:
            before = [(r, e) for r, e in truth.reads.get(one, ()) if r.answered_at <= put.sent_at]
            if not before:
                yield f"pause {entry.number} of {one} rests on nothing"
                continue
            read, place = max(before, key=lambda found: found[0].number)
            if read.shown[one] not in RUNNING:
                yield f"pause {entry.number} of {one} was sent though read {place.number} showed {read.shown[one]}"
            if read.id is None and put.sent_at - read.sent_at > max_age + _EPSILON:
                yield f"pause {entry.number} of {one} rests on a list of {put.sent_at - read.sent_at:.2f} s before"
            if read.id is not None and put.sent_at - read.answered_at > _EPSILON:
                yield f"pause {entry.number} of {one} was not sent right after its read {place.number}"
            if read.id is None and any(other.number < put.number for other, _ in puts):
                yield f"pause {entry.number} of {one} rests on a list, though it was written to before"


def _closed(truth, seen):
    """What still runs is what ran where the closing lists stand."""
    report = seen.report
    running = {(result.channel, result.campaign_id) for result in report.running}
    for key, result in report.results.items():
        if (key in running) is not (result.status in RUNNING):
            yield f"{key[1]} is {result.status}, which does not agree with what runs"
    if seen.selection.ids:
        for _, one in report.results:
            reads = truth.reads.get(one, ())
            if report.certain and not reads:
                yield f"{one} is certain, and was never read"
            last = max((request.number for request, _ in truth.ours if request.id == one), default=0)
            if report and truth.status(one, last) in RUNNING:
                yield f"{one} ran when it was last asked for, and all is said to stand"
        return
    for channel, at in report.closed.items():
        pages = truth.closing(channel)
        if not pages:
            yield f"{channel} is closed without a list"
            continue
        _, last = pages[-1]
        if last.fault is not Fault.NO_DATE and not timedelta(0) <= last.at - at < timedelta(seconds=1):
            yield f"{channel} closed at {at}, and its last list was read at {last.at}"
        places = [entry.number for _, entry in pages]
        for one in truth.meant:
            if truth.channel(one) != channel:
                continue
            states = {truth.status(one, number) for number in places}
            later = [read for read, _ in truth.reads.get(one, ()) if read.number > places[-1]]
            always = not later and all(status in truth.wanted(channel) for status in states)
            never = not any(status in RUNNING for status in states)
            if always and report.certain and (channel, one) not in running:
                yield f"{one} ran where the closing list stands ({places}), and is not reported"
            if never and report.certain and (channel, one) in running and not later:
                yield f"{one} is reported to run, and did not where the closing list stands ({places})"
    if report.certain and set(report.closed) != set(seen.selection.channels or ("message",)):
        yield f"it is certain, and closed are only {list(report.closed)}"


def _counted(truth, seen):
    """As many requests as are reported have arrived."""
    if seen.report.requests != len(truth.ours):
        yield f"{seen.report.requests} requests are reported, and {len(truth.ours)} arrived"
    of_each = {one: 0 for _, one in seen.report.results}
    for request, _ in truth.ours:
        if request.id is not None:
            of_each[request.id] = of_each.get(request.id, 0) + 1
    for (_, one), result in seen.report.results.items():
        if of_each[one] != result.requests:
            yield f"{one}: {result.requests} requests are reported, and {of_each[one]} arrived"


def _in_a_minute(truth, seen):
    """In no minute more requests leave than the budget has.

    Who reads before it writes has paid for both at once: the write leaves as much later as the read takes. So a minute
    is taken to be shorter by the longest read of a campaign.
    """
    budget = BUDGET
    smear = max((r.answered_at - r.sent_at for r in seen.requests if r.id and r.answered_at is not None), default=0.0)
    sent = sorted(request.sent_at for request in seen.requests)
    for first, beyond in zip(sent, sent[budget:], strict=False):
        if beyond - first < 60.0 - smear - 0.01:
            yield f"{budget + 1} requests left within {beyond - first:.2f} s"
            return

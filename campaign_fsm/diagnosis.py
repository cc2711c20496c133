"""Why a campaign is where it is: what people open tickets about, as far as the resource itself says it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from attrs import evolve, frozen

from campaign_fsm.lifecycle import decide
from campaign_fsm.private import word
from campaign_fsm.rules import RULE, Action, Channel, Source, Status, pages
from campaign_fsm.wire.campaign import Campaign, counter
from campaign_fsm.wire.schedule import read_schedule
from campaign_fsm.words import counted, length

_GRACE: Final = 60.0
_STILL: Final = timedelta(days=2)


@frozen
class Diagnosis:
    """One thing that explains where a campaign stands.

    Attributes:
        title: What it is, in a few words.
        explanation: What the resource shows, and what that means.
        advice: What to do.
        sources: The vendor's statements that it rests on.
    """

    title: str
    explanation: str
    advice: str
    sources: tuple[Source, ...]


_STARTS: Final = RULE["CF301"].sources
_FINISHES: Final = RULE["CF302"].sources
_FAILS: Final = RULE["CF303"].sources
_EXPIRES: Final = RULE["CF305"].sources
_SUSPENDS: Final = RULE["CF306"].sources
_RESUMES: Final = RULE["CF104"].sources
_SENT_BY: Final = {Channel.MESSAGE: "sender id", Channel.VOICE: "flow"}
# What the pages say that keeps a campaign from starting, in words of each kind of campaign.
_STUCK: Final = {
    Channel.MESSAGE: "at the contact list (empty, or still being processed) and at the credits of the account",
    Channel.VOICE: "at the contact list (empty, or still being processed), at the credits of the account, at the "
    "ExoPhone (inactive) and at the URL of the flow",
}

_MAY_EXPIRE: Final = (
    "The vendor's pages differ on what comes of a paused campaign at its end time: by one it is canceled and the rest "
    "marked as failed, by another its contacts wait (CF305)."
)


def diagnose(campaign: Campaign, now: datetime | None = None) -> tuple[Diagnosis, ...]:
    """What explains the state of a campaign, the most telling first; empty if nothing is odd.

    It looks at nothing but the campaign as it was read. Counts come from the vendor's own keys. A status that is on
    no list is named only as far as it is a short word: it may be a phone number or a message.

    Args:
        campaign: The campaign.
        now: The time, an aware datetime; None: the server's clock when the campaign was read, or else the local one.

    >>> from campaign_fsm import Campaign, diagnose
    >>> [found.title for found in diagnose(Campaign("a1", "failed", "failed", "voice"))]
    ['no number could be attempted']
    """
    # In UTC: within one zone Python compares what clocks show, and those are set twice a year.
    found = _diagnoses(campaign, (now or campaign.read_at or datetime.now(UTC)).astimezone(UTC))
    return tuple(evolve(one, sources=pages.on(campaign.channel, one.sources)) for one in found)


def _diagnoses(campaign: Campaign, now: datetime) -> Iterator[Diagnosis]:
    match campaign.status:
        case Status.CREATED:
            yield from _not_started(campaign, now)
        case Status.IN_PROGRESS:
            yield from _in_progress(campaign, now)
        case Status.PAUSED:
            yield from _paused(campaign, now)
        case Status.COMPLETED | Status.ARCHIVED:
            yield from _unfinished(campaign)
            yield from _failures(campaign)
        case Status.FAILED:
            yield Diagnosis(
                "no number could be attempted",
                f"The campaign failed: none of its contacts could be attempted.{_of_calls(campaign, 'failed')}",
                f"Look at the credits, the contact list and the {_SENT_BY[campaign.channel]}, then create a new one.",
                _FAILS,
            )
        case Status.CANCELED:
            yield Diagnosis(
                "canceled, as a paused campaign can be at its end time",
                "By one page of the vendor's a campaign is canceled, and the rest marked as failed, if it is paused "
                f"and not resumed before its end time; by another its contacts wait.{_of_calls(campaign, 'canceled')}",
                "There is no way back: create a new campaign for the numbers that were not contacted.",
                _EXPIRES,
            )
        case Status.UNKNOWN:
            yield Diagnosis(
                "the status is on no list",
                f"The server calls the status {word(campaign.raw_status)!r}; no page of the vendor's does.",
                "Every write is refused. Ask the vendor what the status means.",
                (pages.STATUSES,),
            )


def _of_calls(campaign: Campaign, status: str) -> str:
    """That a status is expected, not documented, on message campaigns; nothing for call campaigns."""
    # Equal, not the same: whoever builds a campaign may give plain strings.
    if campaign.channel == Channel.VOICE:
        return ""
    return (
        f" Only a page about call campaigns has the status {status}; on message campaigns it is expected, not "
        "documented."
    )


def _times(campaign: Campaign) -> tuple[datetime | None, datetime | None]:
    return (campaign.schedule.start, campaign.schedule.end) if campaign.schedule else (None, None)


def _not_started(campaign: Campaign, now: datetime) -> Iterator[Diagnosis]:
    start, _ = _times(campaign)
    due = start or campaign.created
    if start is None and _start_unread(campaign):
        return
    if due is None or (now - due).total_seconds() < _GRACE:
        return
    what = "its start time" if start else "it was created, and it has no start time to wait for"
    yield Diagnosis(
        "created, but past its start",
        f"The campaign is still created, {length(now - due)} after {what}.",
        f"Look {_STUCK[campaign.channel]}; a campaign of which no contact can be attempted fails.",
        (*_STARTS, pages.STUCK[campaign.channel], *_FAILS),
    )


def _start_unread(campaign: Campaign) -> bool:
    """Whether there is a start that cannot be read: then it is unknown whether it has passed."""
    return read_schedule(campaign.raw, campaign.channel)[2]


def _pending(campaign: Campaign) -> int | None:
    """How many numbers are waiting; a count below nothing is none."""
    count = campaign.pending
    return None if count is None or count < 0 else count


def _waiting(count: int, *, past: bool = False) -> str:
    verb = ("was" if past else "is") if count == 1 else ("were" if past else "are")
    return f"{counted(count, 'number')} {verb} pending"


def _in_progress(campaign: Campaign, now: datetime) -> Iterator[Diagnosis]:
    _, end = _times(campaign)
    if end is None or (now - end).total_seconds() < _GRACE:
        advice = (
            "Read it again some minutes later. If the counts stay as they are, look at the credits of the account and "
        )
        advice += f"at the {_SENT_BY[campaign.channel]}, then ask the vendor."
        yield from _not_updated(campaign, now, advice, _FINISHES)
        return
    count = _pending(campaign)
    yield Diagnosis(
        "in progress, but past its end",
        f"The campaign is still in progress, {length(now - end)} after its end time"
        + (f", and {_waiting(count)}." if count else "."),
        "Read it again: at its end the platform completes or pauses it. If it stays, pause it, and ask the vendor.",
        _FINISHES,
    )


def _not_updated(campaign: Campaign, now: datetime, advice: str, sources: tuple[Source, ...]) -> Iterator[Diagnosis]:
    updated = campaign.updated
    if updated is None or now - updated < _STILL:
        return
    count = _pending(campaign)
    yield Diagnosis(
        "not updated for days",
        f"The server shows no update since {updated.isoformat()}, {length(now - updated)} ago"
        + (f", and {_waiting(count)}." if count else ".")
        + " No page says whether each contact counts as an update.",
        advice,
        sources,
    )


def _paused(campaign: Campaign, now: datetime) -> Iterator[Diagnosis]:
    _, end = _times(campaign)
    count = _pending(campaign)
    if count == 0:
        return
    if end is None:
        advice = (
            "While it is paused nobody is contacted, and its contact lists cannot be deleted: resume it, or complete "
            "it, which cannot be undone."
        )
        yield from _not_updated(campaign, now, advice, (*_RESUMES, pages.LISTS))
        return
    uncounted = "; the resource does not say how many numbers wait."
    if end <= now:
        again = decide(campaign.status, Action.RESCHEDULE, channel=campaign.channel, started=campaign.started)
        advice = "A bare resume is legal, but the platform may pause or complete it again at once; "
        if again:
            advice = "Reschedule it with an end that lies ahead, and resume it"
            advice += "; the vendor's pages contradict each other about that (CF116)." if campaign.started else "."
        else:
            advice += f"only call campaigns are shown getting a new end once they have started ({again.code})."
        advice += f" {_MAY_EXPIRE}{_of_calls(campaign, 'canceled')}"
        yield Diagnosis(
            "paused by its end time" + (", with numbers pending" if count else ""),
            f"The end time passed {length(now - end)} ago"
            + (f" while {_waiting(count, past=True)}." if count else uncounted),
            advice,
            (*_SUSPENDS, *_EXPIRES, pages.RESCHEDULE),
        )
    else:
        yield Diagnosis(
            "paused, and may be canceled at its end",
            f"{_waiting(count)}, and the end time comes in {length(end - now)}."
            if count
            else f"The end time comes in {length(end - now)}{uncounted}",
            f"Resume it before that. {_MAY_EXPIRE}{_of_calls(campaign, 'canceled')}",
            _EXPIRES,
        )


def _unfinished(campaign: Campaign) -> Iterator[Diagnosis]:
    count = _pending(campaign)
    if count:
        yield Diagnosis(
            "completed with numbers pending",
            f"The campaign is {campaign.status}, and by its counts {_waiting(count)}; nobody is contacted any more.",
            "Read it again: the counts may come later than the status. If they stay, the per-recipient details say "
            "what became of each number; create a new campaign for those that were not contacted.",
            (*pages.COMPLETE, *_FINISHES),
        )


def _failures(campaign: Campaign) -> Iterator[Diagnosis]:
    failed = {key: count for key, count in campaign.stats.items() if _is_failure(key) and count > 0}
    if not failed:
        return
    counts = ", ".join(f"{key} {count}" for key, count in sorted(failed.items(), key=lambda pair: (-pair[1], pair[0])))
    yield Diagnosis(
        "completed with failures",
        f"Numbers that were not reached: {counts}.",
        "The report and the per-recipient details say which. If the campaign was completed by hand, the numbers "
        "that were still waiting count as failed.",
        (*pages.COMPLETE, *_FINISHES),
    )


def _is_failure(key: str) -> bool:
    """Whether a count is one of failures, by its name; no page calls busy, no-answer or rejected ones that."""
    name = counter(key)
    return name in {"invalid", "failed"} or name.startswith("failed-")

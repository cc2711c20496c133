"""Why a cell that no edge is for is not legal."""

from __future__ import annotations

from typing import Final

from attrs import frozen

from campaign_fsm.rules import pages
from campaign_fsm.rules.edges import EDITS, MESSAGE, OVER, VOICE
from campaign_fsm.rules.pages import Source
from campaign_fsm.rules.vocabulary import Action, Channel, Status


@frozen(kw_only=True, eq=False)
class Refusal:
    """Why a cell of the table is not legal. The first refusal that matches a cell is its answer.

    Empty `actions`, `statuses` or `channels` match all. `reason` may name ``{status}``, ``{action}``
    and ``{channel}``. `hint` is the way where no action is one.
    """

    code: str
    actions: frozenset[Action] = frozenset()
    statuses: frozenset[Status | None] = frozenset()
    channels: frozenset[Channel] = frozenset()
    title: str
    reason: str
    sources: tuple[Source, ...] = ()
    already: bool = False
    hint: str = ""

    def matches(self, status: Status | None, action: Action, channel: Channel) -> bool:
        return (
            (not self.actions or action in self.actions)
            and (not self.statuses or status in self.statuses)
            and (not self.channels or channel in self.channels)
        )


def _already(action: Action, status: Status, code: str, *sources: Source) -> Refusal:
    return Refusal(
        code=code,
        actions=frozenset({action}),
        statuses=frozenset({status}),
        title=f"{action} has already taken effect",
        reason="The campaign is already {status}; there is nothing to {action}.",
        sources=sources,
        already=True,
    )


REFUSALS: Final[tuple[Refusal, ...]] = (
    Refusal(
        code="CF201",
        statuses=frozenset({Status.UNKNOWN}),
        title="the status is on no list of the vendor's",
        reason="It is not documented what {action} does in this status, so nothing is sent.",
        sources=(pages.STATUSES,),
    ),
    Refusal(
        code="CF202",
        actions=frozenset({Action.CREATE}),
        statuses=frozenset(Status),
        title="create makes a new campaign",
        reason="create acts on the collection, never on a campaign that exists.",
        sources=pages.CREATE,
    ),
    Refusal(
        code="CF203",
        statuses=frozenset({None}),
        title="there is no campaign yet",
        reason="A campaign has to be created before anything else can be done to it.",
        sources=pages.CREATE,
    ),
    _already(Action.PAUSE, Status.PAUSED, "CF211", *pages.PAUSE),
    _already(Action.RESUME, Status.IN_PROGRESS, "CF212", *pages.RESUME),
    _already(Action.COMPLETE, Status.COMPLETED, "CF213", *pages.COMPLETE),
    _already(Action.ARCHIVE, Status.ARCHIVED, "CF214", *pages.ARCHIVE),
    _already(Action.DELETE, Status.DELETED, "CF215", pages.DELETE),
    Refusal(
        code="CF221",
        actions=frozenset({Action.PAUSE}),
        title="pause needs a created or in-progress campaign",
        reason="Only a created or in-progress campaign can be paused; this one is {status}.",
        sources=(*pages.PAUSE, pages.FINALS),
    ),
    Refusal(
        code="CF222",
        actions=frozenset({Action.RESUME}),
        statuses=frozenset({Status.CREATED}),
        title="a created campaign is waiting for its start",
        reason="Only a paused campaign can be resumed; a created one starts by itself at its start time.",
        sources=(*pages.RESUME, pages.SCHEDULING),
        hint="wait for its start time",
    ),
    Refusal(
        code="CF223",
        actions=frozenset({Action.RESUME}),
        title="resume needs a paused campaign",
        reason="Only a paused campaign can be resumed; this one is {status}.",
        sources=(*pages.RESUME, pages.FINALS),
    ),
    Refusal(
        code="CF224",
        actions=frozenset({Action.COMPLETE}),
        statuses=frozenset({Status.IN_PROGRESS}),
        title="pause before complete",
        reason="Only a paused campaign can be marked as completed; one in progress has to be paused first.",
        sources=(*pages.COMPLETE, *pages.OPENING),
    ),
    Refusal(
        code="CF225",
        actions=frozenset({Action.COMPLETE}),
        title="complete needs a paused campaign",
        reason="Only a paused campaign can be marked as completed; this one is {status}.",
        sources=pages.COMPLETE,
    ),
    Refusal(
        code="CF226",
        actions=frozenset({Action.ARCHIVE}),
        title="archive needs a completed campaign",
        reason="Only a completed campaign can be archived; this one is {status}.",
        sources=pages.ARCHIVE,
    ),
    Refusal(
        code="CF231",
        actions=EDITS,
        statuses=OVER,
        title="no edit of a campaign that is over",
        reason="A campaign that is {status} cannot be edited.",
        sources=(*pages.EDIT, pages.FINALS),
    ),
    Refusal(
        code="CF232",
        actions=frozenset({Action.EDIT}),
        title="full edits only before the start",
        reason="The campaign has started, or may have; all its parameters can be changed only before its start. "
        "The vendor's pages differ: the FAQ adds a contact list to a paused campaign.",
        sources=(*pages.EDIT, pages.EDIT_AFTER),
    ),
    Refusal(
        code="CF233",
        actions=frozenset({Action.EDIT_CALLBACKS}),
        title="no callback edits after the start on message campaigns",
        reason="The campaign has started, or may have; no page shows a callback edit of a started {channel} campaign.",
        sources=pages.on(Channel.MESSAGE, pages.EDIT),
    ),
    Refusal(
        code="CF234",
        actions=frozenset({Action.RESCHEDULE}),
        channels=MESSAGE,
        title="no rescheduling after the start on message campaigns",
        reason="The campaign has started, or may have; only a new schedule of a call campaign is shown then, though "
        "the vendor's guide speaks of messages and of every campaign, too.",
        sources=(*pages.on(Channel.MESSAGE, pages.EDIT), pages.RESCHEDULE_MESSAGES),
    ),
    Refusal(
        code="CF235",
        actions=frozenset({Action.RESCHEDULE}),
        title="after the start, rescheduling needs a paused campaign",
        reason="After its start, a campaign's schedule can be changed only while it is paused; this one is {status}.",
        sources=(pages.RESCHEDULE, *pages.CALLBACKS),
    ),
    Refusal(
        code="CF241",
        actions=frozenset({Action.DELETE}),
        channels=MESSAGE,
        title="no page documents deleting a message campaign",
        reason="DELETE is documented for voice campaigns only.",
        sources=(pages.DELETE,),
    ),
    Refusal(
        code="CF242",
        actions=frozenset({Action.DELETE}),
        channels=VOICE,
        statuses=frozenset({Status.PAUSED}),
        title="no page shows a paused campaign being deleted",
        reason="No page shows a paused campaign being deleted, not even before its start, and it cannot be undone.",
        sources=(pages.DELETE_NOT_STARTED, pages.DELETE),
    ),
    Refusal(
        code="CF243",
        actions=frozenset({Action.DELETE}),
        channels=VOICE,
        title="delete only before the start",
        reason="Only a campaign that has not started can be deleted; this one is {status} and counts as started.",
        sources=(pages.DELETE_NOT_STARTED, pages.DELETE),
    ),
)

STRICT_REFUSAL: Final = Refusal(
    code="CF251",
    title="contested, and strict was asked for",
    reason="The vendor's pages contradict each other about {action} while {status}; strict refuses what is contested.",
)
"""The refusal of a contested edge under ``strict=True``; its sources are those of the edge."""

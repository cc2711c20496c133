"""What a history is: counts, and the first steps one by one. `campaign_fsm.diagram` draws it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from attrs import field, frozen

from campaign_fsm.rules import Action, Channel, Event, Status


class Outcome(StrEnum):
    """What came of a step of a history."""

    TAKEN = "taken"
    """The server took it, or a reading shows it."""
    REFUSED = "refused"
    """It was refused before it was sent."""
    SENT = "sent although illegal"
    """It is illegal, and was sent."""
    LOST = "answer lost"
    """It was sent, and what came of it is unknown."""


@frozen(kw_only=True)
class HistoryStep:
    """One thing that happened to a campaign, or was tried.

    Attributes:
        trigger: What was asked for, or what the platform did. None where a reading shows a status and no
            edge explains how the campaign came there.
        source: The status before it, None for no campaign.
        dest: The status after it.
        code: The rule or the refusal, empty without one.
        outcome: What came of it.
        inferred: It was not observed: it lies between two readings.
        by_itself: It is a resume that took effect at the start that it had waited for: it was not asked for then.
        at: When, as it was recorded.
        channel: The campaign's channel.
        campaign: Its id.
        place: The line or entry of the file.
    """

    trigger: Action | Event | None
    source: Status | None
    dest: Status
    code: str = ""
    outcome: Outcome = Outcome.TAKEN
    inferred: bool = False
    by_itself: bool = False
    at: str = ""
    channel: Channel = Channel.MESSAGE
    campaign: str = ""
    place: int = 0


# Its name before others had one too.
Step = HistoryStep


@frozen(kw_only=True)
class History:
    """What happened to one campaign or to many: counted, and as far as it was kept, step by step.

    Attributes:
        title: What it is a history of.
        taken: How often each rule was taken, by its code; without what `went_on` counts.
        tried: How often something illegal was tried, by status, action, code and whether it was sent.
        now: How many campaigns are in each status at the end, `Status.UNKNOWN` standing for those on no list.
        leaps: How often a reading showed a status that no edge explains.
        lost: How many answers were lost.
        went_on: How often a resume took effect at the start that it had waited for.
        steps: The first steps, in their order.
        total: How many steps there are.
        campaigns: How many campaigns there are.
        channels: The channels of these campaigns.
    """

    title: str = ""
    taken: Mapping[str, int] = field(factory=dict)
    tried: Mapping[tuple[Status, Action, str, bool], int] = field(factory=dict)
    now: Mapping[Status, int] = field(factory=dict)
    leaps: int = 0
    lost: int = 0
    went_on: int = 0
    steps: tuple[HistoryStep, ...] = ()
    total: int = 0
    campaigns: int = 0
    channels: frozenset[Channel] = frozenset()


class UnreadableHistory(Exception):
    """A file shows nothing that happened to a campaign, or not to the one that was asked for."""

"""Observations: what one exchange asks for and shows, with what was known of its campaign before it.

An exchange gives one observation, or several: a list shows many campaigns, a create is a request and then a campaign.
Everything in them is fixed but `tracked`, which is brought up to date (`campaign_fsm.audit.update`) only after the
checks and whoever watches have been asked.
"""

from __future__ import annotations

from enum import Enum, auto
from functools import cache

from attrs import field, frozen

from campaign_fsm.audit.assessment import Assessment
from campaign_fsm.audit.finding import Place
from campaign_fsm.audit.interpret import Answered
from campaign_fsm.audit.tracker import NO_CAMPAIGN, CampaignKey, Statuses, TrackedCampaign
from campaign_fsm.errors import UnreadableRequest
from campaign_fsm.lifecycle import reachable
from campaign_fsm.policy import Policy
from campaign_fsm.rules import RULES, Action, Status
from campaign_fsm.traffic import Exchange
from campaign_fsm.wire.intent import Intent
from campaign_fsm.wire.reading import Reading
from campaign_fsm.wire.schedule import parse_time
from campaign_fsm.wire.target import Target


def _or_none(policy: Policy | None) -> Policy | None:
    return policy or None


@frozen
class Options:
    """How a file is audited.

    Attributes:
        policy: What the team forbids on top of the life cycle; None for nothing.
        strict: Whether what is contested counts as illegal, and what cannot be judged as a finding.
        path: The file that the exchanges come from.
        by_entry: Whether places are entries of the file and not lines.
    """

    policy: Policy | None = field(default=None, converter=_or_none)
    strict: bool = False
    path: str = ""
    by_entry: bool = False


@frozen(kw_only=True)
class Observation:
    """What every observation has.

    Attributes:
        exchange: The exchange.
        options: How its file is audited.
        target: The campaign, or the collection, as its path or its fields name it; None if nothing does.
        tracked: What was known of the campaign before; where it is about none, of none.
    """

    exchange: Exchange
    options: Options
    target: Target | None = None
    tracked: TrackedCampaign = NO_CAMPAIGN

    @property
    def key(self) -> CampaignKey | None:
        """The campaign among all others; None where it is about none."""
        return self.tracked.key

    @property
    def place(self) -> Place:
        """Where it stands."""
        return Place(self.options.path, **{"entry" if self.options.by_entry else "line": self.exchange.place})

    @property
    def action(self) -> Action | None:
        """What a write asks for; None for everything else."""
        return None

    @property
    def unjudged(self) -> str:
        """Why it is unknown whether a write was legal; empty if it is known, and for everything else."""
        return ""

    @property
    def doubtful(self) -> str:
        """Why a write may have been legal, or not, in what is known of its campaign; empty if that is clear."""
        return ""


@frozen(kw_only=True)
class CampaignRequest(Observation):
    """A request about campaigns as it was recorded, whatever it asks for."""


@frozen(kw_only=True)
class UnreadEntry(Observation):
    """An entry that is about a campaign, or may be, and of which the reader could not read something."""


@frozen(kw_only=True)
class UnreadableWrite(Observation):
    """A write that cannot be read in exactly one way."""

    refusal: UnreadableRequest

    @property
    def action(self) -> Action | None:
        return self.refusal.action


@frozen(kw_only=True)
class UnclearWrite(Observation):
    """A write of which the recording does not say what it does.

    Attributes:
        reason: What is missing.
    """

    reason: str

    @property
    def unjudged(self) -> str:
        return self.reason


def _overlapped(seen: Observation) -> bool:
    """Whether a request about many campaigns, or about one that is to be, overlaps one that names its campaign."""
    at = parse_time(seen.exchange.at) if seen.tracked.busy else None
    return at is not None and at.timestamp() < seen.tracked.busy


@frozen(kw_only=True)
class StatusObservation(Observation):
    """A status of a campaign, from somebody who asked for nothing else.

    Attributes:
        raw_status: The status as it is spelled.
        status: The status; unknown if it is on no list.
    """

    target: Target
    raw_status: str
    status: Status

    @property
    def explained(self) -> bool:
        """Whether something leads there, from a status that the campaign may have had; True if none is known."""
        possible = self.tracked.possible
        return not possible or any(self.status in reachable(one, self.target.channel) for one in possible)


@frozen(kw_only=True)
class CallbackObservation(StatusObservation):
    """A status callback claims a status."""


@frozen(kw_only=True)
class StatusRead(StatusObservation):
    """The answer to a read shows a status.

    Attributes:
        reading: The campaign, if the answer's body was recorded.
        whole: Whether it is the campaign's details, and not a list.
    """

    reading: Reading | None
    whole: bool = False

    @property
    def overlapped(self) -> bool:
        """Whether it is a list that was under way together with a request that names the campaign."""
        return not self.whole and _overlapped(self)


@frozen(kw_only=True)
class UnreadableAnswer(Observation):
    """The answer to a read says something that cannot be read in exactly one way."""


@frozen(kw_only=True)
class MisdirectedAnswer(Observation):
    """The answer to a read is about another campaign. Nothing is known of either by it."""


class WriteResult(Enum):
    """What became of a write, as far as its answer shows."""

    PLANNED = auto()
    """It is not taken yet."""
    LOST = auto()
    """There was no answer, or the server failed."""
    UNCERTAIN = auto()
    """The answer does not show whether it was applied."""
    TAKEN = auto()
    """The server took it."""
    CONFLICT = auto()
    """The server says that the campaign is in no status for it."""
    REJECTED = auto()
    """The server refused it for another reason."""


@frozen(kw_only=True)
class WriteObservation(Observation):
    """A write, or a create.

    Attributes:
        intent: What it would do.
        assessment: What is known of it; None if no status was known, and for a create.
    """

    intent: Intent
    assessment: Assessment | None = None

    @property
    def action(self) -> Action:
        return self.intent.action

    @property
    def status(self) -> Status | None:
        """The status that the answer shows; None if it shows none, or the server did not take the write."""
        return None


@frozen(kw_only=True)
class UnsentWrite(WriteObservation):
    """It was not sent: the client refused it."""


@frozen(kw_only=True)
class CampaignWrite(WriteObservation):
    """A write on a campaign that was sent, or is planned.

    Attributes:
        answer: What the answer shows of this campaign.
        result: What became of it.
        status: The status that the answer shows; None if it shows none, or the server did not take the write.
    """

    answer: Answered
    result: WriteResult
    status: Status | None

    @property
    def unjudged(self) -> str:
        if self.assessment is not None:
            return self.assessment.unknown
        if self.exchange.planned:
            return "its status then is unknown"
        return self.tracked.doubt or "no status was seen before it"

    @property
    def doubtful(self) -> str:
        if self.assessment is not None and self.assessment.partly:
            return self.tracked.doubt
        return ""

    @property
    def after(self) -> Statuses:
        """The statuses that an honest answer may show, if it was taken; empty if it leads nowhere."""
        if self.assessment is not None:
            return self.assessment.after
        return frozenset() if self.status is None else _after(self.status, self.action)

    @property
    def unseen(self) -> bool:
        """Whether it was taken, and the answer still shows a status from before it."""
        if self.assessment is None:
            return self.status is not None and self.status not in self.after
        return self.status in self.tracked.possible and self.status not in self.assessment.goals


@frozen(kw_only=True)
class CreateRequest(WriteObservation):
    """A create that was sent. There is no campaign yet."""


@frozen(kw_only=True)
class CreatedCampaign(WriteObservation):
    """The answer to a create shows a campaign.

    Attributes:
        raw_status: The status as it is spelled.
        status: The status; unknown if it is on no list.
        accepted: The statuses that a create leads to.
        reading: The campaign, if the answer's body was recorded.
    """

    raw_status: str
    status: Status
    accepted: Statuses
    reading: Reading | None

    @property
    def overlapped(self) -> bool:
        """Whether another request about the new campaign was under way before the answer to this one was there."""
        return _overlapped(self)


@cache
def _after(status: Status, action: Action | None) -> Statuses:
    """Where an action leads from a status, whatever the kind of campaign."""
    return frozenset(rule.leads_to for rule in RULES if rule.trigger is action and rule.source is status)

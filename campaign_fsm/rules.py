"""THE TABLE: every documented rule of a campaign's life, each with the page it rests on.

Everything else in the package reads this module: the machine, `decide`, the gate, the simulator,
the diagrams and `campaign-fsm explain`. A rule is stated here and nowhere else.

Codes are stable: a code that was released keeps its meaning, and a rule that goes takes its code
with it. The first digit says what kind of thing a code is:

- ``CF1xx`` an action of the account holder that is legal,
- ``CF2xx`` a refusal by the life cycle,
- ``CF3xx`` something that the platform does by itself,
- ``CF4xx`` a request that cannot be read in exactly one way,
- ``CF5xx`` a status that could not be read before a write,
- ``CF6xx`` something that an audit finds in recorded traffic,
- ``CF7xx`` something that a team's policy is against,
- ``CF8xx`` a campaign that this process is at work on already.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from attrs import field, frozen


class Channel(StrEnum):
    """The two kinds of campaign that the API knows. Both live by one life cycle."""

    MESSAGE = "message"
    VOICE = "voice"


class Status(StrEnum):
    """Where a campaign is in its life, in the vendor's own spelling.

    `Status.UNKNOWN` stands for a spelling that is on no list of the vendor's; every write against it
    is refused. Source: fact sheet section 2 (S1, S3, S4, S6, S8).
    """

    CREATED = "created"
    IN_PROGRESS = "in-progress"
    PAUSED = "paused"
    COMPLETED = "completed"
    ARCHIVED = "archived"
    FAILED = "failed"
    CANCELED = "canceled"
    DELETED = "deleted"
    UNKNOWN = "unknown"

    @classmethod
    def parse(cls, raw: object) -> Status:
        """The canonical status of a spelling seen on the wire; `Status.UNKNOWN` if it is on no list.

        Spellings are compared without ``-``, ``_`` and spaces and in any case, of ASCII letters alone: whoever
        folds others as well, full-width ones say, sees a status that nobody else sees.

        >>> Status.parse("InProgress")
        <Status.IN_PROGRESS: 'in-progress'>
        >>> Status.parse("scheduled")
        <Status.CREATED: 'created'>
        """
        if not isinstance(raw, str) or not raw.isascii():
            return cls.UNKNOWN
        return _SPELLINGS.get(_fold_status(raw), cls.UNKNOWN)


class Action(StrEnum):
    """What the account holder can ask for."""

    CREATE = "create"
    PAUSE = "pause"
    RESUME = "resume"
    COMPLETE = "complete"
    ARCHIVE = "archive"
    EDIT = "edit"
    EDIT_CALLBACKS = "edit-callbacks"
    RESCHEDULE = "reschedule"
    DELETE = "delete"


class Event(StrEnum):
    """What the platform does by itself."""

    START = "start"
    FINISH = "finish"
    FAIL = "fail"
    EXPIRE = "expire"
    SUSPEND = "suspend"


class Actor(StrEnum):
    """Who makes a transition happen."""

    ACCOUNT_HOLDER = "account holder"
    PLATFORM = "platform"


class Standing(StrEnum):
    """How well a rule is supported by the vendor's pages.

    `DOCUMENTED`: a page says so and none contradicts it. `CONTESTED`: a page says so and another one
    contradicts it; ``strict=True`` refuses these. `PLATFORM`: the platform does it by itself.
    """

    DOCUMENTED = "documented"
    CONTESTED = "contested"
    PLATFORM = "platform"


def _fold_status(raw: str) -> str:
    return raw.lower().replace("-", "").replace("_", "").replace(" ", "")


# "scheduled" and "Resumed" are spellings, not states: fact sheet section 2.
_SPELLINGS: Final = {
    _fold_status(spelling): status
    for status, spellings in {
        Status.CREATED: ("created", "scheduled"),
        Status.IN_PROGRESS: ("in-progress", "resumed"),
        Status.PAUSED: ("paused",),
        Status.COMPLETED: ("completed",),
        Status.ARCHIVED: ("archived",),
        Status.FAILED: ("failed",),
        Status.CANCELED: ("canceled",),
        Status.DELETED: ("deleted",),
    }.items()
    for spelling in spellings
}


@frozen
class Page:
    """A page of the vendor's that rules rest on."""

    key: str
    title: str
    url: str


@frozen
class Source:
    """One statement of one vendor page, in our words."""

    page: Page
    says: str

    def __str__(self) -> str:
        return f"{self.page.title} <{self.page.url}>: {self.says}"


PAGES: Final = {
    page.key: page
    for page in (
        Page("S1", "Update SMS campaign", "https://developer.exotel.com/api/update-sms-campaign-3"),
        Page("S2", "Update campaign", "https://developer.exotel.com/api/update-campaign"),
        Page("S2d", "Update campaign details", "https://developer.exotel.com/api/update-campaign-details"),
        Page("S3", "Manage Campaign", "https://developer.exotel.com/docs/campaigns"),
        Page("S4", "How does the Campaigns API work (article 3000085835)", "https://support.exotel.com"),
        Page("S5", "Campaign Scheduling and Campaign FAQs", "https://developer.exotel.com/docs"),
        Page("S6", "Create SMS campaign", "https://developer.exotel.com/api/sms-campaigns"),
        Page("S7", "Create campaign", "https://developer.exotel.com/api/campaigns"),
        Page("S8", "Error Code Dictionary, Rate Limiting, Authentication", "https://developer.exotel.com"),
    )
}


def _source(key: str, says: str) -> Source:
    return Source(PAGES[key], says)


_BOTH: Final = frozenset(Channel)
_VOICE: Final = frozenset({Channel.VOICE})
_MESSAGE: Final = frozenset({Channel.MESSAGE})


# Rows of the table are compared by identity: there is one of each.
@frozen(kw_only=True, eq=False)
class Rule:
    """One edge of the life cycle: a trigger that is legal in one status, and where it leads.

    `source` is None for `Action.CREATE`, which acts on no campaign yet. `dest` None means that the
    status stays as it is. `started` says which campaigns the edge is for: None for all, False for
    those that have not started, True for those that have. `undoable` is set by hand, not computed
    from the graph. `also_accepted` are statuses that an honest answer may show besides `dest` while
    the campaign has not started. `end_ahead` says that the new schedule needs an end that lies ahead.
    """

    code: str
    trigger: Action | Event
    source: Status | None
    dest: Status | None
    channels: frozenset[Channel] = _BOTH
    started: bool | None = None
    undoable: bool = True
    standing: Standing = Standing.DOCUMENTED
    effect: str
    sources: tuple[Source, ...]
    also_accepted: frozenset[Status] = frozenset()
    end_ahead: bool = False

    @property
    def actor(self) -> Actor:
        return Actor.PLATFORM if isinstance(self.trigger, Event) else Actor.ACCOUNT_HOLDER

    @property
    def leads_to(self) -> Status:
        """The status after the edge was taken."""
        dest = self.dest if self.dest is not None else self.source
        assert dest is not None  # only create has no source, and it has a dest
        return dest


@frozen(kw_only=True, eq=False)
class Refusal:
    """Why a cell of the table is not legal. The first refusal that matches a cell is its answer.

    Empty `actions`, `statuses` or `channels` match all. `reason` may name ``{status}``, ``{action}``
    and ``{channel}``.
    """

    code: str
    actions: frozenset[Action] = frozenset()
    statuses: frozenset[Status | None] = frozenset()
    channels: frozenset[Channel] = frozenset()
    title: str
    reason: str
    sources: tuple[Source, ...] = ()
    already: bool = field(default=False)

    def matches(self, status: Status | None, action: Action, channel: Channel) -> bool:
        return (
            (not self.actions or action in self.actions)
            and (not self.statuses or status in self.statuses)
            and (not self.channels or channel in self.channels)
        )


# Statements that several rows rest on.
_PAUSE = _source("S1", "only a created or in-progress campaign can be paused")
_PAUSE_VOICE = _source("S3", "the action table offers pause for created and in-progress campaigns")
_RESUME = _source("S1", "only a paused campaign can be resumed; the numbers not yet called are called")
_COMPLETE = _source(
    "S1", "only a paused campaign can be marked as completed; the remaining numbers are marked as failed"
)
_COMPLETE_VOICE = _source("S3", "the action table offers complete for paused campaigns")
_ARCHIVE = _source("S1", "only a completed campaign can be marked as archived")
_EDIT = _source("S1", "all parameters of a campaign that has not started can be updated")
_EDIT_VOICE = _source(
    "S2", "all parameters can be updated until the start time; after it only callbacks and the action"
)
_CALLBACKS = _source("S2d", "once send_at has passed, only the three callback URLs can still be updated")
_RESCHEDULE = _source(
    "S5",
    "a schedule can be changed while created or paused; a paused multi-day campaign is given a new end and resumed",
)
_DELETE = _source("S3", "DELETE is offered for a campaign that has not started")
_DELETE_S4 = _source("S4", "a campaign that has not started can be deleted")
_NO_DELETE = _source("S5", "the FAQ says that a created campaign cannot be deleted")
_SCHEDULING = _source("S5", "a campaign starts at its start time, or at once without a schedule")
_FINALS = _source("S4", "completed, failed, deleted and canceled are terminal")
_OPENING = _source(
    "S1",
    "the opening sentence offers pause, resume and complete while in progress; its bullets ask for a paused campaign",
)

_EDIT_EFFECT = "Any parameter may change; the status stays as it is."
_CALLBACKS_EFFECT = "Only the callback URLs change; the status stays as it is."
_RESCHEDULE_EFFECT = "Only the schedule changes; the status stays as it is."

RULES: Final[tuple[Rule, ...]] = (
    Rule(
        code="CF101",
        trigger=Action.CREATE,
        source=None,
        dest=Status.CREATED,
        effect="A campaign is accepted; it starts at its start time, or at once without a schedule.",
        sources=(_source("S6", "POST to the message collection"), _source("S7", "POST to the voice collection")),
    ),
    Rule(
        code="CF102",
        trigger=Action.PAUSE,
        source=Status.CREATED,
        dest=Status.PAUSED,
        effect="The campaign will not start; no documented way leads back to created.",
        sources=(_PAUSE, _PAUSE_VOICE),
    ),
    Rule(
        code="CF103",
        trigger=Action.PAUSE,
        source=Status.IN_PROGRESS,
        dest=Status.PAUSED,
        effect="No more numbers are contacted; contacts under way finish.",
        sources=(_PAUSE, _PAUSE_VOICE, _source("S5", "contacts under way finish")),
    ),
    Rule(
        code="CF104",
        trigger=Action.RESUME,
        source=Status.PAUSED,
        dest=Status.IN_PROGRESS,
        effect="The numbers not yet contacted are contacted; what is sent stays sent.",
        sources=(_RESUME, _source("S3", "the action table offers resume for paused campaigns")),
        # Fact sheet 5.4: resumed before its start, a server may well answer created until then.
        also_accepted=frozenset({Status.CREATED}),
    ),
    Rule(
        code="CF105",
        trigger=Action.COMPLETE,
        source=Status.PAUSED,
        dest=Status.COMPLETED,
        undoable=False,
        effect="The remaining numbers are marked as failed; no way back is documented.",
        sources=(_COMPLETE, _COMPLETE_VOICE),
    ),
    Rule(
        code="CF106",
        trigger=Action.ARCHIVE,
        source=Status.COMPLETED,
        dest=Status.ARCHIVED,
        undoable=False,
        effect="The completed campaign is put away; no way back is documented.",
        sources=(_ARCHIVE,),
    ),
    Rule(
        code="CF107",
        trigger=Action.EDIT,
        source=Status.CREATED,
        dest=None,
        started=False,
        effect=_EDIT_EFFECT,
        sources=(_EDIT, _EDIT_VOICE),
    ),
    Rule(
        code="CF108",
        trigger=Action.EDIT,
        source=Status.PAUSED,
        dest=None,
        started=False,
        effect=_EDIT_EFFECT,
        sources=(_EDIT, _EDIT_VOICE),
    ),
    Rule(
        code="CF109",
        trigger=Action.EDIT_CALLBACKS,
        source=Status.CREATED,
        dest=None,
        started=False,
        effect=_CALLBACKS_EFFECT,
        sources=(_EDIT, _EDIT_VOICE),
    ),
    Rule(
        code="CF110",
        trigger=Action.EDIT_CALLBACKS,
        source=Status.PAUSED,
        dest=None,
        started=False,
        effect=_CALLBACKS_EFFECT,
        sources=(_EDIT, _EDIT_VOICE),
    ),
    Rule(
        code="CF111",
        trigger=Action.EDIT_CALLBACKS,
        source=Status.CREATED,
        dest=None,
        channels=_VOICE,
        started=True,
        effect=_CALLBACKS_EFFECT,
        sources=(_CALLBACKS,),
    ),
    Rule(
        code="CF112",
        trigger=Action.EDIT_CALLBACKS,
        source=Status.IN_PROGRESS,
        dest=None,
        channels=_VOICE,
        effect=_CALLBACKS_EFFECT,
        sources=(_CALLBACKS,),
    ),
    Rule(
        code="CF113",
        trigger=Action.EDIT_CALLBACKS,
        source=Status.PAUSED,
        dest=None,
        channels=_VOICE,
        started=True,
        effect=_CALLBACKS_EFFECT,
        sources=(_CALLBACKS,),
    ),
    Rule(
        code="CF114",
        trigger=Action.RESCHEDULE,
        source=Status.CREATED,
        dest=None,
        started=False,
        effect=_RESCHEDULE_EFFECT,
        sources=(_EDIT, _EDIT_VOICE),
    ),
    Rule(
        code="CF115",
        trigger=Action.RESCHEDULE,
        source=Status.PAUSED,
        dest=None,
        started=False,
        effect=_RESCHEDULE_EFFECT,
        sources=(_EDIT, _EDIT_VOICE),
    ),
    Rule(
        code="CF116",
        trigger=Action.RESCHEDULE,
        source=Status.PAUSED,
        dest=None,
        channels=_VOICE,
        started=True,
        standing=Standing.CONTESTED,
        effect="The paused campaign gets a new end, so that it can be resumed instead of expiring.",
        sources=(_RESCHEDULE, _EDIT_VOICE),
        end_ahead=True,
    ),
    Rule(
        code="CF117",
        trigger=Action.DELETE,
        source=Status.CREATED,
        dest=Status.DELETED,
        channels=_VOICE,
        started=False,
        undoable=False,
        standing=Standing.CONTESTED,
        effect="The campaign is gone.",
        sources=(_DELETE, _DELETE_S4, _NO_DELETE),
    ),
    Rule(
        code="CF301",
        trigger=Event.START,
        source=Status.CREATED,
        dest=Status.IN_PROGRESS,
        standing=Standing.PLATFORM,
        effect="The start time is reached, or there is no schedule: the first numbers are contacted.",
        sources=(_SCHEDULING,),
    ),
    Rule(
        code="CF302",
        trigger=Event.FINISH,
        source=Status.IN_PROGRESS,
        dest=Status.COMPLETED,
        standing=Standing.PLATFORM,
        undoable=False,
        effect="All contacts are processed, or the end time is reached.",
        sources=(_source("S4", "a campaign completes when all contacts are processed or its end time is reached"),),
    ),
    Rule(
        code="CF303",
        trigger=Event.FAIL,
        source=Status.CREATED,
        dest=Status.FAILED,
        standing=Standing.PLATFORM,
        undoable=False,
        effect="None of the contacts could be attempted.",
        sources=(_source("S4", "a campaign fails when none of its contacts could be attempted"),),
    ),
    Rule(
        code="CF304",
        trigger=Event.FAIL,
        source=Status.IN_PROGRESS,
        dest=Status.FAILED,
        standing=Standing.PLATFORM,
        undoable=False,
        effect="None of the contacts could be attempted.",
        sources=(_source("S4", "a campaign fails when none of its contacts could be attempted"),),
    ),
    Rule(
        code="CF305",
        trigger=Event.EXPIRE,
        source=Status.PAUSED,
        dest=Status.CANCELED,
        standing=Standing.PLATFORM,
        undoable=False,
        effect="The end time passed while the campaign was paused; the remaining numbers are marked as failed.",
        sources=(_source("S4", "a campaign that was paused and never resumed is canceled when its end time passes"),),
    ),
    Rule(
        code="CF306",
        trigger=Event.SUSPEND,
        source=Status.IN_PROGRESS,
        dest=Status.PAUSED,
        standing=Standing.PLATFORM,
        effect="The end time is reached with numbers pending.",
        sources=(
            _source("S5", "a campaign is paused when its end time is reached; another page says that it completes"),
        ),
    ),
)


@frozen(kw_only=True, eq=False)
class Together:
    """An action that may set a parameter in the same body: both have to be legal, and both rules count.

    `edit` is what the parameter alone would be, and `started` says which edge of it counts, whether or not
    the start is ahead. Every other mix of an action and parameters is refused (CF413).
    """

    action: Action
    parameter: str
    channels: frozenset[Channel]
    edit: Action
    started: bool


TOGETHER: Final[tuple[Together, ...]] = (
    # The vendor's multi-day flow, which is shown only after the start and only on voice: CF116 says by which pages.
    Together(action=Action.RESUME, parameter="schedule", channels=_VOICE, edit=Action.RESCHEDULE, started=True),
)

# States that no edge leaves, on purpose. Building the machine checks that there are no others.
DEAD_ENDS: Final = frozenset({Status.ARCHIVED, Status.FAILED, Status.CANCELED, Status.DELETED})
_OVER: Final = frozenset({Status.COMPLETED, *DEAD_ENDS})
EDITS: Final = frozenset({Action.EDIT, Action.EDIT_CALLBACKS, Action.RESCHEDULE})
"""The actions that set parameters and leave the status as it is."""


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
        reason="Nobody documents what {action} does in this status, so nothing is sent.",
    ),
    Refusal(
        code="CF202",
        actions=frozenset({Action.CREATE}),
        statuses=frozenset(Status),
        title="create makes a new campaign",
        reason="create acts on the collection, never on a campaign that exists.",
        sources=(_source("S6", "create is a POST to the collection"),),
    ),
    Refusal(
        code="CF203",
        statuses=frozenset({None}),
        title="there is no campaign yet",
        reason="A campaign has to be created before anything else can be done to it.",
    ),
    _already(Action.PAUSE, Status.PAUSED, "CF211", _PAUSE),
    _already(Action.RESUME, Status.IN_PROGRESS, "CF212", _RESUME),
    _already(Action.COMPLETE, Status.COMPLETED, "CF213", _COMPLETE),
    _already(Action.ARCHIVE, Status.ARCHIVED, "CF214", _ARCHIVE),
    _already(Action.DELETE, Status.DELETED, "CF215", _DELETE),
    Refusal(
        code="CF221",
        actions=frozenset({Action.PAUSE}),
        title="pause needs a created or in-progress campaign",
        reason="Only a created or in-progress campaign can be paused; this one is {status}.",
        sources=(_PAUSE, _FINALS),
    ),
    Refusal(
        code="CF222",
        actions=frozenset({Action.RESUME}),
        statuses=frozenset({Status.CREATED}),
        title="a created campaign is waiting for its start",
        reason="Only a paused campaign can be resumed; a created one starts by itself at its start time.",
        sources=(_RESUME, _SCHEDULING),
    ),
    Refusal(
        code="CF223",
        actions=frozenset({Action.RESUME}),
        title="resume needs a paused campaign",
        reason="Only a paused campaign can be resumed; this one is {status}.",
        sources=(_RESUME, _FINALS),
    ),
    Refusal(
        code="CF224",
        actions=frozenset({Action.COMPLETE}),
        statuses=frozenset({Status.IN_PROGRESS}),
        title="pause before complete",
        reason="Only a paused campaign can be marked as completed; one in progress has to be paused first.",
        sources=(_COMPLETE, _OPENING),
    ),
    Refusal(
        code="CF225",
        actions=frozenset({Action.COMPLETE}),
        title="complete needs a paused campaign",
        reason="Only a paused campaign can be marked as completed; this one is {status}.",
        sources=(_COMPLETE,),
    ),
    Refusal(
        code="CF226",
        actions=frozenset({Action.ARCHIVE}),
        title="archive needs a completed campaign",
        reason="Only a completed campaign can be archived; this one is {status}.",
        sources=(_ARCHIVE,),
    ),
    Refusal(
        code="CF231",
        actions=EDITS,
        statuses=_OVER,
        title="no edit of a campaign that is over",
        reason="A campaign that is {status} cannot be edited.",
        sources=(_EDIT, _FINALS),
    ),
    Refusal(
        code="CF232",
        actions=frozenset({Action.EDIT}),
        title="full edits only before the start",
        reason="The campaign has started, or may have; all its parameters can be changed only before its start.",
        sources=(_EDIT, _EDIT_VOICE),
    ),
    Refusal(
        code="CF233",
        actions=frozenset({Action.EDIT_CALLBACKS}),
        title="no callback edits after the start on message campaigns",
        reason="The campaign has started, or may have; no page shows a callback edit of a started {channel} campaign.",
        sources=(_EDIT,),
    ),
    Refusal(
        code="CF234",
        actions=frozenset({Action.RESCHEDULE}),
        channels=_MESSAGE,
        title="no rescheduling after the start on message campaigns",
        reason="The campaign has started, or may have; no page shows a message campaign getting a new schedule then.",
        sources=(_EDIT,),
    ),
    Refusal(
        code="CF235",
        actions=frozenset({Action.RESCHEDULE}),
        title="after the start, rescheduling needs a paused campaign",
        reason="After its start, a campaign's schedule can be changed only while it is paused; this one is {status}.",
        sources=(_RESCHEDULE, _EDIT_VOICE),
    ),
    Refusal(
        code="CF241",
        actions=frozenset({Action.DELETE}),
        channels=_MESSAGE,
        title="no page documents deleting a message campaign",
        reason="DELETE is documented for voice campaigns only.",
        sources=(_DELETE,),
    ),
    Refusal(
        code="CF242",
        actions=frozenset({Action.DELETE}),
        channels=_VOICE,
        statuses=frozenset({Status.PAUSED}),
        title="no page shows a paused campaign being deleted",
        reason="No page shows a paused campaign being deleted, not even before its start, and it cannot be undone.",
        sources=(_DELETE, _DELETE_S4),
    ),
    Refusal(
        code="CF243",
        actions=frozenset({Action.DELETE}),
        channels=_VOICE,
        title="delete only before the start",
        reason="Only a campaign that has not started can be deleted; this one is {status} and counts as started.",
        sources=(_DELETE, _DELETE_S4),
    ),
)

STRICT_REFUSAL: Final = Refusal(
    code="CF251",
    title="contested, and strict was asked for",
    reason="The vendor's pages contradict each other about {action} while {status}; strict refuses what is contested.",
)
"""The refusal of a contested edge under ``strict=True``; its sources are those of the edge."""


@frozen(eq=False)
class Problem:
    """A code outside the life cycle: why a request or a reading could not be used."""

    code: str
    title: str
    advice: str


PROBLEMS: Final = {
    problem.code: problem
    for problem in (
        Problem(
            "CF401",
            "the path is a campaign path only after decoding or folding",
            "Send the documented path, byte for byte.",
        ),
        Problem(
            "CF402",
            "no write is documented with this method and path",
            "Use PUT or DELETE on a campaign, POST on its collection.",
        ),
        Problem("CF403", "a query string on a write", "Send writes without a query string."),
        Problem("CF404", "credentials in the URL", "Send them in the Authorization header; URLs end up in logs."),
        Problem(
            "CF405",
            "the Host header, the target or a rewriting header contradicts the URL",
            "Let the HTTP client derive them from the URL.",
        ),
        Problem("CF406", "a method-override header", "Send the method that is meant."),
        Problem(
            "CF407",
            "the content type is missing, not JSON, or not the same twice",
            "Send exactly one 'Content-Type: application/json'.",
        ),
        Problem("CF408", "an encoded or wrongly framed body", "Send the body plain, with a matching Content-Length."),
        Problem(
            "CF409",
            "the body is not exactly one UTF-8 JSON object",
            "Send one JSON object, in UTF-8, without duplicate keys.",
        ),
        Problem(
            "CF410", "keys that two parsers could read differently", "Write every key once, in its documented spelling."
        ),
        Problem("CF411", "not exactly one campaign in the body", "Send one item for each request."),
        Problem(
            "CF412", "the action is not on the list", "Send one of pause, resume, complete, archive as a plain string."
        ),
        Problem("CF413", "an action mixed with fields", "Send the action alone."),
        Problem(
            "CF414",
            "an edit of something that is not a parameter",
            "Leave status and ids out of an edit; use an action to change the status.",
        ),
        Problem("CF415", "the id or account is not of the documented form", "Ids are 1 to 64 of A-Z a-z 0-9 _ -."),
        Problem(
            "CF416",
            "the new end of the schedule is missing, unreadable or not ahead",
            "Give an end with a time zone that lies in the future.",
        ),
        Problem("CF417", "a body where none is documented", "Send DELETE without a body."),
        Problem(
            "CF418",
            "a campaign in a version of the API whose rules nobody has written down",
            "Send it to /v2, the version that the vendor's pages describe.",
        ),
        Problem("CF501", "the status could not be read", "Look at the cause; nothing was written."),
        Problem(
            "CF502",
            "the answer about the status cannot be read in exactly one way",
            "Look at the answer; nothing was written.",
        ),
        Problem("CF503", "the answer is about another campaign", "Check the host and any proxy; nothing was written."),
        Problem("CF505", "the gate itself failed", "That is a bug: report it with its traceback; nothing was written."),
        Problem(
            "CF504", "the reading came from a cache", "Take the cache out from below the gate; nothing was written."
        ),
        Problem(
            "CF601",
            "the server's answer contradicts the model",
            "Look at the campaign; if nobody else moved it, report what the server did.",
        ),
        Problem(
            "CF602",
            "a write after a lost answer, without a read in between",
            "Read the campaign after an answer that did not come: the write may have been applied.",
        ),
        Problem("CF603", "credentials in the recording", "Change the key, and filter the header out when recording."),
        Problem("CF604", "a status that is on no list", "Ask the vendor what it means; no write is legal in it."),
        Problem(
            "CF605",
            "a write that cannot be judged, because the status is not known",
            "Record the read that comes before the write.",
        ),
        Problem(
            "CF606", "parameters that break a documented limit", "Correct them; the server may refuse or drop them."
        ),
        Problem("CF607", "a suppression that suppresses nothing", "Take it out of the configuration."),
        Problem("CF608", "a suppression that has expired", "Mend what it is about, or renew it with a reason."),
        Problem(
            "CF609",
            "a write that was answered with a redirect",
            "Follow no redirects of writes: they are sent again, to another place, and judged by nobody.",
        ),
        Problem("CF701", "an action that the policy forbids", "Leave it to those who may, or change the policy."),
        Problem(
            "CF702",
            "an action without the confirmation that the policy asks for",
            "Have it confirmed: confirmed=True, or --yes on the command line.",
        ),
        Problem("CF703", "a start outside of the hours that the policy allows", "Choose a start within the hours."),
        Problem("CF704", "a schedule without the end that the policy asks for", "Give the schedule an end."),
        Problem("CF705", "an archive earlier than the policy allows", "Wait until the campaign is old enough."),
        Problem("CF706", "an account that the policy does not allow", "Use an account of the policy's list."),
        Problem("CF707", "a host or region that the policy does not allow", "Use a host of the policy's list."),
        Problem(
            "CF801",
            "a call from inside of another one that is at work on the same campaign",
            "Make it after that one has returned: put it in a queue that somebody else works off, or start a thread, "
            "or a task with context=contextvars.Context(), and do not wait for it inside.",
        ),
        Problem(
            "CF802",
            "another call of this process was at work on the campaign for too long",
            "Try again later, or set a longer deadline= of the client or transport.",
        ),
        Problem(
            "CF803",
            "the process was forked while the call was at work",
            "Make the call anew in the child process; the parent goes on with this one.",
        ),
    )
}
"""Codes of requests and readings that the gate refuses, of what an audit finds and of policies, by code."""

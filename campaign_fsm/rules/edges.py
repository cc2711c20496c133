"""THE TABLE: every documented edge of a campaign's life, one line each.

Two rules for maintainers:

1. Codes are stable. A code that was released keeps its meaning, and an edge that goes takes its code with it.
2. An edge is stated here and nowhere else. The machine, `decide`, the gate, the simulator, the diagnoses, the
   diagrams and the reference read it. A new edge is a line here and its text in `campaign_fsm.rules.texts`; read
   the refusals of its action and its status, which may not be true any more. A new status is a word in
   `campaign_fsm.rules.vocabulary`, the edges that lead in and out, and, to be drawn well, a place in
   `campaign_fsm.diagram.layout`.
   A new event also has a time: in `campaign_fsm.audit.tracker` and in `campaign_fsm.simulator.campaigns`.
"""

from __future__ import annotations

from typing import Final

from attrs import frozen

from campaign_fsm.rules import pages
from campaign_fsm.rules.pages import Source
from campaign_fsm.rules.texts import SIDES, TEXTS
from campaign_fsm.rules.vocabulary import Action, Actor, Channel, Event, Standing, Status

BOTH: Final = frozenset(Channel)
VOICE: Final = frozenset({Channel.VOICE})
MESSAGE: Final = frozenset({Channel.MESSAGE})


# Rows of the table are compared by identity: there is one of each.
@frozen(kw_only=True, eq=False)
class Rule:
    """One edge of the life cycle: a trigger that is legal in one status, and where it leads.

    Attributes:
        code: Its stable code (``CF…``); see ``campaign-fsm explain CODE``.
        trigger: What takes it: an action of the account holder, or an event of the platform.
        source: The status that it leaves; None for `Action.CREATE`, which acts on no campaign yet.
        dest: The status that it leads to; None: the status stays as it is.
        channels: The kinds of campaign that have it.
        started: Which campaigns it is for: None for all, False for those that have not started, True for those that
            have.
        undoable: Whether a way back is documented; set by hand, not computed from the graph.
        standing: How well the vendor's pages support it.
        effect: What it does, in a sentence.
        sources: The vendor's statements about it, those that contradict it too.
        also_accepted: Statuses that an answer may show besides `dest` while the campaign has not started.
        end_ahead: Whether a new schedule needs an end that lies ahead.
        sides: The sources that say so, and those that contradict them; empty unless it is contested.
    """

    code: str
    trigger: Action | Event
    source: Status | None
    dest: Status | None
    channels: frozenset[Channel] = BOTH
    started: bool | None = None
    undoable: bool = True
    standing: Standing = Standing.DOCUMENTED
    effect: str
    sources: tuple[Source, ...]
    also_accepted: frozenset[Status] = frozenset()
    end_ahead: bool = False
    sides: tuple[tuple[Source, ...], ...] = ()

    @property
    def actor(self) -> Actor:
        """Who takes it."""
        return Actor.PLATFORM if isinstance(self.trigger, Event) else Actor.ACCOUNT_HOLDER

    @property
    def leads_to(self) -> Status:
        """The status after the edge was taken."""
        dest = self.dest if self.dest is not None else self.source
        assert dest is not None  # only create has no source, and it has a dest
        return dest

    def applies(self, status: Status | None, channel: Channel | None = None, started: bool | None = None) -> bool:
        """Whether the edge leaves a status, None being no campaign yet.

        Args:
            status: The status.
            channel: Only if it is an edge of this channel; None for any.
            started: Only if it is for campaigns that have started, or for those that have not; None for any.
        """
        return (
            self.source is status
            and (channel is None or channel in self.channels)
            and (started is None or self.started is None or self.started is started)
        )


# Columns that a row or two fill.
_ALSO_ACCEPTED: Final = {
    # The pages say in-progress; resumed before its start, a server may well answer created until then.
    "CF104": frozenset({Status.CREATED}),
}
_END_AHEAD: Final = frozenset({"CF116"})


def _edge(  # noqa: PLR0917 (the columns of the table)
    code: str,
    trigger: Action | Event,
    channels: frozenset[Channel],
    source: Status | None,
    dest: Status | None,
    started: bool | None,
    undoable: bool,
    standing: Standing,
) -> Rule:
    if code not in TEXTS:
        raise ValueError(f"{code} has no text")
    effect, sources = TEXTS[code]
    sides = SIDES.get(code, ())
    if bool(sides) != (standing is Standing.CONTESTED) or not {one for side in sides for one in side} <= {*sources}:
        raise ValueError(f"{code}: what is contested, and nothing else, has two sides, both among its sources")
    return Rule(
        code=code,
        trigger=trigger,
        source=source,
        dest=dest,
        channels=channels,
        started=started,
        undoable=undoable,
        standing=standing,
        effect=effect,
        sources=sources,
        also_accepted=_ALSO_ACCEPTED.get(code, frozenset()),
        end_ahead=code in _END_AHEAD,
        sides=sides,
    )


# The words of the columns: the status stays as it is; always, or before or after the start; whether a way back is
# documented.
_STAYS: Final = None
_ALWAYS, _BEFORE, _AFTER = None, False, True
_YES, _NO = True, False
_DOCUMENTED, _CONTESTED = Standing

# fmt: off
RULES: Final[tuple[Rule, ...]] = (
    # code      trigger                who    from                to                  when     undo  standing
    _edge("CF101", Action.CREATE,         BOTH,  None,               Status.CREATED,     _ALWAYS, _YES, _DOCUMENTED),
    _edge("CF102", Action.PAUSE,          BOTH,  Status.CREATED,     Status.PAUSED,      _ALWAYS, _YES, _DOCUMENTED),
    _edge("CF103", Action.PAUSE,          BOTH,  Status.IN_PROGRESS, Status.PAUSED,      _ALWAYS, _YES, _DOCUMENTED),
    _edge("CF104", Action.RESUME,         BOTH,  Status.PAUSED,      Status.IN_PROGRESS, _ALWAYS, _YES, _DOCUMENTED),
    _edge("CF105", Action.COMPLETE,       BOTH,  Status.PAUSED,      Status.COMPLETED,   _ALWAYS, _NO,  _DOCUMENTED),
    _edge("CF106", Action.ARCHIVE,        BOTH,  Status.COMPLETED,   Status.ARCHIVED,    _ALWAYS, _NO,  _DOCUMENTED),
    _edge("CF107", Action.EDIT,           BOTH,  Status.CREATED,     _STAYS,             _BEFORE, _YES, _DOCUMENTED),
    _edge("CF108", Action.EDIT,           BOTH,  Status.PAUSED,      _STAYS,             _BEFORE, _YES, _DOCUMENTED),
    _edge("CF109", Action.EDIT_CALLBACKS, BOTH,  Status.CREATED,     _STAYS,             _BEFORE, _YES, _DOCUMENTED),
    _edge("CF110", Action.EDIT_CALLBACKS, BOTH,  Status.PAUSED,      _STAYS,             _BEFORE, _YES, _DOCUMENTED),
    _edge("CF111", Action.EDIT_CALLBACKS, VOICE, Status.CREATED,     _STAYS,             _AFTER,  _YES, _DOCUMENTED),
    _edge("CF112", Action.EDIT_CALLBACKS, VOICE, Status.IN_PROGRESS, _STAYS,             _ALWAYS, _YES, _DOCUMENTED),
    _edge("CF113", Action.EDIT_CALLBACKS, VOICE, Status.PAUSED,      _STAYS,             _AFTER,  _YES, _DOCUMENTED),
    _edge("CF114", Action.RESCHEDULE,     BOTH,  Status.CREATED,     _STAYS,             _BEFORE, _YES, _DOCUMENTED),
    _edge("CF115", Action.RESCHEDULE,     BOTH,  Status.PAUSED,      _STAYS,             _BEFORE, _YES, _DOCUMENTED),
    _edge("CF116", Action.RESCHEDULE,     VOICE, Status.PAUSED,      _STAYS,             _AFTER,  _YES, _CONTESTED),
    _edge("CF117", Action.DELETE,         VOICE, Status.CREATED,     Status.DELETED,     _BEFORE, _NO,  _CONTESTED),
    _edge("CF301", Event.START,           BOTH,  Status.CREATED,     Status.IN_PROGRESS, _ALWAYS, _YES, _DOCUMENTED),
    _edge("CF302", Event.FINISH,          BOTH,  Status.IN_PROGRESS, Status.COMPLETED,   _ALWAYS, _NO,  _DOCUMENTED),
    _edge("CF303", Event.FAIL,            BOTH,  Status.CREATED,     Status.FAILED,      _ALWAYS, _NO,  _DOCUMENTED),
    _edge("CF304", Event.FAIL,            BOTH,  Status.IN_PROGRESS, Status.FAILED,      _ALWAYS, _NO,  _DOCUMENTED),
    _edge("CF305", Event.EXPIRE,          BOTH,  Status.PAUSED,      Status.CANCELED,    _ALWAYS, _NO,  _CONTESTED),
    _edge("CF306", Event.SUSPEND,         BOTH,  Status.IN_PROGRESS, Status.PAUSED,      _ALWAYS, _YES, _CONTESTED),
)
# fmt: on
"""THE TABLE: every edge of the life cycle, in the order of their codes."""

RULE: Final = {rule.code: rule for rule in RULES}
"""The edges by code."""


def effect_of(action: Action) -> str:
    """What an action does, in a sentence or two."""
    return next(rule.effect for rule in RULES if rule.trigger is action)


def sources_of(action: Action, channel: Channel | None = None) -> frozenset[Status]:
    """The statuses in which an action is legal, whatever else it asks for."""
    return frozenset(
        rule.source
        for rule in RULES
        if rule.trigger is action and rule.source is not None and (channel is None or channel in rule.channels)
    )


def goal_of(action: Action) -> Status | None:
    """The status that an action is to take a campaign to; None where it leaves it as it is, or makes a new one."""
    return next((rule.dest for rule in RULES if rule.trigger is action and rule.source is not None), None)


if unused := {*TEXTS, *SIDES, *_ALSO_ACCEPTED, *_END_AHEAD} - RULE.keys():
    raise ValueError(f"texts or columns of no edge: {', '.join(sorted(unused))}")

# States that no edge leaves, on purpose. Building the machine checks that there are no others.
DEAD_ENDS: Final = frozenset({Status.ARCHIVED, Status.FAILED, Status.CANCELED, Status.DELETED})
OVER: Final = frozenset({Status.COMPLETED, *DEAD_ENDS})
"""The statuses in which nobody is contacted any more."""

EDITS: Final = frozenset({Action.EDIT, Action.EDIT_CALLBACKS, Action.RESCHEDULE})
"""The actions that set parameters and leave the status as it is."""


@frozen(kw_only=True, eq=False)
class Together:
    """An action that may set a parameter in the same body: both have to be legal, and both rules count.

    `edit` is what the parameter alone would be, and `started` says which edge of it counts, whether or not
    the start is ahead. Every other mix of an action and parameters is refused (CF413), those in `APART` with a
    reason of their own.
    """

    action: Action
    parameter: str
    channels: frozenset[Channel]
    edit: Action
    started: bool


TOGETHER: Final[tuple[Together, ...]] = (
    # The vendor's multi-day flow, which is shown only after the start and only on voice: CF116 says by which pages.
    Together(action=Action.RESUME, parameter="schedule", channels=VOICE, edit=Action.RESCHEDULE, started=True),
)


@frozen(kw_only=True, eq=False)
class Apart:
    """An action and a parameter that are refused in one body (CF413), though a page can be read as if they were not.

    `reason` goes on from what the body has, `advice` stands for that of the code.
    """

    action: Action
    parameter: str
    channels: frozenset[Channel]
    reason: str
    advice: str
    sources: tuple[Source, ...]


APART: Final[tuple[Apart, ...]] = (
    Apart(
        action=Action.RESUME,
        parameter="schedule",
        channels=MESSAGE,
        reason="only a sample of a call campaign has both, though the vendor's guide speaks of messages and of every "
        "campaign, too.",
        advice="Send the action alone: no page shows a way to do both on a message campaign. Before its start, send "
        "the schedule first, in a request of its own.",
        sources=(pages.RESCHEDULE_MESSAGES,),
    ),
)

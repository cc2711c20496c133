"""What each edge of the table does, and the vendor's statements about it, those that contradict it too; by code."""

from __future__ import annotations

from typing import Final

from campaign_fsm.rules import pages
from campaign_fsm.rules.pages import Source, source
from campaign_fsm.rules.vocabulary import Channel

_Text = tuple[str, tuple[Source, ...]]


def _text(effect: str, *sources: Source) -> _Text:
    return effect, sources


_EDIT: Final = _text("Any parameter may change; the status stays as it is.", *pages.EDIT)
_CALLBACKS: Final = "Only the callback URLs change; the status stays as it is."
_CALLBACKS_BEFORE: Final = _text(_CALLBACKS, *pages.EDIT)
_CALLBACKS_AFTER: Final = _text(_CALLBACKS, *pages.CALLBACKS)
_RESCHEDULE: Final = _text("Only the schedule changes; the status stays as it is.", *pages.EDIT)
_UNDER_WAY: Final = (
    source("campaign-faqs", "contacts that wait are kept"),
    source("campaign-faqs", "calls that are connected finish, and tries that wait are kept", about=Channel.VOICE),
    source("campaign-reporting", "calls that are not connected yet are reported as canceled", about=Channel.VOICE),
)
_FAILED: Final = _text(
    "None of the contacts could be attempted. On message campaigns that is expected, not documented.",
    source("how-campaigns-work", "a call campaign fails when none of its contacts could be attempted"),
)

TEXTS: Final[dict[str, _Text]] = {
    "CF101": _text(
        "A campaign is accepted; it starts at its start time, or at once without a schedule.",
        *pages.CREATE,
        pages.INVALID_NUMBER,
    ),
    "CF102": _text("The campaign will not start; no documented way leads back to created.", *pages.PAUSE),
    "CF103": _text("No more numbers are contacted; contacts under way finish.", *pages.PAUSE, *_UNDER_WAY),
    "CF104": _text("The numbers not yet contacted are contacted; what is sent stays sent.", *pages.RESUME),
    "CF105": _text("The remaining numbers are marked as failed; no way back is documented.", *pages.COMPLETE),
    "CF106": _text("The completed campaign is put away; no way back is documented.", *pages.ARCHIVE),
    "CF107": _EDIT,
    "CF108": _EDIT,
    "CF109": _CALLBACKS_BEFORE,
    "CF110": _CALLBACKS_BEFORE,
    "CF111": _CALLBACKS_AFTER,
    "CF112": _CALLBACKS_AFTER,
    "CF113": _CALLBACKS_AFTER,
    "CF114": _RESCHEDULE,
    "CF115": _RESCHEDULE,
    "CF116": _text(
        "The paused campaign gets a new schedule, so that it can be resumed; with a start ahead it goes on only then.",
        pages.RESCHEDULE,
        *pages.CALLBACKS,
    ),
    "CF117": _text(
        "The campaign is gone. By a page that works only before the start; by a public client's own notes, and by no "
        "page, only while created and not even once archived.",
        pages.DELETE,
        pages.DELETE_NOT_STARTED,
        pages.NO_DELETE,
    ),
    "CF301": _text(
        "The start time is reached, or there is no schedule: the first numbers are contacted.", pages.SCHEDULING
    ),
    "CF302": _text(
        "All contacts are processed; or the end time is reached, where other pages say that it is paused (CF306).",
        pages.COMPLETED_AT_END,
        *pages.PAUSED_AT_END,
    ),
    "CF303": _FAILED,
    "CF304": _FAILED,
    "CF305": _text(
        "The end time passed while the campaign was paused, and the remaining numbers are marked as failed; by another "
        "page they wait without limit. On message campaigns that is expected, not documented.",
        pages.CANCELED,
        pages.NEVER_CANCELED,
    ),
    "CF306": _text(
        "The end time is reached with numbers pending; by another page the campaign completes then (CF302).",
        *pages.PAUSED_AT_END,
        pages.COMPLETED_AT_END,
    ),
}

SIDES: Final[dict[str, tuple[tuple[Source, ...], tuple[Source, ...]]]] = {
    "CF116": ((pages.RESCHEDULE,), pages.CALLBACKS),
    "CF117": ((pages.DELETE_NOT_STARTED,), (pages.NO_DELETE,)),
    "CF305": ((pages.CANCELED,), (pages.NEVER_CANCELED,)),
    "CF306": (pages.PAUSED_AT_END, (pages.COMPLETED_AT_END,)),
}
"""Of what is contested: the statements that say so, and those that stand against them; by code."""

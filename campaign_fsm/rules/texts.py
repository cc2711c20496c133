"""What each edge of the table does, and the vendor's statements about it, those that contradict it too; by code."""

from __future__ import annotations

from typing import Final

from campaign_fsm.rules import pages
from campaign_fsm.rules.pages import Source, source

_Text = tuple[str, tuple[Source, ...]]


def _text(effect: str, *sources: Source) -> _Text:
    return effect, sources


_EDIT: Final = _text("Any parameter may change; the status stays as it is.", pages.EDIT, pages.EDIT_VOICE)
_CALLBACKS: Final = "Only the callback URLs change; the status stays as it is."
_CALLBACKS_BEFORE: Final = _text(_CALLBACKS, pages.EDIT, pages.EDIT_VOICE)
_CALLBACKS_AFTER: Final = _text(_CALLBACKS, pages.CALLBACKS)
_RESCHEDULE: Final = _text("Only the schedule changes; the status stays as it is.", pages.EDIT, pages.EDIT_VOICE)
_FAILED: Final = _text(
    "None of the contacts could be attempted.",
    source("how-campaigns-work", "a campaign fails when none of its contacts could be attempted"),
)

TEXTS: Final[dict[str, _Text]] = {
    "CF101": _text(
        "A campaign is accepted; it starts at its start time, or at once without a schedule.",
        source("create-sms-campaign", "POST to the message collection"),
        source("create-campaign", "POST to the voice collection"),
    ),
    "CF102": _text(
        "The campaign will not start; no documented way leads back to created.", pages.PAUSE, pages.PAUSE_VOICE
    ),
    "CF103": _text(
        "No more numbers are contacted; contacts under way finish.",
        pages.PAUSE,
        pages.PAUSE_VOICE,
        source("campaign-faqs", "contacts under way finish"),
    ),
    "CF104": _text(
        "The numbers not yet contacted are contacted; what is sent stays sent.",
        pages.RESUME,
        source("manage-campaign", "the action table offers resume for paused campaigns"),
    ),
    "CF105": _text(
        "The remaining numbers are marked as failed; no way back is documented.", pages.COMPLETE, pages.COMPLETE_VOICE
    ),
    "CF106": _text("The completed campaign is put away; no way back is documented.", pages.ARCHIVE),
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
        "The paused campaign gets a new end, so that it can be resumed instead of expiring.",
        pages.RESCHEDULE,
        pages.EDIT_VOICE,
    ),
    "CF117": _text("The campaign is gone.", pages.DELETE, pages.DELETE_NOT_STARTED, pages.NO_DELETE),
    "CF301": _text(
        "The start time is reached, or there is no schedule: the first numbers are contacted.", pages.SCHEDULING
    ),
    "CF302": _text(
        "All contacts are processed, or the end time is reached.",
        source("how-campaigns-work", "a campaign completes when all contacts are processed or its end time is reached"),
    ),
    "CF303": _FAILED,
    "CF304": _FAILED,
    "CF305": _text(
        "The end time passed while the campaign was paused; the remaining numbers are marked as failed.",
        source(
            "how-campaigns-work", "a campaign that was paused and never resumed is canceled when its end time passes"
        ),
    ),
    "CF306": _text(
        "The end time is reached with numbers pending.",
        source(
            "campaign-scheduling",
            "a campaign is paused when its end time is reached; another page says that it completes",
        ),
    ),
}

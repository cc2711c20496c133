"""The words of the life cycle, and how statuses are spelled on the wire."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, TypeVar


class Channel(StrEnum):
    """The two kinds of campaign that the API knows. Both live by one life cycle."""

    MESSAGE = "message"
    """Text messages (``/message-campaigns``)."""
    VOICE = "voice"
    """Calls (``/campaigns``)."""


class Status(StrEnum):
    """Where a campaign is in its life, in the vendor's own spelling.

    `Status.UNKNOWN` stands for a spelling that is on no list of the vendor's; every write against it
    is refused. Sources: https://developer.exotel.com/api/update-sms-campaign-3,
    https://developer.exotel.com/api/create-sms-campaign, https://developer.exotel.com/docs/references/webhooks and
    https://support.exotel.com/support/solutions/articles/3000085835-how-does-the-campaigns-api-work (a page about
    call campaigns, and the only one that has failed, canceled and deleted: on message campaigns these are expected,
    not documented).
    """

    CREATED = "created"
    """Accepted, and not started yet (CF101)."""
    IN_PROGRESS = "in-progress"
    """Its contacts are being contacted (CF301)."""
    PAUSED = "paused"
    """No more contacts are contacted until it is resumed (CF102, CF103)."""
    COMPLETED = "completed"
    """Over: its contacts are processed, or it was completed before that (CF105, CF302)."""
    ARCHIVED = "archived"
    """Completed and put away (CF106)."""
    FAILED = "failed"
    """None of its contacts could be attempted (CF303, CF304)."""
    CANCELED = "canceled"
    """Its end time passed while it was paused; contested (CF305)."""
    DELETED = "deleted"
    """Deleted before its start; contested (CF117)."""
    UNKNOWN = "unknown"
    """A spelling that is on no list of the vendor's."""

    @classmethod
    def parse(cls, raw: object) -> Status:
        """The canonical status of a spelling seen on the wire; `Status.UNKNOWN` if it is on no list.

        Spellings are compared without ``-``, ``_`` and spaces and in any case, if they are ASCII: a reader that folds
        other letters too, full-width ones say, sees a status that no other reader sees.

        >>> Status.parse("InProgress")
        <Status.IN_PROGRESS: 'in-progress'>
        >>> Status.parse("scheduled")
        <Status.CREATED: 'created'>
        """
        if not isinstance(raw, str) or not raw.isascii():
            return cls.UNKNOWN
        return _SPELLINGS.get(_fold_status(raw), cls.UNKNOWN)


STATUSES: Final = tuple(status for status in Status if status is not Status.UNKNOWN)
"""The statuses on the vendor's lists: all but `Status.UNKNOWN`."""


class Action(StrEnum):
    """What the account holder can ask for. ``campaign-fsm explain CODE`` has the pages that a code rests on."""

    CREATE = "create"
    """Make a new campaign (CF101)."""
    PAUSE = "pause"
    """Contact no more numbers until it is resumed (CF102, CF103)."""
    RESUME = "resume"
    """Go on with the numbers not yet contacted (CF104)."""
    COMPLETE = "complete"
    """Mark the remaining numbers as failed. Cannot be undone (CF105)."""
    ARCHIVE = "archive"
    """Put a completed campaign away. Cannot be undone (CF106)."""
    EDIT = "edit"
    """Set any parameter, before the start (CF107, CF108)."""
    EDIT_CALLBACKS = "edit-callbacks"
    """Set callback URLs alone (CF109 to CF113)."""
    RESCHEDULE = "reschedule"
    """Set the schedule alone (CF114 to CF116)."""
    DELETE = "delete"
    """Delete a call campaign before its start. Cannot be undone; contested (CF117)."""


class Event(StrEnum):
    """What the platform does by itself."""

    START = "start"
    """The start time is reached, or there is no schedule (CF301)."""
    FINISH = "finish"
    """All contacts are processed, or the end time is reached (CF302)."""
    FAIL = "fail"
    """None of the contacts could be attempted (CF303, CF304)."""
    EXPIRE = "expire"
    """The end time passed while the campaign was paused; contested (CF305)."""
    SUSPEND = "suspend"
    """The end time is reached with numbers pending; contested (CF306)."""


class Actor(StrEnum):
    """Who makes a transition happen."""

    ACCOUNT_HOLDER = "account holder"
    """Whoever has the account: by this API, or in the dashboard."""
    PLATFORM = "platform"
    """The vendor's platform, by itself."""


class Standing(StrEnum):
    """How well a rule is supported by the vendor's pages."""

    DOCUMENTED = "documented"
    """A page says so, and none contradicts it."""
    CONTESTED = "contested"
    """A page says so, and another one contradicts it.

    ``strict=True`` refuses contested actions; a contested event may happen all the same.
    """


def _fold_status(raw: str) -> str:
    return raw.lower().replace("-", "").replace("_", "").replace(" ", "")


# Spellings, not states. Message campaigns are answered and listed as scheduled
# (https://developer.exotel.com/api/create-sms-campaign); a drawing calls one step Resumed
# (https://developer.exotel.com/docs/campaigns/overview).
_SPELLINGS: Final = {
    **{_fold_status(status): status for status in STATUSES},
    "scheduled": Status.CREATED,
    "resumed": Status.IN_PROGRESS,
}

_Word = TypeVar("_Word", Channel, Status, Action)


def one_of(kind: type[_Word], value: object) -> _Word:
    """The word that a canonical string stands for.

    Raises:
        ValueError: It stands for none.
    """
    try:
        return kind(value)  # type: ignore[arg-type]
    except ValueError:
        from campaign_fsm.words import none_of  # `campaign-fsm check` needs no more than the rules

        raise ValueError(none_of(value, kind.__name__.lower(), kind)) from None

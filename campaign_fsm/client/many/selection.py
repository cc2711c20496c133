"""Which campaigns something is done to."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any, Final

from attrs import field, frozen

from campaign_fsm.rules import Action, Channel, Status, sources_of
from campaign_fsm.rules.vocabulary import one_of
from campaign_fsm.wire.campaign import Campaign
from campaign_fsm.wire.target import ID_RULE, is_id

RUNNING: Final = (Status.IN_PROGRESS, Status.CREATED)
"""What `pause` is legal in (CF102, CF103), in the order in which it is done: whoever contacts people now goes first."""


def _texts(given: Collection[str] | str | None) -> tuple[str, ...]:
    return () if given is None else tuple(dict.fromkeys((given,) if isinstance(given, str) else given))


def _statuses(given: Any) -> frozenset[Status]:
    return frozenset(one_of(Status, one) for one in _texts(given))


def _channels(given: Any) -> tuple[Channel, ...]:
    return tuple(one_of(Channel, one) for one in _texts(given))


def _check_names(_: Any, __: Any, names: tuple[str, ...]) -> None:
    if not all(isinstance(name, str) and name for name in names):
        raise ValueError("a pattern of names must not be empty; '*' fits any name")


def _check_ids(_: Any, __: Any, ids: tuple[str, ...]) -> None:
    for one in ids:
        if not isinstance(one, str) or not is_id(one):
            raise ValueError(f"{ID_RULE}, not {one!r}")


def _check_time(_: Any, attribute: Any, moment: datetime | None) -> None:
    if moment is not None and not isinstance(moment, datetime):
        raise TypeError(f"{attribute.name} must be an aware datetime, not {moment!r}")
    if moment is not None and moment.utcoffset() is None:
        raise ValueError(f"{attribute.name} must be an aware datetime, not {moment!r}")


@frozen(kw_only=True)
class Selection:
    """Which campaigns something is done to: by default all to which it can be.

    >>> Selection(names="otp-*", channels=("message", "voice"))
    Selection(names=otp-*, channels=message,voice)

    Attributes:
        statuses: Only campaigns of these. None: those in which the action is legal; for a pause ``"in-progress"`` and
            ``"created"`` (CF102, CF103).
        names: Patterns as a shell has them (``otp-*``), of which one fits the whole name; case counts. None: any name.
            Where nothing fits, and something else runs, the report is not certain.
        created_after: Only what was created then or later, an aware datetime.
        created_before: Only what was created before, an aware datetime.
        channels: The kinds of campaigns, ``("message", "voice")``. None: the client's own kind alone.
        ids: These campaigns and no others. Each is read by itself, which takes a request more than a list does;
            nothing else can be given beside them but a channel.

    Raises:
        ValueError: A value is on no list, a time is naive, or an id has no form of one.
    """

    statuses: frozenset[Status] = field(default=(), converter=_statuses)
    names: tuple[str, ...] = field(default=(), converter=_texts, validator=_check_names)
    created_after: datetime | None = field(default=None, validator=_check_time)
    created_before: datetime | None = field(default=None, validator=_check_time)
    channels: tuple[Channel, ...] = field(default=(), converter=_channels)
    ids: tuple[str, ...] = field(default=(), converter=_texts, validator=_check_ids)

    def __attrs_post_init__(self) -> None:
        others = (self.names, self.created_after, self.created_before, self.statuses)
        if self.ids and (any(others) or len(self.channels) > 1):
            raise ValueError("with ids nothing else can be given but one channel: they are what they are")

    def __repr__(self) -> str:
        return f"Selection({self})"

    def __str__(self) -> str:
        """It in a few words."""
        if self.ids:
            return f"ids={len(self.ids)}"
        parts = [f"statuses={','.join(sorted(self.statuses))}"] if self.statuses else []
        parts += [f"names={','.join(self.names)}"] if self.names else []
        for name in ("created_after", "created_before"):
            moment = getattr(self, name)
            parts += [f"{name}={moment.isoformat()}"] if moment else []
        parts += [f"channels={','.join(self.channels)}"] if self.channels else []
        return ", ".join(parts) or "all"

    def statuses_for(self, action: Action, channel: Channel) -> frozenset[Status]:
        """In which of its statuses `action` is legal on campaigns of a `channel`."""
        legal = sources_of(action, channel)
        return self.statuses & legal if self.statuses else legal

    def on(self, channel: Channel) -> tuple[Channel, ...]:
        """The kinds of campaigns, where `channel` is that of the client."""
        return self.channels or (channel,)

    def takes(self, campaign: Campaign) -> bool | None:
        """Whether a campaign of a list is meant; None if it does not say when it was created, and that matters."""
        if self.names and not any(fnmatchcase(campaign.name or "", pattern) for pattern in self.names):
            return False
        if self.created_after is None and self.created_before is None:
            return True
        if campaign.created is None:
            return None
        return (self.created_after is None or campaign.created >= self.created_after) and (
            self.created_before is None or campaign.created < self.created_before
        )

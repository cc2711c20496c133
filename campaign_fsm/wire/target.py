"""Which campaign a request target is about, byte for byte."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from attrs import frozen

from campaign_fsm.rules import Channel

# sms-campaigns is the path of the vendor's older pages: judged, never sent.
COLLECTIONS: Final = {
    "message-campaigns": Channel.MESSAGE,
    "sms-campaigns": Channel.MESSAGE,
    "campaigns": Channel.VOICE,
}
COLLECTION_OF: Final = {Channel.MESSAGE: "message-campaigns", Channel.VOICE: "campaigns"}

ID_FORM: Final = "1 to 64 of A-Z a-z 0-9 _ and -"
ID_RULE: Final = f"a campaign id is {ID_FORM}"
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_PLAIN: Final = re.compile(r"[A-Za-z0-9._~!$&'()*+,=:@-]+")
# Longer paths are looked at without being kept.
_LONG: Final = 8192


def is_id(text: str) -> bool:
    """Whether a text has the form of a campaign id or account id: 1 to 64 of ``A-Z a-z 0-9 _ -``."""
    return _ID.fullmatch(text) is not None


@frozen
class Target:
    """A campaign, or a collection of them, as a path names it."""

    prefix: str
    """What stands before ``/v2``: empty on the vendor's hosts, the mount point of a gateway elsewhere."""
    account: str
    collection: str
    id: str | None
    rest: tuple[str, ...]
    """Segments after the id, such as ``call-details``."""

    @property
    def channel(self) -> Channel:
        return COLLECTIONS[self.collection]

    @property
    def well_formed(self) -> bool:
        return is_id(self.account) and (self.id is None or is_id(self.id))


def _locate(segments: list[str]) -> int | None:
    """The index at which ``v2/accounts/<account>/<collection>`` stands in the segments."""
    for index in range(len(segments) - 3):
        if segments[index] == "v2" and segments[index + 1] == "accounts" and segments[index + 3] in COLLECTIONS:
            return index
    return None


def read_target(path: str) -> Target | None:
    """The campaign or collection that a path names byte for byte; None if it names neither.

    None does not clear a path: see `campaign_fsm.wire.suspect`.
    """
    return _kept_target(path) if len(path) <= _LONG else _read_target(path)


def _read_target(path: str) -> Target | None:
    segments = path.split("/")[1:] if path.startswith("/") else []
    index = _locate(segments)
    if index is None or any(odd(segment) for segment in segments):
        return None
    account, collection = segments[index + 2], segments[index + 3]
    tail = segments[index + 4 :]
    return Target(
        prefix="".join(f"/{segment}" for segment in segments[:index]),
        account=account,
        collection=collection,
        id=tail[0] if tail else None,
        rest=tuple(tail[1:]),
    )


_kept_target: Final = lru_cache(maxsize=1024)(_read_target)


def odd(segment: str) -> bool:
    """Whether a path segment may mean something else to another reader."""
    return segment in (".", "..") or _PLAIN.fullmatch(segment) is None

"""Which campaign a request target is about, or that it only pretends not to be about one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Final
from urllib.parse import unquote

from attrs import frozen

from campaign_fsm.rules import Channel

# Fact sheet sections 1 and 5.11. The older alias is judged, never sent.
COLLECTIONS: Final = {
    "message-campaigns": Channel.MESSAGE,
    "sms-campaigns": Channel.MESSAGE,
    "campaigns": Channel.VOICE,
}
COLLECTION_OF: Final = {Channel.MESSAGE: "message-campaigns", Channel.VOICE: "campaigns"}

ID_RULE: Final = "a campaign id is 1 to 64 of A-Z a-z 0-9 _ and -"
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_PLAIN: Final = re.compile(r"[A-Za-z0-9._~!$&'()*+,=:@-]+")
_MAX_PATH: Final = 8192
_DEEPEST: Final = 16


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


@lru_cache(maxsize=1024)
def read_target(path: str) -> Target | None:
    """The campaign or collection that a path names byte for byte; None if it names neither.

    None does not clear a path: see `could_become_target`.
    """
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


def odd(segment: str) -> bool:
    """Whether a path segment may mean something else to another reader."""
    return segment in (".", "..") or _PLAIN.fullmatch(segment) is None


@lru_cache(maxsize=1024)
def could_become_target(path: str) -> bool:
    """Whether some reader may take the path for a campaign path.

    Readers differ in how often they decode, whether they fold case, dots, repeated slashes and
    backslashes, and whether they cut path parameters (``;…``). Every combination is looked at.
    """
    if len(path) > _MAX_PATH:
        return True
    return any(_locate(segments) is not None for segments in _readings(path))


def _readings(path: str) -> Iterator[list[str]]:
    for depth in range(_MAX_PATH):
        decoded = unquote(path, errors="replace")
        # No reader decodes that often: then only what comes out at last is looked at.
        if depth >= _DEEPEST and decoded != path:
            path = decoded
            continue
        folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", path).casefold())
        for separators in (r"/", r"[/\\]") if "\\" in folded else (r"/",):
            raw = re.split(separators, folded)
            segments = [_clean(segment) for segment in raw]
            without_empty = [segment for segment in segments if segment not in ("", ".")]
            yield segments
            yield [_clean(segment) for segment in raw if segment not in ("", ".")]
            yield without_empty
            yield _resolved(without_empty)
        if decoded == path:
            return
        path = decoded


def _clean(segment: str) -> str:
    segment = re.split(r"[;?#]", segment, maxsplit=1)[0]
    segment = "".join(char for char in segment if unicodedata.category(char)[0] not in "CZ")
    # Some file-system backed servers ignore dots at the end of a name.
    return segment if segment in (".", "..") else segment.rstrip(".")


def _resolved(segments: list[str]) -> list[str]:
    out: list[str] = []
    for segment in segments:
        if segment == "..":
            del out[-1:]
        else:
            out.append(segment)
    return out

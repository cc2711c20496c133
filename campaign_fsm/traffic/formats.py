"""The formats of recordings, and how each is told by the way a file begins."""

from __future__ import annotations

import json
import re
from enum import StrEnum
from typing import Final

from campaign_fsm.files import without_mark
from campaign_fsm.strict.unreadable import NotARecording

# What a pipe gives at once may be less than was asked for.
_LONG_LINE: Final = 8 * 1024


class RecordingFormat(StrEnum):
    """The formats of recordings that are understood."""

    JSONL = "jsonl"
    TRACE = "trace"
    HAR = "har"
    CASSETTE = "cassette"
    RUNBOOK = "runbook"

    @property
    def by_entry(self) -> bool:
        """Whether places in it are entries, and not lines."""
        return self is RecordingFormat.HAR


def detect(path: str, head: bytes) -> RecordingFormat:
    """The format of a recording, by how it begins.

    Raises:
        UnreadableRecording: It is unknown.
    """
    start = without_mark(head).lstrip()
    if not start:
        raise NotARecording(path, 0, "line", "it is empty")
    first = _first_line(start)
    if re.match(rb"""\{\s*"log"\s*:""", start) or _has_key(start, first, "log"):
        return RecordingFormat.HAR
    if re.match(rb"""\{\s*"(runbook)"\s*:""", start) or re.search(rb"""(?m)^["']?runbook["']?\s*[:=]""", start):
        return RecordingFormat.RUNBOOK
    begins = rb'\{\s*("version"\s*:[^{\[]*)?"interactions"\s*:'
    listed = re.search(rb"(?m)^interactions\s*:", start) or re.match(begins, start)
    traced = isinstance(first, dict) and "event" in first
    if (listed and not traced) or _has_key(start, first, "interactions"):
        return RecordingFormat.CASSETTE
    if isinstance(first, dict):
        return RecordingFormat.TRACE if "event" in first and "version" in first else RecordingFormat.JSONL
    if start.startswith(b"{") and b"\n" not in start and len(start) >= _LONG_LINE:
        # A line that is longer than what was looked at: a list with its answer.
        return RecordingFormat.JSONL
    raise NotARecording(
        path, 0, "line", f"its format is not known; --format is one of {', '.join(known for known in RecordingFormat)}"
    )


def _has_key(start: bytes, first: object, key: str) -> bool:
    """Whether a JSON document has a key at its top, first or not, on one line or on many."""
    if isinstance(first, dict):
        return key in first and not {"url", "event", "campaign"} & first.keys()
    return re.search(rb"""(?m)^(\t| {1,4})"%b"\s*:\s*[\[{]""" % key.encode(), start) is not None


def _first_line(start: bytes) -> object:
    try:
        return json.loads(start.partition(b"\n")[0])
    except (ValueError, RecursionError):
        return None

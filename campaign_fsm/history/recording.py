"""What a file shows: a recording, the simulator's journal, or the plugin's coverage."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from campaign_fsm.history.builder import HistoryBuilder
from campaign_fsm.history.journal import KEYS, history_of_journal
from campaign_fsm.history.model import History, UnreadableHistory
from campaign_fsm.rules import RULE

if TYPE_CHECKING:
    from campaign_fsm.traffic.recordings import Recording

_LARGEST: Final = 64 * 2**20


def history_of_recording(
    path: Path | str,
    campaign: str | None = None,
    *,
    progress: Callable[[Recording], object] | None = None,
) -> History:
    """What a recording shows (`campaign_fsm.traffic`), or the simulator's journal, or the plugin's coverage.

    Args:
        path: The file.
        campaign: Only this campaign.
        progress: Called now and then with the recording that is read.

    Raises:
        UnreadableHistory: It shows nothing of a campaign, or nothing of this one.
        UnreadableRecording: It cannot be read.
    """
    # These need the extra "audit"; the rest of the package does not.
    from campaign_fsm.audit.auditor import Auditor
    from campaign_fsm.audit.files import AuditedFile
    from campaign_fsm.history.paths import RecordedPaths

    name = Path(path).name
    document = _document(Path(path))
    if isinstance(document, list):
        return history_of_journal(document, campaign, name=name)
    if isinstance(document, dict):
        return _history_of_coverage(document, name)
    builder = HistoryBuilder(campaign)
    auditor = Auditor(watch=RecordedPaths(builder).see)
    file = AuditedFile(str(path), progress=progress)
    for _ in auditor.findings(file.entries()):
        pass  # it is not asked what is wrong, but what happened
    if file.broken is not None:
        raise file.broken
    if auditor.unread.number:
        raise UnreadableHistory(f"{name}, {auditor.unread.named[0]}")
    return builder.history(name)


def _document(path: Path) -> list[Any] | dict[str, Any] | None:
    """The file as a journal or as coverage, None if it is neither."""
    if not path.is_file():
        return None  # what is read from a pipe can be read once
    try:
        with path.open("rb") as file:
            start = file.read(256).lstrip()
            if not (start.startswith(b"[") or b'"campaign_fsm_coverage"' in start):
                return None
            document = json.loads(start + file.read(_LARGEST))
    except (OSError, ValueError, RecursionError):
        return None  # whoever reads recordings has the words for that
    if isinstance(document, list) and all(isinstance(entry, dict) and entry.keys() >= KEYS for entry in document):
        return document
    return document if isinstance(document, dict) else None


def _history_of_coverage(document: Mapping[str, Any], name: str) -> History:
    """The edges that tests reached and how often, from what the plugin wrote; errors call it `name`.

    Raises:
        UnreadableHistory: It has no edges with their numbers.
    """
    edges = document.get("edges")
    if not isinstance(edges, dict) or not all(isinstance(number, int) and number >= 0 for number in edges.values()):
        raise UnreadableHistory(f"{name} is no coverage file: it has no edges with their counts.")
    taken = {code: number for code, number in edges.items() if code in RULE and number}
    return History(title="Edges that tests reached", taken=taken, total=sum(taken.values()))

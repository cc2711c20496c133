"""Findings as one JSON object, for programs."""

from __future__ import annotations

from typing import Any, Final, TextIO

from attrs import asdict

from campaign_fsm.audit.finding import Finding
from campaign_fsm.audit.summary import Summary
from campaign_fsm.audit.writers import safe

VERSION: Final = 1
"""The version of the object. Keys may be added within a version; a key that is there keeps its meaning."""
START: Final = f'{{"version": {VERSION}, "findings": ['
"""What a report begins with."""


class JsonWriter:
    """Writes ``{"version": 1, "findings": […], "summary": {…}}``, one finding a line, in ASCII."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._between = "\n"

    def begin(self) -> None:
        """Open the object and its findings."""
        self._stream.write(START)

    def finding(self, finding: Finding) -> None:
        """Write one finding."""
        self._stream.write(f"{self._between}{safe.dumps(as_dict(finding))}")
        self._between = ",\n"

    def end(self, summary: Summary) -> None:
        """Write the summary, and close the object."""
        self._stream.write(f'\n], "summary": {safe.dumps(asdict(summary))}}}\n')


def as_dict(finding: Finding) -> dict[str, Any]:
    """A finding as plain data. A line or an entry that a format does not have is None."""
    return {
        "code": finding.code,
        "level": finding.level,
        "message": finding.message,
        "path": finding.place.path,
        "line": finding.place.line or None,
        "entry": finding.place.entry or None,
        "advice": finding.advice,
        "sources": [source.as_dict() for source in finding.sources],
        "channel": finding.channel,
        "campaign": finding.campaign,
        "action": finding.action,
        "status": finding.status,
        "at": finding.at,
        "sent": finding.sent,
        "status_code": finding.status_code,
        "fingerprint": finding.fingerprint,
    }

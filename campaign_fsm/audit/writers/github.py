"""Findings as workflow commands, which GitHub shows as annotations."""

from __future__ import annotations

from collections import Counter
from typing import Final, TextIO

from campaign_fsm.audit.finding import Finding, Level
from campaign_fsm.audit.summary import Summary
from campaign_fsm.audit.writers import safe
from campaign_fsm.words import counted

# GitHub drops, without a word, what a step annotates beyond this, for each level.
_SHOWN: Final = 10
_COMMANDS: Final = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "notice"}


class GithubWriter:
    """Writes as many workflow commands of each level as GitHub shows, and then how many more there are.

    The tenth note is held back until the end, because saying that there are more takes a notice itself.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._written: Counter[Level] = Counter()
        self._left_out: Counter[Level] = Counter()
        self._last_note = ""

    def begin(self) -> None:
        """Nothing stands before the findings."""

    def finding(self, finding: Finding) -> None:
        """Write one finding, or count it."""
        self._command(
            finding.level,
            {
                "file": safe.path(finding.place.path),
                "line": str(finding.place.line or ""),
                "title": safe.line(finding.code),
            },
            _message(finding),
        )

    def end(self, summary: Summary) -> None:
        """Write what could not be read, the counts, and how many findings GitHub would not have shown."""
        for sentence in summary.incomplete:
            self._command(Level.ERROR, {"title": "incomplete"}, safe.line(sentence))
        for sentence in summary.unjudged_writes:
            self._command(Level.NOTE, {"title": "not judged"}, safe.line(sentence))
        for sentence in summary.remarks:
            self._command(Level.NOTE, {"title": "note"}, safe.line(sentence))
        hidden = ", ".join(
            counted(count, f"more {_COMMANDS[level]}")
            for level in Level
            if (count := self._left_out[level] + (level is Level.NOTE and self._needs_room()))
        )
        if self._last_note and not self._needs_room():
            self._write(self._last_note)
        self._write(str(summary))
        if hidden:
            self._write(f"::notice::GitHub shows {_SHOWN} annotations of each level for a step; left out: {hidden}.")

    def _needs_room(self) -> bool:
        """Whether the last notice takes the place of the tenth note, which was held back for that."""
        return bool(self._last_note) and self._left_out.total() > 0

    def _command(self, level: Level, properties: dict[str, str], message: str) -> None:
        if self._written[level] == _SHOWN:
            self._left_out[level] += 1
            return
        self._written[level] += 1
        parameters = ",".join(f"{name}={_property(value)}" for name, value in properties.items() if value)
        command = f"::{_COMMANDS[level]} {parameters}::{_data(message)}"
        if level is Level.NOTE and self._written[level] == _SHOWN:
            self._last_note = command
        else:
            self._write(command)

    def _write(self, line: str) -> None:
        safe.write(self._stream, f"{line}\n")


def _message(finding: Finding) -> str:
    lines = [finding.message]
    lines += [f"{label}: {text}" for label, text in finding.reasons]
    return "\n".join(safe.line(line) for line in lines)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")

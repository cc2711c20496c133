"""Findings as text for people: a block each, and a line that sums up."""

from __future__ import annotations

from typing import Final, TextIO

from campaign_fsm.audit.finding import Finding, Level
from campaign_fsm.audit.summary import Summary
from campaign_fsm.audit.writers import safe

_BOLD: Final = "1"
_DIM: Final = "2"
_COLOURS: Final = {Level.ERROR: "1;31", Level.WARNING: "1;33", Level.NOTE: "1;36"}
_GREEN: Final = "1;32"


class TextWriter:
    """Writes text for people.

    Args:
        stream: What it writes to.
        colour: Whether places, levels and labels are coloured, by ANSI escapes.
    """

    def __init__(self, stream: TextIO, *, colour: bool = False) -> None:
        self._stream, self._colour = stream, colour

    def begin(self) -> None:
        """Nothing stands before the findings."""

    def finding(self, finding: Finding) -> None:
        """Write one finding as a block, and the empty line after it."""
        where = self._styled(safe.place(finding.place), _BOLD)
        what = self._styled(f"{safe.line(finding.code)} {finding.level}", _COLOURS[finding.level])
        lines = [f"{where}: {what}: {safe.line(finding.message)}"]
        if finding.campaign:
            lines.append(self._row("campaign", " ".join(filter(None, (finding.channel, finding.campaign, finding.at)))))
        lines += [self._row(label, text) for label, text in finding.reasons]
        if finding.fingerprint:
            lines.append(self._row("fingerprint", finding.fingerprint))
        self._write(*lines, "")

    def end(self, summary: Summary) -> None:
        """Write what could not be read, and the counts."""
        label = self._styled("incomplete", _COLOURS[Level.ERROR])
        self._write(*(f"{label}: {safe.line(sentence)}" for sentence in summary.incomplete))
        label = self._styled("not judged", _COLOURS[Level.WARNING])
        self._write(*(f"{label}: {safe.line(sentence)}" for sentence in summary.unjudged_writes))
        label = self._styled("note", _COLOURS[Level.NOTE])
        self._write(*(f"{label}: {safe.line(sentence)}" for sentence in summary.remarks))
        worst = next((_COLOURS[level] for level in Level if summary.count(level)), _GREEN)
        self._write(self._styled(str(summary), _COLOURS[Level.ERROR] if summary.incomplete else worst))

    def _row(self, label: str, text: str) -> str:
        return f"  {self._styled(f'{label}:', _DIM)} {safe.line(text)}"

    def _styled(self, text: str, style: str) -> str:
        return f"\x1b[{style}m{text}\x1b[0m" if self._colour else text

    def _write(self, *lines: str) -> None:
        safe.write(self._stream, "".join(f"{line}\n" for line in lines))

"""Why a file could not be read, and where reading ended."""

from __future__ import annotations


class UnreadableRecording(Exception):
    """A recording cannot be read, or not to its end.

    Attributes:
        path: The file.
        place: The line or entry at which reading ended, 0 if it did not get that far.
        unit: ``line`` or ``entry``.
        reason: One sentence.
    """

    def __init__(self, path: str, place: int, unit: str, reason: str) -> None:
        super().__init__(path, place, unit, reason)
        self.path, self.place, self.unit, self.reason = path, place, unit, reason

    def __str__(self) -> str:
        where = f", {self.unit} {self.place}" if self.place else ""
        return f"{self.path}{where}: {self.reason}"


class NotARecording(UnreadableRecording):
    """Nothing in a file is about anything: in a folder it may lie beside recordings."""


class UnknownFormat(NotARecording):
    """It is unknown what a file is."""

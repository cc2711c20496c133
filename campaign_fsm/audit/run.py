"""An audit of several files: what is found goes to the writers as it is found, what was counted comes back."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from attrs import define, evolve, field

from campaign_fsm.audit.auditor import Auditor
from campaign_fsm.audit.baseline import Accepted
from campaign_fsm.audit.finding import Finding, Level
from campaign_fsm.audit.observation import Options
from campaign_fsm.audit.summary import Summary
from campaign_fsm.strict.unreadable import NotARecording
from campaign_fsm.traffic import UnreadableRecording
from campaign_fsm.traffic.formats import RecordingFormat
from campaign_fsm.traffic.recordings import Recording, open_recording

_SUFFIXES: Final = frozenset({".har", ".jsonl", ".ndjson", ".json", ".yaml", ".yml", ".toml"})
_EVERY: Final = 2000


# A file that ends like this is a recording, or a broken one; JSON and YAML may be anything.
_RECORDINGS: Final = frozenset({".har", ".jsonl", ".ndjson"})


def files_of(folder: str) -> Iterator[str]:
    """The files of a folder that may be recordings, in their order.

    Raises:
        UnreadableRecording: The folder, or one in it, cannot be read.
    """

    def refuse(error: OSError) -> None:
        path = str(error.filename or folder)
        raise UnreadableRecording(path, 0, "line", f"it cannot be read: {error.strerror or error}") from None

    found = []
    for where, _, names in os.walk(folder, onerror=refuse):
        found += [file for name in names if (file := Path(where, name)).suffix.lower() in _SUFFIXES and file.is_file()]
    yield from map(str, sorted(found))


@define
class Audit:
    """One run over some files.

    Attributes:
        report: Called with each finding that is not accepted.
        accepted: What is left out.
        strict: See `Auditor`.
        progress: Called now and then with the recording that is read; None for no call.
    """

    report: Callable[[Finding], object]
    accepted: Accepted = field(factory=Accepted)
    strict: bool = False
    progress: Callable[[Recording], object] | None = None
    _counts: Counter[str] = field(factory=Counter, init=False)
    _summary: Summary = field(factory=Summary, init=False)
    _reported: Counter[str] = field(factory=Counter, init=False)

    def path(self, path: str, format: RecordingFormat | None = None, *, named: bool = True) -> None:  # noqa: A002
        """Audit a file, a folder, or ``-`` for the standard input; a folder without a recording is incomplete."""
        if path == "-" or not Path(path).is_dir():
            self.file(path, format, named=named)
            return
        before = len(self._summary.files)
        try:
            for file in files_of(path):
                self.file(file, format, named=False)
        except UnreadableRecording as error:
            self._incomplete(str(error))
        else:
            if len(self._summary.files) == before and not self._summary.incomplete:
                self._incomplete(f"{path}: there is no recording in this folder")

    def _incomplete(self, sentence: str) -> None:
        self._summary = evolve(self._summary, incomplete=(*self._summary.incomplete, sentence))

    def file(self, path: str, format: RecordingFormat | None = None, *, named: bool = True) -> None:  # noqa: A002
        """Audit one file. What cannot be read to its end is noted, and what was found before it stays.

        Args:
            path: The file.
            format: Its format, None to find out.
            named: Whether it is an error if its format is unknown.
        """
        weak, broken = False, ""
        options = Options(self.accepted.configuration.policy, strict=self.strict, path=path)
        auditor = Auditor(options, counts=self._reported)
        try:
            with open_recording(path, format) as recording:
                auditor.options = evolve(options, by_entry=recording.by_entry)
                # Any file of JSON objects looks like the plain form.
                weak = recording.format is RecordingFormat.JSONL
                for number, exchange in enumerate(recording.exchanges):
                    for finding in auditor.feed(exchange):
                        self._judge(finding)
                    if self.progress and number % _EVERY == 0:
                        self.progress(recording)
        except NotARecording as error:
            broken = str(error)
            weak = not (Path(path).suffix.lower() in _RECORDINGS and "format is not known" in broken)
        except UnreadableRecording as error:
            broken = str(error)
            weak = weak and Path(path).suffix.lower() not in _RECORDINGS
        if weak and not named and not auditor.events:
            # It lies in a folder, and nothing in it is about campaigns.
            self._summary = evolve(self._summary, passed_over=self._summary.passed_over + 1)
            return
        if not broken and self.strict and named and not auditor.events:
            broken = f"{path}: nothing in it is about a campaign"
        if broken:
            self._incomplete(broken)
        summary = self._summary
        self._summary = evolve(
            summary,
            events=summary.events + auditor.events,
            campaigns=summary.campaigns + auditor.campaigns,
            unjudged=summary.unjudged + auditor.unjudged,
            files=(*summary.files, path),
        )

    def interrupted(self) -> None:
        """The audit ends before its files do."""
        self._incomplete("The audit was interrupted.")

    def _judge(self, finding: Finding) -> None:
        if not self.accepted.leaves_out(finding):
            self._report(finding)

    def _report(self, finding: Finding) -> None:
        self._counts[finding.level] += 1
        self.report(finding)

    def end(self) -> Summary:
        """What was counted; findings about suppressions come last."""
        for finding in self.accepted.leftovers(self._summary):
            self._report(finding)
        return evolve(
            self._summary,
            errors=self._counts[Level.ERROR],
            warnings=self._counts[Level.WARNING],
            notes=self._counts[Level.NOTE],
            suppressed=self.accepted.suppressed,
            baselined=self.accepted.baselined,
        )

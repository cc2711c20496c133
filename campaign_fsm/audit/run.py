"""An audit of several files: what is found goes to the writers as it is found, what was counted comes back."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path, PurePath

from attrs import define, evolve, field

from campaign_fsm.audit.auditor import Auditor, Source
from campaign_fsm.audit.baseline import Accepted, Judged
from campaign_fsm.audit.files import APART, AuditedFile, files_of
from campaign_fsm.audit.finding import Finding, Level
from campaign_fsm.audit.gaps import NAMED, Gaps
from campaign_fsm.audit.observation import Options
from campaign_fsm.audit.summary import Summary
from campaign_fsm.files import Identity, identity
from campaign_fsm.traffic import UnreadableRecording
from campaign_fsm.traffic.formats import RecordingFormat
from campaign_fsm.traffic.order import Strand, merged
from campaign_fsm.traffic.recordings import Recording
from campaign_fsm.words import counted


@define
class Audit:
    """One run over some files.

    Attributes:
        report: Called with each finding that is not accepted.
        accepted: What is left out.
        strict: See `Auditor`.
        progress: Called now and then with the recording that is read; None for no call.
        together: Whether several files are one story, in which campaigns are followed from one to the next in the order
            of time. None: recordings are that have times, but for cassettes. Runbooks never are.
        judged: How each file was judged that was read.
    """

    report: Callable[[Finding], object]
    accepted: Accepted = field(factory=Accepted)
    strict: bool = False
    progress: Callable[[Recording], object] | None = None
    together: bool | None = None
    judged: dict[str, Judged] = field(factory=dict, init=False)
    _counts: Counter[str] = field(factory=Counter, init=False)
    _summary: Summary = field(factory=Summary, init=False)
    _reported: Counter[str] = field(factory=Counter, init=False)
    _unjudged: Gaps = field(factory=Gaps, init=False)

    def paths(self, paths: Sequence[str], format: RecordingFormat | None = None, *, named: bool = True) -> None:  # noqa: A002
        """Audit files, folders, and ``-`` for the standard input.

        What cannot be read to its end is noted, and what was found before it stays. So is what is about no campaign.

        Args:
            paths: Where they are.
            format: Their format, None to find out.
            named: Whether it is noted of each of these files that it is no recording, or is about no campaign. Of one
                in a folder it is not, but of the folder.
        """
        files: list[AuditedFile] = []
        folders: dict[str, list[AuditedFile]] = {}
        for path in paths:
            if path == "-" or not Path(path).is_dir():
                files.append(self._file(path, format, named=named))
                continue
            try:
                folders[path] = [self._file(file, format, named=False) for file in files_of(path)]
            except UnreadableRecording as error:
                self._incomplete(str(error))
            else:
                files += folders[path]
        once = self._once(files)
        self._audit(once)
        for folder, found in folders.items():
            # What was judged under another name is none of its concern.
            left = [file for file in found if file in once]
            recordings = [file for file in left if not file.passed_over]
            if found and not left:
                continue
            if not recordings:
                self._incomplete(_without_recordings(folder, found))
            elif named and not any(file.events or file.broken is not None for file in recordings):
                self._incomplete(f"{folder}: nothing in it is about a campaign")

    def file(self, path: str, format: RecordingFormat | None = None, *, named: bool = True) -> None:  # noqa: A002
        """Audit one file by itself, see `paths`."""
        self._story([self._file(path, format, named=named)])

    def _file(self, path: str, format: RecordingFormat | None, *, named: bool) -> AuditedFile:  # noqa: A002
        configuration = self.accepted.configuration
        source = Source(Options(configuration.policy, strict=self.strict, path=path))
        return AuditedFile(path, format, named, source, configuration.access_log, self.progress)

    def _once(self, files: Sequence[AuditedFile]) -> list[AuditedFile]:
        """Each file once, however it was named; and of a file and its compressed copy beside it the former."""
        paths = {file.path for file in files}
        known: dict[Identity, str] = {}
        found = []
        for file in files:
            itself, plain = identity(0 if file.path == "-" else file.path), file.path.removesuffix(".gz")
            twin = plain if plain != file.path and plain in paths else itself and known.get(itself)
            if twin:
                self._summary = evolve(self._summary, passed_over=self._summary.passed_over + 1)
                self._remark(f"{file.path}: passed over: it is the same file as {twin}")
                continue
            if itself:
                known[itself] = file.path
            found.append(file)
        return found

    def _audit(self, files: Sequence[AuditedFile]) -> None:
        """What is one story as one, and every other file by itself."""
        story: list[tuple[AuditedFile, float | None]] = []
        for file in files:
            if len(files) == 1 or self.together is False:
                self._story([file])
                continue
            known, first = (None, None) if file.is_pipe else file.look()
            joins = file.is_pipe or first is not None or self.together
            if joins and known is not RecordingFormat.RUNBOOK and (self.together or known not in APART):
                story.append((file, first))
            else:
                self._story([file])
        if len(story) == 1:
            self._story([story[0][0]])
        elif story:
            self._summary = evolve(self._summary, story=len(story))
            self._story([file for file, _ in story], [first for _, first in story])

    def _story(self, files: Sequence[AuditedFile], firsts: Sequence[float | None] = ()) -> None:
        """One file, or several of which it is known when each begins."""
        source = files[0].source
        auditor = Auditor(source.options, counts=self._reported, source=source)
        strands = [Strand(first, file.marked()) for file, first in zip(files, firsts, strict=False)]
        for finding in auditor.findings(merged(strands) if strands else files[0].entries()):
            self._judge(finding)
        if not strands:
            source.events = auditor.events
        how = _how([file.path for file in files], strict=self.strict)
        for file in files:
            self.judged[file.path] = Judged(how, clear=file.broken is None and not file.source.gaps)
            self._settle(file)
        for sentence in auditor.unread.named:
            self._incomplete(sentence)
        if (more := auditor.unread.number - NAMED) > 0:
            where = "the sequence" if strands else source.options.path
            self._incomplete(f"{where}: {counted(more, 'more entry')} could not be read")
        self._unjudged.add_all(auditor.unjudged)
        self._summary = evolve(
            self._summary,
            events=self._summary.events + auditor.events,
            campaigns=self._summary.campaigns + auditor.campaigns,
            unread=self._summary.unread + auditor.unread.number,
            unjudged=self._unjudged.number,
            unjudged_writes=tuple(self._unjudged.named),
        )

    def _settle(self, file: AuditedFile) -> None:
        """What is to be said of a file once it was read."""
        summary = self._summary
        if file.passed_over:
            self._summary = evolve(summary, passed_over=summary.passed_over + 1)
            return
        self._summary = evolve(
            summary,
            files=(*summary.files, file.path),
            incomplete=(*summary.incomplete, *file.problems()),
            remarks=(*summary.remarks, *file.remarks()),
        )

    def _remark(self, sentence: str) -> None:
        self._summary = evolve(self._summary, remarks=(*self._summary.remarks, sentence))

    def _incomplete(self, sentence: str) -> None:
        self._summary = evolve(self._summary, incomplete=(*self._summary.incomplete, sentence))

    def interrupted(self) -> None:
        """The audit ends before its files do."""
        self._incomplete("The audit was interrupted.")

    def _judge(self, finding: Finding) -> None:
        if not self.accepted.leaves_out(finding):
            self._report(finding)

    def _report(self, finding: Finding) -> None:
        self.report(finding)
        self._counts[finding.level] += 1

    def end(self) -> Summary:
        """What was counted; findings about suppressions come last."""
        for finding in self.accepted.leftovers(self._summary, self.judged):
            self._report(finding)
        return evolve(
            self._summary,
            errors=self._counts[Level.ERROR],
            warnings=self._counts[Level.WARNING],
            notes=self._counts[Level.NOTE],
            suppressed=self.accepted.suppressed,
            baselined=self.accepted.baselined,
        )


def _how(story: Sequence[str], *, strict: bool) -> str:
    """How the files of a story are judged; in the next run, too, if they are of the same names."""
    names = "\n".join(sorted(PurePath(path).name for path in story)).encode("utf-8", "replace")
    together = f"in the story {hashlib.sha256(names).hexdigest()[:16]}" if len(story) > 1 else "by itself"
    return f"strict, {together}" if strict else together


def _without_recordings(folder: str, passed_over: Sequence[AuditedFile]) -> str:
    sentence = f"{folder}: there is no recording in this folder"
    reasons = [str(file.broken) for file in passed_over if file.broken is not None]
    return f"{sentence}; of its files, one was passed over because of this: {reasons[0]}" if reasons else sentence

"""What an audit counted: the end of every report."""

from __future__ import annotations

from attrs import frozen

from campaign_fsm.audit.finding import Level
from campaign_fsm.words import counted


@frozen(kw_only=True)
class Summary:
    """What an audit counted. Findings that were suppressed or baselined are not among the findings.

    Attributes:
        errors: The findings that are errors.
        warnings: The findings that are warnings.
        notes: The findings that are notes.
        events: The exchanges that were read.
        campaigns: The campaigns that they are about.
        unjudged: The writes that could not be judged, because the campaign's status was not known.
        unjudged_writes: A sentence for each of the first of these, with its place and the reason.
        unread: The entries that are about campaigns, or may be, and could not be read.
        suppressed: The findings left out because somebody suppressed them.
        baselined: The findings left out because they are in the baseline.
        passed_over: The files of folders that are no recordings.
        files: The files that were read, as they were given.
        story: How many of the files were judged as one sequence.
        incomplete: A sentence for each thing that could not be read, judged or put in order.
        remarks: Sentences about what was read that whoever reads the findings should know.
    """

    errors: int = 0
    warnings: int = 0
    notes: int = 0
    events: int = 0
    campaigns: int = 0
    unjudged: int = 0
    unjudged_writes: tuple[str, ...] = ()
    unread: int = 0
    suppressed: int = 0
    baselined: int = 0
    passed_over: int = 0
    files: tuple[str, ...] = ()
    story: int = 0
    incomplete: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    def count(self, level: Level) -> int:
        """The findings of one level."""
        return {Level.ERROR: self.errors, Level.WARNING: self.warnings, Level.NOTE: self.notes}[level]

    def __str__(self) -> str:
        levels = [counted(self.count(level), level.value) for level in Level if self.count(level)]
        left_out = [
            *([f"{self.suppressed:,} suppressed"] if self.suppressed else []),
            *([f"{self.baselined:,} in the baseline"] if self.baselined else []),
            *([f"{counted(self.unjudged, 'write')} could not be judged"] if self.unjudged else []),
            *([f"{counted(self.unread, 'entry')} could not be read"] if self.unread else []),
            *([f"{counted(self.passed_over, 'file')} passed over"] if self.passed_over else []),
        ]
        if self.incomplete and not levels and not self.events:
            return "nothing was judged" + (f" ({'; '.join(left_out)})" if left_out else "")
        read = f"{counted(self.events, 'request')} of {counted(self.campaigns, 'campaign')}"
        files = counted(len(self.files), "file")
        if self.story:
            files += f", {'all' if self.story == len(self.files) else self.story} of them as one sequence"
        elif len(self.files) > 1:
            files += ", each by itself"
        return f"{', '.join(levels) or 'no findings'} in {files} ({'; '.join([read, *left_out])})"

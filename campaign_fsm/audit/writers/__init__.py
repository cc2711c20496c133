"""The writers of reports: one model of findings, in five formats."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol, TextIO

from campaign_fsm.audit.finding import Finding
from campaign_fsm.audit.summary import Summary

__all__ = ["ReportFormat", "Writer", "is_report", "writer"]


class ReportFormat(StrEnum):
    """What a report can be written as."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"
    SARIF = "sarif"
    JUNIT = "junit"


class Writer(Protocol):
    """What writes a report: `begin` once, `finding` for each of them, `end` once.

    A report is whole only after `end`. Where a format allows it, a finding is written as it comes.
    """

    def begin(self) -> None:
        """What stands before the findings."""

    def finding(self, finding: Finding) -> None:
        """One finding."""

    def end(self, summary: Summary) -> None:
        """What stands after the findings."""


def writer(format: ReportFormat | str, stream: TextIO, *, colour: bool = False) -> Writer:  # noqa: A002
    """The writer of one format.

    Args:
        format: A `ReportFormat` or its string.
        stream: What it writes to. It writes characters that the stream's encoding lacks as escapes.
        colour: Whether text is coloured; the other formats never are.

    Raises:
        ValueError: There is no such format.
    """
    match ReportFormat(format):
        case ReportFormat.TEXT:
            from campaign_fsm.audit.writers.text import TextWriter

            return TextWriter(stream, colour=colour)
        case ReportFormat.JSON:
            from campaign_fsm.audit.writers.plainjson import JsonWriter

            return JsonWriter(stream)
        case ReportFormat.GITHUB:
            from campaign_fsm.audit.writers.github import GithubWriter

            return GithubWriter(stream)
        case ReportFormat.SARIF:
            from campaign_fsm.audit.writers.sarif import SarifWriter

            return SarifWriter(stream)
        case ReportFormat.JUNIT:
            from campaign_fsm.audit.writers.junit import JunitWriter

            return JunitWriter(stream)


def is_report(start: bytes) -> bool:
    """Whether a file that begins so is a report of ours as JSON or SARIF; those lie in folders that are audited."""
    from campaign_fsm.audit.writers import plainjson, sarif

    return start.startswith((plainjson.START.encode(), sarif.START.encode()))

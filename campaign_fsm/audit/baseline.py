"""Findings that are accepted: suppressed with a reason, or in a baseline that only ever shrinks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Final

from attrs import define, field

from campaign_fsm.audit.finding import Finding, Level, Place
from campaign_fsm.files import without_mark, write_whole
from campaign_fsm.policy import Configuration
from campaign_fsm.rules import PROBLEMS

_VERSION: Final = 1


class BadBaseline(ValueError):
    """A baseline cannot be read or written."""


@define
class Accepted:
    """What is left out of a report.

    Attributes:
        configuration: Where the suppressions stand.
        today: The day that counts for suppressions that expire.
        baseline: The fingerprints that were accepted; None without a baseline.
        suppressed: How many findings were suppressed.
        baselined: How many were in the baseline.
    """

    configuration: Configuration = field(factory=Configuration)
    today: date | None = None
    baseline: frozenset[str] | None = None
    suppressed: int = 0
    baselined: int = 0
    _used: set[str] = field(factory=set, init=False)
    _seen: set[str] = field(factory=set, init=False)

    def leaves_out(self, finding: Finding) -> bool:
        """Whether a finding is left out."""
        for suppression in self.configuration.suppressions:
            if suppression.fingerprint == finding.fingerprint:
                self._used.add(finding.fingerprint)
                if suppression.expires is None or (self.today and self.today < suppression.expires):
                    self.suppressed += 1
                    return True
        if self.baseline is not None and finding.fingerprint in self.baseline:
            self._seen.add(finding.fingerprint)
            self.baselined += 1
            return True
        return False

    def leftovers(self) -> Iterator[Finding]:
        """Findings about the suppressions themselves: those that are not needed, and those that expired."""
        path = self.configuration.path
        for suppression in self.configuration.suppressions:
            fingerprint = suppression.fingerprint
            expired = suppression.expires is not None and not (self.today and self.today < suppression.expires)
            if fingerprint not in self._used:
                code, problem = "CF607", "suppresses nothing: no finding has it"
            elif expired:
                code, problem = "CF608", f"expired on {suppression.expires}"
            else:
                continue
            yield Finding(
                code=code,
                level=Level.WARNING,
                message=f"The suppression of {fingerprint} ({suppression.reason}) {problem}.",
                place=Place(path, line=suppression.line),
                advice=PROBLEMS[code].advice,
                fingerprint=fingerprint,
            )

    def shrunk(self) -> frozenset[str] | None:
        """The baseline without what was not found any more; None if nothing is to be taken out of it."""
        if self.baseline is None or self._seen == self.baseline:
            return None
        return frozenset(self._seen)


def read_baseline(path: str) -> frozenset[str] | None:
    """The fingerprints of a baseline; None if the file is not there yet.

    Raises:
        BadBaseline: It cannot be read.
    """
    try:
        data = Path(path).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BadBaseline(f"{path}: the baseline cannot be read: {error}") from None
    try:
        document = json.loads(without_mark(data).decode())
    except (ValueError, RecursionError):
        document = None
    fingerprints = document.get("fingerprints") if isinstance(document, dict) else None
    if not isinstance(document, dict) or document.get("version") != _VERSION or not isinstance(fingerprints, list):
        raise BadBaseline(f"{path}: it is no baseline of version {_VERSION}")
    if not all(isinstance(fingerprint, str) for fingerprint in fingerprints):
        raise BadBaseline(f"{path}: its fingerprints are not texts")
    return frozenset(fingerprints)


def write_baseline(path: str, fingerprints: frozenset[str]) -> None:
    """Write a baseline as a whole, or not at all.

    Raises:
        BadBaseline: It cannot be written.
    """
    text = json.dumps({"version": _VERSION, "fingerprints": sorted(fingerprints)}, indent=1) + "\n"
    try:
        write_whole(path, text.encode())
    except OSError as error:
        raise BadBaseline(f"{path}: the baseline cannot be written: {error.strerror}") from None

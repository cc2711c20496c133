"""Findings that are accepted: suppressed with a reason, or in a baseline that only ever shrinks.

A run that reads some of the files says nothing about the others. What suppresses nothing is left over, and what is
found no more is gone, only where the file that it was for has been read.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import date
from functools import lru_cache
from pathlib import Path, PurePath
from typing import Any, Final

from attrs import asdict, define, field, frozen

from campaign_fsm.audit.finding import Finding, Level, Place
from campaign_fsm.audit.summary import Summary
from campaign_fsm.files import without_mark, write_whole
from campaign_fsm.policy import Configuration, Suppression
from campaign_fsm.rules import PROBLEMS
from campaign_fsm.words import counted

_VERSION: Final = 2


class BadBaseline(ValueError):
    """A baseline cannot be read or written."""


@frozen
class Judged:
    """How a file was judged.

    Attributes:
        how: By itself or in which story, and whether strictly: what is found may be other things otherwise.
        clear: Whether everything in it could be read and judged.
    """

    how: str
    clear: bool


@frozen
class Entry:
    """What a baseline knows of a finding.

    Attributes:
        code: Its code; empty in a baseline of version 1.
        file: The file that it was found in, as the baseline's folder sees it; empty in a baseline of version 1.
        how: How that file was judged; empty if it is not known.
    """

    code: str = ""
    file: str = ""
    how: str = ""


# There are as many findings as there are requests, at worst, and few that are in another file.
_entry: Final = lru_cache(maxsize=1024)(Entry)


@define
class Accepted:
    """What is left out of a report.

    Attributes:
        configuration: Where the suppressions stand.
        today: The day that counts for suppressions that expire.
        baseline: The findings that were accepted, by their fingerprints; None without a baseline.
        whole: Whether the run is about everything there is. A suppression that names no file is left over only then.
        suppressed: How many findings were suppressed.
        baselined: How many were in the baseline.
        found: What was found and not suppressed, by its fingerprint, with its code and its file as it was given. What
            is suppressed does not come into a baseline: it would outlive the suppression there.
    """

    configuration: Configuration = field(factory=Configuration)
    today: date | None = None
    baseline: Mapping[str, Entry] | None = None
    whole: bool = True
    suppressed: int = 0
    baselined: int = 0
    found: dict[str, Entry] = field(factory=dict, init=False)
    _used: set[Suppression] = field(factory=set, init=False)

    def leaves_out(self, finding: Finding) -> bool:
        """Whether a finding is left out."""
        if self._is_suppressed(finding):
            self.suppressed += 1
            return True
        self.found[finding.fingerprint] = _entry(finding.code, finding.place.path)
        if self.baseline is not None and finding.fingerprint in self.baseline:
            self.baselined += 1
            return True
        return False

    def _is_suppressed(self, finding: Finding) -> bool:
        meant = [known for known in self.configuration.suppressions if known.fingerprint == finding.fingerprint]
        if not meant:
            return False
        name = PurePath(finding.place.path).name
        meant = [known for known in meant if known.file in ("", name)]
        # Where one is enough, the others are needed for nothing, expired or not.
        enough = [known for known in meant if not self._expired(known)][:1]
        self._used.update(enough or meant)
        return bool(enough)

    def _expired(self, suppression: Suppression) -> bool:
        return suppression.expires is not None and not (self.today and self.today < suppression.expires)

    def leftovers(self, summary: Summary, judged: Mapping[str, Judged]) -> Iterator[Finding]:
        """Findings about the suppressions themselves: those that are not needed, and those that expired."""
        path = self.configuration.path
        # What could not be read may be what a suppression is for.
        known = not summary.incomplete
        names = {PurePath(file).name for file in summary.files}
        # What was not judged may be what it is for.
        names -= {PurePath(file).name for file, one in judged.items() if not one.clear}
        for suppression in self.configuration.suppressions:
            fingerprint = suppression.fingerprint
            if suppression not in self._used:
                if not (known and (suppression.file in names if suppression.file else self.whole)):
                    continue
                code, problem = (
                    "CF607",
                    "suppresses nothing: it matches no finding, or another suppression already covers it",
                )
            elif self._expired(suppression):
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


def read_baseline(path: str) -> dict[str, Entry] | None:
    """The findings of a baseline by their fingerprints; None if the file is not there yet.

    Version 1 was a list of fingerprints alone. Nothing is known of them but that they are accepted.

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
    version = document.get("version") if isinstance(document, dict) else None
    if version not in (1, _VERSION) or isinstance(version, bool):
        raise BadBaseline(f"{path}: it is no baseline of version 1 or {_VERSION}")
    given = document.get("fingerprints")
    if version == 1 and isinstance(given, list) and all(isinstance(fingerprint, str) for fingerprint in given):
        return dict.fromkeys(given, Entry())
    if version == 1 or not isinstance(given, dict) or not all(map(_is_entry, given.values())):
        raise BadBaseline(f"{path}: its fingerprints are not what a baseline of version {version} has")
    return {
        fingerprint: Entry(entry["code"], entry["file"], str(entry.get("how", "")))
        for fingerprint, entry in given.items()
    }


def _is_entry(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(value.get(key), str) for key in ("code", "file"))


def write_baseline(path: str, entries: Mapping[str, Entry]) -> None:
    """Write a baseline as a whole, or not at all, one finding a line.

    Raises:
        BadBaseline: It cannot be written.
    """
    lines = ",\n".join(f" {json.dumps(name)}: {json.dumps(asdict(entries[name]))}" for name in sorted(entries))
    text = f'{{"version": {_VERSION}, "fingerprints": {{\n{lines}\n}}}}\n'
    try:
        write_whole(path, text.encode())
    except OSError as error:
        raise BadBaseline(f"{path}: the baseline cannot be written: {error.strerror}") from None


def update_baseline(path: str, accepted: Accepted, judged: Mapping[str, Judged]) -> str:
    """Make the baseline, or take out of it what is gone; say what was done, nothing if there was nothing to do.

    What another process has written since it was read is kept.

    Args:
        path: The baseline.
        accepted: What was found, after the baseline that was read before.
        judged: How the files were judged that were read, as they were given.

    Raises:
        BadBaseline: It cannot be read or written.
    """
    try:
        # By whichever link: its own folder is locked, and sees the files.
        folder = os.path.dirname(os.path.realpath(path))  # noqa: PTH120
    except OSError as error:
        raise BadBaseline(f"{path}: the baseline cannot be written: {error.strerror}") from None
    found = {
        name: Entry(entry.code, _seen_from(folder, entry.file), judged[entry.file].how if entry.file in judged else "")
        for name, entry in accepted.found.items()
    }
    with _locked(folder):
        before = read_baseline(path)
        if accepted.baseline is None:
            after = {**(before or {}), **found}
            said = f"accepts {counted(len(found), 'finding')} from now on."
        elif before is None:
            return ""
        else:
            gone = _gone(accepted.baseline, found, folder, judged)
            kept = {name: entry for name, entry in before.items() if name not in gone}
            # One that has moved is from now on known where it is.
            moved = {name for name, entry in kept.items() if not (entry.file and _may_be_there(folder, entry.file))}
            after = {**kept, **{name: found[name] for name in moved & found.keys()}}
            dropped = len(before) - len(after)
            said = f"took out {counted(dropped, 'finding')} no longer there." if dropped else ""
        if after != before:
            write_baseline(path, after)
    return said


def _gone(known: Mapping[str, Entry], found: Collection[str], folder: str, judged: Mapping[str, Judged]) -> set[str]:
    """The fingerprints that are in none of the files that they were for, where these were judged whole, and as then.

    Of findings that are alike, in files of one name, the fingerprints are numbered: only where all of these files
    that are still there were read is it known which is which.
    """
    read = {_seen_from(folder, file): one.how for file, one in judged.items() if one.clear}
    ways: dict[str, set[str]] = {}
    for file, how in read.items():
        ways.setdefault(PurePath(file).name, set()).add(how)
    for entry in known.values():
        if entry.file not in read and _may_be_there(folder, entry.file):
            ways.pop(PurePath(entry.file).name, None)
    return {
        name
        for name, entry in known.items()
        if name not in found and entry.how in ways.get(PurePath(entry.file).name, ())
    }


def _may_be_there(folder: str, file: str) -> bool:
    """Whether a file is there, or nobody may look."""
    try:
        Path(folder, file).stat()
    except (OSError, ValueError) as error:
        return isinstance(error, PermissionError)
    return True


def _seen_from(folder: str, file: str) -> str:
    if file == "-":
        return file
    path = Path(os.path.realpath(Path(file).parent), Path(file).name)
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:  # another drive
        return path.as_posix()


@contextmanager
def _locked(folder: str) -> Iterator[None]:
    """Alone with a folder's baselines, where the system has locks on folders: they leave no file behind."""
    descriptor = None
    with suppress(ImportError, OSError):
        import fcntl

        descriptor = os.open(folder, os.O_RDONLY)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)

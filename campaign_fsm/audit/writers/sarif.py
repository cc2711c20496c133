"""Findings as a SARIF 2.1.0 log, for code scanning."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import PurePath
from typing import Any, Final, TextIO
from urllib.parse import quote

from campaign_fsm import __version__
from campaign_fsm.audit.finding import Finding, Level, Place
from campaign_fsm.audit.summary import Summary
from campaign_fsm.audit.writers import safe
from campaign_fsm.reference import rule_text
from campaign_fsm.words import counted

_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"
START: Final = f'{{"$schema": "{_SCHEMA}"'
"""What a log of ours begins with."""
_FINGERPRINT: Final = "campaignFsm/v1"


# GitHub rejects the file of a run with more results, and shows the gravest 5 000 of those that it takes.
_MOST: Final = 25_000
_MOST_OF_OTHERS: Final = 20_000


class SarifWriter:
    """Writes one run, one result a line, in ASCII; the rules follow the results that need them.

    It stops at as many results as GitHub takes, and says at the end what it left out. Results are written as they are
    found; so that errors still have room where there are very many others, those stop earlier.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._between = "\n"
        self._index: dict[str, int] = {}
        self._rules: list[dict[str, Any]] = []
        self._written = 0
        self._left_out: Counter[Level] = Counter()

    def begin(self) -> None:
        """Open the log, its run, and the results."""
        self._stream.write(f'{START}, "version": "2.1.0", "runs": [{{"results": [')

    def finding(self, finding: Finding) -> None:
        """Write one result, or count it."""
        if self._written >= (_MOST if finding.level is Level.ERROR else _MOST_OF_OTHERS):
            self._left_out[finding.level] += 1
            return
        self._written += 1
        result = _result(finding, self._rule(finding))
        self._stream.write(f"{self._between}{safe.dumps(result)}")
        self._between = ",\n"

    def end(self, summary: Summary) -> None:
        """Write the tool with the rules that occurred, and what could not be read, and close the log."""
        driver = {"name": "campaign-fsm", "version": __version__, "rules": self._rules}
        invocation = {
            "executionSuccessful": not summary.incomplete,
            "toolExecutionNotifications": [
                *_notifications("error", summary.incomplete),
                *_notifications("warning", (f"not judged: {sentence}" for sentence in summary.unjudged_writes)),
                *_notifications("note", summary.remarks),
                *self._what_is_left_out(),
            ],
        }
        counts = {
            "events": summary.events,
            "campaigns": summary.campaigns,
            "unjudged": summary.unjudged,
            "suppressed": summary.suppressed,
            "baselined": summary.baselined,
            "files": len(summary.files),
            **({"leftOut": dict(self._left_out)} if self._left_out else {}),
        }
        self._stream.write(
            f'\n], "tool": {safe.dumps({"driver": driver})}, "invocations": {safe.dumps([invocation])}, '
            f'"properties": {safe.dumps(counts)}}}]}}\n'
        )

    def _what_is_left_out(self) -> Iterator[dict[str, Any]]:
        if self._left_out:
            left_out = ", ".join(
                counted(self._left_out[level], level.value) for level in Level if self._left_out[level]
            )
            text = f"GitHub takes no more than {_MOST:,} results; left out: {left_out}. Another format has them all."
            yield {"level": "warning", "message": {"text": text}}

    def _rule(self, finding: Finding) -> int:
        code = safe.line(finding.code)
        if code not in self._index:
            self._index[code] = len(self._rules)
            self._rules.append(_descriptor(finding))
        return self._index[code]


def _notifications(level: str, sentences: Iterable[str]) -> Iterator[dict[str, Any]]:
    return ({"level": level, "message": {"text": _literal(sentence)}} for sentence in sentences)


def _descriptor(finding: Finding) -> dict[str, Any]:
    title, description, markdown, source = rule_text(finding.code)
    # A code may rest on different rules each time: then the first finding's stands for the others.
    source = source or next(iter(finding.sources), None)
    plain = f"{description} {source}" if source else description
    return {
        "id": safe.line(finding.code),
        "shortDescription": {"text": _literal(title)},
        "fullDescription": {"text": _literal(description)},
        "help": {"text": _literal(plain), "markdown": _braces(markdown)},
        **({"helpUri": source.page.url} if source else {}),
    }


def _result(finding: Finding, index: int) -> dict[str, Any]:
    text = f"{finding.message} {finding.advice}".rstrip()
    properties = {
        "campaign": finding.campaign,
        "channel": finding.channel,
        "action": finding.action,
        "status": finding.status,
        "at": finding.at,
        "sent": finding.sent,
        "statusCode": finding.status_code,
        "entry": finding.place.entry or None,
    }
    return {
        "ruleId": safe.line(finding.code),
        "ruleIndex": index,
        "level": finding.level,
        "message": {"text": _literal(text)},
        "locations": [{"physicalLocation": _location(finding.place)}],
        **({"partialFingerprints": {_FINGERPRINT: finding.fingerprint}} if finding.fingerprint else {}),
        "properties": {key: value for key, value in properties.items() if value is not None},
    }


def _location(place: Place) -> dict[str, Any]:
    region = {"region": {"startLine": place.line}} if place.line else {}
    return {"artifactLocation": {"uri": uri(place.path)}, **region}


def uri(path: str) -> str:
    """A path as a URI: relative as it was given, ``file:`` if it is absolute.

    >>> uri("logs/a b.jsonl")
    'logs/a%20b.jsonl'
    """
    pure = PurePath(path)
    try:
        return pure.as_uri() if pure.is_absolute() else quote(pure.as_posix(), errors="surrogateescape")
    except UnicodeEncodeError:  # no file has such a name, but a recording's writer may have made it up
        return uri(path.encode("utf-8", "replace").decode())


def _literal(text: str) -> str:
    """A text as a SARIF message that shows it: neither a link nor a placeholder."""
    return _braces(safe.line(text).replace("](", "] ("))


def _braces(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")

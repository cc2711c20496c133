"""Findings as a SARIF 2.1.0 log, for code scanning."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any, Final, TextIO
from urllib.parse import quote

from campaign_fsm import __version__
from campaign_fsm.audit.finding import Finding, Place
from campaign_fsm.audit.summary import Summary
from campaign_fsm.audit.writers import safe
from campaign_fsm.reference import rule_text

_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"
_FINGERPRINT: Final = "campaignFsm/v1"


class SarifWriter:
    """Writes one run, one result a line, in ASCII; the rules follow the results that need them."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._between = "\n"
        self._index: dict[str, int] = {}
        self._rules: list[dict[str, Any]] = []

    def begin(self) -> None:
        """Open the log, its run, and the results."""
        self._stream.write(f'{{"$schema": {safe.dumps(_SCHEMA)}, "version": "2.1.0", "runs": [{{"results": [')

    def finding(self, finding: Finding) -> None:
        """Write one result."""
        result = _result(finding, self._rule(finding))
        self._stream.write(f"{self._between}{safe.dumps(result)}")
        self._between = ",\n"

    def end(self, summary: Summary) -> None:
        """Write the tool with the rules that occurred, and what could not be read, and close the log."""
        driver = {"name": "campaign-fsm", "version": __version__, "rules": self._rules}
        invocation = {
            "executionSuccessful": not summary.incomplete,
            "toolExecutionNotifications": [
                {"level": "error", "message": {"text": _literal(sentence)}} for sentence in summary.incomplete
            ],
        }
        counts = {
            "events": summary.events,
            "campaigns": summary.campaigns,
            "unjudged": summary.unjudged,
            "suppressed": summary.suppressed,
            "baselined": summary.baselined,
            "files": len(summary.files),
        }
        self._stream.write(
            f'\n], "tool": {safe.dumps({"driver": driver})}, "invocations": {safe.dumps([invocation])}, '
            f'"properties": {safe.dumps(counts)}}}]}}\n'
        )

    def _rule(self, finding: Finding) -> int:
        code = safe.line(finding.code)
        if code not in self._index:
            self._index[code] = len(self._rules)
            self._rules.append(_descriptor(finding))
        return self._index[code]


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

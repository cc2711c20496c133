"""What an audit says of a recording, held against the journal of the server that was recorded."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from attrs import frozen

from campaign_fsm.audit.finding import Finding
from campaign_fsm.audit.run import Audit
from campaign_fsm.audit.summary import Summary
from campaign_fsm.simulator.journal import JournalEntry
from campaign_fsm.traffic import Exchange
from campaign_fsm.traffic.recordings import open_recording

_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_CREDENTIALS = "CF603"


@frozen
class Keeps:
    """What a recorder keeps. Whatever it drops, an audit has to say that it could not tell, and nothing else.

    Attributes:
        bodies: The bodies of requests and answers.
        lost: Requests that were never answered.
        order: In which order the requests of one moment were sent.
        credentials: The Authorization header as it was sent.
    """

    bodies: bool = True
    lost: bool = True
    order: bool = True
    credentials: bool = True


@frozen
class Expected:
    """What an audit has to say.

    Attributes:
        requests: What the recording holds of what arrived.
        judged: The writes that it has to judge.
        unjudged: Those that nobody can judge by the recording.
    """

    requests: tuple[JournalEntry, ...]
    judged: tuple[JournalEntry, ...]
    unjudged: tuple[JournalEntry, ...]

    @classmethod
    def of(cls, arrived: Iterable[JournalEntry], keeps: Keeps) -> Expected:
        """A write is judged as soon as an answer about its campaign has shown the status."""
        requests = tuple(entry for entry in arrived if keeps.lost or entry.status_code is not None)
        shown: set[str | None] = set()
        judged, unjudged = [], []
        for entry in requests:
            if entry.method not in _READS:
                (judged if entry.id in shown else unjudged).append(entry)
            if keeps.bodies and entry.status_code == 200:
                shown.add(entry.id)
        return cls(requests, tuple(judged), tuple(unjudged))


@frozen
class Comparison:
    """What came out for one recording.

    Attributes:
        expected: What the audit has to say of it.
        problems: Where it says something else, a sentence each.
        found: The codes that it found.
        remarks: What the recording does not show, and so was not compared.
    """

    expected: Expected
    problems: tuple[str, ...] = ()
    found: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


def compare(
    path: Path,
    arrived: Sequence[JournalEntry],
    keeps: Keeps,
    *,
    codes: Sequence[str] | None = None,
    undecided: Collection[str] = (),
) -> Comparison:
    """Audit one recording, without any configuration, and hold the verdict against what arrived.

    Args:
        path: The recording, or the folder of all recordings of one run.
        arrived: The requests about its campaigns, as the server saw them.
        keeps: What its recorder keeps.
        codes: What has to be found, by hand; None to go by the journal alone.
        undecided: Campaigns of which no recording by this recorder shows what was legal.
    """
    findings, summary = _audited(path)
    expected = Expected.of(arrived, keeps)
    remarks = []
    if not keeps.bodies:
        remarks.append("the recorder drops the bodies")
    if lost := len(arrived) - len(expected.requests):
        remarks.append(f"the recorder drops what is not answered: {lost}")
    # That nothing could be judged may well be a reason to call it incomplete.
    problems = [f"incomplete: {sentence}" for sentence in summary.incomplete if keeps.bodies]
    if summary.events != len(expected.requests):
        problems.append(f"{summary.events} requests about campaigns were read of {len(expected.requests)}")
    problems += _misjudged(findings, expected, codes if keeps.bodies else None, undecided)
    if undecided:
        remarks.append(f"what was legal is not to be seen of {', '.join(undecided)}")
    elif summary.unjudged != len(expected.unjudged):
        problems.append(f"{summary.unjudged} writes could not be judged, instead of {len(expected.unjudged)}")
    if not path.is_dir():
        disclosed = Counter(finding.code for finding in findings if finding.code == _CREDENTIALS)
        problems += _differences("finding of", disclosed, Counter([_CREDENTIALS] if keeps.credentials else []))
        if not summary.incomplete:
            with open_recording(str(path)) as recording:
                problems += _misread(recording.exchanges, expected, keeps)
    found = tuple(finding.code for finding in findings)
    return Comparison(expected, tuple(problems), found, tuple(remarks))


def _audited(path: Path) -> tuple[list[Finding], Summary]:
    """What ``campaign-fsm audit --no-config PATH`` finds."""
    findings: list[Finding] = []
    audit = Audit(findings.append)
    audit.paths([str(path)])
    return findings, audit.end()


def _misjudged(
    findings: Iterable[Finding], expected: Expected, codes: Sequence[str] | None, undecided: Collection[str]
) -> list[str]:
    about = [finding for finding in findings if finding.code != _CREDENTIALS and finding.campaign not in undecided]
    illegal = [entry for entry in expected.judged if entry.legal is False and entry.id not in undecided]
    problems = _differences(
        "finding about",
        Counter((finding.campaign, finding.action, finding.status_code) for finding in about),
        Counter((entry.id, entry.action, entry.status_code) for entry in illegal),
    )
    found = [finding.code for finding in about]
    if not problems and not undecided and codes is not None and found != list(codes):
        problems.append(f"found {' '.join(found) or 'nothing'} instead of {' '.join(codes) or 'nothing'}")
    return problems


def _misread(exchanges: Iterable[Exchange], expected: Expected, keeps: Keeps) -> list[str]:
    """Where a reader does not give what was sent and answered."""
    paths = {entry.path for entry in expected.requests}
    read: Counter[tuple[object, ...]] = Counter()
    for exchange in exchanges:
        path = urlsplit(exchange.url).path
        if path in paths:
            read[exchange.method, path, _action(exchange), exchange.status_code] += 1
    made = Counter(
        (entry.method, entry.path, entry.action if keeps.bodies else None, entry.status_code)
        for entry in expected.requests
    )
    return _differences("request", read, made)


def _action(exchange: Exchange) -> str | None:
    """What its body asks for; the body itself where that cannot be said."""
    body = exchange.request_body
    if not body:
        return None
    try:
        document = json.loads(body)
        return str(document.get("campaigns", [document])[0]["action"])
    except (ValueError, LookupError, TypeError, AttributeError):
        return body[:40].decode("latin-1")


def _differences(what: str, found: Counter[object], expected: Counter[object]) -> list[str]:
    def each(counter: Counter[object], verdict: str) -> list[str]:
        lines = []
        for key, times in counter.items():
            parts = key if isinstance(key, tuple) else (key,)
            said = " ".join("-" if part is None else str(part) for part in parts)
            lines.append(f"{verdict} {what} {said}{f' ({times} times)' if times > 1 else ''}")
        return lines

    return [*each(expected - found, "no"), *each(found - expected, "wrong")]

"""The formats of recordings, and how each is told by the way a file begins."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final, NamedTuple

from campaign_fsm.files import without_mark
from campaign_fsm.strict.json import joined
from campaign_fsm.strict.unreadable import NotARecording, UnknownFormat, UnreadableRecording
from campaign_fsm.traffic.outline import Outline, outline

# What a pipe gives at once may be less than was asked for.
_LONG_LINE: Final = 8 * 1024


class RecordingFormat(StrEnum):
    """The formats of recordings that are understood.

    JSONL is the plain form (`Exchange`), JSON the same as an array; CASSETTE is every layout of
    `campaign_fsm.traffic.cassette`.
    """

    JSONL = "jsonl"
    JSON = "json"
    TRACE = "trace"
    HAR = "har"
    CASSETTE = "cassette"
    RUNBOOK = "runbook"

    @property
    def by_entry(self) -> bool:
        """Whether places in it are entries, and not lines."""
        return self in {RecordingFormat.HAR, RecordingFormat.JSON}


class _Known(NamedTuple):
    """What is known, and not read.

    Attributes:
        reason: What it is.
        recorded: It is recorded traffic, so it is not passed over.
    """

    reason: str
    recorded: bool = True


_HAR_ELSEWHERE: Final = "which is not read; save or export the traffic as HAR"
_MITMPROXY: Final = _Known(f"it is a flow file of mitmproxy, {_HAR_ELSEWHERE} (mitmdump -nr FILE --set hardump=x.har)")
_WIREMOCK: Final = _Known(f"it is a mapping of WireMock, {_HAR_ELSEWHERE}")
_HOVERFLY: Final = _Known(f"it is a simulation of Hoverfly, {_HAR_ELSEWHERE}")
_CHARLES: Final = _Known(f"it is a session of Charles, {_HAR_ELSEWHERE}")
_OLD_VCR: Final = _Known("it is a cassette of VCR before its version 2, which is not read; record it again")
_OLD_VCRPY: Final = _Known("it is a cassette of VCR.py before its version 1, which is not read; record it again")
_INSIDE_OF_HAR: Final = _Known('it is what stands in a HAR file as its log; put it into {"log": …}')
_WRAPPED_HAR: Final = _Known("it is a HAR file within something else; make a file of what has the key log")
_HARS: Final = _Known("it is a list of whole HAR files; make a file of each")
_PACT: Final = _Known("it is a contract of Pact, which says what should be, and was not recorded", recorded=False)
_POSTMAN: Final = _Known("it is a collection of requests to send, and none of them was recorded", recorded=False)

_REPORT: Final = _Known("it is a report of an audit", recorded=False)

_POINTER: Final = b"version https://git-lfs.github.com/spec/"

_Told = RecordingFormat | _Known | None

_EMPTY_HAR: Final = re.compile(r"\.z?har\b", re.IGNORECASE)
# A server may write its own lines first.
_FIRST_LINES: Final = 20
# The keys of a line in the plain form that say what it is about; no document has them at its top.
_ABOUT: Final = frozenset({"url", "campaign", "callback"})
_DONE: Final = frozenset({"method", "action", "status_code"})
_EVENTS: Final = frozenset({"read", "decided", "refused", "sent", "held", "answered", "failed"})
_URL_OF_WIREMOCK: Final = frozenset({"urlPattern", "urlPath", "urlPathPattern", "urlPathTemplate", "bodyPatterns"})


def detect(path: str, head: bytes) -> RecordingFormat:
    """The format of a recording, by how it begins.

    Raises:
        NotARecording: It is unknown, or known to be no recording.
        UnreadableRecording: It is a recording in a format that is known, and not read.
    """
    start = without_mark(head).lstrip()
    if not start:
        # No line is a log of nothing; whoever writes a HAR file writes something.
        raise (UnknownFormat if _EMPTY_HAR.search(path) else NotARecording)(path, 0, "line", "it is empty")
    if start.startswith(_POINTER):
        raise UnreadableRecording(path, 0, "line", "it is a pointer of Git LFS; get the file itself with git lfs pull")
    told: _Told
    if start[:1] == b"{":
        told = _of_object(start)
    elif start[:1] == b"[":
        told = next((told for item in outline(start)[0].objects if (told := _of_item(item)) is not None), None)
    else:
        told = _of_yaml(start)
    if told is None and start[:1] != b"[":
        told = _of_later_lines(start)
    if isinstance(told, RecordingFormat):
        return told
    if told is not None:
        raise (UnreadableRecording if told.recorded else NotARecording)(path, 0, "line", told.reason)
    raise UnknownFormat(
        path, 0, "line", f"its format is not known; --format is one of {', '.join(known for known in RecordingFormat)}"
    )


def _of_object(start: bytes) -> _Told:
    found, rest = outline(start)
    line = start.partition(b"\n")[0]
    one_line = len(line) >= len(start) - len(rest)
    told = _of_line(found) if one_line else None
    if told is None:
        told = _of_document(found, alone=not rest.strip())
    if told is not None or not one_line:
        return told
    # A line that is longer than what was looked at is a list with its answer.
    return RecordingFormat.JSONL if found.closed or len(start) >= _LONG_LINE else None


def _of_line(found: Outline) -> _Told:
    """What an object is that says it as a line."""
    if re.fullmatch(r"[0-9]+", found["version"].text) and found["version"].kind != '"' and "event" in found.keys:
        ours = {"flow", "campaign"} & found.keys or ("at" in found.keys and found["event"].text in _EVENTS)
        return RecordingFormat.TRACE if ours else None
    return RecordingFormat.JSONL if _ABOUT & found.keys else None


def _of_document(found: Outline, *, alone: bool) -> _Told:
    if {"findings", "version"} <= found.keys or {"runs", "$schema"} <= found.keys:
        return _REPORT
    if _is_log(found["log"]):
        return RecordingFormat.HAR
    if _is_entry(found["entries"].first):
        return _INSIDE_OF_HAR
    if any({"creator", "entries"} <= member["log"].keys for member in found.members.values()):
        return _WRAPPED_HAR
    if _is_runbook(found["runbook"].text, campaigns="campaigns" in found.keys):
        return RecordingFormat.RUNBOOK
    if found["http_interactions"].kind in {"[", ""} and "http_interactions" in found.keys:
        return RecordingFormat.CASSETTE
    if found["interactions"].kind in {"[", "n", ""} and "interactions" in found.keys:
        if {"consumer", "provider"} & found.keys and "version" not in found.keys:
            return _PACT
        interactions = found["interactions"]
        others = any(item.closed and not {"request", "response"} & item.keys for item in interactions.objects)
        if any(map(_is_interaction, interactions.objects)) or (found["version"].closed and not others):
            return RecordingFormat.CASSETTE
    if {"info", "item"} <= found.keys and {"_postman_id", "schema"} & found["info"].keys:
        return _POSTMAN
    if found["_type"].text == "export" and "resources" in found.keys:
        return _POSTMAN
    if _is_wiremock(found["mappings"].first) or (alone and _is_wiremock(found)):
        return _WIREMOCK
    return _HOVERFLY if {"data", "meta"} <= found.keys and "pairs" in found["data"].keys else None


def _is_log(log: Outline) -> bool:
    """Whether it is what HAR has as its `log`; one that breaks off may have shown no more than its version."""
    if log.kind != "{":
        return False
    if "entries" in log.keys:
        return log["entries"].kind in {"[", ""} or log["creator"].kind == "{"
    if log["creator"].kind == "{" or log["browser"].kind == "{" or log["pages"].kind == "[":
        return True
    version = log["version"]
    named = re.fullmatch(r"1\.\d+", version.text) if version.closed else not log.closed
    return bool(named) and all(key in {"version", "comment"} or key[:1] == "_" for key in log.keys)


def _is_entry(found: Outline) -> bool:
    """Whether it is an entry of a HAR file."""
    return "url" in found["request"].keys and "startedDateTime" in found.keys


def _is_runbook(value: str, *, campaigns: bool) -> bool:
    # `runbook` is also where alerts link to what is to be done.
    return bool(value) and (campaigns or value.isdecimal())


def _is_interaction(found: Outline) -> bool:
    request = found["request"]
    # A long body may stand before its URL.
    return bool({"uri", "url"} & request.keys) or (
        request.kind == "{" and not request.closed and "body" in request.keys
    )


def _is_wiremock(found: Outline) -> bool:
    request, response = found["request"], found["response"]
    if request.kind != "{" or response.kind != "{":
        return False
    named = {"id", "uuid", "name", "persistent", "scenarioName"} & found.keys and "url" in request.keys
    return bool(_URL_OF_WIREMOCK & request.keys or (named and {"status", "proxyBaseUrl"} & response.keys))


def _of_item(item: Outline) -> _Told:
    """What a list is with this in it."""
    if _is_entry(item):
        return RecordingFormat.HAR
    if {"creator", "entries"} <= item["log"].keys:
        return _HARS
    if {"scope", "path"} <= item.keys or (_is_interaction(item) and ("response" in item.keys or not item.closed)):
        return RecordingFormat.CASSETTE
    if {"scheme", "host", "request", "response"} <= item.keys:
        return _CHARLES
    if _is_callback(item["callback"]) or ({"url", "campaign"} & item.keys and _DONE & item.keys):
        return RecordingFormat.JSON
    return None


def _is_callback(found: Outline) -> bool:
    """Whether it is the body of a status callback: an object, or a text that names a campaign."""
    return found.kind == "{" or (found.kind == '"' and "campaignsid" in joined(found.text))


def _of_later_lines(start: bytes) -> _Told:
    """What a file is whose first lines are broken, or a server's own: what was before may have been rotated away."""
    for line in start.split(b"\n", _FIRST_LINES)[1:_FIRST_LINES]:
        if line.lstrip()[:1] == b"{":
            found, _ = outline(line)
            if found.closed and (told := _of_line(found)):
                return told
    return None


def _of_yaml(start: bytes) -> _Told:
    """YAML, a runbook in TOML, or what is no text at all, by the lines that begin at the margin."""
    if re.match(rb"\d{1,12}:\d{1,12}:", start):
        return _MITMPROXY
    runbook = re.search(rb"""(?m)^["']?runbook["']?\s*[:=]\s*["']?([^\s"'#]+)""", start)
    campaigns = re.search(rb"""(?m)^["'\[]*campaigns\b""", start)
    if runbook and _is_runbook(runbook[1].decode("latin-1"), campaigns=campaigns is not None):
        return RecordingFormat.RUNBOOK
    if re.search(rb"""(?m)^["']?http_interactions["']?\s*:""", start):
        return RecordingFormat.CASSETTE
    requests = re.search(rb"""(?m)(?:^[ \t]*(?:-[ \t]+)*|[{,]\s*)["']?request["']?\s*:""", start)
    # A list in whatever style, or nothing yet; a number is a count of something.
    words = re.search(
        rb"""(?m)^["']?interactions["']?\s*:\s*[\[-]\s*["']?[A-Za-z][\w -]*["']?[ \t\r]*(?:[,\]]|$)""", start
    )
    if not words and re.search(rb"""(?m)^["']?interactions["']?\s*:(?:\s*$|[ \t]*(?:[\[#&!]|null|~))""", start):
        version = re.search(rb"""(?m)^["']?version["']?\s*:[ \t]*["']?\d+["']?\s*(?:#.*)?$""", start)
        return RecordingFormat.CASSETTE if version or requests else None
    if re.match(rb"(?:---[^\n]*\n|#[^\n]*\n|[ \t\r]*\n)*-\s", start):
        if b"VCR::HTTPInteraction" in start:
            return _OLD_VCR
        if requests and re.search(rb"""(?m)^[ \t]+["']?response["']?\s*:""", start):
            named = re.search(rb"""(?m)^[ \t]+["']?ur[il]["']?\s*:""", start)
            old = b"!!python/object:vcr" in start or re.search(rb"(?m)^[ \t]+protocol\s*:", start)
            return _OLD_VCRPY if old else RecordingFormat.CASSETTE if named else None
    return None

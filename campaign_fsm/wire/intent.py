"""What a request would do to a campaign, read from the bytes that go out.

Whatever cannot be read in exactly one way raises `UnreadableRequest`; whatever is not about a
campaign is left alone. Nothing here does I/O or knows an HTTP library.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final

from attrs import define, field, frozen

from campaign_fsm.errors import UnreadableRequest
from campaign_fsm.private import printable_key
from campaign_fsm.rules import PROBLEMS, Action, Channel
from campaign_fsm.strict.json import Ambiguous, fold, joined, read_object
from campaign_fsm.wire.schedule import SCHEDULE_KEYS, odd_schedule_keys
from campaign_fsm.wire.suspect import could_become_target, is_other_version
from campaign_fsm.wire.target import Target, read_target

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})

JSON_HEADERS: Final = ((b"Content-Type", b"application/json"),)
"""What the headers of a write have to say of its body."""

# The actions that a PUT body can name (CF412).
VERBS: Final = {verb.value: verb for verb in (Action.PAUSE, Action.RESUME, Action.COMPLETE, Action.ARCHIVE)}
# Bodies of an action with nothing beside it, as JSON libraries write them: known without reading them each time.
_ALONE: Final = {
    json.dumps({"action": word}, separators=separators).encode(): verb
    for word, verb in VERBS.items()
    for separators in ((",", ":"), (", ", ": "))
}

# Voice: CF111; message: the parameters of create-sms-campaign that are callback URLs.
CALLBACKS: Final = {
    Channel.VOICE: frozenset({"status_callback", "call_status_callback", "call_schedule_callback"}),
    Channel.MESSAGE: frozenset({"status_callback", "sms_status_callback"}),
}
_ID_KEYS: Final = frozenset({"id", "sid"})
_NO_PARAMETERS: Final = frozenset({"status", "action", "campaigns", "_method"})
_RESERVED: Final = (
    _NO_PARAMETERS | _ID_KEYS | {"name", "schedule"} | CALLBACKS[Channel.VOICE] | CALLBACKS[Channel.MESSAGE]
)
# The same for readers that also take no account of how words are joined: `sendAt`, `status-callback`.
_JOINED: Final = {joined(key): key for key in _RESERVED - _ID_KEYS - {"_method"}}

_OVERRIDES: Final = (b"x-http-method", b"x-http-method-override", b"x-method-override")
_REWRITES: Final = (
    *(b"x-original-url", b"x-original-uri", b"x-original-path", b"x-rewrite-url", b"x-rewrite-uri"),
    *(b"x-forwarded-uri", b"x-forwarded-path"),
)
_ODD: Final = frozenset({*_OVERRIDES, *_REWRITES})
_JSON: Final = re.compile(rb"application/json\s*(;\s*)*(;\s*charset\s*=\s*\"?utf-?8\"?\s*)?(;\s*)*", re.IGNORECASE)
_NOT_FOR_READS: Final = re.compile(
    rb"(content-.*|if-.*|accept|accept-encoding|cache-control|expect|range|te|trailer|transfer-encoding|upgrade)\Z",
    re.IGNORECASE,
)
_PORTS: Final = {"http": 80, "https": 443}


@lru_cache(maxsize=256)
def _name(header: bytes) -> bytes:
    """The name under which a header is looked up; to a CGI-style server `_` is the same as `-`."""
    return header.lower().replace(b"_", b"-")


@lru_cache(maxsize=256)
def _is_for_reads(header: bytes) -> bool:
    return _NOT_FOR_READS.match(header) is None


@define
class WireRequest:
    """A request as it would leave: what the gate judges."""

    method: str
    scheme: str
    host: str
    port: int | None
    target: bytes
    """Path and query as they stand in the request line."""
    headers: tuple[tuple[bytes, bytes], ...] = field(repr=False)
    userinfo: bool = False
    """Whether the URL carries credentials."""
    url_target: bytes | None = None
    """The URL's own path and query, where an extension overrides the request line."""
    body: bytes = field(default=b"", repr=False)
    terms: object = field(default=None, repr=False)
    """The terms that its caller has set for it (`campaign_fsm.gate.terms`), if any."""
    above: object = field(default=None, repr=False)
    """The permit of the gate above that hands this request on, if there is one."""
    _by_name: dict[bytes, list[bytes]] | None = field(default=None, init=False, repr=False)

    @property
    def _index(self) -> dict[bytes, list[bytes]]:
        if self._by_name is None:
            self._by_name = {}
            for header, value in self.headers:
                self._by_name.setdefault(_name(header), []).append(value)
        return self._by_name

    def values(self, name: bytes) -> list[bytes]:
        """The values of a header."""
        return self._index.get(name, [])

    @property
    def is_odd(self) -> bool:
        """Whether it has a header that may turn it into another request."""
        return not _ODD.isdisjoint(self._index)

    @property
    def rewrite(self) -> bytes | None:
        """A header that may send it to another path than its own."""
        for name in _REWRITES if self.is_odd else ():
            if any(value != self.target for value in self.values(name)):
                return name
        return None

    @property
    def path(self) -> str:
        return self.target.partition(b"?")[0].decode("latin-1")

    @property
    def origin(self) -> tuple[str, str, int | None]:
        return self.scheme, self.host, self.port or _PORTS.get(self.scheme)


NOT_RECORDED: Final[Any] = object()
"""The value of a parameter of which a recording keeps the name alone."""


@frozen
class Intent:
    """What one write would do to one campaign (or, for a create, to the collection)."""

    action: Action
    target: Target
    fields: Mapping[str, Any]
    """For an action: what stands beside it. For an edit or a create: the parameters."""

    @property
    def channel(self) -> Channel:
        return self.target.channel


def concerns(request: WireRequest) -> bool:
    """Whether the gate has to look at the request at all. Needs no body."""
    if request.url_target is None and read_target(request.path) is not None:
        return True  # the usual spelling
    paths = [request.target] if request.url_target is None else [request.target, request.url_target]
    if any(could_become_target(path.partition(b"?")[0].decode("latin-1")) for path in paths):
        return True
    if not request.is_odd:
        return False
    rewrites = [value.decode("latin-1") for name in _REWRITES for value in request.values(name)]
    return any(could_become_target(value) for value in rewrites)


def read_intent(request: WireRequest) -> Intent | Target | None:
    """What the request would do: an `Intent` for a write, a `Target` for a read of a campaign.

    None means that it is not about a campaign, or is an oddly spelled read, which harms nothing.

    Raises:
        UnreadableRequest: It cannot be read in exactly one way; `code` and `reason` say why.
    """
    target = read_target(request.path)
    if target is None and not concerns(request):
        return None
    safe = request.method in SAFE_METHODS
    is_odd = request.is_odd
    for name in _OVERRIDES if is_odd else ():
        if request.values(name):
            raise _unreadable(
                "CF406", f"the header {name.decode()} may turn {request.method} into another method", target
            )
    if request.userinfo:
        raise _unreadable("CF404", "the URL carries credentials", target)
    if safe:
        return target
    if is_odd and (rewrite := request.rewrite):
        raise _unreadable("CF405", f"the header {rewrite.decode()} may send it to another path", target)
    if request.url_target is not None and request.url_target != request.target:
        raise _unreadable("CF405", "an extension replaces the target of the request line", target)
    if target is None and is_other_version(request.path):
        raise _unreadable("CF418", "its path names campaigns in a version of the API whose rules are not known")
    if target is None:
        raise _unreadable("CF401", "its path could be taken for a campaign path, but is not spelled as one")
    if not target.well_formed:
        raise _unreadable("CF415", "the account or the campaign id in its path has an undocumented form")
    if request.target.partition(b"?")[2]:
        raise _unreadable("CF403", "no write takes a query string", target)
    _check_host(request, target)
    return _read_write(request, target)


def _unreadable(
    code: str, reason: str, target: Target | None = None, action: Action | None = None
) -> UnreadableRequest:
    known = target if target and target.well_formed else None
    return UnreadableRequest(
        code=code,
        reason=f"{reason}.",
        action=action,
        channel=known.channel if known else None,
        campaign_id=known.id if known else None,
        advice=PROBLEMS[code].advice,
    )


def is_plain(request: WireRequest, target: Target, *, with_query: bool = False) -> bool:
    """Whether a read is answered about the very campaign that a write with its URL would be about.

    Not if it has a query, except where it may, or names another host or path in a header or an extension.
    """
    if (b"?" in request.target and not with_query) or request.url_target not in (None, request.target):
        return False
    if request.rewrite:
        return False
    try:
        _check_host(request, target)
    except UnreadableRequest:
        return False
    return True


def _check_host(request: WireRequest, target: Target) -> None:
    hosts = request.values(b"host")
    if not hosts or (request.port is None and ":" not in request.host and hosts == [request.host.encode()]):
        return
    host = f"[{request.host}]" if ":" in request.host else request.host.removesuffix(".")
    port = request.port or _PORTS.get(request.scheme)
    names = {host} if ":" in request.host else {host, f"{host}."}  # a name is the same with its last dot
    spelled = {f"{name}:{port}".encode() for name in names}
    if port == _PORTS.get(request.scheme):
        spelled |= {name.encode() for name in names}
    if len(hosts) > 1 or hosts[0].strip().lower() not in spelled:
        raise _unreadable("CF405", "its Host header names another host than its URL", target)


def _read_write(request: WireRequest, target: Target) -> Intent:
    method = request.method
    if target.rest or method not in ("PUT", "DELETE", "POST") or (method == "POST") != (target.id is None):
        where = "a campaign" if target.id else "the collection"
        below = f"/{'/'.join(target.rest)}" if target.rest else ""
        raise _unreadable("CF402", f"no page documents {method[:20]} on {where}{below[:60]}", target)
    _check_framing(request, target)
    if method == "DELETE":
        if request.body:
            raise _unreadable("CF417", "a DELETE with a body", target, Action.DELETE)
        return Intent(Action.DELETE, target, {})
    _check_content_type(request, target)
    if method == "PUT" and (alone := _ALONE.get(request.body)):
        return Intent(alone, target, {})
    try:
        document = read_object(request.body)
    except Ambiguous as problem:
        raise _unreadable(problem.code, f"its body cannot be used: {problem}", target) from None
    item = _one_campaign(document, target)
    _check_keys(item, target)
    if method == "POST":
        return _read_create(item, target)
    if "action" in item:
        return _read_action(item, target)
    return _read_edit(item, target)


def _check_framing(request: WireRequest, target: Target) -> None:
    if request.values(b"content-encoding"):
        raise _unreadable("CF408", "it has a Content-Encoding", target)
    lengths, codings = request.values(b"content-length"), request.values(b"transfer-encoding")
    if lengths and codings:
        raise _unreadable("CF408", "it has both a Content-Length and a Transfer-Encoding", target)
    if lengths and lengths != [str(len(request.body)).encode()]:
        raise _unreadable("CF408", "its Content-Length is not the length of its body", target)
    if codings and [coding.lower() for coding in codings] != [b"chunked"]:
        raise _unreadable("CF408", "its Transfer-Encoding is not plain chunked", target)


def _check_content_type(request: WireRequest, target: Target) -> None:
    types = request.values(b"content-type")
    if types == [b"application/json"]:
        return
    if not types or types.count(types[0]) != len(types):
        raise _unreadable("CF407", f"it has {len(types) or 'no'} Content-Type headers", target)
    if not _JSON.fullmatch(types[0].strip()):
        raise _unreadable("CF407", f"its Content-Type is {types[0][:60].decode('latin-1')!r}", target)


def _one_campaign(document: dict[str, Any], target: Target) -> dict[str, Any]:
    """The one item of the body: flat, or on voice wrapped as ``{"campaigns": [item]}`` (CF411)."""
    wrapped = [key for key in document if fold(key) == "campaigns"]
    if not wrapped:
        item: Any = document
    elif wrapped != ["campaigns"]:
        raise _unreadable("CF410", f"the key {printable_key(wrapped[0])} could be taken for 'campaigns'", target)
    elif target.channel is not Channel.VOICE:
        raise _unreadable("CF411", "a message campaign's body is flat, without 'campaigns'", target)
    elif len(document) > 1:
        raise _unreadable("CF411", "keys stand beside 'campaigns'", target)
    else:
        items = document["campaigns"]
        if not isinstance(items, list) or len(items) != 1:
            count = len(items) if isinstance(items, list) else "no list of"
            raise _unreadable("CF411", f"'campaigns' holds {count} items, not one", target)
        item = items[0]
    if not isinstance(item, dict) or not item:
        raise _unreadable("CF411", "the campaign in its body is not a JSON object with content", target)
    return item


def _check_keys(item: dict[str, Any], target: Target) -> None:
    """That no reader takes a key for one that the verdict hangs on, unless it is one."""
    for key in item:
        if key not in _RESERVED:
            meant = fold(key)
            if meant not in _RESERVED:
                meant = _JOINED.get(joined(key), "")
            if meant:
                raise _unreadable("CF410", f"the key {printable_key(key)} could be taken for {meant!r}", target)
    schedule = item.get("schedule")
    if isinstance(schedule, dict):
        own = SCHEDULE_KEYS[target.channel]
        for key in odd_schedule_keys(schedule, own):
            documented = " and ".join(map(repr, own))
            raise _unreadable("CF410", f"its schedule has {printable_key(key)}, and not only {documented}", target)
    elif schedule is not None:
        raise _unreadable("CF416", f"its schedule is no object, but a {type(schedule).__name__}", target)


def _read_action(item: dict[str, Any], target: Target) -> Intent:
    action = item["action"]
    if not isinstance(action, str) or action not in VERBS:
        name = printable_key(action)[:40] if isinstance(action, str) else f"a {type(action).__name__}"
        raise _unreadable("CF412", f"its action is {name}", target)
    return Intent(VERBS[action], target, {key: value for key, value in item.items() if key != "action"})


def _check_parameters(item: dict[str, Any], target: Target, action: Action) -> None:
    for key in sorted(item):
        if key in _NO_PARAMETERS or (key in _ID_KEYS and item[key] != target.id):
            raise _unreadable("CF414", f"{printable_key(key)} is no parameter that can be set", target, action)


def edit_kind(keys: Iterable[str], channel: Channel) -> Action:
    """Which action a PUT without one is, by its keys alone: the rules differ after the start."""
    names = set(keys)
    if names <= CALLBACKS[channel]:
        return Action.EDIT_CALLBACKS
    return Action.RESCHEDULE if names == {"schedule"} else Action.EDIT


def _read_edit(item: dict[str, Any], target: Target) -> Intent:
    action = edit_kind(item, target.channel)
    _check_parameters(item, target, action)
    return Intent(action, target, item)


def _read_create(item: dict[str, Any], target: Target) -> Intent:
    _check_parameters(item, target, Action.CREATE)
    return Intent(Action.CREATE, target, item)


def preflight(request: WireRequest) -> WireRequest:
    """The read of the campaign that a write is about: same host, same credentials, no body.

    Conditional, range and caching headers go: a reading that came from a cache is no reading.
    """
    kept = tuple([(name, value) for name, value in request.headers if _is_for_reads(name)])
    extra = ((b"Accept", b"application/json"), (b"Accept-Encoding", b"identity"), (b"Cache-Control", b"no-cache"))
    return WireRequest(
        method="GET",
        scheme=request.scheme,
        host=request.host,
        port=request.port,
        target=request.target,
        headers=kept + extra,
        terms=request.terms,
    )

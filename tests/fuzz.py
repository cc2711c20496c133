"""Throw arbitrary bytes at everything that reads: ``python tests/fuzz.py --seconds 600``.

Requests: nothing but `UnreadableRequest` is raised, and whatever is let through is seen in the same way by
readers that are laxer than ours and share no code with it. The gate: no write leaves but on a reading in
whose status the hand-typed oracle calls it legal. Answers, callbacks, drafts: nothing is raised but what
their docstrings name.

Exit codes: 0 nothing found, 1 a finding (it is printed with what makes it again), 2 it could not run.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import json
import random
import re
import sys
import time
import traceback
import unicodedata
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote, unquote_to_bytes

import oracle
from wires import ID, MESSAGE, UNREADABLE, UNTOUCHED, VOICE, wire

from campaign_fsm import Simulator, errors
from campaign_fsm.drafts import MessageCampaignDraft, VoiceCampaignDraft
from campaign_fsm.drive import Sleep
from campaign_fsm.gate import Forward, Gate, GateSettings, Poll, Read
from campaign_fsm.private import redact, secrets_of
from campaign_fsm.rules import Channel
from campaign_fsm.wire.answer import Answer, NotReadable
from campaign_fsm.wire.caches import is_from_cache
from campaign_fsm.wire.callback import parse_status_callback
from campaign_fsm.wire.campaign import campaign_from
from campaign_fsm.wire.encoding import TooLarge, Undecodable, decode, encoding_of
from campaign_fsm.wire.envelope import read_item
from campaign_fsm.wire.failure import api_error
from campaign_fsm.wire.intent import SAFE_METHODS, Intent, WireRequest, preflight, read_intent
from campaign_fsm.wire.listing import read_page
from campaign_fsm.wire.reading import read_campaign, read_status
from campaign_fsm.wire.recipient import RECIPIENTS
from campaign_fsm.wire.schedule import parse_time
from campaign_fsm.wire.target import Target, read_target

TOKENS = [
    b'"action"', b'"Action"', b'"\xef\xbd\x81ction"', b'"act\xe2\x80\x8bion"', b'"\\u0061ction"', b'"pause"',
    b'"complete"', b'"archive"', b'"campaigns"', b'"status"', b'"sid"', b'"id"', b'"code"', b'"response"', b'"data"',
    b"{", b"}", b"[", b"]", b":", b",", b"null", b"true", b"NaN", b"1e999", b"-0", b"9" * 400, b"\xef\xbb\xbf", b"\x00",
    b"\xff", b'"\\ud800"', b"[" * 50, b'{"a":' * 50, b"/* */", b" ", b"\t", b"\r\n", b"'", b"\\", b'"paused"',
    b'"schedule"', b'"Start_Time"', b'"sendAt"', b'"account_sid"', b'"error_data"', b'"method"', b'"pau\xc5\xbfed"',
]  # fmt: skip
PATH_TOKENS = [
    "%2e", "%2E%2e", "..", ".", "//", "%2F", "\\", ";v=1", "?", "#", "%00", "%20", "%25", "%61", "%EF%BD%83", "V2",
    "%00x", "%u0063", "%C1%A1", "%e0%81%a1", "%ff", ".json", ".xml/", "v3", "v2.1", "\x00",
    "CAMPAIGNS", "campaigns", "message-campaigns", "sms-campaigns", "v2", "accounts", "acme1", ID, "/", "ﬀ", "ſ",
]  # fmt: skip
VERBS = ("pause", "resume", "complete", "archive")
METHODS = ["PUT", "PUT", "PUT", "POST", "DELETE", "GET", "PATCH", "put", "PAUSE", "OPTIONS", "HEAD"]
HEADERS = [
    (b"X-HTTP-Method-Override", b"DELETE"), (b"X_HTTP_Method_Override", b"PUT"), (b"Content-Type", b"text/plain"),
    (b"Content-Encoding", b"gzip"), (b"Transfer-Encoding", b"chunked"), (b"Host", b"elsewhere.example"),
    (b"Content-Length", b"3"), (b"X-Original-URL", MESSAGE.encode()), (b"Content-Type", b"application/json"),
]  # fmt: skip
BODIES = [
    b'{"action": "pause"}',
    b'{"action": "complete"}',
    b'{"campaigns": [{"action": "pause"}]}',
    b'{"campaigns": [{"schedule": {"end_at": "2999-01-01T00:00:00Z"}, "action": "resume"}]}',
    b'{"name": "new", "schedule": {"start_time": "2999-01-01T00:00:00Z"}}',
    b'{"status_callback": "https://example.com"}',
]


class Finding(AssertionError):
    """A reader did what it must not do."""


# Making cases


def mutate_bytes(rng: random.Random, data: bytes) -> bytes:
    """The data with a few of its bytes flipped, doubled, cut out or replaced by something interesting."""
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        at = rng.randrange(len(out) + 1)
        kind = rng.randrange(6)
        if kind == 0 and out:
            out[min(at, len(out) - 1)] ^= 1 << rng.randrange(8)
        elif kind == 1:
            del out[at : at + rng.choice((1, 2, 8, 40))]
        elif kind == 2:
            out[at:at] = out[at : at + rng.choice((2, 10, 60))]
        elif kind == 3:
            out[at:at] = bytes(rng.randrange(256) for _ in range(rng.randrange(1, 5)))
        else:
            out[at:at] = rng.choice(TOKENS)
    return bytes(out)


def mutate_json(rng: random.Random, value: Any) -> Any:
    """The value with one part of it changed."""
    if isinstance(value, dict) and value and rng.random() < 0.8:
        key = rng.choice(sorted(value))
        changed = dict(value)
        if rng.random() < 0.2:
            changed[rng.choice((key.upper(), key.title(), f"{key} ", "action", "status", "sid", "id"))] = value[key]
        elif rng.random() < 0.2:
            del changed[key]
        else:
            changed[key] = mutate_json(rng, value[key])
        return changed
    if isinstance(value, list) and value and rng.random() < 0.8:
        at = rng.randrange(len(value))
        return [*value[:at], mutate_json(rng, value[at]), *value[at : at + rng.randrange(3)], *value[at + 1 :]]
    odd = [
        None,
        True,
        False,
        0,
        -1,
        2**70,
        10**400,
        1.5,
        "",
        "x" * 300,
        "paused",
        "created",
        "\u202e\x1b[2J",
        [],
        {},
        [value],
        {"a": value},
    ]
    return rng.choice(odd)


def mutate_body(rng: random.Random, body: bytes) -> bytes:
    if rng.random() < 0.5:
        try:
            return json.dumps(mutate_json(rng, json.loads(body))).encode()
        except (ValueError, RecursionError):
            pass
    return mutate_bytes(rng, body) if rng.random() < 0.9 else body


def mutate_path(rng: random.Random, path: str) -> str:
    for _ in range(rng.choice((0, 1, 1, 2))):
        at = rng.randrange(len(path) + 1)
        cut = at + rng.choice((0, 0, 1, 5))
        path = path[:at] + rng.choice(PATH_TOKENS) + path[cut:]
    return path


def request_case(rng: random.Random) -> dict[str, Any]:
    """The arguments of `wire` for one request."""
    known = rng.choice([*UNREADABLE.values(), *UNTOUCHED.values()])
    given = dict(known[1] if isinstance(known, tuple) else known) if rng.random() < 0.3 else {}
    body = given.get("body", rng.choice(BODIES))
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    target = given.get("target", rng.choice((MESSAGE, VOICE, MESSAGE.rpartition("/")[0], VOICE.rpartition("/")[0])))
    headers = [*given.get("headers", [(b"Content-Type", b"application/json")])]
    if rng.random() < 0.2:
        headers.insert(rng.randrange(len(headers) + 1), rng.choice(HEADERS))
    case = {key: value for key, value in given.items() if key not in ("body", "target", "headers")}
    # Half of the cases are odd in one place only, or most of them would end at their path.
    gentle = rng.random() < 0.5
    case.setdefault("method", "PUT" if gentle and rng.random() < 0.8 else rng.choice(METHODS))
    part = rng.choice(("path", "body", "none")) if gentle else "all"
    if part in ("path", "all"):
        target = mutate_path(rng, target)
    if part in ("body", "all"):
        body = mutate_body(rng, body)
    if case["method"] == "DELETE" and gentle:
        body = b""
    return {**case, "target": target.encode("utf-8").decode("latin-1"), "body": body, "headers": headers}


def answer_bodies() -> list[bytes]:
    """What an honest server answers."""
    simulator = Simulator()
    found = []
    basic = [("Authorization", "Basic a2V5OnRva2Vu")]
    for channel, path in (("message", MESSAGE), ("voice", VOICE)):
        for status in ("paused", "created", "in-progress", "completed"):
            simulator.add(status, channel=channel, id=f"{status}-{channel}", start=simulator.now)
        simulator.add("paused", channel=channel, id=ID if channel == "message" else f"{ID[:-1]}0")
        collection = path.rpartition("/")[0]
        targets = (path, f"{collection}/paused-{channel}", f"{collection}?channel=SMS", f"{collection}/nothing")
        found += [simulator.handle("GET", target, basic, b"").body for target in targets]
    found += [b"<html>", b"", b'{"RestException": {"Status": 401, "Message": "Authenticate"}}', b"[]", b"null"]
    return found


def about_the_campaign() -> list[bytes]:
    """What an honest server answers about the campaign of the requests, in every status."""
    found = []
    for channel, path in (("message", MESSAGE), ("voice", VOICE)):
        for status in oracle.STATUSES:
            if status != "unknown":
                simulator = Simulator()
                simulator.add(status, channel=channel, id=ID)
                found.append(simulator.handle("GET", path, [("Authorization", "Basic a2V5OnRva2Vu")], b"").body)
    return found


ANSWERS = answer_bodies()
ABOUT = about_the_campaign()
CALLBACKS = [
    json.dumps({"campaign_sid": ID, "status": "completed", "date_updated": "2026-01-05T10:00:00+05:30"}).encode(),
    json.dumps({"CampaignSid": ID, "Status": "Completed", "ReportUrl": "https://x.example"}).encode(),
]
_MESSAGE_DRAFT = {"content_type": "static", "lists": ["a"], "sender_id": "ABC", "sms_type": "transactional"}
_VOICE_DRAFT = {
    "caller_id": "080",
    "from": ["+919876543210"],
    "retries": {"number_of_retries": 1, "interval_mins": 5, "on_status": ["busy"]},
}
DRAFTS = [
    json.dumps({**_MESSAGE_DRAFT, "template": "x", "schedule": {"start_time": "2026-01-05T10:00:00+05:30"}}).encode(),
    json.dumps(
        {**_MESSAGE_DRAFT, "template": "x", "dlt_entity_id": "1", "status_callback": "https://x.example"}
    ).encode(),
    json.dumps({**_VOICE_DRAFT, "schedule": {"send_at": "2026-01-05T10:00:00+05:30"}, "throttle": 3}).encode(),
]


# Readers that are laxer than ours


def _pairs_first(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        found.setdefault(key, value)
    return found


def _pairs_folded(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {unicodedata.normalize("NFKC", key).casefold().strip(): value for key, value in pairs}


LAX_JSON: list[Callable[[str], Any]] = [
    json.loads,
    lambda text: json.loads(text, object_pairs_hook=_pairs_first),
    lambda text: json.loads(text, object_pairs_hook=_pairs_folded),
]
# A gateway may mount the API below a path of its own.
_CAMPAIGN = re.compile(
    r"(?:/.*)?/v[0-9][0-9a-z.-]*/accounts/([^/]*)/(?:(?:message|sms)-)?campaigns(?:\.[a-z]+)?(?:/([^/?;#]*))?(/[^?#]*)?"
)


def _overlong(path: bytes) -> bytes:
    return re.sub(rb"[\xc0\xc1][\x80-\xbf]", lambda found: bytes((found[0][0] % 2 << 6 | found[0][1] & 63,)), path)


LAX_DECODERS: list[Callable[[str], str]] = [
    unquote,
    lambda path: unquote(path, errors="ignore"),
    lambda path: unquote(re.sub(r"%u([0-9A-Fa-f]{4})", lambda found: chr(int(found[1], 16)), path)),
    lambda path: _overlong(unquote_to_bytes(path)).decode("utf-8", "replace"),
]


def lax_paths(target: bytes) -> Iterator[str]:
    """The path as servers might route it: decoded never to twice, in any case, with doubled slashes taken as one.

    Some end a segment at a NUL, some take a suffix for a format, and whoever has another version has campaigns in it.
    """
    for decode_once in LAX_DECODERS:
        path = target.decode("latin-1").partition("?")[0]
        yield "/".join(decode_once(part).replace("/", "-") for part in path.split("/"))
        for _ in range(3):
            yield path
            yield re.sub(r"/+", "/", path.lower())
            yield re.sub(r"\x00[^/]*", "", path)
            path = decode_once(path)


def lax_writes(request: WireRequest) -> set[tuple[str | None, str]]:
    """Every (action, campaign id) that some lax server would see in a request; the action is None for an edit."""
    method = request.method.upper()
    for name, value in request.headers:
        if name.lower().replace(b"_", b"-") == b"x-http-method-override":
            method = value.decode("latin-1").upper()
    ids = {found.group(2) for path in lax_paths(request.target) if (found := _CAMPAIGN.fullmatch(path))}
    # A server that takes ids in any case reads and writes the same campaign.
    ids = {campaign.lower() for campaign in ids if campaign}
    if method == "DELETE":
        return {("delete", campaign) for campaign in ids}
    if method != "PUT":
        return set()
    seen: set[tuple[str | None, str]] = set()
    for loads in LAX_JSON:
        try:
            document = loads(request.body.decode("utf-8", "replace"))
        except (ValueError, RecursionError):
            continue
        if isinstance(document, dict) and isinstance(document.get("campaigns"), list) and document["campaigns"]:
            document = document["campaigns"][0]
        if isinstance(document, dict):
            action = document.get("action")
            seen |= {(action if action is None else str(action), campaign) for campaign in ids}
    return seen


# The three things that are attacked


def check_request(case: dict[str, Any], read: Callable[[WireRequest], Any] = read_intent) -> str:
    """One request: what it was read as."""
    request = wire(**case)
    try:
        intent = read(request)
    except errors.UnreadableRequest as refusal:
        if not str(refusal).isprintable():
            raise Finding("the refusal could drive a terminal") from refusal
        return refusal.code
    seen = lax_writes(request)
    if isinstance(intent, Intent):
        preflight(request)
        action = intent.action.value
        if action == "create":
            if seen:
                raise Finding(f"a create, and a lax reader sees {seen}")
            return "create"
        wanted = {(action if action in VERBS or action == "delete" else None, (intent.target.id or "").lower())}
        if seen != wanted:
            raise Finding(f"read as {wanted}, and lax readers see {seen}")
        return action
    if seen and request.method not in SAFE_METHODS:
        raise Finding(f"let through unjudged, and a lax reader sees {seen}")
    return "unjudged" if intent is None else "a read"


def check_gate(rng: random.Random, case: dict[str, Any]) -> str:
    """One request through the whole gate, with arbitrary answers to what it asks."""
    gate = Gate(GateSettings(budget=0, deadline=0, now=lambda: datetime(2026, 1, 5, tzinfo=UTC)))
    request = wire(**case)
    flow = gate.flow(request)
    status: str | None = None
    result: Any = None
    outcome = "passed"
    try:
        step = next(flow)
        while True:
            match step:
                case Read():
                    body = rng.choice(ABOUT) if rng.random() < 0.8 else rng.choice(ANSWERS)
                    if rng.random() < 0.4:
                        body = mutate_body(rng, body)
                    code = 200 if rng.random() < 0.9 else rng.choice((207, 404, 503))
                    result = Answer(code, ((b"date", b"x"),), body)
                    status = _status_in(body)
                case Forward(record):
                    if record and record.reading:
                        _legal(record, status)
                        outcome = "sent"
                    result = Answer(rng.choice((200, 207, 409, 500)), (), mutate_body(rng, rng.choice(ABOUT)))
                case Poll() | Sleep():
                    result = None
            step = flow.send(result)
    except StopIteration:
        pass
    except errors.CampaignFsmError as error:
        outcome = type(error).__name__
    if len(gate.context.sections):
        raise Finding("the lock was kept")
    return outcome


def _status_in(body: bytes) -> str | None:
    """The status in the one item of an answer, read by a plain parser."""
    try:
        item = json.loads(body)["response"]
        item = item[0] if isinstance(item, list) else item
        return str(item["data"]["status"])
    except (ValueError, KeyError, TypeError, IndexError, RecursionError):
        return None


def _legal(record: Any, raw: str | None) -> None:
    spelled = (raw or "").replace("ſ", "?").lower().replace("-", "").replace("_", "").replace(" ", "")
    known = {"inprogress": "in-progress", "scheduled": "created", "resumed": "in-progress"}
    status = known.get(spelled, spelled)
    intent = record.intent
    if status not in oracle.STATUSES or not any(
        oracle.legal(status, intent.action.value, intent.channel.value, started) for started in (False, True)
    ):
        raise Finding(f"{intent.action} was sent although {raw!r} was read")


TARGETS = [read_target(MESSAGE), read_target(VOICE)]


def _answer(body: bytes) -> Answer:
    return Answer(200, ((b"date", b"Mon, 05 Jan 2026 04:30:00 GMT"), (b"retry-after", body[:9])), body)


def _read_status(body: bytes) -> None:
    for target in TARGETS:
        assert isinstance(target, Target)
        try:
            reading = read_status(_answer(body), target)
        except NotReadable:
            continue
        if reading.raw_status != (_status_in(body) or "")[:100]:
            raise Finding(f"read as {reading.raw_status!r}")
        campaign = campaign_from(reading, target.id or "", target.channel, datetime.now(UTC))
        repr(campaign)


def _read_page(body: bytes) -> None:
    page = read_page(_answer(body))
    for item in page.items:
        for kind in RECIPIENTS.values():
            repr(kind.of(item))
        for channel in Channel:
            try:
                found, reading = read_campaign(item, channel, None)
            except NotReadable:
                continue
            campaign_from(reading, found, channel, datetime.now(UTC))


def _read_error(body: bytes) -> None:
    for status_code in (200, 207, 400, 429, 503, 302):
        error = api_error(Answer(status_code, _answer(body).headers, body), "PUT", TARGETS[0], ("secret",))
        if not error.message.isprintable():
            raise Finding("the error could drive a terminal")


def _read_draft(body: bytes) -> None:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return
    if isinstance(document, dict):
        for draft in (MessageCampaignDraft, VoiceCampaignDraft):
            try:
                made = draft.from_wire(document)
            except errors.InvalidParameters as error:
                str(error)
                continue
            made.warnings()
            json.dumps(made.to_wire())


def _read_callback(body: bytes) -> None:
    callback = parse_status_callback(body)
    hash(callback)
    if not repr(callback).isprintable():
        raise Finding("the callback could drive a terminal")


def _read_headers(body: bytes) -> None:
    secrets = secrets_of(((b"Authorization", body), (b"Proxy-Authorization", b"Basic " + body)))
    redact(body.decode("latin-1"), secrets)
    parse_time(body.decode("latin-1"))
    answer = Answer(200, ((b"date", body), (b"age", body), (b"cache-status", body), (b"retry-after", body)), b"")
    is_from_cache(
        [(name, body) for name in (b"Warning", b"X-Cache", b"X-Cache-Status", b"X-Varnish", b"Server-Timing")]
    )
    if answer.date is not None and answer.date + timedelta(days=1) < answer.date - timedelta(days=1):
        raise Finding("a day after is before")
    if not answer.from_cache and body.strip(b"0, \t\r\n\v\f\xa0\x85\x1c\x1d\x1e\x1f"):
        raise Finding("an age that is none was taken for 0")


def _read_encoded(body: bytes) -> None:
    with contextlib.suppress(Undecodable):
        encoding_of([(b"content-encoding", body)])
    encoding = "gzip" if body[:1] == b"\x1f" else "deflate"
    if len(decode(body, encoding, 100_000)) > 100_000:
        raise Finding("the limit was not held")


# Name, what reads, what it may raise, and what it is fed from.
READERS: list[tuple[str, Callable[[bytes], None], tuple[type[Exception], ...], list[bytes]]] = [
    ("item", lambda body: read_item(_answer(body)) and None, (NotReadable,), ANSWERS),
    ("status", _read_status, (), ANSWERS),
    ("page", _read_page, (NotReadable,), ANSWERS),
    ("error", _read_error, (), ANSWERS),
    ("callback", _read_callback, (errors.UnreadableCallback,), CALLBACKS),
    ("draft", _read_draft, (), DRAFTS),
    (
        "headers",
        _read_headers,
        (),
        [b"Basic a2V5OnRva2Vu", b"Mon, 05 Jan 2026 04:30:00 GMT", b"2026-01-05T10:00:00+05:30", b"A; hit", b"0, 3"],
    ),
    (
        "encoded",
        _read_encoded,
        (Undecodable, TooLarge),
        [gzip.compress(bytes(10**6)), gzip.compress(b"{}"), zlib.compress(b"{}")],
    ),
]


def check_reader(rng: random.Random, name: str) -> tuple[bytes, str]:
    """One mutated body at one reader."""
    _, read, allowed, corpus = next(entry for entry in READERS if entry[0] == name)
    body = mutate_body(rng, rng.choice(corpus))
    try:
        read(body)
    except Finding:
        raise
    except Exception as error:
        if isinstance(error, allowed):
            return body, f"{name} {type(error).__name__}"
        raise
    return body, f"{name} read"


def run(
    seed: int, *, seconds: float = 0.0, cases: int = 0, only: str | None = None, progress: bool = False
) -> Counter[str]:
    """Fuzz for a time or a number of cases; what came of them.

    Raises:
        Finding: With the seed of the case; whatever a reader must not raise comes with it as its cause.
    """
    counts: Counter[str] = Counter()
    end = time.monotonic() + seconds
    told = time.monotonic()
    number = 0
    while number < cases or (not cases and time.monotonic() < end):
        rng = random.Random(f"{seed}/{number}")  # a case can be made again from its number
        kinds = {"requests": [0, 1], "answers": [2]}.get(only or "", [0, 0, 1, 2, 2])
        kind = rng.choice(kinds)
        case: Any = None
        try:
            if kind == 2:
                name = rng.choice(READERS)[0]
                case, came = check_reader(rng, name)
            else:
                case = request_case(rng)
                came = check_request(case) if kind == 0 else f"gate {check_gate(rng, case)}"
        except Exception as error:
            raise Finding(f"--seed {seed} --case {number}: {type(error).__name__}: {error}\n  {case!r}") from error
        counts[came] += 1
        number += 1
        if progress and time.monotonic() - told > 10:
            told = time.monotonic()
            print(f"{number} cases, {end - told:.0f} s left", file=sys.stderr, flush=True)
    return counts


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="Examples:\n  python tests/fuzz.py --seconds 600\n  python tests/fuzz.py --seed 7 --case 12345\n",
    )
    parser.add_argument("--seconds", type=float, default=60.0, help="how long to go on (default 60)")
    parser.add_argument("--seed", type=int, default=None, help="where the cases begin (default: random, printed)")
    parser.add_argument("--case", type=int, default=None, help="make one case of a seed again")
    parser.add_argument("--only", choices=["requests", "answers"], help="attack only one side")
    given = parser.parse_args()
    seed = random.SystemRandom().randrange(10**9) if given.seed is None else given.seed
    print(f"seed {seed}", file=sys.stderr, flush=True)
    try:
        if given.case is not None:
            # Cases are independent of each other: all of them up to this one are quickly made.
            counts = run(seed, cases=given.case + 1, only=given.only)
        else:
            counts = run(seed, seconds=given.seconds, only=given.only, progress=True)
    except Finding as finding:
        traceback.print_exception(finding)
        return 1
    for came, count in sorted(counts.items()):
        print(f"{count:>10}  {came}")
    print(f"{counts.total():>10}  cases, nothing found")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(2)

"""The audit itself: follows each campaign through what was seen, and tells what was wrong."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from typing import Any, Final

from attrs import define, evolve, field, frozen

from campaign_fsm.audit.finding import Finding, Level, Place
from campaign_fsm.audit.interpret import (
    Unjudged,
    credentials,
    read_answer,
    read_list,
    read_request,
    split_url,
)
from campaign_fsm.audit.tracker import (
    UNKNOWN,
    Known,
    TrackedCampaign,
    Weighed,
    alone,
    possible_after,
    weigh,
)
from campaign_fsm.drafts import DRAFT_OF
from campaign_fsm.errors import InvalidParameters, UnreadableCallback, UnreadableRequest
from campaign_fsm.lifecycle import by_platform, reachable
from campaign_fsm.policy import Policy
from campaign_fsm.private import word
from campaign_fsm.rules import PROBLEMS, RULES, Action, Channel, Status
from campaign_fsm.traffic import Exchange
from campaign_fsm.traffic.exchange import NOTHING
from campaign_fsm.verdict import judge
from campaign_fsm.wire.answer import Reading, parse_time
from campaign_fsm.wire.callback import parse_status_callback
from campaign_fsm.wire.intent import VERBS, Intent
from campaign_fsm.wire.target import COLLECTION_OF, Target, read_target

Key = tuple[str, str, Channel, str]


# Answers after which nobody knows whether a write was applied: what follows them is on its way to another place, or
# somebody in between has given up.
_OPEN: Final = frozenset({*range(300, 400), 408, 425})
_MOST_ROUTES: Final = 100_000
_MOST_STEPS: Final = 10_000


@frozen(kw_only=True)
class Sight:
    """What one exchange shows of one campaign, for whoever watches an audit.

    Attributes:
        exchange: The exchange.
        channel: The campaign's channel.
        campaign: Its id.
        where: The server and the account.
        action: What a write asked for; None for a read.
        weighed: What is to be said of the write; None for a read, and where no status was known.
        shown: The status that the answer shows, None if none.
    """

    exchange: Exchange
    channel: Channel
    campaign: str
    where: str = ""
    action: Action | None = None
    weighed: Weighed | None = None
    shown: Status | None = None


@define
class _Case:
    """One exchange under audit, and what was found in it."""

    exchange: Exchange
    target: Target | None = None
    action: Action | None = None
    life: TrackedCampaign = field(factory=TrackedCampaign)
    found: list[Finding] = field(factory=list)
    weighed: Weighed | None = None
    shown: Status | None = None


@define
class Auditor:
    """Takes exchanges in the order in which they were made, and gives findings.

    Attributes:
        policy: What the team forbids on top of the life cycle.
        strict: Whether what is contested counts as illegal, and what cannot be judged as a finding.
        path: The file that the exchanges come from.
        by_entry: Whether places are entries of the file and not lines.
        events: How many exchanges were about campaigns.
        unjudged: How many writes could not be judged.
        watch: Called with what each exchange shows of a campaign; None for nobody.
        told: How often each finding was told already; auditors of several files share it.
    """

    policy: Policy = field(factory=Policy)
    strict: bool = False
    path: str = ""
    by_entry: bool = False
    events: int = 0
    unjudged: int = 0
    watch: Callable[[Sight], object] | None = None
    told: Counter[str] = field(factory=Counter)
    _lives: dict[Key, TrackedCampaign] = field(factory=dict, init=False)
    _by_id: dict[str, list[Key]] = field(factory=dict, init=False)
    _routes: dict[str, TrackedCampaign] = field(factory=dict, init=False)
    _steps: dict[tuple[object, ...], tuple[frozenset[Status], Status | None]] = field(factory=dict, init=False)
    _leaks: set[tuple[str, str]] = field(factory=set, init=False)

    @property
    def campaigns(self) -> int:
        """How many campaigns were seen."""
        return len(self._lives)

    def feed(self, exchange: Exchange) -> Sequence[Finding]:
        """What is wrong with the next exchange; mostly nothing."""
        # Most exchanges of a long recording are like one before: the same step of another campaign.
        life = self._routes.get(exchange.url)
        if life is None or not self._is_plain(exchange, life):
            return self._look_at(exchange)
        step = (life.possible, life.channel, exchange.method, exchange.action, exchange.status)
        known = self._steps.get(step)
        if known is not None:
            self.events += 1
            life.possible, life.last = known
            return ()
        found = self._look_at(exchange)
        kept = len(life.possible) == 1 and life.last is not Status.COMPLETED and not life.lost
        # An edit is no step: what it leaves behind is more than a status.
        if kept and not found and (exchange.action is None or exchange.action in VERBS):
            if len(self._steps) >= _MOST_STEPS:
                self._steps.clear()
            self._steps[step] = life.possible, life.last
        return found

    def _is_plain(self, exchange: Exchange, life: TrackedCampaign) -> bool:
        """Whether nothing but the step itself counts: no bodies, no times, no policy."""
        return (
            exchange.headers is None
            and exchange.host is None
            and exchange.status_code == 200
            and exchange.status is not None
            and exchange.request is NOTHING
            and exchange.request_base64 is None
            and exchange.sent
            and not exchange.lost
            and not exchange.planned
            and exchange.start is None
            and exchange.end is None
            and exchange.name is None
            and exchange.fields is None
            and exchange.callback is None
            and bool(life.possible)
            and not life.timed
            and not life.lost
            and not self.policy
            and self.watch is None
        )

    def _look_at(self, exchange: Exchange) -> list[Finding]:
        case = _Case(exchange)
        if exchange.headers is not None or "@" in exchange.url:
            self._look_for_credentials(case)
        if exchange.callback is not None:
            self._callback(case, exchange.callback)
            return case.found
        try:
            asked = read_request(exchange)
        except UnreadableRequest as refusal:
            self.events += 1
            self._unreadable(case, refusal)
            return case.found
        except Unjudged as reason:
            self.events += 1
            case.target = reason.target
            if reason.target.id is not None:
                case.life = self._life(self._key(exchange, reason.target, reason.target.id))
            self._cannot_judge(case, str(reason))
            case.life.possible = UNKNOWN
            case.life.unsettled()
            return case.found
        if asked is None:
            return case.found
        self.events += 1
        if isinstance(asked, Target):
            case.target = asked
            self._read(case, asked)
            self._remember(exchange, asked)
        else:
            case.target, case.action = asked.target, asked.action
            if asked.target.id is None:
                self._create(case, asked)
            else:
                case.life = self._life(self._key(exchange, asked.target, asked.target.id))
                self._write(case, asked)
                self._remember(exchange, asked.target)
            self._watched(case)
        return case.found

    def _watched(self, case: _Case) -> None:
        target = case.target
        if self.watch is not None and target is not None and target.id is not None:
            self.watch(
                Sight(
                    exchange=case.exchange,
                    channel=target.channel,
                    campaign=target.id,
                    where="|".join(self._key(case.exchange, target, target.id)[:2]),
                    action=case.action,
                    weighed=case.weighed,
                    shown=case.shown,
                )
            )

    # What is known

    def _remember(self, exchange: Exchange, target: Target) -> None:
        """Which campaign a URL is about, where nothing else in the exchange says so."""
        if target.id is None or target.rest or exchange.host or "?" in exchange.url or not exchange.url:
            return
        life = self._lives.get(self._key(exchange, target, target.id))
        if life is not None:
            if len(self._routes) >= _MOST_ROUTES:
                self._routes.clear()
            life.channel = target.channel
            self._routes[exchange.url] = life

    @staticmethod
    def _key(exchange: Exchange, target: Target, campaign: str) -> Key:
        return _origin(exchange) + target.prefix, target.account, target.channel, campaign

    def _life(self, key: Key) -> TrackedCampaign:
        life = self._lives.get(key)
        if life is None:
            life = self._lives[key] = TrackedCampaign()
            self._by_id.setdefault(key[3], []).append(key)
        return life

    @staticmethod
    def _see(case: _Case, status: Status, reading: Reading | None, *, whole: bool = False) -> None:
        """The campaign was seen in a status."""
        life, exchange = case.life, case.exchange
        case.shown = status
        if status is not Status.COMPLETED:
            life.completed = None
        elif life.last is not Status.COMPLETED:
            life.completed = parse_time(exchange.at if case.action is Action.COMPLETE else life.seen)
        life.possible, life.last, life.lost, life.seen = alone(status), status, 0, exchange.at
        if reading is not None:
            life.shown(reading, whole=whole)
            return
        life.told(exchange.start, exchange.end, exchange.name)

    # Reads

    def _read(self, case: _Case, target: Target) -> None:
        exchange = case.exchange
        if target.id is None:
            for campaign, listed in read_list(exchange, target.channel):
                case.target = evolve(target, id=campaign)
                case.life = self._life(self._key(exchange, target, campaign))
                self._shown(case, listed.raw_status, listed)
            return
        if target.rest:
            return
        raw = exchange.status if _is_taken(exchange.status_code) else None
        reading: Reading | None = None
        if raw is None and exchange.status_code is not None:
            answer = read_answer(exchange, target)
            reading = answer.reading
            if not answer.readable and 200 <= exchange.status_code < 300:
                # It says something, and nobody can tell what: what was known is not known any more.
                self._life(self._key(exchange, target, target.id)).possible = UNKNOWN
                return
            if reading is not None and answer.found != target.id:
                self._tell(case, "CF503", Level.WARNING, "The answer is about another campaign.")
                return
            raw = reading.raw_status if reading else None
        if raw is not None:
            case.life = self._life(self._key(exchange, target, target.id))
            self._shown(case, raw, reading, whole=True)

    def _shown(self, case: _Case, raw: str, reading: Reading | None, *, whole: bool = False) -> None:
        """A read shows a status."""
        assert case.target is not None
        status = Status.parse(raw)
        if status is Status.UNKNOWN:
            self._undocumented(case, raw)
        elif case.life.possible and not self._follows(case.life.possible, status, case.target.channel):
            message = f"It shows {status}, which nothing leads to from {_names(case.life.possible)}."
            self._tell(case, "CF601", Level.WARNING, message)
        self._see(case, status, reading, whole=whole)
        self._watched(case)

    @staticmethod
    def _follows(possible: frozenset[Status], status: Status, channel: Channel) -> bool:
        return any(status in reachable(one, channel) for one in possible)

    def _undocumented(self, case: _Case, raw: str) -> None:
        self._tell(case, "CF604", Level.WARNING, f"It shows the status {word(raw)!r}, which is on no list.")

    def _callback(self, case: _Case, body: dict[str, Any]) -> None:
        self.events += 1
        try:
            callback = parse_status_callback(body)
        except UnreadableCallback:
            return
        claimed = callback.claimed_status
        # A callback names no account: a campaign of each account with this id may be meant.
        for key in self._by_id.get(callback.campaign_id, ()):
            case.life = life = self._lives[key]
            case.target = Target("", key[1], COLLECTION_OF[key[2]], key[3], ())
            if claimed is Status.UNKNOWN:
                self._undocumented(case, callback.raw_status)
            elif life.possible and not self._follows(life.possible, claimed, key[2]):
                message = f"A status callback claims {claimed}, which nothing leads to from {_names(life.possible)}."
                self._tell(case, "CF601", Level.WARNING, message)
            elif life.possible:
                # A claim widens what is possible, and settles nothing.
                life.possible = possible_after(life.possible, alone(claimed))

    # Writes

    def _write(self, case: _Case, intent: Intent) -> None:
        exchange, life = case.exchange, case.life
        weighed = None
        if life.possible:
            counts = intent.fields or life.start is not None or life.end is not None
            weighed = weigh(life, intent, parse_time(exchange.at) if counts else None, strict=self.strict)
        case.weighed = weighed
        if not exchange.sent:
            self._refused(case, weighed)
            return
        if intent.action is Action.EDIT:
            self._check_parameters(case, intent)
        if self.policy:
            self._ask_policy(case, intent)
        if life.lost:
            message = f"The answer to the write at {self._place(life.lost)} was lost, and nothing was read since."
            self._tell(case, "CF602", Level.ERROR, message)
        self._answered(case, intent, weighed)

    def _refused(self, case: _Case, weighed: Weighed | None) -> None:
        """Something that our own client did not send: what was asked for is told, as a warning."""
        code = case.exchange.code or ""
        if weighed is not None and not weighed.legal and not weighed.unknown:
            self._illegal(case, weighed, None)
        elif code.startswith(("CF4", "CF7")) and code in PROBLEMS:
            self._tell(case, code, Level.WARNING, f"{case.action} was not sent: {PROBLEMS[code].title}.")

    def _answered(self, case: _Case, intent: Intent, weighed: Weighed | None) -> None:
        exchange, life, target = case.exchange, case.life, intent.target
        raw, code = exchange.status, exchange.status_code
        reading: Reading | None = None
        readable = True
        if raw is None and code is not None:
            answer = read_answer(exchange, target)
            code, readable = answer.status_code, answer.readable
            if answer.reading is not None and answer.found == target.id:
                reading, raw = answer.reading, answer.reading.raw_status
        if exchange.planned:
            self._planned(case, intent, weighed)
            return
        taken = _is_taken(code)
        if weighed is None:
            self._cannot_judge(case, "no status was seen before it")
        elif weighed.unknown:
            self._cannot_judge(case, weighed.unknown)
        elif not weighed.legal:
            self._illegal(case, weighed, code)
        if code is not None and 300 <= code < 400:
            message = (
                f"The server answered {case.action} with {code}, and what was sent after that is judged by nobody."
            )
            self._tell(case, "CF609", Level.ERROR, message)
        if exchange.lost or (code is not None and code >= 500):
            life.lost = exchange.place or 1
            self._widen(life, intent, weighed)
        elif (taken and not readable) or (code is None and raw is None) or (code is not None and code in _OPEN):
            self._widen(life, intent, weighed)
        elif taken:
            if intent.fields:
                life.edited(intent)
            self._taken(case, weighed, raw, reading)
        elif code == 409 and weighed is not None and weighed.legal:
            if not weighed.overtaken:
                message = f"The model allows {case.action} while {_names(life.possible)}; the server said 409."
                self._tell(case, "CF601", Level.WARNING, message)
            life.possible = UNKNOWN

    def _planned(self, case: _Case, intent: Intent, weighed: Weighed | None) -> None:
        """A step that is not taken yet: after a legal one the campaign is where it leads."""
        if intent.fields and (weighed is None or weighed.unknown or weighed.legal):
            case.life.edited(intent)
        if weighed is None:
            self._cannot_judge(case, "nothing says in which status the campaign is then")
            self._led_to(case)
        elif weighed.unknown:
            self._cannot_judge(case, weighed.unknown)
            self._led_to(case)
        elif not weighed.legal:
            self._illegal(case, weighed, None)
        elif weighed.verdict.destination is not None:
            case.life.last = weighed.verdict.destination
            case.life.possible = alone(weighed.verdict.destination)
            if case.action is Action.COMPLETE:
                case.life.completed = parse_time(case.exchange.at)

    @staticmethod
    def _led_to(case: _Case) -> None:
        """Whatever it was before: if the write is taken, the campaign is where it leads."""
        goal = next((rule.dest for rule in RULES if rule.trigger is case.action and rule.source is not None), None)
        if goal is not None:
            case.life.last, case.life.possible = goal, alone(goal)

    @staticmethod
    def _widen(life: TrackedCampaign, intent: Intent, weighed: Weighed | None) -> None:
        """Nobody knows whether it was applied."""
        if intent.fields:
            life.unsettled(intent.fields)
        if weighed is not None:
            life.possible = possible_after(life.possible, weighed.after)

    def _taken(self, case: _Case, weighed: Weighed | None, raw: str | None, reading: Reading | None) -> None:
        """The server took it; what it shows is held against the model."""
        life = case.life
        if raw is None:
            life.possible = weighed.after if weighed else UNKNOWN
            life.lost, life.seen = 0, case.exchange.at
            if weighed is None:
                self._led_to(case)
            if len(life.possible) == 1:
                (life.last,) = life.possible
            if case.action is Action.COMPLETE:
                life.completed = parse_time(case.exchange.at)
            return
        status = Status.parse(raw)
        if status is Status.UNKNOWN:
            self._undocumented(case, raw)
        after = weighed.after if weighed else _after(status, case.action)
        unseen = status not in after and (weighed is None or status in life.possible)
        if weighed and after and not unseen and status not in weighed.expected and status is not Status.UNKNOWN:
            message = f"After {case.action} it shows {status}, and not {_names(after)}."
            self._tell(case, "CF601", Level.WARNING, message)
        self._see(case, status, reading)
        if after and unseen and status is not Status.UNKNOWN:
            # Accepted, and not yet seen.
            life.possible = possible_after(alone(status), after)

    def _create(self, case: _Case, intent: Intent) -> None:
        exchange, target = case.exchange, intent.target
        if not exchange.sent:
            self._refused(case, None)
            return
        self._check_parameters(case, intent)
        if self.policy:
            self._ask_policy(case, intent)
        campaign, raw = exchange.campaign, exchange.status if _is_taken(exchange.status_code) else None
        reading: Reading | None = None
        if raw is None and exchange.status_code is not None:
            answer = read_answer(exchange, target)
            if answer.reading is not None and answer.found is not None:
                campaign, reading, raw = answer.found, answer.reading, answer.reading.raw_status
        if campaign is None or raw is None:
            return
        case.target = evolve(target, id=campaign)
        case.life = self._life(self._key(exchange, target, campaign))
        status = Status.parse(raw)
        accepted = judge(intent, None, None).accepted
        if status is Status.UNKNOWN:
            self._undocumented(case, raw)
        elif not any(status in by_platform(one) for one in accepted):
            self._tell(case, "CF601", Level.WARNING, f"After create it shows {status}, and not {_names(accepted)}.")
        self._see(case, status, reading)

    # Findings

    def _illegal(self, case: _Case, weighed: Weighed, code: int | None) -> None:
        verdict, sent = weighed.verdict, case.exchange.sent
        assert case.target is not None
        assert case.action is not None
        excuse = weighed.excuse if sent and not case.exchange.planned else None
        said = "was not sent"
        if case.exchange.planned:
            said = "is planned"
        elif sent:
            said = "was sent" if code is None else f"was sent, and the server said {code}"
        message = f"{case.action} while {_names(case.life.possible)} {said}. {verdict.reason}"
        if excuse:
            message += f" By what was recorded, the platform may have made it {excuse.status} first: there it is legal."
        self._tell(
            case,
            verdict.code,
            Level.ERROR if sent and not verdict.already and not excuse else Level.WARNING,
            message,
            advice=verdict.advice,
            sources=verdict.sources,
            status_code=code,
        )

    def _unreadable(self, case: _Case, refusal: UnreadableRequest) -> None:
        exchange = case.exchange
        case.action = refusal.action
        if refusal.campaign_id and refusal.channel:
            path = split_url(exchange.url)[3].partition("?")[0] if exchange.url else ""
            case.target = read_target(path) or Target(
                "", exchange.account or "-", COLLECTION_OF[refusal.channel], refusal.campaign_id, ()
            )
            key = self._key(exchange, case.target, refusal.campaign_id)
            if key in self._lives:
                case.life = self._lives[key]
        level = Level.ERROR if exchange.sent else Level.WARNING
        message = f"Two servers could read this write differently, or none as it is meant: {refusal.reason}"
        self._tell(case, refusal.code, level, message, advice=refusal.advice)
        if exchange.sent:
            case.life.possible = UNKNOWN
            case.life.unsettled()

    def _cannot_judge(self, case: _Case, reason: str) -> None:
        self.unjudged += 1
        if self.strict:
            message = f"Nobody can say whether {case.action or 'this write'} was legal: {reason}."
            self._tell(case, "CF605", Level.WARNING, message)

    def _ask_policy(self, case: _Case, intent: Intent) -> None:
        exchange, life = case.exchange, case.life
        # A name that was not recorded matches no pattern: the gate, which has it, is the one to fail closed.
        name = None if life.nameless else life.name or exchange.name or ""
        known = Known(life.last or Status.UNKNOWN, life, name)
        verdict = judge(
            intent,
            known,
            parse_time(exchange.at),
            policy=self.policy,
            confirmed=exchange.confirmed,
            host=_origin(exchange).partition(":")[0] or None,
            account=intent.target.account if exchange.url or exchange.account else None,
        )
        for violation in verdict.violations:
            if violation.unknown:
                continue  # so is what was not recorded
            self._tell(case, violation.code, Level.ERROR, violation.reason, advice=violation.advice)

    def _check_parameters(self, case: _Case, intent: Intent) -> None:
        if not intent.fields or case.exchange.request_body is None:
            return
        given = {key: value for key, value in intent.fields.items() if key not in ("id", "sid") and value is not None}
        try:
            DRAFT_OF[intent.channel].build(given, partial=intent.action is not Action.CREATE)
        except InvalidParameters as error:
            # What was given may be a phone number, a text or a URL with a key in it.
            listed = "; ".join(f"{problem.field}: {problem.rule}" for problem in error.problems)
            message = f"The parameters of {case.action} break documented limits: {listed}."
            self._tell(case, "CF606", Level.WARNING, message, about=listed)

    def _look_for_credentials(self, case: _Case) -> None:
        where = credentials(case.exchange)
        if where is None or (self.path, where) in self._leaks:
            return
        self._leaks.add((self.path, where))
        message = f"Credentials stand in {where} of this request, and perhaps of others in the file."
        self._tell(case, "CF603", Level.ERROR, message)

    def _place(self, number: int) -> str:
        return f"{'entry' if self.by_entry else 'line'} {number}"

    def _tell(self, case: _Case, code: str, level: Level, message: str, *, about: str = "", **fields: Any) -> None:
        exchange, target, status = case.exchange, case.target, case.life.last
        campaign = (target.id if target else None) or exchange.campaign
        file = self.path.replace("\\", "/").rpartition("/")[2]
        path = split_url(exchange.url)[3] if exchange.url and code.startswith("CF4") else ""
        known_by = (
            file,
            code,
            split_url(exchange.url)[1] if exchange.url else exchange.host,
            target.account if target else exchange.account,
            target.channel if target else exchange.channel,
            campaign,
            case.action,
            status,
            "" if exchange.sent else "not sent",
            exchange.method if path else "",
            path,
            about,
        )
        identity = "|".join(str(part or "") for part in known_by)
        self.told[identity] += 1
        place = Place(self.path, entry=exchange.place) if self.by_entry else Place(self.path, line=exchange.place)
        known: dict[str, Any] = {
            "advice": PROBLEMS[code].advice if code in PROBLEMS else "",
            "channel": target.channel if target else None,
            "campaign": campaign,
            "action": case.action,
            "status": status,
            "at": exchange.at if parse_time(exchange.at) else None,
            "sent": exchange.sent,
            "status_code": exchange.status_code,
            "fingerprint": hashlib.sha256(f"{identity}|{self.told[identity]}".encode("utf-8", "replace")).hexdigest()[
                :16
            ],
        }
        case.found.append(Finding(code, level, message, place, **{**known, **fields}))


@lru_cache(maxsize=8192)
def _host(host: str) -> str:
    """A host as DNS takes it: in lower case, without the dot at its end."""
    return host.lower().removesuffix(".")


def _origin(exchange: Exchange) -> str:
    """Which server an exchange was with, as far as the recording says."""
    if exchange.url:
        scheme, host, port, *_ = split_url(exchange.url)
        if host:
            usual = {"https": 443, "http": 80}.get(scheme)
            return _host(host) + (f":{port}" if port not in (None, usual) else "")
    return _host(exchange.host or "")


def _is_taken(code: int | None) -> bool:
    """Whether an answer says that something was done; True where its code was not recorded."""
    return code is None or 200 <= code < 300


@cache
def _after(status: Status, action: Action | None) -> frozenset[Status]:
    """Where an action leads from a status, whatever the kind of campaign."""
    return frozenset(rule.leads_to for rule in RULES if rule.trigger is action and rule.source is status)


def _names(statuses: frozenset[Status]) -> str:
    return " or ".join(sorted(statuses))

"""THE QUESTION: may this write go? `judge` answers it, and nothing else does.

The gate asks it of every write, `client.check` and every ``--dry-run`` before one, the simulator of what arrives, the
pytest plugin of what a test sends, and the audit of what was recorded. It is pure: what is known of the campaign, the
time, the policy and the confirmation are handed in.

Asked in this order, and the first that is against it gives the code:

1. the life cycle (`campaign_fsm.lifecycle.decide`),
2. what stands beside an action in its body (``CF413``, and the table's `TOGETHER` and `APART`),
3. the end that some edges need (``CF416``),
4. the team's policy (``CF7xx``), which can only narrow.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import Any, Final, Protocol

from attrs import asdict, evolve, field, frozen

from campaign_fsm.lifecycle import Decision, decide
from campaign_fsm.policy import Policy, Violation, policy_input
from campaign_fsm.private import printable_key
from campaign_fsm.rules import (
    APART,
    PROBLEMS,
    RULES,
    TOGETHER,
    Action,
    Apart,
    Channel,
    Source,
    Standing,
    Status,
    Together,
)
from campaign_fsm.wire.intent import NOT_RECORDED, VERBS, Intent
from campaign_fsm.wire.schedule import SCHEDULE_KEYS, parse_time, read_schedule

_ACTIONS: Final = frozenset(VERBS.values())
_END_AHEAD: Final = frozenset(rule.code for rule in RULES if rule.end_ahead)
_MOST_NAMES: Final = 5  # keys that a reason names, at most


class Seen(Protocol):
    """What is known of the campaign that a write is about; a `Reading` is one."""

    @property
    def status(self) -> Status: ...

    @property
    def start(self) -> datetime | None: ...

    @property
    def end(self) -> datetime | None: ...

    @property
    def name(self) -> str | None:
        """Its name; None if it is not known, and then it may have any."""

    @property
    def changed(self) -> datetime | None:
        """When it was last changed, so when it was completed at the latest."""

    def started(self, now: Any, /) -> bool | None:
        """Whether it counts as started; None if unknown."""

    def shows(self, parameter: str, value: object, /) -> bool | None:
        """Whether it has this very value of a parameter; None if unknown."""


@frozen
class Verdict(Decision):
    """Whether one write may go: what the life cycle says, narrowed by everything else that counts.

    True in a boolean context exactly if it may. A write that may not go has None as its `standing`.
    """

    life_cycle: Decision = field(kw_only=True)
    """What the life cycle alone says of the action."""
    warnings: tuple[str, ...] = field(kw_only=True, default=())
    """What to know before it is sent, one sentence each."""
    violations: tuple[Violation, ...] = field(kw_only=True, default=())
    """Everything that the policy has against it, also where the life cycle refuses it already."""
    instead: str = field(kw_only=True, default="")
    """What to do instead, where that depends on more than the code; empty otherwise. `advice` has it."""

    @property
    def advice(self) -> str:
        """What to do instead of what was refused; empty if it may go."""
        if self.instead:
            return self.instead
        problem = PROBLEMS.get(self.code)
        return problem.advice if problem else self.life_cycle.advice

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON, in a stable order."""
        violations = [{"code": violation.code, "reason": violation.reason} for violation in self.violations]
        more = {"advice": self.advice, "warnings": list(self.warnings), "violations": violations}
        return {**super().as_dict(), **more}


def judge(
    intent: Intent,
    seen: Seen | None,
    now: datetime | None,
    *,
    strict: bool = False,
    policy: Policy | None = None,
    confirmed: bool = False,
    host: str | None = None,
    account: str | None = None,
) -> Verdict:
    """Whether a write may go.

    Args:
        intent: What it would do.
        seen: What is known of its campaign; None if there is none yet, for a create.
        now: The time, an aware datetime; None if unknown.
        strict: Refuse what the vendor's pages contradict each other about.
        policy: What the team forbids on top of the life cycle.
        confirmed: Whether somebody confirmed it, where the policy asks for that.
        host: Where it goes, without a port; None if unknown.
        account: The account that it is for; None if unknown.

    Raises:
        TypeError: `strict` is no boolean.
    """
    if not isinstance(strict, bool):  # a cache takes 1 for True
        raise TypeError(f"strict must be True or False, not {strict!r}")
    status, started = (None, None) if seen is None else (seen.status, seen.started(now))
    verdict = _by_life_cycle(status, intent.action, intent.channel, started, strict)
    if seen is not None and verdict.allowed:
        if intent.fields and intent.action in _ACTIONS:
            verdict = _beside(verdict, intent, seen, now)
        if verdict.code in _END_AHEAD and (problem := _without_end(intent, now)):
            verdict = _against(verdict, "CF416", problem)
        elif verdict.allowed and verdict.code not in _END_AHEAD and intent.action is Action.RESUME:
            verdict = _past_end(verdict, seen, now)
    if policy:
        known = {"confirmed": confirmed, "host": host, "account": account}
        verdict = _narrowed(verdict, tuple(_violations(policy, intent, seen, now, **known)))
    return verdict


@cache
def _by_life_cycle(
    status: Status | None, action: Action, channel: Channel, started: bool | None, strict: bool
) -> Verdict:
    decision = decide(status, action, channel=channel, started=started, strict=strict)
    return _contested(_verdict_of(decision))


def _verdict_of(decision: Decision) -> Verdict:
    return Verdict(**asdict(decision, recurse=False), life_cycle=decision)


def _contested(verdict: Verdict) -> Verdict:
    if verdict.standing is not Standing.CONTESTED:
        return verdict
    return evolve(verdict, warnings=(f"contested by the vendor's own pages [{verdict.code}]",))


def _against(
    verdict: Verdict, code: str, reason: str, *, instead: str = "", sources: tuple[Source, ...] = ()
) -> Verdict:
    """The verdict that it may not go, for something else than the status."""
    return evolve(
        verdict,
        allowed=False,
        destination=None,
        accepted=frozenset(),
        code=code,
        reason=reason,
        sources=sources,
        standing=None,
        route=None,
        effect="",
        warnings=(),
        instead=instead,
    )


def _together(intent: Intent) -> Together | None:
    return next((one for one in TOGETHER if one.action is intent.action and intent.channel in one.channels), None)


def _apart(intent: Intent, changes: list[str]) -> Apart | None:
    """The row that says why this very mix is refused; None where it is refused as every other one is."""
    return next(
        (
            one
            for one in APART
            if one.action is intent.action and intent.channel in one.channels and changes == [one.parameter]
        ),
        None,
    )


def _beside(verdict: Verdict, intent: Intent, seen: Seen, now: datetime | None) -> Verdict:
    """What stands beside an action: parameters that the campaign has already are no edit (the vendor's own samples)."""
    known = {key: seen.shows(key, value) for key, value in intent.fields.items()}
    changes = sorted(key for key, same in known.items() if same is False)
    together = _together(intent)
    beside = together.parameter if together else None
    if any(key != beside for key in changes):
        names = ", ".join(printable_key(key) for key in changes[:_MOST_NAMES])
        reason = f"the body has {names} beside the action"
        if apart := _apart(intent, changes):
            return _against(verdict, "CF413", f"{reason}; {apart.reason}", instead=apart.advice, sources=apart.sources)
        return _against(verdict, "CF413", f"{reason}.")
    if any(same is None and key != beside for key, same in known.items()):
        return _against(verdict, "CF605", "it is unknown whether what stands beside the action changes anything.")
    if together is None or together.parameter not in known:
        return verdict
    waiting = evolve(verdict, accepted=verdict.accepted | _until_start(intent, now))
    if known[together.parameter]:
        return waiting
    also = _by_life_cycle(verdict.status, together.edit, verdict.channel, together.started, verdict.strict)
    if not also:
        first = f"Send the {together.parameter} first, in a request of its own; then {verdict.action}."
        return evolve(
            also,
            action=verdict.action,
            started=verdict.started,
            legal_actions=verdict.legal_actions,
            instead=first if together.edit in verdict.legal_actions else "",
        )
    return _contested(
        evolve(waiting, code=also.code, standing=also.standing, sources=(*verdict.sources, *also.sources))
    )


def _until_start(intent: Intent, now: datetime | None) -> frozenset[Status]:
    """What an honest answer may show until the start of the new schedule, at which the campaign goes on (CF116)."""
    if intent.fields.get("schedule") is not NOT_RECORDED:
        start, _, _ = read_schedule(intent.fields, intent.channel)
        if start is None or (now is not None and start <= now):
            return frozenset()
    return frozenset({Status.PAUSED, Status.CREATED})


def _without_end(intent: Intent, now: datetime | None) -> str:
    """What is wrong with the end of the new schedule; empty if it lies ahead."""
    schedule, last = intent.fields.get("schedule"), SCHEDULE_KEYS[intent.channel][1]
    if schedule is NOT_RECORDED:
        return ""
    if not isinstance(schedule, dict) or last not in schedule:
        return f"the new schedule has no {last!r}."
    end = parse_time(schedule[last])
    if end is None:
        return f"{last!r} of the new schedule is no time with a time zone."
    if now is not None and end <= now:
        return f"{last!r} of the new schedule is not ahead of {now.isoformat(timespec='seconds')}."
    return ""


def _past_end(verdict: Verdict, seen: Seen, now: datetime | None) -> Verdict:
    if seen.end is None or now is None or seen.end > now:
        return verdict
    return evolve(
        verdict,
        warnings=("its end time has passed, so the platform may complete or pause it again at once (CF302, CF306)",),
    )


def _violations(
    policy: Policy, intent: Intent, seen: Seen | None, now: datetime | None, **known: Any
) -> Iterator[Violation]:
    """What the policy has against it; a value that was not recorded is not held against anybody."""
    silent = intent.fields.get("schedule") is NOT_RECORDED
    recorded = {key: value for key, value in intent.fields.items() if value is not NOT_RECORDED}
    facts = policy_input(
        intent if len(recorded) == len(intent.fields) else evolve(intent, fields=recorded),
        at=now,
        name=seen.name if seen else None,
        start=seen.start if seen else None,
        completed=seen.changed if seen else None,
        **known,
    )
    for violation in policy.violations(facts):
        if not (silent and violation.code in ("CF703", "CF704")):
            yield violation


def _narrowed(verdict: Verdict, violations: tuple[Violation, ...]) -> Verdict:
    if not violations:
        return verdict
    # What a confirmation would lift decides nothing where something else is against it, too.
    violations = tuple(sorted(violations, key=lambda violation: violation.code == "CF702"))
    if verdict.allowed:
        reason = " ".join(violation.reason for violation in violations)
        verdict = _against(verdict, violations[0].code, reason)
    return evolve(verdict, violations=violations)

"""What a code means: in a phrase, as data, and as the text of a report. Every page, picture and report asks here."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from itertools import product
from typing import Any, NamedTuple

from campaign_fsm.lifecycle import Decision, decide
from campaign_fsm.printable import without_markup
from campaign_fsm.rules import (
    ENTRIES,
    STRICT_REFUSAL,
    Action,
    Channel,
    Entry,
    Event,
    Problem,
    Refusal,
    Rule,
    Source,
    Status,
)
from campaign_fsm.words import listed, sentence


def phrase(entry: Entry) -> str:
    """An entry in one phrase.

    >>> phrase(ENTRIES["CF107"])
    'edit: created stays as it is, before the start'
    """
    if not isinstance(entry, Rule):
        return entry.title
    dest = "stays as it is" if entry.dest is None else f"→ {entry.dest}"
    return f"{entry.trigger}: {entry.source or '(no campaign)'} {dest}{_condition(entry)}"


def _condition(rule: Rule) -> str:
    started = {None: "", True: ", after the start", False: ", before the start"}[rule.started]
    channel = "" if len(rule.channels) == len(Channel) else f", {_either(sorted(rule.channels))} only"
    return f"{started}{channel}"


def as_dict(entry: Entry) -> dict[str, Any]:
    """An entry as plain data for JSON."""
    match entry:
        case Rule():
            return {
                "code": entry.code,
                "kind": "event" if isinstance(entry.trigger, Event) else "action",
                "trigger": entry.trigger,
                "from": entry.source,
                "to": entry.leads_to,
                "channels": sorted(entry.channels),
                "started": entry.started,
                "actor": entry.actor,
                "undoable": entry.undoable,
                "standing": entry.standing,
                "effect": entry.effect,
                "sources": [source.as_dict() for source in entry.sources],
            }
        case Refusal():
            return {
                "code": entry.code,
                "kind": "refusal",
                "title": entry.title,
                "reason": entry.reason,
                "sources": [source.as_dict() for source in entry.sources],
            }
        case Problem():
            return {
                "code": entry.code,
                "kind": "problem",
                "title": entry.title,
                "advice": entry.advice,
                "sources": [source.as_dict() for source in entry.sources],
            }


@cache
def cells(refusal: Refusal) -> tuple[Decision, ...]:
    """Every decision that a refusal is the answer of."""
    strict = refusal is STRICT_REFUSAL
    asked = (
        decide(status, action, channel=channel, started=started, strict=strict)
        for status, action, channel, started in product((None, *Status), Action, Channel, (None, False, True))
    )
    return tuple(decision for decision in asked if decision.code == refusal.code)


def ways(refusal: Refusal) -> list[tuple[Status, tuple[Action, ...]]]:
    """The legal ways to what was refused: from where, and by which actions."""
    by_action = sorted(cells(refusal), key=lambda decision: list(Action).index(decision.action))
    return list(
        dict.fromkeys(
            (decision.status, decision.route)
            for decision in by_action
            if decision.status is not None and decision.route and decision.started is None
        )
    )


class RuleText(NamedTuple):
    """What a report says about a code.

    Attributes:
        title: What it is, in a few words.
        description: The same in a sentence, with what to do instead where that is always the same.
        markdown: The description and the vendor's statements, as Markdown.
        source: The first of the vendor's statements; None if it rests on none, or on those of several rules.
    """

    title: str
    description: str
    markdown: str
    source: Source | None


def rule_text(code: str) -> RuleText:
    """What a code means; for a code that is on no list, that it is on none.

    >>> rule_text("CF224").title
    'pause before complete'
    """
    match ENTRIES.get(code):
        case Rule() as rule:
            source = f" while {rule.source}" if rule.source else ""
            return _text(f"{rule.trigger}{source}{_condition(rule)}", rule.effect, rule.sources)
        case Refusal() as refusal:
            return _text(refusal.title, _reason(refusal), refusal.sources)
        case Problem() as problem:
            return _text(problem.title, f"{sentence(problem.title)} {problem.advice}", problem.sources)
    return _text(code, f"{code} is on no list of this version's.", ())


def _text(title: str, description: str, sources: tuple[Source, ...]) -> RuleText:
    rows = [
        f"- [{without_markup(source.page.title)}]({source.page.url}): {without_markup(source.says)}"
        for source in sources
    ]
    markdown = "\n".join([without_markup(description), *([""] if rows else []), *rows])
    return RuleText(title, description, markdown, sources[0] if sources else None)


def _reason(refusal: Refusal) -> str:
    """The reason with everything in it that the refusal is the answer to."""
    return refusal.reason.format(
        status=_either(decision.status for decision in cells(refusal)),
        action=_either(decision.action for decision in cells(refusal)),
        channel=_either(decision.channel for decision in cells(refusal)),
    )


def _either(names: Iterable[str | None]) -> str:
    """The names in the order in which they came, each once."""
    return listed(dict.fromkeys(name for name in names if name), "or")

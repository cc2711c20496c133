"""What a code means when nothing is known but the code: the rule texts of a report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from typing import Final, NamedTuple

from campaign_fsm.lifecycle import decide
from campaign_fsm.printable import without_markup
from campaign_fsm.rules import (
    PROBLEMS,
    REFUSALS,
    RULES,
    STRICT_REFUSAL,
    Action,
    Channel,
    Problem,
    Refusal,
    Rule,
    Source,
    Status,
)
from campaign_fsm.words import listed


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
    match _ENTRIES.get(code):
        case Rule() as rule:
            return _text(_edge(rule), rule.effect, rule.sources)
        case Refusal() as refusal:
            return _text(refusal.title, _reason(refusal), refusal.sources)
        case Problem() as problem:
            return _text(problem.title, f"{_sentence(problem.title)} {problem.advice}", ())
    return _text(code, f"{code} is on no list of this version's.", ())


_LISTED: Final[list[Rule | Refusal | Problem]] = [*RULES, *REFUSALS, STRICT_REFUSAL, *PROBLEMS.values()]
_ENTRIES: Final = {entry.code: entry for entry in _LISTED}


def _text(title: str, description: str, sources: tuple[Source, ...]) -> RuleText:
    rows = [
        f"- [{without_markup(source.page.title)}]({source.page.url}): {without_markup(source.says)}"
        for source in sources
    ]
    markdown = "\n".join([without_markup(description), *([""] if rows else []), *rows])
    return RuleText(title, description, markdown, sources[0] if sources else None)


def _sentence(title: str) -> str:
    return f"{title[:1].upper()}{title[1:]}."


def _edge(rule: Rule) -> str:
    condition = {None: "", True: ", after the start", False: ", before the start"}[rule.started]
    channel = "" if len(rule.channels) == len(Channel) else f", {_either(rule.channels)} only"
    source = f" while {rule.source}" if rule.source else ""
    return f"{rule.trigger}{source}{condition}{channel}"


def _reason(refusal: Refusal) -> str:
    """The reason with everything in it that the refusal is the answer to."""
    cells = list(_cells(refusal))
    return refusal.reason.format(
        status=_either(status for status, _, _ in cells),
        action=_either(action for _, action, _ in cells),
        channel=_either(channel for _, _, channel in cells),
    )


def _cells(refusal: Refusal) -> Iterator[tuple[Status | None, Action, Channel]]:
    for status, action, channel, started in product((None, *Status), Action, Channel, (None, False, True)):
        if (
            decide(status, action, channel=channel, started=started, strict=refusal is STRICT_REFUSAL).code
            == refusal.code
        ):
            yield status, action, channel


def _either(names: Iterable[str | None]) -> str:
    """The names in the order in which they came, each once."""
    return listed(dict.fromkeys(name for name in names if name) or [""], "or")

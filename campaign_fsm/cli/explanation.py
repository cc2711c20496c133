"""What codes, errors and HTTP status codes mean, in words: the texts of `campaign-fsm rules` and `explain`."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Iterable, Iterator
from typing import Any, Final

import attrs
import click

from campaign_fsm import errors
from campaign_fsm.cli.decision import cited, steps, way_back
from campaign_fsm.cli.output import lay_out
from campaign_fsm.lifecycle.illegal import IllegalTrigger
from campaign_fsm.printable import without_markup
from campaign_fsm.reference import phrase, ways
from campaign_fsm.rules import GROUPS, RULES, STRICT_REFUSAL, Actor, Entry, Problem, Refusal, Rule, Standing
from campaign_fsm.rules.status_codes import Again, meaning_of

_CONTESTED: Final = {
    Actor.ACCOUNT_HOLDER: ": the vendor's pages contradict each other; --strict refuses it",
    Actor.PLATFORM: ": the vendor's pages contradict each other; it may happen all the same",
}


def _rows(entry: Entry) -> Iterator[tuple[str, str]]:
    match entry:
        case Rule():
            yield "who", f"the {entry.actor}"
            yield "effect", entry.effect
            if not entry.undoable:
                yield "undo", "it cannot be undone: no way back is documented"
            elif back := way_back(entry.source, entry.leads_to, channel=min(entry.channels)):
                yield "way back", back
            yield (
                "standing",
                f"{entry.standing}{_CONTESTED[entry.actor] if entry.standing is Standing.CONTESTED else ''}",
            )
        case Refusal():
            yield "why", entry.reason.format(status="<status>", action="<action>", channel="<channel>")
            if entry is STRICT_REFUSAL:
                for rule in RULES:
                    if rule.standing is Standing.CONTESTED and rule.actor is Actor.ACCOUNT_HOLDER:
                        yield "about", f"{rule.code}  {phrase(rule)}"
            for status, route in ways(entry):
                yield "the way", f"from {status}: {steps(route)}"
            if entry.hint:
                yield "the way", entry.hint
        case Problem():
            yield "instead", entry.advice
    yield from cited(getattr(entry, "sources", ()))


def explanation(entry: Entry, width: int | None = None) -> Iterator[str]:
    """An entry as lines of text, none longer than `width`."""
    kind = {"CF6": "finding", "CF7": "against a policy"}.get(entry.code[:3], "refused")
    yield f"{entry.code}  {'' if isinstance(entry, Rule) else f'{kind}: '}{phrase(entry)}"
    yield from lay_out(_rows(entry), width)


def reference(chosen: Iterable[Entry]) -> Iterator[str]:
    """Every code on one page, as Markdown."""
    yield "# Codes"
    yield ""
    yield "A code that was released keeps its meaning."
    for start, group in GROUPS.items():
        yield ""
        yield f"## {group}"
        for entry in chosen:
            if entry.code.startswith(start):
                yield ""
                yield f"### {entry.code} {without_markup(phrase(entry))}"
                yield ""
                for label, text in _rows(entry):
                    if label:
                        yield f"- {label}: {without_markup(text)}"
                    else:
                        yield f"  <{text}>"


def print_table(chosen: Iterable[Entry]) -> None:
    """Every code on a line, with its marks explained below."""
    for start, group in GROUPS.items():
        click.echo(click.style(f"\n{group}", bold=True))
        for entry in chosen:
            if entry.code.startswith(start):
                marks = ""
                if isinstance(entry, Rule):
                    marks = ("" if entry.undoable else " ▲") + (" †" if entry.standing == "contested" else "")
                text = phrase(entry) + marks
                click.echo(textwrap.fill(text, 78, initial_indent=f"  {entry.code}  ", subsequent_indent=" " * 9))
    click.echo("\n▲ cannot be undone   † contested: the vendor's pages contradict each other")
    click.echo("campaign-fsm explain CODE says what a code rests on.")


ERRORS: Final = {
    name: kind
    for name, kind in {**vars(errors), "IllegalTrigger": IllegalTrigger}.items()
    if isinstance(kind, type) and issubclass(kind, errors.CampaignFsmError)
}
"""The errors that the package raises, by their names."""


def explanation_of_error(kind: type[errors.CampaignFsmError], width: int | None = None) -> Iterator[str]:
    """An error of the Python package as lines of text, none longer than `width`."""
    first, *more = _paragraphs(kind)
    rows = [("about", text) for text in more]
    rows += [("is a", f"{base.__name__}: {_paragraphs(base)[0]}") for base in _bases(kind)]
    rows.append(("fields", ", ".join(_fields(kind)) or "none"))
    yield f"{kind.__name__}  error: {first}"
    yield from lay_out(rows, width)


def error_as_dict(kind: type[errors.CampaignFsmError]) -> dict[str, Any]:
    """An error of the Python package as plain data for JSON."""
    return {
        "error": kind.__name__,
        "kind": "error",
        "is_a": [base.__name__ for base in _bases(kind)],
        "text": _paragraphs(kind),
        "fields": _fields(kind),
    }


def _bases(kind: type[errors.CampaignFsmError]) -> list[type[errors.CampaignFsmError]]:
    return [base for base in kind.__mro__[1:] if issubclass(base, errors.CampaignFsmError)]


def _fields(kind: type[errors.CampaignFsmError]) -> list[str]:
    return [field.name for field in attrs.fields(kind)]  # type: ignore[arg-type]


def _paragraphs(kind: type[errors.CampaignFsmError]) -> list[str]:
    """What its docstring says, up to the list of its fields; Python can have been asked to drop docstrings."""
    text = inspect.cleandoc(kind.__doc__ or "").partition("Attributes:")[0].replace("`", "")
    return [" ".join(part.split()) for part in text.split("\n\n") if part.strip()] or [""]


_AGAIN: Final = {
    Again.NEVER: "is not sent again",
    Again.UNAPPLIED: "that can be undone, but no create, is sent again once a read has shown that it was not applied",
    Again.ALWAYS: "is sent again until the deadline",
}


def _read_before(code: int) -> str:
    """Which answer of this code to the read before a write stops the write: of 200 only one that is no reading."""
    return f"the answer to the read before a write{' and is no reading' if code == 200 else ''}"


def explanation_of_status_code(code: int, width: int | None = None) -> Iterator[str]:
    """An HTTP status code of the API's as lines of text, none longer than `width`."""
    meaning = meaning_of(code)
    rows = list(cited(meaning.sources))
    rows += [("seen", f"{meaning.seen} Seen in public client code; it is on no page.")] if meaning.seen else []
    rows += [("unknown", meaning.unknown)] if meaning.unknown else []
    rows += [
        ("raises", f"{meaning.error.__name__}: {_paragraphs(meaning.error)[0]}"),
        ("raises", f"StatusUnavailable, if it is {_read_before(code)}; the write was not sent."),
        ("client", meaning.client),
        ("again", f"A read {_AGAIN[meaning.read_again]}."),
        ("again", f"A write {_AGAIN[meaning.write_again]}."),
    ]
    rows += [("hint", meaning.hint)] if meaning.hint else []
    yield f"{code}  HTTP status code: {meaning.title}"
    yield from lay_out(rows, width)

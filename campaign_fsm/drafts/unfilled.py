"""Texts with placeholders that nobody fills in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from campaign_fsm.errors import FieldProblem
from campaign_fsm.words import counted

# What looks as if somebody would fill it in, as texts that are registered for DLT and template engines have it.
_UNFILLED: Final = {
    "{#var#}": (re.compile(r"\{#[^{}#]*#\}"), "no page shows it filled in"),
    "{{name}}": (re.compile(r"\{\{[^{}]*\}\}"), "no page shows it filled in"),
}
_COLUMN: Final = re.compile(r"@@\w")


def unfilled(name: str, text: str | None, kind: str, content: str | None) -> Iterator[FieldProblem]:
    """What looks as if somebody would fill it in, and goes out as it stands.

    Args:
        name: The parameter that holds the text.
        text: The text, if it is given.
        kind: The parameter that says whether columns are filled in.
        content: What that says: ``dynamic`` or ``static``; None if nothing, which may be either.
    """
    patterns = dict(_UNFILLED)
    if content == "static":
        patterns["@@column"] = (_COLUMN, f"columns are filled in where {kind} is dynamic")
    for shown, (pattern, why) in patterns.items():
        count = len(pattern.findall(text or ""))
        if count:
            yield FieldProblem(name, f"{shown} goes out as it stands: {why}", counted(count, "placeholder"))

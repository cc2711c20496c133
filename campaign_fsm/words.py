"""Small pieces of sentences: hints at what was meant, counts with their nouns, lists of names, lengths of time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"))


def nearest(name: str, known: Iterable[str], most: int = 1) -> list[str]:
    """The known names that are spelled nearly like a name, the nearest first; upper and lower case are the same."""
    from difflib import get_close_matches  # only on the way to an error

    spelled = {other.lower(): other for other in known}
    return [spelled[match] for match in get_close_matches(name.lower(), spelled, n=most)]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The question whether a known name was meant; empty if none is spelled nearly like it."""
    near = nearest(name, known)
    return f"did you mean {near[0]}?" if near else ""


def hint(name: str, known: Iterable[str]) -> str:
    """The known name that may be meant, or else all of them."""
    known = list(known)
    return did_you_mean(name, known) or f"use one of {', '.join(known)}"


def none_of(value: object, kind: str, known: Iterable[str]) -> str:
    """The sentence about a value that is none of the known ones: ``'p' is not a view; use one of life, matrix``."""
    article = "an" if kind[0] in "aeiou" else "a"
    return f"{value!r} is not {article} {kind}; use one of {', '.join(known)}"


def sentence(text: str) -> str:
    """A text as a sentence: with a capital letter and a full stop."""
    return f"{text[:1].upper()}{text[1:]}."


def listed(names: Iterable[str], last: str = "and") -> str:
    """Names in a row: ``a, b and c``; `last` is the word before the last one. Empty without a name."""
    *others, end = list(names) or [""]
    return f"{', '.join(others)} {last} {end}" if others else end


def counted(count: int, noun: str) -> str:
    """A count with its noun: ``1 file``, ``2,000 files``, ``2 entries``."""
    several = f"{noun[:-1]}ies" if noun.endswith("y") and noun[-2] not in "aeiou" else f"{noun}s"
    return f"{count:,} {noun if count == 1 else several}"


def length(duration: timedelta) -> str:
    """A length of time in its largest whole unit, rounded down: ``3 days``."""
    seconds = int(duration.total_seconds())
    for size, unit in _UNITS:
        if seconds >= size:
            return counted(seconds // size, unit)
    return counted(seconds, "second")


def duration(seconds: float) -> str:
    """A length of time to the second: ``48 s``, ``6 min 2 s``, ``1 h 10 min``."""
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"

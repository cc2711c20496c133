"""What one value has to keep to: each check yields the limit, for everything that breaks it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from campaign_fsm.printable import SURROGATE
from campaign_fsm.rules import PAGES

_MOST_NUMBERS: Final = 5000
_MOST_PLACES: Final = 5
# Beyond it readers of JSON that use floats take one number for another.
_LARGEST: Final = 2**53 - 1

# Said wherever a number may be one of them.
ONE_FAILS_ALL: Final = f"one invalid number fails the whole create, by {PAGES['how-campaigns-work'].title!r}"

Check = Callable[[Any], Iterator[str]]


def kept(value: Any) -> Any:
    """A list as a tuple: nobody can change it after it was checked, and equal drafts have one hash."""
    return tuple(value) if isinstance(value, list) else value


def numbers(value: Any) -> Any:
    """Phone numbers as a tuple; the vendor's pages have them as a list and as one text with commas."""
    return tuple(part.strip(" \t\r\n") for part in value.split(",")) if isinstance(value, str) else kept(value)


def text(least: int = 1, most: int | None = None) -> Check:
    limit = f"a text of {least}{f' to {most}' if most else ' or more'} characters"

    def check(value: Any) -> Iterator[str]:
        if not isinstance(value, str) or len(value.strip()) < least or (most is not None and len(value) > most):
            yield limit
        elif SURROGATE.search(value):
            yield "a text of whole characters, without halves of surrogate pairs"

    return check


def one_of(*values: str, any_case: bool = False, but: str = "") -> Check:
    limit = f"one of {', '.join(values)}{but and f' ({but})'}"

    def check(value: Any) -> Iterator[str]:
        if not isinstance(value, str) or (value.lower() if any_case else value) not in values:
            yield limit

    return check


def digits(value: Any) -> Iterator[str]:
    # As a number a DLT id would lose its last digits in readers that use floats.
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]+", value):
        yield "a string of digits"


def url(value: Any) -> Iterator[str]:
    try:
        parts = urlsplit(value) if isinstance(value, str) and value.isprintable() and " " not in value else None
        sound = parts is not None and parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets that do not match, a port that is none
        sound = False
    if not sound:
        yield "an http or https URL"


def boolean(value: Any) -> Iterator[str]:
    if not isinstance(value, bool):
        yield "True or False"


def whole(least: int, most: int = _LARGEST) -> Check:
    limit = f"a whole number, {least} {'or more' if most == _LARGEST else f'to {most}'}"

    def check(value: Any) -> Iterator[str]:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            too_large = most == _LARGEST and type(value) is int and value > _LARGEST
            yield f"{limit}, below 2^53: readers of JSON take larger ones for others" if too_large else limit

    return check


def list_ids(value: Any) -> Iterator[str]:
    if not isinstance(value, list | tuple) or not 1 <= len(value) <= 5:
        yield "1 to 5 list ids"
    elif not all(isinstance(entry, str) and entry.strip() and not SURROGATE.search(entry) for entry in value):
        yield "list ids, each a text"


def _library() -> Any:
    """`phonenumbers` (the extra ``phone``), or None: then the shape of a number has to do."""
    try:
        import phonenumbers
    except ImportError:
        return None
    return phonenumbers


# What a spreadsheet makes of a number: one dot or comma, with few digits behind it and no short group before it, or
# an exponent.
_SPREADSHEETS: Final = re.compile(
    r"[^.,]*(?:[0-9]{6,}[.,](?:[^.,0-9]*[0-9]){0,5}[^.,0-9]*|[.,][0-9]? *)|.*[0-9][eE][+-]?[0-9]+ *"
)
# A hyphen that separates nothing.
_MINUS: Final = re.compile(r"(?:^|[+(]) *-|- *(?:$|\))")
_IN_BRACKETS: Final = re.compile(r"\(([^()]*[0-9][^()]*)\)")
# Longer than anybody writes a number: these patterns take their time over long texts.
_LONGEST: Final = 60
_DIALLED: Final = re.compile(r"[0-9 ().,+eE-]*")
_STRANGE: Final = re.compile(r"[^\w ().+*#-]")
# Spaces, hyphens and marks that look like others, or like nothing.
_DISGUISED: Final = ("Zs", "Pd", "Cf", "Cc")
# Letters say that it is something else, or nothing.
_LETTER: Final = re.compile(r"[^\W\d_]")


def _bare(number: str) -> str:
    """A number without what people put between its digits."""
    return re.sub(r"[ .-]", "", _IN_BRACKETS.sub(r"\1", number))


def _misread(number: str, *, masked: bool = False) -> str:
    """What a text of digits and signs has that no phone number has; empty for any other text.

    Where digits may be `masked`, any sign that can be seen may be a mask.
    """
    if len(number) > _LONGEST:
        return ""
    if _DIALLED.fullmatch(number):
        if _SPREADSHEETS.fullmatch(number):
            return (
                "has the decimal point or comma, or the exponent, of a spreadsheet's number: format its column as text"
            )
        if _MINUS.search(number):
            return "has a minus: hyphens stand between digits"
        if re.search(r"[()]", _IN_BRACKETS.sub("", number)):
            return "has half of a pair of brackets"
    if number.lower().startswith("tel:"):
        return "begins with tel:, as a link does"
    strange = _STRANGE.findall(number)
    if masked:
        strange = [char for char in strange if char == "=" or unicodedata.category(char) in _DISGUISED]
    return f"has {_named(strange[0])} in it" if strange and not _LETTER.search(number) else ""


def _named(char: str) -> str:
    """A character by its name: from the web or from Word come some that look like others, or like nothing."""
    if char.isascii() and char.isprintable():
        return repr(char)
    return f"the character {unicodedata.name(char, 'without a name')} (U+{ord(char):04X})"


def _possible(number: str) -> bool:
    library = _library()
    if len(number) > _LONGEST or not re.fullmatch(r"\+?[0-9]{6,15}", bare := _bare(number)):
        return False
    if library is None or not bare.startswith("+"):
        return True
    try:
        return bool(library.is_possible_number(library.parse(bare)))
    except library.NumberParseException:
        return False


def caller_id(value: Any) -> Iterator[str]:
    wrong = list(text()(value))
    yield from wrong
    # The vendor's samples mask digits, so its shape says nothing, and what has few of them may be anything.
    if not wrong and len(re.findall("[0-9]", value)) >= 6 and (what := _misread(value, masked=True)):
        yield f"a phone number; this one {what}"


def phone_numbers(value: Any) -> Iterator[str]:
    if not isinstance(value, list | tuple) or not 1 <= len(value) <= _MOST_NUMBERS:
        yield f"1 to {_MOST_NUMBERS} phone numbers"
        return
    wrong: dict[str, list[int]] = {}
    for at, number in enumerate(value, 1):
        if not isinstance(number, str):
            wrong.setdefault("is no text", []).append(at)
        elif not number.strip():
            wrong.setdefault("is empty", []).append(at)
        elif what := _misread(number):
            wrong.setdefault(what, []).append(at)
        elif not _possible(number):
            wrong.setdefault("is none", []).append(at)
    if wrong:
        kinds = list(wrong.items())
        found = "; ".join(f"number {_places(places)} in the list {what}" for what, places in kinds[:_MOST_PLACES])
        found += f"; {len(kinds) - _MOST_PLACES} more kinds of errors" if len(kinds) > _MOST_PLACES else ""
        yield f"phone numbers, preferably in E.164 (+ and up to 15 digits): {ONE_FAILS_ALL}; {found}"


def _places(places: list[int]) -> str:
    more = f" and {len(places) - _MOST_PLACES} more" if len(places) > _MOST_PLACES else ""
    return ", ".join(map(str, places[:_MOST_PLACES])) + more


def invalid_by_plan(numbers: Sequence[str]) -> int:
    library = _library()
    if library is None:
        return 0
    full = (bare for bare in map(_bare, numbers) if bare.startswith("+"))
    return sum(not library.is_valid_number(library.parse(bare)) for bare in full)

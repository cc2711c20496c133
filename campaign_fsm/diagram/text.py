"""How much room a text takes, whatever font a viewer has: estimated after the widest of the common ones."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

# Advance widths in hundredths of the size, each the larger one of DejaVu Sans and of a metric twin of Arial.
_WIDTHS: Final = {
    character: width / 100
    for width, characters in {
        28: "'ijl",
        32: "I ,.’",
        36: "/:;\\|-f",
        40: "()[]!t",
        43: "r",
        50: '"*J`',
        53: "sz“”",
        57: "c?L_†–k",
        61: "vxyFT",
        64: "aeo$0123456789bdghnpqu{}",
        69: "EKPSYABVXZ",
        75: "CRUN",
        79: "HD&GOQ",
        84: "w#+<=>^~×",
        99: "M%mW▲",
        104: "…→@",
    }.items()
    for character in characters
}
_BOLD: Final = 1.16


@lru_cache(maxsize=4096)
def width(text: str, size: float, *, bold: bool = False) -> float:
    """The room for a text in a size; a character of unknown width counts as a square."""
    return sum(_WIDTHS.get(character, 1.04) for character in text) * size * (_BOLD if bold else 1)


def wrap(text: str, size: float, room: float) -> list[str]:
    """The text in lines that fit into the room; a word that does not gets a line of its own."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width(longer, size) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines

"""What an audit could not judge, or not read: the first of each kind with its place, the rest counted."""

from __future__ import annotations

from typing import Final

from attrs import define, field

NAMED: Final = 5
"""So many are named."""


@define
class Gaps:
    """Things of one kind that are missing from what is known.

    Attributes:
        number: How many there are.
        named: A sentence for each of the first.
    """

    number: int = 0
    named: list[str] = field(factory=list)

    def add(self, sentence: str) -> None:
        """One more; without a sentence where another place has it."""
        self.number += 1
        if sentence and len(self.named) < NAMED:
            self.named.append(sentence)

    def add_all(self, others: Gaps) -> None:
        """Those of another file."""
        self.number += others.number
        self.named += others.named[: NAMED - len(self.named)]

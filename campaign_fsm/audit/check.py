"""What a check is: a function from an observation to what is wrong with it. `campaign_fsm.audit.checks` has them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from enum import IntEnum, auto
from typing import Any, Final, NamedTuple, TypeVar

from attrs import frozen

from campaign_fsm.audit.finding import Level
from campaign_fsm.audit.observation import Observation
from campaign_fsm.audit.tracker import Statuses
from campaign_fsm.rules import ENTRIES, Source
from campaign_fsm.traffic import Exchange
from campaign_fsm.words import listed

AS_RECORDED: Final = -1


@frozen(kw_only=True)
class Detection:
    """What a check found, before it is a finding with a place and a fingerprint.

    Attributes:
        code: Its code.
        level: How bad it is.
        message: What was found, in one sentence, without secrets, numbers and texts.
        advice: What to do instead; None for what is always the advice of this code.
        sources: The vendor's statements that it rests on.
        status_code: What the server answered, if the check read it otherwise than the recording has it.
        about: What distinguishes it from another finding of this code about the same campaign and action (fingerprint).
        once: What it is about in the whole file: of detections with the same text here only the first counts. Empty
            if every one counts.
    """

    code: str
    level: Level
    message: str
    advice: str | None = None
    sources: tuple[Source, ...] = ()
    status_code: int | None = AS_RECORDED
    about: str = ""
    once: str = ""


class Stage(IntEnum):
    """When a check is asked: the findings of one observation come in this order."""

    RECORDING = auto()
    """What was recorded, whatever it is about."""
    REQUEST = auto()
    """How the request can be read, and its parameters."""
    POLICY = auto()
    """What the team forbids."""
    BEFORE = auto()
    """What went before the request."""
    LIFE_CYCLE = auto()
    """Whether it is legal."""
    ANSWER = auto()
    """What kind of answer there is."""
    STATUS = auto()
    """The status that is shown."""


Ask = Callable[[Any], Iterable[Detection]]
"""What a check is: from an observation to what is wrong with it."""


class Check(NamedTuple):
    """A registered check.

    Attributes:
        codes: The codes that it reports; ``CF7`` stands for all that begin with it.
        stage: When it is asked.
        of: The kinds of observations that it is asked about, exactly these and none derived from them.
        reads: The fields that it looks at of those that count for nothing otherwise (`campaign_fsm.audit.shortcut`):
            where one is set, an exchange is looked at whole, however much it is like one before.
        ask: The function.
    """

    codes: tuple[str, ...]
    stage: Stage
    of: tuple[type[Observation], ...]
    reads: frozenset[str]
    ask: Ask


REGISTERED: Final[list[Check]] = []
_Ask = TypeVar("_Ask", bound=Callable[[Any], Iterator[Detection]])


def check(
    *codes: str, stage: Stage, of: tuple[type[Observation], ...], reads: Iterable[str] = ()
) -> Callable[[_Ask], _Ask]:
    """Register the function as the check of these codes, see `Check`.

    Raises:
        ValueError: A code has no text, or a field is none of an exchange.
    """
    for code in codes:
        if not any(known.startswith(code) for known in ENTRIES):
            raise ValueError(f"{code} has no text; give it one in campaign_fsm/rules/problems.py")
    if unknown := set(reads) - {*Exchange.__struct_fields__}:
        raise ValueError(f"no fields of an exchange: {', '.join(sorted(unknown))}")

    def register(ask: _Ask) -> _Ask:
        REGISTERED.append(Check(codes, stage, of, frozenset(reads), ask))
        return ask

    return register


def names(statuses: Statuses) -> str:
    """The statuses, as a message has them."""
    return listed(sorted(statuses), "or")

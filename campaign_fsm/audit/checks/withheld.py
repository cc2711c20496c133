"""Writes that the client did not send, for another reason than the life cycle."""

from __future__ import annotations

from collections.abc import Iterator

from campaign_fsm.audit.check import Detection, Stage, check
from campaign_fsm.audit.finding import Level
from campaign_fsm.audit.observation import Withheld
from campaign_fsm.rules import PROBLEMS


@check("CF4", "CF7", stage=Stage.LIFE_CYCLE, of=(Withheld,))
def withheld(seen: Withheld) -> Iterator[Detection]:
    """The client recorded that it could not read the write, or that a policy forbids it."""
    code, assessment = seen.exchange.code or "", seen.assessment
    if assessment is not None and not assessment.legal and not assessment.unknown:
        return  # that it is illegal says it all
    if code.startswith(("CF4", "CF7")) and code in PROBLEMS:
        message = f"{seen.action} was not sent: {PROBLEMS[code].title}."
        yield Detection(code=code, level=Level.WARNING, message=message)

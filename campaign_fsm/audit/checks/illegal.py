"""Writes that the life cycle, or what stands beside the action, does not allow."""

from __future__ import annotations

from collections.abc import Iterator

from campaign_fsm.audit.check import Detection, Stage, check, names
from campaign_fsm.audit.finding import Level
from campaign_fsm.audit.observation import Asked, Fate, Withheld, Written


@check("CF2", "CF413", "CF416", stage=Stage.LIFE_CYCLE, of=(Written, Withheld))
def illegal(seen: Written | Withheld) -> Iterator[Detection]:
    """It is illegal in every status that the campaign may have; a warning if that does no harm, or is excused."""
    assessment = seen.assessment
    if assessment is None or assessment.unknown or assessment.legal:
        return
    verdict = assessment.verdict
    answered = isinstance(seen, Written) and seen.fate is not Fate.PLANNED
    excuse = assessment.excuse if answered else None
    message = f"{seen.action} while {names(seen.tracked.possible)} {_what_was_done(seen)}. {verdict.reason}"
    if excuse:
        message += f" By what was recorded, the platform may have made it {excuse.status} first: there it is legal."
    harmless = isinstance(seen, Withheld) or verdict.already or excuse
    yield Detection(
        code=verdict.code,
        level=Level.WARNING if harmless else Level.ERROR,
        message=message,
        advice=verdict.advice,
        sources=verdict.sources,
        status_code=_status_code(seen),
    )


def _status_code(seen: Asked) -> int | None:
    return seen.answer.status_code if isinstance(seen, Written) and seen.fate is not Fate.PLANNED else None


def _what_was_done(seen: Asked) -> str:
    if seen.exchange.planned:
        return "is planned"
    if isinstance(seen, Withheld):
        return "was not sent"
    code = _status_code(seen)
    return "was sent" if code is None else f"was sent, and the server said {code}"

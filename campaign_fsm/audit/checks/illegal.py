"""Writes that the life cycle, or what stands beside the action, does not allow."""

from __future__ import annotations

from collections.abc import Iterator

from campaign_fsm.audit.check import Detection, Stage, check, names
from campaign_fsm.audit.finding import Level
from campaign_fsm.audit.observation import CampaignWrite, UnsentWrite, WriteObservation


@check("CF2", "CF413", "CF416", stage=Stage.LIFE_CYCLE, of=(CampaignWrite, UnsentWrite))
def illegal(seen: CampaignWrite | UnsentWrite) -> Iterator[Detection]:
    """It is illegal in every status that the campaign may have; a warning if that does no harm, or is excused."""
    assessment = seen.assessment
    if assessment is None or assessment.unknown or assessment.legal:
        return
    verdict = assessment.verdict
    answer = seen.answer if isinstance(seen, CampaignWrite) and not seen.exchange.planned else None
    code = answer.status_code if answer else None
    excuse = assessment.excuse if answer else None
    message = f"{seen.action} while {names(seen.tracked.possible)} {_what_was_done(seen, code)}. {verdict.reason}"
    if excuse:
        message += f" By what was recorded, the platform may have made it {excuse.status} first: there it is legal."
    harmless = isinstance(seen, UnsentWrite) or verdict.already or excuse
    yield Detection(
        code=verdict.code,
        level=Level.WARNING if harmless else Level.ERROR,
        message=message,
        advice=verdict.advice,
        sources=verdict.sources,
        status_code=code,
    )


def _what_was_done(seen: WriteObservation, code: int | None) -> str:
    if seen.exchange.planned:
        return "is planned"
    if isinstance(seen, UnsentWrite):
        return "was not sent"
    return "was sent" if code is None else f"was sent, and the server answered {code}"

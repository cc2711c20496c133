"""Whether a write is legal in what is known of its campaign, and whether what went before it was read."""

from __future__ import annotations

from collections.abc import Iterator

from campaign_fsm.audit.check import Detection, Stage, check, names
from campaign_fsm.audit.finding import Level
from campaign_fsm.audit.observation import CampaignWrite, UnclearWrite, UnsentWrite, WriteObservation
from campaign_fsm.rules import PROBLEMS


@check("CF602", stage=Stage.BEFORE, of=(CampaignWrite,))
def lost_answer(seen: CampaignWrite) -> Iterator[Detection]:
    """The answer to an earlier write was lost, and no read followed it."""
    if lost := seen.tracked.lost:
        here = f"entry {lost.entry}" if lost.entry else f"line {lost.line}"
        place = here if lost.path == seen.options.path else str(lost)
        message = f"The answer to the write at {place} was lost, and nothing was read since."
        yield Detection(code="CF602", level=Level.ERROR, message=message)


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
        message += (
            f" According to the recording, the platform may have made it {excuse.status} first; then it is legal."
        )
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


@check("CF605", stage=Stage.LIFE_CYCLE, of=(UnclearWrite, CampaignWrite))
def unjudged(seen: UnclearWrite | CampaignWrite) -> Iterator[Detection]:
    """Something that counts was not recorded; a finding only in a strict audit."""
    if seen.options.strict and (reason := seen.unjudged):
        message = f"Whether {seen.action or 'this write'} was legal is unknown: {reason}."
        yield Detection(code="CF605", level=Level.WARNING, message=message)


@check("CF4", "CF7", stage=Stage.LIFE_CYCLE, of=(UnsentWrite,))
def unsent(seen: UnsentWrite) -> Iterator[Detection]:
    """The client recorded that it could not read the write, or that a policy forbids it."""
    code, assessment = seen.exchange.code or "", seen.assessment
    if assessment is not None and not assessment.legal and not assessment.unknown:
        return  # that it is illegal says it all
    if code.startswith(("CF4", "CF7")) and code in PROBLEMS:
        message = f"{seen.action} was not sent: {PROBLEMS[code].title}."
        yield Detection(code=code, level=Level.WARNING, message=message)

"""How a request can be read, and the parameters in it."""

from __future__ import annotations

from collections.abc import Iterator

from campaign_fsm.audit.check import Detection, Stage, check
from campaign_fsm.audit.finding import Level
from campaign_fsm.audit.observation import CampaignWrite, CreateRequest, UnreadableWrite
from campaign_fsm.drafts import DRAFT_OF
from campaign_fsm.errors import InvalidParameters
from campaign_fsm.rules import Action


@check("CF606", stage=Stage.REQUEST, of=(CampaignWrite, CreateRequest))
def parameters(seen: CampaignWrite | CreateRequest) -> Iterator[Detection]:
    """A create or an edit gives a field a value that the vendor's pages do not allow."""
    intent = seen.intent
    if not intent.fields or seen.exchange.request_body is None:
        return
    if isinstance(seen, CampaignWrite) and intent.action is not Action.EDIT:
        return
    given = {key: value for key, value in intent.fields.items() if key not in ("id", "sid") and value is not None}
    try:
        DRAFT_OF[intent.channel].build(given, partial=intent.action is not Action.CREATE)
    except InvalidParameters as error:
        # What was given may be a phone number, a text or a URL with a key in it.
        listed = "; ".join(f"{problem.field}: {problem.rule}" for problem in error.problems)
        message = f"The parameters of {seen.action} break documented limits: {listed}."
        yield Detection(code="CF606", level=Level.WARNING, message=message, about=listed)


@check("CF4", stage=Stage.REQUEST, of=(UnreadableWrite,))
def unreadable_request(seen: UnreadableWrite) -> Iterator[Detection]:
    """Two servers could read it differently; a warning if it was not sent."""
    yield Detection(
        code=seen.refusal.code,
        level=Level.ERROR if seen.exchange.sent else Level.WARNING,
        message=f"Two servers could read this write differently, or not as it is meant: {seen.refusal.reason}",
        advice=seen.refusal.advice,
    )

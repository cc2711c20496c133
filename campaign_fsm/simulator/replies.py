"""What leaves the simulated server: an answer, and what a fault makes of it."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Final

from attrs import evolve, frozen

from campaign_fsm.simulator.answers import Result, encode, rest_exception
from campaign_fsm.simulator.api import Plan
from campaign_fsm.simulator.faults import NOT_APPLIED, Fault, Planned

_PADDING: Final = 8 * 2**20


@frozen
class Reply:
    """What the server would send.

    Attributes:
        status_code: The status code.
        headers: Names and values.
        body: The bytes of the body.
        fault: What keeps it from arriving so; None if nothing does.
    """

    status_code: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    fault: Planned | None = None


def carried_out(plan: Plan, fault: Planned | None) -> Result:
    """What becomes of a request that nothing but this fault stands against."""
    if fault is None or fault.kind not in NOT_APPLIED:
        result = plan.carry_out()
        return (
            evolve(result, status_code=200) if fault and fault.kind in (Fault.MALFORMED, Fault.WRONG_SHAPE) else result
        )
    match fault.kind:
        case Fault.RATE_LIMITED:
            return too_many(plan)
        case Fault.FAILED_ITEM:
            return evolve(plan.refused(400), status_code=200)
        case Fault.MULTI_STATUS:
            return evolve(plan.refused(400), status_code=207)
        case Fault.REDIRECT:
            return evolve(plan.refused(307), payload=None)
        case _:
            return plan.refused(fault.status_code)


def unauthorized(plan: Plan, *, as_rest_exception: bool) -> Result:
    refused = plan.refused(401)
    return evolve(refused, payload=rest_exception(401, "Authenticate")) if as_rest_exception else refused


def too_many(plan: Plan) -> Result:
    return evolve(plan.refused(429), payload=rest_exception(429, "Too Many Requests"))


def reply(
    result: Result, fault: Planned | None, *, request_id: str, now: datetime, limits: list[tuple[str, str]]
) -> Reply:
    """The answer as it leaves.

    Args:
        result: What it says.
        fault: What strikes it.
        request_id: The id that the server gives to the request.
        now: The time by the server's clock, an aware datetime.
        limits: The headers about the rate limit.
    """
    kind = fault.kind if fault else None
    body = encode(result, request_id)
    headers = [("Content-Type", "application/json"), *limits]
    if kind is Fault.MALFORMED:
        body, headers = b"<html><body>Bad gateway of somebody's</body></html>", [("Content-Type", "text/html")]
    elif kind is Fault.WRONG_SHAPE:
        body = b'{"response": "ok", "status": ["archived"]}'
    elif kind is Fault.WRONG_CAMPAIGN and result.request.campaign:
        body = body.replace(result.request.campaign.id.encode(), b"0" * 32)
    elif kind is Fault.OVERSIZED:
        body += b" " * _PADDING
    elif kind is Fault.REDIRECT:
        headers.append(("Location", f"https://elsewhere.invalid{result.request.path}"))
    elif kind is Fault.RATE_LIMITED and fault and fault.retry_after is not None:
        headers.append(("Retry-After", str(fault.retry_after)))
    if kind is not Fault.NO_DATE:
        headers.append(("Date", format_datetime(now.astimezone(UTC), usegmt=True)))
    return Reply(result.status_code, tuple(headers), body, fault)

"""What users write, checked by `mypy --strict`; never run."""

import httpx

from campaign_fsm import (
    Action,
    AlreadyThere,
    AsyncCampaignClient,
    AsyncGuardTransport,
    Campaign,
    CampaignClient,
    Decision,
    Drift,
    GuardTransport,
    IllegalTransition,
    Refused,
    Status,
    decide,
    route,
)


def sync_use() -> Campaign:
    with CampaignClient(channel="voice", region="mumbai", on_drift=note) as client:
        try:
            return client.pause("camp_abc123")
        except AlreadyThere:
            return client.get("camp_abc123")
        except IllegalTransition as refusal:
            steps: tuple[Action, ...] | None = refusal.route
            raise RuntimeError(refusal.code, steps) from refusal


async def async_use() -> Decision:
    async with AsyncCampaignClient() as client:
        campaign: Campaign = await client.resume("x")
        status: Status = campaign.status
        assert status is Status.IN_PROGRESS
        return await client.check("x", "archive")


def note(drift: Drift) -> None:
    print(drift.seen, drift.answered, drift.unseen)


def transports() -> tuple[httpx.Client, httpx.AsyncClient]:
    guard = GuardTransport(httpx.HTTPTransport(retries=0), max_age=2.0, strict=True, on_drift=note)
    return (
        httpx.Client(transport=guard),
        httpx.AsyncClient(transport=AsyncGuardTransport(httpx.AsyncHTTPTransport(), ignore_hosts={"example.com"})),
    )


def rules() -> bool:
    decision = decide("paused", Action.COMPLETE, channel="message", started=True)
    way: tuple[Action, ...] | None = route("created", "archived")
    refused: type[Refused] = Refused
    return decision.allowed and way is not None and issubclass(refused, Exception)

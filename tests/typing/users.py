"""What users write, checked by `mypy --strict`; never run."""

from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
from transitions.extensions import LockedMachine
from transitions.extensions.asyncio import AsyncMachine

from campaign_fsm import (
    Action,
    AlreadyThere,
    AsyncCampaignClient,
    AsyncCampaignModel,
    AsyncGuardTransport,
    CallRecipient,
    Campaign,
    CampaignClient,
    CampaignMachine,
    CampaignModel,
    Decision,
    Drift,
    GuardTransport,
    IllegalTransition,
    IllegalTrigger,
    Judgement,
    MessageCampaignDraft,
    MessageRecipient,
    Recipient,
    Refused,
    Retries,
    Schedule,
    Status,
    VoiceCampaignDraft,
    Wait,
    build_machine,
    confirmed,
    decide,
    diagnose,
    parse_status_callback,
    route,
)
from campaign_fsm.diagram import Format, History, Step, draw_view, render
from campaign_fsm.history import history_of_recording
from campaign_fsm.simulator import Entry
from campaign_fsm.testing import ModelLife, assert_legal, follow
from campaign_fsm.testing import Step as WalkStep


def team_use(path: str) -> Campaign:
    with CampaignClient(policy=path) as client, confirmed():
        decision: Decision = assert_legal("paused", "complete")
        assert decision
        return client.complete("camp_abc123")


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


def everything(client: CampaignClient) -> Campaign:
    draft = MessageCampaignDraft(
        content_type="static", lists=["l1"], sender_id="EXOTEL", sms_type="transactional", template="Hello."
    )
    made: Campaign = client.create(draft)
    client.edit(made.id, MessageCampaignDraft.of(made))
    client.edit(made.id, partial=True, name="renamed")
    client.reschedule(made.id, Schedule(datetime.now(UTC)), resume=True)
    found: Iterator[Campaign] = client.list(status=[Status.PAUSED, "created"], name="x", page_size=10)
    recipients: Iterator[Recipient] = client.recipients(made.id)
    statuses = [recipient.status for recipient in recipients]
    names = [campaign.name for campaign in found]
    for diagnosis in diagnose(client.find("renamed")):
        print(diagnosis.title, names, statuses)
    client.wait_until(made.id, {"paused", Status.COMPLETED}, timeout=60, on_read=lambda campaign: None)
    return client.ensure_paused(made.id)


async def everything_async() -> None:
    def told(wait: Wait) -> None:
        print(wait.seconds)

    async with AsyncCampaignClient(channel="voice", budget=60, on_wait=told, trace="trace.jsonl") as client:
        made = await client.create(
            VoiceCampaignDraft(
                caller_id="0800",
                from_="+919876543210,+919876543211",
                retries=Retries(number_of_retries=1, interval_mins=5),
            )
        )
        async for campaign in client.list(status="paused"):
            print(campaign.pending)
        async for recipient in client.recipients(made.id, status="failed"):
            if isinstance(recipient, CallRecipient):
                ended: datetime | None = recipient.end_time
                print(recipient.raw, recipient.number, recipient.duration, ended)
            elif isinstance(recipient, MessageRecipient):
                text: str | None = recipient.message
                print(text)
        await client.delete(parse_status_callback(b"{}").campaign_id)


def drawn() -> tuple[str, bytes]:
    history: History = history_of_recording("trace.jsonl", "camp_abc123")
    text: str = render("svg", "from:paused", channel="voice", theme="dark")
    text += render("mermaid", "history", history=history)
    picture: bytes = render("png")
    print(draw_view("route:created:archived").title, len(history.steps))
    return text, picture


def former_names(record: Judgement, entry: Entry, step: Step, format: Format) -> list[object]:
    """Names from before, as types."""
    return [record.reading, entry.number, step.code, format.value]


class OurModel(CampaignModel):
    started = False

    def on_enter_paused(self) -> None:
        assert self.is_paused()


def a_machine_of_ones_own() -> bool:
    model = OurModel()
    machine: CampaignMachine = build_machine("voice", model=model, initial=Status.PAUSED, queued=True)
    locked: LockedMachine = build_machine(machine=LockedMachine, strict=True)
    triggers: list[str] = machine.get_triggers("paused", actor="account holder") + locked.get_triggers("paused")
    try:
        done: bool = model.resume() and model.edit_callbacks() and model.may_pause()
    except IllegalTrigger as error:
        steps: tuple[Action, ...] | None = error.route
        raise RuntimeError(error.code, steps, triggers) from error
    return done


class OurAsyncModel(AsyncCampaignModel):
    async def started(self) -> bool:
        return True


async def an_async_machine_of_ones_own() -> bool:
    model = OurAsyncModel()
    build_machine(machine=AsyncMachine, model=model, initial="paused")
    return await model.may_resume() and await model.resume()


class OurLife(ModelLife):
    def make_model(self) -> OurModel:
        return OurModel()


def followed(walk: list[WalkStep]) -> None:
    follow(OurModel(), walk)

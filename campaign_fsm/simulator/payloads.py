"""How the campaigns of the simulated account look on the wire."""

from __future__ import annotations

from typing import Any, Final

from campaign_fsm.rules import Channel, Status
from campaign_fsm.simulator.campaigns import StoredCampaign
from campaign_fsm.wire.campaign import SPELLED_AS
from campaign_fsm.wire.reading import ID_KEYS
from campaign_fsm.wire.schedule import SCHEDULE_KEYS

# Message campaigns spell statuses as the page update-sms-campaign does, voice campaigns as campaign-details does.
_VOICE_SPELLING: Final = {Status.IN_PROGRESS: "InProgress"}

_DEFAULTS: Final[dict[Channel, dict[str, Any]]] = {
    Channel.MESSAGE: {
        "content_type": "static",
        "lists": ["f2284e77ea5a4224911251b08f861af2"],
        "status_callback": None,
        "sms_status_callback": None,
        "sender_id": "EXOTEL",
        "channel": "SMS",
        "sms_type": "transactional",
        "template": "Hello.",
        "dlt_template_id": "1107160016142600511",
        SPELLED_AS["dlt_entity_id"]: "1101428740000012125",
        "estimated_cost": 0.17,
    },
    Channel.VOICE: {
        "type": "trans",
        "caller_id": "0XXXXXX2400",
        "campaign_type": "static",
        "url": "http://my.exotel.com/acme1/exoml/start_voice/1",
        "retries": {"number_of_retries": 0},
        "call_duplicate_numbers": False,
        "status_callback": None,
        "call_status_callback": None,
        "call_schedule_callback": None,
    },
}


def spelled(status: Status, channel: Channel) -> str:
    """The status, as answers about campaigns of this channel spell it."""
    if channel is Channel.VOICE:
        return _VOICE_SPELLING.get(status, status.capitalize())
    return status.value


def stats(campaign: StoredCampaign) -> dict[str, int]:
    """Counts that fit the status: all pending before, none after, the rest failed when it was ended early."""
    done, failed, waiting = campaign.progress()
    if campaign.channel is Channel.VOICE:
        return {"created": 0, "completed": done, "failed": failed, "pending": waiting}
    return {
        "scheduled": waiting,
        "submitted": 0,
        "sent": done,
        "failed": failed,
        "failed-dnd": 0,
        "invalid": 0,
        "failed-no-attempt": 0,
        "failed-expired": 0,
        "failed-no-balance": 0,
    }


def kind_of(campaign: StoredCampaign) -> str:
    """The `type` of a voice campaign."""
    return str(campaign.parameters.get("type", _DEFAULTS[Channel.VOICE]["type"]))


def payload(campaign: StoredCampaign, account_sid: str) -> dict[str, Any]:
    """The campaign as details show it."""
    common = {
        ID_KEYS[campaign.channel]: campaign.id,
        "account_sid": account_sid,
        "name": campaign.name,
        "schedule": _schedule(campaign),
        "status": spelled(campaign.status, campaign.channel),
        "report_url": None,
        "date_created": campaign.created.isoformat(),
        "date_updated": campaign.updated.isoformat(),
        "stats": stats(campaign),
    }
    given = {SPELLED_AS.get(key, key): value for key, value in campaign.parameters.items()}
    return {**_DEFAULTS[campaign.channel], **given, **common}


def _schedule(campaign: StoredCampaign) -> dict[str, str | None] | None:
    if not campaign.start and not campaign.end:
        return None
    first, last = SCHEDULE_KEYS[campaign.channel]
    return {
        first: campaign.start.isoformat() if campaign.start else None,
        last: campaign.end.isoformat() if campaign.end else None,
    }

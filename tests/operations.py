"""Every operation of a client, drafts to make campaigns of, and the campaign that each operation acts on."""

from datetime import timedelta
from typing import NamedTuple

from campaign_fsm import MessageCampaignDraft, Schedule, VoiceCampaignDraft


def message(simulator, **changes):
    """A message campaign that starts in an hour."""
    start = simulator.now + timedelta(hours=1)
    given = {
        "content_type": "static",
        "lists": ["l1"],
        "sender_id": "EXOTEL",
        "sms_type": "transactional",
        "template": "Hello.",
        "dlt_entity_id": "1101428740000012125",
        "dlt_template_id": "1107160016142600511",
        "name": "diwali",
        "schedule": Schedule(start, start + timedelta(hours=5)),
    }
    return MessageCampaignDraft(**{**given, **changes})


def voice(**changes):
    """A call campaign that starts at once."""
    return VoiceCampaignDraft(**{"caller_id": "08012345678", "from_": ["+919900000001"], "name": "calls", **changes})


def later(simulator, start=2, end=9):
    """A schedule in hours from now."""
    return Schedule(*(None if hours is None else simulator.now + timedelta(hours=hours) for hours in (start, end)))


class Operation(NamedTuple):
    kind: str
    channel: str
    # As `Simulator.add` takes it; start and end in seconds from now.
    given: dict
    # With a client, the campaign's id and the simulator.
    call: object


AHEAD = {"start": 3600}
RUNNING = {"status": "in-progress"}
PAUSED = {"status": "paused"}
COMPLETED = {"status": "completed"}
STARTED = {"status": "paused", "start": -7200, "end": 3600}

OPERATIONS = {
    "get": Operation("read", "message", PAUSED, lambda c, i, s: c.get(i)),
    "check": Operation("read", "voice", PAUSED, lambda c, i, s: c.check(i, "resume")),
    "list": Operation("pages", "message", PAUSED, lambda c, i, s: c.list(page_size=1)),
    "recipients": Operation("details", "message", {"contacts": 41}, lambda c, i, s: c.recipients(i)),
    "find": Operation("read", "message", {"name": "unique"}, lambda c, i, s: c.find("unique")),
    "pause": Operation("undoable", "message", RUNNING, lambda c, i, s: c.pause(i)),
    "resume": Operation("undoable", "voice", PAUSED, lambda c, i, s: c.resume(i)),
    "complete": Operation("final", "message", PAUSED, lambda c, i, s: c.complete(i)),
    "archive": Operation("final", "voice", COMPLETED, lambda c, i, s: c.archive(i)),
    "ensure_paused": Operation("undoable", "voice", RUNNING, lambda c, i, s: c.ensure_paused(i)),
    "ensure_resumed": Operation("undoable", "message", PAUSED, lambda c, i, s: c.ensure_resumed(i)),
    "ensure_completed": Operation("final", "voice", PAUSED, lambda c, i, s: c.ensure_completed(i)),
    "ensure_archived": Operation("final", "message", COMPLETED, lambda c, i, s: c.ensure_archived(i)),
    "edit": Operation("undoable", "message", AHEAD, lambda c, i, s: c.edit(i, message(s))),
    "edit partial": Operation("undoable", "message", AHEAD, lambda c, i, s: c.edit(i, partial=True, name="renamed")),
    "edit callbacks": Operation(
        "undoable", "voice", RUNNING, lambda c, i, s: c.edit(i, status_callback="https://example.com/done")
    ),
    "reschedule": Operation("undoable", "message", AHEAD, lambda c, i, s: c.reschedule(i, later(s))),
    "reschedule and resume": Operation(
        "undoable", "voice", STARTED, lambda c, i, s: c.reschedule(i, later(s, None), resume=True)
    ),
    "delete": Operation("final", "voice", AHEAD, lambda c, i, s: c.delete(i)),
    "create": Operation("create", "message", {}, lambda c, i, s: c.create(message(s))),
}


def campaign_for(simulator, operation):
    """A campaign for this operation, in the simulated account; its id."""
    given = {"channel": operation.channel, **operation.given}
    for end in ("start", "end"):
        if end in given:
            given[end] = simulator.now + timedelta(seconds=given[end])
    return simulator.add(given.pop("status", "created"), **given)


def writes_of(simulator):
    """The writes in a simulator's journal."""
    return [entry for entry in simulator.journal if entry.kind == "request" and entry.method != "GET"]

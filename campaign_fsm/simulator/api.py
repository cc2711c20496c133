"""The documented API, as a lenient server speaks it: what a request asks for, and whether it is legal.

Whether an action is legal comes from `judge`; no rule is stated here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from attrs import evolve, frozen

from campaign_fsm.rules import EDITS, Action, Channel, Status
from campaign_fsm.simulator import listing
from campaign_fsm.simulator.account import Account
from campaign_fsm.simulator.answers import Request, Result, created, details, error, not_found
from campaign_fsm.simulator.campaigns import StoredCampaign
from campaign_fsm.simulator.names import in_reference_names
from campaign_fsm.simulator.payloads import payload, spelled
from campaign_fsm.verdict import Verdict, judge
from campaign_fsm.wire.intent import VERBS, Intent, edit_kind
from campaign_fsm.wire.listing import DETAILS
from campaign_fsm.wire.reading import Reading
from campaign_fsm.wire.schedule import SCHEDULE_KEYS, parse_time
from campaign_fsm.wire.target import Target


@frozen
class Plan:
    """What a request asks for, before it is done."""

    request: Request
    action: str | None
    legal: bool | None
    run: Callable[[], Result]

    def carry_out(self) -> Result:
        return evolve(self.run(), action=self.action, legal=self.legal)

    def refused(self, status_code: int) -> Result:
        """The request is answered with an error, and nothing is done."""
        return evolve(error(self.request, status_code, "The request failed."), action=self.action, legal=self.legal)


def plan(account: Account, request: Request) -> Plan:
    """What a request asks for, and whether it is legal now."""
    if request.target is None:
        return Plan(request, None, _legal_without_effect(request), partial(not_found, request))
    if request.target.id is None:
        return _plan_collection(account, request, request.target)
    campaign = request.campaign
    if campaign is None:
        return _failing(request, 404, "No such campaign.")
    if request.target.rest:
        if _is_details(request.target) and request.method == "GET":
            return Plan(request, None, None, partial(listing.recipients, account, request, campaign))
        return _failing(request, 404, "A campaign has nothing under this path.")
    match request.method:
        case "GET":
            return Plan(request, None, None, partial(details, request, campaign, account.account_sid, applied=False))
        case "PUT":
            return _plan_put(account, request, request.target, campaign)
        case "DELETE":
            return _plan_step(account, request, campaign, Intent(Action.DELETE, request.target, {}))
    return _failing(request, 405, "Method not allowed.")


def _is_details(target: Target) -> bool:
    """Whether it is where the recipients of a campaign are."""
    # https://developer.exotel.com/api/sms-details-of-a-single-sms-campaign-2 calls them so under the older alias.
    older = target.collection == "sms-campaigns" and target.rest == ("sms-details",)
    return older or target.rest == (DETAILS[target.channel],)


def _plan_collection(account: Account, request: Request, target: Target) -> Plan:
    match request.method:
        case "GET":
            return Plan(request, None, None, partial(listing.campaigns, account, request, target.channel))
        case "POST":
            return _plan_create(account, request, target)
    return _failing(request, 405, "Method not allowed.")


def _failing(request: Request, status_code: int, description: str, *, action: str | None = None) -> Plan:
    run = partial(error, request, status_code, description)
    return Plan(request, action, _legal_without_effect(request), run)


def _legal_without_effect(request: Request) -> bool | None:
    """A write that can do nothing is not legal; a read is neither."""
    return None if request.method in ("GET", "HEAD", "OPTIONS") else False


@frozen
class _Body:
    """The campaign in a body, and whether it lacks the wrapping that the switch asks for."""

    item: dict[str, Any]
    unwrapped: bool


def _read_body(account: Account, request: Request, target: Target) -> _Body | None:
    """The campaign in a body, read as laxly as the vendor's server evidently does: no content type is
    needed, the last of two keys counts, and the wrapped and the flat form are the same (CF407, CF410, CF411).
    """
    try:
        document = json.loads(request.body)
    except (ValueError, RecursionError):
        return None
    wrapped = isinstance(document, dict) and "campaigns" in document
    if wrapped:
        items = document["campaigns"]
        document = items[0] if isinstance(items, list) and items else None
    if not isinstance(document, dict) or not document:
        return None
    return _Body(document, account.campaigns_mandatory and target.channel is Channel.VOICE and not wrapped)


def _unwrapped(request: Request) -> Result:
    return error(request, 400, "Campaigns is mandatory.", 1001)


def _plan_put(account: Account, request: Request, target: Target, campaign: StoredCampaign) -> Plan:
    body = _read_body(account, request, target)
    if body is None:
        return _failing(request, 400, "The body is not a JSON object with an action or parameters.")
    fields = {key: value for key, value in body.item.items() if key != "action"}
    if "action" in body.item:
        word = body.item["action"]
        action = VERBS.get(word) if isinstance(word, str) else None
        if action is None:
            return _failing(request, 400, "Unknown action.")
    else:
        action = edit_kind(fields, campaign.channel)
    step = _plan_step(account, request, campaign, Intent(action, target, fields))
    return evolve(step, run=partial(_unwrapped, request)) if body.unwrapped else step


def _plan_step(account: Account, request: Request, campaign: StoredCampaign, intent: Intent) -> Plan:
    now = account.now
    data = payload(campaign, account.account_sid) if intent.fields else {}  # only they are held against it
    seen = Reading(campaign.status, spelled(campaign.status, campaign.channel), data, campaign.start, campaign.end, now)
    verdict = judge(intent, seen, now)
    run = partial(_take_step, account, request, campaign, intent, verdict)
    return Plan(request, intent.action.value, verdict.allowed, run)


def _take_step(
    account: Account, request: Request, campaign: StoredCampaign, intent: Intent, verdict: Verdict
) -> Result:
    # The vendor's own samples have parameters beside an action (CF413), and they do nothing; a schedule would.
    if not (verdict.allowed or (verdict.life_cycle.allowed and "schedule" not in intent.fields)):
        status = spelled(campaign.status, campaign.channel)
        message = f"Cannot {intent.action} a campaign that is {status}."
        return error(request, account.illegal_status_code, message, 1004)
    if intent.action in EDITS:
        if problem := _unusable(intent.fields, campaign.channel):
            return error(request, 400, problem)
        campaign.edit(intent.fields)
    else:
        dest = verdict.life_cycle.destination
        if intent.action is Action.RESUME:
            campaign.reschedule(intent.fields.get("schedule"))
            # With a start ahead beside the resume, a campaign that is still paused is an honest answer.
            dest = account.after_resume(campaign, with_start=Status.PAUSED in verdict.accepted) or dest
        assert dest is not None
        # One that stays paused is resumed all the same, at its start.
        campaign.become(dest, account.now, resumes=dest is Status.PAUSED and intent.action is Action.RESUME)
    campaign.updated = account.now
    return details(request, campaign, account.account_sid, applied=True)


def _plan_create(account: Account, request: Request, target: Target) -> Plan:
    body = _read_body(account, request, target)
    if body is None:
        return _failing(request, 400, "The body is not a JSON object with parameters.", action="create")
    legal = judge(Intent(Action.CREATE, target, body.item), None, account.now).allowed
    item = in_reference_names(body.item) if target.channel is Channel.MESSAGE else body.item
    missing = _missing(item, target.channel)
    if body.unwrapped:
        run = partial(_unwrapped, request)
    elif missing:
        run = partial(error, request, 400, f"Missing: {', '.join(missing)}.", 1001)
    elif problem := _unusable(item, target.channel):
        run = partial(error, request, 400, problem)
    else:
        run = partial(_create, account, request, target.channel, item)
    return Plan(request, "create", legal, run)


def _create(account: Account, request: Request, channel: Channel, item: dict[str, Any]) -> Result:
    return created(request, account.create(channel, item), account.account_sid)


def _unusable(fields: Mapping[str, Any], channel: Channel) -> str:
    """What the campaign could not take over as it is meant; empty if nothing. Null is as if left out."""
    if not isinstance(fields.get("name", ""), str | None):
        return "The name is not a text."
    schedule = fields.get("schedule")
    if not isinstance(schedule, dict | None):
        return "The schedule is not an object."
    for key in SCHEDULE_KEYS[channel]:
        if schedule and schedule.get(key) is not None and parse_time(schedule[key]) is None:
            return f"The {key} of the schedule is not a time with a time zone."
    return ""


def _missing(item: dict[str, Any], channel: Channel) -> list[str]:
    """What a create lacks; the names that the client exotelpy uses are taken too."""
    if channel is Channel.MESSAGE:
        needed: list[tuple[str, ...]] = [("lists",), ("template", "template_id"), ("sender_id", "from")]
    else:
        needed = [("from", "lists"), ("caller_id",)]
    return [names[0] for names in needed if not any(item.get(name) for name in names)]

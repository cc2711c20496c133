"""What a write is to achieve: calls made into commands, before anything is sent."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from campaign_fsm import log
from campaign_fsm.client.calls import Operation, WriteCommand
from campaign_fsm.client.operations.context import ClientContext
from campaign_fsm.client.operations.reads import read_before
from campaign_fsm.drafts import Draft, changes_to_wire, check_schedule, schedule_to_wire, schedule_warnings
from campaign_fsm.errors import FieldProblem, InvalidParameters
from campaign_fsm.rules import Action, Channel
from campaign_fsm.wire.intent import edit_kind
from campaign_fsm.wire.schedule import SCHEDULE_KEYS, Schedule, parse_time
from campaign_fsm.wire.target import Target


def act(context: ClientContext, campaign_id: str, action: Action) -> WriteCommand:
    """One action."""
    return WriteCommand(action, context.target(campaign_id), "PUT", context.item({"action": action.value}))


def create(context: ClientContext, draft: Draft) -> WriteCommand:
    """Create a campaign."""
    target = context.collection()
    fields = _checked(context, target, Action.CREATE, draft)
    return WriteCommand(Action.CREATE, target, "POST", context.item(fields), fields)


def delete(context: ClientContext, campaign_id: str) -> WriteCommand:
    """Delete a campaign that has not started (voice)."""
    return WriteCommand(Action.DELETE, context.target(campaign_id), "DELETE")


def edit(
    context: ClientContext, campaign_id: str, draft: Draft | None, *, partial: bool, changes: Mapping[str, Any]
) -> Operation[WriteCommand]:
    """Set parameters: a whole draft, callback URLs alone, or some of them on the caller's own word."""
    target = context.target(campaign_id)
    if draft is not None:
        if changes or partial:
            raise TypeError("an edit takes a whole draft, or some parameters with partial=True, not both")
        fields = _checked(context, target, Action.EDIT, draft)
    else:
        fields = _changed_fields(context, target, partial=partial, changes=changes)
        if "schedule" in fields:
            parts = (parse_time(fields["schedule"].get(key)) for key in SCHEDULE_KEYS[context.channel])
            yield from _check_fit(context, target, edit_kind(fields, context.channel), Schedule(*parts))
    kind = edit_kind(fields, context.channel)
    return WriteCommand(kind, target, "PUT", context.item(fields), fields)


def _changed_fields(
    context: ClientContext, target: Target, *, partial: bool, changes: Mapping[str, Any]
) -> dict[str, Any]:
    channel = context.channel
    fields, warnings = changes_to_wire(channel, changes)
    kind = edit_kind(fields, channel)
    _warn("edit", target, kind, warnings)
    if channel is Channel.VOICE and kind is Action.EDIT_CALLBACKS:
        return fields
    if not partial:
        rule = "a whole draft, or partial=True: no page says what becomes of parameters that are left out"
        problem = FieldProblem("edit", rule, ", ".join(sorted(fields)))
        raise InvalidParameters(what=f"edit of a {channel} campaign", problems=(problem,))
    log.warning(
        "edit %s: partial; no page says whether parameters that are left out are kept",
        target.id,
        about=target,
        action=kind,
    )
    return fields


def reschedule(
    context: ClientContext, campaign_id: str, schedule: Schedule, *, resume: bool
) -> Operation[WriteCommand]:
    """Set the schedule alone, or together with a resume (CF116)."""
    target = context.target(campaign_id)
    problems = tuple(check_schedule(schedule, context.channel))
    if problems:
        raise InvalidParameters(what="new schedule", problems=problems)
    action = Action.RESUME if resume else Action.RESCHEDULE
    _warn("reschedule", target, action, tuple(schedule_warnings(schedule, context.channel, context.now())))
    # What is resumed has started: its new end only has to lie ahead, and the gate sees to that.
    if not resume:
        yield from _check_fit(context, target, Action.RESCHEDULE, schedule)
    fields = {"schedule": schedule_to_wire(schedule, context.channel)}
    body = {**fields, "action": Action.RESUME.value} if resume else fields
    return WriteCommand(action, target, "PUT", context.item(body), fields)


def _check_fit(context: ClientContext, target: Target, action: Action, schedule: Schedule) -> Operation[None]:
    """Hold one end of a schedule against the other one that the campaign keeps; asks only where there is one."""
    if schedule.start is not None and schedule.end is not None:
        return
    reading = yield from read_before(context, target, action)
    whole = Schedule(schedule.start or reading.start, schedule.end or reading.end)
    problems = tuple(check_schedule(whole, context.channel))
    if problems:
        raise InvalidParameters(what="new schedule, with what the campaign keeps of the old one,", problems=problems)


def _checked(context: ClientContext, target: Target, action: Action, draft: Draft) -> dict[str, Any]:
    """The parameters of a draft of this channel; what is documented loosely about them is a warning."""
    channel = context.channel
    if draft.channel is not channel:
        raise ValueError(f"this client is for {channel} campaigns, and the draft is for {draft.channel} ones")
    _warn("draft", target, action, draft.warnings(context.now()))
    return draft.to_wire()


def _warn(what: str, target: Target, action: Action, warnings: Collection[FieldProblem]) -> None:
    for warning in warnings:
        log.warning("%s: %s", what, warning, about=target, action=action, parameter=warning.field)

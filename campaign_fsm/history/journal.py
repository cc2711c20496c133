"""What the journal of the simulator shows: nothing of it is inferred, the simulator knows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from campaign_fsm.audit.tracker import CampaignKey
from campaign_fsm.history.builder import HistoryBuilder
from campaign_fsm.history.model import History, UnreadableHistory
from campaign_fsm.lifecycle import decide
from campaign_fsm.rules import RULE, TOGETHER, Action, Channel, Status

KEYS: Final = frozenset({"number", "kind", "status_before", "status_after"})
"""What every entry of a journal has."""

_LONGEST_ID: Final = 200


def history_of_journal(
    entries: Iterable[Mapping[str, Any] | Any], campaign: str | None = None, *, name: str = "the journal"
) -> History:
    """What the journal of the simulator shows.

    Args:
        entries: `Simulator.journal`, or the same as it comes over HTTP.
        campaign: Only this campaign.
        name: What errors call it.

    Raises:
        UnreadableHistory: It shows nothing of a campaign, or nothing of this one.
    """
    builder = HistoryBuilder(campaign)
    for entry in entries:
        get = entry.get if isinstance(entry, Mapping) else lambda key, entry=entry: getattr(entry, key, None)
        try:
            _entry(builder, get)
        except (TypeError, ValueError) as error:
            raise UnreadableHistory(f"{name} has an entry that is not of a journal: {error}.") from None
    return builder.history(name)


def _entry(builder: HistoryBuilder, get: Any) -> None:
    if get("channel") is None or not get("id") or (builder.only is not None and get("id") != builder.only):
        return
    # A journal is of one account.
    key = CampaignKey("", "", Channel(get("channel")), str(get("id"))[:_LONGEST_ID])
    at = get("at")
    when = at.isoformat() if isinstance(at, datetime) else str(at or "")
    details: dict[str, Any] = {"at": when, "place": get("number")}
    if get("kind") == "request":
        _request(builder, key, get, details)
    else:
        _event(builder, key, get, details)


def _ends(get: Any) -> tuple[Status | None, Status | None]:
    """The status before and the one after."""
    before, after = get("status_before"), get("status_after")
    return None if before is None else Status(before), None if after is None else Status(after)


def _event(builder: HistoryBuilder, key: CampaignKey, get: Any, details: dict[str, Any]) -> None:
    before, after = _ends(get)
    if before is not None and after is not None:
        builder.now.setdefault(key, before)
        if get("action") == Action.RESUME and (code := _code_of(before, Action.RESUME, key.channel, after)):
            builder.go_on(key, RULE[code], **details)
            return
        builder.reach(key, after, **details)


def _request(builder: HistoryBuilder, key: CampaignKey, get: Any, details: dict[str, Any]) -> None:
    before, after = _ends(get)
    if before is None:
        return
    builder.now[key] = before
    try:
        action = Action(get("action"))
    except ValueError:
        return
    if get("applied") and get("legal"):
        code = _code_of(before, action, key.channel, after)
        if code is not None:
            builder.move(key, RULE[code], **details)
            if after is not None:  # until its start, what is resumed may be created
                builder.now[key] = after
    elif get("legal") is False:
        decision = decide(before, action, channel=key.channel)
        refused = decision if not decision else decide(before, action, channel=key.channel, started=True)
        # Legal by its status, it was what stood beside the action.
        builder.refuse(key, action, "" if refused else refused.code, sent=True, **details)
        if get("applied") and after is not None:
            builder.reach(key, after, **details)


def _code_of(before: Status, action: Action, channel: Channel, after: Status | None) -> str | None:
    for started in (False, True):
        decision = decide(before, action, channel=channel, started=started)
        if decision and after in (decision.destination, None, *decision.accepted):
            return decision.code
    # A resume that waits for the start leaves only the new schedule beside it to be seen.
    for one in TOGETHER:
        if one.action is action and channel in one.channels and after is before:
            return decide(before, one.edit, channel=channel, started=one.started).code
    return None

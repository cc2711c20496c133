"""A campaign as a notebook shows it: what it is, what is legal now, and where it stands in its life."""

from __future__ import annotations

import hashlib
from html import escape

from campaign_fsm.diagram.svg import svg
from campaign_fsm.diagram.views import Look, View, draw_view
from campaign_fsm.lifecycle import Decision, decide, undoable
from campaign_fsm.rules import Action, Channel, Status


def card(campaign_id: str, name: str | None, status: Status, channel: Channel, *, started: bool) -> str:
    """HTML text. What the server answered is text in it and never markup."""
    asked = [decide(status, action, channel=channel, started=started) for action in Action]
    known = status is not Status.UNKNOWN
    drawing = draw_view(Look(View.FROM, (status,)) if known and _drawn(status, channel) else Look(), channel)
    # Two cards on one page need ids of their own.
    prefix = "life-" + hashlib.sha256(f"{campaign_id} {status} {channel} {started}".encode()).hexdigest()[:10]
    legal = ", ".join(_text(decision) for decision in asked if decision) or "nothing"
    title = escape(f"{name} ({campaign_id})" if name else campaign_id)
    return (
        f"<div><p><strong>{title}</strong>: a {channel} campaign, <strong>{status}</strong>"
        f"{', started' if started else ', not started'}. Legal now: {escape(legal)}.</p>\n"
        f"{svg(drawing, prefix=prefix)}</div>"
    )


def _drawn(status: Status, channel: Channel) -> bool:
    return status is not Status.DELETED or channel is Channel.VOICE


def _text(decision: Decision) -> str:
    return decision.action if undoable(decision.action) else f"{decision.action} (cannot be undone)"

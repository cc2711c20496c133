"""A campaign as a notebook shows it: what it is, what is legal now, and where it stands in its life."""

from __future__ import annotations

import hashlib
from html import escape

from campaign_fsm.diagram.model import draw
from campaign_fsm.diagram.svg import svg
from campaign_fsm.diagram.views import draw_view
from campaign_fsm.lifecycle import Decision, decide, undoable
from campaign_fsm.rules import Action
from campaign_fsm.wire.campaign import Campaign


def card(campaign: Campaign) -> str:
    """HTML text. What the server answered is text in it and never markup."""
    status, channel, started = campaign.status, campaign.channel, campaign.started
    asked = [decide(status, action, channel=channel, started=started) for action in Action]
    try:
        drawing = draw_view(f"from:{status}", channel)
    except ValueError:  # a status that nobody knows, or that the channel never has
        drawing = draw(channel)
    # Two cards on one page need ids of their own.
    prefix = "life-" + hashlib.sha256(f"{campaign.id} {status} {channel} {started}".encode()).hexdigest()[:10]
    legal = ", ".join(_text(decision) for decision in asked if decision) or "nothing"
    title = escape(f"{campaign.name} ({campaign.id})" if campaign.name else campaign.id)
    return (
        f'<div><p style="overflow-wrap:anywhere"><strong>{title}</strong>: a {channel} campaign, '
        f"<strong>{status}</strong>{', started' if started else ', not started'}. Legal now: {escape(legal)}.</p>\n"
        f"{svg(drawing, prefix=prefix)}</div>"
    )


def _text(decision: Decision) -> str:
    return decision.action if undoable(decision.action) else f"{decision.action} (cannot be undone)"

"""An edit of some parameters, by the names of a draft's attributes or by those on the wire."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any, Final

from campaign_fsm.drafts.message import MessageCampaignDraft
from campaign_fsm.drafts.voice import VoiceCampaignDraft
from campaign_fsm.errors import FieldProblem
from campaign_fsm.rules import Channel

Draft = MessageCampaignDraft | VoiceCampaignDraft
DRAFT_OF: Final[dict[Channel, type[Draft]]] = {
    Channel.MESSAGE: MessageCampaignDraft,
    Channel.VOICE: VoiceCampaignDraft,
}


@functools.cache
def _attribute_names(channel: Channel) -> dict[str, str]:
    """Attribute names that differ from those on the wire."""
    return {spec.name: name for name, spec in DRAFT_OF[channel].specs().items()}


def changes_to_wire(channel: Channel, changes: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[FieldProblem, ...]]:
    """Some parameters, by attribute or wire name, as they are sent in an edit; and the warnings about them.

    Raises:
        InvalidParameters: With every problem.
    """
    names = _attribute_names(channel)
    given = {names.get(name, name): value for name, value in changes.items()}
    problems = [
        FieldProblem(wire, "one value; it is given by both of its names", "two")
        for name, wire in names.items()
        if name != wire and name in changes and wire in changes
    ]
    if not given:
        problems.append(FieldProblem("edit", "at least one parameter", "nothing"))
    draft = DRAFT_OF[channel].build(given, partial=True, problems=problems)
    wire = draft.to_wire()
    return {name: wire[name] for name in given if name in wire}, draft.warnings(partial=True)

"""The names that the guide on message campaigns has for some parameters, read as those of the reference.

The guide is https://developer.exotel.com/docs/campaign-guides/creating-sms-campaign, and
https://developer.exotel.com/api/create-sms-campaign the reference. ``send_at`` and ``end_at`` are taken in a schedule,
where https://developer.exotel.com/docs/campaign-guides/campaign-scheduling has them, and beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from campaign_fsm.drafts.names import GUIDE_NAMES, GUIDE_TIMES, SHORT_TYPES


def in_reference_names(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a create or an edit in the reference's names; what is given in both is what it is there.

    What stands in a schedule counts before what stands beside it.
    """
    found = _renamed(fields, GUIDE_NAMES)
    beside = {own: found.pop(key) for key, own in GUIDE_TIMES.items() if key in found}
    schedule, sms_type = found.get("schedule"), found.get("sms_type")
    if isinstance(schedule, dict):
        found["schedule"] = beside | _renamed(schedule, GUIDE_TIMES)
    elif beside and schedule is None:
        found["schedule"] = beside
    if isinstance(sms_type, str):
        found["sms_type"] = SHORT_TYPES.get(sms_type.lower(), sms_type)
    return found


def _renamed(fields: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    renamed = {names[key]: value for key, value in fields.items() if key in names}
    return renamed | {key: value for key, value in fields.items() if key not in names}

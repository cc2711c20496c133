"""The names that the guide on message campaigns has for some parameters, read as those of the reference.

The guide is https://developer.exotel.com/docs/campaign-guides/creating-sms-campaign, and
https://developer.exotel.com/api/create-sms-campaign the reference. ``send_at`` and ``end_at`` are taken in a schedule,
where https://developer.exotel.com/docs/campaign-guides/campaign-scheduling has them, and beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_NAMES: Final = {"body": "template", "campaign_type": "content_type"}
_SCHEDULE: Final = {"send_at": "start_time", "end_at": "end_time"}
_SMS_TYPES: Final = {"trans": "transactional", "promo": "promotional"}


def in_reference_names(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a create or an edit in the reference's names; what is given in both is what it is there.

    What stands in a schedule counts before what stands beside it.
    """
    found = _renamed(fields, _NAMES)
    beside = {_SCHEDULE[key]: found.pop(key) for key in _SCHEDULE if key in found}
    schedule, sms_type = found.get("schedule"), found.get("sms_type")
    if isinstance(schedule, dict):
        found["schedule"] = beside | _renamed(schedule, _SCHEDULE)
    elif beside and schedule is None:
        found["schedule"] = beside
    if isinstance(sms_type, str):
        found["sms_type"] = _SMS_TYPES.get(sms_type.lower(), sms_type)
    return found


def _renamed(fields: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    renamed = {names[key]: value for key, value in fields.items() if key in names}
    return renamed | {key: value for key, value in fields.items() if key not in names}

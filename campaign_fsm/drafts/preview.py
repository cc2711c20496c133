"""What an error may show of a value."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from campaign_fsm.private import redact
from campaign_fsm.words import counted

# Their content stays out of errors and logs.
_PRIVATE: Final = frozenset({"from", "template", "read_via_text", "custom_field", "caller_id"})


def form(value: object) -> str:
    """What may be shown of something private."""
    if isinstance(value, str):
        return counted(len(value), "character")
    if isinstance(value, list | tuple):
        return counted(len(value), "entry")
    return "None" if value is None else f"of type {type(value).__name__}"


def shown_url(url: object) -> str:
    """What the repr of a draft shows of a URL: all but the password in it."""
    return redact(repr(url), ())


def preview(name: str, value: object) -> str:
    if name in _PRIVATE or isinstance(value, list | tuple):
        return form(value)
    try:
        text = value.isoformat() if isinstance(value, datetime) else shown_url(value)
    except Exception:  # noqa: BLE001 (numbers of too many digits, and what has methods of its own)
        return form(value)
    return text if len(text) <= 60 else f"{text[:59]}…"

"""The keys of ours in the ``.extensions`` of requests and responses."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from httpx import Request, Response

from campaign_fsm.gate import WriteRecord
from campaign_fsm.wire.answer import Answer

EXTENSION: Final = "campaign_fsm"
"""The key under which requests and responses carry their `WriteRecord` in ``.extensions``."""

ANSWER: Final = "campaign_fsm_answer"
"""The key under which responses that the gate has read carry its `Answer`, whose body was decoded within bounds."""

PERMIT: Final = "campaign_fsm_permit"
"""The key under which what a gate hands on carries its `Permit`, for the gate or the pytest plugin below it."""

TERMS: Final = "campaign_fsm_terms"
"""The key under which a request carries its `Terms`: how long it waits for the request budget, and what it rests on."""

LEFT: Final = "campaign_fsm_left"
"""The key under which a request says that its bytes were seen to leave, whatever is raised after that."""


def mark(thing: Request | Response, key: str, value: WriteRecord | Answer) -> None:
    """Leave something of ours with a request or response; the write may be out, so nothing may come of it."""
    try:
        thing.extensions[key] = value
    except Exception:  # noqa: BLE001 (some make extensions that cannot be changed)
        with suppress(Exception):
            thing.extensions = {**(thing.extensions or {}), key: value}

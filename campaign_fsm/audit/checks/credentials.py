"""Credentials in the recording."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import Final

from campaign_fsm.audit.check import Detection, Stage, check
from campaign_fsm.audit.finding import Level
from campaign_fsm.audit.interpret import split_url
from campaign_fsm.audit.observation import Recorded
from campaign_fsm.traffic import Exchange

_LEFT_OUT: Final = re.compile(
    r"(\W|x|redacted|filtered|hidden|removed|dummy|fake|scrubbed|placeholder)*", re.IGNORECASE
)


@check("CF603", stage=Stage.RECORDING, of=(Recorded,))
def credentials(seen: Recorded) -> Iterator[Detection]:
    """A key stands in a URL or in a header; reported once a file for each of them."""
    where = _where(seen.exchange)
    if where is not None:
        message = f"Credentials stand in {where} of this request, and perhaps of others in the file."
        yield Detection(code="CF603", level=Level.ERROR, message=message, once=where)


def _where(exchange: Exchange) -> str | None:
    """Where there are credentials in an exchange; None if there are none."""
    if exchange.url and "@" in exchange.url and split_url(exchange.url)[4]:
        return "the URL"
    for name, value in exchange.headers or ():
        if name.lower() in ("authorization", "proxy-authorization") and _discloses(value):
            return f"the {name.title()} header"
    return None


def _discloses(value: str) -> bool:
    """Whether the value of an Authorization header gives anything away."""
    scheme, _, blob = value.strip().partition(" ")
    if not blob:
        return bool(scheme) and not _LEFT_OUT.fullmatch(scheme)
    if _LEFT_OUT.fullmatch(blob):
        return False
    if scheme.lower() != "basic":
        return True
    try:
        decoded = base64.b64decode(blob, validate=True).decode("latin-1")
    except ValueError:
        return True
    return not all(_LEFT_OUT.fullmatch(part) for part in decoded.split(":", 1))

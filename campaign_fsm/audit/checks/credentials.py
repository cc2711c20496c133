"""Credentials in the recording."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote, urlsplit

from campaign_fsm.audit.check import Detection, Stage, check
from campaign_fsm.audit.finding import Level
from campaign_fsm.audit.interpret import split_url
from campaign_fsm.audit.observation import CampaignRequest
from campaign_fsm.rules import PROBLEMS
from campaign_fsm.traffic import Exchange

# What scrubbers, fixtures and templates write in the place of a secret. Of most words only words follow, and perhaps a
# number: a real secret may begin with `my-`.
_PLACEHOLDER: Final = re.compile(
    r"""
    (\W|x|redacted|filtered|hidden|removed|dummy|fake|scrubbed|masked|sanitized|omitted|placeholder|changeme)*
    | <[^<>]*> | \{\{?[^{}]*\}?\} | \[[^\[\]]*\] | \$\{[^{}]*\} | %\w+% | __\w+__
    | (?-i:\$([A-Z_][A-Z0-9_]* | [a-z_]+))
    | (redacted|test_)\S*
    | (filtered|hidden|removed|dummy|fake|scrubbed|masked|sanitized|omitted|placeholder|example|sample|test|your|my|some
      |insert|replace) [-_.\s] [a-z_.\s-]* [0-9]{0,3}
    """,
    re.IGNORECASE | re.VERBOSE,
)

_URL: Final = "the URL"


@check("CF603", stage=Stage.RECORDING, of=(CampaignRequest,))
def credentials(seen: CampaignRequest) -> Iterator[Detection]:
    """A key stands in a URL or in a header; reported once a file for each of them."""
    where = _where(seen.exchange)
    if where is not None:
        message = f"Credentials stand in {where} of this request, and perhaps of others in the file."
        # The gate refuses them in a URL; in a header they are as they should be, but for the recording.
        refused = PROBLEMS["CF404"] if where == _URL else None
        yield Detection(
            code="CF603",
            level=Level.ERROR,
            message=message,
            advice=f"Change the key. {refused.advice} The gate refuses them in a URL (CF404)." if refused else None,
            sources=refused.sources if refused else (),
            once=where,
        )


def _where(exchange: Exchange) -> str | None:
    """Where there are credentials in an exchange; None if there are none."""
    if (
        exchange.url
        and "@" in exchange.url
        and split_url(exchange.url)[4]
        and not _is_placeholder(_userinfo(exchange.url))
    ):
        return _URL
    for name, value in exchange.headers or ():
        if name.lower() in ("authorization", "proxy-authorization") and _discloses(value.strip()):
            return f"the {name.title()} header"
    return None


def _userinfo(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[0]


def _discloses(value: str) -> bool:
    """Whether the value of an Authorization header gives anything away."""
    scheme, _, secret = value.partition(" ")
    if not value or _is_placeholder(value) or (secret and _is_placeholder(secret)):
        return False
    if not secret or scheme.lower() != "basic":
        return True
    try:
        return not _is_placeholder(base64.b64decode(secret, validate=True).decode("latin-1"))
    except ValueError:
        return True


def _is_placeholder(secret: str) -> bool:
    """Whether something stands for a secret, or for a name and a secret with a colon between them."""
    plain = unquote(secret)
    return bool(_PLACEHOLDER.fullmatch(plain) or all(_PLACEHOLDER.fullmatch(part) for part in plain.split(":", 1)))

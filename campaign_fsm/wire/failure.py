"""The error that an unsuccessful answer stands for."""

from __future__ import annotations

import json
from typing import Final

from campaign_fsm import errors
from campaign_fsm.printable import text_of
from campaign_fsm.private import printable_id, redact
from campaign_fsm.rules.status_codes import meaning_of
from campaign_fsm.wire.answer import Answer
from campaign_fsm.wire.target import Target

# Characters of a text that is to be shown in part; more is not even looked at.
_LONGEST: Final = 65536


def api_error(answer: Answer, method: str, target: Target | None, secrets: tuple[str, ...] = ()) -> errors.ApiError:
    """The error that an unsuccessful answer stands for. Never raises on a malformed body."""
    code, description, request_id, status_code = _failure(answer, secrets)
    meaning = meaning_of(status_code)
    return meaning.error(
        status_code=status_code,
        method=method,
        campaign_id=target.id if target else None,
        request_id=printable_id(request_id) if request_id else None,
        error_code=code,
        description=description,
        retry_after=answer.retry_after,
        hint=meaning.hint,
    )


def _failure(answer: Answer, secrets: tuple[str, ...]) -> tuple[str | None, str | None, str | None, int]:
    """Code, description, request id and effective status code of a failed answer, as far as readable."""
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError):
        return None, None, None, answer.status_code
    if not isinstance(document, dict):
        return None, None, None, answer.status_code

    def text(value: object, limit: int) -> str | None:
        # Redacted before it is cut: half a secret is one, too.
        return text_of(redact(value[:_LONGEST], secrets) if isinstance(value, str) else value, limit)

    request_id = text(document.get("request_id"), 100)
    old = document.get("RestException")
    if isinstance(old, dict):
        return text(old.get("Code"), 40), text(old.get("Message"), 300), request_id, answer.status_code
    item = document.get("response")
    if isinstance(item, list) and item:
        item = item[0]
    if not isinstance(item, dict):
        return None, None, request_id, answer.status_code
    status_code = item.get("code")
    if (
        isinstance(status_code, bool)
        or not isinstance(status_code, int)
        or not 400 <= status_code < 600
        or answer.status_code >= 300
    ):
        status_code = answer.status_code
    error = item.get("error_data")
    if not isinstance(error, dict):
        return None, None, request_id, status_code
    description = text(error.get("description"), 300)
    return text(error.get("code"), 40), text(error.get("message"), 300) or description, request_id, status_code

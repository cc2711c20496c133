"""The envelope of an answer and the items in it.

``response`` is an object (https://developer.exotel.com/api/update-sms-campaign-3) or a list of items
(https://developer.exotel.com/api/create-campaign); of an update of a message campaign also a list, whose item has no
``code`` (https://developer.exotel.com/docs/sms-campaigns/api-reference/manage-campaign). What the codes mean:
https://developer.exotel.com/api/http-status-codes and https://developer.exotel.com/docs/references/error-codes.

Bodies are read strictly (`campaign_fsm.strict`), because a reading decides whether a write leaves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from attrs import field, frozen

from campaign_fsm.strict.json import Ambiguous, read_object
from campaign_fsm.wire.answer import Answer, NotReadable

_PARTS: Final = frozenset({"code", "status", "data", "error_data"})


@frozen
class Item:
    """One item of an envelope."""

    code: int
    data: Mapping[str, Any]
    error: object = None
    """The ``error_data`` of a failed one, as it came."""
    beside: Mapping[str, Any] = field(factory=dict)
    """What stands beside its ``data`` and is none of the documented parts, as it came."""

    @property
    def failed(self) -> bool:
        return not 200 <= self.code < 300


def read_envelope(answer: Answer) -> dict[str, Any]:
    """The JSON object that an answer is.

    Raises:
        NotReadable: It is none, or not for every parser, or it is that of a failure.
    """
    if answer.unreadable:
        raise NotReadable(f"the answer cannot be used: {answer.unreadable}")
    try:
        envelope = read_object(answer.body)
    except Ambiguous as problem:
        raise NotReadable(f"the answer cannot be used: {problem}") from None
    if "RestException" in envelope:
        raise NotReadable("the answer says that it failed")
    return envelope


def read_entry(entry: object, answer: Answer) -> Item:
    """One item of an envelope, failed or not.

    Raises:
        NotReadable: It is no item, or its parts contradict each other.
    """
    if not isinstance(entry, dict):
        raise NotReadable("the answer holds no item")
    code = entry.get("code", answer.status_code)
    if isinstance(code, bool) or not isinstance(code, int):
        raise NotReadable("the item's code is no number")
    status = entry.get("status")
    if status not in ("success", "failure", None) or (
        status is not None and (status == "success") != (200 <= code < 300)
    ):
        raise NotReadable("the item's code and status contradict each other")
    if 200 <= code < 300 and entry.get("error_data") is not None:
        raise NotReadable("the item says that it succeeded, and holds the data of an error")
    data = entry.get("data")
    return Item(
        code=code,
        data=data if isinstance(data, dict) else {},
        error=entry.get("error_data"),
        beside={key: value for key, value in entry.items() if key not in _PARTS},
    )


def read_item(answer: Answer, method: str | None = None) -> Item:
    """The one item of an answer about one campaign, failed or not.

    Args:
        answer: The answer.
        method: The method that it answers; None if the envelope may name any.

    Raises:
        NotReadable: There is not exactly one item, or the parts of the envelope contradict each other or the request.
    """
    envelope = read_envelope(answer)
    check_method(envelope, method)
    response = envelope.get("response")
    if isinstance(response, list):
        if len(response) != 1:
            raise NotReadable(f"the answer holds {len(response)} items, not one")
        response = response[0]
    item = read_entry(response, answer)
    if not item.failed and envelope.get("error_data") is not None:
        raise NotReadable("the item says that it succeeded, and its envelope holds the data of an error")
    outer = envelope.get("http_code", answer.status_code)
    if outer not in (answer.status_code, item.code) or isinstance(outer, bool):
        raise NotReadable("the envelope's http_code contradicts the answer's status code")
    return item


def check_method(envelope: Mapping[str, Any], method: str | None) -> None:
    """Raise `NotReadable` if the envelope names another method than that of the request."""
    name = envelope.get("method")
    if name is None or method is None or name == method:
        return
    # In any case: it is what the server calls it, and no request.
    if isinstance(name, str) and name.isascii() and name.upper() == method.upper():
        return
    raise NotReadable(f"the answer is not one to a {method}, as its envelope says")

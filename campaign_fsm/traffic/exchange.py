"""One request of a recording and what was answered: what every format is read into.

It is also the plain form of a recording, JSON Lines: one object a line, with the keys of `Exchange`.
All keys are optional, and keys that are not here are left alone, so a line can be made of what an
access log has: ``{"at": "2026-01-05T10:00:00+05:30", "method": "PUT", "url":
"/v2/accounts/acme1/campaigns/camp_abc123", "action": "pause", "status_code": 200, "status": "Paused"}``.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

NOTHING: Final = msgspec.Raw(b"")


class Exchange(msgspec.Struct, gc=False, kw_only=True):
    """One request, and its answer if there was one.

    Attributes:
        at: When it was sent, RFC 3339 with an offset.
        method: The HTTP method.
        url: The absolute URL, or the path alone.
        headers: The request's headers, in pairs of name and value; None if they were not recorded.
        request: The request's body as JSON, or as a string that holds it; nothing if it was not recorded. An empty
            string is an empty body.
        request_base64: The request's body as bytes; in a file, as base64.
        status_code: The status code of the answer; None if none was recorded.
        response: The answer's body, like `request`.
        response_base64: The answer's body, like `request_base64`.
        lost: The request was sent, and no answer came.
        sent: False for a request that the client refused to send.
        planned: It is planned, and counts as taken if it is legal; there is no answer.
        confirmed: It was confirmed, where a policy asks for that.
        campaign: The campaign's id; needed only where `url` does not name it.
        channel: ``message`` or ``voice``; needed only with `campaign`.
        account: The account; needed only with `campaign`.
        host: The host; needed only where `url` has none.
        action: What a write does, where no `request` is recorded.
        fields: The names of the parameters of an edit or a create, where no `request` is recorded.
        status: The campaign's status in the answer, where no `response` is recorded.
        start: The campaign's start in the answer, likewise.
        end: Its end, likewise.
        name: Its name, likewise.
        code: Why the client refused to send it (``CF…``).
        callback: The body of a status callback that came in; then there is no request. An object, or the text that was
            posted, JSON or form encoding: ``{"callback": "CampaignSid=camp_abc123&Status=Completed"}``.
        seconds: How many seconds it took until its answer was there; None if that was not recorded.
        place: Where it stands in its file: the number of the line, or of the entry. Set by the reader.
        unread: Why something of it cannot be read, in a few words. What could be read is in the other fields. Set by
            the reader, which goes on after it.
        source: The file that it stands in, where several are read as one. Set by what merges them.
    """

    at: str | None = None
    method: str = ""
    url: str = ""
    headers: list[tuple[str, str]] | None = None
    request: msgspec.Raw = NOTHING
    request_base64: bytes | None = None
    status_code: int | None = None
    response: msgspec.Raw = NOTHING
    response_base64: bytes | None = None
    lost: bool = False
    sent: bool = True
    planned: bool = False
    confirmed: bool = False
    campaign: str | None = None
    channel: str | None = None
    account: str | None = None
    host: str | None = None
    action: str | None = None
    fields: list[str] | None = None
    status: str | None = None
    start: str | None = None
    end: str | None = None
    name: str | None = None
    code: str | None = None
    callback: dict[str, Any] | str | None = None
    seconds: float | None = None
    # No key of a line: nobody's log has these by chance.
    place: int = msgspec.field(default=0, name="(place)")
    unread: str | None = msgspec.field(default=None, name="(unread)")
    source: Any = msgspec.field(default=None, name="(source)")

    @property
    def request_body(self) -> bytes | None:
        """The request's body; None if it was not recorded."""
        return _body(self.request_base64, self.request)

    @property
    def response_body(self) -> bytes | None:
        """The answer's body; None if it was not recorded."""
        return _body(self.response_base64, self.response)


def _body(plain: bytes | None, raw: msgspec.Raw) -> bytes | None:
    if plain is not None:
        return plain
    data = bytes(raw)
    if data[:1] == b'"':
        text: str = msgspec.json.decode(data)
        return text.encode("utf-8", "surrogatepass")
    return None if data in (b"", b"null") else data

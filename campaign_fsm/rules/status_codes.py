"""What the HTTP status codes of this API mean by the vendor's pages, and what a client of this package does about each.

One table for `campaign-fsm explain` and for the errors that a client raises. Not imported with `campaign_fsm.rules`,
because it names those errors, which the rules alone do without.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final

from attrs import evolve, frozen

from campaign_fsm import errors
from campaign_fsm.rules.pages import Source, source


class Again(StrEnum):
    """Whether a client sends a request again that was answered with a status code."""

    NEVER = "never"
    UNAPPLIED = "unapplied"
    """A write that can be undone, once a read has shown that it was not applied; no create."""
    ALWAYS = "always"
    """Until the deadline."""


@frozen(eq=False)
class StatusCode:
    """A status code, or all those of a class that are no entries of their own.

    Attributes:
        title: What it is, in a few words.
        error: What a client raises for it; for a success, where that cannot be used.
        client: What else a client does about it.
        sources: What the vendor's pages say. Empty if the code is on none.
        unknown: What no page says.
        seen: What public client code has seen and no page says.
        hint: What the error adds: what the code usually means and what to do.
        read_again: Whether a read is sent again.
        write_again: Whether a write is sent again.
    """

    title: str
    error: type[errors.ApiError]
    client: str
    sources: tuple[Source, ...] = ()
    unknown: str = ""
    seen: str = ""
    hint: str = ""
    read_again: Again = Again.NEVER
    write_again: Again = Again.NEVER

    def as_dict(self, code: int) -> dict[str, Any]:
        """Plain data for JSON, as the entry of one of its codes."""
        return {
            "status_code": code,
            "kind": "status code",
            "title": self.title,
            "documented": bool(self.sources),
            "error": self.error.__name__,
            "hint": self.hint,
            "client": self.client,
            "read_again": self.read_again,
            "write_again": self.write_again,
            "seen": self.seen,
            "unknown": self.unknown,
            "sources": [source.as_dict() for source in self.sources],
        }


_SUCCESS: Final = (
    "A write has been applied if the answer shows it; otherwise the campaign, of a create the list, is read, and "
    "OutcomeUnknown is raised if that does not settle it."
)
_ITEM: Final = "The code of the item in the answer counts, so a failed item is an error in spite of this code."
_REJECTED: Final = (
    "A rejected write is taken as not applied. The campaign, if there is one already, is read, and StateConflict is "
    "raised instead if the action is not legal in the status that it has now."
)
_OPEN: Final = (
    "A write may have been applied: the campaign, of a create the list, is read to find out, and OutcomeUnknown is "
    "raised if that does not settle it."
)
_ILLEGAL: Final = "Which code an illegal action gets is on no page; 400 and 409 are both understood."
_ON_NO_PAGE: Final = "The code is on no page of the vendor's."

_THEIRS: Final = source("http-status-codes", "5xx means that something went wrong on the vendor's side; try again")
_FAILED: Final = StatusCode(
    "a failure of the server's",
    errors.ServerError,
    _OPEN,
    (_THEIRS,),
    read_again=Again.ALWAYS,
    write_again=Again.UNAPPLIED,
)
_NAMED: Final = source("error-codes", "500, 502 and 503 are failures of the server's, to be tried again later")

STATUS_CODES: Final = {
    200: StatusCode(
        "success",
        errors.UnexpectedAnswer,
        f"{_ITEM} {_SUCCESS}",
        (
            source("http-status-codes", "200 means that everything went as planned"),
            source("error-codes", "200 means that the request succeeded"),
            source(
                "update-sms-campaign", "the answer to an update has 200; its item has a code and a status of its own"
            ),
        ),
    ),
    202: StatusCode(
        "accepted",
        errors.UnexpectedAnswer,
        f"As the answer to a read it is no reading. {_SUCCESS}",
        (
            source("http-status-codes", "202 means that the request was accepted"),
            source(
                "error-codes", "202 means accepted for later processing; a callback or a read shows what became of it"
            ),
        ),
        unknown="Which requests about campaigns are answered with it is on no page.",
    ),
    207: StatusCode(
        "several outcomes in one answer",
        errors.UnexpectedAnswer,
        f"{_ITEM} As the answer to a read it is no reading. {_SUCCESS}",
        unknown=_ON_NO_PAGE,
    ),
    400: StatusCode(
        "malformed request",
        errors.BadRequest,
        _REJECTED,
        (
            source("http-status-codes", "400 means that something in the header or the body was malformed"),
            source("error-codes", "400 means missing or invalid parameters"),
        ),
        unknown=_ILLEGAL,
    ),
    401: StatusCode(
        "bad credentials, or the wrong region",
        errors.AuthenticationError,
        _REJECTED,
        (
            source("http-status-codes", "401 means that credentials were missing or invalid"),
            source("error-codes", "401 means an invalid API key or token"),
            source("api-credentials", "a request to the wrong region gets authentication errors or unexpected results"),
        ),
        hint="The credentials are wrong, or the account lives in the other region.",
    ),
    402: StatusCode(
        "plan or balance",
        errors.PaymentRequired,
        _REJECTED,
        (
            source(
                "http-status-codes", "402 means that the plan does not have the action, or that its limits are used up"
            ),
            source("error-codes", "402 means that the limit of the plan is exceeded or the balance is too low"),
        ),
        hint="Look at the plan and the balance of the account.",
    ),
    403: StatusCode(
        "no access",
        errors.Forbidden,
        _REJECTED,
        (
            source("http-status-codes", "403 means that the credentials are valid and have no access to the resource"),
            source("error-codes", "403 means that the account is suspended or has too few permissions"),
        ),
        hint="The account has no access to this.",
    ),
    404: StatusCode(
        "no such object",
        errors.NotFound,
        "The error says whether the other channel has a campaign with this id. The recipients of a call campaign that "
        f"can be read, is not over and shows no finished calls are then none. {_REJECTED}",
        (
            source("http-status-codes", "404 means that the object does not exist"),
            source("error-codes", "404 means that the resource does not exist"),
        ),
        seen="The call details of a campaign without calls yet are answered with 404.",
        hint="No such campaign in this account and channel.",
    ),
    407: StatusCode(
        "a proxy asks for credentials",
        errors.ApiError,
        _REJECTED,
        unknown=_ON_NO_PAGE,
        hint="It comes from a proxy on the way; look at the user and password in the proxy's URL.",
    ),
    408: StatusCode("a time-out, perhaps of a proxy", errors.ApiError, _OPEN, unknown=_ON_NO_PAGE),
    409: StatusCode(
        "a conflict with the state, or with another update",
        errors.Conflict,
        _REJECTED,
        (
            source(
                "error-codes", "409 means a conflict with the state of the resource; look at that before trying again"
            ),
            source("http-status-codes", "409 means that the resource is perhaps being updated concurrently"),
        ),
        unknown=_ILLEGAL,
    ),
    425: StatusCode("too early", errors.ApiError, _OPEN, unknown=_ON_NO_PAGE, write_again=Again.UNAPPLIED),
    429: StatusCode(
        "too many requests",
        errors.RateLimited,
        "Nothing was applied. A call waits as long as Retry-After says, without it with growing pauses; it raises "
        "where that is longer than its deadline.",
        (
            source("http-status-codes", "429 means more frequent requests than are allowed"),
            source(
                "rate-limiting",
                "429 comes with Retry-After, in seconds; answers may have X-RateLimit-Limit, -Remaining and -Reset, "
                "in epoch seconds",
            ),
            source(
                "rate-limiting", "30 requests a minute for campaigns, 300 for general GET endpoints, for an account"
            ),
            source("error-codes", "200 requests a minute for most endpoints"),
        ),
        unknown="Which of these limits counts for reads of campaigns is on no page; a client counts reads and writes "
        "together, 30 a minute, until the headers say otherwise.",
        read_again=Again.ALWAYS,
        write_again=Again.ALWAYS,
    ),
    **dict.fromkeys((500, 502, 503), evolve(_FAILED, sources=(_THEIRS, _NAMED))),
    # After a time-out the write may still be on its way, whatever a read shows.
    504: evolve(_FAILED, title="a time-out on the server's side", write_again=Again.NEVER),
}
"""Those with an entry of their own, by code."""

_CLASSES: Final = {
    1: StatusCode(
        "no final answer", errors.UnexpectedAnswer, "It is no answer to a read or a write.", unknown=_ON_NO_PAGE
    ),
    2: StatusCode(
        "success", errors.UnexpectedAnswer, f"As the answer to a read it is no reading. {_SUCCESS}", unknown=_ON_NO_PAGE
    ),
    3: StatusCode(
        "a redirect",
        errors.UnexpectedRedirect,
        f"It is not followed. {_OPEN}",
        unknown=_ON_NO_PAGE,
        hint="The API documents no redirect; it was not followed.",
    ),
    4: StatusCode("a rejection", errors.ApiError, _REJECTED, unknown=_ON_NO_PAGE),
    5: _FAILED,
}


def meaning_of(code: int) -> StatusCode:
    """The entry of a status code, or that of its class. What is beyond 599 is taken as the server's failure."""
    return STATUS_CODES.get(code) or _CLASSES[min(max(code // 100, 1), 5)]

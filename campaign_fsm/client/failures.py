"""What an exception of the HTTP client says of a call."""

from __future__ import annotations

from types import ModuleType
from typing import Any, Final

import anyio

from campaign_fsm.client.calls import Outcome
from campaign_fsm.errors import CampaignFsmError, ConnectionFailed, TimedOut, UnexpectedRedirect
from campaign_fsm.gate import WriteRecord
from campaign_fsm.printable import text_of
from campaign_fsm.private import redact_error
from campaign_fsm.transports import EXTENSION, LEFT
from campaign_fsm.transports.answers import is_too_large

# What anyio says of a connection that broke, where no HTTP library has given it a name of its own.
_BROKEN: Final = (anyio.BrokenResourceError, anyio.ClosedResourceError, anyio.EndOfStream)


def outcome_of_failure(
    request: Any, error: Exception, *, family: ModuleType, host: str, secrets: tuple[str, ...]
) -> Outcome:
    """The outcome of a write that may have left and got no answer; raises where nothing can have been applied.

    Whatever the HTTP client raises is taken for a failure of the connection: asyncio over TLS, transports below
    the gate and callbacks in them raise more than its own classes. Nothing is known of it but whether the gate
    had handed the write on, and whether its bytes were seen to leave.

    Args:
        request: The request, as it was given to the HTTP client.
        error: What that raised.
        family: The HTTP library.
        host: The host, as errors show it.
        secrets: Texts that no error may show.

    Raises:
        ConnectionFailed: Nothing can have been applied.
        CampaignFsmError: What was raised is an error of ours, and the gate had not handed the write on.
    """
    record: WriteRecord | None = request.extensions.get(EXTENSION)
    # What something below the gate was given for a call of its own says nothing of a write that is out.
    if record is None and isinstance(error, CampaignFsmError):
        raise error
    if isinstance(error, UnexpectedRedirect) and error.method == request.method:
        return Outcome(None, record, error)
    is_read = request.method == "GET"
    sent = _was_opened(request, error, family) and (is_read or record is not None)
    outcome = ""
    if not is_read and not sent:
        outcome = "It was not sent." if record is None else "The connection never opened: nothing was applied."
    redact_error(error, secrets)
    text = text_of(str(error), 300)
    failure = (TimedOut if _is_timeout(error) else ConnectionFailed)(
        method=request.method,
        host=host,
        why=f"{type(error).__name__}{': ' + text if text else ''}",
        sent=sent,
        outcome=outcome,
        transient=_is_transient(error, family),
        too_large=is_too_large(error),
    )
    if record is None or not sent:
        raise failure from None
    return Outcome(None, record, failure)


def _was_opened(request: Any, error: Exception, family: ModuleType) -> bool:
    """Whether the connection may have been open."""
    never_opened = (
        family.ConnectError,
        family.ConnectTimeout,
        family.PoolTimeout,
        family.ProxyError,
        family.UnsupportedProtocol,
    )
    # Something else may not have got its own connection, while the write was out.
    return not isinstance(error, never_opened) or LEFT in request.extensions


def _is_timeout(error: Exception) -> bool:
    # Each library has a class of its own for it.
    return any("Timeout" in kind.__name__ or kind.__name__ == "TooSlowError" for kind in type(error).__mro__)


def _is_transient(error: Exception, family: ModuleType) -> bool:
    """Whether it may be otherwise the next time. An answer that is too large, or no HTTP, is not."""
    return (
        isinstance(error, (family.RequestError, OSError, *_BROKEN))
        and not isinstance(error, family.UnsupportedProtocol | family.DecodingError)
        and type(error) is not family.ProtocolError
    )

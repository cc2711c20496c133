"""The logger ``campaign_fsm``, for modules through which a request passes.

A handler that raises must not stand between a write and its answer: what it raises is shown on stderr, as
`logging` does with the errors of its own handlers, and the request goes on.

What a line is about also stands in attributes of its record, for handlers that write JSON. Their names begin with
``campaign_fsm_``, each is there only where it is known, and the values are texts and numbers:

- ``account``, ``channel``, ``campaign``: what it is about; ``parameter``: that of a draft;
- ``method``, ``action``: what was asked for; ``code``: that of a refusal;
- ``status``: the campaign's, ``status_code``: that of the answer, ``error``: the class of what came instead of one;
- ``request_id``: the vendor's; ``ms``: how long the request took; ``wait``: seconds until the next one.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from campaign_fsm.wire.target import Target

# Modules of the package call what is here; for users it is what the records have.
__all__: Final[list[str]] = []

_LOGGER: Final = logging.getLogger("campaign_fsm")


def enabled(level: int) -> bool:
    """Whether a line of this level is wanted at all."""
    return _LOGGER.isEnabledFor(level)


def _extra(about: Target | None, fields: Mapping[str, object]) -> dict[str, object]:
    """The attributes of a record: what is known, as plain values."""
    if about is not None:
        fields = {"account": about.account, "channel": about.channel, "campaign": about.id, **fields}
    return {
        f"campaign_fsm_{name}": value.value if isinstance(value, Enum) else value
        for name, value in fields.items()
        if value is not None
    }


def _log(
    level: int,
    message: str,
    args: tuple[object, ...],
    about: Target | None,
    fields: Mapping[str, object],
    **options: Any,
) -> None:
    try:
        _LOGGER.log(level, message, *args, stacklevel=3, extra=_extra(about, fields), **options)
    except Exception:  # noqa: BLE001 (a handler may raise anything)
        if logging.raiseExceptions and sys.stderr is not None:
            traceback.print_exc()


def info(message: str, *args: object, about: Target | None = None, **fields: object) -> None:
    _log(logging.INFO, message, args, about, fields)


def warning(message: str, *args: object, about: Target | None = None, **fields: object) -> None:
    _log(logging.WARNING, message, args, about, fields)


def exception(message: str, *args: object, about: Target | None = None, **fields: object) -> None:
    """An error, with the traceback of the exception that is being handled."""
    _log(logging.ERROR, message, args, about, fields, exc_info=True)

"""The logger ``campaign_fsm``, for modules through which a request passes.

A handler that raises must not stand between a write and its answer: what it raises is shown on stderr, as
`logging` does with the errors of its own handlers, and the request goes on.
"""

from __future__ import annotations

import logging
import sys
import traceback
from typing import Any, Final

_LOGGER: Final = logging.getLogger("campaign_fsm")


def enabled(level: int) -> bool:
    """Whether a line of this level is wanted at all."""
    return _LOGGER.isEnabledFor(level)


def _log(level: int, message: str, *args: object, **options: Any) -> None:
    try:
        _LOGGER.log(level, message, *args, stacklevel=3, **options)
    except Exception:  # noqa: BLE001 (a handler may raise anything)
        if logging.raiseExceptions and sys.stderr is not None:
            traceback.print_exc()


def info(message: str, *args: object) -> None:
    _log(logging.INFO, message, *args)


def warning(message: str, *args: object) -> None:
    _log(logging.WARNING, message, *args)


def exception(message: str, *args: object) -> None:
    """An error, with the traceback of the exception that is being handled."""
    _log(logging.ERROR, message, *args, exc_info=True)

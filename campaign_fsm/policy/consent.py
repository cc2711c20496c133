"""The confirmation that what is sent was meant: `confirmed`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from attrs import define


@define
class _Consent:
    """A confirmation, which ends with the block that it was given for, wherever it was carried."""

    alive: bool = True
    before: _Consent | None = None


_CONFIRMED: Final[ContextVar[_Consent | None]] = ContextVar("campaign_fsm_confirmed", default=None)


@contextmanager
def confirmed() -> Iterator[None]:
    """Confirm what is sent inside the block, where a policy asks for a confirmation.

    It holds for the thread or task that enters it, and for tasks that are started inside, until the block ends.

    >>> with confirmed():
    ...     pass  # client.complete(campaign_id)
    """
    consent = _Consent(before=_CONFIRMED.get())
    _CONFIRMED.set(consent)
    try:
        yield
    finally:
        # Not reset by its token: a generator may be closed in another context than it was begun in.
        consent.alive = False
        if _CONFIRMED.get() is consent:
            _CONFIRMED.set(consent.before)


def is_confirmed() -> bool:
    """Whether this runs inside `confirmed`."""
    consent = _CONFIRMED.get()
    while consent is not None and not consent.alive:
        consent = consent.before
    return consent is not None

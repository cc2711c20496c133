"""Which HTTP library a request or response belongs to: `httpx`, or one with the same API."""

from __future__ import annotations

import sys
from functools import lru_cache
from types import ModuleType
from typing import Any


@lru_cache(maxsize=64)
def _of(kind: type[Any]) -> ModuleType | None:
    for base in kind.__mro__:
        family = sys.modules.get(base.__module__.partition(".")[0])
        if family and base in (getattr(family, "Request", None), getattr(family, "Response", None)):
            return family
    return None


def family_of(thing: Any) -> ModuleType | None:
    """The library whose class of requests or responses the thing is of, or of a class derived from it; or None.

    Classes of two libraries do not mix, so whatever is made for a request is made with those of its own.
    """
    return _of(type(thing))  # type: ignore[arg-type]  # (the stub takes classes for unhashable)

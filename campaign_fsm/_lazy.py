"""What is imported when it is first used: the public names of a package, and what draws its objects in a notebook."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from typing import Any, Final


def lazy(
    package: str, homes: dict[str, str], *own: str
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """``__getattr__``, ``__dir__`` and ``__all__`` of a package, the last sorted as the linter sorts it.

    Type checkers cannot follow this: the package imports each name once more under `TYPE_CHECKING`.

    Args:
        package: Its name.
        homes: By module of the package, the public names that live there, with spaces between them.
        own: Public names of the package itself.
    """
    home_of = {name: module for module, names in homes.items() for name in names.split()}
    public = sorted([*own, *home_of], key=lambda name: (not name.isupper(), not name[0].isupper(), name))

    def find(name: str) -> Any:
        module = home_of.get(name)
        if module is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(f".{module}", package), name)
        setattr(sys.modules[package], name, value)
        return value

    return find, lambda: public, public


SHOWN: Final[dict[str, tuple[str, str]]] = {}
"""By the name of a class, the module and the function that draw its objects in a notebook.

The package itself fills it in: drawing stands above most of what is drawn, which therefore knows nothing of it.
"""


def shown(name: str, thing: object) -> str | None:
    """An object of a class as a notebook shows it; None, which to IPython is no picture, if nothing draws it."""
    if name not in SHOWN:
        return None
    module, function = SHOWN[name]
    drawn: str = getattr(importlib.import_module(module), function)(thing)
    return drawn

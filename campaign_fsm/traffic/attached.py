"""Bodies that a recording names and that lie beside it, as Playwright keeps them with ``content: "attach"``."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from campaign_fsm.printable import quoted
from campaign_fsm.traffic.bodies import MOST_BODY

Attached = Callable[[str], bytes]
"""Reads the body of this name; raises `NotAttached`."""

_SEPARATORS: Final = frozenset("/\\:\0")


class NotAttached(Exception):
    """A body cannot be read; says why."""


def plain_name(name: str) -> str:
    """The name of a file, if it can only be that of one in the same folder.

    Raises:
        NotAttached: It can be another, or none.
    """
    if name in {"", ".", ".."} or _SEPARATORS.intersection(name):
        raise NotAttached(f"{quoted(name)}, which should hold it, is not the name of a file beside the recording")
    return name


def small(name: str, size: int) -> None:
    """See that a body is not too large.

    Raises:
        NotAttached: It is.
    """
    if size > MOST_BODY:
        raise NotAttached(f"{quoted(name)}, which should hold it, is larger than {MOST_BODY} bytes")


def beside(path: str) -> Attached:
    """The bodies in the folder of a recording."""

    def read(name: str) -> bytes:
        plain_name(name)
        if path == "-":
            raise NotAttached(
                f"{quoted(name)}, which should hold it, is beside a recording that came from the standard input"
            )
        folder = Path(path).parent
        file = folder / name
        try:
            if file.resolve().parent != folder.resolve():
                raise NotAttached(f"{quoted(name)}, which should hold it, is a link to another folder")
            if not file.is_file():
                raise NotAttached(f"{quoted(name)}, which should hold it, is not beside the recording")
            with file.open("rb") as stream:
                small(name, os.fstat(stream.fileno()).st_size)
                return stream.read(MOST_BODY)
        except (OSError, ValueError) as error:
            raise NotAttached(f"{quoted(name)}, which should hold it, cannot be read") from error

    return read

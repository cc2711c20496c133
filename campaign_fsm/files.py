"""Files as bytes: the mark that some editors begin them with, and writing them as a whole or not at all."""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


def without_mark(data: bytes) -> bytes:
    """The bytes without the byte order mark of UTF-8 that they may begin with."""
    return data.removeprefix(BYTE_ORDER_MARK)


def write_whole(path: str | Path, content: bytes) -> None:
    """Write a file as a whole; whatever comes in between, the old one is left and nothing beside it.

    A link is followed. A file that is there keeps its permissions, a new one gets those of any new file. A device or
    a pipe is written to as it is.

    Raises:
        OSError: It cannot be written.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        target.write_bytes(content)
        return
    part = target.with_name(f".campaign-fsm-{secrets.token_hex(8)}")
    try:
        with part.open("xb") as file:
            file.write(content)
        with suppress(FileNotFoundError):
            part.chmod(stat.S_IMODE(target.stat().st_mode))
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise

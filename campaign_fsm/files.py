"""Files as bytes: the mark that some editors begin them with, and writing them as a whole or not at all."""

from __future__ import annotations

import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

PART: Final = ".campaign-fsm-"
"""What the name of a file begins with that is being written."""
BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


def without_mark(data: bytes) -> bytes:
    """The bytes without the byte order mark of UTF-8 that they may begin with."""
    return data.removeprefix(BYTE_ORDER_MARK)


class CannotWrite(Exception):
    """A file cannot be written. No `OSError`: what reads another file at the time must not take it for its own.

    Attributes:
        path: The file, as it was given.
        error: The system's.
    """

    def __init__(self, path: str, error: OSError) -> None:
        super().__init__(f"{path} cannot be written: {error.strerror or error}")
        self.path, self.error = path, error


def write_whole(path: str | Path, content: bytes) -> None:
    """Write a file as a whole, as `replacing` does.

    Raises:
        OSError: It cannot be written.
    """
    with replacing(path) as file:
        file.write(content)


@contextmanager
def replacing(path: str | Path) -> Iterator[BinaryIO]:
    """What is written here becomes the file at the end of the block; whatever comes in between, the old one is left.

    It is written beside the file, and moved into its place. A link is followed. A file that is there keeps its
    permissions, a new one gets those of any new file. A device or a pipe is written to as it is. Only what ends the
    process on the spot leaves the part behind: ``.campaign-fsm-….part``, which is no recording and no diagram.

    Raises:
        OSError: It cannot be written.
    """
    if (number := descriptor(path)) is not None:
        # Opened anew, a file that this stands for would be written from its start, over what is in it.
        with os.fdopen(os.dup(number), "wb") as file:
            yield file
        return
    before = _mode(path)
    if before is not None and not stat.S_ISREG(before):
        with Path(path).open("wb") as file:
            yield file
        return
    target = Path(os.path.realpath(path))
    if before is not None:
        # Moving another file into its place needs no permission of its own.
        os.close(os.open(target, os.O_WRONLY))
    part = target.with_name(f"{PART}{secrets.token_hex(8)}.part")
    try:
        # Nobody reads in the part what he may not read in the file.
        part.touch(0o666 if before is None else 0o600, exist_ok=False)
        with part.open("wb") as file:
            yield file
        if before is not None:
            part.chmod(stat.S_IMODE(before))
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def descriptor(path: str | Path) -> int | None:
    """The descriptor of this process that a path stands for."""
    if found := re.fullmatch(r"/dev/std(out|err)|/(?:dev|proc/self)/fd/(\d{1,9})", str(path)):
        return int(found[2]) if found[2] else 1 + (found[1] == "err")
    return None


def _mode(path: str | Path) -> int | None:
    try:
        return Path(path).stat().st_mode
    except FileNotFoundError:
        return None


Identity = tuple[int, int] | str


def identity(path: str | Path | int) -> Identity | None:
    """What two names of one file have in common, links of both kinds included; None for what is no file, as a pipe.

    Args:
        path: A name, which need not be there yet, or a descriptor.
    """
    try:
        found = os.stat(path)  # noqa: PTH116 (a descriptor is no path)
    except (OSError, ValueError):
        if isinstance(path, int):
            return None
    else:
        return (found.st_dev, found.st_ino) if stat.S_ISREG(found.st_mode) else None
    try:
        return os.path.realpath(path)
    except OSError:
        return str(path)  # seen from a folder that is gone

"""Files that the commands write: never one that is read, and as a whole or not at all."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from time import monotonic
from types import FrameType, TracebackType
from typing import Final, TextIO, cast

import click

from campaign_fsm.files import CannotWrite, Identity, descriptor, identity, replacing

STDOUT: Final = "/dev/stdout"
"""The standard output among the names of files that are written."""


def keep_apart(written: Collection[str], read: Collection[Identity | None]) -> None:
    """Nothing is written over what is read, and no two things into one file.

    Raises:
        UsageError: It would be; or something is to go to a descriptor that nobody has opened: the next file that is
            opened here would get its number.
    """
    seen: set[Identity] = set()
    for file in written:
        if file != STDOUT and (number := descriptor(file)) is not None and not _is_open(number):
            raise click.UsageError(f"{file} is not open; nothing can be written to it.")
        found = identity(file)
        if found is None:  # a device or a pipe
            continue
        if found in read:
            raise click.UsageError(f"{file} is to be read and to be written; give what is written another name.")
        if found in seen:
            raise click.UsageError(f"{file} is to be written twice; give each its own file.")
        seen.add(found)


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


class Guarded:
    """A stream whose errors are its own: what reads a recording at the time takes every `OSError` for the recording's.

    Args:
        stream: What is written to; None where the standard output is closed, and what is written goes nowhere.
        name: What an error calls it.
        needs_reader: Whether it is an error that nobody reads the standard output any more.
    """

    def __init__(self, stream: TextIO | None, name: str, *, needs_reader: bool = False) -> None:
        self._stream, self._name, self._needs_reader = stream, name, needs_reader
        self.encoding = getattr(stream, "encoding", None)

    def write(self, text: str) -> int:
        """Write a text, or raise `CannotWrite`."""
        if self._needs_reader and getattr(self._stream, "unread", False):
            raise CannotWrite(self._name, BrokenPipeError())
        try:
            return len(text) if self._stream is None else self._stream.write(text)
        except OSError as error:
            raise CannotWrite(self._name, error) from None


class OutputFile:
    """A text file that is there as a whole after the block, and is left as it was if the block ends otherwise.

    Raises:
        CannotWrite: At the beginning, while it is written, or at the end.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._manager = replacing(path)

    def __enter__(self) -> TextIO:
        try:
            self._text = TextIOWrapper(self._manager.__enter__(), encoding="utf-8", newline="\n")
        except OSError as error:
            raise CannotWrite(self._path, error) from None
        return cast("TextIO", Guarded(self._text, self._path))

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        failed: BaseException | None = value
        try:
            self._text.detach()
        except OSError as error:
            failed = failed or error
        try:
            self._manager.__exit__(type(failed) if failed else None, failed, at)
        except OSError as error:
            failed = failed or error
        if value is None and isinstance(failed, OSError):
            raise CannotWrite(self._path, failed)


class Terminated(BaseException):
    """The system, or who runs it, wants the process to end."""


_SIGNALS: Final = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP", "SIGINT") if hasattr(signal, name))
_PATIENCE: Final = 2.0


@contextmanager
def terminable() -> Iterator[None]:
    """Leave nothing half done where the process is told to end: what the block has begun is taken back first.

    Another signal meanwhile, as the second Ctrl-C of somebody in a hurry, does not come in between; after two seconds
    it does. Where somebody else, or another thread, looks after the signals, they are left alone.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    ours = [number for number in _SIGNALS if before[number] in (signal.SIG_DFL, signal.default_int_handler)]
    received: list[int] = []
    until = 0.0

    def end(number: int, _: FrameType | None) -> None:
        nonlocal until
        received.append(number)
        if monotonic() >= until:
            until = monotonic() + _PATIENCE
            raise KeyboardInterrupt if number == signal.SIGINT else Terminated

    try:
        for number in ours:
            signal.signal(number, end)
        yield
    finally:
        for number in ours:
            signal.signal(number, before[number])
        # After a Ctrl-C its exception is on its way.
        if fatal := [number for number in received if number != signal.SIGINT]:
            signal.raise_signal(fatal[0])

"""The standard streams of the process: characters that they cannot encode, readers that go away, and colour."""

from __future__ import annotations

import codecs
import io
import os
import sys
from typing import Any, TextIO


def colour() -> bool | None:
    """Whether to colour what is printed, by the environment; None where it depends on whether a terminal reads it."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return False if os.environ.get("TERM") == "dumb" else None


def is_lost(error: BaseException) -> bool:
    """Whether this is why what is printed does not get to the standard output; `flush` gives it once more."""
    return error is getattr(sys.stdout, "lost", None)


def is_unread() -> bool:
    """Whether the reader of the standard output has gone away, as `head` does: what follows is printed for nobody."""
    return getattr(sys.stdout, "unread", False)


class _Raw(io.FileIO):
    """A descriptor that takes an error of the kind that is forgiven for success, and remembers each.

    It waits for a reader, also where others have made the descriptor one that does not block.
    """

    def __init__(self, number: int, forgiven: type[OSError]) -> None:
        super().__init__(number, "wb", closefd=False)
        self._forgiven = forgiven
        self.failed = False
        self.lost: OSError | None = None

    def write(self, data: Any) -> int:
        try:
            while (written := super().write(data)) is None:
                import select

                select.select([], [self], [])
        except OSError as error:
            if not isinstance(error, self._forgiven):
                self.lost = error
                raise
            self.failed = True
            return len(data)
        return written


class _Text(io.TextIOWrapper):
    def __init__(self, raw: _Raw, like: TextIO) -> None:
        line_buffering = bool(like.line_buffering or getattr(like, "write_through", False))
        super().__init__(io.BufferedWriter(raw), like.encoding, like.errors, line_buffering=line_buffering)
        self._raw = raw

    @property
    def unread(self) -> bool:
        return self._raw.failed

    @property
    def lost(self) -> OSError | None:
        return self._raw.lost


def _forgiving(stream: TextIO, number: int, forgiven: type[OSError]) -> TextIO:
    try:
        if stream.fileno() != number or (os.name == "nt" and stream.isatty()):
            return stream
    except (AttributeError, OSError):
        return stream  # a stand-in, as in tests
    return _Text(_Raw(number, forgiven), stream)


def _escape(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError)
    import json

    return json.dumps(error.object[error.start : error.end])[1:-1], error.end


def prepare() -> None:
    """Let nothing about the standard streams stand between a verdict and its exit code.

    A character that a stream cannot encode is printed as JSON escapes it: `--json` stays JSON and loses nothing.
    A standard output whose reader has gone takes what is printed, for nobody (`is_unread`); so does a standard error
    that is full, broken or closed.
    """
    codecs.register_error("campaign_fsm.escape", _escape)
    for stream in (sys.stdout, sys.stderr):
        # A stream can be None or a stand-in without this.
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="campaign_fsm.escape")
    if sys.stdout is not None:
        sys.stdout = _forgiving(sys.stdout, 1, BrokenPipeError)
    if sys.stderr is None:
        # Its number is free, and the next file that is opened would get what is written to it.
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    else:
        sys.stderr = _forgiving(sys.stderr, 2, OSError)


def flush() -> OSError | None:
    """Write what was printed, or say why not. Python would find out only when it exits, and end with 120."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        # What is still in the buffer goes nowhere, or Python would try once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return error
    return getattr(sys.stdout, "lost", None)

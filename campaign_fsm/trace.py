"""The decision trace: what was read, decided, sent and answered, as JSON Lines.

Each line is one object with these keys; those without a value are left out:

- ``version`` 1; ``event`` one of ``read``, ``decided``, ``refused``, ``sent``, ``held`` (what the line before says
  was not sent after all: its reading had become too old), ``answered``, ``failed``
- ``at`` the local time, RFC 3339 in UTC; ``server_at`` the server's at the reading, if it gave it, which is what
  starts and ends are held against; ``flow`` the same for all lines of one request
- ``host``, ``account``, ``channel``, ``campaign``, ``method``, ``action``
- ``status``, ``raw_status``, ``started``, ``start``, ``end``: what a reading or an answer shows; of a status that is
  on no list and no short word only the length
- ``reused``: the reading is an earlier one, which was asked for ``age`` seconds before; ``listed``: a list showed it
- ``status_code``, ``request_id``, ``ms``
- ``code``, ``standing``, ``strict``: the decision; ``fields``: the names of the parameters, never their values
- ``confirmed``: the write was sent inside of `campaign_fsm.confirmed`
- ``expected``: the statuses that an answer should have shown, if it shows another one
- ``error``: the class of what went wrong

No credentials, phone numbers, message texts or report links are written. Keys may be added within a
version; a key that is there keeps its meaning.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

VERSION: Final = 1
"""The version that each line carries."""


class _Descriptor:
    """An open file that is closed when nobody uses it any more."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.number = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def __del__(self) -> None:
        with suppress(AttributeError):  # it could not be opened
            os.close(self.number)


def _ends_within_a_line(path: str | os.PathLike[str]) -> bool:
    """Whether the last line of a file has no end: its writer was killed, or its disk was full."""
    with suppress(OSError):
        if os.path.isfile(path):  # noqa: PTH113 (importing pathlib takes longer)
            with open(path, "rb") as file:  # noqa: PTH123
                file.seek(-1, os.SEEK_END)
                return file.read(1) != b"\n"
    return False


class TraceFile:
    """Appends events to a file, one line each, each written at once; may be shared by threads and processes.

    Args:
        path: The file; made if it is not there, readable by its owner alone.

    Raises:
        OSError: It cannot be opened.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._file: _Descriptor | None = _Descriptor(path)
        # One mark for each line that was cut short and has no other behind it yet.
        self._cut: set[object] = {path} if _ends_within_a_line(path) else set()

    def __call__(self, event: Mapping[str, Any]) -> None:
        line = json.dumps(event, ensure_ascii=True).encode() + b"\n"
        # A reference of our own: whoever closes meanwhile does not take the descriptor away. A lock would be
        # held when a signal handler, a finalizer or a fork comes.
        if file := self._file:
            # Each operation on the set is one step for all threads. Two of them may both begin a new line, which
            # leaves an empty one; none glues its line to what a full disk has left of another.
            cut = self._cut.copy()
            data = b"\n" + line if cut else line
            # One write for each line: what another thread or process appends does not end up inside it.
            if os.write(file.number, data) == len(data):
                self._cut.difference_update(cut)
            else:
                self._cut.add(object())

    def close(self) -> None:
        """Close the file; may be called twice, and events after it are dropped."""
        self._file = None

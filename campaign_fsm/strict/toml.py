"""TOML of files that people write: one reading, and one error with its line."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from campaign_fsm.files import without_mark


class NotToml(ValueError):
    """The bytes are not TOML.

    Attributes:
        line: The line at which reading ended; 0 if it is not known.
    """

    def __init__(self, reason: str, line: int = 0) -> None:
        super().__init__(reason)
        self.line = line


def read_toml(data: bytes) -> dict[str, Any]:
    """The document that the bytes are.

    Raises:
        NotToml: They are not UTF-8, nested too deeply, or not TOML.
    """
    try:
        return tomllib.loads(without_mark(data).decode())
    except UnicodeDecodeError:
        raise NotToml("it is not UTF-8") from None
    except RecursionError:
        raise NotToml("it is nested too deeply") from None
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+)", str(error))
        raise NotToml(f"it is not TOML: {error}", int(found[1]) if found else data.count(b"\n") + 1) from None

"""TOML of files that people write: one reading, and one error with its line."""

from __future__ import annotations

import re
import tomllib
from math import isfinite
from typing import Any, Final

from campaign_fsm.files import without_mark


class NotToml(ValueError):
    """The bytes are not TOML.

    Attributes:
        line: The line at which reading ended; 0 if it is not known.
    """

    def __init__(self, reason: str, line: int = 0) -> None:
        super().__init__(reason)
        self.line = line


_TOO_LARGE: Final = "a number in it is too large"


def read_toml(data: bytes) -> dict[str, Any]:
    """The document that the bytes are.

    Raises:
        NotToml: They are not UTF-8, nested too deeply, or not TOML; or a number is none that every reader of TOML
            has: an integer of more than 64 bits, which Python may not even print, or a float that is not finite.
    """
    try:
        document = tomllib.loads(without_mark(data).decode())
    except UnicodeDecodeError:
        raise NotToml("it is not UTF-8") from None
    except RecursionError:
        raise NotToml("it is nested too deeply") from None
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+)", str(error))
        raise NotToml(f"it is not TOML: {error}", int(found[1]) if found else data.count(b"\n") + 1) from None
    except ValueError:
        # Python reads no number of more than 4 300 digits, and tomllib does not say so in its own words.
        raise NotToml(_TOO_LARGE) from None
    values: list[Any] = [document]
    while values:
        value = values.pop()
        if isinstance(value, dict):
            values += value.values()
        elif isinstance(value, list):
            values += value
        elif isinstance(value, int) and not -(2**63) <= value < 2**63:
            raise NotToml(_TOO_LARGE)
        elif isinstance(value, float) and not isfinite(value):
            raise NotToml("a number in it is not finite")
    return document

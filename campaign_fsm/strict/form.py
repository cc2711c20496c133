"""Form encoding (``application/x-www-form-urlencoded``) that every parser reads alike."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote_to_bytes

from campaign_fsm.strict.json import Ambiguous, object_of

_BAD_ESCAPE: Final = re.compile(rb"%(?![0-9A-Fa-f]{2})")


def read_form(body: bytes) -> dict[str, str]:
    """The values of a form, by their keys.

    Raises:
        Ambiguous: It is no form in UTF-8, or not for every parser. Nothing else is raised, whatever the bytes.
    """
    if _BAD_ESCAPE.search(body):
        raise Ambiguous("a % in it stands before no two hexadecimal digits")
    pairs = []
    for part in body.strip().split(b"&"):
        if not part:
            continue  # as every parser does
        key, sign, value = part.partition(b"=")
        if not sign:
            raise Ambiguous("a part of the form has no =")
        try:
            pairs.append((_decoded(key), _decoded(value)))
        except UnicodeDecodeError:
            raise Ambiguous("it is not UTF-8") from None
    return object_of(pairs)


def _decoded(text: bytes) -> str:
    return unquote_to_bytes(text.replace(b"+", b" ")).decode()

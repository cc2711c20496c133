"""What may be shown of texts that are not ours: no credentials, no phone numbers, no messages."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Collection
from contextlib import suppress
from functools import lru_cache
from typing import Final
from urllib.parse import quote

_REDACTED: Final = "[redacted]"
# Shorter ones stand in ordinary words.
_SHORTEST: Final = 4
_LONGEST: Final = 40
# The digits of a phone number, at least, also in groups.
_CALLED: Final = re.compile(r"(?<![0-9A-Fa-f])[0-9](?:[-_ ]?[0-9]){6,}(?![0-9A-Fa-f])")
_WORDS: Final = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9_-]+( [A-Za-z0-9_-]+){0,2}")
_KEY: Final = re.compile(r"(?=.*[A-Za-z]) *[A-Za-z0-9_-]+ *")
_PERCENT: Final = re.compile("%[0-9A-F]{2}")
_DIGIT: Final = re.compile(r"[0-9]")
_RUN: Final = re.compile(r"[^\s<>]+")
# Not where somebody only names the scheme: "Basic authentication".
_CREDENTIALS: Final = re.compile(r"\b((?i:basic|bearer)\s+)(?!realm=|[A-Z]?[a-z]+(?![\w+/.~=-]))[\w+/.~-]+=*")


def word(text: str) -> str:
    """A short text of one to three words as it is, digits masked where there are more than four; else its length.

    Statuses and keys are such words. What is none may be a phone number or a message.
    """
    return _masked(text) if len(text) <= _LONGEST and _WORDS.fullmatch(text) else f"[{len(text)} characters]"


def printable_key(key: str) -> str:
    """The beginning of a key of a body, for a message, in quotes; of one that is no word only its length."""
    return repr(_masked(key[:_LONGEST]) if _KEY.fullmatch(key) else f"[{len(key)} characters]")


def printable_id(text: str) -> str:
    """An id of the server's as it is, unless it holds what somebody could call: digits that belong to no hex word."""
    return f"[{len(text)} characters]" if _CALLED.search(text) else text


def _masked(text: str) -> str:
    return _DIGIT.sub("#", text) if len(_DIGIT.findall(text)) > _SHORTEST else text


def forms_of(*secrets: str) -> tuple[str, ...]:
    """Secrets in every form in which a server could echo them, the longest first."""
    forms: set[str] = set()
    for secret in secrets:
        raw = secret.encode("utf-8", "surrogatepass")
        encoded = {base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode(), raw.hex(), raw.hex().upper()}
        escaped = {quote(secret), quote(secret, safe=""), html.escape(secret), secret.replace("/", "\\/")}
        lower = {_PERCENT.sub(lambda found: found[0].lower(), form) for form in escaped}
        forms |= {secret, secret.lower(), *encoded, *escaped, *lower}
    forms |= {form.rstrip("=") for form in forms}
    return tuple(sorted((form for form in forms if len(form) >= _SHORTEST), key=len, reverse=True))


def secrets_of(headers: tuple[tuple[bytes, bytes], ...]) -> tuple[str, ...]:
    """What an Authorization header gives away, in every form that a server could echo."""
    secrets: tuple[str, ...] = ()
    for name, value in headers:
        if name.lower() in (b"authorization", b"proxy-authorization"):
            secrets += _given_away(value)
    return secrets


@lru_cache(maxsize=16)  # a client sends the same one with each request
def _given_away(value: bytes) -> tuple[str, ...]:
    scheme, _, blob = value.decode("latin-1").partition(" ")
    parts = [blob or scheme, blob.translate({43: 45, 47: 95})]  # also in the alphabet for URLs
    with suppress(ValueError):
        raw = base64.b64decode(blob)
        for decoded in (raw.decode("latin-1"), raw.decode(errors="replace")):
            parts += [decoded, *decoded.split(":", 1)]
    return forms_of(*parts)


def redact(text: str, secrets: Collection[str]) -> str:
    """The text without the secrets, and without what looks like credentials: a server may echo what it was sent."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, _REDACTED)
    if "://" in text:
        text = _RUN.sub(_without_userinfo, text)
    return _CREDENTIALS.sub(rf"\1{_REDACTED}", text)


def _without_userinfo(found: re.Match[str]) -> str:
    before, _, rest = found[0].partition("://")
    userinfo, at, host = rest.rpartition("@")
    return f"{before}://{_REDACTED}@{host}" if at and userinfo else found[0]


def redact_error(error: BaseException, secrets: Collection[str]) -> None:
    """Redact what an error says, and the errors that it comes from: they are shown with it."""
    waiting: list[BaseException | None] = [error]
    seen: set[int] = set()
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        redacted = tuple(redact(arg, secrets) if isinstance(arg, str) else arg for arg in one.args)
        if redacted != one.args:
            with suppress(Exception):  # some let nothing be set
                one.args = redacted
        if isinstance(one, json.JSONDecodeError):
            one.doc = ""  # the whole of what could not be read
        waiting += [one.__cause__, one.__context__]

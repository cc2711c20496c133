"""Runbooks: planned operations as a reviewed file, in YAML, TOML or JSON.

::

    runbook: 1
    campaigns:
      - campaign: camp_abc123        # its id
        channel: voice               # or message, which is the default
        name: diwali-offers          # for policies that go by names
        status: in-progress          # what it is assumed to be in
        start: 2026-11-23T10:00:00+05:30
        steps:
          - pause
          - action: complete
            confirmed: true          # where a policy asks for that
            at: 2026-11-23T22:00:00+05:30
      - channel: message
        steps:
          - action: create
            parameters: {content_type: static, lists: [a1], sender_id: EXOTEL, …}

Steps are judged one after the other, as if each that is legal took effect. Keys may be added within a
version; a key that is there keeps its meaning. A runbook without a status is a plan from nowhere: its
first step cannot be judged.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any, BinaryIO, Final, Never

from campaign_fsm.printable import quoted
from campaign_fsm.rules import STATUSES, Action, Channel, Status
from campaign_fsm.strict.toml import NotToml, read_toml
from campaign_fsm.strict.unreadable import UnreadableRecording
from campaign_fsm.strict.yaml import YamlMapping, YamlText, load
from campaign_fsm.traffic.exchange import Exchange
from campaign_fsm.words import hint

VERSION: Final = 1
_MOST: Final = 4 * 2**20
_KEYS: Final = ("runbook", "title", "campaigns")
_CAMPAIGN: Final = ("campaign", "channel", "account", "host", "name", "status", "start", "end", "steps")
_STEP: Final = ("action", "at", "confirmed", "parameters", "note")
_METHODS: Final = {Action.CREATE: "POST", Action.DELETE: "DELETE"}


def read_runbook(path: str, stream: BinaryIO) -> Iterator[Exchange]:
    """The steps of a runbook as planned exchanges, each after what it assumes.

    Raises:
        UnreadableRecording: It is no runbook, or says something that is not understood.
    """
    data = stream.read(_MOST + 1)
    if len(data) > _MOST:
        raise UnreadableRecording(path, 0, "line", f"it is larger than {_MOST} bytes")
    reader = _Toml(path) if path.endswith(".toml") else _Yaml(path)
    yield from reader.read(reader.parse(data))


class _Reader:
    """What the formats share; they differ in how values are typed and where things stand."""

    unit = "line"

    def __init__(self, path: str) -> None:
        self._path = path
        self._number = 0

    def parse(self, data: bytes) -> Any:
        raise NotImplementedError

    def place(self, value: object) -> int:
        """Where a mapping, a text or a step stands."""
        raise NotImplementedError

    def typed(self, value: Any) -> Any:
        """A value as JSON would have it."""
        raise NotImplementedError

    def read(self, document: Any) -> Iterator[Exchange]:
        if not isinstance(document, Mapping):
            self._fail(document, "it is no mapping with runbook and campaigns")
        self._known(document, _KEYS)
        if self.typed(document.get("runbook")) != VERSION:
            self._fail(document, f"runbook is the version of the form, which is {VERSION}")
        campaigns = document.get("campaigns")
        if not isinstance(campaigns, list):
            self._fail(document, "campaigns must be a list")
        for campaign in campaigns:
            yield from self._campaign(campaign)

    def _campaign(self, given: Any) -> Iterator[Exchange]:
        if not isinstance(given, Mapping):
            self._fail(given, "a campaign must be a mapping")
        self._known(given, _CAMPAIGN)
        named = {key: self._text(given, key) for key in _CAMPAIGN if key != "steps"}
        channel = named["channel"] or Channel.MESSAGE
        if channel not in set(Channel):
            self._fail(given, f"channel must be one of {', '.join(Channel)}, not {quoted(channel, 40)}")
        about: dict[str, Any] = {
            "campaign": named["campaign"],
            "channel": str(channel),
            "account": named["account"],
            "host": named["host"],
            "name": named["name"],
        }
        status = named["status"]
        if status is not None:
            if Status.parse(status) is Status.UNKNOWN:
                self._fail(given, f"the status {quoted(status, 40)} is on no list; {hint(status, STATUSES)}")
            if named["campaign"] is None:
                self._fail(given, "a campaign with a status has an id: campaign")
            times: dict[str, Any] = {"start": named["start"], "end": named["end"]}
            place = self.place(given)
            yield Exchange(method="GET", status_code=200, status=status, place=place, **times, **about)
        steps = given.get("steps")
        if not isinstance(steps, list) or not steps:
            self._fail(given, "steps must be a list of actions")
        for step in steps:
            self._number += 1
            yield self._step(step, about)

    def _step(self, step: Any, about: Mapping[str, Any]) -> Exchange:
        given: Mapping[str, Any] = step if isinstance(step, Mapping) else {"action": step}
        self._known(given, _STEP)
        name = self._text(given, "action")
        try:
            action = Action(name or "")
        except ValueError:
            self._fail(step, f"{quoted(name or '', 40)} is not an action; {hint(name or '', Action)}")
        if about["campaign"] is None and action is not Action.CREATE:
            self._fail(step, f"{action} is about a campaign, which has an id: campaign")
        confirmed = self.typed(given.get("confirmed", False))
        if not isinstance(confirmed, bool):
            self._fail(step, "confirmed must be true or false")
        parameters = given.get("parameters")
        if parameters is not None and not isinstance(parameters, Mapping):
            self._fail(step, "parameters must be a mapping")
        known = dict(about)
        if action is Action.CREATE:
            known["campaign"] = None
        return Exchange(
            at=self._text(given, "at"),
            method=_METHODS.get(action, "PUT"),
            action=action.value,
            confirmed=confirmed,
            planned=True,
            request_base64=None if parameters is None else json.dumps(self.typed(parameters)).encode(),
            place=self.place(step),
            **known,
        )

    def _text(self, given: Mapping[str, Any], key: str) -> str | None:
        value = given.get(key)
        if isinstance(value, datetime | date):
            return value.isoformat()
        if value is not None and not isinstance(value, str):
            self._fail(given, f"{key} must be a text")
        return None if value is None else str(value)

    def _known(self, given: Mapping[str, Any], keys: tuple[str, ...]) -> None:
        for key in given:
            if key not in keys:
                self._fail(given, f"there is no key {quoted(str(key), 40)}; {hint(str(key), keys)}", key)

    def _fail(self, value: object, reason: str, key: object = None) -> Never:
        place = value.lines.get(str(key), value.line) if isinstance(value, YamlMapping) else self.place(value)
        raise UnreadableRecording(self._path, place, self.unit, reason)


class _Yaml(_Reader):
    def parse(self, data: bytes) -> Any:
        from io import BytesIO

        return load(BytesIO(data), self._path)

    def place(self, value: object) -> int:
        if isinstance(value, YamlMapping | YamlText):
            return value.line
        return 0

    def typed(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {str(key): self.typed(entry) for key, entry in value.items()}
        if isinstance(value, list):
            return [self.typed(entry) for entry in value]
        if not isinstance(value, YamlText):
            return value.decode("latin-1") if isinstance(value, bytes) else value
        if value.plain and value in ("true", "false"):
            return value == "true"
        if value.plain and re.fullmatch(r"-?(0|[1-9][0-9]{0,17})", value):
            return int(value)
        return str(value)


class _Toml(_Reader):
    unit = "entry"

    def parse(self, data: bytes) -> Any:
        try:
            return read_toml(data)
        except NotToml as error:
            raise UnreadableRecording(self._path, 0, self.unit, str(error)) from None

    def place(self, value: object) -> int:
        return self._number

    def typed(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: self.typed(entry) for key, entry in value.items()}
        if isinstance(value, list):
            return [self.typed(entry) for entry in value]
        return value.isoformat() if isinstance(value, datetime | date) else value

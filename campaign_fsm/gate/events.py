"""What one request leaves behind: a line in the log, and events in the trace."""

from __future__ import annotations

import itertools
import logging
import os
import re
import secrets
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from campaign_fsm import log
from campaign_fsm.gate.model import WriteRecord
from campaign_fsm.gate.settings import Trace
from campaign_fsm.lifecycle import Decision
from campaign_fsm.policy import is_confirmed
from campaign_fsm.private import printable_id, redact, secrets_of, word
from campaign_fsm.rules import Action
from campaign_fsm.trace import VERSION
from campaign_fsm.wire.answer import Answer
from campaign_fsm.wire.intent import WireRequest
from campaign_fsm.wire.reading import Reading
from campaign_fsm.wire.target import Target

_REQUEST_ID: Final = re.compile(rb'"request_id"\s*:\s*"([A-Za-z0-9_-]{1,64})"')
_FLOWS: Final = itertools.count(1)
# Tells the processes apart whose events end up in one file.
_PROCESS: Final = secrets.token_hex(4)


def _process() -> str:
    return f"{_PROCESS}-{os.getpid()}"


def request_id(answer: Answer) -> str | None:
    """The vendor's id of a request, from an answer of any kind."""
    found = _REQUEST_ID.search(answer.body, 0, 4096)
    return found.group(1).decode() if found else None


def _names(fields: Mapping[str, Any]) -> list[str]:
    """The names of parameters; what is no name may be anything."""
    return sorted(map(word, fields))


def _as_fields(reading: Reading) -> dict[str, Any]:
    return {
        "status": reading.status.value,
        "raw_status": reading.raw_status,
        "start": reading.start.isoformat() if reading.start else None,
        "end": reading.end.isoformat() if reading.end else None,
    }


class FlowEvents:
    """One request on its way through the gate, as it is reported to the log and the trace.

    Neither may stand between a write and its answer: a trace that fails is logged and left alone.
    """

    def __init__(
        self,
        request: WireRequest,
        target: Target | None,
        action: Action | None,
        trace: Trace | None,
        clock: Callable[[], float],
        *,
        secrets: Callable[[WireRequest], Collection[str]] = lambda request: secrets_of(request.headers),
    ) -> None:
        self._request, self._target, self._action, self._secrets = request, target, action, secrets
        self._trace, self._clock = trace, clock
        self._number = next(_FLOWS) if trace else 0
        self._since = 0.0
        self._server_at: datetime | None = None

    def begin(self) -> None:
        """A request leaves now: its milliseconds count from here."""
        self._since = self._clock()

    def _ms(self) -> float:
        return round((self._clock() - self._since) * 1000, 1)

    def _line(
        self,
        method: str,
        answer: Answer | None,
        *,
        action: Action | None = None,
        reading: Reading | None = None,
        error: BaseException | None = None,
    ) -> None:
        if not log.enabled(logging.INFO):
            return
        about = (self._target.id or self._target.collection) if self._target else "-"
        status, status_code = reading and reading.status, answer and answer.status_code
        failed, known, ms = error and type(error).__name__, answer and self._id_in(answer), self._ms()
        log.info(
            "%s %s: %s, request %s, %.0f ms",
            f"{method} {action}" if action else method,
            about,
            failed or (f"{status_code} {status}" if status else status_code),
            known or "-",
            ms,
            about=self._target,
            action=action,
            method=method,
            status=status,
            status_code=status_code,
            request_id=known,
            ms=ms,
            error=failed,
        )

    def _id_in(self, answer: Answer) -> str | None:
        """The vendor's id of the request, if it is no secret of ours and no number that somebody could call."""
        found = request_id(answer)
        return None if found is None else printable_id(redact(found, self._secrets(self._request)))

    def _event(self, event: str, **fields: Any) -> None:
        if self._trace is None:
            return
        target = self._target
        about = {
            "account": target.account if target else None,
            "channel": target.channel.value if target else None,
            "campaign": target.id if target else None,
        }
        common = {
            "version": VERSION,
            "event": event,
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "flow": f"{_process()}-{self._number}",  # what a fork says of it is not what the parent does
            "host": self._request.host,
            **about,
            "action": self._action.value if self._action else None,
            "server_at": self._server_at.isoformat() if self._server_at else None,
        }
        known = {key: value for key, value in {**common, **fields}.items() if value is not None}
        try:
            self._trace(known)
        except Exception:  # noqa: BLE001 (the request matters more than its trace)
            log.exception("an event of the trace could not be written", about=target, action=self._action)

    def was_read(self, answer: Answer, reading: Reading | None, now: datetime | None = None) -> None:
        """A read was answered; `reading` if it was about one campaign and could be used, `now` if a write follows."""
        self._line("GET", answer, reading=reading)
        if self._trace:
            self._server_at = reading.date if reading else None
            self._event(
                "read",
                method="GET",
                status_code=answer.status_code,
                request_id=self._id_in(answer),
                ms=self._ms(),
                started=reading.started(now) if reading and now else None,
                **(_as_fields(reading) if reading else {}),
            )

    def was_reused(self, reading: Reading, now: datetime, age: float, *, listed: bool) -> None:
        """An earlier reading was good enough: asked for so many seconds ago, and perhaps shown by a list."""
        if self._trace:
            self._server_at = now if reading.date else None
            self._event(
                "read",
                method="GET",
                reused=True,
                listed=listed or None,
                age=round(age, 3),
                started=reading.started(now),
                **_as_fields(reading),
            )

    def was_decided(self, decision: Decision, fields: Mapping[str, Any]) -> None:
        """The life cycle allowed or refused the write."""
        if self._trace:
            self._event(
                "decided" if decision else "refused",
                code=decision.code,
                standing=decision.standing.value if decision.standing else None,
                strict=decision.strict,
                fields=_names(fields),
            )

    def was_refused(self, code: str) -> None:
        """Something else than the life cycle refused the write."""
        self._event("refused", method=self._request.method, code=code)

    def is_sent(self, fields: Mapping[str, Any]) -> None:
        """The write leaves now."""
        self.begin()
        if self._trace:
            confirmed = is_confirmed() or None
            self._event("sent", method=self._request.method, fields=_names(fields), confirmed=confirmed)

    def was_held(self) -> None:
        """What was reported to leave has not left: its reading became too old while it waited for a connection."""
        self._event("held", method=self._request.method)

    def was_answered(self, record: WriteRecord, answer: Answer) -> None:
        """The write was answered."""
        answered, drift = record.answered, record.drift
        self._line(self._request.method, answer, action=self._action, reading=answered)
        if self._trace:
            self._event(
                "answered",
                method=self._request.method,
                status_code=answer.status_code,
                request_id=self._id_in(answer),
                ms=self._ms(),
                expected=sorted(status.value for status in drift.expected) if drift else None,
                **(_as_fields(answered) if answered else {}),
            )

    def has_failed(self, method: str, error: BaseException) -> None:
        """No answer came."""
        self._line(method, None, action=self._action, error=error)
        if self._trace:
            self._event("failed", method=method, error=type(error).__name__, ms=self._ms())

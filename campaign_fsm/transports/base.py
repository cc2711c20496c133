"""What the two guards share: the gate, and the transport below it."""

from __future__ import annotations

from typing import Any, Final

from httpx import Request

from campaign_fsm.gate import Budget, Gate, GateSettings, GuardSettings
from campaign_fsm.transports.seen import SeenRequest

# Nobody limits requests that never leave the process.
_IN_PROCESS: Final = frozenset({"MockTransport", "WSGITransport", "ASGITransport"})


class Guard:
    """A transport with a gate in it."""

    def __init__(self, inner: Any, settings: GuardSettings, *, blocking: bool) -> None:
        self._inner = inner
        self.in_process: bool = getattr(inner, "in_process", type(inner).__name__ in _IN_PROCESS)
        if self.in_process:
            settings = {**settings, "budget": settings.get("budget") or 0}
        self._gate = Gate(GateSettings(**settings), blocking=blocking)

    def budget(self, request: Request, account: str) -> Budget | None:
        """The request budget of the `account` where `request` goes; None for no limit."""
        return self._gate.budget(SeenRequest.of(request).wire, account)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({type(self._inner).__name__})"

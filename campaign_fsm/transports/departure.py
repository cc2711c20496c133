"""The last moment before the bytes of a judged write leave, as far as `httpcore` says when that is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import ModuleType
from typing import Any

from attrs import define
from httpx import Request

from campaign_fsm.transports.extensions import LEFT
from campaign_fsm.wire.intent import WireRequest

Check = Callable[[], None]
Hook = Callable[[str, Mapping[str, Any]], Any]


@define
class Departure:
    """Stops a write in its last moment, and sees its bytes leave.

    Attributes:
        callers: The request as its caller has it: it is marked once its bytes leave.
        wire: What was judged.
        family: The HTTP library that it belongs to.
        has_left: Whether its bytes were seen to leave.
    """

    callers: Request
    wire: WireRequest
    family: ModuleType
    has_left: bool = False

    def hook(self, check: Check | None, callers: Hook | None) -> Hook:
        """What `httpcore` calls with its events: the checks, and in between the hook of the caller, if there is one."""

        def trace(name: str, info: Mapping[str, Any]) -> Any:
            is_it = self._is_it(name, info)
            if is_it:
                self._may_leave(check)
            result = None if callers is None else callers(name, info)
            if is_it:
                self._may_leave(check)  # the caller's hook may have taken its time
                self._leaves()
            return result

        return trace

    def hook_async(self, check: Check | None, callers: Hook | None) -> Hook:
        """The same for an asynchronous transport."""

        async def awaited(name: str, info: Mapping[str, Any]) -> None:
            is_it = self._is_it(name, info)
            if is_it:
                self._may_leave(check)
            if callers is not None:
                await callers(name, info)
            if is_it:
                self._may_leave(check)
                self._leaves()

        here, plain = threading.current_thread(), self.hook(check, callers)

        def trace(name: str, info: Mapping[str, Any]) -> Any:
            # A synchronous transport that an adapter runs in another thread awaits nothing.
            return (awaited if threading.current_thread() is here else plain)(name, info)

        return trace

    def _is_it(self, name: str, info: Mapping[str, Any]) -> bool:
        """Whether an event of `httpcore` is the last one before the bytes of the write leave."""
        if not name.endswith(".send_request_headers.started"):
            return False
        request = info.get("request")
        # Else a proxy is asked for a tunnel, or something below makes a request of its own.
        return request is None or (
            request.method == self.wire.method.encode() and request.url.target.endswith(self.wire.target)
        )

    def _may_leave(self, check: Check | None) -> None:
        """The last moment at which a judged write can be stopped.

        Raises:
            TooOld: Its reading has become too old while it waited for a connection.
            Closed: The process was forked meanwhile.
            RemoteProtocolError: It is about to be sent a second time: HTTP/2 repeats requests on a connection
                that is closed, and so do transports that try again. One record is for one send.
        """
        if self.has_left:
            raise self.family.RemoteProtocolError(
                "the write was about to be sent a second time, and was stopped; the first may have been applied"
            )
        if check is not None:
            check()

    def _leaves(self) -> None:
        self.has_left = True
        with suppress(Exception):
            self.callers.extensions[LEFT] = True

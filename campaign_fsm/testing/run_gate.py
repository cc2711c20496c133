"""The gate between all `httpx` clients of a test run and whatever the tests answer them with.

The point is the look-up of ``handle_request`` on an `httpx.HTTPTransport` or a `SimulatorTransport`, and of
``handle_async_request`` on an `httpx.AsyncHTTPTransport`: what a client finds there is wrapped, whoever
has put it there, and whenever. So mocks that replace the methods themselves lie below the gate, as do
those that replace parts of `httpcore`.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any, Final

from attrs import define, field

from campaign_fsm.errors import Refused, StatusUnavailable, UnexpectedRedirect
from campaign_fsm.gate import Permit, WriteRecord
from campaign_fsm.gate.refusals import refusal
from campaign_fsm.gate.section import renew
from campaign_fsm.policy import Policy, is_confirmed
from campaign_fsm.simulator import SimulatorTransport
from campaign_fsm.testing.tally import Tally
from campaign_fsm.transports import EXTENSION, PERMIT, AsyncGuardTransport, GuardTransport, read_as
from campaign_fsm.transports.seen import SeenRequest
from campaign_fsm.verdict import judge
from campaign_fsm.wire.intent import SAFE_METHODS, concerns

if TYPE_CHECKING:
    from httpx import AsyncBaseTransport, BaseTransport, Request, Response
else:
    # The guards do not ask what a transport is: neither library is imported before the gate is installed.
    class BaseTransport: ...

    class AsyncBaseTransport: ...


_LIBRARIES: Final = ("httpx", "httpx2")
# Frames of these are not the place where a request was made.
_BETWEEN: Final = frozenset({*_LIBRARIES, "anyio", "campaign_fsm", "contextlib", "functools", "respx"})
# Nor are they of the code under test.
_AROUND: Final = _BETWEEN | {"asyncio", "concurrent", "threading", "unittest", "trio"}
_RUNNERS: Final = frozenset({"_pytest", "pluggy"})

# Transports of the libraries that answer in the process itself, and that are not judged.
_NOT_JUDGED: Final = {
    "MockTransport": ("handle_request", "handle_async_request"),
    "ASGITransport": ("handle_async_request",),
    "WSGITransport": ("handle_request",),
}

Send = Callable[["Request"], "Response"]
SendAsync = Callable[["Request"], Awaitable["Response"]]


@define
class _Way:
    """What lies below the gate for one request, and what was answered there last."""

    below: Callable[[Request], Any]
    response: Any = None


_way: ContextVar[_Way] = ContextVar("campaign policy: way")
# A transport may hand the request on to another one: it is judged once.
_let_through: ContextVar[object] = ContextVar("campaign policy: let through", default=None)
# Gates may stand one above the other: what they refuse is counted once.
_in_gate: ContextVar[bool] = ContextVar("campaign policy: in a gate", default=False)


class _Below(BaseTransport, AsyncBaseTransport):
    """The transport below the gate: for each request the one that its client has found."""

    in_process = True

    def handle_request(self, request: Request) -> Response:
        way, token = _way.get(), _let_through.set(request)
        try:
            way.response = way.below(request)
        finally:
            _let_through.reset(token)
        response: Response = way.response
        return response

    async def handle_async_request(self, request: Request) -> Response:
        way, token = _way.get(), _let_through.set(request)
        try:
            way.response = await way.below(request)
        finally:
            _let_through.reset(token)
        response: Response = way.response
        return response


@define(eq=False)
class Incident:
    """A write that was refused, or that could not be judged.

    Attributes:
        refusal: The error.
        place: The file and line that made the request.
        test: The test that was running, None outside one.
        passed_on: Whether it was sent all the same, because it could not be judged.
        way: The calls of the code under test that led to it, until it is reported; None if there are none.
    """

    refusal: Refused
    place: str
    test: str | None
    passed_on: bool = False
    way: TracebackType | None = field(default=None, repr=False)

    @property
    def unjudged(self) -> bool:
        """Whether the status could not be read."""
        return isinstance(self.refusal, StatusUnavailable)

    @property
    def brief(self) -> str:
        """The place, and whether the write was refused there."""
        return f"{self.place}: {'could not be judged' if self.unjudged else 'refused'}"

    def __str__(self) -> str:
        return f"{self.brief}: {self.refusal}"


def _package(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__")).partition(".")[0]


def _way_here() -> TracebackType | None:
    """The calls that led here, from the test's on, without those of libraries: as if the error came out of the last."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 (there is no other way to the caller)
    found = None
    while frame is not None and _package(frame) not in _RUNNERS:
        if _package(frame) not in _AROUND:
            found = TracebackType(found, frame, frame.f_lasti, frame.f_lineno)
        frame = frame.f_back
    return found


def end_at_the_caller(error: BaseException) -> None:
    """Cut off what an error's traceback has behind the last call of the code under test: the HTTP library, and us."""
    last, entry = None, error.__traceback__
    while entry is not None:
        if _package(entry.tb_frame) not in _BETWEEN:
            last = entry
        entry = entry.tb_next
    if last is not None and _package(last.tb_frame) not in _RUNNERS:
        last.tb_next = None


def _is_campaign_write(request: Request) -> bool:
    try:
        wire = SeenRequest.of(request).wire
        return wire.method not in SAFE_METHODS and concerns(wire)
    except Exception:  # noqa: BLE001 (whatever it is, it is its transport's)
        return False


def _place() -> str:
    """The nearest caller that is neither this package nor the HTTP library."""
    frame = sys._getframe(1)  # noqa: SLF001 (there is no other way to the caller)
    while frame.f_back and _package(frame) in _BETWEEN:
        frame = frame.f_back
    path = Path(frame.f_code.co_filename)
    here = Path.cwd()
    shown = path.relative_to(here) if path.is_relative_to(here) else path
    return f"{os.fspath(shown)}:{frame.f_lineno}"


def _is_of(permit: Permit, request: Request) -> bool:
    """Whether a request is the one that a permit was given for; its extensions can be copied to others."""
    try:
        return read_as(request) == (permit.origin, permit.record and permit.record.intent)
    except Exception:  # noqa: BLE001 (whatever it is, it is judged)
        return False


@define
class RunGate:
    """Judges the campaign requests of a test run, and keeps count.

    Attributes:
        allow_unjudged: Whether a write is passed on if its status cannot be read.
        team: What the team forbids on top of the life cycle.
        test: The test that is running.
        off: Whether requests pass unjudged for now.
        edges: How often each edge was taken.
        incidents: What was refused or could not be judged, in order.
        pending: Those of them that were not reported to a test yet.
        refused_above: How many writes were refused by a gate of the code under test.
        forked: How many child processes were forked.
        unseen: How many campaign writes went through transports that are not judged, by their name.
    """

    allow_unjudged: bool = False
    team: Policy | None = None
    test: str | None = None
    off: bool = False
    edges: Counter[str] = field(factory=Counter)
    incidents: list[Incident] = field(factory=list)
    pending: list[Incident] = field(factory=list)
    refused_above: int = 0
    forked: int = 0
    unseen: Counter[str] = field(factory=Counter)
    _below: _Below = field(factory=_Below, init=False)
    _guard: GuardTransport = field(init=False)
    _async_guard: AsyncGuardTransport = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._make_guards()

    def _make_guards(self) -> None:
        self._guard = GuardTransport(self._below, deadline=0, budget=0, policy=self.team)
        self._async_guard = AsyncGuardTransport(self._below, deadline=0, budget=0, policy=self.team)

    # The gate

    def _passes(self, request: Request) -> bool:
        """Whether a request is none of the gate's business, or was judged by a gate above."""
        if self.off or _let_through.get() is request:
            return True
        permit = request.extensions.get(PERMIT)
        if isinstance(permit, Permit) and permit.record is not None and _is_of(permit, request) and permit.use():
            self._ask_team(permit.record, permit, request)
            self._count(permit.record)
            permit.sent = True
            return True
        return False

    def _ask_team(self, record: WriteRecord, permit: Permit, request: Request) -> None:
        """The gate above knows the life cycle, and perhaps not what the team's file forbids."""
        if self.team is None:
            return
        intent, reading = record.intent, record.reading
        verdict = judge(
            intent,
            reading,
            record.at or datetime.now(UTC),
            policy=self.team,
            confirmed=is_confirmed(),
            host=request.url.host,
            account=intent.target.account,
        )
        if not verdict:
            permit.refusal = refusal(verdict, intent, reading, self.team.origin)
            self._is_passed_on(permit.refusal)
            raise permit.refusal

    def next_test(self) -> None:
        """Sections and readings of one test are none of the next one's: a thread that hangs in one hangs no other."""
        renew()
        self._make_guards()

    def handle(self, below: Send, request: Request) -> Response:
        """One request of a client, which would go to `below`."""
        if self._passes(request):
            return below(request)
        way = _Way(below)
        token = _way.set(way)
        try:
            return self._guard.handle_request(request)
        except UnexpectedRedirect:
            return self._redirect(way)
        except Refused as refusal:
            if not self._is_passed_on(refusal):
                raise
            return self._below.handle_request(request)
        finally:
            _way.reset(token)
            self._count(request.extensions.pop(EXTENSION, None))

    async def handle_async(self, below: SendAsync, request: Request) -> Response:
        """The same for an asynchronous client."""
        if self._passes(request):
            return await below(request)
        way = _Way(below)
        token = _way.set(way)
        try:
            return await self._async_guard.handle_async_request(request)
        except UnexpectedRedirect:
            return self._redirect(way)
        except Refused as refusal:
            if not self._is_passed_on(refusal):
                raise
            return await self._below.handle_async_request(request)
        finally:
            _way.reset(token)
            self._count(request.extensions.pop(EXTENSION, None))

    def handle_unseen(self, kind: str, below: Any, request: Request) -> Any:
        """One request of a client whose transport, of this kind, is not judged; a gate above may have judged it."""
        if not self._passes(request) and _is_campaign_write(request):
            self.unseen[kind] += 1
        return below(request)

    def handle_above(self, below: Any, request: Request) -> Response:
        """One request that comes to a gate of the code under test, or to this one."""
        if self._is_counted(below):
            response: Response = below(request)
            return response
        token = _in_gate.set(True)
        try:
            response = below(request)
        except Refused as refusal:
            self._refused_above(refusal)
            raise
        finally:
            _in_gate.reset(token)
        return response

    async def handle_above_async(self, below: Any, request: Request) -> Response:
        """The same for an asynchronous gate."""
        if self._is_counted(below):
            response: Response = await below(request)
            return response
        token = _in_gate.set(True)
        try:
            response = await below(request)
        except Refused as refusal:
            self._refused_above(refusal)
            raise
        finally:
            _in_gate.reset(token)
        return response

    def _is_counted(self, below: Any) -> bool:
        inner = getattr(getattr(below, "__self__", None), "_inner", None)
        return self.off or _in_gate.get() or isinstance(inner, _Below)

    def _refused_above(self, refusal: Refused) -> None:
        # What cannot be judged is no judgement; and what the team forbids is an incident already.
        noted = any(incident.refusal is refusal for incident in self.incidents)
        if not noted and not isinstance(refusal, StatusUnavailable):
            self.refused_above += 1

    @staticmethod
    def _redirect(way: _Way) -> Response:
        # The write was legal and is out; what becomes of its answer is up to the code under test.
        response: Response = way.response
        return response

    def _count(self, record: object) -> None:
        if isinstance(record, WriteRecord) and record.decision:
            self.edges[record.decision.code] += 1

    def _is_passed_on(self, refusal: Refused) -> bool:
        """Note a refusal; whether the request is to be sent all the same."""
        passed_on = self.allow_unjudged and isinstance(refusal, StatusUnavailable)
        incident = Incident(refusal, _place(), self.test, passed_on, None if passed_on else _way_here())
        self.incidents.append(incident)
        if not passed_on:
            self.pending.append(incident)
        return passed_on

    def take(self) -> list[Incident]:
        """What was not reported to a test yet; from now on it counts as reported."""
        incidents = self.pending[:]
        del self.pending[: len(incidents)]
        return incidents

    def tally(self) -> Tally:
        """What was counted so far."""
        unjudged = sum(incident.unjudged for incident in self.incidents)
        return Tally(
            edges=Counter(self.edges),
            refused=len(self.incidents) - unjudged,
            refused_above=self.refused_above,
            unjudged=unjudged,
            incidents=[(f"{one.test or 'outside tests'}: {one}", one.passed_on) for one in self.incidents],
            forked=self.forked,
            unseen=Counter(self.unseen),
        )

    # The patch

    @contextmanager
    def installed(self) -> Iterator[None]:
        """The clients of the libraries that are there go through this gate."""
        undo: list[Callable[[], object]] = []
        try:
            for name in _LIBRARIES:
                try:
                    library = importlib.import_module(name)
                except ImportError:
                    continue
                undo.append(_intercept(library.HTTPTransport, "handle_request", self.handle))
                undo.append(_intercept(library.AsyncHTTPTransport, "handle_async_request", self.handle_async))
                undo += [
                    _intercept(getattr(library, kind), method, partial(self.handle_unseen, f"{name}.{kind}"))
                    for kind, methods in _NOT_JUDGED.items()
                    for method in methods
                ]
            undo.append(_intercept(SimulatorTransport, "handle_request", self.handle))
            undo.append(_intercept(SimulatorTransport, "handle_async_request", self.handle_async))
            undo.append(_intercept(GuardTransport, "handle_request", self.handle_above))
            undo.append(_intercept(AsyncGuardTransport, "handle_async_request", self.handle_above_async))
            _running.append(self)
            undo.append(lambda: _running.remove(self))
            yield
        finally:
            for step in reversed(undo):
                step()


_running: Final[list[RunGate]] = []
"""The gates that are installed."""


def _count_fork() -> None:
    for gate in _running:
        gate.forked += 1


if hasattr(os, "register_at_fork"):  # there is no way to take it off again
    os.register_at_fork(after_in_parent=_count_fork)


def _intercept(kind: Any, name: str, handle: Callable[..., Any]) -> Callable[[], object]:
    """Wrap what is found under a name of instances, whoever sets it; gives what undoes it."""
    own, look_up = vars(kind).get("__getattribute__"), kind.__getattribute__

    def __getattribute__(self: object, wanted: str) -> Any:  # noqa: N807
        found = look_up(self, wanted)
        return partial(handle, found) if wanted == name else found

    def undo() -> None:
        if own is None:
            del kind.__getattribute__
        else:
            kind.__getattribute__ = own

    kind.__getattribute__ = __getattribute__
    return undo

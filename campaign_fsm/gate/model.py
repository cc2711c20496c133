"""What the flow yields to its driver, and what it reports of a write."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from attrs import define, field, frozen

from campaign_fsm.drive import Sleep
from campaign_fsm.errors import Refused
from campaign_fsm.gate.party import Process, process
from campaign_fsm.gate.section import Ticket
from campaign_fsm.lifecycle import Decision
from campaign_fsm.rules import Action, Channel, Status
from campaign_fsm.wire.intent import Intent, WireRequest
from campaign_fsm.wire.reading import Reading


@frozen
class Poll:
    """Step: wait this many seconds, by the real clock, and ask for the campaign's section again."""

    seconds: float


@frozen
class Read:
    """Step: send this request (never a write) and give its `Answer` back."""

    request: WireRequest


class TooOld(Exception):
    """The reading of a write became too old before its bytes left: they did not leave.

    Attributes:
        record: The record that rests on it; of two gates in a row it is that of one.
    """

    def __init__(self, record: WriteRecord) -> None:
        super().__init__(record)
        self.record = record


@frozen
class Forward:
    """Step: send the request.

    Attributes:
        record: What is known so far, for whoever holds the request while its answer is out; None
            if it passes unjudged.
        buffered: Whether the flow needs the answer. If not, it is not touched, and None is sent back.
        section: What the write holds while it is out; None for a create.
        check: Asked right before the bytes leave, where that can be seen; raises if they must not: `TooOld`, `Closed`.
    """

    record: WriteRecord | None = None
    buffered: bool = True
    section: Ticket | None = None
    check: Callable[[], None] | None = None


GateStep = Poll | Read | Sleep | Forward


@define(eq=False)
class Permit:
    """Goes with the requests that a gate hands on for one request of its caller; good for one send.

    Attributes:
        record: What made the write legal; None for the read before it.
        section: What is held meanwhile. A gate below joins it.
        origin: Scheme, host and port that the write was judged for.
        out: Whether the request is below the gate now: not before, and not when it is sent again later.
        refusal: The refusal of a gate below, if one refused this very request.
        process: The process that the request is of.
        sent: Whether a gate below has handed the write on. What it refuses afterwards is another try.
    """

    record: WriteRecord | None = None
    section: Ticket | None = None
    origin: tuple[str, str, int | None] | None = None
    out: bool = False
    refusal: Refused | None = None
    process: Process = field(factory=process)
    sent: bool = False
    _used: dict[str, object] = field(factory=dict, init=False)

    def use(self) -> bool:
        """Whether it is good for the write that arrives with it; it is only once, whoever comes at the same time."""
        me = object()
        return self.out and self.record is not None and self._used.setdefault("", me) is me


@frozen
class Drift:
    """The server's answer to a write shows a status that the model does not expect.

    Attributes:
        channel: The kind of campaign.
        campaign_id: The campaign.
        action: What was asked for.
        seen: The status that was read before the write.
        answered: The status that the answer shows.
        raw_status: Its spelling in the answer.
        expected: The statuses that the answer may show by the model.
        unseen: Whether the answer still shows the old status: the write may be accepted and not yet show.
    """

    channel: Channel
    campaign_id: str
    action: Action
    seen: Status
    answered: Status
    raw_status: str
    expected: frozenset[Status]
    unseen: bool


@frozen
class WriteRecord:
    """What the gate read, decided and saw of one write that it let through.

    It stands in ``request.extensions["campaign_fsm"]``, also of a request whose answer was lost, and in
    ``response.extensions["campaign_fsm"]``.
    """

    intent: Intent
    """What the request would do, as it was read from its bytes."""
    reading: Reading | None = None
    """What was read before the write; None for a create."""
    reused: bool = False
    """Whether the reading was an earlier one, reused under `max_age`."""
    decision: Decision | None = None
    """What made the write legal."""
    warnings: tuple[str, ...] = ()
    """What to know about it, one sentence each."""
    status_code: int | None = None
    """The status code of the answer; None if none came."""
    answered: Reading | None = None
    """The status that the answer shows, if it holds one."""
    problem: str | None = None
    """Why the answer to a write that the server took holds no usable status."""
    drift: Drift | None = None
    """How the status in the answer differs from what the model expects; None if it does not."""
    at: datetime | None = field(default=None, repr=False, eq=False)
    """When it was judged, an aware datetime: by the server's clock where the reading says it, else by ours."""
    asked_at: float = field(default=0.0, repr=False, eq=False)
    """When the reading was asked for, on the gate's clock."""
    good_until: float | None = field(default=None, repr=False, eq=False)
    """Until when a reused reading may be used, on the gate's clock; None of one that was read for this write."""

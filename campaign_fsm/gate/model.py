"""What the flow yields to its driver, and what it says of a write."""

from __future__ import annotations

from attrs import frozen

from campaign_fsm.gate.locks import Lease
from campaign_fsm.lifecycle import Decision
from campaign_fsm.rules import Action, Channel, Status
from campaign_fsm.wire.answer import Reading
from campaign_fsm.wire.intent import Intent, WireRequest


@frozen
class Acquire:
    """Step: wait for the campaign's lock."""

    lease: Lease


@frozen
class Read:
    """Step: send this request (never a write) and give its `Answer` back."""

    request: WireRequest


@frozen
class Pause:
    """Step: wait this many seconds."""

    seconds: float


@frozen
class Forward:
    """Step: send the request as it came.

    Attributes:
        judgement: What is known so far, for whoever holds the request while its answer is out; None
            if it passes unjudged.
        buffered: Whether the flow needs the answer. If not, it is not touched, and None is sent back.
    """

    judgement: Judgement | None = None
    buffered: bool = True


Step = Acquire | Read | Pause | Forward


@frozen
class Drift:
    """The server's answer to a write shows a status that the model does not expect.

    Attributes:
        channel: The kind of campaign.
        campaign_id: The campaign.
        action: What was asked for.
        seen: The status that was read before the write.
        answered: The status that the answer shows.
        raw_status: Its spelling.
        expected: The statuses that an honest answer may show.
        unseen: The answer still shows the old status: accepted perhaps, but not yet seen.
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
class Judgement:
    """What the gate read, decided and saw of one write that it let through.

    It stands in ``request.extensions["campaign_fsm"]``, also of a request whose answer was lost, and in
    ``response.extensions["campaign_fsm"]``.
    """

    intent: Intent
    reading: Reading | None = None
    """What was read before the write; None for a create."""
    reused: bool = False
    """Whether the reading was an earlier one, reused under `max_age`."""
    decision: Decision | None = None
    warnings: tuple[str, ...] = ()
    status_code: int | None = None
    answered: Reading | None = None
    """The status that the answer shows, if it holds one."""
    problem: str | None = None
    """Why the answer to a write that the server took holds no usable status."""
    drift: Drift | None = None

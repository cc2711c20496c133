"""The quick way through a long recording: most of its exchanges are like one before, of another campaign.

An exchange is plain if nothing of it counts but its action and a status; a campaign is plain if nothing of it is known
but a status. What a plain exchange did to a plain campaign, without a finding, the next one like it does again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from attrs import define, field

from campaign_fsm.audit.checks import CHECKS
from campaign_fsm.audit.tracker import Statuses, TrackedCampaign
from campaign_fsm.rules import Status
from campaign_fsm.traffic import Exchange
from campaign_fsm.wire.intent import VERBS

STEP: Final = frozenset({"method", "action", "status"})
"""The fields of an exchange that make the step."""

_LOOKED_AT: Final = frozenset(name for check in CHECKS for name in check.reads)

INDIFFERENT: Final = (
    frozenset(
        {
            "at",  # counts where a campaign has a time
            "url",  # names the campaign
            "response",  # is not looked at where there is a status
            "response_base64",
            "confirmed",  # counts where there is a policy
            "campaign",  # say what the URL says
            "channel",
            "account",
            "code",  # counts where nothing was sent
            "place",  # counts where there is a finding, or no answer
            "source",
        }
    )
    - _LOOKED_AT
)
"""The fields that count for nothing in a plain exchange with a status; those that a check `reads` count."""

PLAIN: Final[dict[str, Any]] = {
    name: default
    for name, default in zip(Exchange.__struct_fields__, Exchange.__struct_defaults__, strict=True)
    if name not in STEP | INDIFFERENT
} | {"status_code": 200}
"""Every other field, also one that is new, and the value that it has in a plain exchange."""

Step = tuple[object, ...]
_MOST: Final = 10_000


def _compiled() -> Callable[[Exchange, TrackedCampaign], Step | None]:
    """`step_of`, as one expression: it is asked about every line of a recording."""
    tests = [
        f"e.{name} is {value}" if value is None or isinstance(value, bool) else f"e.{name} == {name}"
        for name, value in PLAIN.items()
    ]
    tests += ["e.status is not None", "t.possible", "not t.timed", "not t.lost"]
    step = ", ".join(f"e.{name}" for name in sorted(STEP))
    code = f"lambda e, t: (t.possible, t.key.channel, {step}) if {' and '.join(tests)} else None"
    compiled: Callable[[Exchange, TrackedCampaign], Step | None] = eval(code, dict(PLAIN))  # noqa: S307 (of constants)
    return compiled


step_of: Final = _compiled()
"""The step that a plain exchange is for a plain campaign; None if one of them is not."""


@define
class Steps:
    """The steps that were seen, and where they lead.

    Attributes:
        known: What is possible after a step, and the status that was seen last.
    """

    known: dict[Step, tuple[Statuses, Status | None]] = field(factory=dict, init=False)

    def learn(self, step: Step, exchange: Exchange, tracked: TrackedCampaign) -> None:
        """Keep that a step, in which nothing was found, led to what is known of the campaign now."""
        settled = len(tracked.possible) == 1 and tracked.last is not Status.COMPLETED and not tracked.lost
        # An edit is no step: what it leaves behind is more than a status.
        if settled and (exchange.action is None or exchange.action in VERBS):
            if len(self.known) >= _MOST:
                self.known.clear()
            self.known[step] = tracked.possible, tracked.last

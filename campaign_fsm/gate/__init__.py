"""THE GATE: what every outgoing request passes.

`flow` is the way of a request. On it lie `spending` (waiting for the request `budget`), `section` (one write a campaign
at a time, between the `party` that asks and others), `reads` and the `readings` that are kept, `judging` with its
`refusals`, and `sending`. `settings` is what its user can set, `model` what it yields and reports, `events` its log and
trace. How long it waits between tries is `campaign_fsm.waiting`.
"""

from campaign_fsm.drive import Sleep
from campaign_fsm.gate.budget import Budget, Wait
from campaign_fsm.gate.flow import Gate
from campaign_fsm.gate.model import Drift, Forward, GateStep, Permit, Poll, Read, TooOld, WriteRecord
from campaign_fsm.gate.section import Closed, Sections
from campaign_fsm.gate.settings import GateSettings, GuardSettings
from campaign_fsm.gate.terms import Batch, Terms

# Their names in older versions.
Judgement = WriteRecord
Pause = Sleep
Step = GateStep

__all__ = [
    "Batch",
    "Budget",
    "Closed",
    "Drift",
    "Forward",
    "Gate",
    "GateSettings",
    "GateStep",
    "GuardSettings",
    "Judgement",
    "Pause",
    "Permit",
    "Poll",
    "Read",
    "Sections",
    "Step",
    "Terms",
    "TooOld",
    "Wait",
    "WriteRecord",
]

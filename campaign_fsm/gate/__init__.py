"""THE GATE: what every outgoing request passes. See `campaign_fsm.gate.flow`."""

from campaign_fsm.gate.budget import Wait
from campaign_fsm.gate.flow import Gate
from campaign_fsm.gate.model import Drift, Forward, Judgement, Pause, Permit, Poll, Read, Step, TooOld
from campaign_fsm.gate.section import Closed, Sections

__all__ = [
    "Closed",
    "Drift",
    "Forward",
    "Gate",
    "Judgement",
    "Pause",
    "Permit",
    "Poll",
    "Read",
    "Sections",
    "Step",
    "TooOld",
    "Wait",
]

"""THE GATE: what every outgoing request passes. See `campaign_fsm.gate.flow`."""

from campaign_fsm.gate.budget import Wait
from campaign_fsm.gate.flow import Gate
from campaign_fsm.gate.model import Drift, Forward, GateStep, Permit, Poll, Read, TooOld, WriteRecord
from campaign_fsm.gate.section import Closed, Sections

Judgement = WriteRecord  # its name before it said what it is

__all__ = [
    "Closed",
    "Drift",
    "Forward",
    "Gate",
    "GateStep",
    "Judgement",
    "Permit",
    "Poll",
    "Read",
    "Sections",
    "TooOld",
    "Wait",
    "WriteRecord",
]

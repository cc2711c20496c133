"""THE GATE: what every outgoing request passes. See `campaign_fsm.gate.flow`."""

from campaign_fsm.gate.budget import Wait
from campaign_fsm.gate.flow import Gate
from campaign_fsm.gate.model import Drift, Forward, GateStep, Permit, Poll, Read, TooOld, WriteRecord
from campaign_fsm.gate.section import Closed, Sections
from campaign_fsm.gate.settings import GateSettings, GuardSettings

Judgement = WriteRecord  # its name before it said what it is

__all__ = [
    "Closed",
    "Drift",
    "Forward",
    "Gate",
    "GateSettings",
    "GateStep",
    "GuardSettings",
    "Judgement",
    "Permit",
    "Poll",
    "Read",
    "Sections",
    "TooOld",
    "Wait",
    "WriteRecord",
]

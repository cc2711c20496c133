"""THE GATE: what every outgoing request passes. See `campaign_fsm.gate.flow`."""

from campaign_fsm.gate.budget import Wait
from campaign_fsm.gate.flow import Gate
from campaign_fsm.gate.model import Acquire, Drift, Forward, Judgement, Pause, Read, Step

__all__ = ["Acquire", "Drift", "Forward", "Gate", "Judgement", "Pause", "Read", "Step", "Wait"]

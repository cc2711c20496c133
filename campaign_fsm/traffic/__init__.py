"""Recorded traffic: files of several formats, read into `Exchange`, one after the other."""

from campaign_fsm.strict.unreadable import UnreadableRecording
from campaign_fsm.traffic.exchange import Exchange

__all__ = ["Exchange", "UnreadableRecording"]

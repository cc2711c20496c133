"""Recorded traffic: files of several formats, read into `Exchange`, one after the other."""

from campaign_fsm.traffic.exchange import Exchange, UnreadableRecording

__all__ = ["Exchange", "UnreadableRecording"]

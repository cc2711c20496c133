"""The audit of recorded traffic: exchanges in, findings out."""

from campaign_fsm.audit.finding import Finding, Level, Place

__all__ = ["Finding", "Level", "Place"]

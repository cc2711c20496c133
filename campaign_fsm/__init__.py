"""campaign_fsm: a guarded client for the Exotel campaign API."""

__version__ = "0.1.0"

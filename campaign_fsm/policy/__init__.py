"""What a team forbids on top of the life cycle. A policy can only narrow: nothing here allows anything."""

from campaign_fsm.policy.configuration import Configuration, Suppression, find_configuration, load_configuration
from campaign_fsm.policy.deeds import confirmed, deed_of, is_confirmed
from campaign_fsm.policy.model import Deed, Hours, Policy, Scope, Violation

__all__ = [
    "Configuration",
    "Deed",
    "Hours",
    "Policy",
    "Scope",
    "Suppression",
    "Violation",
    "confirmed",
    "deed_of",
    "find_configuration",
    "is_confirmed",
    "load_configuration",
]

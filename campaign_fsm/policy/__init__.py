"""What a team forbids on top of the life cycle. A policy can only narrow: nothing here allows anything."""

from campaign_fsm.policy.configuration import (
    Configuration,
    Suppression,
    find_configuration,
    load_configuration,
    load_nearest,
)
from campaign_fsm.policy.consent import confirmed, is_confirmed
from campaign_fsm.policy.input import PolicyInput, policy_input
from campaign_fsm.policy.model import Hours, Policy, Scope, Violation

# Their names in older versions.
Deed = PolicyInput
deed_of = policy_input

__all__ = [
    "Configuration",
    "Deed",
    "Hours",
    "Policy",
    "PolicyInput",
    "Scope",
    "Suppression",
    "Violation",
    "confirmed",
    "deed_of",
    "find_configuration",
    "is_confirmed",
    "load_configuration",
    "load_nearest",
    "policy_input",
]

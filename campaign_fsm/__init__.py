"""campaign_fsm: a guarded client for the Exotel campaign API.

Illegal campaign actions are stopped before their bytes leave. Start with `CampaignClient`, with
`GuardTransport` for an `httpx` client of your own, or with `decide` for the rules alone.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from campaign_fsm.client import (
        AsyncCampaignClient,
        CampaignClient,
    )
    from campaign_fsm.diagnosis import (
        Diagnosis,
        diagnose,
    )
    from campaign_fsm.drafts import (
        MessageCampaignDraft,
        Retries,
        VoiceCampaignDraft,
    )
    from campaign_fsm.errors import (
        AlreadyThere,
        ApiError,
        AuthenticationError,
        BadRequest,
        BudgetSpent,
        CampaignBusy,
        CampaignFsmError,
        ConfigurationError,
        Conflict,
        ConnectionFailed,
        FieldProblem,
        Forbidden,
        ForbiddenByPolicy,
        GateFailure,
        IllegalTransition,
        InvalidParameters,
        NotFound,
        NotOne,
        NotReached,
        OutcomeUnknown,
        PaymentRequired,
        PolicyError,
        RateLimited,
        Refused,
        ServerError,
        StateConflict,
        StatusUnavailable,
        TimedOut,
        UnexpectedAnswer,
        UnexpectedRedirect,
        UnknownStatus,
        UnreadableCallback,
        UnreadableRequest,
    )
    from campaign_fsm.gate import (
        Drift,
        Judgement,
        Wait,
        WriteRecord,
    )
    from campaign_fsm.lifecycle import (
        Decision,
        build_machine,
        decide,
        has_started,
        route,
    )
    from campaign_fsm.policy import (
        Policy,
        confirmed,
    )
    from campaign_fsm.rules import (
        RULES,
        Action,
        Channel,
        Event,
        Rule,
        Source,
        Standing,
        Status,
    )
    from campaign_fsm.simulator import (
        Simulator,
        SimulatorServer,
        SimulatorTransport,
    )
    from campaign_fsm.transports import (
        AsyncGuardTransport,
        GuardTransport,
    )
    from campaign_fsm.verdict import (
        Verdict,
    )
    from campaign_fsm.wire.callback import (
        StatusCallback,
        parse_status_callback,
    )
    from campaign_fsm.wire.campaign import (
        Campaign,
        Schedule,
    )
    from campaign_fsm.wire.listing import (
        Recipient,
    )

# Where each public name lives. Importing the package imports none of it: `campaign-fsm check` would
# otherwise wait for an HTTP library that it does not use.
_HOMES = {
    "client": ("AsyncCampaignClient", "CampaignClient"),
    "diagnosis": ("Diagnosis", "diagnose"),
    "errors": (
        "AlreadyThere",
        "ApiError",
        "AuthenticationError",
        "BadRequest",
        "BudgetSpent",
        "CampaignBusy",
        "CampaignFsmError",
        "ConfigurationError",
        "Conflict",
        "ConnectionFailed",
        "FieldProblem",
        "Forbidden",
        "ForbiddenByPolicy",
        "GateFailure",
        "IllegalTransition",
        "InvalidParameters",
        "NotFound",
        "NotOne",
        "NotReached",
        "OutcomeUnknown",
        "PaymentRequired",
        "PolicyError",
        "RateLimited",
        "Refused",
        "ServerError",
        "StateConflict",
        "StatusUnavailable",
        "TimedOut",
        "UnexpectedAnswer",
        "UnexpectedRedirect",
        "UnknownStatus",
        "UnreadableCallback",
        "UnreadableRequest",
    ),
    "gate": ("Drift", "Judgement", "Wait", "WriteRecord"),
    "lifecycle": ("Decision", "build_machine", "decide", "has_started", "route"),
    "policy": ("Policy", "confirmed"),
    "rules": ("RULES", "Action", "Channel", "Event", "Rule", "Source", "Standing", "Status"),
    "simulator": ("Simulator", "SimulatorServer", "SimulatorTransport"),
    "transports": ("AsyncGuardTransport", "GuardTransport"),
    "verdict": ("Verdict",),
    "wire.callback": ("StatusCallback", "parse_status_callback"),
    "wire.campaign": ("Campaign", "Schedule"),
    "drafts": ("MessageCampaignDraft", "Retries", "VoiceCampaignDraft"),
    "wire.listing": ("Recipient",),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "RULES",
    "Action",
    "AlreadyThere",
    "ApiError",
    "AsyncCampaignClient",
    "AsyncGuardTransport",
    "AuthenticationError",
    "BadRequest",
    "BudgetSpent",
    "Campaign",
    "CampaignBusy",
    "CampaignClient",
    "CampaignFsmError",
    "Channel",
    "ConfigurationError",
    "Conflict",
    "ConnectionFailed",
    "Decision",
    "Diagnosis",
    "Drift",
    "Event",
    "FieldProblem",
    "Forbidden",
    "ForbiddenByPolicy",
    "GateFailure",
    "GuardTransport",
    "IllegalTransition",
    "InvalidParameters",
    "Judgement",
    "MessageCampaignDraft",
    "NotFound",
    "NotOne",
    "NotReached",
    "OutcomeUnknown",
    "PaymentRequired",
    "Policy",
    "PolicyError",
    "RateLimited",
    "Recipient",
    "Refused",
    "Retries",
    "Rule",
    "Schedule",
    "ServerError",
    "Simulator",
    "SimulatorServer",
    "SimulatorTransport",
    "Source",
    "Standing",
    "StateConflict",
    "Status",
    "StatusCallback",
    "StatusUnavailable",
    "TimedOut",
    "UnexpectedAnswer",
    "UnexpectedRedirect",
    "UnknownStatus",
    "UnreadableCallback",
    "UnreadableRequest",
    "Verdict",
    "VoiceCampaignDraft",
    "Wait",
    "WriteRecord",
    "__version__",
    "build_machine",
    "confirmed",
    "decide",
    "diagnose",
    "has_started",
    "parse_status_callback",
    "route",
]


def __getattr__(name: str) -> Any:
    module = _HOME_OF.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{module}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__

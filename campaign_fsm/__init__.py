"""campaign_fsm: a guarded client for the Exotel campaign API.

Illegal campaign actions are stopped before their bytes leave. Where to start:

- `CampaignClient` and `AsyncCampaignClient` read, create, edit, pause, resume, complete, archive and delete campaigns.
- `GuardTransport` and `AsyncGuardTransport` put the same gate into an `httpx` client of your own.
- `decide`, `route` and `build_machine` are the life cycle alone, without a network; `RULES` is its table.
- `MessageCampaignDraft` and `VoiceCampaignDraft` hold what is created or edited, and check it.
- `CampaignFsmError` is the base of the errors; `campaign_fsm.errors` draws the tree.
- `Simulator`, `SimulatorServer` and `SimulatorTransport` are the API of one account, simulated.
- `campaign_fsm.testing` is for the tests of code that works on campaigns, `campaign_fsm.testing.plugin` for pytest.
- `campaign_fsm.diagram` draws the life cycle, and what `campaign_fsm.history` reads from a recording.
- `campaign_fsm.policy` is what a team forbids on top of the life cycle, `campaign_fsm.traffic` what an audit reads.
- `campaign_fsm.log` and `campaign_fsm.trace` say what is in the log and in the trace.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__version__ = "0.1.0"
"""The version of the package."""

if TYPE_CHECKING:
    from campaign_fsm.client import AsyncCampaignClient as AsyncCampaignClient
    from campaign_fsm.client import CampaignClient as CampaignClient
    from campaign_fsm.client.many.results import Listed as Listed
    from campaign_fsm.client.many.results import PauseOutcome as PauseOutcome
    from campaign_fsm.client.many.results import PauseReport as PauseReport
    from campaign_fsm.client.many.results import PauseResult as PauseResult
    from campaign_fsm.client.many.selection import Selection as Selection
    from campaign_fsm.diagnosis import Diagnosis as Diagnosis
    from campaign_fsm.diagnosis import diagnose as diagnose
    from campaign_fsm.drafts import MessageCampaignDraft as MessageCampaignDraft
    from campaign_fsm.drafts import Retries as Retries
    from campaign_fsm.drafts import VoiceCampaignDraft as VoiceCampaignDraft
    from campaign_fsm.errors import AlreadyThere as AlreadyThere
    from campaign_fsm.errors import ApiError as ApiError
    from campaign_fsm.errors import AuthenticationError as AuthenticationError
    from campaign_fsm.errors import BadRequest as BadRequest
    from campaign_fsm.errors import BudgetSpent as BudgetSpent
    from campaign_fsm.errors import CampaignBusy as CampaignBusy
    from campaign_fsm.errors import CampaignFsmError as CampaignFsmError
    from campaign_fsm.errors import ConfigurationError as ConfigurationError
    from campaign_fsm.errors import Conflict as Conflict
    from campaign_fsm.errors import ConnectionFailed as ConnectionFailed
    from campaign_fsm.errors import FieldProblem as FieldProblem
    from campaign_fsm.errors import Forbidden as Forbidden
    from campaign_fsm.errors import ForbiddenByPolicy as ForbiddenByPolicy
    from campaign_fsm.errors import GateFailure as GateFailure
    from campaign_fsm.errors import IllegalTransition as IllegalTransition
    from campaign_fsm.errors import InvalidParameters as InvalidParameters
    from campaign_fsm.errors import NotFound as NotFound
    from campaign_fsm.errors import NotOne as NotOne
    from campaign_fsm.errors import NotReached as NotReached
    from campaign_fsm.errors import OutcomeUnknown as OutcomeUnknown
    from campaign_fsm.errors import PaymentRequired as PaymentRequired
    from campaign_fsm.errors import PolicyError as PolicyError
    from campaign_fsm.errors import RateLimited as RateLimited
    from campaign_fsm.errors import Refused as Refused
    from campaign_fsm.errors import ServerError as ServerError
    from campaign_fsm.errors import StateConflict as StateConflict
    from campaign_fsm.errors import StatusUnavailable as StatusUnavailable
    from campaign_fsm.errors import TimedOut as TimedOut
    from campaign_fsm.errors import UnexpectedAnswer as UnexpectedAnswer
    from campaign_fsm.errors import UnexpectedRedirect as UnexpectedRedirect
    from campaign_fsm.errors import UnknownStatus as UnknownStatus
    from campaign_fsm.errors import UnreadableCallback as UnreadableCallback
    from campaign_fsm.errors import UnreadableRequest as UnreadableRequest
    from campaign_fsm.gate import Drift as Drift
    from campaign_fsm.gate import Judgement as Judgement
    from campaign_fsm.gate import Wait as Wait
    from campaign_fsm.gate import WriteRecord as WriteRecord
    from campaign_fsm.lifecycle import AsyncCampaignModel as AsyncCampaignModel
    from campaign_fsm.lifecycle import CampaignMachine as CampaignMachine
    from campaign_fsm.lifecycle import CampaignModel as CampaignModel
    from campaign_fsm.lifecycle import Decision as Decision
    from campaign_fsm.lifecycle import build_machine as build_machine
    from campaign_fsm.lifecycle import decide as decide
    from campaign_fsm.lifecycle import has_started as has_started
    from campaign_fsm.lifecycle import route as route
    from campaign_fsm.lifecycle.illegal import IllegalTrigger as IllegalTrigger
    from campaign_fsm.policy import Policy as Policy
    from campaign_fsm.policy import confirmed as confirmed
    from campaign_fsm.rules import RULES as RULES
    from campaign_fsm.rules import Action as Action
    from campaign_fsm.rules import Channel as Channel
    from campaign_fsm.rules import Event as Event
    from campaign_fsm.rules import Rule as Rule
    from campaign_fsm.rules import Source as Source
    from campaign_fsm.rules import Standing as Standing
    from campaign_fsm.rules import Status as Status
    from campaign_fsm.simulator import Simulator as Simulator
    from campaign_fsm.simulator import SimulatorServer as SimulatorServer
    from campaign_fsm.simulator import SimulatorTransport as SimulatorTransport
    from campaign_fsm.transports import AsyncGuardTransport as AsyncGuardTransport
    from campaign_fsm.transports import GuardTransport as GuardTransport
    from campaign_fsm.verdict import Verdict as Verdict
    from campaign_fsm.wire.callback import StatusCallback as StatusCallback
    from campaign_fsm.wire.callback import parse_status_callback as parse_status_callback
    from campaign_fsm.wire.campaign import Campaign as Campaign
    from campaign_fsm.wire.recipient import CallRecipient as CallRecipient
    from campaign_fsm.wire.recipient import MessageRecipient as MessageRecipient
    from campaign_fsm.wire.recipient import Recipient as Recipient
    from campaign_fsm.wire.schedule import Schedule as Schedule
else:
    from campaign_fsm._lazy import SHOWN, lazy

    # Where each public name lives. Importing the package imports none of it: `campaign-fsm check` would
    # otherwise wait for an HTTP library that it does not use.
    _HOMES = {
        "client": "AsyncCampaignClient CampaignClient",
        "client.many.results": "Listed PauseOutcome PauseReport PauseResult",
        "client.many.selection": "Selection",
        "diagnosis": "Diagnosis diagnose",
        "drafts": "MessageCampaignDraft Retries VoiceCampaignDraft",
        "errors": (
            "AlreadyThere ApiError AuthenticationError BadRequest BudgetSpent CampaignBusy CampaignFsmError "
            "ConfigurationError Conflict ConnectionFailed FieldProblem Forbidden ForbiddenByPolicy GateFailure "
            "IllegalTransition InvalidParameters NotFound NotOne NotReached OutcomeUnknown PaymentRequired "
            "PolicyError RateLimited Refused ServerError StateConflict StatusUnavailable TimedOut "
            "UnexpectedAnswer UnexpectedRedirect UnknownStatus UnreadableCallback UnreadableRequest"
        ),
        "gate": "Drift Judgement Wait WriteRecord",
        "lifecycle": (
            "AsyncCampaignModel CampaignMachine CampaignModel Decision build_machine decide has_started route"
        ),
        "lifecycle.illegal": "IllegalTrigger",
        "policy": "Policy confirmed",
        "rules": "RULES Action Channel Event Rule Source Standing Status",
        "simulator": "Simulator SimulatorServer SimulatorTransport",
        "transports": "AsyncGuardTransport GuardTransport",
        "verdict": "Verdict",
        "wire.callback": "StatusCallback parse_status_callback",
        "wire.campaign": "Campaign",
        "wire.recipient": "CallRecipient MessageRecipient Recipient",
        "wire.schedule": "Schedule",
    }
    __getattr__, __dir__, __all__ = lazy(__name__, _HOMES, "__version__")
    SHOWN["Campaign"] = "campaign_fsm.diagram.notebook", "card"
    SHOWN["Drawing"] = "campaign_fsm.diagram.svg", "svg"

"""The documented campaign API of one account, simulated: in process, or as a real HTTP server."""

from typing import TYPE_CHECKING, Any

from campaign_fsm.simulator.faults import Fault
from campaign_fsm.simulator.journal import JournalEntry
from campaign_fsm.simulator.replies import Reply
from campaign_fsm.simulator.server import SimulatorServer
from campaign_fsm.simulator.simulator import Simulator

if TYPE_CHECKING:
    from campaign_fsm.simulator.transport import SimulatorTransport

Entry = JournalEntry  # its name before others had it too

__all__ = ["Entry", "Fault", "JournalEntry", "Reply", "Simulator", "SimulatorServer", "SimulatorTransport"]


def __getattr__(name: str) -> Any:
    # It is a transport of an HTTP library, which the server needs none of.
    if name != "SimulatorTransport":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from campaign_fsm.simulator.transport import SimulatorTransport

    return SimulatorTransport

"""The documented campaign API of one account, simulated: in process, or as a real HTTP server."""

from campaign_fsm.simulator.faults import Fault
from campaign_fsm.simulator.server import SimulatorServer
from campaign_fsm.simulator.state import Entry, Reply, Simulator
from campaign_fsm.simulator.transport import SimulatorTransport

__all__ = ["Entry", "Fault", "Reply", "Simulator", "SimulatorServer", "SimulatorTransport"]

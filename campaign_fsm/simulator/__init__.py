"""The documented campaign API of one account, simulated: in process, or as a real HTTP server."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from campaign_fsm.simulator.faults import Fault as Fault
    from campaign_fsm.simulator.journal import Entry as Entry
    from campaign_fsm.simulator.journal import JournalEntry as JournalEntry
    from campaign_fsm.simulator.replies import Reply as Reply
    from campaign_fsm.simulator.server import SimulatorServer as SimulatorServer
    from campaign_fsm.simulator.simulator import Simulator as Simulator
    from campaign_fsm.simulator.transport import SimulatorTransport as SimulatorTransport
else:
    from campaign_fsm._lazy import lazy

    # The transport needs an HTTP library, and the server needs none.
    _HOMES = {
        "faults": "Fault",
        "journal": "Entry JournalEntry",
        "replies": "Reply",
        "server": "SimulatorServer",
        "simulator": "Simulator",
        "transport": "SimulatorTransport",
    }
    __getattr__, __dir__, __all__ = lazy(__name__, _HOMES)

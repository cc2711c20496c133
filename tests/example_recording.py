"""Makes the recording that the gallery shows: ``python tests/example_recording.py diagrams/example-trace.jsonl``.

A real client against the simulator, in process, with its trace switched on: two people work on one voice campaign, one
of them too fast, and the platform reaches the end time while numbers are pending.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from campaign_fsm import CampaignClient, Refused
from campaign_fsm.simulator import Simulator, SimulatorTransport
from campaign_fsm.trace import TraceFile

CAMPAIGN = "camp_autumn"


def record(path: Path) -> None:
    """Write the trace of one campaign's life."""
    simulator = Simulator()
    start = simulator.now + timedelta(hours=1)
    simulator.add("created", channel="voice", id=CAMPAIGN, name="Autumn", start=start, end=start + timedelta(hours=8))
    trace = TraceFile(path)
    with CampaignClient(
        account_sid=simulator.account_sid,
        api_key=simulator.api_key,
        api_token=simulator.api_token,
        channel="voice",
        transport=SimulatorTransport(simulator),
        trace=trace,
    ) as client:
        client.get(CAMPAIGN)
        with suppress(Refused):
            client.complete(CAMPAIGN)  # too early: it has not been paused
        simulator.move(CAMPAIGN, "in-progress")
        client.get(CAMPAIGN)
        for _ in range(2):
            client.pause(CAMPAIGN)
            client.resume(CAMPAIGN)
        for _ in range(3):
            with suppress(Refused):
                client.complete(CAMPAIGN)  # not while it is in progress
        with suppress(Refused):
            client.archive(CAMPAIGN)
        simulator.move(CAMPAIGN, "paused")
        client.complete(CAMPAIGN)
        with suppress(Refused):
            client.resume(CAMPAIGN)
        client.archive(CAMPAIGN)
    trace.close()


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.unlink(missing_ok=True)
    record(target)

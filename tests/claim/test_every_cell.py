"""Every cell of the oracle through both drivers: real httpx clients before the simulator, and its journal as proof."""

import itertools
from datetime import timedelta

import httpx
import oracle
import pytest

from campaign_fsm import AsyncGuardTransport, GuardTransport, Simulator, SimulatorTransport, errors

STATUSES = [status for status in oracle.STATUSES if status != "unknown"]  # no simulated campaign has that one


def bodies(now, channel):
    """What each action looks like on the wire; None for a DELETE."""
    ahead = (now + timedelta(hours=5)).isoformat()
    found = {action: {"action": action} for action in ("pause", "resume", "complete", "archive")}
    found["edit"] = {"name": "another name"}
    found["edit-callbacks"] = {"status_callback": "https://example.com"}
    found["reschedule"] = {"schedule": {"end_at": ahead, "end_time": ahead}}
    found["delete"] = None
    if channel == "voice":
        return {action: body and {"campaigns": [body]} for action, body in found.items()}
    return found


def cells():
    """Simulator, strictness, method, URL and body of each cell, and what the oracle says of it."""
    for channel, status, started, strict in itertools.product(oracle.CHANNELS, STATUSES, (False, True), (False, True)):
        for action in oracle.ACTIONS[1:]:
            simulator = Simulator()
            away = timedelta(hours=-1 if started else 1)
            campaign = simulator.add(status, channel=channel, start=simulator.now + away)
            collection = "campaigns" if channel == "voice" else "message-campaigns"
            url = f"https://api.exotel.com/v2/accounts/acme1/{collection}/{campaign}"
            body = bodies(simulator.now, channel)[action]
            method = "DELETE" if body is None else "PUT"
            yield simulator, strict, (method, url, body), oracle.legal(status, action, channel, started, strict=strict)


def verdict(simulator, refused, dest, status_before):
    """One cell is right if the write arrived exactly if it is legal, and did what the oracle says."""
    arrived = [entry for entry in simulator.journal if entry.method in ("PUT", "DELETE")]
    (campaign,) = simulator.records
    assert refused is (dest is None)
    assert len(arrived) == (0 if dest is None else 1)
    assert simulator.status(campaign) == (dest or status_before)
    assert all(entry.legal and entry.applied for entry in arrived)
    return bool(arrived)


def test_every_cell_through_the_sync_driver():
    """512 cells: what arrives is what the typed table calls legal."""
    counted = arrived = 0
    for simulator, strict, (method, url, body), dest in cells():
        before = next(iter(simulator.records.values())).status
        guard = GuardTransport(SimulatorTransport(simulator), strict=strict)
        with httpx.Client(transport=guard, auth=("key", "token")) as client:
            try:
                client.request(method, url, json=body)
                refused = False
            except errors.Refused:
                refused = True
        arrived += verdict(simulator, refused, dest, before)
        counted += 1
    assert (counted, arrived) == (2 * 8 * 2 * 2 * 8, 74)


@pytest.mark.anyio
async def test_every_cell_through_the_async_driver():
    """The same 512 under asyncio and trio."""
    counted = arrived = 0
    for simulator, strict, (method, url, body), dest in cells():
        before = next(iter(simulator.records.values())).status
        guard = AsyncGuardTransport(SimulatorTransport(simulator), strict=strict)
        async with httpx.AsyncClient(transport=guard, auth=("key", "token")) as client:
            try:
                await client.request(method, url, json=body)
                refused = False
            except errors.Refused:
                refused = True
        arrived += verdict(simulator, refused, dest, before)
        counted += 1
    assert (counted, arrived) == (2 * 8 * 2 * 2 * 8, 74)

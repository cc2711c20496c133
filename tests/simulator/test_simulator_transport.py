"""The simulator in process: both faces, both families of client, and stalls that are really waited for."""

import subprocess
import sys
import time

import anyio
import httpx
import httpx2
import pytest

from campaign_fsm import Simulator, SimulatorTransport

PATH = "/v2/accounts/acme1/message-campaigns"
FAMILIES = pytest.mark.parametrize("http", [httpx, httpx2])


def settings(simulator):
    return {"base_url": "http://simulator", "transport": SimulatorTransport(simulator), "auth": ("key", "token")}


@pytest.fixture
def simulator():
    return Simulator()


@FAMILIES
@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("reset", "ReadError"),
        ("lost-before", "RemoteProtocolError"),
        ("lost-after", "RemoteProtocolError"),
        ("truncated", "RemoteProtocolError"),
        ("stall", "ReadTimeout"),
    ],
)
def test_a_fault_of_the_socket_is_an_error_of_the_clients_own_library(simulator, http, kind, error):
    """Whoever uses httpx2 catches httpx2's errors, and the journal says whether the write took effect."""
    campaign = simulator.add("in-progress")
    simulator.fault(kind, seconds=60)
    with http.Client(**settings(simulator), timeout=1) as client, pytest.raises(getattr(http, error)):
        client.put(f"{PATH}/{campaign}", json={"action": "pause"})
    applied = kind not in ("reset", "lost-before")
    assert simulator.journal[-1].applied is applied
    assert simulator.status(campaign) == ("paused" if applied else "in-progress")


@FAMILIES
@pytest.mark.anyio
async def test_the_async_face_answers_as_the_sync_one(simulator, http):
    """One transport object serves both kinds of client, under asyncio and trio."""
    campaign = simulator.add("in-progress")
    transport = SimulatorTransport(simulator)
    common = {"base_url": "http://simulator", "auth": ("key", "token")}
    async with http.AsyncClient(transport=transport, **common) as client:
        later = (await client.get(f"{PATH}/{campaign}")).json()
    with http.Client(transport=transport, **common) as client:
        now = client.get(f"{PATH}/{campaign}").json()
    assert later["response"] == now["response"]


@FAMILIES
@pytest.mark.anyio
async def test_between_a_read_and_a_write_other_tasks_run(simulator, http):
    """Three unguarded tasks that read first all send their pause, so races in tests are real ones."""
    campaign = simulator.add("in-progress")

    async def pause(client):
        if (await client.get(f"{PATH}/{campaign}")).json()["response"]["data"]["status"] == "in-progress":
            await client.put(f"{PATH}/{campaign}", json={"action": "pause"})

    async with http.AsyncClient(**settings(simulator)) as client, anyio.create_task_group() as tasks:
        for _ in range(3):
            tasks.start_soon(pause, client)
    assert sorted(entry.legal for entry in simulator.journal if entry.method == "PUT") == [False, False, True]


@FAMILIES
def test_a_short_stall_is_waited_for(simulator, http):
    """An answer that comes within the read time-out comes late, and whole."""
    campaign = simulator.add("in-progress")
    simulator.fault("stall", seconds=0.2)
    begun = time.monotonic()
    with http.Client(**settings(simulator), timeout=None) as client:
        assert client.get(f"{PATH}/{campaign}").status_code == 200
    assert time.monotonic() - begun >= 0.2


@pytest.mark.anyio
async def test_an_async_stall_holds_up_nobody_else_and_can_be_canceled(simulator):
    """The write has taken effect, other tasks are served meanwhile, and who gives up is let go."""
    campaign = simulator.add("in-progress")
    simulator.fault("stall", method="PUT", seconds=60)
    async with httpx.AsyncClient(**settings(simulator), timeout=None) as client:
        with anyio.fail_after(10):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(lambda: client.put(f"{PATH}/{campaign}", json={"action": "pause"}))
                await anyio.wait_all_tasks_blocked()
                assert (await client.get(f"{PATH}/{campaign}")).json()["response"]["data"]["status"] == "paused"
                tasks.cancel_scope.cancel()
    assert [entry.applied for entry in simulator.journal if entry.method == "PUT"] == [True]


def test_the_server_needs_no_http_library():
    """Neither does the simulator; only who asks for the transport gets one loaded."""
    code = (
        "import sys, campaign_fsm.simulator as simulator; from campaign_fsm import Simulator, SimulatorServer; "
        "assert 'httpx' not in sys.modules; simulator.SimulatorTransport; assert 'httpx' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)

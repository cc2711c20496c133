"""What the gate and the client cost in CPU time, as ratios: ``python tests/benchmarks/client.py``.

Over loopback the simulator runs in a process of its own, so that only the client's work is counted. Pairs are
interleaved, and the median of their ratios is printed.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import itertools
import json
import statistics
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import anyio
import httpx

from campaign_fsm import AsyncCampaignClient, CampaignClient, GuardTransport, Simulator, SimulatorTransport
from campaign_fsm.rules import Channel
from campaign_fsm.wire.answer import Answer
from campaign_fsm.wire.campaign import campaign_from
from campaign_fsm.wire.reading import read_status
from campaign_fsm.wire.target import Target

SERVE = """
import sys
from campaign_fsm import Simulator, SimulatorServer
simulator = Simulator()
for number in range(int(sys.argv[1])):
    simulator.add(sys.argv[2], id=f"c{number:05d}", name=f"campaign {number}")
with SimulatorServer(simulator) as server:
    print(server.base_url, flush=True)
    sys.stdin.read()
"""
AUTH = ("key", "token")
ACCOUNTS = itertools.count(1)


@contextlib.contextmanager
def server(campaigns: int, status: str) -> Iterator[str]:
    """The base URL of a simulator in another process, with so many campaigns."""
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(campaigns), status], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()


def ratio(pairs: int, one: Callable[[], float], other: Callable[[], float]) -> tuple[float, float, float]:
    """The median ratio of two interleaved measurements, and their medians."""
    one(), other()
    found = []
    for number in range(pairs):
        # Whoever runs second finds warmer caches, so they take turns.
        if number % 2:
            second = other()
            first = one()
        else:
            first = one()
            second = other()
        found.append((first, second))
    return (
        statistics.median(first / second for first, second in found),
        statistics.median(first for first, _ in found),
        statistics.median(second for _, second in found),
    )


def cpu(work: Callable[[], Any]) -> float:
    """CPU seconds of this process, without a collection in between."""
    gc.collect()
    gc.disable()
    try:
        began = time.process_time()
        work()
        return time.process_time() - began
    finally:
        gc.enable()


def settings(base_url: str) -> dict[str, Any]:
    return {"base_url": base_url, "account_sid": "acme1", "api_key": "key", "api_token": "token", "trust_env": False}


def row(what: str, against: str, found: tuple[float, float, float], goal: str) -> None:
    share, first, second = found
    print(f"| {what} | {against} | {share:.2f} | {goal} | {first * 1e6:.1f} µs, {second * 1e6:.1f} µs |", flush=True)


# Reading one campaign


def reading(pairs: int) -> None:
    simulator = Simulator()
    campaign = simulator.add("paused", start=simulator.now, end=simulator.now)
    target = Target("", "acme1", "message-campaigns", campaign, ())
    basic = [("Authorization", "Basic a2V5OnRva2Vu")]
    reply = simulator.handle("GET", f"/v2/accounts/acme1/message-campaigns/{campaign}", basic, b"")
    headers = tuple((name.encode(), value.encode()) for name, value in reply.headers)
    answer = Answer(reply.status_code, headers, reply.body)
    now = datetime.now(UTC)

    def build() -> float:
        return (
            cpu(
                lambda: [
                    campaign_from(read_status(answer, target), campaign, Channel.MESSAGE, now) for _ in range(2000)
                ]
            )
            / 2000
        )

    def loads() -> float:
        return cpu(lambda: [json.loads(reply.body) for _ in range(2000)]) / 2000

    row("parse and build one campaign", "`json.loads` of the same body", ratio(pairs, build, loads), "<= 2.5")


# One guarded PUT, in process


def put(gate: Callable[[httpx.BaseTransport], httpx.BaseTransport]) -> Callable[[], float]:
    """Measures 50 times one PUT that alternates between pause and resume, on a simulator of its own."""
    simulator = Simulator(account_sid=f"acme{next(ACCOUNTS)}")  # no two share a budget
    campaign = simulator.add("in-progress")
    client = httpx.Client(transport=gate(SimulatorTransport(simulator)), auth=AUTH)
    url = f"https://api.exotel.com/v2/accounts/{simulator.account_sid}/message-campaigns/{campaign}"
    turn = itertools.cycle(("pause", "resume"))

    def send() -> None:
        for _ in range(50):
            assert client.put(url, json={"action": next(turn)}).status_code == 200

    return lambda: cpu(send) / 50


def in_process(pairs: int) -> None:
    bare = put(lambda inner: inner)
    for what, gate, goal in (
        ("a guarded PUT, fresh reading", lambda inner: GuardTransport(inner, max_age=3600), "<= 1.4"),
        ("a guarded PUT with its own read", GuardTransport, "<= 2.2"),
    ):
        row(what, "the same PUT on bare httpx, in process", ratio(pairs, put(gate), bare), goal)


# One guarded action


def sync_action(pairs: int, actions: int) -> None:
    with server(1, "in-progress") as base_url:
        url = f"{base_url}/v2/accounts/acme1/message-campaigns/c00000"
        with CampaignClient(**settings(base_url)) as client, httpx.Client(auth=AUTH, trust_env=False) as bare:
            ours, theirs = (itertools.cycle(("pause", "resume")) for _ in range(2))

            def guarded() -> None:
                for _ in range(actions):
                    getattr(client, next(ours))("c00000")

            def plain() -> None:
                for _ in range(actions):
                    assert bare.get(url).json()
                    assert bare.put(url, json={"action": next(theirs)}).json()

            found = ratio(pairs, lambda: cpu(guarded) / actions, lambda: cpu(plain) / actions)
    row("a guarded action, sync (CPU)", "the same GET and PUT on bare httpx", found, "<= 1.15")


def async_action(pairs: int, concurrency: int) -> None:
    with server(concurrency, "in-progress") as base_url:
        ids = [f"c{number:05d}" for number in range(concurrency)]
        limits = httpx.Limits(max_connections=concurrency, max_keepalive_connections=concurrency)

        async def main() -> tuple[float, float, float]:
            shares = []
            inner = httpx.AsyncHTTPTransport(limits=limits)
            async with (
                AsyncCampaignClient(**settings(base_url), transport=inner) as client,
                httpx.AsyncClient(auth=AUTH, trust_env=False, limits=limits) as bare,
            ):

                async def guarded(action: str) -> None:
                    async with anyio.create_task_group() as tasks:
                        for campaign in ids:
                            tasks.start_soon(getattr(client, action), campaign)

                async def plain_one(campaign: str, action: str) -> None:
                    url = f"{base_url}/v2/accounts/acme1/message-campaigns/{campaign}"
                    assert (await bare.get(url)).json()
                    assert (await bare.put(url, json={"action": action})).json()

                async def plain(action: str) -> None:
                    async with anyio.create_task_group() as tasks:
                        for campaign in ids:
                            tasks.start_soon(plain_one, campaign, action)

                turns = itertools.cycle(("pause", "resume"))
                for number in range(-1, pairs):
                    found = {}
                    for kind in (guarded, plain) if number % 2 else (plain, guarded):
                        gc.collect()
                        gc.disable()
                        began = time.process_time()
                        await kind(next(turns))
                        found[kind] = (time.process_time() - began) / concurrency
                        gc.enable()
                    if number >= 0:
                        shares.append((found[guarded], found[plain]))
            return (
                statistics.median(first / second for first, second in shares),
                statistics.median(first for first, _ in shares),
                statistics.median(second for _, second in shares),
            )

        found = anyio.run(main)
    row(f"a guarded action, async, {concurrency} at once (CPU)", "the same GET and PUT on bare httpx", found, "<= 1.15")


# A long list


def listing(campaigns: int) -> None:
    peaks = {}
    for count in (campaigns // 2, campaigns):
        with server(count, "paused") as base_url, CampaignClient(**settings(base_url), deadline=60) as client:
            client.get("c00000")
            gc.collect()
            tracemalloc.start()
            began = time.perf_counter()
            found = client.list()
            next(found)
            first = time.perf_counter() - began
            rest = sum(1 for _ in found) + 1
            whole = time.perf_counter() - began
            _, peaks[count] = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            assert rest == count
    share = peaks[campaigns] / peaks[campaigns // 2]
    print(
        f"| peak memory of listing {campaigns} campaigns | listing {campaigns // 2} | {share:.2f} | flat | "
        f"{peaks[campaigns] / 1024:.0f} KiB, {peaks[campaigns // 2] / 1024:.0f} KiB |"
    )
    print(
        f"| the first of {campaigns} campaigns | all of them | {first / whole:.4f} | one page | "
        f"{first:.3f} s, {whole:.1f} s |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=25, help="interleaved pairs of each comparison (default 25)")
    parser.add_argument("--campaigns", type=int, default=10_000, help="campaigns in the long list (default 10000)")
    given = parser.parse_args()
    print("| what | against | ratio | goal | medians |\n|---|---|---|---|---|")
    reading(given.pairs)
    in_process(4 * given.pairs)
    sync_action(given.pairs, 100)
    async_action(given.pairs, 50)
    listing(given.campaigns)


if __name__ == "__main__":
    main()

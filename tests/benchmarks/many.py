"""What it takes to stop many campaigns: ``python tests/benchmarks/many.py``.

Requests against the least, how much of the budget is used, and when the first one is paused are counted on virtual
time, as in ``tests/many``: they are the same on every machine. The memory is what this process needs at most on top of
the account, without a budget.
"""

import argparse
import gc
import sys
import tracemalloc
from math import ceil
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "many"))

import trio
from worlds import BUDGET, World

from campaign_fsm import AsyncCampaignClient, Selection, Simulator, SimulatorTransport

CHANNELS = ("message", "voice")


def row(what, against, ratio, goal, figures):
    print(f"| {what} | {against} | {ratio} | {goal} | {figures} |", flush=True)


def account(message, voice):
    world = World(lambda: 0.15)
    world.fill(message)
    world.fill(voice, channel="voice")
    return world


def requests(message, voice):
    """Requests, the budget and the first pause of a stop in which nothing fails."""
    channels = CHANNELS if voice else CHANNELS[:1]
    seen = account(message, voice).stopped(Selection(channels=channels))
    count = message + voice
    assert seen.report
    made, least = len(seen.requests), count + ceil(count / (BUDGET - 1)) + len(channels)
    minutes = ceil(seen.seconds / 60)
    name = f"{message} message and {voice} voice campaigns" if voice else f"{count} campaigns"
    row(f"requests for {name}", "the least", f"{made / least:.3f}", "<= 1.02", f"{made}, {least}")
    used = made / (BUDGET * minutes)
    row(f"used of the budget, {name}", f"{BUDGET} a minute", f"{used:.1%}", ">= 95 %", f"{seen.seconds:.0f} s")
    first = seen.first
    row(f"the first pause of {name}", "one request", f"{first / 0.3:.1f}", "2: a list and it", f"{first:.1f} s, 0.3 s")


def peak(count):
    """Bytes at most, on top of the account, until so many have been paused and reported."""
    account = Simulator(journal_limit=1)
    for _ in range(count):
        account.add("in-progress")
    keys = {"account_sid": account.account_sid, "api_key": account.api_key, "api_token": account.api_token}

    async def stop():
        async with AsyncCampaignClient(**keys, transport=SimulatorTransport(account)) as client:
            async with client.pause_many(Selection()) as results:
                async for _ in results:
                    pass
            return results.report

    gc.collect()
    tracemalloc.start()
    report = trio.run(stop)
    _, found = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert report
    return found


def kib(peaks, count):
    return f"{peaks[count] / count / 1024:.1f} KiB"


def memory(counts):
    """The peak for each of these, and how it grows."""
    peaks = {count: peak(count) for count in counts}
    first = counts[0]
    for count in counts[1:]:
        grown = (peaks[count] / count) / (peaks[first] / first)
        row(
            f"peak memory for each of {count} campaigns",
            f"for each of {first}",
            f"{grown:.2f}",
            "<= 1",
            f"{kib(peaks, count)} of {peaks[count] / 2**20:.0f} MiB, {kib(peaks, first)}",
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--campaigns", type=int, default=20_000, help="in the longest run for the memory (default 20000)"
    )
    given = parser.parse_args()
    print("| what | against | ratio | goal | figures |\n|---|---|---|---|---|")
    requests(180, 0)
    requests(280, 0)
    requests(150, 30)
    requests(1440, 0)
    memory([1_000, max(given.campaigns // 4, 1_001), max(given.campaigns, 1_002)])


if __name__ == "__main__":
    main()

"""Stop an account of thousands of campaigns while much goes wrong: ``python tests/drills/stop.py``.

The account is a `SimulatorServer` on a real socket, with its own rate limit. The clock is a virtual one: it stands
while a request is on the wire, and jumps over the waits. On a tenth of the requests there is a 429, a reset or a lost
answer; campaigns start, finish and expire, some are created, and somebody resumes what was paused. What is claimed in
the end is held against the journal of the account, as in ``tests/many``; what does not hold is printed, and the exit
code is 1.
"""

import argparse
import logging
import random
import sys
import time
from collections import Counter
from datetime import timedelta
from math import ceil
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "many"))

import httpx
import trio
from truth import broken
from worlds import BUDGET, World

from campaign_fsm import Selection, SimulatorServer
from campaign_fsm.simulator import Fault

CHANNELS = ("message", "voice")
FAULTS = (
    Fault.RESET,
    Fault.RESET_AFTER,
    Fault.LOST_BEFORE,
    Fault.LOST_AFTER,
    Fault.SERVER_ERROR,
    Fault.TRUNCATED,
)


def filled(count, chance):
    """An account with so many campaigns on both channels: most run, some have not started, some stand already."""
    world = World.drawn(chance.random(), 0.05, 1.0, rate_limit=BUDGET)
    for number in range(count):
        status = chance.choices(("in-progress", "created", "paused", "completed"), (70, 20, 5, 5))[0]
        hour = 3600.0
        world.add(
            status,
            channel=CHANNELS[number % 2],
            name=f"{chance.choice(('otp', 'sale'))}-{number}",
            start=world.now + timedelta(seconds=chance.uniform(60, 3 * hour)) if status == "created" else None,
            work=chance.uniform(60, 4 * hour) if chance.random() < 0.2 else None,
            end=world.now + timedelta(seconds=chance.uniform(60, 4 * hour)) if chance.random() < 0.1 else None,
        )
    return world


def plan_faults(world, requests, chance):
    """Something goes wrong with a tenth of the requests, and now and then with many in a row."""
    place = 0
    while place < requests:
        # Those before it are counted off only by requests that it lets pass.
        world.account.fault(chance.choice(FAULTS), after=place, times=1)
        place += 1 + int(chance.expovariate(0.1))
    for place in range(200, requests, 600):
        world.account.fault(Fault.RATE_LIMITED, after=place, times=10, retry_after=20)


def others(world, chance):
    """Somebody who resumes what was paused, a campaign that is created now and then, and one that somebody ends."""

    async def work():
        stubborn = set()
        while True:
            await trio.sleep(chance.uniform(10, 60))
            world.tick()
            paused = [one.id for one in world.account.listed() if one.status == "paused"]
            if paused and chance.random() < 0.5:
                if not stubborn or chance.random() < 0.5:
                    stubborn.add(chance.choice(paused))
                for one in stubborn.intersection(paused):
                    world.move(one, "in-progress")
            if chance.random() < 0.2:
                world.add("in-progress", channel=chance.choice(CHANNELS), name="otp-new")
            running = [one.id for one in world.account.listed() if one.status == "in-progress"]
            if running and chance.random() < 0.2:
                world.move(chance.choice(running), chance.choice(("completed", "paused")))

    return work


def drill(count, seed):
    """What was seen, and after how many real seconds."""
    chance = random.Random(seed)
    world = filled(count, chance)
    plan_faults(world, 3 * count, chance)
    began = time.monotonic()
    with SimulatorServer(world.account) as server:

        async def scenario():
            client = {"inner": httpx.AsyncHTTPTransport(), "base_url": server.base_url}
            return await world.stop(Selection(channels=CHANNELS), others=others(world, chance), client=client)

        seen = world.run(scenario)
    return seen, time.monotonic() - began


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--campaigns", type=int, default=2000, help="how many (default 2000)")
    parser.add_argument("--seed", type=int, default=0, help="of what goes wrong (default 0)")
    given = parser.parse_args()
    logging.disable(logging.CRITICAL)
    seen, real = drill(given.campaigns, given.seed)
    if seen.report is None:
        print(f"it raised {seen.error!r}")
        return 1
    report, journal = seen.report, seen.world.account.journal
    requests = [entry for entry in journal if entry.kind == "request"]
    faults = Counter(str(entry.fault) for entry in requests if entry.fault)
    minutes = ceil(seen.seconds / 60)
    stopped = sum(outcome.counts.get("paused", 0) for outcome in (report,))
    print(f"campaigns          {len(seen.world.births)}, of which {len(report.results)} were to be paused")
    print(f"outcomes           {', '.join(f'{count} {outcome}' for outcome, count in report.counts.items())}")
    print(f"still running      {len(report.running)}; certain: {report.certain}")
    for problem in report.problems:
        print(f"                   {problem}")
    print(f"requests           {len(requests)} ({len(requests) / max(stopped, 1):.2f} for each that was paused)")
    print(f"faults             {', '.join(f'{count} {kind}' for kind, count in faults.most_common())}")
    print(f"others             {sum(entry.kind == 'move' for entry in journal)} moves, ", end="")
    print(f"{sum(entry.kind == 'event' for entry in journal)} events")
    own = sum(entry.status_code == 429 and entry.fault is None for entry in requests)
    print(f"of the rate limit  {own} answers of 429 that were not planned")
    print(f"time               {seen.seconds / 60:.1f} min, the first after {seen.first:.1f} s; {real:.0f} s here")
    print(f"used of the budget {len(requests) / (BUDGET * minutes):.1%}")
    wrong = list(broken(seen, sliding=False))
    print(f"claims broken      {len(wrong)}")
    for claim in wrong[:50]:
        print(f"                   {claim}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

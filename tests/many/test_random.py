"""Random accounts, selections, faults and moves of others: what is claimed of each campaign is so by the journal."""

from datetime import timedelta

import trio
from attrs import frozen
from hypothesis import event, given
from hypothesis import strategies as st
from truth import broken
from worlds import World

from campaign_fsm import Selection
from campaign_fsm.simulator import Fault

CHANNELS = ("message", "voice")
NAMES = ("otp-1", "otp-2", "diwali", "sale")
STATUSES = ("in-progress", "created", "paused", "completed", "archived")
ODD = [kind for kind in Fault if kind is not Fault.OVERSIZED]  # 8 MiB each


@frozen
class Group:
    """Some campaigns alike."""

    channel: str
    status: str
    count: int
    name: str
    hours_old: int
    starts: float
    work: float | None
    end: float | None


@frozen
class Planned:
    """A fault, of some campaign or any."""

    kind: Fault
    method: str | None
    of: int | None
    times: int
    after: int
    seconds: float
    retry_after: int | None
    to_status: str


@frozen
class Move:
    """What somebody else does, so long after what was done before."""

    after: float
    what: str
    of: int


@frozen
class Asked:
    """What is asked for."""

    channels: tuple
    statuses: tuple
    names: tuple
    after: int | None
    before: int | None
    ids: tuple | None
    max_age: float
    once: bool
    concurrency: int
    timeout: float | None
    off: float | None


def seconds(least, most):
    return st.floats(least, most, allow_nan=False).map(lambda value: round(value, 2))


GROUPS = st.builds(
    Group,
    channel=st.sampled_from(CHANNELS),
    status=st.sampled_from(("in-progress", "created", *STATUSES)),
    count=st.integers(1, 40),
    name=st.sampled_from(NAMES),
    hours_old=st.integers(0, 5),
    starts=seconds(1, 400),
    work=st.none() | seconds(0, 300),
    end=st.none() | seconds(1, 400),
)
PLANNED = st.builds(
    Planned,
    kind=st.sampled_from(ODD),
    method=st.sampled_from((None, "GET", "PUT")),
    of=st.none() | st.integers(0, 100),
    times=st.integers(1, 12),
    after=st.integers(0, 20),
    seconds=seconds(0, 20),
    retry_after=st.sampled_from((None, 1, 7, 45)),
    to_status=st.sampled_from(("in-progress", "paused", "completed", "created")),
)
MOVES = st.builds(
    Move,
    after=seconds(0, 60),
    what=st.sampled_from(("resume", "resume", "resume", "pause", "complete", "delete", "create", "create")),
    of=st.integers(0, 200),
)
ASKED = st.builds(
    Asked,
    channels=st.sampled_from(((), ("message",), ("voice",), CHANNELS, CHANNELS)),
    statuses=st.sampled_from(((), (), ("in-progress",), ("created",), ("created", "in-progress"))),
    names=st.sampled_from(((), (), ("otp-*",), ("*a*", "otp-2"))),
    after=st.none() | st.integers(0, 5),
    before=st.none() | st.integers(0, 5),
    ids=st.none() | st.none() | st.lists(st.integers(0, 100), min_size=1, max_size=10).map(tuple),
    max_age=st.sampled_from((10.0, 10.0, 2.0, 0.0)),
    once=st.booleans(),
    concurrency=st.sampled_from((8, 8, 1, 3)),
    timeout=st.none() | st.none() | seconds(0, 200),
    off=st.none() | st.none() | seconds(0, 200),
)


def made(groups, longest, seed):
    """An account with these campaigns, the oldest first."""
    world = World.drawn(seed, min(0.05, longest), longest)
    account = world.account
    for hours in range(5, -1, -1):
        for group in groups:
            if group.hours_old == hours:
                world.fill(
                    group.count,
                    group.status,
                    channel=group.channel,
                    name=group.name,
                    start=None
                    if group.status != "created"
                    else account.now + timedelta(hours=hours, seconds=group.starts),
                    end=group.end and account.now + timedelta(hours=hours, seconds=group.end),
                    work=group.work and hours * 3600 + group.work,
                )
        account.advance(3600 if hours else 0)
    return world


def selection_of(asked, world):
    """What is asked for, on this account."""
    ids = list(world.births)
    if asked.ids is not None and ids:
        channel = (asked.channels or ("message",))[:1]
        return Selection(ids=[ids[one % len(ids)] for one in asked.ids], channels=channel)
    now = world.now
    return Selection(
        channels=asked.channels,
        statuses=asked.statuses,
        names=asked.names,
        created_after=None if asked.after is None else now - timedelta(hours=asked.after, minutes=30),
        created_before=None if asked.before is None else now - timedelta(hours=asked.before, minutes=30),
    )


def others(world, moves):
    """Somebody who is at work meanwhile."""

    async def work():
        for move in moves:
            await trio.sleep(move.after)
            world.tick()
            ids = list(world.births)
            one = ids[move.of % len(ids)] if ids else None
            status = one and world.account.status(one)
            match move.what:
                case "create":
                    world.add("in-progress", channel=CHANNELS[move.of % 2], name=NAMES[move.of % len(NAMES)])
                case "resume" if status == "paused":
                    world.move(one, "in-progress")
                case "pause" if status in ("in-progress", "created"):
                    world.move(one, "paused")
                case "complete" if status in ("in-progress", "paused"):
                    world.move(one, "completed")
                case "delete" if status:
                    world.move(one, "deleted")

    return work


def calls_off(seconds):
    """Something that calls it off after so many seconds."""

    def begun(results):
        async def later():
            await trio.sleep(seconds)
            results.call_off()

        trio.lowlevel.spawn_system_task(later)

    return begun


def ran(groups, faults, moves, asked, longest, seed):
    """What is seen of one run."""
    world = made(groups, longest, seed)
    ids = list(world.births)
    for fault in faults:
        world.account.fault(
            fault.kind,
            method=fault.method,
            id=None if fault.of is None or not ids else ids[fault.of % len(ids)],
            times=fault.times,
            after=fault.after,
            seconds=fault.seconds,
            retry_after=fault.retry_after,
            to_status=fault.to_status,
        )
    return world.stopped(
        selection_of(asked, world),
        others=others(world, moves),
        begun=None if asked.off is None else calls_off(asked.off),
        max_age=asked.max_age,
        once=asked.once,
        concurrency=asked.concurrency,
        timeout=asked.timeout,
    )


@given(
    groups=st.lists(GROUPS, max_size=5),
    faults=st.lists(PLANNED, max_size=6),
    moves=st.lists(MOVES, max_size=25),
    asked=ASKED,
    longest=st.sampled_from((0.05, 0.5, 3.0)),
    seed=st.integers(0, 2**16),
)
def test_what_is_claimed_of_each_campaign_is_so(groups, faults, moves, asked, longest, seed):
    """Whatever is there, whatever fails, and whoever is at work on it."""
    seen = ran(groups, faults, moves, asked, longest, seed)
    assert seen.world.most <= asked.concurrency
    if seen.report is None:
        assert seen.error is not None
        assert not seen.count("PUT")
        event("nothing could be read")
        return
    assert list(broken(seen)) == []
    event(f"{'certain' if seen.report.certain else 'not certain'}, {'all stand' if seen.report else 'some run'}")
    for outcome in seen.report.counts:
        event(outcome)

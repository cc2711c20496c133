"""Directed walks: every edge, every refusal and every fault is met on purpose, through the gate and the simulator."""

import contextlib
from datetime import timedelta

import httpx
import pytest

from campaign_fsm import GuardTransport, Simulator, SimulatorTransport, errors
from campaign_fsm.rules import REFUSALS, RULES, STRICT_REFUSAL, Action, Event
from campaign_fsm.simulator import Fault

HOUR = timedelta(hours=1)
PAUSE, RESUME, COMPLETE, ARCHIVE = ({"action": action} for action in ("pause", "resume", "complete", "archive"))
EDIT, CALLBACKS = {"name": "other"}, {"status_callback": "https://example.com"}
DELETE = None
# Met by `decide` only: the gate sends a create to the collection and everything else to a campaign.
NOT_THROUGH_THE_GATE = {"CF202", "CF203"}


class Walk:
    """One campaign, its simulator, and a guarded client whose every step is noted."""

    def __init__(self, status="created", channel="message", *, strict=False, **settings):
        switches = {key: settings.pop(key) for key in ("at_end",) if key in settings}
        self.simulator = Simulator(**switches)
        now = self.simulator.now
        for key in ("start", "end"):
            if key in settings:
                settings[key] = now + settings[key]
        self.channel, self.codes = channel, []
        self.id = self.simulator.add(status, channel=channel, **settings)
        guard = GuardTransport(SimulatorTransport(self.simulator), strict=strict, deadline=0)
        self.http = httpx.Client(transport=guard, auth=("key", "token"))
        collection = "campaigns" if channel == "voice" else "message-campaigns"
        self.url = f"https://api.exotel.com/v2/accounts/acme1/{collection}"

    def step(self, body):
        method = "DELETE" if body is DELETE else "PUT"
        try:
            response = self.http.request(method, f"{self.url}/{self.id}", json=body)
        except errors.Refused as refusal:
            self.codes.append(refusal.code)
        else:
            assert response.status_code == 200, response.text
            self.codes.append(response.extensions["campaign_fsm"].decision.code)
        return self

    def create(self, body):
        response = self.http.post(self.url, json=body)
        self.codes.append(response.extensions["campaign_fsm"].decision.code)
        return self

    def wait(self, hours):
        self.simulator.advance(hours * 3600)
        return self

    def events(self):
        return [
            (entry.action, entry.status_before, entry.status_after)
            for entry in self.simulator.journal
            if entry.kind == "event"
        ]


def new_end(walk, hours):
    return {"schedule": {"end_at": (walk.simulator.now + timedelta(hours=hours)).isoformat()}}


def walks():
    """Every walk, done: each gives the codes that it has met and the events that it has seen."""
    yield Walk("in-progress").step(PAUSE).step(RESUME).step(PAUSE).step(COMPLETE).step(ARCHIVE)
    yield (
        Walk("created", start=HOUR)
        .step(EDIT)
        .step(CALLBACKS)
        .step({"schedule": {"start_time": "2098-01-01T00:00:00+05:30"}})
        .step(PAUSE)
    )
    yield (
        Walk("paused", start=HOUR)
        .step(EDIT)
        .step(CALLBACKS)
        .step({"schedule": {"start_time": "2098-01-01T00:00:00+05:30"}})
        .step(EDIT)
    )
    yield Walk("created", start=-HOUR, channel="voice").step(CALLBACKS)
    yield Walk("in-progress", "voice").step(CALLBACKS).step(PAUSE).step(CALLBACKS)
    walk = Walk("paused", "voice", start=-HOUR, end=HOUR)
    yield walk.step(new_end(walk, 5)).step({**new_end(walk, 9), **RESUME})
    yield Walk("created", "voice", start=HOUR).step(DELETE)
    yield Walk().create({"lists": ["x"], "template": "x", "sender_id": "x"})
    # Refusals
    yield Walk("paused").step(PAUSE).step(ARCHIVE)
    yield Walk("in-progress").step(RESUME).step(COMPLETE).step(ARCHIVE).step(EDIT).step(CALLBACKS)
    yield Walk("in-progress").step({"schedule": {"end_time": "x"}}).step(DELETE)
    yield Walk("in-progress", "voice").step({"schedule": {"end_at": "x"}}).step(DELETE)
    yield Walk("completed").step(COMPLETE).step(PAUSE).step(RESUME).step(EDIT)
    yield Walk("archived").step(ARCHIVE).step(COMPLETE)
    yield Walk("deleted", "voice").step(DELETE)
    yield Walk("created", start=HOUR).step(RESUME).step(COMPLETE)
    yield Walk("paused", "voice").step(DELETE)
    yield Walk("created", "voice", start=HOUR, strict=True).step(DELETE)
    # The platform
    yield Walk("created", start=HOUR, end=3 * HOUR).wait(2).wait(2)
    yield Walk("in-progress", work=600).wait(1)
    yield Walk("created", start=HOUR, contacts=0).wait(2)
    yield Walk("in-progress", contacts=0).wait(1)
    yield Walk("paused", end=HOUR).wait(2)
    yield Walk("in-progress", end=HOUR, at_end="paused").wait(2)


def test_the_walks_reach_every_edge_and_every_refusal():
    """Each code of the table is met through the gate, and each platform event happens in the simulator."""
    codes, events = set(), set()
    for walk in walks():
        codes.update(walk.codes)
        events.update(walk.events())
    status_unknown = {"CF201"}  # the simulator knows no such status; the tests of the flow do
    expected = {rule.code for rule in RULES if isinstance(rule.trigger, Action)}
    expected |= {refusal.code for refusal in REFUSALS} | {STRICT_REFUSAL.code}
    assert codes == expected - NOT_THROUGH_THE_GATE - status_unknown
    assert events == {(rule.trigger, rule.source, rule.dest) for rule in RULES if isinstance(rule.trigger, Event)}


def test_work_that_is_done_stays_done():
    """A pause stops the work and a resume goes on with the rest of it."""
    walk = Walk("in-progress", work=3 * 3600).wait(2).step(PAUSE).wait(10).step(RESUME).wait(0.5)
    assert walk.simulator.status(walk.id) == "in-progress"
    assert walk.wait(0.6).simulator.status(walk.id) == "completed"
    assert walk.events() == [("finish", "in-progress", "completed")]


@pytest.mark.parametrize("kind", [kind for kind in Fault if kind != "stall"])
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_every_fault_before_and_in_a_write_is_met(kind, method):
    """Whatever fails, at most one write arrives, and none after a read that failed."""
    walk = Walk("in-progress")
    to_status = "completed" if kind == "moved" else None
    walk.simulator.fault(kind, method=method, to_status=to_status, seconds=0.0)
    with contextlib.suppress(httpx.TransportError, errors.UnexpectedRedirect, AssertionError):
        walk.step(PAUSE)
    struck = [entry for entry in walk.simulator.journal if entry.fault == kind]
    assert [entry.method for entry in struck] == [method]
    writes = [entry for entry in walk.simulator.journal if entry.method == "PUT"]
    harmless = kind in ("moved", "no-date")
    assert len(writes) == (1 if method == "PUT" or harmless else 0)
    assert len(walk.http._transport._gate.context.sections) == 0

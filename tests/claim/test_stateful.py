"""A hypothesis machine over the simulator: several clients, the clock, faults and foreign moves at random.

The invariants are held against the simulator's own journal, and legality against the typed oracle.
"""

from collections import Counter
from datetime import timedelta

import httpx
import oracle
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from operations import message

from campaign_fsm import (
    CampaignClient,
    GuardTransport,
    Schedule,
    Simulator,
    SimulatorTransport,
    WriteRecord,
    errors,
)

KEEP = [status for status in oracle.STATUSES if status not in ("unknown", "deleted")]
FAULTS = [
    "lost-after",
    "lost-before",
    "reset",
    "truncated",
    "rate-limited",
    "server-error",
    "malformed",
    "wrong-campaign",
    "failed-item",
    "redirect",
    "no-date",
]
LOST = ("lost-after", "lost-before", "reset", "truncated", "malformed", "wrong-campaign", "server-error")
ACTIONS = ["pause", "resume", "complete", "archive"]
WHO = ["fresh", "reusing", "patient"]
# The moments of a write that are told while it is at work; where its answer arrives it still is.
MOMENTS = ["read", "decided", "sent", "answered"]


def later(simulator, hours):
    """A time that no other call has asked for."""
    return simulator.now + timedelta(hours=hours, seconds=len(simulator.journal))


CALLS = {
    **{action: lambda client, campaign, _, action=action: getattr(client, action)(campaign) for action in ACTIONS},
    "edit": lambda client, campaign, simulator: client.edit(
        campaign, partial=True, name=f"name-{len(simulator.journal)}"
    ),
    "edit-callbacks": lambda client, campaign, simulator: client.edit(
        campaign, partial=True, status_callback=f"https://example.com/{len(simulator.journal)}"
    ),
    "reschedule": lambda client, campaign, simulator: client.reschedule(
        campaign, Schedule(later(simulator, 2), later(simulator, 9))
    ),
    "reschedule and resume": lambda client, campaign, simulator: client.reschedule(
        campaign, Schedule(end=later(simulator, 9)), resume=True
    ),
    "delete": lambda client, campaign, _: client.delete(campaign),
}
# What a run has met; a machine that never meets a race, a refusal or a fault proves nothing.
MET = Counter()


class Campaigns(RuleBasedStateMachine):
    """Three clients of two gates work on three campaigns while the world moves."""

    @initialize(at_end=st.sampled_from(["completed", "paused"]), code=st.sampled_from([400, 409]))
    def build(self, at_end, code):
        self.simulator = Simulator(at_end=at_end, illegal_status_code=code)
        now = self.simulator.now
        self.campaigns = {
            "running": ("message", self.simulator.add("in-progress", end=now + timedelta(hours=3))),
            "waiting": ("message", self.simulator.add("created", start=now + timedelta(hours=1))),
            "calls": ("voice", self.simulator.add("paused", channel="voice", end=now + timedelta(hours=2))),
        }
        common = {"account_sid": "acme1", "api_key": "key", "api_token": "token"}
        self.clients = {
            (channel, name): CampaignClient(
                channel=channel,
                transport=SimulatorTransport(self.simulator),
                max_age=max_age,
                deadline=deadline,
                trace=self.told,
                **common,
            )
            for channel in ("message", "voice")
            for name, max_age, deadline in (("fresh", 0, 0), ("reusing", 3600, 0), ("patient", 0, 5))
        }
        for (_, name), client in self.clients.items():
            client._http.headers["User-Agent"] = name
        self.plain = httpx.Client(
            transport=GuardTransport(SimulatorTransport(self.simulator), deadline=0),
            auth=("key", "token"),
            headers={"User-Agent": "plain"},
        )
        self.comes_back, self.let_in = None, []

    def told(self, event):
        """The trace of all clients: where it was asked for, it uses another one on the campaign that is at work."""
        if self.comes_back is None or event["event"] != self.comes_back[0] or event.get("action") is None:
            return
        (_, who, action), self.comes_back = self.comes_back, None
        begun = len(self.simulator.journal)
        try:
            found = CALLS[action](self.clients[event["channel"], who], event["campaign"], self.simulator)
        except errors.CampaignFsmError as error:
            found = error
        MET["came back"] += 1
        # A trace that raises stops nothing, so this is looked at later.
        if getattr(found, "code", None) != "CF801" or len(self.simulator.journal) != begun:
            self.let_in.append((event["event"], who, action, found))

    @rule(
        which=st.sampled_from(["running", "waiting", "calls"]),
        who=st.sampled_from(WHO),
        action=st.sampled_from([*ACTIONS, *CALLS]),
    )
    def act(self, which, who, action):
        channel, campaign = self.campaigns[which]
        begun = len(self.simulator.journal)
        try:
            found = CALLS[action](self.clients[channel, who], campaign, self.simulator)
        except errors.CampaignFsmError as error:
            outcome = error
        else:
            outcome = found
        arrived = [entry for entry in self.simulator.journal[begun:] if entry.method in ("PUT", "DELETE")]
        MET[type(outcome).__name__] += 1
        MET[f"{action} {type(outcome).__name__}"] += 1
        assert len(arrived) <= 1 or who == "patient", "something was sent twice"
        tried = [entry for entry in arrived if entry.status_code != 429]
        MET["sent again"] += len(arrived) > 1
        if action in oracle.IRREVERSIBLE:
            assert len(tried) <= 1, "something irreversible was sent twice"
        if isinstance(outcome, errors.AlreadyThere):
            assert not tried, "refused, and sent all the same"
            return
        if isinstance(outcome, errors.Refused):
            assert not arrived, "refused, and sent all the same"
            return
        entry = arrived[-1]
        # Where the answer was lost and somebody else has taken the campaign where the action leads, no
        # read can tell whose doing it was.
        since = 0 if who == "reusing" else begun
        foreign = any(
            (moved.kind != "request" or moved.user_agent != who) and moved.id == campaign and moved.applied
            for moved in self.simulator.journal[since:]
        )
        unclear = foreign and entry.fault in LOST
        if entry.legal is False:
            # Illegal on arrival: told to the caller, never as a success.
            assert isinstance(outcome, errors.CampaignFsmError) or unclear
            MET["illegal on arrival"] += 1
        if not isinstance(outcome, errors.CampaignFsmError):
            assert outcome.id == campaign
            applied = any(entry.applied for entry in arrived)
            assert applied or unclear, "success was claimed, and nothing was applied"
        if entry.applied and entry.fault is None and not foreign:
            assert not isinstance(outcome, errors.CampaignFsmError), "applied and answered, and not said"

    @rule(
        which=st.sampled_from(["running", "waiting", "calls"]),
        who=st.sampled_from(WHO),
        again=st.sampled_from(WHO),
        action=st.sampled_from(ACTIONS),
        back=st.sampled_from(ACTIONS),
        moment=st.sampled_from(MOMENTS),
    )
    def act_and_come_back(self, which, who, again, action, back, moment):
        """A callback uses a client on the campaign that another one, or the same, is at work on."""
        self.comes_back = (moment, again, back)
        try:
            self.act(which, who, action)
        finally:
            self.comes_back = None

    @rule(who=st.sampled_from(WHO), kind=st.sampled_from([None, *FAULTS]))
    def create(self, who, kind):
        self.simulator.clear_faults()
        if kind:
            self.simulator.fault(kind, method="POST", retry_after=0)
        begun = len(self.simulator.journal)
        draft = message(self.simulator, name=f"made-{begun}")
        try:
            made = self.clients["message", who].create(draft)
        except errors.CampaignFsmError as error:
            made = error
        arrived = [entry for entry in self.simulator.journal[begun:] if entry.method == "POST"]
        assert sum(entry.status_code != 429 for entry in arrived) <= 1, "a create was repeated"
        assert sum(entry.applied for entry in arrived) <= 1
        MET[f"create {type(made).__name__}"] += 1
        if isinstance(made, errors.CampaignFsmError):
            assert isinstance(made, errors.OutcomeUnknown) or not any(entry.applied for entry in arrived)
        else:
            assert self.simulator.campaigns[made.id].name == f"made-{begun}"

    @rule(
        which=st.sampled_from(["running", "waiting", "calls"]),
        body=st.sampled_from(
            [
                {"action": "pause"},
                {"action": "complete"},
                {"name": "another"},
                {"status_callback": "https://example.com"},
                {"action": "pause", "name": "another"},
                {"status": "archived"},
                {},
            ]
        ),
    )
    def by_hand(self, which, body):
        channel, campaign = self.campaigns[which]
        collection = "campaigns" if channel == "voice" else "message-campaigns"
        begun = len(self.simulator.journal)
        url = f"https://api.exotel.com/v2/accounts/acme1/{collection}/{campaign}"
        try:
            response = self.plain.put(url, json=body)
        except (errors.Refused, errors.UnexpectedRedirect, httpx.TransportError) as error:
            arrived = [entry for entry in self.simulator.journal[begun:] if entry.method == "PUT"]
            assert len(arrived) == (0 if isinstance(error, errors.Refused) else 1)
            MET[f"by hand {type(error).__name__}"] += 1
        else:
            assert isinstance(response.extensions["campaign_fsm"], WriteRecord)
            MET["by hand"] += 1

    @rule(which=st.sampled_from(["running", "waiting", "calls"]), status=st.sampled_from(KEEP))
    def foreign_move(self, which, status):
        self.simulator.move(self.campaigns[which][1], status)

    @rule(which=st.sampled_from(["running", "waiting", "calls"]), status=st.sampled_from(KEEP), after=st.integers(0, 1))
    def move_between_read_and_write(self, which, status, after):
        self.simulator.fault("moved", method="GET", id=self.campaigns[which][1], to_status=status, after=after)

    @rule(kind=st.sampled_from(FAULTS), method=st.sampled_from(["GET", "PUT", "PUT"]), after=st.integers(0, 1))
    def fault(self, kind, method, after):
        self.simulator.fault(kind, method=method, after=after, retry_after=0)

    @rule(
        which=st.sampled_from(["running", "waiting", "calls"]),
        who=st.sampled_from(WHO),
        action=st.sampled_from([*ACTIONS, *CALLS]),
        kind=st.sampled_from(FAULTS),
        method=st.sampled_from(["GET", "PUT"]),
    )
    def act_under_a_fault(self, which, who, action, kind, method):
        self.simulator.clear_faults()
        self.simulator.fault(kind, method=method, retry_after=0)
        self.act(which, who, action)

    @rule(
        which=st.sampled_from(["running", "waiting", "calls"]),
        who=st.sampled_from(WHO),
        action=st.sampled_from(sorted(CALLS)),
    )
    def act_before_the_start(self, which, who, action):
        """On a campaign that is replaced by one that has not started, where edits and deletes are legal."""
        channel, _ = self.campaigns[which]
        start = self.simulator.now + timedelta(hours=4)
        status = "paused" if "resume" in action or action == "complete" else "created"
        self.simulator.clear_faults()
        self.campaigns[which] = (channel, self.simulator.add(status, channel=channel, start=start))
        self.act(which, who, action)

    @rule(
        which=st.sampled_from(["running", "waiting", "calls"]),
        action=st.sampled_from(["pause", "resume", "complete", "archive"]),
        status=st.sampled_from(KEEP),
    )
    def act_in_a_race(self, which, action, status):
        self.simulator.clear_faults()
        self.simulator.fault("moved", method="GET", id=self.campaigns[which][1], to_status=status)
        self.act(which, "fresh", action)

    @rule(seconds=st.integers(1, 7200))
    def time_passes(self, seconds):
        self.simulator.advance(seconds)

    @rule()
    def calm(self):
        self.simulator.clear_faults()

    @invariant()
    def every_write_was_legal_in_the_status_last_read(self):
        """By the journal alone: what each client read last, and what moved the campaign since.

        And no client trusts what it read before another one of the process wrote.
        """
        if not hasattr(self, "simulator"):
            return
        assert self.let_in == [], "whoever came back was let in"
        last_read, moved, overtaken = {}, {}, set()
        for entry in self.simulator.journal:
            key = (entry.user_agent, entry.id)
            if entry.kind != "request":
                moved = {other: True if other[1] == entry.id else was for other, was in moved.items()}
                continue
            if entry.method == "GET":
                if entry.fault in (None, "moved", "no-date") and entry.status_code == 200:
                    last_read[key], moved[key] = entry.status_before, False
                    overtaken.discard(key)
            elif entry.method in ("PUT", "DELETE"):
                before = last_read[key]
                assert key not in overtaken, f"{entry.action} was sent on a reading from before another client's write"
                overtaken |= {other for other in last_read if other[1] == entry.id and other != key}
                # Asked for either start: the clock has tests of its own.
                legal = any(oracle.legal(before, entry.action, entry.channel, started) for started in (False, True))
                assert legal, f"{entry.action} was sent although {before} was read"
                if entry.legal is False and entry.status_before != before:
                    assert moved[key], "illegal on arrival, and nobody had moved it"
                if entry.applied:
                    moved = {other: True if other[1] == entry.id else was for other, was in moved.items()}
                    if entry.fault in (None, "no-date"):
                        # The answer to a write is a reading too.
                        last_read[key], moved[key] = entry.status_after, False

    def teardown(self):
        if hasattr(self, "simulator"):
            for client in self.clients.values():
                assert len(client._http._transport._gate.context.sections) == 0
                client.close()
            self.plain.close()


@pytest.fixture(autouse=True)
def no_waiting(pace):
    """Nobody has to wait for the simulator."""
    pace(looks=(0.0, 0.0), first_delay=0.0)


TestCampaigns = Campaigns.TestCase


def walk(machine):
    """A way past everything that the machine is about; hypothesis finds others, and in them what nobody thought of."""
    for who in WHO:
        machine.foreign_move("running", "in-progress")
        for action in ("complete", "archive", "pause", "pause", "resume", "pause", "complete", "resume", "archive"):
            machine.act("running", who, action)
        for which in ("running", "calls"):
            machine.foreign_move(which, "archived")
            for action in CALLS:
                machine.act(which, who, action)
        for which, action in (("waiting", "edit"), ("waiting", "reschedule"), ("calls", "delete")):
            machine.act_before_the_start(which, who, action)
        machine.act_before_the_start("calls", who, "pause")
        machine.foreign_move("calls", "in-progress")
        machine.act("calls", who, "edit-callbacks")
        machine.foreign_move("calls", "paused")
        machine.time_passes(5 * 3600)
        machine.act("calls", who, "reschedule and resume")
        for kind in FAULTS:
            for method in ("GET", "PUT"):
                machine.foreign_move("running", "in-progress")
                machine.act_under_a_fault("running", who, "pause", kind, method)
            machine.create(who, kind)
        machine.create(who, None)
        for moment in MOMENTS:
            for again in WHO:
                machine.foreign_move("running", "in-progress")
                machine.act_and_come_back("running", who, again, "pause", "complete", moment)
    machine.foreign_move("running", "in-progress")
    machine.act_in_a_race("running", "pause", "completed")
    machine.calm()
    machine.foreign_move("running", "in-progress")
    for body in ({"action": "pause", "name": "another"}, {"status": "archived"}, {}, {"action": "pause"}):
        machine.by_hand("running", body)


def test_the_machine_has_met_what_it_is_about():
    """Races, refusals, conflicts, lost answers and successes are all met on one way, and the invariants hold on it."""
    MET.clear()
    machine = Campaigns()
    machine.build("completed", 409)
    walk(machine)
    machine.every_write_was_legal_in_the_status_last_read()
    machine.teardown()
    print(dict(MET))
    missing = [
        name
        for name in (
            "Campaign",
            "IllegalTransition",
            "AlreadyThere",
            "StateConflict",
            "ConnectionFailed",
            "StatusUnavailable",
            "illegal on arrival",
            "came back",
            "by hand",
            "by hand UnreadableRequest",
            "sent again",
            "create Campaign",
            "create OutcomeUnknown",
            *(f"{action} Campaign" for action in CALLS),
            *(f"{action} IllegalTransition" for action in CALLS),
        )
        if not MET[name]
    ]
    assert missing == []

"""Illegal transitions never reach the network: every order in which two gates, a server and a re-entry can move.

The flows of the gate are driven by hand, each in a context of its own as threads and tasks have one, so that nothing
here depends on chance: every interleaving is walked. `test_section.py` has the real threads and event loops.
"""

import contextvars
import itertools

import oracle
import pytest
from gates import envelope, make, put

from campaign_fsm import errors
from campaign_fsm.gate import Forward, Poll, Read, Sections, WriteRecord, section
from campaign_fsm.gate.section import Ticket
from campaign_fsm.wire.answer import Answer


class Actor:
    """One flow on its way, in a context of its own."""

    def __init__(self, gate, action, *, begins=True):
        self.gate, self.action = gate, action
        self.context = contextvars.Context()
        self.flow = gate.flow(put(action))
        self.at, self.inbox, self.result = "not begun", None, None
        if begins:
            self.advance(next)

    def advance(self, how):
        try:
            self.at = self.context.run(how, self.flow)
        except StopIteration as stop:
            self.at, self.result = None, stop.value
        except errors.Refused as refusal:
            self.at, self.result = None, refusal

    @property
    def inside(self):
        return isinstance(self.at, Read | Forward)


class World:
    """One campaign on a server that two gates and a foreign hand work on.

    `together` is whether the gates are in one process; two processes have sections of their own. `again` is an
    action that somebody tries from inside of each step: a callback, a signal handler, a finalizer.
    """

    def __init__(self, status, move, first, second, *, together, again=None):
        self.status, self.move, self.moved, self.log, self.again = status, move, False, [], again
        one = Sections()
        self.actors = {
            "A": Actor(make(own_sections=one), first, begins=not together),
            "B": Actor(make(own_sections=one if together else Sections()), second, begins=not together),
        }
        self.reentries = 0

    def free(self, actor):
        return not actor.gate.context.sections._holders

    def moves(self):
        """Who can move now: an actor that does not wait for a section, or the foreign hand."""
        found = [] if self.moved else ["move"]
        for name, actor in self.actors.items():
            if actor.at is not None and not (isinstance(actor.at, Poll) and not self.free(actor)):
                found.append(name)
        return found

    def step(self, name):
        if name == "move":
            self.moved = True
            self.log.append(("move", self.status, self.move))
            self.status = self.move
            return
        actor = self.actors[name]
        if actor.at == "not begun":
            actor.advance(next)
        elif actor.inbox is not None:  # the answer arrives
            answer, actor.inbox = actor.inbox, None
            actor.advance(lambda flow: flow.send(answer))
        elif isinstance(actor.at, Poll):
            actor.advance(lambda flow: flow.send(None))
        elif isinstance(actor.at, Read):  # the read arrives
            self.log.append(("read", name, self.status))
            actor.inbox = envelope(self.status)
        else:  # the write arrives
            dest = oracle.legal(self.status, actor.action, "message", started=True)
            self.log.append(("write", name, self.status, dest))
            actor.inbox = envelope(dest) if dest else Answer(409, (), b"")
            self.status = dest or self.status
        self.come_back()

    def come_back(self):
        """Whoever is inside is interrupted by a call on the same campaign, through either gate."""
        for actor, other in itertools.permutations(self.actors.values()) if self.again else ():
            if actor.inside:
                gates = (
                    [actor.gate, other.gate]
                    if actor.gate.context.sections is other.gate.context.sections
                    else [actor.gate]
                )
                for gate in gates:
                    flow = gate.flow(put(self.again))
                    with pytest.raises(errors.CampaignBusy) as caught:
                        actor.context.run(next, flow)
                    assert caught.value.code == "CF801"
                    self.reentries += 1


def worlds(case, **given):
    """Every order in which the two flows and the move can take their steps, as finished worlds."""
    pending = [()]
    while pending:
        schedule = pending.pop()
        world = World(*case, **given)
        for name in schedule:
            world.step(name)
        # This world goes on with the first of its choices; each of the others is a world that begins anew.
        while choices := world.moves():
            pending += [(*schedule, name) for name in choices[1:]]
            schedule = (*schedule, choices[0])
            world.step(choices[0])
        yield schedule, world


CASES = [
    ("in-progress", "paused", "pause", "pause"),
    ("in-progress", "completed", "pause", "pause"),
    ("paused", "in-progress", "complete", "resume"),
    ("paused", "canceled", "resume", "complete"),
    ("paused", "in-progress", "complete", "complete"),
    ("completed", "archived", "archive", "archive"),
    ("in-progress", "paused", "pause", "complete"),
]


def check(case, schedule, world, *, together):
    """Every write was legal in the status last read; if it was not on arrival, a foreign hand was between. How many."""
    raced = 0
    last_read, moved_since = {}, {}
    for entry in world.log:
        if entry[0] == "read":
            last_read[entry[1]], moved_since[entry[1]] = entry[2], False
        elif entry[0] == "move":
            moved_since = dict.fromkeys(moved_since, True)
        else:
            _, name, on_arrival, dest = entry
            action = world.actors[name].action
            assert oracle.legal(last_read[name], action, "message", started=True), (case, schedule)
            if dest is None:
                raced += 1
                assert moved_since[name], (case, schedule)
                assert world.actors[name].result.status_code == 409
            else:
                assert on_arrival == last_read[name] or moved_since[name], (case, schedule)
                if not together:
                    moved_since |= {other: True for other in moved_since if other != name}
    for actor in world.actors.values():
        assert len(actor.gate.context.sections) == 0
        assert isinstance(actor.result, WriteRecord | errors.Refused)
    return raced


@pytest.mark.parametrize(("together", "at_least"), [(True, 100), (False, 2900)])
def test_in_every_interleaving_a_write_is_legal_in_the_status_last_read(together, at_least):
    """All orders of the steps of two gates and one server move, in one process and in two.

    What was illegal on arrival had been moved in between, by the server or (in two processes) by a
    foreign writer, and was told to the caller. Two gates of one process never race each other.
    """
    count = raced = 0
    for case in CASES:
        for schedule, world in worlds(case, together=together):
            count += 1
            raced += check(case, schedule, world, together=together)
    assert count >= at_least
    assert raced >= 20
    print(f"{count} interleavings, {raced} races met")


@pytest.mark.parametrize("again", ["pause", "resume", "complete"])
def test_whoever_comes_from_inside_at_any_step_is_refused_at_once(again):
    """In every interleaving, at every step, through both gates: nothing is sent, and the others go on as before."""
    count = reentries = 0
    for case in CASES:
        for schedule, world in worlds(case, together=True, again=again):
            count += 1
            check(case, schedule, world, together=True)
            reentries += world.reentries
    assert count >= 100
    assert reentries >= 10 * count / 2


def test_a_section_that_is_none_is_noticed(monkeypatch):
    """The test above is not blind: let everybody in, and it fails in the first case."""
    monkeypatch.setattr(Ticket, "ask", lambda self: 0.0)
    monkeypatch.setattr(Ticket, "is_inside", lambda self: True)
    monkeypatch.setattr(World, "free", lambda self, actor: True)
    with pytest.raises(AssertionError):
        test_in_every_interleaving_a_write_is_legal_in_the_status_last_read(together=True, at_least=1)


def test_a_flow_that_is_closed_at_any_step_leaves_the_section_free():
    """Cancellation at each of the steps, also while waiting, lets go of the campaign."""
    for stop_at in range(3):
        gate = make()
        other = contextvars.Context().run(Actor, gate, "pause") if stop_at == 2 else None
        flow = gate.flow(put("pause"))
        step = contextvars.Context().run(next, flow)
        assert isinstance(step, Poll if other else Read)
        if stop_at == 1:
            assert isinstance(flow.send(envelope("in-progress")), Forward)
        with pytest.raises(KeyboardInterrupt):
            flow.throw(KeyboardInterrupt())
        assert len(gate.context.sections) == (other is not None)
        if other:
            other.flow.close()
        assert len(gate.context.sections) == 0


# Gates with readings that they use again


def test_a_write_through_any_gate_ends_the_readings_of_all():
    """Gate A keeps a reading, B pauses, and A does not pause again on what it knew."""
    one, other = make(max_age=3600), make(max_age=3600)
    first = Actor(one, "pause")
    first.advance(lambda flow: flow.send(envelope("paused")))  # refused: it is there already, and kept as a reading
    assert isinstance(first.result, errors.AlreadyThere)
    assert isinstance(Actor(one, "resume").at, Forward)
    section.renew()
    one, other = make(max_age=3600), make(max_age=3600)
    Actor(one, "complete").advance(lambda flow: flow.send(envelope("in-progress")))
    pause = Actor(other, "pause")
    pause.advance(lambda flow: flow.send(envelope("in-progress")))
    pause.advance(lambda flow: flow.send(envelope("paused")))
    assert pause.result.answered.status == "paused"
    again = Actor(one, "pause")
    assert isinstance(again.at, Read)
    again.advance(lambda flow: flow.send(envelope("paused")))
    assert isinstance(again.result, errors.AlreadyThere)


def test_a_write_that_was_abandoned_ends_readings_too():
    """Nobody will ever hear its answer, and it may have been applied."""
    one, other = make(max_age=3600), make()
    Actor(one, "complete").advance(lambda flow: flow.send(envelope("in-progress")))
    abandoned = Actor(other, "pause")
    abandoned.advance(lambda flow: flow.send(envelope("in-progress")))
    assert isinstance(abandoned.at, Forward)
    section.sections()._holders.clear()
    assert isinstance(Actor(one, "pause").at, Read)
    abandoned.flow.close()


@pytest.mark.parametrize(
    "spelling",
    [
        {"host": "API.EXOTEL.COM"},
        {"host": "api.exotel.com."},
        {"port": 443},
        {"scheme": "http"},
        {"scheme": "http", "port": 80},
        {"target": put("pause").target.replace(b"message-campaigns", b"sms-campaigns")},
        {"target": b"/gateway" + put("pause").target},
        {
            "target": put("pause")
            .target.upper()
            .replace(b"/V2/ACCOUNTS/", b"/v2/accounts/")
            .replace(b"MESSAGE-CAMPAIGNS", b"message-campaigns")
        },
    ],
)
def test_every_spelling_of_a_campaign_is_the_same_campaign(spelling):
    """It waits while another spelling is inside, and its write ends the readings that another spelling gave."""
    gate = make(max_age=3600)
    request = put("pause")
    for name, value in spelling.items():
        setattr(request, name, value)
    inside = Actor(gate, "pause")
    flow = make().flow(request)
    assert isinstance(contextvars.Context().run(next, flow), Poll)
    flow.close()
    inside.flow.close()
    kept = Actor(gate, "complete")
    kept.advance(lambda flow: flow.send(envelope("in-progress")))
    flow = make().flow(request)
    assert isinstance(contextvars.Context().run(next, flow), Read)
    assert isinstance(flow.send(envelope("in-progress", id=request.target.rpartition(b"/")[2].decode())), Forward)
    flow.close()
    assert isinstance(Actor(gate, "pause").at, Read)


def test_other_campaigns_are_not_waited_for():
    """Another account, channel, id or host has a section of its own."""
    inside = Actor(make(), "pause")
    target = put("pause").target
    for other in (
        {"target": target.replace(b"acme1", b"acme2")},
        {"target": target.replace(b"message-campaigns", b"campaigns")},
        {"target": target[:-1] + b"0"},
        {"host": "api.in.exotel.com"},
        {"port": 8443},
    ):
        request = put("pause")
        for name, value in other.items():
            setattr(request, name, value)
        assert isinstance(contextvars.Context().run(next, make().flow(request)), Read), other
    assert isinstance(contextvars.Context().run(next, make().flow(put("pause"))), Poll)
    inside.flow.close()

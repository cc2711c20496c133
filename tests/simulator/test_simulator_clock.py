"""The simulator's clock: what happens when it moves, in which order, and where the calendar ends."""

import time
from collections import Counter
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from simulated import request, url

from campaign_fsm import RULES, Event, Simulator, Status
from campaign_fsm.simulator.campaigns import StoredCampaign
from campaign_fsm.wire.listing import DETAILS


def test_the_clock_moves_campaigns_in_the_order_of_time():
    """Start, then end; paused ones expire; nothing happens while it stands still."""
    simulator = Simulator()
    now = simulator.now
    starts = simulator.add("created", start=now + timedelta(hours=1), end=now + timedelta(hours=3))
    at_once = simulator.add("created")
    expires = simulator.add("paused", end=now + timedelta(hours=2))
    request(simulator, "GET", url(at_once))
    assert simulator.status(at_once) is Status.CREATED
    simulator.advance(4 * 3600)
    assert [simulator.status(one) for one in (starts, at_once, expires)] == ["completed", "in-progress", "canceled"]
    events = [(entry.id, entry.action) for entry in simulator.journal if entry.kind == "event"]
    assert events == [(at_once, "start"), (starts, "start"), (expires, "expire"), (starts, "finish")]
    with pytest.raises(ValueError, match="moves forward"):
        simulator.advance(-1)


def test_an_hour_is_an_hour_when_clocks_are_set_back():
    """In New York 1:45 came twice on that day: an hour after the first one it is the second one."""
    zone = ZoneInfo("America/New_York")
    simulator = Simulator(now=datetime(2026, 11, 1, 1, 45, tzinfo=zone))
    ends = simulator.add("in-progress", end=datetime(2026, 11, 1, 1, 40, tzinfo=zone, fold=1))
    simulator.advance(50 * 60)
    assert simulator.status(ends) is Status.IN_PROGRESS
    simulator.advance(10 * 60)
    assert simulator.status(ends) is Status.COMPLETED
    assert simulator.now.astimezone(UTC) == datetime(2026, 11, 1, 6, 45, tzinfo=UTC)


def test_every_edge_of_the_platform_is_taken():
    """Each of the table has a time in the simulator; one without would never be taken, in silence."""
    taken = set()
    for at_end in ("completed", "paused"):
        simulator = Simulator(at_end=at_end)
        for status in ("created", "in-progress", "paused"):
            for contacts in (0, 10):
                simulator.add(status, contacts=contacts, end=simulator.now + timedelta(hours=1))
        simulator.advance(7200)
        events = [entry for entry in simulator.journal if entry.kind == "event"]
        taken |= {(entry.action, entry.status_before, entry.status_after) for entry in events}
    assert taken == {(rule.trigger, rule.source, rule.dest) for rule in RULES if isinstance(rule.trigger, Event)}


def test_an_end_that_is_long_past_gives_no_work_back():
    """A campaign resumed past its end is suspended again when the clock moves, not before it was resumed."""
    simulator = Simulator(at_end="paused")
    campaign = simulator.add("in-progress", end=simulator.now - timedelta(hours=5), work=100.0)
    simulator.advance(1)
    assert simulator.status(campaign) is Status.PAUSED
    assert simulator.campaigns[campaign].work == 100.0
    assert simulator.journal[-1].at == Simulator().now


def test_a_clock_set_back_still_starts_and_ends_campaigns():
    """What happened is never later than now, so the next event comes when it is due."""
    simulator = Simulator()
    campaign = simulator.add("created")
    simulator.set_time(simulator.now - timedelta(days=30))
    assert simulator.status(campaign) is Status.CREATED
    simulator.advance(1)
    assert simulator.status(campaign) is Status.IN_PROGRESS


def test_a_live_clock_moves_campaigns_by_itself():
    """Without a schedule a campaign starts at once, and who looks sees it without a request."""
    simulator = Simulator(live=True)
    campaign = simulator.add("created")
    while simulator.status(campaign) is not Status.IN_PROGRESS:
        time.sleep(0.001)
    assert [entry.action for entry in simulator.journal] == ["start"]


def test_a_paused_campaign_is_canceled_at_its_end_or_waits_as_the_switch_says():
    """The pages differ about CF305; what its end has paused waits for a new end either way."""
    for paused_at_end in ("canceled", "paused"):
        simulator = Simulator(at_end="paused", paused_at_end=paused_at_end)
        end = simulator.now + timedelta(hours=1)
        waits, suspended = simulator.add("paused", end=end), simulator.add("in-progress", end=end)
        simulator.advance(7200)
        assert (simulator.status(waits), simulator.status(suspended)) == (paused_at_end, "paused")
        actions = {entry.action for entry in simulator.journal}
        assert actions == ({"expire", "suspend"} if paused_at_end == "canceled" else {"suspend"})


def test_a_campaign_that_is_resumed_before_a_new_start_goes_on_at_that_start():
    """Still paused until then, as the guide on scheduling has it, and by the table's own edge (CF104)."""
    simulator = Simulator(resume_before_start="paused")
    now = simulator.now
    ids = [simulator.add("in-progress", channel="voice", start=now - timedelta(hours=1)) for _ in range(3)]
    for campaign in ids:
        request(simulator, "PUT", url(campaign, "voice"), {"action": "pause"})
        schedule = {"send_at": (now + timedelta(hours=1)).isoformat(), "end_at": (now + timedelta(days=1)).isoformat()}
        body = {"campaigns": [{"action": "resume", "schedule": schedule}]}
        assert request(simulator, "PUT", url(campaign, "voice"), body).status_code == 200
        assert (simulator.journal[-1].status_after, simulator.journal[-1].applied) == ("paused", True)
    goes_on, completed, moved = ids
    request(simulator, "PUT", url(completed, "voice"), {"action": "complete"})
    simulator.move(moved, "paused")
    simulator.advance(3599)
    assert simulator.status(goes_on) == "paused"
    simulator.advance(1)
    assert [simulator.status(one) for one in ids] == ["in-progress", "completed", "paused"]
    (event,) = (entry for entry in simulator.journal if entry.kind == "event")
    assert (event.id, event.action, event.status_before, event.at) == (goes_on, "resume", "paused", simulator.now)
    assert (event.action, event.status_before, event.status_after) in {
        (rule.trigger, rule.source, rule.dest) for rule in RULES
    }
    simulator.advance(86_400)
    assert simulator.status(goes_on) == "completed"


# What is due, in the order of its time


class Reference:
    """The platform by CF301 to CF306: one event after the other, each looked for among all campaigns."""

    def __init__(self, now, at_end):
        self.now, self.at_end, self.campaigns, self.events = now, at_end, {}, []

    def add(self, name, status, start, end, contacts, work):
        self.campaigns[name] = {
            "status": status,
            "start": start,
            "end": end,
            "contacts": contacts,
            "work": work,
            "since": self.now,
            "suspended": False,
        }

    def ahead(self, campaign):
        since, end = campaign["since"], campaign["end"]
        if campaign["status"] == "created":
            at = max(campaign["start"], since) if campaign["start"] else since + timedelta(microseconds=1)
            return [(at, "start", "in-progress") if campaign["contacts"] else (at, "fail", "failed")]
        if campaign["status"] == "paused" and end and not campaign["suspended"]:
            return [(max(end, since), "expire", "canceled")]
        found = []
        if campaign["status"] == "in-progress":
            if not campaign["contacts"]:
                found.append((since, "fail", "failed"))
            if campaign["work"] is not None:
                found.append((since + timedelta(seconds=campaign["work"]), "finish", "completed"))
            if end:
                event = {"completed": "finish", "paused": "suspend"}[self.at_end]
                found.append((max(end, since), event, self.at_end))
        return found

    def advance(self, seconds):
        self.now += timedelta(seconds=seconds)
        while True:
            due = [
                (at, name, event, dest)
                for name, campaign in self.campaigns.items()
                for at, event, dest in [min(self.ahead(campaign), key=lambda one: one[0], default=(None,) * 3)]
                if at is not None and at <= self.now
            ]
            if not due:
                return
            at, name, event, dest = min(due)
            campaign = self.campaigns[name]
            self.events.append((at, name, event, campaign["status"], dest))
            if campaign["status"] == "in-progress" and campaign["work"] is not None:
                campaign["work"] = max(0.0, campaign["work"] - (at - campaign["since"]).total_seconds())
            campaign.update(status=dest, since=at, suspended=event == "suspend")


HOURS = st.none() | st.integers(-3, 6)


@given(
    campaigns=st.lists(
        st.tuples(
            st.sampled_from(("created", "in-progress", "paused", "completed")),
            HOURS,
            HOURS,
            st.sampled_from((0, 1, 10)),
            st.none() | st.integers(0, 5),
        ),
        max_size=7,
    ),
    steps=st.lists(st.integers(0, 4), min_size=1, max_size=4),
    at_end=st.sampled_from(("completed", "paused")),
)
@example(campaigns=[("in-progress", None, None, 0, 0)], steps=[0], at_end="completed")
@example(campaigns=[("in-progress", None, 1, 10, 1)], steps=[1], at_end="paused")
def test_what_is_due_happens_as_in_a_simple_reference(campaigns, steps, at_end):
    """The same events at the same times in the same order, also those that follow from others in between."""
    simulator = Simulator(at_end=at_end)
    begun = simulator.now
    reference = Reference(begun, at_end)
    for number, (status, start, end, contacts, work) in enumerate(campaigns):
        given_ = {
            "start": None if start is None else begun + timedelta(hours=start),
            "end": None if end is None else begun + timedelta(hours=end),
            "contacts": contacts,
            "work": None if work is None else work * 3600.0,
        }
        simulator.add(status, id=f"c{number}", **given_)
        reference.add(f"c{number}", status, **given_)
    for hours in steps:
        simulator.advance(hours * 3600)
        reference.advance(hours * 3600)
    events = [
        (entry.at, entry.id, entry.action, entry.status_before, entry.status_after) for entry in simulator.journal
    ]
    assert events == reference.events
    assert [entry.number for entry in simulator.journal] == list(range(1, len(events) + 1))


def test_each_campaign_is_looked_at_once_and_once_more_for_each_event(monkeypatch):
    """Not all of them for each event: 2 000 campaigns took half a minute, and nobody else was served meanwhile."""
    looked = Counter()
    due = StoredCampaign.due
    monkeypatch.setattr(StoredCampaign, "due", lambda *args: looked.update(["due"]) or due(*args))
    simulator = Simulator()
    for number in range(300):
        simulator.add("created", start=simulator.now + timedelta(minutes=number), work=60.0 * number)
    simulator.advance(86_400)
    assert len(simulator.journal) == 600
    assert looked["due"] == 300 + 600


@pytest.mark.long
def test_a_hundred_thousand_campaigns_are_started_and_finished_at_once():
    """Within seconds, and a reset brings them back."""
    simulator = Simulator()
    for number in range(100_000):
        simulator.add("created", start=simulator.now + timedelta(seconds=number % 1000), work=60.0)
    simulator.begin()
    begun = time.monotonic()
    simulator.advance(86_400)
    simulator.reset()
    assert time.monotonic() - begun < 60
    assert {campaign.status for campaign in simulator.campaigns.values()} == {"created"}


# The end of the calendar

ZONES = [UTC, timezone(timedelta(hours=5, minutes=30)), timezone(timedelta(hours=-8))]


def last_moment(zone):
    """The last microsecond that a zone and UTC both have a date for."""
    ahead = zone.utcoffset(None) > timedelta(0)
    return datetime.max.replace(tzinfo=zone) if ahead else datetime.max.replace(tzinfo=UTC).astimezone(zone)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("live", [False, True])
def test_a_clock_at_the_end_of_the_calendar_answers_every_request(zone, live):
    """Headers, times and the rate limit are there; what would be later never happens, and the clock stands still."""
    simulator = Simulator(now=last_moment(zone), live=live, rate_limit=1000)
    seeded = simulator.seed()
    waiting = simulator.add("created")
    simulator.add("in-progress", work=1.0)
    for channel, campaign, _ in [*seeded, ("message", waiting, None)]:
        path = url(campaign, channel)
        for method, body in [
            ("GET", None),
            *(("PUT", {"action": action}) for action in ("pause", "resume", "complete", "archive")),
            ("PUT", {"name": "other"}),
            ("PUT", {"schedule": {"end_time": "9999-12-31T23:59:59Z", "end_at": "9999-12-31T23:59:59Z"}}),
            ("DELETE", None),
        ]:
            reply = request(simulator, method, path, body)
            headers = dict(reply.headers)
            assert headers["Date"].endswith(" 9999 23:59:59 GMT" if zone != ZONES[1] else " 9999 18:29:59 GMT")
            assert int(headers["X-RateLimit-Reset"]) > 0
        assert request(simulator, "GET", f"{url(None, channel)}?channel=SMS").status_code == 200
        expected = 200 if channel == "message" or simulator.campaigns[campaign].ran else 404
        assert request(simulator, "GET", f"{path}/{DETAILS[channel]}?channel=SMS").status_code == expected
    body = {"lists": ["x"], "template": "Hello", "sender_id": "EXOTEL"}
    assert request(simulator, "POST", url(None), body).status_code == 200
    assert simulator.now == last_moment(zone)
    assert "event" not in {entry.kind for entry in simulator.journal if entry.id == waiting}
    simulator.advance(0)
    with pytest.raises(ValueError, match="calendar"):
        simulator.advance(1)
    simulator.reset()
    assert simulator.now == last_moment(zone)


def test_a_live_clock_stops_where_the_calendar_ends():
    """And what would come after it is refused in words, not by an overflow."""
    simulator = Simulator(now=last_moment(UTC) - timedelta(microseconds=1), live=True)
    time.sleep(0.001)
    assert simulator.now == last_moment(UTC)
    assert simulator.status(simulator.add("created")) == "created"
    with pytest.raises(ValueError, match="beyond the calendar"):
        simulator.set_time(datetime.max.replace(tzinfo=ZONES[2]))
    with pytest.raises(ValueError, match="beyond the calendar"):
        simulator.add(start=datetime.min.replace(tzinfo=ZONES[1]))


def test_work_that_the_calendar_is_too_short_for_never_ends():
    """The clock moves all the same, and a pause counts what was done."""
    simulator = Simulator()
    campaign = simulator.add("in-progress", work=1e300)
    simulator.add("in-progress", work=10**300)  # a number of JSON need not be a float
    simulator.advance(3600)
    assert simulator.status(campaign) is Status.IN_PROGRESS
    assert request(simulator, "PUT", url(campaign), {"action": "pause"}).status_code == 200

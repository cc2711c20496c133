"""What a `Selection` means, and what `select` lists of it."""

import logging
from datetime import UTC, datetime, timedelta

import attrs
import pytest
from faces import FACES, Face

from campaign_fsm import Campaign, CampaignClient, Channel, Selection, Simulator, SimulatorTransport, Status
from campaign_fsm.client.many import RUNNING, estimated
from campaign_fsm.rules import Action
from campaign_fsm.rules.edges import sources_of

NOW = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)


def campaign(**fields):
    fields = {"id": "c1", "status": Status.IN_PROGRESS, "channel": Channel.MESSAGE, "created": NOW, **fields}
    return Campaign(raw_status=fields["status"].value, **fields)


def test_what_can_be_paused_is_what_the_table_says():
    """In another order: whoever contacts people now goes first."""
    assert {*RUNNING} == sources_of(Action.PAUSE)
    assert len(RUNNING) == 2
    assert RUNNING[0] is Status.IN_PROGRESS


@pytest.mark.parametrize(
    ("selection", "fields", "takes"),
    [
        (Selection(), {}, True),
        (Selection(), {"name": None, "created": None}, True),
        (Selection(names="otp-*"), {"name": "otp-login"}, True),
        (Selection(names="otp-*"), {"name": "my otp-login"}, False),
        (Selection(names="otp-*"), {"name": "OTP-login"}, False),
        (Selection(names="otp-*"), {"name": None}, False),
        (Selection(names=["a", "otp-[0-9]"]), {"name": "otp-3"}, True),
        (Selection(created_after=NOW), {}, True),
        (Selection(created_before=NOW), {}, False),
        (Selection(created_after=NOW + timedelta(seconds=1)), {}, False),
        (Selection(created_before=NOW + timedelta(seconds=1)), {}, True),
        (Selection(created_after=NOW), {"created": None}, None),
        (Selection(created_before=NOW, names="x"), {"created": None, "name": "y"}, False),
    ],
)
def test_a_campaign_is_taken_by_name_and_age(selection, fields, takes):
    """The whole name, with its case; from a time on, and before one; unknown where it does not say."""
    assert selection.takes(campaign(**fields)) is takes


@pytest.mark.parametrize(
    "wrong",
    [
        {"statuses": "running"},
        {"channels": "sms"},
        {"ids": ["not/an/id"]},
        {"ids": ["c1"], "names": "x"},
        {"ids": ["c1"], "statuses": "created"},
        {"ids": ["c1"], "created_after": NOW},
        {"ids": ["c1"], "channels": ("message", "voice")},
        {"created_after": NOW.replace(tzinfo=None)},
        {"created_before": NOW.replace(tzinfo=None)},
    ],
)
def test_what_means_nothing_is_an_error(wrong):
    """At once, and of the kind that values have."""
    with pytest.raises(ValueError, match=r"\S"):
        Selection(**wrong)


def test_a_selection_says_what_it_is():
    """In its repr, without the ids themselves."""
    assert repr(Selection()) == "Selection(all)"
    assert repr(Selection(ids=["c1", "c2", "c1"])) == "Selection(ids=2)"
    assert str(Selection(statuses="created", names="a*", created_after=NOW)) == (
        "statuses=created, names=a*, created_after=2026-01-05T10:00:00+00:00"
    )


@pytest.mark.parametrize("face", FACES)
def test_select_lists_what_is_selected_on_each_channel(face):
    """Those in progress first; of an action only what is legal; page by page, nothing written."""
    simulator = Simulator()
    for number in range(60):
        simulator.add("in-progress", name=f"m{number}")
    created = simulator.add("created", name="m-created", channel="voice")
    done = [simulator.add("completed", name=f"m-done-{number}") for number in range(2)]
    one = Face(face)

    async def names(client, *given, **named):
        found = client.real.select(*given, **named)
        return [each.id async for each in found] if one.is_async else [each.id for each in found]

    async def scenario():
        kind = one.campaigns("http://127.0.0.1:1", SimulatorTransport(simulator))
        async with kind as client:
            both = Selection(names="m*", channels=("voice", "message"))
            found = await names(client, both)
            assert found[0] == created
            assert len(found) == 61
            assert sorted(await names(client, Selection(), "archive")) == sorted(done)
            assert await names(client, Selection(statuses="completed"), "pause") == []
            assert await names(client, Selection(ids=[done[0]]), "archive") == [done[0]]
            assert await names(client, Selection(ids=[done[0]])) == []

    one.run(scenario)
    assert {entry.method for entry in simulator.journal} == {"GET"}


def test_what_does_not_say_when_it_was_created_is_left_out_and_told(caplog):
    """Where the age matters; nobody completes what may be another one."""
    simulator = Simulator()
    old = simulator.add("in-progress")
    odd = simulator.add("in-progress")
    real = simulator.handle

    def handle(*request):
        reply = real(*request)
        head, found, tail = reply.body.partition(odd.encode())
        return attrs.evolve(reply, body=head + found + tail.replace(b'"date_created"', b'"date_made"', 1))

    simulator.handle = handle
    keys = {"account_sid": "acme1", "api_key": "key", "api_token": "token"}
    with CampaignClient(**keys, transport=SimulatorTransport(simulator)) as client:
        with caplog.at_level(logging.WARNING, "campaign_fsm"):
            found = [each.id for each in client.select(Selection(created_before=NOW + timedelta(days=9)))]
        assert found == [old]
        assert f"{odd} is left out: it does not say when it was created" in caplog.text
        assert len([*client.select(Selection())]) == 2


def test_what_a_dry_run_estimates():
    """Each campaign, the pages of each list, and one list of each channel at the end."""
    counts = {(Channel.MESSAGE, Status.IN_PROGRESS): 180, (Channel.VOICE, Status.CREATED): 5}
    both = (Channel.MESSAGE, Channel.VOICE)
    assert estimated(counts, Selection(), both, 30) == 185 + (7 + 1 + 1) + (1 + 1 + 1)
    assert estimated(counts, Selection(statuses="in-progress"), both, 30) == 180 + (7 + 1) + (1 + 1)
    assert estimated({}, Selection(), both[:1], None) == 3

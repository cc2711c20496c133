"""What teams test with: strategies, assertions and the machine."""

import subprocess
import sys
from collections import defaultdict
from itertools import takewhile
from random import Random

import httpx
import oracle
import pytest
from hypothesis import assume, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument, NoSuchExample
from hypothesis.stateful import run_state_machine_as_test

from campaign_fsm import (
    Campaign,
    CampaignClient,
    IllegalTransition,
    MessageCampaignDraft,
    Simulator,
    SimulatorTransport,
    VoiceCampaignDraft,
    decide,
    testing,
)
from campaign_fsm.rules import RULES, Action, Channel, Event, Status
from campaign_fsm.testing import (
    CampaignLife,
    actions,
    assert_legal,
    assert_refused,
    campaigns,
    channels,
    drafts,
    illegal_walks,
    legal_walks,
    payloads,
    statuses,
)
from campaign_fsm.testing.strategies import _ways

QUICK = settings(max_examples=50)


def codes(walk):
    return {step.code for step in walk}


# Walks


@given(legal_walks())
def test_a_legal_walk_is_legal_at_each_step(walk):
    """Each step of a walk is an edge by the typed oracle, or a move of the platform that the table has."""
    assert walk[0].trigger is Action.CREATE
    status = None
    for step in walk:
        assert step.source is status
        assert step.legal
        if isinstance(step.trigger, Action):
            assert oracle.legal(status, step.trigger, step.channel, step.started)
        else:
            assert any(
                rule.trigger is step.trigger and rule.source is status and rule.leads_to is step.status
                for rule in RULES
            )
        status = step.status


@given(illegal_walks())
def test_an_illegal_walk_is_legal_up_to_its_last_step(walk):
    """Only the last step of an illegal walk is illegal, by the typed oracle, and it leaves the status as it is."""
    *legal, last = walk
    assert legal
    assert all(step.legal for step in legal)
    assert not last.legal
    assert last.source is last.status is legal[-1].status
    assert not oracle.legal(last.status, last.trigger, last.channel, last.started)
    assert last.code == decide(last.status, last.trigger, channel=last.channel, started=last.started).code


@given(st.data(), st.sampled_from([None, *Channel]), st.integers(0, 40), st.integers(0, 5))
def test_walks_keep_to_their_sizes_and_channel(data, channel, least, more):
    """A walk has at least as many steps as was asked for, never more, and one channel."""
    walk = data.draw(legal_walks(channel, min_size=least, max_size=least + more))
    assert least <= len(walk) <= least + more
    assert len({step.channel for step in walk}) <= 1
    if channel and walk:
        assert walk[0].channel is channel


@pytest.mark.parametrize("channel", Channel)
def test_walks_reach_every_edge(channel):
    """Every rule of the channel's table is found by some walk, also those that hang on the start."""
    for rule in RULES:
        if channel in rule.channels:
            walk = find(legal_walks(channel), lambda walk, rule=rule: rule.code in codes(walk))
            assert len(walk) <= 6


def test_sizes_that_make_no_sense_are_errors():
    """A least size above the greatest is an error of the strategy, as in hypothesis itself."""
    with pytest.raises(InvalidArgument, match="min_size"):
        find(legal_walks(min_size=3, max_size=2), lambda _: True)


def test_no_walk_goes_where_no_rule_leads():
    """Edges of voice campaigns are never found on message campaigns."""
    only_voice = {rule.code for rule in RULES if Channel.MESSAGE not in rule.channels}
    with pytest.raises(NoSuchExample):
        find(
            legal_walks("message"),
            lambda walk: codes(walk) & only_voice,
            settings=settings(max_examples=10 * settings.default.max_examples),
        )


@pytest.mark.parametrize(
    ("goal", "triggers"),
    [
        (Status.CREATED, [Action.CREATE]),
        (Status.PAUSED, [Action.CREATE, Action.PAUSE]),
        (Status.IN_PROGRESS, [Action.CREATE, Event.START]),
        (Status.COMPLETED, [Action.CREATE, Action.PAUSE, Action.COMPLETE]),
        (Status.FAILED, [Action.CREATE, Event.FAIL]),
        (Status.ARCHIVED, [Action.CREATE, Action.PAUSE, Action.COMPLETE, Action.ARCHIVE]),
    ],
)
def test_walks_shrink_to_the_shortest_way(goal, triggers, request):
    """The least walk to a status is the shortest way to its last edge, at most one step longer than to any."""
    for seed in range(20 if request.config.option.long else 3):
        walk = find(legal_walks("message"), lambda walk: walk[-1].status is goal, random=Random(seed))
        assert len(walk) <= len(triggers) + 1
        assert tuple(walk) == _ways(None, Channel.MESSAGE, False)[walk[-1].code]


def test_illegal_walks_shrink_to_two_steps():
    """The least illegal walk is a creation and one action."""
    walk = find(illegal_walks(), lambda _: True)
    assert len(walk) == 2
    assert walk[0].trigger is Action.CREATE


@given(illegal_walks())
def test_no_illegal_walk_ends_in_a_create(walk):
    """A create on a campaign that exists is no request, so nobody is asked to send one."""
    assert walk[-1].trigger is not Action.CREATE


# Campaigns, answers, drafts


@QUICK
@given(st.data(), statuses(), channels())
def test_campaigns_have_the_status_and_channel_asked_for(data, status, channel):
    """A campaign is of the kind and in the status that was asked for."""
    campaign = data.draw(campaigns(channel, status))
    assert type(campaign) is Campaign
    assert (campaign.channel, campaign.status) == (channel, status)
    assert Status.parse(campaign.raw_status) is status


def test_a_campaign_may_be_in_a_status_on_no_list():
    """Asked for, the unknown status comes with a spelling that is on no list; unasked it never comes."""
    assert find(campaigns(status="unknown"), lambda _: True).status is Status.UNKNOWN
    with pytest.raises(NoSuchExample):
        find(campaigns(), lambda campaign: campaign.status is Status.UNKNOWN, settings=QUICK)


@QUICK
@given(st.data(), channels())
def test_a_payload_is_read_by_a_client(data, channel):
    """A client reads each payload as the answer of the API, on its channel."""
    body = data.draw(payloads(channel))
    response = body["response"]
    found = (response[0] if isinstance(response, list) else response)["data"]
    campaign_id = found["sid" if "sid" in found else "id"]
    client = CampaignClient(
        account_sid="acme1",
        api_key="key",
        api_token="token",
        channel=channel,
        transport=httpx.MockTransport(lambda _: httpx.Response(200, json=body)),
    )
    with client:
        campaign = client.get(campaign_id)
    assert campaign.raw_status == found["status"]
    assert campaign.status is not Status.UNKNOWN
    assert campaign.schedule is None or campaign.raw.get("schedule") is None
    assert "summary" not in campaign.raw


@pytest.mark.parametrize(
    ("channel", "form"),
    [
        ("message", form)
        for form in (
            "'id': ",
            "'send_at'",
            "'failed_dnd'",
            "'response': [",
            "'sid': ",
            "'start_time'",
            "'failed-dnd'",
            "'response': {",
        )
    ]
    + [("voice", "'summary': {")],
)
def test_payloads_have_the_forms_of_all_pages(channel, form):
    """Those that the pages differ about."""
    find(payloads(channel), lambda body: form in repr(body))


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("spelling", ["in-progress", "InProgress"])
def test_payloads_have_both_spellings(channel, spelling):
    """Both spellings of a status come on both channels."""
    find(payloads(channel, "in-progress"), lambda body: f"'{spelling}'" in repr(body))


@QUICK
@given(st.data(), channels())
def test_drafts_can_be_created(data, channel):
    """A draft is of its channel, survives the wire, and a client creates it."""
    draft = data.draw(drafts(channel))
    assert type(draft) is (VoiceCampaignDraft if channel is Channel.VOICE else MessageCampaignDraft)
    wire = draft.to_wire()
    assert type(draft).from_wire(wire) == draft
    simulator = Simulator()
    with client_of(simulator, channel=channel) as client:
        assert simulator.status(client.create(draft).id) is Status.CREATED


def test_drafts_of_both_channels():
    """Without a channel drafts of both come."""
    assert find(drafts(), lambda draft: draft.channel is Channel.MESSAGE)
    assert find(drafts(), lambda draft: draft.channel is Channel.VOICE)


def test_the_small_strategies_give_everything():
    """Each action, channel and known status can come, and the unknown status only if asked for."""
    for strategy, members in (
        (actions(), set(Action)),
        (channels(), set(Channel)),
        (statuses(), set(Status) - {Status.UNKNOWN}),
        (statuses(unknown=True), set(Status)),
    ):
        for member in members:
            assert find(strategy, lambda value, member=member: value is member) is member
    with pytest.raises(NoSuchExample):
        find(statuses(), lambda value: value is Status.UNKNOWN)


# Assertions


@given(statuses(unknown=True), actions(), channels(), st.sampled_from([None, True, False]), st.booleans())
def test_exactly_one_of_the_two_assertions_holds(status, action, channel, started, strict):
    """In each cell one assertion gives the decision and the other one raises with its code and reason."""
    cell = (status, action, channel, started, strict)
    decision = decide(status, action, channel=channel, started=started, strict=strict)
    holds, fails = (assert_legal, assert_refused) if decision else (assert_refused, assert_legal)
    assert holds(*cell) == decision
    with pytest.raises(AssertionError) as raised:
        fails(*cell)
    assert f"[{decision.code}]: {decision.reason}" in str(raised.value)
    assert all(str(source) in str(raised.value) for source in decision.sources[:1])


def test_a_failed_assertion_says_the_rule_and_the_way():
    """Whoever asserts something illegal reads the reason, the vendor's page and the legal way."""
    with pytest.raises(AssertionError) as raised:
        assert_legal("in-progress", "complete")
    assert str(raised.value) == (
        "complete of a message campaign (in-progress) is not legal [CF224]: Only a paused campaign can be marked as "
        "completed; one in progress has to be paused first. Rule: "
        f"{decide('in-progress', 'complete').sources[0]}. Legal now: pause. The way there: pause, then complete "
        "(cannot be undone)."
    )


def test_an_assertion_names_what_it_was_asked_with():
    """Channel, start and strictness are in the message."""
    with pytest.raises(AssertionError, match=r"^edit of a voice campaign \(paused, started, strict\) is not legal"):
        assert_legal("paused", "edit", "voice", started=True, strict=True)
    with pytest.raises(AssertionError, match=r"^create of a message campaign \(not created\) is not refused"):
        assert_refused(None, "create")


def test_a_refusal_is_held_against_its_code():
    """Another code than the one that was asked for fails, and names both."""
    assert assert_refused("paused", "pause", code="CF211").already
    with pytest.raises(AssertionError, match=r"is refused, but not with CF221\. It is \[CF211\]"):
        assert_refused("paused", "pause", code="CF221")


@pytest.mark.parametrize("check", [assert_legal, assert_refused])
def test_an_action_on_no_list_is_no_failed_assertion(check):
    """A slip of the pen is a ValueError and never passes for a refusal."""
    with pytest.raises(ValueError, match="is not an action"):
        check("paused", "stop")


# The machine


def client_of(simulator, *, channel="message", transport=None):
    return CampaignClient(
        account_sid=simulator.account_sid,
        api_key=simulator.api_key,
        api_token=simulator.api_token,
        channel=channel,
        transport=transport or SimulatorTransport(simulator),
    )


class Bare:
    """A client without a gate: it sends whatever it is told to."""

    def __init__(self, simulator):
        self.simulator = simulator
        self.http = httpx.Client(transport=SimulatorTransport(simulator), auth=("key", "token"))

    def send(self, campaign, action):
        url = f"https://api.exotel.com/v2/accounts/acme1/message-campaigns/{campaign}"
        self.http.put(url, json={"action": action})

    def pause(self, campaign):
        self.send(campaign, "pause")

    def resume(self, campaign):
        self.send(campaign, "resume")

    def complete(self, campaign):
        self.send(campaign, "complete")

    def archive(self, campaign):
        self.send(campaign, "archive")


# What a run has met: codes, and how the action ended.
MET = defaultdict(set)


class Checked(CampaignLife):
    """The default client; what is legal has to get through, and nothing else may be refused."""

    def settled(self, action, decision, error):
        MET[type(self)].add((decision.code, type(error).__name__))
        assert (error is None) == decision.allowed


class CheckedVoice(Checked):
    channel = Channel.VOICE


TestLife = Checked.TestCase
TestVoiceLife = CheckedVoice.TestCase


@pytest.mark.parametrize("machine", [Checked, CheckedVoice])
def test_the_machine_has_met_what_it_is_about(machine):
    """Its rules meet every edge of the account holder's but the create, what is illegal, and what had taken effect."""
    MET.pop(machine, None)
    run = machine()
    run.open_account()
    for status in set(Status) - {Status.UNKNOWN}:
        for start in (-1, 1):
            for act in (run.pause, run.resume, run.complete, run.archive, run.edit, run.edit_callbacks, run.delete):
                act(run.another_campaign(status, start, 8))
            run.reschedule(run.another_campaign(status, start, 8), 2)
    run.nothing_illegal_arrived()
    run.teardown()
    met = MET[machine]
    assert {"NoneType", "IllegalTransition", "AlreadyThere"} <= {outcome for _, outcome in met}
    edges = {
        rule.code
        for rule in RULES
        if isinstance(rule.trigger, Action) and rule.trigger is not Action.CREATE and machine.channel in rule.channels
    }
    assert {code for code, _ in met if code.startswith("CF1")} == edges


def test_the_machine_finds_a_client_without_a_gate():
    """A client that sends illegal actions is found, and the message says what it sent and when."""

    class Unguarded(CampaignLife):
        def make_client(self, simulator):
            return Bare(simulator)

    with pytest.raises(AssertionError, match=r"(resume|complete|archive) of message campaign \w+ was sent while"):
        run_state_machine_as_test(Unguarded, settings=settings(max_examples=50, database=None))


def test_the_machine_finds_a_client_that_guards_only_some():
    """A client that forgets one of the rules is found by that one."""

    class Forgetful(CampaignLife):
        def make_client(self, simulator):
            client = Bare(simulator)
            guarded = client_of(simulator)
            client.pause, client.resume, client.complete = guarded.pause, guarded.resume, guarded.complete
            return client

    with pytest.raises(AssertionError, match=r"^archive of message campaign"):
        run_state_machine_as_test(Forgetful, settings=settings(max_examples=100, database=None))


def test_the_machine_lets_no_other_error_pass():
    """An error that is not expected fails the run, and one that is does not."""

    class Broken(Bare):
        def send(self, campaign, action):
            raise LookupError(campaign)

    class Surprised(CampaignLife):
        def make_client(self, simulator):
            return Broken(simulator)

    class Prepared(Surprised):
        expected = (LookupError,)

    quick = settings(max_examples=20, stateful_step_count=10, database=None)
    with pytest.raises(LookupError):
        run_state_machine_as_test(Surprised, settings=quick)
    run_state_machine_as_test(Prepared, settings=quick)


def test_the_machine_closes_its_clients():
    """Each run closes the client that it made, whatever kind of client that is."""
    opened, closed = [], []

    class Counted(CampaignLife):
        def make_client(self, simulator):
            opened.append(super().make_client(simulator))
            return opened[-1]

        def close_client(self, client):
            super().close_client(client)
            closed.append(client)
            assert client._http.is_closed

    run_state_machine_as_test(Counted, settings=settings(max_examples=5, stateful_step_count=5, database=None))
    assert opened
    assert closed == opened


# The package


def test_importing_the_package_imports_no_hypothesis():
    """The names of the package are there, and their modules are imported when they are asked for."""
    script = """
import sys
import campaign_fsm.testing as testing
assert "hypothesis" not in sys.modules and "httpx" not in sys.modules and "attrs" not in sys.modules
assert set(dir(testing)) == set(testing.__all__)
testing.assert_legal
assert "hypothesis" not in sys.modules and "httpx" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", script], check=True)


def test_another_name_of_the_package_is_an_error():
    """It says so, as it does for any module."""
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        testing.nonsense  # noqa: B018


@given(legal_walks("message"))
def test_the_gate_lets_a_legal_walk_through(walk):
    """The documented use: what a walk does, a guarded client can do on the simulator."""
    verbs = {Action.PAUSE, Action.RESUME, Action.COMPLETE, Action.ARCHIVE}
    simulator = Simulator()
    campaign = simulator.add("created")
    with client_of(simulator) as client:
        for step in takewhile(lambda step: step.trigger in verbs, walk[1:]):
            assert getattr(client, step.trigger)(campaign).status is step.status


@given(illegal_walks("message"))
def test_the_gate_stops_the_end_of_an_illegal_walk(walk):
    """The documented use: the last step of an illegal walk is refused, and nothing arrives."""
    last = walk[-1]
    assume(last.trigger in {Action.PAUSE, Action.RESUME, Action.COMPLETE, Action.ARCHIVE})
    simulator = Simulator()
    campaign = simulator.add(last.source)
    with client_of(simulator) as client, pytest.raises(Exception) as raised:
        getattr(client, last.trigger)(campaign)
    assert raised.value.code == last.code
    assert isinstance(raised.value, IllegalTransition) or decide(last.source, last.trigger).already
    assert all(entry.method == "GET" for entry in simulator.journal)

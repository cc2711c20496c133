"""Policies: what each key forbids, that nothing widens, and what a wrong file is told."""

import asyncio
import contextlib
import os
import subprocess
import sys
import zoneinfo
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign_fsm import (
    AsyncCampaignClient,
    CampaignClient,
    Schedule,
    Simulator,
    SimulatorTransport,
    Status,
    VoiceCampaignDraft,
    confirmed,
)
from campaign_fsm.errors import CampaignFsmError, ForbiddenByPolicy, IllegalTransition, PolicyError
from campaign_fsm.policy import (
    Configuration,
    Hours,
    Policy,
    PolicyInput,
    Scope,
    Suppression,
    find_configuration,
    load_configuration,
)
from campaign_fsm.rules import PROBLEMS, Action, Channel

INDIA = ZoneInfo("Asia/Kolkata")
NOON = datetime(2026, 1, 5, 12, 0, tzinfo=INDIA)  # a Monday
NIGHT = datetime(2026, 1, 5, 23, 0, tzinfo=INDIA)
DAY = timedelta(days=1)
OFFICE = Hours(time(9), time(21), INDIA)


def facts(action="pause", **changes):
    given = {"channel": Channel.VOICE, "host": "api.exotel.com", "account": "acme1", "campaign": "a1", "name": "diwali"}
    return PolicyInput(Action(action), **{**given, "at": NOON, **changes})


def codes(policy, *args, **changes):
    return [violation.code for violation in policy.violations(facts(*args, **changes))]


def load(tmp_path, text, name="campaign-fsm.toml"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return load_configuration(path)


def test_an_empty_policy_is_against_nothing():
    """And is false."""
    assert not Policy()
    assert all(codes(Policy(), action) == [] for action in Action)


def test_what_is_forbidden_is_forbidden_for_those_campaigns_alone():
    """By patterns of names or ids; all without patterns."""
    policy = Policy(scopes=(Scope(("otp-*", "camp_1"), frozenset({Action.PAUSE}), reason="logins depend on it"),))
    assert policy
    assert codes(policy, name="otp-eu") == ["CF701"]
    assert codes(policy, campaign="camp_1") == ["CF701"]
    assert codes(policy) == codes(policy, "resume", name="otp-eu") == []
    assert "logins depend on it" in policy.violations(facts(name="otp-eu"))[0].reason
    assert codes(Policy(scopes=(Scope(forbid=frozenset({Action.PAUSE})),))) == ["CF701"]


def test_a_campaign_without_a_known_name_may_have_any():
    """What cannot be told counts against it."""
    policy = Policy(scopes=(Scope(("otp-*",), frozenset({Action.PAUSE})),))
    assert codes(policy, name=None) == ["CF701"]


def test_a_confirmation_is_enough_where_one_is_asked_for():
    """But not where the action is forbidden."""
    policy = Policy(scopes=(Scope(confirm=frozenset({Action.COMPLETE})),))
    assert codes(policy, "complete") == ["CF702"]
    assert codes(policy, "complete", confirmed=True) == []
    both = Policy(scopes=(Scope(forbid=frozenset({Action.COMPLETE}), confirm=frozenset({Action.COMPLETE})),))
    assert codes(both, "complete", confirmed=True) == ["CF701"]


@pytest.mark.parametrize(
    ("action", "changes", "expected"),
    [
        ("resume", {}, []),
        ("resume", {"at": NIGHT}, ["CF703"]),
        ("resume", {"at": None}, ["CF703"]),
        ("resume", {"at": NIGHT, "start": NOON + DAY}, ["CF703"]),
        ("resume", {"at": NOON, "start": NIGHT + DAY}, ["CF703"]),
        ("resume", {"at": NIGHT, "start": NOON}, ["CF703"]),
        ("create", {"at": NIGHT}, ["CF703"]),
        ("create", {"at": NIGHT, "start": NOON + DAY, "schedules": True}, []),
        ("create", {"at": NOON, "start": NIGHT + DAY, "schedules": True}, ["CF703"]),
        ("create", {"at": NIGHT, "start": NOON - DAY, "schedules": True}, ["CF703"]),
        ("edit", {"at": NIGHT, "start": NOON - DAY, "schedules": True}, ["CF703"]),
        ("edit", {"at": NIGHT, "cleared": True, "schedules": True}, ["CF703"]),
        ("resume", {"at": NIGHT, "start": NOON + DAY, "schedules": True}, ["CF703"]),
        ("reschedule", {"at": NIGHT, "end": NIGHT, "schedules": True}, []),
        ("reschedule", {"start": NIGHT + DAY, "schedules": True}, ["CF703"]),
        ("edit", {"at": NIGHT}, []),
        ("edit", {"start": NIGHT + DAY, "schedules": True}, ["CF703"]),
        ("pause", {"at": NIGHT}, []),
        ("complete", {"at": NIGHT}, []),
        ("archive", {"at": NIGHT}, []),
        ("delete", {"at": NIGHT}, []),
        ("edit-callbacks", {"at": NIGHT}, []),
    ],
)
def test_hours_are_about_what_makes_a_campaign_contact_people(action, changes, expected):
    """The start that it sets, if that lies ahead, else the moment itself; pausing is always allowed."""
    assert codes(Policy(hours=OFFICE), action, **changes) == expected


@pytest.mark.parametrize(
    ("begin", "end", "days", "moment", "allowed"),
    [
        (9, 21, range(7), datetime(2026, 1, 5, 9, 0, tzinfo=INDIA), True),
        (9, 21, range(7), datetime(2026, 1, 5, 8, 59, 59, tzinfo=INDIA), False),
        (9, 21, range(7), datetime(2026, 1, 5, 20, 59, 59, tzinfo=INDIA), True),
        (9, 21, range(7), datetime(2026, 1, 5, 21, 0, tzinfo=INDIA), False),
        (9, 21, range(7), datetime(2026, 1, 5, 3, 30, tzinfo=UTC), True),
        (9, 21, range(7), datetime(2026, 1, 5, 3, 29, tzinfo=UTC), False),
        (9, 21, [1], NOON, False),
        (22, 6, range(7), NIGHT, True),
        (22, 6, range(7), datetime(2026, 1, 5, 5, 59, tzinfo=INDIA), True),
        (22, 6, range(7), datetime(2026, 1, 5, 6, 0, tzinfo=INDIA), False),
        (22, 6, [0], datetime(2026, 1, 6, 5, 0, tzinfo=INDIA), True),
        (22, 6, [0], datetime(2026, 1, 5, 5, 0, tzinfo=INDIA), False),
        (22, 6, [6], datetime(2026, 1, 5, 5, 0, tzinfo=INDIA), True),
    ],
)
def test_hours_begin_and_end_on_the_local_clock(begin, end, days, moment, allowed):
    """To the second, over midnight on the day on which they began, in any zone that a time is given in."""
    assert Hours(time(begin), time(end), INDIA, frozenset(days)).allow(moment) is allowed


def test_an_end_is_asked_for_where_a_schedule_is_set():
    """A create always sets one; an edit only if there is a schedule in it."""
    policy = Policy(require_end=True)
    assert codes(policy, "create", end=NOON - DAY) == ["CF704"]
    assert codes(policy, "create") == codes(policy, "edit", schedules=True, start=NOON) == ["CF704"]
    assert codes(policy, "create", end=NOON + DAY) == codes(policy, "edit") == codes(policy, "resume") == []


@pytest.mark.parametrize(
    ("completed", "expected"),
    [(NOON - 7 * DAY, []), (NOON - 7 * DAY + timedelta(seconds=1), ["CF705"]), (None, ["CF705"]), (NIGHT, ["CF705"])],
)
def test_an_archive_waits(completed, expected):
    """Also where it is unknown for how long it has been completed."""
    policy = Policy(archive_after=7 * DAY)
    assert codes(policy, "archive", completed=completed) == expected
    assert codes(policy, "complete", completed=completed) == []


def test_only_the_accounts_and_hosts_of_the_list_may_be_written_to():
    """In any case of letters of the host."""
    policy = Policy(accounts=frozenset({"acme1"}), hosts=frozenset({"api.in.exotel.com"}))
    assert codes(policy) == ["CF707"]
    assert codes(policy, host="API.in.exotel.com") == []
    assert codes(policy, host="api.in.exotel.com", account="other") == ["CF706"]


def test_everything_that_a_policy_has_against_a_write_is_reported():
    """Each with its code and a sentence."""
    policy = Policy((Scope(forbid=frozenset({Action.RESUME}), confirm=frozenset({Action.RESUME})),), OFFICE)
    found = policy.violations(facts("resume", at=NIGHT))
    assert [violation.code for violation in found] == ["CF701", "CF702", "CF703"]
    assert all(violation.reason.endswith(".") and violation.advice for violation in found)


LIMITS = (datetime(2025, 1, 1), datetime(2027, 1, 1))  # noqa: DTZ001 (hypothesis adds the zone)
moments = st.datetimes(*LIMITS, timezones=st.just(UTC))
inputs = st.builds(
    PolicyInput,
    action=st.sampled_from(Action),
    channel=st.sampled_from(Channel),
    host=st.sampled_from(["api.exotel.com", "localhost"]),
    account=st.sampled_from(["acme1", "other"]),
    campaign=st.none() | st.just("a1"),
    name=st.none() | st.sampled_from(["diwali", "otp"]),
    at=st.none() | moments,
    start=st.none() | moments,
    end=st.none() | moments,
    schedules=st.booleans(),
    completed=st.none() | moments,
    confirmed=st.booleans(),
)
actions = st.frozensets(st.sampled_from(Action))
policies = st.builds(
    Policy,
    scopes=st.lists(st.builds(Scope, st.sampled_from([(), ("otp*",), ("a1", "d*")]), actions, actions), max_size=3).map(
        tuple
    ),
    hours=st.none() | st.builds(Hours, st.times(), st.times(), st.just(INDIA), st.frozensets(st.integers(0, 6))),
    require_end=st.booleans(),
    archive_after=st.timedeltas(timedelta(0), timedelta(days=30)),
    accounts=st.frozensets(st.sampled_from(["acme1", "x"])),
    hosts=st.frozensets(st.sampled_from(["localhost", "x"])),
)


@given(policies, inputs)
def test_a_policy_only_ever_has_something_against_a_write(policy, one):
    """Whatever it says: known codes, never an exception; what it has no key for it says nothing about."""
    found = {violation.code for violation in policy.violations(one)}
    assert found <= {code for code in PROBLEMS if code.startswith("CF7")}
    assert not found or policy


@given(policies, policies, inputs)
def test_more_policy_is_never_less(policy, other, one):
    """Two policies' scopes together are against everything that each of them is against."""
    both = Policy(policy.scopes + other.scopes)
    found = {violation.code for violation in both.violations(one)}
    assert {violation.code for violation in Policy(policy.scopes).violations(one)} <= found


FULL = """
forbid = ["delete"]
confirm = ["complete", "archive"]
hours = { from = "09:00", to = 21:00:00, zone = "Asia/Kolkata", days = ["mon", "tue"] }
require-end = true
archive-after = "7d"
accounts = ["acme1"]
hosts = ["Localhost"]
regions = ["mumbai"]

[[rule]]
campaigns = ["otp-*"]
forbid = ["pause"]
reason = "logins depend on it."

[[suppress]]
fingerprint = "0123456789abcdef"
reason = "the incident of 3 March"
expires = 2027-01-01
"""


@pytest.mark.parametrize("name", ["campaign-fsm.toml", "pyproject.toml"])
def test_a_file_says_all_that_a_policy_can(tmp_path, name):
    """In a file of its own, or as a section of the project's."""
    text = FULL
    if name == "pyproject.toml":
        text = "[project]\nname = 'x'\n[tool.campaign-fsm]" + FULL.replace("[[", "[[tool.campaign-fsm.")
    found = load(tmp_path, text, name)
    assert found.policy == Policy(
        scopes=(
            Scope((), frozenset({Action.DELETE}), frozenset({Action.COMPLETE, Action.ARCHIVE})),
            Scope(("otp-*",), frozenset({Action.PAUSE}), reason="logins depend on it"),
        ),
        hours=Hours(time(9), time(21), INDIA, frozenset({0, 1})),
        require_end=True,
        archive_after=7 * DAY,
        accounts=frozenset({"acme1"}),
        hosts=frozenset({"localhost", "api.in.exotel.com"}),
        origin=str(tmp_path / name),
    )
    line = text.splitlines().index('fingerprint = "0123456789abcdef"') + 1
    assert found.suppressions == (Suppression("0123456789abcdef", "the incident of 3 March", date(2027, 1, 1), line),)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("\nforbidd = ['pause']", 2, "forbidd: there is no such key; did you mean forbid?"),
        ("zzz = 1", 1, "zzz: there is no such key; use one of forbid"),
        ("forbid = ['puase']", 1, "forbid: 'puase' is not known; did you mean pause?"),
        ("forbid = 'pause'", 1, "forbid: it must be a list of texts"),
        ("forbid = []", 1, "forbid: it is empty, which could mean all or none"),
        ("\n\nrequire-end = 1", 3, "require-end: it must be true or false"),
        ("archive-after = 7", 1, "archive-after: it must be a length"),
        ("archive-after = '7 days'", 1, "archive-after: it must be a length"),
        ("hours = 9", 1, "hours: it must be a table"),
        ("hours = { from = '09:00', to = '21:00' }", 1, "hours: zone is required"),
        ("hours = { from = '25:00', to = '21:00', zone = 'UTC' }", 1, "from must be a time of day"),
        ("hours = { from = 9, to = '21:00', zone = 'UTC' }", 1, "from must be a time of day"),
        ("hours = { from = '09:00', to = '09:00', zone = 'UTC' }", 1, "leaves no hour"),
        ("hours = { from = '09:00', to = '21:00', zone = 'Asia/Kolkatta' }", 1, "did you mean Asia/Kolkata?"),
        ("hours = { from = '09:00', to = '21:00', zone = 5 }", 1, "5 is no time zone"),
        ("[hours]\nfrom = '09:00'\nto = '21:00'\nzone = 'UTC'\nday = ['mon']", 5, "hours.day: there is no such key"),
        ("access-log = 'x'", 1, "access-log: it must be a table"),
        ("[access-log]\nmethod = 'm'", 1, "access-log: url is required"),
        ("[access-log]\nmethod = 'm'\nurl = 'u'\nstatuscode = 's'", 4, "did you mean status_code?"),
        ("[access-log]\nmethod = 'm'\nurl = 5", 3, "access-log.url: it must be a text"),
        (
            "[access-log]\nmethod = 'm'\nurl = 'u'\nat = 'a'\nended = 'e'",
            5,
            "access-log.ended: it stands in place of at",
        ),
        ("[access-log]\nmethod = 'm'\nurl = 'a..b'", 3, "access-log.url: it must be a text"),
        ("hosts = ['https://api.exotel.com']", 1, "hosts: 'https://api.exotel.com' is no host name"),
        ("hosts = ['api.exotel.com:443']", 1, "leave out what stands around it, also the port"),
        ("accounts = ['acme 1']", 1, "accounts: 'acme 1' is no account"),
        ("[hours]\nfrom = '09:00'\nto = '21:00'\nzone = 'UTC'\ndays = ['monday']", 5, "'monday' is not known"),
        ("regions = ['india']", 1, "'india' is not known; use one of singapore, mumbai"),
        ("rule = 5", 1, "rule: it must be a list of tables: [[rule]]"),
        ("[[rule]]\nforbid = ['pause']", 1, "rule[1].campaigns: it is required"),
        ("[[rule]]\nforbid = ['pause']\ncampaigns = ['otp-[ab*']", 3, "rule[1].campaigns: the pattern 'otp-[ab*'"),
        ("[[rule]]\ncampaigns = ['a']", 1, "rule[1].forbid: a rule must have forbid or confirm"),
        (
            "[[rule]]\ncampaigns = ['a']\nforbid = ['pause']\n[[rule]]\ncampaigns = ['a']\nforbid = ['stop']",
            6,
            "rule[2].forbid: 'stop' is not known",
        ),
        ("[[rule]]\ncampaigns = ['a']\nforbid = ['pause']\nreason = 5", 4, "rule[1].reason: it must be a text"),
        ("[[suppress]]\nfingerprint = '0123456789abcdef'", 1, "suppress[1].reason: it is required"),
        ("[[suppress]]\nfingerprint = '0123'\nreason = 'x'", 2, "suppress[1].fingerprint: it is required: the 16 hex"),
        (
            "[[suppress]]\nfingerprint = '0123456789abcdef'\nreason = 'x'\nexpires = 'soon'",
            4,
            "suppress[1].expires: it must be a date",
        ),
        ("forbid = [", 1, "it is not TOML"),
    ],
)
def test_what_is_not_understood_is_an_error_with_its_line_and_a_hint(tmp_path, text, line, said):
    """No key is guessed at: a policy that means something else than its author is worse than none."""
    with pytest.raises(PolicyError) as caught:
        load(tmp_path, text)
    assert said in str(caught.value)
    assert caught.value.line == line
    assert str(caught.value).startswith(f"{tmp_path / 'campaign-fsm.toml'}:{line}: ")


WITH_HOURS = "hours = { from = '09:00', to = '21:00', zone = 'Asia/Kolkata' }"


def test_without_a_zone_database_it_is_named_what_is_missing(tmp_path, monkeypatch):
    """A system that has none, and no package tzdata: the zone is not called wrong."""
    monkeypatch.setitem(sys.modules, "tzdata", None)
    zoneinfo.reset_tzpath(to=())
    try:
        with pytest.raises(PolicyError, match=r":1: hours: there are no time zones .* pip install tzdata") as caught:
            load(tmp_path, WITH_HOURS)
    finally:
        zoneinfo.reset_tzpath()
    assert "is no time zone" not in str(caught.value)


def test_the_package_tzdata_is_a_zone_database(tmp_path):
    """It is all that a system without one needs; in a process of its own, as zones are kept for the whole process."""
    pytest.importorskip("tzdata", reason="tzdata is not installed")
    (tmp_path / "campaign-fsm.toml").write_text(WITH_HOURS, encoding="utf-8")
    script = "from campaign_fsm.policy import load_nearest as load; print(load().policy.hours.zone)"
    environment = {**os.environ, "PYTHONTZPATH": ""}
    printed = subprocess.check_output([sys.executable, "-c", script], cwd=tmp_path, env=environment, text=True)
    assert printed == "Asia/Kolkata\n"


def test_a_file_that_cannot_be_read_is_an_error(tmp_path):
    """Missing, no UTF-8, huge, deep, or a project's file without the section."""
    (tmp_path / "latin.toml").write_bytes(b"x = '\xe9'")
    (tmp_path / "huge.toml").write_bytes(b"#" * 2_000_000)
    (tmp_path / "deep.toml").write_text("x = " + "[" * 100_000)
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    for name, said in (
        ("missing.toml", "No such file"),
        ("latin.toml", "not UTF-8"),
        ("huge.toml", "larger than"),
        ("deep.toml", "it is n"),
        ("pyproject.toml", "no [tool.campaign-fsm]"),
    ):
        with pytest.raises(PolicyError, match=said.replace("[", r"\[")):
            load_configuration(tmp_path / name)


def test_the_nearest_configuration_is_found(tmp_path):
    """From the folder up; the file of its own before the project's; a project without the section is passed."""
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    assert find_configuration(deep) is None or not find_configuration(deep).is_relative_to(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[tool.campaign-fsm]\nrequire-end = true\n")
    (tmp_path / "a" / "pyproject.toml").write_text("[project]\nname = 'campaign-fsm-user'\n")
    assert find_configuration(deep) == tmp_path / "pyproject.toml"
    (tmp_path / "a" / "campaign-fsm.toml").write_text("")
    assert find_configuration(deep) == tmp_path / "a" / "campaign-fsm.toml"
    assert load_configuration(find_configuration(deep)) == Configuration(
        str(tmp_path / "a" / "campaign-fsm.toml"), Policy(origin=str(tmp_path / "a" / "campaign-fsm.toml"))
    )


@given(st.recursive(st.booleans() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=2)))
def test_no_value_of_any_key_raises_anything_else(tmp_path_factory, value):
    """Whatever stands in the file: a configuration, or the one error."""
    from campaign_fsm.policy import configuration

    for key in configuration._KEYS:
        reader = configuration._Reader("x.toml", f"{key} = 1", nested=False)
        try:
            reader.read({key: value})
        except PolicyError as error:
            assert error.line == 1


# The gate enforces it.


@pytest.fixture
def simulator():
    return Simulator()


def client_of(simulator, policy, **settings):
    given = {"account_sid": "acme1", "api_key": "key", "api_token": "token", "deadline": 0, "channel": "voice"}
    return CampaignClient(transport=SimulatorTransport(simulator), policy=policy, **{**given, **settings})


def writes(simulator):
    return [entry.action for entry in simulator.journal if entry.action]


def test_the_gate_refuses_what_the_policy_is_against(simulator, tmp_path):
    """Nothing is sent; the error names the codes, the file and what to do."""
    path = tmp_path / "campaign-fsm.toml"
    path.write_text(
        "forbid = ['archive']\nconfirm = ['complete', 'create']\n[[rule]]\ncampaigns=['otp*']\nforbid=['pause']"
    )
    done, otp = (
        simulator.add("completed", channel="voice"),
        simulator.add("in-progress", channel="voice", name="otp-eu"),
    )
    waits, other = simulator.add("paused", channel="voice"), simulator.add("in-progress", channel="voice", name="x-y")
    draft = VoiceCampaignDraft(caller_id="080", lists=["a"], name="calls")
    events = []
    with client_of(simulator, path, trace=events.append) as client:
        with pytest.raises(ForbiddenByPolicy) as caught:
            client.archive(done)
        assert (caught.value.code, caught.value.violations) == ("CF701", ("CF701",))
        assert (caught.value.status, caught.value.campaign_id) == ("completed", done)
        assert caught.value.origin == str(path)
        assert events[-1]["event"] == "refused"
        assert events[-1]["code"] == "CF701"
        for act, code in (
            (lambda: client.pause(otp), "CF701"),
            (lambda: client.complete(waits), "CF702"),
            (lambda: client.create(draft), "CF702"),
        ):
            with pytest.raises(ForbiddenByPolicy) as caught:
                act()
            assert caught.value.code == code
        assert writes(simulator) == []
        assert client.pause(other).status == "paused"
        with confirmed():
            assert client.complete(waits).status == "completed"
            assert client.create(draft).status == "created"
            with pytest.raises(ForbiddenByPolicy):
                client.archive(waits)
        with pytest.raises(ForbiddenByPolicy):
            client.create(draft)
    assert writes(simulator) == ["pause", "complete", "create"]


def test_a_confirmation_holds_for_its_task_alone(simulator):
    """Another one that runs at the same time has not been confirmed; what it starts itself has."""
    policy = Policy(scopes=(Scope(confirm=frozenset({Action.PAUSE})),))
    first, second, third = (simulator.add("in-progress", channel="voice") for _ in range(3))
    given = {"account_sid": "acme1", "api_key": "key", "api_token": "token", "deadline": 0, "channel": "voice"}

    async def main():
        async with AsyncCampaignClient(transport=SimulatorTransport(simulator), policy=policy, **given) as client:
            entered, left = asyncio.Event(), asyncio.Event()

            async def one():
                with confirmed():
                    entered.set()
                    await left.wait()
                    await asyncio.gather(client.pause(first), client.pause(third))

            async def other():
                await entered.wait()
                with pytest.raises(ForbiddenByPolicy):
                    await client.pause(second)
                left.set()

            await asyncio.gather(one(), other())

    asyncio.run(main())
    assert writes(simulator) == ["pause", "pause"]


def test_the_gate_goes_by_the_times_of_the_server(simulator):
    """Hours by its clock, the age of a completed campaign by its last change, ends by what is sent."""
    policy = Policy(hours=OFFICE, archive_after=DAY, require_end=True)
    simulator.set_time(NIGHT)
    campaign = simulator.add("paused", channel="voice")
    with client_of(simulator, policy) as client:
        with pytest.raises(ForbiddenByPolicy) as caught:
            client.resume(campaign)
        assert "Mon 23:00" in caught.value.reason
        simulator.set_time(NOON + DAY)
        with pytest.raises(ForbiddenByPolicy) as caught:
            client.edit(simulator.add(channel="voice"), partial=True, schedule=Schedule(NOON + 2 * DAY))
        assert caught.value.code == "CF704"
        client.complete(campaign)
        with pytest.raises(ForbiddenByPolicy) as caught:
            client.archive(campaign)
        assert caught.value.code == "CF705"
        simulator.set_time(NOON + 3 * DAY)
        assert client.archive(campaign).status == "archived"


def test_illegal_stays_illegal_whatever_the_policy(simulator):
    """The life cycle is asked first, and confirmed or not, its refusal stands."""
    campaign = simulator.add("in-progress", channel="voice")
    for policy in (None, Policy(), Policy(scopes=(Scope(forbid=frozenset({Action.COMPLETE})),))):
        with client_of(simulator, policy) as client, confirmed(), pytest.raises(IllegalTransition):
            client.complete(campaign)


@given(policies, st.sampled_from(Status), st.sampled_from(Action), st.booleans())
def test_no_policy_allows_what_the_life_cycle_refuses(policy, status, action, yes):
    """Random policies in front of the gate: what leaves is legal, with or without them."""
    simulator = Simulator()
    campaign = simulator.add(status if status is not Status.UNKNOWN else "created", channel="voice")
    acts = {
        Action.PAUSE: lambda client: client.pause(campaign),
        Action.RESUME: lambda client: client.resume(campaign),
        Action.COMPLETE: lambda client: client.complete(campaign),
        Action.ARCHIVE: lambda client: client.archive(campaign),
        Action.DELETE: lambda client: client.delete(campaign),
        Action.EDIT: lambda client: client.edit(campaign, partial=True, name="renamed"),
        Action.EDIT_CALLBACKS: lambda client: client.edit(campaign, partial=True, status_callback="https://x.example"),
        Action.RESCHEDULE: lambda client: client.reschedule(campaign, Schedule(NOON, NOON + DAY)),
        Action.CREATE: lambda client: client.create(VoiceCampaignDraft(caller_id="080", lists=["a"])),
    }
    with client_of(simulator, policy) as client, contextlib.ExitStack() as stack:
        if yes:
            stack.enter_context(confirmed())
        with contextlib.suppress(CampaignFsmError):
            acts[action](client)
    assert all(entry.legal is not False for entry in simulator.journal)


# --- what got past an earlier version


def deed_from(fields, action=Action.EDIT, channel=Channel.VOICE, **more):
    from campaign_fsm.policy import policy_input
    from campaign_fsm.wire.intent import Intent
    from campaign_fsm.wire.target import Target

    target = Target("", "acme1", {"voice": "campaigns", "message": "message-campaigns"}[channel], "camp_abc123", ())
    return policy_input(Intent(action, target, fields), host="api.exotel.com", at=NIGHT, **more)


def found(policy, facts):
    return [violation.code for violation in policy.violations(facts)]


@pytest.mark.parametrize("schedule", [None, {}, {"send_at": None}, {"send_at": None, "end_at": "2030-01-01T10:00:00Z"}])
def test_a_start_that_is_taken_away_may_be_one_at_once(schedule):
    """No page says what becomes of the campaign then, and what cannot be told counts against it."""
    facts = deed_from({"name": "x", "schedule": schedule})
    assert found(Policy(hours=OFFICE), facts) == ["CF703"]
    if not (schedule or {}).get("end_at"):
        assert found(Policy(require_end=True), facts) == ["CF704"]


def test_a_new_end_alone_leaves_the_start_as_it_is():
    """So the hours have nothing to say of it."""
    assert (
        found(Policy(hours=OFFICE), deed_from({"schedule": {"end_at": "2030-01-01T10:00:00Z"}}, Action.RESCHEDULE))
        == []
    )


def test_what_comes_with_something_else_is_forbidden_with_it():
    """A schedule and callbacks count, whatever the request is called."""
    schedule = {"send_at": "2030-01-01T10:00:00Z", "end_at": "2030-01-02T10:00:00Z"}
    for action in (Action.RESCHEDULE, Action.EDIT_CALLBACKS):
        policy = Policy(scopes=(Scope(forbid=frozenset({action})),))
        facts = deed_from({"name": "x", "schedule": schedule, "status_callback": "https://x"})
        assert found(policy, facts) == ["CF701"]
        assert found(policy, deed_from({"name": "x"})) == []
    policy = Policy(scopes=(Scope(forbid=frozenset({Action.RESCHEDULE})),))
    assert found(policy, deed_from({"schedule": schedule}, Action.RESUME)) == ["CF701"]


def test_a_rename_does_not_lead_out_of_a_rule():
    """Out of its names, or from a name that nobody knows; into them and within them it may."""
    policy = Policy(scopes=(Scope(campaigns=("otp-*",), forbid=frozenset({Action.PAUSE})),))
    for before, after, expected in (
        ("otp-login", "x-login", ["CF701"]),
        ("otp-login", 5, ["CF701"]),
        (None, "x-login", ["CF701"]),
        ("otp-login", "otp-signup", []),
        ("x-login", "otp-login", []),
        ("x-login", "y-login", []),
    ):
        assert found(policy, deed_from({"name": after}, name=before)) == expected, (before, after)


@pytest.mark.parametrize("name", [123, ["otp-x"], None, True])
def test_a_name_that_is_no_text_may_be_any(name):
    """A create with such a name falls under every rule for names."""
    policy = Policy(scopes=(Scope(campaigns=("otp-*",), forbid=frozenset({Action.CREATE})),))
    assert found(policy, deed_from({"name": name}, Action.CREATE)) == ["CF701"]
    assert found(policy, deed_from({}, Action.CREATE)) == []


def test_a_confirmation_ends_with_its_block():
    """Also for a generator that is suspended in it, one that is closed elsewhere, and a context that was copied."""
    import contextvars

    from campaign_fsm.policy import is_confirmed

    def suspended():
        with confirmed():
            yield

    generator = suspended()
    contextvars.copy_context().run(next, generator)
    assert not is_confirmed()
    with pytest.raises(KeyError):
        generator.throw(KeyError())
    with confirmed():
        inside = contextvars.copy_context()
        with confirmed():
            pass
        assert is_confirmed()
        assert inside.run(is_confirmed)
    assert not is_confirmed()
    assert not inside.run(is_confirmed)


@pytest.mark.parametrize(
    "head", ["[tool.campaign_fsm]", "[tool.Campaign-FSM]", "[[tool.campaign-fsm]]", "[tool]\ncampaign-fsm = 5"]
)
def test_a_section_that_is_called_otherwise_is_an_error(tmp_path, head):
    """A policy that nobody reads would be worse than none."""
    from campaign_fsm.policy import find_configuration

    (tmp_path / "pyproject.toml").write_text(f"{head}\n" + ("" if "=" in head else 'forbid = ["complete"]\n'))
    with pytest.raises(PolicyError, match=r"tool\.campaign-fsm"):
        find_configuration(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        '[tool.campaign-fsm]\nconfirm = ["complete"]\n[[rule]]\ncampaigns = ["camp_*"]\nforbid = ["pause"]',
        "[[suppress]]\nfingerprint = 'x'\n[tool.campaign-fsm]\nrequire-end = true",
        "require-end = true\n[tool.campaign-fsm]\nconfirm = ['complete']",
        "[tool.campaign-fsm]\nrequire-end = true\n[access-log]\nurl = 'u'",
        "[tool.campaign-fsm]\nrequire-end = true\n[tool.campaign_fsm]\nforbid = ['pause']",
        "[[rule]]\ncampaigns = ['camp_*']\nforbid = ['pause']",
        "[[suppress]]\nfingerprint = '0123456789abcdef'\nreason = 'x'",
        "[access-log]\nmethod = 'm'\nurl = 'u'",
        "confirm = ['complete']",
        "[campaign-fsm]\nforbid = ['pause']",
        "[Tool.campaign-fsm]\nforbid = ['pause']",
        "[tool.campaign.fsm]\nforbid = ['pause']",
        "['tool.campaign-fsm']\nforbid = ['pause']",
    ],
)
def test_what_stands_beside_the_section_is_an_error(tmp_path, text):
    """As the guide's block does, pasted below another table of a pyproject."""
    (tmp_path / "pyproject.toml").write_text(text)
    with pytest.raises(PolicyError, match=r"is not read; .*tool\.campaign-fsm"):
        find_configuration(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "[[rule]]\nname = 'campaign'\n[[suppress]]\nwhat = 'x'\n[access-log]\nfile = 'campaign'",
        "confirm = ['campaign']\nforbid = true",
        "[project.scripts]\ncampaign-fsm = 'x:y'\n[tool.uv.sources]\ncampaign-fsm = {path = '.'}",
        "[tool.campaign]\nname = 'x'",
        "[" + ".".join(['"-"'] * 200) + "]\ncampaign = 1",
    ],
)
def test_what_may_be_somebody_elses_is_none_of_ours(tmp_path, text):
    """In a pyproject without our section; above it there may be one."""
    (tmp_path / "pyproject.toml").write_text("[tool.campaign-fsm]\nrequire-end = true")
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "pyproject.toml").write_text(text)
    assert find_configuration(tmp_path / "inner") == tmp_path / "pyproject.toml"


def test_a_file_that_is_called_almost_as_ours_is_an_error(tmp_path):
    """Unless somebody names it."""
    (tmp_path / "campaign_fsm.toml").write_text("require-end = true")
    with pytest.raises(PolicyError, match=r"it is not read; the file is called campaign-fsm\.toml"):
        find_configuration(tmp_path)
    assert load_configuration(tmp_path / "campaign_fsm.toml").policy.require_end


@pytest.mark.parametrize("name", ["campaign-fsm.toml", "other.toml"])
def test_a_section_in_a_file_of_our_own_is_an_error_that_says_where_it_belongs(tmp_path, name):
    """Its keys would not be read there."""
    from campaign_fsm.policy import load_configuration

    (tmp_path / name).write_text('[tool.campaign-fsm]\nforbid = ["complete"]\n')
    with pytest.raises(PolicyError, match=rf"in {name} the keys stand at the top; .* pyproject\.toml"):
        load_configuration(tmp_path / name)


def test_a_search_that_cannot_look_somewhere_finds_no_freedom_there(everybodys, somebody):
    """A folder or a file that may not be looked at may forbid something; what is not there does not."""
    from campaign_fsm.policy import find_configuration, load_nearest

    inner = everybodys / "closed" / "inner"
    inner.mkdir(parents=True)
    assert find_configuration(inner / "missing") is None
    (everybodys / "pyproject.toml").write_text("[tool.campaign-fsm]\nrequire-end = true\n")
    assert find_configuration(inner) == everybodys / "pyproject.toml"
    (everybodys / "pyproject.toml").chmod(0)
    with somebody(), pytest.raises(PolicyError, match=r"pyproject\.toml: it cannot be read: Permission denied"):
        load_nearest(inner)
    (everybodys / "closed").chmod(0o600)
    try:
        with somebody(), pytest.raises(PolicyError, match=r"forbids something: Permission denied"):
            find_configuration(inner)
    finally:
        (everybodys / "closed").chmod(0o700)


def test_a_suppression_may_name_the_file_that_it_is_for(tmp_path):
    """By its name alone: a fingerprint says no more."""
    from campaign_fsm.policy import load_configuration

    path = tmp_path / "campaign-fsm.toml"
    text = '[[suppress]]\nfingerprint = "0123456789abcdef"\nreason = "x"\nfile = {}\n'
    path.write_text(text.format('"march.har"'))
    assert [known.file for known in load_configuration(path).suppressions] == ["march.har"]
    for wrong in ('"a/march.har"', r"'a\march.har'", '""', "5"):
        path.write_text(text.format(wrong))
        with pytest.raises(PolicyError, match=r"campaign-fsm\.toml:4: suppress\[1\]\.file"):
            load_configuration(path)

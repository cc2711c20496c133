"""May this write go? Every way in gives the answer that the oracle was typed with, and every code is met."""

import io
import json
import re
from contextlib import nullcontext
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import oracle
import pytest
from commands import call
from wires import ID, MESSAGE, VOICE, wire

import campaign_fsm
from campaign_fsm import CampaignClient, GuardTransport, Simulator, SimulatorTransport, confirmed, errors
from campaign_fsm.audit.auditor import Auditor
from campaign_fsm.audit.observation import Options
from campaign_fsm.gate.refusals import refusal
from campaign_fsm.policy import Hours, Policy, Scope
from campaign_fsm.rules import PROBLEMS, REFUSALS, RULES, Action, Channel, Status, Together
from campaign_fsm.simulator.payloads import payload, spelled
from campaign_fsm.testing.run_gate import RunGate
from campaign_fsm.traffic.lines import read_lines
from campaign_fsm.verdict import judge
from campaign_fsm.wire.intent import NOT_RECORDED, Intent, read_intent
from campaign_fsm.wire.reading import Reading
from campaign_fsm.wire.target import read_target

HOST = "https://api.exotel.com"
COLLECTIONS = {"message": "message-campaigns", "voice": "campaigns"}
KEYS = {"message": ("start_time", "end_time"), "voice": ("send_at", "end_at")}
VERBS = ("pause", "resume", "complete", "archive")
HOUR = timedelta(hours=1)
BASIC = [("Authorization", "Basic a2V5OnRva2Vu")]


def scope(**what):
    return {"policy": Policy(scopes=(Scope(**{key: frozenset(value) for key, value in what.items()}),))}


# Each setting, and the same as a team would write it.
SETTINGS = {
    ".": ({}, ""),
    "strict": ({"strict": True}, ""),
    "forbid-pause": (scope(forbid={Action.PAUSE}), 'forbid = ["pause"]'),
    "forbid-resched": (scope(forbid={Action.RESCHEDULE}), 'forbid = ["reschedule"]'),
    "forbid-delete": (scope(forbid={Action.DELETE}), 'forbid = ["delete"]'),
    "confirm": (scope(confirm={Action.COMPLETE}), 'confirm = ["complete"]'),
    "confirmed": (scope(confirm={Action.COMPLETE}), 'confirm = ["complete"]'),
    # The simulator's clock says 11 o'clock.
    "hours": (
        {"policy": Policy(hours=Hours(time(20), time(21), ZoneInfo("UTC")))},
        'hours = { from = "20:00", to = "21:00", zone = "UTC" }',
    ),
    "end": ({"policy": Policy(require_end=True)}, "require-end = true"),
    "age": ({"policy": Policy(archive_after=2 * HOUR)}, 'archive-after = "2h"'),
    "young": ({"policy": Policy(archive_after=HOUR / 2)}, 'archive-after = "30m"'),
    "account": ({"policy": Policy(accounts=frozenset({"other"}))}, 'accounts = ["other"]'),
    "host": ({"policy": Policy(hosts=frozenset({"api.in.exotel.com"}))}, 'hosts = ["api.in.exotel.com"]'),
}


def cells():
    """Every status, action, channel and start as a case, with and without `strict`."""
    for status, action, channel, started, strict in oracle.cells():
        # No server shows a campaign that is over and has not started, and none shows an unknown status here.
        real = started or (status in ("created", "paused") and started is False)
        if status in (None, "unknown") or action == "create" or not real:
            continue
        setting = "strict" if strict else "."
        beside = {"edit": "+name", "edit-callbacks": "+callback", "reschedule": "+end"}.get(action, "")
        yield (
            channel,
            status,
            started,
            action,
            beside,
            setting,
            oracle.code(status, action, channel, started, strict=strict),
        )


NARROWED = [*oracle.narrowed()]
CASES = [*cells(), *NARROWED]
NAMES = ["-".join(map(str, case[:-1])) for case in CASES]


class Case:
    """One campaign on a simulator of its own, an hour after its last change, and the write that is asked about."""

    def __init__(self, channel, status, started, action, beside, setting, code, *, simulator=None):
        self.channel, self.action, self.setting, self.code = channel, action, setting, code
        self.settings, self.toml = SETTINGS[setting]
        self.simulator = simulator or Simulator()
        now = self.simulator.now
        # Within a minute of its start a campaign counts as started.
        start = now + (24 * HOUR if not started else HOUR + timedelta(seconds=30) if status == "created" else -HOUR)
        self.id = self.simulator.add(status, channel=channel, name="Diwali", start=start, end=now + 100 * HOUR)
        self.simulator.advance(3600)
        now = self.simulator.now
        first, last = KEYS[channel]
        self.ends = {
            "+end": {last: now + 48 * HOUR},
            "-end": {last: now - HOUR / 2},
            "+start": {first: now + 24 * HOUR},
        }
        self.fields = {}
        for mark in re.findall(r"[+=-][a-z]+", beside):
            self.fields |= {
                "=name": {"name": "Diwali"},
                "+name": {"name": "Holi"},
                "+callback": {"status_callback": "https://example.com/done"},
            }.get(mark) or {"schedule": {key: at.isoformat() for key, at in self.ends[mark].items()}}
        self.path = f"/v2/accounts/{self.simulator.account_sid}/{COLLECTIONS[channel]}/{self.id}"
        self.method = "DELETE" if action == "delete" else "PUT"
        self.body = {**({"action": action} if action in VERBS else {}), **self.fields} or None

    def consent(self):
        return confirmed() if self.setting == "confirmed" else nullcontext()

    @property
    def legal(self):
        return self.code.startswith("CF1")

    def sent(self, guarded):
        """The code that a write through this transport meets; a legal one arrives, and no other."""
        with httpx.Client(transport=guarded, auth=("key", "token")) as client, self.consent():
            try:
                response = client.request(self.method, HOST + self.path, json=self.body)
            except errors.Refused as refused:
                code = refused.code
            else:
                assert response.status_code == 200
                code = response.extensions["campaign_fsm"].decision.code
        writes = [entry for entry in self.simulator.journal if entry.method == self.method]
        assert len(writes) == self.legal
        assert all(entry.legal for entry in writes)
        return code


def by_the_function(case):
    wires = wire(method=case.method, target=case.path, body=case.body or b"")
    intent = read_intent(wires)
    record = case.simulator.records[case.id]
    now = case.simulator.now
    data = payload(record, case.simulator.account_sid)
    reading = Reading(record.status, spelled(record.status, record.channel), data, record.start, record.end, now)
    known = {"host": "api.exotel.com", "account": case.simulator.account_sid, "confirmed": case.setting == "confirmed"}
    return judge(intent, reading, now, **case.settings, **known).code


def by_the_gate(case):
    return case.sent(GuardTransport(SimulatorTransport(case.simulator), **case.settings))


def by_the_client(case):
    with (
        CampaignClient(
            account_sid=case.simulator.account_sid,
            api_key="key",
            api_token="token",
            channel=case.channel,
            transport=SimulatorTransport(case.simulator),
            **case.settings,
        ) as client,
        case.consent(),
    ):
        return client.check(case.id, case.action, case.fields).code


class _Through:
    """What a test's client finds below itself while the plugin is at work."""

    in_process = True

    def __init__(self, run, below):
        self._run, self._below = run, below

    def handle_request(self, request):
        return self._run.handle(self._below.handle_request, request)

    def close(self):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


def by_the_plugin(case):
    team = case.settings.get("policy")
    run = RunGate(team=team)
    through = _Through(run, SimulatorTransport(case.simulator))
    # A gate above knows nothing of the team's policy.
    with httpx.Client(transport=GuardTransport(through), auth=("key", "token")) as client, case.consent():
        try:
            response = client.request(case.method, HOST + case.path, json=case.body)
        except errors.Refused as refused:
            above = refused.code
        else:
            above = response.extensions["campaign_fsm"].decision.code
    assert sum(entry.method == case.method for entry in case.simulator.journal) == case.legal
    return above


def by_the_plugin_alone(case):
    run = RunGate(team=case.settings.get("policy"))
    below = SimulatorTransport(case.simulator)
    request = httpx.Request(case.method, HOST + case.path, json=case.body, headers=dict(BASIC))
    with case.consent():
        try:
            run.handle(below.handle_request, request)
        except errors.Refused as refused:
            return refused.code
    ((code, count),) = run.edges.items()
    assert count == 1
    return code


def by_the_audit(case):
    reply = case.simulator.handle("GET", case.path, BASIC, b"")
    assert reply.status_code == 200
    common = {"at": case.simulator.now.isoformat(), "url": HOST + case.path}
    read = {**common, "method": "GET", "status_code": 200, "response": json.loads(reply.body)}
    write = {**common, "method": case.method, "status_code": 200, "confirmed": case.setting == "confirmed"}
    if case.body:
        write["request"] = case.body
    stream = io.BytesIO("\n".join(map(json.dumps, (read, write))).encode())
    auditor = Auditor(Options(**case.settings))
    found = [finding for exchange in read_lines("log.jsonl", stream) for finding in auditor.feed(exchange)]
    assert auditor.unjudged.number == 0
    codes = [finding.code for finding in found if finding.code != "CF606"]
    if case.legal:
        assert codes == []
        return case.code
    # Whatever the life cycle says, it tells what the policy has against it too.
    assert [code for code in codes if code != case.code and not code.startswith("CF7")] == []
    return case.code if case.code in codes else codes


def by_the_simulator(case):
    """What the journal says of a write that nobody has stopped; it knows no policy and no `strict`."""
    body = json.dumps(case.body).encode() if case.body else b""
    case.simulator.handle(case.method, case.path, [*BASIC, ("Content-Type", "application/json")], body)
    return case.simulator.journal[-1].legal


WAYS = {way.__name__: way for way in (by_the_function, by_the_gate, by_the_client, by_the_plugin_alone, by_the_audit)}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_in_says_what_the_oracle_says(way):
    """For every cell, with what stands beside an action, and under every policy."""
    met = set()
    for arguments, name in zip(CASES, NAMES, strict=True):
        case = Case(*arguments)
        if way == "by_the_plugin_alone" and case.setting == "strict":
            continue  # it has no such setting
        code = WAYS[way](case)
        assert code == case.code, name
        met.add(code)
    expected = {rule.code for rule in RULES if isinstance(rule.trigger, Action)} - {"CF101"}
    expected |= {one.code for one in REFUSALS} - {"CF201", "CF202", "CF203"}
    expected |= {"CF413", "CF416"} | {code for code in PROBLEMS if code.startswith("CF7")}
    assert met == expected | (set() if way == "by_the_plugin_alone" else {"CF251"})


def test_the_plugin_asks_the_team_about_what_a_gate_above_has_judged():
    """Its answer is the same as if there were no gate above."""
    met = set()
    for arguments in oracle.narrowed():
        case = Case(*arguments)
        if case.setting != "strict":
            code = by_the_plugin(case)
            assert code == case.code, arguments
            met.add(code)
    assert met >= {code for code in PROBLEMS if code.startswith("CF7")}


def test_the_simulator_knows_what_is_legal_on_arrival():
    """As the oracle says it without a policy, whatever it then answers."""
    answers = {True: 0, False: 0}
    for arguments in CASES:
        case = Case(*arguments)
        if case.setting == ".":
            legal = by_the_simulator(case)
            answers[legal] += 1
            assert legal is case.legal, arguments
    assert min(answers.values()) > 30


def test_create_and_what_no_server_shows():
    """The codes that need no campaign, or a status that no server here has."""
    create = Intent(Action.CREATE, read_target(MESSAGE.rpartition("/")[0]), {"name": "Diwali"})
    act = read_intent(wire(target=VOICE, body={"action": "pause"}))
    assert judge(create, None, None).code == "CF101"
    assert judge(act, None, None).code == "CF203"
    reading = Reading(Status.UNKNOWN, "halted", {}, None, None, None)
    assert judge(act, reading, datetime.now(UTC)).code == "CF201"
    again = Intent(Action.CREATE, act.target, {})
    assert judge(again, Reading(Status.PAUSED, "paused", {}, None, None, None), datetime.now(UTC)).code == "CF202"
    policy = Policy(scopes=(Scope(forbid=frozenset({Action.CREATE})),))
    verdict = judge(create, None, datetime.now(UTC), policy=policy)
    assert (verdict.code, verdict.life_cycle.code, bool(verdict)) == ("CF701", "CF101", False)


COMMANDS = {
    ("pause", ""): ["pause"],
    ("resume", ""): ["resume"],
    ("complete", ""): ["complete"],
    ("archive", ""): ["archive"],
    ("delete", ""): ["delete"],
    ("edit", "+name"): ["edit", "--partial", "--set", "name=Holi"],
    ("edit-callbacks", "+callback"): ["edit", "--partial", "--set", "status_callback=https://example.com/done"],
    ("reschedule", "+end"): ["reschedule", "--end", "{+end}"],
    ("reschedule", "-end"): ["reschedule", "--end", "{-end}"],
    ("reschedule", "+start"): ["reschedule", "--start", "{+start}"],
    ("resume", "+end"): ["reschedule", "--end", "{+end}", "--resume"],
    ("resume", "-end"): ["reschedule", "--end", "{-end}", "--resume"],
    ("resume", "+start"): ["reschedule", "--start", "{+start}", "--resume"],
}


def test_a_dry_run_is_like_the_call(account, capsys, tmp_path):
    """Its code is that of the oracle, it writes nothing, and it exits with the exit code of the call itself."""
    met, calls = set(), set()
    for number, (arguments, name) in enumerate(zip(CASES, NAMES, strict=True)):
        *_, action, beside, setting, code = arguments
        if (action, beside) not in COMMANDS or setting == "host":  # the server's host is this machine
            continue
        if setting == "strict" and code != "CF251":
            continue  # the same as without it
        if number < len(CASES) - len(NARROWED) and (arguments[0] == "message") == (number % 2 == 0):
            continue  # of the cells one half will do
        case = Case(*arguments, simulator=account)
        ends = {mark: next(iter(found.values())).isoformat() for mark, found in case.ends.items()}
        command, *rest = (part.format(**ends) for part in COMMANDS[action, beside])
        team = tmp_path / f"{number}.toml"
        team.write_text(case.toml)
        argv = [command, case.id, *rest, "--channel", case.channel, "--json", "--policy", str(team)]
        argv += ["--strict"] * (setting == "strict") + ["--yes"] * (setting != "confirm")
        before = len(account.journal)
        status, out, _ = call(capsys, *argv, "--dry-run")
        found = json.loads(out)
        assert found["decision"]["code"] == code, name
        assert found["outcome"] == ("legal" if case.legal else "illegal" if status else "already there")
        assert {entry.method for entry in account.journal[before:]} <= {"GET"}
        met.add(code)
        if setting != "confirm":  # without --yes the call would ask
            left, said, _ = call(capsys, *argv)
            assert left == status, name
            assert (json.loads(said)["outcome"] == "already there") == (found["outcome"] == "already there"), name
            calls.add(status)
    assert met >= {"CF701", "CF702", "CF703", "CF704", "CF705", "CF706", "CF251", "CF416", "CF116", "CF224", "CF211"}
    assert calls == {0, 1}


def test_a_dry_run_of_a_create_asks_the_policy(account, capsys, tmp_path):
    """And needs no credentials for that."""
    from commands import DRAFT

    draft, team = tmp_path / "draft.json", tmp_path / "team.toml"
    draft.write_text(json.dumps(DRAFT))
    team.write_text('accounts = ["other"]')
    assert call(capsys, "create", str(draft), "--dry-run", "--policy", "none")[0] == 0
    code, out, _ = call(capsys, "create", str(draft), "--dry-run", "--json", "--policy", str(team))
    assert (code, json.loads(out)["decision"]["code"]) == (1, "CF706")
    assert call(capsys, "create", str(draft), "--policy", str(team), "--yes")[0] == 1
    assert not any(entry.method == "POST" for entry in account.journal)


def test_nothing_else_decides_whether_a_write_may_go():
    """`decide` is asked about the life cycle alone: by the verdict, by who explains and by who draws."""
    package = Path(campaign_fsm.__file__).parent
    asks = {
        str(path.relative_to(package))
        for path in package.rglob("*.py")
        if re.search(r"(?<!def )\bdecide\(", path.read_text())
    }
    explain = {"cli/rules.py", "diagnosis.py", "reference.py", "history/journal.py", "history/paths.py"}
    draw = {"diagram/explorer.py", "diagram/notebook.py", "diagram/table.py", "diagram/views.py"}
    # What users assert about, and generate from, is the model itself.
    users = {"testing/assertions.py", "testing/machine.py", "testing/model.py", "testing/strategies.py"}
    users |= {"lifecycle/mixins.py"}  # why a trigger of theirs is illegal
    assert asks == {"verdict.py", "lifecycle/decision.py"} | explain | draw | users
    policies = {str(path.relative_to(package)) for path in package.rglob("*.py") if ".violations(" in path.read_text()}
    assert policies == {"verdict.py"}


# --- the function alone


NOW = datetime(2026, 1, 5, 10, tzinfo=UTC)


def reading(status=Status.PAUSED, *, start=None, end=None, **data):
    return Reading(status, status.value, data, start, end, NOW)


def forbidding(action, *names):
    return Policy(scopes=(Scope(names, frozenset({Action(action)})),))


def codes_of(verdict):
    return [violation.code for violation in verdict.violations]


def asked(target=VOICE, **body):
    return read_intent(wire(target=target, body=body))


def test_a_mixed_body_names_five_of_its_keys():
    """In order, and shortened."""
    verdict = judge(asked(action="resume", **dict.fromkeys(["k" * 99, *"fbcde"], 1)), reading(), NOW)
    assert verdict.reason == "the body has 'b', 'c', 'd', 'e', 'f' beside the action."
    verdict = judge(asked(action="resume", **{"k" * 99: 1}), reading(), NOW)
    assert verdict.reason == f"the body has '{'k' * 40}' beside the action."
    assert (verdict.advice, verdict.route, verdict.sources) == (PROBLEMS["CF413"].advice, None, ())


@pytest.mark.parametrize("start", [None, NOW - HOUR, NOW + 9 * HOUR])
def test_a_new_schedule_with_a_resume_on_messages_is_refused_for_what_the_guide_says(start):
    """It speaks of messages, too, and only its sample is of calls; with more in the body it is a mix like any other."""
    new = {"end_time": "2027-01-01T00:00:00Z"}
    shown = reading(start=start, name="Diwali")
    intent = asked(MESSAGE, action="resume", schedule=new, name="Diwali")
    verdict = judge(intent, shown, NOW)
    reason = (
        "the body has 'schedule' beside the action; only a sample of a call campaign has both, though the vendor's "
    )
    assert verdict.reason == f"{reason}guide speaks of messages and of every campaign, too."
    assert (verdict.code, verdict.standing, verdict.route) == ("CF413", None, None)
    (source,) = verdict.sources
    assert source.page.key == "campaign-scheduling"
    assert "of every campaign; only its sample is of a call campaign" in source.says
    assert source in PROBLEMS["CF413"].sources
    assert verdict.advice == (
        "Send the action alone: no page shows a way to do both on a message campaign. Before its start, send the "
        "schedule first, in a request of its own."
    )
    assert verdict.as_dict()["advice"] == verdict.advice
    error = refusal(verdict, intent, shown)
    assert (error.sources, error.advice) == (verdict.sources, verdict.advice)
    # That the advice leads on is for before the start alone.
    alone = judge(asked(MESSAGE, schedule=new), shown, NOW)
    assert alone.code == ("CF115" if start and start > NOW else "CF234")
    for other in (
        judge(asked(MESSAGE, action="resume", schedule=new, name="Holi"), shown, NOW),
        judge(asked(MESSAGE, action="complete", schedule=new), shown, NOW),
        judge(asked(action="complete", schedule={"end_at": "2027-01-01T00:00:00Z"}), shown, NOW),
    ):
        assert (other.code, other.sources, other.advice) == ("CF413", (), PROBLEMS["CF413"].advice)
        assert other.reason.endswith(" beside the action.")
    policy = Policy(hosts=frozenset({"x"}))
    assert judge(intent, shown, NOW, policy=policy, host="api.exotel.com").advice == verdict.advice


def test_an_action_that_may_set_something_else_waits_for_no_start(monkeypatch):
    """Another row of what goes together is judged as well, and its answer shows where the action leads at once."""
    row = Together(
        action=Action.PAUSE,
        parameter="status_callback",
        channels=frozenset({Channel.VOICE}),
        edit=Action.EDIT_CALLBACKS,
        started=True,
    )
    monkeypatch.setattr("campaign_fsm.verdict.TOGETHER", (row,))
    bare = judge(asked(action="pause"), reading(Status.IN_PROGRESS), NOW)
    both = judge(asked(action="pause", status_callback="https://example.com/"), reading(Status.IN_PROGRESS), NOW)
    assert (both.code, both.accepted, bool(both)) == ("CF112", bare.accepted, True)


def test_true_is_not_one():
    """A value that only compares equal is another one."""
    shown = reading(call_duplicate_numbers=True, retries={"a": 1, "b": 2})
    assert judge(asked(action="resume", call_duplicate_numbers=True), shown, NOW).code == "CF104"
    assert judge(asked(action="resume", call_duplicate_numbers=1), shown, NOW).code == "CF413"
    assert judge(asked(action="resume", retries={"b": 2, "a": 1}), shown, NOW).code == "CF104"
    assert judge(asked(action="resume", other=None), shown, NOW).code == "CF104"


def test_what_was_not_recorded_is_not_judged():
    """Neither let through nor held against anybody; what is illegal anyway stays so."""
    intent = Intent(Action.PAUSE, read_target(VOICE), {"name": NOT_RECORDED})

    class Half:
        status, start, end, name, changed = Status.IN_PROGRESS, None, None, None, None

        def started(self, _):
            return None

        def shows(self, _, __):
            return None

    verdict = judge(intent, Half(), NOW)
    assert (verdict.code, bool(verdict)) == ("CF605", False)
    assert "beside the action" in verdict.reason
    Half.status = Status.PAUSED
    assert judge(intent, Half(), NOW).code == "CF211"
    resumed = Intent(Action.RESUME, read_target(VOICE), {"schedule": NOT_RECORDED})
    assert judge(resumed, Half(), NOW).code == "CF116"
    policy = Policy(require_end=True, hours=Hours(time(20), time(21), ZoneInfo("UTC")))
    assert judge(resumed, Half(), NOW, policy=policy).violations == ()
    assert codes_of(judge(resumed, Half(), NOW, policy=forbidding("resume"))) == ["CF701"]
    create = Intent(Action.CREATE, read_target(VOICE.rpartition("/")[0]), {"schedule": NOT_RECORDED})
    assert judge(create, None, NOW, policy=Policy(require_end=True)).violations == ()
    # Nor does a new name that was not recorded lead out of a rule.
    renamed = Intent(Action.EDIT, read_target(VOICE), {"name": NOT_RECORDED})
    assert judge(renamed, Half(), NOW, policy=forbidding("pause", "otp-*")).violations == ()


@pytest.mark.parametrize(
    ("schedule", "reason"),
    [
        ({"send_at": NOW.isoformat()}, "the new schedule has no 'end_at'."),
        ({"end_at": "soon"}, "'end_at' of the new schedule is no time with a time zone."),
        ({"end_at": NOW.isoformat()}, "'end_at' of the new schedule is not ahead of 2026-01-05T10:00:00+00:00."),
    ],
)
@pytest.mark.parametrize("body", [{}, {"action": "resume"}])
def test_what_is_wrong_with_a_new_end_is_said(schedule, reason, body):
    """An end that comes right now is not ahead; where nobody knows the time, only that is not held against it."""
    intent = asked(schedule=schedule, **body)
    verdict = judge(intent, reading(), NOW)
    assert (verdict.code, verdict.reason) == ("CF416", reason)
    assert (judge(intent, reading(), None).code == "CF416") == ("ahead" not in reason)


def test_the_warnings_of_a_verdict():
    """What is contested, and a resume whose end has passed; a refusal has none."""
    (contested,) = judge(asked(schedule={"end_at": "2027-01-01T00:00:00Z"}), reading(), NOW).warnings
    assert "[CF116]" in contested
    (contested,) = judge(asked(action="resume", schedule={"end_at": "2027-01-01T00:00:00Z"}), reading(), NOW).warnings
    assert "[CF116]" in contested
    (late,) = judge(asked(action="resume"), reading(end=NOW), NOW).warnings
    assert "its end time has passed" in late
    assert judge(asked(action="resume"), reading(end=NOW + HOUR), NOW).warnings == ()
    assert judge(asked(action="pause"), reading(Status.IN_PROGRESS, end=NOW), NOW).warnings == ()
    assert judge(asked(schedule={"end_at": "soon"}), reading(), NOW).warnings == ()
    policy = Policy(scopes=(Scope(forbid=frozenset({Action.RESUME})),))
    assert judge(asked(action="resume"), reading(end=NOW), NOW, policy=policy).warnings == ()
    assert judge(asked(action="resume"), reading(end=NOW), None).warnings == ()
    assert judge(asked(action="resume", name="x"), reading(end=NOW), NOW).warnings == ()
    new = {"end_at": "2027-01-01T00:00:00Z"}
    (contested,) = judge(asked(action="resume", schedule=new), reading(end=NOW), NOW).warnings
    assert "[CF116]" in contested


def test_a_policy_is_asked_about_the_campaign_that_was_read():
    """Its name, its start and when it was last changed."""
    policy = forbidding("pause", "otp-*")
    for name, codes in (
        ({"name": "otp-1"}, ["CF701"]),
        ({"name": "other"}, []),
        ({}, ["CF701"]),
        ({"name": 1}, ["CF701"]),
    ):
        assert codes_of(judge(asked(action="pause"), reading(Status.IN_PROGRESS, **name), NOW, policy=policy)) == codes
    hours = Policy(hours=Hours(time(9), time(11), ZoneInfo("UTC")))
    for start, codes in ((None, []), (NOW + 24 * HOUR, []), (NOW + 4 * HOUR, ["CF703"])):
        shown = Reading(Status.PAUSED, "paused", {}, start, None, NOW)
        assert codes_of(judge(asked(action="resume"), shown, NOW, policy=hours)) == codes
    old = Policy(archive_after=HOUR)
    for changed, codes in (("2026-01-05T08:00:00Z", []), ("2026-01-05T09:30:00Z", ["CF705"]), (None, ["CF705"])):
        shown = reading(Status.COMPLETED, date_updated=changed)
        assert codes_of(judge(asked(action="archive"), shown, NOW, policy=old)) == codes


def test_a_policy_narrows_and_never_widens():
    """What it has against a write stands beside what the life cycle says, and never instead of it."""
    policy = Policy(scopes=(Scope(forbid=frozenset({Action.COMPLETE})),), hosts=frozenset({"elsewhere"}))
    known = {"policy": policy, "host": "api.exotel.com", "account": "acme1"}
    verdict = judge(asked(action="complete"), reading(Status.IN_PROGRESS), NOW, **known)
    assert (verdict.code, [violation.code for violation in verdict.violations]) == ("CF224", ["CF701", "CF707"])
    verdict = judge(asked(action="complete"), reading(), NOW, **known)
    assert (verdict.code, verdict.life_cycle.code, bool(verdict)) == ("CF701", "CF105", False)
    assert (verdict.standing, verdict.destination, verdict.accepted) == (None, None, frozenset())
    assert (verdict.route, verdict.sources, verdict.effect) == (None, (), "")
    assert verdict.reason == " ".join(violation.reason for violation in verdict.violations)
    told = verdict.as_dict()
    assert told["violations"][1] == {"code": "CF707", "reason": verdict.violations[1].reason}
    assert told["warnings"] == []
    assert judge(asked(action="resume"), reading(end=NOW), NOW).as_dict()["warnings"] != []


@pytest.mark.parametrize(
    ("body", "status", "settings", "kind"),
    [
        ({"action": "complete"}, Status.IN_PROGRESS, {}, errors.IllegalTransition),
        ({"action": "pause"}, Status.PAUSED, {}, errors.AlreadyThere),
        ({"action": "pause"}, Status.UNKNOWN, {}, errors.UnknownStatus),
        ({"action": "resume", "name": "x"}, Status.PAUSED, {}, errors.UnreadableRequest),
        ({"schedule": {"end_at": "x"}}, Status.PAUSED, {}, errors.UnreadableRequest),
        ({"schedule": {"end_at": "x"}}, Status.PAUSED, {"strict": True}, errors.IllegalTransition),
        ({"action": "resume"}, Status.PAUSED, {"policy": Policy(hosts=frozenset({"x"}))}, errors.ForbiddenByPolicy),
        ({"action": "resume"}, Status.UNKNOWN, {"policy": Policy(hosts=frozenset({"x"}))}, errors.UnknownStatus),
    ],
)
def test_the_error_of_a_verdict(body, status, settings, kind):
    """Its class says what kind of answer it was; it names the campaign, the action and the status."""
    intent, shown = asked(**body), reading(status)
    verdict = judge(intent, shown, NOW, host="api.exotel.com", **settings)
    error = refusal(verdict, intent, shown, "team.toml")
    assert type(error) is kind
    assert (error.code, error.campaign_id, error.channel, error.action) == (verdict.code, ID, "voice", intent.action)
    assert (error.status, error.advice) == (status, verdict.advice)
    assert verdict.reason in error.reason
    if kind is errors.ForbiddenByPolicy:
        assert (error.violations, error.origin) == (("CF707",), "team.toml")


def test_a_refused_resume_with_a_schedule_is_about_the_resume():
    """Also where it is the schedule that is contested."""
    verdict = judge(asked(action="resume", schedule={"end_at": "2027-01-01T00:00:00Z"}), reading(), NOW, strict=True)
    assert (verdict.code, verdict.action) == ("CF251", "resume")
    together = judge(asked(action="resume", schedule={"end_at": "2027-01-01T00:00:00Z"}), reading(), NOW)
    assert (together.code, together.action, together.destination) == ("CF116", "resume", Status.IN_PROGRESS)
    resume, reschedule = {"manage-campaign"}, {"update-campaign-details", "campaign-scheduling"}
    assert {source.page.key for source in together.sources} == resume | reschedule


@pytest.mark.parametrize(
    ("send_at", "waits"),
    [
        ("2026-12-31T00:00:00Z", True),
        ("2020-01-01T00:00:00Z", False),
        (NOW.isoformat(), False),
        ("2026-12-31T00:00:00", False),
        (None, False),
    ],
)
@pytest.mark.parametrize("start", [None, NOW - timedelta(days=1), NOW + timedelta(days=1)])
def test_a_resume_with_a_new_start_ahead_may_wait_for_it(send_at, waits, start):
    """Paused or created is an honest answer until then, as the scheduling guide has it; and only then, on voice."""
    new = {"end_at": "2027-01-01T00:00:00Z", **({"send_at": send_at} if send_at else {})}
    bare = judge(asked(action="resume"), reading(start=start), NOW)
    both = judge(asked(action="resume", schedule=new), reading(start=start), NOW)
    also = set(oracle.ACCEPTED_UNTIL_THE_NEW_START.split()) if waits else set()
    assert both.code == "CF116"
    assert both.accepted == bare.accepted | also
    assert both.destination == bare.destination == Status.IN_PROGRESS
    assert Status.PAUSED not in bare.accepted


def test_a_resume_with_a_new_start_may_wait_where_the_time_is_unknown():
    """Nobody can say then that the start has passed."""
    new = {"send_at": "2020-01-01T00:00:00Z", "end_at": "2021-01-01T00:00:00Z"}
    assert {"paused", "created"} <= judge(asked(action="resume", schedule=new), reading(), None).accepted


def test_the_same_schedule_again_waits_for_its_start_as_well():
    """What the campaign has already is no edit, and its start lies ahead all the same: a call may be repeated."""
    new = {"send_at": "2027-01-01T00:00:00Z", "end_at": "2028-01-01T00:00:00Z"}
    again = judge(asked(action="resume", schedule=new), reading(schedule=new), NOW)
    assert (again.code, again.standing) == ("CF104", "documented")
    assert {"paused", "created"} <= again.accepted
    past = {"send_at": "2020-01-01T00:00:00Z", "end_at": "2028-01-01T00:00:00Z"}
    assert Status.PAUSED not in judge(asked(action="resume", schedule=past), reading(schedule=past), NOW).accepted


def test_strict_names_the_way_that_no_page_contradicts():
    """Before its start, a paused campaign takes the schedule by itself, and then the resume."""
    new = {"send_at": "2027-01-01T00:00:00Z", "end_at": "2028-01-01T00:00:00Z"}
    ahead = Reading(Status.PAUSED, "Paused", {}, NOW + timedelta(hours=2), None, NOW)
    refused = judge(asked(action="resume", schedule=new), ahead, NOW, strict=True)
    assert (refused.allowed, refused.code, refused.started) == (False, "CF251", False)
    assert refused.legal_actions == judge(asked(schedule=new), ahead, NOW, strict=True).legal_actions
    assert refused.advice == "Send the schedule first, in a request of its own; then resume."
    late = judge(asked(action="resume", schedule=new), reading(), NOW, strict=True)
    assert "reschedule" not in late.legal_actions
    assert "request of its own" not in late.advice

"""The client against the simulator: what every write ends as, sync and async, in process and over a socket."""

import ast
import base64
import logging
import pickle
import traceback
from datetime import UTC, datetime, timedelta
from pathlib import Path

import canaries
import httpx
import httpx2
import pytest
from operations import message, writes_of

import campaign_fsm
from campaign_fsm import (
    AsyncCampaignClient,
    AsyncGuardTransport,
    CampaignClient,
    GuardTransport,
    Schedule,
    Simulator,
    SimulatorServer,
    SimulatorTransport,
    Status,
    __version__,
    errors,
)
from campaign_fsm.gate import budget
from campaign_fsm.gate.budget import Budgets

KEY, TOKEN = "key-canary-1", "token-canary-2"


pytestmark = pytest.mark.usefixtures("no_waiting")


@pytest.fixture
def simulator():
    return Simulator(api_key=KEY, api_token=TOKEN)


@pytest.fixture
def deadline():
    """Nothing is tried again, unless a test says so."""
    return 0.0


def test_the_four_actions_lead_through_a_whole_life(simulator, connect):
    """Pause, resume, pause, complete, archive: each returns the campaign as it is afterwards."""
    for channel in ("message", "voice"):
        campaign = simulator.add("in-progress", channel=channel, name="diwali")
        client = connect(channel=channel)
        assert client.get(campaign).name == "diwali"
        for action, status in [
            ("pause", "paused"),
            ("resume", "in-progress"),
            ("pause", "paused"),
            ("complete", "completed"),
            ("archive", "archived"),
        ]:
            found = getattr(client, action)(campaign)
            assert (found.status, found.id, found.channel) == (status, campaign, channel)
    assert all(entry.legal and entry.applied for entry in writes_of(simulator))


def test_check_reads_and_never_writes(simulator, connect):
    """The decision is the one that the gate would make, and nothing but a GET arrives."""
    campaign = simulator.add("in-progress")
    decision = connect().check(campaign, "complete")
    assert (decision.code, decision.route) == ("CF224", ("pause", "complete"))
    assert [entry.method for entry in simulator.journal] == ["GET"]
    with pytest.raises(ValueError, match="halt"):
        connect().check(campaign, "halt")


def test_what_is_illegal_is_not_sent(simulator, connect):
    """The refusal carries everything a person needs, and the journal holds no write."""
    campaign = simulator.add("in-progress")
    with pytest.raises(errors.IllegalTransition) as caught:
        connect().complete(campaign)
    refusal = caught.value
    assert (refusal.status, refusal.action, refusal.campaign_id) == ("in-progress", "complete", campaign)
    assert refusal.sources
    assert refusal.legal_actions == ("pause",)
    assert writes_of(simulator) == []


@pytest.mark.parametrize(
    ("action", "status"),
    [("pause", "paused"), ("resume", "in-progress"), ("complete", "completed"), ("archive", "archived")],
)
def test_what_has_taken_effect_is_already_there(simulator, connect, action, status):
    """Repeating an action is refused as such, and is a `Refused`."""
    campaign = simulator.add(status)
    with pytest.raises(errors.AlreadyThere):
        getattr(connect(), action)(campaign)
    assert writes_of(simulator) == []


def test_strict_is_passed_to_the_gate(simulator, connect):
    """A client that was told to be strict decides strictly."""
    campaign = simulator.add("created", channel="voice")
    assert connect(channel="voice").check(campaign, "delete")
    assert connect(channel="voice", strict=True).check(campaign, "delete").code == "CF251"


def test_a_race_is_a_state_conflict(simulator, connect):
    """Moved between read and write: seen, now and who, with the server's rejection; for 409 and for 400."""
    for code in (409, 400):
        simulator.illegal_status_code = code
        campaign = simulator.add("paused")
        simulator.fault("moved", method="GET", id=campaign, to_status="in-progress")
        with pytest.raises(errors.StateConflict) as caught:
            connect().complete(campaign)
        conflict = caught.value
        assert (conflict.seen, conflict.now, conflict.rejection.status_code) == ("paused", "in-progress", code)
        assert conflict.who == "another user's resume"
        assert writes_of(simulator)[-1].legal is False


def test_a_move_by_several_steps_says_so(simulator, connect):
    """No single edge leads there, so nobody is named."""
    campaign = simulator.add("in-progress")
    simulator.fault("moved", method="GET", id=campaign, to_status="archived")
    with pytest.raises(errors.StateConflict, match="several steps"):
        connect().pause(campaign)


class LosesAndMoves(SimulatorTransport):
    """A write takes effect and its answer is lost; before anybody looks, another client moves the campaign on."""

    def __init__(self, simulator, status):
        super().__init__(simulator)
        self.campaigns, self.status = simulator, status

    def handle_request(self, request):
        response = super().handle_request(request)
        if request.method == "PUT":
            self.campaigns.move(request.url.path.rpartition("/")[2], self.status)
            raise httpx.ReadError("gone")
        return response


def test_a_conflict_after_a_lost_answer_says_that_the_write_may_have_come_first(impatient):
    """The archived campaign can only have been completed by us; one that was rejected has not come first."""
    simulator = Simulator()
    account = {"account_sid": simulator.account_sid, "api_key": simulator.api_key, "api_token": simulator.api_token}
    with (
        CampaignClient(**account, transport=LosesAndMoves(simulator, "archived")) as client,
        pytest.raises(errors.StateConflict, match="The complete itself may have taken effect before that") as caught,
    ):
        client.complete(simulator.add("paused"))
    assert caught.value.perhaps_applied
    assert [entry.action for entry in writes_of(simulator) if entry.applied] == ["complete"]
    rejected = simulator.add("paused")
    simulator.fault("moved", method="GET", id=rejected, to_status="in-progress")
    with (
        CampaignClient(**account, transport=SimulatorTransport(simulator)) as client,
        pytest.raises(errors.StateConflict) as caught,
    ):
        client.complete(rejected)
    assert not caught.value.perhaps_applied
    assert "may have taken effect" not in str(caught.value)


def test_a_rejection_that_is_still_legal_is_the_api_error(simulator, connect):
    """A failed item inside a 200 is a failure; the campaign has not moved."""
    campaign = simulator.add("in-progress")
    simulator.fault("failed-item", method="PUT")
    with pytest.raises(errors.BadRequest):
        connect().pause(campaign)
    simulator.fault("rate-limited", method="PUT", retry_after=7)
    with pytest.raises(errors.RateLimited) as caught:
        connect().pause(campaign)
    assert caught.value.retry_after == 7
    assert len(writes_of(simulator)) == 2
    assert simulator.status(campaign) == "in-progress"


@pytest.mark.parametrize("fault", ["lost-after", "truncated", "malformed", "wrong-campaign", "oversized"])
def test_a_lost_answer_to_an_applied_write_is_found_out(simulator, connect, fault):
    """Re-read, it is applied: the campaign is returned, and nothing was sent twice."""
    campaign = simulator.add("in-progress")
    simulator.fault(fault, method="PUT")
    assert connect().pause(campaign).status == "paused"
    assert len(writes_of(simulator)) == 1


@pytest.mark.parametrize("fault", ["lost-before", "reset"])
def test_a_lost_write_is_said_not_to_have_been_applied(simulator, connect, fault):
    """Re-read, it has not changed: the connection's failure, with that outcome."""
    campaign = simulator.add("in-progress")
    simulator.fault(fault, method="PUT")
    with pytest.raises(errors.ConnectionFailed, match="was not applied") as caught:
        connect().pause(campaign)
    assert caught.value.sent
    assert len(writes_of(simulator)) == 1


def test_a_timeout_that_changed_nothing_so_far_is_unknown(simulator, connect):
    """The write may still be on its way, so nobody claims to know."""
    campaign = simulator.add("paused")
    simulator.fault("stall", method="PUT", seconds=3600)
    simulator.after_resume = lambda record, **_: record.status  # the server sits on the write
    with pytest.raises(errors.OutcomeUnknown) as caught:
        connect(timeout=0.5).resume(campaign)
    assert (caught.value.seen, caught.value.now) == ("paused", "paused")
    assert len(writes_of(simulator)) == 1


def test_a_timeout_of_an_applied_write_is_found_out(simulator, connect):
    """The answer came too late, the re-read shows the pause."""
    campaign = simulator.add("in-progress")
    simulator.fault("stall", method="PUT", seconds=3600)
    assert connect(timeout=0.5).pause(campaign).status == "paused"


def test_a_lost_answer_and_then_another_status_is_a_conflict(simulator, connect):
    """Re-read, it is neither the old status nor one that the action leads to."""
    campaign = simulator.add("in-progress")
    simulator.fault("lost-before", method="PUT", to_status="completed")
    with pytest.raises(errors.StateConflict) as caught:
        connect().pause(campaign)
    assert (caught.value.seen, caught.value.now) == ("in-progress", "completed")
    assert caught.value.who == "the platform (finish)"
    assert caught.value.rejection is None


def test_a_success_that_shows_another_status_is_a_conflict(simulator, connect):
    """The server says 200 and shows a status that the action does not lead to."""
    campaign = simulator.add("paused")
    simulator.after_resume = lambda record, **_: Status.CANCELED
    with pytest.raises(errors.StateConflict) as caught:
        connect().resume(campaign)
    assert (caught.value.seen, caught.value.now) == ("paused", "canceled")


def test_an_unreadable_re_read_leaves_the_outcome_unknown(simulator, connect):
    """The answer is lost and the campaign cannot be read any more."""
    campaign = simulator.add("in-progress")
    simulator.fault("lost-after", method="PUT")
    simulator.fault("server-error", method="GET", after=1, times=20)
    with pytest.raises(errors.OutcomeUnknown) as caught:
        connect().pause(campaign)
    assert (caught.value.seen, caught.value.now) == ("in-progress", None)
    assert len(writes_of(simulator)) == 1


@pytest.mark.parametrize(
    ("code", "kind"), [(500, errors.ServerError), (503, errors.ServerError), (504, errors.OutcomeUnknown)]
)
def test_a_server_error_on_a_write_is_looked_into(simulator, connect, code, kind):
    """500 and 503 that changed nothing are that error; behind a 504 the write may still be under way."""
    campaign = simulator.add("in-progress")
    simulator.fault("server-error", method="PUT", status_code=code)
    with pytest.raises(kind):
        connect().pause(campaign)
    assert len(writes_of(simulator)) == 1


def test_a_redirect_is_an_error_and_not_followed(simulator, connect):
    """A 3xx to a judged write goes nowhere."""
    campaign = simulator.add("in-progress")
    simulator.fault("redirect", method="PUT")
    with pytest.raises(errors.UnexpectedRedirect):
        connect().pause(campaign)
    assert len(writes_of(simulator)) == 1


def test_accepted_but_not_yet_seen_is_read_again(simulator, connect):
    """A server that lags: its answer shows the old status, a later read the new one."""
    campaign = simulator.add("paused")
    simulator.after_resume = lambda record, **_: record.status
    simulator.fault("moved", method="GET", id=campaign, after=1, to_status="in-progress")
    drifts = []
    assert connect(on_drift=drifts.append).resume(campaign).status == "in-progress"
    assert [drift.unseen for drift in drifts] == [True]
    assert len(writes_of(simulator)) == 1


def test_accepted_and_never_seen_is_unknown(simulator, connect):
    """It says success and never shows it."""
    campaign = simulator.add("paused")
    simulator.after_resume = lambda record, **_: record.status
    with pytest.raises(errors.OutcomeUnknown, match="does not show it"):
        connect().resume(campaign)


def test_resume_before_the_start_may_stay_created(simulator, connect):
    """CF104: created is an honest answer while the start is ahead."""
    simulator.resume_before_start = Status.CREATED
    campaign = simulator.add("paused", start=simulator.now + timedelta(hours=1))
    assert connect().resume(campaign).status == "created"


def test_a_404_says_whether_the_other_channel_has_it(simulator, connect):
    """For reads and for writes."""
    campaign = simulator.add("in-progress", channel="voice")
    client = connect()
    with pytest.raises(errors.NotFound, match="there is a voice campaign with this id: use channel='voice'"):
        client.get(campaign)
    with pytest.raises(errors.StatusUnavailable, match="there is a voice campaign with this id") as caught:
        client.pause(campaign)
    assert caught.value.status_code == 404
    with pytest.raises(errors.NotFound, match="no voice campaign with this id either"):
        client.get("0" * 32)


def test_a_401_says_what_it_usually_is(simulator, connect):
    """Wrong key or token, or the other region."""
    campaign = simulator.add("in-progress")
    client = connect(api_token="wrong-token")
    with pytest.raises(
        errors.AuthenticationError, match="The credentials are wrong, or the account lives in the other region"
    ):
        client.get(campaign)
    with pytest.raises(errors.StatusUnavailable, match="The credentials are wrong") as caught:
        client.pause(campaign)
    assert caught.value.status_code == 401
    assert writes_of(simulator) == []


@pytest.mark.parametrize("fault", ["malformed", "wrong-campaign", "failed-item", "truncated", "reset", "redirect"])
def test_a_read_that_goes_wrong_refuses_the_write(simulator, connect, fault):
    """And a plain read of it is an error of the tree."""
    campaign = simulator.add("in-progress")
    client = connect()
    simulator.fault(fault, method="GET")
    with pytest.raises(errors.StatusUnavailable):
        client.pause(campaign)
    simulator.fault(fault, method="GET")
    with pytest.raises((errors.ApiError, errors.ConnectionFailed)):
        client.get(campaign)
    assert writes_of(simulator) == []


class Odd:
    def __init__(self, said):
        self._said = said

    def __repr__(self):
        return self._said()


BAD_IDS = {
    "empty": ("", "''"),
    "a way up": ("../x", "'../x'"),
    "two segments": ("a/b", "'a/b'"),
    "too long": ("x" * 65, "'" + "x" * 65 + "'"),
    "far too long": ("x" * 10**6, "'" + "x" * 80 + "…'"),
    "another letter": ("ü", "'ü'"),
    "an escape": ("a\x1b[2J\n", r"'a\x1b[2J\n'"),
    "a credential": (TOKEN + "/", "'[redacted]/'"),
    "a number": (7, "7"),
    "nothing": (None, "None"),
    "bytes": (b"abc", "b'abc'"),
    "a list": (["abc"], "['abc']"),
    "a number that no text can show": (10**5000, "<int>"),
    "what cannot show itself": (Odd(lambda: 1 / 0), "<Odd>"),
    "what shows itself as an escape": (Odd(lambda: "\x1b[2J"), " [2J"),
}


@pytest.mark.parametrize(("bad", "shown"), BAD_IDS.values(), ids=BAD_IDS)
def test_an_id_of_another_form_is_a_clear_error(connect, bad, shown):
    """It never becomes a path, and the error shows it on one line: one of the tree, and a ValueError."""
    with pytest.raises(errors.InvalidParameters, match="a campaign id is") as caught:
        connect().get(bad)
    assert isinstance(caught.value, ValueError)
    (problem,) = caught.value.problems
    assert (problem.field, problem.given) == ("campaign_id", shown)
    assert str(caught.value).endswith(f"(given: {shown}).")


def test_no_connection_at_all(simulator):
    """Nothing listens: the read fails, the write is refused, nothing can have been applied."""
    settings = {"account_sid": "a", "api_key": KEY, "api_token": TOKEN, "base_url": "http://127.0.0.1:9", "deadline": 0}
    with CampaignClient(**settings) as client:
        with pytest.raises(errors.ConnectionFailed) as caught:
            client.get("abc")
        assert not caught.value.sent
        with pytest.raises(errors.StatusUnavailable) as refused:
            client.pause("abc")
        assert refused.value.no_answer


def test_a_connection_that_never_opened_for_the_write(simulator):
    """The write was handed over, but no byte of it can have left."""

    class Refusing(SimulatorTransport):
        def handle_request(self, request):
            if request.method == "PUT":
                raise httpx.ConnectError("refused")
            return super().handle_request(request)

    campaign = simulator.add("in-progress")
    settings = {"account_sid": simulator.account_sid, "api_key": KEY, "api_token": TOKEN, "deadline": 1}
    with CampaignClient(transport=Refusing(simulator), **settings) as client:
        with pytest.raises(errors.ConnectionFailed, match="nothing was applied") as caught:
            client.pause(campaign)
    assert not caught.value.sent


def test_the_client_cannot_be_had_without_the_gate(simulator):
    """Whatever is given as transport lies below the gate."""
    settings = {"account_sid": "a", "api_key": KEY, "api_token": TOKEN}
    for transport in (None, SimulatorTransport(simulator), GuardTransport(SimulatorTransport(simulator))):
        assert isinstance(CampaignClient(transport=transport, **settings)._http._transport, GuardTransport)
        assert isinstance(AsyncCampaignClient(transport=transport, **settings)._http._transport, AsyncGuardTransport)
    with pytest.raises(TypeError):
        CampaignClient(ignore_hosts=["api.exotel.com"], **settings)
    with pytest.raises(errors.ConfigurationError, match="transport"):
        CampaignClient(transport=SimulatorTransport(simulator), verify=False, **settings)


def test_credentials_go_to_the_configured_host_alone(simulator):
    """The header does not follow a URL to another host."""
    seen = []
    transport = httpx.MockTransport(lambda request: seen.append(request) or httpx.Response(200))
    with CampaignClient(account_sid="a", api_key=KEY, api_token=TOKEN, transport=transport) as client:
        client._http.get("https://api.exotel.com/x")
        client._http.get("https://elsewhere.example/x")
        client._http.get("http://api.exotel.com/x")
    assert ["Authorization" in request.headers for request in seen] == [True, False, False]


def test_an_environment_proxy_is_used(simulator, monkeypatch):
    """A client with its own transport would leave it alone; ours asks it."""
    with SimulatorServer(simulator) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.base_url)
        settings = {"account_sid": "a", "api_key": KEY, "api_token": TOKEN, "deadline": 0}
        url = "http://gateway.invalid"
        with CampaignClient(base_url=url, plain_http_hosts=["gateway.invalid"], **settings) as client:
            with pytest.raises(errors.ApiError):  # the simulator is no proxy, but it was asked
                client.get("abc")
        assert next(entry.path for entry in simulator.journal).startswith("http://gateway.invalid/v2/accounts/a/")
        with CampaignClient(base_url=url, plain_http_hosts=["gateway.invalid"], trust_env=False, **settings) as client:
            with pytest.raises(errors.ConnectionFailed):
                client.get("abc")


@pytest.mark.parametrize("proxy", ["socks4://user:pass-canary@127.0.0.1:1", "nonsense://x", "http://[::1"])
@pytest.mark.parametrize("kind", [CampaignClient, AsyncCampaignClient])
def test_a_proxy_that_cannot_be_used_is_a_configuration_error(monkeypatch, proxy, kind):
    """From the argument or the environment, and without its password."""
    settings = {"account_sid": "a", "api_key": KEY, "api_token": TOKEN}
    with pytest.raises(errors.ConfigurationError, match="proxy") as caught:
        kind(proxy=proxy, **settings)
    assert "pass-canary" not in str(caught.value)
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(errors.ConfigurationError, match="proxy") as caught:
        kind(**settings)
    assert "pass-canary" not in str(caught.value)


def test_a_client_says_which_package_asks_and_by_which_library(simulator, connect, request):
    """Both with their versions, the one that called first; also in the reads of its gate."""
    library = httpx2 if "httpx2" in request.node.name else httpx
    connect().pause(simulator.add("in-progress"))
    expected = f"campaign_fsm/{__version__} {library.__name__}/{library.__version__}"
    assert {entry.user_agent for entry in simulator.journal if entry.kind == "request"} == {expected}


def test_a_client_of_the_callers_keeps_its_own_user_agent(simulator):
    """The transport changes no header, in its reads neither."""
    credentials = {"auth": (KEY, TOKEN), "headers": {"User-Agent": "mine/1"}}
    with httpx.Client(transport=GuardTransport(SimulatorTransport(simulator)), **credentials) as client:
        url = f"https://api.exotel.com/v2/accounts/{simulator.account_sid}/message-campaigns/"
        client.put(url + simulator.add("in-progress"), json={"action": "pause"})
    assert [entry.user_agent for entry in simulator.journal if entry.kind == "request"] == ["mine/1"] * 2


# The log


def lines_of(caplog):
    """Every line of ours with its fields, without what a clock or a dice has set."""
    fields = [canaries.fields_of(record) for record in caplog.records if record.name == "campaign_fsm"]
    assert all(type(value) in (str, int, float) for each in fields for value in each.values())
    return [
        {name: value for name, value in each.items() if name not in ("ms", "request_id", "wait")} for each in fields
    ]


def test_a_line_of_the_log_carries_its_fields(simulator, connect, caplog):
    """What is in its text, by name, for handlers that write JSON; the text is as before."""
    campaign = simulator.add("in-progress")
    with caplog.at_level(logging.INFO, "campaign_fsm"):
        connect().pause(campaign)
        with pytest.raises(errors.Refused):
            connect().archive(campaign)
    about = {"account": simulator.account_sid, "channel": "message", "campaign": campaign}
    answered = {**about, "status_code": 200}
    assert lines_of(caplog) == [
        {**answered, "method": "GET", "status": "in-progress"},
        {**answered, "method": "PUT", "status": "paused", "action": "pause"},
        {**answered, "method": "GET", "status": "paused"},
        {**about, "action": "archive", "code": "CF226", "status": "paused"},
    ]
    first, write, *_, last = [record for record in caplog.records if record.name == "campaign_fsm"]
    known = canaries.fields_of(write)
    assert write.getMessage() == (
        f"PUT pause {campaign}: 200 paused, request {known['request_id']}, {known['ms']:.0f} ms"
    )
    assert last.getMessage() == f"archive {campaign}: not sent [CF226], it is paused"
    assert (first.module, last.module) == ("events", "judging")


def test_lines_about_what_went_wrong_carry_their_fields(simulator, pace, caplog):
    """The class of an error or the code of an answer, and how many seconds are waited."""
    pace(looks=(0.0,), first_delay=0.001)
    campaign = simulator.add("in-progress")
    simulator.fault("server-error", method="GET")
    simulator.fault("lost-after", method="PUT")
    settings = {"account_sid": simulator.account_sid, "api_key": KEY, "api_token": TOKEN}
    client = CampaignClient(**settings, transport=SimulatorTransport(simulator))
    with caplog.at_level(logging.INFO, "campaign_fsm"), client:
        client.pause(campaign)
    about = {"account": simulator.account_sid, "channel": "message", "campaign": campaign}
    assert lines_of(caplog) == [
        {**about, "method": "GET", "status_code": 503},
        {**about, "action": "pause", "status_code": 503},
        {**about, "method": "GET", "status_code": 200, "status": "in-progress"},
        {**about, "method": "PUT", "action": "pause", "error": "RemoteProtocolError"},
        {**about, "method": "GET", "status_code": 200},
        {**about, "action": "pause", "status": "paused"},
    ]
    assert 0 <= canaries.fields_of(caplog.records[1])["wait"] < 1


def test_lines_about_a_create_carry_what_is_known(simulator, pace, caplog):
    """Its account and channel, before there is a campaign; how long is waited, and what was found at last."""
    pace(looks=(0.0, 0.0), first_delay=0.001)
    simulator.fault("rate-limited", method="POST", retry_after=0)
    simulator.fault("lost-after", method="POST")
    simulator.fault("rejected", status_code=403, method="GET")
    settings = {"account_sid": simulator.account_sid, "api_key": KEY, "api_token": TOKEN}
    client = CampaignClient(**settings, transport=SimulatorTransport(simulator))
    with caplog.at_level(logging.INFO, "campaign_fsm"), client:
        campaign = client.create(message(simulator, name="abc", dlt_entity_id=None, schedule=None))
    about = {"account": simulator.account_sid, "channel": "message", "action": "create"}
    lines = [line for line in lines_of(caplog) if "method" not in line]
    assert lines == [
        {**about, "parameter": "dlt_entity_id"},
        {**about, "parameter": "name"},
        {**about, "error": "RateLimited"},
        {**about, "error": "Forbidden"},
        {**about, "campaign": campaign.id, "status": "created"},
    ]
    (waits,) = [line for record in caplog.records if "wait" in (line := canaries.fields_of(record))]
    assert (waits["error"], 0 <= waits["wait"] < 1) == ("RateLimited", True)


@pytest.mark.parametrize(
    ("edit", "warnings"),
    [
        (lambda c, i, near: c.edit(i, message(Simulator(), name="abc", schedule=None)), [("edit", "name")]),
        (lambda c, i, near: c.edit(i, partial=True, name="abc"), [("edit", "name"), ("edit", None)]),
        (
            lambda c, i, near: c.edit(i, partial=True, schedule=near),
            [("reschedule", "schedule.start_time"), ("reschedule", None)],
        ),
        (lambda c, i, near: c.reschedule(i, near), [("reschedule", "schedule.start_time")]),
    ],
)
def test_warnings_about_an_edit_carry_what_it_is_about(simulator, caplog, edit, warnings):
    """The campaign, and the action as which it is judged."""
    campaign = simulator.add(start=simulator.now + timedelta(hours=9))
    near = Schedule(datetime.now(UTC) + timedelta(minutes=5))
    settings = {"account_sid": simulator.account_sid, "api_key": KEY, "api_token": TOKEN}
    with CampaignClient(**settings, transport=SimulatorTransport(simulator)) as client:
        edit(client, campaign, near)
    about = {"account": simulator.account_sid, "channel": "message", "campaign": campaign}
    expected = [{**about, "action": action, "parameter": parameter} for action, parameter in warnings]
    assert [{"parameter": None, **line} for line in lines_of(caplog)] == expected


def test_no_line_of_the_log_is_without_fields():
    """Wherever it is written, it says at least the account and the channel."""
    for path in Path(campaign_fsm.__file__).parent.rglob("*.py"):
        text = path.read_text()
        for call in ast.walk(ast.parse(text)) if "import log\n" in text else ():
            if isinstance(call, ast.Call) and ast.unparse(call.func) in ("log.info", "log.warning", "log.exception"):
                assert "about" in [keyword.arg for keyword in call.keywords], f"{path}:{call.lineno}"


@pytest.mark.parametrize("what", ["pause", "get", "create"])
def test_a_wait_for_the_budget_does_not_use_up_the_deadline(simulator, pace, what):
    """Whoever has waited for longer than that is tried again all the same."""
    pace(looks=(0.0,), first_delay=0.001)
    budget.renew(Budgets(is_limited=lambda _: False, minute=0.4))
    campaign = simulator.add("in-progress")
    waits = []
    with CampaignClient(
        account_sid="acme1",
        api_key=KEY,
        api_token=TOKEN,
        transport=SimulatorTransport(simulator),
        budget=2,
        deadline=0.2,
        on_wait=waits.append,
    ) as client:
        client.get(campaign)
        client.get(campaign)
        simulator.fault("rate-limited", method={"pause": "PUT", "get": "GET", "create": "POST"}[what], retry_after=0)
        if what == "pause":
            assert client.pause(campaign).status == "paused"
        elif what == "get":
            assert client.get(campaign).id == campaign
        else:
            assert client.create(message(simulator)).status == "created"
    assert max(wait.seconds for wait in waits) > 0.3
    assert simulator.faults == ()


# The canary


class Echo(SimulatorTransport):
    """A server that answers with everything that it was sent."""

    def handle_request(self, request):
        if request.method == "PUT" or getattr(self, "always", False):
            told = f"{request.headers['Authorization']} {KEY} {TOKEN} {KEY}:{TOKEN}"
            return httpx.Response(
                self.code,
                json={
                    "request_id": told,
                    "response": {
                        "code": self.code,
                        "status": "failure",
                        "error_data": {"code": told, "description": told, "message": told},
                    },
                },
            )
        return super().handle_request(request)


@pytest.mark.parametrize("always", [False, True])
@pytest.mark.parametrize("code", [200, 302, 400, 401, 409, 429, 500])
def test_credentials_appear_nowhere(simulator, caplog, code, always):
    """Through every error, its repr, its traceback's own lines, its pickle, and every log line."""
    campaign = simulator.add("in-progress")
    transport = Echo(simulator)
    transport.code, transport.always = code, always
    settings = {"account_sid": simulator.account_sid, "transport": transport, "deadline": 0}
    client = CampaignClient(base_url=f"https://{KEY}:{TOKEN}@api.exotel.com", **settings)
    with caplog.at_level(logging.DEBUG), client, pytest.raises(errors.CampaignFsmError) as caught:
        client.pause(campaign)
    error = caught.value
    texts = [repr(client), repr(client._settings), repr(client._operations), caplog.text]
    while error is not None:
        texts += [str(error), repr(error), "".join(traceback.format_exception(error))]
        if isinstance(error, errors.CampaignFsmError):
            texts.append(pickle.dumps(error).decode("latin-1"))
        error = error.__cause__ or error.__context__
    basic = base64.b64encode(f"{KEY}:{TOKEN}".encode()).decode()
    for text in texts:
        for secret in (KEY, TOKEN, basic):
            assert secret not in text

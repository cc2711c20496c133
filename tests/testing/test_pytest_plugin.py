"""The pytest plugin, in runs of its own: beside respx, pytest-httpx, vcrpy and real servers."""

import json
import os
import re
import subprocess
import sys
import tomllib
from contextlib import closing, suppress
from pathlib import Path

import pytest
from warm import Warm

import campaign_fsm
from campaign_fsm import RULES, Action

# pytester takes what a test has imported out of `sys.modules` again, which PyYAML's extension does not bear.
with suppress(ImportError):
    import vcr  # noqa: F401

pytest_plugins = ["pytester"]

PACKAGE = Path(campaign_fsm.__file__).parent
PATH = os.pathsep.join(filter(None, [str(PACKAGE.parent), os.environ.get("PYTHONPATH", "")]))
ID = "90dad70b939f469fbf8b801660148272"
EDGES = sum(isinstance(rule.trigger, Action) for rule in RULES)

# The code under test: what it sends, in a module of its own, so that the place can be told.
APP = f"""
import httpx

URL = "https://api.exotel.com/v2/accounts/acme1/message-campaigns/{ID}"

def send(action, url=URL, **kwargs):
    with httpx.Client(auth=("key", "token"), **kwargs) as client:
        return client.put(url, json={{"action": action}})

def swallow(action, url=URL, **kwargs):
    try:
        return send(action, url, **kwargs)
    except Exception:
        return None

async def asend(action, url=URL, **kwargs):
    async with httpx.AsyncClient(auth=("key", "token"), **kwargs) as client:
        return await client.put(url, json={{"action": action}})

async def aswallow(action, url=URL, **kwargs):
    try:
        return await asend(action, url, **kwargs)
    except Exception:
        return None

def is_(status, id="{ID}"):
    return {{
        "request_id": "r", "method": "GET", "http_code": 200,
        "response": {{"code": 200, "status": "success", "data": {{"id": id, "status": status, "schedule": None}}}},
    }}
"""
SWALLOW_LINE = next(number for number, line in enumerate(APP.strip().splitlines(), 1) if "return client.put" in line)
HEAD = "import asyncio, httpx, pytest\nfrom app import URL, send, swallow, asend, aswallow, is_\n"


@pytest.fixture(scope="session")
def warm():
    """Where processes can fork, a run of pytest takes a third of the time."""
    if not hasattr(os, "fork"):
        yield None
        return
    with closing(Warm(PATH)) as warm:
        yield warm


@pytest.fixture
def suite(pytester, monkeypatch, warm):
    """Runs a test module in a process of its own, with just the plugins that it is about."""
    monkeypatch.setenv("PYTHONPATH", PATH)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    for name in ("PYTEST_ADDOPTS", "MUTANT_UNDER_TEST"):
        monkeypatch.delenv(name, raising=False)
    pytester.makepyfile(app=APP)

    def run(tests, *args, policy=True, plugins=(), ini="", cold=False):
        pytester.makepyfile(test_it=HEAD + tests)
        pytester.makeini(f"[pytest]\naddopts = --strict-markers --strict-config\nfilterwarnings = error\n{ini}\n")
        loaded = [arg for name in ("campaign_fsm.testing.plugin", *plugins) for arg in ("-p", name)]
        asked = ["--campaign-policy"] if policy else []
        with monkeypatch.context() as patch:
            if warm and not cold:
                patch.setattr(pytester, "popen", warm.popen)
            return pytester.runpytest_subprocess("-p", "no:cacheprovider", *loaded, *asked, *args)

    return run


# What is judged: each mock answers GET with a status and PUT with success. `{call}` is the code under test.

RESPX = """
import respx

@respx.mock
def test_it():
    get = respx.get(URL, name="get").respond(json=is_("{status}"))
    put = respx.put(URL, name="put").respond(json=is_("{after}"))
    {call}
    assert put.call_count == {sent}
    for route in get, put:
        if not route.called:  # respx would complain
            respx.mock.pop(route.name)
"""
RESPX_FIXTURE = """
@pytest.mark.respx(assert_all_called=False)
def test_it(respx_mock):
    respx_mock.get(URL).respond(json=is_("{status}"))
    put = respx_mock.put(URL).respond(json=is_("{after}"))
    {call}
    assert put.call_count == {sent}
"""
RESPX_INSIDE = """
import respx

def test_it():
    with respx.mock(assert_all_called=False) as mock:
        mock.get(URL).respond(json=is_("{status}"))
        put = mock.put(URL).respond(json=is_("{after}"))
        {call}
        assert put.call_count == {sent}
"""
HTTPX_MOCK = """
@pytest.mark.httpx_mock(assert_all_responses_were_requested=False)
def test_it(httpx_mock):
    httpx_mock.add_response(method="GET", url=URL, json=is_("{status}"))
    httpx_mock.add_response(method="PUT", url=URL, json=is_("{after}"))
    {call}
    assert len(httpx_mock.get_requests(method="PUT")) == {sent}
"""
MONKEYPATCH = """
def test_it(monkeypatch):
    puts = []
    def answer(self, request):
        if request.method == "PUT":
            puts.append(request)
        return httpx.Response(200, json=is_("{after}" if puts else "{status}"))
    async def aanswer(self, request):
        return answer(self, request)
    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", answer)
    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", aanswer)
    {call}
    assert len(puts) == {sent}
"""
CASSETTE = """\
version: 1
interactions:
- request: {{body: '', headers: {{}}, method: GET, uri: {url}}}
  response:
    status: {{code: 200, message: OK}}
    headers: {{Content-Type: [application/json]}}
    body: {{string: '{get}'}}
- request: {{body: '', headers: {{}}, method: PUT, uri: {url}}}
  response:
    status: {{code: 200, message: OK}}
    headers: {{Content-Type: [application/json]}}
    body: {{string: '{put}'}}
"""
VCR = (
    '''
import json
import vcr

CASSETTE = """'''
    + CASSETTE.replace("{{", "{{{{")
    .replace("}}", "}}}}")
    .replace("{url}", "{{url}}")
    .replace("{get}", "{{get}}")
    .replace("{put}", "{{put}}")
    + '''"""

def test_it(tmp_path):
    path = tmp_path / "cassette.yaml"
    texts = {{"url": URL, "get": json.dumps(is_("{status}")), "put": json.dumps(is_("{after}"))}}
    path.write_text(CASSETTE.format(**texts))
    with vcr.use_cassette(str(path), record_mode="none") as cassette:
        {call}
        played = [cassette.data[at][0].method for at, count in cassette.play_counts.items() for _ in range(count)]
    assert played.count("PUT") == {sent}
'''
)
SERVER = """
from campaign_fsm import Simulator, SimulatorServer

def test_it():
    simulator = Simulator()
    campaign = simulator.add("{status}", id="90dad70b939f469fbf8b801660148272")
    with SimulatorServer(simulator) as server:
        URL = f"{{server.base_url}}/v2/accounts/acme1/message-campaigns/{{campaign}}"
        {call}
    assert sum(entry.method == "PUT" for entry in simulator.journal) == {sent}
"""
MOCKS = {
    "respx": (RESPX, ("respx.plugin",), "respx"),
    "respx fixture": (RESPX_FIXTURE, ("respx.plugin",), "respx"),
    "respx in the test": (RESPX_INSIDE, ("respx.plugin",), "respx"),
    "pytest-httpx": (HTTPX_MOCK, ("pytest_httpx",), "pytest_httpx"),
    "vcrpy": (VCR, (), "vcr"),
    "monkeypatch": (MONKEYPATCH, (), "httpx"),
    "server": (SERVER, (), "httpx"),
}
FACES = {"sync": "{name}('{action}', URL)", "async": "asyncio.run(a{name}('{action}', URL))"}


@pytest.fixture(params=[*[name for name in MOCKS if name != "server"], pytest.param("server", marks=pytest.mark.long)])
def mock(request):
    """A module of tests for a mock, a cassette or a server, and the plugins that it needs."""
    template, plugins, needed = MOCKS[request.param]
    pytest.importorskip(needed)
    return template, plugins


@pytest.fixture(params=["sync", pytest.param("async", marks=pytest.mark.long)])
def face(request):
    return FACES[request.param]


def test_a_legal_write_passes(suite, mock, face):
    """Beside each mock a legal write is judged and sent once, and its edge is counted."""
    template, plugins = mock
    call = face.format(name="send", action="pause") + ".raise_for_status()"
    result = suite(template.format(status="in-progress", after="paused", call=call, sent=1), plugins=plugins)
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        ["*= campaign policy =*", "campaign writes judged: 1 (1 legal, 0 refused)", f"edges reached: 1 of {EDGES}"]
    )


def test_a_swallowed_refusal_fails_the_test(suite, mock, face):
    """Beside each mock an illegal write is not sent, and its test fails with the sentence and the place."""
    template, plugins = mock
    call = face.format(name="swallow", action="complete")
    tests = template.format(status="in-progress", after="completed", call=call, sent=0)
    # Else respx itself fails the test: the route for the PUT was not called.
    result = suite(tests, plugins=plugins)
    result.assert_outcomes(failed=1)
    place = r"app\.py:\d+"
    result.stdout.re_match_lines(
        [
            rf"E +campaign_fsm\.errors\.IllegalTransition: complete of message campaign {ID} was not sent \[CF224\].*",
            rf"E? +campaign policy: {place}: refused$",
            r"campaign writes judged: 1 \(0 legal, 1 refused\)",
            rf"test_it\.py::test_it: {place}: refused: complete .*Rule: .*The way there: pause, then complete.*",
            rf"edges reached: 0 of {EDGES}",
        ]
    )


def test_off_by_default(suite, mock):
    """Nobody who has not asked for the policy is judged, and nothing is said."""
    template, plugins = mock
    call = "send('complete', URL)"
    tests = template.format(status="in-progress", after="completed", call=call, sent=1)
    result = suite(tests, plugins=plugins, policy=False)
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*campaign policy*")


def test_coverage_is_written_over_coverage_alone(suite, pytester):
    """Before any test has run it is clear that a file with something else in it stays as it is."""
    (pytester.path / "pyproject.toml").write_text("[tool.campaign-fsm]\n")
    run = suite("def test_it():\n    pass\n", "--campaign-coverage", "pyproject.toml")
    assert run.ret == pytest.ExitCode.USAGE_ERROR
    run.stderr.fnmatch_lines("*pyproject.toml is no coverage file*")
    assert (pytester.path / "pyproject.toml").read_text() == "[tool.campaign-fsm]\n"
    other = '{"campaign_fsm_coverage": 1, "edges": {}, "mine": 1}'
    (pytester.path / "other.json").write_text(other)
    assert suite("def test_it(): ...", "--campaign-coverage", "other.json").ret == pytest.ExitCode.USAGE_ERROR
    assert (pytester.path / "other.json").read_text() == other
    for _ in range(2):
        assert suite("def test_it():\n    pass\n", "--campaign-coverage", "cover.json").ret == 0


@pytest.mark.parametrize("path", [".", "missing/cover.json", "app.py/cover.json"])
def test_coverage_that_cannot_be_written_stops_the_run_before_its_tests(suite, path):
    """Not after an hour of them."""
    result = suite("def test_it(): ...", "--campaign-coverage", path)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*{path} cannot be written: *"])
    result.stdout.no_fnmatch_line("*collected*")


def test_a_run_that_only_collects_leaves_the_coverage_alone(suite, pytester):
    """It reached nothing because it tried nothing."""
    old = '{"campaign_fsm_coverage": 1, "edges": {"CF103": 3}}'
    (pytester.path / "cover.json").write_text(old)
    assert suite("def test_it(): ...", "--campaign-coverage", "cover.json", "--collect-only").ret == 0
    assert (pytester.path / "cover.json").read_text() == old


def test_the_place_is_the_line_of_the_code_under_test(suite):
    """The place is the line that called the HTTP library, not one inside it."""
    pytest.importorskip("respx")
    call = "swallow('complete')"
    result = suite(RESPX_INSIDE.format(status="in-progress", after="completed", call=call, sent=0))
    result.stdout.fnmatch_lines([f"*app.py:{SWALLOW_LINE}: refused*"])


@pytest.mark.parametrize("ini", ["campaign_policy = true", "campaign_policy = false", ""])
def test_the_ini_option_turns_it_on(suite, ini):
    """`campaign_policy = true` does what the option does, and nothing else does."""
    pytest.importorskip("respx")
    tests = RESPX_INSIDE.format(
        status="in-progress", after="completed", call="swallow('complete')", sent="put.call_count"
    )
    result = suite(tests, policy=False, ini=ini)
    result.assert_outcomes(**{"failed" if ini.endswith("true") else "passed": 1})


# Refusals that tests cannot talk away


def test_a_test_that_expects_the_refusal_fails_all_the_same(suite):
    """`pytest.raises`, a skip and a failure for another reason do not hide a refusal."""
    pytest.importorskip("respx")
    tests = """
import unittest
import respx

@pytest.fixture(autouse=True)
def api():
    with respx.mock(assert_all_called=False) as mock:
        mock.get(URL).respond(json=is_("paused"))
        yield mock

def test_raises():
    with pytest.raises(Exception):
        send("pause")

def test_propagates():
    send("pause")

def test_skips():
    swallow("pause")
    pytest.skip("never mind")

def test_fails_otherwise():
    swallow("pause")
    assert 1 == 2

def test_thread():
    import threading
    thread = threading.Thread(target=swallow, args=["pause"])
    thread.start()
    thread.join()

def test_twice():
    swallow("pause")
    swallow("archive")

def test_clean(api):
    api.put(URL).respond(json=is_("in-progress"))
    assert send("resume").status_code == 200

class TestOld(unittest.TestCase):
    def test_swallows(self):
        swallow("pause")
"""
    result = suite(tests)
    result.assert_outcomes(failed=7, passed=1)
    result.stdout.fnmatch_lines(
        [
            "*_ test_fails_otherwise _*",
            "*assert 1 == 2*",
            "*campaign policy: app.py:*CF211*",
            "*_ test_twice _*",
            "*AlreadyThere: pause *CF211*",
            "*campaign policy: app.py:*: refused",
            "*campaign policy: app.py:*CF226*",
            "campaign writes judged: 9 (1 legal, 8 refused)",
        ]
    )


def test_fixtures_are_judged_where_they_run(suite):
    """A refusal in a fixture is an error of the setup or of the teardown, not a failure of the test."""
    pytest.importorskip("pytest_httpx")
    tests = """
pytestmark = pytest.mark.httpx_mock(can_send_already_matched_responses=True)

@pytest.fixture
def before(httpx_mock):
    httpx_mock.add_response(method="GET", url=URL, json=is_("archived"))
    swallow("resume")

@pytest.fixture
def after(httpx_mock):
    httpx_mock.add_response(method="GET", url=URL, json=is_("archived"))
    yield
    swallow("resume")

def test_setup(before): ...

def test_teardown(after): ...
"""
    result = suite(tests, plugins=["pytest_httpx"])
    result.assert_outcomes(errors=2, passed=1)
    result.stdout.fnmatch_lines(
        ["*ERROR at setup of test_setup*", "*CF223*", "*ERROR at teardown of test_teardown*", "*CF223*"]
    )


def test_outside_of_tests_a_refusal_fails_the_run(suite):
    """What a module sends when it is imported belongs to no test, and still fails the run."""
    tests = """
class Still(httpx.HTTPTransport):
    def handle_request(self, request):
        return httpx.Response(200, json=is_("created"))

swallow("resume", transport=Still())

def test_passes(): ...
"""
    result = suite(tests)
    result.assert_outcomes(passed=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["outside tests: app.py:*: refused: resume *CF222*"])


def test_the_marker_turns_it_off(suite):
    """A test that is marked sends what it wants, and the next one is judged again."""
    pytest.importorskip("respx")
    tests = """
import respx

@pytest.fixture(autouse=True)
def api():
    with respx.mock(assert_all_called=False) as mock:
        mock.get(URL).respond(json=is_("paused"))
        yield mock.put(URL).respond(status_code=409)

@pytest.mark.campaign_policy_off
def test_marked(api):
    assert send("pause").status_code == 409
    assert api.called

def test_unmarked(api):
    swallow("pause")
"""
    result = suite(tests)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["campaign writes judged: 1 (0 legal, 1 refused)"])


def test_an_expected_failure_stays_one(suite):
    """`xfail` takes a refusal as it takes any error."""
    pytest.importorskip("respx")
    tests = """
from campaign_fsm import IllegalTransition

@pytest.mark.xfail(raises=IllegalTransition, strict=True)
def test_it(respx_mock):
    respx_mock.get(URL).respond(json=is_("created"))
    swallow("archive")
"""
    suite(tests, plugins=["respx.plugin"]).assert_outcomes(xfailed=1)


# What cannot be judged

UNANSWERED = {
    "respx": (
        """
def test_it(respx_mock):
    put = respx_mock.put(URL).respond(json=is_("paused"))
    {call}
    assert put.call_count == {sent}
""",
        ("respx.plugin",),
        "respx",
    ),
    "pytest-httpx": (
        """
@pytest.mark.httpx_mock(assert_all_requests_were_expected=False, assert_all_responses_were_requested=False)
def test_it(httpx_mock):
    httpx_mock.add_response(method="PUT", url=URL, json=is_("paused"))
    {call}
    assert len(httpx_mock.get_requests(method="PUT")) == {sent}
""",
        ("pytest_httpx",),
        "pytest_httpx",
    ),
    "vcrpy": (
        """
import json
import vcr

def test_it(tmp_path):
    path = tmp_path / "cassette.json"
    path.write_text(json.dumps({{"version": 1, "interactions": [{{
        "request": {{"body": "", "headers": {{}}, "method": "PUT", "uri": URL}},
        "response": {{
            "status": {{"code": 200, "message": "OK"}}, "headers": {{}}, "body": {{"string": json.dumps(is_("paused"))}}
        }},
    }}]}}))
    with vcr.use_cassette(str(path), record_mode="none", serializer="json") as cassette:
        {call}
    assert cassette.play_count == {sent}
""",
        (),
        "vcr",
    ),
}


@pytest.fixture(params=UNANSWERED)
def unanswered(request):
    """Mocks that answer the PUT alone."""
    template, plugins, needed = UNANSWERED[request.param]
    pytest.importorskip(needed)
    return template, plugins


def test_what_cannot_be_judged_fails(suite, unanswered, face):
    """A write whose status no mock tells is not sent, and its test fails and says so."""
    template, plugins = unanswered
    call = face.format(name="swallow", action="pause")
    tests = template.format(call=call, sent=0).replace(
        "def test_it(respx_mock)", "@pytest.mark.respx(assert_all_called=False)\ndef test_it(respx_mock)"
    )
    result = suite(tests, plugins=plugins)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "E *campaign_fsm.errors.StatusUnavailable: pause *CF501*",
            "*campaign policy: app.py:*: could not be judged",
            "*Record the cassette again with --campaign-policy; with respx or pytest-httpx add an answer to a GET of *",
            "campaign writes judged: 0 (0 legal, 0 refused)",
            "could not be judged: 1, and stopped",
            "test_it.py::test_it: app.py:*: could not be judged: pause *",
        ]
    )


def test_what_cannot_be_judged_can_be_passed_on(suite, unanswered, face):
    """With the ini option the write goes out as it was, once, is answered by the mock, and is counted."""
    template, plugins = unanswered
    call = f"assert {face.format(name='send', action='pause')}.json() == is_('paused')"
    tests = template.format(call=call, sent=1)
    result = suite(tests, plugins=plugins, ini="campaign_policy_unjudged = allow")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        ["campaign policy: on; a write that cannot be judged is passed on", "could not be judged: 1, and passed on"]
    )


def test_an_illegal_write_is_not_passed_on(suite):
    """The ini option is about what cannot be judged, and about nothing else."""
    pytest.importorskip("respx")
    tests = RESPX_INSIDE.format(status="created", after="x", call="swallow('archive')", sent=0)
    suite(tests, ini="campaign_policy_unjudged = allow").assert_outcomes(failed=1)


def test_pytest_httpx_complains_of_the_read_by_itself(suite):
    """Unmarked, pytest-httpx counts the read among the requests that nobody expected, as the docs say."""
    pytest.importorskip("pytest_httpx")
    template, plugins, _ = UNANSWERED["pytest-httpx"]
    tests = template.format(call="send('pause')", sent=1).replace("assert_all_requests_were_expected=False, ", "")
    result = suite(tests, plugins=plugins, ini="campaign_policy_unjudged = allow")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*pytest_httpx*"])


def test_reads_are_recorded_and_played(suite):
    """A cassette that was recorded with the policy on holds its reads, and plays them with it."""
    pytest.importorskip("vcr")
    tests = """
import vcr
from campaign_fsm import Simulator, SimulatorServer

def test_it(tmp_path):
    simulator = Simulator()
    campaign = simulator.add("in-progress")
    path = str(tmp_path / "cassette.yaml")
    with SimulatorServer(simulator) as server:
        url = f"{server.base_url}/v2/accounts/acme1/message-campaigns/{campaign}"
        with vcr.use_cassette(path, record_mode="once"):
            send("pause", url).raise_for_status()
    assert [entry.method for entry in simulator.journal] == ["GET", "PUT"]
    with vcr.use_cassette(path, record_mode="none") as cassette:
        send("pause", url).raise_for_status()
    assert cassette.all_played
"""
    suite(tests).assert_outcomes(passed=1)


def test_code_that_reads_by_itself_needs_an_answer_for_the_gate_too(suite):
    """Beside pytest-httpx an answer is good for one read, unless it is reusable, as the docs say."""
    pytest.importorskip("pytest_httpx")
    tests = """
@pytest.mark.parametrize("reusable", [True, False])
def test_it(httpx_mock, reusable):
    httpx_mock.add_response(method="GET", url=URL, json=is_("in-progress"), is_reusable=reusable)
    httpx_mock.add_response(method="PUT", url=URL, json=is_("paused"), is_optional=True)
    assert httpx.get(URL).json() == is_("in-progress")
    swallow("pause")
"""
    result = suite(tests, plugins=["pytest_httpx"])
    # The error is pytest-httpx's own: it did not expect the second read.
    result.assert_outcomes(passed=1, failed=1, errors=1)
    result.stdout.fnmatch_lines(
        ["campaign writes judged: 1 (1 legal, 0 refused)", "could not be judged: 1, and stopped"]
    )


def test_a_word_that_is_no_answer_is_refused(suite):
    """An ini option that is misspelt stops the run, whether or not the policy is on."""
    for policy in (True, False):
        result = suite("def test_it(): ...", policy=policy, ini="campaign_policy_unjudged = perhaps")
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines(["*campaign_policy_unjudged must be one of fail, allow, not 'perhaps'*"])


# What passes, and what is not seen


def test_everything_else_passes_untouched(suite):
    """Reads, other paths and streams are not judged, and redirects are answered as without the policy."""
    pytest.importorskip("respx")
    tests = """
import respx
from campaign_fsm import WriteRecord

@respx.mock
def test_it():
    get = respx.get(URL).respond(json=is_("in-progress"))
    other = respx.put("https://example.com/x").respond(text="done")
    put = respx.put(URL).respond(status_code=307, headers={"Location": "https://example.com/x"}, text="moved")
    assert httpx.get(URL).json() == is_("in-progress")
    assert get.call_count == 1
    assert httpx.put("https://example.com/x", content=iter([b"a", b"b"])).text == "done"
    assert other.calls.last.request.content == b"ab"
    answer = send("pause")
    assert (answer.status_code, answer.text) == (307, "moved")
    assert "campaign_fsm" not in answer.request.extensions
    followed = send("pause", follow_redirects=True)
    assert followed.text == "done"

@respx.mock
def test_errors():
    respx.get(URL).respond(json=is_("in-progress"))
    respx.put(URL).mock(side_effect=httpx.ConnectError)
    with pytest.raises(httpx.ConnectError):
        send("pause")

def test_the_same_request_again(respx_mock):
    answers = [httpx.Response(200, json=is_(status)) for status in ("in-progress", "paused")]
    respx_mock.get(URL).mock(side_effect=answers)
    respx_mock.put(URL).respond(json=is_("paused"))
    with httpx.Client() as client:
        request = client.build_request("PUT", URL, json={"action": "pause"})
        client.send(request)
        with pytest.raises(Exception):
            client.send(request)
"""
    result = suite(tests, plugins=["respx.plugin"])
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        ["*_ test_the_same_request_again _*", "*CF211*", "campaign writes judged: 5 (4 legal, 1 refused)"]
    )


def test_what_a_gate_above_has_judged_is_not_judged_again(suite):
    """A `CampaignClient` costs no second read; its writes and its refusals are counted, and these are no incidents."""
    pytest.importorskip("respx")
    tests = f"""
import respx
from campaign_fsm import AsyncCampaignClient, CampaignClient, IllegalTransition

@respx.mock
def test_it():
    get = respx.get(URL).respond(json=is_("in-progress"))
    put = respx.put(URL).respond(json=is_("paused"))
    with CampaignClient(account_sid="acme1", api_key="key", api_token="token", budget=0) as client:
        client.pause("{ID}")
        assert (get.call_count, put.call_count) == (1, 1)
        with pytest.raises(IllegalTransition):
            client.complete("{ID}")

    async def pause():
        async with AsyncCampaignClient(account_sid="acme1", api_key="key", api_token="token", budget=0) as client:
            await client.pause("{ID}")

    asyncio.run(pause())
    assert (get.call_count, put.call_count) == (3, 2)
"""
    result = suite(tests)
    result.assert_outcomes(passed=1)
    counted = ["campaign writes judged: 3 (2 legal, 1 refused)", "refused by a gate of the code under test: 1"]
    result.stdout.fnmatch_lines([*counted, "edges reached: *"], consecutive=True)


def test_other_transports_are_not_seen(suite):
    """A transport of the caller's own, and respx where it puts one there, pass unjudged; those of httpx are named."""
    pytest.importorskip("respx")
    tests = """
import respx

def test_mock_transport():
    assert send("complete", transport=httpx.MockTransport(lambda _: httpx.Response(200))).status_code == 200

def test_asgi():
    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})
    assert asyncio.run(asend("complete", transport=httpx.ASGITransport(app))).status_code == 200

def test_respx_using_httpx():
    with respx.mock(using="httpx") as mock:
        mock.put(URL).respond(200)
        assert send("complete").status_code == 200
"""
    result = suite(tests)
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(
        [
            "campaign writes judged: 0 (0 legal, 0 refused)",
            "nothing was judged; *campaign-fsm audit FILES",
            "1 campaign write went through httpx.ASGITransport, *",
            "*campaign write* went through httpx.MockTransport, *",
        ]
    )


def test_subclasses_and_nested_transports_are_judged_once(suite):
    """A transport that hands the request to another one is judged once; a request made on the way is another one."""
    tests = """
from campaign_fsm import Simulator, SimulatorServer

class Outer(httpx.HTTPTransport):
    def __init__(self):
        super().__init__()
        self.inner = httpx.HTTPTransport()
    def handle_request(self, request):
        return self.inner.handle_request(request)

class Busy(httpx.HTTPTransport):
    def handle_request(self, request):
        if request.method == "PUT":
            swallow("archive", str(request.url))
        return super().handle_request(request)

@pytest.fixture
def api():
    simulator = Simulator()
    with SimulatorServer(simulator) as server:
        yield simulator, f"{server.base_url}/v2/accounts/acme1/message-campaigns/{simulator.add('in-progress')}"

def test_nested(api):
    simulator, url = api
    send("pause", url, transport=Outer()).raise_for_status()
    assert [entry.method for entry in simulator.journal] == ["GET", "PUT"]

def test_another(api):
    simulator, url = api
    send("pause", url, transport=Busy()).raise_for_status()
"""
    result = suite(tests)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        ["*_ test_another _*", "*archive *CF801*", "campaign writes judged: 3 (2 legal, 1 refused)"]
    )


def test_a_permit_of_a_gate_above_is_good_for_one_send(suite):
    """A transport that sends a judged write twice: the second one is judged anew."""
    tests = """
from campaign_fsm import GuardTransport, Simulator, SimulatorServer

class Twice(httpx.BaseTransport):
    def __init__(self):
        self.inner = httpx.HTTPTransport()
    def handle_request(self, request):
        response = self.inner.handle_request(request)
        if request.method == "PUT":
            response.read()
            self.inner.handle_request(request)
        return response
    def close(self):
        self.inner.close()

def test_twice():
    simulator = Simulator()
    with SimulatorServer(simulator) as server:
        url = f"{server.base_url}/v2/accounts/acme1/message-campaigns/{simulator.add('in-progress')}"
        try:
            send("pause", url, transport=GuardTransport(Twice()))
        except Exception:
            pass
    assert [entry.method for entry in simulator.journal] == ["GET", "PUT", "GET"]
"""
    result = suite(tests)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*pause *CF211*", "campaign writes judged: 2 (1 legal, 1 refused)"])


def test_a_permit_of_a_gate_above_is_good_for_nothing_else(suite):
    """A transport that sends something else with the extensions of a judged write: that is judged for itself."""
    tests = """
from campaign_fsm import GuardTransport, Simulator, SimulatorServer

class Mirror(httpx.BaseTransport):
    def __init__(self, other):
        self.inner, self.other = httpx.HTTPTransport(), other
    def handle_request(self, request):
        if request.method == "PUT":
            copy = httpx.Request("PUT", self.other, headers={"Authorization": request.headers["Authorization"]},
                                 json={"action": "resume"}, extensions=request.extensions)
            try:
                self.inner.handle_request(copy).read()
            except Exception:
                pass
        return self.inner.handle_request(request)
    def close(self):
        self.inner.close()

def test_mirror():
    simulator = Simulator()
    with SimulatorServer(simulator) as server:
        url, other = (f"{server.base_url}/v2/accounts/acme1/message-campaigns/{simulator.add(status)}"
                      for status in ("in-progress", "completed"))
        send("pause", url, transport=GuardTransport(Mirror(other))).raise_for_status()
    assert [(entry.method, entry.legal) for entry in simulator.journal if entry.method == "PUT"] == [("PUT", True)]
"""
    result = suite(tests)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*resume *CF2*", "campaign writes judged: 2 (1 legal, 1 refused)"])


def test_the_successor_of_httpx_is_judged_too(suite):
    """Clients of `httpx2` go through the same gate, on asyncio and trio."""
    pytest.importorskip("httpx2")
    pytest.importorskip("trio")
    tests = """
import httpx2, trio
from campaign_fsm import Simulator, SimulatorServer

async def swallow2(url):
    async with httpx2.AsyncClient(auth=("key", "token")) as client:
        try:
            await client.put(url, json={"action": "archive"})
        except Exception:
            pass

@pytest.mark.parametrize("run", [lambda f, *args: asyncio.run(f(*args)), trio.run])
def test_it(run):
    simulator = Simulator()
    with SimulatorServer(simulator) as server:
        run(swallow2, f"{server.base_url}/v2/accounts/acme1/message-campaigns/{simulator.add('paused')}")
    assert all(entry.method == "GET" for entry in simulator.journal)
"""
    result = suite(tests)
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["campaign writes judged: 2 (0 legal, 2 refused)"])


def test_concurrent_writes_of_one_campaign_are_judged_one_after_the_other(suite):
    """Of many pauses at once exactly one is legal, whichever client it comes from."""
    tests = """
from concurrent.futures import ThreadPoolExecutor
from campaign_fsm import Simulator, SimulatorServer

@pytest.mark.parametrize("tasks", [True, False])
def test_it(tasks):
    simulator = Simulator()
    with SimulatorServer(simulator) as server:
        url = f"{server.base_url}/v2/accounts/acme1/message-campaigns/{simulator.add('in-progress')}"
        if tasks:
            async def all_at_once():
                await asyncio.gather(*(aswallow("pause", url) for _ in range(8)))
            asyncio.run(all_at_once())
        else:
            with ThreadPoolExecutor(8) as pool:
                list(pool.map(lambda _: swallow("pause", url), range(8)))
    assert sum(entry.method == "PUT" for entry in simulator.journal) == 1
"""
    result = suite(tests)
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["campaign writes judged: 16 (2 legal, 14 refused)"])


# The summary and the fixtures


def test_verbose_lists_what_was_not_reached(suite):
    """With -v each edge that no test has taken is listed, with its code, its status and its channel."""
    pytest.importorskip("respx")
    tests = RESPX_INSIDE.format(status="in-progress", after="paused", call="send('pause')", sent=1)
    result = suite(tests, "-v")
    listed = [line for line in result.outlines if line.startswith("  not reached: ")]
    assert len(listed) == EDGES - 1
    expected = {rule.code for rule in RULES if isinstance(rule.trigger, Action)} - {"CF103"}
    found = {re.search(r"CF1\d\d", line).group() for line in listed}
    taken = {rule.code for rule in RULES if isinstance(rule.trigger, Action)} - found
    assert len(taken) == 1
    (rule,) = (rule for rule in RULES if rule.code in taken)
    assert (rule.trigger, rule.source) == (Action.PAUSE, "in-progress")
    assert len(expected) == len(found)
    assert "  not reached: CF117 delete while created, voice only, before the start" in listed
    assert "not reached" not in suite(tests).stdout.str()


def test_the_fixtures_are_there_without_the_policy(suite):
    """`campaign_client` works on `campaign_simulator` in process, with the policy on or off."""
    tests = """
def test_it(campaign_simulator, campaign_client):
    campaign = campaign_simulator.add("in-progress")
    assert campaign_client.pause(campaign).status == "paused"
    assert campaign_simulator.status(campaign) == "paused"

def test_empty(campaign_simulator):
    assert campaign_simulator.records == {}
    assert campaign_simulator.journal == ()
"""
    for policy in (True, False):
        suite(tests, policy=policy).assert_outcomes(passed=2)


def test_the_patch_is_taken_off_at_the_end(suite):
    """After the run the transports are as they were."""
    tests = "def test_it(): assert '__getattribute__' in vars(httpx.HTTPTransport)"
    suite(tests).assert_outcomes(passed=1)
    script = """
import httpx
from campaign_fsm.testing.run_gate import RunGate
kinds = [httpx.HTTPTransport, httpx.AsyncHTTPTransport]
before = [dict(vars(kind)) for kind in kinds]
with RunGate().installed(), RunGate().installed():
    assert all("__getattribute__" in vars(kind) for kind in kinds)
assert [dict(vars(kind)) for kind in kinds] == before
"""
    subprocess.run([sys.executable, "-c", script], check=True)


def test_the_entry_point_is_declared(pytester, suite, monkeypatch):
    """Installed, the plugin is found by its entry point, and so without being asked for by name."""
    pyproject = PACKAGE.parent / "pyproject.toml"
    if not pyproject.exists():
        pytest.skip("not in a checkout")
    declared = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]["entry-points"]["pytest11"]
    assert declared == {"campaign_fsm": "campaign_fsm.testing.plugin"}
    info = pytester.mkdir("probe-1.dist-info")
    info.joinpath("METADATA").write_text("Metadata-Version: 2.1\nName: probe\nVersion: 1\n")
    info.joinpath("entry_points.txt").write_text("[pytest11]\nprobe = campaign_fsm.testing.plugin\n")
    monkeypatch.syspath_prepend(pytester.path)
    pytester.makepyfile("def test_it(campaign_simulator): assert campaign_simulator.now")
    pytester.makepyfile(run="import sys, pytest; sys.exit(pytest.main(['-q', '-p', 'probe', '--campaign-policy']))")
    result = pytester.runpython("run.py")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["campaign writes judged: 0 *"])


def test_off_the_plugin_imports_next_to_nothing(suite):
    """Where it is off, no run of pytest imports an HTTP library, hypothesis or the rest of the package for it."""
    script = """
import sys, pytest
before = set(sys.modules)
import campaign_fsm.testing.plugin
new = {name for name in set(sys.modules) - before}
assert new == {"campaign_fsm", "campaign_fsm._lazy", "campaign_fsm.testing", "campaign_fsm.testing.plugin"}, new
"""
    subprocess.run([sys.executable, "-c", script], check=True)
    tests = """
import sys

def test_it():
    assert not {name for name in sys.modules if name.startswith(("campaign_fsm", "hypothesis"))} - {
        "campaign_fsm", "campaign_fsm._lazy", "campaign_fsm.testing", "campaign_fsm.testing.plugin"
    }
"""
    suite(tests, policy=False, cold=True).assert_outcomes(passed=1)


TEAM = MONKEYPATCH.format(status="in-progress", after="paused", call="send('pause')", sent=0)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("campaign-fsm.toml", "forbid = ['pause']\n"),
        ("pyproject.toml", "[tool.campaign-fsm]\nforbid = ['pause']\n"),
        ("pyproject.toml", "[project]\nname = 'x'\n"),
    ],
)
def test_what_the_teams_configuration_forbids_fails_a_test(suite, pytester, name, text):
    """From the project's own file; without one the life cycle alone counts."""
    (pytester.path / name).write_text(text)
    result = suite(TEAM)
    if "forbid" in text:
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(["*CF701*"])
    else:
        result.stdout.no_fnmatch_line("*CF701*")


def test_a_configuration_that_cannot_be_understood_stops_the_run(suite, pytester):
    """With its file and line; nothing runs under a policy that nobody can read."""
    (pytester.path / "campaign-fsm.toml").write_text("forbidd = ['pause']\n")
    result = suite("def test_it(): pass\n")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*campaign-fsm.toml:1: forbidd: there is no such key; did you mean forbid*"])


# --- what got past an earlier version

SERVER = """
from campaign_fsm import CampaignClient, GuardTransport
from campaign_fsm.simulator import Simulator, SimulatorServer

@pytest.fixture
def served():
    simulator = Simulator()
    simulator.add("in-progress", id="c1")
    with SimulatorServer(simulator) as server:
        yield simulator, server.base_url, f"{server.base_url}/v2/accounts/{simulator.account_sid}/message-campaigns/c1"
"""


def test_the_team_counts_above_a_gate_too(suite, pytester):
    """What the package's own client sends is asked about as well."""
    (pytester.path / "campaign-fsm.toml").write_text("forbid = ['pause']\n")
    tests = """
def test_it(served):
    simulator, base, url = served
    given = {"account_sid": simulator.account_sid, "api_key": "key", "api_token": "token"}
    with CampaignClient(base_url=base, **given) as client:
        try:
            client.pause("c1")
        except Exception:
            pass
    assert simulator.status("c1") == "in-progress"
"""
    result = suite(SERVER + tests)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*CF701*"])


def test_a_request_that_is_sent_again_is_judged_again(suite):
    """What a gate has let through once says nothing of the next time."""
    tests = """
def test_it(served):
    simulator, base, url = served
    request = httpx.Request("PUT", url, json={"action": "pause"}, headers={"Authorization": "Basic a2V5OnRva2Vu"})
    with httpx.Client(transport=GuardTransport(httpx.HTTPTransport())) as client:
        assert client.send(request).status_code == 200
    simulator.move("c1", "completed")
    with httpx.Client() as plain:
        try:
            plain.send(request)
        except Exception:
            pass
"""
    result = suite(SERVER + tests)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*CF221*"])


def test_an_expected_failure_hides_nothing_illegal(suite):
    """A test that fails for another reason, as expected, and has sent something illegal, fails."""
    tests = """
@pytest.mark.xfail(raises=AssertionError)
def test_it(served):
    simulator, base, url = served
    swallow("complete", url)
    assert False
"""
    suite(SERVER + tests).assert_outcomes(failed=1)


# --- what a reader sees first


def test_a_traceback_ends_in_the_code_under_test(suite):
    """It begins with the test's own line, also of a refusal that was swallowed, and has no line of a library."""
    pytest.importorskip("respx")
    tests = """
import respx

@pytest.fixture(autouse=True)
def api():
    with respx.mock(assert_all_called=False) as mock:
        mock.get(URL).respond(json=is_("in-progress"))
        yield mock

def test_raises():
    send("complete")  # raised

def test_swallows():
    swallow("complete")  # swallowed

def test_expects():
    with pytest.raises(Exception):
        send("complete")  # expected

def test_thread():
    import threading
    thread = threading.Thread(target=swallow, args=["complete"])
    thread.start()
    thread.join()
"""
    result = suite(tests, "--tb=short")
    result.assert_outcomes(failed=4)
    line = f"app.py:{SWALLOW_LINE}: in send"
    shown = [text for mark in ("raised", "swallowed", "expected") for text in (f'*"complete")  # {mark}', line, "E *")]
    result.stdout.fnmatch_lines([*shown, line, "E *"])
    short = "- *CF224* complete while in-progress: *"
    result.stdout.fnmatch_lines([f"FAILED test_it.py::test_{name} {short}" for name in ("raises", "swallows")])
    for library in ("httpx", "respx", "threading.py", "run_gate.py", "judging.py", "_pytest"):
        assert library not in "".join(text for text in result.outlines if ": in " in text)
    full = suite(tests, "--tb=short", "--full-trace").stdout.str()
    assert "judging.py" in full
    result = suite(tests, "--tb=line")
    assert sum(f"app.py:{SWALLOW_LINE}: [CF224] complete while in-progress: " in text for text in result.outlines) == 4


# --- what is counted


def test_the_simulator_in_process_is_judged(suite):
    """Its fixtures, and raw clients on its transport: each write is counted once, and an illegal one fails its test."""
    tests = """
from campaign_fsm import IllegalTransition, SimulatorTransport

def test_fixtures(campaign_simulator, campaign_client):
    campaign = campaign_simulator.add("in-progress")
    with pytest.raises(IllegalTransition):
        campaign_client.complete(campaign)
    campaign_client.pause(campaign)
    campaign_client.complete(campaign)

@pytest.mark.parametrize("asks", [send, swallow, lambda *a, **k: asyncio.run(aswallow(*a, **k))])
def test_raw(campaign_simulator, asks):
    account = campaign_simulator.account_sid
    campaign = campaign_simulator.add("in-progress")
    url = f"https://api.exotel.com/v2/accounts/{account}/message-campaigns/{campaign}"
    asks("complete", url, transport=SimulatorTransport(campaign_simulator))
"""
    result = suite(tests)
    result.assert_outcomes(passed=1, failed=3)
    result.stdout.fnmatch_lines(
        ["campaign writes judged: 6 (2 legal, 4 refused)", "refused by a gate of the code under test: 1"]
    )
    result.stdout.no_fnmatch_line("nothing was judged*")


UNSEEN = """
import os
from campaign_fsm import CampaignClient

@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_fork():
    child = os.fork()
    if not child:
        os._exit(0)
    os.waitpid(child, 0)

@pytest.mark.parametrize("number", range(2))
def test_mock(number):
    mock = httpx.MockTransport(lambda request: httpx.Response(200, json=is_("in-progress")))
    send("complete", transport=mock)

def test_mock_below_a_gate():
    shown = iter(["in-progress", "paused"])
    mock = httpx.MockTransport(lambda request: httpx.Response(200, json=is_(next(shown))))
    with CampaignClient(account_sid="acme1", api_key="key", api_token="token", budget=0, transport=mock) as client:
        client.pause("90dad70b939f469fbf8b801660148272")

def test_outside(tmp_path):
    httpx.MockTransport(lambda request: httpx.Response(200)).handle_request(httpx.Request("PUT", "https://example.com/"))
"""


@pytest.mark.parametrize("workers", [(), pytest.param(("-n2",), marks=pytest.mark.long)], ids=["one process", "xdist"])
def test_what_was_not_seen_is_told(suite, workers):
    """Child processes and campaign writes that went past the gate; the numbers of workers are added."""
    if workers:
        pytest.importorskip("xdist")
    result = suite(
        UNSEEN, *workers, "--campaign-policy-min=2", "--campaign-coverage=c.json", plugins=["xdist"] if workers else ()
    )
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(passed=5)
    result.stdout.fnmatch_lines(
        [
            "campaign writes judged: 1 (1 legal, 0 refused)",
            "2 campaign writes went through httpx.MockTransport, where nothing is judged",
            "1 child process was forked; its requests are not in these numbers",
            f"edges reached: 1 of {EDGES}",
            "too few campaign writes: 1 judged, at least 2 wanted *",
        ]
    )
    assert sum(json.loads(Path("c.json").read_text())["edges"].values()) == 1


@pytest.mark.long
def test_a_worker_that_crashes_is_told(suite):
    """Its numbers are missing, and those of the others are there."""
    pytest.importorskip("xdist")
    tests = """
import os

def test_crash():
    os._exit(1)

def test_fine(campaign_simulator, campaign_client):
    campaign_client.pause(campaign_simulator.add("in-progress"))
"""
    result = suite(tests, "-n2", plugins=["xdist"])
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["workers that ended without a report: 1; *"])


def test_a_minimum_that_is_reached_fails_nothing(suite):
    """Refused writes were judged, too; what it is about can be said in the ini file."""
    tests = """
from campaign_fsm import IllegalTransition

def test_it(campaign_simulator, campaign_client):
    campaign = campaign_simulator.add("in-progress")
    with pytest.raises(IllegalTransition):
        campaign_client.complete(campaign)
    campaign_client.pause(campaign)
"""
    assert suite(tests, ini="campaign_policy_min = 2").ret == pytest.ExitCode.OK
    assert suite(tests, ini="campaign_policy_min = 3").ret == pytest.ExitCode.TESTS_FAILED
    assert suite(tests, "--campaign-policy-min=2", ini="campaign_policy_min = 3").ret == pytest.ExitCode.OK
    assert suite(tests, "--collect-only", ini="campaign_policy_min = 3").ret == pytest.ExitCode.OK
    assert suite(tests, ini="campaign_policy_min = 3", policy=False).ret == pytest.ExitCode.OK


@pytest.mark.parametrize(
    ("args", "policy"),
    [
        (["--campaign-policy-min=x"], True),
        (["--campaign-policy-min="], True),
        ([f"--campaign-policy-min={'9' * 5000}"], True),
        (["--campaign-policy-min=1"], False),
    ],
)
def test_a_minimum_that_cannot_be_held_stops_the_run(suite, args, policy):
    """No number, as an unset variable of a shell is none, or nobody counts."""
    result = suite("def test_it(): pass\n", *args, policy=policy)
    assert result.ret == pytest.ExitCode.USAGE_ERROR


@pytest.mark.skipif(sys.platform == "win32", reason="hard links")
def test_coverage_is_written_as_a_whole(suite, pytester):
    """Aside, and moved: whoever holds the old file reads the old one."""
    old = '{"campaign_fsm_coverage": 1}'
    (pytester.path / "cover.json").write_text(old)
    os.link(pytester.path / "cover.json", pytester.path / "held.json")
    suite("def test_it(): pass\n", "--campaign-coverage=cover.json")
    assert json.loads((pytester.path / "cover.json").read_text())["edges"] == {}
    assert (pytester.path / "held.json").read_text() == old

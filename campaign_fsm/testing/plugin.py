"""The pytest plugin: two fixtures, and the campaign policy for whoever asks for it.

With ``--campaign-policy`` or the ini option ``campaign_policy = true`` every campaign request of the
run that goes through an `httpx.HTTPTransport` or an `httpx.AsyncHTTPTransport` (all clients have one,
unless they are given a ``transport=``) is judged by the gate, with the answers that the test's own
mock, cassette or server gives. A test that would have sent something illegal fails with the `Refused`
error, even if the code under test has swallowed it. What the project's ``campaign-fsm.toml`` or
``[tool.campaign-fsm]`` forbids counts too.

To judge a write the gate reads the campaign first, from the same mock. That read is a request like any
other: it counts in ``respx.calls`` and ``httpx_mock.get_requests()``, and takes a recorded answer. So a
mock has to answer a ``GET`` of the campaign:

- respx: a route for the ``GET``. Both of its fixtures and the decorator are seen; ``using="httpx"`` is
  not, because there it puts a transport of its own in the place of the client's.
- pytest-httpx: a response for the ``GET``, with ``is_reusable=True`` where the code under test reads too.
- vcrpy: cassettes are to be recorded with the policy on, so that its reads are in them.

Where the status cannot be read, the write "could not be judged" and the test fails; with
``campaign_policy_unjudged = allow`` the write is passed on as it is and counted. (pytest-httpx then
still complains of the read that it did not expect, unless the test is marked
``httpx_mock(assert_all_requests_were_expected=False)``.)

Not seen: requests of `httpx.MockTransport`, `httpx.ASGITransport`, `httpx.WSGITransport` and other
transports, also those of the fixtures here; what a subclass of `httpx.HTTPTransport` does to a request
on its way down; and other HTTP libraries than `httpx` and `httpx2`. Requests that a gate above has
judged, such as those of `CampaignClient`, are counted and not judged again. With pytest-xdist each
worker judges for itself, and no summary is shown.

``--campaign-coverage FILE`` writes which edges of the life cycle the tests reached, and how often, for
``campaign-fsm diagram --view coverage --history FILE``.

The marker ``campaign_policy_off`` turns it off for a test that sends something illegal on purpose.
"""

# Every pytest run of an environment that has the package imports this module: it imports next to nothing.

from __future__ import annotations

import json
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from campaign_fsm.client import CampaignClient
    from campaign_fsm.errors import Refused
    from campaign_fsm.policy import Policy
    from campaign_fsm.simulator import Simulator
    from campaign_fsm.testing.run_gate import Incident, RunGate

_UNJUDGED = ("fail", "allow")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("campaign_fsm")
    group.addoption(
        "--campaign-policy",
        action="store_true",
        default=False,
        help="Judge every campaign request of the run, and fail tests that would send something illegal.",
    )
    group.addoption(
        "--campaign-coverage",
        metavar="FILE",
        help="Write how often each edge of the life cycle was reached, for campaign-fsm diagram --view coverage. "
        "Goes with --campaign-policy.",
    )
    parser.addini("campaign_policy", "As --campaign-policy.", type="bool", default=False)
    parser.addini(
        "campaign_policy_unjudged",
        "What becomes of a campaign write whose status cannot be read: 'fail' or 'allow'.",
        default="fail",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "campaign_policy_off: campaign requests of this test are not judged.")
    unjudged = config.getini("campaign_policy_unjudged")
    if unjudged not in _UNJUDGED:
        raise pytest.UsageError(f"campaign_policy_unjudged is one of {', '.join(_UNJUDGED)}, not {unjudged!r}")
    on = config.getoption("--campaign-policy") or config.getini("campaign_policy")
    if config.getoption("--campaign-coverage"):
        if not on:
            raise pytest.UsageError("--campaign-coverage counts what --campaign-policy judges; give both")
        if config.getoption("dist", "no") != "no":
            raise pytest.UsageError("--campaign-coverage does not go with pytest-xdist: each worker counts for itself")
        _refuse_what_is_no_coverage(Path(config.getoption("--campaign-coverage")))
    if on:
        from contextlib import ExitStack

        from campaign_fsm.testing.run_gate import RunGate

        gate = RunGate(allow_unjudged=unjudged == "allow", team=_team(config))
        stack = ExitStack()
        stack.enter_context(gate.installed())
        config.add_cleanup(stack.close)
        config.pluginmanager.register(_Watch(gate), "campaign_policy")


def _refuse_what_is_no_coverage(path: Path) -> None:
    """A file with anything else in it, such as a test or a recording, is not written over."""
    try:
        start = path.read_bytes()[:200] if path.is_file() else b""
    except OSError as error:
        raise pytest.UsageError(f"{path} cannot be read: {error.strerror or error}") from None
    if start and b'"campaign_fsm_coverage"' not in start:
        raise pytest.UsageError(
            f"{path} is no coverage, and is not written over; give --campaign-coverage another name"
        )


def _team(config: pytest.Config) -> Policy | None:
    """What the project's configuration forbids."""
    from campaign_fsm.errors import PolicyError
    from campaign_fsm.policy import load_nearest

    try:
        found = load_nearest(config.rootpath)
    except PolicyError as error:
        raise pytest.UsageError(str(error)) from None
    return found.policy if found else None


@pytest.fixture
def campaign_simulator() -> Simulator:
    """A simulated account, empty."""
    from campaign_fsm.simulator import Simulator

    return Simulator()


@pytest.fixture
def campaign_client(campaign_simulator: Simulator) -> Iterator[CampaignClient]:
    """A guarded client of the simulated account, in process."""
    from campaign_fsm.client import CampaignClient
    from campaign_fsm.simulator import SimulatorTransport

    with CampaignClient(
        account_sid=campaign_simulator.account_sid,
        api_key=campaign_simulator.api_key,
        api_token=campaign_simulator.api_token,
        transport=SimulatorTransport(campaign_simulator),
    ) as client:
        yield client


class _Watch:
    """Reports to tests what they would have sent, and to the terminal all of it."""

    def __init__(self, gate: RunGate) -> None:
        self._gate = gate
        self._stray: list[Incident] = []
        self._illegal: set[str] = set()

    def _phase(self, item: pytest.Item) -> Generator[None, object, object]:
        __tracebackhide__ = True
        self._stray += self._gate.take()
        self._gate.test = item.nodeid
        self._gate.off = item.get_closest_marker("campaign_policy_off") is not None
        try:
            result = yield
        except (pytest.skip.Exception, pytest.xfail.Exception) as skipped:
            if incidents := self._gate.take():
                raise _noted(_bare(incidents[0].refusal), incidents) from skipped
            raise
        except (Exception, pytest.fail.Exception) as error:
            incidents = self._gate.take()
            if incidents:
                self._illegal.add(item.nodeid)
            _noted(error, incidents)
            raise
        finally:
            self._gate.test, self._gate.off = None, False
        if incidents := self._gate.take():
            self._illegal.add(item.nodeid)
            raise _noted(_bare(incidents[0].refusal), incidents)
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, object, object]:
        __tracebackhide__ = True
        self._gate.next_test()
        return (yield from self._phase(item))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        from campaign_fsm.errors import Refused

        # A failure that is expected for another reason hides nothing illegal; a refusal may be what is expected.
        refused = call.excinfo is not None and isinstance(call.excinfo.value, Refused)
        if item.nodeid in self._illegal and not refused and hasattr(report, "wasxfail"):
            del report.wasxfail
            report.outcome = "failed"
        return report

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        __tracebackhide__ = True
        return (yield from self._phase(item))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, object, object]:
        __tracebackhide__ = True
        return (yield from self._phase(item))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        self._stray += self._gate.take()
        if self._stray and session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        if path := session.config.getoption("--campaign-coverage"):
            try:
                self._write_coverage(Path(path))
            except OSError as error:
                raise pytest.UsageError(f"{path} cannot be written: {error.strerror or error}") from None

    def _write_coverage(self, path: Path) -> None:
        from campaign_fsm.files import write_whole

        edges = {code: number for code, number in sorted(self._gate.edges.items()) if number}
        write_whole(path, (json.dumps({"campaign_fsm_coverage": 1, "edges": edges}, indent=1) + "\n").encode())

    def pytest_report_header(self) -> str:
        unjudged = "passed on" if self._gate.allow_unjudged else "an error"
        return f"campaign policy: on; a write that cannot be judged is {unjudged}"

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
        if config.getoption("dist", "no") != "no":
            return
        from campaign_fsm.testing.run_gate import EDGES

        gate, show = self._gate, terminalreporter
        unjudged = sum(incident.unjudged for incident in gate.incidents)
        refused = len(gate.incidents) - unjudged
        legal = gate.edges.total()
        show.section("campaign policy")
        show.line(f"campaign writes judged: {legal + refused} ({legal} legal, {refused} refused)")
        if unjudged:
            end = "passed on" if gate.allow_unjudged else "stopped"
            show.line(f"could not be judged: {unjudged}, and {end}", yellow=True)
        for incident in gate.incidents:
            show.line(f"{incident.test or 'outside of tests'}: {incident}", red=not incident.passed_on)
        reached = [code for code in EDGES if gate.edges[code]]
        show.line(f"edges reached: {len(reached)} of {len(EDGES)}")
        if config.get_verbosity() > 0:
            for code, rule in EDGES.items():
                if code not in reached:
                    kinds = "" if len(rule.channels) > 1 else f", {', '.join(rule.channels)} only"
                    started = {None: "", True: ", after the start", False: ", before the start"}[rule.started]
                    show.line(f"  not reached: {code} {rule.trigger} while {rule.source or 'new'}{kinds}{started}")


def _bare(refusal: Refused) -> Refused:
    """The error without the way that it took through the gate: the place is in its note."""
    return refusal.with_traceback(None)


def _noted(error: BaseException, incidents: list[Incident]) -> BaseException:
    """The error, with what was refused and where."""
    for incident in incidents:
        error.add_note(f"campaign policy: {incident.brief if incident.refusal is error else incident}")
    return error

"""The pytest plugin: two fixtures, and with ``--campaign-policy`` the campaign policy.

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

`SimulatorTransport` is judged like a network transport. Requests that a gate above has judged, such as those of
`CampaignClient` and the fixture `campaign_client`, are counted and not judged again.

Not seen: requests of `httpx.MockTransport`, `httpx.ASGITransport`, `httpx.WSGITransport` (campaign writes through these
are counted, and the summary says so) and other transports; what a subclass of `httpx.HTTPTransport` does to a request
on its way down; other HTTP libraries than `httpx` and `httpx2`; and what child processes send. Those that are forked
are counted, where the system reports forks.

The run ends with a summary. ``--campaign-policy-min N`` or ``campaign_policy_min = N`` fails it if fewer than N
campaign writes were judged. With pytest-xdist each worker judges for itself, and the numbers are added.

``--campaign-coverage FILE`` writes which edges of the life cycle the tests reached, and how often, for
``campaign-fsm diagram --view coverage --history FILE``.

The marker ``campaign_policy_off`` turns it off for a test that sends something illegal on purpose.
"""

# Every pytest run of an environment that has the package imports this module: it imports next to nothing.

from __future__ import annotations

import json
import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from campaign_fsm.client import CampaignClient
    from campaign_fsm.policy import Policy
    from campaign_fsm.simulator import Simulator
    from campaign_fsm.testing.run_gate import Incident, RunGate

__all__ = ["campaign_client", "campaign_simulator"]

_UNJUDGED = ("fail", "allow")
_UNJUDGED_ADVICE = (
    "a write is judged by a read of the campaign before it. Record the cassette again with --campaign-policy; "
    "with respx or pytest-httpx add an answer to a GET of the campaign"
)
_TALLY = "campaign_policy"
_COVERAGE = "campaign_fsm_coverage"
_LARGEST = 1024 * 1024


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
    group.addoption(
        "--campaign-policy-min",
        metavar="N",
        help="Fail the run if fewer than N campaign writes were judged. Goes with --campaign-policy.",
    )
    parser.addini("campaign_policy_min", "As --campaign-policy-min.", default="0")
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
        raise pytest.UsageError(f"campaign_policy_unjudged must be one of {', '.join(_UNJUDGED)}, not {unjudged!r}")
    on = config.getoption("--campaign-policy") or config.getini("campaign_policy")
    for option in ("--campaign-coverage", "--campaign-policy-min"):
        if config.getoption(option) is not None and not on:
            raise pytest.UsageError(f"{option} counts what --campaign-policy judges; give both")
    least = config.getoption("--campaign-policy-min")
    if least is None:
        least = config.getini("campaign_policy_min")
    # An unset variable of a shell is none, and Python reads no number of thousands of digits.
    if not (least.isdecimal() and len(least) < 10):
        raise pytest.UsageError(f"campaign_policy_min must be a number of campaign writes, not {least[:20]!r}")
    if config.getoption("--campaign-coverage") is not None:
        _refuse_what_cannot_be_coverage(Path(config.getoption("--campaign-coverage")))
    if on:
        from contextlib import ExitStack

        from campaign_fsm.testing.run_gate import RunGate

        gate = RunGate(allow_unjudged=unjudged == "allow", team=_team(config))
        stack = ExitStack()
        stack.enter_context(gate.installed())
        config.add_cleanup(stack.close)
        config.pluginmanager.register(_Watch(gate, int(least)), "campaign_policy")


def _refuse_what_cannot_be_coverage(path: Path) -> None:
    """Before the run: what could not be written after it, and a file with anything else in it, such as a recording."""
    folder, data = Path(os.path.realpath(path)).parent, b""
    try:
        whole = path.is_file() or not path.exists()  # and no device or pipe
        if path.is_dir() or (whole and not (folder.is_dir() and os.access(folder, os.W_OK))):
            raise pytest.UsageError(
                f"{path} cannot be written: it is a folder, or its folder is missing or cannot be written to"
            )
        if path.is_file():
            with path.open("rb") as file:
                data = file.read(_LARGEST)
    except OSError as error:
        raise pytest.UsageError(f"{path} cannot be read: {error.strerror or error}") from None
    try:
        known = json.loads(data) if data else {}
    except (ValueError, RecursionError):
        known = None
    if data and not (isinstance(known, dict) and {_COVERAGE} <= known.keys() <= {_COVERAGE, "edges"}):
        raise pytest.UsageError(
            f"{path} is no coverage file, so it is not replaced; give --campaign-coverage another name"
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
    """A `Simulator` without campaigns."""
    from campaign_fsm.simulator import Simulator

    return Simulator()


@pytest.fixture
def campaign_client(campaign_simulator: Simulator) -> Iterator[CampaignClient]:
    """A `CampaignClient` of `campaign_simulator`, in process. A test may ask for both."""
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

    def __init__(self, gate: RunGate, least: int) -> None:
        from campaign_fsm.testing.tally import Tally

        self._gate = gate
        self._tally = Tally()
        self._least = least
        self._workers = 0
        self._stray: list[Incident] = []
        self._shown: list[Incident] = []
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
                raise self._error(incidents) from skipped
            raise
        except (Exception, pytest.fail.Exception) as error:
            incidents = self._gate.take()
            self._shown += incidents
            if incidents:
                self._illegal.add(item.nodeid)
            if _is_refusal(error) and not item.config.getoption("fulltrace"):
                from campaign_fsm.testing.run_gate import end_at_the_caller

                end_at_the_caller(error)
            _noted(error, incidents)
            raise
        finally:
            self._gate.test, self._gate.off = None, False
        if incidents := self._gate.take():
            self._illegal.add(item.nodeid)
            raise self._error(incidents)
        return result

    def _error(self, incidents: list[Incident]) -> BaseException:
        """The first refusal, as an error of the code under test."""
        self._shown += incidents
        return _noted(incidents[0].refusal.with_traceback(incidents[0].way), incidents)

    def pytest_runtest_logfinish(self) -> None:
        # What is kept for the summary holds nothing of a test alive.
        for incident in self._shown:
            incident.way = incident.refusal.__traceback__ = None
        self._shown.clear()

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
        error = call.excinfo.value if call.excinfo is not None else None
        # A failure that is expected for another reason hides nothing illegal; a refusal may be what is expected.
        if item.nodeid in self._illegal and not _is_refusal(error) and hasattr(report, "wasxfail"):
            del report.wasxfail
            report.outcome = "failed"
        crash = getattr(report.longrepr, "reprcrash", None)
        if crash is not None and _is_refusal(error):
            crash.message = _short(error)  # of which the end of the run shows some fifty characters
        return report

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        __tracebackhide__ = True
        return (yield from self._phase(item))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, object, object]:
        __tracebackhide__ = True
        return (yield from self._phase(item))

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self) -> None:
        """A worker of pytest-xdist begins."""
        self._workers += 1

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """A worker has ended; one that crashed has told nothing."""
        packed = getattr(node, "workeroutput", {}).get(_TALLY)
        if packed is not None:
            self._workers -= 1
            self._tally.add(packed)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        self._stray += self._gate.take()
        tally = self._gate.tally()
        tally.strays = len(self._stray)
        output = getattr(session.config, "workeroutput", None)
        if output is not None:
            output[_TALLY] = tally.packed()
            return
        self._tally.add(tally.packed())
        few = self._tally.judged < self._least and not session.config.getoption("collectonly")
        if (self._tally.strays or few) and session.exitstatus in (
            pytest.ExitCode.OK,
            pytest.ExitCode.NO_TESTS_COLLECTED,
        ):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        path = session.config.getoption("--campaign-coverage")
        if path and not session.config.getoption("collectonly"):
            try:
                self._write_coverage(path)
            except OSError as error:
                raise pytest.UsageError(f"{path} cannot be written: {error.strerror or error}") from None

    def _write_coverage(self, path: str) -> None:
        from campaign_fsm.files import write_whole

        edges = {code: number for code, number in sorted(self._tally.edges.items()) if number}
        write_whole(path, json.dumps({_COVERAGE: 1, "edges": edges}, indent=1).encode() + b"\n")

    def pytest_report_header(self) -> str:
        unjudged = "passed on" if self._gate.allow_unjudged else "an error"
        return f"campaign policy: on; a write that cannot be judged is {unjudged}"

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
        show = terminalreporter
        show.section("campaign policy")
        verbose = config.get_verbosity() > 0
        for line, markup in self._tally.lines(allow_unjudged=self._gate.allow_unjudged, verbose=verbose):
            show.line(line, **markup)
        if self._workers:
            show.line(
                f"workers that ended without a report: {self._workers}; theirs is not in these numbers", yellow=True
            )
        if self._tally.judged < self._least and not config.getoption("collectonly"):
            judged = f"{self._tally.judged} judged, at least {self._least} wanted"
            show.line(f"too few campaign writes: {judged} (campaign_policy_min)", red=True)


def _is_refusal(error: BaseException | None) -> bool:
    from campaign_fsm.errors import Refused

    return isinstance(error, Refused)


def _short(error: Any) -> str:
    """A refusal with what is most of use first: its code, the action, the status."""
    while_ = f" while {error.raw_status or error.status}" if error.raw_status or error.status else ""
    return f"[{error.code}] {error.action or 'write'}{while_}: {error.reason}"


def _noted(error: BaseException, incidents: list[Incident]) -> BaseException:
    """The error, with what was refused and where."""
    for incident in incidents:
        error.add_note(f"campaign policy: {incident.brief if incident.refusal is error else incident}")
    if any(incident.refusal.code == "CF501" for incident in incidents):
        error.add_note(f"campaign policy: {_UNJUDGED_ADVICE}")
    return error

"""The fuzz command in small, and that it can find something."""

import json
import random
import subprocess
import sys
from pathlib import Path

import fuzz
import pytest
from attrs import evolve

from campaign_fsm import verdict
from campaign_fsm.rules import Action, Status
from campaign_fsm.wire.intent import read_intent
from campaign_fsm.wire.reading import Reading

CASES = 6000


def test_arbitrary_bytes_find_nothing():
    """A few thousand cases from a fixed seed, and every kind of outcome among them."""
    counts = fuzz.run(1, cases=CASES)
    print(dict(counts))
    assert counts.total() == CASES
    for came in ("pause", "complete", "resume", "delete", "create", "unjudged", "a read", "CF401", "CF409", "CF410"):
        assert counts[came], f"{came} was never met"
    for came in ("gate sent", "gate IllegalTransition", "gate StatusUnavailable", "gate UnreadableRequest"):
        assert counts[came], f"{came} was never met"
    for name, *_ in fuzz.READERS:
        assert counts[f"{name} read"], f"{name} never read anything"


def last_key_wins(request):
    """A broken reader: of two keys it takes the last one, and says nothing."""
    return read_intent(evolve(request, body=json.dumps(json.loads(request.body)).encode()))


def test_a_reader_that_takes_the_last_of_two_keys_is_found_out():
    """Other servers take the first, or fold the case of keys."""
    case = {"body": b'{"action": "pause", "action": "complete"}'}
    assert fuzz.check_request(case) == "CF410"
    with pytest.raises(fuzz.Finding, match="lax readers see"):
        fuzz.check_request(case, read=last_key_wins)


@pytest.mark.parametrize(
    "case",
    [
        {"target": "/V2/accounts/acme1/campaigns/a1"},
        {"target": "/v2/accounts/acme1/c%61mpaigns/a1"},
        {"target": "/v2//accounts/acme1/campaigns/a1"},
        {"target": "/v2/accounts/acme1/c%u0061mpaigns/a1"},
        {"target": "/v2/accounts/acme1/c%c1%a1mpaigns/a1"},
        {"target": "/v2/accounts/acme1/campaigns%ff/a1"},
        {"target": "/v2/accounts/acme1/campaigns%00x/a1"},
        {"target": "/v2/accounts/acme1/campaigns.json/a1"},
        {"target": "/v3/accounts/acme1/campaigns/a1"},
        {
            "method": "POST",
            "target": "/v2/accounts/acme1/campaigns/a1",
            "headers": [(b"X-HTTP-Method-Override", b"PUT")],
        },
    ],
)
def test_a_reader_that_lets_an_odd_path_pass_is_found_out(case):
    """What some server takes for a campaign has to be judged."""
    assert fuzz.check_request(case).startswith("CF")
    with pytest.raises(fuzz.Finding, match="let through unjudged"):
        fuzz.check_request(case, read=lambda request: None)


def test_a_reader_that_takes_one_action_for_another_is_found_out():
    """The lax readers are not our own."""

    def wrong(request):
        return evolve(read_intent(request), action=Action.ARCHIVE)

    with pytest.raises(fuzz.Finding, match="archive"):
        fuzz.check_request({"body": b'{"action": "pause"}'}, read=wrong)


def test_a_gate_that_takes_every_status_for_a_legal_one_is_found_out(monkeypatch):
    """The typed oracle, and not our own table, says what may be sent."""
    ask = verdict.judge
    completed = Reading(Status.COMPLETED, "completed", {}, None, None, None)
    monkeypatch.setattr(
        "campaign_fsm.gate.judging.judge", lambda intent, _, now, **how: ask(intent, completed, now, **how)
    )
    found = 0
    for number in range(100):
        try:
            fuzz.check_gate(random.Random(number), {"body": b'{"action": "archive"}'})
        except fuzz.Finding as finding:
            found += "was sent although" in str(finding)
    assert found > 20


def test_what_a_reader_raises_beside_its_promise_is_a_finding(monkeypatch):
    """With the seed and the case that make it again."""

    def broken(body):
        raise KeyError("broken")

    monkeypatch.setattr(fuzz, "READERS", [("item", broken, (), fuzz.ANSWERS)])
    with pytest.raises(fuzz.Finding, match=r"--seed 3 --case \d+: KeyError"):
        fuzz.run(3, cases=50, only="answers")


def test_the_command_is_bounded_and_says_what_it_did():
    """Exit 0 with counts; a case can be made again."""
    command = [sys.executable, str(Path(fuzz.__file__)), "--seed", "4"]
    done = subprocess.run([*command, "--seconds", "0.5"], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "cases, nothing found" in done.stdout
    again = subprocess.run([*command, "--case", "20"], capture_output=True, text=True, timeout=60, check=False)
    assert (again.returncode, "21  cases" in again.stdout) == (0, True)

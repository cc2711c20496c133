"""Runbooks: what a planned operation is judged as, and what a wrong file is told."""

import io
import json

import pytest

from campaign_fsm.audit.auditor import Auditor
from campaign_fsm.audit.observation import Options
from campaign_fsm.policy import Policy, Scope
from campaign_fsm.rules import Action
from campaign_fsm.traffic import UnreadableRecording
from campaign_fsm.traffic.runbook import read_runbook

PLAN = """\
runbook: 1
title: After Diwali
campaigns:
  - campaign: camp_abc123
    channel: voice
    name: diwali-offers
    status: in-progress
    steps:
      - complete
      - pause
      - action: complete
        confirmed: true
        at: 2026-11-23T22:00:00+05:30
      - archive
      - resume
  - channel: voice
    steps:
      - action: create
        parameters: {caller_id: "080", lists: [a1], throttle: 0, call_duplicate_numbers: true, name: "x"}
"""
TOML = """\
runbook = 1
[[campaigns]]
campaign = "a1"
status = "paused"
end = 2026-11-23T22:00:00+05:30
steps = ["resume", {action = "archive", at = 2026-11-23T22:00:00+05:30}]
"""


def plan(text, path="plan.yaml"):
    return list(read_runbook(path, io.BytesIO(text.encode())))


def told(text, path="plan.yaml", **settings):
    auditor = Auditor(Options(path=path, **settings))
    return [(f.code, f.place.line) for exchange in plan(text, path) for f in auditor.feed(exchange)]


def test_a_plan_is_judged_step_by_step():
    """As if each step that is legal took effect; what is not is skipped, and the parameters are checked."""
    assert told(PLAN) == [("CF224", 9), ("CF223", 15), ("CF606", 18)]


def test_the_platform_does_nothing_to_a_plan():
    """What may become legal by itself is not legal by plan."""
    text = PLAN.partition("      - pause")[0]
    assert told(text) == [("CF224", 9)]


def test_a_policy_holds_for_plans_too():
    """With the confirmation that is written down, and the name."""
    policy = Policy(scopes=(Scope(("diwali*",), confirm=frozenset({Action.COMPLETE, Action.ARCHIVE})),))
    assert ("CF702", 14) in told(PLAN, policy=policy)
    assert ("CF702", 11) not in told(PLAN, policy=policy)


def test_a_plan_from_nowhere_cannot_be_judged():
    """With strict it is a finding."""
    text = "runbook: 1\ncampaigns:\n  - campaign: a1\n    steps: [pause]\n"
    assert told(text) == []
    assert told(text, strict=True) == [("CF605", 4)]


def test_toml_and_json_say_the_same():
    """JSON with its lines, TOML with the number of the step."""
    document = {
        "runbook": 1,
        "campaigns": [{"campaign": "a1", "status": "paused", "steps": ["resume", {"action": "archive"}]}],
    }
    assert told(json.dumps(document, indent=1), "plan.json") == [("CF226", 9)]
    auditor = Auditor(Options(path="plan.toml", by_entry=True))
    found = [finding for exchange in plan(TOML, "plan.toml") for finding in auditor.feed(exchange)]
    assert [(finding.code, finding.place.entry) for finding in found] == [("CF226", 2)]
    assert found[0].at == "2026-11-23T22:00:00+05:30"


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("- a\n", 0, "it is no mapping with runbook and campaigns"),
        ("runbook: 2\ncampaigns: []\n", 1, "runbook is the version of the form, which is 1"),
        ("campaigns: []\n", 1, "runbook is the version"),
        ("runbook: 1\ncampaigns: x\n", 1, "campaigns must be a list"),
        ("runbook: 1\ncampaign: []\n", 2, "there is no key 'campaign'; did you mean campaigns?"),
        ("runbook: 1\ncampaigns:\n  - x\n", 3, "a campaign must be a mapping"),
        ("runbook: 1\ncampaigns:\n  - steps: []\n", 3, "steps must be a list of actions"),
        (
            "runbook: 1\ncampaigns:\n  - campaign: a\n    chanel: voice\n    steps: [pause]\n",
            4,
            "did you mean channel?",
        ),
        (
            "runbook: 1\ncampaigns:\n  - campaign: a\n    channel: sms\n    steps: [pause]\n",
            3,
            "channel must be one of",
        ),
        ("runbook: 1\ncampaigns:\n  - campaign: a\n    status: gone\n    steps: [pause]\n", 3, "'gone' is on no list"),
        ("runbook: 1\ncampaigns:\n  - status: paused\n    steps: [pause]\n", 3, "has an id"),
        (
            "runbook: 1\ncampaigns:\n  - campaign: a\n    steps: [pause, puase]\n",
            4,
            "did you mean pause",
        ),
        ("runbook: 1\ncampaigns:\n  - steps: [pause]\n", 3, "pause is about a campaign, which has an id"),
        (
            "runbook: 1\ncampaigns:\n  - campaign: a\n    steps:\n      - action: pause\n        confirmd: true\n",
            6,
            "did you mean confirmed?",
        ),
        (
            "runbook: 1\ncampaigns:\n  - campaign: a\n    steps:\n      - action: pause\n        confirmed: yes\n",
            5,
            "confirmed must be true or false",
        ),
        (
            "runbook: 1\ncampaigns:\n  - campaign: a\n    steps:\n      - action: edit\n        parameters: [x]\n",
            5,
            "parameters must be a mapping",
        ),
        ("runbook: 1\nrunbook: 1\n", 2, "is there twice"),
        ("runbook: !!python/object:os.system x\n", 1, "cannot be used"),
        ("runbook: 1\na: &a [x]\n<<: *a\n", 3, "merge key"),
    ],
)
def test_what_is_not_understood_ends_the_reading_with_its_line(text, line, said):
    """And a hint."""
    with pytest.raises(UnreadableRecording, match=r"plan\.yaml") as caught:
        plan(text)
    assert said in caught.value.reason
    assert caught.value.place == line


@pytest.mark.parametrize("text", ["x = ", "runbook = 1\ncampaigns = 5", "runbook = 1\n[[campaigns]]\nsteps = [5]"])
def test_a_wrong_toml_file_is_an_error_too(text):
    """Without a line, but with what is wrong."""
    with pytest.raises(UnreadableRecording, match=r"plan\.toml"):
        plan(text, "plan.toml")


def test_a_huge_runbook_is_not_read():
    """It is a file that people review."""
    with pytest.raises(UnreadableRecording, match="larger than"):
        plan("#" * (4 * 2**20 + 1))

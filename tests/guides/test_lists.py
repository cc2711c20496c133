"""Where a guide lists all there is, it lists all there is."""

import tomllib

import pages
import pytest
from places import GUIDES

from campaign_fsm import guides
from campaign_fsm.cli import COMMANDS
from campaign_fsm.cli.simulate import simulate
from campaign_fsm.diagram.formats import DiagramFormat
from campaign_fsm.diagram.views import View
from campaign_fsm.policy.configuration import _KEYS, ACCESS_LOG
from campaign_fsm.rules import PROBLEMS
from campaign_fsm.simulator.control import _HANDLERS, ROOT
from campaign_fsm.traffic.formats import RecordingFormat


def test_the_file_with_every_key_of_a_policy_has_every_key():
    """But that of access logs, which is with the audit."""
    assert set(tomllib.loads(pages.file(GUIDES / "policy.md", "all.toml"))) == {*_KEYS} - {"access-log"}


def test_the_keys_of_an_access_log_are_named():
    """In the table or in the sentence below it."""
    text = guides.text_of("audit").partition("[access-log]")[2].partition("## ")[0]
    assert [key for key in ACCESS_LOG if f"{key} " not in text and f"`{key}`" not in text] == []


def test_the_audit_has_a_guide_of_its_own():
    """Its findings and its command lead there."""
    assert guides.guide_of("CF602") == COMMANDS["audit"][2] == "audit"


def test_the_formats_of_recordings_and_every_finding_of_an_audit_are_named():
    """By name or by code."""
    text = guides.text_of("audit").lower()
    names = {"jsonl": "plain form", "json": "plain form"}
    assert [one for one in RecordingFormat if names.get(one, one) not in text] == []
    assert [code for code in PROBLEMS if code.startswith("CF6") and code.lower() not in text] == []


@pytest.mark.parametrize("one", [*DiagramFormat, *View])
def test_every_view_and_format_of_diagrams_is_named(one):
    """In a table."""
    rows = [line for line in guides.text_of("diagrams").splitlines() if line.startswith("| `")]
    assert any(f"| `{one}" in row for row in rows)


def test_every_request_and_every_switch_of_the_simulator_is_named():
    """With its method; the switches as options."""
    text = guides.text_of("simulator")
    paths = [(method, path.removeprefix(ROOT)) for path, methods in _HANDLERS.items() for method in methods]
    assert [f"{method} {path}" for method, path in paths if path and f"{method} {path}" not in text] == []
    common = {"account_sid", "api_key", "api_token"}  # of any account
    options = {param.opts[0] for param in simulate.params if param.name not in common}
    assert sorted(option for option in options - {"-h", "--help"} if option not in text) == []

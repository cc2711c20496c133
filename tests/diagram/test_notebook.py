"""What a notebook shows of the life cycle and of a campaign."""

from __future__ import annotations

import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from itertools import product

import pytest
from attrs import evolve

from campaign_fsm import CampaignClient
from campaign_fsm.diagram import draw, draw_view
from campaign_fsm.lifecycle import decide
from campaign_fsm.rules import Action, Channel, Status
from campaign_fsm.simulator import Simulator, SimulatorTransport

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)> & \" '"


@pytest.fixture
def campaign():
    simulator = Simulator()
    simulator.add("in-progress", id="camp_abc123", name="Autumn")
    with CampaignClient(
        account_sid=simulator.account_sid,
        api_key=simulator.api_key,
        api_token=simulator.api_token,
        transport=SimulatorTransport(simulator),
    ) as client:
        return client.get("camp_abc123")


@pytest.mark.parametrize("drawing", [draw(), draw_view("from:paused", "voice")], ids=["life", "from"])
def test_a_notebook_shows_a_drawing_as_svg(drawing):
    """IPython, asked how it would display a drawing, has it as SVG."""
    formatters = pytest.importorskip("IPython.core.formatters", reason="IPython is not installed")
    shown, _ = formatters.DisplayFormatter().format(drawing)
    assert ET.fromstring(shown["image/svg+xml"]).tag.endswith("svg")


def test_a_notebook_shows_a_campaign_where_it_stands(campaign):
    """IPython, asked how it would display a campaign, has a page that says what it is and what is legal."""
    formatters = pytest.importorskip("IPython.core.formatters", reason="IPython is not installed")
    shown, _ = formatters.DisplayFormatter().format(campaign)
    assert "Autumn (camp_abc123)" in shown["text/html"]
    assert "Legal now: pause." in shown["text/html"]
    assert "what can happen while in-progress" in shown["text/html"]


def test_a_campaign_draws_itself_after_nothing_but_the_import_of_the_package():
    """Also one that comes out of a pickle, whose class is all that is loaded; and until then nothing is."""
    code = (
        "import pickle, sys, campaign_fsm\n"
        "campaign = campaign_fsm.Campaign('camp_1', campaign_fsm.Status.PAUSED, 'Paused', campaign_fsm.Channel.VOICE)\n"
        "assert 'campaign_fsm.diagram' not in sys.modules\n"
        "print(pickle.loads(pickle.dumps(campaign))._repr_html_())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "what can happen while paused" in done.stdout


def test_what_nothing_draws_is_shown_as_text(campaign, monkeypatch):
    """Without what draws it, an object has no picture, and no error."""
    monkeypatch.setattr("campaign_fsm._lazy.SHOWN", {})
    assert campaign._repr_html_() is None
    assert draw()._repr_svg_() is None


@pytest.mark.parametrize(("status", "channel", "started"), list(product(Status, Channel, [False, True])))
def test_every_campaign_has_a_card(campaign, status, channel, started):
    """In every status, also one that nobody knows, the card names what is legal and is well-formed."""
    card = evolve(campaign, status=status, channel=channel, started=started)._repr_html_()
    ET.fromstring(card)
    legal = [action for action in Action if decide(status, action, channel=channel, started=started)]
    told = re.search(r"Legal now: (.*?)\.</p>", card)[1]
    assert re.sub(r" \([^)]*\)", "", told) == (", ".join(legal) or "nothing")


def test_what_the_server_said_is_text(campaign):
    """A hostile name and id are text on the card, and two cards share no id."""
    one = evolve(campaign, name=HOSTILE, id=HOSTILE)._repr_html_()
    assert "<script" not in one
    assert "<img" not in one
    assert "alert(1)" in one
    two = evolve(campaign, id="other1")._repr_html_()
    assert not set(re.findall(r' id="([^"]+)"', one)) & set(re.findall(r' id="([^"]+)"', two))

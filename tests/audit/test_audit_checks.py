"""The checks as they are registered, and the quick way past them."""

import os
import re
import shutil
import subprocess
import sys
import textwrap
from copy import copy
from itertools import product
from pathlib import Path

import msgspec
import pytest

import campaign_fsm
from campaign_fsm.audit import checks
from campaign_fsm.audit.auditor import Auditor, Source
from campaign_fsm.audit.check import Stage, check
from campaign_fsm.audit.observation import CampaignWrite, Options
from campaign_fsm.audit.shortcut import INDIFFERENT, PLAIN, STEP, step_of
from campaign_fsm.audit.tracker import ANY_TIME, TIME_OF
from campaign_fsm.rules import PROBLEMS, REFUSALS, STRICT_REFUSAL, Event
from campaign_fsm.traffic import Exchange

COLLECTION = "/v2/accounts/acme1/campaigns"
URL = f"{COLLECTION}/camp_abc123"
LATER = "2026-01-05T12:00:00+05:30"

# For each field of an exchange, values that it does not have in the plain ones below.
FLIPPED = {
    "at": [None, LATER, "soon"],
    "method": ["GET", "DELETE", "POST", "PATCH", "put", ""],
    "url": [f"https://api.exotel.com{URL}", f"{COLLECTION}/camp_unseen", COLLECTION, f"{URL}/x", f"{URL}?a=b", ""],
    "headers": [[], [("Content-Type", "application/json")], [("Authorization", "Basic a2V5OnRva2Vu")]],
    "request": [msgspec.Raw(b'{"action":"archive"}'), msgspec.Raw(b"null"), msgspec.Raw(b'{"name":"x"}')],
    "request_base64": [b'{"action":"complete"}', b""],
    "status_code": [None, 202, 307, 404, 409, 500],
    "response": [msgspec.Raw(b"null"), msgspec.Raw(b'{"response":[]}'), msgspec.Raw(b'{"a":1,"a":2}')],
    "response_base64": [b"", b"<html>"],
    "lost": [True],
    "sent": [False],
    "planned": [True],
    "confirmed": [True],
    "campaign": ["camp_other", ""],
    "channel": ["message", "odd"],
    "account": ["other"],
    "host": ["", "elsewhere.example"],
    "action": ["pause", "resume", "complete", "archive", "edit", "create", "odd", None],
    "fields": [[], ["name"], ["schedule"]],
    "status": ["paused", "in-progress", "completed", "archived", "odd", None],
    "start": [LATER, "soon"],
    "end": [LATER, "soon"],
    "name": ["diwali", ""],
    "code": ["CF224", "CF701", "CF412"],
    "callback": [{"campaign_sid": "camp_abc123", "status": "archived"}, {}],
    "place": [7],
    "seconds": [0.25, 60.0],
    "unread": ["a header is a number"],
    "source": [Source(Options())],
}
# What a plain exchange asks for and shows. The platform may cancel what was paused; nothing else leads there.
STEPS = {
    "read": (None, "paused"),
    "pause": ("pause", "paused"),
    "resume": ("resume", "in-progress"),
    "complete": ("complete", "completed"),
    "archive": ("archive", "archived"),
    "canceled": ("pause", "canceled"),
}


def plain(step, campaign="camp_abc123"):
    """A read, or a write that was taken, of which nothing counts but the step."""
    action, status = STEPS[step]
    method = "PUT" if action else "GET"
    url = f"{COLLECTION}/{campaign}"
    # A check may read what else counts for nothing: then a plain exchange has none.
    idle = {name: value for name, value in (("at", LATER), ("place", 5)) if name in INDIFFERENT}
    return Exchange(method=method, url=url, status_code=200, action=action, status=status, **idle)


def known(auditor):
    """What an auditor knows, but for when a campaign was seen: the quick way leaves that out where no times count."""
    found = {}
    for key, tracked in auditor._tracker._campaigns.items():
        found[key] = copy(tracked)
        found[key].seen = None
    return found


def audited(*exchanges, strict, quick):
    auditor = Auditor(Options(strict=strict), watch=None if quick else lambda _: None)
    findings = [finding for exchange in exchanges for finding in auditor.feed(exchange)]
    return findings, known(auditor), (auditor.events, auditor.unjudged.number, auditor.campaigns)


@pytest.mark.parametrize("field", Exchange.__struct_fields__)
def test_the_quick_way_is_quick_only_where_it_makes_no_difference(field):
    """With any field of an exchange changed, what is found and what is known are those of the long way."""
    for before, step, value, strict in product(STEPS, STEPS, FLIPPED[field], (False, True)):
        taught = [plain(before, "camp_other"), plain(step, "camp_other"), plain(step, "camp_other")]
        changed = msgspec.structs.replace(plain(step), **{field: value})
        after = [plain("pause"), plain("complete"), plain("read")]
        exchanges = [*taught, plain(before), changed, *after]
        found = [audited(*exchanges, strict=strict, quick=quick) for quick in (False, True)]
        assert found[0] == found[1], (before, step, value)


@pytest.mark.parametrize("field", Exchange.__struct_fields__)
def test_each_field_is_one_of_three_kinds(field):
    """A plain exchange with another value is another step, is not plain, or is the same; and there is such a step."""
    auditor = Auditor()
    auditor.feed(plain("read"))
    (tracked,) = auditor._tracker._campaigns.values()
    step = step_of(plain("read"), tracked)
    assert step is not None
    values = [value for value in FLIPPED[field] if value != getattr(plain("read"), field)]
    others = [step_of(msgspec.structs.replace(plain("read"), **{field: value}), tracked) for value in values]
    kinds = {"step": field in STEP, "plain": field in PLAIN, "indifferent": field in INDIFFERENT}
    assert sum(kinds.values()) == 1
    if field in PLAIN:
        assert set(others) == {None}
    elif field in INDIFFERENT:
        assert set(others) == {step}
    else:
        assert any(other not in (None, step) for other in others)


def test_a_plain_step_is_looked_at_once(monkeypatch):
    """The same step of the next campaign costs no observation."""
    auditor = Auditor()
    looked = []
    observations = type(auditor._observer).observations
    monkeypatch.setattr(
        type(auditor._observer),
        "observations",
        lambda *args: looked.append(args[1].url) or observations(*args),
    )
    for number in range(3):
        for step in ("read", "resume", "pause"):
            assert not auditor.feed(plain(step, f"c{number}"))
    assert auditor.events == 9
    # The first time that a campaign is seen its URL has to be read.
    assert [url.rpartition("/")[2] for url in looked] == ["c0", "c0", "c0", "c1", "c2"]


def test_every_check_has_its_codes_and_every_code_its_check():
    """Of those that a recording can be found with; each file in the folder of checks has one at least."""
    listed = {*PROBLEMS, STRICT_REFUSAL.code, *(refusal.code for refusal in REFUSALS)}
    begins = tuple(code for one in checks.CHECKS for code in one.codes)
    assert all(any(code.startswith(begin) for code in listed) for begin in begins)
    # The last two are about suppressions.
    of_recordings = {code for code in listed if code.startswith(("CF2", "CF6", "CF7"))} - {"CF607", "CF608"}
    assert [code for code in sorted(of_recordings) if not code.startswith(begins)] == []
    files = {path.stem for path in Path(checks.__file__).parent.glob("*.py")} - {"__init__"}
    assert {one.ask.__module__.rpartition(".")[2] for one in checks.CHECKS} == files
    assert all(one.ask.__doc__ for one in checks.CHECKS)


def test_one_file_is_enough_for_a_check(tmp_path):
    """The docstring's own example, put beside the others, is asked about each time that it reads; in a zip file too."""
    root = Path(campaign_fsm.__file__).parent
    shutil.copytree(root, tmp_path / "copy" / root.name, ignore=shutil.ignore_patterns("__pycache__"))
    example = textwrap.dedent(re.search(r"::\n\n(.*?)\n\n\S", checks.__doc__, re.DOTALL)[1])
    imports = (
        "from campaign_fsm.audit.check import Detection, Stage, check\n"
        "from campaign_fsm.audit.finding import Level\n"
        "from campaign_fsm.audit.observation import CampaignWrite\n"
    )
    added = tmp_path / "copy" / root.name / "audit" / "checks" / "teapot.py"
    added.write_text(f"from __future__ import annotations\n{imports}{example}\n")
    archive = shutil.make_archive(str(tmp_path / "copied"), "zip", tmp_path / "copy")
    script = (
        "from campaign_fsm.audit.auditor import Auditor\n"
        "from campaign_fsm.traffic import Exchange\n"
        "auditor = Auditor()\n"
        "for campaign, hour in (('c1', '10'), ('c2', '10'), ('c3', '03'), ('c4', '10')):\n"
        "    for method, action, status in (('GET', None, 'in-progress'), ('PUT', 'pause', 'Paused')):\n"
        f"        url = '{URL}'.rpartition('/')[0] + '/' + campaign\n"
        "        at = f'2026-01-05T{hour}:00:00Z'\n"
        "        step = Exchange(at=at, method=method, url=url, action=action, status=status, status_code=200)\n"
        "        print(*(f'{finding.code} {campaign}' for finding in auditor.feed(step)), end='')\n"
    )
    for path in (str(tmp_path / "copy"), archive):
        environment = {**os.environ, "PYTHONPATH": path}
        done = subprocess.run(
            [sys.executable, "-c", script], env=environment, cwd=tmp_path, capture_output=True, text=True, check=True
        )
        assert done.stdout == "CF601 c3", path


def test_a_check_without_a_text_or_with_an_unknown_field_is_none():
    """Its code has to be explained, and what it reads has to be there."""
    with pytest.raises(ValueError, match="CF699 has no text"):
        check("CF699", stage=Stage.ANSWER, of=(CampaignWrite,))
    with pytest.raises(ValueError, match="no fields of an exchange: hour"):
        check("CF601", stage=Stage.ANSWER, of=(CampaignWrite,), reads={"hour"})


def test_each_event_has_a_time_or_may_come_at_any():
    """An event that is in neither list would excuse nothing, without a word."""
    assert ANY_TIME | TIME_OF.keys() == set(Event)
    assert not ANY_TIME & TIME_OF.keys()

"""The checks as they are registered, and the quick way past them."""

from copy import copy
from itertools import product
from pathlib import Path

import msgspec
import pytest

from campaign_fsm.audit import checks
from campaign_fsm.audit.auditor import Auditor
from campaign_fsm.audit.observation import Options
from campaign_fsm.audit.steps import INDIFFERENT, PLAIN, STEP, step_of
from campaign_fsm.rules import PROBLEMS, REFUSALS, STRICT_REFUSAL
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
    return Exchange(at=LATER, method=method, url=url, status_code=200, action=action, status=status, place=5)


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
    return findings, known(auditor), (auditor.events, auditor.unjudged, auditor.campaigns)


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
    others = [step_of(msgspec.structs.replace(plain("read"), **{field: value}), tracked) for value in FLIPPED[field]]
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
    begins = tuple(code for check in checks.CHECKS for code in check.codes)
    assert all(any(code.startswith(begin) for code in listed) for begin in begins)
    # The last two are about suppressions.
    of_recordings = {code for code in listed if code.startswith(("CF2", "CF6", "CF7"))} - {"CF607", "CF608"}
    assert [code for code in sorted(of_recordings) if not code.startswith(begins)] == []
    files = {path.stem for path in Path(checks.__file__).parent.glob("*.py")} - {"__init__"}
    assert {check.ask.__module__.rpartition(".")[2] for check in checks.CHECKS} == files
    assert all(check.ask.__doc__ for check in checks.CHECKS)

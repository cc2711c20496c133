"""What an audit says of small recordings as real tools write them, by the command line."""

import json
from pathlib import Path

import cases
import pytest
from commands import call
from places import ROOT

# The exit code, and the findings.
SAYS = {
    "control-legal.har": (0, []),
    "control-illegal.har": (1, ["CF224"]),
    "vcr-control.yaml": (1, ["CF224"]),
    "unsorted-completion-order-legal.har": (0, []),
    "unsorted-hides-illegal.har": (1, ["CF224"]),
    # What the answer to the complete shows is believed from there on.
    "unsorted-hides-illegal-200.har": (1, ["CF224", "CF221"]),
    "polly6-int-header.har": (1, ["CF224"]),
    "webpagetest-status-minus2.har": (1, ["CF224"]),
    "capture-har-error-object.har": (1, ["CF224"]),
    "base64-removed-elsewhere.har": (1, ["CF224"]),
    "status-null-elsewhere.har": (1, ["CF224"]),
    "no-response-elsewhere.har": (1, ["CF224"]),
    "headers-empty-legal.har": (0, []),
    "gzip-kept-base64-legal.har": (0, []),
    "preflight-legal.har": (0, []),
    "not-modified-304-legal.har": (0, []),
    "placeholder-angle.har": (0, []),
    "placeholder-angle2.har": (0, []),
    "placeholder-dollar.har": (0, []),
    "placeholder-env.har": (0, []),
    "placeholder-fake.har": (0, []),
    "placeholder-upper.har": (0, []),
    "credentials-other-host.har": (2, []),
    "no-campaign.har": (2, []),
    "utf16.har": (2, []),
    "vcr-aiohttp-json.yaml": (1, ["CF224"]),
    "vcr-tornado.yaml": (1, ["CF224"]),
    "vcr-multidict-istr.yaml": (1, ["CF224"]),
    "vcr-parsed-body.yaml": (1, ["CF224"]),
    "betamax.json": (1, ["CF224"]),
    "ruby-vcr.yml": (1, ["CF224"]),
    "go-vcr.yaml": (1, ["CF224"]),
    "nock.json": (1, ["CF224"]),
    "folder-bystanders": (0, []),
    "folder-mixed": (1, ["CF224"] * 3),
}
# The same kinds, made by somebody else, where they stand beside the checkout: nothing is skipped where they do not.
_BESIDE = ROOT.parent / "shared" / "cases" / "recordings"
OTHERS = sorted(_BESIDE.iterdir()) if _BESIDE.exists() else []


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recordings")
    cases.write(folder)
    return folder


def said(capsys, path):
    """The exit code, and the report."""
    code, out, _ = call(capsys, "audit", "--no-config", "--json", str(path))
    return code, json.loads(out)


def check(capsys, folder, name):
    code, report = said(capsys, folder / name)
    findings, summary = report["findings"], report["summary"]
    assert (code, [one["code"] for one in findings]) == SAYS[name], summary
    assert not summary["unjudged"]
    if code != 2:
        assert summary["incomplete"] == []
        assert summary["events"]


@pytest.mark.parametrize("name", SAYS)
def test_a_case_is_told_truly(capsys, made, name):
    """Legal ones have no findings, illegal ones have theirs and nothing else, and nothing is left out in silence."""
    check(capsys, made, name)


@pytest.mark.parametrize("path", [*OTHERS, None], ids=lambda path: path.name if path else "of all there are")
def test_a_case_of_somebody_else_is_told_truly(capsys, path):
    """The same of files that were not made here; each of them has its value."""
    if path:
        check(capsys, path.parent, path.name)
    else:
        assert {path.name for path in OTHERS} in (set(), SAYS.keys())


def test_the_bystanders_are_counted(capsys, made):
    """Six files that only look like recordings."""
    _, report = said(capsys, made / "folder-bystanders")
    assert report["summary"]["passed_over"] == 6
    assert [Path(path).name for path in report["summary"]["files"]] == ["ok.yaml"]


def test_utf_16_is_named(capsys, made):
    """So that it is clear what to do."""
    _, report = said(capsys, made / "utf16.har")
    (sentence,) = report["summary"]["incomplete"]
    assert "UTF-16" in sentence


@pytest.mark.parametrize("name", ["no-campaign.har", "credentials-other-host.har"])
def test_a_file_about_no_campaign_is_not_called_fine(capsys, made, name):
    """And its name is given."""
    _, report = said(capsys, made / name)
    (sentence,) = report["summary"]["incomplete"]
    assert sentence == f"{made / name}: nothing in it is about a campaign"

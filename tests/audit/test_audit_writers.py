"""The five reports: each parses, holds what was found, and cannot be driven by what a recording holds."""

import io
import json
import os
import re
import subprocess
import sys
import unicodedata
from pathlib import Path
from urllib.parse import unquote, unquote_to_bytes
from xml.etree import ElementTree as ET

import pytest
from attrs import evolve
from hypothesis import example, given
from hypothesis import strategies as st

import campaign_fsm
from campaign_fsm import Action, Channel, Source, Status
from campaign_fsm.audit import Finding, Level, Place
from campaign_fsm.audit.summary import Summary
from campaign_fsm.audit.writers import ReportFormat, sarif, writer
from campaign_fsm.audit.writers.sarif import uri
from campaign_fsm.rules import ENTRIES, PAGES
from campaign_fsm.rules.pages import Page

SOURCE = Source(PAGES["update-sms-campaign"], "only a paused campaign can be marked as completed")
FINDING = Finding(
    code="CF224",
    level=Level.ERROR,
    message="complete was sent to campaign camp_1 while it was in-progress.",
    place=Place("logs/monday.jsonl", 12),
    advice="Pause it first.",
    sources=(SOURCE,),
    channel=Channel.MESSAGE,
    campaign="camp_1",
    action=Action.COMPLETE,
    status=Status.IN_PROGRESS,
    at="2026-01-05T10:00:00+05:30",
    status_code=200,
    fingerprint="0123456789abcdef",
)
SUMMARY = Summary(errors=1, events=1204, campaigns=17, unjudged=3, files=("logs/monday.jsonl",))
FORMATS = [one.value for one in ReportFormat]
HOSTILE = [
    "one\ntwo\r\nthree",
    "\n::error file=etc/passwd::injected",
    "::stop-commands::token",
    " ::add-mask::a",
    "##[add-mask]a ##vso[task.setvariable variable=a]b ##teamcity[message text='a']",
    "]]></failure><testcase name='x'/>",
    "<script>alert('x')</script> & \"quoted\" &amp; &#0;",
    "%0A::error::x %25 100% %",
    "a:b,c=d;e",
    "\x1b[31mred\x1b[0m \x1b]8;;https://example.com\x1b\\link\x1b]8;;\x1b\\ \x9b31m",
    "\x00\x01\x07\x08\x0b\x0c\x1f\x7f\x80\x85\x9f",
    "\ud800 \udfff \udc80",
    "\ufffe\uffff\ufdd0\U0001ffff",
    "right to left \u202e\u2066 and \u2028 line \u2029 paragraph \ufeff",
    "{0} {1} }{ {{0}} [click](https://example.com) [a](1)",
    "C:\\logs\\a.har \\u0000",
    "\U0001f600 žluťoučký ñ \u0901",
    '"}],"findings":[]}',
    "a" * 10_000,
    "../../etc/passwd",
    "/var/log/a b#c?d.jsonl",
    " ",
    "",
]
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=40) | st.sampled_from(HOSTILE)


def report(format, findings=(), summary=None, *, encoding="utf-8", colour=False):
    """What a writer writes into a strictly encoded stream, decoded again."""
    findings = list(findings)
    summary = summary if summary is not None else summary_of(findings)
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding, errors="strict", newline="")
    one = writer(format, stream, colour=colour)
    one.begin()
    for finding in findings:
        one.finding(finding)
    one.end(summary)
    stream.flush()
    return raw.getvalue().decode(encoding)


def summary_of(findings, **fields):
    levels = [finding.level for finding in findings]
    return Summary(
        errors=levels.count(Level.ERROR),
        warnings=levels.count(Level.WARNING),
        notes=levels.count(Level.NOTE),
        files=fields.pop("files", tuple(dict.fromkeys(finding.place.path for finding in findings))),
        **fields,
    )


def findings(count, level=Level.ERROR, **fields):
    return [
        evolve(FINDING, level=level, place=Place("a.jsonl", n), fingerprint=f"{n:016x}", **fields)
        for n in range(1, count + 1)
    ]


def strict_json(text):
    """The object in a JSON text: no constants that JSON lacks, no key twice, no halves of surrogate pairs."""

    def unique(pairs):
        assert len({key for key, _ in pairs}) == len(pairs)
        return dict(pairs)

    def refuse(constant):
        raise AssertionError(constant)

    assert text.endswith("}\n")
    assert text.isascii()
    found = json.loads(text, object_pairs_hook=unique, parse_constant=refuse)
    json.dumps(found, ensure_ascii=False).encode("utf-8")
    return found


# What the schema of Jenkins' xUnit plugin, the strictest reader, knows: attributes and children.
JUNIT = {
    "testsuites": ({"name", "tests", "failures", "errors"}, {"testsuite"}),
    "testsuite": ({"name", "tests", "failures", "errors", "skipped", "file"}, {"testcase"}),
    "testcase": ({"name", "classname"}, {"failure", "error", "skipped"}),
    "failure": ({"message", "type"}, set()),
    "error": ({"message", "type"}, set()),
    "skipped": ({"message", "type"}, set()),
}


def strict_xml(text):
    """The root of an XML text that holds no character and no element that a reader may refuse."""
    assert text.isascii()
    root = ET.fromstring(text.encode())
    for element in root.iter():
        attributes, children = JUNIT[element.tag]
        assert set(element.attrib) <= attributes
        assert {child.tag for child in element} <= children
        assert "name" not in attributes or "name" in element.attrib
        for value in (element.text or "", element.tail or "", *element.attrib.values()):
            assert not re.search("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", value)
    return root


def workflow_commands(text):
    """The commands in a log, read as the runner reads them: name, properties, message."""
    found = []
    for line in text.splitlines():
        assert "##[" not in line
        if not line.lstrip().startswith("::"):
            continue
        head, _, data = line.lstrip()[2:].partition("::")
        name, _, properties = head.partition(" ")
        pairs = [pair.split("=", 1) for pair in properties.split(",") if pair]
        found.append((name, {key: unescaped(value) for key, value in pairs}, unescaped(data)))
    return found


def unescaped(text):
    for char in ":,\n\r":
        text = text.replace(f"%{ord(char):02X}", char)
    return text.replace("%25", "%")


def sarif_results(text):
    (run,) = strict_json(text)["runs"]
    return run, run["results"]


def printable(text):
    return all(char == "\n" or char.isprintable() for char in text)


def hostile(text):
    """A finding with a hostile text wherever a recording or a user has a say."""
    return evolve(
        FINDING,
        message=f"said {text}",
        place=Place(text, 3),
        advice=text,
        campaign=text,
        at=text,
        sources=(Source(Page("none", text, text), text),),
    )


# -- what all five have in common ----------------------------------------------------------------


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "cp1252"])
@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_is_written_to_a_stream_of_any_encoding(format, encoding, text):
    """No text makes a writer fail, whatever the stream can encode, and every report ends with a line's end."""
    summary = summary_of([hostile(text)], incomplete=(f"{text}: ends in the middle",))
    assert report(format, [hostile(text)], summary, encoding=encoding).endswith("\n")


@given(text=ANY_TEXT, level=st.sampled_from(Level), code=ANY_TEXT)
@example(text=":", level=Level.ERROR, code="CF412")
@example(text=" :", level=Level.NOTE, code="CF412")
@example(text="##vso[", level=Level.WARNING, code="##[error]")
def test_any_text_leaves_every_report_whole(text, level, code):
    """Whatever a finding says, each report parses, holds one finding, and says nothing to a terminal."""
    one = evolve(hostile(text), level=level, code=code)
    summary = summary_of([one], incomplete=(text,))
    assert len(strict_json(report("json", [one], summary))["findings"]) == 1
    assert len(sarif_results(report("sarif", [one], summary))[1]) == 1
    suites = strict_xml(report("junit", [one], summary)).findall("testsuite")
    assert [len(suite) for suite in suites] == [1, 1]
    commands = workflow_commands(report("github", [one], summary))
    assert [name for name, _, _ in commands] == [{"note": "notice"}.get(level, level), "error"]
    assert workflow_commands(report("text", [one], summary)) == []
    assert printable(report("text", [one], summary))
    assert printable(report("github", [one], summary))
    for kind in FORMATS:
        assert not re.search(r"##\w*\[", report(kind, [one], summary))


@given(number=st.lists(st.sampled_from(Level), max_size=40))
def test_every_report_holds_every_finding(number):
    """JSON, SARIF, JUnit and text hold as many findings as were written."""
    found = [evolve(FINDING, level=level, fingerprint=f"{n:016x}") for n, level in enumerate(number)]
    assert len(strict_json(report("json", found))["findings"]) == len(found)
    assert len(sarif_results(report("sarif", found))[1]) == len(found)
    assert int(strict_xml(report("junit", found)).get("tests")) == len(found)
    assert report("text", found).count("CF224 ") == len(found)


@pytest.mark.parametrize("format", ["text", "json", "sarif"])
def test_findings_are_written_as_they_come(format):
    """A finding is in the stream before the next one is known."""
    stream = io.StringIO()
    one = writer(format, stream)
    one.begin()
    for finding in findings(3):
        before = len(stream.getvalue())
        one.finding(finding)
        assert str(finding.place.line) in stream.getvalue()[before:]


@pytest.mark.parametrize("format", FORMATS)
def test_a_report_is_the_same_each_time(format):
    """Nothing in a report depends on when, where or in which process it is made."""
    found = [*findings(12), *findings(2, Level.NOTE)]
    assert report(format, found) == report(format, found)


def test_an_unknown_format_is_refused():
    """There are five formats."""
    with pytest.raises(ValueError, match="checkstyle"):
        writer("checkstyle", io.StringIO())


def test_only_the_text_is_coloured():
    """Colour is for people."""
    coloured = [one for one in FORMATS if "\x1b[" in report(one, [FINDING], colour=True)]
    assert coloured == ["text"]


@pytest.mark.parametrize("format", FORMATS)
def test_a_writer_imports_no_command_line_library(format):
    """A report can be written where click is not wanted."""
    code = (
        "import io, sys\n"
        "from campaign_fsm.audit.summary import Summary\n"
        "from campaign_fsm.audit.writers import writer\n"
        f"one = writer({format!r}, io.StringIO())\n"
        "one.begin(); one.end(Summary())\n"
        "print([name for name in ('click', 'httpx', 'campaign_fsm.cli') if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


# -- the summary ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("summary", "expected"),
    [
        (Summary(), "no findings in 0 files (0 requests of 0 campaigns)"),
        (Summary(incomplete=("a: gone",), files=("a",)), "nothing was judged"),
        (Summary(incomplete=("a: odd",), unread=2, files=("a",)), "nothing was judged (2 entries could not be read)"),
        (Summary(incomplete=("b: gone",), events=1, files=("a",)), "no findings in 1 file (1 request of 0 campaigns)"),
        (Summary(warnings=1234, events=1, files=("a",)), "1,234 warnings in 1 file (1 request of 0 campaigns)"),
        (
            Summary(errors=2, warnings=1, events=1204, campaigns=17, unjudged=3, files=("a", "b", "c")),
            (
                "2 errors, 1 warning in 3 files, each by itself "
                "(1,204 requests of 17 campaigns; 3 writes could not be judged)"
            ),
        ),
        (
            Summary(notes=1, events=2, campaigns=1, unjudged=1, suppressed=1, baselined=1, files=("a",)),
            "1 note in 1 file (2 requests of 1 campaign; 1 suppressed; 1 in the baseline; 1 write could not be judged)",
        ),
    ],
)
def test_a_summary_is_one_sentence(summary, expected):
    """Counts that are nought are left out, but for what was read."""
    assert str(summary) == expected


def test_a_summary_counts_by_level():
    """Each level has its own count."""
    summary = Summary(errors=1, warnings=2, notes=3)
    assert [summary.count(level) for level in Level] == [1, 2, 3]


# -- text ----------------------------------------------------------------------------------------


def test_a_finding_as_text():
    """A block says where and what, on which rule it rests, what to do instead, and what a suppression names."""
    assert report("text", [FINDING], SUMMARY) == (
        "logs/monday.jsonl:12: CF224 error: complete was sent to campaign camp_1 while it was in-progress.\n"
        "  campaign: message camp_1 2026-01-05T10:00:00+05:30\n"
        "  rule: Update SMS campaign: only a paused campaign can be marked as completed "
        "<https://developer.exotel.com/api/update-sms-campaign-3>\n"
        "  instead: Pause it first.\n"
        "  fingerprint: 0123456789abcdef\n"
        "\n"
        "1 error in 1 file (1,204 requests of 17 campaigns; 3 writes could not be judged)\n"
    )


def test_a_finding_that_has_little_to_say_as_text():
    """Without sources and advice there are no lines for them; without a line there is no number."""
    one = Finding("CF999", Level.NOTE, "odd.", Place("a.har", entry=5))
    assert report("text", [one]) == (
        "a.har (entry 5): CF999 note: odd.\n\n1 note in 1 file (0 requests of 0 campaigns)\n"
    )


def test_files_that_could_not_be_read_stand_before_the_counts():
    """Nobody takes a short report for a good one."""
    lines = report("text", (), Summary(files=("a",), incomplete=("a, line 2: no JSON", "b: gone"))).splitlines()
    assert lines == [
        "incomplete: a, line 2: no JSON",
        "incomplete: b: gone",
        "nothing was judged",
    ]


def test_coloured_text_says_the_same():
    """Colour adds escapes of its own, each one closed, and nothing else."""
    found = [FINDING, evolve(FINDING, level=Level.WARNING), evolve(FINDING, level=Level.NOTE)]
    summary = summary_of(found, incomplete=("a: gone",))
    coloured = report("text", found, summary, colour=True)
    assert re.sub(r"\x1b\[[0-9;]+m", "", coloured) == report("text", found, summary)
    assert re.findall(r"\x1b\[[0-9;]+m", coloured)[1::2] == ["\x1b[0m"] * (coloured.count("\x1b") // 2)
    for style in ("1;31", "1;33", "1;36"):
        assert f"\x1b[{style}mCF224 " in coloured


@pytest.mark.parametrize(
    ("summary", "style"),
    [
        (Summary(), "1;32"),
        (Summary(notes=1), "1;36"),
        (Summary(notes=1, warnings=1), "1;33"),
        (Summary(errors=1, warnings=1), "1;31"),
        (Summary(incomplete=("a: gone",)), "1;31"),
    ],
)
def test_the_last_line_has_the_colour_of_the_worst(summary, style):
    """Green is for no findings in files that were read to their end."""
    assert report("text", (), summary, colour=True).splitlines()[-1] == f"\x1b[{style}m{summary}\x1b[0m"


@pytest.mark.parametrize("text", HOSTILE)
def test_text_is_one_line_for_each_thing_said(text):
    """No text of a recording's adds a line, a control character, or a command of a build server's."""
    shown = report("text", [hostile(text)], summary_of([hostile(text)], incomplete=(text,)))
    assert shown.count("\n") == (8 if text else 6)
    assert printable(shown)
    assert not re.search(r"##\w*\[", shown)
    assert workflow_commands(shown) == []


# -- JSON ----------------------------------------------------------------------------------------


def test_a_finding_as_json():
    """Every field of a finding and of the summary is there."""
    assert strict_json(report("json", [FINDING], SUMMARY)) == {
        "version": 1,
        "findings": [
            {
                "code": "CF224",
                "level": "error",
                "message": "complete was sent to campaign camp_1 while it was in-progress.",
                "path": "logs/monday.jsonl",
                "line": 12,
                "entry": None,
                "advice": "Pause it first.",
                "sources": [
                    {
                        "page": "update-sms-campaign",
                        "title": "Update SMS campaign",
                        "url": "https://developer.exotel.com/api/update-sms-campaign-3",
                        "says": "only a paused campaign can be marked as completed",
                    }
                ],
                "channel": "message",
                "campaign": "camp_1",
                "action": "complete",
                "status": "in-progress",
                "at": "2026-01-05T10:00:00+05:30",
                "sent": True,
                "status_code": 200,
                "fingerprint": "0123456789abcdef",
            }
        ],
        "summary": {
            "errors": 1,
            "warnings": 0,
            "notes": 0,
            "events": 1204,
            "campaigns": 17,
            "unjudged": 3,
            "unjudged_writes": [],
            "unread": 0,
            "suppressed": 0,
            "baselined": 0,
            "passed_over": 0,
            "files": ["logs/monday.jsonl"],
            "story": 0,
            "incomplete": [],
            "remarks": [],
        },
    }


def test_json_names_every_field():
    """No field of the model is forgotten, and `place` is its parts."""
    (found,) = strict_json(report("json", [FINDING]))["findings"]
    fields = {field.name for field in Finding.__attrs_attrs__} - {"place"}
    assert set(found) == fields | {field.name for field in Place.__attrs_attrs__}
    assert set(strict_json(report("json"))["summary"]) == {field.name for field in Summary.__attrs_attrs__}


def test_no_findings_as_json():
    """An empty report is an object as well."""
    assert strict_json(report("json"))["findings"] == []


@pytest.mark.parametrize("text", HOSTILE)
def test_json_keeps_a_text_as_it_is(text):
    """Only halves of surrogate pairs are replaced."""
    (found,) = strict_json(report("json", [hostile(text)]))["findings"]
    kept = re.sub("[\ud800-\udfff]", "\ufffd", text)
    assert found["message"] == f"said {kept}"
    assert found["path"] == found["campaign"] == found["advice"] == found["sources"][0]["says"] == kept


def test_json_has_a_finding_a_line():
    """A report can be read with line tools, too."""
    lines = report("json", findings(3)).splitlines()
    assert len(lines) == 5
    assert all(line.startswith('{"code": "CF224", ') for line in lines[1:4])


# -- GitHub --------------------------------------------------------------------------------------


def test_a_finding_as_a_workflow_command():
    """An annotation stands at the line, and says the rule and what to do instead."""
    assert report("github", [FINDING], SUMMARY) == (
        "::error file=logs/monday.jsonl,line=12,title=CF224::"
        "complete was sent to campaign camp_1 while it was in-progress.%0A"
        "rule: Update SMS campaign: only a paused campaign can be marked as completed "
        "<https://developer.exotel.com/api/update-sms-campaign-3>%0A"
        "instead: Pause it first.\n"
        "1 error in 1 file (1,204 requests of 17 campaigns; 3 writes could not be judged)\n"
    )


def test_a_finding_without_a_line_as_a_workflow_command():
    """What is not known is left out."""
    one = Finding("CF999", Level.WARNING, "odd.", Place("a.har", entry=5))
    assert report("github", [one]).splitlines()[0] == "::warning file=a.har,title=CF999::odd."


def test_what_github_escapes():
    """Percent signs are escaped everywhere, commas and colons in properties."""
    one = evolve(FINDING, message="50% a:b,c", place=Place("a%0A,b:c", 1), advice="", sources=())
    assert report("github", [one]).splitlines()[0] == ("::error file=a%250A%2Cb%3Ac,line=1,title=CF224::50%25 a:b,c")


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_makes_no_other_command(text):
    """There is one command, with the properties that are meant, and the message comes back as it was shown."""
    ((name, properties, message),) = workflow_commands(report("github", [hostile(text)]))
    assert name == "error"
    assert set(properties) - {"file"} == {"line", "title"}
    assert properties["title"] == "CF224"
    assert message.count("\n") == (2 if text else 1)
    assert message.startswith("said ")


@pytest.mark.parametrize("level", [Level.ERROR, Level.WARNING])
def test_the_eleventh_annotation_of_a_level_is_counted(level):
    """GitHub drops it without a word, so the last notice says that it is there."""
    ten, eleven = report("github", findings(10, level)), report("github", findings(11, level))
    assert len(workflow_commands(ten)) == 10
    *shown, (name, properties, message) = workflow_commands(eleven)
    assert len(shown) == 10
    assert (name, properties) == ("notice", {})
    assert message == f"GitHub shows 10 annotations of each level for a step; left out: 1 more {level}."


def test_each_level_has_ten_annotations_of_its_own():
    """Errors do not take the place of warnings."""
    found = [*findings(30), *findings(12, Level.WARNING), *findings(2, Level.NOTE)]
    commands = workflow_commands(report("github", found))
    assert [name for name, _, _ in commands] == ["error"] * 10 + ["warning"] * 10 + ["notice"] * 3
    assert commands[-1][2].endswith("left out: 20 more errors, 2 more warnings.")


@pytest.mark.parametrize(("errors", "notes", "more"), [
    (0, 9, None),
    (0, 10, None),
    (0, 11, "left out: 2 more notices."),
    (10, 10, None),
    (11, 9, "left out: 1 more error."),
    (11, 10, "left out: 1 more error, 1 more notice."),
    (12, 25, "left out: 2 more errors, 16 more notices."),
])  # fmt: skip
def test_the_last_notice_is_one_of_the_ten_that_are_shown(errors, notes, more):
    """The tenth note gives way to it, and only if there is something to say."""
    commands = workflow_commands(report("github", [*findings(errors), *findings(notes, Level.NOTE)]))
    notices = [message for name, _, message in commands if name == "notice"]
    assert len(commands) - len(notices) == min(errors, 10)
    assert len(notices) == min(notes + (more is not None), 10)
    assert commands[-1][2].endswith(more) if more else "GitHub shows" not in commands[-1][2]


def test_an_incomplete_file_is_an_error_annotation():
    """What was not read fails nobody silently, and counts among the ten."""
    summary = Summary(incomplete=("a.har: ends in the middle",))
    assert workflow_commands(report("github", (), summary)) == [
        ("error", {"title": "incomplete"}, "a.har: ends in the middle")
    ]
    commands = workflow_commands(report("github", findings(10), summary))
    assert [name for name, _, _ in commands] == ["error"] * 10 + ["notice"]


def test_no_findings_for_github():
    """A clean audit annotates nothing."""
    assert report("github", (), Summary(files=("a",))) == "no findings in 1 file (0 requests of 0 campaigns)\n"


# -- SARIF ---------------------------------------------------------------------------------------


def test_a_finding_as_sarif():
    """A result names its rule, its place, what was done, and how it is known again."""
    run, results = sarif_results(report("sarif", [FINDING], SUMMARY))
    assert results == [
        {
            "ruleId": "CF224",
            "ruleIndex": 0,
            "level": "error",
            "message": {"text": "complete was sent to campaign camp_1 while it was in-progress. Pause it first."},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": "logs/monday.jsonl"},
                        "region": {"startLine": 12},
                    }
                }
            ],
            "partialFingerprints": {"campaignFsm/v1": "0123456789abcdef"},
            "properties": {
                "campaign": "camp_1",
                "channel": "message",
                "action": "complete",
                "status": "in-progress",
                "at": "2026-01-05T10:00:00+05:30",
                "sent": True,
                "statusCode": 200,
            },
        }
    ]
    driver = run["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("campaign-fsm", campaign_fsm.__version__)
    (rule,) = driver["rules"]
    assert rule["id"] == "CF224"
    assert rule["shortDescription"]["text"] == "pause before complete"
    assert rule["fullDescription"]["text"].startswith("Only a paused campaign can be marked as completed")
    assert rule["helpUri"] == "https://developer.exotel.com/api/update-sms-campaign-3"
    assert rule["help"]["text"].startswith(rule["fullDescription"]["text"])
    assert f"]({rule['helpUri']})" in rule["help"]["markdown"]
    assert run["invocations"] == [{"executionSuccessful": True, "toolExecutionNotifications": []}]
    assert run["properties"]["events"] == 1204


def test_sarif_says_which_version_it_is():
    """The log names its version and its schema."""
    log = strict_json(report("sarif"))
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("/sarif-schema-2.1.0.json")


def test_no_findings_as_sarif():
    """Results are empty, not absent: absent means that nobody looked."""
    run, results = sarif_results(report("sarif"))
    assert results == []
    assert run["tool"]["driver"]["rules"] == []


def test_a_sarif_rule_is_there_once():
    """Each result's index leads to the rule of its id."""
    codes = ["CF224", "CF411", "CF224", "CF999", "CF411"]
    run, results = sarif_results(report("sarif", [evolve(FINDING, code=code) for code in codes]))
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert rules == ["CF224", "CF411", "CF999"]
    assert [rules[result["ruleIndex"]] for result in results] == [result["ruleId"] for result in results] == codes


def test_a_sarif_result_says_only_what_is_known():
    """Without a line there is no region, without a fingerprint none, and nothing is null."""
    text = report("sarif", [Finding("CF999", Level.NOTE, "odd.", Place("a.har", entry=5))])
    assert "null" not in text
    run, (result,) = sarif_results(text)
    assert result["locations"] == [{"physicalLocation": {"artifactLocation": {"uri": "a.har"}}}]
    assert "partialFingerprints" not in result
    assert result["properties"] == {"sent": True, "entry": 5}
    assert "helpUri" not in run["tool"]["driver"]["rules"][0]


def test_a_code_of_no_rule_takes_the_page_of_its_finding():
    """Where the list of codes names no page, the first finding's does."""
    run, _ = sarif_results(report("sarif", [evolve(FINDING, code="CF999")]))
    assert run["tool"]["driver"]["rules"][0]["helpUri"] == SOURCE.page.url


def test_an_incomplete_file_fails_the_sarif_run():
    """A consumer does not take what was not read for clean."""
    run, _ = sarif_results(report("sarif", (), Summary(incomplete=("a: gone", "b: gone"))))
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    assert invocation["toolExecutionNotifications"] == [
        {"level": "error", "message": {"text": "a: gone"}},
        {"level": "error", "message": {"text": "b: gone"}},
    ]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a.jsonl", "a.jsonl"),
        ("./logs//a.jsonl", "logs/a.jsonl"),
        ("../a.jsonl", "../a.jsonl"),
        ("a b#c?d%e.jsonl", "a%20b%23c%3Fd%25e.jsonl"),
        ("a:b.har", "a%3Ab.har"),
        ("\u00e4.har", "%C3%A4.har"),
        ("\udcff.har", "%FF.har"),
        ("\ud800.har", "%3F.har"),
        ("a\nb", "a%0Ab"),
    ],
)
def test_a_relative_path_as_a_uri(path, expected):
    """It stays relative, and every byte that a URI may not hold is encoded."""
    assert uri(path) == expected


@pytest.mark.skipif(os.name == "nt", reason="paths start at a root, not at a drive")
def test_an_absolute_path_as_a_uri():
    """It is a `file:` URI."""
    assert uri("/var/log/a b.jsonl") == "file:///var/log/a%20b.jsonl"
    assert uri("/\ud800") == "file:///%3F"


@given(path=st.text(st.characters(exclude_categories=()), max_size=30))
def test_any_path_is_a_uri(path):
    """It holds nothing that a URI reference may not hold, and means the path that was given."""
    found = uri(path)
    assert re.fullmatch(r"(file://)?([A-Za-z0-9_.~/!$&'()*+,;=@-]|%[0-9A-F]{2})*", found)
    if os.name != "nt" and not any("\ud800" <= char <= "\udc7f" or "\udd00" <= char <= "\udfff" for char in path):
        raw = unquote_to_bytes(found.removeprefix("file://"))
        assert raw == os.fsencode(Path(path))


@pytest.mark.parametrize("text", HOSTILE)
def test_a_sarif_message_is_neither_a_link_nor_a_placeholder(text):
    """By the rules of SARIF's messages, what is shown is the text itself."""
    summary = Summary(incomplete=(text,))
    run, (result,) = sarif_results(report("sarif", [hostile(text)], summary))
    for shown in (result["message"]["text"], run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]):
        assert shown.isprintable()
        plain = shown.replace("{{", "").replace("}}", "")
        assert "{" not in plain
        assert "}" not in plain
        assert "](" not in shown


def sarif_reports():
    """One report of each kind that there is."""
    every = [evolve(FINDING, code=code) for code in [*ENTRIES, "CF999"]]
    return {
        "one": [FINDING],
        "none": [],
        "every code": every,
        "levels": [evolve(FINDING, level=level) for level in Level],
        "little": [Finding("CF999", Level.NOTE, "odd.", Place("a.har", entry=5))],
        "hostile": [hostile(text) for text in HOSTILE],
        "absolute": [evolve(FINDING, place=Place("/var/log/a b.jsonl", 1))],
    }


@pytest.mark.parametrize("kind", sarif_reports())
def test_sarif_is_valid(kind):
    """A log follows the JSON schema of SARIF 2.1.0, to which `SARIF_SCHEMA` leads."""
    path = os.environ.get("SARIF_SCHEMA")
    if not path:
        pytest.skip("SARIF_SCHEMA names no file with the JSON schema of SARIF 2.1.0")
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads(Path(path).read_text(encoding="utf-8"))
    kind_of = jsonschema.validators.validator_for(schema)
    kind_of.check_schema(schema)
    found = sarif_reports()[kind]
    log = strict_json(report("sarif", found, summary_of(found, incomplete=("a: gone", *HOSTILE[:9]))))
    errors = list(kind_of(schema, format_checker=kind_of.FORMAT_CHECKER).iter_errors(log))
    assert errors == []


# -- JUnit ---------------------------------------------------------------------------------------


def test_a_finding_as_junit():
    """A finding is a test that failed, in the suite of its file."""
    root = strict_xml(report("junit", [FINDING], SUMMARY))
    assert root.tag == "testsuites"
    assert root.attrib == {"name": "campaign-fsm audit", "tests": "1", "failures": "1", "errors": "0"}
    (suite,) = root
    assert (suite.tag, suite.get("name"), suite.get("file")) == ("testsuite", *["logs/monday.jsonl"] * 2)
    assert [suite.get(key) for key in ("tests", "failures", "errors", "skipped")] == ["1", "1", "0", "0"]
    (case,) = suite
    assert case.attrib == {"name": "CF224 complete camp_1 0123456789abcdef", "classname": "logs/monday_jsonl"}
    (failure,) = case
    assert (failure.tag, failure.get("type"), failure.get("message")) == ("failure", "error", FINDING.message)
    assert failure.text.splitlines() == [
        f"logs/monday.jsonl:12: CF224 error: {FINDING.message}",
        f"rule: Update SMS campaign: {SOURCE.says} <{SOURCE.page.url}>",
        "instead: Pause it first.",
    ]


def test_levels_as_junit():
    """Errors and warnings are failures, notes are skipped."""
    root = strict_xml(report("junit", [*findings(2), *findings(3, Level.WARNING), *findings(4, Level.NOTE)]))
    (suite,) = root
    assert [suite.get(key) for key in ("tests", "failures", "errors", "skipped")] == ["9", "5", "0", "4"]
    assert [root.get(key) for key in ("tests", "failures", "errors")] == ["9", "5", "0"]
    outcomes = [(case[0].tag, case[0].get("type")) for case in suite]
    assert outcomes == [("failure", "error")] * 2 + [("failure", "warning")] * 3 + [("skipped", None)] * 4


def test_a_file_without_findings_is_a_test_that_passed():
    """It is there, so that nobody takes it for one that was not read."""
    summary = summary_of([FINDING], files=("logs/monday.jsonl", "clean.har"))
    _, clean = strict_xml(report("junit", [FINDING], summary))
    (case,) = clean
    assert (clean.get("name"), clean.get("tests"), clean.get("failures")) == ("clean.har", "1", "0")
    assert case.get("name") == "no findings"
    assert len(case) == 0


def test_junit_has_a_suite_for_each_file_however_findings_come():
    """Findings of files that take turns end up in the suites of their files, in the files' order."""
    found = [evolve(FINDING, place=Place(name, n), fingerprint="") for n, name in enumerate("babc", 1)]
    root = strict_xml(report("junit", found, summary_of(found, files=("a", "b"))))
    assert [suite.get("name") for suite in root] == ["a", "b", "c"]
    assert [[case.get("name")[-1] for case in suite] for suite in root] == [["2"], ["1", "3"], ["4"]]


def test_junit_names_differ():
    """Build servers take two tests of one name for one test."""
    suite = strict_xml(report("junit", findings(5)))[0]
    assert len({case.get("name") for case in suite}) == 5
    bare = [evolve(finding, fingerprint="") for finding in findings(5)]
    assert len({case.get("name") for case in strict_xml(report("junit", bare))[0]}) == 5


def test_an_incomplete_file_is_a_junit_error():
    """It has a suite of its own, which is not there otherwise."""
    root = strict_xml(report("junit", (), Summary(files=("a",), incomplete=("a, line 3: gone",))))
    assert [root.get(key) for key in ("tests", "errors")] == ["2", "1"]
    _, suite = root
    assert "file" not in suite.attrib
    (case,) = suite
    assert case[0].tag == "error"
    assert case[0].get("message") == case[0].text == "a, line 3: gone"


def test_no_findings_in_no_files_as_junit():
    """An empty report is a document as well."""
    root = strict_xml(report("junit", (), Summary()))
    assert (root.tag, len(root), root.get("tests")) == ("testsuites", 0, "0")


@pytest.mark.parametrize("text", HOSTILE)
def test_junit_shows_a_hostile_text_and_is_not_built_by_it(text):
    """The tree is the one that is meant, and printable characters come back as they were."""
    (suite,) = strict_xml(report("junit", [hostile(text)]))
    (case,) = suite
    assert [element.tag for element in case] == ["failure"]
    shown = case[0].get("message")
    assert shown.isprintable()
    if text.isprintable() and len(text) < 4000 and "##" not in text:
        assert shown == f"said {text}"


def test_the_hostile_texts_are_hostile():
    """They hold what breaks reports: controls, format characters, surrogates, non-characters, separators."""
    kinds = {unicodedata.category(char) for text in HOSTILE for char in text}
    assert kinds >= {"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"}
    assert unquote(uri("%0A")) == "%0A"


def test_sarif_stops_at_what_github_takes_and_says_what_it_left_out(monkeypatch):
    """Errors still have room where there are very many others; the end of the log counts what is missing."""
    assert (sarif._MOST, sarif._MOST_OF_OTHERS) == (25_000, 20_000)
    monkeypatch.setattr(sarif, "_MOST", 5)
    monkeypatch.setattr(sarif, "_MOST_OF_OTHERS", 3)
    warning, note = evolve(FINDING, level=Level.WARNING), evolve(FINDING, level=Level.NOTE, code="CF999")
    found = [warning] * 4 + [FINDING, note, FINDING, FINDING, FINDING]
    (run,) = json.loads(report("sarif", found, summary_of(found, incomplete=("a: gone",))))["runs"]
    assert [result["level"] for result in run["results"]] == ["warning"] * 3 + ["error"] * 2
    assert run["properties"]["leftOut"] == {"error": 2, "warning": 1, "note": 1}
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["CF224"]
    (invocation,) = run["invocations"]
    gone, left_out = invocation["toolExecutionNotifications"]
    assert (gone["level"], left_out["level"]) == ("error", "warning")
    assert "left out: 2 errors, 1 warning, 1 note" in left_out["message"]["text"]
    (run,) = json.loads(report("sarif", found[:3]))["runs"]
    assert "leftOut" not in run["properties"]
    assert run["invocations"] == [{"executionSuccessful": True, "toolExecutionNotifications": []}]

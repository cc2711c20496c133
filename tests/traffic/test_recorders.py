"""Recordings by real tools: the comparison that they go through, and each of them where it is installed."""

import base64
import json
from collections import Counter

import pytest
from attrs import evolve
from recorders.__main__ import CACHE, compared, exit_code, main, run
from recorders.compare import Expected, Keeps, compare
from recorders.play import Played
from recorders.stories import STORIES, Walk
from recorders.tools import TOOLS, NotThere, Tool, Variant
from recorders.world import StoryAccount

BY_NAME = {story.name: story for story in STORIES}


def played(story, change=lambda entries: None):
    """A HAR file of a story as a faultless recorder would write it, or almost; and what arrived."""
    account = StoryAccount()
    story.begin(account)
    entries = []
    for second, sent in enumerate(
        sent for together in story.plan("http://h", "http://e")["steps"] for sent in together
    ):
        body = base64.b64decode(sent["body"] or "")
        reply = None
        if sent["url"].startswith("http://h"):
            path = sent["url"].removeprefix("http://h")
            reply = account.handle(sent["method"], path, list(sent["headers"].items()), body)
        answer = {"status": 204} if reply is None else {"status": reply.status_code}
        if reply is not None and not (reply.fault and reply.fault.kind == "lost-after"):
            answer["content"] = {"text": reply.body.decode()}
        elif reply is not None:
            answer["status"] = 0
        request = {"method": sent["method"], "url": sent["url"]}
        request["headers"] = [{"name": name, "value": value} for name, value in sent["headers"].items()]
        if body:
            request["postData"] = {"mimeType": "application/json", "text": body.decode("latin-1")}
        at = f"2026-01-05T10:00:{second:02}Z"
        entries.append({"startedDateTime": at, "time": 5, "request": request, "response": answer})
    change(entries)
    return json.dumps({"log": {"version": "1.2", "entries": entries}}), tuple(account.journal)


def verdict(tmp_path, story, change=lambda entries: None, keeps=None, **more):
    text, journal = played(BY_NAME[story], change)
    path = tmp_path / "story.har"
    path.write_text(text)
    return compare(path, journal, keeps or Keeps(), codes=BY_NAME[story].findings, **more)


@pytest.mark.parametrize("story", BY_NAME)
def test_a_faultless_recording_of_every_story_agrees(tmp_path, story):
    """Every request is read and every write judged, and what is found is what stands in the story by hand."""
    came = verdict(tmp_path, story)
    assert came.problems == ()
    assert [code for code in came.found if code != "CF603"] == list(BY_NAME[story].findings)
    assert len(came.expected.requests) == BY_NAME[story].length
    assert came.expected.judged
    assert not came.expected.unjudged


def without(place):
    return lambda entries: entries.pop(place)


def answered(place, code):
    return lambda entries: entries[place]["response"].update(status=code)


def asking(place, action):
    return lambda entries: entries[place]["request"]["postData"].update(text=json.dumps({"action": action}))


def scrubbed(entries):
    for entry in entries:
        for header in entry["request"]["headers"]:
            if header["name"] == "Authorization":
                header["value"] = "[Filtered]"


@pytest.mark.parametrize(
    ("story", "change"),
    [
        ("legal", without(1)),
        ("legal", without(6)),
        ("legal", answered(5, 409)),
        ("legal", answered(6, 404)),
        ("legal", asking(5, "complete")),
        ("legal", asking(3, "resume")),
        ("legal", lambda entries: entries.append(entries[5])),
        ("legal", lambda entries: entries[1]["request"].pop("postData")),
        ("legal", lambda entries: entries[0]["response"].pop("content")),
        ("legal", lambda entries: entries[2].update(request=None)),
        ("legal", scrubbed),
        ("illegal", without(1)),
        ("illegal", answered(1, 200)),
        ("illegal", asking(1, "pause")),
        ("illegal", lambda entries: entries.reverse()),
        ("lost", answered(1, 200)),
    ],
)
def test_a_planted_disagreement_is_seen(tmp_path, story, change):
    """A request that is missing, another action, another answer, a time, a secret: none of them goes by."""

    def changed(entries):
        change(entries)
        for second, entry in enumerate(entries):
            entry["startedDateTime"] = f"2026-01-05T10:00:{second:02}Z"

    assert verdict(tmp_path, story, changed).problems


def test_a_recording_that_is_not_read_to_its_end_disagrees(tmp_path):
    """Also where everything that the journal shows stands before the end."""
    text, journal = played(BY_NAME["legal"])
    path = tmp_path / "story.har"
    path.write_text(f"{text}]")
    assert [problem.partition(":")[0] for problem in compare(path, journal, Keeps()).problems] == ["incomplete"]


def test_another_finding_than_the_one_in_the_story_is_seen(tmp_path):
    """The codes stand in the stories by hand: the simulator's word for what is legal is the audit's own."""
    text, journal = played(BY_NAME["illegal"])
    path = tmp_path / "story.har"
    path.write_text(text)
    assert compare(path, journal, Keeps(), codes=("CF224", "CF226")).problems == ()
    assert compare(path, journal, Keeps(), codes=("CF224", "CF223")).problems


def no_bodies(entries):
    for entry in entries:
        entry["response"].pop("content", None)
        if "postData" in entry["request"]:
            entry["request"]["postData"]["text"] = ""
            entry["request"]["bodySize"] = 19
            entry["request"]["headers"].append({"name": "Content-Length", "value": "19"})


def test_what_a_recorder_drops_is_not_held_against_the_audit(tmp_path):
    """Without bodies nobody can judge, and the audit has to say so: neither more nor less."""
    came = verdict(tmp_path, "illegal", no_bodies, Keeps(bodies=False))
    assert came.problems == ()
    assert (len(came.expected.judged), len(came.expected.unjudged)) == (0, 4)
    assert came.remarks
    assert verdict(tmp_path, "illegal", no_bodies).problems
    assert verdict(tmp_path, "illegal", keeps=Keeps(bodies=False)).problems


def test_a_request_without_an_answer_may_be_missing_only_where_its_recorder_drops_it(tmp_path):
    """Cassettes hold answers; a HAR file holds both."""
    assert verdict(tmp_path, "lost", without(1), Keeps(lost=False)).problems == ()
    assert verdict(tmp_path, "lost", without(1)).problems
    assert verdict(tmp_path, "lost", keeps=Keeps(lost=False)).problems


def test_a_write_before_the_first_answer_cannot_be_judged():
    """A campaign's status is known from the first answer that shows it."""
    account = StoryAccount()
    walk = Walk()
    walk.begin(account)
    target = f"/v2/accounts/acme1/campaigns/{walk.campaigns['voice'][0]}"
    headers = [("Authorization", "Basic a2V5OnRva2Vu")]
    for action in ("complete", "pause", "pause"):
        account.handle("PUT", target, headers, json.dumps({"action": action}).encode())
    expected = Expected.of(account.journal, Keeps())
    assert [entry.status_code for entry in expected.unjudged] == [409, 200]
    assert [entry.status_code for entry in expected.judged] == [409]


def test_a_folder_is_compared_as_a_whole(tmp_path):
    """The last comparison is that of all recordings of a run together."""
    recordings, journal = {}, []
    for name in ("legal", "illegal"):
        text, arrived = played(BY_NAME[name])
        recordings[BY_NAME[name]] = tmp_path / f"{name}.har"
        recordings[BY_NAME[name]].write_text(text)
        journal += arrived
    came = dict(compared(Variant("any"), Played(tmp_path, recordings, tuple(journal))))
    assert list(came) == ["legal", "illegal", "(folder)"]
    assert not any(comparison.problems for comparison in came.values())
    (tmp_path / "more.har").write_text(played(BY_NAME["zipped"])[0])
    came = dict(compared(Variant("any"), Played(tmp_path, recordings, tuple(journal))))
    assert [story for story, comparison in came.items() if comparison.problems] == ["(folder)"]
    (tmp_path / "more.har").unlink()
    recordings[BY_NAME["illegal"]].write_text(played(BY_NAME["illegal"], without(1))[0])
    came = dict(compared(Variant("any"), Played(tmp_path, recordings, tuple(journal))))
    assert [story for story, comparison in came.items() if comparison.problems] == ["illegal", "(folder)"]


def test_the_order_that_a_recorder_drops_is_not_compared(tmp_path):
    """What was sent first is not to be seen without times, so nobody knows what was legal; and that is said."""

    def by_answer(entries):
        entries.insert(1, entries.pop(2))
        for entry in entries:
            del entry["startedDateTime"]

    text, journal = played(BY_NAME["race"], by_answer)
    path = tmp_path / "race.har"
    path.write_text(text)
    for order in (False, True):
        ((_, came),) = compared(Variant("any", Keeps(order=order)), Played(tmp_path, {BY_NAME["race"]: path}, journal))
        assert bool(came.problems) == order
        assert any("camp_race" in remark for remark in came.remarks) != order


def test_what_a_client_sends_again_by_itself_is_not_compared(tmp_path):
    """Its recorder sees one of the two, with the answer to the second, and cannot show that there was a first."""
    text, journal = played(BY_NAME["lost"], answered(1, 409))
    path = tmp_path / "lost.har"
    path.write_text(text)
    again = evolve(journal[1], status_code=409, legal=False)
    arrived = (*journal[:2], again, *journal[2:])
    for lost in (True, False):
        ((_, came),) = compared(Variant("any", Keeps(lost=lost)), Played(tmp_path, {BY_NAME["lost"]: path}, arrived))
        assert came.problems == ()
        assert any("camp_lost" in remark for remark in came.remarks)


def test_every_story_is_about_what_it_says():
    """The faults strike, the answers are compressed, and what overlaps is sent at the same time."""
    for story in STORIES:
        _, journal = played(story)
        assert [entry.fault for entry in journal if entry.fault] == ([story.fault] if story.fault else [])
        assert len([entry for entry in journal if entry.legal is False]) == len(story.findings)
    account = StoryAccount()
    BY_NAME["zipped"].begin(account)
    headers = [("Authorization", "Basic a2V5OnRva2Vu"), ("Accept-Encoding", "gzip")]
    reply = account.handle("GET", "/v2/accounts/acme1/message-campaigns/camp_zipped", headers, b"")
    assert reply.body[:2] == b"\x1f\x8b"
    assert {story.name for story in STORIES if not story.ordered} == {"overlap", "race"}


@pytest.mark.parametrize(
    ("outcomes", "code"), [((), 0), (("agrees",), 0), (("agrees", "missing"), 2), (("missing", "disagrees"), 1)]
)
def test_the_exit_code_is_the_verdict(outcomes, code):
    """A disagreement is 1, what could not be tried is 2."""
    assert exit_code([{"outcome": outcome} for outcome in outcomes]) == code


def test_a_tool_that_cannot_be_installed_is_named_with_the_reason(tmp_path, monkeypatch):
    """It is no agreement, and the others are tried all the same."""
    monkeypatch.setenv("PATH", str(tmp_path))
    said = []
    tool = Tool("polly", ("nothing",), (Variant("fs"),), npm=True)
    results = run([tool, tool], tmp_path / "cache", tmp_path, said.append)
    assert [result["outcome"] for result in results] == ["missing", "missing"]
    assert any(line.startswith("MISSING") and "npm" in line for line in said)
    assert not tool.installed(tmp_path / "cache")
    with pytest.raises(NotThere):
        tool.install(tmp_path / "cache")


def test_the_table_is_printed_with_how_each_is_installed(capsys):
    """`--list` installs nothing."""
    assert main(["--list"]) == 0
    said = capsys.readouterr().out
    assert all(need in said for tool in TOOLS for need in tool.needs)
    assert not [name for name, count in Counter(tool.name for tool in TOOLS).items() if count > 1]
    for tool in TOOLS:
        assert len({variant.name for variant in tool.variants}) == len(tool.variants)
        assert all(story in BY_NAME for variant in tool.variants for story in variant.omits)


@pytest.mark.long
@pytest.mark.may_skip
@pytest.mark.timeout(600)
@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_a_real_recorder_agrees_with_the_journal(tmp_path, tool):
    """What the audit says of its recordings is what happened at the server."""
    if not tool.installed(CACHE):
        pytest.skip(f"{tool.name} is not installed (python -m tests.recorders --tool {tool.name})")
    said = []
    code = exit_code(run([tool], CACHE, tmp_path, said.append))
    if code == 2:
        pytest.skip(next(line for line in said if line.startswith("MISSING")))
    assert code == 0, "\n".join(said)

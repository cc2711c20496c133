"""The order in time: within a file, across files, and of requests that were under way at once."""

import gzip
import itertools
import json
import os
import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign_fsm.audit.auditor import Auditor
from campaign_fsm.audit.run import Audit
from campaign_fsm.history.recording import history_of_recording
from campaign_fsm.traffic import Exchange
from campaign_fsm.traffic.order import WINDOW, Order, Strand
from campaign_fsm.traffic.order import merged as in_order

URL = "https://api.exotel.com/v2/accounts/acme1/campaigns/camp_abc123"
BEGIN = datetime(2026, 1, 5, 10, tzinfo=UTC)
GOAL = {"pause": "Paused", "resume": "InProgress", "complete": "Completed", "archive": "Archived"}


def at(second):
    return (BEGIN + timedelta(seconds=second)).isoformat().replace("+00:00", "Z")


def read(second, status, **more):
    return {"at": at(second), "method": "GET", "url": URL, "status_code": 200, "status": status, **more}


def write(second, action, status_code=200, **more):
    answer = {"status": GOAL[action]} if status_code == 200 else {}
    return {"at": at(second), "method": "PUT", "url": URL, "action": action, "status_code": status_code} | answer | more


def written(path, *lines):
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return str(path)


def audited(*paths, **settings):
    """The codes and places of findings, and the summary."""
    found = []
    run = Audit(found.append, **settings)
    run.paths(paths)
    return [(one.code, one.place.path.rpartition("/")[2], one.place.line) for one in found], run.end()


# --- one file

LEGAL = [read(0, "InProgress"), write(1, "pause"), write(2, "complete"), write(3, "archive")]


@pytest.mark.parametrize("lines", list(itertools.permutations(LEGAL)))
def test_a_legal_story_is_legal_in_any_order_of_the_file(tmp_path, lines):
    """It is judged in the order of its times."""
    assert audited(written(tmp_path / "log.jsonl", *lines)) == ([], audited(written(tmp_path / "log.jsonl", *LEGAL))[1])


def test_an_illegal_step_is_found_behind_a_later_legal_one(tmp_path):
    """Its place is that of the file."""
    lines = [read(0, "InProgress"), write(2, "pause"), write(1, "complete", 409)]
    assert audited(written(tmp_path / "log.jsonl", *lines))[0] == [("CF224", "log.jsonl", 3)]


def test_a_history_shows_the_order_of_time(tmp_path):
    """And not that of the file."""
    lines = [LEGAL[0], LEGAL[2], LEGAL[1], LEGAL[3]]
    history = history_of_recording(written(tmp_path / "log.jsonl", *lines))
    assert [step.trigger for step in history.steps if not step.inferred][-3:] == ["pause", "complete", "archive"]
    assert not history.leaps


def started(second, url=URL):
    return Exchange(at=None if second is None else at(second), url=url)


def seconds(exchanges):
    return [None if one.at is None else (datetime.fromisoformat(one.at) - BEGIN).total_seconds() for one in exchanges]


def by_start(given, window):
    """What is given out, and what of it is said to have come too late."""
    found = list(Order().by_start(given, lambda _: False, window))
    return found, [one for one in found if one.unread]


@given(st.lists(st.integers(0, 30), max_size=200), st.integers(1, 90))
def test_what_stands_no_further_behind_than_the_window_finds_its_place(moments, window):
    """Of any file: nothing is lost, and what was in reach is sorted, first things first where times are the same."""
    given = [Exchange(at=at(moment), url=URL, place=place) for place, moment in enumerate(moments)]
    found, late = by_start(given, window)
    assert sorted(one.place for one in found) == list(range(len(given)))
    # How many that began later stand before it.
    behind = max((sum(other > moment for other in moments[:place]) for place, moment in enumerate(moments)), default=0)
    if behind <= window:
        assert [one.place for one in found] == sorted(range(len(moments)), key=moments.__getitem__)
        assert not late
    if not late:
        assert seconds(found) == sorted(moments)


def test_what_is_too_late_is_counted_and_not_lost():
    """It comes where it stands."""
    moments = [*range(1, 400), 0, *range(400, 500), 0.5]
    found, late = by_start([started(moment) for moment in moments], 100)
    assert ([one.at for one in late], len(found)) == ([at(0), at(0.5)], len(moments))
    rest = [second for second in seconds(found) if second >= 1]
    assert rest == sorted(rest)


def test_the_window_of_what_is_sorted_has_an_end():
    """Also where the file was out of order before; by their number and by their bodies."""
    found, late = by_start([started(moment) for moment in [2, 1, *range(3, 400), 0.5]], 100)
    assert [one.at for one in late] == [at(0.5)]
    large = [Exchange(at=at(moment), url=URL, response_base64=bytes(2**20)) for moment in [2, 1, *range(3, 40), 0.5]]
    found, late = by_start(large, 100)
    assert [one.at for one in late] == [at(0.5)]
    assert len(found) == len(large)


@pytest.mark.parametrize(
    ("forms", "places"),
    [
        (["2026-01-05T10:00:02Z", "2026-01-05T10:00:01.500Z"], [1, 0]),
        (["2026-01-05T10:00:00Z", "2026-01-05T15:29:59+05:30"], [1, 0]),
        (["2026-01-05T10:00:00+05:30", "2026-01-05T09:00:00+00:00"], [0, 1]),
        (["2026-01-05T10:00:00+05:30", "2026-01-05T10:00:00+00:00", "2026-01-05T10:00:00+01:00"], [0, 2, 1]),
        (["zzz", "2026-01-05T10:00:00Z", "aaa"], [0, 1, 2]),
        ([None, "2026-01-05T10:00:01Z", None, "2026-01-05T10:00:00Z", None], [0, 3, 4, 1, 2]),
    ],
)
def test_times_are_compared_and_not_texts(forms, places):
    """Offsets and fractions count, and what is no time keeps its place behind the one before it."""
    found, _ = by_start([Exchange(at=form, url=URL, place=place) for place, form in enumerate(forms)], 50)
    assert [one.place for one in found] == places


def test_what_is_not_about_campaigns_does_not_fill_the_window():
    """It is left out before; what only may be is asked about."""
    others = [started(9, "https://elsewhere.example/campaign") for _ in range(50)]
    oddly = started(2, "https://api.exotel.com/v2/accounts/a/c%61mpaigns/x")
    order = Order()
    found = list(order.by_start([started(3), *others, oddly, started(1)], lambda one: one is oddly, 5))
    assert seconds(found) == [1, 2, 3]
    assert not any(one.unread for one in found)


def test_large_bodies_shorten_the_window():
    """The memory that it takes has an end."""
    body = bytes(2**20)
    large = [Exchange(at=at(second), url=URL, response_base64=body) for second in range(1, 400)]
    given = iter([*large, started(0)])
    order = Order()
    exchanges = order.by_start(given, lambda _: False)
    next(exchanges)
    assert len(list(given)) > 100


@pytest.mark.parametrize("suffix", ["jsonl", "har"])
def test_a_window_that_is_too_short_is_reported(tmp_path, suffix):
    """Then it is not known what was legal: the audit is incomplete, with the place."""
    lines = [read(second, "InProgress") for second in range(1, WINDOW + 300)] + [write(0, "complete", 409)]
    if suffix == "jsonl":
        path = written(tmp_path / "log.jsonl", *lines)
    else:
        path = tmp_path / "log.har"
        path.write_text(json.dumps({"log": {"entries": [entry(line) for line in lines]}}))
    findings, summary = audited(str(path))
    (sentence,) = summary.incomplete
    assert sentence.endswith(f"{len(lines)}: it began before what was judged already; sort the file by time")
    assert not findings


def entry(line, seconds=0.0):
    """The same as an entry of a HAR."""
    body = {"http_code": 200, "response": [{"code": 200, "data": {"id": "camp_abc123", "status": line.get("status")}}]}
    sent = {"postData": {"text": json.dumps({"action": line["action"]})}} if "action" in line else {}
    headers = [{"name": "Content-Type", "value": "application/json"}]
    return {
        "startedDateTime": line["at"],
        "time": seconds * 1000,
        "request": {"method": line["method"], "url": URL, "headers": headers, **sent},
        "response": {"status": line["status_code"], "content": {"text": json.dumps(body)}},
    }


@pytest.mark.parametrize("name", ["trace.jsonl", "cassette.yaml"])
def test_time_that_runs_backwards_in_the_order_of_a_file_is_reported(tmp_path, name):
    """What a trace and a cassette have in their order happened in it: the note says that it was judged like that."""
    path = tmp_path / name
    if name.endswith("yaml"):
        dates = ["Mon, 05 Jan 2026 10:00:20 GMT", "Mon, 05 Jan 2026 10:00:00 GMT"]
        answer = '{"response": [{"code": 200, "data": {"id": "camp_abc123", "status": "Paused"}}]}'
        parts = [
            f"- request: {{method: GET, uri: '{URL}', body: null, headers: {{Accept: [x]}}}}\n"
            f"  response: {{status: {{code: 200}}, headers: {{Date: ['{date}']}}, body: {{string: '{answer}'}}}}\n"
            for date in dates
        ]
        path.write_text("interactions:\n" + "".join(parts) + "version: 1\n")
    else:
        event = {"version": 1, "event": "read", "host": "h", "account": "a", "channel": "voice", "campaign": "camp_1"}
        events = [{**event, "at": at(second), "raw_status": "Paused", "status_code": 200} for second in (20, 0, 1)]
        path.write_text("".join(json.dumps(one) + "\n" for one in events))
    findings, summary = audited(str(path))
    assert (findings, summary.incomplete) == ([], ())
    (remark,) = summary.remarks
    assert "time runs backwards (1 place in the file)" in remark


# --- several files


def halves(tmp_path, lines, names=("log.jsonl", "log.jsonl.1.jsonl")):
    """The newer half has the name that comes first."""
    middle = len(lines) // 2
    folder = tmp_path / "logs"
    folder.mkdir()
    return [written(folder / names[0], *lines[middle:]), written(folder / names[1], *lines[:middle])]


STORY = [write(-1, "pause"), write(0, "resume"), write(1, "complete", 409), read(2, "InProgress")]


def test_rotated_logs_are_one_story(tmp_path):
    """Given together in any order, or as their folder: what one half shows counts in the other."""
    newer, older = halves(tmp_path, STORY)
    expected = [("CF224", "log.jsonl", 1)]
    for paths in ((newer, older), (older, newer), (str(tmp_path / "logs"),)):
        findings, summary = audited(*paths)
        assert (findings, summary.story, summary.campaigns, summary.unjudged) == (expected, 2, 1, 1)
        assert "2 files, all of them as one sequence" in str(summary)
    findings, summary = audited(newer, older, together=False)
    assert (findings, summary.story, summary.campaigns, summary.unjudged) == ([], 0, 2, 2)
    assert "2 files, each by itself" in str(summary)


def test_files_that_overlap_are_merged(tmp_path):
    """Two workers write a log each."""
    lines = [read(0, "InProgress"), write(1, "pause"), write(2, "resume"), write(3, "pause"), write(4, "complete")]
    one, other = written(tmp_path / "a.jsonl", *lines[::2]), written(tmp_path / "b.jsonl", *lines[1::2])
    assert audited(one, other)[0] == audited(other, one)[0] == []
    assert audited(one, other, together=False)[0] != []


@given(st.integers(2, 5), st.randoms(use_true_random=False))
def test_a_story_in_pieces_is_the_same_story(tmp_path_factory, pieces, chance):
    """However a log is dealt out to files, what is found is what is found in the whole."""
    folder = tmp_path_factory.mktemp("pieces")
    lines, second = [read(0, "InProgress")], 0
    for _ in range(30):
        second += chance.randint(1, 700)
        action = chance.choice(["pause", "resume", "complete"])
        lines.append(write(second, action, 409, status=None) if chance.random() < 0.4 else write(second, action))
    whole = written(folder / "whole.jsonl", *lines)
    dealt = [[] for _ in range(pieces)]
    for line in lines:
        chance.choice(dealt).append(line)
    paths = [written(folder / f"{number}.jsonl", *some) for number, some in enumerate(dealt) if some]
    chance.shuffle(paths)
    found = []
    run = Audit(found.append)
    run.paths(paths)
    alone = []
    Audit(alone.append).file(whole)
    assert sorted((one.code, one.at) for one in found) == sorted((one.code, one.at) for one in alone)
    assert not run.end().incomplete


def test_cassettes_are_apart_unless_they_are_asked_to_be_together(tmp_path):
    """Each is of one test. Plans are apart in any case."""
    cassette = (
        "interactions:\n- request: {{method: {}, uri: '"
        + URL
        + "', headers: {{Content-Type: [application/json]}}, body: {}}}\n"
        "  response: {{status: {{code: {}}}, headers: {{Date: ['{}']}}, body: {{string: '{}'}}}}\nversion: 1\n"
    )
    answer = '{"response": [{"code": 200, "data": {"id": "camp_abc123", "status": "InProgress"}}]}'
    first, second = tmp_path / "b.yaml", tmp_path / "a.yaml"
    first.write_text(cassette.format("GET", "null", 200, "Mon, 05 Jan 2026 10:00:00 GMT", answer))
    sent = '\'{"action": "complete"}\''
    second.write_text(cassette.format("PUT", sent, 409, "Mon, 05 Jan 2026 10:00:09 GMT", "{}"))
    assert audited(str(tmp_path))[0] == []
    findings, summary = audited(str(tmp_path), together=True)
    assert [code for code, *_ in findings] == ["CF224"]
    assert summary.story == 2


def test_what_has_no_times_is_apart_or_follows_in_the_order_given(tmp_path):
    """Nobody knows when it was."""
    lines = [{key: value for key, value in line.items() if key != "at"} for line in STORY]
    first, second = written(tmp_path / "z.jsonl", *lines[:2]), written(tmp_path / "a.jsonl", *lines[2:])
    findings, summary = audited(first, second)
    assert (findings, summary.story) == ([], 0)
    findings, summary = audited(first, second, together=True)
    assert (findings, summary.story) == ([("CF224", "a.jsonl", 1)], 2)


def test_a_lost_answer_is_remembered_in_the_next_file(tmp_path):
    """And the finding says in which it was."""
    lost = {**write(1, "pause", None), "lost": True}
    first, second = (
        written(tmp_path / "1.jsonl", read(0, "InProgress"), lost),
        written(tmp_path / "2.jsonl", write(2, "complete")),
    )
    found = []
    run = Audit(found.append)
    run.paths([second, first])
    assert [one.code for one in found] == ["CF602"]
    assert f"at {first}:2 was lost" in found[0].message


def test_the_same_file_is_judged_once(tmp_path):
    """However it is named, and beside a compressed copy of it."""
    path = written(tmp_path / "log.jsonl", *LEGAL)
    (tmp_path / "log.jsonl.gz").write_bytes(gzip.compress((tmp_path / "log.jsonl").read_bytes()))
    (tmp_path / "link.jsonl").symlink_to(path)
    os.link(path, tmp_path / "hard.jsonl")
    findings, summary = audited(path, str(tmp_path), f"{tmp_path}/./log.jsonl")
    assert (findings, summary.passed_over, summary.events) == ([], 5, 4)
    assert f"{tmp_path}/log.jsonl.gz: passed over: it is the same file as {path}" in summary.remarks
    assert not summary.incomplete
    alone = tmp_path / "alone"
    alone.mkdir()
    os.link(path, alone / "log.jsonl")
    assert audited(path, str(alone))[1].incomplete == ()


def test_an_unsorted_file_of_a_story_is_opened_in_time(tmp_path):
    """Its first entry is not its earliest."""
    first = written(tmp_path / "1.jsonl", read(0, "InProgress"), write(1900, "pause"), write(1950, "resume"))
    second = written(tmp_path / "2.jsonl", write(4000, "archive"), write(2000, "pause"), write(2500, "complete"))
    findings, summary = audited(first, second)
    assert (findings, summary.incomplete) == ([], ())


def test_a_cut_first_line_leaves_a_file_in_its_story(tmp_path):
    """As rotation leaves it."""
    first = written(tmp_path / "1.jsonl", read(0, "InProgress"))
    second = tmp_path / "2.jsonl"
    second.write_text('us_code": 200}\n' + json.dumps(write(5, "complete", 409)) + "\n")
    findings, summary = audited(first, str(second))
    assert [code for code, *_ in findings] == ["CF224"]
    assert summary.story == 2


def test_a_clock_that_was_set_back_is_reported(tmp_path):
    """An hour later in the file and an hour earlier by the clock."""
    lines = [write(3000, "pause"), write(3060, "resume"), write(10, "pause"), write(70, "resume")]
    _, summary = audited(written(tmp_path / "log.jsonl", read(2999, "InProgress"), *lines))
    (remark,) = summary.remarks
    assert remark.endswith("time runs backwards (2 places in the file); it was judged in the order of time")


def test_a_broken_file_ends_by_itself(tmp_path):
    """The others of its story are read to their ends."""
    broken = tmp_path / "broken.har"
    broken.write_text(json.dumps({"log": {"entries": [entry(read(0, "InProgress"))]}})[:-3] + ", {")
    rest = written(tmp_path / "rest.jsonl", write(1, "complete", 409))
    findings, summary = audited(str(broken), rest)
    assert [code for code, *_ in findings] == ["CF224"]
    assert len(summary.incomplete) == 1


def is_open(number):
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def test_more_files_than_can_be_open_at_once(tmp_path):
    """Small ones are closed as soon as they are read, large ones are opened when they are due."""
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    paths = [
        written(tmp_path / f"{number:04}.jsonl", read(number, "InProgress"), write(number + 0.5, "complete", 409))
        for number in range(150)
    ]
    random.Random(1).shuffle(paths)
    # However many this process has open already, sixty more are enough.
    open_now = [number for number in range(min(4096, limits[0])) if is_open(number)]
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(open_now) + 60, limits[1]))
    try:
        findings, summary = audited(*paths)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert (len(findings), summary.incomplete) == (150, ())


def test_strands_are_opened_when_they_are_due():
    """What begins much later is not read before."""
    opened = []

    def strand(name, *moments):
        opened.append(name)
        yield from (started(moment) for moment in moments)

    strands = [Strand(BEGIN.timestamp() + 5000, strand("late", 5000)), Strand(BEGIN.timestamp(), strand("early", 0, 1))]
    merged = in_order(strands)
    next(merged)
    assert opened == ["early"]
    assert seconds(merged) == [1, 5000]


def test_what_a_strand_gives_too_late_is_named():
    """Its file was taken to begin later."""
    early = Strand(BEGIN.timestamp(), iter([started(second) for second in (0, 3000, 6000)]))
    odd = Strand(BEGIN.timestamp() + 5000, iter([started(1), started(7000)]))
    found = list(in_order([early, odd]))
    assert seconds(found) == [0, 3000, 1, 6000, 7000]
    assert [bool(one.unread) for one in found] == [False, False, True, False, False]


# --- at the same time


def found_in(*exchanges):
    """The codes that are found, and what the campaign may be then."""
    auditor = Auditor()
    codes = [one.code for one in auditor.findings([Exchange(**line) for line in exchanges])]
    (tracked,) = auditor._tracker._campaigns.values()
    return codes, {str(status) for status in tracked.possible}


BEFORE = read(0, "InProgress")


@pytest.mark.parametrize(
    ("exchanges", "codes", "possible"),
    [
        # Not at the same time: nothing excuses it.
        ([write(1, "complete", seconds=1.0), write(2, "pause", seconds=1.0)], ["CF224", "CF221"], {"paused"}),
        # The pause came first, as the answers say.
        ([write(1, "complete", seconds=5.0), write(2, "pause", seconds=1.0)], [], {"completed"}),
        ([write(1, "pause", seconds=5.0), write(2, "complete", seconds=1.0)], [], {"completed"}),
        # The refusal says that the campaign was not paused when the complete came.
        ([write(1, "complete", 409, seconds=5.0), write(2, "pause", seconds=1.0)], ["CF224"], {"paused"}),
        # A read meanwhile may show the status before, or after.
        ([write(1, "pause", seconds=5.0), read(2, "InProgress", seconds=1.0), write(7, "complete")], [], {"completed"}),
        ([write(1, "pause", seconds=5.0), read(2, "Paused", seconds=1.0), write(7, "complete")], [], {"completed"}),
        ([read(1, "Paused", seconds=5.0), write(2, "pause", seconds=1.0), write(7, "complete")], [], {"completed"}),
        # But not what no order leads to.
        ([read(1, "InProgress", seconds=5.0), write(2, "complete", 409, seconds=1.0)], ["CF224"], {"in-progress"}),
        # Both orders explain the answers: it may be either.
        (
            [write(1, "pause", 500, seconds=5.0), read(2, "InProgress", seconds=1.0)],
            [],
            {"in-progress", "paused", "canceled"},
        ),
    ],
)
def test_requests_at_the_same_time_are_judged_by_what_their_answers_mean(exchanges, codes, possible):
    """In the order, of all that are possible, in which the answers make sense."""
    assert found_in(BEFORE, *exchanges) == (codes, possible)


def test_what_is_unknown_in_one_order_is_unknown():
    """A write that may have been anything, and a read meanwhile: whatever it shows may have changed since."""
    unclear = {"at": at(1), "method": "PUT", "url": URL, "status_code": 200, "seconds": 5.0}
    assert found_in(BEFORE, unclear, read(2, "InProgress", seconds=1.0)) == ([], set())
    assert found_in(BEFORE, {**unclear, "seconds": 0.5}, read(2, "InProgress", seconds=1.0)) == ([], {"in-progress"})


def test_what_has_no_time_comes_after_all_that_was_under_way():
    """Whether it overlaps something is not known; it stays where it stands."""
    timeless = {**write(0, "resume"), "at": None}
    codes, possible = found_in(BEFORE, write(1, "pause", seconds=5.0), timeless, write(9, "complete", 409))
    assert (codes, possible) == (["CF224"], {"in-progress"})


def test_a_long_poll_costs_no_more_than_its_requests():
    """A slow write, and a hundred reads meanwhile: every place of the write among them is looked at."""
    reads = [read(second, "InProgress" if second < 60 else "Paused", seconds=0.5) for second in range(2, 62)]
    codes, possible = found_in(BEFORE, write(1, "pause", seconds=100.0), *reads, write(102, "complete"))
    assert (codes, possible) == ([], {"completed"})


def test_too_much_at_once_is_not_known():
    """Then the status is unknown afterwards, and what follows is not judged."""
    # Fourteen that are alike are one after the other, however they came.
    many = [write(1 + number / 100, "pause", seconds=50.0) for number in range(14)]
    assert found_in(BEFORE, *many) == (["CF211"] * 13, {"paused"})
    different = [{**one, "name": str(number)} for number, one in enumerate(many)]
    assert found_in(BEFORE, *different, write(60, "complete", 409)) == ([], set())


SLOW_POLL = [write(1, "pause", seconds=2.0), read(2, "InProgress", seconds=19.0), write(4, "complete", seconds=1.0)]
HUNG = [step for second in range(10, 146, 4) for step in (write(second, "pause"), write(second + 2, "resume"))]


@pytest.mark.parametrize(
    ("exchanges", "codes"),
    [
        # Whatever a slow poll shows, the two writes came one after the other.
        (SLOW_POLL, []),
        # One request that hangs leaves the others in their order.
        ([read(1, "InProgress", seconds=3600.0), *[{**one, "seconds": 1.0} for one in HUNG]], []),
        (
            [
                read(1, "InProgress", seconds=3600.0),
                *[{**one, "seconds": 1.0} for one in HUNG],
                write(200, "complete", 409, seconds=1.0),
            ],
            ["CF224"],
        ),
        # Times that are cut to milliseconds make no overlap.
        ([write(1, "complete", seconds=0.0053), write(1.005, "pause", seconds=0.004)], ["CF224", "CF221"]),
        # Of a request that does not say how long it took, the end is not known.
        ([read(1, "InProgress", seconds=10.0), write(5, "complete"), write(5, "pause", seconds=0.1)], []),
        # What has no time, or is about another campaign, settles nothing.
        *[
            ([write(1, "complete", seconds=9.0), stranger, write(2, "pause", seconds=1.0)], [])
            for stranger in (
                {"callback": {"CampaignSid": "zzz", "Status": "Completed"}},
                {**read(0, "Paused"), "at": None, "url": URL + "9"},
            )
        ],
        # That an answer was lost and nothing read since is one of two orders.
        ([write(1, "pause", None, seconds=9.0, lost=True), read(1, "InProgress", seconds=2.0), write(20, "pause")], []),
        ([read(1, "InProgress", seconds=2.0), write(1, "pause", None, seconds=9.0, lost=True), write(20, "pause")], []),
    ],
)
def test_more_requests_at_the_same_time(exchanges, codes):
    """What is certain is found, and nothing else."""
    auditor = Auditor()
    findings = auditor.findings([Exchange(**line) for line in (BEFORE, *exchanges)])
    assert [one.code for one in findings] == codes


def test_the_refusal_of_what_may_have_been_legal_says_what_it_was():
    """A conflict leaves the statuses in which the server is right."""
    both = [write(1, "pause", 500, seconds=5.0), read(2, "InProgress", seconds=1.0)]
    _, possible = found_in(BEFORE, *both, write(8, "resume", 409))
    assert possible == {"in-progress", "canceled"}


def test_orders_are_tried_without_end_nowhere(monkeypatch):
    """Not for reads that are alike, and not for writes that are not."""
    tried = []
    original = Auditor._try
    monkeypatch.setattr(Auditor, "_try", lambda self, one: tried.append(one) or original(self, one))
    alike = [read(1 + number / 100, "InProgress", seconds=50.0) for number in range(45)]
    found_in(BEFORE, *alike)
    assert len(tried) <= 50
    tried.clear()
    found_in(BEFORE, *[{**one, "name": str(number)} for number, one in enumerate(alike)])
    assert len(tried) <= 1000


def test_a_slow_list_or_create_is_no_news(tmp_path):
    """What came while they were under way is newer."""
    create = {
        **read(0, "Created"),
        "method": "POST",
        "url": URL.rpartition("/")[0],
        "action": "create",
        "seconds": 10.0,
    }
    create |= {"campaign": "camp_abc123"}
    later = [read(4, "InProgress", seconds=0.1), write(6, "pause", seconds=1.0), write(12, "complete", seconds=1.0)]
    assert audited(written(tmp_path / "log.jsonl", create, *later))[0] == []


def test_a_list_meanwhile_settles_nothing():
    """It may show what was before a write that was under way, or after it."""
    data = [{"code": 200, "data": {"id": "camp_abc123", "status": "InProgress"}}]
    url = URL.rpartition("/")[0]

    def listed(second, seconds):
        body = json.dumps({"response": data, "metadata": {"page_no": 0, "page_size": 20, "count": 1}}).encode()
        return {
            "at": at(second),
            "method": "GET",
            "url": url,
            "status_code": 200,
            "response_base64": body,
            "seconds": seconds,
        }

    pause, complete = write(2, "pause", seconds=2.0), write(9, "complete", seconds=1.0)
    for moment in (1.0, 3.0):
        codes, _ = found_in(BEFORE, *sorted([listed(moment, 2.0), pause], key=lambda one: one["at"]), complete)
        assert codes == [], moment
    codes, _ = found_in(BEFORE, pause, listed(5, 1.0), complete)
    assert codes == ["CF224"]


def test_a_har_says_how_long_each_request_took(tmp_path):
    """The same from a file."""
    path = tmp_path / "log.har"
    lines = [(BEFORE, 0.1), (write(1, "complete"), 5.0), (write(2, "pause"), 0.5)]
    for seconds_of_complete, expected in ((5.0, []), (0.5, ["CF224", "CF221"])):
        lines[1] = (lines[1][0], seconds_of_complete)
        path.write_text(json.dumps({"log": {"entries": [entry(line, took) for line, took in lines]}}))
        assert [code for code, *_ in audited(str(path))[0]] == expected

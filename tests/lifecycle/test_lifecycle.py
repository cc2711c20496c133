"""The table, the machine and `decide` against the oracle that was typed by hand."""

import itertools
import re
import runpy
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import attrs
import oracle
import pytest
from transitions import MachineError

from campaign_fsm.lifecycle import NEW, build_machine, decide, has_started, platform_moves, route
from campaign_fsm.lifecycle.decision import _CELLS
from campaign_fsm.lifecycle.machine import _machine, edge
from campaign_fsm.rules import (
    ENTRIES,
    PAGES,
    PROBLEMS,
    REFUSALS,
    RULE,
    RULES,
    STRICT_REFUSAL,
    Action,
    Actor,
    Channel,
    Event,
    Standing,
    Status,
    edges,
    texts,
)

NOW = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)


class Scratch:
    """A model that says whether it has started."""

    def __init__(self, started):
        self.started = started


def test_the_oracle_covers_the_enumerations():
    """The oracle was typed for exactly the statuses, actions and channels that the package has."""
    assert list(Status) == oracle.STATUSES
    assert list(Action) == oracle.ACTIONS
    assert list(Channel) == oracle.CHANNELS
    assert list(Actor) == ["account holder", "platform"]
    assert list(Standing) == ["documented", "contested"]
    assert len(list(oracle.cells())) == 2 * 10 * 9 * 3 * 2


GOALS = {
    "pause": "paused",
    "resume": "in-progress",
    "complete": "completed",
    "archive": "archived",
    "delete": "deleted",
}
ROUTES = {(start, goal): way for start, goal, way in oracle.routes()}


def expected_route(status, action, channel, dest, strict):
    """The way to what an action is for, by the typed routes; one that begins with what is refused is none."""
    if dest is not None:
        return (action,)
    if action not in GOALS or status == "unknown":
        return None
    if status is None:
        return {"pause": ("create", "pause"), "complete": ("create", "pause", "complete")}.get(
            action, ("create", "pause", "complete", "archive") if action == "archive" else None
        ) or (("create", "delete") if (action, channel, strict) == ("delete", "voice", False) else None)
    return ROUTES[status, GOALS[action]]


def test_decide_agrees_with_the_oracle_in_every_cell():
    """Every one of the 1080 cells is decided as the typed table says, with everything that hangs on it."""
    counted = 0
    for status, action, channel, started, strict in oracle.cells():
        decision = decide(status, action, channel=channel, started=started, strict=strict)
        where = (status, action, channel, started, strict)
        dest = oracle.legal(status, action, channel, started, strict=strict)
        assert decision.allowed is (dest is not None), where
        assert bool(decision) is decision.allowed, where
        assert decision.destination == dest, where
        assert decision.undoable is (action not in oracle.IRREVERSIBLE), where
        assert decision.already is ((action, status) in oracle.ALREADY), where
        assert decision.legal_actions == tuple(
            other for other in oracle.ACTIONS if oracle.legal(status, other, channel, started, strict=strict)
        ), where
        if dest is None:
            assert decision.accepted == frozenset(), where
            assert re.fullmatch(r"CF2\d\d", decision.code), where
            assert decision.standing is None, where
            assert decision.effect == "", where
        else:
            late = {"created"} if action == "resume" and started is False else set()
            assert decision.accepted == set(oracle.ACCEPTED[action, status].split()) | late, where
            assert re.fullmatch(r"CF1\d\d", decision.code), where
            contested = status is not None and oracle.contested(status, action, channel, started)
            assert decision.standing is (Standing.CONTESTED if contested else Standing.DOCUMENTED), where
            assert decision.sources, where
        assert decision.reason.endswith("."), where
        assert decision.effect.endswith(".") is decision.allowed, where
        assert decision.route == expected_route(status, action, channel, dest, strict), where
        if dest is None and status is not None and oracle.legal(status, action, channel, started):
            # Legal but for strictness: the code says so, and the sources are those that contradict each other.
            assert decision.code == "CF251", where
            assert decision.sources == decide(status, action, channel=channel, started=started).sources, where
        else:
            assert decision.code != "CF251", where
        counted += 1
    assert counted == 1080


def test_every_cell_answers_with_its_typed_code():
    """A released code keeps its meaning: each of the 1080 cells gives the code that was typed for it."""
    for status, action, channel, started, strict in oracle.cells():
        decision = decide(status, action, channel=channel, started=started, strict=strict)
        where = (status, action, channel, started, strict)
        assert decision.code == oracle.code(status, action, channel, started, strict=strict), where
    assert {
        (rule.trigger.value, rule.source.value): rule.code for rule in RULES if isinstance(rule.trigger, Event)
    } == oracle.EVENT_CODES


def test_every_code_rests_on_the_pages_that_were_typed_for_it():
    """No rule, refusal or problem loses a page that it rests on, nor one that contradicts it."""
    cited = {code: tuple(source.page.key for source in entry.sources) for code, entry in ENTRIES.items()}
    assert cited == oracle.pages()
    assert [page.key for page in PAGES.values()] == list(PAGES) == oracle.PAGES


def test_what_the_platform_does_is_contested_where_it_was_typed():
    """What becomes of a campaign at its end time; the pages that contradict each other stand in the sources of each."""
    events = [rule for rule in RULES if rule.actor is Actor.PLATFORM]
    assert {rule.code for rule in events if rule.standing is Standing.CONTESTED} == oracle.CONTESTED_EVENTS
    says = {code: {one.page.key: one.says for one in RULE[code].sources} for code in oracle.CONTESTED_EVENTS}
    assert "canceled" in says["CF305"]["how-campaigns-work"]
    assert "wait without limit" in says["CF305"]["campaign-faqs"]
    assert "completes" in says["CF306"]["how-campaigns-work"]
    assert "paused" in says["CF306"]["campaign-scheduling"]
    # Both sides of it may happen, and strict is about actions.
    assert {"canceled"} == platform_moves(Status.PAUSED)
    assert platform_moves(Status.IN_PROGRESS) >= {"completed", "paused"}
    assert decide("in-progress", "pause", strict=True).accepted == decide("in-progress", "pause").accepted


def test_no_channel_is_told_what_only_pages_about_the_other_one_say():
    """A decision cites pages about its own kind of campaign and those about both; others where there are no such."""
    for status, action, channel, started, strict in oracle.cells():
        decision = decide(status, action, channel=channel, started=started, strict=strict)
        (foreign,) = (pages for other, pages in oracle.ABOUT.items() if other != channel)
        told = {source.page.key for source in decision.sources}
        assert not told & set(foreign) or told <= set(foreign), (status, action, channel)
        if told & set(foreign):
            assert (channel, action) == ("message", "delete"), (status, action, channel)


def test_what_the_pages_say_of_calls_is_told_of_calls_alone():
    """Also where the page is about both kinds of campaign; and of a created campaign no call is under way."""
    met = set()
    for status, action, channel, started, strict in oracle.cells():
        decision = decide(status, action, channel=channel, started=started, strict=strict)
        told = [source.says for source in decision.sources]
        calls = oracle.CALLS_ONLY.get(decision.code, [])
        assert [words for words in calls if words in told] == (calls if channel == "voice" else []), decision
        # What ends a campaign of either kind stands on a page about calls, and says so.
        foreign = [words for all_of_it in oracle.CALLS_ONLY.values() for words in all_of_it if words not in calls]
        assert not set(foreign) & set(told), decision
        if channel == "message" and decision:
            assert not re.search(r"\b[Cc]alls?\b", decision.effect), decision
        met.add(decision.code)
    assert met >= set(oracle.CALLS_ONLY)


def test_the_sides_of_what_is_contested_are_those_that_were_typed():
    """Which pages stand against which; what takes no side, as that DELETE is answered with 200, is on neither."""
    sides = {rule.code: tuple(" ".join(one.page.key for one in side) for side in rule.sides) for rule in RULES}
    assert {code: both for code, both in sides.items() if both} == oracle.SIDES


@pytest.mark.parametrize(
    ("code", "page", "says"),
    [
        ("CF117", "manage-campaign", "answered with 200"),
        ("CF117", "how-campaigns-work", "only if it has not started"),
        ("CF117", "campaign-faqs", "cannot be deleted"),
        ("CF111", "update-campaign-details", "once send_at has passed"),
        ("CF111", "manage-campaign", "after send_at"),
        ("CF232", "campaign-faqs", "one more contact list"),
        ("CF234", "campaign-scheduling", "of every campaign"),
        ("CF116", "campaign-scheduling", "at its new send_at"),
        ("CF103", "campaign-reporting", "not connected yet are reported as canceled"),
        ("CF103", "campaign-faqs", "connected finish"),
        ("CF103", "campaign-faqs", "contacts that wait are kept"),
        ("CF413", "update-campaign-details", "no sample has both"),
        ("CF413", "campaign-scheduling", "only its sample is of a call campaign"),
        ("CF101", "how-campaigns-work", "one invalid number fails the whole request for a call campaign"),
        ("CF221", "how-campaigns-work", "the page is about call campaigns"),
        ("CF223", "how-campaigns-work", "the page is about call campaigns"),
        ("CF231", "how-campaigns-work", "the page is about call campaigns"),
        ("CF303", "how-campaigns-work", "a call campaign"),
        ("CF305", "how-campaigns-work", "a call campaign"),
    ],
)
def test_a_page_is_cited_with_what_it_says(code, page, says):
    """What was read on each page, not what another one says."""
    assert any(source.page.key == page and says in source.says for source in ENTRIES[code].sources)


def test_what_no_page_says_is_called_that():
    """Notes of a public client are no page; statuses that only a page about calls has are expected on messages."""
    assert "By a page that works only before the start" in RULE["CF117"].effect
    assert "by no page, only while created" in RULE["CF117"].effect
    assert not any("client" in source.says for source in RULE["CF117"].sources)
    for code in ("CF303", "CF304", "CF305"):
        assert "expected, not documented" in RULE[code].effect
    assert "pages differ" in decide("in-progress", "edit").reason
    assert "no page" not in decide("paused", "reschedule").reason
    assert "of messages" in decide("paused", "reschedule").reason
    for effect in (RULE["CF302"].effect, RULE["CF305"].effect, RULE["CF306"].effect):
        assert "other page" in effect


def test_every_problem_says_what_its_code_stands_for():
    """Title and advice of a code hold the words that were typed for it: none has another one's."""
    assert list(oracle.PROBLEMS) == sorted(PROBLEMS)
    for code, (title, advice) in oracle.PROBLEMS.items():
        assert title in PROBLEMS[code].title, code
        assert advice in PROBLEMS[code].advice, code


@pytest.mark.parametrize(
    ("status", "action", "channel", "strict", "reason"),
    [
        ("completed", "pause", "message", False, "can be paused; this one is completed."),
        ("paused", "pause", "message", False, "The campaign is already paused; there is nothing to pause."),
        ("in-progress", "edit-callbacks", "message", False, "callback edit of a started message campaign."),
        ("unknown", "archive", "voice", False, "It is not documented what archive does in this status"),
        ("created", "delete", "voice", True, "contradict each other about delete while created; strict"),
        ("created", "pause", "message", False, "pause is legal while created."),
    ],
)
def test_a_reason_names_the_status_the_action_and_the_channel(status, action, channel, strict, reason):
    """Whatever a reason speaks of is what was asked about."""
    assert reason in decide(status, action, channel=channel, strict=strict).reason


def test_the_machine_agrees_with_the_oracle_in_every_cell():
    """Triggering the `transitions` machine itself moves a model exactly where the typed table says."""
    machines = {channel: build_machine(channel) for channel in Channel}
    for status, action, channel, started, strict in oracle.cells():
        if strict or status == "unknown" or started is None:
            continue
        machine = machines[Channel(channel)]
        model = Scratch(started)
        machine.add_model(model, initial=NEW if status is None else status)
        try:
            moved = model.trigger(action)
        except MachineError:
            moved = False
        dest = oracle.legal(status, action, channel, started)
        assert moved is (dest is not None), (status, action, channel, started)
        assert model.state == (dest or status or NEW)
        machine.remove_model(model)


def test_members_and_canonical_strings_are_the_same_question():
    """`decide` takes members and their strings, and gives the very same answer."""
    assert decide(Status.PAUSED, Action.RESUME, channel=Channel.VOICE) is decide("paused", "resume", channel="voice")


@pytest.mark.parametrize("status", ["Paused", "running", "", "PAUSED ", 7, True, ["paused"]])
def test_a_status_that_is_no_canonical_string_is_refused_as_unknown(status):
    """Whatever is not a canonical status is refused, never guessed and never an exception."""
    decision = decide(status, "resume")
    assert not decision
    assert (decision.code, decision.status) == ("CF201", Status.UNKNOWN)


@pytest.mark.parametrize("action", ["halt", "Pause", None, 1])
def test_an_action_on_no_list_is_a_clear_error(action):
    """An unknown action is a mistake of the caller's, and the error lists the actions."""
    with pytest.raises(ValueError, match="is not an action; use one of create, pause"):
        decide("paused", action)


def test_bad_flags_are_a_clear_error():
    """`started` and `strict` are booleans; a string that happens to be true is not taken for one."""
    with pytest.raises(TypeError, match="started must be True, False or None"):
        decide("paused", "resume", started="no")
    with pytest.raises(TypeError):
        decide("paused", "resume", strict="no")
    with pytest.raises(ValueError, match="is not a channel"):
        decide("paused", "resume", channel="fax")


@pytest.mark.parametrize("warm", [False, True])
@pytest.mark.parametrize(
    "flags",
    [{"strict": 1}, {"strict": 0}, {"strict": 1.0}, {"strict": None}]
    + [{"started": value} for value in (1, 0, 1.0, 0.0, Decimal(1), "")],
)
def test_a_number_is_no_flag_however_often_it_is_asked(monkeypatch, flags, warm):
    """1 is equal to True and has its hash, so a cell that was asked for before must not answer for it."""
    monkeypatch.setattr("campaign_fsm.lifecycle.decision._CELLS", {})
    if warm:
        for started, strict in itertools.product((None, False, True), (False, True)):
            decide("paused", "resume", started=started, strict=strict)
    with pytest.raises(TypeError, match="started must be True, False or None"):
        decide("paused", "resume", **flags)
    monkeypatch.setattr("campaign_fsm.lifecycle.decision._CELLS", {})
    with pytest.raises(TypeError):
        decide("paused", "resume", **flags)
    decision = decide("paused", "resume", started=True, strict=True)
    assert (decision.started, decision.strict) == (True, True)


def test_routes_agree_with_the_oracle():
    """All 64 routes of the message channel are the typed ones, and voice differs only by delete."""
    counted = 0
    for start, goal, way in oracle.routes():
        assert route(start, goal) == way, (start, goal)
        if goal != "deleted" or start == "deleted":
            assert route(start, goal, channel="voice") == way, (start, goal)
        counted += 1
    assert counted == 64
    assert route("created", "deleted", channel="voice") == ("delete",)
    assert route("created", "deleted", channel="voice", strict=True) is None
    assert route("paused", "deleted", channel="voice") is None


def test_no_route_starts_a_campaign_early():
    """From created, or from nothing, there is only waiting for the start."""
    for channel in Channel:
        assert route("created", "in-progress", channel=channel) is None
        assert route(None, "in-progress", channel=channel) is None


def test_every_route_is_legal_step_by_step():
    """Walking a route by `decide` never meets a refusal and ends at its goal."""
    for channel in Channel:
        for start in Status:
            for goal in Status:
                at = start
                for step in route(start, goal, channel=channel) or ():
                    decision = decide(at, step, channel=channel)
                    assert decision, (start, goal, step)
                    at = decision.destination
                if route(start, goal, channel=channel) is not None:
                    assert at is goal


@pytest.mark.parametrize("bad", ["Paused", "nowhere"])
def test_a_route_needs_statuses_of_the_list(bad):
    """A typo in a route is an error with the list, not "no way"."""
    with pytest.raises(ValueError, match="is not a status"):
        route(bad, "paused")
    with pytest.raises(ValueError, match="is not a status"):
        route("paused", bad)
    with pytest.raises(ValueError, match="use one of created, in-progress, paused"):
        route("paused", bad)
    with pytest.raises(ValueError, match="'fax' is not a channel; use one of message, voice"):
        route("paused", "completed", channel="fax")


def test_a_refusal_that_has_a_way_names_it_and_marks_what_cannot_be_undone():
    """The decision against completing a running campaign carries the way, in data and in words."""
    decision = decide("in-progress", "complete")
    assert decision.route == ("pause", "complete")
    assert decision.way == "pause, then complete (cannot be undone)"
    assert decision.as_dict()["irreversible_steps"] == ["complete"]
    assert decision.advice == "Legal now: pause. The way there: pause, then complete (cannot be undone)."
    assert decide("paused", "pause").advice == "Legal now: resume, complete."
    assert decide("failed", "edit").advice == "Legal now: nothing."


def test_a_decision_as_plain_data():
    """What `--json` prints, typed whole."""
    assert decide("paused", "complete", channel="voice", started=True).as_dict() == {
        "allowed": True,
        "status": "paused",
        "action": "complete",
        "channel": "voice",
        "started": True,
        "strict": False,
        "destination": "completed",
        "accepted": ["completed"],
        "code": "CF105",
        "reason": "complete is legal while paused.",
        "standing": "documented",
        "effect": "The remaining numbers are marked as failed; no way back is documented.",
        "undoable": False,
        "already": False,
        "legal_actions": ["resume", "complete", "edit-callbacks", "reschedule"],
        "route": ["complete"],
        "irreversible_steps": ["complete"],
        "sources": [
            {
                "page": "manage-campaign",
                "title": "Manage campaign",
                "url": "https://developer.exotel.com/docs/campaigns/api-reference/manage-campaign",
                "says": "the action table offers complete for paused campaigns; calls that remain are marked as failed",
            },
        ],
    }
    assert decide("failed", "edit").as_dict()["route"] is None
    assert decide(None, "create").reason == "create makes a new campaign."
    assert decide("paused", "resume").advice == ""


MINUTES = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("status", "start", "expected"),
    [
        ("created", None, False),
        ("created", 5 * MINUTES, False),
        ("created", timedelta(seconds=61), False),
        ("created", timedelta(seconds=60), True),
        ("created", timedelta(seconds=59), True),
        ("created", -MINUTES, True),
        ("paused", None, True),
        ("paused", 5 * MINUTES, False),
        ("paused", timedelta(seconds=60), True),
        ("paused", -MINUTES, True),
        ("in-progress", 5 * MINUTES, True),
        ("completed", 5 * MINUTES, True),
        ("unknown", 5 * MINUTES, True),
    ],
)
def test_started_goes_by_the_clock_on_the_side_of_caution(status, start, expected):
    """Started goes by status, start and now, with a margin of 60 seconds on the side of caution."""
    assert has_started(Status(status), None if start is None else NOW + start, NOW) is expected


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        ("created", "created"),
        ("Created", "created"),
        ("scheduled", "created"),
        ("in-progress", "in-progress"),
        ("InProgress", "in-progress"),
        ("in progress", "in-progress"),
        ("IN_PROGRESS", "in-progress"),
        ("Resumed", "in-progress"),
        ("Paused", "paused"),
        ("Completed", "completed"),
        ("archived", "archived"),
        ("Failed", "failed"),
        ("Canceled", "canceled"),
        ("deleted", "deleted"),
        ("cancelled", "unknown"),
        ("running", "unknown"),
        ("unknown", "unknown"),
        ("", "unknown"),
        (None, "unknown"),
        (3, "unknown"),
    ],
)
def test_wire_spellings_parse_to_canonical_statuses(raw, status):
    """Every documented spelling is read, and nothing else is guessed at."""
    assert Status.parse(raw) == status


def test_every_rule_is_complete():
    """Each row has an effect, sources with an https address, and a code of its kind."""
    for rule in RULES:
        assert rule.effect.endswith(".")
        assert rule.sources
        assert all(source.page.url.startswith("https://") and source.says for source in rule.sources)
        platform = isinstance(rule.trigger, Event)
        assert (rule.actor is Actor.PLATFORM) is platform
        assert rule.code.startswith("CF3" if platform else "CF1")
    assert all(re.fullmatch(r"CF2\d\d", refusal.code) for refusal in (*REFUSALS, STRICT_REFUSAL))
    assert all(code == problem.code and re.fullmatch(r"CF[45678]\d\d", code) for code, problem in PROBLEMS.items())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda patch: patch.delitem(texts.TEXTS, "CF102"), "CF102 has no text"),
        (lambda patch: patch.setitem(texts.TEXTS, "CF199", texts.TEXTS["CF102"]), "of no edge: CF199"),
        (
            lambda patch: patch.delitem(texts.SIDES, "CF116"),
            "CF116: what is contested, and nothing else, has two sides",
        ),
        (lambda patch: patch.setitem(texts.SIDES, "CF102", texts.SIDES["CF116"]), "CF102: what is contested"),
        (lambda patch: patch.setitem(texts.SIDES, "CF116", texts.SIDES["CF117"]), "both among its sources"),
        (lambda patch: patch.setitem(texts.SIDES, "CF199", texts.SIDES["CF117"]), "of no edge: CF199"),
    ],
)
def test_a_table_and_texts_that_do_not_fit_are_an_error(monkeypatch, change, message):
    """An edge without a text, or a text without an edge, is noticed when the table is built."""
    change(monkeypatch)
    with pytest.raises(ValueError, match=message):
        runpy.run_path(edges.__file__)


@pytest.mark.parametrize(
    ("code", "asked", "applies"),
    [
        ("CF101", (None,), True),
        ("CF101", (Status.CREATED,), False),
        ("CF102", (Status.CREATED,), True),
        ("CF102", (Status.CREATED, Channel.VOICE, True), True),
        ("CF102", (Status.PAUSED,), False),
        ("CF107", (Status.CREATED, Channel.MESSAGE, False), True),
        ("CF107", (Status.CREATED, Channel.MESSAGE, True), False),
        ("CF107", (Status.CREATED, Channel.MESSAGE, None), True),
        ("CF116", (Status.PAUSED, Channel.VOICE, True), True),
        ("CF116", (Status.PAUSED, Channel.MESSAGE, True), False),
        ("CF116", (Status.PAUSED, None, True), True),
    ],
)
def test_an_edge_applies_by_status_channel_and_start(code, asked, applies):
    """A channel or a start that is left open is any."""
    assert RULE[code].applies(*asked) is applies


def test_every_rule_and_refusal_code_is_reached_by_some_cell():
    """No code is dead: each edge and each refusal is the answer of at least one cell."""
    reached = {
        decide(status, action, channel=channel, started=started, strict=strict).code
        for status, action, channel, started, strict in oracle.cells()
    }
    expected = {rule.code for rule in RULES if isinstance(rule.trigger, Action)}
    assert reached == expected | {refusal.code for refusal in REFUSALS} | {STRICT_REFUSAL.code}


def test_the_platform_events_are_those_that_were_typed():
    """The platform's own moves, typed here from the pages that the oracle names."""
    assert {
        (rule.trigger.value, rule.source.value, rule.dest.value) for rule in RULES if isinstance(rule.trigger, Event)
    } == {
        ("start", "created", "in-progress"),
        ("finish", "in-progress", "completed"),
        ("fail", "created", "failed"),
        ("fail", "in-progress", "failed"),
        ("expire", "paused", "canceled"),
        ("suspend", "in-progress", "paused"),
    }


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("started", [False, True])
def test_the_platform_moves_campaigns_of_both_channels_alike(channel, started):
    """No event asks for the channel or the start: from each status it leads where it was typed, or nowhere."""
    machine = build_machine(channel)
    counted = 0
    for status in oracle.STATUSES[:-1]:
        for event in Event:
            model = Scratch(started)
            machine.add_model(model, initial=status)
            try:
                assert model.trigger(event) is ((event, status) in oracle.EVENTS)
            except MachineError:
                assert (event, status) not in oracle.EVENTS
            assert model.state == oracle.EVENTS.get((event, status), status)
            counted += model.state != status
            machine.remove_model(model)
    assert counted == 6


def test_the_columns_of_the_table_say_what_no_cell_shows():
    """What cannot be undone, what stays as it is, and the one answer that is taken early: as typed, row by row."""
    assert {rule.code for rule in RULES if not rule.undoable} == oracle.NO_WAY_BACK
    assert {rule.code for rule in RULES if rule.dest is None} == {f"CF1{n:02}" for n in range(7, 17)}
    assert {rule.code: set(rule.also_accepted) for rule in RULES if rule.also_accepted} == {"CF104": {"created"}}


def broken(**changes):
    return attrs.evolve(RULES[1], code="CF199", **changes)


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ((*RULES, broken()), "CF199 and CF102 are the same edge: pause from created"),
        ((*RULES, broken(started=False)), "CF199 and CF102 are the same edge"),
        ((*RULES, broken(started=True)), "CF199 and CF102 are the same edge"),
        ((*RULES, broken(channels=frozenset({Channel.VOICE}))), "CF199 and CF102 are the same edge"),
        ((*RULES, attrs.evolve(RULES[1], source=Status.COMPLETED)), "codes used twice"),
        ((*RULES, broken(source=Status.UNKNOWN)), "the unknown status"),
        ((*RULES, broken(dest="gone", source=Status.COMPLETED)), "is not a status"),
        ((*RULES, broken(source=Status.FAILED, dest=Status.UNKNOWN)), "the unknown status"),
        ((*RULES, broken(source=None)), "only create acts on no campaign"),
        ((attrs.evolve(RULES[0], dest=None), *RULES[1:]), "only create acts on no campaign, and it leads somewhere"),
        (tuple(rule for rule in RULES if rule.code != "CF305"), "no way leads to canceled"),
        ((*RULES, broken(source=Status.FAILED)), "failed is no dead end"),
        (tuple(rule for rule in RULES if rule.code != "CF106"), "completed is an undeclared dead end"),
    ],
)
def test_a_table_that_is_not_sound_builds_no_machine(rules, message):
    """What `transitions` would silently accept is refused when the machine is built."""
    with pytest.raises(ValueError, match=message):
        build_machine("message", rules)


def test_the_machine_has_no_way_around_the_table():
    """No automatic `to_…` transitions, no state of its own, and the started rule stands as a condition."""
    machine = build_machine("message")
    assert NEW == "new"
    assert list(machine.states) == [NEW, *(status for status in oracle.STATUSES if status != "unknown")]
    assert not [name for name in machine.events if name.startswith("to_")]
    (edit,) = machine.get_transitions("edit", "created")
    assert [(condition.func, condition.target) for condition in edit.conditions] == [("started", False)]


def test_deciding_leaves_no_trace_in_the_log_of_transitions(caplog):
    """A question is no transition: nothing is logged as if a campaign had moved."""
    _CELLS.clear()
    edge.cache_clear()
    with caplog.at_level("INFO"):
        assert decide("paused", "resume")
    assert not [record for record in caplog.records if record.name.startswith("transitions")]
    assert _machine(Channel.MESSAGE).models == []


def test_spellings_that_are_no_status_are_not_kept():
    """Whoever asks about many of them fills no memory; and where there is no way, it is empty."""
    before = len(_CELLS)
    assert not any(decide(f"status {number}", "pause") for number in range(100))
    assert len(_CELLS) == before
    assert decide("archived", "pause").way == ""

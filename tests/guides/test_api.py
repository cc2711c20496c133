"""The guide to the vendor's API says what the tables of the code say, and each link of it is one of their pages."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs
import pages
import pytest

from campaign_fsm import InvalidParameters, guides, parse_status_callback
from campaign_fsm.drafts.changes import DRAFT_OF
from campaign_fsm.drafts.names import GUIDE_NAMES, GUIDE_TIMES
from campaign_fsm.drafts.retries import RETRIES
from campaign_fsm.gate.budget import PER_MINUTE
from campaign_fsm.lifecycle.decision import START_MARGIN
from campaign_fsm.rules import (
    DEAD_ENDS,
    ENTRIES,
    OVER,
    PAGES,
    REFUSALS,
    RULE,
    RULES,
    STATUSES,
    Actor,
    Channel,
    Standing,
    Status,
)
from campaign_fsm.rules.status_codes import STATUS_CODES, meaning_of
from campaign_fsm.rules.vocabulary import _SPELLINGS, _fold_status
from campaign_fsm.wire import listing
from campaign_fsm.wire.answer import Answer
from campaign_fsm.wire.hosts import DEFAULT, HOST_OF
from campaign_fsm.wire.intent import CALLBACKS
from campaign_fsm.wire.recipient import RECIPIENTS, Recipient
from campaign_fsm.wire.schedule import SCHEDULE_KEYS
from campaign_fsm.wire.target import COLLECTION_OF, COLLECTIONS, read_target

GUIDE = Path(guides.__file__).with_name("api.md")
TEXT = GUIDE.read_text(encoding="utf-8")
TOKENS = pages.parse(GUIDE)
TITLES = {page.title: page for page in PAGES.values()}
MESSAGE, VOICE = Channel
NOW = datetime(2026, 11, 23, 4, 30, tzinfo=UTC)


def section(heading):
    """What stands below a heading."""
    (found,) = re.findall(rf"^## {re.escape(heading)}\n(.*?)(?=^## )", TEXT, flags=re.MULTILINE | re.DOTALL)
    return found


ACTIONS, EVENTS = section("What the account holder can do"), section("What the platform does by itself")
CONTRADICTIONS = section("Where the pages contradict each other")
ANSWERS = section("Answers and errors")


def bullets(text):
    """The points of a list, each in one line."""
    return [" ".join(point.split()) for point in re.split(r"^- ", text.split("\n\n## ")[0], flags=re.MULTILINE)[1:]]


def bullet(text, words):
    (found,) = [point for point in bullets(text) if words in point]
    return found


def table(first):
    """The rows of the table whose first heading is this."""
    (found,) = re.findall(rf"^\| {re.escape(first)} ?\|.*\n\|[-|]+\n((?:\|.*\n)+)", TEXT, flags=re.MULTILINE)
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in found.splitlines()]


def code(cell):
    """What a cell has in backticks."""
    return re.findall(r"`([^`]+)`", cell)


def cited(text):
    """The keys of the pages that a text cites."""
    return {TITLES[title].key for title in map(" ".join, map(str.split, re.findall(r"\[([^\]]+)\](?!\(|:)", text)))}


def links():
    """The links to pages of the vendor's: what they are called, and their addresses."""
    for token in TOKENS:
        for at, child in enumerate(token.children or ()):
            if child.type == "link_open" and "://" in child.attrGet("href"):
                yield token.children[at + 1].content.replace("\n", " "), child.attrGet("href")


# The pages


def test_it_says_first_that_nothing_was_tried():
    """In the sentence that the list of guides shows."""
    assert "nothing was tried on the live API" in guides.summary_of("api")


def test_every_link_is_a_page_under_its_title_and_every_page_is_cited():
    """Pages that rules, refusals, problems, status codes, drafts or docstrings rest on."""
    assert set(links()) == {(page.title, page.url) for page in PAGES.values()}


def test_no_link_is_without_an_address():
    """What has no address is shown with its brackets."""
    texts = [child.content for token in TOKENS for child in token.children or () if child.type == "text"]
    assert [text for text in texts if "[" in text] == []


def test_the_addresses_are_at_the_end():
    """One a line, in the order of the table, and nothing behind them."""
    last = TEXT.rpartition("\n\n")[2]
    assert last == "".join(f"[{page.title}]: {page.url}\n" for page in PAGES.values())
    assert TEXT.count("://") == len(PAGES)


# The life cycle


def test_the_statuses_and_their_spellings_are_those_of_the_code():
    """Each spelling is read as its status, none that is read is missing, and what is over is."""
    rows = table("status")
    spellings = {code(status)[0]: code(status) + code(also) for status, also, _, _ in rows}
    assert list(spellings) == list(STATUSES)
    for status, words in spellings.items():
        assert {Status.parse(word) for word in words} == {Status(status)}
    assert {_fold_status(word) for words in spellings.values() for word in words} == set(_SPELLINGS)
    over = {Status(code(status)[0]): over for status, _, over, _ in rows}
    assert {status for status, is_over in over.items() if is_over != "no"} == OVER
    assert {status for status, is_over in over.items() if is_over == "for good"} == DEAD_ENDS
    assert {code(status)[0] for status, _, _, where in rows if where == "voice"} == {"failed", "canceled", "deleted"}


def edges(first_code):
    """The edges of a table, as they are written: one for each code."""
    _, rest = TEXT.split(f"| {first_code} |", 1)
    for row in f"| {first_code} |{rest}".split("\n\n")[0].splitlines():
        codes, trigger, sources, *others = (cell.strip() for cell in row.strip("|").split("|"))
        for one, source in zip(codes.split(", "), sources.split(", "), strict=True):
            yield one, trigger, source, *others


def written(rule):
    """An edge as the guide writes it."""
    return (
        rule.code,
        rule.trigger.value,
        rule.source.value if rule.source else "none",
        rule.dest.value if rule.dest else "stays",
        "both" if len(rule.channels) == 2 else min(rule.channels).value,
        {None: "always", False: "before the start", True: "after the start"}[rule.started],
        "yes" if rule.undoable else "no",
        rule.standing.value,
    )


def test_the_actions_are_those_of_the_table():
    """Each with its code, source, destination, channel, time, way back and standing, and no other."""
    holder = [written(rule) for rule in RULES if rule.actor is Actor.ACCOUNT_HOLDER]
    assert sorted(edges("CF101")) == holder


def test_the_events_are_those_of_the_table():
    """Each with its code, source, destination, channel, way back and standing, and no other."""
    assert sorted(edges("CF301")) == [written(rule) for rule in RULES if rule.actor is Actor.PLATFORM]


@pytest.mark.parametrize("actor", Actor)
def test_the_pages_that_the_edges_rest_on_are_cited_below_their_table(actor):
    """Or, where they contradict an edge, among the contradictions."""
    here = cited(ACTIONS if actor is Actor.ACCOUNT_HOLDER else EVENTS) | cited(CONTRADICTIONS)
    assert {source.page.key for rule in RULES if rule.actor is actor for source in rule.sources} <= here


def test_what_is_contested_is_told_with_both_sides():
    """One point for each code of a contested edge, with the pages that say so and those that contradict them."""
    contested = {row[0] for row in (*edges("CF101"), *edges("CF301")) if row[-1] == "contested"}
    assert contested == {rule.code for rule in RULES if rule.standing is Standing.CONTESTED}
    for one in contested:
        point = bullet(CONTRADICTIONS, one)
        assert {source.page.key for side in RULE[one].sides for source in side} <= cited(point), one


def test_every_contradiction_names_its_pages():
    """And its codes rest on them."""
    points = bullets(CONTRADICTIONS)
    assert len(points) > 20
    for point in points:
        assert cited(point), point
        for one in re.findall(r"CF\d{3}", point):
            rests_on = {source.page.key for source in ENTRIES[one].sources}
            assert len(rests_on & cited(point)) >= min(len(rests_on), 2), (one, point)


def test_the_refusals_are_named_by_their_first_and_last_code():
    """Of the life cycle, without that of `strict`."""
    codes = sorted(refusal.code for refusal in REFUSALS)
    assert f"({codes[0]} to {codes[-1]})" in ACTIONS


def test_the_margin_of_the_start_is_that_of_the_code():
    """In seconds."""
    assert f"{START_MARGIN.seconds} seconds before its start" in " ".join(ACTIONS.split())


# The wire


def test_the_channels_differ_as_in_the_code():
    """Paths, ids, keys, callbacks, pages of lists, orders and filters."""
    rows = {name: cells for name, *cells in table("")}
    at = dict(zip(Channel, range(2), strict=True))

    def cells(name):
        return {channel: code(rows[name][at[channel]]) for channel in Channel}

    for channel, (path,) in cells("collection").items():
        assert path.endswith(f"/{COLLECTION_OF[channel]}")
        assert read_target(path.replace("<account>", "acme1")).channel is channel
    older = {path.rpartition("/")[2] for paths in cells("older path").values() for path in paths}
    assert older == set(COLLECTIONS) - set(COLLECTION_OF.values())
    assert cells("times in `schedule`") == {channel: [*keys] for channel, keys in SCHEDULE_KEYS.items()}
    assert {channel: {*keys} for channel, keys in cells("callback URLs").items()} == CALLBACKS
    assert cells("recipients, below the campaign") == {channel: [name] for channel, name in listing.DETAILS.items()}
    sizes = {
        channel: tuple(int(rows[f"page of a list, {which}"][at[channel]]) for which in ("unless asked", "at most"))
        for channel in Channel
    }
    assert sizes == listing.PAGE_SIZES
    for channel, keys in cells("`sort_by`, with `:asc` or `:desc`").items():
        assert {listing.Filter.of(channel, None, sort=key).sort for key in keys} == {f"{key}:asc" for key in keys}
        with pytest.raises(ValueError, match=", ".join(keys)):
            listing.Filter.of(channel, None, sort="x")
    words = [listing.Filter.of(MESSAGE, status).query(MESSAGE, 0, 1).partition("status=")[2] for status in STATUSES]
    assert sorted(filter(None, words)) == cells("words of the filter `status`")[MESSAGE]
    assert all("status=" in listing.Filter.of(VOICE, status).query(VOICE, 0, 1) for status in STATUSES)
    shortest = int(rows["shortest `name` to look for"][at[MESSAGE]])
    assert listing.Filter.of(MESSAGE, None, "x" * shortest).name
    with pytest.raises(ValueError, match="names of at least"):
        listing.Filter.of(MESSAGE, None, "x" * (shortest - 1))
    assert listing.Filter.of(VOICE, None, "x").name


def test_the_hosts_are_those_of_the_code():
    """By region, the default first."""
    for region, host in HOST_OF.items():
        assert f"{region.title()} is `{host}`{', the default' if region == DEFAULT else ''}" in TEXT


def checks(channel):
    """What each parameter of a channel has to be, by the code, and whether it is required."""
    for name, spec in DRAFT_OF[channel].specs().items():
        if name not in {"schedule", "retries"}:
            yield name, spec.metadata["check"], spec.metadata["required"]
    if channel is VOICE:
        for name, check in RETRIES.items():
            yield f"retries.{name}", check, name == "number_of_retries"


@pytest.mark.parametrize("channel", Channel)
def test_the_parameters_and_their_limits_are_those_of_the_drafts(channel):
    """In the words in which a draft refuses what is none of them; the required ones are bold."""
    rows = [(limit, cell.split(", ")) for limit, *cells in table("has to be") if (cell := cells[channel is VOICE])]
    told = {name.strip("*"): (limit, name.startswith("*")) for limit, names in rows for name in names}
    assert told.pop("schedule") == ("times in RFC 3339 with an offset", False)
    limits = {}
    for name, check, required in checks(channel):
        (said,) = check(object())
        limits[name] = (said.partition(" (")[0].replace("True or False", "true or false"), required)
    assert told == limits


LEAST = {
    MESSAGE: {
        "content_type": "static",
        "lists": ["l1"],
        "sender_id": "EXOTEL",
        "sms_type": "transactional",
        "template": "Hello!",
        "dlt_entity_id": "1" * 19,
        "dlt_template_id": "1" * 19,
    },
    VOICE: {"caller_id": "08012345678", "from": ["+919876543210"], "url": "https://example.com/flow"},
}


def judged(channel, **given):
    """Whether parameters are refused, warned of, or fine; without those given they would be fine."""
    try:
        made = DRAFT_OF[channel].from_wire(LEAST[channel] | given)
    except InvalidParameters:
        return "refused"
    return "warned of" if made.warnings(NOW) else "fine"


def schedule(*minutes):
    """That of a message campaign, in minutes from now."""
    times = [(NOW + timedelta(minutes=one)).isoformat() for one in minutes]
    return dict(zip(SCHEDULE_KEYS[MESSAGE], times, strict=False))


# What a value of each limit is judged as, and what is one beyond it.
FURTHER = {
    "lists, of dynamic campaigns": (
        lambda n: judged(MESSAGE, lists=["l1"] * n, content_type="dynamic", template="@@name"),
        1,
    ),
    "least minutes from start to end, of messages": (lambda n: judged(MESSAGE, schedule=schedule(60, 60 + n)), -1),
    "least minutes from now to the start, of messages": (lambda n: judged(MESSAGE, schedule=schedule(n)), -1),
    "digits of a DLT id, as many as in a sample": (lambda n: judged(MESSAGE, dlt_entity_id="1" * n), 1),
    "calls a minute in `throttle`": (lambda n: judged(VOICE, mode="custom", throttle=n), 1),
}


def test_the_further_limits_are_where_the_drafts_have_them():
    """What is at the limit is fine; what is one beyond it is refused or warned of, as told."""
    rows = table("further limit")
    assert [name for name, _, _ in rows] == list(FURTHER)
    for name, value, beyond in rows:
        judge, step = FURTHER[name]
        assert (judge(int(value)), judge(int(value) + step)) == ("fine", beyond), name


def test_the_status_codes_are_those_of_the_table():
    """In its words; what is on no page is called so."""
    point = bullet(ANSWERS, "By [HTTP status codes]")
    on_pages, _, on_none = point.partition("On no page")
    told = {}
    for codes, title in re.findall(r"((?:`\d{3}`(?:, | and )?)+) ([^;]+?)[;.] ", on_pages):
        told |= dict.fromkeys(map(int, re.findall(r"\d{3}", codes)), title)
    assert told == {number: meaning_of(number).title for number, entry in STATUS_CODES.items() if entry.sources}
    assert re.findall(r"\d{3}", on_none) == [str(number) for number, entry in STATUS_CODES.items() if not entry.sources]


def test_the_headers_of_a_limit_are_those_that_are_read():
    """`Retry-After`, and the documented limit of requests."""
    assert "`Retry-After`, in seconds" in ANSWERS
    assert Answer(429, ((b"Retry-After", b"7"),), b"").retry_after == 7
    assert f"We count {PER_MINUTE} for all" in " ".join(CONTRADICTIONS.split())


def test_the_fields_of_recipients_are_those_that_are_read():
    """Of both channels; `raw` is ours."""
    text = section("Callbacks and recipients")
    for channel, words in {VOICE: "Of a call:", MESSAGE: "Of a message:"}.items():
        named = code(bullet(text, words).partition(";")[0].partition(" and ")[0])
        assert set(named) == set(attrs.fields_dict(RECIPIENTS[channel])) - {"raw"}
        assert len(named) > len(attrs.fields_dict(Recipient))


def test_the_keys_of_a_status_callback_are_those_that_are_read():
    """In each of the two spellings, with nothing left over."""
    keys = code(bullet(section("Callbacks and recipients"), "A status callback"))
    spellings = [[key for key in keys if key.islower() is lower] for lower in (True, False)]
    assert [len(spelling) for spelling in spellings] == [5, 3]
    for spelling in spellings:
        body = {
            key: "2026-01-05T10:00:00+05:30" if "date" in key else {} if key == "Stats" else "a1" for key in spelling
        }
        assert parse_status_callback(body).raw == {}


def test_the_names_of_the_other_guide_are_those_that_drafts_know():
    """Not all of them, but none else."""
    names = code(bullet(CONTRADICTIONS, "**Names of parameters**"))
    assert set(names) <= {*GUIDE_NAMES, *GUIDE_TIMES}

"""The explorer, driven in a real Chromium: its answers, its buttons and keys, its links, and what hostile data does."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from itertools import product
from pathlib import Path

import pytest
from browser import chromium
from places import DIAGRAMS

from campaign_fsm.diagram import History, Outcome, Recipe, Step, make
from campaign_fsm.lifecycle import decide, route
from campaign_fsm.rules import RULES, Action, Channel, Event, Status

KNOWN = [status for status in Status if status is not Status.UNKNOWN]
HOSTILE = (
    "</script><script>window.hit=1</script><img src=x onerror='window.hit=1'>\" ' & {{7*7}} ]]> <!-- \u2028 %3Cb%3E"
)

ASK_ROUTE = """(cases) => cases.map(([start, goal, channel, strict]) =>
    window.campaignFsm.route(start, goal, {channel, strict}))"""
SLIP_IN = """() => {
  const one = document.createElement('div');
  one.innerHTML = "<img src=x onerror='window.hit=1'>";
  const two = document.createElement('script');
  two.textContent = 'window.hit=1';
  document.body.append(one, two);
}"""
# Texts that are on the page with less than the contrast that WCAG's level AA asks of small ones.
TOO_PALE = """() => {
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const linear = (part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  const light = (colour) => [0.2126, 0.7152, 0.0722].reduce((sum, of, i) => sum + of * linear(colour[i] / 255), 0);
  const found = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const parent = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || parent.closest(':disabled, desc, title')) continue;
    if (!parent.checkVisibility()) continue;
    const drawn = parent.ownerSVGElement;
    const ink = numbers(getComputedStyle(parent)[drawn ? 'fill' : 'color']);
    const box = drawn && parent.closest('.node')?.querySelector('rect.box');
    let ground = box ? numbers(getComputedStyle(box).fill) : null;
    let opacity = 1;
    for (let one = parent; one; one = one.parentElement) {
      const style = getComputedStyle(one);
      opacity *= Number(style.opacity);
      const own = numbers(style.backgroundColor);
      if (!ground && own[3] !== 0) ground = own;
    }
    const seen = [0, 1, 2].map((i) => ink[i] * opacity + ground[i] * (1 - opacity));
    const [less, more] = [light(seen), light(ground)].sort((one, two) => one - two);
    if ((more + 0.05) / (less + 0.05) < 4.5) found.push(texts.currentNode.data.trim());
  }
  return found;
}"""


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


class Opened:
    """A page from a file, with everything that went wrong in it and everything that it asked for."""

    def __init__(self, browser, path, fragment="", *, context=None, **options):
        self.context = context or browser.new_context(**options)
        self.page = self.context.new_page()
        self.errors, self.asked = [], []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(Path(path).as_uri() + fragment)

    def text(self, selector):
        return self.page.inner_text(selector)

    def hash(self):
        return self.page.evaluate("location.hash")

    def close(self):
        assert self.errors == []
        assert all(url.startswith("file:") for url in self.asked), self.asked
        self.page.close()


@pytest.fixture(scope="module")
def context(browser):
    """What pages that ask for nothing special share: a new one takes longer than the page."""
    with browser.new_context() as shared:
        yield shared


@pytest.fixture
def opened(browser, context, tmp_path):
    pages = []

    def open_it(fragment="", history=None, recipe=None, **options):
        recipe = recipe or Recipe.make("html", history="x" if history else None)
        path = tmp_path / f"explorer{len(pages)}.html"
        path.write_text(make(recipe, history, stamped=False), encoding="utf-8")
        pages.append(Opened(browser, path, fragment, context=None if options else context, **options))
        return pages[-1]

    yield open_it
    for page in pages:
        page.close()


# --- its answers


def test_every_cell_answers_like_decide(opened):
    """For every status, action, channel, start and strictness the page gives the same answer as `decide`."""
    cells = list(product([None, *Status], Action, Channel, [None, False, True], [False, True]))
    assert len(cells) == 1080
    got = opened().page.evaluate(
        """(cells) => cells.map(([status, action, channel, started, strict]) =>
            window.campaignFsm.decide(status, action, {channel, started, strict}))""",
        [list(cell) for cell in cells],
    )
    for (status, action, channel, started, strict), told in zip(cells, got, strict=True):
        wanted = decide(status, action, channel=channel, started=started, strict=strict).as_dict()
        assert told == json.loads(json.dumps(wanted)), (status, action, channel, started, strict)


def test_every_route_is_that_of_route(opened):
    """For every pair of statuses the page knows the same route as `route`."""
    cases = list(product([None, *Status], KNOWN, Channel, [False, True]))
    got = opened().page.evaluate(
        ASK_ROUTE,
        [list(case) for case in cases],
    )
    for (start, goal, channel, strict), told in zip(cases, got, strict=True):
        way = route(start, goal, channel=channel, strict=strict)
        assert told == (None if way is None else list(way)), (start, goal, channel, strict)


@pytest.mark.parametrize("channel", Channel)
def test_what_is_shown_is_what_the_table_says(opened, channel):
    """On every status the buttons are exactly the legal actions and the platform's events, and the rest is listed."""
    page = opened(f"#channel={channel}")
    for status in KNOWN:
        if status is Status.DELETED and channel is Channel.MESSAGE:
            continue
        page.page.click(f".picture[data-channel={channel}] .node[data-node={status.value.replace('-', '_')}]")
        assert page.text("#where") == f"The campaign is {status}"
        # Nobody said whether it has started; of a created one nobody has to.
        started = False if status is Status.CREATED else None
        answers = {action: decide(status, action, channel=channel, started=started) for action in Action}
        shown = page.page.eval_on_selector_all("#legal button", "all => all.map(one => one.dataset.play)")
        assert shown == [action for action, told in answers.items() if told]
        refused = page.page.eval_on_selector_all(
            "#refused > details", "all => all.map(one => [one.dataset.action, one.textContent])"
        )
        assert [action for action, _ in refused] == [action for action, told in answers.items() if not told]
        for action, words in refused:
            assert answers[Action(action)].code in words
            assert answers[Action(action)].reason in words
        platform = page.page.eval_on_selector_all("#platform button", "all => all.map(one => one.dataset.play)")
        assert sorted(platform) == sorted(
            rule.trigger for rule in RULES if isinstance(rule.trigger, Event) and rule.source is status
        )
        here = page.page.eval_on_selector_all(
            ".picture:not([hidden]) .node.here", "all => all.map(one => one.dataset.node)"
        )
        assert here == [status.value.replace("-", "_")]


# --- using it


def test_playing_undoing_and_sharing(opened):
    """What is played moves the campaign, stands in the link, can be undone here, and opens again from the link."""
    page = opened("#channel=voice")
    for name in ("start", "pause", "complete"):
        page.page.click(f"#legal button[data-play={name}], #platform button[data-play={name}]")
    assert page.text("#where") == "The campaign is completed"
    assert page.hash() == "#channel=voice&started=no&at=created&play=start.pause.complete"
    played = page.page.eval_on_selector_all("#played li", "all => all.map(one => one.textContent)")
    assert played == ["start (CF301) → in-progress", "pause (CF103) → paused", "▲ complete (CF105) → completed"]
    again = opened(page.hash())
    assert again.text("#where") == "The campaign is completed"
    assert again.page.eval_on_selector_all("#played li", "all => all.map(one => one.textContent)") == played
    again.page.click("#undo")
    assert again.text("#where") == "The campaign is paused"
    assert "a real campaign has no undo" in again.text("#announcement")
    assert again.hash().endswith("play=start.pause")
    again.page.click("#reset")
    assert again.text("#where") == "The campaign is created"
    assert again.page.is_disabled("#undo")


def test_after_its_start_a_campaign_stays_started(opened):
    """Played over its start, a campaign that is paused then can no more be edited in full."""
    page = opened("#channel=voice&started=no&at=created&play=pause")
    legal = "all => all.map(one => one.dataset.play)"
    assert "edit" in page.page.eval_on_selector_all("#legal button", legal)
    page = opened("#channel=voice&started=no&at=created&play=start.pause")
    assert "edit" not in page.page.eval_on_selector_all("#legal button", legal)
    assert "reschedule" in page.page.eval_on_selector_all("#legal button", legal)
    page.page.check("input[name=strict]")
    assert "reschedule" not in page.page.eval_on_selector_all("#legal button", legal)


@pytest.mark.parametrize(
    ("link", "refused", "action"),
    [
        ("channel=voice&started=no&at=created&play=delete", "strict=yes", "delete"),
        ("channel=voice&started=yes&at=paused&play=reschedule", "strict=yes", "reschedule"),
        ("channel=message&at=paused&play=edit", "started=yes", "edit"),
    ],
)
def test_what_is_played_goes_by_strict_and_by_the_start(opened, link, refused, action):
    """The same link with one more word is refused; the form shows what the link says, and keeps it."""
    page = opened(f"#{link}&started=no" if "started" not in link else f"#{link}")
    assert action in page.text("#played li")
    page = opened(f"#{link}&{refused}")
    assert f"{action} while" in page.text("#notice")
    assert "play=" not in page.hash()
    assert refused in page.hash()
    assert page.page.is_checked("input[name=strict]") == (refused == "strict=yes")
    started = "yes" if "started=yes" in f"{link}&{refused}" else "no"
    assert page.page.input_value("[name=started]") == started
    again = opened(page.hash())
    assert again.page.is_checked("input[name=strict]") == (refused == "strict=yes")


def test_a_route_goes_by_strict(opened):
    """In words and in the picture: what is contested is no way then."""
    drawn = "all => all.filter(one => one.classList.contains('way')).length"
    page = opened("#channel=voice&at=created&goal=deleted")
    assert page.text("#way").endswith("delete")
    assert page.page.eval_on_selector_all(".picture:not([hidden]) .edge", drawn) == 1
    page.page.check("input[name=strict]")
    assert page.text("#way").startswith("No legal action")
    assert page.page.eval_on_selector_all(".picture:not([hidden]) .edge", drawn) == 0


def test_a_link_that_plays_something_illegal_stops_and_says_so(opened):
    """A deep link with an illegal step is played up to it, and the page says what was refused."""
    page = opened("#at=in-progress&play=complete.archive")
    assert page.text("#where") == "The campaign is in-progress"
    assert "complete while in-progress, which is refused" in page.text("#notice")
    assert "play=" not in page.hash()


@pytest.mark.parametrize(
    "fragment",
    [
        "#channel=fax&at=nowhere&goal=x",
        "#play=pause.__proto__.constructor",
        "#at=__proto__&channel=constructor",
        "#step=99",
        "#%",
        "#play=" + "pause." * 5000,
        "#at=<img src=x onerror=alert(1)>&play=<script>",
    ],
)
def test_a_link_with_nonsense_is_left_out_and_reported(opened, fragment):
    """What a link says that the page does not know is left out, and nothing of it becomes markup."""
    page = opened(fragment)
    assert page.text("#where").startswith("The campaign is ")
    assert page.page.eval_on_selector_all("body img, body script:not(#data)", "all => all.length") == 1
    if fragment != "#%":
        assert page.page.is_visible("#notice")


def test_a_changed_link_changes_the_page(opened):
    """Going back in the browser's history, or editing the link, shows what the link says."""
    page = opened("#at=paused")
    page.page.evaluate("location.hash = '#at=completed'")
    page.page.wait_for_function("document.getElementById('where').textContent === 'The campaign is completed'")


def test_the_legal_way_is_named_and_drawn(opened):
    """Choosing a goal tells the legal way there, marks it on the picture, and says where there is none."""
    page = opened("#at=in-progress")
    page.page.select_option("#goal", "archived")
    assert page.text("#way") == "pause, then ▲ complete, then ▲ archive"
    marked = page.page.eval_on_selector_all(
        ".picture:not([hidden]) .edge.way", "all => all.map(one => one.dataset.rules)"
    )
    assert sorted(marked) == ["CF103", "CF105", "CF106"]
    page.page.select_option("#goal", "created")
    assert page.text("#way") == "No legal action leads there; only waiting may."


def test_everything_can_be_done_with_the_keyboard(opened):
    """With Tab, Enter and Space alone one gets to a status, plays an action and undoes it; the focus is never lost."""
    page = opened()
    keyboard = page.page.keyboard
    reached = []
    for _ in range(40):
        keyboard.press("Tab")
        name = page.page.evaluate(
            "document.activeElement.getAttribute('aria-label') || document.activeElement.id || ''"
        )
        reached.append(name)
        if name == "paused":
            break
    assert "paused" in reached
    assert page.page.evaluate("document.activeElement.matches(':focus-visible')")
    keyboard.press("Enter")
    assert page.text("#where") == "The campaign is paused"
    page.page.focus("#legal button[data-play=resume]")
    keyboard.press("Space")
    assert page.text("#where") == "The campaign is in-progress"
    assert page.page.evaluate("document.activeElement !== document.body")
    page.page.focus("#undo")
    keyboard.press("Enter")
    assert page.text("#where") == "The campaign is paused"
    assert page.page.evaluate("document.activeElement !== document.body")
    page.page.focus("#reset")
    keyboard.press("Enter")
    assert page.text("#where") == "The campaign is created"
    assert page.page.evaluate("document.activeElement.matches('#legal button')")


def test_a_screen_reader_is_notified(opened):
    """Statuses are buttons with names and states, changes are announced, and every control has a label."""
    page = opened()
    nodes = page.page.get_by_role("button", name="paused", exact=True)
    assert nodes.count() == 1
    assert nodes.first.get_attribute("aria-pressed") == "false"
    nodes.first.click()
    assert nodes.first.get_attribute("aria-pressed") == "true"
    assert page.page.get_attribute("#announcement", "aria-live") == "polite"
    assert "paused" in page.text("#announcement")
    unnamed = page.page.evaluate(
        """() => [...document.querySelectorAll('button, select, input')]
            .filter((one) => !one.textContent.trim() && !one.labels?.length).map((one) => one.outerHTML)"""
    )
    assert unnamed == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_follow_the_system_or_the_choice(opened, scheme):
    """The page is as dark as the system prefers, until somebody chooses; picture and page go together."""
    page = opened(color_scheme=scheme)
    seen = """() => [getComputedStyle(document.body).backgroundColor,
                     getComputedStyle(document.querySelector('.picture:not([hidden]) rect.page')).fill]"""
    body, picture = page.page.evaluate(seen)
    assert body == picture == {"light": "rgb(255, 255, 255)", "dark": "rgb(13, 17, 23)"}[scheme]
    other = {"light": "dark", "dark": "light"}[scheme]
    page.page.select_option("select[name=theme]", other)
    body, picture = page.page.evaluate(seen)
    assert body == picture == {"light": "rgb(255, 255, 255)", "dark": "rgb(13, 17, 23)"}[other]


def test_it_fits_a_phone(opened):
    """On a narrow screen the page does not scroll sideways, and what is pressed is large enough for a finger."""
    page = opened(viewport={"width": 360, "height": 740}, is_mobile=True, has_touch=True)
    assert page.page.evaluate("document.documentElement.scrollWidth") <= 360
    page.page.tap("#legal button[data-play=pause]")
    assert page.text("#where") == "The campaign is paused"
    small = page.page.eval_on_selector_all(
        "button, select, summary, form label, input[type=range]",
        """all => all.filter(one => one.checkVisibility() && one.getBoundingClientRect().height < 44)
            .map(one => one.outerHTML)""",
    )
    assert small == []
    # A finger that is a little beside the box meets it all the same.
    page.page.evaluate("scrollTo(0, 0)")
    box = page.page.locator(".picture:not([hidden]) .node[data-node=in_progress] rect.box").bounding_box()
    assert box["height"] + 2 * 10 >= 44
    page.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] + 10)
    assert page.text("#where") == "The campaign is in-progress"


def test_long_names_stay_in_their_card(opened):
    """Ids as long as a server may make them break, in the heading and beside each step."""
    steps = tuple(
        Step(trigger=None, source=Status.PAUSED, dest=Status.ARCHIVED, campaign=one * 100, at="z" * 100) for one in "ab"
    )
    history = History(title=f"What happened to {steps[0].campaign}", steps=steps, total=5000)
    page = opened("#step=2", history=history, viewport={"width": 320, "height": 740}, is_mobile=True)
    assert page.page.evaluate("document.documentElement.scrollWidth") <= 320
    assert page.text("#recorded-title").endswith("aa, the first 2 of 5000 steps")


def test_a_picture_that_is_wider_than_the_screen_says_so(opened):
    """On a phone a sentence and a fading edge say that there is more, and the status is scrolled to."""
    page = opened("#channel=voice&at=completed", viewport={"width": 390, "height": 844}, is_mobile=True)
    scroller = page.page.locator(".picture:not([hidden]) .scroller")
    where = """() => {
      const node = document.querySelector('.picture:not([hidden]) .here').getBoundingClientRect();
      return node.left >= 0 && node.right <= innerWidth;
    }"""
    assert page.page.is_visible("#wider")
    assert page.page.evaluate(where)
    assert scroller.get_attribute("class").split() == ["scroller", "more-left", "more-right"]
    page.page.click("#legal button[data-play=archive]")
    assert page.page.evaluate(where)
    page.page.wait_for_function("!document.querySelector('.picture:not([hidden]) .more-right')")
    page.page.set_viewport_size({"width": 1440, "height": 844})
    page.page.wait_for_selector("#wider", state="hidden")
    assert scroller.get_attribute("class") == "scroller"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_is_easy_to_read(opened, scheme):
    """Also what is not possible now, what was refused, and what stands on the yellow of here and now."""
    page = opened("#step=2", history=recorded(), color_scheme=scheme)
    page.page.click("#refused summary")
    assert page.page.evaluate(TOO_PALE) == []
    page.page.click("#later")
    page.page.select_option("#goal", "archived")
    assert page.page.evaluate(TOO_PALE) == []


@pytest.mark.parametrize("channel", Channel)
def test_every_mark_is_explained(opened, channel):
    """Marks, dots, dashed and pale lines stand in a legend of the channel, and its samples stand in columns."""
    page = opened(f"#channel={channel}")
    keys = page.page.locator(".picture:not([hidden]) .legend li")
    marks = {mark for mark in "▲†×" if mark in page.page.inner_text("main")}
    assert marks == {"▲", "†", "×"}
    assert marks == {mark for mark in "▲†×" if any(mark in text for text in keys.all_inner_texts())}
    dash = "getComputedStyle(line).strokeDasharray"
    lines = f"all => new Set(all.map(line => {dash})).size"
    assert page.page.eval_on_selector_all(".picture:not([hidden]) .legend path.line", lines) == 2
    assert keys.locator("circle").count() == 1
    faint = page.page.locator(".picture:not([hidden]) .edge.faint path.line").first
    colour = "line => getComputedStyle(line).stroke"
    assert keys.locator("xpath=self::*[contains(@class, 'faint')]//*[@class='line']").evaluate(colour) == (
        faint.evaluate(colour)
    )
    left = keys.locator("svg").evaluate_all("all => all.map(one => Math.round(one.getBoundingClientRect().left))")
    assert len(set(left)) <= 3 < len(left)


def test_it_prints_and_says_what_it_needs_without_a_script(browser, tmp_path):
    """Without scripts the picture is there, and the page says that it needs its script."""
    path = tmp_path / "explorer.html"
    path.write_text(make(Recipe.make("html"), stamped=False), encoding="utf-8")
    page = Opened(browser, path, java_script_enabled=False)
    assert page.page.is_visible(".picture svg >> nth=0")
    assert "needs its script" in page.text("body")
    page.context.close()


# --- a recorded history


def data_of(history):
    text = make(Recipe.make("html", history="x"), history, stamped=False)
    return json.loads(re.search(r'id="data">(.*?)</script>', text)[1])


def recorded(**changes):
    told = {"channel": Channel.VOICE, "campaign": "camp_abc123", "at": "2026-01-05T10:00:00+05:30"}
    steps = (
        Step(
            trigger=Event.START,
            source=Status.CREATED,
            dest=Status.IN_PROGRESS,
            code="CF301",
            inferred=True,
            place=1,
            **told,
        ),
        Step(
            trigger=Action.COMPLETE,
            source=Status.IN_PROGRESS,
            dest=Status.IN_PROGRESS,
            code="CF224",
            outcome=Outcome.REFUSED,
            place=2,
            **told,
        ),
        Step(trigger=Action.PAUSE, source=Status.IN_PROGRESS, dest=Status.PAUSED, code="CF103", place=3, **told),
    )
    return History(title="What happened to camp_abc123", steps=steps, total=3, campaigns=1, **changes)


def test_a_history_is_stepped_through(opened):
    """Each step shows the status that the campaign had then, what was done or refused, and stands in the link."""
    page = opened(history=recorded())
    assert page.text("#recorded-title") == "What happened to camp_abc123"
    wanted = [
        ("in-progress", "1. start: created → in-progress (CF301), inferred"),
        ("in-progress", "2. × complete while in-progress: refused before it was sent (CF224)"),
        ("paused", "3. pause: in-progress → paused (CF103)"),
    ]
    for status, text in wanted:
        page.page.click("#later")
        assert page.text("#where") == f"The campaign is {status}"
        assert page.text("#step-text").startswith(text)
        assert page.page.is_checked("input[name=channel][value=voice]")
    assert page.page.is_disabled("#later")
    assert page.page.evaluate("document.activeElement.id") == "earlier"
    assert "step=3" in page.hash()
    again = opened(page.hash(), history=recorded())
    assert again.text("#step-text").startswith("3. pause")
    again.page.focus("#step")
    again.page.keyboard.press("ArrowLeft")
    assert again.text("#step-text").startswith("2. × complete")
    again.page.click("#earlier")
    again.page.click("#earlier")
    assert again.text("#where") == "The campaign is created"
    assert again.text("#step-text") == "Before the first step."


def test_playing_on_from_a_step_leaves_the_recording(opened):
    """What is played after a step begins where the campaign was then."""
    page = opened("#step=3", history=recorded())
    page.page.click("#legal button[data-play=complete]")
    assert page.text("#where") == "The campaign is completed"
    assert "step=" not in page.hash()
    assert "at=paused&play=complete" in page.hash()

    assert page.text("#step-text") == "No step of the recording is shown now."
    page.page.click("#earlier")
    assert page.text("#step-text").startswith("2. × complete")


def test_a_step_is_counted_and_dated(opened):
    """What stands beside a step: which of how many, when in which zone, and where in the file; never cut in a date."""
    page = opened("#step=3", history=recorded())
    assert page.text("label[for=step]") == "Step 3 of 3"
    assert page.text("#step-text").endswith("2026-01-05 10:00:00 UTC+05:30 line or entry 3")
    assert page.page.get_attribute("#step", "aria-valuetext") == page.page.text_content("#step-text")


@pytest.mark.parametrize(
    ("at", "shown"),
    [
        ("2026-11-23T14:42:58.028+00:00", "2026-11-23 14:42:58.028 UTC"),
        ("2026-11-23T14:42:58Z", "2026-11-23 14:42:58 UTC"),
        ("2026-01-05T10:00:00+05:30", "2026-01-05 10:00:00 UTC+05:30"),
        ("2026-01-05T10:00:00", "2026-01-05 10:00:00 (no time zone recorded)"),
        ("2026-01-05", "2026-01-05"),
        ("yesterday", "yesterday"),
    ],
)
def test_a_time_names_its_zone(at, shown):
    """It stands in the zone of the recording; what is no time of ISO 8601 stands as it is."""
    step = Step(trigger=Action.PAUSE, source=Status.IN_PROGRESS, dest=Status.PAUSED, code="CF103", at=at)
    assert data_of(History(title="x", steps=(step,), total=1))["history"]["steps"][0]["details"] == [shown]


def test_it_opens_where_the_recording_begins(opened):
    """At the status before the first step, or the only one that was read; a view from a status comes first."""
    begun = History(title="x", steps=recorded().steps[1:], total=2)
    page = opened(history=begun)
    assert page.text("#where") == "The campaign is in-progress"
    assert page.page.is_checked("input[name=channel][value=voice]")
    assert page.page.input_value("[name=started]") == "yes"
    assert page.text("#step-text") == "Before the first step."
    page.page.click("#later")
    page.page.click("#reset")
    assert page.text("#where") == "The campaign is in-progress"
    read = History(title="x", now={Status.PAUSED: 1}, channels=frozenset({Channel.VOICE}))
    page = opened(history=read)
    assert page.text("#where") == "The campaign is paused"
    assert page.page.is_checked("input[name=channel][value=voice]")
    assert page.text("#recorded") == "x\n\nThe recording has no step, only a status."
    page = opened(history=begun, recipe=Recipe.make("html", "from:completed", history="x"))
    assert page.text("#where") == "The campaign is completed"


@pytest.mark.parametrize(
    ("step", "text"),
    [
        (
            Step(trigger=None, source=None, dest=Status.PAUSED, inferred=True),
            "1. a reading shows paused after new, and no rule leads there",
        ),
        (
            Step(
                trigger=Action.PAUSE,
                source=Status.CREATED,
                dest=Status.CREATED,
                code="CF102",
                outcome=Outcome.LOST,
            ),
            "1. ? pause while created: sent, and the answer was lost (CF102)",
        ),
        (
            Step(trigger=Action.RESUME, source=Status.CREATED, dest=Status.CREATED, outcome=Outcome.SENT),
            "1. × resume while created: illegal, and sent",
        ),
    ],
)
def test_what_came_of_a_step_stands_in_words(step, text):
    """Where nothing was taken, why; what a reading shows is not called inferred, whether or not a rule explains it."""
    (told,) = data_of(History(title="x", steps=(step,), total=1))["history"]["steps"]
    assert (told["text"], told["inferred"]) == (text, False)


def test_a_status_on_no_list_is_a_place_of_the_recording(opened):
    """What was refused in it is stepped to, and the link to it is understood."""
    step = Step(
        trigger=Action.PAUSE,
        source=Status.UNKNOWN,
        dest=Status.UNKNOWN,
        code="CF201",
        outcome=Outcome.REFUSED,
    )
    page = opened("#at=unknown&step=1", history=History(title="x", steps=(step,), total=1, campaigns=1))
    assert page.text("#where") == "The status is on no list"
    assert page.page.is_hidden("#notice")
    assert "pause while unknown: refused" in page.text("#recorded")


def test_a_campaign_of_a_recording_stays_started():
    """Whether it has started goes by its own steps: not by another campaign's, nor over what no rule explains."""

    def step(source, dest, campaign="a", trigger=Action.PAUSE):
        return Step(trigger=trigger, source=source, dest=dest, campaign=campaign)

    steps = (
        step(Status.CREATED, Status.PAUSED),
        step(Status.PAUSED, Status.IN_PROGRESS),
        step(Status.CREATED, Status.PAUSED, "b"),
        step(Status.IN_PROGRESS, Status.PAUSED),
        step(Status.PAUSED, Status.COMPLETED, trigger=Action.COMPLETE),
        step(Status.PAUSED, Status.COMPLETED, "b", trigger=None),
    )
    told = data_of(History(title="x", steps=steps, total=len(steps)))["history"]["steps"]
    assert [one["started"] for one in told] == ["no", "yes", "no", "yes", "yes", "unknown"]


def test_the_committed_story_tells_its_recording(browser, context):
    """The committed story steps through the committed recording to the end, where the campaign is archived."""
    page = Opened(browser, DIAGRAMS / "story.html", context=context)
    steps = int(page.page.get_attribute("#step", "max"))
    assert steps == 14
    for _ in range(steps):
        page.page.click("#later")
    assert page.text("#where") == "The campaign is archived"
    page.close()


# --- what it asks for, and what hostile data does


def test_nothing_is_asked_of_anybody(opened):
    """The page asks for nothing but itself, and its policy would not let it."""
    page = opened()
    page.page.click("#share")
    assert [url.split("#")[0] for url in page.asked] == [page.page.url.split("#")[0]]
    policy = page.page.get_attribute("meta[http-equiv=Content-Security-Policy]", "content")
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    blocked = page.page.evaluate("fetch('http://127.0.0.1:9/').then(() => 'sent', () => 'blocked')")
    assert blocked == "blocked"
    page.errors.clear()  # the browser's word for the blocked request


def test_a_script_that_is_slipped_in_does_not_run(opened, tmp_path):
    """Even somebody who can write into the page's markup gets no script or style to run: the policy names ours."""
    page = opened()
    page.page.evaluate(SLIP_IN)
    page.page.wait_for_timeout(100)
    assert page.page.evaluate("window.hit") is None
    assert len(page.errors) >= 2
    page.errors.clear()


@pytest.mark.parametrize("where", ["title", "campaign", "at", "code"])
def test_hostile_names_are_text(opened, where):
    """A campaign's id, a time or a code of a recording, whatever is in it, is shown as text and nothing else."""
    step = {"campaign": "c", "at": "t", "code": "CF103", **({where: HOSTILE} if where != "title" else {})}
    steps = (Step(trigger=Action.PAUSE, source=Status.IN_PROGRESS, dest=Status.PAUSED, **step),)
    title = HOSTILE if where == "title" else "What happened"
    page = opened("#step=1", history=History(title=title, steps=steps, total=1, campaigns=1))
    assert page.page.evaluate("window.hit") is None
    assert page.page.eval_on_selector_all("body img, body script", "all => all.length") == 2
    shown = page.page.evaluate("document.getElementById('recorded').textContent")
    assert HOSTILE in shown


def test_the_data_ends_no_element():
    """As an HTML parser reads the file, hostile data stands whole inside of its one element."""
    steps = (Step(trigger=None, source=None, dest=Status.PAUSED, campaign=HOSTILE, at=HOSTILE, code=HOSTILE),)
    text = make(Recipe.make("html", history="x"), History(title=HOSTILE, steps=steps, total=1), stamped=False)

    class Reader(HTMLParser):
        tags, data, inside = [], "", False

        def handle_starttag(self, tag, attrs):
            self.tags.append(tag)
            self.inside = ("id", "data") in attrs

        def handle_endtag(self, tag):
            self.inside = False

        def handle_data(self, data):
            if self.inside:
                self.data += data

    reader = Reader()
    reader.feed(text)
    assert reader.tags.count("script") == 2
    assert "img" not in reader.tags
    assert json.loads(reader.data)["history"]["steps"][0]["campaign"] == HOSTILE
    assert not re.search(r"[<>&]", reader.data)

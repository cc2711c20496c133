"""The explorer: the life cycle as one HTML file to click through, which needs nothing else and asks nobody.

The page decides nothing by itself: what `decide` and `route` say is computed here, for every cell, and put into
the file as data. It is text in a script element that is no script; the page puts it on the screen as text only.
Its policy for content allows the one script and the one style that are in it, by their digests, and no connection.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from datetime import datetime
from html import escape
from importlib.resources import files
from typing import Any, Final

from attrs import evolve

from campaign_fsm.diagram.model import REFUSED_MARK, Sample, draw
from campaign_fsm.diagram.stamp import Recipe
from campaign_fsm.diagram.svg import sample_of_page, svg_of_page
from campaign_fsm.diagram.theme import DARK, LIGHT, Palette, Theme
from campaign_fsm.diagram.views import View
from campaign_fsm.history.model import History, HistoryStep, Outcome
from campaign_fsm.lifecycle import NEW, Decision, decide, route
from campaign_fsm.reference import as_dict
from campaign_fsm.rules import RULES, STATUSES, Action, Channel, Event, Status

_DOT: Final = '<svg width="46" height="20" viewBox="0 0 46 20" aria-hidden="true"><circle cx="22" cy="10" r="8"/></svg>'
_ASKED: Final = ("status", "action", "channel", "started", "strict")


def explorer(recipe: Recipe, history: History | None = None, *, stamp: str = "") -> str:
    """The page as HTML text.

    Args:
        recipe: Where it begins: channel, status (a view ``from:STATUS``) and colours.
        history: What was recorded, to step through.
        stamp: A comment for the head of the file, see `campaign_fsm.diagram.stamp`.
    """
    page = files("campaign_fsm.diagram").joinpath("page")
    template, style, script = (
        page.joinpath(name).read_text(encoding="utf-8") for name in ("explorer.html", "explorer.css", "explorer.js")
    )
    pictures = []
    styles = [_variables(LIGHT, DARK), style]
    for channel in Channel:
        picture, colours = _picture(channel)
        pictures.append(picture)
        styles.append(colours)
    style = "\n".join(styles)
    theme = recipe.theme if recipe.theme in (Theme.LIGHT, Theme.DARK) else None
    values = {
        "STAMP": f"<!-- {escape(stamp)} -->" if stamp else "",
        "THEME": f' data-theme="{theme}"' if theme else "",
        "POLICY": (
            f"default-src 'none'; script-src '{_digest(script)}'; style-src '{_digest(style)}'; "
            "base-uri 'none'; form-action 'none'"
        ),
        "STYLE": style,
        "PICTURES": "\n".join(pictures),
        "DATA": _for_script(_data(recipe, history)),
        "SCRIPT": script,
    }
    return re.sub(r"\[\[([A-Z]+)\]\]", lambda found: values[found[1]], template)


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _for_script(data: Any) -> str:
    """JSON that no HTML parser can end or read as markup."""
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _variables(light: Palette, dark: Palette) -> str:
    def block(palette: Palette) -> str:
        names = ("page", "ink", "soft", "live", "over", "platform", "warning", "strong", "trace")
        return "".join(f"--{name}:{getattr(palette, name)};" for name in names)

    return (
        f":root{{color-scheme:light;{block(light)}}}\n"
        f"@media (prefers-color-scheme:dark){{:root:not([data-theme=light]){{color-scheme:dark;{block(dark)}}}}}\n"
        f":root[data-theme=dark]{{color-scheme:dark;{block(dark)}}}\n"
    )


def _picture(channel: Channel) -> tuple[str, str]:
    """The life of a channel with its legend and notes, and the style for it.

    Legend and notes are text of the page, which a phone wraps, where it scrolls the picture.
    """
    drawing = draw(channel)
    picture, style = svg_of_page(evolve(drawing, legend=(), notes=()), channel.value)
    keys = [
        *(("", sample_of_page(entry.sample), entry.text) for entry in drawing.legend),
        ("over", sample_of_page(Sample.INSIDE), "grey: nobody is contacted any more"),
        ("", _DOT, "no campaign yet"),
        ("", sample_of_page(Sample.STRONG), "where the campaign is"),
        ("faint", sample_of_page(Sample.ACCOUNT_HOLDER), "not possible now"),
        ("way", sample_of_page(Sample.ACCOUNT_HOLDER), "the way that is asked for, or the step that is shown"),
        ("", sample_of_page(Sample.REFUSED), "not legal; its code says why"),
    ]
    legend = "\n".join(f'<li class="{look}">{sample} {escape(text)}</li>' for look, sample, text in keys)
    notes = "\n".join(f'<p class="small">{escape(note)}</p>' for note in drawing.notes)
    return (
        f'<div class="picture" data-channel="{channel}">\n<div class="scroller">\n{picture}</div>\n'
        f'<ul class="legend {channel}" aria-label="Legend">\n{legend}\n</ul>\n{notes}\n</div>'
    ), style


def _data(recipe: Recipe, history: History | None) -> dict[str, Any]:
    decisions: dict[str, int] = {}
    cells = {
        channel: {
            strict: {
                started: {
                    status: {
                        action: _number(
                            decisions, decide(status, action, channel=channel, started=started, strict=strict)
                        )
                        for action in Action
                    }
                    for status in (None, *Status)
                }
                for started in (None, False, True)
            }
            for strict in (False, True)
        }
        for channel in Channel
    }
    return {
        "statuses": STATUSES,
        "actions": list(Action),
        "events": list(Event),
        "rules": [as_dict(rule) for rule in RULES],
        "started": {status: _started(status) for status in (None, *Status)},
        "decisions": [json.loads(text) for text in decisions],
        "cells": cells,
        "routes": {
            channel: {
                strict: {
                    start: {goal: route(start, goal, channel=channel, strict=strict) for goal in STATUSES}
                    for start in (None, *Status)
                }
                for strict in (False, True)
            }
            for channel in Channel
        },
        "begin": _begin(recipe, history),
        "history": _recorded(history),
    }


def _number(decisions: dict[str, int], decision: Decision) -> int:
    """Where a cell's decision stands in the list; cells with the same answer share it."""
    text = json.dumps({key: value for key, value in decision.as_dict().items() if key not in _ASKED})
    return decisions.setdefault(text, len(decisions))


def _started(status: Status | None) -> str:
    """What a status alone shows of the start, in the word that links have for it."""
    return {None: "no", Status.CREATED: "no", Status.IN_PROGRESS: "yes"}.get(status, "unknown")


def _point(channel: Channel, status: Status | None, started: str | None = None) -> dict[str, Any]:
    return {"channel": channel, "status": status, "started": started or _started(status)}


def _begin(recipe: Recipe, history: History | None) -> dict[str, Any]:
    """Where the page opens: at the status that is asked for, or where the recording begins, or at created."""
    status: Status | None = Status.CREATED
    channel, step = recipe.channel or Channel.MESSAGE, None
    if recipe.look.view is View.FROM:
        status = recipe.look.statuses[0]
    elif history is not None and history.steps:
        channel, status, step = history.steps[0].channel, history.steps[0].source, 0
    elif history is not None and len(history.now) == 1:
        channel, (status,) = min(history.channels, default=channel), history.now
    return {**_point(channel, status), "step": step}


# A recorded history


def _recorded(history: History | None) -> dict[str, Any] | None:
    if history is None:
        return None
    started: dict[tuple[Channel, str], str] = {}
    steps = []
    for number, step in enumerate(history.steps, start=1):
        key = step.channel, step.campaign
        now = _started(step.dest)
        # Once started, a campaign stays so; a way that no rule explains may have led over the start.
        if now == "unknown" and step.trigger is not None:
            now = started.get(key) or _started(step.source)
        started[key] = now
        steps.append(
            {
                **_point(step.channel, step.dest, now),
                "code": step.code,
                "taken": step.outcome is Outcome.TAKEN,
                "inferred": _inferred(step),
                "text": f"{number}. {_told(step)}",
                "campaign": step.campaign,
                "details": _details(step, history.title),
            }
        )
    return {"title": history.title, "total": history.total, "steps": steps}


def _told(step: HistoryStep) -> str:
    source = step.source or NEW
    match step.outcome:
        case Outcome.TAKEN if step.trigger is None:
            text = f"a reading shows {step.dest} after {source}, and no rule leads there"
        case Outcome.TAKEN:
            text = f"{step.trigger}{', by itself at the start' if step.by_itself else ''}: {source} → {step.dest}"
        case Outcome.REFUSED:
            text = f"{REFUSED_MARK} {step.trigger} while {source}: refused before it was sent"
        case Outcome.LOST:
            text = f"? {step.trigger} while {source}: sent, and the answer was lost"
        case Outcome.SENT:
            text = f"{REFUSED_MARK} {step.trigger} while {source}: illegal, and sent"
    return f"{text}{f' ({step.code})' if step.code else ''}{', inferred' if _inferred(step) else ''}"


def _inferred(step: HistoryStep) -> bool:
    # What no rule explains was read.
    return step.inferred and step.trigger is not None


def _details(step: HistoryStep, title: str) -> list[str]:
    """When it was, and where it stands in the recording; its campaign, unless the title names it."""
    place = f"line or entry {step.place}" if step.place else ""
    return [part for part in (_when(step.at), "" if step.campaign in title else step.campaign, place) if part]


def _when(at: str) -> str:
    """A time of ISO 8601 in the zone that it was recorded in, which is named; any other text as it is."""
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        return at
    if ":" not in at:  # a date alone
        return at
    exact = "milliseconds" if moment.microsecond else "seconds"
    return f"{moment.replace(tzinfo=None).isoformat(' ', exact)} {moment.tzname() or '(no time zone recorded)'}"

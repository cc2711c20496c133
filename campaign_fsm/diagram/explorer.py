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
from html import escape
from importlib.resources import files
from typing import Any, Final

from campaign_fsm.diagram.model import draw
from campaign_fsm.diagram.stamp import Recipe
from campaign_fsm.diagram.svg import svg_of_page
from campaign_fsm.diagram.theme import DARK, LIGHT, Palette, Theme
from campaign_fsm.diagram.views import View
from campaign_fsm.history.model import History, HistoryStep
from campaign_fsm.lifecycle import Decision, decide, route
from campaign_fsm.reference import as_dict
from campaign_fsm.rules import RULES, STATUSES, Action, Channel, Event, Status

_STARTED: Final = {"unknown": None, "no": False, "yes": True}
_STRICT: Final = {"no": False, "yes": True}
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
        picture, colours = svg_of_page(draw(channel), channel.value)
        pictures.append(f'<div class="picture" data-channel="{channel}">\n{picture}</div>')
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


def _data(recipe: Recipe, history: History | None) -> dict[str, Any]:
    decisions: dict[str, int] = {}
    cells = {
        channel: {
            strict: {
                started: {
                    status or "new": {
                        action: _number(
                            decisions,
                            decide(status, action, channel=channel, started=_STARTED[started], strict=_STRICT[strict]),
                        )
                        for action in Action
                    }
                    for status in (None, *Status)
                }
                for started in _STARTED
            }
            for strict in _STRICT
        }
        for channel in Channel
    }
    begin = recipe.look.statuses[0] if recipe.look.view is View.FROM else Status.CREATED
    return {
        "version": 1,
        "statuses": STATUSES,
        "actions": list(Action),
        "events": list(Event),
        "rules": [as_dict(rule) for rule in RULES],
        "decisions": [json.loads(text) for text in decisions],
        "cells": cells,
        "routes": {
            channel: {
                strict: {
                    start or "new": {
                        goal: route(start, goal, channel=channel, strict=_STRICT[strict]) for goal in STATUSES
                    }
                    for start in (None, *Status)
                }
                for strict in _STRICT
            }
            for channel in Channel
        },
        "begin": {"channel": recipe.channel or Channel.MESSAGE, "status": begin},
        "history": _recorded(history),
    }


def _number(decisions: dict[str, int], decision: Decision) -> int:
    """Where a cell's decision stands in the list; cells with the same answer share it."""
    text = json.dumps({key: value for key, value in decision.as_dict().items() if key not in _ASKED})
    return decisions.setdefault(text, len(decisions))


def _recorded(history: History | None) -> dict[str, Any] | None:
    if history is None:
        return None
    return {"title": history.title, "total": history.total, "steps": [_step(step) for step in history.steps]}


def _step(step: HistoryStep) -> dict[str, Any]:
    return {
        "trigger": step.trigger,
        "from": step.source,
        "to": step.dest,
        "code": step.code,
        "outcome": step.outcome,
        "inferred": step.inferred,
        "at": step.at,
        "channel": step.channel,
        "campaign": step.campaign,
        "place": step.place,
    }

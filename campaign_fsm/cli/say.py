"""Print lines that may hold names which are not ours."""

from __future__ import annotations

import json
from typing import Any

import click

from campaign_fsm.harmless import harmless, harmless_json


def say(text: str, *, err: bool = False, nl: bool = True, color: bool | None = None) -> None:
    """Print lines in which no build server sees a command, whatever names they hold."""
    click.echo(harmless(text), err=err, nl=nl, color=color)


def say_json(value: Any, **how: Any) -> None:
    """Print JSON in which no build server sees a command; `how` is that of `json.dumps`."""
    click.echo(harmless_json(json.dumps(value, **how)))

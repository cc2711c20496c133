"""Print what may hold names and texts that are not ours."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

import click

from campaign_fsm.printable import harmless, harmless_json

_SECRETS = "campaign_fsm.secrets"


def hide(secrets: Collection[str]) -> None:
    """Print these in no line and no JSON of the command that runs: a server may echo them in any field."""
    click.get_current_context().find_root().meta[_SECRETS] = tuple(secrets)


def _without_secrets(value: Any) -> Any:
    context = click.get_current_context(silent=True)
    secrets = context.find_root().meta.get(_SECRETS) if context else None
    return _redacted(value, secrets) if secrets else value


def _redacted(value: Any, secrets: Collection[str]) -> Any:
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, "[redacted]")
    if isinstance(value, Mapping):
        return {_redacted(key, secrets): _redacted(part, secrets) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted(part, secrets) for part in value]
    return value


def say(text: str, *, err: bool = False, nl: bool = True, color: bool | None = None) -> None:
    """Print lines in which no build server sees a command, whatever names they hold."""
    click.echo(harmless(_without_secrets(text)), err=err, nl=nl, color=color)


def say_json(value: Any, **how: Any) -> None:
    """Print JSON in which no build server sees a command and nothing drives a terminal.

    `how` is that of `json.dumps`; letters are not escaped unless it says so.
    """
    click.echo(harmless_json(json.dumps(_without_secrets(value), **{"ensure_ascii": False, **how})))

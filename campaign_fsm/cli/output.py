"""What the commands print: lines and JSON that may hold names and texts that are not ours, and aligned rows."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any, Final

import click

from campaign_fsm.cli.streams import colour

# Other modules are imported where they are used: `campaign-fsm check` is timed against `import click`.

_TAKEN: Final = ContextVar("_TAKEN", default=False)
_SECRETS: Final = ContextVar[tuple[str, ...]]("_SECRETS", default=())


def take_stdout() -> None:
    """What goes to the standard output from here on is one document, in which the JSON of an error has no place."""
    _TAKEN.set(True)


def is_taken() -> bool:
    """Whether the standard output has a document of its own."""
    return _TAKEN.get()


def hide(secrets: Collection[str]) -> None:
    """Print these in no line and no JSON of the command that runs: a server may echo them in any field."""
    _SECRETS.set(tuple(secrets))


def _without_secrets(value: Any) -> Any:
    secrets = _SECRETS.get()
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


def shown_text(text: str) -> str:
    """A text without secrets, and without what drives a terminal or is a command to a build server."""
    from campaign_fsm.printable import harmless, printable

    return harmless(printable(str(_without_secrets(text))))


def print_text(text: str, *, err: bool = False, nl: bool = True) -> None:
    """Print lines in which no build server sees a command and only `click.style` drives a terminal."""
    from campaign_fsm.printable import harmless, lines_in_colour

    click.echo(harmless(lines_in_colour(_without_secrets(text))), err=err, nl=nl, color=colour())


def print_error(text: str) -> None:
    """Print an error to standard error."""
    print_text(f"{click.style('error:', fg='red')} {text}", err=True)


def print_warning(text: str) -> None:
    """Print a warning to standard error."""
    print_text(f"{click.style('warning:', fg='yellow')} {text}", err=True)


def print_value(value: Any, **how: Any) -> None:
    """Print JSON in which no build server sees a command and nothing drives a terminal.

    `how` is that of `json.dumps`; letters are not escaped unless it says so.
    """
    import json

    from campaign_fsm.printable import harmless_json

    click.echo(harmless_json(json.dumps(_without_secrets(value), **{"ensure_ascii": False, **how})))


def print_json(value: dict[str, Any]) -> None:
    """One JSON object on one line."""
    print_value({"version": 1, **value})


def print_outcome(outcome: str, **fields: Any) -> None:
    """One JSON object that says in a word how a call on a server ended."""
    print_json({"outcome": outcome, **fields})


def columns() -> int | None:
    """How wide the terminal is that standard output goes to; None where it goes elsewhere."""
    if sys.stdout is None or not sys.stdout.isatty():
        return None
    import shutil

    return shutil.get_terminal_size().columns


def lay_out(labelled: Iterable[tuple[str, str]], width: int | None) -> Iterator[str]:
    """Labels and sentences as aligned lines, none longer than `width` unless it is one long word.

    Without a width every sentence keeps its line, so that `grep` finds it whole.
    """
    for label, text in labelled:
        head = f"  {label:<11}"
        if width is None or len(head) + len(text) <= width:
            yield head + text
            continue
        import textwrap

        yield from textwrap.wrap(
            text,
            max(width, 40),
            initial_indent=head,
            subsequent_indent=" " * len(head),
            break_long_words=False,
            break_on_hyphens=False,
        )

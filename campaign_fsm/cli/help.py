"""`campaign-fsm help`: the guides, in a pager on a terminal and as Markdown elsewhere."""

from __future__ import annotations

import os
import re
import textwrap
from collections.abc import Iterator

import click

from campaign_fsm.cli import streams
from campaign_fsm.cli.options import command, completing, json_option
from campaign_fsm.cli.output import columns, print_json
from campaign_fsm.guides import TOPICS, command_for, summary_of, text_of

_LINK = re.compile(r"\[([^\]]+)\]\(([^)]+)\)")


def _shown(link: re.Match[str]) -> str:
    """A link to another guide as its command: a terminal follows neither."""
    text, target = link.groups()
    topic = target.partition("#")[0].removesuffix(".md")
    return f"{text} ({command_for(topic) if topic in TOPICS else target})"


def for_terminal(markdown: str) -> Iterator[str]:
    """The lines of a guide with its headings and blocks in colour."""
    inside = False
    for line in markdown.splitlines():
        if line.startswith("```"):
            inside = not inside
        elif inside:
            yield click.style(f"    {line}", fg="cyan") if line else ""
        elif line.startswith("#"):
            yield click.style(line.lstrip("# "), bold=True, underline=line.startswith("# "))
        else:
            yield _LINK.sub(_shown, line)


def _show(markdown: str) -> None:
    if columns() is None:
        click.echo(markdown, nl=False)
        return
    # As git has it: what fits on the screen needs no pager, and it stays there afterwards.
    os.environ.setdefault("LESS", "-FRX")
    click.echo_via_pager((f"{line}\n" for line in for_terminal(markdown)), color=streams.colour())


def _list() -> None:
    width = max(map(len, TOPICS)) + 4
    for topic in TOPICS:
        first, *rest = textwrap.wrap(summary_of(topic), (columns() or 100) - width, break_on_hyphens=False)
        click.echo(click.style(f"  {topic:<{width - 2}}", bold=True) + first, color=streams.colour())
        for line in rest:
            click.echo(" " * width + line)
    click.echo("\ncampaign-fsm help TOPIC shows one of them.")


def _topic(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    from campaign_fsm.cli import COMMANDS

    if value is None or value in TOPICS or value in COMMANDS:
        return value
    if re.fullmatch(r"(?i)cf\d+|[1-5]\d\d", value):
        raise click.BadParameter(f"{value} is no guide; campaign-fsm explain {value} explains it.")
    from campaign_fsm.words import hint

    raise click.BadParameter(f"There is no guide {value!r}; {hint(value, (*TOPICS, *COMMANDS))}.")


@command("help")
@click.argument("topic", required=False, callback=_topic, shell_complete=completing(TOPICS))
@json_option("List the guides, or print one, as one JSON object.")
@click.pass_context
def show_guide(ctx: click.Context, topic: str | None, as_json: bool) -> None:
    """Show the guide about TOPIC; without one, list the guides.

    A guide opens in the pager on a terminal, and is Markdown elsewhere. Of a command, its --help is
    shown.

    \b
    Examples:
      campaign-fsm help
      campaign-fsm help getting-started
      campaign-fsm help gate > gate.md

    Exit code: 0; 2 if there is no such guide.
    """
    if topic and topic not in TOPICS:
        group = ctx.find_root()
        other = group.command.get_command(group, topic)  # type: ignore[attr-defined]
        click.echo(other.get_help(click.Context(other, parent=group, info_name=topic)))
    elif as_json and topic:
        print_json({"topic": topic, "summary": summary_of(topic), "markdown": text_of(topic)})
    elif as_json:
        print_json({"guides": [{"topic": name, "summary": summary_of(name)} for name in TOPICS]})
    elif topic:
        _show(text_of(topic))
    else:
        _list()

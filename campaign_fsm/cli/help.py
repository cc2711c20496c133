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
_BOLD = re.compile(r"\*\*(.+?)\*\*")
_DEFINITION = re.compile(r"\[[^\]]+\]: ")
_MARK = re.compile(r"- |\d+\. ")
_WIDEST = 100


def _linked(link: re.Match[str]) -> str:
    """A link to another guide as its command: a terminal follows none."""
    text, target = link.groups()
    topic = target.partition("#")[0].removesuffix(".md")
    if target.startswith("#"):
        return text
    return f"{text} ({command_for(topic) if topic in TOPICS else target})"


def _filled(text: str, width: int, begin: str = "", indent: str = "") -> Iterator[str]:
    """A text as lines of a width; what is bold is made so where it stands on one line."""
    lines = textwrap.wrap(
        _LINK.sub(_linked, text),
        max(width, 30),
        initial_indent=begin,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    for line in lines:
        yield _BOLD.sub(lambda bold: click.style(bold[1], bold=True), line).replace("**", "")


def _paragraph(lines: list[str], width: int) -> Iterator[str]:
    """A paragraph, or an item of a list, filled; a definition of a link as it is."""
    if not lines:
        return
    mark = _MARK.match(lines[0])
    begin = mark[0] if mark else ""
    text = " ".join(line.strip() for line in lines)[len(begin) :]
    yield from _filled(text, width, begin, " " * len(begin))
    lines.clear()


def _table(rows: list[str], width: int) -> Iterator[str]:
    """A table in columns if it fits, else each row below its first cell."""
    if not rows:
        return
    cells = [[_LINK.sub(_linked, cell.strip()) for cell in row.strip("|").split(" | ")] for row in rows]
    head, _, *body = cells
    widths = [max(map(len, column)) for column in zip(head, *body, strict=False)]
    rows.clear()
    if sum(widths) + 2 * len(widths) <= width:
        for row in (head, *body):
            line = "  ".join(
                cell.replace("**", "").ljust(size) for cell, size in zip(row, widths, strict=False)
            ).rstrip()
            yield click.style(line, bold=True) if row is head else line
        return
    if title := ": ".join(head) if len(head) == 2 else head[0]:
        yield click.style(title, underline=True)
    for first, *others in body:
        for line in _filled(first, width):
            yield click.style(line, bold=True)
        for name, cell in zip(head[1:], others, strict=False):
            named = f"{name}: {cell}" if len(head) > 2 and name else cell
            yield from _filled(named, width, "    ", "    ") if cell else ()


def _code(line: str, language: str) -> str:
    """A line of a block: a command has a prompt, and what is printed a bar."""
    if language == "text":
        return click.style(f"    │ {line}", dim=True)
    prompt = "$ " if language == "sh" and not line.startswith(" ") else "  " if language == "sh" else ""
    return click.style(f"    {prompt}{line}".rstrip(), fg="cyan")


def for_terminal(markdown: str, width: int) -> Iterator[str]:
    """The lines of a guide for a terminal of a width: filled, with headings and blocks in colour."""
    language: str | None = None
    paragraph: list[str] = []
    rows: list[str] = []
    for line in [*markdown.splitlines(), ""]:
        if language is not None and not line.startswith("```"):
            yield _code(line, language)
        elif line.startswith("|"):
            rows.append(line)
        elif (
            line and not line.startswith(("```", "#", "    ")) and not _MARK.match(line) and not _DEFINITION.match(line)
        ):
            paragraph.append(line)
        else:
            yield from _paragraph(paragraph, width)
            yield from _table(rows, width)
            if line.startswith("```"):
                language = line.removeprefix("```") if language is None else None
            elif line.startswith("#"):
                yield click.style(line.lstrip("# "), bold=True, underline=line.startswith("# "))
            elif _MARK.match(line):
                paragraph.append(line)
            else:
                yield click.style(line, fg="cyan") if line.startswith("    ") else line


def _show(markdown: str) -> None:
    width = columns()
    if width is None:
        click.echo(markdown, nl=False)
        return
    # As git has it: what fits on the screen needs no pager, and it stays there afterwards.
    os.environ.setdefault("LESS", "-FRX")
    lines = [f"{line}\n" for line in for_terminal(markdown, min(width, _WIDEST))]
    try:
        click.echo_via_pager(lines, color=streams.colour())
    except ValueError:  # an open quotation in PAGER
        click.echo("".join(lines), nl=False, color=streams.colour())


def _list() -> None:
    width = max(map(len, TOPICS)) + 4
    for topic in TOPICS:
        first, *rest = textwrap.wrap(summary_of(topic), max((columns() or 100) - width, 30), break_on_hyphens=False)
        click.echo(click.style(f"  {topic:<{width - 2}}", bold=True) + first, color=streams.colour())
        for line in rest:
            click.echo(" " * width + line)
    click.echo("\ncampaign-fsm help TOPIC shows one of them.")


def _mentioning(word: str) -> list[str]:
    """The two guides at most that have a word most often."""
    pattern = re.compile(rf"\b{re.escape(word)}\b", re.IGNORECASE)
    often = {topic: len(pattern.findall(text_of(topic))) for topic in TOPICS}
    return [topic for topic in sorted(TOPICS, key=lambda topic: -often[topic])[:2] if often[topic]]


def _topic(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    from campaign_fsm.cli import COMMANDS

    if value is None:
        return None
    topic = value.lower().removesuffix(".md")
    if topic in TOPICS or topic in COMMANDS:
        return topic
    from campaign_fsm.cli.explanation import ERRORS
    from campaign_fsm.words import did_you_mean, listed

    if re.fullmatch(r"cf\d+|[1-5]\d\d", topic) or value in ERRORS:
        raise click.BadParameter(f"{value} is no guide; campaign-fsm explain {value} explains it.")

    if about := [command_for(one) for one in _mentioning(topic)]:
        raise click.BadParameter(f"there is no guide {value!r}; {listed(about, 'or')} has the word.")
    meant = did_you_mean(topic, (*TOPICS, *COMMANDS))
    raise click.BadParameter(f"there is no guide {value!r}; {meant or 'campaign-fsm help lists them.'}")


def _complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    from campaign_fsm.cli import COMMANDS

    return completing([*TOPICS, *COMMANDS])(ctx, param, incomplete)


@command("help")
@click.argument("topic", required=False, callback=_topic, shell_complete=_complete)
@json_option("List the guides, or print one, as one JSON object.")
@click.pass_context
def show_guide(ctx: click.Context, topic: str | None, as_json: bool) -> None:
    """Show the guide about TOPIC; without one, list the guides.

    A guide opens in the pager on a terminal, and is Markdown elsewhere. For a command, shows its
    --help.

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
        text = other.get_help(click.Context(other, parent=group, info_name=topic))
        if as_json:
            print_json({"command": topic, "help": text})
        else:
            click.echo(text)
    elif as_json and topic:
        print_json({"topic": topic, "summary": summary_of(topic), "markdown": text_of(topic)})
    elif as_json:
        print_json({"guides": [{"topic": name, "summary": summary_of(name)} for name in TOPICS]})
    elif topic:
        _show(text_of(topic))
    else:
        _list()

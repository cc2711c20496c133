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

_LINK = re.compile(r"(\(?)\[([^\]]+)\]\(([^)]+)\)(\)?)")
_BOLD = re.compile(r"\*\*(.+?)\*\*")
_CELL = re.compile(r"((?:`[^`]*`|[^`|])*)\|")
_DEFINITION = re.compile(r"\[[^\]]+\]: ")
_MARK = re.compile(r"- |\d+\. ")
_WIDEST = 100


def _linked(link: re.Match[str]) -> str:
    """A link to another guide as its command: a terminal follows none."""
    begin, text, target, end = link.groups("")
    if target.startswith("#"):
        return f"{begin}{text}{end}"
    topic = target.partition("#")[0].removesuffix(".md")
    there = command_for(topic) if topic in TOPICS else target
    return f"({text}: {there})" if begin and end else f"{begin}{text} ({there}){end}"


def _bold(line: str) -> str:
    return _BOLD.sub(lambda bold: click.style(bold[1], bold=True), line).replace("**", "")


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
    yield from map(_bold, lines)


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
    head, _, *body = [[_LINK.sub(_linked, cell.strip()) for cell in _CELL.findall(row)[1:]] for row in rows]
    rows.clear()
    widths = [max(len(cell.replace("**", "")) for cell in column) for column in zip(head, *body, strict=True)]
    if sum(widths) + 2 * len(widths) <= width:
        for row in (head, *body):
            padded = [cell + " " * (size - len(cell.replace("**", ""))) for cell, size in zip(row, widths, strict=True)]
            line = "  ".join(padded).rstrip()
            yield click.style(line, bold=True) if row is head else _bold(line)
        return
    if title := ": ".join(head) if len(head) == 2 else head[0]:
        yield click.style(f"({title})", dim=True)
    for first, *others in body:
        for line in _filled(first, width):
            yield click.style(line, bold=True)
        pairs = [(name, cell) for name, cell in zip(head[1:], others, strict=True) if cell]
        named = [f"{name}: {cell}" if len(head) > 2 and name else cell for name, cell in pairs]
        for text in ["; ".join(named)] if len(head) > 3 else named:
            yield from _filled(text, width, "    ", "    ")


def _heading(line: str) -> Iterator[str]:
    """A heading with a line below it, which needs no colour."""
    text = line.lstrip("# ")
    yield click.style(text, bold=True)
    yield ("=" if line.startswith("# ") else "-") * len(text)


def _code(line: str, language: str) -> str:
    """A line of a block as it can be copied; what is printed has a bar."""
    return click.style(f"│ {line}".rstrip(), dim=True) if language == "text" else click.style(line, fg="cyan")


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
                yield from _heading(line)
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
    """The two guides at most that have a word in their headings, or else most often in their text."""
    pattern = re.compile(rf"\b{re.escape(word)}s?\b", re.IGNORECASE)

    def often(topic: str) -> tuple[int, int]:
        text = text_of(topic)
        headings = "".join(line for line in text.splitlines(keepends=True) if line.startswith("#"))
        return len(pattern.findall(headings)), len(pattern.findall(text))

    ranked = sorted(((often(topic), topic) for topic in TOPICS), key=lambda one: one[0], reverse=True)
    return [topic for count, topic in ranked[:2] if any(count) and (count[0] or not ranked[0][0][0])]


def _topic(_: click.Context, __: click.Parameter, value: tuple[str, ...]) -> str | None:
    from campaign_fsm.cli import COMMANDS

    if not value:
        return None
    given = " ".join(value)
    topic = given.lower().removesuffix(".md")
    if topic in TOPICS or topic in COMMANDS:
        return topic
    from campaign_fsm.cli.explanation import ERRORS
    from campaign_fsm.rules import ENTRIES
    from campaign_fsm.words import did_you_mean, listed

    if topic.upper() in ENTRIES or re.fullmatch(r"[1-5]\d\d", topic) or topic in map(str.lower, ERRORS):
        raise click.BadParameter(f"{given} is not a guide; campaign-fsm explain {given} explains it.")
    known = (*TOPICS, *COMMANDS)
    meant = did_you_mean(topic, known)
    if len(topic) > 2 and not meant and (about := [command_for(one) for one in _mentioning(topic)]):
        raise click.BadParameter(f"there is no guide {given!r}; see {listed(about, 'or')}.")
    raise click.BadParameter(f"there is no guide {given!r}; {meant or 'campaign-fsm help lists them.'}")


def _complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    from campaign_fsm.cli import COMMANDS

    return completing([*TOPICS, *COMMANDS])(ctx, param, incomplete)


@command("help")
@click.argument("topic", nargs=-1, callback=_topic, shell_complete=_complete)
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

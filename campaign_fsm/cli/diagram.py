"""``campaign-fsm diagram``: draw the life cycle, and check that committed diagrams still show it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import click

from campaign_fsm.rules import Channel

_DIRECTORY: Final = "diagrams"
_SUFFIXES: Final = {".mmd": "mermaid", ".mermaid": "mermaid", ".dot": "dot", ".gv": "dot", ".svg": "svg", ".png": "png"}


class _CannotDo(click.ClickException):
    exit_code = 2


@click.command(short_help="Draw the life cycle from the table.")
@click.option(
    "--format",
    "kind",
    type=click.Choice(["mermaid", "dot", "svg", "png"]),
    help="What to write. Default: what the name after -o ends in, or else mermaid.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write to instead of standard output.",
)
@click.option(
    "--channel",
    type=click.Choice([channel.value for channel in Channel]),
    help="Draw the life of one kind of campaign only. Default: both in one diagram.",
)
@click.option(
    "--check",
    type=click.Path(path_type=Path),
    is_flag=False,
    flag_value=_DIRECTORY,
    metavar="[DIR]",
    help=f"Compare the committed diagrams in DIR (default: {_DIRECTORY}) with the table; draws nothing.",
)
@click.option(
    "--write",
    "target",
    type=click.Path(file_okay=False, path_type=Path),
    is_flag=False,
    flag_value=_DIRECTORY,
    metavar="[DIR]",
    help=f"Write all committed diagrams into DIR (default: {_DIRECTORY}).",
)
@click.pass_context
def diagram(
    context: click.Context,
    *,
    kind: str | None,
    output: Path | None,
    channel: str | None,
    check: Path | None,
    target: Path | None,
) -> None:
    """Draw the life of a campaign from the table of rules.

    Mermaid and DOT are plain text. SVG and PNG need the extra: pip install 'campaign_fsm[diagrams]'.

    \b
    Examples:
      campaign-fsm diagram                          Mermaid text, to paste into a README
      campaign-fsm diagram --channel voice          only what voice campaigns can do
      campaign-fsm diagram -o lifecycle.svg         a picture
      campaign-fsm diagram --format dot | dot -Tpdf -o lifecycle.pdf
      campaign-fsm diagram --write diagrams         write the committed diagrams anew
      campaign-fsm diagram --check diagrams         do they still show the table?

    \b
    Exit codes:
      0  written, or no drift
      1  --check found drift
      2  it could not be done or told
    """
    drawing = any(option is not None for option in (kind, output, channel))
    if (check is not None) + (target is not None) + drawing > 1:
        raise click.UsageError(
            "--check and --write always take all committed diagrams; use them without each other and without "
            "--format, --output and --channel."
        )
    if check is not None:
        context.exit(_check(check))
    elif target is not None:
        _write(target)
    else:
        _draw(kind or _guess(output), output, channel)


def _guess(output: Path | None) -> str:
    if output is None:
        return "mermaid"
    try:
        return _SUFFIXES[output.suffix.lower()]
    except KeyError:
        raise click.UsageError(
            f"the name {output.name} does not tell the format; end it in .mmd, .dot, .svg or .png, or give --format."
        ) from None


def _draw(kind: str, output: Path | None, channel: str | None) -> None:
    if kind == "png" and output is None and sys.stdout.isatty():
        raise click.UsageError("a PNG is not written to a terminal; name a file with -o.")
    from campaign_fsm.diagram import render
    from campaign_fsm.diagram.graphviz import GraphvizMissing

    try:
        content = render(kind, channel=channel)
    except GraphvizMissing as error:
        raise _CannotDo(str(error)) from error
    data = content.encode("utf-8") if isinstance(content, str) else content
    if output is not None:
        try:
            output.write_bytes(data)
        except OSError as error:
            raise _CannotDo(f"{output} cannot be written: {error.strerror or error}") from error
    elif sys.stdout.isatty():
        click.echo(data.decode("utf-8"), nl=False)
    else:
        # Bytes, so that a file made by redirection is the same whatever the system's encoding and line ends.
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()


def _write(directory: Path) -> None:
    from campaign_fsm.diagram import write
    from campaign_fsm.diagram.graphviz import GraphvizMissing

    try:
        paths = write(directory)
    except GraphvizMissing as error:
        raise _CannotDo(str(error)) from error
    except OSError as error:
        raise _CannotDo(f"{error.filename or directory} cannot be written: {error.strerror or error}") from error
    for path in paths:
        click.echo(f"wrote {path}")


def _check(directory: Path) -> int:
    from campaign_fsm.diagram import FILES, drift

    try:
        found = drift(directory)
    except OSError as error:
        raise _CannotDo(
            f"{error.filename or directory} cannot be read: {error.strerror or error}. "
            "Name the directory of the committed diagrams after --check."
        ) from error
    if not found:
        click.echo(f"{directory}: all {len(FILES)} diagrams show the table.")
        return 0
    for item in found:
        click.echo(f"{directory / item.name} {item.problem}.")
        if item.difference:
            click.echo(item.difference)
    click.echo(
        f"{len(found)} of {len(FILES)} diagrams have drifted. To write them anew: "
        f"campaign-fsm diagram --write {directory}"
    )
    return 1

"""``campaign-fsm diagram``: draw the life cycle, and check that committed diagrams still show it."""

from __future__ import annotations

import os
import sys
import tempfile
import webbrowser
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from campaign_fsm.cli.files import STDOUT, keep_apart, terminable
from campaign_fsm.cli.options import CHANNELS, command, completing, json_option
from campaign_fsm.cli.output import print_text, print_value
from campaign_fsm.diagram.formats import DiagramFormat
from campaign_fsm.diagram.theme import Theme
from campaign_fsm.files import identity, write_whole
from campaign_fsm.rules import STATUSES
from campaign_fsm.words import counted, listed

if TYPE_CHECKING:
    from campaign_fsm.diagram import History, Recipe
    from campaign_fsm.diagram.committed import DriftCheck

_DIRECTORY: Final = "diagrams"


def _coloured(theme: Theme) -> str:
    """The formats whose colours are these unless others are asked for."""
    return listed(one for one in DiagramFormat if one.traits.theme is theme)


def _complete_view(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    from campaign_fsm.diagram.views import FORMS

    values = []
    for form in FORMS:
        name, *parts = form.split(":")
        values += [":".join((name, *statuses)) for statuses in product(STATUSES, repeat=len(parts))]
    return completing(values)(ctx, param, incomplete)


@command()
@click.option(
    "--format",
    "kind",
    type=click.Choice([str(one) for one in DiagramFormat]),
    help="What to write. Default: what the name after -o ends in, or else mermaid (html with --open).",
)
@click.option(
    "--view",
    default=None,
    metavar="VIEW",
    shell_complete=_complete_view,
    help="life (default), account-holder, from:STATUS, route:FROM:TO, history, coverage.",
)
@click.option(
    "--theme",
    type=click.Choice(["light", "dark", "auto"]),
    help=f"Colours of {_coloured(Theme.AUTO)} (default: auto, as the viewer prefers), {_coloured(Theme.LIGHT)} "
    "(default: light).",
)
@click.option(
    "--channel",
    type=CHANNELS,
    help="Only the life of one kind of campaign. Default: both in one diagram.",
)
@click.option(
    "--history",
    "recording",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="A recording to show: trace, HAR, cassette, JSON Lines, simulator's journal or coverage; - is standard input.",
)
@click.option("--campaign", metavar="ID", help="Only this campaign of the recording.")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path, allow_dash=True),
    help="The file to write; - is the standard output. Default: the standard output.",
)
@click.option("--open", "opened", is_flag=True, help="Open it in the browser; without -o, from a temporary file.")
@click.option(
    "--check",
    type=click.Path(path_type=Path),
    is_flag=False,
    flag_value=_DIRECTORY,
    metavar="[DIR]",
    help=f"Compare the diagrams in DIR (default: {_DIRECTORY}) with the table; write nothing.",
)
@click.option(
    "--write",
    "target",
    type=click.Path(file_okay=False, path_type=Path),
    is_flag=False,
    flag_value=_DIRECTORY,
    metavar="[DIR]",
    help=f"Redraw the diagrams in DIR (default: {_DIRECTORY}); in an empty or new DIR, write the whole gallery.",
)
@json_option("With --check: the result as one JSON object.")
def diagram(
    *,
    kind: str | None,
    view: str | None,
    theme: str | None,
    channel: str | None,
    recording: Path | None,
    campaign: str | None,
    output: Path | None,
    opened: bool,
    check: Path | None,
    target: Path | None,
    as_json: bool,
) -> int | None:
    """Draw the life of a campaign from the table of rules, or what happened to one.

    Every format shows the same drawing. All but PNG need nothing else; for PNG: pip install
    'campaign_fsm[diagrams]'. Recordings other than the simulator's journal: pip install 'campaign_fsm[audit]'.
    Each file says in a comment how it was made, unless it shows a recording that is not in its folder or below.
    --check and --write read that comment.

    \b
    Examples:
      campaign-fsm diagram                Mermaid text, to paste into a README
      campaign-fsm diagram --open         the explorer, in the browser
      campaign-fsm diagram -o life.svg    a picture, light or dark as its viewer
      campaign-fsm diagram --check docs   are the diagrams there up to date?
      campaign-fsm diagram --view from:paused -o paused.svg
      campaign-fsm diagram --view route:in-progress:archived --format markdown
      campaign-fsm diagram --history trace.jsonl -o what-happened.svg
      campaign-fsm diagram --history trace.jsonl --campaign c1 -o story.html

    Exit code: 0 if it was written, or all diagrams are up to date; 1 if --check found one that is out of date, or
    there is no legal route to draw; 2 if it could not be done, or the answer is unknown.
    """
    if output is not None and str(output) == "-":
        output = None
    drawing = opened or any(option is not None for option in (kind, view, theme, output, channel, recording, campaign))
    if (check is not None) + (target is not None) + drawing > 1:
        raise click.UsageError(
            "--check and --write are about every diagram of a folder; give one of them, without the options of a "
            "single diagram."
        )
    if as_json and check is None:
        raise click.UsageError("--json goes with --check; for a diagram as JSON say --format json.")
    from campaign_fsm.diagram import Recipe

    if check is not None:
        return _check(check, as_json)
    if target is not None:
        _write(target)
        return None
    if view is None and recording is not None:
        view = "life" if (kind or _guess(output, opened)) == "html" else "history"
    kind = kind or _guess(output, opened)
    if recording is not None and not (opened and output is None):
        keep_apart([str(output or STDOUT)], {identity(0 if str(recording) == "-" else recording)})
    history = None if recording is None else _seen_from(recording, output)
    try:
        recipe = Recipe.make(kind, view or "life", theme=theme, channel=channel, history=history, campaign=campaign)
    except ValueError as error:
        raise click.UsageError(f"{error}.") from None
    return _draw(recipe, recording, output, opened=opened)


def _guess(output: Path | None, opened: bool) -> str:
    if output is None:
        return "html" if opened else "mermaid"
    found = DiagramFormat.of(output)
    if found is None:
        endings = ", ".join(one.traits.endings[0] for one in DiagramFormat)
        raise click.UsageError(f"the name {output.name} gives no format; end it in one of {endings}, or give --format.")
    return found


def _draw(recipe: Recipe, recording: Path | None, output: Path | None, *, opened: bool) -> int:
    from campaign_fsm.diagram import NoRoute, make
    from campaign_fsm.diagram.committed import as_bytes
    from campaign_fsm.diagram.png import CannotRasterize

    kind = recipe.format
    if kind.traits.drawn_from and output is None and not opened and sys.stdout is not None and sys.stdout.isatty():
        raise click.UsageError(f"a {kind.upper()} is not written to a terminal; name a file with -o.")
    history = None if recording is None else _load(recording, recipe.campaign)
    try:
        # What cannot be read again from the diagram's folder has nothing that says how it was made.
        data = as_bytes(make(recipe, history, stamped=recipe.history != "-"))
    except NoRoute as error:
        print_text(
            f"{error} To see what is legal now: campaign-fsm diagram --view from:{recipe.look.statuses[0]}", err=True
        )
        return 1
    except ValueError as error:
        raise click.UsageError(f"{error}.") from None
    except CannotRasterize as error:
        raise click.ClickException(str(error)) from error
    if output is not None and recipe.history == "-" != str(recording):
        print_text(f"{output} has no stamp for --check, because {recording} lies outside of its folder.", err=True)
    if opened and output is None:
        handle, name = tempfile.mkstemp(prefix="campaign-fsm-", suffix=kind.traits.endings[0])
        os.close(handle)
        output = Path(name)
    _give(data, output)
    if opened and output is not None:
        _show(output)
    return 0


def _seen_from(recording: Path, output: Path | None) -> str:
    """The path of a recording from the diagram's folder, for its stamp; - if it cannot be found from there."""
    if str(recording) == "-":
        return "-"
    try:
        # Where the diagram is a link, its folder is that of the file which is written.
        folder = Path(os.path.realpath(".")) if output is None else Path(os.path.realpath(output)).parent
        return Path(os.path.realpath(recording)).relative_to(folder).as_posix()
    except (ValueError, FileNotFoundError):  # outside of it, where no stamp may lead; or the current folder is gone
        return "-"


def _give(data: bytes, output: Path | None) -> None:
    if output is not None:
        try:
            with terminable():
                write_whole(output, data)
        except OSError as error:
            raise click.ClickException(f"{output} cannot be written: {error.strerror or error}") from error
    elif sys.stdout is None:
        return  # closed, and what is written goes nowhere
    elif sys.stdout.isatty():
        click.echo(data.decode("utf-8"), nl=False)
    else:
        # Bytes, so that a file made by redirection is the same whatever the system's encoding and line ends.
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()


def _show(output: Path) -> None:
    print_text(f"{output}", err=True)
    if not webbrowser.open(output.absolute().as_uri()):
        raise click.ClickException(f"No browser could be opened here. The diagram is in {output}.")


def _load(path: Path, campaign: str | None) -> History:
    from campaign_fsm.history import UnreadableHistory

    try:
        from campaign_fsm.history import history_of_recording
        from campaign_fsm.traffic import UnreadableRecording
    except ImportError as error:  # pragma: no cover (the tests have the extra)
        raise click.ClickException(
            f"{error.name} is not installed, and reading recordings needs it: pip install 'campaign_fsm[audit]'"
        ) from error
    from campaign_fsm.cli.audit import Progress

    progress = Progress() if sys.stderr.isatty() else None
    try:
        return history_of_recording(path, campaign, progress=progress)
    except (UnreadableHistory, UnreadableRecording) as error:
        raise click.ClickException(str(error)) from None
    except ImportError as error:
        raise click.ClickException(
            f"{error.name} is not installed, and reading this recording needs it: pip install 'campaign_fsm[audit]'"
        ) from error
    finally:
        if progress:
            progress.clear()


def _write(directory: Path) -> None:
    from campaign_fsm.diagram.committed import GALLERY, CannotFollow, stamped, write
    from campaign_fsm.diagram.png import CannotRasterize

    try:
        found, others = stamped(directory) if directory.is_dir() else ({}, [])
        with terminable():
            paths = write(directory, _load)
    except (CannotFollow, CannotRasterize) as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(
            f"{error.filename or directory} cannot be written: {error.strerror or error}"
        ) from error
    for path in paths:
        print_text(f"wrote {path}")
    _print_passed_over(others, err=True)
    for name in () if found else sorted(GALLERY.keys() - {path.name for path in paths}):
        kind = GALLERY[name].format
        print_text(f"left out {name}: {kind.upper()} needs pip install 'campaign_fsm[{kind.traits.extra}]'", err=True)


def _print_passed_over(names: Sequence[str], *, err: bool = False) -> None:
    if names:
        print_text(f"Passed over, because they begin with no stamp of this version: {', '.join(names)}", err=err)


def _check(directory: Path, as_json: bool) -> int:
    from campaign_fsm.diagram.committed import CannotFollow, check

    try:
        result = check(directory, _load)
    except CannotFollow as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(
            f"{error.filename or directory} cannot be read: {error.strerror or error}. "
            "Name the folder of the diagrams after --check."
        ) from error
    if not result.checked:
        raise click.ClickException(
            f"{directory} holds no diagram with a stamp. To write some: campaign-fsm diagram --write {directory}"
        )
    keep_apart([STDOUT], {identity(directory / name) for name in result.checked})
    if as_json:
        _print_check_json(result)
    else:
        _print_check(directory, result)
    return 1 if result.drift else 0


def _print_check_json(result: DriftCheck) -> None:
    drift = [{"name": item.name, "problem": item.problem, "difference": item.difference} for item in result.drift]
    report = {"checked": list(result.checked), "unstamped": list(result.unstamped), "drift": drift}
    print_value({"version": 1, **report}, indent=1)


def _print_check(directory: Path, result: DriftCheck) -> None:
    for item in result.drift:
        print_text(f"{directory / item.name} {item.problem}.")
        if item.difference:
            print_text(item.difference)
    _print_passed_over(result.unstamped)
    if result.drift:
        lost = [item.name for item in result.drift if not item.mended]
        redraw = f"campaign-fsm diagram --write {directory}"
        print_text(
            f"{counted(len(result.drift), 'diagram')} of {len(result.checked)} out of date. To redraw: "
            + (f"delete {', '.join(lost)}, which cannot be made any more, and then {redraw}" if lost else redraw)
        )
    else:
        number = len(result.checked)
        print_text(
            f"{directory}: {f'all {number} diagrams show' if number > 1 else 'the one diagram shows'} the table."
        )

"""`campaign-fsm audit`: recorded traffic and runbooks, judged by the life cycle and the team's policy."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from campaign_fsm.cli.options import json_option, not_one_of
from campaign_fsm.cli.output import print_error

if TYPE_CHECKING:
    from campaign_fsm.audit.finding import Finding
    from campaign_fsm.audit.run import Audit
    from campaign_fsm.audit.summary import Summary
    from campaign_fsm.audit.writers import Writer
    from campaign_fsm.policy import Configuration
    from campaign_fsm.traffic.recordings import Recording

_FORMATS = ("jsonl", "json", "trace", "har", "cassette", "runbook")
_OUTPUTS = ("text", "json", "github", "sarif", "junit")
# Shorter files are read before anybody could look.
_LONG = 5_000_000


class Progress:
    """How far a long file has been read, on a terminal's last line."""

    def __init__(self) -> None:
        self._shown = ""

    def __call__(self, recording: Recording) -> None:
        if recording.size is None or recording.size < _LONG:
            return
        from campaign_fsm.audit.writers import safe

        text = f"{safe.line(recording.path)}: {100 * recording.position() // recording.size} %"
        if text != self._shown:
            self._shown = text
            click.echo(f"\r\x1b[K{text}", err=True, nl=False)

    def clear(self) -> None:
        """Take it away, before something else is written."""
        if self._shown:
            click.echo("\r\x1b[K", err=True, nl=False)
            self._shown = ""


def _output(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> list[tuple[str, str | None]]:
    outputs: list[tuple[str, str | None]] = []
    for value in values:
        name, equals, file = value.partition("=")
        if name not in _OUTPUTS:
            raise not_one_of(name, "is no format", _OUTPUTS)
        if equals and not file:
            raise click.BadParameter(f"{value!r} names no file.")
        outputs.append((name, file or None))
    if len([file for _, file in outputs if file is None]) > 1:
        raise click.BadParameter("only one format can go to the standard output; give the others a file: sarif=FILE.")
    return outputs


def load(config: str | None, no_config: bool) -> Configuration:
    """The configuration that counts: the one that is named, or the nearest one above the current folder."""
    from campaign_fsm.policy import Configuration, load_configuration, load_nearest

    if no_config:
        return Configuration()
    if config is not None:
        return load_configuration(config)
    return load_nearest(Path.cwd()) or Configuration()


def _need_extra(error: ImportError) -> click.ClickException:
    return click.ClickException(
        f"{error.name} is not installed. Auditing needs the extra 'audit': pip install 'campaign_fsm[audit]'."
    )


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path())
@click.option("--format", "format_name", type=click.Choice(_FORMATS), help="Instead of finding out by the content.")
@click.option("--strict", is_flag=True, help="Refuse what is contested; what cannot be judged is a finding.")
@click.option(
    "--config", type=click.Path(), help="The configuration; unset: the nearest campaign-fsm.toml or pyproject."
)
@click.option("--no-config", is_flag=True, help="Judge by the life cycle alone.")
@click.option(
    "--output",
    "outputs",
    multiple=True,
    callback=_output,
    metavar="FORMAT[=FILE]",
    help=f"How to report, and where: {', '.join(_OUTPUTS)}. May be given several times. Default: text.",
)
@click.option("--baseline", type=click.Path(), help="Accept the findings of this file; made if it is not there.")
@click.option("--skip-others", is_flag=True, help="Pass over named files that are no recordings, as in folders.")
@json_option("The same as --output json.")
def audit(
    *,
    paths: tuple[str, ...],
    format_name: str | None,
    strict: bool,
    config: str | None,
    no_config: bool,
    outputs: list[tuple[str, str | None]],
    baseline: str | None,
    skip_others: bool,
    as_json: bool,
) -> int:
    """Judge recorded traffic: HAR files, VCR cassettes, traces, JSON Lines and runbooks.

    A PATH is a file, a folder, or - for the standard input. Exit codes: 0 no findings, 1 findings,
    2 a file could not be read to its end.

    \b
    Examples:
      campaign-fsm audit trace.jsonl
      campaign-fsm audit tests/cassettes --output github --output sarif=campaigns.sarif
      campaign-fsm audit traffic.har --baseline accepted.json
    """
    try:
        from campaign_fsm.audit.baseline import Accepted, BadBaseline, read_baseline, write_baseline
        from campaign_fsm.audit.run import Audit
        from campaign_fsm.audit.writers import safe, writer
        from campaign_fsm.traffic.formats import RecordingFormat
    except ImportError as error:
        raise _need_extra(error) from None

    configuration = load(config, no_config)
    outputs = _all_outputs(outputs, as_json=as_json)
    _keep_apart(paths, outputs, baseline)
    try:
        known = read_baseline(baseline) if baseline else None
        accepted = Accepted(configuration, datetime.now().astimezone().date(), known)
        with ExitStack() as stack:
            writers = [writer(name, _stream(stack, file), colour=_colour(file)) for name, file in outputs]
            report = _Report(writers, silent=bool(baseline) and known is None)
            run = Audit(report.finding, accepted, strict=strict, progress=report.progress)
            with report.of(run):
                run.paths(paths, RecordingFormat(format_name) if format_name else None, named=not skip_others)
        summary = report.summary
        if baseline and not summary.incomplete:
            smaller = frozenset(run.fingerprints) if known is None else accepted.shrunk()
            if smaller is not None:
                write_baseline(baseline, smaller)
                click.echo(f"{safe.path(baseline)}: {_kept(known, smaller)}", err=True)
    except BadBaseline as error:
        raise click.ClickException(str(error)) from None
    if summary.incomplete:
        if ("text", None) not in outputs:
            for sentence in summary.incomplete:
                # A file's name is not ours: it may hold commands of a terminal or of a build server.
                print_error(safe.line(sentence))
        return 2
    made = baseline is not None and known is None
    return 1 if (summary.errors or summary.warnings) and not made else 0


class _Report:
    """What is written of one run.

    Attributes:
        progress: How far it is, on a terminal; it gives way to what is written.
        summary: What was counted, once it is over.
    """

    def __init__(self, writers: list[Writer], *, silent: bool) -> None:
        self.progress = Progress() if sys.stderr.isatty() else None
        self.summary: Summary
        self._writers = writers
        self._silent = silent  # today's findings become the baseline

    def finding(self, finding: Finding) -> None:
        self._clear()
        if not self._silent:
            for one in self._writers:
                one.finding(finding)

    @contextmanager
    def of(self, run: Audit) -> Iterator[None]:
        """A report is whole only after its end, whatever happens before it."""
        for one in self._writers:
            one.begin()
        try:
            yield
        except BaseException:
            run.interrupted()
            raise
        finally:
            self.summary = run.end()
            self._clear()
            for one in self._writers:
                one.end(self.summary)

    def _clear(self) -> None:
        if self.progress:
            self.progress.clear()


def _all_outputs(outputs: list[tuple[str, str | None]], *, as_json: bool) -> list[tuple[str, str | None]]:
    """With what goes to the standard output: text, unless something else does."""
    if as_json:
        if any(file is None for _, file in outputs):
            raise click.UsageError("--json and another --output would both go to the standard output.")
        outputs = [*outputs, ("json", None)]
    return outputs if any(file is None for _, file in outputs) else [*outputs, ("text", None)]


def _keep_apart(paths: tuple[str, ...], outputs: list[tuple[str, str | None]], baseline: str | None) -> None:
    """Nothing is written over what is read, and no two things into one file."""
    read = {os.path.realpath(path) for path in paths if path != "-"}
    written = [file for _, file in outputs if file is not None] + ([baseline] if baseline else [])
    seen: set[str] = set()
    for file in written:
        real = os.path.realpath(file)
        if real in read:
            raise click.UsageError(f"{file} is to be read and to be written; give what is written another name.")
        if real in seen and not Path(real).is_char_device():
            raise click.UsageError(f"{file} is to be written twice; give each its own file.")
        seen.add(real)


def _kept(known: frozenset[str] | None, kept: frozenset[str]) -> str:
    if known is None:
        return f"accepts {len(kept)} findings from now on."
    return f"{len(known) - len(kept)} findings are gone and were taken out."


def _stream(stack: ExitStack, file: str | None) -> TextIO:
    if file is None:
        return sys.stdout
    try:
        return stack.enter_context(Path(file).open("w", encoding="utf-8", newline="\n"))
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written: {error.strerror}.") from None


def _colour(file: str | None) -> bool:
    from campaign_fsm.cli import wants_colour

    return file is None and sys.stdout.isatty() and wants_colour()

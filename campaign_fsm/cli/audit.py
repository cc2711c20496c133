"""`campaign-fsm audit`: recorded traffic and runbooks, judged by the life cycle and the team's policy."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TextIO, cast

import click
from attrs import evolve

from campaign_fsm.cli.files import STDOUT, Guarded, OutputFile, keep_apart, terminable
from campaign_fsm.cli.options import command, json_option, not_one_of
from campaign_fsm.cli.output import print_error, print_text, take_stdout
from campaign_fsm.cli.streams import colour
from campaign_fsm.files import CannotWrite, Identity, descriptor, identity

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
            raise not_one_of(name, "is not a format", _OUTPUTS)
        if equals and not file:
            raise click.BadParameter(f"{value!r} names no file.")
        # By whichever name, the standard output takes one format.
        outputs.append((name, None if not file or descriptor(file) == 1 else file))
    if len([file for _, file in outputs if file is None]) > 1:
        raise click.BadParameter("only one format can go to the standard output; give the others a file: sarif=FILE.")
    return outputs


def load(policy: str | None) -> Configuration:
    """The configuration that counts: the one that is named, or the nearest one above the current folder."""
    from campaign_fsm.policy import Configuration, load_configuration, load_nearest

    if policy == "none":
        return Configuration()
    if policy is not None:
        return load_configuration(policy)
    return load_nearest() or Configuration()


def _one_policy(policy: str | None, config: str | None, no_config: bool) -> str | None:
    """`--policy`, or what it was called."""
    given = [name for name in (policy, config, "none" if no_config else None) if name is not None]
    if len(given) > 1:
        raise click.UsageError("give one --policy; --config and --no-config are older names for it.")
    return given[0] if given else None


def _need_extra(error: ImportError) -> click.ClickException:
    return click.ClickException(
        f"{error.name} is not installed. Auditing needs the extra 'audit': pip install 'campaign_fsm[audit]'."
    )


@command()
@click.argument("paths", nargs=-1, required=True, type=click.Path())
@click.option(
    "--format", "format_name", type=click.Choice(_FORMATS), help="What the files are. Default: what their content says."
)
@click.option(
    "--strict",
    is_flag=True,
    help="Refuse what the vendor's pages contradict each other about, and report what cannot be judged.",
)
@click.option(
    "--policy",
    metavar="FILE",
    help="A policy file, or the word none. Default: the nearest campaign-fsm.toml or pyproject.toml.",
)
@click.option("--config", hidden=True)
@click.option("--no-config", is_flag=True, hidden=True)
@click.option(
    "--output",
    "outputs",
    multiple=True,
    callback=_output,
    metavar="FORMAT[=FILE]",
    help=f"How to report ({', '.join(_OUTPUTS)}), and into which file. May be repeated. Default: text.",
)
@click.option(
    "--baseline",
    type=click.Path(),
    help="Accept the findings in this file. If it is not there, it is made, but not in CI or with --skip-others.",
)
@click.option(
    "--together/--each",
    default=None,
    help="Judge several files as one sequence in the order of time, or each by itself. Default: each by itself for "
    "cassettes, for files without times and with --skip-others; the others together. Runbooks always stand alone.",
)
@click.option("--skip-others", is_flag=True, help="Pass over files that are not recordings, even if they are named.")
@json_option("The same as --output json.")
def audit(
    *,
    paths: tuple[str, ...],
    format_name: str | None,
    strict: bool,
    policy: str | None,
    config: str | None,
    no_config: bool,
    outputs: list[tuple[str, str | None]],
    baseline: str | None,
    together: bool | None,
    skip_others: bool,
    as_json: bool,
) -> int:
    """Judge recorded traffic: HAR files, VCR cassettes, traces, JSON Lines and runbooks.

    A PATH is a file, a folder, or - for the standard input. Requests about campaigns are judged in the order in which
    they were sent, and campaigns are followed from file to file.

    \b
    Examples:
      campaign-fsm audit trace.jsonl
      campaign-fsm audit tests/cassettes --output github --output sarif=out.sarif
      campaign-fsm audit traffic.har --baseline accepted.json
      campaign-fsm audit logs/ --together

    Exit code: 1 if there are errors; else 2 if a file could not be read to its end or nothing is about campaigns; else
    1 if there are warnings; else 0.
    """
    try:
        from campaign_fsm.audit.baseline import Accepted, BadBaseline, read_baseline, update_baseline
        from campaign_fsm.audit.run import Audit
        from campaign_fsm.audit.writers import safe, writer
        from campaign_fsm.traffic.formats import RecordingFormat
    except ImportError as error:
        raise _need_extra(error) from None

    configuration = load(_one_policy(policy, config, no_config))
    outputs = _all_outputs(outputs, as_json=as_json)
    _keep_apart(paths, outputs, baseline, configuration)
    try:
        known = read_baseline(baseline) if baseline else None
        if baseline and known is None and (skip_others or _in_ci()):
            made = (
                "a run over all files makes it, without --skip-others"
                if skip_others
                else "in CI none is made, because it would accept everything; make it on your machine and commit it"
            )
            raise click.UsageError(f"the baseline {baseline} is not there; {made}.")
        making = baseline is not None and known is None
        # Of part of the files no story can be told: what is between two of them may be missing.
        together = False if skip_others and together is None else together
        today = datetime.now().astimezone().date()
        accepted = Accepted(configuration, today, known, whole=not skip_others)
        with terminable(), ExitStack() as stack:
            # Where only a reader is told what is found, it is over once he has gone.
            alone = baseline is None and len(outputs) == 1
            writers = [writer(name, _stream(stack, file, alone), colour=_colour(file)) for name, file in outputs]
            take_stdout()
            report = _Report(writers, silent=making)
            run = Audit(report.finding, accepted, strict=strict, progress=report.progress, together=together)
            with report.of(run):
                run.paths(paths, RecordingFormat(format_name) if format_name else None, named=not skip_others)
        summary = report.summary
        # Part of the files is not the whole, and several processes at once would each have read another part.
        if baseline and not summary.incomplete and not skip_others:
            with terminable():
                changed = update_baseline(baseline, accepted, run.judged)
            if changed:
                click.echo(f"{safe.path(baseline)}: {changed}", err=True)
    except BadBaseline as error:
        raise click.ClickException(str(error)) from None
    except CannotWrite as error:
        if error.path != STDOUT:
            raise click.ClickException(f"{error}.") from None
        if isinstance(error.error, BrokenPipeError):
            # Whoever read it has had enough: what was found counts, and what comes after it was not judged.
            return 1 if report.summary.errors else 2
        raise error.error from None
    if summary.incomplete and ("text", None) not in outputs:
        for sentence in summary.incomplete:
            # A file's name is not ours: it may hold commands of a terminal or of a build server.
            print_error(safe.line(sentence))
    if making and summary.incomplete:
        print_text(f"{safe.path(baseline or '')}: not made, because not everything could be read.", err=True)
    errors, warnings = (0, 0) if making else (summary.errors, summary.warnings)
    return 1 if errors else 2 if summary.incomplete else 1 if warnings else 0


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
        self._silent = silent

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
            if self._silent and not self.summary.incomplete:
                # Today's findings become the baseline, and from now on they are counted so.
                accepted = len(run.accepted.found)
                self.summary = evolve(self.summary, errors=0, warnings=0, notes=0, baselined=accepted)
            self._clear()
            for one in self._writers:
                one.end(self.summary)

    def _clear(self) -> None:
        if self.progress:
            self.progress.clear()


def _in_ci() -> bool:
    """Whether a build server runs this: they all say so by the same variable."""
    return os.environ.get("CI", "").lower() not in ("", "0", "false")


def _all_outputs(outputs: list[tuple[str, str | None]], *, as_json: bool) -> list[tuple[str, str | None]]:
    """With what goes to the standard output: text, unless something else does."""
    if as_json:
        if any(file is None for _, file in outputs):
            raise click.UsageError("--json and another --output would both go to the standard output.")
        outputs = [*outputs, ("json", None)]
    return outputs if any(file is None for _, file in outputs) else [*outputs, ("text", None)]


def _keep_apart(
    paths: tuple[str, ...], outputs: list[tuple[str, str | None]], baseline: str | None, configuration: Configuration
) -> None:
    """Nothing is written over what is read, the contents of folders included, and no two things into one file."""
    written = [STDOUT if file is None else file for _, file in outputs]
    read: set[Identity | None] = {identity(configuration.path)} if configuration.path else set()
    folders = []
    for path in paths:
        if path != "-" and Path(path).is_dir():
            folders.append(path)
        else:
            read.add(identity(0 if path == "-" else path))
    keep_apart([*written, *([baseline] if baseline else [])], read)
    # A baseline may lie there, too: it is read before it is written, and is then a baseline.
    endangered = [file for file in written if _holds_something_else(file)]
    if folders and endangered:
        read |= _contents(folders)
    keep_apart(endangered, read)


def _contents(folders: list[str]) -> set[Identity | None]:
    from campaign_fsm.audit.files import files_of
    from campaign_fsm.strict.unreadable import UnreadableRecording

    found: set[Identity | None] = set()
    for folder in folders:
        # Of a folder that cannot be searched to its end, nothing is read.
        with suppress(UnreadableRecording):
            found.update(map(identity, files_of(folder)))
    return found


def _holds_something_else(file: str) -> bool:
    """Whether a file is there that is neither empty nor an earlier report, which is to be replaced."""
    from campaign_fsm.audit.writers import is_report

    path = Path(file)
    if not path.is_file():
        return False
    try:
        with path.open("rb") as stream:
            start = stream.read(200)
    except OSError:
        return True
    return bool(start) and not is_report(start)


def _stream(stack: ExitStack, file: str | None, alone: bool) -> TextIO:
    if file is None:
        return cast("TextIO", Guarded(sys.stdout, STDOUT, needs_reader=alone))
    return stack.enter_context(OutputFile(file))


def _colour(file: str | None) -> bool:
    if file is not None or sys.stdout is None:
        return False
    wanted = colour()
    return sys.stdout.isatty() if wanted is None else wanted

"""The `campaign-fsm` command. Importing it loads no other module of the package but what `main` needs.

Exit codes: 0 fine, 1 a verdict against the caller (illegal, refused, overtaken), 2 unknown.
"""

from __future__ import annotations

import codecs
import importlib
import io
import os
import sys
from collections.abc import Sequence
from typing import Any, Final, NoReturn

import click

# Where each command lives and what the list of commands says of it; loaded only when it is run.
_COMMANDS: Final = {
    "check": ("offline", "Say whether an action is legal in a status, and why."),
    "route": ("offline", "The shortest legal way from one status to another."),
    "rules": ("reference", "The whole table: rules, refusals and their codes."),
    "explain": ("reference", "What a code (CF…) means and what it rests on."),
    "audit": ("audit", "Judge recorded traffic and runbooks, for CI."),
    "get": ("online", "Read one campaign, and what explains where it stands."),
    "list": ("many", "List campaigns."),
    "find": ("many", "Find the one campaign with a name."),
    "recipients": ("many", "What became of each number of a campaign."),
    "watch": ("many", "Watch one campaign until it has a status, or is over."),
    "create": ("changes", "Create a campaign from a file."),
    "edit": ("changes", "Set the parameters of a campaign."),
    "reschedule": ("changes", "Give a campaign another schedule."),
    "pause": ("online", "Stop contacting more numbers."),
    "resume": ("online", "Go on with the numbers not yet contacted."),
    "complete": ("online", "Mark the remaining numbers as failed. Cannot be undone."),
    "archive": ("online", "Put a completed campaign away. Cannot be undone."),
    "delete": ("changes", "Delete a voice campaign that has not started. Cannot be undone."),
    "simulate": ("simulate", "Serve the documented API from memory."),
    "demo": ("demo", "Show the gate at work on the embedded simulator."),
    "diagram": ("diagram", "Draw the life cycle."),
    "completion": ("completion", "Print the completion script of a shell."),
}
# Where the function is not named as the command, because the name is taken.
_FUNCTIONS: Final = {"list": "list_campaigns"}
_WRITES: Final = ("create", "edit", "reschedule", "pause", "resume", "complete", "archive", "delete")


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"{__name__}.{_COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, _FUNCTIONS.get(cmd_name, cmd_name))
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in _COMMANDS and not args[0].startswith("-"):
            from campaign_fsm.words import nearest

            near = nearest(args[0], _COMMANDS)
            hint = f" Did you mean {near[0]}?" if near else " See campaign-fsm --help."
            raise click.UsageError(f"There is no command {args[0]!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _COMMANDS.items()])


def _version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        from campaign_fsm import __version__

        click.echo(f"campaign-fsm {__version__}")
        ctx.exit()


@click.group(
    cls=_Lazy,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 fine, 1 a verdict against you (illegal, refused, overtaken), 2 unknown.",
)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Print the version."
)
def cli() -> None:
    """Check, guard and draw the life of Exotel campaigns.

    \b
    Examples:
      campaign-fsm demo
      campaign-fsm check in-progress complete
      campaign-fsm pause 90dad70b939f469fbf8b801660148272 --dry-run
    """


def _colour() -> bool | None:
    """False where the environment asks for none; None lets click look whether it writes to a terminal."""
    return False if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" else None


def wants_colour() -> bool:
    """Whether the environment lets a terminal be coloured."""
    return _colour() is None


def _print_error(text: str) -> None:
    from campaign_fsm.cli.output import print_error

    print_error(text, color=_colour())


def _show(error: click.ClickException) -> None:
    """A message of click's: it may quote a file's name, and that may be any lines."""
    from io import StringIO

    from campaign_fsm.cli.output import print_text

    text = StringIO()
    error.show(text)
    print_text(text.getvalue(), err=True, nl=False, color=_colour())


def _failed(error: Exception) -> int:
    """Print what went wrong on the way to a verdict, and give the exit code."""
    from campaign_fsm.cli.failures import exit_code, for_shell
    from campaign_fsm.errors import CampaignFsmError
    from campaign_fsm.printable import printable

    if isinstance(error, CampaignFsmError):
        _print_error(for_shell(error.message))
        return exit_code(error)
    # On one line, and with nothing that could drive a terminal: it may quote what a server sent.
    text = " ".join(printable(str(error), " ").split())
    _print_error(f"{type(error).__name__}{text and f': {text}'}")
    click.echo("That was not expected. Set CAMPAIGN_FSM_DEBUG=1 to see the traceback.", err=True)
    return 2


def _interrupted(command: str | None) -> str:
    """What is known after Ctrl-C: of a write, nothing."""
    if command in _WRITES:
        return (
            f"Interrupted. If the {command} was on its way, it is unknown whether it took effect; "
            "read the campaign with campaign-fsm get before repeating it."
        )
    return "Interrupted."


def run(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code. Whatever is no verdict is 2.

    Raises:
        Exception: An unexpected one, if CAMPAIGN_FSM_DEBUG is set.
    """
    command = next(iter(sys.argv[1:] if argv is None else argv), None)
    try:
        result: Any = cli.main(
            list(argv) if argv is not None else None, "campaign-fsm", standalone_mode=False, color=_colour()
        )
    except click.Abort as abort:
        # click turns Ctrl-C anywhere into Abort, too, with the interrupt as its cause. Only an Abort
        # without one comes from a question, before anything was sent.
        click.echo(_interrupted(command) if abort.__cause__ else "Nothing was sent.", err=True)
        return 2
    except click.ClickException as error:
        _show(error)
        return 2
    except KeyboardInterrupt:
        click.echo(_interrupted(command), err=True)
        return 2
    except SystemExit as left:
        # click leaves with 1, a verdict here, when whoever read the output has had enough.
        return 2 if left.code else 0
    except Exception as error:
        if os.environ.get("CAMPAIGN_FSM_DEBUG"):
            raise
        return _failed(error)
    return result if isinstance(result, int) else 0


def _escape(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError)
    import json

    return json.dumps(error.object[error.start : error.end])[1:-1], error.end


def _print_in_any_encoding() -> None:
    """Let no character that the output cannot encode stand between a verdict and its exit code.

    Such a character is printed as JSON escapes it, so that `--json` stays JSON and loses nothing.
    """
    codecs.register_error("campaign_fsm.escape", _escape)
    for stream in (sys.stdout, sys.stderr):
        # A stream can be None or a stand-in without this.
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="campaign_fsm.escape")


def _never_fail_on_stderr() -> None:
    """Let no standard error that is full, broken or closed stand between a verdict and its exit code."""
    if sys.stderr is None:
        # Its number is free, and the next file that is opened would get what is written to it.
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
        return
    try:
        number = sys.stderr.fileno()
    except (AttributeError, OSError):
        return  # a stand-in, as in tests
    if number != 2 or (os.name == "nt" and sys.stderr.isatty()):
        return

    class Unfailing(io.FileIO):
        def write(self, data: Any) -> int:
            try:
                return super().write(data) or 0
            except OSError:
                return len(data)

    encoding, errors = sys.stderr.encoding, sys.stderr.errors
    raw = Unfailing(number, "wb", closefd=False)
    sys.stderr = io.TextIOWrapper(io.BufferedWriter(raw), encoding, errors, line_buffering=True)


def _written(*, failed: bool) -> bool:
    """Whether what was printed has been written. Python would find out only when it exits, and end with 120."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        # What is still in the buffer goes nowhere, or Python would try once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not (failed or isinstance(error, BrokenPipeError)):
            _print_error(f"what was printed could not be written: {error.strerror}")
        return False
    return True


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """The console script."""
    _print_in_any_encoding()
    _never_fail_on_stderr()
    try:
        code = run(argv)
    except Exception:  # noqa: BLE001 (the debug mode of `run`; Python itself would exit with 1, a verdict)
        import traceback

        traceback.print_exc()
        code = 2
    sys.exit(code if _written(failed=code == 2) else 2)

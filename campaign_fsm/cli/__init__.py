"""The `campaign-fsm` command. Importing it loads no other module of the package but what `main` needs.

A command stands in the module that `_GROUPS` names. It prints what it has to print and returns its exit code; what went
wrong it raises, and `run` prints that. Exit codes: 0 fine, 1 illegal or refused (also overtaken), 2 unknown.
"""

from __future__ import annotations

import contextvars
import importlib
import os
import sys
from collections.abc import Sequence
from typing import Final, NoReturn

import click

from campaign_fsm.cli import streams

# The headings of `--help`; under each the commands: the module, what the list says of it, and the guide that says more.
_GROUPS: Final = {
    "The rules (no account needed)": {
        "check": ("rules", "Say whether an action is legal in a status, and why.", "state-machine"),
        "route": ("rules", "Find the shortest legal way from one status to another.", "state-machine"),
        "rules": ("rules", "Print the whole table: rules, refusals and their codes.", "state-machine"),
        "explain": ("rules", "Explain a code (CF…), an error's name or an HTTP status code.", "outcomes"),
    },
    "Read campaigns": {
        "get": ("reads", "Show one campaign, and why it is in its status.", "command-line"),
        "list": ("reads", "List campaigns.", "command-line"),
        "find": ("reads", "Find a campaign by its exact name.", "command-line"),
        "recipients": ("reads", "List what became of each number of a campaign.", "command-line"),
        "watch": ("reads", "Watch one campaign until it has a status, or is over.", "command-line"),
    },
    "Change campaigns": {
        "create": ("drafts", "Create a campaign from a file.", "command-line"),
        "edit": ("drafts", "Set the parameters of a campaign.", "command-line"),
        "reschedule": ("drafts", "Give a campaign another schedule.", "command-line"),
        "stop": ("stop", "Pause whatever runs: the emergency brake.", "stop"),
        "pause": ("actions", "Stop contacting more numbers.", "outcomes"),
        "resume": ("actions", "Go on with the numbers not yet contacted.", "outcomes"),
        "complete": ("actions", "Mark the remaining numbers as failed. Cannot be undone.", "outcomes"),
        "archive": ("actions", "Put a completed campaign away. Cannot be undone.", "outcomes"),
        "delete": ("actions", "Delete a voice campaign that has not started. Cannot be undone.", "outcomes"),
    },
    "Recordings and diagrams": {
        "audit": ("audit", "Judge recorded traffic and runbooks, for CI.", "audit"),
        "diagram": ("diagram", "Draw the life cycle, or what happened.", "diagrams"),
    },
    "Learn, try, set up": {
        "help": ("help", "Show a guide, such as getting-started, or list the guides.", "getting-started"),
        "demo": ("demo", "Show the gate at work on the embedded simulator.", "getting-started"),
        "simulate": ("simulate", "Serve the documented API from memory.", "simulator"),
        "completion": ("completion", "Print the completion script of a shell.", "command-line"),
    },
}
COMMANDS: Final = {name: command for group in _GROUPS.values() for name, command in group.items()}
_WRITES: Final = tuple(_GROUPS["Change campaigns"])


class _Lazy(click.Group):
    """The commands, each loaded only when it is run."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        home, _, guide = COMMANDS[cmd_name]
        module = importlib.import_module(f"{__name__}.{home}")
        # By its name: a function can have another one, where Python has a use for it.
        commands = (value for value in vars(module).values() if isinstance(value, click.Command))
        command = next(command for command in commands if command.name == cmd_name)
        more = f"Guide: campaign-fsm help {guide}"
        if more not in (command.epilog or ""):
            command.epilog = f"{command.epilog}\n\n{more}" if command.epilog else more
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from campaign_fsm.words import nearest

            near = nearest(args[0], COMMANDS)
            hint = f" Did you mean {near[0]}?" if near else " See campaign-fsm --help."
            raise click.UsageError(f"There is no command {args[0]!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(map(len, COMMANDS))
        for heading, group in _GROUPS.items():
            with formatter.section(heading):
                # The names of all groups in one column.
                formatter.write_dl([(name.ljust(width), text) for name, (_, text, _) in group.items()])


def _version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        from campaign_fsm import __version__

        click.echo(f"campaign-fsm {__version__}")
        ctx.exit()


@click.group(
    cls=_Lazy,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 fine, 1 illegal or refused, 2 unknown. campaign-fsm COMMAND --help says more, and"
    " campaign-fsm help lists the guides.",
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


def run(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code. Whatever is no verdict is 2.

    With `--json`, an error is one JSON object on the standard output, the command line's own included; behind the
    beginning of another document, as the report of an audit, it is told on the standard error.

    Raises:
        Exception: An unexpected one, if CAMPAIGN_FSM_DEBUG is set.
    """
    # Of its own: secrets that are hidden in this command's output are nothing to the next one.
    context = contextvars.copy_context()
    given = list(sys.argv[1:] if argv is None else argv)
    try:
        return context.run(_run, argv, given)
    except Exception as error:
        if os.environ.get("CAMPAIGN_FSM_DEBUG"):
            raise
        if not streams.is_lost(error):  # `main` says that
            context.run(_print_unexpected, error, given)
        return 2


def _print_unexpected(error: Exception, given: list[str]) -> None:
    from campaign_fsm.cli.output import print_error
    from campaign_fsm.printable import printable

    # On one line, and with nothing that could drive a terminal: it may quote what a server sent.
    text = " ".join(printable(str(error), " ").split())
    kind = type(error).__name__
    text = f"{kind}{text and f': {text}'}"
    if not _print_json(given, "unexpected", error, text):
        print_error(text)
    click.echo("That was not expected. Set CAMPAIGN_FSM_DEBUG=1 to see the traceback.", err=True)


def _print_json(given: list[str], outcome: str, error: BaseException, message: str) -> bool:
    """Print as JSON what is no error of ours, if that is wanted."""
    if "--json" not in given:
        return False
    from campaign_fsm.cli.errors import wants_json
    from campaign_fsm.cli.output import print_outcome

    if wanted := wants_json(given):
        print_outcome(outcome, error={"type": type(error).__name__, "message": message})
    return wanted


def _run(argv: Sequence[str] | None, given: list[str]) -> int:
    if "_CAMPAIGN_FSM_COMPLETE" in os.environ:
        importlib.import_module(f"{__name__}.completion")  # its bash script is not that of click
    try:
        code = cli.main(None if argv is None else given, "campaign-fsm", standalone_mode=False, color=streams.colour())
    except (click.Abort, KeyboardInterrupt) as stopped:
        # click turns Ctrl-C anywhere into Abort, too, with the interrupt as its cause. Only an Abort
        # without one comes from a question, before anything was sent.
        asked = isinstance(stopped, click.Abort) and not stopped.__cause__
        outcome, text = ("not confirmed", "Nothing was sent.") if asked else ("interrupted", _interrupted(given))
        if not _print_json(given, outcome, stopped.__cause__ or stopped, text):
            click.echo(text, err=True)
        return 2
    except SystemExit as left:
        # click exits with 1, a verdict here, when a pipe breaks that is not the standard output of `main`.
        return 2 if left.code else 0
    except Exception as error:
        from campaign_fsm.cli.errors import print_expected, wants_json

        code = print_expected(error, as_json=wants_json(given))
        if code is None:
            raise
    return code if isinstance(code, int) else 0


def _interrupted(given: list[str]) -> str:
    """What is known after Ctrl-C: of a write, nothing."""
    command = next(iter(given), None)
    if command not in _WRITES or "--dry-run" in given:
        return "Interrupted."
    look = (
        "look for the campaign with campaign-fsm find"
        if command == "create"
        else "read the campaign with campaign-fsm get"
    )
    return (
        f"Interrupted. If the {command} was on its way, it is unknown whether it took effect; "
        f"{look} before repeating it."
    )


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """The console script."""
    streams.prepare()
    try:
        code = run(argv)
    except Exception:  # noqa: BLE001 (the debug mode of `run`; Python itself would exit with 1, a verdict)
        import traceback

        traceback.print_exc()
        code = 2
    if error := streams.flush():
        from campaign_fsm.cli.output import print_error

        print_error(f"what was printed could not be written: {error.strerror}")
        code = 2
    sys.exit(code)

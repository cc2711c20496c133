"""`campaign-fsm completion`: the script that makes a shell complete its commands, options and values."""

from __future__ import annotations

import os
from typing import Any, Final

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    add_completion_class,
    get_completion_class,
    split_arg_string,
)

from campaign_fsm.cli.options import command

_INSTALL: Final = {
    "bash": 'eval "$(campaign-fsm completion bash)"   # in ~/.bashrc',
    "zsh": 'eval "$(campaign-fsm completion zsh)"   # in ~/.zshrc',
    "fish": "campaign-fsm completion fish > ~/.config/fish/completions/campaign-fsm.fish",
    "powershell": "campaign-fsm completion powershell | Out-String | Invoke-Expression   # in $PROFILE",
}


class _Bash(BashComplete):
    """Bash ends words at a colon, which the values of `--view` hold, and at whatever else `COMP_WORDBREAKS` says.

    So the script hands over the line as it is, and the part of its last word that bash replaces.
    """

    source_template = """\
%(complete_func)s() {
    local type value
    COMPREPLY=()
    while IFS=, read -r type value; do
        case $type in
            plain) COMPREPLY+=("$value") ;;
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
        esac
    done < <(COMP_WORDS="${COMP_LINE:0:COMP_POINT}" COMP_CWORD= COMP_REPLACED="$2" \\
        %(complete_var)s=bash_complete "$1")
}
complete -o nosort -F %(complete_func)s %(prog_name)s
"""
    _option = _kept = ""

    def get_completion_args(self) -> tuple[list[str], str]:
        if os.environ["COMP_CWORD"]:  # by the script of an earlier version
            return super().get_completion_args()
        line = os.environ["COMP_WORDS"]
        words = split_arg_string(line)
        incomplete = "" if line[-1:].isspace() else words.pop()
        if incomplete.startswith("-") and "=" in incomplete:  # click offers the value alone
            self._option = incomplete[: incomplete.index("=") + 1]
        self._kept = incomplete.removesuffix(os.environ["COMP_REPLACED"].replace("\\", ""))
        return words[1:], incomplete

    def format_completion(self, item: CompletionItem[Any]) -> str:
        return f"{item.type},{(self._option + item.value).removeprefix(self._kept)}"


add_completion_class(_Bash)


@command()
@click.argument("shell", type=click.Choice([*_INSTALL]))
def completion(shell: str) -> None:
    """Print the completion script of a SHELL.

    \b
    Examples:
      eval "$(campaign-fsm completion bash)"
      campaign-fsm completion fish > ~/.config/fish/completions/campaign-fsm.fish

    Exit code: 0 if it was printed, 2 if there is none for the shell.
    """
    from campaign_fsm.cli import cli

    kind = get_completion_class(shell)
    if kind is None:
        raise click.ClickException(f"completion for {shell} needs click 8.5 or newer: pip install -U click.")
    click.echo(f"# To keep it: {_INSTALL[shell]}")
    click.echo(kind(cli, {}, "campaign-fsm", "_CAMPAIGN_FSM_COMPLETE").source())

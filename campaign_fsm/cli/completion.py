"""`campaign-fsm completion`: the script that makes a shell complete its commands and options."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

_INSTALL = {
    "bash": 'eval "$(campaign-fsm completion bash)"   # in ~/.bashrc',
    "zsh": 'eval "$(campaign-fsm completion zsh)"   # in ~/.zshrc',
    "fish": "campaign-fsm completion fish > ~/.config/fish/completions/campaign-fsm.fish",
}


@click.command()
@click.argument("shell", type=click.Choice([*_INSTALL]))
def completion(shell: str) -> None:
    """Print the completion script of a SHELL.

    \b
    Examples:
      eval "$(campaign-fsm completion bash)"
      campaign-fsm completion fish > ~/.config/fish/completions/campaign-fsm.fish
    """
    from campaign_fsm.cli import cli

    kind = get_completion_class(shell)
    assert kind is not None  # the three that click knows
    click.echo(f"# To keep it: {_INSTALL[shell]}")
    click.echo(kind(cli, {}, "campaign-fsm", "_CAMPAIGN_FSM_COMPLETE").source())

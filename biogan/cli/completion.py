"""``biogan completion``: commands and options that a shell completes."""

from __future__ import annotations

import click

from biogan.cli import console

#: The file that each shell reads at its start.
FILES = {
    "bash": "~/.bashrc",
    "zsh": "~/.zshrc",
    "fish": "~/.config/fish/completions/biogan.fish",
}


@click.command()
@click.argument("shell", type=click.Choice([*FILES]))
def command(shell: str) -> str:
    """Print what makes SHELL complete the commands and options of biogan.

    \b
    biogan completion bash >> ~/.bashrc
    biogan completion zsh >> ~/.zshrc
    biogan completion fish > ~/.config/fish/completions/biogan.fish
    """  # noqa: D301 - click's mark for lines that are not to be joined
    from click.shell_completion import get_completion_class

    made = get_completion_class(shell)
    assert made is not None  # of click itself, for each of these
    root = click.get_current_context().find_root().command
    # Not source(), which asks bash for its version.
    one = made(root, {}, "biogan", "_BIOGAN_COMPLETE")
    text = one.source_template % one.source_vars()
    console.echo(text.strip())
    console.say(f"append it to {FILES[shell]} and open a new shell")
    return text

"""A group whose commands are files of a package, imported when they are called."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

from biogan.cli import console


class ReaderGone(Exception):  # noqa: N818 - what happened, and no fault
    """Whoever read standard output (head, less) has what it wanted."""


class LazyGroup(click.Group):
    """Lists the commands without importing them; gives each ``--quiet`` and ``--debug``.

    Parameters
    ----------
    package : str
        Package with a module a command, whose click command is called ``command``.
    table : mapping of str to str
        What each command does, in the order of a first session.
    """

    def __init__(self, *args: Any, package: str, table: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.package, self.table = package, table

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order of a first session."""
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command that was asked for."""
        if cmd_name not in self.table:
            return None
        command: click.Command = import_module(f"{self.package}.{cmd_name}").command
        if not any(p.name == "quiet" for p in command.params):
            command.params += [switch("--quiet", "-q"), switch("--debug")]
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; say in our own way that it was interrupted or its reader went away."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise ReaderGone from error
        except KeyboardInterrupt as error:
            # click would print a blank line first.
            raise click.Abort from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands from the table, importing none."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self.table.items()))


def switch(*names: str) -> click.Option:
    """Return ``--quiet`` or ``--debug``, which every command takes."""
    texts = {
        "--quiet": "No messages and no progress on standard error.",
        "--debug": "Show the traceback of an error.",
    }

    def remember(ctx: click.Context, param: click.Parameter, value: bool) -> None:
        if value:
            setattr(console.settings, str(param.name), True)
        if value and param.name == "quiet":
            # Libraries talk through logging: that processes were started, for instance.
            before = logging.root.manager.disable
            ctx.call_on_close(lambda: logging.disable(before))
            logging.disable(logging.INFO)

    return click.Option(
        names, is_flag=True, expose_value=False, is_eager=True, help=texts[names[0]],
        callback=remember,
    )  # fmt: skip

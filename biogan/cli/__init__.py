"""The command line: one file a command, loaded when it is called.

Click groups whose commands are the files of a package.
"""

from __future__ import annotations

import difflib
import io
import logging
import math
import os
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from importlib import import_module
from types import FrameType
from typing import Any

import click

from biogan.cli import console
from biogan.core import __version__
from biogan.core.display import visible
from biogan.core.errors import (
    BioganError,
    DivergedError,
    Interrupted,
    ProcessError,
    Stopped,
    UnverifiedModel,
    first_line,
)
from biogan.training.signals import handled


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

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; of one that there is not, say which is meant."""
        if args and args[0] not in self.table and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], self.table, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(self.table)}"
            raise click.UsageError(f"No such command {args[0]!r}: {hint}", ctx)
        return super().resolve_command(ctx, args)

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
            logging.disable(logging.INFO)

    return click.Option(
        names, is_flag=True, expose_value=False, is_eager=True, help=texts[names[0]],
        callback=remember,
    )  # fmt: skip


COMMANDS = {
    "train": "Train a GAN on sequences, images, structures or molecules.",
    "sample": "Write new records from a trained model.",
    "evaluate": "Score generated records against real ones.",
    "compare": "Score several generated sets of sequences on one scale.",
    "oracle": "Learn to predict a label of sequences, for design.",
    "score": "Write how real each record looks to a trained model.",
    "embed": "Write what the critic of a trained model reads of each record.",
    "explain": "Say what tells two sets of sequences apart: letters, motifs, places.",
    "design": "Search for sequences of a high score, and check them independently.",
    "check": "Look for violations of constraints in sequences.",
    "baseline": "Write sequences from a trivial sampler, the floor to beat.",
    "interpolate": "Write the way from one generated record to another.",
    "report": "Draw the page of a training run.",
    "info": "Show the contents of a model folder.",
    "push": "Publish a model with its report.",
    "pull": "Fetch a published model.",
    "models": "List the models that biogan knows by name.",
    "completion": "Print what makes a shell complete commands and options.",
    "demo": "Train, sample and evaluate on embedded data.",
}
# Seconds in which a further signal is taken for the same one.
_AGAIN = 1.0
# Libraries whose remarks on fonts, caches and tags are for those who write programs.
_CHATTY = ("matplotlib", "PIL", "tifffile", "fontTools")
# What needs less memory.
LESS = "try fewer or shorter records, smaller batches or networks, or another device"


@click.command(
    cls=LazyGroup,
    package="biogan.cli",
    table=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    params=[switch("--quiet", "-q"), switch("--debug")],
)
@click.version_option(__version__, prog_name="biogan", message="%(prog)s %(version)s")
def group() -> None:
    """Learn to write DNA, RNA and protein from a FASTA, and judge honestly what was written."""


def main(argv: Sequence[str] | None = None) -> Any:
    """Run the command line and return the result of the command.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments without the program's name; those of the process by default.

    Raises
    ------
    BioganError, click.ClickException
        Whatever goes wrong; :func:`run` turns it into one line and an exit code.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    console.settings.reset(arguments)
    # A wrong argument behind --quiet ends before there is a context that could be closed.
    before = logging.root.manager.disable
    try:
        return group.main(args=without_image(arguments), prog_name="biogan", standalone_mode=False)
    finally:
        logging.disable(before)


def without_image(arguments: list[str]) -> list[str]:
    """Translate ``biogan image COMMAND``, the name of these commands up to version 0.1.

    Examples
    --------
    >>> without_image(["image", "train", "--data", "mnist", "-o", "run"])
    ['train', 'mnist', '-o', 'run']
    >>> without_image(["-q", "image", "demo"])
    ['-q', 'demo', '--kind', 'images']
    >>> without_image(["image", "-q", "train", "--data=mnist"])
    ['-q', 'train', 'mnist']
    """
    at = next((i for i, word in enumerate(arguments) if not word.startswith("-")), None)
    if at is None or arguments[at] != "image":
        return arguments
    # --quiet and --debug may stand before the command.
    rest = arguments[at + 1 :]
    switches = next(
        (i for i, word in enumerate(rest) if word not in ("-q", "--quiet", "--debug")), 0
    )
    before, rest = arguments[:at] + rest[:switches], rest[switches:]
    if rest[:1] == ["train"]:
        rest = [word.removeprefix("--data=") for word in rest if word != "--data"]
    if rest[:1] == ["demo"] or (rest[:1] == ["train"] and {"-h", "--help", "--help-all"} & {*rest}):
        rest = [rest[0], "--kind", "images", *rest[1:]]
    return [*before, *rest]


def run(argv: Sequence[str] | None = None) -> int:
    """Entry point: run, print an error as one line, return the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A name that is no UTF-8 must not end a command that has a result to print.
            stream.reconfigure(errors="backslashreplace")
    try:
        with terminated(), libraries_quiet():
            main(argv)
    except BioganError as error:
        return _fail(error, str(error), error.exit_code)
    except Stopped as error:
        name = signal.Signals(error.number).name
        return _fail(error, f"{name}: stopped", 128 + error.number)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return 2
    except click.UsageError as error:
        where = f" (see: {error.ctx.command_path} --help)" if error.ctx else ""
        return _fail(error, error.format_message() + where, 2)
    except click.ClickException as error:
        return _fail(error, error.format_message(), 1)
    except (KeyboardInterrupt, click.Abort) as error:
        return _fail(error, "interrupted", 130)
    except (ReaderGone, BrokenPipeError):
        # Keep Python from complaining at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (MemoryError, RuntimeError, ImportError, SystemError) as error:
        if not lacks_memory(error):
            raise
        return _fail(error, f"out of memory: {_said(error)}; {LESS}", 1)
    except OSError as error:
        if lacks_memory(error):  # a library that could not be loaded
            return _fail(error, f"out of memory: {_said(error)}; {LESS}", 1)
        name = error.filename if error.filename is not None else "input or output"
        return _fail(error, f"{name}: {error.strerror or error}", 1)
    return 0


# How torch (CPU and GPU differ; oneDNN names no reason), C++, the system and its loader say that
# memory does not suffice.
_NO_MEMORY = (
    "out of memory", "can't allocate memory", "alloc_failed", "bad_alloc", "failed to map segment",
    "cannot allocate memory", "can't start new thread", "could not create a primitive",
)  # fmt: skip


def lacks_memory(error: BaseException) -> bool:
    """Whether an error of Python, a library or the loader of libraries means that.

    Examples
    --------
    >>> lacks_memory(MemoryError()), lacks_memory(RuntimeError("CUDA error: out of memory"))
    (True, True)
    >>> lacks_memory(RuntimeError("could not create a primitive"))
    True
    >>> lacks_memory(RuntimeError("shapes differ"))
    False
    """
    said = str(error).lower()
    return isinstance(error, MemoryError) or any(word in said for word in _NO_MEMORY)


def _said(error: BaseException) -> str:
    """Return the line of an error that says so: numpy puts advice of a page before it."""
    lines = [line for line in str(error).splitlines() if any(w in line.lower() for w in _NO_MEMORY)]
    return first_line(type(error)(lines[0])) if lines else first_line(error)


@contextmanager
def libraries_quiet() -> Iterator[None]:
    """Keep warnings of libraries off the screen, but for ``--debug``; say those of biogan.

    Filters for libraries are left as they are: who turns warnings into errors gets the errors.
    """
    said: set[str] = set()

    def show(message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:
        if issubclass(category, UnverifiedModel):
            if str(message) not in said:
                said.add(str(message))
                console.say(str(message))
        elif console.settings.debug:
            usual(visible(str(message), keep="\n"), category, *place, **more)

    class Debug(logging.StreamHandler[Any]):
        def emit(self, record: logging.LogRecord) -> None:
            if console.settings.debug:
                super().emit(record)

        def format(self, record: logging.LogRecord) -> str:
            return visible(super().format(record), keep="\n")

    handler = Debug()
    loggers = [logging.getLogger(name) for name in _CHATTY]
    with warnings.catch_warnings():
        warnings.simplefilter("always", UnverifiedModel)
        usual, warnings.showwarning = warnings.showwarning, show
        for logger in loggers:
            logger.addHandler(handler)
        try:
            yield
        finally:
            for logger in loggers:
                logger.removeHandler(handler)


def terminated() -> AbstractContextManager[None]:
    """Unwind at SIGTERM, SIGHUP and SIGUSR1 as at Ctrl-C, so that no half-written file is left."""
    before = -math.inf

    def end(number: int, frame: FrameType | None) -> None:
        nonlocal before
        last, before = before, time.monotonic()
        # A launcher and a cluster both send it: the second one must not stop the cleaning up.
        if before - last > _AGAIN:
            raise Stopped(number)

    # Who calls this from a program may have handlers of their own.
    names = ("SIGTERM", "SIGHUP", "SIGUSR1")
    known = {name: getattr(signal, name) for name in names if hasattr(signal, name)}
    plain = [name for name, n in known.items() if signal.getsignal(n) == signal.SIG_DFL]
    return handled(end, plain)


def _fail(error: BaseException, message: str, code: int) -> int:
    console.end_status()
    if console.follower():
        # The first process speaks for all; a failed one here would have it killed.
        if isinstance(error, Interrupted | Stopped):
            return 0
        if isinstance(error, DivergedError | ProcessError):
            return code
    if console.settings.debug:
        with suppress(OSError, ValueError):
            sys.stderr.write(visible("".join(traceback.format_exception(error)), keep="\n"))
    with suppress(OSError, ValueError):  # nobody listens: the exit code still tells
        console.fail(" ".join(message.split()))
    return code

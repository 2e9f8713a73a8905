"""The command line: ``biogan COMMAND``, one thin file a command, loaded when it is called."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Sequence
from contextlib import AbstractContextManager
from types import FrameType
from typing import Any

import click

import biogan
from biogan.cli import console
from biogan.cli.lazy import LazyGroup, ReaderGone, switch
from biogan.errors import BioganError, DivergedError, Interrupted, ProcessError, first_line
from biogan.training.signals import handled

COMMANDS = {
    "train": "Train a GAN on your sequences.",
    "sample": "Write new sequences from a trained model.",
    "evaluate": "Judge generated sequences against real ones.",
    "compare": "Judge several generated sets on one scale.",
    "baseline": "Write sequences from a trivial sampler, the floor to beat.",
    "report": "Draw the page of a training run.",
    "info": "Read a model folder aloud.",
    "demo": "Train, sample and evaluate on an embedded set of promoters.",
    "image": "The same for images and protein structures: train, sample, evaluate.",
}
# What needs less memory.
LESS = "try fewer or shorter records, smaller batches or networks, or another device"


@click.command(
    cls=LazyGroup,
    package="biogan.cli",
    table=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    params=[switch("--quiet", "-q"), switch("--debug")],
)
@click.version_option(biogan.__version__, prog_name="biogan", message="%(prog)s %(version)s")
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
    console.settings.reset(sys.argv[1:] if argv is None else argv)
    return group.main(
        args=None if argv is None else list(argv), prog_name="biogan", standalone_mode=False
    )


def run(argv: Sequence[str] | None = None) -> int:
    """Entry point: run, print an error as one line, return the exit code."""
    try:
        with terminated():
            main(argv)
    except BioganError as error:
        return _fail(error, str(error), error.exit_code)
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
    except OSError as error:
        name = error.filename if error.filename is not None else "input or output"
        return _fail(error, f"{name}: {error.strerror or error}", 1)
    except (MemoryError, RuntimeError) as error:
        if not lacks_memory(error):
            raise
        return _fail(error, f"out of memory: {first_line(error)}; {LESS}", 1)
    return 0


def lacks_memory(error: BaseException) -> bool:
    """Whether an error of Python, numpy or torch (whose CPU and GPU say it differently) means that.

    Examples
    --------
    >>> lacks_memory(MemoryError()), lacks_memory(RuntimeError("CUDA error: out of memory"))
    (True, True)
    >>> lacks_memory(RuntimeError("shapes differ"))
    False
    """
    said = str(error).lower()
    words = ("out of memory", "can't allocate memory", "alloc_failed")
    return isinstance(error, MemoryError) or any(word in said for word in words)


def terminated() -> AbstractContextManager[None]:
    """Unwind at SIGTERM as at Ctrl-C, so that nothing half-written is left behind."""

    def end(number: int, frame: FrameType | None) -> None:
        raise Interrupted("SIGTERM: stopped", 128 + number)

    # Who calls this from a program may have a handler of their own.
    plain = signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    return handled(end, ("SIGTERM",) if plain else ())


def _fail(error: BaseException, message: str, code: int) -> int:
    console.end_status()
    if console.follower():
        # The first process speaks for all; a failed one here would have it killed.
        if isinstance(error, Interrupted):
            return 0
        if isinstance(error, DivergedError | ProcessError):
            return code
    if console.settings.debug:
        traceback.print_exception(error)
    print("biogan: " + " ".join(message.split()), file=sys.stderr)
    return code

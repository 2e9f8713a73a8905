"""What the commands say on standard error; standard output belongs to the result."""

from __future__ import annotations

import math
import os
import shlex
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import click

from biogan.core.display import message, redraws, visible
from biogan.core.errors import percentage

# What Lightning Fabric, torchrun, srun and a person set where they start several processes, and the
# number of this one beside it, which alone may be left over from elsewhere.
STARTED = (
    ("BIOGAN_FIRST_PROCESS", "LOCAL_RANK"),
    ("TORCHELASTIC_RUN_ID", "RANK"),
    ("SLURM_NTASKS", "SLURM_PROCID"),
    ("MASTER_ADDR", "NODE_RANK"),
)
_WIDTH = 24
_WIDEST = 1000


@dataclass
class Settings:
    """Switches of the running command."""

    quiet: bool = False
    debug: bool = False
    arguments: tuple[str, ...] = ()

    def reset(self, arguments: Sequence[str] = ()) -> None:
        """Go back to the defaults, so that a second call in one process starts afresh."""
        self.quiet = self.debug = False
        self.arguments = tuple(arguments)


settings = Settings()


def command_line() -> str:
    """Return the command that is running, as it can be typed again."""
    return shlex.join(["biogan", *settings.arguments])


def follower() -> bool:
    """Whether this is one of several processes, and not the one that speaks."""
    return any(by in os.environ and os.environ.get(rank, "0") != "0" for by, rank in STARTED)


def _write(text: str) -> None:
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except (OSError, ValueError):
        # Nobody listens any more (a closed pipe or terminal, a log on a full disk): no reason to
        # lose the work.
        settings.quiet = True


def echo(text: str) -> None:
    """Print a result to standard output; what cannot be shown is an escape."""
    click.echo(visible(text, keep="\n"))


def say(text: str) -> None:
    """Print one message to standard error, nothing with ``--quiet``."""
    if not settings.quiet and not follower():
        _write(message(text) + "\n")


def fail(text: str) -> None:
    """Print an error, one line, whatever else is said."""
    print(f"biogan: {message(text)}", file=sys.stderr)


def say_processes(count: int) -> None:
    """Say that several processes must find one another, which may take a queue of a cluster."""
    if count > 1:
        say(f"waiting until all {count} processes are there")


def status(text: str) -> None:
    """Replace the current status line; only on a terminal, nothing with ``--quiet``."""
    if not settings.quiet and redraws(sys.stderr.isatty()) and not follower():
        # \033[K clears what a longer line left behind. A line that wraps could not be drawn again.
        _write("\r" + message(text)[: _columns() - 1] + "\033[K")


def _columns() -> int:
    """Return the width of the terminal; of one that does not know, more than any line has."""
    with suppress(OSError, ValueError):
        return os.get_terminal_size(sys.stderr.fileno()).columns or _WIDEST
    return _WIDEST


def end_status() -> None:
    """Clear the status line, before a message or at the end."""
    status("")


class Bar:
    """How much of a file was read, how fast, and how long the rest will take: a status line.

    Where standard error is no terminal, as in the log of a cluster, it is a message a minute.

    Parameters
    ----------
    label : str
        What is being done.
    clock : callable
        Seconds that pass.
    """

    EVERY, LOGGED_EVERY = 0.2, 60.0

    def __init__(self, label: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.label, self.clock = label, clock
        self.start = clock()
        self.last = -math.inf

    def __call__(self, done: int, total: int | None) -> None:
        """Show ``done`` bytes of ``total``; without a total, the rate alone."""
        now = self.clock()
        terminal = redraws(sys.stderr.isatty())
        if terminal:
            due = now - self.last >= self.EVERY or done == total
        else:
            due = now - max(self.last, self.start) >= self.LOGGED_EVERY
        if due:
            self.last = now
            show = status if terminal else say
            show(self.line(done, total, now - self.start, terminal))

    def line(self, done: int, total: int | None, seconds: float, drawn: bool = True) -> str:
        """Return the line, with a bar or in words.

        Examples
        --------
        >>> Bar("reading").line(50_000_000, 200_000_000, 0.5)
        'reading [######..................]  25 %  100 MB/s  ETA 0:02'
        >>> Bar("reading").line(50_000_000, 200_000_000, 0.5, drawn=False)
        'reading: 25 % of 200 MB, 100 MB/s, ETA 0:02'
        """
        rate = done / max(seconds, 1e-6)
        speed = f"{rate / 1e6:.0f} MB/s"
        if not total:
            return f"{self.label} {done / 1e6:.0f} MB  {speed}"
        share = min(done / total, 1.0)
        left = (total - done) / rate if rate else 0
        if not drawn:
            of = f"{percentage(share)} of {total / 1e6:,.0f} MB"
            return f"{self.label}: {of}, {speed}, ETA {_minutes(left)}"
        return f"{self.label} {_drawn(share)} {percentage(share):>5}  {speed}  ETA {_minutes(left)}"


class Steps:
    """Which of several steps is under way, and how long the rest will take: a status line.

    Where standard error is no terminal it is a message, a minute or more after the last one.

    Parameters
    ----------
    label : str
        What is being done.
    clock : callable
        Seconds that pass.
    """

    def __init__(self, label: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.label, self.clock = label, clock
        self.start = self.last = clock()

    def __call__(self, name: str, done: int, total: int) -> None:
        """Show the step that begins now, with ``done`` of ``total`` steps behind it."""
        now = self.clock()
        terminal = redraws(sys.stderr.isatty())
        line = self.line(name, done, total, now - self.start, terminal)
        if terminal:
            status(line)
        elif now - self.last >= Bar.LOGGED_EVERY:
            self.last = now
            say(line)

    def line(self, name: str, done: int, total: int, seconds: float, drawn: bool = True) -> str:
        """Return the line; the rest is taken to last as long, step by step, as what is done.

        Examples
        --------
        >>> Steps("scoring").line("pwm", 4, 8, 60.0)
        'scoring [############............] 5 of 8: pwm  ETA 1:00'
        >>> Steps("scoring").line("pwm", 4, 8, 60.0, drawn=False)
        'scoring: 5 of 8, pwm, ETA 1:00'
        """
        if not drawn:
            rest = f", ETA {_minutes(seconds / done * (total - done))}" if done else ""
            return f"{self.label}: {done + 1} of {total}, {name}{rest}"
        rest = f"  ETA {_minutes(seconds / done * (total - done))}" if done else ""
        return f"{self.label} {_drawn(done / total)} {done + 1} of {total}: {name}{rest}"


def _drawn(share: float) -> str:
    full = int(share * _WIDTH)
    return f"[{'#' * full}{'.' * (_WIDTH - full)}]"


def _minutes(seconds: float) -> str:
    minutes, rest = divmod(math.ceil(seconds), 60)
    return f"{minutes}:{rest:02}"

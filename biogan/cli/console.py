"""What the commands say on standard error; standard output belongs to the result."""

from __future__ import annotations

import math
import os
import shlex
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

# Set by Lightning Fabric, torchrun and srun in the processes that they start.
RANKS = ("LOCAL_RANK", "NODE_RANK", "RANK", "SLURM_PROCID")


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
    return any(os.environ.get(name, "0") != "0" for name in RANKS)


def _write(text: str) -> None:
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except BrokenPipeError:
        # Nobody listens any more: no reason to lose the work.
        settings.quiet = True


def say(text: str) -> None:
    """Print one message to standard error, nothing with ``--quiet``."""
    if not settings.quiet and not follower():
        _write(text + "\n")


def status(text: str) -> None:
    """Replace the current status line; only on a terminal, nothing with ``--quiet``."""
    if not settings.quiet and sys.stderr.isatty() and not follower():
        # \033[K clears what a longer line left behind.
        _write("\r" + text + "\033[K")


def end_status() -> None:
    """Clear the status line, before a message or at the end."""
    status("")


class Bar:
    """How much of a file was read, how fast, and how long the rest will take: a status line.

    Parameters
    ----------
    label : str
        What is being done.
    clock : callable
        Seconds that pass.
    """

    WIDTH = 24
    EVERY = 0.2

    def __init__(self, label: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.label, self.clock = label, clock
        self.start = clock()
        self.last = -math.inf

    def __call__(self, done: int, total: int | None) -> None:
        """Show ``done`` bytes of ``total``; without a total, the rate alone."""
        now = self.clock()
        if now - self.last < self.EVERY and done != total:
            return
        self.last = now
        status(self.line(done, total, now - self.start))

    def line(self, done: int, total: int | None, seconds: float) -> str:
        """Return the line.

        Examples
        --------
        >>> Bar("reading").line(50_000_000, 200_000_000, 0.5)
        'reading [######..................]  25%  100 MB/s  ETA 0:02'
        """
        rate = done / max(seconds, 1e-6)
        speed = f"{rate / 1e6:.0f} MB/s"
        if not total:
            return f"{self.label} {done / 1e6:.0f} MB  {speed}"
        share = min(done / total, 1.0)
        full = int(share * self.WIDTH)
        minutes, rest = divmod(math.ceil((total - done) / rate) if rate else 0, 60)
        bar = "#" * full + "." * (self.WIDTH - full)
        return f"{self.label} [{bar}] {share:4.0%}  {speed}  ETA {minutes}:{rest:02}"


def progress(label: str) -> Callable[[str], None]:
    """Return a callable that shows ``label: detail`` as the status line."""
    return lambda detail: status(f"{label}: {detail}")

"""What the commands say on standard error; standard output belongs to the result."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass


@dataclass
class Settings:
    """Switches of the running command."""

    quiet: bool = False
    debug: bool = False

    def reset(self) -> None:
        """Go back to the defaults, so that a second call in one process starts afresh."""
        self.quiet = self.debug = False


settings = Settings()


def say(text: str) -> None:
    """Print one message to standard error, nothing with ``--quiet``."""
    if not settings.quiet:
        print(text, file=sys.stderr, flush=True)


def status(text: str) -> None:
    """Replace the current status line; only on a terminal, nothing with ``--quiet``."""
    if not settings.quiet and sys.stderr.isatty():
        # \033[K clears what a longer line left behind.
        print("\r" + text + "\033[K", end="", file=sys.stderr, flush=True)


def end_status() -> None:
    """Clear the status line, before a message or at the end."""
    status("")


def progress(label: str) -> Callable[[str], None]:
    """Return a callable that shows ``label: detail`` as the status line."""
    return lambda detail: status(f"{label}: {detail}")

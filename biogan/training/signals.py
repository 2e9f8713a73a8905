"""Ctrl-C, SIGTERM and their like end a run between two steps, after its state is saved.

And where the first of several processes is gone, the others go, too.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType, TracebackType
from typing import Any

_STDERR = 2
# Ctrl-C; what a cluster sends before it takes a machine away; a terminal that was closed.
_NAMES = ("SIGINT", "SIGTERM", "SIGUSR1", "SIGHUP")


class Signals:
    """Remembers a signal instead of dying from it, and says so; a second Ctrl-C stops at once.

    Others may come several times, from a launcher and from the cluster, and stop no sooner for it.

    Parameters
    ----------
    speak : bool
        Say it: of several processes one does.

    Attributes
    ----------
    caught : int or None
        Number of the signal that arrived.
    """

    def __init__(self, speak: bool = True) -> None:
        self.speak = speak
        self.caught: int | None = None
        self._old: dict[int, Any] = {}

    def _remember(self, number: int, frame: FrameType | None) -> None:
        if self.caught is not None:
            # Of several processes the first stops, and the others with it.
            if number == signal.SIGINT and self.speak:
                raise KeyboardInterrupt
            return
        self.caught = number
        if self.speak:
            again = "; Ctrl-C again stops at once" * (number == signal.SIGINT)
            # On a terminal a status line may stand there. Not by sys.stderr, which this may have
            # interrupted in the middle of a line.
            with suppress(OSError):
                clear = "\r\033[K" if os.isatty(_STDERR) else ""
                os.write(_STDERR, f"{clear}stopping after this step{again}\n".encode())

    def __enter__(self) -> Signals:
        # Only the main thread may install handlers; elsewhere the caller keeps its own.
        if threading.current_thread() is threading.main_thread():
            for number in (getattr(signal, name) for name in _NAMES if hasattr(signal, name)):
                # Ignored is asked for: nohup does so with SIGHUP.
                if signal.getsignal(number) != signal.SIG_IGN:
                    self._old[number] = signal.signal(number, self._remember)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._old.items():
            signal.signal(number, handler)


@contextmanager
def mortal() -> Iterator[None]:
    """Let Ctrl-C end the process inside the block: waiting for others does not look up for it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    old = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, old)


# Process that starts the others, in their environment.
_FIRST = "BIOGAN_FIRST_PROCESS"
_SECONDS = 0.5


def end_together() -> None:
    """Let the processes that this one is about to start end with it.

    While they start, or wait for one another, nothing else tells them that the first one was
    killed. It is called in each of them; ``LOCAL_RANK`` says which one this is.
    """
    if os.environ.get("LOCAL_RANK", "0") == "0":
        os.environ[_FIRST] = str(os.getpid())
    elif first := os.environ.get(_FIRST):
        threading.Thread(target=_outlive, args=(int(first),), daemon=True).start()


def _outlive(first: int) -> None:
    while os.getppid() == first:
        time.sleep(_SECONDS)
    os._exit(128 + signal.SIGTERM)

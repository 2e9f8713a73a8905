"""Signals such as Ctrl-C and SIGTERM: a run ends between two steps, after its state is saved.

If the first of several processes has ended, the others end too.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from types import FrameType, TracebackType
from typing import Any

from biogan.core.display import redraws

Handler = Callable[[int, FrameType | None], Any] | signal.Handlers

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
        self._handled = handled(self._remember, _NAMES)

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
                clear = "\r\033[K" if redraws(os.isatty(_STDERR)) else ""
                os.write(_STDERR, f"{clear}stopping after this step{again}\n".encode())

    def __enter__(self) -> Signals:
        self._handled.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._handled.__exit__(kind, error, trace)


@contextmanager
def handled(handler: Handler, names: Sequence[str]) -> Iterator[None]:
    """Let a handler answer some signals inside the block.

    Signals that are ignored stay so: nohup asks for it with SIGHUP. Only the main thread may
    install handlers; elsewhere the caller keeps its own.

    Parameters
    ----------
    handler : callable or signal.SIG_DFL
        As :func:`signal.signal` takes it.
    names : sequence of str
        Signals; those that this system does not know are left out.
    """
    old: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        for number in (getattr(signal, name) for name in names if hasattr(signal, name)):
            if signal.getsignal(number) != signal.SIG_IGN:
                old[number] = signal.signal(number, handler)
    try:
        yield
    finally:
        for number, before in old.items():
            signal.signal(number, before)


def mortal() -> AbstractContextManager[None]:
    """Let the signals of :class:`Signals` end the process at once inside the block.

    Who waits for other processes does so in a library, which never looks up for a handler.
    """
    return handled(signal.SIG_DFL, _NAMES)


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

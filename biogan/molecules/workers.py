"""Work of chemistry in further processes: a function of a list, chunk by chunk, in order.

The processes are started by name, not forked, and import nothing of the caller's script: a fork of
a process with threads may hang, and a spawned one runs an unguarded script again.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from queue import SimpleQueue
from typing import IO, Any

from biogan.core.errors import ProcessError

#: Items of a chunk, and items below which further processes are not worth their start.
CHUNK, FEW = 2000, 8000
# Processes at most: the parent has to feed them.
_MOST = 16
_SERVE = "import sys; sys.path.insert(0, sys.argv[1]); from biogan.molecules.workers import serve; \
serve(sys.argv[2])"


def chunks(items: Sequence[Any], size: int = CHUNK) -> Iterator[Sequence[Any]]:
    """Cut a list into chunks.

    Examples
    --------
    >>> list(chunks("abcde", 2))
    ['ab', 'cd', 'e']
    """
    for start in range(0, len(items), size):
        yield items[start : start + size]


def run(job: str, batches: Iterable[Any], *args: Any, many: bool) -> Iterator[Any]:
    """Yield ``function(batch, *args)`` of each batch, in order.

    Parameters
    ----------
    job : str
        The function, ``module:name``.
    batches : iterable
        What it is called with; read only a few ahead.
    *args
        Further arguments, alike for all.
    many : bool
        Whether further processes are worth their start: about one for each processor.

    Raises
    ------
    ProcessError
        If a process ends before its work.
    """
    processes = min(_MOST, _processors()) if many else 1
    if processes < 2:
        function = _function(job)
        for batch in batches:
            yield function(batch, *args)
        return
    free: SimpleQueue[subprocess.Popen[bytes]] = SimpleQueue()
    started = [_start(job) for _ in range(processes)]
    for process in started:
        free.put(process)

    def ask(batch: Any) -> Any:
        process = free.get()
        try:
            return _asked(process, (batch, *args))
        finally:
            free.put(process)

    try:
        with ThreadPoolExecutor(processes) as threads:
            waiting: deque[Future[Any]] = deque()
            for batch in batches:
                waiting.append(threads.submit(ask, batch))
                if len(waiting) > 2 * processes:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
    finally:
        for process in started:
            assert process.stdin is not None and process.stdout is not None
            process.stdin.close()
            process.stdout.close()
            process.terminate()
            process.wait()


def serve(job: str) -> None:
    """Answer what stands on standard input until it ends: the whole life of a process."""
    function = _function(job)
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    while (found := _received(sys.stdin.buffer)) is not None:
        try:
            answer: tuple[bool, Any] = True, function(*found)
        except Exception as error:
            answer = False, f"{type(error).__name__}: {error}"
        _send(out, answer)


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _function(job: str) -> Any:
    module, _, name = job.partition(":")
    return getattr(import_module(module), name)


def _start(job: str) -> subprocess.Popen[bytes]:
    root = str(Path(__file__).resolve().parents[2])
    return subprocess.Popen(
        [sys.executable, "-c", _SERVE, root, job], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )


def _asked(process: subprocess.Popen[bytes], question: Any) -> Any:
    assert process.stdin is not None and process.stdout is not None
    try:
        _send(process.stdin, question)
        found = _received(process.stdout)
    except OSError:
        found = None
    if found is None:
        raise ProcessError("a process that reads molecules has ended; was the memory full?")
    done, answer = found
    if not done:
        raise ProcessError(f"a process that reads molecules failed: {answer}")
    return answer


def _send(stream: IO[bytes], what: Any) -> None:
    data = pickle.dumps(what, pickle.HIGHEST_PROTOCOL)
    stream.write(len(data).to_bytes(8, "big") + data)
    stream.flush()


def _received(stream: IO[bytes]) -> Any:
    size = stream.read(8)
    return pickle.loads(stream.read(int.from_bytes(size, "big"))) if len(size) == 8 else None

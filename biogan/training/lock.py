"""One run at a time in a model folder."""

from __future__ import annotations

import fcntl
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from biogan.errors import OutputError
from biogan.io.tables import claim_folder, writing

LOCK = ".lock"
# Of this process: the command line holds a folder while it reads, before a fit holds it, too.
_HELD: set[Path] = set()


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Keep other processes out of a folder inside the block; it is made, and goes if it is empty.

    Raises
    ------
    OutputError
        If another process holds it, or it cannot be made or written.
    """
    made, home = not folder.exists(), folder.resolve()
    if home in _HELD:
        yield
        return
    claim_folder(folder)
    path = folder / LOCK
    with writing(path):
        file = open(path, "a+")
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise OutputError(
                f"{folder}: {file.read() or 'a process'} is training there: wait for its end, or "
                "choose another folder"
            ) from None
        except OSError:
            pass  # a file system without locks
        file.truncate(0)
        file.write(f"process {os.getpid()} on {platform.node()}")
        file.flush()
        _HELD.add(home)
        try:
            yield
        finally:
            _HELD.discard(home)
            path.unlink(missing_ok=True)
    finally:
        file.close()
        if made:
            with suppress(OSError):
                folder.rmdir()

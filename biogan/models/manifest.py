"""Files that belong together: a digest of each, and an exchange of all of them at once.

``SHA256SUMS`` names the SHA-256 of each file, as ``sha256sum -c`` reads it. New files are written
into the folder ``.new`` first. Then ``SHA256SUMS`` is replaced, by one rename: from this moment on
the new files are the valid ones. Then they take the places of the old ones, one by one. A reader
takes of a file in its place and one in ``.new`` that with the digest in ``SHA256SUMS``: a kill at
any moment leaves the old files or the new ones, never a mixture.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from biogan.core.errors import CheckpointError
from biogan.core.files import writing

SUMS, NEW = "SHA256SUMS", ".new"
# What to do with a file that is not as it was written.
_ADVICE = f"copy the folder again or train again; without {SUMS} it is loaded unverified"
_LINE = re.compile(r"([0-9a-f]{64})  (\w[\w.-]*)")
# A manifest holds a few lines.
_MOST = 1 << 16
_ATTEMPTS = 20

Found = TypeVar("Found")


class Replaced(CheckpointError):  # noqa: N818 - what happened, and no fault
    """A run has written newer files while these were read."""


def digest(data: bytes) -> str:
    """Return the SHA-256 as 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


class Manifest:
    """The digests of the files of a folder, as they were when it was read.

    Parameters
    ----------
    home : Path
        The folder.

    Attributes
    ----------
    sums : dict of str to str, or None
        Digest of each file; None for a folder without ``SHA256SUMS``.

    Raises
    ------
    CheckpointError
        If ``SHA256SUMS`` is damaged.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as name:
    ...     write_new(Path(name), {"a": b"1"}, {})
    ...     exchange(Path(name))
    ...     Manifest(Path(name)).read("a"), sorted(os.listdir(name))
    (b'1', ['SHA256SUMS', 'a'])
    """

    def __init__(self, home: Path) -> None:
        self.home, self.sums = home, _read_sums(home)

    def __contains__(self, name: str) -> bool:
        """Whether there is such a file."""
        return (self.home / name).is_file() or name in (self.sums or ())

    def read(self, name: str, most: int | None = None) -> bytes:
        """Read a file and compare it with its digest.

        Parameters
        ----------
        name : str
            Its name.
        most : int, optional
            Bytes that it may have.

        Raises
        ------
        CheckpointError
            If it is missing, not as it was written, or larger.
        """
        there = False
        for place in (self.home, self.home / NEW)[: 1 if self.sums is None else 2]:
            path = place / name
            try:
                size = _size(path)
                if most is not None and size > most:
                    raise CheckpointError(f"{path}: larger than {most:,} bytes: damaged; {_ADVICE}")
                data = path.read_bytes()
            except FileNotFoundError:
                continue
            except OSError as error:
                raise CheckpointError(
                    f"{path}: cannot be read: {error.strerror or error}"
                ) from error
            there = True
            if self.sums is None or self.sums.get(name) == digest(data):
                return data
        if self.sums != _read_sums(self.home):
            raise Replaced(f"{self.home}: a run has written a newer model since: load it again")
        if not there:
            raise CheckpointError(f"{self.home}: {name} is missing, the model is not whole")
        raise CheckpointError(
            f"{self.home / name}: damaged or changed, its SHA-256 is not that in {SUMS}: {_ADVICE}"
        )

    def digests(self, names: tuple[str, ...]) -> dict[str, str]:
        """Return the digests of files that are there; without ``SHA256SUMS`` as they are now."""
        there = [name for name in names if (self.home / name).is_file()]
        if self.sums is None:
            return {name: digest((self.home / name).read_bytes()) for name in there}
        return {name: self.sums[name] for name in there if name in self.sums}


def _size(path: Path) -> int:
    """Return the bytes of a file; refuse a pipe, which would be waited for, and a device."""
    found = path.stat()
    if not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):
        raise CheckpointError(f"{path}: is a pipe or a device, no file: copy the folder again")
    return found.st_size


def _read_sums(folder: Path) -> dict[str, str] | None:
    path = folder / SUMS
    try:
        _size(path)
        with open(path, "rb") as file:
            data = file.read(_MOST)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read: {error.strerror or error}") from error
    lines = data.decode("ascii", "replace").removesuffix("\n").split("\n")
    found = [_LINE.fullmatch(line) for line in lines]
    sums = {line[2]: line[1] for line in found if line}
    if len(sums) < len(lines) or not data.endswith(b"\n"):
        raise CheckpointError(f"{path}: damaged: {_ADVICE}")
    return sums


def write_new(home: Path, files: dict[str, bytes], sums: dict[str, str]) -> None:
    """Write new files beside the valid ones.

    Parameters
    ----------
    home : Path
        The folder.
    files : dict of str to bytes
        What to write.
    sums : dict of str to str
        Digests of the files that stay as they are.

    Raises
    ------
    OutputError
        If one cannot be written; the valid files are as they were.
    """
    new = home / NEW
    with writing(new):
        new.mkdir(exist_ok=True)
        for name, data in files.items():
            (new / name).write_bytes(data)
            sums = {**sums, name: digest(data)}
        lines = (f"{some}  {name}\n" for name, some in sorted(sums.items()))
        # Whole or not there: a half would be taken for a valid one.
        (new / f"{SUMS}.half").write_text("".join(lines), encoding="ascii")
        os.replace(new / f"{SUMS}.half", new / SUMS)


def exchange(home: Path, leave: Callable[[], None] = lambda: None) -> None:
    """Make the files in ``.new`` the valid ones, and put them in their places.

    Parameters
    ----------
    home : Path
        The folder.
    leave : callable
        Removes what belonged to the files of before and has no digest.

    Raises
    ------
    OutputError
        If the folder cannot be written.
    """
    with writing(home):
        os.replace(home / NEW / SUMS, home / SUMS)
    _arrive(home, leave)


def recover(home: Path, leave: Callable[[], None] = lambda: None) -> None:
    """End an exchange that a kill interrupted, or remove the files of one that did not begin.

    Parameters
    ----------
    home, leave
        As of :func:`exchange`.

    Raises
    ------
    CheckpointError
        If ``SHA256SUMS`` is damaged.
    OutputError
        If the folder cannot be written.
    """
    sums, new = _read_sums(home) or {}, home / NEW
    if not new.is_dir():
        return

    def valid(path: Path, name: str) -> bool:
        return path.is_file() and digest(path.read_bytes()) == sums[name]

    with writing(home):
        if any(valid(new / name, name) and not valid(home / name, name) for name in sums):
            for name in sums:
                if (new / name).exists() and not valid(new / name, name):
                    (new / name).unlink()
            _arrive(home, leave)
        else:
            shutil.rmtree(new)


def _arrive(home: Path, leave: Callable[[], None]) -> None:
    """Move what is in ``.new`` to its places, the files with a digest last."""
    sums, new = _read_sums(home) or {}, home / NEW
    with writing(home):
        leave()
        for path in sorted(new.rglob("*"), key=lambda path: path.name in sums):
            if path.is_file():
                target = home / path.relative_to(new)
                target.parent.mkdir(exist_ok=True)
                os.replace(path, target)
        shutil.rmtree(new)


def steady(read: Callable[[], Found]) -> Found:
    """Read again where a run wrote newer files in the meantime.

    Raises
    ------
    CheckpointError
        If that happens again and again, or something is wrong with the files.
    """
    for _ in range(_ATTEMPTS):
        try:
            return read()
        except Replaced:
            continue
    return read()

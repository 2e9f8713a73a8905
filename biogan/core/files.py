"""Names of files for records that go into a file each.

Small files written whole or not at all: JSON, JSON lines, TSV, and the outputs they stand on.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from biogan.core.errors import BioganError, CheckpointError, DataError, OutputError

if TYPE_CHECKING:
    import pandas as pd


@contextmanager
def writing(path: str | Path) -> Iterator[None]:
    """Name the path and the reason where something inside the block cannot be written.

    Raises
    ------
    OutputError
        In the place of an :class:`OSError`; a broken pipe stays what it is.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror or error}") from error


def claim_folder(path: Path) -> None:
    """Make a folder and see that it can be written, before time is spent on what goes into it.

    Raises
    ------
    OutputError
        If it cannot be made or written.
    """
    with writing(path):
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Give a temporary path that takes the place of ``path`` when the block ends well.

    Whoever reads ``path`` sees the old file or the whole new one, never a half. After an exception
    the temporary file is gone and ``path`` is as it was.

    Parameters
    ----------
    path : str or Path
        The file to write. A device or a pipe (``/dev/null``) is written directly.

    Yields
    ------
    Path
        Where to write, in the same folder.

    Raises
    ------
    OutputError
        If the folder is missing or may not be written.
    """
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise OutputError(f"{path}: is a folder, a file name is needed")
    direct = target.exists() and not target.is_file()
    temporary = (
        target
        if direct
        else target.with_name(f".{target.name[:100]}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    )
    try:
        with writing(path):
            yield temporary
            if not direct:
                os.replace(temporary, target)
    finally:
        if not direct:
            temporary.unlink(missing_ok=True)


def check_output(path: str | Path, inputs: Iterable[str | Path]) -> None:
    """Refuse an output that would take the place of what is read.

    Parameters
    ----------
    path : str or Path
        The file to be written, ``-`` for standard output.
    inputs : iterable of str or Path
        What is to stay; ``-`` and files that are not there are passed over.

    Raises
    ------
    OutputError
        If ``path`` is one of ``inputs``, under this or another name.
    """
    if str(path) == "-" or not os.path.isfile(path):
        return
    for name in inputs:
        if str(name) != "-" and os.path.exists(name) and os.path.samefile(path, name):
            raise OutputError(f"{path}: would overwrite {name}; give the output another name")


@contextmanager
def open_output(path: str | Path) -> Iterator[IO[bytes]]:
    """Open an output for bytes: a file (written atomically and compressed by name), or stdout.

    Parameters
    ----------
    path : str or Path
        ``-`` is standard output; what goes to a name that ends in ``.gz``, ``.bz2``, ``.xz`` or
        ``.zst`` is compressed, with no time stamp and with a checksum inside.

    Raises
    ------
    OutputError
        If the file cannot be written.
    BrokenPipeError
        If the reader of standard output went away.
    """
    if str(path) == "-":
        sys.stdout.flush()
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with atomic_path(path) as temporary, ExitStack() as stack:
        out: IO[bytes] = stack.enter_context(open(temporary, "wb"))
        if format := _COMPRESSED.get(Path(path).suffix.lower()):
            out = stack.enter_context(_compressed(out, format))
        yield out


_COMPRESSED = {".gz": "gz", ".bz2": "bz2", ".xz": "xz", ".zst": "zst"}


def _compressed(out: IO[bytes], format: str) -> IO[bytes]:
    # Here, as these libraries take longer to load than some commands last.
    if format == "zst":
        from backports import zstd

        # xopen writes no checksum: changed bits would be read without an error.
        options: dict[int, int] = {zstd.CompressionParameter.checksum_flag: 1}
        return cast(IO[bytes], zstd.ZstdFile(out, "w", options=options))
    from xopen import xopen

    # Threads and programs beside this one (threads=None) end later than it, and not always.
    return xopen(out, "wb", threads=0, format=format)


def _plain(value: Any) -> Any:
    """Turn numpy scalars and arrays into what JSON knows."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def write_json(data: Any, path: str | Path) -> None:
    """Write JSON, indented, atomically.

    Raises
    ------
    ValueError
        If a number is NaN or infinite: JSON has neither, and a reader would choke later.
    OutputError
        If the file cannot be written.
    """
    text = json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False, default=_plain)
    with open_output(path) as out:
        out.write(text.encode() + b"\n")


def write_text(text: str, path: str | Path) -> None:
    """Write a text as UTF-8, atomically.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    with open_output(path) as out:
        out.write(text.encode())


def read_json(path: str | Path, error: type[BioganError] = DataError) -> Any:
    """Read a JSON file.

    Parameters
    ----------
    path : str or Path
        The file.
    error : type of BioganError
        What to raise; a model folder asks for :class:`~biogan.core.errors.CheckpointError`.

    Raises
    ------
    BioganError
        Of type ``error`` if the file is missing, unreadable or no JSON.
    """
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as problem:
        raise error(f"{path}: cannot be read: {problem.strerror or problem}") from problem
    except json.JSONDecodeError as problem:
        raise error(f"{path}, line {problem.lineno}: no valid JSON: {problem.msg}") from problem
    except UnicodeDecodeError as problem:
        raise error(f"{path}: no valid JSON: the text is not UTF-8") from problem


def append_jsonl(row: Mapping[str, Any], path: str | Path) -> None:
    """Append one row to a JSON-lines file with a single write.

    Raises
    ------
    ValueError
        If a number is NaN or infinite.
    OutputError
        If the file cannot be written.
    """
    text = json.dumps(row, ensure_ascii=False, allow_nan=False, default=_plain) + "\n"
    with writing(path), open(path, "a", encoding="utf-8") as out:
        out.write(text)


def write_tsv(frame: pd.DataFrame, path: str | Path) -> None:
    """Write a data frame as TSV without its index, atomically (``-`` is standard output).

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    with open_output(path) as out:
        out.write(frame.to_csv(sep="\t", index=False, lineterminator="\n").encode())


LENGTH = 100
_UNFIT = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]')


def file_names(ids: Sequence[str], noun: str) -> Iterator[str]:
    """Turn ids into names of files, without a suffix, that every system takes, each once.

    Parameters
    ----------
    ids : sequence of str
        Ids of the records.
    noun : str
        The name of a record whose id leaves nothing to be named by.

    Examples
    --------
    >>> list(file_names(["1abc:A/2", "cell", "CELL", ".."], "image"))
    ['1abc_A_2', 'cell', 'CELL_2', 'image']
    """
    taken: set[str] = set()
    for name in ids:
        plain = _UNFIT.sub("_", name).strip(". ")[:LENGTH] or noun
        unique, number = plain, 1
        # Some systems do not tell capitals from small letters.
        while unique.casefold() in taken:
            number += 1
            unique = f"{plain}_{number}"
        taken.add(unique.casefold())
        yield unique


def check_fields(
    name: str, part: Mapping[str, Any], wanted: Mapping[str, type | tuple[type, ...]]
) -> None:
    """Refuse a part of a JSON file without what is read of it.

    Raises
    ------
    CheckpointError
        If a field is missing or of another type.

    Examples
    --------
    >>> check_fields("layout", {"length": "x"}, {"length": int})
    Traceback (most recent call last):
    biogan.core.errors.CheckpointError: 'length' of layout is 'x'
    """
    for key, types in wanted.items():
        if key not in part or (part[key] is None and not isinstance(None, types)):
            raise CheckpointError(f"{name} has no {key!r}")
        if not isinstance(part[key], types):
            raise CheckpointError(f"{key!r} of {name} is {str(part[key])[:40]!r}")

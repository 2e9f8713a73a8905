"""Names of files for records that go into a file each.

Small files written whole or not at all: JSON, JSON lines, TSV, and the outputs they stand on.
"""

from __future__ import annotations

import errno
import json
import math
import os
import secrets
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any, cast

import msgspec

from biogan.core.display import visible, visible_json
from biogan.core.errors import BioganError, CheckpointError, DataError, OutputError, first_line

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


@contextmanager
def reading(path: str | Path, what: str, kind: type[BioganError] = DataError) -> Iterator[None]:
    """Turn whatever a library raises on a file into one line that names the file.

    Which errors a parser raises on damaged bytes is no fixed list: a ``KeyError`` or a
    ``RecursionError`` as well as its own. Every reader of a foreign format has its parser inside
    such a block, and nothing else in it.

    Parameters
    ----------
    path : str or Path
        The file.
    what : str
        What is said of the file before the words of the library, such as ``no valid PDB file``.
    kind : type of BioganError
        What to raise.

    Raises
    ------
    BioganError
        In the place of any error that is not biogan's own; also where memory does not suffice.

    Examples
    --------
    >>> with reading("a.json", "no valid JSON"):
    ...     json.loads("{")
    Traceback (most recent call last):
    biogan.core.errors.DataError: a.json: no valid JSON: Expecting property name enclosed ...
    """
    try:
        with enough_memory(path, kind=kind):
            yield
    except BioganError:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.strerror:
            raise kind(f"{path}: cannot be read: {error.strerror}") from error
        raise kind(f"{path}: {what}: {first_line(error)}") from error


@contextmanager
def enough_memory(
    path: str | Path, hint: str = "give a smaller file", kind: type[BioganError] = DataError
) -> Iterator[None]:
    """Name the file where memory does not suffice to read it.

    Parameters
    ----------
    path : str or Path
        The file.
    hint : str
        What to do.
    kind : type of BioganError
        What to raise.

    Raises
    ------
    BioganError
        In the place of a :class:`MemoryError`.
    """
    try:
        yield
    except MemoryError as error:
        detail = f" ({first_line(error)})" if str(error) else ""
        raise kind(f"{path}: not enough memory to read it{detail}; {hint}") from error


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


def check_folder(path: Path, own: bool, overwrite: bool, resumable: bool = False) -> None:
    """Refuse a folder that holds something else than what is to be replaced.

    Parameters
    ----------
    path : Path
        The folder to be written.
    own : bool
        Whether what is there is of the kind that is to be written.
    overwrite : bool
        Whether that is to be replaced.
    resumable : bool
        Whether a run could go on there, for the message.

    Raises
    ------
    OutputError
        If it is a file, or holds something.
    """
    if path.exists() and not path.is_dir():
        raise OutputError(f"{path}: is a file; name another folder")
    if path.is_dir() and any(path.iterdir()) and not (own and overwrite):
        more = "--overwrite replaces it" + ", --resume goes on" * resumable
        raise OutputError(f"{path}: is not empty; {more if own else 'name another folder'}")


#: Environment variable that names the folder of what was fetched.
CACHE = "BIOGAN_CACHE"


def cache_folder() -> Path:
    """Return where fetched files are kept: ``BIOGAN_CACHE``, or the cache of the system."""
    if named := os.environ.get(CACHE):
        return Path(named)
    import pooch

    return Path(pooch.os_cache("biogan"))


def remove_folder(path: Path) -> None:
    """Remove a folder at once: of one that is removed in part nobody could say what it is.

    Raises
    ------
    OSError
        If that is not allowed.
    """
    hidden = temporary_path(path)
    path.rename(hidden)
    shutil.rmtree(hidden, ignore_errors=True)


def temporary_path(path: Path) -> Path:
    """Return a hidden name beside a file or folder, for what is not finished or no longer wanted.

    Examples
    --------
    >>> temporary_path(Path("run/state.pt")).name.startswith(".state.pt.")
    True
    """
    name = _cut(path.name, LENGTH)
    return path.with_name(f".{name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")


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
    temporary = target if direct else temporary_path(target)
    try:
        with writing(path):
            yield temporary
            if not direct:
                os.replace(temporary, target)
    finally:
        if not direct:
            with suppress(OSError):  # it would hide why the file was not written
                temporary.unlink()


def check_output(path: str | Path, inputs: Iterable[str | Path], overwrite: bool = False) -> None:
    """Refuse an output that would take the place of what is read, or of something that is there.

    Parameters
    ----------
    path : str or Path
        The file to be written, ``-`` for standard output.
    inputs : iterable of str or Path
        What is to stay; ``-`` and files that are not there are passed over.
    overwrite : bool
        Whether a file that holds something may be replaced, and a folder that does be written into.

    Raises
    ------
    OutputError
        If ``path`` is one of ``inputs``, under this or another name; if it holds something, and
        ``overwrite`` is not given.
    """
    if str(path) == "-":
        return
    if os.path.isfile(path):
        for name in inputs:
            if str(name) != "-" and os.path.exists(name) and os.path.samefile(path, name):
                raise OutputError(f"{path}: would overwrite {name}; give the output another name")
        # /dev/stdout is a file where a shell sends it to one.
        if os.path.getsize(path) and not overwrite and not str(path).startswith("/dev/"):
            raise OutputError(f"{path}: exists; use --overwrite, or another name")
    elif os.path.isdir(path) and os.listdir(path) and not overwrite:
        raise OutputError(f"{path}: is not empty; use --overwrite, or another folder")


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
        with writing("standard output"):
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


def utf8(text: str) -> bytes:
    r"""Encode a text as UTF-8, and what is no character as an escape.

    The name of a file may hold bytes that are no UTF-8, which Python has as lone surrogates. They
    come into messages, tables and pages; in JSON the escape is read back as what it was.

    Examples
    --------
    >>> utf8("caf\udce9.fa")
    b'caf\\udce9.fa'
    """
    return text.encode("utf-8", "backslashreplace")


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
    text = json_bytes(data)
    with open_output(path) as out:
        out.write(text)


def json_bytes(data: Any) -> bytes:
    """Return indented JSON as UTF-8, with an end of line.

    Raises
    ------
    ValueError
        If a number is NaN or infinite.
    """
    text = json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False, default=_plain)
    return utf8(visible_json(text)) + b"\n"


def write_text(text: str, path: str | Path) -> None:
    """Write a text as UTF-8, atomically.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    with open_output(path) as out:
        out.write(utf8(text))


def read_json(path: str | Path, error: type[BioganError] = DataError) -> Any:
    """Read a JSON file, see :func:`parse_json`.

    Raises
    ------
    BioganError
        Of type ``error`` if the file is missing, unreadable, too large or no JSON.
    """
    try:
        with open(path, "rb") as file:
            data = file.read(MOST_JSON + 1)
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or problem
        raise error(f"{path}: cannot be read: {reason}") from problem
    return parse_json(data, path, error)


# Bytes of a JSON file: those of biogan have some thousand.
MOST_JSON = 10_000_000
# Digits of an integer: a seed may have many.
_DIGITS = 100
_DEEPEST = 100


def parse_json(data: bytes, path: str | Path, error: type[BioganError] = DataError) -> Any:
    """Read JSON that any person or program may have written.

    Parameters
    ----------
    data : bytes
        The text.
    path : str or Path
        Where it comes from, for messages.
    error : type of BioganError
        What to raise; a model folder asks for :class:`~biogan.core.errors.CheckpointError`.

    Raises
    ------
    BioganError
        Of type ``error`` if the text is larger than 10 MB, not UTF-8 or no JSON (RFC 8259, to which
        NaN and infinity do not belong), or has a key twice, an integer of more than 100 digits, a
        number that a float cannot hold, or more than 100 levels.

    Examples
    --------
    >>> parse_json(b'{"steps": 3}', "config.json")
    {'steps': 3}
    >>> parse_json(b'{"steps": NaN}', "config.json")
    Traceback (most recent call last):
    biogan.core.errors.DataError: config.json: no valid JSON: NaN is no number
    """
    if len(data) > MOST_JSON:
        raise error(f"{path}: larger than {MOST_JSON // 1_000_000} MB, which no file of biogan is")
    try:
        found = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_once,
            parse_constant=_no_number,
            parse_float=_finite,
            parse_int=_integer,
        )
        _check_depth(found)
        return found
    except json.JSONDecodeError as problem:
        raise error(f"{path}, line {problem.lineno}: no valid JSON: {problem.msg}") from problem
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        raise error(f"{path}, line {line}: no valid JSON: the text is not UTF-8") from problem
    except RecursionError as problem:
        raise error(f"{path}: no valid JSON: more than {_DEEPEST} levels") from problem
    except ValueError as problem:
        raise error(f"{path}: no valid JSON: {problem}") from problem


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(key for key, n in Counter(key for key, _ in pairs).items() if n > 1)
        raise ValueError(f"{twice[:40]!r} stands twice in one object")
    return found


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:40]} is too large a number")
    return number


def _integer(text: str) -> int:
    if len(text) > _DIGITS:
        raise ValueError(f"an integer of {len(text.lstrip('-')):,} digits ({text[:20]}...)")
    return int(text)


def _check_depth(found: Any) -> None:
    """Raise a RecursionError where others, which read the result, would."""
    level = [found]
    for _ in range(_DEEPEST):
        level = [
            child
            for part in level
            if isinstance(part, dict | list)
            for child in (part.values() if isinstance(part, dict) else part)
        ]
        if not level:
            return
    raise RecursionError


def append_jsonl(row: Mapping[str, Any], path: str | Path) -> None:
    """Append one row to a JSON-lines file, whole or not at all.

    Raises
    ------
    ValueError
        If a number is NaN or infinite.
    OutputError
        If the file cannot be written.
    """
    text = json.dumps(row, ensure_ascii=False, allow_nan=False, default=_plain)
    text = visible_json(text) + "\n"
    with writing(path), open(path, "ab", buffering=0) as out:
        data, size = utf8(text), out.seek(0, os.SEEK_END)
        try:
            if out.write(data) != len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError:
            with suppress(OSError):
                out.truncate(size)
            raise


def write_tsv(frame: pd.DataFrame, path: str | Path) -> None:
    """Write a data frame as TSV without its index, atomically (``-`` is standard output).

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    with open_output(path) as out:
        out.write(utf8(tsv(frame)))


def tsv(frame: pd.DataFrame) -> str:
    r"""Return a data frame as TSV without its index; what cannot be shown is an escape.

    Examples
    --------
    >>> import pandas as pd
    >>> print(tsv(pd.DataFrame({"name": ["a\tb", "c\x1b"], "n": [1, None]})), end="")
    name    n
    a\tb   1.0
    c\x1b
    """
    texts = frame.select_dtypes(exclude="number")
    clean = frame.assign(**{
        str(name): texts[name].map(lambda cell: visible(cell) if isinstance(cell, str) else cell)
        for name in texts
    }).rename(columns=lambda name: visible(str(name)))  # fmt: skip
    return str(clean.to_csv(sep="\t", index=False, lineterminator="\n"))


#: Bytes of a name: systems take 255, and suffixes and temporary names are longer.
LENGTH = 100
_UNFIT = '/\\:*?"<>|'


def _cut(name: str, most: int) -> str:
    """Cut a name to so many bytes, between characters."""
    return name if len(name) * 4 <= most else utf8(name)[:most].decode("utf-8", "ignore")


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
    numbers: Counter[str] = Counter()
    for name in ids:
        fit = ("_" if c in _UNFIT or not c.isprintable() else c for c in name)
        plain = _cut("".join(fit).strip(". "), LENGTH) or noun
        unique, same = plain, plain.casefold()
        # Some systems do not tell capitals from small letters.
        while unique.casefold() in taken:
            numbers[same] += 1
            unique = f"{plain}_{numbers[same] + 1}"
        taken.add(unique.casefold())
        yield unique


#: How many there are of something, and how large something is, for :func:`check_fields`.
Count = Annotated[int, msgspec.Meta(ge=0, lt=1 << 53)]
Size = Annotated[int, msgspec.Meta(ge=1, lt=1 << 31)]


def check_fields(name: str, part: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Refuse a part of a JSON file without what is read of it.

    Parameters
    ----------
    name : str
        What the part is called in messages.
    part : mapping
        What stands in the file.
    wanted : mapping of str to type
        Type of each field, as an annotation has it.

    Returns
    -------
    dict
        The fields that are wanted, as values of these types.

    Raises
    ------
    CheckpointError
        If a field is missing or of another type.

    Examples
    --------
    >>> check_fields("layout", {"length": 9, "kind": "fixed"}, {"length": int})
    {'length': 9}
    >>> check_fields("layout", {"length": "x"}, {"length": int})
    Traceback (most recent call last):
    biogan.core.errors.CheckpointError: 'length' of layout is 'x'
    """
    found = {}
    for key, kind in wanted.items():
        if key not in part:
            raise CheckpointError(f"{name} has no {key!r}")
        try:
            found[key] = msgspec.convert(part[key], kind)
        except (msgspec.ValidationError, ValueError) as error:
            if part[key] is None:
                raise CheckpointError(f"{name} has no {key!r}") from error
            raise CheckpointError(f"{key!r} of {name} is {str(part[key])[:40]!r}") from error
    return found

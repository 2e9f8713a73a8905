"""Opening an input once: a file, a pipe, standard input or an open file, plain or compressed.

A pipe can be read once only. So every reader of biogan opens what it reads here, once, and whoever
looks at the first bytes of a pipe leaves them to the reader. Compressed data that unpack to far
more than their size are refused.
"""

from __future__ import annotations

import bz2
import io
import lzma
import math
import os
import re
import stat
import sys
import tempfile
import warnings
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple, TypeAlias

from backports.zstd import DecompressionParameter, ZstdDecompressor
from xopen import xopen

from biogan.core.errors import ConfigError, DataError, FastaError
from biogan.core.files import reading

if TYPE_CHECKING:
    import numpy as np

#: What readers take: a path, ``-`` for standard input, or an open file of bytes or text.
Readable: TypeAlias = str | os.PathLike[str] | IO[bytes] | IO[str]


class Compression(NamedTuple):
    """A way in which data are compressed.

    Attributes
    ----------
    name : str
        Its name.
    suffixes : tuple of str
        How names of such files end; the first one is that of new files.
    magic : bytes
        How such data begin.
    """

    name: str
    suffixes: tuple[str, ...]
    magic: bytes


COMPRESSIONS = {
    "gz": Compression("gzip", (".gz", ".bgz", ".bgzf"), b"\x1f\x8b"),
    "bz2": Compression("bzip2", (".bz2",), b"BZh"),
    "xz": Compression("xz", (".xz",), b"\xfd7zXZ\0"),
    "zst": Compression("Zstandard", (".zst",), b"\x28\xb5\x2f\xfd"),
}
_MAGICS = tuple(some.magic for some in COMPRESSIONS.values())
_MAGIC = max(map(len, _MAGICS))
BUFFER = 1 << 20
#: Data may unpack to this many times their size, see ``docs/input.md``: real data with the least
#: information (masks of one disc each) reach 504 in gzip and zip; blank bytes 1,026.
RATIO = 1000
#: Bytes that are unpacked whatever the ratio.
FREE = 16 << 20
#: Bytes of memory that a record or a row takes beside its text.
RECORD = 200
# Names under which systems have the pipes of a process.
_PIPES = re.compile(r"/dev/(stdin|fd/\d+)|/proc/(self|\d+)/fd/\d+")
# Pipes at whose first bytes somebody looked, with these bytes, until they are read: by path, open
# files by identity.
_peeked: dict[str | int, tuple[Any, bytes]] = {}


def name_of(data: Readable) -> str:
    """Return how messages call an input: its path, ``-``, or the name of an open file.

    Raises
    ------
    DataError
        If it is none of these.

    Examples
    --------
    >>> name_of(Path("a.fa")), name_of("-"), name_of(io.BytesIO())
    ('a.fa', '-', 'an open file')
    """
    if isinstance(data, str | os.PathLike):
        return os.fsdecode(data)
    if not hasattr(data, "read"):
        raise DataError(f"a path or an open file is needed, not {type(data).__name__}")
    name = getattr(data, "name", None)
    return name if isinstance(name, str) else "an open file"


def is_pipe(data: Readable) -> bool:
    """Tell whether an input can be read once only: standard input, a pipe, an open file.

    Examples
    --------
    >>> is_pipe("-"), is_pipe("/dev/null"), is_pipe("a.fa")
    (True, True, False)
    """
    if not isinstance(data, str | os.PathLike) or os.fspath(data) == "-":
        return True
    try:
        mode = os.stat(data).st_mode
    except (OSError, ValueError):
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def is_lasting(data: Readable) -> bool:
    """Tell whether an input can be found again later, by another command."""
    return not is_pipe(data) and not _PIPES.fullmatch(name_of(data))


def check_once(*inputs: str | os.PathLike[str] | None) -> None:
    """Refuse a pipe that is named for two inputs, under whatever names.

    Parameters
    ----------
    *inputs : str, Path or None
        Everything that a command is to read; None is passed over.

    Raises
    ------
    ConfigError
        If two of them are one pipe: the first would read all of it.
    """
    seen: dict[Any, str] = {}
    for data in inputs:
        if data is None or not is_pipe(data):
            continue
        name = name_of(data)
        key: Any = name
        try:
            found = os.fstat(sys.stdin.fileno()) if name == "-" else os.stat(name)
            # Standard input that is a file is another input under its path, where it begins anew.
            key = name if stat.S_ISREG(found.st_mode) else (found.st_dev, found.st_ino)
        except (OSError, ValueError, AttributeError):
            pass
        if key in seen:
            both = name if seen[key] == name else f"{seen[key]} and {name}"
            what = "'-': standard input" if both == "-" else f"{both}: a pipe"
            raise ConfigError(f"{what} cannot be two inputs, give a file for one")
        seen[key] = name


class Packed(io.RawIOBase):
    """The bytes of an input as they are stored, opened once.

    Parameters
    ----------
    data : Readable
        What to open. Standard input and open files are not closed at the end.

    Attributes
    ----------
    name : str
        See :func:`name_of`.
    lasting : bool
        See :func:`is_lasting`.
    done : int
        Bytes read so far.
    size : int or None
        Bytes that there are; None where that is not known.
    unpacked : int
        Bytes that they were unpacked to so far; 0 if they are not compressed.

    Raises
    ------
    FastaError
        If standard input is closed.
    OSError
        If the file cannot be opened.
    """

    def __init__(self, data: Readable) -> None:
        self.lasting = is_lasting(data)
        self.name, self.done, self.unpacked, self._owned = name_of(data), 0, 0, False
        self.size: int | None = None
        if self.name == "-" and isinstance(data, str):
            data = _standard_input()
        named = isinstance(data, str | os.PathLike)
        self._key: str | int = self.name if named else id(data)
        self._file, self._before = _peeked.pop(self._key, (None, b""))
        if not named:
            self._file = data
            return
        if self._file is not None and not _is_at(self._file, self.name):
            self._file.close()
            self._file, self._before = None, b""
        if self._file is None:
            try:
                self._file = open(self.name, "rb", buffering=0)
            except ValueError as error:  # a name with a NUL
                raise FastaError(f"cannot be read: {error}", self.name) from error
        self._owned = True
        found = os.fstat(self._file.fileno())
        if stat.S_ISREG(found.st_mode):
            self.size = found.st_size

    def readable(self) -> bool:
        """Say that it is."""
        return True

    def readinto(self, out: Any) -> int:
        """Read some bytes, 0 at the end alone."""
        if not self._before:
            if isinstance(self._file, io.FileIO):
                size = self._file.readinto(out) or 0
                self.done += size
                return size
            self._before = self._piece(len(out))
        size = min(len(out), len(self._before))
        out[:size], self._before = self._before[:size], self._before[size:]
        self.done += size
        return size

    def _piece(self, size: int) -> bytes:
        read = getattr(self._file, "read1", self._file.read)
        try:
            piece = read(size)
        except UnicodeDecodeError as error:
            raise FastaError("no UTF-8; open the file for bytes ('rb')", self.name) from error
        except ValueError as error:  # it is closed
            raise FastaError(f"cannot be read: {error}", self.name) from error
        return piece.encode("utf-8", "surrogateescape") if isinstance(piece, str) else piece or b""

    def start(self, size: int) -> bytes:
        """Look at the first bytes: fewer than ``size`` only where there are no more."""
        while len(self._before) < size and (piece := self._piece(BUFFER)):
            self._before += piece
        return self._before[:size]

    def has_changed(self) -> bool:
        """Tell whether the file has another size than when it was opened: somebody writes it."""
        return self.size is not None and os.fstat(self._file.fileno()).st_size != self.size

    def keep(self, before: bytes) -> None:
        """Leave the input, with bytes that were read, to whoever opens it next."""
        _peeked[self._key] = self._file, before + self._before
        self._owned = False

    def seekable_file(self) -> IO[bytes] | None:
        """Return the file itself, at its beginning, if it is one and not compressed."""
        if self.size is None or self.start(_MAGIC).startswith(_MAGICS):
            return None
        self._file.seek(0)
        return io.BufferedReader(self._file, BUFFER)

    def close(self) -> None:
        """Close the file."""
        if not self.closed and self._owned:
            self._file.close()
        super().close()


def _is_at(file: Any, path: str) -> bool:
    """Whether an open pipe is still the one that a path names."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), os.stat(path))
    except (OSError, ValueError):
        return False


def _standard_input() -> Any:
    if sys.stdin is None or sys.stdin.closed:
        raise FastaError("is closed; name a file, or pipe one in", "-")
    try:
        # A reader takes "nothing yet" of a pipe that does not block for the end.
        os.set_blocking(sys.stdin.fileno(), True)
    except (OSError, ValueError):
        pass  # no file of the system stands behind it
    return sys.stdin.buffer


def forget_peeked() -> None:
    """Close pipes that were looked at and not read."""
    while _peeked:
        key, (file, _) = _peeked.popitem()
        if isinstance(key, str):
            file.close()


def no_line() -> None:
    """Return no number of a line, for inputs that have no lines."""


@contextmanager
def unpacked(
    packed: Packed,
    notes: list[str],
    ratio: float = RATIO,
    line: Callable[[], int | None] = no_line,
) -> Iterator[io.BufferedReader]:
    """Unpack an input; gzip, bzip2, xz and Zstandard are known by their first bytes.

    Parameters
    ----------
    packed : Packed
        The input. It is closed at the end.
    notes : list of str
        Receives a sentence where the name says otherwise.
    ratio : float
        How many times their size data may unpack to, from 16 MB on; 0: without limit.
    line : callable
        Gives the number of the line that messages about damaged data name.

    Yields
    ------
    io.BufferedReader
        The data.

    Raises
    ------
    FastaError
        While reading: compressed data that end early, are damaged, are followed by other bytes or
        are larger than the limit.
    """
    with closing(packed), ExitStack() as stack:
        head = packed.start(_MAGIC)
        named = split_compression(packed.name)[1]
        found = next((k for k, c in COMPRESSIONS.items() if head.startswith(c.magic)), "")
        file: Any = stack.enter_context(io.BufferedReader(packed, BUFFER))
        if found:
            what = COMPRESSIONS[found].name
            if named != found and packed.lasting:
                suffix = COMPRESSIONS[found].suffixes[0]
                notes.append(f"{what} data under a name without {suffix}: unpacked")
            pieces = _gzip(file) if found == "gz" else _streams(file, DECOMPRESSORS[found])
            raw = _Unpacked(pieces, what, packed, ratio, line)
            file = stack.enter_context(io.BufferedReader(raw, BUFFER))
        elif named and head:
            what = COMPRESSIONS[named].name
            notes.append(f"plain text under a name of {what} data: read as it is")
        yield file


@contextmanager
def opened(data: Readable, ratio: float = RATIO) -> Iterator[io.BufferedReader]:
    """Open an input and unpack it, see :func:`unpacked`.

    Raises
    ------
    FastaError
        Also if it cannot be opened or read.
    """
    try:
        with unpacked(Packed(data), [], ratio) as file:
            yield file
    except OSError as error:
        raise unreadable(error, data) from error


def head(data: Readable, size: int = 16) -> bytes:
    """Look at the first bytes of an input, unpacked, and leave them to its reader.

    Raises
    ------
    FastaError
        If it cannot be opened or unpacked.
    """
    if not is_pipe(data):
        with opened(data) as file:
            return file.read(size)
    try:
        packed = Packed(data)
        seen = _Seen(packed)
        try:
            with unpacked(seen, []) as file:
                return file.read(size)
        finally:
            packed.keep(bytes(seen.before))
    except OSError as error:
        raise unreadable(error, data) from error


class _Seen(Packed):
    """An input that remembers what was read of it."""

    def __init__(self, packed: Packed) -> None:
        self.name, self.done, self.unpacked, self.size = packed.name, 0, 0, packed.size
        self._packed, self._owned, self.before = packed, False, bytearray()
        self.lasting = packed.lasting

    def readinto(self, out: Any) -> int:
        size = self._packed.readinto(out)
        self.before += out[:size]
        return size

    def start(self, size: int) -> bytes:
        return self._packed.start(size)


def unreadable(error: OSError, data: Readable, line: int | None = None) -> FastaError:
    """Return the error for an input that the system does not give."""
    name = name_of(data)
    hint = "; it is an address: fetch the file first" if re.match(r"[a-z0-9]+://", name) else ""
    return FastaError(f"cannot be read: {error.strerror or error}{hint}", name, line)


@contextmanager
def seekable(data: Readable, ratio: float = RATIO) -> Iterator[IO[bytes]]:
    """Open an input for a library that moves to and fro in it.

    What is compressed, or no file, goes into a temporary file first, which is gone at the end.

    Parameters
    ----------
    data : Readable
        What to open.
    ratio : float
        As for :func:`unpacked`.

    Yields
    ------
    file
        At its beginning.

    Raises
    ------
    FastaError
        If it cannot be opened, unpacked, or written into the temporary file.
    """
    try:
        packed = Packed(data)
        plain = packed.seekable_file()
    except OSError as error:
        raise unreadable(error, data) from error
    with ExitStack() as stack:
        stack.enter_context(closing(packed))
        yield stack.enter_context(plain or _spooled(packed, ratio))


@contextmanager
def _spooled(packed: Packed, ratio: float) -> Iterator[IO[bytes]]:
    with ExitStack() as stack:
        try:
            spool = stack.enter_context(tempfile.TemporaryFile(prefix="biogan-"))
            with unpacked(packed, [], ratio) as file:
                while piece := file.read(BUFFER):
                    spool.write(piece)
            spool.seek(0)
        except OSError as error:
            raise FastaError(
                f"cannot be copied into a temporary file: {error.strerror or error}; the variable "
                "TMPDIR names the folder of such files",
                packed.name,
            ) from error
        yield spool


@contextmanager
def as_data_error() -> Iterator[None]:
    """Tell faults of a file as those of data that are no text."""
    try:
        yield
    except FastaError as error:
        raise DataError(str(error)) from error


def read_arrays(
    data: Readable, names: Sequence[str], ratio: float = RATIO
) -> tuple[dict[str, np.ndarray], list[str]]:
    """Read arrays of an ``.npz``; nothing in it is unpickled, and no other array is read.

    Parameters
    ----------
    data : Readable
        The file.
    names : sequence of str
        Names of the arrays that are looked for.
    ratio : float
        As for :func:`unpacked`, of these arrays together.

    Returns
    -------
    arrays : dict of str to numpy.ndarray
        Those that are there.
    held : list of str
        Names of everything in the file.

    Raises
    ------
    DataError
        If the file or one of these arrays cannot be read, or has another size than its header says.
    """
    import numpy as np

    path = name_of(data)
    # What numpy warns of it reads rightly: old headers. Or it raises an error afterwards.
    with warnings.catch_warnings(), as_data_error(), seekable(data, ratio) as file:
        warnings.simplefilter("ignore")
        with reading(path, "no .npz that can be read"):
            size = file.seek(0, os.SEEK_END)
            file.seek(0)
            archive = np.load(file, allow_pickle=False)
            if isinstance(archive, np.ndarray):
                raise DataError(f"{path}: a single array without a name (.npy); save it as .npz")
            with archive, zipfile.ZipFile(file) as members:
                infos = {i.filename.removesuffix(".npy"): i for i in members.infolist()}
                if excessive(sum(infos[n].file_size for n in infos if n in names), size, ratio):
                    raise DataError(f"{path}: {too_large(ratio)}")
                arrays = {}
                for name in names:
                    if name not in archive.files:
                        continue
                    where = f"{path}, array {name}"
                    with reading(where, "damaged, or of objects, which are not read"):
                        _check_header(members, infos[name])
                        arrays[name] = archive[name]
                        if getattr(arrays[name], "dtype", np.dtype("u1")).kind == "U":
                            arrays[name].tolist()  # numbers that are no characters are refused
                    if not isinstance(arrays[name], np.ndarray):
                        raise DataError(f"{where}: is no array as numpy writes it")
                return arrays, list(archive.files)


def _check_header(members: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
    """Refuse an array whose header promises more or less than stands in the archive."""
    from numpy.lib import format as npy

    readers = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
    with members.open(info) as file:
        start = file.read(npy.MAGIC_LEN)
        if start[:-2] != npy.MAGIC_PREFIX or tuple(start[-2:]) not in readers:
            return
        shape, _, dtype = readers[start[-2], start[-1]](file)
        size = file.tell() + math.prod(shape) * dtype.itemsize
    if size != info.file_size and not dtype.hasobject:
        raise ValueError(
            f"its header says shape {shape} and type {dtype}, which are {size:,} bytes, and "
            f"{info.file_size:,} are there"
        )


class _Unpacked(io.RawIOBase):
    """Pieces of unpacked data as a file, with the faults of the packed data told by line."""

    def __init__(
        self,
        pieces: Iterator[bytes],
        what: str,
        packed: Packed,
        ratio: float,
        line: Callable[[], int | None],
    ) -> None:
        self._pieces, self._what, self._packed = pieces, what, packed
        self._ratio, self._line = ratio, line
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, out: Any) -> int:
        if not self._rest:
            self._rest = memoryview(self._next())
        size = min(len(out), len(self._rest))
        out[:size], self._rest = self._rest[:size], self._rest[size:]
        return size

    def _next(self) -> bytes:
        try:
            piece = next(self._pieces, b"")
        except EOFError as error:
            raise self._error(
                f"the {self._what} data ends early, or a few other bytes stand behind its end; "
                "fetch it again"
            ) from error
        except FastaError:
            raise
        except Exception as error:  # every library has a kind of error of its own
            if isinstance(error, OSError) and error.errno:
                raise
            raise self._error(
                f"damaged {self._what} data, or other bytes behind its end ({error}); fetch it "
                "again"
            ) from error
        self._packed.unpacked += len(piece)
        if excessive(self._packed.unpacked, self._packed.done, self._ratio):
            raise self._error(f"{self._what} data: {too_large(self._ratio)}")
        return piece

    def _error(self, message: str) -> FastaError:
        return FastaError(message, self._packed.name, self._line())


def excessive(total: int, packed: int, ratio: float) -> bool:
    """Tell whether data unpack to more than the limit, see :data:`RATIO`."""
    return bool(ratio) and total > FREE and total > ratio * packed


def too_large(ratio: float) -> str:
    """Say what was found and what to do where data are :func:`excessive`."""
    return (
        f"they unpack to more than {ratio:,g} times their size, as data made to fill the memory "
        "do; if you trust them, unpack them first or say --unpack-ratio 0"
    )


def _gzip(packed: Any) -> Iterator[bytes]:
    with xopen(packed, "rb", threads=0, format="gz") as file:
        while piece := file.read1(BUFFER):  # type: ignore[attr-defined]
            yield piece


def _streams(packed: Any, new: Callable[[], Any]) -> Iterator[bytes]:
    """Unpack streams that stand one behind another.

    Not with the readers of the standard library or of xopen: where a later stream of bzip2 or xz is
    damaged in its first block, they end there without an error.
    """
    data = packed.read(BUFFER)
    while data:
        unpacker = new()
        while not unpacker.eof:
            if unpacker.needs_input and not data:
                data = packed.read(BUFFER)
                if not data:
                    raise EOFError
            piece, data = unpacker.decompress(data, BUFFER), b""
            if piece:
                yield piece
        data = unpacker.unused_data.lstrip(b"\0")  # xz fills up with zeros
        while not data and (more := packed.read(BUFFER)):
            data = more.lstrip(b"\0")


def _zstd() -> ZstdDecompressor:
    # Also what `zstd --long` wrote.
    widest = DecompressionParameter.window_log_max
    return ZstdDecompressor(options={widest: widest.bounds()[1]})


DECOMPRESSORS: dict[str, Callable[[], Any]] = {
    "bz2": bz2.BZ2Decompressor, "xz": lzma.LZMADecompressor, "zst": _zstd,
}  # fmt: skip


def split_compression(path: str | Path) -> tuple[str, str]:
    """Divide a name into that of the unpacked file, in small letters, and the compression.

    Examples
    --------
    >>> split_compression("Genes.fa.zst"), split_compression("x.bgz"), split_compression("a.fa")
    (('genes.fa', 'zst'), ('x', 'gz'), ('a.fa', ''))
    """
    name = str(path).lower()
    for key, compression in COMPRESSIONS.items():
        for suffix in compression.suffixes:
            if name.endswith(suffix):
                return name.removesuffix(suffix), key
    return name, ""

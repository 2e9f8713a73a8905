"""Opening a text of any origin: plain or compressed, a file or standard input, line by line."""

from __future__ import annotations

import bz2
import io
import lzma
import os
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from backports.zstd import DecompressionParameter, ZstdDecompressor
from xopen import xopen

from biogan.core.errors import FastaError


class Compression(NamedTuple):
    """A way in which text is compressed.

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
# First bytes that no sequence file has, and what to do.
FOREIGN_BYTES = {
    b"\xff\xfe": "UTF-16 text; convert it first: iconv -f UTF-16 -t UTF-8",
    b"\xfe\xff": "UTF-16 text; convert it first: iconv -f UTF-16 -t UTF-8",
    b"PK\x03\x04": "a zip archive; unpack it first: unzip",
    b"%PDF": "a PDF document; a sequence file is needed",
}
BOM = "\ufeff"
_BUFFER = 1 << 20


class Source:
    r"""The lines of a text file, counted, with every fault of the file told by line.

    Line ends may be ``\n``, ``\r\n`` or ``\r``; lines come with ``\n``. Bytes that are no UTF-8
    come as lone surrogates (:func:`legible` turns them into Latin-1). gzip, bzip2, xz and
    Zstandard are known by their first bytes; several streams in one file (bgzip) are joined.

    Parameters
    ----------
    path : str or Path
        File name, ``-`` for standard input. It is opened when the first line is asked for.
    notes : list of str, optional
        Receives what is odd about the file and was dealt with, one sentence each.
    data : bytes, optional
        A part of the file that was read and unpacked before; the file is not opened then.
    number : int
        Lines before that part.

    Attributes
    ----------
    number : int
        Number of the line read last, from 1.

    Raises
    ------
    FastaError
        While reading: a file that cannot be opened, UTF-16, data packed in a way that biogan does
        not read, NUL bytes, compressed data that ends early, is damaged or is followed by other
        bytes.
    """

    def __init__(
        self,
        path: str | Path,
        notes: list[str] | None = None,
        data: bytes | None = None,
        number: int = 0,
    ) -> None:
        self.path = str(path)
        self.number, self._data = number, data
        self.notes = [] if notes is None else notes
        self._file: Any = None
        self._size = 0
        self._reading = self._read()
        self._lines: Iterator[str] = self._reading

    def error(self, message: str, line: int | None) -> FastaError:
        """Return an error about this file."""
        return FastaError(message, self.path, line)

    def progress(self) -> tuple[int, int | None]:
        """Return how many bytes of the file were read, and how many it has (None: not known)."""
        if self._file is None or self.path == "-":
            return 0, None
        return self._size if self._file.closed else self._file.tell(), self._size

    @contextmanager
    def binary(self) -> Iterator[Any]:
        """Open the file and unpack it; standard input stays open. Faults of the file are told."""
        with self._explained(), ExitStack() as stack:
            if self._data is not None:
                yield io.BytesIO(self._data)
                return
            binary: Any
            if self.path == "-":
                if sys.stdin is None or sys.stdin.closed:
                    raise self.error("is closed; name a file, or pipe one in", None)
                binary = sys.stdin.buffer
                if not hasattr(binary, "peek"):
                    binary = io.BufferedReader(binary)
                    stack.callback(binary.detach)
            else:
                binary = self._file = stack.enter_context(open(self.path, "rb", _BUFFER))
                self._size = os.fstat(binary.fileno()).st_size
            head = binary.peek(8)[:8]
            named = split_compression(self.path)[1]
            found = next((k for k, c in COMPRESSIONS.items() if head.startswith(c.magic)), "")
            if found:
                what = COMPRESSIONS[found].name
                if named != found and self.path != "-":
                    suffix = COMPRESSIONS[found].suffixes[0]
                    self.notes.append(f"{what} data under a name without {suffix}: unpacked")
                pieces = _gzip(binary) if found == "gz" else _streams(binary, DECOMPRESSORS[found])
                binary = io.BufferedReader(_Unpacked(pieces, what, self), _BUFFER)
            elif named and head:
                what = COMPRESSIONS[named].name
                self.notes.append(f"plain text under a name of {what} data: read as it is")
            for magic, what in FOREIGN_BYTES.items():
                if head.startswith(magic):
                    raise self.error(f"this looks like {what}", 1)
            yield binary

    def _read(self) -> Generator[str, None, None]:
        with self.binary() as binary, ExitStack() as stack:
            text = io.TextIOWrapper(binary, "utf-8", "surrogateescape")
            stack.callback(text.detach)
            for line in text:
                self.number += 1
                if "\0" in line:
                    raise self.error(
                        "NUL bytes: a binary file, or UTF-16 text (iconv -f UTF-16 -t UTF-8)",
                        self.number,
                    )
                if self.number == 1 and line[0] == BOM:
                    self.notes.append("UTF-8 byte-order mark: skipped")
                    line = line[1:]
                    if not line:
                        continue
                yield line

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            where = self.number + 1 if self.number else None
            raise self.error(f"cannot be read: {error.strerror or error}", where) from error

    def __iter__(self) -> Iterator[str]:
        return self._lines

    def close(self) -> None:
        """Close the file."""
        self._reading.close()

    def push_back(self, line: str) -> None:
        """Give a line back, to be read again."""
        self._lines = chain([line], self._lines)

    def readline(self) -> str:
        """Return the next line, ``""`` at the end."""
        return next(self._lines, "")

    def read(self, size: int = 0) -> str:
        """Return ``""``: how Biopython's parsers ask whether this is text."""
        return ""


class _Unpacked(io.RawIOBase):
    """Pieces of unpacked data as a file, with the faults of the packed data told by line."""

    def __init__(self, pieces: Iterator[bytes], what: str, source: Source) -> None:
        self._pieces, self._what, self._source = pieces, what, source
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
        line = self._source.number + 1
        try:
            return next(self._pieces, b"")
        except EOFError as error:
            raise self._source.error(
                f"the {self._what} data ends early, or a few other bytes stand behind its end; "
                "fetch it again",
                line,
            ) from error
        except Exception as error:  # every library has a kind of error of its own
            if isinstance(error, OSError) and error.errno:
                raise
            raise self._source.error(
                f"damaged {self._what} data, or other bytes behind its end ({error}); fetch it "
                "again",
                line,
            ) from error


def _gzip(packed: Any) -> Iterator[bytes]:
    with xopen(packed, "rb", threads=0, format="gz") as file:
        while piece := file.read1(_BUFFER):  # type: ignore[attr-defined]
            yield piece


def _streams(packed: Any, new: Callable[[], Any]) -> Iterator[bytes]:
    """Unpack streams that stand one behind another.

    Not with the readers of the standard library or of xopen: where a later stream of bzip2 or xz is
    damaged in its first block, they end there without an error.
    """
    data = packed.read(_BUFFER)
    while data:
        unpacker = new()
        while not unpacker.eof:
            if unpacker.needs_input and not data:
                data = packed.read(_BUFFER)
                if not data:
                    raise EOFError
            piece, data = unpacker.decompress(data, _BUFFER), b""
            if piece:
                yield piece
        data = unpacker.unused_data.lstrip(b"\0")  # xz fills up with zeros
        while not data and (more := packed.read(_BUFFER)):
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


def legible(line: str, what: str, notes: list[str]) -> str:
    """Return a line as it is, or read as Latin-1 if its bytes are no UTF-8, with a note."""
    if line.isascii() or not any("\udc80" <= c <= "\udcff" for c in line):
        return line
    note = f"{what} is no UTF-8: read as Latin-1"
    if note not in notes:
        notes.append(note)
    return line.encode("utf-8", "surrogateescape").decode("latin-1")

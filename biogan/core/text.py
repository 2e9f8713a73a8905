"""Opening a text of any origin: plain, gzip or bgzip, a file or standard input, line by line."""

from __future__ import annotations

import gzip
import io
import os
import sys
import zlib
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

from biogan.core.errors import FastaError

GZIP = b"\x1f\x8b"
GZIP_NAMES = (".gz", ".bgz", ".bgzf")
# First bytes that no sequence file has, and what to do.
FOREIGN_BYTES = {
    b"\xff\xfe": "UTF-16 text; convert it first: iconv -f UTF-16 -t UTF-8",
    b"\xfe\xff": "UTF-16 text; convert it first: iconv -f UTF-16 -t UTF-8",
    b"BZh": "bzip2 data; unpack it first: bunzip2",
    b"\xfd7zXZ": "xz data; unpack it first: unxz",
    b"\x28\xb5\x2f\xfd": "Zstandard data; unpack it first: unzstd",
    b"PK\x03\x04": "a zip archive; unpack it first: unzip",
    b"%PDF": "a PDF document; a sequence file is needed",
}
BOM = "\ufeff"
_BUFFER = 1 << 20


class Source:
    r"""The lines of a text file, counted, with every fault of the file told by line.

    Line ends may be ``\n``, ``\r\n`` or ``\r``; lines come with ``\n``. Bytes that are no UTF-8
    come as lone surrogates (:func:`legible` turns them into Latin-1). gzip is known by its first
    bytes, several members (bgzip) are read one behind another.

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
        not read, NUL bytes, gzip data that ends early, is damaged or is followed by other bytes.
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
            named_gzip = self.path.lower().endswith(GZIP_NAMES)
            if head.startswith(GZIP):
                if not named_gzip and self.path != "-":
                    self.notes.append("gzip data under a name without .gz: unpacked")
                unpacked: Any = gzip.GzipFile(fileobj=binary)
                binary = io.BufferedReader(unpacked, _BUFFER)
            elif named_gzip and head:
                self.notes.append("plain text under a name of gzip data: read as it is")
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
        except EOFError as error:
            raise self.error(
                "the gzip data ends early, the file is not whole; fetch it again", self.number + 1
            ) from error
        except (gzip.BadGzipFile, zlib.error) as error:
            raise self.error(
                f"damaged gzip data, or other bytes behind its end ({error}); fetch it again",
                self.number + 1,
            ) from error
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


def legible(line: str, what: str, notes: list[str]) -> str:
    """Return a line as it is, or read as Latin-1 if its bytes are no UTF-8, with a note."""
    if line.isascii() or not any("\udc80" <= c <= "\udcff" for c in line):
        return line
    note = f"{what} is no UTF-8: read as Latin-1"
    if note not in notes:
        notes.append(note)
    return line.encode("utf-8", "surrogateescape").decode("latin-1")

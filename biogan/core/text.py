"""Opening a text of any origin: plain or compressed, a file or standard input, line by line."""

from __future__ import annotations

import io
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from itertools import chain
from typing import Any

from biogan.core.errors import FastaError
from biogan.core.inputs import RATIO, Packed, Readable, name_of, unpacked, unreadable

# First bytes that no sequence file has, and what to do.
FOREIGN_BYTES = {
    b"\xff\xfe": "UTF-16 text; convert it first: iconv -f UTF-16 -t UTF-8",
    b"\xfe\xff": "UTF-16 text; convert it first: iconv -f UTF-16 -t UTF-8",
    b"PK\x03\x04": "a zip archive; unpack it first: unzip",
    b"%PDF": "a PDF document; a sequence file is needed",
}
BOM = "\ufeff"


class Source:
    r"""The lines of a text file, counted, with every fault of the file told by line.

    Line ends may be ``\n``, ``\r\n`` or ``\r``; lines come with ``\n``. Bytes that are no UTF-8
    come as lone surrogates (:func:`legible` turns them into Latin-1). gzip, bzip2, xz and
    Zstandard are known by their first bytes; several streams in one file (bgzip) are joined.

    Parameters
    ----------
    path : str, Path or open file
        File name, ``-`` for standard input, or a file that is open for bytes or text. A name is
        opened when the first line is asked for, once.
    notes : list of str, optional
        Receives what is odd about the file and was dealt with, one sentence each.
    data : bytes, optional
        A part of the file that was read and unpacked before; the file is not opened then.
    number : int
        Lines before that part.
    ratio : float
        How many times their size compressed data may unpack to, see
        :func:`biogan.core.inputs.unpacked`.

    Attributes
    ----------
    path : str
        The name of the file.
    number : int
        Number of the line read last, from 1.

    Raises
    ------
    FastaError
        While reading: a file that cannot be opened, UTF-16, data packed in a way that biogan does
        not read, NUL bytes, compressed data that ends early, is damaged, is followed by other
        bytes or is far larger than it was packed.
    """

    def __init__(
        self,
        path: Readable,
        notes: list[str] | None = None,
        data: bytes | None = None,
        number: int = 0,
        ratio: float = RATIO,
    ) -> None:
        self.path, self._input, self._ratio = name_of(path), path, ratio
        self.number, self._data = number, data
        self.notes = [] if notes is None else notes
        self._packed: Packed | None = None
        self._binary: Any = None
        self._reading = self._read()
        self._lines: Iterator[str] = self._reading

    def error(self, message: str, line: int | None) -> FastaError:
        """Return an error about this file."""
        return FastaError(message, self.path, line)

    def progress(self) -> tuple[int, int | None]:
        """Return how many bytes of the file were read, and how many it has (None: not known)."""
        if self._packed is None or self._packed.size is None:
            return 0, None
        return self._packed.done, self._packed.size

    @contextmanager
    def binary(self) -> Iterator[Any]:
        """Open the file and unpack it, or go on in it where it is open. Faults of it are told."""
        if self._binary is not None:
            yield self._binary
            return
        try:
            with ExitStack() as stack:
                if self._data is not None:
                    self._binary = io.BytesIO(self._data)
                else:
                    self._packed = Packed(self._input)
                    self._binary = stack.enter_context(
                        unpacked(self._packed, self.notes, self._ratio, lambda: self.number + 1)
                    )
                    head = self._packed.start(4)
                    for magic, what in FOREIGN_BYTES.items():
                        if head.startswith(magic):
                            raise self.error(f"this looks like {what}", 1)
                yield self._binary
        except OSError as error:
            where = self.number + 1 if self.number else None
            raise unreadable(error, self.path, where) from error
        finally:
            self._binary = None

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

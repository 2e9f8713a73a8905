"""Opening a text of any origin: plain or compressed, a file or standard input, line by line."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import chain
from typing import Any

from biogan.core.errors import FastaError
from biogan.core.inputs import (
    RATIO,
    RECORD,
    Packed,
    Readable,
    excessive,
    name_of,
    too_large,
    unpacked,
    unreadable,
)

_PICTURE = "a picture, not text"
_UNPACK = "unpack it first"
_TO_TEXT = "save it as plain text"
# First bytes that no text has, and what to do. The first that matches counts.
FOREIGN_BYTES = {
    b"\xff\xfe\0\0": "UTF-32 text; convert it first: iconv -f UTF-32 -t UTF-8",
    b"\xff\xfe": "UTF-16 text; convert it first: iconv -f UTF-16 -t UTF-8",
    b"\xfe\xff": "UTF-16 text; convert it first: iconv -f UTF-16 -t UTF-8",
    b"{\\rtf": f"RTF, as word processors write; {_TO_TEXT}",
    b"%PDF": "a PDF document; a file of plain text is needed",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": f"a document of Word or Excel; {_TO_TEXT}",
    b"PK\x03\x04": f"a zip archive; {_UNPACK}: unzip",
    b"PK\x05\x06": "an empty zip archive",
    b"7z\xbc\xaf": f"a 7z archive; {_UNPACK}",
    b"Rar!\x1a": f"a RAR archive; {_UNPACK}",
    b"\x1f\x8b": "gzip data, packed twice; unpack it once first: gunzip",
    b"\x1f\x9d": f"data of compress (.Z); {_UNPACK}: gunzip",
    b"BZh": "bzip2 data, packed twice; unpack it once first: bunzip2",
    b"\xfd7zXZ\0": "xz data, packed twice; unpack it once first: unxz",
    b"\x28\xb5\x2f\xfd": "Zstandard data, packed twice; unpack it once first: unzstd",
    b"\x04\x22\x4d\x18": f"LZ4 data; {_UNPACK}: lz4 -d",
    b"LZIP\x01": f"lzip data; {_UNPACK}: lzip -d",
    b"\x5d\0\0": f"LZMA data; {_UNPACK}: xz --format=lzma -d",
    b"BAM\x01": "BAM; convert it first: samtools fasta",
    b"CRAM\x02": "CRAM; convert it first: samtools fasta",
    b"CRAM\x03": "CRAM; convert it first: samtools fasta",
    b"BCF\x02": "BCF: variants; bcftools consensus makes sequences of it",
    b"ABIF": "a trace of a sequencer (.ab1); convert it to FASTQ or FASTA first",
    b".scf": "a trace of a sequencer (.scf); convert it to FASTQ or FASTA first",
    b".sff": "reads of a sequencer (.sff); convert them to FASTQ or FASTA first",
    b"\x43\x27\x41\x1a": "2bit; convert it first: twoBitToFa",
    b"\x1a\x41\x27\x43": "2bit; convert it first: twoBitToFa",
    b"\t\0\0\0\x0eSnapGene": "a file of SnapGene; export it as FASTA",
    b"L\0\0\0\x01\x14\x02\0": "a Windows shortcut; name the file that it points to",
    b"\0\x05\x16\x07": "what macOS keeps beside a file (._NAME); name the file itself",
    b"version https://git-lfs": "a pointer of Git LFS; fetch the file itself: git lfs pull",
    b"\x89PNG": _PICTURE,
    b"\xff\xd8\xff": _PICTURE,
    b"GIF8": _PICTURE,
    b"II*\0": _PICTURE,
    b"MM\0*": _PICTURE,
    b"\x89HDF": "HDF5 (as .h5, .fast5), not text",
    b"\x93NUMPY": "an array of NumPy, not text",
    b"SQLite format 3\0": "a database of SQLite, not text",
    b"PAR1\x15": "a Parquet table; save it as text",
    b"\x80\x03": "a pickle of Python, not text",
    b"\x80\x04": "a pickle of Python, not text",
    b"\x80\x05": "a pickle of Python, not text",
    b"\x7fELF": "a program, not text",
}
# Where the first member of a zip archive has such a name, it is a document.
_DOCUMENTS = {
    b"[Content_Types].xml": "a document of Word, Excel or PowerPoint",
    b"_rels/": "a document of Word, Excel or PowerPoint",
    b"mimetype": "a document of LibreOffice",
}
#: Bytes by which :func:`foreign` knows a file.
HEAD = 512


def foreign(head: bytes) -> str:
    r"""Say what a file is that begins with bytes which no text has, and what to do; else ``""``.

    Parameters
    ----------
    head : bytes
        The first 512 bytes, unpacked, or all where there are fewer.

    Examples
    --------
    >>> foreign(b"%PDF-1.7"), foreign(b">s1\nACGT\n")
    ('a PDF document; a file of plain text is needed', '')
    >>> foreign(">s1".encode("utf-16-le"))
    'UTF-16 text without a mark; convert it first: iconv -f UTF-16LE -t UTF-8'
    """
    for magic, what in FOREIGN_BYTES.items():
        if head.startswith(magic):
            if magic == b"PK\x03\x04":
                name = head[30 : 30 + int.from_bytes(head[26:28], "little")]
                for start, document in _DOCUMENTS.items():
                    if name.startswith(start):
                        return f"{document}; {_TO_TEXT}"
            return what
    if head[257:262] == b"ustar":
        return f"a tar archive; {_UNPACK}: tar -xf"
    # Letters of ASCII in two bytes each.
    for first, order in ((1, "LE"), (0, "BE")):
        zeros, letters = head[first:64:2], head[1 - first : 64 : 2]
        if len(letters) > 1 and not any(zeros) and all(letters) and len(zeros) >= len(letters) - 1:
            return f"UTF-16 text without a mark; convert it first: iconv -f UTF-16{order} -t UTF-8"
    return ""


#: The mark of the end of a text in CP/M and DOS, which old programs still write.
END_MARK = "\x1a"
BOM = "\ufeff"


class Skipped:
    """What was passed over in a text, counted, with the line where each was first.

    Examples
    --------
    >>> skipped = Skipped()
    >>> skipped.add("a comment line", 4)
    >>> skipped.add("a comment line", 9)
    >>> skipped.notes()
    ['a comment line: skipped, 2 times, first on line 4']
    """

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.first: dict[str, int] = {}

    def add(self, what: str, line: int, count: int = 1) -> None:
        """Count something."""
        self.counts[what] += count
        self.first.setdefault(what, line)

    def notes(self) -> list[str]:
        """Return a sentence for each."""
        return [
            f"{what}: skipped"
            + f", {n:,} times, first" * (n > 1)
            + f" on line {self.first[what]:,}"
            for what, n in self.counts.items()
        ]


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
    skipped : Skipped, optional
        Where a part counts what it passes over; a whole file says it in a note at its end.

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
        skipped: Skipped | None = None,
    ) -> None:
        self.skipped = Skipped() if skipped is None else skipped
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

    def check_records(self, records: int) -> None:
        """Refuse compressed data that hold very many records without content.

        A record counts as many bytes as it takes in memory beside its text.

        Raises
        ------
        FastaError
            If so many records and the bytes unpacked exceed the limit of the ratio.
        """
        packed = self._packed
        if packed is None or not packed.unpacked:
            return
        if excessive(packed.unpacked + RECORD * records, packed.done, self._ratio):
            raise self.error(f"{records:,} records and more: {too_large(self._ratio)}", self.number)

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
                    if what := foreign(self._binary.peek(HEAD)[:HEAD]):
                        raise self.error(f"this looks like {what}", 1)
                yield self._binary
                if self._packed is not None and self._packed.has_changed():
                    raise self.error(
                        "the file has another size than when it was opened: somebody writes it; "
                        "wait until it is whole",
                        None,
                    )
                if self._data is None:
                    self.notes += self.skipped.notes()
        except OSError as error:
            where = self.number + 1 if self.number else None
            raise unreadable(error, self.path, where) from error
        finally:
            self._binary = None

    def _read(self) -> Generator[str, None, None]:
        with self.binary() as binary, ExitStack() as stack:
            text = io.TextIOWrapper(binary, "utf-8", "surrogateescape")
            stack.callback(_detach, text)
            for line in text:
                self.number += 1
                if "\0" in line:
                    raise self.error(
                        "NUL bytes: a binary file, or UTF-16 text (iconv -f UTF-16 -t UTF-8)",
                        self.number,
                    )
                if line[0] == BOM or END_MARK in line:
                    line = self._without_marks(line)
                    if not line:
                        continue
                yield line

    def _without_marks(self, line: str) -> str:
        """Take out the marks of a beginning and an end, which joined files have inside, too."""
        if line[0] == BOM:
            self.skipped.add("a UTF-8 byte-order mark", self.number)
            line = line.lstrip(BOM)
        if END_MARK in line:
            self.skipped.add("^Z (U+001A), the end mark of DOS", self.number, line.count(END_MARK))
            line = line.replace(END_MARK, "")
            if line in ("", "\n"):
                return ""
        return line

    def __iter__(self) -> Source:
        return self

    def __next__(self) -> str:
        return next(self._lines)

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


def _detach(text: io.TextIOWrapper) -> None:
    """Let go of the file below; it may be closed where a source is given up and collected."""
    with suppress(ValueError):
        text.detach()


def legible(line: str, what: str, notes: list[str]) -> str:
    """Return a line as it is, or read as Latin-1 if its bytes are no UTF-8, with a note."""
    if line.isascii() or not any("\udc80" <= c <= "\udcff" for c in line):
        return line
    note = f"{what} is no UTF-8: read as Latin-1"
    if note not in notes:
        notes.append(note)
    return line.encode("utf-8", "surrogateescape").decode("latin-1")

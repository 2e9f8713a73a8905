"""Raw records in chunks of a few million letters, found in plain FASTA without a loop over lines.

A block of plain FASTA (ASCII, no NUL) is taken apart by the positions of its line ends. Whatever is
not as plain goes line by line through :mod:`biogan.sequences.io.records`, which knows every oddity
and gives the same records.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from typing import Any, NamedTuple

import numpy as np

from biogan.core.errors import FastaError
from biogan.core.inputs import RATIO, RECORD, Readable
from biogan.core.text import Source
from biogan.sequences.io.records import (
    Letters,
    Record,
    find_format,
    records_of,
    refuse_pir,
    split_header,
)

#: Bytes of a block; a longer record makes its block longer.
BLOCK = 1 << 23
_PIECE = 1 << 20
#: With more records without letters than this, and nearly no others, a file is refused.
MOST_EMPTY, MOSTLY = 1_000_000, 0.9
# Records of a block that are found at once.
MANY = 100_000
# White space of ASCII without the line ends, which is what divides a header.
_BLANKS = [bytes([c]) for c in b" \t\v\f\x1c\x1d\x1e\x1f"]
# What the reader of lines knows how to deal with.
_ODD = b"\0", b"\r", b"\x1a", b"\n;", b"\n#"
Watch = Callable[[int, int | None], None]


class Raw(NamedTuple):
    """Some records as a file has them.

    Attributes
    ----------
    ids, descriptions : list of str
        First word of each header, and the rest of it.
    letters : Letters
        The letters with the line ends taken out.
    lines : sequence of int
        Line of each header, from 1.
    """

    ids: list[str]
    descriptions: list[str]
    letters: Letters
    lines: Sequence[int] | np.ndarray

    @classmethod
    def of(cls, records: Iterable[Record]) -> Raw:
        """Join records."""
        rows = list(records)
        return cls(
            [row.id for row in rows],
            [row.description for row in rows],
            Letters.from_texts([row.text for row in rows]),
            [row.line for row in rows],
        )

    @classmethod
    def join(cls, parts: Sequence[Raw]) -> Raw:
        """Put parts one behind another."""
        return cls(
            [name for part in parts for name in part.ids],
            [text for part in parts for text in part.descriptions],
            Letters.join([part.letters for part in parts]),
            np.concatenate([np.zeros(0, np.int64), *(part.lines for part in parts)]),
        )


def iter_chunks(
    path: Readable,
    format: str = "auto",
    notes: list[str] | None = None,
    watch: Watch | None = None,
    size: int = BLOCK,
    ratio: float = RATIO,
) -> Iterator[Raw]:
    """Read raw records, many at a time.

    Parameters
    ----------
    path, format, notes, ratio
        As for :func:`biogan.sequences.io.records.iter_records`.
    watch : callable, optional
        Receives after each chunk how many bytes of the file were read, and how many it has
        (``None`` for a pipe).
    size : int
        Bytes of text in a chunk, about; a record is never divided.

    Yields
    ------
    Raw

    Raises
    ------
    FastaError
        If the file cannot be read whole; it names the line. Also if nearly all of a million records
        and more have no letters.
    """
    source = Source(path, notes, ratio=ratio)
    fasta = (find_format(source.path) if format == "auto" else format) == "fasta"
    found = _Counted(source)
    with source.binary() as binary:
        # Most text begins with a header; whatever does not is left to the reader of lines.
        if fasta and _after_empty_lines(source, binary).startswith(b">"):
            chunks = _from_blocks(source, binary, size, found)
        else:
            chunks = _from_records(records_of(source, format), size, found)
        with closing(chunks):  # before what it reads is
            for chunk in chunks:
                if watch:
                    watch(*source.progress())
                yield chunk


class _Counted:
    """Counts records as they are found, and refuses what only fills the memory."""

    def __init__(self, source: Source) -> None:
        self._source, self._records, self._empty = source, 0, 0

    def add(self, raw: Raw) -> Raw:
        """Count some records, and return them."""
        self._records += len(raw.ids)
        self._empty += int((raw.letters.lengths == 0).sum())
        self._source.check_records(self._records)
        if self._empty > MOST_EMPTY and self._empty > MOSTLY * self._records:
            raise self._source.error(
                f"{self._empty:,} of the first {self._records:,} records have no letters; is this "
                "a list of names?",
                int(raw.lines[-1]),
            )
        return raw


def _after_empty_lines(source: Source, binary: Any) -> bytes:
    """Pass over line ends, counting them; return what begins the text then."""
    start: bytes = binary.peek(1)
    while start and not start.strip(b"\n"):
        source.number += len(binary.read(len(start)))
        start = binary.peek(1)
    lines = len(start) - len(start.lstrip(b"\n"))
    source.number += len(binary.read(lines))
    return start[lines:]


def _from_records(
    records: Generator[Record, None, None], size: int, found: _Counted
) -> Generator[Raw, None, None]:
    rows: list[Record] = []
    weight = 0
    with closing(records):
        for record in records:
            rows.append(record)
            weight += len(record.text) + len(record.id) + len(record.description) + RECORD
            if weight >= size:
                yield found.add(Raw.of(rows))
                rows, weight = [], 0
        if rows:
            yield found.add(Raw.of(rows))


def _from_blocks(
    source: Source, binary: Any, size: int, found: _Counted
) -> Generator[Raw, None, None]:
    for block in _blocks(source, binary, size):
        unix = block.replace(b"\r\n", b"\n") if b"\r" in block else block
        if unix[:1] != b">":  # a block holds whole records
            raise source.error(f"a record begins with '>', found {unix[:20]!r}", source.number + 1)
        if unix.isascii() and not any(odd in unix for odd in _ODD):
            refuse_pir(unix[1:10].decode(), source, source.number + 1)
            parts = []
            for piece in _divided(unix):
                part, lines = _plain(piece, source.number)
                source.number += lines
                parts.append(found.add(part))
            yield parts[0] if len(parts) == 1 else Raw.join(parts)
        else:
            rest = Source(source.path, source.notes, block, source.number, skipped=source.skipped)
            chunks = list(_from_records(records_of(rest, "fasta"), size, found))
            source.number = rest.number
            yield chunks[0] if len(chunks) == 1 else Raw.join(chunks)


def _blocks(source: Source, binary: Any, size: int) -> Iterator[bytes]:
    """Yield the text in whole records, each block at least ``size`` bytes but for the last."""
    parts: list[bytes] = []
    have, last = 0, b"\n"
    try:
        while piece := binary.read(_PIECE):
            cut = -1
            if have + len(piece) >= size:
                cut = max(piece.rfind(b"\n>"), piece.rfind(b"\r>")) + 1
                if cut == 0 and (not parts or piece[:1] != b">" or last not in b"\r\n"):
                    cut = -1
            if cut >= 0:
                yield b"".join([*parts, piece[:cut]])
                parts, have, piece = [], 0, piece[cut:]
            parts.append(piece)
            have += len(piece)
            last = piece[-1:]
    except FastaError as error:
        # Told with the line behind the last good one, as a reader of lines does.
        seen = b"".join(parts).replace(b"\r\n", b"\n").replace(b"\r", b"\n").count(b"\n")
        raise source.error(error.message, source.number + seen + 1) from error.__cause__
    if parts:
        yield b"".join(parts)


def _divided(block: bytes) -> Iterator[bytes]:
    """Divide a block of very many records: to find them takes far more memory than the text."""
    if block.count(b"\n>") <= MANY:
        yield block
        return
    start = 0
    while start < len(block):
        stop = block.rfind(b"\n>", start, start + _PIECE) + 1 or block.find(b"\n>", start) + 1
        stop = stop or len(block)
        yield block[start:stop]
        start = stop


def _plain(block: bytes, before: int) -> tuple[Raw, int]:
    """Take a block apart that begins with a header; return its records and number of lines."""
    text = np.frombuffer(block, np.uint8)
    ends = text == ord("\n")
    heads = text == ord(">")
    heads[1:] &= ends[:-1]
    starts = np.flatnonzero(heads)
    following = np.append(starts[1:], len(block))
    stops, lines = _line_ends(block, ends, starts, following)
    whole = block.endswith(b"\n")
    lines[-1] += not whole
    lengths = following - stops - lines
    lengths[-1] += not whole
    offsets = np.zeros(len(starts) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    # Slices cost less than a mask of all bytes, which takes several passes.
    letters = _slices(block, stops, following, b"").translate(None, b"\n")
    names, descriptions = _headers(_slices(block, starts + 1, stops, b"\n"))
    first = np.cumsum(lines) - lines + (before + 1)
    return Raw(names, descriptions, Letters(letters, offsets), first), int(lines.sum())


def _line_ends(
    block: bytes, ends: np.ndarray, starts: np.ndarray, following: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return where the header of each record ends, and how many line ends the record has."""
    total = np.count_nonzero(ends)
    if total * 8 <= len(block):
        places = np.append(np.flatnonzero(ends), len(block))
        first = np.searchsorted(places, starts)
        return places[first], np.diff(np.append(first, total))
    # Of lines as short as these the places would take more memory than the text.
    bounds = list(zip(starts.tolist(), following.tolist(), strict=True))
    stops = [block.find(b"\n", start, stop) for start, stop in bounds]
    counts = [block.count(b"\n", start, stop) for start, stop in bounds]
    return np.where(np.array(stops) < 0, len(block), stops), np.array(counts)


def _slices(block: bytes, starts: np.ndarray, stops: np.ndarray, between: bytes) -> bytes:
    bounds = zip(starts.tolist(), stops.tolist(), strict=True)
    return between.join([block[start:stop] for start, stop in bounds])


def _headers(text: bytes) -> tuple[list[str], list[str]]:
    headers = text.decode("ascii").split("\n")
    if not any(blank in text for blank in _BLANKS):
        return headers, [""] * len(headers)
    pairs = [split_header(header) for header in headers]
    return [name for name, _ in pairs], [description for _, description in pairs]

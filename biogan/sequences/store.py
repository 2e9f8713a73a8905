"""A set of sequences on disk that is larger than the memory: a folder of memory-mapped files.

:class:`SequenceStore` reads the folder; other functions here write it from a sequence file. The
hash of a sequence is the same for equal sequences and for the two strands of one.

========================= =====================================================================
``codes.u8``              all sequences one after another, one byte a letter
``offsets.i64``           n + 1 numbers: where each sequence begins
``keys.u32``              a hash of each sequence, the same for equal ones and for the other strand
``sources.u64``           the longer sequence that each is a part of, 0 where it is not known
``starts.i64``            where each begins there
``store.json``            alphabet, counts, digest, reading report: written last
========================= =====================================================================
"""

from __future__ import annotations

import hashlib
import mmap
import os
import re
import shutil
import weakref
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cache
from glob import escape
from pathlib import Path
from typing import IO, Any

import numpy as np

from biogan.core.errors import ConfigError, DataError, FastaError, OutputError
from biogan.core.files import (
    claim_folder,
    json_bytes,
    read_json,
    remove_folder,
    temporary_path,
    write_json,
    writing,
)
from biogan.core.inputs import is_pipe, split_compression
from biogan.core.rng import mixed
from biogan.sequences.alphabet import Alphabet
from biogan.sequences.config import ReadingConfig
from biogan.sequences.dataset import SequenceSet
from biogan.sequences.io.chunks import Raw, Watch, iter_chunks
from biogan.sequences.io.detect import Whole
from biogan.sequences.io.fasta import Clean, Counts, WindowCounts, clean, summary, windows_of
from biogan.sequences.io.input_report import Finding, FindingCount, InputReport, named
from biogan.sequences.regions import RANGE, named_places

_RANGE = re.compile(rf"(?:^|\s){RANGE}=(\S+)")
# Odd, so that it has an inverse modulo 2^64, and of no short period (Steele and Vigna 2021).
_BASE = 0xD1342543DE82EF95
_INVERSE = pow(_BASE, -1, 1 << 64)
_KEY_BLOCK = 1 << 17


def sequence_keys(sequences: SequenceSet) -> np.ndarray:
    """Return a key of each sequence, shape (n,), uint32.

    It is half of a polynomial of the codes modulo 2^64 (Karp and Rabin 1987), mixed, and the
    smaller one of the two strands where there are two. Both are differences of sums over all
    sequences at once, with a few bytes a letter beside them and no loop over records.
    """
    alphabet, bounds = sequences.alphabet, sequences.offsets
    # No code counts 0: a sequence must not have the key of one that goes on.
    table = np.arange(1, 257).astype(np.uint8)
    codes = sequences.codes.tobytes()
    sums = _sums(codes.translate(table.tobytes()), bounds, _BASE)
    keys = _half(np.diff(sums) * _power(_INVERSE, bounds[:-1]))
    if alphabet.complement is not None and not alphabet.has_gap:
        # The other strand runs from the last letter to the first: the powers fall.
        partners = alphabet.encode(alphabet.complement)
        table[: len(partners)] = table[partners]
        sums = _sums(codes.translate(table.tobytes()), bounds, _INVERSE)
        keys = np.minimum(keys, _half(np.diff(sums) * _power(_BASE, bounds[1:] - 1)))
    return keys


def _half(values: np.ndarray) -> np.ndarray:
    """Return 32 bits that depend on all 64."""
    return (mixed(values) >> np.uint64(32)).astype(np.uint32)


def _sums(values: bytes, bounds: np.ndarray, base: int) -> np.ndarray:
    """Return the sum of ``values[i] * base^i`` for i < b, for each bound b."""
    numbers, powers = np.frombuffer(values, np.uint8), _powers(base)
    sums, first = np.empty(len(bounds), np.uint64), 0
    # Of one number each: scalars would warn where arrays wrap around.
    before, scale = np.zeros(1, np.uint64), np.ones(1, np.uint64)
    terms, running = np.empty(_KEY_BLOCK, np.uint64), np.zeros(_KEY_BLOCK + 1, np.uint64)
    for start in range(0, max(len(numbers), 1), _KEY_BLOCK):
        block = numbers[start : start + _KEY_BLOCK]
        size = len(block)
        np.multiply(powers[:size], block, out=terms[:size])
        np.cumsum(terms[:size], out=running[1 : size + 1])
        last = int(np.searchsorted(bounds, start + size, "right"))
        sums[first:last] = before + scale * running[bounds[first:last] - start]
        before, scale, first = before + scale * running[size], scale * powers[size], last
    return sums


def _power(base: int, exponents: np.ndarray) -> np.ndarray:
    """Return ``base`` to exponents of 0 or more, in any order."""
    blocks, rest = np.divmod(exponents, _KEY_BLOCK)
    scales = np.full(int(blocks.max(initial=0)) + 1, _powers(base)[_KEY_BLOCK])
    scales[0] = 1
    return np.cumprod(scales)[blocks] * _powers(base)[rest]


@cache
def _powers(base: int) -> np.ndarray:
    """Return the powers 0 to the size of a block."""
    factors = np.full(_KEY_BLOCK + 1, base, np.uint64)
    factors[0] = 1
    return np.cumprod(factors)


SCHEMA = 3
CODES, OFFSETS, KEYS, META = "codes.u8", "offsets.i64", "keys.u32", "store.json"
SOURCES, STARTS = "sources.u64", "starts.i64"
_FILES = (CODES, OFFSETS, KEYS, SOURCES, STARTS)
_BLOCK = 1 << 22


class Mapped:
    """A flat file as an array whose pages leave the memory of the process again.

    Parameters
    ----------
    path : Path
        The file; it may be empty.
    dtype : type
        Type of its numbers.
    """

    def __init__(self, path: Path, dtype: type) -> None:
        size = path.stat().st_size
        self._map: mmap.mmap | None = None
        self.array: np.ndarray = np.empty(0, dtype)
        if size:
            with open(path, "rb") as file:
                self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            self.array = np.frombuffer(self._map, dtype)

    def __len__(self) -> int:
        return len(self.array)

    def release(self) -> None:
        """Let go of the pages that were read; the system keeps them as long as it has room."""
        if self._map is not None:
            self._map.madvise(mmap.MADV_DONTNEED)

    def blocks(self) -> Iterator[np.ndarray]:
        """Yield the numbers from first to last with constant memory."""
        for start in range(0, len(self.array), _BLOCK):
            yield self.array[start : start + _BLOCK]
            self.release()


class SequenceStore:
    """Sequences of one alphabet in files, of which a few at a time are taken into memory.

    Parameters
    ----------
    path : str or Path
        Folder written by :func:`biogan.store_fasta`.

    Attributes
    ----------
    alphabet : Alphabet
        The letters and their order.
    letters : int
        Number of letters of all sequences.
    longest : int
        Length of the longest sequence.
    is_fixed_length : bool
        Whether all have one length.
    digest : str
        As :attr:`SequenceSet.digest`: the same letters in memory have the same.
    report : InputReport
        What reading the file found and did.
    source : dict
        Which file this was read from, and how.

    Raises
    ------
    DataError
        If the folder is none, or not whole.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        try:
            meta = read_json(self.path / META)
            if meta.pop("seal", None) not in (None, _seal(meta)):
                raise DataError(f"{self.path / META}: damaged or changed; remove the folder")
            if meta["schema"] != SCHEMA:
                raise DataError(f"{self.path}: schema {meta['schema']!r}, {SCHEMA} is read")
            self.alphabet = Alphabet.from_dict(meta["alphabet"])
            self.longest, shortest = int(meta["longest"]), int(meta["shortest"])
            self.digest, self.source = str(meta["digest"]), dict(meta["source"])
            self._sums: dict[str, str] = dict(meta.get("sums", {}))
            self.report = InputReport.from_dict(meta["report"])
            # Read, not mapped: one page fault may map 2 MB, and records are drawn from everywhere.
            self._codes = os.open(self.path / CODES, os.O_RDONLY)
            weakref.finalize(self, os.close, self._codes)
            self.letters = os.fstat(self._codes).st_size
            self._offsets = Mapped(self.path / OFFSETS, np.int64)
            self.keys = Mapped(self.path / KEYS, np.uint32)
            self.sources = Mapped(self.path / SOURCES, np.uint64)
            self.starts = Mapped(self.path / STARTS, np.int64)
        except DataError:
            raise
        except Exception as error:
            raise DataError(f"{self.path}: no whole store of sequences ({error})") from error
        self.is_fixed_length = 0 < shortest == self.longest
        sizes = len(self.keys) + 1, int(meta["letters"])
        regions = {len(self.keys)} == {len(self.sources), len(self.starts)}
        if (
            sizes != (len(self._offsets), self.letters)
            or len(self) != meta["records"]
            or not regions
        ):
            raise DataError(f"{self.path}: a file of the store was cut short; remove the folder")

    def __len__(self) -> int:
        return len(self.keys)

    def check(self) -> None:
        """Read all files through and compare them with their digests; opening looks at sizes only.

        Raises
        ------
        DataError
            If one is not as it was written. Stores of version 0.2 and earlier have no digests.
        """
        for name, wanted in self._sums.items():
            if _file_digest(self.path / name) != wanted:
                raise DataError(f"{self.path / name}: damaged or changed; remove the folder")

    def __repr__(self) -> str:
        return f"SequenceStore({len(self):,} {self.alphabet.name} sequences in {self.path})"

    def lengths(self) -> Iterator[np.ndarray]:
        """Yield the lengths of all records from first to last, some at a time."""
        before = np.empty(0, np.int64)
        for block in self._offsets.blocks():
            ends = np.concatenate([before, block])
            before = ends[-1:]
            yield np.diff(ends)

    def take(self, index: np.ndarray) -> SequenceSet:
        """Return the records at ``index`` (integers, repeats allowed), in that order.

        Parameters
        ----------
        index : numpy.ndarray, shape (k,), integer
            Records, counted from 0.

        Returns
        -------
        SequenceSet
            In memory; ids and labels are not stored.

        Raises
        ------
        IndexError
            If there is no such record.
        """
        index = np.asarray(index, np.int64)
        if index.min(initial=0) < 0 or index.max(initial=-1) >= len(self):
            raise IndexError(f"{self.path}: records 0 to {len(self) - 1:,} are stored")
        starts = self._offsets.array[index]
        lengths = self._offsets.array[index + 1] - starts
        offsets = np.zeros(len(index) + 1, np.int64)
        np.cumsum(lengths, out=offsets[1:])
        self._offsets.release()
        codes = np.empty(offsets[-1], np.uint8)
        view, bounds = codes.data, offsets.tolist()
        for place, start, stop in zip(starts.tolist(), bounds[:-1], bounds[1:], strict=True):
            if os.preadv(self._codes, [view[start:stop]], place) != stop - start:
                raise DataError(f"{self.path / CODES}: was cut short; remove the folder")
        return SequenceSet(self.alphabet, codes, offsets, report=self.report)


#: Files from this size on are stored; held in memory they would need several times as much.
LARGE = 256 << 20
# Compressed data are about this much smaller than their letters.
_PACKED = 4
_SAMPLES, _SAMPLE = 64, 1 << 16


def is_large(path: str | Path) -> bool:
    """Tell whether a file is better stored than held in memory (never a pipe)."""
    if not os.path.isfile(path):
        return False
    packed = _PACKED if split_compression(path)[1] else 1
    return os.path.getsize(path) * packed >= LARGE


def store_fasta(
    path: str | Path,
    folder: str | Path,
    config: ReadingConfig | None = None,
    *,
    watch: Watch | None = None,
    digest: str | None = None,
    **options: object,
) -> SequenceStore:
    """Read a file as :func:`biogan.read_fasta` does, into a folder and not into memory.

    The memory needed is that of one chunk of 8 MB, or of the longest record. Ids and labels are
    not kept, and ids are not looked through for repeats.

    Parameters
    ----------
    path : str or Path
        File name; standard input and other pipes cannot be stored.
    folder : str or Path
        Where to. A store that was made of this very file with these options is used as it is;
        another one is replaced as soon as the new one is whole.
    config, watch, **options
        As for :func:`biogan.read_fasta`.
    digest : str, optional
        :attr:`SequenceStore.digest` of the only sequences that are wanted.

    Returns
    -------
    SequenceStore

    Raises
    ------
    FastaError, ConfigError
        As for :func:`biogan.read_fasta`; also if the sequences are not those of ``digest``: what is
        in the folder stays.
    OutputError
        If the folder cannot be written, or holds something else.
    """
    config, folder = (config or ReadingConfig()).replace(**options), Path(folder)
    if is_pipe(path):
        raise FastaError("a pipe cannot be stored, as it can be read once only; give a file", path)
    source = fingerprint(path, config)
    note = ""
    try:
        store = SequenceStore(folder)
        if store.source == source:
            store.check()
            return store
    except DataError as error:
        note = f"read again, as what was stored could not be used: {error}" * folder.exists()
        if folder.exists() and not (folder.is_dir() and not os.listdir(folder)):
            # Of a store that was removed in part any file may be missing.
            if not {META, *_FILES}.issuperset(os.listdir(folder)):
                raise OutputError(f"{folder}: holds something that is no store") from None
    answers: dict[str, Any] | None = None
    while True:
        with _replacing(folder) as temporary:
            whole = Whole(answers)
            meta = _pass(path, temporary, config, whole, answers is not None, watch)
            if meta is not None:
                if digest not in (None, meta["digest"]):
                    raise ConfigError(
                        f"{path}: the data are others than those that were read before into "
                        f"{folder}"
                    )
                meta = {"schema": SCHEMA, "source": source, **meta}
                if note:
                    meta["report"]["notes"].append(note)
                write_json({**meta, "seal": _seal(meta)}, temporary / META)
        if meta is not None:
            return SequenceStore(folder)
        answers = whole.answers | whole.final()


def fingerprint(path: str | Path, config: ReadingConfig) -> dict[str, Any]:
    """Tell a file and the way it is read from any other: size, time and 64 samples of the bytes.

    Raises
    ------
    FastaError
        If the file cannot be read.
    """
    try:
        with open(path, "rb") as file:
            status = os.fstat(file.fileno())
            digest = hashlib.sha256()
            for i in range(_SAMPLES):
                file.seek(max(status.st_size - _SAMPLE, 0) * i // (_SAMPLES - 1))
                digest.update(file.read(_SAMPLE))
    except OSError as error:
        raise FastaError(f"cannot be read: {error.strerror or error}", path) from error
    options = config.to_dict()
    del options["unpack_ratio"]  # it does not change what is read
    return {
        "bytes": status.st_size,
        "modified": status.st_mtime_ns,
        "samples": digest.hexdigest(),
        "options": options,
    }


@contextmanager
def _replacing(folder: Path) -> Iterator[Path]:
    """Give a temporary folder that takes the place of ``folder`` if it is whole at the end."""
    folder = folder.resolve()  # a link to a larger disk stays one
    claim_folder(folder.parent)
    with writing(folder):
        for left in folder.parent.glob(f".{escape(folder.name)}.*.tmp"):
            shutil.rmtree(left, ignore_errors=True)  # of a run that was killed
        temporary = temporary_path(folder)
        temporary.mkdir()
    try:
        yield temporary
        if (temporary / META).exists():
            with writing(folder):
                if folder.exists():
                    remove_folder(folder)
                temporary.rename(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _pass(
    path: str | Path,
    folder: Path,
    config: ReadingConfig,
    whole: Whole,
    sure: bool,
    watch: Watch | None,
) -> dict[str, Any] | None:
    """Read a file once; ``None`` if it must be read again with the final answers of ``whole``.

    An error about letters is held back until it is known that the alphabet is the right one.
    """
    notes: list[str] = []
    counts: list[Counts] = []
    alphabet: Alphabet | None = None
    problem: FastaError | None = None
    windows = WindowCounts()
    chunks = iter_chunks(path, config.format, notes, watch, ratio=config.unpack_ratio)
    with _Writer(folder) as out:
        for part, raw in enumerate(chunks):
            try:
                cleaned = clean(raw, config, str(path), whole, part)
            except FastaError as error:
                if sure or config.alphabet:
                    raise
                problem = problem or error
            if problem:
                continue
            alphabet = cleaned.alphabet
            unnamed = np.array([not name for name in raw.ids])
            first = named(raw.ids, raw.lines, unnamed)
            no_id = Finding("no id", "no id", "read all the same", int(unnamed.sum()), first=first)
            extra = [FindingCount(no_id)] * bool(unnamed.any())
            found = cleaned.counts
            counts.append(found._replace(finding_counts=found.finding_counts + extra))
            windows = windows.plus(out.add(cleaned, raw, config))
        if not whole.confirmed:
            return None
        if problem:
            raise problem
        if alphabet is None:
            raise FastaError("no record found", path)
        report = summary(counts, alphabet, config, str(path), whole, notes)
        if config.window is not None:
            notes.append(windows.note(config, str(path)))
        notes.append("read into files beside the model: ids and labels are not kept")
    return {**out.meta(alphabet), "report": report.to_dict()}


class _Writer:
    """Appends sequences to the files of a store."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.records, self.letters = folder, 0, 0
        self.shortest, self.longest, self.cut = 0, 0, 0
        self._stack = ExitStack()
        self._files: dict[str, IO[bytes]] = {}

    def __enter__(self) -> _Writer:
        with writing(self.folder):
            for name in _FILES:
                self._files[name] = self._stack.enter_context(open(self.folder / name, "wb"))
            self._files[OFFSETS].write(np.zeros(1, np.int64).tobytes())
        return self

    def __exit__(self, *problem: object) -> None:
        with writing(self.folder):
            self._stack.close()

    def add(self, cleaned: Clean, raw: Raw, config: ReadingConfig) -> WindowCounts:
        """Write the records that are kept; return how they were cut into windows."""
        counts = WindowCounts()
        part = SequenceSet(
            cleaned.alphabet,
            cleaned.alphabet.encode(cleaned.letters.data),
            cleaned.letters.offsets,
        )
        if config.window is None:
            sources, starts = _named_regions(raw, cleaned)
        else:
            whole = len(part)
            part, counts = windows_of(part, config)
            # Each record is a sequence of its own, whatever its name.
            sources = part.regions.source.astype(np.uint64) + np.uint64(self.cut + 1)
            starts = part.regions.start
            self.cut += whole
        if not len(part):
            return counts
        with writing(self.folder):
            self._files[CODES].write(part.codes.data)
            self._files[OFFSETS].write((part.offsets[1:] + self.letters).tobytes())
            self._files[KEYS].write(sequence_keys(part).tobytes())
            self._files[SOURCES].write(sources.tobytes())
            self._files[STARTS].write(starts.tobytes())
        low, high = int(part.lengths.min()), int(part.lengths.max())
        self.shortest = min(self.shortest, low) if self.records else low
        self.longest = max(self.longest, high)
        self.records += len(part)
        self.letters += len(part.codes)
        return counts

    def meta(self, alphabet: Alphabet) -> dict[str, Any]:
        """Return what ``store.json`` says about the files, which are closed by now."""
        digest = hashlib.sha256(alphabet.letters.encode())
        for name, dtype in ((OFFSETS, np.int64), (CODES, np.uint8)):
            for block in Mapped(self.folder / name, dtype).blocks():
                digest.update(block.data)
        return {
            "alphabet": alphabet.to_dict(),
            "records": self.records,
            "letters": self.letters,
            "shortest": self.shortest,
            "longest": self.longest,
            "digest": digest.hexdigest(),
            "sums": {name: _file_digest(self.folder / name) for name in _FILES},
        }


def _named_regions(raw: Raw, cleaned: Clean) -> tuple[np.ndarray, np.ndarray]:
    """Return source, as a hash of its name, and start of the records kept that name a region."""
    kept = np.flatnonzero(cleaned.keep).tolist()
    ids = [raw.ids[i] for i in kept]
    ranges = [_RANGE.search(raw.descriptions[i]) for i in kept]
    texts = [found[1] if found else "" for found in ranges]
    sources, starts = np.zeros(len(ids), np.uint64), np.zeros(len(ids), np.int64)
    for i, name, start in named_places(ids, cleaned.letters.lengths.tolist(), texts):
        digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
        sources[i], starts[i] = int.from_bytes(digest, "little") | 1, start
    return sources, starts


def _file_digest(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _seal(meta: Mapping[str, Any]) -> str:
    """Return the digest of what ``store.json`` says."""
    return hashlib.sha256(json_bytes(meta)).hexdigest()

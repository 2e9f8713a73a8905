"""SequenceStore: a set too large for the memory, in a folder of flat files.

========================= =====================================================================
``codes.u8``              all sequences one behind another, one byte a letter
``offsets.i64``           n + 1 numbers: where each sequence begins
``keys.u32``              a hash of each sequence, the same for equal ones and for the other strand
``store.json``            alphabet, counts, digest, reading report: written last
========================= =====================================================================
"""

from __future__ import annotations

import json
import mmap
import os
import weakref
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from biogan.alphabet import Alphabet
from biogan.datasets.sequences import SequenceSet
from biogan.errors import DataError
from biogan.io.input_report import InputReport

SCHEMA = 2
CODES, OFFSETS, KEYS, META = "codes.u8", "offsets.i64", "keys.u32", "store.json"
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
            meta = json.loads((self.path / META).read_text("utf-8"))
            if meta["schema"] != SCHEMA:
                raise DataError(f"{self.path}: schema {meta['schema']!r}, {SCHEMA} is read")
            self.alphabet = Alphabet.from_dict(meta["alphabet"])
            self.longest, shortest = int(meta["longest"]), int(meta["shortest"])
            self.digest, self.source = str(meta["digest"]), dict(meta["source"])
            self.report = InputReport.from_dict(meta["report"])
            # Read, not mapped: one page fault may map 2 MB, and records are drawn from everywhere.
            self._codes = os.open(self.path / CODES, os.O_RDONLY)
            weakref.finalize(self, os.close, self._codes)
            self.letters = os.fstat(self._codes).st_size
            self._offsets = Mapped(self.path / OFFSETS, np.int64)
            self.keys = Mapped(self.path / KEYS, np.uint32)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataError(f"{self.path}: no whole store of sequences ({error})") from error
        self.is_fixed_length = 0 < shortest == self.longest
        sizes = len(self.keys) + 1, int(meta["letters"])
        if sizes != (len(self._offsets), self.letters) or len(self) != meta["records"]:
            raise DataError(f"{self.path}: a file of the store was cut short; remove the folder")

    def __len__(self) -> int:
        return len(self.keys)

    def __repr__(self) -> str:
        return f"SequenceStore({len(self)} {self.alphabet.name} sequences in {self.path})"

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
            raise IndexError(f"{self.path}: records 0 to {len(self) - 1} are stored")
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

"""All letters of a file in one flat array, and bulk operations on it; no loop over records."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

_BLOCK = 1 << 20


class Letters:
    """The letters of many records, one behind another, as bytes. Treat it as immutable.

    Parameters
    ----------
    data : bytes, length total
        All letters.
    offsets : numpy.ndarray, shape (n + 1,), int64
        Record ``i`` is ``data[offsets[i]:offsets[i + 1]]``.
    """

    def __init__(self, data: bytes, offsets: np.ndarray) -> None:
        self.data, self.offsets = data, offsets

    @classmethod
    def from_texts(cls, texts: Sequence[str]) -> Letters:
        """Join the texts of all records; a character beyond Latin-1 becomes ``?``."""
        offsets = np.zeros(len(texts) + 1, np.int64)
        np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)), out=offsets[1:])
        return cls("".join(texts).encode("latin-1", "replace"), offsets)

    @classmethod
    def join(cls, parts: Sequence[Letters]) -> Letters:
        """Put parts one behind another."""
        lengths = np.concatenate([np.zeros(0, np.int64), *(part.lengths for part in parts)])
        return cls(b"".join(part.data for part in parts), _offsets(lengths))

    @property
    def lengths(self) -> np.ndarray:
        """Letters of each record, shape (n,)."""
        return np.diff(self.offsets)

    @cached_property
    def counts(self) -> np.ndarray:
        """How often each byte occurs, shape (256,)."""
        # Two bytes at a time, in blocks: bincount makes an int64 copy of what it counts.
        pairs = np.frombuffer(self.data, np.uint16, len(self.data) // 2)
        total = np.zeros(65536, np.int64)
        for start in range(0, len(pairs), _BLOCK):
            total += np.bincount(pairs[start : start + _BLOCK], minlength=65536)
        square = total.reshape(256, 256)
        counts = square.sum(0) + square.sum(1)
        if len(self.data) % 2:
            counts[self.data[-1]] += 1
        return counts

    def count(self, letters: bytes) -> int:
        """Return how many of these letters there are."""
        return int(self.counts[list(set(letters))].sum())

    def positions(self, letters: bytes) -> np.ndarray:
        """Return where these letters stand in the flat array, ascending, int64."""
        if not self.count(letters):
            return np.empty(0, np.int64)
        mark = bytes(int(c in letters) for c in range(256))
        return np.flatnonzero(np.frombuffer(self.data.translate(mark), np.bool_))

    def per_record(self, positions: np.ndarray) -> np.ndarray:
        """Return how many of the ascending positions fall into each record, shape (n,)."""
        return np.diff(np.searchsorted(positions, self.offsets))

    def record_of(self, positions: np.ndarray) -> np.ndarray:
        """Return the record that each position of the flat array belongs to."""
        return np.searchsorted(self.offsets, positions, "right") - 1

    def without(self, letters: bytes) -> Letters:
        """Return the letters with some taken out."""
        if not self.count(letters):
            return self
        lengths = self.lengths - self.per_record(self.positions(letters))
        return Letters(self.data.translate(None, letters), _offsets(lengths))

    def replaced(self, old: bytes, new: bytes) -> Letters:
        """Return the letters with ``old[i]`` turned into ``new[i]``."""
        if not self.count(old):
            return self
        return Letters(self.data.translate(bytes.maketrans(old, new)), self.offsets)

    def upper(self) -> Letters:
        """Return the letters in upper case (ASCII only)."""
        return Letters(self.data.upper(), self.offsets)

    def without_at(self, positions: np.ndarray) -> Letters:
        """Return the letters without those at ascending positions."""
        flat = np.delete(np.frombuffer(self.data, np.uint8), positions)
        return Letters(flat.tobytes(), _offsets(self.lengths - self.per_record(positions)))

    def with_letters_at(self, positions: np.ndarray, new: np.ndarray) -> Letters:
        """Return the letters with other bytes at some positions."""
        flat = np.frombuffer(self.data, np.uint8).copy()
        flat[positions] = new
        return Letters(flat.tobytes(), self.offsets)

    def take(self, keep: np.ndarray) -> Letters:
        """Return the records of a boolean mask, shape (n,)."""
        if keep.all():
            return self
        flat = np.frombuffer(self.data, np.uint8)
        return Letters(flat[np.repeat(keep, self.lengths)].tobytes(), _offsets(self.lengths[keep]))


def frequent(counts: np.ndarray, letters: bytes) -> bytes:
    """Return those of these letters that occur, the most frequent first.

    Parameters
    ----------
    counts : numpy.ndarray, shape (256,)
        How often each byte occurs.
    letters : bytes
        The letters asked for.
    """
    found = [c for c in dict.fromkeys(letters) if counts[c]]
    return bytes(sorted(found, key=lambda c: -counts[c]))


def _offsets(lengths: np.ndarray) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)

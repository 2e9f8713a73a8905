"""Word counts of sequences, a quick lower bound of their edit distances."""

from __future__ import annotations

import numpy as np

from biogan.datasets.sequences import SequenceSet

PROFILE = 512  # most words in a profile


class Profiles:
    """Word counts of each sequence, which bound edit distances from below.

    One edit changes at most w words of length w, so the counts of two sequences at distance d
    differ by at most 2 w d in all (Ukkonen 1992, Theor. Comput. Sci. 92:191).

    Parameters
    ----------
    sequences : SequenceSet
        Sequences.
    """

    def __init__(self, sequences: SequenceSet) -> None:
        size = sequences.alphabet.size
        self.word = max([w for w in (1, 2, 3, 4) if size**w <= PROFILE])
        n, word = len(sequences), self.word
        self.counts = np.zeros((n, size**word), np.uint8)
        codes, offsets = sequences.codes, sequences.offsets
        if len(codes) < word:
            return
        key = np.zeros(len(codes) - word + 1, np.int64)
        for k in range(word):
            key = key * size + codes[k : len(codes) - word + 1 + k]
        step = max(1, 16_000_000 // size**word)  # records at a time, so that counting stays small
        for top in range(0, n, step):
            stop = min(top + step, n)
            keep = np.maximum(np.diff(offsets[top : stop + 1]) - word + 1, 0)
            rows = np.repeat(np.arange(stop - top), keep)
            within = np.arange(keep.sum()) - np.repeat(np.cumsum(keep) - keep, keep)
            cell = rows * size**word + key[offsets[top:stop][rows] + within]
            counts = np.bincount(cell, minlength=(stop - top) * size**word)
            # Clipping only lowers differences, so the bound stays a bound.
            self.counts[top:stop] = np.minimum(counts, 255).reshape(-1, size**word)

    def bound(self, i: np.ndarray | int, other: Profiles, j: np.ndarray) -> np.ndarray:
        """Lower bounds of the distances between sequences ``i`` and sequences ``j`` of another."""
        x, y = self.counts[i], other.counts[j]
        different = (np.maximum(x, y) - np.minimum(x, y)).sum(-1, dtype=np.int64)
        return -(-different // (2 * self.word))

"""Sequences that stand whole in others, letter for letter."""

from __future__ import annotations

import numpy as np

from biogan.datasets.sequences import SequenceSet
from biogan.similarity.joins import Index, window_hashes


def contained(a: SequenceSet, b: SequenceSet) -> tuple[np.ndarray, np.ndarray]:
    """Tell which sequences of ``a`` stand whole in one of ``b``, and which of ``b`` hold one.

    The first letters of a sequence, as many as the largest power of two that it holds, are looked
    up among all windows of ``b``; what is found there is compared to the end.

    Parameters
    ----------
    a, b : SequenceSet
        Sequences over one alphabet. Empty sequences count as contained in none.

    Returns
    -------
    inside : numpy.ndarray, shape (len(a),), bool
    holds : numpy.ndarray, shape (len(b),), bool

    Examples
    --------
    >>> a = SequenceSet.from_strings(["ACGT", "GGGG"])
    >>> inside, holds = contained(a, SequenceSet.from_strings(["TTACGTTT", "GGG"]))
    >>> inside.tolist(), holds.tolist()
    ([True, False], [True, False])
    """
    inside, holds = np.zeros(len(a), bool), np.zeros(len(b), bool)
    ends, letters, texts = b.offsets[1:], b.codes.tobytes(), a.codes.tobytes()
    seeds = 1 << np.log2(np.maximum(a.lengths, 1)).astype(np.int64)
    for width in np.unique(seeds[a.lengths > 0]).tolist():
        asked = np.flatnonzero((seeds == width) & (a.lengths > 0))
        first = a.codes[(a.offsets[asked][:, None] + np.arange(width)).ravel()]
        index = Index(window_hashes(first, width)[::width])
        for place, which in index.pairs(window_hashes(b.codes, width)):
            i, record = asked[which], np.searchsorted(ends, place, "right")
            fits = (place + a.lengths[i] <= ends[record]) & ~(inside[i] & holds[record])
            for p, q, r in zip(place[fits].tolist(), i[fits].tolist(), record[fits].tolist(),
                               strict=True):  # fmt: skip
                start, stop = int(a.offsets[q]), int(a.offsets[q + 1])
                if texts[start:stop] == letters[p : p + stop - start]:
                    inside[q] = holds[r] = True
    return inside, holds

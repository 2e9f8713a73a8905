"""Identities of random pairs of records: how alike the members of a set are."""

from __future__ import annotations

import numpy as np

from biogan.datasets.sequences import SequenceSet
from biogan.metrics.intervals import GROUPS

_MAX_PAIRS = 2000
# Letters of the pairs that are aligned: 2,000 pairs of 500 letters, 100 of 10,000. The time of an
# alignment grows with the square of the length, so that this bounds it where lengths are great.
_MAX_LETTERS = 2_000_000


def pair_identities(sequences: SequenceSet, by_position: bool) -> np.ndarray:
    """Identity of record 1 with 2, 3 with 4, ...: 1 - distance / longer length.

    Parameters
    ----------
    sequences : SequenceSet
        Records in an order that carries no information.
    by_position : bool
        Hamming distance, for records of one length; otherwise edit distance, on as many pairs as
        have 2 million letters together, but at least 20.

    Returns
    -------
    numpy.ndarray, shape (pairs,)
        At most 2000 values, 0 to 1.

    Examples
    --------
    >>> some = SequenceSet.from_strings(["ACGT", "CGTA", "TTTT", "AAAA"])
    >>> pair_identities(some, by_position=True).tolist()
    [0.0, 0.0]
    >>> pair_identities(some, by_position=False).tolist()
    [0.5, 0.0]
    """
    pairs = min(len(sequences) // 2, _MAX_PAIRS)
    if by_position:
        matrix = sequences[: 2 * pairs].matrix()
        differ = (matrix[::2] != matrix[1::2]).sum(1)
        return np.asarray(1 - differ / max(matrix.shape[1], 1))
    import edlib

    letters = sequences.lengths[: 2 * pairs].reshape(pairs, 2).sum(1).cumsum()
    pairs = min(pairs, max(GROUPS, int(np.searchsorted(letters, _MAX_LETTERS, side="right"))))
    texts = sequences[: 2 * pairs].strings()
    return np.array([
        1 - edlib.align(a, b)["editDistance"] / max(len(a), len(b), 1)
        for a, b in zip(texts[::2], texts[1::2], strict=True)
    ])  # fmt: skip

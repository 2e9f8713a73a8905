"""Some records of a set, where all of them would take more memory than they are worth."""

from __future__ import annotations

import numpy as np

from biogan.datasets.sequences import SequenceSet
from biogan.seeds import rng


def drawn(
    sequences: SequenceSet, records: int, letters: int, seed: int, stream: str
) -> SequenceSet:
    """Give collapsed duplicates back and keep at most some records, drawn at random.

    Parameters
    ----------
    sequences : SequenceSet
        Records with weights; each stands for as many as its weight says (rounded, at least one).
    records, letters : int
        Limits of both; the records that are kept have about ``letters`` letters at most, and at
        least one is kept.
    seed : int
        Seed of the draw.
    stream : str
        Name of the draw: other draws of one seed are independent.

    Returns
    -------
    SequenceSet
        With weights of one, in the order of the set; all of it where it is within the limits.

    Examples
    --------
    >>> reads = SequenceSet.from_strings(["ACGT", "GGGG", "ACGT"]).unique()
    >>> drawn(reads, 10, 100, 0, "all").strings()
    ['ACGT', 'ACGT', 'GGGG']
    >>> len(drawn(reads, 10, 8, 0, "two of length four"))
    2
    """
    times = np.maximum(1, np.rint(sequences.weights)).astype(np.int64)
    behind = np.cumsum(times)
    total = int(behind[-1]) if len(behind) else 0
    most = min(records, letters * total // max(1, int(times @ sequences.lengths)))
    if total <= most:
        return sequences.expanded()
    chosen = np.sort(rng(seed, "drawn", stream).choice(total, max(1, most), replace=False))
    out = sequences.take(np.searchsorted(behind, chosen, "right"))
    out.weights = np.ones(len(out))
    return out


def spaced(sequences: SequenceSet, most: int) -> SequenceSet:
    """Keep at most some records, evenly spaced.

    Examples
    --------
    >>> spaced(SequenceSet.from_strings(["A", "C", "G", "T", "A"]), 3).strings()
    ['A', 'G', 'A']
    """
    if len(sequences) <= most:
        return sequences
    return sequences.take(np.linspace(0, len(sequences) - 1, most).astype(int))

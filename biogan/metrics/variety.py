"""Whether samples vary as much as training data do: a quick watch for mode collapse."""

from __future__ import annotations

import numpy as np

from biogan.datasets.sequences import SequenceSet
from biogan.errors import DataError
from biogan.seeds import rng
from biogan.similarity.hamming import nearest

# Samples whose nearest neighbours are looked up: all pairs of them take a fraction of a second.
NEIGHBOURS = 500
# Training data that vary less than this, in letters, say nothing about a collapse.
_LEAST = 0.5


class Variety:
    """Compares how varied samples are with as many training records.

    Three figures, each divided by that of the training data; 1 = as varied, 0 = all the same:

    - ``distinct``: share of distinct sequences;
    - ``neighbours``: mean number of mismatches to the nearest other sample, by position, among the
      first :data:`NEIGHBOURS`; a generator that writes few kinds of sequence with small changes
      keeps the first figure and loses this one;
    - ``lengths``: standard deviation of the lengths.

    A figure in which the training data themselves hardly vary is left out.

    Parameters
    ----------
    train : SequenceSet
        Training records, repeats included.
    n : int
        Number of samples that will be compared, at most ``len(train)``.
    seed : int
        Seed of the draw from ``train``.

    Raises
    ------
    DataError
        If ``train`` has fewer than ``n`` records or ``n`` is below 1.

    Examples
    --------
    >>> train = SequenceSet.from_strings(["ACGT", "TTGA", "CCAG", "GATC"])
    >>> Variety(train, 4).relative(SequenceSet.from_strings(["ACGT", "ACGT", "TTGA", "TTGA"]))
    {'distinct': 0.5, 'neighbours': 0.0}
    """

    def __init__(self, train: SequenceSet, n: int, seed: int = 0) -> None:
        if not 1 <= n <= len(train):
            raise DataError(f"{n} samples to compare with {len(train)} training records")
        drawn = train.take(rng(seed, "variety").permutation(len(train))[:n])
        self.length = int(train.lengths.max())
        least = {"distinct": 0.0, "neighbours": _LEAST, "lengths": _LEAST}
        figures = self._figures(drawn)
        self.scale = {name: value for name, value in figures.items() if value > least[name]}

    def relative(self, samples: SequenceSet) -> dict[str, float]:
        """Return the figures of the samples, relative to those of the training data."""
        figures = self._figures(samples)
        return {name: figures[name] / scale for name, scale in self.scale.items()}

    def _figures(self, sequences: SequenceSet) -> dict[str, float]:
        some = sequences[:NEIGHBOURS]
        matrix = some.matrix(max(self.length, int(some.lengths.max())))
        mismatches = nearest(matrix, matrix, np.arange(len(matrix)))[1]
        return {
            "distinct": distinct_share(sequences),
            "neighbours": float(mismatches.mean()) if len(some) > 1 else 0.0,
            "lengths": float(sequences.lengths.std()),
        }


def distinct_share(sequences: SequenceSet) -> float:
    """Return the share of distinct sequences, above 0 to 1; it falls with their number."""
    return len(set(sequences.strings())) / len(sequences)

"""Random letters, the lowest floor."""

from __future__ import annotations

import numpy as np

from biogan.baselines.base import Baseline, draw_records
from biogan.datasets.sequences import SequenceSet


class Uniform(Baseline):
    """Draws every letter of the alphabet with the same probability; lengths are the data's.

    Examples
    --------
    >>> train = SequenceSet.from_strings(["ACGT", "ACGT"])
    >>> Uniform().fit(train).sample(3).lengths.tolist()
    [4, 4, 4]
    """

    prefix = "uniform"

    def _draw(self, train: SequenceSet, n: int, random: np.random.Generator) -> SequenceSet:
        offsets = np.zeros(n + 1, np.int64)
        np.cumsum(train.lengths[draw_records(train, n, random)], out=offsets[1:])
        codes = random.integers(0, train.alphabet.size, offsets[-1], np.uint8)
        return SequenceSet(train.alphabet, codes, offsets)
